"""How one list is read into the vocabulary: a short YAML file an office can fill in and check.

`columns` says which column of the file is which of the vocabulary; the rest has defaults. Unknown fields are
errors that name the field and what is allowed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from aspfin.registry.schema import COLUMNS, DATES
from aspfin.results import InputError, Problem

__all__ = ["DateRule", "ListMapping", "NameRule", "Unit", "VillageRule", "as_mapping", "read_mapping"]

_MADE_HERE = ("list_id", "programme", "birth_year", "birth_month", "birth_precision", "row", "source_file")
MAPPABLE = tuple(name for name in COLUMNS if name not in _MADE_HERE)
CODED = ("sex", "card_level", "relation", "province")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DateRule(_Part):
    """How a column of dates is written; see `aspfin.registry.dates.parse_dates`."""

    order: Literal["dmy", "mdy", "ymd"] = "dmy"
    calendar: Literal["gregorian", "buddhist"] = "gregorian"
    offset: Literal[543, 544] = 544


class VillageRule(_Part):
    """What is put before the village codes of the list to make them P-codes: "KH", or nothing."""

    prefix: Literal["", "KH"] = ""


class NameRule(_Part):
    """In which order full names are written."""

    order: Literal["family_first", "given_first"] = "family_first"


class Unit(_Part):
    """The unit of an amount; dollars need the rate at which they are counted."""

    unit: Literal["riel", "thousand_riel", "usd"] = "riel"
    riel_per_usd: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _rate(self) -> Unit:
        if (self.unit == "usd") != (self.riel_per_usd is not None):
            raise _wrong("riel_per_usd", self.riel_per_usd, "a rate with unit usd, and only with it")
        return self

    @property
    def riel(self) -> float:
        """Riel in one unit."""
        return {"riel": 1.0, "thousand_riel": 1_000.0}.get(self.unit, self.riel_per_usd or 0.0)


class ListMapping(_Part):
    """How one list is read.

    Attributes
    ----------
    list_id, programme : str
        Short name of the list (letters, digits, underscores) and the programme's name.
    file : str
        Name of the file, where the list is read from one.
    columns : dict
        Column of the vocabulary → column of the file.
    codes : dict
        For sex, card_level, relation or province: value in the file → value of the vocabulary. What is not
        named is taken as it is where it is a value of the vocabulary, and is missing and told where not.
    dates : dict
        Column of the vocabulary → how its dates are written; day, month, year where nothing is said.
    missing : list
        What the list writes where it has nothing: "N/A", "-" … Blank is always missing. A name such as
        "Na" is missing only where it is stated here.
    village, names, units
        Prefix of village codes; order of names; unit of the amount.
    keep : dict
        Further columns carried along: new name → column of the file.
    taken_on : date or None
        Day the list was taken; dates after it are not believed.

    Examples
    --------
    >>> ListMapping(list_id="cash", programme="Cash", columns={"name_latin": "Payee"}).village.prefix
    ''
    """

    list_id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    programme: str = Field(min_length=1)
    file: str = ""
    columns: dict[str, str] = Field(min_length=1)
    codes: dict[str, dict[str, str]] = {}
    dates: dict[str, DateRule] = {}
    missing: tuple[str, ...] = ()
    village: VillageRule = VillageRule()
    names: NameRule = NameRule()
    units: dict[Literal["amount"], Unit] = {}
    keep: dict[str, str] = {}
    taken_on: dt.date | None = None

    @field_validator("codes", mode="before")
    @classmethod
    def _codes_as_text(cls, codes: Any) -> Any:
        """Take 1: female as "1": female; YAML reads bare figures as numbers."""
        if not isinstance(codes, Mapping):
            return codes
        return {
            name: {_plain(raw): _plain(value) for raw, value in table.items()}
            if isinstance(table, Mapping)
            else table
            for name, table in codes.items()
        }

    @model_validator(mode="after")
    def _known(self) -> ListMapping:
        for field, names, allowed in (
            ("columns", self.columns, MAPPABLE),
            ("codes", self.codes, CODED),
            ("dates", self.dates, DATES),
        ):
            for name in names:
                if name not in allowed:
                    near = get_close_matches(name, allowed, n=1)
                    hint = f" (did you mean {near[0]}?)" if near else ""
                    raise _wrong(field, name, f"one of {', '.join(allowed)}{hint}")
        for name, table in self.codes.items():
            wrong = [value for value in table.values() if value not in code_values(name)]
            if wrong:
                raise _wrong(f"codes.{name}", wrong[0], f"one of {', '.join(code_values(name))}")
        used = [*self.columns.values(), *self.keep.values()]
        twice = sorted({name for name in used if used.count(name) > 1})
        if twice:
            raise _wrong("columns", twice[0], "each column of the file once")
        clash = sorted(set(self.keep) & set(COLUMNS))
        if clash:
            raise _wrong("keep", clash[0], "names that are not of the vocabulary")
        return self


def _wrong(field: str, found: object, allowed: str) -> PydanticCustomError:
    """Return the complaint of a whole mapping, aimed at one of its fields."""
    return PydanticCustomError("wrong", "{allowed}", {"field": field, "found": found, "allowed": allowed})


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def code_values(name: str) -> tuple[str, ...]:
    """Return the values that codes of a column may stand for, as text.

    Examples
    --------
    >>> code_values("sex")
    ('female', 'male')
    """
    if name == "province":
        return tuple(f"KH{number:02d}" for number in range(1, 26))
    return tuple(map(str, COLUMNS[name].allowed))


def as_mapping(mapping: ListMapping | Mapping[str, Any], *, where: str = "mapping") -> ListMapping:
    """Return a mapping checked.

    Raises
    ------
    InputError
        With one line per field that is wrong.

    Examples
    --------
    >>> as_mapping({"list_id": "cash", "programme": "Cash", "columns": {"sexe": "q1"}})
    Traceback (most recent call last):
        ...
    aspfin.results.InputError: mapping: columns: got 'sexe'; allowed: ... (did you mean sex?)
    """
    if isinstance(mapping, ListMapping):
        return mapping
    if not isinstance(mapping, Mapping):
        raise InputError(Problem(where, "mapping", type(mapping).__name__, "list_id, columns …"))
    try:
        return ListMapping.model_validate(dict(mapping))
    except ValidationError as error:
        raise InputError([_problem(where, one) for one in error.errors()]) from None


def _problem(where: str, error: Any) -> Problem:
    field = ".".join(map(str, error["loc"]))
    if error["type"] == "wrong":
        told = error["ctx"]
        return Problem(where, ".".join(filter(None, (field, told["field"]))), told["found"], told["allowed"])
    if error["type"] == "extra_forbidden":
        allowed = ", ".join(ListMapping.model_fields)
        return Problem(where, field, "an unknown field", f"one of {allowed}")
    found = "nothing" if error["type"] == "missing" else error["input"]
    return Problem(where, field or "whole list", found, error["msg"])


def read_mapping(path: str | Path) -> dict[str, ListMapping]:
    """Return the mappings of a YAML file, by list.

    Parameters
    ----------
    path : str or Path
        A file with one mapping, or with `lists:` and a mapping for each.

    Raises
    ------
    InputError
        The file cannot be read, a field is wrong, or two lists have one name.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "mapping.yaml")
    ...     _ = path.write_text("list_id: cash\\nprogramme: Cash\\ncolumns: {name_latin: Payee}")
    ...     list(read_mapping(path))
    ['cash']
    """
    from aspfin.data.files import read_yaml

    tree = read_yaml(Path(path))
    if tree.problems:
        raise InputError(tree.problems)
    data = tree.data
    if not isinstance(data, dict):
        found = type(data).__name__
        raise InputError(Problem(tree.name, "whole file", found, "fields such as 'list_id: cash'"))
    entries = data.get("lists", data)
    if "lists" in data and (set(data) != {"lists"} or not isinstance(entries, list) or not entries):
        found = ", ".join(map(str, data))
        raise InputError(Problem(tree.name, "lists", found, "only `lists`, with a mapping for each"))
    several = isinstance(entries, list)
    mappings: dict[str, ListMapping] = {}
    problems: list[Problem] = []
    for number, entry in enumerate(entries if several else [entries]):
        place = tree.place(("lists", number) if several else ())
        try:
            mapping = as_mapping(entry, where=place)
        except InputError as error:
            problems += error.problems
            continue
        if mapping.list_id in mappings:
            problems.append(Problem(place, "list_id", mapping.list_id, "each list once"))
        mappings[mapping.list_id] = mapping
    if problems:
        raise InputError(problems)
    return mappings
