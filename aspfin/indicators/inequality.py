"""Inequality: Gini, Theil, mean log deviation, shares and ratios of quantile groups, quantiles."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from numbers import Real
from typing import Literal

import numpy as np

from aspfin.indicators.groups import By
from aspfin.indicators.indicator import Indicator, IndicatorTable
from aspfin.indicators.poverty import positive_domain
from aspfin.indicators.ranks import (
    concentration,
    concentration_linearised,
    curve_at,
    curve_linearised,
    quantile_at,
    rank_codes,
)
from aspfin.indicators.survey_design import SurveyDesign

__all__ = [
    "gini",
    "mean_log_deviation",
    "quantile",
    "quantile_share",
    "quantile_share_ratio",
    "theil",
]

Missing = Literal["error", "drop"]


def gini(
    design: SurveyDesign,
    welfare: Hashable,
    *,
    convention: Literal["midpoint", "convey"] = "midpoint",
    by: By | None = None,
    missing: Missing = "error",
) -> Indicator | IndicatorTable:
    """Return the Gini index with its linearised standard error.

    Parameters
    ----------
    design : SurveyDesign
        With person weights (household weight × household size).
    welfare : column
        Consumption or income per person. Negative values are told in a note: the index can then exceed 1.
        Where total welfare is not above 0 the index is missing.
    convention : "midpoint" or "convey"
        How a person's rank counts the own weight: half of it, which is free of the scale of the weights and
        of duplicated rows; or the whole and less one person, as R package convey does it, for comparison
        with R (it moves with the scale of the weights and is too high in small samples).
    by : column, sequence of columns, or mapping of name to labels, optional
        One indicator per group, each a domain on the full design.
    missing : "error" or "drop"
        Whether rows without welfare are refused, or left out and told in the notes.

    Returns
    -------
    Indicator or IndicatorTable

    Raises
    ------
    ValueError
        For a column not found, not numeric or with gaps under "error".

    Notes
    -----
    G = 2·Σ w (r − w/2) y / (N·Σ w y) − 1 with r the cumulated weight by rising welfare and N = Σ w; people
    with equal welfare share the middle rank of their block.

    References
    ----------
    Osier (2009), Survey Research Methods 3; Binder & Kovačević (1995), Survey Methodology 21.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"food": [6.0, 8, 11, 15, 21, 25, 30, 40, 50, 100], "w": 1.0})
    >>> found = gini(SurveyDesign(df, weights="w"), "food")
    >>> round(found.value, 6), round(found.std_error, 4)
    (0.435948, 0.0743)
    """
    _one_of("convention", convention, ("midpoint", "convey"))
    y = design.column(welfare, role="welfare", missing=missing)
    notes = (*_negative(design, y), f"rank convention: {convention}")

    def linearised(w: np.ndarray, y: np.ndarray, codes: np.ndarray) -> tuple[float, np.ndarray]:
        return concentration_linearised(w, y, codes.astype(np.intp), convention)

    def statistic(w: np.ndarray, y: np.ndarray, codes: np.ndarray) -> float:
        return concentration(w, y, codes.astype(np.intp), convention)

    return design.estimate(
        *(linearised, y, rank_codes(y)),
        **{"code": "gini", "name": f"Gini of {welfare}", "unit": "index", "statistic": statistic},
        **{"by": by, "notes": notes},
    )


def linearised_theil(w: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Return T = Σ w (y/m)·ln(y/m) / N with m the mean, and its linearised variable."""
    people, total = w.sum(), w @ y
    logs = y * np.log(y, out=np.zeros_like(y), where=y > 0)
    mean_log = w @ logs / total
    return mean_log - np.log(total / people), (logs - (mean_log + 1) * y) / total + 1 / people


