"""Exchange formats: what is written is read back the same; what is wrong is told by place, never quoted."""

import json
from datetime import date

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aspfin.data import exchange
from aspfin.data.exchange_periods import dhis2_period, sdmx_period
from aspfin.results import InputError

FEW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# Any text a file of text can hold, and with what spreadsheets take for formulas, codes and escapes.
TEXT = st.sampled_from(["\r", "a\r\nb"]) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
)
AWKWARD = st.sampled_from(
    ["=1+1", "+855 12", "-5", "@a", "007", "សុខ\u200b ដារ៉ា", 'a"b', "a,b;c\td", "a\nb", "_x0041_", " a "]
)
CODE = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
STRUCTURE = "KH_NIS:DF_SDG_KH(1.2)"


def same(left, right):
    pd.testing.assert_frame_equal(left, right, check_dtype=False, check_index_type=False)


# DHIS2


@pytest.mark.parametrize("suffix", [".csv", ".json"])
@FEW
@given(
    rows=st.dictionaries(
        st.tuples(CODE, st.sampled_from(["202401", "2024Q1", "2024", "2024W3"]), CODE, CODE),
        st.tuples(TEXT | AWKWARD | st.none(), TEXT | AWKWARD | st.none()),
        min_size=1,
        max_size=6,
    )
)
def test_dhis2_comes_back_the_same(tmp_path, suffix, rows):
    names = ["data_element", "period", "org_unit", "category_option_combo", "value", "comment"]
    table = pd.DataFrame([(*key, *cells) for key, cells in rows.items()], columns=names).astype("str")
    file = exchange.write_dhis2(table, tmp_path / f"a{suffix}")
    back = exchange.read_dhis2(file).frame
    wanted = table.sort_values(names[:4], ignore_index=True)
    for name in names:
        if name in back:
            pd.testing.assert_series_equal(back[name], wanted[name])
        else:
            assert wanted[name].isna().all()
    again = exchange.write_dhis2(table.sample(frac=1, random_state=1), tmp_path / f"b{suffix}")
    assert again.read_bytes() == file.read_bytes()


def test_dhis2_values_of_a_set(tmp_path):
    file = tmp_path / "set.json"
    body = {
        "dataSet": "CASH",
        "completeDate": "2024-02-03",
        "period": "202401",
        "orgUnit": "KH01",
        "dataValues": [
            {"dataElement": "PAID", "categoryOptionCombo": "F", "value": "0"},
            {"dataElement": "PAID", "categoryOptionCombo": "M", "value": ""},
            {"dataElement": "DUE", "value": 1.50, "period": "2024Q1"},
        ],
    }
    file.write_text(json.dumps(body), encoding="utf-8")
    table = exchange.read_dhis2(file)
    assert table.frame["value"].tolist()[::2] == ["0", "1.5"]
    assert pd.isna(table.frame["value"][1])
    assert table.frame["period"].tolist() == ["202401", "202401", "2024Q1"]
    assert table.notes == ("1 values are empty: not reported, which is not 0.",)
    same(
        exchange.read_dhis2(exchange.write_dhis2(table.frame, tmp_path / "b.json")).frame,
        table.frame.sort_values(["data_element", "period"], ignore_index=True),
    )
    with pytest.raises(InputError, match=r"data_set.*no place for it"):
        exchange.write_dhis2(table.frame, tmp_path / "b.csv")


def test_dhis2_numbers_are_text_and_missing_is_empty(tmp_path):
    table = pd.DataFrame(
        {
            "data_element": "A",
            "period": ["2024", "2023", "2022"],
            "org_unit": "K",
            "value": [80_000.0, np.nan, 0.1],
        }
    )
    text = exchange.write_dhis2(table, tmp_path / "a.csv").read_text()
    assert text == "dataelement,period,orgunit,value\nA,2022,K,0.1\nA,2023,K,\nA,2024,K,80000\n"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("2024", "year"), ("202402", "month"), ("20240229", "day"), ("2024W53", "week"), ("2024SunW1", "week"),
     ("2024BiW26", "two weeks"), ("2024S2", "half-year"), ("2024AprilS1", "half-year"), ("2024Oct", "financial year"),
     ("202406B", "two months"), ("2024Q4", "quarter")],
)  # fmt: skip
def test_dhis2_periods(text, kind):
    assert dhis2_period(text) == kind


