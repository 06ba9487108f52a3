"""Reading a country pack: each file is validated, then the files together, before anything is used.

A pack is a folder of country.yaml, programmes.yaml, sources.yaml, provinces.csv, events.csv and, optionally,
footprints.csv. All problems are collected; each names file, line, field, value and what is allowed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, TypeAdapter, ValidationError

from aspfin.data.files import Table, Tree, read_csv, read_yaml
from aspfin.data.population_pack import FILE as POPULATION
from aspfin.data.population_pack import read_population_pack
from aspfin.programmes.pack_schema import (
    Column,
    CountryFile,
    EventRow,
    FootprintRow,
    SourceEntry,
    complaints,
)
from aspfin.programmes.programme_schema import ProgrammesFile
from aspfin.results import InputError, Problem

__all__ = ["FILES", "OPTIONAL_FILES", "Pack", "field_path", "named_path", "pack_hash", "read_pack"]

FILES = ("country.yaml", "programmes.yaml", "sources.yaml", "provinces.csv", "events.csv")
OPTIONAL_FILES = ("footprints.csv", POPULATION)
PROVINCE_COLUMNS = ("pcode", "name_en", "tile_row", "tile_col")
TEXT_UNITS = ("text", "class")


@dataclass
class Pack:
    """The validated parts of a pack; a part with problems stays None."""

    folder: Path
    problems: list[Problem] = field(default_factory=list)
    trees: dict[str, Tree] = field(default_factory=dict)
    country: CountryFile | None = None
    programmes: ProgrammesFile | None = None
    sources: dict[str, SourceEntry] | None = None
    provinces: pd.DataFrame | None = None
    events: list[tuple[int, EventRow]] | None = None
    footprints: list[tuple[int, FootprintRow]] | None = None
    data_hash: str = ""


def read_pack(folder: Path) -> Pack:
    """Read and validate the files of a pack one by one; `aspfin.programmes.pack_checks` compares them.

    Parameters
    ----------
    folder
        The pack's folder; files that are links to somewhere else are refused.

    Returns
    -------
    Pack
        With `problems` empty where every file is good by itself.
    """
    pack = Pack(folder)
    if not folder.is_dir():
        pack.problems.append(Problem(folder.name, "folder", str(folder), "a folder that exists"))
        return pack
    present = [name for name in (*FILES, *OPTIONAL_FILES) if _present(pack, name)]
    if pack.problems:
        return pack
    pack.data_hash = pack_hash(folder)
    pack.country = _model(pack, "country.yaml", CountryFile)
    pack.programmes = _model(pack, "programmes.yaml", ProgrammesFile)
    pack.sources = _sources(pack)
    pack.events = _rows(pack, "events.csv", EventRow)
    pack.footprints = _rows(pack, "footprints.csv", FootprintRow) if "footprints.csv" in present else []
    columns, areas = _described_columns(pack)
    if columns is not None:
        pack.provinces = _provinces(pack, columns, areas)
    if POPULATION in present and not pack.problems:
        _check_population(pack)
    return pack


def _check_population(pack: Pack) -> None:
    """Note what is wrong with the figures behind the made-up households (`data.synthetic` reads them)."""
    if not (pack.folder / POPULATION).is_file():
        pack.problems.append(Problem(POPULATION, "file", POPULATION, "a file, not a folder"))
        return
    try:
        read_population_pack(pack.folder)
    except InputError as error:
        pack.problems.extend(error.problems)


def _described_columns(pack: Pack) -> tuple[dict[str, Column] | None, list[str]]:
    """Return what country.yaml says of the columns of provinces.csv, even where the rest of it is broken."""
    if pack.country is not None:
        return pack.country.province_columns, pack.country.areas
    data = pack.trees["country.yaml"].data
    try:
        columns = TypeAdapter(dict[str, Column]).validate_python(data["province_columns"])
    except (TypeError, KeyError, ValidationError):
        return None, []
    return columns, []


def _present(pack: Pack, name: str) -> bool:
    path = pack.folder / name
    if not path.exists():
        if name in FILES:
            pack.problems.append(Problem(name, "file", str(path), "a file that exists"))
        return False
    if not _inside(pack.folder, path):
        allowed = "a file inside the pack's folder"
        pack.problems.append(Problem(name, "file", str(path.resolve()), allowed))
        return False
    return True


def _inside(folder: Path, path: Path) -> bool:
    return not path.is_symlink() or path.resolve().is_relative_to(folder.resolve())


def pack_hash(folder: Path) -> str:
    """Return a SHA-256 of the pack's files, in a fixed order; an optional file may be missing.

    Examples
    --------
    >>> import tempfile
    >>> empty = Path(tempfile.mkdtemp())
    >>> pack_hash(empty) == hashlib.sha256().hexdigest()
    True
    """
    digest = hashlib.sha256()
    for name in (*FILES, *OPTIONAL_FILES):
        path = folder / name
        if path.exists():
            content = path.read_bytes() if path.is_file() and _inside(folder, path) else b""
            digest.update(name.encode() + b"\0" + str(len(content)).encode() + b"\0" + content)
    return digest.hexdigest()


def field_path(path: tuple[str | int, ...]) -> str:
    """Return ("programmes", 0, "id") as "programmes[0].id"."""
    return re.sub(r"\.\[", "[", ".".join(f"[{part}]" if isinstance(part, int) else part for part in path))


def _validated(pack: Pack, tree: Tree, model: type[BaseModel], data: Any, prefix: tuple = ()) -> Any:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for path, found, allowed in complaints(model, error):
            place = (*prefix, *path)
            shown = field_path((*prefix, *named_path(data, path))) or "file"
            pack.problems.append(Problem(tree.place(place), shown, _short(found), allowed))
        return None


def named_path(data: Any, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return a path in which only places in a list stay numbers; a year that is a key becomes text.

    One entry written where a list is allowed has no place in it.
    """
    named: list[str | int] = []
    for part in path:
        if (
            isinstance(part, int)
            and not isinstance(data, list)
            and not (isinstance(data, dict) and part in data)
        ):
            continue
        named.append(part if isinstance(data, list) else str(part))
        inside = isinstance(data, list) and isinstance(part, int) and part < len(data)
        data = data[part] if inside else data.get(part) if isinstance(data, dict) else None
    return tuple(named)


