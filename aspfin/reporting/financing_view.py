"""What the financing report shows: one function for each thing, called by the notebook one by one.

Pictures are in `financing_charts.py`, tables in `financing_tables.py`, words in `financing_words.py`, numbers
in `financing.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aspfin.financing import crossing_points
from aspfin.reporting import financing_words as words
from aspfin.reporting import tables
from aspfin.reporting.financing_charts import (
    cost_chart,
    fund_chart,
    need_curve,
    one_picture,
    payers_chart,
    reach_chart,
    sensitivity_chart,
    timing_chart,
    where_map,
)
from aspfin.reporting.financing_tables import (
    alternatives_table,
    checks,
    events_table,
    household_table,
    inputs,
    instruments_table,
    layers_table,
    need_table,
    replay_table,
    rule_table,
    sources,
    unmet_table,
    where_table,
)
from aspfin.reporting.manifest import provenance, save_results
from aspfin.reporting.parameters import sections_of
from aspfin.reporting.table_words import table_words

if TYPE_CHECKING:
    from aspfin.reporting.financing import FinancingAnalysis
    from aspfin.reporting.tables import Html

__all__ = [
    "alternatives_table",
    "checks",
    "cost_chart",
    "cost_method",
    "events_table",
    "first_screen",
    "fund_chart",
    "fund_method",
    "household_table",
    "inputs",
    "instruments_table",
    "layers_table",
    "need_curve",
    "need_method",
    "need_table",
    "one_picture",
    "payers_chart",
    "reach_chart",
    "reach_method",
    "replay_table",
    "rule_table",
    "save",
    "sensitivity_chart",
    "sources",
    "stamp",
    "takeaway",
    "timing_chart",
    "unmet_table",
    "where_map",
    "where_table",
]


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


def takeaway(a: FinancingAnalysis, section: str) -> Html:
    """Return what a section shows, in words."""
    return tables.paragraphs(words.finding(a, section))


def stamp(a: FinancingAnalysis) -> Html:
    """Return what was run, and the command that runs it again."""
    made = provenance("financing", sections_of(a.parameters))
    items = {
        "aspfin": made["package_version"],
        "parameters": made["parameter_hash"],
        "data": made["data_hash"],
        "package": made["package_hash"],
        "seed": a.parameters.financing.seed,
        "paths": f"{a.result.paths:,} of {a.result.years} years",
        "python": made["python"],
    }
    return tables.run_stamp(items)


def save(a: FinancingAnalysis, folder: str | Path | None) -> None:
    """Write results.json and the tables into `folder`; nothing where it is None (a run by hand)."""
    if folder is not None:
        save_results(
            folder,
            headline=words.headline(a),
            sentences=words.sentences(a),
            tables=a.tables,
            about=table_words("financing", a.tables),
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
