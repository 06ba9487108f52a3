"""Propensity scores, and whether treated and untreated overlap on what is observed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.evaluation.sample import prepare
from aspfin.results import Check

__all__ = [
    "Propensity",
    "balance_check",
    "balance_table",
    "effective_size",
    "fit_propensity",
    "overlap",
    "overlap_check",
    "standardised",
]


@dataclass(frozen=True, eq=False)
class Propensity:
    """A fitted logit of treatment on a constant and the controls.

    Attributes
    ----------
    score : ndarray, shape (n,)
        Probability of treatment.
    design : ndarray, shape (n, k)
        Constant and standardised controls.
    influence : ndarray, shape (n, k)
        What each row contributes to the coefficients: their mean over rows is the estimation error.
    """

    score: np.ndarray
    design: np.ndarray
    influence: np.ndarray


def standardised(controls: np.ndarray) -> np.ndarray:
    """Return the controls with mean 0 and standard deviation 1, shape (n, k); fits do not change by it."""
    spread = controls.std(axis=0)
    return (controls - controls.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


def fit_propensity(treated: np.ndarray, controls: np.ndarray, names: Sequence[str]) -> Propensity:
    """Fit a logit by Newton's method.

    Parameters
    ----------
    treated : ndarray of 0 and 1, shape (n,)
    controls : ndarray, shape (n, k)
        Of full rank with a constant.
    names : sequence of str
        Of the controls, for messages.

    Raises
    ------
    ValueError
        If the controls tell the treated from the untreated without error: there is then no overlap at all.

    Examples
    --------
    >>> treated = np.array([0.0, 1, 0, 1, 1, 0])
    >>> fit_propensity(treated, np.array([[0.0], [0], [0], [1], [1], [1]]), ["x"]).score.round(3).tolist()
    [0.333, 0.333, 0.333, 0.667, 0.667, 0.667]
    """
    design = np.column_stack([np.ones(len(treated)), standardised(controls)])
    beta = np.zeros(design.shape[1])
    for _ in range(100):
        score = _expit(design @ beta)
        hessian = (design * (score * (1 - score))[:, None]).T @ design
        gradient = design.T @ (treated - score)
        try:
            step = np.linalg.solve(hessian, gradient)
        except np.linalg.LinAlgError:
            break
        size = np.abs(step).max()
        beta = beta + step * min(1.0, 5.0 / size if size else 1.0)
        # Without a maximum the coefficients walk off; scores of 0 or 1 then fit every row.
        if np.abs(beta).max() > 60:
            break
        if size < 1e-10:
            score = _expit(design @ beta)
            hessian = (design * (score * (1 - score))[:, None]).T @ design / len(treated)
            influence = np.linalg.solve(hessian, (design * (treated - score)[:, None]).T).T
            return Propensity(score, design, influence)
    worst = names[int(np.abs(beta[1:]).argmax())] if len(names) else "the constant"
    raise ValueError(
        f"controls: they tell treated from untreated rows without error (above all {worst!r}); "
        "leave out what decides treatment, merge rare levels, or compare within the rows that overlap"
    )


def _expit(x: np.ndarray) -> np.ndarray:
    from scipy import special

    return special.expit(x)


def effective_size(weights: np.ndarray) -> float:
    """Return how many equally weighted rows would be as precise: (Σw)² / Σw².

    Examples
    --------
    >>> effective_size(np.array([1.0, 1.0, 0.0]))
    2.0
    """
    return float(weights.sum() ** 2 / (weights**2).sum())


def overlap(df: pd.DataFrame, *, treated: Hashable, controls: Iterable[Hashable]) -> Check:
    """Ask whether treated rows have untreated counterparts, and the reverse, by a logit of treatment.

    Fails if more than 5 % of the rows lie outside the range of scores common to both arms or have a score
    below 0.02 or above 0.98. `statistic` is that share.

    Raises
    ------
    ValueError
        If a column is missing or cannot be used, or the controls decide treatment completely.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> df = pd.DataFrame({"age": rng.normal(40, 10, 500), "cash": rng.integers(0, 2, 500)})
    >>> overlap(df, treated="cash", controls=["age"]).passed
    True
    """
    sample = prepare(df, treated=treated, controls=controls)
    score = fit_propensity(sample.treated, sample.controls, sample.control_names).score
    return overlap_check(score, sample.treated)


def overlap_check(score: np.ndarray, treated: np.ndarray) -> Check:
    """Return the overlap check of fitted scores, shape (n,)."""
    one, nil = score[treated == 1], score[treated == 0]
    low, high = max(one.min(), nil.min()), min(one.max(), nil.max())
    tight = 1e-12  # scores equal up to rounding are in the common range
    outside = (score < low - tight) | (score > high + tight) | (score < 0.02) | (score > 0.98)
    share = float(outside.mean())
    text = (
        f"scores {one.min():.3f} to {one.max():.3f} among the treated, {nil.min():.3f} to {nil.max():.3f} "
        f"among the untreated; {100 * share:.1f} % of the rows without counterparts"
    )
    question = "Do treated and untreated rows have counterparts with similar chances of treatment?"
    return Check("overlap", question, share <= 0.05, share, text=text)


def balance_table(
    controls: np.ndarray,
    names: Sequence[str],
    treated: np.ndarray,
    weights: np.ndarray,
) -> pd.DataFrame:
    """Return means by arm and normalised differences before and after weighting.

    The difference is in standard deviations: √ of the mean of the unweighted variances of the two arms.

    Returns
    -------
    DataFrame
        control, treated_mean, untreated_mean, difference_before, difference_after.
    """
    one, nil = treated == 1, treated == 0
    x1, x0 = controls[one], controls[nil]
    spread = np.sqrt((x1.var(axis=0) + x0.var(axis=0)) / 2)
    spread = np.where(spread > 0, spread, np.nan)
    after = np.average(x1, axis=0, weights=weights[one]) - np.average(x0, axis=0, weights=weights[nil])
    return pd.DataFrame(
        {
            "control": list(names),
            "treated_mean": x1.mean(axis=0),
            "untreated_mean": x0.mean(axis=0),
            "difference_before": (x1.mean(axis=0) - x0.mean(axis=0)) / spread,
            "difference_after": after / spread,
        }
    )


def balance_check(table: pd.DataFrame, how: str) -> Check:
    """Return whether every normalised difference is below 0.1 after weighting or matching."""
    question = f"Are the controls alike in both arms after {how}?"
    differences = table["difference_after"].abs()
    if not differences.notna().any():
        return Check("balance", question, None, text="no control varies")
    worst = differences.idxmax()
    before = table["difference_before"].abs().max()
    text = (
        f"largest normalised difference {differences[worst]:.3f} ({table.loc[worst, 'control']}); "
        f"{before:.3f} before"
    )
    return Check("balance", question, bool(differences[worst] < 0.1), float(differences[worst]), text=text)
