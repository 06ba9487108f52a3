"""The Anderson–Rubin confidence set: effects b at which instruments do not explain outcome − b · treatment.

It has the right coverage however weak the instruments are, and says so when the data cannot bound the effect:
the set may be an interval, two rays, the whole line, or (with several instruments) empty.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from aspfin.evaluation.regression import Fit

__all__ = ["anderson_rubin_set", "set_words"]

Intervals = tuple[tuple[float, float], ...]


def anderson_rubin_set(
    reduced: Callable[[np.ndarray], Fit], y: np.ndarray, t: np.ndarray, k: int, level: float
) -> tuple[Intervals, str, float]:
    """Return the set's intervals, its kind in words, and the p-value of no effect.

    Parameters
    ----------
    reduced : callable
        Fits any outcome on the `k` instruments (first) and controls.
    y, t : ndarray
        Outcome and treatment.
    level : float
    """
    from scipy import special

    # The covariance is quadratic in b, so three fits give it at every b; scaling keeps them comparable.
    sy, st = float(np.std(y)), float(np.std(t))
    fits = [reduced(one) for one in (y / sy, t / st, y / sy - t / st)]
    rho, pi = fits[0].coef[:k], fits[1].coef[:k]
    vy, vt, vd = (fit.cov[:k, :k] for fit in fits)
    cross = vy + vt - vd  # cov(rho, pi) + cov(pi, rho)
    df = fits[0].df
    cut = k * float(special.fdtri(k, df, level))

    def excess(b: float) -> float:
        gap, v = rho - b * pi, vy - b * cross + b * b * vt
        return float(gap @ np.linalg.pinv(v, hermitian=True) @ gap) - cut

    p_zero = float(special.fdtrc(k, df, (excess(0.0) + cut) / k))
    if k == 1:
        a, c = float(pi[0] ** 2 - cut * vt[0, 0]), float(rho[0] ** 2 - cut * vy[0, 0])
        found = _quadratic(a, float(-2 * rho[0] * pi[0] + cut * cross[0, 0]), c)
    else:
        found = _search(excess, float(np.linalg.lstsq(pi[:, None], rho, rcond=None)[0][0]))
    scale = sy / st
    intervals = tuple((low * scale, high * scale) for low, high in found)
    return intervals, _kind(intervals), p_zero


def _quadratic(a: float, b: float, c: float) -> Intervals:
    """Where a x² + b x + c ≤ 0."""
    room = b * b - 4 * a * c
    if room < 0:
        return ((-math.inf, math.inf),) if a < 0 else ()
    q = -0.5 * (b + math.copysign(math.sqrt(room), b))
    roots = sorted(one for one in ((q / a) if a else math.nan, (c / q) if q else 0.0) if not math.isnan(one))
    if a > 0:
        return ((roots[0], roots[-1]),)
    return ((-math.inf, roots[0]), (roots[-1], math.inf))


def _search(excess: Callable[[float], float], middle: float, points: int = 2001) -> Intervals:
    """Where `excess` ≤ 0, over the whole line (b = middle + tan θ), its ends refined by root finding."""
    from scipy.optimize import brentq

    angles = np.linspace(-math.pi / 2, math.pi / 2, points + 2)[1:-1]

    def at(angle: float) -> float:
        return excess(middle + math.tan(angle))

    inside = np.array([at(one) <= 0 for one in angles])
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    ends = [middle + math.tan(brentq(at, angles[i], angles[i + 1], xtol=1e-14)) for i in edges]
    ends = ([-math.inf] if inside[0] else []) + ends + ([math.inf] if inside[-1] else [])
    return tuple(zip(ends[::2], ends[1::2], strict=True))


def _kind(intervals: Intervals) -> str:
    if not intervals:
        return "empty"
    if len(intervals) == 1:
        ends = sum(math.isinf(one) for one in intervals[0])
        return ("interval", "ray", "whole line")[ends]
    unbounded = math.isinf(intervals[0][0]) or math.isinf(intervals[-1][1])
    return "two rays" if unbounded and len(intervals) == 2 else "several intervals"


def set_words(intervals: Intervals, kind: str) -> str:
    """Return the set in words.

    Examples
    --------
    >>> set_words(((0.5, 2.0),), "interval")
    'the Anderson–Rubin 95 % interval is 0.5 to 2'
    >>> set_words(((float("-inf"), -3.0), (1.0, float("inf"))), "two rays")
    'the Anderson–Rubin 95 % set is below -3 or above 1: the instrument is too weak to bound the effect'
    """
    if kind == "interval":
        low, high = intervals[0]
        return f"the Anderson–Rubin 95 % interval is {low:.4g} to {high:.4g}"
    if kind == "whole line":
        return "the Anderson–Rubin 95 % set is the whole line: the instrument says nothing about the effect"
    if kind == "empty":
        return "the Anderson–Rubin 95 % set is empty: the instruments contradict each other"

    def words(low: float, high: float) -> str:
        if math.isinf(low):
            return f"below {high:.4g}"
        return f"above {low:.4g}" if math.isinf(high) else f"{low:.4g} to {high:.4g}"

    joined = " or ".join(words(*one) for one in intervals)
    weak = "" if kind == "several intervals" else ": the instrument is too weak to bound the effect"
    return f"the Anderson–Rubin 95 % set is {joined}{weak}"
