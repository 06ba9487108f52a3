"""A caseload checked against the rules it is paid by, grouped by the areas and levels they tell apart.

In an aggregated caseload the column `households` counts, and members and categories are totals; a frame of
households has one row each. Either is refused rather than guessed at: a misspelt category
would be paid nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aspfin.programmes.rules import CATEGORIES, BenefitRule
from aspfin.results import InputError, Problem

__all__ = ["Cells", "group_caseload"]

# Columns of an aggregated caseload beside the counts.
LABELS = ("area", "card_level")


def _plain(value: Any) -> Any:
    """Return a numpy scalar as Python's own, which prints without its type."""
    return value.item() if isinstance(value, np.generic) else value


def _whole_counts(frame: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column as whole numbers; raise naming the first bad row."""
    numbers = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    bad = ~(np.isfinite(numbers) & (numbers >= 0) & (numbers == np.floor(numbers)) & (numbers < 2**53))
    if frame[column].dtype == bool:
        bad[:] = True
    if bad.any():
        place = f"caseload, row {frame.index[int(np.argmax(bad))]}"
        value = _plain(frame[column].iloc[int(np.argmax(bad))])
        more = f" ({int(bad.sum()):,} such rows)" if bad.sum() > 1 else ""
        raise InputError(Problem(place, column, value, f"a whole number, 0 or more; not empty{more}"))
    return numbers.astype(np.int64)


@dataclass(frozen=True)
class Cells:
    """A caseload grouped by the areas and levels its rules tell apart."""

    keys: list[tuple[str | None, int | None]]
    codes: np.ndarray
    counts: dict[str, np.ndarray]

    def sums(self, column: str) -> np.ndarray:
        """Return the count of a column per key, exact."""
        counts = self.counts[column]
        if counts.sum(dtype=float) < 2**53:  # whole numbers below this are exact as floats
            return np.bincount(self.codes, weights=counts, minlength=len(self.keys)).astype(np.int64)
        return np.array([counts[self.codes == k].sum() for k in range(len(self.keys))], dtype=np.int64)

    def matches(self, rule: BenefitRule) -> np.ndarray:
        """Return, per key, whether `rule` applies."""
        return np.array(
            [
                (rule.area is None or rule.area == area)
                and (rule.card_level is None or rule.card_level == level)
                for area, level in self.keys
            ]
        )


def _labels(frame: pd.DataFrame, rules: Sequence[BenefitRule], label: str) -> tuple[list, np.ndarray]:
    """Return the distinct values of `label` and their code per row; only where a rule depends on it."""
    allowed = sorted({getattr(rule, label) for rule in rules} - {None})
    if not allowed:
        return [None], np.zeros(len(frame), dtype=np.int64)
    if label not in frame.columns:
        shown = ", ".join(map(str, allowed))
        raise InputError(Problem("caseload", label, "a missing column", f"a column with {shown}"))
    codes = pd.Index(allowed).get_indexer(frame[label])
    if (codes < 0).any():
        place = f"caseload, row {frame.index[int(np.argmax(codes < 0))]}"
        value = _plain(frame[label].iloc[int(np.argmax(codes < 0))])
        raise InputError(Problem(place, label, value, " | ".join(map(str, allowed))))
    return allowed, codes


def group_caseload(frame: pd.DataFrame, rules: Sequence[BenefitRule]) -> Cells:
    """Check a caseload against the rules and group it."""
    _refuse_broken_frame(frame)
    aggregated = "households" in frame.columns
    needed = list(dict.fromkeys([*(["households"] if aggregated else []), *(r.column for r in rules)]))
    missing = [c for c in needed if c not in frame.columns and not (c == "households" and not aggregated)]
    if missing:
        allowed = "a column of counts (0 where there are none); the rules pay for " + ", ".join(needed)
        raise InputError([Problem("caseload", column, "a missing column", allowed) for column in missing])
    if aggregated:
        _refuse_unknown_counts(frame, needed)
    counted = [*needed, *(["members"] if "members" in frame.columns and "members" not in needed else [])]
    counts = {
        column: np.ones(len(frame), dtype=np.int64)
        if column == "households" and not aggregated
        else _whole_counts(frame, column)
        for column in counted
    }
    if "members" in counts:
        if not aggregated:
            _refuse_no_members(frame, counts["members"])
        _refuse_more_than_members(frame, counts, rules)
    areas, area_codes = _labels(frame, rules, "area")
    levels, level_codes = _labels(frame, rules, "card_level")
    keys = [(area, level) for area in areas for level in levels]
    return Cells(keys, area_codes * len(levels) + level_codes, counts)


def _refuse_broken_frame(frame: pd.DataFrame) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise InputError(Problem("caseload", "type", type(frame).__name__, "a pandas DataFrame"))
    if len(frame) == 0:
        raise InputError(Problem("caseload", "rows", 0, "at least one row"))
    twice = frame.columns[frame.columns.duplicated()].unique()
    if len(twice):
        raise InputError([Problem("caseload", str(c), "given twice", "each column once") for c in twice])


def _refuse_no_members(frame: pd.DataFrame, members: np.ndarray) -> None:
    """Refuse a household in which nobody lives."""
    empty = members == 0
    if empty.any():
        more = f" ({int(empty.sum()):,} such rows)" if empty.sum() > 1 else ""
        place = f"caseload, row {frame.index[int(np.argmax(empty))]}"
        raise InputError(Problem(place, "members", 0, f"at least 1: a household has members{more}"))


def _refuse_more_than_members(
    frame: pd.DataFrame, counts: dict[str, np.ndarray], rules: Sequence[BenefitRule]
) -> None:
    """Refuse a row with more children, or people aged 60 and over, than people."""
    for column in dict.fromkeys(rule.column for rule in rules if rule.unit == "category"):
        bad = counts[column] > counts["members"]
        if bad.any():
            row = int(np.argmax(bad))
            allowed = f"at most the members of the row ({counts['members'][row]:,})"
            place = f"caseload, row {frame.index[row]}"
            raise InputError(Problem(place, column, int(counts[column][row]), allowed))


def _refuse_unknown_counts(frame: pd.DataFrame, needed: Sequence[str]) -> None:
    """Refuse a numeric column no rule reads: a misspelt category would otherwise be paid nothing."""
    known = {*needed, *LABELS, *CATEGORIES, "households", "members"}
    unknown = [
        column
        for column in frame.columns
        if column not in known and pd.api.types.is_numeric_dtype(frame[column])
    ]
    if unknown:
        allowed = "columns of text, or counts named " + ", ".join(sorted(known))
        raise InputError(
            [Problem("caseload", str(column), "an unknown column", allowed) for column in unknown]
        )
