"""What a parameter file may say about each instrument, and the kinds of value every section shares.

The terms have the names of the instruments of `aspfin.financing`. Amounts are in USD, rates per year as
decimals; a term that is left out takes the country pack's value.
"""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

__all__ = [
    "AnyInstrument",
    "Day",
    "Identifier",
    "Instrument",
    "Probability",
    "Rate",
    "ReturnPeriod",
    "Section",
    "Share",
    "Usd",
    "Whole",
    "Years",
]


def _whole(value: Any) -> Any:
    """Let 1e5 stand for 100000 where a whole number is asked for."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _iso_date(value: Any) -> Any:
    """Let a notebook, which gets dates as text, say 2022-12-10."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
Day = Annotated[date, BeforeValidator(_iso_date)]
Share = Annotated[float, Field(ge=0, le=1)]
Probability = Annotated[float, Field(gt=0, lt=1)]
Rate = Annotated[float, Field(ge=0, le=1)]
Years = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=100)]
Usd = Annotated[float, Field(ge=0)]
ReturnPeriod = Annotated[float, Field(gt=1, le=10_000)]
Identifier = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_-]+$")]


class Section(BaseModel):
    """One section of a parameter file: unknown fields refused, text never taken for a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Instrument(Section):
    """What every instrument may state; terms have the names of `aspfin.financing`'s instruments."""

    name: str | None = Field(None, min_length=1, max_length=60, description="name in figures and tables")
    days_to_cash: float | None = Field(None, ge=0, le=3_650, description="days from shock to cash in hand")
    payer: Literal["treasury", "donor"] | None = Field(None, description="who bears the cost")
    discount_rate: Rate | None = Field(None, description="discount rate, per year")
    up_to_return_period: ReturnPeriod | None = Field(
        None, description="pays up to the annual need of this return period, years"
    )

    def amounts(self) -> list[str]:
        """Name the amounts in USD this instrument states."""
        return [name for name, value in self if name.endswith("_usd") and value is not None]

    @model_validator(mode="after")
    def _sized_one_way(self) -> Instrument:
        # A fund may be told both: the years it carries, and how much money it holds for them.
        fund = isinstance(self, ContingencyFundParameters)
        if self.up_to_return_period is not None and self.amounts() and not fund:
            raise ValueError("up_to_return_period or amounts in USD, not both")
        return self


class _Sized(Instrument):
    """An instrument that needs a size."""

    limit_usd: Usd | None = Field(None, description="most it pays in a year, USD")

    @model_validator(mode="after")
    def _has_size(self) -> _Sized:
        if self.up_to_return_period is None and self.limit_usd is None:
            raise ValueError("either up_to_return_period or limit_usd")
        return self


class ContingencyFundParameters(Instrument):
    """A fund paid into every year; sized by return period, by safety, or by amounts."""

    type: Literal["contingency_fund"]
    max_probability_ever_unmet: Probability | None = Field(
        None, description="largest accepted probability of ever running dry within the years"
    )
    opening_usd: Usd | None = Field(None, description="balance at the start, USD")
    contribution_usd: Usd | None = Field(None, description="paid in each year, USD")
    ceiling_usd: Usd | None = Field(None, description="largest balance, USD")
    interest: Rate | None = Field(None, description="return on the balance, per year")
    sovereign_rate: Rate | None = Field(None, description="sovereign's marginal borrowing rate, per year")

    @model_validator(mode="after")
    def _fund_has_size(self) -> ContingencyFundParameters:
        rules = self.up_to_return_period is not None or self.max_probability_ever_unmet is not None
        if self.max_probability_ever_unmet is not None and self.ceiling_usd is not None:
            raise ValueError("max_probability_ever_unmet or ceiling_usd, not both")
        if not rules and self.opening_usd is None and self.ceiling_usd is None:
            allowed = "up_to_return_period, max_probability_ever_unmet, opening_usd or ceiling_usd"
            raise ValueError("at least one of " + allowed)
        if None not in (self.opening_usd, self.ceiling_usd) and self.opening_usd > self.ceiling_usd:
            raise ValueError("opening_usd no larger than ceiling_usd")
        return self


