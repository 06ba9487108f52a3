"""What the costing report shows: one function for each thing, called by the notebook one by one.

Every function takes the analysis and returns something that shows itself. Words are in `costing_words.py`,
numbers in `costing.py`, pictures and tables in `costing_tables.py`. A part that does not apply shows nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aspfin.reporting import costing_cards as headlines
from aspfin.reporting import costing_tables as listed
from aspfin.reporting import costing_words as words
from aspfin.reporting import tables
from aspfin.reporting.manifest import provenance, save_results
from aspfin.reporting.parameters import sections_of
from aspfin.reporting.performance_view import Heading
from aspfin.reporting.table_words import table_words

if TYPE_CHECKING:
    from aspfin.reporting.costing import CostingAnalysis
    from aspfin.reporting.figure import Figure
    from aspfin.reporting.tables import Html

NOTHING = tables.paragraphs()
SECTIONS = {
    "components": "From rule to cost",
    "sensitivity": "What moves the total most?",
    "contributions": "What comes in for social security?",
    "missing": "What has no cost?",
}
METHODS = {
    "cost": (
        "How a cost is computed",
        "Rules are dated: every month follows those that hold on its last day. A benefit granted for some "
        "months is paid for as many of them as fall in the period. A cost per beneficiary counts transfers "
        "and administration.",
        "T = Σ amount · count · periods;  A = share · T;  cost per beneficiary = (T + A) / beneficiaries",
        "White, Hodges and Greenslade (2013), Guidance on measuring and maximising value for money in social "
        "transfer programmes, DFID",
    ),
    "counts": (
        "Which counts are used",
        "First what the file states, then what was last published, then what a made-up population of "
        "households gives when everybody entitled takes part. Published counts are used for what is paid "
        "month by month: of births or visits they do not say how many fell in the period. Where rules depend "
        "on area, level, age or wage, the population's cost is scaled to the count. All counts within two "
        "years of the latest widen the range.",
        "scaled cost = cost of the population · published count / count of the population",
        "Rules, counts and sources of the country pack",
    ),
    "contributions": (
        "How contributions are computed",
        "The rate on the monthly wage, between its floor and its cap, for every insured worker.",
        "contribution = rate · min(max(wage, floor), cap)",
        "Rates and wage bounds of the country pack; wages of the made-up population",
    ),
}


def _there(a: CostingAnalysis, name: str) -> bool:
    return {
        "components": len(a.budget.components) > 0,
        "sensitivity": len(a.sensitivity) > 0,
        "contributions": len(a.budget.contributions) > 0,
        "missing": len(a.budget.missing) > 0 or len(a.budget.closed) > 0,
    }.get(name, True)


def section(a: CostingAnalysis, name: str) -> Heading:
    """Return the heading of a section that not every report has; nothing where it has not."""
    return Heading(SECTIONS[name] if _there(a, name) else "")


def first_screen(a: CostingAnalysis) -> Html:
    """Return the answer: title, three sentences, four headline figures."""
    title = tables.title(words.title(a), words.subtitle(a))
    return title + tables.answer("In three sentences", words.sentences(a)) + tables.cards(headlines.cards(a))


def takeaway(a: CostingAnalysis, name: str) -> Html:
    """Return what a section shows, in words."""
    return tables.paragraphs(words.finding(a, name)) if _there(a, name) else NOTHING


def method(a: CostingAnalysis, name: str) -> Html:
    """Return how the figures of a section are computed, folded."""
    summary, text, formula, source = METHODS[name]
    return tables.method_note(summary, text, formula=formula, source=source) if _there(a, name) else NOTHING


def costs_chart(a: CostingAnalysis) -> Figure | Html:
    """Return what each programme costs."""
    return listed.costs_chart(a) if len(a.budget.tax_financed) else NOTHING


def programmes_table(a: CostingAnalysis) -> Html:
    """Return every programme with a cost."""
    return listed.programmes(a)


def components_table(a: CostingAnalysis) -> Html:
    """Return amount times count times periods."""
    return listed.components(a) if _there(a, "components") else NOTHING


def counts_table(a: CostingAnalysis) -> Html:
    """Return every count with its cost."""
    return listed.counts(a)


def sensitivity_chart(a: CostingAnalysis) -> Figure | Html:
    """Return how the total moves with one input at a time."""
    return listed.tornado(a) if _there(a, "sensitivity") else NOTHING


def published_table(a: CostingAnalysis) -> Html:
    """Return published money beside the computed cost."""
    return listed.published(a) if len(a.budget.published) else NOTHING


def contributions_table(a: CostingAnalysis) -> Html:
    """Return contributions by programme and payer."""
    return listed.contributions(a) if _there(a, "contributions") else NOTHING


def missing_table(a: CostingAnalysis) -> Html:
    """Return programmes without a cost, and why."""
    return listed.missing(a)


def inputs(a: CostingAnalysis) -> Html:
    """Return the inputs that are assumed, from the press or unverified."""
    listed = a.unverified.drop(columns="note")  # notes are in the tables above and in tables/inputs.csv
    written = [
        None if not words.known(value) else f"{value:,.0f}" if value >= 1_000 else f"{value:.6g}"
        for value in a.unverified["value"]
    ]
    return tables.unverified_list(listed.assign(name=listed["name"].map(words.capital), value=written))


def checks(a: CostingAnalysis) -> Html:
    """Return every check in words, failures first."""
    return tables.checks_list(a.budget.checks)


def sources(a: CostingAnalysis) -> Html:
    """Return where rules, counts and money come from."""
    found: list[Any] = [one.model_dump(exclude_none=True) for one in a.parameters.sources]
    used = [*a.budget.inputs["source"], *a.budget.published["source"]]
    known = a.country.sources
    found += [known.get(name, {"title": name}) for name in dict.fromkeys(used) if name]
    return tables.sources_list(found)


def stamp(a: CostingAnalysis) -> Html:
    """Return what was run."""
    made = provenance("costing", sections_of(a.parameters))
    own = a.parameters.population
    seed = {} if own is None else {"seed": own.seed}
    return tables.run_stamp(
        {
            "aspfin": made["package_version"],
            "parameters": made["parameter_hash"],
            "country pack": a.fingerprint,
            "package": made["package_hash"],
            **seed,
            "python": made["python"],
        }
    )


def save(a: CostingAnalysis, folder: str | Path | None) -> None:
    """Write results.json and the tables into `folder`; nothing where it is None (a run by hand)."""
    if folder is not None:
        save_results(
            folder,
            headline=headlines.headline(a),
            sentences=words.sentences(a),
            tables=a.tables,
            about=table_words("costing", a.tables, currency=a.country.currency),
            checks=a.budget.checks,
            unverified=a.unverified,
        )
