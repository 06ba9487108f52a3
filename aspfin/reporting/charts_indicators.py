"""Charts of indicators by group: columns with intervals, errors of targeting, before and after."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aspfin.reporting import style
from aspfin.reporting.charts_effects import drawable, written
from aspfin.reporting.figure import Figure, fill, labels_right, make, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["before_after", "columns_by_group", "split_bars"]

COLUMN, TRUTH = "#7fafd3", "#d67a0c"
NEEDED = ["estimate", "ci_low", "ci_high"]
MOST_GROUPS = 12


def decimals_of(value: float, unit: str) -> int:
    """Return how many decimals a figure is written with: none from 10 % on, or from 100 on without per cent.

    Examples
    --------
    >>> decimals_of(70.1, "%"), decimals_of(3.2, "%"), decimals_of(1391.4, "riel"), decimals_of(0.36, "")
    (0, 1, 0, 2)
    """
    size = abs(value)
    if unit == "%":
        return 0 if size >= 9.95 or size == 0 else 1
    return 0 if size >= 100 else 1 if size >= 10 else 2


def figure_text(value: float, unit: str) -> str:
    """Return a figure as written in a chart, with the sign of per cent.

    Examples
    --------
    >>> figure_text(70.1, "%"), figure_text(0.4, "%"), figure_text(float("nan"), "%")
    ('70 %', '0.4 %', 'not shown')
    """
    if not math.isfinite(value):
        return "not shown"
    text = written(value, decimals_of(value, unit))
    return f"{text} %" if unit == "%" else text


def columns_by_group(
    groups: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    unit: str = "%",
    axis_label: str = "",
    group_label: str = "",
    reference: float | None = None,
    reference_label: str = "",
    truth_label: str = "true value",
    alt: str | None = None,
) -> Figure:
    """Draw one column per group in the order given, with its interval and its value.

    Parameters
    ----------
    groups
        Columns group, estimate, ci_low, ci_high (in `unit`; per cent as 0 to 100); optionally truth, a known
        true value drawn as a level bar. A missing estimate keeps its place and is marked as not shown.
    axis_label, group_label
        Titles of the upright and of the level axis.
    reference, reference_label
        A level line, such as the share of everybody, and what it is; its value is written below.

    Raises
    ------
    ValueError
        When the frame is empty, too long or lacks a column, or there is no title.

    Examples
    --------
    >>> groups = pd.DataFrame({"group": ["poorest", "richest"], "estimate": [70.0, 2.0],
    ...     "ci_low": [58.0, 0.5], "ci_high": [80.0, 5.0]})
    >>> columns_by_group(groups, title="Most of the poorest are covered").alt
    'poorest: 70 % (58 to 80); richest: 2.0 % (0.5 to 5.0).'
    """
    groups = require(groups, ["group", *NEEDED], "groups").reset_index(drop=True)
    if len(groups) > MOST_GROUPS:
        raise ValueError(f"groups: got {len(groups)} groups; allowed: at most {MOST_GROUPS}")
    names = [drawable(str(name), f"group {i + 1}") for i, name in enumerate(groups["group"])]

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        top = _columns(axes, groups, [figure_text(v, unit) for v in groups["estimate"]], narrow)
        width = 11 if narrow else 16
        upright = narrow and len(names) > 5 and max(map(len, names)) > 3  # no room side by side
        axes.set_xticks(range(len(names)), [textwrap.fill(name, width) for name in names],
                        rotation=90 if upright else 0)  # fmt: skip
        axes.tick_params(axis="x", length=0)
        axes.set_ylim(0, max(top, reference or 0.0) * (1.1 if narrow else 1.08) or 1.0)
        axes.set_xlabel(textwrap.fill(drawable(group_label), 38 if narrow else 90))
        axes.set_ylabel(drawable(axis_label))
        if reference is not None:
            axes.axhline(reference, color=style.INK, lw=1.2, ls=(0, (4, 3)), zorder=2)
            text = f"{textwrap.fill(reference_label, 12)}\n{figure_text(reference, unit)}".strip()
            labels_right(axes, [reference], [text], [style.INK])
        if "truth" in groups:
            _truth_key(canvas, truth_label)

    said = "; ".join(
        f"{name}: " + _said(*row, unit)
        for name, row in zip(groups["group"], groups[NEEDED].to_numpy(float), strict=True)
    )
    return make(
        draw,
        inches=(3.9, 3.6),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or f"{said}" + ("." if unit == "%" else f" ({unit})."),
        data=groups,
    )


def _said(estimate: float, low: float, high: float, unit: str) -> str:
    text = figure_text(estimate, unit)
    if not (math.isfinite(low) and math.isfinite(high)):
        return text
    low_text, high_text = (written(end, decimals_of(end, unit)) for end in (low, high))
    return f"{text} ({low_text} to {high_text})"


def _columns(axes: Axes, groups: pd.DataFrame, texts: list[str], narrow: bool) -> float:
    """Draw the columns with their intervals and figures; return how high they reach."""
    reach = np.nan_to_num(groups[NEEDED].to_numpy(float)).max(axis=1)
    if "truth" in groups:
        reach = np.fmax(reach, groups["truth"].to_numpy(float))
    top = float(reach.max())
    for place, row in groups.iterrows():
        x = float(place)  # type: ignore[arg-type]
        if math.isnan(row["estimate"]):
            axes.text(x, top * 0.02, "–", ha="center", va="bottom", color=style.MUTED)
            continue
        axes.bar(x, row["estimate"], width=0.72, color=COLUMN, zorder=2)
        if math.isfinite(row["ci_low"]) and math.isfinite(row["ci_high"]):
            axes.plot([x, x], [row["ci_low"], row["ci_high"]], color=style.INK, lw=1.6, zorder=3)
        if not math.isnan(row.get("truth", math.nan)):
            axes.plot([x - 0.3, x + 0.3], [row["truth"]] * 2, color=TRUTH, lw=2.6, zorder=4)
        size = "small" if narrow and len(groups) > 6 else None
        text = texts[int(x)].removesuffix(" %") if narrow and len(groups) > 6 else texts[int(x)]
        box = {"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none"}  # a level line may cross the figure
        axes.annotate(text, (x, reach[int(x)]), xytext=(0, 3), textcoords="offset points", ha="center",
                      va="bottom", fontweight="bold", fontsize=size, zorder=6, bbox=box)  # fmt: skip
    axes.set_xlim(-0.6, len(groups) - 0.4)
    return top


def _truth_key(canvas: Canvas, label: str) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    bar = Patch(color=COLUMN, label="estimate, with 95 % interval")
    truth = Line2D([], [], color=TRUTH, lw=2.6, label=drawable(label, "true value"))
    canvas.legend(handles=[bar, truth], loc="outside upper left", ncols=2, handlelength=1.4)


PARTS = (style.Look("", style.ACCENT), style.GROUPS["left_out"])


def split_bars(
    parts: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    alt: str | None = None,
) -> Figure:
    """Draw wholes split in two, each named above its bar: those reached and those missed, say.

    Parameters
    ----------
    parts
        Columns whole (whom the bar stands for, with its size in words), left and right (what the parts are),
        estimate, ci_low, ci_high (the left part, 0 to 1; its interval is drawn where the two meet).

    Raises
    ------
    ValueError
        When the frame is empty or lacks a column, there is no title, or a share is outside 0 to 1.

    Examples
    --------
    >>> parts = pd.DataFrame({"whole": ["1 million poor people"], "left": ["reached"], "right": ["missed"],
    ...     "estimate": [0.67], "ci_low": [0.45], "ci_high": [0.89]})
    >>> split_bars(parts, title="One poor person in three is missed").alt
    '1 million poor people: reached 67 %, missed 33 % (interval of the first 45 % to 89 %).'
    """
    parts = require(parts, ["whole", "left", "right", *NEEDED], "parts").reset_index(drop=True)
    shares = parts["estimate"].to_numpy(float)
    if ((shares < 0) | (shares > 1)).any():
        raise ValueError(f"parts: got a share of {shares.min():g} to {shares.max():g}; allowed: 0 to 1")
    left, right = PARTS

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        axes.set_axis_off()
        axes.set_xlim(0, 1)
        axes.set_ylim(len(parts) - 0.28, -0.62)
        for place, row in parts.iterrows():
            y, share = float(place), float(row["estimate"])  # type: ignore[arg-type]
            axes.text(0, y - 0.42, drawable(str(row["whole"]), f"row {int(y) + 1}"), fontweight="bold")
            if math.isnan(share):
                axes.text(0, y + 0.05, "not shown", color=style.MUTED)
                continue
            axes.barh(y + 0.1, share, height=0.3, **fill(left))
            axes.barh(y + 0.1, 1 - share, left=share, height=0.3, **fill(right))
            if math.isfinite(row["ci_low"]) and math.isfinite(row["ci_high"]):
                axes.plot([row["ci_low"], row["ci_high"]], [y + 0.33] * 2, color=style.INK, lw=1.6,
                          marker="|", ms=6)  # fmt: skip
            axes.text(0, y - 0.1, f"{row['left']} {style.percent(share)}", color=left.colour)
            words = f"{row['right']} {style.percent(1 - share)}"
            axes.text(1, y - 0.1, words, color=right.ink, ha="right")

    said = "; ".join(
        f"{row.whole}: not shown"
        if math.isnan(row.estimate)
        else f"{row.whole}: {row.left} {style.percent(row.estimate)}, {row.right} "
        f"{style.percent(1 - row.estimate)} (interval of the first {style.percent(row.ci_low)} to "
        f"{style.percent(row.ci_high)})"
        for row in parts.itertuples()
    )
    height = 0.35 + 0.82 * len(parts)
    return make(
        draw,
        inches=(height, height),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or f"{said}.",
        data=parts,
    )


def change_text(value: float, unit: str) -> str:
    """Return a figure beside what it was: per cent with one decimal throughout, as changes are small."""
    return f"{written(value, 1)} %" if unit == "%" else figure_text(value, unit)


def before_after(
    groups: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    unit: str = "%",
    axis_label: str = "",
    before_label: str = "before",
    after_label: str = "after",
    alt: str | None = None,
) -> Figure:
    """Draw for each group where it was and where it is, joined by an arrow.

    Parameters
    ----------
    groups
        Columns group, before, after (in `unit`; per cent as 0 to 100). A missing value keeps its row.

    Raises
    ------
    ValueError
        When the frame is empty or lacks a column, or there is no title.

    Examples
    --------
    >>> groups = pd.DataFrame({"group": ["all", "rural"], "before": [6.1, 8.0], "after": [4.2, 5.9]})
    >>> before_after(groups, title="Poverty falls by a third").alt
    'all: from 6.1 % to 4.2 %; rural: from 8.0 % to 5.9 %.'
    """
    groups = require(groups, ["group", "before", "after"], "groups").reset_index(drop=True)
    values = groups[["before", "after"]].to_numpy(float)
    texts = [
        "not shown" if np.isnan(row).any()
        else f"{change_text(row[0], unit).removesuffix(' %')} → {change_text(row[1], unit)}" for row in values
    ]  # fmt: skip

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        _before_after_rows(axes, groups, texts, narrow)
        axes.set_xlim(0, float(np.nanmax(values, initial=1e-9)) * 1.05)
        axes.set_xlabel(textwrap.fill(drawable(axis_label), 38 if narrow else 90))
        _before_after_key(canvas, before_label, after_label)

    said = "; ".join(
        f"{name}: not shown" if np.isnan(row).any()
        else f"{name}: from {change_text(row[0], unit)} to {change_text(row[1], unit)}"
        for name, row in zip(groups["group"], values, strict=True)
    )  # fmt: skip
    return make(
        draw,
        inches=(1.25 + 0.36 * len(groups), 1.3 + 0.52 * len(groups)),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or f"{said}" + ("." if unit == "%" else f" ({unit})."),
        data=groups,
    )


def _before_after_rows(axes: Axes, groups: pd.DataFrame, texts: list[str], narrow: bool) -> None:
    axes.set_ylim(len(groups) - 0.4, -0.8 if narrow else -0.6)
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", length=0)
    axes.set_yticks([])
    beside = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "annotation_clip": False}
    for place, row in groups.iterrows():
        y = float(place)  # type: ignore[arg-type]
        name = textwrap.fill(drawable(str(row["group"]), f"row {int(y) + 1}"), 26)
        if narrow:
            axes.annotate(name, (0, y - 0.2), xytext=(0, 0), va="bottom", **beside)
            axes.annotate(texts[int(y)], (1, y - 0.2), xytext=(0, 0), va="bottom", ha="right", **beside)
        else:
            axes.annotate(name, (0, y), xytext=(-8, 0), va="center", ha="right", **beside)
            axes.annotate(texts[int(y)], (1, y), xytext=(8, 0), va="center", **beside)
        if math.isnan(row["before"]) or math.isnan(row["after"]):
            continue
        line = {"arrowstyle": "-|>", "color": style.MUTED, "lw": 1.4, "shrinkA": 4, "shrinkB": 4}
        axes.annotate("", (row["after"], y), (row["before"], y), arrowprops=line, zorder=2)
        axes.plot(row["before"], y, "o", ms=8, mfc="white", mec=style.ACCENT, mew=1.8, zorder=3)
        axes.plot(row["after"], y, "o", ms=8, color=style.ACCENT, zorder=4)


def _before_after_key(canvas: Canvas, before: str, after: str) -> None:
    from matplotlib.lines import Line2D

    look: dict[str, Any] = {"marker": "o", "ms": 8, "lw": 0, "mec": style.ACCENT}
    first = Line2D([], [], mfc="white", mew=1.8, label=drawable(before, "before"), **look)
    second = Line2D([], [], mfc=style.ACCENT, label=drawable(after, "after"), **look)
    canvas.legend(handles=[first, second], loc="outside upper left", ncols=2, handletextpad=0.2)
