"""Transfers and welfare read from a survey and checked, before any indicator of performance is computed."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from aspfin.indicators.groups import By, quantile_groups
from aspfin.indicators.survey_design import SurveyDesign

__all__ = ["QUANTILES", "above_welfare", "amounts_of", "received", "transferred", "with_quantiles"]

# Groups formed from welfare where the frame has no column of this name.
QUANTILES = {"quintile": 5, "decile": 10}


def received(design: SurveyDesign, column: Hashable, *, role: str = "receives") -> np.ndarray:
    """Return who receives, as 0.0 and 1.0 by row: where the column is above 0.

    Raises
    ------
    ValueError
        For negative values, and for answers coded 1 and 2, which would count "no" as receiving.
    """
    values = design.column(column, role=role)
    inside = values if design.rows is None else values[design.rows]
    if (inside < 0).any():
        raise ValueError(
            f"{role}: column {column!r} is negative in {int((inside < 0).sum()):,} rows; allowed: 0 up"
        )
    if inside.size > 1 and (inside == 2).any() and ((inside == 1) | (inside == 2)).all():
        raise ValueError(f"{role}: column {column!r} holds only 1 and 2; recode yes to 1 and no to 0")
    return (values > 0).astype(float)


def transferred(design: SurveyDesign, column: Hashable) -> np.ndarray:
    """Return the transfer by row, checked: no gaps, not negative."""
    values = design.column(column, role="transfer")
    below = (values if design.rows is None else values[design.rows]) < 0
    if below.any():
        raise ValueError(
            f"transfer: column {column!r} is negative in {int(below.sum()):,} rows; allowed: 0 and above"
        )
    return values


def amounts_of(
    design: SurveyDesign, welfare: Hashable, transfer: Hashable, allow_negative: bool
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Return welfare and transfer by row, and notes; refuse transfers above welfare unless allowed."""
    y, t = design.column(welfare, role="welfare"), transferred(design, transfer)
    return y, t, above_welfare(y, t, design.in_domain, f"column {transfer!r}", allow_negative)


def above_welfare(
    y: np.ndarray, t: np.ndarray, inside: np.ndarray, name: str, allow_negative: bool
) -> tuple[str, ...]:
    """Refuse transfers above welfare, or where allowed return a note on how many there are."""
    # Transfers that are all of welfare may lie above it by a rounding error.
    number = int(((t - y > 1e-9 * np.abs(y)) & (t > 0) & inside).sum())
    if not number:
        return ()
    if not allow_negative:
        raise ValueError(
            f"transfer: {name} is above welfare in {number:,} rows, so welfare before the transfer would be "
            "negative; check that both are per person and day and that welfare holds the transfer, or give "
            "allow_negative_pre_transfer=True"
        )
    return (f"welfare before the transfer is negative in {number:,} rows, used as it stands",)


def with_quantiles(design: SurveyDesign, by: By | None, welfare: Hashable) -> By | None:
    """Return `by` with "quintile" and "decile" formed from welfare where the frame has no such column."""
    names = [by] if isinstance(by, str) else list(by) if isinstance(by, list | tuple) else []
    if not any(name in QUANTILES and name not in design.frame.columns for name in names):
        return by
    return {
        name: quantile_groups(design, welfare, QUANTILES[name])
        if name in QUANTILES and name not in design.frame.columns
        else design.frame[name]
        for name in names
    }
