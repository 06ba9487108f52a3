"""The sums behind the ASPIRE table: a million rows passed through few times, for all groups at once.

Every indicator but the Gini is a ratio of two totals, so its variance needs only totals by primary sampling
unit (PSU) and group. A Gini needs the rows in order of welfare: they are sorted once, and the order before a
transfer is made from it by moving the beneficiaries only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from aspfin.indicators.engine import one_unit_only
from aspfin.indicators.poverty import fgt_terms
from aspfin.indicators.sampling_units import SamplingUnits

__all__ = ["MEASURES", "Estimates", "Measured", "Partition", "People", "Transfer", "measures"]

MEASURES = ("cov", "bry", "ben", "adq", "avt", "p0", "p1", "gini", "cba")


@dataclass(frozen=True, eq=False)
class Ranked:
    """Rows by rising welfare, after or before a transfer.

    Attributes
    ----------
    order : ndarray of int, shape (n,), or None
        Their positions in `People`; None for its own order.
    y, w, wy : ndarray of float, shape (n,)
        Welfare, ascending; weights; their product.
    psu : ndarray of int, shape (n,)
    """

    order: np.ndarray | None
    y: np.ndarray
    w: np.ndarray
    wy: np.ndarray
    psu: np.ndarray


@dataclass(frozen=True, eq=False)
class People:
    """Rows of a domain, by rising welfare.

    Attributes
    ----------
    w, y : ndarray of float, shape (n,)
        Weights of persons; welfare after the transfer, ascending.
    line : ndarray of float, shape (n,)
        Poverty line.
    psu : ndarray of int, shape (n,)
    count : ndarray of float, shape (n,)
        Rows of the survey that a row here stands for.
    units : SamplingUnits
    """

    w: np.ndarray
    y: np.ndarray
    line: np.ndarray
    psu: np.ndarray
    count: np.ndarray
    units: SamplingUnits

    @cached_property
    def poor(self) -> tuple[np.ndarray, ...]:
        """Weighted headcount and gap terms after the transfer, each (n,)."""
        return tuple(self.w * fgt_terms(self.y, self.line, index) for index in (0, 1))

    @cached_property
    def ranked(self) -> Ranked:
        """The rows in their own order."""
        return Ranked(None, self.y, self.w, self.w * self.y, self.psu)


@dataclass(frozen=True, eq=False)
class Partition:
    """People in groups that do not overlap, and the wholes that the groups' shares are of.

    Attributes
    ----------
    people : People
    codes : ndarray of int, shape (n,)
        Group 0 … G − 1; −1 for none.
    size : int
        G.
    wholes : ndarray of int, shape (n,), or None
        Whole 0 … H − 1 that a row counts in, −1 for none; None: everyone is the whole.
    whole_of : ndarray of int, shape (G,), or None
        Whole that each group is a part of.
    made_of : ndarray of int, shape (G, k), or None
        Codes of the k labels that each group is a combination of.
    """

    people: People
    codes: np.ndarray
    size: int
    wholes: np.ndarray | None = None
    whole_of: np.ndarray | None = None
    made_of: np.ndarray | None = None

    @cached_property
    def cell(self) -> np.ndarray:
        """PSU and group of each row as one number; rows without a group in a cell of no group."""
        return _cells(self.people, self.codes, self.size)

    @cached_property
    def whole_cell(self) -> np.ndarray:
        """PSU and whole of each row as one number."""
        return _cells(self.people, self.wholes, self.n_wholes)

    @property
    def n_wholes(self) -> int:
        """Number H of wholes."""
        return int(self.whole_of.max()) + 1

    def sums(self, values: np.ndarray, cell: np.ndarray | None = None) -> np.ndarray:
        """Return sums of `values` by PSU and group, shape (n_psu, G); `cell` where not of all rows."""
        return _table(self.people, self.cell if cell is None else cell, self.size, values)

    @cached_property
    def weights(self) -> np.ndarray:
        """Weights by PSU and group."""
        return self.sums(self.people.w)

    @cached_property
    def welfare(self) -> np.ndarray:
        """Weighted welfare by PSU and group."""
        return self.sums(self.people.ranked.wy)

    @cached_property
    def poor(self) -> tuple[np.ndarray, ...]:
        """Weighted headcount and gap terms after the transfer by PSU and group."""
        return tuple(self.sums(values) for values in self.people.poor)

    @cached_property
    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the survey, and PSUs that have any, each (G,)."""
        rows = self.sums(self.people.count)
        return _over_psus(rows).astype(int), np.count_nonzero(rows, axis=0)

    @cached_property
    def short_codes(self) -> np.ndarray:
        """Codes in the fewest bytes: small whole numbers are gathered fast and sorted by counting."""
        return self.codes.astype(np.int8 if self.size < 2**7 else np.int16 if self.size < 2**15 else np.int64)

    @cached_property
    def gini(self) -> tuple[np.ndarray, np.ndarray]:
        """Gini after the transfer (G,) and PSU totals of its linearised variable (n_psu, G)."""
        return _ginis(self, self.people.ranked, self.welfare)


