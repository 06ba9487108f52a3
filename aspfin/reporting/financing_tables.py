"""The tables of the financing report: each function takes the analysis and returns one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.reporting import financing_words as words
from aspfin.reporting import style, tables

if TYPE_CHECKING:
    from aspfin.reporting.financing import FinancingAnalysis
    from aspfin.reporting.tables import Html

__all__ = [
    "alternatives_table",
    "checks",
    "events_table",
    "household_table",
    "inputs",
    "instruments_table",
    "layers_table",
    "need_table",
    "replay_table",
    "rule_table",
    "sources",
    "unmet_table",
    "where_table",
]


def need_table(a: FinancingAnalysis) -> Html:
    """Return households affected and need at the report's return periods."""
    frame = a.return_period_table
    shown = pd.DataFrame(
        {
            "return_period": frame["return_period"],
            "chance": frame["annual_probability"],
            "households": frame["affected_households"],
            "need": frame["need_usd"] / 1e6,
            "low": frame["need_low_usd"] / 1e6,
            "high": frame["need_high_usd"] / 1e6,
        }
    )
    return tables.table(
        shown,
        caption="Households affected and need of a year",
        headers={
            "return_period": "One year in",
            "chance": "Chance in a year",
            "households": "Affected",
            "need": "Need",
            "low": "Low",
            "high": "High",
        },
        units={
            "households": "households",
            "need": "US$ million",
            "low": "US$ million",
            "high": "US$ million",
        },
        formats={
            "return_period": "number",
            "chance": "percent",
            "households": _hundreds,
            "need": _million,
            "low": _million,
            "high": _million,
        },
        notes=["Low and high: 90 % band from resampling the record; blank where it was not computed."],
    )


def _hundreds(value: float) -> str:
    return f"{round(value, -2):,.0f}"


def _million(value: float) -> str:
    if np.isinf(value):
        return "no limit"
    if not 0 < value < 0.095:
        return f"{value:,.1f}" if value else "0"
    return f"{value:,.3f}" if value >= 0.0005 else "< 0.001"


def events_table(a: FinancingAnalysis) -> Html:
    """Return the record: every event with the range of its figures, and why some are not used."""
    events = a.shock.events
    converted = (events["figure"] == "people converted") & events["households_central"].notna()
    events = events.assign(
        reason=events["reason"].where(~converted, "people reported, turned into households")
    )
    shown = events[
        ["year", "name", "households_low", "households_central", "households_high", "class", "reason"]
    ]
    return tables.table(
        shown,
        caption=f"Recorded {words.hazard(a)}: households affected, as reported",
        headers={
            "year": "Year",
            "name": "Event",
            "households_low": "Lowest",
            "households_central": "Used",
            "households_high": "Highest",
            "class": "Size class",
            "reason": "Remark",
        },
        formats={"households_low": ",.0f", "households_central": ",.0f", "households_high": ",.0f"},
        notes=["A dash means that no figure was found: it is not a zero."],
    )


def replay_table(a: FinancingAnalysis) -> Html:
    """Return the response model beside what was really paid."""
    frame = a.shock.replay
    if frame.empty:
        return tables.paragraphs(
            "No response to this shock was published, so the response model is untested."
        )
    shown = frame[["event", "quantity", "unit", "modelled", "published", "ratio", "note"]]
    shown = shown.assign(event=[words.event_name(a, one) for one in shown["event"]])
    return tables.table(
        shown,
        caption="The response model put to the test: modelled beside published",
        headers={
            "event": "Event",
            "quantity": "Quantity",
            "unit": "Unit",
            "modelled": "Modelled",
            "published": "Published",
            "ratio": "Ratio",
            "note": "Note",
        },
        formats={"modelled": "count", "published": "count", "ratio": ".4g"},
    )


def where_table(a: FinancingAnalysis) -> Html:
    """Return the provinces in most need."""
    frame = a.shock.provinces.nlargest(10, "need_usd_per_year")
    total = a.shock.provinces["need_usd_per_year"].sum()
    shown = pd.DataFrame(
        {
            "name": frame["name"],
            "households": frame["households_per_year"],
            "need": frame["need_usd_per_year"] / 1e6,
            "share": frame["need_usd_per_year"] / total,
            "tail": frame["worst_tenth_usd"] / 1e6,
        }
    ).reset_index(drop=True)
    return tables.table(
        shown,
        caption="The ten provinces in most need",
        headers={
            "name": "Province",
            "households": "Affected",
            "need": "Mean need",
            "share": "Of the nation",
            "tail": "Worst year in ten",
        },
        units={"households": "households a year", "need": "US$ million a year", "tail": "US$ million, mean"},
        formats={"households": _hundreds, "need": _million, "share": "percent", "tail": _million},
        notes=[f"All {len(a.shock.provinces)} are in tables/provinces.csv."],
    )


