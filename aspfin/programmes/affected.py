"""How many households a shock affects: a yearly rate and a law of size for each class of event.

Within a class the spread of the law (lognormal sdlog, gamma shape) is the maximum-likelihood one of the
recorded figures, divisor n. The law is cut to the bounds of its class, so that "ordinary" events never
leak into the "major" ones that are counted apart; its level is then set so that its mean equals the
recorded mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

import aspfin.programmes.cut_law as cut_law
from aspfin.programmes.record import EventClass, RecordedClasses
from aspfin.results import Check, InputError, Problem

__all__ = ["FIGURES", "LAWS", "AffectedLaw", "ClassLaw", "affected_law", "bootstrap_bands"]

LAWS = ("lognormal", "gamma", "events")
FIGURES = ("low", "central", "high")

_GRID = 2_048


@dataclass(frozen=True)
class ClassLaw:
    """The law of households affected by one event of a class.

    Parameters
    ----------
    event_class : EventClass
        Bounds, years and recorded figures.
    law : str
        "lognormal", "gamma", or "events" (the recorded figures, equally likely).
    fitted_to : tuple of float
        The figures that set the mean.
    shape : float
        sdlog of the lognormal or shape of the gamma; not a number for "events".
    level : float
        meanlog of the lognormal or scale of the gamma before the cut; not a number for "events".
    """

    event_class: EventClass
    law: str
    fitted_to: tuple[float, ...]
    shape: float
    level: float

    @property
    def bounds(self) -> tuple[float, float]:
        """Bounds of the size of an event, in households."""
        return _bounds(self.event_class, np.asarray(self.fitted_to))

    @property
    def mean(self) -> float:
        """Mean households affected by an event."""
        return float(np.mean(self.fitted_to))

    def quantile(self, probability: np.ndarray) -> np.ndarray:
        """Return the households affected that an event exceeds with probability 1 - `probability`."""
        probability = np.asarray(probability, dtype=float)
        if self.law == "events":
            place = np.minimum((probability * len(self.fitted_to)).astype(int), len(self.fitted_to) - 1)
            return np.sort(self.fitted_to)[place]
        return cut_law.quantile(probability, self.law, self.shape, self.level, *self.bounds)

    def survival(self, households: np.ndarray) -> np.ndarray:
        """Return the probability that an event affects `households` or more."""
        x = np.asarray(households, dtype=float)
        if self.law == "events":
            return (np.asarray(self.fitted_to) >= x[..., None]).mean(axis=-1)
        lower, upper = self.bounds
        below = cut_law.cdf(np.clip(x, lower, upper), self.law, self.shape, self.level)
        low, high = (cut_law.cdf(np.asarray(b), self.law, self.shape, self.level) for b in (lower, upper))
        return (high - below) / (high - low)


@dataclass(frozen=True)
class AffectedLaw:
    """Households affected in a year: the sum of independent compound Poisson classes of events."""

    classes: tuple[ClassLaw, ...]
    law: str
    figures: str

    @property
    def rate(self) -> float:
        """Events a year, all classes."""
        return sum(c.event_class.rate for c in self.classes)

    @property
    def mean_annual(self) -> float:
        """Mean households affected a year."""
        return sum(c.event_class.rate * c.mean for c in self.classes)

    def exceedance_frequency(self, households: float) -> float:
        """Return the events a year that affect `households` or more."""
        return float(sum(c.event_class.rate * c.survival(np.asarray(households)) for c in self.classes))

    def draws(self, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return stratified event sizes: households, weight of each draw (sum 1), index of its class.

        Every class gets the same number of draws, at the midpoints of equal steps of probability, so the
        rare large events are as finely drawn as the frequent small ones; the weights restore the rates.
        """
        each = max(n // len(self.classes), 1)
        level = (np.arange(each) + 0.5) / each
        size = np.concatenate([c.quantile(level) for c in self.classes])
        weight = np.concatenate([np.full(each, c.event_class.rate / each) for c in self.classes])
        return size, weight / weight.sum(), np.repeat(np.arange(len(self.classes)), each)

    def checks(self, *, large: float = 250_000) -> tuple[Check, ...]:
        """Compare the law with the record: dispersion of counts, rate of large events, number of figures."""
        found = [_dispersion_check(c.event_class) for c in self.classes]
        return (*found, *(_size_check(c) for c in self.classes), self._large_check(large))

    def _large_check(self, large: float) -> Check:
        question = f"Does the law give the recorded rate of events of {large:,.0f} households or more?"
        holders = [c for c in self.classes if c.event_class.below > large]
        years = max((c.event_class.years for c in holders), default=0)
        recorded = sum(x >= large for c in holders for x in c.fitted_to)
        if not years:
            return Check("large events", question, None, text="no class reaches this size")
        expected = self.exceedance_frequency(large) * years
        # Exact Poisson: probability of a count at least as far out, on the nearer side, doubled.
        below = float(special.pdtr(recorded, expected))
        above = float(special.pdtrc(recorded - 1, expected)) if recorded else 1.0
        p_value = min(1.0, 2 * min(below, above))
        text = (
            f"{recorded} recorded in {years} years, {expected:.1f} expected from the law; "
            f"exact Poisson p = {p_value:.2f}"
        )
        return Check("large events", question, p_value >= 0.05, recorded - expected, p_value, text)


def affected_law(
    recorded: RecordedClasses, *, law: str = "lognormal", figures: str = "central"
) -> AffectedLaw:
    """Fit the law of households affected to a record.

    Parameters
    ----------
    recorded : RecordedClasses
        From `rates_by_class`.
    law : {"lognormal", "gamma", "events"}
        Law of the size of an event. A class with fewer than three figures always uses "events".
    figures : {"low", "central", "high"}
        Which of the competing figures of each event set the mean; the spread is that of the central ones.

    Raises
    ------
    InputError
        When `law` or `figures` is unknown.

    Examples
    --------
    >>> c = EventClass("major", 1e5, np.inf, 2001, 2020, (1,) * 4 + (0,) * 16,
    ...     (2e5, 3e5, 4e5, 5e5), (2e5, 3e5, 4e5, 5e5), (2e5, 3e5, 4e5, 5e5))
    >>> law = affected_law(RecordedClasses((c,), pd.DataFrame()))
    >>> law.rate, law.mean_annual
    (0.2, 70000.0)
    """
    for name, value, allowed in (("law", law, LAWS), ("figures", figures, FIGURES)):
        if value not in allowed:
            raise InputError(Problem("shock", name, value, "one of " + ", ".join(allowed)))
    return AffectedLaw(tuple(_class_law(c, law, figures) for c in recorded.classes), law, figures)


def _class_law(event_class: EventClass, law: str, figures: str) -> ClassLaw:
    values = event_class.figures(figures)
    if law == "events" or len(values) < 3:
        return ClassLaw(event_class, "events", tuple(values.tolist()), np.nan, np.nan)
    # The spread is that of the central figures: low figures all round must not make the tail heavier.
    shape = cut_law.fit_shape(event_class.figures("central"), law)
    level = cut_law.fit_level(values.mean(), shape, law, *_bounds(event_class, values))
    return ClassLaw(event_class, law, tuple(values.tolist()), float(shape), float(level))


def bootstrap_bands(
    law: AffectedLaw,
    return_periods: Sequence[float],
    *,
    per_household: Mapping[str, np.ndarray] | None = None,
    footprint_probabilities: np.ndarray | None = None,
    replicates: int = 400,
    level: float = 0.90,
    seed: int = 0,
) -> pd.DataFrame:
    """Return bands of the yearly total at given return periods: what so short a record leaves open.

    Each replicate resamples the events of a class with replacement, draws each figure evenly between its
    lowest and highest competing value, draws the rate from its Jeffreys posterior Gamma(n + ½, years), refits
    the law and recomputes the distribution of the yearly total by FFT. Footprints get probabilities from
    Dirichlet(number of footprints × probability): known no better than from one event each.

    Parameters
    ----------
    law : AffectedLaw
        Fitted law.
    return_periods : sequence of float
        Annual return periods in years, above 1.
    per_household : mapping of class name to ndarray, shape (footprints, draws), optional
        Amount per household affected nationally: turns households into money or into the households of one
        province. Default 1: households, nationally.
    footprint_probabilities : ndarray, shape (footprints,), optional
        Probability of each footprint; needed with more than one.
    replicates : int
        Number of bootstrap replicates.
    level : float
        Probability the band holds.
    seed : int
        Seed.

    Returns
    -------
    DataFrame
        `return_period, low, median, high`, in households (or in the unit of `per_household`).
    """
    rng = np.random.default_rng(seed)
    base = np.ones(1) if footprint_probabilities is None else np.asarray(footprint_probabilities)
    possible = base > 0
    chance = rng.dirichlet(possible.sum() * base[possible], replicates)
    atoms, weights, total_rate = [], [], np.zeros(replicates)
    for c in law.classes:
        factor = np.ones((1, 500)) if per_household is None else per_household[c.event_class.name]
        factor = np.asarray(factor)[possible]
        size, rate = _replicate_sizes(c, factor.shape[1], replicates, rng)
        atoms.append((size[:, None, :] * factor).reshape(replicates, -1))
        weights.append(np.repeat(rate[:, None] * chance / factor.shape[1], factor.shape[1], axis=1))
        total_rate += rate
    weight = np.concatenate(weights, axis=1) / total_rate[:, None]
    totals = _annual_quantiles(np.concatenate(atoms, axis=1), weight, total_rate, return_periods)
    low, median, high = np.quantile(totals, [(1 - level) / 2, 0.5, (1 + level) / 2], axis=0)
    return pd.DataFrame({"return_period": list(return_periods), "low": low, "median": median, "high": high})


def _replicate_sizes(
    c: ClassLaw, n: int, replicates: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return event sizes (replicates, n) at equal steps of probability, and a rate for each replicate."""
    low, high = c.event_class.figures("low"), c.event_class.figures("high")
    chosen = rng.integers(0, len(low), (replicates, len(low)))
    values = low[chosen] + rng.random(chosen.shape) * (high - low)[chosen]
    rate = rng.gamma(c.event_class.n_events + 0.5, 1 / c.event_class.years, replicates)
    probability = (np.arange(n) + 0.5) / n
    if c.law == "events":
        place = np.minimum((probability * values.shape[1]).astype(int), values.shape[1] - 1)
        return np.sort(values, axis=1)[:, place], rate
    lower, upper = _bounds(c.event_class, np.concatenate([low, high]))
    shape = cut_law.fit_shape(values, c.law)[:, None]
    level = cut_law.fit_level(values.mean(axis=1)[:, None], shape, c.law, lower, upper)
    return cut_law.quantile(probability, c.law, shape, level, lower, upper), rate


def _annual_quantiles(
    atoms: np.ndarray, weight: np.ndarray, rate: np.ndarray, return_periods: Sequence[float]
) -> np.ndarray:
    """Return quantiles of compound Poisson totals, one row per replicate, by FFT on a lattice per row.

    Each atom is shared between its two neighbouring lattice points, which keeps the mean.
    """
    rows = len(atoms)
    # Three times the largest event holds the total of all but about one year in 10,000 at these rates.
    step = np.maximum(3 * atoms.max(axis=1), 1e-12) / (_GRID - 2)
    place = atoms / step[:, None]
    floor = place.astype(int)
    upper_share = place - floor
    index = floor + np.arange(rows)[:, None] * 2 * _GRID
    size = rows * 2 * _GRID
    pmf = np.bincount(index.ravel(), (weight * (1 - upper_share)).ravel(), size)
    pmf += np.bincount(index.ravel() + 1, (weight * upper_share).ravel(), size)
    transform = np.fft.rfft(pmf.reshape(rows, 2 * _GRID), axis=1)
    total = np.fft.irfft(np.exp(rate[:, None] * (transform - 1)), axis=1)
    cumulative = np.cumsum(np.clip(total, 0, None), axis=1)
    wanted = [1 - 1 / period for period in return_periods]
    found = [np.array([_interpolate(row, p) for row in cumulative]) * step for p in wanted]
    return np.stack(found, axis=1)


def _interpolate(cumulative: np.ndarray, probability: float) -> float:
    k = int(np.searchsorted(cumulative, probability))
    if k == 0 or k >= len(cumulative):
        return float(min(k, len(cumulative) - 1))
    return k - 1 + (probability - cumulative[k - 1]) / (cumulative[k] - cumulative[k - 1])


def _bounds(event_class: EventClass, values: np.ndarray) -> tuple[float, float]:
    """Bounds of the class, widened where a low or high figure lies outside them."""
    return min(event_class.at_least, values.min()), max(event_class.below, values.max())


def _dispersion_check(c: EventClass) -> Check:
    ratio, n = c.dispersion, c.years
    question = f"Do the yearly counts of {c.name} events agree with a Poisson law (not too even, p ≥ 0.05)?"
    p_value = float(special.chdtr(n - 1, (n - 1) * ratio))
    text = f"variance/mean {ratio:.2f} over {n} years"
    if ratio < 1:
        text += (
            f"; under-dispersed (chance of so low a ratio under Poisson {p_value:.2f}): a negative "
            "binomial is inadmissible; the Poisson law is kept and may overstate years with several events"
        )
    return Check(f"dispersion of {c.name} events", question, p_value >= 0.05, ratio, p_value, text)


def _size_check(c: ClassLaw) -> Check:
    n, missing = len(c.fitted_to), c.event_class.n_events - len(c.fitted_to)
    text = f"{n} figures"
    text += f", {missing} more counted without a figure" if missing else ""
    text += "" if c.law != "events" else "; recorded figures resampled: nothing larger can happen"
    text += "" if n >= 10 else "; read the curve with its bands"
    name = f"number of {c.event_class.name} events"
    return Check(name, "Are there ten figures or more to fit the size of an event to?", n >= 10, n, text=text)
