"""The specification curve: what every defensible choice of the analyst would have found."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.reporting import style
from aspfin.reporting.charts_effects import NEEDED, TRUTH, decimals, drawable, limits, written
from aspfin.reporting.figure import Figure, make, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["specification_curve"]

MOST_CHOICES = 24
HOLDS = "#9aa9b5"


def specification_curve(
    specifications: pd.DataFrame,
    *,
    choices: Sequence[str] | pd.DataFrame,
    title: str,
    subtitle: str = "",
    source: str = "",
    unit: str = "",
    reference: float = 0.0,
    alt: str | None = None,
) -> Figure:
    """Draw every specification's estimate in order of size, and below it what was chosen in each.

    Parameters
    ----------
    specifications
        One row per specification: estimate, ci_low, ci_high; optionally preferred (True for the one of the
        report). Rows without an estimate are left out and counted.
    choices
        Columns of `specifications` whose values are shown as dots, one line per value; or, row by row, a
        frame of True and False with a column (choice, value) per line, as the `choices()` of a specification
        curve. What never varies is left out, and so is what goes beyond 24 lines.

    Raises
    ------
    ValueError
        When no row has an estimate, a column is missing, or there is no title.

    Examples
    --------
    >>> rows = pd.DataFrame({"estimate": [1.0, 0.6], "ci_low": [0.2, -0.2], "ci_high": [1.8, 1.4],
    ...     "controls": ["none", "baseline"]})
    >>> specification_curve(rows, choices=["controls"], title="The sign holds in both").alt
    '2 specifications: estimates from 0.60 to 1.00, median 0.80; 1 of 2 intervals leave out 0.'
    """
    given = require(specifications, NEEDED, "specifications").reset_index(drop=True)
    frame = require(given.dropna(subset=["estimate"]), [], "specifications, those with an estimate")
    frame = frame.sort_values("estimate", kind="stable")
    lines = [(*name, made[frame.index]) for *name, made in _choice_lines(given, choices)]
    missing, frame = len(given) - len(frame), frame.reset_index(drop=True)

    def draw(canvas: Canvas, narrow: bool) -> None:
        top, below = _curve_axes(canvas, len(lines), narrow)
        _curve(top, frame, reference)
        top.set_ylabel(f"Effect ({unit})" if drawable(unit) and not narrow else "Effect")
        if below is not None:
            _choice_dots(below, lines, narrow)
        (below or top).set_xlabel("Specifications, by size of estimate")
        _curve_key(canvas, "preferred" in frame, narrow)

    values = frame["estimate"].to_numpy(float)
    places = decimals(values)
    low, high = frame["ci_low"].to_numpy(float), frame["ci_high"].to_numpy(float)
    apart = int(((low > reference) | (high < reference)).sum())
    left_out = f" {missing} could not be estimated." if missing else ""
    said = (
        f"{len(frame)} specifications: estimates from {written(values[0], places)} to "
        f"{written(values[-1], places)}, median {written(float(np.median(values)), places)}; {apart} of "
        f"{len(frame)} intervals leave out {reference:g}.{left_out}"
    )
    height = 0.23 * len(lines) + 0.16 * len({choice for choice, _, _ in lines})
    return make(
        draw,
        inches=(3.0 + height, 3.3 + height),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or said,
        data=frame,
    )


def _choice_lines(
    frame: pd.DataFrame, choices: Sequence[str] | pd.DataFrame
) -> list[tuple[str, str, np.ndarray]]:
    """Return (choice, value, rows that made it) of every line of dots."""
    if isinstance(choices, pd.DataFrame):
        if len(choices) != len(frame):
            raise ValueError(
                f"choices: got {len(choices)} rows; allowed: one per specification, {len(frame)}"
            )
        lines = [
            (*map(str, name if isinstance(name, tuple) else ("", name)), choices.iloc[:, i].to_numpy(bool))
            for i, name in enumerate(choices.columns)
        ]
    else:
        texts = require(frame, choices, "specifications")[list(choices)].astype(str)
        lines = [
            (name, one, (texts[name] == one).to_numpy())
            for name in choices
            for one in sorted(set(texts[name]))
        ]
    return [line for line in lines if line[2].any() and not line[2].all()][:MOST_CHOICES]


def _curve_axes(canvas: Canvas, lines: int, narrow: bool) -> tuple[Axes, Axes | None]:
    if not lines:
        return canvas.subplots(), None
    ratio = 0.13 * lines if narrow else 0.12 * lines
    top, below = canvas.subplots(2, 1, sharex=True, height_ratios=[1, max(ratio, 0.35)])
    return top, below


def _curve(axes: Axes, frame: pd.DataFrame, reference: float) -> None:
    order = np.arange(len(frame))
    low, high = frame["ci_low"].to_numpy(float), frame["ci_high"].to_numpy(float)
    apart = (low > reference) | (high < reference)
    main = frame["preferred"].eq(True).to_numpy() if "preferred" in frame else np.zeros(len(frame), bool)
    width = float(np.clip(160 / len(frame), 0.6, 2.0))
    bottom, top = limits(frame, reference)
    axes.set_ylim(bottom, top)
    for keep, colour in ((~apart, HOLDS), (apart, style.ACCENT)):
        axes.vlines(order[keep], np.maximum(low, bottom)[keep], np.minimum(high, top)[keep], color=colour,
                    lw=width, alpha=0.65)  # fmt: skip
        axes.plot(order[keep], frame["estimate"][keep], "o", ms=2.5 + width, color=colour, lw=0)
    axes.plot(order[main], frame["estimate"][main], "D", ms=7, mfc="white", mec=TRUTH, mew=2, zorder=5)
    axes.axhline(reference, color=style.MUTED, lw=1.2)
    axes.set_xlim(-0.8, len(frame) - 0.2)
    axes.tick_params(axis="x", length=0, labelbottom=False)


def _curve_key(canvas: Canvas, main: bool, narrow: bool) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker="o", ms=4, color=style.ACCENT, lw=2, label="interval leaves out the line"),
        Line2D([], [], marker="o", ms=4, color=HOLDS, lw=2, label="interval holds it"),
    ]
    if main:
        handles.append(
            Line2D([], [], marker="D", ms=6, mfc="white", mec=TRUTH, mew=2, lw=0, label="main specification")
        )
    canvas.legend(handles=handles, loc="outside upper left", ncols=1 if narrow else 3, handlelength=1.4)


def _choice_dots(axes: Axes, lines: list[tuple[str, str, np.ndarray]], narrow: bool) -> None:
    """Draw a dot where a specification has the value of the line; a gap between one choice and the next."""
    width = float(np.clip((90 if narrow else 160) / len(lines[0][2]), 1.2, 5.0))
    place, ticks, names, before = 0.0, [], [], lines[0][0]
    for choice, value, made in lines:
        place += 1.0 + 0.6 * (choice != before)
        before = choice
        chosen = np.flatnonzero(made)
        mark = {"marker": "s", "ms": width} if width > 2 else {"marker": "|", "ms": 6, "mew": 0.7}
        axes.plot(chosen, np.full(len(chosen), place), color=style.INK, lw=0, **mark)
        label = ": ".join(part.replace("_", " ") for part in (choice, value) if part)
        label = drawable(label, f"choice {len(names) + 1}")
        ticks.append(place)
        names.append(textwrap.shorten(label, 22 if narrow else 42, placeholder="…"))
    axes.set_ylim(place + 0.7, 0.3)
    axes.set_yticks(ticks, names)
    axes.grid(axis="y", lw=0.5)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", length=0, labelbottom=False)
