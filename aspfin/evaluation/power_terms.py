"""What a power calculation takes as given, and the power of its t test: shared by the calls in `power`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Assumptions", "solve", "t_power"]


@dataclass(frozen=True)
class Assumptions:
    """What a power calculation takes as given, checked."""

    sd: float
    icc: float
    cluster_size: float
    cluster_cv: float
    share_treated: float
    take_up: float
    attrition: float
    baseline_correlation: float
    alpha: float

    def __post_init__(self) -> None:
        between = {
            "icc": (self.icc, 0 <= self.icc < 1, "from 0 to below 1"),
            "share_treated": (self.share_treated, 0 < self.share_treated < 1, "between 0 and 1"),
            "take_up": (self.take_up, 0 < self.take_up <= 1, "above 0, at most 1"),
            "attrition": (self.attrition, 0 <= self.attrition < 1, "from 0 to below 1"),
            "baseline_correlation": (
                self.baseline_correlation,
                -1 < self.baseline_correlation < 1,
                "between -1 and 1",
            ),
            "alpha": (self.alpha, 0 < self.alpha < 1, "between 0 and 1"),
            "sd": (self.sd, 0 < self.sd < math.inf, "above 0"),
            "cluster_size": (self.cluster_size, 1 <= self.cluster_size < math.inf, "at least 1"),
            "cluster_cv": (self.cluster_cv, 0 <= self.cluster_cv < math.inf, "at least 0"),
        }
        for name, (value, good, allowed) in between.items():
            if not good:
                raise ValueError(f"{name}: got {value!r}; allowed: {allowed}")

    @property
    def design_effect(self) -> float:
        """Variance relative to that of as many persons assigned one by one, without baseline data."""
        # Mean of (size - 1) over persons at the endline: E[m(m-1)]/E[m] = (1+cv²)m̄ - 1, thinned by attrition.
        others = (1 - self.attrition) * ((1 + self.cluster_cv**2) * self.cluster_size - 1)
        return (1 + others * self.icc) * (1 - self.baseline_correlation**2)

    def degrees(self, clusters: float) -> float:
        """Return the degrees of freedom of the t test."""
        return clusters * (1 - self.attrition if self.cluster_size == 1 else 1) - 2

    def std_error(self, clusters: float) -> float:
        """Return the standard error of the difference between the assigned groups."""
        n = clusters * self.cluster_size * (1 - self.attrition)
        share = self.share_treated
        return self.sd * math.sqrt(self.design_effect / (n * share * (1 - share)))

    def power(self, effect: float, clusters: float) -> float:
        """Return the power against `effect` on those who take up."""
        df = self.degrees(clusters)
        if df <= 0:
            return self.alpha
        return t_power(self.take_up * effect / self.std_error(clusters), df, self.alpha)

    def resized(self, cluster_size: float) -> Assumptions:
        """Return the same with other cluster sizes."""
        return Assumptions(**{**vars(self), "cluster_size": cluster_size})


def t_power(shift: float, df: float, alpha: float) -> float:
    """Return the power of the two-sided t test against a noncentral t with noncentrality `shift`."""
    from scipy import special

    critical = special.stdtrit(df, 1 - alpha / 2)
    shift = abs(shift)
    # The far tail is below the normal's at -shift: from 6 on under 1e-9, and the library's value fails.
    far = special.nctdtr(df, shift, -critical) if shift < 6 else 0.0
    return float(1 - special.nctdtr(df, shift, critical) + far)


def solve(excess: Callable[[float], float], low: float, high: float) -> float:
    """Return where `excess` rises through 0; `low` where it is there already."""
    from scipy import optimize

    if excess(low) >= 0:
        return low
    return float(optimize.brentq(excess, low, high, xtol=1e-10, rtol=1e-12))
