"""From a fitted equation to what a report shows: shared by the estimators built on least squares."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.evaluation.regression import Fit
from aspfin.results import ImpactEstimate

__all__ = ["SOFTWARE", "ResampledEstimate", "arm_mean", "effects_frame", "error_words"]

SOFTWARE = f"aspfin (numpy {np.__version__})"


def error_words(fit: Fit, cluster: Hashable | None) -> str:
    """Return how standard errors were computed, in words."""
    return fit.kind if cluster is None else f"clustered by {cluster} (CR1)"


def arm_mean(y: np.ndarray, rows: np.ndarray, weights: np.ndarray | None) -> float:
    """Return the (weighted) mean of `y` over the rows marked; missing if there are none."""
    if not rows.any():
        return math.nan
    return float(np.average(y[rows], weights=None if weights is None else weights[rows]))


def effects_frame(
    keys: Mapping[str, list],
    estimate: np.ndarray,
    std_error: np.ndarray,
    n_obs: np.ndarray,
    df: float = math.inf,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return several effects as a tidy table: keys, estimate, std_error, ci_low, ci_high, p_value, n_obs.

    Examples
    --------
    >>> frame = effects_frame({"sex": ["f"]}, np.array([2.0]), np.array([1.0]), np.array([90]))
    >>> print(frame.round(2).to_string(index=False))
    sex  estimate  std_error  ci_low  ci_high  p_value  n_obs
      f       2.0        1.0    0.04     3.96     0.05     90
    """
    from scipy import special

    normal = math.isinf(df)
    middle, error = np.asarray(estimate, dtype=float), np.asarray(std_error, dtype=float)
    quantile = special.ndtri((1 + level) / 2) if normal else special.stdtrit(df, (1 + level) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = -np.abs(middle / error)
    p = 2 * (special.ndtr(z) if normal else special.stdtr(df, z))
    return pd.DataFrame(
        {
            **keys,
            "estimate": middle,
            "std_error": error,
            "ci_low": middle - quantile * error,
            "ci_high": middle + quantile * error,
            "p_value": p,
            "n_obs": n_obs,
        }
    )


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ResampledEstimate(ImpactEstimate):
    """An effect whose p-value and interval come from redrawing assignments or errors.

    Attributes
    ----------
    resampled_p_value : float
    draws : int
        Redrawn samples; with `exact`, all there are.
    exact : bool
    interval : callable or None
        From a level to the two ends of the interval; None where the method gives none.
    """

    resampled_p_value: float
    draws: int
    exact: bool = False
    interval: Callable[[float], tuple[float, float]] | None = None

    @property
    def p_value(self) -> float:
        """Share of redrawn samples with an effect as large as the one found."""
        return self.resampled_p_value

    def conf_int(self, level: float = 0.95) -> tuple[float, float]:
        """Return the effects that the resampling does not reject; infinite ends where it has no power."""
        if not 0 < level < 1:
            raise ValueError(f"level: got {level!r}; allowed: between 0 and 1")
        return (math.nan, math.nan) if self.interval is None else self.interval(level)

    def sentence(self) -> str:
        """Return the effect in prose."""
        low, high = self.conf_int()
        between = "" if math.isnan(low) else f"; 95 % interval {low:.4g} to {high:.4g}"
        drawn = f"all {self.draws:,} possible draws" if self.exact else f"{self.draws:,} draws"
        failed = sum(check.passed is False for check in self.checks)
        warning = f" {failed} of {len(self.checks)} checks failed." if failed else ""
        return (
            f"The effect of {self.treated} on {self.outcome} is {self.estimate:.4g} "
            f"(p = {self.resampled_p_value:.4g} from {drawn}{between}; {self.estimand}, {self.method}, "
            f"{self.n_obs:,} observations).{warning}"
        )


def invert(
    p_value: Callable[[float], float], centre: float, scale: float, level: float
) -> tuple[float, float]:
    """Return the ends of the set of effects around `centre` with p above 1 − `level`.

    Looks outwards in doubling steps of `scale`, then bisects; an end not met within 2²⁰ scales is infinite.
    """
    alpha = 1 - level

    def end(direction: float) -> float:
        inside, step = 0.0, 1.0
        while p_value(centre + direction * step * scale) > alpha:
            inside, step = step, 2 * step
            if step > 2**20:
                return direction * math.inf
        outside = step
        for _ in range(45):
            middle = (inside + outside) / 2
            if p_value(centre + direction * middle * scale) > alpha:
                inside = middle
            else:
                outside = middle
        return centre + direction * (inside + outside) / 2 * scale

    return end(-1.0), end(1.0)
