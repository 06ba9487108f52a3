"""A programme list as it stands in its file, with an account of every row and everything odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.data.lists_heading import Heading
from aspfin.data.lists_kinds import KINDS, no_problems, problem_table
from aspfin.data.lists_rows import Piece, set_aside_table
from aspfin.data.lists_text import BrokenLine, Row
from aspfin.results import ResultMixin

__all__ = ["ListFile", "Reconciliation", "joined", "list_file", "with_heading"]


@dataclass(frozen=True)
class Reconciliation:
    """Where the rows of a file went; the heading and what stands above it are not counted.

    Attributes
    ----------
    rows_in_file, rows_read, rows_set_aside, rows_empty : int
        Rows below the heading; those in the table; those that could not be read, kept apart; those without
        any text.

    Examples
    --------
    >>> Reconciliation(10, 8, 1, 1).balanced
    True
    """

    rows_in_file: int
    rows_read: int
    rows_set_aside: int = 0
    rows_empty: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every row of the file is accounted for."""
        return self.rows_in_file == self.rows_read + self.rows_set_aside + self.rows_empty


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ListFile(ResultMixin):
    """A list as it stands in its file.

    Attributes
    ----------
    frame : DataFrame
        The rows. From text and workbooks every cell is text as written (dates of a workbook as 2022-12-01),
        empty ones missing; from parquet and Stata numbers and dates keep their types.
    rows : array of int
        For each row of the frame its row in the file: as a spreadsheet counts (the heading usually being row
        1), in parquet and Stata the observation from 1.
    file, format : str
        Name of the file; text | workbook | parquet | stata.
    problems : DataFrame
        row, column, kind: everything odd. What was done about each kind is in `KINDS`.
    set_aside : DataFrame
        row, kind, text: rows that could not be read, whole. Holds personal data.
    reconciliation : Reconciliation
    notes : tuple of str
        What had to be guessed or was not read.
    encoding, separator, sheet : str
        Where the format has them.
    labels, value_labels : mapping
        What columns and codes mean, where a Stata file tells.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from aspfin.data import lists
    >>> file = Path(tempfile.mkdtemp()) / "list.csv"
    >>> _ = file.write_text("no;name\\n007;Sok\\n008;\\n", encoding="utf-8-sig")
    >>> told = lists.read(file)
    >>> told.frame["no"].tolist(), told.rows.tolist(), told.encoding, told.separator
    (['007', '008'], [2, 3], 'utf-8-sig', ';')
    """

    frame: pd.DataFrame
    rows: NDArray[np.int64]
    file: str
    format: str
    reconciliation: Reconciliation
    problems: pd.DataFrame = field(default_factory=no_problems)
    set_aside: pd.DataFrame = field(default_factory=lambda: set_aside_table([]))
    notes: tuple[str, ...] = ()
    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """Return the problems counted: kind, column, cells, first_row, done. It names no one."""
        groups = self.problems.groupby(["kind", "column"], sort=True)["row"]
        table = groups.agg(cells="size", first_row="min").reset_index()
        table["done"] = table["kind"].map(dict(KINDS)).astype("str")
        return table

    def sentence(self) -> str:
        """Return what was read and what must be known about it, in prose."""
        told = self.reconciliation
        by = self.problems["kind"].value_counts(sort=False).sort_index()
        odd = "; ".join(f"{kind} ({count:,})" for kind, count in by.items())
        parts = [
            f"{self.file}: {told.rows_read:,} of {told.rows_in_file:,} rows read in {self.frame.shape[1]} "
            f"columns, {told.rows_set_aside:,} set aside, {told.rows_empty:,} empty."
        ]
        if odd:
            parts.append(f"Found: {odd}.")
        return " ".join([*parts, *self.notes])


def list_file(piece: Piece, **told: Any) -> ListFile:
    """Return a piece as a list of its own; `told` are fields of `ListFile`."""
    aside = len(piece.set_aside)
    account = Reconciliation(len(piece.rows) + aside + piece.empty, len(piece.rows), aside, piece.empty)
    return ListFile(
        frame=piece.frame,
        rows=piece.rows,
        problems=piece.problems,
        set_aside=piece.set_aside,
        reconciliation=account,
        **told,
    )


def with_heading(parts: Iterator[ListFile], heading: Heading, head: list[Row]) -> Iterator[ListFile]:
    """Yield the pieces, the first with the problems of the heading and the lines above it."""
    first = next(parts)
    lines = [
        (number, "above the heading", "\t".join(cells))
        for number, cells in head
        if number in heading.above and not isinstance(cells, BrokenLine)
    ]
    yield replace(
        first,
        problems=stacked([problem_table(list(heading.problems)), first.problems]),
        set_aside=stacked([set_aside_table(lines), first.set_aside]),
    )
    yield from parts


def joined(parts: list[ListFile]) -> ListFile:
    """Return the pieces of one file as one list."""
    accounts = [part.reconciliation for part in parts]
    account = Reconciliation(
        sum(one.rows_in_file for one in accounts),
        sum(one.rows_read for one in accounts),
        sum(one.rows_set_aside for one in accounts),
        sum(one.rows_empty for one in accounts),
    )
    return replace(
        parts[0],
        frame=stacked([part.frame for part in parts]),
        rows=np.concatenate([part.rows for part in parts]),
        problems=stacked([part.problems for part in parts]),
        set_aside=stacked([part.set_aside for part in parts]),
        reconciliation=account,
    )


def stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return tables one below the other; those without rows do not change the types of the others."""
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else tables[0]
