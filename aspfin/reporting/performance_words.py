"""The performance report in words: title, the three-sentence answer, headline figures, one finding a section.

Every function takes the analysis and returns text. A figure that must not be shown is said not to be shown.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from aspfin.reporting.charts_effects import written
from aspfin.reporting.estimates import figure_record
from aspfin.reporting.manifest import Headline
from aspfin.reporting.performance_measures import QUANTILE
from aspfin.reporting.style import count, number

if TYPE_CHECKING:
    from aspfin.reporting.performance import PerformanceAnalysis

__all__ = [
    "capital",
    "cards",
    "ends",
    "estimates",
    "finding",
    "headline",
    "meant",
    "minds",
    "money",
    "not_meant",
    "poorest",
    "richest",
    "sentences",
    "share",
    "spoken",
    "subtitle",
    "title",
]

NOT_SHOWN = "not shown"
BOTTOM = 0.4
NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine"}


def capital(text: str) -> str:
    """Return the text with its first letter large and the rest as it is."""
    return text[:1].upper() + text[1:]


CODES = {
    "child_0_1": "children under two", "child_0_5": "children 0 to 5", "child_6_17": "children 6 to 17",
    "age_60_plus": "people aged 60 and over", "hiv": "people with HIV", "phnom_penh": "Phnom Penh",
    "trainee": "trainees", "_": " ",
}  # fmt: skip


def spoken(name: str) -> str:
    """Return a name of the country pack in words.

    Examples
    --------
    >>> spoken("child_0_5, phnom_penh, level 1")
    'children 0 to 5, Phnom Penh, level 1'
    """
    for code, text in CODES.items():
        name = name.replace(code, text)
    return name


def known(value: float) -> bool:
    """Return whether there is a value to show."""
    return value is not None and not pd.isna(value)


def share(value: float) -> str:
    """Return a share in per cent, or that it is not shown.

    Examples
    --------
    >>> share(0.671), share(float("nan"))
    ('67 %', 'not shown')
    """
    return f"{in_hundredths(float(value))} %" if known(value) else NOT_SHOWN


def in_hundredths(value: float) -> str:
    """Return a share in per cent without the sign: whole numbers from 10 on, below with one decimal.

    Examples
    --------
    >>> [in_hundredths(share) for share in (0.671, 0.0512, 0.0, 0.0002, 0.9999, 1.0)]
    ['67', '5.1', '0', '< 0.1', '> 99.9', '100']
    """
    size = round(100 * abs(value), 9)  # the last digits of a sum are noise
    if 0 < size < 0.05:
        return "< 0.1"
    if 99.5 <= size < 100:
        return f"{size:.1f}" if size < 99.95 else "> 99.9"
    text = f"{size:.0f}" if size >= 9.95 or size == 0 else f"{size:.1f}"
    return f"−{text}" if value < 0 else text


def ends(row: pd.Series) -> str:
    """Return an interval of a share in per cent; empty where there is none.

    Examples
    --------
    >>> ends(pd.Series({"ci_low": 0.451, "ci_high": 0.889}))
    '45 to 89'
    """
    if not (known(row["ci_low"]) and known(row["ci_high"])):
        return ""
    return f"{in_hundredths(float(row['ci_low']))} to {in_hundredths(float(row['ci_high']))}"


def plain_ends(row: pd.Series, digits: int = 2) -> str:
    """Return an interval of what is no share; empty where there is none."""
    if not (known(row["ci_low"]) and known(row["ci_high"])):
        return ""
    low, high = float(row["ci_low"]), float(row["ci_high"])
    places = max(0, digits - 1 - math.floor(math.log10(max(abs(low), abs(high), 1e-9))))
    return f"{written(low, places)} to {written(high, places)}"


def rate(value: float) -> str:
    """Return a poverty rate, written with one decimal throughout: its changes are small.

    Examples
    --------
    >>> rate(0.1862), rate(0.0421)
    ('18.6', '4.2')
    """
    return written(100 * float(value), 1) if known(value) else NOT_SHOWN


def rate_ends(row: pd.Series) -> str:
    """Return an interval of a poverty rate; empty where there is none."""
    if not (known(row["ci_low"]) and known(row["ci_high"])):
        return ""
    return f"{rate(row['ci_low'])} to {rate(row['ci_high'])}"


def line(a: PerformanceAnalysis) -> str:
    """Return the poverty line as it was given: money per period."""
    own = a.parameters.poverty_line
    return f"{own.value:,.10g} {own.currency} a {own.period}"


def with_ends(row: pd.Series, note: str = "") -> str:
    """Return a share with its interval in parentheses."""
    text, between = share(row["estimate"]), ends(row)
    return f"{text} ({note}{between})" if between else text


def money(a: PerformanceAnalysis, value: float) -> str:
    """Return an amount of money in the report's currency."""
    return f"{count(value)} {a.parameters.poverty_line.currency}" if known(value) else NOT_SHOWN


