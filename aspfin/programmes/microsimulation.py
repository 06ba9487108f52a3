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
from aspfin.programmes.benefits import Benefit, benefit_amounts, pool_of
from aspfin.programmes.country import Country
from aspfin.programmes.ranges import Central, assumed
from aspfin.programmes.registry_age import DAYS_PER_MONTH, exclusion, months_since_registration
from aspfin.programmes.shock import LIVING_STANDARDS, NATIONAL, NEAR_POOR_UP_TO, Shock
from aspfin.results import InputError, Problem

__all__ = ["Households", "Reader", "Scene", "affected_households", "make_scene", "read_households"]

Reader = Callable[[Quantity], "float | np.ndarray"]

NEEDED = ("province", "weight", "members", "consumption", "card_level")
REGISTRY_BASE = assumed("registry: wrong on the day of registration", 0.0, 0.02, 0.05)
REGISTRY_GROWTH = assumed("registry: of what is right, goes wrong in a year", 0.02, 0.05, 0.10)


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


def read_households(population: Population, country: Country, on: dt.date) -> Households:
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
    kept: dict = field(default_factory=dict)

    @cached_property
    def after(self) -> np.ndarray:
        """Consumption of an affected household after the shock, per person and day."""
        return np.maximum(self.households.consumption - self.loss, 0.0)

    @cached_property
    def poor_before(self) -> np.ndarray:
        """Share below the line before the shock."""
        return self.below(self.households.consumption)

    @cached_property
    def poor_after(self) -> np.ndarray:
        """Share of the affected below the line after the shock."""
        return self.below(self.after)

    @cached_property
    def gap_before(self) -> np.ndarray:
        """Shortfall below the line before the shock, money per person and day."""
        return self.gap(self.households.consumption)

    @cached_property
    def gap_after(self) -> np.ndarray:
        """Shortfall of the affected after the shock, money per person and day."""
        return self.gap(self.after)

    @cached_property
    def in_need(self) -> np.ndarray:
        """Share of the row's households that are affected, and poor before or pushed below the line."""
        return self.hit * self.poor_after

    @cached_property
    def spared_weight(self) -> np.ndarray:
        """Households of the row that are not affected."""
        return (1 - self.hit) * self.households.weight

    def per_day(self, money: np.ndarray) -> np.ndarray:
        """Return money per household over the shock as money per person and day."""
        return money / (self.households.members * self.days)

    def below(self, consumption: np.ndarray) -> np.ndarray:
        """Return the share below the poverty line."""
        return below(consumption, self.households.line, self.households.spread)

    def gap(self, consumption: np.ndarray) -> np.ndarray:
        """Return the mean shortfall below the poverty line, money per person and day."""
        return gap(consumption, self.households.line, self.households.spread)

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
        wrong = exclusion(younger, base=read(REGISTRY_BASE), yearly_growth=read(REGISTRY_GROWTH))
        return replace(self, roster=self.roster + newly, months=younger, wrong=wrong, kept={})


def below(consumption: np.ndarray, line: float, spread: np.ndarray) -> np.ndarray:
    """Return the share below the line of households whose consumption lies evenly within ± spread.

    Examples
    --------
    >>> below(np.array([9.0, 11.0, 10.5]), 10.0, np.array([0.0, 0.0, 1.0])).tolist()
    [1.0, 0.0, 0.25]
    """
    if not np.any(spread):
        return (consumption < line).astype(float)
    return np.clip((line - consumption) / (2 * np.maximum(spread, 1e-9)) + 0.5, 0.0, 1.0)


def gap(consumption: np.ndarray, line: float, spread: np.ndarray) -> np.ndarray:
    """Return the mean shortfall below the line of households whose consumption lies within ± spread.

    Examples
    --------
    >>> gap(np.array([9.0, 10.0, 10.5]), 10.0, np.array([0.0, 0.0, 1.0])).tolist()
    [1.0, 0.0, 0.0625]
    """
    if not np.any(spread):
        return np.maximum(line - consumption, 0.0)
    share = below(consumption, line, spread)
    return np.where(share < 1, spread * share * share, line - consumption)


def make_scene(households: Households, shock: Shock, on: dt.date, read: Reader) -> Scene:
    """Return the shock on the households, with each uncertain input as `read` gives it."""
    share = _hit(households, shock, read)
    losses = np.stack(
        np.broadcast_arrays(*(np.asarray(read(shock.loss[k]), dtype=float) for k in LIVING_STANDARDS)),
        axis=-1,
    )
    rate = losses[..., 0, :][..., households.standard] if losses.ndim > 1 else losses[households.standard]
    months = read(shock.duration_months)
    spent = read(shock.out_of_pocket) / (households.members * DAYS_PER_MONTH)
    wrong = exclusion(households.months, base=read(REGISTRY_BASE), yearly_growth=read(REGISTRY_GROWTH))
    return Scene(
        households, shock, on, share[..., households.province], households.consumption * rate + spent,
        months * DAYS_PER_MONTH, households.roster, households.months, wrong,
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
    parts = [read(shock.affected.get(pcode, none)) for pcode in households.pcodes]
    if all(np.ndim(part) == 0 for part in parts):
        number = np.array(parts, dtype=float)
    else:
        number = np.concatenate(np.broadcast_arrays(*(np.atleast_2d(part) for part in parts)), axis=1)
    return np.clip(number / weights if shock.counted else number, 0, 1)


def affected_households(
    population: Population,
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
        affected and poor before or pushed below the line). `attrs["account"]` adds up the households: not
        affected, affected but not in need, in need and poor before, in need and pushed below the line.

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
    poor, after = scene.below(households.consumption), scene.below(scene.after)
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
    parts = {
        "not affected": 1 - hit,
        "affected, not in need": hit * (1 - after),
        "in need, poor before": hit * poor,
        "in need, pushed below the line": hit * (after - poor),
    }
    frame.attrs["account"] = {name: float(households.weight @ part) for name, part in parts.items()}
    return frame
