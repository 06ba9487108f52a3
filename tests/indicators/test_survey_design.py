"""Survey design: R's answers, hand formulas, a slow reference, invariances, coverage, and what is refused."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from survey_data import design_of, golden_answers, golden_design, golden_survey, small_survey

from aspfin.indicators import (
    SurveyDesign,
    adequacy,
    aspire_table,
    average_transfer,
    beneficiary_incidence,
    benefit_cost_ratio,
    benefit_incidence,
    coverage,
    gini,
    gini_reduction,
    mean,
    poverty_reduction,
    proportion,
    quantile,
    ratio,
    total,
)
from aspfin.indicators.means import linearised_mean, linearised_ratio


def slow_variance(df, u, weights="w", strata="region", psu="village", count=None):
    """Written out with loops, from the formula in Lumley (2010)."""
    variance = 0.0
    for _, region in df.assign(z=df[weights] * u).groupby(strata):
        sums = [village["z"].sum() for _, village in region.groupby(psu)]
        n_h = len(sums)
        f_h = 0.0 if count is None else n_h / region[count].iloc[0]
        centre = sum(sums) / n_h
        variance += (1 - f_h) * n_h / (n_h - 1) * sum((one - centre) ** 2 for one in sums)
    return variance


class TestAgainstKnownAnswers:
    def test_golden_design(self):
        told, design = golden_answers()["design"], golden_design()
        assert (design.n_psu, design.n_strata) == (told["n_psu"], told["n_strata"])
        assert design.degrees_of_freedom == told["degrees_of_freedom"]
        assert design.weights.sum() == pytest.approx(told["sum_of_weights"], rel=1e-12)
        assert "48 primary sampling units in 6 strata (42 degrees of freedom)" in str(design)

    def test_household_size_makes_person_weights(self):
        df = golden_survey()
        persons = SurveyDesign(df, weights="weight", household_size="hhsize", strata="stratum", psu="psu")
        a, b = mean(persons, "pre_pc_day"), mean(golden_design(df), "pre_pc_day")
        assert (a.value, a.std_error) == pytest.approx((b.value, b.std_error), rel=1e-12)

    def test_simple_random_sample(self):
        y = np.array([3.0, 1, 4, 1, 5, 9, 2, 6])
        food = mean(SurveyDesign(pd.DataFrame({"y": y, "w": 12.5}), weights="w"), "y")
        assert food.std_error == pytest.approx(y.std(ddof=1) / np.sqrt(8), rel=1e-14)
        assert (food.df, food.n, food.n_psu) == (7, 8, 8)

    def test_sample_without_replacement(self):
        y = np.array([3.0, 1, 4, 1, 5, 9, 2, 6])
        df = pd.DataFrame({"y": y, "w": 12.5, "N": 20})
        food = mean(SurveyDesign(df, weights="w", fpc="N"), "y")
        assert food.std_error == pytest.approx(y.std(ddof=1) / np.sqrt(8) * np.sqrt(1 - 8 / 20), rel=1e-14)
        census = mean(SurveyDesign(df.assign(N=8), weights="w", fpc="N"), "y")
        assert census.std_error == 0

    @pytest.mark.parametrize("seed", range(3))
    def test_slow_reference(self, seed):
        df = small_survey(seed).assign(count=9)
        for more, count in (({}, None), ({"fpc": "count"}, "count")):
            design = design_of(df, **more)
            _, u = linearised_ratio(*(df[c].to_numpy() for c in ("w", "cash", "food")))
            expected = np.sqrt(slow_variance(df, u, count=count))
            assert ratio(design, "cash", "food").std_error == pytest.approx(expected, rel=1e-12)

    def test_regression_with_clustered_errors(self):
        """Without strata, mean and ratio are weighted regressions on a constant and on the denominator."""
        from statsmodels.api import WLS

        df = small_survey(strata=1, psus=12)
        design = SurveyDesign(df, weights="w", psu="village")
        for found, x, weights in (
            (mean(design, "cash"), np.ones(len(df)), df["w"]),
            (ratio(design, "cash", "food"), df["food"], df["w"] / df["food"]),
        ):
            groups = {"groups": df["village"].to_numpy()}
            fit = WLS(df["cash"].to_numpy(), np.asarray(x), weights.to_numpy()).fit(
                cov_type="cluster", cov_kwds=groups
            )
            assert [found.value, found.std_error] == pytest.approx([fit.params[0], fit.bse[0]], rel=1e-10)

    def test_covariance_of_several(self):
        df = small_survey()
        design = design_of(df)
        u = df[["food", "cash"]].to_numpy()
        matrix = design.covariance(u)
        both = slow_variance(df, u[:, 0] + u[:, 1])
        first, second = (slow_variance(df, u[:, i]) for i in (0, 1))
        assert np.diag(matrix) == pytest.approx([first, second], rel=1e-12)
        assert matrix[0, 1] == pytest.approx((both - first - second) / 2, rel=1e-9)
        assert design.covariance_of_totals(design.totals(u)) == pytest.approx(matrix)
        assert total(design, "food").std_error ** 2 == pytest.approx(matrix[0, 0], rel=1e-12)

    def test_totals_by_psu(self):
        df = small_survey()
        design = design_of(df).domain(df["poor"])
        inside = df[df["poor"] == 1]
        expected = (inside["w"] * inside["food"]).sum()
        found = design.totals(df["food"].to_numpy())
        assert found.shape == (12,) and found.sum() == pytest.approx(expected)
        assert design.totals(df[["food", "cash"]].to_numpy()).shape == (12, 2)


class TestDomainInOneUnit:
    """Rows of one village: the formula gives 0, whatever the sampling error is."""

    @pytest.fixture
    def design(self):
        df = small_survey()
        one = (df["region"] == "north") & (df["village"] == df["village"].iloc[0])
        return design_of(df.assign(here=np.where(one, "one village", "elsewhere"), only=one * df["cash"]))

    def test_formula_gives_0(self, design):
        """PSU totals of a mean's linearised variable: 0 in the only village, 0 in all others."""
        here = design.domain(design.frame["here"] == "one village")
        food = design.column("food")
        rows = here.rows
        u = np.zeros(food.size)
        u[rows] = food[rows] - np.average(food[rows], weights=design.weights[rows])
        assert design.covariance(u[:, None])[0, 0] == pytest.approx(0, abs=1e-18)

    @pytest.mark.parametrize("engine", ["linearisation", "jackknife", "bootstrap"])
    def test_no_standard_error_of_means_shares_ratios(self, design, engine):
        if engine != "linearisation":
            design = design.with_replicates(engine)
        for table in (
            mean(design, "food", by="here"),
            proportion(design, "poor", by="here"),
            ratio(design, "cash", "food", by="here"),
            gini(design, "food", by="here"),
            quantile(design, "food", 0.5, by="here"),
        ):
            one, rest = table["one village"], table["elsewhere"]
            assert one.n_psu == 1 and math.isnan(one.std_error) and one.deviations is None, one.code
            assert all(map(math.isnan, one.conf_int())) and math.isfinite(one.value)
            assert "no standard error: what it rests on lies in one primary sampling unit" in one.notes
            told = str(one)
            assert "(no interval: what it rests on lies in one primary sampling unit; " in told
            assert "nan" not in told and "rows in 1 primary sampling unit)" in told
            assert rest.std_error > 0 and "95 % interval" in str(rest)

    def test_total_keeps_its_own(self, design):
        found = total(design, "food", by="here")["one village"]
        assert found.std_error > 0.9 * found.value
        assert found.notes[-1].endswith("the standard error is a poor guide")

    def test_ratio_whose_denominator_lies_in_one_unit(self, design):
        """The average transfer of a programme paid in one village only."""
        paid = average_transfer(design, transfer="only")
        assert paid.n_psu == 12 and math.isnan(paid.std_error)
        assert paid.notes[-1].endswith("one primary sampling unit (of 12 in the group)")

    def test_whole_table_at_once_agrees(self, design):
        table = aspire_table(design, welfare="food", transfer="only", poverty_line=20.0, by=["here"])
        rows = table.rows(indicator="cov", by="here").set_index("group")
        assert math.isnan(rows.loc["one village", "std_error"]) and math.isnan(
            rows.loc["one village", "ci_low"]
        )
        assert table.rows(indicator="avt", by="everyone")["std_error"].isna().all()
        single = coverage(design, receives="only")
        assert table.rows(indicator="cov", by="everyone")["std_error"].item() == pytest.approx(
            single.std_error
        )

    @pytest.mark.parametrize("transfer", ["cash", "only"])
    def test_every_measure_of_the_table_agrees_with_its_own_call(self, design, transfer):
        told = {"welfare": "food", "transfer": transfer, "poverty_line": 9.5}
        table = aspire_table(design, **told, by=["here"])
        pay = {"transfer": transfer}
        both = {"welfare": "food", **pay}
        calls = {
            "cov": lambda by: coverage(design, receives=transfer, by=by),
            "bry": lambda by: beneficiary_incidence(design, receives=transfer, by=by),
            "ben": lambda by: benefit_incidence(design, **pay, by=by),
            "adq": lambda by: adequacy(design, **both, by=by),
            "avt": lambda by: average_transfer(design, **pay, by=by),
            "p0": lambda by: poverty_reduction(design, **told, by=by),
            "p1": lambda by: poverty_reduction(design, **told, index=1, by=by),
            "gini": lambda by: gini_reduction(design, **both, by=by),
            "cba": lambda by: benefit_cost_ratio(design, **told, by=by),
        }
        for indicator, call in calls.items():
            rows = table.rows(indicator=indicator, by="here")
            singles = call("here")
            expected = [singles[group].std_error for group in rows["group"]]
            assert rows["std_error"].to_numpy() == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


