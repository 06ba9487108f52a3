"""Charts with horizontal bars: costs, groups, and what moves the answer most."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aspfin.reporting import style
from aspfin.reporting.figure import Figure, fill, legend_top, make, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["bars_by_group", "cost_bars", "tornado"]


def _told_apart(looks: dict[str, style.Look]) -> dict[str, style.Look]:
    """Give a series that shares its colour with an earlier one a spare colour that is still free."""
    found: dict[str, style.Look] = {}
    for name, look in looks.items():
        taken = {one.colour for one in found.values()}
        free = [spare for spare in style.SPARE if spare.colour not in taken]
        if look.colour in taken and free:
            look = replace(free[0], label=look.label)
        found[name] = look
    return found


def _rows(axes: Axes, names: Sequence[str], narrow: bool) -> np.ndarray:
    """Prepare one row per name, first on top: named at the left, or above its bar on a phone."""
    places = np.arange(len(names), dtype=float)
    axes.set_ylim(len(names) - 0.5, -0.72 if narrow else -0.5)
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", length=0)
    if narrow:
        axes.set_yticks([])
        for place, name in zip(places, names, strict=True):
            axes.annotate(
                name,
                (0, place - 0.33),
                xycoords=("axes fraction", "data"),
                va="bottom",
                xytext=(1, 1),
                textcoords="offset points",
                bbox={"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none"},
                zorder=5,
            )
    else:
        axes.set_yticks(places, [textwrap.fill(name, 26) for name in names])
    return places


def _heights(rows: int) -> tuple[float, float]:
    return 0.95 + 0.46 * rows, 1.2 + 0.58 * rows


def _money(unit: str, value: float) -> str:
    if unit in ("US$", "USD"):
        return style.usd(value)
    if abs(value) >= 10 or value == round(value):
        return style.count(value)
    return f"{value:.2f}".replace("-", "−")


def cost_bars(
    costs: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    unit: str = "US$",
    labels: Mapping[str, str] | None = None,
    marker_label: str = "cost to the treasury",
    alt: str | None = None,
) -> Figure:
    """Draw what each instrument costs, in its own colour.

    Parameters
    ----------
    costs
        Columns instrument and cost (in `unit`); optionally kind (the type, hence the colour, of an instrument
        named otherwise), low and high (a range drawn as a line) and fiscal (a second cost, drawn as a diamond
        called `marker_label`).

    Raises
    ------
    ValueError
        When the frame is empty or lacks a column, or there is no title.

    Examples
    --------
    >>> costs = pd.DataFrame({"instrument": ["contingency_fund", "insurance"], "cost": [1.1, 1.5]})
    >>> cost_bars(costs, title="Insurance costs most", unit="US$ for each US$ 1 paid").alt
    'Contingency fund 1.10; Insurance 1.50 (US$ for each US$ 1 paid).'
    """
    costs = require(costs, ["instrument", "cost"], "costs")
    kinds = costs["kind"] if "kind" in costs else [None] * len(costs)
    looks = [style.instrument(str(name), kind) for name, kind in zip(costs["instrument"], kinds, strict=True)]
    names = [
        (labels or {}).get(key, look.label) for key, look in zip(costs["instrument"], looks, strict=True)
    ]
    divisor, axis_title = style.axis_scale(float(costs["cost"].abs().max()), unit)

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        places = _rows(axes, names, narrow)
        for place, look, row in zip(places, looks, costs.itertuples(), strict=True):
            axes.barh(place, row.cost / divisor, height=0.56, **fill(look))
            end = max(row.cost, getattr(row, "high", row.cost), getattr(row, "fiscal", row.cost))
            _range(axes, place, row, divisor)
            _beside(axes, end / divisor, place, f"  {_money(unit, row.cost)}")
        if "fiscal" in costs:
            axes.plot(
                costs["fiscal"] / divisor, places, "D", ms=6, mfc="white", mec=style.INK, label=marker_label
            )
            canvas.legend(loc="outside upper left")
        axes.axvline(0, color=style.MUTED, lw=1)
        axes.margins(x=0.22)
        axes.set_xlim(left=min(0.0, float(costs["cost"].min()) / divisor))
        axes.set_xlabel(axis_title)

    said = "; ".join(f"{name} {_money(unit, cost)}" for name, cost in zip(names, costs["cost"], strict=True))
    suffix = "" if unit in ("US$", "USD") else f" ({unit})"
    return make(
        draw,
        inches=_heights(len(costs)),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or f"{said}{suffix}.",
        data=costs,
    )


def _range(axes: Axes, place: float, row: Any, divisor: float) -> None:
    low, high = getattr(row, "low", None), getattr(row, "high", None)
    if low is not None and high is not None:
        axes.plot([low / divisor, high / divisor], [place] * 2, color=style.INK, lw=1.6)


def _beside(axes: Axes, x: float, y: float, text: str, *, left: bool = False) -> None:
    axes.annotate(
        text,
        (x, y),
        xytext=(-5 if left else 5, 0),
        textcoords="offset points",
        va="center",
        ha="right" if left else "left",
    )


def bars_by_group(
    groups: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    unit: str = "households",
    series: Sequence[str] = ("value",),
    labels: Mapping[str, str] | None = None,
    alt: str | None = None,
) -> Figure:
    """Draw one bar per group, in parts where there are several `series`.

    Parameters
    ----------
    groups
        Column group and one column per series (zero or more, in `unit`); for a single series optionally low
        and high, drawn as a range.
    series
        Columns to draw; several are stacked in this order. "vertical", "horizontal", "left_out" and the
        instruments have fixed colours.
    labels
        Names to show for series.

    Raises
    ------
    ValueError
        When the frame is empty or lacks a column, or there is no title.

    Examples
    --------
    >>> groups = pd.DataFrame({"group": ["1 in 5", "1 in 20"], "vertical": [20e3, 60e3],
    ...     "left_out": [9e3, 40e3]})
    >>> bars_by_group(groups, title="Most are reached", series=("vertical", "left_out")).alt
    '1 in 5: 29,000; 1 in 20: 100,000 households.'
    """
    groups = require(groups, ["group", *series], "groups")
    looks = _told_apart({name: style.instrument(name) for name in series})
    if len(series) == 1:
        looks = {series[0]: style.Look("", "#3f7fb3")} if series[0] == "value" else looks
    totals = groups[list(series)].sum(axis=1).to_numpy(float)
    divisor, axis_title = style.axis_scale(float(np.nanmax(totals)), unit)

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        places = _rows(axes, [str(name) for name in groups["group"]], narrow)
        start = np.zeros(len(groups))
        for name, look in looks.items():
            width = groups[name].to_numpy(float) / divisor
            axes.barh(places, width, left=start, height=0.56, **fill(look))
            start = start + np.nan_to_num(width)
        for place, row, total in zip(places, groups.itertuples(), totals, strict=True):
            if len(series) == 1:
                _range(axes, place, row, divisor)
            end = max(total, getattr(row, "high", total)) if len(series) == 1 else total
            _beside(axes, end / divisor, place, _money(unit, total))
        axes.margins(x=0.18)
        axes.set_xlim(left=0)
        axes.set_xlabel(axis_title)
        if len(series) > 1:
            named = {
                key: style.Look((labels or {}).get(key, look.label), look.colour, look.hatch, look.ink)
                for key, look in looks.items()
            }
            legend_top(canvas, named, columns=2 if narrow else len(named))

    said = "; ".join(
        f"{name}: {_money(unit, total)}" for name, total in zip(groups["group"], totals, strict=True)
    )
    return make(
        draw,
        inches=_heights(len(groups) + (len(series) > 1)),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or f"{said}{'' if unit in ('US$', 'USD') else ' ' + unit}.",
        data=groups,
    )


LOW, HIGH = "#92cdf2", "#0b3c6f"


def _swing(axes: Axes, place: float, row: Any, base: float, divisor: float) -> None:
    """Draw one input's two bars from the central case, the shorter on top, and name their ends."""
    ends = [(row.low, str(row.low_label), LOW), (row.high, str(row.high_label), HIGH)]
    near, far = sorted(ends, key=lambda end: abs(end[0] - base))
    for value, _, colour in (far, near):
        axes.barh(place, (value - base) / divisor, left=base / divisor, height=0.56, color=colour)
    left = far[0] < base
    _beside(axes, far[0] / divisor, place, far[1], left=left)
    # With both bars on one side, the shorter one's name stands at their root, across the line.
    same_side = near[0] == base or (near[0] < base) == left
    _beside(axes, (base if same_side else near[0]) / divisor, place, near[1], left=not left)


