"""Selection on observables: regression adjustment, inverse probability weighting, and both together.

Each estimate comes with the influence of every row, in which the estimation of the propensity score and of
the outcome regressions is accounted for; standard errors, also by cluster, are sums of squares of it.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import pandas as pd

from aspfin.evaluation.overlap import (
    Propensity,
    balance_check,
    balance_table,
    effective_size,
    fit_propensity,
    overlap_check,
    standardised,
)
from aspfin.evaluation.regression import independent_columns, sum_by
from aspfin.evaluation.sample import Sample, prepare
from aspfin.results import Check, ImpactEstimate

__all__ = ["doubly_robust", "inverse_probability_weighting", "regression_adjustment"]

ESTIMANDS = ("ATE", "ATT")


@dataclass(frozen=True, eq=False)
class _Numbers:
    """An effect, the mean without treatment, and the influence of each row on the effect, shape (n,)."""

    effect: float
    control_mean: float
    influence: np.ndarray


def regression_adjustment(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    treated: Hashable,
    controls: Iterable[Hashable],
    estimand: str = "ATE",
    interacted: Iterable[Hashable] | None = None,
    cluster: Hashable | None = None,
) -> ImpactEstimate:
    """Estimate the effect by predicting each row's outcome with and without treatment (standardisation).

    Parameters
    ----------
    df : DataFrame
    outcome, treated : column
        The treatment must be 0 or 1.
    controls : columns
        What both treatment and outcome depend on; text and categories become indicators.
    estimand : {"ATE", "ATT"}
        Averaged over all rows, or over the treated.
    interacted : columns, optional
        Controls by which the effect may differ. By default all, which is a separate regression in each arm.
    cluster : column, optional

    Returns
    -------
    ImpactEstimate
        `control_mean` is the mean predicted outcome without treatment.

    Raises
    ------
    ValueError
        In one line naming the column, what was found and the remedy.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> df = pd.DataFrame({"age": rng.normal(size=2000)})
    >>> df["cash"] = (df["age"] + rng.normal(size=2000) > 0).astype(int)
    >>> df["food"] = 3 * df["cash"] + 2 * df["age"] + rng.normal(size=2000)
    >>> effect = regression_adjustment(df, outcome="food", treated="cash", controls=["age"])
    >>> abs(effect.estimate - 3) < 3 * effect.std_error
    True
    """
    sample = _read(df, outcome, treated, controls, estimand, cluster)
    chosen = _interacted(sample, controls, interacted)
    numbers = _adjust(sample, estimand, chosen)
    return _result(
        sample,
        numbers,
        method="regression adjustment",
        estimand=estimand,
        cluster=cluster,
        citation="Hernán & Robins (2020), Causal Inference: What If, chapter 13",
        names=(outcome, treated),
    )


def inverse_probability_weighting(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    treated: Hashable,
    controls: Iterable[Hashable],
    estimand: str = "ATE",
    trim: float = 0.0,
    cluster: Hashable | None = None,
) -> ImpactEstimate:
    """Estimate the effect by weighting rows by the inverse of their chance of the treatment they had.

    Weights are normalised to sum to one in each arm (Hájek), so stabilised and plain weights give the same.
    The chance is a logit of treatment on the controls; enter squares and products as columns.

    Parameters
    ----------
    df, outcome, treated, controls, estimand, cluster
        As in `regression_adjustment`.
    trim : float
        Leave out rows whose chance is below `trim` or above 1 − `trim` and fit again; they are counted in
        `dropped`, and the effect is that of the rows kept. From 0 to below 0.5.

    Returns
    -------
    ImpactEstimate
        `details`: balance (frame before and after weighting), effective sizes, the range of scores,
        `std_error_fixed_weights` (as if the chances were known; usually too large).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> df = pd.DataFrame({"age": rng.normal(size=2000)})
    >>> df["cash"] = (df["age"] + 2 * rng.normal(size=2000) > 0).astype(int)
    >>> df["food"] = 3 * df["cash"] + 2 * df["age"] + rng.normal(size=2000)
    >>> effect = inverse_probability_weighting(df, outcome="food", treated="cash", controls=["age"])
    >>> abs(effect.estimate - 3) < 3 * effect.std_error
    True
    """
    sample = _read(df, outcome, treated, controls, estimand, cluster)
    sample, propensity = _trimmed(sample, estimand, trim)
    weights = _weights(sample.treated, propensity.score, estimand)
    numbers, fixed = _weigh(sample, propensity, weights, estimand)
    details, checks = _diagnostics(sample, propensity, weights)
    return _result(
        sample,
        numbers,
        method="inverse probability weighting",
        estimand=estimand + (" of the trimmed sample" if trim else ""),
        cluster=cluster,
        citation="Hirano, Imbens & Ridder (2003), Econometrica 71(4); normalised weights",
        names=(outcome, treated),
        details=details | {"std_error_fixed_weights": _std_error(fixed, sample, cluster)},
        checks=checks,
    )


def doubly_robust(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    treated: Hashable,
    controls: Iterable[Hashable],
    estimand: str = "ATE",
    trim: float = 0.0,
    cluster: Hashable | None = None,
) -> ImpactEstimate:
    """Estimate the effect by augmented inverse probability weighting.

    Right if either the outcome regressions (linear, one in each arm) or the logit of treatment is right.

    Parameters
    ----------
    df, outcome, treated, controls, estimand, trim, cluster
        As in `inverse_probability_weighting`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> df = pd.DataFrame({"age": rng.normal(size=2000)})
    >>> df["cash"] = (df["age"] + 2 * rng.normal(size=2000) > 0).astype(int)
    >>> df["food"] = 3 * df["cash"] + 2 * df["age"] + rng.normal(size=2000)
    >>> effect = doubly_robust(df, outcome="food", treated="cash", controls=["age"], estimand="ATT")
    >>> abs(effect.estimate - 3) < 3 * effect.std_error
    True
    """
    sample = _read(df, outcome, treated, controls, estimand, cluster)
    sample, propensity = _trimmed(sample, estimand, trim)
    weights = _weights(sample.treated, propensity.score, estimand)
    details, checks = _diagnostics(sample, propensity, weights)
    return _result(
        sample,
        _augment(sample, propensity, weights, estimand),
        method="augmented inverse probability weighting",
        estimand=estimand + (" of the trimmed sample" if trim else ""),
        cluster=cluster,
        citation="Robins, Rotnitzky & Zhao (1994), JASA 89(427); normalised weights",
        names=(outcome, treated),
        details=details,
        checks=checks,
    )


def _read(
    df: pd.DataFrame,
    outcome: Hashable,
    treated: Hashable,
    controls: Iterable[Hashable],
    estimand: str,
    cluster: Hashable | None,
) -> Sample:
    if estimand not in ESTIMANDS:
        raise ValueError(f"estimand: got {estimand!r}; allowed: {', '.join(ESTIMANDS)}")
    groups = () if cluster is None else (cluster,)
    sample = prepare(df, outcome=outcome, treated=treated, controls=controls, groups=groups)
    if not sample.control_names:
        raise ValueError("controls: none is given that varies; use difference_in_means, or name controls")
    if cluster is not None and sample.n_levels(cluster) < 2:
        raise ValueError(f"cluster: column {cluster!r} has one level; at least two clusters are needed")
    return sample


def _interacted(
    sample: Sample, controls: Iterable[Hashable], interacted: Iterable[Hashable] | None
) -> np.ndarray:
    """Return which columns of `sample.controls` meet the treatment, shape (k,)."""
    if interacted is None:
        return np.ones(len(sample.control_names), dtype=bool)
    chosen = (interacted,) if isinstance(interacted, str) else tuple(interacted)
    known = (controls,) if isinstance(controls, str) else tuple(controls)
    for one in chosen:
        if one not in known:
            raise ValueError(f"interacted: {one!r} is not among the controls; name only controls")
    return np.array(
        [
            any(name == str(one) or name.startswith(f"{one} = ") for one in chosen)
            for name in sample.control_names
        ]
    )


def _ols(y: np.ndarray, x: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients and the influence of each row on them, shape (n, k), for rows of weight 1."""
    gram = (x * weight[:, None]).T @ x / len(y)
    beta = np.linalg.solve(gram, (x * weight[:, None]).T @ y / len(y))
    residual = weight * (y - x @ beta)
    return beta, np.linalg.solve(gram, (x * residual[:, None]).T).T


