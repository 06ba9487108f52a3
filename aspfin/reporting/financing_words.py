"""The financing report in words: title, the three-sentence answer, headline figures, one finding a section.

Every function takes the analysis and returns text; numbers in prose have two or three significant digits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from aspfin.reporting.manifest import Headline
from aspfin.reporting.style import count, instrument, number, one_in, percent, riel, rng, usd, years

if TYPE_CHECKING:
    from aspfin.reporting.financing import FinancingAnalysis

__all__ = ["cards", "finding", "headline", "sentences", "subtitle", "title"]

USUAL = 10.0  # the return period that headline figures speak of, where something happens that often
LEAST = 1_000.0  # USD: less than this is nothing to finance
RARE = 100.0


def period(a: FinancingAnalysis) -> float:
    """Return the return period to speak of: 10 years, or the first of the report's with something to finance."""
    later = [float(n) for n in a.parameters.report.return_periods if n > USUAL]
    return next((n for n in (USUAL, *later) if a.need_at(n) >= LEAST), USUAL)


def event_name(a: FinancingAnalysis, event: str) -> str:
    """Return what an event of the record is called."""
    names = a.shock.events.set_index("event")["name"]
    return str(names.get(event, event.replace("_", " ")))


def caution(a: FinancingAnalysis) -> str:
    """Return what a reader of the first screen must know: how the response model fares beside a real response."""
    rows = a.shock.replay[a.shock.replay["quantity"] == "households paid"]
    if rows.empty:
        return ""
    row = rows.iloc[-1]
    times = row["published"] / row["modelled"]
    return (
        f"Mind: after the event “{event_name(a, row['event'])}”, {count(row['published'])} households were really paid, {times:.1f} times "
        f"as many as the response assumed here would pay. If every shock is answered so, every need above is {times:.1f} times as "
        "large. Inputs that nobody has verified are listed at the end."
    )


def place(a: FinancingAnalysis) -> str:
    """Return the area in words."""
    return a.country.name if a.shock.area == "national" else f"{a.shock.area_name}, {a.country.name}"


def hazard(a: FinancingAnalysis) -> str:
    """Return the hazard in the plural."""
    return f"{a.shock.hazard.replace('_', ' ')}s"


def title(a: FinancingAnalysis) -> str:
    """Return the title of the report."""
    stated = a.parameters.title
    if stated is None:
        return f"{hazard(a).capitalize()} in {place(a)}: who pays, how fast, and what is left"
    return stated if a.shock.area == "national" else f"{stated}: {a.shock.area_name}"


def subtitle(a: FinancingAnalysis) -> str:
    """Return what the report is about, in one line."""
    programme = a.country.programme(a.shock.programme)
    return f"{place(a)}. {programme.name}, rules of {a.shock.unit_cost.on}; {years(a.parameters.financing.years)} of finance."


def affected_at(a: FinancingAnalysis, period: float) -> str:
    """Return the households affected at a return period, with their band where it was computed."""
    value = float(a.shock.affected.value_at_risk(1 - 1 / period))
    bands = a.shock.affected_bands.set_index("return_period")
    if period not in bands.index:
        return count(value, 2)
    low, high = bands.loc[period, ["low", "high"]]
    return f"{count(value, 2)} ({rng(low, high)})"


def need_at(a: FinancingAnalysis, period: float) -> str:
    """Return the need at a return period, with its band where it was computed."""
    low, high = a.band_at(period)
    text = usd(a.need_at(period), 2)
    return text if math.isnan(low) else f"{text} ({rng(low, high, prefix='US$ ')})"


