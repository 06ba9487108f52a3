"""What is odd in the cells of a column of text, found without reading the column cell by cell."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["odd_cells"]

KHMER_DIGITS = str.maketrans("០១២៣៤៥៦៧៨៩", "0123456789")
DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
DATE = r"^\s*[\d០-៩]{1,4}[-/.][\d០-៩]{1,2}[-/.][\d០-៩]{1,4}\s*$"
DATE_SAMPLE = 1_000  # a column without a date among its first values has none
# Kinds found in any text, and those only where a column has more than ASCII.
PLAIN = {
    "control characters": r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]",
    "line break": r"[\r\n]",
    "formula as text": r"^\s*(=|@[A-Za-z]|[+-][A-Za-z(])",
    "error value": r"^#(REF!|N/A|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|####*)$",
    "rounded number": r"^\s*\d([.,]\d+)?[eE]\+?\d+\s*$",
    "number ends in .0": r"^\s*\d{7,}\.0+\s*$",
}
WIDE = {
    "undecodable bytes": r"\x{FFFD}",
    "broken Khmer": r"á[žŸ]",
    "zero-width characters": r"[\x{200B}-\x{200F}\x{2060}\x{FEFF}\x{00AD}]",
    "mixed scripts": r"[A-Za-z].*[\x{1780}-\x{17FF}]|[\x{1780}-\x{17FF}].*[A-Za-z]",
}


def odd_cells(values: Any) -> dict[str, NDArray[np.int64]]:
    """Return, for each kind of oddity a column has, the places of the cells that have it.

    Parameters
    ----------
    values : pyarrow string array
        Missing cells are missing.

    Returns
    -------
    dict of str to array
        Kind (see `KINDS`): places from 0.

    Examples
    --------
    >>> import pyarrow as pa
    >>> odd_cells(pa.array(["31/02/1990", "សុខ\\u200b", "1.2E+09", "=A1", "fine", None]))
    {'formula as text': array([3]), 'rounded number': array([2]), 'zero-width characters': array([1]),
     'impossible date': array([0])}
    """
    import pyarrow.compute as pc

    kinds = dict(PLAIN)
    size = pc.sum(pc.binary_length(values)).as_py() or 0
    if size != (pc.sum(pc.utf8_length(values)).as_py() or 0):
        kinds.update(WIDE)
    found = {}
    anything = "|".join(f"(?:{pattern})" for pattern in kinds.values())
    suspects = _places(pc.match_substring_regex(values, anything))
    if suspects.size:
        few = values.take(suspects)
        for kind, pattern in kinds.items():
            places = suspects[_places(pc.match_substring_regex(few, pattern))]
            if places.size:
                found[kind] = places
    wrong = _impossible_dates(values)
    if wrong.size:
        found["impossible date"] = wrong
    return found


def _places(mask: Any) -> NDArray[np.int64]:
    return np.flatnonzero(mask.fill_null(False).to_numpy(zero_copy_only=False))


def _impossible_dates(values: Any) -> NDArray[np.int64]:
    import pyarrow as pa
    import pyarrow.compute as pc

    sample = values.drop_null()[:DATE_SAMPLE]
    if not pc.any(pc.match_substring_regex(sample, DATE)).as_py():
        return np.zeros(0, dtype="int64")
    dates = _places(pc.match_substring_regex(values, DATE))
    texts = values.take(dates)
    bad = [text for text in pc.unique(texts).to_pylist() if not _can_be_date(text)]
    return dates[_places(pc.is_in(texts, value_set=pa.array(bad, type=values.type)))]


def _can_be_date(text: str) -> bool:
    """Return whether any order of day, month and year makes a date; years of any calendar."""
    a, b, c = (int(part) for part in re.split(r"[-/.]", text.translate(KHMER_DIGITS).strip()))
    if a > 31:
        return _is_day(c, b, a)
    # A number up to 31 in front may also be a year of two digits.
    return _is_day(a, b, c) or _is_day(b, a, c) or _is_day(c, b, a)


def _is_day(day: int, month: int, year: int) -> bool:
    if not (1 <= month <= 12 and 1 <= day <= DAYS[month - 1]):
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    # Years of other calendars are judged where the calendar is known.
    return not (month == 2 and day == 29 and 1800 <= year <= 2200 and not leap)
