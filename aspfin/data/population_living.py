"""How well the made-up households live, and in which programmes' groups they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.data.population_draws import Floats, Ints, rank_share, select_total
from aspfin.data.population_people import Draft

__all__ = ["add_consumption", "add_groups", "add_registration", "add_work"]

VILLAGE_SPREAD, PROVINCE_SPREAD = 0.4, 0.2  # standard deviations of living standards, 1 between neighbours
LEVEL_STEP = (
    0.4  # how much further below the other registered those of level 1 are, as a share of the distance
)
SUBSAMPLE = 100_000  # households on which the distance of the registered from the others is found


def add_consumption(draft: Draft) -> None:
    """Add consumption per person and day, and whether it is below the line.

    Consumption is lognormal within each domain of published poverty and has exactly the published rate
    there. A household's place in it comes from its members, village, province and chance; the registered
    stand as much lower as makes the assumed share of the poor unregistered.
    """
    from scipy import special

    pack = draft.pack
    domain, rates, spreads = _domains(draft)
    score = _living_standard(draft)
    step = np.where(draft["card_level"] == 1, 1 + LEVEL_STEP, 1.0) * draft.registered
    persons = draft["weight"] * draft["members"]
    wanted = float(pack.value("poverty", "exclusion_error"))
    distance = _distance(score, step, persons, domain, rates, wanted)
    share = _share_in_domain(score - distance * step, persons, domain)
    line = float(pack.value("poverty", "line"))
    place = special.ndtri(share) - special.ndtri(rates[domain])
    draft.columns["consumption"] = line * np.exp(spreads[domain] * place)
    draft.columns["poor"] = (share < rates[domain]).astype(np.int64)


def _domains(draft: Draft) -> tuple[Ints, Floats, Floats]:
    """Return each household's domain, and the poverty rate and spread of each domain."""
    table = draft.cells.drop_duplicates("domain").sort_values("domain")
    domain = np.searchsorted(table.domain.to_numpy(), draft.cells.domain.to_numpy())[draft["cell"]]
    spread = draft.pack.value("poverty", "spread")
    return domain, table.poverty_rate.to_numpy(float), table.area.map(spread).to_numpy(float)


def _living_standard(draft: Draft) -> Floats:
    """Return a score of how well households live, before registration is looked at."""
    from scipy import special

    members = draft["members"]
    children = (draft["child_0_5"] + draft["child_6_17"]) / members
    # Provinces where more people are registered are taken as poorer.
    cells = draft.cells.assign(inside=draft.cells.persons * (draft.cells.card_level > 0))
    table = cells.groupby("province", sort=False)[["inside", "persons"]].transform("sum")
    share = (table.inside / table.persons).to_numpy()
    province = -(share - share.mean()) / (share.std() or 1.0)
    return (
        draft.stream("living").normal(size=members.size)
        - 0.18 * (members - members.mean())
        - 0.7 * children
        - 0.25 * (draft["disability"] > 0)
        + VILLAGE_SPREAD * special.ndtri(draft["village_position"])
        + PROVINCE_SPREAD * province[draft["cell"]]
    )


def _share_in_domain(score: Floats, persons: Floats, domain: Ints) -> Floats:
    share = np.empty(score.size)
    for one in range(int(domain.max()) + 1):
        inside = domain == one
        share[inside] = rank_share(score[inside], persons[inside])
    return share


