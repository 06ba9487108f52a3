"""How an ageing register leaves people out: households move, split, become poor, change number."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from aspfin.data import Quantity
from aspfin.programmes.ranges import as_quantity, assumed, range_problems
from aspfin.programmes.rules import as_date
from aspfin.results import InputError, Problem

__all__ = ["RegistryAge", "exclusion", "months_since_registration"]

DAYS_PER_MONTH = 365.25 / 12
BASE = assumed("registry: wrong on the day of registration", 0.0, 0.02, 0.05)
GROWTH = assumed("registry: of what is right, goes wrong in a year", 0.02, 0.05, 0.10)


@dataclass(frozen=True)
class RegistryAge:
    """How a register ages.

    Attributes
    ----------
    base : Quantity
        Share of registrations that are wrong from the first day.
    yearly_growth : Quantity
        Share of what is right that goes wrong in a year.

    Examples
    --------
    >>> RegistryAge(base=0.0).base.value
    0.0
    """

    base: Quantity = BASE
    yearly_growth: Quantity = GROWTH

    def __post_init__(self) -> None:
        problems = []
        for name in ("base", "yearly_growth"):
            value = as_quantity("registry_age", name, getattr(self, name), "share")
            object.__setattr__(self, name, value)
            problems += range_problems("registry_age", name, value, (0.0, 1.0))
        if problems:
            raise InputError(problems)


def exclusion(
    months_since_registration: ArrayLike, *, base: ArrayLike = 0.02, yearly_growth: ArrayLike = 0.05
) -> np.ndarray:
    """Return the share of registered households that can no longer be found and paid.

    1 − (1 − base)·(1 − growth)^(months/12): a share `base` is wrong on the day of registration, and of what
    is right a share `yearly_growth` goes wrong each year. An older registration is never better.

    Parameters
    ----------
    months_since_registration
        Age of each registration in months, 0 or more; missing (NaN) where there is none gives missing.
    base, yearly_growth
        Shares, 0 to 1. Arrays broadcast.

    Examples
    --------
    >>> exclusion([0, 12, 24], base=0.02, yearly_growth=0.05).round(4).tolist()
    [0.02, 0.069, 0.1156]
    """
    months = np.asarray(months_since_registration, dtype=float)
    if np.nanmin(months, initial=0.0) < 0:
        found = float(np.nanmin(months))
        raise InputError(Problem("registry_age", "months_since_registration", found, "0 or more"))
    for name, share in (("base", base), ("yearly_growth", yearly_growth)):
        values = np.asarray(share, dtype=float)
        if not ((values >= 0) & (values <= 1)).all():
            raise InputError(Problem("registry_age", name, share, "0 to 1"))
    kept = (1 - np.asarray(base, dtype=float)) * (1 - np.asarray(yearly_growth, dtype=float)) ** (months / 12)
    return 1 - kept


def months_since_registration(registered_on: ArrayLike, on: dt.date | str) -> np.ndarray:
    """Return the age of each registration on a day, in months; a later registration counts as of that day.

    Parameters
    ----------
    registered_on
        Days of registration; missing stays missing.
    on
        The day.

    Examples
    --------
    >>> months_since_registration(["2020-01-01", None], "2022-01-01").round(1).tolist()
    [24.0, nan]
    """
    days = pd.to_datetime(pd.Series(np.asarray(registered_on)), errors="coerce")
    age = (pd.Timestamp(as_date(on)) - days).dt.days.to_numpy(dtype=float)
    return np.maximum(age, 0.0) / DAYS_PER_MONTH