def _full_rank(design: np.ndarray, names: list[str], where: str) -> None:
    usable = independent_columns(design)
    if not usable.all():
        name = names[int(np.flatnonzero(~usable)[0])]
        raise ValueError(
            f"controls: {name!r} is constant or determined by the other controls {where}; "
            "leave it out or merge its levels"
        )


def _adjust(sample: Sample, estimand: str, chosen: np.ndarray) -> _Numbers:
    y, d, x = sample.outcome, sample.treated, standardised(sample.controls)
    shift = np.column_stack([np.ones(sample.n), x[:, chosen]])  # what treatment adds to the design
    base = np.column_stack([np.ones(sample.n), x])
    names = ["constant", *sample.control_names]
    for arm, where in ((1, "among the treated"), (0, "among the untreated")):
        columns = np.flatnonzero(np.r_[True, chosen])
        _full_rank(base[d == arm][:, columns], [names[i] for i in columns], where)
    design = np.column_stack([base, d[:, None] * shift])
    beta, influence = _ols(y, design, np.ones(sample.n))
    target = np.ones(sample.n) if estimand == "ATE" else d / d.mean()
    gain = shift @ beta[base.shape[1] :]
    effect = float(np.mean(target * gain))
    slope = np.r_[np.zeros(base.shape[1]), (target[:, None] * shift).mean(axis=0)]
    without = float(np.mean(target * (base @ beta[: base.shape[1]])))
    return _Numbers(effect, without, target * (gain - effect) + influence @ slope)


