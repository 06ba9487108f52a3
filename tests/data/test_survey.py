"""Reading survey files: the same data from every kind of file, labels beside them, plain words when it fails."""

import sys

import numpy as np
import pandas as pd
import pytest

from aspfin.data import survey
from aspfin.results import InputError

FRAME = pd.DataFrame(
    {
        "hh": np.array([1, 2, 3], dtype="int32"),
        "sex": np.array([1, 2, 1], dtype="int8"),
        "food": [10.5, np.nan, 12.0],
        "ភូមិ": ["ក", "ខ", "គ"],
    }
)
LABELS = {"sex": "Sex of the head", "food": "Food consumption"}
CODES = {"sex": {1: "male", 2: "female", 9: "does not know"}}


@pytest.fixture
def stata(tmp_path):
    plain = FRAME.rename(columns={"ភូមិ": "village"})
    file = tmp_path / "survey.dta"
    plain.to_stata(file, write_index=False, variable_labels=LABELS, value_labels=CODES, version=118)
    return file


def test_stata_keeps_codes_and_puts_labels_beside(stata):
    read = survey.read(stata)
    assert read.frame.sex.tolist() == [1, 2, 1]
    assert read.labels == LABELS
    assert read.value_labels == CODES
    assert [type(code) for code in read.value_labels["sex"]] == [int] * 3
    assert read.labelled("sex").tolist() == ["male", "female", "male"]
    assert np.isnan(read.frame.food[1])
    assert read.frame.village.tolist() == ["ក", "ខ", "គ"]


def test_stata_columns_may_share_a_set_of_labels(tmp_path):
    """Common in Stata, where sets have names of their own; pandas cannot write it, so the file is patched."""
    file = tmp_path / "two.dta"
    frame = pd.DataFrame({"first": [0, 1], "second": [1, 0]})
    both = {"first": {0: "no", 1: "yes"}, "second": {0: "never", 1: "often"}}
    frame.to_stata(file, write_index=False, value_labels=both, version=118)
    content = bytearray(file.read_bytes())
    place = content.index(b"<value_label_names>") + len(b"<value_label_names>") + 129  # names take 129 bytes
    content[place : place + 7] = b"first\0\0"
    file.write_bytes(content)
    read = survey.read(file)
    assert read.labelled("first").tolist() == ["no", "yes"]
    assert read.labelled("second").tolist() == ["yes", "no"]


def test_columns_whose_codes_alone_are_labelled_count_as_labelled():
    told = survey.Survey(FRAME, {"food": "Food"}, {"sex": {1: "male"}}, "a.dta").sentence()
    assert "4 columns, 2 of them labelled" in told


def test_codebook_counts(stata):
    book = survey.read(stata).to_frame().set_index("column")
    assert book.loc["food", "missing"] == 1
    assert book.loc["sex", "values"] == "1 = male; 2 = female; 9 = does not know"
    assert book.loc["hh", "label"] == ""


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_csv_with_any_usual_separator(tmp_path, separator, encoding):
    file = tmp_path / "survey.csv"
    FRAME.to_csv(file, index=False, sep=separator, encoding=encoding)
    pd.testing.assert_frame_equal(survey.read(file).frame, FRAME, check_dtype=False)


def test_csv_with_decimal_commas(tmp_path):
    file = tmp_path / "survey.csv"
    FRAME.to_csv(file, index=False, sep=";", decimal=",")
    assert survey.read(file).frame.food.dropna().tolist() == [10.5, 12.0]
    file.write_text("a;b\n1.5;x\n2.5;y\n", encoding="utf-8")
    assert survey.read(file).frame.a.tolist() == [1.5, 2.5]


@pytest.mark.parametrize("kind", ["parquet", "xlsx"])
def test_other_kinds_give_the_same_frame(tmp_path, kind):
    pytest.importorskip(survey.LIBRARIES["." + kind])
    file = tmp_path / f"survey.{kind}"
    FRAME.to_parquet(file) if kind == "parquet" else FRAME.to_excel(file, index=False)
    pd.testing.assert_frame_equal(survey.read(file).frame, FRAME, check_dtype=False)


