"""The rows of a sheet as pieces of a list: merged cells filled down, formulas told."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

import numpy as np

from aspfin.data.lists_file import ListFile, list_file, stacked, with_heading
from aspfin.data.lists_heading import HEADING_ROWS, find_heading
from aspfin.data.lists_kinds import problem_table
from aspfin.data.lists_rows import Piece, pieces
from aspfin.data.lists_text import BrokenLine, Row
from aspfin.data.lists_workbook import Sheet

__all__ = ["sheet_chunks"]


def sheet_chunks(sheet: Sheet, header_row: int | None, size: int) -> Iterator[ListFile]:
    """Yield a sheet in pieces of at most `size` rows."""
    lines = sheet.rows()
    head = list(islice(lines, HEADING_ROWS))
    heading = find_heading(sheet.file.name, head, header_row, sheet.merged)
    below = chain((one for one in head if one[0] > heading.row), lines)
    made = pieces((_filled(row, sheet) for row in below), heading.names, size=size, ragged=False)
    parts = (
        list_file(
            _with_cells(piece, sheet, heading.names),
            file=sheet.file.name,
            format="workbook",
            sheet=sheet.name,
            notes=tuple(sheet.notes),
        )
        for piece in made
    )
    yield from with_heading(parts, heading, head)


def _filled(row: Row, sheet: Sheet) -> Row:
    """Return a row with the values of the merged cells that cover it from above."""
    number, cells = row
    places = sheet.down.get(number)
    if not places or isinstance(cells, BrokenLine):
        return row
    cells = cells + [""] * (max(places) + 1 - len(cells))
    for place in places:
        cells[place] = sheet.merged[number, place]
    return number, cells


def _with_cells(piece: Piece, sheet: Sheet, names: tuple[str, ...]) -> Piece:
    """Return a piece with what only a sheet has: formulas, merged cells, numbers that are too long."""
    at = {int(number): place for place, number in enumerate(piece.rows)}
    missing = piece.frame.isna().to_numpy()
    told: list[tuple[int, int, str]] = []
    marks = [(cell, "formula") for cell in sheet.formulas]
    marks += [(cell, "merged cell") for cell in sheet.merged]
    marks += [(cell, "number too long") for cell in sheet.too_long]
    for (row, place), kind in marks:
        if row not in at or place >= len(names):
            continue
        nothing = missing[at[row], place]
        if kind == "formula" and nothing:
            kind = "formula without a value"
        if kind == "merged cell" and place not in sheet.down.get(row, ()):
            if not nothing:
                continue  # the cell that holds the text
            kind = "merged across columns"
        told.append((row, place, kind))
    table = problem_table([(np.array([row]), names[place], kind) for row, place, kind in sorted(told)])
    problems = stacked([piece.problems, table]).sort_values("row", kind="stable", ignore_index=True)
    return Piece(piece.frame, piece.rows, piece.set_aside, piece.empty, problems)
