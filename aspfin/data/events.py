"""Records of disasters in one vocabulary, whatever their source: that of the events of a country pack."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from aspfin.data.loaded import LoadedTable
from aspfin.results import InputError, Problem

__all__ = ["AMOUNTS", "COLUMNS", "PACK_HAZARDS", "EventTable", "hazards_of"]

# What a column of the tidy table means; readers keep further columns of a file under its own headings.
COLUMNS = {
    "event_id": "identifier in the source, text",
    "disaster_id": "the same for all rows of one event, where the source says so",
    "name": "name of the event",
    "year": "year in which it started",
    "month": "month in which it started",
    "day": "day on which it started",
    "end_year": "year in which it ended",
    "end_month": "month in which it ended",
    "end_day": "day on which it ended",
    "hazard": "flood, drought, storm …: the word of the country packs where they have one",
    "kind": "type of the event in the words of the source",
    "iso3": "country, ISO 3166 alpha-3",
    "country": "country, by name",
    "place": "where, in words",
    "level0_code": "first level below the country: code",
    "level0_name": "first level below the country: name",
    "level1_code": "second level: code",
    "level1_name": "second level: name",
    "level2_code": "third level: code",
    "level2_name": "third level: name",
    "households": "households affected",
    "people": "people affected, all told",
    "affected": "people directly affected, without the injured and homeless where those are counted apart",
    "indirectly_affected": "people indirectly affected",
    "deaths": "people killed",
    "missing_people": "people missing",
    "injured": "people injured",
    "homeless": "people made homeless",
    "evacuated": "people evacuated",
    "relocated": "people relocated",
    "houses_destroyed": "houses destroyed",
    "houses_damaged": "houses damaged",
    "damage_usd": "damage, US dollars of the year of the event",
    "damage_usd_adjusted": "damage, US dollars of the reference year of the source",
    "insured_damage_usd": "damage insured, US dollars of the year",
    "insured_damage_usd_adjusted": "damage insured, US dollars of the reference year",
    "reconstruction_usd": "cost of reconstruction, US dollars of the year",
    "reconstruction_usd_adjusted": "cost of reconstruction, US dollars of the reference year",
    "aid_usd": "aid contributed, US dollars",
    "damage_local": "damage, national currency of the year",
    "cpi": "consumer price index, 100 in the reference year",
    "latitude": "degrees north",
    "longitude": "degrees east",
    "as_of": "date of the entry",
    "source": "who reported it",
}
AMOUNTS = tuple(COLUMNS)[list(COLUMNS).index("households") : list(COLUMNS).index("cpi")]
WHOLE = ("year", "month", "day", "end_year", "end_month", "end_day")

# The hazards a country pack knows; a test holds this equal to the pack's own list.
PACK_HAZARDS = ("flood", "drought", "storm", "earthquake", "price", "health", "conflict", "multiple")
PACK_COLUMNS = (
    *("event_id", "name", "year", "hazard", "as_of", "households", "people", "deaths", "damage_usd"),
    *("provinces_affected", "qualifier", "stage", "use", "source", "status", "note"),
)
# Types of the sources, by their words in lower case, where a pack has another word for them.
HAZARDS = {
    "flood": ("floods", "flooding", "flash flood", "riverine flood", "river flood", "coastal flood"),
    "storm": (
        *("storms", "tropical cyclone", "cyclone", "hurricane", "typhoon", "tornado", "windstorm"),
        *("strong wind", "hailstorm", "hail storm", "thunderstorm", "thunder storm", "electric storm"),
        *("electricstorm", "storm surge", "snow storm", "snowstorm"),
    ),
    "health": ("epidemic", "epidemics", "pandemic", "biological"),
    "earthquake": ("earthquakes", "seismic activity"),
}
_WORDS = {word: name for name, words in HAZARDS.items() for word in words}


def hazards_of(kinds: pd.Series) -> pd.Series:
    """Return the hazard of each type of event: the packs' word where they have one, else the source's.

    Examples
    --------
    >>> hazards_of(pd.Series(["Flash flood", "TC - Tropical Cyclone", "Wildfire"])).tolist()
    ['flood', 'storm', 'wildfire']
    """
    plain = kinds.astype("str").str.strip().str.casefold().str.replace(r"^[a-z]{2} - ", "", regex=True)
    return plain.map(_WORDS).fillna(plain).astype("str")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class EventTable(LoadedTable):
    """Events, or an event's effects place by place, as one source records them.

    The columns of `frame` are those of `COLUMNS` that the source has, then its own others. Missing amounts
    are missing: no reader puts 0 in their place.

    Examples
    --------
    >>> from aspfin.data.source import Source
    >>> df = pd.DataFrame({"event_id": ["1", "2", "3"], "year": [2011, 2011, 2013],
    ...     "hazard": ["flood", "flood", "flood"], "people": [1e6, None, 1.8e6]})
    >>> table = EventTable(frame=df, source=Source("mine", "My list"), file="mine.csv")
    >>> table.aggregate_by_year(years=(2011, 2013))
       year  events  people  people_reported
    0  2011       2 1000000.0                1
    1  2012       0     NaN                0
    2  2013       1 1800000.0                1
    """

    def select(
        self,
        *,
        hazards: Sequence[str] | None = None,
        countries: Sequence[str] | None = None,
        years: tuple[int, int] | None = None,
    ) -> EventTable:
        """Return the events of these hazards, countries (ISO alpha-3) and years (both ends included).

        Raises
        ------
        InputError
            If nothing is left, naming what the table holds.
        """
        keep = pd.Series(True, index=self.frame.index)
        for column, wanted in (("hazard", hazards), ("iso3", countries)):
            if wanted is not None:
                keep &= self._column(column).isin(_listed(wanted))
        if years is not None:
            keep &= self.frame["year"].between(*years)
        if not keep.any():
            held = sorted({str(one) for one in self.frame.get("hazard", pd.Series(dtype="str")).dropna()})
            asked = {"hazards": hazards, "countries": countries, "years": years}
            found = ", ".join(f"{name} {value}" for name, value in asked.items() if value is not None)
            raise InputError(Problem(self.file, "select", found, f"what it holds: {', '.join(held)}"))
        return replace(self, frame=self.frame[keep].reset_index(drop=True))

    def aggregate_by_year(
        self, *, by: Sequence[str] = (), years: tuple[int, int] | None = None
    ) -> pd.DataFrame:
        """Return events and amounts by the year in which they started.

        Parameters
        ----------
        by
            Further columns to group by, such as hazard or level0_code.
        years
            First and last year to show; years of the range without an event then have 0 events, and their
            amounts are missing. By default only years with events.

        Returns
        -------
        DataFrame
            Columns year, those of `by`, events (rows of the source), and for each amount its sum and, as
            `<amount>_reported`, the number of rows that gave one: a sum over few rows is a lower bound. An
            amount that no row gave is missing, not 0. Rows without a year are in no row of it.
        """
        by = [column for column in _listed(by) if column != "year"]
        for column in by:
            self._column(column)
        if years is not None and years[0] > years[1]:
            raise InputError(Problem(self.file, "years", years, "the first year, then the last"))
        keys = ["year", *by]
        amounts = [name for name in AMOUNTS if name in self.frame]
        grouped = self.frame.dropna(subset=["year"]).groupby(keys, sort=True, dropna=False)
        table = grouped.size().rename("events").to_frame()
        for name in amounts:
            table[name] = grouped[name].sum(min_count=1)
            table[f"{name}_reported"] = grouped[name].count()
        if years is not None:
            table = table.reindex(_every_year(table.index, years, by))
            counts = ["events", *(f"{name}_reported" for name in amounts)]
            table[counts] = table[counts].fillna(0).astype("int64")
        return table.reset_index()

    def to_pack(self, *, source: str, status: str = "press") -> pd.DataFrame:
        """Return the events as rows of a country pack's events.csv, to be looked through and saved there.

        Parameters
        ----------
        source
            Key of the pack's sources.yaml that stands for this file.
        status
            How far the figures can be trusted: verified, press, assumed or unverified.

        Returns
        -------
        DataFrame
            The columns of events.csv. An event is used for fitting where it has people or households.

        Raises
        ------
        InputError
            If a hazard is not one of `PACK_HAZARDS` (select those that are), a year is missing, or an
            identifier is there twice: a pack counts events, not their effects place by place.
        """
        rows = self.frame
        for column in ("event_id", "year", "hazard"):
            if self._column(column).isna().any():
                raise InputError(Problem(self.file, column, "a missing value", "a value in every row"))
        strange = sorted(set(rows["hazard"]) - set(PACK_HAZARDS))
        if strange:
            allowed = f"{' | '.join(PACK_HAZARDS)}: select(hazards=...) those first"
            raise InputError(Problem(self.file, "hazard", ", ".join(strange), allowed))
        ids = [_identifier(source, one) for one in rows["event_id"]]
        if len(set(ids)) < len(ids):
            twice = next(one for one in ids if ids.count(one) > 1)
            raise InputError(Problem(self.file, "event_id", twice, "one row per event"))
        blank = pd.Series(pd.NA, index=rows.index)
        table = pd.DataFrame({name: rows.get(name, blank) for name in PACK_COLUMNS})
        named = rows.get("name", blank).astype("str")
        plain = rows["hazard"].str.capitalize() + " " + rows["year"].astype("str")
        table = table.assign(
            event_id=ids,
            name=named.where(named.notna() & (named != ""), plain),
            qualifier="=",
            stage="final",
            use=(table["people"].notna() | table["households"].notna()).map({True: "true", False: "false"}),
            source=source,
            status=status,
            note=f"read from {self.file}",
        )
        day = table["as_of"].astype("str").str.extract(r"^(\d{4}(?:-\d{2}){0,2})(?:$|[ T])", expand=False)
        table["as_of"] = day  # a date of another form is left out
        if table["deaths"].notna().any():
            table["deaths"] = table["deaths"].astype("float64").round().astype("Int64")
        return table.reset_index(drop=True)

    def _column(self, name: str) -> pd.Series:
        if name not in self.frame:
            held = ", ".join(map(str, self.frame.columns[:20]))
            raise InputError(Problem(self.file, name, "a missing column", f"one of {held}"))
        return self.frame[name]


def _listed(names: Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _every_year(index: pd.Index, years: tuple[int, int], by: list[str]) -> pd.Index:
    """Return the index of a yearly table with every year of the range, for every group met."""
    span = range(years[0], years[1] + 1)
    if not by:
        return pd.Index(span, name="year")
    groups = list(dict.fromkeys(key[1:] for key in index))
    return pd.MultiIndex.from_tuples([(y, *group) for y in span for group in groups], names=["year", *by])


def _identifier(source: str, one: object) -> str:
    """Return an identifier a pack accepts: lower case, starting with a letter."""
    plain = re.sub(r"[^a-z0-9]+", "_", f"{source}_{one}".lower()).strip("_")
    return plain if plain[:1].isalpha() else f"event_{plain}"