def sentences(a: FinancingAnalysis) -> list[str]:
    """Return the answer in three sentences."""
    result = a.result
    paid = 1 - result.unmet.share_of_need
    within = result.met_within.set_index("days")["share_of_need"]
    return [
        f"{_seldom(a)}One year in {period(a):g}, {hazard(a)} affect {affected_at(a, period(a))} households or more in {place(a)}, and "
        f"supporting those whom the response reaches costs {need_at(a, period(a))}; the average year costs "
        f"{usd(a.shock.need.mean, 2)}.",
        f"The plan examined here{_fund_clause(a)} pays {percent(paid)} of the need, and {percent(within[30])} of "
        f"the need within 30 days; securing and spending the money costs {usd(result.economic_cost)} a year in present "
        f"value, {usd(result.fiscal_cost)} of it from the treasury.",
        f"{_gap(a)}; each household supported costs {usd(a.cost.per_beneficiary, 3)}, or "
        f"{usd(a.cost.all_in_per_beneficiary, 3)} with the cost of financing.",
    ]


def _gap(a: FinancingAnalysis) -> str:
    unmet = a.result.unmet
    if unmet.probability == 0:
        return "Nothing stays unmet in any simulated year"
    rare = a.payers.set_index("return_period")["unmet"].get(RARE, float("nan"))
    in_rare_year = (
        "" if math.isnan(rare) else f", and {usd(rare, 2)} in a 1-in-{RARE:g} year that starts full"
    )
    return (
        f"What nobody pays averages {usd(unmet.expected, 2)} a year, something in {percent(unmet.probability)} of "
        f"years{in_rare_year}"
    )


def _seldom(a: FinancingAnalysis) -> str:
    if period(a) == USUAL:
        return ""
    return (
        f"{hazard(a).capitalize()} seldom reach {place(a)}: nine years in ten need less than {usd(LEAST)}. "
    )


def _fund_clause(a: FinancingAnalysis) -> str:
    names = [instrument(key).label.lower() for key in a.plan.keys]
    if a.fund is None:
        return f" ({', '.join(names) or 'in which no instrument has anything to pay'})"
    others = [
        name for name, one in zip(names, a.plan.instruments, strict=True) if one.kind != "contingency_fund"
    ]
    rest = (
        f", with {' and '.join([', '.join(others[:-1]), others[-1]] if len(others) > 1 else others)}"
        if others
        else ""
    )
    return f", a contingency fund of {usd(a.fund.ceiling, 2)}{rest},"


def headline(a: FinancingAnalysis) -> dict[str, Headline]:
    """Return the headline figures at full precision: what a batch compares and draws on its map."""
    return {
        "need_1_in_10_usd": Headline("1-in-10-year need", a.need_at(USUAL), "USD"),
        "need_mean_usd": Headline("Mean need a year", a.shock.need.mean, "USD"),
        "fund_usd": Headline("Contingency fund", None if a.fund is None else a.fund.ceiling, "USD"),
        "unmet_share": Headline("Unmet need", a.result.unmet.share_of_need, "share"),
        "cost_per_household_usd": Headline("Cost per household", a.cost.all_in_per_beneficiary, "USD"),
    }


def cards(a: FinancingAnalysis) -> list[tuple[str, str, str]]:
    """Return four headline figures as label, value and note."""
    reached = float(a.shock.affected.value_at_risk(1 - 1 / period(a))) * a.shock.shares.paid
    persons = reached * a.shock.unit_cost.persons_per_household
    fund = (
        ("Contingency fund", "none", "the plan has no fund")
        if a.fund is None
        else (
            "Contingency fund",
            usd(a.fund.ceiling, 2),
            f"runs short of its layer at least once in {years(a.fund.years)} with "
            f"{percent(a.fund.probability_ever_unmet)} probability",
        )
    )
    return [
        (
            f"People supported, 1-in-{period(a):g} year",
            count(persons, 2),
            f"in {count(reached, 2)} households; the cost is {need_at(a, period(a))}",
        ),
        fund,
        (
            "Unmet need",
            percent(a.result.unmet.share_of_need),
            f"of the need, {usd(a.result.unmet.expected, 2)} in an average year",
        ),
        (
            "Cost per household supported",
            usd(a.cost.all_in_per_beneficiary, 3),
            f"{usd(a.cost.per_beneficiary, 3)} before the cost of financing",
        ),
    ]


