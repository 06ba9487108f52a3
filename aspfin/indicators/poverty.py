"""Poverty: headcount, gap and severity (Foster–Greer–Thorbecke), Watts, and the money the gap adds up to."""

from __future__ import annotations

import math
from collections.abc import Hashable
from numbers import Real
from typing import Literal

import numpy as np

from aspfin.indicators.groups import By
from aspfin.indicators.indicator import Indicator, IndicatorTable
from aspfin.indicators.means import linearised_mean, linearised_total
from aspfin.indicators.survey_design import SurveyDesign

__all__ = [
    "fgt_terms",
    "headcount",
    "line_of",
    "positive_domain",
    "poverty_gap",
    "poverty_gap_total",
    "poverty_severity",
    "watts",
]

Line = float | Hashable
Convention = Literal["strict", "convey"]
Missing = Literal["error", "drop"]


def fgt_terms(
    welfare: np.ndarray, line: np.ndarray | float, index: int, convention: str = "strict"
) -> np.ndarray:
    """Return what each person adds to the poverty measure of order `index`: ((z − y)/z)^α where poor, else 0.

    Poor is y < z, or y ≤ z under "convey" (as R package convey has it); the two differ only for order 0 and
    incomes exactly on the line. Missing welfare stays missing.

    Examples
    --------
    >>> fgt_terms(np.array([5.0, 10.0, 20.0]), 10.0, 1).tolist()
    [0.5, 0.0, 0.0]
    >>> fgt_terms(np.array([5.0, 10.0, 20.0]), 10.0, 0, "convey").tolist()
    [1.0, 1.0, 0.0]
    """
    gap = (line - welfare) / line
    poor = gap >= 0 if convention == "convey" else gap > 0
    terms = np.where(poor, gap**index if index else 1.0, 0.0)
    terms[np.isnan(gap)] = np.nan
    return terms


def line_of(design: SurveyDesign, poverty_line: Line) -> tuple[np.ndarray | float, float | str]:
    """Return the poverty line as a number or an array (n,), and as it is stored with an indicator.

    Raises
    ------
    ValueError
        If a line is missing, 0 or negative.
    """
    allowed = "allowed: above 0, in the money and period of welfare"
    if isinstance(poverty_line, Real) and not isinstance(poverty_line, bool):
        if not (math.isfinite(poverty_line) and poverty_line > 0):
            raise ValueError(f"poverty_line: got {poverty_line!r}; {allowed}")
        return float(poverty_line), float(poverty_line)
    if poverty_line is None or isinstance(poverty_line, bool):
        raise ValueError(
            f"poverty_line: got {poverty_line!r}; allowed: a number above 0, or a column of lines"
        )
    line = design.column(poverty_line, role="poverty_line")
    inside = line if design.rows is None else line[design.rows]
    if (inside <= 0).any():
        raise ValueError(
            f"poverty_line: column {poverty_line!r} is {inside.min():g} in a row, one of "
            f"{int((inside <= 0).sum()):,} not above 0; {allowed}"
        )
    return line, str(poverty_line)


def positive_domain(
    design: SurveyDesign, values: np.ndarray, name: Hashable, measure: str
) -> tuple[SurveyDesign, tuple[str, ...]]:
    """Return the design confined to values above 0, where logarithms exist, and a note on what was left out.

    Raises
    ------
    ValueError
        If no value is above 0.
    """
    inside = values if design.rows is None else values[design.rows]
    out = inside <= 0
    if not out.any():
        return design, ()
    if not (inside > 0).any():
        raise ValueError(f"welfare: column {name!r} has no value above 0, which {measure} needs")
    weights = design.weights if design.rows is None else design.weights[design.rows]
    share = 100 * weights[out].sum() / weights.sum()
    note = f"{int(out.sum()):,} rows with welfare of 0 or below left out ({share:.2g} % of the weight)"
    return design.domain(~(values <= 0)), (note,)


def headcount(
    design: SurveyDesign,
    welfare: Hashable,
    *,
    poverty_line: Line,
    by: By | None = None,
    convention: Convention = "strict",
    missing: Missing = "error",
) -> Indicator | IndicatorTable:
    """Return the share of people below the poverty line.

    Parameters
    ----------
    design : SurveyDesign
        With person weights (household weight × household size).
    welfare : column
        Consumption or income per person; negative values are allowed.
    poverty_line : float or column
        In the money and period of `welfare`; a column where the line differs by area. Stored with the result.
    by : column, sequence of columns, or mapping of name to labels, optional
        One indicator per group, each a domain on the full design.
    convention : "strict" or "convey"
        Poor is below the line, or (as R package convey has it) below or on it.
    missing : "error" or "drop"
        Whether rows without welfare are refused, or left out and told in the notes.

    Returns
    -------
    Indicator or IndicatorTable

    Raises
    ------
    ValueError
        For a line that is missing, 0 or negative, a column not found, not numeric or with gaps under "error".

    References
    ----------
    Foster, Greer & Thorbecke (1984), Econometrica 52.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"food": [6.0, 8, 11, 15, 21, 25, 30, 40, 50, 100], "w": 1.0})
    >>> poor = headcount(SurveyDesign(df, weights="w"), "food", poverty_line=20)
    >>> poor.value, round(poor.std_error, 4), poor.poverty_line
    (0.4, 0.1633, 20.0)
    """
    return _fgt(design, welfare, poverty_line, 0, by, convention, missing)