def linearised_mean_log_deviation(w: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Return L = ln m − Σ w ln y / N with m the mean, and its linearised variable."""
    people, total = w.sum(), w @ y
    logs = np.log(y)
    mean_log = w @ logs / people
    return np.log(total / people) - mean_log, y / total - (1 + logs - mean_log) / people


def theil(
    design: SurveyDesign, welfare: Hashable, *, by: By | None = None, missing: Missing = "error"
) -> Indicator | IndicatorTable:
    """Return the Theil index (generalised entropy of order 1).

    Welfare of 0 or below is left out, and the notes tell its share of the weight. Parameters as in `gini`.

    References
    ----------
    Theil (1967), Economics and Information Theory; Biewen & Jenkins (2003), IZA discussion paper 763.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"food": [5.0, 10.0, 20.0, 40.0], "w": 1.0})
    >>> round(theil(SurveyDesign(df, weights="w"), "food").value, 4)
    0.2494
    """
    words = ("theil", f"Theil index of {welfare}")
    return _entropy(design, welfare, linearised_theil, words, by, missing)


def mean_log_deviation(
    design: SurveyDesign, welfare: Hashable, *, by: By | None = None, missing: Missing = "error"
) -> Indicator | IndicatorTable:
    """Return the mean log deviation (generalised entropy of order 0, Theil's second measure).

    Welfare of 0 or below is left out, and the notes tell its share of the weight. Parameters and references
    as in `theil`.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"food": [5.0, 10.0, 20.0, 40.0], "w": 1.0})
    >>> round(mean_log_deviation(SurveyDesign(df, weights="w"), "food").value, 4)
    0.282
    """
    words = ("mean_log_deviation", f"Mean log deviation of {welfare}")
    return _entropy(design, welfare, linearised_mean_log_deviation, words, by, missing)


def quantile_share(
    design: SurveyDesign,
    welfare: Hashable,
    lower: float,
    upper: float,
    *,
    by: By | None = None,
    missing: Missing = "error",
) -> Indicator | IndicatorTable:
    """Return the share of total welfare held by the people between two quantiles, such as 0 and 0.4.

    It is L(upper) − L(lower) of the Lorenz curve, so that the shares of neighbouring groups add up. Other
    parameters as in `gini`.

    Raises
    ------
    ValueError
        Unless 0 ≤ lower < upper ≤ 1.

    References
    ----------
    Langel & Tillé (2011), Statistical inference for the quintile share ratio, J. Statistical Planning and
    Inference.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"food": [6.0, 8, 11, 15, 21, 25, 30, 40, 50, 100], "w": 1.0})
    >>> round(quantile_share(SurveyDesign(df, weights="w"), "food", 0, 0.4).value, 4)
    0.1307
    """
    for name, value in (("lower", lower), ("upper", upper)):
        if not (isinstance(value, Real) and 0 <= value <= 1):
            raise ValueError(f"{name}: got {value!r}; allowed: a number from 0 to 1")
    if not lower < upper:
        raise ValueError(f"upper: got {upper!r}; allowed: above lower, which is {lower!r}")
    y = design.column(welfare, role="welfare", missing=missing)
    ends = np.array([lower, upper], dtype=float)

    def linearised(w: np.ndarray, y: np.ndarray, codes: np.ndarray) -> tuple[float, np.ndarray]:
        (low, u_low), (high, u_high) = curve_linearised(w, y, codes.astype(np.intp), ends)
        return high - low, u_high - u_low

    def statistic(w: np.ndarray, y: np.ndarray, codes: np.ndarray) -> float:
        low, high = curve_at(w, y, codes.astype(np.intp), ends)
        return high - low

    return design.estimate(
        *(linearised, y, rank_codes(y)),
        **{"code": "quantile_share", "unit": "share", "statistic": statistic},
        name=f"Share of {welfare} held by people between {100 * lower:g} and {100 * upper:g} %",
        **{"by": by, "notes": _negative(design, y)},
    )


def quantile_share_ratio(
    design: SurveyDesign,
    welfare: Hashable,
    *,
    share: float = 0.2,
    convention: Literal["convey", "lorenz"] = "convey",
    by: By | None = None,
    missing: Missing = "error",
) -> Indicator | IndicatorTable:
    """Return what the richest hold over what the poorest hold: S80/S20 for a `share` of 0.2.

    Parameters
    ----------
    design, welfare, by, missing
        As in `gini`.
    share : float
        Size of either group, above 0, at most 0.5.
    convention : "convey" or "lorenz"
        "convey" (as Eurostat and R package convey): totals of those above the upper and up to the lower
        quantile, a whole row on one side or the other; its standard error smooths over a window that
        narrows with the sum of the weights, so that it moves a little with their scale. "lorenz": from the
        Lorenz curve, agreeing with `quantile_share`, free of the scale of the weights.

    Raises
    ------
    ValueError
        Also for a share outside its range. Where the poorest hold nothing the ratio is missing.

    References
    ----------
    Osier (2009), Survey Research Methods 3; Langel & Tillé (2011), J. Statistical Planning and Inference.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"food": [6.0, 8, 11, 15, 21, 25, 30, 40, 50, 100], "w": 1.0})
    >>> round(quantile_share_ratio(SurveyDesign(df, weights="w"), "food").value, 3)
    10.714
    """
    _one_of("convention", convention, ("convey", "lorenz"))
    if not (isinstance(share, Real) and 0 < share <= 0.5):
        raise ValueError(f"share: got {share!r}; allowed: above 0, at most 0.5")
    y = design.column(welfare, role="welfare", missing=missing)
    ends = np.array([share, 1 - share], dtype=float)
    parts = _partial_totals if convention == "convey" else _lorenz_totals

    def linearised(w: np.ndarray, y: np.ndarray, codes: np.ndarray) -> tuple[float, np.ndarray]:
        (low, u_low), (high, u_high) = parts(w, y, codes.astype(np.intp), ends)
        ratio = (w @ y - high) / low if low > 0 else np.nan
        return ratio, (y - u_high - ratio * u_low) / low

    return design.estimate(
        *(linearised, y, rank_codes(y)),
        **{"code": "quantile_share_ratio", "unit": "times"},
        name=f"Welfare of the richest {100 * share:g} % over that of the poorest ({welfare})",
        **{"by": by, "notes": (*_negative(design, y), f"convention: {convention}")},
    )


def quantile(
    design: SurveyDesign,
    welfare: Hashable,
    p: float,
    *,
    by: By | None = None,
    missing: Missing = "error",
    unit: str = "",
) -> Indicator | IndicatorTable:
    """Return the p-quantile: the smallest value up to which at least the share p of people lies.

    Its standard error is Woodruff's: the interval of the share of people up to the quantile, read back on
    the scale of welfare, over twice the t-quantile (as R's `svyquantile`). Other parameters as in `gini`;
    `unit` is the column's name by default.

    Raises
    ------
    ValueError
        Unless 0 < p < 1.

    References
    ----------
    Woodruff (1952), J. American Statistical Association 47; Francisco & Fuller (1991), Annals of Statistics
    19.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"food": [6.0, 8, 11, 15, 21, 25, 30, 40, 50, 100], "w": 1.0})
    >>> quantile(SurveyDesign(df, weights="w"), "food", 0.5).value
    21.0
    """
    if not (isinstance(p, Real) and 0 < p < 1):
        raise ValueError(f"p: got {p!r}; allowed: between 0 and 1")
    y = design.column(welfare, role="welfare", missing=missing)
    return design.estimate(
        *(partial(_woodruff, design, float(p)), y, np.arange(y.size)),
        **{"code": "quantile", "name": f"{100 * p:g} % quantile of {welfare}", "unit": unit or str(welfare)},
        statistic=lambda w, y, row: float(quantile_at(w, y, np.array([p]))[0]),
        **{"by": by, "notes": ("standard error by Woodruff's interval",)},
    )


def _woodruff(
    design: SurveyDesign, p: float, w: np.ndarray, y: np.ndarray, row: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return the quantile and u = (p − 1(y ≤ q))/(N f), f the mean density over Woodruff's interval."""
    from scipy import special

    value = float(quantile_at(w, y, np.array([p]))[0])
    u = (p - (y <= value)) / w.sum()
    deviations = design.units.deviations(design.units.totals(w * u, row.astype(np.intp)))
    half = special.stdtrit(design.degrees_of_freedom, 0.975) * np.sqrt(deviations @ deviations)
    if not half > 0:
        return value, np.zeros_like(u) if half == 0 else np.full(u.shape, np.nan)
    shares = np.clip([p - half, p + half], 1e-9, 1.0)
    low, high = quantile_at(w, y, shares)
    return value, u * (high - low) / (shares[1] - shares[0])


