"""What to fix first: every row that costs points, what to do about it, and who can do it, without any name.

The list names file, row and column; the office that owns the file finds the record by them. Order: what
touches money or mixes up people first, then what hides who somebody is, then what is only old; within that by
points.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from aspfin.registry.quality import Quality
from aspfin.results import InputError, Problem, ResultMixin

__all__ = ["WorkList", "work_list"]

SHEET_ROWS = 1_048_575  # of a worksheet, below its heading
STAMP = dt.datetime(2000, 1, 1)  # the hour of writing is left out: the same list gives the same bytes


class Fix(NamedTuple):
    """How urgent a problem is (1 to 3), who can mend it, and how."""

    urgency: int
    who: str
    to_do: str


DESK, VISIT = "desk", "visit"
URGENCIES = {1: "money or people mixed up", 2: "who it is", 3: "out of date"}
_KEYBOARD = "compare with the paper form and correct the column"
FIXES: dict[str, Fix] = {
    "number of the record used twice": Fix(
        1, DESK, "give the second record a number of its own, or delete it"
    ),
    "national number used twice": Fix(
        1, DESK, "compare with the other row: one person, or a number mistyped?"
    ),
    "same name, birth, sex and village": Fix(
        1, DESK, "compare with the other row; close one if they are one person"
    ),
    "second record of a household": Fix(1, DESK, "stop one of the two payments until the payee is confirmed"),
    "not of the usual size": Fix(
        1, DESK, "compare with the benefit rule: a zero too many, or several months?"
    ),
    "below 0": Fix(1, DESK, "compare with the payment order"),
    "differs from other lists": Fix(2, DESK, "ask which list has seen the document, then correct the others"),
    "missing": Fix(2, VISIT, "copy from the paper form; ask the household where it is not there"),
    "stale": Fix(3, VISIT, "confirm at the next visit or by telephone: still here, still the same members?"),
}
_OTHER = Fix(2, DESK, _KEYBOARD)


@dataclass(frozen=True, eq=False, repr=False)
class WorkList(ResultMixin):
    """Rows to fix, in the order to fix them.

    Attributes
    ----------
    rows : DataFrame
        number, list_id, source_file, row (in that file, its heading being row 1), office, column, problem,
        to_do, who (desk or visit), other_row, points (of 100, of the list's score). No name, number of a
        person or value.
    summary : DataFrame
        One row per list, column and problem: urgency, to_do, who, rows, points, points_so_far (summed over
        the list in this order), amount (riel on those rows).
    left_out : int
        Rows not on the list because a shorter one was asked for.
    """

    rows: pd.DataFrame
    summary: pd.DataFrame
    left_out: int = 0

    def to_frame(self) -> pd.DataFrame:
        """Return what to fix first, by list and problem."""
        return self.summary.copy()

    def sentence(self) -> str:
        """Return what to fix first, in prose."""
        if self.summary.empty:
            return "Nothing needs to be fixed."
        total = int(self.summary["rows"].sum())
        desk = int(self.summary.loc[self.summary["who"] == DESK, "rows"].sum())
        first = self.summary.iloc[0]
        return (
            f"{total:,} things to fix, {desk:,} of them at a desk and the others with the household. First: "
            f"{first.list_id}, {first.column}, {first.problem} ({first.rows:,} records): {first.to_do}."
        )

    def write(self, path: str | Path) -> Path:
        """Write the list for the offices, as .xlsx (what comes first, then a sheet per list) or .csv.

        Raises
        ------
        InputError
            Another ending, or more rows than a worksheet holds.
        """
        path = Path(path)
        blank = self.rows.assign(done="", remark="")
        if path.suffix == ".csv":
            _harmless(blank).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")
        elif path.suffix == ".xlsx":
            longest = int(self.rows["list_id"].value_counts().max()) if len(self.rows) else 0
            if longest > SHEET_ROWS:
                allowed = f"{SHEET_ROWS:,} rows per list in a workbook; write .csv or ask for fewer"
                raise InputError(Problem("work list", "rows", f"{longest:,}", allowed))
            sheets = {"first": self.summary}
            sheets |= {str(name): part for name, part in blank.groupby("list_id", sort=True)}
            _workbook({name: _harmless(part) for name, part in sheets.items()}, path)
        else:
            raise InputError(Problem("work list", "path", path.suffix or path.name, ".xlsx | .csv"))
        return path


def work_list(quality: Quality, *, most: int | None = None, skip: tuple[str, ...] = ()) -> WorkList:
    """Return the rows to fix, in the order to fix them.

    Parameters
    ----------
    quality : Quality
        As `assess` returns it.
    most : int or None
        Longest list wanted; None for all.
    skip : tuple of str
        Problems to leave out, such as "stale" where a new round of interviews is coming.

    Raises
    ------
    InputError
        `most` is below 1, or a problem in `skip` is unknown.

    Examples
    --------
    >>> from aspfin.registry import assess, harmonise
    >>> raw = pd.DataFrame({"No": ["1", "2"], "Card": ["7", "7"], "Name": ["Sok Dara", None]})
    >>> mapping = {"list_id": "cash", "programme": "Cash",
    ...     "columns": {"record_id": "No", "household_id": "Card", "name_latin": "Name"}}
    >>> rules = {"required": {"all": ["name"]}, "one_per_household": ["cash"], "as_of": "2024-01-01"}
    >>> work_list(assess(harmonise(raw, mapping), rules)).rows[["number", "row", "column", "problem", "who"]]
       number  row        column                       problem    who
    0       1    3  household_id  second record of a household   desk
    1       2    3          name                       missing  visit
    """
    if most is not None and most < 1:
        raise InputError(Problem("work list", "most", most, "a whole number of 1 or more"))
    known = set(map(str, quality.issues["rule"].cat.categories)) | set(FIXES)
    unknown = [name for name in skip if name not in known]
    if unknown:
        raise InputError(Problem("work list", "skip", unknown[0], ", ".join(sorted(known))))
    issues = quality.issues[~quality.issues["rule"].isin(skip)]
    rows = _ordered(issues)
    summary = _summary(rows)
    left_out = 0 if most is None else max(len(rows) - most, 0)
    rows = rows.head(len(rows) - left_out)
    told = [
        "list_id",
        "source_file",
        "row",
        "office",
        "column",
        "problem",
        "to_do",
        "who",
        "other_row",
        "points",
    ]
    rows = rows[told].reset_index(drop=True)
    rows.insert(0, "number", np.arange(1, len(rows) + 1))
    return WorkList(rows, summary, left_out)


def _fix(rule: str) -> Fix:
    return FIXES.get(rule, _OTHER)


def _ordered(issues: pd.DataFrame) -> pd.DataFrame:
    table = issues.rename(columns={"rule": "problem"}).copy()
    kinds = {str(rule): _fix(str(rule)) for rule in table["problem"].cat.categories}
    for place, name in enumerate(Fix._fields):
        table[name] = table["problem"].astype("str").map({rule: fix[place] for rule, fix in kinds.items()})
    keys = ["urgency", "list_id", "column", "problem"]
    table["weight"] = -table.groupby(keys, observed=True)["points"].transform("sum").round(12)
    order = ["urgency", "weight", "list_id", "column", "problem", "row"]
    return table.sort_values(order, ignore_index=True)


def _summary(rows: pd.DataFrame) -> pd.DataFrame:
    keys = ["list_id", "column", "problem", "urgency", "to_do", "who"]
    grouped = rows.groupby(keys, observed=True, sort=False)
    table = grouped.agg(
        rows=("row", "size"), points=("points", "sum"), amount=("amount", "sum")
    ).reset_index()
    table = table.astype({name: "str" for name in keys if name != "urgency"})
    table["points_so_far"] = table.groupby("list_id")["points"].cumsum()
    table["urgency"] = table["urgency"].map(URGENCIES)
    return table[[*keys, "rows", "points", "points_so_far", "amount"]]


def _harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with no text that a spreadsheet would run as a formula."""
    safe = frame.copy()
    for name in safe.select_dtypes(["str", "object", "category"]):
        text = safe[name].astype("str")
        safe[name] = text.mask(text.str.startswith(("=", "+", "-", "@", "\t", "\r"), na=False), "'" + text)
    return safe


def _workbook(sheets: dict[str, pd.DataFrame], path: Path) -> None:
    """Write sheets row by row, so that large ones fit in memory, without the hour, so that bytes repeat."""
    import re
    from io import BytesIO
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.creator, book.properties.created, book.properties.modified = "", STAMP, STAMP
    for name, frame in sheets.items():
        sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", "_", name)[:31])
        sheet.freeze_panes = "A2"
        sheet.append(list(frame.columns))
        for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None):
            sheet.append([_cell(value) for value in row])
    held = BytesIO()
    book.save(held)
    stamp = STAMP.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with ZipFile(held) as parts, ZipFile(path, "w", ZIP_DEFLATED) as file:
        for name in sorted(parts.namelist()):
            text = parts.read(name)
            if name == "docProps/core.xml":  # saving puts the hour in again
                text = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, text)
            file.writestr(ZipInfo(name, STAMP.timetuple()[:6]), text, ZIP_DEFLATED)


def _cell(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
