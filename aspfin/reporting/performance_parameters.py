"""What a parameter file of a performance report may say.

Which survey, how it was drawn, what welfare is, which programmes people receive, where the poverty line is.
Columns are named, never computed from text; amounts say in what unit they are and are brought to persons and
days. `located` checks the file against the data before any notebook runs.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from aspfin.reporting.evaluation_designs import Column
from aspfin.reporting.evaluation_parameters import Reference, Words
from aspfin.reporting.instrument_parameters import Day, Identifier, Section, Share, Whole
from aspfin.reporting.wording import did_you_mean
from aspfin.results import InputError, Problem

__all__ = [
    "ANY",
    "Administrative",
    "Data",
    "Disclosure",
    "PerformanceParameters",
    "PovertyLine",
    "Programme",
    "Synthetic",
    "located",
]

ANY = "any programme"
DAYS = {"day": 1.0, "month": 365 / 12, "year": 365.0}
Unit = Literal[
    "per person and day", "per person and month", "per person and year",
    "per household and day", "per household and month", "per household and year",
]  # fmt: skip
Period = Literal["day", "month", "year"]
Category = Annotated[str, Field(min_length=2, max_length=20, pattern=r"^[A-Za-z0-9_]+$")]


def _written_day(value: Any) -> Any:
    """Let a day that YAML reads as a date stand for its text."""
    return value.isoformat() if isinstance(value, date) else value


When = Annotated[Words, BeforeValidator(_written_day)]


class Synthetic(Section):
    """A survey drawn from a made-up population, whose true figures are known and shown."""

    country: Identifier = Field("KHM", description="ISO code of a country pack with a population")
    households: Whole = Field(100_000, ge=5_000, le=2_000_000, description="households of the population")
    villages: Whole = Field(240, ge=20, le=20_000, description="villages drawn")
    households_per_village: Whole = Field(12, ge=2, le=200, description="households drawn in each")
    seed: Whole = Field(2024, ge=0, le=2**63 - 1, description="of the population and of the sample")
    rules_on: Day = Field(description="date whose benefit rules apply")
    share_paid: Share = Field(1.0, gt=0, description="share of entitled households who are in fact paid")


class Data(Section):
    """Where the household data are: a file of one's own, or a made-up survey."""

    path: str | None = Field(
        None, min_length=1, max_length=500, description="own file (.dta .sav .csv .parquet .xlsx)"
    )
    synthetic: Synthetic | None = Field(None, description="a made-up survey of a country pack")

    @model_validator(mode="after")
    def _one_place(self) -> Data:
        if (self.path is None) == (self.synthetic is None):
            raise ValueError("either path or synthetic")
        return self


class Programme(Section):
    """One programme: the column of what a household or person receives from it."""

    column: Column = Field(description="amount received; synthetic data: the programme's id in the pack")
    label: Words | None = Field(None, description="the programme in words, as it stands within a sentence")
    category: Category = Field("allsp", description="category of the official codes: sa_ct, sa_sp, si_op …")
    unit: Unit = Field("per household and month", description="unit of the amount")
    payments_per_year: float | None = Field(
        None,
        gt=0,
        le=366,
        description="synthetic data: payments in a year, where the pack does not pay by month",
    )

    @property
    def words(self) -> str:
        """The programme in words."""
        return self.label or self.column.replace("_", " ")


class PovertyLine(Section):
    """The line below which people are poor, per person."""

    value: float = Field(gt=0, description="the line, in the currency of the amounts")
    currency: str = Field("riel", min_length=1, max_length=20, description="currency of all amounts")
    period: Period = Field("day", description="the line is per person and this")
    label: Words = Field("the national poverty line", description="which line it is")
    international_extreme: bool = Field(
        False,
        description="true: the international extreme line, to which official codes refer",
    )


class Disclosure(Section):
    """What must not be shown because it rests on too few households."""

    minimum_cell: Whole = Field(10, ge=2, le=1_000, description="fewest rows behind a figure shown")


class Administrative(Section):
    """A published count of those who receive a programme, to hold against the survey."""

    programme: Column = Field(description="column of the programme it counts")
    count: float = Field(gt=0, description="persons or households on the books")
    unit: Literal["persons", "households"] = Field("persons", description="what is counted")
    date: When = Field(description="when it was counted: a day, or text such as 2023-03")
    source: Words = Field(description="where it was published")


class Label(Section):
    """A column in words, and what its codes mean."""

    column: Column = Field(description="a column of the data")
    label: Words | None = Field(None, description="the column in words")
    codes: dict[str, Words] | None = Field(None, description="code (as text) to what it means")


