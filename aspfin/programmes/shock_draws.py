"""Simulated events of a shock: how large, where, who is reached, and what the response costs."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from aspfin.programmes.affected import AffectedLaw
from aspfin.programmes.expansion import expand
from aspfin.programmes.footprint import Templates, choose_templates, draw_footprints
from aspfin.results import InputError, Problem
from aspfin.seeds import named_seed

__all__ = ["NATIONAL", "AreaDraws", "Response", "ShockDraws", "draw_shock", "limit_to_households"]

NATIONAL = "national"


@dataclass(frozen=True)
class Response:
    """How well the response reaches people, and what running it costs.

    Parameters
    ----------
    vertical_capacity : float
        Share of the affected households on the roster that the top-up reaches, 0 to 1.
    horizontal_capacity : float
        Share of the eligible new households that can be enrolled and paid, 0 to 1.
    exclusion_error : float
        Share of eligible new households that registration misses, 0 to 1.
    inclusion_error : float
        Share of new beneficiaries who are not eligible, 0 up to (not including) 1.
    administration_share : float
        Administration per unit of money transferred, 0 or more.
    administration_per_new_household_usd : float
        Further administration per new household, USD, 0 or more.

    Examples
    --------
    >>> Response(horizontal_capacity=0.5).horizontal_capacity
    0.5
    """

    vertical_capacity: float = 0.95
    horizontal_capacity: float = 0.80
    exclusion_error: float = 0.10
    inclusion_error: float = 0.10
    administration_share: float = 0.07
    administration_per_new_household_usd: float = 2.5

    def __post_init__(self) -> None:
        problems = []
        for field in fields(self):
            value, money = getattr(self, field.name), field.name.startswith("administration")
            allowed = "0 or more" if money else "0 to 1"
            if field.name == "inclusion_error":
                allowed = "0 to less than 1"
            number = isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)
            good = number and value >= 0 and (money or value <= 1)
            if not good or (field.name == "inclusion_error" and value >= 1):
                problems.append(Problem("response", field.name, value, allowed))
        if problems:
            raise InputError(problems)


@dataclass(frozen=True)
class AreaDraws:
    """What each simulated event does to one area. Arrays of shape (draws,).

    `affected`, `vertical`, `new_eligible`, `new_paid` and `left_out` are households; `transfers` and
    `administration` are USD.
    """

    affected: np.ndarray
    vertical: np.ndarray
    new_eligible: np.ndarray
    new_paid: np.ndarray
    left_out: np.ndarray
    transfers: np.ndarray
    administration: np.ndarray

    @property
    def cost(self) -> np.ndarray:
        """Transfers and administration, USD."""
        return self.transfers + self.administration


@dataclass(frozen=True)
class ShockDraws:
    """Simulated events, the same ones for every area.

    Parameters
    ----------
    pcodes : tuple of str
        Provinces: columns of `affected`.
    rate : float
        Events a year.
    size : ndarray, shape (draws,)
        Households affected nationally by the law, before any limit.
    weight : ndarray, shape (draws,)
        Probability of each draw; sums to 1.
    class_index : ndarray of int, shape (draws,)
        Class of each event.
    template_index : ndarray of int, shape (draws,)
        Footprint template of each event.
    template_probabilities : ndarray, shape (templates,)
        Probability of each template.
    affected : ndarray, shape (draws, provinces)
        Households affected, whole, none above the households of the province.
    capped : ndarray of bool, shape (draws,)
        Events in which some province reached its number of households.
    roster_share : ndarray, shape (provinces,)
        Share of households on the roster.
    response : Response
        Capacities, errors and administration.
    usd_per_household : float
        Transfer to one household, USD.
    """

    pcodes: tuple[str, ...]
    rate: float
    size: np.ndarray
    weight: np.ndarray
    class_index: np.ndarray
    template_index: np.ndarray
    template_probabilities: np.ndarray
    affected: np.ndarray
    capped: np.ndarray
    roster_share: np.ndarray
    response: Response
    usd_per_household: float

    @property
    def capped_share(self) -> float:
        """Share of events, by probability, in which some province reached its number of households."""
        return float(self.weight @ self.capped)

    def area(self, area: str) -> AreaDraws:
        """Return what the events do to one province (its P-code), or to the country ("national").

        Overlap is a share of the affected in each province, so the national figures are sums over provinces.
        """
        if area == NATIONAL:
            columns = slice(None)
        elif area in self.pcodes:
            columns = slice(self.pcodes.index(area), self.pcodes.index(area) + 1)
        else:
            allowed = f"national or one of {', '.join(self.pcodes)}"
            raise InputError(Problem("shock", "area", area, allowed))
        r = self.response
        reach = expand(
            self.affected[:, columns],
            roster_share=self.roster_share[columns],
            vertical_capacity=r.vertical_capacity,
            horizontal_capacity=r.horizontal_capacity,
            exclusion_error=r.exclusion_error,
            inclusion_error=r.inclusion_error,
        )
        vertical, eligible, new, left, affected = (
            part.sum(axis=1)
            for part in (
                reach.vertical,
                reach.horizontal_eligible,
                reach.horizontal_paid,
                reach.left_out,
                reach.affected,
            )
        )
        transfers = (vertical + new) * self.usd_per_household
        administration = r.administration_share * transfers + r.administration_per_new_household_usd * new
        return AreaDraws(affected, vertical, eligible, new, left, transfers, administration)

    def by_province(self) -> pd.DataFrame:
        """Return `pcode, households_per_year, need_usd_per_year`: means that add up to the national ones."""
        rows = []
        for pcode in self.pcodes:
            mine = self.area(pcode)
            mean = self.rate * self.weight @ np.column_stack([mine.affected, mine.cost])
            rows.append({"pcode": pcode, "households_per_year": mean[0], "need_usd_per_year": mean[1]})
        return pd.DataFrame(rows)


def draw_shock(
    law: AffectedLaw,
    templates: Templates,
    provinces: pd.DataFrame,
    *,
    response: Response,
    usd_per_household: float,
    draws: int,
    concentration: float,
    seed: int,
    name: str,
) -> ShockDraws:
    """Draw events: stratified sizes, random footprints.

    Parameters
    ----------
    law : AffectedLaw
        Yearly rates and sizes of events.
    templates : Templates
        Footprints.
    provinces : DataFrame
        `pcode, households_register_2022, idpoor1_households, idpoor2_households`.
    response : Response
        Capacities, errors and administration.
    usd_per_household : float
        Transfer to one household, USD.
    draws : int
        Number of events drawn.
    concentration : float
        How closely events keep to their template.
    seed : int
        Seed.
    name : str
        Name of the shock (such as "KHM flood"): part of the seed, so that the draws do not depend on the area
        asked for, nor on the order of calls.
    """
    size, weight, class_index = law.draws(draws)
    named = named_seed(seed, name)
    chosen = choose_templates(templates, len(size), seed=[named, 0])
    footprints = draw_footprints(templates, chosen, concentration=concentration, seed=[named, 1])
    table = provinces.set_index("pcode").loc[list(templates.pcodes)]
    households = table["households_register_2022"].to_numpy(dtype=float)
    roster = (table["idpoor1_households"] + table["idpoor2_households"]).to_numpy(dtype=float)
    affected, capped = limit_to_households(size[:, None] * footprints, households)
    affected = np.rint(affected)  # half a household in a spared province is nobody
    return ShockDraws(
        templates.pcodes,
        law.rate,
        size,
        weight,
        class_index,
        chosen,
        templates.probabilities,
        affected,
        capped,
        np.clip(roster / households, 0, 1),
        response,
        usd_per_household,
    )


def limit_to_households(affected: np.ndarray, households: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cap the affected households of a province at its households; the excess goes to the other provinces.

    Parameters
    ----------
    affected : ndarray, shape (n, provinces)
        Households affected before the limit.
    households : ndarray, shape (provinces,)
        Households of each province.

    Returns
    -------
    affected : ndarray, shape (n, provinces)
        Same row sums (up to all households of the country), no province above its households.
    capped : ndarray of bool, shape (n,)
        Events in which some province reached its limit.

    Examples
    --------
    >>> limited, capped = limit_to_households(np.array([[90.0, 30.0, 10.0]]), np.array([50.0, 100.0, 50.0]))
    >>> limited.tolist(), capped.tolist()
    ([[50.0, 60.0, 20.0]], [True])
    """
    limited = affected.astype(float, copy=True)
    capped = (affected > households).any(axis=1)
    rows = limited[capped]
    for _ in range(affected.shape[1]):
        excess = np.clip(rows - households, 0, None).sum(axis=1, keepdims=True)
        if not (excess > 1e-9).any():
            break
        rows = np.minimum(rows, households)
        room = households - rows
        weight = np.where(room > 0, rows, 0.0)
        weight = np.where(weight.sum(axis=1, keepdims=True) > 0, weight, room)
        total = weight.sum(axis=1, keepdims=True)
        rows = rows + excess * (weight / np.where(total > 0, total, 1.0))  # shares first: no underflow
    limited[capped] = np.minimum(rows, households)
    return limited, capped
