"""Cells of the synthetic population: province × area × registration, with true households and persons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from aspfin.data.population_draws import Floats, Ints, allocate
from aspfin.data.population_pack import PopulationPack
from aspfin.results import InputError, Problem

__all__ = ["MINIMUM_HOUSEHOLDS", "population_cells", "reconciled_rates", "simulated_households"]

MINIMUM_HOUSEHOLDS = 2_000  # below it, small provinces have no household for some level of the card
CELL_FLOOR = (
    25  # simulated households of a small cell: its persons then are right to half a person in about 100
)


def population_cells(pack: PopulationPack) -> pd.DataFrame:
    """Return the cells with the country's households and persons in each.

    Parameters
    ----------
    pack
        The country's figures.

    Returns
    -------
    DataFrame
        Columns province, area, card_level, households, persons, poverty_rate, domain (number of the group in
        which the poverty rate is published or reconciled); one row per cell that is not empty, ordered.

    Raises
    ------
    InputError
        If more people or households are registered in a province than live there.
    """
    areas = [str(area) for area in pack.part("areas")]
    persons = pack.column(pack.part("provinces", "persons"))
    shares = _area_shares(pack, areas, persons)
    people = persons[:, None] * shares
    rates = _poverty_rates(pack, areas, people)
    registered = _registered(pack, areas, people, rates)
    inside_households = people / _mean_size(pack, persons)
    inside_persons = people.copy()
    for households, some in registered.values():
        inside_households = inside_households - households
        inside_persons = inside_persons - some
    levels = {0: (inside_households, inside_persons), **registered}
    _refuse_too_many(pack, areas, levels)
    by_province = pack.get("poverty", "province_column") is not None
    rows = []
    for i, code in enumerate(pack.provinces.pcode):
        for j, area in enumerate(areas):
            domain = i * len(areas) + j if by_province else j
            for level, (households, some) in sorted(levels.items()):
                rows.append((code, area, level, households[i, j], some[i, j], rates[i, j], domain))
    names = ["province", "area", "card_level", "households", "persons", "poverty_rate", "domain"]
    frame = pd.DataFrame(rows, columns=names)
    return frame[frame.households > 0].reset_index(drop=True)


def _mean_size(pack: PopulationPack, persons: Floats) -> float:
    """Return members per household, the same in every province."""
    if pack.get("households") is not None:
        return float(persons.sum()) / float(pack.value("households"))
    return float(pack.value("persons_per_household"))


def _area_shares(pack: PopulationPack, areas: list[str], persons: Floats) -> Floats:
    """Return the share of each province's people living in each area: shape (provinces, areas)."""
    kinds = pack.provinces[pack.part("provinces", "area_class")]
    by_province = pack.get("urban_share", "provinces")
    shares = np.zeros((len(kinds), len(areas)))
    for i, (code, kind) in enumerate(zip(pack.provinces.pcode, kinds, strict=True)):
        if kind in areas:
            shares[i, areas.index(kind)] = 1.0
            continue
        known = pack.value("urban_share", "provinces") if by_province else {}
        if by_province and code not in known:
            place = pack.tree.place(("urban_share", "provinces"))
            raise InputError(
                Problem(place, f"urban_share.provinces.{code}", None, "a share for each province")
            )
        urban = float(known[code] if by_province else pack.value("urban_share", "mixed"))
        shares[i, areas.index("urban")], shares[i, areas.index("rural")] = urban, 1 - urban
    return shares if pack.get("urban_share", "national") is None else _moved(pack, areas, persons, shares)


def _moved(pack: PopulationPack, areas: list[str], persons: Floats, shares: Floats) -> Floats:
    """Move the log-odds of all provinces' urban shares together until the country's share is met."""
    urban, rural = areas.index("urban"), areas.index("rural")
    mixed = (shares[:, urban] > 0) & (shares[:, rural] > 0)
    wanted = float(pack.value("urban_share", "national")) * persons.sum() - persons @ shares[:, urban]
    inside = persons[mixed]
    share = shares[mixed, urban]
    target = (wanted + inside @ share) / inside.sum()
    moved = shares.copy()
    odds = np.log(share / (1 - share))
    moved[mixed, urban] = 1 / (1 + np.exp(-odds - _shift(odds[:, None], inside[:, None], np.array([target]))))
    moved[mixed, rural] = 1 - moved[mixed, urban]
    return moved


