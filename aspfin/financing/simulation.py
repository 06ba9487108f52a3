"""Years drawn at random: the annual need by simulation, and layers of it with Monte Carlo errors."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd

from aspfin.financing._validate import require
from aspfin.financing.annual import AnnualLaw
from aspfin.financing.frequency import Frequency
from aspfin.financing.severity import Severity
from aspfin.results import ResultMixin

__all__ = ["CHUNK", "CompoundYears", "LayerSimulation", "StateYears", "simulate_layers"]

CHUNK = 250_000  # simulated years at a time: arrays stay in the processor's cache


@dataclass(frozen=True)
class CompoundYears:
    """Years as sums of independent events."""

    frequency: Frequency
    severity: Severity

    @property
    def mean(self) -> float:
        """Expected annual amount."""
        return self.frequency.mean * self.severity.mean

    @property
    def std(self) -> float:
        """Standard deviation of the annual amount."""
        count, size = self.frequency, self.severity
        return sqrt(count.mean * size.std**2 + count.variance * size.mean**2) if self.mean else 0.0

    def fill(self, out: np.ndarray, rng: np.random.Generator) -> None:
        """Fill `out` with independent years."""
        years = self.frequency.sample_years(rng, out.size)
        out[:] = np.bincount(years, self.severity.sample(rng, years.size), out.size)

    def scaled(self, factor: float) -> CompoundYears:
        """Return the law of `factor` times the amounts."""
        return CompoundYears(self.frequency, self.severity.scaled(factor))


@dataclass(frozen=True, eq=False)
class StateYears:
    """Years as one draw from a list of amounts."""

    law: AnnualLaw

    @property
    def mean(self) -> float:
        """Expected annual amount."""
        return float(self.law.probabilities @ self.law.amounts)

    @property
    def std(self) -> float:
        """Standard deviation of the annual amount."""
        return float(np.sqrt(self.law.probabilities @ (self.law.amounts - self.mean) ** 2))

    def fill(self, out: np.ndarray, rng: np.random.Generator) -> None:
        """Fill `out` with independent years."""
        index = np.searchsorted(np.cumsum(self.law.probabilities)[:-1], rng.random(out.size), side="right")
        out[:] = self.law.amounts[index]

    def scaled(self, factor: float) -> StateYears:
        """Return the law of `factor` times the amounts."""
        return StateYears(self.law.scaled(factor))


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
        return (
            f"{len(self.layers)} layers over {self.years:,} simulated years; "
            f"largest relative standard error {error:.2%}."
        )


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
