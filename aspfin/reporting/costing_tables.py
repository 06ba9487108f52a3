"""The pictures and tables of the costing report; `costing_view.py` puts them on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from aspfin.reporting import costing_words as words
from aspfin.reporting import figures, style, tables

if TYPE_CHECKING:
    from aspfin.reporting.costing import CostingAnalysis
    from aspfin.reporting.figure import Figure
    from aspfin.reporting.tables import Html

__all__ = [
    "components",
    "contributions",
    "costs_chart",
    "counts",
    "missing",
    "programmes",
    "published",
    "tornado",
]

MOST_BARS = 14
ADMINISTRATION = "Administration (assumed)"
BOUNDS = ("more than", "about", "at least", "nearly", "up to")  # notes that speak of the number itself
MOST_ROWS = 40
BASIS = {"stated": "stated in the file", "published": "published", "planned": "planned",
         "population": "made-up population"}  # fmt: skip


def scale(a: CostingAnalysis, largest: float) -> tuple[float, str]:
    """Return the divisor of a column of money, and its unit in words."""
    size, text = next(
        ((size, word) for size, word in ((1e9, "billion "), (1e6, "million ")) if largest >= size), (1.0, "")
    )
    return size, f"{text}{words.currency(a)}"


def _name(programme: str) -> str:
    return words.capital(words.short(programme))


def _source(a: CostingAnalysis) -> str:
    made = "; made-up population" if a.parameters.population else ""
    return f"aspfin; country pack {a.country.iso3}{made}"


def costs_chart(a: CostingAnalysis) -> Figure:
    """Return what each programme costs; for one programme, what its cost is made of."""
    if words.alone(a) and len(a.budget.components):
        return _parts_chart(a)
    lines = a.budget.tax_financed.sort_values("total", ascending=False, kind="stable").head(MOST_BARS)
    frame = pd.DataFrame(
        {
            "group": [_name(one) for one in lines["programme"]],
            "value": lines["total"],
            "low": lines["total_low"],
            "high": lines["total_high"],
        }
    )
    top = lines.iloc[0]
    share = style.percent(top["total"] / a.budget.total())
    return figures.bars_by_group(
        frame,
        title=f"The largest part of what can be costed: {words.short(top['programme'])}, {share}"
        if len(lines) > 1
        else f"{_name(top['programme'])} costs {words.money(a, top['total'])}",
        subtitle=f"Transfers and administration in {words.period(a)}; black lines: from the lowest count and "
        "administration to the highest",
        source=_source(a),
        unit=words.currency(a),
    )


def _parts_chart(a: CostingAnalysis) -> Figure:
    c = a.budget.components
    one = a.budget.costed.iloc[0]
    rows = [(_paid_for(row.component), row.total) for row in c.itertuples()]
    if words.known(one["administration"]):
        rows.append((ADMINISTRATION, one["administration"]))
    frame = pd.DataFrame(rows, columns=["group", "value"])
    top = frame.iloc[frame["value"].argmax()]
    return figures.bars_by_group(
        frame,
        title=f"{style.percent(top['value'] / one['total'])} of the cost is "
        + (
            f"paid for {top['group'][:1].lower()}{top['group'][1:]}"
            if top["group"] != ADMINISTRATION
            else "administration"
        ),
        subtitle=f"What the cost is made of, {words.period(a)}",
        source=_source(a),
        unit=words.currency(a),
    )


PAID_FOR = {
    "household": "Each household", "member": "Each member", "child_0_5": "Each child 0 to 5",
    "disability": "Each person with a disability", "age_60_plus": "Each person aged 60 and over",
    "hiv": "Each person living with HIV",
}  # fmt: skip


def _paid_for(component: str) -> str:
    return PAID_FOR.get(component, f"Each {component.replace('_', ' ')}")


def programmes(a: CostingAnalysis) -> Html:
    """Return every programme with a cost: who is paid, transfers, administration, total, range, each."""
    lines = a.budget.costed.sort_values("total", ascending=False, kind="stable")
    if lines.empty:
        return tables.paragraphs("No programme can be costed.")
    size, unit = scale(a, float(lines["total"].max()))
    frame = pd.DataFrame(
        {
            "name": [_name(one) for one in lines["programme"]],
            "paid": [_written_count(one.caseload, one.unit, one.label) for one in lines.itertuples()],
            "transfers": lines["transfers"] / size,
            "administration": lines["administration"] / size,
            "total": lines["total"] / size,
            "range": [
                style.rng(one.total_low / size, one.total_high / size, 3) for one in lines.itertuples()
            ],
            "each": lines["per_beneficiary"],
        }
    ).reset_index(drop=True)
    places = ",.1f" if float(lines["total"].max()) / size >= 10 else ",.2f"
    insured = [place for place, one in enumerate(lines.itertuples()) if one.pillar == "social_security"]
    note = "Paid from contributions, not from the budget; administration of the fund is not known."
    scaled = {one.programme for one in a.budget.caseloads.itertuples() if one.used and one.how == "scaled"}
    flags = {(place, "name"): note for place in insured}
    flags |= {
        (place, "paid"): "The mix of areas, ages and levels is that of the made-up population."
        for place, one in enumerate(lines["programme"])
        if one in scaled
    }
    return tables.table(
        frame,
        caption=f"What each programme costs, {words.period(a)}",
        headers={"name": "Programme", "paid": "Who is paid", "transfers": "Transfers",
                 "administration": "Administration", "total": "Total", "range": "Range of the total",
                 "each": "Per beneficiary"},
        units={"transfers": unit, "administration": unit, "total": unit, "range": unit,
               "each": words.currency(a)},
        formats={"range": str, "each": style.number,
                 **dict.fromkeys(("transfers", "administration", "total"), places)},
        flags=flags,
    )  # fmt: skip


def _written_count(count: float, unit: str, label: str) -> str:
    return f"{style.count(count)} {unit}" if words.known(count) and unit else label


def _counted(note: str, count: str) -> str:
    """Return a note below a table of counts: "more than" is more than which number.

    Examples
    --------
    >>> _counted("more than; day not known", "260,000 people")
    'More than 260,000 people; day not known.'
    """
    parts = [f"{one} {count}" if one in BOUNDS else one for one in note.rstrip(".").split("; ")]
    return words.capital("; ".join(parts)) + "."


def components(a: CostingAnalysis) -> Html:
    """Return amount times count times periods, row by row."""
    c = a.budget.components.head(MOST_ROWS)
    one = len(set(c["programme"])) == 1
    frame = pd.DataFrame(
        {
            **({} if one else {"programme": [_name(name) for name in c["programme"]]}),
            "component": [_paid_for(name) for name in c["component"]],
            "amount": c["amount"],
            "count": c["count"],
            "periods": c["periods"],
            "total": c["total"],
            "status": c["status"],
        }
    )
    return tables.table(
        frame,
        caption="From rule to cost",
        headers={"component": "Paid for", "amount": "Amount", "count": "Count", "periods": "Times",
                 "total": "Cost", "status": "Amount is", **({} if one else {"programme": "Programme"})},
        units={"amount": words.currency(a), "total": words.currency(a), "periods": "months or events"},
        formats={"amount": ",.0f", "count": ",.0f", "periods": ",.0f", "total": ",.0f"},
    )  # fmt: skip


def counts(a: CostingAnalysis) -> Html:
    """Return every count with its cost, the one used first."""
    c = a.budget.caseloads.head(MOST_ROWS).reset_index(drop=True)
    titles = {name: source.title for name, source in a.country.sources.items()}
    size, unit = scale(a, float(c["transfers"].max()) if len(c) else 0.0)
    frame = pd.DataFrame(
        {
            "programme": [_name(name) for name in c["programme"]],
            "count": [_written_count(one.count, one.unit, one.label) for one in c.itertuples()],
            "basis": [BASIS[name] for name in c["basis"]],
            "date": c["date"].replace("", None),
            "cost": c["transfers"] / size,
            "status": c["status"],
            "used": ["used" if one else "range" for one in c["used"]],
        }
    )
    flags = {
        (place, "count"): _counted(one.note, _written_count(one.count, one.unit, one.label))
        for place, one in enumerate(c.itertuples())
        if one.note
    }
    listed = dict.fromkeys(titles.get(name, name) for name in c["source"] if name)
    return tables.table(
        frame,
        caption="Who is counted, and what each count costs",
        headers={"programme": "Programme", "count": "Count", "basis": "Kind", "date": "Date",
                 "cost": "Transfers", "status": "Status", "used": "Use"},
        units={"cost": unit},
        flags=flags,
        notes=[f"Counts: {'; '.join(listed)}."] if listed else [],
    )  # fmt: skip


def tornado(a: CostingAnalysis) -> Figure:
    """Return how the total moves with one input at a time."""
    top = a.sensitivity.iloc[0]
    shown = a.sensitivity.head(MOST_BARS)
    cause = str(top["input"])
    return figures.tornado(
        shown,
        base=a.budget.total(),
        title=f"Who is counted moves the total most: {cause.removeprefix('Count: ')}"
        if cause.startswith("Count: ")
        else "Administration moves the total most",
        subtitle="Total of tax-financed programmes with one input at a time at its low and high value",
        source=_source(a),
        unit=words.currency(a),
    )


def published(a: CostingAnalysis) -> Html:
    """Return published money beside the computed cost."""
    p = a.budget.published.reset_index(drop=True)
    size, unit = scale(a, float(p["amount"].max()))
    ratio = (p["computed"] / p["amount"]).where(p["comparable"])
    frame = pd.DataFrame(
        {
            "programme": [_name(name) for name in p["programme"]],
            "kind": p["kind"],
            "period": p["period"],
            "published": p["amount"] / size,
            "computed": p["computed"] / size,
            "ratio": [style.percent(value) if words.known(value) else None for value in ratio],
            "status": p["status"],
        }
    )
    flags = {}
    for place, one in enumerate(p.itertuples()):
        note = words.capital(one.note.rstrip(".")) + "." if one.note else ""
        if one.parts_missing and words.known(one.computed):
            noun = "part has" if one.parts_missing == 1 else "parts have"
            note += f" {words.capital(words.number(one.parts_missing))} {noun} no cost in the computed sum."
        if note:
            flags[(place, "published")] = note.strip()
    return tables.table(
        frame,
        caption="Published money and the computed cost",
        headers={"programme": "Programme", "kind": "What", "period": "Published for",
                 "published": "Published", "computed": f"Computed, {words.period(a)}",
                 "ratio": "Computed, of published", "status": "Status"},
        units={"published": unit, "computed": unit},
        formats={"ratio": str},
        flags=flags,
        notes=["A ratio is given only where the published period is that of this report. A budget is held "
               "against the total, money paid against transfers; programmes with parts against their sum."],
    )  # fmt: skip


def contributions(a: CostingAnalysis) -> Html:
    """Return contributions by programme and payer."""
    c = a.budget.contributions.reset_index(drop=True)
    size, unit = scale(a, float(c["amount"].max()))
    frame = pd.DataFrame(
        {
            "programme": [_name(name) for name in c["programme"]],
            "payer": c["payer"],
            "workers": c["workers"],
            "basis": [BASIS[name] for name in c["basis"]],
            "amount": c["amount"] / size,
            "range": [style.rng(one.low / size, one.high / size, 3) for one in c.itertuples()],
        }
    )
    return tables.table(
        frame,
        caption=f"Social security contributions, {words.period(a)}",
        headers={"programme": "Programme", "payer": "Paid by", "workers": "Members", "basis": "Count",
                 "amount": "Contributions", "range": "Range"},
        units={"amount": unit, "range": unit},
        formats={"range": str, "workers": ",.0f"},
    )  # fmt: skip


def missing(a: CostingAnalysis) -> Html:
    """Return programmes without a cost, and why."""
    m = a.budget.missing
    if m.empty:
        return tables.paragraphs()
    frame = pd.DataFrame(
        {
            "programme": [_name(name) for name in m["programme"]],
            "what": m["name"],
            "reason": [words.capital(text) for text in m["reason"]],
        }
    )
    return tables.table(
        frame,
        caption="Programmes without a cost",
        headers={"programme": "Programme", "what": "What it is", "reason": "Why it has no cost"},
    )