def tornado(
    effects: pd.DataFrame,
    *,
    base: float,
    title: str,
    subtitle: str = "",
    source: str = "",
    unit: str = "US$",
    alt: str | None = None,
) -> Figure:
    """Draw how the answer moves when one input at a time goes to its low and its high value.

    Parameters
    ----------
    effects
        Columns input, low_label, high_label (the input's two values, as text) and low, high (the answer, in
        `unit`, at each). The widest swing is drawn on top.
    base
        The answer with every input at its central value.

    Raises
    ------
    ValueError
        When the frame is empty or lacks a column, or there is no title.

    Examples
    --------
    >>> effects = pd.DataFrame({"input": ["exclusion error", "exchange rate"], "low_label": ["0.05", "4,000"],
    ...     "high_label": ["0.20", "4,200"], "low": [9e6, 10.2e6], "high": [12e6, 9.8e6]})
    >>> tornado(effects, base=10e6, title="The exclusion error matters most").data["input"].tolist()
    ['exclusion error', 'exchange rate']
    """
    effects = require(effects, ["input", "low_label", "high_label", "low", "high"], "effects")
    swing = (effects["high"] - effects["low"]).abs()
    effects = effects.loc[swing.sort_values(ascending=False, kind="stable").index]
    divisor, axis_title = style.axis_scale(float(effects[["low", "high"]].abs().to_numpy().max()), unit)

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        places = _rows(axes, [str(name) for name in effects["input"]], narrow)
        for place, row in zip(places, effects.itertuples(), strict=True):
            _swing(axes, place, row, base, divisor)
        axes.axvline(base / divisor, color=style.INK, lw=1.2)
        axes.margins(x=0.3 if narrow else 0.2)
        axes.set_xlabel(f"{axis_title}; line: central case, {_money(unit, base)}")
        from matplotlib.patches import Patch

        canvas.legend(
            handles=[Patch(color=LOW, label="lower answer"), Patch(color=HIGH, label="higher answer")],
            loc="outside upper left",
            ncols=2,
        )

    top = effects.iloc[0]
    at = [f"{_money(unit, top[end])} at {top[end + '_label']}" for end in ("low", "high")]
    said = f"Central case {_money(unit, base)}. The largest swing comes from {top['input']}: {', '.join(at)}."
    return make(
        draw,
        inches=_heights(len(effects) + 1),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or said,
        data=effects,
    )
