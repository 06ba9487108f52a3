"""Lee bounds: what attrition that differs between arms leaves of an experiment's answer."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.evaluation.estimate import SOFTWARE, arm_mean, effects_frame
from aspfin.evaluation.regression import sum_by
from aspfin.evaluation.sample import Sample, prepare
from aspfin.results import Check, ImpactEstimate

__all__ = ["BoundsEstimate", "lee_bounds"]

CITATION = "Lee (2009), Review of Economic Studies 76; Imbens & Manski (2004), Econometrica 72"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class BoundsEstimate(ImpactEstimate):
    """An effect known only to lie between two numbers.

    Attributes
    ----------
    lower, upper : float
    lower_std_error, upper_std_error : float
        `estimate` is the middle of the two, and has no standard error of its own.
    """

    lower: float
    upper: float
    lower_std_error: float
    upper_std_error: float

    def conf_int(self, level: float = 0.95) -> tuple[float, float]:
        """Return the Imbens–Manski interval, which covers the effect itself with probability `level`."""
        if not 0 < level < 1:
            raise ValueError(f"level: got {level!r}; allowed: between 0 and 1")
        c = _imbens_manski(self.upper - self.lower, max(self.lower_std_error, self.upper_std_error), level)
        return self.lower - c * self.lower_std_error, self.upper + c * self.upper_std_error

    @property
    def p_value(self) -> float:
        """Smallest error at which the interval leaves out no effect."""
        from scipy.optimize import brentq

        if self.lower <= 0 <= self.upper:
            return 1.0

        def clears(level: float) -> float:
            low, high = self.conf_int(level)
            return low if self.lower > 0 else -high

        if clears(1 - 1e-15) > 0:
            return 0.0
        return 1 - float(brentq(clears, 1e-9, 1 - 1e-15, xtol=1e-15))

    def sentence(self) -> str:
        """Return the bounds in prose."""
        low, high = self.conf_int()
        return (
            f"The effect of {self.treated} on {self.outcome}, for those whose outcome is seen in either arm, "
            f"lies between {self.lower:.4g} and {self.upper:.4g} (95 % interval {low:.4g} to {high:.4g}; "
            f"{self.method}, {self.n_obs:,} outcomes seen)."
        )


def lee_bounds(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    treated: Hashable,
    observed: Hashable | None = None,
    cluster: Hashable | None = None,
    weights: Hashable | None = None,
) -> BoundsEstimate:
    """Bound the effect on those observed whatever their arm, by trimming the arm that is observed more often.

    Assumes random assignment, and that treatment moves attrition one way only. The arm with the higher
    response rate is trimmed by the excess share from the top and from the bottom; a value at the edge is
    trimmed in part, so that ties do not matter.

    Parameters
    ----------
    df : DataFrame
        With one row per person assigned, whether seen again or not.
    outcome, treated : column
        The outcome may be missing: that is the normal case.
    observed : column, optional
        0 or 1: whether the outcome was seen. Without it, an outcome that is not missing was seen.
    cluster, weights : column, optional
        Errors are clustered; sampling weights.

    Returns
    -------
    BoundsEstimate
        `lower`, `upper`, their standard errors (Lee's, which count the estimated share trimmed), and the
        Imbens–Manski interval. `by` has both bounds as rows.

    Raises
    ------
    ValueError
        In one line naming the column, what was found and the remedy.

    Examples
    --------
    >>> df = pd.DataFrame({"food": [1.0, 2.0, None, None, 3.0, 4.0, 5.0, None], "cash": [0] * 4 + [1] * 4})
    >>> bounds = lee_bounds(df, outcome="food", treated="cash")
    >>> round(bounds.lower, 4), round(bounds.upper, 4), round(bounds.details["trimmed_share"], 4)
    (2.0, 3.0, 0.3333)
    """
    sample = prepare(
        df,
        outcome=outcome,
        treated=treated,
        binary=(observed,),
        groups=(cluster,),
        weights=weights,
        may_miss=(outcome,),
    )
    y, t = sample.outcome, sample.treated
    seen = ~np.isnan(y) if observed is None else sample.numbers[observed] == 1
    if np.isnan(y[seen]).any():
        lost = int(np.isnan(y[seen]).sum())
        raise ValueError(
            f"observed: {observed!r} is 1 in {lost:,} rows where {outcome!r} is missing; set it to 0 there"
        )
    for arm, word in ((t == 0, "untreated"), (t == 1, "treated")):
        if (seen & arm).sum() < 2:
            raise ValueError(
                f"outcome: {outcome!r} is seen in fewer than 2 {word} rows; bounds need both arms"
            )
    if np.all(y[seen] == y[seen][0]):
        raise ValueError(
            f"outcome: column {outcome!r} is {y[seen][0]:g} wherever seen; choose another outcome"
        )
    return _bounds(sample, seen, outcome, treated, cluster)


def _bounds(
    sample: Sample, seen: np.ndarray, outcome: Hashable, treated: Hashable, cluster: Hashable | None
) -> BoundsEstimate:
    w = np.ones(sample.n) if sample.weights is None else sample.weights
    w = w / w.mean()
    clusters = None if cluster is None else sample.groups[cluster]
    y = np.where(seen, sample.outcome, 0.0)
    arms = {arm: sample.treated == arm for arm in (0, 1)}
    rates = {arm: float(np.average(seen[rows], weights=w[rows])) for arm, rows in arms.items()}
    trimmed = int(rates[1] >= rates[0])
    other, sign = 1 - trimmed, 1.0 if trimmed else -1.0
    share = 1 - rates[other] / rates[trimmed]
    rows, rest = arms[trimmed] & seen, arms[other] & seen
    # How the share trimmed moves with each row: needed because it is estimated.
    rate_moves = {arm: arms[arm] * w * (seen - rates[arm]) / (w * arms[arm]).sum() for arm in (0, 1)}
    share_moves = (
        rates[other] / rates[trimmed] ** 2 * rate_moves[trimmed] - rate_moves[other] / rates[trimmed]
    )
    mean = float(np.average(y[rest], weights=w[rest]))
    mean_moves = rest * w * (y - mean) / (w * rest).sum()
    ends = []
    for side in (-1.0, 1.0):  # keep the lowest, keep the highest
        kept, moves = _trimmed_mean(side * y, rows, w, share, share_moves)
        ends.append((sign * (side * kept - mean), _spread(side * moves - mean_moves, clusters)))
    (lower, lower_error), (upper, upper_error) = sorted(ends, key=lambda one: one[0])
    keys = {"bound": ["lower", "upper"]}
    seen_rows = int(seen.sum())
    by = effects_frame(
        keys, np.array([lower, upper]), np.array([lower_error, upper_error]), np.array([seen_rows] * 2)
    )
    text = f"outcomes seen for {rates[1]:.1%} of the treated and {rates[0]:.1%} of the others"
    question = "Do the bounds agree on the sign of the effect?"
    return BoundsEstimate(
        method="Lee bounds",
        estimand="ATE on those always observed",
        outcome=str(outcome),
        treated=str(treated),
        estimate=(lower + upper) / 2,
        std_error=math.nan,
        std_error_kind="none for the middle of bounds; Imbens–Manski interval"
        + ("" if cluster is None else f", clustered by {cluster}"),
        n_obs=seen_rows,
        n_clusters=None if clusters is None else sample.n_levels(cluster),
        control_mean=arm_mean(y, arms[0] & seen, sample.weights),
        by=by,
        checks=(Check("bounds agree on the sign", question, lower > 0 or upper < 0, text=text),),
        dropped=sample.dropped,
        details={
            "trimmed_arm": "treated" if trimmed else "untreated",
            "trimmed_share": share,
            "response_treated": rates[1],
            "response_untreated": rates[0],
            "n_assigned": sample.n,
        },
        citation=CITATION,
        software=SOFTWARE,
        lower=lower,
        upper=upper,
        lower_std_error=lower_error,
        upper_std_error=upper_error,
    )


def _trimmed_mean(
    y: np.ndarray, rows: np.ndarray, w: np.ndarray, share: float, share_moves: np.ndarray
) -> tuple[float, np.ndarray]:
    """Mean of the highest 1 − `share` of `y` over `rows`, and how each row moves it.

    The mean is edge + E(y − edge)⁺ / (1 − share), whose edge may be treated as known (it is at an optimum);
    hence the movement with `share` is (mean − edge) / (1 − share).
    """
    values, mass = y[rows], w[rows]
    order = np.argsort(values, kind="stable")
    below = np.cumsum(mass[order]) / mass.sum()
    edge = values[order][min(int(np.searchsorted(below, share + 1e-12, side="right")), values.size - 1)]
    above = np.maximum(y - edge, 0) * rows
    excess = float((w * above).sum() / mass.sum())
    mean = edge + excess / (1 - share)
    moves = rows * w * (above - excess) / mass.sum() / (1 - share)
    return float(mean), moves + (mean - edge) / (1 - share) * share_moves


def _spread(moves: np.ndarray, clusters: np.ndarray | None) -> float:
    if clusters is None:
        return float(np.sqrt((moves**2).sum()))
    sums = sum_by(clusters, moves)
    if sums.size < 2:
        raise ValueError("cluster: there is only 1 cluster; name a column with more, better 30 or above")
    return float(np.sqrt(sums.size / (sums.size - 1) * (sums**2).sum()))


def _imbens_manski(width: float, error: float, level: float) -> float:
    """The c with Φ(c + width / error) − Φ(−c) = level: between the one-sided and the two-sided quantile."""
    from scipy import special
    from scipy.optimize import brentq

    two_sided = float(special.ndtri((1 + level) / 2))
    if not error > 0:
        return two_sided
    gap = width / error
    one_sided = float(special.ndtri(level))

    def miss(c: float) -> float:
        return float(special.ndtr(c + gap) - special.ndtr(-c)) - level

    if miss(one_sided) >= 0:
        return one_sided
    return float(brentq(miss, min(one_sided, 0) - 1, two_sided + 1e-9, xtol=1e-13))
