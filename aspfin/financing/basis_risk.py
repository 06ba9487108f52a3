"""When an index pays and need does not occur, or need occurs and the index does not pay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from aspfin.financing.valid import at_least_zero, between, money, require
from aspfin.results import ResultMixin

__all__ = ["BasisRisk", "measure_basis_risk", "missed_payment_probability"]


def missed_payment_probability(
    correlation: float, *, need_probability: float = 0.1, index_probability: float = 0.1
) -> float:
    """Return P(no payment | need) where index and need are jointly normal.

    Parameters
    ----------
    correlation : float
        −1 to 1.
    need_probability, index_probability : float
        Annual probabilities that the need reaches its threshold, and the index its trigger; above 0, below 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    ∫ φ(x) Φ((i* − ρx)/√(1 − ρ²)) dx over x ≥ x*, divided by P(X ≥ x*). The probability of a payment without
    need follows from it: (P(I ≥ i*) − P(X ≥ x*)·(1 − result))/(1 − P(X ≥ x*)).

    Examples
    --------
    >>> round(missed_payment_probability(0.7), 6)
    0.53221
    """
    from scipy.integrate import quad
    from scipy.special import ndtr, ndtri

    correlation = between("correlation", correlation, -1, 1)
    for name, value in (("need_probability", need_probability), ("index_probability", index_probability)):
        between(name, value, 0, 1)
        require(0 < value < 1, name, value, "above 0 and below 1")
    if abs(correlation) == 1:
        both = min(need_probability, index_probability)
        if correlation == -1:
            both = max(need_probability + index_probability - 1, 0.0)
        return 1 - both / need_probability
    threshold, trigger = -ndtri(need_probability), -ndtri(index_probability)
    spread = np.sqrt(1 - correlation**2)

    def density(x: float) -> float:
        return np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * ndtr((trigger - correlation * x) / spread)

    missed, _ = quad(density, threshold, threshold + 40, epsabs=1e-13, epsrel=1e-11, limit=500)
    return float(missed / need_probability)


@dataclass(frozen=True, eq=False)
class BasisRisk(ResultMixin):
    """What `measure_basis_risk` returns. Money in `currency`, probabilities per year.

    Attributes
    ----------
    states : DataFrame
        The four states: need (True/False), paid (True/False), probability, mean_need, mean_payment.
    false_negative : float
        P(nothing paid | need); missing if need never occurs.
    false_positive : float
        P(paid | no need); missing if need always occurs.
    correlation : float
        Of payment and need; missing if either never varies.
    expected_need, expected_payment, expected_shortfall : float
        E[X], E[payment], E[(X − payment)₊].
    premium : float
        Spent whatever the state.
    """

    states: pd.DataFrame
    false_negative: float
    false_positive: float
    correlation: float
    expected_need: float
    expected_payment: float
    expected_shortfall: float
    premium: float
    currency: str

    def to_frame(self) -> pd.DataFrame:
        """Return the four states."""
        return self.states.copy()

    def sentence(self) -> str:
        """Return the worst state and its probability, in prose."""
        worst = self.states.query("need and not paid")["probability"].item()
        return (
            f"In {worst:.1%} of years need occurs, nothing is paid and the premium of "
            f"{money(self.premium, self.currency)} is spent: {self.false_negative:.0%} of years with need. "
            f"In {self.false_positive:.1%} of the years without need a payment is made."
        )


def measure_basis_risk(
    need: ArrayLike, payment: ArrayLike, *, threshold: float, premium: float = 0.0, currency: str = "USD"
) -> BasisRisk:
    """Return how well payments met need over simulated or recorded years.

    Parameters
    ----------
    need, payment : array, shape (n,)
        By year, money.
    threshold : float
        Need "occurs" at or above this amount.
    premium : float
        Per year.
    currency : str

    Raises
    ------
    ValueError
        If the arrays differ in length, are empty, or hold negative amounts.

    Examples
    --------
    >>> result = measure_basis_risk([0, 50, 80, 0], [0, 0, 60, 60], threshold=10, premium=5)
    >>> result.false_negative, result.false_positive, result.expected_shortfall
    (0.5, 0.5, 17.5)
    """
    amounts, paid = np.asarray(need, dtype=float), np.asarray(payment, dtype=float)
    at_least_zero("threshold", threshold)
    fits = amounts.ndim == 1 and amounts.size > 0 and (amounts >= 0).all()
    require(bool(fits), "need", need, "a list of amounts of at least 0")
    require(
        paid.shape == amounts.shape and bool((paid >= 0).all()), "payment", payment, "one amount per year"
    )
    occurs, pays = amounts >= threshold, paid > 0
    rows = []
    for has_need in (True, False):
        for has_paid in (True, False):
            here = (occurs == has_need) & (pays == has_paid)
            means = (amounts[here].mean(), paid[here].mean()) if here.any() else (np.nan, np.nan)
            rows.append((has_need, has_paid, here.mean(), *means))
    varies = amounts.std() > 0 and paid.std() > 0
    return BasisRisk(
        states=pd.DataFrame(rows, columns=["need", "paid", "probability", "mean_need", "mean_payment"]),
        false_negative=float((~pays[occurs]).mean()) if occurs.any() else float("nan"),
        false_positive=float(pays[~occurs].mean()) if not occurs.all() else float("nan"),
        correlation=float(np.corrcoef(amounts, paid)[0, 1]) if varies else float("nan"),
        expected_need=float(amounts.mean()),
        expected_payment=float(paid.mean()),
        expected_shortfall=float(np.maximum(amounts - paid, 0).mean()),
        premium=at_least_zero("premium", premium),
        currency=currency,
    )
