import numpy as np
import pandas as pd
import pytest

from aspfin.programmes import load_country
from aspfin.programmes.shock_draws import Response
from aspfin.programmes.shock_need import pack_response, shock_need
from aspfin.results import InputError

KHM = load_country("KHM")
ON = "2022-12-10"
QUICK = {"on": ON, "draws": 4_000, "bootstrap": 40}
PERIODS = 1 - 1 / np.array([2, 5, 10, 20, 50, 100])


@pytest.fixture(scope="module")
def national():
    return shock_need(KHM, on=ON)


@pytest.fixture(scope="module")
def quick():
    return shock_need(KHM, **QUICK)


def test_mean_households_a_year_by_hand(national):
    # Major floods: 2001 and 2002 from people at 4.6 a household, 2011, 2013, 2020 (median of three); 5 in 24
    # years. Ordinary: six figures, seven events in seven years.
    major = (2e6 / 4.6 + 1.2e6 / 4.6 + 331_765 + 377_514.5 + 133_406) / 5 * 5 / 24
    ordinary = (91_182.5 + 28_468 + 85_482 + 20_000 + 58_600 + 45_335) / 6 * 1
    assert national.affected.mean == pytest.approx(major + ordinary, rel=2e-4)


def test_unit_cost_is_the_rule_for_the_published_caseload(national):
    # golden K1: 46,801,008,000 riel for 99,169 households
    assert national.unit_cost.amount == pytest.approx(46_801_008_000 / 99_169, rel=1e-12)
    assert national.unit_cost.usd == pytest.approx(471_931.83 / 4_102.03786, rel=1e-6)
    assert national.unit_cost.persons_per_household == pytest.approx(372_859 / 99_169)


def test_orders_of_magnitude_of_the_cambodian_need(national):
    # Guards against slips of a digit; the figures are reported in the documentation, not calibrated.
    assert 100_000 < national.affected.mean < 140_000
    assert 10e6 < national.need.mean < 15e6
    assert 30e6 < national.need.value_at_risk(0.9) < 42e6
    assert 55e6 < national.need.value_at_risk(0.98) < 75e6


def test_cost_of_an_affected_household_by_hand():
    everyone = Response(1, 1, 0, 0, 0, 0)
    found = shock_need(KHM, response=everyone, **QUICK)
    assert found.need.mean / found.affected.mean == pytest.approx(found.unit_cost.usd, rel=1e-9)
    assert found.shares.left_out == pytest.approx(0, abs=1e-12)
    with_administration = shock_need(KHM, response=Response(1, 1, 0, 0, 0.07, 0), **QUICK)
    assert with_administration.need.mean == pytest.approx(1.07 * found.need.mean, rel=1e-9)


def test_provinces_add_up_to_the_national_mean(national):
    totals = national.provinces[["households_per_year", "need_usd_per_year"]].sum()
    assert totals.tolist() == pytest.approx([national.affected.mean, national.need.mean], rel=1e-9)


@pytest.mark.parametrize("area", ["KH02", "KH24"])
def test_a_province_uses_the_same_draws_as_the_country(quick, area):
    province = shock_need(KHM, area=area, **QUICK)
    row = quick.provinces.set_index("pcode").loc[area]
    assert province.affected.mean == pytest.approx(row["households_per_year"], rel=1e-9)
    assert province.need.mean == pytest.approx(row["need_usd_per_year"], rel=1e-9)
    assert province.area_name == row["name"]
    assert province.need.value_at_risk(0.99) < quick.need.value_at_risk(0.99)


def test_reproducible_and_the_seed_matters_only_for_footprints(quick):
    again, other = shock_need(KHM, **QUICK), shock_need(KHM, seed=7, **QUICK)
    pd.testing.assert_frame_equal(quick.to_frame(), again.to_frame())
    # Sizes are stratified: only the rounding to whole households in each province differs.
    assert other.affected.mean == pytest.approx(quick.affected.mean, abs=0.1)
    assert other.need.mean != quick.need.mean
    assert other.need.mean == pytest.approx(quick.need.mean, rel=0.01)


def test_more_draws_change_the_national_curve_little(national, quick):
    np.testing.assert_allclose(
        quick.need.value_at_risk(PERIODS), national.need.value_at_risk(PERIODS), rtol=0.01
    )


def test_low_central_high_are_in_order():
    curves = [
        shock_need(KHM, figures=f, **QUICK).need.value_at_risk(PERIODS) for f in ("low", "central", "high")
    ]
    assert (np.diff(curves, axis=0) > 0).all()


@pytest.mark.parametrize("law", ["gamma", "events"])
def test_laws_agree_on_the_mean_and_roughly_on_the_curve(quick, law):
    other = shock_need(KHM, law=law, **QUICK)
    assert other.need.mean == pytest.approx(quick.need.mean, rel=1e-3)
    np.testing.assert_allclose(
        other.need.value_at_risk(PERIODS), quick.need.value_at_risk(PERIODS), rtol=0.15
    )


def test_twice_the_exchange_rate_halves_the_transfers():
    base, double = (
        shock_need(
            KHM, exchange_rate=rate, response=Response(administration_per_new_household_usd=0), **QUICK
        )
        for rate in (4_000, 8_000)
    )
    assert base.need.mean == pytest.approx(2 * double.need.mean, rel=1e-9)


