"""From parameter files to validated cases; every problem of every file is found before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise, product
from math import prod
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from aspfin.reporting import parameters as kinds
from aspfin.reporting.country_check import country_problems, own_pack, place_name, province_codes
from aspfin.reporting.identity import parameter_files
from aspfin.reporting.parameters import build, sections_of
from aspfin.reporting.wording import did_you_mean, field_path, varied_words
from aspfin.reporting.yaml_file import read_yaml
from aspfin.results import InputError, Problem

__all__ = ["Case", "find_files", "read_file", "read_files"]

MOST_CASES = 1_000


@dataclass(frozen=True)
class Case:
    """One report to be made.

    Parameters
    ----------
    kind : str
        Report kind: the name of the folder the file lies in.
    name : str
        Name of the case and of its output folder: the file's stem, in a batch `stem/KH01`.
    parameters : pydantic.BaseModel
        Validated parameters.
    sections : dict
        The same as plain JSON values, defaults included: what the notebook is given.
    file : Path
        Where it was read.
    varied : dict
        In a batch, the fields that differ between its cases, by field path.
    title : str
        Title of the file or its name, and what is particular to this case of a batch.
    batch_size : int
        Number of cases the file makes.
    """

    kind: str
    name: str
    parameters: BaseModel
    sections: dict[str, Any]
    file: Path
    varied: dict[str, Any]
    title: str = ""
    batch_size: int = 1

    @property
    def batch_title(self) -> str:
        """Title of the batch: that of the file, or its name, without what varies."""
        return str(self.sections.get("title") or self.title.split(", ")[0])

    @property
    def batch(self) -> str | None:
        """Name of the batch this case belongs to, if any."""
        return self.name.split("/")[0] if self.varied else None


def find_files(paths: Iterable[str | Path]) -> list[Path]:
    """Return the parameter files at `paths`; a folder stands for every YAML file below it.

    Raises
    ------
    InputError
        A path does not exist, or a folder holds no parameter file.
    """
    found: dict[Path, None] = {}
    problems = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = parameter_files(path)
            found.update(dict.fromkeys(inside))
            if not inside:
                problems.append(Problem(str(path), "folder", "no YAML file", "a folder of parameter files"))
        else:
            found[path] = None
            if not path.is_file():
                problems.append(Problem(str(path), "file", "no such file", "an existing file or folder"))
    if problems:
        raise InputError(problems)
    return list(found)


def read_files(paths: Iterable[str | Path], *, only: str | None = None) -> list[Case]:
    """Return the cases of all files and folders at `paths`, or every problem in any of them.

    Parameters
    ----------
    paths : iterable of path
        Parameter files and folders of them.
    only : str, optional
        Keep cases whose `kind/name` or `name` matches this pattern (`*` and `?` as in file names).

    Raises
    ------
    InputError
        Anything is wrong anywhere, two files make the same report, or nothing matches `only`.
    """
    cases: list[Case] = []
    problems: list[Problem] = []
    for file in find_files(paths):
        try:
            cases += read_file(file)
        except InputError as error:
            problems += error.problems
    files: dict[str, Path] = {}
    for case in cases:
        root = f"{case.kind}/{case.name.split('/')[0]}".casefold()
        if (first := files.setdefault(root, case.file)) != case.file:
            again = Problem(str(case.file), "file name", case.file.name, f"a name other than that of {first}")
            problems += [again] if again not in problems else []
    if problems:
        raise InputError(problems)
    kept = [case for case in cases if only is None or _matches(case, only)]
    if not kept:
        names = [f"{case.kind}/{case.name}" for case in cases]
        raise InputError(Problem("command line", "--only", only, did_you_mean(only, names)))
    return kept


def _matches(case: Case, pattern: str) -> bool:
    return fnmatchcase(f"{case.kind}/{case.name}", pattern) or fnmatchcase(case.name, pattern)


def read_file(path: str | Path) -> list[Case]:
    """Return the validated cases of one parameter file: one, or one per combination of its `batch` section.

    Parameters
    ----------
    path : str or Path
        `<kind>/<name>.yaml`; the folder's name is the report kind.

    Raises
    ------
    InputError
        One problem per thing wrong: file, field path, value, what is allowed.
    """
    path = Path(path)
    kind = path.resolve().parent.name
    if kind not in kinds.KINDS:
        raise InputError(Problem(str(path), "folder name", kind, did_you_mean(kind, list(kinds.KINDS))))
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}", path.stem):
        raise InputError(Problem(str(path), "file name", path.stem, "letters, digits, _ or -, up to 80"))
    sections = read_yaml(path)
    batch = sections.pop("batch", None)
    model = kinds.KINDS[kind].parameters
    choices = {} if batch is None else _choices(batch, sections, model, path)
    cases: list[Case] = []
    problems: dict[str, Problem] = {}
    size = prod(map(len, choices.values()))
    for name, varied in _combinations(path.stem, choices):
        try:
            cases.append(_case(kind, name, sections, varied, path, size))
        except InputError as error:
            problems.update((str(one), one) for one in error.problems)
    if problems:
        raise InputError(problems.values())
    return cases


def _case(
    kind: str, name: str, sections: Mapping[str, Any], varied: dict[str, Any], path: Path, size: int
) -> Case:
    own = deepcopy(dict(sections))
    for field, value in varied.items():
        _set(own, field, value, path)
    parameters = build(kind, own, file=str(path))
    if problems := country_problems(parameters, path):
        raise InputError(problems)
    ready = sections_of(parameters)
    if "country" in ready and (folder := own_pack(ready["country"], path)):
        ready["country"] = str(folder)  # the notebook runs elsewhere, so a relative path would be lost
    return Case(kind, name, parameters, ready, path, varied, _title(ready, path, varied), size)


def _title(sections: dict[str, Any], path: Path, varied: dict[str, Any]) -> str:
    codes = {str(sections.get("country", "")).lower()}
    stem = " ".join(word.upper() if word.lower() in codes else word for word in path.stem.split("_"))
    parts = [sections.get("title") or stem[:1].upper() + stem[1:]]
    for field, value in varied.items():
        plain = varied_words(field, value)
        place = field == "area" and "country" in sections
        parts += [place_name(sections["country"], value, path) if place else plain]
    return ", ".join(parts)


def _choices(
    batch: Any, sections: dict[str, Any], model: type[BaseModel], path: Path
) -> dict[str, list[Any]]:
    """Return the values of each batch field, `all_provinces` unfolded; refuse what cannot be varied."""
    file = str(path)
    if not isinstance(batch, dict) or not batch:
        raise InputError(Problem(file, "batch", batch, "fields with lists, such as 'area: [KH01, KH02]'"))
    problems, choices = [], {}
    for field, values in batch.items():
        first = re.split(r"[.\[]", field)[0]
        if first not in model.model_fields:
            problems.append(
                Problem(
                    file, field_path(["batch", field]), first, did_you_mean(first, list(model.model_fields))
                )
            )
        elif field == "area" and values == "all_provinces":
            choices[field] = province_codes(sections.get("country", "KHM"), path)
        elif not isinstance(values, list) or not values:
            allowed = "a list of values" + (" or the word all_provinces" if field == "area" else "")
            problems.append(Problem(file, field_path(["batch", field]), values, allowed))
        elif len({repr(value) for value in values}) < len(values):
            problems.append(Problem(file, field_path(["batch", field]), values, "each value once"))
        else:
            choices[field] = values
    if not problems and (count := prod(map(len, choices.values()))) > MOST_CASES:
        problems.append(Problem(file, "batch", f"{count:,} cases", f"at most {MOST_CASES:,} cases"))
    if problems:
        raise InputError(problems)
    return choices


def _combinations(stem: str, choices: dict[str, list[Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name of each case and what is particular to it."""
    if not choices:
        yield stem, {}
        return
    labels = {field: _labels(field, values) for field, values in choices.items()}
    for places in product(*(range(len(values)) for values in choices.values())):
        chosen = dict(zip(choices, places, strict=True))
        name = "_".join(labels[field][place] for field, place in chosen.items())
        yield f"{stem}/{name}", {field: choices[field][place] for field, place in chosen.items()}


