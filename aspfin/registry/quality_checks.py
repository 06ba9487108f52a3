"""What is wrong with a record, as marks over rows: one function per dimension of quality.

Each function returns a `Findings`: for every row how much of it is right (1 all, 0 nothing, missing where the
question does not arise), and one mark per row and rule that is broken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.registry.names import name_keys
from aspfin.registry.quality_rules import ALTERNATIVES, QualityRules
from aspfin.registry.schema import COLUMNS

__all__ = ["Findings", "Mark", "completeness", "consistency", "timeliness", "uniqueness", "validity"]

Marks = NDArray[np.bool_]
Numbers = NDArray[np.float64]
OLDEST = 110  # years: nobody on a list is older
YOUNGEST_HEAD = 12  # years: a younger head or spouse is an error of age or relation
DAYS_PER_MONTH = 365.25 / 12
FENCE, SMALLEST_FACTOR = 3.0, 5.0


@dataclass(frozen=True)
class Mark:
    """One rule broken by some rows: in which column, what it is, the rows, and where the other row is."""

    rule: str
    column: str
    rows: NDArray[np.int64]
    other: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Findings:
    """How much of each row is right in one dimension, and what is not."""

    right: Numbers
    marks: tuple[Mark, ...]


def completeness(frame: pd.DataFrame, rules: QualityRules) -> Findings:
    """Return which of the required columns are filled: the share per row."""
    lists = frame["list_id"].to_numpy()
    needed, filled = np.zeros(len(frame)), np.zeros(len(frame))
    lacking: dict[str, list[NDArray[np.int64]]] = {}
    for list_id in pd.unique(lists):
        at = np.flatnonzero(lists == list_id)
        for name in rules.needs(str(list_id)):
            held = _held(frame, name)[at]
            needed[at] += 1
            filled[at] += held
            lacking.setdefault(name, []).append(at[~held])
    right = np.divide(filled, needed, out=np.full(len(frame), np.nan), where=needed > 0)
    marks = [Mark("missing", name, np.sort(np.concatenate(rows))) for name, rows in lacking.items()]
    return Findings(right, _kept(marks))


def _held(frame: pd.DataFrame, name: str) -> Marks:
    columns = ALTERNATIVES.get(name, (name,))
    return frame[list(columns)].notna().any(axis=1).to_numpy()


def validity(frame: pd.DataFrame, rules: QualityRules, as_of: pd.Timestamp) -> Findings:
    """Return which rows break no rule of what a value can be."""
    marks = [*_vocabulary(frame), *_dates(frame, as_of), *_people(frame), *_amounts(frame, rules)]
    return _all_or_nothing(len(frame), marks)


def _all_or_nothing(size: int, marks: list[Mark], measured: Marks | None = None) -> Findings:
    right = np.ones(size)
    for mark in marks:
        right[mark.rows] = 0.0
    if measured is not None:
        right[~measured] = np.nan
    return Findings(right, _kept(marks))


def _kept(marks: list[Mark]) -> tuple[Mark, ...]:
    return tuple(mark for mark in marks if mark.rows.size)


def _mark(rule: str, column: str, where: pd.Series | Marks) -> Mark:
    marks = where.fillna(False) if isinstance(where, pd.Series) else where
    return Mark(rule, column, np.flatnonzero(np.asarray(marks, dtype=bool)))


def _vocabulary(frame: pd.DataFrame) -> list[Mark]:
    """Mark values that the vocabulary does not allow; an amount below 0 is told with the amounts."""
    found = []
    for name, column in COLUMNS.items():
        values = frame[name]
        known = values.notna()
        if column.allowed:
            found.append(_mark("unknown code", name, known & ~values.isin(column.allowed)))
        if column.pattern:
            found.append(_mark("not of the form", name, ~_matches(values, column.pattern)))
        if name in ("birth_year", "birth_month"):
            outside = (values < column.least) | (values > column.most)
            found.append(_mark("out of range", name, outside))
    return found


def _matches(values: pd.Series, pattern: str) -> Marks:
    """Return which texts have a form, trying each different text once; missing counts as having it."""
    codes, known = pd.factorize(values)
    good = pd.Series(known, dtype="str").str.fullmatch(pattern).to_numpy(dtype=bool)
    return np.append(good, True)[codes]


def _dates(frame: pd.DataFrame, as_of: pd.Timestamp) -> list[Mark]:
    birth, year = frame["birth_date"], frame["birth_year"].astype("Float64")
    registered, updated, paid = (frame[name] for name in ("registered_on", "updated_on", "payment_date"))
    return [
        _mark("in the future", "birth_date", (birth > as_of) | (year > as_of.year)),
        _mark(f"older than {OLDEST} years", "birth_date", year < as_of.year - OLDEST),
        _mark("in the future", "registered_on", registered > as_of),
        _mark("in the future", "updated_on", updated > as_of),
        _mark("in the future", "payment_date", paid > as_of),
        _mark("updated before registered", "updated_on", updated < registered),
        _mark("registered before birth", "registered_on", (registered < birth) | (registered.dt.year < year)),
        _mark("paid before registered", "payment_date", paid < registered),
    ]


def _people(frame: pd.DataFrame) -> list[Mark]:
    year = frame["birth_year"].astype("Float64")
    age = frame["registered_on"].dt.year - year
    leads = frame["relation"].isin(("head", "spouse"))
    village, province = frame["village_code"], frame["province"]
    elsewhere = village.notna() & province.notna() & (village.str[:4] != province)
    return [
        _mark(f"head or spouse under {YOUNGEST_HEAD}", "relation", leads & (age < YOUNGEST_HEAD)),
        _mark("village in another province", "village_code", elsewhere),
    ]


def _amounts(frame: pd.DataFrame, rules: QualityRules) -> list[Mark]:
    amount = frame["amount"].to_numpy(float)
    marks = [_mark("below 0", "amount", amount < 0)]
    lists = frame["list_id"].to_numpy()
    outside = np.zeros(len(frame), dtype=bool)
    for list_id in pd.unique(lists):
        at = np.flatnonzero((lists == list_id) & (amount > 0))
        low, high = rules.amounts.get(str(list_id)) or _fences(amount[at])
        outside[at] = (amount[at] < low) | (amount[at] > high)
    return [*marks, _mark("not of the usual size", "amount", outside)]


def _fences(amount: Numbers) -> tuple[float, float]:
    """Return Tukey's outer fences of the logarithm, at least a factor of five from the median."""
    if amount.size < 20:
        return 0.0, np.inf
    low, middle, high = np.quantile(np.log(amount), [0.25, 0.5, 0.75])
    spread, least = FENCE * (high - low), np.log(SMALLEST_FACTOR)
    # Rounded outwards: the logarithm of an amount on the fence must not fall beside it.
    below, above = min(low - spread, middle - least), max(high + spread, middle + least)
    return float(np.exp(below) * (1 - 1e-9)), float(np.exp(above) * (1 + 1e-9))


