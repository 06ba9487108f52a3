"""Shocks of the three families: what is lost, who is hit, what is refused."""

import pickle

import pytest
from response_cases import KHM, exact, six_households

from aspfin.data import Quantity
from aspfin.data.synthetic import household_population
from aspfin.programmes import affected_households, load_country, shocks
from aspfin.results import InputError


def test_a_price_rise_costs_the_food_share_times_the_rise():
    shock = shocks.price("Prices", "2022-06-01", price_rise=0.1, food_share=0.6)
    assert {group: one.number for group, one in shock.loss.items()} == pytest.approx(
        {"poor": 0.06, "near_poor": 0.06, "other": 0.06}
    )
    assumed = shocks.price("Prices", "2022-06-01", price_rise=0.1)
    assert assumed.loss["poor"].number > assumed.loss["near_poor"].number > assumed.loss["other"].number


def test_the_range_of_a_product_joins_the_ends():
    rise = Quantity("rise", 0.10, low=0.05, high=0.20)
    share = Quantity("food", 0.5, low=0.4, high=0.6)
    loss = shocks.price("Prices", "2022-06-01", price_rise=rise, food_share=share).loss["poor"]
    assert (loss.low, loss.number, loss.high) == pytest.approx((0.02, 0.05, 0.12))


def test_an_epidemic_takes_days_of_income_and_money_for_treatment():
    shock = shocks.health("Epidemic", "2020-06-01", affected=1.0, days_lost_per_month=3, out_of_pocket=36_525)
    hit = affected_households(six_households(), shock, country=KHM)
    # A tenth of consumption, and 1,200 riel a day shared by the members.
    assert hit["loss"].tolist()[0] == pytest.approx(800 + 36_525 / 30.4375 / 4)


def test_a_recorded_event_keeps_its_published_number_of_households():
    shock = shocks.from_event(KHM, "flood_2020")
    total = sum(one.number for one in shock.affected.values())
    low, high = (sum(getattr(one, end) for one in shock.affected.values()) for end in ("low", "high"))
    assert total == pytest.approx(133_406)
    assert (low, high) == pytest.approx((104_348, 175_872))
    assert shock.affected["KH02"].number == pytest.approx(66_088, rel=1e-6)  # published by province
    people = household_population("KHM", households=4_000, seed=2)
    hit = affected_households(people, shock, country=KHM)
    assert float(hit["weight"] @ hit["affected"]) == pytest.approx(133_406)


def test_people_are_turned_into_households():
    shock = shocks.from_event(load_country("ZMB"), "drought_2024")
    assert sum(one.number for one in shock.affected.values()) == pytest.approx(9_800_000 / 5.1)


def test_account_adds_up_and_the_poor_before_stay_poor():
    people = household_population("KHM", households=3_000, seed=3)
    shock = shocks.natural("Flood", "flood", "2022-09-01", affected={"KH02": 0.3, "KH15": 0.1})
    hit = affected_households(people, shock, country=KHM)
    assert sum(hit.attrs["account"].values()) == pytest.approx(float(people.households["weight"].sum()))
    assert set(hit.loc[hit["affected"] > 0, "province"]) == {"KH02", "KH15"}
    drawn = affected_households(people, shock, country=KHM, seed=5)
    assert set(drawn["affected"].unique()) == {0.0, 1.0}
    again = affected_households(people, shock, country=KHM, seed=5)
    assert drawn["affected"].equals(again["affected"])


def test_a_shock_can_be_pickled_and_says_what_it_is():
    shock = shocks.from_event(KHM, "flood_2022")
    again = pickle.loads(pickle.dumps(shock))
    assert again.sentence() == shock.sentence()
    assert "85,482 households" in shock.sentence()
    assert shock.to_frame()["status"].isin(["press", "assumed"]).all()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"affected": 1.2}, "affected in national"),
        ({"affected": {}}, "affected"),
        ({"affected": {"national": 0.1, "KH02": 0.1}}, "national alone"),
        ({"loss": 1.0}, "loss of the poor"),
        ({"loss": {"poor": 0.1}}, "near_poor"),
        ({"duration_months": 0}, "duration_months"),
        ({"start": "2022-13-01"}, "start"),
        ({"loss": Quantity("loss", 0.2, low=0.3, high=0.4)}, "rising order"),
        ({"loss": Quantity("loss", None, unit="share")}, "no figure was found"),
        ({"affected": "many"}, "Quantity"),
    ],
)
def test_impossible_shocks_are_refused(change, word):
    good = {"start": "2022-09-01", "affected": 0.1, "loss": 0.2, "duration_months": 3}
    with pytest.raises(InputError, match=word):
        shocks.natural("Flood", "flood", **{**good, **change})


def test_unknown_events_and_provinces_are_named():
    with pytest.raises(InputError, match="flood_1066"):
        shocks.from_event(KHM, "flood_1066")
    with pytest.raises(InputError, match="national figure"):
        shocks.from_event(KHM, "flood_2018")
    shock = shocks.natural("Flood", "flood", "2022-09-01", affected={"KH99": 0.3})
    with pytest.raises(InputError, match="KH99"):
        affected_households(six_households(), shock, country=KHM)


def test_exact_inputs_have_no_range():
    assert exact("x", 1.0).low is None