class TestSingleUnit:
    """A stratum "west" with one village."""

    @pytest.fixture
    def df(self):
        df = small_survey(strata=4)
        return df[(df["region"] != "west") | (df["village"] == 0)].reset_index(drop=True)

    def test_error_names_stratum_and_choices(self, df):
        with pytest.raises(ValueError, match=r"stratum 'west' has one primary.*'center'.*'certainty'"):
            design_of(df)

    def test_certainty_adds_nothing(self, df):
        y = df["food"].to_numpy()
        without = slow_variance(df[df["region"] != "west"], y[df["region"] != "west"])
        found = total(design_of(df, single_psu="certainty"), "food")
        assert found.std_error**2 == pytest.approx(without, rel=1e-12)
        assert found.df == 13 - 4

    def test_center_adds_distance_from_the_mean_of_all(self, df):
        design = design_of(df, single_psu="center")
        sums = (df["w"] * df["food"]).groupby([df["region"], df["village"]]).sum()
        extra = (sums["west"].iloc[0] - sums.mean()) ** 2
        certain = total(design_of(df, single_psu="certainty"), "food").std_error ** 2
        assert total(design, "food").std_error ** 2 == pytest.approx(certain + extra, rel=1e-12)

    def test_the_only_village_of_a_region_was_not_drawn_by_chance(self, df):
        df["N"] = np.where(df["region"] == "west", 1, 9)
        found = total(design_of(df, fpc="N"), "food")
        certain = total(design_of(df, fpc="N", single_psu="certainty"), "food")
        assert found.std_error == certain.std_error > 0

    def test_one_unit_in_all(self):
        df = pd.DataFrame({"y": [1.0, 2.0], "w": 1.0, "v": 1})
        with pytest.raises(ValueError, match="the sample has one primary sampling unit"):
            SurveyDesign(df, weights="w", psu="v")
        only = mean(SurveyDesign(df, weights="w", psu="v", single_psu="certainty"), "y")
        assert only.df == 0 and np.isnan(only.conf_int()).all()


