"""The tables of the performance report; `performance_view.py` puts them on the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from aspfin.reporting import performance_words as words
from aspfin.reporting import style, tables
from aspfin.reporting.performance_measures import EVERYONE, MEANT, QUANTILE

if TYPE_CHECKING:
    from aspfin.reporting.performance import PerformanceAnalysis
    from aspfin.reporting.tables import Html

__all__ = [
    "administrative",
    "coverage",
    "hidden_note",
    "incidence",
    "official",
    "population",
    "poverty",
    "sample",
    "shown_share",
    "transfers",
]

MOST_PROGRAMMES = 4
MOST_ROWS = 12
SHOWN = (
    "Figures that rest on fewer than {minimum} rows of the data are not shown (–), nor those "
    "that would give them "
    "away."
)

TOO_FEW = "Fewer than {minimum} rows of the data are behind every figure of this table: it is not shown."


def shown_share(value: Any) -> str | None:
    """Return a share in per cent as a cell; None where it is not shown."""
    return words.share(value) if words.known(value) else None


def _between(row: Any, plain: bool = False) -> str | None:
    both = pd.Series({"ci_low": row.ci_low, "ci_high": row.ci_high})
    return (words.plain_ends(both, 3) if plain else words.ends(both)) or None


def _in_per_cent(row: Any) -> str | None:
    between = _between(row)
    return f"{between} %" if between else None


def hidden_note(a: PerformanceAnalysis, frame: pd.DataFrame) -> list[str]:
    """Return the note that tells why cells are empty, where some are hidden."""
    hidden = "hidden" in frame and (frame["hidden"] != "").any()
    return [SHOWN.format(minimum=a.parameters.disclosure.minimum_cell)] if hidden else []


def _label(a: PerformanceAnalysis, by: str, group: str) -> str:
    if by == "":
        return "Everybody"
    if by == QUANTILE:
        each = "tenth" if a.parameters.quantiles == 10 else "fifth"
        names = {
            "poorest": "Poorest",
            "richest": "Richest",
            "1": "Poorest",
            "10": "Richest",
            "2": "2nd",
            "3": "3rd",
        }
        return f"{names.get(group, group if group.endswith(('nd', 'rd', 'th')) else group + 'th')} {each}"
    if by == MEANT:
        own = a.parameters.eligible is None
        yes, no = ("Poor without transfers", "Not poor") if own else ("Meant to receive", "Not meant to")
        return yes if group == "eligible" else no
    return f"{words.capital(a.named(by))}: {group}"


def _groupings(a: PerformanceAnalysis) -> list[str]:
    return ["", QUANTILE, MEANT, *a.parameters.by]


def coverage(a: PerformanceAnalysis) -> Html:
    """Return coverage by group: all programmes with intervals, each programme beside them."""
    several = len(a.programmes) > 1
    each = a.programmes[:MOST_PROGRAMMES] if several else []
    rows, used = [], []
    for by in _groupings(a):
        found = a.rows("coverage", by)
        used.append(found)
        for one in found.itertuples():
            row = {
                "group": _label(a, by, one.group),
                "any": shown_share(one.estimate),
                "interval": _between(one),
            }
            if a.known:
                row["truth"] = shown_share(one.truth)
            for i, name in enumerate(each):
                own = a.figure("coverage", by, one.group, name)
                row[f"p{i}"] = shown_share(own["estimate"])
                used.append(own.to_frame().T)
            rows.append(row)
    if all(value is None for row in rows for name, value in row.items() if name != "group"):
        return tables.paragraphs(TOO_FEW.format(minimum=a.parameters.disclosure.minimum_cell))
    shown = pd.DataFrame(rows)
    names = {"group": "Group", "any": "Any programme" if several else "Covered",
             "interval": "95 % interval", "truth": "True value"}  # fmt: skip
    names |= {f"p{i}": words.capital(name) for i, name in enumerate(each)}
    left = len(a.programmes) - len(each)
    more = [f"{left} more programmes are in tables/figures.csv."] if several and left else []
    return tables.table(
        shown,
        caption="Share of people covered",
        headers={name: names[name] for name in shown},
        units={"interval": "%"},
        formats={name: str for name in shown if name != "group"},
        notes=[*more, *hidden_note(a, pd.concat(used))],
    )


def incidence(a: PerformanceAnalysis) -> Html:
    """Return who the recipients are and who gets the money, by group."""
    rows, used = [], []
    for by in _groupings(a)[1:]:
        people, money = a.rows("beneficiary_incidence", by), a.rows("benefit_incidence", by)
        used += [people, money]
        for one, other in zip(people.itertuples(), money.itertuples(), strict=True):
            rows.append(
                {
                    "group": _label(a, by, one.group),
                    "people": shown_share(one.estimate),
                    "people_interval": _between(one),
                    "money": shown_share(other.estimate),
                    "money_interval": _between(other),
                    **({"truth": shown_share(other.truth)} if a.known else {}),
                }
            )
    if not rows:
        return tables.paragraphs("Nobody in the data receives anything.")
    if all(row["people"] is None and row["money"] is None for row in rows):
        return tables.paragraphs(TOO_FEW.format(minimum=a.parameters.disclosure.minimum_cell))
    names = {"group": "Group", "people": "Of all recipients", "people_interval": "95 % interval",
             "money": "Of all money", "money_interval": "95 % interval",
             "truth": "True share of money"}  # fmt: skip
    shown = pd.DataFrame(rows)
    return tables.table(
        shown,
        caption="Shares of recipients and of money",
        headers={name: names[name] for name in shown},
        units={"people_interval": "%", "money_interval": "%"},
        formats={name: str for name in shown if name != "group"},
        notes=["Within each grouping the shares add up to 100 %.", *hidden_note(a, pd.concat(used))],
    )


def transfers(a: PerformanceAnalysis) -> Html:
    """Return what each programme pays and what that is to recipients."""
    names = [a.parameters.whole, *(name for name in a.programmes if name != a.parameters.whole)]
    rows, used = [], []
    for name in names:
        average, adequacy = a.rows("average_transfer", programme=name), a.rows("adequacy", programme=name)
        covered = a.figure("coverage", programme=name)["estimate"]
        if average.empty:
            continue
        used.append(average)
        one, other = next(average.itertuples()), next(adequacy.itertuples())
        rows.append(
            {
                "programme": words.capital(name),
                "people": style.count(covered * a.persons) if words.known(covered) else None,
                "average": style.number(one.estimate) if words.known(one.estimate) else None,
                "average_interval": _between(one, plain=True),
                "of_line": shown_share(one.estimate / a.parameters.line_per_day),
                "adequacy": shown_share(other.estimate),
                "adequacy_interval": _between(other),
            }
        )
    if not rows:
        return tables.paragraphs("Nobody in the data receives anything.")
    if all(row["average"] is None and row["people"] is None for row in rows):
        return tables.paragraphs(TOO_FEW.format(minimum=a.parameters.disclosure.minimum_cell))
    unit = f"{a.parameters.poverty_line.currency} a day"
    return tables.table(
        pd.DataFrame(rows),
        caption="What the programmes pay",
        headers={"programme": "Programme", "people": "People covered", "average": "Per recipient",
                 "average_interval": "95 % interval", "of_line": "Of the poverty line",
                 "adequacy": "Of recipients' welfare", "adequacy_interval": "95 % interval"},
        units={"average": unit, "average_interval": unit, "adequacy_interval": "%"},
        formats={name: str for name in rows[0] if name != "programme"},
        notes=["Recipients are all who live in a household that receives; its amount is shared by all.",
               *hidden_note(a, pd.concat(used))],
    )  # fmt: skip


POVERTY = {
    "headcount": "Share of people who are poor",
    "gap": "Poverty gap, % of the line",
    "gini": "Inequality (Gini), %",
}


def poverty(a: PerformanceAnalysis) -> Html:
    """Return poverty and inequality without and with the transfers, with the line stored."""
    rows = []
    for measure, label in POVERTY.items():
        before, after = a.figure(f"{measure}_before"), a.figure(f"{measure}_after")
        fall = a.figure(f"{measure}_fall")
        rows.append(
            {
                "measure": label,
                "before": words.rate(before["estimate"]) if words.known(before["estimate"]) else None,
                "before_interval": words.rate_ends(before) or None,
                "after": words.rate(after["estimate"]) if words.known(after["estimate"]) else None,
                "after_interval": words.rate_ends(after) or None,
                "fall": shown_share(fall["estimate"]),
                "fall_interval": words.ends(fall) or None,
            }
        )
    names = [a.parameters.whole, *(name for name in a.programmes if name != a.parameters.whole)]
    money = a.parameters.poverty_line.currency
    costs = []
    for name in names:
        one = a.figure("benefit_cost", programme=name)
        if words.known(one["estimate"]):
            between = words.plain_ends(one)
            costs.append(f"{name} {style.number(one['estimate'], 2)}" + (f" ({between})" if between else ""))
    line = a.parameters.poverty_line
    notes = [f"Poverty line: {line.label}, {words.line(a)} per person; poor is who is below it."]
    if costs:
        notes.append(
            f"Poverty gap closed per {money} paid (costs of administration not counted): {'; '.join(costs)}."
        )
    return tables.table(
        pd.DataFrame(rows),
        caption="Poverty without and with the transfers",
        headers={"measure": "Measure", "before": "Without", "before_interval": "95 % interval",
                 "after": "With", "after_interval": "95 % interval", "fall": "Fall",
                 "fall_interval": "95 % interval"},
        units={"fall_interval": "%"},
        formats={name: str for name in rows[0] if name != "measure"},
        notes=notes,
    )  # fmt: skip


def administrative(a: PerformanceAnalysis) -> Html:
    """Return published counts beside the survey's, the gap and what can explain it."""
    table = a.administrative.reset_index(drop=True)
    rows = [
        {
            "programme": f"{words.capital(one.programme)}, {one.unit}",
            "date": str(one.date),
            "records": style.count(one.administrative),
            "survey": style.count(one.survey) if words.known(one.survey) else None,
            "interval": style.rng(one.ci_low, one.ci_high) if words.known(one.ci_low) else None,
            "of": f"{100 * one.survey / one.administrative:,.0f} %" if words.known(one.survey) else None,
        }
        for one in table.itertuples()
    ]
    why = {(place, "of"): f"{words.capital(text)}." for place, text in enumerate(table["explanation"])}
    sources = dict.fromkeys(str(one) for one in table["source"] if one)
    return tables.table(
        pd.DataFrame(rows),
        caption="Published counts and the survey",
        headers={"programme": "Programme", "date": "Date", "records": "Records", "survey": "Survey",
                 "interval": "95 % interval", "of": "Survey, of records"},
        formats={name: str for name in ("records", "survey", "interval", "of")},
        flags=why,
        notes=[f"Records: {'; '.join(sources)}."],
    )  # fmt: skip


