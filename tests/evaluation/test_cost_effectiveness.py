"""Cost per unit of effect: Fieller by brute force, coverage, and honest words where there is no upper bound."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from aspfin.data.synthetic import programme_panel
from aspfin.evaluation.cost_effectiveness import cost_effectiveness
from aspfin.evaluation.cost_intervals import bootstrap_pairs, fieller
from aspfin.results import ImpactEstimate, Money


def impact(estimate, std_error, **more):
    given = dict(method="difference in means", estimand="ITT", outcome="food", treated="cash", n_obs=400)
    return ImpactEstimate(**given, estimate=estimate, std_error=std_error, std_error_kind="HC1", **more)


CASES = [
    (60.0, 12.0, 9.0, 4.0, 2.0),  # significant: one interval
    (60.0, 3.0, 9.0, 16.0, -3.0),  # not significant: two rays
    (2.0, 1.0, 9.0, 16.0, 0.0),  # neither: the whole line
    (-60.0, 12.0, 9.0, 4.0, -2.0),
    (60.0, -12.0, 0.0, 4.0, 0.0),
]


@pytest.mark.parametrize("case", CASES)
def test_fieller_is_the_set_of_ratios_not_rejected(case):
    c, e, vc, ve, cov = case
    sets = fieller(c, e, vc, ve, cov, 1.96)
    ratios = np.concatenate([np.linspace(-400, 400, 80_001), [-1e7, 1e7]])
    kept = (c - ratios * e) ** 2 <= 1.96**2 * (vc - 2 * ratios * cov + ratios**2 * ve)
    inside = np.any([(low <= ratios) & (ratios <= high) for low, high in sets], axis=0)
    near = np.any([np.abs(ratios - end) < 1e-6 for one in sets for end in one], axis=0)
    assert (kept == inside)[~near].all()


def test_fieller_on_the_edge_is_one_ray():
    assert fieller(60.0, 8.0, 0.0, 16.0, 0.0, 2.0) == ((3.75, math.inf),)
    assert fieller(60.0, -8.0, 0.0, 16.0, 0.0, 2.0) == ((-math.inf, -3.75),)
    assert fieller(0.0, 8.0, 0.0, 16.0, 0.0, 2.0) == ((-math.inf, math.inf),)


def test_known_cost_turns_the_interval_of_the_effect_over():
    effect = impact(12.0, 4.0, df=18)
    result = cost_effectiveness(effect, Money(60.0, "USD"))
    low, high = effect.conf_int()
    assert result.fieller[0] == pytest.approx((60 / high, 60 / low))
    assert (result.ratio, result.effect_per_cost, result.currency) == (5.0, 0.2, "USD")
    assert "One unit of food costs USD 5 (95 % Fieller interval" in result.sentence()
    # The parametric bootstrap draws from the same law.
    assert result.bootstrap[0] == pytest.approx(result.fieller[0], rel=0.03)


def test_an_estimated_cost_brings_its_own_error():
    spent = impact(60.0, 3.0)
    result = cost_effectiveness(impact(12.0, 4.0), spent, share_receiving=0.5, currency="USD")
    assert (result.cost, result.cost_std_error, result.currency) == (30.0, 1.5, "USD")
    assert cost_effectiveness(impact(12.0, 4.0), Money(60.0, "KHR"), currency="USD").currency == "KHR"


def test_no_upper_bound_is_told():
    result = cost_effectiveness(impact(3.0, 4.0), 60.0)
    assert not result.bounded
    assert result.fieller[0][0] == result.bootstrap[0][0] == -math.inf
    assert result.fieller[1][0] == pytest.approx(60 / (3 + 1.959964 * 4), rel=1e-6)
    assert result.bootstrap[1][0] == pytest.approx(result.fieller[1][0], rel=0.02)
    assert "cannot be told from 0" in result.sentence()
    assert "below" in result.text("fieller")
    assert np.isinf(result.to_frame().ci_high.iloc[-1])


def test_lower_is_better_and_take_up_scale_as_they_should():
    higher = cost_effectiveness(impact(12.0, 4.0), 60.0, cost_std_error=2.0, correlation=0.3)
    lower = cost_effectiveness(impact(-12.0, 4.0), 60.0, cost_std_error=2.0, correlation=-0.3, better="lower")
    assert lower.fieller[0] == pytest.approx(higher.fieller[0])
    scaled = cost_effectiveness(
        impact(12.0, 4.0), 100.0, cost_std_error=2.0 / 0.6, correlation=0.3, share_receiving=0.6
    )
    assert scaled.fieller[0] == pytest.approx(higher.fieller[0])


def test_bias_corrected_estimates_stand_on_their_centre():
    effect = impact(10.0, 4.0, centre=12.0, centre_std_error=4.5)
    result = cost_effectiveness(effect, 60.0)
    assert result.ratio == 6.0
    low, high = effect.conf_int()
    assert result.fieller[0] == pytest.approx((60 / high, 60 / low))


def test_worthwhile_probability():
    result = cost_effectiveness(impact(12.0, 4.0), 60.0, cost_std_error=3.0, correlation=0.5)
    spread = math.sqrt((6 * 4) ** 2 - 2 * 6 * 0.5 * 4 * 3 + 9)
    assert result.probability_worthwhile(6.0) == pytest.approx(stats.norm.cdf((72 - 60) / spread))
    certain = cost_effectiveness(impact(12.0, 0.0), 60.0)
    assert (certain.probability_worthwhile(4.0), certain.probability_worthwhile(6.0)) == (0.0, 1.0)


@pytest.mark.slow
def test_sets_cover_the_true_ratio():
    """2,000 correlated draws of effect and cost, half of them with weak effects: 95 % within 4 standard errors."""
    generator = np.random.default_rng(3)
    for effect in (6.0, 1.0):
        covered = {"fieller": 0, "bootstrap": 0}
        draws = 1_000
        for i in range(draws):
            z = generator.normal(size=2)
            e, c = effect + z[0], 40 + 3 * (0.6 * z[0] + 0.8 * z[1])
            result = cost_effectiveness(impact(e, 1.0), c, cost_std_error=3.0, correlation=0.6, seed=i)
            for name in covered:
                covered[name] += any(low <= 40 / effect <= high for low, high in getattr(result, name))
        assert covered["fieller"] / draws == pytest.approx(0.95, abs=4 * math.sqrt(0.0475 / draws))
        assert covered["bootstrap"] / draws == pytest.approx(0.95, abs=4 * math.sqrt(0.0475 / draws))


def gap(name):
    def estimate(df):
        present = df[df[name].notna()]
        return present[name][present.offered == 1].mean() - present[name][present.offered == 0].mean()

    return estimate


@pytest.fixture(scope="module")
def lottery():
    return programme_panel(seed=5, villages=12, households=10).lottery


def test_resampling_clusters_gives_the_cluster_robust_spread(lottery):
    """The bootstrap's standard error of a mean difference against the analytic one over village means."""
    pairs = bootstrap_pairs(
        lottery,
        effect=gap("consumption"),
        cost=gap("cost_usd"),
        cluster="village",
        strata="offered",
        draws=400,
    )
    assert pairs.shape == (400, 2)
    by_arm = lottery.dropna(subset=["consumption"])
    middle = by_arm.groupby("offered").consumption.transform("mean")
    sums = (by_arm.consumption - middle).groupby(by_arm.village).sum()
    arm = by_arm.groupby("village").offered.first()
    n = by_arm.groupby("offered").size()
    exact = math.sqrt(sum((sums[arm == a] ** 2).sum() / n[a] ** 2 for a in (0, 1)))
    assert pairs[:, 0].std(ddof=1) == pytest.approx(exact, rel=4 / math.sqrt(2 * 400))
    result = cost_effectiveness(
        impact(gap("consumption")(lottery), exact), gap("cost_usd")(lottery), pairs=pairs
    )
    assert result.bootstrap_kind == "resampled data"
    assert result.cost_std_error == pytest.approx(pairs[:, 1].std(ddof=1))
    assert result.correlation == pytest.approx(np.corrcoef(pairs.T)[0, 1])
    assert result.bounded


