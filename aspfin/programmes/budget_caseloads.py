"""How many are paid: what the user states, what was published, what a population of households gives.

Each is costed by the programme's own rules over the period. Counts that do not say where or at which level
people live, or what they earn, are costed by scaling a population of households to them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from aspfin.data import Status
from aspfin.programmes.budget_population import PopulationCost, columns_paid, rules_held
from aspfin.programmes.catalogue import Outcome, Programme
from aspfin.programmes.country import Country
from aspfin.programmes.rules import BenefitRule
from aspfin.results import InputError, Problem

__all__ = ["CostedCaseload", "StatedCaseload", "costed_caseloads", "month_ends"]

NEAR = dt.timedelta(days=731)  # older counts than this tell of growth, not of disagreement
AFTER = dt.timedelta(days=366)


@dataclass(frozen=True)
class StatedCaseload:
    """A caseload of the user's own.

    Attributes
    ----------
    programme
        Id in the country pack.
    counts
        By what the rules pay for: "households", "members", a category, or events in the whole period. All
        that the rules pay for must be counted, 0 where there are none; only events may be left out.
    periods
        Months or payments each is paid; by default as many as the rules allow in the period.
    beneficiaries, unit
        Households or people behind counted events, for the cost of each.

    Examples
    --------
    >>> StatedCaseload("vocational_training", {"trainee": 27_894}, source="press").label
    'trainee 27,894'
    """

    programme: str
    counts: Mapping[str, float] = field(hash=False)
    periods: int | None = None
    beneficiaries: float | None = None
    unit: str = "people"
    date: str = ""
    source: str = ""
    status: Status = "assumed"
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", MappingProxyType(dict(self.counts)))
        problems = [
            Problem(f"caseload of {self.programme}", f"counts[{name}]", value, "a whole number, 0 or more")
            for name, value in self.counts.items()
            if isinstance(value, bool) or not np.isfinite(value) or value < 0 or value != int(value)
        ]
        if not self.counts:
            problems.append(Problem(f"caseload of {self.programme}", "counts", {}, "at least one count"))
        if problems:
            raise InputError(problems)

    def __reduce__(self) -> tuple:  # a read-only mapping cannot be pickled
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return StatedCaseload, tuple({**values, "counts": dict(self.counts)}.values())

    @property
    def label(self) -> str:
        """Return the counts in words."""
        named = {name: name.replace("_", " ") for name in self.counts}
        return ", ".join(f"{named[name]} {int(value):,}" for name, value in self.counts.items())


@dataclass(frozen=True)
class CostedCaseload:
    """One way to count those paid, and what the rules cost for it in the period.

    Attributes
    ----------
    basis
        "stated", "published", "planned" or "population".
    count, unit
        Households or people paid; missing where only events are counted.
    transfers
        In the country's currency, over the period.
    how
        "rules" (amount times count) or "scaled" (a population of households brought to this count).
    components
        What the sum is made of, where it comes from the rules alone.
    """

    programme: str
    basis: str
    label: str
    count: float
    unit: str
    transfers: float
    how: str
    date: str = ""
    source: str = ""
    status: str = "assumed"
    note: str = ""
    components: pd.DataFrame = field(default_factory=pd.DataFrame, compare=False)

    def row(self) -> dict[str, object]:
        """Return it as one row of a table."""
        names = ("programme", "basis", "label", "count", "unit", "transfers", "how", "date", "source",
                 "status", "note")  # fmt: skip
        return {name: getattr(self, name) for name in names}


def month_ends(start: dt.date, months: int) -> list[dt.date]:
    """Return the last day of each month: a month counts where rules hold on it.

    Examples
    --------
    >>> month_ends(dt.date(2024, 1, 1), 2)
    [datetime.date(2024, 1, 31), datetime.date(2024, 2, 29)]
    """
    first = pd.Timestamp(start)
    return [(first + pd.DateOffset(months=k) + pd.offsets.MonthEnd(0)).date() for k in range(months)]


def costed_caseloads(
    country: Country,
    programme: Programme,
    days: Sequence[dt.date],
    *,
    stated: Sequence[StatedCaseload] = (),
    population: pd.DataFrame | None = None,
    weight: str = "weight",
) -> tuple[list[CostedCaseload], str]:
    """Return every caseload of a programme with its cost, the preferred one first, or why there is none.

    What is stated comes before what was published, and that before a population. Published counts are used
    for what is paid month by month: of events they do not say how many there were in the period.

    Parameters
    ----------
    country, programme
        The pack, with stated amounts where there are any, and one of its programmes.
    days
        Last days of the months of the period.
    stated, population, weight
        As for `system_budget`.

    Returns
    -------
    tuple of list and str
        Empty text where there is a cost.
    """
    held = [day for day in days if rules_held(programme, day)]
    if reason := _obstacle(programme, held):
        return [], reason
    whole = PopulationCost.of(country, programme, held, population, weight)
    found: list[CostedCaseload] = []
    reasons = []
    for one in stated:
        found.append(_stated(programme, one, held, whole))
    if _paid_per(programme, held[0]) not in ("event", ""):
        for outcome in _published(programme, days[-1]):
            cost, why = _of_outcome(programme, outcome, held, whole)
            found += [cost] if cost else []
            reasons += [] if cost else [why]
    if isinstance(whole, PopulationCost):
        found.append(_of_population(programme, whole))
    if found:
        return found, ""
    reasons = [*reasons, whole] if isinstance(whole, str) else reasons
    return [], "no count found: " + "; ".join(dict.fromkeys(filter(None, reasons)))


def _paid_per(programme: Programme, day: dt.date) -> str:
    """Return what the benefit rules of a day pay per; empty where only insurance pays."""
    rules = [one for one in rules_held(programme, day) if isinstance(one, BenefitRule)]
    return rules[0].per if rules else ""


def _obstacle(programme: Programme, held: Sequence[dt.date]) -> str:
    if not programme.operating:
        return "defined, not operating"
    if not programme.rules and not programme.insurance:
        return "no rate per person or household found"
    if not held:
        return "not paid in this period"
    rules = {rule for day in held for rule in rules_held(programme, day)}
    empty = sorted(
        rule.label if isinstance(rule, BenefitRule) else rule.name
        for rule in rules
        if (rule.amount if isinstance(rule, BenefitRule) else rule.share) is None
    )
    return f"amount not found: {', '.join(empty).replace('_', ' ')}" if empty else ""


def _published(programme: Programme, end: dt.date) -> Iterator[Outcome]:
    """Yield published counts near the period, what was paid before what was planned, latest first."""
    counted = [o for o in programme.outcomes if (o.households or o.people) and o.date <= end + AFTER]
    if not counted:
        return
    latest = max(counted, key=lambda o: (not o.planned, o.date)).date
    near = [one for one in counted if abs(latest - one.date) <= NEAR]
    yield from sorted(near, key=lambda o: (o.planned, -o.date.toordinal()))


def _of_outcome(
    programme: Programme, outcome: Outcome, held: Sequence[dt.date], whole: PopulationCost | str
) -> tuple[CostedCaseload | None, str]:
    counts = {"households": outcome.households, "members": outcome.people, **outcome.categories}
    counts = {name: value for name, value in counts.items() if value is not None}
    needed = columns_paid(programme, held)
    if outcome.people and not outcome.households and len(needed) == 1 and needed[0] not in counts:
        counts = {needed[0]: outcome.people}
    size, unit = (outcome.households, "households") if outcome.households else (outcome.people, "people")
    said = {
        "basis": "planned" if outcome.planned else "published",
        "label": f"{size:,} {unit}",
        "count": float(size or 0),
        "unit": unit,
        "date": str(outcome.date),
        "source": outcome.source,
        "status": outcome.status,
        "note": outcome.note,
    }
    if _simple(programme, held) and set(needed) <= set(counts):
        total, components = _by_rules(programme, counts, held, None)
        return CostedCaseload(programme.id, transfers=total, how="rules", components=components, **said), ""
    if isinstance(whole, PopulationCost):
        # People paid as members of households are their members; only then is nobody counted twice.
        paid = ["members"] if {"households", "members"} & set(needed) else needed
        base = whole.households if outcome.households else whole.people(paid)
        if base:
            return CostedCaseload(
                programme.id, transfers=whole.transfers * size / base, how="scaled", **said
            ), ""
    return None, f"{outcome.date} gives {size:,} {unit}, and the rules need {', '.join(needed)} or areas"


def _stated(
    programme: Programme, one: StatedCaseload, held: Sequence[dt.date], whole: PopulationCost | str
) -> CostedCaseload:
    needed = columns_paid(programme, held)
    size, unit = _size(one, needed, programme)
    said = {
        "basis": "stated", "label": one.label, "count": size, "unit": unit,
        "date": one.date, "source": one.source, "status": one.status, "note": one.note,
    }  # fmt: skip
    events = [name for name in needed if name in _events(programme)]
    enough = set(needed) - set(events) <= set(one.counts) and set(needed) & set(one.counts)
    if _simple(programme, held) and enough:
        counts = {**dict.fromkeys(events, 0), **one.counts}
        if unknown := sorted(set(counts) - set(needed) - {"households", "members"}):
            allowed = f"what the rules pay for: {', '.join(needed)}"
            raise InputError(Problem(f"caseload of {programme.id}", "counts", unknown[0], allowed))
        total, components = _by_rules(programme, counts, held, one.periods)
        return CostedCaseload(programme.id, transfers=total, how="rules", components=components, **said)
    if not isinstance(whole, PopulationCost) or len(one.counts) != 1:
        allowed = f"counts of {', '.join(needed)}" if _simple(programme, held) else (
            "one count, and a population to scale to it: the rules depend on area, level or wage"
        )  # fmt: skip
        raise InputError(Problem(f"caseload of {programme.id}", "counts", dict(one.counts), allowed))
    ((name, value),) = one.counts.items()
    base = whole.households if name == "households" else whole.people([name])
    if not base:
        allowed = f"a column of the population that is not 0 ({', '.join(needed)})"
        raise InputError(Problem(f"caseload of {programme.id}", "counts", name, allowed))
    return CostedCaseload(programme.id, transfers=whole.transfers * value / base, how="scaled", **said)


def _size(one: StatedCaseload, needed: Sequence[str], programme: Programme) -> tuple[float, str]:
    """Return households or people of a stated caseload; missing for events alone."""
    if one.beneficiaries is not None:
        return float(one.beneficiaries), one.unit
    if "households" in one.counts:
        return float(one.counts["households"]), "households"
    if "members" in one.counts:
        return float(one.counts["members"]), "people"
    people = [value for name, value in one.counts.items() if name not in _events(programme)]
    return (float(sum(people)), "people") if people else (float("nan"), "")


def _events(programme: Programme) -> set[str]:
    """Return what happens rather than lives in a household: births, visits, meals."""
    return {rule.column for rule in programme.rules if rule.unit == "event"}


def _simple(programme: Programme, held: Sequence[dt.date]) -> bool:
    """Return whether counts alone are enough: no area, level or wage in the rules."""
    rules = {rule for day in held for rule in rules_held(programme, day)}
    return all(
        isinstance(rule, BenefitRule) and rule.area is None and rule.card_level is None for rule in rules
    )


def _by_rules(
    programme: Programme, counts: Mapping[str, float], held: Sequence[dt.date], periods: int | None
) -> tuple[float, pd.DataFrame]:
    first = programme.rules_on(held[0])[0]
    table = pd.DataFrame([{name: int(value) for name, value in counts.items()}])
    if first.per == "event":
        return _of_events(programme, table, held)
    if first.per == "payment":
        costs = [programme.cost(table, on=held[0], payments=periods)]
    elif periods or first.periods:
        months = periods or min(first.periods or len(held), len(held))
        costs = [programme.cost(table, on=held[0], months=months)]
    else:
        costs = [programme.cost(table, on=run[0], months=len(run)) for run in _runs(held)]
    parts = [one.to_frame() for one in costs]
    components = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
    return float(sum(one.total for one in costs)), components


def _of_events(
    programme: Programme, table: pd.DataFrame, held: Sequence[dt.date]
) -> tuple[float, pd.DataFrame]:
    """Return the cost of the period's events: where amounts change, events are spread evenly over months."""
    sets: dict[tuple, list[dt.date]] = {}
    for day in held:
        sets.setdefault(programme.rules_on(day), []).append(day)
    if len(sets) == 1:
        cost = programme.cost(table, on=held[0])
        return float(cost.total), cost.to_frame()
    parts = []
    for days in sets.values():
        share, part = len(days) / len(held), programme.cost(table, on=days[0]).to_frame()
        parts.append(part.assign(count=part["count"] * share, total=part["total"] * share))
    components = pd.concat(parts, ignore_index=True)
    return float(components["total"].sum()), components


def _runs(held: Sequence[dt.date]) -> list[list[dt.date]]:
    """Return months that follow each other together: rules of a season leave gaps."""
    runs: list[list[dt.date]] = []
    for day in held:
        if runs and (day.year - runs[-1][-1].year) * 12 + day.month - runs[-1][-1].month == 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _of_population(programme: Programme, whole: PopulationCost) -> CostedCaseload:
    """Return a population as a caseload."""
    when = "in the whole period" if whole.by_event else "in a month, on average, and paid in every one"
    if whole.package:
        when = f"in a month, on average, and paid for {whole.package} month{'s' * (whole.package > 1)} in all"
    size, unit = (whole.persons, "people") if whole.persons else (whole.households, "households")
    return CostedCaseload(
        programme.id,
        "population",
        f"{size:,.0f} {unit} of the made-up population",
        size,
        unit,
        whole.transfers,
        "rules",
        source="Made-up population of households",
        note=f"{unit} entitled {when}; everybody entitled takes part",
    )
