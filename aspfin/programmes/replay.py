"""A programme of the past replayed: what its rules and published caseload give, beside what was published.

Nothing is fitted. Inputs that are not known have a range; every comparison gets the range over all of them at
once, and each input the value at which it alone would close the gap. A difference is told, never tuned away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from aspfin.programmes.country import Country
from aspfin.programmes.replay_compared import Compared, Unknown
from aspfin.programmes.replay_range import CLOSE, ROUNDS, Model, bands, closing, moving, range_of
from aspfin.programmes.replay_rounds import Stream
from aspfin.results import Check, InputError, Problem, ResultMixin

__all__ = ["Compared", "Replay", "Stream", "Unknown", "replay"]

_MOST_UNKNOWNS = 10  # all corners are computed: 2 to this power


@dataclass(frozen=True, repr=False)
class Replay(ResultMixin):
    """A replayed programme beside what was published.

    Attributes
    ----------
    comparisons
        One row per published figure: name, date, published, currency, simulated, low, high, difference
        (simulated over published, less 1), difference_low, difference_high, agrees, measure, day_unknown,
        planned, source, status, note.
    rounds
        One row per payment: stream, payment, date, households, people, amount, usd, and low and high of
        amount and dollars.
    explanations
        One row per comparison and unknown: comparison, name, label, unit, low, central, high, difference_low,
        difference_high (of the simulated figure at the ends, relative to its centre), closes_gap (the value
        at which this input alone gives the published figure; NaN where none can), possible (within its
        range), in_range, status.
    streams, compared, unknowns
        What the replay was computed from.
    checks
        Whether the replay holds together; not whether it agrees with what was published.
    """

    country: str
    main: str
    comparisons: pd.DataFrame = field(compare=False)
    rounds: pd.DataFrame = field(compare=False)
    explanations: pd.DataFrame = field(compare=False)
    streams: tuple[Stream, ...] = ()
    compared: tuple[Compared, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    checks: tuple[Check, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the comparisons, one row each."""
        return self.comparisons.copy()

    @property
    def main_row(self) -> pd.Series:
        """Return the comparison that answers first."""
        return self.comparisons.set_index("name", drop=False).loc[self.main]

    @property
    def main_explanations(self) -> pd.DataFrame:
        """Return the unknowns of the main comparison, largest effect first."""
        frame = self.explanations[self.explanations["comparison"] == self.main]
        size = (frame["difference_high"] - frame["difference_low"]).abs()
        order = frame.assign(_size=size).sort_values(
            ["in_range", "_size", "name"], ascending=[False, False, True]
        )
        return order.drop(columns=["_size", "comparison"]).reset_index(drop=True)

    def sentence(self) -> str:
        """Return how many published figures the replay agrees with."""
        row, held = self.main_row, int(self.comparisons["agrees"].sum())
        way = "more" if row["difference"] > 0 else "less"
        gap = f"{100 * abs(row['difference']):.2g} %"
        return (
            f"The rules and the published caseload give {gap} {way} than was published ({row['name']});"
            f" {held} of {len(self.comparisons)} published figures lie within the range of the replay."
        )


def replay(
    country: Country,
    streams: Sequence[Stream],
    compared: Sequence[Compared],
    unknowns: Sequence[Unknown] = (),
    *,
    main: str | None = None,
) -> Replay:
    """Return what rules and caseload give, beside what was published.

    Parameters
    ----------
    country
        The pack with programmes, exchange rates and provinces.
    streams
        What was paid, when, to how many.
    compared
        Published figures; at least one.
    unknowns
        Inputs that are not known, with their ranges.
    main
        Name of the comparison that answers first; by default the first.

    Raises
    ------
    InputError
        A name twice or not known; more than ten unknowns; whatever `rounds_of` refuses.

    Examples
    --------
    >>> import datetime as dt
    >>> from aspfin.programmes import load_country
    >>> from aspfin.programmes.replay_rounds import Count, Stream, monthly
    >>> khm = load_country("KHM")
    >>> paid = khm.programme("flood_cash_transfer").outcome("2023-03-10")
    >>> counts = (Count(paid.date, paid.households, paid.people, categories=paid.categories),)
    >>> flood = Stream("flood", "flood_cash_transfer", monthly(dt.date(2022, 12, 10), 3), counts)
    >>> told = Compared("paid", paid.amount, "KHR", ("flood",))
    >>> result = replay(khm, [flood], [told])
    >>> round(result.comparisons["simulated"].iloc[0]), bool(result.comparisons["agrees"].iloc[0])
    (46801008000, True)
    """
    _refuse(streams, compared, unknowns, main)
    model = Model(country, {one.name: one for one in streams})
    rows = [_comparison(model, one, unknowns) for one in compared]
    frame = pd.DataFrame(rows)
    why = [row for one in compared for row in _explained(model, one, unknowns)]
    rounds = bands(model, unknowns)
    return Replay(
        country.iso3,
        main or compared[0].name,
        frame,
        rounds,
        pd.DataFrame(why, columns=_WHY),
        tuple(streams),
        tuple(compared),
        tuple(unknowns),
        _checks(streams, frame, rounds),
    )


