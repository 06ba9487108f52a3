"""Staggered roll-outs, event studies and trends: second engines, recovery, invariances, bad input."""

import diff_diff
import numpy as np
import pandas as pd
import pytest
from did_data import PANEL, roll_out

from aspfin.evaluation.design import Design
from aspfin.evaluation.difference_in_differences import difference_in_differences
from aspfin.evaluation.event_study import event_study
from aspfin.evaluation.staggered import METHODS, staggered_adoption
from aspfin.evaluation.trends import joint_test, parallel_trends


@pytest.fixture(scope="module")
def df():
    return roll_out()


def fit(df, **options):
    return staggered_adoption(df, **(PANEL | options))


@pytest.mark.parametrize("controls", [[], ["x"]])
@pytest.mark.parametrize("control_group", ["never_treated", "not_yet_treated"])
@pytest.mark.parametrize("anticipation", [0, 1])
def test_own_averages_equal_those_diff_diff_offers(df, controls, control_group, anticipation):
    model = diff_diff.CallawaySantAnna(control_group=control_group, anticipation=anticipation)
    reference = model.fit(df, "food", "unit", "year", "start", covariates=controls or None)
    options = {"controls": controls, "control_group": control_group, "anticipation": anticipation}
    events, by = reference.aggregate("event_study"), fit(df, aggregate="event_time", **options).by
    np.testing.assert_allclose(by["estimate"], events.att, rtol=1e-9)
    np.testing.assert_allclose(by["std_error"], events.se, rtol=1e-9)
    if anticipation:  # diff-diff averages the anticipated periods into the rest; R's did does not, nor do we
        return
    simple = fit(df, aggregate="simple", **options)
    assert simple.estimate == pytest.approx(reference.overall_att, rel=1e-9)
    assert simple.std_error == pytest.approx(reference.overall_se, rel=1e-9)
    groups, by = reference.aggregate("group"), fit(df, aggregate="cohort", **options).by
    np.testing.assert_allclose(by["estimate"], groups.att, rtol=1e-9)
    np.testing.assert_allclose(by["std_error"], groups.se, rtol=1e-9)


def test_clusters_above_the_unit_equal_diff_diff(df):
    model = diff_diff.CallawaySantAnna(cluster="village")
    reference = model.fit(df, "food", "unit", "year", "start")
    effect = fit(df, aggregate="simple", cluster="village")
    assert effect.std_error == pytest.approx(reference.overall_se, rel=1e-9)
    assert (effect.n_clusters, effect.df) == (15, 14)


def test_saturated_regression_equals_callaway_and_santanna_without_controls(df):
    for aggregate in ("overall", "simple", "cohort", "calendar"):
        a, b = (fit(df, method=one, aggregate=aggregate) for one in ("callaway_santanna", "sun_abraham"))
        assert b.estimate == pytest.approx(a.estimate, rel=1e-9)
    a, b = (fit(df, method=one, aggregate="event_time") for one in ("callaway_santanna", "sun_abraham"))
    after = [one.by.loc[one.by["event_time"] >= 0, "estimate"].to_numpy() for one in (a, b)]
    np.testing.assert_allclose(*after, rtol=1e-9)


def test_sun_and_abraham_equal_diff_diff(df):
    reference = diff_diff.SunAbraham().fit(df, "food", "unit", "year", "start")
    effect = fit(df, method="sun_abraham", aggregate="simple")
    assert effect.estimate == pytest.approx(reference.overall_att, rel=1e-9)
    assert effect.std_error == pytest.approx(reference.overall_se, rel=1e-6)


