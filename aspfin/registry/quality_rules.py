"""What a good record is: the rules by which lists are scored, with their weights in the open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from aspfin.registry.schema import COLUMNS
from aspfin.results import InputError, Problem

__all__ = ["ALTERNATIVES", "CORE", "DIMENSIONS", "QualityRules", "as_rules"]

DIMENSIONS = ("completeness", "validity", "uniqueness", "consistency", "timeliness")
# What one needs to know of a person is held when any of these columns is filled.
ALTERNATIVES: dict[str, tuple[str, ...]] = {
    "name": ("name_km", "name_latin"),
    "birth": ("birth_date", "birth_year"),
    "date": ("updated_on", "registered_on"),
}
CORE = ("name", "sex", "birth", "village_code", "date")
COMPARED = ("sex", "birth_year", "birth_date", "village_code", "card_level")
_REQUIRABLE = (*ALTERNATIVES, *COLUMNS)


class QualityRules(BaseModel):
    """By what the lists are judged.

    Attributes
    ----------
    as_of : date or None
        Day on which the lists are judged; None takes the last day found in any list, and says so.
    weights : dict of str to float
        Weight of each dimension in the score; what is left out has weight 0. They are scaled to sum to 1.
    required : dict of str to tuple of str
        For each list what every record must have: columns of the vocabulary, or name (either script), birth
        (day or year), date (registered or updated). The key "all" holds for lists that are not named.
    max_age_months : dict of str to float
        After how many months without an update a record of a list is stale; "all" for the rest. Rounds of
        interviews come about every three years.
    amounts : dict of str to pair of float
        For each list the lowest and highest amount in riel that a record can have. A list that is not named
        has its amounts held against its own distribution.
    one_per_household : tuple of str
        Lists that should hold one record for each household.
    compared : tuple of str
        Attributes that must agree between lists.
    office : str
        Column that tells the reporting office; records without it are an office of their own, "(none)".
    smallest_office : int
        Offices with fewer records get no score.

    Examples
    --------
    >>> QualityRules(max_age_months={"all": 24}).max_age("cash")
    24.0
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    as_of: dt.date | None = None
    weights: dict[str, float] = Field(default_factory=lambda: dict.fromkeys(DIMENSIONS, 1.0))
    required: dict[str, tuple[str, ...]] = Field(default_factory=lambda: {"all": CORE})
    max_age_months: dict[str, float] = Field(default_factory=lambda: {"all": 36.0})
    amounts: dict[str, tuple[float, float]] = {}
    one_per_household: tuple[str, ...] = ()
    compared: tuple[str, ...] = COMPARED
    office: str = "province"
    smallest_office: int = Field(default=10, ge=1)

    @field_validator("weights")
    @classmethod
    def _weights(cls, weights: dict[str, float]) -> dict[str, float]:
        unknown = [name for name in weights if name not in DIMENSIONS]
        if unknown:
            raise ValueError(f"{unknown[0]} is no dimension; there are {', '.join(DIMENSIONS)}")
        if min(weights.values(), default=0.0) < 0 or not sum(weights.values()) > 0:
            raise ValueError("weights of 0 or more, one of them above 0")
        total = sum(weights.values())
        return {name: weights.get(name, 0.0) / total for name in DIMENSIONS}

    @field_validator("required")
    @classmethod
    def _required(cls, required: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for names in required.values():
            unknown = [name for name in names if name not in _REQUIRABLE]
            if unknown:
                raise ValueError(f"{unknown[0]} is no column; there are {', '.join(_REQUIRABLE)}")
        return {"all": CORE, **required}

    @field_validator("max_age_months")
    @classmethod
    def _ages(cls, ages: dict[str, float]) -> dict[str, float]:
        if min(ages.values(), default=1.0) <= 0:
            raise ValueError("months above 0")
        return {"all": 36.0, **ages}

    @field_validator("amounts")
    @classmethod
    def _amounts(cls, amounts: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        for low, high in amounts.values():
            if not 0 <= low < high:
                raise ValueError("a lowest amount of 0 or more and a higher one")
        return amounts

    @field_validator("compared")
    @classmethod
    def _compared(cls, compared: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in compared if name not in COLUMNS]
        if unknown:
            raise ValueError(f"{unknown[0]} is no column; there are {', '.join(COLUMNS)}")
        return compared

    def needs(self, list_id: str) -> tuple[str, ...]:
        """Return what every record of a list must have."""
        return self.required.get(list_id, self.required["all"])

    def max_age(self, list_id: str) -> float:
        """Return after how many months a record of a list is stale."""
        return self.max_age_months.get(list_id, self.max_age_months["all"])


def as_rules(rules: QualityRules | Mapping[str, Any] | None) -> QualityRules:
    """Return rules checked; None gives the defaults.

    Raises
    ------
    InputError
        With one line per field that is wrong.

    Examples
    --------
    >>> as_rules({"weights": {"speed": 1}})
    Traceback (most recent call last):
        ...
    aspfin.results.InputError: rules: weights: got {'speed': 1}; allowed: speed is no dimension; there are ...
    """
    if isinstance(rules, QualityRules):
        return rules
    try:
        return QualityRules.model_validate(dict(rules or {}))
    except ValidationError as error:
        raise InputError([_problem(one) for one in error.errors()]) from None


def _problem(error: Any) -> Problem:
    field = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        allowed = f"one of {', '.join(QualityRules.model_fields)}"
        return Problem("rules", field, "an unknown field", allowed)
    return Problem("rules", field, error["input"], error["msg"].removeprefix("Value error, "))
