"""A shock on a population of households, in expectations: nothing is drawn at random.

A household of a province where 3 % are hit counts as three hundredths of a hit household, and so on: totals
are exact, and the order of rows does not matter. The same code runs on single households and on cells of
similar households with many draws of the uncertain inputs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from aspfin.data import Quantity
from aspfin.data.population import Population
from aspfin.programmes.country import Country
from aspfin.programmes.households import HouseholdData, Households, read_households
from aspfin.programmes.ranges import Central
from aspfin.programmes.registry_age import (
    DAYS_PER_MONTH,
    RegistryAge,
    exclusion,
)
from aspfin.programmes.shock import LIVING_STANDARDS, NATIONAL, Shock
from aspfin.results import InputError, Problem

__all__ = ["Reader", "Scene", "affected_households", "make_scene"]

Reader = Callable[[Quantity], "float | np.ndarray"]


@dataclass(frozen=True, eq=False)
class Scene:
    """A shock on households: arrays that broadcast to (n,) or, with draws, (draws, n).

    Attributes
    ----------
    hit : ndarray
        Share of the row's households affected.
    loss : ndarray
        Loss of an affected household, money per person and day.
    days : float or ndarray
        How long the loss lasts.
    roster, months, wrong : ndarray
        Share on the roster, months since registration, and share of the roster that is no longer right.
    registry : RegistryAge
        How the register ages.
    kept : dict
        Sums that no option changes, once they have been computed.
    """

    households: Households
    shock: Shock
    on: dt.date
    hit: np.ndarray
    loss: np.ndarray
    days: float | np.ndarray
    roster: np.ndarray
    months: np.ndarray
    wrong: np.ndarray
    registry: RegistryAge
    kept: dict = field(default_factory=dict)

    @cached_property
    def after(self) -> np.ndarray:
        """Consumption of an affected household after the shock, per person and day."""
        return np.maximum(self.households.consumption - self.loss, 0.0)

    @cached_property
    def _standing(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        return *self.below_and_gap(self.households.consumption), *self.below_and_gap(self.after)

    @property
    def poor_before(self) -> np.ndarray:
        """Share below the line before the shock."""
        return self._standing[0]

    @property
    def gap_before(self) -> np.ndarray:
        """Shortfall below the line before the shock, money per person and day."""
        return self._standing[1]

    @property
    def poor_after(self) -> np.ndarray:
        """Share of the affected below the line after the shock."""
        return self._standing[2]

    @property
    def gap_after(self) -> np.ndarray:
        """Shortfall of the affected after the shock, money per person and day."""
        return self._standing[3]

    @cached_property
    def hit_weight(self) -> np.ndarray:
        """Households of the row that are affected."""
        return self.hit * self.households.weight

    @cached_property
    def spared_weight(self) -> np.ndarray:
        """Households of the row that are not affected."""
        return (1 - self.hit) * self.households.weight

    @cached_property
    def need_weight(self) -> np.ndarray:
        """Households of the row in need: affected, and poor before or pushed below the line."""
        return self.hit_weight * self.poor_after

    @cached_property
    def _per_money(self) -> np.ndarray:
        return 1 / (self.households.members * self.days)

    def per_day(self, money: np.ndarray) -> np.ndarray:
        """Return money per household over the shock as money per person and day."""
        return money * self._per_money

    def below_and_gap(self, consumption: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the share below the line and the mean shortfall below it, money per person and day."""
        return below_and_gap(consumption, self.households.line, self.households.spread)

    def by_province(self, values: np.ndarray) -> np.ndarray:
        """Return sums over the country's households by province; `values` are per household."""
        return self.households.totals(values * self.households.weight)

    def spread_over(self, households: np.ndarray, pool: np.ndarray) -> np.ndarray:
        """Return the chance of each not affected household of `pool` if so many of a province are chosen."""
        room = self.households.totals(self.spared_weight * pool)
        chance = np.clip(households / np.where(room > 0, room, 1.0), 0, 1) * (room > 0)
        return chance[..., self.households.province] * pool

    def strengthened(self, *, added: np.ndarray, months: np.ndarray, read: Reader) -> Scene:
        """Return the same shock on a better register.

        `added` is the share of the poor off the roster who are brought on it, `months` the age that no
        registration exceeds any more.
        """
        newly = (1 - self.roster) * (self.households.standard == 0) * added
        younger = np.minimum(self.months, months)
        ageing = self.registry
        wrong = exclusion(younger, base=read(ageing.base), yearly_growth=read(ageing.yearly_growth))
        return replace(self, roster=self.roster + newly, months=younger, wrong=wrong, kept={})


