"""What moves the answer most: the draws of the comparison, read by the level of each uncertain input."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from aspfin.data import Quantity
from aspfin.programmes import ResponseComparison
from aspfin.programmes.ranges import Draws, at
from aspfin.reporting import style

__all__ = ["swings", "with_unit"]

END = 0.2  # the lowest and the highest fifth of an input's range
MOST = 7
NOISE = 3.0  # standard errors below which a difference may be chance; some twenty inputs are looked at


def swings(
    comparison: ResponseComparison, option: str, measures: Mapping[str, float]
) -> dict[str, pd.DataFrame]:
    """Return, by measure, how it moves with each input: input, low_label, high_label, low, high, low_error.

    The other inputs vary over their whole ranges meanwhile; what moves less than its sampling error is left
    out.

    Parameters
    ----------
    comparison
        With draws.
    option
        Name of the option.
    measures
        Measure to its divisor (an exchange rate, or 1).
    """
    if not comparison.draws:
        return {}
    drawn = comparison.measure_draws(option)
    inputs = _inputs(comparison, option)
    levels = Draws(comparison.draws, comparison.seed)
    found = {}
    for measure, divisor in measures.items():
        values = np.asarray(drawn[measure], dtype=float) / divisor
        rows = []
        for quantity in inputs:
            level = levels.level(quantity.name)[:, 0]
            ends = [values[level <= END], values[level >= 1 - END]]
            ends = [part[np.isfinite(part)] for part in ends]
            if min(map(len, ends)) < 2:
                continue
            low, high = (float(part.mean()) for part in ends)
            error = float(np.sqrt(sum(part.var(ddof=1) / len(part) for part in ends)))
            if abs(high - low) > NOISE * error:
                labels = [with_unit(float(at(quantity, x)), quantity.unit) for x in (END / 2, 1 - END / 2)]
                rows.append((quantity.name, *labels, low, high, error))
        columns = ["input", "low_label", "high_label", "low", "high", "std_error"]
        frame = pd.DataFrame(rows, columns=columns)
        order = (frame["high"] - frame["low"]).abs().sort_values(ascending=False, kind="stable").index
        found[measure] = frame.loc[order].head(MOST).reset_index(drop=True)
    return found


def _inputs(comparison: ResponseComparison, option: str) -> list[Quantity]:
    """Return the uncertain inputs of the shock and of one option, each name once."""
    shock = comparison.shock
    named = {one.name: one for one in (*shock.inputs, *comparison.options[option].inputs)}
    ranged = [one for one in named.values() if None not in (one.low, one.high)]
    return [one for one in ranged if one.low < one.high]


def with_unit(value: float, unit: str) -> str:
    """Return a value of an input in words.

    Examples
    --------
    >>> with_unit(0.3, "share of transfers"), with_unit(45.2, "days"), with_unit(60.0, "ZMW per household")
    ('30 %', '45 days', '60 ZMW')
    """
    if unit.startswith("share"):
        return style.percent(value)
    if unit in ("days", "months", "shocks", "households"):
        return f"{style.count(round(value)) if value >= 10 else style.number(value, 2)} {unit}"
    return f"{style.number(value, 2)} {'times' if unit == 'times' else unit.split(' ')[0]}".strip()
