"""Loan service, grant element, drawdown and fees."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from aspfin.financing import Loan, contingent_drawdown, facility_fees

GOLDEN = yaml.safe_load((Path(__file__).parents[1] / "golden/finance_loans.yaml").read_text(encoding="utf-8"))
LOANS = GOLDEN["loans"]["cases"]


def loan_of(case):
    return Loan(case.get("principal", 100), case["rate"], case["years"], case["grace"])


@pytest.mark.parametrize("case", LOANS)
def test_present_value(case):
    value = loan_of(case).present_value(case["discount_rate"])
    assert value == pytest.approx(case["present_value"], rel=GOLDEN["loans"]["tolerance"])


@pytest.mark.parametrize("case", LOANS)
def test_schedule_repays_the_loan_and_has_the_same_present_value(case):
    schedule = loan_of(case).schedule()
    assert schedule["closing"].iloc[-1] == pytest.approx(0, abs=1e-10)
    assert schedule["repayment"].sum() == pytest.approx(case["principal"])
    service = schedule["interest"] + schedule["repayment"]
    value = (service * (1 + case["discount_rate"]) ** -schedule["year"].astype(float)).sum()
    assert value == pytest.approx(loan_of(case).present_value(case["discount_rate"]), rel=1e-12)


def test_grant_element():
    case = GOLDEN["grant_element"]
    assert loan_of(case).grant_element(case["discount_rate"]) == pytest.approx(
        case["expected"], abs=case["tolerance"]
    )


@pytest.mark.parametrize(("years", "grace"), [(1, 0), (10, 0), (10, 9), (40, 10)])
@pytest.mark.parametrize("rate", [0.0, 0.01, 0.2])
def test_a_loan_at_the_discount_rate_is_worth_its_principal(years, grace, rate):
    assert Loan(100, rate, years, grace).present_value(rate) == pytest.approx(100, rel=1e-12)


def test_a_dear_loan_has_a_negative_grant_element():
    assert Loan(100, 0.085, 10).grant_element(0.05) < 0


def test_drawdown():
    case = GOLDEN["drawdown"]
    drawn = contingent_drawdown(case["losses"], trigger=case["trigger"], limit=case["limit"])
    assert drawn.tolist() == case["expected"]


def test_fees_by_year():
    fees = facility_fees(
        [0, 40, 60], limit=100, front_end=0.005, commitment=0.0025, drawdown=0.01, discount_rate=0.1
    )
    assert fees["front_end"].tolist() == [0.5, 0, 0, 0]
    assert fees["commitment"].tolist() == [0, 0.25, 0.15, 0]
    assert fees["drawdown"].tolist() == pytest.approx([0, 0, 0.4, 0.6])
    expected = np.array([0.5, 0.25, 0.55, 0.6]) / 1.1 ** np.arange(4)
    assert fees["present_value"].tolist() == pytest.approx(expected.tolist())


def test_bad_input():
    with pytest.raises(ValueError, match="draws"):
        facility_fees([60, 60], limit=100)
    with pytest.raises(ValueError, match="grace"):
        Loan(100, 0.05, 5, 5)
    with pytest.raises(ValueError, match="principal"):
        Loan(-1, 0.05, 5)
    with pytest.raises(ValueError, match="principal"):
        Loan(0, 0.05, 5).grant_element(0.05)
    with pytest.raises(ValueError, match="losses"):
        contingent_drawdown([-1], trigger=1, limit=1)
