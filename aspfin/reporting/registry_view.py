"""What the registry report shows: one function for each thing, called by the notebook one by one.

Every function takes the analysis and returns something that shows itself. Words are in `registry_words.py`,
numbers in `registry.py`, pictures in `registry_charts.py`, tables in `registry_tables.py`. A part that does
not apply shows nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aspfin.reporting import registry_charts as charts
from aspfin.reporting import registry_evidence as evidence
from aspfin.reporting import registry_tables as listed
from aspfin.reporting import registry_words as words
from aspfin.reporting import tables
from aspfin.reporting.manifest import csv_text, provenance, save_results
from aspfin.reporting.parameters import sections_of
from aspfin.reporting.performance_view import Heading
from aspfin.reporting.table_words import table_words
from aspfin.reporting.workbook import workbook

if TYPE_CHECKING:
    from aspfin.reporting.figure import Figure
    from aspfin.reporting.registry import RegistryAnalysis
    from aspfin.reporting.tables import Html

NOTHING = tables.paragraphs()
METHODS = {
    "fragmented": (
        "How fragmentation is measured",
        "For every person on two lists the first record of each is taken. The two are joined if they hold "
        "the same "
        "national number or the same household number; they contradict each other if both hold a sex, a "
        "year of "
        "birth or a province and these differ. Over time, a pair counts from the day the later of the two "
        "was "
        "registered; what has been taken off the lists since is not known.",
        "index = 100 · (pairs without a common number, or contradictory) / pairs",
        "own definition; see the documentation of aspfin.registry.fragmentation",
    ),
    "twice": (
        "How repeated records and their money are counted",
        "Every pair of records of one list is drawn as often as it is probable; people are formed from the "
        "pairs "
        "drawn; the range is that of 500 such draws. It holds as far as the probabilities do, and as far "
        "as the "
        "pairs were compared at all: a repeat under another name, birth and place is not found by anybody.",
        "surplus money of a person = Σ payments − largest payment",
        "Fellegi and Sunter (1969), JASA 64, for the probabilities",
    ),
    "nowhere": (
        "How those on no list are estimated",
        "If the second list holds a share p of the first by chance, it holds a share p of those the first "
        "has "
        "missed. The number on both is corrected for links that were missed. Where some people can be on "
        "neither "
        "list for one reason (never interviewed, far away, just born), they are not in the estimate.",
        "N = (n₁ + 1)(n₂ + 1)/(m + 1) − 1;  on neither = N − (n₁ + n₂ − m)",
        "Chapman (1951); Burnham and others (1987), for the interval",
    ),
    "linked": (
        "How records of one person are found",
        "Records are compared on given and family name (letters and sound, Khmer and Latin), birth, sex, "
        "place, "
        "household and national number. Each likeness is evidence, measured in bits and learnt from the "
        "records; "
        "a rare name weighs more than a common one. Pairs are linked where the expected cost of linking is "
        "below "
        "that of not linking.",
        "link if p ≥ cost of a false link / (cost of a false link + cost of a missed one)",
        "Fellegi and Sunter (1969), JASA 64; Linacre and others (2022), on Splink",
    ),
}  # fmt: skip
PRIVACY = (
    "No name, birthday, telephone or number of a person or household is in this report, in its tables or "
    "in its "
    "files. Records were read and linked in memory and in a temporary folder that is gone. Counts of fewer "
    "than "
    "{minimum} are hidden, and others with them where totals would give them away; numbers of people are "
    "rounded. "
    "The work list names rows of files, which only the office that holds the file can open."
)


def first_screen(a: RegistryAnalysis) -> Html:
    """Return the answer: title, sentences, headline figures."""
    told = words.sentences(a)
    number = words.NUMBERS.get(len(told), str(len(told)))
    head = tables.title(words.title(a), words.subtitle(a))
    return head + tables.answer(f"In {number} sentences", told) + tables.cards(words.cards(a))


def takeaway(a: RegistryAnalysis, name: str) -> Html:
    """Return what a section shows, in words."""
    return tables.paragraphs(*words.finding(a, name))


def method(name: str) -> Html:
    """Return how the figures of a section are computed, folded."""
    summary, text, formula, source = METHODS[name]
    return tables.method_note(summary, text, formula=formula, source=source)


def overlap_chart(a: RegistryAnalysis) -> Figure | Html:
    """Return who is on which lists."""
    return charts.overlap(a) or NOTHING


def shared_table(a: RegistryAnalysis) -> Html:
    """Return the share of each list that is on another."""
    return listed.shared(a)


def index_chart(a: RegistryAnalysis) -> Figure | Html:
    """Return the index of fragmentation over time."""
    return charts.index(a) or NOTHING


def joined_table(a: RegistryAnalysis) -> Html:
    """Return the index of every two lists."""
    return listed.joined(a)


def contradictions_table(a: RegistryAnalysis) -> Html:
    """Return what two lists say of one person."""
    return listed.contradictions(a)


def twice_table(a: RegistryAnalysis) -> Html:
    """Return surplus records and their money."""
    return listed.twice(a)


def nowhere_table(a: RegistryAnalysis) -> Html:
    """Return who is missing from the lists."""
    return listed.nowhere(a)


def scores_chart(a: RegistryAnalysis) -> Figure:
    """Return the scores of the lists."""
    return charts.scores(a)


def offices_table(a: RegistryAnalysis) -> Html:
    """Return the scores of reporting offices."""
    return listed.offices(a)


def first_table(a: RegistryAnalysis) -> Html:
    """Return what to fix first."""
    return listed.first(a)


def ageing_chart(a: RegistryAnalysis) -> Figure:
    """Return what a list loses with time."""
    return charts.ageing(a)


def ageing_table(a: RegistryAnalysis) -> Html:
    """Return four ways of keeping a list."""
    return listed.ageing(a)


def ages_table(a: RegistryAnalysis) -> Html:
    """Return how old the lists are."""
    return listed.ages(a)


def assumed(a: RegistryAnalysis) -> Html:
    """Return assumptions and conventions."""
    return listed.assumed(a)


def readiness_table(a: RegistryAnalysis) -> Html:
    """Return what the lists could exchange."""
    return listed.readiness(a)


def files_table(a: RegistryAnalysis) -> Html:
    """Return where the rows of the files went."""
    return evidence.files(a)


def truth_heading(a: RegistryAnalysis) -> Heading:
    """Return the heading above found and true figures; nothing where the truth is not known."""
    return Heading("Is what was found true?" if a.known else "")


def truth_table(a: RegistryAnalysis) -> Html:
    """Return found figures beside the true ones; nothing where the truth is not known."""
    return evidence.truth(a) if a.known else NOTHING


def privacy(a: RegistryAnalysis) -> Html:
    """Return what was done so that nobody is recognised."""
    return tables.paragraphs(PRIVACY.format(minimum=a.parameters.disclosure.minimum_cell))


def checks(a: RegistryAnalysis) -> Html:
    """Return every check in words, failures first."""
    return tables.checks_list(a.checks)


def sources(a: RegistryAnalysis) -> Html:
    """Return where lists and methods come from."""
    data = a.parameters.data
    found: list[Any] = [one.model_dump(exclude_none=True) for one in a.parameters.sources]
    if data.synthetic is not None:
        found.append(
            {"title": f"Lists: made up, {data.synthetic.households:,} households, seed {data.synthetic.seed}"}
        )
    else:
        found += [{"title": f"List: {name}"} for name in a.files["file"]]
        found.append({"title": f"Mapping: {Path(str(data.mapping)).name}"})
    found.append({"title": "Exchange standard: Digital Convergence Initiative, interface standards 1.0.0",
                  "url": "https://github.com/spdci/standards"})  # fmt: skip
    found.append({"title": f"Linkage: {a.software}"})
    return tables.sources_list(found)


def stamp(a: RegistryAnalysis) -> Html:
    """Return what was run."""
    made = provenance("registry", sections_of(a.parameters))
    return tables.run_stamp(
        {
            "aspfin": made["package_version"],
            "parameters": made["parameter_hash"],
            "data": a.fingerprint,
            "package": made["package_hash"],
            "seed": a.parameters.link.seed,
            "python": made["python"],
        }
    )


def save(a: RegistryAnalysis, folder: str | Path | None) -> None:
    """Write results.json, the tables and the work list into `folder`; nothing where it is None."""
    if folder is None:
        return
    save_results(
        folder,
        headline=words.headline(a),
        sentences=words.sentences(a),
        tables=a.tables,
        about=table_words("registry", a.tables),
        checks=a.checks,
    )
    Path(folder, "tables.xlsx").write_bytes(workbook(a.tables))
    a.work.write(Path(folder, "work_list.xlsx"))
    Path(folder, "repeated_records.csv").write_text(csv_text(a.repeated), encoding="utf-8", newline="\n")
