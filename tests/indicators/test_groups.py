"""Groups by columns and by quantiles: order, ties, rows split and shuffled, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from survey_data import golden_design, golden_survey, small_survey

from aspfin.indicators import SurveyDesign, mean, quantile_groups
from aspfin.indicators.groups import groups_of

AMOUNTS = st.lists(st.integers(0, 12), min_size=2, max_size=40)


def slow_group(w, y, i, quantiles):
    """The rule in words: how many whole quantiles of weight lie strictly below."""
    below = sum(w[j] for j in range(len(y)) if y[j] < y[i])
    return min(int(below * quantiles // sum(w)), quantiles - 1) + 1


class TestQuantiles:
    def test_bounds_are_weighted_quantiles(self):
        """Groups end at the smallest welfare at which the share of persons reaches k/5, as R and Stata cut.

        The file's own quintiles put a household that straddles a bound into the upper group: four households.
        """
        df = golden_survey()
        found = quantile_groups(golden_design(df), "pre_pc_day").astype(int)
        ranked = df.sort_values("pre_pc_day")
        share = ranked["popw"].cumsum() / df["popw"].sum()
        bounds = [ranked["pre_pc_day"][share >= k / 5].iloc[0] for k in range(1, 5)]
        assert found.tolist() == (1 + np.searchsorted(bounds, df["pre_pc_day"], side="left")).tolist()
        straddling = df["pre_pc_day"].isin(bounds)
        assert (df["quintile"] - found).tolist() == straddling.astype(int).tolist()

    @settings(deadline=None, max_examples=50)
    @given(y=AMOUNTS, quantiles=st.integers(2, 10), seed=st.integers(0, 99))
    def test_slow_reference_and_invariances(self, y, quantiles, seed):
        rng = np.random.default_rng(seed)
        w = rng.integers(1, 6, len(y))
        df = pd.DataFrame({"y": np.array(y, dtype=float), "w": w.astype(float)})
        found = quantile_groups(SurveyDesign(df, weights="w", single_psu="certainty"), "y", quantiles)
        assert found.tolist() == [slow_group(w.tolist(), y, i, quantiles) for i in range(len(y))]
        order = rng.permutation(len(y))
        shuffled = quantile_groups(SurveyDesign(df.iloc[order], weights="w"), "y", quantiles)
        assert shuffled.tolist() == found.iloc[order].tolist()
        halves = pd.concat([df.assign(w=df["w"] / 2)] * 2, ignore_index=True)
        split = quantile_groups(SurveyDesign(halves, weights="w"), "y", quantiles)
        assert split.tolist() == [*found, *found]

    def test_equal_weights_and_labels(self):
        df = pd.DataFrame({"y": np.arange(100.0), "w": 0.1})
        design = SurveyDesign(df, weights="w")
        deciles = quantile_groups(design, "y", 10)
        assert deciles.name == "decile" and (deciles.value_counts() == 10).all()
        named = quantile_groups(design, "y", 2, labels=["poorer half", "richer half"])
        assert named.value_counts().to_dict() == {"poorer half": 50, "richer half": 50}

    def test_ties_share_a_group(self):
        df = pd.DataFrame({"y": [0.0] * 7 + [1, 2, 3], "w": 1.0})
        assert quantile_groups(SurveyDesign(df, weights="w"), "y").tolist() == [1] * 7 + [4, 5, 5]

    def test_within_a_domain_and_as_by(self):
        df = small_survey().set_index(pd.Index(range(100, 160)))
        design = SurveyDesign(df, weights="w", strata="region", psu="village").domain("poor")
        groups = quantile_groups(design, "food", 2)
        assert groups.index.equals(df.index)
        assert groups.isna().equals(df["poor"] == 0)
        table = mean(design, "food", by={groups.name: groups})
        assert [one.group for one in table] == [{"quantile": 1}, {"quantile": 2}]
        assert table[1].value < table[2].value and sum(one.n for one in table) == df["poor"].sum()

    def test_missing_welfare(self):
        df = small_survey()
        df.loc[0, "food"] = np.nan
        design = SurveyDesign(df, weights="w")
        with pytest.raises(ValueError, match="welfare: column 'food' is missing in 1 of 60 rows"):
            quantile_groups(design, "food")
        assert quantile_groups(design, "food", missing="drop").isna().sum() == 1

    def test_refused(self):
        design = SurveyDesign(small_survey(), weights="w")
        for quantiles in (1, 101, 5.0, True):
            with pytest.raises(ValueError, match=r"quantiles: got .*; allowed: a whole number from 2 to 100"):
                quantile_groups(design, "food", quantiles)
        with pytest.raises(ValueError, match=r"labels: got \['a', 'a'\]; allowed: 2 different labels"):
            quantile_groups(design, "food", 2, labels=["a", "a"])


class TestColumns:
    def test_own_order_of_categories_numbers_and_missing(self):
        df = pd.DataFrame(
            {
                "level": pd.Categorical(["low", "high", "low", None], ["none", "low", "high"]),
                "card": [2.0, 1.0, np.nan, 1.0],
            }
        )
        level = groups_of(df, "level")
        assert level.codes.tolist() == [0, 1, 0, -1]
        assert level.labels == [{"level": "low"}, {"level": "high"}]
        card = groups_of(df, "card")
        assert card.codes.tolist() == [1, 0, -1, 0] and card.labels == [{"card": 1}, {"card": 2}]
        both = groups_of(df, ["level", "card"])
        assert both.codes.tolist() == [0, 1, -1, -1]
        assert both.labels == [{"level": "low", "card": 2}, {"level": "high", "card": 1}]

    def test_mapping_and_mixed_labels(self):
        df = pd.DataFrame({"a": range(4)})
        groups = groups_of(df, {"kind": ["b", 10, 9, ""]})
        assert [one["kind"] for one in groups.labels] == [9, 10, "b"]
        assert groups.codes.tolist() == [2, 1, 0, -1]
        assert groups_of(df, {"flag": np.array([True, False, True, True])}).labels == [
            {"flag": False},
            {"flag": True},
        ]

    def test_several_columns_in_any_container(self):
        df = small_survey()
        expected = groups_of(df, ["sex", "poor"])
        for by in (("sex", "poor"), pd.Index(["sex", "poor"])):
            found = groups_of(df, by)
            assert found.labels == expected.labels and (found.codes == expected.codes).all()
