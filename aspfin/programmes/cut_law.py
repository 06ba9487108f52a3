"""A lognormal or gamma law cut to an interval, with a given mean: fitted, evaluated and inverted.

Every function works on arrays, so that hundreds of bootstrap replicates are fitted in one call.
`law` is "lognormal" (shape = sdlog, level = meanlog) or "gamma" (shape, level = scale), before the cut.
"""

from __future__ import annotations

import numpy as np
from scipy import special

__all__ = ["cdf", "fit_level", "fit_shape", "quantile"]

# A law needs a spread. Two identical figures would give none; 5 % is the least that is believed.
_LEAST_SDLOG = 0.05
_LARGEST_GAMMA_SHAPE = 1 / _LEAST_SDLOG**2


def fit_shape(values: np.ndarray, law: str) -> np.ndarray:
    """Maximum-likelihood spread over the last axis: sdlog (divisor n) or gamma shape."""
    logs = np.log(values)
    if law == "lognormal":
        return np.maximum(logs.std(axis=-1), _LEAST_SDLOG)
    s = np.maximum(np.log(values.mean(axis=-1)) - logs.mean(axis=-1), 0.5 / _LARGEST_GAMMA_SHAPE)
    shape = (3 - s + np.sqrt((s - 3) ** 2 + 24 * s)) / (12 * s)
    for _ in range(8):  # Newton on ln k − ψ(k) = s; the start is within 1.5 %
        gap = np.log(shape) - special.digamma(shape) - s
        shape = shape - gap / (1 / shape - special.polygamma(1, shape))
    return np.minimum(shape, _LARGEST_GAMMA_SHAPE)


def cdf(x: np.ndarray, law: str, shape: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Probability of `x` or less under the law before the cut."""
    with np.errstate(divide="ignore"):
        if law == "lognormal":
            return special.ndtr((np.log(x) - level) / shape)
    return special.gammainc(shape, x / level)


def quantile(
    probability: np.ndarray, law: str, shape: np.ndarray, level: np.ndarray, lower: float, upper: float
) -> np.ndarray:
    """Quantile of the law cut to [lower, upper]."""
    low, high = (cdf(np.asarray(b), law, shape, level) for b in (lower, upper))
    inner = low + probability * (high - low)
    if law == "lognormal":
        return np.clip(np.exp(level + shape * special.ndtri(inner)), lower, upper)
    return np.clip(level * special.gammaincinv(shape, inner), lower, upper)


def fit_level(mean: np.ndarray, shape: np.ndarray, law: str, lower: float, upper: float) -> np.ndarray:
    """Level at which the law cut to [lower, upper] has the given mean, by bisection."""
    spread = shape if law == "lognormal" else 1 / np.sqrt(shape)
    centre = np.log(mean) - shape**2 / 2 if law == "lognormal" else np.log(mean / shape)
    low, high = centre - 6 * spread, centre + 6 * spread
    for _ in range(60):
        middle = (low + high) / 2
        too_high = _cut_mean(middle, shape, law, lower, upper) > mean
        low, high = np.where(too_high, low, middle), np.where(too_high, middle, high)
    middle = (low + high) / 2
    return middle if law == "lognormal" else np.exp(middle)


def _cut_mean(log_level: np.ndarray, shape: np.ndarray, law: str, lower: float, upper: float) -> np.ndarray:
    if law == "lognormal":
        with np.errstate(divide="ignore"):
            z_low, z_high = ((np.log(b) - log_level) / shape for b in (lower, upper))
        inside = _between(z_low, z_high)
        return np.exp(log_level + shape**2 / 2) * _between(z_low - shape, z_high - shape) / inside
    low, high = (b / np.exp(log_level) for b in (lower, upper))
    inside = special.gammainc(shape, high) - special.gammainc(shape, low)
    above = special.gammainc(shape + 1, high) - special.gammainc(shape + 1, low)
    return np.exp(log_level) * shape * above / np.maximum(inside, 1e-300)


def _between(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Normal probability between two points, taken on the side where it does not cancel."""
    flip = low > 0
    return special.ndtr(np.where(flip, -low, high)) - special.ndtr(np.where(flip, -high, low))
