"""The budget of a system: golden total, hand-made references, ranges, what is missing, bad input."""

import datetime as dt
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.data import Quantity
from aspfin.data.synthetic import household_population
from aspfin.programmes import entitlement_totals, load_country
from aspfin.programmes.budget import StatedCaseload, in_currency, system_budget
from aspfin.programmes.budget_caseloads import month_ends
from aspfin.programmes.budget_published import span_of
from aspfin.programmes.catalogue import Outcome, Programme
from aspfin.programmes.eligibility import Condition
from aspfin.programmes.rules import BenefitRule
from aspfin.results import InputError

FREE = Quantity("administration", 0.0, low=0.0, high=0.0, unit="share", status="assumed")


@pytest.fixture(scope="module")
def khm():
    return load_country("KHM")


@pytest.fixture(scope="module")
def zmb():
    return load_country("ZMB")


@pytest.fixture(scope="module")
def people():
    return household_population("KHM", households=4_000, seed=3).households


@pytest.fixture(scope="module")
def flood(khm):
    return system_budget(khm, start="2022-12-01", months=3, programmes=["flood_cash_transfer"])


@pytest.fixture(scope="module")
def whole(khm, people):
    return system_budget(khm, start="2025-01-01", population=people)


def line(budget, programme):
    return budget.lines.set_index("programme").loc[programme]


# Golden and hand-made references


def test_the_flood_cash_transfer_reproduces_the_published_total(flood):
    # Rule times caseload is exact; the ministry's notice says 46,799,088,000 riel.
    one = line(flood, "flood_cash_transfer")
    assert one["transfers"] == 46_801_008_000
    assert flood.components["total"].sum() == 46_801_008_000
    assert one["caseload"] == 99_169
    check = next(c for c in flood.checks if "flood" in c.name.lower())
    assert check.passed and abs(check.statistic - 0.000041) < 5e-6
    paid = flood.published.query("kind == 'paid'").iloc[0]
    assert paid["comparable"] and paid["computed"] == 46_801_008_000  # held against transfers alone


def test_administration_and_cost_per_beneficiary(flood, khm):
    one, share = line(flood, "flood_cash_transfer"), khm.quantity("response.administration_share")
    assert one["administration"] == pytest.approx(share.value * 46_801_008_000)
    assert one["total"] == pytest.approx((1 + share.value) * 46_801_008_000)
    assert one["per_beneficiary"] == pytest.approx(one["total"] / 99_169)
    assert one["total_low"] == pytest.approx((1 + share.low) * 46_801_008_000)
    assert one["total_high"] == pytest.approx((1 + share.high) * 46_801_008_000)


def test_a_package_is_paid_for_the_months_that_fall_in_the_period(zmb):
    # 400 kwacha a month for twelve months from June 2024: seven of them in 2024.
    own = StatedCaseload("drought_emergency_cash_transfer", {"households": 1_000})
    chosen = [own.programme]
    year = system_budget(zmb, start="2024-01-01", programmes=chosen, caseloads=[own], administration=FREE)
    assert line(year, own.programme)["transfers"] == 1_000 * 400 * 7
    short = StatedCaseload(own.programme, {"households": 1_000}, periods=2)
    less = system_budget(zmb, start="2024-01-01", programmes=chosen, caseloads=[short], administration=FREE)
    assert line(less, own.programme)["transfers"] == 1_000 * 400 * 2


def test_a_package_ends_for_a_population_too(khm, people):
    # A course pays four months: the same trainees cost the same, counted or in a population.
    name = "vocational_training"
    trainees = float(people["weight"] @ people["trainee"])
    year = system_budget(khm, start="2024-01-01", population=people, programmes=[name])
    rows = year.caseloads.set_index("basis")
    assert rows.loc["population", "transfers"] == pytest.approx(4 * 280_000 * trainees)
    assert rows.loc["published", "transfers"] == 4 * 280_000 * 27_894
    two = system_budget(khm, start="2024-01-01", months=2, population=people, programmes=[name])
    rows = two.caseloads.set_index("basis")
    assert rows.loc["population", "transfers"] == pytest.approx(2 * 280_000 * trainees)


