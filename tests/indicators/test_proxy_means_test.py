"""Proxy means test: other libraries and slow references, honesty out of sample, cut-offs, refusals."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.indicators import SurveyDesign, choose_cutoff, fit_proxy_means_test, targeting

PREDICTORS = ["roof", "size", "phone (0/1) + np.exp(x)"]  # the last name is data, not a formula
LINE = 6.0


def households(n_villages=60, size=8, seed=0):
    rng = np.random.default_rng(seed)
    n = n_villages * size
    village = np.repeat(np.arange(n_villages), size)
    df = pd.DataFrame(
        {
            "roof": rng.choice(["thatch", "tile", "tin"], n, p=[0.3, 0.3, 0.4]),
            "size": rng.integers(1, 9, n),
            PREDICTORS[2]: rng.integers(0, 2, n),
            "village": village,
            "area": np.where(village % 3 == 0, "urban", "rural"),
            "w": rng.uniform(50, 200, n),
        }
    )
    welfare = 2.2 + 0.5 * (df["roof"] == "tile") + 0.2 * (df["roof"] == "tin") - 0.1 * df["size"]
    welfare += 0.3 * df[PREDICTORS[2]] + rng.normal(0, 0.15, n_villages)[village] + rng.normal(0, 0.3, n)
    return df.assign(food=np.exp(welfare))


def design_of(df, strata="area"):
    return SurveyDesign(df, weights="w", strata=strata, psu="village")


@cache
def fitted(penalty=0.0):
    df = households()
    call = {"welfare": "food", "predictors": PREDICTORS, "poverty_line": LINE}
    return df, fit_proxy_means_test(design_of(df), **call, penalty=penalty)


def columns_of(df):
    tile, tin = (df["roof"] == one for one in ("tile", "tin"))
    return np.column_stack([np.ones(len(df)), tile, tin, df["size"], df[PREDICTORS[2]]]).astype(float)


def test_agrees_with_statsmodels():
    from statsmodels.regression.linear_model import WLS

    df = households()
    test = fit_proxy_means_test(design_of(df, None), welfare="food", predictors=PREDICTORS)
    model = WLS(np.log(df["food"]), columns_of(df), weights=df["w"])
    reference = model.fit(cov_type="cluster", cov_kwds={"groups": df["village"], "use_correction": False})
    np.testing.assert_allclose(test.coefficients["estimate"], reference.params, rtol=1e-9)
    groups = df["village"].nunique()
    np.testing.assert_allclose(
        test.coefficients["std_error"], reference.bse * np.sqrt(groups / (groups - 1)), rtol=1e-8
    )
    assert test.r_squared == pytest.approx(reference.rsquared, rel=1e-9)


def test_ridge_agrees_with_augmented_least_squares():
    """Slow reference: rows of zeros outcome carry the penalty, the intercept free of it."""
    df, test = fitted(penalty=0.3)
    x, y, w = columns_of(df)[:, 1:], np.log(df["food"].to_numpy()), df["w"].to_numpy()
    share = w / w.sum()
    mean_x, mean_y = share @ x, share @ y
    spread = np.sqrt(share @ (x - mean_x) ** 2)
    rows = np.vstack([(x - mean_x) * np.sqrt(share)[:, None], np.sqrt(0.3) * np.diag(spread)])
    outcome = np.r_[(y - mean_y) * np.sqrt(share), np.zeros(4)]
    slopes = np.linalg.lstsq(rows, outcome, rcond=None)[0]
    np.testing.assert_allclose(test.coefficients["estimate"], [mean_y - mean_x @ slopes, *slopes], rtol=1e-9)


def test_standard_errors_respect_strata():
    df = households()
    plain = fit_proxy_means_test(design_of(df, None), welfare="food", predictors=PREDICTORS)
    strata = fit_proxy_means_test(design_of(df), welfare="food", predictors=PREDICTORS)
    assert not np.allclose(plain.coefficients["std_error"], strata.coefficients["std_error"], rtol=1e-6)
    np.testing.assert_allclose(plain.coefficients["estimate"], strata.coefficients["estimate"])


def test_cross_validation_leaves_villages_out():
    """Slow reference: for some households, the test fitted by hand on the villages of other folds."""
    from aspfin.indicators.proxy_fit import folds_of

    df, test = fitted()
    design = design_of(df)
    found = test.cross_validate(folds=4, seed=3)
    fold = folds_of(design.units, 4, 3)[design.units.codes]
    assert all(np.unique(fold[df["village"] == one]).size == 1 for one in df["village"].unique())
    for one in range(4):
        assert 0.2 < (fold == one).mean() < 0.3
        train = design.domain(fold != one)
        part = fit_proxy_means_test(train, welfare="food", predictors=PREDICTORS)
        np.testing.assert_allclose(found.predicted[fold == one], part.predict(df[fold == one]), rtol=1e-6)


def test_out_of_sample_is_worse_with_predictors_of_no_meaning():
    df = households(30)
    noise = {f"noise{k}": np.random.default_rng(k).normal(size=len(df)) for k in range(15)}
    df = df.assign(**noise)
    call = {"welfare": "food", "predictors": ["size", *noise]}
    least = fit_proxy_means_test(design_of(df), **call)
    ridge = fit_proxy_means_test(design_of(df), **call, penalty="cross_validated")
    outside = least.cross_validate()
    assert outside.r_squared < least.r_squared == pytest.approx(least.in_sample().r_squared)
    assert ridge.penalty > 0 and ridge.cross_validate().r_squared > outside.r_squared
    assert outside.out_of_sample and "not fitted on" in str(outside)


def test_predictions_at_the_survey_and_of_the_median():
    df, test = fitted()
    predicted = test.predict(df)
    np.testing.assert_allclose(predicted, test.in_sample().predicted)
    b = test.coefficients["estimate"]
    np.testing.assert_allclose(np.log(predicted), columns_of(df) @ b, rtol=1e-12)
    assert test.predict(df.iloc[:3]).index.tolist() == [0, 1, 2]


def test_unseen_category_is_told():
    df, test = fitted()
    new = df.iloc[:4].assign(roof=["tile", "gold", None, "tin"])
    with pytest.raises(ValueError, match=r"column 'roof' holds 'gold' in 1 rows, which the survey never had"):
        test.predict(new)
    assert test.predict(new, unseen="missing").isna().tolist() == [False, True, True, False]
    assert test.score(new, unseen="missing").isna().tolist() == [False, True, True, False]
    with pytest.raises(ValueError, match="unseen: got 'drop'"):
        test.predict(new, unseen="drop")


def test_a_category_met_in_one_fold_only():
    df = households()
    df.loc[df["village"] == 5, "roof"] = "gold"
    test = fit_proxy_means_test(design_of(df), welfare="food", predictors=["roof", "size"])
    assert np.isfinite(test.cross_validate(folds=3).predicted).all()


def test_errors_are_targeting_of_the_selected():
    df, test = fitted()
    found = test.in_sample().errors(5.5, by="area")
    by_hand = df.assign(poor=df["food"] < LINE, chosen=test.predict(df) < 5.5)
    expected = targeting(design_of(by_hand), eligible="poor", receives="chosen", by="area")
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame())


def test_curve_runs_from_nobody_to_everybody():
    _, test = fitted()
    curve = test.in_sample().curve()
    assert curve["cutoff"].is_monotonic_increasing and curve["coverage"].is_monotonic_increasing
    assert (np.diff(curve["exclusion_error"]) <= 1e-12).all()
    assert curve["exclusion_error"].iloc[-1] < 0.05 and len(curve) <= 99
    row = curve.iloc[len(curve) // 2]
    found = test.in_sample().errors(row["cutoff"])
    assert found.exclusion_error.value == pytest.approx(row["exclusion_error"])
    assert found.inclusion_error.value == pytest.approx(row["inclusion_error"])
    assert found.persons["receives"] / found.persons["all"] == pytest.approx(row["coverage"])


@settings(max_examples=20, deadline=None)
@given(st.floats(0.05, 1.0))
def test_coverage_is_never_passed_and_nearly_reached(share):
    _, test = fitted()
    cutoff = choose_cutoff(test, coverage=share)
    assert share - 0.05 < cutoff.coverage <= share + 1e-9


def test_rules_of_the_cutoff():
    df, test = fitted()
    outside = test.cross_validate()
    poor = np.average(df["food"] < LINE, weights=df["w"])
    as_many = choose_cutoff(outside, poverty_rate=True)
    assert poor - 0.02 < as_many.coverage <= poor
    strict = choose_cutoff(outside, max_inclusion=0.3)
    assert strict.targeting.inclusion_error.value <= 0.3 and strict.value < as_many.value
    assert choose_cutoff(outside, coverage=1.0).targeting.exclusion_error.value == 0
    assert "Selecting" in str(as_many) and "fitted on" in str(choose_cutoff(test, poverty_rate=True))
    assert as_many.to_frame()["out_of_sample"].tolist() == [True]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "give exactly one"),
        ({"coverage": 0.1, "poverty_rate": True}, "give exactly one"),
        ({"coverage": 1.2}, "coverage: got 1.2"),
        ({"coverage": 0.0}, "households with the lowest prediction are"),
        ({"max_inclusion": 0.0}, "max_inclusion: got 0; the lowest inclusion error"),
    ],
)
def test_rules_that_cannot_be_met(rule, words):
    df, _ = fitted()
    design = design_of(df)
    # one predictor that tells little: even the poorest group holds people who are not poor
    test = fit_proxy_means_test(design, welfare="food", predictors=[PREDICTORS[2]], poverty_line=LINE)
    with pytest.raises(ValueError, match=words):
        choose_cutoff(test, **rule)


def test_a_line_is_needed_for_errors_only():
    df = households()
    test = fit_proxy_means_test(design_of(df), welfare="food", predictors=PREDICTORS)
    assert "r_squared" in test.cross_validate().to_frame()
    with pytest.raises(ValueError, match="poverty_line: got None"):
        choose_cutoff(test, coverage=0.2)
    rich = fit_proxy_means_test(design_of(df), welfare="food", predictors=PREDICTORS, poverty_line=0.001)
    with pytest.raises(ValueError, match="nobody in the survey is below it"):
        choose_cutoff(rich, coverage=0.2)


def test_scorecard_by_hand():
    df, test = fitted()
    card = test.scorecard(points=100)
    assert card["points"].dtype.kind == "i"
    assert card.groupby("column")["points"].min()["roof"] == 0
    points = card.set_index(["column", "level"])["points"]
    one = df.iloc[0]
    by_hand = card["start"].sum() + points["roof", one["roof"]]
    for name in ("size", PREDICTORS[2]):
        by_hand += card.loc[card["column"] == name, "points"].iloc[0] * one[name]
    score = test.score(df)
    assert score.iloc[0] == by_hand
    assert score.min() >= 0 and score.max() <= 104  # rounding of a few points
    assert score.corr(np.log(test.predict(df))) > 0.995
    with pytest.raises(ValueError, match="points: got 0"):
        test.scorecard(points=0)


def test_order_of_rows_scale_of_weights_and_halves():
    df, test = fitted()
    expected, outside = test.coefficients, test.cross_validate(folds=4)
    halves = pd.concat([df, df], ignore_index=True).assign(w=lambda one: one["w"] / 2)
    for other in (df.sample(frac=1, random_state=4), df.assign(w=df["w"] * 1e-6), halves):
        again = fit_proxy_means_test(
            design_of(other), welfare="food", predictors=PREDICTORS, poverty_line=LINE
        )
        np.testing.assert_allclose(again.coefficients["estimate"], expected["estimate"], rtol=1e-9)
        np.testing.assert_allclose(again.coefficients["std_error"], expected["std_error"], rtol=1e-8)
        found = again.cross_validate(folds=4)
        assert found.r_squared == pytest.approx(outside.r_squared, rel=1e-9)
        assert found.rank_correlation == pytest.approx(outside.rank_correlation, rel=1e-9)


def test_in_levels_and_in_a_domain():
    df = households()
    design = design_of(df).domain(df["area"] == "rural")
    test = fit_proxy_means_test(design, welfare="food", predictors=PREDICTORS, log=False, poverty_line=LINE)
    assert test.n == (df["area"] == "rural").sum()
    assert np.isnan(test.in_sample().predicted[df["area"] == "urban"]).all()
    assert test.in_sample().errors(LINE).table["n"].sum() == test.n
    assert "least squares" in str(test) and "logarithm" not in str(test)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"predictors": "size"}, "give a list of columns"),
        ({"predictors": []}, "at least one"),
        ({"predictors": ["size", "size"]}, "named twice"),
        ({"predictors": ["sizes"]}, "did you mean 'size'"),
        ({"predictors": ["size", "same"]}, "size, same are combinations of each other"),
        ({"predictors": ["constant"]}, "is 3 throughout"),
        ({"predictors": ["one word"]}, "is 'a' throughout"),
        ({"predictors": ["gap"]}, "missing in 1 of 480 rows"),
        ({"welfare": "zero"}, "welfare: column 'zero' is 0 or less in 480 rows"),
        ({"poverty_line": 0}, "poverty_line: got 0"),
        ({"penalty": "best"}, "penalty: got 'best'"),
        ({"penalty": -1}, "penalty: got -1"),
        ({"predictors": ["village_name"]}, "59 terms for 58 degrees of freedom"),
    ],
)
def test_refusals(change, words):
    df = households()
    df = df.assign(**{"same": df["size"] * 2, "constant": 3, "one word": "a", "zero": 0.0})
    df = df.assign(gap=df["size"].where(df.index > 0), village_name="v" + df["village"].astype(str))
    call = {"welfare": "food", "predictors": PREDICTORS, "poverty_line": LINE, **change}
    with pytest.raises(ValueError, match=words):
        fit_proxy_means_test(design_of(df), **call)


def test_bad_folds_and_cutoffs():
    _, test = fitted()
    with pytest.raises(ValueError, match="folds: got 1"):
        test.cross_validate(folds=1)
    with pytest.raises(ValueError, match="folds: got 61; allowed: a whole number from 2 to 60"):
        test.cross_validate(folds=61)
    with pytest.raises(ValueError, match="cutoff: got nan"):
        test.in_sample().errors(np.nan)
