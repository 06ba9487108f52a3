"""Insurance: a layer of the need, or fixed payouts by an index."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from aspfin.financing.instrument import Instrument, Timing, UnitCosts
from aspfin.financing.valid import between, require, whole

__all__ = ["InsuranceLayer", "ParametricInsurance"]


@dataclass(frozen=True)
class InsuranceLayer(Instrument):
    """Insurance of a layer of the year's whole need: share·min((A − attachment)₊, limit).

    It pays its contract whatever earlier instruments paid; what exceeds the remaining need is a surplus.

    Parameters
    ----------
    attachment, limit : float
        The layer: it pays from `attachment` up to `attachment + limit`.
    share : float
        Ceded share, above 0 and at most 1.
    multiple : float
        m, premium over expected payment; used when no premium is given.
    premium : float or None
        Premium per year, due at the start of every year.

    Raises
    ------
    ValueError
        If an amount is negative, the share is 0 or above 1, or the limit is 0 or infinite with a premium.

    Examples
    --------
    >>> layer = InsuranceLayer(attachment=50, limit=140, share=0.066)
    >>> layer.payment([40, 50, 100, 190, 400]).round(2)
    array([0.  , 0.  , 3.3 , 9.24, 9.24])
    """

    kind: ClassVar[str] = "insurance"

    attachment: float
    limit: float
    _: KW_ONLY
    share: float = 1.0
    multiple: float = 1.5
    premium: float | None = None
    days_to_cash: float = 60.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("share", "limit"):
            require(getattr(self, name) > 0, self._field(name), getattr(self, name), "above 0")

    @property
    def initial(self) -> float:
        """The most that the layer pays in a year."""
        return self.share * self.limit

    def payment(self, need: ArrayLike) -> np.ndarray:
        """Return what the contract pays on the year's whole `need`."""
        return self.share * np.clip(np.asarray(need, dtype=float) - self.attachment, 0, self.limit)

    def draw(
        self, need: np.ndarray, remaining: np.ndarray, available: ArrayLike, index: np.ndarray | None
    ) -> np.ndarray:
        """Return the contract's payment."""
        return self.payment(need)

    def unit_costs(self, timing: Timing = "world_bank") -> UnitCosts:
        """Return m·E[payment], or the premium spread over the cover, due at the start of the year."""
        return _premium_costs(self.premium, self.initial, self.multiple)


@dataclass(frozen=True)
class ParametricInsurance(Instrument):
    """Insurance that pays a fixed amount by the tier an index reaches; one payout a year.

    Parameters
    ----------
    tiers : tuple of (float, float)
        Pairs (from, payout) in increasing order; a tier begins at its `from`, included, and ends below the
        next tier's. Below the first tier nothing is paid.
    policy_limit : float
        Most that is paid within one policy.
    policy_years : int
        Years until a new policy starts with a full limit.
    multiple, premium : float
        As for `InsuranceLayer`; the expected payout is simulated.
    correlation : float or None
        If given, the index is a modelled need in the same money as the need, with the need's own distribution
        and this correlation (normal copula); 1 means no basis risk. If None, an index must be given to the
        calculation, and tiers are in its unit.

    Raises
    ------
    ValueError
        If tiers do not increase, an amount is negative, or the correlation lies outside −1 to 1.

    Examples
    --------
    >>> policy = ParametricInsurance(tiers=((300_000, 2e6), (450_000, 3e6)))
    >>> policy.payout([299_999, 300_000, 449_999, 450_000])
    array([      0., 2000000., 2000000., 3000000.])
    """

    kind: ClassVar[str] = "parametric_insurance"

    tiers: tuple[tuple[float, float], ...]
    _: KW_ONLY
    policy_limit: float = math.inf
    policy_years: int = 1
    multiple: float = 1.5
    premium: float | None = None
    correlation: float | None = None
    days_to_cash: float = 21.0

    def __post_init__(self) -> None:
        super().__post_init__()
        allowed = "pairs (from, payout) of finite numbers, rising in `from`, no payout below 0"
        try:
            tiers = tuple((float(start), float(payout)) for start, payout in self.tiers)
        except (TypeError, ValueError):
            tiers = ()
        starts, payouts = np.array(tiers).reshape(-1, 2).T
        fits = tiers and np.isfinite(starts).all() and (np.diff(starts) > 0).all()
        fits = fits and np.isfinite(payouts).all() and (payouts >= 0).all()
        require(bool(fits), self._field("tiers"), self.tiers, allowed)
        whole(self._field("policy_years"), self.policy_years)
        if self.correlation is not None:
            between(self._field("correlation"), self.correlation, -1, 1)
        object.__setattr__(self, "tiers", tiers)

    @property
    def initial(self) -> float:
        """The whole policy limit."""
        return self.policy_limit

    @property
    def largest_payout(self) -> float:
        """Payout of the highest-paying tier."""
        return max(payout for _, payout in self.tiers)

    def cover(self, available: ArrayLike) -> ArrayLike:
        """Return the largest payout: the premium does not fall when the policy limit is used up."""
        return self.largest_payout

    def payout(self, index: ArrayLike) -> np.ndarray:
        """Return the payout of the tier that each `index` reaches, before the policy limit."""
        starts, payouts = np.array(self.tiers).T
        return np.concatenate([[0.0], payouts])[np.searchsorted(starts, np.asarray(index), side="right")]

    def at_start(self, left: ArrayLike, year: int) -> ArrayLike:
        """Return what the policy can still pay; a new policy starts every `policy_years`."""
        return self.policy_limit if year % self.policy_years == 0 else left

    def draw(
        self, need: np.ndarray, remaining: np.ndarray, available: ArrayLike, index: np.ndarray | None
    ) -> np.ndarray:
        """Return the payout by the index."""
        require(index is not None, "index", index, f"an array, or state the correlation of {self.name}")
        return np.minimum(self.payout(index), available)

    def at_end(self, available: ArrayLike, drawn: np.ndarray) -> ArrayLike:
        """Return what the policy can still pay."""
        return available - drawn

    def unit_costs(self, timing: Timing = "world_bank") -> UnitCosts:
        """Return m·E[payout], or the premium spread over the largest payout, due at the start of the year."""
        return _premium_costs(self.premium, self.largest_payout, self.multiple)


def _premium_costs(premium: float | None, cover: float, multiple: float) -> UnitCosts:
    if premium is None:
        return UnitCosts(0.0, multiple)
    return UnitCosts(premium / cover if cover else 0.0, 0.0)
