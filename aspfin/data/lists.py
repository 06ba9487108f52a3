"""Reading programme lists as offices send them: csv, xlsx, parquet, .dta; every row accounted for.

Nothing is lost without a word: the rows of the file are those read, those set aside and the empty ones, and
whatever is odd is told by file, row and column. No message quotes a cell: lists hold personal data.

    cash = data.lists.read("cash_transfer.xlsx")
    cash.frame, cash.problems, cash.reconciliation
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path

from aspfin.data.lists_encoding import kind_of
from aspfin.data.lists_file import ListFile, Reconciliation, joined, list_file, with_heading
from aspfin.data.lists_heading import HEADING_ROWS, find_heading
from aspfin.data.lists_kinds import KINDS
from aspfin.data.lists_rows import pieces
from aspfin.data.lists_sheet import sheet_chunks
from aspfin.data.lists_text import TextRows
from aspfin.data.lists_typed import parquet_pieces, stata_labels, stata_pieces
from aspfin.data.lists_workbook import open_sheet
from aspfin.results import InputError, Problem

__all__ = ["KINDS", "ListFile", "Reconciliation", "chunks", "read"]

ROWS = 200_000  # read at a time


def read(
    path: str | Path,
    *,
    sheet: str | None = None,
    header_row: int | None = None,
    encoding: str | None = None,
    separator: str | None = None,
) -> ListFile:
    """Read a programme list whole.

    Parameters
    ----------
    path
        A .csv, .txt, .tsv, .xlsx, .xlsm, .parquet or .dta file; what it is is told by its content. Encoding
        (UTF-8 with or without mark, UTF-16, otherwise Windows-1252) and separator (comma, semicolon, tab,
        bar) are found.
    sheet
        Of a workbook; the first with text by default.
    header_row
        Row of the heading, where it is not found rightly: by default the first row filled at least half as
        far as the fullest of the first 30.
    encoding, separator
        Of a text file, where they are not found rightly.

    Returns
    -------
    ListFile

    Raises
    ------
    InputError
        If the file cannot be read as a list, or an argument does not fit its kind.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "list.csv"
    >>> _ = file.write_text("no,name\\n1,Sok,x\\n2,Chan\\n", encoding="utf-16")
    >>> told = read(file)
    >>> print(told)
    list.csv: 1 of 2 rows read in 2 columns, 1 set aside, 0 empty. Found: cells beyond the headings (1).
    """
    parts = list(
        chunks(path, rows=ROWS, sheet=sheet, header_row=header_row, encoding=encoding, separator=separator)
    )
    return parts[0] if len(parts) == 1 else joined(parts)


def chunks(
    path: str | Path,
    *,
    rows: int = ROWS,
    sheet: str | None = None,
    header_row: int | None = None,
    encoding: str | None = None,
    separator: str | None = None,
) -> Iterator[ListFile]:
    """Read a programme list of any size in pieces, so that memory holds one of them.

    Parameters
    ----------
    path, sheet, header_row, encoding, separator
        As in `read`.
    rows
        Rows of the file for each piece.

    Yields
    ------
    ListFile
        One after the other; each with its own account, what stands above the heading told in the first.

    Raises
    ------
    InputError
        As `read`.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "list.csv"
    >>> _ = file.write_text("no,name\\n1,Sok\\n2,Chan\\n3,Chea\\n")
    >>> [part.rows.tolist() for part in chunks(file, rows=2)]
    [[2, 3], [4]]
    """
    file = Path(path)
    if rows < 1:
        raise InputError(Problem("chunks", "rows", rows, "a whole number from 1"))
    kind = kind_of(file)
    given = {"sheet": sheet, "header_row": header_row, "encoding": encoding, "separator": separator}
    takes = {"text": {"header_row", "encoding", "separator"}, "workbook": {"sheet", "header_row"}}
    for name, value in given.items():
        if value is not None and name not in takes.get(kind, ()):
            raise InputError(Problem(file.name, name, value, f"not to be given for a {kind} file"))
    if kind == "text":
        return _text_chunks(TextRows(file, encoding, separator), header_row, rows)
    if kind == "workbook":
        return sheet_chunks(open_sheet(file, sheet), header_row, rows)
    if kind == "parquet":
        return map(partial(list_file, file=file.name, format=kind), parquet_pieces(file, rows))
    labels, codes = stata_labels(file)
    made = partial(list_file, file=file.name, format=kind, labels=labels, value_labels=codes)
    return map(made, stata_pieces(file, rows))


def _text_chunks(source: TextRows, header_row: int | None, size: int) -> Iterator[ListFile]:
    lines = iter(source)
    head = list(islice(lines, HEADING_ROWS))
    heading = find_heading(source.file.name, head, header_row)
    made = partial(
        list_file,
        file=source.file.name,
        format="text",
        encoding=source.encoding,
        separator=source.separator,
        notes=tuple(source.notes),
    )
    below = chain((one for one in head if one[0] > heading.row), lines)
    yield from with_heading(map(made, pieces(below, heading.names, size=size, ragged=True)), heading, head)
