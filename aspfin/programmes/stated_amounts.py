"""Amounts stated by the user, in place of those not found or to see what others would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING

from aspfin.programmes.contributions import ContributionRule
from aspfin.programmes.rules import BenefitRule
from aspfin.results import InputError, Problem

if TYPE_CHECKING:
    from aspfin.programmes.catalogue import Programme

__all__ = ["with_stated_amounts"]


def with_stated_amounts(programme: Programme, amounts: Mapping[str, float]) -> Programme:
    """Return a programme with amounts stated by the caller; see `Programme.with_amounts`."""
    shares = {benefit.name for benefit in programme.insurance} | set(_payers(programme))
    money = {name for rule in programme.rules for name in (rule.category or rule.unit, rule.label)}
    problems = []
    for name, value in amounts.items():
        number = isinstance(value, Real) and not isinstance(value, bool) and 0 <= value < float("inf")
        if name not in money | shares:
            allowed = " | ".join(sorted(money | shares)) or "none: this programme has no benefit rule"
            problems.append(Problem(f"programme {programme.id}", "amounts", name, allowed))
        elif not number or (name in shares and value > 1):
            allowed = "a share from 0 to 1" if name in shares else "a number, 0 or more"
            problems.append(Problem(f"programme {programme.id}", f"amounts[{name}]", value, allowed))
    if problems:
        raise InputError(problems)
    said = {"status": "assumed", "source": "", "note": "stated by the caller"}

    def amount(rule: BenefitRule) -> BenefitRule:
        name = rule.label if rule.label in amounts else rule.category or rule.unit
        return replace(rule, amount=amounts[name], **said) if name in amounts else rule

    def rates(rule: ContributionRule) -> ContributionRule:
        own = {payer: amounts[payer] for payer in _payers(programme) if payer in amounts}
        return replace(rule, **own, **said) if own else rule

    return replace(
        programme,
        rules=tuple(amount(rule) for rule in programme.rules),
        insurance=tuple(
            replace(one, share=amounts[one.name], **said) if one.name in amounts else one
            for one in programme.insurance
        ),
        contribution_rules=tuple(rates(rule) for rule in programme.contribution_rules),
    )


def _payers(programme: Programme) -> tuple[str, ...]:
    return ("employer", "worker", "state") if programme.contribution_rules else ()
