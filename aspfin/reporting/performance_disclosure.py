"""What of the performance report must not be shown, because it rests on too few households.

Three rules, all with further cells hidden so that totals give nothing away: a group of fewer rows than the
minimum shows nothing; where fewer rows than that (but some) receive a programme, what they receive and what
it does is not shown; and a programme that fewer rows than that receive shows nothing at all
(`closed_programmes`). Rates of a group large enough are shown, also where they are small. Tenths are hidden
by fifths, and curves keep only points that no hidden group can be told from, so that one table does not give
another away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from aspfin import indicators
from aspfin.reporting.performance_measures import EVERYONE, MONEY_MEASURES, QUANTILE

__all__ = [
    "HIDDEN",
    "VALUES",
    "closed_programmes",
    "hide",
    "hide_programmes",
    "safe_curve",
    "safe_table",
    "splits_safely",
]

VALUES = ["estimate", "std_error", "ci_low", "ci_high"]
HIDDEN = "hidden"
SMALL, COMPLEMENTARY = "small", "complementary"


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
        here = safe["by"] == by
        small = _marks(safe[safe["by"].isin(["", by])], "rows", minimum)
        safe.loc[here, HIDDEN] = [small.get(group, "") for group in safe.loc[here, "group"]]
        money = here & safe["measure"].isin(MONEY_MEASURES)
        for programme in safe.loc[money, "programme"].unique():
            own = (safe["programme"] == programme) & safe["by"].isin(["", by]) & (safe["received"] > 0)
            few = _marks(safe[own], "received", minimum)
            cells = money & (safe["programme"] == programme) & (safe[HIDDEN] == "")
            safe.loc[cells, HIDDEN] = [few.get(group, "") for group in safe.loc[cells, "group"]]
    base = safe["measure"].eq("beneficiary_incidence") & (safe["n"] < minimum)
    safe.loc[base & (safe[HIDDEN] == ""), HIDDEN] = SMALL
    gone = safe[HIDDEN] != ""
    safe.loc[gone, VALUES] = np.nan
    for name in ("n", "rows", "received"):
        few = safe[name].between(1, minimum - 1)
        safe[name] = safe[name].astype("Int64").mask(gone | few)
    return safe


def closed_programmes(figures: pd.DataFrame, whole: str, minimum: int) -> dict[str, str]:
    """Return the programmes of which nothing may be shown, and why: "small" or "complementary".

    One alone could be worked out: what any programme pays less what the others pay. Then the one with the
    next fewest recipients is closed with it.

    Parameters
    ----------
    figures : DataFrame
        As `performance_measures.measured` gives them: programme, by and received among the columns.
    whole : str
        What all programmes together are called.
    minimum : int
        Fewest rows that receive.

    Examples
    --------
    >>> figures = pd.DataFrame({"programme": ["any", "cash", "food", "school"], "by": "",
    ...     "received": [90, 60, 40, 3]})
    >>> closed_programmes(figures, "any", 10)
    {'school': 'small', 'food': 'complementary'}
    """
    received = figures[figures["by"] == ""].groupby("programme", sort=False)["received"].max()
    received = received[received > 0].sort_values(kind="stable")
    closed = {str(name): SMALL for name in received.index[received < minimum]}
    each = received.drop(whole, errors="ignore").index
    rest = [str(name) for name in each if name not in closed]
    if whole not in closed and len(closed) == 1 and rest:
        closed[rest[0]] = COMPLEMENTARY
    return closed


def hide_programmes(
    table: pd.DataFrame, closed: Mapping[str, str], numbers: Sequence[str], kept: Sequence[str] = ()
) -> pd.DataFrame:
    """Return the table with every number of closed programmes missing, but for the measures kept."""
    table = table.copy()
    gone = table["programme"].isin(list(closed))
    if kept:
        gone &= ~table["measure"].isin(kept)
    table.loc[gone, HIDDEN] = table.loc[gone, "programme"].map(closed)
    for name in numbers:
        table[name] = table[name].mask(gone)
    return table


def _marks(figures: pd.DataFrame, count: str, minimum: int) -> dict[str, str]:
    """Return why groups are hidden: from one grouping's counts, with everybody as their total."""
    cells = figures[["by", "group", count]].drop_duplicates(["by", "group"]).reset_index(drop=True)
    if cells.empty:
        return {}
    inner = cells[cells["by"] != ""]
    if (inner["by"] == QUANTILE).any() and inner["group"].str.fullmatch(r"\d+").all():
        return _tenths(cells, count, minimum)
    # Where rows have no label the groups do not add up to everybody, and no sum gives any away.
    everybody = cells.loc[cells["by"] == "", count].sum()
    totals = EVERYONE if len(inner) and everybody == inner[count].sum() else None
    if totals is None and len(inner):
        cells = inner
    return _suppressed(cells[["group", count]], count, minimum, totals)