def test_one_cohort_and_two_periods_are_difference_in_differences(df):
    df = df[df["year"].isin([2, 3]) & df["start"].isin([0, 3])]
    expected = difference_in_differences(df, outcome="food", treated="on", unit="unit", time="year").estimate
    for method in METHODS:
        assert fit(df, method=method).estimate == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize(
    "change",
    [
        lambda df: df.sample(frac=1, random_state=3),
        lambda df: df.assign(unit="household " + df["unit"].astype(str)),
        lambda df: df.assign(start=df["start"].replace(0, np.nan)),
        lambda df: df.assign(start=df["start"].astype(float).replace(0, np.inf)),
        lambda df: df.assign(start=df["start"].replace(0, 99)),
        lambda df: df.assign(year=df["year"] - 4, start=np.where(df["start"] > 0, df["start"] - 4, np.nan)),
        lambda df: df.astype({"unit": "category", "year": "int8", "start": "category"}),
        lambda df: df.assign(food=df["food"] + 500),
        lambda df: df.set_index(np.zeros(len(df))),
        lambda df: df.assign(
            year=pd.Timestamp("2020-01-01") + pd.to_timedelta(df["year"], unit="D"),
            start=(pd.Timestamp("2020-01-01") + pd.to_timedelta(df["start"], unit="D")).where(
                df["start"] > 0
            ),
        ),
    ],
)
def test_invariances(df, method, change):
    before = df.copy()
    a, b = (fit(one, method=method, aggregate="event_time") for one in (df, change(df)))
    assert b.estimate == pytest.approx(a.estimate, rel=1e-7)
    assert b.std_error == pytest.approx(a.std_error, rel=1e-6)
    assert a.by["event_time"].tolist() == b.by["event_time"].tolist()
    pd.testing.assert_frame_equal(df, before)


@pytest.mark.parametrize("name", ["a:b", "C(x)", "I(1/0)", 'say "no"', "ប្រាក់", "y"])
def test_names_are_never_evaluated(df, name):
    renamed = df.rename(columns={"food": name, "x": name + " x", "unit": name + " u", "start": name + " s"})
    columns = {"outcome": name, "unit": name + " u", "time": "year", "first_treated": name + " s"}
    for method in METHODS:
        expected = fit(df, method=method, controls=["x"])
        found = staggered_adoption(renamed, method=method, controls=[name + " x"], **columns)
        assert found.estimate == pytest.approx(expected.estimate, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (lambda df: df, {"method": "twfe"}, "method: got 'twfe'; allowed: callaway_santanna"),
        (lambda df: df, {"aggregate": "event"}, "aggregate: got 'event'"),
        (lambda df: df, {"anticipation": -1}, "anticipation: got -1"),
        (lambda df: df, {"first_treated": "strat"}, "did you mean 'start'"),
        (lambda df: df, {"method": "imputation", "aggregate": "calendar"}, "'calendar' is not offered"),
        (lambda df: df.assign(w=1.0), {"weights": "w"}, "weights: not offered by callaway_santanna"),
        (lambda df: df[df["start"] > 0], {}, "no unit is never treated; use control_group='not_yet_treated'"),
        (lambda df: df.assign(start=0), {}, "no unit first treated between 2 and 6"),
        (lambda df: df.assign(start=1), {}, "every unit treated from the first period on"),
        (lambda df: df.assign(start=df["on"] * 3), {}, "changes within unit"),
        (lambda df: df.assign(start=df["start"].astype(str)), {}, "column 'start' is not numeric"),
        (lambda df: df.assign(year="year " + df["year"].astype(str)), {}, "which has no order"),
        (lambda df: pd.concat([df, df.iloc[:2]]), {}, "several rows in period 1"),
        (lambda df: df.assign(one=1), {"cluster": "one"}, "1 cluster"),
        (lambda df: df[df["year"] == 3], {}, "one period only"),
        (lambda df: df.assign(w=df["year"]), {"weights": "w", "method": "two_stage"}, "change within units"),
    ],
)
def test_bad_input_is_told_in_one_line(df, change, options, said):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as error:
        fit(change(df), **options)
    assert said in str(error.value)


@pytest.mark.parametrize("method", list(METHODS))
def test_what_is_left_out_is_told(df, method):
    holes = df.drop(index=df.index[::11]).assign(start=df["start"].where(df["unit"] != 1, 1))
    effect = fit(holes, method=method)
    failed = {check.name for check in effect.checks if check.passed is False}
    assert "balanced panel" in failed
    assert effect.dropped["treated from the first period on"] in (5, 6)
    late = fit(df[df["start"] > 0], method=method, control_group="not_yet_treated")
    text = next(check.text for check in late.checks if check.name == "comparison in every period")
    assert text == "80 of 120 treated rows have none and are left out"


def test_anticipated_periods_count_neither_as_treated_nor_as_untreated():
    """Effects felt a period early do not move the estimate once the anticipation is declared."""
    df = roll_out(noise=0.0, growth=0.0, slope=0.0)
    df["food"] += 1.0 * (df["year"] == df["start"] - 1)
    for method in METHODS:
        assert fit(df, method=method, anticipation=1, aggregate="simple").estimate == pytest.approx(2.0)
        assert fit(df, method=method, aggregate="simple").estimate != pytest.approx(2.0, abs=0.05)


