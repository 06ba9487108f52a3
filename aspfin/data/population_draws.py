"""Drawing made-up households whose totals are set in advance: pure functions on arrays.

Each variable has a random stream of its own, so that another variable never changes the ones there are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aspfin.seeds import named_seed

__all__ = ["allocate", "counts", "household_sizes", "rank_share", "select_total", "stream", "tilt"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random stream of one variable.

    Examples
    --------
    >>> bool(stream(1, "members").random() == stream(1, "members").random())
    True
    """
    return np.random.default_rng(named_seed(seed, name))


def allocate(sizes: Floats, total: int, *, minimum: int = 0) -> Ints:
    """Share `total` out in proportion to `sizes` by largest remainders, with at least `minimum` to each.

    Parameters
    ----------
    sizes
        Sizes of the groups, none negative; a group of size 0 gets nothing.
    total, minimum
        Whole numbers; `minimum` times the groups must not exceed `total`.

    Examples
    --------
    >>> allocate(np.array([1.0, 2.0, 97.0]), 50, minimum=2).tolist()
    [2, 2, 46]
    """
    some = sizes > 0
    shares = np.zeros(sizes.size)
    fixed = ~some
    while True:  # groups below the minimum get it; the others share what is left
        left = total - minimum * np.count_nonzero(fixed & some)
        free = ~fixed
        shares[free] = sizes[free] * (left / sizes[free].sum()) if free.any() else 0
        low = free & (shares < minimum)
        if not low.any():
            break
        fixed |= low
        shares[low] = minimum
    whole = np.floor(shares + 1e-9).astype(np.int64)
    order = np.argsort(-(shares - whole), kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return whole


def tilt(shares: Floats, means: Floats) -> Floats:
    """Bend a distribution of household sizes 1 … K exponentially until it has each of the given means.

    Parameters
    ----------
    shares
        Shares of sizes 1 … K, adding up to 1.
    means
        Shape (g,); each between 1 and K.

    Returns
    -------
    array, shape (g, K)

    Examples
    --------
    >>> tilt(np.array([0.5, 0.5]), np.array([1.25])).round(6).tolist()
    [[0.75, 0.25]]
    """
    sizes = np.arange(1, shares.size + 1)
    low, high = np.full(means.shape, -20.0), np.full(means.shape, 20.0)
    for _ in range(80):
        middle = (low + high) / 2
        bent = _bent(shares, sizes, middle)
        below = bent @ sizes < means
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return _bent(shares, sizes, (low + high) / 2)


def _bent(shares: Floats, sizes: Ints, slope: Floats) -> Floats:
    logs = np.log(np.maximum(shares, 1e-300)) + slope[:, None] * (sizes - sizes.mean())
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def household_sizes(generator: np.random.Generator, shares: Floats, households: Ints, persons: Ints) -> Ints:
    """Draw household sizes for groups of households so that each group has exactly its persons.

    Parameters
    ----------
    generator
        Random stream.
    shares
        Shares of sizes 1 … K.
    households, persons
        Shape (g,): households of each group, and members they must have together.

    Returns
    -------
    array, shape (sum of households,)
        Sizes, group after group, in random order within each.

    Examples
    --------
    >>> drawn = household_sizes(np.random.default_rng(1), np.full(6, 1 / 6), np.array([4]), np.array([15]))
    >>> drawn.size, int(drawn.sum())
    (4, 15)
    """
    bent = np.cumsum(tilt(shares, persons / households), axis=1)
    parts = []
    for group, (n, wanted) in enumerate(zip(households.tolist(), persons.tolist(), strict=True)):
        levels = (generator.permutation(n) + generator.random(n)) / n
        sizes = np.searchsorted(bent[group, :-1], levels, side="right") + 1
        gap = wanted - int(sizes.sum())
        step = 1 if gap > 0 else -1
        while gap:
            room = np.flatnonzero(sizes < shares.size if gap > 0 else sizes > 1)
            chosen = generator.permutation(room)[: abs(gap)]
            sizes[chosen] += step
            gap -= step * chosen.size
        parts.append(sizes)
    return np.concatenate(parts).astype(np.int64)


def counts(
    generator: np.random.Generator,
    trials: Ints,
    shape: Floats,
    weights: Floats,
    total: float,
) -> Ints:
    """Draw how many of each household's members are in a category, so that the weighted total is met.

    Each of a household's `trials` members is in it with probability min(1, s · shape), where s makes the
    expected total right; a few members are then added or taken away at random until the total is met to half
    a weight.

    Parameters
    ----------
    generator
        Random stream.
    trials, shape, weights
        Shape (n,): members who can be in the category, relative chance of each, weight of the household.
    total
        Weighted members wanted; at most the weighted trials.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ValueError
        If more is wanted than there are members with a chance.

    Examples
    --------
    >>> members, one = np.full(1_000, 3), np.ones(1_000)
    >>> int(counts(np.random.default_rng(1), members, one, one, 450.0).sum())
    450
    """
    possible = float((weights * trials)[shape > 0].sum())
    if total > possible * (1 + 1e-9):
        raise ValueError(f"total: got {total:.6g}; allowed: at most {possible:.6g}, all who can be counted")
    scale = _scale(trials, shape, weights, min(total, possible))
    drawn = generator.binomial(trials, np.minimum(scale * shape, 1.0)).astype(np.int64)
    order = generator.permutation(trials.size)
    for _ in range(20):
        gap = total - float(weights @ drawn)
        room = (drawn < trials) & (shape > 0) if gap > 0 else drawn > 0
        chosen = order[room[order]]
        reach = np.cumsum(weights[chosen])
        stop = int(np.searchsorted(reach - weights[chosen] / 2, abs(gap)))
        if stop == 0:
            break
        drawn[chosen[:stop]] += 1 if gap > 0 else -1
        if stop < chosen.size:
            break
    return drawn


def _scale(trials: Ints, shape: Floats, weights: Floats, total: float) -> float:
    """Return s for which the sum of weights · trials · min(1, s · shape) is the total."""
    mass = weights * trials
    plain = float(mass @ shape)
    if total <= 0 or plain <= 0:
        return 0.0
    scale = total / plain
    for _ in range(60):
        capped = scale * shape >= 1
        open_mass = float(mass[~capped] @ shape[~capped])
        if not capped.any() or open_mass <= 0:
            break
        new = (total - float(mass[capped].sum())) / open_mass
        if abs(new - scale) <= 1e-12 * scale:
            break
        scale = max(new, scale)
    return scale


def select_total(key: Floats, weights: Floats, total: float) -> NDArray[np.bool_]:
    """Mark the households with the lowest keys until their weights reach the total, to half a weight.

    Examples
    --------
    >>> select_total(np.array([3.0, 1.0, 2.0]), np.array([10.0, 10.0, 10.0]), 20.0).tolist()
    [False, True, True]
    """
    order = np.argsort(key, kind="stable")
    reach = np.cumsum(weights[order]) - weights[order] / 2
    marked = np.zeros(key.size, dtype=bool)
    marked[order[: int(np.searchsorted(reach, total))]] = True
    return marked


def rank_share(score: Floats, weights: Floats) -> Floats:
    """Return each household's place in the order of `score` as the share of weight below its middle.

    Examples
    --------
    >>> rank_share(np.array([5.0, 1.0]), np.array([1.0, 3.0])).tolist()
    [0.875, 0.375]
    """
    order = np.argsort(score, kind="stable")
    ordered = weights[order]
    share = np.empty(score.size)
    share[order] = (np.cumsum(ordered) - ordered / 2) / ordered.sum()
    return share
