"""Periods as DHIS2 and SDMX write them."""

from __future__ import annotations

import re
from datetime import date

from aspfin.results import InputError, Problem

__all__ = ["dhis2_period", "sdmx_period"]

WEEK = r"(?:Wed|Thu|Sat|Sun)?W(\d{1,2})"
# Kind of period: how it is written. Numbers in brackets are checked against LIMITS.
DHIS2 = {
    "month": r"\d{4}(\d{2})",
    "two months": r"\d{4}(\d{2})B",
    "day": r"\d{4}\d{2}\d{2}",
    "week": r"\d{4}" + WEEK,
    "two weeks": r"\d{4}BiW(\d{1,2})",
    "quarter": r"\d{4}(?:Nov)?Q(\d)",
    "half-year": r"\d{4}(?:April|Nov)?S(\d)",
    "year": r"\d{4}",
    "financial year": r"\d{4}(?:April|July|Sep|Oct|Nov)",
}
SDMX = {
    "year": r"\d{4}(?:-A1)?",
    "half-year": r"\d{4}-S(\d)",
    "third of a year": r"\d{4}-T(\d)",
    "quarter": r"\d{4}-Q(\d)",
    "month": r"\d{4}-M?(\d{2})",
    "week": r"\d{4}-W(\d{1,2})",
    "day of the year": r"\d{4}-D(\d{3})",
    "day": r"\d{4}-\d{2}-\d{2}",
    "moment": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?",
    "range": r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2})?/P(?=.)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?",
}
LIMITS = {
    "month": 12,
    "two months": 6,
    "week": 53,
    "two weeks": 27,
    "quarter": 4,
    "half-year": 2,
    "third of a year": 3,
    "day of the year": 366,
}


def dhis2_period(text: str, place: str = "period") -> str:
    """Return the kind of a DHIS2 period: 202401 is a month, 2024Q1 a quarter, 2024 a year, 2024W3 a week.

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> dhis2_period("2024Q1"), dhis2_period("2024BiW3")
    ('quarter', 'two weeks')
    >>> dhis2_period("202413")
    Traceback (most recent call last):
    aspfin.results.InputError: table: period: got '202413'; allowed: a period such as 2024, 2024Q1, ...
    """
    return _kind(text, DHIS2, place, "a period such as 2024, 2024Q1, 202401, 2024W3 or 20240131")


def sdmx_period(text: str, place: str = "TIME_PERIOD") -> str:
    """Return the kind of an SDMX period: 2024-01 is a month, 2024-Q1 a quarter, 2024 a year.

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> sdmx_period("2024-M01"), sdmx_period("2024-01-01/P1Y")
    ('month', 'range')
    """
    return _kind(text, SDMX, place, "a period such as 2024, 2024-Q1, 2024-01 or 2024-01-31")


def _kind(text: str, grammar: dict[str, str], place: str, allowed: str) -> str:
    for kind, pattern in grammar.items():
        match = re.fullmatch(pattern, text, flags=re.ASCII)
        if not match:
            continue
        number = int(match.group(1)) if match.groups() else 1
        if 1 <= number <= LIMITS.get(kind, number) and _is_day(text, kind):
            return kind
    file, _, field = place.rpartition(": ")
    raise InputError(Problem(file or "table", field, text, allowed))


def _is_day(text: str, kind: str) -> bool:
    if kind not in ("day", "moment", "range"):
        return True
    digits = text[:10].replace("-", "")[:8]
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True
