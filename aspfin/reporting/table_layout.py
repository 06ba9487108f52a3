"""How a table of a report fits a page of paper: widths of columns, size of letters, parts of wide tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from aspfin.reporting.document import Row, Table

__all__ = ["Layout", "layout", "parts"]

MOST_COLUMNS = 13  # a label and twelve estimates; more are shown in parts
PAGE_POINTS = 493.0  # width of the text on A4 with margins of 18 mm
LETTER = 0.5  # mean width of a letter, in parts of its height
PADDING = 8.0  # points of a column that hold no text
SIZES = (9.0, 8.0, 7.0, 6.0)
LONGEST_WORD = 26  # letters; longer words are broken
MOST_ROWS = 200  # that are looked at for the widths
HEADING_LINE = 18  # letters of a heading that are kept on one line where there is room


@dataclass(frozen=True)
class Layout:
    """Width of each column as a share of the text's width, and height of the letters in points."""

    widths: tuple[float, ...]
    size: float


def layout(table: Table) -> Layout:
    """Return widths and letter size with which a table fits the page, no word broken where that can be.

    Examples
    --------
    >>> from aspfin.reporting.document import Cell, Run
    >>> row = Row((Cell((Run("Kandal"),)), Cell((Run("12"),), number=True)))
    >>> layout(Table("", (), (row,))).size
    9.0
    """
    lines = _lines(table)
    least = _least(table)
    longest = [max(low, *column) for low, column in zip(least, lines, strict=True)]
    for size in SIZES:
        room = (PAGE_POINTS - len(least) * PADDING) / (size * LETTER)
        if sum(least) <= room:
            break
    if sum(least) > room:
        given = [low * room / sum(least) for low in least]
    elif sum(longest) > room:
        given = _shared(least, lines, room)
    else:  # a small table stays small: the eye has to follow its lines
        given = [one * min(2.0, room / sum(longest)) for one in longest]
    points = [letters * size * LETTER + PADDING for letters in given]
    return Layout(tuple(round(one / PAGE_POINTS, 4) for one in points), size)


def _lines(table: Table) -> list[list[int]]:
    """Return, for each column, the letters of the longest line of each cell; headings may be wrapped."""
    columns = []
    for place in range(table.width):
        heads = [row.cells[place] for row in table.header]
        cells = [row.cells[place] for row in table.rows[:MOST_ROWS]]
        column = [min(HEADING_LINE, max(len(cell.text), len(cell.unit))) for cell in heads]
        column += [max(map(len, cell.text.splitlines()), default=0) for cell in cells]
        columns.append(column)
    return columns


def _least(table: Table) -> list[float]:
    """Return, for each column, the letters of what is not to be broken: its longest word or number."""
    least = []
    for place in range(table.width):
        words = [
            word
            for row in table.header
            for word in f"{row.cells[place].text} {row.cells[place].unit}".split()
        ]
        for cell in (row.cells[place] for row in table.rows):
            words += cell.text.splitlines() if cell.number else cell.text.split()
        least.append(min(max([2, *map(len, words)]), LONGEST_WORD) + 1.0)  # some letters are wide
    return least


def _shared(least: list[float], lines: list[list[int]], room: float) -> list[float]:
    """Give the room left to the columns, bit by bit, each to the one in which it makes the table shortest.

    The height of a row is that of its highest cell; a norm of order four stands for it, because with the
    highest alone no single column would gain where two are alike.
    """
    given = list(least)
    bit = max(1.0, (room - sum(least)) / 60)
    while sum(given) + bit <= room:
        high = [
            [max(1.0, line / width) ** 4 for line in column]
            for column, width in zip(lines, given, strict=True)
        ]
        rows = [sum(cells) for cells in zip(*high, strict=True)]
        heights = []
        for column, width, now in zip(lines, given, high, strict=True):
            then = [max(1.0, line / (width + bit)) ** 4 for line in column]
            heights.append(sum((row - a + b) ** 0.25 for row, a, b in zip(rows, now, then, strict=True)))
        given[heights.index(min(heights))] += bit
    return given


def parts(table: Table) -> Iterator[Table]:
    """Yield a table, or a wide one in parts of which each repeats the first column.

    Examples
    --------
    >>> from aspfin.reporting.document import Cell
    >>> wide = Table("Wide", (), (Row(tuple(Cell(()) for _ in range(30))),))
    >>> [part.width for part in parts(wide)]
    [13, 13, 6]
    """
    if table.width <= MOST_COLUMNS:
        yield table
        return
    starts = range(1, table.width, MOST_COLUMNS - 1)
    for number, start in enumerate(starts, start=1):
        keep = [0, *range(start, min(start + MOST_COLUMNS - 1, table.width))]
        yield replace(
            table,
            caption=f"{table.caption} (part {number} of {len(starts)})",
            header=tuple(_only(row, keep) for row in table.header),
            rows=tuple(_only(row, keep) for row in table.rows),
            notes=table.notes if number == len(starts) else (),
        )


def _only(row: Row, places: list[int]) -> Row:
    return replace(row, cells=tuple(row.cells[place] for place in places))
