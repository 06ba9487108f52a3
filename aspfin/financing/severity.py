"""How large one event is: lognormal, generalised Pareto, gamma, or recorded values with weights.

Amounts are in one unit throughout (people, households or money). Each law answers the same questions; the
*limited expected value* E[min(X, k)] carries layers and discretisation. Source: Klugman, Panjer and Willmot,
*Loss Models*, appendix A and chapter 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, expm1, inf, log1p, sqrt
from typing import Any, Protocol

import numpy as np
import scipy  # its parts load on first use

from aspfin.financing.valid import finite_array, require

__all__ = ["Empirical", "Gamma", "GeneralisedPareto", "Lognormal", "Severity"]

# Cumulative probabilities are sums of floats; a quantile asked exactly at a step must not fall over it.
ROUNDING = 1e-12


class Severity(Protocol):
    """What the aggregate distribution asks of a law of the size of one event."""

    @property
    def mean(self) -> float:
        """Expected size of an event."""
        ...

    @property
    def std(self) -> float:
        """Standard deviation of the size of an event (may be infinite)."""
        ...

    def limited_expected_value(self, k: Any) -> np.ndarray:
        """Return E[min(X, k)] for amounts `k` of 0 or more."""
        ...

    def expected_excess(self, k: Any) -> np.ndarray:
        """Return E[(X - k)₊] = mean - E[min(X, k)], accurate far in the tail."""
        ...

    def survival(self, x: Any) -> np.ndarray:
        """Return P(X > x)."""
        ...

    def survival_or_equal(self, x: Any) -> np.ndarray:
        """Return P(X ≥ x)."""
        ...

    def quantile(self, p: Any) -> np.ndarray:
        """Return the smallest x with P(X ≤ x) ≥ p."""
        ...

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> np.ndarray:
        """Return independent sizes."""
        ...

    def scaled(self, factor: float) -> Severity:
        """Return the law of `factor` times X."""
        ...


class _Continuous:
    """What every law without atoms shares."""

    def survival_or_equal(self, x: Any) -> np.ndarray:
        """Return P(X ≥ x), which for a law without atoms is P(X > x)."""
        return self.survival(x)  # type: ignore[attr-defined]


def _amounts(x: Any) -> np.ndarray:
    return np.maximum(np.asarray(x, dtype=float), 0.0)


def _times(amounts: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Multiply, with an infinite amount of probability 0 counting as 0."""
    return np.multiply(amounts, rest, where=rest > 0, out=np.zeros(np.shape(amounts)))


def _probabilities(p: Any) -> np.ndarray:
    array = np.asarray(p, dtype=float)
    require(bool(np.all((array >= 0) & (array <= 1))), "p", p, "probabilities from 0 to 1")
    return array


def _positive(argument: str, value: float) -> None:
    require(0 < value < inf, argument, value, "a finite number above 0")


@dataclass(frozen=True)
class Lognormal(_Continuous):
    """Lognormal size with the given mean and coefficient of variation (standard deviation / mean).

    Examples
    --------
    >>> law = Lognormal(mean=20, cv=1.5)
    >>> round(law.meanlog, 12), round(law.sdlog, 12)
    (2.406404775383, 1.085658784491)
    >>> round(float(law.limited_expected_value(30)), 6)
    14.047788
    """

    mean: float
    cv: float

    def __post_init__(self) -> None:
        _positive("mean", self.mean)
        _positive("cv", self.cv)

    @classmethod
    def from_log(cls, meanlog: float, sdlog: float) -> Lognormal:
        """Return the lognormal whose logarithm has mean `meanlog` and standard deviation `sdlog`."""
        _positive("sdlog", sdlog)
        return cls(mean=exp(meanlog + sdlog**2 / 2), cv=sqrt(expm1(sdlog**2)))

    @property
    def sdlog(self) -> float:
        """Standard deviation of ln X."""
        return sqrt(log1p(self.cv**2))

    @property
    def meanlog(self) -> float:
        """Mean of ln X."""
        return float(np.log(self.mean)) - log1p(self.cv**2) / 2

    @property
    def std(self) -> float:
        """Standard deviation of the size of an event."""
        return self.mean * self.cv

    def _standard(self, x: Any) -> np.ndarray:
        with np.errstate(divide="ignore"):  # ln 0 = -inf is meant
            return (np.log(_amounts(x)) - self.meanlog) / self.sdlog

    def expected_excess(self, k: Any) -> np.ndarray:
        """Return E[(X - k)₊]; infinite `k` gives 0."""
        k = _amounts(k)
        z = self._standard(k)
        rest = scipy.special.ndtr(-z)
        return np.maximum(self.mean * scipy.special.ndtr(self.sdlog - z) - _times(k, rest), 0.0)

    def limited_expected_value(self, k: Any) -> np.ndarray:
        """Return E[min(X, k)] for amounts `k` of 0 or more; non-decreasing and concave in `k`."""
        k = _amounts(k)
        z = self._standard(k)
        return self.mean * scipy.special.ndtr(z - self.sdlog) + _times(k, scipy.special.ndtr(-z))

    def survival(self, x: Any) -> np.ndarray:
        """Return P(X > x)."""
        return np.where(np.asarray(x) < 0, 1.0, scipy.special.ndtr(-self._standard(x)))

    def quantile(self, p: Any) -> np.ndarray:
        """Return the smallest x with P(X ≤ x) ≥ p."""
        return np.exp(self.meanlog + self.sdlog * scipy.special.ndtri(_probabilities(p)))

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> np.ndarray:
        """Return independent sizes."""
        draws = rng.standard_normal(size)
        draws *= self.sdlog
        draws += self.meanlog
        return np.exp(draws, out=draws)

    def scaled(self, factor: float) -> Lognormal:
        """Return the law of `factor` times X."""
        return Lognormal(self.mean * factor, self.cv)