class TestDomains:
    def test_domain_keeps_the_design(self):
        df = small_survey()
        design = design_of(df)
        inside = (df["sex"] == "f").to_numpy()
        w = df["w"].to_numpy() * inside
        value, u = linearised_mean(w, df["food"].to_numpy())
        expected = np.sqrt(slow_variance(df, u * inside))
        food = mean(design.domain(inside), "food")
        assert (food.value, food.std_error) == pytest.approx((value, expected), rel=1e-12)
        assert food.n == inside.sum() and food.df == design.degrees_of_freedom

    def test_a_domain_missing_from_some_psus_differs_from_the_subset(self):
        df = small_survey()
        inside = (df["village"] < 2) | (df["region"] == "north")
        domain = mean(design_of(df).domain(inside.to_numpy()), "food")
        subset = mean(design_of(df[inside].reset_index(drop=True)), "food")
        assert domain.value == pytest.approx(subset.value)
        assert domain.std_error != pytest.approx(subset.std_error, rel=1e-3)
        assert domain.n_psu == subset.n_psu == 8 and domain.df == 9

    def test_groups_are_domains(self):
        df = small_survey()
        design = design_of(df)
        for one in mean(design, "food", by=["region", "sex"]):
            rows = (df["region"] == one.group["region"]) & (df["sex"] == one.group["sex"])
            alone = mean(design.domain(rows), "food")
            assert (one.value, one.std_error) == pytest.approx((alone.value, alone.std_error), rel=1e-12)
            assert (one.n, one.n_psu) == (alone.n, alone.n_psu)

    def test_domains_intersect(self):
        df = small_survey()
        both = design_of(df).domain("poor").domain(df["sex"] == "f")
        assert both.rows.tolist() == np.flatnonzero((df["poor"] == 1) & (df["sex"] == "f")).tolist()
        assert both.in_domain.sum() == both.rows.size
        assert f"{both.rows.size} in the domain" in str(both)

    def test_one_psu_is_told(self):
        df = small_survey()
        one = mean(design_of(df).domain((df["region"] == "north") & (df["village"] == 0)), "food")
        assert any("one primary sampling unit" in note for note in one.notes)

    def test_missing_values(self):
        df = small_survey()
        df.loc[[3, 17], "food"] = np.nan
        design = design_of(df)
        with pytest.raises(ValueError, match="column 'food' is missing in 2 of 60 rows"):
            mean(design, "food")
        dropped = mean(design, "food", missing="drop")
        domain = mean(design.domain(df["food"].notna()), "food")
        assert (dropped.value, dropped.std_error) == pytest.approx((domain.value, domain.std_error))
        assert dropped.notes[0].startswith("2 rows with missing values left out")
        assert dropped.n == 58 and domain.notes == ()

    def test_all_missing(self):
        design = design_of(small_survey().assign(food=np.nan))
        with pytest.raises(ValueError, match="every row of the domain has missing values"):
            mean(design, "food", missing="drop")


