"""What a country pack says about its households: population.yaml and provinces.csv, read and checked."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from aspfin.data.files import Tree, read_yaml
from aspfin.data.source import STATUSES, Quantity
from aspfin.results import InputError, Problem

__all__ = ["PopulationPack", "read_population_pack"]

PACKS = Path(__file__).resolve().parent / "countries"
FILE = "population.yaml"


@dataclass(frozen=True)
class PopulationPack:
    """The figures of one country: read them by their path in population.yaml.

    Attributes
    ----------
    country : str
        Code of the country: the folder's name.
    provinces : DataFrame
        provinces.csv, with numbers as numbers.
    tree : Tree
        population.yaml.
    """

    country: str
    provinces: pd.DataFrame
    tree: Tree

    def part(self, *path: str) -> Any:
        """Return what stands at a path; raise `InputError` naming the file and line where nothing does."""
        found = self.get(*path)
        if found is None:
            raise InputError(
                Problem(self.tree.place(path[:-1]), ".".join(path), None, "this field is required")
            )
        return found

    def get(self, *path: str) -> Any:
        """Return what stands at a path, or None."""
        found = self.tree.data
        for key in path:
            if not isinstance(found, dict) or key not in found:
                return None
            found = found[key]
        return found

    def value(self, *path: str) -> Any:
        """Return the value of a figure; raise `InputError` where it is empty."""
        found = self.part(*path)
        value = found.get("value") if isinstance(found, dict) else None
        if value is None:
            allowed = "a figure with a value, unit, source and status"
            raise InputError(Problem(self.tree.place(path), ".".join(path), found, allowed))
        return value

    def quantity(self, *path: str) -> Quantity:
        """Return a figure whose value is one number, as a quantity."""
        found = self.part(*path)
        number = float(self.value(*path))
        names = ("unit", "source", "status", "note")
        texts = {name: str(found.get(name, "")) for name in names if name in found}
        return Quantity(".".join(path), number, date=str(found.get("date", "")), **texts)

    def column(self, name: str) -> np.ndarray:
        """Return a numeric column of provinces.csv; an empty cell is an error."""
        values = self.provinces[name].to_numpy(float)
        if np.isnan(values).any():
            code = self.provinces.pcode[int(np.flatnonzero(np.isnan(values))[0])]
            raise InputError(Problem("provinces.csv", f"{name} of {code}", "an empty cell", "a number"))
        return values


def read_population_pack(country: str) -> PopulationPack:
    """Read the household figures of a country pack.

    Parameters
    ----------
    country
        Code of a pack that comes with aspfin, or the path of a pack's folder.

    Raises
    ------
    InputError
        If there is no such pack, it has no population.yaml, or a figure in it is not well-formed.

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
    problems = [*tree.problems, *(_status_problems(tree, tree.data, ()) if not tree.problems else [])]
    if problems:
        raise InputError(problems)
    return PopulationPack(folder.resolve().name, _provinces(folder, tree), tree)


def _status_problems(tree: Tree, found: Any, path: tuple[str, ...]) -> list[Problem]:
    """Return a problem for each figure without a unit, a source or a known status."""
    if not isinstance(found, dict):
        return []
    if "value" in found:
        problems = []
        for name in ("unit", "source"):
            if not found.get(name):
                problems.append(Problem(tree.place(path), ".".join((*path, name)), None, "text"))
        if found.get("status") not in STATUSES:
            where = ".".join((*path, "status"))
            problems.append(Problem(tree.place(path), where, found.get("status"), " | ".join(STATUSES)))
        return problems
    return [
        problem
        for key, inner in found.items()
        for problem in _status_problems(tree, inner, (*path, str(key)))
    ]


def _provinces(folder: Path, tree: Tree) -> pd.DataFrame:
    file = folder / "provinces.csv"
    if not file.is_file():
        raise InputError(Problem("provinces.csv", "file", str(file), "a file that exists"))
    with file.open(encoding="utf-8-sig", newline="") as lines:
        frame = pd.DataFrame(list(csv.DictReader(lines)))
    named = tree.data.get("provinces") or {}
    columns = []
    for name, column in named.items():
        columns += list(column.values()) if isinstance(column, dict) else [column]
        for one in columns:
            if one not in frame:
                place = tree.place(("provinces", name))
                raise InputError(Problem(place, f"provinces.{name}", one, " | ".join(frame.columns)))
    for column in columns:
        if column != named.get("area_class"):
            frame[column] = pd.to_numeric(frame[column], errors="coerce")
    return frame
