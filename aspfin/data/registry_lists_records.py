"""Who is on which made-up programme list, since when, twice or without a right to be there."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.data.population_draws import stream
from aspfin.data.registry_lists_people import AS_OF

__all__ = ["LISTS", "eligibility", "records"]

# List: (share of the eligible who are listed, share of records updated since, records entered twice).
LISTS: dict[str, tuple[float, float, float]] = {
    "idpoor": (1.0, 0.35, 0.015),
    "cash_transfer": (0.97, 0.50, 0.020),
    "scholarship": (0.50, 0.30, 0.020),
    "health_equity_fund": (0.60, 0.20, 0.040),
    "social_security": (0.98, 0.40, 0.010),
    "disability": (0.55, 0.25, 0.020),
}
NOT_ELIGIBLE = 0.015  # households paid cash without a card, beside each 1 with one
PAID_TWICE = 0.015  # of paid households have a second payee
# First day of registration, by list; identification of the poor and social security have days of their own.
OPENED = {
    "cash_transfer": "2020-06-25",
    "scholarship": "2021-10-01",
    "health_equity_fund": "2019-01-01",
    "disability": "2021-01-01",
}

Days = NDArray[np.datetime64]


def eligibility(persons: pd.DataFrame, households: pd.DataFrame) -> dict[str, NDArray[np.bool_]]:
    """Return who has a right to be on each list, one value per person.

    The list of the poor should hold those who are poor by consumption and those who hold a card; cash goes to
    households with a card, a scholarship to their pupils, free care to households with a card or at risk;
    social security insures formal workers; the disability card is for people with a disability.
    """
    at = persons.household.to_numpy()
    card = (households.card_level > 0).to_numpy()[at]
    return {
        "idpoor": card | (households.poor > 0).to_numpy()[at],
        "cash_transfer": card,
        "scholarship": card & persons.pupil.to_numpy(),
        "health_equity_fund": (households.health_card > 0).to_numpy()[at],
        "social_security": persons.worker.to_numpy(),
        "disability": persons.disabled.to_numpy(),
    }


def records(list_id: str, persons: pd.DataFrame, households: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the records of one list before any error of writing.

    Returns
    -------
    DataFrame
        One row per record in the order of the file: at (position of the person in `persons`), registered_on,
        updated_on, and the marks duplicate, paid_twice and not_eligible (0 or 1).
    """
    right = eligibility(persons, households)[list_id]
    coverage, updated, twice = LISTS[list_id]
    draw = stream(seed, f"{list_id} records")
    if list_id == "cash_transfer":
        frame = _payees(persons, households, draw, coverage)
    else:
        if list_id == "idpoor":  # who is poor without a card was missed by the interviews
            right = (households.card_level > 0).to_numpy()[persons.household.to_numpy()]
        chosen = np.flatnonzero(right & (draw.random(right.size) < coverage))
        frame = pd.DataFrame({"at": chosen, "paid_twice": 0, "not_eligible": 0})
    registered = _registered(list_id, persons, households, frame["at"].to_numpy(), seed)
    frame["registered_on"] = registered
    home = persons.household.to_numpy()[frame["at"]]
    by_home = list_id == "idpoor"  # households are interviewed, updated and entered twice as a whole
    frame["updated_on"] = _later(registered, draw, updated, home if by_home else None)
    born = persons.birth.to_numpy()[frame["at"]]
    died = persons.died.to_numpy()[frame["at"]]
    updated_on = frame.updated_on.to_numpy()
    # Born since the last update: not listed yet. Dead before it: taken off the list.
    late = born > frame.registered_on.to_numpy()  # added to the household's entry when it was updated
    frame["registered_on"] = np.where(late, updated_on, frame.registered_on.to_numpy())
    frame = frame[(born <= updated_on) & ~(died <= updated_on)]
    home = persons.household.to_numpy()[frame["at"]]
    again = stream(seed, f"{list_id} duplicates")
    frame = _duplicated(frame.reset_index(drop=True), again, twice, home if by_home else None)
    order = stream(seed, f"{list_id} order").permutation(len(frame))
    return frame.iloc[order].reset_index(drop=True)


def _payees(
    persons: pd.DataFrame, households: pd.DataFrame, draw: np.random.Generator, coverage: float
) -> pd.DataFrame:
    """Return one payee per paid household: the head or the spouse; some households have both."""
    number = len(households)
    relation = persons.relation.to_numpy()
    at = persons.household.to_numpy()
    head, spouse = np.zeros(number, dtype=int), np.full(number, -1)
    for name, places in (("head", head), ("spouse", spouse)):
        inside = np.flatnonzero(relation == name)
        places[at[inside]] = inside
    card = (households.card_level > 0).to_numpy()
    chance = np.where(card, coverage, NOT_ELIGIBLE * card.sum() / max((~card).sum(), 1))
    paid = draw.random(number) < chance
    by_spouse = (draw.random(number) < 0.5) & (spouse >= 0)
    first = np.where(by_spouse, spouse, head)
    second = paid & (spouse >= 0) & (draw.random(number) < PAID_TWICE)
    other = np.where(by_spouse, head, spouse)
    chosen = np.concatenate([first[paid], other[second]])
    return pd.DataFrame(
        {
            "at": chosen,
            "paid_twice": np.repeat([0, 1], [paid.sum(), second.sum()]),
            "not_eligible": (~card[at[chosen]]).astype(int),
        }
    )


def _registered(
    list_id: str, persons: pd.DataFrame, households: pd.DataFrame, chosen: NDArray[np.int64], seed: int
) -> Days:
    at = persons.household.to_numpy()[chosen]
    wait = stream(seed, f"{list_id} registered").random(chosen.size)
    interview = households.registration_date.to_numpy().astype("datetime64[D]")[at]
    if list_id == "idpoor":
        return interview
    if list_id == "social_security":
        months = households.contribution_months.to_numpy()[at]
        return AS_OF - np.maximum(months * 30, 1).astype(int)
    opened = np.full(chosen.size, np.datetime64(OPENED[list_id], "D"))
    if list_id == "cash_transfer":
        opened = np.where(np.isnat(interview), opened, np.maximum(interview, opened))
        return opened + (wait * 60).astype(int)
    return opened + (wait * (AS_OF - opened).astype(int)).astype(int)


def _levels(draw: np.random.Generator, size: int, home: NDArray[np.int64] | None) -> NDArray[np.float64]:
    """Return a random level per record, the same for all of a household where `home` is given."""
    return draw.random(size) if home is None else draw.random(int(home.max(initial=-1)) + 1)[home]


def _later(
    days: Days, draw: np.random.Generator, share: float, home: NDArray[np.int64] | None = None
) -> Days:
    """Return the days of the last update: the same days but for a share."""
    passed = (_levels(draw, days.size, home) * ((AS_OF - days).astype(int) + 1)).astype(int)
    return days + np.where(_levels(draw, days.size, home) < share, passed, 0)


def _duplicated(
    frame: pd.DataFrame, draw: np.random.Generator, share: float, home: NDArray[np.int64] | None
) -> pd.DataFrame:
    """Return the records with a share of them, or of the households, entered again, later."""
    chosen = _levels(draw, len(frame), home) < share
    again = frame[chosen].copy()
    days = again.registered_on.to_numpy().astype("datetime64[D]")
    again["registered_on"] = _later(days, draw, 1.0, None if home is None else home[chosen])
    again["updated_on"] = np.maximum(again.updated_on, again.registered_on)
    return pd.concat([frame.assign(duplicate=0), again.assign(duplicate=1)], ignore_index=True)