def official(a: PerformanceAnalysis) -> Html:
    """Return the first rows of the table with the official codes."""
    from aspfin.indicators.aspire_codes import describe

    coded = a.official[(a.official["code"] != "") & a.official["estimate"].notna()]
    last = coded["programme"].iloc[-1] if len(coded) else ""  # the total of everything comes last
    rows = []
    for one in coded[coded["programme"] == last].head(MOST_ROWS).itertuples():
        share = one.unit == "share"
        rows.append(
            {
                "code": one.code,
                "meaning": words.capital(describe(one.code)),
                "value": shown_share(one.estimate) if share else style.number(one.estimate),
                "interval": _in_per_cent(one) if share else _between(one, plain=True),
                "n": f"{one.n:,}",
            }
        )
    if not rows:
        return tables.paragraphs("No programme of this report has an official code.")
    first = f"The first {len(rows)} rows" if len(rows) > 1 else "The first row"
    left = len(a.official) - len(rows)
    return tables.table(
        pd.DataFrame(rows),
        caption="Official codes",
        headers={"code": "Code", "meaning": "What it is", "value": "Value", "interval": "95 % interval",
                 "n": "Rows"},
        formats={name: str for name in ("value", "interval", "n")},
        notes=[*([f"{first}; {left:,} more are in tables/official_codes.csv."] if left else []),
               f"Poverty line stored with each figure that uses it: {words.line(a)}.", _extreme(a)],
    )  # fmt: skip