@pytest.mark.parametrize(
    "text", ["", "24", "202400", "202413", "20230229", "2024W54", "2024Q5", "2024-01", "២០២៤", "2024Q1 "]
)
def test_what_is_no_dhis2_period(text):
    with pytest.raises(InputError, match="a period such as"):
        dhis2_period(text)


@pytest.mark.parametrize(
    "text",
    [
        "2024",
        "2024-Q1",
        "2024-01",
        "2024-M01",
        "2024-W53",
        "2024-S2",
        "2024-01-31",
        "2024-D366",
        "2024-01-01/P1Y",
        "2024-01-01T00:00:00",
    ],
)
def test_sdmx_periods(text):
    assert sdmx_period(text)


@pytest.mark.parametrize("text", ["2024Q1", "2024-13", "2023-02-29", "2024-Q5", "2024-01-01/P"])
def test_what_is_no_sdmx_period(text):
    with pytest.raises(InputError, match="a period such as"):
        sdmx_period(text)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"period": ["2024", "20241"]}, "write_dhis2, row 1: period: got '20241'"),
        ({"period": ["2024", "2024"]}, "1 values under a key already there"),
        ({"org_unit": ["K", None]}, "row 1: orgUnit: got 'nothing'"),
        ({"other": [1, 2]}, "other: got 'an unknown column'"),
        ({"value": [1.0, np.inf]}, "infinity"),
    ],
)
def test_dhis2_refuses(tmp_path, change, told):
    good = {
        "data_element": ["A", "A"],
        "period": ["2024", "2023"],
        "org_unit": ["K", "K"],
        "value": ["1", "2"],
    }
    with pytest.raises(InputError) as error:
        exchange.write_dhis2(pd.DataFrame({**good, **change}), tmp_path / "a.csv")
    assert told in str(error.value)
    assert not (tmp_path / "a.csv").exists()


