"""What a country pack says about its households: population.yaml and provinces.csv, read and checked."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from aspfin.data.files import Tree, read_yaml
from aspfin.data.source import STATUSES
from aspfin.results import InputError, Problem

__all__ = ["FILE", "PopulationPack", "read_population_pack"]

PACKS = Path(__file__).resolve().parent / "countries"
FILE = "population.yaml"
SHARES = (("urban_share", "mixed"), ("poverty", "national"), ("poverty", "exclusion_error"))


@dataclass(frozen=True, eq=False)
class PopulationPack:
    """The figures of one country, read by their path in population.yaml.

    Attributes
    ----------
    country : str
        Code of the country: the folder's name.
    name : str
        Name of the country.
    provinces : DataFrame
        provinces.csv; the columns population.yaml names are numbers.
    described : dict
        What country.yaml says about the columns of provinces.csv: unit, date, source, status.
    sources : dict
        References by id, of sources.yaml and of population.yaml.
    tree : Tree
        population.yaml.
    """

    country: str
    name: str
    provinces: pd.DataFrame
    described: dict[str, dict[str, Any]]
    sources: dict[str, dict[str, Any]]
    tree: Tree

    def sources_table(self, names: list[str]) -> pd.DataFrame:
        """Return references: source, title, publisher, date, url."""
        keys = ["title", "publisher", "date", "url"]
        rows = [[name, *(str(self.sources.get(name, {}).get(key, "")) for key in keys)] for name in names]
        return pd.DataFrame(rows, columns=["source", *keys])

    def get(self, *path: str) -> Any:
        """Return what stands at a path, or None."""
        found = self.tree.data
        for key in path:
            if not isinstance(found, dict) or key not in found:
                return None
            found = found[key]
        return found

    def part(self, *path: str) -> Any:
        """Return what stands at a path; raise `InputError` naming file, line and field where nothing does."""
        found = self.get(*path)
        if found is None:
            place = self.tree.place(path[:-1])
            raise InputError(Problem(place, ".".join(path), None, "this field is required"))
        return found

    def value(self, *path: str) -> Any:
        """Return the value of a figure; raise `InputError` where it is empty."""
        found = self.part(*path)
        value = found.get("value") if isinstance(found, dict) else None
        if value is None:
            allowed = "a figure with a value, unit, source and status"
            raise InputError(Problem(self.tree.place(path), ".".join(path), found, allowed))
        return value

    def column(self, name: str) -> np.ndarray:
        """Return a numeric column of provinces.csv; an empty cell is an error."""
        values = self.provinces[name].to_numpy(float)
        if np.isnan(values).any():
            code = self.provinces.pcode[int(np.flatnonzero(np.isnan(values))[0])]
            raise InputError(Problem("provinces.csv", f"{name} of {code}", "an empty cell", "a number"))
        return values


def read_population_pack(country: str | Path) -> PopulationPack:
    """Read the household figures of a country pack.

    Parameters
    ----------
    country
        Code of a pack that comes with aspfin, or a pack's folder.

    Raises
    ------
    InputError
        If there is no such pack, it has no population.yaml, or figures in it are not well-formed: all
        problems are told at once.

    Examples
    --------
    >>> read_population_pack("KHM").value("poverty", "line")
    10951
    """
    folder = PACKS / str(country)
    folder = folder if folder.is_dir() else Path(country)
    if not (folder / FILE).is_file():
        known = " | ".join(sorted(path.parent.name for path in PACKS.glob(f"*/{FILE}")))
        allowed = f"{known}, or the folder of a pack with a {FILE}"
        raise InputError(Problem("household_population", "country", str(country), allowed))
    tree = read_yaml(folder / FILE)
    _stop_at(tree.problems)
    if not isinstance(tree.data, dict):
        raise InputError(Problem(FILE, "file", type(tree.data).__name__, "fields with values"))
    described = read_yaml(folder / "country.yaml")
    sources = read_yaml(folder / "sources.yaml")
    _stop_at([*described.problems, *sources.problems])
    known = {**(sources.data or {}), **(tree.data.get("sources") or {})}
    _stop_at(list(_problems(tree, set(known))))
    about = described.data or {}
    code = folder.resolve().name
    columns = about.get("province_columns") or {}
    name = str(about.get("name", code))
    return PopulationPack(code, name, _provinces(folder, tree), columns, known, tree)


def _stop_at(problems: list[Problem]) -> None:
    if problems:
        raise InputError(problems)


def _figures(found: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield each figure (a mapping with a value) with its path."""
    if not isinstance(found, dict):
        return
    if "value" in found:
        yield path, found
        return
    for key, inner in found.items():
        yield from _figures(inner, (*path, str(key)))


def _problems(tree: Tree, sources: set[str]) -> Iterator[Problem]:
    for path, figure in _figures({k: v for k, v in tree.data.items() if k != "sources"}, ()):
        name = ".".join(path)
        if not figure.get("unit"):
            yield Problem(tree.place(path), f"{name}.unit", None, "text")
        if figure.get("source") not in sources:
            allowed = "a key of sources.yaml, or of sources in this file"
            yield Problem(tree.place(path), f"{name}.source", figure.get("source"), allowed)
        if figure.get("status") not in STATUSES:
            found = figure.get("status")
            yield Problem(tree.place(path), f"{name}.status", found, " | ".join(STATUSES))
        if (path in SHARES or path[0] in ("persons", "heads")) and not _is_share(figure["value"]):
            yield Problem(tree.place(path), name, figure["value"], "a share from 0 to 1")
    areas = tree.data.get("areas")
    if not isinstance(areas, list) or not areas:
        yield Problem(tree.place(("areas",)), "areas", areas, "a list of areas, such as [urban, rural]")
        return
    for area in areas:
        rate = (((tree.data.get("poverty") or {}).get("areas") or {}).get(area) or {}).get("value")
        if not _is_share(rate) or rate in (0, 1):
            place = tree.place(("poverty", "areas", area))
            yield Problem(place, f"poverty.areas.{area}", rate, "a share between 0 and 1")


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _provinces(folder: Path, tree: Tree) -> pd.DataFrame:
    file = folder / "provinces.csv"
    if not file.is_file():
        raise InputError(Problem("provinces.csv", "file", str(file), "a file that exists"))
    with file.open(encoding="utf-8-sig", newline="") as lines:
        frame = pd.DataFrame(list(csv.DictReader(lines)))
    for name, column in (tree.data.get("provinces") or {}).items():
        for one in column.values() if isinstance(column, dict) else [column]:
            if one not in frame:
                place = tree.place(("provinces", name))
                raise InputError(Problem(place, f"provinces.{name}", one, " | ".join(frame.columns)))
            if name != "area_class":
                frame[one] = pd.to_numeric(frame[one], errors="coerce")
    return frame
