"""What a contract pays on given losses: layers, deductibles, franchises, reinstatements, frequency curves.

Pure functions on amounts in one currency. Order of terms: deductible (or franchise), attachment, limit,
share. Conventions follow the open Oasis loss modelling framework and CLIMADA.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isinf
from typing import Any

import numpy as np

from aspfin.financing.layer import require_layer
from aspfin.financing.need import Need
from aspfin.financing.valid import finite_array, require

__all__ = ["allocate_back", "apply_terms", "frequency_curve", "layer_payment", "reinstatement_premium"]


def layer_payment(loss: Any, attachment: float, limit: float, share: float = 1.0) -> np.ndarray:
    """Return share · min((loss - attachment)₊, limit).

    Parameters
    ----------
    loss : array_like
        Losses, any shape; a missing loss gives a missing payment.
    attachment, limit : float
        Limit excess of attachment; `limit` may be `inf`.
    share : float
        Ceded share, above 0, at most 1.

    Examples
    --------
    >>> layer_payment([40, 100, 190, 400], attachment=50, limit=140, share=0.066).round(6).tolist()
    [0.0, 3.3, 9.24, 9.24]
    """
    require_layer(attachment, limit)
    require(0 < share <= 1, "share", share, "above 0, at most 1")
    return share * np.clip(np.asarray(loss, dtype=float) - attachment, 0.0, limit)


def apply_terms(
    loss: Any,
    *,
    deductible: float = 0.0,
    franchise: float = 0.0,
    attachment: float = 0.0,
    limit: float = inf,
    share: float = 1.0,
) -> np.ndarray:
    """Return what a contract pays on each loss: first the deductible, then attachment, limit and share.

    Parameters
    ----------
    loss : array_like
        Losses from the ground up, any shape.
    deductible : float
        Ordinary deductible: (loss - deductible)₊.
    franchise : float
        A loss below it pays nothing, a loss at or above it pays from the ground up. Not together with a
        deductible.
    attachment, limit, share : float
        As in `layer_payment`.

    Examples
    --------
    >>> apply_terms([10, 20, 60], deductible=15, attachment=10, limit=30, share=0.5).tolist()
    [0.0, 0.0, 15.0]
    >>> apply_terms([10, 20, 60], franchise=15, limit=30).tolist()
    [0.0, 20.0, 30.0]
    """
    require(0 <= deductible < inf, "deductible", deductible, "a finite amount, 0 or more")
    require(0 <= franchise < inf, "franchise", franchise, "a finite amount, 0 or more")
    require(not (deductible and franchise), "franchise", franchise, "0 when there is a deductible")
    loss = np.asarray(loss, dtype=float)
    after = np.where(loss < franchise, 0.0, np.clip(loss - deductible, 0.0, inf))
    return layer_payment(after, attachment, limit, share)


def allocate_back(ceded: float, losses: Sequence[float]) -> np.ndarray:
    """Share a ceded amount between the losses that caused it, in proportion to them.

    Examples
    --------
    >>> allocate_back(300, [99, 99, 49.5, 49.5]).tolist()
    [100.0, 100.0, 50.0, 50.0]
    """
    losses = finite_array("losses", losses)
    require(0 <= ceded < inf, "ceded", ceded, "a finite amount, 0 or more")
    total = losses.sum()
    require(ceded == 0 or total > 0, "losses", losses.tolist(), "a positive sum when something is ceded")
    return ceded * (losses / total) if total > 0 else np.zeros(losses.size)


def frequency_curve(
    impacts: Sequence[float], frequencies: Sequence[float], return_periods: Sequence[float]
) -> np.ndarray:
    """Return the impact of an event table at event return periods, by linear interpolation.

    Parameters
    ----------
    impacts, frequencies : array_like, shape (n,)
        Impact and annual rate of each event; events of rate 0 are left out.
    return_periods : array_like
        Years between events of at least that impact: the reciprocal of the summed rates of events as large.

    Returns
    -------
    ndarray
        Beyond the table nothing is extrapolated: the smallest or largest impact is returned.

    Examples
    --------
    >>> frequency_curve([10, 50, 20], [0.1, 0.01, 0.04], [10, 20, 60, 200]).round(4).tolist()
    [12.5, 20.0, 35.0, 50.0]
    """
    impacts, frequencies = finite_array("impacts", impacts), finite_array("frequencies", frequencies)
    expected = f"as many as impacts ({impacts.size})"
    require(frequencies.size == impacts.size, "frequencies", f"{frequencies.size} values", expected)
    require(frequencies.sum() > 0, "frequencies", frequencies.tolist(), "at least one above 0")
    impacts, frequencies = impacts[frequencies > 0], frequencies[frequencies > 0]
    order = np.argsort(-impacts, kind="stable")
    years = 1 / np.cumsum(frequencies[order])
    return np.interp(np.asarray(return_periods, dtype=float), years[::-1], impacts[order][::-1])


def reinstatement_premium(
    need: Need, limit: float, *, reinstatements: int = 0, deductible: float = 0.0
) -> float:
    """Return the pure premium of an annual layer that pays for its own reinstatements.

    The cover is min((S - deductible)₊, (n + 1) limit) for the annual ceded amount S and n reinstatements,
    each charged the premium pro rata to the amount reinstated (100 % as to time). The premium received in
    all, P (1 + expected reinstated fraction), equals the expected payment.

    Parameters
    ----------
    need : Need
        Law of S, for example `need.ceded(attachment, limit)`.
    limit : float
        Limit of one cover, finite.
    reinstatements : int
        n, 0 or more; 0 gives the expected payment.
    deductible : float
        Annual aggregate deductible.

    Examples
    --------
    >>> need = Need.from_states([0.2, 0.2, 0.1], [5, 15, 40])
    >>> round(reinstatement_premium(need, 10, reinstatements=1), 6)
    4.285714
    """
    require(not isinf(limit), "limit", limit, "a finite amount above 0")
    whole = isinstance(reinstatements, (int, np.integer)) and not isinstance(reinstatements, bool)
    require(whole and reinstatements >= 0, "reinstatements", reinstatements, "a whole number, 0 or more")
    paid = need.layer(deductible, (reinstatements + 1) * limit).expected
    reinstated = sum(need.layer(deductible + k * limit, limit).expected for k in range(reinstatements))
    return paid / (1 + reinstated / limit)
