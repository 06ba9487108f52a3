"""Households a response is computed on: those of a population or a survey, and cells of similar ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from aspfin.data.population import Population
from aspfin.programmes.benefits import Benefit, benefit_amounts, pool_of
from aspfin.programmes.country import Country
from aspfin.programmes.registry_age import months_since_registration
from aspfin.programmes.shock import NEAR_POOR_UP_TO
from aspfin.results import InputError, Problem

__all__ = ["HouseholdData", "Households", "read_households"]

NEEDED = ("province", "weight", "members", "consumption", "card_level")


@dataclass(frozen=True, eq=False)
class HouseholdData:
    """Households of your own, such as a survey, in place of a synthetic population.

    Attributes
    ----------
    households : DataFrame
        One row per household: province (P-code), weight, members, consumption (per person and day),
        card_level (0 none); and what the benefits' rules read (area, child_0_5, …), `at_risk`,
        `registration_date`, `household_id` where there are such.
    poverty_line : float
        Per person and day.
    currency : str
    name : str
        What the data are.
    """

    households: pd.DataFrame
    poverty_line: float
    currency: str
    name: str = "Households of the user's own data"

    def __post_init__(self) -> None:
        if not (isinstance(self.poverty_line, int | float) and self.poverty_line > 0):
            raise InputError(Problem("households", "poverty_line", self.poverty_line, "a number above 0"))

    def sentence(self) -> str:
        """Return what the data are."""
        return f"{self.name}: {len(self.households):,} rows."


@dataclass(eq=False)
class Households:
    """Households, or cells of similar ones, sorted by province. Arrays of shape (n,).

    Attributes
    ----------
    weight, members, consumption : ndarray
        Households each row stands for; members and consumption (per person and day) of one.
    spread : ndarray
        Half the width over which consumption of the row's households lies evenly; 0 for single households.
    standard : ndarray of int
        Place among `LIVING_STANDARDS`.
    roster : ndarray
        Share on the roster of the routine programme, 0 or 1 for single households.
    months : ndarray
        Months since registration; 0 where not registered.
    province : ndarray of int
        Place in `pcodes`.
    """

    country: Country
    frame: pd.DataFrame
    weight: np.ndarray
    members: np.ndarray
    consumption: np.ndarray
    spread: np.ndarray
    standard: np.ndarray
    roster: np.ndarray
    months: np.ndarray
    province: np.ndarray
    pcodes: tuple[str, ...]
    line: float
    parent: Households | None = None
    code: np.ndarray | None = None
    _kept: dict = field(default_factory=dict)

    @cached_property
    def starts(self) -> np.ndarray:
        """First row of each province."""
        return np.searchsorted(self.province, np.arange(len(self.pcodes)))

    def totals(self, values: np.ndarray) -> np.ndarray:
        """Return sums by province of an array (…, n): shape (…, provinces)."""
        return np.add.reduceat(values, self.starts, axis=-1)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Return, for cells, the weighted mean over the households of each cell."""
        weight = self.parent.weight
        return np.bincount(self.code, weights=weight * values, minlength=len(self.weight)) / np.bincount(
            self.code, weights=weight, minlength=len(self.weight)
        )

    def amount(self, benefit: Benefit) -> np.ndarray:
        """Return what the benefit pays each household over the whole response, before its factor."""
        return self._once(("amount", benefit), lambda: benefit_amounts(self.country, self.frame, benefit))

    def pool(self, who: str) -> np.ndarray:
        """Return, 0 to 1, which households an option is meant for: see `benefits.pool_of`."""
        return self._once(("pool", who), lambda: pool_of(self.country, self.frame, who))

    def _once(self, key: tuple, compute: Callable[[], np.ndarray]) -> np.ndarray:
        if key not in self._kept:
            whole = self.parent
            value = compute() if whole is None else self.mean(getattr(whole, key[0])(key[1]))
            self._kept[key] = np.asarray(value, dtype=float)
        return self._kept[key]


def read_households(population: Population | HouseholdData, country: Country, on: dt.date) -> Households:
    """Return the households of a population, sorted by province, with the age of their registration."""
    frame = population.households
    missing = [name for name in NEEDED if name not in frame.columns]
    if missing:
        raise InputError([Problem("households", name, "a missing column", "a column") for name in missing])
    keys = ["province", "household_id"] if "household_id" in frame.columns else ["province"]
    order = frame[keys].astype({"province": str}).sort_values(keys, kind="stable").index
    frame = frame.loc[order].reset_index(drop=True)
    numbers = {name: frame[name].to_numpy(dtype=float) for name in NEEDED if name != "province"}
    for name, least in (("weight", 0.0), ("members", 1.0), ("consumption", 0.0), ("card_level", 0.0)):
        bad = ~(np.isfinite(numbers[name]) & (numbers[name] >= least))
        if bad.any():
            found = float(numbers[name][np.argmax(bad)])
            raise InputError(Problem("households", name, found, f"{least:g} or more, not empty"))
    province, pcodes = pd.factorize(frame["province"].astype(str), sort=True)
    line, consumption = population.poverty_line, numbers["consumption"]
    standard = (consumption >= line).astype(int) + (consumption >= NEAR_POOR_UP_TO * line)
    months = np.zeros(len(frame))
    if "registration_date" in frame.columns:
        months = np.nan_to_num(months_since_registration(frame["registration_date"], on))
    return Households(
        country, frame, numbers["weight"], numbers["members"], consumption, np.zeros(len(frame)), standard,
        (numbers["card_level"] > 0).astype(float), months, province, tuple(map(str, pcodes)), line,
    )  # fmt: skip
