"""From a linearised estimator to indicators with standard errors: domains, groups, both engines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aspfin.indicators.groups import By, groups_of
from aspfin.indicators.indicator import ONE_UNIT, Indicator, IndicatorTable, SampleKey
from aspfin.indicators.replicates import Replicates, draw

if TYPE_CHECKING:
    from aspfin.indicators.survey_design import SurveyDesign

__all__ = ["Linearised", "Replicates", "Statistic", "Words", "draw", "estimate", "made"]

Linearised = Callable[..., tuple[float, np.ndarray]]
Statistic = Callable[..., float]


@dataclass(frozen=True)
class Words:
    """What an indicator is called, and what is stored with it."""

    code: str
    name: str
    unit: str
    poverty_line: float | str | None
    interval: str
    notes: tuple[str, ...]


def estimate(
    design: SurveyDesign,
    linearised: Linearised,
    arrays: tuple[np.ndarray, ...],
    words: Words,
    *,
    statistic: Statistic | None,
    by: By | None,
    rests_on: np.ndarray | None = None,
) -> Indicator | IndicatorTable:
    """Return one indicator, or one per group of `by`; see `SurveyDesign.estimate`."""
    arrays = tuple(_checked(one, design.weights.size) for one in arrays)
    rows, notes = _complete(design, arrays)
    if rows is not None and rows.size == 0:
        raise ValueError(
            f"{words.code}: every row of the domain has missing values; nothing is left to estimate"
        )
    if by is None:
        return _one(design, linearised, statistic, arrays, rows, words, notes, {}, rests_on)
    groups = groups_of(design.frame, by)
    codes = groups.codes if rows is None else groups.codes[rows]
    unlabelled = int((codes < 0).sum())
    if unlabelled:
        notes = (*notes, f"{unlabelled:,} rows without a group label are in no group")
    found = [
        _one(design, linearised, statistic, arrays, place, words, notes, groups.labels[code], rests_on)
        for code, place in _members(codes, rows, len(groups.labels))
    ]
    if not found:
        raise ValueError("by: no row of the domain has a group label")
    return IndicatorTable(tuple(found), notes)


def _members(codes: np.ndarray, rows: np.ndarray | None, n_groups: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each group that has rows, with their positions: one stable sort for all groups."""
    small = codes.astype(np.int16) if n_groups < 32_767 else codes  # sorted by radix: many times faster
    order = np.argsort(small, kind="stable")
    ends = np.searchsorted(small[order], np.arange(n_groups + 1, dtype=small.dtype))
    for code in range(n_groups):
        place = order[ends[code] : ends[code + 1]]
        if place.size:
            yield code, place if rows is None else rows[place]


def _checked(values: np.ndarray, n: int) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    if values.shape != (n,):
        raise ValueError(f"arrays: got shape {values.shape}; allowed: one value per row of the frame, ({n},)")
    return values


def _complete(
    design: SurveyDesign, arrays: tuple[np.ndarray, ...]
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return the domain's rows without gaps, and what was left out, in words."""
    gaps = np.zeros(design.weights.size, dtype=bool)
    for values in arrays:
        gaps |= np.isnan(values)
    rows = design.rows
    inside = gaps if rows is None else gaps[rows]
    if not inside.any():
        return rows, ()
    rows = np.arange(gaps.size) if rows is None else rows
    share = 100 * design.weights[rows[inside]].sum() / design.weights[rows].sum()
    note = f"{int(inside.sum()):,} rows with missing values left out ({share:.2g} % of the weight)"
    return rows[~inside], (note,)


def _one(
    design: SurveyDesign,
    linearised: Linearised,
    statistic: Statistic | None,
    arrays: tuple[np.ndarray, ...],
    rows: np.ndarray | None,
    words: Words,
    notes: tuple[str, ...],
    group: Mapping[str, object],
    rests_on: np.ndarray | None,
) -> Indicator:
    """Return the indicator of one domain, given by its rows."""
    units = design.units
    w = design.weights if rows is None else design.weights[rows]
    parts = arrays if rows is None else tuple(values[rows] for values in arrays)
    psu = units.codes if rows is None else units.codes[rows]
    n_psu = units.n_psu if rows is None else int(np.count_nonzero(np.bincount(psu, minlength=units.n_psu)))
    bearing = n_psu
    if rests_on is not None:
        counted = (rests_on if rows is None else rests_on[rows]) != 0
        bearing = int(np.count_nonzero(np.bincount(psu[counted], minlength=units.n_psu)))
    with np.errstate(divide="ignore", invalid="ignore"):
        if design.replicates is None:
            value, u = linearised(w, *parts)
            deviations = units.deviations(np.bincount(psu, weights=w * u, minlength=units.n_psu))
        else:
            value_of = statistic or (lambda *given: linearised(*given)[0])
            value = value_of(w, *parts)
            deviations, told = design.replicates.deviations(value_of, value, w, parts, psu)
            notes = (*notes, *told)
    words = Words(**{**vars(words), "notes": (*words.notes, *notes)})
    return made(
        *(value, deviations, words),
        **{"df": design.degrees_of_freedom, "n": w.size, "n_psu": n_psu},
        **{"group": group, "sample": design.key, "bearing": bearing},
    )


def one_unit_only(value: np.ndarray, std_error: np.ndarray, bearing: np.ndarray) -> np.ndarray:
    """Tell where all that an estimate rests on lies in one PSU, so that its standard error says nothing.

    The linearised variable of a share, mean, ratio or Gini adds up to 0 over the domain, so the total of its
    only PSU is 0 like those of all others: the formula gives 0 (for a quantile a small remainder), whatever
    the sampling error is. A total keeps its own, which is about as large as the total.
    """
    return (bearing == 1) & (std_error <= np.maximum(np.abs(value) / 2, 1e-12))


def made(
    value: float,
    deviations: np.ndarray,
    words: Words,
    *,
    df: float,
    n: int,
    n_psu: int,
    group: Mapping[str, object],
    sample: SampleKey,
    bearing: int | None = None,
) -> Indicator:
    """Return the indicator whose variance is deviations · deviations.

    `bearing` counts the PSUs that the estimate rests on; None: all of `n_psu`.
    """
    value, notes = float(value), words.notes
    std_error = float(math.sqrt(deviations @ deviations))
    if math.isnan(value):
        notes = (*notes, "not defined: nothing to divide by")
        std_error, deviations = math.nan, None
    elif one_unit_only(value, std_error, n_psu if bearing is None else bearing):
        notes = (*notes, ONE_UNIT if n_psu == 1 else f"{ONE_UNIT} (of {n_psu:,} in the group)")
        std_error, deviations = math.nan, None
    elif n_psu == 1 and df > 0:
        notes = (*notes, "all rows lie in one primary sampling unit: the standard error is a poor guide")
    return Indicator(
        **{"code": words.code, "name": words.name, "unit": words.unit, "interval": words.interval},
        **{"poverty_line": words.poverty_line, "notes": notes, "group": dict(group)},
        **{"value": value, "std_error": std_error, "df": float(df), "n": int(n), "n_psu": int(n_psu)},
        **{"deviations": deviations, "sample": sample},
    )
