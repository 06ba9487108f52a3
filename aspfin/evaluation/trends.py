"""Parallel trends: what the periods before treatment can say."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.results import Check

__all__ = ["EventPath", "joint_test", "parallel_trends"]

QUESTION = "Did the outcomes of treated and comparison units move together before treatment?"


@dataclass(frozen=True, eq=False)
class EventPath:
    """Effects by event time relative to the period before treatment (event time −1), with their covariance.

    Attributes
    ----------
    times, estimates : ndarray, shape (k,)
        Without event time −1, which is 0 by construction.
    covariance : ndarray, shape (k, k)
    df : float
    """

    times: np.ndarray
    estimates: np.ndarray
    covariance: np.ndarray
    df: float


def joint_test(estimates: np.ndarray, cov: np.ndarray, df: float, *, n_clusters: int | None = None) -> Check:
    """Test that effects before treatment are all 0: chi-squared, or F where errors are clustered.

    Not rejecting is no proof: `text` gives the smallest average departure the data would have told from 0.
    """
    from scipy import special

    name = "parallel trends before treatment"
    if estimates.size == 0:
        return Check(name, QUESTION, None, text="no two periods before treatment to compare")
    values, vectors = np.linalg.eigh((cov + cov.T) / 2)
    use = values > 1e-10 * max(values.max(), 0.0)
    rank = int(use.sum())
    if rank == 0 or (n_clusters is not None and rank >= n_clusters):
        return Check(name, QUESTION, None, text=f"{estimates.size} effects are too many to test jointly")
    wald = float((((vectors[:, use].T @ estimates) ** 2) / values[use]).sum())
    if np.isinf(df):
        p = float(special.chdtrc(rank, wald))
        said = f"chi-squared({rank}) {wald:.2f}, p {p:.3f}"
    else:
        p = float(special.fdtrc(rank, df, wald / rank))
        said = f"F({rank}, {df:.0f}) {wald / rank:.2f}, p {p:.3f}"
    mean_error = float(np.sqrt(cov.sum())) / estimates.size
    return Check(
        name,
        QUESTION,
        p >= 0.05,
        statistic=wald if np.isinf(df) else wald / rank,
        p_value=p,
        text=f"{said}; an average departure below {2.8 * mean_error:.2g} would mostly go unseen",
    )


def parallel_trends(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    unit: Hashable,
    time: Hashable,
    first_treated: Hashable,
    control_group: str = "never_treated",
    controls: Iterable[Hashable] = (),
    cluster: Hashable | None = None,
    anticipation: int = 0,
) -> Check:
    """Test jointly that no cohort differs from its comparison group before its treatment.

    The effects "before treatment" are those of Callaway and Sant'Anna (2021), each against the period
    before it; so the test is right in staggered roll-outs too, where leads of two-way fixed effects are
    contaminated by later effects.

    Parameters
    ----------
    df : DataFrame
    outcome, unit, time, first_treated, control_group, controls, cluster, anticipation
        As in `staggered_adoption`.

    Returns
    -------
    Check
        Failed if p < 0.05; not applicable where no cohort has two periods before treatment.

    Raises
    ------
    ValueError
        As in `staggered_adoption`.

    Examples
    --------
    >>> rows = [(u, t, 3 * (u % 2), t * (1 + u % 2) + (u * 7 + t * 3) % 5 / 50)
    ...     for u in range(20) for t in (1, 2, 3)]
    >>> df = pd.DataFrame(rows, columns=["village", "year", "start", "food"])
    >>> parallel_trends(df, outcome="food", unit="village", time="year", first_treated="start").passed
    False
    """
    from aspfin.evaluation.staggered import staggered_adoption

    effect = staggered_adoption(
        df,
        outcome=outcome,
        unit=unit,
        time=time,
        first_treated=first_treated,
        control_group=control_group,
        aggregate="simple",
        controls=controls,
        cluster=cluster,
        anticipation=anticipation,
    )
    return next(check for check in effect.checks if check.question == QUESTION)
