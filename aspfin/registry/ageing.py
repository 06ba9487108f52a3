"""How a list ages: who should be on it and is not, by months since registration; what updating buys.

Households are eligible and listed as they are, eligible and not (the exclusion error), or listed and no
longer eligible (the inclusion error). Deaths of the person who is paid and moves carry them from the first
group to the second; births and new poverty add to the second; leaving poverty carries them to the third. All
rates are hazards, so the shares solve linear differential equations, and the figures are exact for the rates.

Without updating and with k = births + deaths + moves + new poverty a year, the exclusion error after t years
is 1 − (1 − e₀)·exp(−k·t); where everybody is updated on demand at rate u it tends to k/(k + u). Leaving
poverty does not enter: those who leave it leave both sides of the share.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from aspfin.data.source import Quantity
from aspfin.registry.ageing_observed import moves_by_age
from aspfin.results import InputError, Problem, ResultMixin

__all__ = ["Ageing", "Changes", "OnDemand", "exclusion_after", "exclusion_by_age", "moves_by_age"]

CAUSES = ("initial", "births", "deaths", "moves", "new_poverty")
ENDS = ("low", "central", "high")
NOTE = "assumed here; replace by what a panel survey or two rounds of your own list show"


def _assumed(name: str, low: float, central: float, high: float) -> Quantity:
    return Quantity(name, central, "a year", low, high, status="assumed", note=NOTE)


NEW_HOUSEHOLDS = _assumed("new households", 0.01, 0.02, 0.03)
DEATHS = _assumed("deaths of the person paid", 0.005, 0.01, 0.02)
MOVES = _assumed("moves", 0.015, 0.03, 0.06)
NEW_POVERTY = _assumed("new poverty", 0.03, 0.06, 0.10)
LEAVING = _assumed("leaving poverty", 0.03, 0.06, 0.10)


@dataclass(frozen=True)
class Changes:
    """What happens in a year to each eligible household (or person, if the list is of persons).

    Attributes
    ----------
    births : Quantity or float
        Households newly formed, or split off, that are eligible; on a list of persons, births.
    deaths : Quantity or float
        The person who is paid dies and the others stay eligible; on a list of persons 0.
    moves : Quantity or float
        Moves after which the household is not found where it is listed.
    new_poverty : Quantity or float
        Households that become eligible, per eligible household.
    leaving : Quantity or float
        Households that stop being eligible.

    Numbers that are not given are assumed, and say so.

    Examples
    --------
    >>> Changes(moves=0.02).moves.value
    0.02
    """

    births: Quantity | float = NEW_HOUSEHOLDS
    deaths: Quantity | float = DEATHS
    moves: Quantity | float = MOVES
    new_poverty: Quantity | float = NEW_POVERTY
    leaving: Quantity | float = LEAVING

    def __post_init__(self) -> None:
        problems = []
        for field in fields(self):
            given = getattr(self, field.name)
            if not isinstance(given, Quantity):
                given = Quantity(field.name, float(given), "a year", note="given by the user")
                object.__setattr__(self, field.name, given)
            ends = [given.low, given.value, given.high]
            known = [end for end in ends if end is not None]
            if given.value is None or not all(0 <= end <= 5 for end in known) or known != sorted(known):
                problems.append(Problem("changes", field.name, ends, "rates a year of 0 to 5, low to high"))
        if problems:
            raise InputError(problems)

    def at(self, end: str) -> dict[str, float]:
        """Return the rates a year at one end of their ranges: low, central or high."""
        found = {}
        for field in fields(self):
            quantity = getattr(self, field.name)
            value = {"low": quantity.low, "high": quantity.high}.get(end)
            found[field.name] = quantity.number if value is None else value
        return found


@dataclass(frozen=True)
class OnDemand:
    """Registration on demand, between rounds.

    Attributes
    ----------
    waiting_months : float
        Mean time from falling out of the list to being on it again, for those who apply.
    reached : float
        Share of those left out who would ever apply.
    leavers_removed : float
        Share of those no longer eligible who are taken off in a year.

    Examples
    --------
    >>> OnDemand(waiting_months=2).reached
    0.7
    """

    waiting_months: float = 3.0
    reached: float = 0.7
    leavers_removed: float = 0.0

    def __post_init__(self) -> None:
        if not self.waiting_months > 0:
            raise InputError(Problem("on_demand", "waiting_months", self.waiting_months, "above 0"))
        for name in ("reached", "leavers_removed"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(Problem("on_demand", name, getattr(self, name), "0 to 1"))


@dataclass(frozen=True, eq=False, repr=False)
class Ageing(ResultMixin):
    """How a list ages under four ways of keeping it.

    Attributes
    ----------
    by_month : DataFrame
        One row per way and month (two in the month of a round: before and after it): way, month, moment,
        exclusion with exclusion_low and exclusion_high (all rates at the ends of their ranges), the same
        share by cause (initial, births, deaths, moves, new_poverty), inclusion (share of the
        list no longer eligible).
    comparison : DataFrame
        One row per way: mean and worst exclusion, with ranges of the mean; excluded (households on an average
        month), avoided (against rounds alone), updates and interviews over the whole time, cost, and the cost
        of one household more on the list for a month (below 0: better and cheaper than rounds).
    eligible : float
        Households the counts are for.
    months, round_months : int
    changes : Changes
    on_demand : OnDemand
    notes : tuple of str
    """

    by_month: pd.DataFrame
    comparison: pd.DataFrame
    eligible: float
    months: int
    round_months: int
    changes: Changes
    on_demand: OnDemand
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the comparison of the ways."""
        return self.comparison.copy()

    def sentence(self) -> str:
        """Return what ageing costs and what updating on demand buys, in prose."""
        table = self.comparison.set_index("way")
        rounds, both = table.loc["rounds"], table.loc["rounds and on demand"]
        return (
            f"With a round every {self.round_months} months a list leaves out "
            f"{100 * rounds.mean_exclusion:.1f} % of the eligible on average ({100 * rounds.mean_low:.1f} to "
            f"{100 * rounds.mean_high:.1f} %), and {100 * rounds.worst_exclusion:.1f} % just before a round. "
            f"Updating on demand as well brings the average to {100 * both.mean_exclusion:.1f} %: "
            f"{both.avoided:,.0f} of {self.eligible:,.0f} eligible households more on the list in an average "
            f"month."
        )


