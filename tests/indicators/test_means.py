"""Means, proportions, totals, ratios; what an Indicator and a table of them show."""

import copy
import math
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from survey_data import design_of, golden_answers, golden_design, golden_survey, small_survey

from aspfin import indicators
from aspfin.indicators import (
    Indicator,
    IndicatorTable,
    SurveyDesign,
    difference,
    gini,
    mean,
    proportion,
    ratio,
    total,
)
from aspfin.results import Result


class TestAgainstR:
    @pytest.fixture
    def answers(self):
        return golden_answers()

    def equal(self, found, answers, name):
        expected = answers["values"][name]
        assert [found.value, found.std_error] == pytest.approx(expected, rel=answers["tolerance"]["value"])
        assert found.df == 42

    def test_means_and_proportions(self, answers):
        design = golden_design()
        for name, column in (("mean_pre_pc_day", "pre_pc_day"), ("mean_post_pc_day", "post_pc_day")):
            self.equal(mean(design, column), answers, name)
        self.equal(proportion(design, "recipient"), answers, "coverage")
        self.equal(proportion(design, "poor_pre"), answers, "fgt0_pre_pc_day")

    def test_totals_and_ratios(self, answers):
        df = golden_survey()
        for k in range(1, 6):
            df[f"transfer_q{k}"] = df["transfer"] * (df["quintile"] == k)
        df["covered_poor"] = df["recipient"] * df["poor_pre"]
        design = golden_design(df)
        self.equal(total(design, "transfer"), answers, "total_transfer_day")
        self.equal(ratio(design, "transfer", "recipient"), answers, "avg_transfer_pc_day")
        self.equal(ratio(design, "covered_poor", "poor_pre"), answers, "coverage_poor")
        for k in range(1, 6):
            self.equal(ratio(design, f"transfer_q{k}", "transfer"), answers, f"benefit_incidence_q{k}")

    def test_groups_and_domains(self, answers):
        design = golden_design()
        by_area = proportion(design, "poor_post", by="urban")
        self.equal(by_area[0], answers, "fgt0_post_rural")
        self.equal(by_area[1], answers, "fgt0_post_urban")
        self.equal(proportion(design, "recipient", by="quintile")[1], answers, "coverage_q1")
        self.equal(mean(design.domain("poor_pre"), "recipient"), answers, "coverage_poor")


class TestIntervals:
    def test_t(self):
        food = mean(design_of(small_survey()), "food")
        half = stats.t.ppf(0.95, 9) * food.std_error
        assert food.conf_int(0.9) == pytest.approx((food.value - half, food.value + half))

    def test_korn_graubard_in_a_simple_random_sample(self):
        """Without clusters n_eff is n − 1, since SE² is p(1 − p)/(n − 1); both t quantiles are the same."""
        y = np.r_[np.ones(7), np.zeros(23)]
        card = proportion(SurveyDesign(pd.DataFrame({"y": y, "w": 3.0}), weights="w"), "y")
        p = 7 / 30
        expected = stats.beta.ppf([0.025, 0.975], [29 * p, 29 * p + 1], [29 * (1 - p) + 1, 29 * (1 - p)])
        assert card.conf_int() == pytest.approx(tuple(expected), rel=1e-9)
        assert card.conf_int(method="t") != card.conf_int()

    def test_korn_graubard_with_clusters(self):
        """R's svyciprop(method = "beta"), written out."""
        card = proportion(golden_design(), "recipient")
        n = card.value * (1 - card.value) / card.std_error**2
        n *= (stats.t.ppf(0.025, 479) / stats.t.ppf(0.025, 42)) ** 2
        p = card.value
        expected = stats.beta.ppf([0.025, 0.975], [n * p, n * p + 1], [n * (1 - p) + 1, n * (1 - p)])
        assert card.conf_int() == pytest.approx(tuple(expected), rel=1e-9)

    @pytest.mark.parametrize("share", [0, 1])
    def test_at_the_ends_the_interval_has_a_width(self, share):
        df = pd.DataFrame({"y": np.full(50, share), "w": 1.0})
        card = proportion(SurveyDesign(df, weights="w"), "y")
        other = 1 - 0.025 ** (1 / 50)  # the p at which 50 of 50 have probability 2.5 %
        expected = (0, other) if share == 0 else (1 - other, 1)
        assert card.std_error == 0 and card.conf_int() == pytest.approx(expected)

    def test_refused(self):
        food = mean(design_of(small_survey()), "food", unit="riel")
        with pytest.raises(ValueError, match="level: got 95; allowed: between 0 and 1"):
            food.conf_int(95)
        with pytest.raises(ValueError, match="method: got 'wald'; allowed: 't' or 'beta'"):
            food.conf_int(method="wald")
        with pytest.raises(ValueError, match="'beta' is for shares from 0 to 1"):
            food.conf_int(method="beta")


class TestWords:
    def test_an_index_and_a_column_are_no_units_to_read(self):
        design = design_of(small_survey())
        assert str(gini(design, "food")).startswith(f"Gini of food: {gini(design, 'food').value:.4g} (95 %")
        food, of_women = mean(design, "food"), mean(design, "food", by="sex")
        assert food.unit == "food" and str(food).startswith(f"Mean of food: {food.value:.4g} (95 %")
        assert str(of_women["f"]).startswith(f"Mean of food, sex f: {of_women['f'].value:.4g} (95 %")
        assert " food (" not in str(difference(of_women["m"], of_women["f"]))
        assert " (95 %" in str(total(design, "food")) and " food (" not in str(total(design, "food"))
        assert "Mean of food: " in str(mean(design, "food", unit="riel")) and " riel (95 %" in str(
            mean(design, "food", unit="riel")
        )


