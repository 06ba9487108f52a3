"""Inequality against R, published formulas, a slow reference, derivatives taken by hand, and invariances."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from survey_case import GOLDEN, TOLERANCE, VALUES, agrees, halves
from survey_data import golden_design, golden_survey

from aspfin import indicators
from aspfin.indicators import SurveyDesign, inequality, ranks

DF = golden_survey()
DESIGN = golden_design(DF)
COLUMNS = ("pre_pc_day", "post_pc_day")
WITHIN = (TOLERANCE["inequality"], TOLERANCE["inequality_std_error"])
SCALE_FREE = {
    "gini": indicators.gini,
    "theil": indicators.theil,
    "mean log deviation": indicators.mean_log_deviation,
    "share of the bottom 40 %": lambda design, y, **given: indicators.quantile_share(
        design, y, 0, 0.4, **given
    ),
    "share of the middle": lambda design, y, **given: indicators.quantile_share(
        design, y, 0.35, 0.8, **given
    ),
    "share ratio": lambda design, y, **given: indicators.quantile_share_ratio(
        design, y, convention="lorenz", **given
    ),
}


def people(incomes, weights=1.0):
    return SurveyDesign(pd.DataFrame({"y": np.asarray(incomes, dtype=float), "w": weights}), weights="w")


def slow_gini(y, w):
    """Half the mean difference of all pairs over the mean."""
    total = sum(w[i] * w[j] * abs(y[i] - y[j]) for i in range(len(y)) for j in range(len(y)))
    return total / (2 * sum(w) ** 2 * (np.dot(w, y) / sum(w)))


@pytest.mark.parametrize("column", COLUMNS)
def test_as_r(column):
    agrees(indicators.gini(DESIGN, column, convention="convey"), f"gini_{column}", *WITHIN)
    agrees(indicators.theil(DESIGN, column), f"theil_{column}", *WITHIN)
    agrees(indicators.mean_log_deviation(DESIGN, column), f"mld_{column}", *WITHIN)
    agrees(indicators.quantile_share_ratio(DESIGN, column), f"qsr_{column}", *WITHIN)


@pytest.mark.parametrize("column", COLUMNS)
def test_midpoint_gini_and_the_trap_of_the_other_convention(column):
    expected = GOLDEN["gini_midpoint"][column]
    light = golden_design(DF.assign(popw=DF["popw"] * 1e-5))
    for design in (DESIGN, light):
        found = indicators.gini(design, column)
        assert (found.value, found.std_error) == pytest.approx(expected, abs=TOLERANCE["midpoint"])
    moved = indicators.gini(light, column, convention="convey").value
    assert moved == pytest.approx(GOLDEN["gini_convey_weights_times_1e-5"][column], abs=TOLERANCE["midpoint"])


@settings(deadline=None, max_examples=30)
@given(
    incomes=st.lists(st.integers(0, 12), min_size=2, max_size=25).filter(any),
    seed=st.integers(0, 2**16),
)
def test_gini_is_half_the_relative_mean_difference(incomes, seed):
    weights = np.random.default_rng(seed).uniform(0.1, 5, len(incomes))
    expected = slow_gini(np.array(incomes, dtype=float), weights)
    assert indicators.gini(people(incomes, weights), "y").value == pytest.approx(expected, abs=1e-12)


def test_gini_by_the_formula_for_equal_weights():
    y = np.sort(np.random.default_rng(3).lognormal(size=200))
    i, n = np.arange(1, 201), 200
    expected = 2 * (i @ y) / (n * y.sum()) - (n + 1) / n
    assert indicators.gini(people(y), "y").value == pytest.approx(expected, rel=1e-12)
    # On weights of 1 R's form is the same: its 2r − 1 is 2(r − ½).
    assert indicators.gini(people(y), "y", convention="convey").value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", SCALE_FREE)
def test_equal_incomes(name):
    design = people(np.full(50, 7.0), np.random.default_rng(0).uniform(1, 9, 50))
    expected = {"share of the bottom 40 %": 0.4, "share of the middle": 0.45, "share ratio": 1.0}.get(
        name, 0.0
    )
    found = SCALE_FREE[name](design, "y")
    assert (found.value, found.std_error) == pytest.approx((expected, 0), abs=1e-12)


@settings(deadline=None, max_examples=20)
@given(
    incomes=st.lists(st.floats(1, 1000), min_size=4, max_size=25, unique=True),
    factor=st.floats(0.01, 100),
    shift=st.floats(1, 1000),
)
def test_scaling_leaves_and_translation_lowers_inequality(incomes, factor, shift):
    for name, measure in SCALE_FREE.items():
        base = measure(people(incomes), "y").value
        assert measure(people(np.multiply(incomes, factor)), "y").value == pytest.approx(
            base, rel=1e-7, abs=1e-10
        )
        if not name.startswith("share"):
            assert measure(people(np.add(incomes, shift)), "y").value <= base + 1e-12


@pytest.mark.parametrize("name", SCALE_FREE)
def test_order_of_rows_halves_ties_and_scale_of_weights_change_nothing(name):
    measure, rounded = SCALE_FREE[name], DF.assign(y=DF["pre_pc_day"].round(-3))
    base = measure(golden_design(rounded), "y")
    for other in (halves(rounded), rounded.assign(popw=rounded["popw"] * 1e-5), rounded.iloc[::-1]):
        found = measure(golden_design(other), "y")
        assert (found.value, found.std_error) == pytest.approx((base.value, base.std_error), rel=1e-9)


@pytest.mark.parametrize("convention", ["midpoint", "convey"])
@pytest.mark.parametrize("welfare", ["distinct", "tied"])
def test_linearised_gini_is_the_derivative_by_the_weights(convention, welfare):
    rng = np.random.default_rng(5)
    y, w = rng.lognormal(size=40), rng.uniform(1, 5, 40)
    codes = ranks.rank_codes(y.round(0) if welfare == "tied" else y)
    value, u = ranks.concentration_linearised(w, y, codes, convention)
    assert value == pytest.approx(ranks.concentration(w, y, codes, convention), rel=1e-13)
    assert u == pytest.approx(slopes(lambda w: ranks.concentration(w, y, codes, convention), w), abs=1e-8)


@pytest.mark.parametrize("estimator", [inequality.linearised_theil, inequality.linearised_mean_log_deviation])
def test_linearised_entropy_is_the_derivative_by_the_weights(estimator):
    rng = np.random.default_rng(6)
    y, w = rng.lognormal(size=40), rng.uniform(1, 5, 40)
    assert estimator(w, y)[1] == pytest.approx(slopes(lambda w: estimator(w, y)[0], w), abs=1e-8)


def slopes(value_of, weights, step=1e-5):
    found = []
    for k in range(weights.size):
        more, less = weights.copy(), weights.copy()
        more[k] += step
        less[k] -= step
        found.append((value_of(more) - value_of(less)) / (2 * step))
    return np.array(found)


@pytest.mark.parametrize("name", SCALE_FREE)
def test_jackknife_agrees_with_linearisation(name):
    base = SCALE_FREE[name](DESIGN, "pre_pc_day")
    found = SCALE_FREE[name](DESIGN.with_replicates("jackknife"), "pre_pc_day")
    assert found.value == pytest.approx(base.value, rel=1e-12)
    assert found.std_error == pytest.approx(base.std_error, rel=0.05)


def test_decile_shares_add_up_and_give_the_ratio():
    shares = [indicators.quantile_share(DESIGN, "pre_pc_day", i / 10, (i + 1) / 10).value for i in range(10)]
    assert sum(shares) == pytest.approx(1, abs=1e-12)
    assert np.all(np.diff(shares) > 0)
    ratio = indicators.quantile_share_ratio(DESIGN, "pre_pc_day", convention="lorenz").value
    assert ratio == pytest.approx(sum(shares[8:]) / sum(shares[:2]), rel=1e-12)
    # The other convention puts whole rows on one side: close, not equal.
    assert ratio == pytest.approx(VALUES["qsr_pre_pc_day"][0], rel=0.02)


def test_groups_and_domains_agree():
    for measure in SCALE_FREE.values():
        table = measure(DESIGN, "pre_pc_day", by="urban")
        for label in (0, 1):
            alone = measure(DESIGN.domain(DF["urban"] == label), "pre_pc_day")
            found = table[str(label)]
            assert (found.value, found.std_error) == pytest.approx((alone.value, alone.std_error), rel=1e-12)


@pytest.mark.parametrize("p", [0.1, 0.25, 0.5, 0.9])
def test_quantile_and_woodruffs_interval_by_hand(p):
    found = indicators.quantile(DESIGN, "pre_pc_day", p, unit="riel")
    ordered = DF.sort_values("pre_pc_day")
    shares = ordered["popw"].cumsum() / ordered["popw"].sum()

    def read_back(share):
        return ordered["pre_pc_day"].to_numpy()[(shares >= share).argmax()]

    assert found.value == read_back(p)
    below = DESIGN.estimate(
        lambda w, y: (w @ y / w.sum(), (y - p) / w.sum()),
        (DF["pre_pc_day"] <= found.value).to_numpy(),
        code="below",
        name="below",
        unit="share",
    )
    t = special.stdtrit(42, 0.975)
    ends = [read_back(p + sign * t * below.std_error) for sign in (-1, 1)]
    assert found.std_error == pytest.approx((ends[1] - ends[0]) / (2 * t), rel=1e-9)
    bootstrap = indicators.quantile(
        DESIGN.with_replicates("bootstrap", replicates=200, seed=1), "pre_pc_day", p
    )
    assert bootstrap.std_error == pytest.approx(found.std_error, rel=0.35)


def test_quantile_of_groups_and_of_few_rows():
    table = indicators.quantile(DESIGN, "pre_pc_day", 0.5, by="urban")
    alone = indicators.quantile(DESIGN.domain(DF["urban"] == 1), "pre_pc_day", 0.5)
    assert (table["1"].value, table["1"].std_error) == (alone.value, alone.std_error)
    assert indicators.quantile(people(np.arange(1, 11)), "y", 0.7).value == 7
    one = indicators.quantile(people([3.0, 3.0, 3.0]), "y", 0.5)
    assert (one.value, one.std_error) == (3, 0)


def test_negative_and_zero_incomes():
    found = indicators.gini(people([-1, 0, 4, 9]), "y")
    assert found.value == pytest.approx(slow_gini([-1, 0, 4, 9], np.ones(4)))
    assert "1 rows with negative welfare" in found.notes[0]
    missing = indicators.gini(people([-5, 1, 2]), "y")
    assert np.isnan(missing.value) and "not defined" in " ".join(missing.notes)
    for measure in (indicators.theil, indicators.mean_log_deviation):
        found = measure(people([-1, 0, 4, 9]), "y")
        assert (found.value, found.n) == (pytest.approx(measure(people([4, 9]), "y").value), 2)
        assert "2 rows with welfare of 0 or below left out (50 % of the weight)" in found.notes[0]
        with pytest.raises(ValueError, match="welfare: column 'y' has no value above 0"):
            measure(people([0.0, -1.0]), "y")
    poor_hold_nothing = indicators.quantile_share_ratio(people([0, 0, 1, 5, 9]), "y")
    assert np.isnan(poor_hold_nothing.value) and np.isnan(poor_hold_nothing.std_error)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (
            lambda: indicators.gini(DESIGN, "pre_pc_day", convention="r"),
            "convention: got 'r'; allowed: 'midpoint' or 'convey'",
        ),
        (lambda: indicators.gini(DESIGN, "pre"), "welfare: there is no column 'pre'"),
        (lambda: indicators.gini(DESIGN, "stratum"), "welfare: column 'stratum' holds text"),
        (
            lambda: indicators.quantile_share(DESIGN, "pre_pc_day", 0.4, 0.2),
            "upper: got 0.2; allowed: above lower",
        ),
        (
            lambda: indicators.quantile_share(DESIGN, "pre_pc_day", 0, 40),
            "upper: got 40; allowed: a number from 0 to 1",
        ),
        (lambda: indicators.quantile_share_ratio(DESIGN, "pre_pc_day", share=0.6), "share: got 0.6"),
        (
            lambda: indicators.quantile_share_ratio(DESIGN, "pre_pc_day", convention="x"),
            "allowed: 'convey' or 'lorenz'",
        ),
        (lambda: indicators.quantile(DESIGN, "pre_pc_day", 1), "p: got 1; allowed: between 0 and 1"),
        (lambda: indicators.quantile(DESIGN, "pre_pc_day", "half"), "p: got 'half'"),
    ],
)
def test_bad_input(call, told):
    with pytest.raises(ValueError, match=told):
        call()


def test_missing_welfare_is_refused_or_left_out_and_told():
    df = DF.assign(y=DF["pre_pc_day"].where(DF.index % 10 != 3))
    design = golden_design(df)
    for measure in (*SCALE_FREE.values(), indicators.quantile_share_ratio):
        with pytest.raises(ValueError, match="welfare: column 'y' is missing in 48 of 480 rows"):
            measure(design, "y")
        found, kept = measure(design, "y", missing="drop"), measure(design.domain(df["y"].notna()), "y")
        assert (found.value, found.std_error) == pytest.approx((kept.value, kept.std_error), rel=1e-12)
        assert any("48 rows with missing values left out" in note for note in found.notes)


def test_intervals_of_the_gini_cover():
    """A population of 400 villages in two strata; 300 samples of 40 villages each."""
    rng = np.random.default_rng(11)
    village = np.repeat(np.arange(400), 30)
    rich = (village < 150).astype(float)
    welfare = np.exp(1 + 0.5 * rich + rng.normal(0, 0.3, 400)[village] + rng.normal(0, 0.5, village.size))
    truth = ranks.concentration(np.ones(village.size), welfare, ranks.rank_codes(welfare))
    inside = 0
    for _ in range(300):
        drawn = np.concatenate([rng.choice(150, 15, replace=False), 150 + rng.choice(250, 25, replace=False)])
        rows = np.concatenate([30 * one + rng.choice(30, 10, replace=False) for one in drawn])
        df = pd.DataFrame({"y": welfare[rows], "v": village[rows], "h": rich[rows], "w": 1.0})
        low, high = indicators.gini(SurveyDesign(df, weights="w", strata="h", psu="v"), "y").conf_int()
        inside += low <= truth <= high
    assert 0.90 <= inside / 300 <= 0.985
