"""A workbook that comes back: every cell checked, all of it read or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from aspfin.data.exchange_excel_cells import FIELDS, HEADING_ROWS, KINDS, TEMPLATE, Bad, read_cell, series_of
from aspfin.data.lists_encoding import kind_of
from aspfin.data.lists_workbook import Sheet, open_book, quietly
from aspfin.data.loaded import LoadedTable
from aspfin.data.source import Source
from aspfin.results import InputError, Problem

__all__ = ["SOURCE", "ExcelTable", "read_excel"]

SOURCE = Source(
    "excel", "A list filled in as a workbook", note="The terms are those of whoever filled it in."
)
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ExcelTable(LoadedTable):
    """A workbook that came back.

    Attributes
    ----------
    title, issued : str
        As it was written.
    keys : tuple of str
        Columns that tell a row.
    codes : mapping of str to tuple
        For each coded column the values allowed.
    labels : mapping of str to str
        Second headings.

    Examples
    --------
    >>> table = ExcelTable(frame=pd.DataFrame({"id": ["1"]}), source=SOURCE, file="a.xlsx", title="Payments",
    ...     issued="2024-01-31")
    >>> print(table)
    a.xlsx: 1 row, 1 column (A list filled in as a workbook).
    """

    title: str
    issued: str
    keys: tuple[str, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def read_excel(path: str | Path, *, expected: pd.DataFrame | None = None, decimal: str = ".") -> ExcelTable:
    """Read a workbook that `write_excel` wrote and somebody filled in; nothing is read if anything is wrong.

    Parameters
    ----------
    path
        The workbook.
    expected
        The list as it was sent out: its keys must all be there, and no others.
    decimal
        "." | ",": how numbers typed as text are meant; 1,234.5 or 1 234,5.

    Returns
    -------
    ExcelTable
        The list with the columns and kinds it was written with; an empty cell is missing (not reported),
        which is not 0. A formula is read as its value.

    Raises
    ------
    InputError
        Naming every cell ("data!F17") that is not what its column holds, never its content; if the template
        is unknown, a heading was changed, or keys are missing, repeated or unknown.

    Examples
    --------
    >>> import tempfile
    >>> from aspfin.data.exchange import write_excel
    >>> file = Path(tempfile.mkdtemp()) / "list.xlsx"
    >>> _ = write_excel(pd.DataFrame({"paid": [1.5, None]}), file, title="Payments", issued="2024-01-31")
    >>> read_excel(file).frame["paid"].tolist()
    [1.5, nan]
    """
    if decimal not in (".", ","):
        raise InputError(Problem("read_excel", "decimal", decimal, ". | ,"))
    file = Path(path)
    sheets = _sheets(file)
    about = _about(sheets["about"], file.name)
    codes = {name: _codes(sheets["codes"], name) for name in about.coded}
    rows = _rows(sheets["data"], about, file.name)
    columns, problems = _columns(rows, about, codes, Sheet(file, "data", []).formulas, decimal, file.name)
    if problems:
        raise InputError(problems)
    frame = pd.DataFrame({name: series_of(columns[name], kind) for name, kind in about.kinds.items()})
    _check_keys(frame, about.keys, expected, file.name)
    return ExcelTable(
        frame=frame,
        source=SOURCE,
        file=file.name,
        title=about.told["title"],
        issued=about.told["issued"],
        keys=about.keys,
        codes=codes,
        labels=about.labels,
    )


@dataclass(frozen=True)
class _About:
    """What the sheet "about" tells."""

    told: dict[str, str]
    kinds: dict[str, str]
    keys: tuple[str, ...]
    coded: tuple[str, ...]
    labels: dict[str, str]


def _sheets(file: Path) -> dict[str, Rows]:
    if kind_of(file) != "workbook":
        raise InputError(Problem(file.name, "file", "no workbook", "the .xlsx file that was sent out"))
    made: dict[str, Rows] = {}
    with open_book(file) as book:
        for name in ("data", "codes", "about"):
            if name not in book.sheetnames:
                allowed = "the sheets data, codes and about, as they were sent out"
                raise InputError(Problem(file.name, "sheet", f"no sheet {name}", allowed))
            sheet = book[name]
            sheet.reset_dimensions()  # some programs store a wrong size, which would hide rows
            made[name] = [tuple(row) for _, row in quietly(sheet.iter_rows(values_only=True))]
    return made


def _about(rows: Rows, file: str) -> _About:
    texts = [[str(read_cell(cell, "text", ".") or "") for cell in row] + [""] * 5 for row in rows]
    told = {row[0]: row[1] for row in texts[: len(FIELDS)]}
    if told.get("template") != TEMPLATE:
        raise InputError(Problem(file, "about!B1", told.get("template") or "no template", TEMPLATE))
    table = [row for row in texts[len(FIELDS) + 1 :] if row[0]]
    broken = not table or not set(FIELDS) <= set(told) or not {row[1] for row in table} <= set(KINDS)
    if broken or not told["rows"].isdigit():
        raise InputError(Problem(file, "about", "a changed sheet", "the sheet as it was sent out"))
    return _About(
        told,
        {row[0]: row[1] for row in table},
        tuple(row[0] for row in table if row[2]),
        tuple(row[0] for row in table if row[3]),
        {row[0]: row[4] for row in table if row[4]},
    )


def _codes(rows: Rows, name: str) -> tuple[str, ...]:
    heading = [read_cell(cell, "text", ".") for cell in rows[0]] if rows else []
    if name not in heading:
        return ()
    place = heading.index(name)
    cells = [read_cell(row[place], "text", ".") for row in rows[1:] if place < len(row)]
    return tuple(cell for cell in cells if cell is not None)


def _rows(data: Rows, about: _About, file: str) -> Rows:
    """Return the rows below the headings; empty ones at the end that were not sent out are none."""
    heading = [read_cell(cell, "text", ".") for cell in data[0]] if data else []
    while heading and heading[-1] is None:
        heading.pop()
    if heading != list(about.kinds):
        allowed = "the headings as sent: " + ", ".join(list(about.kinds)[:12])
        raise InputError(Problem(file, "data!1:1", "headings that were changed", allowed))
    sent = int(about.told["rows"])
    rows = data[HEADING_ROWS:]
    while len(rows) > sent and all(value is None for value in rows[-1]):
        rows.pop()
    # A sheet does not keep empty rows at its end; a list may have them.
    return rows + [()] * (sent - len(rows)) if len(about.kinds) else rows


def _columns(
    rows: Rows,
    about: _About,
    codes: Mapping[str, tuple[str, ...]],
    formulas: set[tuple[int, int]],
    decimal: str,
    file: str,
) -> tuple[dict[str, list[Any]], list[Problem]]:
    """Return the cells of each column, and every cell that is not what its column holds."""
    from openpyxl.utils import get_column_letter

    allowed_codes = {name: set(one) for name, one in codes.items()}
    columns: dict[str, list[Any]] = {name: [] for name in about.kinds}
    problems: list[Problem] = []
    for number, row in enumerate(rows, start=HEADING_ROWS + 1):

        def tell(place: int, field: str, found: str, allowed: str, number: int = number) -> None:
            at = f"{file}: data!{get_column_letter(place + 1)}{number}"
            problems.append(Problem(at, field, found, allowed))

        for place, (name, kind) in enumerate(about.kinds.items()):
            cell = row[place] if place < len(row) else None
            value = read_cell(cell, kind, decimal)
            if cell is None and (number, place) in formulas:
                tell(place, name, "a formula without a value", "open the file, save it and send it again")
            elif isinstance(value, Bad):
                tell(place, name, value.found, value.allowed)
            elif value is not None and name in allowed_codes and value not in allowed_codes[name]:
                tell(place, name, "a text that is none of the codes", "one of the list on the sheet codes")
            columns[name].append(value)
        beyond = [place for place in range(len(columns), len(row)) if row[place] is not None]
        if beyond:
            tell(beyond[0], "column", "a cell beyond the headings", "an empty cell")
    return columns, problems


def _check_keys(frame: pd.DataFrame, keys: tuple[str, ...], expected: pd.DataFrame | None, file: str) -> None:
    """Check that every row has its key, once, and that the keys are those sent out."""
    if not keys:
        if expected is not None:
            raise InputError(Problem(file, "expected", "a list without keys", "a list written with keys"))
        return
    names = list(keys)
    problems = [
        Problem(f"{file}: data, row {row + HEADING_ROWS + 1}", name, "a missing key", "every row has one")
        for name in names
        for row in frame.index[frame[name].isna()]
    ]
    for row in frame.index[frame.duplicated(names)]:
        at = f"{file}: data, row {row + HEADING_ROWS + 1}"
        problems.append(Problem(at, ", ".join(names), "a key that is there already", "each key once"))
    if expected is not None and not problems:
        lacking = [name for name in names if name not in expected]
        if lacking:
            raise InputError(
                Problem("read_excel", "expected", ", ".join(lacking), "the list as sent, with its keys")
            )
        sent = set(expected[names].itertuples(index=False, name=None))
        back = list(frame[names].itertuples(index=False, name=None))
        for row, key in enumerate(back, start=HEADING_ROWS + 1):
            if key not in sent:
                allowed = "a key that was sent out"
                problems.append(
                    Problem(f"{file}: data, row {row}", ", ".join(names), "an unknown key", allowed)
                )
        gone = len(sent - set(back))
        if gone:
            problems.append(
                Problem(file, ", ".join(names), f"{gone:,} keys that are gone", "every row sent out")
            )
    if problems:
        raise InputError(problems)
