"""The replay report in pictures and tables: one function for each thing the notebook shows.

Every function takes the analysis and returns something that shows itself. The words are in
`replay_words.py`, the numbers in `replay.py`, the pictures in `replay_charts.py`. A part that does not apply
shows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from aspfin.reporting import replay_charts as charts
from aspfin.reporting import replay_words as words
from aspfin.reporting import style, tables
from aspfin.reporting.manifest import provenance, save_results
from aspfin.reporting.parameters import sections_of
from aspfin.reporting.table_words import table_words

if TYPE_CHECKING:
    from aspfin.reporting.figure import Figure
    from aspfin.reporting.replay import ReplayAnalysis
    from aspfin.reporting.tables import Html

NOTHING = tables.paragraphs()
SECTIONS = {
    "flows": "Payment by payment",
    "ratios": "What do published figures say by themselves?",
    "misprints": "Which figures were not taken as printed?",
}
UNRANGED = "Not known: nothing published gives a range; such an input is left out of the range of the replay."


@dataclass(frozen=True)
class Heading:
    """A second-level heading that the table of contents of the page knows."""

    text: str

    def _repr_markdown_(self) -> str:
        return f"## {self.text}" if self.text else ""


def section(a: ReplayAnalysis, name: str) -> Heading:
    """Return the heading of a section that not every replay has; nothing where it has not."""
    there = {
        "flows": not a.flows.empty,
        "ratios": bool(len(a.ratios) or len(a.published)),
        "misprints": bool(a.parameters.misprints),
    }
    return Heading(SECTIONS[name] if there[name] else "")


def first_screen(a: ReplayAnalysis) -> Html:
    """Return the answer: title, three sentences, four headline figures."""
    title = tables.title(words.title(a), words.subtitle(a))
    return title + tables.answer("In three sentences", words.sentences(a)) + tables.cards(words.cards(a))


def one_picture(a: ReplayAnalysis) -> Figure:
    """Return every published figure beside the range of the replay."""
    return charts.differences(a)


def takeaway(a: ReplayAnalysis, name: str) -> Html:
    """Return what a section shows, in words."""
    text = words.finding(a, name)
    return tables.paragraphs(text) if text else NOTHING


def comparison_table(a: ReplayAnalysis) -> Html:
    """Return every published figure beside what rules and caseload give."""
    frame = a.result.comparisons
    rows = [
        {
            "name": row.name,
            **dict(zip(SHOWN, words.pair(row.published, row.simulated, row.currency), strict=True)),
            "range": words.between(row.low, row.high, row.currency) if row.low < row.high else None,
            "difference": words.change(row.difference),
        }
        for row in frame.itertuples(index=False)
    ]
    flags = {
        (place, column): text
        for name, wanted, column, text in _FLAGS
        for place, value in enumerate(frame[name])
        if value == wanted
    }
    own = frame[frame["note"] != ""]
    return tables.table(
        pd.DataFrame(rows),
        caption="Published figures and the replay",
        headers={"name": "Figure", "published": "Published", "simulated": "By rule and caseload",
                 "range": "Range", "difference": "Difference"},
        formats={name: str for name in ("published", "simulated", "range", "difference")},
        flags=flags,
        notes=[f"{row.name}: {row.note}." for row in own.itertuples(index=False)],
    )  # fmt: skip


SHOWN = ("published", "simulated")
_FLAGS = (
    ("planned", True, "published", "Announced, not money paid."),
    ("day_unknown", True, "name", "How many payments it covers is not certain; the range allows for it."),
    ("agrees", False, "difference", "The published figure lies outside the range."),
)


def comparison_method(a: ReplayAnalysis) -> Html:
    """Return how a payment is computed, folded."""
    text = (
        "Each payment applies the benefit rules in force on its day to the caseload of that day. Between two"
        " published counts the caseload follows a straight line; people per household and shares of children,"
        " older people and people with a disability likewise. Amounts are summed in local currency and turned"
        " into US dollars at the mean rate of the year, unless said otherwise.\n\n"
        "An input that is not known has a low and a high end. The range of a figure is the least and the most"
        " over every combination of these ends. No input is set so that a published figure comes out."
        " Figures nearer than 0.1 % count as equal: no printed total can tell them apart."
    )
    return tables.method_note(
        "How the replay is computed",
        text,
        formula="payment = h·Σ s·b_household + h·n·Σ p·b_member + h·n·Σ_k c_k·Σ p·b_k\n"
        "h households, n people per household, s and p shares of households and people by area and\n"
        "card level, c_k share of people in category k, b amounts of the rule",
        source="country pack; see the list of inputs",
    )


def flow_chart(a: ReplayAnalysis) -> Figure | Html:
    """Return each payment with its range, published money per payment beside it."""
    return NOTHING if a.flows.empty else charts.payments(a)


def flow_table(a: ReplayAnalysis) -> Html:
    """Return published money per payment between two totals, beside the replay's."""
    if a.flows.empty:
        return NOTHING
    rows = [_flow(row) for row in a.flows.itertuples(index=False)]
    return tables.table(
        pd.DataFrame(rows),
        caption="Money of one payment, between two published totals",
        headers={"stretch": "Payments", "when": "When", "published": "Published", "doubt": "or",
                 "simulated": "Replay", "range": "Range", "difference": "Difference"},
        units={"published": "US$ million", "simulated": "US$ million"},
        formats={"published": ".1f", "simulated": ".1f"}
        | {name: str for name in ("doubt", "range", "difference")},
        notes=["Or: where the number of payments between two reports is not certain, or totals are rounded."],
    )  # fmt: skip


