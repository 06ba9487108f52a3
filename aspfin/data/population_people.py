"""Who lives in the made-up households: village, members, ages, disability, head."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.data.population_draws import Floats, Ints, counts, household_sizes, stream
from aspfin.data.population_pack import FILE, PopulationPack
from aspfin.results import InputError, Problem

__all__ = ["Draft", "add_children", "add_head", "add_members", "add_people"]

VILLAGE_REGISTERED = 0.5  # registered households live this many standard deviations towards poorer villages
ELDER_DISABILITY = 4.0  # how much more often an elder has a disability, beside 1 for the others
VILLAGE_FLOOR = 25  # simulated households of a village
YOUNG_AT_MOST, SCHOOL_AT_MOST, ELDERS_AT_MOST = 4, 6, 2  # members of these ages in one household


@dataclass
class Draft:
    """A population under construction: one array per column, all of one length.

    Attributes
    ----------
    pack : PopulationPack
    cells : DataFrame
        province, area, card_level, households, persons.
    seed : int
    columns : dict of str to array
    """

    pack: PopulationPack
    cells: pd.DataFrame
    seed: int
    columns: dict[str, NDArray] = field(default_factory=dict)

    def stream(self, name: str) -> np.random.Generator:
        """Return the random stream of one variable."""
        return stream(self.seed, name)

    def __getitem__(self, name: str) -> NDArray:
        return self.columns[name]

    @property
    def registered(self) -> NDArray[np.bool_]:
        """Whether each household is registered."""
        return self.columns["card_level"] > 0

    def total(self, name: str) -> float:
        """Return the weighted total of a column."""
        return float(self.columns["weight"] @ self.columns[name])

    def draw(
        self, name: str, trials: Ints, shape: Floats, total: float, where: NDArray | None = None
    ) -> Ints:
        """Draw members in a category so that the weighted total is met, among all or some households."""
        inside = slice(None) if where is None else where
        drawn = np.zeros(trials.size, dtype=np.int64)
        try:
            drawn[inside] = counts(
                self.stream(name), trials[inside], shape[inside], self["weight"][inside], total
            )
        except ValueError as error:
            found, allowed = str(error).removeprefix("total: got ").split("; allowed: ")
            raise InputError(Problem(FILE, name, found, allowed)) from error
        return drawn


def add_members(draft: Draft, simulated: Ints) -> None:
    """Add cell, weight, members, village and the village's place among the others (0 poorest, 1 richest).

    Rows are ordered by province, area and village.
    """
    cells, pack = draft.cells, draft.pack
    true, people = cells.households.to_numpy(float), cells.persons.to_numpy(float)
    persons = np.maximum(np.rint(people / true * simulated), simulated).astype(np.int64)
    shares = np.asarray(pack.value("household_size"), float)
    members = household_sizes(draft.stream("members"), shares / shares.sum(), simulated, persons)
    cell = np.repeat(np.arange(len(cells)), simulated)
    place = cells.groupby(["province", "area"], sort=False).ngroup().to_numpy()[cell]
    level = cells.card_level.to_numpy()[cell]
    key = draft.stream("village").normal(size=cell.size) - VILLAGE_REGISTERED * (level > 0)
    order = np.lexsort((key, place))
    cell, place = cell[order], place[order]
    village, position = _villages(place, float(pack.value("villages")))
    draft.columns |= {
        **{"cell": cell, "place": place, "village": village, "village_position": position},
        **{"weight": (true / simulated)[cell], "members": members[order], "card_level": level[order]},
    }


def _villages(place: Ints, country: float) -> tuple[Ints, Floats]:
    """Cut each place's households, ordered from poor to rich, into villages of about equal number.

    A village has at least 25 simulated households, so that a survey can draw some of them; with many
    simulated households there are as many villages as the country has (`country`).
    """
    number = np.bincount(place)
    size = max(float(VILLAGE_FLOOR), place.size / country)
    villages = np.maximum(np.rint(number / size).astype(np.int64), 1)
    within = np.arange(place.size) - (np.cumsum(number) - number)[place]
    position = within * villages[place] // number[place]
    return (np.cumsum(villages) - villages)[place] + position + 1, (position + 0.5) / villages[place]


def add_people(draft: Draft) -> None:
    """Add elders, young children, children of school age, adults, disability and HIV."""
    members = draft["members"]
    one = np.ones(members.size)
    elders = _share(draft, "age_60_plus", np.minimum(members, ELDERS_AT_MOST), one)
    chance = draft.stream("elder_head").random(members.size)
    elder_head = (elders > 0) & ((chance < 0.7) | (elders == members))
    free = members - elders - ~elder_head  # the head is an adult
    young = _share(draft, "child_0_5", np.minimum(free, YOUNG_AT_MOST), one)
    school = _share(draft, "child_6_17", np.minimum(free - young, SCHOOL_AT_MOST), one)
    draft.columns |= {"child_0_5": young, "child_6_17": school, "age_60_plus": elders}
    draft.columns |= {"elder_head": elder_head, "adults": members - elders - young - school}
    # At most one in a household, so that people and households with a disability are the same number.
    chance = members + ELDER_DISABILITY * elders
    draft.columns["disability"] = _share(draft, "disability", np.ones(members.size, dtype=np.int64), chance)
    if draft.pack.get("persons", "hiv") is not None:
        draft.columns["hiv"] = _share(draft, "hiv", draft["adults"], one)


def _share(draft: Draft, name: str, trials: Ints, shape: Floats) -> Ints:
    """Draw a category so that its share of the country's people, and of the registered, is met."""
    return _split(draft, ("persons", name), trials, shape, draft["members"])


