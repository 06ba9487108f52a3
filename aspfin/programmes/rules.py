"""Dated benefit rules: what is paid, to whom, from when to when, and which of them hold on a given day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

from aspfin.data import Status
from aspfin.results import InputError, Problem

__all__ = ["CATEGORIES", "BenefitRule", "PaidPer", "Unit", "as_date", "rules_in_force"]

Unit = Literal["household", "member", "category", "event"]
PaidPer = Literal["month", "payment", "event"]
UNITS: tuple[str, ...] = get_args(Unit)
# The vocabulary for people with an amount of their own; a pack may add categories (pupil, trainee, …).
CATEGORIES = ("child_0_5", "disability", "age_60_plus", "hiv")


@dataclass(frozen=True)
class BenefitRule:
    """One amount, with the days between which it holds.

    Attributes
    ----------
    valid_from, valid_to
        First and last day; `valid_to` is None while the rule is open.
    area, card_level
        Where and for which poverty level it is paid; None means everywhere and every level.
    unit
        "household", "member", "category" (a member of `category`) or "event" (`category` names the event).
    amount
        Money per unit and per `per`, in `currency`; None where no figure was found.
    per
        "month", "payment" (a cycle that is not a month) or "event".
    periods
        Length of the package in months or payments; None where it is paid as long as the rule holds.

    Examples
    --------
    >>> rule = BenefitRule(dt.date(2022, 12, 1), dt.date(2023, 2, 28), unit="member", amount=16_000)
    >>> rule.holds_on(dt.date(2023, 3, 1)), rule.column
    (False, 'members')
    """

    valid_from: dt.date
    valid_to: dt.date | None = None
    unit: Unit = "household"
    category: str | None = None
    area: str | None = None
    card_level: int | None = None
    amount: float | None = None
    per: PaidPer = "month"
    periods: int | None = None
    currency: str = "KHR"
    source: str = ""
    status: Status = "assumed"
    note: str = ""

    def holds_on(self, day: dt.date) -> bool:
        """Return whether the rule is in force on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    @property
    def column(self) -> str:
        """Return the caseload column that the amount is multiplied by."""
        return {"household": "households", "member": "members"}.get(self.unit, self.category or "")

    @property
    def label(self) -> str:
        """Return a short name such as "child_0_5, rural, level 1"."""
        parts = [
            self.category or self.unit,
            self.area or "",
            f"level {self.card_level}" if self.card_level else "",
        ]
        return ", ".join(part for part in parts if part)


def as_date(value: dt.date | str, argument: str = "on") -> dt.date:
    """Return `value` as a date; text is read as YYYY-MM-DD.

    Examples
    --------
    >>> as_date("2022-12-10")
    datetime.date(2022, 12, 10)
    """
    if isinstance(value, dt.datetime):  # includes pandas.Timestamp
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise InputError(Problem("arguments", argument, value, "a date such as 2022-12-10")) from None


def rules_in_force(
    rules: Sequence[BenefitRule], on: dt.date, programme: str = "rules"
) -> tuple[BenefitRule, ...]:
    """Return the rules that hold on a day; raise `InputError` naming the covered periods where none does.

    Parameters
    ----------
    rules
        The rules of one programme.
    on
        The day.
    programme
        Name used in the error.

    Returns
    -------
    tuple of BenefitRule
        At least one.
    """
    held = tuple(rule for rule in rules if rule.holds_on(on))
    if held:
        return held
    periods = sorted({(rule.valid_from, rule.valid_to or dt.date.max) for rule in rules})
    spans = [f"{a} to {b}" if b < dt.date.max else f"{a} onwards" for a, b in periods]
    allowed = "a day with rules: " + "; ".join(spans) if spans else "none: this programme has no benefit rule"
    raise InputError(Problem(f"programme {programme}", "on", str(on), allowed))


def rules_frame(rules: Sequence[BenefitRule]) -> pd.DataFrame:
    """Return the rules as a table, one row each."""
    columns = list(BenefitRule.__dataclass_fields__)
    return pd.DataFrame([[getattr(rule, column) for column in columns] for rule in rules], columns=columns)
