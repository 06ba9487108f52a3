"""Records of disasters: EM-DAT, DesInventar, and tables of one's own, read into one vocabulary.

Nothing is downloaded: each reader takes a file the user has obtained. EM-DAT may not be passed on, so none is
shipped with the package.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from aspfin.data.event_rows import every, notes_on, ordered, typed, with_date
from aspfin.data.events import AMOUNTS, COLUMNS, EventTable, hazards_of
from aspfin.data.source import Source
from aspfin.data.tabular import flags, heading, read_text, renamed
from aspfin.results import InputError, Problem

__all__ = ["DESINVENTAR", "EMDAT", "EventTable", "read_desinventar", "read_emdat", "read_events"]

EMDAT = Source(
    "emdat",
    "EM-DAT, the international disaster database",
    publisher="CRED, UCLouvain, Brussels",
    url="https://www.emdat.be",
    note="Free for research after registration; not to be passed on (terms of use of 2024, unverified).",
)
DESINVENTAR = Source(
    "desinventar",
    "DesInventar, disaster information management system",
    publisher="UN Office for Disaster Risk Reduction and national authorities",
    url="https://www.desinventar.net",
    note="Each country's database has terms of its own, see the site's terms of use (unverified).",
)

# Our column → the headings of both generations: "DisNo." (since 2023) and "Dis No" (before).
EMDAT_COLUMNS: Mapping[str, Sequence[str]] = {
    "event_id": ("DisNo.", "Dis No"),
    "name": ("Event Name",),
    "year": ("Start Year",),
    "month": ("Start Month",),
    "day": ("Start Day",),
    "end_year": ("End Year",),
    "end_month": ("End Month",),
    "end_day": ("End Day",),
    "kind": ("Disaster Type",),
    "iso3": ("ISO",),
    "country": ("Country",),
    "place": ("Location",),
    "people": ("Total Affected",),
    "affected": ("No. Affected", "No Affected"),
    "deaths": ("Total Deaths",),
    "injured": ("No. Injured", "No Injured"),
    "homeless": ("No. Homeless", "No Homeless"),
    "damage_usd": ("Total Damage ('000 US$)", "Total Damages ('000 US$)"),
    "damage_usd_adjusted": ("Total Damage, Adjusted ('000 US$)", "Total Damages, Adjusted ('000 US$)"),
    "insured_damage_usd": ("Insured Damage ('000 US$)", "Insured Damages ('000 US$)"),
    "insured_damage_usd_adjusted": (
        "Insured Damage, Adjusted ('000 US$)",
        "Insured Damages, Adjusted ('000 US$)",
    ),
    "reconstruction_usd": ("Reconstruction Costs ('000 US$)",),
    "reconstruction_usd_adjusted": ("Reconstruction Costs, Adjusted ('000 US$)",),
    "aid_usd": ("AID Contribution ('000 US$)",),
    "cpi": ("CPI",),
    "latitude": ("Latitude",),
    "longitude": ("Longitude",),
    "as_of": ("Last Update",),
    "historic": ("Historic",),
    "ofda_response": ("OFDA/BHA Response", "OFDA Response"),
}
EMDAT_REQUIRED = ("event_id", "kind", "iso3", "year", "people")

# Our column → the tag of the full export (Spanish) and the headings of a query's table (English).
DESINVENTAR_COLUMNS: Mapping[str, Sequence[str]] = {
    "event_id": ("serial",),
    "year": ("fechano", "year"),
    "month": ("fechames", "month"),
    "day": ("fechadia", "day"),
    "date": ("Date (YMD)", "date"),
    "kind": ("evento", "event"),
    "level0_code": ("level0",),
    "level0_name": ("name0",),
    "level1_code": ("level1",),
    "level1_name": ("name1",),
    "level2_code": ("level2",),
    "level2_name": ("name2",),
    "place": ("lugar", "location"),
    "affected": ("damnificados", "directly affected", "victims"),
    "indirectly_affected": ("afectados", "indirectly affected", "affected"),
    "deaths": ("muertos", "deaths"),
    "missing_people": ("desaparece", "missing"),
    "injured": ("heridos", "injured"),
    "evacuated": ("evacuados", "evacuated"),
    "relocated": ("reubicados", "relocated"),
    "houses_destroyed": ("vivdest", "houses destroyed"),
    "houses_damaged": ("vivafec", "houses damaged"),
    "damage_usd": ("valorus", "losses $usd"),
    "damage_local": ("valorloc", "losses $local"),
    "latitude": ("latitude", "fichas.latitude"),
    "longitude": ("longitude", "fichas.longitude"),
    "as_of": ("fechafec",),
    "source": ("fuentes", "source"),
}
# A flag of -1 says that there were some; "hay_deasparece" is misspelt in the exports themselves.
DESINVENTAR_FLAGS = {
    "affected": "hay_damnificados",
    "indirectly_affected": "hay_afectados",
    "deaths": "hay_muertos",
    "missing_people": "hay_deasparece",
    "injured": "hay_heridos",
    "evacuated": "hay_evacuados",
    "relocated": "hay_reubicados",
    "houses_destroyed": "hay_vivdest",
    "houses_damaged": "hay_vivafec",
}


def read_emdat(path: str | Path, *, sheet: str | None = None, historic: bool = False) -> EventTable:
    """Read an EM-DAT export (.xlsx or .csv), with the headings of either generation.

    Parameters
    ----------
    path
        The file as downloaded; titles above the header are skipped.
    sheet
        Sheet of a workbook; by default the first that holds the header ("EM-DAT Data").
    historic
        Keep the events of before 2000 that the file marks as historic; they were recorded less completely.

    Returns
    -------
    EventTable
        One row per event and country. Money is in US dollars (the file has thousands); "adjusted" is in
        dollars of the year in which the CPI column is 100. `people` is Total Affected. Blanks are missing:
        EM-DAT stores a zero as a blank too, so which of the two a blank means cannot be told.

    Raises
    ------
    InputError
        Naming file, row and column, where a required column is missing or a cell is not what it should be.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "emdat.csv"
    >>> _ = file.write_text("DisNo.,Disaster Type,ISO,Start Year,Total Affected,Total Damage ('000 US$)\\n"
    ...     "2013-0394-KHM,Flood,KHM,2013,1500000,500000\\n")
    >>> table = read_emdat(file)
    >>> table.frame[["event_id", "hazard", "year", "people", "damage_usd"]].values.tolist()
    [['2013-0394-KHM', 'flood', 2013, 1500000.0, 500000000.0]]
    """
    name = Path(path).name
    text = read_text(path, required=[EMDAT_COLUMNS[one] for one in EMDAT_REQUIRED], sheet=sheet)
    frame, found = renamed(text, EMDAT_COLUMNS, file=name)
    frame = typed(frame, found, name)
    money = [column for column in found if column in AMOUNTS and column.endswith(("_usd", "_adjusted"))]
    frame[money] = frame[money] * 1_000
    frame["hazard"] = hazards_of(frame["kind"])
    frame["disaster_id"] = frame["event_id"].str.replace(r"-[A-Za-z]{3}$", "", regex=True)
    every(frame, "event_id", found["event_id"], name)
    frame, dropped, notes = _without_historic(frame, found, name, historic)
    notes += notes_on(frame)
    shared = frame.groupby("disaster_id")["iso3"].nunique()
    if (shared > 1).any():
        notes.append(f"{int((shared > 1).sum()):,} events struck several countries, with a row for each.")
    return EventTable(frame=ordered(frame), source=EMDAT, notes=tuple(notes), dropped=dropped, file=name)


def _without_historic(
    frame: pd.DataFrame, found: Mapping[str, str], file: str, keep: bool
) -> tuple[pd.DataFrame, dict[str, int], list[str]]:
    if "historic" not in found:
        early = int((frame["year"] < 2000).sum())
        note = f"The file marks no event as historic; {early:,} of before 2000 are kept."
        return frame, {}, [note] if early else []
    frame["historic"] = flags(frame["historic"], label=found["historic"], file=file)
    old = frame["historic"].fillna(False).astype(bool)
    if keep:
        return frame, {}, []
    return frame[~old].copy(), {"events marked as historic (before 2000)": int(old.sum())}, []


def read_desinventar(
    path: str | Path, *, sheet: str | None = None, zeros: Literal["missing", "zero"] = "missing"
) -> EventTable:
    """Read a DesInventar export: the full one (.xml or .csv, Spanish tags) or a query's table (English).

    Parameters
    ----------
    path
        The file: .xml, .csv, .xlsx, or tab-separated text under the name .xls.
    sheet
        Sheet of a workbook.
    zeros
        The database writes 0 where nothing was recorded. "missing" (default) takes every 0 of an amount as
        missing; "zero" keeps it, except where the file's own flag says that there were some (see below).

    Returns
    -------
    EventTable
        One row per data card: the effects of an event in one place, so that a flood in five districts is five
        rows. Serial numbers need not be unique. `people` is the larger of the directly and the indirectly
        affected, because countries use one or the other for the same thing. An amount of 0 whose flag is -1
        ("there were, number unknown") is missing. Levels are kept as text under level0_code …, or under the
        country's own headings in a query's table.

    Raises
    ------
    InputError
        Naming file, row and column.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "cards.csv"
    >>> _ = file.write_text("Serial,Event,Province,Date (YMD),Deaths,Affected\\n"
    ...     "7,FLOOD,Kratie,2011/9/0,0,4200\\n")
    >>> cards = read_desinventar(file).frame
    >>> cards[["event_id", "hazard", "year", "month", "people", "deaths"]].values.tolist()
    [['7', 'flood', 2011, 9, 4200.0, nan]]
    """
    if zeros not in ("missing", "zero"):
        raise InputError(Problem("read_desinventar", "zeros", zeros, "missing | zero"))
    name = Path(path).name
    if Path(path).suffix.lower() == ".zip":
        raise InputError(Problem(name, "file", ".zip", "its .xml file: unpack the download first"))
    if Path(path).suffix.lower() == ".xml":
        from aspfin.data.desinventar_xml import read_cards

        text = read_cards(Path(path))
    else:
        text = read_text(
            path, required=[DESINVENTAR_COLUMNS[one] for one in ("event_id", "kind")], sheet=sheet
        )
    frame, found = renamed(text, DESINVENTAR_COLUMNS, file=name)
    frame = with_date(frame, found, name)
    without = frame["year"].isna() | frame["year"].isin(["0"]) | frame["kind"].isna()
    frame = typed(frame[~without], found, name)
    dropped = {"cards without a year or a type of event": int(without.sum())}
    frame, notes = _zeros_as_missing(frame, zeros)
    frame["hazard"] = hazards_of(frame["kind"])
    affected = frame.reindex(columns=["affected", "indirectly_affected"]).astype("float64")
    frame["people"] = affected.max(axis=1)
    notes += ["A row is what an event did in one place, not an event.", *notes_on(frame)]
    tidy = ordered(frame)
    return EventTable(frame=tidy, source=DESINVENTAR, notes=tuple(notes), dropped=dropped, file=name)


def _zeros_as_missing(frame: pd.DataFrame, zeros: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the frame with the zeros that say nothing missing, and what was done."""
    frame = frame.copy()
    own = {heading(column): column for column in frame.columns}
    unnumbered = taken = 0
    for name in (one for one in AMOUNTS if one in frame):
        zero = frame[name] == 0
        flag = own.get(heading(DESINVENTAR_FLAGS.get(name, "")))
        some = zero & (frame[flag] == "-1") if flag else zero & False
        unnumbered += int(some.sum())
        if zeros == "missing":
            taken += int((zero & ~some).sum())
            some = zero
        frame[name] = frame[name].mask(some)
    if {"latitude", "longitude"} <= set(frame.columns):
        nowhere = (frame["latitude"] == 0) & (frame["longitude"] == 0)
        frame[["latitude", "longitude"]] = frame[["latitude", "longitude"]].mask(nowhere)
    notes = []
    if taken:
        notes.append(f"0 stands for nothing recorded: {taken:,} amounts of 0 are missing.")
    if unnumbered:
        notes.append(f"{unnumbered:,} amounts are flagged as some without a number, and are missing.")
    return frame, notes


