"""Options side by side: a slow reference, ranges, monotonicity, invariance, bad input."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from response_cases import CASH, KHM, QUICK, RIGHT, SHOCK, exact, six_households

from aspfin.data import Quantity
from aspfin.data.synthetic import household_population
from aspfin.programmes import (
    MEASURES,
    OPTIONS,
    Benefit,
    Combination,
    DisasterManagementProgramme,
    HorizontalExpansion,
    HouseholdData,
    VerticalExpansion,
    compare_responses,
    default_options,
    load_country,
    shocks,
)
from aspfin.programmes.households import read_households
from aspfin.programmes.microsimulation import make_scene
from aspfin.programmes.ranges import Central, assumed
from aspfin.programmes.response_draws import group_cells
from aspfin.programmes.response_plan import Plan, Stream
from aspfin.programmes.response_scores import measures_of, sums_of
from aspfin.results import InputError

FLOOD = shocks.from_event(KHM, "flood_2022")


@pytest.fixture(scope="module")
def people():
    return household_population("KHM", households=3_000, seed=4)


@pytest.fixture(scope="module")
def result(people):
    return compare_responses(KHM, FLOOD, population=people, draws=2_000, seed=1)


def outcomes(streams, chances, k=0, paid=False):
    """Yield (chance, money received, money sent, paid) of one household, stream by stream."""
    if k == len(streams):
        yield 1.0, 0.0, 0.0, paid
        return
    one, chance = streams[k], chances[k]
    ways = [(1.0, 0)]
    if not paid or one["duplicates"]:
        ways = [(1 - chance, 0), (chance * (1 - one["again"]), 1), (chance * one["again"], 2)]
    for probability, times in ways:
        for rest in outcomes(streams, chances, k + 1, paid or times > 0):
            received = times * one["amount"] * one["delivered"] + rest[1]
            yield probability * rest[0], received, times * one["amount"] + rest[2], rest[3]


def slow(scene, plan):
    """Score a plan household by household, way by way."""
    names = ("paid", "paid_in_need", "transfer", "poor_response", "gap_response", "unmet_money", "received")
    total = dict.fromkeys(names, 0.0)
    h = scene.households
    shape = h.weight.shape
    for i in range(len(h.weight)):
        streams = [
            {
                "amount": float(np.broadcast_to(one.amount, shape)[i]),
                "delivered": float(one.delivered),
                "again": float(one.again),
                "duplicates": one.duplicates,
            }
            for one in plan.streams
        ]
        for hit in (True, False):
            share = h.weight[i] * (scene.hit[i] if hit else 1 - scene.hit[i])
            field = "affected" if hit else "others"
            chances = [float(np.broadcast_to(getattr(one, field), shape)[i]) for one in plan.streams]
            level = h.consumption[i] - (scene.loss[i] if hit else 0.0)
            days = h.members[i] * scene.days
            before = max(h.line - h.consumption[i], 0)
            for chance, received, sent, paid in outcomes(streams, chances):
                weight, now = share * chance, level + received / days
                total["paid"] += weight * paid
                total["paid_in_need"] += weight * (paid and hit and level < h.line)
                total["transfer"] += weight * sent
                total["received"] += weight * received * hit
                total["poor_response"] += weight * (now < h.line) * h.members[i]
                total["gap_response"] += weight * max(h.line - now, 0) * days
                total["unmet_money"] += weight * hit * max(max(h.line - now, 0) - before, 0) * days
    return total


def test_scores_are_those_of_a_slow_reference(people):
    some = replace(people, households=people.households.iloc[::12])
    households = read_households(some, KHM, FLOOD.start)
    shock = shocks.natural("Flood", "flood", "2022-09-01", affected=0.3)
    scene = make_scene(households, shock, shock.start, Central())
    options = default_options(KHM, FLOOD)
    relief = [one for one in options if isinstance(one, DisasterManagementProgramme)]
    for option in (*options, Combination((options[1], options[2], *relief), "three")):
        plan = option.plan(scene, Central())
        fast = sums_of(scene, plan, deadline=90)
        for name, value in slow(scene, plan).items():
            assert fast[name].sum() == pytest.approx(value, rel=1e-9), (option.label, name)


def test_the_six_options_come_by_default(result):
    assert len(OPTIONS) == 6 == len(result.table)
    assert result.table.set_index("option").notna().all().all()
    assert set(MEASURES) <= set(result.table.columns)


def test_households_add_up_nationally_and_by_province(result, people):
    names = ["households_on_time", "households_late", "households_never", "households_not_in_need"]
    everybody = float(people.households["weight"].sum())
    assert result.table[names].sum(axis=1).to_numpy() == pytest.approx(everybody)
    by_option = result.by_province.groupby("option")[names].sum().sum(axis=1)
    assert by_option.to_numpy() == pytest.approx(everybody)
    assert result.account["households"].sum() == pytest.approx(everybody)
    assert all(check.passed for check in result.checks)


def test_provinces_add_up_to_the_country(result):
    money = ["cost", "transfer", "administration", "unmet_money", "households_paid", "poor_averted"]
    sums = result.by_province.groupby("option")[money].sum()
    whole = result.table.set_index("option")[money]
    pd.testing.assert_frame_equal(sums.loc[whole.index], whole, check_names=False)
    assert len(result.by_province) == 6 * 25


def test_row_order_changes_nothing(people, result):
    mixed = replace(people, households=people.households.sample(frac=1, random_state=9))
    again = compare_responses(KHM, FLOOD, population=mixed, draws=2_000, seed=1)
    pd.testing.assert_frame_equal(again.table, result.table, check_exact=True)
    pd.testing.assert_frame_equal(again.bands, result.bands, check_exact=True)


def test_input_is_not_changed(people):
    before = people.households.copy()
    compare_responses(KHM, FLOOD, population=people, draws=10)
    pd.testing.assert_frame_equal(people.households, before)


def test_bands_hold_the_central_value_and_their_error_is_small(result):
    bands = result.bands.dropna(subset=["low"])
    assert (bands["low"] <= bands["high"]).all()
    wide = bands[bands["measure"].isin(["coverage_in_need", "cost", "first_days", "last_days"])]
    assert ((wide["low"] <= wide["value"]) & (wide["value"] <= wide["high"])).all()
    assert (wide["std_error"] < 0.02 * wide["mean"].abs()).all()


def test_another_option_does_not_change_the_draws_of_the_first(people, result):
    options = default_options(KHM, FLOOD)
    alone = compare_responses(KHM, FLOOD, [options[1]], population=people, draws=2_000, seed=1)
    mine = result.bands[result.bands["option"] == "Vertical expansion"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone.bands, mine)


@pytest.mark.parametrize(("iso3", "event"), [("KHM", "flood_2022"), ("ZMB", "drought_2024")])
def test_cells_are_close_to_single_households_at_the_centre(iso3, event):
    country, people = load_country(iso3), household_population(iso3, households=20_000, seed=0)
    shock = shocks.from_event(country, event)
    households = read_households(people, country, shock.start)
    whole, parts = (
        make_scene(one, shock, shock.start, Central()) for one in (households, group_cells(households))
    )
    for option in default_options(country, shock):
        exact_sums, cells = (
            sums_of(scene, option.plan(scene, Central()), deadline=90) for scene in (whole, parts)
        )
        for name, value in exact_sums.items():
            # What a transfer leaves of a loss bends within a cell; the rest nearly adds up.
            tolerance = 0.05 if name == "unmet_money" else 0.01
            assert cells[name].sum() == pytest.approx(value.sum(), rel=tolerance), (option.label, name)


def test_the_draws_of_exact_inputs_are_the_microsimulation():
    option = VerticalExpansion(
        CASH, exact("capacity", 0.9), exact("wrong", 0.1), **QUICK, administration=exact("a", 0.1)
    )
    result = compare_responses(KHM, SHOCK, [option], population=six_households(), draws=7, registry=RIGHT)
    bands = result.bands.dropna(subset=["value"])
    assert bands["low"].to_numpy() == pytest.approx(bands["value"].to_numpy())
    assert bands["high"].to_numpy() == pytest.approx(bands["value"].to_numpy())


def test_days_alone_may_be_uncertain():
    days = {"first_days": assumed("first", 20, 30, 60), "last_days": assumed("last", 90, 125, 200)}
    vertical = VerticalExpansion(
        CASH, exact("capacity", 0.9), exact("wrong", 0.1), **days, administration=exact("a", 0.1)
    )
    horizontal = HorizontalExpansion(
        CASH, "everybody", *(exact(f"h{k}", 0.5) for k in range(4)), **days, administration=exact("a", 0.1)
    )
    options = [vertical, Combination((vertical, horizontal))]
    result = compare_responses(KHM, SHOCK, options, population=six_households(), draws=150, registry=RIGHT)
    for option in result.options:
        drawn = result.measure_draws(option)
        assert drawn["first_days"].shape == drawn["last_days"].shape == (150,)
        assert 20 <= drawn["first_days"].min() < 29 < 31 < drawn["first_days"].max() <= 60
        assert np.ptp(drawn["cost"]) == 0


def test_no_draw_makes_a_part_larger_than_its_whole(people):
    prices = shocks.price("Prices", "2022-12-10", price_rise=0.1)
    result = compare_responses(KHM, prices, population=people, draws=200)
    for option in result.options:
        drawn = result.measure_draws(option)
        for name in ("households_late", "households_never", "households_not_in_need", "unmet_money"):
            assert drawn[name].min() >= 0, (option, name)


@settings(deadline=None, max_examples=15)
@given(st.floats(0.1, 3), st.floats(0.1, 3), st.floats(0, 1), st.floats(0, 1))
def test_more_benefit_never_costs_less_and_more_capacity_never_covers_less(one, other, low, high):
    small, large = sorted([one, other])
    low, high = sorted([low, high])
    rows = []
    for factor, capacity in ((small, low), (large, low), (small, high)):
        benefit = replace(CASH, factor=exact("factor", factor, "times"))
        option = VerticalExpansion(benefit, exact("capacity", capacity), exact("wrong", 0.1), **QUICK)
        found = compare_responses(KHM, SHOCK, [option], population=six_households(), draws=0)
        rows.append(found.table.iloc[0])
    assert rows[1]["cost"] >= rows[0]["cost"] - 1e-6
    assert rows[1]["gap_response"] <= rows[0]["gap_response"] + 1e-12
    assert rows[2]["coverage_in_need"] >= rows[0]["coverage_in_need"] - 1e-12


def test_areas_restrict_the_results(people, result):
    some = compare_responses(KHM, FLOOD, population=people, areas=["KH02", "KH15"], draws=0)
    whole = result.by_province[result.by_province["pcode"].isin(["KH02", "KH15"])]
    assert some.table["cost"].to_numpy() == pytest.approx(
        whole.groupby("option", sort=False)["cost"].sum().to_numpy()
    )
    assert some.account["households"].sum() == pytest.approx(whole.iloc[:2][
        ["households_in_need", "households_not_in_need"]].sum().sum())  # fmt: skip


def test_everything_taken_as_given_is_listed(result):
    table = result.assumptions.set_index("name")
    assert table.loc["vertical expansion: capacity", ["low", "value", "high"]].tolist() == [0.8, 0.95, 1.0]
    assert table.loc["flood_2022: households affected", "value"] == pytest.approx(85_482)
    assert table["status"].isin(["verified", "press", "assumed", "unverified"]).all()
    assert not table.index.duplicated().any()


def test_every_family_and_country_has_default_options(people):
    zmb = load_country("ZMB")
    for country, data in ((KHM, people), (zmb, household_population("ZMB", households=2_000, seed=1))):
        for shock in (
            shocks.price("Prices", "2022-06-01", price_rise=0.15),
            shocks.health("Epidemic", "2021-06-01", affected=0.2, days_lost_per_month=5),
            shocks.natural("Drought", "drought", "2024-03-01", affected=0.3),
        ):
            result = compare_responses(country, shock, population=data, draws=20)
            assert (result.table["households_paid"] > 0).all(), (country.iso3, shock.name)
            assert "in need" in result.sentence()


def test_a_shock_that_hits_nobody_costs_almost_nothing(people):
    shock = shocks.natural("Drizzle", "flood", "2022-09-01", affected=0.0)
    result = compare_responses(KHM, shock, population=people, draws=5)
    assert result.table["transfer"].sum() == 0
    assert result.table["coverage_in_need"].isna().all()
    assert "No household is in need" in result.sentence()


def test_a_seventh_option_is_one_dataclass_with_one_method():
    @dataclass(frozen=True)
    class Vouchers:
        share: Quantity
        label: str = "Vouchers"

        @property
        def inputs(self):
            return (self.share,)

        def plan(self, scene, read):
            everybody = np.ones_like(scene.households.weight)
            paid = everybody * read(self.share)
            return Plan((Stream(paid, 0.0 * everybody, 50_000.0 * everybody, 10.0, 20.0),))

    option = Vouchers(Quantity("vouchers: share", 0.5, low=0.3, high=0.6))
    result = compare_responses(KHM, SHOCK, [option], population=six_households(), draws=500)
    assert result.table["coverage_affected"].iloc[0] == pytest.approx(0.5)
    band = result.bands.set_index("measure").loc["coverage_affected"]
    assert 0.3 <= band["low"] < 0.35
    assert 0.57 < band["high"] <= 0.6


def test_ratios_without_a_denominator_are_missing():
    zero = dict.fromkeys(
        ["paid", "affected", "in_need", "paid_in_need", "people", "people_paid", "paid_affected", "households",
         "in_need_by_deadline", "received", "line_of_paid", "loss_of_paid", "poor_before", "poor_shock",
         "poor_response", "gap_before", "gap_shock", "gap_response", "need_money", "unmet_money", "line_money",
         "transfer", "brought_forward", "administration"], np.zeros(1),
    )  # fmt: skip
    assert np.isnan(measures_of(zero)["cost_per_household"]).all()


BAD = [
    ({"draws": -1}, "draws"),
    ({"draws": 1.5}, "draws"),
    ({"seed": "x"}, "seed"),
    ({"deadline_days": 0}, "deadline_days"),
    ({"areas": ["KH99"]}, "KH99"),
    ({"areas": []}, "areas"),
    ({"options": []}, "at least one"),
    ({"options": ["cash"]}, "an option, such as"),
    ({"options": [VerticalExpansion(CASH), VerticalExpansion(CASH)]}, "each name once"),
]


@pytest.mark.parametrize(("change", "word"), BAD)
def test_bad_arguments_are_refused(change, word):
    arguments = {"options": [VerticalExpansion(CASH)], "population": six_households(), "draws": 0, **change}
    with pytest.raises(InputError, match=word):
        compare_responses(KHM, SHOCK, **arguments)


@pytest.mark.parametrize("column", ["province", "weight", "members", "consumption", "card_level"])
def test_a_missing_column_is_named(column):
    data = six_households()
    with pytest.raises(InputError, match=column):
        compare_responses(
            KHM, SHOCK, [VerticalExpansion(CASH)], draws=0,
            population=HouseholdData(data.households.drop(columns=column), 10_000.0, "KHR"),
        )  # fmt: skip


def test_negative_numbers_and_households_without_members_are_refused():
    for column, value in (("members", 0), ("consumption", -1.0), ("weight", np.nan)):
        data = six_households()
        frame = data.households.astype({column: float})
        frame.loc[2, column] = value
        with pytest.raises(InputError, match=column):
            compare_responses(
                KHM, SHOCK, [VerticalExpansion(CASH)], draws=0, population=HouseholdData(frame, 1e4, "KHR")
            )


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: Benefit(), "a programme, or a flat amount"),
        (lambda: Benefit("flood_cash_transfer"), "the day whose rules apply"),
        (lambda: Benefit(flat=exact("cash", 1.0)), "how many periods"),
        (lambda: VerticalExpansion(CASH, exact("capacity", 1.5)), "capacity"),
        (lambda: VerticalExpansion(CASH, "half"), "Quantity"),
        (lambda: Combination(()), "at least one option"),
    ],
)
def test_impossible_options_are_refused(make, word):
    with pytest.raises(InputError, match=word):
        make()


def test_benefits_without_a_known_amount_or_rule_say_so():
    for benefit, word in (
        (Benefit("family_package", "2024-05-01", periods=2), "not found|amount"),
        (Benefit("flood_cash_transfer", "2010-01-01"), "2010-01-01"),
        (Benefit("maternity_and_early_childhood_cash", "2024-05-01"), "per month or payment"),
    ):
        people = household_population("KHM", households=2_000, seed=1)
        with pytest.raises(InputError, match=word):
            compare_responses(KHM, SHOCK, [VerticalExpansion(benefit)], population=people, draws=0)


def test_who_an_option_is_for_is_checked():
    with pytest.raises(InputError, match="everybody"):
        compare_responses(
            KHM, SHOCK, [HorizontalExpansion(CASH, "friends")], population=six_households(), draws=0
        )


def test_provinces_and_living_standards_are_drawn_together():
    """Ends add up: a figure that is too low is too low everywhere, so bands do not shrink with provinces."""
    people = household_population("KHM", households=2_000, seed=1)
    share = {
        pcode: Quantity(f"share in {pcode}", 0.2, low=0.1, high=0.3, unit="share")
        for pcode in ("KH02", "KH15")
    }
    shock = shocks.natural("Flood", "flood", "2022-09-01", affected=share, loss=0.2)
    result = compare_responses(KHM, shock, [VerticalExpansion(CASH)], population=people, draws=4_000)
    row = result.bands.set_index("measure").loc["households_affected"]
    # Even from 0.1 to 0.3: the 5th percentile is 0.11, the 95th 0.29.
    assert row["low"] == pytest.approx(row["value"] * 0.11 / 0.2, rel=0.02)
    assert row["high"] == pytest.approx(row["value"] * 0.29 / 0.2, rel=0.02)
