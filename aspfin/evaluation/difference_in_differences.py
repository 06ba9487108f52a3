"""Difference in differences: two groups and two periods, or two-way fixed effects on a panel."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.evaluation.columns import names_of
from aspfin.evaluation.comparisons import cluster_check, comparison_check
from aspfin.evaluation.design import Design
from aspfin.evaluation.estimate import arm_mean
from aspfin.evaluation.panel import period_numbers, refuse_repeated
from aspfin.evaluation.sample import Sample, prepare
from aspfin.evaluation.two_way import Absorbed, fit_absorbing
from aspfin.results import Check, ImpactEstimate

__all__ = ["difference_in_differences"]

CITATION = "Angrist and Pischke (2009), Mostly Harmless Econometrics, chapter 5"


def difference_in_differences(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    treated: Hashable,
    post: Hashable | None = None,
    unit: Hashable | None = None,
    time: Hashable | None = None,
    controls: Iterable[Hashable] = (),
    fixed_effects: Iterable[Hashable] = (),
    cluster: Hashable | None = None,
    weights: Hashable | None = None,
    design: Design | None = None,
    covariance: str = "HC1",
) -> ImpactEstimate:
    """Estimate the effect of a programme as the change among the treated less the change among the others.

    With `post`, treatment is `treated` times `post`: a group, in the periods after. Without it, `treated`
    already says whether a row is under treatment, and `unit` and `time` (or `fixed_effects`) are needed.

    Parameters
    ----------
    df : DataFrame
        Rows of a panel or of repeated cross-sections.
    outcome, treated, post : column
        A number; 0 or 1; 0 or 1.
    unit, time : column, optional
        Absorbed as effects in place of the group's and the period's indicator.
    controls : columns
    fixed_effects : columns
        Further effects to absorb.
    cluster : column, optional
        By default the unit, where one is named.
    weights : column, optional
    design : Design, optional
        How treatment was assigned; warns if errors are clustered below it.
    covariance : str
        Without clusters: "HC1" or "classical".

    Returns
    -------
    ImpactEstimate
        With unit and time, ``checks`` say whether two-way fixed effects can be trusted when treatment
        starts at different times (`comparisons`), and ``details`` the weights behind it.

    Raises
    ------
    ValueError
        In one line naming the column, what was found and the remedy.

    References
    ----------
    Goodman-Bacon (2021), Journal of Econometrics 225(2): 254–277. Bertrand, Duflo and Mullainathan (2004),
    Quarterly Journal of Economics 119(1): 249–275, on clustering by unit.

    Examples
    --------
    >>> df = pd.DataFrame({"food": [3.0, 5, 4, 6, 4, 4, 9, 11], "village": [1, 1, 2, 2, 3, 3, 4, 4],
    ...     "cash": [0, 0, 0, 0, 1, 1, 1, 1], "after": [0, 1] * 4})
    >>> effect = difference_in_differences(df, outcome="food", treated="cash", post="after")
    >>> round(effect.estimate, 6), {name: round(mean, 1) for name, mean in effect.details["means"].items()}
    (-1.0, {'untreated before': 3.5, 'untreated after': 5.5, 'treated before': 6.5, 'treated after': 7.5})
    """
    covariance = _covariance(covariance)
    cluster = unit if cluster is None else cluster
    effects = [name for name in dict.fromkeys((unit, time, *names_of(fixed_effects))) if name is not None]
    if post is None and not effects:
        raise ValueError(
            "post: name the column that is 1 after the start, or give `unit` and `time` where `treated` "
            "is the treatment status of each row"
        )
    sample = prepare(
        df,
        outcome=outcome,
        treated=treated,
        controls=names_of(controls),
        binary=(post,),
        groups=(*effects, cluster),
        weights=weights,
    )
    after = None if post is None else sample.numbers[post]
    on = sample.treated if after is None else sample.treated * after
    _cells(sample, after, on, treated, post)
    x, names = _columns(sample, after, on, treated, post, unit, time)
    clusters = None if cluster is None else sample.groups[cluster]
    fit = fit_absorbing(
        sample.outcome,
        x,
        [sample.groups[name] for name in effects],
        weights=sample.weights,
        clusters=clusters,
        covariance=covariance,
    )
    if not fit.kept[0]:
        taken = _and([*effects, *([] if post is None else [post])])
        raise ValueError(
            f"treated: column {treated!r} does not vary once {taken} "
            "are taken out; it must change over time in some units and not in others"
        )
    checks, numbers = _checks(sample, on, unit, time, treated, clusters)
    if design is not None:
        checks.append(design.check(cluster, df.iloc[sample.positions]))
    estimate = float(fit.coef[0])
    return ImpactEstimate(
        method="two-way fixed effects" if unit is not None else "difference in differences",
        estimand="ATT",
        outcome=str(outcome),
        treated=str(treated),
        estimate=estimate,
        std_error=float(np.sqrt(fit.cov[0, 0])),
        std_error_kind=fit.kind if cluster is None else f"clustered by {cluster} (CR1)",
        df=fit.df,
        n_obs=fit.n,
        n_clusters=fit.n_clusters,
        control_mean=arm_mean(sample.outcome, on == 1, sample.weights) - estimate,
        checks=tuple(checks),
        dropped=sample.dropped,
        details=_details(sample, after, fit, names) | numbers,
        citation=CITATION,
        software=fit.software,
    )


def _covariance(kind: str) -> str:
    if kind not in ("HC1", "classical"):
        raise ValueError(f"covariance: got {kind!r}; allowed: HC1, classical (or name a cluster)")
    return kind


def _and(names: Iterable[Hashable]) -> str:
    return " and ".join(repr(str(name)) for name in names)


def _cells(
    sample: Sample, after: np.ndarray | None, on: np.ndarray, treated: Hashable, post: Hashable | None
) -> None:
    """Refuse data in which one of the four groups is empty."""
    if after is None:
        return
    for t in (0, 1):
        for p in (0, 1):
            if not ((sample.treated == t) & (after == p)).any():
                raise ValueError(
                    f"post: no complete row has {treated!r} = {t} and {post!r} = {p}; treated and untreated "
                    "rows are needed both before and after"
                )


def _columns(
    sample: Sample,
    after: np.ndarray | None,
    on: np.ndarray,
    treated: Hashable,
    post: Hashable | None,
    unit: Hashable | None,
    time: Hashable | None,
) -> tuple[np.ndarray, list[str]]:
    """The regressors, treatment first."""
    columns, names = [on], [str(treated) if after is None else f"{treated} × {post}"]
    if after is not None and unit is None:
        columns.append(sample.treated)
        names.append(str(treated))
    if after is not None and time is None:
        columns.append(after)
        names.append(str(post))
    return np.column_stack([*columns, sample.controls]), [*names, *sample.control_names]


def _details(sample: Sample, after: np.ndarray | None, fit: Absorbed, names: list[str]) -> dict[str, object]:
    kept = [name for name, use in zip(names, fit.kept, strict=True) if use]
    details: dict[str, object] = {
        "coefficients": dict(zip(kept, fit.coef.tolist(), strict=True)),
        "left_out": (*sample.collinear, *(name for name in names if name not in kept)),
        "small_sample_parameters": fit.n_params,
    }
    if not np.isnan(fit.r_squared):
        details["r_squared"] = fit.r_squared
    if after is not None:
        details["means"] = {
            f"{group} {when}": arm_mean(sample.outcome, (sample.treated == t) & (after == p), sample.weights)
            for t, group in enumerate(("untreated", "treated"))
            for p, when in enumerate(("before", "after"))
        }
    return details


@dataclass(frozen=True)
class _Starts:
    """When units start: by unit, on the scale of `periods`; or all together."""

    start: np.ndarray
    periods: np.ndarray


def _checks(
    sample: Sample,
    on: np.ndarray,
    unit: Hashable | None,
    time: Hashable | None,
    treated: Hashable,
    clusters: np.ndarray | None,
) -> tuple[list[Check], dict[str, float]]:
    checks, numbers = [], {}
    if unit is not None and time is not None:
        units, times = sample.groups[unit], sample.groups[time]
        refuse_repeated(units, times, sample.levels[unit], sample.levels[time], unit)
        starts = _starts(sample, on, unit, time, treated)
        if starts is None:
            check = Check(
                "comparisons",
                "Does two-way fixed effects compare treated units with untreated ones only?",
                None,
                text=f"the periods of {time!r} have no order; give numbers or dates",
            )
        else:
            check, numbers = comparison_check(starts.start, units, times, starts.periods, sample.weights)
        checks.append(check)
    if clusters is not None:
        checks.append(cluster_check(clusters, on))
    return checks, numbers


def _starts(
    sample: Sample, on: np.ndarray, unit: Hashable, time: Hashable, treated: Hashable
) -> _Starts | None:
    """Return when each unit starts; None where periods have no order and units start at different times."""
    units, times = sample.groups[unit], sample.groups[time]
    periods = period_numbers(sample.levels[time])
    ever = np.zeros(int(units.max()) + 1, dtype=bool)
    ever[units[on == 1]] = True
    if periods is None:
        rows = np.bincount(times[ever[units]], minlength=len(sample.levels[time]))
        treated_rows = np.bincount(times[on == 1], minlength=rows.size)
        if not ((treated_rows == 0) | (treated_rows == rows)).all():
            return None
        # all start together: put the untreated periods first, whatever their names
        late = treated_rows > 0
        order = np.argsort(np.argsort(late, kind="stable"), kind="stable")
        return _Starts(np.where(ever, float(order[late].min()), np.inf), order.astype(float))
    start = np.full(ever.size, np.inf)
    np.minimum.at(start, units[on == 1], periods[times[on == 1]])
    stopped = (periods[times] >= start[units]) & (on == 0)
    if stopped.any():
        first = int(np.flatnonzero(stopped)[0])
        who = sample.levels[unit][units[first]]
        count = np.unique(units[stopped]).size
        raise ValueError(
            f"treated: {unit!r} {who!r} is treated and later untreated in {treated!r} ({count:,} such); "
            "leave out their rows after the end, or mark them as treated from the first treatment on"
        )
    return _Starts(start, periods)
