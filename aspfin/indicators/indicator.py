"""What every indicator returns: a value with its design-based standard error, and tables of such values."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, overload

import numpy as np
import pandas as pd

from aspfin.results import ResultMixin

__all__ = ["COLUMNS", "Indicator", "IndicatorTable", "Origin", "SampleKey"]

METHODS = ("t", "beta")
ONE_UNIT = "no standard error: what it rests on lies in one primary sampling unit"
# Columns of every table, between and around those of the groups.
COLUMNS = tuple(
    ["code", "name", "estimate", "std_error", "ci_low", "ci_high", "df", "n", "n_psu", "unit", "poverty_line"]
)


class Origin:
    """The frame and the sampling units of a survey design, remembered without keeping the frame alive.

    Two designs of one frame with the same sampling units, as one weighted for households and one for persons,
    are of the same origin. An indicator that is saved takes no household row along.
    """

    def __init__(self, frame: pd.DataFrame | None, columns: tuple) -> None:
        self._frame = (lambda: None) if frame is None else weakref.ref(frame)
        self._columns = columns

    def same_as(self, other: Origin) -> bool:
        """Tell whether PSU totals of both belong together."""
        if self is other:
            return True
        frame = self._frame()
        return frame is not None and frame is other._frame() and self._columns == other._columns

    def __deepcopy__(self, memo: object) -> Origin:
        return self

    def __reduce__(self) -> tuple:
        return Origin, (None, self._columns)


@dataclass(frozen=True, eq=False, repr=False)
class SampleKey:
    """From which survey, and by which engine, the uncertainty of an indicator was computed.

    Attributes
    ----------
    origin : Origin
    engine : str
        "linearisation", "jackknife", "bootstrap (500 replicates, seed 0)".
    """

    origin: Origin
    engine: str

    def matches(self, other: SampleKey) -> bool:
        """Tell whether the deviations of two indicators belong together entry by entry."""
        return self.origin.same_as(other.origin) and self.engine == other.engine


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Indicator(ResultMixin):
    """One indicator of one group of one survey.

    Attributes
    ----------
    code, name : str
        Short code ("mean", "cov_q1_tot") and words.
    value, std_error : float
        In `unit`; missing where the data do not define them. A standard error is missing too where all that
        a mean, share or ratio rests on lies in one primary sampling unit: the formula gives 0 there.
    df : float
        Degrees of freedom: primary sampling units less strata, of the whole design.
    n : int
        Rows in the domain.
    unit : str
        "share", "KHR per person and day", …
    group : mapping of column to label
        Empty for everyone.
    poverty_line : float, str or None
        The line, or the column that holds it; None where there is none.
    n_psu : int
        Primary sampling units with rows in the domain.
    interval : "t" or "beta"
        Kind of confidence interval by default; both ends are missing where the standard error is.
    notes : tuple of str
        Conventions used and choices taken.
    deviations : ndarray of float or None
        Such that the variance is deviations · deviations, and the covariance of two indicators with matching
        `sample` is the product of theirs. By linearisation: per PSU, the weighted total of the linearised
        variable less its stratum's mean, times √(n_h/(n_h − 1)·(1 − f_h)). By replicates: one entry each.
    sample : SampleKey or None

    Examples
    --------
    >>> share = Indicator(code="cov", name="Covered", value=0.2, std_error=0.05, df=40, n=480, unit="share",
    ...     n_psu=48)
    >>> [round(x, 3) for x in share.conf_int()], [round(x, 3) for x in share.conf_int(method="beta")]
    ([0.099, 0.301], [0.108, 0.323])
    """

    code: str
    name: str
    value: float
    std_error: float
    df: float
    n: int
    unit: str
    group: Mapping[str, object] = field(default_factory=dict)
    poverty_line: float | str | None = None
    n_psu: int = 0
    interval: Literal["t", "beta"] = "t"
    notes: tuple[str, ...] = ()
    deviations: np.ndarray | None = None
    sample: SampleKey | None = None

    def conf_int(
        self, level: float = 0.95, method: Literal["t", "beta"] | None = None
    ) -> tuple[float, float]:
        """Return the confidence interval at `level`.

        Parameters
        ----------
        level : float
        method : "t", "beta" or None
            "t": value ± t·SE. "beta": for shares of persons, the Clopper–Pearson interval at the effective
            sample size (Korn & Graubard 1998, with their correction for degrees of freedom); at 0 and 1,
            where the effective size is not defined, at the number of rows. None: the indicator's own
            `interval`.

        Raises
        ------
        ValueError
            For a level outside 0 to 1, or "beta" of what is not a share between 0 and 1.
        """
        if not 0 < level < 1:
            raise ValueError(f"level: got {level!r}; allowed: between 0 and 1")
        method = self.interval if method is None else method
        if method not in METHODS:
            raise ValueError(f"method: got {method!r}; allowed: 't' or 'beta'")
        if math.isnan(self.value) or math.isnan(self.std_error) or not self.df > 0:
            return math.nan, math.nan
        if method == "beta":
            return self._beta_interval(level)
        half = _t_quantile((1 + level) / 2, self.df) * self.std_error if self.std_error else 0.0
        return self.value - half, self.value + half

    def _beta_interval(self, level: float) -> tuple[float, float]:
        from scipy import special

        p, n, alpha = self.value, float(self.n), 1 - level
        if self.unit != "share" or not -1e-12 <= p <= 1 + 1e-12:
            raise ValueError(f"method: 'beta' is for shares from 0 to 1; {self.code} is {p:.4g} {self.unit}")
        p = min(max(p, 0.0), 1.0)
        inner = 1e-12 < p < 1 - 1e-12
        if inner and self.std_error == 0:
            return p, p
        if inner and n > 1:
            n = p * (1 - p) / self.std_error**2
            n *= (_t_quantile(1 - alpha / 2, self.n - 1) / _t_quantile(1 - alpha / 2, self.df)) ** 2
        low = special.betaincinv(n * p, n * (1 - p) + 1, alpha / 2) if p > 1e-12 else 0.0
        high = special.betaincinv(n * p + 1, n * (1 - p), 1 - alpha / 2) if p < 1 - 1e-12 else 1.0
        return float(low), float(high)

    def to_frame(self) -> pd.DataFrame:
        """Return one tidy row: code, name, group, estimate, std_error, interval, df, n, unit …"""
        return pd.DataFrame([self._row()])

    def _row(self) -> dict[str, object]:
        low, high = self.conf_int()
        return {
            **{"code": self.code, "name": self.name, **self.group},
            **{"estimate": self.value, "std_error": self.std_error, "ci_low": low, "ci_high": high},
            **{"df": self.df, "n": self.n, "n_psu": self.n_psu},
            **{"unit": self.unit, "poverty_line": self.poverty_line},
        }

    def sentence(self) -> str:
        """Return the indicator in prose."""
        where = "".join(f", {column} {label}" for column, label in self.group.items())
        line = "" if self.poverty_line is None else f"; poverty line {_shown(self.poverty_line)}"
        if math.isnan(self.value):
            return f"{self.name}{where}: not defined ({'; '.join(self.notes) or 'no rows'})."
        scale, unit = self._shown_in()
        value, low, high = (_figure(scale * one, scale) for one in (self.value, *self.conf_int()))
        shown = f"{value} {unit}".strip()
        interval = f"95 % interval {low} to {high}" if low != "nan" else "no interval"
        told = "; ".join(note for note in self.notes if note.startswith(ONE_UNIT))
        interval += f": {told.removeprefix('no standard error: ')}" if told and low == "nan" else ""
        units = "unit" if self.n_psu == 1 else "units"
        return (
            f"{self.name}{where}: {shown} ({interval}; "
            f"{self.n:,} rows in {self.n_psu:,} primary sampling {units}{line})."
        )

    def _shown_in(self) -> tuple[float, str]:
        """Return the scale and the unit in which a reader sees the value; nothing that the name says already.

        A mean's unit is its column's name where no other is given; an index has none.
        """
        if self.unit == "share":
            return 100.0, "%"
        said = self.unit == "index" or f" of {self.unit}:" in f"{self.name}:"
        return 1.0, "" if said else self.unit


@dataclass(frozen=True, eq=False, repr=False)
class IndicatorTable(ResultMixin):
    """Indicators in order, one per group, found by label or by position.

    A whole number is a label where labels are whole numbers (`table[1]` is quintile 1), else a position.

    Attributes
    ----------
    indicators : tuple of Indicator
    notes : tuple of str
        What concerns the table as a whole, such as rows without a group label.

    Examples
    --------
    >>> rows = [Indicator(code="mean", name="Food", value=v, std_error=1.0, df=9, n=20, unit="riel", n_psu=5,
    ...     group={"area": a}) for a, v in (("rural", 3.0), ("urban", 5.0))]
    >>> table = IndicatorTable(tuple(rows))
    >>> table["urban"].value, table[0].value, len(table)
    (5.0, 3.0, 2)
    """

    indicators: tuple[Indicator, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.indicators)

    def __iter__(self) -> Iterator[Indicator]:
        return iter(self.indicators)

    @overload
    def __getitem__(self, key: slice) -> IndicatorTable: ...
    @overload
    def __getitem__(self, key: object) -> Indicator: ...
    def __getitem__(self, key: object) -> Indicator | IndicatorTable:
        """Return an indicator by label, by a tuple of labels, or by position."""
        if isinstance(key, slice):
            return IndicatorTable(self.indicators[key], self.notes)
        labels = [tuple(one.group.values()) for one in self.indicators]
        if isinstance(key, int) and not any(isinstance(one, int) for label in labels for one in label):
            return self.indicators[key]
        wanted = tuple(str(one) for one in key) if isinstance(key, tuple) else (str(key),)
        for label, one in zip(labels, self.indicators, strict=True):
            if tuple(str(part) for part in label) == wanted:
                return one
        shown = ", ".join(" × ".join(str(part) for part in label) for label in labels[:12])
        raise KeyError(f"no group {key!r}; groups are {shown}")

    def to_frame(self) -> pd.DataFrame:
        """Return one tidy row per indicator."""
        return pd.DataFrame([one._row() for one in self.indicators])

    def sentence(self) -> str:
        """Return the indicators in prose, one sentence each."""
        return " ".join(one.sentence() for one in self.indicators)


def _t_quantile(p: float, df: float) -> float:
    from scipy import special

    return float(special.ndtri(p) if math.isinf(df) else special.stdtrit(df, p))


def _figure(number: float, scale: float) -> str:
    """Return a number for prose: per cent with one decimal, thousands whole, the rest with four digits."""
    if scale == 100:
        return f"{number:.1f}"
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"


def _shown(line: float | str) -> str:
    return f"in column {line}" if isinstance(line, str) else f"{line:,.6g}"
