"""How good the lists are: five dimensions, a score per list and per office, and every row that costs points.

A dimension is scored by the mean, over the records, of how much of each is right, in per cent; the score of a
list is the weighted mean of its dimensions. Every point that is lost is traced to the rows that lose it, so
that the points lost by all rules and the score make 100.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.registry import quality_checks as checks
from aspfin.registry.quality_rules import ALTERNATIVES, DIMENSIONS, QualityRules, as_rules
from aspfin.registry.schema import COLUMNS
from aspfin.registry.stacking import same_person, stacked
from aspfin.results import InputError, Problem, ResultMixin

__all__ = ["Quality", "assess"]

NO_OFFICE = "(none)"
_ISSUE_KEYS = ("list_id", "source_file", "office", "dimension", "column", "rule")


@dataclass(frozen=True, eq=False, repr=False)
class Quality(ResultMixin):
    """What the lists are worth; no table holds a name, a number of a person, or any value found.

    Attributes
    ----------
    scores : DataFrame
        One row per list: list_id, records, then each dimension and the score (0 to 100; missing where nothing
        could be measured), linked_records (found in another list too), last_day (of registration or update).
    offices : DataFrame
        The same by list and reporting office; scores of offices below the smallest size are missing.
    columns : DataFrame
        One row per list and column: required, held (whether the list has it at all), filled (share of rows).
    problems : DataFrame
        One row per list, dimension, column and rule that is broken: rows, share (of the list's records),
        points (of the list's score lost), points_per_row, amount (riel on those rows). The costliest first.
    issues : DataFrame
        One row per row and rule: list_id, source_file, row, office, dimension, column, rule, other_row (where
        the original of a repeated record is), points (of the list's score).
    rules : QualityRules
    as_of : Timestamp
        The day the lists were judged on.
    notes : tuple of str
        Conventions applied and questions that could not be asked.
    """

    scores: pd.DataFrame
    offices: pd.DataFrame
    columns: pd.DataFrame
    problems: pd.DataFrame
    issues: pd.DataFrame
    rules: QualityRules
    as_of: pd.Timestamp
    notes: tuple[str, ...] = field(default=())

    @property
    def weights(self) -> pd.DataFrame:
        """The weight of each dimension in the score."""
        return pd.DataFrame(list(self.rules.weights.items()), columns=["dimension", "weight"])

    def to_frame(self) -> pd.DataFrame:
        """Return the scores of the lists."""
        return self.scores.copy()

    def sentence(self) -> str:
        """Return the scores, and what costs most, in prose."""
        ranked = self.scores.dropna(subset="score").sort_values(["score", "list_id"], ascending=[False, True])
        if ranked.empty:
            return "None of the lists has records to judge."
        best, worst = ranked.iloc[0], ranked.iloc[-1]
        spread = (
            f"{best.list_id} is the best list with {best.score:.0f} of 100 points and {worst.list_id} the "
            f"worst with {worst.score:.0f}"
            if len(ranked) > 1
            else f"{best.list_id} has {best.score:.0f} of 100 points"
        )
        if self.problems.empty:
            return f"{spread}; nothing needs to be fixed."
        top = self.problems.iloc[0]
        return (
            f"{spread}. The costliest problem is in {top.list_id}: {top.column}, {top.rule} ({top.rows:,} "
            f"records, {top.points:.1f} points)."
        )


def assess(
    lists: Any, rules: QualityRules | Mapping[str, Any] | None = None, *, persons: pd.DataFrame | None = None
) -> Quality:
    """Judge harmonised lists by completeness, validity, uniqueness, consistency across lists and timeliness.

    Parameters
    ----------
    lists : DataFrame, Harmonised, or several of them (mapping or sequence)
        One or more lists in the vocabulary. Not changed.
    rules : QualityRules, mapping or None
        By what they are judged; None takes the defaults.
    persons : DataFrame or None
        Which records are the same person: list_id, record_id, person, as a linkage gives them. Without it
        records are the same person where they hold the same national number.

    Returns
    -------
    Quality

    Raises
    ------
    InputError
        No records, columns of the vocabulary not there, or a rule that is wrong.

    Examples
    --------
    >>> from aspfin.registry import harmonise
    >>> raw = pd.DataFrame({"No": ["1", "2"], "Name": ["Sok Dara", None], "Born": ["3/4/1990", "1985"]})
    >>> mapping = {"list_id": "cash", "programme": "Cash",
    ...     "columns": {"record_id": "No", "name_latin": "Name", "birth_date": "Born"}}
    >>> rules = {"required": {"all": ["name", "birth"]}, "as_of": "2024-01-01"}
    >>> quality = assess(harmonise(raw, mapping), rules)
    >>> quality.scores[["list_id", "completeness", "uniqueness"]].to_numpy().tolist()
    [['cash', 75.0, 100.0]]
    >>> quality.issues[["row", "column", "rule"]].to_numpy().tolist()
    [[3, 'name', 'missing']]
    """
    rule = as_rules(rules)
    frame = stacked(lists, extra=(rule.office,))
    as_of, notes = _as_of(frame, rule)
    same = None if persons is None else same_person(frame, persons)
    found = {
        "completeness": checks.completeness(frame, rule),
        "validity": checks.validity(frame, rule, as_of),
        "uniqueness": checks.uniqueness(frame, rule),
        "consistency": checks.consistency(frame, rule, same),
        "timeliness": checks.timeliness(frame, rule, as_of),
    }
    office = frame[rule.office].astype("str").fillna(NO_OFFICE)
    list_code, list_names = pd.factorize(frame["list_id"])
    scores = _scores(pd.DataFrame({"list_id": list_names}), list_code, found, rule)
    _add_what_is_known(scores, frame, found["consistency"].right, list_code)
    keys = frame[["list_id"]].assign(office=office)
    office_code = keys.groupby(["list_id", "office"], sort=True).ngroup().to_numpy()
    offices = _scores(
        keys.drop_duplicates().sort_values(["list_id", "office"], ignore_index=True), office_code, found, rule
    )
    small = offices["records"] < rule.smallest_office
    offices.loc[small, [*DIMENSIONS, "score"]] = np.nan
    issues = _issues(frame, office, found, list_code, scores, rule)
    if same is None:
        notes += ("the same person in two lists: the same national number",)
    notes += _unmeasured(scores)
    if small.any():
        notes += (f"{int(small.sum())} offices with fewer than {rule.smallest_office} records have no score",)
    return Quality(
        scores=scores,
        offices=offices,
        columns=_columns(frame, rule),
        problems=_problems(issues, frame, scores),
        issues=issues,
        rules=rule,
        as_of=as_of,
        notes=notes,
    )


def _as_of(frame: pd.DataFrame, rules: QualityRules) -> tuple[pd.Timestamp, tuple[str, ...]]:
    if rules.as_of is not None:
        return pd.Timestamp(rules.as_of), ()
    last = frame[["registered_on", "updated_on", "payment_date"]].max().max()
    if pd.isna(last):
        raise InputError(Problem("rules", "as_of", "nothing, and the lists hold no date", "a day"))
    return last, (f"judged on {last.date()}, the last day found in any list",)


def _scores(
    keys: pd.DataFrame, code: NDArray[np.int64], found: dict[str, checks.Findings], rules: QualityRules
) -> pd.DataFrame:
    """Return the mean of each dimension by group, in per cent, and the weighted mean of those measured."""
    size = len(keys)
    table = keys.reset_index(drop=True)
    table["records"] = np.bincount(code, minlength=size)
    total, weight = np.zeros(size), np.zeros(size)
    for name in DIMENSIONS:
        right = found[name].right
        known = ~np.isnan(right)
        count = np.bincount(code[known], minlength=size)
        sums = np.bincount(code[known], weights=right[known], minlength=size)
        value = np.divide(100 * sums, count, out=np.full(size, np.nan), where=count > 0)
        table[name] = value
        total += rules.weights[name] * np.nan_to_num(value)
        weight += rules.weights[name] * (count > 0)
    table["score"] = np.divide(total, weight, out=np.full(size, np.nan), where=weight > 0)
    return table


def _add_what_is_known(
    scores: pd.DataFrame, frame: pd.DataFrame, linked: NDArray[np.float64], code: NDArray[np.int64]
) -> None:
    scores["linked_records"] = np.bincount(code[~np.isnan(linked)], minlength=len(scores))
    last = frame[["registered_on", "updated_on"]].max(axis=1).groupby(code).max()
    scores["last_day"] = last.to_numpy()


def _issues(
    frame: pd.DataFrame,
    office: pd.Series,
    found: dict[str, checks.Findings],
    list_code: NDArray[np.int64],
    scores: pd.DataFrame,
    rules: QualityRules,
) -> pd.DataFrame:
    """Return one row per row and rule; a row's loss in a dimension is shared equally among its rules."""
    parts = []
    measured = scores[list(DIMENSIONS)].notna().mul(pd.Series(rules.weights))
    for name in DIMENSIONS:
        right, marks = found[name].right, found[name].marks
        if not marks:
            continue
        rows = np.concatenate([mark.rows for mark in marks])
        shared = np.bincount(rows, minlength=len(frame))
        known = np.bincount(list_code[~np.isnan(right)], minlength=len(scores))
        share = np.divide(
            measured[name], measured.sum(axis=1), out=np.zeros(len(scores)), where=measured.sum(axis=1) > 0
        )
        per_record = 100 * share / np.maximum(known, 1)
        sizes = [mark.rows.size for mark in marks]
        others = [np.full(mark.rows.size, -1) if mark.other is None else mark.other for mark in marks]
        loss = np.nan_to_num(1 - right)[rows] / shared[rows] * per_record[list_code[rows]]
        part = {"at": rows, "dimension": name, "other": np.concatenate(others), "points": loss}
        part["column"] = np.repeat([mark.column for mark in marks], sizes)
        part["rule"] = np.repeat([mark.rule for mark in marks], sizes)
        parts.append(pd.DataFrame(part))
    names = ["at", "dimension", "other", "points", "column", "rule"]
    told = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names).astype({"at": int})
    at = told["at"].to_numpy(dtype=np.int64)
    table = pd.DataFrame(
        {
            "list_id": frame["list_id"].to_numpy()[at],
            "source_file": frame["source_file"].to_numpy()[at],
            "row": frame["row"].to_numpy()[at],
            "office": office.to_numpy()[at],
            **{name: told[name].to_numpy() for name in ("dimension", "column", "rule")},
            "other_row": pd.array(told["other"], dtype="Int64"),
            "points": told["points"].to_numpy(dtype=float),
            "amount": frame["amount"].to_numpy(float)[at],
        }
    )
    table["other_row"] = table["other_row"].mask(table["other_row"] < 0)
    for name in _ISSUE_KEYS:
        table[name] = table[name].astype("str").astype("category")
    return table.sort_values(["list_id", "row", "dimension", "column", "rule"], ignore_index=True)


def _problems(issues: pd.DataFrame, frame: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    keys = ["list_id", "dimension", "column", "rule"]
    grouped = issues.groupby(keys, observed=True, sort=True)
    table = grouped.agg(
        rows=("row", "size"), points=("points", "sum"), amount=("amount", "sum")
    ).reset_index()
    table = table.astype(dict.fromkeys(keys, "str"))
    records = table["list_id"].map(scores.set_index("list_id")["records"]).astype("float64")
    table["share"] = table["rows"] / records
    table["points_per_row"] = table["points"] / table["rows"]
    ordered = table.sort_values(
        ["points", *keys], ascending=[False, True, True, True, True], ignore_index=True
    )
    return ordered[[*keys, "rows", "share", "points", "points_per_row", "amount"]]


def _columns(frame: pd.DataFrame, rules: QualityRules) -> pd.DataFrame:
    names = [name for name in COLUMNS if name not in ("list_id", "programme", "row", "source_file")]
    filled = frame[names].notna().groupby(frame["list_id"].to_numpy(), sort=False).mean()
    rows = [
        (list_id, name, _is_required(name, rules.needs(str(list_id))), bool(share > 0), float(share))
        for list_id, shares in filled.iterrows()
        for name, share in shares.items()
    ]
    return pd.DataFrame(rows, columns=["list_id", "column", "required", "held", "filled"])


def _is_required(column: str, needs: tuple[str, ...]) -> bool:
    return any(column in ALTERNATIVES.get(name, (name,)) for name in needs)


def _unmeasured(scores: pd.DataFrame) -> tuple[str, ...]:
    return tuple(
        f"{row.list_id}: {name} could not be measured, the other dimensions share its weight"
        for name in DIMENSIONS
        for row in scores[scores[name].isna()].itertuples()
    )
