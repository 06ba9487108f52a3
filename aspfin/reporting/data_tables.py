"""Tables with aligned numbers, units in the header and notes below, as script-free HTML.

Everything is escaped, so a label from a data file can never become markup.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from aspfin.reporting import style
from aspfin.reporting.markup import Html, missing

__all__ = ["data_table", "table"]

MOST_COLUMNS = 8
LONG_TEXT = 28  # characters


def _written(value: Any, write: Callable[[Any], str] | None) -> str:
    if missing(value):
        return "–"
    if write is not None:
        return write(value)
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "yes" if value else "no"
    if isinstance(value, numbers.Integral):
        return f"{int(value):,}"
    if isinstance(value, numbers.Real):
        return style.number(float(value))
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return str(value)


def _writer(given: str | Callable[[Any], str] | None, column: pd.Series) -> Callable[[Any], str] | None:
    """Return how a column is written; a format such as ".1f" or "," applies to all its cells alike."""
    if given is None and pd.api.types.is_float_dtype(column):
        sizes = column.abs().replace([math.inf], float("nan")).dropna()
        decimals = 0 if sizes.empty or sizes.max() >= 100 else 1 if sizes.max() >= 10 else 2
        given = f",.{decimals}f"
    if given is None and str(column.name).lower().endswith("year") and column.between(1900, 2100).all():
        given = "d"  # 2024 is a date, not two thousand and twenty-four of something
    if given is None or callable(given):
        return given
    if len(given) > 2 and given.replace("_", "").isalpha():
        return style.formatter(given)
    pattern = given
    return lambda value: (
        f"{value:{pattern}}".replace("-", "−") if math.isfinite(value) else style.number(value)
    )


def table(
    frame: pd.DataFrame,
    *,
    caption: str,
    headers: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    formats: Mapping[str, str | Callable[[Any], str]] | None = None,
    notes: Sequence[str] = (),
    flags: Mapping[tuple[int, str], str] | None = None,
    total: bool = False,
) -> Html:
    """Return a table with aligned numbers, units in the header and notes below.

    Parameters
    ----------
    frame
        Rows and columns as shown; the index is not shown. At most eight columns.
    caption
        What the table shows, above it.
    headers, units
        Heading (default: the column's name) and unit of a column.
    formats
        How a column is written: a function, the name of one in `style` ("usd", "percent", "count" …), or a
        format such as ",.0f". Numbers without one get decimals by their size, alike in the whole column.
    notes
        Sentences below the table.
    flags
        (row position, column) → a note on that cell, for suppressed or unverified values; the same text gets
        the same letter.
    total
        Set the last row apart as a total.

    Raises
    ------
    ValueError
        With more than eight columns, or a setting for a column or cell that is not in the frame.

    Examples
    --------
    >>> frame = pd.DataFrame({"year": [2022], "paid": [11.4]})
    >>> shown = table(frame, caption="Paid", units={"paid": "US$ million"})
    >>> print(shown)
    Paid: 1 row
    >>> "US$ million" in shown.html
    True
    """
    headers, units, formats, flags = headers or {}, units or {}, formats or {}, flags or {}
    if frame.shape[1] > MOST_COLUMNS:
        raise ValueError(f"frame: got {frame.shape[1]} columns; allowed: at most {MOST_COLUMNS}")
    _refuse(frame, {*headers, *units, *formats, *(column for _, column in flags)}, [row for row, _ in flags])
    letters = {
        text: "abcdefghijklmnopqrstuvwxyz"[i % 26] for i, text in enumerate(dict.fromkeys(flags.values()))
    }
    columns = [
        _Column(str(name), headers.get(name), units.get(name), frame[name], formats.get(name))
        for name in frame
    ]
    rows = []
    for row in range(len(frame)):
        cells = [
            column.cell(row, letters.get(flags.get((row, column.name), ""), ""), head=i == 0)
            for i, column in enumerate(columns)
        ]
        last = total and row == len(frame) - 1
        rows.append(f'<tr class="total">{"".join(cells)}</tr>' if last else f"<tr>{''.join(cells)}</tr>")
    marks = [f"<sup>{letter}</sup> {escape(text)}" for text, letter in letters.items()]
    dash = ["– not available."] if any("–" in column.texts for column in columns) else []
    html = _frame_html(caption, columns, rows, [*marks, *map(escape, [*notes, *dash])])
    return Html(html, _said(caption, frame))


def data_table(frame: pd.DataFrame, *, caption: str, notes: Sequence[str] = ()) -> Html:
    """Return a plain table of any number of columns, for the folded data behind a figure.

    Examples
    --------
    >>> print(data_table(pd.DataFrame({"x": [1, 2]}), caption="Points"))
    Points: 2 rows
    """
    columns = [_Column(str(name), None, None, frame[name], None) for name in frame]
    rows = [
        f"<tr>{''.join(column.cell(row, '', head=i == 0) for i, column in enumerate(columns))}</tr>"
        for row in range(len(frame))
    ]
    return Html(_frame_html(caption, columns, rows, list(map(escape, notes))), _said(caption, frame))


def _said(caption: str, frame: pd.DataFrame) -> str:
    return f"{caption}: {len(frame)} row{'' if len(frame) == 1 else 's'}"


def _frame_html(caption: str, columns: Sequence[_Column], rows: Sequence[str], below: Sequence[str]) -> str:
    head = "".join(column.header() for column in columns)
    notes = "".join(f"<li>{line}</li>" for line in below)
    return (
        f'<div class="table-wrap" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f'<table class="data"><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    ) + (f'<ul class="table-notes">{notes}</ul>' if notes else "")


def _refuse(frame: pd.DataFrame, named: set[str], rows: list[int]) -> None:
    unknown = sorted(str(name) for name in named if name not in frame.columns)
    if unknown:
        raise ValueError(f"headers, units, formats, flags: got {unknown}; allowed: {list(frame.columns)}")
    outside = [row for row in rows if not 0 <= row < len(frame)]
    if outside:
        raise ValueError(f"flags: got rows {outside}; allowed: 0 to {len(frame) - 1}")


class _Column:
    """One column, written: numbers to the right, text to the left, its unit in the header."""

    def __init__(
        self,
        name: str,
        header: str | None,
        unit: str | None,
        values: pd.Series,
        given: str | Callable[[Any], str] | None,
    ) -> None:
        self.name = name
        self.title = header if header is not None else name.replace("_", " ")
        self.unit = unit
        numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
        self.kind = "number" if numeric or given is not None else "text"
        write = _writer(given, values)
        self.texts = [_written(value, write) for value in values]
        if self.kind == "text" and max(map(len, self.texts), default=0) > LONG_TEXT:
            self.kind = "text long"  # the style sheet keeps such a column wide enough to read

    def header(self) -> str:
        unit = f'<span class="unit">{escape(self.unit)}</span>' if self.unit else ""
        return f'<th scope="col" class="{self.kind}">{escape(self.title)}{unit}</th>'

    def cell(self, row: int, letter: str, *, head: bool) -> str:
        mark = f"<sup>{letter}</sup>" if letter else ""
        tag, scope = ("th", ' scope="row"') if head else ("td", "")
        return f'<{tag}{scope} class="{self.kind}">{escape(self.texts[row])}{mark}</{tag}>'
