"""HDX HAPI: the humanitarian indicators of the Humanitarian Data Exchange, from its downloaded .csv files."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from aspfin.data.loaded import LoadedTable
from aspfin.data.source import Source
from aspfin.data.tabular import flags, is_numeric, numbers, read_text, renamed
from aspfin.results import InputError, Problem

__all__ = ["LICENCE", "SOURCE", "read"]

LICENCE = "Each row has the licence of its dataset: see dataset_hdx_id on data.humdata.org."
SOURCE = Source(
    "hapi",
    "HDX Humanitarian API",
    publisher="OCHA Centre for Humanitarian Data",
    url="https://data.humdata.org/hapi",
    note=LICENCE,
)
REQUIRED = ("location_code", "dataset_hdx_id")
FLAGS = ("has_hrp", "in_gho")
DATES = ("reference_period_start", "reference_period_end")
KNOWN = (*REQUIRED, *FLAGS, *DATES, "warning", "error")
# Columns that stay text even where every value looks like a number.
TEXT = re.compile(
    r"(_code|_id|_name|_type|_group|_range|_description|_status|_class|_acronym)$|^(warning|error)$"
)


def read(path: str | Path) -> LoadedTable:
    """Read a HAPI file of any theme (.csv, with or without byte-order mark).

    Parameters
    ----------
    path
        The file as downloaded.

    Returns
    -------
    LoadedTable
        All columns under their own names. P-codes and other identifiers are text, has_hrp and in_gho true or
        false, the reference period dates; any other column is numbers where every value of it is one. Rows
        the provider marks with an error are left out and counted; rows with a warning are kept and counted.

    Raises
    ------
    InputError
        If a required column is missing, or a flag or date is not one.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "hapi.csv"
    >>> _ = file.write_text("\\ufefflocation_code,admin1_code,population,dataset_hdx_id,error\\n"
    ...     "KHM,KH01,861883,abc,\\nKHM,,1,abc,No admin code\\n", encoding="utf-8")
    >>> table = read(file)
    >>> table.frame[["admin1_code", "population"]].values.tolist(), dict(table.dropped)
    ([['KH01', 861883.0]], {'rows with an error': 1})
    """
    name = Path(path).name
    frame = read_text(path, required=[(column,) for column in REQUIRED])
    _, found = renamed(frame, {one: () for one in KNOWN}, file=name)
    frame = frame.rename(columns={label: one for one, label in found.items()})
    tags = (
        frame["location_code"].str.startswith("#").fillna(False).astype(bool)
    )  # older files: a row of HXL tags
    frame = frame[~tags]
    failed = frame["error"].notna() if "error" in frame else pd.Series(False, index=frame.index)
    frame = frame[~failed].copy()
    for column in frame.columns:
        if column in FLAGS:
            frame[column] = flags(frame[column], label=column, file=name)
        elif column in DATES:
            frame[column] = _dates(frame[column], name)
        elif not TEXT.search(column) and is_numeric(frame[column]):
            frame[column] = numbers(frame[column], label=column, file=name)
    warned = int(frame["warning"].notna().sum()) if "warning" in frame else 0
    datasets = frame["dataset_hdx_id"].nunique()
    notes = [f"{warned:,} rows carry a warning of the provider."] if warned else []
    notes.append(f"From {datasets:,} dataset{'' if datasets == 1 else 's'}, each with a licence of its own.")
    tidy = frame.reset_index(drop=True)
    dropped = {"rows with an error": int(failed.sum())}
    return LoadedTable(frame=tidy, source=SOURCE, notes=tuple(notes), dropped=dropped, file=name)


def _dates(values: pd.Series, file: str) -> pd.Series:
    days = values.str.slice(0, 10)
    dates = pd.to_datetime(days, format="%Y-%m-%d", errors="coerce")
    bad = dates.isna() & values.notna()
    if bad.any():
        row = bad[bad].index[0]
        allowed = "a date such as 2024-01-31"
        raise InputError(Problem(f"{file}, row {row}", str(values.name), values.loc[row], allowed))
    return dates
