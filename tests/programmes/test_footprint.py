import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aspfin.programmes import load_country
from aspfin.programmes.footprint import (
    PRIOR,
    choose_templates,
    complete_footprint,
    draw_footprints,
    footprint_templates,
)
from aspfin.programmes.record import event_record
from aspfin.programmes.shock_draws import limit_to_households
from aspfin.results import InputError

KHM = load_country("KHM")
RECORD = event_record(KHM.events, persons_per_household=4.6)
HOUSEHOLDS = KHM.provinces.set_index("pcode")["households_register_2022"].astype(float)


def templates(**arguments):
    return footprint_templates(KHM.provinces, KHM.footprints, RECORD, iso3="KHM", **arguments)


@pytest.fixture(scope="module")
def shares():
    built = templates()
    return pd.DataFrame(built.shares, index=built.names, columns=built.pcodes)


@pytest.mark.parametrize(
    ("event", "total", "pcode", "households"),
    [
        # 2011: Phnom Penh Post, 21 October 2011, national 331,765. 2020: Humanitarian Response Forum,
        # situation report 4, national 133,406.
        ("flood_2011", 331_765, "KH08", 68_649),
        ("flood_2011", 331_765, "KH06", 54_414),
        ("flood_2011", 331_765, "KH14", 40_615),
        ("flood_2011", 331_765, "KH17", 23_198),
        ("flood_2020", 133_406, "KH02", 66_088),
        ("flood_2020", 133_406, "KH01", 22_178),
        ("flood_2020", 133_406, "KH15", 15_622),
    ],
)
def test_published_shares_are_kept(shares, event, total, pcode, households):
    assert shares.loc[event, pcode] * total == pytest.approx(households, rel=1e-9)


def test_rows_sum_to_one(shares):
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)


def test_kampong_cham_of_2011_is_split_with_tboung_khmum_by_households(shares):
    both = shares.loc["flood_2011", ["KH03", "KH25"]] * 331_765
    assert both.sum() == pytest.approx(33_436)
    assert both["KH03"] / both["KH25"] == pytest.approx(HOUSEHOLDS["KH03"] / HOUSEHOLDS["KH25"])


@pytest.mark.parametrize(("event", "total", "least", "listed"), [
    ("flood_2011", 331_765, 23_198, ["KH08", "KH06", "KH14", "KH03", "KH25", "KH17"]),
    ("flood_2020", 133_406, 15_622, ["KH02", "KH01", "KH15"]),
])  # fmt: skip
def test_no_unlisted_province_exceeds_the_least_listed(shares, event, total, least, listed):
    rest = shares.loc[event].drop(listed) * total
    assert rest.max() <= least * (1 + 1e-9)
    assert (rest <= HOUSEHOLDS[rest.index] * (1 + 1e-9)).all()


def test_early_figures_of_unlisted_provinces_are_lower_bounds(shares):
    # 12 October 2020: Stung Treng 758 households, Preah Vihear 237.
    assert shares.loc["flood_2020", "KH19"] * 133_406 >= 758
    assert shares.loc["flood_2020", "KH13"] * 133_406 >= 237


def test_no_province_is_excluded(shares):
    assert (shares > 0).all(axis=None)


def test_default_weights_and_what_is_assumed():
    built = templates()
    assert dict(zip(built.names, built.probabilities, strict=True)) == {
        "flood_2011": 0.4,
        "flood_2020": 0.4,
        PRIOR: 0.2,
    }
    assert built.recorded_share == pytest.approx([220_312 / 331_765, 103_888 / 133_406, 0])
    assert (built.assumptions["status"] == "assumed").all()
    assert len(built.to_frame()) == 3 * 25


def test_own_weights():
    built = templates(weights={"flood_2011": 3, PRIOR: 1})
    assert built.probabilities.tolist() == [0.75, 0, 0.25]


@pytest.mark.parametrize("weights", [{"flood_1999": 1}, {"flood_2011": -1, PRIOR: 2}, {"flood_2011": 0}])
def test_bad_weights_are_named(weights):
    with pytest.raises(InputError, match="footprint_weights"):
        templates(weights=weights)


