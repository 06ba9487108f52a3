"""Charts of who pays at which return period: as stacked bars, and as one picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.reporting import style
from aspfin.reporting.charts_curves import return_period_axis
from aspfin.reporting.figure import (
    Figure,
    fill,
    labels_right,
    legend_top,
    make,
    readable,
    require,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["layer_chart", "who_pays"]

MOST_BARS = 10


NOT_PAYERS = ("return_period", "need", "surplus")


def _layers(
    frame: pd.DataFrame,
    labels: Mapping[str, str] | None,
    kinds: Mapping[str, str] | None,
    argument: str,
) -> dict[str, style.Look]:
    """Return the look of each column of payers, in the order in which they are stacked, unmet last."""
    names = [str(name) for name in frame.columns if name not in NOT_PAYERS]
    if not names:
        raise ValueError(f"{argument}: got no payers; allowed: one column for each instrument, and unmet")
    amounts = frame[names].to_numpy(float)
    if not np.isfinite(amounts).all() or amounts.min() < 0:
        raise ValueError(f"{argument}: got negative or missing amounts; allowed: zero or more")
    names.sort(key=lambda name: name == "unmet")
    looks = {name: style.instrument(name, (kinds or {}).get(name)) for name in names}
    return {name: relabelled(look, (labels or {}).get(name)) for name, look in looks.items()}


def relabelled(look: style.Look, label: str | None) -> style.Look:
    """Return the look under another name, if one is given."""
    return look if label is None else style.Look(label, look.colour, look.hatch, look.ink)


def _shares(row: pd.Series, looks: Mapping[str, style.Look]) -> str:
    total = float(sum(row[name] for name in looks))
    parts = [
        f"{look.label} {style.percent(row[name] / total)}" for name, look in looks.items() if row[name] > 0
    ]
    return ", ".join(parts) if total else "no need"


def layer_chart(
    layers: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    unit: str = "US$",
    labels: Mapping[str, str] | None = None,
    kinds: Mapping[str, str] | None = None,
    alt: str | None = None,
) -> Figure:
    """Draw who pays the need of a shock at a few return periods, as stacked bars.

    Parameters
    ----------
    layers
        One row per return period (at most ten): column return_period and one column per instrument in the
        order in which they pay, named by its type ("contingency_fund", "insurance_2"); "unmet" goes on top.
        Columns need and surplus may come along and are not drawn.
    labels
        Names to show for columns, where the usual one does not fit.
    kinds
        Types, hence colours, of columns named otherwise.

    Raises
    ------
    ValueError
        When the frame is empty, lacks return_period, has more than ten rows, or amounts below zero.

    Examples
    --------
    >>> layers = pd.DataFrame({"return_period": [5, 50], "contingency_fund": [4e6, 5e6], "unmet": [0, 9e6]})
    >>> layer_chart(layers, title="Rare floods are not covered").alt
    'Need met at 1 in 50 years: Contingency fund 36 %, Unmet need 64 %.'
    """
    layers = require(layers, ["return_period"], "layers").sort_values("return_period")
    if len(layers) > MOST_BARS:
        raise ValueError(f"layers: got {len(layers)} return periods; allowed: at most {MOST_BARS}")
    looks = _layers(layers, labels, kinds, "layers")
    totals = layers[list(looks)].sum(axis=1).to_numpy(float)
    divisor, axis_title = style.axis_scale(float(totals.max()), unit)

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        tops = _bars(axes, layers, looks, divisor)
        for i, total in enumerate(totals / divisor):
            axes.annotate(
                style.number(total, 3 if total >= 100 else 2),
                (i, total),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                fontweight="bold",
            )
        axes.set_xticks(range(len(layers)), [f"1 in {period:g}" for period in layers["return_period"]])
        axes.set_xlabel("Return period: one year in so many, on average")
        axes.set_ylim(0, totals.max() / divisor * 1.1 or 1)
        axes.set_ylabel(axis_title)
        _name_layers(canvas, axes, looks, tops, layers.iloc[-1], narrow)

    last = layers.iloc[-1]
    said = f"Need met at 1 in {last['return_period']:g} years: {_shares(last, looks)}."
    return make(
        draw,
        inches=(4.3, 4.8),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or said,
        data=layers,
    )


def _bars(
    axes: Axes, layers: pd.DataFrame, looks: Mapping[str, style.Look], divisor: float
) -> dict[str, tuple[float, float]]:
    """Draw the stacks and return bottom and top of each layer in the last one."""
    bottom = np.zeros(len(layers))
    edges = {}
    for name, look in looks.items():
        height = layers[name].to_numpy(float) / divisor
        paid = np.flatnonzero(height)  # a bar of no height would still show its outline
        bars = {"x": paid, "height": height[paid], "bottom": bottom[paid], "width": 0.72}
        axes.bar(**bars, **fill(look))
        if look.colour != "#ffffff":
            axes.bar(**bars, fill=False, edgecolor="white", linewidth=0.8)
        edges[name] = (float(bottom[-1]), float(bottom[-1] + height[-1]))
        bottom = bottom + height
    return edges


def _name_layers(
    canvas: Canvas,
    axes: Axes,
    looks: Mapping[str, style.Look],
    edges: Mapping[str, tuple[float, float]],
    last: pd.Series,
    narrow: bool,
) -> None:
    """Name the layers beside the last stack, or in a key above it on a phone."""
    shown = [name for name, (low, high) in edges.items() if high > low]
    if narrow:
        legend_top(canvas, {name: looks[name] for name in reversed(shown)})
        return
    total = float(sum(last[name] for name in looks)) or 1.0
    axes.annotate(
        f"At 1 in {last['return_period']:g}:",
        (1.015, 1.0),
        xycoords="axes fraction",
        xytext=(0, 5),
        textcoords="offset points",
        color=style.MUTED,
        annotation_clip=False,
    )
    labels_right(
        axes,
        [sum(edges[name]) / 2 for name in shown],
        [f"{looks[name].label}, {style.percent(last[name] / total)}" for name in shown],
        [readable(looks[name]) for name in shown],
    )


def who_pays(
    layers: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    unit: str = "US$",
    labels: Mapping[str, str] | None = None,
    kinds: Mapping[str, str] | None = None,
    events: pd.DataFrame | None = None,
    alt: str | None = None,
) -> Figure:
    """Draw the one picture of a financing plan: need by return period, filled with who pays it.

    Parameters
    ----------
    layers
        As for `layer_chart`, with many return periods (fifty or so make smooth edges).
    events
        Columns label and return_period: floods on record, marked at the top edge.

    Raises
    ------
    ValueError
        When the frame has fewer than two rows, lacks return_period, or has amounts below zero.

    Examples
    --------
    >>> layers = pd.DataFrame({"return_period": [2, 10, 100], "contingency_fund": [2e6, 5e6, 5e6],
    ...     "unmet": [0, 1e6, 9e6]})
    >>> who_pays(layers, title="The fund covers most years").title
    'The fund covers most years'
    """
    layers = require(layers, ["return_period"], "layers").sort_values("return_period")
    if len(layers) < 2:
        raise ValueError(f"layers: got {len(layers)} return period; allowed: at least two")
    looks = _layers(layers, labels, kinds, "layers")
    x = layers["return_period"].to_numpy(float)
    totals = layers[list(looks)].sum(axis=1).to_numpy(float)
    divisor, axis_title = style.axis_scale(float(totals.max()), unit)

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        edges = _areas(axes, x, layers, looks, divisor)
        axes.plot(x, totals / divisor, color=style.INK, lw=1.8)
        return_period_axis(axes, x.min(), x.max())
        axes.set_ylim(0, totals.max() / divisor * 1.06 or 1)
        axes.set_ylabel(axis_title)
        _mark_events(axes, events, x, totals / divisor, narrow)
        _name_layers(canvas, axes, looks, edges, layers.iloc[-1], narrow)

    last = layers.iloc[-1]
    said = (
        f"Need rising with return period and who pays it; at 1 in {last['return_period']:g} years: "
        f"{_shares(last, looks)}."
    )
    return make(
        draw,
        inches=(4.3, 4.8),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or said,
        data=layers,
    )


def _areas(
    axes: Axes, x: np.ndarray, layers: pd.DataFrame, looks: Mapping[str, style.Look], divisor: float
) -> dict[str, tuple[float, float]]:
    bottom = np.zeros(len(x))
    edges = {}
    for name, look in looks.items():
        top = bottom + layers[name].to_numpy(float) / divisor
        axes.fill_between(x, bottom, top, **fill(look))
        axes.plot(x, top, color="white", lw=0.8)
        edges[name] = (float(bottom[-1]), float(top[-1]))
        bottom = top
    return edges


def _mark_events(axes: Axes, events: pd.DataFrame | None, x: np.ndarray, y: np.ndarray, narrow: bool) -> None:
    """Mark events on the top edge, rarest first; on a phone only the three rarest are named."""
    if events is None:
        return
    events = require(events, ["label", "return_period"], "events").dropna(subset=["return_period"])
    events = events[events["return_period"].between(x.min(), x.max())]
    events = events.sort_values("return_period", ascending=False).head(3 if narrow else 6)
    before = np.inf
    for event in events.itertuples():
        need = float(np.interp(np.log(event.return_period), np.log(x), y))
        axes.plot(event.return_period, need, "o", ms=5, mfc="white", mec=style.INK, mew=1.3, zorder=4)
        if before / event.return_period > (1.5 if narrow else 1.25):  # room for a name on the log axis
            axes.annotate(
                str(event.label),
                (event.return_period, need),
                xytext=(-6, 4),
                textcoords="offset points",
                ha="right",
                zorder=5,
            )
            before = event.return_period
