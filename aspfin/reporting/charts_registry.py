"""Charts of programme lists: who is on which (UpSet), scores in a grid, and what changes over time."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aspfin.reporting import style
from aspfin.reporting.charts_effects import drawable
from aspfin.reporting.figure import Figure, labels_right, make, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["score_grid", "time_lines", "upset"]

ONE, SEVERAL = "#b9c4cc", "#3f7fb3"  # on one list only; on several
MOST_COMBINATIONS, MOST_LISTS, MOST_LINES = 16, 10, 4
LINES: tuple[dict[str, Any], ...] = (
    {"color": style.ACCENT, "ls": "-"},
    {"color": "#b45f06", "ls": (0, (6, 2))},
    {"color": "#158463", "ls": (0, (2, 1.5))},
    {"color": "#6e2f4f", "ls": (0, (6, 2, 1, 2))},
)


def upset(
    combinations: pd.DataFrame,
    *,
    lists: Mapping[str, str],
    sizes: Mapping[str, float],
    title: str,
    subtitle: str = "",
    source: str = "",
    unit: str = "people",
    alt: str | None = None,
) -> Figure:
    """Draw how many are in each combination of lists: a column each, dots that say which, list sizes beside.

    Parameters
    ----------
    combinations
        One row per combination: one true-or-false column per list, and units (a count). Drawn from the
        largest to the smallest; a missing count is left out.
    lists
        Column to name in words, in the order of the rows of dots.
    sizes
        Column to how many are on the list.
    unit
        What is counted, for the axis.

    References
    ----------
    A. Lex et al. (2014), "UpSet: Visualization of Intersecting Sets", IEEE Transactions on Visualization and
    Computer Graphics 20(12).

    Raises
    ------
    ValueError
        When the frame is empty, too long or lacks a column, or there is no title.

    Examples
    --------
    >>> combinations = pd.DataFrame({"poor": [True, True], "cash": [False, True], "units": [120, 800]})
    >>> upset(combinations, lists={"poor": "IDPoor", "cash": "Cash"}, sizes={"poor": 920, "cash": 800},
    ...     title="Most are on both").alt
    'IDPoor + Cash: 800; only IDPoor: 120 people.'
    """
    combinations = require(combinations, [*lists, "units"], "combinations")
    rows = combinations.dropna(subset=["units"]).copy()
    rows["units"] = rows["units"].astype(float)
    rows = rows.sort_values([*lists, "units"], ascending=False)
    rows = rows.sort_values("units", ascending=False, kind="stable").reset_index(drop=True)
    if len(rows) > MOST_COMBINATIONS or len(lists) > MOST_LISTS:
        found = f"{len(rows)} combinations of {len(lists)} lists"
        allowed = f"at most {MOST_COMBINATIONS} of {MOST_LISTS}"
        raise ValueError(f"combinations: got {found}; allowed: {allowed}")
    require(rows, [], "combinations")
    names = {key: drawable(name, f"list {i + 1}") for i, (key, name) in enumerate(lists.items())}

    def draw(canvas: Canvas, narrow: bool) -> None:
        shown = rows.head(10) if narrow else rows
        dots = (0.56 if narrow else 0.36) * len(names) + 0.1
        ratios = {"height_ratios": [2.3, dots]}
        if narrow:
            bars, below = canvas.subplots(2, 1, sharex=True, **ratios)
        else:
            grid = canvas.subplots(2, 2, width_ratios=[0.26, 1], **ratios)
            grid[0][0].set_axis_off()
            bars, below = grid[0][1], grid[1][1]
            _sizes(grid[1][0], names, sizes)
        _columns(bars, shown, list(names), unit, narrow)
        _matrix(below, shown, names, sizes, narrow)
        _key(canvas)

    said = "; ".join(_said(row, names) for _, row in rows.iterrows())
    return make(
        draw,
        inches=(3.0 + 0.34 * len(lists), 3.2 + 0.5 * len(lists)),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or f"{said} {unit}.",
        data=rows[[*lists, "units"]],
    )


def _said(row: pd.Series, names: Mapping[str, str]) -> str:
    on = [name for key, name in names.items() if bool(row[key])]
    return f"{'only ' if len(on) == 1 else ''}{' + '.join(on) or 'none'}: {row['units']:,.0f}"


def _key(canvas: Canvas) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=ONE, label="on one list only"), Patch(color=SEVERAL, label="on several lists")]
    canvas.legend(handles=handles, loc="outside upper right", ncols=2, handlelength=1.2)


def _columns(axes: Axes, rows: pd.DataFrame, keys: Sequence[str], unit: str, narrow: bool) -> None:
    several = rows[list(keys)].sum(axis=1).to_numpy() > 1
    values = rows["units"].to_numpy(float)
    axes.bar(np.arange(len(rows)), values, width=0.66, color=np.where(several, SEVERAL, ONE), zorder=2)
    for x, value in enumerate(values):
        axes.annotate(f"{value:,.0f}", (x, value), xytext=(0, 3), textcoords="offset points", ha="center",
                      fontsize="small", fontweight="bold", rotation=45 if narrow else 0)  # fmt: skip
    axes.set_ylim(0, float(values.max()) * (1.25 if narrow else 1.12))
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.set_ylabel(drawable(unit).capitalize())
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.tick_params(axis="x", length=0, labelbottom=False)


def _matrix(
    axes: Axes, rows: pd.DataFrame, names: Mapping[str, str], sizes: Mapping[str, float], narrow: bool
) -> None:
    held = rows[list(names)].to_numpy(bool)
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.set_ylim(len(names) - 0.5, -0.85 if narrow else -0.5)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="both", length=0, labelbottom=False)
    axes.set_yticks([])
    for y in range(0, len(names), 2):
        axes.axhspan(y - (0.85 if narrow else 0.5), y + (0.15 if narrow else 0.5), color="#f3f6f8", zorder=0)
    if narrow:
        box = {"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none"}  # lines of dots pass behind
        for y, (key, name) in enumerate(names.items()):
            text = f"{name} ({sizes[key]:,.0f})"
            axes.text(-0.5, y - 0.46, text, ha="left", va="center", fontsize="small", zorder=6, bbox=box)
    for x, column in enumerate(held):
        on = np.flatnonzero(column)
        axes.plot([x] * len(column), range(len(column)), "o", ms=6.5, color=style.RULE, lw=0, zorder=1)
        if len(on):
            axes.plot([x, x], [on.min(), on.max()], color=style.ACCENT, lw=1.8, zorder=2)
            axes.plot([x] * len(on), on, "o", ms=7.5, color=style.ACCENT, lw=0, zorder=3)


def _sizes(axes: Axes, names: Mapping[str, str], sizes: Mapping[str, float]) -> None:
    """Draw the size of each list to the left of the dots, with its name."""
    values = [float(sizes[key]) for key in names]
    axes.barh(range(len(names)), values, height=0.62, color="#7fafd3", zorder=2)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(max(values) * 1.9 or 1.0, 0)
    axes.grid(visible=False)
    axes.spines[["bottom", "left"]].set_visible(False)
    axes.tick_params(axis="both", length=0, labelbottom=False)
    axes.set_yticks(range(len(names)), [textwrap.fill(name, 24) for name in names.values()])
    for y, value in enumerate(values):
        axes.annotate(f"{value:,.0f}", (value, y), xytext=(-3, 0), textcoords="offset points", ha="right",
                      va="center", fontsize="small")  # fmt: skip


def score_grid(
    scores: pd.DataFrame,
    *,
    columns: Mapping[str, str],
    title: str,
    subtitle: str = "",
    source: str = "",
    alt: str | None = None,
) -> Figure:
    """Draw scores from 0 to 100 as a grid: one row per list, one column per dimension, darker is better.

    Parameters
    ----------
    scores
        Column list (its name in words) and the columns named in `columns`; missing: could not be measured.
    columns
        Column to heading, in order; the last is set apart as the whole.

    Raises
    ------
    ValueError
        When the frame is empty or lacks a column, or there is no title.

    Examples
    --------
    >>> scores = pd.DataFrame({"list": ["IDPoor"], "timely": [36.0], "score": [85.0]})
    >>> score_grid(scores, columns={"timely": "Up to date", "score": "Score"}, title="Old").alt
    'IDPoor: up to date 36, score 85.'
    """
    scores = require(scores, ["list", *columns], "scores").reset_index(drop=True)
    values = scores[list(columns)].to_numpy(dtype=float)
    names = [drawable(str(name), f"list {i + 1}") for i, name in enumerate(scores["list"])]

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        _cells(axes, values, narrow)
        heads = [textwrap.fill(name, 11 if narrow else 15) for name in columns.values()]
        axes.set_xticks(range(len(heads)), heads, fontsize="x-small" if narrow else None,
                        rotation=50 if narrow else 0, ha="left" if narrow else "center")  # fmt: skip
        axes.xaxis.tick_top()
        axes.set_yticks(range(len(names)), [textwrap.fill(name, 14 if narrow else 30) for name in names])
        axes.tick_params(axis="both", length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)

    said = "; ".join(
        f"{name}: "
        + ", ".join(
            f"{head.lower()} {_cell(value)}" for head, value in zip(columns.values(), row, strict=True)
        )
        for name, row in zip(names, values, strict=True)
    )
    return make(
        draw,
        inches=(0.9 + 0.42 * len(names), 1.3 + 0.5 * len(names)),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or f"{said}.",
        data=scores[["list", *columns]],
    )


def _cell(value: float) -> str:
    # 99.6 is not 100: only what is perfect is told to be.
    return f"{min(round(value), 99) if value < 100 else 100}" if np.isfinite(value) else "not measured"


def _cells(axes: Axes, values: np.ndarray, narrow: bool) -> None:
    from matplotlib.patches import Rectangle

    edges = [60, 80, 90, 97]  # scores gather near 100: steps there are narrower
    last = values.shape[1] - 1
    for (row, column), value in np.ndenumerate(values):
        x = column + (0.12 if column == last else 0)
        if not np.isfinite(value):
            axes.text(x, row, "–", ha="center", va="center", color=style.MUTED)
            continue
        step = int(np.searchsorted(edges, value, side="right"))
        axes.add_patch(Rectangle((x - 0.48, row - 0.46), 0.96, 0.92, fc=style.SCALE[step], ec="none"))
        axes.text(x, row, _cell(value), ha="center", va="center", color="white" if step > 2 else style.INK,
                  fontweight="bold" if column == last else "normal")  # fmt: skip
    axes.set_xlim(-0.55, last + 0.65)
    axes.set_ylim(len(values) - 0.5, -0.5)


def time_lines(
    frame: pd.DataFrame,
    *,
    x: str,
    lines: Mapping[str, str],
    title: str,
    subtitle: str = "",
    source: str = "",
    x_label: str = "",
    axis_label: str = "%",
    unit: str = "%",
    markers: bool = True,
    alt: str | None = None,
) -> Figure:
    """Draw up to four lines over time or over months, each labelled with its last value.

    Parameters
    ----------
    frame
        Column `x` (a date or a number) and the columns named in `lines`; optionally, for one of them,
        <name>_low and <name>_high, drawn as a band. A missing value is a gap.
    lines
        Column to name in words.
    markers
        Mark every point: few points were measured; many follow from a formula.

    Raises
    ------
    ValueError
        When the frame is empty or lacks a column, there are too many lines, or there is no title.

    Examples
    --------
    >>> frame = pd.DataFrame({"months": [0, 12], "missed": [4.0, 11.0]})
    >>> time_lines(frame, x="months", lines={"missed": "Missed"}, title="Lists grow old").alt
    'Missed: from 4 % to 11 %.'
    """
    frame = require(frame, [x, *lines], "frame").reset_index(drop=True)
    if not 0 < len(lines) <= MOST_LINES:
        raise ValueError(f"lines: got {len(lines)}; allowed: 1 to {MOST_LINES}")
    shown = frame.dropna(subset=list(lines), how="all")
    require(shown, [], "frame")
    ends = {name: shown[name].dropna().iloc[[0, -1]].to_numpy(float) for name in lines}
    suffix = f" {unit}" if unit else ""

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        places = shown[x] if not isinstance(shown[x].iloc[0], str) else range(len(shown))
        for look, name in zip(LINES, lines, strict=False):
            axes.plot(
                places,
                shown[name].astype(float),
                lw=2.2,
                marker="o" if markers else "",
                ms=4,
                zorder=3,
                **look,
            )
            if {f"{name}_low", f"{name}_high"} <= set(shown):
                low, high = (shown[f"{name}_{end}"].astype(float) for end in ("low", "high"))
                axes.fill_between(places, low, high, color=look["color"], alpha=0.15, lw=0, zorder=1)
        axes.set_ylim(0, axes.get_ylim()[1])
        axes.set_xlabel(drawable(x_label))
        axes.set_ylabel(drawable(axis_label))
        texts = [
            f"{textwrap.fill(drawable(words), 16 if narrow else 26)}: {ends[name][1]:.0f}{suffix}"
            for name, words in lines.items()
        ]
        colours = [str(look["color"]) for look in LINES[: len(lines)]]
        labels_right(axes, [ends[name][1] for name in lines], texts, colours)

    said = "; ".join(
        f"{words}: from {ends[name][0]:.0f}{suffix} to {ends[name][1]:.0f}{suffix}"
        for name, words in lines.items()
    )
    return make(
        draw,
        inches=(3.3, 3.4),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or f"{said}.",
        data=shown,
    )
