"""From events to a year: the exact distribution of the annual total by fast Fourier transform.

Severity is put on a lattice by local moment matching (its mean is kept), the frequency enters through its
probability generating function, and one inverse transform gives the probabilities of the annual total.
Sources: Klugman, Panjer and Willmot, *Loss Models*, sections on discretisation and on the fast Fourier
transform; Grübel and Hermesmeier (1999), *ASTIN Bulletin* 29, on the error of the method.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isfinite, log10, sqrt
from typing import Any

import numpy as np
import pandas as pd
from scipy import fft

from aspfin.financing._validate import require
from aspfin.financing.annual import AnnualLaw
from aspfin.financing.frequency import Frequency
from aspfin.financing.severity import Empirical, Severity
from aspfin.results import ResultMixin

__all__ = [
    "LayerSimulation",
    "aggregate",
    "annual_law",
    "choose_grid",
    "common_step",
    "discretise",
    "simulate_layers",
]

BEYOND_GRID = 1e-9  # probability that the automatic grid may leave beyond its end
DEFAULT_POINTS = 2**20
MOST_POINTS = 2**22
FEWEST_EXACT_POINTS = 4096
PILOT_POINTS = 4096
CHUNK = 250_000  # simulated years at a time: arrays stay in the processor's cache


def discretise(severity: Severity, step: float, points: int) -> np.ndarray:
    """Put a severity on the lattice 0, step, …, (points - 1) · step by local moment matching.

    Parameters
    ----------
    severity : Severity
    step : float
        Lattice spacing h, in the unit of the amounts.
    points : int
        Number of lattice points.

    Returns
    -------
    ndarray, shape (points,)
        f₀ = 1 - LEV(h)/h and f_j = (2 LEV(jh) - LEV((j-1)h) - LEV((j+1)h))/h. The sum falls short of 1 by the
        probability beyond the grid; limited expected values at the points are those of the severity, exactly.

    Examples
    --------
    >>> from aspfin.financing.severity import Gamma
    >>> [round(f, 4) for f in discretise(Gamma(shape=2, scale=1), 0.5, 4).tolist()]
    [0.0326, 0.1497, 0.1808, 0.1649]
    """
    if isinstance(severity, Empirical):
        return _split(severity.values, severity.weights, step, points)[0]
    # second differences of E[(X - k)₊], which is minus LEV up to a constant, keep their digits in the tail
    excess = severity.expected_excess(step * np.arange(points + 1.0))
    return np.maximum(np.diff(np.diff(excess) / step, prepend=-1.0), 0.0)


def _split(values: np.ndarray, weights: np.ndarray, step: float, points: int) -> tuple[np.ndarray, float]:
    """Share each value between its two lattice neighbours, keeping its mean; return masses and the rest."""
    position = values / step
    nearest = np.rint(position)
    position = np.where(np.abs(position - nearest) <= 1e-9 * np.maximum(nearest, 1), nearest, position)
    below = np.minimum(np.floor(position), points)
    upper = np.where(below < points, position - below, 0.0)
    index = below.astype(np.int64)
    masses = np.bincount(index, weights * (1 - upper), points + 2)
    masses += np.bincount(index + 1, weights * upper, points + 2)
    return masses[:points], float(masses[points:].sum())


def aggregate(frequency: Frequency, severity_masses: np.ndarray, points: int | None = None) -> np.ndarray:
    """Return the probabilities of the annual total on the lattice of the severity.

    Parameters
    ----------
    frequency : Frequency
    severity_masses : ndarray, shape (n,)
        Lattice masses of the severity (may sum to less than 1).
    points : int, optional
        Lattice points of the result; n when left out.

    Returns
    -------
    ndarray, shape (points,)
        a = IFFT(G(FFT(f))), zero-padded to at least twice the lattice so that larger totals do not wrap around.

    Examples
    --------
    >>> from aspfin.financing.frequency import Poisson
    >>> aggregate(Poisson(1.0), np.array([0.0, 1.0, 0.0, 0.0])).round(6).tolist()
    [0.367879, 0.367879, 0.18394, 0.061313]
    """
    points = points or severity_masses.size
    size = fft.next_fast_len(2 * max(points, severity_masses.size), real=True)
    transform = frequency.pgf(fft.rfft(severity_masses, size))
    return np.maximum(fft.irfft(transform, size)[:points], 0.0)


def common_step(values: np.ndarray) -> float | None:
    """Return the largest decimal step that all values are multiples of, or None.

    Examples
    --------
    >>> common_step(np.array([2.5, 10.0, 7.5])), common_step(np.array([1.0, np.pi]))
    (2.5, None)
    """
    values = values[values > 0]
    for digits in range(7):
        scaled = values * 10.0**digits
        whole = np.rint(scaled)
        if not values.size or whole.max() > 2**53:
            return None
        if np.all(np.abs(scaled - whole) <= 1e-9 * np.minimum(whole, 1)):
            return float(np.gcd.reduce(whole.astype(np.int64)) / 10.0**digits)
    return None


def _reach(frequency: Frequency, severity: Severity) -> float:
    """Return an amount that the annual total exceeds with probability below BEYOND_GRID."""
    rare = BEYOND_GRID / 10 / max(frequency.mean, 1.0)
    mean = frequency.mean * severity.mean
    std = sqrt(frequency.mean * severity.std**2 + frequency.variance * severity.mean**2)
    reach = mean + float(severity.quantile(1 - rare)) + (10 * std if isfinite(std) else 0.0)
    while True:
        step = reach / PILOT_POINTS
        masses = aggregate(frequency, discretise(severity, step, PILOT_POINTS))
        tail = 1 - masses.sum()
        if tail < BEYOND_GRID:
            above = tail + np.cumsum(masses[::-1])[::-1]
            return step * (int(np.count_nonzero(above > BEYOND_GRID / 2)) + 1)
        reach *= 2


def choose_grid(frequency: Frequency, severity: Severity) -> tuple[float, int]:
    """Return the lattice step and number of points for a frequency and a severity.

    Recorded values that are all multiples of one decimal step get that step, so their lattice is exact. Else
    the grid covers all but 1e-9 of the annual total with about a million points. Where the tail is too
    heavy for that, the step stops at a hundredth of the mean event and more than 1e-9 stays beyond the
    grid, which the result reports.
    """
    reach = _reach(frequency, severity)
    if isinstance(severity, Empirical):
        step = common_step(severity.values)
        points = 2 * ceil(reach / step) if step else MOST_POINTS
        if step and points <= DEFAULT_POINTS:
            return step, max(points, FEWEST_EXACT_POINTS)
    coarsest = max(severity.mean / 100, 20 * frequency.mean * severity.mean / DEFAULT_POINTS)
    step = _round_up(min(reach / DEFAULT_POINTS, coarsest))
    return step, min(DEFAULT_POINTS, ceil(reach / step) + 1)


def _round_up(step: float) -> float:
    """Round up to one or two digits that divide powers of ten: round layer bounds then fall on the lattice."""
    size = 10.0 ** np.floor(log10(step))
    return float(size * next(m for m in (1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.4, 8, 10) if m * size >= step))


def annual_law(
    frequency: Frequency, severity: Severity, *, step: float | None = None, points: int | None = None
) -> AnnualLaw:
    """Return the law of the annual total; `step` and `points` left out are chosen by `choose_grid`."""
    require(step is None or 0 < step < np.inf, "step", step, "a finite amount above 0")
    require(points is None or 2 <= points <= 2**24, "points", points, "a whole number from 2 to 16777216")
    mean = frequency.mean * severity.mean
    if mean == 0:
        return AnnualLaw(np.zeros(1), np.ones(1), zero=1.0)
    if step is None and points is None:
        step, points = choose_grid(frequency, severity)
    elif step is None:
        step = _reach(frequency, severity) / points
    elif points is None:
        points = int(min(MOST_POINTS, max(ceil(_reach(frequency, severity) / step) + 1, FEWEST_EXACT_POINTS)))
    masses = aggregate(frequency, discretise(severity, step, points))
    variance = frequency.mean * severity.std**2 + frequency.variance * severity.mean**2
    exact = isinstance(severity, Empirical) and _on_lattice(severity.values, step)
    return _close(masses, step, exact, mean, variance + mean**2, frequency, severity)


def _on_lattice(values: np.ndarray, step: float) -> bool:
    position = values / step
    return bool(np.all(np.abs(position - np.rint(position)) <= 1e-9 * np.maximum(position, 1)))


def _close(
    masses: np.ndarray,
    step: float,
    exact: bool,
    mean: float,
    mean_square: float,
    frequency: Frequency,
    severity: Severity,
) -> AnnualLaw:
    """Place the probability beyond the grid so that the law keeps its exact mean and mean square."""
    amounts = step * np.arange(masses.size)
    zero = float(masses[0]) if exact else float(frequency.pgf(1 - float(severity.survival(0.0))))
    tail = 1 - float(masses.sum())
    if tail < 1e-12:  # rounding of the transform, not probability
        return AnnualLaw(amounts, masses, zero, 0.0 if exact else step)
    end = float(amounts[-1]) + step
    weighted = masses * amounts
    tail_mean = max((mean - float(weighted.sum())) / tail, end)
    tail_square = max((mean_square - float(weighted @ amounts)) / tail, tail_mean**2)
    return AnnualLaw(amounts, masses, zero, 0.0 if exact else step, tail, tail_mean, tail_square)


@dataclass(frozen=True)
class LayerSimulation(ResultMixin):
    """Layers of annual need estimated by simulation, with Monte Carlo standard errors.

    Attributes
    ----------
    layers : DataFrame
        One row per layer: attachment, limit, expected, std_error, probability_attach, probability_exhaust.
    value_at_risk : DataFrame
        One row per probability: probability, value_at_risk.
    years : int
        Simulated years.
    """

    layers: pd.DataFrame
    value_at_risk: pd.DataFrame
    years: int

    def to_frame(self) -> pd.DataFrame:
        """Return the layers, one row each."""
        return self.layers

    def sentence(self) -> str:
        """Return the size of the simulation and its largest relative error in words."""
        error = (self.layers["std_error"] / self.layers["expected"]).max()
        return f"{len(self.layers)} layers over {self.years:,} simulated years; largest relative error {error:.2%}."


def simulate_layers(
    need: Any,
    layers: list[tuple[float, float]],
    *,
    years: int,
    seed: int,
    probabilities: tuple[float, ...] = (0.9, 0.95, 0.99, 0.995),
) -> LayerSimulation:
    """Estimate annual layers and values at risk by simulating years, 250,000 at a time.

    Parameters
    ----------
    need : Need
        Anything with `simulate_into(out, rng)` filling an array with independent annual amounts.
    layers : list of (attachment, limit)
    years : int
        Number of simulated years; memory is 8 bytes a year.
    seed : int
    probabilities : tuple of float
        Annual probabilities of the values at risk.

    Examples
    --------
    >>> from aspfin.financing.need import Need
    >>> need = Need.from_states([0.1, 0.02], [50.0, 200.0])
    >>> simulate_layers(need, [(20, 30)], years=100_000, seed=1).layers["expected"].round(1).tolist()
    [3.6]
    """
    require(years >= 2, "years", years, "a whole number, 2 or more")
    rng = np.random.default_rng(seed)
    annual = np.empty(years)
    bounds = np.array([(a, a + limit) for a, limit in layers], dtype=float).reshape(-1, 2)
    sums = np.zeros((len(layers), 4))
    for start in range(0, years, CHUNK):
        chunk = annual[start : start + CHUNK]
        need.simulate_into(chunk, rng)
        for row, (bottom, top) in zip(sums, bounds, strict=True):
            hit = chunk[chunk > bottom]
            paid = np.minimum(hit, top) - bottom
            row += paid.sum(), paid @ paid, hit.size, np.count_nonzero(hit >= top)
    expected, square, attach, exhaust = sums.T / years
    frame = pd.DataFrame(
        {
            "attachment": bounds[:, 0],
            "limit": bounds[:, 1] - bounds[:, 0],
            "expected": expected,
            "std_error": np.sqrt((square - expected**2) / (years - 1)),
            "probability_attach": attach,
            "probability_exhaust": exhaust,
        }
    )
    p = np.array(probabilities)
    at = np.minimum(np.ceil(p * years - 1e-9).astype(int), years) - 1
    annual.partition(np.unique(np.maximum(at, 0)))
    risk = pd.DataFrame({"probability": p, "value_at_risk": annual[np.maximum(at, 0)]})
    return LayerSimulation(frame, risk, years)
