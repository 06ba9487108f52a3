"""Tables, cards and text blocks of a report, as small pieces of script-free HTML.

Every function escapes what it is given, so a label from a data file can never become markup, and returns an
`Html` object that shows itself in a notebook. The look of the classes is in `assets/report.css`.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import pandas as pd

from aspfin.reporting import style
from aspfin.results import Check

__all__ = [
    "Html",
    "answer",
    "cards",
    "checks_list",
    "method_note",
    "paragraphs",
    "run_stamp",
    "sources_list",
    "stylesheet",
    "table",
    "unverified_list",
]

MOST_COLUMNS = 8


@dataclass(frozen=True)
class Html:
    """A piece of HTML that shows itself in a notebook; `text` is its plain reading."""

    html: str
    text: str = ""

    def __str__(self) -> str:
        return self.text

    def __add__(self, other: Html) -> Html:
        return Html(self.html + other.html, f"{self.text}\n{other.text}".strip())

    def _repr_html_(self) -> str:
        return self.html


@cache
def stylesheet() -> str:
    """Return the report's style sheet; `<style>` it once per page."""
    return files("aspfin.reporting").joinpath("assets/report.css").read_text(encoding="utf-8")


def _missing(value: Any) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float) and math.isnan(value)


def _written(value: Any, write: Callable[[Any], str] | None) -> str:
    if _missing(value):
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
    _refuse(frame, {*headers, *units, *formats, *(column for _, column in flags)}, [row for row, _ in flags])
    letters = {
        text: "abcdefghijklmnopqrstuvwxyz"[i % 26] for i, text in enumerate(dict.fromkeys(flags.values()))
    }
    columns = [
        _Column(str(name), headers.get(name), units.get(name), frame[name], formats.get(name))
        for name in frame
    ]
    head = "".join(column.header() for column in columns)
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
    below = "".join(f"<li>{line}</li>" for line in [*marks, *map(escape, [*notes, *dash])])
    html = (
        f'<div class="table-wrap" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f'<table class="data"><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    ) + (f'<ul class="table-notes">{below}</ul>' if below else "")
    return Html(html, f"{caption}: {len(frame)} row{'' if len(frame) == 1 else 's'}")


def _refuse(frame: pd.DataFrame, named: set[str], rows: list[int]) -> None:
    if frame.shape[1] > MOST_COLUMNS:
        raise ValueError(f"frame: got {frame.shape[1]} columns; allowed: at most {MOST_COLUMNS}")
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

    def header(self) -> str:
        unit = f'<span class="unit">{escape(self.unit)}</span>' if self.unit else ""
        return f'<th scope="col" class="{self.kind}">{escape(self.title)}{unit}</th>'

    def cell(self, row: int, letter: str, *, head: bool) -> str:
        mark = f"<sup>{letter}</sup>" if letter else ""
        tag, scope = ("th", ' scope="row"') if head else ("td", "")
        return f'<{tag}{scope} class="{self.kind}">{escape(self.texts[row])}{mark}</{tag}>'


def cards(items: Iterable[tuple[str, str, str]]) -> Html:
    """Return headline figures as cards: label, value, and a note such as the range.

    Examples
    --------
    >>> print(cards([("Unmet need", "US$ 2.1 million", "a year on average; 1.2 to 3.4")]))
    Unmet need: US$ 2.1 million (a year on average; 1.2 to 3.4)
    """
    items = list(items)
    html = "".join(
        f'<div class="card"><dt class="card-label">{escape(label)}</dt>'
        f'<dd class="card-value">{escape(value)}</dd>'
        + (f'<dd class="card-note">{escape(note)}</dd>' if note else "")
        + "</div>"
        for label, value, note in items
    )
    text = "\n".join(f"{label}: {value}" + (f" ({note})" if note else "") for label, value, note in items)
    return Html(f'<dl class="cards">{html}</dl>', text)


def answer(title: str, sentences: Sequence[str]) -> Html:
    """Return the first thing a reader sees: what is answered, in about three sentences.

    Examples
    --------
    >>> print(answer("Who pays?", ["The fund pays first.", "Credit follows."]))
    Who pays?
    The fund pays first.
    Credit follows.
    """
    if isinstance(sentences, str):
        raise ValueError(f"sentences: got {sentences!r}; allowed: a list of sentences")
    lines = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    head = f'<p class="answer-title">{escape(title)}</p>'
    html = f'<section class="answer" aria-label="The answer">{head}<ol>{lines}</ol></section>'
    return Html(html, "\n".join([title, *sentences]))


