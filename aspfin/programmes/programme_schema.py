"""What an entry of programmes.yaml may hold: who is eligible, amounts, contributions, outcomes, budgets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from aspfin.data import Status
from aspfin.programmes.pack_schema import (
    Count,
    Dated,
    Day,
    Entry,
    Hazard,
    Identifier,
    Money,
    Name,
    Traced,
    listed,
    wrong,
)
from aspfin.programmes.rules import PaidPer, Unit

__all__ = [
    "Amount",
    "ConditionEntry",
    "ContributionEntry",
    "InsuranceEntry",
    "ProgrammeEntry",
    "ProgrammesFile",
    "Schedule",
]

Identifiers = Annotated[list[Identifier], BeforeValidator(listed)]
Levels = Annotated[list[Annotated[int, Field(ge=1)]], BeforeValidator(listed)]
LifeCycle = Literal[
    "pregnancy", "early_childhood", "school_age", "youth", "working_age", "old_age", "all_ages"
]
Rate = Annotated[float, Field(ge=0, le=1)]


def _labels(value: Any) -> Any:
    """Read `column: [1, 2]` and `column: rural` as labels, `column: true` as a flag; ends stay."""
    if isinstance(value, dict):
        return value
    if isinstance(value, bool):
        return {"at_least": 1} if value else {"at_most": 0}
    return {"any_of": value if isinstance(value, list) else [value]}


class ConditionEntry(Entry):
    """What a column must be: `[1, 2]`, `rural`, `true`, or `{at_least: 1}`."""

    any_of: list[str | int] = Field(default_factory=list)
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> ConditionEntry:
        ends = [end for end in (self.at_least, self.at_most) if end is not None]
        if bool(self.any_of) == bool(ends):
            raise wrong("any_of", "a list of labels, or at_least and at_most, not both")
        if ends != sorted(ends):
            raise wrong("at_most", f"at least {self.at_least:g}")
        return self


Conditions = Annotated[
    list[dict[Identifier, Annotated[ConditionEntry, BeforeValidator(_labels)]]], BeforeValidator(listed)
]


class Expected(Entry):
    """How often an event happens in a month to each person of a column."""

    of: Identifier
    per_month: Annotated[float, Field(gt=0)]


class Amount(Entry):
    """One or several benefit rules: lists of areas, levels and categories are multiplied out."""

    unit: Unit
    amount: Money | None
    category: Identifiers | None = None
    area: Identifiers | None = None
    card_level: Levels | None = None
    expected: Expected | None = None
    status: Status | None = None
    source: str | None = None
    note: str = ""

    @model_validator(mode="after")
    def _category_where_needed(self) -> Amount:
        needs = self.unit in ("category", "event")
        if needs and not self.category:
            raise wrong("category", f"a category: the unit is {self.unit}")
        if not needs and self.category:
            raise wrong("category", f"none: the unit is {self.unit}")
        if self.expected and self.unit != "event":
            raise wrong("expected", f"none: the unit is {self.unit}, not event")
        return self


class Schedule(Entry):
    """Amounts in force between two days."""

    valid_from: Day
    valid_to: Day | None = None
    per: PaidPer
    months: Annotated[int, Field(ge=1)] | None = None
    payments: Annotated[int, Field(ge=1)] | None = None
    status: Status
    source: str = ""
    note: str = ""
    amounts: Annotated[list[Amount], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Schedule:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise wrong("valid_to", f"a day from {self.valid_from}")
        if self.months is not None and self.per != "month":
            raise wrong("months", f"none: it is paid per {self.per}")
        if self.payments is not None and self.per != "payment":
            raise wrong("payments", f"none: it is paid per {self.per}")
        return self


class OutcomeEntry(Traced):
    """A published outcome of a programme."""

    date: Day
    amount: Money | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    households: Count | None = None
    people: Count | None = None
    categories: dict[Identifier, Count] = Field(default_factory=dict)
    periods: Annotated[int, Field(ge=1)] | None = None
    planned: bool = False

    @model_validator(mode="after")
    def _money_has_currency(self) -> OutcomeEntry:
        if (self.amount is None) != (self.currency is None):
            missing = "amount" if self.amount is None else "currency"
            raise wrong(missing, "amount and currency together")
        return self


class BudgetEntry(Traced):
    """Money set aside for a programme."""

    period: Dated
    amount: Money
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class _Dated(Traced):
    """Something in force between two days; a number that was not found stays empty and unverified."""

    valid_from: Day
    valid_to: Day | None = None
    wage_floor: Money | None = None
    wage_cap: Money | None = None

    @model_validator(mode="after")
    def _ordered(self) -> _Dated:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise wrong("valid_to", f"a day from {self.valid_from}")
        if self.wage_cap is not None and self.wage_cap < (self.wage_floor or 0):
            raise wrong("wage_cap", f"at least the floor ({self.wage_floor:,.0f})")
        return self


class ContributionEntry(_Dated):
    """Rates of contribution: shares of the wage."""

    employer: Rate | None = 0.0
    worker: Rate | None = 0.0
    state: Rate | None = 0.0

    @model_validator(mode="after")
    def _found(self) -> ContributionEntry:
        for payer in ("employer", "worker", "state"):
            if getattr(self, payer) is None and self.status != "unverified":
                raise wrong(payer, "a rate; only an unverified one may be empty")
        return self


class InsuranceEntry(_Dated):
    """A benefit that depends on wage and contributions."""

    name: Identifier
    count: Identifier
    basis: Literal["days", "years"] = "days"
    share: Rate | None
    days: Annotated[int, Field(ge=1)] = 30
    portion: Annotated[float, Field(gt=0, le=1)] = 1.0
    minimum_months: Count = 0
    per: Literal["month", "event"]
    payer: Literal["fund", "employer"] = "fund"

    @model_validator(mode="after")
    def _found(self) -> InsuranceEntry:
        if self.share is None and self.status != "unverified":
            raise wrong("share", "a share; only an unverified one may be empty")
        return self


class ProgrammeEntry(Entry):
    """A programme of programmes.yaml."""

    id: Identifier
    name: Name
    pillar: Literal["social_assistance", "social_security", "labour_market"]
    agency: str = ""
    channel: str = ""
    payment_cycle: str = ""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    life_cycle: Annotated[list[LifeCycle], BeforeValidator(listed)] = Field(default_factory=list)
    operating: bool = True
    part_of: Identifier | None = None
    replaces: Identifiers = Field(default_factory=list)
    tops_up: Identifier | None = None
    responds_to: Annotated[list[Hazard], BeforeValidator(listed)] = Field(default_factory=list)
    eligibility: str = ""
    eligible: Conditions = Field(default_factory=list)
    legal_basis: str = ""
    note: str = ""
    status: Status = "press"
    sources: list[Name] = Field(default_factory=list)
    schedules: list[Schedule] = Field(default_factory=list)
    contributions: list[ContributionEntry] = Field(default_factory=list)
    insurance: list[InsuranceEntry] = Field(default_factory=list)
    outcomes: list[OutcomeEntry] = Field(default_factory=list)
    budgets: list[BudgetEntry] = Field(default_factory=list)


class ProgrammesFile(Entry):
    """The whole of programmes.yaml; `categories` says what the pack's own people and events are."""

    categories: dict[Identifier, Name] = Field(default_factory=dict)
    programmes: Annotated[list[ProgrammeEntry], Field(min_length=1)]
