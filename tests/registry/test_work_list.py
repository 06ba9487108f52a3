"""The list of rows to fix: its order, its files, and what it must not hold."""

import openpyxl
import pandas as pd
import pytest

from aspfin import registry
from aspfin.results import InputError

MAPPING = {
    "list_id": "cash",
    "programme": "Cash",
    "columns": {
        "record_id": "No",
        "household_id": "Card",
        "name_latin": "Name",
        "sex": "Sex",
        "amount": "Riel",
        "registered_on": "Since",
    },
    "keep": {"office": "Office"},
}
RULES = {
    "as_of": "2024-03-31",
    "required": {"all": ["name", "sex"]},
    "one_per_household": ["cash"],
    "office": "office",
    "smallest_office": 1,
}


@pytest.fixture(scope="module")
def quality():
    raw = pd.DataFrame(
        {
            "No": ["1", "2", "3", "4"],
            "Card": ["SECRET-7", "SECRET-7", "SECRET-8", "SECRET-9"],
            "Name": ["Sok Dara", "Chan Sophea", "Keo Vanna", "Ly Bopha"],
            "Sex": ["male", None, "female", None],
            "Riel": [80_000, 80_000, 80_000, 80_000],
            "Since": ["1/1/2024", "1/1/2024", "1/1/2015", "1/1/2024"],
            "Office": ["North", "=South", "North", "North"],
        }
    )
    return registry.assess(registry.harmonise(raw, MAPPING), RULES)


def test_money_first_then_who_it_is_then_age(quality):
    rows = registry.work_list(quality).rows
    assert rows[["number", "row", "problem", "who"]].to_numpy().tolist() == [
        [1, 3, "second record of a household", "desk"],
        [2, 3, "missing", "visit"],
        [3, 5, "missing", "visit"],
        [4, 4, "stale", "visit"],
    ]
    assert rows["other_row"].dropna().tolist() == [2]


def test_points_so_far_end_at_what_the_score_lacks(quality):
    summary = registry.work_list(quality).to_frame()
    assert summary["points_so_far"].iloc[-1] == pytest.approx(100 - quality.scores["score"].iloc[0])
    assert summary["rows"].sum() == len(quality.issues)


def test_shorter_lists_tell_what_is_left_out(quality):
    work = registry.work_list(quality, most=2)
    assert (len(work.rows), work.left_out) == (2, 2)
    assert len(work.summary) == 3  # of all rows
    skipped = registry.work_list(quality, skip=("stale",))
    assert "stale" not in set(skipped.rows["problem"].astype(str))


@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
def test_files_repeat_hold_no_formula_and_no_number_of_a_person(quality, tmp_path, ending):
    work = registry.work_list(quality)
    first, second = (work.write(tmp_path / f"{name}{ending}").read_bytes() for name in ("one", "two"))
    assert first == second
    path = tmp_path / f"one{ending}"
    if ending == ".csv":
        text = path.read_text("utf-8-sig")
        cells = [cell for line in text.splitlines() for cell in line.split(",")]
    else:
        book = openpyxl.load_workbook(path)
        assert book.sheetnames == ["first", "cash"]
        cells = [str(cell.value) for sheet in book for row in sheet.rows for cell in row]
        assert all(cell.data_type != "f" for sheet in book for row in sheet.rows for cell in row)
    assert "'=South" in cells
    assert not any("SECRET" in cell or "Sok" in cell for cell in cells)


def test_a_list_without_problems_says_so(tmp_path):
    raw = pd.DataFrame({"No": ["1"], "Name": ["Sok Dara"], "Since": ["1/1/2024"]})
    mapping = {"list_id": "a", "programme": "A"}
    mapping["columns"] = {"record_id": "No", "name_latin": "Name", "registered_on": "Since"}
    work = registry.work_list(
        registry.assess(registry.harmonise(raw, mapping), {"required": {"all": ["name"]}})
    )
    assert str(work) == "Nothing needs to be fixed."
    assert work.write(tmp_path / "none.xlsx").is_file()


def test_bad_input_is_told(quality, tmp_path):
    with pytest.raises(InputError, match="most: got 0"):
        registry.work_list(quality, most=0)
    with pytest.raises(InputError, match="skip: got 'old'"):
        registry.work_list(quality, skip=("old",))
    with pytest.raises(InputError, match=r"path: got '\.doc'"):
        registry.work_list(quality).write(tmp_path / "list.doc")
