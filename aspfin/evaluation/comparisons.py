"""What two-way fixed effects compare with what, and whether there are clusters enough.

When units start treatment at different times, two-way fixed effects average 2×2 comparisons, and some of
them use units already treated as the comparison group (Goodman-Bacon 2021). Where effects grow, those count
against the programme; some treated cells may even enter with negative weight (de Chaisemartin and
D'Haultfœuille 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aspfin.results import Check

__all__ = ["Comparisons", "bacon_weights", "cluster_check", "comparison_check", "negative_weight"]

QUESTION = "Does two-way fixed effects compare treated units with untreated ones only?"
MOST_FORBIDDEN = 0.10
MOST_NEGATIVE = 0.01
FEW_CLUSTERS, FEW_TREATED_CLUSTERS = 20, 5


@dataclass(frozen=True)
class Comparisons:
    """Shares of the weight of two-way fixed effects by kind of 2×2 comparison; they sum to 1.

    Attributes
    ----------
    never : float
        Treated against never treated.
    later : float
        Earlier against later starters, before these start.
    forbidden : float
        Later starters against units already treated.
    """

    never: float
    later: float
    forbidden: float


def bacon_weights(units: np.ndarray, treated_share: np.ndarray) -> Comparisons:
    """Return the weights of Goodman-Bacon (2021, theorem 1) in a balanced panel.

    Parameters
    ----------
    units : ndarray, shape (k,)
        Number (or share) of units of each cohort.
    treated_share : ndarray, shape (k,)
        Share of the periods in which the cohort is treated: 0 never, 1 always.

    Examples
    --------
    >>> weights = bacon_weights(np.array([309, 20, 40, 131]), np.array([0, 0.8, 0.4, 0.2]))
    >>> round(weights.never, 4), round(weights.later, 4), round(weights.forbidden, 4)
    (0.8628, 0.0833, 0.0539)
    """
    share = units / units.sum()
    never = later = forbidden = 0.0
    for i in range(share.size):
        for j in range(share.size):
            a, b = treated_share[i], treated_share[j]  # i starts earlier: is treated longer
            if a <= b:
                continue
            both = share[i] * share[j]
            if b == 0:
                never += both * a * (1 - a)
                continue
            later += both * (a - b) * (1 - a)
            forbidden += both * b * (a - b)
    total = never + later + forbidden
    if total == 0:
        return Comparisons(1.0, 0.0, 0.0)
    return Comparisons(*(float(one / total) for one in (never, later, forbidden)))


def negative_weight(rows: np.ndarray, treated: np.ndarray) -> float:
    """Return the sum of the negative weights of treated cells, which together weigh 1.

    Parameters
    ----------
    rows : ndarray, shape (cohorts, periods)
        Rows (or their weight) in each cell.
    treated : ndarray of bool, shape (cohorts, periods)

    Examples
    --------
    >>> late = np.array([[0, 0, 1], [0, 1, 1]], dtype=bool)
    >>> round(negative_weight(np.ones((2, 3)), late), 3)
    -0.5
    """
    cohorts, periods = rows.shape
    use = rows.ravel() > 0
    cohort, period = (index.ravel()[use] for index in np.indices(rows.shape))
    indicators = np.column_stack([period[:, None] == np.arange(1, periods)]).astype(float)
    weights = rows.ravel()[use].astype(float)
    d = treated.ravel()[use].astype(float)
    dense = np.column_stack([cohort[:, None] == np.arange(cohorts), indicators]).astype(float)
    root = np.sqrt(weights)
    solution = np.linalg.lstsq(dense * root[:, None], d * root, rcond=None)[0]
    share = weights * (d - dense @ solution) * d
    total = share.sum()
    return float(share[share < 0].sum() / total) if total > 0 else float("nan")


def comparison_check(
    start: np.ndarray, unit: np.ndarray, time: np.ndarray, periods: np.ndarray, weights: np.ndarray | None
) -> tuple[Check, dict[str, float]]:
    """Judge two-way fixed effects where units start treatment at `start` (by unit; infinite if never).

    Shares of comparisons are those of a balanced panel with these cohorts; negative weights count the rows as
    they are.
    """
    name = "comparisons"
    cohorts, cohort = np.unique(start, return_inverse=True)
    after = periods >= cohorts[:, None]
    shares = after.mean(axis=1)
    kinds = bacon_weights(np.bincount(cohort).astype(float), shares)
    size = cohorts.size * periods.size
    rows = np.bincount(cohort[unit] * periods.size + time, weights, minlength=size).reshape(after.shape)
    negative = negative_weight(rows, after)
    numbers = {
        "weight_against_never_treated": kinds.never,
        "weight_against_later_treated": kinds.later,
        "weight_of_forbidden_comparisons": kinds.forbidden,
        "negative_weight": negative,
    }
    if np.unique(shares[(shares > 0)]).size < 2:
        return Check(name, QUESTION, True, statistic=0.0, text="all treated units start together"), numbers
    passed = kinds.forbidden <= MOST_FORBIDDEN and not negative < -MOST_NEGATIVE
    text = (
        f"{100 * kinds.forbidden:.1f} % of the weight compares with units already treated, "
        f"negative weights sum to {abs(negative):.3f}" + ("" if passed else "; use staggered_adoption")
    )
    return Check(name, QUESTION, passed, statistic=kinds.forbidden, text=text), numbers


def cluster_check(clusters: np.ndarray, treated: np.ndarray) -> Check:
    """Judge whether there are clusters enough, treated ones too, for clustered errors to be believed."""
    groups = int(clusters.max()) + 1
    with_treated = int((np.bincount(clusters[treated > 0], minlength=groups) > 0).sum())
    passed = groups >= FEW_CLUSTERS and with_treated >= FEW_TREATED_CLUSTERS
    advice = "" if passed else "; use wild_cluster_bootstrap or randomisation_inference"
    return Check(
        "number of clusters",
        f"Are there {FEW_CLUSTERS} clusters and {FEW_TREATED_CLUSTERS} treated ones for clustered errors?",
        passed,
        statistic=float(groups),
        text=f"{groups:,} clusters, {with_treated:,} with treated rows{advice}",
    )
