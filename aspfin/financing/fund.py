"""A contingency fund over several years: the distribution of its balance, without simulation.

The order within a year is fixed: contribute, cap at the ceiling, pay, earn interest. With F the balance at
the end of a year, A at its start, X the need, c the contribution, K the ceiling and r the interest:
A = min(K, F + c), paid = min(A, X), F' = (A − paid)(1 + r).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import pandas as pd

from aspfin.financing.fund_grid import FundPlan, NeedOnGrid, choose_step, follow, quantile_names
from aspfin.financing.need import Need
from aspfin.financing.valid import money
from aspfin.results import Check, ResultMixin

__all__ = ["FundPath", "fund_path", "path_on_grid"]

LATTICE_TOLERANCE = 1e-3  # of probability; a coarser lattice must agree this far


@dataclass(frozen=True, eq=False)
class FundPath(ResultMixin):
    """What `fund_path` returns. Money in `currency`.

    Attributes
    ----------
    by_year : DataFrame
        year (1, 2, …), available (expected balance after the contribution), expected (balance at the end of
        the year), q05, q25, q50, q75, q95 (its quantiles), expected_paid, expected_unmet, probability_unmet
        (in that year), probability_ever_unmet (in that year or before). At the end of a year interest may
        have lifted a balance above the ceiling; the next year's cap takes it off.
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
        columns = ["year", "expected", *quantile_names()]
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
    plan = FundPlan(opening, contribution, ceiling, years, interest)
    step, exact = choose_step(need, plan)
    grid = NeedOnGrid.of(need, step, plan)
    return path_on_grid(need, plan, grid, exact)


def path_on_grid(need: Need, plan: FundPlan, grid: NeedOnGrid, exact: bool) -> FundPath:
    """Return the path of a fund on a grid already made; see `fund_path`."""
    by_year = follow(plan, grid, need.mean)
    error = 0.0
    if not exact:
        coarse = follow(plan, grid.coarser(), need.mean)
        error = float(by_year["probability_ever_unmet"].iloc[-1] - coarse["probability_ever_unmet"].iloc[-1])
    total = need.mean * plan.years
    return FundPath(
        **asdict(plan),
        currency=need.currency,
        by_year=by_year,
        share_unmet=float(by_year["expected_unmet"].sum() / total) if total else float("nan"),
        step=grid.step,
        exact=exact,
        lattice_error=abs(error),
        checks=_checks(by_year, need.mean, plan.interest, exact, abs(error)),
    )


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