def _poverty_rates(pack: PopulationPack, areas: list[str], people: Floats) -> Floats:
    """Return the poverty rate of each province's areas: the area's, or one that fits the province's too."""
    by_area = np.array([float(pack.value("poverty", "areas", area)) for area in areas])
    column = pack.get("poverty", "province_column")
    if column is None:
        return np.broadcast_to(by_area, people.shape)
    if column not in pack.provinces:
        place = pack.tree.place(("poverty", "province_column"))
        raise InputError(
            Problem(place, "poverty.province_column", column, " | ".join(pack.provinces.columns))
        )
    by_province = pd.to_numeric(pack.provinces[column], errors="coerce").to_numpy(float)
    if not ((by_province > 0) & (by_province < 1)).all():
        code = pack.provinces.pcode[int(np.flatnonzero(~((by_province > 0) & (by_province < 1)))[0])]
        found = pack.provinces[column][pack.provinces.pcode == code].iloc[0]
        raise InputError(Problem("provinces.csv", f"{column} of {code}", found, "a share between 0 and 1"))
    return reconciled_rates(people, by_province, by_area)


def reconciled_rates(people: Floats, by_province: Floats, by_area: Floats) -> Floats:
    """Return rates by province and area that meet the provinces' rates, and the areas' as well as can be.

    The log-odds are a province effect plus an area effect, fitted in turns.

    Parameters
    ----------
    people
        Shape (provinces, areas).
    by_province, by_area
        Rates between 0 and 1, shapes (provinces,) and (areas,).

    Examples
    --------
    >>> people = np.array([[2.0, 2.0], [1.0, 3.0]])
    >>> rates = reconciled_rates(people, np.array([0.3, 0.5]), np.array([0.2, 0.52]))
    >>> ((people * rates).sum(axis=1) / people.sum(axis=1)).round(6).tolist()
    [0.3, 0.5]
    >>> ((people * rates).sum(axis=0) / people.sum(axis=0)).round(6).tolist()
    [0.2, 0.52]
    """
    province, area = np.zeros(by_province.size), np.log(by_area / (1 - by_area))
    for _ in range(100):
        area = area + _shift(province[:, None] + area, people, by_area)
        province = province + _shift((province[:, None] + area).T, people.T, by_province)
    return 1 / (1 + np.exp(-(province[:, None] + area)))


def _shift(odds: Floats, weights: Floats, wanted: Floats) -> Floats:
    """Return for each column what to add to its log-odds so that its weighted mean rate is the wanted one."""
    low, high = np.full(wanted.size, -30.0), np.full(wanted.size, 30.0)
    total = weights.sum(axis=0)
    for _ in range(60):
        middle = (low + high) / 2
        below = (weights / (1 + np.exp(-(odds + middle)))).sum(axis=0) < wanted * total
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2


def _registered(
    pack: PopulationPack, areas: list[str], people: Floats, rates: Floats
) -> dict[int, tuple[Floats, Floats]]:
    """Return by level the registered households and persons of each province's areas.

    Where only the country's total is known, it is spread in proportion to poor people; within a province, in
    proportion to people times a ratio for towns.
    """
    ratio = float(pack.value("urban_share", "registered_ratio"))
    spread = people * np.array([ratio if area == "urban" else 1.0 for area in areas])
    spread = spread / spread.sum(axis=1, keepdims=True)
    columns = pack.get("provinces", "registered_households")
    if columns is not None:
        persons = pack.part("provinces", "registered_persons")
        return {
            int(level): (pack.column(name)[:, None] * spread, pack.column(persons[level])[:, None] * spread)
            for level, name in columns.items()
        }
    poor = (people * rates).sum(axis=1)
    spread = spread * (poor / poor.sum())[:, None]
    found: dict[int, tuple[Any, Any]] = {}
    for level in pack.part("registered"):
        households = float(pack.value("registered", level, "households"))
        found[int(level)] = (households * spread, float(pack.value("registered", level, "persons")) * spread)
    return found


def _refuse_too_many(
    pack: PopulationPack, areas: list[str], levels: dict[int, tuple[Floats, Floats]]
) -> None:
    most = len(pack.value("household_size"))
    for level, (households, persons) in levels.items():
        empty = (np.abs(households) < 1e-9) & (np.abs(persons) < 1e-6)
        wrong = ~empty & ((households <= 0) | (persons < households) | (persons > most * households))
        if wrong.any():
            i, j = (int(x) for x in np.argwhere(wrong)[0])
            who = "not registered" if level == 0 else f"registered at level {level}"
            found = f"{persons[i, j]:,.0f} persons in {households[i, j]:,.0f} households"
            place = f"provinces.csv, {pack.provinces.pcode[i]}"
            raise InputError(
                Problem(place, f"{who}, {areas[j]}", found, f"1 to {most} persons per household")
            )


def simulated_households(cells: pd.DataFrame, households: int) -> Ints:
    """Return how many households to simulate in each cell: in proportion, with a floor for small cells."""
    floor = min(CELL_FLOOR, households // (2 * len(cells)))
    return allocate(cells.households.to_numpy(float), households, minimum=max(1, floor))
