"""The made-up lists on disk: six formats, as six offices would send them, and the truth apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from aspfin.data.registry_lists import RegistryLists

__all__ = ["TRUTH", "write_lists"]

TRUTH = "truth"  # folder of what no office knows
SHEET = "Payments"
STAMP = datetime(2024, 4, 1)  # written into files that carry a time
MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


def write_lists(made: RegistryLists, folder: Path) -> list[Path]:
    """Write the lists, mapping.yaml and the truth; return the paths in that order."""
    import yaml

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for list_id, frame in made.lists.items():
        path = folder / made.mappings[list_id]["file"]
        WRITERS[list_id](frame, path)
        written.append(path)
    path = folder / "mapping.yaml"
    told = {"lists": list(made.mappings.values())}
    head = "# How six synthetic lists are read into one vocabulary. No record describes a real person.\n"
    path.write_text(head + yaml.safe_dump(told, allow_unicode=True, sort_keys=False), encoding="utf-8")
    written.append(path)
    apart = folder / TRUTH
    apart.mkdir(exist_ok=True)
    for name in ("truth", "persons", "errors", "planted"):
        path = apart / f"{name}.parquet"
        getattr(made, name).to_parquet(path, index=False)
        written.append(path)
    return written


def _csv_with_mark(frame: pd.DataFrame, path: Path) -> None:
    """Write as spreadsheet programs do: UTF-8 behind a byte order mark."""
    frame.to_csv(path, index=False, encoding="utf-8-sig")


def _csv_utf_16(frame: pd.DataFrame, path: Path) -> None:
    """Write as "Unicode text": UTF-16 with tabs."""
    frame.to_csv(path, index=False, encoding="utf-16", sep="\t")


def _csv_semicolons(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False, encoding="utf-8", sep=";")


def _workbook(frame: pd.DataFrame, path: Path) -> None:
    """Write a sheet row by row, so that large ones fit in memory; without the hour, so that bytes repeat."""
    from io import BytesIO
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.creator, book.properties.created, book.properties.modified = "", STAMP, STAMP
    sheet = book.create_sheet(SHEET)
    sheet.append(list(frame.columns))
    for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None):
        sheet.append(row)
    held = BytesIO()
    book.save(held)
    with ZipFile(held) as parts, ZipFile(path, "w", ZIP_DEFLATED) as file:
        for name in sorted(parts.namelist()):
            text = parts.read(name)
            if name == "docProps/core.xml":  # saving puts the hour in again
                text = MODIFIED.sub(rb"\g<1>" + STAMP.strftime("%Y-%m-%dT%H:%M:%SZ").encode(), text)
            file.writestr(ZipInfo(name, STAMP.timetuple()[:6]), text, ZIP_DEFLATED)


def _parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False)


def _stata(frame: pd.DataFrame, path: Path) -> None:
    """Write Stata's format 118, whose text is UTF-8; a missing text is empty there."""
    label = "Synthetic; no record is a real person"
    filled = frame.astype(object).where(frame.notna(), "")
    filled.to_stata(path, write_index=False, version=118, time_stamp=STAMP, data_label=label)


WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "idpoor": _csv_with_mark,
    "cash_transfer": _workbook,
    "scholarship": _csv_utf_16,
    "health_equity_fund": _parquet,
    "social_security": _csv_semicolons,
    "disability": _stata,
}
