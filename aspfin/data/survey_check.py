"""Is a survey fit for design-based estimates? Its weights, strata, sampling units and ids."""

from __future__ import annotations

import difflib
from typing import Any

import numpy as np
import pandas as pd

from aspfin.results import Problem

__all__ = ["check"]

EXACT_FLOAT32, EXACT_FLOAT64 = 2**24, 2**53  # whole numbers above are rounded


def check(
    survey: Any,
    *,
    weights: str | None = None,
    strata: str | None = None,
    psu: str | None = None,
    household_size: str | None = None,
    household_id: str | None = None,
) -> tuple[Problem, ...]:
    """Look for what makes estimates from a survey wrong or impossible.

    Parameters
    ----------
    survey
        A `Survey`, or a data frame with one row per household.
    weights, strata, psu, household_size, household_id
        Columns; those left out are not looked at.

    Returns
    -------
    tuple of Problem
        One line each; empty where nothing was found.

    Examples
    --------
    >>> frame = pd.DataFrame({"w": [1.5, 0.0, -1.0], "hh": [1, 1, 2]})
    >>> for problem in check(frame, weights="w", household_id="hh"):
    ...     print(problem)
    survey: w: got '2 of 3 weights are zero or negative'; allowed: numbers above 0
    survey: hh: got '1 of 3 rows repeats an id, first 1'; allowed: each household once
    """
    frame: pd.DataFrame = getattr(survey, "frame", survey)
    place = getattr(survey, "file", "survey")
    problems: list[Problem] = []
    asked = {
        **{"weights": weights, "strata": strata, "psu": psu},
        **{"household_size": household_size, "household_id": household_id},
    }
    for role, name in asked.items():
        if name is None:
            continue
        if name not in frame.columns:
            problems.append(Problem(place, name, "a missing column", _known(frame, name)))
            continue
        found = [*_empty(frame[name]), *ROLES[role](frame[name])]
        problems += [Problem(place, name, told, allowed) for told, allowed in found]
    if strata in frame.columns and psu in frame.columns:
        problems += [
            Problem(place, str(strata), told, allowed) for told, allowed in _alone(frame, strata, psu)
        ]
    return tuple(problems)


def _known(frame: pd.DataFrame, name: str) -> str:
    names = [str(one) for one in frame.columns]
    close = difflib.get_close_matches(name, names, n=1)
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    hint = f"did you mean {close[0]}? " if close else ""
    return f"{hint}one of {', '.join(names[:12])}{more}"


def _of(number: int, values: pd.Series) -> str:
    return f"{number:,} of {len(values):,}"


def _empty(values: pd.Series) -> list[tuple[str, str]]:
    number = int(values.isna().sum())
    return [(f"{_of(number, values)} cells are empty", "a value in every row")] if number else []


def _is_text(values: pd.Series) -> bool:
    return not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values))


def _text(values: pd.Series) -> list[tuple[str, str]]:
    """Tell text where numbers are needed, and the remedy where the text is of numbers."""
    first = str(values.dropna().iloc[0]) if values.notna().any() else ""
    numbers = pd.to_numeric(values.dropna(), errors="coerce").notna().all()
    remedy = "numbers: turn the column into numbers with pandas.to_numeric" if numbers else "numbers"
    return [(f"text, first {first!r}", remedy)]


def _weights(values: pd.Series) -> list[tuple[str, str]]:
    if _is_text(values):
        return _text(values)
    numbers = values.dropna().to_numpy(float)
    found = []
    low = int((numbers <= 0).sum())
    if low:
        found.append((f"{_of(low, values)} weights are zero or negative", "numbers above 0"))
    endless = int(np.isinf(numbers).sum())
    if endless:
        found.append((f"{_of(endless, values)} weights are infinite", "numbers above 0"))
    return found


def _size(values: pd.Series) -> list[tuple[str, str]]:
    if _is_text(values):
        return _text(values)
    numbers = values.dropna().to_numpy(float)
    wrong = int(((numbers < 1) | (numbers != np.rint(numbers))).sum())
    return [(f"{_of(wrong, values)} are not whole numbers from 1", "members, 1 or more")] if wrong else []


def _rounded(values: pd.Series) -> list[tuple[str, str]]:
    """Tell ids kept in a kind of number that cannot hold them."""
    if not pd.api.types.is_float_dtype(values):
        return []
    numbers = values.dropna().to_numpy(float)
    limit = EXACT_FLOAT32 if str(values.dtype).lower() == "float32" else EXACT_FLOAT64
    large = int((np.abs(numbers) > limit).sum())
    if large:
        told = f"{_of(large, values)} ids are above {limit:,}, where {values.dtype} is rounded"
        return [(told, "ids as text or whole numbers; read the file again with them so")]
    parts = int((numbers != np.rint(numbers)).sum())
    return [(f"{_of(parts, values)} ids have decimals", "ids as text or whole numbers")] if parts else []


def _ids(values: pd.Series) -> list[tuple[str, str]]:
    found = _rounded(values)
    again = values.dropna().duplicated()
    if again.any():
        verb = "repeats" if again.sum() == 1 else "repeat"
        told = f"{_of(int(again.sum()), values)} rows {verb} an id, first {values.dropna()[again].iloc[0]}"
        found.append((told, "each household once"))
    return found


def _alone(frame: pd.DataFrame, strata: Any, psu: Any) -> list[tuple[str, str]]:
    """Tell strata with one sampling unit, in which nothing is known about how units differ."""
    units = frame.groupby(strata, observed=True)[psu].nunique()
    alone = units.index[units == 1]
    if not len(alone):
        return []
    verb = "stratum has" if len(alone) == 1 else "strata have"
    told = f"{len(alone):,} {verb} one sampling unit, first {alone[0]}"
    return [(told, "two or more; join it with a neighbour, or choose single_psu in SurveyDesign")]


ROLES = {
    **{"weights": _weights, "household_size": _size},
    **{"strata": _rounded, "psu": _rounded, "household_id": _ids},
}
