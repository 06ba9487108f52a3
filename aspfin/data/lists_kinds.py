"""What can be wrong in a list, in words: one name for each kind, and what the reader did about it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["KINDS", "no_problems", "problem_table"]

# Kind of problem: what was done. No cell is quoted anywhere: lists hold personal data.
KINDS: Mapping[str, str] = {
    "above the heading": "row not read: it stands above the heading",
    "cells beyond the headings": "row set aside: it has more filled cells than there are headings",
    "fewer cells than headings": "row kept; the cells from this column on are missing",
    "broken quotation marks": "line set aside: it is not well-formed CSV",
    "heading repeated": "column kept, a number put behind its name",
    "heading empty": "column kept, named by its place",
    "heading cleaned": "spaces, line breaks and zero-width characters taken out of the heading",
    "undecodable bytes": "cell kept, U+FFFD in place of each byte without a meaning",
    "broken Khmer": "cell kept: UTF-8 was read as Windows-1252 before the file was written; export it again",
    "zero-width characters": "cell kept as it is",
    "mixed scripts": "cell kept: it has both Khmer and Latin letters",
    "control characters": "cell kept as it is",
    "line break": "cell kept as it is",
    "only spaces": "cell is missing",
    "formula": "the value stored with the formula is read",
    "formula without a value": "cell is missing: open the file in a spreadsheet program, save it, read again",
    "formula as text": "cell kept as text; never evaluated",
    "error value": "cell kept as text: the sheet could not work it out",
    "merged cell": "the value above is taken, as the merged cell covers this row",
    "merged across columns": "cell is missing: the value stands in the first column of the merged cell",
    "impossible date": "cell kept as text: no order of day, month and year makes it a date",
    "rounded number": "cell kept as text; further digits are lost in the file: export it again",
    "number ends in .0": "cell kept as text: an identifier taken for a quantity; zeros in front may be lost",
    "missing with a reason": "cell is missing; the file says why (.a to .z): `data.survey.read` keeps it",
    "number too long": "cell kept; the file cannot hold all digits of so long a number: make it text there",
}


def no_problems() -> pd.DataFrame:
    """Return an empty table of problems."""
    return pd.DataFrame(
        {
            "row": np.zeros(0, dtype="int64"),
            "column": pd.Series([], dtype="str"),
            "kind": pd.Series([], dtype="str"),
        }
    )


def problem_table(found: list[tuple[NDArray[np.int64], str, str]]) -> pd.DataFrame:
    """Return problems (rows, column, kind) as one table in the order of the file.

    Examples
    --------
    >>> problem_table([(np.array([4, 2]), "name", "mixed scripts")]).values.tolist()
    [[2, 'name', 'mixed scripts'], [4, 'name', 'mixed scripts']]
    """
    parts = [
        pd.DataFrame({"row": np.asarray(rows, dtype="int64"), "column": column, "kind": kind})
        for rows, column, kind in found
        if len(rows)
    ]
    if not parts:
        return no_problems()
    table = pd.concat(parts, ignore_index=True).astype({"column": "str", "kind": "str"})
    return table.sort_values("row", kind="stable", ignore_index=True)
