"""PDF, Word and workbook of one report: they say what the page says, twice the same, and run nothing."""

import csv
import json
import re
from io import BytesIO, StringIO
from zipfile import ZipFile

import executed
import pandas as pd
import pytest
from pypdf import PdfReader
from test_document import page_words, squeezed, texts

from aspfin.reporting import data_tables
from aspfin.reporting.document import ENDING
from aspfin.reporting.document_reading import document
from aspfin.reporting.formats import FORMATS, write_formats
from aspfin.reporting.manifest import Headline, save_results
from aspfin.reporting.pdf import LONG_WORD, pdf
from aspfin.reporting.table_words import table_words
from aspfin.reporting.word_report import word_report
from aspfin.reporting.workbook_report import report_workbook
from aspfin.results import Check

REPORTS = {
    "plain": executed.report(),
    "hostile": executed.report(executed.HOSTILE, executed.HOSTILE),
    "long words": executed.report("W" * 300, "https://example.org/" + "a_b/" * 80 + " " + "x" * 400),
    "bare": executed.notebook(executed.markdown("Only words.")),
    "empty": executed.notebook(),
    "wide": executed.notebook(executed.markdown("## Wide"), executed.code(executed.wide_table())),
}


def made_of(name):
    return document(REPORTS[name], title="Report")


def bare(text):
    """Text without spaces, places to break, and what files cannot hold; ligatures taken apart."""
    for found, letters in {"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl"}.items():
        text = text.replace(found, letters)
    text = re.sub(r"[\u200b\u00ad\x00-\x1f\ufffe\u202e]", "", text)
    return squeezed(text)


def pdf_text(content):
    return "".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def word_xml(content):
    return ZipFile(BytesIO(content)).read("word/document.xml").decode()


