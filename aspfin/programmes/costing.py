"""Benefit rules applied to a caseload: exact in local currency, converted last (models of benefit and cost).

The monthly transfer of household i in area r at poverty level g is
``b_household(r,g) + b_member(r,g)·members_i + Σ_k b_category(r,g,k)·n_ik``; the programme's transfers are the
sum over households times the months. Whole amounts and whole counts give whole totals, without rounding.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from aspfin.data import Quantity, unverified
from aspfin.programmes.caseload import Cells, group_caseload
from aspfin.programmes.rules import BenefitRule, rules_frame, rules_in_force
from aspfin.results import InputError, Money, Problem, ResultMixin

__all__ = ["ProgrammeCost", "cost_of_rules", "entitlement_by_rules", "per_unit"]


@dataclass(frozen=True, repr=False)
class ProgrammeCost(ResultMixin):
    """What a programme's transfers cost for a caseload.

    Attributes
    ----------
    total
        Transfers in `currency`; a whole number where amounts are whole.
    per_period
        Transfers of the first month, payment or event round, in `currency`.
    period, periods
        "month", "payment" or "event", and how many of them.
    households, people
        Size of the caseload; None where it is not counted (a table of births alone has neither).
    components
        One row per rule used: component, area, card_level, amount, count, periods, total, status, source.
    exchange_rate
        Units of `currency` per US dollar with date and source; None where no dollars were asked for.
    """

    programme: str
    on: dt.date
    currency: str
    total: float
    per_period: float
    period: str
    periods: int
    households: int | None
    people: int | None
    components: pd.DataFrame = field(compare=False)
    rules: tuple[BenefitRule, ...] = ()
    exchange_rate: Quantity | None = None

    @property
    def per_household(self) -> float | None:
        """Return the total per household, in `currency`; None where households are not counted."""
        return self.total / self.households if self.households else None

    @property
    def per_person(self) -> float | None:
        """Return the total per member, in `currency`; None where members are not counted."""
        return self.total / self.people if self.people else None

    @property
    def total_usd(self) -> float | None:
        """Return the total in US dollars, or None without an exchange rate."""
        return None if self.exchange_rate is None else self.total / self.exchange_rate.number

    @property
    def money(self) -> Money:
        """Return the total with its currency and price year."""
        return Money(self.total, self.currency, self.on.year)

    @property
    def unverified(self) -> pd.DataFrame:
        """Return the unverified amounts and rate used: name, value, unit, status, source, note."""
        amounts = [
            Quantity(
                f"{self.programme}: {rule.label} from {rule.valid_from}",
                rule.amount,
                unit=f"{rule.currency} per {rule.per}",
                source=rule.source,
                status=rule.status,
                note=rule.note,
            )
            for rule in self.rules
        ]
        return unverified([*amounts, *([self.exchange_rate] if self.exchange_rate else [])])

    def to_frame(self) -> pd.DataFrame:
        """Return the components, one row per rule used."""
        return self.components.copy()

    def sentence(self) -> str:
        """Return the cost as one sentence."""
        dollars = ""
        if self.exchange_rate is not None:
            dollars = (
                f" (US$ {self.total_usd:,.0f} at {self.exchange_rate.number:,.2f} {self.exchange_rate.unit})"
            )
        counted = [(self.households, "households"), (self.people, "people")]
        size = " and ".join(f"{number:,} {word}" for number, word in counted if number)
        each = f": {self.per_household:,.0f} {self.currency} per household" if self.households else ""
        plural = "" if self.periods == 1 else "s"
        return (
            f"{self.programme} costs {self.money}{dollars} in transfers{f' for {size}' if size else ''}"
            f" over {self.periods} {self.period}{plural}{each}."
        )


def per_unit(amount: float, units: float, *, periods: float = 1) -> float:
    """Return an amount per household or person and per period.

    Parameters
    ----------
    amount
        Money, 0 or more.
    units
        Households or people, above 0.
    periods
        Months, payments or rounds, above 0.

    Raises
    ------
    InputError
        For a negative amount, or units or periods that are not positive.

    Examples
    --------
    >>> round(per_unit(994_260_000, 705_487, periods=33), 3)
    42.707
    """
    checks = (
        ("amount", amount, amount >= 0, "0 or more"),
        ("units", units, units > 0, "above 0"),
        ("periods", periods, periods > 0, "above 0"),
    )
    problems = [
        Problem("arguments", name, value, allowed) for name, value, good, allowed in checks if not good
    ]
    if problems:
        raise InputError(problems)
    return amount / units / periods


def _amount(rule: BenefitRule, programme: str) -> float:
    """Return the amount of a rule, whole where it is whole; raise where none was found."""
    if rule.amount is None:
        place = f"programme {programme}"
        allowed = f"an amount of your own: none was found, its status is {rule.status}"
        raise InputError(Problem(place, f"amount ({rule.label})", None, allowed))
    return int(rule.amount) if float(rule.amount).is_integer() else float(rule.amount)


def entitlement_by_rules(
    frame: pd.DataFrame, rules: Sequence[BenefitRule], programme: str = "rules"
) -> pd.Series:
    """Return what each household is entitled to per month, payment or round of events.

    Parameters
    ----------
    frame
        One row per household: `members`, one column per category the rules pay for, `area` and `card_level`
        where the rules depend on them.
    rules
        Rules in force on one day.
    programme
        Name used in errors.

    Returns
    -------
    Series
        Money in the rules' currency, index of `frame`; whole numbers where all amounts are whole.
    """
    if "households" in getattr(frame, "columns", ()):
        allowed = "one row per household; use the programme's cost for an aggregated table"
        raise InputError(Problem("caseload", "households", "a column", allowed))
    cells = group_caseload(frame, rules)
    amounts = [_amount(rule, programme) for rule in rules]
    whole = all(isinstance(amount, int) for amount in amounts)
    paid = np.zeros(len(frame), dtype=np.int64 if whole else float)
    table: dict[str, np.ndarray] = {}
    for rule, amount in zip(rules, amounts, strict=True):
        rates = table.setdefault(rule.column, np.zeros(len(cells.keys), dtype=paid.dtype))
        rates += np.where(cells.matches(rule), amount, 0).astype(paid.dtype)
    for column, rates in table.items():
        paid += rates[cells.codes] * cells.counts[column]
    return pd.Series(paid, index=frame.index, name="entitlement")


def _months(start: dt.date, count: int) -> list[dt.date]:
    """Return `count` days a month apart; a day beyond the end of a month becomes its last day."""
    return [(pd.Timestamp(start) + pd.DateOffset(months=k)).date() for k in range(count)]


def _schedule(
    rules: Sequence[BenefitRule], on: dt.date, periods: int | None, programme: str
) -> list[tuple[tuple[BenefitRule, ...], int]]:
    """Return the sets of rules used and for how many periods each."""
    first = rules_in_force(rules, on, programme)
    per = first[0].per
    word = {"month": "months", "payment": "payments", "event": "months"}[per]
    if periods is not None and (isinstance(periods, bool) or not isinstance(periods, int) or periods < 1):
        raise InputError(Problem("arguments", word, periods, "a whole number, 1 or more"))
    if per == "event":
        return [(first, 1)]
    package = first[0].periods
    if package is not None or per == "payment":
        count = periods or package
        if count is not None:
            return [(first, count)]
    if periods is None:
        allowed = f"a whole number, 1 or more: the rules set no number of {word}"
        raise InputError(Problem("arguments", word, None, allowed))
    used = Counter(rules_in_force(rules, day, programme) for day in _months(on, periods))
    return list(used.items())


def cost_of_rules(
    caseload: pd.DataFrame,
    rules: Sequence[BenefitRule],
    *,
    on: dt.date,
    programme: str,
    currency: str,
    periods: int | None = None,
    exchange_rate: Quantity | None = None,
) -> ProgrammeCost:
    """Return the transfers of a programme for a caseload; see `Programme.cost`."""
    schedule = _schedule(rules, on, periods, programme)
    every = tuple(dict.fromkeys(rule for used, _ in schedule for rule in used))
    cells = group_caseload(caseload, every)
    households = _households(caseload, cells)
    if households == 0:
        raise InputError(Problem("caseload", "households", 0, "at least one household"))
    sums = {column: cells.sums(column) for column in cells.counts}
    rows, used_rules = [], []
    for used, count in schedule:
        for rule in used:
            number = int(sums[rule.column][cells.matches(rule)].sum())
            if number == 0:
                continue  # an amount nobody in the caseload is owed needs no figure
            amount = _amount(rule, programme)
            rows.append((rule, amount, number, count, amount * number * count))
            used_rules.append(rule)
    first = sum(amount * number for rule, amount, number, _, _ in rows if rule in schedule[0][0])
    return ProgrammeCost(
        programme=programme,
        on=on,
        currency=currency,
        total=sum(row[-1] for row in rows),
        per_period=first,
        period=every[0].per,
        periods=sum(count for _, count in schedule),
        households=households,
        people=int(cells.counts["members"].sum()) if "members" in cells.counts else None,
        components=_components(rows),
        rules=tuple(used_rules),
        exchange_rate=exchange_rate,
    )


def _households(caseload: pd.DataFrame, cells: Cells) -> int | None:
    """Return the number of households: the column, or the rows where members are counted, or None."""
    if "households" in cells.counts:
        return int(cells.counts["households"].sum())
    return len(caseload) if "members" in cells.counts else None


def _components(rows: list[tuple]) -> pd.DataFrame:
    frame = rules_frame([row[0] for row in rows])
    table = pd.DataFrame(
        {
            "component": [rule.category or rule.unit for rule, *_ in rows],
            "area": frame["area"],
            "card_level": frame["card_level"],
            "amount": [row[1] for row in rows],
            "count": [row[2] for row in rows],
            "periods": [row[3] for row in rows],
            "total": [row[4] for row in rows],
        }
    )
    return table.assign(
        currency=frame["currency"],
        valid_from=frame["valid_from"],
        status=frame["status"],
        source=frame["source"],
    )
