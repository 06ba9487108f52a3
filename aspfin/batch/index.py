"""The page that compares the cases of a batch, and the page that lists every report there is.

Both are read off the run.json and results.json on disk, so a run of some cases does not forget the others.
What must not be told side by side is hidden first (`disclosure.protect`).
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aspfin.batch import comparison
from aspfin.batch.comparison import headline_columns, written
from aspfin.batch.comparison_view import estimates_table, panels
from aspfin.batch.disclosure import Protected, protect
from aspfin.batch.places import SYNTHESIS
from aspfin.batch.records import FLAGS, CaseRecord, read_records, records_frame
from aspfin.reporting.export import fill
from aspfin.reporting.formats import WORDS
from aspfin.reporting.manifest import csv_text, write_json

if TYPE_CHECKING:
    from aspfin.batch.outcomes import CaseOutcome

__all__ = ["forget_gone", "write_batch", "write_indexes", "write_list"]

MOST_FIGURES = 6  # columns a page can hold beside the name and the flags
MANY = 10_000  # from so many on a map is written in thousands
EMPTY: dict[str, Any] = {
    **{"heading": True, "header": "", "contents": [], "summary": [], "failed": [], "pictures": []},
    **{"groups": [], "columns": [], "orders": [], "estimates": "", "legend": [], "dash": False},
    **{"synthesis": [], "formats": []},
}


def write_indexes(outcomes: Sequence[CaseOutcome], output: str | Path) -> list[Path]:
    """Write the index of every batch among `outcomes`, and of all reports in `output`.

    Parameters
    ----------
    outcomes : sequence of CaseOutcome
        What `runner.run` returned.
    output : str or Path
        The folder given to it.

    Returns
    -------
    list of Path
        The pages written: one per batch, then the list of all.
    """
    batches = _by_batch(outcomes)
    for folder, members in batches.items():
        first = members[0].case
        country = str(first.sections.get("country", "")) if "area" in first.varied else ""
        write_batch(folder, title=first.batch_title, places=_places(country), cases=first.batch_size)
    write_list(Path(output))
    return [*(folder / "index.html" for folder in batches), Path(output) / "index.html"]


def _by_batch(outcomes: Sequence[CaseOutcome]) -> dict[Path, list[CaseOutcome]]:
    """Return the outcomes that belong to a batch, by its folder."""
    batches: dict[Path, list[CaseOutcome]] = {}
    for outcome in outcomes:
        if outcome.case.batch:
            batches.setdefault(outcome.folder.parent, []).append(outcome)
    return batches


def forget_gone(outcomes: Sequence[CaseOutcome]) -> None:
    """Remove reports of cases that their parameter file no longer makes, where the whole file was run."""
    for folder, members in _by_batch(outcomes).items():
        cases = {member.folder.name for member in members}
        if len(members) < members[0].case.batch_size:
            continue
        for record in folder.glob("*/run.json"):
            if record.parent.name not in {*cases, SYNTHESIS} and not record.parent.is_symlink():
                shutil.rmtree(record.parent)


def _places(country: str) -> pd.DataFrame:
    """Return pcode, label, row and col of the country's provinces; empty where cases are no places."""
    if not country:
        return pd.DataFrame(columns=["pcode", "label", "row", "col"])
    from aspfin.programmes import load_country

    names = {"name_en": "label", "tile_row": "row", "tile_col": "col"}
    return load_country(country).provinces.rename(columns=names)[["pcode", *names.values()]]


