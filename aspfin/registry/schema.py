"""One vocabulary for every list: what a harmonised record holds, and whether a table keeps to it.

One row is one person on one list. Every column is there in every list; what a list does not have is
missing. The checks are written with pandera and are vectorised; a broken rule is told by column, kind and
row number, never with the value found.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from aspfin.results import InputError, Problem, ResultMixin

__all__ = ["COLUMNS", "DATES", "IDENTIFIERS", "Column", "Validation", "empty_frame", "validate"]


@dataclass(frozen=True)
class Column:
    """One column of a harmonised list: its type, its meaning, and the values allowed.

    Attributes
    ----------
    dtype : str
        Of pandas. Text is "str"; whole numbers that can be missing "Int16" or "Int8".
    meaning : str
        In words, with the unit.
    allowed : tuple
        All values allowed; empty where any is.
    pattern : str
        What text must look like; empty where anything goes.
    least, most : float or None
        Bounds of numbers, inclusive.
    required : bool
        Whether no row may miss it.
    identifier : bool
        Whether it tells who somebody is: never shown outside the frame.
    """

    dtype: str
    meaning: str
    allowed: tuple[Any, ...] = ()
    pattern: str = ""
    least: float | None = None
    most: float | None = None
    required: bool = False
    identifier: bool = False


_DAY = "datetime64[s]"
COLUMNS: dict[str, Column] = {
    "list_id": Column("str", "the list", required=True),
    "programme": Column("str", "the programme it belongs to", required=True),
    "record_id": Column("str", "the record; unique in its list", required=True),
    "household_id": Column("str", "number of the household, usually its card", identifier=True),
    "person_id": Column("str", "national number of the person", identifier=True),
    "name_km": Column("str", "full name in Khmer, family name first", identifier=True),
    "name_latin": Column("str", "full name in Latin letters, family name first", identifier=True),
    "sex": Column("str", "sex", allowed=("female", "male")),
    "birth_date": Column(_DAY, "day of birth, where the day is known", identifier=True),
    "birth_year": Column("Int16", "year of birth (Gregorian)", least=1900, most=2100),
    "birth_month": Column("Int8", "month of birth, where known", least=1, most=12),
    "birth_precision": Column("str", "how well the birth is known", allowed=("day", "month", "year")),
    "village_code": Column("str", "P-code of the village", pattern=r"KH\d{8}"),
    "province": Column("str", "P-code of the province", pattern=r"KH(?:0[1-9]|1\d|2[0-5])"),
    "card_level": Column("Int8", "level of poverty card: 0 none, 1 or 2, 3 at risk", allowed=(0, 1, 2, 3)),
    "relation": Column(
        "str",
        "relation to the head of the household",
        allowed=("head", "spouse", "child", "parent", "grandchild", "sibling", "other"),
    ),
    "phone": Column("str", "telephone, digits with a leading 0", pattern=r"0\d{8,9}", identifier=True),
    "amount": Column("float64", "riel paid in the period", least=0),
    "payment_date": Column(_DAY, "day of the last payment"),
    "registered_on": Column(_DAY, "day of registration"),
    "updated_on": Column(_DAY, "day of the last update"),
    "row": Column("int64", "row in the source file, its heading being row 1", least=1, required=True),
    "source_file": Column("str", "name of the source file", required=True),
}
DATES = ("birth_date", "payment_date", "registered_on", "updated_on")
IDENTIFIERS = tuple(name for name, column in COLUMNS.items() if column.identifier)


@dataclass(frozen=True, eq=False, repr=False)
class Validation(ResultMixin):
    """Whether a table keeps to the vocabulary.

    Attributes
    ----------
    problems : DataFrame
        One row per broken rule: column, kind, rows (how many), first_rows (up to five row numbers of the
        source file). Empty where all is well.
    n_rows : int
        Rows checked.

    Examples
    --------
    >>> print(Validation(pd.DataFrame(columns=["column", "kind", "rows", "first_rows"]), 10))
    All 10 rows keep to the vocabulary.
    """

    problems: pd.DataFrame
    n_rows: int

    @property
    def valid(self) -> bool:
        """Whether no rule is broken."""
        return self.problems.empty

    def to_frame(self) -> pd.DataFrame:
        """Return the broken rules."""
        return self.problems.copy()

    def sentence(self) -> str:
        """Return the answer in prose."""
        if self.valid:
            return f"All {self.n_rows:,} rows keep to the vocabulary."
        rows = self.problems.itertuples()
        told = "; ".join(f"{row.column}: {row.kind} ({row.rows:,} rows)" for row in rows)
        return f"Of {self.n_rows:,} rows some break a rule. {told}."


def empty_frame(index: pd.Index) -> pd.DataFrame:
    """Return a table with every column of the vocabulary, all missing (rows and dates typed).

    Examples
    --------
    >>> empty_frame(pd.RangeIndex(2)).shape == (2, len(COLUMNS))
    True
    """
    nothing = {"str": np.nan, "float64": np.nan, _DAY: pd.NaT, "int64": 0}
    return pd.DataFrame(
        {
            name: pd.Series(nothing.get(column.dtype, pd.NA), index=index, dtype=column.dtype)
            for name, column in COLUMNS.items()
        }
    )


def _matches(pattern: str) -> Any:
    return lambda values: values.str.fullmatch(pattern).fillna(True)


@cache
def _schema() -> Any:
    """Return the pandera schema; each check is named by the kind of problem it finds."""
    import pandera.pandas as pa

    def checks(name: str, column: Column) -> list[Any]:
        found = []
        if column.allowed:
            words = " | ".join(map(str, column.allowed))
            found.append(pa.Check.isin(column.allowed, error=f"not one of {words}"))
        if column.pattern:
            found.append(pa.Check(_matches(column.pattern), error=f"not of the form {column.pattern}"))
        if column.least is not None:
            found.append(pa.Check.ge(column.least, error=f"below {column.least:g}"))
        if column.most is not None:
            found.append(pa.Check.le(column.most, error=f"above {column.most:g}"))
        return found

    columns = {
        name: pa.Column(column.dtype, checks(name, column), nullable=not column.required)
        for name, column in COLUMNS.items()
    }
    return pa.DataFrameSchema(columns, strict=False)


def validate(frame: pd.DataFrame) -> Validation:
    """Check a harmonised table against the vocabulary; further columns are let be.

    Parameters
    ----------
    frame : DataFrame
        One or more harmonised lists. Not changed.

    Returns
    -------
    Validation
        What is wrong, by column, kind and row number; no value is repeated.

    Raises
    ------
    InputError
        Columns of the vocabulary are not there at all.

    Examples
    --------
    >>> frame = empty_frame(pd.RangeIndex(1)).assign(list_id="a", programme="A", record_id="1")
    >>> frame = frame.assign(source_file="a.csv", row=2, sex="woman")
    >>> validate(frame).problems[["column", "kind", "rows"]].to_numpy().tolist()
    [['sex', 'not one of female | male', 1]]
    """
    lacking = [name for name in COLUMNS if name not in frame]
    if lacking:
        raise InputError(
            [Problem("harmonised list", name, "no such column", column_words(name)) for name in lacking]
        )
    from pandera.errors import SchemaErrors

    frame = frame[list(COLUMNS)].reset_index(drop=True)
    parts = []
    try:
        _schema().validate(frame, lazy=True)
    except SchemaErrors as error:
        parts.append(_told(error.failure_cases))
    twice = frame.duplicated(["list_id", "record_id"], keep=False) & frame["record_id"].notna()
    if twice.any():
        at = np.flatnonzero(twice)
        parts.append(pd.DataFrame({"column": "record_id", "kind": "twice in its list", "at": at}))
    return Validation(_summary(parts, frame["row"]), len(frame))


def column_words(name: str) -> str:
    """Return the type and meaning of a column, for messages.

    Examples
    --------
    >>> column_words("sex")
    'a column of str: sex'
    """
    return f"a column of {COLUMNS[name].dtype}: {COLUMNS[name].meaning}"


def _told(failures: pd.DataFrame) -> pd.DataFrame:
    """Return column, kind and position of every failure; the values found are left behind."""
    names = {"not_nullable": "missing"}
    kind = failures["check"].astype(str)
    kind = kind.where(~kind.str.startswith("dtype"), "of another type").replace(names)
    # Of a column of another type, what the other checks say means nothing.
    mistyped = failures["column"].isin(failures["column"][kind == "of another type"])
    kept = ~mistyped | (kind == "of another type")
    return pd.DataFrame({"column": failures["column"], "kind": kind, "at": failures["index"]})[kept]


def _summary(parts: list[pd.DataFrame], rows: pd.Series) -> pd.DataFrame:
    if not parts:
        empty = pd.DataFrame({"column": [], "kind": [], "rows": [], "first_rows": []})
        return empty.astype({"rows": "int64"})
    found = pd.concat(parts, ignore_index=True)
    table = []
    for (column, kind), group in found.groupby(["column", "kind"], sort=True):
        places = group["at"].dropna().astype("int64")
        first = sorted(rows.take(places))[:5]
        table.append((column, kind, len(places) or len(rows), ", ".join(map(str, first))))
    return pd.DataFrame(table, columns=["column", "kind", "rows", "first_rows"])