class TestInvariances:
    @settings(deadline=None, max_examples=20)
    @given(seed=st.integers(0, 10_000), scale=st.floats(1e-6, 1e6))
    def test_scale_order_and_splitting(self, seed, scale):
        rng = np.random.default_rng(seed)
        df = small_survey(seed)
        base = ratio(design_of(df), "cash", "food")
        shuffled = df.iloc[rng.permutation(len(df))]
        split = pd.concat([df.assign(w=df["w"] / 2)] * 2, ignore_index=True)
        for other in (df.assign(w=df["w"] * scale), shuffled, split):
            found = ratio(design_of(other), "cash", "food")
            assert (found.value, found.std_error, found.df) == pytest.approx(
                (base.value, base.std_error, base.df), rel=1e-10
            )

    def test_names_of_strata_and_villages_do_not_matter(self):
        df = small_survey()
        renamed = df.assign(
            region=df["region"].map({"north": 3.0, "south": 1.0, "east": 2.0}),
            village=pd.Categorical(df["village"].map("v{}".format)).set_categories(
                ["v9", *["v0", "v1", "v2", "v3"]]
            ),
        )
        a, b = mean(design_of(df), "food"), mean(design_of(renamed), "food")
        assert (a.std_error, a.df, a.n_psu) == pytest.approx((b.std_error, b.df, b.n_psu), rel=1e-12)

    def test_unique_village_codes_give_the_same(self):
        df = small_survey()
        unique = df.assign(village=df["region"] + "-" + df["village"].astype(str))
        assert design_of(unique).n_psu == design_of(df).n_psu == 12

    def test_frame_is_left_alone(self):
        df = small_survey()
        before = df.copy(deep=True)
        design = design_of(df)
        mean(design, "food", by="sex")
        design.domain("poor")
        assert design.frame is df
        pd.testing.assert_frame_equal(df, before)

    def test_names_are_data(self):
        odd = "food; import os #`'\""
        df = small_survey().rename(columns={"food": odd, "sex": "np.nan + 1"})
        assert len(mean(design_of(df), odd, by="np.nan + 1")) == 2


