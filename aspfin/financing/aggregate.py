"""From events to a year: the exact distribution of the annual total by fast Fourier transform.

Severity is put on a lattice by local moment matching (its mean is kept), the frequency enters through its
probability generating function, and one inverse transform gives the probabilities of the annual total.
Sources: Klugman, Panjer and Willmot, *Loss Models*, sections on discretisation and on the fast Fourier
transform; Grübel and Hermesmeier (1999), *ASTIN Bulletin* 29, on the error of the method.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil, isfinite, log10, sqrt

import numpy as np
import scipy  # its parts load on first use

from aspfin.financing.annual import AnnualLaw
from aspfin.financing.frequency import Frequency
from aspfin.financing.lattice import common_step, discretise, is_on_lattice
from aspfin.financing.severity import Empirical, Severity
from aspfin.financing.valid import require

__all__ = ["aggregate", "annual_law", "choose_grid"]

BEYOND_GRID = 1e-9  # probability that the automatic grid may leave beyond its end
DEFAULT_POINTS = 2**20
FINEST_SHARE = 1024
MOST_POINTS = 2**22
FEWEST_EXACT_POINTS = 4096
PILOT_POINTS = 4096
LEAST_TRANSFORM = 4096


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
        a = IFFT(G(FFT(f))), zero-padded to at least twice the lattice: larger totals do not wrap around.

    Examples
    --------
    >>> from aspfin.financing.frequency import Poisson
    >>> aggregate(Poisson(1.0), np.array([0.0, 1.0, 0.0, 0.0])).round(6).tolist()
    [0.367879, 0.367879, 0.18394, 0.061313]
    """
    points = points or severity_masses.size
    size = scipy.fft.next_fast_len(max(2 * points, _room(frequency, severity_masses)), real=True)
    transform = frequency.pgf(scipy.fft.rfft(severity_masses, size))
    return np.maximum(scipy.fft.irfft(transform, size)[:points], 0.0)


def _room(frequency: Frequency, masses: np.ndarray) -> int:
    """Return a transform length that totals exceed so rarely that what wraps around does not matter."""
    index = np.arange(masses.size, dtype=float)
    mean, square = float(masses @ index), float(masses @ (index * index))
    std = sqrt(frequency.mean * max(square - mean**2, 0.0) + frequency.variance * mean**2)
    return max(2 * masses.size, LEAST_TRANSFORM, ceil(frequency.mean * mean + 12 * std))


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
    the grid covers all but 1e-9 of the annual total with at most a million points, and a step no finer than
    a thousandth of the mean or standard deviation of an event, whichever is less. Where the tail is too
    heavy for that, the step stops at a hundredth of the mean event and more than 1e-9 stays beyond the grid,
    which the result reports.
    """
    reach = _reach(frequency, severity)
    if isinstance(severity, Empirical):
        step = common_step(severity.values)
        points = 2 * ceil(reach / step) if step else MOST_POINTS
        if step and points <= DEFAULT_POINTS:
            return step, max(points, FEWEST_EXACT_POINTS)
    coarsest = max(severity.mean / 100, 20 * frequency.mean * severity.mean / DEFAULT_POINTS)
    finest = min(severity.mean, severity.std or severity.mean) / FINEST_SHARE
    step = _round_up(min(max(reach / DEFAULT_POINTS, finest), coarsest))
    return step, min(DEFAULT_POINTS, ceil(reach / step) + 1)


def _round_up(step: float) -> float:
    """Round up to digits that divide powers of ten, so that round layer bounds fall on the lattice."""
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
    exact = isinstance(severity, Empirical) and is_on_lattice(severity.values, step)
    return _close(masses, step, exact, mean, variance + mean**2, frequency, severity)


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
    law = AnnualLaw(amounts, masses, zero, cell=0.0 if exact else step, spacing=step)
    tail = 1 - float(masses.sum())
    if tail < 1e-12:  # rounding of the transform, not probability
        return law
    weighted = masses * amounts
    tail_mean = max((mean - float(weighted.sum())) / tail, law.reach + step)
    tail_square = max((mean_square - float(weighted @ amounts)) / tail, tail_mean**2)
    return replace(law, tail=tail, tail_mean=tail_mean, tail_square=tail_square)