def word_text(content):
    xml = word_xml(content)
    from html import unescape

    return unescape(" ".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", xml)))


@pytest.fixture
def folder(tmp_path):
    """A finished report as a run leaves it."""
    frame = pd.DataFrame(
        {"payer": ["=1+1", "fund"], "need_usd": [1234.5, float("nan")], "code": ["007", "010"]}
    )
    save_results(
        tmp_path,
        headline={"need": Headline("Mean need", 12_332_021.4, "USD a year")},
        sentences=["The fund pays first.", "@credit follows."],
        tables={"layers": frame, "empty": frame.iloc[:0]},
        checks=[Check("mass balance", "Does it add up?", True, statistic=0.0), Check("size", "Ten?", None)],
        unverified=pd.DataFrame({"name": ["discount rate"], "value": [0.15], "status": ["assumed"]}),
        about={"layers": {"description": "Who pays", "source": "Own", "units": {"need_usd": "USD"}}},
    )
    (tmp_path / "report.ipynb").write_text(json.dumps(executed.report()), encoding="utf-8")
    return tmp_path


def test_every_format_is_written_and_twice_the_same(folder):
    write_formats(folder, FORMATS, title="Report")
    first = {name: (folder / f"report.{name}").read_bytes() for name in FORMATS}
    assert {name: content[:4] for name, content in first.items()} == {
        "html": b"<!DO", "pdf": b"%PDF", "docx": b"PK\x03\x04", "xlsx": b"PK\x03\x04"}  # fmt: skip
    write_formats(folder, ["pdf", "docx", "xlsx", "html"], title="Report")
    assert {name: (folder / f"report.{name}").read_bytes() for name in FORMATS} == first
    assert sorted(one.name for one in folder.iterdir()) == sorted(
        ["report.ipynb", "results.json", "tables", *(f"report.{name}" for name in FORMATS)]
    )


def test_bytes_do_not_hang_on_the_folder_or_the_clock(folder, tmp_path_factory, monkeypatch):
    other = tmp_path_factory.mktemp("a much longer name of a folder")
    for name in ("report.ipynb", "results.json"):
        (other / name).write_bytes((folder / name).read_bytes())
    (other / "tables").mkdir()
    for file in (folder / "tables").iterdir():
        (other / "tables" / file.name).write_bytes(file.read_bytes())
    write_formats(folder, FORMATS, title="x")
    monkeypatch.setenv("TZ", "Asia/Phnom_Penh")
    write_formats(other, FORMATS, title="x")
    for name in FORMATS:
        assert (folder / f"report.{name}").read_bytes() == (other / f"report.{name}").read_bytes()


def test_what_cannot_be_made_is_told_before_anything_is_written(folder, tmp_path_factory):
    with pytest.raises(ValueError, match=r"to: got 'odt'; allowed: html, pdf, docx, xlsx"):
        write_formats(folder, ["pdf", "odt"], title="x")
    assert not (folder / "report.pdf").exists()
    with pytest.raises(ValueError, match=r"without report\.ipynb"):
        write_formats(tmp_path_factory.mktemp("empty"), ["pdf"], title="x")


@pytest.mark.parametrize("name", REPORTS)
def test_pdf_says_what_the_page_says(name):
    content = pdf(made_of(name))
    said = bare(pdf_text(content))
    words = [bare(one) for one in page_words(REPORTS[name])]
    pictures = {bare("Need rises from 2 to 60 million")}  # alternative text is not on the page; see below
    lost = [one for one in words if one not in said and one not in pictures and len(one) < 150]
    if name in ("plain", "bare", "wide"):
        assert lost == []
    else:  # a long text is cut by the end of a page here and there, with the running title between
        assert len(lost) <= len(words) * 0.15
    assert bare(ENDING) in said


@pytest.mark.parametrize("name", REPORTS)
def test_word_says_what_the_page_says(name):
    said = bare(word_text(word_report(made_of(name))))
    alternative = bare(word_xml(word_report(made_of(name))))
    lost = [one for one in map(bare, page_words(REPORTS[name])) if one not in said and one not in alternative]
    assert lost == []
    assert bare(ENDING) in said


def test_pdf_is_tagged_titled_and_linked():
    reader = PdfReader(BytesIO(pdf(made_of("plain"))))
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert reader.metadata.title == "Floods: who pays?"
    assert b"pdfuaid:part>1<" in root["/Metadata"].get_object().get_data()
    assert not {"/CreationDate", "/ModDate"} & set(
        reader.metadata
    )  # files say nothing of when they were made
    assert {round(float(side)) for side in reader.pages[0].mediabox[2:]} == {595, 842}
    goals = {
        str(note.get_object().get("/A", {}).get("/URI", ""))
        for page in reader.pages
        for note in page.get("/Annots") or []
    }
    assert {"https://example.org/a", "https://example.org/flood_report"} <= goals
    assert [one.title for one in reader.outline if not isinstance(one, list)] == [
        "What does the shock do?", "Checks", "How this was made"]  # fmt: skip


def tags(reader):
    """Each tag of a PDF with its alternative text."""
    found, left = [], [reader.trailer["/Root"]["/StructTreeRoot"]]
    while left:
        one = left.pop().get_object()
        if isinstance(one, list):
            left += [part for part in one if not isinstance(part.get_object(), int)]
        elif hasattr(one, "get"):
            found.append((str(one.get("/S")), one.get("/Alt")))
            if "/K" in one and not isinstance(one["/K"], int):
                left.append(one["/K"])
    return found


def test_pdf_tells_a_screen_reader_headings_tables_and_pictures():
    found = tags(PdfReader(BytesIO(pdf(made_of("plain")))))
    assert ("/Figure", "Need rises from 2 to 60 million") in found
    kinds = {kind for kind, _ in found}
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/THead", "/Caption", "/Link", "/L"} <= kinds


def test_pdf_repeats_the_head_of_a_long_table_and_the_running_title():
    frame = pd.DataFrame({"province": [f"place {i}" for i in range(150)], "paid": range(150)})
    notebook = executed.notebook(
        executed.markdown("# A title\n\n## Long"),
        executed.code(data_tables.table(frame, caption="Everything")),
    )
    pages = [page.extract_text() for page in PdfReader(BytesIO(pdf(document(notebook, title="x")))).pages]
    assert len(pages) >= 3
    for number, page in enumerate(pages, start=1):
        assert "Province" in page
        assert f"{number} / {len(pages)}" in page
        assert ("A title" in page.split("Province")[0]) == (number > 0)


def test_letters_without_a_font_are_told():
    notebook = executed.notebook(executed.markdown("Name: 姓名."))
    said = pdf_text(pdf(document(notebook, title="x")))
    assert "▯▯" in said
    assert "have no font in this PDF" in said
    assert "no font" not in pdf_text(pdf(made_of("plain")))
    assert "姓名" in word_text(word_report(document(notebook, title="x")))


def test_khmer_is_set_in_its_own_letters_and_broken_between_words():
    words = "គ្រួសារក្រីក្រដែលរងគ្រោះដោយទឹកជំនន់ក្នុងខេត្តព្រៃវែង" * 6
    notebook = executed.notebook(executed.markdown(f"# ទឹកជំនន់\n\n{words}"))
    reader = PdfReader(BytesIO(pdf(document(notebook, title="x"))))
    page = reader.pages[0]
    assert "▯" not in page.extract_text()
    fonts = {str(one.get_object()["/BaseFont"]) for one in page["/Resources"]["/Font"].values()}
    assert {"NotoSansKhmer-Regular", "NotoSansKhmer-Bold"} <= {one.split("+")[-1] for one in fonts}
    assert not LONG_WORD.search(words)  # no place to break of ours between letters that belong together


def test_word_has_headings_tables_links_and_alternative_texts():
    from docx import Document

    content = word_report(made_of("plain"))
    word = Document(BytesIO(content))
    styles = [(line.style.name, line.text) for line in word.paragraphs]
    assert ("Title", "Floods: who pays?") in styles
    assert [text for style, text in styles if style == "Heading 1"] == [
        "What does the shock do?", "Checks", "How this was made"]  # fmt: skip
    assert ("Heading 2", "A smaller heading") in styles
    xml = word_xml(content)
    assert 'descr="Need rises from 2 to 60 million"' in xml
    heads = [table for table in word.tables if "tblHeader" in table._tbl.xml]
    assert [table.rows[0].cells[0].text for table in heads] == ["Payer", "A", "Name"]
    marks = set(re.findall(r'<w:bookmarkStart[^>]*w:name="([^"]+)"', xml))
    goals = set(re.findall(r'w:anchor="([^"]+)"', xml))
    assert goals and goals <= marks
    assert "TOC" not in xml  # nothing asks the reader to update a field
    relations = ZipFile(BytesIO(content)).read("word/_rels/document.xml.rels").decode()
    assert "https://example.org/flood_report" in relations
    assert word.core_properties.title == "Floods: who pays?"
    assert word.core_properties.language == "en"
    assert "NUMPAGES" in ZipFile(BytesIO(content)).read("word/footer1.xml").decode()


def test_borders_stand_where_word_wants_them():
    xml = word_xml(word_report(made_of("plain")))
    for properties in re.findall(r"<w:tcPr>(.*?)</w:tcPr>", xml, re.DOTALL):
        order = re.findall(r"<w:(tcW|tcBorders|shd|vAlign)\b", properties)
        assert order == sorted(order, key=["tcW", "tcBorders", "shd", "vAlign"].index)
    for properties in re.findall(r"<w:pPr>(.*?)</w:pPr>", xml, re.DOTALL):
        order = re.findall(r"<w:(pStyle|keepNext|pBdr|spacing|ind|jc)\b", properties)
        assert order == sorted(order, key=["pStyle", "keepNext", "pBdr", "spacing", "ind", "jc"].index)


def test_hostile_text_reaches_no_command():
    """What looks like Typst, HTML or a formula is text in every format."""
    made = made_of("hostile")
    said = bare(pdf_text(pdf(made)))
    for part in ('#import"x"', "`tick`", "<script>alert(1)</script>", "*b*", "_i_", "\\u{41}"):
        assert bare(part) in said
    assert all("<script" not in one for one in re.findall(r"<[^>]*>", word_xml(word_report(made))))
    assert any("\x00" in one for one in texts(made))  # the document still held it; the files cannot


def book(content):
    from openpyxl import load_workbook

    return load_workbook(BytesIO(content))


def test_workbook_has_answer_units_sources_checks_and_inputs(folder):
    write_formats(folder, ["xlsx"], title="Report")
    made = book((folder / "report.xlsx").read_bytes())
    assert made.sheetnames == ["Report", "empty", "layers", "Checks", "Unverified inputs"]
    front = [[cell for cell in row if cell is not None] for row in made["Report"].iter_rows(values_only=True)]
    assert front[0] == ["Floods: who pays?"]
    assert front[1:3] == [["The fund pays first."], ["'@credit follows."]]
    assert ["Mean need", "USD a year", 12_332_021.4] in front
    assert ["layers", "Who pays", 2, "Own"] in front
    sheet = made["layers"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["Payer", "Need usd", "Code"],
        [None, "USD", None],
        ["'=1+1", 1234.5, "007"],
        ["fund", None, "010"],
    ]
    assert sheet.freeze_panes == "B3"
    assert sheet["B3"].number_format == "#,##0"
    assert made["Checks"]["C2"].value == "passed"
    assert [cell.value for cell in made["Unverified inputs"][2]] == ["discount rate", 0.15, "assumed"]


def test_no_cell_of_a_workbook_is_a_formula_whatever_it_is_fed():
    row = ["=cmd|' /C calc'!A0", "+1", "-2+3", "@x", "\t=1", " =1", executed.HOSTILE]
    file = StringIO()
    csv.writer(file).writerows([row, row])
    results = {
        "sentences": row,
        "headline": [{"label": one, "unit": one, "value": 1.0} for one in row],
        "checks": [{"name": one, "question": one, "passed": True, "text": one} for one in row],
        "unverified": [{"name": one, one: one} for one in row],
        "tables": [
            {"name": "t", "description": "=1", "source": "=1", "units": dict(zip(row, row, strict=True))}
        ],
    }
    made = book(report_workbook("=TITLE()", results, {"t": file.getvalue(), "T": "a\n1\n", "x" * 60: ""}))
    cells = [cell for sheet in made for line in sheet.iter_rows() for cell in line]
    assert len(cells) > 60
    assert not any(cell.data_type == "f" for cell in cells)
    words = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert not any(re.match(r"\s*[=+@-]", one) for one in words)
    assert len({name.lower() for name in made.sheetnames}) == len(made.sheetnames)


def test_every_number_of_a_table_is_in_the_workbook_at_full_precision():
    numbers = [0.1 + 0.2, 1e-17, -12_345_678.987654321, 2.0**53, 5]
    file = StringIO()
    pd.DataFrame({"x": numbers}).to_csv(file, index=False)
    sheet = book(report_workbook("T", {}, {"t": file.getvalue()}))["t"]
    assert [cell.value for cell in sheet["A"]][1:] == pytest.approx(numbers, rel=1e-15, abs=0)
    identifiers = book(report_workbook("T", {}, {"t": "id\n12345678901234567890\n00012\n"}))["t"]
    assert [cell.value for cell in identifiers["A"]][1:] == ["12345678901234567890", "00012"]


def test_words_of_tables_name_columns_and_kinds_that_exist():
    import yaml

    from aspfin.reporting.parameters import KINDS
    from aspfin.reporting.table_words import _all

    known = _all()
    assert set(known) <= set(KINDS)
    assert all(one["source"] and one["tables"] for one in known.values())
    assert all(table["about"] for one in known.values() for table in one["tables"].values())
    assert yaml.safe_load(yaml.safe_dump(known)) == known


def test_units_are_filled_in_or_left_out_never_guessed():
    frame = pd.DataFrame(columns=["transfers", "transfers_low", "per_beneficiary", "reason"])
    told = table_words("costing", {"programmes": frame}, currency="KHR")["programmes"]["units"]
    assert told == {"transfers": "KHR", "transfers_low": "KHR", "per_beneficiary": "KHR"}
    assert table_words("costing", {"programmes": frame})["programmes"]["units"] == {}
    need = pd.DataFrame(columns=["need_low_usd", "name"])
    assert table_words("financing", {"events": need})["events"]["units"] == {"need_low_usd": "USD"}
    unknown = table_words("financing", {"new": need})["new"]
    assert unknown["description"] == ""