def test_without_recorded_footprints_only_the_prior_is_left():
    built = footprint_templates(KHM.provinces, KHM.footprints.iloc[:0], RECORD)
    assert built.names == (PRIOR,) and built.probabilities.tolist() == [1.0]


def test_order_of_rows_does_not_matter(shares):
    shuffled = KHM.footprints.sample(frac=1, random_state=2)
    again = footprint_templates(KHM.provinces, shuffled, RECORD, iso3="KHM")
    np.testing.assert_allclose(again.shares, shares.to_numpy(), rtol=1e-12)


def slow_fill(amount, weight, limit, steps=20_000):
    """Pour the amount out drop by drop: each drop goes to provinces below their limit, by weight."""
    filled = np.zeros(len(weight))
    for _ in range(steps):
        open_ = np.where(filled < limit, weight, 0.0)
        filled += amount / steps * open_ / open_.sum()
    return filled


def test_completion_against_a_slow_reference():
    weight = pd.Series({"A": 9.0, "B": 1.0, "C": 4.0, "D": 0.5, "E": 2.0})
    size = pd.Series(1e4, index=weight.index).where(weight.index != "D", 30.0)
    shares = complete_footprint({"A": 500, "B": 200}, 1_080, prior=weight, households=size) * 1_080
    slow = slow_fill(380, weight[["C", "D", "E"]].to_numpy(), np.array([200.0, 30.0, 200.0]))
    np.testing.assert_allclose(shares[["C", "D", "E"]], slow, atol=0.2)


def test_figures_that_do_not_fit_are_refused():
    weight = pd.Series({"A": 1.0, "B": 1.0})
    size = pd.Series({"A": 100.0, "B": 100.0})
    with pytest.raises(InputError, match="national total"):
        complete_footprint({"A": 90}, 80, prior=weight, households=size)
    with pytest.raises(InputError, match="limits"):
        complete_footprint({"A": 40}, 120, prior=weight, households=size)


def test_draws_keep_the_mean_and_the_spread():
    built = templates()
    drawn = draw_footprints(built, choose_templates(built, 40_000, seed=4), concentration=12, seed=3)
    mean = built.probabilities @ built.shares
    np.testing.assert_allclose(drawn.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.004)  # about 4 standard errors
    # Law of total variance: between templates, and Dirichlet s(1 − s)/13 within.
    between = built.probabilities @ (built.shares - mean) ** 2
    within = built.probabilities @ (built.shares * (1 - built.shares)) / 13
    np.testing.assert_allclose(drawn.var(axis=0), between + within, rtol=0.06, atol=2e-4)


def test_large_concentration_returns_the_templates_in_exact_proportions():
    built = templates()
    drawn = draw_footprints(built, choose_templates(built, 1_000, seed=4), concentration=1e9, seed=3)
    nearest = np.abs(drawn[:, None] - built.shares).sum(axis=2).argmin(axis=1)
    assert np.bincount(nearest).tolist() == [400, 400, 200]


def test_tiny_concentration_still_sums_to_one():
    drawn = draw_footprints(templates(), np.zeros(500, int), concentration=1e-4, seed=3)
    np.testing.assert_allclose(drawn.sum(axis=1), 1)


def test_concentration_must_be_positive():
    with pytest.raises(InputError, match="concentration"):
        draw_footprints(templates(), np.zeros(5, int), concentration=0, seed=1)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(0, 200), min_size=4, max_size=4), st.lists(st.floats(1, 150), min_size=4, max_size=4)
)
@example([0.0, 0.0, 1.5, 5e-324], [1.0, 1.0, 1.0, 1.0])  # the smallest float there is must not swallow people
def test_limits_move_the_excess_and_lose_nobody(affected, households):
    households = np.array(households)
    limited, capped = limit_to_households(np.array([affected]), households)
    assert (limited <= households * (1 + 1e-12)).all()
    assert limited.sum() == pytest.approx(min(sum(affected), households.sum()), abs=1e-6)
    assert capped[0] == bool((np.array(affected) > households).any())