def test_events_are_paid_at_the_rates_of_their_months(khm):
    # Rates doubled on 1 August 2023: 1,200 births spread over the year, 700 at the old rate.
    own = StatedCaseload("maternity_and_early_childhood_cash", {"birth": 1_200})
    year = system_budget(khm, start="2023-01-01", programmes=[own.programme], caseloads=[own])
    assert line(year, own.programme)["transfers"] == pytest.approx(700 * 200_000 + 500 * 400_000)
    assert year.components["total"].sum() == pytest.approx(700 * 200_000 + 500 * 400_000)


def _with_programme(country, programme):
    return replace(country, programmes=(*country.programmes, programme))


def test_rules_of_a_season_leave_gaps(khm):
    seasons = [(dt.date(2024, 1, 1), dt.date(2024, 2, 29)), (dt.date(2024, 10, 1), dt.date(2024, 12, 31))]
    rules = tuple(BenefitRule(a, b, unit="household", amount=10.0) for a, b in seasons)
    country = _with_programme(khm, Programme("lean", "Lean season", rules=rules))
    own = StatedCaseload("lean", {"households": 100})
    year = system_budget(country, start="2024-01-01", programmes=["lean"], caseloads=[own])
    assert line(year, "lean")["transfers"] == 100 * 10 * 5


def test_published_people_scale_the_members_of_paid_households(khm, people):
    # Rules pay households and children: people paid are the members, not the children.
    since = dt.date(2024, 1, 1)
    rules = (
        BenefitRule(since, unit="household", amount=1_000.0),
        BenefitRule(since, unit="category", category="child_0_5", amount=500.0),
    )
    who = ((Condition("card_level", any_of=(1, 2)),),)
    carded = people[people["card_level"] > 0]
    persons = round(float(carded["weight"] @ carded["members"]))
    published = (Outcome(dt.date(2024, 6, 30), people=persons, source="census", status="press"),)
    own = Programme("own", "Own", rules=rules, eligible_if=who, outcomes=published)
    budget = system_budget(
        _with_programme(khm, own), start="2024-01-01", programmes=["own"], population=people
    )
    rows = budget.caseloads.set_index("basis")["transfers"]
    assert rows["published"] == pytest.approx(rows["population"], rel=1e-6)


def test_the_population_is_the_sum_of_monthly_entitlements(khm, people, whole):
    name = "maternity_and_early_childhood_cash"
    month = entitlement_totals(khm, [people], on="2025-06-15", weight="weight", programmes=[name])
    assert line(whole, name)["transfers"] == pytest.approx(12 * month["amount"].iloc[0], rel=1e-12)
    assert line(whole, name)["basis"] == "population"


def test_rules_that_change_within_the_period_are_followed(khm, people):
    # The pregnancy benefit doubled on 1 August 2023: seven months at the old rates, five at the new ones.
    name = "maternity_and_early_childhood_cash"
    year = system_budget(khm, start="2023-01-01", population=people, programmes=[name])
    old, new = (
        entitlement_totals(khm, [people], on=day, weight="weight", programmes=[name])["amount"].iloc[0]
        for day in ("2023-03-15", "2023-09-15")
    )
    assert line(year, name)["transfers"] == pytest.approx(7 * old + 5 * new, rel=1e-12)


def test_contributions_follow_rate_floor_and_cap(khm, whole, people):
    bounded = np.clip(people["wage"], 200_000, 1_200_000) * people["formal_workers"] * people["weight"]
    bounded = bounded[people["wage"] > 0].sum()
    workers = (people["formal_workers"] * people["weight"]).sum()
    health = whole.contributions.query("programme == 'social_security_health'").iloc[0]
    assert health["workers"] == 2_100_000 and health["basis"] == "published"
    assert health["amount"] == pytest.approx(12 * 0.026 * bounded * 2_100_000 / workers)
    assert health["low"] == pytest.approx(12 * 0.026 * bounded)  # of the population's own workers
    pension = whole.contributions.query("programme == 'social_security_pension'")
    assert sorted(pension["payer"]) == ["employer", "worker"]


