"""The data of a performance report: read or drawn, checked, and brought to persons and days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.reporting.performance_parameters import DAYS
from aspfin.reporting.wording import did_you_mean
from aspfin.results import InputError, Problem

if TYPE_CHECKING:
    from aspfin.indicators import SurveyDesign
    from aspfin.reporting.performance_parameters import PerformanceParameters

__all__ = [
    "AFTER",
    "ALL",
    "BEFORE",
    "ELIGIBLE",
    "RECEIVES",
    "Prepared",
    "code_text",
    "design_of",
    "load",
    "value_problems",
]

NO_LABEL = "not known"
MOST_GROUPS = 60  # of one column; more are a number, not groups
YEARLY = "per household and year"  # what the programmes of a pack pay, as `performance_synthetic` gives it
# Columns this report makes; the blanks keep them apart from those of any file.
BEFORE, AFTER = "welfare before transfers", "welfare after transfers"
ALL, RECEIVES, ELIGIBLE, PERSONS = "all transfers", "receives any", "is eligible", "persons of the row"


@dataclass(frozen=True, eq=False)
class Prepared:
    """The data as the report uses them.

    Attributes
    ----------
    frame : DataFrame
        The survey with the columns of this report beside its own: welfare before and after transfers, all
        transfers, one column per programme (all per person and day), receives any, is eligible (0 or 1).
    usable : ndarray of bool
        Rows with welfare and eligibility; the others are left out as a domain and counted.
    columns : mapping of str to str
        Programme to its column of transfers per person and day.
    labels : mapping of str to str
        What columns are, where the file or the survey tells.
    fingerprint : str
        Hash of the data as read.
    population : Prepared or None
        With synthetic data: everybody, for the true figures.
    rows_read : int
    unlabelled : mapping of str to int
        Group column to its rows without a label, among those used; where there are any.
    identical : int
        Rows of a file that repeat another one in every column.
    margins, unverified : DataFrame
        With synthetic data: published figures that the population meets; inputs nobody has confirmed.
    """

    frame: pd.DataFrame
    usable: np.ndarray
    columns: Mapping[str, str]
    labels: Mapping[str, str] = field(default_factory=dict)
    population: Prepared | None = None
    rows_read: int = 0
    unlabelled: Mapping[str, int] = field(default_factory=dict)
    identical: int = 0
    margins: pd.DataFrame = field(default_factory=pd.DataFrame)
    unverified: pd.DataFrame = field(default_factory=pd.DataFrame)
    fingerprint: str = ""


def load(parameters: PerformanceParameters, file: str = "parameters") -> Prepared:
    """Return the data of a parameter file, ready for the indicators.

    Raises
    ------
    InputError
        The data cannot be read or hold what cannot be used; one line per column.
    """
    if parameters.data.synthetic is not None:
        from aspfin.reporting.performance_synthetic import drawn

        made = drawn(parameters)
        yearly = tuple(one.model_copy(update={"unit": YEARLY}) for one in parameters.programmes)
        parameters = parameters.model_copy(update={"programmes": yearly})
        population = _prepared(made.everybody, parameters, {}, file)
        survey = _prepared(made.survey, parameters, {}, file, population)
        told = {"margins": made.margins, "unverified": made.unverified}
        return replace(survey, fingerprint=_fingerprint(made.survey), **told)
    frame, labels = _from_file(parameters, file)
    identical = int(frame.duplicated().sum())
    data = _prepared(frame, parameters, labels, file)
    return replace(data, fingerprint=_fingerprint(frame), identical=identical)


def value_problems(parameters: PerformanceParameters, file: str) -> list[Problem]:
    """Return every column that is named and not there, or holds what cannot be used."""
    if parameters.data.synthetic is not None:
        from aspfin.reporting.performance_synthetic import pack_problems

        return pack_problems(parameters, file)
    frame, _ = _from_file(parameters, file)
    known = list(map(str, frame.columns))
    lost = [
        Problem(file, place, name, did_you_mean(name, known))
        for place, name in _named(parameters)
        if name not in frame
    ]
    if not lost:
        design_of(_prepared(frame, parameters, {}, file), parameters, file)
    return lost


def design_of(data: Prepared, parameters: PerformanceParameters, file: str = "parameters") -> SurveyDesign:
    """Return the survey design of the rows that are used.

    Raises
    ------
    InputError
        For weights, strata or sampling units that do not hold.
    """
    from aspfin import indicators

    try:
        design = indicators.SurveyDesign(
            data.frame,
            weights=parameters.weights,
            strata=parameters.strata,
            psu=parameters.psu,
            single_psu=parameters.single_psu,
            household_size=PERSONS,
        )
    except ValueError as error:  # "argument: what was found; what is allowed"
        argument, _, told = str(error).partition(": ")
        found, _, allowed = told.partition("; ")
        raise InputError(Problem(file, argument, found, allowed)) from None
    return design if data.usable.all() else design.domain(data.usable)


def _named(parameters: PerformanceParameters) -> Iterator[tuple[str, str]]:
    """Yield field and name of every column."""
    for name in ("weights", "household_size", "household_id", "strata", "psu", "welfare", "eligible"):
        if (column := getattr(parameters, name)) is not None:
            yield name, column
    yield from ((f"programmes[{i}].column", one.column) for i, one in enumerate(parameters.programmes))
    yield from ((f"by[{i}]", name) for i, name in enumerate(parameters.by))
    yield from ((f"labels[{i}].column", one.column) for i, one in enumerate(parameters.labels))


def _from_file(parameters: PerformanceParameters, file: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the survey with codes of the group columns in words, where the file tells them."""
    from aspfin.data import survey

    path = str(parameters.data.path)
    if not Path(path).is_file():
        raise InputError(Problem(file, "data.path", path, "an existing file"))
    try:
        read = survey.read(path)
    except InputError as error:
        told = [(f"{Path(path).name}: {one.value}", one.allowed) for one in error.problems]
        raise InputError([Problem(file, "data.path", *one) for one in told]) from None
    if read.frame.empty:
        raise InputError(Problem(file, "data.path", path, "a file with rows"))
    frame = read.frame.copy()
    for name in parameters.by:
        if name in read.value_labels:
            frame[name] = read.labelled(name)
    return frame, dict(read.labels)


