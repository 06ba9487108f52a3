"""The response report in words: title, the three-sentence answer, headline figures, one finding a section.

Every function takes the analysis and returns text. Money is in US dollars, beside the country's currency
where it is said first.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from aspfin.reporting.manifest import Headline
from aspfin.reporting.style import count, number, percent, rng, usd

if TYPE_CHECKING:
    from aspfin.reporting.response import ResponseAnalysis

__all__ = [
    "cards",
    "caution",
    "headline",
    "lower",
    "ranged",
    "sentences",
    "share",
    "subtitle",
    "title",
]

NONE = "not available"
CURRENCIES = {"KHR": "riel", "ZMW": "kwacha"}


def lower(name: str) -> str:
    """Return the name of an option within a sentence.

    Examples
    --------
    >>> lower("Design tweak")
    'design tweak'
    """
    return name[:1].lower() + name[1:]


def the(name: str) -> str:
    """Return an option as the subject of a sentence: programmes and tweaks take an article."""
    own = lower(name)
    return f"the {own}" if own.endswith(("programme", "tweak")) and "+" not in own else own


def capital(text: str) -> str:
    """Return the text with its first letter large."""
    return text[:1].upper() + text[1:]


def known(value: float) -> bool:
    """Return whether there is a number."""
    return value is not None and math.isfinite(value)


def share(value: float) -> str:
    """Return a share in per cent.

    Examples
    --------
    >>> share(0.369), share(float("nan"))
    ('37 %', 'not available')
    """
    return percent(float(value)) if known(value) else NONE


def bare(value: float) -> str:
    """Return a share in per cent without the sign.

    Examples
    --------
    >>> bare(0.369)
    '37'
    """
    return percent(value).removesuffix(" %")


def points(value: float) -> str:
    """Return a share in per cent with one decimal, for small changes of it.

    Examples
    --------
    >>> points(0.1784)
    '17.8 %'
    """
    return f"{100 * value:.1f} %" if known(value) else NONE


def ends(low: float, high: float, write: Callable[[float], str] = bare) -> str:
    """Return a range without its unit; empty where there is none.

    Examples
    --------
    >>> ends(0.31, 0.44)
    '31 to 44'
    """
    if not (known(low) and known(high)):
        return ""
    one, other = write(float(low)), write(float(high))
    return one if one == other else f"{one} to {other}"


def ranged(a: ResponseAnalysis, measure: str, option: str | None = None) -> str:
    """Return a share with its range."""
    between = ends(*a.band(measure, option))
    text = share(a.row(option)[measure])
    return f"{text} ({between})" if between and f"{between} %" != text else text


def dollars(a: ResponseAnalysis, value: float) -> str:
    """Return an amount of the country's currency in US dollars."""
    return usd(value / a.rate, 2) if known(value) else NONE


def local(a: ResponseAnalysis, value: float) -> str:
    """Return an amount in the country's currency."""
    name = CURRENCIES.get(a.comparison.currency, a.comparison.currency)
    return f"{count(value, 2)} {name}" if known(value) else NONE


def money_unit(a: ResponseAnalysis) -> tuple[float, str]:
    """Return by how many US dollars costs are divided in tables, and the unit that makes."""
    top = max(a.row(name)["cost"] for name in a.single) / a.rate
    return (1e6, "US$ million") if top >= 1e6 else (1e3, "US$ thousand")


def cost_range(a: ResponseAnalysis, option: str | None = None, measure: str = "cost") -> str:
    """Return the range of a cost in US dollars."""
    low, high = a.band(measure, option)
    return rng(low / a.rate, high / a.rate, prefix="US$ ") if known(low) and known(high) else ""


def title(a: ResponseAnalysis) -> str:
    """Return the title of the report."""
    own = a.parameters.title or f"{a.shock.name}: six ways to respond"
    own = own if a.national else own.removesuffix(", province by province")
    return own if a.national or a.place in own else f"{own}: {a.place}"


def subtitle(a: ResponseAnalysis) -> str:
    """Return what is answered, and on what it rests."""
    day = a.shock.start
    months = a.shock.duration_months.number
    return (
        f"{a.place}, {day.strftime('%B %Y')}, {number(months)} months. Simulated on "
        f"{len_households(a):,} made-up households that match published figures; ranges cover nine in ten of "
        f"{a.comparison.draws:,} draws of the uncertain inputs."
    )


