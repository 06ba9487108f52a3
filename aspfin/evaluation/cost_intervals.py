"""Confidence sets for a cost per effect: Fieller's, and the bootstrap's."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable

import numpy as np
import pandas as pd

from aspfin.evaluation.columns import category_codes, column
from aspfin.results import ImpactEstimate

__all__ = ["Intervals", "bootstrap_pairs", "fieller", "parametric_draws", "percentiles", "words"]

Intervals = tuple[tuple[float, float], ...]
PARAMETRIC_DRAWS = 20_000


def fieller(
    numerator: float,
    denominator: float,
    variance_numerator: float,
    variance_denominator: float,
    covariance: float,
    quantile: float,
) -> Intervals:
    """Return Fieller's confidence set for numerator/denominator: an interval, two rays, or the whole line.

    Examples
    --------
    >>> fieller(60.0, 12.0, 0.0, 16.0, 0.0, 2.0)
    ((3.0, 15.0),)
    >>> fieller(60.0, 6.0, 0.0, 16.0, 0.0, 2.0)
    ((-inf, -30.0), (4.285714285714286, inf))
    """
    q = quantile**2
    a = denominator**2 - q * variance_denominator
    b = numerator * denominator - q * covariance
    c = numerator**2 - q * variance_numerator
    root = b * b - a * c
    scale = denominator**2 + q * variance_denominator
    if abs(a) <= 1e-12 * scale:  # the effect is exactly on the edge of significance: one ray
        if b == 0:
            return ((-math.inf, math.inf),)
        return ((c / (2 * b), math.inf),) if b > 0 else ((-math.inf, c / (2 * b)),)
    if root <= 0 and a < 0:
        return ((-math.inf, math.inf),)
    ends = sorted(((b - math.sqrt(max(root, 0.0))) / a, (b + math.sqrt(max(root, 0.0))) / a))
    return ((ends[0], ends[1]),) if a > 0 else ((-math.inf, ends[0]), (ends[1], math.inf))


def parametric_draws(
    effect: float, spread: float, cost: float, error: float, correlation: float, df: float, seed: int
) -> np.ndarray:
    """Return draws of effect and cost, shape (PARAMETRIC_DRAWS, 2), from their normal or t law."""
    generator = np.random.default_rng(seed)
    z = generator.normal(size=(PARAMETRIC_DRAWS, 2))
    z[:, 1] = correlation * z[:, 0] + math.sqrt(1 - correlation**2) * z[:, 1]
    if math.isfinite(df):
        z /= np.sqrt(generator.chisquare(df, PARAMETRIC_DRAWS) / df)[:, None]
    return np.array([effect, cost]) + z * [spread, error]


def percentiles(draws: np.ndarray, level: float) -> Intervals:
    """Return the percentile set of cost per effect, from that of effect per cost turned over."""
    if (draws[:, 1] <= 0).mean() > (1 - level) / 2:
        raise ValueError("cost: is 0 or negative in many draws; the cost of an effect needs a cost above 0")
    per_cost = draws[:, 0] / np.where(draws[:, 1] > 0, draws[:, 1], np.nan)
    low, high = np.nanquantile(per_cost, [(1 - level) / 2, (1 + level) / 2])
    if low * high > 0:
        return ((1 / high, 1 / low),)
    below = ((-math.inf, 1 / low),) if low < 0 else ()
    above = ((1 / high, math.inf),) if high > 0 else ()
    return (*below, *above) or ((-math.inf, math.inf),)


def words(sets: Intervals) -> str:
    """Return a set of intervals in words."""
    parts = []
    for low, high in sets:
        if math.isinf(low) and math.isinf(high):
            parts.append("any value")
        elif math.isinf(low):
            parts.append(f"below {high:,.4g}")
        elif math.isinf(high):
            parts.append(f"above {low:,.4g}")
        else:
            parts.append(f"{low:,.4g} to {high:,.4g}")
    return " or ".join(parts)


def bootstrap_pairs(
    df: pd.DataFrame,
    *,
    effect: Callable[[pd.DataFrame], float | ImpactEstimate],
    cost: Callable[[pd.DataFrame], float | ImpactEstimate],
    cluster: Hashable | None = None,
    strata: Hashable | None = None,
    draws: int = 999,
    seed: int = 0,
) -> np.ndarray:
    """Resample the data and estimate effect and cost on each draw, so that they vary together.

    Parameters
    ----------
    df
        The data; rows, or whole clusters, are drawn with replacement.
    effect, cost
        From a frame to an estimate or a number.
    cluster
        Column of the unit of assignment; in a draw, a cluster drawn twice counts as two.
    strata
        Column within whose levels the drawing is done.
    draws, seed
        Number of resamples, and the seed.

    Returns
    -------
    ndarray, shape (draws kept, 2)
        Effects and costs. Draws on which an estimator refuses (an arm missing, say) are left out.

    Raises
    ------
    ValueError
        If a column is missing, or more than 5 % of the draws are refused.

    Examples
    --------
    >>> df = pd.DataFrame({"cash": [0, 1] * 20, "food": range(40), "usd": [0.0, 50.0] * 20})
    >>> def gap(name):
    ...     return lambda d: d[name][d.cash == 1].mean() - d[name][d.cash == 0].mean()
    >>> bootstrap_pairs(df, effect=gap("food"), cost=gap("usd"), strata="cash", draws=50).shape
    (50, 2)
    """
    if draws < 2:
        raise ValueError(f"draws: got {draws!r}; allowed: at least 2")
    codes, number = np.arange(len(df)), len(df)
    if cluster is not None:
        codes, levels = category_codes(column(df, cluster, "cluster"))
        number = len(levels)
    members = _members(codes, number)
    blocks = [np.arange(number)]
    if strata is not None:
        of_row, levels = category_codes(column(df, strata, "strata"))
        of_unit = np.array([of_row[rows[0]] for rows in members])
        if any((of_row[rows] != of_unit[i]).any() for i, rows in enumerate(members)):
            raise ValueError(
                f"strata: column {strata!r} varies within {cluster!r}; give the strata of clusters"
            )
        blocks = _members(of_unit, len(levels))
    generator = np.random.default_rng(seed)
    kept: list[tuple[float, float]] = []
    for _ in range(draws):
        units = np.concatenate([generator.choice(block, len(block)) for block in blocks])
        rows = [members[unit] for unit in units]
        drawn = df.iloc[np.concatenate(rows)].reset_index(drop=True)
        if cluster is not None:
            drawn[cluster] = np.repeat(np.arange(len(rows)), [len(one) for one in rows])
        try:
            kept.append((_number(effect(drawn)), _number(cost(drawn))))
        except ValueError as error:
            reason = str(error)
    if len(kept) < 0.95 * draws:
        raise ValueError(f"draws: {draws - len(kept)} of {draws} could not be estimated ({reason})")
    return np.array(kept)


def _members(codes: np.ndarray, number: int) -> list[np.ndarray]:
    """Return the positions of each code 0, 1, …; codes of −1 (missing) belong to none."""
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.searchsorted(codes[order], np.arange(number + 1)))[1:-1]


def _number(value: float | ImpactEstimate) -> float:
    return float(value.estimate if isinstance(value, ImpactEstimate) else value)