def below_and_gap(consumption: np.ndarray, line: float, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the share below the line and the mean shortfall of households within ± spread of a consumption.

    Consumption lies evenly within the spread; a spread of 0 is a single household.

    Examples
    --------
    >>> share, gap = below_and_gap(np.array([9.0, 11.0, 10.5]), 10.0, np.array([0.0, 0.0, 1.0]))
    >>> share.tolist(), gap.tolist()
    ([1.0, 0.0, 0.25], [1.0, 0.0, 0.0625])
    """
    short = line - consumption
    if not spread.any():
        return (short > 0).astype(float), np.maximum(short, 0.0)
    share = np.clip(short * (0.5 / np.maximum(spread, 1e-9)) + 0.5, 0.0, 1.0)
    # Inside, a triangle; where all are below, the plain shortfall.
    return share, np.where(share < 1, spread * (share * share), short)


def make_scene(
    households: Households, shock: Shock, on: dt.date, read: Reader, registry: RegistryAge | None = None
) -> Scene:
    """Return the shock on the households, with each uncertain input as `read` gives it."""
    registry = registry or RegistryAge()
    share = _hit(households, shock, read)
    # One draw for all living standards: a severe shock is severe for everybody.
    shares = (read(replace(shock.loss[group], name="loss of consumption")) for group in LIVING_STANDARDS)
    losses = np.stack(np.broadcast_arrays(*(np.asarray(share, dtype=float) for share in shares)), axis=-1)
    rate = losses[..., 0, :][..., households.standard] if losses.ndim > 1 else losses[households.standard]
    months = read(shock.duration_months)
    spent = read(shock.out_of_pocket) / (households.members * DAYS_PER_MONTH)
    base, growth = read(registry.base), read(registry.yearly_growth)
    wrong = exclusion(households.months, base=base, yearly_growth=growth)
    return Scene(
        households, shock, on, share[..., households.province], households.consumption * rate + spent,
        months * DAYS_PER_MONTH, households.roster, households.months, wrong, registry,
    )  # fmt: skip


def _hit(households: Households, shock: Shock, read: Reader) -> np.ndarray:
    """Return the share affected by province, shape (provinces,) or (draws, provinces)."""
    weights = households.totals(households.weight)
    if NATIONAL in shock.affected:
        number = read(shock.affected[NATIONAL])
        share = number / weights.sum() if shock.counted else number
        return np.clip(share * np.ones(len(weights)), 0, 1)
    unknown = set(shock.affected) - set(households.pcodes)
    if unknown:
        allowed = "P-codes of the households, or national"
        raise InputError(Problem(f"shock {shock.name}", "affected", sorted(unknown)[0], allowed))
    none = Quantity("not affected", 0.0)
    # One draw for all provinces: a figure that is too low is too low everywhere.
    parts = [
        read(replace(shock.affected.get(pcode, none), name="households affected"))
        for pcode in households.pcodes
    ]
    if all(np.ndim(part) == 0 for part in parts):
        number = np.array(parts, dtype=float)
    else:
        number = np.concatenate(np.broadcast_arrays(*(np.atleast_2d(part) for part in parts)), axis=1)
    return np.clip(number / weights if shock.counted else number, 0, 1)


def affected_households(
    population: Population | HouseholdData,
    shock: Shock,
    *,
    country: Country,
    seed: int | None = None,
) -> pd.DataFrame:
    """Return what the shock does to each household.

    Parameters
    ----------
    population
        Households; `aspfin.data.synthetic.household_population` makes one.
    shock
        The shock.
    country
        The country pack.
    seed
        None: `affected` is the chance of being hit, and totals are exact. A number: hit households are drawn,
        0 or 1, by this seed.

    Returns
    -------
    DataFrame
        One row per household, sorted by province and household_id: household_id (where the population has
        it), province, weight, members, consumption, poor (before), affected, loss (money per person and day
        if affected), consumption_after (if affected), in_need (share of the row's households that are
        affected and poor before or pushed below the line); then the
        population's other columns. `attrs["account"]` adds up the households: not affected, affected but not
        in need, in need and poor before, in need and pushed below the line.

    Examples
    --------
    >>> from aspfin.data.synthetic import household_population
    >>> from aspfin.programmes import load_country, shocks
    >>> people = household_population("KHM", households=2_000, seed=1)
    >>> flood = shocks.natural("Flood", "flood", "2022-09-01", affected=0.1, loss=0.2)
    >>> hit = affected_households(people, flood, country=load_country("KHM"))
    >>> account = hit.attrs["account"]
    >>> round(sum(account.values())) == round(people.households.weight.sum())
    True
    """
    households = read_households(population, country, shock.start)
    scene = make_scene(households, shock, shock.start, Central())
    hit = np.broadcast_to(scene.hit, households.weight.shape)
    if seed is not None:
        hit = (np.random.default_rng(seed).random(hit.size) < hit).astype(float)
    poor, after = scene.poor_before, scene.poor_after
    frame = pd.DataFrame(
        {
            "province": households.frame["province"].astype(str),
            "weight": households.weight,
            "members": households.frame["members"],
            "consumption": households.consumption,
            "poor": poor.astype(int),
            "affected": hit,
            "loss": scene.loss,
            "consumption_after": scene.after,
            "in_need": hit * after,
        }
    )
    if "household_id" in households.frame.columns:
        frame.insert(0, "household_id", households.frame["household_id"])
    frame = frame.join(households.frame.drop(columns=[*frame.columns], errors="ignore"))
    parts = {
        "not affected": 1 - hit,
        "affected, not in need": hit * (1 - after),
        "in need, poor before": hit * poor,
        "in need, pushed below the line": hit * (after - poor),
    }
    frame.attrs["account"] = {name: float(households.weight @ part) for name, part in parts.items()}
    return frame
