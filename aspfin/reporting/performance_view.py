"""What the performance report shows: one function for each thing, called by the notebook one by one.

Every function takes the analysis and returns something that shows itself. Words are in
`performance_words.py`, numbers in `performance.py`, pictures in `performance_charts.py`, tables in
`performance_tables.py` and `performance_targeting.py`. A part that does not apply shows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aspfin.reporting import performance_charts as charts
from aspfin.reporting import performance_tables as listed
from aspfin.reporting import performance_targeting as targeted
from aspfin.reporting import performance_words as words
from aspfin.reporting import tables
from aspfin.reporting.manifest import provenance, save_results
from aspfin.reporting.parameters import sections_of
from aspfin.reporting.table_words import table_words
from aspfin.reporting.workbook import workbook

if TYPE_CHECKING:
    from aspfin.reporting.figure import Figure
    from aspfin.reporting.performance import PerformanceAnalysis
    from aspfin.reporting.tables import Html

NOTHING = tables.paragraphs()
SECTIONS = {
    "overlap": "Who gets more than one programme?",
    "administrative": "Does the survey agree with the administration?",
    "population": "How close is the made-up population to what was published?",
}
METHODS = {
    "coverage": (
        "How coverage is computed",
        "A person is covered when somebody in the household receives. People are ranked by welfare before "
        "transfers; a fifth holds a fifth of the people. Standard errors count that villages were drawn, not "
        "people (Taylor linearisation); intervals of shares are those of Korn and Graubard, "
        "which stay between 0 "
        "and 100 %.",
        "coverage of group g = Σ w·R·1_g / Σ w·1_g",
        "World Bank, ASPIRE indicator definitions; Korn and Graubard (1998), Survey Methodology 24",
    ),
    "incidence": (
        "How incidence and the curves are computed",
        "The concentration curve adds up the money of people ranked from poor to rich; above "
        "the straight line the "
        "poor get more than their share of people. The Lorenz curve does the same for welfare.",
        "share of money of group g = Σ w·t·1_g / Σ w·t",
        "World Bank, ASPIRE indicator definitions; Kakwani (1980), Income Inequality and Poverty",
    ),
    "adequacy": (
        "How adequacy is computed",
        "What recipients get over all that they live on, transfers included.",
        "adequacy = Σ w·t·R / Σ w·y·R;  average transfer = Σ w·t·R / Σ w·R",
        "World Bank, ASPIRE indicator definitions",
    ),
    "poverty": (
        "How poverty is computed",
        "Welfare without transfers is welfare less what the programmes paid. The gap is how "
        "far the poor are below "
        "the line, as a share of it, on average over all people.",
        "FGT_α = Σ w·((z − y)/z)^α·1[y < z] / Σ w;  fall = (F(y − t) − F(y)) / F(y − t)",
        "Foster, Greer and Thorbecke (1984), Econometrica 52",
    ),
    "targeting": (
        "How targeting is measured",
        "Each rate has its own denominator, shown above. Kappa compares with as many benefits "
        "handed out by lot; "
        "the ratio of Coady, Grosh and Hoddinott compares the money of the poorest 40 % with "
        "an equal amount for "
        "all (median of 122 programmes: 1.25).",
        "κ = (s − e)/(1 − e), s: share treated rightly, e: the same by chance",
        "Coady, Grosh and Hoddinott (2004); Grosh, Leite, Wai-Poi and Tesliuc (2022), ch. 7; "
        "Landis and Koch (1977)",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Heading:
    """A second-level heading that the table of contents of the page knows."""

    text: str

    def _repr_markdown_(self) -> str:
        return f"## {self.text}" if self.text else ""


def section(a: PerformanceAnalysis, name: str) -> Heading:
    """Return the heading of a section that not every report has; nothing where it has not."""
    return Heading(SECTIONS[name] if _there(a, name) else "")


def _there(a: PerformanceAnalysis, name: str) -> bool:
    return {
        "overlap": len(a.programmes) > 1
        and a.overlap.loc[a.overlap[a.programmes].any(axis=1), "estimate"].notna().any(),
        "administrative": len(a.administrative) > 0,
        "population": len(a.margins) > 0,
    }.get(name, True)


def first_screen(a: PerformanceAnalysis) -> Html:
    """Return the answer: title, what failed, three sentences, four headline figures."""
    top = tables.title(words.title(a), words.subtitle(a))
    for text in words.minds(a):
        top += tables.note(text)
    return top + tables.answer("In three sentences", words.sentences(a)) + tables.cards(words.cards(a))


def takeaway(a: PerformanceAnalysis, name: str) -> Html:
    """Return what a section shows, in words."""
    return tables.paragraphs(words.finding(a, name)) if _there(a, name) else NOTHING


def method(name: str) -> Html:
    """Return how the figures of a section are computed, folded."""
    summary, text, formula, source = METHODS[name]
    return tables.method_note(summary, text, formula=formula, source=source)


def coverage_chart(a: PerformanceAnalysis) -> Figure:
    """Return coverage from the poorest to the richest."""
    return charts.coverage(a)


def coverage_table(a: PerformanceAnalysis) -> Html:
    """Return coverage by group and programme."""
    return listed.coverage(a)


def curves_chart(a: PerformanceAnalysis) -> Figure:
    """Return Lorenz and concentration curves."""
    return charts.curves(a)


def incidence_table(a: PerformanceAnalysis) -> Html:
    """Return shares of recipients and of money."""
    return listed.incidence(a)


def adequacy_chart(a: PerformanceAnalysis) -> Figure | Html:
    """Return what the transfers are to recipients."""
    rows = a.figure("adequacy")
    return charts.adequacy(a) if words.known(rows["estimate"]) else NOTHING


def transfers_table(a: PerformanceAnalysis) -> Html:
    """Return what the programmes pay."""
    return listed.transfers(a)


def poverty_chart(a: PerformanceAnalysis) -> Figure:
    """Return poverty without and with the transfers."""
    return charts.poverty(a)


def poverty_table(a: PerformanceAnalysis) -> Html:
    """Return poverty and inequality without and with the transfers."""
    return listed.poverty(a)


def errors_chart(a: PerformanceAnalysis) -> Figure | Html:
    """Return who is missed and who receives without being meant to."""
    return charts.errors(a) if words.known(a.error("exclusion_error")["estimate"]) else NOTHING


def targeting_tables(a: PerformanceAnalysis) -> Html:
    """Return the denominators, every measure of targeting, and the programmes one by one."""
    return targeted.people(a) + targeted.measures(a) + targeted.by_programme(a)


def overlap_chart(a: PerformanceAnalysis) -> Figure | Html:
    """Return how many people get each combination of programmes."""
    return charts.overlap(a) if _there(a, "overlap") else NOTHING


def administrative_table(a: PerformanceAnalysis) -> Html:
    """Return published counts beside the survey's."""
    return listed.administrative(a) if _there(a, "administrative") else NOTHING


