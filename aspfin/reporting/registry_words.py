"""The registry report in words: title, the answer, headline figures, one finding a section.

Every function takes the analysis and returns text. A count that must not be shown is said to be small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aspfin.registry.duplicates import HOUSEHOLD
from aspfin.reporting.manifest import Headline
from aspfin.reporting.performance_words import NUMBERS, capital, in_hundredths, known
from aspfin.reporting.registry_priorities import column, priorities, problem, surplus
from aspfin.reporting.style import count, riel

if TYPE_CHECKING:
    from aspfin.reporting.registry import RegistryAnalysis

__all__ = [
    "capital",
    "cards",
    "column",
    "finding",
    "headline",
    "money",
    "people",
    "priorities",
    "problem",
    "sentences",
    "share",
    "subtitle",
    "surplus",
    "title",
    "units",
    "whole",
]

FEW = "fewer than {minimum}"


def share(value: Any) -> str:
    """Return a share in per cent.

    Examples
    --------
    >>> share(0.333), share(float("nan"))
    ('33 %', 'not shown')
    """
    return f"{in_hundredths(float(value))} %" if known(value) else "not shown"


def units(a: RegistryAnalysis) -> str:
    """Return whom the overlap counts."""
    return "households" if a.parameters.unit == "household" else "people"


def people(a: RegistryAnalysis, value: Any) -> str:
    """Return a count to three digits; small ones are not told."""
    return count(float(value)) if known(value) else FEW.format(minimum=a.parameters.disclosure.minimum_cell)


def whole(value: Any) -> str:
    """Return a count as a whole number.

    Examples
    --------
    >>> whole(1234.4), whole(25.7)
    ('1,234', '26')
    """
    return f"{float(value):,.0f}"


def money(value: Any) -> str:
    """Return an amount of riel."""
    return riel(float(value)) if known(value) else "not known"


def _range(low: float, high: float, write: Any = count) -> str:
    one, other = write(float(low)), write(float(high))
    if one == other:
        return one
    tail = one.rsplit(" ", 2)
    # "25.9 million riel to 26.5 million riel" says its unit once.
    same = len(tail) == 3 and other.endswith(" ".join(tail[1:]))
    return f"{tail[0] if same else one} to {other}"


def title(a: RegistryAnalysis) -> str:
    """Return the title of the report."""
    number = len(a.names)
    return a.parameters.title or f"{capital(NUMBERS.get(number, str(number)))} programme lists, one picture"


def subtitle(a: RegistryAnalysis) -> str:
    """Return what the report rests on, in one line."""
    made_up = " Made-up lists with a known truth; no record is a real person." if a.known else ""
    return f"{count(a.totals['records'])} records in {len(a.files)} files: {_listed(a)}.{made_up}"


def _listed(a: RegistryAnalysis) -> str:
    names = list(a.names.values())
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def sentences(a: RegistryAnalysis) -> list[str]:
    """Return the answer: how fragmented, what it costs, who is missing, what to fix first."""
    return [one for one in (_fragmented(a), _costs(a), _missing(a), _first(a)) if one]


def _fragmented(a: RegistryAnalysis) -> str:
    told = a.totals
    text = f"The {count(told['records'])} records are of about {count(told['persons'])} people"
    if not known(told["index"]):
        return f"{text}; nobody, or hardly anybody, is on two lists."
    return (
        f"{text}. Where two lists hold the same person, {share(told['index'] / 100)} of the time they cannot "
        f"exchange what they know as it stands: {share(told['unjoined'])} share no number, "
        f"{share(told['contradictory'])} contradict each other on sex, year of birth or province."
    )


def _costs(a: RegistryAnalysis) -> str:
    again = surplus(a)
    if not known(again["records"]) or again["records"] < 0.5:
        few = FEW.format(minimum=a.parameters.disclosure.minimum_cell) if again["records"] != 0 else "no"
        return f"{capital(few)} records repeat a person of the same list."
    text = f"About {count(again['records'])} records repeat a person of the same list"
    second = a.duplicates[(a.duplicates["kind"] == HOUSEHOLD) & a.duplicates["records"].notna()]
    if second["records"].sum() > 0:
        text += f", and {count(second['records'].sum())} households have a second payee"
    whole = np.nansum([again["amount"], second["amount"].sum()])
    if not known(again["amount"]) or not again["paid"]:
        return f"{text}. The lists hold no amounts, so what that costs is not known."
    return f"{text}: at least {riel(whole)}, {share(whole / again['paid'])} of what was paid."


def _missing(a: RegistryAnalysis) -> str:
    parts = []
    for row in a.rights.head(1).itertuples():
        parts.append(
            f"{people(a, row.missing)} of {count(row.units)} {row.who} are not on the list of the "
            f"{a.names[row.list_id]}"
        )
    for row in a.missed.head(1).itertuples():
        both = f"neither {a.names[row.first]} nor {a.names[row.second]} knows"
        parts.append(f"{both} at least about {people(a, row.estimate)} {row.who}")
    return capital(f"{'; '.join(parts)}.") if parts else ""


def _first(a: RegistryAnalysis) -> str:
    desk = priorities(a)
    desk = desk[desk["who"] == "desk"].head(3)
    if desk.empty:
        return ""
    told = [
        f"{count(row.rows)} {row.short}" + (f" ({riel(row.amount)} paid on them)" if row.amount > 0 else "")
        for row in desk.itertuples()
    ]
    said = " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)
    return (
        f"Fix first, without leaving the office: {said}. Every row to fix is listed by file and row number."
    )


def headline(a: RegistryAnalysis) -> dict[str, Headline]:
    """Return the headline figures."""
    again = surplus(a)
    missed = a.missed["estimate"].iloc[0] if len(a.missed) else np.nan
    named = {
        "fragmentation_index": ("Fragmentation index", a.totals["index"], "per cent"),
        "records": ("Records", a.totals["records"], "records"),
        "people": ("People on any list", a.totals["persons"], "people"),
        "repeated_records": ("Records that repeat a person", again["records"], "records"),
        "money_on_repeated": ("Money on repeated records", again["amount"], "riel"),
        "on_neither_list": ("People on neither list", missed, "people"),
        "lowest_score": ("Lowest score of a list", a.scores["score"].min(), "of 100"),
    }
    return {
        name: Headline(label, float(value) if known(value) else None, unit)
        for name, (label, value, unit) in named.items()
    }


def cards(a: RegistryAnalysis) -> list[tuple[str, str, str]]:
    """Return four headline figures as label, value and note."""
    again, told = surplus(a), a.totals
    index = f"{told['index']:.0f} of 100" if known(told["index"]) else "not known"
    made = [
        ("Fragmentation", index, "0: any list can answer for any other; 100: none can"),
        ("People", count(told["persons"]), f"behind {count(told['records'])} records"),
    ]
    if known(again["amount"]):
        between = _range(again["amount_low"], again["amount_high"], riel)
        made.append(("Paid on repeated records", riel(again["amount"]), f"at least; {between}"))
    elif known(again["records"]):
        between = _range(again["records_low"], again["records_high"])
        made.append(("Repeated records", count(again["records"]), between))
    if len(a.missed) and known(a.missed["estimate"].iloc[0]):
        row = a.missed.iloc[0]
        made.append(
            ("On neither of two lists", count(row.estimate), f"at least; {_range(row.ci_low, row.ci_high)}")
        )
    else:
        worst = a.scores.dropna(subset="score").sort_values("score").head(1)
        made += [
            ("Lowest score", f"{row.score:.0f} of 100", capital(a.names[row.list_id]))
            for row in worst.itertuples()
        ]
    return made


def finding(a: RegistryAnalysis, section: str) -> list[str]:
    """Return what a section shows, in a sentence or two."""
    return [line for line in _FINDINGS[section](a) if line]


def _f_fragmented(a: RegistryAnalysis) -> list[str]:
    first = (
        "The index is the share of pairs of records, held by two lists of one person, that share no number "
        "(national or household) or contradict each other. Such a pair cannot be exchanged as it stands: "
        "somebody has to look."
    )
    worst = a.by_pair.dropna(subset="index").sort_values("index", ascending=False).head(1)
    told = [
        f"Worst joined are {a.names[row.list_id]} and {a.names[row.other]}: {row.index_:.0f} of 100."
        for row in worst.rename(columns={"index": "index_"}).itertuples()
    ]
    return [first, *told]


def _f_who(a: RegistryAnalysis) -> list[str]:
    several, every = a.totals["on_several"], a.totals["units"]
    text = (
        f"{count(several)} of {count(every)} {units(a)} on any list are on several "
        f"({share(several / every)})."
    )
    if a.parameters.unit == "household":
        text += (
            " A household is what people and household numbers join; who is only on lists without household "
            "numbers counts as a household alone."
        )
    return [text]


def _f_twice(a: RegistryAnalysis) -> list[str]:
    again = surplus(a)
    text = (
        "Whether two records are of one person is known with a probability; the range says how much that "
        "leaves "
        "open, given the model. Of the payments to a person the largest is kept, so the money is what "
        "correcting "
        "would save at least."
    )
    return [text] if known(again["records"]) else ["Fewer people than may be shown are on a list twice."]


def _f_nowhere(a: RegistryAnalysis) -> list[str]:
    lines = []
    if len(a.rights):
        lines.append(
            "One list may say that somebody should be on another. Those who are not can be visited now."
        )
    if len(a.missed):
        lines.append(
            "Who is on no list at all can only be estimated: from how many of the one list the other has "
            "found. "
            "It is a lowest figure, for whoever is hidden from one list is often hidden from the other."
        )
    return lines or ["The parameter file names no rights and no two lists of the same people."]


def _f_good(a: RegistryAnalysis) -> list[str]:
    ranked = a.scores.dropna(subset="score").sort_values("score")
    if ranked.empty:
        return []
    low = ranked.iloc[0]
    dimensions = ["completeness", "validity", "uniqueness", "consistency", "timeliness"]
    weakest = str(low[dimensions].astype(float).idxmin())
    return [
        f"The {a.names[low.list_id]} list scores lowest, {low.score:.0f} of 100; its weakest side is "
        f"{weakest} "
        f"({low[weakest]:.0f}). All five sides weigh the same; each is the mean over records."
    ]


def _f_first(a: RegistryAnalysis) -> list[str]:
    total, desk = a.first["rows"].sum(), a.first.loc[a.first["who"] == "desk", "rows"].sum()
    return [
        f"About {count(total)} things are to be fixed, {count(desk)} of them at a desk, the others with the "
        "household. What touches money or mixes up people comes first, then what hides who somebody is, then "
        "what is only old.",
        "The work list beside this report (work_list.xlsx) names file, row and column of each; "
        "repeated_records.csv names the rows that repeat a person. Neither holds a name or a number of a "
        "person.",
    ]


def _f_age(a: RegistryAnalysis) -> list[str]:
    rounds, both = (a.ways[a.ways["way"] == way].iloc[0] for way in ("rounds", "rounds and on demand"))
    return [
        f"Households form, move, fall into poverty. With a round every {a.parameters.ageing.round_months} "
        "months a "
        f"list leaves out {share(rounds.mean_exclusion)} of the eligible on average and "
        f"{share(rounds.worst_exclusion)} just before a round; with updating on demand as well "
        f"{share(both.mean_exclusion)}. The yearly rates behind this are assumed (below), not measured."
    ]


def _f_exchange(a: RegistryAnalysis) -> list[str]:
    best = a.ready.sort_values("score", ascending=False, kind="stable").drop_duplicates("list_id")
    row = best.iloc[0]
    return [
        "An answer in the exchange standard needs certain fields of each record. The table says how full "
        "they are.",
        f"Best prepared is {a.names[row.list_id]}, as a {row.registry} registry: {row.ready} of "
        f"{row.core_fields} core fields are filled in at least 95 % of its records.",
    ]


def _f_read(a: RegistryAnalysis) -> list[str]:
    left = a.files["rows_not_read"].sum() + a.files["rejected"].sum()
    odd, changed = a.files["cells_odd"].sum(), a.files["changes"].sum()
    return [
        f"{count(a.files['rows_in_file'].sum())} rows are in the files; {count(left)} were left out. In "
        f"{count(odd)} cells something odd was found (zero-width characters, impossible dates …), and "
        f"{count(changed)} single values were changed to fit the common vocabulary, each told in the log."
    ]


def _f_linked(a: RegistryAnalysis) -> list[str]:
    lines = [a.threshold]
    for row in a.evaluation[a.evaluation["measure"].isin(["precision", "recall"])].itertuples():
        what = "links that are right" if row.measure == "precision" else "true pairs that are found"
        lines.append(f"Share of {what}: {share(row.estimate)} ({share(row.ci_low)} to {share(row.ci_high)}).")
    return lines


_FINDINGS = {
    "fragmented": _f_fragmented,
    "who": _f_who,
    "twice": _f_twice,
    "nowhere": _f_nowhere,
    "good": _f_good,
    "first": _f_first,
    "age": _f_age,
    "exchange": _f_exchange,
    "read": _f_read,
    "linked": _f_linked,
}
