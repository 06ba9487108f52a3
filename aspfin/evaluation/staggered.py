"""Roll-outs in which units start treatment at different times.

Two-way fixed effects compare late starters with units already treated, and so mislead where effects grow or
differ between cohorts. The four methods here never do: Callaway and Sant'Anna (2021), Sun and Abraham
(2021), imputation (Borusyak, Jaravel and Spiess 2024) and two-stage (Gardner 2022). diff-diff and pyfixest
do the estimation.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from aspfin.evaluation.columns import names_of
from aspfin.evaluation.design import Design
from aspfin.evaluation.estimate import arm_mean, effects_frame
from aspfin.evaluation.group_time import (
    AGGREGATES,
    DRAWS,
    Cells,
    average,
    covariance,
    is_by_unit,
    uniform_band,
)
from aspfin.evaluation.panel import Panel, read_panel
from aspfin.evaluation.regression import demean
from aspfin.evaluation.staggered_fit import (
    callaway_santanna_cells,
    fit_diff_diff,
    quietly,
    sun_abraham_cells,
)
from aspfin.evaluation.trends import QUESTION, EventPath, joint_test
from aspfin.results import Check, ImpactEstimate

__all__ = ["METHODS", "staggered_adoption"]

METHODS = {
    "callaway_santanna": "Callaway and Sant'Anna (2021), Journal of Econometrics 225(2): 200–230",
    "sun_abraham": "Sun and Abraham (2021), Journal of Econometrics 225(2): 175–199",
    "imputation": "Borusyak, Jaravel and Spiess (2024), Review of Economic Studies 91(6): 3253–3285",
    "two_stage": "Gardner (2022), Two-stage differences in differences, arXiv:2207.05943",
}
CONTROL_GROUPS = ("never_treated", "not_yet_treated")
FEW_UNITS = 5


def staggered_adoption(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    unit: Hashable,
    time: Hashable,
    first_treated: Hashable,
    method: str = "callaway_santanna",
    control_group: str = "never_treated",
    aggregate: str = "overall",
    controls: Iterable[Hashable] = (),
    cluster: Hashable | None = None,
    weights: Hashable | None = None,
    anticipation: int = 0,
    seed: int = 0,
    design: Design | None = None,
) -> ImpactEstimate:
    """Estimate the average effect on the treated of a programme rolled out over time.

    Parameters
    ----------
    df : DataFrame
        One row per unit and period.
    outcome, unit, time : column
        `time` holds numbers, or dates (then event time counts periods).
    first_treated : column
        Period of a unit's first treatment, the same in all its rows; missing, 0 or infinite if never treated.
    method : str
        A key of `METHODS`. Callaway–Sant'Anna is doubly robust in the controls.
    control_group : str
        "never_treated" or "not_yet_treated" (Sun–Abraham then compares with the last cohort before its
        treatment); imputation and two-stage always use every untreated row.
    aggregate : str
        "overall" (average over cohorts), "simple" (over treated rows), "event_time", "cohort" or
        "calendar"; the last three fill `by`, and the estimate averages its rows after treatment. With
        "overall" and "simple", `by` has a row per cohort and period. Imputation and two-stage always
        average over treated rows, and do not offer "calendar".
    controls : columns
        Callaway–Sant'Anna uses their values in the period before; the others their values in each row.
    cluster : column, optional
        By default the unit.
    weights : column, optional
        Sampling weights, constant within a unit; with imputation and two-stage only.
    anticipation : int
        Periods before treatment in which effects may already be felt.
    seed : int
        Of the bootstrap behind the uniform bands (`band_low`, `band_high` in `by`).
    design : Design, optional
        How treatment was assigned; warns if errors are clustered below it.

    Raises
    ------
    ValueError
        In one line naming the column, what was found and the remedy.

    References
    ----------
    Roth, Sant'Anna, Bilinski and Poe (2023), "What's trending in difference-in-differences?", J. of
    Econometrics.

    Examples
    --------
    >>> rows = [(u, t, g, u % 3 + t + 2.0 * (t >= g > 0)) for u in range(12) for t in range(1, 5)
    ...     for g in [(0, 3, 4)[u % 3]]]
    >>> df = pd.DataFrame(rows, columns=["village", "year", "start", "food"])
    >>> df["food"] += (df.index * 7 % 5) / 100
    >>> effect = staggered_adoption(df, outcome="food", unit="village", time="year", first_treated="start")
    >>> round(effect.estimate, 1), effect.estimand
    (2.0, 'ATT, average over cohorts')
    """
    _choices(method, control_group, aggregate, anticipation)
    if weights is not None and method not in ("imputation", "two_stage"):
        raise ValueError(f"weights: not offered by {method}; use method='imputation' or 'two_stage'")
    panel = read_panel(
        df,
        outcome=outcome,
        unit=unit,
        time=time,
        first_treated=first_treated,
        controls=names_of(controls),
        cluster=cluster,
        weights=weights,
    )
    if method in ("imputation", "two_stage"):
        parts, notes = _from_library(panel, method, aggregate, anticipation)
    else:
        parts, notes = _from_cells(panel, method, control_group, aggregate, anticipation, seed)
    checks = [*parts.pop("checks"), *_panel_checks(panel), *notes]
    panel = parts.pop("panel", panel)
    if design is not None:
        checks.append(design.check(panel.cluster_name, df.iloc[panel.sample.positions]))
    details = {
        "units": int(panel.unit.max()) + 1,
        "treated_units": int(np.isfinite(panel.unit_start).sum()),
        "cohorts": [panel.name_of(g) for g in panel.cohorts],
        "treated_after_the_last_period": panel.treated_later,
        "control_group": control_group
        if method in ("callaway_santanna", "sun_abraham")
        else "untreated rows",
        "anticipation": anticipation,
    }
    return ImpactEstimate(
        method=_title(method),
        outcome=str(outcome),
        treated=str(first_treated),
        n_obs=panel.sample.n,
        n_clusters=int(panel.clusters.max()) + 1,
        checks=tuple(checks),
        dropped=panel.sample.dropped,
        details=details | parts.pop("details"),
        citation=METHODS[method],
        **parts,
    )


def _title(method: str) -> str:
    names = {
        "callaway_santanna": "Callaway–Sant'Anna",
        "sun_abraham": "Sun–Abraham",
        "imputation": "imputation",
        "two_stage": "two-stage",
    }
    return f"staggered difference in differences, {names[method]}"


def _choices(method: str, control_group: str, aggregate: str, anticipation: int) -> None:
    for name, value, allowed in (
        ("method", method, tuple(METHODS)),
        ("control_group", control_group, CONTROL_GROUPS),
        ("aggregate", aggregate, tuple(AGGREGATES)),
    ):
        if value not in allowed:
            raise ValueError(f"{name}: got {value!r}; allowed: {', '.join(allowed)}")
    if isinstance(anticipation, bool) or not isinstance(anticipation, int | np.integer) or anticipation < 0:
        raise ValueError(f"anticipation: got {anticipation!r}; allowed: 0, 1, 2, … periods")
    if method in ("imputation", "two_stage") and aggregate == "calendar":
        raise ValueError(
            f"aggregate: 'calendar' is not offered by {method}; use 'callaway_santanna' or 'sun_abraham'"
        )


def _from_cells(
    panel: Panel, method: str, control_group: str, aggregate: str, anticipation: int, seed: int
) -> tuple[dict[str, Any], list[Check]]:
    """Estimate cells and average them."""
    if control_group == "never_treated" and np.isfinite(panel.start).all():
        raise ValueError(
            "control_group: no unit is never treated; use control_group='not_yet_treated', which compares "
            "with units before their treatment"
        )
    with quietly() as heard:
        if method == "callaway_santanna":
            cells, software = callaway_santanna_cells(panel, control_group, anticipation)
            df = np.inf if is_by_unit(panel) else float(panel.clusters.max())
            kind = f"clustered by {panel.cluster_name} (influence function)"
        else:
            cells, df, software = sun_abraham_cells(panel, control_group, anticipation)
            kind = f"clustered by {panel.cluster_name} (CR1)"
    averages = average(cells, aggregate)
    cov = covariance(panel, cells, averages.weights, averages.influence)
    errors = np.sqrt(np.diag(cov))
    critical = uniform_band(panel, averages.influence, cov, errors, seed)
    by = effects_frame(
        _keys(panel, aggregate, averages.keys),
        averages.estimates[:-1],
        errors[:-1],
        np.array([int(cells.rows[row > 0].sum()) for row in averages.weights[:-1]]),
        df,
    )
    by["band_low"], by["band_high"] = (by["estimate"] + sign * critical * by["std_error"] for sign in (-1, 1))
    details = {"band_critical_value": critical, "band_draws": DRAWS}
    if aggregate == "event_time" and anticipation == 0:
        details["event_path"] = _event_path(panel, method, control_group, cells, df)
    parts = {
        "estimand": AGGREGATES[aggregate],
        "estimate": float(averages.estimates[-1]),
        "std_error": float(errors[-1]),
        "std_error_kind": kind,
        "df": df,
        "control_mean": float(averages.weights[-1] @ (cells.level - cells.estimate)),
        "by": by,
        "details": details,
        "software": software,
        "checks": [_before(panel, cells, df, anticipation)],
    }
    return parts, heard.checks


def _keys(panel: Panel, aggregate: str, keys: Sequence[tuple[float, ...]]) -> dict[str, list[Any]]:
    if aggregate == "event_time":
        return {"event_time": [int(e) if float(e).is_integer() else e for (e,) in keys]}
    if aggregate == "cohort":
        return {"cohort": [panel.name_of(g) for (g,) in keys]}
    if aggregate == "calendar":
        return {"period": [panel.name_of(t) for (t,) in keys]}
    return {
        "cohort": [panel.name_of(g) for g, _ in keys],
        "period": [panel.name_of(t) for _, t in keys],
    }


def _event_path(panel: Panel, method: str, control_group: str, cells: Cells, df: float) -> EventPath:
    """Effects by event time, all relative to the period before treatment, with their covariance."""
    if method == "callaway_santanna":
        with quietly():
            cells, _ = callaway_santanna_cells(panel, control_group, 0, base="universal")
    averages = average(cells, "event_time")
    cov = covariance(panel, cells, averages.weights, averages.influence)[:-1, :-1]
    times = np.array([e for (e,) in averages.keys])
    known = np.diag(cov) > 0
    return EventPath(times[known], averages.estimates[:-1][known], cov[np.ix_(known, known)], df)


def _before(panel: Panel, cells: Cells, df: float, anticipation: int) -> Check:
    """Test that all effects before treatment are 0."""
    use = np.flatnonzero(cells.event_time < -anticipation)
    weights = np.eye(cells.estimate.size)[use]
    influence = None if cells.influence is None else cells.influence[:, use]
    cov = covariance(panel, cells, weights, influence)
    return joint_test(cells.estimate[use], cov, df, n_clusters=int(panel.clusters.max()) + 1)


def _from_library(
    panel: Panel, method: str, aggregate: str, anticipation: int
) -> tuple[dict[str, Any], list[Check]]:
    """Estimate by imputation or in two stages."""
    panel = panel.subset(panel.is_comparable, "no unit untreated in the period")
    if anticipation:  # neither untreated nor treated: the libraries would average these rows into the effect
        between = (panel.event_time < 0) & (panel.event_time >= -anticipation)
        panel = panel.subset(~between, "anticipation")
    constant = _constant_controls(panel)
    panel = replace(panel, sample=replace(panel.sample, controls=panel.sample.controls[:, ~constant]))
    with quietly() as heard:
        result, software = fit_diff_diff(panel, method)
        rows = None
        if aggregate in ("event_time", "cohort"):
            rows = result.aggregate("event_study" if aggregate == "event_time" else "group")
        before = _leads_check(panel, result, anticipation) if method == "imputation" else []
    by = None
    if rows is not None:
        labels = np.asarray(rows.event_time if aggregate == "event_time" else rows.label, dtype=float)
        use = np.isfinite(np.asarray(rows.se, dtype=float))
        keys = [(one if aggregate == "event_time" else one + panel.periods[0] - 1,) for one in labels[use]]
        by = effects_frame(
            _keys(panel, aggregate, keys),
            np.asarray(rows.att, dtype=float)[use],
            np.asarray(rows.se, dtype=float)[use],
            np.asarray(rows.n, dtype=float)[use].astype(int),
        )
    treated = panel.is_treated
    parts = {
        "estimand": AGGREGATES["simple"],
        "estimate": float(result.overall_att),
        "std_error": float(result.overall_se),
        "std_error_kind": f"clustered by {panel.cluster_name}",
        "control_mean": float(arm_mean(panel.outcome, treated, panel.sample.weights) - result.overall_att),
        "by": by,
        "panel": panel,
        "details": {
            "left_out": tuple(np.array(panel.sample.control_names, dtype=object)[constant]),
        },
        "software": software,
        "checks": before,
    }
    return parts, heard.checks


def _constant_controls(panel: Panel) -> np.ndarray:
    """Controls that never change within a unit, and so say nothing once units have effects of their own."""
    controls = panel.sample.controls
    within = demean(controls, panel.unit) if controls.shape[1] else controls
    return np.abs(within).max(axis=0, initial=0) <= 1e-9 * np.abs(controls).max(axis=0, initial=0)


def _leads_check(panel: Panel, result: Any, anticipation: int) -> list[Check]:
    """The pre-trend test of Borusyak, Jaravel and Spiess: leads in the equation of untreated outcomes."""
    name = "parallel trends before treatment"
    if anticipation or (np.diff(panel.periods) != 1).any():
        return [Check(name, QUESTION, None, text="not with anticipation or gaps; see parallel_trends")]
    test = result.pretrend_test()
    p = float(test["p_value"])
    if not np.isfinite(p):
        return [Check(name, QUESTION, None, text="no two periods before treatment to compare")]
    text = f"F({test['n_leads']}) {test['f_stat']:.2f}, p {p:.3f}"
    return [Check(name, QUESTION, p >= 0.05, statistic=float(test["f_stat"]), p_value=p, text=text)]


def _panel_checks(panel: Panel) -> list[Check]:
    """Whether the panel is complete and cohorts are large enough for their errors to be believed."""
    starts, counts = np.unique(panel.unit_start, return_counts=True)
    cohorts = np.isfinite(starts)
    small = [str(panel.name_of(g)) for g in starts[cohorts & (counts < FEW_UNITS)]]
    units = int(panel.unit.max()) + 1
    missing = units * panel.periods.size - panel.sample.n
    treated = panel.is_treated
    alone = int((treated & ~panel.is_comparable).sum())
    return [
        Check(
            "comparison in every period",
            "Is some unit still untreated in every period, so that all treated rows count?",
            alone == 0,
            statistic=float(alone),
            text=f"{alone:,} of {int(treated.sum()):,} treated rows have none and are left out"
            if alone
            else "",
        ),
        Check(
            "balanced panel",
            "Is every unit seen in every period?",
            missing == 0,
            statistic=float(missing),
            text=""
            if missing == 0
            else f"{missing:,} of {units * panel.periods.size:,} unit-periods are missing",
        ),
        Check(
            "cohort sizes",
            f"Has every cohort at least {FEW_UNITS} units?",
            not small,
            statistic=float(counts[cohorts].min()),
            text=f"fewer in {', '.join(small)}" if small else f"smallest {counts[cohorts].min():,}",
        ),
    ]
