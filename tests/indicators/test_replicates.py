"""Jackknife and bootstrap: exact cases, agreement with linearisation, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from survey_data import design_of, golden_design, small_survey

from aspfin.indicators import SurveyDesign, difference, mean, proportion, ratio, total
from aspfin.indicators.means import linearised_mean


class TestJackknife:
    def test_totals_are_exact(self):
        """The jackknife of a linear estimator is the linearised variance, also with strata and fpc."""
        df = small_survey().assign(N=9)
        for more in ({}, {"fpc": "N"}):
            design = design_of(df, **more)
            a, b = total(design, "food"), total(design.with_replicates("jackknife"), "food")
            assert (b.value, b.std_error, b.df) == pytest.approx((a.value, a.std_error, a.df), rel=1e-9)

    def test_mean_of_a_simple_random_sample_is_exact(self):
        y = np.array([3.0, 1, 4, 1, 5, 9, 2, 6])
        design = SurveyDesign(pd.DataFrame({"y": y, "w": 2.0}), weights="w").with_replicates("jackknife")
        assert mean(design, "y").std_error == pytest.approx(y.std(ddof=1) / np.sqrt(8), rel=1e-12)

    def test_mean_of_equal_villages_is_exact(self):
        df = small_survey().assign(w=3.0)
        design = design_of(df)
        a, b = mean(design, "food"), mean(design.with_replicates("jackknife"), "food")
        assert b.std_error == pytest.approx(a.std_error, rel=1e-9)

    def test_written_out(self):
        df = small_survey(strata=2)
        design = design_of(df).with_replicates("jackknife")
        value, variance = np.average(df["food"], weights=df["w"]), 0.0
        for (region, village), _ in df.groupby(["region", "village"]):
            here = df["region"] == region
            w = df["w"] * np.where(here & (df["village"] == village), 0, np.where(here, 4 / 3, 1))
            variance += 3 / 4 * (np.average(df["food"], weights=w) - value) ** 2
        assert mean(design, "food").std_error == pytest.approx(np.sqrt(variance), rel=1e-9)

    def test_close_to_linearisation_on_the_golden_survey(self):
        design = golden_design()
        second = design.with_replicates("jackknife")
        for one in (
            lambda d: mean(d, "pre_pc_day"),
            lambda d: ratio(d, "transfer", "pre_pc_day"),
            lambda d: proportion(d, "poor_post", by="urban")[0],
        ):
            assert one(second).value == pytest.approx(one(design).value, rel=1e-12)
            assert one(second).std_error == pytest.approx(one(design).std_error, rel=0.03)


class TestBootstrap:
    def test_within_monte_carlo_error_of_linearisation(self):
        """The bootstrap's variance of a total is unbiased; its relative error is near √(2/replicates)."""
        df = small_survey(strata=4, psus=8).assign(N=20)
        for more in ({}, {"fpc": "N"}):
            design = design_of(df, **more)
            second = design.with_replicates("bootstrap", replicates=4000, seed=3)
            a, b = total(design, "food"), total(second, "food")
            assert b.std_error**2 == pytest.approx(a.std_error**2, rel=4 * np.sqrt(2 / 4000))

    def test_same_seed_same_bytes(self):
        design = design_of(small_survey())
        one, two, other = (
            mean(design.with_replicates("bootstrap", replicates=50, seed=seed), "food") for seed in (1, 1, 2)
        )
        assert one.std_error == two.std_error != other.std_error

    def test_row_order_does_not_matter(self):
        df = small_survey()
        shuffled = df.sample(frac=1, random_state=5)
        a, b = (
            mean(design_of(frame).with_replicates("bootstrap", replicates=50), "food").std_error
            for frame in (df, shuffled)
        )
        assert a == pytest.approx(b, rel=1e-12)


class TestEveryEstimator:
    def test_groups_domains_and_missing_values(self):
        df = small_survey()
        df.loc[4, "food"] = np.nan
        design = design_of(df).with_replicates("jackknife").domain("poor")
        table = mean(design, "food", by="sex", missing="drop")
        plain = mean(design_of(df).domain("poor"), "food", by="sex", missing="drop")
        assert [one.value for one in table] == pytest.approx([one.value for one in plain])
        assert [one.n for one in table] == [one.n for one in plain]

    def test_a_statistic_of_its_own_is_used(self):
        df = small_survey()
        calls = []

        def statistic(w, y):
            calls.append(w.size)
            return w @ y / w.sum()

        design = design_of(df)
        words = {"code": "m", "name": "m", "unit": "x"}
        y = design.column("food")
        a = design.estimate(linearised_mean, y, statistic=statistic, **words)
        assert not calls and a.std_error == mean(design, "food").std_error
        second = design.with_replicates("jackknife")
        b = second.estimate(linearised_mean, y, statistic=statistic, **words)
        assert len(calls) == 1 + 12 and b.std_error == mean(second, "food").std_error

    def test_a_domain_in_one_psu_is_told(self):
        df = small_survey()
        where = ((df["region"] == "north") & (df["village"] == 0)).to_numpy()
        found = mean(design_of(df).with_replicates("jackknife").domain(where), "food")
        assert "not defined in 1 of 12 replicates, which are left out" in found.notes

    def test_single_psu(self):
        df = small_survey(strata=4)
        df = df[(df["region"] != "west") | (df["village"] == 0)]
        certain = design_of(df, single_psu="certainty")
        for method in ("jackknife", "bootstrap"):
            second = total(certain.with_replicates(method, replicates=2000), "food")
            assert second.std_error == pytest.approx(total(certain, "food").std_error, rel=0.1)
        with pytest.raises(ValueError, match="'center' has no counterpart with replicate weights"):
            design_of(df, single_psu="center").with_replicates("jackknife")

    def test_differences_use_the_covariance(self):
        df = small_survey(strata=4, psus=8)
        for method in ("jackknife", "bootstrap"):
            design = design_of(df).with_replicates(method, replicates=1000)
            same = difference(mean(design, "food"), mean(design, "food"))
            assert same.value == same.std_error == 0
            gap = difference(*mean(design, "food", by="sex"))
            plain = difference(*mean(design_of(df), "food", by="sex"))
            assert gap.std_error == pytest.approx(plain.std_error, rel=0.15)

    def test_equal_draws_of_one_frame_match_and_other_engines_do_not(self):
        design = design_of(small_survey())
        draw = [
            mean(design.with_replicates("bootstrap", replicates=40, seed=seed), "food") for seed in (0, 0, 1)
        ]
        assert difference(draw[0], draw[1]).std_error == 0
        for other in (draw[2], mean(design, "food")):
            with pytest.raises(ValueError, match="of the same survey; allowed: both by the same"):
                difference(draw[0], other)


class TestRefused:
    def test_arguments(self):
        design = design_of(small_survey())
        with pytest.raises(ValueError, match="method: got 'brr'; allowed: 'jackknife' or 'bootstrap'"):
            design.with_replicates("brr")
        with pytest.raises(ValueError, match="replicates: got 1; allowed: a whole number of at least 2"):
            design.with_replicates("bootstrap", replicates=1)

    def test_told_in_the_design(self):
        design = design_of(small_survey())
        assert "jackknife (one PSU left out at a time)" in str(design.with_replicates("jackknife"))
        assert "rescaled bootstrap (30 rep" in str(design.with_replicates("bootstrap", replicates=30))