def uniqueness(frame: pd.DataFrame, rules: QualityRules) -> Findings:
    """Return which rows repeat an earlier row of their list; the first by row number is the original."""
    lists = frame["list_id"]
    single = lists.isin(rules.one_per_household)
    marks = [
        _again(frame, "number of the record used twice", "record_id", [frame["record_id"]]),
        _again(frame, "national number used twice", "person_id", [frame["person_id"]]),
        _again(frame, "same name, birth, sex and village", "name", _same_person(frame)),
        _again(frame, "second record of a household", "household_id", [frame["household_id"].where(single)]),
    ]
    return _all_or_nothing(len(frame), marks)


def _same_person(frame: pd.DataFrame) -> list[pd.Series]:
    """Return name, day of birth, sex and village; names only where the others occur twice in the list."""
    born = frame["birth_date"].where(frame["birth_precision"] == "day")
    keys = [born, frame["sex"], frame["village_code"]]
    group, known = _groups([frame["list_id"], *keys])
    size = np.bincount(group[known], minlength=group.max(initial=0) + 1)
    at = np.flatnonzero(known & (size[group] > 1))
    names = pd.Series(np.nan, index=frame.index, dtype="str")
    if at.size:
        names.iloc[at] = name_keys(frame.iloc[at])["name_key"].to_numpy()
    return [*keys, names]


