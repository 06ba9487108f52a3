"""Charts of one design: effects by time, the jump at a cut-off, and a unit beside its synthetic twin."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.reporting import style
from aspfin.reporting.charts_effects import NEEDED, TRUTH, decimals, drawable, interval_text, written
from aspfin.reporting.figure import Figure, labels_right, make, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["event_study", "rd_plot", "synthetic_path"]

BEFORE, SHADE = "#7a8791", "#dae2ea"


def event_study(
    effects: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    unit: str = "",
    time_label: str = "Years since the first payment",
    reference_time: float | None = -1,
    key: str = "event_time",
    alt: str | None = None,
) -> Figure:
    """Draw effects by time since the programme began, with what came before it.

    Parameters
    ----------
    effects
        One row per event time: the column `key`, estimate, ci_low, ci_high; optionally band_low and band_high
        (a band that holds all effects at once, drawn behind) and truth (a known true effect, a level bar).
    time_label
        Title of the horizontal axis.
    reference_time
        The period the effects are measured against, drawn as an open circle at 0 where `effects` has no
        interval for it; None where there is none.

    Raises
    ------
    ValueError
        When the frame is empty or lacks a column, or there is no title.

    Examples
    --------
    >>> effects = pd.DataFrame({"event_time": [-2, 0, 1], "estimate": [0.1, 1.0, 1.3],
    ...     "ci_low": [-0.2, 0.6, 0.8], "ci_high": [0.4, 1.4, 1.8]})
    >>> print(event_study(effects, title="The effect grows", unit="thousand riel").alt)
    Effects from event time −2 to 1 (thousand riel): 1 of 1 intervals before the start hold 0.
    At 0: 1.00 (0.60 to 1.40); at 1: 1.30 (0.80 to 1.80).
    """
    effects = require(effects, [key, *NEEDED], "effects").sort_values(key).reset_index(drop=True)
    times = effects[key].to_numpy(float)
    bare = ~(effects["ci_high"] - effects["ci_low"] > 0)  # the reference: 0 by construction, without error
    shown = effects[~(bare & (times == reference_time))]
    reference = reference_time is not None and not (shown[key] == reference_time).any()
    band = {"band_low", "band_high"} <= set(effects.columns)

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        if band:
            _band(axes, shown, key)
        axes.axhline(0, color=style.MUTED, lw=1.2)
        if times.min() < 0:
            axes.axvline(-0.5, color=style.MUTED, lw=1.2, ls=(0, (4, 3)))
        _points(axes, shown, key)
        if reference and times.min() <= reference_time:
            axes.plot(reference_time, 0, "o", ms=7, mfc="white", mec=BEFORE, mew=1.6, zorder=4)
        if "truth" in effects:
            axes.plot(times, effects["truth"], "_", ms=16, mec=TRUTH, mew=2.4, lw=0, zorder=5)
        _event_axis(axes, times, reference_time, narrow)
        axes.set_xlabel(drawable(time_label))
        axes.set_ylabel(f"Effect ({unit})" if drawable(unit) else "Effect")
        _event_key(canvas, band, "truth" in effects)

    return make(
        draw,
        inches=(4.2, 4.0),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or _said_by_time(shown, key, unit),
        data=effects,
    )


def _said_by_time(effects: pd.DataFrame, key: str, unit: str) -> str:
    values = effects[[key, *NEEDED]].to_numpy(float)
    places = decimals([value for value in values[:, 1:].ravel() if math.isfinite(value)])
    before, after = values[values[:, 0] < 0], values[values[:, 0] >= 0]
    quiet = int(((before[:, 2] <= 0) & (before[:, 3] >= 0)).sum())
    said = [f"Effects from event time {written(values[0, 0], 0)} to {written(values[-1, 0], 0)}"]
    said[0] += f" ({unit}): " if unit else ": "
    if len(before):
        said.append(f"{quiet} of {len(before)} intervals before the start hold 0. ")
    ends = after[[0, -1]] if len(after) > 1 else after
    said.append("; ".join(f"at {written(row[0], 0)}: {interval_text(*row[1:], places)}" for row in ends))
    text = "".join(said).rstrip(" ;")
    text = text.replace(". at ", ". At ")
    return text if text.endswith(".") else text + "."


def _band(axes: Axes, effects: pd.DataFrame, key: str) -> None:
    """Shade the band around effects before and from the start apart: nothing joins them."""
    for side in (effects[key] < 0, effects[key] >= 0):
        part = effects[side].dropna(subset=["band_low", "band_high"])
        if len(part):
            x = part[key].to_numpy(float)
            if len(part) == 1:
                part, x = part.loc[part.index.repeat(2)], x + np.array([-0.15, 0.15])
            axes.fill_between(x, part["band_low"], part["band_high"], color=SHADE, lw=0, zorder=1)


def _points(axes: Axes, effects: pd.DataFrame, key: str) -> None:
    x = effects[key].to_numpy(float)
    for side, colour in ((x < 0, BEFORE), (x >= 0, style.ACCENT)):
        part = effects[side]
        axes.vlines(x[side], part["ci_low"], part["ci_high"], color=colour, lw=2.0, zorder=3)
        axes.plot(x[side], part["estimate"], "o", ms=7, color=colour, lw=0, zorder=4)


def _event_axis(axes: Axes, times: np.ndarray, reference: float | None, narrow: bool) -> None:
    low, high = times.min(), times.max()
    if reference is not None and low < 0:
        low = min(low, reference)
    axes.set_xlim(low - 0.6, high + 0.6)
    whole = np.arange(math.ceil(low), math.floor(high) + 1)
    step = max(1, math.ceil(len(whole) / (8 if narrow else 16)))
    ticks = [int(t) for t in whole if t % step == 0]
    axes.set_xticks(ticks, [written(t, 0) for t in ticks])


def _event_key(canvas: Canvas, band: bool, truth: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Line2D | Patch] = [
        Line2D([], [], marker="o", ms=7, color=BEFORE, lw=2, label="before"),
        Line2D([], [], marker="o", ms=7, color=style.ACCENT, lw=2, label="after, 95 % interval"),
    ]
    if band:
        handles.append(Patch(color=SHADE, label="holds all at once"))
    if truth:
        handles.append(Line2D([], [], marker="_", ms=13, mec=TRUTH, mew=2.4, lw=0, label="true effect"))
    canvas.legend(handles=handles, loc="outside upper left", ncols=2, handlelength=1.6)


def rd_plot(
    bins: pd.DataFrame,
    lines: pd.DataFrame,
    *,
    cutoff: float,
    title: str,
    subtitle: str = "",
    source: str = "",
    x_label: str = "Poverty score",
    y_label: str = "Outcome",
    bandwidth: float | None = None,
    below_label: str = "",
    above_label: str = "",
    alt: str | None = None,
) -> Figure:
    """Draw the jump at a cut-off: means of bins on both sides, and the fitted lines whose gap is the effect.

    Parameters
    ----------
    bins
        Columns running and mean; optionally ci_low, ci_high (drawn as thin lines).
    lines
        Columns side ("below" or "above"), running, fitted.
    cutoff
        Where eligibility changes.
    bandwidth
        Shaded on both sides of the cut-off: the rows that count.
    below_label, above_label
        What the two sides are, such as "offered the transfer"; written at the top.

    Raises
    ------
    ValueError
        When a frame is empty or lacks a column, or there is no title.

    Examples
    --------
    >>> bins = pd.DataFrame({"running": [-1.0, 1.0], "mean": [3.0, 1.0]})
    >>> lines = pd.DataFrame({"side": ["below"] * 2 + ["above"] * 2, "running": [-1.0, 0.0, 0.0, 1.0],
    ...     "fitted": [3.0, 2.9, 1.1, 1.0]})
    >>> rd_plot(bins, lines, cutoff=0.0, title="Consumption falls where eligibility ends").alt
    'Outcome by poverty score: the fitted lines meet the cut-off 0 at 2.90 from below and 1.10 from above.'
    """
    bins = require(bins, ["running", "mean"], "bins").sort_values("running")
    lines = require(lines, ["side", "running", "fitted"], "lines").sort_values("running", kind="stable")

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        if bandwidth is not None:
            axes.axvspan(cutoff - bandwidth, cutoff + bandwidth, color="#eef2f5", lw=0, zorder=0)
        if {"ci_low", "ci_high"} <= set(bins.columns):
            axes.vlines(bins["running"], bins["ci_low"], bins["ci_high"], color="#c3ccd3", lw=1.2, zorder=2)
        axes.plot(bins["running"], bins["mean"], "o", ms=4.5, color=BEFORE, lw=0, zorder=3)
        for side, colour in (("below", style.ACCENT), ("above", TRUTH)):
            part = lines[lines["side"] == side]
            axes.plot(part["running"], part["fitted"], color=colour, lw=2.8, zorder=4)
        axes.axvline(cutoff, color=style.INK, lw=1.2, ls=(0, (4, 3)), zorder=1)
        axes.set_xlabel(f"{drawable(x_label)} (dashed line: cut-off {cutoff:g})".strip())
        axes.set_ylabel(drawable(y_label))
        axes.margins(y=0.12)
        _sides(axes, cutoff, below_label, above_label, narrow)

    return make(
        draw,
        inches=(4.2, 4.0),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or _said_jump(lines, cutoff, x_label, y_label),
        data=pd.concat([bins.assign(series="bin"), lines.assign(series="line")], ignore_index=True),
    )


def _said_jump(lines: pd.DataFrame, cutoff: float, x_label: str, y_label: str) -> str:
    ends = {}
    for side, part in lines.groupby("side"):
        nearest = (part["running"] - cutoff).abs().to_numpy().argmin()
        ends[side] = float(part["fitted"].iloc[nearest])
    places = decimals(list(ends.values()))
    met = " and ".join(
        f"{written(ends[side], places)} from {side}" for side in ("below", "above") if side in ends
    )
    x_words = x_label[:1].lower() + x_label[1:]
    return f"{y_label} by {x_words}: the fitted lines meet the cut-off {cutoff:g} at {met}."


def _sides(axes: Axes, cutoff: float, below: str, above: str, narrow: bool) -> None:
    """Name the two sides just beside the cut-off, at the top of the picture."""
    for text, ha, shift, colour in ((below, "right", -6, style.ACCENT), (above, "left", 6, "#a85f08")):
        if drawable(text):
            axes.annotate(
                text.replace(" ", "\n", 1) if narrow else text,
                (cutoff, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(shift, -2),
                textcoords="offset points",
                ha=ha,
                va="top",
                color=colour,
                fontweight="bold",
                zorder=6,
            )


def synthetic_path(
    paths: pd.DataFrame,
    *,
    treated_from: float,
    title: str,
    subtitle: str = "",
    source: str = "",
    unit: str = "",
    treated_label: str = "With programme",
    synthetic_label: str = "Synthetic twin",
    time_label: str = "Year",
    alt: str | None = None,
) -> Figure:
    """Draw a treated unit beside its synthetic twin; the gap after the start is the effect.

    Parameters
    ----------
    paths
        One row per period: time, treated, synthetic (outcomes); optionally untreated (what is known to have
        happened without the programme, in made-up data).
    treated_from
        First period under the programme.

    Raises
    ------
    ValueError
        When the frame is empty or lacks a column, all periods lie on one side of the start, or there is no
        title.

    Examples
    --------
    >>> paths = pd.DataFrame({"time": [2020, 2021, 2022, 2023], "treated": [10.0, 10.2, 12.0, 12.4],
    ...     "synthetic": [10.0, 10.3, 10.6, 10.8]})
    >>> synthetic_path(paths, treated_from=2022, title="The province pulls away").alt
    'Before 2022 the two lie 0.05 apart on average; from 2022 on the treated one lies 1.50 above its twin.'
    """
    paths = require(paths, ["time", "treated", "synthetic"], "paths").sort_values("time")
    time = paths["time"].to_numpy(float)
    after = time >= treated_from
    if not after.any() or after.all():
        raise ValueError(
            f"treated_from: got {treated_from:g}; allowed: within the times {time[0]:g} to {time[-1]:g}"
        )
    gap = (paths["treated"] - paths["synthetic"]).to_numpy(float)

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        last = np.flatnonzero(after)[0] - 1
        part = slice(last, None)
        axes.fill_between(time[part], paths["treated"].iloc[part], paths["synthetic"].iloc[part],
                          color="#cfe0ee", lw=0, zorder=1)  # fmt: skip
        axes.plot(time, paths["synthetic"], color=TRUTH, ls=(0, (4, 2)), zorder=3)
        axes.plot(time, paths["treated"], color=style.ACCENT, zorder=4)
        axes.axvline(treated_from - 0.5, color=style.INK, lw=1.2, ls=(0, (4, 3)), zorder=1)
        axes.set_xlim(time[0], time[-1])
        ticks = [int(t) for t in time if float(t).is_integer()]
        step = max(1, math.ceil(len(ticks) / (5 if narrow else 10)))
        axes.set_xticks(ticks[::-1][::step], [f"{t}" for t in ticks[::-1][::step]])
        axes.set_xlabel(drawable(time_label))
        axes.set_ylabel(drawable(unit))
        names = [drawable(treated_label, "With programme"), drawable(synthetic_label, "Synthetic twin")]
        names = [name.replace(" ", "\n", 1) if narrow else name for name in names]
        ends = [float(paths["treated"].iloc[-1]), float(paths["synthetic"].iloc[-1])]
        labels_right(axes, ends, names, [style.ACCENT, "#a85f08"])

    places = decimals(gap[np.isfinite(gap)])
    effect = float(np.nanmean(gap[after]))
    direction = "above" if effect >= 0 else "below"
    apart = written(float(np.nanmean(np.abs(gap[~after]))), places)
    said = (
        f"Before {treated_from:g} the two lie {apart} apart on average; from {treated_from:g} on the treated "
        f"one lies {written(abs(effect), places)} {direction} its twin."
    )
    return make(
        draw,
        inches=(4.2, 4.0),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or said,
        data=paths,
    )
