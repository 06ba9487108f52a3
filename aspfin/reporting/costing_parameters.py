"""What a parameter file of a costing report may say.

Which country, which period, which counts and amounts of one's own. What is not stated comes from the country
pack; what neither has stays missing and is told. `located` checks the file against the pack.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from aspfin.reporting.country_check import own_pack
from aspfin.reporting.evaluation_parameters import Reference, Words
from aspfin.reporting.instrument_parameters import Day, Identifier, Section, Whole
from aspfin.reporting.performance_parameters import When
from aspfin.results import InputError, Problem

__all__ = [
    "Administration",
    "Amount",
    "Caseload",
    "CostingParameters",
    "Money",
    "Period",
    "Population",
    "PublicTotal",
    "Totals",
    "located",
]

Status = Literal["verified", "press", "assumed", "unverified"]
Count = Annotated[float, Field(ge=0, le=1e12)]


class Period(Section):
    """The months that are costed."""

    start: Day = Field(description="first day of a month")
    months: Whole = Field(12, ge=1, le=120, description="length in months")


class Amount(Section):
    """An amount of one's own, in place of one not found or to see what another would cost."""

    programme: Identifier = Field(description="programme of the country pack")
    what: Words = Field(description="what is paid for: household, member, a category, an event")
    amount: float = Field(ge=0, le=1e12, description="money per unit in the country's currency, or a share")
    source: Words | None = Field(None, description="where it comes from")


class Caseload(Section):
    """A count of one's own; the first of a programme gives its cost, further ones widen the range."""

    programme: Identifier = Field(description="programme of the country pack")
    counts: dict[str, Count] = Field(
        min_length=1, max_length=20, description="households, members, a category; events in the period"
    )
    periods: Whole | None = Field(None, ge=1, le=120, description="months or payments each is paid")
    beneficiaries: Count | None = Field(None, description="households or people behind counted events")
    unit: Literal["people", "households"] = Field("people", description="what the beneficiaries are")
    date: When | None = Field(None, description="when it was counted")
    source: Words | None = Field(None, description="where it comes from")
    status: Status = Field("assumed", description="how sure it is")
    note: Words | None = Field(None, description="what a reader must know of it")


class Population(Section):
    """A made-up population of households: everybody entitled, and the wages of the insured."""

    households: Whole = Field(50_000, ge=2_000, le=2_000_000, description="households drawn")
    seed: Whole = Field(2024, ge=0, le=2**63 - 1, description="seed of the population")


class Administration(Section):
    """Administration per unit of transfers, outside social security."""

    share: float = Field(ge=0, le=5, description="central value")
    low: float = Field(ge=0, le=5, description="low value")
    high: float = Field(ge=0, le=5, description="high value")
    source: Words | None = Field(None, description="where it comes from")


class Money(Section):
    """How national currency becomes US dollars."""

    exchange_rate: float | None = Field(
        None, gt=0, le=1e9, description="national currency per USD; left out: the pack's rate of the year"
    )
    source: Words | None = Field(None, description="where the rate comes from")


class PublicTotal(Section):
    """A public total to hold the cost against."""

    value: float = Field(gt=0, le=1e15, description="the number, in its unit")
    unit: str = Field(
        max_length=20, pattern=r"^((million|billion) )?[A-Z]{3}$", description="such as billion KHR"
    )
    source: Words | None = Field(None, description="where it comes from")
    status: Status = Field("assumed", description="how sure it is")


class Totals(Section):
    """Public budget and GDP; left out: those of the pack for the year, unless they are unverified."""

    budget: PublicTotal | None = Field(None, description="public budget of the year")
    gdp: PublicTotal | None = Field(None, description="gross domestic product of the year")


class CostingParameters(Section):
    """A costing report: what do the programmes cost, who is counted, does it fit the budget?

    Examples
    --------
    >>> parameters = CostingParameters.model_validate({"period": {"start": "2025-01-01"}})
    >>> parameters.country, parameters.period.months
    ('KHM', 12)
    """

    title: str | None = Field(None, min_length=1, max_length=200, description="title of the report")
    country: str = Field("KHM", min_length=1, max_length=500, description="ISO code or path of a pack")
    period: Period
    programmes: tuple[Identifier, ...] | None = Field(
        None, min_length=1, max_length=60, strict=False, description="programmes; left out: all of the pack"
    )
    amounts: tuple[Amount, ...] = Field((), max_length=60, strict=False, description="amounts of your own")
    caseloads: tuple[Caseload, ...] = Field((), max_length=60, strict=False, description="counts of your own")
    population: Population | None = Field(
        None, description="a made-up population; left out: published and stated counts alone"
    )
    administration: Administration | None = Field(None, description="left out: the pack's assumption")
    money: Money = Money()
    totals: Totals = Totals()
    sources: tuple[Reference, ...] = Field((), max_length=20, strict=False, description="further sources")

    @property
    def stated(self) -> dict[str, dict[str, float]]:
        """The amounts of one's own by programme."""
        found: dict[str, dict[str, float]] = {}
        for one in self.amounts:
            found.setdefault(one.programme, {})[one.what] = one.amount
        return found


def located(parameters: CostingParameters, file: str) -> CostingParameters:
    """Return the parameters after holding every name in them against the country pack.

    Raises
    ------
    InputError
        A programme, amount or count that the pack does not know; a period that is none.
    """
    from aspfin.programmes import load_country
    from aspfin.reporting.costing import budget_of

    folder = own_pack(parameters.country, Path(file))
    try:
        country = load_country(folder or parameters.country)
    except InputError:
        return parameters  # the reader of the file says what is wrong with the country, in its own words
    problems = _named(parameters, [one.id for one in country.programmes], file)
    problems += _numbers(parameters, country.currency, file)
    if not problems:
        try:
            budget_of(parameters, country, quick=True)
        except InputError as error:
            problems = [Problem(file, f"{one.file}: {one.field}", one.value, one.allowed)
                        for one in error.problems]  # fmt: skip
    if problems:
        raise InputError(problems)
    return parameters


def _named(parameters: CostingParameters, known: list[str], file: str) -> list[Problem]:
    from aspfin.reporting.wording import did_you_mean

    chosen = list(parameters.programmes or known)
    listed = [
        *((f"programmes[{i}]", name, known) for i, name in enumerate(parameters.programmes or ())),
        *((f"amounts[{i}].programme", one.programme, chosen) for i, one in enumerate(parameters.amounts)),
        *((f"caseloads[{i}].programme", one.programme, chosen) for i, one in enumerate(parameters.caseloads)),
    ]
    return [
        Problem(file, field, name, did_you_mean(name, allowed))
        for field, name, allowed in listed
        if name not in allowed
    ]


def _numbers(parameters: CostingParameters, currency: str, file: str) -> list[Problem]:
    found = []
    if parameters.period.start.day != 1:
        found.append(Problem(file, "period.start", str(parameters.period.start), "the first day of a month"))
    own = parameters.administration
    if own is not None and not own.low <= own.share <= own.high:
        found.append(Problem(file, "administration.share", own.share, "a number between low and high"))
    for name, total in parameters.totals:
        if total is not None and total.unit[-3:] not in (currency, "USD"):
            found.append(
                Problem(file, f"totals.{name}.unit", total.unit, f"million or billion {currency} or USD")
            )
    for place, one in enumerate(parameters.caseloads):
        for name, count in one.counts.items():
            if count != int(count):
                found.append(
                    Problem(file, f"caseloads[{place}].counts.{name}", count, "a whole number, 0 or more")
                )
    return found