@dataclass(frozen=True, eq=False)
class Transfer:
    """What the beneficiaries of one programme get.

    Attributes
    ----------
    people : People
    amounts : ndarray of float, shape (n,)
        Per person and day, in the order of `people`.
    """

    people: People
    amounts: np.ndarray

    @cached_property
    def rows(self) -> np.ndarray:
        """Positions of the beneficiaries."""
        return np.flatnonzero(self.amounts > 0)

    @cached_property
    def weights(self) -> np.ndarray:
        """Their weights."""
        return self.people.w[self.rows]

    @cached_property
    def money(self) -> np.ndarray:
        """Their weighted transfers."""
        return self.weights * self.amounts[self.rows]

    @cached_property
    def welfare(self) -> np.ndarray:
        """Their weighted welfare after the transfer."""
        return self.people.ranked.wy[self.rows]

    @cached_property
    def were_poor(self) -> np.ndarray:
        """Positions among the beneficiaries of those poor before: only their poverty changes."""
        return np.flatnonzero((self.people.y - self.amounts < self.people.line)[self.rows])

    @cached_property
    def falls(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weighted falls of headcount, gap in shares of the line, gap in money; for those poor before."""
        rows, people = self.rows[self.were_poor], self.people
        w, y, line = people.w[rows], people.y[rows], people.line[rows]
        before = y - self.amounts[rows]
        head, gap = (w * (fgt_terms(before, line, index) - fgt_terms(y, line, index)) for index in (0, 1))
        return head, gap, gap * line

    @cached_property
    def by_psu(self) -> tuple[np.ndarray, np.ndarray]:
        """Weights and money of all beneficiaries by PSU, each (n_psu, 1)."""
        psu, size = self.people.psu[self.rows], self.people.units.n_psu
        return tuple(
            np.bincount(psu, weights=values, minlength=size)[:, None] for values in (self.weights, self.money)
        )

    @cached_property
    def ranked(self) -> Ranked:
        """Everybody by rising welfare before the transfer."""
        people, movers = self.people, self.rows
        taken = np.zeros(people.y.size, dtype=bool)
        taken[movers] = True
        stayers = np.flatnonzero(~taken)
        before = people.y[movers] - self.amounts[movers]
        by_rank = np.argsort(before, kind="stable")
        before, movers = before[by_rank], movers[by_rank]
        place = np.searchsorted(people.y[stayers], before, side="right") + np.arange(movers.size)
        taken[:] = False
        taken[place] = True
        order = np.empty(people.y.size, dtype=np.intp)
        order[place] = movers
        order[~taken] = stayers
        y, w = people.y[order], people.w[order]
        y[place] = before
        return Ranked(order, y, w, w * y, people.psu[order])


class Estimates(NamedTuple):
    """One measure of every group: values and standard errors, each of shape (G,)."""

    value: np.ndarray
    std_error: np.ndarray


@dataclass(frozen=True, eq=False)
class Measured:
    """The nine measures of one transfer for every group.

    Attributes
    ----------
    estimates : dict of measure to Estimates
    beneficiaries, of_whole : ndarray of int, shape (G,)
        Rows of the survey with beneficiaries: in the group, and in the whole that it is a part of.
    """

    estimates: dict[str, Estimates]
    beneficiaries: np.ndarray
    of_whole: np.ndarray


def measures(groups: Partition, transfer: Transfer) -> Measured:
    """Return the nine measures of a transfer for every group."""
    cell = groups.cell[transfer.rows]
    helped = cell[transfer.were_poor]
    covered, money = groups.sums(transfer.weights, cell), groups.sums(transfer.money, cell)
    head, gap, closed = (groups.sums(values, helped) for values in transfer.falls)
    all_covered, all_money = _wholes(groups, transfer)
    ratios = {
        "cov": (covered, groups.weights),
        "bry": (covered, all_covered),
        "ben": (money, all_money),
        "adq": (money, groups.sums(transfer.welfare, cell)),
        "avt": (money, covered),
        "p0": (head, groups.poor[0] + head),
        "p1": (gap, groups.poor[1] + gap),
        "cba": (closed, money),
    }
    found = {name: _ratio(top, bottom, groups.people.units) for name, (top, bottom) in ratios.items()}
    found["gini"] = _gini_reduction(groups, transfer, money)
    counts = groups.people.count[transfer.rows]
    beneficiaries = groups.sums(counts, cell).sum(axis=0).astype(int)
    if groups.wholes is None:
        return Measured(found, beneficiaries, np.full(groups.size, counts.sum()).astype(int))
    whole = groups.whole_cell[transfer.rows]
    of_whole = _table(groups.people, whole, groups.n_wholes, counts).sum(axis=0)[groups.whole_of]
    return Measured(found, beneficiaries, of_whole.astype(int))


def _cells(people: People, codes: np.ndarray, size: int) -> np.ndarray:
    return np.where(codes >= 0, people.psu * size + codes, people.units.n_psu * size)


def _table(people: People, cell: np.ndarray, size: int, values: np.ndarray) -> np.ndarray:
    cells = people.units.n_psu * size
    return np.bincount(cell, weights=values, minlength=cells + 1)[:cells].reshape(-1, size)


def _wholes(groups: Partition, transfer: Transfer) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and money by PSU over the whole of each group, (n_psu, 1) or (n_psu, G)."""
    if groups.wholes is None:
        return transfer.by_psu
    cell = groups.whole_cell[transfer.rows]
    both = (transfer.weights, transfer.money)
    tables = (_table(groups.people, cell, groups.n_wholes, values) for values in both)
    return tuple(table[:, groups.whole_of] for table in tables)


def _ratio(top: np.ndarray, bottom: np.ndarray, units: SamplingUnits) -> Estimates:
    """Return Σ top/Σ bottom over PSUs by column, with its standard error; missing where Σ bottom is 0."""
    below = _over_psus(bottom).astype(float)  # sums over no beneficiaries come as whole numbers
    below[below == 0] = np.nan
    value = _over_psus(top) / below
    error = _std_error((top - value * bottom) / below, units)
    return _usable(value, error, np.count_nonzero(bottom, axis=0))


def _usable(value: np.ndarray, error: np.ndarray, bearing: np.ndarray) -> Estimates:
    """Return estimates without standard error where all that they rest on lies in one PSU."""
    return Estimates(value, np.where(one_unit_only(value, error, bearing), np.nan, error))


def _over_psus(table: np.ndarray) -> np.ndarray:
    # Over tall, narrow tables several times faster than sum(axis=0), with the same answer.
    return np.einsum("ij->j", table)


def _std_error(totals: np.ndarray, units: SamplingUnits) -> np.ndarray:
    deviations = units.deviations(totals)
    return np.sqrt(np.einsum("ij,ij->j", deviations, deviations))


def _gini_reduction(groups: Partition, transfer: Transfer, money: np.ndarray) -> Estimates:
    """Return the fall of the Gini as a share of the Gini before the transfer, for each group."""
    after, u = groups.gini
    before, v = _ginis(groups, transfer.ranked, groups.welfare - money)
    before[before == 0] = np.nan
    totals = (after / before * v - u) / before
    error = _std_error(totals, groups.people.units)
    return _usable(1 - after / before, error, groups.counts[1])


def _ginis(groups: Partition, ranked: Ranked, welfare: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each group's Gini (midpoint) and PSU totals of its weighted linearised variable, (n_psu, G).

    As `ranks.concentration_linearised`, which see for the formula; `welfare` is Σ w y by PSU and group.
    """
    values, totals = np.full(groups.size, np.nan), np.full(welfare.shape, np.nan)
    for g, (w, wy, psu, ends) in enumerate(_segments(groups, ranked)):
        weights, people, total = groups.weights[:, g], groups.weights[:, g].sum(), welfare[:, g].sum()
        if not total > 0:
            continue
        rank, below = _to_the_middle(w, ends), _to_the_middle(wy, ends)
        rank *= wy
        q = 2 * rank.sum()
        below -= total
        below *= w
        rank -= below
        moment = np.bincount(psu, weights=rank, minlength=weights.size)
        values[g] = q / (total * people) - 1
        own = q / (total * people) * (welfare[:, g] / total + weights / people)
        totals[:, g] = 2 * moment / (total * people) - own
    return values, totals


def _segments(
    groups: Partition, ranked: Ranked
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]]:
    """Yield each group's weights, weighted welfare, PSU by rising welfare, and ends of ties, if any."""
    codes = groups.short_codes if ranked.order is None else groups.short_codes[ranked.order]
    # Stable: rows of a group stay in the order of welfare.
    order = np.argsort(codes, kind="stable") if groups.size > 1 or codes.min() < 0 else None
    ties = (ranked.y[1:] == ranked.y[:-1]).any()
    arrays = (ranked.w, ranked.wy, ranked.psu, *((ranked.y,) if ties else ()))
    if order is not None:
        arrays = tuple(values[order] for values in arrays)
    stops = np.cumsum(np.bincount(codes + 1, minlength=groups.size + 1))
    for start, stop in pairwise(stops):
        w, wy, psu, *y = (values[start:stop] for values in arrays)
        ends = None
        if y:
            ends = np.flatnonzero(np.append(y[0][1:] != y[0][:-1], True))
        yield w, wy, psu, ends


def _to_the_middle(own: np.ndarray, ends: np.ndarray | None) -> np.ndarray:
    """Return the cumulated sum to the middle of each row, or of its block of ties."""
    cumulated = np.cumsum(own)
    if ends is None or ends.size == own.size:
        cumulated -= own / 2
        return cumulated
    upto = cumulated[ends]
    upto[1:] += upto[:-1].copy()
    return np.repeat(upto / 2, np.diff(ends, prepend=-1))
