"""What the response options share: inputs found in their fields and checked, amounts, who is paid wrongly."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from aspfin.data import Quantity
from aspfin.programmes.benefits import Benefit
from aspfin.programmes.microsimulation import Reader, Scene
from aspfin.programmes.ranges import as_quantity, range_problems
from aspfin.results import InputError, Problem

__all__ = ["BaseOption", "amount_of", "others_of", "own_inputs"]

INFINITE = float("inf")
# What a field's name allows; the first word of the list that ends it decides.
ALLOWED = {
    "days": (0.0, 3650.0),
    "months": (0.0, 1200.0),
    "factor": (0.0, 10.0),
    "per_new": (0.0, INFINITE),
    "shocks": (0.1, 1000.0),
    "per_roster_household": (0.0, INFINITE),
    "inclusion_error": (0.0, 0.99),
}


def _checked(option: object, place: str) -> None:
    """Turn plain numbers into quantities, and refuse what is out of range."""
    problems: list[Problem] = []
    for one in fields(option):  # type: ignore[arg-type]
        if one.type in ("Quantity", Quantity):
            unit = one.default.unit if isinstance(one.default, Quantity) else ""
            value = as_quantity(place, one.name, getattr(option, one.name), unit)
            object.__setattr__(option, one.name, value)
            limits = next((ends for word, ends in ALLOWED.items() if one.name.endswith(word)), (0.0, 1.0))
            problems += range_problems(place, one.name, value, limits)
    if problems:
        raise InputError(problems)


def own_inputs(option: object) -> tuple[Quantity, ...]:
    """Return the quantities among the fields of an option, those of its benefit included."""
    found: list[Quantity] = []
    for one in fields(option):  # type: ignore[arg-type]
        value = getattr(option, one.name)
        if isinstance(value, Quantity):
            found.append(value)
        elif isinstance(value, Benefit):
            found.extend(value.inputs)
    return tuple(found)


def amount_of(scene: Scene, benefit: Benefit, read: Reader) -> np.ndarray:
    """Return the money a benefit pays each household over the whole response."""
    flat = 1.0 if benefit.flat is None else read(benefit.flat)
    return scene.households.amount(benefit) * read(benefit.factor) * flat


def others_of(scene: Scene, paid: np.ndarray, pool: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return the chance of the not affected of a pool, so that they are a share `error` of all paid."""
    wrongly = scene.by_province(scene.hit * paid) * error / (1 - error)
    return scene.spread_over(wrongly, pool)


@dataclass(frozen=True)
class BaseOption:
    """What the options share: inputs are found in the fields, and checked once."""

    def __post_init__(self) -> None:
        _checked(self, f"option {self.label}")

    @property
    def label(self) -> str:
        """Return the name shown."""
        raise NotImplementedError

    @property
    def inputs(self) -> tuple[Quantity, ...]:
        """Return every uncertain input of the option."""
        return own_inputs(self)