def _distance(
    score: Floats, step: Floats, persons: Floats, domain: Ints, rates: Floats, wanted: float
) -> float:
    """Return how far below the others the registered stand, so that the share of the poor left out is met."""
    every = max(1, score.size // SUBSAMPLE)
    score, step, persons, domain = (values[::every] for values in (score, step, persons, domain))
    low, high = 0.0, 8.0
    for _ in range(20):
        middle = (low + high) / 2
        poor = _share_in_domain(score - middle * step, persons, domain) < rates[domain]
        left_out = persons[poor & (step == 0)].sum() / persons[poor].sum()
        low, high = (middle, high) if left_out > wanted else (low, middle)
    return (low + high) / 2


def add_groups(draft: Draft) -> None:
    """Add at-risk households, the health card and trainees, each where the pack has figures for it."""
    columns, pack = draft.columns, draft.pack
    size = draft["cell"].size
    if pack.get("groups", "at_risk_households") is not None:
        outside = ~draft.registered
        columns["at_risk"] = np.zeros(size, dtype=np.int64)
        columns["at_risk"][outside] = _at_risk(draft, outside)
        columns["health_card"] = (draft.registered | (columns["at_risk"] > 0)).astype(np.int64)
    if pack.get("groups", "trainee") is not None:
        poorer = columns.get("health_card", draft.registered).astype(float)
        trials = np.minimum(draft["adults"], 1)
        columns["trainee"] = draft.draw("trainee", trials, poorer, float(pack.value("groups", "trainee")))


def _at_risk(draft: Draft, outside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark households near the line outside the register, with the published households and persons.

    The published households are small, so that size counts beside consumption; how much is found by halving.
    """
    weight, members = draft["weight"][outside], draft["members"][outside]
    households = float(draft.pack.value("groups", "at_risk_households"))
    persons = float(draft.pack.value("groups", "at_risk_persons"))
    key = np.log(draft["consumption"][outside])
    key = key + draft.stream("at_risk").normal(scale=0.35, size=key.size)
    low, high = -1.0, 2.0
    for _ in range(14):
        middle = (low + high) / 2
        marked = select_total(key + middle * members, weight, households)
        people = float(weight[marked] @ members[marked])
        low, high = (middle, high) if people > persons else (low, middle)
    return marked


def add_registration(draft: Draft) -> None:
    """Add the day of registration, missing where not registered: in a round of the province, or on demand."""
    pack = draft.pack
    size, inside = draft["cell"].size, draft.registered
    rounds = np.asarray(pack.value("registration", "rounds"))
    province = pd.factorize(draft.cells.province)[0][draft["cell"]]
    generator = draft.stream("registration_date")
    days = generator.integers(0, 365, size)
    dates = (rounds[province % rounds.size] - 1970).astype("datetime64[Y]").astype("datetime64[D]") + days
    if pack.get("registration", "on_demand") is not None:
        first, last = (np.datetime64(str(day), "D") for day in pack.value("registration", "on_demand"))
        later = first + generator.integers(0, int((last - first).astype(int)) + 1, size)
        total = float(pack.value("registration", "on_demand_share")) * float(draft["weight"][inside].sum())
        one = np.ones(size, dtype=np.int64)
        demand = draft.draw("on_demand", one, one.astype(float), total, inside) > 0
        dates = np.where(demand, later, dates)
    dates = dates.astype("datetime64[s]")
    dates[~inside] = np.datetime64("NaT")
    draft.columns["registration_date"] = dates


def add_work(draft: Draft) -> None:
    """Add insured workers, the mean wage of one, and months contributed, where the pack has figures."""
    pack = draft.pack
    if pack.get("groups", "formal_workers") is None:
        return
    size = draft["cell"].size
    trials = np.minimum(draft["adults"], 4)
    line = float(pack.value("poverty", "line"))
    towns = np.where(draft.cells.area.to_numpy()[draft["cell"]] == "rural", 1.0, 1.6)
    shape = towns * np.clip(draft["consumption"] / line, 0.3, 3.0)
    workers = draft.draw("formal_workers", trials, shape, float(pack.value("groups", "formal_workers")))
    wage = float(pack.value("made_up", "wage_median")) * np.exp(0.35 * draft.stream("wage").normal(size=size))
    wage = np.maximum(np.round(wage, -3), float(pack.value("made_up", "wage_floor")))
    months = np.minimum(1 + draft.stream("contribution_months").exponential(45.0, size), 168).astype(np.int64)
    draft.columns["formal_workers"] = workers
    draft.columns["wage"] = np.where(workers > 0, wage, 0.0)
    draft.columns["contribution_months"] = np.where(workers > 0, months, 0)
