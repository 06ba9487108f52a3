"""What a parameter file of a response report may say.

Which shock, on which country or province, which option is looked at closely, what the file knows better than
the working assumptions of the options, who pays. A number with a range is written {low, central, high}; a
plain number has none. `located` checks every name against the country pack.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from aspfin.reporting.country_check import own_pack
from aspfin.reporting.evaluation_parameters import Reference, Words
from aspfin.reporting.instrument_parameters import (
    AnyInstrument,
    Day,
    Identifier,
    ReturnPeriod,
    Section,
    Whole,
)
from aspfin.results import InputError, Problem

__all__ = [
    "AnyShock",
    "ByStandard",
    "Combined",
    "Funding",
    "OptionChange",
    "Paid",
    "People",
    "Ranged",
    "ResponseParameters",
    "located",
]

Status = Literal["verified", "press", "assumed", "unverified"]


class Ranged(Section):
    """A number with its range; without low and high it is taken as exact."""

    central: float = Field(ge=0, le=1e12, description="central value")
    low: float | None = Field(None, ge=0, le=1e12, description="low value")
    high: float | None = Field(None, ge=0, le=1e12, description="high value")
    source: Words | None = Field(None, description="where it comes from")
    status: Status = Field("assumed", description="how sure it is")

    @model_validator(mode="after")
    def _rising(self) -> Ranged:
        low = self.central if self.low is None else self.low
        high = self.central if self.high is None else self.high
        if not low <= self.central <= high:
            raise ValueError("low, central, high in rising order")
        return self


def _ranged(value: Any) -> Any:
    """Let a plain number stand for its central value."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"central": float(value)}
    if not isinstance(value, Mapping | Section):
        raise ValueError("a number, or {low, central, high}")
    return value


Number = Annotated[Ranged, BeforeValidator(_ranged)]


class ByStandard(Section):
    """A number for each standard of living before the shock."""

    poor: Number = Field(description="below the poverty line")
    near_poor: Number = Field(description="up to 1.5 times the line")
    other: Number = Field(description="above")


def _by_standard(value: Any) -> Any:
    """Let one number, with or without a range, stand for all three."""
    value = _ranged(value)
    if isinstance(value, Mapping) and "central" in value:
        return dict.fromkeys(ByStandard.model_fields, value)
    return value


Standards = Annotated[ByStandard, BeforeValidator(_by_standard)]


class Event(Section):
    """An event that the country pack has recorded."""

    type: Literal["event"]
    event: Identifier = Field(description="id of the event in the pack's events.csv")
    start: Day | None = Field(None, description="first day; left out: assumed from the hazard")
    duration_months: Number | None = Field(None, description="how long the loss lasts, months")
    loss: Standards | None = Field(None, description="share of consumption lost; left out: assumed")


class _Own(Section):
    """A shock of the reader's own making."""

    name: Words = Field(description="the shock in words")
    start: Day = Field(description="first day")
    duration_months: Number = Field(Ranged(central=3.0), description="how long it lasts, months")
    affected: Number | None = Field(None, description="share of all households affected")
    affected_by_province: dict[Identifier, Number] | None = Field(
        None, min_length=1, max_length=500, description="P-code to the share of its households affected"
    )

    @model_validator(mode="after")
    def _one_extent(self) -> _Own:
        if (self.affected is None) == (self.affected_by_province is None):
            raise ValueError("either affected or affected_by_province")
        return self


class Natural(_Own):
    """A flood, drought, storm …"""

    type: Literal["natural"]
    hazard: Identifier = Field(description="flood, drought …: programmes are chosen by this word")
    loss: Standards | None = Field(None, description="share of consumption lost; left out: assumed")


class Price(_Own):
    """A rise of food prices."""

    type: Literal["price"]
    price_rise: Number = Field(description="rise of food prices beyond that of incomes, as a share")
    food_share: Standards | None = Field(None, description="share of food in consumption; else assumed")


class Income(_Own):
    """A loss of income: a factory closes, remittances stop."""

    type: Literal["income"]
    loss: Standards = Field(description="share of consumption lost")


class Health(_Own):
    """An epidemic: days without income, and money spent on treatment."""

    type: Literal["health"]
    days_lost_per_month: Standards = Field(description="days of household income lost, of 30 in a month")
    out_of_pocket: Number = Field(
        Ranged(central=0.0), description="treatment and transport, per household and month, in own currency"
    )


AnyShock = Annotated[Event | Natural | Price | Income | Health, Field(discriminator="type")]