def _suppressed(cells: pd.DataFrame, count: str, minimum: int, totals: str | None) -> dict[str, str]:
    if (cells[count] >= minimum).all():  # nothing is small, so nothing else must hide it
        return {}
    done = indicators.suppress(cells, counts=count, keys=["group"], minimum=minimum, totals=totals).table
    return {group: mark for group, mark in zip(done["group"], done["suppressed"], strict=True) if mark}


def _tenths(cells: pd.DataFrame, count: str, minimum: int) -> dict[str, str]:
    """Return why tenths are hidden: with their fifth, or with the other tenth of it.

    Fifths are shown too (under the official codes), so that one hidden tenth of a shown fifth would be told.
    """
    inner = cells[cells["by"] != ""]
    fifth = (inner["group"].astype(int) + 1) // 2
    sums = inner[count].groupby(fifth).sum()
    both = pd.DataFrame({"group": sums.index.astype(str), count: sums.to_numpy()})
    everybody = cells.loc[cells["by"] == "", ["group", count]]
    hidden = _suppressed(pd.concat([both[both[count] > 0], everybody]), count, minimum, EVERYONE)
    marks = {group: hidden.get(str(of), "") for group, of in zip(inner["group"], fifth, strict=True)}
    few = inner[count].between(1, minimum - 1)
    for group, of, small in zip(inner["group"], fifth, few, strict=True):
        if not marks[group] and few[fifth == of].any():
            marks[group] = SMALL if small else COMPLEMENTARY
    if EVERYONE in hidden:
        marks[EVERYONE] = hidden[EVERYONE]
    return {group: mark for group, mark in marks.items() if mark}


def splits_safely(hidden: Sequence[bool], place: int) -> bool:
    """Return whether a cumulative share up to a boundary tells no hidden group: none, or several on a side.

    Parameters
    ----------
    hidden : sequence of bool
        By group, from the poorest.
    place : int
        Groups below the boundary.

    Examples
    --------
    >>> splits_safely([False, False, True, True], 2), splits_safely([False, True, False, True], 2)
    (True, False)
    """
    below, above = sum(hidden[:place]), sum(hidden[place:])
    return below != 1 and above != 1


def safe_curve(p: np.ndarray, received: np.ndarray, hidden: Sequence[bool], minimum: int) -> np.ndarray:
    """Return which points of a concentration curve may be shown.

    Between any two are enough recipients, or none; and what the groups that are hidden elsewhere receive
    cannot be told from them: amid those only boundaries of groups are kept that leave several on both sides.

    Parameters
    ----------
    p : ndarray of float, shape (k,)
        Shares of people from 0 to 1, boundaries of the groups among them.
    received : ndarray of int, shape (k,)
        Rows that receive, up to each point.
    hidden : sequence of bool
        Which groups of equally many people are hidden elsewhere, from the poorest.
    minimum : int

    Returns
    -------
    ndarray of bool, shape (k,)
        The first and the last point are always kept.

    Examples
    --------
    >>> p = np.array([0, 0.25, 0.5, 0.75, 1.0])
    >>> safe_curve(p, np.array([0, 20, 40, 43, 43]), [False] * 4, 10).tolist()
    [True, True, False, True, True]
    """
    groups, boundary = len(hidden), np.isclose(p * len(hidden), np.round(p * len(hidden)))
    where = np.flatnonzero(hidden)
    first, last = (where[0] / groups, (where[-1] + 1) / groups) if where.size else (1.0, 0.0)
    kept = np.zeros(p.size, dtype=bool)
    kept[0] = kept[-1] = True
    for place in np.lexsort((np.arange(p.size), ~boundary)):  # boundaries of groups first
        before, after = kept[:place].nonzero()[0], place + 1 + kept[place + 1 :].nonzero()[0]
        if not before.size or not after.size:
            continue
        if where.size and first + 1e-9 < p[place] < last - 1e-9 and not boundary[place]:
            continue
        if boundary[place] and not splits_safely(hidden, int(np.round(p[place] * groups))):
            continue
        left = received[place] - received[before[-1]]
        right = received[after[0]] - received[place]
        kept[place] = all(part == 0 or part >= minimum for part in (left, right))
    inner = [place for place in np.flatnonzero(kept & boundary)[1:-1]]
    for one, other in zip([0, *inner], [*inner, p.size - 1], strict=True):
        between = hidden[int(np.round(p[one] * groups)) : int(np.round(p[other] * groups))]
        if sum(between) == 1 and other != p.size - 1:
            kept[other] = False
    return kept


def safe_table(frame: pd.DataFrame, minimum: int, **arguments: Any) -> pd.DataFrame:
    """Return a table without its small cells; `arguments` as in `indicators.suppress`, without minimum."""
    done: pd.DataFrame = indicators.suppress(frame, minimum=minimum, **arguments).table
    return done.rename(columns={"suppressed": HIDDEN})
