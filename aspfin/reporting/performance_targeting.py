"""The tables of the performance report on targeting: denominators, measures, programmes one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from aspfin.reporting import performance_words as words
from aspfin.reporting import style, tables
from aspfin.reporting.performance_tables import hidden_note, shown_share

if TYPE_CHECKING:
    from aspfin.reporting.performance import PerformanceAnalysis
    from aspfin.reporting.tables import Html

__all__ = ["by_programme", "measures", "people"]


def people(a: PerformanceAnalysis) -> Html:
    """Return the two-by-two table of the errors: people, and the rows of data behind them."""
    table = a.people[a.people["programme"] == a.parameters.whole]
    if table.empty:
        return tables.paragraphs("Nobody in the data receives anything.")
    own = a.parameters.eligible is None
    names = {"yes": "Poor without transfers" if own else "Meant to receive",
             "no": "Not poor" if own else "Not meant to", "all": "All people"}  # fmt: skip
    rows = []
    for eligible, label in names.items():
        row: dict[str, Any] = {"who": label}
        for receives in ("yes", "no", "all"):
            one = table[(table["eligible"] == eligible) & (table["receives"] == receives)].iloc[0]
            row[receives] = style.count(one["persons"]) if words.known(one["persons"]) else None
            row[f"{receives}_n"] = f"{int(one['n']):,}" if words.known(one["n"]) else None
        rows.append(row)
    return tables.table(
        pd.DataFrame(rows),
        caption="The denominators: people, and rows of the data",
        headers={"who": "People", "yes": "Receive", "no": "Receive nothing", "all": "All",
                 "yes_n": "Rows", "no_n": "Rows", "all_n": "Rows"},
        formats={name: str for name in rows[0] if name != "who"},
        notes=hidden_note(a, table),
        total=True,
    )  # fmt: skip


MEASURES = {
    "exclusion_error": ("Exclusion error", "of those meant to receive, the share who do not"),
    "inclusion_error": ("Inclusion error", "of those who receive, the share not meant to"),
    "targeting_success_rate": ("Treated rightly", "share of all people reached, or rightly not"),
    "kappa": ("Kappa", "agreement beyond chance: 0 none, 1 full"),
    "targeting_differential": ("Targeting differential", "coverage of those meant less that of others"),
    "coady_grosh_hoddinott": ("Coady–Grosh–Hoddinott", "money to the poorest 40 %, over 40 %"),
    "distributional_characteristic": ("Distributional characteristic", "mean welfare weight of the money"),
}
AS_NUMBER = ("kappa", "coady_grosh_hoddinott", "distributional_characteristic")


def measures(a: PerformanceAnalysis) -> Html:
    """Return every measure of targeting with its interval and its denominator."""
    own = a.errors[a.errors["programme"] == a.parameters.whole]
    rows = []
    for code, (label, meaning) in MEASURES.items():
        one = a.error(code)
        if code not in set(own["code"]) or not words.known(one["estimate"]):
            continue
        plain = code in AS_NUMBER
        row = {
            "measure": label,
            "meaning": meaning,
            "value": style.number(one["estimate"]) if plain else shown_share(one["estimate"]),
            "interval": (words.plain_ends(one) if plain else _per_cent(words.ends(one))) or None,
        }
        if a.known:
            row["truth"] = style.number(one["truth"]) if plain else shown_share(one["truth"])
        rows.append({**row, "persons": style.count(one["denominator_persons"]), "n": f"{int(one['n']):,}"})
    if not rows:
        return tables.paragraphs("Too few households are behind the errors of targeting to show them.")
    names = {"measure": "Measure", "meaning": "What it is", "value": "Value", "interval": "95 % interval",
             "truth": "True value", "persons": "Of people", "n": "Rows"}  # fmt: skip
    shown = pd.DataFrame(rows)
    return tables.table(
        shown,
        caption="Measures of targeting",
        headers={name: names[name] for name in shown},
        formats={name: str for name in shown if name not in ("measure", "meaning")},
    )


def _per_cent(between: str) -> str:
    return f"{between} %" if between else ""


def by_programme(a: PerformanceAnalysis) -> Html:
    """Return the errors of each programme; nothing where there is one only."""
    if len(a.programmes) == 1:
        return tables.paragraphs()
    rows = []
    for name in a.programmes:
        missed, leaked = a.error("exclusion_error", name), a.error("inclusion_error", name)
        ratio = a.error("coady_grosh_hoddinott", name)["estimate"]
        rows.append(
            {
                "programme": words.capital(name),
                "missed": shown_share(missed["estimate"]),
                "missed_interval": words.ends(missed) or None,
                "leaked": shown_share(leaked["estimate"]),
                "leaked_interval": words.ends(leaked) or None,
                "ratio": style.number(ratio) if words.known(ratio) else None,
            }
        )
    if all(value is None for row in rows for name, value in row.items() if name != "programme"):
        return tables.paragraphs()
    return tables.table(
        pd.DataFrame(rows),
        caption="Each programme by itself",
        headers={"programme": "Programme", "missed": "Exclusion error", "missed_interval": "95 % interval",
                 "leaked": "Inclusion error", "leaked_interval": "95 % interval",
                 "ratio": "Money to the poorest 40 %, over 40 %"},
        units={"missed_interval": "%", "leaked_interval": "%"},
        formats={name: str for name in rows[0] if name != "programme"},
        notes=[f"Held against the same group, {words.meant(a)}, also where a programme is meant for others.",
               *hidden_note(a, a.errors)],
    )  # fmt: skip