# Counts, ranges, scaling


def test_counts_that_disagree_give_the_range(whole):
    counts = whole.caseloads.query("programme == 'scholarships'")
    one = line(whole, "scholarships")
    assert counts["basis"].tolist() == ["published", "population"]
    assert one["transfers"] == counts["transfers"].iloc[0]
    assert one["transfers_low"] == counts["transfers"].min()
    assert one["transfers_high"] == counts["transfers"].max()
    assert whole.caseloads.groupby("programme")["used"].sum().eq(1).all()


def test_a_published_count_without_its_mix_scales_the_population(khm, people, whole):
    carded = people["card_level"] > 0
    pupils = people[["pupil_primary_lower_secondary", "pupil_upper_secondary"]].sum(axis=1)
    counted = (pupils * people["weight"])[carded].sum()
    rows = whole.caseloads.query("programme == 'scholarships'").set_index("basis")
    ratio = rows.loc["published", "transfers"] / rows.loc["population", "transfers"]
    assert ratio == pytest.approx(260_000 / counted)
    assert rows.loc["population", "count"] == pytest.approx(counted)


def test_what_is_stated_comes_first(khm):
    own = StatedCaseload("vocational_training", {"trainee": 10_000}, status="verified")
    budget = system_budget(khm, start="2025-01-01", caseloads=[own], programmes=["vocational_training"])
    assert line(budget, "vocational_training")["transfers"] == 10_000 * 280_000 * 4
    assert budget.caseloads["basis"].tolist() == ["stated", "published"]
    assert line(budget, "vocational_training")["transfers_high"] == 27_894 * 280_000 * 4


def test_events_and_their_beneficiaries(khm):
    own = StatedCaseload("school_feeding", {"breakfast": 2_000}, beneficiaries=10)
    budget = system_budget(
        khm, start="2025-01-01", caseloads=[own], programmes=["school_feeding"], administration=FREE
    )
    assert line(budget, "school_feeding")["transfers"] == 1_440_000
    assert line(budget, "school_feeding")["per_beneficiary"] == 144_000
    unnamed = StatedCaseload("school_feeding", {"breakfast": 2_000})
    budget = system_budget(khm, start="2025-01-01", caseloads=[unnamed], programmes=["school_feeding"])
    assert np.isnan(line(budget, "school_feeding")["per_beneficiary"])  # meals are not beneficiaries


def test_insurance_scales_with_stated_births_and_has_no_known_administration(khm, people):
    name = "social_security_maternity"
    totals = []
    for births in (40_000, 80_000):
        own = StatedCaseload(name, {"birth": births})
        budget = system_budget(khm, start="2025-01-01", population=people, caseloads=[own], programmes=[name])
        totals.append(line(budget, name)["transfers"])
    assert totals[1] == pytest.approx(2 * totals[0])
    assert np.isnan(line(budget, name)["administration"])
    assert budget.tax_financed.empty and len(budget.insured) == 1
    assert np.isnan(budget.total()) and "can be costed" in budget.sentence()


# What is missing


def test_missing_is_told_and_never_zero(whole):
    missing = whole.missing.set_index("programme")["reason"]
    assert "age 60 plus" in missing["older_people_cash"]
    assert whole.closed["social_security_unemployment"] == "defined, not operating"
    assert missing["health_equity_fund"].startswith("no rate")
    assert missing["school_feeding"].startswith("no count found")
    assert missing["social_security_pension"] == "no count found: pensioner, survivor family"
    assert whole.missing["total"].isna().all()
    assert "covid_cash_transfer" in whole.closed and "covid_cash_transfer" not in set(
        whole.lines["programme"]
    )