def meant(a: PerformanceAnalysis) -> str:
    """Return for whom the programmes are meant, in words."""
    return "poor people" if a.parameters.eligible is None else "the people they are meant for"


def not_meant(a: PerformanceAnalysis) -> str:
    """Return the others, in words."""
    return "not poor" if a.parameters.eligible is None else "people they are not meant for"


def _groups(a: PerformanceAnalysis) -> str:
    return "tenth" if a.parameters.quantiles == 10 else "fifth"


def poorest(a: PerformanceAnalysis, measure: str = "coverage") -> pd.Series:
    """Return one measure of the poorest fifth or tenth."""
    return a.rows(measure, QUANTILE).iloc[0]


def richest(a: PerformanceAnalysis, measure: str = "coverage") -> pd.Series:
    """Return one measure of the richest fifth or tenth."""
    return a.rows(measure, QUANTILE).iloc[-1]


def _programmes(a: PerformanceAnalysis) -> str:
    names = a.programmes
    if len(names) == 1:
        return f"the {names[0]}"
    return f"at least one of {NUMBERS.get(len(names), len(names))} programmes"


def title(a: PerformanceAnalysis) -> str:
    """Return the title of the report."""
    names, path = a.programmes, a.parameters.data.path
    what = f"The {names[0]}" if len(names) == 1 else "Social protection"
    where = f" in {Path(path).name}" if path else ""  # one's own reports are told apart
    return a.parameters.title or f"{what}{where}: who gets it, and what it does"


def subtitle(a: PerformanceAnalysis) -> str:
    """Return what the report rests on, in one line."""
    sizes = dict(zip(a.sample["what"], a.sample["number"], strict=True))
    used = int(sizes["rows with welfare, used"])
    rows = "households" if a.parameters.household_size else "persons"
    made_up = " Made-up data with a known truth; no row is a real household." if a.known else ""
    units = int(sizes["sampling units (villages)"])
    where = f" in {units:,} villages" if a.parameters.psu else ""
    return f"A survey of {used:,} {rows}{where}, for {count(a.persons)} people.{made_up}"


def minds(a: PerformanceAnalysis) -> list[str]:
    """Return what a reader must mind before reading any figure: the checks that failed."""
    return [f"Mind: {check.text or check.question}." for check in a.checks if check.passed is False]


def bottom(a: PerformanceAnalysis) -> pd.Series:
    """Return the share of the money that goes to the poorest 40 %, with its interval."""
    ratio = a.error("coady_grosh_hoddinott").copy()
    for name in ("estimate", "std_error", "ci_low", "ci_high"):
        ratio[name] = min(max(BOTTOM * ratio[name], 0.0), 1.0) if known(ratio[name]) else math.nan
    return ratio


def sentences(a: PerformanceAnalysis) -> list[str]:
    """Return the answer in three sentences."""
    return [_who(a), _money(a), _effect(a)]


def _who(a: PerformanceAnalysis) -> str:
    everybody, low, high = a.figure("coverage"), poorest(a), richest(a)
    text = (
        f"Of all people, {with_ends(everybody, '95 % interval ')} live in a household that receives "
        f"{_programmes(a)}"
    )
    if not known(everybody["estimate"]):
        return f"Too few people live in a household that receives {_programmes(a)} to say how many."
    if everybody["estimate"] == 0:
        return f"Nobody in the data lives in a household that receives {_programmes(a)}."
    if not (known(low["estimate"]) and known(high["estimate"])):
        return f"{text}; too few rows are in the data to tell the poorest from the richest."
    return (
        f"{text}: {with_ends(low)} of the poorest {_groups(a)} and {share(high['estimate'])} of the richest."
    )


def _money(a: PerformanceAnalysis) -> str:
    average, adequacy, low = a.figure("average_transfer"), a.figure("adequacy"), bottom(a)
    if not known(average["estimate"]):
        return "Too few households in the data receive anything to say how much."
    first = (
        f"The poorest 40 % of people get {with_ends(low)} of the money; " if known(low["estimate"]) else ""
    )
    return capital(
        f"{first}a recipient gets {money(a, average['estimate'])} a day on average, "
        f"{share(adequacy['estimate'])} of what recipients live on."
    )


