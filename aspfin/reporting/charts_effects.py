"""The forest plot: several estimates beside each other, and how effects are written."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aspfin.reporting import style
from aspfin.reporting.figure import Figure, make, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["drawable", "forest_plot", "interval_text", "limits", "written"]

TRUTH = "#d67a0c"
NEEDED = ["estimate", "ci_low", "ci_high"]


def decimals(values: Sequence[float], digits: int = 3) -> int:
    """Return how many decimals write these numbers alike, the largest with so many significant digits.

    Examples
    --------
    >>> decimals([0.0123, 0.9]), decimals([1.25, -0.3]), decimals([1250.0])
    (3, 2, 0)
    """
    sizes = [abs(float(value)) for value in values if math.isfinite(value) and value]
    if not sizes:
        return digits - 1
    return int(min(max(0, digits - 1 - math.floor(math.log10(max(sizes)))), 8))


def written(value: float, places: int) -> str:
    """Write a number with so many decimals, a true minus sign, and thousands separated.

    Examples
    --------
    >>> written(-1234.5, 1), written(-0.001, 2), written(float("inf"), 1), written(float("nan"), 1)
    ('−1,234.5', '0.00', 'unlimited', 'not available')
    """
    if not math.isfinite(value):
        return style.number(value)
    text = f"{value:,.{places}f}"
    negative = text.startswith("-") and any(digit in text for digit in "123456789")
    return ("−" if negative else "") + text.lstrip("-")


def interval_text(estimate: float, low: float, high: float, places: int) -> str:
    """Write an estimate and its interval.

    Examples
    --------
    >>> interval_text(1.2, 0.4, 2.0, 1), interval_text(1.2, -math.inf, 2.0, 1)
    ('1.2 (0.4 to 2.0)', '1.2 (up to 2.0)')
    """
    ends = [written(low, places), written(high, places)]
    if math.isinf(low) or math.isinf(high):
        both = math.isinf(low) and math.isinf(high)
        words = "no limits" if both else f"up to {ends[1]}" if math.isinf(low) else f"from {ends[0]}"
        return f"{written(estimate, places)} ({words})"
    return f"{written(estimate, places)} ({ends[0]} to {ends[1]})"


def drawable(text: str, instead: str = "") -> str:
    """Return a text, or what is to stand for it where the figures' font lacks its letters (Khmer, say).

    The alternative text and the table behind the figure keep the text itself.

    Examples
    --------
    >>> drawable("Prey Veng"), drawable("ព្រៃវែង", "row 2")
    ('Prey Veng', 'row 2')
    """
    from matplotlib.font_manager import findfont, get_font

    known = get_font(findfont("DejaVu Sans")).get_charmap()
    return text if all(ord(letter) in known or letter in "\n\t" for letter in text) else instead


def forest_plot(
    effects: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    unit: str = "",
    measure: str = "Effect",
    interval: str = "95 % interval",
    reference: float = 0.0,
    truth_label: str = "true effect",
    alt: str | None = None,
) -> Figure:
    """Draw one row per estimate: the point, its interval, and both in figures.

    Parameters
    ----------
    effects
        Columns label, estimate, ci_low, ci_high; optionally group (a heading above its rows, in order of
        first appearance), truth (a known true effect, an upright bar) and main (True for the estimate
        that answers the question, drawn darkest). An interval without end is drawn to the edge; a missing
        estimate keeps its row and is said to be missing.
    unit
        Of the effect, below the axis.
    measure, interval
        What the points and the lines are, below the axis.
    reference
        Where the line of no effect stands; missing (nan) for none.

    Raises
    ------
    ValueError
        When the frame is empty or lacks a column, or there is no title.

    Examples
    --------
    >>> effects = pd.DataFrame({"label": ["Women", "Men"], "estimate": [1.2, 0.3], "ci_low": [0.4, -0.5],
    ...     "ci_high": [2.0, 1.1]})
    >>> forest_plot(effects, title="Women gain more", unit="thousand riel a day").alt
    'Women: 1.20 (0.40 to 2.00); Men: 0.30 (−0.50 to 1.10). Unit: thousand riel a day.'
    """
    effects = require(effects, ["label", *NEEDED], "effects").reset_index(drop=True)
    rows = _with_headings(effects)
    places = decimals(_finite(effects[NEEDED].to_numpy(float)))
    texts = [
        "not estimated" if math.isnan(e) else interval_text(e, low, high, places)
        for e, low, high in effects[NEEDED].to_numpy(float)
    ]

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        _forest_rows(axes, rows, effects, texts, narrow)
        axes.set_xlim(limits(effects, reference))
        if not math.isnan(reference):
            axes.axvline(reference, color=style.MUTED, lw=1.2)
        for place, row in rows:
            if not isinstance(row, str):
                _estimate(axes, place, effects.iloc[row], 0.16 if narrow else 0.3)
        if "truth" in effects:
            _truth_key(canvas, truth_label)
        axes.set_xlabel(_axis_words(drawable(unit), measure, interval))

    said = "; ".join(f"{label}: {text}" for label, text in zip(effects["label"], texts, strict=True))
    count = len(rows) + 0.8 * ("truth" in effects)
    return make(
        draw,
        inches=(0.95 + 0.36 * count, 1.1 + 0.52 * count),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or f"{said}." + (f" Unit: {unit}." if unit else ""),
        data=effects,
    )


def _axis_words(unit: str, measure: str, interval: str) -> str:
    return f"{measure} ({unit}), with {interval}" if unit else f"{measure}, with {interval}"


def _finite(values: np.ndarray) -> list[float]:
    return [float(value) for value in values.ravel() if math.isfinite(value)]


def _with_headings(effects: pd.DataFrame) -> list[tuple[float, int | str]]:
    """Return places from the top and what stands there: the position of a row, or a group's heading."""
    if "group" not in effects:
        return [(float(i), i) for i in range(len(effects))]
    rows: list[tuple[float, int | str]] = []
    place = 0.0
    for name in effects["group"].drop_duplicates():
        same = effects["group"].isna() if pd.isna(name) else effects["group"] == name
        if not pd.isna(name) and str(name):
            rows.append((place, str(name)))
            place += 0.9
        for i in np.flatnonzero(same):
            rows.append((place, int(i)))
            place += 1.0
    return rows


