"""Unit costs, capacities and contracts of the seven instruments."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from aspfin.financing import (
    INSTRUMENTS,
    BudgetReallocation,
    ContingencyFund,
    ContingentCredit,
    DonorAid,
    ExPostBorrowing,
    InsuranceLayer,
    ParametricInsurance,
    annuity_factor,
)

GOLDEN = Path(__file__).parents[1] / "golden"
UNIT_COSTS = yaml.safe_load((GOLDEN / "finance_unit_costs.yaml").read_text(encoding="utf-8"))
PROGRAMMES = yaml.safe_load((GOLDEN / "finance_programmes.yaml").read_text(encoding="utf-8"))

EXAMPLES = {
    "contingency_fund": ContingencyFund(opening=50, contribution=10, ceiling=60),
    "contingent_credit": ContingentCredit(limit=40),
    "budget_reallocation": BudgetReallocation(limit=20),
    "insurance": InsuranceLayer(attachment=50, limit=140),
    "parametric_insurance": ParametricInsurance(tiers=((30, 10), (60, 25)), correlation=1),
    "ex_post_borrowing": ExPostBorrowing(),
    "donor_aid": DonorAid(limit=5, share=0.25),
}


def test_every_kind_has_an_example():
    assert set(EXAMPLES) == set(INSTRUMENTS)
    assert all(type(one) is INSTRUMENTS[kind] for kind, one in EXAMPLES.items())


@pytest.mark.parametrize("case", UNIT_COSTS["annuity_factor"]["cases"])
def test_annuity_factor(case):
    tolerance = UNIT_COSTS["annuity_factor"]["tolerance"]
    assert annuity_factor(case["years"], case["rate"]) == pytest.approx(case["expected"], abs=tolerance)


@pytest.mark.parametrize("case", UNIT_COSTS["unit_costs"]["cases"], ids=lambda case: case["instrument"])
def test_unit_costs(case):
    unit = EXAMPLES[case["instrument"]].unit_costs()
    tolerance = UNIT_COSTS["unit_costs"]["tolerance"]
    assert (unit.holding, unit.drawing) == pytest.approx((case["holding"], case["drawing"]), abs=tolerance)


def test_credit_at_the_discount_rate_costs_its_face_value():
    unit = ContingentCredit(limit=1, loan_rate=0.15, arrangement_fee=0).unit_costs()
    assert unit.drawing == pytest.approx(1, abs=1e-15)


def test_consistent_timing_by_dated_flows():
    """Each cost is the sum of its flows, dated in years after the start of the year, at one rate d."""
    d, shock = 0.15, 0.5

    def value(flows):
        return sum(amount / (1 + d) ** when for when, amount in flows)

    def annuity(amount, rate, years, start):
        service = amount / annuity_factor(years, rate)
        return value([(start + year, service) for year in range(1, years + 1)])

    consistent = {kind: one.unit_costs("consistent") for kind, one in EXAMPLES.items()}
    # a fund of 1 borrowed for the year: repaid with i, what is left of it has earned r
    fund = consistent["contingency_fund"]
    assert fund.holding == pytest.approx(value([(1, 1.13), (1, -1.01)]))
    assert fund.holding + fund.drawing == pytest.approx(value([(1, 1.13)]))
    assert consistent["contingent_credit"].drawing == pytest.approx(annuity(1, 0.038, 10, shock))
    assert consistent["budget_reallocation"].drawing == pytest.approx(value([(shock + 1, 1.12)]))
    assert consistent["insurance"] == EXAMPLES["insurance"].unit_costs()
    late = annuity(1.4**2, 0.15, 10, shock + 2)
    assert consistent["ex_post_borrowing"].drawing == pytest.approx(late)
    assert consistent["donor_aid"].drawing == pytest.approx(value([(shock, 1)]))


def test_a_premium_is_spread_over_the_cover():
    unit = InsuranceLayer(attachment=50, limit=100, share=0.5, premium=4).unit_costs()
    assert (unit.holding, unit.drawing) == (0.08, 0)


def test_layer_payment_at_its_edges():
    layer = InsuranceLayer(attachment=50, limit=140, share=0.066)
    assert layer.initial == pytest.approx(9.24)
    assert layer.payment([40, 50, 100, 190, 400]) == pytest.approx([0, 0, 3.3, 9.24, 9.24], abs=1e-14)


@pytest.mark.parametrize(("index", "payout"), PROGRAMMES["tiered_trigger"]["cases"].items())
def test_tiers_are_inclusive_at_the_bottom(index, payout):
    policy = ParametricInsurance(tiers=PROGRAMMES["tiered_trigger"]["tiers"])
    assert policy.payout(index) == payout


def test_names_default_to_the_kind_and_can_be_given():
    assert ContingentCredit(limit=1).name == "contingent credit"
    assert ContingentCredit(limit=1, name="Cat DDO").name == "Cat DDO"


def test_ex_post_delay_is_its_days_to_cash():
    assert ExPostBorrowing(days_to_cash=0).unit_costs().drawing == pytest.approx(1)
    assert ExPostBorrowing(days_to_cash=365).unit_costs().drawing == pytest.approx(1.4 / 1.15)


BAD = [
    (lambda: ContingencyFund(opening=-1), "opening"),
    (lambda: ContingencyFund(opening=5, ceiling=4), "opening"),
    (lambda: ContingencyFund(opening=math.inf), "opening"),
    (lambda: ContingencyFund(opening=1, contribution=math.nan), "contribution"),
    (lambda: ContingencyFund(opening=1, interest=1.5), "interest"),
    (lambda: ContingentCredit(limit="much"), "limit"),
    (lambda: ContingentCredit(limit=True), "limit"),
    (lambda: ContingentCredit(limit=1, loan_rate=-0.1), "loan_rate"),
    (lambda: ContingentCredit(limit=1, availability_years=0), "availability_years"),
    (lambda: ContingentCredit(limit=1, repayment_years=2.5), "repayment_years"),
    (lambda: BudgetReallocation(limit=1, payer="nobody"), "payer"),
    (lambda: BudgetReallocation(limit=1, days_to_cash=-1), "days_to_cash"),
    (lambda: InsuranceLayer(attachment=1, limit=0), "limit"),
    (lambda: InsuranceLayer(attachment=1, limit=1, share=0), "share"),
    (lambda: InsuranceLayer(attachment=1, limit=1, share=1.1), "share"),
    (lambda: InsuranceLayer(attachment=1, limit=1, multiple=-1), "multiple"),
    (lambda: ParametricInsurance(tiers=()), "tiers"),
    (lambda: ParametricInsurance(tiers=((2, 1), (1, 2))), "tiers"),
    (lambda: ParametricInsurance(tiers=((1, -2),)), "tiers"),
    (lambda: ParametricInsurance(tiers=(1, 2)), "tiers"),
    (lambda: ParametricInsurance(tiers=((1, 2),), correlation=1.2), "correlation"),
    (lambda: DonorAid(limit=1, share=2), "share"),
    (lambda: ExPostBorrowing(cost_growth=3), "cost_growth"),
]


@pytest.mark.parametrize(("make", "field"), BAD)
def test_bad_terms_are_refused_in_one_line_naming_the_field(make, field):
    with pytest.raises(ValueError, match=rf"{field}.*got.*allowed") as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_instruments_are_values(kind):
    one = EXAMPLES[kind]
    twin = replace(one)
    assert twin == one
    assert hash(twin) == hash(one)
    with pytest.raises(AttributeError):
        one.name = "other"


def test_payments_do_not_change_their_input():
    need = np.array([10.0, 100.0])
    EXAMPLES["insurance"].payment(need)
    EXAMPLES["parametric_insurance"].payout(need)
    assert need.tolist() == [10, 100]
