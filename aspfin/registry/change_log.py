"""What was done to a list, row by row where rows differ, once per column where all were treated alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["COLUMNS", "ChangeLog"]

COLUMNS = ("list_id", "column", "kind", "row", "count")


class ChangeLog:
    """Collects changes; `table` gives them in one order, whatever order they were made in.

    Examples
    --------
    >>> log = ChangeLog("cash", np.array([2, 3, 4]))
    >>> log.some("phone", "not a telephone number", np.array([False, True, False]))
    >>> log.all("amount", "thousand riel to riel", 3)
    >>> log.table().to_numpy().tolist()
    [['cash', 'amount', 'thousand riel to riel', <NA>, 3], ['cash', 'phone', 'not a telephone number', 3, 1]]
    """

    def __init__(self, list_id: str, rows: NDArray[np.int64]) -> None:
        self.list_id = list_id
        self.rows = rows
        self._parts: list[pd.DataFrame] = []

    def some(self, column: str, kind: str, where: Any) -> None:
        """Note a change of the rows marked in `where` (true or false for each row)."""
        rows = self.rows[np.asarray(where, dtype=bool)]
        if rows.size:
            self._add(column, kind, rows, 1)

    def all(self, column: str, kind: str, count: int) -> None:
        """Note a change that treated every value of a column alike."""
        if count:
            self._add(column, kind, [pd.NA], int(count))

    def _add(self, column: str, kind: str, rows: Any, count: int) -> None:
        part = pd.DataFrame({"row": pd.array(rows, dtype="Int64"), "count": count})
        self._parts.append(part.assign(list_id=self.list_id, column=column, kind=kind))

    def table(self) -> pd.DataFrame:
        """Return list_id, column, kind, row (missing where the whole column was changed) and count."""
        empty = pd.DataFrame({name: [] for name in COLUMNS}).astype({"row": "Int64", "count": "int64"})
        if not self._parts:
            return empty
        table = pd.concat(self._parts, ignore_index=True)[list(COLUMNS)]
        for name in COLUMNS[:3]:
            table[name] = table[name].astype("category")
        return table.sort_values(["column", "kind", "row"], ignore_index=True)
