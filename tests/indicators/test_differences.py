"""Differences and relative changes: R's answers, Welch's test, covariances, and what is refused."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from survey_data import design_of, golden_answers, golden_design, golden_survey, small_survey

from aspfin.indicators import SurveyDesign, difference, mean, proportion, ratio, relative_change


class TestOneSurvey:
    def test_change_of_headcount_as_in_r(self):
        answers, design = golden_answers(), golden_design()
        before, after = proportion(design, "poor_pre"), proportion(design, "poor_post")
        change = difference(after, before)
        tolerance = answers["tolerance"]["value"]
        assert [change.value, change.std_error] == pytest.approx(
            answers["values"]["headcount_change"], rel=tolerance
        )
        relative = relative_change(after, before)
        assert [-100 * relative.value, 100 * relative.std_error] == pytest.approx(
            answers["values"]["headcount_reduction_pct"], rel=tolerance
        )
        assert relative.df == change.df == 42

    def test_is_the_mean_of_the_difference(self):
        df = small_survey().assign(rest=lambda d: d["food"] - d["cash"])
        design = design_of(df)
        gap = difference(mean(design, "food", unit="riel"), mean(design, "cash", unit="riel"))
        direct = mean(design, "rest")
        assert (gap.value, gap.std_error) == pytest.approx((direct.value, direct.std_error), rel=1e-12)

    def test_relative_change_is_a_ratio_less_1(self):
        design = design_of(small_survey())
        change = relative_change(mean(design, "cash", unit="riel"), mean(design, "food", unit="riel"))
        direct = ratio(design, "cash", "food")
        assert change.value == pytest.approx(direct.value - 1)
        assert change.std_error == pytest.approx(direct.std_error, rel=1e-12)

    def test_groups_that_share_villages_covary_and_groups_of_other_strata_do_not(self):
        df = small_survey()
        design = design_of(df)
        women, men = mean(design, "food", by="sex")
        gap = difference(men, women)
        assert gap.covariance != 0
        assert gap.std_error**2 == pytest.approx(men.std_error**2 + women.std_error**2 - 2 * gap.covariance)
        north, south = (mean(design, "food", by="region")[one] for one in ("north", "south"))
        assert difference(north, south).covariance == pytest.approx(0, abs=1e-15)

    def test_group_in_one_village_gets_no_p_value(self):
        df = small_survey()
        one = (df["region"] == "north") & (df["village"] == df["village"].iloc[0])
        design = design_of(df.assign(here=np.where(one, "one village", "elsewhere")))
        food = mean(design, "food", by="here", unit="riel")
        for change in (difference, relative_change):
            for a, b in (("one village", "elsewhere"), ("elsewhere", "one village")):
                gap = change(food[a], food[b])
                assert math.isfinite(gap.value) and math.isnan(gap.std_error) and math.isnan(gap.p_value)
                assert gap.notes[-1] == "no p-value: one of the two has no standard error"
                assert "no interval" in str(gap) and "p " not in str(gap).replace("no p", "")
        years = difference(food["one village"], mean(design_of(small_survey()), "food", unit="riel"))
        assert math.isnan(years.p_value) and years.notes[-1].startswith("no p-value")

    def test_designs_for_households_and_persons_of_one_frame_belong_together(self):
        df = golden_survey()
        households = SurveyDesign(df, weights="weight", strata="stratum", psu="psu")
        gap = difference(mean(golden_design(df), "recipient"), mean(households, "recipient"))
        assert gap.covariance > 0
        other = difference(mean(golden_design(df), "recipient"), mean(golden_design(df.copy()), "recipient"))
        assert other.covariance == 0 and "two surveys" in other.notes[-1]

    def test_difference_of_differences(self):
        df = small_survey()
        design = design_of(df)
        table = mean(design, "food", by=["poor", "sex"])
        double = difference(
            difference(table[(1, "m")], table[(1, "f")]), difference(table[(0, "m")], table[(0, "f")])
        )
        cells = [table[key] for key in ((1, "m"), (1, "f"), (0, "m"), (0, "f"))]
        signs = np.array([1, -1, -1, 1])
        matrix = np.array([[a.deviations @ b.deviations for b in cells] for a in cells])
        assert double.std_error**2 == pytest.approx(signs @ matrix @ signs)


class TestTwoSurveys:
    def test_is_welch(self):
        """Two simple random samples with equal weights: scipy's unequal-variances t test."""
        rng = np.random.default_rng(2)
        a, b = rng.normal(5, 1, 23), rng.normal(4, 3, 11)
        means = [
            mean(SurveyDesign(pd.DataFrame({"y": y, "w": 1.0}), weights="w"), "y", unit="riel")
            for y in (a, b)
        ]
        gap, welch = difference(*means), stats.ttest_ind(a, b, equal_var=False)
        assert gap.p_value == pytest.approx(welch.pvalue, rel=1e-9)
        assert gap.df == pytest.approx(welch.df, rel=1e-9)
        assert gap.conf_int() == pytest.approx(tuple(welch.confidence_interval()), rel=1e-9)

    def test_nominal_lines_of_two_years(self):
        years = [
            replace(proportion(design_of(small_survey(seed)), "poor"), poverty_line=line)
            for seed, line in ((1, 9000.0), (2, 9900.0))
        ]
        with pytest.raises(ValueError, match=r"poverty_line: got 9900.0 and 9000.0; .*same_line=False"):
            difference(years[1], years[0])
        change = difference(years[1], years[0], same_line=False)
        assert change.poverty_line is None
        assert change.std_error**2 == pytest.approx(sum(one.std_error**2 for one in years))


