"""The rows of a sheet, with its formulas and merged cells told."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from aspfin.data.lists_text import Row
from aspfin.results import InputError, Problem

__all__ = ["Sheet", "open_book", "open_sheet", "quietly"]

BLOCK = 1 << 20
FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*ref="([A-Z]+\d+:[A-Z]+\d+)"')
PADDED = re.compile(rb'formatCode="0{2,}"')
PLAIN = 1e21  # whole numbers below are written out
LONGEST = 10**15  # a spreadsheet keeps 15 digits of a number


class Sheet:
    """One sheet of a workbook.

    Attributes
    ----------
    name : str
    notes : list of str
    merged : dict
        (row, place): the text of the merged cell that covers it, for every cell covered.
    down : dict
        For each row the places whose own column holds the text, above: the value is theirs as well.
    formulas : set
        (row, place) of formulas.
    too_long : list
        (row, place) of numbers longer than a spreadsheet can keep.
    """

    def __init__(self, file: Path, name: str, notes: list[str]) -> None:
        self.file, self.name, self.notes = file, name, notes
        self.merged: dict[tuple[int, int], str] = {}
        self.down: dict[int, list[int]] = {}
        self.formulas: set[tuple[int, int]] = set()
        self.too_long: list[tuple[int, int]] = []
        self._padded = False
        self._look()

    def _look(self) -> None:
        """Find formulas and merged cells, by a glance at the file before it is taken apart."""
        with open_book(self.file) as book:
            path = str(book[self.name]._worksheet_path).lstrip("/")  # openpyxl tells it nowhere else
        with ZipFile(self.file) as parts:
            formulas, ranges = _glance(parts, path)
            if "xl/styles.xml" in parts.namelist():
                self._padded = bool(PADDED.search(parts.read("xl/styles.xml")))
        if formulas:
            with open_book(self.file, formulas=True) as book:
                sheet = book[self.name]
                sheet.reset_dimensions()
                for _, row in quietly(sheet.iter_rows()):
                    self.formulas.update((c.row, c.column - 1) for c in row if c.data_type == "f")
        if ranges:
            self._unmerge(ranges)

    def _unmerge(self, ranges: list[str]) -> None:
        from openpyxl.utils.cell import range_boundaries

        wanted = {(box[1], box[0] - 1): box for box in map(range_boundaries, ranges)}
        last = max(row for row, _ in wanted)
        for number, cells in self.rows():
            for place, text in enumerate(cells):
                box = wanted.get((number, place))
                if box is None:
                    continue
                left, top, right, bottom = box
                covered = [(r, c - 1) for r in range(top, bottom + 1) for c in range(left, right + 1)]
                self.merged.update(dict.fromkeys(covered, str(text)))
                if left == right:
                    for below, _ in covered[1:]:
                        self.down.setdefault(below, []).append(place)
            if number >= last:
                return

    def rows(self) -> Iterator[Row]:
        """Yield the rows as text; empty rows below the last filled one are none."""
        self.too_long = []
        waiting: list[Row] = []
        with open_book(self.file) as book:
            sheet = book[self.name]
            sheet.reset_dimensions()  # some programs store a wrong size, which would hide rows
            for number, row in quietly(sheet.iter_rows(values_only=not self._padded)):
                cells = [self._text(value, number, place) for place, value in enumerate(row)]
                if any(cells):
                    yield from waiting
                    waiting = []
                    yield number, cells
                else:
                    waiting.append((number, []))

    def _text(self, value: Any, number: int, place: int) -> str:
        """Return a cell as text: as it is shown, dates as 2022-12-01."""
        width = 0
        if self._padded:
            shown = getattr(value, "number_format", "")
            width = len(shown) if shown and set(shown) == {"0"} else 0
            value = value.value
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, float):
            value = int(value) if value.is_integer() and abs(value) < PLAIN else value
        if isinstance(value, int | float) and abs(value) >= LONGEST:
            self.too_long.append((number, place))
        if isinstance(value, datetime):
            return value.isoformat(sep=" ").removesuffix(" 00:00:00")
        return (repr(value) if isinstance(value, float) else str(value)).zfill(width)


def _glance(parts: ZipFile, path: str) -> tuple[bool, list[str]]:
    """Return whether a sheet has formulas, and the ranges of its merged cells."""
    formulas = False
    ranges: list[str] = []
    with parts.open(path) as opened:
        rest = b""
        while block := opened.read(BLOCK):
            text = rest + block
            formulas = formulas or bool(FORMULA.search(text))
            done = 0
            for match in MERGED.finditer(text):
                ranges.append(match.group(1).decode())
                done = match.end()
            rest = text[max(done, len(text) - 200) :]  # an element may be cut in two
    return formulas, ranges


@contextmanager
def open_book(file: Path, *, formulas: bool = False) -> Iterator[Any]:
    """Open a workbook read-only; formulas show their stored value, or themselves."""
    import openpyxl

    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and drop-downs it does not keep; nothing of them is used here.
            warnings.simplefilter("ignore", UserWarning)
            book = openpyxl.load_workbook(file, read_only=True, data_only=not formulas)
    except Exception as error:  # it raises many kinds of its own on a broken file
        found = "not a zip file" if isinstance(error, BadZipFile) else type(error).__name__
        raise InputError(Problem(file.name, "file", found, "a readable workbook")) from error
    with closing(book):
        yield book


def quietly(rows: Iterator[Any]) -> Iterator[tuple[int, Any]]:
    """Yield numbered rows; the warnings of openpyxl on dates out of range are silent, the cells say so."""
    number = 0
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            block = list(islice(rows, 1_000))
        if not block:
            return
        for row in block:
            number += 1
            yield number, row


def open_sheet(file: Path, sheet: str | None = None) -> Sheet:
    """Return a sheet of a workbook: the one named, else the first with at least one filled row.

    Raises
    ------
    InputError
        If the workbook cannot be read, or has no such sheet.
    """
    with open_book(file) as book:
        names = [one.title for one in book.worksheets]
        if sheet is not None and sheet not in names:
            raise InputError(Problem(file.name, "sheet", sheet, "one of " + ", ".join(names)))
        filled = [name for name in names if _has_text(book[name])]
    chosen = sheet or (filled[0] if filled else names[0])
    others = [name for name in filled if name != chosen]
    told = ", ".join(others)
    notes = [f"Sheet {chosen} was read; not read: {told}."] if others else []
    return Sheet(file, chosen, notes)


def _has_text(sheet: Any) -> bool:
    sheet.reset_dimensions()
    rows = quietly(sheet.iter_rows(values_only=True))
    return any(value is not None for _, row in rows for value in row)
