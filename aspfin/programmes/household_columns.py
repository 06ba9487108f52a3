"""The columns of a household frame, checked and converted once and then used by every programme."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from aspfin.programmes.eligibility import Condition, Eligibility, eligible_rows
from aspfin.programmes.rules import BenefitRule
from aspfin.results import InputError, Problem

__all__ = ["DERIVED", "HouseholdColumns"]

# What can be told from another column: somebody disabled, and births where they are counted as `birth`.
DERIVED = {"disability_household": "disability", "child_born": "birth"}
OLDEST = 120  # years; a head older than this is a slip


class HouseholdColumns:
    """A household frame with its numbers read once.

    Examples
    --------
    >>> households = HouseholdColumns(pd.DataFrame({"members": [1, 4]}))
    >>> households.count("members").tolist()
    [1.0, 4.0]
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        _refuse_broken(frame)
        self.frame = frame
        self._counts: dict[str, np.ndarray] = {}
        self._codes: dict[tuple, np.ndarray] = {}
        self._held: dict[Condition, np.ndarray] = {}
        if "members" in frame.columns and not (members := self.count("members")).all():
            row = int(np.argmin(members))
            allowed = "at least 1: a household has members"
            raise InputError(Problem(f"households, row {frame.index[row]}", "members", 0, allowed))
        if "head_age" in frame.columns:
            _refuse_ages(frame)

    def has(self, column: str) -> bool:
        """Return whether a count is a column, or can be told from one."""
        return column in self.frame.columns or DERIVED.get(column) in self.frame.columns

    def count(self, column: str) -> np.ndarray:
        """Return a column of counts as floats; raise naming the first that is negative, broken or empty."""
        if column not in self._counts:
            source = column if column in self.frame.columns else DERIVED.get(column, column)
            numbers = _numbers(self.frame, source)
            if column == "disability_household" and source == "disability":
                numbers = (numbers >= 1).astype(float)
            self._counts[column] = numbers
        return self._counts[column]

    def eligible(self, eligibility: Eligibility, programme: str) -> np.ndarray:
        """Return, per household, whether a programme is for it; each condition is looked up once."""
        if not eligibility:
            return eligible_rows(self.frame, eligibility, programme)
        held = np.zeros(len(self.frame), dtype=bool)
        for alternative in eligibility:
            every = np.ones(len(self.frame), dtype=bool)
            for condition in alternative:
                if condition not in self._held:
                    self._held[condition] = condition.holds(self.frame)
                every &= self._held[condition]
            held |= every
        return held

    def amounts(self, rules: Sequence[BenefitRule], eligible: np.ndarray) -> np.ndarray | float:
        """Return the amount per unit of each household under rules that pay for the same thing."""
        labels = {label: sorted({getattr(rule, label) for rule in rules} - {None}) for label in LABELS}
        if not any(labels.values()):
            return float(sum(_amount(rule) for rule in rules))
        shape = tuple(len(found) + 1 for found in labels.values())
        table = np.zeros(shape)
        for rule in rules:
            place = tuple(
                slice(None) if getattr(rule, label) is None else found.index(getattr(rule, label))
                for label, found in labels.items()
            )
            table[place] += _amount(rule)
        codes = [self._code(label, tuple(found), eligible) for label, found in labels.items()]
        return table.ravel()[codes[0] * shape[1] + codes[1]]

    def _code(self, label: str, allowed: tuple, eligible: np.ndarray) -> np.ndarray | int:
        """Return the place of each label among `allowed`; one more where it is another, if not eligible."""
        if not allowed:
            return 0
        key = (label, allowed)
        if key not in self._codes:
            column = self.frame[label]
            if isinstance(column.dtype, pd.CategoricalDtype):
                places = pd.Index(allowed).get_indexer(column.cat.categories)
                found = np.append(places, -1)[column.cat.codes.to_numpy()]
            else:
                found = pd.Index(allowed).get_indexer(column)
            self._codes[key] = np.where(found < 0, len(allowed), found).astype(np.int64)
        codes = self._codes[key]
        unknown = eligible & (codes == len(allowed))
        if unknown.any():
            row = int(np.argmax(unknown))
            found = self.frame[label].iloc[row]
            found = found.item() if isinstance(found, np.generic) else found
            place = f"households, row {self.frame.index[row]}"
            raise InputError(Problem(place, label, found, " | ".join(map(str, allowed))))
        return codes


LABELS = ("area", "card_level")


def _amount(rule: BenefitRule) -> float:
    if rule.amount is None:
        allowed = f"an amount of your own: none was found, its status is {rule.status}"
        raise InputError(Problem("rules", f"amount ({rule.label})", None, allowed))
    return float(rule.amount)


def _refuse_broken(frame: pd.DataFrame) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise InputError(Problem("households", "type", type(frame).__name__, "a pandas DataFrame"))
    if len(frame) == 0:
        raise InputError(Problem("households", "rows", 0, "at least one row"))
    twice = frame.columns[frame.columns.duplicated()].unique()
    if len(twice):
        raise InputError([Problem("households", str(c), "given twice", "each column once") for c in twice])
    if "households" in frame.columns:
        allowed = "one row per household; use a programme's cost for an aggregated table"
        raise InputError(Problem("households", "households", "a column", allowed))


def _refuse_ages(frame: pd.DataFrame) -> None:
    ages = _numbers(frame, "head_age")
    if (bad := ages > OLDEST).any():
        row = int(np.argmax(bad))
        allowed = f"years, 0 to {OLDEST}"
        raise InputError(
            Problem(f"households, row {frame.index[row]}", "head_age", float(ages[row]), allowed)
        )


def _numbers(frame: pd.DataFrame, column: str) -> np.ndarray:
    if column not in frame.columns:
        allowed = "a column of counts (0 where there are none)"
        raise InputError(Problem("households", column, "a missing column", allowed))
    cells = frame[column]
    if cells.dtype.kind in "biuf":
        numbers = cells.to_numpy(dtype=float)
    else:
        numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    # The smallest is enough to know: it is nan where anything is missing.
    if not numbers.min() >= 0 or numbers.max() == np.inf:
        bad = ~(np.isfinite(numbers) & (numbers >= 0))
        row = int(np.argmax(bad))
        found = cells.iloc[row]
        found = found.item() if isinstance(found, np.generic) else found
        more = f" ({int(bad.sum()):,} such rows)" if bad.sum() > 1 else ""
        place = f"households, row {frame.index[row]}"
        raise InputError(Problem(place, column, found, f"a number, 0 or more; not empty{more}"))
    return numbers
