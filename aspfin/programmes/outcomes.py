"""What was published about programmes: money paid, households and people reached, budgets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

from aspfin.data import Status
from aspfin.programmes.costing import per_unit
from aspfin.results import InputError, Problem

__all__ = ["Budget", "Outcome"]


@dataclass(frozen=True)
class Outcome:
    """What was published about a programme by a date: money, households, people, categories.

    Attributes
    ----------
    amount
        Money paid in `currency`, cumulative unless `note` says otherwise; None where not published.
    periods
        Months, payments or rounds that the amount covers.
    planned
        True for what was announced and not yet paid.

    Examples
    --------
    >>> paid = Outcome(dt.date(2023, 3, 25), 994_260_000, "USD", 705_487, 2_783_989, periods=33)
    >>> round(paid.per_household, 2), round(paid.per_person, 2), round(paid.per_household_and_period, 3)
    (1409.32, 357.14, 42.707)
    """

    date: dt.date
    amount: float | None = None
    currency: str = ""
    households: int | None = None
    people: int | None = None
    categories: Mapping[str, int] = field(default_factory=dict, hash=False)
    periods: int | None = None
    source: str = ""
    status: Status = "press"
    note: str = ""
    planned: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "categories", MappingProxyType(dict(self.categories)))

    def __reduce__(self) -> tuple:  # a read-only mapping cannot be pickled
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return Outcome, tuple({**values, "categories": dict(self.categories)}.values())

    def _per(self, units: int | None, periods: int | None = 1) -> float | None:
        if self.amount is None or not units or not periods:
            return None
        return per_unit(self.amount, units, periods=periods)

    @property
    def per_household(self) -> float | None:
        """Return the amount per household, in `currency`; None where one of them was not published."""
        return self._per(self.households)

    @property
    def per_person(self) -> float | None:
        """Return the amount per person, in `currency`; None where one of them was not published."""
        return self._per(self.people)

    @property
    def per_household_and_period(self) -> float | None:
        """Return the amount per household and month, payment or round; None where not published."""
        return self._per(self.households, self.periods)

    @property
    def persons_per_household(self) -> float | None:
        """Return people over households; None where one of them was not published."""
        return self.people / self.households if self.people and self.households else None

    def caseload(self) -> pd.DataFrame:
        """Return the published caseload as one aggregated row, ready for `Programme.cost`.

        Raises
        ------
        InputError
            Where households or people were not published.
        """
        counts = {"households": self.households, "members": self.people, **self.categories}
        empty = [name for name, count in counts.items() if count is None]
        if empty:
            place = f"outcome of {self.date}"
            raise InputError([Problem(place, name, None, "a published number") for name in empty])
        return pd.DataFrame([counts])


@dataclass(frozen=True)
class Budget:
    """Money set aside for a programme in a period ("2024", "2022-12 to 2023-02")."""

    period: str
    amount: float
    currency: str
    source: str = ""
    status: Status = "press"
    note: str = ""
