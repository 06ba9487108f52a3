"""A report as PDF: tagged for screen readers, with pages, contents and links, the same bytes every time.

Typst sets it, from `assets/report.typ`. The words go to Typst as data (JSON), never as source, so no title,
cell or note can be read as a command.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aspfin.reporting.document import (
    ENDING,
    Block,
    Bullets,
    Document,
    Heading,
    Note,
    Picture,
    Table,
)
from aspfin.reporting.publication_files import _clean
from aspfin.reporting.table_layout import layout, parts

__all__ = ["pdf"]

PICTURE_WIDTH = 0.82  # of the text's width
PICTURE_HEIGHT = 0.74  # the most, in parts of the text's width
LONG_WORD = re.compile(r"[^\s\u1780-\u17ff]{21,}")  # Khmer has no spaces; Typst knows where its words end
ASSETS = Path(__file__).with_name("assets")
FONTS = ASSETS / "fonts"  # beside those inside Typst
RUNNING = 95  # letters of the title that are repeated on every page
MANY_HEADINGS = 8  # contents in two columns


def pdf(report: Document) -> bytes:
    """Return a report as PDF/UA-1, a PDF that screen readers can follow.

    Latin, Greek, Cyrillic and Khmer letters have a font; others are shown as ▯, and the last page says so.

    Parameters
    ----------
    report : Document
        From `document_reading.document`.

    Examples
    --------
    >>> made = pdf(Document("Floods", "", (), (Heading(1, "Who pays?"),)))
    >>> made[:5], made == pdf(Document("Floods", "", (), (Heading(1, "Who pays?"),)))
    (b'%PDF-', True)
    """
    import typst

    writer = _Writer(frozenset(one.address for one in _headings((*report.opening, *report.body))))
    content = writer.whole(report)
    with TemporaryDirectory() as folder:
        for name, picture in writer.pictures.items():
            Path(folder, name).write_bytes(picture)
        Path(folder, "document.json").write_text(json.dumps(content), encoding="utf-8")
        Path(folder, "report.typ").write_bytes((ASSETS / "report.typ").read_bytes())
        return typst.compile(
            str(Path(folder, "report.typ")),
            root=folder,
            font_paths=[FONTS],
            ignore_system_fonts=True,  # the same letters on every machine
            format="pdf",
            pdf_standards=["ua-1"],
        )


def _headings(blocks: Sequence[Block]) -> list[Heading]:
    found: list[Heading] = []
    for one in blocks:
        if isinstance(one, Heading):
            found.append(one)
        elif isinstance(one, Note):
            found += _headings(one.blocks)
        elif isinstance(one, Bullets):
            found += [heading for item in one.items for heading in _headings(item)]
    return found


class _Writer:
    """Writes blocks as plain values for `report.typ`, and keeps their pictures."""

    def __init__(self, addresses: frozenset[str]) -> None:
        self.addresses = addresses
        self.placed: set[str] = set()
        self.pictures: dict[str, bytes] = {}
        self.unshown: set[str] = set()
        self.level = 0

    def whole(self, report: Document) -> dict[str, Any]:
        """Return the whole document."""
        many = len(report.headings)
        running = report.title if len(report.title) <= RUNNING else report.title[:RUNNING].rstrip() + "…"
        opening, body = self.blocks(report.opening), self.blocks(report.body)
        made = self.texts(
            {"title": report.title, "subtitle": report.subtitle, "running": running, "ending": [ENDING]}
        )
        if self.unshown:
            made["ending"].append(
                f"{len(self.unshown)} letters or signs have no font in this PDF and stand as ▯; "
                "report.html and the Word file show them."
            )
        return {**made, "contents": many > 1, "many": many > MANY_HEADINGS, "opening": opening, "body": body}

    def blocks(self, blocks: Sequence[Block]) -> list[dict[str, Any]]:
        """Return blocks as plain values, in order."""
        return [made for one in blocks for made in self.block(one)]

    def block(self, one: Block) -> list[dict[str, Any]]:
        """Return a block; a wide table gives several."""
        kind = type(one).__name__
        if isinstance(one, Table):
            return [self.table(part) for part in parts(one)]
        if isinstance(one, Picture):
            return [self.picture(one)]
        if isinstance(one, Note):
            return [{"block": kind, "summary": self.text(one.summary), "blocks": self.blocks(one.blocks)}]
        if isinstance(one, Bullets):
            items = [self.blocks(item) for item in one.items]
            return [{"block": kind, "numbered": one.numbered, "items": items}]
        if isinstance(one, Heading):
            self.level = max(1, min(one.level, self.level + 1))  # a screen reader misses a level left out
            address = "" if one.address in self.placed else one.address
            self.placed.add(address)
            return [{"block": kind, "level": self.level, "text": self.text(one.text), "address": address}]
        return [{"block": kind, **self.texts(asdict(one))}]

    def table(self, one: Table) -> dict[str, Any]:
        """Return a table with the widths of its columns."""
        fit = layout(one)
        return {"block": "Table", "widths": list(fit.widths), "size": fit.size, **self.texts(asdict(one))}

    def picture(self, one: Picture) -> dict[str, Any]:
        """Return a picture by the name of its file, made smaller where it would not fit a page."""
        from PIL import Image

        with Image.open(BytesIO(one.content)) as image:
            width, height = image.size
            ending = (image.format or "PNG").lower()
        name = f"picture{len(self.pictures)}.{ending}"
        self.pictures[name] = one.content
        words = {name: getattr(one, name) for name in ("alt", "title", "subtitle", "source")}
        words["alt"] = words["alt"] or words["title"] or "Picture"
        return {
            "block": "Picture",
            "file": name,
            "share": min(PICTURE_WIDTH, PICTURE_HEIGHT * width / height),
            **self.texts(words),
        }

    def texts(self, value: Any, name: str = "") -> Any:
        """Return plain values in which every text can be shown, and every link leads somewhere."""
        if isinstance(value, dict):
            return {key: self.texts(one, key) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.texts(one, name) for one in value]
        if not isinstance(value, str):
            return value
        if name == "link":
            return _clean(value) if not value.startswith("#") or value[1:] in self.addresses else ""
        return self.text(value)

    def text(self, text: str) -> str:
        """Return text with places to break in long words, and ▯ for letters without a font."""
        text = _clean(text)
        missing = {char for char in text if ord(char) > 126 and ord(char) not in _letters()}
        self.unshown |= missing
        if missing:
            text = "".join("▯" if char in missing else char for char in text)
        return LONG_WORD.sub(_breakable, text)


def _breakable(found: re.Match[str]) -> str:
    """Return a long word with invisible places to break: after a sign, and after every twelfth letter."""
    return "\u200b".join(re.findall(r"[^/_.,;:&?=@-]{1,12}[/_.,;:&?=@-]*|[/_.,;:&?=@-]+", found.group()))


@cache
def _letters() -> frozenset[int]:
    """Return the letters of our fonts and of DejaVu Sans Mono, the widest font inside Typst."""
    from matplotlib import get_data_path
    from matplotlib.ft2font import FT2Font

    places = [Path(get_data_path(), "fonts", "ttf", "DejaVuSansMono.ttf"), *sorted(FONTS.glob("*.ttf"))]
    return frozenset({0x200B, 0xAD}).union(*(FT2Font(str(place)).get_charmap() for place in places))