WAYS = {
    "never": (False, False),
    "rounds": (True, False),
    "on demand": (False, True),
    "rounds and on demand": (True, True),
}


def exclusion_after(
    months: ArrayLike, *, changes: Changes | None = None, at_registration: float = 0.05
) -> NDArray[np.float64]:
    """Return the exclusion error of a list that nobody updates, by months since registration.

    Parameters
    ----------
    months
        Months since registration, 0 or more; missing stays missing.
    changes
        What happens to households; None takes what is assumed.
    at_registration
        Share of the eligible left out on the first day.

    Examples
    --------
    >>> exclusion_after([0, 12, 36]).round(3).tolist()
    [0.05, 0.157, 0.337]
    """
    time = np.asarray(months, dtype=float)
    if np.nanmin(time, initial=0.0) < 0:
        raise InputError(Problem("ageing", "months", float(np.nanmin(time)), "0 or more"))
    _check_share("at_registration", at_registration)
    rates = (changes or Changes()).at("central")
    outflow = sum(rates[name] for name in CAUSES[1:])
    return 1 - (1 - at_registration) * np.exp(-outflow * time / 12)


def exclusion_by_age(
    *,
    changes: Changes | None = None,
    on_demand: OnDemand | None = None,
    at_registration: float = 0.05,
    months: int = 72,
    round_months: int = 36,
    eligible: float = 1_000,
    cost_interview: float | None = None,
    cost_update: float | None = None,
    interviewed_per_eligible: float = 3.0,
) -> Ageing:
    """Return the exclusion error of a list by months since registration, and compare four ways of keeping it.

    Parameters
    ----------
    changes
        What happens to households in a year; None takes what is assumed.
    on_demand
        How updating on demand works; None takes what is assumed.
    at_registration
        Share of the eligible left out on the day of a round.
    months
        How long to look.
    round_months
        Months from one round of interviews to the next; in Cambodia about 36.
    eligible
        Households that counts are for.
    cost_interview, cost_update
        Money per interview of a round and per update on demand; None leaves costs missing.
    interviewed_per_eligible
        Interviews in a round for each eligible household: rounds ask many who are not.

    Returns
    -------
    Ageing

    Raises
    ------
    InputError
        A share is outside 0 to 1, or a length or number is not above 0.

    Examples
    --------
    >>> print(exclusion_by_age(changes=Changes(births=0, deaths=0, moves=0.1, new_poverty=0.1, leaving=0.1)))
    With a round every 36 months a list leaves out 28.6 % of the eligible on average (28.6 to 28.6 %), and
    47.9 % just before a round. Updating on demand as well brings the average to 12.3 %: 163 of 1,000 eligible
    households more on the list in an average month.
    """
    changes, on_demand = changes or Changes(), on_demand or OnDemand()
    _check_share("at_registration", at_registration)
    for name, value in (("months", months), ("round_months", round_months), ("eligible", eligible)):
        if not value > 0 or (name != "eligible" and value != int(value)):
            raise InputError(Problem("ageing", name, value, "a whole number above 0"))
    paths = {
        (way, end): _path(
            changes.at(end), on_demand if asks else None, at_registration, months, round_months * rounds
        )
        for way, (rounds, asks) in WAYS.items()
        for end in ENDS
    }
    by_month = pd.concat([_with_range(way, paths) for way in WAYS], ignore_index=True)
    costs = (cost_interview, cost_update, interviewed_per_eligible)
    comparison = _comparison(paths, eligible, costs)
    notes = tuple(
        f"{quantity.name}: {quantity.value:g} a year ({quantity.note})"
        for quantity in (getattr(changes, field.name) for field in fields(changes))
        if quantity.note == NOTE
    )
    return Ageing(by_month, comparison, float(eligible), months, round_months, changes, on_demand, notes)


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise InputError(Problem("ageing", name, value, "0 to 1"))


