"""The costing report in words: title, the three-sentence answer, one finding a section.

Every function takes the analysis and returns text. What has no cost is said to have none, never zero.
"""

from __future__ import annotations

import calendar
import math
from typing import TYPE_CHECKING

import pandas as pd

from aspfin.reporting import style

if TYPE_CHECKING:
    from aspfin.reporting.costing import CostingAnalysis

__all__ = [
    "alone",
    "between",
    "capital",
    "currency",
    "dollars",
    "finding",
    "in_one",
    "known",
    "money",
    "number",
    "period",
    "sentences",
    "short",
    "subtitle",
    "title",
]

CURRENCIES = {"KHR": "riel", "ZMW": "kwacha"}
SPELT = {"covid": "COVID-19", "hiv": "HIV", "tvet": "TVET"}
FEW = 4
APART = 0.25  # budget and cost further apart than this are hardly for the same thing
NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine"}
NOT_KNOWN = "not known"


def known(value: float) -> bool:
    """Return whether there is a value to show."""
    return value is not None and not pd.isna(value) and math.isfinite(value)


def capital(text: str) -> str:
    """Return the text with its first letter large and the rest as it is."""
    return text[:1].upper() + text[1:]


def short(programme: str) -> str:
    """Return a programme's id in words.

    Examples
    --------
    >>> short("covid_cash_transfer"), short("drought_top_up")
    ('COVID-19 cash transfer', 'drought top-up')
    """
    return " ".join(SPELT.get(word, word) for word in programme.split("_")).replace("top up", "top-up")


def number(count: int) -> str:
    """Return a small number in words."""
    return NUMBERS.get(count, f"{count:,}")


def currency(a: CostingAnalysis) -> str:
    """Return the country's currency in words."""
    return CURRENCIES.get(a.budget.currency, a.budget.currency)


def money(a: CostingAnalysis, value: float) -> str:
    """Return an amount in the country's currency."""
    return f"{style.count(value)} {currency(a)}" if known(value) else NOT_KNOWN


def dollars(a: CostingAnalysis, value: float) -> str:
    """Return an amount in US dollars; empty without an exchange rate."""
    usd = a.budget.usd(value)
    return style.usd(usd) if known(usd) else ""


def both(a: CostingAnalysis, value: float) -> str:
    """Return an amount in the country's currency, with dollars where there is a rate."""
    usd = dollars(a, value)
    return f"{money(a, value)} ({usd})" if usd else money(a, value)


def between(a: CostingAnalysis, low: float, high: float, digits: int = 3) -> str:
    """Return a range in the country's currency."""
    return style.rng(low, high, digits, suffix=f" {currency(a)}")


def period(a: CostingAnalysis) -> str:
    """Return the period in words: "2025", or "December 2022 to February 2023"."""
    start, months = a.budget.start, a.budget.months
    if months == 12 and start.month == 1:
        return str(start.year)
    last = (pd.Timestamp(start) + pd.DateOffset(months=months - 1)).date()
    first = f"{calendar.month_name[start.month]} {start.year}"
    return first if months == 1 else f"{first} to {calendar.month_name[last.month]} {last.year}"


def during(a: CostingAnalysis) -> str:
    """Return the period as it stands in a sentence: "in 2025", "from December 2022 to February 2023"."""
    return f"{'from' if ' to ' in period(a) else 'in'} {period(a)}"


def alone(a: CostingAnalysis) -> bool:
    """Return whether the report is about one programme."""
    return len(a.budget.lines) == 1


def title(a: CostingAnalysis) -> str:
    """Return the title of the report."""
    if a.parameters.title:
        return a.parameters.title
    if alone(a):
        return f"{a.budget.lines['name'].iloc[0]}: what it costs, {period(a)}"
    return f"{a.country.name}: what the social protection system costs, {period(a)}"


def subtitle(a: CostingAnalysis) -> str:
    """Return what is costed, in one line."""
    costed, missing = len(a.budget.costed), len(a.budget.missing)
    if alone(a) and costed:
        one = a.budget.costed.iloc[0]
        paid = f" to {style.count(one['caseload'])} {one['unit']}" if known(one["caseload"]) else ""
        return f"Transfers{paid}, and administration."
    left = f"; {number(missing)} have no published amount or count and no cost here" if missing else ""
    return f"{capital(number(costed))} of {number(costed + missing)} programmes costed{left}."


def sentences(a: CostingAnalysis) -> list[str]:
    """Return the answer in three sentences."""
    if a.budget.tax_financed.empty:
        first = "No tax-financed programme of this report can be costed."
        return [first, *_insured(a), finding(a, "missing")]
    return [_cost(a), _share(a), _left(a)]