def _extreme(a: PerformanceAnalysis) -> str:
    """Return which line the official codes of the extreme poor (ep) would stand for."""
    if a.parameters.poverty_line.international_extreme:
        return "Extreme poor (ep): below that line, which the parameter file says is the international one."
    return (
        f"Below {a.parameters.poverty_line.label}, poor is not the extreme poor (ep) of the official codes: "
        "such figures carry no code. Where the line is the international extreme line, say so with "
        "poverty_line.international_extreme: true."
    )


def population(a: PerformanceAnalysis) -> Html:
    """Return published national figures beside those of the made-up population."""
    m = a.margins
    shown = m[m["group"] != m["group"].str.upper()].reset_index(drop=True)
    name = [words.capital(words.spoken(f"{one.margin}, {one.group}")) for one in shown.itertuples()]
    frame = pd.DataFrame(
        {
            "name": name,
            "published": [style.number(float(value)) for value in shown["published"]],
            "simulated": [style.number(float(value)) for value in shown["simulated"]],
            "unit": shown["unit"],
            "status": shown["status"],
        }
    )
    return tables.table(
        frame,
        caption="The made-up population beside what was published",
        headers={"name": "Figure", "published": "Published or assumed", "simulated": "Made-up population",
                 "unit": "Unit", "status": "Status"},
        formats={"published": str, "simulated": str},
        notes=[f"All {len(m)} figures, also by province, are in tables/population_margins.csv."],
    )  # fmt: skip


def sample(a: PerformanceAnalysis) -> Html:
    """Return what the figures rest on."""
    shown = a.sample.assign(what=[words.capital(text) for text in a.sample["what"]])
    notes: Sequence[str] = [
        f"{EVERYONE.capitalize()} in the data counts with the people their household stands for."
    ]
    return tables.table(
        shown,
        caption="The sample",
        headers={"what": "What", "number": "Number"},
        formats={"number": ",.0f"},
        notes=notes,
    )
