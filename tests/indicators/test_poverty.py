"""Poverty measures against R, ten people, invariances, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from survey_case import LINE, TOLERANCE, VALUES, agrees, halves
from survey_data import golden_design, golden_survey

from aspfin import indicators
from aspfin.indicators import SurveyDesign
from aspfin.indicators.poverty import fgt_terms

TEN = yaml.safe_load(
    (Path(__file__).parents[1] / "golden/indicators_ten_person.yaml").read_text(encoding="utf-8")
)
DF = golden_survey()
DESIGN = golden_design(DF)
MEASURES = (indicators.headcount, indicators.poverty_gap, indicators.poverty_severity)
ALL = (*MEASURES, indicators.watts, indicators.poverty_gap_total)


def people(incomes):
    return SurveyDesign(pd.DataFrame({"y": np.asarray(incomes, dtype=float), "w": 1.0}), weights="w")


@pytest.mark.parametrize("column", ["pre_pc_day", "post_pc_day"])
@pytest.mark.parametrize("convention", ["strict", "convey"])
@pytest.mark.parametrize("index", [0, 1, 2])
def test_fgt_as_r(column, convention, index):
    found = MEASURES[index](DESIGN, column, poverty_line=LINE, convention=convention)
    agrees(found, f"fgt{index}_{column}")
    assert (found.poverty_line, found.n_psu, found.unit) == (LINE, 48, "share")


@pytest.mark.parametrize("column", ["pre_pc_day", "post_pc_day"])
def test_watts_as_r(column):
    found = indicators.watts(DESIGN, column, poverty_line=LINE)
    agrees(found, f"watts_{column}", TOLERANCE["inequality"], TOLERANCE["inequality_std_error"])


def test_groups_are_domains_on_the_full_design_as_in_r():
    table = indicators.headcount(DESIGN, "post_pc_day", poverty_line=LINE, by="urban")
    for label, name in ((1, "urban"), (0, "rural")):
        found = table[str(label)]
        expected = VALUES[f"fgt0_post_{name}"]
        assert (found.value, found.std_error) == pytest.approx(expected, rel=TOLERANCE["value"])
        assert found.df == 42
    rural = indicators.headcount(DESIGN.domain(DF["urban"] == 0), "post_pc_day", poverty_line=LINE)
    assert rural.std_error == table["0"].std_error


def test_change_of_the_headcount_keeps_the_covariance():
    before, after = (
        indicators.headcount(DESIGN, column, poverty_line=LINE) for column in ("pre_pc_day", "post_pc_day")
    )
    change = indicators.difference(after, before)
    assert (change.value, change.std_error) == pytest.approx(
        VALUES["headcount_change"], rel=TOLERANCE["value"]
    )


@pytest.mark.parametrize("scenario", range(4))
def test_ten_people(scenario):
    case, line = TEN["scenarios"][scenario], TEN["poverty_line"]
    before, after = people(TEN["incomes"]), people(np.add(TEN["incomes"], case["transfers"]))
    tolerance = {"abs": TEN["tolerance"], "rel": 0}
    assert indicators.headcount(before, "y", poverty_line=line).value == pytest.approx(
        TEN["before"]["headcount"], **tolerance
    )
    assert indicators.headcount(after, "y", poverty_line=line).value == pytest.approx(
        case["headcount_after"], **tolerance
    )
    gaps = [indicators.poverty_gap_total(one, "y", poverty_line=line).value for one in (before, after)]
    assert gaps == pytest.approx([TEN["before"]["gap_total"], case["gap_after"]], **tolerance)
    assert 100 * (gaps[1] / gaps[0] - 1) == pytest.approx(case["gap_change_percent"], **tolerance)
    assert (gaps[0] - gaps[1]) / TEN["budget"] == pytest.approx(case["benefit_cost"], **tolerance)
    assert indicators.gini(after, "y").value == pytest.approx(case["gini_after"], **tolerance)


def test_total_gap_is_the_gap_times_line_and_people():
    gap = indicators.poverty_gap(DESIGN, "pre_pc_day", poverty_line=LINE)
    money = indicators.poverty_gap_total(DESIGN, "pre_pc_day", poverty_line=LINE, unit="riel per day")
    assert money.value == pytest.approx(gap.value * LINE * DF["popw"].sum(), rel=1e-12)
    assert "riel per day" in str(money) and money.poverty_line == LINE


def test_conventions_differ_only_for_the_headcount_and_on_the_line():
    design = people([10, 20, 20, 40])
    strict, convey = (
        [measure(design, "y", poverty_line=20, convention=rule).value for measure in MEASURES]
        for rule in ("strict", "convey")
    )
    assert (strict[0], convey[0]) == (0.25, 0.75)
    assert strict[1:] == convey[1:]
    assert fgt_terms(np.array([20.0, np.nan]), 20.0, 0)[0] == 0


def test_a_column_of_lines_is_the_line_of_each_row():
    df = DF.assign(line=np.where(DF["urban"] == 1, 13_000.0, 10_000.0))
    design = golden_design(df)
    for measure in ALL:
        mixed = measure(design, "pre_pc_day", poverty_line="line", by="urban")
        for urban, line in ((1, 13_000), (0, 10_000)):
            alone = measure(design.domain(df["urban"] == urban), "pre_pc_day", poverty_line=line)
            assert mixed[str(urban)].value == pytest.approx(alone.value, rel=1e-12)
            assert mixed[str(urban)].std_error == pytest.approx(alone.std_error, rel=1e-12)
        assert mixed[0].poverty_line == "line"
        constant = measure(golden_design(DF.assign(line=LINE)), "pre_pc_day", poverty_line="line")
        assert constant.value == pytest.approx(
            measure(DESIGN, "pre_pc_day", poverty_line=LINE).value, rel=1e-12
        )


@pytest.mark.parametrize("measure", ALL)
def test_order_of_rows_halves_and_scale_of_weights_change_nothing(measure):
    base = measure(DESIGN, "pre_pc_day", poverty_line=LINE)
    other = measure(golden_design(halves(DF)), "pre_pc_day", poverty_line=LINE)
    assert (other.value, other.std_error) == pytest.approx((base.value, base.std_error), rel=1e-10)
    scaled = measure(golden_design(DF.assign(popw=DF["popw"] * 1e-5)), "pre_pc_day", poverty_line=LINE)
    factor = 1e-5 if measure is indicators.poverty_gap_total else 1
    assert (scaled.value, scaled.std_error) == pytest.approx(
        (base.value * factor, base.std_error * factor), rel=1e-10
    )


@pytest.mark.parametrize("measure", ALL)
def test_jackknife_agrees_with_linearisation(measure):
    base = measure(DESIGN, "pre_pc_day", poverty_line=LINE)
    replicated = measure(DESIGN.with_replicates("jackknife"), "pre_pc_day", poverty_line=LINE)
    assert replicated.value == base.value
    assert replicated.std_error == pytest.approx(base.std_error, rel=0.02)


@settings(deadline=None, max_examples=25)
@given(
    incomes=st.lists(st.floats(1, 1000), min_size=3, max_size=30),
    line=st.floats(2, 500),
    factor=st.floats(0.01, 100),
)
def test_scaling_incomes_and_line_changes_no_measure_and_orders_are_nested(incomes, line, factor):
    # A power of two keeps every comparison with the line exact.
    factor = 2.0 ** round(np.log2(factor))
    values = [measure(people(incomes), "y", poverty_line=line).value for measure in MEASURES]
    scaled = people(np.multiply(incomes, factor))
    assert [measure(scaled, "y", poverty_line=line * factor).value for measure in MEASURES] == pytest.approx(
        values, rel=1e-9
    )
    assert 1 >= values[0] >= values[1] >= values[2] >= 0
    assert indicators.watts(people(incomes), "y", poverty_line=line).value >= values[1] - 1e-12


def test_negative_and_zero_incomes():
    design = people([-10, 0, 10, 40])
    assert indicators.headcount(design, "y", poverty_line=20).value == 0.75
    assert indicators.poverty_gap(design, "y", poverty_line=20).value == pytest.approx((1.5 + 1 + 0.5) / 4)
    found = indicators.watts(design, "y", poverty_line=20)
    assert found.value == pytest.approx(np.log(2) / 2) and found.n == 2
    assert any(
        "2 rows with welfare of 0 or below left out (50 % of the weight)" in note for note in found.notes
    )


def test_headcount_of_nobody_has_an_interval_with_a_width():
    nobody = indicators.headcount(people([30, 40, 50, 60]), "y", poverty_line=20)
    low, high = nobody.conf_int()
    assert (nobody.value, low) == (0, 0) and 0.3 < high < 0.8


@pytest.mark.parametrize("measure", ALL)
def test_bad_input(measure):
    for line, told in (
        (0, "poverty_line: got 0"),
        (-5.0, "poverty_line: got -5.0"),
        (np.nan, "poverty_line: got nan"),
        (np.inf, "poverty_line: got inf"),
        (None, "a number above 0, or a column of lines"),
        (True, "poverty_line: got True"),
        ("zline", "poverty_line: there is no column 'zline'"),
    ):
        with pytest.raises(ValueError, match=told):
            measure(DESIGN, "pre_pc_day", poverty_line=line)
    for values, told in (([1.0, 0.0], "is 0 in a row"), ([1.0, np.nan], "'line' is missing in 1 of 2 rows")):
        df = pd.DataFrame({"y": [1.0, 2.0], "w": 1.0, "line": values})
        with pytest.raises(ValueError, match=told):
            measure(SurveyDesign(df, weights="w"), "y", poverty_line="line")
    with pytest.raises(ValueError, match="welfare: there is no column 'pre_pc'; did you mean 'pre_pc_day'"):
        measure(DESIGN, "pre_pc", poverty_line=LINE)


@pytest.mark.parametrize("measure", ALL)
def test_missing_welfare_is_refused_or_left_out_and_told(measure):
    df = DF.assign(y=DF["pre_pc_day"].where(DF.index % 10 != 3))
    design = golden_design(df)
    with pytest.raises(ValueError, match="welfare: column 'y' is missing in 48 of 480 rows"):
        measure(design, "y", poverty_line=LINE)
    found = measure(design, "y", poverty_line=LINE, missing="drop")
    kept = measure(design.domain(df["y"].notna()), "y", poverty_line=LINE)
    assert (found.value, found.std_error, found.n) == (kept.value, kept.std_error, 432)
    assert any("48 rows with missing values left out" in note for note in found.notes)


def test_convention_not_known_and_incomes_without_logarithms():
    with pytest.raises(ValueError, match="convention: got 'weak'; allowed: 'strict' or 'convey'"):
        indicators.headcount(DESIGN, "pre_pc_day", poverty_line=LINE, convention="weak")
    with pytest.raises(
        ValueError, match="welfare: column 'y' has no value above 0, which the Watts measure needs"
    ):
        indicators.watts(people([0, -1]), "y", poverty_line=1)


def test_the_frame_is_left_alone():
    before = DF.copy()
    for measure in ALL:
        measure(DESIGN, "pre_pc_day", poverty_line=LINE, by="urban")
    pd.testing.assert_frame_equal(DF, before)