def poverty_gap(
    design: SurveyDesign,
    welfare: Hashable,
    *,
    poverty_line: Line,
    by: By | None = None,
    convention: Convention = "strict",
    missing: Missing = "error",
) -> Indicator | IndicatorTable:
    """Return the poverty gap: the mean shortfall of everyone (0 for those not poor) as a share of the line.

    Parameters, errors and references as in `headcount`; the convention changes nothing here.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"food": [6.0, 8, 11, 15, 21, 25, 30, 40, 50, 100], "w": 1.0})
    >>> round(poverty_gap(SurveyDesign(df, weights="w"), "food", poverty_line=20).value, 6)
    0.2
    """
    return _fgt(design, welfare, poverty_line, 1, by, convention, missing)


def poverty_severity(
    design: SurveyDesign,
    welfare: Hashable,
    *,
    poverty_line: Line,
    by: By | None = None,
    convention: Convention = "strict",
    missing: Missing = "error",
) -> Indicator | IndicatorTable:
    """Return the squared poverty gap, in which the poorest count most.

    Parameters, errors and references as in `headcount`; the convention changes nothing here.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"food": [5.0, 10.0, 15.0, 40.0], "w": 1.0})
    >>> poverty_severity(SurveyDesign(df, weights="w"), "food", poverty_line=20).value
    0.21875
    """
    return _fgt(design, welfare, poverty_line, 2, by, convention, missing)


def watts(
    design: SurveyDesign,
    welfare: Hashable,
    *,
    poverty_line: Line,
    by: By | None = None,
    missing: Missing = "error",
) -> Indicator | IndicatorTable:
    """Return the Watts measure: the mean of ln(z/y) over everyone, 0 for those not poor.

    Welfare of 0 or below has no logarithm: such rows are left out, and the notes tell their share of the
    weight. Parameters and errors as in `headcount`.

    References
    ----------
    Watts (1968), An economic definition of poverty; Zheng (1993), Economics Letters 42.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"food": [5.0, 10.0, 20.0, 40.0], "w": 1.0})
    >>> round(watts(SurveyDesign(df, weights="w"), "food", poverty_line=20).value, 4)
    0.5199
    """
    y = design.column(welfare, role="welfare", missing=missing)
    line, stored = line_of(design, poverty_line)
    design, notes = positive_domain(design, y, welfare, "the Watts measure")
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(y < line, np.log(line / y), 0.0)
    terms[np.isnan(y)] = np.nan
    return design.estimate(
        *(linearised_mean, terms),
        **{"code": "watts", "name": f"Watts measure of {welfare}", "unit": "index"},
        **{"by": by, "poverty_line": stored, "notes": notes},
    )


def poverty_gap_total(
    design: SurveyDesign,
    welfare: Hashable,
    *,
    poverty_line: Line,
    by: By | None = None,
    missing: Missing = "error",
    unit: str = "in the money and period of the line",
) -> Indicator | IndicatorTable:
    """Return the money that would lift everybody to the line, with perfect targeting, per period of the line.

    With welfare and line in riel per person and day, and weights that add up to the population, this is
    riel per day for the country. Parameters and errors as in `headcount`; `unit` is the words shown after
    the amount.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"food": [6.0, 8, 11, 15, 21, 25, 30, 40, 50, 100], "w": 1.0})
    >>> poverty_gap_total(SurveyDesign(df, weights="w"), "food", poverty_line=20, unit="riel per day").value
    40.0
    """
    y = design.column(welfare, role="welfare", missing=missing)
    line, stored = line_of(design, poverty_line)
    terms = np.maximum(line - y, 0.0)
    return design.estimate(
        *(linearised_total, terms),
        **{"code": "poverty_gap_total", "name": f"Total poverty gap of {welfare}", "unit": unit},
        **{"by": by, "poverty_line": stored},
    )


# Code, words and interval of the measures of order 0, 1, 2. The gaps are shares of the line, not of
# persons, so that the interval of a share of persons is not theirs.
FGT = (
    ("headcount", "Headcount", "beta"),
    ("poverty_gap", "Poverty gap", "t"),
    ("poverty_severity", "Squared poverty gap", "t"),
)


def _fgt(
    design: SurveyDesign,
    welfare: Hashable,
    poverty_line: Line,
    index: int,
    by: By | None,
    convention: Convention,
    missing: Missing,
) -> Indicator | IndicatorTable:
    if convention not in ("strict", "convey"):
        raise ValueError(f"convention: got {convention!r}; allowed: 'strict' or 'convey'")
    y = design.column(welfare, role="welfare", missing=missing)
    line, stored = line_of(design, poverty_line)
    code, words, interval = FGT[index]
    rule = "poor: welfare below or on the line" if convention == "convey" else "poor: welfare below the line"
    return design.estimate(
        *(linearised_mean, fgt_terms(y, line, index, convention)),
        **{"code": code, "name": f"{words} of {welfare}", "unit": "share", "interval": interval},
        **{"by": by, "poverty_line": stored, "notes": (rule,)},
    )