def _prepared(
    raw: pd.DataFrame,
    parameters: PerformanceParameters,
    labels: Mapping[str, str],
    file: str,
    population: Prepared | None = None,
) -> Prepared:
    problems: list[Problem] = []

    def numbers(name: str, place: str) -> np.ndarray:
        try:
            return pd.to_numeric(raw[name]).to_numpy(float, na_value=np.nan)
        except (ValueError, TypeError):
            problem = Problem(file, place, _first_text(raw[name]), f"numbers in column {name!r}")
            raise InputError(problem) from None

    weight = numbers(parameters.weights, "weights")
    allowed = "a weight above 0 in every row; take rows that stand for nobody out of the file"
    if wrong := _refused(~((weight > 0) & np.isfinite(weight)), weight, "weights", file, allowed):
        raise InputError(wrong)
    if parameters.household_id is not None:
        problems += _repeated(raw[parameters.household_id], file)
    size = np.ones(len(raw))
    if parameters.household_size is not None:
        size = numbers(parameters.household_size, "household_size")
        if wrong := _refused(~(size > 0), size, "household_size", file, "at least one person"):
            raise InputError(wrong)
    frame = raw.copy()
    frame[parameters.weights], frame[PERSONS] = weight, size
    columns: dict[str, str] = {}
    for place, one in enumerate(parameters.programmes):
        values = numbers(one.column, f"programmes[{place}].column")
        if parameters.missing_amounts == "nothing_received":
            values = np.nan_to_num(values)
        else:
            allowed = "an amount in every row, or missing_amounts: nothing_received"
            problems += _refused(np.isnan(values), values, f"programmes[{place}].column", file, allowed)
        problems += _refused(values < 0, values, f"programmes[{place}].column", file, "amounts of 0 or more")
        columns[one.column] = f"transfer: {one.column}"
        frame[columns[one.column]] = values * _per_day(one.unit, size)
    if problems:
        raise InputError(_once(problems))
    welfare = numbers(parameters.welfare, "welfare")
    if wrong := _refused(welfare < 0, welfare, "welfare", file, "welfare of 0 or more, or missing"):
        raise InputError(wrong)
    _welfare(frame, welfare, size, columns, parameters)
    usable = frame[BEFORE].notna().to_numpy(copy=True)
    negative = usable & (frame[BEFORE].to_numpy() < -1e-9)
    if negative.any():
        problems.append(_above_welfare(negative, parameters, file))
    if parameters.eligible is None:
        frame[ELIGIBLE] = np.where(usable, frame[BEFORE] < parameters.line_per_day, np.nan)
    else:
        frame[ELIGIBLE] = numbers(parameters.eligible, "eligible")
        other = frame[ELIGIBLE].notna() & ~frame[ELIGIBLE].isin([0, 1])
        problems += _refused(other.to_numpy(), frame[ELIGIBLE].to_numpy(), "eligible", file, "0 or 1")
        usable &= frame[ELIGIBLE].notna().to_numpy()
        if not other.any() and usable.any() and not (frame[ELIGIBLE][usable] == 1).any():
            found, allowed = f"nobody is 1 in {parameters.eligible!r}", "1 for whom the programmes are meant"
            problems.append(Problem(file, "eligible", found, f"{allowed}, or the field left out"))
    if not usable.any():
        problems.append(Problem(file, "welfare", "no row", "rows with welfare (and eligibility)"))
    _relabel(frame, parameters)
    for place, name in enumerate(parameters.by):
        if (distinct := frame[name].nunique()) > MOST_GROUPS:
            allowed = f"at most {MOST_GROUPS} groups: recode the column"
            problems.append(Problem(file, f"by[{place}]", f"{distinct:,} values in {name!r}", allowed))
        if usable.any() and not frame.loc[usable, name].notna().any():
            found = f"no label in any row of column {name!r}"
            problems.append(Problem(file, f"by[{place}]", found, "a column with labels, or left out"))
    if problems:
        raise InputError(_once(problems))
    unlabelled = _named_missing(frame, usable, parameters)
    return Prepared(frame, usable, columns, labels, population, len(raw), unlabelled)


