"""Samples: what is read, cast, dropped and refused."""

import numpy as np
import pandas as pd
import pytest

from aspfin.evaluation import prepare
from aspfin.evaluation.columns import category_codes

ODD_NAMES = [
    "a:b",
    "C(x)",
    'it\'s "quoted"',
    "two words",
    "ចំណូល",
    "y ~ x",
    "x0",
    "Q('z')",
    "lambda",
    "np.log(y)",
]


def frame():
    return pd.DataFrame(
        {
            "food": [3.0, 4, 5, np.nan, 7, 8],
            "cash": [0, 1, 0, 1, 1, 0],
            "age": pd.array([30, 40, 50, 60, None, 20], dtype="Int8"),
            "sex": ["f", "m", "f", "m", "f", "m"],
            "village": pd.Categorical(["b", "a", "b", "a", "c", "a"], categories=["z", "c", "b", "a"]),
        }
    )


def test_missing_rows_are_counted_once_by_their_first_reason():
    sample = prepare(frame(), outcome="food", treated="cash", controls=["age", "sex"], groups="village")
    assert sample.dropped == {"missing food": 1, "missing age": 1}
    assert sample.positions.tolist() == [0, 1, 2, 5]
    assert sample.control_names == ("age", "sex = m")
    assert sample.levels["village"] == ["a", "b"]
    assert sample.groups["village"].tolist() == [1, 0, 1, 0]


def test_frame_has_internal_names_only():
    sample = prepare(frame(), outcome="food", treated="cash", controls="age", numeric="age", groups="village")
    assert list(sample.frame) == ["y", "t", "x0", "v0", "g0"]
    assert (sample.number_name("age"), sample.group_name("village"), sample.x_names) == ("v0", "g0", ["x0"])
    assert sample.names["x0"] == "age"
    changed = sample.frame
    changed["y"] = 0.0
    assert sample.outcome[0] == 3


def test_caller_s_frame_is_left_alone():
    given = frame()
    before = given.copy(deep=True)
    sample = prepare(given, outcome="food", treated="cash", controls=["sex"], groups="village")
    sample.outcome[:] = 0
    pd.testing.assert_frame_equal(given, before)


@pytest.mark.parametrize("dtype", ["int8", "bool", "boolean", "Int64", "float32", "category", "object"])
def test_any_dtype_of_a_binary_treatment(dtype):
    given = frame().astype({"cash": dtype})
    assert prepare(given, treated="cash").treated.tolist() == [0, 1, 0, 1, 1, 0]


def test_small_integers_do_not_overflow():
    given = pd.DataFrame(
        {"y": np.array([100, 120, 90, 127], dtype="int8"), "t": np.array([0, 1, 0, 1], "int8")}
    )
    sample = prepare(given, outcome="y", treated="t")
    assert sample.outcome.dtype == float
    assert sample.outcome.sum() == 437


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_are_never_evaluated(name):
    given = frame().rename(columns={"age": name}).assign(**{"": 1.0})
    sample = prepare(given, outcome="food", treated="cash", controls=[name], numeric=[name], groups=[name])
    assert sample.control_names == (name,)
    assert sample.n_levels(name) == 4


def test_determined_controls_are_left_out_and_named():
    given = frame().assign(years=lambda df: df["age"].astype(float) * 2, one=1)
    sample = prepare(given, outcome="food", treated="cash", controls=["one", "age", "years"])
    assert sample.collinear == ("one", "years")
    assert sample.control_names == ("age",)


def test_row_order_changes_no_code():
    given = frame().sample(frac=1, random_state=1)
    sample = prepare(given, groups="village", controls="sex", treated="cash")
    assert [sample.levels["village"][i] for i in sample.groups["village"]] == given["village"].tolist()
    assert sample.levels["village"] == ["a", "b", "c"]
    assert sample.control_names == ("sex = m",)


def test_empty_text_is_missing_and_mixed_types_sort():
    codes, levels = category_codes(pd.Series(["b", "", " ", 3, None, 1], dtype=object))
    assert codes.tolist() == [2, -1, -1, 1, -1, 0]
    assert levels == [1, 3, "b"]


def test_zero_weights_are_dropped_and_missing_may_be_kept():
    given = frame().assign(w=[1, 0, 1, 1, 1, 1])
    sample = prepare(given, outcome="food", treated="cash", weights="w", may_miss="food")
    assert sample.dropped == {"zero weight in w": 1}
    assert np.isnan(sample.outcome).sum() == 1


def test_subset_renumbers_groups():
    sample = prepare(frame(), treated="cash", groups="village").subset(
        [True, False, True, False, False, True], "odd"
    )
    assert sample.levels["village"] == ["a", "b"]
    assert sample.dropped == {"odd": 3}
    assert sample.codes("village").tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("change", "ask", "message"),
    [
        ({}, {"outcome": "fod"}, "outcome: there is no column 'fod'; did you mean 'food'"),
        ({}, {"outcome": "zzz"}, "columns are 'food', 'cash'"),
        ({"cash": [0, 1, 2, 0, 1, 2]}, {"treated": "cash"}, "'cash' must be 0 or 1, and holds 2; recode"),
        ({"cash": "yes"}, {"treated": "cash"}, "'cash' is not numeric .it holds 'yes'.; recode"),
        ({"cash": 1}, {"treated": "cash"}, "'cash' is 1 in all 6 complete rows; both treated and untreated"),
        ({"food": 2.0}, {"outcome": "food"}, "'food' is 2 in all 6 complete rows"),
        ({"food": np.inf}, {"outcome": "food"}, "'food' holds infinite values"),
        ({"food": np.nan}, {"outcome": "food"}, "no row is complete .missing food: 6."),
        ({"food": pd.Timestamp("2024-01-01")}, {"outcome": "food"}, "'food' is not numeric"),
        ({"w": [1, 1, -1, 1, 1, 1]}, {"weights": "w"}, "'w' holds negative values"),
        ({}, {"outcome": "food", "treated": "food"}, "'food' is also the treatment"),
        ({}, {"treated": "cash", "controls": ["cash"]}, "'cash' is also the treatment"),
    ],
)
def test_refusals_name_the_column_and_the_remedy(change, ask, message):
    with pytest.raises(ValueError, match=message) as caught:
        prepare(frame().assign(**change), **ask)
    assert "\n" not in str(caught.value)


def test_a_name_held_twice_is_refused():
    twice = pd.concat([frame(), frame()["food"]], axis=1)
    with pytest.raises(ValueError, match="2 columns are called 'food'"):
        prepare(twice, outcome="food")


@pytest.mark.parametrize("given", [None, [1, 2], pd.DataFrame()])
def test_no_frame(given):
    with pytest.raises(ValueError, match="df: "):
        prepare(given, outcome="food")
