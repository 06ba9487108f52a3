"""What a parameter file may say: one validated class per report kind, and the visible list of kinds.

A parameter file is read by `aspfin.reporting.reading`; a notebook builds the same object from its sections
with `build`. Both refuse the same things in the same words. Amounts are in USD, rates per year as decimals,
return periods in years, dates ISO 8601. A cost term that is left out takes the country pack's value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError, model_validator

from aspfin.reporting.costing_parameters import CostingParameters
from aspfin.reporting.costing_parameters import located as costing_located
from aspfin.reporting.evaluation_parameters import EvaluationParameters, located
from aspfin.reporting.instrument_parameters import (
    AnyInstrument,
    Day,
    Identifier,
    ReturnPeriod,
    Section,
    Share,
    Usd,
    Whole,
)
from aspfin.reporting.performance_parameters import PerformanceParameters
from aspfin.reporting.performance_parameters import located as performance_located
from aspfin.reporting.registry_parameters import RegistryParameters
from aspfin.reporting.registry_parameters import located as registry_located
from aspfin.reporting.replay_parameters import ReplayParameters
from aspfin.reporting.replay_parameters import located as replay_located
from aspfin.reporting.response_parameters import ResponseParameters
from aspfin.reporting.response_parameters import located as response_located
from aspfin.reporting.wording import problems_from
from aspfin.results import InputError

__all__ = [
    "KINDS",
    "FinancingParameters",
    "ReportKind",
    "build",
    "file_schema",
    "sections_of",
]


class Shock(Section):
    """Which shock, and how its size is modelled."""

    hazard: Identifier = Field("flood", description="hazard whose record the country pack holds")
    law: Literal["lognormal", "gamma", "events"] = Field("lognormal", description="law of event sizes")
    figures: Literal["central", "low", "high"] = Field(
        "central", description="which of the competing figures of an event to use"
    )
    footprint_concentration: float = Field(
        12.0, gt=0, le=10_000, description="how closely a footprint follows the recorded ones"
    )
    draws: Whole = Field(50_000, ge=1_000, le=1_000_000, description="simulated events")
    bootstrap: Whole = Field(400, ge=0, le=10_000, description="resamples of the record behind the bands")


class Response(Section):
    """What is paid to whom after the shock; a share left out takes the pack's value."""

    programme: Identifier = Field(description="programme of the country pack")
    rules_on: Day = Field(description="date whose benefit rules apply")
    vertical_capacity: Share | None = Field(None, description="share reached of the registered and affected")
    horizontal_capacity: Share | None = Field(None, description="share of eligible others enrolled in time")
    exclusion_error: Share | None = Field(None, description="share of the eligible who are missed")
    inclusion_error: Share | None = Field(None, description="share of those paid who are not eligible")
    administration_share: float | None = Field(None, ge=0, le=5, description="per unit transferred")
    administration_per_new_household_usd: Usd | None = Field(
        None, description="USD per newly enrolled household"
    )


class Money(Section):
    """How national currency becomes USD."""

    exchange_rate: float | None = Field(
        None, gt=0, le=1e9, description="national currency per USD; left out: the pack's rate of the year"
    )


class Financing(Section):
    """Who pays, in which order, over how many years."""

    years: Whole = Field(10, ge=1, le=100, description="years simulated")
    paths: Whole = Field(100_000, ge=100, le=1_000_000, description="simulated paths")
    seed: Whole = Field(2024, ge=0, le=2**63 - 1, description="seed of every draw")
    timing: Literal["world_bank", "consistent"] = Field("world_bank", description="when cash flows fall")
    instruments: tuple[AnyInstrument, ...] = Field(
        min_length=1, max_length=20, strict=False, description="instruments in the order in which they pay"
    )

    @model_validator(mode="after")
    def _layers_rise(self) -> Financing:
        tops = [one.up_to_return_period for one in self.instruments if one.up_to_return_period is not None]
        if any(later <= earlier for earlier, later in pairwise(tops)):
            raise ValueError("up_to_return_period rising from one instrument to the next")
        return self


class Report(Section):
    """What the report shows."""

    return_periods: tuple[ReturnPeriod, ...] = Field(
        (2, 5, 10, 20, 50, 100), min_length=1, max_length=12, strict=False, description="years, rising"
    )

    @model_validator(mode="after")
    def _rising(self) -> Report:
        if list(self.return_periods) != sorted(set(self.return_periods)):
            raise ValueError("return_periods rising, each once")
        return self


class FinancingParameters(Section):
    """A financing report: who pays for one shock, how fast, and what is left unmet.

    Examples
    --------
    >>> sections = {
    ...     "response": {"programme": "flood_cash_transfer", "rules_on": "2022-12-10"},
    ...     "financing": {"instruments": [{"type": "contingent_credit", "limit_usd": 20_000_000}]},
    ... }
    >>> parameters = build("financing", sections)
    >>> parameters.financing.years, parameters.response.rules_on.year
    (10, 2022)
    """

    title: str | None = Field(None, min_length=1, max_length=200, description="title of the report")
    country: str = Field("KHM", min_length=1, max_length=500, description="ISO code or path of a pack")
    area: Identifier = Field("national", description="national or the P-code of a province")
    shock: Shock = Shock()
    response: Response
    money: Money = Money()
    financing: Financing
    report: Report = Report()