_WHY = [
    "comparison", "name", "label", "unit", "low", "central", "high", "difference_low", "difference_high",
    "closes_gap", "possible", "in_range", "status",
]  # fmt: skip


def _refuse(
    streams: Sequence[Stream], compared: Sequence[Compared], unknowns: Sequence[Unknown], main: str | None
) -> None:
    problems = []
    named = [("streams", [one.name for one in streams]), ("compared", [one.name for one in compared]),
             ("unknowns", [one.name for one in unknowns])]  # fmt: skip
    for place, names in named:
        if twice := [name for name in names if names.count(name) > 1]:
            problems.append(Problem(place, "name", twice[0], "each name once"))
    known = {one.name for one in streams}
    for one in compared:
        if lost := [name for name in (*one.streams, *one.base) if name not in known]:
            problems.append(Problem(f"comparison {one.name}", "streams", lost[0], " | ".join(sorted(known))))
        if not (math.isfinite(one.published) and one.published > 0):
            problems.append(Problem(f"comparison {one.name}", "published", one.published, "above 0"))
        if one.measure == "households_reached" and one.affected is None:
            problems.append(Problem(f"comparison {one.name}", "affected", None, "households affected"))
        if one.measure != "households_reached" and not one.streams:
            problems.append(Problem(f"comparison {one.name}", "streams", "none", "at least one stream"))
    if not compared:
        problems.append(Problem("arguments", "compared", "none", "at least one published figure"))
    elif main is not None and main not in named[1][1]:
        problems.append(Problem("arguments", "main", main, " | ".join(named[1][1])))
    if len(unknowns) > _MOST_UNKNOWNS:
        problems.append(Problem("arguments", "unknowns", len(unknowns), f"at most {_MOST_UNKNOWNS}"))
    if problems:
        raise InputError(problems)


def _comparison(model: Model, one: Compared, unknowns: Sequence[Unknown]) -> dict[str, object]:
    middle, low, high = range_of(model, one, unknowns)
    half = one.rounding / 2
    inside = low <= one.published + half and one.published - half <= high
    return {
        "name": one.name,
        "date": one.date,
        "published": one.published,
        "currency": one.currency,
        "simulated": middle,
        "low": low,
        "high": high,
        "difference": middle / one.published - 1,
        "difference_low": low / one.published - 1,
        "difference_high": high / one.published - 1,
        "agrees": bool(inside or abs(middle / one.published - 1) < CLOSE),
        "measure": one.measure,
        "day_unknown": one.day_unknown,
        "planned": one.planned,
        "source": one.source,
        "status": one.status,
        "note": one.note,
    }


def _explained(model: Model, one: Compared, unknowns: Sequence[Unknown]) -> list[tuple]:
    centre = {u.name: u.central for u in unknowns}
    middle = model.figure(one, centre)
    rows = []
    for u in moving(model, one, unknowns):
        at = {end: model.figure(one, {**centre, u.name: end}) for end in (u.low, u.high)}
        closes = closing(u, middle, at, one.published)
        possible = bool(u.in_range and u.low <= closes <= u.high)
        ends = sorted(at[end] / middle - 1 for end in (u.low, u.high))
        told = (u.low, u.central, u.high, *ends, closes, possible, u.in_range, u.status)
        rows.append((one.name, u.name, u.label or u.name, u.unit, *told))
    if one.day_unknown:
        at = {end: model.figure(one, {**centre, ROUNDS: end}) for end in (0.0, 1.0)}
        count = Unknown("take_up", 0.5, 0.0, 1.0)  # a carrier of the numbers: 0 = fewest payments, 1 = most
        closes = closing(count, middle, at, one.published)
        ends = sorted(value / middle - 1 for value in at.values())
        told = (0.0, 0.5, 1.0, *ends, closes, bool(0 <= closes <= 1), True, "press")
        rows.append(
            (one.name, ROUNDS, "payments made by the day of the report", "share of those in doubt", *told)
        )
    return rows


def _checks(streams: Sequence[Stream], frame: pd.DataFrame, rounds: pd.DataFrame) -> tuple[Check, ...]:
    order = (rounds["amount_low"] <= rounds["amount"]) & (rounds["amount"] <= rounds["amount_high"])
    held = (frame["low"] <= frame["simulated"]) & (frame["simulated"] <= frame["high"])
    numbers = {one.name: [n for count in one.counts for n in count.numbers] for one in streams}
    least = rounds["stream"].map({name: min(found) for name, found in numbers.items()})
    most = rounds["stream"].map({name: max(found) for name, found in numbers.items()})
    within = rounds["households"].between(least - 1e-6, most + 1e-6)
    return (
        Check(
            "range",
            "Does every range hold its central value?",
            bool(order.all() and held.all()),
            text=f"{len(rounds)} payments and {len(frame)} comparisons",
        ),
        Check(
            "caseload",
            "Does the caseload stay between the published counts?",
            bool(within.all()),
            text=f"{int(within.sum())} of {len(within)} payments",
        ),
    )