def len_households(a: ResponseAnalysis) -> int:
    """Return how many households were simulated."""
    return a.parameters.population.households


def part(a: ResponseAnalysis, name: str) -> float:
    """Return the households of one part of the account."""
    rows = a.comparison.account.set_index("part")["households"]
    return float(rows.get(name, math.nan))


def total(a: ResponseAnalysis) -> float:
    """Return all households of the place."""
    return float(a.comparison.account["households"].sum())


def in_need(a: ResponseAnalysis) -> str:
    """Return the households in need with their range."""
    low, high = a.band("households_in_need")
    text = count(a.row()["households_in_need"])
    return f"{text} ({rng(low, high)})" if known(low) and high > low else text


def nobody(a: ResponseAnalysis) -> bool:
    """Return whether no household is in need."""
    return not a.row()["households_in_need"] > 0


def sentences(a: ResponseAnalysis) -> list[str]:
    """Return the answer in three sentences."""
    if nobody(a):
        return [
            f"{a.shock.name}: {count(a.row()['households_affected'])} households of {a.place} are hit.",
            "None of them is in need: none was poor before or falls below the poverty line.",
            "There is nothing to compare: no option is called for here.",
        ]
    return [_hit(a), _compared(a), _close(a)]


def _hit(a: ResponseAnalysis) -> str:
    row = a.row()
    hit = row["households_affected"]
    whole = share(hit / total(a)) if total(a) else NONE
    who = "All" if hit >= 0.999 * total(a) else f"About {count(hit)}"
    of = f"{count(total(a))} households" if who == "All" else f"households ({whole})"
    return (
        f"{who} {of} of {a.place} are hit, and {in_need(a)} of them are in need: "
        f"{count(part(a, 'in need, poor before'))} were poor before, "
        f"{count(part(a, 'in need, pushed below the line'))} are pushed below the poverty line."
    )


def _compared(a: ResponseAnalysis) -> str:
    reach, fast = a.best("coverage_in_need", most=True), a.best("first_days", most=False)
    cheap = thriftiest(a)
    text = (
        f"Of the options open when the shock has come, {the(reach)} reaches most of them, "
        f"{ranged(a, 'coverage_in_need', reach)}, for {dollars(a, a.row(reach)['cost'])}"
    )
    pays_first = f"pays first, from day {a.row(fast)['first_days']:.0f}"
    least = (
        f"gives most for the money: US$ {undone(a, cheap):.2f} of the rise in poverty undone per US$ spent"
    )
    if fast == cheap:
        return f"{text}; {the(fast)} {pays_first}, and {least}."
    return f"{text}; {the(fast)} {pays_first}; {the(cheap)} {least}."


def new_money(a: ResponseAnalysis) -> list[str]:
    """Return the options whose money is extra, not only paid earlier than due: their costs compare."""
    return [name for name in a.now if not a.row(name)["brought_forward"] > 0] or a.now


def undone(a: ResponseAnalysis, option: str) -> float:
    """Return what an option undoes of the rise of the poverty gap, per unit of money that it costs."""
    row = a.row(option)
    return (row["need_money"] - row["unmet_money"]) / row["cost"] if row["cost"] > 0 else math.nan


def thriftiest(a: ResponseAnalysis) -> str:
    """Return the option that undoes most per unit of money, among those that send new money."""
    values = {name: undone(a, name) for name in new_money(a)}
    found = {name: value for name, value in values.items() if known(value)}
    return max(found, key=lambda name: found[name]) if found else new_money(a)[0]


def times(a: ResponseAnalysis, option: str | None = None) -> str:
    """Return who is paid on time, later, never, in words."""
    row = a.row(option)
    need = row["households_in_need"]
    parts = [
        (row[f"households_{name}"] / need, words)
        for name, words in (
            ("on_time", f"within {a.comparison.deadline_days:g} days"),
            ("late", "later"),
            ("never", "never"),
        )
    ]
    first, *rest = [f"{share(part)} {words}" for part, words in parts if part >= 0.005]
    if parts[0][0] < 0.005:
        return f"none of those in need is paid {parts[0][1]}, {' and '.join([first, *rest])}"
    paid, _, when = first.partition(" % ")
    return f"{paid} % of those in need are paid {', '.join([when, *rest])}"