def _generator(rates: dict[str, float], on_demand: OnDemand | None) -> NDArray[np.float64]:
    """Return the matrix of flows a month between listed, left out (by cause; who applies, who does not), and
    listed without a right; the last row counts updates."""
    month = {name: rate / 12 for name, rate in rates.items()}
    size = 1 + 2 * len(CAUSES) + 2
    reached = on_demand.reached if on_demand else 0.0
    speed = 1 / on_demand.waiting_months if on_demand else 0.0
    flow = np.zeros((size, size))
    flow[0, 0] = -(month["deaths"] + month["moves"] + month["leaving"])
    for place, cause in enumerate(CAUSES):
        asks, stays = 1 + 2 * place, 2 + 2 * place
        if cause in ("deaths", "moves"):  # from those who are listed
            flow[asks, 0] += reached * month[cause]
            flow[stays, 0] += (1 - reached) * month[cause]
        elif cause != "initial":  # in proportion to all who are eligible
            flow[asks, : size - 2] += reached * month[cause]
            flow[stays, : size - 2] += (1 - reached) * month[cause]
        flow[asks, asks] -= month["leaving"] + speed
        flow[stays, stays] -= month["leaving"]
        flow[0, asks] += speed
        flow[-1, asks] = speed
    flow[-2, 0] = month["leaving"]
    removed = on_demand.leavers_removed if on_demand else 0.0
    flow[-2, -2] = np.log1p(-min(removed, 1 - 1e-12)) / 12
    return flow


def _path(
    rates: dict[str, float], on_demand: OnDemand | None, first: float, months: int, round_months: int
) -> pd.DataFrame:
    """Return the shares month by month; two rows where there is a round."""
    from scipy.linalg import expm

    step = expm(_generator(rates, on_demand))
    reached = on_demand.reached if on_demand else 0.0
    new = np.zeros(len(step))
    new[:3] = 1 - first, reached * first, (1 - reached) * first
    state, rows = new.copy(), []
    for month in range(months + 1):
        # A round after the last month shown would be of no use to it.
        has_round = bool(round_months) and month > 0 and month % round_months == 0
        rows.append((month, "before the round" if has_round else "", *_shares(state)))
        if has_round and month < months:
            updates = state[-1]
            state = new * state[: len(state) - 2].sum()
            state[-1] = updates
            rows.append((month, "after the round", *_shares(state)))
        state = step @ state
    names = ["month", "moment", "exclusion", *CAUSES, "inclusion", "updates", "growth"]
    return pd.DataFrame(rows, columns=names)


def _shares(state: NDArray[np.float64]) -> list[float]:
    left = state[1 : 1 + 2 * len(CAUSES)].reshape(-1, 2).sum(axis=1)
    eligible = state[0] + left.sum()
    listed = state[0] + state[-2]
    inclusion = state[-2] / listed if listed > 0 else np.nan
    return [left.sum() / eligible, *(left / eligible), inclusion, state[-1], eligible]


def _with_range(way: str, paths: dict[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    table = paths[way, "central"].drop(columns=["updates", "growth"])
    table.insert(0, "way", way)
    at = table.columns.get_loc("exclusion") + 1
    for end in ("high", "low"):
        table.insert(at, f"exclusion_{end}", paths[way, end]["exclusion"])
    return table


def _mean(path: pd.DataFrame, column: str) -> float:
    """Return the mean over time: the trapezoid rule, in which two rows of one month have no width."""
    return float(np.trapezoid(path[column], path["month"]) / path["month"].max())


def _comparison(
    paths: dict[tuple[str, str], pd.DataFrame],
    eligible: float,
    costs: tuple[float | None, float | None, float],
) -> pd.DataFrame:
    cost_interview, cost_update, interviewed = costs
    rows = []
    for way in WAYS:
        path = paths[way, "central"]
        mean = _mean(path, "exclusion")
        # The first registration is common to all and not counted.
        rounds = path.loc[path["moment"] == "after the round", "growth"].sum()
        updates, interviews = eligible * path["updates"].iloc[-1], eligible * interviewed * rounds
        parts = ((cost_interview, interviews), (cost_update, updates))
        cost = sum(number * (np.nan if price is None else price) for price, number in parts if number > 0)
        ends = [_mean(paths[way, end], "exclusion") for end in ("low", "high")]
        worst, wrongly = path["exclusion"].max(), _mean(path, "inclusion")
        rows.append((way, mean, *ends, worst, wrongly, eligible * mean, updates, interviews, float(cost)))
    names = [
        "way",
        "mean_exclusion",
        "mean_low",
        "mean_high",
        "worst_exclusion",
        "mean_inclusion",
        "excluded",
    ]
    table = pd.DataFrame(rows, columns=[*names, "updates", "interviews", "cost"])
    base = table.set_index("way").loc["rounds"]
    table.insert(7, "avoided", base["excluded"] - table["excluded"])
    months = paths["rounds", "central"]["month"].max()
    gained = table["avoided"].where(table["avoided"] > 0) * months
    table["cost_per_household_month"] = (table["cost"] - base["cost"]) / gained
    return table
