"""The programmes of a country: who is eligible, what is paid under dated rules, what was published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from types import MappingProxyType

import pandas as pd

from aspfin.data import Quantity, Status
from aspfin.programmes.costing import ProgrammeCost, cost_of_rules, entitlement_by_rules, per_unit
from aspfin.programmes.rules import BenefitRule, as_date, rules_frame, rules_in_force
from aspfin.results import InputError, Problem

__all__ = ["Outcome", "Programme"]


@dataclass(frozen=True)
class Outcome:
    """What was published about a programme by a date: money, households, people, categories.

    Attributes
    ----------
    amount
        Money paid in `currency`, cumulative unless `note` says otherwise; None where not published.
    periods
        Months, payments or rounds that the amount covers.

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
class Programme:
    """A social protection programme with its dated benefit rules and published outcomes.

    `status` and `sources` are those of the words (eligibility, legal basis, note); rules and outcomes have
    their own.

    Examples
    --------
    >>> rule = BenefitRule(dt.date(2022, 12, 1), unit="household", amount=80_000, periods=3)
    >>> flood = Programme("flood", "Flood cash", currency="KHR", rules=(rule,))
    >>> flood.cost(pd.DataFrame({"households": [1_000]}), on="2022-12-10").total
    240000000
    """

    id: str
    name: str
    pillar: str = "social_assistance"
    agency: str = ""
    channel: str = ""
    payment_cycle: str = ""
    currency: str = "KHR"
    eligibility: str = ""
    legal_basis: str = ""
    note: str = ""
    status: Status = "press"
    sources: tuple[str, ...] = ()
    rules: tuple[BenefitRule, ...] = ()
    outcomes: tuple[Outcome, ...] = ()

    @property
    def categories(self) -> tuple[str, ...]:
        """Return the categories and events that some rule pays for."""
        return tuple(dict.fromkeys(rule.category for rule in self.rules if rule.category))

    def rules_on(self, on: dt.date | str) -> tuple[BenefitRule, ...]:
        """Return the rules in force on a day; raise `InputError` naming the days with rules where none is."""
        return rules_in_force(self.rules, as_date(on), self.id)

    def outcome(self, date: dt.date | str) -> Outcome:
        """Return the outcome of this date; raise `InputError` listing the dates where there is none."""
        found = [outcome for outcome in self.outcomes if outcome.date == as_date(date, "date")]
        if found:
            return found[0]
        dates = (
            ", ".join(str(outcome.date) for outcome in self.outcomes) or "none: nothing published is known"
        )
        raise InputError(Problem(f"programme {self.id}", "date", str(date), dates))

    def to_frame(self) -> pd.DataFrame:
        """Return the benefit rules, one row each."""
        return rules_frame(self.rules)

    def entitlement(self, frame: pd.DataFrame, *, on: dt.date | str) -> pd.Series:
        """Return what each household is entitled to per month (or payment, or round of events).

        Parameters
        ----------
        frame
            One row per household: `members`, one column of counts per category the rules pay for, and `area`
            and `card_level` where the rules depend on them. Other columns are left alone.
        on
            Day whose rules apply.

        Returns
        -------
        Series
            Money in the programme's currency, index of `frame`.

        Raises
        ------
        InputError
            No rule on that day; a missing column; a count that is negative, broken or empty; an area or level
            the rules do not know; an amount that was not found.

        Examples
        --------
        >>> rule = BenefitRule(dt.date(2022, 12, 1), unit="member", amount=16_000)
        >>> Programme("p", "P", rules=(rule,)).entitlement(
        ...     pd.DataFrame({"members": [1, 4]}), on="2022-12-10"
        ... ).tolist()
        [16000, 64000]
        """
        return entitlement_by_rules(frame, self.rules_on(on), self.id)

    def cost(
        self,
        caseload: pd.DataFrame,
        *,
        on: dt.date | str,
        months: int | None = None,
        payments: int | None = None,
        exchange_rate: Quantity | float | None = None,
    ) -> ProgrammeCost:
        """Return what the programme's transfers cost for a caseload.

        A benefit granted as one package (three months of flood cash) follows the rules of the day `on`
        throughout. A benefit paid as long as its rules hold follows, month by month from `on`, the rules of
        each month.

        Parameters
        ----------
        caseload
            An aggregated table (column `households`; `members` and categories are totals of the row) or a
            household frame (no such column: one row per household). `area` and `card_level` where the rules
            depend on them.
        on
            Day whose rules apply, or first day of a run of months.
        months, payments
            How many; by default the length of the package. Required where the rules set none.
        exchange_rate
            Units of the programme's currency per US dollar, best the `Quantity` of `Country.exchange_rate`.

        Returns
        -------
        ProgrammeCost
            Total, per household and person, components, dollars.

        Raises
        ------
        InputError
            As for `entitlement`; also an empty caseload, a gap between rules, a rate that is not positive.
        """
        day = as_date(on)
        if months is not None and payments is not None:
            raise InputError(Problem("arguments", "payments", payments, "months or payments, not both"))
        periods = self._periods(day, months, payments)
        return cost_of_rules(
            caseload,
            self.rules,
            on=day,
            programme=self.id,
            currency=self.currency,
            periods=periods,
            exchange_rate=self._rate(exchange_rate),
        )

    def _periods(self, day: dt.date, months: int | None, payments: int | None) -> int | None:
        per = self.rules_on(day)[0].per
        given = {"month": (payments, "payments"), "payment": (months, "months")}.get(per, (None, ""))
        if given[0] is not None:
            raise InputError(Problem("arguments", given[1], given[0], f"none: these rules pay per {per}"))
        if per == "event" and (months or payments):
            allowed = "none: these rules pay per event, count the events in the caseload"
            raise InputError(Problem("arguments", "months", months or payments, allowed))
        return months if months is not None else payments

    def _rate(self, rate: Quantity | float | None) -> Quantity | None:
        if rate is None:
            return None
        if not isinstance(rate, Quantity):
            unit = f"{self.currency} per USD"
            rate = Quantity("exchange rate", rate, unit=unit, note="stated by the caller")
        number = rate.number
        if isinstance(number, bool) or not isinstance(number, Real) or not 0 < number < float("inf"):
            raise InputError(Problem("arguments", "exchange_rate", rate.value, f"above 0 ({rate.unit})"))
        return rate