class TestCoverage:
    def test_intervals_cover_in_repeated_samples(self):
        """Two-stage samples from a stratified population of villages that differ: 95 % of intervals cover.

        Villages are drawn with replacement, as the variance assumes; 1,000 samples: ± 3 Monte Carlo errors.
        """
        rng = np.random.default_rng(7)
        regions, villages, size, drawn, taken = 4, 60, 30, 10, 6
        level = rng.normal(10, 2, (regions, 1, 1)) + rng.normal(0, 2, (regions, villages, 1))
        population = level + rng.normal(0, 3, (regions, villages, size))
        truth, covered, shares, hits = population.mean(), [], [], (population < 8).mean()
        frame = pd.DataFrame(
            {
                "region": np.repeat(np.arange(regions), drawn * taken),
                "village": np.tile(np.repeat(np.arange(drawn), taken), regions),
                "w": 1.0 * villages * size / (drawn * taken),
            }
        )
        for _ in range(1000):
            where = rng.integers(0, villages, (regions, drawn))
            who = rng.random((regions, drawn, size)).argsort(axis=2)[:, :, :taken]
            y = population[np.arange(regions)[:, None, None], where[:, :, None], who].ravel()
            design = design_of(frame.assign(food=y, poor=(y < 8).astype(int)))
            low, high = mean(design, "food").conf_int()
            covered.append(low <= truth <= high)
            low, high = mean(design, "poor").conf_int()
            shares.append(low <= hits <= high)
        error = 3 * np.sqrt(0.95 * 0.05 / 1000)
        assert np.mean(covered) == pytest.approx(0.95, abs=error)
        assert np.mean(shares) == pytest.approx(0.95, abs=error)


CELLS = {
    "one cell is words": (
        {3: "about 300"},
        "weights: column 'w' holds text, 'about 300', in row 4 of 60; put a number there, then "
        "df['w'] = pd.to_numeric(df['w'])",
    ),
    "good text before bad": ({0: "12", 3: "many", 9: "n/a"}, "'many', in row 4 of 60 and in 1 more; put"),
    "one negative": (
        {7: -2.5},
        "w' is negative in 1 of 60 rows (first in row 8: -2.5); every row needs a number",
    ),
    "some 0": ({2: 0, 7: 0}, "is 0 in 2 of 60 rows (first in row 3); such rows carry no information: leave"),
    "one missing": ({59: None}, "is missing in 1 of 60 rows (first in row 60); every row needs a number"),
}


@pytest.mark.parametrize("name", CELLS)
def test_the_bad_cell_is_named_with_its_row(name):
    cells, told = CELLS[name]
    df = small_survey()
    values = df["w"].astype(object)
    for row, value in cells.items():
        values[row] = value
    with pytest.raises(ValueError) as error:
        design_of(df.assign(w=values))
    assert told in str(error.value) and "allowed: allowed" not in str(error.value)


@pytest.mark.parametrize("dtype", [object, "string", "category"])
@pytest.mark.parametrize("text", ["12.5", " 7 ", "1,200", "1e3"])
def test_the_remedy_for_numbers_as_text_works(dtype, text):
    df = small_survey()
    df["w"] = pd.Series([text] * 60, dtype=dtype)
    with pytest.raises(ValueError, match="holds text such as") as error:
        design_of(df)
    remedy = str(error.value).partition("convert them with ")[2]
    exec(remedy, {"df": df, "pd": pd})
    assert design_of(df).weights[0] == float(text.replace(",", ""))