def test_dhis2_names_the_row(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("dataelement,period,orgunit,value\nA,2024,K,1\nA,2024-01,K,1\n")
    with pytest.raises(InputError, match=r"a.csv, row 3: period: got '2024-01'"):
        exchange.read_dhis2(file)


# SDMX-CSV


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@FEW
@given(
    rows=st.dictionaries(
        st.tuples(CODE, st.sampled_from(["2024", "2024-Q1", "2024-01"])),
        st.tuples(
            st.none() | st.integers(-(10**9), 10**9).map(lambda n: n / 1000), TEXT | AWKWARD | st.none()
        ),
        min_size=1,
        max_size=6,
    )
)
def test_sdmx_csv_comes_back_the_same(tmp_path, version, rows):
    names = ["REF_AREA", "TIME_PERIOD", "OBS_VALUE", "NOTE"]
    table = pd.DataFrame([(*key, *cells) for key, cells in rows.items()], columns=names)
    table = table.astype({"OBS_VALUE": "float64", "NOTE": "str", "REF_AREA": "str", "TIME_PERIOD": "str"})
    file = exchange.write_sdmx_csv(table, tmp_path / "a.csv", structure=STRUCTURE, version=version)
    back = exchange.read_sdmx_csv(file)
    assert (back.version, back.structure) == (version, STRUCTURE)
    pd.testing.assert_frame_equal(back.frame, table.sort_values(names[:2], ignore_index=True))
    again = exchange.write_sdmx_csv(back.frame, tmp_path / "b.csv", structure=STRUCTURE, version=version)
    assert again.read_bytes() == file.read_bytes()


def test_sdmx_labels_stand_beside_their_codes(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text(
        "DATAFLOW,REF_AREA: Reference area,TIME_PERIOD: Time,OBS_VALUE: Value,SEX: Sex\n"
        f'{STRUCTURE}: SDG,"KH: Cambodia",2024,17.8,F: Female\n'
        f"{STRUCTURE}: SDG,KH,2023,,F: Female\n",
        encoding="utf-8-sig",
    )
    table = exchange.read_sdmx_csv(file)
    assert table.frame["REF_AREA"].tolist() == ["KH", "KH"]
    assert table.labels["REF_AREA"] == {"": "Reference area", "KH": "Cambodia"}
    assert table.labels["SEX"]["F"] == "Female"


def test_sdmx_actions_are_kept(tmp_path):
    table = pd.DataFrame({"REF_AREA": ["KH", "TH"], "OBS_VALUE": [1.0, 2.0], "ACTION": ["I", "D"]})
    file = exchange.write_sdmx_csv(table, tmp_path / "a.csv", structure=STRUCTURE, version="2.0")
    assert exchange.read_sdmx_csv(file).frame["ACTION"].tolist() == ["I", "D"]
    with pytest.raises(InputError, match="ACTION"):
        exchange.write_sdmx_csv(
            table.assign(ACTION="X"), tmp_path / "b.csv", structure=STRUCTURE, version="2.0"
        )


def test_sdmx_long_numbers_stay_text(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text(f"DATAFLOW,REF_AREA,OBS_VALUE\n{STRUCTURE},KH,1234567890123456789\n")
    table = exchange.read_sdmx_csv(file)
    assert table.frame["OBS_VALUE"].tolist() == ["1234567890123456789"]
    assert "more than 15 digits" in table.notes[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A,B\n1,2\n", "DATAFLOW (1.0)"),
        (f"DATAFLOW,REF_AREA\n{STRUCTURE},KH\n", "OBS_VALUE"),
        ("DATAFLOW,REF_AREA,OBS_VALUE\nx,KH,1\n", "AGENCY:DATAFLOW(1.0)"),
        (f"DATAFLOW,REF_AREA,OBS_VALUE\n{STRUCTURE},KH,1\nA:B(1.0),KH,1\n", "2 structures"),
        (f"DATAFLOW,TIME_PERIOD,OBS_VALUE\n{STRUCTURE},2024Q1,1\n", "row 2: TIME_PERIOD: got '2024Q1'"),
        (f"DATAFLOW,REF_AREA,OBS_VALUE\n{STRUCTURE},KH\n", "row 2: row: got '2 cells'"),
        (f'DATAFLOW,REF_AREA,OBS_VALUE\n{STRUCTURE},"KH,1\n', "well-formed CSV"),
    ],
)
def test_sdmx_refuses(tmp_path, text, told):
    file = tmp_path / "a.csv"
    file.write_text(text)
    with pytest.raises(InputError) as error:
        exchange.read_sdmx_csv(file)
    assert told in str(error.value)


# Workbooks

CELLS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=10
).filter(str.strip)


@FEW
@given(
    rows=st.lists(
        st.tuples(
            CELLS | AWKWARD | st.none(),
            st.integers(-(10**15) + 1, 10**15 - 1) | st.none(),
            st.floats(-1e300, 1e300).map(lambda x: float(f"{x:.16g}")) | st.none(),
            st.dates(date(1700, 1, 1), date(2200, 1, 1)) | st.none(),
            st.booleans() | st.none(),
        ),
        max_size=6,
    )
)
def test_a_workbook_comes_back_the_same(tmp_path, rows):
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    table = pd.DataFrame(
        {
            "ឈ្មោះ": pd.Series(columns[0], dtype="str"),
            "n": pd.Series(columns[1], dtype="Int64"),
            "x": pd.Series(columns[2], dtype="float64"),
            "day": pd.to_datetime(pd.Series(columns[3], dtype="object")).astype("datetime64[us]"),
            "yes": pd.Series(columns[4], dtype="boolean"),
        }
    )
    file = exchange.write_excel(table, tmp_path / "a.xlsx", title="t", issued="2024-01-31")
    same(exchange.read_excel(file).frame.astype({"day": "datetime64[us]"}), table)
    assert (
        exchange.write_excel(table, tmp_path / "b.xlsx", title="t", issued="2024-01-31").read_bytes()
        == file.read_bytes()
    )


@pytest.fixture
def sent(tmp_path):
    table = pd.DataFrame(
        {
            "id": ["007", "008", "009"],
            "level": ["1", "2", None],
            "amount": pd.Series([80_000, None, 0], dtype="Int64"),
            "paid": pd.to_datetime(["2024-01-31", None, None]),
            "note": ["=HYPERLINK(1)", None, "x"],
        }
    )
    file = exchange.write_excel(
        table, tmp_path / "a.xlsx", title="Payments", issued="2024-01-31", keys=["id"],
        codes={"level": ["1", "2"]}, labels={"amount": "ទឹកប្រាក់"},
    )  # fmt: skip
    return table, file


def changed(file, cells):
    book = openpyxl.load_workbook(file)
    for place, value in cells.items():
        sheet, cell = place.split("!")
        book[sheet][cell] = value
    book.save(file)
    return file


def test_a_workbook_is_locked_but_for_what_is_asked(sent):
    table, file = sent
    book = openpyxl.load_workbook(file)
    sheet = book["data"]
    assert sheet.protection.sheet and sheet["A3"].protection.locked and not sheet["C3"].protection.locked
    assert sheet["C2"].value == "ទឹកប្រាក់"
    assert sheet["E3"].data_type == "s" and sheet["E3"].quotePrefix
    (choice,) = sheet.data_validations.dataValidation
    assert choice.formula1 == "'codes'!$A$2:$A$3" and str(choice.sqref) == "B3:B5"
    back = exchange.read_excel(file, expected=table)
    same(back.frame, table)
    assert (back.keys, back.codes, back.title) == (("id",), {"level": ("1", "2")}, "Payments")


def test_what_is_typed_is_understood(sent):
    _, file = sent
    cells = {
        "data!C3": "81 000",
        "data!C4": "1.234",
        "data!D4": date(2024, 2, 1),
        "data!D5": "2024-02-02",
        "data!E4": 7,
    }
    frame = exchange.read_excel(changed(file, cells), decimal=",").frame
    assert frame["amount"].tolist() == [81_000, 1_234, 0]
    assert frame["paid"].dt.strftime("%d").tolist() == ["31", "01", "02"]
    assert frame["note"].tolist() == ["=HYPERLINK(1)", "7", "x"]


def test_every_wrong_cell_is_named_and_none_is_quoted(sent):
    _, file = sent
    cells = {
        "data!B3": "SECRET", "data!C4": "SECRET", "data!C5": 1.5, "data!D3": "31/02/2024", "data!E4": "=1+1",
        "data!G3": "SECRET",
    }  # fmt: skip
    with pytest.raises(InputError) as error:
        exchange.read_excel(changed(file, cells))
    told = str(error.value)
    assert [one.file.split("!")[1] for one in error.value.problems] == ["B3", "D3", "G3", "C4", "E4", "C5"]
    assert "SECRET" not in told and "31/02" not in told
    assert "a formula without a value" in told


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"about!B1": "aspfin list 9"}, "about!B1"),
        ({"data!C1": "money"}, "headings that were changed"),
        ({"data!A4": None}, "a missing key"),
        ({"data!A4": "007"}, "a key that is there already"),
        ({"data!A4": "SECRET"}, "1 keys that are gone"),
    ],
)
def test_a_changed_template_is_refused(sent, cells, told):
    table, file = sent
    with pytest.raises(InputError) as error:
        exchange.read_excel(changed(file, cells), expected=table)
    assert told in str(error.value) and "SECRET" not in str(error.value)


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (["a\x01"], "control characters"),
        ([10**15], "more than 15 digits"),
        ([np.inf], "infinity"),
        ([[1]], "a column of object"),
    ],
)
def test_a_workbook_refuses_what_it_cannot_hold(tmp_path, column, told):
    with pytest.raises(InputError) as error:
        exchange.write_excel(pd.DataFrame({"a": column}), tmp_path / "a.xlsx", title="t", issued="2024-01-31")
    assert told in str(error.value) and not (tmp_path / "a.xlsx").exists()
