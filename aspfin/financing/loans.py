"""Loans: what their service is worth today, how much of them is a gift, and the fees of a credit line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from aspfin.financing.instrument import annuity_factor
from aspfin.financing.valid import at_least_zero, between, require, whole

__all__ = ["Loan", "contingent_drawdown", "facility_fees"]


@dataclass(frozen=True)
class Loan:
    """A loan repaid by a level annuity, yearly in arrears, after years in which only interest is due.

    Parameters
    ----------
    principal : float
        D, money.
    rate : float
        e, per year.
    years : int
        n, from drawing to the last payment.
    grace : int
        g, years of interest only; below n.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> loan = Loan(principal=100, rate=0.0075, years=38, grace=6)
    >>> round(loan.present_value(0.05), 6), round(loan.grant_element(0.05), 6)
    (45.393544, 0.546065)
    """

    principal: float
    rate: float
    years: int
    grace: int = 0

    def __post_init__(self) -> None:
        at_least_zero("principal", self.principal)
        between("rate", self.rate, 0, 1)
        whole("years", self.years)
        whole("grace", self.grace, 0)
        require(self.grace < self.years, "grace", self.grace, f"fewer years than the loan's {self.years}")

    def present_value(self, discount_rate: float) -> float:
        """Return the present value of the debt service on the day of drawing, at a rate per year.

        D·e·a_{g|i} + (D/a_{n−g|e})·a_{n−g|i}·(1 + i)^−g.
        """
        between("discount_rate", discount_rate, 0, 1)
        repaid_over = self.years - self.grace
        interest = self.principal * self.rate * annuity_factor(self.grace, discount_rate)
        service = self.principal / annuity_factor(repaid_over, self.rate)
        return (
            interest
            + service * annuity_factor(repaid_over, discount_rate) * (1 + discount_rate) ** -self.grace
        )

    def grant_element(self, discount_rate: float) -> float:
        """Return 1 − present value over principal, a share; negative where the loan is dear."""
        require(self.principal > 0, "principal", self.principal, "above 0, for a share of it")
        return 1 - self.present_value(discount_rate) / self.principal

    def schedule(self) -> pd.DataFrame:
        """Return the service by year: year, opening, interest, repayment, closing."""
        service = self.principal / annuity_factor(self.years - self.grace, self.rate)
        rows, balance = [], float(self.principal)
        for year in range(1, self.years + 1):
            interest = balance * self.rate
            repayment = service - interest if year > self.grace else 0.0
            rows.append((year, balance, interest, repayment, balance - repayment))
            balance -= repayment
        return pd.DataFrame(rows, columns=["year", "opening", "interest", "repayment", "closing"])


def contingent_drawdown(losses: ArrayLike, *, trigger: float, limit: float) -> np.ndarray:
    """Return what is drawn from a contingent loan: the loss up to the limit, in years it reaches the trigger.

    Examples
    --------
    >>> contingent_drawdown([50, 130, 20, 200], trigger=100, limit=110)
    array([  0., 110.,   0., 110.])
    """
    trigger, limit = at_least_zero("trigger", trigger), at_least_zero("limit", limit, infinite=True)
    loss = np.asarray(losses, dtype=float)
    require(bool((loss >= 0).all()), "losses", losses, "amounts of at least 0")
    return np.where(loss >= trigger, np.minimum(loss, limit), 0.0)


def facility_fees(
    draws: Sequence[float],
    *,
    limit: float,
    front_end: float = 0.0,
    commitment: float = 0.0,
    drawdown: float = 0.0,
    discount_rate: float = 0.0,
) -> pd.DataFrame:
    """Return the fees of a credit line by year, and their present values.

    Parameters
    ----------
    draws : sequence of float, length n
        Drawn in years 1 to n, together at most the limit.
    limit : float
        Size of the facility.
    front_end : float
        Share of the limit, at signing (year 0).
    commitment : float
        Share of the balance undrawn during a year, at its end.
    drawdown : float
        Share of each draw, at the end of its year.
    discount_rate : float
        Per year.

    Returns
    -------
    DataFrame
        year (0 to n), front_end, commitment, drawdown, present_value (of the year's fees, at signing).

    Raises
    ------
    ValueError
        If draws exceed the limit, or an argument is out of range.

    Notes
    -----
    IBRD deferred drawdown option: front-end fee 0.25 %, stand-by fee 0.50 % a year.

    Examples
    --------
    >>> facility_fees([0, 40], limit=100, front_end=0.0025, commitment=0.005)["commitment"].tolist()
    [0.0, 0.5, 0.3]
    """
    limit = at_least_zero("limit", limit)
    for name, value in (("front_end", front_end), ("commitment", commitment), ("drawdown", drawdown)):
        between(name, value, 0, 1)
    between("discount_rate", discount_rate, 0, 1)
    drawn = np.array([0.0, *draws])
    require(bool((drawn >= 0).all()), "draws", list(draws), "amounts of at least 0")
    undrawn = limit - np.cumsum(drawn)
    require(
        bool((undrawn >= -1e-9 * limit).all()), "draws", list(draws), f"together at most the limit, {limit:g}"
    )
    year = np.arange(drawn.size)
    fees = pd.DataFrame(
        {
            "year": year,
            "front_end": np.where(year == 0, front_end * limit, 0.0),
            "commitment": np.where(year > 0, commitment * undrawn, 0.0),
            "drawdown": drawdown * drawn,
        }
    )
    total = fees[["front_end", "commitment", "drawdown"]].sum(axis=1)
    fees["present_value"] = total * (1 + discount_rate) ** -year.astype(float)
    return fees