def test_smaller_households_raise_only_the_converted_floods(quick):
    smaller = shock_need(KHM, persons_per_household=4.4, **QUICK)
    events, base = (x.events.set_index("event")["households_central"] for x in (smaller, quick))
    assert events["flood_2001"] == pytest.approx(2e6 / 4.4) and events["flood_2020"] == base["flood_2020"]


@pytest.mark.parametrize(
    ("centre", "low", "high"),
    [
        ("affected_households", "affected_low", "affected_high"),
        ("need_usd", "need_low_usd", "need_high_usd"),
    ],
)
def test_bands_hold_the_curve(quick, centre, low, high):
    frame = quick.to_frame()
    assert (frame[low] < frame[centre]).all() and (frame[centre] < frame[high]).all()


def test_recorded_events_are_priced_and_placed(quick):
    events = quick.events.set_index("event")
    assert events.loc["flood_2013", "need_usd"] == pytest.approx(377_514.5 * quick.shares.cost_usd)
    # The largest flood, once in 24 years: annual return period 1/(1 − exp(−1/24)).
    assert events.loc["flood_2001", "return_period"] == pytest.approx(1 / -np.expm1(-1 / 24))
    assert np.isnan(events.loc["flood_2009", "return_period"])
    assert np.isnan(events.loc["flood_2018", "need_usd"])  # missing is not zero


def test_events_of_a_province_are_only_the_published_ones():
    events = shock_need(KHM, area="KH02", **QUICK).events.set_index("event")
    assert events.loc["flood_2020", "households_central"] == 66_088
    assert np.isnan(events.loc["flood_2011", "households_central"])
    assert "no figure for this province" in events.loc["flood_2011", "reason"]


def test_replay_of_2022_is_open_about_the_distance(national):
    row = national.replay.set_index("quantity")
    assert row.loc["households paid", "published"] == 99_169
    assert row.loc["households paid", "ratio"] == pytest.approx(0.715, abs=0.01)
    assert row.loc["rule alone", "ratio"] == pytest.approx(1.000041, abs=1e-6)
    check = next(c for c in national.checks if c.name == "replay")
    assert check.passed is False and "1.40 times" in check.text


def test_beneficiaries_add_up(quick):
    table = quick.beneficiaries((2, 10, 100))
    reached = (
        table["roster_households_paid"] + table["new_households_paid"] - table["not_eligible_households"]
    )
    np.testing.assert_allclose(reached + table["left_out_households"], table["affected_households"])
    paid = table["roster_households_paid"] + table["new_households_paid"]
    np.testing.assert_allclose(table["persons_paid"], paid * 372_859 / 99_169)
    assert (table[["affected_households", "need_usd"]].diff().dropna() > 0).all(axis=None)


def test_every_assumption_has_a_status(quick):
    table = quick.assumptions
    assert set(table["status"]) <= {"verified", "press", "assumed", "unverified"}
    assert table["name"].is_unique and table["source"].str.len().gt(0).all()
    assert table["name"].str.contains("footprint").sum() >= 5


def test_outside_exposure_is_compared(national):
    ratios = {c.name: c.statistic for c in national.checks if c.name.startswith("exposure")}
    assert set(ratios) == {"exposure one year in 10", "exposure one year in 100"}
    assert all(0.5 < ratio < 2 for ratio in ratios.values())


def test_few_events_reach_a_provincial_limit(national):
    assert 0 < national.capped_share < 0.02


def test_sentences(quick):
    assert "Cambodia" in quick.sentence() and "90 % band" in quick.sentence()
    assert "less than US$ 1,000" in shock_need(KHM, area="KH24", **QUICK).sentence()
    assert "<table" in quick._repr_html_()


def test_pack_response_reads_the_pack():
    assert pack_response(KHM) == Response()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"area": "KH99"}, "area"),
        ({"hazard": "eruption"}, "hazard"),
        ({"programme": "nothing"}, "programme"),
        ({"law": "normal"}, "law"),
        ({"figures": "best"}, "figures"),
        ({"draws": 5}, "draws"),
        ({"bootstrap": 2.5}, "bootstrap"),
        ({"exchange_rate": 0}, "exchange_rate"),
        ({"persons_per_household": 0.2}, "persons_per_household"),
        ({"footprint_concentration": -1}, "footprint_concentration"),
        ({"footprint_weights": {"flood_1850": 1}}, "footprint_weights"),
        ({"on": "2021-01-01"}, "2022-12-01"),
    ],
)
def test_bad_input_is_named(arguments, word):
    with pytest.raises(InputError, match=word):
        shock_need(KHM, **{**QUICK, **arguments})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vertical_capacity", 1.2),
        ("inclusion_error", 1),
        ("administration_share", -0.1),
        ("exclusion_error", True),
    ],
)
def test_bad_response_is_named(field, value):
    with pytest.raises(InputError, match=field):
        Response(**{field: value})


def test_all_problems_of_a_response_are_told_at_once():
    with pytest.raises(InputError) as error:
        Response(vertical_capacity=2, horizontal_capacity=-1)
    assert len(error.value.problems) == 2
