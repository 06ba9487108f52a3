"""What the response report shows: one function for each thing, called by the notebook one by one.

Every function takes the analysis and returns something that shows itself. Words are in `response_words.py`,
numbers in `response.py`, pictures in `response_charts.py`, tables in `response_tables.py`. A part that does
not apply shows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aspfin.reporting import response_charts as charts
from aspfin.reporting import response_sources as cited
from aspfin.reporting import response_tables as listed
from aspfin.reporting import response_words as words
from aspfin.reporting import tables
from aspfin.reporting.manifest import provenance, save_results
from aspfin.reporting.parameters import sections_of
from aspfin.reporting.response_findings import finding
from aspfin.reporting.table_words import table_words
from aspfin.reporting.workbook import workbook

if TYPE_CHECKING:
    from aspfin.reporting.figure import Figure
    from aspfin.reporting.response import ResponseAnalysis
    from aspfin.reporting.tables import Html

NOTHING = tables.paragraphs()
SECTIONS = {
    "unfunded": "What is left unfunded?",
    "together": "Would several options together do better?",
    "strengthening": "What if the systems had been strengthened before?",
    "where": "Where are those in need?",
    "sensitivity": "What would change the answer?",
}
METHODS = {
    "people": (
        "How need is computed",
        "Households are hit with the share of their province, each alike; nothing is drawn by lot, so the "
        "figures are expectations. A household in need is hit, and lives below the line: from before, or "
        "because of what it loses. All households are hit alike within a province: in truth the poor are "
        "probably hit more often.",
        "in need = Σ w·hit·1[y − loss < z];  y: consumption per person and day, z: poverty line",
        "World Bank, Stress Testing Social Protection (2021); working assumptions on losses",
    ),
    "reach": (
        "How reach is computed",
        "Each option finds households in its own way: on the register if the entry is still right, by "
        "enrolment, or on lists of its own, and pays a share of those found (its capacity). The older an "
        "entry, the more often it is wrong. The exclusion error counts those in need who are never paid; the "
        "inclusion error those paid who are not in need.",
        "exclusion = never paid / in need;  inclusion = (paid − paid in need) / paid;  entry right = "
        "(1 − b)(1 − g)^years",
        "Grosh, Leite, Wai-Poi and Tesliuc (2022), ch. 7; working assumptions on capacities",
    ),
    "fast": (
        "How days are computed",
        "Payments run evenly from the first day to the day on which 95 % are paid, counted from the start of "
        "the shock; a few come later. Days are working assumptions with ranges.",
        "",
        "The flood cash transfer of 2022 was first paid about three months after the floods; the drought "
        "transfer of 2024 about four months after the declaration",
    ),
    "enough": (
        "How adequacy is computed",
        "Money is spread over the months of the shock and shared by all members. The rise of the poverty gap "
        "is the money that would bring every household hit back to where it was below the line.",
        "undone = 1 − Σ w·max(gap after response − gap before, 0) / Σ w·(gap after shock − gap before)",
        "Foster, Greer and Thorbecke (1984), Econometrica 52, for the gap",
    ),
    "cost": (
        "How cost is computed",
        "Cost is money sent, less what was due anyway, plus administration. Strengthening bears its part of "
        "the investment of all years, shared among the shocks it serves.",
        "cost = sent − brought forward + administration",
        "Working assumptions on administration; benefit rules of the country pack",
    ),
    "unfunded": (
        "How financing reaches households",
        "Every household hit costs what it costs above. Instruments pay in their order, each after its days "
        "to cash; the option's own days follow. Households are paid on time, late or not, in proportion to "
        "the money.",
        "first payment = days to cash + days of the option",
        "See the financing report for the instruments and their costs",
    ),
}


@dataclass(frozen=True)
class Heading:
    """A second-level heading that the table of contents of the page knows."""

    text: str

    def _repr_markdown_(self) -> str:
        return f"## {self.text}" if self.text else ""


def section(a: ResponseAnalysis, name: str) -> Heading:
    """Return the heading of a section; nothing where the report has not got it."""
    return Heading(SECTIONS[name] if _there(a, name) else "")


def _there(a: ResponseAnalysis, name: str) -> bool:
    """Return whether there is anything to show of a section."""
    if words.nobody(a):
        return name == "people"
    return {
        "unfunded": a.financing is not None,
        "together": bool(a.combined),
        "strengthening": len(a.comparison.strengthening) > 0,
        "where": a.national,
        "sensitivity": len(a.swings.get("cost", ())) > 0,
    }.get(name, True)


def first_screen(a: ResponseAnalysis) -> Html:
    """Return the answer: title, three sentences, four headline figures."""
    return (
        tables.title(words.title(a), words.subtitle(a))
        + tables.answer("In three sentences", words.sentences(a))
        + tables.cards(words.cards(a))
        + tables.note(words.caution(a))
    )


def one_picture(a: ResponseAnalysis) -> Figure | Html:
    """Return the options side by side."""
    return NOTHING if words.nobody(a) else charts.options(a)


def takeaway(a: ResponseAnalysis, name: str) -> Html:
    """Return what a section shows, in words."""
    return tables.paragraphs(finding(a, name)) if _there(a, name) or name not in SECTIONS else NOTHING


def method(a: ResponseAnalysis, name: str) -> Html:
    """Return how the figures of a section are computed, folded."""
    if not _there(a, name):
        return NOTHING
    summary, text, formula, source = METHODS[name]
    return tables.method_note(summary, text, formula=formula, source=source)


def options_table(a: ResponseAnalysis) -> Html:
    """Return what each option is and what it pays."""
    return listed.described(a)


def chart(a: ResponseAnalysis, name: str) -> Figure | Html:
    """Return the picture of a section."""
    return CHARTS[name](a) if _there(a, name) else NOTHING


def table(a: ResponseAnalysis, name: str) -> Html:
    """Return the table, or the tables, of a section."""
    return sum((one(a) for one in TABLES[name]), NOTHING) if _there(a, name) else NOTHING


def _compared(a: ResponseAnalysis) -> Html:
    return listed.compared(a, a.single, "The options side by side")


def _combined(a: ResponseAnalysis) -> Html:
    return listed.compared(a, a.combined, "Options together")


CHARTS = {
    "people": charts.affected,
    "fast": charts.timing,
    "unfunded": charts.funded,
    "left_out": charts.left_out,
    "together": charts.together,
    "where": charts.where,
    "sensitivity": charts.tornado,
}
TABLES = {
    "people": (listed.account,),
    "reach": (_compared, listed.errors),
    "enough": (listed.enough,),
    "cost": (listed.costs,),
    "unfunded": (listed.funded, listed.instruments),
    "left_out": (listed.left_out,),
    "together": (_combined,),
    "strengthening": (listed.strengthening,),
    "where": (listed.provinces,),
}


def checks(a: ResponseAnalysis) -> Html:
    """Return every check in words, failures first."""
    return tables.checks_list(a.checks)


def sources(a: ResponseAnalysis) -> Html:
    """Return where inputs come from."""
    return cited.sources(a)


def inputs(a: ResponseAnalysis) -> Html:
    """Return the inputs that nobody has confirmed."""
    return cited.inputs(a)


def stamp(a: ResponseAnalysis) -> Html:
    """Return what was run."""
    made = provenance("response", sections_of(a.parameters))
    return tables.run_stamp(
        {
            "aspfin": made["package_version"],
            "parameters": made["parameter_hash"],
            "data": made["data_hash"],
            "package": made["package_hash"],
            "seed": a.parameters.seed,
            "draws": f"{a.parameters.draws:,}",
            "households": f"{a.parameters.population.households:,}",
            "python": made["python"],
        }
    )


def save(a: ResponseAnalysis, folder: str | Path | None) -> None:
    """Write results.json and the tables into `folder`; nothing where it is None (a run by hand)."""
    if folder is not None:
        save_results(
            folder,
            headline=words.headline(a),
            sentences=words.sentences(a),
            tables=a.tables,
            about=table_words("response", a.tables, currency=a.country.currency),
            checks=a.checks,
            unverified=a.unverified,
        )
        Path(folder, "tables.xlsx").write_bytes(workbook(a.tables))
