"""What every part of aspfin returns, and how it reports what is wrong.

Calculations live in pure functions elsewhere; this module holds the small shared vocabulary: money, checks,
the four questions every result answers, and the one error for bad input.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol, runtime_checkable

import pandas as pd

__all__ = ["Check", "InputError", "Money", "Problem", "Result", "ResultMixin"]


@dataclass(frozen=True)
class Money:
    """An amount with its currency and, where known, the year of its prices.

    Examples
    --------
    >>> str(Money(46_801_008_000, "KHR"))
    'KHR 46.80 billion'
    >>> Money(4_100, "KHR").converted(1 / 4_100, "USD").amount
    1.0
    """

    amount: float
    currency: str
    price_year: int | None = None

    def converted(self, rate: float, currency: str) -> Money:
        """Return the amount times `rate` in the new `currency` (units of it per unit of the old)."""
        return Money(self.amount * rate, currency, self.price_year)

    def __str__(self) -> str:
        for size, word in ((1e9, " billion"), (1e6, " million")):
            if abs(self.amount) >= size:
                return f"{self.currency} {self.amount / size:,.2f}{word}"
        return f"{self.currency} {self.amount:,.0f}"


@dataclass(frozen=True)
class Check:
    """One diagnostic: the question asked and the answer.

    `passed` is True, False, or None where the question does not apply.

    Examples
    --------
    >>> print(Check("mass balance", "Does every dollar of need appear once?", True, text="gap 0"))
    passed: mass balance (gap 0)
    """

    name: str
    question: str
    passed: bool | None
    statistic: float | None = None
    p_value: float | None = None
    text: str = ""

    def __str__(self) -> str:
        verdict = {True: "passed", False: "failed", None: "not applicable"}[self.passed]
        return f"{verdict}: {self.name}" + (f" ({self.text})" if self.text else "")


@runtime_checkable
class Result(Protocol):
    """The four questions every result answers."""

    def __str__(self) -> str: ...

    def to_frame(self) -> pd.DataFrame:
        """Return the result as a tidy table."""
        ...

    def sentence(self) -> str:
        """Return the result as prose for a report."""
        ...

    def _repr_html_(self) -> str: ...


class ResultMixin:
    """Give a result that has `to_frame` and `sentence` its text and notebook views."""

    def to_frame(self) -> pd.DataFrame:
        """Return the result as a tidy table."""
        raise NotImplementedError

    def sentence(self) -> str:
        """Return the result as prose for a report."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.sentence()

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.sentence())}</p>" + self.to_frame().to_html(index=False, border=0)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input: where, what was found, what is allowed.

    Examples
    --------
    >>> print(Problem("floods.yaml", "financing.years", "ten", "a whole number from 1 to 100"))
    floods.yaml: financing.years: got 'ten'; allowed: a whole number from 1 to 100
    """

    file: str
    field: str
    value: Any
    allowed: str

    def __str__(self) -> str:
        found = repr(self.value)
        found = found if len(found) <= 80 else found[:77] + "..."
        return f"{self.file}: {self.field}: got {found}; allowed: {self.allowed}"


class InputError(ValueError):
    """Bad input, told in one line per problem; nothing has been run or written when it is raised."""

    def __init__(self, problems: Iterable[Problem] | Problem) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
