"""What all ways to pay have in common: one dataclass with five verbs.

The waterfall need not know which instrument is which: `initial` (money at hand before the first year),
`at_start` (money available in a year), `draw` (what it pays), `at_end` (what is left) and `unit_costs` (what
cover and money cost). All amounts are in one currency.

Costs are present values of funding at the start of the year and include the money itself. With θ the cover
available and x the money drawn, every cost is linear: holding·θ + drawing·x. So the marginal cost of a thin
layer that is needed with probability S is holding + drawing·S.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from aspfin.financing.valid import at_least_zero, between, one_of, require

__all__ = ["SHOCK_AT", "TIMINGS", "Instrument", "Timing", "UnitCosts", "annuity_factor"]

Timing = Literal["world_bank", "consistent"]
TIMINGS = ("world_bank", "consistent")
SHOCK_AT = 0.5  # years after the start of the year; used by the "consistent" timing only

# Names of fields by what they hold, so that every instrument is validated in one place.
RATES = {"interest", "sovereign_rate", "discount_rate", "arrangement_fee", "loan_rate", "social_return"}
SHARES = {"share", "cost_growth"}
MONEY = {
    *("opening", "contribution", "ceiling", "annual_limit", "limit", "attachment"),
    *("premium", "policy_limit", "multiple"),
}


def annuity_factor(years: float, rate: float) -> float:
    """Return the present value of 1 a year, paid in arrears for `years` years at `rate` per year.

    (1 − (1 + k)^−n)/k, and n at k = 0.

    Examples
    --------
    >>> round(annuity_factor(10, 0.15), 9)
    5.018768626
    >>> annuity_factor(10, 0)
    10.0
    """
    years = at_least_zero("years", years)
    rate = between("rate", rate, 0, 1)
    return years if rate == 0 else -math.expm1(-years * math.log1p(rate)) / rate


@dataclass(frozen=True)
class UnitCosts:
    """Present value at the start of the year: of one unit of cover available, of one unit drawn."""

    holding: float
    drawing: float


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """What all instruments share.

    Parameters
    ----------
    name : str
        Unique within a strategy; by default the kind in words.
    days_to_cash : float
        Days from the shock until the money can be spent (assumed defaults).
    payer : "treasury" or "donor"
        Who bears the cost: the fiscal cost counts the treasury's part only.
    discount_rate : float
        d, per year.
    """

    kind: ClassVar[str] = "instrument"

    name: str = ""
    days_to_cash: float = 0.0
    payer: str = "treasury"
    discount_rate: float = 0.15

    def __post_init__(self) -> None:
        require(isinstance(self.name, str), "name", self.name, "text")
        if not self.name:
            object.__setattr__(self, "name", self.kind.replace("ex_post", "ex-post").replace("_", " "))
        at_least_zero(self._field("days_to_cash"), self.days_to_cash)
        one_of(self._field("payer"), self.payer, ("treasury", "donor"))
        for field in fields(self):
            if field.name in RATES | SHARES:
                between(self._field(field.name), getattr(self, field.name), 0, 1)
            elif field.name in MONEY:
                value = getattr(self, field.name)
                if value is not None:
                    at_least_zero(self._field(field.name), value, infinite=field.default == math.inf)

    def _field(self, name: str) -> str:
        return f"{self.name}: {name}"

    @property
    def _discount(self) -> float:
        return 1 / (1 + self.discount_rate)

    @property
    def initial(self) -> float:
        """Money at hand before the first year."""
        return math.inf

    def at_start(self, left: ArrayLike, year: int) -> ArrayLike:
        """Return the money available in `year` (0 is the first), given what was `left` the year before."""
        return self.initial

    def draw(
        self, need: np.ndarray, remaining: np.ndarray, available: ArrayLike, index: np.ndarray | None
    ) -> np.ndarray:
        """Return what the instrument pays: by default the need that remains, as far as money is available.

        Parameters
        ----------
        need, remaining : array, shape (paths,)
            The year's whole need, and the part that instruments earlier in the order left unpaid.
        available : float or array, shape (paths,)
            From `at_start`.
        index : array, shape (paths,), or None
            The year's index, for instruments that pay by one.
        """
        return np.minimum(remaining, available)

    def at_end(self, available: ArrayLike, drawn: np.ndarray) -> ArrayLike:
        """Return what is left for the next year."""
        return available

    def cover(self, available: ArrayLike) -> ArrayLike:
        """Return the money that holding costs are charged on: what is available, if it is limited."""
        return available if np.ndim(available) or np.isfinite(available) else 0.0

    def unit_costs(self, timing: Timing = "world_bank") -> UnitCosts:
        """Return the cost of cover and of money, by the `timing` convention."""
        raise NotImplementedError
