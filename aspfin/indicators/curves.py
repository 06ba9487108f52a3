"""Lorenz and concentration curves with confidence bands, and the index that goes with each."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.indicators.indicator import Indicator
from aspfin.indicators.inequality import gini
from aspfin.indicators.ranks import (
    concentration,
    concentration_linearised,
    curve_at,
    curve_linearised,
    rank_codes,
)
from aspfin.indicators.survey_design import SurveyDesign
from aspfin.results import ResultMixin

__all__ = ["Curve", "concentration_curve", "lorenz"]

# Half the width, in shares of people, of the window over which the amount held around a rank is averaged:
# needed because a neighbour's transfer is often 0 or large.
WINDOW = 0.05


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Curve(ResultMixin):
    """Which share of an amount the poorest p of people hold.

    Attributes
    ----------
    kind : str
        "lorenz" or "concentration".
    amount, rank_by : str
        Columns: what is cumulated, and by what people are ranked.
    p, share, std_error : ndarray of float, shape (g,)
        Shares of people, the shares they hold, and their standard errors.
    index : Indicator
        Gini, or concentration index: 1 less twice the area under the curve.
    df : float
        Degrees of freedom.
    n : int
        Rows used.
    notes : tuple of str

    Examples
    --------
    >>> df = pd.DataFrame({"food": [6.0, 8, 11, 15, 21, 25, 30, 40, 50, 100], "w": 1.0})
    >>> curve = lorenz(SurveyDesign(df, weights="w"), "food", grid=[0, 0.5, 1])
    >>> curve.share.round(3).tolist(), round(curve.index.value, 3)
    ([0.0, 0.199, 1.0], 0.436)
    """

    kind: str
    amount: str
    rank_by: str
    p: np.ndarray
    share: np.ndarray
    std_error: np.ndarray
    index: Indicator
    df: float
    n: int
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per grid point: p, estimate, std_error, and the 95 % band, pointwise."""
        from scipy import special

        half = special.stdtrit(self.df, 0.975) * self.std_error if self.df > 0 else np.nan
        return pd.DataFrame(
            {
                **{"p": self.p, "estimate": self.share, "std_error": self.std_error},
                **{"ci_low": self.share - half, "ci_high": self.share + half},
            }
        )

    def sentence(self) -> str:
        """Return what the poorest hold, and the index."""
        low, high = self.index.conf_int()
        near = int(np.abs(self.p - 0.4).argmin())
        ranked = "" if self.kind == "lorenz" else f" ranked by {self.rank_by}"
        return (
            f"The poorest {100 * self.p[near]:.3g} % of people{ranked} hold {100 * self.share[near]:.1f} % "
            f"of {self.amount}; "
            f"{'Gini' if self.kind == 'lorenz' else 'concentration index'} {self.index.value:.3f} "
            f"(95 % interval {low:.3f} to {high:.3f}; {self.n:,} rows)."
        )


def lorenz(design: SurveyDesign, welfare: Hashable, *, grid: Sequence[float] | None = None) -> Curve:
    """Return the Lorenz curve: the share of welfare held by the poorest p of people.

    Parameters
    ----------
    design : SurveyDesign
        With person weights.
    welfare : column
        Consumption or income per person.
    grid : sequence of float, optional
        Shares of people from 0 to 1, rising; by default every per cent.

    Returns
    -------
    Curve
        Its `index` is the Gini (midpoint convention).

    Raises
    ------
    ValueError
        For a grid outside 0 to 1, a column not found, not numeric or with gaps, or a total not above 0.

    Notes
    -----
    Straight lines between distinct values; the derivative by the weights is exact (Langel & Tillé 2011).
    Bands are pointwise.

    References
    ----------
    Langel & Tillé (2011), J. Statistical Planning and Inference 141; Kovačević & Binder (1997), J. Official
    Statistics 13.

    Examples
    --------
    >>> df = pd.DataFrame({"food": [1.0, 2.0, 3.0, 4.0], "w": 1.0})
    >>> lorenz(SurveyDesign(df, weights="w"), "food", grid=[0.25, 0.5, 0.75]).share.round(2).tolist()
    [0.1, 0.3, 0.6]
    """
    y = _amount(design, welfare, "welfare")
    index = gini(design, welfare)
    names = ("lorenz", str(welfare), str(welfare))
    return _curve(design, y, rank_codes(y), _grid(grid), 0.0, names, index)