def test_an_amount_of_ones_own_gives_a_cost(khm):
    name = "older_people_cash"
    budget = system_budget(
        khm, start="2025-01-01", programmes=[name], amounts={name: {"age_60_plus": 30_000}}
    )
    assert line(budget, name)["transfers"] == 366_158 * 30_000 * 12
    assert budget.inputs.set_index("name")["status"].iloc[0] == "assumed"
    assert khm.programme(name).rules[0].amount is None  # the pack is not touched


def test_shares_need_a_known_public_total(whole, khm, zmb, people):
    assert np.isnan(whole.share_of("budget"))  # in dollars, and the pack has no rate of 2025
    assert whole.share_of("gdp") == pytest.approx(whole.total() / 209_160e9)
    rate = Quantity("rate", 4_000, unit="KHR per USD")
    budget = system_budget(khm, start="2025-01-01", population=people, exchange_rate=rate)
    assert budget.share_of("budget") == pytest.approx(budget.total() / (9_320e6 * 4_000))
    assert budget.usd(8_000) == 2
    zambia = system_budget(zmb, start="2024-01-01")
    assert zambia.totals == {}  # the budget of 2024 is unverified and not used unless stated
    own = {"budget": Quantity("budget", 177.9, unit="billion ZMW")}
    stated = system_budget(zmb, start="2024-01-01", totals=own)
    assert stated.share_of("budget") == pytest.approx(stated.total() / 177.9e9)


def test_published_money(whole, zmb):
    package = whole.published.query("programme == 'family_package' and kind == 'budget'").iloc[0]
    parts = whole.lines.query("part_of == 'family_package'")["total"].sum()
    assert package["computed"] == pytest.approx(parts) and package["parts_missing"] == 3
    assert not package["comparable"]  # a budget of 2024 beside the cost of 2025
    budget = system_budget(zmb, start="2024-01-01")
    same = budget.published.query("comparable and programme == 'drought_top_up'").iloc[0]
    assert same["amount"] == 5.2e9
    failed = [check for check in budget.checks if check.passed is False]
    assert len(failed) == 1 and failed[0].statistic == pytest.approx(440_969_200 / 468_275_607.49 - 1)


# Identities


def test_parts_add_up(whole):
    one = whole.costed
    assert one["total"].to_numpy() == pytest.approx(
        (one["transfers"] + one["administration"].fillna(0)).to_numpy()
    )
    assert (one["total_low"] <= one["total"]).all() and (one["total"] <= one["total_high"]).all()
    assert whole.total() == pytest.approx(whole.total("transfers") + whole.total("administration"))
    assert all(check.passed for check in whole.checks)
    assert whole.total(end="low") < whole.total() < whole.total(end="high")


def test_row_order_and_the_callers_frame_do_not_matter(khm, people, whole):
    before = people.copy()
    shuffled = people.sample(frac=1, random_state=1)
    again = system_budget(khm, start="2025-01-01", population=shuffled)
    pd.testing.assert_frame_equal(again.lines, whole.lines, rtol=1e-9)
    pd.testing.assert_frame_equal(people, before)


@settings(deadline=None, max_examples=20)
@given(count=st.integers(0, 10**7), amount=st.integers(0, 10**6), more=st.integers(0, 10**5))
def test_more_people_and_higher_amounts_never_cost_less(count, amount, more):
    khm, name = load_country("KHM"), "older_people_cash"

    def cost(people, money):
        budget = system_budget(
            khm, start="2025-01-01", programmes=[name], amounts={name: {"age_60_plus": money}},
            caseloads=[StatedCaseload(name, {"age_60_plus": people})],
        )  # fmt: skip
        return line(budget, name)["total"]

    assert cost(count, amount) <= cost(count + more, amount)
    assert cost(count, amount) <= cost(count, amount + more)


