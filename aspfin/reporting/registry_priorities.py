"""What to fix first, all lists together, and the words for what is wrong with a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.registry.duplicates import PERSON, TOTAL
from aspfin.reporting.performance_words import capital, known

if TYPE_CHECKING:
    from aspfin.reporting.registry import RegistryAnalysis

__all__ = ["column", "priorities", "problem", "surplus"]

COLUMNS = {
    "updated_on": "last update", "birth_date": "day of birth", "birth_year": "year of birth",
    "village_code": "village", "card_level": "level of the card", "person_id": "national number",
    "household_id": "household number", "name_km": "Khmer name", "name_latin": "Latin name",
    "phone": "telephone", "registered_on": "day of registration", "payment_date": "day of payment",
    "record_id": "record number", "relation": "relation to the head",
}  # fmt: skip
PROBLEMS = {"stale": "not updated for {months:g} months", "missing": "missing"}
SHORT = {
    "second record of a household": "second records of a household",
    "not of the usual size": "amounts of unusual size",
    "national number used twice": "national numbers used twice",
    "number of the record used twice": "record numbers used twice",
    "below 0": "amounts below zero",
}
# Problems that say themselves what they are about.
TELLING = (
    "second record of a household",
    "national number used twice",
    "number of the record used twice",
)
REPEATED = "repeats a person of the list"


def column(name: str) -> str:
    """Return a column of the vocabulary in words.

    Examples
    --------
    >>> column("updated_on"), column("ward_no")
    ('last update', 'ward no')
    """
    return COLUMNS.get(name, name.replace("_", " "))


def problem(a: RegistryAnalysis, rule: str) -> str:
    """Return what is wrong, in words."""
    return PROBLEMS.get(rule, rule).format(months=a.parameters.quality.max_age_months)


def surplus(a: RegistryAnalysis, list_id: str = TOTAL, kind: str = PERSON) -> pd.Series:
    """Return surplus records and money of one list, or of all."""
    found = a.duplicates[(a.duplicates["list_id"] == list_id) & (a.duplicates["kind"] == kind)]
    return found.iloc[0] if len(found) else pd.Series(np.nan, index=a.duplicates.columns)


def priorities(a: RegistryAnalysis) -> pd.DataFrame:
    """Return what to fix, all lists together: short, what, lists, rows, to_do, who, urgency, amount.

    Money and people mixed up come first, the most money before the rest. Records that repeat a person are
    those linked, among which are those that are alike to the letter.
    """
    again = surplus(a)
    known_rows = a.first.dropna(subset=["rows"])
    known_rows = known_rows[known_rows["problem"] != "same name, birth, sex and village"]
    rows = []
    for (problem_, column_), part in known_rows.groupby(["problem", "column"], sort=True):
        part = part.sort_values("rows", ascending=False)
        rows.append(
            {
                "short": SHORT.get(problem_, f"records: {column(column_)}, {problem(a, problem_)}"),
                "what": capital(
                    problem(a, problem_)
                    if problem_ in TELLING
                    else f"{column(column_)}: {problem(a, problem_)}"
                ),
                "lists": ", ".join(f"{a.names[row.list_id]} {row.rows:,.0f}" for row in part.itertuples()),
                "rows": part["rows"].sum(),
                "to_do": capital(part["to_do"].iloc[0]),
                "who": part["who"].iloc[0],
                "urgency": part["urgency"].iloc[0],
                "amount": part["amount"].sum(),
            }
        )
    order = {"money or people mixed up": 0, "who it is": 1, "out of date": 2}
    if known(again["records"]) and again["records"] >= 1:
        own = a.duplicates[(a.duplicates["kind"] == PERSON) & (a.duplicates["list_id"] != TOTAL)]
        own = own.dropna(subset=["records"]).sort_values("records", ascending=False)
        rows.append(
            {
                "short": "records that repeat a person of their list",
                "what": capital(REPEATED),
                "lists": ", ".join(f"{a.names[row.list_id]} {row.records:,.0f}" for row in own.itertuples()),
                "rows": again["records"],
                "to_do": "Compare with the row named in repeated_records.csv; close one",
                "who": "desk",
                "urgency": next(iter(order)),
                "amount": again["amount"] if known(again["amount"]) else 0.0,
            }
        )
    names = ["short", "what", "lists", "rows", "to_do", "who", "urgency", "amount"]
    table = pd.DataFrame(rows, columns=names)
    # Within what is urgent money decides; further down it is only who they are paid to, so rows do.
    table["rank"] = table["urgency"].map(order)
    table["size"] = table["amount"].where(table["rank"] == 0, 0.0)
    ranked = table.sort_values(["rank", "size", "rows", "what"], ascending=[True, False, False, True])
    return ranked.drop(columns=["rank", "size"]).reset_index(drop=True)
