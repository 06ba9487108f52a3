"""Thin adapters: effects by cohort and period, from diff-diff and from a saturated regression."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from aspfin.evaluation.group_time import Cells
from aspfin.evaluation.panel import Panel
from aspfin.evaluation.two_way import fit_absorbing
from aspfin.results import Check

__all__ = ["callaway_santanna_cells", "fit_diff_diff", "quietly", "sun_abraham_cells"]


# Told by checks of our own, in the terms of the data: unbalanced panels, cells without comparison.
TOLD_BY_US = (
    "Unbalanced panel detected",
    "cell(s) could not be estimated",
    "Rank condition violated",
    "have non-finite imputed outcomes",
    "pweight weights normalized",
)


@dataclass
class Heard:
    """Checks that say what a library warned of."""

    checks: list[Check] = field(default_factory=list)


@contextmanager
def quietly() -> Iterator[Heard]:
    """Turn a library's warnings into failed checks."""
    heard = Heard()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield heard
    for one in caught:
        text = " ".join(str(one.message).split())
        if any(words in text for words in TOLD_BY_US):
            continue
        if not issubclass(one.category, UserWarning | RuntimeWarning):
            continue  # deprecations of what the library itself calls are not the reader's affair
        check = Check("estimation", "Did the estimation run without warnings?", False, text=text[:300])
        if check not in heard.checks:
            heard.checks.append(check)


def _frame(panel: Panel) -> tuple[pd.DataFrame, list[str]]:
    """A frame under plain names; periods are shifted to start at 1 because 0 means never treated."""
    shift = 1 - panel.periods[0]
    columns = {
        "y": panel.outcome,
        "u": panel.unit,
        "t": panel.period + shift,
        "g": np.where(np.isfinite(panel.start), panel.start + shift, 0.0),
        "c": panel.clusters,
    }
    controls = {f"x{i}": values for i, values in enumerate(panel.sample.controls.T)}
    return pd.DataFrame(columns | controls, copy=True), list(controls)


def callaway_santanna_cells(
    panel: Panel, control_group: str, anticipation: int, *, base: str = "varying"
) -> tuple[Cells, str]:
    """Return doubly robust effects by cohort and period with each unit's influence, and the library.

    Before treatment each effect is against the period before ("varying"), or all are against the last period
    before treatment ("universal").
    """
    import diff_diff

    frame, controls = _frame(panel)
    model = diff_diff.CallawaySantAnna(
        control_group=control_group, anticipation=anticipation, estimation_method="dr", base_period=base
    )
    try:
        result = model.fit(frame, "y", "u", "t", "g", covariates=controls or None)
    except (ValueError, np.linalg.LinAlgError) as error:
        raise ValueError(
            f"controls: {_first_sentence(error)}; use fewer controls or larger cohorts"
        ) from error
    table = {key: cell for key, cell in result.group_time_effects.items() if np.isfinite(cell["se"])}
    if not table:
        raise ValueError(
            "first_treated: no cohort can be compared with untreated units before and after; see `time`"
        )
    influence = _influence(result, list(table), panel)
    shift = 1 - panel.periods[0]
    cohort = np.array([float(g) for g, _ in table]) - shift
    period = np.array([float(t) for _, t in table]) - shift
    rows, level = _treated_rows(panel, cohort, period)
    cells = Cells(
        cohort=cohort,
        period=period,
        estimate=np.array([cell["effect"] for cell in table.values()], dtype=float),
        cov=influence.T @ influence,
        influence=influence,
        unit_start=panel.unit_start,
        rows=rows,
        level=level,
    )
    return cells, f"diff-diff {diff_diff.__version__}"


def _first_sentence(error: Exception) -> str:
    return " ".join(str(error).split()).split(". ")[0][:200]