@dataclass(frozen=True)
class GeneralisedPareto(_Continuous):
    """Threshold plus a generalised Pareto excess: the usual law of very large events.

    Parameters
    ----------
    shape : float
        ξ, below 1 (from 1 on the mean is infinite); 0 is the exponential law, below 0 the law is bounded.
    scale : float
        β, above 0.
    threshold : float
        u, 0 or more: no event is smaller.

    Examples
    --------
    >>> law = GeneralisedPareto(shape=0.25, scale=3, threshold=10)
    >>> law.mean, round(float(law.survival(14)), 6)
    (14.0, 0.316406)
    """

    shape: float
    scale: float
    threshold: float = 0.0

    def __post_init__(self) -> None:
        require(-inf < self.shape < 1, "shape", self.shape, "below 1 (at 1 and above the mean is infinite)")
        _positive("scale", self.scale)
        require(0 <= self.threshold < inf, "threshold", self.threshold, "a finite number, 0 or more")

    @property
    def mean(self) -> float:
        """Expected size of an event."""
        return self.threshold + self.scale / (1 - self.shape)

    @property
    def std(self) -> float:
        """Standard deviation of the size of an event; infinite for shape ≥ 1/2."""
        return self.scale / ((1 - self.shape) * sqrt(1 - 2 * self.shape)) if self.shape < 0.5 else inf

    def _log_survival(self, x: Any) -> np.ndarray:
        z = np.maximum(np.asarray(x, dtype=float) - self.threshold, 0.0) / self.scale
        if self.shape == 0:
            return -z
        with np.errstate(divide="ignore"):  # beyond the upper end of a bounded law: ln 0
            return -np.log1p(np.maximum(self.shape * z, -1.0)) / self.shape

    def expected_excess(self, k: Any) -> np.ndarray:
        """Return E[(X - k)₊]."""
        k = _amounts(k)
        above = self.scale / (1 - self.shape) * np.exp((1 - self.shape) * self._log_survival(k))
        return above + np.maximum(self.threshold - k, 0.0)

    def limited_expected_value(self, k: Any) -> np.ndarray:
        """Return E[min(X, k)] for amounts `k` of 0 or more; non-decreasing and concave in `k`."""
        k = _amounts(k)
        above = -self.scale / (1 - self.shape) * np.expm1((1 - self.shape) * self._log_survival(k))
        return np.minimum(k, self.threshold) + above

    def survival(self, x: Any) -> np.ndarray:
        """Return P(X > x)."""
        return np.exp(self._log_survival(x))

    def quantile(self, p: Any) -> np.ndarray:
        """Return the smallest x with P(X ≤ x) ≥ p."""
        with np.errstate(divide="ignore"):
            log_rest = np.log1p(-_probabilities(p))
        excess = -log_rest if self.shape == 0 else np.expm1(-self.shape * log_rest) / self.shape
        return self.threshold + self.scale * excess

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> np.ndarray:
        """Return independent sizes."""
        draws = rng.standard_exponential(size)
        excess = draws if self.shape == 0 else np.expm1(self.shape * draws) / self.shape
        return self.threshold + self.scale * excess

    def scaled(self, factor: float) -> GeneralisedPareto:
        """Return the law of `factor` times X."""
        return GeneralisedPareto(self.shape, self.scale * factor, self.threshold * factor)


