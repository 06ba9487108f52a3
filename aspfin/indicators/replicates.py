"""Replicate weights: the second way to a standard error, which asks nothing of an estimator but its value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from aspfin.indicators.sampling_units import SamplingUnits

__all__ = ["Replicates", "draw"]

METHODS = ("jackknife", "bootstrap")


@dataclass(frozen=True, eq=False)
class Replicates:
    """How weights are perturbed, PSU by PSU.

    Attributes
    ----------
    units : SamplingUnits
    method : "jackknife" or "bootstrap"
    times_drawn : ndarray of int, shape (replicates, n_psu), or None
        How often each PSU was drawn (bootstrap).
    label : str
        Equal for equal replicates of one design.
    """

    units: SamplingUnits
    method: str
    times_drawn: np.ndarray | None
    label: str

    def factors(self) -> Iterator[tuple[np.ndarray, float]]:
        """Yield the factor on each PSU's weights (n_psu,) and the scale of the squared deviation.

        Jackknife (JKn): 0 for the PSU left out, n_h/(n_h − 1) for the rest of its stratum; scale
        (n_h − 1)/n_h·(1 − f_h). Bootstrap (Rao & Wu 1988): 1 + √(1 − f_h)·(m·n_h/(n_h − 1) − 1) for a PSU
        drawn m times; scale 1/replicates. Strata with one PSU are never perturbed.
        """
        units, sizes = self.units, self.units.sizes
        many = sizes > 1
        grow = np.where(many, sizes / np.maximum(sizes - 1, 1), 1.0)
        if self.times_drawn is not None:
            root = np.where(many, np.sqrt(1 - units.fraction), 0.0)[units.stratum]
            for times in self.times_drawn:
                yield 1 + root * (times * grow[units.stratum] - 1), 1 / len(self.times_drawn)
            return
        starts = np.r_[0, np.cumsum(sizes)]
        for psu, h in enumerate(units.stratum):
            if many[h]:
                factor = np.ones(units.n_psu)
                factor[starts[h] : starts[h + 1]] = grow[h]
                factor[psu] = 0.0
                yield factor, (1 - units.fraction[h]) / grow[h]

    def deviations(
        self,
        statistic: Callable[..., float],
        value: float,
        weights: np.ndarray,
        arrays: tuple[np.ndarray, ...],
        psu: np.ndarray,
    ) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return √scale·(replicate's value − value), one per replicate, and notes.

        A replicate in which the statistic is not defined (no row of the domain left) counts 0 and is told.
        """
        found = []
        for factor, scale in self.factors():
            w = weights * factor[psu]
            one = statistic(w, *arrays) if w.any() else np.nan
            found.append(np.sqrt(scale) * (one - value))
        deviations = np.array(found, dtype=float)
        lost = np.isnan(deviations)
        deviations[lost] = 0.0
        note = f"not defined in {int(lost.sum()):,} of {lost.size:,} replicates, which are left out"
        return deviations, (note,) if lost.any() else ()

    def sentence(self) -> str:
        """Return the method in prose."""
        if self.times_drawn is None:
            return "standard errors by the jackknife (one PSU left out at a time)"
        return f"standard errors by the rescaled bootstrap ({len(self.times_drawn):,} replicates)"


def draw(units: SamplingUnits, method: str, *, replicates: int, seed: int) -> Replicates:
    """Return replicates of a design; see `SurveyDesign.with_replicates`."""
    if method not in METHODS:
        raise ValueError(f"method: got {method!r}; allowed: 'jackknife' or 'bootstrap'")
    if (units.sizes == 1).any() and units.single_psu == "center":
        raise ValueError(
            "single_psu: 'center' has no counterpart with replicate weights; merge strata with one primary "
            "sampling unit, or choose single_psu='certainty'"
        )
    if method == "jackknife":
        return Replicates(units, method, None, method)
    if not isinstance(replicates, int) or replicates < 2:
        raise ValueError(f"replicates: got {replicates!r}; allowed: a whole number of at least 2")
    rng = np.random.default_rng(seed)
    parts = [
        rng.multinomial(size - 1, np.full(size, 1 / size), size=replicates).astype(np.int16)
        if size > 1
        else np.ones((replicates, 1), dtype=np.int16)
        for size in units.sizes
    ]
    return Replicates(
        units, method, np.concatenate(parts, axis=1), f"bootstrap ({replicates} replicates, seed {seed})"
    )
