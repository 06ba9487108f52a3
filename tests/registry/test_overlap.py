"""Who is on which lists, surplus records and their money, people on none, fragmentation."""

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.registry import duplicates, fragmentation, overlap, unlisted
from aspfin.registry.duplicates import HOUSEHOLD, repeated_rows
from aspfin.registry.memberships import units_of
from aspfin.registry.overlap import rounded
from aspfin.registry.unlisted import capture, likely_recall

# Linkages are made by hand here, so that the answers are known: (list, person, card, amount, …).
ROWS = [
    ("poor", 1, "c1", None, "female", 1980, "2020-01-05"),
    ("poor", 2, "c1", None, "male", 1979, "2020-01-05"),
    ("poor", 3, "c2", None, "male", 1990, "2021-03-01"),
    ("cash", 1, "c1", 100.0, "female", 1980, "2021-01-01"),
    ("cash", 1, None, 160.0, "female", 1980, "2022-01-01"),
    ("cash", 2, "c1", 80.0, "male", 1981, "2022-02-01"),
    ("health", 3, None, 9.0, "female", 1990, "2022-06-01"),
    ("health", 4, None, 5.0, "male", 1950, None),
]


def linkage(rows=ROWS, pairs=(), calibration=""):
    """A linkage with these records and people; `pairs` holds (position, position, probability)."""
    names = ["list_id", "person", "household_id", "amount", "sex", "birth_year", "registered_on"]
    table = pd.DataFrame(rows, columns=names)
    table["record_id"] = [f"r{place}" for place in range(len(table))]
    table["registered_on"] = pd.to_datetime(table["registered_on"])
    table["source_file"], table["row"] = table["list_id"] + ".csv", range(2, len(table) + 2)
    both = [
        (*table.loc[i, ["list_id", "record_id"]], *table.loc[j, ["list_id", "record_id"]], p)
        for i, j, p in pairs
    ]
    keys = ["list_id_l", "record_id_l", "list_id_r", "record_id_r", "probability"]
    found = pd.DataFrame(both, columns=keys)
    found["linked"] = found["probability"] >= 0.9
    return SimpleNamespace(
        clusters=table[["list_id", "record_id", "person"]].assign(surest_link=np.nan),
        records=table.drop(columns="person"),
        pairs=found,
        calibration=calibration,
    )


def test_people_and_households_by_the_lists_they_are_on():
    people = overlap(linkage(), order=["poor", "cash", "health"])
    told = {tuple(row[:3]): row[4] for row in people.combinations.to_numpy().tolist()}
    assert told == {(True, True, False): 2, (True, False, True): 1, (False, False, True): 1}
    assert people.missing_from("cash", "poor") == (1, 3)
    assert people.by_list.units.tolist() == [3, 2, 2] and people.on_several == 3
    homes = overlap(linkage(), unit="household")
    assert homes.n_units == 3 and homes.missing_from("cash", "poor") == (1, 2)


def test_a_household_is_what_people_and_numbers_join():
    """Slow reference: join labels until nothing changes."""
    rng = np.random.default_rng(5)
    rows = [
        (
            "ab"[rng.integers(2)],
            int(rng.integers(1, 60)),
            rng.choice(["c1", "c2", "c3", None, None]),
            1.0,
            None,
            1980,
            None,
        )
        for _ in range(80)
    ]
    made = linkage(rows)
    made.clusters["person"] = pd.factorize(made.clusters["person"])[0] + 1
    label = list(range(len(rows)))
    person, card = made.clusters["person"].tolist(), made.records["household_id"].tolist()
    for _ in range(len(rows)):
        for i, j in combinations(range(len(rows)), 2):
            if person[i] == person[j] or (card[i] is not None and card[i] == card[j]):
                label[i] = label[j] = min(label[i], label[j])
    found = units_of(made, "household")
    assert all((found[i] == found[j]) == (label[i] == label[j]) for i, j in combinations(range(len(rows)), 2))


@pytest.mark.parametrize(("call", "said"), [
    (lambda: overlap(linkage(), unit="village"), "unit: got 'village'"),
    (lambda: overlap(linkage(), order=["poor"]), "order: got"),
    (lambda: overlap(linkage()).missing_from("school", "poor"), "list_id: got 'school'"),
    (lambda: duplicates(linkage(), draws=3), "draws: got 3"),
    (lambda: duplicates(linkage(), one_per_household=["school"]), "one_per_household: got 'school'"),
    (lambda: unlisted(linkage(), "poor", "poor"), "second: got 'poor'"),
    (lambda: unlisted(linkage(), "poor", "cash", recall=0), "recall: got 0"),
    (lambda: capture(5, 5, 6), "on_both: got 6"),
    (lambda: fragmentation(linkage(), days=["not a day"]), "days: got"),
])  # fmt: skip
def test_what_is_refused_is_told(call, said):
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        call()


@given(st.lists(st.integers(0, 60), min_size=7, max_size=7))
@settings(max_examples=40, deadline=None)
def test_no_small_combination_is_shown_or_told_by_the_total_of_a_list(sizes):
    """With every list's total known, no hidden combination stands alone in the sum of a list."""
    rows, person = [], 0
    for place, size in enumerate(sizes, start=1):
        for _ in range(size):
            person += 1
            rows += [
                (name, person, None, 1.0, None, 1980, None)
                for bit, name in enumerate("abc")
                if place >> bit & 1
            ]
    if not rows:
        return
    table = overlap(linkage(rows)).published(minimum=10)
    names = [name for name in "abc" if name in table]
    assert not table["units"].dropna().lt(10).any()
    hidden = table["units"].isna().to_numpy()
    for name in names:
        on = table[name].to_numpy(bool)
        if (on & ~hidden).any():
            assert (on & hidden).sum() != 1


