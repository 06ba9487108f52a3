"""The page that compares the cases of a batch, and the page that lists every report there is.

Both are read off the run.json files on disk, so a run of some cases does not forget the others.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from aspfin.reporting import style
from aspfin.reporting.export import fill
from aspfin.reporting.manifest import csv_text, write_json
from aspfin.batch.runner import CaseOutcome
from aspfin.reporting.wording import varied_words

__all__ = ["write_batch", "write_indexes", "write_list"]

MOST_FIGURES = 6  # columns a page can hold beside the name and the checks
WHOLE = ("households", "people", "persons", "days")  # what comes in whole numbers
MANY = 10_000  # from so many on a map is written in thousands


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
    batches: dict[Path, list[CaseOutcome]] = {}
    for outcome in outcomes:
        if outcome.case.batch:
            batches.setdefault(outcome.folder.parent, []).append(outcome)
    for folder, members in batches.items():
        if len(members) == members[0].case.batch_size:
            _forget(folder, {member.folder.name for member in members})
        first = members[0].case
        country = str(first.sections.get("country", "")) if "area" in first.varied else ""
        title = first.title.split(", ")[0] if not first.sections.get("title") else first.sections["title"]
        write_batch(folder, title=title, places=_places(country))
    write_list(Path(output))
    return [*(folder / "index.html" for folder in batches), Path(output) / "index.html"]


def _forget(folder: Path, cases: set[str]) -> None:
    """Remove reports of cases that the parameter file no longer makes."""
    for record in folder.glob("*/run.json"):
        if record.parent.name not in cases and not record.parent.is_symlink():
            shutil.rmtree(record.parent)


def _places(country: str) -> pd.DataFrame:
    """Return pcode, label, row and col of the country's provinces; empty where cases are no places."""
    if not country:
        return pd.DataFrame(columns=["pcode", "label", "row", "col"])
    from aspfin.programmes import load_country

    names = {"name_en": "label", "tile_row": "row", "tile_col": "col"}
    return load_country(country).provinces.rename(columns=names)[["pcode", *names.values()]]


def write_batch(folder: Path, *, title: str, places: pd.DataFrame) -> None:
    """Write index.html, summary.csv and batch.json of the reports in the sub-folders of `folder`.

    Parameters
    ----------
    folder : Path
        Folder of the batch.
    title : str
        Title of the page.
    places : DataFrame
        Columns pcode, label, row, col; empty where the cases are no places.
    """
    runs = {record.parent.name: _read(record) for record in sorted(folder.glob("*/run.json"))}
    names = dict(zip(places["pcode"], places["label"], strict=True))
    cases = [_case(name, run, names) for name, run in runs.items()]
    columns = _columns(cases)
    made = [case for case in cases if not case["reason"]]
    values = {
        "title": title,
        "heading": True,
        "header": "",
        "contents": [],
        "summary": _summary(cases),
        "failed": [case for case in cases if case["reason"]],
        "picture": _picture(cases, columns, places) if columns and len(places) else "",
        "groups": [],
        "columns": columns[:MOST_FIGURES],
        "orders": _orders(made, columns),
    }
    _replace(folder / "index.html", fill("index.html.j2", values))
    _replace(folder / "summary.csv", csv_text(_frame(cases, columns)))
    batch = {
        "title": title,
        "cases": [
            {name: case[name] for name in ("name", "status", "parameter_hash", "reason")} for case in cases
        ],
        "made": len(made),
        "failed": len(cases) - len(made),
        "package_version": sorted({str(run.get("package_version")) for run in runs.values()}),
    }
    write_json(folder / ".batch.json", batch)
    os.replace(folder / ".batch.json", folder / "batch.json")


def write_list(output: Path) -> None:
    """Write index.html of every report below `output`, by kind."""
    groups = []
    for kind in sorted(place for place in output.iterdir() if place.is_dir() and place.name[0] != "."):
        cases = []
        for folder in sorted(place for place in kind.iterdir() if place.is_dir()):
            if (folder / "run.json").is_file():
                one = _case(f"{kind.name}/{folder.name}", _read(folder / "run.json"), {})
                cases.append({**one, "note": f" ({folder.name}){one['note']}"})
            elif (folder / "batch.json").is_file():
                batch = _read(folder / "batch.json")
                total = batch["made"] + batch["failed"]
                note = f" ({total} reports" + (
                    f", {batch['failed']} of them failed)" if batch["failed"] else ")"
                )
                link = f"{kind.name}/{folder.name}/index.html"
                cases.append({"label": batch["title"], "link": link, "note": note, "reason": ""})
        if cases:
            groups.append({"name": kind.name, "title": kind.name.capitalize(), "cases": cases})
    failed = [case for group in groups for case in group["cases"] if case["reason"]]
    values = {
        "title": "Reports",
        "heading": True,
        "header": "",
        "contents": [],
        "summary": "",
        "failed": failed,
        "picture": "",
    }
    _replace(
        output / "index.html",
        fill("index.html.j2", {**values, "groups": groups, "columns": [], "orders": []}),
    )