def layers_table(a: FinancingAnalysis) -> Html:
    """Return the layers of the plan with their amounts."""
    frame = a.plan.layers
    shown = pd.DataFrame(
        {
            "instrument": [_named(row.instrument, row.kind) for row in frame.itertuples()],
            "from": frame["from_usd"] / 1e6,
            "to": frame["to_usd"] / 1e6,
            "period": frame["up_to_return_period"],
            "holds": frame["limit_usd"] / 1e6,
        }
    )
    return tables.table(
        shown,
        caption="The plan, in the order in which it pays",
        headers={
            "instrument": "Instrument",
            "from": "Need from",
            "to": "Need to",
            "period": "Up to one year in",
            "holds": "Can pay at most",
        },
        units={"from": "US$ million", "to": "US$ million", "period": "years", "holds": "US$ million"},
        formats={"from": _million, "to": _million, "holds": _million, "period": "number"},
        notes=_layer_notes(a),
    )


def _layer_notes(a: FinancingAnalysis) -> list[str]:
    notes = [
        "A dash: sized by an amount, not by a return period. Need to: the last dollar of need it helps to pay."
    ]
    if a.fund is not None:
        notes.append(
            "The fund holds more than one year's layer, so that it can pay in bad years that follow each other."
        )
    return notes


def _named(name: str, kind: str) -> str:
    return style.instrument(kind).label if name == kind.replace("_", " ") else name


def _label(a: FinancingAnalysis, key: str) -> str:
    return a.plan.labels.get(key, style.instrument(key).label)


def instruments_table(a: FinancingAnalysis) -> Html:
    """Return what each instrument pays, how often, what it costs and how late it is."""
    frame = a.result.to_frame()
    shown = pd.DataFrame(
        {
            "instrument": [*(_label(a, key) for key in a.plan.keys), "Unmet need"],
            "pays": frame["expected"] / 1e6,
            "error": 2 * frame["std_error"] / 1e6,
            "share": frame["share_of_need"],
            "used": frame["probability_used"],
            "cost": frame["funding"] / 1e6,
            "extra": frame["opportunity"] / 1e6,
            "days": frame["days_to_cash"],
        }
    )
    return tables.table(
        shown,
        caption="Payments, cost and delay of each instrument, average of the years",
        headers={
            "instrument": "Instrument",
            "pays": "Pays",
            "error": "± simulation",
            "share": "Of need",
            "used": "Years used",
            "cost": "Cost",
            "extra": "Beyond face value",
            "days": "Days to cash",
        },
        units={
            "pays": "US$ million a year",
            "error": "US$ million",
            "cost": "US$ million a year",
            "extra": "US$ million a year",
        },
        formats={
            "pays": ".3f",
            "error": ".3f",
            "share": "percent",
            "used": "percent",
            "cost": ".3f",
            "extra": ".3f",
            "days": "number",
        },
        notes=[
            *_surplus(a),
            "Simulation error: two Monte Carlo standard errors. Beyond face value: cost less the money it brings; below "
            "zero where the terms are cheaper than the discount rate.",
        ],
    )


def _surplus(a: FinancingAnalysis) -> list[str]:
    """Return what is paid beyond the need: insurance by an index pays whether or not the need is there."""
    rows = a.result.paid[a.result.paid["surplus"] > 0.5]
    return [
        f"{_named(row.instrument, row.kind)} pays a further {style.usd(row.surplus)} a year that is not needed when it comes "
        "(basis risk): part of its price, not of what is paid."
        for row in rows.itertuples()
    ]