def _effect(a: PerformanceAnalysis) -> str:
    before, after, fall = (
        a.figure("headcount_before"),
        a.figure("headcount_after"),
        a.figure("headcount_fall"),
    )
    if not known(before["estimate"]):
        return "Too few households are in the data to say what the transfers do to poverty."
    if not known(after["estimate"]):
        return (
            f"Poverty would be {rate(before['estimate'])} % without the transfers; too few receive them to "
            "say what it is with them."
        )
    missed, leaked = a.error("exclusion_error"), a.error("inclusion_error")
    drop = f", a fall by {with_ends(fall)}" if known(fall["estimate"]) else ""
    text = (
        f"Poverty is {rate(after['estimate'])} % with the transfers and would be "
        f"{rate(before['estimate'])} % without them{drop}"
    )
    if not known(missed["estimate"]):
        return f"{text}."
    wrong = "are not poor without them" if a.parameters.eligible is None else "are not among these"
    return (
        f"{text}; {with_ends(missed)} of {meant(a)} receive nothing, and {with_ends(leaked)} of those who "
        f"receive {wrong}."
    )


def headline(a: PerformanceAnalysis) -> dict[str, Headline]:
    """Return the headline figures at full precision."""
    unit = f"{a.parameters.poverty_line.currency} per person and day"
    named = {
        "coverage_of_poorest": (f"Coverage of the poorest {_groups(a)}", poorest(a)["estimate"], "share"),
        "coverage": ("Coverage", a.figure("coverage")["estimate"], "share"),
        "exclusion_error": ("Exclusion error", a.error("exclusion_error")["estimate"], "share"),
        "inclusion_error": ("Inclusion error", a.error("inclusion_error")["estimate"], "share"),
        "money_to_poorest_40": ("Money to the poorest 40 %", bottom(a)["estimate"], "share"),
        "average_transfer": ("Average transfer", a.figure("average_transfer")["estimate"], unit),
        "headcount_before": ("Poverty without transfers", a.figure("headcount_before")["estimate"], "share"),
        "headcount_after": ("Poverty with transfers", a.figure("headcount_after")["estimate"], "share"),
        "benefit_cost": ("Gap closed per unit of money", a.figure("benefit_cost")["estimate"], "ratio"),
    }
    return {
        name: Headline(label, float(value) if known(value) else None, unit)
        for name, (label, value, unit) in named.items()
    }


def estimates(a: PerformanceAnalysis) -> list[dict[str, Any]]:
    """Return the headline figures that have a standard error as records, hidden ones left out."""
    rows = {
        "coverage_of_poorest": poorest(a),
        "coverage": a.figure("coverage"),
        "exclusion_error": a.error("exclusion_error"),
        "inclusion_error": a.error("inclusion_error"),
        "average_transfer": a.figure("average_transfer"),
        "headcount_before": a.figure("headcount_before"),
        "headcount_after": a.figure("headcount_after"),
        "benefit_cost": a.figure("benefit_cost"),
    }
    villages = a.sample.set_index("what")["number"].get("sampling units (villages)")
    n, said = None if villages is None else int(villages), headline(a)
    found = [
        figure_record(row, name=name, label=said[name].label, unit=said[name].unit, n_clusters=n)
        for name, row in rows.items()
    ]
    return [one for one in found if one is not None]


def cards(a: PerformanceAnalysis) -> list[tuple[str, str, str]]:
    """Return four headline figures as label, value and note."""
    missed, low, gap = a.error("exclusion_error"), bottom(a), a.figure("benefit_cost")
    reached = 1 - missed["estimate"] if known(missed["estimate"]) else math.nan
    between = (
        f"; {in_hundredths(1 - missed['ci_high'])} to {in_hundredths(1 - missed['ci_low'])} %"
        if known(missed["ci_low"]) else ""
    )  # fmt: skip
    before, after = a.figure("headcount_before")["estimate"], a.figure("headcount_after")["estimate"]
    poverty = f"{rate(before)} → {rate(after)}" if known(before) and known(after) else NOT_SHOWN
    currency = a.parameters.poverty_line.currency
    closed = number(gap["estimate"], 2) if known(gap["estimate"]) else NOT_SHOWN
    return [
        (f"{capital(meant(a))} reached", share(reached), f"{_of(a, missed)}{between}"),
        ("Money to the poorest 40 %", share(low["estimate"]),
         "of all transfers" + (f"; {ends(low)} %" if ends(low) else "")),
        ("Poverty, %", poverty, f"without → with transfers, below {line(a)}"),
        ("Poverty gap closed", closed, f"{currency} for each {currency} paid"
         + (f"; {plain_ends(gap)}" if plain_ends(gap) else "")),
    ]  # fmt: skip


def _of(a: PerformanceAnalysis, missed: pd.Series) -> str:
    """Return the people meant to receive, of whom a share is reached, in words."""
    if known(missed["denominator_persons"]) and missed["denominator_persons"] > 0:
        return f"of {size(missed)}"
    if a.figure("headcount_before")["estimate"] == 0 and a.parameters.eligible is None:
        return "nobody is poor"
    return "too few rows receive anything to show it"


def size(row: pd.Series) -> str:
    """Return the people a rate is taken of, in words."""
    persons = row["denominator_persons"]
    return f"{count(persons)} people" if known(persons) else "too few to be shown"