def _read(record: Path) -> dict[str, Any]:
    found = json.loads(record.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}


def _case(name: str, run: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return what a page says about one report."""
    failure = run.get("failure") or {}
    varied = run.get("varied") or {}
    area = varied.get("area")
    others = [varied_words(field, value) for field, value in varied.items()]
    parts = [names.get(str(value), str(value)) if value == area else other
             for value, other in zip(varied.values(), others, strict=True)]  # fmt: skip
    told = (
        f"{failure.get('cell')}: {failure.get('error')}" if failure.get("cell") else failure.get("error", "")
    )
    return {
        "name": name,
        "label": ", ".join(parts) or str(run.get("title") or name),
        "link": f"{name}/{'report_failed.html' if failure else 'report.html'}",
        "note": f": {told}" if failure else "",
        "reason": str(told),
        "status": run.get("status"),
        "parameter_hash": run.get("parameter_hash"),
        "area": area,
        "varied": varied,
        "figures": {figure["name"]: figure for figure in run.get("headline", [])},
        "failed_checks": len(run.get("failed_checks", [])),
    }


def _summary(cases: Sequence[Mapping[str, Any]]) -> str:
    failed = sum(bool(case["reason"]) for case in cases)
    if not failed:
        return f"All {len(cases)} reports were made."
    return f"{len(cases) - failed} of {len(cases)} reports were made; {failed} could not be made."


def _columns(cases: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return name, label and unit of every headline figure, in the order of the reports."""
    found = {name: figure for case in cases for name, figure in case["figures"].items()}
    return [{"name": name, "label": one["label"], "unit": one["unit"]} for name, one in found.items()]


def _value(case: Mapping[str, Any], column: Mapping[str, str]) -> float:
    value = case["figures"].get(column["name"], {}).get("value")
    return float(value) if isinstance(value, int | float) else float("nan")


def _written(value: float, unit: str) -> str:
    """Write a figure in the words of its unit.

    Examples
    --------
    >>> _written(2.5e6, "USD per year"), _written(0.05, "probability"), _written(66.4, "households")
    ('US$ 2.5 million', '5 %', '66')
    """
    if not np.isfinite(value):
        return "–"
    if unit.startswith(("USD", "US$")):
        return style.usd(value)
    if unit.split(" ")[0] in ("share", "probability", "percent", "%"):
        return style.percent(value)
    return style.count(round(value) if unit in WHOLE and abs(value) >= 1 else value)


def _orders(cases: Sequence[dict[str, Any]], columns: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    """Return the table once per order: by name, and by each figure, largest first; pages have no scripts."""
    shown = columns[:MOST_FIGURES]
    rows = [{**case, "cells": [_written(_value(case, one), one["unit"]) for one in shown]} for case in cases]
    rows.sort(key=lambda case: (case["label"].casefold(), case["name"]))
    orders = [{"label": "name", "cases": rows}] if rows else []
    for column in shown if rows else ():
        values = [_value(case, column) for case in rows]
        order = sorted(range(len(rows)), key=lambda n: (np.isnan(values[n]), -np.nan_to_num(values[n]), n))
        orders.append({"label": column["label"], "cases": [rows[n] for n in order]})
    return orders


def _picture(
    cases: Sequence[Mapping[str, Any]], columns: Sequence[Mapping[str, str]], places: pd.DataFrame
) -> str:
    """Return the map of the first headline figure, if the cases differ by area alone and values are known."""
    values = {case["area"]: _value(case, columns[0]) for case in cases}
    tiles = places.assign(value=places["pcode"].map(values).astype(float))
    if len(values) < len(cases) or not tiles["value"].notna().any():
        return ""
    from aspfin.reporting.figures import tile_map

    label, unit = columns[0]["label"], columns[0]["unit"]
    top = tiles.loc[tiles["value"].idxmax()]
    title = f"{label[:1].upper()}{label[1:]}: highest in {top['label']} ({_written(top['value'], unit)})"
    money = unit.startswith(("USD", "US$"))
    whole = unit in WHOLE and top["value"] < MANY
    plain = whole or (not money and _written(0.5, unit) == "50 %")
    figure = tile_map(
        tiles,
        title=title,
        subtitle="Each tile is one province",
        unit="US$" if money else unit or label,
        write=(lambda value: _written(value, unit)) if plain else None,
    )
    return figure._repr_html_()


def _frame(cases: Sequence[Mapping[str, Any]], columns: Sequence[Mapping[str, str]]) -> pd.DataFrame:
    rows = [
        {
            "case": case["name"],
            "label": case["label"],
            **{field: str(value) for field, value in case["varied"].items()},
            "status": case["status"],
            **{column["name"]: _value(case, column) for column in columns},
            "failed_checks": case["failed_checks"],
            "failure": case["reason"],
        }
        for case in cases
    ]
    return pd.DataFrame(rows)


def _replace(path: Path, text: str) -> None:
    """Write a whole file or leave the old one."""
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_text(text, encoding="utf-8", newline="\n")
    os.replace(unfinished, path)
