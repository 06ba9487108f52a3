"""Replays: payments by rule and caseload, their range, and what would close a gap."""

import datetime as dt
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.programmes import load_country
from aspfin.programmes.replay import Compared, Unknown, replay
from aspfin.programmes.replay_rounds import Count, Stream, mix_of_cards, mix_of_places, monthly, rounds_of
from aspfin.results import InputError

GOLDEN = yaml.safe_load((Path(__file__).parents[1] / "golden" / "programmes_cash.yaml").read_text())
KHM = load_country("KHM")
FLOOD = GOLDEN["flood_cash_transfer_2022_23"]
LIST = Count(
    dt.date(2023, 1, 24), 706_648, 2_788_065,
    categories={"child_0_5": 165_643, "age_60_plus": 366_158, "disability": 64_576, "hiv": 2_036},
)  # fmt: skip


def flood(**changes):
    case = dict(FLOOD["caseload"])
    count = Count(dt.date(2023, 3, 10), case.pop("households"), case.pop("members"), categories=case)
    return replace(
        Stream("flood", "flood_cash_transfer", monthly(dt.date(2022, 12, 10), 3), (count,)), **changes
    )


def covid(**changes):
    days = monthly(dt.date(2020, 6, 25), 46)
    return replace(Stream("covid", "covid_cash_transfer", days, (LIST,), "cards", 4_000.0), **changes)


# Payments


def test_the_flood_transfer_to_the_riel():
    rounds = rounds_of(flood(), KHM)
    assert rounds["amount"].tolist() == pytest.approx([FLOOD["per_month"]] * 3, rel=1e-12)
    total = rounds["amount"].sum()
    assert total == pytest.approx(FLOOD["total"], rel=1e-12)
    assert 0 < total / FLOOD["published_total"] - 1 < FLOOD["relative_difference_below"]


@pytest.mark.parametrize(("place", "day"), [(0, "2020-06-25"), (20, "2022-02-25"), (45, "2024-03-25")])
@pytest.mark.parametrize("urban", [0.0, 0.163, 0.261])
def test_a_month_is_what_the_costing_of_the_same_caseload_gives(place, day, urban):
    mix = mix_of_cards(KHM, urban)
    million = 10**6  # whole people: shares are rounded to a millionth of one
    table = pd.DataFrame({"area": mix["area"], "card_level": mix["card_level"]})
    table["households"] = (mix["households"] * LIST.households * million).round().astype("int64")
    table["members"] = (mix["people"] * LIST.people * million).round().astype("int64")
    for name, number in LIST.categories.items():
        table[name] = (mix["people"] * number * million).round().astype("int64")
    cost = KHM.programme("covid_cash_transfer").cost(table, on=day, months=1)
    found = rounds_of(covid(), KHM, {"urban_share": urban})["amount"].iloc[place]
    assert found == pytest.approx(cost.total / million, rel=1e-9)


def test_a_payment_by_hand():
    # 100 households of 4 in the capital (10 %), towns (18 %) and the countryside (72 %); July 2023.
    count = Count(dt.date(2023, 7, 10), 100, 400)
    stream = Stream("i", "inflation_cash_transfer", (dt.date(2022, 12, 10),), (count,), "places")
    values = {"capital_share": 0.1, "urban_share": 0.2}
    by_hand = (
        10 * (99_900 + 4 * 28_000) + 18 * (87_300 + 4 * 24_000) + 72 * (81_300 + 4 * 20_000)
    )  # every member
    assert rounds_of(stream, KHM, values)["amount"].item() == pytest.approx(by_hand)
    fewer = by_hand - (10 * 28_000 + 18 * 24_000 + 72 * 20_000)  # only additional members
    assert rounds_of(stream, KHM, {**values, "uncounted_members": 1})["amount"].item() == pytest.approx(fewer)
    assert rounds_of(stream, KHM, values)["usd"].item() == pytest.approx(by_hand / 4102.03786)


def test_the_design_change_of_2024_lowers_a_payment_by_the_amounts_per_member():
    amount = rounds_of(covid(), KHM, {"urban_share": 0.0})["amount"]
    assert amount.iloc[:43].min() == amount.iloc[:43].max()
    assert 0.5 < amount.iloc[43] / amount.iloc[42] < 0.6


def test_caseload_follows_a_line_or_stays_at_one_of_two_counts():
    counts = (Count(dt.date(2022, 12, 10), 100, 300), Count(dt.date(2023, 2, 10), 200, 800))
    days = monthly(dt.date(2022, 12, 10), 3)
    stream = Stream("i", "inflation_cash_transfer", days, counts, "places")
    known = {"capital_share": 0.0, "urban_share": 0.0}
    line, low, high = (
        rounds_of(stream, KHM, {**known, "caseload_path": path})["households"] for path in (0, -1, 1)
    )
    assert line.tolist() == [100, 150, 200] or line.tolist() == pytest.approx([100, 100 + 100 * 31 / 62, 200])
    assert low.tolist() == [100, 100, 200] and high.tolist() == [100, 200, 200]
    people = rounds_of(stream, KHM, known)["people"]
    assert people.tolist() == pytest.approx(
        [300, 150 * 3.5, 800]
    )  # the size of a household follows a line too


