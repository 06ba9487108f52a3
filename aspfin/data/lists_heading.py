"""Where the heading of a list stands, and what its columns are called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aspfin.data.lists_text import BrokenLine, Row
from aspfin.results import InputError, Problem

__all__ = ["HEADING_ROWS", "Heading", "clean_name", "find_heading", "named"]

HEADING_ROWS = 30  # the heading stands within these rows
INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
Merged = Mapping[tuple[int, int], str]  # (row, place of the column from 0): text of the merged cell


@dataclass(frozen=True)
class Heading:
    """The heading of a list.

    Attributes
    ----------
    names : tuple of str
        Of the columns; none twice.
    row : int
        The row in which it ends.
    above : tuple of int
        Filled rows above it.
    problems : tuple
        (rows, column, kind) as `problem_table` takes them.
    """

    names: tuple[str, ...]
    row: int
    above: tuple[int, ...]
    problems: tuple


def clean_name(text: str) -> str:
    """Return a heading without zero-width characters and line breaks, its spaces single.

    Examples
    --------
    >>> clean_name(" Date of\\n birth\\u200b ")
    'Date of birth'
    """
    return " ".join(INVISIBLE.sub("", text).split())


def find_heading(
    file: str, head: Sequence[Row], header_row: int | None = None, merged: Merged | None = None
) -> Heading:
    """Find the heading among the first rows: the first that is filled at least half as far as the fullest.

    Parameters
    ----------
    file
        For messages.
    head
        The first rows of the file.
    header_row
        The row, where the caller knows it.
    merged
        The texts of merged cells, by row and place of the column.

    Raises
    ------
    InputError
        If no row has text, or the row named is not there.

    Examples
    --------
    >>> find_heading("a.csv", [(1, ["List of 2024", "", ""]), (2, ["no", "name", "name"]), (3, list("123"))])
    Heading(names=('no', 'name', 'name (2)'), row=2, above=(1,), problems=...)
    """
    merged = merged or {}
    filled = {number: sum(map(bool, map(str.strip, cells))) for number, cells in head if _whole(cells)}
    most = max(filled.values(), default=0)
    if not most:
        raise InputError(Problem(file, "file", "no row with text", "a list with a heading"))
    if header_row is not None and not filled.get(header_row):
        allowed = f"a row with text, from 1 to {HEADING_ROWS}"
        raise InputError(Problem(file, "header_row", header_row, allowed))
    top = header_row or next(number for number, count in filled.items() if 2 * count >= most)
    bottom = max([top, *_covered_below(merged, top)])
    rows = {number: cells for number, cells in head if top <= number <= bottom and _whole(cells)}
    width = _width(head, rows, bottom)
    written = [_parts(rows, merged, place) for place in range(width)]
    names, problems = named(written, bottom)
    above = tuple(number for number, count in filled.items() if number < top and count)
    return Heading(
        names, bottom, above, ((np.array(above, dtype="int64"), "", "above the heading"), *problems)
    )


def _whole(cells: object) -> bool:
    return not isinstance(cells, BrokenLine)


def _covered_below(merged: Merged, top: int) -> list[int]:
    """Return the rows below `top` that a merged cell of `top` reaches: the heading takes them up."""
    here = {(place, text) for (row, place), text in merged.items() if row == top}
    reached, row = [], top
    while any((row + 1, place) in merged and merged[row + 1, place] == text for place, text in here):
        row += 1
        reached.append(row)
    return reached


def _width(head: Sequence[Row], heading: Mapping[int, list[str]], bottom: int) -> int:
    """Return the columns: those with a heading, and those most of the first rows fill without one."""
    width = max(_last(cells) for cells in heading.values())
    below = [_last(cells) for number, cells in head if number > bottom and _whole(cells) and any(cells)]
    usual = int(np.median(below)) if below else 0
    return max(width, usual)


def _last(cells: Sequence[str]) -> int:
    return max((place for place, cell in enumerate(cells, start=1) if cell.strip()), default=0)


def _parts(rows: Mapping[int, list[str]], merged: Merged, place: int) -> str:
    """Return the words over a column: the distinct ones of the rows of the heading."""
    words: list[str] = []
    for number, cells in rows.items():
        text = cells[place] if place < len(cells) else ""
        text = text if text.strip() else merged.get((number, place), "")
        if text.strip() and text not in words:
            words.append(text)
    return " ".join(words)


def named(written: Sequence[str], row: int) -> tuple[tuple[str, ...], list]:
    """Return a name of its own for every column, and what had to be changed.

    Examples
    --------
    >>> named(["no", "", "no"], 1)[0]
    ('no', 'column 2', 'no (2)')
    """
    names: list[str] = []
    problems = []
    at = np.array([row])
    for place, text in enumerate(written, start=1):
        name = clean_name(text)
        if name and name != text:
            problems.append((at, name, "heading cleaned"))
        if not name:
            name = f"column {place}"
            problems.append((at, name, "heading empty"))
        if name in names:
            times = 2
            while f"{name} ({times})" in names or f"{name} ({times})" in written:
                times += 1
            name = f"{name} ({times})"
            problems.append((at, name, "heading repeated"))
        names.append(name)
    return tuple(names), problems
