"""A report's figures as one Excel file: answer, tables with their units, checks, unverified inputs.

It is made from what a report leaves (results.json and tables/*.csv), so it can be made later. Text that a
spreadsheet would run is made harmless; the same files give the same bytes.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

from aspfin.reporting.publication_files import STAMP, _plain, _without_times
from aspfin.reporting.workbook import LONGEST_NAME

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["report_workbook"]

NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?\Z")
MOST_DIGITS = 15  # a spreadsheet keeps no more; a longer whole number is an identifier
INFINITE = {"inf": "infinite", "-inf": "minus infinite"}
MOST_WIDTH, LEAST_WIDTH = 46, 9  # letters of a column
WIDTHS = (34, 56, 14, 64)  # letters of the columns of the first sheet
LINE = 150  # letters in a line of the first sheet
CHECK_COLUMNS = ("name", "question", "verdict", "statistic", "p_value", "text")
VERDICTS = {True: "passed", False: "failed", None: "not applicable"}
ENDING = (
    "Numbers are stored at full precision and shown rounded. An empty cell is a figure that is not there, "
    "not a zero. The second line of a sheet, where it has one, gives units. Made with aspfin; the report is "
    "report.html, how it was made is in run.json."
)
INK, ACCENT, TINT, GREY = "FF1D2A33", "FF0B3C6F", "FFF3F6F8", "FF55636D"


def report_workbook(title: str, results: Mapping[str, Any], tables: Mapping[str, str]) -> bytes:
    """Return the Excel file of a report.

    Parameters
    ----------
    title : str
    results : mapping
        results.json, parsed.
    tables : mapping of str to str
        Each table's CSV text, by its name.

    Examples
    --------
    >>> results = {"sentences": ["The fund pays."], "headline": [], "tables": [{"name": "paid"}]}
    >>> made = report_workbook("Floods", results, {"paid": "who,usd\\nfund,1.5\\n"})
    >>> made[:2], made == report_workbook("Floods", results, {"paid": "who,usd\\nfund,1.5\\n"})
    (b'PK', True)
    """
    from openpyxl import Workbook

    book = Workbook()
    book.properties.creator, book.properties.created, book.properties.title = "", STAMP, _plain(title)
    first = book.active
    first.title = "Report"
    taken, listed = {"report"}, []
    about = {one["name"]: one for one in results.get("tables", [])}
    for name in sorted(tables, key=lambda one: (list(about).index(one) if one in about else len(about), one)):
        lines = list(csv.reader(StringIO(tables[name])))
        told = about.get(name, {})
        sheet = book.create_sheet(_sheet_name(name, taken))
        names = lines[0] if lines else []
        _table(sheet, names, _typed(names, lines[1:]), told.get("units", {}))
        words = told.get("description") or name.replace("_", " ").capitalize()
        listed.append((sheet.title, words, max(0, len(lines) - 1), told.get("source", "")))
    for name, words, columns, rows in _more(results):
        sheet = book.create_sheet(_sheet_name(name, taken))
        _table(sheet, columns, rows, {})
        listed.append((sheet.title, words, len(rows), ""))
    _front(first, title, results, listed)
    file = BytesIO()
    book.save(file)
    return _without_times(file.getvalue())


def _sheet_name(name: str, taken: set[str]) -> str:
    """Return a name of at most 31 letters that no other sheet has; Excel does not tell A from a."""
    stem, number = re.sub(r"[\[\]:*?/\\']", " ", name)[:LONGEST_NAME], 2
    made = stem
    while made.lower() in taken:
        made, number = f"{stem[: LONGEST_NAME - 3]} {number}", number + 1
    taken.add(made.lower())
    return made


def _typed(names: Sequence[str], lines: Sequence[Sequence[str]]) -> list[list[Any]]:
    """Return cells with numbers as numbers, column by column, so that codes such as 007 stay text."""
    width = len(names)
    columns = [[line[place] if place < len(line) else "" for line in lines] for place in range(width)]
    return [list(line) for line in zip(*map(_typed_column, columns, names), strict=True)]


def _typed_column(texts: Sequence[str], name: str) -> list[Any]:
    some = [text for text in texts if text]
    if some and all(text in ("True", "False") for text in some):
        return [text == "True" if text else None for text in texts]
    if some and all(text in INFINITE or _is_number(text) for text in some):
        return [_number(text) for text in texts]
    if name == "value":  # inputs: numbers and words below each other
        return [_number(text) if _is_number(text) else text or None for text in texts]
    return [text or None for text in texts]


def _is_number(text: str) -> bool:
    return bool(NUMBER.match(text)) and not (text.lstrip("-").isdigit() and len(text) > MOST_DIGITS)


def _number(text: str) -> Any:
    if not text or text in INFINITE:
        return INFINITE.get(text)
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _more(results: Mapping[str, Any]) -> list[tuple[str, str, list[str], list[list[Any]]]]:
    """Return the sheets that are no table of the report: checks, and inputs that nobody has verified."""
    checks = [{**one, "verdict": VERDICTS[one.get("passed")]} for one in results.get("checks", [])]
    unverified = [one for one in results.get("unverified", []) if isinstance(one, Mapping)]
    made = []
    if checks:
        words = "Checks of the report: what was asked, and what was found"
        made.append(("Checks", words, *_rows(checks, CHECK_COLUMNS)))
    if unverified:
        words = "Inputs used that are assumed, taken from the press, or not verified"
        known = ("name", "value", "range", "unit", "status", "source", "note")
        made.append(("Unverified inputs", words, *_rows(unverified, known)))
    return made


def _rows(records: Sequence[Mapping[str, Any]], first: Sequence[str]) -> tuple[list[str], list[list[Any]]]:
    """Return records as columns and rows, some columns first; a column without any value is left out."""
    names = sorted({name for one in records for name, value in one.items() if value not in (None, "")})
    columns = [name for name in first if name in names]
    columns += [name for name in names if name not in first and name != "passed"]
    return columns, [[_flat(one.get(name)) for name in columns] for one in records]


def _flat(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _table(
    sheet: Worksheet, columns: Sequence[str], rows: Sequence[Sequence[Any]], units: Mapping[str, str]
) -> None:
    """Write a table: names, units where any is known, rows; the head and the first column stay in sight."""
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter

    heads = [[name[:1].upper() + name[1:].replace("_", " ") for name in columns]]
    if any(units.get(name) for name in columns):
        heads.append([units.get(name, "") for name in columns])
    for line in [*heads, *rows]:
        sheet.append([_plain(one) if isinstance(one, str) else one for one in line])
    formats = [_format(name, [row[place] for row in rows]) for place, name in enumerate(columns)]
    widths: list[float] = []
    for place in range(len(columns)):
        values = [row[place] for row in rows]
        words = [1.15 * len(word) for head in heads for word in head[place].split()]
        width = min(MOST_WIDTH, max([LEAST_WIDTH, *words, *(len(_shown(value)) for value in values)]))
        widths.append(width)
        sheet.column_dimensions[get_column_letter(place + 1)].width = round(width + 2, 1)
        after = place > 0 and bool(formats[place - 1]) and not formats[place]  # a name beside a number
        _head(sheet, place + 1, len(heads), right=bool(formats[place]), after=after)
        for row, value in enumerate(values, start=len(heads) + 1):
            cell, said = sheet.cell(row, place + 1), isinstance(value, str)
            if formats[place] and not isinstance(value, str | bool):
                cell.number_format = formats[place]
            far = formats[place] and (not said or value in INFINITE.values())
            side = "right" if far else "left" if said else None
            cell.alignment = Alignment(vertical="top", wrap_text=said, horizontal=side, indent=int(after))
    for row, line in enumerate([*heads, *rows], start=1):
        high = max(
            [
                1,
                *(
                    _height(str(one), wide)
                    for one, wide in zip(line, widths, strict=True)
                    if isinstance(one, str)
                ),
            ]
        )
        if high > 1:
            sheet.row_dimensions[row].height = 15.0 * high
    sheet.freeze_panes = sheet.cell(len(heads) + 1, 2)
    sheet.print_title_rows = f"1:{len(heads)}"
    _printed(sheet, landscape=len(columns) > 6)


def _height(text: str, width: float) -> int:
    """Return the lines that a text takes in a column; not every program works that out itself."""
    width = 1.1 * width + 1  # letters are narrower than the digits that widths are measured in
    lines, left = 1, width
    for word in text.split():
        if len(word) > left and left < width:
            lines, left = lines + 1, width
        lines += int(len(word) // (width + 1))
        left -= len(word) + 1
    return lines


def _head(sheet: Worksheet, place: int, lines: int, *, right: bool, after: bool) -> None:
    """Set the head of a column apart: its name in bold, its unit in grey."""
    from openpyxl.styles import Alignment, Border, PatternFill, Side

    for row in range(1, lines + 1):
        cell = sheet.cell(row, place)
        cell.font = _font(bold=row == 1, color=INK if row == 1 else GREY)
        cell.fill = PatternFill("solid", fgColor=TINT)
        side = "right" if right else "left"
        cell.alignment = Alignment(wrap_text=True, vertical="bottom", horizontal=side, indent=int(after))
        if row == lines:
            cell.border = Border(bottom=Side(style="medium", color=INK))


def _font(**look: Any) -> Any:
    from openpyxl.styles import Font

    return Font(**{"name": "Calibri", "size": 11, "color": INK, **look})


def _format(name: str, values: Sequence[Any]) -> str:
    """Return how the numbers of a column are shown; what is stored keeps its full precision."""
    numbers = [one for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    if not numbers:
        return ""
    if all(isinstance(one, int) for one in numbers):
        years = re.search(r"(year|from|to)\Z", name.lower()) and all(1900 <= one <= 2100 for one in numbers)
        return "0" if years else "#,##0"
    largest = max(map(abs, numbers))
    if largest >= 100 and any(1e-9 * largest < abs(one) < 1 for one in numbers):
        return "General"  # one number of decimals would hide the small or clutter the large
    if all(float(one).is_integer() for one in numbers):
        return "#,##0"
    for bound, shown in ((1000, "#,##0"), (100, "#,##0.0"), (1, "#,##0.00"), (0.01, "0.0000")):
        if largest >= bound:
            return shown
    return "0.0E+00" if largest else "0"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2f}"
    return str(value)


def _front(
    sheet: Worksheet, title: str, results: Mapping[str, Any], listed: Sequence[tuple[str, str, int, str]]
) -> None:
    """Write the first sheet: title, the answer, headline figures, and what each sheet holds."""
    for letter, width in zip("ABCD", WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    _line(sheet, title, _font(bold=True, size=15, color=ACCENT), letters=110)
    for sentence in results.get("sentences", []):
        _line(sheet, sentence, _font(size=11.5, color=INK))
    figures = results.get("headline", [])
    if figures:
        sheet.append([])
        _heads(sheet, ("Headline figure", "Unit", "Value"))
        for one in figures:
            sheet.append(
                [_plain(str(one.get("label", ""))), _plain(str(one.get("unit") or "")), one.get("value")]
            )
            value = one.get("value")
            sheet.cell(sheet.max_row, 3).number_format = _format("", [value]) or "General"
            _wrap(sheet, sheet.max_row)
    sheet.append([])
    _heads(sheet, ("Sheet", "What it holds", "Rows", "Source"))
    for name, words, rows, source in listed:
        sheet.append([name, _plain(words), rows, _plain(source)])
        cell = sheet.cell(sheet.max_row, 1)
        cell.hyperlink = f"#'{name}'!A1"
        cell.font = _font(color=ACCENT, underline="single")
        sheet.cell(sheet.max_row, 3).number_format = "#,##0"
        _wrap(sheet, sheet.max_row)
    sheet.append([])
    _line(sheet, ENDING, _font(color=GREY, size=9.5))
    sheet.sheet_view.showGridLines = False
    _printed(sheet, landscape=True)
    sheet.page_setup.fitToHeight = 1


def _line(sheet: Worksheet, text: str, font: Any, letters: int = LINE) -> None:
    """Write a line of text over the whole width, as high as it needs."""
    from openpyxl.styles import Alignment

    sheet.append([_plain(text)])
    row = sheet.max_row
    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=4)
    cell = sheet.cell(row, 1)
    cell.font, cell.alignment = font, Alignment(wrap_text=True, vertical="top")
    sheet.row_dimensions[row].height = 1.45 * (font.size or 11) * (1 + len(text) // letters) + 3


def _heads(sheet: Worksheet, names: Sequence[str]) -> None:
    from openpyxl.styles import Border, Side

    sheet.append(list(names))
    for place in range(1, len(names) + 1):
        cell = sheet.cell(sheet.max_row, place)
        cell.font, cell.border = _font(bold=True, color=INK), Border(bottom=Side(style="medium", color=INK))


def _wrap(sheet: Worksheet, row: int) -> None:
    from openpyxl.styles import Alignment

    texts = [cell.value if isinstance(cell.value, str) else "" for cell in sheet[row]]
    high = max(map(_height, texts, WIDTHS))
    sheet.row_dimensions[row].height = 15.0 * high + 1
    for cell in sheet[row]:
        number = isinstance(cell.value, int | float)
        cell.alignment = Alignment(
            wrap_text=True,
            vertical="top",
            horizontal="right" if number else "left",
            indent=int(cell.column == 4),
        )


def _printed(sheet: Worksheet, *, landscape: bool) -> None:
    """Let a sheet be as wide as its paper when it is printed."""
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