def _partial_totals(
    w: np.ndarray, y: np.ndarray, codes: np.ndarray, ends: np.ndarray
) -> list[tuple[float, np.ndarray]]:
    """Return totals of welfare up to quantiles, whole rows, each with u = y·1 − (1 − p)·m for 1 = 1(y ≤ q).

    m is the mean of y around the quantile under a normal kernel of width sd/N^0.2 (Osier 2009; R package
    convey).
    """
    people = w.sum()
    mean = w @ y / people
    width = np.sqrt(max(w @ (y - mean) ** 2 / people, 0.0)) / people**0.2
    found = []
    for p, cut in zip(ends, quantile_at(w, y, ends), strict=True):
        below = (y <= cut).astype(float)
        kernel = w * (np.exp(-(((cut - y) / width) ** 2) / 2) if width > 0 else below)
        m = kernel @ y / kernel.sum()
        found.append((w @ (y * below), y * below - (below - p) * m))
    return found


def _lorenz_totals(
    w: np.ndarray, y: np.ndarray, codes: np.ndarray, ends: np.ndarray
) -> list[tuple[float, np.ndarray]]:
    """Return totals of welfare up to quantiles along the Lorenz curve, with their linearised variables."""
    total = w @ y
    return [(share * total, u * total + share * y) for share, u in curve_linearised(w, y, codes, ends)]


def _entropy(
    design: SurveyDesign,
    welfare: Hashable,
    linearised: Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]],
    words: tuple[str, str],
    by: By | None,
    missing: Missing,
) -> Indicator | IndicatorTable:
    y = design.column(welfare, role="welfare", missing=missing)
    design, notes = positive_domain(design, y, welfare, words[1])
    return design.estimate(
        *(linearised, y), **{"code": words[0], "name": words[1], "unit": "index"}, by=by, notes=notes
    )


def _negative(design: SurveyDesign, y: np.ndarray) -> tuple[str, ...]:
    inside = y if design.rows is None else y[design.rows]
    count = int((inside < 0).sum())
    return (f"{count:,} rows with negative welfare: shares of welfare lose their meaning",) if count else ()


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name}: got {value!r}; allowed: {' or '.join(repr(one) for one in allowed)}")