class Paid(Section):
    """What an option pays: the rules of a programme, or a flat amount."""

    programme: Identifier | None = Field(None, description="programme of the country pack")
    rules_on: Day | None = Field(None, description="day whose rules apply")
    flat: Number | None = Field(None, description="flat amount per household and period, in own currency")
    periods: float | None = Field(None, gt=0, le=120, description="months or payments")
    factor: Number | None = Field(None, description="times the rules")

    @model_validator(mode="after")
    def _one_kind(self) -> Paid:
        if (self.programme is None) == (self.flat is None):
            raise ValueError("either programme or flat")
        if self.programme is not None and self.rules_on is None:
            raise ValueError("rules_on, the day whose rules apply")
        if self.flat is not None and self.periods is None:
            raise ValueError("periods, how often the flat amount is paid")
        return self


class OptionChange(Section):
    """What the file knows of an option better than the working assumptions."""

    benefit: Paid | None = Field(None, description="what it pays")
    inputs: dict[Identifier, Number] = Field(
        {}, max_length=30, description="input of the option, such as capacity, to its number"
    )


class Combined(Section):
    """Options that pay one after the other; nobody is paid twice by those that see each other's lists."""

    name: Words | None = Field(None, description="name shown")
    options: tuple[Words, ...] = Field(min_length=2, max_length=5, strict=False, description="in order")


class Funding(Section):
    """Who pays the option looked at closely, in which order."""

    return_period: ReturnPeriod | None = Field(
        None, description="years between shocks of this size, where the pack has no record of the hazard"
    )
    years: Whole = Field(5, ge=1, le=100, description="years simulated")
    paths: Whole = Field(10_000, ge=100, le=1_000_000, description="simulated paths")
    seed: Whole = Field(2024, ge=0, le=2**63 - 1, description="seed of the paths")
    return_periods: tuple[ReturnPeriod, ...] = Field(
        (2, 5, 10, 25, 50, 100), min_length=1, max_length=8, strict=False, description="years, rising"
    )
    instruments: tuple[AnyInstrument, ...] = Field(
        min_length=1, max_length=20, strict=False, description="in the order in which they pay; USD"
    )


class People(Section):
    """The made-up population of households on which the options are tried."""

    households: Whole = Field(20_000, ge=2_000, le=1_000_000, description="households drawn")
    seed: Whole = Field(2024, ge=0, le=2**63 - 1, description="seed of the population")


TOGETHER = (
    Combined(name="Combined expansion", options=("vertical_expansion", "horizontal_expansion")),
    Combined(name="Design tweak, then new programme", options=("design_tweak", "emergency_programme")),
    Combined(
        name="Combined expansion with disaster management",
        options=("vertical_expansion", "horizontal_expansion", "disaster_management_programme"),
    ),
)


class ResponseParameters(Section):
    """A response report: one shock, six ways to respond, whom each reaches, how fast, at what cost.

    Examples
    --------
    >>> parameters = ResponseParameters.model_validate({"shock": {"type": "event", "event": "flood_2022"}})
    >>> parameters.country, parameters.deadline_days
    ('KHM', 90)
    """

    title: str | None = Field(None, min_length=1, max_length=200, description="title of the report")
    country: str = Field("KHM", min_length=1, max_length=500, description="ISO code or path of a pack")
    area: Identifier = Field("national", description="national or the P-code of a province")
    shock: AnyShock = Field(description="what happens: type event, natural, price, income or health")
    option: Words | None = Field(
        None, description="option looked at closely; left out: the one that reaches most of those in need"
    )
    options: dict[Identifier, OptionChange] = Field(
        {}, max_length=20, description="by option: what it pays, and its inputs"
    )
    combinations: tuple[Combined, ...] = Field(
        TOGETHER, max_length=6, strict=False, description="options together"
    )
    deadline_days: Whole = Field(90, ge=1, le=1_000, description="paid within so many days is on time")
    population: People = People()
    draws: Whole = Field(1_000, ge=200, le=20_000, description="draws of the uncertain inputs")
    seed: Whole = Field(2024, ge=0, le=2**63 - 1, description="seed of the draws")
    financing: Funding | None = Field(None, description="who pays; left out: the report is silent on it")
    sources: tuple[Reference, ...] = Field((), max_length=20, strict=False, description="further sources")


def located(parameters: ResponseParameters, file: str) -> ResponseParameters:
    """Return the parameters after building shock, options and combinations from the country pack.

    Raises
    ------
    InputError
        An event, option, input, programme or date that does not exist; a number outside its range.
    """
    from aspfin.programmes import load_country
    from aspfin.reporting.response_inputs import options_of, problems_of, shock_of

    folder = own_pack(parameters.country, Path(file))
    try:
        country = load_country(folder or parameters.country)
    except InputError:
        return parameters  # the reader of the file says what is wrong with the country, in its own words
    problems = problems_of(parameters, country, file)
    if not problems:
        try:
            options_of(parameters, country, shock_of(parameters, country))
        except InputError as error:
            problems = [
                Problem(file, f"{one.file}: {one.field}", one.value, one.allowed) for one in error.problems
            ]
    if problems:
        raise InputError(problems)
    return parameters