def official_table(a: PerformanceAnalysis) -> Html:
    """Return the first rows of the table with the official codes."""
    return listed.official(a)


def population_table(a: PerformanceAnalysis) -> Html:
    """Return published figures and those of the made-up population."""
    return listed.population(a) if _there(a, "population") else NOTHING


def inputs(a: PerformanceAnalysis) -> Html:
    """Return the inputs of made-up data that nobody has confirmed; nothing for data of one's own."""
    if not a.known:
        return NOTHING
    rules = a.unverified[~a.unverified["name"].str.startswith("population:")]  # those are listed above
    written = [f"{value:,.10g}" for value in rules["value"]]
    listed_rules = tables.unverified_list(rules.assign(value=written))
    told = f"{len(rules)} inputs of the made-up survey are assumed, from the press or unverified"
    folded = f'<details class="method"><summary>{told}</summary>{listed_rules.html}</details>'
    return tables.Html(folded, told)


def sample_table(a: PerformanceAnalysis) -> Html:
    """Return what the figures rest on."""
    return listed.sample(a)


def checks(a: PerformanceAnalysis) -> Html:
    """Return every check in words, failures first."""
    return tables.checks_list(a.checks)


def sources(a: PerformanceAnalysis) -> Html:
    """Return where data and methods come from."""
    data = a.parameters.data
    found: list[Any] = [one.model_dump(exclude_none=True) for one in a.parameters.sources]
    if data.path is not None:
        found.append({"title": f"Data: {Path(data.path).name}"})
    else:
        made = data.synthetic
        found.append(
            {"title": f"Data: survey of the synthetic population of {made.country}, seed {made.seed}"}
        )
    found += [{"title": f"Count: {one.source}", "date": one.date} for one in a.parameters.administrative]
    found.append({"title": "Indicators: World Bank, ASPIRE indicator definitions (Databank source 29)"})
    return tables.sources_list({str(one): one for one in found}.values())


def stamp(a: PerformanceAnalysis) -> Html:
    """Return what was run."""
    made = provenance("performance", sections_of(a.parameters))
    seed = {} if a.parameters.data.synthetic is None else {"seed": a.parameters.data.synthetic.seed}
    return tables.run_stamp(
        {
            "aspfin": made["package_version"],
            "parameters": made["parameter_hash"],
            "data": a.fingerprint,
            "package": made["package_hash"],
            **seed,
            "python": made["python"],
        }
    )


def save(a: PerformanceAnalysis, folder: str | Path | None) -> None:
    """Write results.json and the tables into `folder`; nothing where it is None (a run by hand)."""
    if folder is not None:
        save_results(
            folder,
            headline=words.headline(a),
            sentences=words.sentences(a),
            tables=a.tables,
            about=table_words("performance", a.tables),
            checks=a.checks,
            unverified=a.unverified,
            estimates=words.estimates(a),
        )
        Path(folder, "tables.xlsx").write_bytes(workbook(a.tables))
