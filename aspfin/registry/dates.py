"""Dates as offices write them: Khmer figures and months, Buddhist years, a year only, 31/02.

Each distinct text is read once. What cannot be a day keeps the year where one can be told; nothing is
guessed in silence: every date not read exactly as its list says has a word for what was done.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from aspfin.registry.khmer import distinct_values, normalise

__all__ = ["KINDS", "MONTHS_KM", "parse_dates"]

Order = Literal["dmy", "mdy", "ymd"]
Calendar = Literal["gregorian", "buddhist"]

MONTHS_KM = ("មករា", "កុម្ភៈ", "មីនា", "មេសា", "ឧសភា", "មិថុនា", "កក្កដា", "សីហា", "កញ្ញា", "តុលា", "វិច្ឆិកា", "ធ្នូ")
_MONTHS_EN = (
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
)
# Spellings met beside the usual ones.
_VARIANTS = {"កុម្ភះ": 2, "កុម្ភ": 2, "មិនា": 3, "មិថុនា": 6, "សិហា": 8, "វិច្ឆកា": 11, "ធ្នូរ": 12, "sept": 9}
# The lunar calendar: the day cannot be told without tables, the year can.
_LUNAR = (
    *("មិគសិរ", "បុស្ស", "មាឃ", "ផល្គុន", "ចេត្រ", "ពិសាខ", "ជេស្ឋ"),
    *("អាសាឍ", "ស្រាពណ៍", "ភទ្របទ", "អស្សុជ", "កត្តិក", "កើត", "រោច"),
)
MONTHS = {
    **{normalise(name): number for number, name in enumerate(MONTHS_KM, 1)},
    **{name: number for number, name in enumerate(_MONTHS_EN, 1)},
    **{name[:3]: number for number, name in enumerate(_MONTHS_EN, 1)},
    **{normalise(name): number for name, number in _VARIANTS.items()},
}
_WORDS = re.compile("|".join(map(normalise, ("ថ្ងៃទី", "ថ្ងៃ", "ខែ", "ឆ្នាំ", "គ.ស.?", "ទី"))))
_BUDDHIST = re.compile(normalise("ព.ស") + r"\.?|\bb\.?e\.?\b")
_CLOCK = re.compile(r"[t ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(am|pm|z|[+-]\d{2}:?\d{2})?$")
_PARTS = re.compile(r"\d+|[^\W\d_]+[^\d\s/.,\-]*")
_EPOCH = dt.date(1899, 12, 30)  # day 0 of spreadsheets, as it works for every day after February 1900
_FIRST, _LAST = 1900, 2100
_BUDDHIST_YEARS = range(_FIRST + 543, _LAST + 544)

# What may be said of a date, and what is kept of it.
KINDS = {
    "other order": "day, month and year in another order than stated, told by the numbers: kept",
    "other calendar": "a year that can only be of the other calendar: converted",
    "spreadsheet number": "a day counted from 1900: converted",
    "two-digit year": "the century told by the day the list was taken: kept",
    "impossible day": "no such day, as 31/02: the year kept",
    "lunar date": "a date of the lunar calendar: the year kept",
    "in the future": "after the day the list was taken: missing",
    "year out of range": "a year before 1900 or after 2100: missing",
    "not a date": "nothing that can be read as a date: missing",
}


class Read(NamedTuple):
    """One date read: the day where known, year, month, precision and what was done."""

    day: dt.date | None = None
    year: int | None = None
    month: int | None = None
    precision: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class _Rule:
    order: Order
    buddhist: bool
    offset: int
    taken_on: dt.date | None

    def years(self, year: int, buddhist: bool) -> tuple[int, str | None]:
        """Return the Gregorian year, and the kind of reading where it was not the list's calendar."""
        if buddhist:
            if _FIRST <= year <= _LAST:
                return year, "other calendar"
            return year - self.offset, None
        if year in _BUDDHIST_YEARS:
            return year - self.offset, "other calendar"
        return year, None

    def century(self, year: int) -> int:
        newest = self.taken_on.year if self.taken_on else _LAST - 50
        return next(start + year for start in (2000, 1900) if start + year <= newest)


