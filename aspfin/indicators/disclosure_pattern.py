"""Which further cells to hide so that sums give no small cell away, and how closely hidden ones are bounded.

Cells are places of a table; a sum is a total's place followed by the places of its parts. Both questions are
linear programmes over what an attacker sees (`disclosure` says which).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

__all__ = ["COMPLEMENTARY", "SHOWN", "SMALL", "Sums", "mark", "ranges"]

SMALL, COMPLEMENTARY, SHOWN = "small", "complementary", ""

# A hidden total costs the reader more than a hidden cell: it is chosen only where no inner cells would do.
_TOTAL_IS_WORTH = 100.0

# One sum: the total's place, then the places of its parts, in the canonical order of the table.
Sums = tuple[tuple[int, ...], ...]


def mark(
    numbers: np.ndarray, totals_of: np.ndarray, sums: Sums, minimum: int, order: np.ndarray
) -> np.ndarray:
    """Return the mark of every cell."""
    marks = np.full(len(numbers), SHOWN, dtype=object)
    marks[(numbers < minimum).any(axis=1)] = SMALL
    rank = np.empty(len(order), dtype=int)
    rank[order] = np.arange(len(order))
    for members in _components(sums, rank):
        if not (marks[list(members)] == SMALL).any():
            continue
        place = {cell: i for i, cell in enumerate(members)}
        local = tuple(tuple(place[cell] for cell in one) for one in sums if one[0] in place)
        cells = list(members)
        hidden = _pattern(
            tuple(map(tuple, numbers[cells].tolist())), tuple(totals_of[cells].tolist()), local, minimum
        )
        extra = np.array(cells)[list(hidden)] if hidden else np.array([], dtype=int)
        marks[extra[marks[extra] == SHOWN]] = COMPLEMENTARY
    return marks


def _components(sums: Sums, rank: np.ndarray) -> list[tuple[int, ...]]:
    """Return the groups of cells that sums tie together, each in canonical order."""
    pairs = [(a, b) for one in sums for a, b in pairwise(one)]
    if not pairs:
        return []
    rows, columns = np.array(pairs).T
    graph = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(rank), len(rank)))
    _, label = csgraph.connected_components(graph, directed=False)
    groups: dict[int, list[int]] = {}
    for cell in sorted({cell for one in sums for cell in one}, key=lambda one: rank[one]):
        groups.setdefault(int(label[cell]), []).append(cell)
    return [tuple(group) for group in groups.values()]


@lru_cache(maxsize=256)  # the same groups come once for every indicator and programme
def _pattern(
    counts: tuple[tuple[int, ...], ...], totals_of: tuple[int, ...], sums: Sums, minimum: int
) -> tuple[int, ...]:
    """Return all cells to hide in one group of cells tied by sums, small ones included."""
    numbers = np.array(counts, dtype=float)
    small = (numbers < minimum).any(axis=1)
    hidden = small.copy()
    matrix = _matrix(sums, len(numbers))
    for column in numbers.T:
        up, down = _room(column, small, minimum, alone=numbers.shape[1] == 1)
        # Cells differ by place in the last digits of their cost, so that ties are settled by the keys.
        worth = 1 + column / (1 + column.sum()) + 1e-6 * np.arange(len(column)) / len(column)
        worth *= _TOTAL_IS_WORTH ** np.array(totals_of)
        safe = np.zeros(len(column), dtype=bool)
        while (waiting := np.flatnonzero(hidden & ~safe)).size:
            target = waiting[0]
            moves = _cheapest_moves(matrix, target, up, down, np.where(hidden, 1e-4 * worth, worth))
            hidden |= np.abs(moves) > 1e-9
            safe |= np.abs(moves) >= 1 - 1e-9
            safe[target] = True
    return tuple(np.flatnonzero(hidden).tolist())


def _matrix(sums: Iterable[Sequence[int]], cells: int) -> sparse.csr_array:
    """Return one row for each sum: −1 at the total, +1 at its parts."""
    rows, columns, values = [], [], []
    for i, (total, *parts) in enumerate(sums):
        rows += [i] * (1 + len(parts))
        columns += [total, *parts]
        values += [-1.0] + [1.0] * len(parts)
    return sparse.csr_array((values, (rows, columns)), shape=(i + 1, cells))


def _room(column: np.ndarray, small: np.ndarray, minimum: int, alone: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each count could rise and fall and still fit its mark."""
    up = np.where(small & alone, minimum - 1 - column, np.inf)
    down = np.where(small, column, column - minimum)
    return up, down


def _cheapest_moves(
    matrix: sparse.csr_array, target: int, up: np.ndarray, down: np.ndarray, worth: np.ndarray
) -> np.ndarray:
    """Return the cheapest change of counts that moves the target by 1 and leaves every sum right."""
    from scipy.optimize import linprog

    n = len(worth)
    best, best_cost = None, np.inf
    both = sparse.hstack([matrix, -matrix], format="csr")
    for sign in (1, -1):
        high = np.concatenate([up, down])
        low = np.zeros(2 * n)
        forward, backward = (target, n + target) if sign == 1 else (n + target, target)
        if high[forward] < 1:
            continue
        low[forward] = high[forward] = 1.0
        high[backward] = 0.0
        found = linprog(
            np.concatenate([worth, worth]),
            A_eq=both,
            b_eq=np.zeros(matrix.shape[0]),
            bounds=np.column_stack([low, high]),
            method="highs",
        )
        if found.status == 0 and found.fun < best_cost - 1e-12:
            best, best_cost = found.x[:n] - found.x[n:], found.fun
    if best is None:  # no room anywhere: everything tied to it is hidden
        return np.ones(n)
    return best


def ranges(
    known: np.ndarray,
    marks: np.ndarray,
    sums: Sums,
    left_over: Sequence[float],
    bounds: Mapping[str, tuple[float, float]],
) -> list[tuple[int, float, float]]:
    """Return (place, lowest, highest) of every hidden count, from what is shown alone."""
    from scipy.optimize import linprog

    limits = np.array([bounds.get(mark, (value, value)) for mark, value in zip(marks, known, strict=True)])
    limit_of = {int(cell): tuple(limits[cell]) for cell in np.flatnonzero(marks != SHOWN)}
    for members in _components(sums, np.arange(len(marks))):
        place = {cell: i for i, cell in enumerate(members)}
        here = [i for i, one in enumerate(sums) if one[0] in place]
        matrix = _matrix([[place[cell] for cell in sums[i]] for i in here], len(members))
        right = [-left_over[i] for i in here]
        for cell in sorted(limit_of.keys() & place.keys()):
            ends = []
            for sign in (1, -1):
                cost = np.zeros(len(members))
                cost[place[cell]] = sign
                answer = linprog(cost, A_eq=matrix, b_eq=right, bounds=limits[list(members)], method="highs")
                ends.append(sign * answer.fun if answer.status == 0 else -sign * np.inf)
            limit_of[cell] = (ends[0], ends[1])
    return [(cell, float(low), float(high)) for cell, (low, high) in sorted(limit_of.items())]