class PerformanceParameters(Section):
    """A performance report: who is covered, who gets the money, is it enough, is it well targeted?

    Examples
    --------
    >>> parameters = PerformanceParameters.model_validate({
    ...     "data": {"path": "survey.csv"}, "weights": "weight", "welfare": "consumption",
    ...     "programmes": [{"column": "cash", "unit": "per person and month"}],
    ...     "poverty_line": {"value": 10_951},
    ... })
    >>> parameters.quantiles, parameters.disclosure.minimum_cell
    (5, 10)
    """

    title: str | None = Field(None, min_length=1, max_length=200, description="title of the report")
    data: Data
    weights: Column = Field("weight", description="column of sampling weights")
    household_size: Column | None = Field(
        None, description="persons per row: weights times this are persons; left out: a row is a person"
    )
    household_id: Column | None = Field(
        None,
        description="column of household ids, each once; left out: not looked at",
    )
    strata: Column | None = Field(None, description="column of sampling strata")
    psu: Column | None = Field(None, description="column of primary sampling units (villages)")
    single_psu: Literal["error", "center", "certainty"] = Field(
        "error", description="a stratum with one sampling unit: refuse it, or how to treat it"
    )
    welfare: Column = Field(description="consumption or income per person")
    welfare_unit: Unit = Field("per person and day", description="unit of welfare")
    welfare_is: Literal["after_transfers", "before_transfers"] = Field(
        "after_transfers", description="whether welfare holds what the programmes paid"
    )
    programmes: tuple[Programme, ...] = Field(
        min_length=1, max_length=12, strict=False, description="programmes whose performance is measured"
    )
    missing_amounts: Literal["refused", "nothing_received"] = Field(
        "refused", description="a missing amount: an error, or that nothing was received"
    )
    poverty_line: PovertyLine
    eligible: Column | None = Field(
        None, description="1 for whom the programmes are meant; left out: the poor before transfers"
    )
    by: tuple[Column, ...] = Field((), max_length=4, strict=False, description="groups to compare")
    quantiles: Literal[5, 10] = Field(5, description="fifths or tenths in the pictures")
    labels: tuple[Label, ...] = Field((), max_length=200, strict=False, description="columns in words")
    disclosure: Disclosure = Disclosure()
    administrative: tuple[Administrative, ...] = Field(
        (), max_length=24, strict=False, description="published counts to hold against the survey"
    )
    sources: tuple[Reference, ...] = Field((), max_length=20, strict=False, description="data and line")

    @property
    def whole(self) -> str:
        """What all programmes together are called: the one programme, or any of them."""
        return self.programmes[0].words if len(self.programmes) == 1 else ANY

    @property
    def line_per_day(self) -> float:
        """The poverty line per person and day."""
        return self.poverty_line.value / DAYS[self.poverty_line.period]


def located(parameters: PerformanceParameters, file: str) -> PerformanceParameters:
    """Return the parameters with absolute paths, after checking every column they name against the data.

    Parameters
    ----------
    parameters : PerformanceParameters
    file : str
        The parameter file, which paths are relative to; in a notebook they are relative to its folder.

    Raises
    ------
    InputError
        The data cannot be read, do not hold a column that is named, or hold what cannot be used.
    """
    from aspfin.reporting.performance_data import value_problems

    changes, problems = {}, _rules(parameters, file)
    if parameters.data.path is not None:
        path = str((Path(file).resolve().parent / parameters.data.path).resolve())
        changes["data"] = parameters.data.model_copy(update={"path": path})
    ready = parameters.model_copy(update=changes)
    try:
        problems += value_problems(ready, file)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    return ready


def _rules(parameters: PerformanceParameters, file: str) -> list[Problem]:
    """Return what does not go together, each with the field that is wrong."""
    from aspfin.indicators.aspire_codes import CATEGORIES

    found = []

    def refuse(field: str, value: object, allowed: str) -> None:
        found.append(Problem(file, field, value, allowed))

    columns = [one.column for one in parameters.programmes]
    for place, name in enumerate(columns):
        if name in columns[:place]:
            refuse(f"programmes[{place}].column", name, "each programme once")
        words = parameters.programmes[place].words
        if words in [one.words for one in parameters.programmes[:place]]:
            refuse(f"programmes[{place}].label", words, "each label once")
        if (category := parameters.programmes[place].category.lower()) not in CATEGORIES:
            refuse(f"programmes[{place}].category", category, did_you_mean(category, list(CATEGORIES)))
    for place, one in enumerate(parameters.administrative):
        if one.programme not in columns:
            refuse(f"administrative[{place}].programme", one.programme, f"one of {', '.join(columns)}")
        if one.unit == "households" and parameters.household_size is None:
            refuse(f"administrative[{place}].unit", one.unit, "persons, where a row of the data is a person")
    for field, unit in [
        ("welfare_unit", parameters.welfare_unit),
        *((f"programmes[{i}].unit", one.unit) for i, one in enumerate(parameters.programmes)),
    ]:
        if "household" in unit and parameters.household_size is None:
            refuse(field, unit, "an amount per person, or household_size with the persons of a household")
    for place, one in enumerate(parameters.programmes):
        if one.payments_per_year is not None and parameters.data.synthetic is None:
            refuse(f"programmes[{place}].payments_per_year", one.payments_per_year, "left out with a file")
    if parameters.household_id is not None and parameters.household_size is None:
        allowed = "left out, where a row of the data is a person"
        refuse("household_id", parameters.household_id, allowed)
    for place, name in enumerate(parameters.by):
        if name in parameters.by[:place]:
            refuse(f"by[{place}]", name, "each column once")
    return found