def alternatives_table(a: FinancingAnalysis) -> Html:
    """Return the plan beside paying from the budget alone and borrowing afterwards."""
    frame = a.alternatives
    shown = pd.DataFrame(
        {
            "strategy": frame["strategy"].str.capitalize(),
            "economic": frame["economic_usd"] / 1e6,
            "fiscal": frame["fiscal_usd"] / 1e6,
            "unmet": frame["unmet_usd"] / 1e6,
            "d30": frame["met_within_30_days"],
            "d90": frame["met_within_90_days"],
            "d365": frame["met_within_365_days"],
            "last": frame["last_days_to_cash"],
        }
    )
    million = "US$ million a year"
    return tables.table(
        shown,
        caption="The plan and what happens without one",
        headers={
            "strategy": "Strategy",
            "economic": "Cost",
            "fiscal": "Treasury",
            "unmet": "Unmet",
            "d30": "Paid in 30 days",
            "d90": "In 90 days",
            "d365": "In a year",
            "last": "All paid after",
        },
        units={"economic": million, "fiscal": million, "unmet": million, "last": "days"},
        formats={
            "economic": ".2f",
            "fiscal": ".2f",
            "unmet": ".2f",
            "d30": "percent",
            "d90": "percent",
            "d365": "percent",
            "last": "number",
        },
        notes=[
            "The alternatives are taken as unlimited: whether a budget can move that much in a year is a question of its own."
        ],
    )


def unmet_table(a: FinancingAnalysis) -> Html:
    """Return what stays unmet at the report's return periods, in a fresh year."""
    rows = a.payers[a.payers["return_period"].isin(a.parameters.report.return_periods)]
    shown = pd.DataFrame(
        {
            "period": rows["return_period"],
            "need": rows["need"] / 1e6,
            "unmet": rows["unmet"] / 1e6,
            "share": rows["unmet"] / rows["need"].where(rows["need"] > 0),
        }
    ).reset_index(drop=True)
    return tables.table(
        shown,
        caption="What stays unmet in a fresh year",
        headers={"period": "One year in", "need": "Need", "unmet": "Unmet", "share": "Of need"},
        units={"need": "US$ million", "unmet": "US$ million"},
        formats={"period": "number", "need": _million, "unmet": _million, "share": "percent"},
        notes=[
            "After a bad year instruments are not full, and more stays unmet: the average above includes that."
        ],
    )


def rule_table(a: FinancingAnalysis) -> Html:
    """Return the benefit rules in force, as the pack has them."""
    programme = a.country.programme(a.shock.programme)
    rules = programme.rules_on(a.shock.unit_cost.on)
    rows = [
        {
            "for": f"each {(one.category or one.unit).replace('_', ' ')}",
            "amount": one.amount,
            "per": one.per,
            "times": one.periods,
            "status": one.status,
        }
        for one in rules
    ]
    return tables.table(
        pd.DataFrame(rows),
        caption=f"The rules of {programme.name.lower()} on {a.shock.unit_cost.on}",
        headers={"for": "For", "amount": "Amount", "per": "Paid per", "times": "Times", "status": "Status"},
        units={"amount": a.country.currency},
        formats={"amount": ",.0f"},
        notes=["A child, a person with a disability or an older person counts as a member too."],
    )


def household_table(a: FinancingAnalysis) -> Html:
    """Return what one supported household costs, part by part."""
    c = a.cost
    parts = [
        ("Transfer to the household", c.transfers / c.beneficiaries),
        ("Administration", c.administration / c.beneficiaries),
        ("Cost of financing", c.all_in_per_beneficiary - c.per_beneficiary),
        ("In all", c.all_in_per_beneficiary),
    ]
    return tables.table(
        pd.DataFrame(parts, columns=["part", "usd"]),
        caption="Cost of one household supported, in an average year",
        headers={"part": "Part", "usd": "Cost"},
        units={"usd": "US$"},
        formats={"usd": ".2f"},
        notes=[
            f"{style.usd(c.total_cost_transfer_ratio)} is spent for every US$ 1 transferred (total cost-transfer ratio), before financing."
        ],
        total=True,
    )


def checks(a: FinancingAnalysis) -> Html:
    """Return every check in words, failures first."""
    return tables.checks_list(a.checks)


def sources(a: FinancingAnalysis) -> Html:
    """Return the sources of the inputs used."""
    events = a.country.events
    named = set(events.loc[events["hazard"] == a.shock.hazard, "source"])
    programme = a.country.programme(a.shock.programme)
    named |= {rule.source for rule in programme.rules} | {one.source for one in programme.outcomes}
    named |= {quantity.source for quantity in a.plan.terms} | set(a.country.footprints["source"])
    named |= set(a.country.province_columns["source"])
    named |= {
        fact.source
        for name, fact in a.country.facts.items()
        if name.startswith(("response.", "hazard.flood"))
    }
    known = sorted(name for name in named if name in a.country.sources)
    return tables.sources_list([a.country.sources[name] for name in known])


def inputs(a: FinancingAnalysis) -> Html:
    """Return every input that is assumed, from the press or unverified."""
    return tables.unverified_list(a.inputs)
