"""Financing over years: contracts carried from year to year, costs, timing, and exact figures behind them."""

import numpy as np
import pandas as pd
import pytest

from aspfin.financing import (
    BudgetReallocation,
    ContingencyFund,
    ContingentCredit,
    DonorAid,
    ExPostBorrowing,
    InsuranceLayer,
    Lognormal,
    Need,
    ParametricInsurance,
    Poisson,
    allocate,
    finance,
    fund_path,
)
from aspfin.financing.waterfall import correlated_index

NEED = Need.from_frequency_severity(Poisson(0.8), Lognormal(mean=20, cv=1.5))


def amounts_paid(need, one):
    """What one instrument pays by year on a single path, given as a list."""
    result = finance(np.array([need, need], dtype=float), [one])
    return result.by_year.query("item == @one.name")["expected"].tolist()


def test_a_fund_is_depleted_refilled_and_earns_on_what_is_left():
    fund = ContingencyFund(opening=10, contribution=4, ceiling=20, interest=0.5)
    # 14 − 6 = 8, ×1.5 = 12; 16 − 16 = 0; 4 − 1 = 3, ×1.5 = 4.5; 8.5, ×1.5 = 12.75; capped: 16.75; 25 − 0 → 20
    assert amounts_paid([6, 20, 1, 0, 0, 50], fund) == [6, 16, 1, 0, 0, 20]


def test_credit_is_drawn_once_within_its_availability():
    credit = ContingentCredit(limit=10, availability_years=3)
    assert amounts_paid([4, 4, 4, 4, 20, 1, 30], credit) == [4, 4, 2, 4, 6, 0, 10]


def test_budget_and_borrowing_start_again_every_year():
    assert amounts_paid([4, 20, 20], BudgetReallocation(limit=10)) == [4, 10, 10]
    assert amounts_paid([4, 20, 20], ExPostBorrowing()) == [4, 20, 20]


def test_aid_is_a_share_up_to_its_limit():
    assert amounts_paid([4, 20, 100], DonorAid(limit=10, share=0.25)) == [1, 5, 10]


def test_a_policy_pays_by_tier_until_its_limit_is_used_up():
    policy = ParametricInsurance(((10, 5), (20, 8)), policy_limit=14, policy_years=4, correlation=1)
    assert amounts_paid([9, 10, 25, 25, 25], policy) == [0, 5, 8, 1, 8]


def test_insurance_pays_its_contract_and_the_rest_is_a_surplus():
    need = np.array([[100.0], [40.0]])
    result = finance(need, [BudgetReallocation(limit=80), InsuranceLayer(attachment=50, limit=60)])
    insured = result.paid.set_index("instrument").loc["insurance"]
    assert (insured["expected"], insured["surplus"]) == (10, 15)  # 50 is due, 20 needed; and 0
    assert result.unmet.expected == 0


def test_one_year_of_layers_agrees_with_the_exact_layers():
    plan = [ContingencyFund(opening=30, ceiling=30), InsuranceLayer(30, 30), ExPostBorrowing(40)]
    result = finance(NEED, plan, years=1, paths=200_000, seed=3)
    exact = [NEED.layer(0, 30).expected, NEED.layer(30, 30).expected, NEED.layer(60, 40).expected]
    away = (result.paid["expected"] - exact) / result.paid["std_error"]
    assert (away.abs() <= 4).all()
    above = NEED.layer(100, np.inf).expected
    assert abs(result.unmet.expected - above) <= 4 * result.unmet.std_error
    used = [NEED.exceedance(level) for level in (0, 30, 60)]
    errors = np.sqrt(np.array(used) * (1 - np.array(used)) / 200_000)
    assert (np.abs(result.paid["probability_used"] - used) <= 4 * errors).all()


@pytest.mark.parametrize("interest", [0.0, 0.03])
def test_a_fund_alone_agrees_with_its_exact_path(interest):
    fund = ContingencyFund(opening=60, contribution=16, ceiling=80, interest=interest)
    result = finance(NEED, [fund], years=6, paths=100_000, seed=5)
    path = fund_path(NEED, opening=60, contribution=16, ceiling=80, interest=interest, years=6).by_year
    unmet = result.by_year.query("item == 'unmet'").reset_index()
    assert ((unmet["expected"] - path["expected_unmet"]).abs() <= 4 * unmet["std_error"]).all()
    p = path["probability_unmet"]
    assert ((unmet["probability"] - p).abs() <= 4 * np.sqrt(p * (1 - p) / 100_000)).all()
    ever = path["probability_ever_unmet"].iloc[-1]
    assert abs(result.unmet.probability_ever - ever) <= 4 * np.sqrt(ever * (1 - ever) / 100_000)


