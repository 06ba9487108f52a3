"""A finished figure: two pictures (desktop and phone), its words, and the data behind it.

Charts are drawn on matplotlib's own figure objects, never through pyplot, so nothing stays open and no global
setting changes. The same data give the same bytes.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aspfin.reporting import style
from aspfin.reporting.data_tables import data_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["Figure", "labels_right", "legend_top", "make", "render", "require", "spread"]

PHONE = 560  # pixels of window width below which the phone picture is shown
WIDE_INCHES, WIDE_DPI, WIDE_FONT = 7.4, 170, 9.5
NARROW_INCHES, NARROW_DPI, NARROW_FONT = 3.9, 200, 8.6
MOST_ROWS = 60


@dataclass(frozen=True, eq=False)
class Figure:
    """A picture with its finding as title, its measure and unit as subtitle, alternative text and source.

    `image` is the picture for a page, `narrow` the one for a phone (both PNG); `data` is what is drawn.
    """

    title: str
    subtitle: str
    alt: str
    source: str
    data: pd.DataFrame = field(repr=False)
    image: bytes = field(repr=False)
    narrow: bytes = field(repr=False)

    def __str__(self) -> str:
        return f"{self.title} ({self.subtitle})" if self.subtitle else self.title

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the data drawn."""
        return self.data.copy()

    def save(self, path: str | Path) -> Path:
        """Write the desktop picture as PNG and return where."""
        path = Path(path)
        path.write_bytes(self.image)
        return path

    def _repr_html_(self) -> str:
        subtitle = f'<div class="figure-subtitle">{escape(self.subtitle)}</div>' if self.subtitle else ""
        source = f'<p class="figure-source">Source: {escape(self.source)}</p>' if self.source else ""
        width, height = _size(self.image)
        return (
            f'<figure class="chart"><figcaption><div class="figure-title"><strong>{escape(self.title)}'
            f"</strong></div>{subtitle}</figcaption><picture>"
            f'<source media="screen and (max-width: {PHONE}px)" srcset="{_data_uri(self.narrow)}">'
            f'<img src="{_data_uri(self.image)}" alt="{escape(self.alt)}" width="{width}" height="{height}"'
            f' style="max-width:100%;height:auto"></picture>{source}{self._data_details()}</figure>'
        )

    def _repr_mimebundle_(
        self, include: Sequence[str] | None = None, exclude: Sequence[str] | None = None
    ) -> dict[str, Any]:
        bundle = {"text/plain": str(self), "text/html": self._repr_html_(), "image/png": self.image}
        keep = set(include or bundle) - set(exclude or ())
        return {kind: value for kind, value in bundle.items() if kind in keep}

    def _data_details(self) -> str:
        shown = self.data.iloc[:MOST_ROWS]
        notes = [f"The first {MOST_ROWS} of {len(self.data)} rows."] if len(shown) < len(self.data) else []
        table = data_table(shown, caption=f"Data: {self.title}", notes=notes).html
        return (
            f'<details class="figure-data"><summary>The numbers behind this figure</summary>{table}</details>'
        )


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _size(png: bytes) -> tuple[int, int]:
    """Return width and height in pixels at which a PNG is shown: half those it holds."""
    return int.from_bytes(png[16:20], "big") // 2, int.from_bytes(png[20:24], "big") // 2


