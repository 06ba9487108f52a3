"""Randomisation inference and the wild cluster bootstrap against slow references."""

from functools import partial
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest

from aspfin.evaluation import difference_in_means, randomisation_inference, wild_cluster_bootstrap
from aspfin.evaluation.assignments import assignments
from aspfin.evaluation.regression import least_squares

DRAWS = 2000


def people(seed=0, n=240, effect=0.0):
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(12), n // 12)
    df = pd.DataFrame({"cluster": cluster, "stratum": cluster % 3, "x": rng.normal(size=n)})
    df["w"] = rng.uniform(0.5, 2, n)
    df["own"] = rng.permutation(n) % 2
    df["whole"] = (cluster // 3) % 2
    df["y"] = (
        df["x"] + df["stratum"] + effect * df["whole"] + rng.normal(size=n) + rng.normal(size=12)[cluster]
    )
    return df


def monte_carlo(p, draws=DRAWS):
    return 4 * np.sqrt(p * (1 - p) / draws) + 1 / draws


@pytest.mark.parametrize(
    "ask",
    [
        {"treated": "own"},
        {"treated": "own", "strata": "stratum", "controls": ["x"]},
        {"treated": "own", "strata": "stratum", "weights": "w"},
        {"treated": "own", "controls": ["x"], "weights": "w"},
    ],
)
def test_vectorised_draws_agree_with_any_estimator_called_in_a_loop(ask):
    df = people(3)
    fast = randomisation_inference(df, outcome="y", draws=DRAWS, **ask)
    slow = randomisation_inference(
        df,
        estimator=partial(difference_in_means, outcome="y", **ask),
        treated="own",
        strata=ask.get("strata"),
        draws=300,
        seed=1,
    )
    assert fast.estimate == pytest.approx(slow.estimate)
    assert fast.p_value == pytest.approx(slow.p_value, abs=monte_carlo(slow.p_value, 300))
    assert fast.std_error == pytest.approx(slow.std_error, rel=4 / np.sqrt(2 * 300))
    analytic = difference_in_means(df, outcome="y", **ask)
    assert fast.estimate == pytest.approx(analytic.estimate)


def test_few_assignments_are_all_used():
    """Whole clusters within strata: 4 clusters in each of 3 strata, 2 treated: 6³ assignments, each by hand."""
    df = people(5, effect=1.0)
    ask = {"treated": "whole", "strata": "stratum", "cluster": "cluster"}
    found = randomisation_inference(df, outcome="y", **ask)
    assert (found.draws, found.exact, found.n_clusters) == (216, True, 12)
    members = [np.flatnonzero(np.arange(12) % 3 == s) for s in range(3)]
    values = []
    for chosen in product(*(combinations(one, 2) for one in members)):
        t = np.isin(df["cluster"], np.concatenate(chosen)).astype(float)
        x = np.column_stack([t, pd.get_dummies(df["stratum"]).to_numpy(dtype=float)])
        values.append(least_squares(df["y"].to_numpy(), x).coef[0])
    assert found.p_value == np.mean(np.abs(values) >= abs(found.estimate) - 1e-9)
    slow = randomisation_inference(
        df, estimator=partial(difference_in_means, outcome="y", treated="whole", strata="stratum"), **ask
    )
    assert slow.p_value == found.p_value
    assert np.isnan(slow.conf_int()).all()
    assert "all 216 possible draws" in found.sentence()
    assert "interval" not in slow.sentence()


def test_interval_holds_the_effects_that_are_not_rejected():
    df = people(6).assign(y=lambda one: one["y"] + 0.5 * one["own"])
    found = randomisation_inference(df, outcome="y", treated="own", draws=DRAWS)
    low, high = found.conf_int()
    shifted = df.assign(y=lambda one: one["y"] - (high + 1e-6) * one["own"])
    assert randomisation_inference(shifted, outcome="y", treated="own", draws=DRAWS).p_value <= 0.05
    shifted = df.assign(y=lambda one: one["y"] - (low + 0.01) * one["own"])
    assert randomisation_inference(shifted, outcome="y", treated="own", draws=DRAWS).p_value > 0.05
    # In a large sample it is the ordinary interval, but for Monte Carlo error.
    ends = difference_in_means(df, outcome="y", treated="own").conf_int()
    assert (low, high) == pytest.approx(ends, abs=0.12 * (ends[1] - ends[0]))


def test_draws_keep_the_number_treated_in_each_stratum():
    rng = np.random.default_rng(0)
    strata = rng.integers(0, 5, 60)
    treated = (rng.random(60) < 0.4).astype(float)
    plan = assignments(treated, strata, None, ("t", "s", ""))
    drawn = np.concatenate(list(plan.draws(4000, 1)))
    for s in range(5):
        rows = strata == s
        assert (drawn[:, rows].sum(axis=1) == treated[rows].sum()).all()
        chance = treated[rows].mean()
        assert drawn[:, rows].mean(axis=0) == pytest.approx(
            np.full(rows.sum(), chance), abs=4.5 * np.sqrt(chance * (1 - chance) / 4000) + 1e-9
        )


def test_same_seed_same_answer_and_row_order_does_not_change_the_exact_test():
    df = people(7)
    first, second = (
        randomisation_inference(df, outcome="y", treated="own", draws=300, seed=4) for _ in range(2)
    )
    assert first.p_value == second.p_value
    ask = {"outcome": "y", "treated": "whole", "strata": "stratum", "cluster": "cluster"}
    shuffled = df.sample(frac=1, random_state=1)
    assert randomisation_inference(df, **ask).p_value == randomisation_inference(shuffled, **ask).p_value


@pytest.mark.slow
def test_the_test_has_its_size():
    p = [
        randomisation_inference(people(seed), outcome="y", treated="own", controls=["x"], draws=199).p_value
        for seed in range(400)
    ]
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 400))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        ({"treated": "own", "cluster": "cluster"}, "'own' differs within clusters of 'cluster'"),
        ({"treated": "whole", "strata": "own", "cluster": "cluster"}, "'own' differs within clusters"),
        ({"treated": "whole", "strata": "cluster"}, "could not have been drawn otherwise"),
        ({"treated": "own", "draws": 0}, "draws: got 0"),
        ({"treated": "own", "outcome": None}, "outcome: got none"),
        ({"treated": "own", "estimator": "median"}, "estimator: got 'median'"),
        ({"treated": "own", "estimator": len}, "belong to the named estimator"),
        ({"treated": "own", "estimator": lambda df: np.nan, "outcome": None}, "returned nan"),
    ],
)
def test_refusals(ask, message):
    with pytest.raises(ValueError, match=message):
        randomisation_inference(people(), **({"outcome": "y"} | ask))


