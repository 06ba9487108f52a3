"""Indicators by country and year, as the World Bank publishes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from aspfin.data.loaded import LoadedTable
from aspfin.data.source import Source
from aspfin.data.tabular import numbers
from aspfin.results import InputError, Problem

__all__ = ["LICENCE", "NO_VALUE", "SOURCE", "SeriesTable", "folded", "note_on_missing", "series", "tidy"]

LICENCE = "Creative Commons Attribution 4.0 (CC BY 4.0): free to use and pass on with attribution."
SOURCE = Source(
    "world_bank",
    "World Bank Open Data (World Development Indicators, ASPIRE)",
    publisher="World Bank",
    url="https://data.worldbank.org",
    note=LICENCE,
)
SERIES_COLUMNS = ("iso3", "country", "code", "indicator", "year", "value")
NO_VALUE = ("..", "n/a")  # the data bank's own tables write ".." for a missing value


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SeriesTable(LoadedTable):
    """Indicators by country and year: columns iso3, country, code, indicator, year, value, then others.

    Values that are not there are rows with a missing value, so that what was asked and not found is seen.

    Examples
    --------
    >>> df = pd.DataFrame({"iso3": ["KHM", "ZMB"], "country": ["Cambodia", "Zambia"],
    ...     "code": ["SP.POP.TOTL"] * 2, "indicator": ["Population"] * 2, "year": [2020] * 2,
    ...     "value": [16.4e6, 18.9e6]})
    >>> SeriesTable(frame=df, source=SOURCE).select(codes="sp.pop.totl", countries="ZMB").frame.value.tolist()
    [18900000.0]
    """

    def select(
        self,
        *,
        codes: str | Sequence[str] | None = None,
        countries: str | Sequence[str] | None = None,
        years: tuple[int, int] | None = None,
    ) -> SeriesTable:
        """Return the rows of these codes and countries (in any case) and years (both ends included).

        Raises
        ------
        InputError
            If the table holds no row of one of the codes or countries.
        """
        keep = pd.Series(True, index=self.frame.index)
        for column, wanted in (("code", codes), ("iso3", countries)):
            if wanted is None:
                continue
            held = self.frame[column].str.casefold()
            asked = folded(wanted)
            for one in asked:
                if not (held == one).any():
                    allowed = f"one of the {held.nunique():,} that the table has in {column}"
                    raise InputError(Problem(self.file, column, one, allowed))
            keep &= held.isin(asked)
        if years is not None:
            keep &= self.frame["year"].between(*years)
        return replace(self, frame=self.frame[keep].reset_index(drop=True))


def folded(wanted: str | Sequence[str]) -> list[str]:
    """Return codes in the form in which they are compared: without case."""
    return [one.casefold() for one in ([wanted] if isinstance(wanted, str) else wanted)]


def tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the columns of every series first."""
    first = [name for name in SERIES_COLUMNS if name in frame]
    return frame[first + [name for name in frame.columns if name not in first]].reset_index(drop=True)


def note_on_missing(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return, where values are missing, a sentence that says how many."""
    missing = int(frame["value"].isna().sum())
    return (f"{missing:,} of {len(frame):,} values are missing, which is not 0.",) if missing else ()


def series(rows: list[dict[str, Any]], file: str) -> SeriesTable:
    """Return rows of the service as a table; years and values become numbers."""
    frame = pd.DataFrame(rows) if rows else pd.DataFrame(columns=list(SERIES_COLUMNS))
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
    texts = [None if row["value"] is None else str(row["value"]) for row in rows]
    values = pd.Series(texts, index=frame.index, dtype="str")
    frame["value"] = numbers(values, label="value", file=file, missing=NO_VALUE)
    whole = frame["year"].astype("str").str.fullmatch(r"\d{4}").fillna(False).astype(bool)
    if whole.all():
        frame["year"] = frame["year"].astype("int64")
    else:  # quarters and months are told, not cut down to years
        one = frame["year"][~whole].iloc[0]
        raise InputError(Problem(file, "date", one, "years only"))
    return SeriesTable(frame=tidy(frame), source=SOURCE, notes=note_on_missing(frame), file=file)
