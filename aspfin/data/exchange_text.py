"""Tables of text to and from .csv: every cell as it is, missing cells empty."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from aspfin.data.tabular import decoded
from aspfin.results import InputError, Problem

__all__ = ["number_texts", "read_rows", "texts", "write_rows"]


def read_rows(path: str | Path) -> tuple[list[str], pd.DataFrame]:
    """Return the heading of a UTF-8 .csv file and its cells as text, empty ones missing, by row of the file.

    Raises
    ------
    InputError
        If the file is not there, not UTF-8, not well-formed, empty, or a row has another number of cells.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(Problem(file.name, "file", str(file), "a file that exists"))
    text = decoded(file)
    first = text[: text.find("\n")] if "\n" in text else text
    separator = max(",;\t", key=first.count)
    # Strict: an open quotation mark would otherwise swallow the rows after it without a word.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for cells in reader:
            if cells:
                rows.append(cells)
                lines.append(reader.line_num)
    except csv.Error as error:
        place = f"{file.name}, row {reader.line_num}"
        raise InputError(Problem(place, "row", str(error), "well-formed CSV")) from error
    if not rows:
        raise InputError(Problem(file.name, "file", "no row with text", "a table with a heading"))
    heading = rows[0]
    for line, cells in zip(lines[1:], rows[1:], strict=True):
        if len(cells) != len(heading):
            place = f"{file.name}, row {line}"
            raise InputError(Problem(place, "row", f"{len(cells)} cells", f"{len(heading)} cells"))
    index = pd.Index(lines[1:], name="row", dtype="int64")
    columns = list(zip(*rows[1:], strict=True)) if rows[1:] else [()] * len(heading)
    made = {
        place: pd.Series([cell or None for cell in cells], index=index, dtype="str")
        for place, cells in enumerate(columns)
    }
    return heading, pd.DataFrame(made, index=index)


def write_rows(path: Path, heading: Sequence[str], columns: Sequence[pd.Series]) -> None:
    """Write columns of text under a heading, missing cells empty; lines end in a line feed."""
    cells = [column.astype(object).where(column.notna(), "").tolist() for column in columns]
    rows = [list(heading), *map(list, zip(*cells, strict=True))]
    # The csv module leaves a lone carriage return without quotation marks, and so reads it as a line end.
    lines = [",".join(map(_quoted, row)) + "\n" for row in rows]
    path.write_text("".join(lines), encoding="utf-8", newline="")


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if re.search('[",\r\n]', cell) else cell


def texts(values: pd.Series) -> pd.Series:
    """Return a column as the text that is exchanged: whole numbers without a point, missing ones missing.

    Examples
    --------
    >>> texts(pd.Series([1.0, 2.5, None])).tolist()
    ['1', '2.5', nan]
    """
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.map({True: "true", False: "false"}, na_action="ignore").astype("str")
    if pd.api.types.is_numeric_dtype(values.dtype):
        return number_texts(values)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        days = values.dt.strftime("%Y-%m-%dT%H:%M:%S")
        return days.str.removesuffix("T00:00:00").astype("str")
    text = values.astype("str")
    return text.mask(text == "")


def number_texts(values: pd.Series) -> pd.Series:
    """Return numbers as text that reads back to the same number."""
    if not pd.api.types.is_float_dtype(values.dtype):
        return values.astype("str")
    known = values.dropna()
    if not np.isfinite(known.astype("float64")).all():
        raise InputError(Problem("table", str(values.name), "infinity", "finite numbers, or missing"))
    shown = [str(int(one)) if one == int(one) and abs(one) < 2**53 else repr(float(one)) for one in known]
    return pd.Series(shown, index=known.index, dtype="str").reindex(values.index).rename(values.name)
