"""Charts with a line: what the shock costs by return period, and how a fund's balance runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.reporting import style
from aspfin.reporting.figure import Figure, labels_right, make, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["exceedance_curve", "fan_chart"]

TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def return_period_axis(axes: Axes, low: float, high: float) -> None:
    """Draw the horizontal axis of return periods, in years on a log scale."""
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    ticks = [tick for tick in TICKS if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("Return period: one year in so many, on average")


def exceedance_curve(
    curve: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    unit: str = "US$",
    bands: pd.DataFrame | None = None,
    band_label: str = "90 % range",
    events: pd.DataFrame | None = None,
    highlights: Sequence[float] = (10, 50),
    alt: str | None = None,
) -> Figure:
    """Draw need against return period, with its uncertainty and the events on record.

    Parameters
    ----------
    curve
        Columns return_period (years) and need (in `unit`), any number of rows.
    unit
        Unit of need: "US$" is shown in millions or billions; anything else by its name, such as "households".
    bands
        Columns return_period, low, high; drawn as a shaded range called `band_label`.
    events
        Columns label, return_period, need and, where figures compete, low and high; marked on the curve. Rows
        with a missing need are left out; on a phone only the largest are named.
    highlights
        Return periods whose need is written on the curve.
    alt
        Alternative text; written from the numbers when not given.

    Raises
    ------
    ValueError
        When a frame is empty or lacks a column, or there is no title.

    Examples
    --------
    >>> curve = pd.DataFrame({"return_period": [2, 10, 100], "need": [1e6, 8e6, 30e6]})
    >>> shown = exceedance_curve(curve, title="One year in ten costs US$ 8 million")
    >>> shown.alt
    'Line rising with return period: US$ 1 million once in 2 years, US$ 30 million once in 100 years.'
    """
    curve = require(curve, ["return_period", "need"], "curve").sort_values("return_period")
    divisor, axis_title = style.axis_scale(float(curve["need"].max()), unit)
    x, y = curve["return_period"].to_numpy(float), curve["need"].to_numpy(float) / divisor
    if bands is not None:
        bands = require(bands, ["return_period", "low", "high"], "bands").sort_values("return_period")
    if events is not None:
        events = events.dropna(subset=["need", "return_period"]).sort_values("need", ascending=False)

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        if bands is not None:
            _band(axes, bands, divisor, band_label)
        axes.plot(x, y, color=style.ACCENT)
        return_period_axis(axes, x.min(), x.max())
        axes.set_ylim(0)
        axes.set_ylabel(axis_title)
        points, texts, bold = _marks(events, highlights, x, y, divisor, unit)
        if events is not None and {"low", "high"} <= set(events.columns):
            axes.vlines(events["return_period"], events["low"] / divisor, events["high"] / divisor,
                        color=style.ALERT, lw=1.2, zorder=3)  # fmt: skip
        for (px, py), strong in zip(points, bold, strict=True):
            colour = style.ACCENT if strong else style.ALERT
            inside = colour if strong else "white"
            axes.plot(px, py, "o", ms=5.5, mfc=inside, mec=colour, mew=1.4, zorder=4, clip_on=False)
        named = len(highlights) + (5 if narrow else len(points))
        texts = [text.replace(": ", ":\n") if narrow else text for text in texts[:named]]
        _place(canvas, axes, points, texts, bold, x, y)

    rows = curve.iloc[[0, -1]]
    said = [
        f"{_written(need, unit)} once in {style.number(period)} years"
        for period, need in rows[["return_period", "need"]].to_numpy()
    ]
    return make(
        draw,
        inches=(4.2, 4.0),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or f"Line rising with return period: {', '.join(said)}.",
        data=_together(curve, bands, events),
    )


def _band(axes: Axes, bands: pd.DataFrame, divisor: float, label: str) -> None:
    low, high = bands["low"] / divisor, bands["high"] / divisor
    band = axes.fill_between(bands["return_period"], low, high, color="#dae2ea", lw=0, label=label)
    axes.legend(handles=[band], loc="upper left", borderaxespad=0.2, handlelength=1.3)


def _together(curve: pd.DataFrame, bands: pd.DataFrame | None, events: pd.DataFrame | None) -> pd.DataFrame:
    """Return everything drawn in one frame: the curve, its range, and the events by name."""
    parts = [curve[["return_period", "need"]].assign(series="need")]
    if bands is not None:
        parts.append(bands[["return_period", "low", "high"]].assign(series="range"))
    if events is not None and len(events):
        columns = [name for name in ("return_period", "need", "low", "high") if name in events]
        parts.append(events[columns].assign(series=events["label"]))
    drawn = pd.concat(parts, ignore_index=True)
    return drawn[["series", *(name for name in drawn if name != "series")]]


def _written(value: float, unit: str, digits: int = 3) -> str:
    return style.usd(value, digits) if unit in ("US$", "USD") else f"{style.count(value, digits)} {unit}"


def _marks(
    events: pd.DataFrame | None,
    highlights: Sequence[float],
    x: np.ndarray,
    y: np.ndarray,
    divisor: float,
    unit: str,
) -> tuple[list[tuple[float, float]], list[str], list[bool]]:
    """Return points to mark, what is written beside them, and whether they are highlights of the curve."""
    points, texts, bold = [], [], []
    for period in highlights:
        if x.min() <= period <= x.max():
            need = float(np.interp(np.log(period), np.log(x), y))
            points.append((float(period), need))
            texts.append(f"1 in {period:g}: {_written(need * divisor, unit, 2)}")
            bold.append(True)
    for event in [] if events is None else events.itertuples():
        if x.min() <= event.return_period <= x.max():
            points.append((float(event.return_period), float(event.need) / divisor))
            texts.append(str(event.label))
            bold.append(False)
    return points, texts, bold


def _place(
    canvas: Canvas,
    axes: Axes,
    points: list[tuple[float, float]],
    texts: list[str],
    bold: list[bool],
    x: np.ndarray,
    y: np.ndarray,
) -> None:
    """Write each text beside its point where it covers nothing; leave it out where there is no room."""
    canvas.draw_without_rendering()
    to_pixels = axes.transData.transform
    along = np.geomspace(x.min(), x.max(), 200)
    path = to_pixels(np.column_stack([along, np.interp(np.log(along), np.log(x), y)]))
    markers = to_pixels(np.array(points, dtype=float).reshape(-1, 2))
    legend = axes.get_legend()
    taken = [] if legend is None else [legend.get_window_extent().extents]
    taken += [(px - 8, py - 8, px + 8, py + 8) for px, py in markers]
    frame = axes.get_window_extent().extents
    for i, (text, strong) in enumerate(zip(texts, bold, strict=False)):
        label = axes.annotate(
            text,
            points[i],
            textcoords="offset points",
            xytext=(0, 0),
            color=style.ACCENT if strong else style.INK,
            fontweight="bold" if strong else "normal",
            zorder=5,
            in_layout=False,
        )
        width, height = label.get_window_extent().size
        for dx, dy in _offsets(width, height, pad=14, far=strong):
            left, bottom = markers[i] + (dx, dy)
            box = (left, bottom, left + width, bottom + height)
            blocked = any(_overlap(box, other) for other in taken) or _hits(box, path)
            if _inside(box, frame) and not blocked and (strong or _nearest(box, markers) == i):
                label.xyann = (dx * 72 / canvas.dpi, dy * 72 / canvas.dpi)
                taken.append(box)
                if dy > height:
                    _lead(axes, points[i], (left + width * 0.8, bottom))
                break
        else:
            label.remove()


def _nearest(box: Sequence[float], markers: np.ndarray) -> int:
    """Return which marker a reader would take a label for; -1 where two are about as near."""
    dx = np.maximum(np.maximum(box[0] - markers[:, 0], markers[:, 0] - box[2]), 0)
    dy = np.maximum(np.maximum(box[1] - markers[:, 1], markers[:, 1] - box[3]), 0)
    away = np.hypot(dx, dy)
    first = int(np.argmin(away))
    others = np.delete(away, first)
    return first if not others.size or others.min() > 1.25 * away[first] + 3 else -1


def _lead(axes: Axes, point: tuple[float, float], pixels: tuple[float, float]) -> None:
    """Join a label that stands off to its point."""
    end = axes.transData.inverted().transform(pixels)
    axes.plot([point[0], end[0]], [point[1], end[1]], color=style.ACCENT, lw=0.8, zorder=3)


def _offsets(width: float, height: float, pad: float, far: bool) -> list[tuple[float, float]]:
    """Return where a label may go, from its point, best first: left above, right below, and further out.

    With `far`, also well above it: the label is then joined to its point by a line.
    """
    near = [
        (-width - pad, pad / 3), (pad, -height - pad / 3), (-width - pad, -height / 2), (pad, -height / 2),
        (-width / 2, pad), (-width / 2, -height - pad), (pad, pad / 3), (-width - pad, -height - pad / 3),
    ]  # fmt: skip
    above = [(-width, height * step) for step in (1.5, 2.0, 2.5, 3.0, 4.0)] if far else []
    return [(dx * out, dy * out) for out in (1, 1.6) for dx, dy in near] + above


def _overlap(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _inside(box: Sequence[float], frame: Sequence[float]) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] + 8 and box[3] <= frame[3]


def _hits(box: Sequence[float], path: np.ndarray) -> bool:
    inside = (path[:, 0] > box[0] - 4) & (path[:, 0] < box[2] + 4) & (path[:, 1] > box[1] - 4) & (
        path[:, 1] < box[3] + 4
    )  # fmt: skip
    return bool(inside.any())


def fan_chart(
    balance: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    unit: str = "US$",
    ceiling: float | None = None,
    alt: str | None = None,
) -> Figure:
    """Draw how a fund's balance may run over the years, and the chance that it ever falls short.

    Parameters
    ----------
    balance
        One row per year with columns year, q05, q25, q50, q75, q95, expected (balances in `unit`) and, where
        known, probability_ever_unmet (drawn below, from 0 to 1).
    ceiling
        The most the fund may hold, drawn as a line.

    Raises
    ------
    ValueError
        When the frame is empty or lacks a column, or there is no title.

    Examples
    --------
    >>> balance = pd.DataFrame({"year": [1, 2], "q05": [0, 0], "q25": [2, 1], "q50": [4, 3],
    ...     "q75": [5, 5], "q95": [5, 5], "expected": [3.5, 3.0], "probability_ever_unmet": [0.1, 0.18]})
    >>> fan_chart(balance * 1e6, title="The fund runs dry in one case in five").data.shape
    (2, 8)
    """
    names = ["year", "q05", "q25", "q50", "q75", "q95", "expected"]
    balance = require(balance, names, "balance").sort_values("year")
    risk = "probability_ever_unmet" in balance
    largest = max(float(balance[names[1:]].to_numpy().max()), ceiling or 0.0)
    divisor, axis_title = style.axis_scale(largest, unit)

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes, below = _fan_axes(canvas, risk)
        _fan(axes, balance, divisor, ceiling, largest)
        axes.set_ylabel(f"Balance, {axis_title}")
        if below is not None:
            _risk_bars(below, balance)
        lowest = below if below is not None else axes
        lowest.set_xlabel("Year")
        lowest.set_xticks(balance["year"], [f"{year:g}" for year in balance["year"]])

    last = balance.iloc[-1]
    said = (
        f"After year {last['year']:g} the balance is {_written(last['expected'], unit)} on average, and in "
        f"nine cases of ten between {_written(last['q05'], unit)} and {_written(last['q95'], unit)}."
    )
    if risk:
        said += f" The chance of ever falling short is {style.percent(last['probability_ever_unmet'])}."
    return make(
        draw,
        inches=(5.0 if risk else 4.0, 4.8 if risk else 4.0),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or said,
        data=balance,
    )


def _fan_axes(canvas: Canvas, risk: bool) -> tuple[Axes, Axes | None]:
    if not risk:
        return canvas.subplots(), None
    axes, below = canvas.subplots(2, 1, sharex=True, height_ratios=[2.6, 1])
    return axes, below


def _fan(axes: Axes, balance: pd.DataFrame, divisor: float, ceiling: float | None, largest: float) -> None:
    year = balance["year"]
    at = {name: balance[name] / divisor for name in ("q05", "q25", "q50", "q75", "q95", "expected")}
    axes.fill_between(year, at["q05"], at["q95"], color="#b9d3e6", lw=0)
    axes.fill_between(year, at["q25"], at["q75"], color="#7fafd3", lw=0)
    axes.plot(year, at["q50"], color=style.ACCENT)
    axes.plot(year, at["expected"], color=style.INK, ls=(0, (3, 2)), lw=1.5)
    axes.set_ylim(0, largest / divisor * 1.06)
    axes.set_xlim(year.min() - 0.4, year.max() + 0.4)
    end = {name: float(values.iloc[-1]) for name, values in at.items()}
    places = [end["q50"], end["expected"], _middle(end, ("q05", "q25"), ("q75", "q95")),
              _middle(end, ("q25", "q50"), ("q50", "q75"))]  # fmt: skip
    texts = ["median", "average", "9 in 10 cases", "half of cases"]
    colours = [style.ACCENT, style.INK, style.MUTED, "#2c6391"]
    if ceiling is not None:
        axes.axhline(ceiling / divisor, color=style.MUTED, lw=1.2, ls=":")
        places, texts, colours = [*places, ceiling / divisor], [*texts, "ceiling"], [*colours, style.MUTED]
    labels_right(axes, places, texts, colours, share=0.6)


def _middle(end: dict[str, float], *parts: tuple[str, str]) -> float:
    """Return the middle of the widest of these parts of the fan: there its name fits best."""
    low, high = max(parts, key=lambda part: end[part[1]] - end[part[0]])
    return (end[low] + end[high]) / 2


def _risk_bars(axes: Axes, balance: pd.DataFrame) -> None:
    share = balance["probability_ever_unmet"].to_numpy(float)
    axes.bar(balance["year"], share, width=0.6, color=style.ALERT, alpha=0.8)
    top = max(share.max() * 1.35, 0.01)
    axes.set_ylim(0, top)
    axes.set_yticks([])
    axes.grid(False)
    axes.set_title("Chance of having fallen short by then", loc="left", fontsize="medium", color=style.MUTED)
    every = 1 if len(share) <= 6 else 3
    for i, (year, value) in enumerate(zip(balance["year"], share, strict=True)):
        if i == len(share) - 1 or (i % every == 0 and i + every < len(share)):
            said = "0 %" if value < 1e-6 else "<0.1 %" if value < 1e-3 else style.percent(value)
            axes.text(year, value + top * 0.03, said, ha="center", va="bottom")
