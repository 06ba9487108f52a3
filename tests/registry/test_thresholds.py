"""Thresholds from costs, people from links, reliability and calibration, each against something independent."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_cases import few_people

from aspfin import registry
from aspfin.registry import thresholds
from aspfin.registry.evaluation_of_links import match_labels, wilson


@given(st.floats(0.01, 1e4), st.floats(0.01, 1e4), st.floats(0.0, 1.0))
@settings(max_examples=60, deadline=None)
def test_a_pair_is_linked_exactly_where_linking_costs_less(false, missed, chance):
    threshold, _ = thresholds.threshold_of_costs(false, missed)
    if abs(chance - threshold) > 1e-9:
        assert (chance >= threshold) == ((1 - chance) * false < chance * missed)


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11), st.floats(0, 1)), max_size=25))
@settings(max_examples=60, deadline=None)
def test_people_are_what_merging_groups_one_by_one_gives(links):
    records = pd.DataFrame({"list_id": "a", "record_id": [f"{k:02d}" for k in range(12)]})
    left, right, chance = ([one[k] for one in links] for k in range(3))
    found = thresholds.people(records, left, right, chance, 0.5).person.to_numpy()
    groups = [{k} for k in range(12)]
    for one, other, probability in links:
        if probability >= 0.5:
            joined = next(g for g in groups if one in g) | next(g for g in groups if other in g)
            groups = [g for g in groups if not g & joined] + [joined]
    for group in groups:
        assert len({found[k] for k in group}) == 1
    assert len(set(found)) == len(groups)
    assert found[0] == 1 and (np.diff(np.maximum.accumulate(found)) <= 1).all()


def test_wilsons_interval_against_published_figures():
    # E. B. Wilson's interval for 81 of 263: 0.2553 to 0.3662 (R. G. Newcombe 1998, Statistics in Medicine 17, table I).
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_reliability_counts_every_pair_once():
    rng = np.random.default_rng(1)
    chance = np.append(rng.random(500), [0.0, 1.0])
    same = rng.random(chance.size) < chance
    table = thresholds.reliability(chance, same)
    assert table.pairs.sum() == chance.size
    assert (table.stated.between(table.low, table.high)).all()
    assert ((table.found >= table.ci_low) & (table.found <= table.ci_high)).all()


def test_fitted_curves_against_statsmodels():
    from statsmodels.api import Logit, add_constant

    rng = np.random.default_rng(2)
    weight = rng.normal(0, 8, 3_000)
    truth = rng.random(weight.size) < 1 / (1 + 2.0 ** -(0.5 * weight - 1))
    ours = thresholds._fit(weight, truth, "logistic")
    theirs = Logit(truth.astype(float), add_constant(weight)).fit(disp=0)
    np.testing.assert_allclose(
        ours(weight), theirs.predict(add_constant(weight)), atol=0.003
    )  # a small penalty


def test_labels_either_way_round_and_what_is_refused():
    linkage = registry.link(few_people())
    pair = linkage.pairs.iloc[[0]]
    turned = pd.DataFrame(
        {
            "list_id_l": pair.list_id_r,
            "record_id_l": pair.record_id_r,
            "list_id_r": pair.list_id_l,
            "record_id_r": pair.record_id_l,
            "same": [True],
        }
    )
    assert (match_labels(linkage.pairs, turned) == 1).sum() == 1
    both_ways = pd.concat([turned, turned.assign(same=False)])
    for wrong, told in (
        (turned.drop(columns="same"), "no column 'same'"),
        (turned.assign(same="perhaps"), "neither"),
        (both_ways, "both ways"),
        (turned.assign(record_id_l="999"), "not linked"),
    ):
        with pytest.raises(ValueError, match=told):
            registry.evaluate(linkage, wrong)
    with pytest.raises(ValueError, match="labelled: got 1 of one person and 0 of two"):
        thresholds.calibrate(linkage, turned)
    with pytest.raises(ValueError, match="method: got 'magic'"):
        thresholds.calibrate(linkage, turned, method="magic")
    with pytest.raises(ValueError, match="size: got 0"):
        registry.review_queue(linkage, size=0)
    with pytest.raises(ValueError, match="no record of the linkage"):
        registry.evaluate(linkage, pd.DataFrame({"list_id": ["x"], "record_id": ["y"], "person": [1]}))


def test_a_rejected_record_is_a_missed_pair():
    linkage = registry.link(few_people(household_id="7"))
    truth = linkage.clusters[["list_id", "record_id", "person"]]
    lost = pd.concat([truth, pd.DataFrame({"list_id": ["cash"], "record_id": ["9"], "person": [1]})])
    whole, less = registry.evaluate(linkage, truth), registry.evaluate(linkage, lost)
    assert whole.recall == 1 and whole.precision == 1
    assert less.missed_links == int((truth.person == 1).sum()) and less.precision == 1
