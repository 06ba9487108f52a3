"""Small parts of Word files that python-docx leaves to its users: styles, links, rules, page numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.table import Table, _Cell, _Row
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run

__all__ = [
    "ACCENT",
    "ALERT",
    "GOOD",
    "GREY",
    "bookmark",
    "describe",
    "left_rule",
    "link",
    "repeat_as_head",
    "row_rule",
    "set_widths",
    "shade",
    "styled",
    "tinted",
]

FONT = "Calibri"
INK, ACCENT, ALERT, GOOD, GREY = "1D2A33", "0B3C6F", "B3261E", "0F6B4F", "55636D"
# Style: base, size in points, bold, colour, points before and after, stays with the next paragraph.
STYLES = {
    "Normal": (None, 10.5, False, INK, 0, 6, False),
    "Title": (None, 22, True, INK, 0, 4, True),
    "Subtitle": (None, 10.5, False, GREY, 0, 8, False),
    "Heading 1": (None, 15, True, INK, 20, 6, True),
    "Heading 2": (None, 12.5, True, INK, 14, 4, True),
    "Heading 3": (None, 11, True, INK, 12, 4, True),
    "Heading 4": (None, 10.5, True, INK, 10, 4, True),
    "Heading 5": (None, 10.5, True, INK, 10, 4, True),
    "Heading 6": (None, 10.5, True, INK, 10, 4, True),
    "Caption": (None, 11, True, INK, 10, 3, True),
    "Subcaption": ("Normal", 9.5, False, GREY, 0, 3, True),
    "Small": ("Normal", 8.5, False, GREY, 2, 2, False),
    "Gap": ("Normal", 4, False, INK, 0, 4, False),
    "Contents": ("Normal", 10, False, INK, 0, 1, False),
    "Answer title": ("Normal", 10.5, True, ACCENT, 6, 0, True),
    "Answer": ("Normal", 12, False, INK, 4, 0, False),
    "Card label": ("Normal", 8.5, False, GREY, 2, 2, False),
    "Card value": ("Normal", 15, True, INK, 0, 0, True),
    "Table text": ("Normal", 9, False, INK, 1.5, 1.5, False),
    "Table number": ("Table text", 9, False, INK, 1.5, 1.5, False),
    "Folded title": ("Normal", 10, True, ACCENT, 8, 2, True),
    "Folded": ("Normal", 9.5, False, INK, 0, 4, False),
    "Check": ("Normal", 10, False, INK, 0, 5, False),
    "Code": ("Normal", 8.5, False, INK, 0, 6, False),
    "Item 1": ("Normal", 10, False, INK, 0, 3, False),
    "Item 2": ("Normal", 10, False, INK, 0, 3, False),
    "Item 3": ("Normal", 10, False, INK, 0, 3, False),
}


def styled(title: str) -> WordDocument:
    """Return an empty A4 document with the styles of a report, its running title and its page numbers."""
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    word = Document()
    section = word.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(18)
    section.top_margin = section.bottom_margin = Mm(20)
    for name in STYLES:
        _style(word, name)
    word.styles["Table number"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    word.styles["Code"].font.name = "Consolas"
    for depth in (1, 2, 3):
        shape = word.styles[f"Item {depth}"].paragraph_format
        shape.left_indent, shape.first_line_indent = Pt(14 * depth), Pt(-14)
        shape.tab_stops.add_tab_stop(Pt(14 * depth))
    section.different_first_page_header_footer = True
    head = section.header.paragraphs[0]
    head.style = "Small"
    head.add_run(title)
    row_rule(head, "bottom")
    for footer in (section.footer, section.first_page_footer):
        line = footer.paragraphs[0]
        line.style, line.alignment = "Small", WD_ALIGN_PARAGRAPH.RIGHT
        _field(line, "PAGE")
        line.add_run(" / ")
        _field(line, "NUMPAGES")
    return word


def _style(word: WordDocument, name: str) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    base, size, bold, colour, before, after, together = STYLES[name]
    style = word.styles[name] if name in word.styles else word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    if base:
        style.base_style = word.styles[base]
    style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
    style.font.color.rgb = RGBColor.from_string(colour)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for kind in [key for key in fonts.attrib if key.endswith("Theme")]:
        del fonts.attrib[kind]  # a theme's font would win over the one named
    for kind in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{kind}"), FONT)
    shape = style.paragraph_format
    shape.space_before, shape.space_after, shape.line_spacing = Pt(before), Pt(after), 1.1
    shape.keep_with_next = together
    for border in style.element.findall(f".//{qn('w:pBdr')}"):
        border.getparent().remove(border)  # the default title is underlined
    for spacing in style.element.findall(f".//{qn('w:rPr')}/{qn('w:spacing')}"):
        spacing.getparent().remove(spacing)


def _new(name: str, /, **attributes: str) -> Any:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    element = OxmlElement(name)
    for key, value in attributes.items():
        element.set(qn(f"w:{key}"), value)
    return element


def _field(line: Paragraph, code: str) -> None:
    """Put a page number; Word and its kin fill it in when they lay out the page."""
    field = _new("w:fldSimple", instr=code)
    run = line.add_run("1")
    line._p.append(field)
    field.append(run._r)


def link(line: Paragraph, text: str, goal: str) -> Run:
    """Add a link to a web address, or to a mark of this document ("#mark"), and return its text."""
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml.ns import qn
    from docx.shared import RGBColor

    element = _new("w:hyperlink", history="1")
    if goal.startswith("#"):
        element.set(qn("w:anchor"), goal[1:])
    else:
        element.set(qn("r:id"), line.part.relate_to(goal, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    run = line.add_run(text)
    run.font.color.rgb = RGBColor.from_string(ACCENT)
    line._p.append(element)
    element.append(run._r)
    return run


def tinted(run: Run, colour: str, *, bold: bool = False) -> None:
    """Give a stretch of text a colour."""
    from docx.shared import RGBColor

    run.font.color.rgb = RGBColor.from_string(colour)
    run.bold = bold or None


def bookmark(line: Paragraph, name: str) -> None:
    """Mark a paragraph as the goal of links."""
    number = name.removeprefix("heading")
    line._p.insert(1, _new("w:bookmarkStart", id=number, name=name))
    line._p.append(_new("w:bookmarkEnd", id=number))


def _border(properties: Any, group: str, edge: str, size: int, colour: str, space: str) -> None:
    from docx.oxml.ns import qn

    borders = properties.find(qn(group))
    if borders is None:
        borders = _new(group)
        followers = [qn(f"w:{name}") for name in AFTER[group]]
        place = next((i for i, one in enumerate(properties) if one.tag in followers), len(properties))
        properties.insert(place, borders)
    line = _new(f"w:{edge}", val="single", sz=str(size), space=space, color=colour)
    order = ("top", "left", "bottom", "right")
    later = [qn(f"w:{name}") for name in order[order.index(edge) + 1 :]]
    place = next((i for i, one in enumerate(borders) if one.tag in later), len(borders))
    borders.insert(place, line)


# What must stand after the borders in paragraph and cell: Word refuses a file in another order.
AFTER = {
    "w:pBdr": ("shd", "tabs", "spacing", "ind", "contextualSpacing", "jc", "outlineLvl", "rPr"),
    "w:tcBorders": ("shd", "noWrap", "tcMar", "vAlign"),
}


def left_rule(line: Paragraph, colour: str, *, wide: bool = False) -> None:
    """Draw a rule to the left of a paragraph, which is moved in a little."""
    from docx.shared import Pt

    line.paragraph_format.left_indent = Pt(12)
    _border(line._p.get_or_add_pPr(), "w:pBdr", "left", 24 if wide else 14, colour, "8")


def row_rule(place: Paragraph | _Cell, edge: str, size: int = 4) -> None:
    """Draw a rule above or below a paragraph or a cell; `size` in eighths of a point."""
    colour = INK if size > 4 else "D5DCE1"
    if hasattr(place, "_tc"):
        _border(place._tc.get_or_add_tcPr(), "w:tcBorders", edge, size, colour, "0")
    else:
        _border(place._p.get_or_add_pPr(), "w:pBdr", edge, size, colour, "4")


def shade(cell: _Cell, colour: str) -> None:
    """Fill a cell under a thick rule, with white at its right."""
    borders = cell._tc.get_or_add_tcPr()
    _border(borders, "w:tcBorders", "top", 16, ACCENT, "0")
    _border(borders, "w:tcBorders", "right", 48, "FFFFFF", "0")
    cell._tc.get_or_add_tcPr().append(_new("w:shd", val="clear", color="auto", fill=colour))


def set_widths(grid: Table, centimetres: Sequence[float]) -> None:
    """Give the columns of a table their widths, for good, and little room between them."""
    from docx.oxml.ns import qn
    from docx.shared import Cm

    grid.autofit = False
    margins = _new("w:tblCellMar")
    for side in ("left", "right"):
        margins.append(_new(f"w:{side}", w="70", type="dxa"))
    look = grid._tbl.tblPr.find(qn("w:tblLook"))
    place = len(grid._tbl.tblPr) if look is None else grid._tbl.tblPr.index(look)
    grid._tbl.tblPr.insert(place, margins)
    for column, width in zip(grid.columns, centimetres, strict=True):
        column.width = Cm(width)
        for cell in column.cells:
            cell.width = Cm(width)


def repeat_as_head(row: _Row, *, head: bool) -> None:
    """Keep a row on one page; a row of the head stands again on every page."""
    properties = row._tr.get_or_add_trPr()
    properties.append(_new("w:cantSplit"))
    if head:
        properties.append(_new("w:tblHeader"))


def describe(grid: Table, words: str) -> None:
    """Tell a screen reader what a table holds."""
    grid._tbl.tblPr.append(_new("w:tblCaption", val=words))
