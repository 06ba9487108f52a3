"""Publication tables: the numbers of the estimates, nothing that runs, and the same bytes for the same table."""

import re
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
from docx import Document
from openpyxl import load_workbook

from aspfin.reporting.publication import publication_table, side_by_side
from aspfin.results import ImpactEstimate

EFFECT = ImpactEstimate(
    method="difference in means", estimand="ITT", outcome="food", treated="offered", estimate=12.0,
    std_error=4.0, std_error_kind="HC1", n_obs=1400, control_mean=120.0,
)  # fmt: skip
JUMP = replace(
    EFFECT, method="regression discontinuity", treated="received", estimate=-0.51, std_error=0.2, n_clusters=60,
    std_error_kind="clustered by village (CR1)", outcome="score", control_mean=np.nan, centre=-0.6,
    centre_std_error=0.25,
)  # fmt: skip
FORMULA = replace(EFFECT, outcome='=HYPERLINK("x")', treated="@SUM(A1)", method="<script>alert(1)</script>")


def cells(table, label):
    return [cell.text for row in table.rows if row.label == label for cell in row.cells]


def below(table, label):
    place = [row.label for row in table.rows].index(label) + 1
    return [cell.text for cell in table.rows[place].cells]


def test_estimates_stand_side_by_side_with_errors_below():
    table = publication_table(
        [EFFECT, JUMP], title="T", treatments={"offered": "Offered", "received": "Received"}
    )
    assert cells(table, "Offered") == ["12.0", ""] and below(table, "Offered") == ["(4.0)", ""]
    assert cells(table, "Received") == ["", "−0.51"] and below(table, "Received") == ["", "(0.20)"]
    assert cells(table, "Observations") == ["1,400", "1,400"]
    assert cells(table, "Clusters") == ["–", "60"]
    assert cells(table, "Control mean") == ["120.0", "–"]
    assert cells(table, "Effect, % of control mean") == ["10.0", "–"]
    assert table.header[0] == ("(1)", "(2)")
    assert "Standard errors in parentheses: (1) HC1; (2) clustered by village (CR1)." in table.notes
    assert any("bias-corrected estimate −0.60 (standard error 0.25)" in note for note in table.notes)


def test_rows_that_nothing_fills_are_left_out():
    table = publication_table([replace(EFFECT, control_mean=np.nan)], title="T")
    assert not {"Clusters", "Control mean", "Effect, % of control mean"} & {row.label for row in table.rows}


def test_stars_and_intervals_only_when_asked():
    plain = publication_table([EFFECT], title="T")
    assert not any(cell.stars for row in plain.rows for cell in row.cells)
    full = publication_table([EFFECT, JUMP], title="T", stars=True, intervals=True)
    assert full.rows[0].cells[0].stars == "***"  # p = 0.0027
    assert [row.cells[1].stars for row in full.rows if row.label == "received"] == ["**"]  # by its own centre
    low, high = JUMP.conf_int()
    assert f"[−{-low:.2f}, −{-high:.2f}]" in [cell.text for row in full.rows for cell in row.cells]
    assert "* p < 0.10, ** p < 0.05, *** p < 0.01." in full.notes


def test_decimals_follow_the_error_and_are_alike_for_one_outcome():
    finer = replace(EFFECT, estimate=12.345, std_error=0.0421)
    table = publication_table([EFFECT, finer], title="T")
    assert cells(table, "offered") == ["12.000", "12.345"]
    assert cells(publication_table([EFFECT], title="T", decimals=0), "offered") == ["12"]
    assert cells(publication_table([replace(EFFECT, std_error=0.0)], title="T"), "offered") == ["12"]


def test_a_mapping_names_the_columns_and_extra_rows_are_counted():
    table = publication_table({"Lottery": EFFECT}, title="T", extra={"Controls": ["no"]})
    assert table.header[2] == ("Lottery",) and cells(table, "Controls") == ["no"]
    with pytest.raises(ValueError, match="extra: 'Controls' has 2 texts; allowed: one per estimate, 1"):
        publication_table([EFFECT], title="T", extra={"Controls": ["no", "yes"]})


@pytest.mark.parametrize(("estimates", "title", "said"), [([], "T", "estimates: got 0"), ([EFFECT], " ", "title"),
                                                          ([EFFECT] * 13, "T", "estimates: got 13")])  # fmt: skip
