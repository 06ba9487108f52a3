"""Drawing with set totals: exact sums, bounds, and a slow reference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.data.population_cells import reconciled_rates
from aspfin.data.population_draws import (
    allocate,
    counts,
    household_sizes,
    rank_share,
    select_total,
    stream,
    tilt,
)

FEW = settings(deadline=None, max_examples=40)


@FEW
@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=30), st.integers(0, 5), st.integers(0, 500))
def test_allocation_adds_up_and_keeps_the_floor(sizes, minimum, more):
    total = minimum * len(sizes) + more
    found = allocate(np.array(sizes), total, minimum=minimum)
    assert found.sum() == total
    assert found.min() >= minimum


def test_allocation_is_proportional():
    assert allocate(np.array([50.0, 30.0, 20.0]), 10).tolist() == [5, 3, 2]
    assert allocate(np.array([0.0, 1.0]), 3).tolist() == [0, 3]


@FEW
@given(st.integers(1, 60), st.floats(1.0, 8.0), st.integers(0, 10_000))
def test_sizes_add_up_to_the_persons(households, mean, seed):
    persons = int(np.clip(round(households * mean), households, 8 * households))
    sizes = household_sizes(
        np.random.default_rng(seed), np.full(8, 0.125), np.array([households]), np.array([persons])
    )
    assert sizes.sum() == persons
    assert sizes.min() >= 1
    assert sizes.max() <= 8


def test_tilting_keeps_the_shape_where_the_mean_is_right():
    shares = np.array([0.1, 0.2, 0.3, 0.4])
    assert tilt(shares, np.array([3.0]))[0] == pytest.approx(shares)


@FEW
@given(st.integers(0, 10_000), st.floats(0.0, 1.0))
def test_counts_meet_the_total_to_half_a_weight(seed, share):
    generator = np.random.default_rng(seed)
    trials = generator.integers(0, 6, 300)
    shape = generator.uniform(0.1, 3, 300)
    weights = generator.uniform(1, 4, 300)
    total = share * float(weights @ trials)
    drawn = counts(np.random.default_rng(seed + 1), trials, shape, weights, total)
    assert (drawn >= 0).all()
    assert (drawn <= trials).all()
    assert abs(weights @ drawn - total) <= 2 + 1e-6


def test_counts_are_binomial_about_their_mean():
    """Where the totals leave room, households differ as binomial draws do."""
    trials = np.full(200_000, 5)
    one = np.ones(trials.size)
    drawn = counts(np.random.default_rng(1), trials, one, one, 0.3 * trials.sum())
    assert drawn.var() == pytest.approx(5 * 0.3 * 0.7, rel=0.01)


def test_counts_cannot_exceed_those_who_are_there():
    with pytest.raises(ValueError, match="total: got 10; allowed: at most 4, all who can be counted"):
        counts(np.random.default_rng(1), np.array([4, 9]), np.array([1.0, 0.0]), np.ones(2), 10.0)


def test_rank_share_agrees_with_a_slow_count():
    generator = np.random.default_rng(2)
    score, weights = generator.normal(size=50), generator.uniform(1, 3, 50)
    slow = [(weights[score < s].sum() + w / 2) / weights.sum() for s, w in zip(score, weights, strict=True)]
    assert rank_share(score, weights) == pytest.approx(np.array(slow))


def test_select_total_takes_the_lowest():
    key, weights = np.array([0.4, 0.1, 0.3, 0.2]), np.full(4, 10.0)
    assert select_total(key, weights, 22.0).tolist() == [False, True, False, True]
    assert not select_total(key, weights, 0.0).any()


def test_streams_differ_by_name_and_seed():
    numbers = {stream(seed, name).random() for seed in (0, 1) for name in ("a", "b")}
    assert len(numbers) == 4


def test_reconciled_rates_agree_with_iterated_odds():
    """Against plain alternating fitting of odds by Newton steps, province by province and area by area."""
    people = np.array([[3.0, 1.0], [1.0, 4.0], [2.0, 2.0]])
    truth = 1 / (1 + np.exp(-(np.array([-0.5, 0.4, 1.0])[:, None] + np.array([-0.8, 0.6]))))
    by_province = (people * truth).sum(axis=1) / people.sum(axis=1)
    by_area = (people * truth).sum(axis=0) / people.sum(axis=0)
    assert reconciled_rates(people, by_province, by_area) == pytest.approx(truth, abs=1e-6)
