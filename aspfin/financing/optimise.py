"""The cheapest mix of instruments for one year, with weight on the worst years: a linear programme."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.financing.instrument import Instrument
from aspfin.financing.instruments import ContingencyFund, DonorAid
from aspfin.financing.insurance import InsuranceLayer, ParametricInsurance
from aspfin.financing.need import Need
from aspfin.financing.valid import at_least_zero, between, money, require, whole
from aspfin.financing.waterfall import checked_instruments
from aspfin.results import ResultMixin

__all__ = ["OptimalLayers", "optimal_layers", "scenarios_of"]


@dataclass(frozen=True, eq=False)
class OptimalLayers(ResultMixin):
    """What `optimal_layers` returns. Money in `currency`, per year.

    Attributes
    ----------
    capacity : DataFrame
        One row per instrument: instrument, kind, capacity (to arrange), cap (most allowed), expected_draw.
    draws : DataFrame
        One row per scenario, by need: probability, need, one column per instrument, unmet, cost.
    objective : float
        (1 − w)·expected cost + w·tail cost.
    expected_cost, tail_cost : float
        Mean cost, and its mean in the worst 1 − α of years (coherent), both with the penalty on unmet need.
    value_at_risk : float
        η at the optimum: a cost that the worst 1 − α of years exceed or reach.
    expected_unmet : float
    """

    capacity: pd.DataFrame
    draws: pd.DataFrame
    objective: float
    expected_cost: float
    tail_cost: float
    value_at_risk: float
    expected_unmet: float
    currency: str

    def to_frame(self) -> pd.DataFrame:
        """Return the capacities."""
        return self.capacity.copy()

    def sentence(self) -> str:
        """Return the mix in prose."""
        used = self.capacity[self.capacity["capacity"] > 0]
        mix = ", ".join(
            f"{money(row.capacity, self.currency)} of {row.instrument}"
            for row in used.itertuples(index=False)
        )
        return (
            f"The cheapest mix holds {mix or 'no instrument'}; it costs "
            f"{money(self.expected_cost, self.currency)} a year on average and leaves "
            f"{money(self.expected_unmet, self.currency)} unmet."
        )


def scenarios_of(need: Need, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities and amounts of at most `count` years that stand for the need.

    A discrete need with few enough amounts is taken as it is. Otherwise years are grouped into equally
    probable classes by size, each represented by its mean, so that the mean need is kept.
    """
    grid = need.lattice()
    held = grid.probabilities > 0
    amounts, masses = grid.amounts[held], grid.probabilities[held]
    if amounts.size <= count and grid.tail == 0:
        return masses, amounts
    edges = np.linspace(0, 1, count + 1)
    level = np.concatenate([[0.0], np.cumsum(masses)])
    integral = np.interp(edges, level, np.concatenate([[0.0], np.cumsum(masses * amounts)]))
    integral[-1] = need.mean  # what lies beyond the grid belongs to the last class
    return np.full(count, 1 / count), np.maximum(np.diff(integral), 0.0) * count


