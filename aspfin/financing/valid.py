"""Checks of single arguments, each returning the value it has checked; and amounts in words."""

from __future__ import annotations

import math
from collections.abc import Collection
from numbers import Integral, Real
from typing import Any

import numpy as np

from aspfin.results import Money

__all__ = ["at_least_zero", "between", "finite_array", "money", "one_of", "require", "whole"]


def require(ok: bool, argument: str, value: Any, allowed: str) -> None:
    """Raise ValueError in the project's one-line form unless `ok`."""
    if not ok:
        found = repr(value)
        found = found if len(found) <= 80 else found[:77] + "..."
        raise ValueError(f"{argument}: got {found}; allowed: {allowed}")


def finite_array(argument: str, values: Any) -> np.ndarray:
    """Return `values` as a new one-dimensional array of finite, non-negative floats, or raise ValueError."""
    allowed = "a one-dimensional list of finite numbers, none negative, none missing"
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{argument}: got {values!r:.80}; allowed: {allowed}") from None
    require(array.ndim == 1, argument, f"{array.ndim} dimensions", allowed)
    wrong = ~(np.isfinite(array) & (array >= 0))
    if wrong.any():
        require(False, f"{argument}[{int(wrong.argmax())}]", float(array[wrong.argmax()]), allowed)
    return array


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