def test_counts_may_come_in_any_order():
    counts = (LIST, Count(dt.date(2020, 6, 25), 530_858), Count(dt.date(2021, 1, 31), 710_000, 2.8e6))
    first = rounds_of(covid(counts=counts), KHM, {"urban_share": 0.1})
    pd.testing.assert_frame_equal(
        first, rounds_of(covid(counts=counts[::-1]), KHM, {"urban_share": 0.1}), check_exact=True
    )


def test_mixes_are_shares():
    for mix in (mix_of_cards(KHM, 0.3), mix_of_places(0.05, 0.2)):
        assert mix[["households", "people"]].sum().tolist() == pytest.approx([1, 1])
    register = KHM.provinces
    cards = mix_of_cards(KHM, 0.3)
    first = register["idpoor1_households"].sum() / (
        register["idpoor1_households"].sum() + register["idpoor2_households"].sum()
    )
    assert cards.loc[cards["card_level"] == 1, "households"].sum() == pytest.approx(first)


# Comparisons, ranges, what would close a gap

TOWNS = Unknown("urban_share", 0.163, 0.0, 0.261, unit="share")
FEWER = Unknown("take_up", 1.0, 0.8, 1.0, in_range=False)
PAID = Compared("33 payments", 1_050_000_000, "USD", ("covid",), (33, 33))


def test_the_value_that_closes_a_gap_does():
    result = replay(KHM, [covid()], [PAID], [TOWNS, FEWER])
    closes = result.explanations.set_index("name")["closes_gap"]
    for name in ("urban_share", "take_up"):
        values = {"urban_share": TOWNS.central, name: closes[name]}
        total = rounds_of(covid(), KHM, values)["usd"].iloc[:33].sum()
        assert total == pytest.approx(PAID.published, rel=1e-9)
    assert result.explanations.set_index("name")["possible"].to_dict() == {
        "urban_share": True, "take_up": False,
    }  # fmt: skip


def test_what_has_no_known_range_does_not_widen_the_range():
    with_it = replay(KHM, [covid()], [PAID], [TOWNS, FEWER]).comparisons
    without = replay(KHM, [covid()], [PAID], [TOWNS]).comparisons
    pd.testing.assert_frame_equal(with_it, without)


def test_the_day_of_a_report_that_is_not_known():
    told = Compared("between", 744_600_000, "USD", ("covid",), (25, 26))
    row = replay(KHM, [covid()], [told], [Unknown("urban_share", 0.1, 0.1, 0.1)]).comparisons.iloc[0]
    total = np.cumsum(rounds_of(covid(), KHM, {"urban_share": 0.1})["usd"].to_numpy())
    assert (row["low"], row["high"]) == pytest.approx((total[24], total[25]))
    assert row["simulated"] == pytest.approx((total[24] + total[25]) / 2)


def test_money_between_two_totals_is_their_difference():
    known = [Unknown("urban_share", 0.1, 0.1, 0.1)]
    ends = [Compared(str(n), 1.0, "USD", ("covid",), (n, n)) for n in (31, 33)]
    between = Compared("between", 1.0, "USD", ("covid",), (33, 33), since=(31, 31))
    found = replay(KHM, [covid()], [*ends, between], known).comparisons["simulated"]
    assert found[1] - found[0] == pytest.approx(found[2])


def test_households_reached_by_hand():
    told = Compared("reached", 99_169, "households", measure="households_reached", affected=85_482)
    unknowns = [
        Unknown("horizontal_capacity", 0.8, 0.5, 1.0),
        Unknown("exclusion_error", 0.1, 0.0, 0.3),
        Unknown("inclusion_error", 0.1, 0.0, 0.25),
    ]
    row = replay(KHM, [flood()], [told], unknowns).comparisons.iloc[0]
    assert row["simulated"] == pytest.approx(85_482 * 0.8 * 0.9 / 0.9)
    assert row["low"] == pytest.approx(85_482 * 0.5 * 0.7)
    assert row["high"] == pytest.approx(85_482 * 1.0 * 1.0 / 0.75)
    assert row["agrees"]


def test_administration_and_a_stream_in_doubt():
    zmb = load_country("ZMB")
    day = (dt.date(2024, 6, 1),)
    new = Stream("new", "drought_emergency_cash_transfer", day, (Count(day[0], 1_000),), dollar_year=2024)
    more = Stream(
        "more", "drought_top_up", day, (Count(day[0], 1_000, low=900, high=1_100),), dollar_year=2024
    )
    told = Compared("plan", 500_000, "ZMW", ("new",), base=("more",), with_administration=True)
    unknowns = [
        Unknown("administration_share", 0.1, 0.0, 0.2),
        Unknown("base_included", 0.0, 0.0, 1.0),
        Unknown("caseload_path", 0.0, -1.0, 1.0),
    ]
    row = replay(zmb, [new, more], [told], unknowns).comparisons.iloc[0]
    assert row["simulated"] == pytest.approx(400_000 * 1.1)
    assert (row["low"], row["high"]) == pytest.approx((400_000, (400_000 + 1_100 * 200) * 1.2))


