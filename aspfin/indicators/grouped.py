"""Poverty from grouped data: a Lorenz curve fitted to shares by class, and what it says below a line.

Published tables often give only the shares of ten groups and the mean. Two curves are offered: the general
quadratic (Villaseñor & Arnold 1989) and the beta curve (Kakwani 1980). A fit that is not a Lorenz curve is
refused rather than reported. Grouped data hold no sampling design, so these figures have no standard
errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd

from aspfin.results import Check, ResultMixin

__all__ = ["GroupedPoverty", "from_decile_shares", "poverty_from_shares"]

# The curves are checked from one in a thousand: the beta curve's slope at exactly 0 is infinite by
# construction.
EDGE = 0.001


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class GroupedPoverty(ResultMixin):
    """Poverty and inequality read off a fitted Lorenz curve.

    Attributes
    ----------
    method : str
        "general_quadratic" or "beta".
    headcount, poverty_gap, poverty_severity : float
        Foster–Greer–Thorbecke measures of order 0, 1 and 2, as shares.
    gini : float
    mean, poverty_line : float
        In the same money per person and period.
    parameters : tuple of (str, float)
        Of the curve, named as in Datt (1998).
    sum_squared_errors : float
        Of the cumulated shares of welfare, over the classes used; the smaller one tells the better of two
        curves.
    n_classes : int
        Classes used in the regression (the last, which is 1, 1, is not).
    checks : tuple of Check
        The conditions of a Lorenz curve.

    Examples
    --------
    >>> deciles = [3, 4.3, 5.4, 6.4, 7.4, 8.6, 10, 12, 15.4, 27.5]
    >>> found = from_decile_shares(deciles, mean=100.0, poverty_line=50.0)
    >>> round(found.headcount, 3), round(found.gini, 3)
    (0.219, 0.351)
    """

    method: str
    headcount: float
    poverty_gap: float
    poverty_severity: float
    gini: float
    mean: float
    poverty_line: float
    parameters: tuple[tuple[str, float], ...]
    sum_squared_errors: float
    n_classes: int
    checks: tuple[Check, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per measure: measure, estimate, unit, poverty_line, mean, method."""
        names = ("headcount", "poverty_gap", "poverty_severity", "gini")
        frame = pd.DataFrame({"measure": names, "estimate": [getattr(self, name) for name in names]})
        return frame.assign(unit="share", poverty_line=self.poverty_line, mean=self.mean, method=self.method)

    def sentence(self) -> str:
        """Return the result in prose."""
        return (
            f"From the shares of {self.n_classes + 1} classes and a mean of {self.mean:,.6g}, "
            f"{100 * self.headcount:.1f} % are below the line of {self.poverty_line:,.6g} (poverty gap "
            f"{100 * self.poverty_gap:.1f} %, Gini {self.gini:.3f}; {self.method.replace('_', ' ')} "
            "Lorenz curve, grouped data without standard errors)."
        )


@dataclass(frozen=True)
class LorenzCurve:
    """A fitted curve: its parameters, L(p) and the first two derivatives, each on arrays of p in (0, 1)."""

    parameters: tuple[tuple[str, float], ...]
    value: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    curvature: Callable[[np.ndarray], np.ndarray]


def poverty_from_shares(
    p: Sequence[float] | np.ndarray,
    lorenz: Sequence[float] | np.ndarray,
    *,
    mean: float,
    poverty_line: float,
    method: str = "general_quadratic",
) -> GroupedPoverty:
    """Fit a Lorenz curve to cumulated shares and return poverty below a line.

    Parameters
    ----------
    p, lorenz : sequence of float, shape (k,)
        Cumulated shares of people and of their welfare, in (0, 1], rising; the pair (1, 1) may be left out.
        At least four pairs below 1.
    mean, poverty_line : float
        In the same money per person and period, above 0.
    method : {"general_quadratic", "beta"}
        The curve.

    Returns
    -------
    GroupedPoverty

    Raises
    ------
    ValueError
        If the shares are not those of a Lorenz curve, or the fitted curve is not one: L(0) = 0, L(1) = 1, a
        slope that is not negative from one in a thousand on, and convexity.

    References
    ----------
    Datt, G. (1998). Computational tools for poverty measurement and analysis. IFPRI FCND Discussion Paper 50.
    Villaseñor, J. & Arnold, B. (1989). Elliptical Lorenz curves. Journal of Econometrics 40. Kakwani, N.
    (1980). On a class of poverty measures. Econometrica 48.

    Examples
    --------
    >>> p = [0.0339, 0.1640, 0.4133, 0.7196, 0.9174, 1]
    >>> lorenz = [0.01013, 0.07083, 0.23498, 0.51994, 0.79201, 1]
    >>> print(poverty_from_shares(p, lorenz, mean=109.9, poverty_line=89.0))
    From the shares of 6 classes and a mean of 109.9, 45.0 % are below the line of 89 (poverty gap 12.5 %,
    Gini 0.289; general quadratic Lorenz curve, grouped data without standard errors).
    """
    curves = {"general_quadratic": _general_quadratic, "beta": _beta}
    if method not in curves:
        raise ValueError(f"method: got {method!r}; allowed: {', '.join(curves)}")
    for name, number in (("mean", mean), ("poverty_line", poverty_line)):
        if not (isinstance(number, Real) and math.isfinite(number) and number > 0):
            raise ValueError(f"{name}: got {number!r}; allowed: a number above 0")
    people, welfare = _valid_shares(p, lorenz)
    curve = curves[method](people, welfare)
    checks = _validity(curve)
    failed = [check for check in checks if check.passed is False]
    if failed:
        raise ValueError(
            f"method: got {method!r}, whose fit to these shares is not a Lorenz curve: "
            f"{'; '.join(check.text for check in failed)}; allowed: the other method, or finer shares"
        )
    head, gap, severity = _poverty(curve, poverty_line / mean)
    if not head >= gap - 1e-9 >= severity - 2e-9:
        raise ValueError(
            f"poverty_line: got {poverty_line!r}, below which the {method} curve puts {100 * head:.2g} % of "
            "people with less than nothing on average; allowed: a line further up the curve, or the other "
            "method"
        )
    return GroupedPoverty(
        method=method,
        headcount=head,
        poverty_gap=gap,
        poverty_severity=severity,
        gini=1 - 2 * _integral(curve.value, 1.0),
        mean=float(mean),
        poverty_line=float(poverty_line),
        parameters=curve.parameters,
        sum_squared_errors=float(((curve.value(people) - welfare) ** 2).sum()),
        n_classes=people.size,
        checks=checks,
    )