def write_batch(folder: Path, *, title: str, places: pd.DataFrame, cases: int = 0) -> None:
    """Write index.html, summary.csv and batch.json of the reports in the sub-folders of `folder`.

    Parameters
    ----------
    folder : Path
        Folder of the batch.
    title : str
        Title of the page.
    places : DataFrame
        Columns pcode, label, row, col; empty where the cases are no places.
    cases : int
        How many reports the parameter file makes: the page says so where some have not been asked for yet.
    """
    names = dict(zip(places["pcode"], places["label"], strict=True))
    safe = protect(read_records(folder, names))
    records = safe.records
    every = headline_columns(records)
    alike = comparison.figures_shared(records)
    columns = [column for column in every if column["name"] not in alike]
    failed = [one for one in records if not one.made]
    compared = comparison.compare_estimates(records)
    own = comparison.flags_told(records)[1]
    pictures = [_map(records, columns, places) if columns and len(places) else "", panels(records, folder)]
    values = {
        **EMPTY,
        "title": title,
        "summary": [
            one for one in (_summary(records, cases), safe.sentence(), *_shared(records, every, alike)) if one
        ],
        "failed": [_link(one, safe) | {"reason": one.reason} for one in failed],
        "pictures": [one for one in pictures if one],
        "columns": [{**c, "unit": comparison.unit_above(c["unit"])} for c in columns[:MOST_FIGURES]],
        "orders": _orders([one for one in records if one.made], columns, own, safe),
        "formats": [one for one in WORDS if any(one in case.formats for case in records)],
        "estimates": "" if compared is None else estimates_table(compared).html,
        "legend": _legend(records, own),
        "synthesis": _synthesis(folder),
        "dash": any(
            np.isnan(one.value(c["name"])) and c["name"] not in one.hidden
            for one in records
            if one.made
            for c in columns[:MOST_FIGURES]
        ),
    }
    _replace(folder / "index.html", fill("index.html.j2", values))
    _replace(folder / "summary.csv", csv_text(records_frame(records)))
    write_json(folder / ".batch.json", _batch(folder, title, safe))
    os.replace(folder / ".batch.json", folder / "batch.json")


def _batch(folder: Path, title: str, safe: Protected) -> dict[str, Any]:
    runs = [_read(record) for record in sorted(folder.glob("*/run.json"))]
    cases = [
        {"name": one.name, "status": one.status, "parameter_hash": one.parameter_hash, "reason": one.reason}
        for one in safe.records
    ]
    return {
        "title": title,
        "cases": cases,
        "made": sum(one.made for one in safe.records),
        "failed": sum(not one.made for one in safe.records),
        # Names only: which figure is small and which protects it would help to work out the small one.
        "hidden": {one.name: sorted(one.hidden) for one in safe.records if one.hidden},
        "do_not_publish": list(safe.withheld),
        "package_version": sorted({str((run.get("identity") or {}).get("package_version")) for run in runs}),
    }


def write_list(output: Path) -> None:
    """Write index.html of every report below `output`, by kind."""
    groups = []
    for kind in sorted(place for place in output.iterdir() if place.is_dir() and place.name[0] != "."):
        cases = []
        for one in read_records(kind):
            link = f"{kind.name}/{one.page}"
            note = f" ({one.name})" + (f": {one.reason}" if one.reason else "")
            cases.append({"label": one.label, "link": link, "note": note, "reason": one.reason})
        for file in sorted(kind.glob("*/batch.json")):
            batch, folder = _read(file), file.parent
            if (folder / "run.json").is_file():
                continue
            total = batch["made"] + batch["failed"]
            lost = f", {batch['failed']} of them failed" if batch["failed"] else ""
            found = {"label": batch["title"], "note": f" ({total} reports{lost})", "reason": ""}
            cases.append({**found, "link": f"{kind.name}/{folder.name}/index.html"})
        if cases:
            cases.sort(key=lambda case: case["link"])
            groups.append({"name": kind.name, "title": kind.name.capitalize(), "cases": cases})
    failed = [case for group in groups for case in group["cases"] if case["reason"]]
    values = {**EMPTY, "title": "Reports", "failed": failed, "groups": groups}
    _replace(output / "index.html", fill("index.html.j2", values))


def _read(record: Path) -> dict[str, Any]:
    found = json.loads(record.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}


def _link(one: CaseRecord, safe: Protected) -> dict[str, Any]:
    """Return label and links of a case; its report is not linked where it shows what is hidden here."""
    links = [] if one.name in safe.withheld else list(one.formats)
    return {
        "label": one.label,
        "link": "" if one.name in safe.withheld else one.page,
        "formats": [{"words": WORDS[form], "link": f"{one.name}/report.{form}"} for form in links],
    }


def _summary(records: Sequence[CaseRecord], cases: int) -> str:
    failed, total = sum(not one.made for one in records), max(cases, len(records))
    if not failed and total == len(records):
        return f"All {total} reports were made."
    parts = [f"{len(records) - failed} of {total} reports were made"]
    parts += [f"{failed} could not be made"] if failed else []
    parts += [f"{total - len(records)} have not been asked for yet"] if total > len(records) else []
    return "; ".join(parts) + "."


