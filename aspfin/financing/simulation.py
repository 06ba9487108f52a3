"""Years drawn at random: the annual need by simulation, and layers of it with Monte Carlo errors."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Any

import numpy as np
import pandas as pd

from aspfin.financing.annual import AnnualLaw
from aspfin.financing.frequency import Frequency
from aspfin.financing.layer import require_layer
from aspfin.financing.severity import Severity
from aspfin.financing.valid import require
from aspfin.results import ResultMixin

__all__ = ["CHUNK", "CompoundYears", "LayerSimulation", "StateYears", "simulate_layers"]

LAYER_COLUMNS = (
    "attachment",
    "limit",
    "expected",
    "std_error",
    "probability_attach",
    "probability_exhaust",
)
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
    for attachment, limit in layers:
        require_layer(attachment, limit)
    rng = np.random.default_rng(seed)
    annual = np.empty(years)
    edges = np.unique([bound for a, limit in layers for bound in (a, a + limit) if isfinite(bound)])
    bands, reached = np.zeros((3, edges.size + 1)), np.zeros(edges.size)
    for start in range(0, years, CHUNK):
        chunk = annual[start : start + CHUNK]
        need.simulate_into(chunk, rng)
        bands += _bands(chunk, edges)
        reached += [np.count_nonzero(chunk >= edge) for edge in edges]
    rows = [_layer_row(a, limit, edges, bands / years, reached / years) for a, limit in layers]
    frame = pd.DataFrame(rows, columns=LAYER_COLUMNS, dtype=float)
    frame["std_error"] /= sqrt(years - 1)
    p = np.array(probabilities, dtype=float)
    require(bool(np.all((p > 0) & (p < 1))), "probabilities", probabilities, "between 0 and 1")
    order = np.ceil(p * years - 1e-6).astype(int) - 1
    annual.partition(np.unique(order))
    risk = pd.DataFrame({"probability": p, "value_at_risk": annual[order]})
    return LayerSimulation(frame, risk, years)


def _bands(amounts: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return count, sum and sum of squares of the amounts between edges, measured from the edge below."""
    band = np.searchsorted(edges, amounts)  # edges strictly below the amount
    above = amounts - np.append(0.0, edges)[band]
    size = edges.size + 1
    sums = (np.bincount(band, weights, size) for weights in (None, above, above * above))
    return np.array(list(sums), dtype=float)


def _layer_row(
    attachment: float, limit: float, edges: np.ndarray, bands: np.ndarray, reached: np.ndarray
) -> tuple[float, ...]:
    """Put a layer together from the bands it spans (shares of years, means and mean squares)."""
    bottom = int(np.searchsorted(edges, attachment)) + 1
    top = int(np.searchsorted(edges, attachment + limit)) + 1 if isfinite(limit) else edges.size + 1
    share, first, second = bands[:, bottom:top]
    base = edges[bottom - 1 : top - 1] - attachment
    full = float(bands[0, top:].sum())
    expected = float((first + share * base).sum()) + (limit * full if full else 0.0)
    square = float((second + 2 * base * first + share * base**2).sum()) + (limit**2 * full if full else 0.0)
    exhaust = float(reached[top - 1]) if isfinite(limit) else 0.0
    spread = sqrt(max(square - expected**2, 0.0))
    return attachment, limit, expected, spread, float(bands[0, bottom:].sum()), exhaust