def slow_wild_p(df, effect, strata, weights):
    """Remake the data under the null for every way to sign the clusters, and refit."""
    y, t, g = df["y"].to_numpy(), df["whole"].to_numpy(float), df["cluster"].to_numpy()
    w = np.ones(len(df)) if weights is None else df[weights].to_numpy()
    dummies = np.ones((len(df), 1)) if strata is None else pd.get_dummies(df[strata]).to_numpy(dtype=float)
    null = least_squares(y - effect * t, np.column_stack([df["x"], dummies]), weights=w)
    # Strata that lie across clusters count fully in the small-sample factor, those within them once.
    absorb = None if strata is None else df[strata].to_numpy()
    x = np.column_stack([t, df["x"], *([dummies] if strata is None else [])])

    def t_statistic(values):
        fit = least_squares(values, x, weights=w, clusters=g, absorb=absorb)
        return abs((fit.coef[0] - effect) / fit.std_error[0])

    found = t_statistic(y)
    ways = product((1.0, -1.0), repeat=int(g.max()) + 1)
    redrawn = [t_statistic(y - null.residuals + null.residuals * np.array(signs)[g]) for signs in ways]
    return np.mean(np.array(redrawn) >= found * (1 - 1e-9))


@pytest.mark.parametrize(("strata", "weights"), [(None, None), ("part", None), ("part", "w"), (None, "w")])
def test_wild_bootstrap_agrees_with_remaking_the_data(strata, weights):
    df = people(8, effect=1.0)
    df = df[df["cluster"] < 8].assign(part=lambda one: np.arange(len(one)) % 3)
    found = wild_cluster_bootstrap(
        df, outcome="y", treated="whole", cluster="cluster", controls=["x"], strata=strata, weights=weights
    )
    assert (found.draws, found.exact) == (256, True)
    assert found.p_value == slow_wild_p(df, 0.0, strata, weights)
    inside, outside = found.estimate + found.std_error, found.conf_int()[1] + 0.05
    assert slow_wild_p(df, inside, strata, weights) > 0.05
    assert slow_wild_p(df, outside, strata, weights) <= 0.05
    plain = difference_in_means(
        df, outcome="y", treated="whole", cluster="cluster", controls=["x"], strata=strata, weights=weights
    )
    assert (found.estimate, found.std_error) == (plain.estimate, plain.std_error)


