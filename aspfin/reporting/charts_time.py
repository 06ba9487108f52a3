"""Chart of when the money arrives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.reporting import style
from aspfin.reporting.charts_layers import relabelled
from aspfin.reporting.figure import Figure, fill, labels_right, legend_top, make, readable, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["timeline"]


def timeline(
    timing: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    labels: Mapping[str, str] | None = None,
    alt: str | None = None,
) -> Figure:
    """Draw when the money arrives: the share of need met by each day after the shock, by instrument.

    Parameters
    ----------
    timing
        Columns instrument, days (to cash) and share (of need, 0 to 1); optionally kind (the type, hence the
        colour, of an instrument named otherwise). What is missing to 1 is unmet need.

    Raises
    ------
    ValueError
        When the frame is empty or lacks a column, or a share or its sum lies outside 0 to 1.

    Examples
    --------
    >>> timing = pd.DataFrame({"instrument": ["contingency_fund", "donor_aid"], "days": [14, 180],
    ...     "share": [0.6, 0.2]})
    >>> timeline(timing, title="Six tenths of the need is met within a month").alt
    'Share of need met: 60 % after 14 days, 80 % after 180 days; 20 % is never met.'
    """
    timing = require(timing, ["instrument", "days", "share"], "timing").sort_values("days", kind="stable")
    shares = timing["share"].to_numpy(float)
    if not np.isfinite(shares).all() or shares.min() < 0 or shares.sum() > 1 + 1e-9:
        raise ValueError(f"timing: got shares {shares.tolist()}; allowed: 0 to 1, at most 1 together")
    timing = timing[shares > 0]
    unmet = max(0.0, 1 - shares.sum())
    kinds = dict(zip(timing["instrument"], timing["kind"], strict=True)) if "kind" in timing else {}
    looks = {
        name: relabelled(style.instrument(name, kinds.get(name)), (labels or {}).get(name))
        for name in timing["instrument"]
    }

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        end = max(365.0, float(timing["days"].max() * 1.1) if len(timing) else 0.0)
        places = _steps(axes, timing, looks, unmet, end)
        _days_axis(axes, end, narrow)
        shown = dict(looks) | ({"unmet": style.INSTRUMENTS["unmet"]} if unmet > 1e-9 else {})
        if narrow:
            legend_top(canvas, dict(reversed(shown.items())))
        else:
            texts = [_when(timing, name, look, unmet) for name, look in shown.items()]
            labels_right(axes, places, texts, [readable(look) for look in shown.values()])

    by_day = timing.groupby("days")["share"].sum().cumsum()
    said = "Share of need met: " + ", ".join(
        f"{style.percent(share)} after {days:g} days" for days, share in by_day.items()
    )
    said += f"; {style.percent(unmet)} is never met." if unmet > 1e-9 else "."
    return make(
        draw,
        inches=(4.1, 4.6),
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or said,
        data=timing,
    )


def _when(timing: pd.DataFrame, name: str, look: style.Look, unmet: float) -> str:
    if name == "unmet":
        return f"{look.label}, {style.percent(unmet)}"
    row = timing[timing["instrument"] == name].iloc[0]
    return f"{look.label}: {row['days']:g} days, {style.percent(row['share'])}"


def _steps(
    axes: Axes, timing: pd.DataFrame, looks: Mapping[str, style.Look], unmet: float, end: float
) -> list[float]:
    """Draw one block per payer, from the day its money arrives, and return the blocks' mid heights."""
    from matplotlib.patches import Rectangle

    bottom, places = 0.0, []
    for row in timing.itertuples():
        block = Rectangle((row.days, bottom), end - row.days, row.share, **fill(looks[row.instrument]))
        axes.add_patch(block)
        axes.plot([row.days, end], [bottom + row.share] * 2, color="white", lw=0.8)
        places.append(bottom + row.share / 2)
        bottom += row.share
    if unmet > 1e-9:
        axes.add_patch(Rectangle((0, bottom), end, unmet, **fill(style.INSTRUMENTS["unmet"])))
        places.append(bottom + unmet / 2)
    days = [0.0, *np.repeat(timing["days"].to_numpy(float), 2), end]
    met = np.repeat(np.concatenate([[0.0], timing["share"].cumsum().to_numpy(float)]), 2)
    axes.plot(days, met, color=style.INK, lw=1.8, drawstyle="default")
    return places


def _days_axis(axes: Axes, end: float, narrow: bool) -> None:
    axes.set_xscale("function", functions=(lambda v: np.sqrt(np.clip(v, 0, None)), np.square))
    axes.set_xlim(0, end)
    ticks = [tick for tick in (0, 7, 30, 90, 180, 365, 730) if tick <= end]
    axes.set_xticks(ticks, [f"{tick}" for tick in ticks])
    axes.set_xlabel("Days after the shock")
    axes.set_ylim(0, 1)
    axes.set_yticks(
        np.linspace(0, 1, 5), [f"{share:.0%}".replace("%", " %") for share in np.linspace(0, 1, 5)]
    )
    axes.set_ylabel("Share of need met")
