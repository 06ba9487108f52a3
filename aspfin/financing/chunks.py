"""A long simulation in chunks of paths: less memory here, or spread over the workers of a cluster.

Every chunk has a stream of its own, spawned from the seed, and the chunks are put together in their order. So
the figures depend on the seed and the number of chunks, and not on where, or how many at a time, they ran.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aspfin.financing.instrument import Instrument
from aspfin.financing.need import Need
from aspfin.financing.valid import require, whole
from aspfin.financing.waterfall import Ledger, Tally, run_years
from aspfin.seeds import chunk_seeds

__all__ = ["join_ledgers", "run_chunks"]

Part = tuple[int, int]  # paths, seed


@dataclass(frozen=True, eq=False)
class _Work:
    """What all chunks share; sent to each worker once."""

    need: Need
    instruments: tuple[Instrument, ...]
    years: int


def run_chunks(
    need: Need | np.ndarray,
    instruments: tuple[Instrument, ...],
    *,
    years: int | None,
    paths: int,
    seed: int,
    chunks: int,
    client: Any = None,
) -> Ledger:
    """Simulate the need and run the waterfall, chunk by chunk of paths.

    Parameters
    ----------
    need, instruments, years, paths, seed
        As in `finance`.
    chunks : int
        From 1 to half the paths.
    client : dask.distributed.Client, or None
        None: one after another, here. Of a client only `scatter`, `map` and `gather` are used.

    Raises
    ------
    ValueError
        If a number is out of range, or some chunk would have fewer than two paths.
    """
    require(isinstance(need, Need), "chunks", chunks, "only with a Need, not with an array of years")
    for name, value, least in (
        ("years", years, 1),
        ("paths", paths, 2),
        ("seed", seed, 0),
        ("chunks", chunks, 1),
    ):
        whole(name, value, least)
    require(2 * chunks <= paths, "chunks", chunks, f"at most {paths // 2}: two paths or more in each")
    sizes = [paths // chunks + (place < paths % chunks) for place in range(chunks)]
    parts = list(zip(sizes, chunk_seeds(seed, chunks), strict=True))
    work = _Work(need, instruments, years)
    if client is None:
        return join_ledgers([_run(part, work) for part in parts])
    sent = client.scatter(work, hash=False)
    return join_ledgers(client.gather(client.map(_run, parts, work=sent, pure=False)))


def _run(part: Part, work: _Work) -> Ledger:
    paths, seed = part
    amounts = work.need.simulate(years=work.years, paths=paths, seed=seed)
    return run_years(np.ascontiguousarray(amounts.T), work.instruments, seed=seed)


def join_ledgers(ledgers: Sequence[Ledger]) -> Ledger:
    """Return the ledger of all paths, in the order given; the gap is the largest of any chunk."""

    def each(name: str) -> list[Tally]:
        return [_join(same) for same in zip(*(getattr(one, name) for one in ledgers), strict=True)]

    return Ledger(
        _join([one.need for one in ledgers]),
        each("paid"),
        each("received"),
        each("cover"),
        _join([one.unmet for one in ledgers]),
        max(one.gap for one in ledgers),
    )


def _join(tallies: Sequence[Tally]) -> Tally:
    """Return the tally of all paths: means by their weights, spreads within chunks and between them."""
    size = np.array([one.total.size for one in tallies])[:, None]
    mean, error, used = (
        np.array([getattr(one, name) for one in tallies]) for name in ("mean", "std_error", "used")
    )
    paths = int(size.sum())
    whole_mean = (size * mean).sum(axis=0) / paths
    squares = (error**2 * size * (size - 1) + size * (mean - whole_mean) ** 2).sum(axis=0)
    joined = Tally(whole_mean.size, 0)
    joined.total = np.concatenate([one.total for one in tallies])
    joined.ever = np.concatenate([one.ever for one in tallies])
    joined.mean, joined.used = whole_mean, (size * used).sum(axis=0) / paths
    joined.std_error = np.sqrt(squares / (paths - 1) / paths)
    return joined
