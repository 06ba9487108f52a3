"""The seven ways to pay: what each can pay in a year, and what its money costs.

A new instrument is one dataclass with the verbs of `Instrument`, and one line in `INSTRUMENTS`.

References
----------
Clarke, Mahul, Poulter and Teh (2016), World Bank Policy Research Working Paper 7721: cost functions and their
defaults. Days to cash are assumed, in the order of magnitude of Ghesquiere and Mahul (2010), World Bank
Policy Research Working Paper 5429.
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from aspfin.financing.instrument import SHOCK_AT, Instrument, Timing, UnitCosts, annuity_factor
from aspfin.financing.insurance import InsuranceLayer, ParametricInsurance
from aspfin.financing.timeliness import delay_factor
from aspfin.financing.valid import require, whole

__all__ = [
    "INSTRUMENTS",
    "BudgetReallocation",
    "ContingencyFund",
    "ContingentCredit",
    "DonorAid",
    "ExPostBorrowing",
    "InsuranceLayer",
    "ParametricInsurance",
]


@dataclass(frozen=True)
class ContingencyFund(Instrument):
    """Money saved before the shock. Each year: contribute, cap at the ceiling, pay, earn interest.

    Parameters
    ----------
    opening : float
        Balance before the first contribution.
    contribution : float
        Paid in at the start of each year; what would exceed the ceiling stays with the treasury.
    ceiling : float
        Largest balance at the start of a year; may be infinite.
    annual_limit : float
        Most that is paid out in one year, where the fund is meant for the first layer only; may be infinite.
    interest : float
        r, return on what is left after paying, per year.
    sovereign_rate : float
        i, marginal rate at which the state borrows. Holding costs (i − r)/(1 + d) per unit not drawn.

    Raises
    ------
    ValueError
        If an amount is negative, a rate lies outside 0 to 1, or the opening balance exceeds the ceiling.

    Examples
    --------
    >>> round(ContingencyFund(opening=50, contribution=10, ceiling=50).unit_costs().holding, 9)
    0.104347826
    """

    kind: ClassVar[str] = "contingency_fund"

    opening: float
    contribution: float = 0.0
    ceiling: float = math.inf
    _: KW_ONLY
    annual_limit: float = math.inf
    interest: float = 0.01
    sovereign_rate: float = 0.13
    days_to_cash: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        allowed = f"at most the ceiling, {self.ceiling:g}"
        require(self.opening <= self.ceiling, self._field("opening"), self.opening, allowed)

    @property
    def initial(self) -> float:
        """Balance before the first contribution."""
        return self.opening

    def at_start(self, left: ArrayLike, year: int) -> ArrayLike:
        """Return the balance after the contribution, capped."""
        return np.minimum(np.asarray(left) + self.contribution, self.ceiling)

    def draw(
        self, need: np.ndarray, remaining: np.ndarray, available: ArrayLike, index: np.ndarray | None
    ) -> np.ndarray:
        """Return the need that remains, as far as the balance and the year's limit go."""
        return np.minimum(np.minimum(remaining, self.annual_limit), available)

    def at_end(self, available: ArrayLike, drawn: np.ndarray) -> ArrayLike:
        """Return the balance after paying and earning."""
        return (available - drawn) * (1 + self.interest)

    def unit_costs(self, timing: Timing = "world_bank") -> UnitCosts:
        """Return ((i − r)/(1 + d))·(θ − x) + x as holding and drawing.

        In consistent timing the fund is borrowed at i for the year; money drawn earns nothing that year:
        ((i − r)·θ + (1 + r)·x)/(1 + d).
        """
        holding = (self.sovereign_rate - self.interest) * self._discount
        if timing == "world_bank":
            return UnitCosts(holding, 1 - holding)
        return UnitCosts(holding, (1 + self.interest) * self._discount)


@dataclass(frozen=True)
class ContingentCredit(Instrument):
    """A loan agreed before the shock and drawn on it.

    Parameters
    ----------
    limit : float
        Most that can be drawn within one availability period.
    availability_years : int
        Years until the limit is renewed in full (in years 0, n, 2n, …).
    arrangement_fee : float
        δ, per year on the amount still available at the start of the year.
    loan_rate, repayment_years : float
        c and p: level annuity, yearly in arrears.

    Raises
    ------
    ValueError
        If an amount is negative, a rate lies outside 0 to 1, or the years are not positive.

    Examples
    --------
    >>> round(ContingentCredit(limit=20).unit_costs().drawing, 9)
    0.612623491
    """

    kind: ClassVar[str] = "contingent_credit"

    limit: float
    _: KW_ONLY
    availability_years: int = 3
    arrangement_fee: float = 0.005
    loan_rate: float = 0.038
    repayment_years: int = 10
    days_to_cash: float = 30.0

    def __post_init__(self) -> None:
        super().__post_init__()
        whole(self._field("availability_years"), self.availability_years)
        whole(self._field("repayment_years"), self.repayment_years)

    @property
    def initial(self) -> float:
        """The whole limit."""
        return self.limit

    def at_start(self, left: ArrayLike, year: int) -> ArrayLike:
        """Return the undrawn limit, renewed when an availability period begins."""
        return self.limit if year % self.availability_years == 0 else left

    def at_end(self, available: ArrayLike, drawn: np.ndarray) -> ArrayLike:
        """Return the limit still undrawn."""
        return available - drawn

    def unit_costs(self, timing: Timing = "world_bank") -> UnitCosts:
        """Return δ·θ + (a_{p|d}/a_{p|c})·x; in consistent timing the loan starts on the shock."""
        years = self.repayment_years
        service = annuity_factor(years, self.discount_rate) / annuity_factor(years, self.loan_rate)
        return UnitCosts(self.arrangement_fee, service * self._on_shock(timing))

    def _on_shock(self, timing: Timing) -> float:
        return 1.0 if timing == "world_bank" else self._discount**SHOCK_AT


