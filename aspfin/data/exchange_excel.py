"""A list as a workbook to be filled in and sent back: sheets data, codes, about; nothing in it calculates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from aspfin.data.exchange_excel_cells import FIELDS, HEADING_ROWS, KINDS, TEMPLATE, cell_of, content
from aspfin.results import InputError, Problem

__all__ = ["write_excel"]

MOST_ROWS = 1_048_570  # of a sheet, less the heading
STAMP = datetime(2024, 1, 1)  # written into files that carry a time, so that bytes repeat


def write_excel(
    frame: pd.DataFrame,
    path: str | Path,
    *,
    title: str,
    issued: str,
    keys: Sequence[str] = (),
    codes: Mapping[str, Sequence[str]] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Path:
    """Write a list as a workbook that `read_excel` reads back the same.

    Parameters
    ----------
    frame
        The list; columns of text, numbers, dates or true and false. A text that begins as a formula does is
        written as text and stays text when the cell is edited. A fraction keeps 16 digits.
    path
        Where to (.xlsx).
    title, issued
        Shown on the sheet "about"; the date as 2024-01-31.
    keys
        Columns that tell a row: locked on the sheet, checked on the way back.
    codes
        For each coded column the values allowed: lists to choose from.
    labels
        Second headings, such as Khmer ones.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If a column is of no kind a sheet can hold, a text has a control character or more than 32,767
        characters, a number has more digits than a sheet keeps, keys repeat, or there are too many rows.

    Examples
    --------
    >>> import tempfile
    >>> from aspfin.data.exchange import read_excel
    >>> df = pd.DataFrame({"id": ["007", "008"], "note": ["=1+1", None], "amount": [80_000, 120_000]})
    >>> file = Path(tempfile.mkdtemp()) / "list.xlsx"
    >>> _ = write_excel(df, file, title="Payments", issued="2024-01-31", keys=["id"])
    >>> read_excel(file).frame.values.tolist()
    [['007', '=1+1', 80000], ['008', nan, 120000]]
    """
    file = Path(path)
    codes, labels = dict(codes or {}), dict(labels or {})
    kinds = _check_table(frame, file, keys, codes, labels)
    # Everything is checked before a workbook is begun: one given up half-way leaves files behind.
    columns = [_contents(frame[name], kinds[str(name)], str(name)) for name in frame.columns]
    heads = [_texts(list(kinds)), _texts([labels.get(name) for name in kinds])]
    choices = [_texts(row) for row in [list(codes), *_ragged([list(one) for one in codes.values()])]]
    told = [TEMPLATE, title, issued, str(len(frame))]
    about = [*zip(FIELDS, told, strict=True), ("column", "kind", "key", "codes", "label")]
    for name, kind in kinds.items():
        marks = ("yes" if name in keys else None, "yes" if name in codes else None)
        about.append((name, kind, *marks, labels.get(name)))
    about = [_texts(row) for row in about]
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    book.properties.creator, book.properties.created, book.properties.modified = "", STAMP, STAMP
    sheet = book.create_sheet("data")
    _prepare(sheet, list(kinds), len(frame), bool(keys), codes)
    for row in heads:
        sheet.append([cell_of(sheet, one) for one in row])
    free = [bool(keys) and name not in keys for name in kinds]
    for row in zip(*columns, strict=True):
        sheet.append([cell_of(sheet, one, free=may) for one, may in zip(row, free, strict=True)])
    for name, rows in (("codes", choices), ("about", about)):
        sheet = book.create_sheet(name)
        sheet.protection.sheet = True
        for row in rows:
            sheet.append([cell_of(sheet, one) for one in row])
    _save(book, file)
    return file


def _contents(values: pd.Series, kind: str, name: str) -> list[Any]:
    cells = values.astype(object).where(values.notna(), None).tolist()
    return [content(one, kind, f"write_excel, row {row}", name) for row, one in enumerate(cells, start=1)]


def _texts(values: Sequence[str | None]) -> list[Any]:
    return [content(one, "text", "write_excel", "heading, code or title") for one in values]


def _check_table(
    frame: pd.DataFrame, file: Path, keys: Sequence[str], codes: Mapping[str, Any], labels: Mapping[str, str]
) -> dict[str, str]:
    """Return the kind of each column."""
    problems = []
    if file.suffix.lower() != ".xlsx":
        problems.append(Problem(file.name, "file", file.suffix or "no ending", ".xlsx"))
    if len(frame) > MOST_ROWS:
        problems.append(
            Problem(file.name, "rows", f"{len(frame):,}", f"at most {MOST_ROWS:,}: split the list")
        )
    names = [str(name) for name in frame.columns]
    if len(set(names)) != len(names) or not names or not all(name.strip() for name in names):
        problems.append(Problem(file.name, "columns", "a heading given twice or empty", "each heading once"))
    for what, given in (("keys", keys), ("codes", codes), ("labels", labels)):
        for name in given:
            if name not in names:
                problems.append(Problem(file.name, what, name, "one of " + ", ".join(names[:12])))
    if problems:
        raise InputError(problems)
    kinds = {str(name): _kind(frame[name], str(name), file.name) for name in frame.columns}
    for name, allowed in codes.items():
        if not allowed:
            problems.append(Problem(file.name, f"codes.{name}", "no code", "at least one"))
        bad = frame[name].notna() & ~frame[name].isin(list(allowed))
        if kinds[name] != "text" or bad.any():
            found = f"{int(bad.sum()):,} cells that are none of the codes" if bad.any() else kinds[name]
            problems.append(Problem(file.name, name, found, "text, each cell one of the codes"))
    if keys:
        problems += [
            Problem(file.name, name, "a missing key", "every row has one")
            for name in keys
            if frame[name].isna().any()
        ]
        again = int(frame.duplicated(list(keys)).sum())
        if again:
            problems.append(
                Problem(file.name, "keys", f"{again:,} rows with a key already there", "each once")
            )
    if problems:
        raise InputError(problems)
    return kinds


def _kind(values: pd.Series, name: str, file: str) -> str:
    kind = values.dtype
    if pd.api.types.is_bool_dtype(kind):
        return "yes or no"
    if pd.api.types.is_integer_dtype(kind):
        return "whole number"
    if pd.api.types.is_float_dtype(kind):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(kind) and getattr(kind, "tz", None) is None:
        known = values.dropna()
        return "date" if (known == known.dt.normalize()).all() else "moment"
    if isinstance(kind, pd.StringDtype) or values.dropna().map(lambda one: isinstance(one, str)).all():
        return "text"
    if values.dropna().map(lambda one: isinstance(one, date) and not isinstance(one, datetime)).all():
        return "date"
    raise InputError(Problem(file, name, f"a column of {kind}", " | ".join(KINDS)))


def _prepare(
    sheet: Any, names: list[str], rows: int, locked: bool, codes: Mapping[str, Sequence[str]]
) -> None:
    """Fix the headings, lock the sheet where it has keys, and offer the codes to choose from."""
    from openpyxl.utils import get_column_letter, quote_sheetname
    from openpyxl.worksheet.datavalidation import DataValidation

    last = max(rows, 1) + HEADING_ROWS
    sheet.freeze_panes = f"A{HEADING_ROWS + 1}"
    sheet.protection.sheet = locked
    for place, name in enumerate(codes, start=1):
        at = get_column_letter(place)
        span = f"{quote_sheetname('codes')}!${at}$2:${at}${len(codes[name]) + 1}"
        choice = DataValidation(type="list", formula1=span, allow_blank=True)
        column = get_column_letter(names.index(name) + 1)
        choice.add(f"{column}{HEADING_ROWS + 1}:{column}{last}")
        sheet.data_validations.append(choice)


def _ragged(lists: list[list[str]]) -> list[list[str | None]]:
    """Return columns of unequal length as rows."""
    longest = max(map(len, lists), default=0)
    return [[one[row] if row < len(one) else None for one in lists] for row in range(longest)]


def _save(book: Any, file: Path) -> None:
    """Save a workbook without the hour, so that the same list gives the same bytes."""
    from io import BytesIO
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

    held = BytesIO()
    book.save(held)
    with ZipFile(held) as parts, ZipFile(file, "w", ZIP_DEFLATED) as made:
        for name in sorted(parts.namelist()):
            text = parts.read(name)
            if name == "docProps/core.xml":  # saving puts the hour in again
                hour = STAMP.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
                text = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + hour, text)
            made.writestr(ZipInfo(name, STAMP.timetuple()[:6]), text, ZIP_DEFLATED)
