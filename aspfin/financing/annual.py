"""The distribution of a year's total amount, whatever it was computed from.

An `AnnualLaw` is a list of amounts with probabilities. Two readings, chosen by `cell`:

- `cell == 0`: the amounts are atoms (event tables on their own lattice, discrete states). Distribution
  function and quantiles step; nothing is smoothed.
- `cell == h > 0`: the amounts 0, h, 2h, … stand for a continuous law. The mass of a point is spread evenly
  over its cell (x - h/2, x + h/2], which gives P(A > x_k) = 1 - (F_{k-1} + F_k)/2 at the points and quantiles
  interpolated inside the cell. The atom at 0 is known exactly and is never spread. The error of a
  probability is of order h² where the density is smooth, of order h where it jumps.

Expected layer amounts use the points themselves in both readings, so they are linear between points and keep
the mean exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isinf

import numpy as np

__all__ = ["AnnualLaw"]

# Lattice amounts such as 3 · 0.1 must count as the 0.3 that a user writes.
SAME_AMOUNT = 1e-12
# Sums of probabilities are floats; a quantile asked exactly at a step must not fall over it.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class AnnualLaw:
    """Amounts of a year's total with their probabilities.

    Parameters
    ----------
    amounts, probabilities : ndarray, shape (n,)
        Ascending amounts from 0 and their probabilities; together with `tail` they sum to 1.
    zero : float
        P(A = 0), exact.
    cell : float
        Spacing of the lattice if it stands for a continuous law, 0 if the amounts are atoms.
    spacing : float
        Spacing of the amounts if they form a lattice, 0 if not.
    tail : float
        Probability beyond the last amount. It sits at `tail_mean`, its conditional mean, so that the mean of
        the law is exact; `tail_square` is the conditional mean of the squared amount.
    """

    amounts: np.ndarray
    probabilities: np.ndarray
    zero: float
    cell: float = 0.0
    spacing: float = 0.0
    tail: float = 0.0
    tail_mean: float = 0.0
    tail_square: float = 0.0

    def __post_init__(self) -> None:
        self.amounts.setflags(write=False)
        self.probabilities.setflags(write=False)

    @property
    def reach(self) -> float:
        """Largest amount on the grid."""
        return float(self.amounts[-1])

    @cached_property
    def _below(self) -> np.ndarray:
        """P(A ≤ amount)."""
        return np.cumsum(self.probabilities)

    @cached_property
    def _above(self) -> np.ndarray:
        """P(A ≥ amount), summed from the top so that small probabilities keep their digits."""
        above = np.empty(self.amounts.size + 1)
        above[-1] = 0.0
        np.cumsum(self.probabilities[::-1], out=above[-2::-1])
        above += self.tail
        return above

    def survival(self, x: np.ndarray | float, *, or_equal: bool = False) -> np.ndarray:
        """Return P(A > x), or P(A ≥ x) with `or_equal`."""
        x = np.asarray(x, dtype=float)
        size = self.amounts.size
        if self.cell:
            position = np.clip(x / self.cell + 0.5, 0.0, size)
            index = position.astype(np.int64)
            inside = np.append(self.probabilities, 0.0)[index] if x.ndim else self._mass(int(index))
            rest = self._above[index] - (position - index) * inside
            # the first half-cell runs from the exact atom at 0 to the first cell boundary
            share = np.clip(2 * x / self.cell, 0.0, 1.0)
            first = (1 - self.zero) * (1 - share) + self._above[1] * share
            rest = np.where(index == 0, first, rest)
        else:
            side = "left" if or_equal else "right"
            near = x * (1 - SAME_AMOUNT if or_equal else 1 + SAME_AMOUNT)
            index = np.searchsorted(self.amounts, near, side=side)
            rest = self._above[index]
        rest = np.where((index == size) & (x >= self.tail_mean), 0.0, rest)
        certain = (x <= 0) if or_equal else (x < 0)
        return np.where(certain, 1.0, np.clip(rest, 0.0, 1.0))

    def _mass(self, index: int) -> float:
        return float(self.probabilities[index]) if index < self.amounts.size else 0.0

    def quantile(self, p: np.ndarray | float) -> np.ndarray:
        """Return inf{x : P(A ≤ x) ≥ p}; infinite where `p` lies beyond the grid."""
        p = np.asarray(p, dtype=float)
        index = np.searchsorted(self._below, p - ROUNDING)
        last = self.amounts.size - 1
        at = np.minimum(index, last)
        x = self.amounts[at]
        if self.cell:
            before = np.where(at > 0, self._below[at - 1], self.zero)
            mass = np.maximum(self._below[at] - before, np.finfo(float).tiny)
            share = np.clip((p - before) / mass, 0.0, 1.0)
            x = np.where(at > 0, x - self.cell / 2 + self.cell * share, self.cell / 2 * share)
            x = np.where(p <= self.zero, 0.0, x)
        return np.where(index > last, inf, x)

    def layer_moments(self, attachment: float, limit: float) -> tuple[float, float]:
        """Return E[Y] and E[Y²] of Y = min((A - attachment)₊, limit)."""
        low, high = np.searchsorted(self.amounts, [attachment, attachment + limit], side="right")
        above = self.amounts[low:high] - attachment
        mass = self.probabilities[low:high]
        weighted = mass * above
        full = 0.0 if isinf(limit) else limit * (self._above[high] - self.tail)
        first = float(weighted.sum()) + full
        second = float(weighted @ above) + (full * limit if full else 0.0)
        if self.tail:
            beyond = min(max(self.tail_mean - attachment, 0.0), limit)
            square = self.tail_square - 2 * attachment * self.tail_mean + attachment**2
            first += self.tail * beyond
            second += self.tail * (square if isinf(limit) and attachment < self.reach else beyond**2)
        return float(first), float(second)

    def scaled(self, factor: float) -> AnnualLaw:
        """Return the law of `factor` times the amounts."""
        return replace(
            self,
            amounts=self.amounts * factor,
            cell=self.cell * factor,
            spacing=self.spacing * factor,
            tail_mean=self.tail_mean * factor,
            tail_square=self.tail_square * factor**2,
        )
