"""Layers of need: limit excess of attachment, by year and by event."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, isinf

import pandas as pd

from aspfin.financing.frequency import Frequency
from aspfin.financing.severity import Severity
from aspfin.financing.valid import require
from aspfin.results import Money, ResultMixin

__all__ = ["Layer", "OccurrenceLayer", "money", "occurrence_layer", "require_layer"]


@dataclass(frozen=True)
class Layer(ResultMixin):
    """A layer of annual need: what falls between `attachment` and `attachment + limit`, times `share`.

    Attributes
    ----------
    attachment, limit, share : float
        The layer pays share · min((A - attachment)₊, limit).
    expected, std : float
        Mean and standard deviation of the annual payment.
    probability_attach, probability_exhaust : float
        P(A > attachment) and P(A ≥ attachment + limit), per year.
    loss_on_line : float
        expected / (share · limit); missing for an unlimited layer.
    currency : str
    """

    attachment: float
    limit: float
    share: float
    expected: float
    std: float
    probability_attach: float
    probability_exhaust: float
    loss_on_line: float
    currency: str = "USD"

    def to_frame(self) -> pd.DataFrame:
        """Return the layer as one row."""
        return pd.DataFrame([vars(self)])

    def sentence(self) -> str:
        """Return the layer in words."""
        limit = "without limit" if isinf(self.limit) else f"of {money(self.limit, self.currency)}"
        return (
            f"The layer {limit} above {money(self.attachment, self.currency)} pays "
            f"{money(self.expected, self.currency)} a year on average; it is touched in "
            f"{self.probability_attach:.1%} of years and used up in {self.probability_exhaust:.1%}."
        )


@dataclass(frozen=True)
class OccurrenceLayer:
    """A layer applied to every event before summing over the year.

    Attributes
    ----------
    attachment, limit : float
        Each event pays min((X - attachment)₊, limit).
    expected : float
        Expected payment a year, over all its events.
    probability_attach, probability_exhaust : float
        Annual probabilities of at least one event above `attachment`, and at or above `attachment + limit`.
    """

    attachment: float
    limit: float
    expected: float
    probability_attach: float
    probability_exhaust: float


def occurrence_layer(
    frequency: Frequency, severity: Severity, attachment: float, limit: float
) -> OccurrenceLayer:
    """Return the layer min((X - attachment)₊, limit) applied to each event X before summing over the year."""
    require_layer(attachment, limit)
    top = attachment + limit
    paid = float(severity.expected_excess(attachment) - severity.expected_excess(top))
    attach = 1 - float(frequency.pgf(1 - float(severity.survival(attachment))))
    exhaust = 1 - float(frequency.pgf(1 - float(severity.survival_or_equal(top)))) if isfinite(top) else 0.0
    return OccurrenceLayer(float(attachment), float(limit), frequency.mean * paid, attach, exhaust)


def require_layer(attachment: float, limit: float) -> None:
    """Raise ValueError unless the layer starts at 0 or above and is wider than nothing."""
    require(0 <= attachment < inf, "attachment", attachment, "a finite amount, 0 or more")
    require(limit > 0, "limit", limit, "an amount above 0 (inf for none)")


def money(amount: float, currency: str) -> str:
    """Write an amount: three digits when small, as `Money` does when large."""
    return str(Money(amount, currency)) if abs(amount) >= 1000 else f"{currency} {amount:.3g}"
