"""SDMX-CSV 1.0 and 2.0: statistics with their dimensions and attributes, such as national SDG data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from aspfin.data.exchange_periods import sdmx_period
from aspfin.data.exchange_text import read_rows, texts, write_rows
from aspfin.data.loaded import LoadedTable
from aspfin.data.source import Source
from aspfin.data.tabular import NUMBER
from aspfin.results import InputError, Problem

__all__ = ["SOURCE", "SdmxTable", "read_sdmx_csv", "write_sdmx_csv"]

SOURCE = Source(
    "sdmx",
    "Statistics in SDMX-CSV",
    publisher="the agency named in the structure",
    url="https://github.com/sdmx-twg/sdmx-csv",
    note="The terms are those of the agency.",
)
STRUCTURE = re.compile(r"[A-Za-z][\w.@$-]*:[A-Za-z0-9_@$-]+\((\d+(\.\d+)*\+?|\*|~|\+)\)", re.ASCII)
HEADS = {"1.0": ["DATAFLOW"], "2.0": ["STRUCTURE", "STRUCTURE_ID", "ACTION"]}
ACTIONS = ("I", "A", "M", "R", "D")
EXACT = 15  # digits of a number that every program keeps


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SdmxTable(LoadedTable):
    """Observations of an SDMX-CSV file.

    Attributes
    ----------
    version : str
        1.0 | 2.0.
    structure : str
        Agency, dataflow and its version: "KH_NIS:DF_SDG_KH(1.2)".
    labels : mapping of str to mapping
        For each column the names of its codes, where the file has them; "" is the name of the column.

    Examples
    --------
    >>> table = SdmxTable(frame=pd.DataFrame({"OBS_VALUE": [1.5]}), source=SOURCE, file="a.csv",
    ...     version="1.0", structure="KH_NIS:DF_SDG_KH(1.2)")
    >>> print(table)
    a.csv: 1 row, 1 column (Statistics in SDMX-CSV).
    """

    version: str
    structure: str
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read_sdmx_csv(path: str | Path) -> SdmxTable:
    """Read an SDMX-CSV file, version 1.0 or 2.0, with or without labels.

    Parameters
    ----------
    path
        The file; its first column DATAFLOW (1.0) or STRUCTURE, STRUCTURE_ID and ACTION (2.0).

    Returns
    -------
    SdmxTable
        One row per observation: dimensions, OBS_VALUE, attributes, in the order of the file; text, OBS_VALUE
        numbers where all of them are (text where a number has more than 15 digits). ACTION is a column only
        where it is not "I" (information) throughout.

    Raises
    ------
    InputError
        If the file is not SDMX-CSV, has several structures, or a period or action is not one.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "sdg.csv"
    >>> _ = file.write_text("DATAFLOW,REF_AREA,TIME_PERIOD,OBS_VALUE\\n"
    ...     "KH_NIS:DF_SDG_KH(1.2),KH,2024,17.8\\n")
    >>> table = read_sdmx_csv(file)
    >>> table.structure, table.frame.values.tolist()
    ('KH_NIS:DF_SDG_KH(1.2)', [['KH', '2024', 17.8]])
    """
    file = Path(path)
    heads, frame = read_rows(file)
    labels: dict[str, dict[str, str]] = {}
    names = [_label(name, labels) for name in heads]
    for name in names:
        if names.count(name) > 1:
            raise InputError(Problem(file.name, name, "a column given twice", "one column of each name"))
    frame.columns = names
    for name in names:
        _split_labels(frame, name, labels)
    version = next((v for v, first in HEADS.items() if names[: len(first)] == first), None)
    if version is None:
        allowed = "DATAFLOW (1.0), or STRUCTURE, STRUCTURE_ID, ACTION (2.0), as the first columns"
        raise InputError(Problem(file.name, "heading", ", ".join(names[:3]), allowed))
    if "OBS_VALUE" not in names:
        raise InputError(Problem(file.name, "OBS_VALUE", "a missing column", "this column is required"))
    structure = _structure(frame, version, file.name)
    _check_cells(frame, file.name)
    value, note = _values(frame["OBS_VALUE"])
    frame["OBS_VALUE"] = value
    drop = [name for name in HEADS[version] if name != "ACTION" or frame["ACTION"].fillna("I").eq("I").all()]
    return SdmxTable(
        frame=frame.drop(columns=drop).reset_index(drop=True),
        source=SOURCE,
        notes=(note,) if note else (),
        file=file.name,
        version=version,
        structure=structure,
        labels=labels,
    )


def _label(name: str, labels: dict[str, dict[str, str]]) -> str:
    """Return the code of a heading "REF_AREA: Reference area", its label noted."""
    code, mark, label = name.partition(":")
    if mark:
        labels[code.strip()] = {"": label.strip()}
    return code.strip()


def _split_labels(frame: pd.DataFrame, name: str, labels: dict[str, dict[str, str]]) -> None:
    """Take "KH: Cambodia" apart where a column has labels."""
    if name in ("DATAFLOW", "STRUCTURE_ID"):  # the code has a colon of its own
        frame[name] = frame[name].str.replace(r"^([^:]+:[^:]+?): .*$", r"\1", regex=True)
        return
    if name not in labels or name in ("OBS_VALUE", "TIME_PERIOD", "STRUCTURE"):
        return
    parts = frame[name].str.partition(": ")
    labelled = frame[name].notna() & (parts[1] != "")
    labels[name].update(dict(zip(parts[0][labelled], parts[2][labelled], strict=True)))
    frame[name] = frame[name].where(~labelled, parts[0])


def _structure(frame: pd.DataFrame, version: str, file: str) -> str:
    known = frame[HEADS[version][min(1, len(HEADS[version]) - 1)]].dropna().unique().tolist()
    if len(known) != 1:
        found = f"{len(known)} structures"
        raise InputError(Problem(file, HEADS[version][-1], found, "one structure in a file: split it"))
    if not STRUCTURE.fullmatch(known[0]):
        raise InputError(Problem(file, "structure", known[0], "AGENCY:DATAFLOW(1.0)"))
    return str(known[0])


def _check_cells(frame: pd.DataFrame, file: str) -> None:
    problems = []
    if "TIME_PERIOD" in frame:
        for text, rows in frame.groupby("TIME_PERIOD", sort=False).groups.items():
            try:
                sdmx_period(str(text), f"{file}, row {rows[0]}: TIME_PERIOD")
            except InputError as error:
                problems += error.problems
    if "ACTION" in frame:
        bad = frame["ACTION"].notna() & ~frame["ACTION"].isin(ACTIONS)
        for row in frame.index[bad][:1]:
            place = f"{file}, row {row}"
            problems.append(Problem(place, "ACTION", frame.loc[row, "ACTION"], " | ".join(ACTIONS)))
    if problems:
        raise InputError(problems)


def _values(column: pd.Series) -> tuple[pd.Series, str]:
    """Return observations as numbers where nothing is lost by it."""
    text = column.str.strip()
    known = text.dropna()
    plain = known.str.fullmatch(NUMBER)
    none = known.isin(["NaN"])
    if not (plain | none).all():
        return column, "OBS_VALUE has text beside numbers and is text."
    digits = known[plain].str.replace(r"[eE].*$|\D", "", regex=True).str.lstrip("0").str.len()
    if (digits > EXACT).any():
        return column, f"OBS_VALUE has numbers of more than {EXACT} digits and is text."
    return pd.to_numeric(text.where(~text.isin(["NaN"])), errors="raise").astype("float64"), ""


def write_sdmx_csv(frame: pd.DataFrame, path: str | Path, *, structure: str, version: str = "1.0") -> Path:
    """Write observations as SDMX-CSV.

    Parameters
    ----------
    frame
        Columns: the dimensions, OBS_VALUE, then attributes; ACTION for 2.0, "I" where there is none.
    path
        Where to.
    structure
        Agency, dataflow and its version: "KH_NIS:DF_SDG_KH(1.2)".
    version
        1.0 | 2.0.

    Returns
    -------
    Path
        Rows are in the order of their dimensions, missing cells empty.

    Raises
    ------
    InputError
        If the version or structure is not one, there is no OBS_VALUE or no dimension before it, a dimension
        is missing, or two rows have the same dimensions.

    Examples
    --------
    >>> import tempfile
    >>> df = pd.DataFrame({"REF_AREA": ["KH"], "TIME_PERIOD": ["2024"], "OBS_VALUE": [17.8]})
    >>> file = write_sdmx_csv(df, Path(tempfile.mkdtemp()) / "a.csv", structure="KH_NIS:DF_SDG_KH(1.2)")
    >>> print(file.read_text())
    DATAFLOW,REF_AREA,TIME_PERIOD,OBS_VALUE
    KH_NIS:DF_SDG_KH(1.2),KH,2024,17.8
    """
    file = Path(path)
    names = [str(name) for name in frame.columns if name != "ACTION"]
    _check_writable(frame, names, structure, version)
    dimensions = names[: names.index("OBS_VALUE")]
    table = pd.DataFrame({name: texts(frame[name]).to_numpy() for name in names}).astype("str")
    gaps = [name for name in dimensions if table[name].isna().any()]
    problems = [Problem("write_sdmx_csv", name, "a missing code", "every row has one") for name in gaps]
    again = int(table.duplicated(dimensions).sum())
    if again:
        found = f"{again:,} rows with dimensions already there"
        problems.append(Problem("write_sdmx_csv", "dimensions", found, "each combination once"))
    if problems:
        raise InputError(problems)
    _check_cells(table, "write_sdmx_csv")
    if version == "1.0":
        first = {"DATAFLOW": structure}
        table = table.assign(**first)
    else:
        action = texts(frame["ACTION"]).fillna("I").to_numpy() if "ACTION" in frame else "I"
        table = table.assign(STRUCTURE="dataflow", STRUCTURE_ID=structure, ACTION=action)
        _check_cells(table, "write_sdmx_csv")
    table = table.sort_values(dimensions, kind="stable")
    order = [*HEADS[version], *names]
    write_rows(file, order, [table[name] for name in order])
    return file


def _check_writable(frame: pd.DataFrame, names: list[str], structure: str, version: str) -> None:
    problems = []
    if version not in HEADS:
        problems.append(Problem("write_sdmx_csv", "version", version, " | ".join(HEADS)))
    if not STRUCTURE.fullmatch(structure):
        problems.append(Problem("write_sdmx_csv", "structure", structure, "AGENCY:DATAFLOW(1.0)"))
    if len(set(names)) != len(names):
        problems.append(Problem("write_sdmx_csv", "columns", "a column given twice", "each column once"))
    if "OBS_VALUE" not in names or names.index("OBS_VALUE") == 0:
        allowed = "the dimensions, then OBS_VALUE, then attributes"
        problems.append(Problem("write_sdmx_csv", "columns", ", ".join(names[:12]) or "none", allowed))
    taken = {*HEADS["1.0"], *HEADS["2.0"]}
    for name in names:
        if name in taken or ":" in name:
            problems.append(Problem("write_sdmx_csv", name, "a name of the format", "another name"))
    if "ACTION" in frame and version == "1.0":
        problems.append(Problem("write_sdmx_csv", "ACTION", "version 1.0", "version 2.0 for actions"))
    if problems:
        raise InputError(problems)
