"""Event study by two-way fixed effects: effects by time since treatment, where all start together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
import pandas as pd

from aspfin.evaluation.columns import names_of
from aspfin.evaluation.comparisons import cluster_check, comparison_check
from aspfin.evaluation.design import Design
from aspfin.evaluation.estimate import effects_frame
from aspfin.evaluation.panel import Panel, read_panel
from aspfin.evaluation.trends import EventPath, joint_test
from aspfin.evaluation.two_way import Absorbed, fit_absorbing
from aspfin.results import ImpactEstimate

__all__ = ["event_study"]


def event_study(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    unit: Hashable,
    time: Hashable,
    first_treated: Hashable,
    window: tuple[int, int] | None = None,
    controls: Iterable[Hashable] = (),
    cluster: Hashable | None = None,
    weights: Hashable | None = None,
    design: Design | None = None,
) -> ImpactEstimate:
    """Estimate effects by time since treatment against the period before it, with unit and period effects.

    Right where all treated units start together. Where they do not, and effects differ between cohorts,
    leads and lags mix with one another (Sun and Abraham 2021): the check `comparisons` then fails, and
    `staggered_adoption` with ``aggregate="event_time"`` is the remedy.

    Parameters
    ----------
    df : DataFrame
        One row per unit and period.
    outcome, unit, time, first_treated : column
        As in `staggered_adoption`; some units must never be treated.
    window : (int, int), optional
        First and last event time, as (-3, 5); what lies beyond is pooled with them.
    controls : columns
    cluster : column, optional
        By default the unit.
    weights : column, optional
    design : Design, optional

    Returns
    -------
    ImpactEstimate
        The estimate is the average of the effects from event time 0 on; `by` has a row per event time.

    Raises
    ------
    ValueError
        In one line naming the column, what was found and the remedy.

    Examples
    --------
    >>> rows = [(u, t, 3 * (u % 2), u + t + (u % 2) * (t >= 3) + (u * 7 + t * 3) % 5 / 50)
    ...     for u in range(20) for t in (1, 2, 3, 4)]
    >>> df = pd.DataFrame(rows, columns=["village", "year", "start", "food"])
    >>> effect = event_study(df, outcome="food", unit="village", time="year", first_treated="start")
    >>> effect.by["event_time"].tolist(), effect.by["estimate"].round(1).tolist()
    ([-2, -1, 0, 1], [-0.0, 0.0, 1.0, 1.0])
    """
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
    if np.isfinite(panel.start).all():
        raise ValueError(
            f"first_treated: column {first_treated!r} has every unit treated in the end, so that event "
            "time and calendar time cannot be told apart; use staggered_adoption, not_yet_treated"
        )
    event, times = _event_times(panel, window)
    fit = _fit(panel, event, times)
    path = _path(fit, times, first_treated)
    post = path.times >= 0
    if not post.any():
        raise ValueError(f"first_treated: no row of column {first_treated!r} is at event time 0 or later")
    mean = post / post.sum()
    treated = panel.is_treated
    estimate = float(mean @ path.estimates)
    comparison, numbers = comparison_check(
        panel.unit_start, panel.unit, panel.time, panel.periods, panel.sample.weights
    )
    before = ~post
    checks = [
        joint_test(path.estimates[before], path.covariance[np.ix_(before, before)], path.df),
        comparison,
        cluster_check(panel.clusters, treated),
    ]
    if design is not None:
        checks.append(design.check(panel.cluster_name, df.iloc[panel.sample.positions]))
    return ImpactEstimate(
        method="event study, two-way fixed effects",
        estimand="ATT, average over event times",
        outcome=str(outcome),
        treated=str(first_treated),
        estimate=estimate,
        std_error=float(np.sqrt(mean @ path.covariance @ mean)),
        std_error_kind=f"clustered by {panel.cluster_name} (CR1)",
        df=fit.df,
        n_obs=fit.n,
        n_clusters=fit.n_clusters,
        control_mean=_untreated_mean(panel, event, path),
        by=_by(path, event),
        checks=tuple(checks),
        dropped=panel.sample.dropped,
        details={"event_path": path, "window": window, "left_out": panel.sample.collinear} | numbers,
        citation="Freyaldenhoven, Hansen, Pérez and Shapiro (2021), NBER Working Paper 29170",
        software=fit.software,
    )


def _event_times(panel: Panel, window: tuple[int, int] | None) -> tuple[np.ndarray, np.ndarray]:
    """Event time of each row (minus infinity for the never treated), and the event times to estimate."""
    event = panel.event_time
    if window is not None:
        low, high = window
        if not (low <= -2 and high >= 0):
            raise ValueError(f"window: got {window!r}; allowed: from -2 or before to 0 or after, as (-3, 5)")
        event = np.where(np.isfinite(event), np.clip(event, low, high), event)
    times = np.unique(event[np.isfinite(event)])
    if -1 not in times:
        raise ValueError(
            "time: no treated unit is seen one period before treatment, the period of reference; number the "
            "periods 1, 2, 3, … without gaps"
        )
    return event, times[times != -1]


def _fit(panel: Panel, event: np.ndarray, times: np.ndarray) -> Absorbed:
    x = np.column_stack([event[:, None] == times, panel.sample.controls]).astype(float)
    return fit_absorbing(
        panel.outcome, x, [panel.unit, panel.time], weights=panel.sample.weights, clusters=panel.clusters
    )


def _path(fit: Absorbed, times: np.ndarray, first_treated: Hashable) -> EventPath:
    kept = fit.kept[: times.size]
    if not kept.all():
        lost = ", ".join(f"{one:g}" for one in times[~kept])
        raise ValueError(
            f"first_treated: effect at event time {lost} cannot be told from period effects; narrow `window`"
        )
    return EventPath(times, fit.coef[: times.size], fit.cov[: times.size, : times.size], fit.df)


def _untreated_mean(panel: Panel, event: np.ndarray, path: EventPath) -> float:
    """Mean outcome after treatment, each event time alike, less the effect."""
    post = path.times[path.times >= 0]
    means = [np.average(panel.outcome[event == e], weights=_of(panel, event == e)) for e in post]
    return float(np.mean(means) - path.estimates[path.times >= 0].mean())


def _of(panel: Panel, rows: np.ndarray) -> np.ndarray | None:
    return None if panel.sample.weights is None else panel.sample.weights[rows]


def _by(path: EventPath, event: np.ndarray) -> pd.DataFrame:
    """One row per event time, the reference (0 by construction, without error) among them."""
    times = np.append(path.times, -1.0)
    order = np.argsort(times)
    estimates = np.append(path.estimates, 0.0)[order]
    errors = np.append(np.sqrt(np.diag(path.covariance)), np.nan)[order]
    labels = [int(one) if float(one).is_integer() else float(one) for one in times[order]]
    rows = np.array([int((event == one).sum()) for one in times[order]])
    return effects_frame({"event_time": labels}, estimates, errors, rows, path.df)
