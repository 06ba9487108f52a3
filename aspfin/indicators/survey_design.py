"""How a survey was drawn, and the one engine that gives every indicator its standard error.

An indicator is written as a pure function of weights and arrays that returns the value and the linearised
variable u (the estimator moves as Σ w u; Lumley; Osier 2009; Binder & Kovačević 1995):

>>> import numpy as np, pandas as pd
>>> def linearised_mean(w, y):
...     total = w.sum()
...     value = w @ y / total
...     return value, (y - value) / total

and handed to the design with its words. That is all: groups are domains on the full design (rows outside have
u = 0, no PSU is lost), missing values are left out and told, and both engines work.

>>> df = pd.DataFrame({"food": [3.0, 4, 5, 8, 7, 6], "w": [1, 1, 2, 2, 1, 1], "village": list("aabbcc"),
...     "area": ["rural", "rural", "rural", "urban", "urban", "urban"]})
>>> design = SurveyDesign(df, weights="w", psu="village")
>>> food = design.column("food", role="column")
>>> words = {"code": "mean", "name": "Mean of food", "unit": "riel"}
>>> everyone = design.estimate(linearised_mean, food, **words)
>>> round(everyone.value, 3), round(everyone.std_error, 3)
(5.75, 0.859)
>>> table = design.estimate(linearised_mean, food, by="area", **words)
>>> [(one.group["area"], round(one.value, 2), one.n, one.n_psu) for one in table]
[('rural', 4.25, 3, 2), ('urban', 7.25, 3, 2)]
>>> jackknife = design.with_replicates("jackknife").estimate(linearised_mean, food, **words)
>>> round(jackknife.std_error, 3)
0.89

The function receives the domain's rows only. Under replicates some weights are 0. Where the value costs
much less without u, give it too, as `statistic=` (same arguments, value only).
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from aspfin.indicators import engine
from aspfin.indicators.columns import find, numbers
from aspfin.indicators.groups import By
from aspfin.indicators.indicator import Indicator, IndicatorTable, Origin, SampleKey
from aspfin.indicators.sampling_units import SamplingUnits, sampling_units
from aspfin.results import ResultMixin

__all__ = ["SurveyDesign"]


class SurveyDesign(ResultMixin):
    """Rows of a survey with weights, strata and primary sampling units (PSU).

    Parameters
    ----------
    df : DataFrame
        One row per person or household; not copied, not changed.
    weights : column
        Positive, without gaps.
    strata, psu : column, optional
        PSU codes need be unique only within their stratum. Without `psu` every row is its own PSU.
    fpc : column, optional
        PSUs in the population of the row's stratum, for the finite population correction.
    single_psu : "error", "center" or "certainty"
        What to do with a stratum of one PSU: refuse; measure from the mean of all PSU totals; add nothing.
    household_size : column, optional
        Multiplies the weights, so that rows of households stand for persons.

    Attributes
    ----------
    frame : DataFrame
        The caller's.
    weights : ndarray of float, shape (n,)
    units : SamplingUnits
    rows : ndarray of int or None
        Positions of the rows in the domain; None for all.

    Raises
    ------
    ValueError
        One line: the column, what was found, what is allowed.

    Notes
    -----
    Linearisation: V = Σ_h n_h/(n_h − 1)·(1 − f_h)·Σ_c (x_hc − x̄_h)², x_hc = Σ w u over PSU c, df = PSUs −
    strata. Designs of the same frame with the same sampling units can be compared, covariances included;
    designs of two frames count as independent samples.

    References
    ----------
    Lumley (2010), Complex Surveys, ch. 2; R package survey.

    Examples
    --------
    >>> df = pd.DataFrame({"w": [10.0, 10, 20, 20], "size": [4, 5, 2, 3], "village": [1, 2, 1, 2],
    ...     "area": ["rural", "rural", "urban", "urban"]})
    >>> print(SurveyDesign(df, weights="w", strata="area", psu="village", household_size="size"))
    4 rows for 190 in the population; 4 primary sampling units in 2 strata (2 degrees of freedom).
    """

    def __init__(
        self,
        df: pd.DataFrame,
        *,
        weights: Hashable,
        strata: Hashable | None = None,
        psu: Hashable | None = None,
        fpc: Hashable | None = None,
        single_psu: Literal["error", "center", "certainty"] = "error",
        household_size: Hashable | None = None,
    ) -> None:
        if not isinstance(df, pd.DataFrame):
            raise ValueError(f"df: got {type(df).__name__}; give a pandas DataFrame")
        if df.empty:
            raise ValueError("df: the frame has no rows")
        self.frame = df
        self.weights = _positive(df, weights, "weights")
        if household_size is not None:
            self.weights = self.weights * _positive(df, household_size, "household_size")
        units, strata_found = sampling_units(df, strata=strata, psu=psu, fpc=fpc, single_psu=single_psu)
        self.units: SamplingUnits = units
        self.n_strata: int = strata_found
        self.rows: np.ndarray | None = None
        self.replicates: engine.Replicates | None = None
        self.key = SampleKey(
            Origin(df, (strata, psu, fpc, single_psu, len(df), units.n_psu)), "linearisation"
        )

    @property
    def n_psu(self) -> int:
        """PSUs of the whole design."""
        return self.units.n_psu

    @property
    def degrees_of_freedom(self) -> int:
        """PSUs less strata, of the whole design (as R's `survey` counts them)."""
        return self.n_psu - self.n_strata

    @property
    def in_domain(self) -> np.ndarray:
        """Mask of the rows in the domain, shape (n,)."""
        if self.rows is None:
            return np.ones(self.weights.size, dtype=bool)
        mask = np.zeros(self.weights.size, dtype=bool)
        mask[self.rows] = True
        return mask

    def column(
        self, name: Hashable, *, role: str = "column", missing: Literal["error", "drop"] = "error"
    ) -> np.ndarray:
        """Return a column as float64, shape (n,).

        Missing values in the domain are an error, or with "drop" stay NaN, which `estimate` leaves out and
        tells.

        Raises
        ------
        ValueError
            If there is no such column, it is not numeric, or values are missing under "error".
        """
        if missing not in ("error", "drop"):
            raise ValueError(f"missing: got {missing!r}; allowed: 'error' or 'drop'")
        values = numbers(find(self.frame, name, role), name, role)
        if missing == "error":
            gaps = np.isnan(values if self.rows is None else values[self.rows])
            if gaps.any():
                raise ValueError(
                    f"{role}: column {name!r} is missing in {int(gaps.sum()):,} of {gaps.size:,} rows; "
                    "fill them, or leave those rows out with missing='drop' or design.domain(...)"
                )
        return values

    def domain(self, where: Hashable | np.ndarray | pd.Series) -> SurveyDesign:
        """Return the same design with estimates confined to part of the rows; no row is dropped.

        Parameters
        ----------
        where : column or array of bool, shape (n,)
            A column of 0/1 or booleans, or a mask by position. Domains of domains intersect.

        Raises
        ------
        ValueError
            If it is not 0/1, has gaps, has another length, or leaves no row.
        """
        if isinstance(where, np.ndarray | pd.Series | list | pd.api.extensions.ExtensionArray):
            values, name = pd.Series(where), "given"
            same_rows = isinstance(where, pd.Series) and len(where) == len(self.frame)
            if same_rows and not where.index.equals(self.frame.index):
                raise ValueError("domain: the mask's index is not the frame's; align it or give an array")
        else:
            values, name = find(self.frame, where, "domain"), repr(where)
        if len(values) != self.weights.size:
            raise ValueError(f"domain: the mask has {len(values):,} entries for {self.weights.size:,} rows")
        mask = numbers(values, name, "domain")
        bad = mask[~((mask == 0) | (mask == 1))]
        if bad.size:
            found = "missing" if np.isnan(bad[0]) else f"{bad[0]:g}"
            raise ValueError(
                f"domain: the mask ({name}) is {found} in a row; allowed: 0 and 1, or False and True"
            )
        rows = np.flatnonzero(mask) if self.rows is None else self.rows[mask[self.rows] == 1]
        if rows.size == 0:
            raise ValueError(f"domain: no row is left (mask {name})")
        return self._with(rows=rows)

    def with_replicates(
        self, method: Literal["jackknife", "bootstrap"], *, replicates: int = 500, seed: int = 0
    ) -> SurveyDesign:
        """Return the same design with standard errors from replicate weights.

        Parameters
        ----------
        method : "jackknife" or "bootstrap"
            Delete one PSU within its stratum (JKn); or Rao & Wu's (1988) rescaled bootstrap, drawing n_h −
            1 of the stratum's n_h PSUs with replacement.
        replicates : int
            Of the bootstrap; the jackknife has one per PSU.
        seed : int

        Raises
        ------
        ValueError
            For another method, fewer than 2 replicates, or strata with one PSU under "center".
        """
        drawn = engine.draw(self.units, method, replicates=replicates, seed=seed)
        return self._with(replicates=drawn, key=SampleKey(self.key.origin, drawn.label))

    def totals(self, values: np.ndarray) -> np.ndarray:
        """Return weighted sums by PSU over the domain, (n,) → (n_psu,) or (n, k) → (n_psu, k)."""
        if self.rows is None:
            return self.units.totals((values.T * self.weights).T)
        return self.units.totals((values[self.rows].T * self.weights[self.rows]).T, self.rows)

    def covariance(self, linearised: np.ndarray) -> np.ndarray:
        """Return the covariance matrix (k, k) of estimators with linearised variables (n, k)."""
        return self.covariance_of_totals(self.totals(linearised))

    def covariance_of_totals(self, totals: np.ndarray) -> np.ndarray:
        """Return the covariance matrix (k, k) of sums over PSUs, from totals by PSU (n_psu, k)."""
        deviations = self.units.deviations(totals)
        return deviations.T @ deviations

    def estimate(
        self,
        linearised: engine.Linearised,
        *arrays: np.ndarray,
        code: str,
        name: str,
        unit: str,
        statistic: engine.Statistic | None = None,
        by: By | None = None,
        poverty_line: float | str | None = None,
        interval: Literal["t", "beta"] = "t",
        notes: Sequence[str] = (),
        rests_on: np.ndarray | None = None,
    ) -> Indicator | IndicatorTable:
        """Return an indicator of everyone in the domain, or with `by` a table of one per group.

        Parameters
        ----------
        linearised : callable
            From weights (m,) and arrays (m,) of a domain's rows to value and linearised variable (m,). May
            return a missing value (0/0), which stays missing and is told.
        *arrays : ndarray of float, shape (n,)
            One entry per row of the frame; rows with NaN in any are left out and counted in the notes.
        code, name, unit : str
            Short code, words, unit ("share" is shown in per cent).
        statistic : callable, optional
            The value alone, for replicates; by default the first part of `linearised`.
        by : column, sequence of columns, or mapping of name to labels, optional
            Groups, each a domain on the full design. Rows without a label are no group and are counted in a
            note.
        poverty_line : float, str or None
            Stored with each indicator.
        interval : "t" or "beta"
            Default confidence interval; "beta" for shares of persons.
        notes : sequence of str
        rests_on : ndarray, shape (n,), optional
            Not 0 in rows that the estimate rests on, as the denominator of a ratio is; None: all. Where
            those rows lie in one PSU the standard error is missing.
        """
        words = engine.Words(code, name, unit, poverty_line, interval, tuple(notes))
        return engine.estimate(self, linearised, arrays, words, statistic=statistic, by=by, rests_on=rests_on)

    def indicator(
        self,
        value: float,
        totals: np.ndarray,
        *,
        code: str,
        name: str,
        unit: str,
        n: int,
        n_psu: int,
        group: dict[str, object] | None = None,
        poverty_line: float | str | None = None,
        interval: Literal["t", "beta"] = "t",
        notes: Sequence[str] = (),
    ) -> Indicator:
        """Return an indicator from its value and the PSU totals (n_psu,) of its weighted linearised variable.

        For those who reach the totals by a shorter way than `estimate`: ratios need only totals by PSU and
        group.
        """
        words = engine.Words(code, name, unit, poverty_line, interval, tuple(notes))
        deviations = self.units.deviations(totals)
        key = SampleKey(self.key.origin, "linearisation") if self.replicates else self.key
        return engine.made(
            value,
            deviations,
            words,
            df=self.degrees_of_freedom,
            n=n,
            n_psu=n_psu,
            group=group or {},
            sample=key,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the strata: PSUs, rows, weight, sampling fraction."""
        of_row = self.units.stratum[self.units.codes]
        return pd.DataFrame(
            {
                "stratum": np.arange(self.n_strata),
                "n_psu": self.units.sizes,
                "n": np.bincount(of_row, minlength=self.n_strata),
                "weight": np.bincount(of_row, weights=self.weights, minlength=self.n_strata),
                "fraction": self.units.fraction,
            }
        )

    def sentence(self) -> str:
        """Return the design in prose."""
        inside = "" if self.rows is None else f" ({self.rows.size:,} in the domain)"
        method = "" if self.replicates is None else f"; {self.replicates.sentence()}"
        return (
            f"{self.weights.size:,} rows{inside} for {self.weights.sum():,.0f} in the population; "
            f"{self.n_psu:,} primary sampling units in {self.n_strata:,} strata ({self.degrees_of_freedom:,} "
            f"degrees of freedom){method}."
        )

    def _with(self, **changes: object) -> SurveyDesign:
        other = copy.copy(self)
        vars(other).update(changes)
        return other


def _positive(df: pd.DataFrame, name: Hashable, role: str) -> np.ndarray:
    """Return a column whose every value must be above 0."""
    values = numbers(find(df, name, role), name, role)
    for bad, words in ((np.isnan(values), "missing"), (values < 0, "negative"), (values == 0, "0")):
        if bad.any():
            first = int(np.argmax(bad))
            where = f"first in row {first + 1:,}" + (f": {values[first]:g}" if words == "negative" else "")
            remedy = {
                "missing": "every row needs a number above 0",
                "negative": "every row needs a number above 0",
                "0": f"such rows carry no information: leave them out with df[df[{name!r}] > 0]",
            }[words]
            if bad.all():
                remedy = "every row needs a number above 0: is it the right column?"
            raise ValueError(
                f"{role}: column {name!r} is {words} in {int(bad.sum()):,} of {len(df):,} rows ({where}); "
                f"{remedy}"
            )
    return values
