"""Several estimates of one thing: their mean, how much they truly differ, each drawn to the mean.

The random-effects model: estimate i has the true value θ_i, known up to its standard error; the θ_i scatter
around a mean with variance τ². An estimate that stands out and is uncertain owes part of that to chance, so
it is drawn to the mean, the more the less certain it is (partial pooling).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from aspfin.results import ResultMixin

__all__ = ["PooledEstimates", "partial_pooling"]

GRID = 241  # points on which the restricted likelihood is looked at before its peak is refined
LEFT_OUT = (
    "Intervals of pooled values allow for the error of each estimate, of the mean and, to first order, of "
    "how much the true values differ. They take standard errors as known, errors and true values as normal."
)


@dataclass(frozen=True, eq=False, repr=False)
class PooledEstimates(ResultMixin):
    """Estimates of one thing in several places, and what they say together.

    Attributes
    ----------
    table : DataFrame
        In the order given: name, estimate, std_error, ci_low, ci_high (normal), weight (in the mean; they sum
        to 1), own_share (how much of the pooled value is the estimate's own; the rest is the mean's), pooled,
        pooled_std_error, pooled_ci_low, pooled_ci_high.
    mean, std_error : float
        Mean of the true values and its standard error, in the unit of the estimates. The standard error is
        Hartung and Knapp's, never below the usual one.
    usual_std_error : float
        1/√Σw: what the standard error would be if τ² were known.
    ci_low, ci_high : float
        Interval of the mean, t with one degree of freedom less than estimates.
    prediction_low, prediction_high : float
        Where the true value of one more such place lies.
    tau_squared : float
        Variance of the true values (REML), in squared units.
    i_squared : float
        Share, 0 to 1, of the estimates' variance that is true difference, at a typical standard error.
    q, q_df, q_p_value : float
        Cochran's test that all true values are equal.
    level : float
    left_out : str
        What the pooled intervals do not allow for.
    """

    table: pd.DataFrame
    mean: float
    std_error: float
    usual_std_error: float
    ci_low: float
    ci_high: float
    prediction_low: float
    prediction_high: float
    tau_squared: float
    i_squared: float
    q: float
    q_df: int
    q_p_value: float
    level: float = 0.95
    left_out: str = field(default=LEFT_OUT)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each estimate, raw and pooled."""
        return self.table.copy()

    def sentence(self) -> str:
        """Return the mean, how much the true values differ, and what one more place may have."""
        told = f"{100 * self.level:g} %"
        mean = f"The mean is {self.mean:.3g} ({told} interval {self.ci_low:.3g} to {self.ci_high:.3g})."
        if self.tau_squared == 0:
            return f"{mean} The {len(self.table)} estimates differ no more than chance lets them."
        return (
            f"{mean} About {100 * self.i_squared:.0f} % of the variation among the {len(self.table)} "
            f"estimates is more than chance (the true values have a standard deviation of "
            f"{math.sqrt(self.tau_squared):.3g}); in one more place like these the true value would lie "
            f"between {self.prediction_low:.3g} and {self.prediction_high:.3g} ({told})."
        )


def partial_pooling(
    estimates: Sequence[float] | np.ndarray | pd.Series,
    std_errors: Sequence[float] | np.ndarray | pd.Series,
    *,
    names: Sequence[str] | None = None,
    level: float = 0.95,
) -> PooledEstimates:
    """Pool estimates of one thing in several places, as much as their errors say.

    With w_i = 1/(s_i² + τ²): the mean is Σ w y / Σ w; the pooled value of i is B y_i + (1 − B) mean with
    B = τ²/(s_i² + τ²), its variance B s_i² + (1 − B)² var(mean) + (dB/dτ²)² (y_i − mean)² var(τ²). τ²
    maximises the restricted likelihood.

    Parameters
    ----------
    estimates, std_errors : sequences of float
        In one unit; independent of each other. Standard errors above 0.
    names : sequence of str, optional
        One for each; by default 1, 2, …
    level : float
        Of all intervals.

    Returns
    -------
    PooledEstimates

    Raises
    ------
    ValueError
        For fewer than two estimates, unequal lengths, missing values, or standard errors not above 0.

    References
    ----------
    Viechtbauer (2005), Journal of Educational and Behavioral Statistics 30 (REML); Hartung & Knapp (2001),
    Statistics in Medicine 20, with the floor of Röver, Knapp & Friede (2015), BMC Medical Research
    Methodology 15; Partlett & Riley (2017), Statistics in Medicine 36 (prediction interval); Higgins &
    Thompson (2002), Statistics in Medicine 21 (I²); Kackar & Harville (1984), Journal of the American
    Statistical Association 79 (error of the pooled values).

    Examples
    --------
    Eight schools (Rubin 1981): nothing tells them apart, so all pooled values are the mean.

    >>> schools = partial_pooling([28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18])
    >>> round(schools.mean, 2), round(schools.std_error, 2), schools.tau_squared
    (7.69, 4.07, 0.0)
    """
    y, s, labels = _read(estimates, std_errors, names, level)
    v, k = s**2, y.size
    tau2 = _reml(y, v)
    w = 1 / (v + tau2)
    mean = float(w @ y / w.sum())
    usual = float(1 / math.sqrt(w.sum()))
    # Hartung and Knapp's factor may fall below 1 by luck; a shorter interval is then not earned.
    error = usual * math.sqrt(max(1.0, float(w @ (y - mean) ** 2) / (k - 1)))
    t, z = _quantiles(level, k - 1)
    ahead = t * math.sqrt(tau2 + error**2)
    own = tau2 / (v + tau2)
    pooled = mean + own * (y - mean)
    shared = ((1 - own) * error) ** 2 + (v * w**2 * (y - mean)) ** 2 * _variance_of_reml(w)
    # The parts have quantiles of their own: where nothing is pooled the interval is the raw one.
    half = np.sqrt(z**2 * own * v + t**2 * shared)
    q, p = _cochran(y, v)
    typical = (k - 1) * (1 / v).sum() / ((1 / v).sum() ** 2 - (1 / v**2).sum())
    table = pd.DataFrame(
        {
            "name": labels,
            "estimate": y,
            "std_error": s,
            "ci_low": y - z * s,
            "ci_high": y + z * s,
            "weight": w / w.sum(),
            "own_share": own,
            "pooled": pooled,
            "pooled_std_error": np.sqrt(own * v + shared),
            "pooled_ci_low": pooled - half,
            "pooled_ci_high": pooled + half,
        }
    )
    return PooledEstimates(
        table, mean, error, usual, mean - t * error, mean + t * error, mean - ahead, mean + ahead,
        tau2, float(tau2 / (tau2 + typical)), q, k - 1, p, level,
    )  # fmt: skip


