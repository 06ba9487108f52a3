"""Financing joined to people: conservation, delay, monotonicity, agreement with the comparison."""

import numpy as np
import pytest
from response_cases import CASH, KHM, QUICK, RIGHT, SHOCK, exact, six_households

from aspfin.financing import BudgetReallocation, ContingencyFund, ContingentCredit, Need
from aspfin.programmes import (
    VerticalExpansion,
    compare_responses,
    finance_response,
    shock_need,
)
from aspfin.results import InputError

OPTION = VerticalExpansion(
    CASH, exact("capacity", 0.9), exact("wrong", 0.1), **QUICK, administration=exact("administration", 0.1)
)
YEARS = Need.from_states([0.1, 0.05], [300.0, 600.0], currency="households")


@pytest.fixture(scope="module")
def comparison():
    return compare_responses(
        KHM, SHOCK, [OPTION], population=six_households(), draws=0, registry=RIGHT, deadline_days=80
    )


def plan(fund=1e6, credit=0.0):
    fund_first = ContingencyFund(opening=fund, contribution=0.0, ceiling=fund, days_to_cash=10)
    return [fund_first, ContingentCredit(limit=credit, days_to_cash=60)] if credit else [fund_first]


def financed(comparison, instruments, **more):
    arguments = {"exchange_rate": 4_000.0, "return_periods": [2, 8, 50], "paths": 2_000, **more}
    return finance_response(comparison, "Vertical expansion", YEARS, instruments, **arguments)


def test_households_and_money_add_up_at_every_return_period(comparison):
    result = financed(comparison, plan(4_000, 3_000))
    assert all(check.passed for check in result.checks)
    table = result.by_return_period
    parts = ["on_time", "late", "never_funded", "never_reached", "not_in_need"]
    assert table[parts].sum(axis=1).to_numpy() == pytest.approx(600)
    assert (table[parts] >= 0).all().all()
    paid = result.by_instrument.groupby("return_period")["paid"].sum().to_numpy()
    assert (paid + table["unmet"].to_numpy()) == pytest.approx(table["cost"].to_numpy())


def test_by_hand(comparison):
    # 300 affected: 100 paid at 300,000 riel and a tenth for administration, so 110,000 riel or 27.5 dollars
    # per affected household. One year in 50, 600 are affected: 16,500 dollars, of which the fund has 11,000.
    result = financed(comparison, plan(11_000))
    assert result.cost_per_affected == pytest.approx(27.5)
    row = result.by_return_period.set_index("return_period").loc[50]
    assert row["cost"] == pytest.approx(16_500)
    assert row["unmet"] == pytest.approx(5_500)
    assert row["households_in_need"] == pytest.approx(500)
    # 180 of 500 are reached; two thirds of them with money that comes 10 days later: from day 40 to 140.
    assert row["on_time"] == pytest.approx(180 * 2 / 3 * 0.4)
    assert row["late"] == pytest.approx(180 * 2 / 3 * 0.6)
    assert row["never_funded"] == pytest.approx(60)
    assert row["never_reached"] == pytest.approx(320)


def test_with_enough_money_at_once_the_comparison_comes_back(comparison):
    fund = ContingencyFund(opening=1e6, contribution=0.0, ceiling=1e6, days_to_cash=0)
    row = financed(comparison, [fund]).by_return_period.set_index("return_period").loc[8]
    own = comparison.table.iloc[0]
    assert row["on_time"] == pytest.approx(own["households_on_time"])
    assert row["late"] == pytest.approx(own["households_late"])
    assert row["never_reached"] == pytest.approx(own["households_never"])
    assert row["never_funded"] == pytest.approx(0, abs=1e-9)


def test_more_money_never_leaves_more_unpaid_and_slower_money_is_never_sooner(comparison):
    left = [financed(comparison, plan(fund)).by_return_period["never_funded"].sum() for fund in (0, 5e3, 2e4)]
    assert left == sorted(left, reverse=True)
    on_time = [
        financed(comparison, [BudgetReallocation(limit=1e6, days_to_cash=days)])
        .by_return_period["on_time"]
        .sum()
        for days in (0, 20, 90)
    ]
    assert on_time == sorted(on_time, reverse=True)


def test_no_instrument_pays_nobody(comparison):
    result = financed(comparison, [])
    assert result.by_return_period["on_time"].sum() == 0
    assert np.isnan(result.financing_cost_per_household)
    assert "never" in result.sentence()


def test_the_years_cost_what_the_need_times_the_unit_cost_is(comparison):
    result = financed(comparison, plan(4_000, 3_000), paths=20_000)
    expected = YEARS.mean * 27.5
    assert result.financing.expected_need == pytest.approx(expected, rel=0.03)
    assert result.per_year["expected"].sum() == pytest.approx(result.financing.expected_need)
    reached = YEARS.mean * 180 / 600
    assert result.per_year["households"].sum() == pytest.approx(reached)


def test_ranges_of_the_unit_cost_widen_the_need():
    ranged = compare_responses(
        KHM, SHOCK, [VerticalExpansion(CASH)], population=six_households(), draws=500, seed=2
    )
    result = financed(ranged, plan(4_000))
    assert result.financing.std_error_need > 0
    again = financed(ranged, plan(4_000))
    assert again.financing.expected_need == result.financing.expected_need


@pytest.mark.slow
def test_the_need_of_a_country_joins_an_option():
    from aspfin.data.synthetic import household_population
    from aspfin.programmes import shocks

    people = household_population("KHM", households=3_000, seed=1)
    flood = shocks.from_event(KHM, "flood_2022")
    comparison = compare_responses(KHM, flood, population=people, draws=200)
    need = shock_need(KHM, on="2022-12-10", draws=2_000, bootstrap=20)
    funds = [ContingencyFund(opening=2e6, contribution=2e6, ceiling=6e6), ContingentCredit(limit=1e7)]
    for option in comparison.options:
        result = finance_response(comparison, option, need, funds, paths=2_000)
        assert all(check.passed for check in result.checks), option
        assert (result.by_return_period["households_affected"].diff().dropna() >= 0).all()


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"exchange_rate": 0}, "exchange_rate"),
        ({"return_periods": [1]}, "return_periods"),
        ({"return_periods": []}, "return_periods"),
        ({"deadline_days": 0}, "deadline_days"),
    ],
)
def test_bad_arguments_are_refused(comparison, more, word):
    with pytest.raises(InputError, match=word):
        financed(comparison, plan(), **more)


def test_an_unknown_option_and_a_need_in_money_are_refused(comparison):
    with pytest.raises(InputError, match="Prayer"):
        finance_response(comparison, "Prayer", YEARS, plan())
    money = Need.from_states([0.1], [300.0])
    with pytest.raises(InputError, match="households affected a year"):
        finance_response(comparison, "Vertical expansion", money, plan())
