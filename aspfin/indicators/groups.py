"""Groups of a survey: by columns, and by quantiles of welfare."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.indicators.columns import codes_of, find

__all__ = ["By", "Groups", "groups_of"]

# One column, several, or labels ready made: name → one label per row of the frame.
By = Hashable | Sequence[Hashable] | Mapping[Hashable, object]


@dataclass(frozen=True, eq=False)
class Groups:
    """Which group each row belongs to.

    Attributes
    ----------
    codes : ndarray of int, shape (n,)
        0, 1, … in the natural order of labels; −1 where a label is missing.
    labels : list of dict
        Column to label, one per code.
    """

    codes: np.ndarray
    labels: list[dict[str, object]]


def groups_of(df: pd.DataFrame, by: By) -> Groups:
    """Return the groups of a frame by one column, several (crossed), or labels given as a mapping.

    Only combinations that occur are groups; numbers sort by size, text naturally, categories in their own
    order.

    Examples
    --------
    >>> df = pd.DataFrame({"area": ["urban", "rural", None], "sex": ["f", "m", "m"]})
    >>> groups = groups_of(df, ["area", "sex"])
    >>> groups.codes.tolist(), groups.labels
    ([1, 0, -1], [{'area': 'rural', 'sex': 'm'}, {'area': 'urban', 'sex': 'f'}])
    """
    parts = [(str(name), *codes_of(values)) for name, values in _columns(df, by).items()]
    if not parts:
        raise ValueError("by: no column given; name one or several, or leave it out")
    combined = np.zeros(len(df), dtype=np.int64)
    missing = np.zeros(len(df), dtype=bool)
    for _, codes, levels in parts:
        combined = combined * len(levels) + np.maximum(codes, 0)
        missing |= codes < 0
    present = pd.unique(combined[~missing])
    present.sort()
    result = np.searchsorted(present, combined)
    result[missing] = -1
    labels = []
    for code in present:
        label: dict[str, object] = {}
        for name, _, levels in reversed(parts):
            code, place = divmod(int(code), len(levels))
            label = {name: levels[place], **label}
        labels.append(label)
    return Groups(result, labels)


def _columns(df: pd.DataFrame, by: By) -> dict[Hashable, pd.Series]:
    if isinstance(by, Mapping):
        found = {}
        for name, values in by.items():
            values = pd.Series(np.asarray(values) if not isinstance(values, pd.Series) else values.array)
            if len(values) != len(df):
                raise ValueError(f"by: {name!r} has {len(values):,} labels for {len(df):,} rows")
            found[name] = values
        return found
    names = [by] if isinstance(by, str) or not isinstance(by, Sequence) else list(by)
    return {name: find(df, name, "by") for name in names}