def _whole(year: int, month: int, day: int, kind: str | None) -> Read:
    try:
        return Read(dt.date(year, month, day), year, month, "day", kind)
    except ValueError:
        return Read(None, year, None, "year", "impossible day")


def _number(digits: str, rule: _Rule) -> Read | tuple[int, int, int] | int:
    """Read a bare number: a year, a compact date (year, month, day in figures), or a spreadsheet's day."""
    if len(digits) == 8:
        if rule.order == "ymd":
            return int(digits[:4]), int(digits[4:6]), int(digits[6:])
        first, second, year = int(digits[:2]), int(digits[2:4]), int(digits[4:])
        return (year, second, first) if rule.order == "dmy" else (year, first, second)
    value = int(digits)
    if len(digits) == 4:
        return value
    if len(digits) == 5:
        day = _EPOCH + dt.timedelta(days=value)
        return Read(day, day.year, day.month, "day", "spreadsheet number")
    return Read(kind="not a date")


def _figures(parts: list[int | str], rule: _Rule) -> tuple[int, int | None, int | None, str | None] | None:
    """Return year, month, day as written (the last two may be missing) and kind; None where it is no date."""
    named = [part for part in parts if isinstance(part, str)]
    if named:
        month = MONTHS.get(named[0])
        figures = [part for part in parts if not isinstance(part, str)]
        if month is None or len(named) > 1 or not 1 <= len(figures) <= 2:
            return None
        if len(figures) == 1:
            return (figures[0], month, None, None) if figures[0] > 99 else None
        day, year = figures if figures[0] <= 31 and figures[0] != 0 else figures[::-1]
        return year, month, day, None
    if len(parts) == 2:
        month, year = parts if parts[1] > 99 else parts[::-1]
        return (year, month, None, None) if year > 99 and 1 <= month <= 12 else None
    if len(parts) != 3:
        return None
    first, second, third = parts
    if first > 99:
        return first, second, third, None if rule.order == "ymd" else "other order"
    if rule.order == "ymd" and third <= 99:
        return first, second, third, None
    day, month = (second, first) if rule.order == "mdy" else (first, second)
    if month > 12 and 1 <= day <= 12:
        return third, day, month, "other order"
    return third, month, day, None if rule.order != "ymd" else "other order"


def _read_text(text: str, rule: _Rule) -> Read:
    text = normalise(text).casefold()
    buddhist = rule.buddhist or bool(_BUDDHIST.search(text))
    text = _CLOCK.sub("", _WORDS.sub(" ", _BUDDHIST.sub(" ", text))).strip()
    if text.endswith(".0") and text[:-2].isdigit():  # a number that went through a spreadsheet
        text = text[:-2]
    lunar = any(word in text for word in _LUNAR_WORDS)
    if lunar:
        years = [int(one) for one in re.findall(r"\d{4}", text)]
        found = (years[-1], None, None, "lunar date") if years else None
    elif text.isascii() and text.isdigit():
        number = _number(text, rule)
        if isinstance(number, Read):
            return number
        found = (number, None, None, None) if isinstance(number, int) else (*number, None)
    else:
        parts = [int(one) if one.isdigit() else one for one in _PARTS.findall(text)]
        found = _figures(parts, rule)
    return Read(kind="not a date") if found is None else _dated(*found, rule, buddhist)


_LUNAR_WORDS = tuple(map(normalise, _LUNAR))


def _dated(
    year: int, month: int | None, day: int | None, kind: str | None, rule: _Rule, buddhist: bool
) -> Read:
    if year <= 99:
        if buddhist:
            return Read(kind="not a date")
        year, kind = rule.century(year), "two-digit year"
    else:
        year, other = rule.years(year, buddhist)
        kind = kind or other
    if not _FIRST <= year <= _LAST:
        return Read(kind="year out of range")
    if month == 0 and day == 0:
        return Read(None, year, None, "year", kind)  # 00/00/1985 is how some forms write a year only
    if day is not None and month is not None:
        return _whole(year, month, day, kind)
    return Read(None, year, month, "year" if month is None else "month", kind)


