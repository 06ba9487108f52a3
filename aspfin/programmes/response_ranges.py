"""Working assumptions of the response options: low, central, high. Replace them by your own.

No evaluation gives these figures for Cambodia or Zambia. Two things were looked at: the flood cash transfer
of 2022 was first paid about three months after the floods, the drought transfer of 2024 about four months
after the declaration.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from aspfin.data import Quantity
from aspfin.programmes.ranges import assumed

__all__ = ["RANGES"]

# Name: (low, central, high, unit).
_TABLE = {
    "design tweak: capacity": (0.85, 0.95, 1.0, "share"),
    "design tweak: share only brought forward": (0.5, 0.8, 1.0, "share"),
    "design tweak: days to the first payment": (7, 21, 45, "days"),
    "design tweak: days until 95 % are paid": (20, 40, 75, "days"),
    "design tweak: administration per unit of transfer": (0.02, 0.04, 0.08, "share"),
    "vertical expansion: capacity": (0.80, 0.95, 1.0, "share"),
    "vertical expansion: paid without being affected": (0.0, 0.05, 0.15, "share"),
    "vertical expansion: days to the first payment": (20, 45, 90, "days"),
    "vertical expansion: days until 95 % are paid": (45, 80, 150, "days"),
    "horizontal expansion: capacity": (0.50, 0.80, 1.0, "share"),
    "horizontal expansion: missed by enrolment": (0.0, 0.10, 0.30, "share"),
    "horizontal expansion: age of the list": (6, 18, 36, "months"),
    "horizontal expansion: paid without being affected": (0.0, 0.10, 0.25, "share"),
    "horizontal expansion: days to the first payment": (45, 90, 150, "days"),
    "horizontal expansion: days until 95 % are paid": (90, 150, 270, "days"),
    "emergency programme: capacity": (0.50, 0.75, 0.95, "share"),
    "emergency programme: missed by enrolment": (0.10, 0.25, 0.45, "share"),
    "emergency programme: paid without being affected": (0.05, 0.12, 0.30, "share"),
    "emergency programme: days to the first payment": (60, 110, 180, "days"),
    "emergency programme: days until 95 % are paid": (120, 200, 330, "days"),
    "emergency programme: administration per unit of transfer": (0.06, 0.12, 0.35, "share"),
    "disaster management: affected households reached": (0.25, 0.45, 0.70, "share"),
    "disaster management: paid twice": (0.02, 0.10, 0.25, "share"),
    "disaster management: does not arrive": (0.02, 0.10, 0.25, "share"),
    "disaster management: paid without being affected": (0.05, 0.20, 0.40, "share"),
    "disaster management: days to the first payment": (5, 14, 45, "days"),
    "disaster management: days until 95 % are paid": (45, 90, 180, "days"),
    "disaster management: administration per unit of transfer": (0.12, 0.25, 0.60, "share"),
    "routine strengthening: shocks that share the investment": (2, 4, 8, "shocks"),
    "routine strengthening: poor off the roster brought on it": (0.1, 0.3, 0.5, "share"),
    "routine strengthening: oldest registration": (6, 12, 24, "months"),
    "routine strengthening: days, times": (0.4, 0.6, 0.9, "times"),
    "routine strengthening: administration, times": (0.6, 0.8, 1.0, "times"),
    "response: administration per unit of transfer": (0.04, 0.07, 0.30, "share of transfers"),
}

RANGES: Mapping[str, Quantity] = MappingProxyType(
    {name: assumed(name, *ends, unit=unit) for name, (*ends, unit) in _TABLE.items()}
)
