"""What moves the total most: one count or price at a time at its low and its high value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from aspfin.reporting.costing_words import short
from aspfin.reporting.style import count

if TYPE_CHECKING:
    from aspfin.programmes.budget import SystemBudget

__all__ = ["sensitivity"]

COLUMNS = ["input", "low_label", "high_label", "low", "high"]


def sensitivity(budget: SystemBudget) -> pd.DataFrame:
    """Return the tax-financed total with one input at a time at its low and high value.

    Parameters
    ----------
    budget : SystemBudget

    Returns
    -------
    DataFrame
        Columns input, low_label, high_label (the input's two values in words), low and high (the total, in
        the budget's currency), widest swing first. Inputs without a range are left out.
    """
    lines, total = budget.tax_financed, budget.total()
    rows = []
    for one in lines.itertuples():
        if one.transfers_high <= one.transfers_low:
            continue
        load = one.total / one.transfers if one.transfers else 1.0
        found = budget.caseloads[budget.caseloads["programme"] == one.programme]
        least, most = (found.loc[found["transfers"].idxmin()], found.loc[found["transfers"].idxmax()])
        rows.append(
            (f"Count: {short(one.programme)}", *_ends(least, most),
             total + (one.transfers_low - one.transfers) * load,
             total + (one.transfers_high - one.transfers) * load)
        )  # fmt: skip
    share = budget.administration_range
    transfers = budget.total("transfers")
    if share is not None and share[1] > share[0] and transfers > 0:
        words = tuple(f"{100 * end:.3g} %" for end in share)
        rows.append(
            ("Administration, % of transfers", *words, transfers * (1 + share[0]), transfers * (1 + share[1]))
        )
    frame = pd.DataFrame(rows, columns=COLUMNS)
    order = (frame["high"] - frame["low"]).sort_values(ascending=False, kind="stable").index
    return frame.loc[order].reset_index(drop=True)


def _ends(least: pd.Series, most: pd.Series) -> tuple[str, str]:
    """Return the two counts, or what kind they are where they are the same count."""
    low, high = (count(one["count"]) if one["unit"] else one["label"] for one in (least, most))
    return (low, high) if low != high else (str(least["basis"]), str(most["basis"]))
