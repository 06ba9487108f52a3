"""Who pays what: the waterfall of one year, and of years in sequence on many paths at once.

Instruments pay in the order given. Each sees the year's whole need and what earlier ones left unpaid. What it
pays beyond the remaining need (insurance may) is a surplus, kept by the treasury. What nobody pays is unmet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from aspfin.financing.instrument import Instrument
from aspfin.financing.insurance import ParametricInsurance
from aspfin.financing.valid import require
from aspfin.seeds import named_seed

__all__ = ["Ledger", "Tally", "checked_instruments", "correlated_index", "pay_year", "run_years"]

ROUNDING = 1e-9  # relative to the largest need; sums of a few instruments in double precision


class Tally:
    """Running sums of one quantity over years and paths, money in one currency.

    Attributes
    ----------
    total : array, shape (paths,)
        Sum over the years so far.
    mean, std_error, used : array, shape (years,)
        Mean over paths, its standard error, and the share of paths above 0, by year.
    ever : array of bool, shape (paths,)
        Above 0 in at least one year so far.
    """

    def __init__(self, years: int, paths: int) -> None:
        self.total = np.zeros(paths)
        self.ever = np.zeros(paths, dtype=bool)
        self.mean, self.std_error, self.used = np.zeros((3, years))

    def add(self, year: int, amounts: np.ndarray) -> None:
        """Add a year's amounts, shape (paths,)."""
        self.total += amounts
        above = amounts > 0
        self.ever |= above
        self.used[year] = np.count_nonzero(above) / above.size
        self.mean[year], self.std_error[year] = mean_and_error(amounts)

    def per_year(self) -> tuple[float, float]:
        """Return the mean per year and its standard error, from the paths' totals."""
        return mean_and_error(self.total / self.mean.size)


@dataclass(frozen=True, eq=False)
class Ledger:
    """A simulated waterfall: tallies of the need, of each instrument, and of the unmet need.

    `paid` counts towards the need, `received` is the whole payout, `cover` is what holding costs are charged
    on. `gap` is the largest violation of need = paid + unmet on any path and year, relative to the largest
    need.
    """

    need: Tally
    paid: list[Tally]
    received: list[Tally]
    cover: list[Tally]
    unmet: Tally
    gap: float


def checked_instruments(instruments: Sequence[Instrument]) -> tuple[Instrument, ...]:
    """Return the instruments as a tuple if each is one and no name occurs twice; else raise ValueError."""
    chosen = tuple(instruments)
    for position, one in enumerate(chosen):
        require(
            isinstance(one, Instrument), f"instruments[{position}]", one, "an instrument of aspfin.financing"
        )
    names = [one.name for one in chosen]
    twice = sorted({name for name in names if names.count(name) > 1})
    require(not twice, "instruments", ", ".join(twice), "each name once: give `name=` to tell them apart")
    reserved = sorted({"need", "unmet"} & set(names))
    require(not reserved, "instruments", ", ".join(reserved), "names other than need and unmet")
    return chosen


def correlated_index(need: np.ndarray, correlation: float, rng: np.random.Generator) -> np.ndarray:
    """Return an index with the distribution of `need` and a normal copula of that correlation with it.

    The values of `need` are put in another order, so both have exactly the same distribution; ties are
    ordered at random. Correlation 1 returns the need itself.
    """
    from scipy.special import ndtri

    if correlation == 1:
        return need
    shuffled = rng.permutation(need.size)
    order = shuffled[np.argsort(need[shuffled], kind="stable")]
    score = np.empty(need.size)
    score[order] = ndtri((np.arange(need.size) + 0.5) / need.size)
    noise = np.sqrt(1 - correlation**2) * rng.standard_normal(need.size)
    index = np.empty(need.size)
    index[np.argsort(correlation * score + noise)] = need[order]
    return index


def pay_year(
    need: np.ndarray,
    instruments: Sequence[Instrument],
    left: Sequence[ArrayLike],
    year: int,
    index: Sequence[np.ndarray | None],
) -> tuple[list[tuple[ArrayLike, np.ndarray, np.ndarray]], list[ArrayLike], np.ndarray]:
    """Let every instrument pay once.

    Parameters
    ----------
    need : array, shape (paths,)
    instruments : sequence of k instruments, in the order in which they pay
    left : sequence of k states, what each had left the year before
    year : int
        0 is the first year.
    index : sequence of k arrays or None
        The index each instrument pays by, if it does.

    Returns
    -------
    rows, left, unmet
        Per instrument (available, received, paid towards the need), the new states, and the unmet need.

    Raises
    ------
    ArithmeticError
        If an instrument pays less than nothing or more than it has: an error in the instrument.
    """
    rows, states, remaining = [], [], need
    for one, before, its_index in zip(instruments, left, index, strict=True):
        available = one.at_start(before, year)
        received = one.draw(need, remaining, available, its_index)
        if received.size and (received.min() < 0 or (received > available).any()):
            raise ArithmeticError(f"{one.name} paid less than 0 or more than it had in year {year + 1}")
        paid = np.minimum(received, remaining)
        remaining = remaining - paid
        states.append(one.at_end(available, received))
        rows.append((available, received, paid))
    return rows, states, remaining


def run_years(
    need: np.ndarray,
    instruments: Sequence[Instrument],
    *,
    index: np.ndarray | None = None,
    seed: int = 0,
) -> Ledger:
    """Run the waterfall over years in sequence.

    Parameters
    ----------
    need : array, shape (years, paths)
        Need of each year, money.
    instruments : sequence of instruments
        In the order in which they pay.
    index : array, shape (years, paths), or None
        For parametric insurance without a stated correlation.
    seed : int
        For the index of parametric insurance with a stated correlation; with it, the name of the policy and
        the year say what is drawn, so that another instrument changes nothing.

    Returns
    -------
    Ledger

    Raises
    ------
    ArithmeticError
        If need = paid + unmet fails beyond rounding on any path.
    """
    years, paths = need.shape

    def tallies() -> list[Tally]:
        return [Tally(years, paths) for _ in instruments]

    ledger = Ledger(Tally(years, paths), tallies(), tallies(), tallies(), Tally(years, paths), 0.0)
    left: list[ArrayLike] = [one.initial for one in instruments]
    gap = 0.0
    for year, this in enumerate(need):
        indices = [_index_of(one, this, index, year, seed) for one in instruments]
        rows, left, unmet = pay_year(this, instruments, left, year, indices)
        accounted = unmet.copy()
        for k, (available, received, paid) in enumerate(rows):
            ledger.paid[k].add(year, paid)
            ledger.received[k].add(year, received)
            ledger.cover[k].add(year, np.broadcast_to(instruments[k].cover(available), paths))
            accounted += paid
        gap = max(gap, float(np.abs(accounted - this).max()))
        ledger.need.add(year, this)
        ledger.unmet.add(year, unmet)
    largest = float(need.max())
    gap = gap / largest if largest else gap
    if not gap <= ROUNDING:
        raise ArithmeticError(f"need and payments differ by {gap:.1e} of the largest need")
    return replace(ledger, gap=gap)


def mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """Return the mean over paths and its standard error (missing for a single path)."""
    if values.size < 2:
        return float(values.mean()), float("nan")
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size))


def _index_of(
    one: Instrument, need: np.ndarray, index: np.ndarray | None, year: int, seed: int
) -> np.ndarray | None:
    if not isinstance(one, ParametricInsurance):
        return None
    if one.correlation is None:
        return None if index is None else index[year]
    return correlated_index(need, one.correlation, np.random.default_rng([named_seed(seed, one.name), year]))
