"""What the synthesis shows: one function for each thing, called by the notebook one by one.

Every function takes the analysis and returns something that shows itself. A part that does not apply shows
nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from aspfin.batch import synthesis_words as words
from aspfin.batch.comparison import other_checks, unit_above, written
from aspfin.batch.comparison_view import estimates_table, panel_figure, unbroken
from aspfin.batch.records import FLAGS
from aspfin.batch.synthesis import KIND, value_of
from aspfin.reporting import tables
from aspfin.reporting.manifest import provenance, save_results
from aspfin.reporting.parameters import sections_of
from aspfin.reporting.workbook import workbook

if TYPE_CHECKING:
    from aspfin.batch.synthesis import SynthesisAnalysis
    from aspfin.reporting.figure import Figure
    from aspfin.reporting.tables import Html

NOTHING = tables.paragraphs()
MOST_STRIPS = 5
MOST_FOREST = 40
MOST_LISTED = 200
ENDS = 5
SECTIONS = {
    "pooled": "What do the estimates say together?",
    "hidden": "What is hidden, and why?",
    "failed": "What could not be made?",
}


@dataclass(frozen=True)
class Heading:
    """A second-level heading that the table of contents of the page knows."""

    text: str

    def _repr_markdown_(self) -> str:
        return f"## {self.text}" if self.text else ""


def _there(a: SynthesisAnalysis, name: str) -> bool:
    return {
        "pooled": a.compared is not None,
        "hidden": a.safe.applies,
        "failed": bool(a.failed),
    }.get(name, True)


def section(a: SynthesisAnalysis, name: str) -> Heading:
    """Return the heading of a section; nothing where the report has not got it."""
    return Heading(SECTIONS[name] if _there(a, name) else "")


def takeaway(a: SynthesisAnalysis, name: str) -> Html:
    """Return what a section shows, in words."""
    return tables.paragraphs(*words.finding(a, name)) if _there(a, name) else NOTHING


def first_screen(a: SynthesisAnalysis) -> Html:
    """Return the answer: title, three sentences, four headline figures."""
    return (
        tables.title(words.title(a), words.subtitle(a))
        + tables.answer("In short", words.sentences(a))
        + tables.cards(words.cards(a))
        + tables.note(words.caution(a))
    )


def one_picture(a: SynthesisAnalysis) -> Figure | Html:
    """Return the estimates by case, or how far apart the cases lie in each headline figure."""
    if a.compared is not None and len(a.compared.table) <= MOST_FOREST:
        return _forest(a)
    return strips(a)


def _forest(a: SynthesisAnalysis) -> Figure:
    from aspfin.reporting.figures import forest_plot

    one = a.compared
    assert one is not None
    scale, unit = (100.0, "%") if one.unit == "share" else (1.0, one.unit)
    value, low, high = ("estimate", "ci_low", "ci_high")
    drawn = one.pooled is not None and one.pooled.tau_squared > 0
    if drawn:  # else all would lie on the mean
        value, low, high = ("pooled", "pooled_ci_low", "pooled_ci_high")
    known = one.table.dropna(subset=[value, low, high]).sort_values(value, ascending=False, kind="stable")
    rows = pd.DataFrame(
        {"label": known["label"], "estimate": known[value], "ci_low": known[low], "ci_high": known[high]}
    )
    if one.pooled is not None:
        p = one.pooled
        mean = {"label": "Mean of all", "estimate": p.mean, "ci_low": p.ci_low, "ci_high": p.ci_high}
        rows = pd.concat([rows, pd.DataFrame([mean])], ignore_index=True)
    rows["main"] = rows["label"] == "Mean of all"
    numbers = ["estimate", "ci_low", "ci_high"]
    rows[numbers] = rows[numbers] * scale
    how = "drawn to the mean as far as it is uncertain" if drawn else "by itself"
    finding = f"highest for {known.iloc[0]['label']}"
    if one.pooled is not None and not drawn:
        finding = "the cases differ no more than chance lets them"
    return forest_plot(
        rows,
        title=f"{one.label}: {finding}",
        subtitle=f"Case by case, each {how}",
        unit=unit,
        measure="Estimate",
        reference=0.0 if one.tested else math.nan,
    )


def strips(a: SynthesisAnalysis) -> Figure | Html:
    """Return one strip for each headline figure, with a dot for each case."""
    from aspfin.reporting.figures import value_strips

    if a.spread.empty:
        return NOTHING
    columns = [c for c in a.columns if c["name"] in set(a.spread["name"])][:MOST_STRIPS]
    frame = pd.DataFrame(
        [
            {
                "panel": one.label,
                "figure": column["label"],
                "value": one.value(column["name"]),
                "text": value_of(one, column, unit=True),
            }
            for column in columns
            for one in a.made
        ]
    )
    row = a.spread.iloc[0]
    ends = f"from {written(row['lowest'], row['unit'])} to {written(row['highest'], row['unit'])}"
    return value_strips(
        frame,
        title=f"{row['label']} runs {ends}",
        subtitle="One dot for each case, each strip on a scale of its own; the line across is the median",
    )


def panels(a: SynthesisAnalysis) -> Figure | Html:
    """Return one small panel for each case."""
    return panel_figure(a.records, a.folder) or NOTHING


def spread_strips(a: SynthesisAnalysis) -> Figure | Html:
    """Return the strips where the first picture shows estimates instead."""
    return strips(a) if a.compared is not None else NOTHING


def spread_table(a: SynthesisAnalysis) -> Html:
    """Return lowest, median and highest of each headline figure."""
    if a.spread.empty:
        return NOTHING
    shown = pd.DataFrame(
        {
            "label": a.spread["label"],
            **{
                part: [
                    written(value, unit) for value, unit in zip(a.spread[part], a.spread["unit"], strict=True)
                ]
                for part in ("lowest", "median", "highest")
            },
            "cases": a.spread["cases"],
        }
    ).assign(lowest_case=a.spread["lowest_case"], highest_case=a.spread["highest_case"])
    order = ["label", "lowest", "lowest_case", "median", "highest", "highest_case"]
    order += ["cases"] if (a.spread["cases"] < len(a.made)).any() else []
    headers = {"label": "Figure", "lowest": "Lowest", "lowest_case": "of", "median": "Median",
               "highest": "Highest", "highest_case": "of", "cases": "Cases"}  # fmt: skip
    headers = {name: words for name, words in headers.items() if name in order}
    formats = {part: str for part in ("lowest", "median", "highest")}
    return tables.table(shown[order], caption="How far the cases lie apart", headers=headers, formats=formats)


def ends_table(a: SynthesisAnalysis) -> Html:
    """Return the cases with the highest and the lowest first figure."""
    if a.spread.empty:
        return NOTHING
    name = a.spread.iloc[0]["name"]
    known = [one for one in a.made if math.isfinite(one.value(name))]
    known.sort(key=lambda one: (-one.value(name), one.label))
    chosen = known if len(known) <= 2 * ENDS else [*known[:ENDS], *known[-ENDS:]]
    columns = a.columns[:5]
    rows = [
        {
            "rank": 1 + sum(other.value(name) > one.value(name) for other in known),  # equal, equal rank
            "case": unbroken(one.label),
            **{column["name"]: value_of(one, column) for column in columns},
        }
        for one in chosen
    ]
    caption = (
        "All cases, highest first"
        if len(chosen) == len(known)
        else f"The {ENDS} highest and the {ENDS} lowest"
    )
    shown = pd.DataFrame(rows)[["case", "rank", *(c["name"] for c in columns)]]
    return tables.table(
        shown,
        caption=caption,
        headers={"case": "Case", "rank": "Rank", **{c["name"]: c["label"] for c in columns}},
        units={c["name"]: unit for c in columns if (unit := unit_above(c["unit"]))},
        formats={c["name"]: str for c in columns},
    )


def pooled_table(a: SynthesisAnalysis) -> Html:
    """Return the estimates raw, drawn to the mean, and with adjusted p-values."""
    return NOTHING if a.compared is None else estimates_table(a.compared)


def pooled_method(a: SynthesisAnalysis) -> Html:
    """Return how estimates are pooled, folded."""
    if a.compared is None or a.compared.pooled is None:
        return NOTHING
    return tables.method_note(
        "How estimates are drawn to their mean",
        "Each case has a true value, and the true values scatter around a mean. How widely is estimated from "
        "the estimates themselves (restricted maximum likelihood). The pooled value is a mix of a case's own "
        f"estimate and of the mean. {a.compared.pooled.left_out}",
        formula="pooled = B·own + (1 − B)·mean;  B = τ² / (τ² + standard error²)",
        source="Viechtbauer (2005); Hartung and Knapp (2001); Kackar and Harville (1984); Holm (1979); "
        "Anderson (2008)",
    )


def flags_table(a: SynthesisAnalysis) -> Html:
    """Return the cases with warnings that not all have."""
    rows = [
        {
            "case": one.label,
            "flags": "; ".join(FLAGS[flag] for flag in a.own_flags[one.name]),
            "checks": "; ".join(other_checks(one)) or None,
        }
        for one in a.flagged[:MOST_LISTED]
    ]
    if not rows:
        return NOTHING
    headers = {"case": "Case", "flags": "This report …", "checks": "Further failed checks"}
    frame = pd.DataFrame(rows)
    frame = frame if frame["checks"].notna().any() else frame.drop(columns="checks")
    return tables.table(
        frame, caption="Reports with a warning", headers={k: v for k, v in headers.items() if k in frame}
    )


def hidden_table(a: SynthesisAnalysis) -> Html:
    """Return which figures of which case are hidden; not which for itself and which to protect another."""
    named = {column["name"]: column["label"] for column in [*a.columns, *a.alike]}
    rows = [
        {"case": one.label, "figure": named.get(name, name.replace("_", " "))}
        for one in a.records
        for name in one.hidden
    ]
    if not rows:
        return NOTHING
    return tables.table(
        pd.DataFrame(rows[:MOST_LISTED]),
        caption="Figures hidden here",
        headers={"case": "Case", "figure": "Figure"},
    )


def failed_table(a: SynthesisAnalysis) -> Html:
    """Return the cases without a report, and why."""
    if not a.failed:
        return NOTHING
    rows = [{"case": one.label, "why": one.reason} for one in a.failed[:MOST_LISTED]]
    return tables.table(
        pd.DataFrame(rows), caption="Reports that could not be made", headers={"case": "Case", "why": "Why"}
    )


def checks(a: SynthesisAnalysis) -> Html:
    """Return the checks of the synthesis in words, failures first."""
    return tables.checks_list(a.checks)


def inputs(a: SynthesisAnalysis) -> Html:
    """Return the inputs nobody has verified, folded, those of most cases first."""
    if a.inputs.empty:
        return NOTHING
    listed = tables.table(a.inputs, caption="Inputs nobody has verified, and how many cases use them")
    told = f"{len(a.inputs)} inputs that are assumed, from the press or unverified"
    return tables.Html(f'<details class="method"><summary>{told}</summary>{listed.html}</details>', told)


def stamp(a: SynthesisAnalysis) -> Html:
    """Return what was run."""
    made = provenance(KIND.name, sections_of(a.parameters))
    return tables.run_stamp(
        {
            "aspfin": made["package_version"],
            "cases": f"{len(a.made)} of {len(a.records)}",
            "results of the cases": a.fingerprint,
            "package": made["package_hash"],
            "python": made["python"],
        }
    )


def save(a: SynthesisAnalysis, folder: str | Path | None) -> None:
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
        Path(folder, "tables.xlsx").write_bytes(workbook(a.tables))