def test_bad_input_is_refused_in_one_line(estimates, title, said):
    with pytest.raises(ValueError, match=said) as error:
        publication_table(estimates, title=title)
    assert "\n" not in str(error.value)


def test_full_precision_stays_behind_the_table():
    data = publication_table([EFFECT, JUMP], title="T").to_frame()
    assert data["estimate"].tolist() == [12.0, -0.51]
    assert data["ci_low"].tolist() == [EFFECT.conf_int()[0], JUMP.conf_int()[0]]


def test_html_escapes_everything():
    html = publication_table([FORMULA], title="a < b & c", notes=["<i>"]).to_html()
    assert "<script" not in html and "<i>" not in html and "a &lt; b &amp; c" in html
    assert html.count("<tr>") == html.count("</tr>")


def test_latex_escapes_everything_and_is_balanced():
    nasty = replace(EFFECT, treated="50% of x_1 & {y} ~ #2 $ ^ \\input{x}", outcome="[a] * b | c <d>")
    tex = publication_table([nasty, JUMP], title="A_B", stars=True).to_latex()
    assert (
        r"50\% of x\_1 \& \{y\} \textasciitilde{} \#2 \$ \textasciicircum{} \textbackslash{}input\{x\}" in tex
    )
    assert r"{[}a{]} {*} b \textbar{} c \textless{}d\textgreater{}" in tex
    assert "12.0$^{***}$" in tex and "$-$0.51" in tex
    unescaped = re.sub(r"\\[{}]", "", tex)
    assert unescaped.count("{") == unescaped.count("}")
    body = [line for line in tex.splitlines() if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", line)) for line in body} == {2}  # as many columns in every line
    assert tex.count(r"\begin{") == tex.count(r"\end{") == 2


@pytest.mark.parametrize("suffix", [".html", ".tex", ".docx", ".xlsx"])
def test_the_same_table_gives_the_same_bytes(tmp_path, suffix):
    table = publication_table([EFFECT, JUMP], title="ផល Effect", stars=True, intervals=True)
    first = table.save(tmp_path / f"a{suffix}").read_bytes()
    assert table.save(tmp_path / f"b{suffix}").read_bytes() == first
    if suffix in (".docx", ".xlsx"):
        with ZipFile(BytesIO(first)) as parts:
            assert {info.date_time for info in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            core = parts.read("docProps/core.xml").decode()
        assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", core)) == {"2000-01-01T00:00:00Z"}


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"path: got 'a.pdf'; allowed: a name ending in \.html"):
        publication_table([EFFECT], title="T").save(tmp_path / "a.pdf")


def test_the_workbook_holds_numbers_and_runs_nothing(tmp_path):
    table = publication_table(
        [EFFECT, FORMULA, JUMP], title="+1", notes=["-2\x07"], extra={"=x": ["=1", "a", "\tb"]}
    )
    book = load_workbook(table.save(tmp_path / "t.xlsx"))
    everything = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
    assert not [cell for cell in everything if cell.data_type == "f"]
    texts = [cell.value for cell in everything if isinstance(cell.value, str)]
    assert not [text for text in texts if text[:1] in tuple("=+-@\t\r\n")]
    sheet = book["Table"]
    assert (
        sheet["A5"].value == "offered"
        and sheet["B5"].value == 12.0
        and sheet["B5"].number_format == "#,##0.0"
    )
    assert sheet["B6"].value == 4.0 and sheet["B6"].number_format == '"("#,##0.0")"'
    full = pd.read_excel(tmp_path / "t.xlsx", sheet_name="Estimates")
    assert full["estimate"].tolist() == [12.0, 12.0, -0.51]


def test_the_document_holds_the_table(tmp_path):
    table = publication_table([EFFECT, JUMP], title="Effects\x07", stars=True, notes=["Made-up data."])
    document = Document(table.save(tmp_path / "t.docx"))
    grid = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert grid[0] == ["", "(1)", "(2)"] and ["offered", "12.0***", ""] in grid
    assert ["Observations", "1,400", "1,400"] in grid
    assert [p.text for p in document.paragraphs][:2] == ["Effects", "Made-up data."]


def test_side_by_side_says_whether_the_truth_is_held():
    frame = side_by_side({"a": EFFECT, "b": EFFECT, "c": EFFECT}, {"a": 11.0, "b": 30.0})
    assert frame["holds_truth"].tolist() == [True, False, None]
    assert "truth" not in side_by_side({"a": EFFECT})
    assert frame["ci_low"].iloc[0] == EFFECT.conf_int()[0]