def optimal_layers(
    need: Need,
    instruments: Sequence[Instrument],
    *,
    risk_weight: float = 0.0,
    tail: float = 0.95,
    unmet_penalty: float = 10.0,
    scenarios: int = 500,
) -> OptimalLayers:
    """Choose capacities once and draws per scenario at least cost, weighing expected cost and tail cost.

    minimise (1 − w)·E[C] + w·(η + E[(C − η)₊]/(1 − α)), with C the instruments' costs (world_bank timing)
    plus a penalty per unit of unmet need. In every scenario 0 ≤ draw ≤ capacity ≤ cap and
    Σ draws + unmet = need.

    Parameters
    ----------
    need : Need
        Annual need; one year is planned.
    instruments : sequence of instruments
        Their limits are the caps (a fund's is its ceiling, a layer's its share of the limit; aid pays at most
        its share of the whole need). Insurance here
        may cover any layers; its premium is the multiple of its expected payment in every scenario.
    risk_weight : float
        w, 0 to 1.
    tail : float
        α, 0 to below 1.
    unmet_penalty : float
        π, welfare cost per unit of unmet need (assumed); infinite forbids unmet need.
    scenarios : int
        Most scenarios; see `scenarios_of`.

    Raises
    ------
    ValueError
        If an argument is out of range, an instrument has no place in a linear programme (parametric
        insurance, insurance with a fixed premium), or the need cannot be met with an infinite penalty.

    References
    ----------
    Rockafellar and Uryasev (2000), Journal of Risk 2(3).

    Examples
    --------
    >>> from aspfin.financing import BudgetReallocation, ContingentCredit
    >>> need = Need.from_states([0.1, 0.005], [50, 200])
    >>> mix = optimal_layers(need, [ContingentCredit(limit=500), BudgetReallocation(limit=500)])
    >>> mix.capacity["capacity"].round(6).tolist()
    [50.0, 150.0]
    """
    chosen = _suited(instruments)
    weight = between("risk_weight", risk_weight, 0, 1)
    between("tail", tail, 0, 1)
    require(tail < 1, "tail", tail, "0 to below 1")
    penalty = at_least_zero("unmet_penalty", unmet_penalty, infinite=True)
    probability, amounts = scenarios_of(need, whole("scenarios", scenarios, 2))
    problem = _Programme(chosen, probability, amounts, weight, tail, penalty)
    solution = problem.solve()
    return _answer(problem, solution, need.currency)


def _suited(instruments: Sequence[Instrument]) -> tuple[Instrument, ...]:
    chosen = checked_instruments(instruments)
    for one in chosen:
        fits = not isinstance(one, ParametricInsurance) and getattr(one, "premium", None) is None
        require(fits, "instruments", one.name, "instruments without fixed payouts or a fixed premium")
    return chosen


def _cap(one: Instrument) -> float:
    return one.ceiling if isinstance(one, ContingencyFund) else one.initial


