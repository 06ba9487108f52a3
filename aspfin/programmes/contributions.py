"""Social insurance: what is contributed on wages, and benefits that depend on wage and contributions.

A contribution is ``rate · min(max(wage, floor), cap)`` per worker and month. A benefit is
``count · share · min(max(wage, floor), cap) · days / 30`` for a benefit of some days, or
``count · portion · share · wage · contribution_months / 12`` for a pension that accrues, where contributions
are long enough.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from aspfin.data import Status
from aspfin.programmes.rules import as_date
from aspfin.results import InputError, Problem

__all__ = [
    "ContributionRule",
    "InsuranceBenefit",
    "benefits_by_rules",
    "contributions_by_rules",
    "in_force",
]

PAYERS = ("employer", "worker", "state")
DAYS_PER_MONTH = 30  # a wage by the day is a thirtieth of the monthly wage


@dataclass(frozen=True)
class ContributionRule:
    """Rates on wages between two days.

    Attributes
    ----------
    employer, worker, state
        Share of the wage that each pays; None where no rate was found.
    wage_floor, wage_cap
        Contributions are paid on at least and at most this monthly wage; None where there is no bound.

    Examples
    --------
    >>> rule = ContributionRule(dt.date(2022, 10, 1), employer=0.02, worker=0.02, wage_cap=1_200_000)
    >>> contributions_by_rules(pd.DataFrame({"wage": [1_000_000, 2_000_000]}), [rule])["total"].tolist()
    [40000.0, 48000.0]
    """

    valid_from: dt.date
    valid_to: dt.date | None = None
    employer: float | None = 0.0
    worker: float | None = 0.0
    state: float | None = 0.0
    wage_floor: float | None = None
    wage_cap: float | None = None
    currency: str = "KHR"
    source: str = ""
    status: Status = "assumed"
    note: str = ""

    def holds_on(self, day: dt.date) -> bool:
        """Return whether the rule is in force on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class InsuranceBenefit:
    """A benefit that depends on wage and contributions.

    Attributes
    ----------
    name
        Name of the benefit in its programme ("maternity_wage").
    count
        Column of people or events it is paid for.
    basis
        "days": a share of the wage for `days` days; "years": a share of the wage per year of contributions.
    share
        Share of the wage (per year of contributions where `basis` is "years"); None where not found.
    portion
        Part of the result that is paid, such as 0.45 of the pension to survivors.
    minimum_months
        Months of contributions without which nothing is paid.
    payer
        "fund" or "employer": what the employer owes is no entitlement against the fund.

    Examples
    --------
    >>> leave = InsuranceBenefit("leave", dt.date(2018, 1, 1), count="birth", share=0.7, days=90)
    >>> mother = pd.DataFrame({"birth": [1], "wage": [800_000], "contribution_months": [10]})
    >>> benefits_by_rules(mother, [leave])["leave"].tolist()
    [1680000.0]
    """

    name: str
    valid_from: dt.date
    valid_to: dt.date | None = None
    count: str = "formal_workers"
    basis: Literal["days", "years"] = "days"
    share: float | None = None
    days: int = 30
    portion: float = 1.0
    minimum_months: int = 0
    wage_floor: float | None = None
    wage_cap: float | None = None
    per: Literal["month", "event"] = "event"
    payer: Literal["fund", "employer"] = "fund"
    currency: str = "KHR"
    source: str = ""
    status: Status = "assumed"
    note: str = ""

    def holds_on(self, day: dt.date) -> bool:
        """Return whether the benefit is in force on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def in_force(rules: Sequence, on: dt.date | str, programme: str, what: str) -> tuple:
    """Return the rules that hold on a day; raise `InputError` naming the covered periods where none does."""
    day = as_date(on)
    held = tuple(rule for rule in rules if rule.holds_on(day))
    if held:
        return held
    periods = sorted({(rule.valid_from, rule.valid_to or dt.date.max) for rule in rules})
    spans = [f"{a} to {b}" if b < dt.date.max else f"{a} onwards" for a, b in periods]
    allowed = f"a day with {what}: " + "; ".join(spans) if spans else f"none: this programme has no {what}"
    raise InputError(Problem(f"programme {programme}", "on", str(day), allowed))


def contributions_by_rules(
    frame: pd.DataFrame, rules: Sequence[ContributionRule], programme: str = "rules"
) -> pd.DataFrame:
    """Return what is contributed per month in each row.

    Parameters
    ----------
    frame
        `wage` per worker and month; `formal_workers` counts the workers of the row (one where the column is
        absent). A row without workers, or with a wage of zero, contributes nothing.
    rules
        Rules in force on one day.
    programme
        Name used in errors.

    Returns
    -------
    DataFrame
        Columns employer, worker, state, total: money per month; index of `frame`.

    Raises
    ------
    InputError
        A missing column, a negative or empty wage of a worker, a rate that was not found.
    """
    paid = {payer: np.zeros(len(frame)) for payer in PAYERS}
    workers = _people(frame, "formal_workers") if "formal_workers" in frame.columns else np.ones(len(frame))
    wage = _wages(frame, workers > 0)
    workers = np.where(wage > 0, workers, 0.0)
    for rule in rules:
        base = workers * _bounded(wage, rule)
        for payer in PAYERS:
            rate = getattr(rule, payer)
            if rate is None:
                raise InputError(_not_found(programme, f"contribution of the {payer}", rule.status))
            paid[payer] += rate * base
    table = pd.DataFrame(paid, index=frame.index)
    return table.assign(total=table.sum(axis=1))


def benefits_by_rules(
    frame: pd.DataFrame, benefits: Sequence[InsuranceBenefit], programme: str = "rules"
) -> pd.DataFrame:
    """Return each benefit in each row, per month or event of its rule.

    Parameters
    ----------
    frame
        The counted columns, `wage` per worker and month, `contribution_months` per worker. Wage and
        contributions are only read where somebody is counted.
    benefits
        Benefits in force on one day.
    programme
        Name used in errors.

    Returns
    -------
    DataFrame
        One column per benefit, index of `frame`.

    Raises
    ------
    InputError
        A missing column, a negative or empty wage or number of months, a share that was not found.
    """
    table: dict[str, np.ndarray] = {}
    for benefit in benefits:
        if benefit.share is None:
            raise InputError(_not_found(programme, f"share of the wage ({benefit.name})", benefit.status))
        count = _people(frame, benefit.count)
        months = _non_negative(frame, "contribution_months", count > 0)
        served = (count > 0) & (months >= benefit.minimum_months)
        wage = _bounded(_wages(frame, served), benefit)
        length = benefit.days / DAYS_PER_MONTH if benefit.basis == "days" else months / 12
        value = np.where(served, count * benefit.portion * benefit.share * wage * length, 0.0)
        table[benefit.name] = table.get(benefit.name, 0.0) + value
    return pd.DataFrame(table, index=frame.index)


def _not_found(programme: str, field: str, status: str) -> Problem:
    allowed = f"a number of your own: none was found, its status is {status}"
    return Problem(f"programme {programme}", field, None, allowed)


def _bounded(wage: np.ndarray, rule: ContributionRule | InsuranceBenefit) -> np.ndarray:
    """Return the wage on which a rule works."""
    return np.clip(wage, rule.wage_floor or 0.0, np.inf if rule.wage_cap is None else rule.wage_cap)


def _people(frame: pd.DataFrame, column: str) -> np.ndarray:
    return _non_negative(frame, column, np.ones(len(frame), dtype=bool))


def _wages(frame: pd.DataFrame, needed: np.ndarray) -> np.ndarray:
    return _non_negative(frame, "wage", needed)


def _non_negative(frame: pd.DataFrame, column: str, needed: np.ndarray) -> np.ndarray:
    """Return a column with 0 where it is not needed; raise naming the first bad row where it is."""
    if column not in frame.columns:
        allowed = "a column of the household frame"
        raise InputError(Problem("households", column, "a missing column", allowed))
    numbers = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    bad = needed & ~(np.isfinite(numbers) & (numbers >= 0))
    if bad.any():
        row = int(np.argmax(bad))
        more = f" ({int(bad.sum()):,} such rows)" if bad.sum() > 1 else ""
        place, found = f"households, row {frame.index[row]}", frame[column].iloc[row]
        found = found.item() if isinstance(found, np.generic) else found
        raise InputError(Problem(place, column, found, f"a number, 0 or more; not empty{more}"))
    return np.where(needed, numbers, 0.0)
