"""Measures that look at a person's rank: Gini and concentration indices and curves, quantiles.

Everything here takes weights and plain arrays and returns a value, or a value with its linearised variable
(the derivative of the value by each row's weight). People with the same value share one rank, the middle of
their block, so that neither the order of rows nor a household kept as two rows changes a figure.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

__all__ = [
    "concentration",
    "concentration_linearised",
    "curve_at",
    "curve_linearised",
    "quantile_at",
    "rank_codes",
]

# A cumulated weight that rounding puts a hair below p·N still reaches it.
REACH = 1e-10


def rank_codes(values: np.ndarray) -> np.ndarray:
    """Return each row's place 0, 1, … among the distinct values, smallest first; equal values share a place.

    Examples
    --------
    >>> rank_codes(np.array([5.0, 2.0, 5.0, 9.0])).tolist()
    [1, 0, 1, 2]
    """
    return np.unique(values, return_inverse=True)[1].astype(np.intp)


def _ranks(weights: np.ndarray, codes: np.ndarray, convention: str) -> np.ndarray:
    """Return each row's cumulated weight: to the middle of its block of ties, or to its end (convey)."""
    block = np.bincount(codes, weights)
    share = 1.0 if convention == "convey" else 0.5
    return (np.cumsum(block) - (1 - share) * block)[codes]


def concentration(
    weights: np.ndarray, amounts: np.ndarray, codes: np.ndarray, convention: str = "midpoint"
) -> float:
    """Return the concentration index of `amounts` by the rank `codes`; by their own rank, the Gini.

    Midpoint: C = 2·Σ w r a / (N·Σ w a) − 1, with r the cumulated weight to the middle of the tie.
    Convey: C = (2·Σ w r a − Σ w a) / (N·Σ w a) − 1, with r to the end of the tie, which moves with the
    scale of the weights. Missing where Σ w a is not above 0.

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 3.0, 4.0])
    >>> concentration(np.ones(4), y, rank_codes(y))
    0.25
    """
    people, total = weights.sum(), weights @ amounts
    if not total > 0:
        return np.nan
    ranked = weights @ (_ranks(weights, codes, convention) * amounts)
    own = total if convention == "convey" else 0.0
    return float((2 * ranked - own) / (people * total) - 1)


def concentration_linearised(
    weights: np.ndarray, amounts: np.ndarray, codes: np.ndarray, convention: str = "midpoint"
) -> tuple[float, np.ndarray]:
    """Return the concentration index and its linearised variable, shape (n,).

    With Q = 2·Σ w r a and T = Σ w a, u = 2·l/(T N) − Q·a/(T² N) − Q/(T N²), where l holds what a person's
    weight adds to Σ w r a: own rank times own amount, half of the tie's and all of the richer's amounts.

    References
    ----------
    Osier (2009), Survey Research Methods 3; Binder & Kovačević (1995), Survey Methodology 21.
    """
    people, total = weights.sum(), weights @ amounts
    if not total > 0:
        return np.nan, np.full(amounts.shape, np.nan)
    convey = convention == "convey"
    ranks = _ranks(weights, codes, convention)
    block = np.bincount(codes, weights * amounts)
    above = total - np.cumsum(block) + (1.0 if convey else 0.5) * block
    q = 2 * (weights @ (ranks * amounts))
    u = 2 * (above[codes] + ranks * amounts) / (total * people)
    u -= q / (total * people) * (amounts / total + 1 / people)
    own = 1 / people if convey else 0.0
    if convey:
        u += own / people
    return float(q / (total * people) - own - 1), u


def _cumulated(
    weights: np.ndarray, amounts: np.ndarray, codes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each block's weight, and cumulated weight and amount with a leading 0."""
    block = np.bincount(codes, weights)
    people = np.concatenate([[0.0], np.cumsum(block)])
    total = np.concatenate([[0.0], np.cumsum(np.bincount(codes, weights * amounts))])
    return block, people, total


def curve_at(weights: np.ndarray, amounts: np.ndarray, codes: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Return the share of `amounts` that the lowest-ranked shares `grid` of persons hold, shape of `grid`.

    Straight lines between the blocks of ties: people with the same rank are taken to be mixed.

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 3.0, 4.0])
    >>> curve_at(np.ones(4), y, rank_codes(y), np.array([0.25, 0.5, 0.625, 1.0])).round(3).tolist()
    [0.1, 0.3, 0.45, 1.0]
    """
    _, people, total = _cumulated(weights, amounts, codes)
    if not total[-1] > 0:
        return np.full(grid.shape, np.nan)
    return np.interp(grid * people[-1], people, total) / total[-1]


def curve_linearised(
    weights: np.ndarray, amounts: np.ndarray, codes: np.ndarray, grid: np.ndarray, half_width: float = 0.0
) -> Iterator[tuple[float, np.ndarray]]:
    """Yield for each p of `grid` the value C of the curve and its linearised variable, shape (n,).

    A person below the p-quantile adds the own amount; and every person moves the quantile, at the amount m
    that people there hold: u = (a·(f − C) + (p − f)·m)/T, where f is the part of the person's block below
    the quantile. Along a Lorenz curve m is the quantile itself (`half_width` 0: the slope of the block).
    Along a concentration curve it is the mean amount around that rank, taken as the curve's slope over p ±
    `half_width`.
    """
    block, people, total = _cumulated(weights, amounts, codes)
    size, whole = people[-1], total[-1] if total[-1] > 0 else np.nan
    for p in grid:
        value = float(np.interp(p * size, people, total) / whole)
        part = np.divide(p * size - people[:-1], block, out=np.zeros_like(block), where=block > 0).clip(0, 1)
        f = part[codes]
        if half_width:
            ends = np.clip([p - half_width, p + half_width], 0, 1) * size
        else:
            i = max(int(np.searchsorted(people, p * size * (1 - REACH))), 1)
            ends = people[[i - 1, min(i, people.size - 1)]]
        held = np.interp(ends, people, total)
        m = (held[1] - held[0]) / (ends[1] - ends[0]) if ends[1] > ends[0] else 0.0
        yield value, (amounts * (f - value) + (p - f) * m) / whole


def quantile_at(weights: np.ndarray, values: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the smallest value at which the cumulated share of weight reaches each probability.

    Examples
    --------
    >>> quantile_at(np.ones(10), np.arange(1.0, 11.0), np.array([0.2, 0.7, 1.0])).tolist()
    [2.0, 7.0, 10.0]
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    wanted = np.asarray(probabilities) * reached[-1] * (1 - REACH)
    return values[order][np.minimum(np.searchsorted(reached, wanted), values.size - 1)]
