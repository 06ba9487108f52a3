"""The tables that say how far the registry report can be believed: rows accounted for, found and true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from aspfin.reporting import registry_words as words
from aspfin.reporting import style, tables

if TYPE_CHECKING:
    from aspfin.reporting.registry import RegistryAnalysis
    from aspfin.reporting.tables import Html

__all__ = ["files", "truth"]


def files(a: RegistryAnalysis) -> Html:
    """Return where the rows of each file went."""
    shown = a.files.assign(
        list=[words.capital(a.names[name]) for name in a.files["list_id"]],
        left=a.files["rows_not_read"] + a.files["rejected"],
    )[["list", "file", "rows_in_file", "left", "records", "cells_odd", "changes"]]
    return tables.table(
        shown,
        caption="Every row accounted for",
        headers={"list": "List", "file": "File", "rows_in_file": "Rows in the file", "left": "Left out",
                 "records": "Records", "cells_odd": "Odd cells", "changes": "Values changed"},
        notes=["What was changed, by column and kind: tables/changes.csv."],
    )  # fmt: skip


def truth(a: RegistryAnalysis) -> Html:
    """Return what was found beside what is true."""

    def named(text: str) -> str:
        for name, label in a.names.items():
            text = text.replace(name, label)
        return text

    shown = pd.DataFrame(
        {
            "what": [
                words.capital(named(row.measure)) + (f" ({named(row.of)})" if row.of else "")
                for row in a.truth.itertuples()
            ],
            "found": [style.count(float(value)) for value in a.truth["found"]],
            "between": [
                style.rng(row.low, row.high, 3) if words.known(row.low) else None
                for row in a.truth.itertuples()
            ],
            "true": [style.count(float(value)) for value in a.truth["true"]],
            "unit": a.truth["unit"],
        }
    )
    return tables.table(
        shown,
        caption="Found and true",
        headers={"what": "What", "found": "Found", "between": "95 % range", "true": "True", "unit": "Unit"},
        formats=dict.fromkeys(("found", "between", "true"), str),
        notes=[
            "A range says what the links leave open, given the model; it does not hold what no list could "
            "show.",
            "Households: some people of one household share no number on any list, so that they are counted "
            "apart.",
            "On neither list: who could not get on either (poor and never interviewed, born since) is true "
            "but "
            "not estimated.",
        ],
    )
