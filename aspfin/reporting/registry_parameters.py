"""What a parameter file of a registry report may say.

Which lists, how they are read, which of them should hold whom. Lists are files of one's own with a mapping
file, or six made-up ones that are written to files and read back like any others. `located` checks every list
and file before any notebook runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from aspfin.reporting.evaluation_parameters import Reference, Words
from aspfin.reporting.instrument_parameters import Day, Section, Whole
from aspfin.reporting.wording import did_you_mean
from aspfin.results import InputError, Problem

__all__ = ["MADE_UP_LISTS", "RegistryParameters", "located"]

ListId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
MADE_UP_LISTS = (
    "idpoor",
    "cash_transfer",
    "scholarship",
    "health_equity_fund",
    "social_security",
    "disability",
)


class Synthetic(Section):
    """Six made-up lists of a made-up population, whose truth is known and shown."""

    households: Whole = Field(12_000, ge=2_000, le=500_000, description="households of the population")
    seed: Whole = Field(2024, ge=0, le=2**63 - 1, description="of people, lists and errors")
    script: Literal["both", "latin", "khmer"] = Field("both", description="scripts of the names in the lists")


class Data(Section):
    """Where the lists are: files of one's own with their mapping, or made-up ones."""

    synthetic: Synthetic | None = Field(None, description="six made-up Cambodian lists")
    mapping: str | None = Field(
        None, min_length=1, max_length=500, description="mapping file: which column of which file is what"
    )
    folder: str | None = Field(
        None, min_length=1, max_length=500, description="where the files are; left out: beside the mapping"
    )

    @model_validator(mode="after")
    def _one_place(self) -> Data:
        if (self.synthetic is None) == (self.mapping is None):
            raise ValueError("either mapping or synthetic")
        if self.folder is not None and self.mapping is None:
            raise ValueError("folder only with mapping")
        return self


class List(Section):
    """One list as the report tells it."""

    list: ListId = Field(description="its list_id in the mapping")
    label: Words | None = Field(None, description="the list in words, as it stands within a sentence")
    one_per_household: bool = Field(
        False, description="it should hold one person per household; a second one is surplus"
    )

    @property
    def words(self) -> str:
        """The list in words."""
        return self.label or self.list.replace("_", " ")


class Right(Section):
    """Who should be on a list because another list says so."""

    list: ListId = Field(description="list on which they should be")
    because_on: ListId = Field(description="list that gives the right")
    who: Words = Field("households", description="who they are, in words")


class Missed(Section):
    """Two lists that should hold the same people, from which those on neither are estimated."""

    first: ListId = Field(description="one list")
    second: ListId = Field(description="another list of people with the same right, made independently")
    who: Words = Field("people with the right to be on them", description="whom both should hold, in words")


class Link(Section):
    """How records of one person are found."""

    cost_false_link: float = Field(9.0, gt=0, le=1e6, description="what a false link costs, in any unit")
    cost_missed_link: float = Field(1.0, gt=0, le=1e6, description="what a missed link costs, in the same")
    script: Literal["both", "latin", "khmer"] = Field("both", description="scripts of names to use")
    memory: Annotated[str, Field(pattern=r"^\d{1,4} ?(MB|GB)$")] = Field(
        "2GB", description="memory of the data base; more goes to disk"
    )
    seed: Whole = Field(0, ge=0, le=2**63 - 1, description="of the training and of the draws")


class Quality(Section):
    """By what the lists are judged; what is left out has the defaults of `registry.assess`."""

    as_of: Day | None = Field(
        None, description="day on which they are judged; left out: the last in any list"
    )
    max_age_months: float = Field(
        36.0, gt=0, le=600, description="months after which a record is out of date"
    )
    office: str = Field("province", min_length=1, max_length=60, description="column of the reporting office")


class Ageing(Section):
    """How lists are kept, for what they lose with time."""

    round_months: Whole = Field(
        36, ge=1, le=240, description="months from one round of interviews to the next"
    )
    waiting_months: float = Field(
        3.0, gt=0, le=60, description="on demand: months from falling out to being listed again"
    )
    reached: float = Field(0.7, ge=0, le=1, description="on demand: share of those left out who ever apply")


class Disclosure(Section):
    """What must not be shown because it is about too few people."""

    minimum_cell: Whole = Field(10, ge=2, le=1_000, description="fewest people behind a count shown")


