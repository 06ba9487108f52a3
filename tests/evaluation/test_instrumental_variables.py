"""Two-stage least squares, instrument strength, Anderson–Rubin sets."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from aspfin.evaluation import Design, instrumental_variables
from aspfin.evaluation.regression import least_squares


def offers(seed=0, n=400, push=0.4, effect=2.0, more=0, dose=False):
    """An offer moves take-up by `push`; those keen to take part also eat better."""
    rng = np.random.default_rng(seed)
    keen = rng.normal(size=n)
    z = rng.integers(0, 2, n)
    latent = keen + 3 * push * (z - 0.5) + rng.normal(size=n)
    took = latent if dose else (latent > 0).astype(int)
    df = pd.DataFrame({"food": 5 + effect * took + keen + rng.normal(size=n), "took": took, "offer": z})
    for i in range(more):
        df[f"z{i}"] = 0.5 * z + rng.normal(size=n)
    return df.assign(age=rng.normal(size=n), village=np.arange(n) // 10)


ASK = {"outcome": "food", "treated": "took", "instrument": "offer"}


def test_one_binary_instrument_is_the_wald_ratio():
    df = offers()
    found = instrumental_variables(df, **ASK)
    mean = df.groupby("offer")[["food", "took"]].mean().diff().iloc[1]
    assert found.estimate == pytest.approx(mean["food"] / mean["took"])
    assert found.control_mean == pytest.approx(df.loc[df["offer"] == 0, "food"].mean())
    assert found.estimand == "LATE"
    assert found.details["effective_f"] == pytest.approx(found.details["first_stage_f"])
    assert found.details["effective_f_critical"] == pytest.approx(23.1, abs=0.05)


def slow_statistic(df, b, instruments, controls=("age",), **options):
    """Anderson–Rubin by its definition: do the instruments explain outcome − b · treatment?"""
    x = np.column_stack([*(df[name] for name in (*instruments, *controls)), np.ones(len(df))]).astype(float)
    fit = least_squares((df["food"] - b * df["took"]).to_numpy(), x, **options)
    return fit.wald(range(len(instruments)))[3]


@pytest.mark.parametrize("instruments", [("offer",), ("offer", "z0", "z1")])
@pytest.mark.parametrize("clustered", [False, True])
def test_ends_of_the_anderson_rubin_set_have_p_of_five_per_cent(instruments, clustered):
    df = offers(more=2)
    options = {"clusters": df["village"].to_numpy()} if clustered else {}
    found = instrumental_variables(
        df,
        outcome="food",
        treated="took",
        instrument=instruments,
        controls=["age"],
        cluster="village" if clustered else None,
    )
    assert found.details["anderson_rubin_kind"] == "interval"
    for end in found.details["anderson_rubin"][0]:
        assert slow_statistic(df, end, instruments, **options) == pytest.approx(0.05, abs=1e-6)
    assert slow_statistic(df, 0.0, instruments, **options) == pytest.approx(
        found.details["anderson_rubin_p_value"], rel=1e-6, abs=1e-12
    )


def test_a_weak_instrument_says_that_it_cannot_bound_the_effect():
    kinds = {}
    for seed in range(60):
        found = instrumental_variables(offers(seed, n=80, push=0.05, dose=True), **ASK)
        kinds.setdefault(found.details["anderson_rubin_kind"], []).append(found)
    assert {"whole line", "two rays"} <= set(kinds)
    line, rays = kinds["whole line"][0], kinds["two rays"][0]
    assert line.details["anderson_rubin"] == ((-math.inf, math.inf),)
    assert [check.passed for check in line.checks] == [False, False]
    (low, left), (right, high) = rays.details["anderson_rubin"]
    assert low == -math.inf
    assert high == math.inf
    assert left < right
    assert "too weak to bound" in rays.details["anderson_rubin_text"]
    assert "whole line" in line.details["anderson_rubin_text"]


def test_contradicting_instruments_give_an_empty_set():
    df = offers(n=3000, more=1).assign(food=lambda one: one["food"] + 5 * one["z0"])
    found = instrumental_variables(df, outcome="food", treated="took", instrument=["offer", "z0"])
    assert found.details["anderson_rubin"] == ()
    assert found.details["anderson_rubin_kind"] == "empty"


def test_effective_f_with_homoskedastic_errors_is_the_classical_f():
    found = instrumental_variables(
        offers(more=2),
        outcome="food",
        treated="took",
        instrument=["offer", "z0", "z1"],
        covariance="classical",
    )
    # With classical errors the covariance is σ²(Z'Z)⁻¹, and the effective F is the ordinary one.
    assert found.details["effective_f"] == pytest.approx(found.details["first_stage_f"])
    # With three equal weights Patnaik's degrees of freedom are 3 and the critical value a plain quantile.
    assert found.details["effective_f_critical"] == pytest.approx(stats.ncx2.ppf(0.95, 3, 30) / 3, rel=1e-6)


def test_scale_order_and_absorbed_strata():
    df = offers().assign(arm=lambda one: one.index % 3)
    found = instrumental_variables(df, **ASK, strata="arm", controls=["age"], cluster="village")
    other = df.sample(frac=1, random_state=3).assign(
        food=lambda one: 1e6 * one["food"] + 3, age=lambda one: -one["age"]
    )
    again = instrumental_variables(other, **ASK, strata="arm", controls=["age"], cluster="village")
    assert again.estimate == pytest.approx(1e6 * found.estimate)
    assert again.std_error == pytest.approx(1e6 * found.std_error)
    ends = np.array(found.details["anderson_rubin"]) * 1e6
    assert np.array(again.details["anderson_rubin"]) == pytest.approx(ends)


def test_design_speaks_of_the_instrument():
    design = Design("village", cluster="village")
    df = offers().assign(offer=lambda one: one["village"] % 2)
    found = instrumental_variables(df, **ASK, design=design)
    assert [check.passed for check in found.checks[:2]] == [False, True]


@pytest.mark.parametrize(
    ("change", "ask", "message"),
    [
        ({}, {"instrument": ()}, "instrument: got none"),
        ({}, {"instrument": "took"}, "'took' is also in the treatment"),
        ({}, {"instrument": "age", "controls": ["age"]}, "'age' is also in the controls"),
        ({"offer": 1}, {}, "instrument: column 'offer' does not vary"),
        ({"same": lambda df: df["offer"]}, {"controls": ["same"]}, "'offer' does not vary once controls"),
        ({"took": 1}, {}, "'took' is 1 in all"),
        ({"offer": "yes"}, {}, "'offer' is not numeric"),
        (
            {"took": lambda df: df.index // 2 % 2, "offer": lambda df: df.index % 2},
            {},
            "'offer' does not move 'took'",
        ),
    ],
)
def test_refusals(change, ask, message):
    with pytest.raises(ValueError, match=message):
        instrumental_variables(offers().assign(**change), **(ASK | ask))


@pytest.mark.slow
def test_recovery_and_coverage():
    draws, truth = 500, 2.0
    found = [instrumental_variables(offers(seed), **ASK) for seed in range(draws)]
    values = np.array([one.estimate for one in found])
    error = np.sqrt(0.95 * 0.05 / draws)
    assert abs(np.median(values) - truth) < 4 * 1.2533 * values.std() / np.sqrt(draws)
    low, high = np.array([one.conf_int() for one in found]).T
    assert ((low <= truth) & (truth <= high)).mean() == pytest.approx(0.95, abs=4 * error)


@pytest.mark.slow
def test_anderson_rubin_covers_where_the_instrument_is_weak():
    draws, truth = 800, 2.0
    inside = [
        any(low <= truth <= high for low, high in found.details["anderson_rubin"])
        for found in (
            instrumental_variables(offers(seed, n=200, push=0.06, dose=True), **ASK) for seed in range(draws)
        )
    ]
    assert np.mean(inside) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / draws))
