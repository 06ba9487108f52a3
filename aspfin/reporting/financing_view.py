"""The financing report in pictures and tables: one function for each thing the notebook shows.

Every function takes the analysis and returns something that shows itself. The words are in
`financing_words.py`, the numbers in `financing.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.financing import crossing_points
from aspfin.reporting import figures, style, tables
from aspfin.reporting import financing_words as words
from aspfin.reporting.manifest import provenance, save_results
from aspfin.reporting.parameters import sections_of

if TYPE_CHECKING:
    from aspfin.reporting.figure import Figure
    from aspfin.reporting.financing import FinancingAnalysis
    from aspfin.reporting.tables import Html

RECORD = "recorded events of the country pack; see Sources"
IDLE = "No instrument of the plan has anything to pay here."
MODEL = "aspfin, from the record of the country pack and the assumptions listed at the end"


def first_screen(a: FinancingAnalysis) -> Html:
    """Return the answer: title, three sentences, four headline figures."""
    title = tables.title(words.title(a), words.subtitle(a))
    caution = tables.note(words.caution(a))
    return (
        title
        + tables.answer("In three sentences", words.sentences(a))
        + tables.cards(words.cards(a))
        + caution
    )


def one_picture(a: FinancingAnalysis) -> Figure:
    """Return who pays at every size of shock, the picture of the first screen."""
    events = _marked(a)
    return figures.who_pays(
        a.payers,
        title="Who pays, from frequent to rare years",
        subtitle=f"Need of a year by return period, {words.place(a)}; every instrument full; circles: how rare floods on record were",
        source=MODEL,
        labels=a.plan.labels,
        events=events[["label", "return_period"]] if len(events) else None,
    )


def takeaway(a: FinancingAnalysis, section: str) -> Html:
    """Return what a section shows, in words."""
    return tables.paragraphs(words.finding(a, section))


def need_curve(a: FinancingAnalysis) -> Figure:
    """Return need by return period with its band and the recorded events."""
    events = _marked(a)
    return figures.exceedance_curve(
        a.curve,
        bands=a.shock.bands,
        events=events if len(events) else None,
        title=f"One year in {words.period(a):g} costs {style.usd(a.need_at(words.period(a)), 2)} or more",
        subtitle=f"Cost of supporting those reached in a year, {words.place(a)}; shaded: 90 % band of a short record",
        source=RECORD,
    )


def _marked(a: FinancingAnalysis) -> pd.DataFrame:
    """Return the recorded events that can be placed on the curve."""
    known = a.shock.events.dropna(subset=["return_period", "need_usd"])
    names = {"need_usd": "need", "need_low_usd": "low", "need_high_usd": "high"}
    return known.rename(columns=names).assign(label=known["year"].astype(str))[
        ["label", "return_period", "need", "low", "high"]
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


def reach_chart(a: FinancingAnalysis) -> Figure:
    """Return who is reached and who is left out, by return period."""
    frame = a.shock.beneficiaries(a.parameters.report.return_periods)
    groups = pd.DataFrame(
        {
            "group": [f"1 in {period:g}" for period in frame["return_period"]],
            "vertical": frame["roster_households_paid"],
            "horizontal": frame["new_households_paid"] - frame["not_eligible_households"],
            "left_out": frame["left_out_households"],
        }
    )
    reached = 1 - a.shock.shares.left_out
    return figures.bars_by_group(
        groups,
        series=("vertical", "horizontal", "left_out"),
        title=f"The response reaches {style.percent(reached)} of the affected households",
        subtitle="Affected households in a year, by return period",
        source=MODEL,
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


def where_map(a: FinancingAnalysis) -> Figure | Html:
    """Return the mean need of every province on a tile map; for one province its neighbours are shown too."""
    frame = a.shock.provinces.merge(a.country.tiles, on="pcode")
    top = frame.loc[frame["need_usd_per_year"].idxmax()]
    return figures.tile_map(
        frame.assign(value=frame["need_usd_per_year"])[["label", "row", "col", "value"]],
        unit="US$",
        title=f"{top['label']} needs most: {style.usd(top['need_usd_per_year'], 2)} in an average year",
        subtitle="Mean need of a year by province; every province has one tile",
        source=f"{MODEL}; where floods strike rests on two recorded floods",
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


def fund_chart(a: FinancingAnalysis) -> Figure | Html:
    """Return the fund's balance over the years, and the chance that it ever runs short."""
    if a.fund is None:
        return tables.paragraphs()
    chance = a.fund.by_year[["year", "probability_ever_unmet"]]
    balance = a.fund.fan.merge(chance, on="year", how="left").fillna({"probability_ever_unmet": 0.0})
    return figures.fan_chart(
        balance,
        ceiling=a.fund.ceiling if np.isfinite(a.fund.ceiling) else None,
        title=f"In {style.years(a.fund.years)} the fund stays able to pay with "
        f"{style.percent(1 - a.fund.probability_ever_unmet)} probability",
        subtitle="Balance at the end of each year, interest included; below: chance of having fallen short by then",
        source="aspfin: exact distribution of the balance, no simulation",
    )


