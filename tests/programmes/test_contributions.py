"""Contributions and benefits of social insurance: rates, bounds, dates, qualifying months, what was not found."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.programmes import ContributionRule, InsuranceBenefit, Programme, load_country
from aspfin.programmes.contributions import benefits_by_rules, contributions_by_rules
from aspfin.results import InputError

KHM = load_country("KHM")
HEALTH = KHM.programme("social_security_health")
MATERNITY = KHM.programme("social_security_maternity")
PENSION = KHM.programme("social_security_pension")
INJURY = KHM.programme("social_security_work_injury")


def workers(**columns):
    return pd.DataFrame(columns)


# --- contributions --------------------------------------------------------------------------------------------


def test_health_contributions_within_the_wage_bounds():
    frame = workers(wage=[0, 150_000, 1_000_000, 3_000_000])
    paid = HEALTH.contributions(frame, on="2022-01-01")
    # no wage, the floor of 200,000, the wage, the cap of 1,200,000; 2.6 percent by the employer
    assert paid["employer"].tolist() == pytest.approx([0, 5_200, 26_000, 31_200], rel=1e-12)
    assert paid[["worker", "state"]].eq(0).all(axis=None)
    assert paid["total"].equals(paid["employer"])


@pytest.mark.parametrize(
    ("on", "share"),
    [
        ("2022-10-01", 0.04),
        ("2027-09-30", 0.04),
        ("2027-10-01", 0.08),
        ("2033-01-01", 0.1075),
        ("2045-01-01", 0.135),
    ],
)
def test_pension_contributions_rise_in_steps_and_are_shared_equally(on, share):
    paid = PENSION.contributions(workers(wage=[1_000_000, 2_000_000]), on=on)
    assert paid["total"].tolist() == pytest.approx([1_000_000 * share, 1_200_000 * share], rel=1e-12)
    assert paid["employer"].equals(paid["worker"])


def test_each_worker_of_a_household_contributes():
    frame = workers(formal_workers=[0, 1, 3], wage=[np.nan, 1_000_000, 1_000_000])
    paid = HEALTH.contributions(frame, on="2022-01-01")
    assert paid["employer"].tolist() == pytest.approx([0, 26_000, 78_000], rel=1e-12)


def test_days_before_the_rates():
    with pytest.raises(
        InputError, match="on: got '2022-09-30'; allowed: a day with rates of contribution: 2022-10-01 to"
    ):
        PENSION.contributions(workers(wage=[1.0]), on="2022-09-30")
    with pytest.raises(InputError, match="none: this programme has no rates of contribution"):
        KHM.programme("scholarships").contributions(workers(wage=[1.0]), on="2025-01-01")


@pytest.mark.parametrize(
    ("frame", "line"),
    [
        ({"formal_workers": [1]}, "households: wage: got 'a missing column'"),
        (
            {"formal_workers": [1, 1], "wage": [1.0, np.nan]},
            "households, row 1: wage: got nan; allowed: a number, 0 or more; not empty",
        ),
        ({"wage": [-5.0]}, "households, row 0: wage: got -5.0"),
        ({"wage": [1.0], "formal_workers": [-1]}, "households, row 0: formal_workers: got -1"),
        ({"wage": ["much"]}, "households, row 0: wage: got 'much'"),
        ({"wage": [np.inf]}, "households, row 0: wage: got inf"),
    ],
)
def test_bad_wages(frame, line):
    with pytest.raises(InputError) as caught:
        HEALTH.contributions(pd.DataFrame(frame), on="2022-01-01")
    assert str(caught.value).startswith(line)


def test_a_rate_that_was_not_found_stops_unless_stated():
    rule = ContributionRule(dt.date(2024, 1, 1), employer=None, status="unverified")
    fund = Programme("fund", "Fund", contribution_rules=(rule,))
    with pytest.raises(
        InputError, match=r"contribution of the employer: got None; allowed: a number of your own"
    ):
        fund.contributions(workers(wage=[100.0]), on="2024-01-01")
    assert fund.contributions(workers(wage=[100.0]), on="2024-01-01", amounts={"employer": 0.01})[
        "total"
    ].tolist() == [1.0]


# --- benefits -------------------------------------------------------------------------------------------------


def test_maternity_pays_the_wage_share_and_the_bonus():
    frame = workers(
        birth=[1, 1, 0, 2], child_born=[1, 1, 0, 2], wage=[900_000] * 4, contribution_months=[9, 8, 20, 12]
    )
    paid = MATERNITY.entitlement(frame, on="2022-05-01")
    # 70 percent of 900,000 for 90 days of 30 is 1,890,000; eight months of contributions give the bonus alone
    assert paid.tolist() == pytest.approx([2_290_000, 400_000, 0, 2 * 1_890_000 + 800_000], rel=1e-12)


def test_what_the_employer_owes_is_no_claim_on_the_fund():
    frame = workers(birth=[1], wage=[900_000], contribution_months=[9])
    both = benefits_by_rules(frame, MATERNITY.insurance)
    assert both.iloc[0].to_dict() == pytest.approx(
        {"maternity_wage": 1_890_000, "maternity_wage_by_employer": 1_350_000}
    )
    assert MATERNITY.entitlement(frame.assign(child_born=0), on="2022-05-01").tolist() == pytest.approx(
        [1_890_000]
    )


def test_an_aggregated_cost_would_leave_the_wage_out():
    births = workers(child_born=[1])
    with pytest.raises(
        InputError, match="cost: got 'an aggregated cost'; allowed: the sum of its entitlement"
    ):
        MATERNITY.cost(births, on="2022-05-01")


def test_pensions_accrue_by_year():
    frame = workers(
        pensioner=[1, 1, 1, 0],
        survivor_family=[0, 0, 0, 1],
        wage=[1_000_000, 2_000_000, 1_000_000, 1_000_000],
        contribution_months=[120, 120, 11, 60],
    )
    paid = PENSION.entitlement(frame, on="2035-01-01")
    # 1.75 % × 10 years; on the cap; too short; 45 % of 1.75 % × 5 years
    assert paid.tolist() == pytest.approx([175_000, 210_000, 0, 39_375], rel=1e-12)


def test_a_survivor_needs_sixty_months():
    frame = workers(pensioner=[0], survivor_family=[1], wage=[1_000_000], contribution_months=[59])
    assert PENSION.entitlement(frame, on="2035-01-01").tolist() == [0]


def test_a_share_that_was_not_found_stops_unless_stated():
    empty = InsuranceBenefit("rehabilitation", dt.date(2018, 1, 1), count="injury_case", status="unverified")
    injury = dataclasses.replace(INJURY, insurance=(empty,))
    frame = workers(injury_case=[1], wage=[600_000], contribution_months=[3])
    with pytest.raises(
        InputError, match=r"share of the wage \(rehabilitation\): got None; allowed: a number of your own"
    ):
        injury.entitlement(frame, on="2022-01-01")
    paid = injury.entitlement(frame, on="2022-01-01", amounts={"rehabilitation": 0.7})
    assert paid.tolist() == pytest.approx([420_000])
    assert injury.insurance[0].share is None  # the programme itself is left alone


def test_sickness_and_work_injury_pay_seventy_percent():
    frame = workers(
        injury_case=[1, 0], sick_case=[0, 1], wage=[600_000, 1_000_000], contribution_months=[3, 3]
    )
    assert INJURY.entitlement(frame, on="2022-01-01").tolist() == pytest.approx([420_000, 0])
    assert HEALTH.entitlement(frame, on="2024-01-01").tolist() == pytest.approx([0, 700_000])


def test_health_contributions_were_shared_until_2017():
    paid = HEALTH.contributions(workers(wage=[2_000_000]), on="2017-06-01")
    assert paid.iloc[0].to_dict() == pytest.approx(
        {"employer": 13_000, "worker": 13_000, "state": 0, "total": 26_000}
    )


def test_unemployment_is_defined_and_not_paid():
    with pytest.raises(InputError, match="operating: got False; allowed: a programme that operates"):
        KHM.programme("social_security_unemployment").entitlement(workers(wage=[1.0]), on="2024-01-01")


def test_days_before_the_first_benefit():
    with pytest.raises(InputError, match="a day with benefit rules: 2022-10-01 onwards"):
        PENSION.entitlement(workers(wage=[1.0]), on="2022-09-30")


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 30))
def test_rows_are_independent_and_more_contributions_never_pay_less(seed, n):
    rng = np.random.default_rng(seed)
    frame = workers(
        pensioner=rng.integers(0, 2, n),
        survivor_family=rng.integers(0, 2, n),
        wage=rng.integers(0, 3_000_000, n),
        contribution_months=rng.integers(0, 300, n),
    )
    paid = PENSION.entitlement(frame, on="2030-01-01")
    shuffled = frame.sample(frac=1, random_state=seed % 1000)
    assert PENSION.entitlement(shuffled, on="2030-01-01").sort_index().equals(paid)
    longer = frame.assign(contribution_months=frame["contribution_months"] + 1)
    assert (PENSION.entitlement(longer, on="2030-01-01") >= paid).all()
    slow = []
    for row in frame.to_dict("records"):
        wage, years = min(row["wage"], 1_200_000), row["contribution_months"] / 12
        old = row["pensioner"] * (years >= 1) * 0.0175 * years * wage
        slow.append(old + row["survivor_family"] * (years >= 5) * 0.45 * 0.0175 * years * wage)
    assert paid.tolist() == pytest.approx(slow, rel=1e-12)


def test_nothing_given_is_changed():
    frame = workers(pensioner=[1], survivor_family=[0], wage=[1.0], contribution_months=[24])
    before = frame.copy()
    PENSION.entitlement(frame, on="2030-01-01")
    PENSION.contributions(frame, on="2030-01-01")
    pd.testing.assert_frame_equal(frame, before)


def test_two_rules_add_up():
    one = ContributionRule(dt.date(2024, 1, 1), employer=0.01)
    two = ContributionRule(dt.date(2024, 1, 1), worker=0.02, state=0.03)
    paid = contributions_by_rules(workers(wage=[100.0]), [one, two])
    assert paid.iloc[0].to_dict() == pytest.approx({"employer": 1, "worker": 2, "state": 3, "total": 6})
    leave = InsuranceBenefit("leave", dt.date(2024, 1, 1), count="birth", share=0.5, days=15)
    frame = workers(birth=[1], wage=[100.0], contribution_months=[0])
    assert benefits_by_rules(frame, [leave, leave])["leave"].tolist() == [50.0]
