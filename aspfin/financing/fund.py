"""A contingency fund over several years: the distribution of its balance, without simulation.

The order within a year is fixed: contribute, cap at the ceiling, pay, earn interest. With F the balance at
the end of a year, A at its start, X the need, c the contribution, K the ceiling and r the interest:
A = min(K, F + c), paid = min(A, X), F' = (A − paid)(1 + r).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.financing._validate import require
from aspfin.financing.aggregate import common_step
from aspfin.financing.need import Need
from aspfin.financing.valid import at_least_zero, between, money, whole
from aspfin.results import Check, ResultMixin

__all__ = ["FundPath", "fund_path"]

POINTS = 8192  # steps from an empty to a full fund
MOST_POINTS = 131_072
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SAME = 1e-9  # balances this close to a lattice point, in steps, lie on it
LATTICE_TOLERANCE = 1e-3  # of probability; a coarser lattice must agree this far


@dataclass(frozen=True, eq=False)
class FundPath(ResultMixin):
    """What `fund_path` returns. Money in `currency`.

    Attributes
    ----------
    by_year : DataFrame
        year (1, 2, …), available (expected balance after the contribution), expected (balance at the end of
        the year), q05, q25, q50, q75, q95 (its quantiles), expected_paid, expected_unmet, probability_unmet
        (in that year), probability_ever_unmet (in that year or before).
    share_unmet : float
        Expected unmet over expected need, all years together; missing where there is no need.
    step : float
        Spacing of the lattice of balances.
    exact : bool
        True where every balance and need lies on the lattice: no lattice error.
    lattice_error : float
        Change of the last probability_ever_unmet on a lattice half as fine; 0 if exact.
    checks : tuple of Check
    """

    opening: float
    contribution: float
    ceiling: float
    interest: float
    years: int
    currency: str
    by_year: pd.DataFrame
    share_unmet: float
    step: float
    exact: bool
    lattice_error: float
    checks: tuple[Check, ...]

    @property
    def probability_ever_unmet(self) -> float:
        """Probability that the fund falls short in at least one of the years."""
        return float(self.by_year["probability_ever_unmet"].iloc[-1])

    @property
    def fan(self) -> pd.DataFrame:
        """Balance by year for a fan chart, from the opening balance (year 0): expected and quantiles."""
        columns = ["year", "expected", *(f"q{100 * q:02.0f}" for q in QUANTILES)]
        start = pd.DataFrame([[0, *([self.opening] * (len(columns) - 1))]], columns=columns)
        return pd.concat([start, self.by_year[columns]], ignore_index=True)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per year."""
        return self.by_year.copy()

    def sentence(self) -> str:
        """Return how safe the fund is, in prose."""
        last = self.by_year.iloc[-1]
        return (
            f"A fund that opens with {money(self.opening, self.currency)} and receives "
            f"{money(self.contribution, self.currency)} a year falls short at least once in "
            f"{self.probability_ever_unmet:.1%} of {self.years}-year periods "
            f"and leaves {self.share_unmet:.1%} of the need unmet; after {self.years} years it holds "
            f"{money(last['expected'], self.currency)} on average."
        )


def fund_path(
    need: Need,
    *,
    opening: float,
    contribution: float,
    ceiling: float = math.inf,
    years: int,
    interest: float = 0.0,
) -> FundPath:
    """Follow the distribution of a contingency fund's balance over years, without simulation.

    Balances and need live on a lattice. A balance between two points is shared between them so that the mean
    is kept; the need on the lattice keeps its mean too, and the probability of a shortfall is taken from the
    law of the need itself. The probability of ever falling short follows only the paths that have not yet
    done so: balances of different years depend on each other.

    Parameters
    ----------
    need : Need
        Annual need, independent from year to year.
    opening : float
        Balance before the first contribution; at most the ceiling.
    contribution : float
        Paid in at the start of every year.
    ceiling : float
        Largest balance at the start of a year; may be infinite.
    years : int
    interest : float
        r, per year, on what is left after paying.

    Returns
    -------
    FundPath

    Raises
    ------
    ValueError
        If an amount is negative, the opening exceeds the ceiling, or the interest lies outside 0 to 1.

    References
    ----------
    Guerson (2020), IMF Working Paper 20/266, for funds of this kind.

    Examples
    --------
    A gambler starts with 2 and gains 1 with probability .7 or loses 1: ruin within five years.

    >>> path = fund_path(Need.from_states([0.3], [2.0]), opening=2, contribution=1, years=5)
    >>> round(path.probability_ever_unmet, 5), path.exact
    (0.04401, True)
    """
    plan = _plan(opening, contribution, ceiling, years, interest)
    step, exact = _choose_step(need, plan)
    by_year = _follow(need, plan, step)
    error = 0.0
    if not exact:
        coarse = _follow(need, plan, 2 * step)
        error = abs(_last(by_year, "probability_ever_unmet") - _last(coarse, "probability_ever_unmet"))
    total = need.mean * plan.years
    return FundPath(
        plan.opening,
        plan.contribution,
        plan.ceiling,
        plan.interest,
        plan.years,
        need.currency,
        by_year=by_year,
        share_unmet=float(by_year["expected_unmet"].sum() / total) if total else float("nan"),
        step=step,
        exact=exact,
        lattice_error=error,
        checks=_checks(by_year, need.mean, plan.interest, exact, error),
    )


@dataclass(frozen=True)
class _Plan:
    opening: float
    contribution: float
    ceiling: float
    years: int
    interest: float

    @property
    def largest(self) -> float:
        """Largest balance that can ever be at hand."""
        balance = min(self.opening + self.contribution, self.ceiling)
        for _ in range(self.years - 1):
            balance = min(balance * (1 + self.interest) + self.contribution, self.ceiling)
        return balance


