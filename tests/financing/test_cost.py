"""Cost per beneficiary."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from aspfin.financing import cost_per_beneficiary

GOLDEN = yaml.safe_load(
    (Path(__file__).parents[1] / "golden/finance_programmes.yaml").read_text(encoding="utf-8")
)
CASE = GOLDEN["costing"]


def test_synthetic_programme():
    cost = cost_per_beneficiary(**CASE["inputs"])
    for name, value in CASE["expected"].items():
        assert getattr(cost, name) == pytest.approx(value, rel=CASE["tolerance"])
    assert cost.cost_transfer_ratio == pytest.approx(cost.total_cost_transfer_ratio - 1)
    assert cost.all_in_per_beneficiary == cost.per_beneficiary
    assert cost.reason == ""


def test_the_programme_by_its_parts():
    """126,000 households × 40 × 3 months, 140,000 × 60 × 2 months; 7 % of transfers + 2.5 per new household."""
    transfers = 126_000 * 40 * 3 + 140_000 * 60 * 2
    administration = 0.07 * transfers + 2.5 * 140_000
    assert transfers == CASE["inputs"]["transfers"]
    assert administration == pytest.approx(CASE["inputs"]["administration"], rel=1e-12)


def test_financing_and_unmet_are_added_per_beneficiary():
    cost = cost_per_beneficiary(
        transfers=900, administration=100, beneficiaries=10, financing_cost=50, unmet=200
    )
    assert cost.per_beneficiary == 100
    assert cost.financing_per_unit == 0.05
    assert cost.all_in_per_beneficiary == pytest.approx(105)
    assert cost.unmet_per_beneficiary == 20
    partly = cost_per_beneficiary(
        transfers=900, administration=100, beneficiaries=10, financing_cost=50, delivered=500
    )
    assert partly.all_in_per_beneficiary == pytest.approx(110)


def test_currency_scales_money_and_leaves_ratios():
    inputs = CASE["inputs"] | {"financing_cost": 1e6, "unmet": 5e5}
    money = {name: 4100 * value if name != "beneficiaries" else value for name, value in inputs.items()}
    usd, riel = cost_per_beneficiary(**inputs), cost_per_beneficiary(**money, currency="KHR")
    assert riel.all_in_per_beneficiary == pytest.approx(4100 * usd.all_in_per_beneficiary)
    assert riel.total_cost_transfer_ratio == pytest.approx(usd.total_cost_transfer_ratio)


def test_nothing_transferred_is_missing_with_a_reason():
    cost = cost_per_beneficiary(transfers=0, administration=10, beneficiaries=5)
    assert np.isnan(cost.cost_transfer_ratio)
    assert np.isnan(cost.total_cost_transfer_ratio)
    assert cost.reason == "nothing is transferred"
    assert cost.reason in str(cost)


def test_words_and_table():
    cost = cost_per_beneficiary(**CASE["inputs"], financing_cost=1e6)
    assert "129.72" in str(cost)
    frame = cost.to_frame()
    assert frame.columns.tolist() == ["measure", "value", "unit"]
    assert "USD per household" in frame["unit"].tolist()
    assert "<table" in cost._repr_html_()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"beneficiaries": 0}, "beneficiaries"),
        ({"transfers": -1}, "transfers"),
        ({"administration": float("nan")}, "administration"),
        ({"state": "people"}, "state"),
        ({"unmet": -1}, "unmet"),
        ({"financing_cost": float("inf")}, "financing_cost"),
    ],
)
def test_bad_input(change, field):
    with pytest.raises(ValueError, match=field):
        cost_per_beneficiary(**(CASE["inputs"] | change))
