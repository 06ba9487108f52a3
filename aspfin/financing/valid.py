"""Checks of single arguments, each returning the value it has checked; and amounts in words."""

from __future__ import annotations

import math
from collections.abc import Collection
from numbers import Integral, Real

from aspfin.financing._validate import require
from aspfin.results import Money

__all__ = ["at_least_zero", "between", "money", "one_of", "whole"]


def _number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(value)


def between(name: str, value: object, low: float, high: float) -> float:
    """Return `value` as a float if it is a number from `low` to `high`, both included.

    Raises
    ------
    ValueError
        If it is not a number or outside the range.

    Examples
    --------
    >>> between("share", 0.5, 0, 1)
    0.5
    """
    require(_number(value) and low <= value <= high, name, value, f"a number from {low:g} to {high:g}")
    return float(value)


def at_least_zero(name: str, value: object, *, infinite: bool = False) -> float:
    """Return `value` as a float if it is a number of at least 0, finite unless `infinite` is allowed."""
    fits = _number(value) and value >= 0 and (infinite or not math.isinf(value))
    require(fits, name, value, "a number of at least 0" + ("" if infinite else ", not infinite"))
    return float(value)


def whole(name: str, value: object, low: int = 1) -> int:
    """Return `value` as an int if it is a whole number of at least `low`."""
    fits = isinstance(value, Integral) and not isinstance(value, bool) and value >= low
    require(fits, name, value, f"a whole number of at least {low}")
    return int(value)


def one_of(name: str, value: object, allowed: Collection[str]) -> str:
    """Return `value` if it is one of the `allowed` words."""
    require(isinstance(value, str) and value in allowed, name, value, " or ".join(sorted(allowed)))
    return str(value)


def money(amount: float, currency: str) -> str:
    """Return the amount in words; small amounts keep three digits, since the unit may be millions."""
    return str(Money(amount, currency)) if abs(amount) >= 1000 else f"{currency} {amount:.3g}"