def _weights(treated: np.ndarray, score: np.ndarray, estimand: str) -> np.ndarray:
    odds = score / (1 - score)
    if estimand == "ATE":
        return np.where(treated == 1, 1 / score, 1 + odds)
    return np.where(treated == 1, 1.0, odds)


def _weight_slopes(sample: Sample, propensity: Propensity, weights: np.ndarray, estimand: str) -> np.ndarray:
    """Return d weight / d (linear index), shape (n,)."""
    p, d = propensity.score, sample.treated
    if estimand == "ATE":
        return np.where(d == 1, -(1 - p) * weights, p * weights)
    return np.where(d == 1, 0.0, weights)


def _trimmed(sample: Sample, estimand: str, trim: float) -> tuple[Sample, Propensity]:
    if isinstance(trim, bool) or not 0 <= trim < 0.5:
        raise ValueError(f"trim: got {trim!r}; allowed: a share from 0 to below 0.5")
    propensity = fit_propensity(sample.treated, sample.controls, sample.control_names)
    if not trim:
        return sample, propensity
    low = 0.0 if estimand == "ATT" else trim  # a low chance harms nobody's weight in the ATT
    keep = (propensity.score >= low) & (propensity.score <= 1 - trim)
    sample = sample.subset(keep, f"propensity outside {low:g} to {1 - trim:g}")
    if not 0 < sample.treated.mean() < 1:
        raise ValueError(f"trim: {trim:g} leaves rows of one arm only; trim less")
    _full_rank(
        np.column_stack([np.ones(sample.n), sample.controls]),
        ["constant", *sample.control_names],
        "after trimming",
    )
    return sample, fit_propensity(sample.treated, sample.controls, sample.control_names)


def _weigh(
    sample: Sample, propensity: Propensity, weights: np.ndarray, estimand: str
) -> tuple[_Numbers, np.ndarray]:
    y, slopes = sample.outcome, _weight_slopes(sample, propensity, weights, estimand)
    means, fixed, full = {}, {}, {}
    for arm in (1, 0):
        inside = sample.treated == arm
        w = weights * inside
        means[arm] = float((w @ y) / w.sum())
        error = (y - means[arm]) / w.mean()
        fixed[arm] = w * error
        gradient = ((slopes * inside * error)[:, None] * propensity.design).mean(axis=0)
        full[arm] = fixed[arm] + propensity.influence @ gradient
    return _Numbers(means[1] - means[0], means[0], full[1] - full[0]), fixed[1] - fixed[0]


