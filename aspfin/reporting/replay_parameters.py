"""What a parameter file of a replay may say.

Streams are what was paid: a programme of the country pack, days of payment, and the caseload on the days for
which it was published. Comparisons are published figures, taken from the pack wherever it has them. Unknowns
are inputs with a range. `located` checks all of it against the pack before any notebook runs.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from aspfin.data import Status
from aspfin.reporting.evaluation_parameters import Reference, Words
from aspfin.reporting.instrument_parameters import Day, Identifier, Section, Whole

__all__ = [
    "Caseload",
    "Comparison",
    "Misprint",
    "Ratio",
    "ReplayParameters",
    "StreamParameters",
    "UnknownParameters",
    "located",
]

Sentence = Annotated[str, Field(min_length=1, max_length=1_000)]
Amount = Annotated[float, Field(gt=0, le=1e18)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


def _pair(value: Any) -> Any:
    """Let one number stand for a range without width."""
    return (value, value) if isinstance(value, int) and not isinstance(value, bool) else value


def _written_day(value: Any) -> Any:
    """Let a day that YAML reads as a date stand for its text."""
    return value.isoformat() if isinstance(value, date) else value


Count = Annotated[int, Field(ge=0, le=10_000)]
Range = Annotated[tuple[Count, Count], BeforeValidator(_pair), Field(strict=False)]
When = Annotated[Words, BeforeValidator(_written_day)]


class Caseload(Section):
    """Households on a day: a published outcome of the pack, or figures of one's own."""

    outcome: Day | None = Field(None, description="date of an outcome in the pack whose caseload is taken")
    programme: Identifier | None = Field(None, description="programme of that outcome; default the stream's")
    on: Day | None = Field(None, description="day the count holds for; default the date of the outcome")
    households: Amount | None = Field(None, description="households, where not from the pack")
    people: Amount | None = Field(None, description="people in them; left out where not published")
    low: Amount | None = Field(None, description="low end where the count is a range")
    high: Amount | None = Field(None, description="high end")
    categories_of: Day | None = Field(
        None, description="date of an outcome whose shares of children, older people … are used here"
    )
    source: Words | None = Field(None, description="where it was published or how it was derived")

    @model_validator(mode="after")
    def _one_way(self) -> Caseload:
        if self.outcome is None and (self.households is None or self.on is None):
            raise ValueError("either outcome, or on and households")
        return self


class StreamParameters(Section):
    """One programme paid on a row of days."""

    name: Identifier = Field(description="name in this file")
    label: Words | None = Field(None, description="name in words")
    programme: Identifier = Field(description="programme of the country pack")
    first_payment: Day = Field(description="day of the first payment")
    payments: Whole = Field(ge=1, le=600, description="number of payments")
    months_between: Whole = Field(1, ge=1, le=24, description="months from one payment to the next")
    days: tuple[Day, ...] = Field(
        (), max_length=600, strict=False, description="days of payment, where not evenly apart"
    )
    caseload: tuple[Caseload, ...] = Field(min_length=1, max_length=200, strict=False, description="counts")
    mix: Literal["one", "cards", "places"] = Field(
        "one", description="how households spread over areas and card levels"
    )
    own_rate: Amount | None = Field(None, description="exchange rate the programme itself used")
    dollar_year: Whole | None = Field(None, ge=1990, le=2100, description="year of the exchange rate used")

    @model_validator(mode="after")
    def _days_in_order(self) -> StreamParameters:
        if self.days and (len(self.days) != self.payments or self.days[0] != self.first_payment):
            raise ValueError("days: as many as payments, the first of them first_payment")
        if list(self.days) != sorted(set(self.days)):
            raise ValueError("days: in order, each once")
        return self


class UnknownParameters(Section):
    """An input that is not known, and its range."""

    name: Identifier = Field(description="which input")
    label: Words = Field(description="what it is, in words")
    central: float = Field(description="value used")
    low: float = Field(description="low end")
    high: float = Field(description="high end")
    unit: Words | None = Field(None, description="its unit")
    source: Words | None = Field(None, description="where the range comes from")
    status: Status = Field("assumed", description="how far the value can be trusted")
    in_range: bool = Field(
        True, description="false: the ends are no known range; only what would close the gap is told"
    )


