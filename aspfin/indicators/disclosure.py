"""Disclosure control: small cells hidden, and enough others that nobody can work the small ones out.

`suppress` hides every cell with fewer observations than a minimum (primary suppression), then hides further
cells (complementary suppression) until no hidden cell can be recomputed from the totals that are shown.
`SuppressedTable.attack` tries: it tells how closely each hidden count can still be bounded.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from aspfin.indicators.disclosure_pattern import COMPLEMENTARY, SHOWN, SMALL, Sums, mark, ranges
from aspfin.results import Check, ResultMixin

__all__ = ["SuppressedTable", "suppress"]

MARKER = "suppressed"


@dataclass(frozen=True, eq=False, repr=False)
class SuppressedTable(ResultMixin):
    """A table that may be published.

    Attributes
    ----------
    table : DataFrame
        The caller's rows and columns in the caller's order; hidden values are missing. The last column,
        `suppressed`, tells why: "small", "complementary", or empty text where the row is shown.
    counts : tuple of str
        Columns of unweighted counts that were held against the minimum.
    keys : tuple of str
        Columns that tell which cell a row is.
    minimum : int
        Smallest count that is shown.
    small, complementary : int
        Cells hidden for their own sake, and cells hidden to protect those.
    """

    table: pd.DataFrame
    counts: tuple[str, ...]
    keys: tuple[str, ...]
    minimum: int
    small: int
    complementary: int
    _cells: pd.DataFrame = field(repr=False)
    _sums: Sums = field(default=(), repr=False)
    _left_over: tuple[tuple[float, ...], ...] = field(default=(), repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Return the table that may be published, with its marker column."""
        return self.table.copy()

    def hidden(self) -> pd.DataFrame:
        """Return the hidden cells: their keys and why they are hidden."""
        rows = self._cells[MARKER] != SHOWN
        return self._cells.loc[rows, [*self.keys, MARKER]].reset_index(drop=True)

    def attack(self) -> pd.DataFrame:
        """Return how closely each hidden count can be bounded by somebody who has only this table.

        The attacker adds and subtracts all sums shown, knows that counts are not negative, that a cell
        marked "small" lies below the minimum and one marked "complementary" does not (two linear programmes
        for each hidden cell).

        Returns
        -------
        DataFrame
            The keys, `suppressed`, `counts` (which count), `lowest` and `highest` (people or households).
        """
        rows = []
        for number, name in enumerate(self.counts):
            known = self._cells[name].to_numpy(float, na_value=np.nan)
            marks = self._cells[MARKER].to_numpy(dtype=object)
            for place, low, high in ranges(known, marks, self._sums, self._left_over[number], self._bounds):
                cell = self._cells.iloc[place]
                rows.append([*(cell[key] for key in self.keys), cell[MARKER], name, low, high])
        return pd.DataFrame(rows, columns=[*self.keys, MARKER, "counts", "lowest", "highest"])

    @property
    def _bounds(self) -> dict[str, tuple[float, float]]:
        # With several counts a small cell may owe its mark to another of them, so little is known of each.
        below = self.minimum - 1.0 if len(self.counts) == 1 else np.inf
        return {SMALL: (0.0, below), COMPLEMENTARY: (float(self.minimum), np.inf)}

    @property
    def check(self) -> Check:
        """Whether any hidden cell could be worked out."""
        question = "Can a hidden cell be worked out from what is shown?"
        if not self.small:
            return Check("disclosure", question, None, text="nothing had to be hidden")
        found = self.attack()
        exposed = int((found["highest"] - found["lowest"] < 1 - 1e-6).sum())
        text = f"{exposed} of {len(found)} hidden counts narrowed to one value"
        return Check("disclosure", question, exposed == 0, statistic=float(exposed), text=text)

    def sentence(self) -> str:
        """Return what was hidden and why, in prose."""
        number = len(self._cells)
        if not self.small:
            return f"Nothing is hidden: all {number:,} cells rest on at least {self.minimum} observations."
        also = (
            f", and {_cells(self.complementary)} more so that {'it' if self.small == 1 else 'they'} "
            "cannot be worked out from the totals"
            if self.complementary
            else ""
        )
        verb = "is" if self.small == 1 else "are"
        return (
            f"Of {number:,} cells {self.small:,} {verb} hidden, resting on fewer than {self.minimum} "
            f"observations{also}."
        )


