"""Groups of a survey: by columns, and by quantiles of welfare."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from aspfin.indicators.columns import codes_of, find
from aspfin.indicators.indicator import COLUMNS

if TYPE_CHECKING:
    from aspfin.indicators.survey_design import SurveyDesign

__all__ = ["By", "Groups", "groups_of", "quantile_codes", "quantile_groups"]

# One column, several, or labels ready made: name → one label per row of the frame.
By = Hashable | Sequence[Hashable] | Mapping[Hashable, object]


@dataclass(frozen=True, eq=False)
class Groups:
    """Which group each row belongs to.

    Attributes
    ----------
    codes : ndarray of int, shape (n,)
        0, 1, … in the natural order of labels; −1 where a label is missing.
    labels : list of dict
        Column to label, one per code.
    """

    codes: np.ndarray
    labels: list[dict[str, object]]


def groups_of(df: pd.DataFrame, by: By) -> Groups:
    """Return the groups of a frame by one column, several (crossed), or labels given as a mapping.

    Only combinations that occur are groups; numbers sort by size, text naturally, categories in their own
    order.

    Examples
    --------
    >>> df = pd.DataFrame({"area": ["urban", "rural", None], "sex": ["f", "m", "m"]})
    >>> groups = groups_of(df, ["area", "sex"])
    >>> groups.codes.tolist(), groups.labels
    ([1, 0, -1], [{'area': 'rural', 'sex': 'm'}, {'area': 'urban', 'sex': 'f'}])
    """
    parts = [(str(name), *codes_of(values)) for name, values in _columns(df, by).items()]
    if not parts:
        raise ValueError("by: no column given; name one or several, or leave it out")
    taken = next((name for name, _, _ in parts if name in COLUMNS), None)
    if taken is not None:
        raise ValueError(f"by: column {taken!r} is called like one of the result's own columns; rename it")
    combined = np.zeros(len(df), dtype=np.int64)
    missing = np.zeros(len(df), dtype=bool)
    for _, codes, levels in parts:
        combined = combined * len(levels) + np.maximum(codes, 0)
        missing |= codes < 0
    present, result = _renumbered(combined, missing, math.prod(len(levels) for _, _, levels in parts))
    labels = []
    for code in present:
        label: dict[str, object] = {}
        for name, _, levels in reversed(parts):
            code, place = divmod(int(code), len(levels))
            label = {name: levels[place], **label}
        labels.append(label)
    return Groups(result, labels)


def _renumbered(codes: np.ndarray, missing: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the codes that occur, rising, and 0, 1, … in their place; −1 where missing."""
    if size > 4 * codes.size:  # too many cells to count one by one
        present = np.unique(codes[~missing])
        result = np.searchsorted(present, codes)
    else:
        counts = np.bincount(codes[~missing], minlength=max(size, 1))
        present = np.flatnonzero(counts)
        result = (np.cumsum(counts > 0) - 1)[codes]
    result[missing] = -1
    return present, result


def _columns(df: pd.DataFrame, by: By) -> dict[Hashable, pd.Series]:
    if isinstance(by, Mapping):
        found = {}
        for name, values in by.items():
            values = pd.Series(values.array if isinstance(values, pd.Series) else values)
            if len(values) != len(df):
                raise ValueError(f"by: {name!r} has {len(values):,} labels for {len(df):,} rows")
            found[name] = values
        return found
    if isinstance(by, np.ndarray | pd.Series):
        raise ValueError("by: got labels without a name; allowed: a column, or {name: labels}")
    names = [by] if isinstance(by, Hashable) and not isinstance(by, tuple) else list(by)
    return {name: find(df, name, "by") for name in names}


def quantile_groups(
    design: SurveyDesign,
    welfare: Hashable,
    quantiles: int = 5,
    *,
    labels: Sequence[str] | None = None,
    missing: Literal["error", "drop"] = "error",
) -> pd.Series:
    """Return weighted quantile groups, poorest first: quintiles of persons where weights stand for persons.

    A row is in group k (1 … Q) where (k − 1)/Q ≤ share of the weight strictly below its welfare < k/Q. Equal
    welfare is therefore always in one group, groups depend neither on row order nor on how rows are split,
    and a row that straddles a bound belongs to the lower group (R's `cut` at the quantiles, Stata's
    `xtile`). With few rows or many ties groups differ in size, and some may be empty.

    Parameters
    ----------
    design : SurveyDesign
        Groups are formed within its domain.
    welfare : column
    quantiles : int
        2 to 100: 5 for quintiles, 10 for deciles.
    labels : sequence of str, optional
        One per group, poorest first; by default 1 … Q.
    missing : "error" or "drop"
        Rows without welfare are refused, or in no group.

    Returns
    -------
    Series
        Ordered categories on the frame's index; missing outside the domain. For `by={"quintile": groups}`.

    Raises
    ------
    ValueError
        For another number of groups or of labels, or missing welfare under "error".

    Examples
    --------
    >>> from aspfin.indicators import SurveyDesign
    >>> df = pd.DataFrame({"income": [6.0, 8, 11, 15, 21, 25, 30, 40, 50, 100], "w": 1.0})
    >>> quantile_groups(SurveyDesign(df, weights="w"), "income").tolist()
    [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    """
    if isinstance(quantiles, bool) or not isinstance(quantiles, int) or not 2 <= quantiles <= 100:
        raise ValueError(f"quantiles: got {quantiles!r}; allowed: a whole number from 2 to 100")
    names = list(range(1, quantiles + 1)) if labels is None else list(labels)
    if len(names) != quantiles or len(set(names)) != quantiles:
        raise ValueError(f"labels: got {names!r}; allowed: {quantiles} different labels, poorest first")
    values = design.column(welfare, role="welfare", missing=missing)
    rows = np.flatnonzero(design.in_domain & ~np.isnan(values))
    codes = np.full(values.size, -1, dtype=np.intp)
    codes[rows] = quantile_codes(design.weights[rows], values[rows], quantiles)
    grouped = pd.Categorical.from_codes(codes, categories=names, ordered=True)
    name = {4: "quartile", 5: "quintile", 10: "decile", 100: "percentile"}.get(quantiles, "quantile")
    return pd.Series(grouped, index=design.frame.index, name=name)


def quantile_codes(w: np.ndarray, y: np.ndarray, quantiles: int) -> np.ndarray:
    """Return 0 … Q − 1 by the share of weight strictly below each value; see `quantile_groups`."""
    order = np.argsort(y, kind="stable")
    ranked = y[order]
    below = np.concatenate([[0.0], np.cumsum(w[order])])
    first = np.searchsorted(ranked, ranked, side="left")  # first row of each block of ties
    # A share within rounding of a bound counts as on it: ten equal weights make five pairs.
    share = below[first] / below[-1] * quantiles
    codes = np.empty(y.size, dtype=np.intp)
    codes[order] = np.minimum(np.floor(share + 1e-9), quantiles - 1)
    return codes
