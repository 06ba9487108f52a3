"""Lists in files that know types, parquet and Stata, piece by piece: what is text stays text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.io.stata import StataMissingValue

from aspfin.data.lists_checks import odd_cells
from aspfin.data.lists_heading import named
from aspfin.data.lists_kinds import problem_table
from aspfin.data.lists_rows import Found, Piece, set_aside_table
from aspfin.results import InputError, Problem

__all__ = ["parquet_pieces", "stata_labels", "stata_pieces"]

# Beyond these whole numbers, two that differ by one are stored alike.
EXACT = {"float32": 2**24, "float64": 2**53}


def parquet_pieces(file: Path, size: int) -> Iterator[Piece]:
    """Yield a parquet file in tables of at most `size` rows; an index stored with it is a column.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        opened = pq.ParquetFile(file)
    except (pa.ArrowException, OSError) as error:
        raise InputError(Problem(file.name, "file", "a broken file", "a readable parquet file")) from error
    with opened:
        names, changed = named(opened.schema_arrow.names, 0)
        row = 1
        for block in opened.iter_batches(batch_size=size):
            yield _parquet_piece(block, names, row, changed if row == 1 else [])
            row += block.num_rows
        if row == 1:
            yield _parquet_piece(opened.schema_arrow.empty_table(), names, row, changed)


def _parquet_piece(block: Any, names: tuple[str, ...], row: int, found: Found) -> Piece:
    import pyarrow as pa

    columns = [_plain(column) for column in block.columns]
    table = pa.table(columns, names=list(names))
    # Whole numbers with missing values would otherwise become floats, and long identifiers collide.
    whole = {
        column.type: getattr(pd, f"{str(column.type).replace('ui', 'UI').replace('in', 'In')}Dtype")()
        for column in columns
        if pa.types.is_integer(column.type) and column.null_count
    }
    frame = table.to_pandas(types_mapper=whole.get)
    return _piece(frame, row, found)


def _plain(column: Any) -> Any:
    """Return a column without dictionaries, its decimals and large text as text."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_decimal(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.large_string())
    return column


def stata_pieces(file: Path, size: int) -> Iterator[Piece]:
    """Yield a Stata file in tables of at most `size` rows; an empty text is missing, as Stata has it.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    row = 1
    told = _stata(file, size)
    for frame in told:
        plain, found = _without_reasons(frame, row)
        yield _piece(plain, row, found)
        row += len(frame)


def _without_reasons(frame: pd.DataFrame, row: int) -> tuple[pd.DataFrame, Found]:
    """Return the frame with plain missing values, and where Stata's .a to .z stood."""
    found: Found = []
    for name in frame.columns:
        if frame[name].dtype != object:
            continue
        missing = frame[name].map(lambda cell: isinstance(cell, StataMissingValue)).astype(bool)
        if missing.any():
            reason = frame[name].where(missing).map(lambda cell: getattr(cell, "string", ".") != ".")
            found.append((np.flatnonzero(reason) + row, name, "missing with a reason"))
            frame = frame.assign(**{name: frame[name].mask(missing, np.nan).astype(float)})
    return frame, [one for one in found if len(one[0])]


def _stata(file: Path, size: int) -> Iterator[pd.DataFrame]:
    try:
        with pd.read_stata(file, convert_categoricals=False, convert_missing=True, chunksize=size) as reader:
            yield from reader
    except Exception as error:  # a broken file raises many kinds
        raise _broken(file, error) from error


def _broken(file: Path, error: Exception) -> Exception:
    if isinstance(error, MemoryError):
        return error
    return InputError(Problem(file.name, "file", "a broken file", "a readable .dta file"))


def stata_labels(file: Path) -> tuple[dict[str, str], dict[str, dict[Any, str]]]:
    """Return what the columns and the codes of a Stata file mean."""
    try:
        with pd.read_stata(file, iterator=True, convert_categoricals=False) as reader:
            told = reader.variable_labels()
            sets = reader.value_labels()
            # pandas tells which set of labels a column uses only in this private list; without it, sets
            # that carry the column's own name are still found.
            used = getattr(reader, "_lbllist", None) or list(told)
    except Exception as error:  # a broken file raises many kinds
        raise _broken(file, error) from error
    codes = {name: dict(sets[key]) for name, key in zip(told, used, strict=False) if key in sets}
    return {name: text for name, text in told.items() if text}, codes


def _piece(frame: pd.DataFrame, row: int, found: Found) -> Piece:
    """Return a piece of a table with types, its text checked as text is, its numbers for their length."""
    import pyarrow as pa

    numbers = np.arange(row, row + len(frame), dtype="int64")
    found = list(found)
    made = {}
    for name in frame.columns:
        values = frame[name]
        exact = EXACT.get(str(values.dtype))
        if exact:
            long = (values.abs() >= exact) & np.isfinite(values)
            found.append((numbers[long.to_numpy()], name, "number too long"))
        if pd.api.types.is_string_dtype(values.dtype) or (values.dtype == object and _texts(values)):
            text = values.astype("str")
            text = text.mask(text == "")
            arrow = pa.array(text, type=pa.large_string(), from_pandas=True)
            found.extend((numbers[places], name, kind) for kind, places in odd_cells(arrow).items())
            values = text
        made[name] = values
    table = pd.DataFrame(made, index=frame.index).reset_index(drop=True)
    nothing = table.isna().all(axis=1).to_numpy() if len(table.columns) else np.ones(len(table), dtype=bool)
    table, numbers = table[~nothing].reset_index(drop=True), numbers[~nothing]
    return Piece(table, numbers, set_aside_table([]), int(nothing.sum()), problem_table(found))


def _texts(values: pd.Series) -> bool:
    return bool(values.dropna().map(lambda value: isinstance(value, str)).all())
