"""Publication tables as Word and Excel files, the same bytes for the same table."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd

if TYPE_CHECKING:
    from docx.table import Table, _Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from aspfin.reporting.publication import Cell, PublicationTable

__all__ = ["excel", "word"]

STAMP = datetime(2000, 1, 1)  # files say nothing of when they were made
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def word(table: PublicationTable) -> bytes:
    """Return a Word document with the title, the table in three rules, and the notes."""
    from docx import Document
    from docx.shared import Pt

    document = Document()
    core = document.core_properties
    core.author = core.comments = core.last_modified_by = ""
    core.title, core.created, core.modified, core.revision = _clean(table.title), STAMP, STAMP, 1
    document.styles["Normal"].font.size = Pt(9 if len(table.data) <= 4 else 7.5)
    document.add_paragraph().add_run(_clean(table.title)).bold = True
    lines = [["", *line] for line in table.header]
    lines += [[row.label, *(cell.text for cell in row.cells)] for row in table.rows]
    grid = document.add_table(rows=len(lines), cols=len(table.data) + 1)
    for i, line in enumerate(lines):
        stars = [""] * len(line) if i < len(table.header) else _stars(table, i - len(table.header))
        for cell, text, mark in zip(grid.rows[i].cells, line, stars, strict=True):
            _write(cell, text, mark)
    _rules(grid, table)
    for note in table.notes:
        document.add_paragraph().add_run(_clean(note)).italic = True
    file = BytesIO()
    document.save(file)
    return _without_times(file.getvalue())


def _stars(table: PublicationTable, row: int) -> list[str]:
    return ["", *(cell.stars for cell in table.rows[row].cells)]


def _write(cell: _Cell, text: str, stars: str) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = 0
    paragraph.add_run(_clean(text))
    if stars:
        paragraph.add_run(stars).font.superscript = True


def _rules(grid: Table, table: PublicationTable) -> None:
    """Centre the numbers and draw the rules: above, below the head, before the statistics, at the end."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    statistics = sum(row.part != "statistic" for row in table.rows) + len(table.header)
    above = {0, len(table.header), statistics} & set(range(len(grid.rows)))
    for i, row in enumerate(grid.rows):
        for j, cell in enumerate(row.cells):
            if j:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
            if i in above:
                _border(cell, "top")
            if i == len(grid.rows) - 1:
                _border(cell, "bottom")


def _border(cell: _Cell, edge: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    properties = cell._tc.get_or_add_tcPr()
    borders = properties.find(qn("w:tcBorders"))
    if borders is None:
        borders = OxmlElement("w:tcBorders")
        properties.append(borders)
    line = OxmlElement(f"w:{edge}")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "0"), ("color", "000000")):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)


def excel(table: PublicationTable) -> bytes:
    """Return a workbook: the table with its numbers as numbers, and the estimates in full precision.

    Text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    book.properties.creator, book.properties.created = "", STAMP
    sheet = book.active
    sheet.title = "Table"
    sheet.append([_plain(table.title)])
    sheet["A1"].font = Font(bold=True)
    for line in table.header:
        sheet.append(["", *map(_plain, line)])
    for row in table.rows:
        sheet.append([_plain(row.label), *(_value(cell) for cell in row.cells)])
        for j, cell in enumerate(row.cells, start=2):
            sheet.cell(sheet.max_row, j).number_format = _format(cell)
    for line in sheet.iter_rows(min_row=2, min_col=2):
        for cell in line:
            cell.alignment = Alignment(horizontal="center", wrap_text=isinstance(cell.value, str))
    for note in table.notes:
        sheet.append([_plain(note)])
    _excel_rules(sheet, table)
    _full(book.create_sheet("Estimates"), table.data)
    file = BytesIO()
    book.save(file)
    return _without_times(file.getvalue())


def _excel_rules(sheet: Worksheet, table: PublicationTable) -> None:
    from openpyxl.styles import Border, Side
    from openpyxl.utils import get_column_letter

    head = 1 + len(table.header)
    effects = head + sum(row.part != "statistic" for row in table.rows)
    for row in {1, head, effects, head + len(table.rows)}:
        for column in range(1, len(table.data) + 2):
            sheet.cell(row, column).border = Border(bottom=Side(style="thin"))
    sheet.column_dimensions["A"].width = 30
    for column in range(2, len(table.data) + 2):
        sheet.column_dimensions[get_column_letter(column)].width = 20
    sheet.freeze_panes = sheet.cell(head + 1, 2)


def _full(sheet: Worksheet, data: pd.DataFrame) -> None:
    sheet.append([_plain(str(name)) for name in data.columns])
    for line in data.itertuples(index=False):
        sheet.append([_scalar(value) for value in line])
    sheet.freeze_panes = "B2"


def _value(cell: Cell) -> str | float:
    if cell.value is None or cell.stars:  # stars cannot follow a number in a workbook
        return _plain(cell.text + cell.stars)
    return int(cell.value) if cell.decimals == 0 and float(cell.value).is_integer() else cell.value


def _format(cell: Cell) -> str:
    if cell.value is None:
        return "@"
    number = "#,##0" + ("." + "0" * cell.decimals if cell.decimals else "")
    if cell.brackets:
        left, right = cell.brackets
        return f'"{left}"{number}"{right}"'
    return number


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        return _plain(value)
    if value is None or pd.isna(value):
        return None
    value = value.item() if hasattr(value, "item") else value
    return "infinite" if value in (float("inf"), float("-inf")) else value


def _plain(text: str) -> str:
    """Return text that no spreadsheet runs.

    Examples
    --------
    >>> _plain("=1+1"), _plain("food")
    ("'=1+1", 'food')
    """
    text = _clean(text)
    return (
        "'" + text
        if text.lstrip().startswith(("=", "+", "-", "@")) or (text[:1] in "\t\r\n" and text)
        else text
    )


def _clean(text: str) -> str:
    """Return text without the characters that these files cannot hold."""
    return CONTROL.sub("", str(text))


def _without_times(content: bytes) -> bytes:
    """Return an Office file whose parts carry no time of writing."""
    file = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(file, "w", ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            part = old.read(name)
            if name == "docProps/core.xml":
                stamp = STAMP.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
                part = re.sub(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rb"\g<1>" + stamp, part)
            info = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            new.writestr(info, part)
    return file.getvalue()
