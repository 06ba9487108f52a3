"""Honest bounds: what is left of an effect if trends were not quite parallel (Rambachan and Roth 2023)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.evaluation.trends import EventPath
from aspfin.results import ImpactEstimate, ResultMixin

__all__ = ["HonestBounds", "honest_bounds"]


@dataclass(frozen=True, eq=False, repr=False)
class HonestBounds(ResultMixin):
    """Confidence intervals for the average effect after treatment, by how far trends may bend.

    Attributes
    ----------
    outcome : str
    estimate, std_error : float
        Average effect over event times 0 and later, under parallel trends.
    table : DataFrame
        A row per `max_bend`: ci_low, ci_high.
    breakdown : float
        Largest bend given at which the interval still excludes 0; missing if it includes 0 at every one.
    level : float
    """

    outcome: str
    estimate: float
    std_error: float
    table: pd.DataFrame
    breakdown: float
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return a row per `max_bend`."""
        return self.table.copy()

    def sentence(self) -> str:
        """Return the bounds in prose."""
        first, last = self.table.iloc[0], self.table.iloc[-1]
        verdict = (
            "it includes 0 at each of them"
            if np.isnan(self.breakdown)
            else f"it excludes 0 up to a bend of {self.breakdown:.4g}"
        )
        return (
            f"The average effect on {self.outcome} is {self.estimate:.4g} if trends are parallel. If the "
            f"difference in trends may change slope by up to {first['max_bend']:.4g} a period, "
            f"its {100 * self.level:g} % interval is {first['ci_low']:.4g} to {first['ci_high']:.4g}; by up "
            f"to {last['max_bend']:.4g}, {last['ci_low']:.4g} to {last['ci_high']:.4g}; {verdict}."
        )


def honest_bounds(
    estimate: ImpactEstimate,
    *,
    max_bends: Iterable[float],
    level: float = 0.95,
    restriction: str = "smoothness",
) -> HonestBounds:
    """Return intervals that hold even if the treated would have departed from parallel trends.

    Smoothness: the difference in trends may be any line, and its slope may change by at most `max_bend`
    between consecutive periods. The intervals are the shortest of fixed length, from every period before
    and after treatment.

    Parameters
    ----------
    estimate : ImpactEstimate
        From `event_study`, or from `staggered_adoption` with ``aggregate="event_time"`` and
        Callaway–Sant'Anna or Sun–Abraham.
    max_bends : numbers
        In the unit of the outcome per period; 0 allows any line.
    level : float
    restriction : str
        "smoothness" only. Bounds by relative magnitude are not offered: the permissively licensed
        implementation gives a plain fixed-length interval, which declares robust what the conditional
        interval of the authors does not.

    Raises
    ------
    ValueError
        If the estimate has no event times, a gap among them, or none before treatment but the reference.

    References
    ----------
    Rambachan and Roth (2023), "A More Credible Approach to Parallel Trends", Review of Economic Studies
    90(5).

    Examples
    --------
    >>> from aspfin.evaluation.event_study import event_study
    >>> rows = [(u, t, 4 * (u % 2), u + t + (u % 2) * (t >= 4) + (u * 7 + t * 3) % 5 / 5)
    ...     for u in range(20) for t in (1, 2, 3, 4)]
    >>> df = pd.DataFrame(rows, columns=["village", "year", "start", "food"])
    >>> effect = event_study(df, outcome="food", unit="village", time="year", first_treated="start")
    >>> honest_bounds(effect, max_bends=[0.0]).table.round(2).to_dict("list")
    {'max_bend': [0.0], 'ci_low': [...], 'ci_high': [...]}
    """
    if restriction != "smoothness":
        raise ValueError(
            f"restriction: got {restriction!r}; allowed: smoothness (relative magnitudes are not offered: no "
            "permissively licensed implementation gives the conditional interval)"
        )
    bends = sorted(float(one) for one in max_bends)
    if not bends or bends[0] < 0 or not np.isfinite(bends).all():
        raise ValueError(f"max_bends: got {bends!r}; allowed: at least one number, 0 or above")
    if not 0 < level < 1:
        raise ValueError(f"level: got {level!r}; allowed: between 0 and 1")
    path = _path(estimate)
    intervals = [_interval(path, bend, level) for bend in bends]
    table = pd.DataFrame(intervals, columns=["ci_low", "ci_high"])
    table.insert(0, "max_bend", bends)
    excluded = (table["ci_low"] > 0) | (table["ci_high"] < 0)
    post = path.times >= 0
    mean = post / post.sum()
    return HonestBounds(
        outcome=estimate.outcome,
        estimate=float(mean @ path.estimates),
        std_error=float(np.sqrt(mean @ path.covariance @ mean)),
        table=table,
        breakdown=float(table.loc[excluded, "max_bend"].max()) if excluded.any() else float("nan"),
        level=level,
    )


def _path(estimate: ImpactEstimate) -> EventPath:
    path = estimate.details.get("event_path") if isinstance(estimate, ImpactEstimate) else None
    if path is None:
        raise ValueError(
            "estimate: has no joint covariance of event times; use event_study, or staggered_adoption with "
            "aggregate='event_time', method 'callaway_santanna' or 'sun_abraham' and no anticipation"
        )
    before = path.times < 0
    if not before.any():
        raise ValueError("estimate: needs at least two periods before treatment; add earlier periods")
    whole = np.append(path.times, -1.0)
    if not np.array_equal(np.sort(whole), np.arange(whole.min(), whole.max() + 1)):
        found = ", ".join(f"{one:g}" for one in np.sort(whole))
        raise ValueError(
            f"estimate: event times {found} have gaps; number the periods 1, 2, 3, … without gaps"
        )
    return path


def _interval(path: EventPath, bend: float, level: float) -> tuple[float, float]:
    import diff_diff

    result = diff_diff.compute_honest_did(
        _container(path, level), method="smoothness", M=bend, alpha=1 - level
    )
    return float(result.ci_lb), float(result.ci_ub)


def _container(path: EventPath, level: float) -> object:
    """The event-study container that diff-diff reads.

    It admits few producers by name; its arithmetic needs only effects and covariance relative to one common
    reference, which holds for every EventPath.
    """
    from diff_diff import EventStudyResults

    order = np.argsort(np.append(path.times, -1.0))
    times = np.append(path.times, -1.0)[order]
    estimates = np.append(path.estimates, 0.0)[order]
    errors = np.append(np.sqrt(np.diag(path.covariance)), np.nan)[order]
    missing = np.full(times.size, np.nan)
    return EventStudyResults(
        event_time=times,
        att=estimates,
        se=errors,
        t_stat=missing,
        p_value=missing,
        conf_int_lower=missing,
        conf_int_upper=missing,
        is_reference=times == -1,
        n=np.where(times == -1, np.nan, 1.0),
        n_kind="groups",
        reference_period=-1.0,
        event_time_convention="e0_first_treated",
        vcov=path.covariance,
        vcov_index=path.times,
        alpha=1 - level,
        source="CallawaySantAnnaResults",
        df=missing,
        base_period="universal",
        anticipation=0,
        reference_event_times=(-1.0,),
    )
