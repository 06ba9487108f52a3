"""What a programme's rules give, payment by payment, for a caseload known on some days only.

A stream is one programme paid on a row of days. Between two published counts the caseload follows a straight
line, or stays at the lower or the higher of the two. With h households, n people per household, shares s of
households and p of people by area and card level, c_k of people in category k and rates b, a payment is
``h·Σ s·b_household + h·(n − u)·Σ p·b_member + h·n·Σ_k c_k·Σ p·b_k``, u members not counted (0 by default).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import numpy as np
import pandas as pd

from aspfin.programmes.catalogue import Programme
from aspfin.programmes.country import Country
from aspfin.programmes.rules import BenefitRule
from aspfin.results import InputError, Problem

__all__ = ["NEUTRAL", "Count", "Stream", "mix_of_cards", "mix_of_places", "monthly", "rounds_of"]

# What an unknown is where a replay does not name it; None: it must then be named if the rules need it.
NEUTRAL: Mapping[str, float | None] = {
    "urban_share": None,
    "capital_share": None,
    "caseload_path": 0.0,
    "first_household_size": None,
    "dollar_rate": 0.0,
    "uncounted_members": 0.0,
    "take_up": 1.0,
    "extra_amounts": 1.0,
    "administration_share": 0.0,
    "base_included": 0.0,
    "horizontal_capacity": 1.0,
    "exclusion_error": 0.0,
    "inclusion_error": 0.0,
}


@dataclass(frozen=True)
class Count:
    """Households on a day; `low` and `high` where it is known as a range only."""

    date: dt.date
    households: float
    people: float | None = None
    low: float | None = None
    high: float | None = None
    categories: Mapping[str, float] = field(default_factory=dict, hash=False)

    @property
    def numbers(self) -> tuple[float, ...]:
        """Return the count and the ends of its range."""
        return tuple(n for n in (self.households, self.low, self.high) if n is not None)


@dataclass(frozen=True)
class Stream:
    """One programme paid on a row of days.

    Attributes
    ----------
    name, programme
        Its name in the replay; id of the programme in the country pack.
    days
        Days of payment, in order.
    counts
        Caseload on the days for which it is known; at least one, put in order.
    mix
        how households spread over areas and levels: "one" (the rules do not tell them apart), "cards" (as
        the register by province) or "places" (capital, other towns, countryside).
    own_rate
        Units of the currency per US dollar that the programme itself used; None where not known.
    dollar_year
        Year whose mean rate turns every payment into dollars; None: the year of each payment.
    """

    name: str
    programme: str
    days: tuple[dt.date, ...]
    counts: tuple[Count, ...]
    mix: Literal["one", "cards", "places"] = "one"
    own_rate: float | None = None
    dollar_year: int | None = None

    def __post_init__(self) -> None:
        problems = []
        if not self.days or list(self.days) != sorted(set(self.days)):
            found = f"{len(self.days)} days"
            problems.append(
                Problem(f"stream {self.name}", "days", found, "at least one, in order, each once")
            )
        dates = [one.date for one in self.counts]
        if not dates or len(set(dates)) < len(dates):
            found = f"{len(dates)} counts"
            problems.append(Problem(f"stream {self.name}", "counts", found, "at least one, each day once"))
        for one in self.counts:
            low, high = min(one.numbers), max(one.numbers)
            if not (0 < low <= one.households <= high < float("inf")):
                found = f"{one.households:g} ({low:g} to {high:g})"
                place = f"count of {one.date}"
                problems.append(Problem(f"stream {self.name}", place, found, "above 0, within its range"))
        if problems:
            raise InputError(problems)
        object.__setattr__(self, "counts", tuple(sorted(self.counts, key=lambda one: one.date)))


def monthly(first: dt.date, payments: int, months: int = 1) -> tuple[dt.date, ...]:
    """Return days of payment, so many months apart.

    Examples
    --------
    >>> [str(day) for day in monthly(dt.date(2022, 12, 10), 2)]
    ['2022-12-10', '2023-01-10']
    """
    start = pd.Timestamp(first)
    return tuple((start + pd.DateOffset(months=months * k)).date() for k in range(payments))


def mix_of_cards(country: Country, urban_share: float) -> pd.DataFrame:
    """Return shares of card-holding households and people by area and card level.

    Parameters
    ----------
    country
        Its provinces have households and people by card level (`idpoor1_households` …).
    urban_share
        Share of the card-holders outside the capital who live in towns, 0 to 1: the register by province does
        not tell.

    Returns
    -------
    DataFrame
        Columns area, card_level, households, people (shares that sum to 1).
    """
    rows = []
    for level, inside, outside in _cards(country):
        rows.append(("phnom_penh", level, *inside))
        rows.append(("urban", level, *(count * urban_share for count in outside)))
        rows.append(("rural", level, *(count * (1 - urban_share) for count in outside)))
    frame = pd.DataFrame(rows, columns=["area", "card_level", "households", "people"])
    return frame.assign(**{name: frame[name] / frame[name].sum() for name in ("households", "people")})


@lru_cache(maxsize=8)  # a replay asks again for every combination of what is not known
def _cards(country: Country) -> tuple[tuple[int, tuple[float, ...], tuple[float, ...]], ...]:
    """Return, by card level, households and people that hold one: in the capital, and outside it."""
    table = country.provinces
    capital = table["area_class"] == "phnom_penh"
    found = []
    for level in (1, 2):
        columns = [f"idpoor{level}_households", f"idpoor{level}_persons"]
        if lost := [name for name in columns if name not in table]:
            raise InputError(Problem(f"country {country.iso3}", "provinces", lost[0], "a column of the pack"))
        inside, outside = table.loc[capital, columns].sum(), table.loc[~capital, columns].sum()
        found.append((level, tuple(inside), tuple(outside)))
    return tuple(found)


def mix_of_places(capital_share: float, urban_share: float) -> pd.DataFrame:
    """Return shares of households and people by area, card levels left aside.

    Examples
    --------
    >>> mix_of_places(0.1, 0.5)["households"].round(2).tolist()
    [0.1, 0.45, 0.45]
    """
    rest = 1 - capital_share
    shares = [capital_share, rest * urban_share, rest * (1 - urban_share)]
    areas = ["phnom_penh", "urban", "rural"]
    return pd.DataFrame({"area": areas, "card_level": None, "households": shares, "people": shares})


def _mix(stream: Stream, country: Country, values: Mapping[str, float]) -> pd.DataFrame:
    if stream.mix == "cards":
        return mix_of_cards(country, _known(values, "urban_share", stream))
    if stream.mix == "places":
        shares = (_known(values, name, stream) for name in ("capital_share", "urban_share"))
        return mix_of_places(*shares)
    return pd.DataFrame({"area": [None], "card_level": [None], "households": [1.0], "people": [1.0]})


def _known(values: Mapping[str, float], name: str, stream: Stream) -> float:
    value = values.get(name, NEUTRAL[name])
    if value is None:
        allowed = f"a number: the rules of {stream.programme} tell such households apart"
        raise InputError(Problem(f"stream {stream.name}", name, None, allowed))
    return value


def _rates(rules: Sequence[BenefitRule], mix: pd.DataFrame, programme: str) -> dict[str, float]:
    """Return the mean amount per household, per member and per person of each category."""
    cells = list(mix.itertuples(index=False))
    told = {name for name in ("area", "card_level") if mix[name].notna().any()}
    rates: dict[str, float] = {}
    for rule in rules:
        wanted = {name: getattr(rule, name) for name in ("area", "card_level")}
        wanted = {name: value for name, value in wanted.items() if value is not None}
        if lost := sorted(set(wanted) - told):
            allowed = f"a mix that tells households apart by {lost[0].replace('_', ' ')}"
            raise InputError(Problem(f"programme {programme}", "mix", "one", allowed))
        if rule.amount is None:
            allowed = f"an amount of your own: none was found, its status is {rule.status}"
            raise InputError(Problem(f"programme {programme}", f"amount ({rule.label})", None, allowed))
        kind = "households" if rule.unit == "household" else "people"
        share = sum(
            getattr(cell, kind)
            for cell in cells
            if all(getattr(cell, name) == value for name, value in wanted.items())
        )
        rates[rule.column] = rates.get(rule.column, 0.0) + rule.amount * float(share)
    return rates


def _days(dates: Sequence[dt.date]) -> np.ndarray:
    return np.array([day.toordinal() for day in dates], dtype=float)


def _households(stream: Stream, path: float) -> np.ndarray:
    """Return households on each day of payment; `path` from −1 (lower count) over 0 (line) to 1 (higher)."""
    known, days = _days([c.date for c in stream.counts]), _days(stream.days)
    middle = np.interp(days, known, [c.households for c in stream.counts])
    if path == 0:
        return middle
    pick = min if path < 0 else max
    ends = [pick(c.numbers) for c in stream.counts]
    before = np.clip(np.searchsorted(known, days, side="right") - 1, 0, len(known) - 1)
    after = np.clip(np.searchsorted(known, days, side="left"), 0, len(known) - 1)
    edge = np.array([pick(ends[a], ends[b]) for a, b in zip(before, after, strict=True)])
    return middle + abs(path) * (edge - middle)


def _household_size(stream: Stream, values: Mapping[str, float]) -> np.ndarray | None:
    """Return people per household on each day, or None where no count has people."""
    sizes = {c.date: c.people / c.households for c in stream.counts if c.people is not None}
    first = stream.counts[0]
    if first.people is None and (given := values.get("first_household_size")) is not None:
        sizes[first.date] = given
    if not sizes:
        return None
    dates = sorted(sizes)
    return np.interp(_days(stream.days), _days(dates), [sizes[day] for day in dates])


def rounds_of(stream: Stream, country: Country, values: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Return what the rules give on each day of payment.

    Parameters
    ----------
    stream
        What is paid, when, to how many.
    country
        The pack that holds the programme, its exchange rates and provinces.
    values
        Values of the unknowns, by the names of `NEUTRAL`; what is left out is neutral.

    Returns
    -------
    DataFrame
        Columns stream, payment (1, 2, …), date, households (paid), people, amount (in the programme's
        currency), usd.

    Raises
    ------
    InputError
        No rule on a day; an amount not found; people needed and not known; a mix the rules ask for.
    """
    said = {**NEUTRAL, **(values or {})}
    for name, value in said.items():
        if value is not None and not math.isfinite(value):
            raise InputError(Problem(f"stream {stream.name}", name, value, "a number"))
    programme = country.programme(stream.programme)
    households = _households(stream, said["caseload_path"] or 0.0) * said["take_up"]
    size = _household_size(stream, said)
    shares = _category_shares(stream)
    mix = _mix(stream, country, said)
    amount = np.zeros(len(stream.days))
    for rules, where in _rule_sets(programme, stream.days).items():
        rates = _rates(rules, mix, programme.id)
        own, h = rates.pop("households", 0.0), households[where]
        amount[where] = h * own
        if rates:
            amount[where] += h * _per_person(rates, shares, size, where, said, stream)
    rates_by_day = np.array([_rate(country, stream, day, said["dollar_rate"] or 0.0) for day in stream.days])
    people = households * size if size is not None else np.full(len(households), np.nan)
    return pd.DataFrame(
        {
            "stream": stream.name,
            "payment": np.arange(1, len(stream.days) + 1),
            "date": list(stream.days),
            "households": households,
            "people": people,
            "amount": amount,
            "usd": amount / rates_by_day,
        }
    )


