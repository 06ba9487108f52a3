"""Difference in means and Design: behaviour, invariances, recovery."""

import numpy as np
import pandas as pd
import pytest

from aspfin import evaluation
from aspfin.evaluation import Design, difference_in_means
from aspfin.evaluation.regression import least_squares


def villages(seed=0, n_villages=40, size=12, effect=2.0, spread=1.0):
    """Cash given by whole villages, within two regions; baseline food known."""
    rng = np.random.default_rng(seed)
    village = np.repeat(np.arange(n_villages), size)
    region = village % 2
    treated = np.zeros(n_villages, dtype=int)
    for one in (0, 1):
        members = np.flatnonzero(np.arange(n_villages) % 2 == one)
        treated[rng.choice(members, members.size // 2, replace=False)] = 1
    n = village.size
    baseline = rng.normal(size=n) + rng.normal(size=n_villages)[village]
    food = 10 + effect * treated[village] + 0.7 * baseline + region + rng.normal(size=n)
    food += spread * rng.normal(size=n_villages)[village]
    return pd.DataFrame(
        {
            "food": food,
            "cash": treated[village],
            "village": [f"v{i:03d}" for i in village],
            "region": np.where(region, "north", "south"),
            "baseline": baseline,
            "sex": rng.choice(["f", "m"], n),
            "w": rng.uniform(0.5, 2, n),
        }
    )


FULL = {"outcome": "food", "treated": "cash", "controls": ["baseline", "sex"], "strata": "region"}


def test_equals_the_long_regression():
    df = villages()
    found = difference_in_means(df, **FULL, cluster="village", weights="w")
    x = np.column_stack(
        [df["cash"], df["baseline"], df["sex"] == "m", df["region"] == "north", np.ones(len(df))]
    ).astype(float)
    codes = df["village"].factorize()[0]
    fit = least_squares(df["food"].to_numpy(), x, weights=df["w"].to_numpy(), clusters=codes)
    assert found.estimate == pytest.approx(fit.coef[0])
    assert found.std_error == pytest.approx(fit.std_error[0])
    assert (found.df, found.n_clusters, found.estimand) == (39, 40, "ITT")
    assert found.std_error_kind == "clustered by village (CR1)"
    assert found.method == "difference in means with strata effects and controls"


def test_row_order_labels_shift_and_scale():
    df = villages()
    found = difference_in_means(df, **FULL, cluster="village", weights="w", by="sex")
    other = df.sample(frac=1, random_state=2).assign(
        food=lambda one: 1000 + 50 * one["food"],
        w=lambda one: 3 * one["w"],
        village=lambda one: one["village"].map(lambda name: hash(name) % 10**9),
    )
    again = difference_in_means(other, **FULL, cluster="village", weights="w", by="sex")
    assert again.estimate == pytest.approx(50 * found.estimate)
    assert again.std_error == pytest.approx(50 * found.std_error)
    assert again.p_value == pytest.approx(found.p_value)
    assert again.by["estimate"].tolist() == pytest.approx((50 * found.by["estimate"]).tolist())


def test_weights_of_two_equal_rows_given_twice():
    df = villages().assign(w=lambda one: np.where(one["sex"] == "f", 2, 1))
    twice = pd.concat([df, df[df["sex"] == "f"]])
    a = difference_in_means(df, outcome="food", treated="cash", cluster="village", weights="w")
    b = difference_in_means(twice, outcome="food", treated="cash", cluster="village")
    assert a.estimate == pytest.approx(b.estimate)
    # Clustered scores are the same sums; only (n − 1) / (n − K) knows of the rows.
    ratio = np.sqrt((479 / 478) / ((len(twice) - 1) / (len(twice) - 2)))
    assert a.std_error == pytest.approx(b.std_error * ratio)


def test_subgroup_effects_and_the_test_that_they_are_equal():
    df = villages().assign(food=lambda one: one["food"] + 3 * one["cash"] * (one["sex"] == "m"))
    found = difference_in_means(df, outcome="food", treated="cash", by="sex", cluster="village")
    assert list(found.by) == ["sex", "estimate", "std_error", "ci_low", "ci_high", "p_value", "n_obs"]
    for level, row in found.by.set_index("sex").iterrows():
        alone = difference_in_means(df[df["sex"] == level], outcome="food", treated="cash")
        assert row["estimate"] == pytest.approx(alone.estimate)
        assert row["n_obs"] == alone.n_obs
    assert found.details["interaction_p_value"] < 0.001
    assert found.details["interaction_df"] == (1, 39)
    # One contrast: F is the squared t of the interaction.
    x = np.column_stack([df["cash"] * (df["sex"] == "m"), df["cash"], df["sex"] == "m", np.ones(len(df))])
    fit = least_squares(df["food"].to_numpy(), x.astype(float), clusters=df["village"].factorize()[0])
    assert found.details["interaction_f"] == pytest.approx((fit.coef[0] / fit.std_error[0]) ** 2)


def test_controls_that_strata_determine_are_left_out_and_named():
    df = villages().assign(
        north=lambda one: (one["region"] == "north") * 1, twice=lambda one: 2 * one["baseline"]
    )
    found = difference_in_means(
        df, outcome="food", treated="cash", controls=["north", "baseline", "twice"], strata="region"
    )
    assert found.details["left_out"] == ("twice", "north")
    plain = difference_in_means(df, outcome="food", treated="cash", controls=["baseline"], strata="region")
    assert found.estimate == pytest.approx(plain.estimate)


@pytest.mark.parametrize("name", ["a:b", "C(x)", 'it\'s "so"', "two words", "ចំណូល", "x0"])
def test_formula_like_names(name):
    df = villages()
    plain = difference_in_means(df, **FULL, cluster="village", by="sex")
    odd = df.rename(
        columns={"baseline": name, "cash": f"{name} 2", "food": f"{name} 3", "village": f"{name} 4"}
    )
    found = difference_in_means(
        odd,
        outcome=f"{name} 3",
        treated=f"{name} 2",
        controls=[name, "sex"],
        strata="region",
        cluster=f"{name} 4",
        by="sex",
    )
    assert found.estimate == pytest.approx(plain.estimate)
    assert found.outcome == f"{name} 3"


@pytest.mark.parametrize(
    ("change", "ask", "message"),
    [
        ({"copy": lambda df: df["cash"]}, {"controls": ["copy"]}, "'cash' does not vary once controls"),
        ({}, {"strata": "village"}, "'cash' does not vary once controls and strata"),
        ({"one": 1}, {"cluster": "one"}, "only 1 cluster"),
        ({}, {"by": "village"}, "'village' = 'v000' has only one arm"),
        ({"one": 1}, {"by": "one"}, "'one' has 1 levels"),
        ({}, {"by": "baseline"}, "cut it into fewer groups"),
        ({}, {"covariance": "robust"}, "covariance: got 'robust'"),
    ],
)
def test_refusals(change, ask, message):
    df = villages().assign(**change)
    with pytest.raises(ValueError, match=message):
        difference_in_means(df, outcome="food", treated="cash", **ask)


def test_design_warns_below_the_level_of_assignment():
    df = villages().assign(person=range(480))
    design = Design("village", cluster="village", strata="region", probabilities=0.5)
    ask = {"outcome": "food", "treated": "cash", "design": design}
    verdict = {
        cluster: [c.passed for c in difference_in_means(df, **ask, cluster=cluster).checks]
        for cluster in (None, "person", "village")
    }
    assert verdict == {
        None: [False, True, True],
        "person": [False, True, True],
        "village": [True, True, True],
    }
    coarser = df.assign(district=lambda one: one["village"].str[:3])
    assert difference_in_means(coarser, **ask, cluster="district").checks[0].passed
    mixed = df.assign(cash=lambda one: np.arange(480) % 2)
    assert difference_in_means(mixed, **ask, cluster="village").checks[1].passed is False
    assert Design().check(None).passed
    assert "1 of 3 checks failed" in str(difference_in_means(df, **ask))


def test_design_refuses_an_impossible_probability():
    with pytest.raises(ValueError, match=r"probabilities: got 1\.5"):
        Design(probabilities=1.5)


def cover(draws, estimate, truth):
    """Bias in Monte Carlo standard errors, and the share of intervals that hold the truth."""
    found = [estimate(seed) for seed in range(draws)]
    values = np.array([one.estimate for one in found])
    low, high = np.array([one.conf_int() for one in found]).T
    bias = (values.mean() - truth) / (values.std() / np.sqrt(draws))
    return bias, float(((low <= truth) & (truth <= high)).mean())


@pytest.mark.slow
def test_intervals_cover_under_cluster_assignment_and_ignoring_clusters_does_not():
    """Trap: errors below the level of assignment. Bounds are four Monte Carlo standard errors wide."""
    draws = 600
    bias, covered = cover(
        draws, lambda seed: difference_in_means(villages(seed), **FULL, cluster="village"), 2.0
    )
    assert abs(bias) < 4
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / draws))
    _, naive = cover(200, lambda seed: difference_in_means(villages(seed), **FULL), 2.0)
    assert naive < 0.80