def finding(a: PerformanceAnalysis, section: str) -> str:
    """Return what a section shows, in a sentence or two."""
    return _FINDINGS[section](a)


def _covered(a: PerformanceAnalysis) -> str:
    return (
        f"Covered is whoever lives in a household that receives {_programmes(a)}. People are "
        "ranked by what they "
        "would live on without the transfers."
    )


def _incidence(a: PerformanceAnalysis) -> str:
    low = bottom(a)
    if not known(low["estimate"]):
        return "Too few households receive anything to say who gets the money."
    ratio = a.error("coady_grosh_hoddinott")["estimate"]
    judged = "more" if ratio > 1 else "less"
    return (
        f"The poorest 40 % of people get {with_ends(low)} of the money, {number(ratio, 2)} "
        "times what an equal "
        f"amount for everybody would give them: {judged} than with no targeting at all."
    )


def _enough(a: PerformanceAnalysis) -> str:
    adequacy, average = a.figure("adequacy"), a.figure("average_transfer")
    if not known(adequacy["estimate"]):
        return "Too few households receive anything to say how much it is to them."
    of_line = average["estimate"] / a.parameters.line_per_day
    return (
        f"The transfers are {with_ends(adequacy)} of what recipients live on. The average of "
        f"{money(a, average['estimate'])} per recipient and day is {share(of_line)} of the poverty line."
    )


def _poverty(a: PerformanceAnalysis) -> str:
    fall, gap, gini = a.figure("headcount_fall"), a.figure("gap_fall"), a.figure("gini_fall")
    if not known(fall["estimate"]):
        return "What the transfers do to poverty is not shown."
    return (
        f"The transfers lower the share of poor people by {with_ends(fall)} of what it would "
        "be, the poverty gap "
        f"by {with_ends(gap)}, and inequality (Gini) by {share(gini['estimate'])}. Nobody is "
        "taken to have worked or "
        "earned differently without them."
    )


def _targeted(a: PerformanceAnalysis) -> str:
    missed, leaked, kappa = (a.error(code) for code in ("exclusion_error", "inclusion_error", "kappa"))
    if not known(missed["estimate"]):
        return "Too few households are behind the errors of targeting to show them."
    from aspfin.indicators.targeting import landis_koch

    label = landis_koch(float(kappa["estimate"])) if known(kappa["estimate"]) else "no"
    own = a.parameters.eligible is None
    return (
        f"Of the {size(missed)} who {'are poor without transfers' if own else 'are meant to receive'}, "
        f"{with_ends(missed)} are missed; of the {size(leaked)} who receive, {with_ends(leaked)} are "
        f"{'not poor' if own else 'not meant to'}. Agreement between need and receipt beyond "
        f"chance is {label} "
        f"(kappa {number(kappa['estimate'], 2)})."
    )


def _overlap(a: PerformanceAnalysis) -> str:
    shown = a.overlap.dropna(subset=["estimate"])
    held = shown[a.programmes].sum(axis=1)
    several = shown.loc[held > 1, "estimate"].sum()
    none = shown.loc[held == 0, "estimate"].sum()
    least = "at least " if len(shown) < len(a.overlap) else ""  # some combinations are too rare to be shown
    return f"Of all people, {share(none)} receive no programme and {least}{share(several)} more than one."


def _administrative(a: PerformanceAnalysis) -> str:
    table = a.administrative.dropna(subset=["gap"])
    inside = int(table["within_sampling_error"].astype(bool).sum())
    return (
        f"{inside} of {len(table)} published counts lie within the survey's interval. "
        "Administrative and survey "
        "coverage are two measures of two things; they are shown side by side, never mixed."
    )


def _official(a: PerformanceAnalysis) -> str:
    if not len(a.official):
        return "Nobody in the data receives anything."
    return (
        "The same indicators under the codes of the World Bank's ASPIRE database, each with its standard "
        "error. There, fifths are formed by welfare with the transfers in it and differ from those above; "
        "those whose code says preT are formed without. Files hold shares of 1, the database per cent."
    )


def _population(a: PerformanceAnalysis) -> str:
    worst = a.margins.loc[a.margins["status"] != "assumed", "difference"].abs().max()
    return (
        f"The survey is drawn from a made-up population that meets {len(a.margins)} published "
        "or assumed figures, "
        f"the published ones to within {number(100 * worst, 2)} %. What the programmes pay "
        "follows the country's "
        "rules; who is paid follows who is registered."
    )


_FINDINGS = {
    "covered": _covered,
    "incidence": _incidence,
    "enough": _enough,
    "poverty": _poverty,
    "targeted": _targeted,
    "overlap": _overlap,
    "administrative": _administrative,
    "official": _official,
    "population": _population,
}
