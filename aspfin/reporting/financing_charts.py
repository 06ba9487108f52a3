"""The pictures of the financing report: each function takes the analysis and returns one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.reporting import figures, style, tables
from aspfin.reporting import financing_words as words

if TYPE_CHECKING:
    from aspfin.reporting.figure import Figure
    from aspfin.reporting.financing import FinancingAnalysis
    from aspfin.reporting.tables import Html

__all__ = [
    "cost_chart",
    "fund_chart",
    "need_curve",
    "one_picture",
    "payers_chart",
    "reach_chart",
    "sensitivity_chart",
    "timing_chart",
    "where_map",
]

RECORD = "recorded events of the country pack; see Sources"
IDLE = "No instrument of the plan has anything to pay here."
MODEL = "aspfin, from the record of the country pack and the assumptions listed at the end"


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