def _labels(field: str, values: list[Any]) -> list[str]:
    """Return a short, distinct and safe name for each value, part of a folder name.

    Examples
    --------
    >>> _labels("area", ["KH01", "KH02"]), _labels("response.exclusion_error", [0.1, 0.2])
    (['KH01', 'KH02'], ['exclusion_error-0.1', 'exclusion_error-0.2'])
    """
    plain = [str(value) if isinstance(value, str | int | float) else "" for value in values]
    safe = [re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-.")[:40] for text in plain]
    if "" in safe or len({text.casefold() for text in safe}) < len(safe):
        safe = [str(place) for place in range(1, len(values) + 1)]
    last = re.sub(r"[^A-Za-z0-9]+", "_", field.rsplit(".", 1)[-1]).strip("_")
    return safe if field == "area" else [f"{last}-{text}" for text in safe]


def _set(sections: dict[str, Any], field: str, value: Any, path: Path) -> None:
    """Set one field, given by a path such as `financing.instruments[1].multiple`."""
    names = re.findall(r"[^.\[\]]+", field)
    parts = [int(name) if re.fullmatch(r"[0-9]{1,4}", name) else name for name in names]
    place: Any = sections
    for part, following in pairwise(parts):
        if isinstance(place, dict) and isinstance(part, str) and isinstance(following, str):
            place = place.setdefault(part, {})
        elif (isinstance(place, dict) and part in place) or _within(place, part):
            place = place[part]
        else:
            place = None
    if not ((isinstance(place, dict) and isinstance(parts[-1], str)) or _within(place, parts[-1])):
        raise InputError(
            Problem(str(path), field_path(["batch", field]), value, "the path of a field of this file")
        )
    place[parts[-1]] = value


def _within(place: Any, part: Any) -> bool:
    return isinstance(place, list) and isinstance(part, int) and part < len(place)
