"""Financing a need over several years: who pays, at what cost, how late, and what stays unmet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from aspfin.financing.chunks import run_chunks
from aspfin.financing.financing_result import FinancingResult, financing_result
from aspfin.financing.instrument import TIMINGS, Instrument, Timing
from aspfin.financing.insurance import ParametricInsurance
from aspfin.financing.need import Need
from aspfin.financing.valid import one_of, require, whole
from aspfin.financing.waterfall import checked_instruments, pay_year, run_years

__all__ = ["allocate", "finance"]


def finance(
    need: Need | np.ndarray,
    instruments: Sequence[Instrument],
    *,
    years: int | None = None,
    paths: int = 100_000,
    seed: int = 0,
    timing: Timing = "world_bank",
    index: np.ndarray | None = None,
    chunks: int | None = None,
    client: Any = None,
) -> FinancingResult:
    """Finance a need with instruments that pay in the order given, over several years.

    State is carried from year to year on every path: the fund's balance, credit already drawn within its
    availability period, what is left of a policy limit. Insurance pays once a year, by its contract. On every
    path and year need = payments + unmet, or the calculation stops.

    Parameters
    ----------
    need : Need, or array of shape (paths, years)
        Annual need. An array is used as it is; its own shape sets `paths` and `years`.
    instruments : sequence of instruments
        In the order in which they pay; may be empty.
    years, paths, seed : int
        Years in sequence, simulated paths, seed of the simulation.
    timing : "world_bank" or "consistent"
        How costs are dated. "world_bank": the published tool's mixed timing. "consistent": every flow at its
        own date, the shock in the middle of the year, discounted to the start of the year at one rate.
        Results of the two are not comparable.
    index : array of shape (paths, years), or None
        For parametric insurance without a stated correlation.
    chunks : int, or None
        For a long simulation of a `Need`: the paths in so many chunks, each with a stream of its own. Only
        one chunk is in memory at a time. None: all at once, from one stream, which gives other draws.
    client : dask.distributed.Client, or None
        Runs the chunks on the client's workers (`pip install "aspfin[dask]"`). The result is the same, bit
        for bit, as without one, whatever the number of workers.

    Returns
    -------
    FinancingResult

    Raises
    ------
    ValueError
        If an argument is out of range, names repeat, or discount rates differ in consistent timing.

    References
    ----------
    Clarke, Mahul, Poulter and Teh (2016), World Bank Policy Research Working Paper 7721.

    Examples
    --------
    >>> from aspfin.financing.instruments import ContingencyFund, InsuranceLayer
    >>> need = Need.from_states([0.2], [100.0])
    >>> plan = [ContingencyFund(opening=60, contribution=20, ceiling=60), InsuranceLayer(60, 20)]
    >>> result = finance(need, plan, years=5, paths=2_000, seed=1)
    >>> [check.passed for check in result.checks]
    [True, True]

    So many paths, 50,000 at a time; on a cluster with `client=Client("scheduler:8786")` besides:

    >>> long = finance(need, plan, years=5, paths=200_000, seed=1, chunks=4)
    >>> round(long.unmet.share_of_need, 2)
    0.28
    """
    chosen = checked_instruments(instruments)
    one_of("timing", timing, TIMINGS)
    rates = {one.discount_rate for one in chosen}
    allowed = "one discount rate for all instruments in consistent timing"
    require(timing == "world_bank" or len(rates) < 2, "discount_rate", sorted(rates), allowed)
    require(client is None or chunks is not None, "client", client, "None, or chunks with it")
    exact = need if isinstance(need, Need) else None
    if chunks is not None:
        require(index is None, "index", "an array", "None, where the paths are simulated in chunks")
        asked = {"years": years, "paths": paths, "seed": seed, "chunks": chunks}
        ledger = run_chunks(need, chosen, **asked, client=client)
        return replace(financing_result(ledger, chosen, exact, seed, timing), chunks=chunks)
    amounts = _simulated(need, years, paths, seed)
    if index is not None:
        index = np.asarray(index, dtype=float)
        require(index.shape == amounts.shape, "index", index.shape, f"an array of shape {amounts.shape}")
        index = np.ascontiguousarray(index.T)
    by_year = np.ascontiguousarray(amounts.T)
    ledger = run_years(by_year, chosen, index=index, seed=seed)
    return financing_result(ledger, chosen, exact, seed, timing)


def allocate(
    amounts: ArrayLike, instruments: Sequence[Instrument], *, index: ArrayLike | None = None
) -> pd.DataFrame:
    """Return who pays at each level of need in a fresh first year.

    Parameters
    ----------
    amounts : array, shape (n,)
        Levels of the year's need, money.
    instruments : sequence of instruments
        In the order in which they pay.
    index : array, shape (n,), or None
        For parametric insurance without a stated correlation; with one, the index is taken equal to the need.

    Returns
    -------
    DataFrame
        need, one column per instrument (by name), unmet; each row adds up.

    Raises
    ------
    ValueError
        If an amount is negative or not finite.

    Examples
    --------
    >>> from aspfin.financing.instruments import ContingencyFund, ContingentCredit
    >>> plan = [ContingencyFund(opening=30, contribution=0, ceiling=30), ContingentCredit(limit=40)]
    >>> allocate([20, 50, 100], plan)
        need  contingency fund  contingent credit  unmet
    0   20.0              20.0                0.0    0.0
    1   50.0              30.0               20.0    0.0
    2  100.0              30.0               40.0   30.0
    """
    chosen = checked_instruments(instruments)
    levels = _amounts("amounts", amounts, 1)
    given = None if index is None else np.asarray(index, dtype=float)
    require(given is None or given.shape == levels.shape, "index", index, "one number per amount")
    indices = [
        (given if one.correlation is None else levels) if isinstance(one, ParametricInsurance) else None
        for one in chosen
    ]
    rows, _, unmet = pay_year(levels, chosen, [one.initial for one in chosen], 0, indices)
    paid = {one.name: row[2] for one, row in zip(chosen, rows, strict=True)}
    return pd.DataFrame({"need": levels, **paid, "unmet": unmet})


def _amounts(name: str, values: ArrayLike, dimensions: int) -> np.ndarray:
    try:
        amounts = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        amounts = np.array(np.nan)
    fits = amounts.ndim == dimensions and np.isfinite(amounts).all() and (amounts >= 0).all()
    require(bool(fits), name, values, f"an array of {dimensions} dimension(s), finite, none below 0")
    return amounts


def _simulated(need: Need | np.ndarray, years: int | None, paths: int, seed: int) -> np.ndarray:
    """Return the need as an array (paths, years)."""
    whole("seed", seed, 0)
    if isinstance(need, Need):
        return need.simulate(years=whole("years", years), paths=whole("paths", paths, 2), seed=seed)
    amounts = _amounts("need", need, 2)
    require(amounts.size > 0, "need", amounts.shape, "at least one path and one year")
    require(years in (None, amounts.shape[1]), "years", years, f"{amounts.shape[1]}, as in the array of need")
    return amounts
