"""Redrawing who was treated: within strata, by whole clusters, and all ways where they are few."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from math import comb, prod

import numpy as np

__all__ = ["Assignments", "assignments"]

CHUNK_CELLS = 250_000  # fits the processor cache: four million take twice as long


@dataclass(frozen=True, eq=False)
class Assignments:
    """The units of assignment, and how many in each stratum were treated.

    Attributes
    ----------
    unit : ndarray of int, shape (n,)
        The unit of each row.
    treated : ndarray of float, shape (units,)
    strata : tuple of ndarray of int
        The units of each stratum.
    possible : int
        Ways to assign as many units in each stratum.
    """

    unit: np.ndarray
    treated: np.ndarray
    strata: tuple[np.ndarray, ...]
    possible: int

    def draws(self, number: int, seed: int) -> Iterator[np.ndarray]:
        """Yield chunks of redrawn treatments, shape (draws in chunk, units), `number` in all."""
        rng = np.random.default_rng(seed)
        chunk = max(1, CHUNK_CELLS // self.treated.size)
        batches = self._batches()
        for start in range(0, number, chunk):
            rows = min(chunk, number - start)
            if len(self.strata) == 1:
                taken = _choose(rng, rows, (1, self.treated.size), batches[0][0])
                yield taken[:, 0].astype(float)
                continue
            drawn = np.empty((rows, self.treated.size))
            for count, units in batches:
                drawn[:, units] = _choose(rng, rows, units.shape, count)
            yield drawn

    def _batches(self) -> list[tuple[int, np.ndarray]]:
        """Strata of one size and one number of treated units, stacked: the number, and units by stratum."""
        alike: dict[tuple[int, int], list[np.ndarray]] = {}
        for units in self.strata:
            alike.setdefault((units.size, int(self.treated[units].sum())), []).append(units)
        return [(count, np.stack(same)) for (_, count), same in sorted(alike.items(), key=lambda one: one[0])]

    def all(self) -> Iterator[np.ndarray]:
        """Yield every possible treatment, in chunks as `draws` does."""
        choices = [
            [np.array(one, dtype=int) for one in combinations(units, int(self.treated[units].sum()))]
            for units in self.strata
        ]
        rows: list[np.ndarray] = []
        limit = max(1, CHUNK_CELLS // self.treated.size)
        for chosen in product(*choices):
            one = np.zeros(self.treated.size)
            one[np.concatenate(chosen)] = 1
            rows.append(one)
            if len(rows) == limit:
                yield np.stack(rows)
                rows = []
        if rows:
            yield np.stack(rows)


def _choose(rng: np.random.Generator, rows: int, shape: tuple[int, int], count: int) -> np.ndarray:
    """Draw `count` of the units of each stratum, `rows` times: shape (rows, strata, units).

    Units with the smallest random keys are taken, which is faster than shuffling; the rare stratum with equal
    keys at the edge is drawn again.
    """
    strata, size = shape
    if count in (0, size):
        return np.full((rows, strata, size), float(count > 0))
    keys = rng.integers(0, 2**32, (rows * strata, size), dtype=np.uint32)
    taken = keys <= np.partition(keys, count - 1, axis=1)[:, count - 1, None]
    for row in np.flatnonzero(np.count_nonzero(taken, axis=1) != count):
        taken[row] = False
        taken[row, rng.choice(size, count, replace=False)] = True
    return taken.reshape(rows, strata, size)


def assignments(
    treated: np.ndarray, strata: np.ndarray | None, clusters: np.ndarray | None, names: tuple[str, str, str]
) -> Assignments:
    """Read from the data which units were assigned, and within which strata.

    Parameters
    ----------
    treated : ndarray of float, shape (n,)
    strata, clusters : ndarray of int, shape (n,), or None
    names : tuple of str
        Of treatment, strata and clusters, for errors.

    Raises
    ------
    ValueError
        If a cluster holds both arms or lies in several strata, or no stratum holds both arms.

    Examples
    --------
    >>> three = assignments(np.array([1.0, 0.0, 0.0]), None, None, ("t", "", ""))
    >>> three.possible, [one.tolist() for one in three.all()]
    (3, [[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]])
    """
    unit = np.arange(treated.size) if clusters is None else clusters
    by_unit = _constant(unit, treated, f"treated: column {names[0]!r}", names[2])
    stratum = np.zeros(treated.size, dtype=int) if strata is None else strata
    by_unit_stratum = _constant(unit, stratum, f"strata: column {names[1]!r}", names[2]).astype(int)
    order = np.argsort(by_unit_stratum, kind="stable")
    ends = np.flatnonzero(np.diff(by_unit_stratum[order])) + 1
    groups = tuple(np.split(order, ends))
    possible = prod(comb(one.size, int(by_unit[one].sum())) for one in groups)
    if possible == 1:
        raise ValueError(
            f"treated: column {names[0]!r} could not have been drawn otherwise: no stratum has both arms"
        )
    return Assignments(unit=unit, treated=by_unit, strata=groups, possible=possible)


def _constant(unit: np.ndarray, values: np.ndarray, what: str, cluster: str) -> np.ndarray:
    """Return the value of each unit, refusing units with several."""
    first = np.empty(int(unit.max()) + 1)
    first[unit] = values
    if (first[unit] != values).any():
        raise ValueError(f"{what} differs within clusters of {cluster!r}; name the unit that was assigned")
    return first
