"""Tile-grid map: one square per province, so that small and large ones are seen alike."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aspfin.reporting import style
from aspfin.reporting.figure import NARROW_INCHES, WIDE_INCHES, Figure, make, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["breaks", "tile_map"]

WIDE_TILE, NARROW_TILE = 0.66, 0.86  # height of a tile by its width


def breaks(values: np.ndarray, classes: int = 5, decimals: int | None = None) -> np.ndarray:
    """Return round limits between colour classes that hold about as many values each.

    Limits have two significant digits, or `decimals` decimals; classes that would be empty fall away.

    Examples
    --------
    >>> breaks(np.arange(1.0, 26.0)).tolist()
    [5.8, 11.0, 15.0, 20.0]
    >>> breaks(np.arange(1.0, 26.0), decimals=0).tolist()
    [6.0, 11.0, 15.0, 20.0]
    >>> breaks(np.array([3.0, 3.0])).tolist()
    []
    """
    values = values[np.isfinite(values)]
    if values.size == 0:
        return np.array([])
    inner = np.quantile(values, np.linspace(0, 1, classes + 1)[1:-1])
    limits = np.unique([style.sig(x, 2) if decimals is None else round(float(x), decimals) for x in inner])
    return limits[(limits > values.min()) & (limits <= values.max())]


def _decimals(largest: float) -> int:
    """Return how many decimals all tiles get, so that the largest value has about three digits."""
    return 0 if largest >= 100 or largest == 0 else 1 if largest >= 10 else 2


def _alike(value: float, decimals: int) -> str:
    """Write a value with these decimals; a small amount is not nothing.

    Examples
    --------
    >>> _alike(12.34, 1), _alike(0.002, 1), _alike(0.0, 1)
    ('12.3', '<0.1', '0')
    """
    if value != 0 and abs(value) < 0.5 * 10**-decimals:
        return f"{'<' if value > 0 else '>−'}{10**-decimals:.{decimals}f}"
    return "0" if value == 0 else f"{value:,.{decimals}f}".replace("-", "−")


def tile_map(
    tiles: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    source: str = "",
    unit: str = "US$",
    write: Callable[[float], str] | None = None,
    alt: str | None = None,
) -> Figure:
    """Draw one square per place, coloured by class and with its value written on it.

    Parameters
    ----------
    tiles
        Columns label, row, col (whole numbers, row 0 on top) and value (in `unit`); a missing value is
        hatched. A column pcode may come along.
    write
        How values are written on tiles and in the key; by size when not given.

    Raises
    ------
    ValueError
        When the frame is empty or lacks a column, two places share a square, or there is no title.

    Examples
    --------
    >>> tiles = pd.DataFrame({"label": ["Kratie", "Kep"], "row": [0, 1], "col": [0, 0], "value": [5.0, None]})
    >>> tile_map(tiles, title="Kratie needs most", unit="% of households").alt
    'Map of 2 places. Highest: Kratie 5.00. Lowest: Kratie 5.00. No figure: Kep.'
    """
    tiles = require(tiles, ["label", "row", "col", "value"], "tiles")
    twice = tiles[tiles.duplicated(["row", "col"])]
    if len(twice):
        raise ValueError(f"tiles: got two places in one square ({twice.iloc[0]['label']}); allowed: one each")
    values = tiles["value"].to_numpy(float)
    largest = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
    divisor, key_title = style.axis_scale(largest, unit)
    decimals = _decimals(largest / divisor)
    say = write or (lambda value: _alike(value / divisor, decimals))
    shown_unit = unit if write else key_title
    limits = breaks(values) if write else breaks(values / divisor, decimals=decimals) * divisor
    rows = int(tiles["row"].max() - tiles["row"].min() + 1)
    columns = int(tiles["col"].max() - tiles["col"].min() + 1)

    def draw(canvas: Canvas, narrow: bool) -> None:
        axes = canvas.subplots()
        side = (NARROW_INCHES if narrow else WIDE_INCHES) / max(columns, 4) * 72
        for tile in tiles.itertuples():
            _tile(axes, tile, limits, say, side)
        axes.set_xlim(tiles["col"].min() - 0.5, tiles["col"].max() + 0.5)
        axes.set_ylim(tiles["row"].max() + 0.5, tiles["row"].min() - 0.5)
        axes.set_aspect(NARROW_TILE if narrow else WIDE_TILE)
        axes.axis("off")
        _key(canvas, limits, values, say, shown_unit, narrow)

    heights = tuple(
        width / max(columns, 4) * rows * tile + key
        for width, tile, key in ((WIDE_INCHES, WIDE_TILE, 0.55), (NARROW_INCHES, NARROW_TILE, 0.6))
    )
    return make(
        draw,
        inches=heights,
        title=title,
        subtitle=subtitle,
        source=source,
        alt=alt or _said(tiles, say),
        data=tiles,
    )


def _said(tiles: pd.DataFrame, say: Callable[[float], str]) -> str:
    known = tiles.dropna(subset=["value"])
    missing = tiles.loc[tiles["value"].isna(), "label"].tolist()
    text = f"Map of {len(tiles)} places."
    if len(known):
        high, low = known.loc[known["value"].idxmax()], known.loc[known["value"].idxmin()]
        text += f" Highest: {high['label']} {say(high['value'])}. Lowest: {low['label']} {say(low['value'])}."
    return text + (f" No figure: {', '.join(missing)}." if missing else "")


def _colour(value: float, limits: np.ndarray) -> int:
    """Return the position on the scale of the class a value falls in; few classes use its far ends."""
    position = int(np.searchsorted(limits, value, side="right"))
    return round(position * (len(style.SCALE) - 1) / max(1, len(limits))) if len(limits) else 1


def _tile(axes: Axes, tile: Any, limits: np.ndarray, say: Callable[[float], str], side: float) -> None:
    from matplotlib.patches import Rectangle

    corner, missing = (tile.col - 0.47, tile.row - 0.47), not np.isfinite(tile.value)
    if missing:
        axes.add_patch(Rectangle(corner, 0.94, 0.94, fc="white", ec=style.RULE, hatch="////", lw=0.8))
        ink = style.INK
    else:
        colour = _colour(tile.value, limits)
        axes.add_patch(Rectangle(corner, 0.94, 0.94, fc=style.SCALE[colour], ec="none"))
        ink = "white" if colour >= 3 else style.INK
    name = textwrap.fill(str(tile.label), 9, break_long_words=False)
    longest = max(len(line) for line in name.split("\n"))
    size = min(10.0, side * 0.92 / (longest * 0.62))
    back = {"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none"} if missing else None
    axes.text(tile.col, tile.row - 0.12, name, ha="center", va="center", color=ink, fontsize=size,
              linespacing=1.0, bbox=back)  # fmt: skip
    if not missing:
        axes.text(tile.col, tile.row + 0.31, say(tile.value), ha="center", va="center", color=ink,
                  fontsize=min(11.5, side * 0.19), fontweight="bold")  # fmt: skip


def _key(
    canvas: Canvas,
    limits: np.ndarray,
    values: np.ndarray,
    say: Callable[[float], str],
    unit: str,
    narrow: bool,
) -> None:
    from matplotlib.patches import Patch

    known = values[np.isfinite(values)]
    handles = []
    if known.size:
        ends = [*limits, None]
        for i, end in enumerate(ends):
            start = limits[i - 1] if i else None
            text = (
                say(known.min()) if not len(limits)
                else f"below {say(end)}" if start is None
                else f"{say(start)} and more" if end is None
                else f"{say(start)}–{say(end)}"
            )  # fmt: skip
            middle = known.min() if start is None else start
            handles.append(Patch(fc=style.SCALE[_colour(middle, limits)], ec="none", label=text))
    if known.size < values.size:
        handles.append(Patch(fc="white", ec=style.MUTED, hatch="////", label="no figure"))
    canvas.legend(
        handles=handles,
        title=unit,
        alignment="left",
        loc="outside upper left",
        ncols=3 if narrow else len(handles),
        handlelength=1.2,
        columnspacing=1.2,
    )
