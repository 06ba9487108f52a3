"""Differences and relative changes of indicators: between groups of one survey, and between surveys."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from aspfin.indicators.indicator import Indicator

__all__ = ["Difference", "difference", "relative_change"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Difference(Indicator):
    """What separates two indicators, with the p-value of no difference.

    Attributes
    ----------
    first, second : float
        The two values.
    covariance : float
        Of the two; 0 for independent surveys, missing where one has no standard error.

    `n` and `n_psu` are those of the smaller of the two.
    """

    first: float
    second: float
    covariance: float

    @property
    def p_value(self) -> float:
        """Two-sided p-value of no difference; missing where the standard error is 0 or missing."""
        from scipy import special

        if not self.std_error > 0 or not self.df > 0:
            return math.nan
        t = -abs(self.value / self.std_error)
        return float(2 * (special.ndtr(t) if math.isinf(self.df) else special.stdtr(self.df, t)))

    def conf_int(
        self, level: float = 0.95, method: Literal["t", "beta"] | None = None
    ) -> tuple[float, float]:
        """Return the confidence interval at `level`; "beta" is for shares, not for what separates them."""
        if method == "beta":
            raise ValueError("method: got 'beta'; allowed for a difference or change: 't'")
        return super().conf_int(level, method)

    def to_frame(self) -> pd.DataFrame:
        """Return one tidy row, with p_value, first and second after the interval."""
        frame = super().to_frame()
        place = frame.columns.get_loc("ci_high") + 1
        for name in ("second", "first", "p_value"):
            frame.insert(place, name, getattr(self, name))
        return frame

    def _shown_in(self) -> tuple[float, str]:
        if self.unit == "share" and self.code.startswith("difference"):
            return 100.0, "percentage points"
        return super()._shown_in()

    def sentence(self) -> str:
        """Return the difference in prose."""
        p = self.p_value
        told = "" if math.isnan(p) else f" p = {p:.3f}." if p >= 0.001 else " p < 0.001."
        return super().sentence() + told


def difference(a: Indicator, b: Indicator, *, same_line: bool = True) -> Difference:
    """Return a − b with its standard error.

    Two indicators of one survey (designs of the same frame with the same sampling units, and their domains)
    have a covariance, exact from what each keeps. Indicators of two frames are taken as independent
    samples: variances add, degrees of freedom after Satterthwaite (1946).

    Parameters
    ----------
    a, b : Indicator
        In the same unit.
    same_line : bool
        Whether two different poverty lines are refused; False where they differ by intention, as nominal
        lines of two years do.

    Raises
    ------
    ValueError
        For different units or lines, two engines of one design, or an indicator that keeps no sampling
        information.

    References
    ----------
    Satterthwaite, F. (1946). An approximate distribution of estimates of variance components. Biometrics 2.

    Examples
    --------
    >>> import pandas as pd
    >>> from aspfin.indicators import SurveyDesign, mean
    >>> df = pd.DataFrame({"food": [3.0, 5, 7, 9, 4, 8], "w": 1.0, "village": list("aabbcc"),
    ...     "sex": ["f", "m", "f", "m", "f", "m"]})
    >>> food = mean(SurveyDesign(df, weights="w", psu="village"), "food", by="sex", unit="riel")
    >>> gap = difference(food["m"], food["f"])
    >>> round(gap.value, 3), round(gap.std_error, 3), round(gap.p_value, 3)
    (2.667, 0.667, 0.057)
    """
    return _combined(a, b, (1.0, -1.0), a.value - b.value, same_line, "difference", a.unit)


def relative_change(a: Indicator, b: Indicator, *, same_line: bool = True) -> Difference:
    """Return a/b − 1, the change from b to a as a share of b, by the delta method. Arguments as `difference`.

    Where b is 0 the change is missing, with a note.

    Examples
    --------
    >>> import pandas as pd
    >>> from aspfin.indicators import SurveyDesign, mean
    >>> df = pd.DataFrame({"before": [4.0, 5, 6, 5], "after": [5.0, 6, 7, 6], "w": 1.0})
    >>> design = SurveyDesign(df, weights="w")
    >>> after, before = (mean(design, c, unit="riel") for c in ("after", "before"))
    >>> change = relative_change(after, before)
    >>> round(change.value, 3), round(change.std_error, 4)
    (0.2, 0.0163)
    """
    if b.value == 0 or math.isnan(b.value):
        gradient, value = (math.nan, math.nan), math.nan
    else:
        gradient, value = (1 / b.value, -a.value / b.value**2), a.value / b.value - 1
    return _combined(a, b, gradient, value, same_line, "relative_change", "share")


def _combined(
    a: Indicator,
    b: Indicator,
    gradient: tuple[float, float],
    value: float,
    same_line: bool,
    code: str,
    unit: str,
) -> Difference:
    """Return a function of two indicators from its value and gradient."""
    _check(a, b, same_line)
    ga, gb = gradient
    notes = tuple(dict.fromkeys((*a.notes, *b.notes)))
    deviations, covariance = None, 0.0
    if math.isnan(value):
        variance, df = math.nan, min(a.df, b.df)
        notes = (*notes, "not defined: one of the two is missing or the base is 0")
    elif math.isnan(a.std_error) or math.isnan(b.std_error):
        variance, df, covariance = math.nan, min(a.df, b.df), math.nan
        notes = (*notes, "no p-value: one of the two has no standard error")
    elif a.sample.matches(b.sample):
        deviations = ga * a.deviations + gb * b.deviations
        variance, df = float(deviations @ deviations), min(a.df, b.df)
        covariance = float(a.deviations @ b.deviations)
    else:
        first, second = (ga * a.std_error) ** 2, (gb * b.std_error) ** 2
        variance, df = first + second, _satterthwaite((first, a.df), (second, b.df))
        notes = (*notes, "two surveys, taken as independent: variances add")
    shared = {key: label for key, label in a.group.items() if b.group.get(key, _NONE) == label}
    return Difference(
        **{"code": f"{code}_{a.code}", "name": _name(a, b, shared, code), "unit": unit, "value": value},
        **{"std_error": math.sqrt(variance), "df": df, "n": min(a.n, b.n), "n_psu": min(a.n_psu, b.n_psu)},
        **{"group": shared, "poverty_line": a.poverty_line if a.poverty_line == b.poverty_line else None},
        **{"notes": notes, "deviations": deviations, "sample": a.sample if deviations is not None else None},
        **{"first": a.value, "second": b.value, "covariance": covariance},
    )


_NONE = object()


def _check(a: Indicator, b: Indicator, same_line: bool) -> None:
    if a.unit != b.unit:
        raise ValueError(f"unit: got {a.unit!r} and {b.unit!r}; allowed: two indicators in the same unit")
    if same_line and a.poverty_line != b.poverty_line:
        raise ValueError(
            f"poverty_line: got {a.poverty_line!r} and {b.poverty_line!r}; allowed: the same line, or "
            "same_line=False where they differ by intention"
        )
    if a.sample is None or b.sample is None:
        raise ValueError("a, b: one does not know its survey (a difference between surveys has none)")
    if not a.sample.origin.same_as(b.sample.origin):
        return
    if a.sample.engine != b.sample.engine:
        raise ValueError(
            f"a, b: got standard errors by {a.sample.engine} and by {b.sample.engine} of the same survey; "
            "allowed: both by the same"
        )
    if any(one.deviations is None and not math.isnan(one.std_error) for one in (a, b)):
        raise ValueError(
            "a, b: one keeps no deviations, so their covariance cannot be told; estimate it anew"
        )


def _satterthwaite(*parts: tuple[float, float]) -> float:
    """Return the degrees of freedom of a sum of independent variances, each with its own."""
    total = sum(variance for variance, _ in parts)
    below = sum(variance**2 / df for variance, df in parts if df > 0 and variance > 0)
    return total**2 / below if below else min(df for _, df in parts)


def _name(a: Indicator, b: Indicator, shared: Mapping[str, object], code: str) -> str:
    def label(one: Indicator) -> str:
        return ", ".join(f"{key} {value}" for key, value in one.group.items() if key not in shared)

    first, second = label(a), label(b)
    if a.name != b.name:
        first, second = " ".join(filter(None, (a.name, first))), " ".join(filter(None, (b.name, second)))
    title = "Difference" if code == "difference" else "Relative change"
    about = f" of {a.name}" if a.name == b.name else ""
    if not first and not second:
        return title + about
    return f"{title}{about}: {first or 'everyone'} against {second or 'everyone'}"
