"""What every part of aspfin returns, and how it reports what is wrong.

Calculations live in pure functions elsewhere; this module holds the small shared vocabulary: money, checks,
the four questions every result answers, and the one error for bad input.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, Protocol, runtime_checkable

import pandas as pd

__all__ = ["Check", "ImpactEstimate", "InputError", "Money", "Problem", "Result", "ResultMixin"]


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

    def __repr__(self) -> str:
        return self.sentence()

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.sentence())}</p>" + self.to_frame().to_html(index=False, border=0)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ImpactEstimate(ResultMixin):
    """The estimated effect of a programme on one outcome.

    Attributes
    ----------
    method, estimand : str
        How it was estimated, and of whom it is the effect: "ITT", "ATT", "LATE" …
    outcome, treated : str
        Columns.
    estimate, std_error : float
        Effect in the unit of the outcome, and its standard error.
    std_error_kind : str
        In words: "HC1", "clustered by village (CR1)" …
    df : float
        Degrees of freedom of the t distribution; infinite for the normal.
    n_obs : int
        Rows used.
    n_clusters : int or None
        Clusters, where errors are clustered.
    control_mean : float
        Mean outcome without treatment, as the method defines it; missing where it has none.
    centre, centre_std_error : float or None
        Where interval and p-value stand on other numbers than the estimate (bias-corrected inference).
    by : DataFrame or None
        Dynamic or subgroup effects: a key column or two, then estimate, std_error, ci_low, ci_high, p_value,
        n_obs.
    checks : tuple of Check
    dropped : mapping of str to int
        Reasons for which rows were left out, and how many.
    details : mapping
        Further named numbers of the method (first-stage F, bandwidth, …).
    citation, software : str
        The method's reference; the library and version that computed it.

    Examples
    --------
    >>> effect = ImpactEstimate(method="difference in means", estimand="ITT", outcome="food", treated="cash",
    ...     estimate=12.0, std_error=4.0, std_error_kind="HC1", n_obs=400, control_mean=120.0)
    >>> effect.percent_of_control, [round(x, 2) for x in effect.conf_int()]
    (10.0, [4.16, 19.84])
    """

    method: str
    estimand: str
    outcome: str
    treated: str
    estimate: float
    std_error: float
    std_error_kind: str
    n_obs: int
    df: float = math.inf
    n_clusters: int | None = None
    control_mean: float = math.nan
    centre: float | None = None
    centre_std_error: float | None = None
    by: pd.DataFrame | None = None
    checks: tuple[Check, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    citation: str = ""
    software: str = ""

    def conf_int(self, level: float = 0.95) -> tuple[float, float]:
        """Return the confidence interval at `level`."""
        if not 0 < level < 1:
            raise ValueError(f"level: got {level!r}; allowed: between 0 and 1")
        middle, error = self._centre
        half = self._quantile((1 + level) / 2) * error
        return middle - half, middle + half

    @property
    def p_value(self) -> float:
        """Two-sided p-value of no effect."""
        from scipy import special

        middle, error = self._centre
        if not error > 0:
            return math.nan
        z = abs(middle / error)
        return float(2 * (special.ndtr(-z) if math.isinf(self.df) else special.stdtr(self.df, -z)))

    @property
    def percent_of_control(self) -> float:
        """Effect in per cent of the control mean; missing where that is missing or 0."""
        return 100 * self.estimate / self.control_mean if self.control_mean else math.nan

    @property
    def _centre(self) -> tuple[float, float]:
        middle = self.estimate if self.centre is None else self.centre
        return middle, self.std_error if self.centre_std_error is None else self.centre_std_error

    def _quantile(self, p: float) -> float:
        from scipy import special

        return float(special.ndtri(p) if math.isinf(self.df) else special.stdtrit(self.df, p))

    def to_frame(self) -> pd.DataFrame:
        """Return the estimate as one tidy row."""
        low, high = self.conf_int()
        names = ("method", "estimand", "outcome", "treated", "estimate", "std_error")
        row = {
            **{name: getattr(self, name) for name in names},
            **{"ci_low": low, "ci_high": high, "p_value": self.p_value},
            **{"df": self.df, "n_obs": self.n_obs, "n_clusters": self.n_clusters},
            **{"control_mean": self.control_mean, "percent_of_control": self.percent_of_control},
            "std_error_kind": self.std_error_kind,
        }
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return the effect in prose."""
        low, high = self.conf_int()
        share = self.percent_of_control
        part = "" if math.isnan(share) else f", {share:+.1f} % of the control mean of {self.control_mean:.4g}"
        clusters = "" if self.n_clusters is None else f" in {self.n_clusters:,} clusters"
        failed = sum(check.passed is False for check in self.checks)
        warning = f" {failed} of {len(self.checks)} checks failed." if failed else ""
        return (
            f"The effect of {self.treated} on {self.outcome} is {self.estimate:.4g} (95 % interval {low:.4g} "
            f"to {high:.4g}{part}; {self.estimand}, {self.method}, {self.n_obs:,} observations{clusters})."
            f"{warning}"
        )


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
