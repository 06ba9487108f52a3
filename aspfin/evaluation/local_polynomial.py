"""Local polynomials at a cutoff: fitted lines, and the bias-corrected effect as a weighted sum of outcomes.

An estimate that is linear in the outcomes has a clustered standard error at once: sum the weighted residuals
by cluster. The weights are those of Calonico, Cattaneo & Titiunik (2014), Econometrica 82(6).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aspfin.evaluation.regression import sum_by

__all__ = ["KERNELS", "clustered_errors", "fitted_line", "kernel_weights"]

KERNELS = ("triangular", "epanechnikov", "uniform")


def kernel_weights(distance: np.ndarray, kernel: str) -> np.ndarray:
    """Return the weight at a distance in bandwidths: 0 beyond 1.

    Examples
    --------
    >>> kernel_weights(np.array([-0.5, 0.0, 2.0]), "triangular").tolist()
    [0.5, 1.0, 0.0]
    """
    inside = np.abs(distance) <= 1
    if kernel == "triangular":
        return np.where(inside, 1 - np.abs(distance), 0.0)
    if kernel == "epanechnikov":
        return np.where(inside, 0.75 * (1 - distance**2), 0.0)
    return np.where(inside, 0.5, 0.0)


def _solver(distance: np.ndarray, order: int, kernel: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the design (n, order + 1) and the linear map (order + 1, n) from outcomes to coefficients."""
    weight = kernel_weights(distance, kernel)
    design = np.vander(distance, order + 1, increasing=True)
    weighted = design * weight[:, None]
    # Distances are in bandwidths, so the powers that count lie within 1 and the small system is well scaled.
    return design, np.linalg.solve(weighted.T @ design, weighted.T)


def fitted_line(
    outcome: np.ndarray, running: np.ndarray, cutoff: float, bandwidth: float, kernel: str, order: int
) -> np.ndarray:
    """Return the coefficients of a polynomial in (running − cutoff) / bandwidth; the first is the level.

    Examples
    --------
    >>> x = np.linspace(0, 1, 50)
    >>> fitted_line(2 + 3 * x, x, 0.0, 0.5, "triangular", 1).round(6).tolist()
    [2.0, 1.5]
    """
    distance = (running - cutoff) / bandwidth
    near = np.abs(distance) <= 1
    return _solver(distance[near], order, kernel)[1] @ outcome[near]


@dataclass(frozen=True, eq=False)
class _Side:
    """Weights and residuals of one side, conventional and bias-corrected, over all its rows."""

    conventional: np.ndarray
    corrected: np.ndarray
    residual: np.ndarray
    residual_corrected: np.ndarray


def _side(distance: np.ndarray, outcome: np.ndarray, order: int, kernel: str, h: float, b: float) -> _Side:
    design, solve = _solver(distance / h, order, kernel)
    design_b, solve_b = _solver(distance / b, order + 1, kernel)
    # The bias is the part of the next power that the fit of `order` mistakes for a level.
    leak = solve[0] @ (distance / h) ** (order + 1)
    next_power = solve_b[order + 1] * (h / b) ** (order + 1)
    return _Side(
        solve[0],
        solve[0] - leak * next_power,
        outcome - design @ (solve @ outcome),
        outcome - design_b @ (solve_b @ outcome),
    )


def clustered_errors(
    outcome: np.ndarray,
    running: np.ndarray,
    clusters: np.ndarray,
    *,
    cutoff: float,
    order: int,
    kernel: str,
    bandwidth: float,
    bias_bandwidth: float,
) -> tuple[float, float, int]:
    """Return conventional and robust standard errors of the jump, and the clusters within the bandwidth.

    A cluster on both sides of the cutoff counts once, so what its rows share across the cutoff is allowed
    for. Factor G / (G − 1) · (n − 1) / (n − K), K the coefficients on both sides.

    Parameters
    ----------
    outcome, running : ndarray, shape (n,)
        For a ratio of jumps, the outcome is the linearised ratio.
    clusters : ndarray of int, shape (n,)
    """
    distance = running - cutoff
    right = distance >= 0
    sides = {
        sign: (rows, _side(distance[rows], outcome[rows], order, kernel, bandwidth, bias_bandwidth))
        for sign, rows in ((-1, ~right), (1, right))
    }
    errors, used = [], []
    for corrected in (False, True):
        score, active = np.zeros(len(outcome)), np.zeros(len(outcome), dtype=bool)
        for sign, (rows, side) in sides.items():
            weight = side.corrected if corrected else side.conventional
            score[rows] = sign * weight * (side.residual_corrected if corrected else side.residual)
            active[rows] = weight != 0
        n, n_clusters = int(active.sum()), len(np.unique(clusters[active]))
        params = 2 * (order + 1 + corrected)
        factor = n_clusters / max(n_clusters - 1, 1) * (n - 1) / max(n - params, 1)
        errors.append(float(np.sqrt(factor * (sum_by(clusters, score) ** 2).sum())))
        used.append(n_clusters)
    return errors[0], errors[1], used[0]