def _insured(a: CostingAnalysis) -> list[str]:
    """Return what the benefits of social security come to, where there are some."""
    lines = a.budget.insured
    if lines.empty:
        return []
    names = ", ".join(short(name) for name in lines["programme"])
    return [
        f"Benefits paid from contributions ({names}) come to about "
        f"{both(a, float(lines['transfers'].sum()))} {during(a)}."
    ]


def _cost(a: CostingAnalysis) -> str:
    b, lines = a.budget, a.budget.tax_financed
    whose = (
        f"The cost of the {short(lines['programme'].iloc[0])} is"
        if len(lines) == 1
        else f"The {number(len(lines))} tax-financed programmes that can be costed take"
    )
    why = "who is counted and on administration" if _disagree(a) else "administration"
    return (
        f"{whose} about {both(a, b.total())} {during(a)}: "
        f"{between(a, b.total(end='low'), b.total(end='high'))}, depending on {why}."
    )


def _disagree(a: CostingAnalysis) -> bool:
    lines = a.budget.tax_financed
    return bool((lines["transfers_high"] > lines["transfers_low"] * 1.005).any())


def _share(a: CostingAnalysis) -> str:
    b = a.budget
    parts = []
    if known(b.share_of("budget")):
        parts.append(f"{style.percent(b.share_of('budget'))} of the public budget{_year(a, 'budget')}")
    if known(b.share_of("gdp")):
        parts.append(f"{style.percent(b.share_of('gdp'))} of GDP")
    lines = b.tax_financed.sort_values("total", ascending=False, kind="stable")
    if alone(a) or len(lines) == 1:
        one = lines.iloc[0]
        each = ""
        if known(one["per_beneficiary"]):
            each = f"{money(a, one['per_beneficiary'])} for each {in_one(one['unit'])} reached, of which "
        share = style.percent(one["administration"] / one["total"])
        return capital(
            f"{_of(parts)}{each}{share} {'is' if each else 'of the cost is'} administration (an assumption)."
        )
    top = lines.iloc[0]
    most = f"the largest part is {short(top['programme'])}, {style.percent(top['total'] / b.total())}"
    if not parts:
        return capital(f"{most}; no confirmed public budget or GDP of the year was found to hold it against.")
    return capital(f"{_of(parts)}{most}.")


def _year(a: CostingAnalysis, name: str) -> str:
    own = a.budget.totals[name]
    return f" of {own.date}" if own.date and own.date != period(a) else ""


def _of(parts: list[str]) -> str:
    return f"that is {' and '.join(parts)}; " if parts else ""


def in_one(unit: str) -> str:
    """Return one of a unit in words: person, household."""
    return {"people": "person", "households": "household"}.get(unit, "beneficiary")


def _left(a: CostingAnalysis) -> str:
    missing = a.budget.missing
    if missing.empty:
        return _against_published(a) or "Every programme of this report has a cost."
    names = [short(name) for name in missing["programme"]]
    listed = ", ".join(names[:FEW]) + (f" and {number(len(names) - FEW)} more" if len(names) > FEW else "")
    noun = "programme has" if len(names) == 1 else "programmes have"
    return (
        f"{capital(number(len(names)))} {noun} no cost here ({listed}), because amounts or counts "
        f"were not found: the whole costs more{_more(a)}."
    )


def _more(a: CostingAnalysis) -> str:
    """Return the largest published budget among programmes whose cost is not or not fully known."""
    p = a.budget.published
    p = p[(p["kind"] == "budget") & (p["parts_missing"] > 0) & (p["status"] != "unverified")]
    p = p[p["amount"] > p["computed"].fillna(0)]
    if p.empty:
        return " than this"
    one = p.loc[p["amount"].idxmax()]
    parts = a.budget.lines["part_of"].eq(one["programme"]).any()
    return (
        f" (for the {short(one['programme'])}{' and its parts' if parts else ''} alone, "
        f"{money(a, one['amount'])} were budgeted for {one['period']})"
    )


def _against_published(a: CostingAnalysis) -> str:
    p = a.budget.published
    paid = p[p["comparable"] & (p["kind"] == "paid") & p["amount"].notna() & p["computed"].notna()]
    if paid.empty:
        return ""
    one = paid.iloc[0]
    off = one["computed"] / one["amount"] - 1
    way = "above" if off > 0 else "below"
    near = "within 0.01 % of" if abs(off) < 1e-4 else f"{style.percent(abs(off))} {way}"
    computed, paid_out = (style.count(one[name], 5) for name in ("computed", "amount"))
    return (
        f"The transfers computed from rule and count are {computed} {currency(a)}, {near} the published "
        f"{paid_out}."
    )


def finding(a: CostingAnalysis, section: str) -> str:
    """Return what a section shows, in a sentence or two."""
    return _FINDINGS[section](a)


