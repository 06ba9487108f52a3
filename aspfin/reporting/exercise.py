"""Answers to the exercises of the workshop notebooks: right, or a hint in words."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from html import escape
from typing import Any

from aspfin.reporting.charts_effects import written
from aspfin.reporting.markup import Html

__all__ = ["feedback"]


def feedback(
    answer: Any, *, right: float, hints: Mapping[str, float] | None = None, within: float = 0.006
) -> Html:
    """Say whether an answer is right; otherwise give a hint that fits it, never the number itself.

    Parameters
    ----------
    answer
        A number, or a result with an `estimate` or a `value`; None where nothing has been tried yet.
    right
        The right number.
    hints
        What to say → the number that a likely mistake gives.
    within
        How far from `right`, or from a mistake, still counts as the same.

    Examples
    --------
    >>> hints = {"That is the naive comparison.": 0.5}
    >>> print(feedback(0.5, right=1.2, hints=hints))
    Not yet, you have 0.50. That is the naive comparison.
    >>> print(feedback(1.2, right=1.2))
    Right: 1.20.
    >>> print(feedback(3.0, right=1.2, hints=hints))
    Not yet, you have 3.00, which is too large. Read the question once more, and compare your call with
    those above.
    >>> print(feedback(40, right=0.4))
    Nearly: you have 40.00, which is per cent. Write a share: divide by 100.
    >>> print(feedback("0.4", right=0.4))
    The answer is text: write the number alone, without quotation marks and without a sign for per cent.
    """
    value = getattr(answer, "estimate", getattr(answer, "value", answer))
    if value is None:
        return _said("Your turn: put your answer where None stands, and run the cell again.", "na")
    if isinstance(value, str):
        return _said(
            "The answer is text: write the number alone, without quotation marks and without a "
            "sign for per cent.",
            "na",
        )
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or math.isnan(value):
        told = type(answer).__name__
        return _said(f"The answer should be an effect or a number; this is of the type {told}.", "na")
    shown = written(float(value), 2)
    if abs(value - right) <= within:
        return _said(f"Right: {shown}.", "passed")
    for hint, mistake in (hints or {}).items():
        if abs(value - mistake) <= within:
            return _said(f"Not yet, you have {shown}. {hint}", "failed")
    if right and abs(value / 100 - right) <= within and abs(right) < 1:
        return _said(f"Nearly: you have {shown}, which is per cent. Write a share: divide by 100.", "failed")
    if abs(right) >= 1 and abs(value) < 1 and abs(100 * value - right) <= max(within, 0.005 * abs(right)):
        return _said(
            f"Nearly: you have {shown}, which is a share. Write per cent: multiply by 100.", "failed"
        )
    side = "large" if value > right else "small"
    again = "Read the question once more, and compare your call with those above."
    return _said(f"Not yet, you have {shown}, which is too {side}. {again}", "failed")


def _said(text: str, kind: str) -> Html:
    return Html(f'<p class="check {kind}">{escape(text)}</p>', text)