def _cells(number: int) -> str:
    return "one" if number == 1 else f"{number:,}"


def suppress(
    table: pd.DataFrame,
    *,
    counts: str | Sequence[str],
    keys: Sequence[str] | None = None,
    minimum: int = 10,
    totals: str | Mapping[str, Hashable] | None = None,
    grouping: tuple[str, str] | None = None,
    measures: Sequence[str] = (),
    shown: Sequence[str] = (),
) -> SuppressedTable:
    """Hide small cells, and enough others that the small ones cannot be recomputed.

    A cell with a count below `minimum` (0 included) is hidden. A row that is the sum of others would give a
    hidden cell away; so for every hidden cell the cheapest further cells are hidden that let its count move
    by at least 1 while every sum, the minimum and the markers still hold. Costs prefer few cells, then small
    ones, and inner cells to totals. Sums in tables published elsewhere are not known here: publish tables
    that share a total together.

    Parameters
    ----------
    table : DataFrame
        One row for each cell, totals among them (long form).
    counts : str or sequence of str
        Columns of unweighted counts of persons or households; a cell is small if any of them is.
    keys : sequence of str, optional
        Columns that tell which cell a row is. Default: all columns that are not numbers, without `measures`
        and `shown`. Together with `measures` they are unique.
    minimum : int
        Smallest count that is shown; at least 2.
    totals : str or mapping of key column to label, optional
        The label that marks the sum over a key column ("total"), for all keys or for each; there a missing
        label is a total as well. Default: no row is a sum of others.
    grouping : (key column, key column), optional
        For tables that stack several groupings of the same people: the column that names the grouping
        ("quintile", "area", or crossed "quintile × area") and the one with the group's label ("1", "rural",
        "1 × rural"). The total of the second is the total of every grouping.
    measures : sequence of str
        Columns that tell apart several figures of one cell (coverage, incidence, …). They are hidden or shown
        together, since one can be worked out from another; the smallest count of the cell decides.
    shown : sequence of str
        Columns that describe (code, unit, poverty line) and are never hidden. All other columns that are not
        keys are.

    Returns
    -------
    SuppressedTable

    Raises
    ------
    ValueError
        If a column is not there, the keys are not unique, a count is missing, negative or not whole, or
        `totals` names rows that are the sum of nothing.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, ch. 4; Kelly, Golden & Assad (1992), Networks 22
    (further cells by linear programme).

    Examples
    --------
    >>> poor = pd.DataFrame({"area": ["rural", "urban", "capital", "total"], "n": [120, 4, 60, 184],
    ...     "poor": [0.31, 0.25, 0.05, 0.22]})
    >>> safe = suppress(poor, counts="n", totals="total")
    >>> safe.table["suppressed"].tolist()
    ['', 'small', 'complementary', '']
    >>> print(safe)
    Of 4 cells 1 is hidden, resting on fewer than 10 observations, and one more so that it cannot be worked
    out from the totals.
    """
    counted = (counts,) if isinstance(counts, str) else tuple(counts)
    names = _key_names(table, counted, keys, measures, shown)
    if isinstance(minimum, bool) or int(minimum) != minimum or minimum < 2:
        raise ValueError(f"minimum: got {minimum!r}; allowed: a whole number, at least 2")
    minimum = int(minimum)
    numbers = pd.DataFrame({name: _whole_counts(table, name) for name in counted})
    cell, first = _cells_of(table, names)
    cells = table.iloc[first][list(names)].reset_index(drop=True)
    cells = cells.join(numbers.groupby(cell).min())
    dimensions, is_total = _dimensions(cells, names, _total_labels(totals, names), grouping)
    order = _canonical_order(cells, names)
    sums = _sums(dimensions, is_total, order)
    if is_total.any() and not sums:
        raise ValueError(
            "totals: rows are marked as totals, but none is the sum of others that agree on keys "
            f"{list(names)}; name as keys only the columns that tell the cells apart"
        )
    found = cells[list(counted)].to_numpy()
    marks = mark(found, is_total.sum(axis=1), sums, minimum, order)
    left_over = tuple(
        tuple(float(one[s[0]] - one[list(s[1:])].sum()) for s in sums) for one in found.astype(float).T
    )
    return SuppressedTable(
        table=_hide(table, marks[cell], {*names, *measures, *shown}),
        counts=counted,
        keys=names,
        minimum=minimum,
        small=int((marks == SMALL).sum()),
        complementary=int((marks == COMPLEMENTARY).sum()),
        _cells=_hide(cells, marks, set(names)),
        _sums=sums,
        _left_over=left_over,
    )