def test_spss_keeps_codes_and_puts_labels_beside(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    file = tmp_path / "survey.sav"
    names = ["Household", "Sex of the head", "", "Village"]
    pyreadstat.write_sav(FRAME, file, column_labels=names, variable_value_labels=CODES)
    read = survey.read(file)
    pd.testing.assert_frame_equal(read.frame, FRAME, check_dtype=False)
    assert read.labels == {"hh": "Household", "sex": "Sex of the head", "ភូមិ": "Village"}
    assert read.value_labels == CODES
    assert read.labelled("sex").tolist() == ["male", "female", "male"]
    assert read.frame.attrs == {}


@pytest.mark.parametrize("kind", [".sav", ".parquet", ".xlsx"])
def test_a_missing_library_is_named(tmp_path, monkeypatch, kind):
    file = tmp_path / f"survey{kind}"
    if kind == ".xlsx":  # its content is looked at before its library is needed
        pytest.importorskip("openpyxl")
        FRAME.to_excel(file, index=False)
    else:
        file.write_bytes(b"any")
    monkeypatch.setitem(sys.modules, survey.LIBRARIES[kind], None)
    with pytest.raises(InputError, match=f"install {survey.LIBRARIES[kind]} to read {kind} files"):
        survey.read(file)


def test_only_some_columns(stata):
    read = survey.read(stata, columns=["sex", "hh"])
    assert read.frame.columns.tolist() == ["sex", "hh"]
    assert read.labels == {"sex": LABELS["sex"]}
    with pytest.raises(
        InputError, match=r"survey.dta: rice: got 'a missing column'; allowed: one of hh, sex"
    ):
        survey.read(stata, columns=["sex", "rice"])
    with pytest.raises(InputError, match="rice"):
        read.labelled("rice")


@pytest.mark.parametrize("name", ["a.dta", "a.xlsx", "a.parquet"])
def test_a_broken_file_is_told(tmp_path, name):
    (tmp_path / name).write_bytes(b"this is not what the name says" * 20)
    with pytest.raises(InputError, match=f"{name}: file: got .*allowed: a readable"):
        survey.read(tmp_path / name)


def test_wrong_kind_missing_file_and_wrong_encoding(tmp_path):
    with pytest.raises(InputError, match=r"allowed: .dta .sav .csv .parquet .xlsx"):
        survey.read(tmp_path / "survey.docx")
    with pytest.raises(InputError, match="a file that exists"):
        survey.read(tmp_path / "none.csv")
    (tmp_path / "old.csv").write_bytes("nom,âge\né,3\n".encode("latin-1"))
    with pytest.raises(InputError, match="text in UTF-8"):
        survey.read(tmp_path / "old.csv")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(InputError, match=r"a readable .csv file"):
        survey.read(tmp_path / "empty.csv")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_two_columns_of_one_name_are_refused(tmp_path, kind):
    file = tmp_path / f"twice.{kind}"
    frame = pd.DataFrame([[1, 2, 3]], columns=["hh", "weight", "weight"])
    if kind == "xlsx":
        pytest.importorskip("openpyxl")
        frame.to_excel(file, index=False)
    else:
        frame.to_csv(file, index=False)
    with pytest.raises(InputError, match=r"weight: got '2 columns of this name'; allowed: each column name"):
        survey.read(file)


def test_a_file_in_another_encoding_or_of_another_kind_says_what_to_do(tmp_path):
    (tmp_path / "old.csv").write_bytes("nom,âge\né,3\n".encode("latin-1"))
    with pytest.raises(InputError, match="in Excel: save as “CSV UTF-8”"):
        survey.read(tmp_path / "old.csv")
    (tmp_path / "fake.dta").write_bytes(b"a,b\n1,2\n" * 3)
    with pytest.raises(InputError) as error:
        survey.read(tmp_path / "fake.dta")
    assert "buffer" not in str(error.value)
