"""The balance of a fund on a regular grid of amounts: one year's step, and many in sequence."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import fft

from aspfin.financing.lattice import common_step
from aspfin.financing.need import Need
from aspfin.financing.valid import at_least_zero, between, require, whole

__all__ = ["QUANTILES", "FundPlan", "NeedOnGrid", "choose_step", "follow", "quantile_names"]

POINTS = 8192  # steps from an empty to a full fund
MOST_POINTS = 131_072
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SAME = 1e-9  # balances this close to a grid point, in steps, lie on it


@dataclass(frozen=True)
class FundPlan:
    """The terms of a fund; see `fund_path`."""

    opening: float
    contribution: float
    ceiling: float
    years: int
    interest: float

    def __post_init__(self) -> None:
        at_least_zero("opening", self.opening)
        at_least_zero("contribution", self.contribution)
        at_least_zero("ceiling", self.ceiling, infinite=True)
        whole("years", self.years)
        between("interest", self.interest, 0, 1)
        require(
            self.opening <= self.ceiling, "opening", self.opening, f"at most the ceiling, {self.ceiling:g}"
        )

    @property
    def largest(self) -> float:
        """Largest balance that can be at hand in any year."""
        balance = min(self.opening + self.contribution, self.ceiling)
        for _ in range(self.years - 1):
            balance = min(balance * (1 + self.interest) + self.contribution, self.ceiling)
        return balance

    def points(self, step: float) -> int:
        """Return how many grid points hold every balance.

        Sharing between neighbours may round a balance up by one point a year, which grows with interest.
        """
        spare = 0
        if self.interest and self.largest < self.ceiling:
            spare = math.ceil(min(self.years * (1 + self.interest) ** min(self.years, 100), POINTS))
        return math.ceil(self.largest / step - SAME) + 1 + spare


@dataclass(frozen=True, eq=False)
class NeedOnGrid:
    """Annual need X seen from balances 0, h, 2h, …; arrays of shape (points,).

    Attributes
    ----------
    step : float
    masses : array
        Probabilities of X on the grid, mean-preserving up to its end.
    shortfall : array
        P(X > balance), from the law of the need itself, so that it carries no grid error.
    """

    step: float
    masses: np.ndarray
    shortfall: np.ndarray

    @classmethod
    def of(cls, need: Need, step: float, plan: FundPlan) -> NeedOnGrid:
        """Return the need on a grid that holds every balance of the plan, at twice the step too."""
        points = max(plan.points(step), 2 * plan.points(2 * step))
        masses = need.lattice(step=step, points=max(points, 2)).probabilities[:points]
        return cls(step, masses, np.asarray(need.exceedance(step * np.arange(points))))

    def coarser(self) -> NeedOnGrid:
        """Return the need on every second point, its mean kept as before."""
        odd = self.masses[1::2] / 2
        masses = self.masses[::2].copy()
        masses[: odd.size] += odd
        masses[1:] += odd[: masses.size - 1]
        return replace(self, step=2 * self.step, masses=masses, shortfall=self.shortfall[::2])

    @property
    def paid(self) -> np.ndarray:
        """E[min(balance, X)]: the sum of P(X > point) over the points below, times the step."""
        return np.concatenate([[0.0], self.step * np.cumsum(1 - np.cumsum(self.masses)[:-1])])

    @property
    def emptied(self) -> np.ndarray:
        """Probability that the need takes just the whole balance, leaving nothing unmet."""
        below = np.concatenate([[0.0], np.cumsum(self.masses)[:-1]])
        return np.clip(1 - self.shortfall - below, 0, 1)


def choose_step(need: Need, plan: FundPlan) -> tuple[float, bool]:
    """Return the step of the grid, and whether every balance and need lies on it."""
    largest = plan.largest
    if largest == 0:
        return need.mean or 1.0, True
    amounts = np.array([plan.opening, plan.contribution, plan.ceiling if plan.ceiling <= largest else 0.0])
    discrete = need.law.cell == 0
    if discrete:
        states = np.clip(need.law.amounts - need.attachment, 0, need.limit)
        amounts = np.append(amounts, states[need.law.probabilities > 0])
    shared = common_step(amounts)
    if shared is None or largest / shared > MOST_POINTS:
        return largest / POINTS, False
    if discrete and plan.interest == 0:
        return shared, True
    return shared / math.ceil(POINTS * shared / largest), False


def follow(plan: FundPlan, need: NeedOnGrid, mean: float) -> pd.DataFrame:
    """Follow the fund over the plan's years; `mean` is the expected annual need.

    Two distributions of the start-of-year balance are carried: of all paths, and of those never short so far.
    """
    step, size = need.step, plan.points(need.step)
    balance = step * np.arange(size)
    masses, shortfall = need.masses[:size], need.shortfall[:size]
    paid, emptied = need.paid[:size], need.emptied[:size]
    length = fft.next_fast_len(2 * size - 1, real=True)
    kernel = np.conj(fft.rfft(masses, length))
    first = np.array([min(plan.opening + plan.contribution, plan.ceiling)])
    start = np.tile(_share(first, np.ones(1), step, size), (2, 1))
    left = balance * (1 + plan.interest)
    refilled = np.minimum(left + plan.contribution, min(plan.ceiling, balance[-1]))
    rows = []
    for year in range(1, plan.years + 1):
        end = fft.irfft(fft.rfft(start, length) * kernel, length)[:, :size].clip(min=0)
        end[0, 0] = max(1 - end[0, 1:].sum(), 0.0)
        end[1, 0] = start[1] @ emptied
        row = {"year": year, "available": start[0] @ balance, "expected": end[0] @ left}
        at = np.searchsorted(np.cumsum(end[0]), np.array(QUANTILES) - SAME).clip(max=size - 1)
        row |= dict(zip(quantile_names(), left[at], strict=True))
        row["expected_paid"] = start[0] @ paid
        row["expected_unmet"] = max(mean - row["expected_paid"], 0.0)
        row["probability_unmet"] = start[0] @ shortfall
        row["probability_ever_unmet"] = max(1 - end[1].sum(), 0.0)
        rows.append(row)
        start = np.stack([_share(refilled, mass, step, size) for mass in end])
    return pd.DataFrame(rows)


def quantile_names() -> list[str]:
    """Return the column names of the quantiles: q05, q25, …"""
    return [f"q{100 * q:02.0f}" for q in QUANTILES]


def _share(amounts: np.ndarray, mass: np.ndarray, step: float, size: int) -> np.ndarray:
    """Return the masses at `amounts` on the grid, shared between neighbours so that the mean is kept."""
    position = amounts / step
    nearest = np.rint(position)
    position = np.where(np.abs(position - nearest) < SAME, nearest, position)
    low = np.floor(position).astype(np.int64)
    upper = position - low
    shared = np.bincount(low, mass * (1 - upper), size + 1) + np.bincount(low + 1, mass * upper, size + 1)
    return shared[:size]
