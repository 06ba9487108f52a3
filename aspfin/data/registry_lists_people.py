"""The people behind made-up programme lists: members of households, each with a name and a birthday."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.data.population_draws import stream
from aspfin.data.registry_lists_names import VARIANTS, Lexicon, draw_family, draw_given

__all__ = ["AS_OF", "PRIME", "draw_persons", "village_codes"]

AS_OF = np.datetime64("2024-03-31", "D")  # the day on which the lists are taken out of their systems
PRIME = 999_999_937  # numbers of identity cards are multiples modulo this prime: nine digits, all different
ROLES = ("head", "adult", "elder", "pupil", "small", "baby")  # in this order within a household
SPOUSE = 0.85  # of heads with another adult (or, at 60 and over, another elder) are couples
OWN_SPELLING = 0.7  # of people write their name in the usual Latin spelling, the others in another one
MOVED = 0.05  # of households have moved to another village since the first lists were made
MOVED_FROM = np.datetime64("2020-01-01", "D")
STAY_IN_PROVINCE = 0.8  # of moves
DEATHS = {"head": 0.01, "adult": 0.003, "elder": 0.045, "pupil": 0.0005, "small": 0.001, "baby": 0.002}
VILLAGES_PER_COMMUNE, COMMUNES_PER_DISTRICT = 8, 8

Ints = NDArray[np.int64]
Marks = NDArray[np.bool_]


def village_codes(households: pd.DataFrame) -> NDArray:
    """Return a P-code KHppddccvv for each household's village, made up below the province."""
    table = households[["province", "village"]].drop_duplicates("village").sort_values("village")
    place = table.groupby("province", observed=True, sort=False).cumcount().to_numpy()
    communes, village = np.divmod(place, VILLAGES_PER_COMMUNE)
    districts, commune = np.divmod(communes, COMMUNES_PER_DISTRICT)
    codes = [
        f"{province}{district + 1:02d}{commune + 1:02d}{village + 1:02d}"
        for province, district, commune, village in zip(
            table.province, districts, commune, village, strict=True
        )
    ]
    known = np.array(codes, dtype=object)
    return known[np.searchsorted(table.village.to_numpy(), households.village.to_numpy())]


def draw_persons(households: pd.DataFrame, names: Lexicon, seed: int) -> pd.DataFrame:
    """Draw the members of every household.

    Parameters
    ----------
    households
        Of `household_population`.
    names
        The lexicon.
    seed
        Of the random numbers; each column has a stream of its own.

    Returns
    -------
    DataFrame
        One row per person, household after household, the head first. Columns: person, household (position
        from 0), household_id, relation, female, birth (day), family, given, own (code of the person's own
        Latin spelling), pupil, upper (grade 10 to 12), worker, disabled, died (missing: alive), moved
        (missing: never), village_code (now), village_before, national_id (empty before the age of 15), phone.
    """
    household, role, place = _roles(households)
    persons = pd.DataFrame({"person": np.arange(1, household.size + 1), "household": household})
    persons["household_id"] = households.household_id.to_numpy()[household]
    _add_school(persons, households, role, place, seed)
    female, relation, age = _family(persons, households, role, place, seed)
    persons["relation"] = pd.Categorical(relation, ["head", "spouse", "child", "parent", "other"])
    persons["female"] = female
    born = (age * 365.2425 + stream(seed, "birth day").random(age.size) * 365.2).astype(np.int64)
    persons["birth"] = AS_OF - born
    _add_names(persons, names, seed)
    _add_work_and_disability(persons, households, role, seed)
    _add_fate(persons, households, role, seed)
    grown = age >= 15
    number = persons.person.to_numpy() * 48_271_123 + seed * 7_919
    numbers = pd.Series(number % PRIME).astype(str).str.zfill(9)
    persons["national_id"] = numbers.where(grown, "").to_numpy(object)
    return persons.drop(columns="school_age")