def _per_person(
    rates: dict[str, float],
    shares: Mapping[str, np.ndarray],
    size: np.ndarray | None,
    where: np.ndarray,
    said: Mapping[str, float | None],
    stream: Stream,
) -> np.ndarray:
    if size is None:
        allowed = f"people beside households: {stream.programme} pays per person"
        raise InputError(Problem(f"stream {stream.name}", "people", None, allowed))
    n = size[where]
    members = rates.get("members", 0.0) * (n - said["uncounted_members"])
    lost = [name for name in rates if name != "members" and name not in shares]
    if lost:
        raise InputError(
            Problem(f"stream {stream.name}", lost[0], None, "people of this category in a count")
        )
    extra = sum(shares[name][where] * rate for name, rate in rates.items() if name != "members")
    return members + said["extra_amounts"] * n * extra


def _category_shares(stream: Stream) -> dict[str, np.ndarray]:
    """Return the share of people in each category on each day, on a line between the counts that have it."""
    days, shares = _days(stream.days), {}
    for name in dict.fromkeys(name for one in stream.counts for name in one.categories):
        known = [one for one in stream.counts if one.people and name in one.categories]
        if known:
            told = [one.categories[name] / (one.people or 1.0) for one in known]
            shares[name] = np.interp(days, _days([one.date for one in known]), told)
    return shares


def _rule_sets(programme: Programme, days: Sequence[dt.date]) -> dict[tuple[BenefitRule, ...], np.ndarray]:
    """Return which days each set of rules holds on; a package follows the rules of its first day."""
    first = programme.rules_on(days[0])
    if first[0].periods is not None:
        return {first: np.arange(len(days))}
    sets: dict[tuple[BenefitRule, ...], list[int]] = {}
    for place, day in enumerate(days):
        sets.setdefault(programme.rules_on(day), []).append(place)
    return {rules: np.array(places) for rules, places in sets.items()}


def _rate(country: Country, stream: Stream, day: dt.date, toward_own: float) -> float:
    rate = country.exchange_rate(stream.dollar_year or day).number
    if toward_own == 0:
        return rate
    if stream.own_rate is None:
        raise InputError(
            Problem(f"stream {stream.name}", "own_rate", None, "the programme's own exchange rate")
        )
    return rate + toward_own * (stream.own_rate - rate)