class Comparison(Section):
    """A published figure and what of the replay it is compared with."""

    name: Words = Field(description="what was published, in words")
    streams: tuple[Identifier, ...] = Field((), max_length=20, strict=False, description="streams summed")
    programme: Identifier | None = Field(None, description="programme of the outcome or budget")
    outcome: Day | None = Field(None, description="date of an outcome in the pack")
    before: Day | None = Field(None, description="date of an earlier outcome that is taken off")
    budget: When | None = Field(None, description="period of a budget in the pack")
    fact: Words | None = Field(None, description="name of a fact in the pack, an amount of money")
    value: Amount | None = Field(None, description="the figure, where the pack does not hold it")
    currency: Currency | None = Field(None, description="its currency")
    date: When | None = Field(None, description="when it was published, or for what time")
    source: Words | None = Field(None, description="where")
    status: Status = Field("press", description="how far it can be trusted")
    payments: Range | None = Field(None, description="payments covered; two numbers where in doubt")
    since: Range = Field((0, 0), description="payments made before; two numbers where in doubt")
    measure: Literal["amount", "per_household_and_payment", "households_reached"] = Field(
        "amount", description="what is compared"
    )
    rounding: Annotated[float, Field(ge=0)] = Field(0.0, description="to how much the figure was rounded")
    base: tuple[Identifier, ...] = Field((), max_length=5, strict=False, description="streams in doubt")
    with_administration: bool = Field(False, description="whether administration is added")
    event: Identifier | None = Field(None, description="event of the pack, for households reached")
    planned: bool | None = Field(None, description="announced, not paid")
    note: Sentence | None = Field(None, description="what to know about the figure")

    @model_validator(mode="after")
    def _one_place(self) -> Comparison:
        places = [name for name in ("outcome", "budget", "fact", "value") if getattr(self, name) is not None]
        if len(places) != 1:
            raise ValueError("one of outcome, budget, fact and value")
        if self.value is not None and self.measure != "households_reached" and self.currency is None:
            raise ValueError("currency beside value")
        if (self.outcome or self.budget) and self.programme is None:
            raise ValueError("programme beside outcome or budget")
        if self.measure == "households_reached" and (self.event is None or self.outcome is None):
            raise ValueError("event and outcome for households reached")
        return self


class Ratio(Section):
    """Two published figures and what they give divided by each other."""

    label: Words = Field(description="what the ratio is")
    value: Amount = Field(description="the figure divided")
    by: Amount = Field(description="what it is divided by")
    unit: Words = Field(description="unit of the ratio")
    published: float | None = Field(None, description="the ratio as published, to the digits printed")
    source: Words = Field(description="where the figures were published")


class Misprint(Section):
    """A published figure that was not taken as printed."""

    printed: Words = Field(description="the figure as printed")
    gives_away: Sentence = Field(description="what shows that it cannot be")
    used: Words = Field(description="what is used instead")
    source: Words = Field(description="where it was printed")


class ReplayParameters(Section):
    """A replay: do the published rules and caseload give the published totals, and if not, why?

    Examples
    --------
    >>> flood = {"name": "flood", "programme": "flood_cash_transfer", "first_payment": "2022-12-10",
    ...     "payments": 3, "caseload": [{"outcome": "2023-03-10"}]}
    >>> paid = {"name": "Paid", "programme": "flood_cash_transfer", "outcome": "2023-03-10",
    ...     "streams": ["flood"]}
    >>> ReplayParameters.model_validate({"streams": [flood], "compare": [paid]}).compare[0].since
    (0, 0)
    """

    title: str | None = Field(None, min_length=1, max_length=200, description="title of the report")
    country: str = Field("KHM", min_length=1, max_length=500, description="ISO code or path of a pack")
    programme: Words = Field("the programme", description="the programme, as it stands within a sentence")
    streams: tuple[StreamParameters, ...] = Field(
        min_length=1, max_length=20, strict=False, description="what was paid, when, to how many"
    )
    compare: tuple[Comparison, ...] = Field(
        min_length=1, max_length=40, strict=False, description="published figures, the main one first"
    )
    unknowns: tuple[UnknownParameters, ...] = Field(
        (), max_length=10, strict=False, description="inputs that are not known"
    )
    main: Words | None = Field(None, description="name of the comparison that answers first")
    reasons: tuple[Sentence, ...] = Field(
        (), max_length=20, strict=False, description="what explains the difference, in words"
    )
    ratios: tuple[Ratio, ...] = Field(
        (), max_length=20, strict=False, description="published figures divided"
    )
    misprints: tuple[Misprint, ...] = Field(
        (), max_length=20, strict=False, description="published figures not taken as printed"
    )
    sources: tuple[Reference, ...] = Field((), max_length=20, strict=False, description="further sources")


def located(parameters: ReplayParameters, file: str) -> ReplayParameters:
    """Return the parameters with an absolute path to the pack, after computing the replay once.

    Raises
    ------
    InputError
        The pack does not hold what is named, or the replay cannot be computed from it.
    """
    from aspfin.reporting.replay_inputs import replayed

    own = None if re.fullmatch(r"[A-Z]{3}", parameters.country) else parameters.country
    if own is not None:
        folder = (Path(file).resolve().parent / own).resolve()
        parameters = parameters.model_copy(update={"country": str(folder)})
    replayed(parameters, file)
    return parameters