def test_costs_in_a_fresh_year_are_those_of_the_tool():
    """One year, need 0 or 100 with equal weight: θ and x by hand, in the tool's formulas."""
    need = np.array([[0.0], [100.0]])
    plan = [
        ContingencyFund(opening=30, ceiling=30),
        ContingentCredit(limit=20),
        BudgetReallocation(limit=10),
        InsuranceLayer(attachment=60, limit=20),
        ExPostBorrowing(limit=5),
        DonorAid(limit=5),
    ]
    result = finance(need, plan)
    expected = [
        (0.12 / 1.15) * (30 - 15) + 15,
        0.005 * 20 + 0.612623491 * 10,
        (1.12 / 1.15) * 5,
        1.5 * 10,
        1.482041588 * 2.5,
        2.5,
    ]
    assert result.cost["funding"].tolist() == pytest.approx(expected, rel=1e-8)
    opportunity = np.array(expected) - [15, 10, 5, 10, 2.5, 2.5]
    assert result.cost["opportunity"].tolist() == pytest.approx(opportunity.tolist(), abs=1e-7)
    assert result.cost["fiscal"].tolist() == pytest.approx([*expected[:-1], 0], rel=1e-8)
    assert result.fiscal_cost == pytest.approx(sum(expected[:-1]), rel=1e-8)
    assert result.economic_cost == pytest.approx(sum(expected), rel=1e-8)
    assert result.unmet.expected == pytest.approx(5)
    assert result.met_within["share_of_need"].tolist() == pytest.approx([0.5, 0.8, 0.85, 0.85])


def test_a_donor_paid_premium_is_an_economic_cost_only():
    need = np.array([[0.0], [100.0]])
    cost = finance(need, [InsuranceLayer(0, 100, payer="donor")]).cost.iloc[0]
    assert (cost["economic"], cost["fiscal"]) == (75, 0)


def test_a_premium_is_due_whether_or_not_the_layer_pays():
    quiet = finance(np.zeros((2, 3)), [InsuranceLayer(10, 50, premium=4)])
    assert quiet.cost["funding"].item() == pytest.approx(4)
    tiers = ParametricInsurance(((10, 5),), policy_limit=5, policy_years=3, premium=2, correlation=1)
    used_up = finance(np.full((2, 3), 50.0), [tiers])
    assert used_up.cost["funding"].item() == pytest.approx(2)


def test_insurance_is_priced_on_the_exact_law():
    cost = finance(NEED, [InsuranceLayer(30, 30, share=0.5)], years=2, paths=500).cost.iloc[0]
    assert cost["funding"] == pytest.approx(1.5 * 0.5 * 3.211136782, abs=1e-6)
    assert cost["std_error"] == 0


def test_costs_of_the_whole_horizon_are_discounted_to_its_start():
    need = np.array([[10.0, 0.0, 30.0], [10.0, 0.0, 30.0]])
    cost = finance(need, [DonorAid(discount_rate=0.1)]).cost.iloc[0]
    assert cost["funding"] == pytest.approx(40 / 3)
    assert cost["horizon"] == pytest.approx(10 + 30 / 1.21)


def test_consistent_timing_benchmark_is_the_money_on_the_shock():
    need = np.array([[0.0], [100.0]])
    cost = finance(need, [DonorAid()], timing="consistent").cost.iloc[0]
    assert cost["funding"] == pytest.approx(50 / 1.15**0.5)
    assert cost["opportunity"] == pytest.approx(0, abs=1e-12)
    unlike = [DonorAid(discount_rate=0.1), ExPostBorrowing()]
    with pytest.raises(ValueError, match="discount_rate"):
        finance(need, unlike, timing="consistent")
    finance(need, unlike)  # the tool's own timing leaves each its rate