def _shared(
    records: Sequence[CaseRecord], columns: Sequence[Mapping[str, str]], alike: Sequence[str]
) -> list[str]:
    """Return what is true of every report, told once: equal figures, flags, failed checks."""
    made = [one for one in records if one.made]
    figures = [
        f"{c['label'].lower()}: {written(made[0].value(c['name']), c['unit'])}"
        for c in columns
        if c["name"] in alike and np.isfinite(made[0].value(c["name"]))
    ]
    flags = [FLAGS[flag] for flag in comparison.flags_told(records)[0]]
    failed = comparison.checks_shared(records)
    flags += [f"fails the check on the {'; on the '.join(failed)}"] if failed else []
    return [
        f"The same in every report: {'; '.join(figures)}." if figures else "",
        f"True of every report: it {'; '.join(flags)}." if flags else "",
    ]


def _legend(records: Sequence[CaseRecord], flags: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Return the flags of the reports in the table, short and in words."""
    raised = {flag for one in records if one.made for flag in flags[one.name]}
    return [(_short(flag), FLAGS[flag]) for flag in FLAGS if flag in raised]


def _short(flag: str) -> str:
    return flag.replace("_", " ")


def _synthesis(folder: Path) -> list[dict[str, str]]:
    """Return the links to the report on all cases together, in the formats that exist."""
    place = folder / SYNTHESIS
    found = [
        ("report.html", "What the reports say together"),
        *((f"report.{k}", v) for k, v in WORDS.items()),
    ]
    return [
        {"link": f"{SYNTHESIS}/{name}", "words": words} for name, words in found if (place / name).is_file()
    ]


def _orders(
    records: Sequence[CaseRecord],
    columns: Sequence[Mapping[str, str]],
    flags: Mapping[str, Sequence[str]],
    safe: Protected,
) -> list[dict[str, Any]]:
    """Return the table once per order: by name, and by each figure, largest first; pages have no scripts."""
    shown = columns[:MOST_FIGURES]
    rows = [
        {
            **_link(one, safe),
            "cells": [
                "hidden" if c["name"] in one.hidden else written(one.value(c["name"]), c["unit"])
                for c in shown
            ],
            "flags": ", ".join(_short(flag) for flag in flags[one.name]),
            "values": [one.value(column["name"]) for column in shown],
        }
        for one in sorted(records, key=_natural)
    ]
    orders = [{"label": "name", "cases": rows}] if rows else []
    for place, column in enumerate(shown if rows else ()):
        values = [row["values"][place] for row in rows]
        order = sorted(range(len(rows)), key=lambda n: (np.isnan(values[n]), -np.nan_to_num(values[n]), n))
        orders.append({"label": column["label"], "cases": [rows[n] for n in order]})
    return orders


def _natural(one: CaseRecord) -> tuple[list[tuple[bool, float, str]], str]:
    """Return a key that sorts labels as people do: seed 9 before seed 10."""
    parts = [part for part in re.split(r"(\d+(?:\.\d+)?)", one.label.casefold()) if part]
    return [(not p[0].isdecimal(), float(p) if p[0].isdecimal() else 0.0, p) for p in parts], one.name


def _map(records: Sequence[CaseRecord], columns: Sequence[Mapping[str, str]], places: pd.DataFrame) -> str:
    """Return the map of the first headline figure, if the cases differ by area alone and values are known."""
    name, label, unit = (columns[0][part] for part in ("name", "label", "unit"))
    values = {one.area: one.value(name) for one in records}
    tiles = places.assign(value=places["pcode"].map(values).astype(float))
    if len(values) < len(records) or not tiles["value"].notna().any():
        return ""
    from aspfin.reporting.figures import tile_map

    top = tiles.loc[tiles["value"].idxmax()]
    title = f"{label[:1].upper()}{label[1:]}: highest in {top['label']} ({written(top['value'], unit)})"
    money = unit.startswith(("USD", "US$"))
    whole = unit in comparison.WHOLE and top["value"] < MANY
    plain = whole or (not money and written(0.5, unit) == "50 %")
    figure = tile_map(
        tiles,
        title=title,
        subtitle="Each tile is one province",
        unit="US$" if money else unit or label,
        write=(lambda value: written(value, unit)) if plain else None,
    )
    return figure._repr_html_()


def _replace(path: Path, text: str) -> None:
    """Write a whole file or leave the old one."""
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_text(text, encoding="utf-8", newline="\n")
    os.replace(unfinished, path)
