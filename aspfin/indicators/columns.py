"""Reading single columns of a survey frame: found by name, cast safely, refused in one clear line."""

from __future__ import annotations

import re
from collections.abc import Hashable
from difflib import get_close_matches
from numbers import Number

import numpy as np
import pandas as pd

__all__ = ["codes_of", "find", "natural_key", "numbers"]

_PLAIN = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*", re.IGNORECASE)
_THOUSANDS = re.compile(r"\s*[-+]?\d{1,3}(,\d{3})+(\.\d+)?\s*")


def find(df: pd.DataFrame, name: Hashable, role: str) -> pd.Series:
    """Return the column `name`, which the caller gave as `role`.

    Raises
    ------
    ValueError
        If there is no such column, or more than one, or what was given is no name.
    """
    if not isinstance(name, Hashable):
        raise ValueError(f"{role}: got {type(name).__name__}; allowed: the name of one column")
    if name not in df.columns:
        close = get_close_matches(str(name), [str(one) for one in df.columns], n=1, cutoff=0.6)
        shown = ", ".join(repr(one) for one in df.columns[:8]) + (", …" if len(df.columns) > 8 else "")
        hint = f"did you mean {close[0]!r}?" if close else f"columns are {shown}"
        raise ValueError(f"{role}: there is no column {name!r}; {hint}")
    found = df[name]
    if isinstance(found, pd.DataFrame):
        raise ValueError(f"{role}: {found.shape[1]} columns are called {name!r}; rename them apart")
    return found


def numbers(values: pd.Series, name: Hashable, role: str) -> np.ndarray:
    """Return a column as float64, missing as NaN.

    Raises
    ------
    ValueError
        If it holds text, dates or infinite values; text that is numbers is told with the remedy.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    if values.dtype == object or isinstance(values.dtype, pd.StringDtype):
        told = _text(values.to_numpy(dtype=object), name)
        if told:
            raise ValueError(f"{role}: column {name!r} {told}")
    try:
        if values.dtype.kind in "mMc":
            raise TypeError
        found = values.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise ValueError(
            f"{role}: column {name!r} is not numeric ({values.dtype}); recode it to numbers"
        ) from None
    if np.isinf(found).any():
        raise ValueError(
            f"{role}: column {name!r} holds infinite values; replace them by numbers or leave them missing"
        )
    return found


def _text(values: np.ndarray, name: Hashable) -> str:
    """Return what text stands where, and a remedy that works; nothing where there is none."""
    texts = [(row, one) for row, one in enumerate(values, start=1) if isinstance(one, str)]
    if not texts:
        return ""
    bad = [(row, one) for row, one in texts if not (_PLAIN.fullmatch(one) or _THOUSANDS.fullmatch(one))]
    if not bad:
        commas = any("," in one for _, one in texts)
        cleaned = f"df[{name!r}].astype(object).replace(',', '', regex=True)" if commas else f"df[{name!r}]"
        remedy = f"convert them with df[{name!r}] = pd.to_numeric({cleaned})"
        return f"holds text such as {texts[0][1][:40]!r}; {remedy}"
    row, first = bad[0]
    if len(bad) == len(texts) and not any(isinstance(one, Number) and one == one for one in values):
        return f"holds text such as {first[:40]!r}; recode it to numbers"
    more = f" and in {len(bad) - 1:,} more" if len(bad) > 1 else ""
    return (
        f"holds text, {first[:40]!r}, in row {row:,} of {len(values):,}{more}; put a number there, then "
        f"df[{name!r}] = pd.to_numeric(df[{name!r}])"
    )


def natural_key(value: object) -> tuple:
    """Return a sort key that puts numbers by size and text with the numbers in it by size.

    Examples
    --------
    >>> sorted(["q10", "q2", 3, 1.5], key=natural_key)
    [1.5, 3, 'q2', 'q10']
    """
    if isinstance(value, bool | int | float | np.number | np.bool_):
        return (0, float(value))
    if not isinstance(value, str):
        return (1, (type(value).__name__, 0.0, str(value)))
    # Odd parts are digits; each part compares as (kind, number, text), so that kinds never mix.
    parts = re.split(r"(\d+)", value)
    return (2, *(("", float(one), "") if i % 2 else ("", -1.0, one) for i, one in enumerate(parts)), value)


def codes_of(values: pd.Series) -> tuple[np.ndarray, list]:
    """Return codes 0, 1, … (−1 where missing or empty text) and the levels, sorted naturally.

    Categories keep their own order. Whole numbers stored as decimals become whole again.

    Examples
    --------
    >>> codes, levels = codes_of(pd.Series([2.0, 1.0, None, 2.0]))
    >>> codes.tolist(), levels
    ([1, 0, -1, 1], [1, 2])
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes = values.cat.codes.to_numpy().astype(np.intp)
        return codes, [_plain(one) for one in values.cat.categories]
    codes, found = pd.factorize(values)
    levels = [_plain(one) for one in found]
    keep = [i for i, one in enumerate(levels) if not (isinstance(one, str) and not one.strip())]
    keep.sort(key=lambda i: natural_key(levels[i]))
    place = np.full(len(levels) + 1, -1, dtype=np.intp)  # the last entry serves code −1
    place[keep] = np.arange(len(keep))
    return place[codes], [levels[i] for i in keep]


def _plain(value: object) -> object:
    value = value.item() if isinstance(value, np.generic) else value
    return int(value) if isinstance(value, float) and value.is_integer() else value