@settings(deadline=None, max_examples=12)
@given(
    ends=st.lists(st.floats(0, 0.4), min_size=4, max_size=4),
    path=st.floats(0, 1),
)
def test_a_wider_range_of_an_input_never_narrows_that_of_the_replay(ends, path):
    a, b, c, d = sorted(ends)
    counts = (Count(dt.date(2020, 6, 25), 530_858, 2.1e6), LIST)
    stream = covid(counts=counts, days=monthly(dt.date(2020, 9, 25), 3))
    told = Compared("3 payments", 90_000_000, "USD", ("covid",))
    ranges = []
    for low, high, wide in ((b, c, path / 2), (a, d, path)):
        unknowns = [Unknown("urban_share", b, low, high), Unknown("caseload_path", 0, -wide, wide)]
        result = replay(KHM, [stream], [told], unknowns)
        assert all(check.passed for check in result.checks)
        ranges.append(result.comparisons[["low", "simulated", "high"]].iloc[0])
    narrow, wide = ranges
    assert wide["low"] <= narrow["low"] * (1 + 1e-12) and wide["high"] >= narrow["high"] * (1 - 1e-12)


def test_more_towns_more_members_paid_more_households_paid_cost_more():
    for name, values in [
        ("urban_share", (0, 0.1, 0.5)),
        ("take_up", (0.5, 0.9, 1)),
        ("extra_amounts", (0, 1)),
    ]:
        totals = [
            rounds_of(covid(), KHM, {"urban_share": 0.1, name: value})["amount"].sum() for value in values
        ]
        assert all(a < b for a, b in pairwise(totals))


def test_a_replay_answers_like_every_result():
    result = replay(KHM, [flood()], [Compared("paid", FLOOD["published_total"], "KHR", ("flood",))])
    assert "0.0041 %" in str(result) and len(result.to_frame()) == 1
    assert result.main_explanations.empty


# What is refused


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Unknown("towns", 0, 0, 1), "urban_share"),
        (lambda: Unknown("urban_share", 0.5, 0.6, 1), "in this order"),
        (lambda: Unknown("urban_share", 0.5, 0.1, float("nan")), "in this order"),
        (lambda: Count(LIST.date, -1) and covid(counts=(Count(LIST.date, -1),)), "above 0"),
        (lambda: covid(counts=(LIST, LIST)), "each day once"),
        (lambda: covid(days=()), "at least one"),
        (lambda: rounds_of(covid(), KHM), "urban_share: got None"),
        (lambda: rounds_of(covid(), KHM, {"urban_share": float("nan")}), "a number"),
        (lambda: rounds_of(covid(mix="one"), KHM), "tells households apart by area"),
        (lambda: rounds_of(covid(own_rate=None), KHM, {"urban_share": 0, "dollar_rate": 1}), "own_rate"),
        (lambda: rounds_of(covid(counts=(Count(LIST.date, 5),)), KHM, {"urban_share": 0}), "people"),
        (lambda: rounds_of(covid(counts=(Count(LIST.date, 5, 20),)), KHM, {"urban_share": 0}), "child_0_5"),
        (lambda: rounds_of(flood(days=(dt.date(2021, 1, 1),)), KHM), "a day with rules"),
        (lambda: rounds_of(flood(programme="nix"), KHM), "covid_cash_transfer"),
        (
            lambda: rounds_of(flood(programme="family_package", days=(dt.date(2024, 5, 1),)), KHM),
            "an amount of your own",
        ),
        (lambda: replay(KHM, [flood()], []), "at least one published figure"),
        (lambda: replay(KHM, [flood()], [Compared("x", 1, "KHR", ("nix",))]), "flood"),
        (lambda: replay(KHM, [flood()], [Compared("x", 1, "KHR")]), "at least one stream"),
        (lambda: replay(KHM, [flood()], [Compared("x", 0, "KHR", ("flood",))]), "above 0"),
        (lambda: replay(KHM, [flood()], [Compared("x", 1, "KHR", ("flood",), (4, 4))]), "at most the 3"),
        (lambda: replay(KHM, [flood()] * 2, [Compared("x", 1, "KHR", ("flood",))]), "each name once"),
        (lambda: replay(KHM, [flood()], [Compared("x", 1, "KHR", ("flood",))], main="y"), "allowed: x"),
        (
            lambda: replay(KHM, [flood()], [Compared("x", 1, "households", measure="households_reached")]),
            "households affected",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(make, told):
    with pytest.raises(InputError) as error:
        make()
    assert any(told in str(one) for one in error.value.problems), str(error.value)
    assert all("\n" not in str(one) for one in error.value.problems)