def _roles(households: pd.DataFrame) -> tuple[Ints, Ints, Ints]:
    """Return each person's household, role (a place in ROLES) and place within household and role."""
    elder_head = (households.head_age >= 60).to_numpy().astype(int)
    elders = households.age_60_plus.to_numpy()
    adults = (households.members - households.child_0_5 - households.child_6_17).to_numpy() - elders
    numbers = [
        np.ones(len(households), dtype=int),
        adults - (1 - elder_head),
        elders - elder_head,
        households.child_6_17.to_numpy(),
        (households.child_0_5 - households.child_0_1).to_numpy(),
        households.child_0_1.to_numpy(),
    ]
    first = np.arange(len(households))
    household = np.concatenate([np.repeat(first, number) for number in numbers])
    role = np.repeat(np.arange(len(numbers)), [number.sum() for number in numbers])
    start = np.concatenate([np.cumsum(number) - number for number in numbers])
    starts = start[role * len(households) + household]
    of_role = np.cumsum([0, *[number.sum() for number in numbers]])[role]
    place = np.arange(household.size) - of_role - starts
    order = np.lexsort((place, role, household))
    return household[order], role[order], place[order]


def _add_school(persons: pd.DataFrame, households: pd.DataFrame, role: Ints, place: Ints, seed: int) -> None:
    """Add who goes to school, as many as the household has, and their age (-1 for the others).

    Ages follow the grade: 15 to 17 in upper secondary school, 6 to 14 below.
    """
    household = persons.household.to_numpy()
    upper = households.pupil_upper_secondary.to_numpy()[household]
    lower = households.pupil_primary_lower_secondary.to_numpy()[household]
    school = role == ROLES.index("pupil")
    in_upper = school & (place < upper)
    years = stream(seed, "school age").integers(0, 9, household.size)
    persons["upper"] = in_upper
    persons["pupil"] = school & (place < upper + lower)
    persons["school_age"] = np.where(persons.pupil, np.where(in_upper, 15 + years % 3, 6 + years), -1)


def _family(
    persons: pd.DataFrame, households: pd.DataFrame, role: Ints, place: Ints, seed: int
) -> tuple[Marks, NDArray, Ints]:
    """Return sex, relation to the head and age of each person."""
    draw = stream(seed, "family")
    household, school_age = persons.household.to_numpy(), persons.school_age.to_numpy()
    size = household.size
    level, wide = draw.random(size), draw.random(size)
    head_age = households.head_age.to_numpy()[household]
    head_female = (households.head_sex == "female").to_numpy()[household]
    old = head_age >= 60
    couple = (stream(seed, "couple").random(len(households)) < SPOUSE)[household]
    spouse = couple & (place == 0) & np.where(old, role == 2, role == 1)
    low = np.array([18, 18, 60, 6, 2, 0])[role]
    high = np.array([98, 59, 95, 17, 5, 1])[role]
    age = np.floor(low + level * (high - low + 1)).astype(int)
    # Grown children of the head are at least 17 years younger; without room for that, adults are other kin.
    grown = (role == 1) & ~spouse & (head_age >= 36)
    oldest = np.minimum(head_age - 17, 45)
    age = np.where(grown, np.floor(18 + level * (oldest - 18 + 1)), age)
    parent = (role == 2) & ~old
    age = np.where(parent, np.clip(head_age + 18 + 20 * level, 60, 98), age)
    age = np.where((role == 2) & old, 60 + np.minimum(30 * level**2, 35), age)
    near = head_age + np.where(head_female, 3, -3) + np.round(8 * (level + wide - 1))
    age = np.where(spouse, np.clip(near, low, high), age)
    age = np.where(school_age >= 0, school_age, np.where(role == 0, head_age, age)).astype(int)
    female = draw.random(size) < np.where(role == 2, 0.6, 0.5)
    female = np.where(role == 0, head_female, np.where(spouse, ~head_female, female))
    minor = (role >= 3) & (head_age - age >= 17) & (head_age < 66)
    relation = np.select(
        [role == 0, spouse, grown | minor, parent], ["head", "spouse", "child", "parent"], "other"
    )
    return female, relation, age


