"""Nearest-neighbour matching with ties averaged, so that the order of the rows never matters."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import pandas as pd

from aspfin.evaluation.overlap import balance_check, balance_table, fit_propensity, overlap_check
from aspfin.evaluation.sample import Sample, prepare
from aspfin.results import Check, ImpactEstimate

__all__ = ["matching"]

ESTIMANDS = ("ATE", "ATT")
DISTANCES = ("mahalanobis", "propensity")
SAME = 1e-7  # standard deviations; distances this close are a tie, which rounding must not break
VARIANCE_NEIGHBOURS = 2


def matching(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    treated: Hashable,
    controls: Iterable[Hashable],
    estimand: str = "ATT",
    caliper: float | None = None,
    neighbours: int = 1,
    distance: str = "mahalanobis",
    bias_adjusted: bool = False,
) -> ImpactEstimate:
    """Compare each row with its nearest neighbours in the other arm, with replacement.

    All equally near neighbours count, with equal weights: where controls are discrete, taking one of them by
    file order would change the effect when the file is sorted. Standard errors are those of Abadie & Imbens
    (2006); the bootstrap is not valid here.

    Parameters
    ----------
    df : DataFrame
    outcome, treated : column
        The treatment must be 0 or 1.
    controls : columns
        Text and categories become indicators.
    estimand : {"ATT", "ATE"}
    caliper : float, optional
        Rows without a neighbour within this distance are left out and counted in `dropped`; in standard
        deviations (of the whitened controls, or of the propensity score).
    neighbours : int
        At least this many for each row, ties on top.
    distance : {"mahalanobis", "propensity"}
        Of the controls, or of a logit of treatment on them. For the propensity score the standard error takes
        the score as known.
    bias_adjusted : bool
        Correct for the differences left between neighbours by a linear regression in the arm they come from
        (Abadie & Imbens 2011). Advisable with several continuous controls.

    Returns
    -------
    ImpactEstimate
        `details`: share_tied, largest number of neighbours, mean_distance, balance (before and after).

    Raises
    ------
    ValueError
        In one line naming the column or argument, what was found and the remedy.

    Examples
    --------
    >>> df = pd.DataFrame({"food": [5, 7, 4, 1, 3, 9, 2], "cash": [1, 1, 1, 0, 0, 0, 0]})
    >>> df["age"] = [20, 30, 60, 20, 20, 31, 60]
    >>> effect = matching(df, outcome="food", treated="cash", controls=["age"])
    >>> effect.estimate  # the mean of 5 − (1 + 3) / 2, 7 − 9 and 4 − 2
    1.0
    """
    _settings(estimand, caliper, neighbours, distance)
    sample = prepare(df, outcome=outcome, treated=treated, controls=controls)
    if not sample.control_names:
        raise ValueError("controls: none is given that varies; use difference_in_means, or name controls")
    fewest = int(min(sample.treated.sum(), (1 - sample.treated).sum()))
    if fewest < max(neighbours, VARIANCE_NEIGHBOURS + 1):
        raise ValueError(
            f"treated: column {treated!r} leaves {fewest} rows in one arm; at least "
            f"{max(neighbours, VARIANCE_NEIGHBOURS + 1)} are needed"
        )
    score = fit_propensity(sample.treated, sample.controls, sample.control_names).score
    points = _points(sample.controls, score, distance)
    pairs = _match(points, sample.treated, neighbours, estimand, caliper)
    if not pairs.used.any():
        raise ValueError(f"caliper: no row has a neighbour within {caliper:g}; widen it")
    numbers = _effect(sample, points, pairs, estimand, bias_adjusted)
    table = balance_table(sample.controls, sample.control_names, sample.treated, numbers.weights)
    far = int(pairs.wanted.sum() - pairs.used.sum())
    return ImpactEstimate(
        method=f"nearest-neighbour matching ({distance} distance)"
        + (", bias-adjusted" if bias_adjusted else ""),
        estimand=estimand if not far else f"{estimand} of the matched",
        outcome=str(outcome),
        treated=str(treated),
        estimate=numbers.effect,
        std_error=numbers.std_error,
        std_error_kind="Abadie–Imbens" + (", score taken as known" if distance == "propensity" else ""),
        n_obs=sample.n - far,
        control_mean=numbers.control_mean,
        checks=(overlap_check(score, sample.treated), balance_check(table, "matching"), _ties(pairs)),
        dropped=sample.dropped | ({f"no neighbour within the caliper of {caliper:g}": far} if far else {}),
        details={
            "share_tied": pairs.share_tied,
            "most_neighbours": int(pairs.count.max()),
            "mean_distance": float(pairs.distance[pairs.used].mean()),
            "balance": table,
            "collinear": sample.collinear,
        },
        citation="Abadie & Imbens (2006), Large sample properties of matching estimators, Econometrica 74(1)",
        software=f"aspfin {version('aspfin')}",
    )


def _settings(estimand: str, caliper: float | None, neighbours: int, distance: str) -> None:
    for argument, value, allowed in (("estimand", estimand, ESTIMANDS), ("distance", distance, DISTANCES)):
        if value not in allowed:
            raise ValueError(f"{argument}: got {value!r}; allowed: {', '.join(allowed)}")
    if caliper is not None and not (isinstance(caliper, int | float) and 0 <= caliper < math.inf):
        raise ValueError(f"caliper: got {caliper!r}; allowed: a number of at least 0, in standard deviations")
    if isinstance(neighbours, bool) or not isinstance(neighbours, int) or neighbours < 1:
        raise ValueError(f"neighbours: got {neighbours!r}; allowed: a whole number of at least 1")


def _points(controls: np.ndarray, score: np.ndarray, distance: str) -> np.ndarray:
    """Return coordinates in which Euclidean distance is the distance asked for, shape (n, k)."""
    if distance == "propensity":
        # Rows with equal controls have equal scores; rounding must not part them.
        return np.round(score / score.std(), 10)[:, None] if score.std() > 0 else np.zeros((len(score), 1))
    centred = controls - controls.mean(axis=0)
    _, values, axes = np.linalg.svd(centred, full_matrices=False)
    return np.round(centred @ axes.T / values * math.sqrt(len(controls) - 1), 10)


@dataclass(frozen=True, eq=False)
class _Near:
    """For each of some points, its nearest rows among others: a sparse matrix of weights that sum to one."""

    weights: object
    count: np.ndarray
    distance: np.ndarray


def _nearest(points: np.ndarray, others: np.ndarray, at_least: int) -> _Near:
    """Return all rows of `others` within the distance of the `at_least`-th nearest, ties included."""
    from scipy import sparse, spatial

    places, code, size = np.unique(others, axis=0, return_inverse=True, return_counts=True)
    code = code.ravel()
    asked, asked_code = np.unique(points, axis=0, return_inverse=True)
    tree = spatial.cKDTree(places)
    k = min(at_least, len(places))
    near, which = tree.query(asked, k=list(range(1, k + 1)))
    enough = np.argmax(np.cumsum(size[which], axis=1) >= at_least, axis=1)
    radius = near[np.arange(len(asked)), enough]
    found = tree.query_ball_point(asked, radius + SAME, return_sorted=True)
    lengths = np.fromiter((len(one) for one in found), dtype=int, count=len(asked))
    columns = np.concatenate([np.asarray(one, dtype=int) for one in found])
    ends = np.r_[0, np.cumsum(lengths)]
    by_place = sparse.csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(asked), len(places)))
    count = by_place @ size
    rows_at = sparse.csr_matrix((np.ones(len(others)), (code, np.arange(len(others)))))
    spread = sparse.diags_array(1 / count) @ by_place
    return _Near((spread[asked_code.ravel()], rows_at), count[asked_code.ravel()], radius[asked_code.ravel()])


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Who is matched with whom; `near[arm]` looks from the rows of an arm into the other arm."""

    near: dict[int, _Near]
    wanted: np.ndarray
    used: np.ndarray
    count: np.ndarray
    distance: np.ndarray
    share_tied: float