def _short(found: Any) -> Any:
    """Return a value fit for one line: a day as it is written, a collection by its kind."""
    if isinstance(found, dt.date):
        return str(found)
    return f"{type(found).__name__} of {len(found)}" if isinstance(found, (dict, list)) else found


def _tree(pack: Pack, name: str) -> Tree:
    tree = read_yaml(pack.folder / name)
    pack.trees[name] = tree
    pack.problems.extend(tree.problems)
    return tree


def _model(pack: Pack, name: str, model: type[BaseModel]) -> Any:
    tree = _tree(pack, name)
    return None if tree.problems else _validated(pack, tree, model, tree.data)


def _sources(pack: Pack) -> dict[str, SourceEntry] | None:
    tree = _tree(pack, "sources.yaml")
    if tree.problems:
        return None
    if not isinstance(tree.data, dict):
        pack.problems.append(Problem("sources.yaml", "file", _short(tree.data), "fields with values"))
        return None
    entries = {
        str(key): _validated(pack, tree, SourceEntry, value, (str(key),)) for key, value in tree.data.items()
    }
    return None if any(entry is None for entry in entries.values()) else entries


def _rows(pack: Pack, name: str, model: type[BaseModel]) -> list[tuple[int, Any]] | None:
    table = read_csv(pack.folder / name, required=tuple(model.model_fields))
    pack.problems.extend(table.problems)
    if table.problems:
        return None
    rows = []
    for line, cells in table.rows:
        try:
            rows.append((line, model.model_validate(cells)))
        except ValidationError as error:
            for path, found, allowed in complaints(model, error):
                shown = field_path(path) or "row"
                found = "this row" if isinstance(found, dict) else found
                pack.problems.append(Problem(f"{name}, line {line}", shown, found, allowed))
    return rows if len(rows) == len(table.rows) else None


def _provinces(pack: Pack, columns: dict[str, Column], areas: list[str]) -> pd.DataFrame | None:
    """Read provinces.csv, whose columns country.yaml describes."""
    described = [column for column in columns if column not in PROVINCE_COLUMNS]
    table = read_csv(
        pack.folder / "provinces.csv", required=(*PROVINCE_COLUMNS, *described), optional=("note",)
    )
    pack.problems.extend(table.problems)
    if table.problems:
        return None
    if not table.rows:
        pack.problems.append(Problem("provinces.csv", "file", "no rows", "at least one province"))
        return None
    numeric = [*(c for c in described if columns[c].unit not in TEXT_UNITS), "tile_row", "tile_col"]
    before = len(pack.problems)
    rows = [_province(pack, table, line, cells, numeric, areas) for line, cells in table.rows]
    if len(pack.problems) > before:
        return None
    return pd.DataFrame(rows, columns=table.columns).assign(line=[line for line, _ in table.rows])


def _province(
    pack: Pack, table: Table, line: int, cells: dict[str, str | None], numeric: list[str], areas: list[str]
) -> dict[str, Any]:
    """Return one province with its numbers converted; empty numbers are missing, not zero."""
    row: dict[str, Any] = dict(cells)
    problems: list[tuple[str, str]] = []
    for column in numeric:
        text = cells[column]
        try:
            row[column] = float("nan") if text is None else float(text)
        except ValueError:
            problems.append((column, "a number, 0 or more, or empty"))
            continue
        if text is not None and not 0 <= row[column] < float("inf"):
            problems.append((column, "a number, 0 or more, or empty"))
    for column in ("tile_row", "tile_col"):
        if isinstance(row[column], float) and not row[column].is_integer():
            problems.append((column, "a whole number, 0 or more"))
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2,8}", cells["pcode"] or ""):
        problems.append(("pcode", "two capital letters and digits, such as KH01"))
    if not cells["name_en"]:
        problems.append(("name_en", "text that is not empty"))
    if "area_class" in cells and areas and cells["area_class"] not in (*areas, "mixed"):
        problems.append(("area_class", " | ".join((*areas, "mixed"))))
    for column, allowed in problems:
        pack.problems.append(Problem(f"{table.name}, line {line}", column, cells[column], allowed))
    return row
