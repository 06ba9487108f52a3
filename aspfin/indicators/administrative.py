"""What the administration counts against what a survey finds, with the gap and what can explain it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.indicators.columns import find, numbers
from aspfin.indicators.indicator import Indicator
from aspfin.results import ResultMixin

__all__ = ["AdministrativeComparison", "administrative_against_survey"]

_MORE_IN_RECORDS = (
    "respondents do not report it or do not know its name; people outside the survey's frame are paid "
    "(homes, camps, migrants); records count payments or past members, or the same person twice"
)
_MORE_IN_SURVEY = (
    "records are older than the survey or incomplete; respondents name another programme; members of a "
    "beneficiary's household are counted who are not on the list"
)
_UNIT = "; a ratio like this also comes from counting persons on one side and households on the other"


@dataclass(frozen=True, eq=False, repr=False)
class AdministrativeComparison(ResultMixin):
    """Counts of records beside survey totals.

    Attributes
    ----------
    table : DataFrame
        One row per published count: `programme`, `administrative`, `date`, `source`, `survey`, `ci_low`,
        `ci_high`, `gap` (records less survey), `gap_std_error` (the survey's), `gap_ci_low`, `gap_ci_high`,
        `gap_percent` (of the records), `within_sampling_error`, `explanation`. Programmes with only one side
        have the other missing.
    level : float
        Of the intervals.
    """

    table: pd.DataFrame
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()

    def sentence(self) -> str:
        """Return the gaps in prose."""
        parts = []
        for row in self.table.itertuples():
            if math.isnan(row.gap):
                parts.append(f"{row.programme}: {row.explanation}.")
                continue
            relation = (
                "no more than sampling error"
                if row.within_sampling_error
                else f"more than sampling error; possible reasons: {row.explanation}"
            )
            parts.append(
                f"{row.programme}: records count {row.administrative:,.0f}, the survey finds "
                f"{row.survey:,.0f} ({row.ci_low:,.0f} to {row.ci_high:,.0f}); the gap of "
                f"{row.gap:+,.0f} is {relation}."
            )
        return " ".join(parts)


def administrative_against_survey(
    administrative: pd.DataFrame, survey: Mapping[str, Indicator], *, level: float = 0.95
) -> AdministrativeComparison:
    """Return published counts beside survey totals, each gap with its uncertainty and what can explain it.

    Records are taken as they are: the standard error of a gap is that of the survey.

    Parameters
    ----------
    administrative : DataFrame
        Columns `programme`, `count` (in the unit of the survey's totals), `date` and `source`; several dates
        of a programme are several rows.
    survey : mapping of programme to Indicator
        Totals, as of `indicators.total`.
    level : float
        Of confidence intervals.

    Raises
    ------
    ValueError
        For a missing column, text or negative counts, counts without a programme, date or source, survey
        figures that are not totals, or no programme on both sides.

    Examples
    --------
    >>> published = pd.DataFrame({"programme": ["cash"], "count": [120_000], "date": ["2023-01-31"],
    ...     "source": ["ministry"]})
    >>> found = Indicator(code="total", name="Total of cash", value=90_000.0, std_error=8_000.0, df=60, n=480,
    ...     unit="persons")
    >>> row = administrative_against_survey(published, {"cash": found}).table.iloc[0]
    >>> float(row["gap"]), round(row["gap_ci_low"]), bool(row["within_sampling_error"])
    (30000.0, 13998, False)
    """
    if not isinstance(administrative, pd.DataFrame):
        raise ValueError(f"administrative: got {type(administrative).__name__}; give a pandas DataFrame")
    counts = _counts(administrative)
    for programme, indicator in survey.items():
        if not isinstance(indicator, Indicator) or indicator.unit == "share":
            found = indicator.unit if isinstance(indicator, Indicator) else type(indicator).__name__
            raise ValueError(
                f"survey[{programme!r}]: got {found}; allowed: an Indicator of a total, not a share"
            )
    programmes = set(administrative["programme"])
    if not programmes & set(survey):
        raise ValueError(
            f"survey: no programme is on both sides; records have {sorted(map(str, programmes))}, the survey "
            f"{sorted(map(str, survey))}"
        )
    rows = [
        _row(one.programme, float(count), one.date, one.source, survey.get(one.programme), level)
        for one, count in zip(administrative.itertuples(), counts, strict=True)
    ]
    rows += [
        _row(programme, math.nan, None, "", indicator, level)
        for programme, indicator in survey.items()
        if programme not in programmes
    ]
    table = pd.DataFrame(rows).sort_values(
        ["programme", "date", "source"], key=lambda one: one.astype(str), kind="stable"
    )
    return AdministrativeComparison(table.reset_index(drop=True), level)


def _counts(administrative: pd.DataFrame) -> np.ndarray:
    for name in ("programme", "date", "source"):
        gaps = int(find(administrative, name, "administrative").isna().sum())
        if gaps:
            raise ValueError(
                f"administrative: column {name!r} is missing in {gaps} rows; every count needs one"
            )
    counts = numbers(find(administrative, "count", "administrative"), "count", "administrative")
    bad = ~(counts >= 0)
    if bad.any():
        raise ValueError(
            f"administrative: column 'count' holds {counts[bad][0]:g}; allowed: at least 0, none missing"
        )
    return counts


def _row(
    programme: str, count: float, date: object, source: str, indicator: Indicator | None, level: float
) -> dict[str, object]:
    value = low = high = error = math.nan
    if indicator is not None:
        value, error = indicator.value, indicator.std_error
        low, high = indicator.conf_int(level)
    gap = count - value
    within = bool(low <= count <= high) if not math.isnan(count - low) else None
    return {
        **{"programme": programme, "administrative": count, "date": date, "source": source},
        **{"survey": value, "ci_low": low, "ci_high": high},
        **{"gap": gap, "gap_std_error": error if not math.isnan(gap) else math.nan},
        **{"gap_ci_low": count - high, "gap_ci_high": count - low},
        "gap_percent": 100 * gap / count if count else math.nan,
        "within_sampling_error": within,
        "explanation": _explanation(count, value, within),
    }


def _explanation(count: float, value: float, within: bool | None) -> str:
    if math.isnan(count):
        return "no administrative count was given"
    if math.isnan(value):
        return "no survey estimate was given"
    if within is None:
        return "the survey's estimate has no standard error, so the gap cannot be judged"
    if within:
        return "sampling error alone can explain the gap"
    low, high = sorted((count, value))
    unit = _UNIT if low > 0 and 2.5 <= high / low <= 7 else ""  # about the size of a household
    return (_MORE_IN_RECORDS if count > value else _MORE_IN_SURVEY) + unit