def test_two_half_years_are_a_year(khm, people):
    parts = [
        system_budget(khm, start=start, months=6, population=people, programmes=["scholarships"])
        for start in ("2025-01-01", "2025-07-01")
    ]
    year = system_budget(khm, start="2025-01-01", population=people, programmes=["scholarships"])
    assert sum(part.total("transfers") for part in parts) == pytest.approx(year.total("transfers"))


# Small helpers and bad input


def test_helpers():
    assert month_ends(dt.date(2023, 12, 1), 3) == [
        dt.date(2023, 12, 31), dt.date(2024, 1, 31), dt.date(2024, 2, 29)
    ]  # fmt: skip
    assert span_of("2024") == (dt.date(2024, 1, 1), dt.date(2024, 12, 31))
    assert span_of("about 2024") is None
    assert np.isnan(in_currency(Quantity("x", 3, unit="million USD"), "KHR"))
    assert np.isnan(in_currency(Quantity("x", None, unit="billion KHR", status="unverified"), "KHR"))
    assert np.isnan(in_currency(Quantity("x", 3, unit="thousand KHR"), "KHR"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"start": "2025-01-15"}, "start"),
        ({"start": "soon"}, "start"),
        ({"months": 0}, "months"),
        ({"months": 1.5}, "months"),
        ({"programmes": ["cash"]}, "programme"),
        ({"population": pd.DataFrame({"trainee": [1], "card_level": [1], "at_risk": [0]})}, "weight"),
        ({"caseloads": [StatedCaseload("cash", {"trainee": 1})]}, "programme"),
        ({"amounts": {"older_people_cash": {"pensioner": 3}}}, "amounts"),
        ({"caseloads": [StatedCaseload("vocational_training", {"pupils": 1})]}, "counts"),
        ({"caseloads": [StatedCaseload("vocational_training", {"trainee": 1, "pupil": 1})]}, "counts"),
        ({"caseloads": [StatedCaseload("school_feeding", {"meals": 1})]}, "counts"),
        ({"caseloads": [StatedCaseload("social_security_maternity", {"birth": 1})]}, "counts"),
    ],
)
def test_bad_input_is_told_in_one_line(khm, changes, field):
    with pytest.raises(InputError) as error:
        system_budget(khm, **{"start": "2025-01-01", **changes})
    assert error.value.problems[0].field == field
    assert "\n" not in str(error.value)


def test_what_is_not_counted_is_not_taken_for_zero(khm, zmb):
    own = StatedCaseload("flood_cash_transfer", {"households": 100})
    with pytest.raises(InputError, match=r"members, child_0_5, disability, age_60_plus"):
        system_budget(khm, start="2022-12-01", months=3, caseloads=[own])
    rosters = household_population("ZMB", households=4_000, seed=1).households
    own = StatedCaseload("social_cash_transfer", {"households": 973_323})
    chosen = [own.programme]
    budget = system_budget(zmb, start="2024-01-01", programmes=chosen, caseloads=[own], population=rosters)
    first = budget.caseloads.iloc[0]
    assert first["how"] == "scaled" and first["transfers"] > 973_323 * 200 * 12  # disability is paid double


@pytest.mark.parametrize("count", [-1, 1.5, float("nan"), True])
def test_counts_are_whole_numbers(count):
    with pytest.raises(InputError, match="a whole number"):
        StatedCaseload("vocational_training", {"trainee": count})


def test_a_caseload_needs_a_count():
    with pytest.raises(InputError, match="at least one count"):
        StatedCaseload("vocational_training", {})


def test_results_show_themselves(flood, zmb):
    assert flood.sentence().startswith("1 tax-financed programme")
    assert "KHR 50.08 billion" in str(flood) and "<table" in flood._repr_html_()
    assert flood.to_frame() is not flood.lines
    assert pickle.loads(pickle.dumps(StatedCaseload("a", {"b": 1}))).counts == {"b": 1}
