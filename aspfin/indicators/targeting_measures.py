"""Measures of targeting as pure functions: from weights and columns to a value and its linearised u."""

from __future__ import annotations

import numpy as np

from aspfin.indicators.means import linearised_mean, linearised_ratio

__all__ = [
    "landis_koch",
    "linearised_chance_agreement",
    "linearised_differential",
    "linearised_distributional_characteristic",
    "linearised_kappa",
]

# Landis & Koch (1977): upper end of each band of kappa from 0.
BANDS = (
    (0.2, "slight"),
    (0.4, "fair"),
    (0.6, "moderate"),
    (0.8, "substantial"),
    (1.0, "almost perfect"),
)


def landis_koch(kappa: float) -> str:
    """Return kappa in words.

    References
    ----------
    Landis & Koch (1977), Biometrics 33: 159-174.

    Examples
    --------
    >>> landis_koch(0.545), landis_koch(-0.1)
    ('moderate', 'poor')
    """
    if np.isnan(kappa):
        return "not defined"
    if kappa < 0:
        return "poor"
    return next(word for end, word in BANDS if kappa <= end + 1e-9)  # 0.2 computed may be 0.2000…01


def linearised_chance_agreement(w: np.ndarray, e: np.ndarray, r: np.ndarray) -> tuple[float, np.ndarray]:
    """Return pe = p q + (1 − p)(1 − q), p and q the shares eligible and reached, and u."""
    p, u_p = linearised_mean(w, e)
    q, u_q = linearised_mean(w, r)
    return p * q + (1 - p) * (1 - q), (2 * q - 1) * u_p + (2 * p - 1) * u_q


def linearised_kappa(w: np.ndarray, e: np.ndarray, r: np.ndarray) -> tuple[float, np.ndarray]:
    """Return κ = (a − pe)/(1 − pe), a the share treated rightly, and u by the delta method."""
    a, u_a = linearised_mean(w, e * r + (1 - e) * (1 - r))
    pe, u_pe = linearised_chance_agreement(w, e, r)
    beyond = 1 - pe
    if beyond < 1e-12:
        return np.nan, np.full(e.size, np.nan)
    return (a - pe) / beyond, u_a / beyond + (a - 1) / beyond**2 * u_pe


def linearised_differential(w: np.ndarray, e: np.ndarray, r: np.ndarray) -> tuple[float, np.ndarray]:
    """Return coverage of the eligible less coverage of others, and u."""
    inside, u_inside = linearised_ratio(w, e * r, e)
    outside, u_outside = linearised_ratio(w, (1 - e) * r, 1 - e)
    return inside - outside, u_inside - u_outside


def linearised_distributional_characteristic(
    w: np.ndarray, t: np.ndarray, y: np.ndarray, epsilon: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return β = Σ w λ t/Σ w t with λ = (y/ȳ)^−ε, and u; ε is the same in all rows."""
    mean, u_mean = linearised_mean(w, y)
    power = epsilon[0]
    weight = (y / mean) ** -power
    value, u = linearised_ratio(w, weight * t, t)
    return value, u + power * value / mean * u_mean