def _match(
    points: np.ndarray, treated: np.ndarray, neighbours: int, estimand: str, caliper: float | None
) -> _Pairs:
    wanted = treated == 1 if estimand == "ATT" else np.ones(len(treated), dtype=bool)
    count, distance = np.zeros(len(treated)), np.full(len(treated), np.nan)
    near = {}
    for arm in (1, 0):
        rows = treated == arm
        if not (rows & wanted).any():
            continue
        near[arm] = _nearest(points[rows], points[~rows], neighbours)
        count[rows], distance[rows] = near[arm].count, near[arm].distance
    within = np.ones(len(treated), dtype=bool) if caliper is None else distance <= caliper + SAME
    used = wanted & within
    tied = float((count[used] > neighbours).mean()) if used.any() else math.nan
    return _Pairs(near, wanted, used, count, distance, tied)


@dataclass(frozen=True, eq=False)
class _Effect:
    effect: float
    std_error: float
    control_mean: float
    weights: np.ndarray


def _effect(sample: Sample, points: np.ndarray, pairs: _Pairs, estimand: str, adjusted: bool) -> _Effect:
    y, d = sample.outcome, sample.treated
    own = {arm: d == arm for arm in (1, 0)}
    potential = {1: y.copy(), 0: y.copy()}
    times, squares = np.zeros(sample.n), np.zeros(sample.n)  # K and K′ of Abadie & Imbens
    for arm, near in pairs.near.items():
        rows, others = own[arm], own[1 - arm]
        spread, rows_at = near.weights
        potential[1 - arm][rows] = spread @ (rows_at @ y[others])
        if adjusted:
            line = _line(y[others], sample.controls[others])
            fitted = sample.controls @ line
            potential[1 - arm][rows] += fitted[rows] - spread @ (rows_at @ fitted[others])
        use = pairs.used[rows].astype(float)
        times[others] += rows_at.T @ (spread.T @ use)
        squares[others] += rows_at.T @ (spread.multiply(spread).T @ use)
    gap = potential[1] - potential[0]
    n = pairs.used.sum()
    effect = float(gap[pairs.used].mean())
    noise = _noise(y, points, d)
    if estimand == "ATT":
        own_terms = np.where(d == 1, 0.0, noise * (times**2 - squares))
        weights = np.where(d == 1, pairs.used.astype(float), times)
    else:
        # A row used for itself weighs 1 + K; its own difference carries part of that already.
        used = pairs.used.astype(float)
        own_terms = noise * (times**2 + 2 * used * times - squares)
        weights = used + times
    variance = (((gap[pairs.used] - effect) ** 2).sum() + own_terms.sum()) / n**2
    without = float(potential[0][pairs.used].mean())
    return _Effect(effect, math.sqrt(max(variance, 0.0)), without, weights)


def _line(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the slopes of a regression with a constant, shape (k,)."""
    return np.linalg.lstsq(x - x.mean(axis=0), y - y.mean(), rcond=None)[0]


def _noise(y: np.ndarray, points: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Return the outcome variance given the controls, from the nearest rows of the same arm, shape (n,)."""
    noise = np.zeros(len(y))
    for arm in (1, 0):
        rows = treated == arm
        near = _nearest(points[rows], points[rows], VARIANCE_NEIGHBOURS + 1)
        spread, rows_at = near.weights
        mean, square = spread @ (rows_at @ y[rows]), spread @ (rows_at @ y[rows] ** 2)
        noise[rows] = (square - mean**2) * near.count / (near.count - 1)
    return np.maximum(noise, 0.0)


def _ties(pairs: _Pairs) -> Check:
    text = (
        f"{100 * pairs.share_tied:.1f} % of the rows have tied neighbours, up to "
        f"{int(pairs.count[pairs.used].max()):,} at once; all are averaged"
    )
    question = "Is the estimate free of the order of the rows?"
    return Check("ties", question, True, pairs.share_tied, text=text)
