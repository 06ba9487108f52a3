"""Small multiples: one small panel for each case, all on one scale, to compare many cases at a glance."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.reporting import style
from aspfin.reporting.charts_effects import drawable
from aspfin.reporting.figure import Figure, make, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["MOST_PANELS", "small_bars", "small_multiples", "value_strips"]

MOST_PANELS = 36
MOST_FIGURES = 3
PANEL_HEIGHT = 1.12  # inches
BACKGROUND = "#c3ccd3"


def small_multiples(
    curves: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    unit: str = "US$",
    x_label: str = "",
    log_x: bool = False,
    write: Callable[[float], str] = style.usd,
    alt: str | None = None,
) -> Figure:
    """Draw one curve in each of many small panels; the curves of all others lie in grey behind it.

    Where there are more than 36 panels, those that end highest are drawn, and the alternative text says so.

    Parameters
    ----------
    curves
        Columns panel, x, value (in `unit`); optionally low and high, drawn as a band. Panels are drawn in the
        order in which they come.
    x_label
        What x is, below the panels.
    log_x
        Whether equal ratios of x are equal steps, as suits return periods.
    write
        How the last value of a curve is written in its panel.

    Raises
    ------
    ValueError
        When the frame is empty or lacks a column, a value is missing, or there is no title.

    Examples
    --------
    >>> curves = pd.DataFrame({"panel": ["Kep", "Kep", "Kratie", "Kratie"], "x": [2, 50, 2, 50],
    ...     "value": [0.0, 1e6, 1e6, 9e6]})
    >>> print(small_multiples(curves, title="Kratie needs most", x_label="return period").alt)
    2 small panels with one curve each. At the right end, highest: Kratie US$ 9 million; lowest: Kep US$ 1
    million.
    """
    curves = require(curves, ["panel", "x", "value"], "curves")
    if not np.isfinite(curves[["x", "value"]].to_numpy(float)).all():
        raise ValueError("curves: got a missing x or value; allowed: numbers, none missing")
    ends = curves.sort_values("x", kind="stable").groupby("panel", sort=False)["value"].last()
    ends = ends.loc[list(dict.fromkeys(curves["panel"]))]
    shown = _highest(ends)
    drawn = curves[[name for name in ("value", "low", "high") if name in curves]]
    low, high = min(0.0, float(drawn.min().min())), float(drawn.max().max()) or 1.0
    divisor, axis = style.axis_scale(float(curves["value"].abs().max()), unit)
    lines = {name: part.sort_values("x", kind="stable") for name, part in curves.groupby("panel", sort=False)}

    def draw(canvas: Canvas, narrow: bool) -> None:
        grid = _grid(canvas, len(shown), 3 if narrow else 6)
        for place, (axes, name) in enumerate(zip(grid, shown, strict=True)):
            for other in shown:
                axes.plot(lines[other]["x"], lines[other]["value"] / divisor, color=BACKGROUND, lw=0.5)
            _curve(axes, lines[name], divisor)
            _head(axes, name, write(float(ends[name])), 15 if narrow else 17)
            if log_x:
                axes.set_xscale("log")
                _plain_ticks(axes, curves["x"])
            axes.set_ylim(low / divisor, 1.05 * high / divisor)
            axes.tick_params(labelsize=6.5, length=2, labelleft=place % (3 if narrow else 6) == 0)
            axes.locator_params(axis="y", nbins=3)
        canvas.supylabel(axis, fontsize=8, color=style.MUTED)
        canvas.supxlabel(x_label, fontsize=8, color=style.MUTED)

    said = f"{len(ends)} small panels with one curve each. At the right end, {_extremes(ends, write)}"
    more = f" Drawn: the {len(shown)} highest." if len(shown) < len(ends) else ""
    heights = tuple(PANEL_HEIGHT * math.ceil(len(shown) / columns) + 0.5 for columns in (6, 3))
    return make(draw, inches=heights, title=title, subtitle=subtitle, source=source, alt=alt or said + more,
                data=curves)  # fmt: skip


def small_bars(
    figures: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    alt: str | None = None,
) -> Figure:
    """Draw up to three figures of each case as bars in its own small panel, each kind on a scale of its own.

    Parameters
    ----------
    figures
        Columns panel, figure, value, text (the value in words). A missing value leaves its bar out; bars
        start at 0, and where values lie below 0 too, a line marks it.

    Raises
    ------
    ValueError
        When the frame is empty, lacks a column or has more than three figures, or there is no title.

    Examples
    --------
    >>> figures = pd.DataFrame({"panel": ["Kep", "Kratie"], "figure": ["Need", "Need"], "value": [1.0, 4.0],
    ...     "text": ["1", "4"]})
    >>> small_bars(figures, title="Kratie needs most").alt
    '2 small panels with bars. Need: highest Kratie 4; lowest Kep 1.'
    """
    figures = require(figures, ["panel", "figure", "value", "text"], "figures")
    names = list(dict.fromkeys(figures["figure"]))
    if len(names) > MOST_FIGURES:
        raise ValueError(f"figures: got {len(names)} figures; allowed: at most {MOST_FIGURES}")
    first = figures[figures["figure"] == names[0]].set_index("panel")["value"]
    shown = _highest(first)
    lowest = figures.groupby("figure")["value"].min().clip(upper=0).fillna(0.0)
    width = figures.groupby("figure")["value"].max().clip(lower=0).fillna(0.0) - lowest
    cells = figures.set_index(["panel", "figure"])

    def draw(canvas: Canvas, narrow: bool) -> None:
        columns = 2 if narrow else 3
        for axes, name in zip(_grid(canvas, len(shown), columns), shown, strict=True):
            axes.set(xlim=(0, 1), ylim=(len(names) - 0.2, -0.65), xticks=[], yticks=[])
            axes.axis("off")
            axes.set_title(
                _short(name, 26 if narrow else 30), loc="left", fontsize=8.2, fontweight="bold", pad=5
            )
            for place, figure in enumerate(names):
                value, text = cells.loc[(name, figure), ["value", "text"]]
                if np.isfinite(value) and width[figure] > 0:
                    zero = -lowest[figure] / width[figure]
                    colour = style.SCALE[(4, 3, 2)[place]]
                    axes.barh(place, value / width[figure], left=zero, height=0.32, color=colour)
                    if zero > 0:
                        axes.plot([zero, zero], [place - 0.2, place + 0.2], color=style.INK, lw=0.8)
                room = (34 if narrow else 44) - len(text)  # what the value leaves of the line
                axes.text(
                    0,
                    place - 0.25,
                    _short(figure, max(8, min(room, 24 if narrow else 34))),
                    fontsize=6.8,
                    va="bottom",
                    color=style.MUTED,
                )
                axes.text(1, place - 0.25, text, fontsize=7.2, va="bottom", ha="right")

    height = 0.38 + 0.33 * len(names)
    heights = tuple(height * math.ceil(len(shown) / columns) + 0.1 for columns in (3, 2))
    return make(draw, inches=heights, title=title, subtitle=subtitle, source=source,
                alt=alt or _bars_said(figures, names, len(shown)), data=figures)  # fmt: skip


def value_strips(
    figures: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    alt: str | None = None,
) -> Figure:
    """Draw one strip for each figure, one dot for each case, with the lowest and the highest case named.

    Parameters
    ----------
    figures
        Columns panel (the case), figure, value, text (the value in words). Each strip has a scale of its own,
        from its lowest to its highest value; the line across is the median. Missing values are left out.

    Raises
    ------
    ValueError
        When the frame is empty, lacks a column or has no value, or there is no title.

    Examples
    --------
    >>> figures = pd.DataFrame({"panel": ["Kep", "Kratie"], "figure": ["Need", "Need"], "value": [1.0, 4.0],
    ...     "text": ["1", "4"]})
    >>> value_strips(figures, title="Need differs fourfold").alt
    'Need: 2 cases, from 1 (Kep) to 4 (Kratie).'
    """
    known = require(figures, ["panel", "figure", "value", "text"], "figures").dropna(subset=["value"])
    known = require(known, ["value"], "figures")
    strips = {
        name: part.sort_values("value", kind="stable") for name, part in known.groupby("figure", sort=False)
    }

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        axes.set(xlim=(-0.02, 1.02), ylim=(len(strips) - 0.45, -0.5), xticks=[], yticks=[])
        axes.axis("off")
        for place, (name, part) in enumerate(strips.items()):
            _strip(axes, place, str(name), part, 18 if narrow else 34)

    said = []
    for name, part in strips.items():
        low, high = part.iloc[0], part.iloc[-1]
        number = f"{len(part)} case{'' if len(part) == 1 else 's'}"
        said.append(
            f"{name}: {number}, from {low['text']} ({low['panel']}) to {high['text']} ({high['panel']})."
        )
    heights = (0.72 * len(strips) + 0.15, 0.74 * len(strips) + 0.15)
    return make(draw, inches=heights, title=title, subtitle=subtitle, source=source,
                alt=alt or " ".join(said), data=figures)  # fmt: skip


def _strip(axes: Axes, place: int, name: str, part: pd.DataFrame, width: int) -> None:
    values = part["value"].to_numpy(float)
    low, high = part.iloc[0], part.iloc[-1]
    at = (
        (values - values[0]) / (values[-1] - values[0])
        if values[-1] > values[0]
        else np.full(values.size, 0.5)
    )
    middle = float(np.median(at))
    axes.plot([0, 1], [place, place], color=style.RULE, lw=1.2, zorder=1)
    axes.plot([middle, middle], [place - 0.14, place + 0.14], color=style.INK, lw=1.4, zorder=2)
    axes.scatter(at, np.full(at.size, place), s=34, color=style.ACCENT, alpha=0.55, lw=0, zorder=3)
    axes.text(0, place - 0.2, _short(name, 2 * width), va="bottom", fontsize=8, fontweight="bold")
    for x, row, side in ((0, low, "left"), (1, high, "right")):
        text = f"{row['text']}  {_short(str(row['panel']), width)}"
        axes.text(x, place + 0.17, text, va="top", ha=side, fontsize=7.2, color=style.MUTED)


def _highest(values: pd.Series) -> list[str]:
    """Return the panels drawn, in their order: all, or those with the highest values."""
    if len(values) <= MOST_PANELS:
        return list(values.index)
    kept = set(values.sort_values(ascending=False, kind="stable", na_position="last").index[:MOST_PANELS])
    return [name for name in values.index if name in kept]


def _grid(canvas: Canvas, number: int, columns: int) -> list[Axes]:
    """Return so many axes in rows; the rest of the last row stays empty."""
    columns = min(columns, max(number, 2))
    grid = canvas.subplots(math.ceil(number / columns), columns, squeeze=False, sharey=True, sharex=True)
    axes = list(grid.flat)
    for empty in axes[number:]:
        empty.set_visible(False)
    for above in axes[: number - columns]:
        above.tick_params(labelbottom=False)
    for last in axes[max(number - columns, 0) : number]:
        last.tick_params(labelbottom=True)
    return axes[:number]


def _curve(axes: Axes, line: pd.DataFrame, divisor: float) -> None:
    if {"low", "high"} <= set(line.columns):
        axes.fill_between(
            line["x"], line["low"] / divisor, line["high"] / divisor, color=style.SCALE[1], lw=0
        )
    axes.plot(line["x"], line["value"] / divisor, color=style.ACCENT, lw=1.6)


def _head(axes: Axes, name: str, value: str, width: int) -> None:
    axes.set_title(f"{_short(name, width)}\n{value}", loc="left", fontsize=7, linespacing=1.15, pad=3)


def _plain_ticks(axes: Axes, x: pd.Series) -> None:
    """Write the ends and the middle of a logarithmic axis as numbers."""
    known = sorted(set(x))
    ticks = sorted({known[0], known[len(known) // 2], known[-1]})
    axes.set_xticks(ticks, [style.number(one) for one in ticks])
    axes.set_xticks([], minor=True)


def _short(text: str, width: int) -> str:
    """Cut a label to a width between words where it can be; the data below the figure have it whole."""
    whole = drawable(str(text), "…")
    return whole if len(whole) <= width else textwrap.shorten(whole, width, placeholder="…") or whole[:width]


def _extremes(values: pd.Series, write: Callable[[float], str]) -> str:
    high, low = values.idxmax(), values.idxmin()
    return f"highest: {high} {write(float(values[high]))}; lowest: {low} {write(float(values[low]))}."


def _bars_said(figures: pd.DataFrame, names: list[str], drawn: int) -> str:
    panels = figures["panel"].nunique()
    parts = [f"{panels} small panels with bars."]
    for name in names:
        known = figures[(figures["figure"] == name) & figures["value"].notna()]
        if len(known):
            high, low = known.loc[known["value"].idxmax()], known.loc[known["value"].idxmin()]
            parts.append(
                f"{name}: highest {high['panel']} {high['text']}; lowest {low['panel']} {low['text']}."
            )
    if drawn < panels:
        parts.append(f"Drawn: the {drawn} with the highest first figure.")
    return " ".join(parts)