def concentration_curve(
    design: SurveyDesign, transfer: Hashable, *, rank_by: Hashable, grid: Sequence[float] | None = None
) -> Curve:
    """Return the concentration curve: the share of transfers that the poorest p of people receive.

    A curve above the diagonal is pro-poor. People with the same `rank_by` are taken to be mixed.

    Parameters
    ----------
    design : SurveyDesign
        With person weights.
    transfer : column
        Amount per person.
    rank_by : column
        Welfare by which people are ranked, poorest first.
    grid : sequence of float, optional
        Shares of people from 0 to 1, rising; by default every per cent.

    Returns
    -------
    Curve
        Its `index` is the concentration index, below 0 where the poor receive more than their share.

    Raises
    ------
    ValueError
        As `lorenz`.

    Notes
    -----
    Standard errors count that quantiles of `rank_by` are estimated; the amount held around a quantile,
    which they need, is the mean over 5 % of people on either side. With replicate weights take the bootstrap:
    the jackknife is too rough for shares cut at a quantile.

    References
    ----------
    Kakwani (1980), Income Inequality and Poverty, ch. 8; Kovačević & Binder (1997), J. Official Statistics
    13.

    Examples
    --------
    >>> df = pd.DataFrame({"food": [1.0, 2.0, 3.0, 4.0], "cash": [5.0, 5.0, 0.0, 0.0], "w": 1.0})
    >>> curve = concentration_curve(SurveyDesign(df, weights="w"), "cash", rank_by="food", grid=[0.25, 0.5])
    >>> curve.share.tolist(), curve.index.value
    ([0.5, 1.0], -0.5)
    """
    amounts = _amount(design, transfer, "transfer")
    codes = rank_codes(design.column(rank_by, role="rank_by"))
    index = design.estimate(
        lambda w, a, ranks: concentration_linearised(w, a, ranks.astype(np.intp)),
        *(amounts, codes),
        statistic=lambda w, a, ranks: concentration(w, a, ranks.astype(np.intp)),
        **{"code": "concentration_index", "unit": "index"},
        name=f"Concentration index of {transfer} by {rank_by}",
    )
    names = ("concentration", str(transfer), str(rank_by))
    return _curve(design, amounts, codes, _grid(grid), WINDOW, names, index)


def _curve(
    design: SurveyDesign,
    amounts: np.ndarray,
    codes: np.ndarray,
    grid: np.ndarray,
    half_width: float,
    names: tuple[str, str, str],
    index: Indicator,
) -> Curve:
    """Return the curve over the design's domain, with standard errors by the design's engine."""
    rows = slice(None) if design.rows is None else design.rows
    weights, amounts, codes = design.weights[rows], amounts[rows], codes[rows]
    psu = design.units.codes[rows]
    if design.replicates is None:
        # One grid point at a time: a matrix of rows by grid points would not fit for a million rows.
        found = [
            (value, np.bincount(psu, weights * u, minlength=design.n_psu))
            for value, u in curve_linearised(weights, amounts, codes, grid, half_width)
        ]
        share = np.array([value for value, _ in found])
        deviations = design.units.deviations(np.column_stack([totals for _, totals in found]))
    else:
        share = curve_at(weights, amounts, codes, grid)
        deviations = np.array(
            [
                np.sqrt(scale) * (curve_at(weights * factor[psu], amounts, codes, grid) - share)
                for factor, scale in design.replicates.factors()
            ]
        )
    kind, amount, rank_by = names
    error = np.sqrt((deviations**2).sum(axis=0))
    if math.isnan(index.std_error):  # all rows in one PSU: the formula's 0 would be a false band
        error = np.full(share.shape, np.nan)
    return Curve(
        **{"kind": kind, "amount": amount, "rank_by": rank_by, "p": grid, "share": share, "index": index},
        std_error=error,
        **{"df": index.df, "n": index.n, "notes": index.notes},
    )


def _amount(design: SurveyDesign, column: Hashable, role: str) -> np.ndarray:
    values = design.column(column, role=role)
    total = float(design.totals(values).sum())
    if not total > 0:
        raise ValueError(
            f"{role}: column {column!r} adds up to {total:,.6g}; a curve of shares needs a total above 0"
        )
    return values


def _grid(grid: Sequence[float] | None) -> np.ndarray:
    if grid is None:
        return np.linspace(0, 1, 101)
    points = np.array(grid, dtype=float)
    if points.ndim != 1 or not points.size or not ((points >= 0) & (points <= 1)).all():
        raise ValueError("grid: got points outside 0 to 1, or none; allowed: shares of people from 0 to 1")
    if (np.diff(points) <= 0).any():
        raise ValueError("grid: got points that do not rise; allowed: each above the one before")
    return points