def _again(frame: pd.DataFrame, rule: str, column: str, keys: list[pd.Series]) -> Mark:
    """Mark rows whose keys, none of them missing, were there before in the same list."""
    group, known = _groups([frame["list_id"], *keys])
    at = np.flatnonzero(known)
    order = at[np.lexsort((frame["row"].to_numpy()[at], group[at]))]
    new = np.append(True, np.diff(group[order]) != 0) if order.size else np.zeros(0, dtype=bool)
    first = order[np.flatnonzero(new)][np.cumsum(new) - 1] if order.size else order
    again, original = order[~new], frame["row"].to_numpy()[first[~new]]
    place = np.argsort(again)
    return Mark(rule, column, again[place], original[place])


def _groups(keys: list[pd.Series]) -> tuple[NDArray[np.int64], Marks]:
    """Return one number per combination of keys, and where no key is missing."""
    group = np.zeros(len(keys[0]), dtype=np.int64)
    known = np.ones(len(keys[0]), dtype=bool)
    for key in keys:
        codes, _ = pd.factorize(key)
        known &= codes >= 0
        joined = group * (int(codes.max(initial=0)) + 2) + codes + 1
        group = np.unique(joined, return_inverse=True)[1].astype(np.int64)
    return group, known


def consistency(frame: pd.DataFrame, rules: QualityRules, person: pd.Series | None) -> Findings:
    """Return which rows agree with the other lists about the same person (or card, for its level).

    A row differs where it holds another value than most records of the person; where no value is held by
    most, all of them differ. Rows of people found in one list only are not measured.
    """
    if person is None:
        person = frame["person_id"]
    marks, measured = [], np.zeros(len(frame), dtype=bool)
    for column in rules.compared:
        # Members of a household hold one card.
        of = frame["household_id"] if column == "card_level" else person
        known, differs = _disagreement(frame, column, of)
        measured |= known
        marks.append(_mark("differs from other lists", column, differs))
    return _all_or_nothing(len(frame), marks, measured)


def _disagreement(frame: pd.DataFrame, column: str, of: pd.Series) -> tuple[Marks, Marks]:
    values = frame[column]
    if column == "birth_date":  # to the day only where the day is known; years are compared by themselves
        values = values.where(frame["birth_precision"] == "day")
    group, known = _groups([of])
    known &= values.notna().to_numpy()
    list_codes = pd.factorize(frame["list_id"])[0]
    at = np.flatnonzero(known)
    if not at.size:
        return known, known.copy()
    size = int(group.max()) + 1
    lists = pd.DataFrame({"group": group[at], "list": list_codes[at]}).drop_duplicates()
    several = np.bincount(lists["group"], minlength=size) > 1
    at = at[several[group[at]]]
    pair = _groups([pd.Series(group[at]), values.iloc[at].reset_index(drop=True)])[0]
    count = np.bincount(pair)[pair] if at.size else np.zeros(0, dtype=int)
    most = np.zeros(size, dtype=np.int64)
    np.maximum.at(most, group[at], count)
    top = count == most[group[at]]
    leaders = pd.DataFrame({"group": group[at][top], "pair": pair[top]}).drop_duplicates()
    tied = np.bincount(leaders["group"], minlength=size) > 1
    measured, differs = np.zeros(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    measured[at] = True
    differs[at] = ~top | tied[group[at]]
    return measured, differs


def timeliness(frame: pd.DataFrame, rules: QualityRules, as_of: pd.Timestamp) -> Findings:
    """Return which rows were registered or updated recently enough; rows without a date are not measured."""
    last = frame[["registered_on", "updated_on"]].max(axis=1)
    months = ((as_of - last).dt.days / DAYS_PER_MONTH).to_numpy(float)
    codes, names = pd.factorize(frame["list_id"])
    allowed = np.array([rules.max_age(str(name)) for name in names])[codes]
    stale = np.flatnonzero(months > allowed)
    return _all_or_nothing(len(frame), [Mark("stale", "updated_on", stale)], ~np.isnan(months))