@pytest.mark.slow
@pytest.mark.parametrize("strata", [None, "region"])
def test_intervals_cover_under_individual_assignment(strata):
    def one(seed):
        rng = np.random.default_rng(seed)
        df = villages(seed, effect=0, spread=0)
        df = df.assign(cash=rng.permutation(480) % 2)
        df["food"] += 1.5 * df["cash"] * rng.exponential(size=480)
        return difference_in_means(df, outcome="food", treated="cash", controls=["baseline"], strata=strata)

    bias, covered = cover(800, one, 1.5)
    assert abs(bias) < 4
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 800))


def test_one_call_takes_little_time_beyond_its_arithmetic():
    import time

    df = villages()
    difference_in_means(df, **FULL, cluster="village")
    times = []
    for _ in range(7):
        start = time.perf_counter()
        difference_in_means(df, **FULL, cluster="village")
        times.append(time.perf_counter() - start)
    assert min(times) < 0.02


def test_calls_are_not_hidden_by_modules_of_the_same_name():
    import importlib

    for name, module in evaluation.FUNCTIONS.items():
        importlib.import_module(f"aspfin.evaluation.{module}")
        assert callable(getattr(evaluation, name)), name
        assert getattr(evaluation, name).__module__ == f"aspfin.evaluation.{module}"
    for name in evaluation.MODULES:
        assert getattr(evaluation, name).__name__ == f"aspfin.evaluation.{name}"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = evaluation.nothing


def test_import_is_light():
    import subprocess
    import sys

    heavy = ["pyfixest", "diff_diff", "statsmodels", "linearmodels", "scipy.stats", "matplotlib"]
    code = (
        "import sys, aspfin.evaluation as e; [getattr(e, n) for n in e.FUNCTIONS]; e.checks; e.power;"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
