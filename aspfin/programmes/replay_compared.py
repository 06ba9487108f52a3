"""What a replay is compared with, and what it does not know."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from aspfin.data import Quantity, Status
from aspfin.programmes.replay_rounds import NEUTRAL
from aspfin.results import InputError, Problem

__all__ = ["Compared", "Measure", "Unknown"]

Measure = Literal["amount", "per_household_and_payment", "households_reached"]


@dataclass(frozen=True)
class Unknown:
    """An input that is not known, with the range over which the replay is computed.

    Attributes
    ----------
    name
        One of `replay_rounds.NEUTRAL`.
    central, low, high
        The value used and its ends. With `in_range` False the ends are not part of the range of the replay:
        nothing is known, and only the value that would close the gap is told.
    """

    name: str
    central: float
    low: float
    high: float
    label: str = ""
    unit: str = ""
    source: str = ""
    status: Status = "assumed"
    note: str = ""
    in_range: bool = True

    def __post_init__(self) -> None:
        if self.name not in NEUTRAL:
            raise InputError(Problem("unknowns", "name", self.name, " | ".join(NEUTRAL)))
        if not (math.isfinite(self.low + self.high) and self.low <= self.central <= self.high):
            found = f"{self.low:g}, {self.central:g}, {self.high:g}"
            raise InputError(
                Problem(f"unknown {self.name}", "low, central, high", found, "numbers in this order")
            )

    @property
    def quantity(self) -> Quantity:
        """Return it as a number with unit, source and status."""
        said = {key: getattr(self, key) for key in ("unit", "low", "high", "source", "status", "note")}
        return Quantity(self.label or self.name, self.central, **said)


@dataclass(frozen=True)
class Compared:
    """One published figure and what of the replay it is compared with.

    Attributes
    ----------
    published, currency
        The figure; `currency` is the programme's own, "USD", or "households".
    rounding
        To how much it was rounded when printed: 1.2 billion to 100 million.
    streams
        Names of the streams summed.
    payments, since
        How many payments of each stream it covers, and how many came before; each a range where the day of a
        report is not known. None: all payments.
    base
        Streams that the figure may or may not include (unknown `base_included`).
    with_administration
        Whether administration is added (unknown `administration_share`).
    affected
        For "households_reached": households reported affected.
    planned
        Whether the figure was announced, not paid.
    """

    name: str
    published: float
    currency: str
    streams: tuple[str, ...] = ()
    payments: tuple[int, int] | None = None
    since: tuple[int, int] = (0, 0)
    measure: Measure = "amount"
    rounding: float = 0.0
    base: tuple[str, ...] = ()
    with_administration: bool = False
    affected: float | None = None
    planned: bool = False
    date: str = ""
    source: str = ""
    status: Status = "press"
    note: str = ""

    @property
    def day_unknown(self) -> bool:
        """Return whether the number of payments is a range."""
        return self.since[0] != self.since[1] or (
            self.payments is not None and self.payments[0] != self.payments[1]
        )