class RegistryParameters(Section):
    """A registry report: how fragmented are the lists, who is on them twice or not at all, what to fix first?

    Examples
    --------
    >>> parameters = RegistryParameters.model_validate({"data": {"synthetic": {"households": 4_000}}})
    >>> parameters.unit, parameters.link.cost_false_link
    ('household', 9.0)
    """

    title: str | None = Field(None, min_length=1, max_length=200, description="title of the report")
    data: Data
    lists: tuple[List, ...] = Field(
        (), max_length=10, strict=False, description="the lists in their order; left out: all, by mapping"
    )
    unit: Literal["household", "person"] = Field("household", description="whom the overlap counts")
    rights: tuple[Right, ...] = Field(
        (), max_length=12, strict=False, description="who should be on a list because another says so"
    )
    missed: tuple[Missed, ...] = Field(
        (), max_length=4, strict=False, description="pairs of lists that should hold the same people"
    )
    link: Link = Link()
    quality: Quality = Quality()
    ageing: Ageing = Ageing()
    disclosure: Disclosure = Disclosure()
    sources: tuple[Reference, ...] = Field((), max_length=20, strict=False, description="the lists")

    @property
    def one_per_household(self) -> tuple[str, ...]:
        """Lists that should hold one person per household."""
        return tuple(one.list for one in self.lists if one.one_per_household)


def located(parameters: RegistryParameters, file: str) -> RegistryParameters:
    """Return the parameters with absolute paths and all lists named, after checking them against the mapping.

    Parameters
    ----------
    parameters : RegistryParameters
    file : str
        The parameter file, which paths are relative to; in a notebook they are relative to its folder.

    Raises
    ------
    InputError
        The mapping cannot be read, a file is not there, or a list is named that is not mapped.
    """
    data = parameters.data
    if data.mapping is None:
        known: tuple[str, ...] = MADE_UP_LISTS
    else:
        data, known = _found(data, file)
    lists = parameters.lists or tuple(List(list=name) for name in known)
    ready = parameters.model_copy(update={"data": data, "lists": lists})
    problems = _problems(ready, known, file)
    if problems:
        raise InputError(problems)
    return ready


def _found(data: Data, file: str) -> tuple[Data, tuple[str, ...]]:
    """Return the data with absolute paths and the lists mapped, each of which has a file."""
    from aspfin.registry import read_mapping

    base = Path(file).resolve().parent
    mapping = (base / str(data.mapping)).resolve()
    folder = mapping.parent if data.folder is None else (base / data.folder).resolve()
    if not mapping.is_file():
        raise InputError(Problem(file, "data.mapping", data.mapping, "a mapping file that is there"))
    if not folder.is_dir():
        raise InputError(Problem(file, "data.folder", data.folder, "a folder that is there"))
    mappings = read_mapping(mapping)
    problems = []
    for name, one in mappings.items():
        if not one.file:
            problems.append(Problem(mapping.name, f"{name}.file", "nothing", "the name of the list's file"))
        elif not (folder / one.file).is_file():
            problems.append(Problem(mapping.name, f"{name}.file", one.file, f"a file in {folder.name}"))
    if problems:
        raise InputError(problems)
    update = {"mapping": str(mapping), "folder": str(folder)}
    return data.model_copy(update=update), tuple(mappings)


def _problems(parameters: RegistryParameters, known: tuple[str, ...], file: str) -> list[Problem]:
    found = []
    here = [one.list for one in parameters.lists]

    def ask(field: str, value: str, names: list[str]) -> None:
        if value not in names:
            found.append(Problem(file, field, value, did_you_mean(value, names)))

    for place, name in enumerate(here):
        ask(f"lists[{place}].list", name, list(known))
        if name in here[:place]:
            found.append(Problem(file, f"lists[{place}].list", name, "each list once"))
        words = parameters.lists[place].words
        if words in [one.words for one in parameters.lists[:place]]:
            found.append(Problem(file, f"lists[{place}].label", words, "each label once"))
    pairs: list[tuple[str, Any, str, str]] = []
    for place, right in enumerate(parameters.rights):
        pairs.append((f"rights[{place}]", right, "list", "because_on"))
    for place, both in enumerate(parameters.missed):
        pairs.append((f"missed[{place}]", both, "first", "second"))
    for field, one, first, second in pairs:
        for name in (first, second):
            ask(f"{field}.{name}", getattr(one, name), here)
        if getattr(one, first) == getattr(one, second):
            found.append(Problem(file, f"{field}.{second}", getattr(one, second), "another list"))
    return found
