"""World Bank data: WDI and ASPIRE, the Poverty and Inequality Platform, and answers of the data service.

The readers take files the user has obtained; only `fetch` goes online, and only when it is called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from aspfin.data.loaded import LoadedTable
from aspfin.data.source import Source
from aspfin.data.tabular import flags, numbers, read_text, renamed, whole_numbers
from aspfin.data.world_bank_series import (
    LICENCE,
    NO_VALUE,
    SERIES_COLUMNS,
    SOURCE,
    SeriesTable,
    folded,
    note_on_missing,
    tidy,
)
from aspfin.data.world_bank_service import DATABASES, fetch, read_api_json, read_source_rows
from aspfin.results import InputError, Problem

__all__ = [
    "DATABASES",
    "LICENCE",
    "PIP",
    "SOURCE",
    "SeriesTable",
    "fetch",
    "read_api_json",
    "read_pip",
    "read_source_rows",
    "read_wide",
]

PIP = Source(
    "world_bank_pip",
    "Poverty and Inequality Platform",
    publisher="World Bank",
    url="https://pip.worldbank.org",
    note=LICENCE,
)
WIDE_COLUMNS = {
    "country": ("Country Name",),
    "iso3": ("Country Code",),
    "indicator": ("Indicator Name", "Series Name"),
    "code": ("Indicator Code", "Series Code"),
}

# The platform's own names; where there is a second, it is the one the R package pipr gives.
PIP_COLUMNS: Mapping[str, Sequence[str]] = {
    "country_name": (),
    "country_code": (),
    "reporting_year": ("reporting_year", "year"),
    "reporting_level": (),
    "survey_acronym": (),
    "survey_coverage": (),
    "survey_year": ("survey_year", "welfare_time"),
    "welfare_type": (),
    "poverty_line": (),
    "headcount": (),
    "poverty_gap": (),
    "poverty_severity": (),
    "reporting_pop": ("reporting_pop", "pop"),
    "reporting_gdp": ("reporting_gdp", "gdp"),
    "reporting_pce": ("reporting_pce", "hfce"),
    "is_interpolated": (),
    "estimate_type": (),
}
PIP_REQUIRED = ("country_code", "reporting_year", "welfare_type", "poverty_line", "headcount")
PIP_SHARES = (
    *("headcount", "poverty_gap", "poverty_severity", "gini"),
    *(f"decile{n}" for n in range(1, 11)),
)
PIP_NUMBERS = (
    *("survey_year", "poverty_line", "watts", "mean", "median", "mld", "polarization", "cpi", "ppp"),
    *("reporting_pop", "reporting_gdp", "reporting_pce", "spl", "spr", "pg"),
)


def read_wide(
    path: str | Path,
    *,
    codes: str | Sequence[str] | None = None,
    countries: str | Sequence[str] | None = None,
) -> SeriesTable:
    """Read a bulk file of WDI or ASPIRE: a row per country and indicator, a column per year.

    Parameters
    ----------
    path
        The .csv file, such as WDICSV.csv; titles above the header and an empty last column are skipped.
    codes, countries
        Keep only these indicator codes and country codes, compared without case (ASPIRE's codes occur in
        both); all by default. The whole of WDI becomes some 27 million rows: choose.

    Returns
    -------
    SeriesTable
        A row per country, indicator and year, in the order of the file; blanks are missing values.

    Raises
    ------
    InputError
        If a required column is missing, no column is a year, a code or country asked for is not there, or a
        cell is not a number.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "WDICSV.csv"
    >>> _ = file.write_text('Country Name,Country Code,Indicator Name,Indicator Code,2019,2020,\\n'
    ...     'Cambodia,KHM,"Population, total",SP.POP.TOTL,16207746,"",\\n')
    >>> read_wide(file, codes="sp.pop.totl").frame[["iso3", "year", "value"]].values.tolist()
    [['KHM', 2019, 16207746.0], ['KHM', 2020, nan]]
    """
    name = Path(path).name
    asked = {"Indicator Code": codes, "Country Code": countries}
    only = {label: folded(wanted) for label, wanted in asked.items() if wanted is not None}
    text = read_text(path, required=list(WIDE_COLUMNS.values()), only=only)
    frame, _ = renamed(text, WIDE_COLUMNS, file=name)
    for column, wanted in (("code", codes), ("iso3", countries)):
        _all_there(frame, column, wanted, name)
    years = [column for column in frame.columns if _year(column) is not None]
    if not years:
        raise InputError(Problem(name, "header", "no year", "columns named by years, such as 2019"))
    values = [numbers(frame[year], label=year, file=name, missing=NO_VALUE) for year in years]
    keys = [column for column in frame.columns if column not in years and not _blank(frame[column])]
    long = frame[keys].loc[frame.index.repeat(len(years))].reset_index(drop=True)
    long["year"] = np.tile([_year(year) for year in years], len(frame))
    long["value"] = np.column_stack(values).ravel() if len(frame) else np.empty(0)
    return SeriesTable(frame=tidy(long), source=SOURCE, notes=note_on_missing(long), file=name)


def _year(label: str) -> int | None:
    """Return the year of a column named 2019, YR2019 or "2019 [YR2019]"."""
    plain = label.split(" ")[0].upper().removeprefix("YR")
    return int(plain) if plain.isdigit() and len(plain) == 4 else None


def _blank(values: pd.Series) -> bool:
    return bool(values.isna().all()) and values.name not in SERIES_COLUMNS


def _all_there(frame: pd.DataFrame, column: str, wanted: str | Sequence[str] | None, file: str) -> None:
    held = set(frame[column].str.casefold())
    lacking = [one for one in folded(wanted or ()) if one not in held]
    if lacking:
        raise InputError(Problem(file, column, ", ".join(lacking), f"one that the file has in {column}"))


def read_pip(path: str | Path, *, ppp_year: int | None = None) -> LoadedTable:
    """Read a file of the Poverty and Inequality Platform (.csv), also as the R package pipr saves it.

    Parameters
    ----------
    path
        The file; its columns keep their names, except that pipr's year, welfare_time, pop, gdp and hfce get
        the platform's (reporting_year, survey_year, reporting_pop, reporting_gdp, reporting_pce).
    ppp_year
        Year of the purchasing power parities, chosen when the file was made: the file does not hold it, and
        poverty lines of different parities must not be compared.

    Returns
    -------
    LoadedTable
        Headcount, gap, severity, Gini and deciles are shares of 1; poverty_line, mean and median are PPP
        dollars per person and day; welfare_type says whether of consumption or income. Years filled in
        between surveys stand beside survey years (is_interpolated, estimate_type): a note counts them.

    Raises
    ------
    InputError
        Naming the missing column, or the row with a share outside 0 to 1 or a cell that is no number.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "pip.csv"
    >>> _ = file.write_text("country_code,reporting_year,welfare_type,poverty_line,headcount\\n"
    ...     "ZMB,2022,consumption,2.15,0.643\\n")
    >>> table = read_pip(file, ppp_year=2017)
    >>> table.frame[["country_code", "headcount", "ppp_year"]].values.tolist()
    [['ZMB', 0.643, 2017]]
    """
    name = Path(path).name
    text = read_text(path, required=[PIP_COLUMNS[one] or (one,) for one in PIP_REQUIRED])
    columns = {**PIP_COLUMNS, **{one: () for one in (*PIP_SHARES, *PIP_NUMBERS) if one not in PIP_COLUMNS}}
    frame, found = renamed(text, columns, file=name)
    missing = ("na",)  # R writes NA
    for one, label in found.items():
        if one in PIP_SHARES:
            frame[one] = numbers(frame[one], label=label, file=name, low=0, high=1, missing=missing)
        elif one in PIP_NUMBERS:
            frame[one] = numbers(frame[one], label=label, file=name, missing=missing)
    label = found["reporting_year"]
    frame["reporting_year"] = whole_numbers(frame["reporting_year"], label=label, file=name, low=1900)
    notes = []
    if "is_interpolated" in found:
        frame["is_interpolated"] = flags(frame["is_interpolated"], label="is_interpolated", file=name)
        filled = int(frame["is_interpolated"].sum())
        notes += [f"{filled:,} of {len(frame):,} rows are filled in between surveys."] if filled else []
    frame["ppp_year"] = pd.Series(ppp_year, index=frame.index, dtype="Int64")
    if ppp_year is None:
        notes.append("The year of the purchasing power parities is not known: the file does not hold it.")
    return LoadedTable(frame=frame.reset_index(drop=True), source=PIP, notes=tuple(notes), file=name)