def finding(a: FinancingAnalysis, section: str) -> str:
    """Return what a section shows, in one or two sentences; sections are the keys of `_FINDINGS`."""
    return _FINDINGS[section](a)


def _shock(a: FinancingAnalysis) -> str:
    rate, now = a.shock.law.rate, period(a)
    rare = 50.0 if now < 50 else RARE
    n = int(a.shock.classes["events_with_figure"].sum())
    return (
        f"In the country {rate:.1f} {hazard(a)} a year are large enough to count; the sizes of {n} of those on record are used. "
        f"A {one_in(now, explain=True)} need is {need_at(a, now)}; a {one_in(rare)} need is {need_at(a, rare)}. "
        f"The band is wide because the record is short{_two(a)}.{_even(a)}"
    )


def _two(a: FinancingAnalysis) -> str:
    return (
        ""
        if a.shock.area == "national"
        else ", and only two floods on record say which provinces they struck"
    )


def _even(a: FinancingAnalysis) -> str:
    """Warn where events come more evenly than a Poisson law has it."""
    ratios = a.shock.classes["dispersion"].dropna()
    if ratios.empty or ratios.min() >= 1:
        return ""
    return (
        f" On record they come more evenly than chance has it (variance over mean {ratios.min():.2f} to {ratios.max():.2f}), "
        "so years with several of them may be overstated."
    )


def _people(a: FinancingAnalysis) -> str:
    s = a.shock.shares
    text = (
        f"Of 100 affected households the response reaches {100 * (1 - s.left_out):.0f}: {100 * s.vertical:.0f} through "
        f"a top-up on the register and {100 * s.new_eligible:.0f} newly enrolled; {100 * s.left_out:.0f} are left out, "
        f"and {100 * (s.new_paid - s.new_eligible):.0f} households are paid that were not affected."
    )
    replay = a.shock.replay
    rows = replay[replay["quantity"] == "households paid"]
    for row in rows.itertuples():
        text += (
            f" Put to the test of the event “{event_name(a, row.event)}”, nationally, this response pays {count(row.modelled)} households; "
            f"{count(row.published)} were really paid, {row.published / row.modelled:.2g} times as many. A state that "
            "answers every shock so generously needs as many times the money."
        )
    return text


def _where(a: FinancingAnalysis) -> str:
    provinces = a.shock.provinces
    top = provinces.nlargest(3, "need_usd_per_year")
    share = top["need_usd_per_year"].sum() / provinces["need_usd_per_year"].sum()
    names = ", ".join(top["name"].iloc[:-1]) + f" and {top['name'].iloc[-1]}"
    text = f"{names} bear {percent(share)} of the nation's mean need."
    if a.shock.area == "national":
        alone, together = provinces["worst_tenth_usd"].sum(), a.shock.need.tail_value_at_risk(0.9)
        text += (
            f" The worst tenth of a province's years cost, on average, what it must be ready for; added up over the "
            f"provinces that is {usd(alone, 2)}, for the nation as a whole {usd(together, 2)}: pooling saves {percent(1 - together / alone)}, because "
            "floods do not strike everywhere at once."
        )
    return (
        text
        + " Which provinces a flood strikes rests on two recorded floods and a hazard index: the national figure is far firmer."
    )


def _money(a: FinancingAnalysis) -> str:
    paid = a.shock.unit_cost
    amount = riel(paid.amount) if paid.currency == "KHR" else f"{paid.amount:,.0f} {paid.currency}"
    return (
        f"The rules of {paid.on} give an average household {amount}, {usd(paid.usd)} at "
        f"{paid.exchange_rate:,.0f} {paid.currency} per US dollar; it has {paid.persons_per_household:.2f} members ({paid.composition}). With administration, supporting a household "
        f"costs {usd(a.cost.per_beneficiary)}: {usd(a.cost.total_cost_transfer_ratio)} for every US$ 1 in its hands."
    )