@dataclass(frozen=True)
class Gamma(_Continuous):
    """Gamma size with location 0: mean shape · scale.

    Examples
    --------
    >>> law = Gamma(shape=2, scale=1)
    >>> law.mean, round(float(law.limited_expected_value(1)), 6)
    (2.0, 0.896362)
    """

    shape: float
    scale: float

    def __post_init__(self) -> None:
        _positive("shape", self.shape)
        _positive("scale", self.scale)

    @property
    def mean(self) -> float:
        """Expected size of an event."""
        return float(self.shape * self.scale)

    @property
    def std(self) -> float:
        """Standard deviation of the size of an event."""
        return sqrt(self.shape) * self.scale

    def expected_excess(self, k: Any) -> np.ndarray:
        """Return E[(X - k)₊]; infinite `k` gives 0."""
        k = _amounts(k)
        z = k / self.scale
        rest = scipy.special.gammaincc(self.shape, z)
        return np.maximum(self.mean * scipy.special.gammaincc(self.shape + 1, z) - _times(k, rest), 0.0)

    def limited_expected_value(self, k: Any) -> np.ndarray:
        """Return E[min(X, k)] for amounts `k` of 0 or more; non-decreasing and concave in `k`."""
        k = _amounts(k)
        z = k / self.scale
        return self.mean * scipy.special.gammainc(self.shape + 1, z) + _times(
            k, scipy.special.gammaincc(self.shape, z)
        )

    def survival(self, x: Any) -> np.ndarray:
        """Return P(X > x)."""
        return scipy.special.gammaincc(self.shape, _amounts(x) / self.scale)

    def quantile(self, p: Any) -> np.ndarray:
        """Return the smallest x with P(X ≤ x) ≥ p."""
        return self.scale * scipy.special.gammainccinv(self.shape, 1 - _probabilities(p))

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> np.ndarray:
        """Return independent sizes."""
        return rng.gamma(self.shape, self.scale, size)

    def scaled(self, factor: float) -> Gamma:
        """Return the law of `factor` times X."""
        return Gamma(self.shape, self.scale * factor)


@dataclass(frozen=True, eq=False)
class Empirical:
    """Recorded (or drawn) sizes, each as likely as its weight.

    Parameters
    ----------
    values : array_like, shape (n,)
        Sizes, finite and 0 or more; up to a million. Kept sorted and read-only; equal values are merged.
    weights : array_like, shape (n,), optional
        Relative frequencies, 0 or more (for an event table: annual rates). Equal when left out. Stored
        normalised to sum to 1; values of weight 0 are dropped.

    Examples
    --------
    >>> law = Empirical([5, 2, 10], weights=[3, 5, 2])
    >>> law.mean, float(law.survival(5)), float(law.survival_or_equal(5))
    (4.5, 0.2, 0.5)
    """

    values: np.ndarray
    weights: np.ndarray | None = None

    def __post_init__(self) -> None:
        values = finite_array("values", self.values)
        require(values.size > 0, "values", self.values, "at least one value")
        weights = np.ones(values.size) if self.weights is None else finite_array("weights", self.weights)
        require(weights.size == values.size, "weights", weights.size, f"as many as values ({values.size})")
        require(weights.sum() > 0, "weights", self.weights, "a positive sum")
        kept, index = np.unique(values[weights > 0], return_inverse=True)
        weights = np.bincount(index, weights[weights > 0] / weights.sum(), kept.size)
        cumulative = np.concatenate(([0.0], np.cumsum(weights)))
        # summed from the top: small probabilities of large values keep their digits
        survival = np.append(np.cumsum(weights[::-1])[::-1], 0.0)
        cumulative[-1] = survival[0] = 1.0
        upper_sum = np.append(np.cumsum((weights * kept)[::-1])[::-1], 0.0)
        fields = dict(values=kept, weights=weights, _below=cumulative, _above=survival, _upper=upper_sum)
        for name, array in fields.items():
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Empirical):
            return NotImplemented
        return np.array_equal(self.values, other.values) and np.array_equal(self.weights, other.weights)

    def __hash__(self) -> int:
        return hash((self.values.size, float(self.values[-1]), self.mean))

    def __repr__(self) -> str:
        return f"Empirical({self.values.size} values from {self.values[0]:g} to {self.values[-1]:g})"

    @property
    def mean(self) -> float:
        """Expected size of an event."""
        return float(self._upper[0])

    @property
    def std(self) -> float:
        """Standard deviation of the size of an event (weights taken as probabilities)."""
        return float(np.sqrt(self.weights @ (self.values - self.mean) ** 2))

    def expected_excess(self, k: Any) -> np.ndarray:
        """Return E[(X - k)₊]."""
        k = _amounts(k)
        first = np.searchsorted(self.values, k, side="right")
        rest = self._above[first]
        return np.maximum(self._upper[first] - _times(k, rest), 0.0)

    def limited_expected_value(self, k: Any) -> np.ndarray:
        """Return E[min(X, k)] for amounts `k` of 0 or more; non-decreasing and concave in `k`."""
        return self.mean - self.expected_excess(k)

    def survival(self, x: Any) -> np.ndarray:
        """Return P(X > x)."""
        return self._above[np.searchsorted(self.values, np.asarray(x, dtype=float), side="right")]

    def survival_or_equal(self, x: Any) -> np.ndarray:
        """Return P(X ≥ x)."""
        return self._above[np.searchsorted(self.values, np.asarray(x, dtype=float), side="left")]

    def quantile(self, p: Any) -> np.ndarray:
        """Return the smallest x with P(X ≤ x) ≥ p."""
        index = np.searchsorted(self._below[1:], _probabilities(p) - ROUNDING, side="left")
        return self.values[np.minimum(index, self.values.size - 1)]

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> np.ndarray:
        """Return independent sizes."""
        index = np.searchsorted(self._below[1:-1], rng.random(size), side="right")
        return self.values[index]

    def scaled(self, factor: float) -> Empirical:
        """Return the law of `factor` times X."""
        return Empirical(self.values * factor, self.weights)
