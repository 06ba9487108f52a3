"""Numbers that are known only within a range: their central value, and draws from the range.

A `Quantity` whose low and high are given is drawn with its central value as the median: half of the draws lie
evenly between low and the central value, half between it and high. Quantities of one name are drawn
together, wherever they are used.
"""

from __future__ import annotations

import numpy as np

from aspfin.data import Quantity
from aspfin.results import InputError, Problem
from aspfin.seeds import named_seed

__all__ = ["Central", "Draws", "assumed", "at", "product", "range_problems"]

SOURCE = "working_assumption"


def assumed(
    name: str, low: float, central: float, high: float, unit: str = "share", note: str = ""
) -> Quantity:
    """Return a working assumption with its range.

    Examples
    --------
    >>> print(assumed("capacity", 0.5, 0.8, 1.0))
    capacity: 0.8 share (assumed)
    """
    return Quantity(name, central, unit=unit, low=low, high=high, source=SOURCE, status="assumed", note=note)


def at(quantity: Quantity, level: np.ndarray | float) -> np.ndarray:
    """Return the value of a quantity at a level from 0 (low) over 0.5 (central) to 1 (high).

    Examples
    --------
    >>> at(assumed("capacity", 0.5, 0.8, 1.0), np.array([0.0, 0.5, 1.0])).tolist()
    [0.5, 0.8, 1.0]
    """
    middle = quantity.number
    low = middle if quantity.low is None else quantity.low
    high = middle if quantity.high is None else quantity.high
    level = np.asarray(level, dtype=float)
    below, above = np.minimum(level, 0.5) * 2, np.maximum(level, 0.5) * 2 - 1
    return low + (middle - low) * below + (high - middle) * above


def product(name: str, one: Quantity, other: Quantity, *, unit: str = "share", note: str = "") -> Quantity:
    """Return the product of two quantities; its range joins low with low and high with high."""
    ends = [float(at(one, level) * at(other, level)) for level in (0.0, 0.5, 1.0)]
    status = one.status if one.status == other.status else "assumed"
    source = one.source if one.source == other.source else "; ".join(filter(None, (one.source, other.source)))
    return Quantity(
        name, ends[1], unit=unit, low=ends[0], high=ends[2], source=source, status=status, note=note
    )


def range_problems(place: str, field: str, value: object, allowed: tuple[float, float]) -> list[Problem]:
    """Return what is wrong with a quantity whose range must rise and lie within `allowed`."""
    least, most = allowed
    words = f"{least:g} to {most:g}" if np.isfinite(most) else f"{least:g} or more"
    if not isinstance(value, Quantity):
        return [Problem(place, field, value, f"a number or a Quantity, {words}")]
    if value.value is None:
        return [Problem(place, field, None, f"a number of your own ({value.unit}): no figure was found")]
    ends = [float(at(value, level)) for level in (0.0, 0.5, 1.0)]
    if not all(np.isfinite(ends)) or ends[0] < least or ends[2] > most:
        found = ends[0] if not (np.isfinite(ends[0]) and ends[0] >= least) else ends[2]
        return [Problem(place, field, found, words)]
    if not ends[0] <= ends[1] <= ends[2]:
        return [Problem(place, field, ends, "low, central, high in rising order")]
    return []


def as_quantity(place: str, field: str, value: object, unit: str) -> object:
    """Return a number as an exact quantity given by the user; a quantity, or anything else, as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return value
    if not np.isfinite(value):
        raise InputError(Problem(place, field, value, "a finite number"))
    return Quantity(
        f"{place}: {field}", float(value), unit=unit, source="given by the user", status="assumed"
    )


class Central:
    """Reads the central value of each quantity."""

    def __call__(self, quantity: Quantity) -> float:
        """Return the central value."""
        return quantity.number


class Draws:
    """Reads `count` draws of each quantity as a column, and some rows of it at a time.

    The stream of a quantity depends on `seed` and its name alone, so that neither the order of calls nor
    another option changes it.

    Examples
    --------
    >>> draws = Draws(1_000, seed=1)
    >>> capacity = draws(assumed("capacity", 0.5, 0.8, 1.0))
    >>> capacity.shape, bool((capacity >= 0.5).all()), bool(abs(np.median(capacity) - 0.8) < 0.03)
    ((1000, 1), True, True)
    """

    def __init__(self, count: int, seed: int) -> None:
        self.count, self.seed = count, seed
        self.rows = slice(0, count)
        self._levels: dict[str, np.ndarray] = {}

    def chunk(self, rows: slice) -> Draws:
        """Return the same draws, only some rows of them."""
        part = Draws(self.count, self.seed)
        part.rows, part._levels = rows, self._levels
        return part

    def level(self, name: str) -> np.ndarray:
        """Return the levels, 0 to 1, at which a quantity of this name is drawn."""
        if name not in self._levels:
            generator = np.random.default_rng(named_seed(self.seed, name))
            self._levels[name] = generator.random((self.count, 1))
        return self._levels[name][self.rows]

    def __call__(self, quantity: Quantity) -> np.ndarray | float:
        """Return the drawn values, shape (rows, 1); one number where there is no range."""
        middle = quantity.number
        if {quantity.low, quantity.high} <= {None, middle}:
            return middle
        return at(quantity, self.level(quantity.name))
