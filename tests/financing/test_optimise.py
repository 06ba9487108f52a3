"""The cheapest mix: against the crossing rule, a brute-force search, and the tail of its own solution."""

import itertools

import numpy as np
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
    crossing_points,
    marginal_cost,
    optimal_layers,
)
from aspfin.financing.optimise import scenarios_of

STATES = Need.from_states([0.3, 0.15, 0.06, 0.02, 0.008], [10.0, 25.0, 60.0, 120.0, 300.0])
MANY = [
    ContingencyFund(opening=0),
    ContingentCredit(limit=1e4),
    BudgetReallocation(limit=1e4),
    InsuranceLayer(0, 1e4),
    ExPostBorrowing(),
]


def test_without_risk_weight_and_caps_each_level_goes_to_the_cheapest_there():
    mix = optimal_layers(STATES, MANY)
    levels = np.concatenate([[0.0], mix.draws["need"].to_numpy()])
    cost = 0.0
    for low, high in itertools.pairwise(levels):
        probability = STATES.exceedance(low)
        cost += (high - low) * min(float(marginal_cost(one, probability)) for one in MANY)
    assert mix.expected_cost == pytest.approx(cost, rel=1e-9)
    assert mix.expected_unmet == pytest.approx(0, abs=1e-9)


def test_two_instruments_swap_at_their_crossing_point():
    pair = [ContingentCredit(limit=1e4), BudgetReallocation(limit=1e4)]
    years = crossing_points(pair)["return_period"].item()
    mix = optimal_layers(Need.from_states([1 / 50, 1 / 90], [100.0, 160.0]), pair)
    # P(need > 0) = 1/50 + 1/90, P(need > 100) = 1/90: rarer than once in 72 years
    assert 1 / (1 / 50 + 1 / 90) < years < 90
    assert mix.capacity["capacity"].tolist() == pytest.approx([100, 60])


def test_small_problem_against_brute_force():
    plan = [ContingencyFund(opening=0, ceiling=3), ContingentCredit(limit=3), InsuranceLayer(0, 4)]
    need = Need.from_states([0.3, 0.1], [2.0, 6.0])
    for weight in (0.0, 0.4, 1.0):
        mix = optimal_layers(need, plan, risk_weight=weight, tail=0.8, unmet_penalty=1.8)
        best = min(_costs_by_hand(weight, tail=0.8, penalty=1.8, plan=plan))
        assert mix.objective == pytest.approx(best, rel=1e-9)


def _costs_by_hand(weight, *, tail, penalty, plan):
    """Objective of every whole-number plan: an optimum of this programme lies at whole numbers."""
    probability, need = np.array([0.6, 0.3, 0.1]), [0, 2, 6]
    units = [one.unit_costs() for one in plan]
    ways = [
        [d for d in itertools.product(range(4), range(4), range(5)) if sum(d) <= amount] for amount in need
    ]
    for fund, credit in itertools.product(range(4), range(4)):
        for draws in itertools.product(*ways):
            if any(d[0] > fund or d[1] > credit for d in draws):
                continue
            premium = units[2].drawing * sum(p * d[2] for p, d in zip(probability, draws, strict=True))
            cost = np.array(
                [
                    units[0].holding * fund
                    + units[0].drawing * d[0]
                    + units[1].holding * credit
                    + units[1].drawing * d[1]
                    + premium
                    + penalty * (amount - sum(d))
                    for d, amount in zip(draws, need, strict=True)
                ]
            )
            tails = [level + probability @ np.maximum(cost - level, 0) / (1 - tail) for level in cost]
            yield (1 - weight) * (probability @ cost) + weight * min(tails)


def test_objective_is_mean_and_coherent_tail_of_its_own_costs():
    mix = optimal_layers(STATES, MANY, risk_weight=0.5, tail=0.9)
    cost, probability = mix.draws["cost"].to_numpy(), mix.draws["probability"].to_numpy()
    tails = [level + probability @ np.maximum(cost - level, 0) / 0.1 for level in cost]
    assert mix.tail_cost == pytest.approx(min(tails), rel=1e-9)
    assert mix.expected_cost == pytest.approx(probability @ cost, rel=1e-12)


def test_weight_on_the_tail_never_lowers_expected_cost_and_never_raises_the_tail():
    mixes = [optimal_layers(STATES, MANY, risk_weight=w, tail=0.95) for w in (0, 0.25, 0.5, 0.75, 0.99)]
    expected, tail = np.array([[mix.expected_cost, mix.tail_cost] for mix in mixes]).T
    assert (np.diff(expected) >= -1e-8).all()
    assert (np.diff(tail) <= 1e-8).all()


def test_draws_balance_and_respect_caps():
    plan = [
        ContingencyFund(opening=0, ceiling=15),
        ContingentCredit(limit=30),
        DonorAid(limit=40, share=0.25),
    ]
    mix = optimal_layers(STATES, plan, unmet_penalty=5)
    draws = mix.draws[[one.name for one in plan]].to_numpy()
    accounted = draws.sum(axis=1) + mix.draws["unmet"].to_numpy()
    assert accounted == pytest.approx(mix.draws["need"].to_numpy())
    assert (draws >= -1e-9).all()
    assert (draws <= np.array([15, 30, 40]) + 1e-9).all()
    assert (draws[:, 2] <= 0.25 * mix.draws["need"] + 1e-9).all()


def test_infinite_penalty_leaves_nothing_unmet_or_says_it_cannot():
    mix = optimal_layers(STATES, [ContingentCredit(limit=5), ExPostBorrowing()], unmet_penalty=np.inf)
    assert mix.draws["unmet"].tolist() == [0] * len(mix.draws)
    with pytest.raises(ValueError, match="finite penalty"):
        optimal_layers(STATES, [ContingentCredit(limit=5)], unmet_penalty=np.inf)


def test_currency_scale():
    small = optimal_layers(STATES, MANY[:3], risk_weight=0.3)
    scaled = [ContingencyFund(opening=0), ContingentCredit(limit=1e10), BudgetReallocation(limit=1e10)]
    large = optimal_layers(STATES.scaled(1e6), scaled, risk_weight=0.3)
    assert large.objective == pytest.approx(1e6 * small.objective, rel=1e-7)


def test_scenarios_keep_the_mean_and_grow_with_size():
    need = Need.from_frequency_severity(Poisson(0.8), Lognormal(20, 1.5))
    probability, amounts = scenarios_of(need, 200)
    assert probability.sum() == pytest.approx(1)
    assert probability @ amounts == pytest.approx(need.mean, rel=1e-12)
    assert (np.diff(amounts) >= -1e-9).all()
    assert scenarios_of(STATES, 100)[1].tolist() == [0, 10, 25, 60, 120, 300]


def test_refusals():
    for one in (ParametricInsurance(tiers=((1, 1),)), InsuranceLayer(0, 1, premium=1)):
        with pytest.raises(ValueError, match="instruments"):
            optimal_layers(STATES, [one])
    for wrong in ({"risk_weight": 2}, {"tail": 1}, {"unmet_penalty": -1}, {"scenarios": 1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            optimal_layers(STATES, MANY, **wrong)


def test_words():
    mix = optimal_layers(STATES, MANY)
    assert "cheapest mix" in str(mix)
    assert mix.to_frame().columns.tolist() == ["instrument", "kind", "capacity", "cap", "expected_draw"]
