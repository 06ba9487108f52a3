"""Means, proportions, totals and ratios."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Literal

import numpy as np

from aspfin.indicators.groups import By
from aspfin.indicators.indicator import Indicator, IndicatorTable
from aspfin.indicators.survey_design import SurveyDesign

__all__ = ["linearised_mean", "linearised_ratio", "linearised_total", "mean", "proportion", "ratio", "total"]


def linearised_mean(w: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the weighted mean of y and its linearised variable (y − m)/Σw."""
    total_weight = w.sum()
    value = w @ y / total_weight
    return value, (y - value) / total_weight


def linearised_total(w: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the weighted total of y and its linearised variable y."""
    return w @ y, y


def linearised_ratio(w: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[float, np.ndarray]:
    """Return R = Σwa/Σwb and its linearised variable (a − R b)/Σwb; missing where Σwb = 0."""
    bottom = w @ b
    value = w @ a / bottom if bottom else np.nan
    return value, (a - value * b) / bottom if bottom else np.full(a.size, np.nan)


def mean(
    design: SurveyDesign,
    column: Hashable,
    *,
    by: By | None = None,
    missing: Literal["error", "drop"] = "error",
    unit: str = "",
) -> Indicator | IndicatorTable:
    """Return the weighted mean of a column.

    Parameters
    ----------
    design : SurveyDesign
    column : column
        Numeric.
    by : column, sequence of columns, or mapping of name to labels, optional
        One mean per group, each a domain on the full design.
    missing : "error" or "drop"
        Whether rows with missing values are refused, or left out and told in the notes.
    unit : str
        Of the column; by default its name.

    Raises
    ------
    ValueError
        For a column not found, not numeric, or with gaps under "error".

    References
    ----------
    Lumley (2010), Complex Surveys, section 2.1.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"food": [3.0, 5, 7, 9], "w": 1.0, "area": ["rural", "rural", "urban", "urban"]})
    >>> design = SurveyDesign(df, weights="w")
    >>> food = mean(design, "food", unit="riel")
    >>> round(food.value, 2), round(food.std_error, 2)
    (6.0, 1.29)
    >>> mean(design, "food", by="area")["urban"].value
    8.0
    """
    y = design.column(column, missing=missing)
    return design.estimate(
        *(linearised_mean, y),
        **{"code": "mean", "name": f"Mean of {column}", "unit": unit or str(column)},
        by=by,
    )


def proportion(
    design: SurveyDesign,
    column: Hashable,
    *,
    by: By | None = None,
    missing: Literal["error", "drop"] = "error",
) -> Indicator | IndicatorTable:
    """Return the weighted share of rows where a column of 0 and 1 is 1.

    Its interval is Korn and Graubard's, which stays within 0 and 1 and has a width at 0 and 1 too.
    Parameters as in `mean`.

    Raises
    ------
    ValueError
        Also where the column holds other values than 0 and 1.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"card": [1, 0, 0, 1, 0], "w": 1.0})
    >>> card = proportion(SurveyDesign(df, weights="w"), "card")
    >>> round(card.value, 2), [round(x, 2) for x in card.conf_int()]
    (0.4, [0.03, 0.89])
    """
    y = design.column(column, missing=missing)
    other = y[~((y == 0) | (y == 1) | np.isnan(y))]
    if other.size:
        raise ValueError(f"column: {column!r} must be 0 or 1, and holds {other[0]:g}; recode it, or use mean")
    return design.estimate(
        *(linearised_mean, y),
        **{"code": "proportion", "name": f"Proportion {column}", "unit": "share", "interval": "beta"},
        by=by,
    )


def total(
    design: SurveyDesign,
    column: Hashable,
    *,
    by: By | None = None,
    missing: Literal["error", "drop"] = "error",
    unit: str = "",
) -> Indicator | IndicatorTable:
    """Return the weighted total of a column in the population. Parameters as in `mean`.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"card": [1, 0, 0, 1], "w": [100.0, 100, 150, 150]})
    >>> cards = total(SurveyDesign(df, weights="w"), "card", unit="households")
    >>> cards.value, round(cards.std_error, 1)
    (250.0, 150.0)
    """
    y = design.column(column, missing=missing)
    return design.estimate(
        *(linearised_total, y),
        **{"code": "total", "name": f"Total of {column}", "unit": unit or str(column)},
        by=by,
    )


def ratio(
    design: SurveyDesign,
    numerator: Hashable,
    denominator: Hashable,
    *,
    by: By | None = None,
    missing: Literal["error", "drop"] = "error",
    unit: str = "",
) -> Indicator | IndicatorTable:
    """Return the ratio of two weighted totals. Parameters as in `mean`.

    Where the denominator adds up to 0 the ratio is missing, with a note.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"cash": [5.0, 0, 9, 6], "food": [10.0, 10, 20, 10], "w": [1, 1, 2, 2]})
    >>> share = ratio(SurveyDesign(df, weights="w"), "cash", "food")
    >>> round(share.value, 4), round(share.std_error, 4)
    (0.4375, 0.0795)
    """
    top = design.column(numerator, role="numerator", missing=missing)
    bottom = design.column(denominator, role="denominator", missing=missing)
    return design.estimate(
        *(linearised_ratio, top, bottom),
        rests_on=bottom,
        code="ratio",
        name=f"Ratio of {numerator} to {denominator}",
        unit=unit or f"{numerator} per {denominator}",
        by=by,
    )