@dataclass(frozen=True)
class ReportKind:
    """One kind of report: its parameter class and its notebook.

    Parameters
    ----------
    name : str
        Name of the kind, of its folder of parameter files and of its notebook.
    title : str
        What it answers, for `aspfin list`.
    parameters : type
        Class that validates a parameter file.
    template : str
        File name of the notebook in `notebooks/reports`, or an absolute path.
    ready : callable, optional
        Given the validated parameters and the file's name, returns them with absolute paths, or raises
        InputError for what only the data they name can tell.
    """

    name: str
    title: str
    parameters: type[BaseModel]
    template: str
    ready: Callable[[Any, str], Any] | None = None


KINDS: dict[str, ReportKind] = {
    "financing": ReportKind(
        "financing",
        "who pays for a shock, how fast, and what is left unmet",
        FinancingParameters,
        "financing.ipynb",
    ),
    "evaluation": ReportKind(
        "evaluation",
        "did the programme work, for whom, and how sure is that",
        EvaluationParameters,
        "evaluation.ipynb",
        located,
    ),
    "performance": ReportKind(
        "performance",
        "who is covered, who gets the money, is it enough, and is it well targeted",
        PerformanceParameters,
        "performance.ipynb",
        performance_located,
    ),
    "replay": ReportKind(
        "replay",
        "do published rules and caseloads give the published totals, and if not, why",
        ReplayParameters,
        "replay.ipynb",
        replay_located,
    ),
    "costing": ReportKind(
        "costing",
        "what the programmes cost, who is counted, and what has no cost",
        CostingParameters,
        "costing.ipynb",
        costing_located,
    ),
    "response": ReportKind(
        "response",
        "one shock, six ways to respond: whom each reaches, how fast, at what cost, and who is left out",
        ResponseParameters,
        "response.ipynb",
        response_located,
    ),
    "registry": ReportKind(
        "registry",
        "how fragmented are the programme lists, who is on them twice or not at all, what to fix first",
        RegistryParameters,
        "registry.ipynb",
        registry_located,
    ),
}


def build(kind: str, sections: Mapping[str, Any], *, file: str = "notebook") -> Any:
    """Return the validated parameters of a report from its sections.

    Parameters
    ----------
    kind : str
        Report kind, a key of `KINDS`.
    sections : mapping
        Top-level sections as read from a file or set in a notebook.
    file : str
        Name used in messages.

    Raises
    ------
    InputError
        One problem per thing wrong, naming the field, the value and what is allowed.

    Examples
    --------
    >>> response = {"programme": "cash", "rules_on": "2022-12-10"}
    >>> build("financing", {"response": response, "financing": {"yeers": 3}})
    Traceback (most recent call last):
    aspfin.results.InputError: notebook: financing.instruments: got nothing; allowed: a list of ...
    notebook: financing.yeers: got 3; allowed: did you mean 'years'? (instruments, paths, seed, timing, years)
    """
    model, ready = KINDS[kind].parameters, KINDS[kind].ready
    sections = _named(sections)
    try:
        parameters = model.model_validate(sections)
    except ValidationError as error:
        raise InputError(problems_from(error, model, dict(sections), file)) from None
    return parameters if ready is None else ready(parameters, file)


def _named(value: Any) -> Any:
    """Return sections with the field `on` under its name: in YAML 1.1, which papermill reads, it is true."""
    if isinstance(value, Mapping):
        return {"on" if name is True else name: _named(one) for name, one in value.items()}
    return [_named(one) for one in value] if isinstance(value, list) else value


def file_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema of a parameter file of this kind, its `batch` section included.

    Examples
    --------
    >>> sorted(file_schema("financing")["required"])
    ['financing', 'response']
    """
    schema = KINDS[kind].parameters.model_json_schema()
    schema["properties"]["batch"] = {
        "type": "object",
        "description": "one report per value: field path to a list of values; area may be all_provinces",
        "minProperties": 1,
        "additionalProperties": {"anyOf": [{"type": "array", "minItems": 1}, {"const": "all_provinces"}]},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def sections_of(parameters: BaseModel) -> dict[str, Any]:
    """Return every top-level section as plain JSON values, defaults included, for a notebook or a hash.

    Examples
    --------
    >>> sections_of(Report(return_periods=(2, 10)))
    {'return_periods': [2.0, 10.0]}
    """
    dumped = parameters.model_dump(mode="json", exclude_none=True)
    return {name: dumped.get(name) for name in type(parameters).model_fields}