def test_resampling_is_reproducible_keeps_strata_and_leaves_the_frame(lottery):
    before = lottery.copy()

    def share(df):
        return df.offered.mean()

    def villages(df):
        return float(df.village.nunique())

    one, two = (
        bootstrap_pairs(lottery, effect=share, cost=villages, cluster="village", strata="province", draws=5)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one, two)
    assert (one[:, 1] == lottery.village.nunique()).all()  # a village drawn twice counts as two
    pd.testing.assert_frame_equal(lottery, before)


def test_refused_draws_are_few_or_told():
    df = pd.DataFrame({"offered": [0, 1, 1], "food": [1.0, 2.0, 3.0]})

    def picky(d):
        if d.offered.nunique() < 2:
            raise ValueError("treated: no variation")
        return d.food.mean()

    with pytest.raises(
        ValueError, match=r"draws: \d+ of 100 could not be estimated \(treated: no variation\)"
    ):
        bootstrap_pairs(df, effect=picky, cost=picky, draws=100)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (dict(cost=60.0, better="more"), "better: got 'more'"),
        (dict(cost=60.0, share_receiving=0.0), "share_receiving: got 0.0"),
        (dict(cost=60.0, level=1.0), "level: got 1.0"),
        (dict(cost=60.0, correlation=2.0), "correlation: got 2.0"),
        (dict(cost=60.0, cost_std_error=-1.0), "cost_std_error: got -1.0"),
        (dict(cost=60.0, cost_std_error=40.0), r"cost: got 60 \(standard error 40\)"),
        (dict(cost=-5.0), "cost: got -5"),
        (dict(cost=60.0, pairs=np.ones((3, 3))), r"pairs: got shape \(3, 3\)"),
        (dict(cost=impact(60.0, 2.0), cost_std_error=1.0), "cost_std_error: given beside"),
    ],
)
def test_wrong_arguments_are_named(arguments, told):
    with pytest.raises(ValueError, match=f"^{told}"):
        cost_effectiveness(impact(12.0, 4.0), **arguments)


def test_wrong_columns_are_named(lottery):
    share = lambda df: float(len(df))  # noqa: E731
    with pytest.raises(ValueError, match="there is no column 'vilage'; did you mean 'village'"):
        bootstrap_pairs(lottery, effect=share, cost=share, cluster="vilage")
    with pytest.raises(ValueError, match="strata: column 'received' varies within 'village'"):
        bootstrap_pairs(lottery, effect=share, cost=share, cluster="village", strata="received", draws=3)