def limits(effects: pd.DataFrame, reference: float) -> tuple[float, float]:
    """Return an axis that holds every finite point, and half as much again beyond an open interval."""
    columns = [*NEEDED, *(["truth"] if "truth" in effects else [])]
    points = _finite(np.append(effects[columns].to_numpy(float), reference))
    low, high = min(points), max(points)
    width = (high - low) or max(abs(high), 1.0)
    open_low, open_high = (np.isinf(effects[name].to_numpy(float)).any() for name in ("ci_low", "ci_high"))
    return low - width * (0.5 if open_low else 0.06), high + width * (0.5 if open_high else 0.06)


def _forest_rows(
    axes: Axes,
    rows: list[tuple[float, int | str]],
    effects: pd.DataFrame,
    texts: list[str],
    narrow: bool,
) -> None:
    """Name every row at the left and write its numbers at the right; on a phone, both above the row."""
    axes.set_ylim(rows[-1][0] + 0.6, -0.8 if narrow else -0.6)
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", length=0)
    axes.set_yticks([])
    box = {"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none"}
    for place, row in rows:
        heading = isinstance(row, str)
        label = str(row if heading else effects["label"].iloc[row])
        name = drawable(label, "(group)" if heading else f"row {row + 1} of the table")
        look: dict[str, Any] = {"fontweight": "bold", "color": style.ACCENT} if heading else {}
        if narrow:
            at = {"xycoords": ("axes fraction", "data"), "annotation_clip": False, "zorder": 5, "bbox": box}
            above = 0.14 if heading else -0.2
            axes.annotate(textwrap.fill(name, 30), (0, place + above), va="bottom", **at, **look)
            if not heading:
                axes.annotate(texts[row], (1, place + above), va="bottom", ha="right", **at)
            continue
        left = {"xycoords": ("axes fraction", "data"), "annotation_clip": False, "va": "center"}
        axes.annotate(
            textwrap.fill(name, 34),
            (0, place),
            xytext=(-8, 0),
            textcoords="offset points",
            ha="right",
            **left,
            **look,
        )
        if not heading:
            axes.annotate(
                texts[row], (1, place), xytext=(8, 0), textcoords="offset points", ha="left", **left
            )


def _estimate(axes: Axes, place: float, row: pd.Series, bar: float) -> None:
    """Draw one point and its interval; arrows where the interval has no end."""
    if math.isnan(row["estimate"]):
        return
    colour = style.ACCENT if row.get("main", True) in (True, 1) else "#6f95b5"
    left, right = axes.get_xlim()
    low, high = float(row["ci_low"]), float(row["ci_high"])
    if not (math.isnan(low) or math.isnan(high)):
        axes.plot([max(low, left), min(high, right)], [place] * 2, color=colour, lw=2.0, zorder=3)
        for end, edge, mark in ((low, left, "<"), (high, right, ">")):
            if math.isinf(end):
                axes.plot(edge, place, mark, ms=7, color=colour, clip_on=False, zorder=3)
    axes.plot(row["estimate"], place, "o", ms=7, color=colour, zorder=4)
    truth = row.get("truth", math.nan)
    if truth is not None and not math.isnan(truth):
        axes.plot([truth] * 2, [place - bar, place + bar], color=TRUTH, lw=2.4, zorder=5)


def _truth_key(canvas: Canvas, label: str) -> None:
    label = drawable(label, "true effect")
    from matplotlib.lines import Line2D

    point = Line2D([], [], marker="o", ms=7, color=style.ACCENT, lw=2, label="estimate")
    truth = Line2D([], [], marker="|", ms=12, mec=TRUTH, mew=2.4, lw=0, label=label)
    canvas.legend(handles=[point, truth], loc="outside upper left", ncols=2, handlelength=1.6)
