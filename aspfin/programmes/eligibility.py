"""Who a programme is for, as typed conditions on columns of a household frame; nothing is evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aspfin.results import InputError, Problem

__all__ = ["Condition", "Eligibility", "eligibility_in_words", "eligible_rows"]


@dataclass(frozen=True)
class Condition:
    """What one column must be: one of some labels, or a number between two ends.

    Attributes
    ----------
    column
        Column of the household frame.
    any_of
        Labels or levels, one of which the column must be; empty where ends are given.
    at_least, at_most
        Ends of the number, included; None where open.

    Examples
    --------
    >>> Condition("pregnant", at_least=1).holds(pd.DataFrame({"pregnant": [0, 2]})).tolist()
    [False, True]
    >>> print(Condition("card_level", any_of=(1, 2)))
    card_level 1 or 2
    """

    column: str
    any_of: tuple[str | int, ...] = ()
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, frame: pd.DataFrame) -> np.ndarray:
        """Return, per row, whether the condition holds; raise where the column is absent or has gaps."""
        column = _column(frame, self.column)
        if self.any_of:
            _refuse_gaps(frame, column, self.any_of)
            if isinstance(column.dtype, pd.CategoricalDtype):
                return column.cat.categories.isin(list(self.any_of))[column.cat.codes.to_numpy()]
            return column.isin(list(self.any_of)).to_numpy()
        numbers = _numbers(frame, column)
        held = np.ones(len(frame), dtype=bool)
        if self.at_least is not None:
            held &= numbers >= self.at_least
        if self.at_most is not None:
            held &= numbers <= self.at_most
        return held

    def __str__(self) -> str:
        if self.any_of:
            return f"{self.column} {' or '.join(map(str, self.any_of))}"
        ends = (("at least", self.at_least), ("at most", self.at_most))
        return f"{self.column} " + " and ".join(f"{word} {end:g}" for word, end in ends if end is not None)


# Alternatives, in each of which every condition must hold; empty where it cannot be told from columns.
Eligibility = tuple[tuple[Condition, ...], ...]


def eligible_rows(frame: pd.DataFrame, eligibility: Eligibility, programme: str = "programme") -> np.ndarray:
    """Return, per household, whether one of the alternatives holds.

    Parameters
    ----------
    frame
        One row per household.
    eligibility
        The alternatives of a programme.
    programme
        Name used in errors.

    Returns
    -------
    ndarray
        Booleans, shape (rows,).

    Raises
    ------
    InputError
        Where the programme has no conditions on columns; for a missing column or empty cells.

    Examples
    --------
    >>> poor = (Condition("card_level", any_of=(1, 2)),)
    >>> near = (Condition("at_risk", at_least=1), Condition("disability", at_least=1))
    >>> households = pd.DataFrame({"card_level": [1, 0, 0], "at_risk": [0, 1, 1], "disability": [0, 0, 1]})
    >>> eligible_rows(households, (poor, near)).tolist()
    [True, False, True]
    """
    if not eligibility:
        allowed = "a mask of your own: who is eligible cannot be told from the columns of a household frame"
        raise InputError(Problem(f"programme {programme}", "eligible", None, allowed))
    held = np.zeros(len(frame), dtype=bool)
    for alternative in eligibility:
        every = np.ones(len(frame), dtype=bool)
        for condition in alternative:
            every &= condition.holds(frame)
        held |= every
    return held


def eligibility_in_words(eligibility: Eligibility) -> str:
    """Return the conditions as text; "" where there are none.

    Examples
    --------
    >>> eligibility_in_words(((Condition("area", any_of=("rural",)), Condition("pregnant", at_least=1)),))
    'area rural, pregnant at least 1'
    """
    return "; or ".join(", ".join(map(str, alternative)) for alternative in eligibility)


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name in frame.columns:
        return frame[name]
    if name == "disability_household" and "disability" in frame.columns:
        return (frame["disability"] >= 1).rename(name)
    allowed = "a column of the household frame: eligibility is told from it"
    raise InputError(Problem("households", name, "a missing column", allowed))


def _refuse_gaps(frame: pd.DataFrame, column: pd.Series, labels: tuple[str | int, ...]) -> None:
    """Refuse an empty label: nobody knows whether that household is eligible."""
    if (gaps := column.isna().to_numpy()).any():
        place = f"households, row {frame.index[int(np.argmax(gaps))]}"
        allowed = f"a label such as {' or '.join(map(str, labels))}; not empty"
        raise InputError(Problem(place, str(column.name), "nothing", allowed))


def _numbers(frame: pd.DataFrame, column: pd.Series) -> np.ndarray:
    numbers = column.to_numpy() if column.dtype.kind in "biuf" else _converted(column)
    if numbers.dtype.kind == "f" and (bad := ~np.isfinite(numbers)).any():
        row = int(np.argmax(bad))
        found: Any = column.iloc[row]
        place = f"households, row {frame.index[row]}"
        raise InputError(Problem(place, str(column.name), found, "a number; not empty"))
    return numbers


def _converted(column: pd.Series) -> np.ndarray:
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
