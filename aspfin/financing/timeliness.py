"""How late money arrives, and what the delay costs.

Two separate costs of delay, in money (`delay_factor`) and to households (`HouseholdDelayLoss`), never added
silently: a report that uses both says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from aspfin.financing.valid import at_least_zero, between, require

__all__ = ["AFRICAN_RISK_CAPACITY_DROUGHT", "HouseholdDelayLoss", "delay_factor", "share_met_within"]


def delay_factor(months: float, *, cost_growth: float = 0.40, discount_rate: float = 0.15) -> float:
    """Return what one unit of need costs, in present value, if it is met `months` late.

    ((1 + b)/(1 + d))^(t/12), with b the annual rise in cost from delay and d the discount rate.

    Parameters
    ----------
    months : float
        Delay t between the shock and the money, in months.
    cost_growth : float
        b, annual rise in the cost of the response while it waits; the World Bank tool's default.
    discount_rate : float
        d, per year.

    Raises
    ------
    ValueError
        If the delay is negative or a rate lies outside 0 to 1.

    References
    ----------
    Clarke, Mahul, Poulter and Teh (2016), World Bank Policy Research Working Paper 7721.

    Examples
    --------
    >>> round(delay_factor(24), 9)
    1.482041588
    >>> delay_factor(0)
    1.0
    """
    months = at_least_zero("months", months)
    growth = between("cost_growth", cost_growth, 0, 1)
    discount = between("discount_rate", discount_rate, 0, 1)
    return ((1 + growth) / (1 + discount)) ** (months / 12)


def share_met_within(
    paid: ArrayLike, days_to_cash: ArrayLike, need: float, *, within: Sequence[float] = (30, 90, 180, 365)
) -> np.ndarray:
    """Return the share of the need that was met within each number of days.

    Parameters
    ----------
    paid : array, shape (instruments,)
        Money each instrument paid towards the need.
    days_to_cash : array, shape (instruments,)
        Days from the shock until that instrument's money can be spent.
    need : float
        The need, in the same currency and over the same time as `paid`.
    within : sequence of float
        Numbers of days.

    Returns
    -------
    array, shape (len(within),)
        Shares, non-decreasing in days; missing (NaN) where there is no need.

    Raises
    ------
    ValueError
        If a payment, a number of days or the need is negative.

    Examples
    --------
    >>> share_met_within([60, 30], [10, 120], need=100)
    array([0.6, 0.6, 0.9, 0.9])
    """
    amounts, days = np.asarray(paid, dtype=float), np.asarray(days_to_cash, dtype=float)
    require(amounts.ndim == 1 and (amounts >= 0).all(), "paid", paid, "a list of amounts of at least 0")
    fits = days.shape == amounts.shape and (days >= 0).all()
    require(fits, "days_to_cash", days_to_cash, f"{amounts.size} numbers of at least 0, one per amount paid")
    need = at_least_zero("need", need)
    if need == 0:
        return np.full(len(within), np.nan)
    return np.array([amounts[days <= limit].sum() for limit in within]) / need


@dataclass(frozen=True)
class HouseholdDelayLoss:
    """Loss per household by months of delay: a table, linear between its points, flat after the last.

    Parameters
    ----------
    months : tuple of float
        Delays, increasing, starting at 0.
    loss : tuple of float
        Loss per household at each delay, non-decreasing, in one currency.
    source : str
        Where the table comes from.
    status : str
        "verified", "press", "assumed" or "unverified".

    Raises
    ------
    ValueError
        If the table is not of that form.

    Examples
    --------
    >>> table = HouseholdDelayLoss(months=(0, 6, 9), loss=(0, 60, 300), source="made up", status="assumed")
    >>> float(table.at(7.5))
    180.0
    """

    months: tuple[float, ...]
    loss: tuple[float, ...]
    source: str
    status: str = "unverified"

    def __post_init__(self) -> None:
        months, loss = np.asarray(self.months, dtype=float), np.asarray(self.loss, dtype=float)
        rising = months.ndim == 1 and months.size > 1 and months[0] == 0 and (np.diff(months) > 0).all()
        require(rising, "months", self.months, "two or more numbers that rise from 0")
        fits = loss.shape == months.shape and (loss >= 0).all() and (np.diff(loss) >= 0).all()
        require(fits, "loss", self.loss, "one amount of at least 0 per number of months, never falling")
        object.__setattr__(self, "months", tuple(months.tolist()))
        object.__setattr__(self, "loss", tuple(loss.tolist()))

    def at(self, months: ArrayLike) -> np.ndarray:
        """Return the loss per household after a delay of `months` (number or array, at least 0)."""
        delay = np.asarray(months, dtype=float)
        require((delay >= 0).all(), "months", months, "numbers of at least 0")
        return np.interp(delay, self.months, self.loss)


# As often quoted from an African Risk Capacity cost-benefit study; the original table was not seen.
AFRICAN_RISK_CAPACITY_DROUGHT = HouseholdDelayLoss(
    months=(0, 6, 9),
    loss=(0, 49, 1294),
    source="African Risk Capacity, loss per household from late drought aid, USD",
    status="unverified",
)
