"""From the HTML that reports show (`blocks`, `data_tables`, `figure`, Markdown) to the blocks of a document.

An element without a meaning of its own is read for what stands in it, so nothing is lost.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import Element

from aspfin.reporting.document import (
    Answer,
    Block,
    Bullets,
    Cards,
    Cell,
    Checks,
    Code,
    Document,
    Facts,
    Heading,
    Note,
    Paragraph,
    Picture,
    Row,
    Run,
    Runs,
    Table,
)
from aspfin.reporting.export import shown
from aspfin.reporting.html_tree import classes, parse, words

__all__ = ["blocks", "document"]

INLINE = frozenset(
    (
        *("a", "abbr", "b", "br", "button", "cite", "code", "del", "dfn", "em", "i", "input", "ins", "kbd"),
        *(
            "label",
            "mark",
            "q",
            "s",
            "samp",
            "small",
            "span",
            "strong",
            "sub",
            "sup",
            "time",
            "tt",
            "u",
            "var",
        ),
        "wbr",
    )
)
KINDS = {"note": "note", "check": "note", "method-source": "source", "check-tally": "tally"}
LINK = re.compile(r"(https?://|mailto:|#)\S+\Z")
PER_CENT = re.compile(r"(?<=\d) %")  # a number is not parted from its sign at the end of a line
SPACE = re.compile(r"[ \t\r\n\f]+")


def document(notebook: Mapping[str, Any], *, title: str) -> Document:
    """Return an executed notebook as a document.

    Parameters
    ----------
    notebook : mapping
        Notebook of format 4, executed.
    title : str
        Title where the notebook has no first-level heading.

    Examples
    --------
    >>> cell = {"cell_type": "markdown", "metadata": {}, "source": "# Floods\\n\\nShort.\\n\\n## Who *pays*?"}
    >>> made = document({"cells": [cell]}, title="Report")
    >>> made.title, made.opening[0].runs[0].text, [one.text for one in made.headings]
    ('Floods', 'Short.', ['Who pays?'])
    """
    made = shown(notebook, title=title)
    own, subtitle = _title_block(parse(made.header or made.body))
    read = blocks(parse(made.body))
    if not made.header and own:  # the title is not said twice
        first = next(i for i, one in enumerate(read) if isinstance(one, Heading) and one.level == 0)
        read = read[:first] + read[first + 1 :]
    read = [
        Heading(1, one.text, one.address) if isinstance(one, Heading) and one.level == 0 else one
        for one in read
    ]
    start = next((i for i, one in enumerate(read) if isinstance(one, Heading)), len(read))
    return Document(own or made.title, subtitle, tuple(read[:start]), tuple(read[start:]))


def _title_block(root: Element) -> tuple[str, str]:
    """Return the first first-level heading and the lines that stand below it in its title block."""
    heading = next(root.iter("h1"), None)
    below = [words(line) for header in root.iter("header") for line in header.iter("p")]
    return ("" if heading is None else words(heading)), " ".join(below)


def blocks(parent: Element) -> list[Block]:
    """Return what stands in an element, in order; loose text becomes a paragraph."""
    found: list[Block] = []
    loose: list[Run] = [Run(parent.text or "")]
    for child in parent:
        if child.tag in INLINE:
            loose += _inline(child, Run(""))
        else:
            _flush(loose, found)
            _add(found, _block(child))
        loose.append(Run(child.tail or ""))
    _flush(loose, found)
    return found


def _flush(loose: list[Run], found: list[Block]) -> None:
    if runs := _tidy(loose):
        found.append(Paragraph(runs))
    loose.clear()


def _add(found: list[Block], more: Sequence[Block]) -> None:
    """Put notes of a table to the table before them; everything else stands for itself."""
    for one in more:
        if (
            isinstance(one, Table)
            and not one.header
            and not one.rows
            and found
            and isinstance(found[-1], Table)
        ):
            found[-1] = replace(found[-1], notes=(*found[-1].notes, *one.notes))
        else:
            found.append(one)


def _block(element: Element) -> Sequence[Block]:
    kinds = classes(element)
    for (tag, kind), read in READERS.items():
        if tag == element.tag and (not kind or kind in kinds):
            return read(element)
    return blocks(element)


def _heading(element: Element) -> Sequence[Block]:
    return [Heading(int(element.tag[1]) - 1, words(element), element.get("id", ""))] if words(element) else []


def _paragraph(element: Element) -> Sequence[Block]:
    kind = next((KINDS[name] for name in sorted(classes(element)) if name in KINDS), "")
    return [replace(one, kind=kind) if isinstance(one, Paragraph) else one for one in blocks(element)]


def _answer(element: Element) -> Sequence[Block]:
    title = next((words(one) for one in element.iter("p")), "")
    return [Answer(title, tuple(words(one) for one in element.iter("li")))]


def _cards(element: Element) -> Sequence[Block]:
    cards = []
    for card in element:
        parts = {name: words(one) for one in card for name in classes(one)}
        cards.append(tuple(parts.get(f"card-{part}", "") for part in ("label", "value", "note")))
    return [Cards(tuple(cards))]


def _facts(element: Element) -> Sequence[Block]:
    pairs: list[tuple[str, str]] = []
    for one in element.iter():
        if one.tag == "dt":
            pairs.append((words(one), ""))
        elif one.tag == "dd":
            name, said = pairs.pop() if pairs else ("", "")
            pairs.append((name, f"{said} {words(one)}".strip()))
    return [Facts(tuple(pairs))] if pairs else []


def _checks(element: Element) -> Sequence[Block]:
    items = []
    for item in element.iter("li"):
        verdict = next((words(one) for one in item.iter("span") if "verdict" in classes(one)), "")
        found = next((words(one) for one in item.iter("span") if "check-text" in classes(one)), "")
        name = next((words(one) for one in item.iter("strong")), "")
        question = words(item).removeprefix(verdict).strip().removeprefix(name).removesuffix(found).strip()
        items.append((verdict, name, question, found))
    return [Checks(tuple(items))]


def _bullets(element: Element) -> Sequence[Block]:
    items = [tuple(blocks(item)) for item in element if item.tag == "li"]
    return [Bullets(tuple(items), element.tag == "ol")] if items else []


def _notes(element: Element) -> Sequence[Block]:
    """Return lines below a table as a table of nothing else, for the table before it to take in."""
    return [Table("", (), (), tuple(_runs(item) for item in element.iter("li")))]


def _code(element: Element) -> Sequence[Block]:
    text = "".join(element.itertext()).strip("\n")
    return [Code(text)] if text.strip() else []


def _fold(element: Element) -> Sequence[Block]:
    summary = next((words(one) for one in element if one.tag == "summary"), "")
    inside = [one for one in blocks(element) if one != Paragraph((Run(summary),))]
    return [Note(summary, tuple(inside))]


def _nothing(element: Element) -> Sequence[Block]:
    return []


def _error(element: Element) -> Sequence[Block]:
    return [replace(one, kind="error") if isinstance(one, Paragraph) else one for one in blocks(element)]


def _quote(element: Element) -> Sequence[Block]:
    return [replace(one, kind="quote") if isinstance(one, Paragraph) else one for one in blocks(element)]


def _figure(element: Element) -> Sequence[Block]:
    picture = next(element.iter("img"), None)
    content = _picture_bytes(picture)
    if picture is None or content is None:
        return blocks(element)
    said = {name: words(one) for one in element.iter() for name in classes(one)}
    source = said.get("figure-source", "").removeprefix("Source: ")
    title, subtitle = said.get("figure-title", ""), said.get("figure-subtitle", "")
    if not title:
        title = " ".join(words(one) for one in element.iter("figcaption"))
    return [Picture(content, picture.get("alt", ""), title, subtitle, source)]


def _image(element: Element) -> Sequence[Block]:
    content, alt = _picture_bytes(element), element.get("alt", "")
    return [Picture(content, alt)] if content else [Paragraph((Run(f"[picture left out: {alt}]"),))]


def _picture_bytes(element: Element | None) -> bytes | None:
    """Return the picture that an address holds; None where it holds none that Word and PDF can show."""
    if element is None:
        return None
    kind, _, bits = element.get("src", "").partition(";base64,")
    if kind not in ("data:image/png", "data:image/jpeg", "data:image/gif"):
        return None
    try:
        return base64.b64decode(bits, validate=True) or None
    except binascii.Error:
        return None


def _table(element: Element) -> Sequence[Block]:
    caption = next((words(one) for one in element.iter("caption")), "")
    head = [line for part in element.iter("thead") for line in part.iter("tr")]
    body = [line for line in element.iter("tr") if line not in head]
    columns = max((sum(_span(cell, "colspan") for cell in line) for line in [*head, *body]), default=0)
    header, rows = [_capital(row) for row in _lines(head, columns)], _lines(body, columns)
    if not columns:
        return [Paragraph((Run(caption, bold=True),))] if caption else []
    return [Table(caption, tuple(header), tuple(rows))]


def _capital(row: Row) -> Row:
    """Return a heading line whose cells start with a capital letter, as on the page."""
    cells = []
    for cell in row.cells:
        first = cell.runs[:1]
        runs = tuple(replace(run, text=run.text[:1].upper() + run.text[1:]) for run in first)
        cells.append(replace(cell, runs=(*runs, *cell.runs[1:])))
    return replace(row, cells=tuple(cells))


def _lines(lines: Iterable[Element], columns: int) -> list[Row]:
    """Return lines of equal length; a cell that spans several is followed by empty ones."""
    rows: list[Row] = []
    below: dict[tuple[int, int], bool] = {}
    for number, line in enumerate(lines):
        cells: list[Cell] = []
        for element in line:
            while below.get((number, len(cells))):
                cells.append(Cell(()))
            wide, high = _span(element, "colspan"), _span(element, "rowspan")
            place = len(cells)
            cells += [_cell(element), *[Cell(())] * (wide - 1)]
            below |= {(number + i, place + j): True for i in range(1, high) for j in range(wide)}
        cells += [Cell(())] * (columns - len(cells))
        rows.append(Row(tuple(cells[:columns] if columns else cells), "total" in classes(line)))
    return rows


def _span(element: Element, name: str) -> int:
    given = element.get(name, "1")
    return min(int(given), 100) if given.isdigit() and int(given) > 0 else 1


def _cell(element: Element) -> Cell:
    unit = next((one for one in element.iter("span") if "unit" in classes(one)), None)
    if unit is None:
        return Cell(_runs(element), "number" in classes(element))
    said = words(unit)
    runs = _tidy([run for run in _all_runs(element, skip=unit)])
    return Cell(runs, "number" in classes(element), said)


def _runs(element: Element) -> Runs:
    return _tidy(_all_runs(element))


def _all_runs(element: Element, look: Run | None = None, skip: Element | None = None) -> list[Run]:
    look = look or Run("")
    found = [replace(look, text=element.text or "")]
    for child in element:
        if child is not skip:
            found += _inline(child, look)
        found.append(replace(look, text=child.tail or ""))
    return found


def _inline(element: Element, look: Run) -> list[Run]:
    tag = element.tag
    if tag == "br":
        return [replace(look, text="\v")]
    if tag == "input":
        return [replace(look, text="[x] " if "checked" in element.attrib else "[ ] ")]
    if tag == "img":
        return [replace(look, text=f"[picture: {element.get('alt', '')}]")]
    look = replace(
        look,
        bold=look.bold or tag in ("b", "strong", "th"),
        italic=look.italic or tag in ("i", "em"),
        code=look.code or tag in ("code", "kbd", "samp", "tt"),
        raised=look.raised or tag == "sup",
    )
    if tag == "a" and LINK.match(element.get("href", "")):
        look = replace(look, link=element.get("href", ""))
    return _all_runs(element, look)


def _tidy(runs: Iterable[Run]) -> Runs:
    """Join runs of one look, put single spaces, drop what is empty at both ends; \\v is a new line."""
    joined: list[Run] = []
    for run in runs:
        text = PER_CENT.sub("\u00a0%", SPACE.sub(" ", run.text))
        if joined and joined[-1].text.endswith((" ", "\v")):
            text = text.lstrip(" ")
        if not text:
            continue
        if joined and replace(joined[-1], text="") == replace(run, text=""):
            joined[-1] = replace(run, text=joined[-1].text + text)
        else:
            joined.append(replace(run, text=text))
    while joined and not joined[0].text.strip(" \v"):
        joined.pop(0)
    while joined and not joined[-1].text.strip(" \v"):
        joined.pop()
    if not joined:
        return ()
    joined[0] = replace(joined[0], text=joined[0].text.lstrip(" \v"))
    joined[-1] = replace(joined[-1], text=joined[-1].text.rstrip(" \v"))
    return tuple(replace(run, text=run.text.replace("\v", "\n")) for run in joined)


READERS: dict[tuple[str, str], Callable[[Element], Sequence[Block]]] = {
    ("header", "report-header"): _nothing,  # read by `_title_block`
    **{(f"h{level}", ""): _heading for level in range(1, 7)},
    ("p", ""): _paragraph,
    ("section", "answer"): _answer,
    ("dl", "cards"): _cards,
    ("dl", ""): _facts,
    ("ul", "checks"): _checks,
    ("ul", "table-notes"): _notes,
    ("ul", ""): _bullets,
    ("ol", ""): _bullets,
    ("pre", ""): _code,
    ("details", "figure-data"): _nothing,  # stays with the page; `document.ENDING` says so
    ("details", ""): _fold,
    ("summary", ""): _nothing,  # read with its fold
    ("div", "error"): _error,
    ("blockquote", ""): _quote,
    ("figure", ""): _figure,
    ("img", ""): _image,
    ("table", ""): _table,
    ("hr", ""): _nothing,
}
