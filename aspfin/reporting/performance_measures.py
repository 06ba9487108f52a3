"""Every indicator of the performance report in one tidy frame: measure × programme × grouping × group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from aspfin import indicators
from aspfin.reporting.performance_data import AFTER, ALL, BEFORE, ELIGIBLE, RECEIVES, Prepared, code_text
from aspfin.reporting.performance_parameters import PerformanceParameters

__all__ = ["EVERYONE", "MONEY_MEASURES", "QUANTILE", "groupings", "measured"]

EVERYONE = "everyone"
QUANTILE, MEANT = "welfare group", "meant for"
FIFTHS = ("poorest", "2nd", "3rd", "4th", "richest")
# What tells how much few recipients got, or what it did; hidden where these are too few
# (`performance_disclosure`). Poverty with the transfers less poverty without them tells it too.
MONEY_MEASURES = (
    *("benefit_incidence", "adequacy", "average_transfer"),
    *("headcount_fall", "gap_fall", "gini_fall", "benefit_cost"),
    *("headcount_after", "gap_after", "gini_after"),
)
WITHOUT_THEM = ("headcount_before", "gap_before", "gini_before")  # nothing of any programme is in these
KEYS = ["measure", "programme", "by", "group"]


def groupings(
    design: indicators.SurveyDesign, data: Prepared, parameters: PerformanceParameters
) -> dict[str, pd.Series]:
    """Return the groups compared, by name: welfare groups, those the programmes are meant for, own columns.

    People are ranked by welfare before transfers, so that a transfer does not move them out of their group.
    """
    tenths = parameters.quantiles == 10
    names = [str(i) for i in range(1, 11)] if tenths else list(FIFTHS)
    meant = np.where(data.frame[ELIGIBLE] == 1, "eligible", "not eligible")
    made = {
        QUANTILE: indicators.quantile_groups(
            design, BEFORE, parameters.quantiles, labels=names, missing="drop"
        ),
        MEANT: pd.Series(pd.Categorical(meant, ["eligible", "not eligible"]), index=data.frame.index),
    }
    return made | {name: _as_text(data.frame[name]) for name in parameters.by}


def _as_text(labels: pd.Series) -> pd.Series:
    """Return labels as text, categories in their own order."""
    if isinstance(labels.dtype, pd.CategoricalDtype):
        return labels.cat.rename_categories([code_text(one) for one in labels.cat.categories])
    return labels.astype(object).map(code_text, na_action="ignore")


def measured(
    design: indicators.SurveyDesign,
    data: Prepared,
    parameters: PerformanceParameters,
    groups: Mapping[str, pd.Series],
) -> pd.DataFrame:
    """Return every indicator, one row each.

    Parameters
    ----------
    design : SurveyDesign
        On the rows of `data.frame` that are used.
    data : Prepared
    parameters : PerformanceParameters
    groups : mapping of str to Series
        `groupings`.

    Returns
    -------
    DataFrame
        measure, programme, by (empty: everybody), group, estimate, std_error, ci_low, ci_high, df, n (rows it
        rests on), rows (of the group), received (rows of the group that receive the programme), unit,
        poverty_line.
    """
    named = {parameters.whole: (ALL, RECEIVES)}
    for one in parameters.programmes:
        named.setdefault(one.words, (data.columns[one.column], data.columns[one.column]))
    found: list[dict[str, Any]] = []
    for programme, (amount, receives) in named.items():
        for by, labels in [("", None), *groups.items()]:
            over = None if labels is None else {by: labels}
            results = _of_programme(design, parameters, amount, receives, over)
            for measure, result in results.items():
                found += _rows(measure, programme, by, result)
    for by in ("", *parameters.by):
        over = {by: groups[by]} if by else None
        for measure, result in _of_poverty(design, parameters, over).items():
            found += _rows(measure, parameters.whole, by, result)
    counts = _counts(design, data, named, groups)
    frame = pd.DataFrame(found).merge(counts, on=["programme", "by", "group"], how="left")
    per_recipient = frame["measure"].isin(["adequacy", "average_transfer"])
    frame["n"] = frame["n"].mask(per_recipient, frame["received"])
    exact = (frame["estimate"] == 0) & (frame["std_error"] == 0) & (frame["ci_high"] == 0)
    frame.loc[exact, ["ci_low", "ci_high"]] = np.nan  # an interval of no width would claim too much
    return frame


def _of_programme(
    design: indicators.SurveyDesign,
    parameters: PerformanceParameters,
    amount: str,
    receives: str,
    over: Mapping[str, pd.Series] | None,
) -> dict[str, Any]:
    money = f"{parameters.poverty_line.currency} per person and day"
    found = {"coverage": indicators.coverage(design, receives=receives, by=over)}
    if not design.column(receives)[design.in_domain].any():  # nobody receives it: nothing to divide by
        return found
    if over is not None:
        found["beneficiary_incidence"] = indicators.beneficiary_incidence(design, receives=receives, by=over)
        found["benefit_incidence"] = indicators.benefit_incidence(design, transfer=amount, by=over)
    found["adequacy"] = indicators.adequacy(design, welfare=AFTER, transfer=amount, by=over)
    found["average_transfer"] = indicators.average_transfer(design, transfer=amount, by=over, unit=money)
    if over is None:
        line = {"poverty_line": parameters.line_per_day}
        welfare = {"welfare": AFTER, "transfer": amount}
        found["headcount_fall"] = indicators.poverty_reduction(design, **welfare, **line, index=0)
        found["gap_fall"] = indicators.poverty_reduction(design, **welfare, **line, index=1)
        found["gini_fall"] = indicators.gini_reduction(design, **welfare)
        found["benefit_cost"] = indicators.benefit_cost_ratio(design, **welfare, **line)
    return found


def _of_poverty(
    design: indicators.SurveyDesign,
    parameters: PerformanceParameters,
    over: Mapping[str, pd.Series] | None,
) -> dict[str, Any]:
    found, line = {}, parameters.line_per_day
    for when, column in (("before", BEFORE), ("after", AFTER)):
        found[f"headcount_{when}"] = indicators.headcount(design, column, poverty_line=line, by=over)
        found[f"gap_{when}"] = indicators.poverty_gap(design, column, poverty_line=line, by=over)
        found[f"gini_{when}"] = indicators.gini(design, column, by=over)
    return found


def _rows(measure: str, programme: str, by: str, result: Any) -> Iterable[dict[str, Any]]:
    for one in [result] if by == "" else result:
        low, high = one.conf_int()
        group = str(next(iter(one.group.values()))) if by else EVERYONE
        yield {
            **{"measure": measure, "programme": programme, "by": by, "group": group},
            **{"estimate": one.value, "std_error": one.std_error, "ci_low": low, "ci_high": high},
            **{"df": one.df, "n": one.n, "unit": one.unit, "poverty_line": one.poverty_line},
        }


def _counts(
    design: indicators.SurveyDesign,
    data: Prepared,
    named: Mapping[str, tuple[str, str]],
    groups: Mapping[str, pd.Series],
) -> pd.DataFrame:
    """Return how many rows are in each group, and how many of them receive each programme."""
    used, found = design.in_domain, []
    told = {by: labels.astype(object).map(str, na_action="ignore") for by, labels in groups.items()}
    for programme, (_, receives) in named.items():
        gets = (data.frame[receives].to_numpy(float) > 0) & used
        found.append(
            {"programme": programme, "by": "", "group": EVERYONE, "rows": used.sum(), "received": gets.sum()}
        )
        for by, text in told.items():
            known = used & text.notna().to_numpy()
            tally = pd.DataFrame({"group": text.to_numpy()[known], "received": gets[known]})
            sizes = tally.groupby("group")["received"].agg(rows="size", received="sum").reset_index()
            found += sizes.assign(programme=programme, by=by).to_dict("records")
    return pd.DataFrame(found).astype({"rows": int, "received": int})