def _flow(row: Any) -> dict[str, Any]:
    """Return one stretch between two totals as shown, in US$ million."""
    several = row.to_payment > row.from_payment
    low, high, ends = (value / 1e6 for value in (row.low, row.high, row.published_high))
    doubt = row.published_low < row.published_high
    return {
        "stretch": f"{row.from_payment}" + (f" to {row.to_payment}" if several else ""),
        "when": f"{row.start:%b %Y}" + (f" to {row.end:%b %Y}" if several else ""),
        "published": row.published / 1e6,
        "doubt": f"{row.published_low / 1e6:.1f} to {ends:.1f}" if doubt else None,
        "simulated": row.simulated / 1e6,
        "range": f"{low:.1f} to {high:.1f}",
        "difference": words.change(row.simulated / row.published - 1),
    }


def reasons_table(a: ReplayAnalysis) -> Html:
    """Return what each unknown input does to the main figure, and what would close the gap."""
    frame = a.result.main_explanations
    if frame.empty:
        return NOTHING
    rows = [
        {
            "label": words.capital(row.label),
            "central": words.valued(row.central, row.unit),
            "range": _ends(row) if row.in_range else "not known",
            "effect": words.span(row.difference_low, row.difference_high, 0.0) if row.in_range else None,
            "closes": words.valued(row.closes_gap, row.unit)
            if row.closes_gap == row.closes_gap
            else "cannot",
        }
        for row in frame.itertuples(index=False)
    ]
    return tables.table(
        pd.DataFrame(rows),
        caption=f"What is not known, and what it does: {a.result.main}",
        headers={"label": "Input", "central": "Used", "range": "Range", "effect": "Effect on the replay",
                 "closes": "Would close it alone at"},
        formats={name: str for name in ("central", "range", "effect", "closes")},
        notes=[
            "A value that would close the gap is no finding: it says what would have to be true.",
            *([] if frame["in_range"].all() else [UNRANGED]),
            *_units(frame),
        ],
    )  # fmt: skip


def _ends(row: Any) -> str:
    return f"{words.valued(row.low, row.unit)} to {words.valued(row.high, row.unit)}"


def _units(frame: pd.DataFrame) -> list[str]:
    """Return what the numbers of an input mean, where they are no shares."""
    told = frame[~frame["unit"].str.startswith("share") & (frame["unit"] != "")]
    return [f"{words.capital(row.label)}: {row.unit}." for row in told.itertuples(index=False)]


def reasons(a: ReplayAnalysis) -> Html:
    """Return what explains the difference, in words."""
    return tables.paragraphs(*a.parameters.reasons) if a.parameters.reasons else NOTHING


