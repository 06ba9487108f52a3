"""The pre-analysis plan: read with every problem told, and results marked by what was really run."""

import numpy as np
import pytest

from aspfin.data.synthetic import programme_panel
from aspfin.evaluation import plan as plans
from aspfin.evaluation import specification
from aspfin.evaluation.multiple_testing import adjust_p_values
from aspfin.results import InputError

TEXT = """
title: Emergency transfer, lottery among villages
registered: 2021-11-15
registry: trial register 123
outcomes:
  consumption: {label: Consumption per person, family: welfare}
  food_score: {label: Food consumption score, family: welfare}
  debt: {label: Household debt, better: lower}
families:
  welfare: {label: Welfare, adjust: holm}
specifications:
  main:
    estimator: difference_in_means
    treated: offered
    controls: [head_schooling, household_size]
    cluster: village
  baseline:
    estimator: difference_in_means
    outcomes: [consumption]
    treated: offered
    controls: [baseline_consumption]
    cluster: village
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        file = tmp_path / "plan.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture
def plan(write):
    return plans.read_plan(write(TEXT))


@pytest.fixture(scope="module")
def lottery():
    return programme_panel(seed=5, villages=12, households=10).lottery


def test_the_plan_is_read(plan):
    assert (plan.title, plan.registered) == ("Emergency transfer, lottery among villages", "2021-11-15")
    assert [(one["name"], one["outcome"]) for one in plan.specifications] == [
        ("main", "consumption"),
        ("main", "food_score"),
        ("main", "debt"),
        ("baseline", "consumption"),
    ]
    assert plan.families == {"welfare": "holm"}
    assert plan.outcomes["debt"].better == "lower"
    assert (
        plan.to_frame().arguments[3] == "treated: offered; controls: baseline_consumption; cluster: village"
    )
    assert "outcomes: 3, planned results: 4" in plan.sentence()


def test_a_plan_run_as_written_is_planned(plan, lottery):
    done = plans.compare(plan, specification.curve(lottery, specifications=plan.specifications))
    assert done.frame.status.tolist() == ["planned"] * 4
    assert done.missing == ()
    assert done.check().passed
    welfare = done.frame.iloc[:2]
    by_hand = adjust_p_values(welfare.p_value.tolist(), method="holm").adjusted_p_value
    np.testing.assert_allclose(welfare.adjusted_p_value, by_hand)
    assert done.frame.adjusted_p_value[2:3].isna().all()  # debt has no family
    assert done.frame.adjusted_p_value[3] == done.frame.p_value[3]  # alone in its specification


def test_defaults_and_the_order_of_controls_do_not_count(plan, lottery):
    main = dict(plan.specifications[0]) | {
        "controls": ("household_size", "head_schooling"),
        "covariance": "HC1",
        "weights": None,
        "name": "another name",
    }
    done = plans.compare(plan, [(main, specification.run(lottery, main))])
    assert done.frame.status.tolist() == ["planned"]
    assert done.frame.name[0] == "main"


def test_changed_and_unplanned_results_are_marked_with_what_differs(plan, lottery):
    main = [dict(one) for one in plan.specifications]
    changed = main[1] | {"controls": ["head_schooling"], "strata": "province"}
    extra = main[0] | {"controls": [], "name": "no controls"}
    other = main[0] | {"outcome": "school_days", "name": "schooling"}
    curve = specification.curve(lottery, specifications=[extra, main[0], changed, other, main[3]])
    done = plans.compare(plan, curve)
    assert done.frame.status.tolist() == ["unplanned", "planned", "changed", "unplanned", "planned"]
    assert done.frame.changes[2] == (
        "controls: planned head_schooling, household_size, run head_schooling; strata: planned none, run province"
    )
    assert done.frame.name.tolist() == ["no controls", "main", "main", "schooling", "baseline"]
    assert done.missing == ("main, debt",)
    assert done.check().passed is False
    assert done.sentence() == (
        "Of 5 results: 2 planned, 1 changed, 2 unplanned, 1 not reported. Planned but not reported: main, debt."
    )


def test_leaving_an_outcome_of_the_family_out_gains_nothing(plan, lottery):
    main = plan.specifications[0]
    done = plans.compare(plan, [(main, specification.run(lottery, main))])
    assert done.frame.adjusted_p_value[0] == pytest.approx(min(2 * done.frame.p_value[0], 1.0))


def test_another_estimator_is_a_change(plan, lottery):
    other = {
        "estimator": "regression_adjustment",
        "outcome": "debt",
        "treated": "offered",
        "cluster": "village",
    }
    other |= {"controls": ["head_schooling", "household_size"]}
    done = plans.compare(plan, [(other, specification.run(lottery, other))])
    assert done.frame.status[0] == "changed"
    assert done.frame.changes[0] == "estimator: planned difference_in_means, run regression_adjustment"


def test_nothing_reported_is_told(plan):
    done = plans.compare(plan, [])
    assert len(done.missing) == 4
    assert done.check().passed is False
    with pytest.raises(ValueError, match="result 1: estimator: got 'magic'"):
        plans.compare(plan, [({"estimator": "magic"}, 1.0)])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("registry:", "registrar:", "plan.yaml: registrar: got 'trial register 123'; allowed: one of title"),
        ("adjust: holm", "adjust: bonferroni", "families.welfare.adjust: got 'bonferroni'; allowed: holm"),
        (
            "family: welfare}\n  food",
            "family: wellfare}\n  food",
            "outcomes.consumption.family: got 'wellfare'",
        ),
        ("better: lower", "better: less", "outcomes.debt.better: got 'less'; allowed: higher | lower"),
        (
            "outcomes: [consumption]",
            "outcomes: [rice]",
            "baseline.outcomes: got 'rice'; allowed: one of the outcomes",
        ),
        ("outcomes: [consumption]", "outcomes: 3", "baseline.outcomes: got 3; allowed: a list"),
        ("[baseline_consumption]", "[[a]]", "baseline.controls: got"),
        ("controls: [base", "control: [base", "no argument 'control'; did you mean 'controls'"),
        (
            "    treated: offered\n    controls: [base",
            "    controls: [base",
            "difference_in_means needs treated",
        ),
        ("  debt:", "  consumption:", "consumption: got 'given twice'"),
        ("  debt:", "  no:", "outcomes: got"),
        ("  main:", "  main: 3\n  third:", "specifications.main: got 3"),
        ("title:", "title: [", "plan.yaml, line"),
        (
            "outcomes: [consumption]",
            "outcomes: &a [consumption, *a]",
            "got 'an alias'; allowed: values written out",
        ),
        ("registered: 2021-11-15", "registered: !!python/object/apply:os.system [ls]", "well-formed YAML"),
    ],
)
def test_every_problem_of_the_file_is_told(write, old, new, told):
    assert old in TEXT
    with pytest.raises(InputError) as error:
        plans.read_plan(write(TEXT.replace(old, new, 1)))
    assert told in str(error.value)


def test_several_problems_come_together(write):
    text = TEXT.replace("adjust: holm", "adjust: none at all").replace("better: lower", "better: less")
    with pytest.raises(InputError) as error:
        plans.read_plan(write(text))
    assert len(error.value.problems) == 2


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "title: only\n"])
def test_files_that_are_no_plan(write, text):
    with pytest.raises(InputError):
        plans.read_plan(write(text))


def test_missing_file_and_wrong_encoding(tmp_path):
    with pytest.raises(InputError, match="a file that exists"):
        plans.read_plan(tmp_path / "none.yaml")
    (tmp_path / "old.yaml").write_bytes("title: é".encode("latin-1"))
    with pytest.raises(InputError, match="UTF-8"):
        plans.read_plan(tmp_path / "old.yaml")


def test_an_outcome_nobody_tests_is_told(write):
    text = TEXT.replace(
        "    treated: offered\n    controls: [head",
        "    outcomes: [debt]\n    treated: offered\n    controls: [head",
    )
    with pytest.raises(InputError, match="an outcome that a specification names"):
        plans.read_plan(write(text))
