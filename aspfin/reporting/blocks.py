"""Text blocks of a report: the answer, cards, folded method notes, checks, sources and the run stamp.

Every function escapes what it is given. The look of the classes is in `assets/report.css`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from aspfin.reporting.data_tables import table
from aspfin.reporting.markup import Html, missing
from aspfin.results import Check

__all__ = [
    "answer",
    "cards",
    "checks_list",
    "method_note",
    "note",
    "paragraphs",
    "run_stamp",
    "sources_list",
    "title",
    "unverified_list",
]


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


def title(text: str, subtitle: str = "") -> Html:
    """Return the title of a report, its first-level heading, with a line below it.

    Examples
    --------
    >>> title("Floods & funds").html
    '<header class="report-header"><h1>Floods &amp; funds</h1></header>'
    """
    below = f"<p>{escape(subtitle)}</p>" if subtitle else ""
    return Html(f'<header class="report-header"><h1>{escape(text)}</h1>{below}</header>', text)


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


def note(text: str) -> Html:
    """Return a remark set apart; nothing where there is no text.

    Examples
    --------
    >>> note("Mind the gap.").html
    '<p class="note">Mind the gap.</p>'
    """
    return Html(f'<p class="note">{escape(text)}</p>' if text else "", text)


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
    return "" if missing(value) else str(value)


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
