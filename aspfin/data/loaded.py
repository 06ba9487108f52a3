"""A table read from somebody else's file, with where it comes from and what was done to it."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from aspfin.data.source import Source
from aspfin.results import ResultMixin

__all__ = ["LoadedTable"]

SHOWN_ROWS = 10


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class LoadedTable(ResultMixin):
    """A table read from a file of somebody else's, with where it comes from and what was done to it.

    Attributes
    ----------
    frame : DataFrame
        Tidy rows; names of columns as its reader documents them, unknown columns under their own heading.
    source : Source
        Publisher and title; its note is the licence.
    notes : tuple of str
        What a reader of the numbers must know, one sentence each.
    dropped : mapping of str to int
        Reasons for which rows were left out, and how many.
    file : str
        Name of the file.

    Examples
    --------
    >>> table = LoadedTable(frame=pd.DataFrame({"year": [2020]}), source=Source("a", "A table"), file="a.csv")
    >>> print(table)
    a.csv: 1 row, 1 column (A table).
    """

    frame: pd.DataFrame
    source: Source
    notes: tuple[str, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    file: str = "table"

    @property
    def licence(self) -> str:
        """The terms under which the data may be used and passed on."""
        return self.source.note

    def to_frame(self) -> pd.DataFrame:
        """Return the rows as a table of the caller's own."""
        return self.frame.copy()

    def missing(self) -> pd.DataFrame:
        """Return, for every column, how many values are there and how many are missing.

        Returns
        -------
        DataFrame
            Columns column, present, missing, share_missing (missing where there is no row).
        """
        absent = self.frame.isna().sum().to_numpy()
        rows = len(self.frame)
        counted = {"column": list(self.frame.columns), "present": rows - absent, "missing": absent}
        return pd.DataFrame({**counted, "share_missing": absent / rows if rows else np.nan})

    def sentence(self) -> str:
        """Return what was read, and what must be known about it, in prose."""
        rows, columns = self.frame.shape
        shown = f"{self.file}: {_counted(rows, 'row')}, {_counted(columns, 'column')} ({self.source.title})."
        left_out = [f"{count:,} {reason}" for reason, count in self.dropped.items() if count]
        parts = [f"Left out: {'; '.join(left_out)}."] if left_out else []
        return " ".join([shown, *parts, *self.notes])

    def _repr_html_(self) -> str:
        """Show the first rows: a bulk file has hundreds of thousands."""
        shown = self.frame.head(SHOWN_ROWS).to_html(index=False, border=0)
        return f"<p>{html.escape(self.sentence())}</p>{shown}"


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
