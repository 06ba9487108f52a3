"""From a parameter file of a replay and the country pack to streams, published figures and unknowns."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from aspfin.programmes import Country, Outcome, load_country
from aspfin.programmes.replay import Compared, Replay, Stream, Unknown, replay
from aspfin.programmes.replay_rounds import Count, monthly
from aspfin.reporting.replay_parameters import Caseload, Comparison, ReplayParameters, StreamParameters
from aspfin.results import InputError, Problem

__all__ = ["pack", "replayed", "streams_of"]

_SIZES = {"million": 1e6, "billion": 1e9, "thousand": 1e3}


@cache
def pack(country: str) -> Country:
    """Return the country pack, read once."""
    return load_country(country)


def replayed(parameters: ReplayParameters, file: str = "notebook") -> Replay:
    """Return the replay that the parameters ask for.

    Raises
    ------
    InputError
        One problem per thing that the pack does not hold, naming the field; or what the replay refuses.
    """
    country = pack(parameters.country)
    streams = streams_of(parameters, country, file)
    compared = _each(
        [(f"compare[{n}]", one) for n, one in enumerate(parameters.compare)],
        lambda field, one: _compared(country, one, field, file),
    )
    unknowns = _each(
        [(f"unknowns[{n}]", one) for n, one in enumerate(parameters.unknowns)],
        lambda _, one: Unknown(**{key: value for key, value in one if value is not None}),
    )
    return replay(country, streams, compared, unknowns, main=parameters.main)


def streams_of(parameters: ReplayParameters, country: Country, file: str = "notebook") -> list[Stream]:
    """Return the streams with the caseloads that the pack holds."""
    return _each(
        [(f"streams[{n}]", one) for n, one in enumerate(parameters.streams)],
        lambda field, one: _stream(country, one, field, file),
    )


def _each(items: list[tuple[str, Any]], make: Callable[[str, Any], Any]) -> list[Any]:
    """Make each item; raise every problem of all of them together."""
    made, problems = [], []
    for field, one in items:
        try:
            made.append(make(field, one))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return made


def _stream(country: Country, one: StreamParameters, field: str, file: str) -> Stream:
    country.programme(one.programme)
    counts = _each(
        [(f"{field}.caseload[{n}]", said) for n, said in enumerate(one.caseload)],
        lambda place, said: _count(country, one, said, place, file),
    )
    days = one.days or monthly(one.first_payment, one.payments, one.months_between)
    return Stream(one.name, one.programme, tuple(days), tuple(counts), one.mix, one.own_rate, one.dollar_year)


def _count(country: Country, stream: StreamParameters, said: Caseload, field: str, file: str) -> Count:
    programme = country.programme(said.programme or stream.programme)
    told = None if said.outcome is None else programme.outcome(said.outcome)
    households, people = said.households or (told and told.households), said.people or (told and told.people)
    if households is None:
        raise InputError(Problem(file, f"{field}.outcome", str(said.outcome), "an outcome with households"))
    like = told if said.categories_of is None else programme.outcome(said.categories_of)
    shares = (
        {} if like is None or not like.people else {k: n / like.people for k, n in like.categories.items()}
    )
    if said.categories_of is not None and not (shares and people):
        allowed = "an outcome with people and categories, beside people here"
        raise InputError(Problem(file, f"{field}.categories_of", str(said.categories_of), allowed))
    day = said.on or (told.date if told else None)
    assert day is not None  # the parameter class asks for one
    categories = {key: share * people for key, share in shares.items()} if people else {}
    return Count(day, households, people, said.low, said.high, categories)


def _compared(country: Country, one: Comparison, field: str, file: str) -> Compared:
    found = _published(country, one, field, file)
    payments = one.payments
    if payments is None and found.get("periods") is not None:
        payments = (found["periods"], found["periods"])
    affected = None if one.event is None else _affected(country, one.event, field, file)
    return Compared(
        one.name,
        found["value"],
        found["currency"],
        one.streams,
        payments,
        one.since,
        one.measure,
        one.rounding,
        one.base,
        one.with_administration,
        affected,
        found["planned"] if one.planned is None else one.planned,
        one.date or found["date"],
        one.source or found["source"],
        found["status"],
        one.note or "",
    )


def _published(country: Country, one: Comparison, field: str, file: str) -> dict[str, Any]:
    """Return a published figure: value, currency, date, source, status, note, planned, periods."""
    if one.outcome is not None:
        return _outcome(country, one, field, file)
    if one.budget is not None:
        budgets = {b.period: b for b in country.programme(str(one.programme)).budgets}
        if (b := budgets.get(one.budget)) is None:
            allowed = " | ".join(budgets) or f"none: {one.programme} has no budget in the pack"
            raise InputError(Problem(file, f"{field}.budget", one.budget, allowed))
        return {"value": b.amount, "currency": b.currency, "date": b.period, "source": b.source,
                "status": b.status, "planned": True}  # fmt: skip
    if one.fact is not None:
        fact = country.quantity(one.fact)
        size, _, currency = fact.unit.rpartition(" ")
        if size and size not in _SIZES:
            raise InputError(Problem(file, f"{field}.fact", one.fact, "a fact that is an amount of money"))
        told = {"date": fact.date, "source": fact.source, "status": fact.status}
        return {**told, "value": fact.number * _SIZES.get(size, 1.0), "currency": currency, "planned": False}
    return {"value": one.value, "currency": one.currency, "date": "", "source": "", "status": one.status,
            "note": "", "planned": False}  # fmt: skip


def _outcome(country: Country, one: Comparison, field: str, file: str) -> dict[str, Any]:
    assert one.outcome is not None
    told: Outcome = country.programme(str(one.programme)).outcome(one.outcome)
    said = {"date": str(told.date), "source": told.source, "status": told.status,
            "planned": told.planned}  # fmt: skip
    if one.measure == "households_reached":
        return {**said, "value": told.households, "currency": "households"}
    if told.amount is None:
        raise InputError(Problem(file, f"{field}.outcome", str(one.outcome), "an outcome with an amount"))
    if one.before is None:
        return {**said, "value": told.amount, "currency": told.currency, "periods": told.periods}
    first = country.programme(str(one.programme)).outcome(one.before)
    if first.amount is None or first.currency != told.currency or first.amount >= told.amount:
        allowed = f"an earlier outcome with a smaller amount in {told.currency}"
        raise InputError(Problem(file, f"{field}.before", str(one.before), allowed))
    said["date"] = f"{first.date} to {told.date}"
    paid = told.amount - first.amount
    return {**said, "value": paid, "currency": told.currency, "periods": told.periods}


def _affected(country: Country, event: str, field: str, file: str) -> float:
    """Return the households of an event's latest final report."""
    events = country.events
    rows = events[(events["event_id"] == event) & events["use"] & events["households"].notna()]
    if rows.empty:
        known = sorted(set(events.loc[events["use"] & events["households"].notna(), "event_id"]))
        raise InputError(Problem(file, f"{field}.event", event, " | ".join(known)))
    return float(rows["households"].iloc[-1])
