"""Ageing against its closed forms, against a slow step-by-step reference, and against moves in made-up lists."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.registry import exclusion_by_age
from aspfin.registry.ageing import Changes, OnDemand, exclusion_after
from aspfin.results import InputError

CHANGES = Changes(births=0.02, deaths=0.01, moves=0.03, new_poverty=0.06, leaving=0.05)
K = 0.12


def way(answer, name):
    table = answer.by_month
    return table[table["way"] == name].reset_index(drop=True)


def test_without_updating_it_is_the_exponential():
    path = way(exclusion_by_age(changes=CHANGES, at_registration=0.1, months=60), "never")
    expected = 1 - 0.9 * np.exp(-K * path["month"] / 12)
    np.testing.assert_allclose(path["exclusion"], expected, rtol=1e-12)
    np.testing.assert_allclose(
        path["exclusion"], exclusion_after(path["month"], changes=CHANGES, at_registration=0.1)
    )


def test_updating_everybody_tends_to_the_ratio_of_rates():
    answer = exclusion_by_age(
        changes=CHANGES, on_demand=OnDemand(waiting_months=6, reached=1), at_registration=0.1, months=48
    )
    path, u = way(answer, "on demand"), 2.0
    end = K / (K + u)
    expected = end + (0.1 - end) * np.exp(-(K + u) * path["month"] / 12)
    np.testing.assert_allclose(path["exclusion"], expected, rtol=1e-11)


def test_against_small_steps():
    """Euler's steps of a thousandth of a month, written out by hand for the two groups of those left out."""
    step, reached, wait = 1e-3, 0.6, 4.0
    listed, asks, stays, over = 0.95, 0.05 * reached, 0.05 * (1 - reached), 0.0
    death, move, birth, poor, leave = (rate / 12 for rate in (0.01, 0.03, 0.02, 0.06, 0.05))
    for _ in range(24_000):
        everybody = listed + asks + stays
        new = (birth + poor) * everybody + (death + move) * listed
        listed, asks, stays, over = (
            listed + step * (asks / wait - (death + move + leave) * listed),
            asks + step * (reached * new - (leave + 1 / wait) * asks),
            stays + step * ((1 - reached) * new - leave * stays),
            over + step * leave * listed,
        )
    answer = exclusion_by_age(
        changes=CHANGES, on_demand=OnDemand(waiting_months=wait, reached=reached), months=24
    )
    last = way(answer, "on demand").iloc[-1]
    assert last["exclusion"] == pytest.approx((asks + stays) / (listed + asks + stays), rel=1e-4)
    assert last["inclusion"] == pytest.approx(over / (over + listed), rel=1e-4)


def test_causes_make_the_whole():
    for name in ("never", "rounds", "on demand", "rounds and on demand"):
        path = way(exclusion_by_age(changes=CHANGES), name)
        causes = path[["initial", "births", "deaths", "moves", "new_poverty"]]
        np.testing.assert_allclose(causes.sum(axis=1), path["exclusion"], rtol=1e-12)
        later = path[path["month"] > 0]
        np.testing.assert_allclose(later["moves"].iloc[:30] / later["deaths"].iloc[:30], 3.0, rtol=1e-9)


def test_a_round_starts_afresh():
    path = way(exclusion_by_age(changes=CHANGES, at_registration=0.04, round_months=24, months=60), "rounds")
    rounds = path[path["month"] == 24]
    assert rounds["moment"].tolist() == ["before the round", "after the round"]
    assert rounds["exclusion"].iloc[1] == pytest.approx(0.04)
    assert rounds["inclusion"].iloc[1] == 0
    assert rounds["exclusion"].iloc[0] == pytest.approx(1 - 0.96 * math.exp(-2 * K))


def test_mean_over_a_round_is_the_integral():
    answer = exclusion_by_age(changes=CHANGES, at_registration=0.0, round_months=36, months=36)
    exact = 1 - (1 - math.exp(-3 * K)) / (3 * K)
    mean = answer.comparison.set_index("way").loc["rounds", "mean_exclusion"]
    assert mean == pytest.approx(exact, abs=1e-5)  # the trapezoid rule by month


