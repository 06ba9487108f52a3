"""An executed report as a small document: headings, sentences, tables, pictures, in the order of the page.

`document_reading` reads it from the same HTML as the page, so PDF and Word say what the page says. Two things
stay with the page: the numbers behind each figure, and the code; `ENDING` tells the reader so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "ENDING",
    "Answer",
    "Block",
    "Bullets",
    "Cards",
    "Cell",
    "Checks",
    "Code",
    "Document",
    "Facts",
    "Heading",
    "Note",
    "Paragraph",
    "Picture",
    "Row",
    "Run",
    "Table",
    "plain_text",
]

ENDING = (
    "Made with aspfin. The numbers behind each figure and the code are in report.html; results at full "
    "precision in results.json and the tables folder; how it was made in run.json."
)


@dataclass(frozen=True)
class Run:
    """A stretch of text of one look; `link` is a web address, or # and the address of a heading."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    raised: bool = False
    link: str = ""


Runs: TypeAlias = tuple[Run, ...]


def plain_text(runs: Runs) -> str:
    """Return the words of a text without its looks.

    Examples
    --------
    >>> plain_text((Run("Who "), Run("pays", bold=True), Run("?")))
    'Who pays?'
    """
    return "".join(run.text for run in runs)


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 starts a section (the page's second level)."""

    level: int
    text: str
    address: str = ""


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `kind` is "", "note" (set apart), "error", "quote", "source" or "tally"."""

    runs: Runs
    kind: str = ""


@dataclass(frozen=True)
class Answer:
    """The answer of the report: its heading and sentences."""

    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Cards:
    """Headline figures: label, value, note."""

    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Cell:
    """A cell of a table; `unit` is that of a heading cell."""

    runs: Runs
    number: bool = False
    unit: str = ""

    @property
    def text(self) -> str:
        """Its words."""
        return plain_text(self.runs)


@dataclass(frozen=True)
class Row:
    """A line of a table; `total` sets it apart."""

    cells: tuple[Cell, ...]
    total: bool = False


@dataclass(frozen=True)
class Table:
    """A table; every line has as many cells as every other."""

    caption: str
    header: tuple[Row, ...]
    rows: tuple[Row, ...]
    notes: tuple[Runs, ...] = ()

    @property
    def width(self) -> int:
        """Number of columns."""
        return max((len(row.cells) for row in (*self.header, *self.rows)), default=0)


@dataclass(frozen=True)
class Picture:
    """A picture with its words; `content` holds the bytes of a PNG, JPEG or GIF file."""

    content: bytes
    alt: str
    title: str = ""
    subtitle: str = ""
    source: str = ""


@dataclass(frozen=True)
class Note:
    """What the page folds: a note on method, or what a cell printed."""

    summary: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Bullets:
    """A list; each item holds blocks."""

    items: tuple[tuple[Block, ...], ...]
    numbered: bool = False


@dataclass(frozen=True)
class Checks:
    """Diagnostics: verdict, name, question, and what was found."""

    items: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True)
class Facts:
    """Names and values, such as what a report was run with."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Code:
    """Text of which every space counts: a formula, or what a cell printed."""

    text: str


Block: TypeAlias = (
    Heading | Paragraph | Answer | Cards | Table | Picture | Note | Bullets | Checks | Facts | Code
)


@dataclass(frozen=True)
class Document:
    """A report: its title block, and what stands below it.

    Attributes
    ----------
    title, subtitle : str
    opening : tuple of Block
        What stands before the first heading: answer, headline figures, the one picture.
    body : tuple of Block
        The sections.
    """

    title: str
    subtitle: str
    opening: tuple[Block, ...]
    body: tuple[Block, ...]

    @property
    def headings(self) -> tuple[Heading, ...]:
        """Headings of sections, for the contents."""
        return tuple(one for one in self.body if isinstance(one, Heading) and one.level == 1)
