"""The pictures of the replay report: every published figure beside its range, and payment by payment."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pandas as pd

from aspfin.reporting import replay_words as words
from aspfin.reporting import style
from aspfin.reporting.figure import Figure, make

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from aspfin.reporting.replay import ReplayAnalysis

__all__ = ["differences", "payments"]

BAND = "#b9d3e6"
SOURCE = "aspfin; rules, caseloads and totals as published, each with its source below"


def differences(a: ReplayAnalysis) -> Figure:
    """Return every published figure as the line at zero, and where the replay lies."""
    frame = a.result.comparisons
    texts = [_text(row) for row in frame.itertuples()]

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        _names(axes, frame, texts, narrow)
        for place, row in enumerate(frame.itertuples()):
            colour = style.ACCENT if row.agrees else style.ALERT
            ends = [100 * row.difference_low, 100 * row.difference_high]
            axes.plot(ends, [place] * 2, color=BAND if row.agrees else "#e8b4af", lw=7, zorder=2)
            axes.plot(100 * row.difference, place, "o", ms=7, color=colour, zorder=4)
        axes.axvline(0, color=style.INK, lw=1.3, zorder=3)
        values = 100 * frame[["difference_low", "difference", "difference_high"]].to_numpy()
        low, high = min(values.min(), 0), max(values.max(), 0)
        room = 0.06 * (high - low) or 1.0
        axes.set_xlim(low - room, high + room)
        axes.set_xlabel("Replay over published figure, %\n(0 = as published)")

    agreed = int(frame["agrees"].sum())
    said = "; ".join(f"{name}: {text}" for name, text in zip(frame["name"], texts, strict=True))
    return make(
        draw,
        inches=(1.1 + 0.36 * len(frame), 1.3 + 0.62 * len(frame)),
        title=f"{agreed} of {len(frame)} published figures lie within what rules and caseload allow",
        subtitle="Dot: central value; bar: range over all that is not known; red: published figure outside",
        source=SOURCE,
        alt=f"Replay over published, per cent. {said}.",
        data=frame[["name", "published", "currency", "simulated", "low", "high", "difference", "agrees"]],
    )


def _text(row: Any) -> str:
    ends = words.span(row.difference_low, row.difference_high, row.difference)
    return words.change(row.difference) + (f" ({ends})" if row.low < row.high else "")


def _names(axes: Axes, frame: pd.DataFrame, texts: list[str], narrow: bool) -> None:
    """Name every row at the left and write its numbers at the right; on a phone, both above the row."""
    axes.set_ylim(len(frame) - 0.4, -0.9 if narrow else -0.6)
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", length=0)
    axes.set_yticks([])
    at = {"xycoords": ("axes fraction", "data"), "annotation_clip": False}
    box = {"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none"}
    for place, (name, text) in enumerate(zip(frame["name"], texts, strict=True)):
        if narrow:
            short = textwrap.shorten(name, 34, placeholder=" …")
            axes.annotate(short, (0, place - 0.22), va="bottom", bbox=box, zorder=5, **at)
            above = {"va": "bottom", "ha": "right", "bbox": box, "zorder": 5}
            axes.annotate(text.partition(" (")[0], (1, place - 0.22), **above, **at)
            continue
        left = {"textcoords": "offset points", "va": "center", **at}
        axes.annotate(textwrap.fill(name, 36), (0, place), xytext=(-8, 0), ha="right", **left)
        axes.annotate(text, (1, place), xytext=(8, 0), ha="left", **left)


def payments(a: ReplayAnalysis) -> Figure:
    """Return each payment of the replay with its range, and published money per payment beside it."""
    flows = a.flows
    name = next(one.streams[0] for one in a.result.compared if len(one.streams) == 1 and one.payments)
    rounds = a.result.rounds[a.result.rounds["stream"] == name]
    days = pd.to_datetime(rounds["date"]).to_numpy()

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        axes.fill_between(days, rounds["usd_low"] / 1e6, rounds["usd_high"] / 1e6, color=BAND, lw=0)
        axes.plot(days, rounds["usd"] / 1e6, color=style.ACCENT, lw=2.2)
        for row in flows.itertuples():
            span = pd.to_datetime([row.start, row.end]) + pd.to_timedelta([-12, 12], unit="D")
            middle = span[0] + (span[1] - span[0]) / 2
            axes.plot(span, [row.published / 1e6] * 2, color=style.ALERT, lw=2.6, solid_capstyle="butt")
            ends = [row.published_low / 1e6, row.published_high / 1e6]
            axes.plot([middle] * 2, ends, color=style.ALERT, lw=0.9)
        axes.set_ylim(0, 1.08 * max(rounds["usd_high"].max(), flows["published_high"].max()) / 1e6)
        axes.set_ylabel("US$ million a payment")
        axes.xaxis.set_major_locator(_years())
        _key(canvas, narrow)

    said = "; ".join(
        f"payments {row.from_payment} to {row.to_payment}: published {row.published / 1e6:.1f},"
        f" replay {row.simulated / 1e6:.1f} ({row.low / 1e6:.1f} to {row.high / 1e6:.1f})"
        for row in flows.itertuples()
    )
    return make(
        draw,
        inches=(3.9, 4.3),
        title="Payment by payment, the published money beside the replay",
        subtitle="US$ million a payment; published: difference of two totals over the payments in between",
        source=SOURCE,
        alt=f"US$ million a payment. {said}.",
        data=flows,
    )


def _years() -> object:
    from matplotlib.dates import YearLocator

    return YearLocator()


def _key(canvas: Canvas, narrow: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    doubt = "" if narrow else " (thin: number of payments in doubt)"
    handles = [
        Line2D([], [], color=style.ACCENT, lw=2.2, label="replay"),
        Patch(color=BAND, label="its range"),
        Line2D([], [], color=style.ALERT, lw=2.6, label="published" + doubt),
    ]
    canvas.legend(handles=handles, loc="outside upper left", ncols=3, handlelength=1.5, borderaxespad=0.2)
