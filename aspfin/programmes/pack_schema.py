"""What the files of a country pack may hold: one class per kind of entry, unknown fields refused.

YAML entries are strict (a number is a number, not text); CSV cells are text and converted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from aspfin.data import Status

__all__ = ["CountryFile", "EventRow", "FootprintRow", "SourceEntry", "complaints"]

Hazard = Literal["flood", "drought", "storm", "earthquake", "price", "health", "conflict", "multiple"]


def _date(value: Any) -> Any:
    """Accept 2022-12-10 with or without quotes; refuse everything else that could become a date."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise PydanticCustomError("day", "a date such as 2022-12-10") from None


def wrong(field: str, allowed: str) -> PydanticCustomError:
    """Return the complaint of a whole entry, aimed at one of its fields."""
    return PydanticCustomError("wrong", "{allowed}", {"field": field, "allowed": allowed})


def _text(value: Any) -> Any:
    """Accept a bare year or date where free text such as "2019/20" is also good."""
    return str(value) if isinstance(value, (int, dt.date)) and not isinstance(value, bool) else value


def listed(value: Any) -> Any:
    return value if value is None or isinstance(value, list) else [value]


def _true_or_false(value: Any) -> Any:
    if value in ("true", "false"):
        return value == "true"
    raise PydanticCustomError("flag", "true | false")


Day = Annotated[dt.date, BeforeValidator(_date)]
Dated = Annotated[str, BeforeValidator(_text)]
Flag = Annotated[bool, BeforeValidator(_true_or_false)]
Name = Annotated[str, Field(min_length=1)]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Money = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
AsOf = Annotated[str, Field(pattern=r"^\d{4}(-(0[1-9]|1[0-2])(-([0-2]\d|3[01]))?)?$")]


class Entry(BaseModel):
    """An entry of a YAML file."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _Row(BaseModel):
    """A row of a CSV file: text turned into numbers."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class SourceEntry(Entry):
    """An entry of sources.yaml."""

    title: Name
    publisher: str = ""
    url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    date: Dated = ""
    note: str = ""


class Traced(Entry):
    """Something with a source and a status."""

    status: Status
    source: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _source_where_claimed(self) -> Traced:
        if self.status in ("verified", "press") and not self.source:
            raise wrong("source", f"a key of sources.yaml: the status is {self.status}")
        return self


class Fact(Traced):
    """A quantity of country.yaml."""

    value: float | None
    unit: Name
    low: float | None = None
    high: float | None = None
    date: Dated = ""

    @model_validator(mode="after")
    def _range_holds_value(self) -> Fact:
        if self.value is None and self.status != "unverified":
            raise wrong("value", "a value; only an unverified fact may be empty")
        low, high = self.low, self.high
        ends = [end for end in (low, self.value, high) if end is not None]
        if ends != sorted(ends):
            raise wrong("value", "low <= value <= high")
        return self


class Column(Traced):
    """What a column of provinces.csv is."""

    unit: Name
    date: Dated = ""


class ExchangeRates(Traced):
    """Yearly rates of the currency per US dollar."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, populate_by_name=True)
    unit: Name
    by_year: Annotated[dict[int, Annotated[float, Field(gt=0)]], Field(min_length=1, alias="values")]


class Window(Entry):
    """Years for which the record of events of a size class is taken as complete."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)
    name: Identifier = Field(alias="class")
    at_least: Money
    below: Money | None = None
    first: Annotated[int, Field(ge=1900, le=2100)] = Field(alias="from")
    last: Annotated[int, Field(ge=1900, le=2100)] = Field(alias="to")
    status: Status
    reason: Name

    @model_validator(mode="after")
    def _ordered(self) -> Window:
        if self.last < self.first:
            raise wrong("to", f"a year from {self.first}")
        if self.below is not None and self.below <= self.at_least:
            raise wrong("below", f"more than at_least ({self.at_least:g})")
        return self


class CountryFile(Entry):
    """The whole of country.yaml."""

    iso3: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    name: Name
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    areas: list[Identifier] = []
    exchange_rates: ExchangeRates
    province_columns: dict[str, Column]
    records: dict[Hazard, list[Window]] = {}
    facts: dict[Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")], Fact] = {}


class EventRow(_Row):
    """A row of events.csv: one reported figure of one event."""

    event_id: Identifier
    name: Name
    year: Annotated[int, Field(ge=1900, le=2100)]
    hazard: Hazard
    as_of: AsOf | None
    households: Money | None
    people: Money | None
    deaths: Count | None
    damage_usd: Money | None
    provinces_affected: Count | None
    qualifier: Literal["=", ">", ">="]
    stage: Literal["early", "partial", "final", "response"]
    use: Flag
    source: Name
    status: Status
    note: str | None


class FootprintRow(_Row):
    """A row of footprints.csv: a reported figure of one event in one province."""

    event_id: Identifier
    pcode: Name
    households: Money | None
    deaths: Count | None
    displaced_households: Money | None
    as_of: AsOf | None
    stage: Literal["early", "partial", "final", "response"]
    source: Name
    status: Status
    note: str | None


def complaints(
    model: type[BaseModel], error: ValidationError
) -> Iterable[tuple[tuple[str | int, ...], Any, str]]:
    """Yield, per error, where it is, what was found and what is allowed, in plain words."""
    for item in error.errors(include_url=False):
        place, found = item["loc"], item["input"]
        if item["type"] == "missing":
            found = None
        if item["type"] == "wrong":
            place, found = (*place, item["ctx"]["field"]), item["input"].get(item["ctx"]["field"])
        if place and place[-1] == "[key]":  # a key of a mapping, not its value
            place = place[:-1]
        yield place, found, _allowed(model, item)


def _allowed(model: type[BaseModel], item: dict[str, Any]) -> str:
    context = item.get("ctx", {})
    kind = item["type"]
    if kind == "extra_forbidden":
        known = sorted(_fields_at(model, item["loc"][:-1]))
        close = get_close_matches(str(item["loc"][-1]), known, n=1)
        return (f"did you mean {close[0]}? " if close else "") + "known fields: " + ", ".join(known)
    words = {
        "missing": "this field is required",
        "literal_error": str(context.get("expected", "")).replace("'", "").replace(" or ", ", "),
        "greater_than_equal": f"at least {context.get('ge', 0):g}",
        "less_than_equal": f"at most {context.get('le', 0):g}",
        "greater_than": f"above {context.get('gt', 0):g}",
        "string_too_short": "text that is not empty",
        "string_pattern_mismatch": f"text of the form {context.get('pattern')}",
        "string_type": "text",
        "int_type": "a whole number",
        "int_parsing": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "float_parsing": "a number",
        "finite_number": "a finite number",
        "model_type": "fields with values",
        "dict_type": "fields with values",
        "list_type": "a list",
        "too_short": "at least one entry",
    }
    return words.get(kind, item["msg"])


def _fields_at(model: Any, path: tuple[str | int, ...]) -> set[str]:
    """Return the field names known at a place inside a model."""
    for part in path:
        if isinstance(model, type) and issubclass(model, BaseModel):
            known = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
            model = known.get(str(part))
        else:
            model = get_args(model)[-1]  # the entries of a list or mapping
        while get_origin(model) not in (None, list, dict):
            model = get_args(model)[0]  # Annotated[X, …] and X | None
    fields = getattr(model, "model_fields", {})
    return {field.alias or name for name, field in fields.items()}