def paragraphs(*sentences: str) -> Html:
    """Return sentences as paragraphs of plain prose.

    Examples
    --------
    >>> paragraphs("Fewer than 5 % of floods cost more.").html
    '<p>Fewer than 5 % of floods cost more.</p>'
    """
    return Html("".join(f"<p>{escape(line)}</p>" for line in sentences), "\n".join(sentences))


def method_note(summary: str, text: str, *, formula: str = "", source: str = "") -> Html:
    """Return a folded note on method: words, the formula in plain characters, and its source.

    Examples
    --------
    >>> print(method_note("How need is computed", "By adding events.", formula="A = X₁ + … + X_N"))
    How need is computed: By adding events.
    """
    body = "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))
    body += f'<pre class="formula">{escape(formula)}</pre>' if formula else ""
    body += f'<p class="method-source">Source: {escape(source)}</p>' if source else ""
    html = f'<details class="method"><summary>{escape(summary)}</summary>{body}</details>'
    return Html(html, f"{summary}: {text}")


def checks_list(checks: Iterable[Check]) -> Html:
    """Return diagnostics in words, failures first.

    Examples
    --------
    >>> print(checks_list([Check("mass balance", "Does every dollar appear once?", True)]))
    1 check passed, 0 failed, 0 not applicable
    """
    order = {False: 0, None: 1, True: 2}
    checks = sorted(checks, key=lambda check: order[check.passed])
    words = {False: ("failed", "Failed"), None: ("na", "Not applicable"), True: ("passed", "Passed")}
    items = "".join(
        f'<li class="check {words[check.passed][0]}"><span class="verdict">{words[check.passed][1]}</span> '
        f"<strong>{escape(check.name)}</strong> {escape(check.question)}"
        + (f' <span class="check-text">{escape(check.text)}</span>' if check.text else "")
        + "</li>"
        for check in checks
    )
    tally = [sum(check.passed is verdict for check in checks) for verdict in (True, False, None)]
    noun = "check" if tally[0] == 1 else "checks"
    text = f"{tally[0]} {noun} passed, {tally[1]} failed, {tally[2]} not applicable"
    return Html(f'<p class="check-tally">{text}</p><ul class="checks">{items}</ul>', text)


def _field(item: Any, name: str) -> str:
    value = item.get(name) if isinstance(item, Mapping) else getattr(item, name, None)
    return "" if _missing(value) else str(value)


def sources_list(sources: Iterable[Any]) -> Html:
    """Return sources as a list: publisher, title, date, and a link where the address is a web address.

    Each source has some of publisher, title, date and url, as attributes or as keys.

    Examples
    --------
    >>> print(sources_list([{"publisher": "NCDM", "title": "Flood report", "date": "2020-10-21"}]))
    NCDM. Flood report. 2020-10-21
    """
    lines, items = [], []
    for source in sources:
        parts = [_field(source, name) for name in ("publisher", "title", "date")]
        line = ". ".join(part for part in parts if part)
        url = _field(source, "url")
        safe = url.startswith(("https://", "http://"))
        link = f' <a href="{escape(url)}">{escape(url)}</a>' if safe else (f" {escape(url)}" if url else "")
        items.append(f"<li>{escape(line)}{link}</li>")
        lines.append(line)
    return Html(f'<ul class="sources">{"".join(items)}</ul>', "\n".join(lines))


def unverified_list(frame: pd.DataFrame) -> Html:
    """Return the inputs nobody has confirmed, with how sure each is.

    `frame` has some of the columns name, value, unit, status, source (others are left out).

    Examples
    --------
    >>> print(unverified_list(pd.DataFrame(columns=["name", "value"])))
    Every input used is verified.
    """
    if frame.empty:
        return paragraphs("Every input used is verified.")
    shown = [name for name in ("name", "value", "unit", "status", "source", "note") if name in frame]
    caption = "Inputs used that are assumed, taken from the press, or not verified"
    listed = table(frame[shown].reset_index(drop=True), caption=caption)
    return Html(f'<div class="unverified">{listed.html}</div>', listed.text)


def run_stamp(items: Mapping[str, Any], *, command: str = "") -> Html:
    """Return what was run, with what, and the one command that runs it again.

    Examples
    --------
    >>> print(run_stamp({"seed": 2024}, command="aspfin run floods.yaml"))
    seed: 2024
    aspfin run floods.yaml
    """
    pairs = "".join(f"<dt>{escape(str(k))}</dt><dd>{escape(str(v))}</dd>" for k, v in items.items())
    again = f'<p>To reproduce: <code class="command">{escape(command)}</code></p>' if command else ""
    text = "\n".join([*(f"{key}: {value}" for key, value in items.items()), *([command] if command else [])])
    return Html(f'<div class="run-stamp"><dl>{pairs}</dl>{again}</div>', text)
