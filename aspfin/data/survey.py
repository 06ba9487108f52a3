"""Reading a survey file of one's own, with its labels beside the data and never in place of the codes."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from aspfin.data.survey_check import check
from aspfin.results import InputError, Problem, ResultMixin

__all__ = ["FORMATS", "Survey", "check", "read"]

MISSING_FROM = 2_147_483_621  # Stata keeps "." as this number among labels, ".a" as the next, …


@dataclass(frozen=True, eq=False, repr=False)
class Survey(ResultMixin):
    """A survey file: its data as stored, and what its columns and codes mean.

    Attributes
    ----------
    frame : DataFrame
        The data; codes stay numbers, missing values are missing.
    labels : mapping of str to str
        What each column is, where the file tells.
    value_labels : mapping of str to mapping
        For each labelled column, what each code stands for.
    file : str
        Name of the file.
    reasons : mapping of str to Series
        For each column with Stata's extended missing values, why a cell is missing (".a" … ".z", or its
        label), by row; only the rows that have one.

    Examples
    --------
    >>> codes = {"sex": {1: "male", 2: "female"}}
    >>> survey = Survey(pd.DataFrame({"sex": [1, 2]}), {"sex": "Sex of head"}, codes)
    >>> survey.labelled("sex").tolist()
    ['male', 'female']
    """

    frame: pd.DataFrame
    labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    file: str = "survey"
    reasons: Mapping[str, pd.Series] = field(default_factory=dict)

    def labelled(self, column: str) -> pd.Series:
        """Return a column with its labels in place of its codes; codes without a label stay as they are.

        Raises
        ------
        InputError
            If there is no such column.
        """
        if column not in self.frame:
            raise InputError(Problem(self.file, column, "a missing column", _known(self.frame)))
        words = self.value_labels.get(column, {})
        values = self.frame[column]
        return values.astype(object).where(values.isna(), values.map(lambda code: words.get(code, code)))

    def missing_table(self) -> pd.DataFrame:
        """Return how often and why cells are missing, where the file tells: column, reason, rows."""
        rows = [
            (name, reason, int(number))
            for name, told in self.reasons.items()
            for reason, number in told.value_counts().sort_index().items()
        ]
        return pd.DataFrame(rows, columns=["column", "reason", "rows"])

    def to_frame(self) -> pd.DataFrame:
        """Return the codebook: column, label, type, missing, distinct, values."""
        rows = []
        for name in self.frame.columns:
            values = self.frame[name]
            words = self.value_labels.get(name, {})
            rows.append(
                {
                    "column": name,
                    "label": self.labels.get(name, ""),
                    "type": str(values.dtype),
                    "missing": int(values.isna().sum()),
                    "distinct": int(values.nunique()),
                    "values": "; ".join(f"{code} = {word}" for code, word in words.items()),
                }
            )
        columns = ["column", "label", "type", "missing", "distinct", "values"]
        return pd.DataFrame(rows, columns=columns)

    def sentence(self) -> str:
        """Return what was read, in prose."""
        rows, columns = self.frame.shape
        labelled = len(set(self.labels) | set(self.value_labels))
        return f"{self.file}: {rows:,} rows, {columns:,} columns, {labelled:,} of them labelled."


def read(path: str | os.PathLike[str], *, columns: Sequence[str] | None = None) -> Survey:
    """Read a survey file: .dta, .sav, .csv, .parquet or .xlsx.

    Parameters
    ----------
    path
        The file. Of a workbook the first sheet is read. A .csv file is in UTF-8, its columns separated by
        commas, semicolons or tabs (then also with decimal commas).
    columns
        Read only these; all by default.

    Returns
    -------
    Survey
        Codes are kept as numbers; variable and value labels stand beside the frame.

    Raises
    ------
    InputError
        If the file does not exist, its kind is not known, it cannot be read, a column is not there, or the
        library that reads the kind is not installed.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "food.dta"
    >>> df = pd.DataFrame({"hh": [1, 2], "poor": [0, 1]})
    >>> df.to_stata(file, write_index=False, variable_labels={"poor": "Below the line"},
    ...     value_labels={"poor": {0: "no", 1: "yes"}})
    >>> survey = read(file)
    >>> survey.labels["poor"], survey.value_labels["poor"], survey.frame.poor.tolist()
    ('Below the line', {0: 'no', 1: 'yes'}, [0, 1])
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind not in FORMATS:
        raise InputError(Problem(file.name, "file", kind or "no ending", " ".join(FORMATS)))
    if not file.is_file():
        raise InputError(Problem(file.name, "file", str(path), "a file that exists"))
    try:
        survey = FORMATS[kind](file)
    except ImportError as error:
        needed = LIBRARIES.get(kind, "the library that reads it")
        allowed = f"install {needed} to read {kind} files, or save the file as .dta or .csv"
        raise InputError(Problem(file.name, "file", kind, allowed)) from error
    except UnicodeDecodeError as error:
        found = f"byte {error.start} is not {error.encoding}"
        allowed = "text in UTF-8; in Excel: save as “CSV UTF-8”"
        raise InputError(Problem(file.name, "file", found, allowed)) from error
    # Readers raise many kinds of their own on a broken file; all mean that it cannot be read.
    except Exception as error:
        if isinstance(error, InputError | MemoryError):
            raise
        if isinstance(error, struct.error):  # its words are of bytes and buffers
            error = ValueError(f"not a {kind} file, or cut short")
        found = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(Problem(file.name, "file", found, f"a readable {kind} file")) from error
    return survey if columns is None else _only(survey, columns)


