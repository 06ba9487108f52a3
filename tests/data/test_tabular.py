"""Reading tables of other people's as text: the header wherever it stands, every complaint with its place."""

import datetime as dt

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.data.loaded import LoadedTable
from aspfin.data.source import Source
from aspfin.data.tabular import (
    decoded,
    flags,
    heading,
    is_numeric,
    numbers,
    read_text,
    renamed,
    whole_numbers,
)
from aspfin.results import InputError

WANTED = [("ISO", "ISO3"), ("Year",)]


def written(tmp_path, content, name="a.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def workbook(tmp_path, sheets, name="a.xlsx"):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    path = tmp_path / name
    book.save(path)
    return path


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_line_ends_and_byte_order_mark(tmp_path, mark, separator, end):
    text = end.join([separator.join(row) for row in (["ISO", "Year", "Code"], ["KHM", "2020", "007"])])
    frame = read_text(written(tmp_path, mark + text.encode()), required=WANTED)
    assert frame.to_dict("records") == [{"ISO": "KHM", "Year": "2020", "Code": "007"}]


def test_header_below_titles_and_rows_counted_as_in_the_file(tmp_path):
    text = 'A title\n\n"Made on","2026"\nISO3,Year,"a, b"\n\nKHM,2020,"x\ny"\n,,\nZMB,2021\n'
    frame = read_text(written(tmp_path, text), required=WANTED)
    assert frame.index.tolist() == [7, 9]  # the row on which each ends, as an editor counts
    assert frame["a, b"].tolist()[0] == "x\ny"
    assert frame["a, b"].isna().tolist() == [False, True]


def test_workbook_finds_sheet_and_header_and_keeps_numbers_exact(tmp_path):
    rows = [
        ["Title", None, None, None],
        ["ISO", "Year", "Big", "When"],
        ["KHM", 2020.0, 123456789012345, dt.datetime(2022, 12, 1)],
        ["ZMB", 2021, 0.1, dt.date(2022, 12, 2)],
        [None, None, None, None],
    ]
    path = workbook(tmp_path, {"About": [["text"]], "Data": rows})
    frame = read_text(path, required=WANTED)
    assert frame.to_dict("list") == {
        "ISO": ["KHM", "ZMB"],
        "Year": ["2020", "2021"],
        "Big": ["123456789012345", "0.1"],
        "When": ["2022-12-01", "2022-12-02"],
    }
    assert frame.index.tolist() == [3, 4]
    assert read_text(path, required=WANTED, sheet="Data").equals(frame)
    with pytest.raises(InputError, match=r"a.xlsx: sheet: got 'Dat'; allowed: one of About, Data"):
        read_text(path, required=WANTED, sheet="Dat")


def test_only_the_rows_asked_for(tmp_path):
    path = written(tmp_path, "ISO,Year\nKHM,2020\nzmb,2021\n,2022\nX\n")
    assert read_text(path, required=WANTED, only={"ISO": ["ZMB"]})["Year"].tolist() == ["2021"]
    assert len(read_text(path, required=WANTED, only={"Year": ["2020"], "ISO": ["ZMB"]})) == 0


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "a.csv: file: got 'no row with text'; allowed: a table with a header"),
        ("\n\n", "a.csv: file: got 'no row with text'; allowed: a table with a header"),
        (
            "x\nISO,b\n",
            "a.csv: Year: got 'a missing column'; allowed: this column is required; the header on row 2 has ISO, b",
        ),
        (
            'ISO,Year\n"KHM,2020\nZMB,2021\n',
            "a.csv, row 3: row: got 'unexpected end of data'; allowed: well-formed CSV",
        ),
        ("ISO,Year\nKHM,2020,extra\n", "a.csv, row 2: row: got '3 cells'; allowed: at most 2 cells"),
        (
            "ISO,Year\nKHM,\xff\n".encode("latin-1"),
            "a.csv: file: got 'bytes that are not text in UTF-8'; allowed: text in UTF-8: save it so",
        ),
        (
            b"\xff\xfeI\x00S\x00O\x00",
            "a.csv: file: got 'bytes that are not text in UTF-8'; allowed: text in UTF-8: save it so",
        ),
        (
            b"ISO,Year\nKHM,20\x0020\n",
            "a.csv: file: got 'bytes that are not text in UTF-8'; allowed: text in UTF-8: save it so",
        ),
    ],
)
def test_broken_files_in_one_line(tmp_path, content, line):
    with pytest.raises(InputError) as error:
        read_text(written(tmp_path, content), required=WANTED)
    assert str(error.value) == line


def test_all_missing_columns_are_told_at_once(tmp_path):
    with pytest.raises(InputError) as error:
        read_text(written(tmp_path, "a,b\n1,2\n"), required=WANTED)
    assert [problem.field for problem in error.value.problems] == ["ISO", "Year"]


def test_files_that_are_not_tables(tmp_path):
    with pytest.raises(InputError, match=r"allowed: \.csv \.txt \.tsv \.xls \.xlsx \.xlsm"):
        read_text(tmp_path / "a.pdf", required=WANTED)
    with pytest.raises(InputError, match="a file that exists"):
        read_text(tmp_path / "a.csv", required=WANTED)
    with pytest.raises(InputError, match=r"a.xlsx: file: got .*allowed: a readable workbook"):
        read_text(written(tmp_path, "ISO,Year\n", "a.xlsx"), required=WANTED)
    with pytest.raises(
        InputError, match=r"got 'a web page under the name .xls'; allowed: .* save it as .xlsx"
    ):
        read_text(written(tmp_path, "<html><table></table></html>", "a.xls"), required=WANTED)
    with pytest.raises(InputError, match="a missing column"):
        read_text(workbook(tmp_path, {"One": [["ISO"]], "Two": [[]]}), required=WANTED)
    with pytest.raises(InputError, match="UTF-8"):
        decoded(written(tmp_path, b"\xff"))