def _named_missing(
    frame: pd.DataFrame, usable: np.ndarray, parameters: PerformanceParameters
) -> dict[str, int]:
    """Put a group of its own in place of missing labels, so that groups add up, and return its rows."""
    found = {}
    for name in parameters.by:
        if not (missing := frame[name].isna()).any():
            continue
        found[name] = int((missing & usable).sum())
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            levels = [code_text(one) for one in frame[name].cat.categories]
        else:
            levels = list(dict.fromkeys(map(code_text, sorted_naturally(frame[name].dropna().unique()))))
        text = frame[name].astype(object).map(code_text, na_action="ignore").fillna(NO_LABEL)
        frame[name] = pd.Categorical(text, list(dict.fromkeys([*levels, NO_LABEL])))
    return {name: rows for name, rows in found.items() if rows}


def sorted_naturally(values: Iterable[object]) -> list[object]:
    """Return values in order, numbers by size and before text.

    Examples
    --------
    >>> sorted_naturally([10.0, 9.0, "b", "a"])
    [9.0, 10.0, 'a', 'b']
    """
    return sorted(values, key=lambda one: (0, one, "") if isinstance(one, Real) else (1, 0, str(one)))


def _repeated(ids: pd.Series, file: str) -> list[Problem]:
    """Return that ids of households are missing or stand in several rows."""
    again = ids.duplicated() & ids.notna()
    if ids.isna().any():
        found = f"missing in {_rows_of(ids.isna().to_numpy())}"
        return [Problem(file, "household_id", found, "an id in every row")]
    if not again.any():
        return []
    first = code_text(ids[again].iloc[0])
    found = f"{first} once more in {_rows_of(again.to_numpy())}"
    return [Problem(file, "household_id", found, "each household once")]


