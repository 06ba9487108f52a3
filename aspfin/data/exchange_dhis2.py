"""DHIS2 data value sets: reported figures by data element, period, unit and category, as .json or .csv."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from aspfin.data.exchange_dci_json import Written
from aspfin.data.exchange_periods import dhis2_period
from aspfin.data.exchange_text import read_rows, texts, write_rows
from aspfin.data.loaded import LoadedTable
from aspfin.data.source import Source
from aspfin.data.tabular import decoded, heading
from aspfin.results import InputError, Problem

__all__ = ["COLUMNS", "SOURCE", "read_dhis2", "write_dhis2"]

SOURCE = Source(
    "dhis2",
    "DHIS2 data value sets",
    publisher="the office that runs the DHIS2 system",
    url="https://docs.dhis2.org/en/develop/using-the-api/",
    note="The data belong to the office that reports them.",
)
# Our column: its name in JSON, the one written in .csv, and others met there.
COLUMNS: dict[str, tuple[str, ...]] = {
    "data_element": ("dataElement", "dataelement"),
    "period": ("period", "period"),
    "org_unit": ("orgUnit", "orgunit"),
    "category_option_combo": ("categoryOptionCombo", "catoptcombo", "categoryoptioncombo"),
    "attribute_option_combo": ("attributeOptionCombo", "attroptcombo", "attributeoptioncombo"),
    "value": ("value", "value"),
    "stored_by": ("storedBy", "strby", "storedby"),
    "last_updated": ("lastUpdated", "lstupd", "lastupdated"),
    "comment": ("comment", "cmt", "comment"),
    "follow_up": ("followup", "followup"),
    "deleted": ("deleted", "deleted"),
}
KEYS = ["data_element", "period", "org_unit", "category_option_combo", "attribute_option_combo"]
REQUIRED = ["data_element", "period", "org_unit"]
# Of a whole set, in JSON only.
OF_SET = {"data_set": "dataSet", "complete_date": "completeDate"}


def read_dhis2(path: str | Path) -> LoadedTable:
    """Read a DHIS2 data value set (.json or .csv).

    Parameters
    ----------
    path
        The file. In JSON a period, unit or combination given once for the set holds for each value without
        its own.

    Returns
    -------
    LoadedTable
        One row per value: data_element, period, org_unit, category_option_combo, attribute_option_combo,
        value and what else is there, all text as written; value missing where it is empty, which is not 0.
        data_set and complete_date where the file has them. Rows keep the order of the file.

    Raises
    ------
    InputError
        If the file cannot be read, a column or key is missing, or a period is not one of DHIS2's.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "values.csv"
    >>> _ = file.write_text("dataelement,period,orgunit,value\\nPAID,202401,KH01,120\\nPAID,202402,KH01,\\n")
    >>> read_dhis2(file).frame[["period", "value"]].values.tolist()
    [['202401', '120'], ['202402', nan]]
    """
    file = Path(path)
    frame = _from_json(file) if file.suffix.lower() == ".json" else _from_csv(file)
    _check(frame, file.name, "value" if file.suffix.lower() == ".json" else "row")
    again = int(frame.duplicated([name for name in KEYS if name in frame]).sum())
    notes = []
    if again:
        notes.append(f"{again:,} values came again under a key already there; all are kept.")
    empty = int(frame["value"].isna().sum())
    if empty:
        notes.append(f"{empty:,} values are empty: not reported, which is not 0.")
    return LoadedTable(frame=frame.reset_index(drop=True), source=SOURCE, notes=tuple(notes), file=file.name)


def _from_csv(file: Path) -> pd.DataFrame:
    names, frame = read_rows(file)
    ours = {heading(other): name for name, others in COLUMNS.items() for other in others}
    labels = [ours.get(heading(name), name) for name in names]
    for label in labels:
        if labels.count(label) > 1:
            raise InputError(Problem(file.name, label, "a column given twice", "one column of each name"))
    frame.columns = labels
    return _complete(frame, file.name)


def _from_json(file: Path) -> pd.DataFrame:
    if not file.is_file():
        raise InputError(Problem(file.name, "file", str(file), "a file that exists"))
    try:
        body = json.loads(decoded(file), parse_float=Written, parse_int=Written, parse_constant=Written)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise InputError(Problem(file.name, "file", place, "well-formed JSON")) from error
    values = body.get("dataValues") if isinstance(body, dict) else None
    if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
        raise InputError(Problem(file.name, "dataValues", "no list of values", "an object with dataValues"))
    ours = {theirs[0]: name for name, theirs in COLUMNS.items()} | {v: k for k, v in OF_SET.items()}
    shared = {ours.get(key, key): value for key, value in body.items() if key != "dataValues"}
    rows = [
        {**shared, **{ours.get(key, key): value for key, value in one.items() if value is not None}}
        for one in values
    ]
    names = dict.fromkeys(name for row in rows for name in row) or dict.fromkeys(shared)
    index = pd.RangeIndex(1, len(rows) + 1)
    made = {
        name: pd.Series([_text(row.get(name)) for row in rows], index=index, dtype="str") for name in names
    }
    return _complete(pd.DataFrame(made, index=index), file.name, empty=not rows)


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _complete(frame: pd.DataFrame, file: str, *, empty: bool = False) -> pd.DataFrame:
    """Return the frame with the columns that must be there, in order."""
    lacking = [name for name in REQUIRED if name not in frame]
    if lacking and not empty:
        allowed = "this column is required; the file has " + ", ".join(map(str, frame.columns[:12]))
        raise InputError([Problem(file, COLUMNS[name][0], "a missing column", allowed) for name in lacking])
    frame = frame.copy()
    for name in [*KEYS, "value"]:
        if name not in frame:
            frame[name] = pd.Series([None] * len(frame), index=frame.index, dtype="str")
    first = [name for name in [*OF_SET, *COLUMNS] if name in frame]
    return frame[first + [name for name in frame.columns if name not in first]]


def _check(frame: pd.DataFrame, file: str, unit: str) -> None:
    problems = []
    for name in REQUIRED:
        gaps = frame.index[frame[name].isna()]
        if len(gaps):
            allowed = f"every value has one ({len(gaps):,} have none)"
            problems.append(Problem(f"{file}, {unit} {gaps[0]}", COLUMNS[name][0], "nothing", allowed))
    for text, rows in frame.groupby("period", sort=False).groups.items():
        try:
            dhis2_period(str(text), f"{file}, {unit} {rows[0]}: period")
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)


def write_dhis2(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write values as a DHIS2 data value set, .json or .csv by the name of the file.

    Parameters
    ----------
    frame
        Columns as `read_dhis2` returns them: data_element, period, org_unit and value required. Numbers are
        written as text, a missing value empty, never 0. Rows are put in the order of their keys.
    path
        Where to.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If a column is missing or unknown, a key is missing or there twice (the second value would silently
        overwrite the first), a period is not one, or a .csv file has no place for a column.

    Examples
    --------
    >>> import tempfile
    >>> df = pd.DataFrame({"data_element": "PAID", "period": ["202402", "202401"], "org_unit": "KH01",
    ...     "value": [None, 120]})
    >>> print(write_dhis2(df, Path(tempfile.mkdtemp()) / "values.csv").read_text())
    dataelement,period,orgunit,value
    PAID,202401,KH01,120
    PAID,202402,KH01,
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind not in (".json", ".csv"):
        raise InputError(Problem(file.name, "file", kind or "no ending", ".json .csv"))
    unknown = [name for name in frame.columns if name not in {**COLUMNS, **OF_SET}]
    lacking = [name for name in [*REQUIRED, "value"] if name not in frame]
    problems = [
        Problem("write_dhis2", str(name), "an unknown column", "one of " + ", ".join(COLUMNS))
        for name in unknown
    ]
    problems += [
        Problem("write_dhis2", name, "a missing column", "this column is required") for name in lacking
    ]
    if problems:
        raise InputError(problems)
    names = [
        name
        for name in [*OF_SET, *COLUMNS]
        if name in frame and (name in REQUIRED or name == "value" or frame[name].notna().any())
    ]
    table = pd.DataFrame({name: texts(frame[name]).to_numpy() for name in names}).astype("str")
    keys = [name for name in KEYS if name in table]
    _check(table, "write_dhis2", "row")
    again = table.duplicated(keys)
    if again.any():
        found = f"{int(again.sum()):,} values under a key already there"
        raise InputError(Problem("write_dhis2", "keys", found, "each key once: " + ", ".join(keys)))
    table = table.sort_values(keys, kind="stable", na_position="first", ignore_index=True)
    if kind == ".csv":
        _to_csv(table, file)
    else:
        _to_json(table, file)
    return file


def _to_csv(table: pd.DataFrame, file: Path) -> None:
    for name in OF_SET:
        if name in table:
            allowed = "a .json file, or a table without this column: .csv has no place for it"
            raise InputError(Problem(file.name, name, "a column of the whole set", allowed))
    write_rows(file, [COLUMNS[name][1] for name in table], [table[name] for name in table])


def _to_json(table: pd.DataFrame, file: Path) -> None:
    body: dict[str, Any] = {}
    for name, theirs in OF_SET.items():
        if name in table:
            known = table[name].unique()
            if len(known) != 1:
                raise InputError(
                    Problem(file.name, name, f"{len(known)} values", "one for a file: split the table")
                )
            body[theirs] = known[0]
    names = {name: COLUMNS[name][0] for name in table if name in COLUMNS}
    body["dataValues"] = [
        {names[name]: value for name, value in row.items() if name == "value" or value != ""}
        for row in table[list(names)].fillna("").to_dict("records")
    ]
    for one in body["dataValues"]:
        for flag in ("followup", "deleted"):
            if one.get(flag) in ("true", "false"):
                one[flag] = one[flag] == "true"
    text = json.dumps(body, ensure_ascii=False, indent=1)
    file.write_text(text + "\n", encoding="utf-8", newline="")
