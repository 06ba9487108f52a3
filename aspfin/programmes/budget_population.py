"""What a population of households is owed by a programme over a period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.programmes.catalogue import Programme
from aspfin.programmes.country import Country
from aspfin.programmes.entitlements import computable_programmes, system_entitlements
from aspfin.programmes.household_columns import HouseholdColumns
from aspfin.programmes.rules import BenefitRule
from aspfin.results import InputError, Problem

__all__ = ["PopulationCost", "columns_paid", "rules_held"]

UNTOLD = "a population of households does not tell who is eligible"


def rules_held(programme: Programme, day: dt.date) -> tuple:
    """Return the benefit rules and fund benefits in force on a day; empty where there is none."""
    rules = [rule for rule in programme.rules if rule.holds_on(day)]
    return (*rules, *(one for one in programme.insurance if one.holds_on(day) and one.payer == "fund"))


def columns_paid(programme: Programme, held: Sequence[dt.date]) -> list[str]:
    """Return what the rules of the period pay for."""
    rules = dict.fromkeys(rule for day in held for rule in rules_held(programme, day))
    return list(dict.fromkeys(
        rule.column if isinstance(rule, BenefitRule) else rule.count for rule in rules
    ))  # fmt: skip


@dataclass(frozen=True)
class PopulationCost:
    """What a population of households is owed over the period, everybody entitled taking part."""

    programme: Programme
    transfers: float
    households: float  # paid in a month, on average; in the whole period where insurance pays per event
    counted: Mapping[str, float]
    by_event: bool = False
    persons: float = 0.0  # people paid for, where the rules pay each person by the month
    package: int = 0  # months paid, where the rules set their number

    @classmethod
    def of(
        cls,
        country: Country,
        programme: Programme,
        held: Sequence[dt.date],
        frame: pd.DataFrame | None,
        weight: str,
    ) -> PopulationCost | str:
        """Return it, or why the population cannot tell; raise where the weights are missing."""
        if frame is None:
            return "no population of households is given"
        if weight not in frame.columns:
            raise InputError(Problem("population", weight, "a missing column", "a weight per household"))
        table = computable_programmes(country, frame.columns, on=held[0]).set_index("programme")
        if not table.loc[programme.id, "computable"]:
            reason = str(table.loc[programme.id, "reason"])
            absent = reason.removeprefix("no column ")
            return absent.replace("_", " ") if absent != reason else UNTOLD
        weights = frame[weight].to_numpy(float)
        first = next((one for one in rules_held(programme, held[0]) if isinstance(one, BenefitRule)), None)
        package = 0
        if first is not None and first.per == "month" and first.periods:
            held = held[: first.periods]  # a package ends, even where its rules hold on for newcomers
            package = len(held)
        sets: dict[tuple, list[dt.date]] = {}
        for day in held:
            sets.setdefault(rules_held(programme, day), []).append(day)
        transfers = households = 0.0
        for days in sets.values():
            paid = system_entitlements(country, frame, on=days[0], programmes=[programme.id])
            money = paid[programme.id].to_numpy()
            rules = [one for one in rules_held(programme, days[0]) if isinstance(one, BenefitRule)]
            times = (rules[0].periods or 1) if rules and rules[0].per == "payment" else len(days)
            transfers += times * float(weights @ money)
            households += len(days) / len(held) * float(weights @ (money > 0))
        eligible = np.asarray(HouseholdColumns(frame).eligible(programme.eligible_if, programme.id), bool)
        counted = {
            name: float(weights @ np.where(eligible, frame[name].to_numpy(float), 0.0))
            for name in (*columns_paid(programme, held), "members")
            if name in frame.columns
        }
        by_event = any(one.holds_on(held[0]) and one.per == "event" for one in programme.insurance)
        if by_event:
            counted = {name: value * len(held) for name, value in counted.items()}
            households *= len(held)
        rules = [rule for day in held for rule in programme.rules if rule.holds_on(day)]
        each = bool(rules) and all(rule.unit == "category" and rule.per == "month" for rule in rules)
        persons = sum(counted.get(name, 0.0) for name in columns_paid(programme, held)) if each else 0.0
        return cls(programme, transfers, households, counted, by_event, persons, package)

    def people(self, columns: Sequence[str]) -> float:
        """Return the people counted in some columns."""
        return sum(self.counted.get(name, 0.0) for name in columns)
