"""Where a number comes from, and how far it can be trusted.

A `Source` is a reference; a `Quantity` is a number with its unit, date, source and status. Every number a
country pack ships is a quantity, or stands in a table that says the same of each row or column.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

from aspfin.results import InputError, Problem

__all__ = ["STATUSES", "Quantity", "Source", "Status", "unverified"]

Status = Literal["verified", "press", "assumed", "unverified"]
STATUSES: tuple[str, ...] = get_args(Status)


@dataclass(frozen=True)
class Source:
    """A reference: what was read, who published it, where and when.

    Examples
    --------
    >>> print(Source("wdi", "World Development Indicators", publisher="World Bank"))
    World Bank: World Development Indicators
    """

    id: str
    title: str
    publisher: str = ""
    url: str = ""
    date: str = ""
    note: str = ""

    def __str__(self) -> str:
        parts = [f"{self.publisher}: {self.title}" if self.publisher else self.title]
        return ", ".join([*parts, *(part for part in (self.date, self.url) if part)])


@dataclass(frozen=True)
class Quantity:
    """A number with its unit, date, source and status; `low` and `high` where published figures differ.

    `value` is None where no figure was found. Read `number` to compute with it: an empty quantity then stops
    with an error instead of passing for zero.

    Examples
    --------
    >>> rate = Quantity("exchange rate", 4102.04, unit="KHR per USD", date="2022", status="verified")
    >>> rate.number
    4102.04
    >>> Quantity("contingency share", None, unit="share", status="unverified").number
    Traceback (most recent call last):
    ...
    aspfin.results.InputError: contingency share: value: got None; allowed: a number of your own (share):
    no figure was found, its status is unverified
    """

    name: str
    value: float | None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    date: str = ""
    source: str = ""
    status: Status = "assumed"
    note: str = ""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise InputError(Problem(self.name, "status", self.status, " | ".join(STATUSES)))

    @property
    def number(self) -> float:
        """Return the value; raise `InputError` where it is empty."""
        if self.value is None:
            allowed = f"a number of your own ({self.unit}): no figure was found, its status is {self.status}"
            raise InputError(Problem(self.name, "value", None, allowed))
        return self.value

    def __str__(self) -> str:
        shown = "not found" if self.value is None else f"{self.value:,.12g} {self.unit}".rstrip()
        dated = f", {self.date}" if self.date else ""
        return f"{self.name}: {shown} ({self.status}{dated})"


def unverified(quantities: Iterable[Quantity]) -> pd.DataFrame:
    """Return the quantities a report must name as unverified, in the order given and without repeats.

    Parameters
    ----------
    quantities
        The quantities a calculation used.

    Returns
    -------
    DataFrame
        Columns name, value, unit, status, source, note; only rows of status "unverified".

    Examples
    --------
    >>> used = [Quantity("fee", 0.005, status="unverified"), Quantity("rate", 4102.0, status="verified")]
    >>> unverified(used).name.tolist()
    ['fee']
    """
    columns = ["name", "value", "unit", "status", "source", "note"]
    rows = {
        q.name: [getattr(q, column) for column in columns] for q in quantities if q.status == "unverified"
    }
    return pd.DataFrame(list(rows.values()), columns=columns)