def ratios_table(a: ReplayAnalysis) -> Html:
    """Return published figures divided by each other."""
    if a.ratios.empty:
        return NOTHING
    shown = a.ratios[["label", "ratio", "published", "unit", "source"]]
    return tables.table(
        shown.drop(columns=["published"] if shown["published"].isna().all() else []),
        caption="Published figures divided by each other",
        headers={"label": "Figure", "ratio": "Computed", "published": "Published or known", "unit": "Unit",
                 "source": "Source"} if shown["published"].notna().any()
        else {"label": "Figure", "ratio": "Computed", "unit": "Unit", "source": "Source"},
        formats={"ratio": _five} | ({"published": _five} if shown["published"].notna().any() else {}),
    )  # fmt: skip


def _five(value: float) -> str:
    return style.number(value, 6)


def published_table(a: ReplayAnalysis) -> Html:
    """Return what was published about the programmes, per household."""
    if a.published.empty:
        return NOTHING
    rows = [
        {
            "date": row.date,
            "programme": row.programme,
            "households": row.households,
            "amount": words.money(row.amount, row.currency) if row.amount == row.amount else None,
            "each": words.money(row.per_household_and_payment, row.currency)
            if row.per_household_and_payment == row.per_household_and_payment
            else None,
            "persons": row.persons_per_household,
        }
        for row in a.published.astype({"amount": float, "per_household_and_payment": float,
                                       "persons_per_household": float}).itertuples(index=False)
    ]  # fmt: skip
    shown = pd.DataFrame(rows)
    if len(set(shown["programme"])) == 1:
        shown = shown.drop(columns="programme")
    shown = shown.dropna(axis=1, how="all")
    names = {"date": "Date", "programme": "Programme", "households": "Households", "amount": "Money",
             "each": "Per household and payment", "persons": "Persons per household"}  # fmt: skip
    written: dict[str, Any] = {"households": ",.0f", "amount": str, "each": str, "persons": ".2f"}
    return tables.table(
        shown,
        caption="What was published about caseloads",
        headers={name: names[name] for name in shown},
        formats={name: how for name, how in written.items() if name in shown},
        flags={
            (place, "date"): "Announced, not yet paid."
            for place, planned in enumerate(a.published["planned"])
            if planned
        },
    )


def misprints_table(a: ReplayAnalysis) -> Html:
    """Return published figures that were not taken as printed, and what gives them away."""
    if not a.parameters.misprints:
        return NOTHING
    return tables.table(
        pd.DataFrame([one.model_dump() for one in a.parameters.misprints]),
        caption="Printed, and not taken as printed",
        headers={"printed": "Printed", "gives_away": "What gives it away", "used": "Used instead",
                 "source": "Where"},
        notes=["Four questions catch them: unit, size per household, stock or flow, month or cycle."],
    )  # fmt: skip


def checks(a: ReplayAnalysis) -> Html:
    """Return every check in words, failures first."""
    return tables.checks_list(a.checks)


def inputs(a: ReplayAnalysis) -> Html:
    """Return the inputs that nobody has confirmed."""
    return tables.unverified_list(a.inputs)


def sources(a: ReplayAnalysis) -> Html:
    """Return where the figures come from."""
    programmes = dict.fromkeys(stream.programme for stream in a.result.streams)
    used = [key for name in programmes for key in a.country.programme(name).sources]
    used += a.result.comparisons["source"].tolist()
    known = [a.country.sources[key] for key in dict.fromkeys(used) if key in a.country.sources]
    more: list[Any] = [one.model_dump(exclude_none=True) for one in a.parameters.sources]
    told = [{"title": text} for text in dict.fromkeys(used) if text and text not in a.country.sources]
    return tables.sources_list([*known, *more, *told])


def stamp(a: ReplayAnalysis) -> Html:
    """Return what was run."""
    made = provenance("replay", sections_of(a.parameters))
    return tables.run_stamp(
        {
            "aspfin": made["package_version"],
            "parameters": made["parameter_hash"],
            "country pack": a.country.data_hash[:12],
            "package": made["package_hash"],
            "python": made["python"],
        }
    )


def save(a: ReplayAnalysis, folder: str | Path | None) -> None:
    """Write results.json and the tables into `folder`; nothing where it is None (a run by hand)."""
    if folder is not None:
        save_results(
            folder,
            headline=words.headline(a),
            sentences=words.sentences(a),
            tables=a.tables,
            about=table_words("replay", a.tables, currency=a.country.currency),
            checks=a.checks,
            unverified=a.inputs[a.inputs["status"] == "unverified"],
        )