def _key_names(
    table: pd.DataFrame,
    counts: Sequence[str],
    keys: Sequence[str] | None,
    measures: Sequence[str],
    shown: Sequence[str],
) -> tuple[str, ...]:
    if not isinstance(table, pd.DataFrame):
        raise ValueError(f"table: got {type(table).__name__}; give a pandas DataFrame")
    if any(isinstance(one, str) for one in (keys, measures, shown)):
        raise ValueError("keys, measures, shown: give a list of columns, not one text")
    for role, names in (("counts", counts), ("keys", keys or ()), ("measures", measures), ("shown", shown)):
        for name in names:
            if name not in table.columns:
                raise ValueError(f"{role}: there is no column {name!r}; columns are {list(table.columns)}")
    if MARKER in table.columns:
        raise ValueError(f"table: it has a column {MARKER!r} already; give the table as it was before")
    if keys is None:
        numeric = set(table.select_dtypes("number").columns)
        keys = [
            name for name in table.columns if name not in numeric and name not in {*measures, *shown, *counts}
        ]
    both = [name for name in keys if name in counts]
    if both:
        raise ValueError(f"keys: {both[0]!r} is a count; a column cannot be both")
    telling = [*keys, *(name for name in measures if name not in keys)]
    twice = table.duplicated(telling) if telling else pd.Series([len(table) > 1])
    if twice.any():
        raise ValueError(
            f"keys: {int(twice.sum())} rows repeat the same {telling}; name the columns that tell the "
            "cells apart, and as measures those that tell apart several figures of a cell"
        )
    return tuple(keys)


def _whole_counts(table: pd.DataFrame, name: str) -> np.ndarray:
    values = pd.to_numeric(table[name], errors="coerce").to_numpy(float, na_value=np.nan)
    bad = ~(values >= 0) | (values != np.floor(values))
    if bad.any():
        raise ValueError(
            f"counts: column {name!r} holds {table[name].to_numpy(object)[bad][0]!r} ({int(bad.sum())} "
            "rows); allowed: whole numbers, at least 0, none missing (unweighted counts)"
        )
    return values.astype(np.int64)


def _total_labels(totals: str | Mapping[str, Hashable] | None, keys: Sequence[str]) -> Mapping[str, Hashable]:
    if totals is None:
        return {}
    if not isinstance(totals, Mapping):
        return dict.fromkeys(keys, totals)
    for name in totals:
        if name not in keys:
            raise ValueError(f"totals: {name!r} is not a key; keys are {list(keys)}")
    return totals