def from_decile_shares(
    shares: Sequence[float] | np.ndarray,
    *,
    mean: float,
    poverty_line: float,
    method: str = "general_quadratic",
) -> GroupedPoverty:
    """Fit a Lorenz curve to the shares of equal groups, poorest first (ten for deciles, five for quintiles).

    Parameters
    ----------
    shares : sequence of float
        Each group's share of welfare, as shares (sum 1) or per cent (sum 100). A sum off by rounding (up to
        half of one per cent) is scaled to 1; anything else is an error.
    mean, poverty_line, method
        As in `poverty_from_shares`.

    Returns
    -------
    GroupedPoverty

    Raises
    ------
    ValueError
        If the sum is neither 1 nor 100, a share is not positive, or a richer group has less than a poorer
        one.

    Examples
    --------
    >>> deciles = [0.03, 0.043, 0.054, 0.064, 0.074, 0.086, 0.10, 0.12, 0.154, 0.275]
    >>> from_decile_shares(deciles, mean=100.0, poverty_line=50.0, method="beta").n_classes
    9
    """
    parts = _numbers("shares", shares)
    if parts.ndim != 1 or parts.size < 5 or not np.isfinite(parts).all():
        raise ValueError(f"shares: got {parts.size} value(s); allowed: five groups or more, none missing")
    total = float(parts.sum())
    scale = 100.0 if total > 50 else 1.0
    if abs(total / scale - 1) > 0.005:
        raise ValueError(f"shares: got a sum of {total:.6g}; allowed: 1, or 100 for per cent, up to rounding")
    cumulated = np.cumsum(parts) / total
    cumulated[-1] = 1.0
    people = np.arange(1, parts.size + 1) / parts.size
    return poverty_from_shares(people, cumulated, mean=mean, poverty_line=poverty_line, method=method)


def _numbers(name: str, values: Sequence[float] | np.ndarray) -> np.ndarray:
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: got {values!r:.80}; allowed: a list of numbers") from None