def _read(value: Any, rule: _Rule) -> Read:
    if isinstance(value, (pd.Timestamp, dt.datetime)):
        value = value.date()
    if isinstance(value, dt.date):
        found = _dated(value.year, value.month, value.day, None, rule, rule.buddhist)
    elif isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        found = _read_text(str(int(value)), rule) if float(value).is_integer() else _serial(float(value))
    else:
        found = _read_text(str(value), rule)
    limit = rule.taken_on
    if limit and ((found.day and found.day > limit) or (found.year and found.year > limit.year)):
        return Read(kind="in the future")
    return found


def _serial(value: float) -> Read:
    """Read a spreadsheet's day with its time."""
    if not 10_000 <= value < 100_000:
        return Read(kind="not a date")
    day = _EPOCH + dt.timedelta(days=int(value))
    return Read(day, day.year, day.month, "day", "spreadsheet number")


def parse_dates(
    values: pd.Series,
    *,
    order: Order = "dmy",
    calendar: Calendar = "gregorian",
    offset: int = 544,
    taken_on: dt.date | None = None,
) -> pd.DataFrame:
    """Read dates in whatever form they were written.

    Parameters
    ----------
    values : Series
        Text, numbers or dates. Khmer digits, Khmer and English month names, any separator, 19900403, a year
        only, month and year, spreadsheet numbers and times of day behind the date are understood.
    order : {"dmy", "mdy", "ymd"}
        Order of day, month and year in figures. Another order is accepted only where the numbers leave no
        doubt (1990-04-03, or a month above 12), and told.
    calendar : {"gregorian", "buddhist"}
        Calendar of the years. A year that can only be of the other one is converted, and told.
    offset : int
        Buddhist minus Gregorian years: 543 as in Thailand; 544 as Cambodian offices write from the new
        year of the Buddhist era (Visak Bochea, in May) on, 543 before it.
    taken_on : date or None
        Day the list was taken: nothing after it is believed, and two-digit years fall before it.

    Returns
    -------
    DataFrame
        On the index of `values`: date (the day, only where it is known), year (Int16), month (Int8),
        precision ("day", "month", "year" or missing) and kind: missing where all went as stated, else a
        key of `KINDS`.

    Raises
    ------
    ValueError
        An unknown order or calendar, or an offset other than 543 or 544.

    Examples
    --------
    >>> texts = pd.Series(["03/04/1990", "១៧ ឧសភា ២៥០៦", "1985", "31/02/1990", "?"])
    >>> read = parse_dates(texts)
    >>> read.date.dt.strftime("%Y-%m-%d").tolist()
    ['1990-04-03', '1962-05-17', nan, nan, nan]
    >>> read.year.tolist(), read.kind.tolist()
    ([1990, 1962, 1985, 1990, <NA>], [nan, 'other calendar', nan, 'impossible day', 'not a date'])
    """
    for name, value, allowed in (
        ("order", order, ("dmy", "mdy", "ymd")),
        ("calendar", calendar, ("gregorian", "buddhist")),
        ("offset", offset, (543, 544)),
    ):
        if value not in allowed:
            raise ValueError(f"{name}: got {value!r}; allowed: {', '.join(map(repr, allowed))}")
    rule = _Rule(order, calendar == "buddhist", offset, taken_on)
    codes, distinct = distinct_values(values)
    read = [*(_read(value, rule) for value in distinct), Read()]
    table = pd.DataFrame(read, columns=Read._fields)
    days = pd.Series(np.array([one.day for one in read], dtype="datetime64[s]"))
    found = {
        "date": days,
        "year": table["year"].astype("Int16"),
        "month": table["month"].astype("Int8"),
        "precision": table["precision"].astype("str"),
        "kind": table["kind"].astype("str"),
    }
    return pd.DataFrame(found).take(codes % len(read)).set_axis(values.index, axis=0)
