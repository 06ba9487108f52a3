"""Power: against closed forms, an independent library, and simulated experiments."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower

from aspfin.evaluation.power import achieved_power, budget_curve, minimum_detectable_effect, sample_size
from aspfin.evaluation.power_terms import t_power


@pytest.mark.parametrize("effect", [0.05, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("share", [0.5, 0.3])
def test_individuals_agree_with_statsmodels(effect, share):
    ratio = (1 - share) / share
    n1 = TTestIndPower().solve_power(effect_size=effect, alpha=0.05, power=0.9, ratio=ratio)
    ours = sample_size(effect=effect, power=0.9, share_treated=share)
    assert (ours.clusters_treated, ours.clusters_control) == (math.ceil(n1), math.ceil(ratio * n1))
    theirs = TTestIndPower().power(effect, 80, 0.05, ratio=ratio)
    assert achieved_power(effect=effect, clusters=80 / share, share_treated=share) == pytest.approx(
        theirs, abs=1e-8
    )


@pytest.mark.parametrize("df", [1, 2, 5, 30, 1_000, 1e6])
@pytest.mark.parametrize("shift", [0.0, 0.5, 2.8, 4.9, 5.1, 12.0, 60.0])
def test_power_of_the_t_test(df, shift):
    """Against the definition: P(|Z + shift| > c·S) with S² = χ²/df, integrated over the quantiles of S."""
    critical = stats.t.ppf(0.975, df)
    share = (np.arange(200_000) + 0.5) / 200_000
    c = critical * np.sqrt(stats.chi2.ppf(share, df) / df)
    exact = np.mean(stats.norm.sf(c - shift) + stats.norm.cdf(-c - shift))
    assert t_power(shift, df, 0.05) == pytest.approx(exact, abs=2e-6)
    assert t_power(-shift, df, 0.05) == t_power(shift, df, 0.05)


def test_clusters_by_hand():
    """40 clusters of 25, icc .1, equal arms: SE = sqrt(4·(1 + 24·.1)/1000), t on 38 degrees of freedom."""
    se = math.sqrt(4 * 3.4 / 1000)
    mde = minimum_detectable_effect(clusters=40, cluster_size=25, icc=0.1)
    assert mde.design_effect == pytest.approx(3.4)
    assert mde.df == 38
    # The sum of t quantiles is the usual approximation to the noncentral t; they differ in the third digit.
    by_quantiles = (stats.t.ppf(0.975, 38) + stats.t.ppf(0.8, 38)) * se
    assert mde.effect == pytest.approx(by_quantiles, rel=2e-3)
    assert stats.nct.sf(stats.t.ppf(0.975, 38), 38, mde.effect / se) == pytest.approx(0.8, abs=1e-6)


def test_large_samples_reach_the_textbook_formula():
    """n per arm = 2(z.975 + z.8)²(sd/effect)² · (1 + (m - 1)·icc) · (1 - r²)/(p²(1 - a))."""
    z = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    given = dict(effect=0.02, sd=1.5, take_up=0.6, baseline_correlation=0.5, icc=0.03, cluster_size=10)
    n = 2 * z**2 * (1.5 / 0.02) ** 2 * (1 + 9 * 0.03) * (1 - 0.25) / 0.36
    assert sample_size(**given).n_sampled / 2 == pytest.approx(n, rel=1e-3)


def test_unequal_clusters_and_attrition_from_the_sizes_themselves():
    """The design effect of drawn cluster sizes, thinned by chance, is E[Σm²]/E[Σm] put into 1 + (· - 1)·icc."""
    generator = np.random.default_rng(5)
    sizes = generator.integers(4, 40, 200_000)
    found = generator.binomial(sizes, 0.8)
    cv = sizes.std() / sizes.mean()
    exact = 1 + ((found**2).sum() / found.sum() - 1) * 0.07
    ours = minimum_detectable_effect(
        clusters=50, cluster_size=sizes.mean(), cluster_cv=cv, attrition=0.2, icc=0.07
    )
    assert ours.design_effect == pytest.approx(exact, rel=2e-3)


def test_take_up_scales_the_effect_and_sd_the_unit():
    base = minimum_detectable_effect(clusters=60, cluster_size=15, icc=0.05)
    half = minimum_detectable_effect(clusters=60, cluster_size=15, icc=0.05, take_up=0.5, sd=30.0)
    assert half.effect == pytest.approx(60 * base.effect)
    assert half.effect_itt == pytest.approx(30 * base.effect)


def test_size_effect_and_power_agree_with_each_other():
    given = dict(icc=0.08, cluster_size=12, cluster_cv=0.4, take_up=0.7, attrition=0.1, share_treated=0.4)
    design = sample_size(effect=0.3, **given)
    mde = minimum_detectable_effect(clusters=design.clusters, **given)
    assert mde.effect <= 0.3
    assert minimum_detectable_effect(clusters=design.clusters - 3, **given).effect > 0.3
    assert achieved_power(effect=mde.effect, clusters=design.clusters, **given) == pytest.approx(
        0.8, abs=1e-6
    )
    assert sample_size(effect=-0.3, **given).clusters == design.clusters


def test_given_clusters_the_size_of_each_is_found_or_refused():
    design = sample_size(effect=0.25, icc=0.05, clusters=60)
    given = dict(effect=0.25, icc=0.05, clusters=60)
    assert achieved_power(cluster_size=design.cluster_size, **given) >= 0.8
    assert achieved_power(cluster_size=design.cluster_size - 1, **given) < 0.8
    with pytest.raises(ValueError, match=r"clusters: got 10, with which no cluster size reaches 80 % power"):
        sample_size(effect=0.25, icc=0.2, clusters=10)


def simulated_power(*, effect, clusters, m, icc, take_up, attrition, r, cv, draws, seed):
    """Share of simulated cluster experiments that reject, by regression on cluster sums with CR1 errors."""
    generator = np.random.default_rng(seed)
    rejected = 0
    for _ in range(draws):
        spread = cv * m * math.sqrt(3)
        sizes = np.maximum(np.rint(generator.uniform(m - spread, m + spread, clusters)), 1).astype(int)
        g = np.repeat(np.arange(clusters), sizes)
        n = len(g)
        village = generator.normal(0, math.sqrt(icc), (2, clusters))
        person = generator.normal(0, math.sqrt(1 - icc), (2, n))
        before = village[0][g] + person[0]
        after = r * before + math.sqrt(1 - r**2) * (village[1][g] + person[1])
        treated = (generator.permutation(clusters) < clusters // 2)[g]
        y = after + effect * (treated & (generator.uniform(size=n) < take_up))
        keep = generator.uniform(size=n) >= attrition
        x = (
            np.column_stack([np.ones(n), treated, before])[keep]
            if r
            else np.column_stack([np.ones(n), treated])[keep]
        )
        bread = np.linalg.inv(x.T @ x)
        beta = bread @ x.T @ y[keep]
        scores = x * (y[keep] - x @ beta)[:, None]
        sums = np.zeros((clusters, x.shape[1]))
        np.add.at(sums, g[keep], scores)
        factor = clusters / (clusters - 1) * (len(x) - 1) / (len(x) - x.shape[1])
        se = math.sqrt(factor * (bread @ sums.T @ sums @ bread)[1, 1])
        rejected += abs(beta[1] / se) > stats.t.ppf(0.975, clusters - 2)
    return rejected / draws


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [
        dict(take_up=1.0, attrition=0.0, r=0.0, cv=0.0),
        dict(take_up=0.6, attrition=0.2, r=0.0, cv=0.0),
        dict(take_up=1.0, attrition=0.0, r=0.6, cv=0.0),
        dict(take_up=0.8, attrition=0.1, r=0.5, cv=0.4),
    ],
)
def test_simulated_experiments_reject_as_often_as_told(case):
    """4 Monte Carlo standard errors: a design effect, take-up or r left out would miss by ten or more."""
    draws, clusters, m, icc = 1_200, 100, 15, 0.08
    given = dict(icc=icc, cluster_size=m, cluster_cv=case["cv"], take_up=case["take_up"])
    given |= dict(attrition=case["attrition"], baseline_correlation=case["r"])
    effect = minimum_detectable_effect(clusters=clusters, power=0.7, **given).effect
    share = simulated_power(effect=effect, clusters=clusters, m=m, icc=icc, draws=draws, seed=11, **case)
    assert share == pytest.approx(0.7, abs=4 * math.sqrt(0.21 / draws))


def test_budget_curve_finds_the_textbook_cluster_size():
    """With many clusters the best size is sqrt(cost per cluster/cost per person · (1 - icc)/icc)."""
    curve = budget_curve([5e6], cost_per_cluster=300, cost_per_person=15, icc=0.05)
    assert curve.cluster_size[0] == pytest.approx(math.sqrt(300 / 15 * 0.95 / 0.05), abs=1)
    curve = budget_curve(
        [2e4, 8e4, 3e5], cost_per_cluster=300, cost_per_person=15, icc=0.05, fixed_cost=5_000
    )
    assert curve.minimum_detectable_effect.is_monotonic_decreasing
    assert (curve.spent <= curve.budget).all()


def test_budget_curve_compares_given_sizes_and_counts_programme_costs():
    sizes = budget_curve([5e4], cost_per_cluster=300, cost_per_person=15, cluster_sizes=[5, 20], icc=0.05)
    assert sizes.cluster_size.tolist() == [5, 20]
    best = budget_curve([5e4], cost_per_cluster=300, cost_per_person=15, icc=0.05)
    assert best.minimum_detectable_effect[0] <= sizes.minimum_detectable_effect.min()
    paid = budget_curve(
        [5e4], cost_per_cluster=300, cost_per_person=15, cluster_sizes=[20], cost_per_treated=100, take_up=0.5
    )
    assert paid.clusters[0] == 5e4 // (300 + 20 * (15 + 0.5 * 0.5 * 100))
    poor = budget_curve([500], cost_per_cluster=300, cost_per_person=15)
    assert poor.minimum_detectable_effect.isna().all()


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("icc", 1.0),
        ("icc", -0.1),
        ("share_treated", 1.0),
        ("take_up", 0.0),
        ("attrition", 1.0),
        ("baseline_correlation", 1.0),
        ("alpha", 0.0),
        ("power", 0.04),
        ("sd", 0.0),
        ("sd", math.nan),
        ("cluster_size", 0.5),
        ("cluster_cv", -1.0),
        ("effect", 0.0),
        ("effect", math.nan),
        ("clusters", 2),
    ],
)
def test_wrong_arguments_are_named(argument, value):
    with pytest.raises(ValueError, match=f"^{argument}: got {value!r}"):
        sample_size(**{"effect": 0.2, argument: value})


def test_an_effect_out_of_reach_is_told():
    with pytest.raises(ValueError, match="needs more than 10,000,000 clusters"):
        sample_size(effect=1e-6)


def test_words():
    design = sample_size(effect=0.5)
    assert "128 persons are needed, 64 of them treated: 128 expected" in design.sentence()
    assert design.to_frame().clusters[0] == 128
