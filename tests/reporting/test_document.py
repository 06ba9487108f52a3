"""The notebook as a document: every form read, nothing lost, nothing hidden shown."""

import json
from dataclasses import fields, is_dataclass
from html import unescape
from pathlib import Path

import executed
import pandas as pd
import pytest

from aspfin.reporting import data_tables
from aspfin.reporting.document import (
    Bullets,
    Cards,
    Cell,
    Checks,
    Code,
    Facts,
    Heading,
    Note,
    Paragraph,
    Picture,
    Row,
    Run,
    Table,
)
from aspfin.reporting.document_reading import document
from aspfin.reporting.export import shown
from aspfin.reporting.html_tree import classes, parse
from aspfin.reporting.table_layout import layout, parts

WORKSHOP = sorted((Path(__file__).parents[2] / "notebooks" / "workshop").glob("*.ipynb"))


def texts(value):
    """Every text in a document, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        if value and all(isinstance(one, Run) for one in value):
            yield "".join(one.text for one in value)  # words cut by a change of look are one text
            return
        for one in value:
            yield from texts(one)
    elif is_dataclass(value):
        for one in fields(value):
            yield from texts(getattr(value, one.name))


def squeezed(text):
    return "".join(text.split()).lower()


def page_words(notebook):
    """Every stretch of words of the page, without what stays with it: code, numbers behind figures."""
    made = shown(notebook, title="Report")
    found = []

    def walk(element):
        if element.tag in ("script", "style") or "figure-data" in classes(element):
            return
        found.append(element.text or "")
        if element.get("alt"):
            found.append(element.get("alt"))
        for child in element:
            walk(child)
            found.append(child.tail or "")

    walk(parse(made.header + made.body))
    return [squeezed(unescape(one)) for one in found if one.strip()]


def blocks_of(notebook):
    made = document(notebook, title="Report")
    return [*made.opening, *made.body]


def one_of(kind, notebook):
    return [one for one in blocks_of(notebook) if isinstance(one, kind)]


@pytest.mark.parametrize("path", [None, *WORKSHOP], ids=lambda path: path.stem if path else "report")
def test_no_word_of_the_page_is_lost(path):
    notebook = executed.report() if path is None else json.loads(path.read_text(encoding="utf-8"))
    made = document(notebook, title="Report")
    said = squeezed(" ".join(texts(made)))
    words = page_words(notebook)
    assert len(words) > 30
    lost = [one for one in words if one not in said and one.removeprefix("source:") not in said]
    assert lost == []


def test_hidden_cells_stay_hidden():
    notebook = executed.notebook(
        executed.markdown("secret template", "remove-cell"),
        executed.code(executed.table("default"), tags=["parameters"]),
        executed.code(executed.table("injected"), tags=["injected-parameters"]),
    )
    assert [one.caption for one in one_of(Table, notebook)] == ["injected"]
    assert "secret" not in " ".join(texts(document(notebook, title="x")))


def test_title_block_opening_and_sections():
    made = document(executed.report(), title="not used")
    assert (made.title, made.subtitle) == ("Floods: who pays?", "Cambodia, ten years")
    assert [type(one).__name__ for one in made.opening] == ["Answer", "Cards", "Paragraph", "Picture"]
    assert made.opening[0].sentences == ("The fund pays first.", "Credit follows.")
    assert made.opening[2].kind == "note"
    assert [one.text for one in made.headings] == ["What does the shock do?", "Checks", "How this was made"]


def test_table_is_read_with_units_numbers_notes_and_total():
    (found,) = [one for one in one_of(Table, executed.report()) if one.caption == "Who pays"]
    assert [(cell.text, cell.unit, cell.number) for cell in found.header[0].cells] == [
        ("Payer", "", False),
        ("Paid", "US$ a year", True),
    ]
    assert [[cell.text for cell in row.cells] for row in found.rows] == [
        ["fund", "1,234,567a"],
        ["credit", "89,000"],
        ["total", "1,323,567"],
    ]
    assert found.rows[0].cells[1].runs[-1] == Run("a", raised=True)
    assert [row.total for row in found.rows] == [False, False, True]
    assert ["".join(run.text for run in note) for note in found.notes] == [
        "a Not verified.",
        "Exact, not simulated.",
    ]


def test_each_form_becomes_its_block():
    notebook = executed.report()
    assert one_of(Cards, notebook)[0].items == (
        ("Unmet need", "US$ 2.1 million", "1.2 to 3.4"),
        ("Fund", "The fund pays first.", ""),
    )
    assert one_of(Checks, notebook)[0].items == (
        ("Failed", "big events", "Are there ten?", "five"),
        ("Passed", "mass balance", "The fund pays first.", ""),
    )
    assert one_of(Facts, notebook)[0].items == (("seed", "2024"), ("aspfin", "0.1.0"))
    method, stream = one_of(Note, notebook)
    assert method.summary == "How it is computed"
    assert [type(one) for one in method.blocks] == [Paragraph, Paragraph, Code, Paragraph]
    assert (stream.summary, stream.blocks) == ("Printed", (Code("Printed by a cell"),))
    picture = one_of(Picture, notebook)[0]
    assert picture.content.startswith(b"\x89PNG")
    assert (picture.title, picture.alt, picture.source) == (
        "Need grows with the return period",
        "Need rises from 2 to 60 million",
        "own",
    )
    numbered = one_of(Bullets, notebook)[0]
    assert numbered.numbered
    assert isinstance(numbered.items[1][1], Bullets)


def test_looks_and_links_of_text():
    notebook = executed.notebook(
        executed.markdown("a **b** *c* `d` [e](https://x.org) [f](javascript:alert) [g](#h) <b>h</b>")
    )
    (found,) = one_of(Paragraph, notebook)
    looks = {run.text.strip(): run for run in found.runs}
    assert looks["b"].bold
    assert looks["c"].italic
    assert looks["d"].code
    assert looks["e"].link == "https://x.org"
    assert looks["g"].link == "#h"
    assert not any("javascript" in run.link for run in found.runs)
    assert "<b>h</b>" in "".join(run.text for run in found.runs)  # markup in a note is text


def test_tables_of_other_libraries_have_rows_of_one_length():
    frame = pd.DataFrame(
        {("a", "x"): [1, 2], ("a", "y"): [3, 4]}, index=pd.MultiIndex.from_product([["p"], ["q", "r"]])
    )
    (found,) = one_of(Table, executed.notebook(executed.code(frame)))
    assert {len(row.cells) for row in (*found.header, *found.rows)} == {4}
    assert [cell.text for cell in found.rows[1].cells] == ["", "r", "2", "4"]


def test_badly_nested_html_is_read_to_its_end():
    root = parse("<p>one <b>two</p> three</i> <img src=x> four<script>alert('no')</script><style>p{}</style>")
    assert " ".join("".join(root.itertext()).split()) == "one two three four"


def test_a_picture_that_is_none_is_told():
    html = '<img src="https://x.org/a.png" alt="a map">'
    cell = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": html}}]}  # fmt: skip
    assert one_of(Paragraph, executed.notebook(cell))[0].runs[0].text == "[picture left out: a map]"


def grid(lines, number=False):
    return Table("", (), tuple(Row(tuple(Cell((Run(text),), number) for text in line)) for line in lines))


@pytest.mark.parametrize("columns", [1, 2, 5, 8, 13])
def test_a_table_is_never_wider_than_the_page(columns):
    lines = [[f"{'word ' * (3 * i)}{'x' * 40}" for i in range(columns)] for _ in range(20)]
    fit = layout(grid(lines))
    assert len(fit.widths) == columns
    assert 0.2 < sum(fit.widths) <= 1.001
    assert min(fit.widths) > 0.02


def test_long_text_gets_the_room_and_numbers_stay_whole():
    lines = [["Kandal", "12,345,678", "a long remark that goes on and on " * 3] for _ in range(10)]
    table = Table("", (), tuple(
        Row(tuple(Cell((Run(text),), place == 1) for place, text in enumerate(line))) for line in lines))  # fmt: skip
    fit = layout(table)
    assert fit.widths[2] > 0.6
    assert fit.widths[1] * 493 - 8 >= 10 * 0.5 * fit.size
    assert fit.size == 9.0


def test_a_wide_table_comes_in_parts_that_hold_every_cell():
    (wide,) = one_of(Table, executed.notebook(executed.code(executed.wide_table())))
    made = list(parts(wide))
    assert [part.width for part in made] == [13, 13, 6]
    cells = {cell.text for part in made for row in (*part.header, *part.rows) for cell in row.cells}
    assert cells == {cell.text for row in (*wide.header, *wide.rows) for cell in row.cells}
    assert [row.cells[0].text for row in made[2].rows] == [row.cells[0].text for row in wide.rows]


def test_headings_and_empty_tables():
    empty = data_tables.table(pd.DataFrame({"a": [], "b": []}), caption="Nothing found")
    notebook = executed.notebook(
        executed.markdown("## One\n\n#### Deep\n\n# Late title"), executed.code(empty)
    )
    assert [(one.level, one.text) for one in one_of(Heading, notebook)] == [(1, "One"), (3, "Deep")]
    (table,) = one_of(Table, notebook)
    assert (table.caption, table.rows, table.width) == ("Nothing found", (), 2)
