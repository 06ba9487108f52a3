"""The tables of the registry report; `registry_view.py` puts them on the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from aspfin.registry.duplicates import HOUSEHOLD, TOTAL
from aspfin.reporting import registry_words as words
from aspfin.reporting import style, tables

if TYPE_CHECKING:
    from aspfin.reporting.registry import RegistryAnalysis
    from aspfin.reporting.tables import Html

__all__ = [
    "ageing",
    "ages",
    "assumed",
    "contradictions",
    "first",
    "joined",
    "nowhere",
    "offices",
    "readiness",
    "shared",
    "twice",
]

MOST_FIXES = 12
MOST_LISTS = 7  # columns of a table, beside the heading of its rows
CORE = {
    "identifier": "national number", "name": "name", "sex": "sex", "birth_date": "birthday to the day",
    "address": "village", "group_identifier": "household number", "group_head_info": "head of household",
    "relationship_head": "relation to the head", "registration_date": "day of registration",
    "benefit_value": "amount paid", "programme_identifier": "programme",
}  # fmt: skip


def hidden(a: RegistryAnalysis, frame: pd.DataFrame) -> list[str]:
    """Return the note that tells why cells are empty, where some are hidden."""
    minimum = a.parameters.disclosure.minimum_cell
    return [f"Counts of fewer than {minimum} are not shown (–)."] if frame.isna().any(axis=None) else []


def _count(value: Any) -> str | None:
    return style.count(float(value)) if words.known(value) else None


def _share(value: Any) -> str | None:
    return words.share(value) if words.known(value) else None


def _interval(low: Any, high: Any, write: Any = words.whole) -> str | None:
    if not (words.known(low) and words.known(high)):
        return None
    one, other = write(float(low)), write(float(high))
    return one if one == other else f"{one} to {other}"


def _text(frame: pd.DataFrame, but: Sequence[str]) -> dict[str, Any]:
    return {str(name): str for name in frame if name not in but}


def _grid(a: RegistryAnalysis, cell: dict[tuple[str, str], str | None], first: str) -> pd.DataFrame:
    names = list(a.names)
    rows = [
        {
            "list": words.capital(a.names[one]),
            **{other: cell.get((one, other)) for other in names[:MOST_LISTS]},
        }
        for one in names
    ]
    return pd.DataFrame(rows).rename(columns={"list": first})


def joined(a: RegistryAnalysis) -> Html:
    """Return the index of every two lists."""
    cell: dict[tuple[str, str], str | None] = {}
    for row in a.by_pair.rename(columns={"index": "value"}).itertuples():
        text = f"{row.value:.0f}" if words.known(row.value) else None
        cell[row.list_id, row.other] = cell[row.other, row.list_id] = text
    shown = _grid(a, cell, "List")
    heads = {name: words.capital(a.names[name]) for name in shown.columns[1:]}
    return tables.table(
        shown,
        caption="Index of every two lists, 0 (joined and alike) to 100",
        headers=heads,
        formats=_text(shown, ["List"]),
        notes=[
            "Empty where the two hold nobody, or too few people, in common.",
        ],
    )


def contradictions(a: RegistryAnalysis) -> Html:
    """Return how often two records of one person disagree, by what they disagree on."""
    from aspfin.registry.fragmentation import ATTRIBUTES

    all_lists = a.inconsistencies[a.inconsistencies["list_id"] == "all"]
    shown = pd.DataFrame(
        {
            "what": [words.capital(ATTRIBUTES[name]) for name in all_lists["attribute"]],
            "compared": [_count(value) for value in all_lists["compared"]],
            "differ": [_count(value) for value in all_lists["differ"]],
            "share": [_share(value) for value in all_lists["share"]],
        }
    )
    return tables.table(
        shown,
        caption="What two lists say of one person",
        headers={"what": "", "compared": "Both have it", "differ": "They differ", "share": "Share"},
        units={"compared": "pairs", "differ": "pairs"},
        formats=_text(shown, ["what"]),
        notes=["A village that differs may be a move that one list has not heard of.", *hidden(a, shown)],
    )


def shared(a: RegistryAnalysis) -> Html:
    """Return for every two lists the share of the first that is on the second."""
    cell = {
        (row.list_id, row.other): f"{100 * row.share:.0f} %" if words.known(row.share) else None
        for row in a.pairs.itertuples()
    }
    shown = _grid(a, cell, "Of those on")
    heads = {name: words.capital(a.names[name]) for name in shown.columns[1:]}
    return tables.table(
        shown,
        caption=f"Share of the {words.units(a)} of one list that are on another",
        headers=heads,
        formats=_text(shown, ["Of those on"]),
        notes=["Read along a row. Empty: the list itself, or too few."],
    )


def twice(a: RegistryAnalysis) -> Html:
    """Return surplus records and their money by list."""
    rows = []
    for row in a.duplicates.itertuples():
        name = "All lists" if row.list_id == TOTAL else words.capital(a.names[row.list_id])
        rows.append(
            {
                "list": f"{name}: second payee" if row.kind == HOUSEHOLD else name,
                "listed": row.listed,
                "records": words.whole(row.records) if words.known(row.records) else None,
                "between": _interval(row.records_low, row.records_high) if row.kind != HOUSEHOLD else None,
                "amount": style.riel(row.amount).removesuffix(" riel") if words.known(row.amount) else None,
                "money": style.rng(row.amount_low, row.amount_high, 3)
                if words.known(row.amount) and row.kind != HOUSEHOLD
                else None,
                "paid": _share(row.amount / row.paid) if words.known(row.amount) and row.paid else None,
            }
        )
    order = {name: place for place, name in enumerate([*map(words.capital, a.names.values()), "All lists"])}
    rows.sort(key=lambda row: (order[row["list"].removesuffix(": second payee")], row["list"]))
    shown = pd.DataFrame(rows)
    return tables.table(
        shown,
        caption="Records that repeat a person of the same list, and second payees of a household",
        headers={"list": "List", "listed": "Records", "records": "Surplus", "between": "95 % of draws",
                 "amount": "Money on them", "money": "95 % of draws", "paid": "Of what was paid"},
        units={"amount": "riel", "money": "riel"},
        formats=_text(shown, ["list", "listed"]),
        notes=["Money is missing, not zero, where a list holds no amounts. Second payees are counted by "
               "household "
               "number, without a range."],
    )  # fmt: skip


def nowhere(a: RegistryAnalysis) -> Html:
    """Return who should be on a list and is not, and who is on neither of two."""
    rows = [
        {
            "who": f"{words.capital(row.who)} (on {a.names[row.because_on]})",
            "where": f"not on: {a.names[row.list_id]}",
            "of": _count(row.units),
            "missing": words.people(a, row.missing),
            "between": None,
            "share": _share(row.share),
        }
        for row in a.rights.itertuples()
    ]
    rows += [
        {
            "who": words.capital(row.who),
            "where": f"on neither: {a.names[row.first]}, {a.names[row.second]}",
            "of": _count(row.listed + row.estimate) if words.known(row.estimate) else None,
            "missing": words.people(a, row.estimate),
            "between": _interval(row.ci_low, row.ci_high),
            "share": _share(row.share),
        }
        for row in a.missed.itertuples()
    ]
    if not rows:
        return tables.paragraphs()
    shown = pd.DataFrame(rows)
    counted = f"Lists against lists are counted in {words.units(a)}; who is on neither, in people."
    return tables.table(
        shown,
        caption="Not on the lists",
        headers={"who": "Who", "where": "Where", "of": "Of", "missing": "Missing", "between": "95 % range",
                 "share": "Share"},
        formats=_text(shown, ["who", "where"]),
        notes=[counted],
    )  # fmt: skip


def first(a: RegistryAnalysis) -> Html:
    """Return what to fix first, all lists together."""
    found = words.priorities(a)
    if found.empty:
        return tables.paragraphs("Nothing needs to be fixed.")
    shown = found.head(MOST_FIXES)
    money = [style.riel(value).removesuffix(" riel") if value > 0 else None for value in shown["amount"]]
    left = len(found) - len(shown)
    return tables.table(
        shown[["what", "lists", "rows", "to_do", "who"]].assign(amount=money),
        caption="What to fix first",
        headers={"what": "What", "lists": "Lists", "rows": "Rows", "to_do": "To do", "who": "Where",
                 "amount": "Paid on them"},
        units={"amount": "riel"},
        formats={"rows": ",.0f", "amount": str},
        notes=["In this order: money or people mixed up, the most money first; then who it is; then what is "
               "old. Lists with fewer than "
               f"{a.parameters.disclosure.minimum_cell} such rows are not counted. "
               "A row can be of several kinds.",
               *([f"{left} more kinds of problem are in tables/what_to_fix_first.csv."] if left > 0 else [])],
    )  # fmt: skip


def offices(a: RegistryAnalysis) -> Html:
    """Return the lowest and highest scores of offices for each list."""
    rows, places = [], _places(a)
    for name in a.names:
        own = a.offices[(a.offices["list_id"] == name) & a.offices["score"].notna()]
        own = own[own["office"] != "(none)"].sort_values(["score", "office"])
        if own.empty:
            continue
        low, high = own.iloc[0], own.iloc[-1]
        rows.append(
            {
                "list": words.capital(a.names[name]),
                "offices": len(own),
                "low": f"{places.get(low.office, low.office)} ({low.score:.0f})",
                "high": f"{places.get(high.office, high.office)} ({high.score:.0f})",
            }
        )
    if not rows:
        return tables.paragraphs()
    office = words.column(a.parameters.quality.office)
    return tables.table(
        pd.DataFrame(rows),
        caption=f"Scores by reporting office ({office})",
        headers={"list": "List", "offices": "Offices", "low": "Lowest", "high": "Highest"},
        notes=[
            "All offices: tables/offices.csv. Differences of a point or two between small offices are chance."
        ],
    )


def _places(a: RegistryAnalysis) -> dict[str, str]:
    """Return names of provinces by P-code, where offices are provinces."""
    if a.parameters.quality.office != "province":
        return {}
    from aspfin.programmes import load_country

    # The vocabulary's provinces are Cambodia's (KH01 to KH25).
    provinces = load_country("KHM").provinces
    return dict(zip(provinces["pcode"], provinces["name_en"], strict=True))


def ageing(a: RegistryAnalysis) -> Html:
    """Return what four ways of keeping a list come to."""
    shown = pd.DataFrame(
        {
            "way": [words.capital(way) for way in a.ways["way"]],
            "mean": [_share(value) for value in a.ways["mean_exclusion"]],
            "between": [
                f"{low.removesuffix(' %')} to {high}" if low and high else None
                for low, high in zip(
                    map(_share, a.ways["mean_low"]), map(_share, a.ways["mean_high"]), strict=True
                )
            ],
            "worst": [_share(value) for value in a.ways["worst_exclusion"]],
            "wrongly": [_share(value) for value in a.ways["mean_inclusion"]],
        }
    )
    months = a.parameters.ageing.round_months
    return tables.table(
        shown,
        caption=f"Four ways of keeping a list, over {2 * months} months",
        headers={"way": "Updated", "mean": "Left out on average", "between": "Range of the rates",
                 "worst": "Left out at worst", "wrongly": "Listed without a right"},
        formats=_text(shown, ["way"]),
    )  # fmt: skip


def ages(a: RegistryAnalysis) -> Html:
    """Return how old the records of each list are."""
    shown = pd.DataFrame(
        {
            "list": [words.capital(a.names[name]) for name in a.ages["list_id"]],
            "months": a.ages["months"].round(),
            "old": [_share(value) for value in a.ages["share_older_than_round"]],
        }
    )
    months = a.parameters.ageing.round_months
    return tables.table(
        shown,
        caption="How old the lists are",
        headers={"list": "List", "months": "Median age", "old": f"Older than {months} months"},
        units={"months": "months", "old": "of records"},
        formats={"months": ".0f", "old": str},
        notes=["Age: since the last update of the record, or its registration."],
    )


def assumed(a: RegistryAnalysis) -> Html:
    """Return assumptions and conventions, folded."""
    notes = [words.capital(note) for note in a.notes]
    lines = "".join(f"<li>{tables.paragraphs(note).html[3:-4]}</li>" for note in notes)
    html = f'<details class="method"><summary>Assumptions and conventions</summary><ul>{lines}</ul></details>'
    return tables.Html(html, "\n".join(notes))


def readiness(a: RegistryAnalysis) -> Html:
    """Return how full the core fields of the exchange standard are, by list."""
    core = a.readiness[a.readiness["core"] & a.readiness["registry"].isin(["social", "beneficiary"])].copy()
    core["name"] = core["field"].str.rsplit(".", n=1).str[-1].str.removesuffix("[]")
    grid = core.pivot_table(values="filled", index="name", columns="list_id", aggfunc="max")
    names = list(a.names)[:MOST_LISTS]
    rows = [
        {"field": words.capital(text), **{one: _share(grid.loc[name, one]) for one in names}}
        for name, text in CORE.items()
        if name in grid.index
    ]
    best = a.ready[a.ready["registry"] != "disability"].groupby("list_id")["score"].max()
    rows.append({"field": "Mean over the best registry", **{one: f"{best[one]:.0f} %" for one in names}})
    shown = pd.DataFrame(rows)
    return tables.table(
        shown,
        caption="Records in which a core field of the exchange standard is filled",
        headers={"field": "Field", **{one: words.capital(a.names[one]) for one in names}},
        formats=_text(shown, ["field"]),
        notes=["0 %: the list does not hold it. All fields: tables/exchange_readiness.csv."],
        total=True,
    )
