"""Reading other people's tables: header found wherever it stands, cells as text, numbers checked one by one.

Published files put titles above their header, units below it, change the spelling of a heading from one
edition to the next and write a code as a number. Everything is therefore read as text; headings are compared
without case, spaces and punctuation; a column becomes numbers only where its reader says so.
"""

from __future__ import annotations

import csv
import html
import math
import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from aspfin.results import InputError, Problem

__all__ = ["decoded", "flags", "heading", "is_numeric", "numbers", "read_text", "renamed", "whole_numbers"]

HEADER_ROWS = 30  # a header stands within these rows; the longest preamble met has 6
NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
SUFFIXES = (".csv", ".txt", ".tsv", ".xls", ".xlsx", ".xlsm")
Row = tuple[int, list[str]]  # the row of the file, and its cells


def heading(text: str) -> str:
    """Return a heading without case, spaces and punctuation, as headings are compared.

    Examples
    --------
    >>> heading("DisNo."), heading("Dis No"), heading("&quot;Lack of\\nReliability (*)&quot;")
    ('disno', 'disno', 'lackofreliability')
    """
    return re.sub(r"[\W_]+", "", html.unescape(text).casefold())


def read_text(
    path: str | Path,
    *,
    required: Sequence[Sequence[str]],
    sheet: str | None = None,
    only: Mapping[str, Collection[str]] | None = None,
) -> pd.DataFrame:
    """Read a .csv or .xlsx table as text, finding the row of its header.

    Parameters
    ----------
    path
        A .csv file (also .txt, .tsv and text under the name .xls) in UTF-8, separated by commas, semicolons
        or tabs; or a workbook.
    required
        For each column that must be there, the headings it may go under. The header is the first row that
        holds them all.
    sheet
        The sheet of a workbook; by default the first in which the header is found.
    only
        Keep only rows whose cell under a heading is one of these, compared without case; a file larger than
        the memory can so be read for a few countries.

    Returns
    -------
    DataFrame
        Columns as in the header, cells as text, empty cells missing; the index is the row of the file.

    Raises
    ------
    InputError
        If the file cannot be read, or no row holds every required heading: the nearest row is taken for the
        header, and each heading it lacks is named.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = file.write_text("A title\\n\\nISO,No.\\nKHM,007\\nZMB,008\\n")
    >>> read_text(file, required=[["ISO"]], only={"ISO": ["khm"]}).to_dict("index")
    {4: {'ISO': 'KHM', 'No.': '007'}}
    """
    file = Path(path)
    if file.suffix.lower() not in SUFFIXES:
        raise InputError(Problem(file.name, "file", file.suffix or "no ending", " ".join(SUFFIXES)))
    if not file.is_file():
        raise InputError(Problem(file.name, "file", str(file), "a file that exists"))
    if file.suffix.lower() in (".xlsx", ".xlsm"):
        rows = _workbook_rows(file, required, sheet)
    else:
        lines = _csv_rows(file)
        head = list(islice(lines, HEADER_ROWS))
        rows = chain(head[_find_header(file.name, head, required) :], lines)
    return _frame(file.name, rows, only or {})


