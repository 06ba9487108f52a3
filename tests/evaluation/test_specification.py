"""The specification curve: the same numbers as single calls, in order, with every failure on record."""

import numpy as np
import pandas as pd
import pytest

from aspfin import evaluation
from aspfin.data.synthetic import programme_panel
from aspfin.evaluation import specification

BASE = {
    "estimator": "difference_in_means",
    "outcome": "consumption",
    "treated": "offered",
    "cluster": "village",
}


@pytest.fixture(scope="module")
def lottery():
    return programme_panel(seed=5, villages=12, households=10).lottery


@pytest.fixture(scope="module")
def result(lottery):
    options = specification.grid(
        BASE, {"controls": [[], ["baseline_consumption"], ("head_schooling",)], "strata": [None, "province"]}
    )
    options[3]["preferred"] = True
    return specification.curve(lottery, specifications=options)


def test_each_point_is_the_single_call(lottery, result):
    single = evaluation.difference_in_means(
        lottery,
        outcome="consumption",
        treated="offered",
        cluster="village",
        controls=["baseline_consumption"],
        strata="province",
    )
    row = result.frame[result.frame.preferred].iloc[0]
    assert (row.estimate, row.std_error, row.p_value) == (single.estimate, single.std_error, single.p_value)
    assert [row.ci_low, row.ci_high] == list(single.conf_int())
    assert result.estimates[3].estimate == single.estimate
    assert row["name"] == "controls: baseline_consumption; strata: province"


def test_points_are_sorted_and_row_order_does_not_matter(lottery, result):
    assert result.frame.estimate.is_monotonic_increasing
    assert sorted(result.frame.specification) == list(range(6))
    shuffled = specification.curve(
        lottery.sample(frac=1, random_state=1), specifications=result.specifications
    )
    np.testing.assert_allclose(shuffled.frame.estimate, result.frame.estimate, rtol=1e-10)


def test_choices_say_what_varies(result):
    choices = result.choices()
    assert choices.columns.tolist() == [
        ("controls", "none"),
        ("controls", "baseline_consumption"),
        ("controls", "head_schooling"),
        ("strata", "none"),
        ("strata", "province"),
    ]
    assert (choices["controls"].sum(axis=1) == 1).all()
    best = result.frame.index[result.frame.preferred][0]
    assert choices.loc[best, ("controls", "baseline_consumption")]
    assert choices.loc[best, ("strata", "province")]


def test_summary_by_hand(result):
    row = result.summary().iloc[0]
    values = result.frame.estimate
    assert row["median"] == pytest.approx(values.median())
    assert (row.low, row.high, row.failed) == (values.min(), values.max(), 0)
    assert row.same_sign == (values > 0).mean()
    assert row.significant == ((values > 0) & (result.frame.p_value < 0.05)).mean()
    assert row.preferred_rank == (values < row.preferred).mean()
    assert "Across 6 specifications the effect on consumption" in result.sentence()


def test_a_specification_the_data_do_not_bear_stays_with_its_reason(lottery):
    options = [BASE, BASE | {"controls": ["no such column"], "name": "broken"}]
    result = specification.curve(lottery, specifications=options)
    assert result.frame.name.tolist() == ["specification 1", "broken"]
    assert "no such column" in result.frame.error[1]
    assert result.estimates[1] is None
    assert result.summary().failed[0] == 1
    assert "1 could not be run" in result.sentence()
    none = specification.curve(lottery, specifications=options[1:])
    assert "None of the 1 specifications for consumption" in none.sentence()


def test_sample_is_a_marked_column_and_several_outcomes_are_kept_apart(lottery):
    marked = lottery.assign(women=lottery.female_head.astype(bool))
    options = [BASE, BASE | {"sample": "women"}, BASE | {"outcome": "debt"}]
    result = specification.curve(marked, specifications=options)
    own = evaluation.difference_in_means(
        lottery[lottery.female_head == 1], outcome="consumption", treated="offered", cluster="village"
    )
    assert result.estimates[1].estimate == own.estimate
    assert result.summary().outcome.tolist() == ["consumption", "debt"]
    assert specification.run(marked, options[1]).estimate == own.estimate


def test_one_choice_gives_no_lower_panel(lottery):
    assert specification.curve(lottery, specifications=[BASE]).choices().empty


def test_names_are_never_evaluated(lottery):
    odd = lottery.rename(columns={"consumption": "C(x)", "offered": "a:b", "baseline_consumption": "ការ 'ប'"})
    one = BASE | {"outcome": "C(x)", "treated": "a:b", "controls": ["ការ 'ប'"]}
    same = BASE | {"controls": ["baseline_consumption"]}
    assert specification.run(odd, one).estimate == specification.run(lottery, same).estimate


@pytest.mark.slow
def test_designs_mix_in_one_list():
    made = programme_panel(seed=5, villages=12, households=10).cutoff
    base = {"estimator": "regression_discontinuity", "outcome": "consumption", "running": "poverty_score"}
    options = [
        *specification.grid(base | {"cutoff": 40.0}, {"bandwidth": [8.0, 15.0]}),
        {
            "estimator": "regression_adjustment",
            "outcome": "consumption",
            "treated": "received",
            "controls": ["poverty_score", "head_schooling"],
        },
    ]
    result = specification.curve(made, specifications=options)
    assert (result.frame.error == "").all()
    assert ("estimator", "regression_adjustment") in result.choices().columns


@pytest.mark.parametrize(
    ("one", "told"),
    [
        ({"estimator": "magic"}, "specification 1: estimator: got 'magic'; allowed: difference_in_means"),
        (
            BASE | {"control": []},
            "specification 1: difference_in_means has no argument 'control'; did you mean 'controls'",
        ),
        (
            {"estimator": "difference_in_means", "outcome": "debt"},
            "specification 1: difference_in_means needs treated",
        ),
        (BASE | {"sample": "consumption"}, "must be 0 or 1"),
        ("difference_in_means", "specification 1: got str"),
    ],
)
def test_wrong_specifications_are_told_before_any_is_run(lottery, one, told):
    with pytest.raises(ValueError, match=told):
        specification.curve(lottery, specifications=[one])


def test_empty_lists_are_told(lottery):
    with pytest.raises(ValueError, match="at least one specification"):
        specification.curve(lottery, specifications=[])
    with pytest.raises(ValueError, match="'controls' has"):
        specification.grid(BASE, {"controls": []})


def test_the_frame_is_left_as_it_was(lottery):
    before = lottery.copy()
    specification.curve(lottery, specifications=[BASE])
    pd.testing.assert_frame_equal(lottery, before)