def test_drawn_signs_approach_all_signs_and_webb_weights_are_near():
    df = people(9, effect=1.0)
    ask = {"outcome": "y", "treated": "whole", "cluster": "cluster"}
    exact = wild_cluster_bootstrap(df, **ask)
    assert exact.draws == 4096
    drawn = wild_cluster_bootstrap(df, **ask, draws=3999)
    assert not drawn.exact
    assert drawn.p_value == pytest.approx(exact.p_value, abs=monte_carlo(exact.p_value, 3999))
    webb = wild_cluster_bootstrap(df, **ask, distribution="webb")
    assert webb.p_value == pytest.approx(exact.p_value, abs=0.05)


def test_an_interval_may_be_unbounded_with_very_few_clusters():
    df = people(10)
    df = df[df["cluster"] < 4].assign(whole=lambda one: one["cluster"] % 2)
    found = wild_cluster_bootstrap(df, outcome="y", treated="whole", cluster="cluster")
    assert found.draws == 16
    assert found.p_value >= 2 / 16
    assert found.conf_int() == (-np.inf, np.inf)


@pytest.mark.slow
def test_with_few_clusters_the_bootstrap_has_its_size_and_cr1_has_not():
    """Ten clusters, three treated: t by CR1 rejects too often."""
    boot, plain = [], []
    for seed in range(500):
        df = people(seed)
        # Strata differ in level and treatment is balanced over them, which would hide the error.
        df = df[df["cluster"] < 10].assign(
            whole=lambda one: (one["cluster"] < 3) * 1, y=lambda one: one["y"] - one["stratum"]
        )
        ask = {"outcome": "y", "treated": "whole", "cluster": "cluster", "controls": ["x"]}
        found = wild_cluster_bootstrap(df, **ask, draws=1024)
        boot.append(found.p_value <= 0.05)
        plain.append(difference_in_means(df, **ask).p_value <= 0.05)
    error = np.sqrt(0.05 * 0.95 / 500)
    assert np.mean(boot) <= 0.05 + 4 * error
    assert np.mean(plain) > np.mean(boot)
    assert np.mean(plain) > 0.05 + 2 * error


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        ({"draws": 1.5}, "draws: got 1.5"),
        ({"distribution": "normal"}, "distribution: got 'normal'"),
        ({"cluster": "one"}, "only 1 cluster"),
    ],
)
def test_wild_refusals(ask, message):
    given = {"outcome": "y", "treated": "whole", "cluster": "cluster"} | ask
    with pytest.raises(ValueError, match=message):
        wild_cluster_bootstrap(people().assign(one=1), **given)
