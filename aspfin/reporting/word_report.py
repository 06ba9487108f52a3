"""A report as a Word file: real headings, tables and pictures, the same bytes every time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from aspfin.reporting.document import (
    ENDING,
    Answer,
    Block,
    Bullets,
    Cards,
    Checks,
    Code,
    Document,
    Facts,
    Heading,
    Note,
    Paragraph,
    Picture,
    Run,
    Runs,
    Table,
)
from aspfin.reporting.publication_files import STAMP, _clean, _without_times
from aspfin.reporting.table_layout import layout, parts
from aspfin.reporting.word_parts import (
    ACCENT,
    ALERT,
    GOOD,
    GREY,
    bookmark,
    describe,
    left_rule,
    link,
    repeat_as_head,
    row_rule,
    set_widths,
    shade,
    styled,
    tinted,
)

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.text.paragraph import Paragraph as WordParagraph

__all__ = ["word_report"]

TEXT_CM = 17.4  # width of the text on A4 with margins of 18 mm
PICTURE_CM, PICTURE_HIGH_CM = 14.5, 13.0
MOST_TITLE = 255  # letters that the properties of a file may hold
RULES = {"note": "C58B00", "error": ALERT, "quote": "D5DCE1"}


def word_report(report: Document) -> bytes:
    """Return a report as a Word file (docx).

    Parameters
    ----------
    report : Document
        From `document_reading.document`.

    Examples
    --------
    >>> made = word_report(Document("Floods", "", (), (Heading(1, "Who pays?"),)))
    >>> made[:2], made == word_report(Document("Floods", "", (), (Heading(1, "Who pays?"),)))
    (b'PK', True)
    """
    writer = _Writer(styled(_clean(report.title)))
    writer.whole(report)
    core = writer.word.core_properties
    core.author = core.comments = core.last_modified_by = core.keywords = ""
    core.title, core.revision = _clean(report.title)[:MOST_TITLE], 1
    core.created = core.modified = STAMP
    core.language = "en"
    file = BytesIO()
    writer.word.save(file)
    return _without_times(file.getvalue())


class _Writer:
    """Writes blocks into a Word document, one after the other."""

    def __init__(self, word: WordDocument) -> None:
        self.word = word
        self.styles = {style.name: style.style_id for style in word.styles}
        self.marks: dict[str, str] = {}
        self.folded = 0
        self.writers: dict[type, Callable[[Any], None]] = {
            **{Heading: self.heading, Paragraph: self.paragraph, Answer: self.answer, Cards: self.cards},
            **{Table: self.table, Picture: self.picture, Note: self.note, Bullets: self.bullets},
            **{Checks: self.checks, Facts: self.facts, Code: self.code},
        }

    def whole(self, report: Document) -> None:
        """Write the title block, the opening, the contents, the sections, and where the rest is."""
        for number, one in enumerate(_headings((*report.opening, *report.body)), start=1):
            if one.address:
                self.marks.setdefault(one.address, f"heading{number}")
        self.line("Title", report.title)
        if report.subtitle:
            self.line("Subtitle", report.subtitle)
        self.blocks(report.opening)
        self.contents(report.headings)
        self.blocks(report.body)
        line = self.line("Small")
        line.paragraph_format.space_before = 240_000
        row_rule(line, "top")
        line.add_run(ENDING)

    def line(self, style: str, text: str = "") -> WordParagraph:
        """Add a paragraph of a style."""
        line = self.word.add_paragraph()
        line._p.style = self.styles[
            style
        ]  # python-docx looks through all styles each time it is asked by name
        if text:
            line.add_run(_clean(text))
        return line

    def contents(self, headings: Sequence[Heading]) -> None:
        """Write the headings as links; a field with page numbers would ask the reader to update it."""
        if len(headings) < 2:
            return
        self.word.add_paragraph("Contents", style="Caption")
        for one in headings:
            line = self.line("Contents")
            line.paragraph_format.keep_with_next = one is not headings[-1]  # all on one page
            if one.address in self.marks:
                link(line, _clean(one.text), f"#{self.marks[one.address]}")
            else:
                line.add_run(_clean(one.text))

    def blocks(self, blocks: Sequence[Block]) -> None:
        """Write blocks in order."""
        for one in blocks:
            self.writers[type(one)](one)

    def heading(self, one: Heading) -> None:
        """Write a heading, with the mark that links lead to."""
        line = self.line(f"Heading {min(max(one.level, 1), 6)}", one.text)
        if one.address in self.marks:
            bookmark(line, self.marks[one.address])

    def paragraph(self, one: Paragraph, style: str | None = None) -> None:
        """Write a paragraph in the look of its kind."""
        line = self.line(style or ("Small" if one.kind == "source" else self.style()))
        self.runs(line, one.runs)
        if one.kind in RULES:
            left_rule(line, RULES[one.kind])
        elif self.folded:
            left_rule(line, "D5DCE1")
        if one.kind == "tally":
            for run in line.runs:
                run.bold = True

    def style(self) -> str:
        """Return the style of running text, smaller in what the page folds."""
        return "Folded" if self.folded else "Normal"

    def runs(self, line: WordParagraph, runs: Runs, *, bold: bool = False) -> None:
        """Write text with its looks and links."""
        for one in runs:
            text = _clean(one.text)
            goal = one.link
            if goal.startswith("#"):
                goal = f"#{self.marks[goal[1:]]}" if goal[1:] in self.marks else ""
            run = link(line, text, goal) if goal else line.add_run(text)
            run.bold, run.italic = (bold or one.bold) or None, one.italic or None
            if one.raised:
                run.font.superscript = True
            if one.code:
                run.font.name = "Consolas"

    def answer(self, one: Answer) -> None:
        """Write the answer behind a rule, a little larger than the rest."""
        for number, text in enumerate((one.title, *one.sentences)):
            line = self.line("Answer" if number else "Answer title", text)
            left_rule(line, ACCENT, wide=True)

    def cards(self, one: Cards) -> None:
        """Write headline figures side by side, at most four in a line."""
        self.line("Gap")
        wide = min(4, len(one.items)) or 1
        lines = [one.items[start : start + wide] for start in range(0, len(one.items), wide)]
        grid = self.word.add_table(rows=len(lines), cols=wide)
        set_widths(grid, [TEXT_CM / wide] * wide)
        for row, line in zip(grid.rows, lines, strict=True):
            repeat_as_head(row, head=False)
            for cell, texts in zip(row.cells, line, strict=False):
                shade(cell, "F3F6F8")
                for place, text in enumerate(texts):
                    if text or place < 2:
                        said = cell.paragraphs[0] if place == 0 else cell.add_paragraph()
                        said._p.style = self.styles[("Card label", "Card value", "Card label")[place]]
                        said.add_run(_clean(text))
        self.line("Gap")

    def table(self, one: Table) -> None:
        """Write a table under its caption, its notes below; a wide one in parts."""
        for part in parts(one):
            self.grid(part)
            for left, note in enumerate(part.notes, start=1 - len(part.notes)):
                line = self.line("Small")
                line.paragraph_format.keep_with_next = left < 0
                self.runs(line, note)
            self.line("Gap")

    def grid(self, one: Table) -> None:
        """Write the lines of a table; Word repeats the head on every page."""
        from docx.shared import Pt

        if one.caption:
            self.line("Caption", one.caption)
        if not one.header and not one.rows:
            return
        fit = layout(one)
        grid = self.word.add_table(rows=len(one.header) + len(one.rows), cols=one.width)
        describe(grid, _clean(one.caption))
        set_widths(grid, [share * TEXT_CM for share in fit.widths])
        last = len(grid.rows) - 1
        for number, (row, line) in enumerate(zip(grid.rows, (*one.header, *one.rows), strict=True)):
            head = number < len(one.header)
            repeat_as_head(row, head=head)
            edges = {"bottom": 12 if number == len(one.header) - 1 else 4}
            if line.total:
                edges["top"] = 12
            for place, (cell, given) in enumerate(zip(row.cells, line.cells, strict=True)):
                said = cell.paragraphs[0]
                said._p.style = self.styles["Table number" if given.number and place else "Table text"]
                self.runs(said, given.runs, bold=head or line.total)
                if given.unit:
                    tinted(said.add_run("\n" + _clean(given.unit)), GREY)
                for run in said.runs:
                    run.font.size = Pt(fit.size)
                if head or (len(one.rows) <= 14 and number < last) or (number == last and one.notes):
                    said.paragraph_format.keep_with_next = True
                for edge, size in edges.items():
                    row_rule(cell, edge, size)

    def picture(self, one: Picture) -> None:
        """Write a picture with its title above, its source below, and its words for who cannot see it."""
        from docx.shared import Cm

        if one.title:
            self.line("Caption", one.title)
        if one.subtitle:
            self.line("Subcaption", one.subtitle)
        line = self.word.add_paragraph()
        line.paragraph_format.keep_with_next = bool(one.source)
        shape = line.add_run().add_picture(BytesIO(one.content))
        scale = min(Cm(PICTURE_CM) / shape.width, Cm(PICTURE_HIGH_CM) / shape.height)
        shape.width, shape.height = round(shape.width * scale), round(shape.height * scale)
        shape._inline.docPr.set("descr", _clean(one.alt or one.title or "Picture"))
        if one.source:
            self.line("Small", f"Source: {one.source}")

    def note(self, one: Note) -> None:
        """Write what the page folds, smaller, behind a rule."""
        if one.summary:
            line = self.line("Folded title", one.summary)
            left_rule(line, "D5DCE1")
        self.folded += 1
        self.blocks(one.blocks)
        self.folded -= 1

    def bullets(self, one: Bullets, depth: int = 1) -> None:
        """Write a list; numbers are written out, so that every list starts at one."""
        for number, item in enumerate(one.items, start=1):
            for place, block in enumerate(item):
                if isinstance(block, Bullets):
                    self.bullets(block, depth + 1)
                elif place == 0 and isinstance(block, Paragraph):
                    mark = f"{number}.\t" if one.numbered else "•\t"
                    self.paragraph(Paragraph((Run(mark), *block.runs)), style=f"Item {min(depth, 3)}")
                else:
                    self.blocks([block])

    def checks(self, one: Checks) -> None:
        """Write each check with its verdict, and what was found below."""
        colours = {"Passed": GOOD, "Failed": ALERT}
        for verdict, name, question, found in one.items:
            line = self.line("Check")
            colour = colours.get(verdict, GREY)
            left_rule(line, colour)
            tinted(line.add_run(_clean(f"{verdict}. ")), colour, bold=True)
            line.add_run(_clean(f"{name}. ")).bold = True
            line.add_run(_clean(question))
            if found:
                tinted(line.add_run("\n" + _clean(found)), GREY)

    def facts(self, one: Facts) -> None:
        """Write names and values in two columns."""
        grid = self.word.add_table(rows=len(one.items), cols=2)
        set_widths(grid, [3.5, TEXT_CM - 3.5])
        for row, pair in zip(grid.rows, one.items, strict=True):
            for cell, text in zip(row.cells, pair, strict=True):
                cell.paragraphs[0]._p.style = self.styles["Table text"]
                cell.paragraphs[0].add_run(_clean(text))

    def code(self, one: Code) -> None:
        """Write a formula, or what a cell printed, in letters of one width."""
        line = self.line("Code", one.text)
        if self.folded:
            left_rule(line, "D5DCE1")


def _headings(blocks: Sequence[Block]) -> list[Heading]:
    return [one for one in blocks if isinstance(one, Heading)]
