"""Rows of text made into tables, piece by piece, with an account of every row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.data.lists_checks import odd_cells
from aspfin.data.lists_kinds import problem_table
from aspfin.data.lists_text import BrokenLine, Row

__all__ = ["Piece", "pieces", "set_aside_table"]

Found = list[tuple[NDArray[np.int64], str, str]]


@dataclass(frozen=True)
class Piece:
    """Some rows of a list: table, their numbers in the file, rows set aside, empty rows, problems."""

    frame: pd.DataFrame
    rows: NDArray[np.int64]
    set_aside: pd.DataFrame
    empty: int
    problems: pd.DataFrame


def pieces(rows: Iterable[Row], names: tuple[str, ...], *, size: int, ragged: bool) -> Iterator[Piece]:
    """Yield tables of at most `size` rows of the file; at least one, which may be empty.

    Parameters
    ----------
    rows
        Rows below the heading.
    names
        Of the columns.
    size
        Rows of the file for each table.
    ragged
        Whether a row with fewer cells than headings is a problem: so in text, not in a workbook.
    """
    source = iter(rows)
    first = True
    while True:
        block = list(islice(source, size))
        if not block and not first:
            return
        yield _piece(block, names, ragged)
        first = False


def _piece(block: list[Row], names: tuple[str, ...], ragged: bool) -> Piece:
    width = len(names)
    kept: list[list[str]] = []
    numbers: list[int] = []
    aside: list[tuple[int, str, str]] = []
    found: Found = []
    for number, cells in block:
        if isinstance(cells, BrokenLine):
            aside.append((number, "broken quotation marks", str(cells)))
            continue
        if len(cells) != width:
            if len(cells) > width and any(map(str.strip, cells[width:])):
                aside.append((number, "cells beyond the headings", "\t".join(cells)))
                continue
            if ragged and 0 < len(cells) < width and any(map(str.strip, cells)):
                found.append((np.array([number]), names[len(cells)], "fewer cells than headings"))
            cells = cells[:width] + [""] * (width - len(cells))
        kept.append(cells)
        numbers.append(number)
    frame, at, empty = _table(kept, np.array(numbers, dtype="int64"), names, found)
    table = set_aside_table(aside)
    found.extend((part["row"].to_numpy(), "", str(kind)) for kind, part in table.groupby("kind"))
    return Piece(frame, at, table, empty, problem_table(found))


def set_aside_table(aside: list[tuple[int, str, str]]) -> pd.DataFrame:
    """Return rows that could not be read: row, kind, text."""
    table = pd.DataFrame(aside, columns=["row", "kind", "text"])
    return table.astype({"row": "int64", "kind": "str", "text": "str"})


def _table(
    kept: list[list[str]], numbers: NDArray[np.int64], names: tuple[str, ...], found: Found
) -> tuple[pd.DataFrame, NDArray[np.int64], int]:
    """Return the rows as a table of text, their numbers, and how many were empty."""
    import pyarrow as pa

    lists = list(zip(*kept, strict=True)) if kept else [()] * len(names)
    columns = []
    nothing = np.ones(len(kept), dtype=bool)
    spaces = []
    for cells in lists:
        column, blank = _column(pa.array(_encodable(cells), type=pa.large_string()))
        columns.append(column)
        spaces.append(blank)
        nothing &= column.is_null().to_numpy(zero_copy_only=False)
    if nothing.any():
        full = np.flatnonzero(~nothing)
        columns = [column.take(full) for column in columns]
        spaces = [blank[full] for blank in spaces]
        numbers = numbers[full]
    for name, column, blank in zip(names, columns, spaces, strict=True):
        found.append((numbers[blank], name, "only spaces"))
        found.extend((numbers[places], name, kind) for kind, places in odd_cells(column).items())
    frame = pa.table(columns, names=list(names)).to_pandas()
    return frame.astype("str"), numbers, int(nothing.sum())


def _encodable(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Replace halves of UTF-16 pairs that stand alone: no text file can hold them."""
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return tuple(cell.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for cell in cells)
    return cells


def _column(values: Any) -> tuple[Any, NDArray[np.bool_]]:
    """Return a column with empty cells missing, and which of them held spaces."""
    import pyarrow as pa
    import pyarrow.compute as pc

    bare = pc.equal(pc.binary_length(pc.utf8_trim_whitespace(values)), 0)
    spaces = pc.and_(bare, pc.greater(pc.binary_length(values), 0))
    column = pc.if_else(bare, pa.scalar(None, type=values.type), values)
    return column, spaces.to_numpy(zero_copy_only=False)
