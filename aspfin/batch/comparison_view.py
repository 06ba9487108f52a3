"""Pictures and tables of cases side by side, for the index of a batch and its synthesis."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from aspfin.batch.comparison import (
    CURVES,
    ComparedEstimates,
    curves_of,
    headline_columns,
    said,
    without_ends,
    written,
)
from aspfin.batch.records import CaseRecord
from aspfin.reporting import style, tables

if TYPE_CHECKING:
    from aspfin.reporting.figure import Figure

__all__ = ["estimates_table", "panel_figure", "panels", "unbroken"]

LEAST_PANELS = 3  # two cases are compared in the table
MOST_BARS = 3
SHORT_LABEL = 16  # characters


def panels(records: Sequence[CaseRecord], folder: Path) -> str:
    """Return one small panel for each case as HTML; nothing where there are too few or nothing to draw."""
    figure = panel_figure(records, folder)
    return "" if figure is None else figure._repr_html_()


def panel_figure(records: Sequence[CaseRecord], folder: Path) -> Figure | None:
    """Return one small panel for each case: the curve all share, else their first headline figures."""
    from aspfin.reporting.charts_multiples import MOST_PANELS, small_bars, small_multiples

    made = [one for one in records if one.made]
    if len(made) < LEAST_PANELS:
        return None
    more = f"; the {MOST_PANELS} highest of {len(made)}" if len(made) > MOST_PANELS else ""
    curves = curves_of(made, folder)
    if curves is not None and len(curves):
        curve = CURVES[made[0].kind]
        last = curves.sort_values("x", kind="stable").groupby("panel", sort=False)["value"].last()
        band = "; shaded: how uncertain it is" if "low" in curves else ""
        return small_multiples(
            curves,
            title=f"One by one: {last.idxmax()} is highest, {last.idxmin()} lowest",
            subtitle=f"{curve.words}; grey: the others{band}{more}",
            x_label=curve.x_words,
            log_x=curve.log_x,
        )
    columns = [
        c
        for c in without_ends(headline_columns(made))
        if any(math.isfinite(one.value(c["name"])) for one in made)
    ]
    differing = [c for c in columns if len({one.value(c["name"]) for one in made}) > 1][:MOST_BARS]
    if not differing:
        return None
    bars = pd.DataFrame(
        [
            {
                "panel": one.label,
                "figure": column["label"],
                "value": one.value(column["name"]),
                "text": "hidden"
                if column["name"] in one.hidden
                else said(one.value(column["name"]), column["unit"]),
            }
            for one in made
            for column in differing
        ]
    )
    first = bars[bars["figure"] == differing[0]["label"]].dropna(subset="value")
    top = first.loc[first["value"].idxmax()]
    return small_bars(
        bars,
        title=f"One by one: {differing[0]['label'].lower()}, highest for {top['panel']} ({top['text']})",
        subtitle=f"Each kind of bar on a scale of its own{more}",
    )


def estimates_table(compared: ComparedEstimates) -> tables.Html:
    """Return the estimates raw, pooled and with p-values adjusted for looking at all of them."""
    frame, unit = compared.table, compared.unit
    write = {"share": lambda value: written(value, "share")}.get(unit, style.number)
    raw = _with_ranges(frame, ("estimate", "ci_low", "ci_high"), write)
    columns: dict[str, object] = {"label": frame["label"].map(unbroken), "raw": raw}
    headers = {"label": "Case", "raw": "By itself (95 % interval)"}
    if compared.pooled is not None:
        columns["pooled"] = _with_ranges(frame, ("pooled", "pooled_ci_low", "pooled_ci_high"), write)
        headers["pooled"] = "Drawn to the mean (95 % interval)"
    if compared.tested:
        columns |= {name: frame[name] for name in ("p_value", "holm", "q_value")}
        headers |= {"p_value": "p-value", "holm": "p for all (Holm)", "q_value": "q (Anderson)"}
    formats = {name: _p for name in ("p_value", "holm", "q_value") if name in columns}
    shown = pd.DataFrame(columns)
    texts = {name: str for name in ("raw", "pooled") if name in shown}
    return tables.table(
        shown,
        caption=f"{compared.label}{f' ({unit})' if unit and unit != 'share' else ''}, case by case",
        headers=headers,
        formats={**texts, **formats},
        notes=_notes(compared),
    )


def unbroken(label: str) -> str:
    """Return a short label in one piece, for the first column of a wide table.

    Examples
    --------
    >>> " " in unbroken("seed 1"), " " in unbroken("Disaster-management programme")
    (False, True)
    """
    return label.replace(" ", "\xa0") if len(label) <= SHORT_LABEL else label


def _with_ranges(
    frame: pd.DataFrame, names: tuple[str, str, str], write: Callable[[float], str]
) -> list[str | None]:
    return [
        None if any(map(math.isnan, row)) else f"{write(row[0])} ({write(row[1])} to {write(row[2])})"
        for row in frame[list(names)].to_numpy(float)
    ]


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def _notes(compared: ComparedEstimates) -> list[str]:
    notes = []
    if compared.pooled is None:
        notes.append(
            "Nothing is drawn to a mean: the cases speak of the same people, so their estimates are not "
            "independent of each other."
        )
    else:
        notes.append(
            "Drawn to the mean: an estimate that stands out and is uncertain owes part of that to chance, so "
            "it is moved towards the mean of all, the more the less certain it is. "
            f"{compared.pooled.sentence().replace(' -', ' −')} {compared.pooled.left_out}"
        )
    if compared.tested:
        notes.append(
            "Adjusted: among many cases some look remarkable by chance alone. Holm's p-value allows for that "
            "for any false finding; Anderson's q-value for the share of false ones among those found."
        )
    if compared.left_out:
        notes.append(f"Without such an estimate, or hidden: {compared.left_out} of the reports made.")
    return notes
