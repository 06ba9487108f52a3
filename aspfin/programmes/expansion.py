"""Who is reached when a programme expands after a shock: households on the roster, and new ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from aspfin.results import Check, InputError, Problem

__all__ = ["Expansion", "expand"]


@dataclass(frozen=True)
class Expansion:
    """Households affected, reached and left out. Arrays of one shape, in households.

    Parameters
    ----------
    affected : ndarray
        Households affected.
    vertical : ndarray
        Households on the roster that receive a top-up.
    horizontal_eligible : ndarray
        Affected households off the roster that are newly reached.
    horizontal_paid : ndarray
        New households paid, those that are not eligible included.
    reached : ndarray
        Affected households reached: `vertical + horizontal_eligible`.
    left_out : ndarray
        Affected households not reached.
    """

    affected: np.ndarray
    vertical: np.ndarray
    horizontal_eligible: np.ndarray
    horizontal_paid: np.ndarray
    reached: np.ndarray
    left_out: np.ndarray

    @property
    def paid(self) -> np.ndarray:
        """Households paid, eligible or not."""
        return self.vertical + self.horizontal_paid

    @property
    def checks(self) -> tuple[Check, ...]:
        """Reached and left out add up to the affected, and none is negative."""
        gap = float(np.max(np.abs(self.reached + self.left_out - self.affected), initial=0.0))
        scale = float(np.max(self.affected, initial=1.0))
        parts = (self.vertical, self.horizontal_eligible, self.horizontal_paid, self.left_out)
        lowest = min(float(np.min(part, initial=0.0)) for part in parts)
        return (
            Check(
                "households add up",
                "Is every affected household either reached or left out?",
                gap <= 1e-9 * scale and lowest >= -1e-9 * scale,
                gap,
                text=f"largest gap {gap:.2g} households",
            ),
        )


def expand(
    affected_households: ArrayLike,
    *,
    roster_share: ArrayLike,
    vertical_capacity: float,
    horizontal_capacity: float,
    exclusion_error: float,
    inclusion_error: float,
    roster: ArrayLike = np.inf,
) -> Expansion:
    """Return who is reached by vertical and horizontal expansion.

    With N affected and overlap share o: vertical = κᵥ·min(roster, o·N); newly reached and eligible =
    κₕ·(1 − exclusion)·(N − o·N); new households paid = newly reached / (1 − inclusion error).

    Parameters
    ----------
    affected_households : array_like
        Households affected, any shape.
    roster_share : array_like
        Share of the affected households already on the roster, 0 to 1; broadcast against the first argument.
    vertical_capacity, horizontal_capacity : float
        Operational capacity κ, as a share of the households that should be paid, 0 to 1.
    exclusion_error : float
        Share of eligible households off the roster that registration misses, 0 to 1.
    inclusion_error : float
        Share of new beneficiaries who are not eligible, 0 up to (not including) 1.
    roster : array_like
        Households on the roster: an upper limit of vertical expansion.

    Raises
    ------
    InputError
        When a share lies outside its range or a count is negative.

    Examples
    --------
    >>> reach = expand(1_000, roster_share=0.2, vertical_capacity=1, horizontal_capacity=0.5,
    ...     exclusion_error=0.1, inclusion_error=0.1)
    >>> float(reach.vertical), float(reach.horizontal_eligible), round(float(reach.horizontal_paid))
    (200.0, 360.0, 400)
    """
    affected = np.asarray(affected_households, dtype=float)
    overlap = np.asarray(roster_share, dtype=float)
    capacity = np.asarray(roster, dtype=float)
    _require(bool(np.all(affected >= 0)), "affected_households", affected.min(initial=0), "0 or more")
    _require(bool(np.all((overlap >= 0) & (overlap <= 1))), "roster_share", roster_share, "0 to 1")
    _require(bool(np.all(capacity >= 0)), "roster", roster, "0 or more")
    for name, value in (
        ("vertical_capacity", vertical_capacity),
        ("horizontal_capacity", horizontal_capacity),
        ("exclusion_error", exclusion_error),
    ):
        _require(0 <= value <= 1, name, value, "0 to 1")
    _require(0 <= inclusion_error < 1, "inclusion_error", inclusion_error, "0 to less than 1")

    on_roster = overlap * affected
    vertical = vertical_capacity * np.minimum(capacity, on_roster)
    eligible = horizontal_capacity * (1 - exclusion_error) * (affected - on_roster)
    reached = vertical + eligible
    return Expansion(
        affected, vertical, eligible, eligible / (1 - inclusion_error), reached, affected - reached
    )


def _require(holds: bool, field: str, value: object, allowed: str) -> None:
    if not holds:
        raise InputError(Problem("response", field, value, allowed))