def decoded(file: Path) -> str:
    """Return the text of a UTF-8 file, with or without byte-order mark; anything else is an `InputError`."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_text(file) from error


def _not_text(file: Path) -> InputError:
    return InputError(
        Problem(file.name, "file", "bytes that are not text in UTF-8", "text in UTF-8: save it so")
    )


def _csv_rows(file: Path) -> Iterator[Row]:
    """Yield the rows one by one: a bulk file need not fit into the memory."""
    reader = None
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            head = list(islice(lines, HEADER_ROWS))
            if file.suffix.lower() == ".xls" and "".join(head).lstrip().startswith("<"):
                allowed = "open it in a spreadsheet program and save it as .xlsx or .csv"
                raise InputError(Problem(file.name, "file", "a web page under the name .xls", allowed))
            separator = max(",;\t", key=lambda mark: max((line.count(mark) for line in head), default=0))
            reader = csv.reader(
                # Strict: an open quotation mark would otherwise swallow the rows after it without a word.
                _without_null(file, chain(head, lines)),
                delimiter=separator,
                strict=True,
            )
            for cells in reader:
                yield reader.line_num, cells
    except UnicodeDecodeError as error:
        raise _not_text(file) from error
    except csv.Error as error:
        place = f"{file.name}, row {reader.line_num}" if reader else file.name
        raise InputError(Problem(place, "row", str(error), "well-formed CSV")) from error


def _without_null(file: Path, lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if "\0" in line:  # UTF-16, or a file that is no text at all
            raise _not_text(file)
        yield line


def _workbook_rows(file: Path, required: Sequence[Sequence[str]], sheet: str | None) -> Iterator[Row]:
    """Return the rows from the header on of the first sheet that has it."""
    import openpyxl

    with warnings.catch_warnings():
        # openpyxl warns of styles and drop-downs it does not keep; nothing of them is used here.
        warnings.simplefilter("ignore", UserWarning)
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except Exception as error:  # it raises many kinds of its own on a broken file
            found = (str(error).splitlines() or [type(error).__name__])[0]
            raise InputError(Problem(file.name, "file", found, "a readable workbook")) from error
        with closing(book):
            names = [one.title for one in book.worksheets]
            if sheet is not None and sheet not in names:
                raise InputError(Problem(file.name, "sheet", sheet, "one of " + ", ".join(names)))
            problems = []
            for name in [sheet] if sheet else names:
                rows = _sheet_rows(book[name])
                head = list(islice(rows, HEADER_ROWS))
                try:
                    start = _find_header(f"{file.name}, sheet {name}", head, required)
                    return iter([*head[start:], *rows])
                except InputError as error:
                    problems.append(error)
    raise min(problems, key=lambda error: len(error.problems))


def _sheet_rows(sheet: Any) -> Iterator[Row]:
    sheet.reset_dimensions()  # some programs store a wrong size, which would hide rows
    cells = sheet.iter_rows(values_only=True)
    yield from ((number, [_cell(value) for value in row]) for number, row in enumerate(cells, start=1))


def _cell(value: Any) -> str:
    """Return a cell of a workbook as text: whole numbers without a point, dates as 2022-12-01."""
    if value is None:
        return ""
    if isinstance(value, float):
        value = int(value) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return str(value).strip().removesuffix(" 00:00:00")


def _find_header(place: str, rows: list[Row], required: Sequence[Sequence[str]]) -> int:
    """Return the position of the row that holds every required heading."""
    wanted = [{heading(name) for name in names} for names in required]
    best: Row | None = None
    fewest = len(wanted) + 1
    for position, (number, cells) in enumerate(rows):
        held = {heading(cell) for cell in cells} - {""}
        lacking = sum(not held & names for names in wanted)
        if lacking == 0:
            return position
        if held and lacking < fewest:
            best, fewest = (number, cells), lacking
    if best is None:
        raise InputError(Problem(place, "file", "no row with text", "a table with a header"))
    number, cells = best
    held = {heading(cell) for cell in cells}
    shown = ", ".join(_clean(cell) for cell in cells[:12] if cell) + (" …" if len(cells) > 12 else "")
    allowed = f"this column is required; the header on row {number} has {shown}"
    labels = [names[0] for names, keys in zip(required, wanted, strict=True) if not held & keys]
    raise InputError([Problem(place, label, "a missing column", allowed) for label in labels])


def _frame(name: str, rows: Iterator[Row], only: Mapping[str, Collection[str]]) -> pd.DataFrame:
    """Return the rows below the header; short rows are filled up, long ones may only hold empty cells."""
    _, first = next(rows)
    header = [_clean(cell) for cell in first]
    while header and not header[-1]:
        header.pop()
    width = len(header)
    places = [
        ([heading(cell) for cell in header].index(heading(label)), {one.casefold() for one in wanted})
        for label, wanted in only.items()
    ]
    index: list[int] = []
    kept: list[list[str | None]] = []
    for number, cells in rows:
        if not all(cell.strip().casefold() in wanted for cell, wanted in _at(cells, places)):
            continue
        values = [cell.strip() or None for cell in cells]
        if any(values[width:]):
            place = f"{name}, row {number}"
            raise InputError(Problem(place, "row", f"{len(cells)} cells", f"at most {width} cells"))
        if any(values):
            index.append(number)
            kept.append(values[:width] + [None] * (width - len(values)))
    columns = list(zip(*kept, strict=True)) if kept else [()] * width
    labels = pd.Index(index, name="row", dtype="int64")
    series = [pd.Series(list(values), index=labels, dtype="str") for values in columns]
    frame = pd.concat(series, axis=1)
    frame.columns = _unique([one or f"column {place}" for place, one in enumerate(header, start=1)])
    return frame


def _at(cells: list[str], places: list[tuple[int, set[str]]]) -> Iterator[tuple[str, set[str]]]:
    return ((cells[place] if place < len(cells) else "", wanted) for place, wanted in places)


def _clean(text: str) -> str:
    """Return a heading for display: entities, quotes and line breaks gone."""
    return " ".join(html.unescape(text).replace('"', " ").split())


def _unique(names: list[str]) -> list[str]:
    """Return the names, a repeated one with its number behind it."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return unique


