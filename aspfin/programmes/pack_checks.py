"""Comparing the files of a pack with each other: references, duplicates, overlaps, sums."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from aspfin.programmes.pack import Pack, field_path, named_path
from aspfin.programmes.pack_build import rules_of
from aspfin.programmes.programme_schema import Amount, ProgrammeEntry, Schedule
from aspfin.programmes.rules import VOCABULARY, BenefitRule
from aspfin.results import Problem

__all__ = ["check_pack"]

CLAIMED = ("verified", "press")  # a status that needs a source
Place = tuple[str | int, ...]  # a path into a YAML file


def check_pack(pack: Pack) -> list[Problem]:
    """Return the problems that only show when the files are compared; parts that failed alone are skipped."""
    checks = (
        _sources_exist,
        _provinces_agree,
        _events_agree,
        _footprints_agree,
        _programmes_agree,
        _words_known,
        _references_agree,
    )
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
        for part in ("contributions", "insurance", "outcomes", "budgets"):
            for n, entry in enumerate(getattr(programme, part)):
                yield ("programmes", p, part, n), entry.source


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
                for rule in rules_of(schedule, amount, entry.currency):
                    clashes.extend(_clashes(pack, path, rule, placed))
                    placed.append((path, rule))
            yield from clashes[:1]  # one mistaken date would make every amount clash
        yield from _insurance_agrees(pack, p, entry)


def _insurance_agrees(pack: Pack, p: int, entry: ProgrammeEntry) -> Iterator[Problem]:
    """Ask for one period per programme, and one rule of contribution and one benefit of a name at a time."""
    tree = pack.trees["programmes.yaml"]
    for part in ("insurance", "contributions"):
        found = getattr(entry, part)
        for n, one in enumerate(found):
            path: Place = ("programmes", p, part, n)
            for m, other in enumerate(found[:n]):
                same = part == "contributions" or one.name == other.name
                if same and _together(one, other):
                    allowed = f"one rule at a time: {field_path(('programmes', p, part, m))} holds as well"
                    yield Problem(tree.place(path), field_path(path), str(one.valid_from), allowed)
    for n, one in enumerate(entry.insurance):
        pers = {schedule.per for schedule in entry.schedules if _together(one, schedule)}
        pers |= {other.per for other in entry.insurance if _together(one, other)}
        if len(pers | {one.per}) > 1:
            path = ("programmes", p, "insurance", n, "per")
            allowed = "one period for all that a programme pays on a day"
            yield Problem(tree.place(path), field_path(path), one.per, allowed)


def _together(one: Any, other: Any) -> bool:
    """Return whether two dated entries hold on some same day."""
    latest = max(one.valid_from, other.valid_from)
    return latest <= min(one.valid_to or dt.date.max, other.valid_to or dt.date.max)


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


def _words_known(pack: Pack) -> Iterator[Problem]:
    """Compare categories and columns with the vocabulary and the categories that the pack declares."""
    if pack.programmes is None:
        return
    tree = pack.trees["programmes.yaml"]
    known = [*VOCABULARY, *pack.programmes.categories]
    for p, entry in enumerate(pack.programmes.programmes):
        for path, word in _words_used(("programmes", p), entry):
            if word not in known:
                close = get_close_matches(word, known, n=1)
                allowed = f"did you mean {close[0]}? " if close else ""
                allowed += "a column of the household frame, or a category declared under categories"
                yield Problem(tree.place(path), field_path(named_path(tree.data, path)), word, allowed)


def _words_used(start: Place, entry: ProgrammeEntry) -> Iterator[tuple[Place, str]]:
    for s, schedule in enumerate(entry.schedules):
        for a, amount in enumerate(schedule.amounts):
            place = (*start, "schedules", s, "amounts", a)
            yield from (((*place, "category"), word) for word in amount.category or [])
            if amount.expected:
                yield (*place, "expected", "of"), amount.expected.of
    for e, alternative in enumerate(entry.eligible):
        yield from (((*start, "eligible", e, column), column) for column in alternative)
    for n, benefit in enumerate(entry.insurance):
        yield (*start, "insurance", n, "count"), benefit.count
    for o, outcome in enumerate(entry.outcomes):
        yield from (((*start, "outcomes", o, "categories", word), word) for word in outcome.categories)


def _references_agree(pack: Pack) -> Iterator[Problem]:
    """Check that programmes named by others exist, and that no chain of them comes back to its start."""
    if pack.programmes is None:
        return
    tree = pack.trees["programmes.yaml"]
    entries = pack.programmes.programmes
    ids = [entry.id for entry in entries]
    for field in ("part_of", "replaces", "tops_up"):
        links: dict[str, list[str]] = {}
        for p, entry in enumerate(entries):
            path: Place = ("programmes", p, field)
            named = getattr(entry, field) or []
            named = [named] if isinstance(named, str) else named
            links[entry.id] = named
            for other in named:
                if other not in ids:
                    allowed = "an id of another programme: " + ", ".join(ids)
                    yield Problem(tree.place(path), field_path(path), other, allowed)
        for p, entry in enumerate(entries):
            chain = _cycle(links, entry.id)
            if chain and entry.id == min(chain):  # told once per cycle
                path = ("programmes", p, field)
                found = " → ".join([*chain, chain[0]])
                yield Problem(tree.place(path), field_path(path), found, "programmes without a cycle")


def _cycle(links: dict[str, list[str]], start: str) -> list[str]:
    """Return a chain of programmes from `start` back to it; empty where there is none."""
    stack, seen = [[start]], set()
    while stack:
        chain = stack.pop()
        for following in links.get(chain[-1], []):
            if following == start:
                return chain
            if following not in seen:
                seen.add(following)
                stack.append([*chain, following])
    return []
