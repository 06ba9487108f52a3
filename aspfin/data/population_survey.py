"""A stratified two-stage survey drawn from a synthetic population, whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from aspfin.data.population import Population
from aspfin.data.population_draws import allocate, stream
from aspfin.results import InputError, Problem

__all__ = ["household_survey"]


def household_survey(
    population: Population,
    *,
    strata: str | Sequence[str] = ("province", "area"),
    villages: int = 500,
    households_per_village: int = 10,
    seed: int = 0,
) -> pd.DataFrame:
    """Draw a stratified two-stage sample of households from a synthetic population.

    In each stratum villages are drawn at random without replacement, and in each village households at
    random without replacement; the weight is the inverse of the chance of being drawn times what the
    household stands for in the population. Estimates from the survey can be compared with the population.

    Parameters
    ----------
    population
        Of `household_population`.
    strata
        One or more of province and area.
    villages
        Villages in the sample, at least two per stratum; shared out by the people of each stratum.
    households_per_village
        Households drawn in each village; all of a village that has fewer.
    seed
        Of the random numbers.

    Returns
    -------
    DataFrame
        One row per household drawn: the population's columns, before them stratum, psu (the village) and
        villages_in_stratum (for a finite population correction); weight is the survey's.

    Raises
    ------
    InputError
        If a stratum is not a column of whole villages, or more villages are asked for than there are.

    Examples
    --------
    >>> from aspfin.data.population import household_population
    >>> people = household_population("KHM", households=5_000, seed=1)
    >>> survey = household_survey(people, strata="area", villages=40, households_per_village=5, seed=1)
    >>> len(survey), sorted(survey.stratum.unique())
    (200, ['phnom_penh', 'rural', 'urban'])
    """
    names = [strata] if isinstance(strata, str) else list(strata)
    for name in names:
        if name not in ("province", "area"):
            raise InputError(Problem("household_survey", "strata", name, "province | area"))
    whole = {"villages": villages, "households_per_village": households_per_village, "seed": seed}
    for name, value in whole.items():
        least = 0 if name == "seed" else 1
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise InputError(Problem("household_survey", name, value, f"a whole number, {least} or more"))
    frame = population.households
    groups = frame.groupby(names, observed=True, sort=True)
    codes = groups.ngroup().to_numpy()
    known = np.array([" ".join(map(str, key if len(names) > 1 else [key])) for key in _keys(groups)], object)
    rows, chance, drawn_from = _sample(frame, codes, villages, households_per_village, int(seed))
    survey = frame.iloc[rows].reset_index(drop=True)
    survey["weight"] = survey.weight / chance
    survey.insert(0, "stratum", known[codes[rows]])
    survey.insert(1, "psu", survey.village)
    survey.insert(2, "villages_in_stratum", drawn_from)
    survey.attrs["synthetic"] = (
        f"synthetic survey, drawn from: {frame.attrs.get('synthetic', 'a population')}"
    )
    return survey


def _keys(groups: Any) -> list[Any]:
    keys = list(groups.size().index)
    return [key[0] if isinstance(key, tuple) and len(key) == 1 else key for key in keys]


def _sample(
    frame: pd.DataFrame, codes: np.ndarray, villages: int, take: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows drawn, the chance of each to be drawn, and the villages of its stratum."""
    village = frame.village.to_numpy()
    ids, first = np.unique(village, return_index=True)
    stratum = codes[first]
    there = np.bincount(stratum)
    persons = np.bincount(codes, weights=frame.weight * frame.members)
    wanted = _villages_by_stratum(persons, there, villages)
    generator = stream(seed, "survey villages")
    order = np.lexsort((generator.random(ids.size), stratum))
    place = np.arange(ids.size) - (np.cumsum(there) - there)[stratum[order]]
    chosen = np.sort(ids[order[place < wanted[stratum[order]]]])

    inside = np.flatnonzero(np.isin(village, chosen))
    code = np.searchsorted(chosen, village[inside])
    size = np.bincount(code)
    key = stream(seed, "survey households").random(inside.size)
    order = np.lexsort((key, code))
    place = np.arange(inside.size) - (np.cumsum(size) - size)[code[order]]
    rows = np.sort(inside[order[place < take]])

    at = np.searchsorted(chosen, village[rows])
    by_stratum = codes[rows]
    chance = (wanted / there)[by_stratum] * (np.minimum(take, size) / size)[at]
    return rows, chance, there[by_stratum]


def _villages_by_stratum(persons: np.ndarray, there: np.ndarray, villages: int) -> np.ndarray:
    """Share the sample's villages out by people, at least two to a stratum and never more than there are."""
    if villages > there.sum():
        raise InputError(Problem("household_survey", "villages", villages, f"at most {there.sum():,}"))
    if villages < 2 * there.size:
        allowed = f"{2 * there.size} or more: two for each of {there.size} strata, or fewer strata"
        raise InputError(Problem("household_survey", "villages", villages, allowed))
    least = np.minimum(2, there)
    wanted = np.minimum(np.maximum(allocate(persons, villages, minimum=2), least), there)
    while wanted.sum() < villages:  # what small strata could not use goes to those with villages left
        room = there - wanted
        extra = np.minimum(allocate(np.where(room > 0, persons, 0.0), int(villages - wanted.sum())), room)
        wanted += extra
    return wanted