def _plan(opening: float, contribution: float, ceiling: float, years: int, interest: float) -> _Plan:
    plan = _Plan(
        at_least_zero("opening", opening),
        at_least_zero("contribution", contribution),
        at_least_zero("ceiling", ceiling, infinite=True),
        whole("years", years),
        between("interest", interest, 0, 1),
    )
    require(plan.opening <= plan.ceiling, "opening", opening, f"at most the ceiling, {ceiling:g}")
    return plan


def _choose_step(need: Need, plan: _Plan) -> tuple[float, bool]:
    """Return the spacing of the lattice, and whether everything lies on it."""
    largest = plan.largest
    if largest == 0:
        return need.mean or 1.0, True
    amounts = [plan.opening, plan.contribution, plan.ceiling if plan.ceiling <= largest else 0.0]
    discrete = need.law.cell == 0
    if discrete:
        amounts.append(need.lattice().step)
    shared = common_step(np.array(amounts))
    if shared is None or largest / shared > MOST_POINTS:
        return largest / POINTS, False
    if discrete and plan.interest == 0:
        return shared, _on_lattice(need, shared)
    return shared / math.ceil(POINTS * shared / largest), False


def _on_lattice(need: Need, step: float) -> bool:
    amounts = need.law.amounts[need.law.probabilities > 0] / step
    return bool((np.abs(amounts - np.rint(amounts)) < SAME).all())


def _follow(need: Need, plan: _Plan, step: float) -> pd.DataFrame:
    """Return the table by year on a lattice of that step."""
    size = math.ceil(plan.largest / step - SAME) + 1 + _headroom(plan)
    balance = step * np.arange(size)
    masses = need.lattice(step=step, points=max(size, 2)).probabilities[:size]
    below = np.concatenate([[0.0], np.cumsum(masses)[:-1]])  # P(X < balance), on the lattice
    shortfall = np.asarray(need.exceedance(balance))  # P(X > balance), from the law itself
    exactly_emptied = np.clip(1 - shortfall - below, 0, 1)
    # E[min(balance, X)] = Σ P(X > point) over the points below
    paid = np.concatenate([[0.0], step * np.cumsum(1 - np.cumsum(masses)[:-1])])
    length = _fast_length(2 * size)
    kernel = np.conj(np.fft.rfft(masses, length))

    first = min(plan.opening + plan.contribution, plan.ceiling)
    start = np.tile(_share(np.array([first]), np.ones(1), step, size), (2, 1))  # all paths; those never short
    left = balance * (1 + plan.interest)
    refilled = np.minimum(left + plan.contribution, min(plan.ceiling, balance[-1]))
    rows = []
    for year in range(1, plan.years + 1):
        end = np.clip(np.fft.irfft(np.fft.rfft(start, length) * kernel, length)[:, :size], 0, None)
        end[0, 0] = max(1 - end[0, 1:].sum(), 0.0)
        end[1, 0] = start[1] @ exactly_emptied
        mean_paid = float(start[0] @ paid)
        quantiles = left[np.searchsorted(np.cumsum(end[0]), np.array(QUANTILES) - SAME).clip(max=size - 1)]
        rows.append(
            [
                year,
                float(start[0] @ balance),
                float(end[0] @ left),
                *quantiles,
                mean_paid,
                max(need.mean - mean_paid, 0.0),
                float(start[0] @ shortfall),
                max(1 - float(end[1].sum()), 0.0),
            ]
        )
        start = np.stack([_share(refilled, mass, step, size) for mass in end])
    names = ["year", "available", "expected", *(f"q{100 * q:02.0f}" for q in QUANTILES)]
    names += ["expected_paid", "expected_unmet", "probability_unmet", "probability_ever_unmet"]
    return pd.DataFrame(rows, columns=names)


def _headroom(plan: _Plan) -> int:
    """Return points above the largest balance: sharing may round up by one point a year."""
    if plan.largest == plan.ceiling or plan.interest == 0:
        return 0
    return math.ceil(min(plan.years * (1 + plan.interest) ** min(plan.years, 100), POINTS))


def _share(amounts: np.ndarray, mass: np.ndarray, step: float, size: int) -> np.ndarray:
    """Return the masses at `amounts` on the lattice, shared between neighbours so that the mean is kept."""
    position = amounts / step
    nearest = np.rint(position)
    position = np.where(np.abs(position - nearest) < SAME, nearest, position)
    low = np.floor(position).astype(np.int64)
    upper = position - low
    shared = np.bincount(low, mass * (1 - upper), size + 1) + np.bincount(low + 1, mass * upper, size + 1)
    return shared[:size]


def _fast_length(size: int) -> int:
    return 1 << (size - 1).bit_length()


def _last(frame: pd.DataFrame, column: str) -> float:
    return float(frame[column].iloc[-1])


def _checks(
    by_year: pd.DataFrame, mean: float, interest: float, exact: bool, error: float
) -> tuple[Check, ...]:
    gap = by_year["expected"] - (by_year["available"] - mean + by_year["expected_unmet"]) * (1 + interest)
    scale = max(float(by_year["available"].max()), mean) or 1.0
    worst = float(gap.abs().max()) / scale
    return (
        Check(
            "fund accounting",
            "Is what is left what was there, less the need, plus what stayed unmet, with interest?",
            worst <= 1e-9,
            statistic=worst,
            text=f"largest gap {worst:.1e} of the balance",
        ),
        Check(
            "fund lattice",
            "Does a lattice half as fine give the same probability of ever falling short?",
            None if exact else error <= LATTICE_TOLERANCE,
            statistic=error,
            text="exact: every balance lies on the lattice" if exact else f"change {error:.1e}",
        ),
    )
