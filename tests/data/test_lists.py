"""Programme lists read from files: nothing lost, everything odd told by row and column."""

import csv
from datetime import date

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aspfin.data import lists
from aspfin.data.synthetic import registry_lists
from aspfin.results import InputError


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    made = registry_lists(households=2_000, seed=1)
    folder = tmp_path_factory.mktemp("lists")
    made.write(folder)
    return made, folder


def told(file):
    """The problems as (row, column, kind)."""
    return list(file.problems.itertuples(index=False, name=None))


def test_six_files_are_read_without_loss(written):
    made, folder = written
    for list_id, raw in made.lists.items():
        file = lists.read(folder / made.mappings[list_id]["file"])
        assert file.reconciliation.balanced
        assert file.reconciliation.rows_in_file == len(raw) == len(file.frame)
        assert list(file.frame.columns) == list(raw.columns)
        for column in raw:
            if raw[column].dtype == "float64":
                assert np.array_equal(file.frame[column].astype("float64"), raw[column])
            else:
                pd.testing.assert_series_equal(file.frame[column], raw[column])


# Text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_and_separators_are_found(tmp_path, encoding, separator):
    file = tmp_path / "a.csv"
    rows = [["លេខ", "ឈ្មោះ", "x"], ["007", "សុខ ដារ៉ា", "1"], ["008", "", "2"]]
    file.write_bytes("".join(separator.join(row) + "\r\n" for row in rows).encode(encoding))
    read = lists.read(file)
    assert read.separator == separator
    assert list(read.frame.columns) == rows[0]
    assert read.frame["ឈ្មោះ"].tolist()[0] == "សុខ ដារ៉ា" and read.frame["ឈ្មោះ"].isna().tolist() == [False, True]
    assert read.rows.tolist() == [2, 3]


