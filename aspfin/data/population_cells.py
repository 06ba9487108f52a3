"""Cells of the synthetic population: province × area × registration, with true households and persons."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aspfin.data.population_draws import allocate
from aspfin.data.population_pack import PopulationPack
from aspfin.results import InputError, Problem

__all__ = ["MINIMUM_HOUSEHOLDS", "population_cells", "simulated_households"]

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
        Columns province, area, card_level, households, persons; one row per cell that is not empty, ordered.

    Raises
    ------
    InputError
        If more people or households are registered in a province than live there.
    """
    persons = pack.column(pack.part("provinces", "persons"))
    households = persons * (float(pack.value("households")) / persons.sum())
    areas, shares = _area_shares(pack)
    registered = _registered(pack, persons.size)
    ratio = float(pack.value("urban_share", "registered_ratio"))
    cells = []
    for i, code in enumerate(pack.provinces.pcode):
        spread = np.array(
            [
                share * (ratio if area == "urban" else 1.0)
                for area, share in zip(areas, shares[i], strict=True)
            ]
        )
        spread /= spread.sum()
        inside_households, inside_persons = households[i] * shares[i], persons[i] * shares[i]
        for level, (carded, people) in registered.items():
            cells += _rows(code, areas, level, carded[i] * spread, people[i] * spread)
            inside_households = inside_households - carded[i] * spread
            inside_persons = inside_persons - people[i] * spread
        if (inside_households < 0).any() or (inside_persons < inside_households).any():
            place = f"provinces.csv, {code}"
            found = f"{persons[i]:,.0f} persons in about {households[i]:,.0f} households"
            raise InputError(
                Problem(place, "registered households", found, "fewer registered than live there")
            )
        cells += _rows(code, areas, 0, inside_households, inside_persons)
    frame = pd.DataFrame(cells, columns=["province", "area", "card_level", "households", "persons"])
    return frame[frame.households > 0].reset_index(drop=True)


def _rows(
    code: str, areas: list[str], level: int, households: np.ndarray, persons: np.ndarray
) -> list[tuple]:
    return [(code, area, level, households[j], persons[j]) for j, area in enumerate(areas)]


def _area_shares(pack: PopulationPack) -> tuple[list[str], np.ndarray]:
    """Return the areas, and the share of each province's people living in each: shape (provinces, areas)."""
    areas = list(pack.part("areas"))
    by_province = pack.get("urban_share", "provinces") or {}
    kinds = pack.provinces[pack.part("provinces", "area_class")]
    shares = np.zeros((len(kinds), len(areas)))
    for i, (code, kind) in enumerate(zip(pack.provinces.pcode, kinds, strict=True)):
        if kind in areas:
            shares[i, areas.index(kind)] = 1.0
            continue
        urban = by_province["value"][code] if by_province else pack.value("urban_share", "mixed")
        shares[i, areas.index("urban")] = float(urban)
        shares[i, areas.index("rural")] = 1 - float(urban)
    return areas, shares


def _registered(pack: PopulationPack, provinces: int) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Return by level of registration the households and persons registered in each province."""
    households = pack.part("provinces", "registered_households")
    persons = pack.part("provinces", "registered_persons")
    return {
        int(level): (pack.column(column), pack.column(persons[level])) for level, column in households.items()
    }


def simulated_households(cells: pd.DataFrame, households: int) -> np.ndarray:
    """Return how many households to simulate in each cell: in proportion, with a floor for small cells."""
    floor = min(CELL_FLOOR, households // (2 * len(cells)))
    return allocate(cells.households.to_numpy(float), households, minimum=max(1, floor))
