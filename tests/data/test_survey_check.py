"""Problems of a survey's weights, strata, units and ids, and Stata's kinds of missing."""

import numpy as np
import pandas as pd
import pytest

from aspfin.data import survey

GOOD = pd.DataFrame(
    {
        "w": [1.0, 2.5, 3.0, 1.5],
        "stratum": ["a", "a", "b", "b"],
        "village": [1, 2, 3, 4],
        "size": [4, 5, 1, 3],
        "hh": [11, 12, 13, 14],
    }
)
ROLES = {
    **{"weights": "w", "strata": "stratum", "psu": "village"},
    **{"household_size": "size", "household_id": "hh"},
}


def told(frame):
    return [str(problem) for problem in survey.check(frame, **ROLES)]


def test_nothing_to_tell():
    assert told(GOOD) == []
    assert survey.check(survey.Survey(GOOD, file="a.csv"), **ROLES) == ()
    assert survey.check(GOOD) == ()


@pytest.mark.parametrize(
    ("column", "values", "line"),
    [
        (
            "w",
            [1.0, 0.0, -1.0, 2.0],
            "w: got '2 of 4 weights are zero or negative'; allowed: numbers above 0",
        ),
        ("w", ["1.5", "2", "3", "4"], "w: got \"text, first '1.5'\"; allowed: numbers: turn the column into"),
        ("w", ["a", "b", "c", "d"], "w: got \"text, first 'a'\"; allowed: numbers"),
        ("w", [1.0, np.nan, 1.0, 1.0], "w: got '1 of 4 cells are empty'; allowed: a value in every row"),
        ("w", [1.0, np.inf, 1.0, 1.0], "w: got '1 of 4 weights are infinite'"),
        (
            "size",
            [4, 0, 1, 2],
            "size: got '1 of 4 are not whole numbers from 1'; allowed: members, 1 or more",
        ),
        ("size", [4, 2.5, 1, 2], "size: got '1 of 4 are not whole numbers from 1'"),
        (
            "hh",
            [11, 11, 11, 12],
            "hh: got '2 of 4 rows repeat an id, first 11'; allowed: each household once",
        ),
        ("hh", [1.5, 2.0, 3.0, 4.0], "hh: got '1 of 4 ids have decimals'"),
        ("village", [1, 2, 3, 3], "stratum: got '1 stratum has one sampling unit, first b'"),
    ],
)
def test_one_line_for_each_problem(column, values, line):
    found = told(GOOD.assign(**{column: values}))
    assert len(found) == 1
    assert line in found[0]


def test_ids_that_float32_has_rounded():
    """Stata's default kind of number turns 16,777,217 into 16,777,216: households run together unseen."""
    ids = np.array([16_777_216, 16_777_217, 16_777_219, 5], dtype="float32")
    found = told(GOOD.assign(hh=ids))
    assert "ids are above 16,777,216, where float32 is rounded'; allowed: ids as text" in found[0]
    assert "rows repeats an id" in found[1]
    assert told(GOOD.assign(hh=ids.astype("float64") + np.arange(4))) == []


def test_a_missing_column_gets_a_hint():
    line = str(survey.check(GOOD, weights="w", strata="stratun")[0])
    assert "stratun: got 'a missing column'; allowed: did you mean stratum? one of w, stratum" in line


def test_all_problems_at_once():
    frame = GOOD.assign(w=0.0, size=0, hh=1)
    assert len(told(frame)) == 3


@pytest.fixture
def stata(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    file = tmp_path / "missing.dta"
    frame = pd.DataFrame(
        {"food": [1, 2, "a", "b", "a"], "plain": [1.0, np.nan, 3.0, 4.0, 5.0], "full": [1, 2, 3, 4, 5]}
    )
    pyreadstat.write_dta(
        frame,
        file,
        missing_user_values={"food": ["a", "b"]},
        variable_value_labels={"food": {1: "yes", 2: "no", "a": "refused"}},
    )
    return file


def test_extended_missing_values_survive_with_their_reasons(stata):
    read = survey.read(stata)
    assert read.frame.food.isna().tolist() == [False, False, True, True, True]
    assert read.reasons["food"].to_dict() == {2: "refused", 3: ".b", 4: "refused"}
    assert read.missing_table().to_numpy().tolist() == [["food", ".b", 1], ["food", "refused", 2]]
    assert read.value_labels == {"food": {1: "yes", 2: "no"}}
    assert list(read.reasons) == ["food"]


def test_reasons_follow_the_columns_asked_for(stata):
    assert survey.read(stata, columns=["full"]).reasons == {}
    assert list(survey.read(stata, columns=["food"]).reasons) == ["food"]
    assert survey.read(stata, columns=["full"]).missing_table().empty