def _split(draft: Draft, path: tuple[str, str], trials: Ints, shape: Floats, of: Ints) -> Ints:
    """Draw what is a share of `of` in the country and, where the pack tells it, among the registered."""
    pack, name = draft.pack, path[1]
    mass = draft["weight"] * of
    national = float(pack.value(*path, "national")) * float(mass.sum())
    if pack.get(*path, "registered") is None:
        return draft.draw(name, trials, shape, national)
    inside = draft.registered
    total = float(pack.value(*path, "registered")) * float(mass[inside].sum())
    drawn = draft.draw(f"{name} registered", trials, shape, total, inside)
    return drawn + draft.draw(name, trials, shape, national - total, ~inside)


def add_children(draft: Draft) -> None:
    """Add children under 2, births of the month, pregnancies, pupils by school level."""
    pack = draft.pack
    one = np.ones(draft["members"].size)
    young = draft["child_0_5"]
    under_2 = float(pack.value("made_up", "under_2_of_0_5")) * draft.total("child_0_5")
    draft.columns["child_0_1"] = draft.draw("child_0_1", young, one, under_2)
    # Of 24 months of children under 2, one is this month's; as many are expected as in nine months.
    draft.columns["birth"] = draft.draw("birth", np.minimum(draft["child_0_1"], 1), one, under_2 / 24)
    couple = (draft["adults"] > 1) | ((draft["adults"] > 0) & (draft["head_female"] > 0))
    trials = couple.astype(np.int64) * (draft["birth"] == 0)
    draft.columns["pregnant"] = draft.draw("pregnant", trials, one, under_2 * 9 / 24)
    school = draft["child_6_17"]
    lower = draft.stream("age_6_14").binomial(school, float(pack.value("made_up", "school_age_6_14")))
    for name, ages in (("primary_lower_secondary", lower), ("upper_secondary", school - lower)):
        enrolled = float(pack.value("made_up", f"enrolled_{name}"))
        draft.columns[f"pupil_{name}"] = draft.stream(f"pupil_{name}").binomial(ages, enrolled)


def add_head(draft: Draft) -> None:
    """Add the head's sex (1 = female), age and disability."""
    elder, members = draft["elder_head"], draft["members"]
    size = members.size
    old = 60 + np.minimum(draft.stream("head_age_elder").exponential(8.0, size), 38)
    adult = np.clip(draft.stream("head_age").normal(43.0, 9.5, size), 18, 59.9)
    draft.columns["head_age"] = np.where(elder, old, adult).astype(np.int64)
    # Women head small and elders' households more often.
    shape = np.where(elder, 1.5, 1.0) * np.where(members <= 2, 1.4, 1.0)
    one = np.ones(size, dtype=np.int64)
    draft.columns["head_female"] = _split(draft, ("heads", "female"), one, shape, one)
    chance = draft.stream("head_disability").random(size)
    draft.columns["head_disability"] = (chance * members < draft["disability"]).astype(np.int64)