class TestEdges:
    def test_ratio_of_nothing_is_missing_and_told(self):
        df = small_survey().assign(none=0.0)
        found = ratio(design_of(df), "cash", "none")
        assert math.isnan(found.value) and math.isnan(found.std_error)
        assert np.isnan(found.conf_int()).all()
        assert "not defined" in found.notes[-1] and "not defined" in str(found)

    def test_proportion_wants_0_and_1(self):
        with pytest.raises(ValueError, match="column: 'cash' must be 0 or 1, and holds"):
            proportion(design_of(small_survey()), "cash")

    def test_columns_of_many_kinds(self):
        df = small_survey()
        truth = mean(design_of(df), "poor").value
        for dtype in (bool, "int8", "boolean", "Int64", "float32", "category"):
            found = mean(design_of(df.assign(poor=df["poor"].astype(dtype))), "poor").value
            assert found == pytest.approx(truth)

    def test_text_is_refused(self):
        with pytest.raises(ValueError, match=r"column: column .sex. holds text such as .[fm].; recode it"):
            mean(design_of(small_survey()), "sex")

    def test_a_ratio_of_a_column_to_itself_is_1_without_error(self):
        found = ratio(design_of(small_survey()), "food", "food")
        assert found.value == pytest.approx(1) and found.std_error == pytest.approx(0, abs=1e-12)


class TestTable:
    @pytest.fixture
    def table(self):
        return mean(golden_design(), "pre_pc_day", by=["quintile", "stratum"], unit="riel per person and day")

    def test_order_and_lookup(self, table):
        assert isinstance(table, IndicatorTable)
        labels = [tuple(one.group.values()) for one in table]
        assert labels == sorted(labels) and len(labels) == len(table)
        assert table[(1, "S1")] is table[("1", "S1")]
        assert table[:2].indicators == table.indicators[:2]
        with pytest.raises(KeyError, match="no group 'S9'; groups are 1 × S1"):
            table["S9"]

    def test_whole_number_labels_are_labels(self):
        quintiles = proportion(golden_design(), "recipient", by="quintile")
        assert [one.group["quintile"] for one in quintiles] == [1, 2, 3, 4, 5]
        assert quintiles[5].group == {"quintile": 5}
        areas = mean(design_of(small_survey()), "food", by="sex")
        assert areas[0].group == {"sex": "f"} and areas[-1] is areas["m"]

    def test_natural_order(self):
        df = small_survey().assign(q=lambda d: [f"q{k % 12 + 1}" for k in range(len(d))])
        found = mean(design_of(df), "food", by="q")
        assert [one.group["q"] for one in found] == [f"q{k}" for k in range(1, 13)]

    def test_frame(self, table):
        frame = table.to_frame()
        assert list(frame.columns) == [
            *("code", "name", "quintile", "stratum", "estimate", "std_error", "ci_low", "ci_high"),
            *("df", "n", "n_psu", "unit", "poverty_line"),
        ]
        assert frame["n"].sum() == 480
        assert len(table[0:1].to_frame()) == 1

    def test_missing_labels_are_told(self):
        df = small_survey()
        df.loc[[1, 5, 9], "sex"] = None
        table = mean(design_of(df), "food", by="sex")
        assert len(table) == 2
        assert table.notes == ("3 rows without a group label are in no group",) == table[0].notes

    def test_four_answers(self, table):
        one = table[(1, "S1")]
        for result in (one, table):
            assert isinstance(result, Result)
            assert str(result) == result.sentence() and result._repr_html_().startswith("<p>")
        assert one.sentence().startswith("Mean of pre_pc_day, quintile 1, stratum S1: ")
        assert "riel per person and day (95 % interval" in one.sentence()
        assert "20.9 %" in str(proportion(golden_design(), "recipient"))

    def test_copies_and_saved_indicators_hold_no_household(self):
        food = mean(design_of(small_survey()), "food")
        again = pickle.loads(pickle.dumps(food))
        assert (again.value, again.std_error) == (food.value, food.std_error)
        assert len(pickle.dumps(food)) < 2500  # twelve deviations and words, not 60 rows
        assert copy.deepcopy(food).sample.matches(food.sample)

    def test_text_in_tables_is_escaped(self):
        one = Indicator(
            code="m", name="<b>", value=1.0, std_error=0.1, df=3, n=4, unit="x", group={"a": "<script>"}
        )
        assert "<script>" not in one._repr_html_() and "<b>" not in one._repr_html_()


class TestPackage:
    def test_names_are_functions_whichever_is_imported_first(self):
        import aspfin.indicators.survey_design  # noqa: F401

        assert indicators.SurveyDesign is SurveyDesign
        with pytest.raises(AttributeError, match="no attribute 'gin'"):
            _ = indicators.gin

    def test_every_name_is_listed(self):
        assert set(indicators.FUNCTIONS) <= set(dir(indicators))