def _add_names(persons: pd.DataFrame, names: Lexicon, seed: int) -> None:
    """Add family and given name: children carry their father's family name."""
    household = persons.household.to_numpy()
    female, relation = persons.female.to_numpy(), persons.relation.to_numpy()
    size = household.size
    family = draw_family(stream(seed, "family name"), names, size)
    head = np.flatnonzero(relation == "head")
    father = np.where(
        female[head], draw_family(stream(seed, "absent father"), names, head.size), family[head]
    )
    spouse = np.flatnonzero((relation == "spouse") & ~female)
    father[household[spouse]] = family[spouse]
    persons["family"] = np.where(relation == "child", father[household], family)
    given = draw_given(stream(seed, "given name"), names, female)
    again = pd.DataFrame({"household": household, "given": given}).duplicated().to_numpy()
    other = draw_given(stream(seed, "given name again"), names, female)
    persons["given"] = np.where(again, other, given)  # nobody names two children alike
    spelling = stream(seed, "own spelling")
    usual = spelling.random(size) < OWN_SPELLING
    persons["own"] = np.where(usual, 0, spelling.integers(0, VARIANTS**2, size))


def _first(mark: Ints, household: Ints, key: NDArray) -> Marks:
    """Mark the `mark` persons of each household (numbers by person) with the lowest keys."""
    order = np.lexsort((key, household))
    start = np.searchsorted(household, household)
    place = np.empty(household.size, dtype=int)
    place[order] = np.arange(household.size) - start[order]
    return place < mark


def _add_work_and_disability(persons: pd.DataFrame, households: pd.DataFrame, role: Ints, seed: int) -> None:
    """Add who is insured at work or has a disability: as many as the household has."""
    household = persons.household.to_numpy()
    size = household.size
    adult = (role == 1) | ((role == 0) & (households.head_age.to_numpy()[household] < 60))
    key = stream(seed, "worker").random(size) + np.where(adult, 0, 10)
    persons["worker"] = _first(households.formal_workers.to_numpy()[household], household, key)
    wait = stream(seed, "disabled").exponential(size=size) / np.where(role == 2, 4.0, 1.0)
    head_disabled = households.head_disability.to_numpy()[household] > 0
    wait = np.where(role == 0, np.where(head_disabled, -1.0, 1e9), wait)
    persons["disabled"] = _first(households.disability.to_numpy()[household], household, wait)


def _add_fate(persons: pd.DataFrame, households: pd.DataFrame, role: Ints, seed: int) -> None:
    """Add deaths and moves since the first lists were made, the village, and the household's telephone."""
    household = persons.household.to_numpy()
    number, size = len(households), household.size
    span = int((AS_OF - MOVED_FROM).astype(int))
    years = span / 365.2425
    rate = np.array([DEATHS[name] for name in ROLES])[role] * years
    dies = stream(seed, "death").random(size) < rate
    day = MOVED_FROM + stream(seed, "death day").integers(0, span, size)
    lived = dies & (day > persons.birth.to_numpy())
    persons["died"] = np.where(lived, day, np.datetime64("NaT"))

    move = stream(seed, "move")
    moves = move.random(number) < MOVED
    moved_on = np.where(moves, MOVED_FROM + move.integers(0, span, number), np.datetime64("NaT"))
    now = village_codes(households)
    before = np.where(moves, _other_village(households, now, move), now)
    persons["moved"] = moved_on[household]
    persons["village_code"] = now[household]
    persons["village_before"] = before[household]
    digits = stream(seed, "phone").integers(10_000_000, 100_000_000, number).astype(str).astype(object)
    persons["phone"] = ("0" + digits)[household]


def _other_village(households: pd.DataFrame, codes: NDArray, move: np.random.Generator) -> NDArray:
    """Return the village of a household drawn at random, mostly in the same province."""
    province = households.province.cat.codes.to_numpy()
    order = np.argsort(province, kind="stable")
    start = np.searchsorted(province[order], province)
    size = np.bincount(province)[province]
    inside = order[start + (move.random(codes.size) * size).astype(int)]
    anywhere = move.integers(0, codes.size, codes.size)
    return codes[np.where(move.random(codes.size) < STAY_IN_PROVINCE, inside, anywhere)]