def _valid_shares(
    p: Sequence[float] | np.ndarray, lorenz: Sequence[float] | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs strictly below 1, checked: rising, L below the diagonal, convex."""
    people, welfare = _numbers("p", p), _numbers("lorenz", lorenz)
    if people.ndim != 1 or people.shape != welfare.shape:
        raise ValueError(f"lorenz: got shape {welfare.shape}; allowed: one value for each p, {people.shape}")
    for name, values in (("p", people), ("lorenz", welfare)):
        wrong = ~((values > 0) & (values <= 1))
        if wrong.any():
            raise ValueError(
                f"{name}: got {values[wrong][0]:.6g}; allowed: cumulated shares above 0, up to 1"
            )
        if (np.diff(values) <= 0).any():
            raise ValueError(f"{name}: got values that do not rise; allowed: cumulated shares, poorest first")
    inside = people < 1
    if inside.sum() < 4:
        raise ValueError(f"p: got {inside.sum()} class(es) below 1; allowed: at least 4")
    if (welfare[inside] >= people[inside]).any():
        raise ValueError(
            "lorenz: got a share not below p; allowed: the poorest p hold less than p of welfare"
        )
    slopes = np.diff(welfare, prepend=0.0) / np.diff(people, prepend=0.0)
    if (np.diff(slopes) < -1e-9 * slopes[1:]).any():
        raise ValueError(
            "lorenz: got a richer class with a smaller mean than a poorer one; allowed: rising means"
        )
    return people[inside], welfare[inside]


def _general_quadratic(p: np.ndarray, lorenz: np.ndarray) -> LorenzCurve:
    """Fit L(1 − L) = a(p² − L) + bL(p − 1) + c(p − L) by least squares without a constant."""
    regressors = np.column_stack([p**2 - lorenz, lorenz * (p - 1), p - lorenz])
    (a, b, c), *_ = np.linalg.lstsq(regressors, lorenz * (1 - lorenz), rcond=None)
    e = -(a + b + c + 1)
    m, n = b**2 - 4 * a, 2 * b * e - 4 * c

    def root(q: np.ndarray) -> np.ndarray:
        # A negative radicand means no real curve: not a number, caught by the checks of validity.
        radicand = m * q**2 + n * q + e**2
        return np.sqrt(np.where(radicand >= 0, radicand, np.nan))

    return LorenzCurve(
        parameters=(("a", float(a)), ("b", float(b)), ("c", float(c))),
        value=lambda q: -0.5 * (b * q + e + root(q)),
        slope=lambda q: -0.5 * (b + (2 * m * q + n) / (2 * root(q))),
        curvature=lambda q: (n**2 - 4 * m * e**2) / (8 * root(q) ** 3),
    )


def _beta(p: np.ndarray, lorenz: np.ndarray) -> LorenzCurve:
    """Fit ln(p − L) = ln θ + γ ln p + δ ln(1 − p) by least squares."""
    regressors = np.column_stack([np.ones_like(p), np.log(p), np.log1p(-p)])
    (constant, gamma, delta), *_ = np.linalg.lstsq(regressors, np.log(p - lorenz), rcond=None)
    theta = math.exp(constant)

    def wedge(q: np.ndarray) -> np.ndarray:
        return theta * q**gamma * (1 - q) ** delta

    def rate(q: np.ndarray) -> np.ndarray:
        return gamma / q - delta / (1 - q)

    return LorenzCurve(
        parameters=(("theta", theta), ("gamma", float(gamma)), ("delta", float(delta))),
        value=lambda q: q - wedge(q),
        slope=lambda q: 1 - wedge(q) * rate(q),
        curvature=lambda q: wedge(q) * (gamma / q**2 + delta / (1 - q) ** 2 - rate(q) ** 2),
    )


def _validity(curve: LorenzCurve) -> tuple[Check, ...]:
    """Ask the four conditions of a Lorenz curve, the last two on a grid of thousandths."""
    grid = np.linspace(EDGE, 1 - EDGE, 999)
    ends = curve.value(np.array([1e-12, 1 - 1e-12]))
    start, least = float(curve.slope(grid[:1])[0]), float(np.min(curve.curvature(grid)))
    real = bool(np.isfinite(curve.value(grid)).all())
    answers = (
        ("L(0) = 0", abs(ends[0]) < 1e-5, float(ends[0]), f"L(0) is {ends[0]:.3g}"),
        ("L(1) = 1", abs(ends[1] - 1) < 1e-5, float(ends[1]), f"L(1) is {ends[1]:.3g}"),
        ("starts flat or rising", start >= 0, start, f"the slope at p = {EDGE} is {start:.3g}"),
        ("convex", real and least >= 0, least, f"the smallest second derivative is {least:.3g}"),
    )
    return tuple(
        Check(name, "Is the fitted curve a Lorenz curve?", bool(passed), statistic, text=text)
        for name, passed, statistic, text in answers
    )


def _poverty(curve: LorenzCurve, line_over_mean: float) -> tuple[float, float, float]:
    """Return headcount, gap and squared gap: the slope of L is welfare over the mean."""
    from scipy.optimize import brentq

    relative, ends = line_over_mean, (1e-9, 1 - 1e-9)
    low, high = (float(curve.slope(np.array([end]))[0]) for end in ends)
    if relative <= low:
        return 0.0, 0.0, 0.0
    head = 1.0
    if relative < high:
        head = float(brentq(lambda q: float(curve.slope(np.array([q]))[0]) - relative, *ends, xtol=1e-14))
    at_head = float(curve.value(np.array([min(head, ends[1])]))[0])
    gap = head - at_head / relative
    return head, gap, _integral(lambda q: (1 - curve.slope(q) / relative) ** 2, head)


def _integral(function: Callable[[np.ndarray], np.ndarray], upper: float) -> float:
    """Integrate from 0 to `upper`; p = upper·(3s² − 2s³) tames infinite slopes at both ends."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    s = (nodes + 1) / 2
    p = np.clip(upper * s**2 * (3 - 2 * s), 1e-300, 1 - 1e-16)
    return float((weights / 2 * function(p) * upper * 6 * s * (1 - s)).sum())
