"""Where marginal costs cross."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from aspfin.financing import (
    INSTRUMENTS,
    ContingencyFund,
    ContingentCredit,
    DonorAid,
    InsuranceLayer,
    crossing_points,
    marginal_cost,
)

GOLDEN = yaml.safe_load(
    (Path(__file__).parents[1] / "golden/finance_unit_costs.yaml").read_text(encoding="utf-8")
)
TERMS = {
    "contingency_fund": {"opening": 1},
    "contingent_credit": {"limit": 1},
    "budget_reallocation": {"limit": 1},
    "insurance": {"attachment": 0, "limit": 1},
    "ex_post_borrowing": {},
}
ALL = [INSTRUMENTS[kind](name=kind, **terms) for kind, terms in TERMS.items()]


@pytest.mark.parametrize(
    "case", GOLDEN["crossing"]["cases"], ids=lambda case: f"{case['first']}-{case['second']}"
)
def test_crossing(case):
    pair = [one for one in ALL if one.name in (case["first"], case["second"])]
    row = crossing_points(pair).iloc[0]
    if case["return_period"] is None:
        assert np.isnan(row["return_period"])
        assert np.isnan(row["exceedance_probability"])
        return
    assert row["return_period"] == pytest.approx(case["return_period"], rel=GOLDEN["crossing"]["tolerance"])
    probability = row["exceedance_probability"]
    assert probability == pytest.approx(1 / case["return_period"], rel=GOLDEN["crossing"]["tolerance"])
    costs = [marginal_cost(one, probability) for one in pair]
    assert costs[0] == pytest.approx(costs[1], rel=1e-12)


@pytest.mark.parametrize("timing", ["world_bank", "consistent"])
def test_the_cheaper_one_is_named_on_both_sides(timing):
    table = crossing_points(ALL, timing=timing)
    assert len(table) == 10
    by_name = {one.name: one for one in ALL}
    for row in table.itertuples():
        root = row.exceedance_probability
        probes = (0.5, 0.5) if np.isnan(root) else (min(root * 1.001, 1), root * 0.999)
        for probability, cheaper in zip(probes, (row.cheaper_if_frequent, row.cheaper_if_rare), strict=True):
            costs = {
                name: marginal_cost(by_name[name], probability, timing=timing)
                for name in (row.first, row.second)
            }
            assert costs[cheaper] <= min(costs.values())


def test_at_defaults_credit_is_cheapest_below_72_years_and_the_budget_above():
    for years, cheapest in ((2, "contingent_credit"), (72, "contingent_credit"), (73, "budget_reallocation")):
        costs = {one.name: float(marginal_cost(one, 1 / years)) for one in ALL}
        assert min(costs, key=costs.get) == cheapest


def test_meeting_at_certainty_is_no_crossing():
    """A fund costs its face value when it is drawn every year, and so does aid."""
    row = crossing_points([ContingencyFund(opening=1), DonorAid()]).iloc[0]
    assert np.isnan(row["return_period"])
    assert row["cheaper_if_rare"] == row["cheaper_if_frequent"] == "donor aid"


def test_order_only_swaps_the_columns():
    forward, backward = crossing_points(ALL[:2]), crossing_points(ALL[1::-1])
    assert forward["return_period"].equals(backward["return_period"])
    assert forward["cheaper_if_rare"].equals(backward["cheaper_if_rare"])


def test_insurance_with_a_premium_has_a_rate_on_line():
    layer = InsuranceLayer(attachment=10, limit=50, premium=5)
    assert marginal_cost(layer, [0, 0.5]).tolist() == [0.1, 0.1]


def test_bad_input():
    with pytest.raises(ValueError, match="exceedance"):
        marginal_cost(ContingencyFund(opening=1), 1.5)
    with pytest.raises(ValueError, match="timing"):
        crossing_points(ALL, timing="mine")
    with pytest.raises(ValueError, match="each name once"):
        crossing_points([ContingentCredit(limit=1), ContingentCredit(limit=2)])