def _close(a: ResponseAnalysis) -> str:
    text = f"With {the(a.focus)}, {times(a)}"
    if a.financing is None:
        return f"{text}; it costs {dollars(a, a.row()['cost'])} ({cost_range(a)})."
    return f"{text}; {_gap(a)}."


def _gap(a: ResponseAnalysis) -> str:
    """Return from which size of shock on money is missing, within a sentence."""
    row = gap_row(a)
    if row is None:
        top = a.financing.by_return_period.iloc[-1]
        reach = "" if single_size(a) else f" up to the worst year in {top['return_period']:g}"
        return f"the financing planned covers its cost{reach}, {usd(top['cost'], 2)}"
    when = "" if single_size(a) else f"one year in {row['return_period']:g}, "
    return f"{when}{usd(row['unmet'], 2)} of its cost of {usd(row['cost'], 2)} has no money behind it"


def gap_row(a: ResponseAnalysis) -> pd.Series | None:
    """Return the smallest size of shock at which money is missing; None where there is none."""
    table = a.financing.by_return_period
    short = table[table["unmet"] > 0.005 * table["cost"]]
    return short.iloc[0] if len(short) else None


def single_size(a: ResponseAnalysis) -> bool:
    """Return whether the file says how rare this shock is, so that there is one size of it alone."""
    return a.parameters.financing is not None and a.parameters.financing.return_period is not None


def period_row(a: ResponseAnalysis) -> pd.Series:
    """Return the row of the financing that is told: one year in ten, or the nearest."""
    table = a.financing.by_return_period
    return table.iloc[int((table["return_period"] - 10).abs().argmin())]


def cards(a: ResponseAnalysis) -> list[tuple[str, str, str]]:
    """Return four headline figures as label, value and note."""
    row = a.row()
    low, high = a.band("households_in_need")
    between = rng(low, high) if known(low) and high > low else ""
    first = row["first_days"]
    days = ends(*a.band("first_days"), write=lambda x: f"{x:.0f}")
    last = f"95 % paid by day {row['last_days']:.0f}" if known(row["last_days"]) else ""
    name = the(a.focus)
    return [
        (
            "Households in need",
            count(row["households_in_need"]),
            f"{between}; of {count(row['households_affected'])} hit".lstrip("; "),
        ),
        (
            "Reached",
            share(row["coverage_in_need"]),
            f"of those in need, by {name}; {ends(*a.band('coverage_in_need'))} %",
        ),
        (
            "First payment",
            f"day {first:.0f}" if known(first) else "nobody paid",
            f"day {days}; {last}" if days else last,
        ),
        ("Cost", dollars(a, row["cost"]), f"{cost_range(a)}; {local(a, row['cost'])}".lstrip("; ")),
    ]


def caution(a: ResponseAnalysis) -> str:
    """Return what a reader of the first screen must know."""
    return (
        f"Mind: whom an option reaches, how long it takes and what it costs to run rest on working "
        f"assumptions with wide "
        f"ranges; no evaluation has measured them in {a.country.name}. Prefer differences between options "
        f"to single "
        "figures. Everything assumed is listed at the end."
    )


def headline(a: ResponseAnalysis) -> dict[str, Headline]:
    """Return the headline figures at full precision: what a batch compares and draws on its map."""
    row = a.row()

    def value(name: str, divisor: float = 1.0) -> float | None:
        return float(row[name]) / divisor if known(row[name]) else None

    first = value("first_days") if row["coverage_in_need"] > 0 else None
    return {
        "households_in_need": Headline("Households in need", value("households_in_need"), "households"),
        "coverage_in_need": Headline("In need and reached", value("coverage_in_need"), "share"),
        "first_days": Headline("Days to the first payment", first, "days"),
        "cost_usd": Headline("Cost", value("cost", a.rate), "USD"),
        "cost_per_in_need_usd": Headline(
            "Cost per household reached in need", value("cost_per_in_need", a.rate), "USD"
        ),
        "households_never": Headline("In need, never paid", value("households_never"), "households"),
    }