def test_windows_1252_is_told(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes("no,name\n1,Zoé\n2,Sok\n".encode("cp1252"))
    read = lists.read(file)
    assert read.frame["name"].tolist() == ["Zoé", "Sok"]
    assert read.encoding == "cp1252" and "Windows-1252" in read.notes[0]


def test_damaged_bytes_are_told_by_row_and_column(tmp_path):
    file = tmp_path / "a.csv"
    text = "no,name\n" + "".join(f"{n},សុខ ដារ៉ា\n" for n in range(9))
    file.write_bytes(text.encode().replace(b"4,\xe1", b"4,"))
    read = lists.read(file)
    assert read.encoding == "utf-8" and told(read) == [(6, "name", "undecodable bytes")]


def test_what_is_odd_in_cells_is_told_and_kept(tmp_path):
    cells = {
        "zero-width characters": "សុខ\u200bដារ៉ា",
        "mixed scripts": "សុខ Sok",
        "broken Khmer": "ážŸáž»áž",
        "impossible date": "31/02/1990",
        "formula as text": "=A1+1",
        "error value": "#REF!",
        "rounded number": "7.8E+08",
        "number ends in .0": "781555410.0",
        "control characters": "a\x02b",
        "line break": "a\nb",
    }
    file = tmp_path / "a.csv"
    pd.DataFrame({"no": list("0123456789"), "x": list(cells.values())}).to_csv(file, index=False)
    read = lists.read(file)
    assert read.frame["x"].tolist() == list(cells.values())
    assert told(read) == [(row, "x", kind) for row, kind in enumerate(cells, start=2)]
    assert set(read.problems["kind"]) < set(lists.KINDS)
    shown = str(read) + read.to_frame().to_string()
    assert not any(cell in shown for cell in cells.values())


@pytest.mark.parametrize(
    "good", ["29/02/2024", "2024-02-29", "31.12.1999", "០១/០២/២៥៣១", "12/31/1999", "29/02/2567", "1/2/87"]
)
def test_dates_of_any_order_are_possible(tmp_path, good):
    file = tmp_path / "a.csv"
    file.write_text(f"no,day\n1,{good}\n2,32/13/2001\n", encoding="utf-8")
    assert told(lists.read(file)) == [(3, "day", "impossible date")]


def test_every_row_is_accounted_for(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text(
        'List of 2024\n\nno,name,no,\n1,Sok,2,x\n\n2,Chan\n3,"Chea\n4,Dara,1,y,too much\n5,  ,1,z\n6,Keo,1,w,,\n',
        encoding="utf-8",
    )
    read = lists.read(file)
    account = read.reconciliation
    assert (account.rows_in_file, account.rows_read, account.rows_set_aside, account.rows_empty) == (
        7,
        4,
        2,
        1,
    )
    assert account.balanced and read.rows.tolist() == [4, 6, 9, 10]
    assert list(read.frame.columns) == ["no", "name", "no (2)", "column 4"]
    assert read.set_aside[["row", "kind"]].to_numpy().tolist() == [
        [1, "above the heading"],
        [7, "broken quotation marks"],
        [8, "cells beyond the headings"],
    ]
    assert (6, "no (2)", "fewer cells than headings") in told(read)
    assert (9, "name", "only spaces") in told(read)
    assert (3, "no (2)", "heading repeated") in told(read)


def test_an_open_quotation_mark_costs_one_line(tmp_path):
    file = tmp_path / "a.csv"
    lines = [
        f"{n},{name},1" for n, name in enumerate(['"Sok', "Chan", '"Chea, jr"', 'Da"ra', '"Ke"o"', "Sao"])
    ]
    file.write_text("\n".join(["no,name,x", *lines]))
    read = lists.read(file)
    assert read.rows.tolist() == [3, 4, 5, 7] and read.frame["name"].tolist() == [
        "Chan",
        "Chea, jr",
        'Da"ra',
        "Sao",
    ]
    assert read.set_aside["text"].tolist() == ['0,"Sok,1', '4,"Ke"o",1']


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), min_size=3, max_size=3),
        max_size=8,
    ),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.integers(1, 4),
)
def test_any_text_comes_back_in_pieces_of_any_size(tmp_path, rows, separator, encoding, size):
    file = tmp_path / "a.csv"
    with file.open("w", encoding=encoding, newline="") as opened:
        csv.writer(opened, delimiter=separator, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *rows])
    read = lists.read(file, separator=separator, header_row=1)
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    wanted = [[cell if cell.strip() else None for cell in row] for row in kept]
    assert [[None if pd.isna(c) else c for c in row] for row in read.frame.to_numpy().tolist()] == wanted
    assert read.reconciliation.balanced and read.reconciliation.rows_in_file == len(rows)
    parts = list(lists.chunks(file, rows=size, separator=separator, header_row=1))
    assert [row for part in parts for row in part.rows] == read.rows.tolist()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_words(tmp_path, raw):
    file = tmp_path / "a.csv"
    file.write_bytes(raw)
    try:
        assert lists.read(file).reconciliation.balanced
    except InputError as error:
        assert "a.csv" in str(error)


# Workbooks


