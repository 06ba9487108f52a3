"""What of the performance report must not be shown, because it rests on too few households.

Two rules, both with further cells hidden so that totals give nothing away: a group of fewer rows than the
minimum shows nothing; and where fewer rows than that (but some) receive a programme, what they receive is not
shown. Rates of a group large enough are shown, also where they are small.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from aspfin import indicators
from aspfin.reporting.performance_measures import EVERYONE, MONEY_MEASURES

__all__ = ["VALUES", "hide", "safe_points", "safe_table"]

VALUES = ["estimate", "std_error", "ci_low", "ci_high"]
HIDDEN = "hidden"


def hide(figures: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Return the figures with what must not be shown made missing, and the column `hidden` that says why.

    Parameters
    ----------
    figures : DataFrame
        As `performance_measures.measured` gives them, `rows` and `received` among the columns.
    minimum : int
        Fewest rows behind a figure.

    Returns
    -------
    DataFrame
        A copy. `hidden` is "", "small" or "complementary"; counts below the minimum are missing as well.
    """
    safe = figures.copy()
    safe[HIDDEN] = ""
    for by in safe["by"].unique():
        small = _marks(safe[safe["by"].isin(["", by])], "rows", minimum)
        here = safe["by"] == by
        safe.loc[here, HIDDEN] = [small.get(group, "") for group in safe.loc[here, "group"]]
        money = here & safe["measure"].isin(MONEY_MEASURES)
        for programme in safe.loc[money, "programme"].unique():
            own = (safe["programme"] == programme) & safe["by"].isin(["", by]) & (safe["received"] > 0)
            few = _marks(safe[own], "received", minimum)
            cells = money & (safe["programme"] == programme) & (safe[HIDDEN] == "")
            safe.loc[cells, HIDDEN] = [few.get(group, "") for group in safe.loc[cells, "group"]]
    base = safe["measure"].eq("beneficiary_incidence") & (safe["n"] < minimum)
    safe.loc[base & (safe[HIDDEN] == ""), HIDDEN] = "small"
    gone = safe[HIDDEN] != ""
    safe.loc[gone, VALUES] = np.nan
    for name in ("n", "rows", "received"):
        few = safe[name].between(1, minimum - 1)
        safe[name] = safe[name].astype("Int64").mask(gone | few)
    return safe


def _marks(figures: pd.DataFrame, count: str, minimum: int) -> dict[str, str]:
    """Return why groups are hidden: from one grouping's counts, with everybody as their total."""
    cells = figures[["group", count]].drop_duplicates("group").reset_index(drop=True)
    if cells.empty:
        return {}
    inner = cells["group"] != EVERYONE
    # Without a complete split (rows without a label) the groups do not add up, and no sum gives any away.
    whole = cells.loc[~inner, count].sum() == cells.loc[inner, count].sum() if inner.any() else False
    totals = EVERYONE if whole and (~inner).any() else None
    done = indicators.suppress(cells, counts=count, keys=["group"], minimum=minimum, totals=totals).table
    return {group: mark for group, mark in zip(done["group"], done["suppressed"], strict=True) if mark}


def safe_points(received: np.ndarray, wanted: np.ndarray, minimum: int) -> np.ndarray:
    """Return which points of a concentration curve may be shown: between two are enough recipients, or none.

    Parameters
    ----------
    received : ndarray of int, shape (k,)
        Rows that receive, up to each point of the grid; the first and the last point are always kept.
    wanted : ndarray of int, shape (k,)
        Order in which points are tried, lowest first; ties from left to right.
    minimum : int

    Returns
    -------
    ndarray of bool, shape (k,)

    Examples
    --------
    >>> safe_points(np.array([0, 20, 40, 43, 43]), np.zeros(5), 10).tolist()
    [True, True, False, True, True]
    """
    kept = np.zeros(received.size, dtype=bool)
    kept[0] = kept[-1] = True
    for place in np.argsort(wanted, kind="stable"):
        before, after = kept[:place].nonzero()[0], place + 1 + kept[place + 1 :].nonzero()[0]
        if not before.size or not after.size:
            continue
        left = received[place] - received[before[-1]]
        right = received[after[0]] - received[place]
        kept[place] |= all(part == 0 or part >= minimum for part in (left, right))
    return kept


def safe_table(frame: pd.DataFrame, minimum: int, **arguments: Any) -> pd.DataFrame:
    """Return a table without its small cells; `arguments` as in `indicators.suppress`, without minimum."""
    done: pd.DataFrame = indicators.suppress(frame, minimum=minimum, **arguments).table
    return done.rename(columns={"suppressed": HIDDEN})
