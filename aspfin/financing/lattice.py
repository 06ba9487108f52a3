"""Regular grids of amounts: putting a severity, or a whole distribution, on 0, h, 2h, …, keeping its mean."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isfinite

import numpy as np

from aspfin.financing.annual import AnnualLaw
from aspfin.financing.severity import Empirical, Severity

__all__ = ["Lattice", "common_step", "discretise", "is_on_lattice", "on_lattice", "split"]

FEWEST_POINTS = 256
DEFAULT_CELLS = 4096
# A position this close to a whole number of steps is one: the rest is rounding of decimal amounts.
ON_LATTICE = 1e-9


@dataclass(frozen=True, eq=False)
class Lattice:
    """Annual need on a regular grid.

    Attributes
    ----------
    step : float
        Spacing h; point j stands for the amount j · h.
    probabilities : ndarray, shape (points,)
    tail : float
        Probability beyond the last point.
    """

    step: float
    probabilities: np.ndarray
    tail: float

    @property
    def amounts(self) -> np.ndarray:
        """Amounts 0, h, 2h, … of the points."""
        return self.step * np.arange(self.probabilities.size)


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
    [0.0327, 0.142, 0.18, 0.1661]
    """
    if isinstance(severity, Empirical):
        return split(severity.values, severity.weights, step, points)[0]
    # second differences of E[(X - k)₊], which is minus LEV up to a constant, keep their digits in the tail
    excess = severity.expected_excess(step * np.arange(points + 1.0))
    cumulative = np.maximum.accumulate(1 + np.diff(excess) / step)  # rounding must not make it fall
    return np.diff(np.clip(cumulative, 0.0, 1.0), prepend=0.0)


def split(values: np.ndarray, weights: np.ndarray, step: float, points: int) -> tuple[np.ndarray, float]:
    """Share each value between its two lattice neighbours, keeping its mean; return masses and the rest.

    Examples
    --------
    >>> masses, beyond = split(np.array([2.5, 9.0]), np.array([0.5, 0.5]), step=1.0, points=4)
    >>> masses.tolist(), beyond
    ([0.0, 0.0, 0.25, 0.25], 0.5)
    """
    position = values / step
    nearest = np.rint(position)
    position = np.where(np.abs(position - nearest) <= ON_LATTICE * np.maximum(nearest, 1), nearest, position)
    below = np.minimum(np.floor(position), points)
    upper = np.where(below < points, position - below, 0.0)
    index = below.astype(np.int64)
    masses = np.bincount(index, weights * (1 - upper), points + 2)
    masses += np.bincount(index + 1, weights * upper, points + 2)
    return masses[:points], float(masses[points:].sum())


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


def is_on_lattice(values: np.ndarray, step: float) -> bool:
    """Say whether all values are multiples of `step`."""
    position = values / step
    return bool(np.all(np.abs(position - np.rint(position)) <= ON_LATTICE * np.maximum(position, 1)))


def on_lattice(law: AnnualLaw, attachment: float, limit: float, step: float, points: int | None) -> Lattice:
    """Return min((A - attachment)₊, limit) on the grid, each amount shared between its two neighbours."""
    amounts = np.clip(law.amounts - attachment, 0.0, limit)
    masses = law.probabilities
    tail = law.tail
    if tail and isfinite(limit):  # the layer is used up beyond the law's own grid
        amounts, masses, tail = np.append(amounts, limit), np.append(masses, tail), 0.0
    if points is None:
        points = max(ceil(_largest(amounts, masses) / step * (1 - ON_LATTICE)) + 1, FEWEST_POINTS)
    on_grid, beyond = split(amounts, masses, step, points)
    on_grid.setflags(write=False)
    return Lattice(float(step), on_grid, beyond + tail)


def fitting_step(law: AnnualLaw, attachment: float, limit: float, points: int | None) -> float:
    """Return the law's own spacing, else the largest that divides its amounts, else one to fit `points`."""
    amounts = np.clip(law.amounts - attachment, 0.0, limit)
    reach = _largest(amounts, law.probabilities)
    step = law.spacing or common_step(amounts) or reach / DEFAULT_CELLS or 1.0
    fits = points is None or reach <= step * (points - 1) * (1 + ON_LATTICE)
    return step if fits else reach / (points - 1)


def _largest(amounts: np.ndarray, masses: np.ndarray) -> float:
    return float(amounts[np.flatnonzero(masses)[-1]])