def workbook(file, rows, merged=(), formats=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for span in merged:
        book.active.merge_cells(span)
    for cell, style in formats:
        book.active[cell].number_format = style
    book.save(file)
    return file


def test_merged_cells_are_filled_down_and_told(tmp_path):
    rows = [
        ["List", None, None],
        ["card", "name", "x"],
        ["C1", "Sok", 1],
        [None, "Chan", 2],
        ["C2", "Chea", None],
    ]
    read = lists.read(workbook(tmp_path / "a.xlsx", rows, ["A1:C1", "A3:A4", "B5:C5"]))
    assert read.frame["card"].tolist() == ["C1", "C1", "C2"]
    assert told(read) == [
        (1, "", "above the heading"),
        (4, "card", "merged cell"),
        (5, "x", "merged across columns"),
    ]


def test_a_heading_of_two_rows(tmp_path):
    rows = [["no", "person", None, "x"], [None, "name", "sex", None], ["1", "Sok", "M", "y"]]
    read = lists.read(workbook(tmp_path / "a.xlsx", rows, ["A1:A2", "B1:C1", "D1:D2"]))
    assert list(read.frame.columns) == ["no", "person name", "person sex", "x"]
    assert read.rows.tolist() == [3]


def test_formulas_numbers_and_dates_of_a_workbook(tmp_path):
    rows = [
        ["no", "f", "id", "day", "n"],
        [7, "=1+1", 12345, date(1987, 2, 3), 781555410.0],
        [8, "x", 7, None, 10**17],
    ]
    read = lists.read(workbook(tmp_path / "a.xlsx", rows, formats=[("C2", "0000000"), ("C3", "0000000")]))
    assert read.frame["id"].tolist() == ["0012345", "0000007"]
    assert read.frame["day"].tolist()[0] == "1987-02-03" and read.frame["n"].tolist()[0] == "781555410"
    assert told(read) == [(2, "f", "formula without a value"), (3, "n", "number too long")]


def test_other_sheets_are_told(tmp_path):
    book = openpyxl.Workbook()
    book.create_sheet("second").append(["no", "x"])
    book.create_sheet("third").append(["a", "b"])
    book.save(tmp_path / "a.xlsx")
    read = lists.read(tmp_path / "a.xlsx")
    assert read.sheet == "second" and read.notes == ("Sheet second was read; not read: third.",)
    assert lists.read(tmp_path / "a.xlsx", sheet="third").frame.columns.tolist() == ["a", "b"]


# Files with types


def test_parquet_keeps_long_identifiers_beside_missing_ones(tmp_path):
    frame = pd.DataFrame({"id": pd.Series([2**60 + 1, None], dtype="Int64"), "x": pd.Categorical(["a", "b"])})
    frame.index = ["r1", "r2"]
    frame.to_parquet(tmp_path / "a.parquet")
    read = lists.read(tmp_path / "a.parquet")
    assert read.frame["id"].tolist()[0] == 2**60 + 1 and read.frame["x"].tolist() == ["a", "b"]
    assert read.frame["__index_level_0__"].tolist() == ["r1", "r2"] and read.rows.tolist() == [1, 2]


def test_identifiers_stored_as_floats_are_told(tmp_path):
    frame = pd.DataFrame({"id": np.array([2**24 + 2, 5], dtype="float32"), "sex": [0, 1]})
    frame.to_stata(tmp_path / "a.dta", write_index=False, value_labels={"sex": {0: "m", 1: "f"}})
    read = lists.read(tmp_path / "a.dta")
    assert told(read) == [(1, "id", "number too long")]
    assert read.value_labels["sex"] == {0: "m", 1: "f"} and read.frame["sex"].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("a.csv", b"", "an empty file"),
        ("a.csv", b"\n\n , ,\n", "no row with text"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 99, "an old .xls file"),
        ("a.xls", b"<html><table>", "a web page"),
        ("a.xlsx", b"PK\x03\x04" + b"x" * 99, "a readable workbook"),
        ("a.parquet", b"PAR1" + b"x" * 99, "a readable parquet file"),
        ("a.dta", b"<stata_dta>" + b"x" * 99, "a readable .dta file"),
        ("a.pdf", b"%PDF", ".csv .txt"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path, name, raw, words):
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(InputError, match=name) as error:
        lists.read(tmp_path / name)
    assert words in str(error.value)


def test_arguments_that_do_not_fit_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    for arguments in ({"sheet": "x"}, {"encoding": "klingon"}, {"separator": "::"}, {"header_row": 9}):
        with pytest.raises(InputError, match=next(iter(arguments))):
            lists.read(tmp_path / "a.csv", **arguments)


def test_stata_says_why_cells_are_missing(tmp_path):
    import pyreadstat

    frame = pd.DataFrame({"income": [5.0, "a", None, 7.0], "size": [1, 2, 3, 4]})
    pyreadstat.write_dta(frame, str(tmp_path / "a.dta"), missing_user_values={"income": ["a"]})
    read = lists.read(tmp_path / "a.dta")
    assert read.frame["income"].isna().tolist() == [False, True, True, False]
    assert read.frame["income"].dropna().tolist() == [5.0, 7.0] and read.frame["size"].tolist() == [
        1,
        2,
        3,
        4,
    ]
    assert read.problems[["row", "column", "kind"]].to_numpy().tolist() == [
        [2, "income", "missing with a reason"]
    ]
