"""Reading single columns of a caller's frame: found by name, cast safely, refused in one clear line."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from difflib import get_close_matches

import numpy as np
import pandas as pd

__all__ = ["category_codes", "column", "is_categorical", "names_of", "to_binary", "to_number"]


def names_of(value: object) -> tuple[Hashable, ...]:
    """Return one column name or several as a tuple.

    Examples
    --------
    >>> names_of("age"), names_of(["age", "sex"]), names_of(None)
    (('age',), ('age', 'sex'), ())
    """
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Iterable):
        return (value,)
    return tuple(value)


def column(df: pd.DataFrame, name: Hashable, role: str) -> pd.Series:
    """Return the column `name`, which the caller gave as `role`.

    Raises
    ------
    ValueError
        If there is no such column, or more than one.
    """
    if not isinstance(df, pd.DataFrame):
        raise ValueError(f"df: got {type(df).__name__}; give a pandas DataFrame")
    if name not in df.columns:
        close = get_close_matches(str(name), [str(one) for one in df.columns], n=1, cutoff=0.6)
        hint = f"did you mean {close[0]!r}?" if close else "columns are " + _listed(df.columns)
        raise ValueError(f"{role}: there is no column {name!r}; {hint}")
    found = df[name]
    if isinstance(found, pd.DataFrame):
        raise ValueError(f"{role}: {found.shape[1]} columns are called {name!r}; rename them apart")
    return found


def _listed(names: Iterable[object]) -> str:
    words = [repr(one) for one in names]
    return ", ".join(words[:8]) + (f" and {len(words) - 8} more" if len(words) > 8 else "")


def to_number(values: pd.Series, name: Hashable, role: str) -> np.ndarray:
    """Return a column as float64, missing as NaN; integers of any width, booleans, categories of numbers.

    Raises
    ------
    ValueError
        If it holds text, dates or infinite values.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    try:
        if pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_timedelta64_dtype(values):
            raise TypeError
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        if values.dtype == object or isinstance(values.dtype, pd.StringDtype):
            text = next((one for one in values if isinstance(one, str)), None)
            if text is not None:
                raise TypeError
    except (TypeError, ValueError):
        example = next((one for one in values if isinstance(one, str)), values.dtype)
        raise ValueError(
            f"{role}: column {name!r} is not numeric (it holds {str(example)[:40]!r}); recode it to numbers"
        ) from None
    if np.isinf(numbers).any():
        raise ValueError(
            f"{role}: column {name!r} holds infinite values; replace them by numbers or leave them missing"
        )
    return numbers


def to_binary(values: pd.Series, name: Hashable, role: str) -> np.ndarray:
    """Return a column of 0 and 1 (or False and True) as float64, missing as NaN.

    Raises
    ------
    ValueError
        If it holds any other value.
    """
    numbers = to_number(values, name, role)
    present = numbers[~np.isnan(numbers)]
    other = np.unique(present[(present != 0) & (present != 1)])
    if other.size:
        found = ", ".join(f"{one:g}" for one in other[:3])
        raise ValueError(f"{role}: column {name!r} must be 0 or 1, and holds {found}; recode it to 0 and 1")
    return numbers


def is_categorical(values: pd.Series) -> bool:
    """Tell whether a column is a category or text and so enters as one indicator per level."""
    if isinstance(values.dtype, pd.CategoricalDtype | pd.StringDtype):
        return True
    return values.dtype == object and any(isinstance(one, str) for one in values)


def category_codes(values: pd.Series) -> tuple[np.ndarray, list[object]]:
    """Return codes 0, 1, … and the sorted levels of a column; −1 where missing or empty text.

    Levels are sorted by value (as text where they do not compare), so codes never depend on row order.

    Examples
    --------
    >>> codes, levels = category_codes(pd.Series(["b", "a", None, "b"]))
    >>> codes.tolist(), levels
    ([1, 0, -1, 1], ['a', 'b'])
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    codes, levels = pd.factorize(values)
    levels = list(levels)
    try:
        order = sorted(range(len(levels)), key=lambda i: levels[i])
    except TypeError:
        order = sorted(range(len(levels)), key=lambda i: (type(levels[i]).__name__, str(levels[i])))
    order = [i for i in order if not (isinstance(levels[i], str) and not levels[i].strip())]
    place = np.full(len(levels) + 1, -1)
    place[order] = np.arange(len(order))
    return place[codes], [levels[i] for i in order]
