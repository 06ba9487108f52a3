"""Turning validated entries of programmes.yaml into programmes with their rules."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from aspfin.programmes.catalogue import Budget, Outcome, Programme
from aspfin.programmes.contributions import ContributionRule, InsuranceBenefit
from aspfin.programmes.eligibility import Condition, Eligibility
from aspfin.programmes.programme_schema import Amount, ProgrammeEntry, Schedule
from aspfin.programmes.rules import BenefitRule

__all__ = ["build_programme", "rules_of"]

TEXTS = ("id", "name", "pillar", "agency", "channel", "payment_cycle", "currency", "eligibility")
PLAIN = (*TEXTS, "legal_basis", "note", "status", "operating", "part_of", "tops_up")


def build_programme(entry: ProgrammeEntry) -> Programme:
    """Return the programme of an entry, its amounts multiplied out into benefit rules."""
    own = {"currency": entry.currency}
    return Programme(
        **{name: getattr(entry, name) for name in PLAIN},
        life_cycle=tuple(entry.life_cycle),
        replaces=tuple(entry.replaces),
        responds_to=tuple(entry.responds_to),
        eligible_if=_eligibility(entry),
        sources=tuple(entry.sources),
        rules=tuple(
            rule
            for schedule in entry.schedules
            for amount in schedule.amounts
            for rule in rules_of(schedule, amount, entry.currency)
        ),
        contribution_rules=tuple(
            ContributionRule(**rule.model_dump(), **own) for rule in entry.contributions
        ),
        insurance=tuple(InsuranceBenefit(**benefit.model_dump(), **own) for benefit in entry.insurance),
        outcomes=tuple(
            Outcome(**{**outcome.model_dump(), "currency": outcome.currency or ""})
            for outcome in entry.outcomes
        ),
        budgets=tuple(Budget(**budget.model_dump()) for budget in entry.budgets),
    )


def _eligibility(entry: ProgrammeEntry) -> Eligibility:
    return tuple(
        tuple(
            Condition(column, tuple(found.any_of), found.at_least, found.at_most)
            for column, found in alternative.items()
        )
        for alternative in entry.eligible
    )


def rules_of(schedule: Schedule, amount: Amount, currency: str) -> Iterator[BenefitRule]:
    """Yield the rules of an amount, its areas, levels and categories multiplied out."""
    combinations = product(amount.category or [None], amount.area or [None], amount.card_level or [None])
    for category, area, level in combinations:
        yield BenefitRule(
            valid_from=schedule.valid_from,
            valid_to=schedule.valid_to,
            unit=amount.unit,
            category=category,
            area=area,
            card_level=level,
            amount=amount.amount,
            per=schedule.per,
            periods=schedule.months or schedule.payments,
            currency=currency,
            source=amount.source if amount.source is not None else schedule.source,
            status=amount.status or schedule.status,
            note=amount.note or schedule.note,
            expected_of=amount.expected.of if amount.expected else None,
            expected_per_month=amount.expected.per_month if amount.expected else None,
        )