def test_comparison_counts_and_costs():
    answer = exclusion_by_age(changes=CHANGES, eligible=700_000, cost_interview=5.0, cost_update=8.0)
    table = answer.comparison.set_index("way")
    assert table.loc["rounds", "avoided"] == 0
    both = table.loc["rounds and on demand"]
    assert both["avoided"] == pytest.approx(
        700_000 * (table.loc["rounds", "mean_exclusion"] - both["mean_exclusion"])
    )
    assert both["cost"] == pytest.approx(5 * both["interviews"] + 8 * both["updates"])
    gained = both["avoided"] * 72
    assert both["cost_per_household_month"] == pytest.approx(
        (both["cost"] - table.loc["rounds", "cost"]) / gained
    )
    assert table.loc["never", ["updates", "interviews", "cost"]].tolist() == [0, 0, 0]
    without = exclusion_by_age(changes=CHANGES).comparison.set_index("way")
    assert np.isnan(without.loc["rounds", "cost"])  # no price given: missing, not zero


rate = st.floats(0, 0.3)


@given(births=rate, moves=rate, more=st.floats(0.01, 0.2), reached=st.floats(0, 1), wait=st.floats(0.5, 24))
@settings(deadline=None, max_examples=8)
def test_older_is_never_better_and_updating_never_worse(births, moves, more, reached, wait):
    changes = Changes(births=births, deaths=0.01, moves=moves, new_poverty=0.05, leaving=0.05)
    answer = exclusion_by_age(changes=changes, on_demand=OnDemand(wait, reached), months=36)
    never, asked = way(answer, "never")["exclusion"], way(answer, "on demand")["exclusion"]
    assert (np.diff(never) >= -1e-12).all()
    assert (asked <= never + 1e-12).all()
    assert ((asked >= 0) & (never <= 1)).all()
    worse = Changes(births=births, deaths=0.01, moves=moves + more, new_poverty=0.05, leaving=0.05)
    assert (exclusion_after([6, 60], changes=worse) > exclusion_after([6, 60], changes=changes)).all()


def test_leaving_poverty_changes_only_the_inclusion_error():
    few, many = (Changes(0.02, 0.01, 0.03, 0.06, leaving) for leaving in (0.0, 0.2))
    a, b = (way(exclusion_by_age(changes=one), "rounds and on demand") for one in (few, many))
    np.testing.assert_allclose(a["exclusion"], b["exclusion"], rtol=1e-10)
    assert (b["inclusion"].iloc[1:30] > a["inclusion"].iloc[1:30]).all()


def test_ranges_hold_the_central_path_and_assumptions_are_told():
    answer = exclusion_by_age()
    table = answer.by_month
    assert (table["exclusion_low"] <= table["exclusion"] + 1e-15).all()
    assert (table["exclusion"] <= table["exclusion_high"] + 1e-15).all()
    assert len(answer.notes) == 5
    assert exclusion_by_age(changes=CHANGES).notes == ()
    assert "just before a round" in answer.sentence()


def test_moves_seen_between_lists_follow_the_moves_made():
    from aspfin import registry
    from aspfin.data.synthetic import registry_lists
    from aspfin.registry.ageing import moves_by_age

    made = registry_lists(households=2_000, seed=2)
    lists = [registry.harmonise(frame, made.mappings[name]) for name, frame in made.lists.items()]
    persons = made.truth[["list_id", "record_id", "person"]]
    table = moves_by_age(lists, persons=persons, band_months=24)
    young = table[table["to_months"] <= 48]
    # 5 % of the households moved in 51 months: about .012 a year; some before either record was made.
    rate = np.average(young["yearly_rate"], weights=young["records"])
    assert 0.004 < rate < 0.018
    assert ((table["ci_low"] <= table["share"]) & (table["share"] <= table["ci_high"])).all()
    again = moves_by_age(lists[::-1], persons=persons.iloc[::-1], band_months=24)
    pd.testing.assert_frame_equal(table, again)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Changes(moves=-0.1), "moves"),
        (lambda: Changes(moves=float("nan")), "moves"),
        (lambda: OnDemand(waiting_months=0), "waiting_months"),
        (lambda: OnDemand(reached=1.5), "reached: got 1.5; allowed: 0 to 1"),
        (lambda: exclusion_by_age(months=0), "months"),
        (lambda: exclusion_by_age(at_registration=2), "at_registration"),
        (lambda: exclusion_after([-1]), "months: got -1"),
    ],
)
def test_bad_input_is_told(call, words):
    with pytest.raises(InputError, match=words):
        call()