@dataclass(frozen=True)
class BudgetReallocation(Instrument):
    """Money taken from other lines of the year's budget.

    Parameters
    ----------
    limit : float
        Most that can be moved in a year; may be infinite.
    social_return : float
        h, return of the displaced projects, per year.

    Examples
    --------
    >>> round(BudgetReallocation(limit=10).unit_costs().drawing, 9)
    0.973913043
    """

    kind: ClassVar[str] = "budget_reallocation"

    limit: float = math.inf
    _: KW_ONLY
    social_return: float = 0.12
    days_to_cash: float = 90.0

    @property
    def initial(self) -> float:
        """The yearly limit."""
        return self.limit

    def unit_costs(self, timing: Timing = "world_bank") -> UnitCosts:
        """Return ((1 + h)/(1 + d))·x; in consistent timing that year starts on the shock."""
        after_shock = 0 if timing == "world_bank" else SHOCK_AT
        return UnitCosts(0.0, (1 + self.social_return) * self._discount ** (1 + after_shock))


@dataclass(frozen=True)
class ExPostBorrowing(Instrument):
    """A loan sought after the shock.

    Parameters
    ----------
    limit : float
        Most that can be borrowed in a year; may be infinite.
    loan_rate, repayment_years : float
        e and n: level annuity, yearly in arrears.
    cost_growth : float
        b, annual rise in the cost of the response while it waits `days_to_cash` (730 days are 24 months).

    Examples
    --------
    >>> round(ExPostBorrowing().unit_costs().drawing, 9)
    1.482041588
    """

    kind: ClassVar[str] = "ex_post_borrowing"

    limit: float = math.inf
    _: KW_ONLY
    loan_rate: float = 0.15
    repayment_years: int = 10
    cost_growth: float = 0.40
    days_to_cash: float = 730.0

    def __post_init__(self) -> None:
        super().__post_init__()
        whole(self._field("repayment_years"), self.repayment_years)

    @property
    def initial(self) -> float:
        """The yearly limit."""
        return self.limit

    def unit_costs(self, timing: Timing = "world_bank") -> UnitCosts:
        """Return ((1 + b)/(1 + d))^(t/12)·(a_{n|d}/a_{n|e})·x; in consistent timing t starts on the shock."""
        years, discount = self.repayment_years, self.discount_rate
        service = annuity_factor(years, discount) / annuity_factor(years, self.loan_rate)
        months = self.days_to_cash / 365 * 12
        delay = delay_factor(months, cost_growth=self.cost_growth, discount_rate=discount)
        on_shock = 1.0 if timing == "world_bank" else self._discount**SHOCK_AT
        return UnitCosts(0.0, delay * service * on_shock)


@dataclass(frozen=True)
class DonorAid(Instrument):
    """Grants after the shock: a share of what remains, up to a yearly limit.

    Costs its face value, borne by the donor: an economic cost, not a fiscal one.

    Examples
    --------
    >>> DonorAid(limit=5, share=0.25).unit_costs()
    UnitCosts(holding=0.0, drawing=1.0)
    """

    kind: ClassVar[str] = "donor_aid"

    limit: float = math.inf
    _: KW_ONLY
    share: float = 1.0
    days_to_cash: float = 120.0
    payer: str = "donor"

    @property
    def initial(self) -> float:
        """The yearly limit."""
        return self.limit

    def draw(
        self, need: np.ndarray, remaining: np.ndarray, available: ArrayLike, index: np.ndarray | None
    ) -> np.ndarray:
        """Return the share of the remaining need, up to the limit."""
        return np.minimum(self.share * remaining, available)

    def unit_costs(self, timing: Timing = "world_bank") -> UnitCosts:
        """Return the face value; in consistent timing it is given on the shock."""
        return UnitCosts(0.0, 1.0 if timing == "world_bank" else self._discount**SHOCK_AT)


INSTRUMENTS: dict[str, type[Instrument]] = {
    one.kind: one
    for one in (
        ContingencyFund,
        ContingentCredit,
        BudgetReallocation,
        InsuranceLayer,
        ParametricInsurance,
        ExPostBorrowing,
        DonorAid,
    )
}
