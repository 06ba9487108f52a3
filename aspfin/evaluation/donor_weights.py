"""How far the effect can move among donor weights that fit the periods before treatment equally well."""

from __future__ import annotations

import numpy as np

__all__ = ["spread_of_effect"]


def spread_of_effect(outcome: np.ndarray, n_before: int, slack: float = 0.01) -> tuple[float, float]:
    """Return the least and the largest mean effect over weights whose fit is as good as the best one.

    As good means that in no period the synthetic outcome moves by more than `slack` times the best fit's root
    mean square error plus 0.1 % of the treated unit's own variation. With more donors than periods many
    weights can fit exactly; then the data before treatment do not settle the effect, and this range shows it.
    Two linear programmes.

    Parameters
    ----------
    outcome : ndarray, shape (periods, units)
        The treated unit first.
    n_before : int
        Periods before treatment.

    Examples
    --------
    >>> outcome = np.array([[1.0, 1, 1, 0], [2, 2, 2, 0], [5, 2, 3, 0]])
    >>> low, high = spread_of_effect(outcome, 2)
    >>> round(low, 1), round(high, 1)  # units 1 and 2 fit equally well, and part company afterwards
    (2.0, 3.0)
    """
    from scipy import optimize

    treated, donors = outcome[:, 0], outcome[:, 1:]
    best = _simplex_least_squares(donors[:n_before], treated[:n_before])
    fitted = donors[:n_before] @ best
    error = np.sqrt(((treated[:n_before] - fitted) ** 2).mean())
    room = slack * error + 1e-3 * treated[:n_before].std() + 1e-9 * np.abs(outcome).max()
    mean_after = donors[n_before:].mean(axis=0)
    limits = np.vstack([donors[:n_before], -donors[:n_before]])
    bounds = np.r_[fitted + room, room - fitted]
    reached = []
    for sign in (1.0, -1.0):
        found = optimize.linprog(
            sign * mean_after,
            A_ub=limits,
            b_ub=bounds,
            A_eq=np.ones((1, len(best))),
            b_eq=[1.0],
            bounds=(0, 1),
            method="highs",
        )
        reached.append(sign * found.fun if found.success else float(mean_after @ best))
    after = treated[n_before:].mean()
    return float(after - max(reached)), float(after - min(reached))


def _simplex_least_squares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return weights ≥ 0 that sum to 1 and minimise the squared error, shape (k,).

    Non-negative least squares with the sum as one more, heavily weighted, equation.
    """
    from scipy import optimize

    size = 1e4 * max(np.abs(x).max(), np.abs(y).max(), 1e-300)
    weights, _ = optimize.nnls(np.vstack([x, np.full(x.shape[1], size)]), np.r_[y, size])
    return weights / weights.sum()