def render(draw: Callable[[Canvas, bool], None], *, inches: tuple[float, float]) -> tuple[bytes, bytes]:
    """Draw a chart for the page and for the phone and return both as PNG.

    Parameters
    ----------
    draw
        Called with an empty matplotlib figure and whether it is the narrow one.
    inches
        Height of the wide and of the narrow picture.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    pictures = []
    for narrow, height in enumerate(inches):
        width, dpi, font = [
            (WIDE_INCHES, WIDE_DPI, WIDE_FONT),
            (NARROW_INCHES, NARROW_DPI, NARROW_FONT),
        ][narrow]
        with matplotlib.rc_context():
            matplotlib.rcdefaults()  # a reader's own matplotlibrc must not change a report
            matplotlib.rcParams.update(style.rc(font))
            canvas = Canvas(figsize=(width, height), dpi=dpi, layout="constrained")
            FigureCanvasAgg(canvas)
            draw(canvas, bool(narrow))
            pictures.append(_png(canvas))
    return pictures[0], pictures[1]


def _png(canvas: Canvas) -> bytes:
    """Return the canvas as a PNG with at most 256 colours: a third of the size, no visible difference."""
    from PIL import Image

    canvas.canvas.draw()
    pixels = np.asarray(canvas.canvas.buffer_rgba())[..., :3]
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture = picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    with BytesIO() as file:
        picture.save(file, format="PNG", compress_level=6)
        return file.getvalue()


def make(
    draw: Callable[[Canvas, bool], None],
    *,
    inches: tuple[float, float],
    title: str,
    subtitle: str,
    source: str,
    alt: str,
    data: pd.DataFrame,
) -> Figure:
    """Render a chart and put its words and data with it.

    Raises
    ------
    ValueError
        Without a title: a figure without a finding has no place in a report.
    """
    if not title.strip():
        raise ValueError("title: got ''; allowed: the finding of the figure in one line")
    wide, narrow = render(draw, inches=inches)
    return Figure(title, subtitle, alt, source, data.reset_index(drop=True).copy(), wide, narrow)


def require(frame: pd.DataFrame, columns: Sequence[str], argument: str) -> pd.DataFrame:
    """Return the frame if it has rows and these columns; otherwise say what is missing.

    Examples
    --------
    >>> require(pd.DataFrame({"x": [1]}), ["x", "y"], "curve")
    Traceback (most recent call last):
    ValueError: curve: got columns ['x']; missing: ['y']
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise ValueError(f"{argument}: got columns {list(frame.columns)}; missing: {missing}")
    if frame.empty:
        raise ValueError(f"{argument}: got no rows; allowed: at least one")
    return frame


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> np.ndarray:
    """Move positions apart by at least `gap`, as little as possible, in the same order and range.

    Examples
    --------
    >>> spread([1.0, 1.1, 5.0], 1.0, 0.0, 10.0).tolist()
    [0.55, 1.55, 5.0]
    """
    wanted = np.asarray(positions, dtype=float)
    order = np.argsort(wanted, kind="stable")
    gap = min(gap, (high - low) / max(1, len(wanted) - 1))
    # Least squares under an ordering constraint: pool neighbours that are too close (isotonic regression).
    steps = gap * np.arange(len(wanted))
    blocks: list[list[float]] = []
    for value in wanted[order] - steps:
        blocks.append([value, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, m), (b, n) = blocks[-2:]
            blocks[-2:] = [[(a * m + b * n) / (m + n), m + n]]
    pooled = np.concatenate([np.full(int(n), value) for value, n in blocks]) if blocks else np.array([])
    last = steps[-1] if len(steps) else 0.0
    placed = np.clip(pooled, low, high - last) + steps
    result = np.empty_like(wanted)
    result[order] = placed
    return result


def labels_right(
    axes: Axes, positions: Sequence[float], texts: Sequence[str], colours: Sequence[str], share: float = 0.8
) -> None:
    """Write labels beside the right edge at these heights, moved apart so that none overlap.

    `share` is the part of the picture's height that the axes take up, roughly.
    """
    import matplotlib

    low, high = axes.get_ylim()
    points = axes.figure.get_figheight() * 72 * share
    size = matplotlib.rcParams["font.size"]
    lines = max((text.count("\n") + 1 for text in texts), default=1)
    gap = size * (0.2 + 1.2 * lines) / points * (high - low)
    placed = spread(positions, gap, low, high)
    moved = np.abs(placed - np.asarray(positions, dtype=float)) > gap / 3
    line = {
        "arrowstyle": "-",
        "color": style.MUTED,
        "lw": 0.6,
        "shrinkA": 1,
        "shrinkB": 0,
        "relpos": (0, 0.5),
    }
    for y, place, text, colour, away in zip(positions, placed, texts, colours, moved, strict=True):
        axes.annotate(
            text,
            xy=(1, y),
            xycoords=("axes fraction", "data"),
            xytext=(1.04 if moved.any() else 1.015, place),
            textcoords=("axes fraction", "data"),
            va="center",
            color=colour,
            fontweight="bold",
            linespacing=1.05,
            annotation_clip=False,
            arrowprops=line if away else None,
        )


def legend_top(canvas: Canvas, looks: Mapping[str, style.Look], columns: int = 2) -> None:
    """Put a key above the chart: on a phone there is no room for labels beside it."""
    from matplotlib.patches import Patch

    handles = [Patch(label=look.label, **fill(look)) for look in looks.values()]
    canvas.legend(
        handles=handles,
        loc="outside upper left",
        ncols=columns,
        handlelength=1.3,
        handleheight=1.1,
        columnspacing=1.2,
        borderaxespad=0.2,
    )


def fill(look: style.Look) -> dict[str, Any]:
    """Return the fill of a look: hatches in its ink, an outline only where the fill is white."""
    white = look.colour == "#ffffff"
    hatch_colour = look.ink if white else "#ffffff88" if look.ink == "#ffffff" else "#1d2a3366"
    return {
        "facecolor": look.colour,
        "hatch": look.hatch or None,
        "edgecolor": hatch_colour if look.hatch else "white",
        "linewidth": 0.8 if white else 0.0,
    }


def readable(look: style.Look) -> str:
    """Return the colour for writing a look's name on white: its own where dark enough, else ink."""
    red, green, blue = (int(look.colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    luminance = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    if look.colour == "#ffffff":
        return look.ink
    return look.colour if luminance < 0.18 else style.INK