def test_uniform_bands_are_wider_and_repeatable(df):
    a, b, c = (fit(df, aggregate="event_time", seed=seed) for seed in (1, 1, 2))
    assert (a.by["band_low"] < a.by["ci_low"]).all()
    pd.testing.assert_frame_equal(a.by, b.by)
    assert a.details["band_critical_value"] != c.details["band_critical_value"]
    assert a.details["band_critical_value"] == pytest.approx(c.details["band_critical_value"], rel=0.1)


def test_control_mean_is_what_the_treated_would_have_had():
    df = roll_out(noise=0.0, growth=0.0, slope=0.0)
    untreated = (df["food"] - 2.0 * df["on"])[df["on"] == 1].mean()
    for method in METHODS:
        assert fit(df, method=method, aggregate="simple").control_mean == pytest.approx(untreated)


def test_clustering_below_the_level_of_assignment_warns(df):
    design = Design("village", cluster="village")
    assert fit(df, design=design).checks[-1].passed is False
    assert fit(df, design=design, cluster="village").checks[-1].passed is True


def test_parallel_trends_tells_trends_from_noise(df):
    assert parallel_trends(df, **PANEL).passed
    check = parallel_trends(roll_out(trend=0.8), **PANEL)
    assert check.passed is False
    assert check.p_value < 0.001
    assert (
        parallel_trends(df[df["year"] >= 2].assign(start=df["start"].replace(5, 0)), **PANEL).passed is None
    )


def test_joint_test_by_hand():
    estimates, cov = np.array([1.0, -2.0]), np.diag([1.0, 4.0])
    check = joint_test(estimates, cov, np.inf)
    assert check.statistic == pytest.approx(2.0)
    assert check.p_value == pytest.approx(np.exp(-1))
    assert joint_test(np.empty(0), np.empty((0, 0)), np.inf).passed is None


def test_event_study_with_one_cohort_is_callaway_and_santanna(df):
    one = df[df["start"].isin([0, 3])]
    effect, reference = event_study(one, **PANEL), fit(one, method="sun_abraham", aggregate="event_time")
    kept = effect.by["event_time"] != -1
    np.testing.assert_allclose(effect.by.loc[kept, "estimate"], reference.by["estimate"], rtol=1e-9)
    np.testing.assert_allclose(effect.by.loc[kept, "std_error"], reference.by["std_error"], rtol=1e-9)
    assert effect.estimate == pytest.approx(reference.estimate)
    assert {check.name: check.passed for check in effect.checks}["comparisons"]


def test_event_study_of_a_roll_out_warns_and_pools(df):
    effect = event_study(df, window=(-2, 1), **PANEL)
    assert effect.by["event_time"].tolist() == [-2, -1, 0, 1]
    assert {check.name: check.passed for check in effect.checks}["comparisons"] is False


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (lambda df: df[df["start"] > 0], {}, "every unit treated in the end"),
        (lambda df: df, {"window": (-1, 3)}, "window: got (-1, 3)"),
        (
            lambda df: df[df["year"] != 2][lambda d: d["start"].isin([0, 3])],
            {},
            "one period before treatment",
        ),
    ],
)
def test_event_study_refuses(df, change, options, said):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as error:
        event_study(change(df), **(PANEL | options))
    assert said in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize("method", list(METHODS))
def test_intervals_cover_the_truth(method):
    """Unbiased within Monte Carlo error; of 95 % intervals in 80 draws, 69 to 80 cover (99.9 % would)."""
    draws, found, truth = 80, [], None
    for seed in range(draws):
        df = roll_out(n=60, seed=seed, noise=1.0)
        truth = (2 + 0.5 * (df["year"] - df["start"]))[df["on"] == 1].mean()
        effect = fit(df, method=method, aggregate="simple")
        low, high = effect.conf_int()
        found.append((effect.estimate, low <= truth <= high, effect.std_error))
    estimates, covered, errors = np.array(found).T
    assert abs(estimates.mean() - truth) < 4 * estimates.std() / np.sqrt(draws)
    assert covered.sum() >= 69
    assert 0.75 < errors.mean() / estimates.std() < 1.33