def _read(
    estimates: Sequence[float] | np.ndarray | pd.Series,
    std_errors: Sequence[float] | np.ndarray | pd.Series,
    names: Sequence[str] | None,
    level: float,
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    y, s = np.asarray(estimates, dtype=float), np.asarray(std_errors, dtype=float)
    if y.ndim != 1 or y.size < 2:
        raise ValueError(f"estimates: got {y.size}; allowed: a list of at least two")
    if s.shape != y.shape:
        raise ValueError(f"std_errors: got {s.size}; allowed: {y.size}, one for each estimate")
    if not np.isfinite(y).all():
        raise ValueError(f"estimates: got {y[~np.isfinite(y)][0]}; allowed: numbers, none missing")
    if not (np.isfinite(s) & (s > 0)).all():
        raise ValueError(f"std_errors: got {s[~(s > 0) | np.isinf(s)][0]}; allowed: numbers above 0")
    labels = [str(i + 1) for i in range(y.size)] if names is None else [str(one) for one in names]
    if len(labels) != y.size:
        raise ValueError(f"names: got {len(labels)}; allowed: {y.size}, one for each estimate")
    if not 0 < level < 1:
        raise ValueError(f"level: got {level!r}; allowed: between 0 and 1")
    return y, s, labels


def _reml(y: np.ndarray, v: np.ndarray) -> float:
    """Return the τ² of the highest restricted likelihood.

    The likelihood can have two peaks, so climbing from one start would not do: the best point of a grid is
    found, then the root of the score beside it.
    """
    from scipy.optimize import brentq

    scale = float(np.var(y, ddof=1) + v.mean())
    grid = scale * np.concatenate([[0.0], np.logspace(-12, 2, GRID - 1)])
    best = int(np.argmax(_restricted(grid, y, v)))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    if best == 0 and _score(0.0, y, v) <= 0:
        return 0.0
    if not _score(low, y, v) > 0 > _score(high, y, v):  # flat to the last digit
        return float(grid[best])
    return float(brentq(_score, low, high, args=(y, v), xtol=1e-14 * scale, rtol=1e-14))


def _restricted(tau2: np.ndarray, y: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return the restricted log-likelihood at each τ², but for a constant."""
    w = 1 / (v + tau2[:, None])
    total = w.sum(axis=1)
    mean = (w @ y) / total
    squares = (w * (y - mean[:, None]) ** 2).sum(axis=1)
    return 0.5 * (np.log(w).sum(axis=1) - np.log(total) - squares)


def _score(tau2: float, y: np.ndarray, v: np.ndarray) -> float:
    """Return the slope of the restricted log-likelihood."""
    w = 1 / (v + tau2)
    mean = w @ y / w.sum()
    return float(0.5 * (w**2 @ (y - mean) ** 2 - w.sum() + (w**2).sum() / w.sum()))


def _variance_of_reml(w: np.ndarray) -> float:
    """Return the variance of τ² from the expected information."""
    one, two, three = (float((w**power).sum()) for power in (1, 2, 3))
    return 2 / (two - 2 * three / one + (two / one) ** 2)


def _cochran(y: np.ndarray, v: np.ndarray) -> tuple[float, float]:
    from scipy import special

    w = 1 / v
    q = float(w @ (y - w @ y / w.sum()) ** 2)
    return q, float(special.chdtrc(y.size - 1, q))


def _quantiles(level: float, df: int) -> tuple[float, float]:
    """Return the two-sided quantiles of t and of the normal."""
    from scipy import special

    at = (1 + level) / 2
    return float(special.stdtrit(df, at)), float(special.ndtri(at))
