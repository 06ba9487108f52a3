"""Charts of ways to respond to a shock: reach, days, cost side by side; who is paid when; who is missed."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aspfin.reporting import style
from aspfin.reporting.charts_effects import drawable
from aspfin.reporting.figure import Figure, fill, legend_top, make, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["option_panels", "parts_of_whole", "share_bars"]

MOST_ROWS = 14
PANELS = (
    ("coverage", "Reached", "% of those in need"),
    ("days", "Paid from day to day", "days after the start"),
    ("cost", "Cost", ""),
)


def option_panels(
    options: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    deadline: float | None = None,
    marked: str | None = None,
    alt: str | None = None,
) -> Figure:
    """Draw options in rows: the share reached, the days of payment, and the cost, each with its range.

    Parameters
    ----------
    options
        Columns option, key (its kind, see `style.OPTIONS`), coverage, first_days, last_days, cost (US$); each
        optionally with `_low` and `_high` (of last_days the high end is drawn, of first_days the low one).
        Missing values leave their place empty.
    deadline
        Day until which a payment is on time, drawn as a line.
    marked
        Option whose name is set in bold.

    Raises
    ------
    ValueError
        When the frame is empty, too long or lacks a column, or there is no title.

    Examples
    --------
    >>> options = pd.DataFrame({"option": ["Vertical expansion"], "key": ["vertical_expansion"],
    ...     "coverage": [0.37], "first_days": [45.0], "last_days": [80.0], "cost": [1.8e6]})
    >>> option_panels(options, title="One in three is reached").alt
    'Vertical expansion: 37 % reached, paid from day 45 to day 80, US$ 1.8 million.'
    """
    needed = ["option", "key", "coverage", "first_days", "last_days", "cost"]
    options = require(options, needed, "options").reset_index(drop=True)
    if len(options) > MOST_ROWS:
        raise ValueError(f"options: got {len(options)} options; allowed: at most {MOST_ROWS}")

    def draw(canvas: Canvas, narrow: bool) -> None:
        shape = {"nrows": 3} if narrow else {"ncols": 3, "width_ratios": [1, 1.1, 1.1]}
        panels = canvas.subplots(**shape)
        for place, (axes, (what, head, unit)) in enumerate(zip(panels, PANELS, strict=True)):
            _rows(axes, options["option"], narrow, marked, named=narrow or place == 0)
            above = 14 if deadline is not None else 6
            axes.set_title(head, loc="left", fontweight="bold", color=style.INK, fontsize="medium", pad=above)
            _PANEL[what](axes, options)
            axes.set_xlabel(axes.get_xlabel() or unit)
            if what == "days" and deadline is not None:
                axes.axvline(deadline, color=style.ALERT, lw=1.1, ls=(0, (4, 3)), zorder=1)
                axes.annotate(f"day {deadline:g}", (deadline, 1), xycoords=("data", "axes fraction"),
                              xytext=(3, 1), textcoords="offset points", color=style.ALERT,
                              fontsize="small", va="bottom")  # fmt: skip

    rows = len(options)
    return make(
        draw,
        inches=(1.1 + 0.48 * rows, 3 * (0.85 + 0.5 * rows)),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or " ".join(_option_said(row) for row in options.to_dict("records")),
        data=options,
    )


def _option_said(row: Mapping[str, Any]) -> str:
    days = (
        "nobody paid" if math.isnan(row["first_days"])
        else f"paid from day {row['first_days']:.0f} to day {row['last_days']:.0f}"
    )  # fmt: skip
    return f"{row['option']}: {style.percent(row['coverage'])} reached, {days}, {style.usd(row['cost'])}."


def _rows(axes: Axes, names: Sequence[str], narrow: bool, marked: str | None, *, named: bool) -> None:
    axes.set_ylim(len(names) - 0.5, -0.75 if narrow else -0.55)
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", length=0)
    axes.set_yticks([])
    for place, name in enumerate(names) if named else ():
        weight = "bold" if name == marked else "normal"
        text = drawable(str(name), f"row {place + 1}")
        if narrow:
            back = {"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none"}
            axes.annotate(text, (0, place - 0.3), xycoords=("axes fraction", "data"), va="bottom",
                          fontweight=weight, annotation_clip=False, zorder=6, bbox=back)  # fmt: skip
        else:
            axes.annotate(textwrap.fill(text, 22), (0, place), xycoords=("axes fraction", "data"),
                          xytext=(-8, 0), textcoords="offset points", va="center", ha="right",
                          fontweight=weight, linespacing=1.0, annotation_clip=False)  # fmt: skip


def _range(axes: Axes, low: float, high: float, y: float) -> None:
    if math.isfinite(low) and math.isfinite(high):
        axes.plot([low, high], [y, y], color=style.INK, lw=1.3, zorder=4)


def _beside(axes: Axes, x: float, y: float, text: str) -> None:
    back = {"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.85}
    axes.annotate(text, (x, y), xytext=(5, 0), textcoords="offset points", va="center",
                  fontweight="bold", color=style.INK, zorder=5, bbox=back)  # fmt: skip


def _bars(axes: Axes, options: pd.DataFrame, name: str, scale: float, write: Callable[[float], str]) -> None:
    ends = [0.0]
    for place, row in enumerate(options.to_dict("records")):
        value = row[name] * scale
        if not math.isfinite(value):
            continue
        axes.barh(place, value, height=0.5, **fill(style.response_option(row["key"])))
        low, high = (row.get(f"{name}_{end}", math.nan) * scale for end in ("low", "high"))
        _range(axes, low, high, place)
        ends.append(max(value, high if math.isfinite(high) else value))
        _beside(axes, ends[-1], place, write(row[name]))
    axes.set_xlim(0, max(ends) * 1.36 or 1.0)


def _coverage(axes: Axes, options: pd.DataFrame) -> None:
    _bars(axes, options, "coverage", 100.0, style.percent)
    axes.set_xlim(0, max(axes.get_xlim()[1], 20.0))
    axes.set_xticks([tick for tick in (0, 25, 50, 75, 100) if tick <= axes.get_xlim()[1]])


def _cost(axes: Axes, options: pd.DataFrame) -> None:
    divisor, unit = style.axis_scale(float(np.nanmax(options["cost"].to_numpy(float), initial=0.0)))
    _bars(axes, options, "cost", 1 / divisor, lambda value: style.number(value / divisor, 2))
    axes.set_xlabel(unit)


def _days(axes: Axes, options: pd.DataFrame) -> None:
    last = [1.0]
    for place, row in enumerate(options.to_dict("records")):
        first, end = row["first_days"], row["last_days"]
        if not (math.isfinite(first) and math.isfinite(end)):
            axes.annotate("nobody paid", (0, place), xytext=(5, 0), textcoords="offset points", va="center",
                          color=style.MUTED)  # fmt: skip
            continue
        look = style.response_option(row["key"])
        axes.barh(place, end - first, left=first, height=0.5, **fill(look))
        _range(axes, row.get("first_days_low", math.nan), row.get("last_days_high", math.nan), place)
        high = row.get("last_days_high", math.nan)
        last.append(high if math.isfinite(high) else end)
        _beside(axes, last[-1], place, f"{first:.0f}–{end:.0f}")
    axes.set_xlim(0, max(last) * 1.36)


_PANEL = {"coverage": _coverage, "days": _days, "cost": _cost}

# Parts of a whole of households: paid on time, later, not for want of money, not reached.
PARTS: Mapping[str, style.Look] = {
    "on_time": style.Look("paid on time", "#0b3c6f"),
    "late": style.Look("paid later", "#92cdf2", ink=style.INK),
    "never_funded": style.Look("reached, but no money", "#f6d155", "..", ink=style.INK),
    "never": style.Look("never paid", "#ffffff", "////", ink=style.ALERT),
}


def parts_of_whole(
    wholes: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    series: Sequence[str] = ("on_time", "late", "never"),
    labels: Mapping[str, str] | None = None,
    axis_label: str = "% of households in need",
    alt: str | None = None,
) -> Figure:
    """Draw wholes of 100 % split into parts, the share written on each part wide enough.

    Parameters
    ----------
    wholes
        Column group and one column per part, 0 to 1; a part that is missing counts as none.
    series
        Parts from left to right: on_time, late, never_funded, never.
    labels
        Words for the parts in the key.

    Raises
    ------
    ValueError
        When the frame is empty, too long or lacks a column, or there is no title.

    Examples
    --------
    >>> wholes = pd.DataFrame({"group": ["Vertical expansion"], "on_time": [0.37], "late": [0.0],
    ...     "never": [0.63]})
    >>> parts_of_whole(wholes, title="Two in three are never paid").alt
    'Vertical expansion: paid on time 37 %, paid later 0 %, never paid 63 %.'
    """
    wholes = require(wholes, ["group", *series], "wholes").reset_index(drop=True)
    if len(wholes) > MOST_ROWS:
        raise ValueError(f"wholes: got {len(wholes)} groups; allowed: at most {MOST_ROWS}")
    looks = {name: _named(PARTS[name], (labels or {}).get(name)) for name in series}
    shares = np.nan_to_num(wholes[list(series)].to_numpy(float))

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        _rows(axes, wholes["group"], narrow, None, named=True)
        axes.grid(visible=False)
        left = np.zeros(len(wholes))
        for column, look in enumerate(looks.values()):
            width = 100 * shares[:, column]
            axes.barh(np.arange(len(wholes)), width, left=left, height=0.52, **fill(look))
            for place, (start, size) in enumerate(zip(left, width, strict=True)):
                if size >= (11 if narrow else 7):
                    box = {"boxstyle": "square,pad=0.12", "fc": look.colour, "ec": "none"}
                    axes.text(start + size / 2, place, f"{size:.0f}", ha="center", va="center",
                              color=look.ink, fontweight="bold", bbox=box)  # fmt: skip
            left = left + width
        axes.set_xlim(0, 100)
        axes.set_xlabel(textwrap.fill(axis_label, 40 if narrow else 90))
        legend_top(canvas, looks, columns=2 if narrow else len(looks))

    said = "; ".join(
        f"{name}: " + ", ".join(f"{look.label} {style.percent(share)}"
                                for look, share in zip(looks.values(), row, strict=True))
        for name, row in zip(wholes["group"], shares, strict=True)
    )  # fmt: skip
    rows = len(wholes)
    return make(
        draw,
        inches=(1.1 + 0.42 * rows, 1.5 + 0.55 * rows),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or f"{said}.",
        data=wholes,
    )


def _named(look: style.Look, label: str | None) -> style.Look:
    return style.Look(label or look.label, look.colour, look.hatch, look.ink)


def share_bars(
    groups: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    look: style.Look = PARTS["never"],
    reference: float | None = None,
    reference_label: str = "all",
    axis_label: str = "",
    alt: str | None = None,
) -> Figure:
    """Draw one bar per group for a share of it, with a line for everybody.

    Parameters
    ----------
    groups
        Columns group and value (0 to 1).
    look
        How the bars are filled.
    reference, reference_label
        The share of everybody, and its name.

    Raises
    ------
    ValueError
        When the frame is empty, too long or lacks a column, or there is no title.

    Examples
    --------
    >>> groups = pd.DataFrame({"group": ["on the register", "not on it"], "value": [0.18, 1.0]})
    >>> share_bars(groups, title="Nobody off the register is paid").alt
    'on the register: 18 %; not on it: 100 %.'
    """
    groups = require(groups, ["group", "value"], "groups").reset_index(drop=True)
    if len(groups) > 2 * MOST_ROWS:
        raise ValueError(f"groups: got {len(groups)} groups; allowed: at most {2 * MOST_ROWS}")

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        _rows(axes, groups["group"], narrow, None, named=True)
        for place, value in enumerate(groups["value"].to_numpy(float)):
            if not math.isfinite(value):
                continue
            axes.barh(place, 100 * value, height=0.46, **fill(look))
            _beside(axes, 100 * value, place, style.percent(value))
        axes.set_xlim(0, max(25.0, 118 * float(np.nanmax(groups["value"].to_numpy(float)))))
        axes.set_xticks([tick for tick in (0, 20, 40, 60, 80, 100) if tick <= axes.get_xlim()[1]])
        axes.set_xlabel(textwrap.fill(axis_label, 40 if narrow else 90))
        if reference is not None and math.isfinite(reference):
            axes.axvline(100 * reference, color=style.INK, lw=1.2, ls=(0, (4, 3)), zorder=1)
            axes.annotate(f"{reference_label}: {style.percent(reference)}", (100 * reference, 1),
                          xycoords=("data", "axes fraction"), xytext=(3, 1), textcoords="offset points",
                          va="bottom", fontsize="small")  # fmt: skip

    said = "; ".join(
        f"{name}: {style.percent(value)}"
        for name, value in zip(groups["group"], groups["value"].astype(float), strict=True)
    )
    rows = len(groups)
    return make(
        draw,
        inches=(0.95 + 0.36 * rows, 1.0 + 0.52 * rows),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or f"{said}.",
        data=groups,
    )