def test_headings_are_compared_without_case_spaces_and_punctuation():
    assert heading("No. Injured") == heading("No Injured") == heading("NO.\nINJURED (*)")
    assert heading("Insured Damage, Adjusted ('000 US$)") == "insureddamageadjusted000us"
    assert heading("Cantón") != heading("Canton")
    assert heading("&quot;Location&quot;") == "location"


def test_repeated_and_empty_headings_get_names(tmp_path):
    frame = read_text(
        written(tmp_path, "ISO,Year,x,x,,\nKHM,2020,1,2,3\n".replace(",,\n", ",,z\n")), required=WANTED
    )
    assert frame.columns.tolist() == ["ISO", "Year", "x", "x (2)", "column 5", "z"]


def test_renamed_keeps_the_unknown_and_refuses_two_of_one():
    frame = pd.DataFrame({"Other": ["a"], "dis no": ["1"]})
    tidy, found = renamed(frame, {"id": ("DisNo.",), "year": ("Start Year",)}, file="a.csv")
    assert tidy.columns.tolist() == ["id", "Other"]
    assert found == {"id": "dis no"}
    apart, _ = renamed(frame.assign(year="1"), {"year": ("Start Year",), "id": ("DisNo.",)}, file="a.csv")
    assert apart.columns.tolist() == ["id", "Other", "year (of the file)"]
    with pytest.raises(
        InputError,
        match=r"a.csv: Dis-No: got 'given twice'; allowed: one column only: 'dis no' means the same",
    ):
        renamed(frame.assign(**{"Dis-No": "2"}), {"id": ("DisNo.",)}, file="a.csv")


@pytest.mark.parametrize(
    "bad", ["1,234", "abc", "inf", "nan", "1_0", "0x10", "True", "1 000", "--1", "1e999", "-1", "12"]
)
def test_what_is_no_number_of_the_range_is_told(bad):
    values = pd.Series(["1", bad, None], index=[2, 3, 4], dtype="str")
    with pytest.raises(InputError) as error:
        numbers(values, label="Deaths", file="a.csv", low=0, high=11)
    assert (
        str(error.value)
        == f"a.csv, row 3: Deaths: got {bad!r}; allowed: a number from 0 to 11, or an empty cell"
    )


def test_several_bad_cells_are_counted():
    with pytest.raises(InputError, match=r"row 0: x: got 'a'; .* \(3 such cells\)"):
        numbers(pd.Series(["a", "b", "c", "1"]), label="x", file="a.csv")


def test_numbers_flags_and_whole_numbers():
    assert numbers(pd.Series([" 1 ", "1e3", ".5", "-2."]), label="x", file="f").tolist() == [1, 1000, 0.5, -2]
    empty = numbers(pd.Series([None, "", ".."], dtype="str"), label="x", file="f", missing=("..",))
    assert empty.isna().all()
    assert whole_numbers(pd.Series(["3", None], dtype="str"), label="x", file="f").dtype == "Int64"
    with pytest.raises(InputError, match="a whole number"):
        whole_numbers(pd.Series(["3.5"]), label="x", file="f")
    with pytest.raises(InputError, match=r"yes \| no \| true \| false"):
        flags(pd.Series(["maybe"]), label="x", file="f")
    assert is_numeric(pd.Series(["1", None, "2.5"], dtype="str"))
    assert not is_numeric(pd.Series(["1", "x"], dtype="str"))
    assert not is_numeric(pd.Series([None], dtype="str"))


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n\ufeff"), min_size=1).filter(
                lambda s: s.strip() == s
            ),
            st.floats(allow_nan=False, allow_infinity=False) | st.none(),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_round_trip_of_any_text_and_number(tmp_path_factory, rows):
    """What was written comes back: text to the letter, numbers to the bit, missing as missing."""
    path = tmp_path_factory.mktemp("trip") / "a.csv"
    given_frame = pd.DataFrame(rows, columns=["ISO", "Year"])
    given_frame.to_csv(path, index=False)
    frame = read_text(path, required=WANTED)
    assert frame["ISO"].tolist() == [text for text, _ in rows]
    back = numbers(frame["Year"], label="Year", file="a.csv")
    np.testing.assert_array_equal(back.to_numpy(), given_frame["Year"].to_numpy(dtype="float64"))


def test_loaded_table_tells_what_it_is():
    frame = pd.DataFrame({"year": [2020, 2021], "value": [1.0, None], "<b>": ["x", "y"]})
    table = LoadedTable(
        frame=frame,
        source=Source("s", "A source", note="Free."),
        notes=("A note.",),
        dropped={"old rows": 3, "none": 0},
        file="f.csv",
    )
    assert str(table) == "f.csv: 2 rows, 3 columns (A source). Left out: 3 old rows. A note."
    assert table.licence == "Free."
    assert table.missing().set_index("column").loc["value"].tolist() == [1, 1, 0.5]
    assert "<b>" not in table._repr_html_().replace("<table", "")
    copy = table.to_frame()
    copy.loc[0, "year"] = 1
    assert table.frame.loc[0, "year"] == 2020
    assert LoadedTable(frame=frame[:0], source=Source("s", "t")).missing()["share_missing"].isna().all()