def _fund(a: FinancingAnalysis) -> str:
    if a.fund is None:
        return "The plan has no contingency fund."
    layer = a.plan.layers.loc[a.plan.layers["kind"] == "contingency_fund"].iloc[0]
    upto = (
        f"the first {usd(layer['to_usd'], 2)} of a year's need"
        if math.isfinite(layer["to_usd"])
        else "the need"
    )
    return (
        f"The fund opens with {usd(a.fund.opening, 2)}, receives up to {usd(a.fund.contribution, 2)} a year, holds at "
        f"most {usd(a.fund.ceiling, 2)} when a year begins, and pays {upto}. The chance that it ever fails to within "
        f"{years(a.fund.years)} is {percent(a.fund.probability_ever_unmet)}; on average it leaves "
        f"{percent(a.fund.share_unmet)} of its layer unpaid."
    )


def _payers(a: FinancingAnalysis) -> str:
    row = a.payers.iloc[(a.payers["return_period"] - 50).abs().argmin()]
    shares = {key: row[key] / row["need"] for key in a.plan.keys if row["need"] and row[key] > 0}
    parts = ", ".join(f"{instrument(key).label.lower()} {percent(share)}" for key, share in shares.items())
    unmet = row["unmet"] / row["need"] if row["need"] else 0.0
    tail = f"; {percent(unmet)} stays unmet" if unmet > 0 else "; nothing stays unmet"
    return f"In a fresh year, a {one_in(50)} need is met thus: {parts or 'by nobody'}{tail}."


def _cost(a: FinancingAnalysis) -> str:
    others = a.alternatives.set_index("strategy")
    plan = others.loc["this plan"]
    budget, loan = others.loc["moving budgets alone"], others.loc["borrowing afterwards alone"]
    extra = plan["economic_usd"] - budget["economic_usd"]
    more = f"{usd(abs(extra))} {'more' if extra > 0 else 'less'}"
    return (
        f"The plan costs {usd(plan['economic_usd'], 3)} a year in present value, {more} than moving budgets, if budgets could "
        f"be moved so far so often; borrowing afterwards would cost {usd(loan['economic_usd'], 3)}. What the plan buys is speed "
        f"and certainty: {percent(plan['met_within_30_days'])} of the need paid within 30 days, against money that comes after "
        f"{number(budget['last_days_to_cash'])} days by budgets and {number(loan['last_days_to_cash'])} days by borrowing. What a late transfer costs a "
        "household is not in these figures, and the terms are a tool's defaults, not offers."
    )


def _unmet(a: FinancingAnalysis) -> str:
    u = a.result.unmet
    return (
        f"On average {usd(u.expected, 2)} a year is not paid by anyone (simulation error ± {usd(2 * u.std_error, 1)}): "
        f"something in {percent(u.probability)} of years, and at least once in {percent(u.probability_ever)} of "
        f"{a.result.years}-year periods."
    )


def _household(a: FinancingAnalysis) -> str:
    c = a.cost
    return (
        f"Supporting one household costs {usd(c.per_beneficiary)}, of which {percent(1 / c.total_cost_transfer_ratio)} "
        f"reaches it; the cost of securing the money beforehand adds {usd(c.all_in_per_beneficiary - c.per_beneficiary)}."
    )


def _sensitivity(a: FinancingAnalysis) -> str:
    if a.sensitivity.empty:
        return "No other values of the inputs are known."
    first = a.sensitivity.iloc[0]
    return (
        f"The input that moves the {one_in(USUAL)} need most: {first['input']}, from {usd(first['low'], 2)} "
        f"({first['low_label']}) to {usd(first['high'], 2)} ({first['high_label']}). The shortness of the record alone "
        f"leaves {rng(*a.band_at(USUAL), prefix='US$ ')} open."
    )


_FINDINGS = {
    "shock": _shock,
    "people": _people,
    "where": _where,
    "money": _money,
    "fund": _fund,
    "payers": _payers,
    "cost": _cost,
    "unmet": _unmet,
    "household": _household,
    "sensitivity": _sensitivity,
}
