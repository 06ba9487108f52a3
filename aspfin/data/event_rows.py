"""The steps common to all readers of events: dates, numbers, order of columns, what must be known."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from aspfin.data.events import AMOUNTS, COLUMNS, WHOLE
from aspfin.data.tabular import numbers, whole_numbers
from aspfin.results import InputError, Problem

__all__ = ["every", "notes_on", "ordered", "typed", "with_date"]


def with_date(frame: pd.DataFrame, found: Mapping[str, str], file: str) -> pd.DataFrame:
    """Return the frame with year, month and day taken from its date where it has no column for them."""
    if "year" in found:
        return frame
    if "date" not in found:
        raise InputError(Problem(file, "year", "a missing column", "a column for the year or the date"))
    label = found["date"]
    parts = frame["date"].str.extract(r"^(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2}))?)?$")
    bad = parts[0].isna() & frame["date"].notna()
    if bad.any():
        row = bad[bad].index[0]
        allowed = "a date with the year first, such as 2011-09-24, 2011/9 or 2011"
        raise InputError(Problem(f"{file}, row {row}", label, frame["date"].loc[row], allowed))
    return frame.assign(year=parts[0], month=parts[1], day=parts[2])


def typed(frame: pd.DataFrame, found: Mapping[str, str], file: str) -> pd.DataFrame:
    """Return the frame with its years, amounts and coordinates as numbers."""
    frame = frame.copy()
    limits = {"year": (1000, 2200), "month": (1, 12), "day": (1, 31)}
    for name in (one for one in WHOLE if one in frame):
        low, high = limits[name.removeprefix("end_")]
        values = frame[name].mask(frame[name].isin(["0", "00"]))  # month or day 0: not known
        label = found.get(name, found.get("date", name))
        frame[name] = whole_numbers(values, label=label, file=file, low=low, high=high)
    every(frame, "year", found.get("year", found.get("date", "year")), file)
    for name in (one for one in (*AMOUNTS, "cpi") if one in frame):
        frame[name] = numbers(frame[name], label=found[name], file=file, low=0)
    for name, limit in (("latitude", 90), ("longitude", 180)):
        if name in frame:
            frame[name] = numbers(frame[name], label=found[name], file=file, low=-limit, high=limit)
    return frame


def every(frame: pd.DataFrame, name: str, label: str, file: str) -> None:
    """Raise `InputError` naming the first row in which the column is empty."""
    missing = frame[name].isna()
    if missing.any():
        place = f"{file}, row {missing[missing].index[0]}"
        raise InputError(Problem(place, label, None, "a value in every row"))


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns in the order of `COLUMNS`, then the file's own."""
    ours = [name for name in COLUMNS if name in frame]
    others = [name for name in frame.columns if name not in COLUMNS]
    return frame[ours + others].reset_index(drop=True)


def notes_on(frame: pd.DataFrame) -> list[str]:
    """Return what must be known of the rows: how much is missing, and identifiers that repeat."""
    rows = len(frame)
    words = {"people": "people affected", "deaths": "deaths", "damage_usd": "damage"}
    known = {word: frame[name] for name, word in words.items() if name in frame}
    absent = [f"{word} in {int(values.isna().sum()):,}" for word, values in known.items()]
    repeated = int(frame["event_id"].duplicated().sum())
    notes = [f"Missing, which is not 0: {', '.join(absent)} of {rows:,} rows."] if rows and absent else []
    return notes + ([f"{repeated:,} rows repeat an identifier of another row."] if repeated else [])
