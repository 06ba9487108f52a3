"""Prices of insurance layers read from a market curve of rates on line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from aspfin.financing.need import Need
from aspfin.financing.valid import at_least_zero, between, require

__all__ = ["CARIBBEAN_2026", "RateOnLineCurve"]

SLICES = 1_000  # thin layers that a wide one is cut into


@dataclass(frozen=True)
class RateOnLineCurve:
    """Market prices of thin layers: premium per unit of cover by attachment return period.

    Between the anchors the logarithm of the rate is a monotone cubic of the logarithm of the return period
    (PCHIP). There is no price beyond the ends unless `beyond` asks to hold the end rates.

    Parameters
    ----------
    return_periods : tuple of float
        Annual return periods of attachment in years, rising, at least 1.
    rates : tuple of float
        Rates on line at them, per year, above 0 and at most 1.
    source, status : str
        Where the anchors come from, and "verified", "press", "assumed" or "unverified".
    beyond : bool
        Hold the end rates outside the anchors instead of refusing.

    Raises
    ------
    ValueError
        If the anchors are not of that form, or a return period lies outside them.

    Notes
    -----
    A rate times its return period is the thin layer's premium over its expected payment; below 1 it signals a
    ceiling on offers rather than a price.

    Examples
    --------
    >>> curve = RateOnLineCurve((5, 50), (0.3, 0.06), source="made up", status="assumed")
    >>> curve.rate([5, 50]).round(6).tolist()
    [0.3, 0.06]
    """

    return_periods: tuple[float, ...]
    rates: tuple[float, ...]
    source: str
    status: str = "unverified"
    beyond: bool = False

    def __post_init__(self) -> None:
        years, rates = np.asarray(self.return_periods, dtype=float), np.asarray(self.rates, dtype=float)
        rising = years.ndim == 1 and years.size > 1 and years[0] >= 1 and (np.diff(years) > 0).all()
        require(
            bool(rising), "return_periods", self.return_periods, "two or more years of at least 1, rising"
        )
        fits = rates.shape == years.shape and (rates > 0).all() and (rates <= 1).all()
        require(bool(fits), "rates", self.rates, "one rate per return period, above 0 and at most 1")
        object.__setattr__(self, "return_periods", tuple(years.tolist()))
        object.__setattr__(self, "rates", tuple(rates.tolist()))

    def rate(self, return_period: ArrayLike) -> np.ndarray:
        """Return the rate on line of a thin layer at an annual return period in years (number or array)."""
        from scipy.interpolate import PchipInterpolator

        years = np.asarray(return_period, dtype=float)
        low, high = self.return_periods[0], self.return_periods[-1]
        inside = ((years >= low) & (years <= high)).all()
        require(
            bool(self.beyond or inside),
            "return_period",
            return_period,
            f"years from {low:g} to {high:g}, or a curve with beyond=True",
        )
        curve = PchipInterpolator(np.log(self.return_periods), np.log(self.rates))
        return np.exp(curve(np.log(np.clip(years, low, high))))

    def premium(self, need: Need, attachment: float, limit: float, *, share: float = 1.0) -> float:
        """Return the premium of a layer of annual need, thin slice by thin slice.

        Pricing a wide layer at its attachment alone would overprice it: higher slices attach more rarely.

        Examples
        --------
        >>> need = Need.from_states([0.1, 0.02], [60.0, 100.0])
        >>> curve = RateOnLineCurve((5, 50), (0.3, 0.06), source="made up")
        >>> price = curve.premium(need, 20, 80)
        >>> bool(0.06 * 80 < price < curve.rate(1 / need.exceedance(20)) * 80)
        True
        """
        attachment, limit = at_least_zero("attachment", attachment), at_least_zero("limit", limit)
        require(limit > 0, "limit", limit, "above 0")
        between("share", share, 0, 1)
        middle = attachment + limit * (np.arange(SLICES) + 0.5) / SLICES
        with np.errstate(divide="ignore"):
            years = 1 / np.asarray(need.exceedance(middle))
        return float(share * limit * self.rate(years).mean())


# A broker's indication for cover in Central America and the Caribbean, not a quotation for any country.
CARIBBEAN_2026 = RateOnLineCurve(
    return_periods=(1, 5, 10, 25, 50, 100, 200, 500, 1000),
    rates=(0.40, 0.35, 0.25, 0.22, 0.09, 0.05, 0.045, 0.04, 0.035),
    source="broker indication, Central America and Caribbean, August 2026",
    status="unverified",
)