def _above_welfare(wrong: np.ndarray, parameters: PerformanceParameters, file: str) -> Problem:
    """Return that somebody gets more than all they live on: a wrong unit or a wrong amount."""
    verb = "receives" if wrong.sum() == 1 else "receive"
    found = f"{_rows_of(wrong)} {verb} more than all welfare"
    units = "; ".join(f"programmes[{i}].unit {one.unit}" for i, one in enumerate(parameters.programmes))
    allowed = f"right units (welfare_unit {parameters.welfare_unit}; {units}) and right amounts in these rows"
    if parameters.welfare_is == "after_transfers":
        allowed += "; welfare_is: before_transfers only where the column leaves the transfers out"
    return Problem(file, "welfare", found, allowed)


def _rows_of(wrong: np.ndarray) -> str:
    """Return how many rows are meant and the first, counted below the heading.

    Examples
    --------
    >>> _rows_of(np.array([False, True, True]))
    '2 of 3 rows, first data row 2'
    """
    return f"{int(wrong.sum()):,} of {len(wrong):,} rows, first data row {int(np.argmax(wrong)) + 1:,}"


def _per_day(unit: str, size: np.ndarray) -> np.ndarray:
    """Return what turns an amount in `unit` into one per person and day."""
    days = DAYS[unit.rsplit(" ", 1)[1]]
    return 1 / (days * size) if "household" in unit else np.full(len(size), 1 / days)


def _welfare(
    frame: pd.DataFrame,
    values: np.ndarray,
    size: np.ndarray,
    columns: Mapping[str, str],
    parameters: PerformanceParameters,
) -> None:
    values = values * _per_day(parameters.welfare_unit, size)
    frame[ALL] = frame[list(columns.values())].sum(axis=1)
    frame[RECEIVES] = (frame[ALL] > 0).astype(float)
    after = parameters.welfare_is == "after_transfers"
    frame[AFTER] = values if after else values + frame[ALL]
    # Sums of floating-point numbers: a transfer that is all of welfare leaves 0, not a hair below it.
    before = values - frame[ALL] if after else values
    frame[BEFORE] = np.where(np.abs(before) < 1e-9, 0.0, before)


def _relabel(frame: pd.DataFrame, parameters: PerformanceParameters) -> None:
    """Put words in place of the codes of group columns, as the parameter file tells them."""
    told = {one.column: one.codes for one in parameters.labels if one.codes}
    for name in parameters.by:
        if name in told:
            words = told[name]
            codes = frame[name].astype(object).map(code_text, na_action="ignore")
            made = codes.map(lambda code, words=words: words.get(code, code), na_action="ignore")
            order = [*words.values(), *(one for one in made.dropna().unique() if one not in words.values())]
            frame[name] = pd.Categorical(made, list(dict.fromkeys(order)))  # in the order of the file


def code_text(value: object) -> str:
    """Return a code as text: 1.0 is 1.

    Examples
    --------
    >>> code_text(1.0), code_text("rural"), code_text(True)
    ('1', 'rural', 'True')
    """
    return f"{value:g}" if isinstance(value, float | int) and not isinstance(value, bool) else str(value)


def _refused(wrong: np.ndarray, values: np.ndarray, place: str, file: str, allowed: str) -> list[Problem]:
    if not wrong.any():
        return []
    first = values[wrong][0]
    found = f"{'missing' if np.isnan(first) else f'{first:g}'} in {_rows_of(wrong)}"
    return [Problem(file, place, found, allowed)]


def _first_text(values: pd.Series) -> str:
    """Return the first cell that is no number and where it is, counted below the heading."""
    bad = (pd.to_numeric(values, errors="coerce").isna() & values.notna()).to_numpy()
    if not bad.any():
        return str(values.dtype)
    return f"text {str(values[bad].iloc[0])[:30]!r} in {_rows_of(bad)}".replace('"', "'")


def _once(problems: list[Problem]) -> list[Problem]:
    return list({str(one): one for one in problems}.values())


def _fingerprint(frame: pd.DataFrame) -> str:
    """Return a hash of names and values, which does not depend on the machine."""
    digest = sha256("\0".join(map(str, frame.columns)).encode())
    for name in frame:
        digest.update(pd.util.hash_pandas_object(frame[name].astype(str), index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]