def _augment(sample: Sample, propensity: Propensity, weights: np.ndarray, estimand: str) -> _Numbers:
    """Outcome regressions in each arm plus the weighted mean of their residuals."""
    y, d, x = sample.outcome, sample.treated, propensity.design
    slopes = _weight_slopes(sample, propensity, weights, estimand)
    target = np.ones(sample.n) if estimand == "ATE" else d / d.mean()
    means, influences = {}, {}
    for arm in (1, 0) if estimand == "ATE" else (0,):
        inside = (d == arm).astype(float)
        where = "among the treated" if arm else "among the untreated"
        _full_rank(x[d == arm], ["constant", *sample.control_names], where)
        beta, of_beta = _ols(y, x, inside)
        predicted = x @ beta
        w = weights * inside
        extra = float(w @ (y - predicted) / w.sum())
        error = (y - predicted - extra) / w.mean()
        by_score = ((slopes * inside * error)[:, None] * x).mean(axis=0)
        by_beta = (target[:, None] * x).mean(axis=0) - (w[:, None] * x).mean(axis=0) / w.mean()
        base = float(np.mean(target * predicted))
        means[arm] = base + extra
        influences[arm] = (
            target * (predicted - base) + w * error + propensity.influence @ by_score + of_beta @ by_beta
        )
    if estimand == "ATT":
        means[1] = float(np.mean(target * y))
        influences[1] = target * (y - means[1])
    return _Numbers(means[1] - means[0], means[0], influences[1] - influences[0])


def _diagnostics(
    sample: Sample, propensity: Propensity, weights: np.ndarray
) -> tuple[dict[str, object], tuple[Check, ...]]:
    one = sample.treated == 1
    table = balance_table(sample.controls, sample.control_names, sample.treated, weights)
    sizes = effective_size(weights[one]), effective_size(weights[~one])
    largest = max(float(weights[arm].max() / weights[arm].sum()) for arm in (one, ~one))
    weight_check = Check(
        "weights",
        "Does no single row carry more than 5 % of the weight of its arm?",
        largest <= 0.05,
        largest,
        text=f"largest share {100 * largest:.1f} %; effective sizes {sizes[0]:,.0f} and {sizes[1]:,.0f}",
    )
    details = {
        "balance": table,
        "effective_size_treated": sizes[0],
        "effective_size_untreated": sizes[1],
        "score_min": float(propensity.score.min()),
        "score_max": float(propensity.score.max()),
    }
    checks = (
        overlap_check(propensity.score, sample.treated),
        balance_check(table, "weighting"),
        weight_check,
    )
    return details, checks


def _std_error(influence: np.ndarray, sample: Sample, cluster: Hashable | None) -> float:
    if cluster is None:
        return float(np.sqrt((influence**2).sum()) / sample.n)
    groups = sample.n_levels(cluster)
    total = (sum_by(sample.groups[cluster], influence) ** 2).sum()
    return float(np.sqrt(groups / (groups - 1) * total) / sample.n)


def _result(
    sample: Sample,
    numbers: _Numbers,
    *,
    method: str,
    estimand: str,
    cluster: Hashable | None,
    citation: str,
    names: tuple[Hashable, Hashable],
    details: dict[str, object] | None = None,
    checks: tuple[Check, ...] = (),
) -> ImpactEstimate:
    n_clusters = None if cluster is None else sample.n_levels(cluster)
    kind = "influence function" + ("" if cluster is None else f", clustered by {cluster}")
    return ImpactEstimate(
        method=method,
        estimand=estimand,
        outcome=str(names[0]),
        treated=str(names[1]),
        estimate=numbers.effect,
        std_error=_std_error(numbers.influence, sample, cluster),
        std_error_kind=kind,
        df=math.inf if n_clusters is None else n_clusters - 1,
        n_obs=sample.n,
        n_clusters=n_clusters,
        control_mean=numbers.control_mean,
        checks=checks,
        dropped=sample.dropped,
        details={"collinear": sample.collinear, **(details or {})},
        citation=citation,
        software=f"aspfin {version('aspfin')}",
    )
