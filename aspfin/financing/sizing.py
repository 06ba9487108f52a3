"""How large a fund must be to be safe."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pandas as pd

from aspfin.financing.fund import FundPath, path_on_grid
from aspfin.financing.fund_grid import FundPlan, NeedOnGrid, choose_step, follow
from aspfin.financing.need import Need
from aspfin.financing.valid import at_least_zero, between, money, require
from aspfin.results import ResultMixin

__all__ = ["FundSize", "size_fund"]

DOUBLINGS = 40


@dataclass(frozen=True, eq=False)
class FundSize(ResultMixin):
    """What `size_fund` returns. Money in `currency`.

    Attributes
    ----------
    ceiling, opening, contribution : float
        The smallest fund that is safe enough, and how it is filled.
    reached : bool
        False if no ceiling is safe enough; `ceiling` is then infinite.
    measure : str
        "probability_ever_unmet" or "share_unmet".
    target, achieved : float
        Most that was allowed of the measure, and what it is.
    step : float
        The ceiling is the smallest multiple of this amount that meets the target.
    path : FundPath
        The fund of that size over the years.
    """

    ceiling: float
    opening: float
    contribution: float
    reached: bool
    measure: str
    target: float
    achieved: float
    step: float
    currency: str
    path: FundPath

    def to_frame(self) -> pd.DataFrame:
        """Return the path, one row per year."""
        return self.path.to_frame()

    def sentence(self) -> str:
        """Return the size and what it buys, in prose."""
        years = self.path.years
        goal = {
            "probability_ever_unmet": f"falls short at least once in {years} years with probability",
            "share_unmet": f"leaves unmet a share of {years} years' need of",
        }[self.measure]
        if not self.reached:
            return (
                f"No ceiling is enough: with {money(self.contribution, self.currency)} a year the fund "
                f"{goal} {self.achieved:.1%} even without a ceiling; at most {self.target:.1%} was asked."
            )
        return (
            f"A fund of {money(self.ceiling, self.currency)} that opens with "
            f"{money(self.opening, self.currency)} and receives up to "
            f"{money(self.contribution, self.currency)} a year {goal} {self.achieved:.1%} "
            f"(at most {self.target:.1%} was asked)."
        )


def size_fund(
    need: Need,
    *,
    years: int,
    contribution: float | None = None,
    opening: float | None = None,
    interest: float = 0.0,
    max_probability_ever_unmet: float | None = None,
    max_share_unmet: float | None = None,
) -> FundSize:
    """Return the smallest ceiling at which a fund is safe enough, by bisection on a grid of amounts.

    Parameters
    ----------
    need : Need
        Annual need, independent from year to year.
    years : int
    contribution : float, optional
        Per year; left out, the mean annual need.
    opening : float, optional
        Balance before the first contribution; left out, the fund opens full.
    interest : float
        Per year.
    max_probability_ever_unmet : float, optional
        Target: most probability, 0 to 1, of falling short at least once in the years.
    max_share_unmet : float, optional
        Target: most expected unmet need as a share of expected need, 0 to 1.

    Returns
    -------
    FundSize

    Raises
    ------
    ValueError
        If not exactly one target is given, or an argument is out of range.

    Examples
    --------
    >>> need = Need.from_states([0.2, 0.05], [10.0, 40.0])
    >>> size = size_fund(need, years=5, max_probability_ever_unmet=0.05)
    >>> size.ceiling, round(size.achieved, 4)
    (48.0, 0.0391)
    """
    measure, target = _target(max_probability_ever_unmet, max_share_unmet)
    yearly = need.mean if contribution is None else at_least_zero("contribution", contribution)
    given = 0.0 if opening is None else at_least_zero("opening", opening)

    def plan(ceiling: float) -> FundPlan:
        return FundPlan(ceiling if opening is None else given, yearly, ceiling, years, interest)

    def short(ceiling: float) -> float:
        return _measured(plan(ceiling), grid, need.mean, measure)

    # A ceiling above the largest balance changes nothing; a fund that opens full can be made ever larger.
    largest = replace(plan(given), ceiling=math.inf).largest
    for ceiling in [largest] if opening is not None else _doubling(need):
        step, exact = choose_step(need, plan(ceiling))
        grid = NeedOnGrid.of(need, step, plan(ceiling))
        reached = short(ceiling) <= target
        if reached:
            break
    low, high = math.ceil(given / step - 1e-9) - 1, round(ceiling / step)
    while reached and high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if short(middle * step) <= target else (middle, high)
    smallest = max(high * step, given) if reached else ceiling
    return FundSize(
        ceiling=smallest if reached else math.inf,
        opening=smallest if opening is None else given,
        contribution=yearly,
        reached=reached,
        measure=measure,
        target=target,
        achieved=short(smallest),
        step=step,
        currency=need.currency,
        path=path_on_grid(need, plan(smallest), grid, exact),
    )


def _target(probability: float | None, share: float | None) -> tuple[str, float]:
    targets = {"max_probability_ever_unmet": probability, "max_share_unmet": share}
    given = {name: value for name, value in targets.items() if value is not None}
    require(len(given) == 1, "target", given or None, f"one of {' and '.join(targets)}")
    name, value = given.popitem()
    return name.removeprefix("max_"), between(name, value, 0, 1)


def _doubling(need: Need) -> list[float]:
    """Return ceilings to try, each twice the one before, on the need's own steps where it has them."""
    first = need.mean or 1.0
    if need.law.cell == 0:
        own = need.lattice().step
        first = math.ceil(first / own) * own
    return [first * 2.0**k for k in range(DOUBLINGS)]


def _measured(plan: FundPlan, grid: NeedOnGrid, mean: float, measure: str) -> float:
    by_year = follow(plan, grid, mean)
    if measure == "probability_ever_unmet":
        return float(by_year[measure].iloc[-1])
    return float(by_year["expected_unmet"].sum() / (mean * plan.years)) if mean else 0.0