@dataclass(frozen=True, eq=False)
class _Programme:
    """The programme; variables in order: capacity (k), draws (s × k), unmet (s), premium, η, ξ (s)."""

    instruments: tuple[Instrument, ...]
    probability: np.ndarray
    amounts: np.ndarray
    weight: float
    tail: float
    penalty: float

    def solve(self) -> np.ndarray:
        from scipy.optimize import linprog

        k, s = len(self.instruments), self.amounts.size
        cost = self.cost_matrix()
        objective = (1 - self.weight) * (self.probability @ cost)
        objective[-s - 1] += self.weight
        objective[-s:] += self.weight * self.probability / (1 - self.tail)
        above, equal = self._rows(cost)
        balance = np.append(self.amounts, 0.0)
        found = linprog(
            objective,
            A_ub=above,
            b_ub=np.zeros(above.shape[0]),
            A_eq=equal,
            b_eq=balance,
            bounds=self._bounds(k, s),
            method="highs",
        )
        require(
            found.status == 0,
            "instruments",
            found.message,
            "caps that can meet the need, or a finite penalty",
        )
        return found.x

    def cost_matrix(self):  # noqa: ANN202 (a scipy sparse array; scipy loads on use)
        """Return the cost of each scenario as a linear function of the variables, shape (s, variables)."""
        from scipy import sparse

        k, s = len(self.instruments), self.amounts.size
        units = [one.unit_costs() for one in self.instruments]
        holding = np.array([unit.holding for unit in units])
        drawing = np.array(
            [0.0 if self._insured(one) else one.unit_costs().drawing for one in self.instruments]
        )
        penalty = self.penalty if math.isfinite(self.penalty) else 0.0
        return sparse.hstack(
            [
                sparse.csr_array(np.tile(holding, (s, 1))),
                sparse.kron(sparse.eye_array(s), drawing.reshape(1, k)),
                penalty * sparse.eye_array(s),
                np.ones((s, 1)),
                sparse.csr_array((s, s + 1)),
            ],
            format="csr",
        )

    def _rows(self, cost):  # noqa: ANN001, ANN202
        """Return the inequalities (cost − η − ξ ≤ 0, draw ≤ capacity) and equalities (balance, premium)."""
        from scipy import sparse

        k, s = len(self.instruments), self.amounts.size
        variables = cost.shape[1]
        tail_rows = cost + sparse.hstack(
            [sparse.csr_array((s, variables - s - 1)), -np.ones((s, 1)), -sparse.eye_array(s)], format="csr"
        )
        capacity = sparse.kron(np.ones((s, 1)), sparse.eye_array(k))
        within = sparse.hstack(
            [-capacity, sparse.eye_array(s * k), sparse.csr_array((s * k, variables - k - s * k))]
        )
        balance = sparse.hstack(
            [
                sparse.csr_array((s, k)),
                sparse.kron(sparse.eye_array(s), np.ones((1, k))),
                sparse.eye_array(s),
                sparse.csr_array((s, s + 2)),
            ]
        )
        rates = [one.unit_costs().drawing if self._insured(one) else 0.0 for one in self.instruments]
        premium = np.zeros((1, variables))
        premium[0, k : k + s * k] = np.outer(self.probability, rates).ravel()
        premium[0, -s - 2] = -1.0
        return sparse.vstack([tail_rows, within]).tocsr(), sparse.vstack([balance, premium]).tocsr()

    def _bounds(self, k: int, s: int) -> np.ndarray:
        caps = np.array([_cap(one) for one in self.instruments])
        shares = np.array([one.share if isinstance(one, DonorAid) else 1.0 for one in self.instruments])
        draws = np.outer(self.amounts, shares).ravel()
        unmet = np.full(s, math.inf if math.isfinite(self.penalty) else 0.0)
        upper = np.concatenate([caps, draws, unmet, [math.inf, math.inf], np.full(s, math.inf)])
        lower = np.zeros(upper.size)
        lower[-s - 1] = -math.inf
        return np.column_stack([lower, upper])

    @staticmethod
    def _insured(one: Instrument) -> bool:
        return isinstance(one, InsuranceLayer)


def _answer(problem: _Programme, solution: np.ndarray, currency: str) -> OptimalLayers:
    k, s = len(problem.instruments), problem.amounts.size
    draws = solution[k : k + s * k].reshape(s, k)
    unmet = solution[k + s * k : k + s * k + s]
    cost = problem.cost_matrix() @ solution
    expected = float(problem.probability @ cost)
    level, tail_cost = _tail(problem.probability, cost, problem.tail)
    names = [one.name for one in problem.instruments]
    table = pd.DataFrame({"probability": problem.probability, "need": problem.amounts})
    table = table.join(pd.DataFrame(draws, columns=names)).assign(unmet=unmet, cost=cost)
    capacity = pd.DataFrame(
        {
            "instrument": names,
            "kind": [one.kind for one in problem.instruments],
            "capacity": draws.max(axis=0),  # what is arranged at no cost is not worth more than its use
            "cap": [_cap(one) for one in problem.instruments],
            "expected_draw": problem.probability @ draws,
        }
    )
    return OptimalLayers(
        capacity=capacity,
        draws=table,
        objective=(1 - problem.weight) * expected + problem.weight * tail_cost,
        expected_cost=expected,
        tail_cost=tail_cost,
        value_at_risk=level,
        expected_unmet=float(problem.probability @ unmet),
        currency=currency,
    )


def _tail(probability: np.ndarray, cost: np.ndarray, tail: float) -> tuple[float, float]:
    """Return value at risk and coherent tail value at risk of a discrete cost."""
    order = np.argsort(cost)
    below = np.cumsum(probability[order])
    level = float(cost[order][min(np.searchsorted(below, tail - 1e-12), cost.size - 1)])
    return level, level + float(probability @ np.maximum(cost - level, 0)) / (1 - tail)
