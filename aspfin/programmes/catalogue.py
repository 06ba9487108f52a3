"""The programmes of a country: who is eligible, what is paid under dated rules, what was published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

import pandas as pd

from aspfin.data import Quantity, Status
from aspfin.programmes.contributions import (
    ContributionRule,
    InsuranceBenefit,
    benefits_by_rules,
    contributions_by_rules,
    in_force,
)
from aspfin.programmes.costing import ProgrammeCost, cost_of_rules, entitlement_by_rules
from aspfin.programmes.eligibility import Eligibility, eligibility_in_words, eligible_rows
from aspfin.programmes.outcomes import Budget, Outcome
from aspfin.programmes.rules import BenefitRule, as_date, rules_frame, rules_in_force
from aspfin.programmes.stated_amounts import with_stated_amounts
from aspfin.results import InputError, Problem

__all__ = ["Budget", "Outcome", "Programme"]


@dataclass(frozen=True)
class Programme:
    """A social protection programme with its dated benefit rules and published outcomes.

    `status` and `sources` are those of the words (eligibility, legal basis, note); rules and outcomes have
    their own.

    Attributes
    ----------
    pillar
        "social_assistance", "social_security" or "labour_market".
    life_cycle
        Stages of life it is for: pregnancy, early_childhood, school_age, youth, working_age, old_age,
        all_ages.
    operating
        Whether it is paid; False for what is only defined.
    part_of, replaces, tops_up
        Ids of the programme it belongs to, those it came in place of, the one whose households it pays more.
    responds_to
        Hazards it was made for; empty for a regular programme.
    eligible_if
        Conditions on columns of a household frame; empty where they cannot be told from columns.
    rules, contribution_rules, insurance
        Dated amounts, rates of contribution, and benefits that depend on wage and contributions.

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
    life_cycle: tuple[str, ...] = ()
    operating: bool = True
    part_of: str | None = None
    replaces: tuple[str, ...] = ()
    tops_up: str | None = None
    responds_to: tuple[str, ...] = ()
    eligible_if: Eligibility = ()
    contribution_rules: tuple[ContributionRule, ...] = ()
    insurance: tuple[InsuranceBenefit, ...] = ()
    budgets: tuple[Budget, ...] = ()

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

    def with_amounts(self, amounts: Mapping[str, float]) -> Programme:
        """Return the programme with amounts of your own, in place of those not found or to see what they do.

        Parameters
        ----------
        amounts
            By what is paid: "household", "member", a category or event, the whole label of a rule
            ("household, rural, level 1"), the name of an insurance benefit (its share of the wage), or
            "employer", "worker", "state" (rates of contribution). What is stated holds under every dated
            rule; its status becomes "assumed".

        Raises
        ------
        InputError
            A name that no rule has; a number below 0, or a share above 1.

        Examples
        --------
        >>> rule = BenefitRule(dt.date(2024, 4, 1), unit="household", status="unverified")
        >>> base = Programme("base", "Base cash", rules=(rule,)).with_amounts({"household": 50_000})
        >>> base.rules[0].amount, base.rules[0].status
        (50000, 'assumed')
        """
        return with_stated_amounts(self, amounts)

    def eligible(self, frame: pd.DataFrame) -> pd.Series:
        """Return, per household, whether the programme is for it, as far as columns tell.

        Raises
        ------
        InputError
            Where it cannot be told from columns, or a column is missing or has empty cells.

        Examples
        --------
        >>> from aspfin.programmes.eligibility import Condition
        >>> cash = Programme("p", "P", eligible_if=((Condition("card_level", any_of=(1, 2)),),))
        >>> cash.eligible(pd.DataFrame({"card_level": [0, 2]})).tolist()
        [False, True]
        """
        return pd.Series(eligible_rows(frame, self.eligible_if, self.id), index=frame.index, name="eligible")

    def entitlement(
        self,
        frame: pd.DataFrame,
        *,
        on: dt.date | str,
        amounts: Mapping[str, float] | None = None,
    ) -> pd.Series:
        """Return what each household is entitled to per month (or payment, or round of events).

        Every household of `frame` is taken as one that the programme pays; `eligible` tells which it is for,
        and `aspfin.programmes.system_entitlements` puts the two together.

        Parameters
        ----------
        frame
            One row per household: `members`, one column of counts per category the rules pay for, and `area`
            and `card_level` where the rules depend on them; for insurance `wage` and `contribution_months`.
            Other columns are left alone.
        on
            Day whose rules apply.
        amounts
            Amounts of your own, as in `with_amounts`.

        Returns
        -------
        Series
            Money in the programme's currency, index of `frame`. What employers owe is not part of it.

        Raises
        ------
        InputError
            No rule on that day; a programme that does not operate; a missing column; a count that is
            negative, broken or empty; an area or level the rules do not know; an amount not found.

        Examples
        --------
        >>> rule = BenefitRule(dt.date(2022, 12, 1), unit="member", amount=16_000)
        >>> Programme("p", "P", rules=(rule,)).entitlement(
        ...     pd.DataFrame({"members": [1, 4]}), on="2022-12-10"
        ... ).tolist()
        [16000, 64000]
        """
        own = self.with_amounts(amounts) if amounts else self
        rules, benefits = own.in_force(on)
        if not benefits:
            return entitlement_by_rules(frame, rules, self.id)
        paid = benefits_by_rules(frame, benefits, self.id).sum(axis=1)
        if rules:
            paid = paid + entitlement_by_rules(frame, rules, self.id)
        return paid.rename("entitlement")

    def in_force(self, on: dt.date | str) -> tuple[tuple[BenefitRule, ...], tuple[InsuranceBenefit, ...]]:
        """Return the benefit rules and the fund's benefits that hold on a day; raise where there is none."""
        day = as_date(on)
        if not self.operating:
            allowed = "a programme that operates: this one is defined and not yet paid"
            raise InputError(Problem(f"programme {self.id}", "operating", False, allowed))
        rules = tuple(rule for rule in self.rules if rule.holds_on(day))
        benefits = tuple(one for one in self.insurance if one.holds_on(day) and one.payer == "fund")
        if not rules and not benefits:
            if self.insurance and not self.rules:
                in_force(self.insurance, day, self.id, "benefit rules")
            self.rules_on(day)
        return rules, benefits

    def contributions(
        self,
        frame: pd.DataFrame,
        *,
        on: dt.date | str,
        amounts: Mapping[str, float] | None = None,
    ) -> pd.DataFrame:
        """Return what is contributed per month in each row, by who pays.

        Parameters
        ----------
        frame
            `wage` per worker and month, and `formal_workers`, their number (one where the column is absent).
        on
            Day whose rates apply.
        amounts
            Rates of your own: "employer", "worker", "state".

        Returns
        -------
        DataFrame
            Columns employer, worker, state, total, in the programme's currency per month.

        Raises
        ------
        InputError
            No rates on that day; a rate that was not found; a broken column.

        Examples
        --------
        >>> rule = ContributionRule(dt.date(2018, 1, 1), employer=0.026, wage_cap=1_200_000)
        >>> health = Programme("h", "Health", contribution_rules=(rule,))
        >>> health.contributions(pd.DataFrame({"wage": [1_000_000]}), on="2020-01-01")["employer"].tolist()
        [26000.0]
        """
        own = self.with_amounts(amounts) if amounts else self
        rules = in_force(own.contribution_rules, on, self.id, "rates of contribution")
        return contributions_by_rules(frame, rules, self.id)

    def summary(self) -> dict[str, object]:
        """Return the programme as one row of a catalogue."""
        empty = [rule.label for rule in self.rules if rule.amount is None]
        empty += [benefit.name for benefit in self.insurance if benefit.share is None]
        latest = max(self.outcomes, key=lambda outcome: outcome.date, default=None)
        counted = [o for o in self.outcomes if (o.households or o.people) and not o.planned]
        last = max(counted, key=lambda outcome: outcome.date, default=None)
        starts = [rule.valid_from for rule in (*self.rules, *self.insurance, *self.contribution_rules)]
        return {
            "programme": self.id,
            "name": self.name,
            "pillar": self.pillar,
            "life_cycle": ", ".join(self.life_cycle),
            "operating": self.operating,
            "part_of": self.part_of or "",
            "responds_to": ", ".join(self.responds_to),
            "eligibility": self.eligibility,
            "conditions": eligibility_in_words(self.eligible_if),
            "agency": self.agency,
            "channel": self.channel,
            "payment_cycle": self.payment_cycle,
            "rules_from": min(starts, default=None),
            "amounts_not_found": ", ".join(dict.fromkeys(empty)),
            "households": last.households if last else None,
            "people": last.people if last else None,
            "caseload_on": last.date if last else None,
            "published_until": latest.date if latest else None,
            "budget": "; ".join(f"{b.amount:,.0f} {b.currency} ({b.period})" for b in self.budgets),
            "sources": ", ".join(self.sources),
            "status": self.status,
        }

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
        if any(one.holds_on(day) and one.payer == "fund" for one in self.insurance):
            allowed = "the sum of its entitlement over households: benefits depend on wage and contributions"
            raise InputError(Problem(f"programme {self.id}", "cost", "an aggregated cost", allowed))
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
