"""Charts of who gets what: Lorenz and concentration curves, and how programmes overlap."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aspfin.reporting import style
from aspfin.reporting.charts_effects import drawable, written
from aspfin.reporting.charts_indicators import decimals_of
from aspfin.reporting.figure import Figure, labels_right, make, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["lorenz_curves", "overlap_bars"]

# One colour and one way of drawing per curve, in the order in which they are given; the last ones repeat.
LINES: tuple[dict[str, Any], ...] = (
    {"color": "#0b3c6f", "ls": "-"},
    {"color": "#b45f06", "ls": (0, (6, 2))},
    {"color": "#158463", "ls": (0, (2, 1.5))},
    {"color": "#6e2f4f", "ls": (0, (6, 2, 1, 2))},
)
MOST_CURVES = 4
MOST_COMBINATIONS, MOST_PROGRAMMES = 12, 8


def lorenz_curves(
    curves: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    read_at: float = 0.4,
    people: str = "people, from the poorest",
    alt: str | None = None,
) -> Figure:
    """Draw cumulative shares against people ranked from poor to rich, with the line of equal shares.

    Parameters
    ----------
    curves
        Columns curve (its name), p (share of people, 0 to 1) and share (cumulative share, 0 to 1); optionally
        ci_low and ci_high, drawn as a band. At most four curves, in the order of first appearance.
    read_at
        Share of people at which every curve is read off and labelled.
    people
        Whom the level axis counts.

    Raises
    ------
    ValueError
        When the frame is empty, lacks a column or holds too many curves, or there is no title.

    Examples
    --------
    >>> p = [0, 0.4, 1.0]
    >>> curves = pd.DataFrame({"curve": ["transfers"] * 3 + ["welfare"] * 3, "p": p * 2,
    ...     "share": [0, 0.86, 1, 0, 0.22, 1]})
    >>> lorenz_curves(curves, title="Transfers go to the poor").alt
    'The poorest 40 % of people have 86 % of transfers and 22 % of welfare; equal shares would be 40 %.'
    """
    curves = require(curves, ["curve", "p", "share"], "curves").sort_values("p", kind="stable")
    names = list(dict.fromkeys(require(curves, ["curve"], "curves").sort_index()["curve"]))
    if len(names) > MOST_CURVES:
        raise ValueError(f"curves: got {len(names)} curves; allowed: at most {MOST_CURVES}")
    at = {name: _read_off(curves[curves["curve"] == name], read_at) for name in names}
    looks = dict(zip(names, LINES, strict=False))

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        _square(axes, people)
        for name in names:
            rows = curves[curves["curve"] == name]
            if {"ci_low", "ci_high"} <= set(rows) and rows["ci_low"].notna().all():
                axes.fill_between(rows["p"], rows["ci_low"], rows["ci_high"], alpha=0.15, lw=0,
                                  color=looks[name]["color"])  # fmt: skip
            axes.plot(rows["p"], rows["share"], **looks[name])
        axes.axvline(read_at, color=style.MUTED, lw=0.9, ls=(0, (1, 2)))
        _labels(canvas, axes, at, looks, read_at, narrow)

    said = " and ".join(f"{style.percent(share)} of {name}" for name, share in at.items())
    whom = f"The poorest {style.percent(read_at)} of people"
    return make(
        draw,
        inches=(4.4, 4.4),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or f"{whom} have {said}; equal shares would be {style.percent(read_at)}.",
        data=curves.reset_index(drop=True),
    )


def _read_off(rows: pd.DataFrame, p: float) -> float:
    return float(np.interp(p, rows["p"].to_numpy(float), rows["share"].to_numpy(float)))


def _square(axes: Axes, people: str) -> None:
    axes.set_aspect("equal")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    ticks = [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    axes.set_xticks(ticks, [f"{100 * tick:.0f}" for tick in ticks])
    axes.set_yticks(ticks, [f"{100 * tick:.0f}" for tick in ticks])
    axes.grid(axis="both")
    axes.set_xlabel(f"% of {people}")
    axes.set_ylabel("% of the total")
    axes.plot([0, 1], [0, 1], color=style.MUTED, lw=1.2)


def _labels(
    canvas: Canvas,
    axes: Axes,
    at: Mapping[str, float],
    looks: Mapping[str, Mapping[str, Any]],
    read_at: float,
    narrow: bool,
) -> None:
    """Mark what the poorest have, and write it beside the picture, or above it on a phone."""
    for name, share in at.items():
        axes.plot(read_at, share, "o", ms=6, color=looks[name]["color"], zorder=4)
    texts = [
        f"{drawable(name, f'curve {i + 1}')}: {style.percent(v)}" for i, (name, v) in enumerate(at.items())
    ]
    colours = [str(looks[name]["color"]) for name in at]
    if narrow:
        from matplotlib.lines import Line2D

        lines = [Line2D([], [], label=text, **looks[name]) for text, name in zip(texts, at, strict=True)]
        lines.append(
            Line2D([], [], color=style.MUTED, lw=1.2, label=f"equal shares: {style.percent(read_at)}")
        )
        canvas.legend(handles=lines, loc="outside upper left", handlelength=2.6,
                      title=f"Share of the poorest {style.percent(read_at)}", alignment="left")  # fmt: skip
        return
    heights = [*at.values(), read_at]
    for height in heights:
        axes.plot([read_at, 1], [height, height], color=style.MUTED, lw=0.6, ls=(0, (1, 2)), zorder=1)
    texts = [textwrap.fill(text, 24) for text in texts]
    first = f"the poorest {style.percent(read_at)} have,\nwith equal shares: {style.percent(read_at)}"
    labels_right(axes, heights, [*texts, first], [*colours, style.MUTED])


def overlap_bars(
    combinations: pd.DataFrame,
    *,
    programmes: Mapping[str, str],
    title: str,
    subtitle: str = "",
    source: str = "",
    axis_label: str = "% of people",
    alt: str | None = None,
) -> Figure:
    """Draw how many people get each combination of programmes: a column each, and dots that say which.

    Parameters
    ----------
    combinations
        One row per combination: one true-or-false column per programme, estimate, ci_low and ci_high (0 to
        1). Drawn from the most to the least frequent; a missing estimate is left out.
    programmes
        Column to name in words, in the order of the rows of dots. At most eight.

    Raises
    ------
    ValueError
        When the frame is empty, too long or lacks a column, or there is no title.

    Examples
    --------
    >>> combinations = pd.DataFrame({"cash": [True, False, True], "school": [False, True, True],
    ...     "estimate": [0.12, 0.05, 0.02], "ci_low": [0.1, 0.04, 0.01], "ci_high": [0.14, 0.06, 0.03]})
    >>> overlap_bars(combinations, programmes={"cash": "Cash transfer", "school": "School meals"},
    ...     title="Few get both").alt
    'Only Cash transfer 12 %; only School meals 5 %; Cash transfer + School meals 2 %.'
    """
    combinations = require(combinations, [*programmes, "estimate", "ci_low", "ci_high"], "combinations")
    rows = combinations.dropna(subset=["estimate"])
    order = [*programmes, "estimate"]
    rows = rows.sort_values(order, ascending=False).sort_values("estimate", ascending=False, kind="stable")
    if len(rows) > MOST_COMBINATIONS or len(programmes) > MOST_PROGRAMMES:
        found = f"{len(rows)} combinations of {len(programmes)} programmes"
        raise ValueError(
            f"combinations: got {found}; allowed: at most {MOST_COMBINATIONS} of {MOST_PROGRAMMES}"
        )
    require(rows, [], "combinations")

    def draw(canvas: Canvas, narrow: bool) -> None:
        dots = (0.5 if narrow else 0.36) * len(programmes) + 0.1
        bars, below = canvas.subplots(2, 1, sharex=True, height_ratios=[2.4, dots])
        _frequencies(bars, rows, narrow)
        bars.set_ylabel(axis_label)
        _dots(below, rows, programmes, narrow)

    said = "; ".join(_combination(row, programmes) for _, row in rows.iterrows())
    return make(
        draw,
        inches=(2.9 + 0.36 * len(programmes), 2.9 + 0.5 * len(programmes)),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or f"{said[:1].upper()}{said[1:]}.",
        data=rows,
    )


def _combination(row: pd.Series, programmes: Mapping[str, str]) -> str:
    held = [name for column, name in programmes.items() if bool(row[column])]
    who = "none" if not held else f"only {held[0]}" if len(held) == 1 else " + ".join(held)
    return f"{who} {style.percent(row['estimate'])}"


def _frequencies(axes: Axes, rows: pd.DataFrame, narrow: bool) -> None:
    values = 100 * rows[["estimate", "ci_low", "ci_high"]].to_numpy(float)
    tops = np.nanmax(values, axis=1)
    for x, (estimate, low, high) in enumerate(values):
        axes.bar(x, estimate, width=0.6, color="#7fafd3", zorder=2)
        if np.isfinite(low) and np.isfinite(high):
            axes.plot([x, x], [low, high], color=style.INK, lw=1.6, zorder=3)
        text = written(estimate, decimals_of(estimate, "%"))
        axes.annotate(text, (x, tops[x]), xytext=(0, 3), textcoords="offset points",
                      ha="center", fontweight="bold", fontsize="small" if narrow else None)  # fmt: skip
    axes.set_ylim(0, max(float(tops.max()), 1e-9) * 1.15)
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.tick_params(axis="x", length=0, labelbottom=False)


def _dots(axes: Axes, rows: pd.DataFrame, programmes: Mapping[str, str], narrow: bool) -> None:
    held = rows[list(programmes)].to_numpy(bool)
    axes.set_ylim(len(programmes) - 0.5, -0.85 if narrow else -0.5)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="both", length=0, labelbottom=False)
    for x, column in enumerate(held):
        on = np.flatnonzero(column)
        axes.plot([x] * len(column), range(len(column)), "o", ms=7, color=style.RULE, lw=0, zorder=1)
        if len(on):
            axes.plot([x, x], [on.min(), on.max()], color=style.ACCENT, lw=2.0, zorder=2)
            axes.plot([x] * len(on), on, "o", ms=8, color=style.ACCENT, lw=0, zorder=3)
    names = [drawable(name, f"programme {i + 1}") for i, name in enumerate(programmes.values())]
    if not narrow:
        axes.set_yticks(range(len(names)), [_two_lines(name) for name in names])
        return
    axes.set_yticks([])
    _above(axes, names)


def _two_lines(name: str) -> str:
    return textwrap.fill(name, 26, max_lines=2, placeholder=" …")


def _above(axes: Axes, names: Sequence[str]) -> None:
    box = {"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none"}
    for y, name in enumerate(names):
        axes.annotate(textwrap.shorten(name, 40, placeholder=" …"), (0, y - 0.3), va="bottom",
                      xycoords=("axes fraction", "data"), annotation_clip=False,
                      bbox=box, zorder=5)  # fmt: skip
