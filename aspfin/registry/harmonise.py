"""One messy list into the vocabulary of all lists, with every change told and every row accounted for.

Nothing is lost in silence: rows read = rows in the frame + rows rejected; a value that cannot be read becomes
missing and is in the log by row, column and kind. The log and the reconciliation hold no value of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.registry import conversions
from aspfin.registry.change_log import ChangeLog
from aspfin.registry.conversions import Marks
from aspfin.registry.dates import parse_dates
from aspfin.registry.mapping import ListMapping, as_mapping, code_values
from aspfin.registry.schema import COLUMNS, DATES, Validation, empty_frame, validate
from aspfin.results import InputError, Problem, ResultMixin

__all__ = ["Harmonised", "harmonise"]

# A row that has none of these is about nobody.
_SOMEBODY = ("name_km", "name_latin", "person_id", "household_id", "phone", "birth_year")


@dataclass(frozen=True, eq=False, repr=False)
class Harmonised(ResultMixin):
    """One list in the vocabulary of all lists.

    Attributes
    ----------
    frame : DataFrame
        The records: all columns of `aspfin.registry.schema.COLUMNS`, then those the mapping keeps. Holds
        personal data.
    log : DataFrame
        Every change: list_id, column, kind, row (of the source file; missing where the whole column was
        treated alike: of all rows read) and count.
    rejected : DataFrame
        Rows that are no record: list_id, row, kind, source_file.
    reconciliation : DataFrame
        One row: list_id, source_file, rows_in_file, rows_not_read (by the reader of the file), rows_read,
        rejected, records, balanced.
    validation : Validation
        The answer of the checks of the vocabulary.
    mapping : ListMapping
        What the list was read with.

    Examples
    --------
    >>> raw = pd.DataFrame({"Name": ["SOK DARA", None], "Sex": ["M", None]})
    >>> mapping = {"list_id": "a", "programme": "A", "columns": {"name_latin": "Name", "sex": "Sex"}}
    >>> people = harmonise(raw, mapping)
    >>> people.frame[["name_latin", "sex", "row"]].to_numpy().tolist()
    [['Sok Dara', 'male', 2]]
    >>> print(people)
    a: 2 rows read, 1 record and 1 row rejected (nothing that tells a person 1); 1 kind of change to
    single values.
    """

    frame: pd.DataFrame
    log: pd.DataFrame
    rejected: pd.DataFrame
    reconciliation: pd.DataFrame
    validation: Validation
    mapping: ListMapping = field(hash=False)

    def to_frame(self) -> pd.DataFrame:
        """Return how often each kind of change was made, by column: no personal data."""
        keys = ["list_id", "column", "kind"]
        counted = self.log.groupby(keys, observed=True, as_index=False)["count"].sum()
        return counted.astype({"list_id": "str", "column": "str", "kind": "str"})

    def sentence(self) -> str:
        """Return what happened to the list, in prose."""
        told = self.reconciliation.iloc[0]
        kinds = self.rejected["kind"].value_counts().sort_index()
        why = f" ({', '.join(f'{kind} {n:,}' for kind, n in kinds.items())})" if len(kinds) else ""
        single = self.log[self.log["row"].notna()]
        changes = single.groupby(["column", "kind"], observed=True).ngroups
        return (
            f"{told.list_id}: {_counted(told.rows_read, 'row')} read, {_counted(told.records, 'record')} and "
            f"{_counted(told.rejected, 'row')} rejected{why}; {_counted(changes, 'kind')} of change to "
            f"single values."
        )


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class _Source:
    """The raw rows with their numbers in the file, and what the reader of the file left out."""

    frame: pd.DataFrame
    rows: NDArray[np.int64]
    file: str
    rows_in_file: int


def harmonise(data: Any, mapping: ListMapping | Mapping[str, Any]) -> Harmonised:
    """Turn one list into the vocabulary of all lists.

    Parameters
    ----------
    data : DataFrame or ListFile
        The raw list: a table, or what `aspfin.data.lists.read` returns. Not changed. The rows of a table
        count from 2, its heading being row 1.
    mapping : ListMapping or mapping
        Which column is which, and how it is written; see `ListMapping`.

    Returns
    -------
    Harmonised

    Raises
    ------
    InputError
        The mapping is wrong, or names a column that the list does not have; every problem in a line.

    Examples
    --------
    >>> raw = pd.DataFrame({"no": [1.0, 2.0], "ឈ្មោះ": ["សុខ\u200b ដារ៉ា", "ចាន់ សុភា"]})
    >>> raw["ឆ្នាំ"] = ["២៥៣៤", "31/02/1990"]
    >>> people = harmonise(raw, {"list_id": "a", "programme": "A",
    ...     "columns": {"record_id": "no", "name_km": "ឈ្មោះ", "birth_date": "ឆ្នាំ"}})
    >>> people.frame[["record_id", "name_km", "birth_year", "birth_precision"]].to_numpy().tolist()
    [['1', 'សុខ ដារ៉ា', 1990, 'year'], ['2', 'ចាន់ សុភា', 1990, 'year']]
    >>> people.log.loc[people.log["column"] == "birth_date", ["kind", "row"]].to_numpy().tolist()
    [['impossible day', 3], ['other calendar', 2]]
    """
    rule = as_mapping(mapping)
    source = _source(data, rule)
    _check_columns(source, rule)
    log = ChangeLog(rule.list_id, source.rows)
    words = {raw: name for name, raw in (rule.columns | rule.keep).items()}
    header = _header_rows(source.frame, words)
    raw = {}
    for name, column in rule.columns.items():
        raw[name] = conversions.without_missing(source.frame[column], rule.missing)
        nothing = source.frame[column].count() - raw[name].count()
        log.all(name, "blank, or stated to be nothing: missing", nothing)
    made = _converted(raw, rule, log, source)
    kept = {name: source.frame[column] for name, column in rule.keep.items()}
    empty = ~pd.DataFrame({name: made[name].notna() for name in _SOMEBODY}).any(axis=1).to_numpy()
    out = header | empty
    frame = pd.concat([made, pd.DataFrame(kept, index=made.index)], axis=1) if kept else made
    frame = frame[~out].reset_index(drop=True)
    kinds = np.where(header, "heading repeated", "nothing that tells a person")[out]
    rejected = pd.DataFrame(
        {"list_id": rule.list_id, "row": source.rows[out], "kind": kinds, "source_file": source.file}
    )
    table = log.table()
    table = table[~table["row"].isin(rejected["row"])].reset_index(drop=True)
    read = len(source.frame)
    told = pd.DataFrame(
        {
            "list_id": [rule.list_id],
            "source_file": [source.file],
            "rows_in_file": [source.rows_in_file],
            "rows_not_read": [source.rows_in_file - read],
            "rows_read": [read],
            "rejected": [len(rejected)],
            "records": [len(frame)],
            "balanced": [read == len(rejected) + len(frame)],
        }
    )
    return Harmonised(frame, table, rejected, told, validate(frame), rule)


def _source(data: Any, rule: ListMapping) -> _Source:
    if isinstance(data, pd.DataFrame):
        frame = data.reset_index(drop=True)
        return _Source(frame, np.arange(2, len(frame) + 2), Path(rule.file).name or "table", len(frame))
    frame = getattr(data, "frame", None)
    if not isinstance(frame, pd.DataFrame):
        raise InputError(
            Problem("harmonise", "data", type(data).__name__, "a DataFrame, or what data.lists.read returns")
        )
    rows = np.asarray(getattr(data, "rows", np.arange(2, len(frame) + 2)), dtype="int64")
    name = Path(str(getattr(data, "file", "") or rule.file or "table")).name
    in_file = getattr(getattr(data, "reconciliation", None), "rows_in_file", len(frame))
    return _Source(frame.reset_index(drop=True), rows, name, int(in_file))


def _check_columns(source: _Source, rule: ListMapping) -> None:
    """Tell every column that the mapping names and the list lacks, or has twice."""
    here = list(source.frame.columns)
    problems = []
    for where, names in (("columns", rule.columns), ("keep", rule.keep)):
        for name, column in names.items():
            times = here.count(column)
            if times == 1:
                continue
            near = get_close_matches(column, [str(one) for one in here], n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            allowed = f"a column of {source.file}, once{hint}"
            found = column if times == 0 else f"{column} ({times} times)"
            problems.append(Problem(f"mapping of {rule.list_id}", f"{where}.{name}", found, allowed))
    if problems:
        raise InputError(problems)


def _header_rows(frame: pd.DataFrame, words: Mapping[str, str]) -> NDArray[np.bool_]:
    """Return the rows in which the heading is repeated, as printed pages joined together have it."""
    same = np.ones(len(frame), dtype=bool)
    for column in words:
        values = frame[column]
        if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
            return np.zeros(len(frame), dtype=bool)
        same &= (values == column).fillna(False).to_numpy(dtype=bool)
    return same


def _converted(
    raw: Mapping[str, pd.Series], rule: ListMapping, log: ChangeLog, source: _Source
) -> pd.DataFrame:
    """Return the vocabulary filled from the raw columns, row by row of the file."""
    made = {name: column.copy() for name, column in empty_frame(source.frame.index).items()}
    made["list_id"][:], made["programme"][:] = rule.list_id, rule.programme
    made["row"], made["source_file"][:] = pd.Series(source.rows, index=source.frame.index), source.file
    for name, values in raw.items():
        if name in DATES:
            _dates(name, values, rule, log, made)
        elif name == "village_code":
            _villages(values, rule, log, made)
        elif name == "amount":
            unit = rule.units.get("amount")
            made[name], marks = conversions.amounts(values, riel=unit.riel if unit else 1.0)
            _tell(log, name, marks, values.count())
            if unit and unit.unit != "riel":
                words = f"{unit.unit.replace('_', ' ')} to riel, times {unit.riel:g}"
                log.all(name, words, made[name].count())
        elif name not in ("record_id", "province"):
            made[name], marks = _column(name, values, rule, log)
            _tell(log, name, marks, values.count())
    if "province" in raw:
        _province(raw["province"], rule, log, made)
    _names_in_place(rule, log, made)
    made["record_id"] = _record_ids(raw.get("record_id"), log, source)
    return pd.DataFrame({name: made[name].astype(column.dtype) for name, column in COLUMNS.items()})


def _tell(log: ChangeLog, column: str, marks: Marks, filled: int) -> None:
    """Note changes row by row, or once where every value that is filled in was treated alike."""
    for kind, where in marks.items():
        if where.sum() == filled > 1:
            log.all(column, kind, int(where.sum()))
        else:
            log.some(column, kind, where)


def _column(name: str, values: pd.Series, rule: ListMapping, log: ChangeLog) -> conversions.Converted:
    """Convert one column that stands by itself."""
    if name in ("name_km", "name_latin"):
        return conversions.names(values, given_first=rule.names.order == "given_first")
    if name in ("sex", "card_level", "relation"):
        table = dict(conversions.SEXES) if name == "sex" else {}
        new, marks = conversions.codes(values, table | rule.codes.get(name, {}), code_values(name))
        log.all(name, "codes to the vocabulary", (new.notna() & (new != values.astype("str"))).sum())
        return (pd.to_numeric(new).astype("Int8") if name == "card_level" else new), marks
    if name == "phone":
        return conversions.phones(values)
    return conversions.identifiers(values)


def _dates(
    name: str, values: pd.Series, rule: ListMapping, log: ChangeLog, made: dict[str, pd.Series]
) -> None:
    told = rule.dates.get(name)
    words = told.model_dump() if told else {}
    read = parse_dates(values, **words, taken_on=rule.taken_on)
    made[name] = read["date"]
    kinds = read["kind"]
    order = words.get("order", "dmy")
    log.all(name, f"dates read as {order}", (kinds.isna() & read["year"].notna()).sum())
    for kind in sorted(kinds.dropna().unique()):
        log.some(name, kind, kinds == kind)
    if told and told.calendar == "buddhist":
        log.all(name, f"Buddhist years to Gregorian, minus {told.offset}", read["year"].count())
    if name == "birth_date":
        made["birth_year"], made["birth_month"] = read["year"], read["month"]
        made["birth_precision"] = read["precision"]
    else:
        log.some(name, "day not known: left out", read["date"].isna() & read["year"].notna())


def _villages(values: pd.Series, rule: ListMapping, log: ChangeLog, made: dict[str, pd.Series]) -> None:
    prefix = rule.village.prefix
    made["village_code"], made["province"], marks = conversions.villages(values, prefix=prefix)
    _tell(log, "village_code", marks, values.count())
    if prefix:
        log.all("village_code", f"{prefix} put before it", made["village_code"].count())


def _province(values: pd.Series, rule: ListMapping, log: ChangeLog, made: dict[str, pd.Series]) -> None:
    """Read the list's own column of provinces; the village decides where both are known."""
    found, marks = conversions.codes(values, rule.codes.get("province", {}), code_values("province"))
    _tell(log, "province", marks, values.count())
    by_village = made["province"]
    differs = by_village.notna() & found.notna() & (by_village != found)
    log.some("province", "differs from the village: the village kept", differs)
    made["province"] = by_village.fillna(found)


def _names_in_place(rule: ListMapping, log: ChangeLog, made: dict[str, pd.Series]) -> None:
    khmer, latin, marks = conversions.scripts_apart(made["name_km"], made["name_latin"])
    made["name_km"], made["name_latin"] = khmer, latin
    _tell(log, "name_km" if "name_km" in rule.columns else "name_latin", marks, 0)


def _record_ids(values: pd.Series | None, log: ChangeLog, source: _Source) -> pd.Series:
    """Return unique record numbers: made from the row where there is none, numbered where repeated."""
    by_row = "row-" + pd.Series(source.rows, index=source.frame.index).astype("str")
    if values is None:
        log.all("record_id", "made from the row number", len(by_row))
        return by_row
    found, marks = conversions.identifiers(values)
    _tell(log, "record_id", marks, values.count())
    log.some("record_id", "missing: made from the row number", found.isna())
    found = found.fillna(by_row)
    again = found.groupby(found).cumcount()
    log.some("record_id", "repeated: numbered", again > 0)
    while (again > 0).any():  # a numbered one may itself be there already
        found = found.where(again == 0, found + "#" + (again + 1).astype("str"))
        again = found.groupby(found).cumcount()
    return found
