"""One line per wrong argument: what it is called, what was given, what is allowed."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["finite_array", "require"]


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
