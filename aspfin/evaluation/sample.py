"""The rows and columns an estimate uses: checked, cast to numbers, and safe to hand to any library.

Column names are never evaluated. An estimator works with the arrays of a `Sample`, or with `Sample.frame`,
whose columns have plain internal names.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.evaluation.columns import category_codes, column, is_categorical, names_of, to_binary, to_number
from aspfin.evaluation.regression import independent_columns

__all__ = ["Sample", "prepare"]


@dataclass(frozen=True, eq=False)
class Sample:
    """Complete rows of the columns an estimate uses.

    Attributes
    ----------
    n : int
        Rows kept.
    positions : ndarray of int, shape (n,)
        Their positions in the caller's frame.
    outcome, treated, weights : ndarray of float, shape (n,), or None
        None where no such column was asked for.
    controls : ndarray of float, shape (n, k)
        Numeric controls as they are; text and categories as indicators of each level but the first.
    control_names : tuple of str
        One per column of `controls`: the name, or "name = level".
    collinear : tuple of str
        Controls left out because the constant and the controls before them determine them.
    numbers : mapping of column to ndarray of float
        The columns asked for as `numeric` or `binary`.
    groups : mapping of column to ndarray of int
        Codes 0, 1, … of the columns asked for as `groups`, in the order of the sorted levels.
    levels : mapping of column to list
        What those codes stand for.
    dropped : dict of str to int
        Why rows were left out, and how many; each row is counted once.
    names : mapping of str to column
        Internal name in `frame` to the caller's name.
    """

    n: int
    positions: np.ndarray
    outcome: np.ndarray | None
    treated: np.ndarray | None
    weights: np.ndarray | None
    controls: np.ndarray
    control_names: tuple[str, ...]
    collinear: tuple[str, ...]
    numbers: Mapping[Hashable, np.ndarray]
    groups: Mapping[Hashable, np.ndarray]
    levels: Mapping[Hashable, list[object]]
    dropped: dict[str, int]
    names: Mapping[str, Hashable]

    @property
    def frame(self) -> pd.DataFrame:
        """A new frame under internal names: y, t, w, x0… (controls), v0… (numbers), g0… (group codes)."""
        columns: dict[str, np.ndarray] = {}
        for name, values in (("y", self.outcome), ("t", self.treated), ("w", self.weights)):
            if values is not None:
                columns[name] = values
        columns |= {f"x{i}": values for i, values in enumerate(self.controls.T)}
        columns |= {f"v{i}": values for i, values in enumerate(self.numbers.values())}
        columns |= {f"g{i}": values for i, values in enumerate(self.groups.values())}
        return pd.DataFrame(columns, copy=True)

    @property
    def x_names(self) -> list[str]:
        """The internal names of the controls in `frame`."""
        return [f"x{i}" for i in range(self.controls.shape[1])]

    def number_name(self, name: Hashable) -> str:
        """Return the internal name in `frame` of a column asked for as numeric or binary."""
        return f"v{list(self.numbers).index(name)}"

    def group_name(self, name: Hashable) -> str:
        """Return the internal name in `frame` of a column asked for as a group."""
        return f"g{list(self.groups).index(name)}"

    def n_levels(self, name: Hashable) -> int:
        """Return how many levels of a group there are among the kept rows."""
        return len(self.levels[name])

    def codes(self, *names: Hashable) -> np.ndarray | None:
        """Return codes 0, 1, … of the combinations of the named groups; None if none is named."""
        if not names:
            return None
        if len(names) == 1:
            return self.groups[names[0]]
        stacked = np.column_stack([self.groups[name] for name in names])
        return np.unique(stacked, axis=0, return_inverse=True)[1].ravel()

    def subset(self, keep: np.ndarray, reason: str | None = None) -> Sample:
        """Return the rows where `keep` is true, the rest counted as dropped for `reason`."""
        keep = np.asarray(keep, dtype=bool)
        groups, levels = {}, {}
        for name, codes in self.groups.items():
            used, groups[name] = np.unique(codes[keep], return_inverse=True)
            levels[name] = [self.levels[name][i] for i in used]

        def cut(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else values[keep]

        lost = int((~keep).sum())
        return Sample(
            n=int(keep.sum()),
            positions=self.positions[keep],
            outcome=cut(self.outcome),
            treated=cut(self.treated),
            weights=cut(self.weights),
            controls=self.controls[keep],
            control_names=self.control_names,
            collinear=self.collinear,
            numbers={name: values[keep] for name, values in self.numbers.items()},
            groups=groups,
            levels=levels,
            dropped=self.dropped | ({reason: lost} if reason and lost else {}),
            names=self.names,
        )


def prepare(
    df: pd.DataFrame,
    *,
    outcome: Hashable | None = None,
    treated: Hashable | None = None,
    controls: Iterable[Hashable] | Hashable = (),
    numeric: Iterable[Hashable] | Hashable = (),
    binary: Iterable[Hashable] | Hashable = (),
    groups: Iterable[Hashable] | Hashable = (),
    weights: Hashable | None = None,
    treated_binary: bool = True,
    may_miss: Iterable[Hashable] | Hashable = (),
) -> Sample:
    """Check the columns an estimate needs and keep the rows that have them all.

    Parameters
    ----------
    df : DataFrame
        Left untouched.
    outcome, treated : column, optional
        Must be numeric and vary; the treatment must be 0 or 1 unless `treated_binary` is false.
    controls : columns
        Numbers as they are; text and categories as indicators.
    numeric, binary, groups : columns
        Further columns as numbers, as 0 or 1, as codes of groups (units, periods, clusters, strata).
        None among them is skipped, so that optional arguments can be passed as they are.
    weights : column, optional
        Positive; rows of weight 0 are dropped.
    may_miss : columns
        Rows in which only these are missing are kept (NaN in numbers, −1 in groups).

    Raises
    ------
    ValueError
        In one line naming the column, what was found and the remedy.

    Examples
    --------
    >>> df = pd.DataFrame({"food": [3, 4, 5, None], "cash": [0, 1, 1, 0], "sex": ["f", "m", "f", "m"]})
    >>> sample = prepare(df, outcome="food", treated="cash", controls=["sex"])
    >>> sample.n, sample.control_names, sample.dropped
    (3, ('sex = m',), {'missing food': 1})
    """
    if not isinstance(df, pd.DataFrame):
        raise ValueError(f"df: got {type(df).__name__}; give a pandas DataFrame")
    if df.empty:
        raise ValueError("df: has no rows or no columns; give a frame with at least two rows")
    controls, may_miss = names_of(controls), set(names_of(may_miss))
    numeric, binary, groups = (
        tuple(dict.fromkeys(one for one in names_of(given) if one is not None))
        for given in (numeric, binary, groups)
    )
    _no_overlap(outcome, treated, controls)
    read: dict[tuple[str, Hashable], np.ndarray] = {}
    levels: dict[Hashable, list[object]] = {}
    if outcome is not None:
        read["outcome", outcome] = to_number(column(df, outcome, "outcome"), outcome, "outcome")
    if treated is not None:
        cast = to_binary if treated_binary else to_number
        read["treated", treated] = cast(column(df, treated, "treated"), treated, "treated")
    for name in binary:
        read["binary", name] = to_binary(column(df, name, "binary"), name, "binary")
    for name in numeric:
        read["numeric", name] = to_number(column(df, name, "numeric"), name, "numeric")
    for name in dict.fromkeys(controls):
        values = column(df, name, "controls")
        if is_categorical(values):
            read["category", name], levels[name] = category_codes(values)
        else:
            read["control", name] = to_number(values, name, "controls")
    group_levels: dict[Hashable, list[object]] = {}
    for name in groups:
        read["group", name], group_levels[name] = category_codes(column(df, name, "groups"))
    if weights is not None:
        read["weights", weights] = _weights(df, weights)
    keep, dropped = _complete(read, may_miss, len(df))
    kept = {key: values[keep] for key, values in read.items()}
    for role, name in (("outcome", outcome), ("treated", treated)):
        if name is not None and name not in may_miss:
            _varies(kept[role, name], name, role)
    matrix, control_names, collinear = _controls(kept, levels)
    codes, used_levels = {}, {}
    for name in groups:
        codes[name], used_levels[name] = _recode(kept["group", name], group_levels[name])
    numbers = {name: values for (role, name), values in kept.items() if role in ("binary", "numeric")}
    named = {"y": outcome, "t": treated, "w": weights}
    named |= {f"x{i}": name for i, name in enumerate(control_names)}
    named |= {f"v{i}": name for i, name in enumerate(numbers)}
    named |= {f"g{i}": name for i, name in enumerate(codes)}
    return Sample(
        n=int(keep.sum()),
        positions=np.flatnonzero(keep),
        outcome=kept.get(("outcome", outcome)),
        treated=kept.get(("treated", treated)),
        weights=kept.get(("weights", weights)),
        controls=matrix,
        control_names=control_names,
        collinear=collinear,
        numbers=numbers,
        groups=codes,
        levels=used_levels,
        dropped=dropped,
        names={key: name for key, name in named.items() if name is not None},
    )


def _no_overlap(outcome: Hashable, treated: Hashable, controls: tuple[Hashable, ...]) -> None:
    if outcome is not None and outcome == treated:
        raise ValueError(f"outcome: column {outcome!r} is also the treatment; name two different columns")
    for role, name in (("outcome", outcome), ("treatment", treated)):
        if name is not None and name in controls:
            raise ValueError(f"controls: column {name!r} is also the {role}; take it out of the controls")


def _weights(df: pd.DataFrame, name: Hashable) -> np.ndarray:
    values = to_number(column(df, name, "weights"), name, "weights")
    if (values < 0).any():
        raise ValueError(
            f"weights: column {name!r} holds negative values ({np.nanmin(values):g}); give positive weights"
        )
    return values


def _complete(
    read: Mapping[tuple[str, Hashable], np.ndarray], may_miss: set[Hashable], rows: int
) -> tuple[np.ndarray, dict[str, int]]:
    """Return which rows are complete, and the rows lost by reason, each at its first reason."""
    keep = np.ones(rows, dtype=bool)
    dropped: dict[str, int] = {}
    for (role, name), values in read.items():
        missing = np.isnan(values) if values.dtype.kind == "f" else values < 0
        reasons = [] if name in may_miss else [(f"missing {name}", missing)]
        if role == "weights":
            reasons.append((f"zero weight in {name}", values == 0))
        for reason, bad in reasons:
            lost = int((keep & bad).sum())
            if lost:
                dropped[reason] = dropped.get(reason, 0) + lost
                keep &= ~bad
    if not keep.any():
        found = "; ".join(f"{reason}: {count:,}" for reason, count in dropped.items())
        raise ValueError(f"df: no row is complete ({found}); leave out the emptiest column or fill it")
    return keep, dropped


def _varies(values: np.ndarray, name: Hashable, role: str) -> None:
    if np.all(values == values[0]):
        remedy = (
            "both treated and untreated rows are needed" if role == "treated" else "choose another outcome"
        )
        raise ValueError(
            f"{role}: column {name!r} is {values[0]:g} in all {values.size:,} complete rows; {remedy}"
        )


def _controls(
    kept: Mapping[tuple[str, Hashable], np.ndarray], levels: Mapping[Hashable, list[object]]
) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    columns: list[np.ndarray] = []
    names: list[str] = []
    rows = len(next(iter(kept.values())))
    for (role, name), values in kept.items():
        if role == "control":
            columns.append(values)
            names.append(str(name))
        elif role == "category":
            for code in np.unique(values[values >= 0])[1:]:
                columns.append((values == code).astype(float))
                names.append(f"{name} = {levels[name][code]}")
    if not columns:
        return np.empty((rows, 0)), (), ()
    matrix = np.column_stack(columns)
    if np.isnan(matrix).any():  # controls that may miss are judged by the estimator
        return matrix, tuple(names), ()
    use = independent_columns(np.column_stack([np.ones(rows), matrix]))[1:]
    left_out = tuple(name for name, used in zip(names, use, strict=True) if not used)
    return matrix[:, use], tuple(name for name, used in zip(names, use, strict=True) if used), left_out


def _recode(codes: np.ndarray, levels: list[object]) -> tuple[np.ndarray, list[object]]:
    """Renumber codes so that only levels still present count; −1 (missing) stays."""
    used = np.unique(codes[codes >= 0])
    place = np.full(len(levels) + 1, -1)
    place[used] = np.arange(used.size)
    return place[codes], [levels[i] for i in used]