def renamed(
    frame: pd.DataFrame, columns: Mapping[str, Sequence[str]], *, file: str
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Give known columns our names and keep the others under their own.

    Parameters
    ----------
    frame
        As `read_text` returns it.
    columns
        For each of our names, the headings it may go under; where none is given, the name itself.
    file
        For messages.

    Returns
    -------
    frame, headings
        The frame with known columns first, in the order of `columns`; and, by our name, the heading found.

    Raises
    ------
    InputError
        If two headings of the file mean the same column.

    Examples
    --------
    >>> df = pd.DataFrame({"Note": ["a"], "Dis No": ["1"]})
    >>> frame, found = renamed(df, {"id": ["DisNo."]}, file="a.csv")
    >>> frame.columns.tolist(), found
    (['id', 'Note'], {'id': 'Dis No'})
    """
    ours = {heading(other): name for name, others in columns.items() for other in others or (name,)}
    found: dict[str, str] = {}
    for label in frame.columns:
        name = ours.get(heading(label))
        if name is not None and name in found:
            allowed = f"one column only: {found[name]!r} means the same"
            raise InputError(Problem(file, label, "given twice", allowed))
        if name is not None:
            found[name] = label
    known = [name for name in columns if name in found]
    others = [label for label in frame.columns if label not in found.values()]
    tidy = frame[[found[name] for name in known] + others]
    # A column of the file that happens to be called as one of ours, and is not it, must stay apart.
    labels = [f"{label} (of the file)" if label in columns else label for label in others]
    return tidy.set_axis(known + labels, axis=1), found


def numbers(
    values: pd.Series,
    *,
    label: str,
    file: str,
    low: float = -math.inf,
    high: float = math.inf,
    missing: Sequence[str] = (),
) -> pd.Series:
    """Return text as numbers; empty cells and the texts of `missing` become missing.

    Parameters
    ----------
    values
        Text, its index the row of the file.
    label, file
        For messages.
    low, high
        Range allowed, ends included.
    missing
        Texts that stand for "no value", compared without case.

    Returns
    -------
    Series of float

    Raises
    ------
    InputError
        Naming the first row that holds anything but a number of the range, and how many do.

    Examples
    --------
    >>> numbers(pd.Series(["1.5", "x", None]), label="score", file="a.csv", missing=("x",)).tolist()
    [1.5, nan, nan]
    """
    text = values.astype("str").str.strip()
    none = values.isna() | text.str.casefold().isin({"", *(word.casefold() for word in missing)})
    plain = text.str.fullmatch(NUMBER).fillna(False).astype(bool)
    number = pd.to_numeric(text.where(plain & ~none), errors="coerce").astype("float64")
    bad = ~none & ~(np.isfinite(number) & number.between(low, high))
    if bad.any():
        row = bad[bad].index[0]
        more = f" ({bad.sum():,} such cells)" if bad.sum() > 1 else ""
        allowed = f"{_range(low, high)}, or an empty cell{more}"
        raise InputError(Problem(f"{file}, row {row}", label, values.loc[row], allowed))
    return number


def is_numeric(values: pd.Series) -> bool:
    """Return whether a column of text holds a number at least, and nothing else."""
    text = values.dropna().astype("str").str.strip()
    return len(text) > 0 and bool(text.str.fullmatch(NUMBER).all())


def _range(low: float, high: float) -> str:
    if math.isfinite(low) and math.isfinite(high):
        return f"a number from {low:g} to {high:g}"
    return f"a number of at least {low:g}" if math.isfinite(low) else "a number"


def whole_numbers(
    values: pd.Series, *, label: str, file: str, low: float = -math.inf, high: float = math.inf
) -> pd.Series:
    """Return text as whole numbers (Int64, missing allowed); a fraction is an `InputError`."""
    number = numbers(values, label=label, file=file, low=low, high=high)
    broken = number.notna() & (number % 1 != 0)
    if broken.any():
        row = broken[broken].index[0]
        raise InputError(Problem(f"{file}, row {row}", label, values.loc[row], "a whole number"))
    return number.astype("Int64")


def flags(values: pd.Series, *, label: str, file: str) -> pd.Series:
    """Return yes and no, true and false, 1 and 0 as true and false (missing allowed).

    Examples
    --------
    >>> flags(pd.Series(["Yes", "false", None]), label="Historic", file="a.csv").tolist()
    [True, False, <NA>]
    """
    words = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    answer = values.astype("str").str.strip().str.casefold().map(words)
    bad = answer.isna() & values.notna()
    if bad.any():
        row = bad[bad].index[0]
        raise InputError(Problem(f"{file}, row {row}", label, values.loc[row], "yes | no | true | false"))
    return answer.astype("boolean")
