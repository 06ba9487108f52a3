"""Predictors of a proxy means test as columns of numbers: numbers as they are, categories as indicators."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from aspfin.indicators.columns import codes_of, find, numbers

__all__ = ["Predictor", "predictor_matrix", "predictors_of"]

Unseen = Literal["error", "missing"]


@dataclass(frozen=True)
class Predictor:
    """One predictor.

    Attributes
    ----------
    column : column
    levels : tuple or None
        Categories in natural order, the first being the reference; None for a number.
    low, high : float
        Range in the survey, of a number.
    """

    column: Hashable
    levels: tuple | None
    low: float = 0.0
    high: float = 1.0

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of its columns in the regression."""
        if self.levels is None:
            return (str(self.column),)
        return tuple(f"{self.column}[{level}]" for level in self.levels[1:])


def predictors_of(df: pd.DataFrame, names: Sequence[Hashable], rows: np.ndarray) -> tuple[Predictor, ...]:
    """Return predictors as found in some rows of a survey.

    Raises
    ------
    ValueError
        For no predictor, one named twice, gaps, or a column that never varies.
    """
    if isinstance(names, str) or not len(names):
        raise ValueError("predictors: give a list of columns, at least one")
    if len(set(names)) < len(names):
        raise ValueError("predictors: a column is named twice; name each once")
    return tuple(_predictor(find(df, name, "predictors").iloc[rows], name) for name in names)


def _predictor(values: pd.Series, name: Hashable) -> Predictor:
    gaps = int(values.isna().sum())
    if gaps:
        raise ValueError(
            f"predictors: column {name!r} is missing in {gaps:,} of {len(values):,} rows; fill them, make "
            "missing a category, or leave those rows out with design.domain(...)"
        )
    if _is_category(values):
        codes, levels = codes_of(values)
        if (codes < 0).any():
            raise ValueError(f"predictors: column {name!r} holds empty text in {int((codes < 0).sum())} rows")
        present = np.unique(codes)
        levels = tuple(levels[code] for code in present)
        if len(levels) < 2:
            raise ValueError(f"predictors: column {name!r} is {levels[0]!r} throughout; leave it out")
        return Predictor(name, levels)
    found = numbers(values, name, "predictors")
    low, high = float(found.min()), float(found.max())
    if low == high:
        raise ValueError(f"predictors: column {name!r} is {low:g} throughout; leave it out")
    return Predictor(name, None, low, high)


def _is_category(values: pd.Series) -> bool:
    if isinstance(values.dtype, pd.CategoricalDtype | pd.StringDtype):
        return True
    return values.dtype == object and any(isinstance(one, str) for one in values)


def predictor_matrix(df: pd.DataFrame, predictors: Sequence[Predictor], *, unseen: Unseen) -> np.ndarray:
    """Return the regression's columns, shape (n, terms); rows with a missing predictor are NaN.

    Parameters
    ----------
    unseen : "error" or "missing"
        What to do with categories that the test has never seen: refuse, or leave those rows NaN.

    Raises
    ------
    ValueError
        For a column not found or of another kind, or unseen categories under "error".
    """
    parts = []
    for one in predictors:
        values = find(df, one.column, "predictors")
        if one.levels is None:
            parts.append(numbers(values, one.column, "predictors")[:, None])
            continue
        place = values.astype(object).map({level: i for i, level in enumerate(one.levels)})
        codes = place.to_numpy(float, na_value=np.nan)
        new = np.isnan(codes) & values.notna().to_numpy()
        if new.any() and unseen == "error":
            found = sorted({str(level) for level in values[new]})
            raise ValueError(
                f"predictors: column {one.column!r} holds {', '.join(map(repr, found[:3]))} in "
                f"{int(new.sum()):,} rows, which the survey never had; known: "
                f"{', '.join(map(repr, one.levels[:8]))}. Recode, or leave those rows without a score by "
                "unseen='missing'"
            )
        indicators = (codes[:, None] == np.arange(1, len(one.levels))).astype(float)
        indicators[np.isnan(codes)] = np.nan
        parts.append(indicators)
    return np.hstack(parts)
