"""Cells of a workbook: how a value is written so that it stays what it is, and how a typed cell is meant."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from aspfin.results import InputError, Problem

__all__ = [
    "FIELDS",
    "HEADING_ROWS",
    "KINDS",
    "TEMPLATE",
    "Bad",
    "cell_of",
    "content",
    "read_cell",
    "series_of",
]

TEMPLATE = "aspfin list 1"  # version of the template; no other is read
HEADING_ROWS = 2
FIELDS = ("template", "title", "issued", "rows")
KINDS = ("text", "whole number", "number", "date", "moment", "yes or no")
LONGEST = 32_767  # characters in a cell
DIGITS = 10**15  # a spreadsheet keeps 15 digits of a whole number
FIRST_DAY = date(1900, 3, 1)  # before it spreadsheet programs count days differently
UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # spreadsheet programs read _x0041_ as A
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Bad:
    """Why a cell is not what its column holds: what was found, in words, and what is allowed."""

    found: str
    allowed: str


def cell_of(sheet: Any, value: Any, *, free: bool = False) -> Any:
    """Return a cell for a write-only sheet, of a value as `content` returns it; nothing in it calculates.

    Parameters
    ----------
    sheet
        It goes to.
    value
        Missing as None.
    free
        Whether the cell may be changed on a locked sheet.
    """
    if value is None and not free:
        return None
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Protection

    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(cell.value, str):
        cell.data_type = "s"  # a text such as =1+1 is a text, here and after the cell is edited
        cell.quotePrefix = cell.value[:1] in ("=", "+", "-", "@", "\t")
    elif isinstance(cell.value, datetime):
        cell.number_format = "yyyy-mm-dd"
    if free:
        cell.protection = Protection(locked=False)
    return cell


def content(value: Any, kind: str, where: str, name: str) -> Any:
    """Return a value as a cell holds it; an empty text is missing.

    Parameters
    ----------
    value
        Missing as None.
    kind
        One of `KINDS`.
    where, name
        For messages: the row, and the column.

    Raises
    ------
    InputError
        If no cell can hold the value.

    Examples
    --------
    >>> content("_x0041_", "text", "row 1", "note")
    '_x005F_x0041_'
    """
    if value is None or value == "":
        return None
    if kind == "text":
        if UNWRITABLE.search(value) or len(value) > LONGEST:
            allowed = f"text without control characters, of at most {LONGEST:,} characters"
            raise InputError(Problem(where, name, "a text no cell can hold", allowed))
        return ESCAPE.sub("_x005F_", value)
    if kind == "whole number":
        if abs(value) >= DIGITS:
            found, allowed = "a number of more than 15 digits", "at most 15: make the column text"
            raise InputError(Problem(where, name, found, allowed))
        return int(value)
    if kind == "number":
        if not math.isfinite(float(f"{value:.16g}")):  # as the cell will hold it
            raise InputError(Problem(where, name, "infinity", "a finite number, or missing"))
        return float(value)
    if kind == "date":
        day = date(value.year, value.month, value.day)
        return datetime(day.year, day.month, day.day) if day >= FIRST_DAY else day.isoformat()
    return value.isoformat() if kind == "moment" else bool(value)


def read_cell(value: Any, kind: str, decimal: str) -> Any:
    """Return what a cell means in a column of this kind: a value, None where it is empty, or `Bad`.

    Examples
    --------
    >>> read_cell("1 234,5", "number", ","), read_cell("1,234.5", "number", ".")
    (1234.5, 1234.5)
    >>> read_cell("31/02/2024", "date", ".")
    Bad(found='no date', allowed='a date such as 2024-01-31')
    """
    if value is None or (isinstance(value, str) and not value.strip() and (kind != "text" or not value)):
        return None
    return READERS[kind](value, decimal)


def _text(value: Any, decimal: str) -> str:
    if isinstance(value, str):
        return re.sub("_x005F_(?=x[0-9A-Fa-f]{4}_)", "_", value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).removesuffix(" 00:00:00")


def _number(value: Any, decimal: str) -> float | int | Bad:
    if isinstance(value, bool | date):
        return Bad("no number", "a number, or an empty cell")
    if isinstance(value, int | float):
        return value
    mark = "," if decimal == "." else "."
    # Thousands are set apart by the other mark, by spaces or by an apostrophe, in threes.
    whole = rf"[+-]?(?:\d+|\d{{1,3}}(?:[{mark}'\u00a0\u202f ]\d{{3}})+)"
    text = value.strip()
    if not re.fullmatch(rf"{whole}(?:[{decimal}]\d+)?(?:[eE][+-]?\d+)?", text, flags=re.ASCII):
        return Bad("no number", f"a number with decimal mark {decimal!r}, or an empty cell")
    bare = re.sub(rf"[{mark}'\u00a0\u202f ]", "", text).replace(decimal, ".")
    number = float(bare)
    if not math.isfinite(number):
        return Bad("no finite number", "a number, or an empty cell")
    return int(bare) if re.fullmatch(r"[+-]?\d+", bare) else number


def _whole(value: Any, decimal: str) -> int | Bad:
    number = _number(value, decimal)
    if isinstance(number, Bad):
        return number
    if number != int(number) or abs(number) >= 2**63:
        return Bad("no whole number", "a whole number, or an empty cell")
    return int(number)


def _decimal(value: Any, decimal: str) -> float | Bad:
    number = _number(value, decimal)
    return number if isinstance(number, Bad) else float(number)


def _date(value: Any, decimal: str) -> Any:
    found = Bad("no date", "a date such as 2024-01-31")
    if isinstance(value, datetime):
        return pd.Timestamp(value) if value == datetime(value.year, value.month, value.day) else found
    if isinstance(value, date):
        return pd.Timestamp(value)
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip(), flags=re.ASCII):
        return found
    try:
        return pd.Timestamp(date.fromisoformat(value.strip()))
    except ValueError:
        return found


def _moment(value: Any, decimal: str) -> Any:
    found = Bad("no moment", "a moment such as 2024-01-31T08:30:00")
    if isinstance(value, datetime):
        return pd.Timestamp(value)
    pattern = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?"
    if not isinstance(value, str) or not re.fullmatch(pattern, value.strip(), flags=re.ASCII):
        return found
    try:
        return pd.Timestamp(value.strip())
    except ValueError:
        return found


def _flag(value: Any, decimal: str) -> bool | Bad:
    word = WORDS.get(str(value).strip().casefold())
    return Bad("neither yes nor no", "yes | no | true | false, or an empty cell") if word is None else word


READERS = {
    "text": _text,
    "whole number": _whole,
    "number": _decimal,
    "date": _date,
    "moment": _moment,
    "yes or no": _flag,
}


def series_of(values: Sequence[Any], kind: str) -> pd.Series:
    """Return a column of one kind; missing values are missing."""
    missing = any(value is None for value in values)
    if kind == "text":
        return pd.Series(list(values), dtype="str")
    if kind in ("date", "moment"):
        return pd.to_datetime(pd.Series(list(values), dtype="object"))
    dtypes = {"whole number": ("int64", "Int64"), "yes or no": ("bool", "boolean")}
    return pd.Series(list(values), dtype=dtypes.get(kind, ("float64", "float64"))[missing])
