"""Dated benefit rules: what is paid, to whom, from when to when, and which of them hold on a given day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

from aspfin.data import Status
from aspfin.results import InputError, Problem

__all__ = ["CATEGORIES", "VOCABULARY", "BenefitRule", "PaidPer", "Unit", "as_date", "rules_in_force"]

Unit = Literal["household", "member", "category", "event"]
PaidPer = Literal["month", "payment", "event"]
UNITS: tuple[str, ...] = get_args(Unit)
# The vocabulary for people with an amount of their own; a pack may add categories (pupil, trainee, …).
CATEGORIES = ("child_0_5", "disability", "age_60_plus", "hiv")
# The columns of a household frame that eligibility, benefits and contributions are told from.
VOCABULARY: dict[str, str] = {
    "area": "phnom_penh, urban or rural: the areas of the country pack",
    "card_level": "level in the poverty register, or 1 on the roster of the main programme; 0 where neither",
    "at_risk": "1 where the household is near-poor and not registered",
    "affected": "1 where the shock in question has hit the household",
    "poor": "1 where consumption is below the poverty line",
    "members": "people of the household",
    "child_0_1": "children under 2",
    "child_0_5": "children under 6",
    "child_6_17": "children from 6 to 17",
    "age_60_plus": "people aged 60 or over",
    "disability": "people with an identified disability",
    "hiv": "people living with HIV",
    "pregnant": "pregnant women",
    "birth": "children born in the month",
    "pupil_primary_lower_secondary": "pupils of grades 1 to 9",
    "pupil_upper_secondary": "pupils of grades 10 to 12",
    "trainee": "people in vocational training under social assistance",
    "head_sex": "sex of the head",
    "head_age": "age of the head in years",
    "head_disability": "1 where the head has a disability",
    "formal_workers": "workers insured with the social security fund",
    "wage": "mean monthly wage of a formal worker",
    "contribution_months": "months of contributions of a formal worker",
    "disability_household": "1 where somebody has a disability; told from `disability` where absent",
}


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
    expected_of, expected_per_month
        For an event: the column of people it happens to, and how often to each in a month (4 visits in 9
        months of pregnancy); None where that is not known.

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
    expected_of: str | None = None
    expected_per_month: float | None = None

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
