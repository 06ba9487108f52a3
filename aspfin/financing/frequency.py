"""How many events strike in a year: Poisson, negative binomial and binomial laws.

The probability generating function G(z) = E[z^N] is all the aggregate distribution needs to know about a
frequency. Source: Klugman, Panjer and Willmot, *Loss Models*, chapters on frequency.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from aspfin.financing.valid import require

__all__ = ["Binomial", "Frequency", "NegativeBinomial", "Poisson"]


class Frequency(Protocol):
    """What the aggregate distribution asks of a law of the number of events in a year."""

    @property
    def mean(self) -> float:
        """Expected number of events in a year."""
        ...

    @property
    def variance(self) -> float:
        """Variance of the number of events in a year."""
        ...

    def pgf(self, z: np.ndarray | complex | float) -> np.ndarray:
        """Return G(z) = E[z^N]."""
        ...

    def inverse_pgf(self, g: np.ndarray | float) -> np.ndarray:
        """Return the real z with G(z) = g; below zero where g < G(0)."""
        ...

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> np.ndarray:
        """Return counts of events, one per simulated year."""
        ...

    def sample_years(self, rng: np.random.Generator, years: int) -> np.ndarray:
        """Return the year (0 to `years` - 1) in which each simulated event falls."""
        ...


class _SampledByCount:
    """Place events in years from the count of each year."""

    def sample_years(self, rng: np.random.Generator, years: int) -> np.ndarray:
        """Return the year (0 to `years` - 1) in which each simulated event falls."""
        return np.repeat(np.arange(years), self.sample(rng, years))  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Poisson:
    """Independent events at a constant rate.

    Parameters
    ----------
    rate : float
        Expected events per year, zero or more.

    Examples
    --------
    >>> law = Poisson(rate=0.8)
    >>> law.mean, law.variance, round(float(law.pgf(0)), 6)
    (0.8, 0.8, 0.449329)
    """

    rate: float

    def __post_init__(self) -> None:
        require(0 <= self.rate < np.inf, "rate", self.rate, "a finite number of events a year, 0 or more")

    @property
    def mean(self) -> float:
        """Expected number of events in a year."""
        return float(self.rate)

    @property
    def variance(self) -> float:
        """Variance of the number of events in a year."""
        return float(self.rate)

    def pgf(self, z: np.ndarray | complex | float) -> np.ndarray:
        """Return G(z) = exp(rate (z - 1)); complex arrays are welcome."""
        return np.exp(self.rate * (np.asarray(z) - 1))

    def inverse_pgf(self, g: np.ndarray | float) -> np.ndarray:
        """Return the real z with G(z) = g; below zero where g < G(0)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return 1 + np.log(g) / self.rate if self.rate > 0 else np.full(np.shape(g), -np.inf)

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> np.ndarray:
        """Return counts of events, one per simulated year."""
        return rng.poisson(self.rate, size)

    def sample_years(self, rng: np.random.Generator, years: int) -> np.ndarray:
        """Return the year (0 to `years` - 1) in which each simulated event falls.

        Given their total, Poisson events fall uniformly over the years: the same law as drawing every year's
        count, several times faster.
        """
        return rng.integers(0, years, rng.poisson(self.rate * years))


@dataclass(frozen=True)
class NegativeBinomial(_SampledByCount):
    """Poisson events whose rate itself varies from year to year (gamma mixing): clustered shocks.

    Parameters
    ----------
    mean : float
        Expected events per year, above zero.
    mixing_cv : float
        Coefficient of variation of the yearly rate, above zero. The size 1/mixing_cv² stays a real number.

    Examples
    --------
    >>> law = NegativeBinomial(mean=2.0, mixing_cv=0.5)
    >>> law.variance, round(float(law.pgf(0)), 6)
    (3.0, 0.197531)
    """

    mean: float
    mixing_cv: float

    def __post_init__(self) -> None:
        require(0 < self.mean < np.inf, "mean", self.mean, "a finite number of events a year above 0")
        require(0 < self.mixing_cv < np.inf, "mixing_cv", self.mixing_cv, "above 0 (0 is Poisson)")

    @property
    def variance(self) -> float:
        """Variance of the number of events in a year: mean (1 + mixing_cv² mean)."""
        return self.mean * (1 + self.mixing_cv**2 * self.mean)

    def pgf(self, z: np.ndarray | complex | float) -> np.ndarray:
        """Return G(z) = (1 - mean cv² (z - 1))^(-1/cv²); complex arrays are welcome."""
        square = self.mixing_cv**2
        shift = self.mean * square * (1 - np.asarray(z))
        if np.iscomplexobj(shift):  # numpy's complex log1p loses the digits of small arguments
            size = np.log1p(shift.real * (2 + shift.real) + shift.imag**2) / 2
            logarithm = size + 1j * np.arctan2(shift.imag, 1 + shift.real)
        else:
            logarithm = np.log1p(shift)
        return np.exp(-logarithm / square)

    def inverse_pgf(self, g: np.ndarray | float) -> np.ndarray:
        """Return the real z with G(z) = g; below zero where g < G(0)."""
        square = self.mixing_cv**2
        return 1 - np.expm1(-square * np.log(g)) / (self.mean * square)

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> np.ndarray:
        """Return counts of events, one per simulated year."""
        size_parameter = 1 / self.mixing_cv**2
        return rng.negative_binomial(size_parameter, size_parameter / (size_parameter + self.mean), size)


@dataclass(frozen=True)
class Binomial(_SampledByCount):
    """At most `trials` events a year, each with the same probability: less variable than Poisson.

    Parameters
    ----------
    trials : int
        Largest possible number of events in a year, 1 or more.
    probability : float
        Probability of each, from 0 to 1.

    Examples
    --------
    >>> law = Binomial(trials=4, probability=0.25)
    >>> law.mean, law.variance
    (1.0, 0.75)
    """

    trials: int
    probability: float

    def __post_init__(self) -> None:
        whole = not isinstance(self.trials, bool) and int(self.trials) == self.trials
        require(whole and self.trials >= 1, "trials", self.trials, "a whole number, 1 or more")
        require(0 <= self.probability <= 1, "probability", self.probability, "0 to 1")

    @property
    def mean(self) -> float:
        """Expected number of events in a year."""
        return self.trials * self.probability

    @property
    def variance(self) -> float:
        """Variance of the number of events in a year."""
        return self.mean * (1 - self.probability)

    def pgf(self, z: np.ndarray | complex | float) -> np.ndarray:
        """Return G(z) = (1 + probability (z - 1))^trials; complex arrays are welcome."""
        return (1 + self.probability * (np.asarray(z) - 1)) ** self.trials

    def inverse_pgf(self, g: np.ndarray | float) -> np.ndarray:
        """Return the real z with G(z) = g; below zero where g < G(0)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            root = np.asarray(g, dtype=float) ** (1 / self.trials)
            return (
                1 + (root - 1) / self.probability if self.probability > 0 else np.full(np.shape(g), -np.inf)
            )

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> np.ndarray:
        """Return counts of events, one per simulated year."""
        return rng.binomial(self.trials, self.probability, size)