def _influence(result: Any, cells: list[tuple[Any, Any]], panel: Panel) -> np.ndarray:
    """Return each unit's influence on each cell, shape (n_units, cells).

    diff-diff averages by event time and by cohort only, and without a joint covariance of the cohorts;
    calendar averages and averages over cohorts need the influence functions, which it keeps but does not
    publish. Their squares must therefore sum to the variances it does publish.
    """
    kept = getattr(result, "_aggregation_kit", None)
    starts = np.where(np.isfinite(panel.unit_start), panel.unit_start + 1 - panel.periods[0], 0.0)
    out = np.zeros((starts.size, len(cells)))
    if kept is not None and np.array_equal(np.asarray(kept.bookkeeping["unit_cohorts"], dtype=float), starts):
        for j, key in enumerate(cells):
            part = kept.influence[key]
            out[part["treated_idx"], j] = part["treated_inf"]
            out[part["control_idx"], j] += part["control_inf"]
    published = np.array([result.group_time_effects[key]["se"] for key in cells])
    if not np.allclose(np.sqrt((out**2).sum(axis=0)), published, rtol=1e-8):
        raise RuntimeError(
            "this version of diff-diff keeps its influence functions differently; install 3.13"
        )
    return out


def _treated_rows(panel: Panel, cohort: np.ndarray, period: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many rows each cohort has in each period, and their mean outcome."""
    known = np.isfinite(panel.start)
    starts, group = np.unique(panel.start[known], return_inverse=True)
    key = group * panel.periods.size + panel.time[known]
    at = np.searchsorted(starts, cohort) * panel.periods.size + np.searchsorted(panel.periods, period)
    rows = np.bincount(key, minlength=starts.size * panel.periods.size)[at]
    return rows, np.bincount(key, panel.outcome[known], minlength=starts.size * panel.periods.size)[at] / rows


def sun_abraham_cells(panel: Panel, control_group: str, anticipation: int) -> tuple[Cells, float, str]:
    """Return the effects of a regression saturated in cohort and period, degrees of freedom and the library.

    Each cohort's reference is its last period before treatment (and anticipation). Without never-treated
    units the last cohort serves for comparison, and the periods of its own treatment are left out.
    """
    start, keep = panel.start, np.ones(panel.sample.n, dtype=bool)
    if control_group == "not_yet_treated":
        last = start.max() if np.isinf(start).any() else panel.cohorts[-1]
        if np.isfinite(last):
            keep = panel.period < last - anticipation
            start = np.where(start == last, np.inf, start)
    start, period = start[keep], panel.period[keep]
    cohorts = np.unique(start[np.isfinite(start)])
    if cohorts.size == 0:
        raise ValueError("first_treated: one cohort and no never-treated unit leave nothing to compare with")
    keys = []
    for g in cohorts:
        before = panel.periods[panel.periods + anticipation < g]
        if before.size:
            seen = np.unique(period[start == g])
            keys += [(g, t) for t in seen if t != before[-1]]
    cells = np.column_stack([(start == g) & (period == t) for g, t in keys]).astype(float)
    x = np.column_stack([cells, panel.sample.controls[keep]])
    effects = [np.unique(codes[keep], return_inverse=True)[1] for codes in (panel.unit, panel.time)]
    clusters = np.unique(panel.clusters[keep], return_inverse=True)[1]
    fit = fit_absorbing(panel.outcome[keep], x, effects, clusters=clusters)
    use = fit.kept[: len(keys)]
    count = int(use.sum())
    cohort, when = (np.array([key[i] for key in keys])[use] for i in (0, 1))
    rows, level = _treated_rows(panel, cohort, when)
    result = Cells(
        cohort=cohort,
        period=when,
        estimate=fit.coef[:count],
        cov=fit.cov[:count, :count],
        influence=None,
        unit_start=panel.unit_start,
        rows=rows,
        level=level,
    )
    return result, fit.df, fit.software


def fit_diff_diff(panel: Panel, method: str) -> tuple[Any, str]:
    """Fit imputation or two-stage; return diff-diff's result and the library."""
    import diff_diff

    frame, controls = _frame(panel)
    model = {"imputation": diff_diff.ImputationDiD, "two_stage": diff_diff.TwoStageDiD}[method]
    estimator = model(cluster="c")
    survey = None
    if panel.sample.weights is not None:
        frame["w"] = panel.sample.weights / panel.sample.weights.mean()
        spread = frame.groupby("u")["w"].agg(["min", "max"])
        if (spread["min"] != spread["max"]).any():
            raise ValueError("weights: change within units; give each unit one weight, such as its average")
        survey = diff_diff.SurveyDesign(weights="w", psu="c")
    result = estimator.fit(frame, "y", "u", "t", "g", covariates=controls or None, survey_design=survey)
    return result, f"diff-diff {diff_diff.__version__}"