class TestShown:
    def test_names_and_groups(self):
        design = design_of(small_survey())
        table = mean(design, "food", by=["region", "sex"], unit="riel")
        gap = difference(table[("north", "m")], table[("north", "f")])
        assert gap.group == {"region": "north"}
        assert gap.name == "Difference of Mean of food: sex m against sex f"
        assert gap.n == min(table[("north", one)].n for one in "mf")
        frame = gap.to_frame()
        assert frame[["first", "second"]].to_numpy().tolist() == [[gap.first, gap.second]]
        assert frame["p_value"][0] == gap.p_value

    def test_shares_differ_by_percentage_points(self):
        design = golden_design()
        change = difference(proportion(design, "poor_post"), proportion(design, "poor_pre"))
        assert "-1.9 percentage points (95 % interval -3.4 to -0.5; " in str(change)
        assert str(change).endswith("p = 0.010.")
        assert "Proportion poor_post against Proportion poor_pre" in change.name
        assert "-31.4 % (95 % interval -48.9 to -13.8" in str(
            relative_change(proportion(design, "poor_post"), proportion(design, "poor_pre"))
        )


class TestMissingAndRefused:
    def test_from_nothing(self):
        df = small_survey().assign(none=0)
        design = design_of(df)
        change = relative_change(mean(design, "food", unit="x"), mean(design, "none", unit="x"))
        assert math.isnan(change.value) and math.isnan(change.p_value)
        assert "base is 0" in change.notes[-1]
        lost = ratio(design, "food", "none", unit="x")
        assert math.isnan(difference(lost, mean(design, "food", unit="x")).std_error)

    def test_refused(self):
        design = design_of(small_survey())
        food, poor = mean(design, "food", unit="riel"), proportion(design, "poor")
        with pytest.raises(
            ValueError, match="unit: got 'riel' and 'share'; allowed: two indicators in the same"
        ):
            difference(food, poor)
        with pytest.raises(ValueError, match="method: got 'beta'; allowed for a difference or change: 't'"):
            difference(poor, poor).conf_int(method="beta")
        with pytest.raises(ValueError, match="a, b: one keeps no deviations"):
            difference(food, replace(food, deviations=None))
        with pytest.raises(ValueError, match="a, b: one does not know its survey"):
            difference(food, replace(food, sample=None))