def _programmes(a: CostingAnalysis) -> str:
    share = a.budget.administration
    said = f"Administration is taken as {style.percent(share.number)} of transfers" if share else ""
    ends = a.budget.administration_range
    spread = f", {style.rng(100 * ends[0], 100 * ends[1])} %" if ends else ""
    insured = len(a.budget.insured)
    fund = (
        f" The {'benefit' if insured == 1 else 'benefits'} of social security "
        f"{'is' if insured == 1 else 'are'} paid from contributions and not part of the total; what "
        "administration of the fund costs is not known."
        if insured
        else ""
    )
    return (
        "A cost is the amount that the rules pay, times those who are paid, times the months or events in "
        f"the period. {said}{spread}, an assumption.{fund}"
    )


def _components(a: CostingAnalysis) -> str:
    return (
        "Amounts, counts and months behind the costs that come from the rules alone. Where rules depend on "
        "area, level, age or wage, a made-up population of households gives the cost instead."
    )


def _counts(a: CostingAnalysis) -> str:
    c = a.budget.caseloads
    widest, ratio = c, 1.0
    for _, rows in c.groupby("programme", sort=False):
        spread = rows["transfers"].max() / rows["transfers"].min() if rows["transfers"].min() > 0 else 1.0
        if spread > ratio:
            widest, ratio = rows, spread
    if ratio < 1.005:
        return "Each programme has one count, or counts that give the same cost."
    return (
        f"They do not always agree: for {_apart(widest, style.number(ratio, 2))}. The cost is that of the "
        "count marked “used”; the range goes from the lowest to the highest."
    )


def _apart(rows: pd.DataFrame, ratio: str) -> str:
    """Return how far the costs of a programme's counts are apart; the same people may be paid for longer."""
    name = short(str(rows["programme"].iloc[0]))
    ends = [rows.loc[at] for at in (rows["transfers"].idxmax(), rows["transfers"].idxmin())]
    high, low = (f"{style.count(one['count'])} {one['unit']}" if known(one["count"]) else "" for one in ends)
    if high and high == low:
        return (
            f"{name} two rows count the same {high}, and one costs {ratio} times the other, because it has "
            "them paid for more months or at other amounts"
        )
    return f"{name} the dearest count costs {ratio} times the cheapest"


def _sensitivity(a: CostingAnalysis) -> str:
    if a.sensitivity.empty:
        return "No input of this report has a range."
    top = a.sensitivity.iloc[0]
    name = top["input"][:1].lower() + top["input"][1:]
    name = name.replace("count:", "the count of").replace(", % of transfers", "")
    return (
        f"The total moves most with {name}: from {money(a, top['low'])} to {money(a, top['high'])}. "
        "One input moves at a time."
    )


def _budget(a: CostingAnalysis) -> str:
    p = a.budget.published
    same = p[p["comparable"] & p["amount"].notna() & p["computed"].notna()]
    if p.empty:
        return "No budget of these programmes was found."
    if same.empty:
        return "No published budget covers exactly the period of this report; the nearest ones are listed."
    gaps = []
    for one in same.itertuples():
        name = "" if alone(a) else f"{short(one.programme)} "
        what = "the budget" if one.kind == "budget" else "what was paid"
        sure = " (unverified)" if one.status == "unverified" else ""
        gaps.append(f"{name}{style.percent(one.computed / one.amount)} of {what}{sure}")
    far = (same["computed"] / same["amount"] - 1).abs().max() > APART
    more = " Far from 100 %, the two may not cover the same people or months." if far else ""
    return f"The computed cost beside published money for the same period: {'; '.join(gaps[:FEW])}.{more}"


def _contributions(a: CostingAnalysis) -> str:
    own = a.budget.contributions
    by = own.groupby("payer")["amount"].sum()
    shares = ", ".join(f"{payer}s {money(a, value)}" for payer, value in by.items())
    return (
        f"Contributions come to {both(a, float(own['amount'].sum()))}: {shares}. Wages are those of the "
        "made-up population; members are those last published where there is a count."
    )


def _missing(a: CostingAnalysis) -> str:
    missing, closed = a.budget.missing, a.budget.closed
    reasons = dict.fromkeys(closed.values())
    told = [
        f"{capital(reason)}: {', '.join(short(name) for name, why in closed.items() if why == reason)}."
        for reason in reasons
    ]
    if missing.empty:
        return " ".join(["Every programme of this report that pays in the period has a cost.", *told])
    first = (
        "These programmes pay in the period, but an amount or a count was not found. They are not zero: put "
        "what you know into the parameter file, under amounts or caseloads, and run the report again."
    )
    return " ".join([first, *told])


_FINDINGS = {
    "programmes": _programmes,
    "components": _components,
    "counts": _counts,
    "sensitivity": _sensitivity,
    "budget": _budget,
    "contributions": _contributions,
    "missing": _missing,
}