def _read_stata(file: Path) -> Survey:
    with pd.read_stata(file, iterator=True, convert_categoricals=False) as reader:
        frame = reader.read()
        labels = {name: text for name, text in reader.variable_labels().items() if text}
        sets = reader.value_labels()
        # pandas tells which set of labels a column uses only in this private list; without it, sets that
        # carry the column's own name are still found.
        used = getattr(reader, "_lbllist", None) or list(frame.columns)
    words = {name: sets[key] for name, key in zip(frame.columns, used, strict=False) if key in sets}
    words = {name: _plain(codes) for name, codes in words.items()}
    reasons = _stata_reasons(file, frame, words)
    words = {
        name: {c: w for c, w in codes.items() if not _is_missing_code(c)} for name, codes in words.items()
    }
    return Survey(frame, labels, {name: codes for name, codes in words.items() if codes}, file.name, reasons)


def _is_missing_code(code: Any) -> bool:
    return isinstance(code, int) and code >= MISSING_FROM


def _stata_reasons(
    file: Path, frame: pd.DataFrame, words: Mapping[str, Mapping[Any, str]]
) -> dict[str, pd.Series]:
    """Return why cells are missing, column by column, where Stata's ".a" … ".z" were used."""
    empty = [
        name
        for name in frame.columns
        if pd.api.types.is_numeric_dtype(frame[name]) and frame[name].isna().any()
    ]
    if not empty:
        return {}
    # A second reading of these columns alone: the first turns every kind of missing into the same.
    told = pd.read_stata(file, columns=empty, convert_categoricals=False, convert_missing=True)
    reasons = {}
    for name in empty:
        inside = frame[name].isna()
        codes = told.loc[inside, name].map(lambda value: getattr(value, "string", "."))
        codes = codes[codes != "."]
        if len(codes):
            labels = {
                "." + chr(ord("a") + code - MISSING_FROM - 1): word
                for code, word in words.get(name, {}).items()
                if _is_missing_code(code) and code > MISSING_FROM
            }
            reasons[name] = codes.map(lambda code, labels=labels: labels.get(code, code)).rename(name)
    return reasons


def _read_spss(file: Path) -> Survey:
    frame = pd.read_spss(file, convert_categoricals=False)
    told, frame.attrs = frame.attrs, {}
    labels = {name: text for name, text in (told.get("column_names_to_labels") or {}).items() if text}
    words = {name: _plain(codes) for name, codes in (told.get("variable_value_labels") or {}).items()}
    return Survey(frame, labels, words, file.name)


def _read_csv(file: Path) -> Survey:
    with file.open(encoding="utf-8-sig") as lines:
        header = lines.readline()
    separator = max(",;\t", key=header.count)
    _each_once(pd.read_csv(file, sep=separator, encoding="utf-8-sig", header=None, nrows=1, dtype=str), file)
    frame = pd.read_csv(file, sep=separator, encoding="utf-8-sig", low_memory=False)
    texts = (frame[name].dropna() for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name]))
    if separator != "," and any(len(t) and t.astype(str).str.fullmatch(r"-?\d+,\d+").all() for t in texts):
        frame = pd.read_csv(file, sep=separator, decimal=",", encoding="utf-8-sig", low_memory=False)
    return Survey(frame, file=file.name)


def _read_parquet(file: Path) -> Survey:
    return Survey(pd.read_parquet(file), file=file.name)


def _read_excel(file: Path) -> Survey:
    _each_once(pd.read_excel(file, header=None, nrows=1, dtype=str), file)
    return Survey(pd.read_excel(file), file=file.name)


def _each_once(heading: pd.DataFrame, file: Path) -> None:
    """Refuse two columns of one name, of which the reader would rename the second without a word."""
    names = heading.iloc[0].dropna() if len(heading) else pd.Series(dtype=str)
    again = names[names.duplicated()]
    if len(again):
        name = str(again.iloc[0])
        found = f"{int((names == name).sum())} columns of this name"
        raise InputError(Problem(file.name, name, found, "each column name once"))


FORMATS: Mapping[str, Callable[[Path], Survey]] = {
    ".dta": _read_stata,
    ".sav": _read_spss,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    ".xlsx": _read_excel,
}
LIBRARIES = {".sav": "pyreadstat", ".parquet": "pyarrow", ".xlsx": "openpyxl"}


def _plain(codes: Mapping[Any, str]) -> dict[Any, str]:
    """Return the codes as Python numbers, whole ones as int."""
    plain = {}
    for code, word in codes.items():
        number = code.item() if hasattr(code, "item") else code
        whole = isinstance(number, float) and number.is_integer()
        plain[int(number) if whole else number] = word
    return plain


def _only(survey: Survey, columns: Sequence[str]) -> Survey:
    columns = [columns] if isinstance(columns, str) else list(columns)
    missing = [name for name in columns if name not in survey.frame]
    if missing:
        problems = [Problem(survey.file, name, "a missing column", _known(survey.frame)) for name in missing]
        raise InputError(problems)
    labels = {name: survey.labels[name] for name in columns if name in survey.labels}
    words = {name: survey.value_labels[name] for name in columns if name in survey.value_labels}
    reasons = {name: survey.reasons[name] for name in columns if name in survey.reasons}
    return Survey(survey.frame[columns], labels, words, survey.file, reasons)


def _known(frame: pd.DataFrame) -> str:
    names = [str(name) for name in frame.columns]
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return "one of " + ", ".join(names[:12]) + more
