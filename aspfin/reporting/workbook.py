"""All tables of a report in one workbook, a sheet each, at full precision and the same bytes every time."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

import pandas as pd

from aspfin.reporting.publication_files import STAMP, _full, _without_times

__all__ = ["workbook"]

LONGEST_NAME = 31  # letters of a sheet's name


def workbook(tables: Mapping[str, pd.DataFrame]) -> bytes:
    """Return an Excel file with one sheet per table; text that a spreadsheet would run is made harmless.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By name; names are cut to the 31 letters that a sheet may have.

    Raises
    ------
    ValueError
        Without a table, or where two names are the same when cut.

    Examples
    --------
    >>> book = workbook({"coverage": pd.DataFrame({"group": ["=SUM(A1)"], "estimate": [0.21]})})
    >>> book == workbook({"coverage": pd.DataFrame({"group": ["=SUM(A1)"], "estimate": [0.21]})})
    True
    """
    from openpyxl import Workbook

    names = [name[:LONGEST_NAME] for name in tables]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"tables: got names {names}; allowed: at least one, different in 31 letters")
    book = Workbook()
    book.remove(book.active)
    book.properties.creator, book.properties.created = "", STAMP
    for name, frame in zip(names, tables.values(), strict=True):
        _full(book.create_sheet(name), frame)
    file = BytesIO()
    book.save(file)
    return _without_times(file.getvalue())