class ContingentCreditParameters(_Sized):
    """Credit agreed before the shock and drawn after it."""

    type: Literal["contingent_credit"]
    availability_years: Years | None = Field(None, description="years for which the limit can be drawn once")
    arrangement_fee: Rate | None = Field(None, description="fee, share of the limit per year")
    loan_rate: Rate | None = Field(None, description="interest on drawn credit, per year")
    repayment_years: Years | None = Field(None, description="years of repayment")


class BudgetReallocationParameters(_Sized):
    """Money moved from other budget lines."""

    type: Literal["budget_reallocation"]
    social_return: Rate | None = Field(None, description="social return on displaced projects, per year")


class InsuranceParameters(Instrument):
    """Indemnity insurance of a layer of annual need."""

    type: Literal["insurance"]
    attachment_usd: Usd | None = Field(None, description="annual need above which it pays, USD")
    limit_usd: float | None = Field(None, gt=0, description="most it pays in a year, USD")
    share: float | None = Field(None, gt=0, le=1, description="share of the layer that is insured")
    multiple: float | None = Field(None, gt=0, le=100, description="premium per unit of expected payment")

    @model_validator(mode="after")
    def _layer_has_both_ends(self) -> InsuranceParameters:
        if self.up_to_return_period is None and None in (self.attachment_usd, self.limit_usd):
            allowed = "either up_to_return_period or both attachment_usd and limit_usd"
            raise ValueError(allowed)
        return self


class Tier(Section):
    """One step of a parametric policy, inclusive at its bottom."""

    from_usd: Usd | None = Field(None, description="index from which it pays, USD of annual need")
    from_return_period: ReturnPeriod | None = Field(None, description="the same as a return period, years")
    payout_usd: Usd = Field(description="what it pays, USD")

    @model_validator(mode="after")
    def _starts_once(self) -> Tier:
        if (self.from_usd is None) == (self.from_return_period is None):
            raise ValueError("either from_usd or from_return_period")
        return self


class ParametricInsuranceParameters(Instrument):
    """Insurance that pays a fixed amount by the tier an index reaches, whatever the need."""

    type: Literal["parametric_insurance"]
    up_to_return_period: None = Field(None, description="not for this type: tiers say where it pays")
    tiers: tuple[Tier, ...] = Field(min_length=1, max_length=20, strict=False, description="steps, rising")
    policy_limit_usd: float | None = Field(None, gt=0, description="most a policy pays in all, USD")
    policy_years: Years | None = Field(None, description="years of a policy")
    multiple: float | None = Field(None, gt=0, le=100, description="premium per unit of expected payment")
    correlation: float = Field(ge=-1, le=1, description="correlation of index and need; 1: no basis risk")

    @property
    def policy_limit(self) -> float | None:
        """Name of `policy_limit_usd` in `aspfin.financing`."""
        return self.policy_limit_usd

    @model_validator(mode="after")
    def _tiers_rise(self) -> ParametricInsuranceParameters:
        for name in ("from_usd", "from_return_period"):
            starts = [start for tier in self.tiers if (start := getattr(tier, name)) is not None]
            if any(later <= earlier for earlier, later in pairwise(starts)):
                raise ValueError(f"tiers with rising {name}")
        return self


class ExPostBorrowingParameters(Instrument):
    """Borrowing arranged after the shock; without a size it is unlimited."""

    type: Literal["ex_post_borrowing"]
    limit_usd: Usd | None = Field(None, description="most it pays in a year, USD")
    loan_rate: Rate | None = Field(None, description="interest, per year")
    repayment_years: Years | None = Field(None, description="years of repayment")
    cost_growth: Rate | None = Field(
        None, description="rise in the cost of the response from delay, per year"
    )


class DonorAidParameters(Instrument):
    """Aid that covers a share of what is left, up to a limit; without one it is unlimited."""

    type: Literal["donor_aid"]
    share: float | None = Field(None, gt=0, le=1, description="share of the remaining need that donors pay")
    limit_usd: Usd | None = Field(None, description="most they pay in a year, USD")


AnyInstrument = Annotated[
    ContingencyFundParameters
    | ContingentCreditParameters
    | BudgetReallocationParameters
    | InsuranceParameters
    | ParametricInsuranceParameters
    | ExPostBorrowingParameters
    | DonorAidParameters,
    Field(discriminator="type"),
]
