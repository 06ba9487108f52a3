"""Randomisation inference: how often chance assignment alone would give an effect as large."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from aspfin.evaluation.assignments import Assignments, assignments
from aspfin.evaluation.columns import names_of
from aspfin.evaluation.estimate import SOFTWARE, ResampledEstimate, arm_mean, invert
from aspfin.evaluation.regression import sum_by
from aspfin.evaluation.sample import Sample, prepare
from aspfin.results import ImpactEstimate

__all__ = ["randomisation_inference"]

CITATION = "Fisher (1935), The Design of Experiments; Young (2019), Quarterly Journal of Economics 134"
Estimator = Callable[[pd.DataFrame], "ImpactEstimate | float"]


def randomisation_inference(
    df: pd.DataFrame,
    *,
    estimator: Estimator | str = "difference_in_means",
    treated: Hashable,
    outcome: Hashable | None = None,
    controls: Iterable[Hashable] = (),
    strata: Hashable | Iterable[Hashable] | None = None,
    cluster: Hashable | None = None,
    weights: Hashable | None = None,
    draws: int = 5000,
    seed: int = 0,
) -> ResampledEstimate:
    """Redraw the assignment as it was drawn, and compare the effect found with those of the redrawn ones.

    The null hypothesis is that treatment changed nobody's outcome. Where there are no more than `draws`
    possible assignments all are used and the p-value is exact.

    Parameters
    ----------
    df : DataFrame
    estimator : callable or "difference_in_means"
        Takes a frame, in which only the treatment column is redrawn, and returns an `ImpactEstimate` or a
        number: for example ``partial(evaluation.matching, outcome="food", treated="cash", controls="age")``,
        of `functools`. The named one is vectorised, and takes `outcome`, `controls` and `weights`.
    treated : column
        0 or 1.
    strata, cluster : column or columns, optional
        The assignment was drawn within strata, by whole clusters. The named estimator absorbs strata.
    draws, seed : int

    Returns
    -------
    ResampledEstimate
        `std_error` is the spread over redrawn assignments; the interval of the named estimator holds the
        constant effects that the test does not reject. With a callable, the interval is missing.

    Raises
    ------
    ValueError
        In one line naming the column, what was found and the remedy.

    Examples
    --------
    >>> df = pd.DataFrame({"food": [3.0, 4.0, 5.0, 7.0, 6.0, 9.0], "cash": [0, 0, 0, 1, 1, 1]})
    >>> result = randomisation_inference(df, treated="cash", outcome="food")
    >>> result.draws, result.exact, round(result.p_value, 4)
    (20, True, 0.1)
    """
    if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 1:
        raise ValueError(f"draws: got {draws!r}; allowed: a whole number of at least 1")
    named = estimator == "difference_in_means"
    if not named and not callable(estimator):
        raise ValueError(f"estimator: got {estimator!r}; give 'difference_in_means' or a function of a frame")
    if named and outcome is None:
        raise ValueError("outcome: got none; the difference in means needs the column to compare")
    if not named and (outcome is not None or weights is not None or names_of(controls)):
        raise ValueError(
            "outcome, controls, weights: belong to the named estimator; put them into the function"
        )
    stratum = names_of(strata)
    sample = prepare(
        df, outcome=outcome, treated=treated, controls=controls, groups=(*stratum, cluster), weights=weights
    )
    codes = sample.codes(*stratum)
    clusters = None if cluster is None else sample.groups[cluster]
    labels = (str(treated), " and ".join(map(str, stratum)), str(cluster))
    plan = assignments(sample.treated, codes, clusters, labels)
    exact = plan.possible <= draws
    chunks = plan.all() if exact else plan.draws(draws, seed)
    count = plan.possible if exact else draws
    if named:
        found = _difference(sample, codes, plan, chunks, exact)
        observed: ImpactEstimate | None = None
    else:
        found, observed = _callable(estimator, df.iloc[sample.positions], treated, plan, chunks, exact)
    return ResampledEstimate(
        method="randomisation inference" + ("" if named else f" on {_method(observed)}"),
        estimand="ITT" if observed is None else observed.estimand,
        outcome=str(outcome) if named else _outcome(observed),
        treated=str(treated),
        estimate=found.estimate,
        std_error=float(np.std(found.redrawn)),
        std_error_kind="spread over redrawn assignments",
        n_obs=sample.n,
        n_clusters=None if cluster is None else plan.treated.size,
        control_mean=arm_mean(sample.outcome, sample.treated == 0, sample.weights)
        if named
        else (observed.control_mean if observed is not None else float("nan")),
        dropped=sample.dropped,
        citation=CITATION,
        software=SOFTWARE,
        resampled_p_value=found.p_value(),
        draws=count,
        exact=exact,
        interval=partial(_interval, found) if named else None,
    )


@dataclass(frozen=True, eq=False)
class _Redrawn:
    """Effects under redrawn assignments, and what a unit of true effect adds to each."""

    estimate: float
    redrawn: np.ndarray
    slope: np.ndarray
    exact: bool

    def p_value(self, effect: float = 0.0) -> float:
        """Two-sided p of a constant effect; the assignment that happened counts as one draw."""
        gap = abs(self.estimate - effect)
        beyond = np.abs(self.redrawn - effect * self.slope) >= gap - 1e-9 * max(gap, np.std(self.redrawn))
        hits = int(beyond.sum())
        return hits / beyond.size if self.exact else (1 + hits) / (1 + beyond.size)


def _interval(found: _Redrawn, level: float) -> tuple[float, float]:
    return invert(found.p_value, found.estimate, float(np.std(found.redrawn)) or 1.0, level)


def _difference(
    sample: Sample, strata: np.ndarray | None, plan: Assignments, chunks: Iterator[np.ndarray], exact: bool
) -> _Redrawn:
    """Regression effects of many assignments at once.

    By Frisch–Waugh–Lovell the effect of T is T'WMy / T'WMT, where M takes out strata and controls. Sums over
    the units of assignment are all it needs.
    """
    from scipy import sparse

    w = np.ones(sample.n) if sample.weights is None else sample.weights
    groups = np.zeros(sample.n, dtype=int) if strata is None else strata
    root = np.sqrt(w)[:, None]
    by_stratum = sum_by(groups, w)

    def within(values: np.ndarray) -> np.ndarray:
        return values - (sum_by(groups, values * w[:, None]) / by_stratum[:, None])[groups]

    basis = np.empty((sample.n, 0))
    if sample.controls.shape[1]:
        # Rank-revealing: controls that strata determine add nothing.
        left, size, _ = np.linalg.svd(
            within(sample.controls / sample.controls.std(axis=0)) * root, full_matrices=False
        )
        basis = left[:, size > 1e-9 * np.sqrt(sample.n)]
    both = within(np.column_stack([sample.outcome, sample.treated])) * root
    both = (both - basis @ (basis.T @ both)) * root
    units = plan.treated.size
    sums = sum_by(plan.unit, np.column_stack([both, w, basis * root]), units)
    cells = sparse.csr_array((w, (plan.unit, groups)), shape=(units, by_stratum.size))

    def effects(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        parts = drawn @ sums
        by_cell = cells.T @ drawn.T if by_stratum.size > 1 else (drawn @ sums[:, 2])[None, :]
        below = parts[:, 2] - (by_cell**2 / by_stratum[:, None]).sum(axis=0) - (parts[:, 3:] ** 2).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(below[:, None] > 1e-9 * parts[:, 2:3], parts[:, :2] / below[:, None], 0.0)
        return ratio[:, 0], ratio[:, 1]

    observed = float(effects(plan.treated[None, :])[0][0])
    found = [effects(chunk) for chunk in chunks]
    redrawn, slope = (np.concatenate([one[i] for one in found]) for i in (0, 1))
    return _Redrawn(observed, redrawn, slope, exact)


def _callable(
    estimator: Estimator,
    df: pd.DataFrame,
    treated: Hashable,
    plan: Assignments,
    chunks: Iterator[np.ndarray],
    exact: bool,
) -> tuple[_Redrawn, ImpactEstimate | None]:
    """Call any estimator on the frame with the treatment redrawn."""
    first = estimator(df)
    redrawn = []
    for chunk in chunks:
        for drawn in chunk:
            frame = df.copy(deep=False)
            frame[treated] = drawn[plan.unit]
            redrawn.append(_number(estimator(frame)))
    values = np.array(redrawn)
    found = _Redrawn(_number(first), values, np.zeros(values.size), exact)
    return found, first if isinstance(first, ImpactEstimate) else None


def _number(value: ImpactEstimate | float) -> float:
    number = float(value.estimate if isinstance(value, ImpactEstimate) else value)
    if not np.isfinite(number):
        raise ValueError(
            f"estimator: returned {number!r} for a redrawn assignment; it must give a finite number"
        )
    return number


def _method(observed: ImpactEstimate | None) -> str:
    return "an own statistic" if observed is None else observed.method


def _outcome(observed: ImpactEstimate | None) -> str:
    return "the statistic" if observed is None else observed.outcome