def payers_chart(a: FinancingAnalysis) -> Figure:
    """Return who pays at the report's return periods."""
    rows = a.payers[a.payers["return_period"].isin(a.parameters.report.return_periods)]
    return figures.layer_chart(
        rows.drop(columns="need"),
        labels=a.plan.labels,
        title="Frequent years are paid from savings, rare ones by others"
        if a.fund
        else "Who pays, year by year",
        subtitle="Who pays the need of a fresh year, by return period",
        source=MODEL,
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


def cost_chart(a: FinancingAnalysis) -> Figure | Html:
    """Return what each instrument costs a year."""
    cost = a.result.cost
    if cost.empty:
        return tables.paragraphs(IDLE)
    frame = pd.DataFrame(
        {"instrument": list(a.plan.keys), "cost": cost["economic"], "fiscal": cost["fiscal"]}
    )
    return figures.cost_bars(
        frame,
        labels=a.plan.labels,
        title=f"The plan costs {style.usd(a.result.economic_cost, 3)} a year",
        subtitle="Present value at the start of a year of money and of having it ready, US$ a year",
        source="aspfin; cost functions of World Bank Policy Research Working Paper 7721",
    )


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


def timing_chart(a: FinancingAnalysis) -> Figure | Html:
    """Return the share of need met by each day after the shock."""
    if not a.plan.instruments:
        return tables.paragraphs(IDLE)
    keys = dict(zip((one.name for one in a.plan.instruments), a.plan.keys, strict=True))
    frame = pd.DataFrame(
        {
            "instrument": a.result.timing["instrument"].map(keys),
            "days": a.result.timing["days_to_cash"],
            "share": a.result.timing["share_of_need"],
        }
    )
    within = a.result.met_within.set_index("days")["share_of_need"]
    return figures.timeline(
        frame,
        labels=a.plan.labels,
        title=f"{style.percent(within[30])} of the need is paid within 30 days",
        subtitle="Share of the average year's need that has been paid, by days after the shock",
        source="aspfin; days to cash are assumed, see the inputs at the end",
    )


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


def sensitivity_chart(a: FinancingAnalysis) -> Figure | Html:
    """Return how the 1-in-10-year need moves with each input."""
    if a.sensitivity.empty:
        return tables.paragraphs("No other values of the inputs are known.")
    return figures.tornado(
        a.sensitivity,
        base=a.sensitivity.attrs["base"],
        title=f"The {a.sensitivity.iloc[0]['input']} moves the answer most",
        subtitle="Need of a 1-in-10 year when one input changes, US$",
        source=MODEL,
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


def stamp(a: FinancingAnalysis) -> Html:
    """Return what was run, and the command that runs it again."""
    made = provenance("financing", sections_of(a.parameters))
    libraries = ", ".join(f"{name} {number}" for name, number in made["libraries"].items() if number in made)
    items = {
        "aspfin": made["package_version"],
        "parameters": made["parameter_hash"],
        "data": made["data_hash"],
        "package": made["package_hash"],
        "seed": a.parameters.financing.seed,
        "paths": f"{a.result.paths:,} of {a.result.years} years",
        "python": made["python"],
    }
    return tables.run_stamp(items | ({"libraries": libraries} if libraries else {}))


def save(a: FinancingAnalysis, folder: str | Path | None) -> None:
    """Write results.json and the tables into `folder`; nothing where it is None (a run by hand)."""
    if folder is not None:
        save_results(
            folder,
            headline=words.headline(a),
            sentences=words.sentences(a),
            tables=a.tables,
            checks=a.checks,
            unverified=a.inputs,
        )


def need_method(a: FinancingAnalysis) -> Html:
    """Return how the need was computed, folded."""
    return tables.method_note(
        "How the need is computed",
        "Events of each size class arrive at the rate recorded in the years for which that class is taken as "
        "complete. The size of an event follows a law fitted to the recorded figures, cut to the bounds of its "
        "class, with the recorded mean. Simulated events fall on the provinces like recorded ones, and the response "
        "pays the households it reaches. The distribution of a year's total is then computed exactly (a Fourier "
        "transform on a lattice that keeps the mean), not simulated.\n\n"
        "Bands: events are resampled, every figure is drawn between the lowest and the highest report, the rate "
        "from what so few events allow, and everything is fitted again.",
        formula="A = X₁ + … + X_N,  N ~ Poisson(rate),  need at 1 in n years: the x with P(A > x) = 1/n",
        source="Klugman, Panjer and Willmot, Loss Models",
    )


def reach_method(a: FinancingAnalysis) -> Html:
    """Return how the number of households reached was computed, folded."""
    return tables.method_note(
        "How the households reached are counted",
        "Of N affected households, the share o is on the register; the top-up reaches a share κᵥ of them. Of the "
        "others the state can enrol a share κₕ, misses a share e of the eligible, and a share i of those it pays "
        "are not eligible. Every figure is listed under the inputs.",
        formula="vertical = κᵥ·o·N;  newly reached = κₕ·(1 − e)·(1 − o)·N;  newly paid = newly reached / (1 − i)",
        source="aspfin; vertical and horizontal expansion as in O'Brien et al. (2018), shock-responsive social protection",
    )


def fund_method(a: FinancingAnalysis) -> Html:
    """Return how the fund was followed, folded."""
    return tables.method_note(
        "How the fund is followed",
        "Each year the fund receives its contribution (not beyond its ceiling), pays its layer of the need as far "
        "as the balance goes, and earns interest on the rest. The distribution of the balance is carried from year "
        "to year on a lattice. The chance of ever falling short follows only the paths that have not yet done so. "
        "Where a probability is asked for, the smallest fund that meets it is found.",
        formula="A = min(ceiling, F + c);  paid = min(A, X);  F′ = (A − paid)(1 + r)",
        source="Guerson (2020), IMF Working Paper 20/266, for funds of this kind",
    )


def cost_method(a: FinancingAnalysis) -> Html:
    """Return what cost means here, and where one instrument becomes cheaper than another, folded."""
    lines = []
    for row in crossing_points(a.plan.instruments).dropna(subset=["return_period"]).itertuples():
        cheaper = (
            f"{row.first} and {row.second} cost the same for need of a 1-in-{row.return_period:,.0f}-year"
        )
        lines.append(cheaper)
    crossing = "; ".join(lines)
    return tables.method_note(
        "What cost means, and where instruments change places",
        "Cost is the present value, at the start of the year, of having the money ready and of the money itself. A "
        "fund costs what its money could earn elsewhere; credit a fee and cheap or dear debt service; insurance a "
        "multiple of what it pays; a moved budget the return of the displaced project; late borrowing the growth "
        "of need while it waits. The terms are defaults of a published tool, not offers."
        + (f"\n\nWith these terms {crossing}." if crossing else ""),
        formula="fund: (i − r)/(1 + d)·(θ − x) + x;  credit: δ·θ + (a_p|d / a_p|c)·x;  insurance: m·E[x];  budget: (1 + h)/(1 + d)·x",
        source="Clarke, Mahul, Poulter and Teh (2016), World Bank Policy Research Working Paper 7721",
    )