def _is_total(table: pd.DataFrame, keys: Sequence[str], labels: Mapping[str, Hashable]) -> np.ndarray:
    """Return which rows are sums over which key, shape (rows, keys)."""
    found = np.zeros((len(table), len(keys)), dtype=bool)
    for j, key in enumerate(keys):
        if key in labels:
            column = table[key]
            found[:, j] = (column.astype(object) == labels[key]).to_numpy(bool, na_value=False)
            found[:, j] |= column.isna().to_numpy()
    return found


def _canonical_order(table: pd.DataFrame, keys: Sequence[str]) -> np.ndarray:
    """Return row places in an order that does not depend on how the table was sorted."""
    texts = [tuple(str(one) for one in row) for row in table[list(keys)].itertuples(index=False)]
    return np.array(sorted(range(len(texts)), key=texts.__getitem__), dtype=int)


def _cells_of(table: pd.DataFrame, keys: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the cell 0, 1, … of each row, and the first row of each cell."""
    if not keys:
        return np.zeros(len(table), dtype=int), np.arange(min(len(table), 1))
    cell = table.groupby(list(keys), sort=False, dropna=False, observed=True).ngroup().to_numpy()
    return cell, np.unique(cell, return_index=True)[1]


def _dimensions(
    cells: pd.DataFrame,
    keys: Sequence[str],
    labels: Mapping[str, Hashable],
    grouping: tuple[str, str] | None,
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return what the cells are crossed by, and over which of these each is a sum, shape (cells, dimensions).

    A grouping becomes one dimension of its own, over which cells of other groupings are sums.
    """
    is_total = _is_total(cells, keys, labels)
    columns = [cells[key].astype(object).to_numpy() for key in keys]
    if grouping is None:
        return columns, is_total
    if len(grouping) != 2 or not set(grouping) <= set(keys) or grouping[1] not in labels:
        raise ValueError(
            f"grouping: got {grouping!r}; allowed: two of the keys {list(keys)}, the second with a label in "
            "totals"
        )
    by, label = (list(keys).index(one) for one in grouping)
    own: dict[str, np.ndarray] = {}
    for place in np.flatnonzero(~is_total[:, label]):
        names, values = (str(columns[j][place]).split(" × ") for j in (by, label))
        if len(names) != len(values):
            names, values = [str(columns[by][place])], [str(columns[label][place])]
        for name, value in zip(names, values, strict=True):
            own.setdefault(name, np.full(len(cells), None, dtype=object))[place] = value
    rest = [j for j in range(len(keys)) if j not in (by, label)]
    groups = [own[name] for name in sorted(own)]
    totals = [is_total[:, j] for j in rest] + [np.equal(one, None) for one in groups]
    return [columns[j] for j in rest] + groups, np.column_stack(totals).astype(bool)


def _sums(dimensions: Sequence[np.ndarray], is_total: np.ndarray, order: np.ndarray) -> Sums:
    """Return every sum the reader can form: the total's place and the places it is the sum of."""
    if not dimensions:
        return ()
    codes = np.column_stack([pd.factorize(one, use_na_sentinel=True)[0] for one in dimensions])
    codes[is_total] = -2
    found = []
    for j in range(len(dimensions)):
        total_at, parts_at = {}, {}
        for place in order:
            rest = tuple(np.delete(codes[place], j))
            if is_total[place, j]:
                total_at[rest] = place
            else:
                parts_at.setdefault(rest, []).append(place)
        both = [rest for rest in total_at if rest in parts_at]
        found += [(int(total_at[rest]), *map(int, parts_at[rest])) for rest in both]
    return tuple(found)


def _hide(table: pd.DataFrame, marks: np.ndarray, kept: set[str]) -> pd.DataFrame:
    safe = table.copy()
    hidden = marks != SHOWN
    for name in table.columns:
        if name not in kept:
            column = safe[name]
            if pd.api.types.is_bool_dtype(column):
                column = column.astype("boolean")
            elif pd.api.types.is_integer_dtype(column):
                column = column.astype("Int64")  # so that counts stay whole beside missing ones
            safe[name] = column.mask(hidden)
    safe[MARKER] = marks
    return safe