def test_the_same_seed_gives_the_same_numbers_and_another_does_not():
    plan = [ContingencyFund(opening=20, contribution=10), ParametricInsurance(((30, 20),), correlation=0.6)]
    first, again, other = (finance(NEED, plan, years=3, paths=5_000, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.to_frame(), again.to_frame())
    assert first.unmet == again.unmet
    assert first.unmet.expected != other.unmet.expected


def test_index_of_given_correlation():
    rng = np.random.default_rng(3)
    need = NEED.simulate(1, 50_000, seed=9)[:, 0]
    index = correlated_index(need, 0.7, rng)
    assert np.array_equal(np.sort(index), np.sort(need))
    assert np.array_equal(correlated_index(need, 1.0, rng), need)
    continuous = rng.standard_normal(50_000)
    paired = correlated_index(continuous, 0.7, rng)
    assert np.corrcoef(continuous, paired)[0, 1] == pytest.approx(0.7, abs=0.01)
    opposed = correlated_index(continuous, -1.0, rng)
    assert np.argmax(opposed) == np.argmin(continuous)


def test_less_correlation_pays_as_often_but_meets_less_need():
    results = [
        finance(
            NEED, [ParametricInsurance(((40, 40),), correlation=r)], years=1, paths=50_000, seed=1
        ).paid.iloc[0]
        for r in (1.0, 0.7, 0.0)
    ]
    total = [row["expected"] + row["surplus"] for row in results]
    assert total == pytest.approx([total[0]] * 3)
    assert results[0]["expected"] > results[1]["expected"] > results[2]["expected"]


def test_a_given_index_is_used_by_year_and_path():
    need, index = np.array([[50.0, 50.0], [50.0, 50.0]]), np.array([[3.0, 0.0], [9.0, 3.0]])
    policy = ParametricInsurance(((3, 10), (9, 20)))
    result = finance(need, [policy], index=index)
    assert result.by_year.query("item == 'parametric insurance'")["expected"].tolist() == [15, 5]
    for wrong in (None, index[:1]):
        with pytest.raises(ValueError, match="index"):
            finance(need, [policy], index=wrong)


def test_no_instruments_leaves_all_unmet():
    result = finance(NEED, [], years=2, paths=1_000)
    assert result.unmet.share_of_need == 1
    assert result.unmet.expected == result.expected_need
    assert result.economic_cost == 0
    assert "stays unmet" in str(result)


def test_no_need():
    result = finance(np.zeros((3, 2)), [ContingencyFund(opening=5)])
    assert np.isnan(result.unmet.share_of_need)
    assert str(result) == "There is no need to finance."


def test_the_simulated_mean_is_checked_against_the_exact_mean():
    checks = finance(NEED, [], years=2, paths=5_000).checks
    assert [check.passed for check in checks] == [True, True]
    checks = finance(np.ones((3, 2)), []).checks
    assert [check.passed for check in checks] == [True, None]


def test_the_array_of_need_is_left_alone():
    need = np.arange(12.0).reshape(4, 3)
    need.setflags(write=False)
    finance(need, [ContingencyFund(opening=3), DonorAid(share=0.5)])
    assert need.ravel().tolist() == list(range(12))


def test_allocation_for_a_layer_chart():
    plan = [ContingencyFund(opening=20, contribution=10, ceiling=25), InsuranceLayer(25, 50, share=0.8)]
    frame = allocate([0, 10, 25, 75, 100], plan)
    assert frame["contingency fund"].tolist() == [0, 10, 25, 25, 25]
    assert frame["insurance"].tolist() == [0, 0, 0, 40, 40]
    assert frame["unmet"].tolist() == [0, 0, 0, 10, 35]
    assert frame.columns.tolist() == ["need", "contingency fund", "insurance", "unmet"]
    tiers = ParametricInsurance(((2, 15),))
    assert allocate([20, 20], [tiers], index=[1, 2])["unmet"].tolist() == [20, 5]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"years": 0}, "years"),
        ({"years": 2.5}, "years"),
        ({"years": None}, "years"),
        ({"paths": 1}, "paths"),
        ({"seed": -1}, "seed"),
        ({"timing": "later"}, "timing"),
        ({"instruments": ["fund"]}, "instruments"),
        ({"instruments": [DonorAid(), DonorAid()]}, "instruments"),
        ({"instruments": [DonorAid(name="unmet")]}, "instruments"),
        ({"need": np.array([[-1.0]])}, "need"),
        ({"need": np.array([[np.nan, 1.0]])}, "need"),
        ({"need": np.array([1.0])}, "need"),
        ({"need": "floods"}, "need"),
        ({"need": object()}, "need"),
        ({"need": np.ones((2, 3))}, "years"),
    ],
)
def test_bad_input_is_refused_in_one_line(arguments, field):
    given = {"need": NEED, "instruments": [], "years": 2, "paths": 10} | arguments
    need, plan = given.pop("need"), given.pop("instruments")
    with pytest.raises(ValueError, match=field) as caught:
        finance(need, plan, **given)
    assert "\n" not in str(caught.value)


def test_views():
    result = finance(NEED, [ContingencyFund(opening=20)], years=2, paths=100)
    assert result.to_frame()["instrument"].tolist() == ["contingency fund", "unmet"]
    assert "<table" in result._repr_html_()
