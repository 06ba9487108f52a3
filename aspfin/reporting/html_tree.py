"""HTML as a tree of elements, by the standard library alone; scripts and styles are left out."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree.ElementTree import Element, TreeBuilder

__all__ = ["classes", "parse", "words"]

VOID = frozenset({"br", "hr", "img", "input", "source", "wbr", "col"})
UNSEEN = frozenset({"script", "style"})


class _Reader(HTMLParser):
    """Builds a tree and mends what is not nested well, as a browser would: by closing what is open."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.builder = TreeBuilder()
        self.builder.start("div", {})
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.builder.end(tag)
        else:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID or tag not in self.open:
            return
        while self.open.pop() != tag:
            self.builder.end(tag)
        self.builder.end(tag)

    def handle_data(self, data: str) -> None:
        if not (self.open and self.open[-1] in UNSEEN):
            self.builder.data(data)

    def finished(self) -> Element:
        self.close()
        for tag in [*reversed(self.open), "div"]:
            self.builder.end(tag)
        return self.builder.close()


def parse(html: str) -> Element:
    """Return HTML as one element that holds everything.

    Examples
    --------
    >>> words(parse("<p>20 &lt; <b>30</b><script>alert(1)</script></p>"))
    '20 < 30'
    """
    reader = _Reader()
    reader.feed(html)
    return reader.finished()


def words(element: Element) -> str:
    """Return the words of an element, with single spaces."""
    return re.sub(r"[ \t\r\n\f]+", " ", "".join(element.itertext())).strip()


def classes(element: Element) -> frozenset[str]:
    """Return the classes of an element."""
    return frozenset(element.get("class", "").split())
