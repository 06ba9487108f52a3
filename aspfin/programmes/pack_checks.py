"""Comparing the files of a pack with each other: references, duplicates, overlaps, sums."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import product

from aspfin.programmes.catalogue import Outcome, Programme
from aspfin.programmes.pack import Pack, field_path
from aspfin.programmes.pack_schema import Amount, ProgrammeEntry, Schedule
from aspfin.programmes.rules import BenefitRule
from aspfin.results import Problem

__all__ = ["build_programme", "check_pack"]

CLAIMED = ("verified", "press")  # a status that needs a source
Place = tuple[str | int, ...]  # a path into a YAML file


def check_pack(pack: Pack) -> list[Problem]:
    """Return the problems that only show when the files are compared; parts that failed alone are skipped."""
    checks = (_sources_exist, _provinces_agree, _events_agree, _footprints_agree, _programmes_agree)
    return [problem for check in checks for problem in check(pack)]


def _cited(pack: Pack) -> Iterator[tuple[str, str, str]]:
    """Yield (file and line, field, source id) for every source named anywhere."""
    if pack.country is not None:
        tree, country = pack.trees["country.yaml"], pack.country
        traced: list[tuple[Place, str]] = [(("exchange_rates",), country.exchange_rates.source)]
        traced += [
            (("province_columns", key), column.source) for key, column in country.province_columns.items()
        ]
        traced += [(("facts", key), fact.source) for key, fact in country.facts.items()]
        yield from ((tree.place((*path, "source")), field_path((*path, "source")), s) for path, s in traced)
    if pack.programmes is not None:
        tree = pack.trees["programmes.yaml"]
        for path, source in _cited_by_programmes(pack.programmes.programmes):
            path = path if path[-2] == "sources" else (*path, "source")
            yield tree.place(path), field_path(path), source
    for name, rows in (("events.csv", pack.events), ("footprints.csv", pack.footprints)):
        yield from ((f"{name}, line {line}", "source", row.source) for line, row in rows or [])


def _cited_by_programmes(programmes: list[ProgrammeEntry]) -> Iterator[tuple[Place, str]]:
    for p, programme in enumerate(programmes):
        for n, source in enumerate(programme.sources):
            yield ("programmes", p, "sources", n), source
        for s, schedule in enumerate(programme.schedules):
            yield ("programmes", p, "schedules", s), schedule.source
            for a, amount in enumerate(schedule.amounts):
                yield ("programmes", p, "schedules", s, "amounts", a), amount.source or ""
        for o, outcome in enumerate(programme.outcomes):
            yield ("programmes", p, "outcomes", o), outcome.source


def _sources_exist(pack: Pack) -> Iterator[Problem]:
    if pack.sources is None:
        return
    for place, field, source in _cited(pack):
        if source and source not in pack.sources:
            yield Problem(place, field, source, "a key of sources.yaml")


def _provinces_agree(pack: Pack) -> Iterator[Problem]:
    if pack.provinces is None:
        return
    seen: dict[tuple[str, object], int] = {}
    for row in pack.provinces.to_dict("records"):
        place = f"provinces.csv, line {row['line']}"
        tile = (row["tile_row"], row["tile_col"])
        for field, value in (("pcode", row["pcode"]), ("name_en", row["name_en"]), ("tile_row", tile)):
            if (field, value) in seen:
                shown = f"row {tile[0]:g}, column {tile[1]:g}" if field == "tile_row" else value
                allowed = f"a value of its own (line {seen[field, value]} has it)"
                yield Problem(place, "tile_row, tile_col" if field == "tile_row" else field, shown, allowed)
            seen.setdefault((field, value), row["line"])
        poor = sum(row.get(f"idpoor{level}_households", 0) for level in (1, 2))
        if poor > row.get("households_register_2022", float("inf")):
            allowed = "at least the households of IDPoor 1 and 2"
            yield Problem(place, "households_register_2022", row["households_register_2022"], allowed)


def _events_agree(pack: Pack) -> Iterator[Problem]:
    first: dict[str, tuple[int, tuple]] = {}
    figures: dict[tuple, int] = {}
    for line, row in pack.events or []:
        place = f"events.csv, line {line}"
        same = (row.name, row.year, row.hazard)
        earlier, expected = first.setdefault(row.event_id, (line, same))
        for field, value, wanted in zip(("name", "year", "hazard"), same, expected, strict=True):
            if value != wanted:
                yield Problem(place, field, value, f"{wanted!r}, as for {row.event_id} on line {earlier}")
        if row.use and row.households is None and row.people is None:
            yield Problem(place, "use", True, "false where neither households nor people are given")
        if row.use and row.stage in ("early", "response"):
            yield Problem(place, "use", True, f"false for a figure of stage {row.stage}")
        figure = (row.event_id, row.as_of, row.source, row.households, row.people, row.deaths, row.damage_usd)
        if figure in figures:
            yield Problem(
                place, "row", row.event_id, f"each figure once (line {figures[figure]} is the same)"
            )
        figures.setdefault(figure, line)


def _footprints_agree(pack: Pack) -> Iterator[Problem]:
    if pack.footprints is None or pack.events is None or pack.provinces is None:
        return
    events = {row.event_id for _, row in pack.events}
    pcodes = set(pack.provinces["pcode"])
    totals = {
        e: max((r.households or 0 for _, r in pack.events if r.event_id == e), default=0) for e in events
    }
    sums: dict[tuple, float] = {}
    seen: dict[tuple, int] = {}
    for line, row in pack.footprints:
        place = f"footprints.csv, line {line}"
        if row.event_id not in events:
            yield Problem(place, "event_id", row.event_id, "an event_id of events.csv")
        if row.pcode not in pcodes:
            yield Problem(place, "pcode", row.pcode, "a pcode of provinces.csv")
        report = (row.event_id, row.as_of, row.source)
        if (*report, row.pcode) in seen:
            allowed = f"each province once per report (line {seen[*report, row.pcode]} is the same)"
            yield Problem(place, "pcode", row.pcode, allowed)
        seen.setdefault((*report, row.pcode), line)
        sums[report] = sums.get(report, 0.0) + (row.households or 0.0)
        total = totals.get(row.event_id, 0.0)
        if 0 < total < sums[report] and sums[report] - (row.households or 0.0) <= total:
            allowed = f"provinces of one report that sum to at most {total:,.0f}, the highest national figure"
            yield Problem(place, "households", row.households, allowed)


def build_programme(entry: ProgrammeEntry) -> Programme:
    """Return the programme of an entry, its amounts multiplied out into benefit rules."""
    texts = ("id", "name", "pillar", "agency", "channel", "payment_cycle", "currency")
    fields = {name: getattr(entry, name) for name in (*texts, "eligibility", "legal_basis", "note", "status")}
    rules = tuple(
        rule
        for schedule in entry.schedules
        for amount in schedule.amounts
        for rule in _rules(schedule, amount, entry.currency)
    )
    outcomes = tuple(
        Outcome(**{**outcome.model_dump(), "currency": outcome.currency or ""}) for outcome in entry.outcomes
    )
    return Programme(**fields, sources=tuple(entry.sources), rules=rules, outcomes=outcomes)


def _rules(schedule: Schedule, amount: Amount, currency: str) -> Iterator[BenefitRule]:
    combinations = product(amount.category or [None], amount.area or [None], amount.card_level or [None])
    for category, area, level in combinations:
        yield BenefitRule(
            valid_from=schedule.valid_from,
            valid_to=schedule.valid_to,
            unit=amount.unit,
            category=category,
            area=area,
            card_level=level,
            amount=amount.amount,
            per=schedule.per,
            periods=schedule.months or schedule.payments,
            currency=currency,
            source=amount.source if amount.source is not None else schedule.source,
            status=amount.status or schedule.status,
            note=amount.note or schedule.note,
        )


def _overlap(one: BenefitRule, other: BenefitRule) -> bool:
    """Return whether two rules pay the same household, member, category or event on the same day."""
    latest = max(one.valid_from, other.valid_from)
    earliest = min(one.valid_to or dt.date.max, other.valid_to or dt.date.max)
    places = one.area is None or other.area is None or one.area == other.area
    levels = one.card_level is None or other.card_level is None or one.card_level == other.card_level
    return one.column == other.column and places and levels and latest <= earliest


def _programmes_agree(pack: Pack) -> Iterator[Problem]:
    if pack.programmes is None:
        return
    tree, seen = pack.trees["programmes.yaml"], set()
    for p, entry in enumerate(pack.programmes.programmes):
        if entry.id in seen:
            path: Place = ("programmes", p, "id")
            yield Problem(tree.place(path), field_path(path), entry.id, "an id of its own")
        seen.add(entry.id)
        placed: list[tuple[Place, BenefitRule]] = []
        for s, schedule in enumerate(entry.schedules):
            clashes: list[Problem] = []
            yield from _schedule_source(pack, ("programmes", p, "schedules", s), schedule)
            for a, amount in enumerate(schedule.amounts):
                path = ("programmes", p, "schedules", s, "amounts", a)
                for field, value, allowed in _amount_complaints(pack, schedule, amount):
                    yield Problem(tree.place((*path, field)), field_path((*path, field)), value, allowed)
                for rule in _rules(schedule, amount, entry.currency):
                    clashes.extend(_clashes(pack, path, rule, placed))
                    placed.append((path, rule))
            yield from clashes[:1]  # one mistaken date would make every amount clash


def _schedule_source(pack: Pack, path: Place, schedule: Schedule) -> Iterator[Problem]:
    """Ask for the source of a schedule where some amount relies on it."""
    relying = any(amount.status is None and amount.source is None for amount in schedule.amounts)
    if relying and schedule.status in CLAIMED and not schedule.source:
        tree, path = pack.trees["programmes.yaml"], (*path, "source")
        allowed = f"a key of sources.yaml: the status is {schedule.status}"
        yield Problem(tree.place(path), field_path(path), None, allowed)


def _amount_complaints(pack: Pack, schedule: Schedule, amount: Amount) -> Iterator[tuple[str, object, str]]:
    status = amount.status or schedule.status
    own = amount.source is not None or (amount.status is not None and not schedule.source)
    if amount.amount is None and status != "unverified":
        yield "amount", None, "an amount; only an unverified one may be empty"
    if own and status in CLAIMED and not amount.source:
        yield "source", amount.source, f"a key of sources.yaml: the status is {status}"
    for area in amount.area or []:
        if pack.country is not None and area not in pack.country.areas:
            yield "area", area, " | ".join(pack.country.areas) or "none: country.yaml lists no areas"


def _clashes(
    pack: Pack, path: Place, rule: BenefitRule, placed: list[tuple[Place, BenefitRule]]
) -> Iterator[Problem]:
    tree = pack.trees["programmes.yaml"]
    for other_path, other in placed:
        if _overlap(rule, other):
            allowed = f"one rule at a time: {field_path(other_path)} pays the same from {other.valid_from}"
            yield Problem(tree.place(path), field_path(path), rule.label, allowed)
            return
        both = max(rule.valid_from, other.valid_from) <= min(
            rule.valid_to or dt.date.max, other.valid_to or dt.date.max
        )
        if both and (rule.per, rule.periods) != (other.per, other.periods):
            allowed = f"per {other.per} and the same number of periods, as in {field_path(other_path)}"
            yield Problem(tree.place(path), field_path(path), f"per {rule.per}", allowed)
            return