BAD = {
    "no such column": ({"weights": "ww"}, {}, "weights: there is no column 'ww'; did you mean 'w'"),
    "text weights": ({}, {"w": "12.5"}, r"holds text such as '12.5'; convert them with .*to_numeric"),
    "words as weights": ({}, {"w": "many"}, "holds text such as 'many'; recode it to numbers"),
    "zero weights": (
        {},
        {"w": 0.0},
        r"weights: column 'w' is 0 in 60 of 60 rows \(first in row 1\); every row needs a number above 0",
    ),
    "negative weights": (
        {},
        {"w": -1.0},
        r"weights: column 'w' is negative in 60 of 60 rows \(first in row 1: -1\); every row needs",
    ),
    "missing weights": ({}, {"w": np.nan}, "weights: column 'w' is missing in 60 of 60 rows"),
    "infinite weights": ({}, {"w": np.inf}, "weights: column 'w' holds infinite values"),
    "dates as weights": ({}, {"w": pd.Timestamp("2020-01-01")}, "weights: column 'w' is not numeric"),
    "missing stratum": ({}, {"region": None}, "strata: column 'region' is missing in 60 of 60 rows"),
    "empty psu": ({}, {"village": " "}, "psu: column 'village' is missing in 60 of 60 rows"),
    "choice": (
        {"single_psu": "drop"},
        {},
        "single_psu: got 'drop'; allowed: 'error', 'center' or 'certainty'",
    ),
    "household of 0": ({"household_size": "size"}, {"size": 0}, "household_size: column 'size' is 0"),
    "fpc too small": (
        {"fpc": "N"},
        {"N": 3},
        "has 4 primary sampling units in the sample and 3 in the population",
    ),
    "fpc varies": (
        {"fpc": "N"},
        {"N": np.arange(10, 70)},
        "column 'N' holds 50 and 69 in stratum 'east'; one count each",
    ),
    "fpc missing": ({"fpc": "N"}, {"N": np.nan}, "fpc: column 'N' is missing"),
}


class TestRefused:
    @pytest.mark.parametrize("case", BAD)
    def test_design(self, case):
        arguments, columns, message = BAD[case]
        with pytest.raises(ValueError, match=message) as caught:
            design_of(small_survey().assign(**columns), **arguments)
        assert "\n" not in str(caught.value)

    def test_frame(self):
        with pytest.raises(ValueError, match="df: got dict; give a pandas DataFrame"):
            SurveyDesign({"w": [1]}, weights="w")
        with pytest.raises(ValueError, match="df: the frame has no rows"):
            SurveyDesign(pd.DataFrame({"w": []}), weights="w")
        twice = pd.DataFrame([[1.0, 2.0], [1.0, 2.0]], columns=["w", "w"])
        with pytest.raises(ValueError, match="2 columns are called 'w'"):
            SurveyDesign(twice, weights="w")

    def test_domain(self):
        df = small_survey()
        design = design_of(df)
        for where, message in (
            ("por", "domain: there is no column 'por'; did you mean 'poor'"),
            ("food", r"domain: the mask \('food'\) is .* allowed: 0 and 1"),
            (np.zeros(60), "domain: no row is left"),
            (np.ones(7), "domain: the mask has 7 entries for 60 rows"),
            (np.where(df.index == 3, np.nan, 1.0), "is missing in a row"),
            (df["poor"].iloc[::-1], "index is not the frame's"),
        ):
            with pytest.raises(ValueError, match=message):
                design.domain(where)

    def test_groups(self):
        df = small_survey().assign(name="x", none=None)
        design = design_of(df)
        for by, message in (
            ("sexx", "by: there is no column 'sexx'; did you mean 'sex'"),
            ([], "by: no column given"),
            ("name", "by: column 'name' is called like one of the result's own columns"),
            ("none", "by: no row of the domain has a group label"),
            (df["sex"], "by: got labels without a name"),
            ({"q": [1, 2]}, "by: 'q' has 2 labels for 60 rows"),
            ([["sex"]], "by: got list; allowed: the name of one column"),
        ):
            with pytest.raises(ValueError, match=message):
                mean(design, "food", by=by)

    def test_arrays(self):
        with pytest.raises(ValueError, match=r"arrays: got shape \(3,\); allowed: one value per row"):
            design_of(small_survey()).estimate(linearised_mean, np.ones(3), code="m", name="m", unit="x")
        with pytest.raises(ValueError, match="missing: got 'ignore'; allowed: 'error' or 'drop'"):
            design_of(small_survey()).column("food", missing="ignore")