def test_surplus_records_and_money_where_links_are_sure():
    made = linkage(pairs=[(3, 4, 1.0), (0, 3, 1.0)])
    found = duplicates(made, one_per_household=["cash"])
    one = found.row("cash")
    assert (one.records, one.records_low, one.records_high) == (1, 1, 1)
    assert one.amount == 100 and one.paid == 340  # the larger payment, 160, is kept
    assert np.isnan(found.row("poor").amount) and found.without_amounts == ("poor",)
    home = found.row("cash", HOUSEHOLD)
    assert home.records == 1 and home.amount == 80  # person 1 (100 under c1) and person 2 (80 under c1)
    assert found.row().records == 1 and "1 records" in found.sentence()


def test_the_range_of_surplus_follows_the_probabilities():
    rows = [("cash", 2 * i + k + 1, None, 10.0, None, 1980, None) for i in range(200) for k in range(2)]
    made = linkage(rows, pairs=[(2 * i, 2 * i + 1, 0.3) for i in range(200)])
    row = duplicates(made, draws=2_000).row("cash")
    spread = np.sqrt(200 * 0.3 * 0.7)
    assert row.records == pytest.approx(60, abs=4 * spread / np.sqrt(2_000))
    assert row.records_high - row.records_low == pytest.approx(2 * 1.96 * spread, rel=0.1)
    assert row.amount == pytest.approx(10 * row.records)
    again = duplicates(made, draws=2_000).row("cash")
    pd.testing.assert_series_equal(row, again)


def test_repeated_rows_name_the_row_and_nobody():
    made = linkage()
    assert repeated_rows(made)[["list_id", "row", "other_row"]].to_numpy().tolist() == [["cash", 6, 5]]


@pytest.mark.slow
def test_the_interval_of_those_on_neither_list_covers():
    rng, inside, runs = np.random.default_rng(1), 0, 400
    for _ in range(runs):
        first, second = rng.random(2_000) < 0.5, rng.random(2_000) < 0.6
        _, low, high = capture(first.sum(), second.sum(), (first & second).sum())
        inside += low <= (~first & ~second).sum() <= high
    # The number on neither varies beside its estimate, so that cover is a little below or above the nominal.
    assert 0.90 <= inside / runs <= 1


def test_those_on_neither_list_by_hand_and_with_missed_links():
    # (201 · 121 / 101 − 1) − 220
    assert capture(200, 120, 100)[0] == pytest.approx(201 * 121 / 101 - 1 - 220)
    assert capture(10, 10, 10) == (0.0, 0.0, 0.0)
    rows = [("a", i, None, None, None, 1980, None) for i in range(1, 101)]
    rows += [("b", i, None, None, None, 1980, None) for i in range(41, 121)]
    plain, mended = unlisted(linkage(rows), "a", "b"), unlisted(linkage(rows), "a", "b", recall=0.8)
    assert plain.listed == 120 and plain.on_both == 60
    assert mended.on_both == 75 and mended.estimate < plain.estimate


def test_recall_by_the_model_itself():
    made = linkage(pairs=[(0, 3, 0.95), (2, 6, 0.5), (3, 4, 1.0)])
    assert likely_recall(made) == pytest.approx(0.95 / 1.45)


def test_fragmentation_by_hand():
    found = fragmentation(linkage())
    # Persons 1 and 2 are on poor and cash, joined by the card; 2's years differ. 3: poor and health, no number, other sex.
    last = found.over_time.iloc[-1]
    assert (last.pairs, last.records, last.persons) == (3, 8, 4)
    assert last.unjoined == pytest.approx(1 / 3) and last.contradictory == pytest.approx(2 / 3)
    assert found.index == pytest.approx(200 / 3) and found.undated == 1
    by = found.by_pair.set_index(["list_id", "other"])["index"].to_dict()
    assert by == {("cash", "poor"): 50.0, ("health", "poor"): 100.0}
    sex = found.inconsistencies.query("attribute == 'sex' and list_id == 'all'").iloc[0]
    assert (sex.compared, sex.differ) == (3, 1)
    early = fragmentation(linkage(), days=["2021-06-30"]).over_time.iloc[0]
    assert (early.pairs, early["index"]) == (1, 0.0)  # only person 1 is on two lists by then


def test_nobody_on_two_lists_is_no_index():
    alone = fragmentation(linkage(ROWS[:3]))
    assert np.isnan(alone.index) and alone.sentence() == "No person is on two lists."


def test_row_order_changes_nothing():
    mixed = [ROWS[i] for i in (5, 2, 7, 0, 3, 6, 1, 4)]
    one, two = overlap(linkage()), overlap(linkage(mixed))
    pd.testing.assert_frame_equal(one.combinations, two.combinations)
    pd.testing.assert_frame_equal(fragmentation(linkage()).over_time, fragmentation(linkage(mixed)).over_time)


def test_rounded_gives_no_small_count_away():
    assert [rounded(value) for value in (0, 4, 5, 14.9, 1_005)] == [0, 0, 10, 10, 1_010]
    assert np.isnan(rounded(float("nan")))