def read_events(
    path: str | Path,
    mapping: Mapping[str, str] | None = None,
    *,
    hazard: str | None = None,
    source: Source | None = None,
    sheet: str | None = None,
) -> EventTable:
    """Read a table of events of one's own (.csv or .xlsx), such as a ministry's list or a pack's events.csv.

    Parameters
    ----------
    path
        The file, a row per event.
    mapping
        Our column → the file's heading, for columns the file names otherwise: ``{"people": "Persons hit"}``.
        Our columns are the keys of `aspfin.data.events.COLUMNS`, and "date" for a date such as 2011-09-24,
        2011/9 or 2011.
    hazard
        The hazard of all events, where the file has no column for it.
    source
        Where the table comes from; by default the file itself.
    sheet
        Sheet of a workbook.

    Returns
    -------
    EventTable
        Required are event_id, year (or date) and hazard; amounts must be in persons, households, houses and
        whole US dollars. Other columns are kept.

    Raises
    ------
    InputError
        Naming file, row and column.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "floods.csv"
    >>> _ = file.write_text("No,Date,Persons hit\\nF01,2011-09-24,1200000\\n")
    >>> table = read_events(file, {"event_id": "No", "people": "Persons hit"}, hazard="flood")
    >>> table.frame[["event_id", "year", "month", "hazard", "people"]].values.tolist()
    [['F01', 2011, 9, 'flood', 1200000.0]]
    """
    file = Path(path)
    mapping = dict(mapping or {})
    allowed = [*COLUMNS, "date"]
    unknown = [name for name in mapping if name not in allowed]
    if unknown:
        known = "our columns: " + ", ".join(allowed)
        raise InputError([Problem("mapping", name, mapping[name], known) for name in unknown])
    twice = [name for name in mapping if list(mapping.values()).count(mapping[name]) > 1]
    if twice:
        raise InputError(Problem("mapping", twice[-1], mapping[twice[-1]], "each heading once"))
    needed = [[mapping.get("event_id", "event_id")]]
    needed += [[label] for name, label in mapping.items() if name != "event_id"]
    needed += [] if hazard or "hazard" in mapping else [["hazard"]]
    text = read_text(file, required=needed, sheet=sheet)
    columns = {name: [mapping[name]] if name in mapping else [] for name in allowed}
    frame, found = renamed(text, columns, file=file.name)
    frame = typed(with_date(frame, found, file.name), found, file.name)
    every(frame, "event_id", found["event_id"], file.name)
    if hazard is None:
        every(frame, "hazard", found["hazard"], file.name)
    frame["hazard"] = hazards_of(frame["hazard"] if hazard is None else frame["year"].map(lambda _: hazard))
    source = source or Source(file.stem, file.name)
    notes = tuple(notes_on(frame))
    return EventTable(frame=ordered(frame), source=source, notes=notes, file=file.name)
