"""Social security contributions of a period, by programme and payer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from aspfin.programmes.catalogue import Outcome, Programme

if TYPE_CHECKING:
    from aspfin.programmes.budget_caseloads import StatedCaseload

__all__ = ["contributions_in_period"]

PAYERS = ("employer", "worker", "state")
COLUMNS = ["programme", "name", "payer", "workers", "basis", "amount", "low", "high", "source", "status"]
WORKERS = "formal_workers"


def contributions_in_period(
    programmes: Sequence[Programme],
    days: Sequence[dt.date],
    population: pd.DataFrame | None,
    weight: str,
    stated: Sequence[StatedCaseload] = (),
) -> pd.DataFrame:
    """Return contributions by programme and payer over the period.

    Wages are those of the population; members are, in this order, those the user states as `formal_workers`,
    those last published, those of the population. Low and high are over all of these.

    Parameters
    ----------
    programmes
        Programmes; those without rates of contribution are passed over.
    days
        Last days of the months of the period.
    population, weight
        Households with `wage` and `formal_workers`, and the column by which a row counts.
    stated
        Caseloads of the user's own.

    Returns
    -------
    DataFrame
        Columns programme, name, payer, workers, basis, amount, low, high, source, status; empty without
        wages. Payers who pay nothing are left out.
    """
    wanted = {"wage", WORKERS}
    if population is None or not wanted <= set(population.columns):
        return pd.DataFrame(columns=COLUMNS)
    weights = population[weight].to_numpy(float)
    workers = float(weights @ population[WORKERS].to_numpy(float))
    rows = []
    for programme in programmes:
        sums = _sums(programme, days, population, weights)
        if workers <= 0 or not any(sums.values()):
            continue
        counts = [*_members(programme, days[-1], stated), (workers, "population", "", "assumed")]
        number, basis, source, status = counts[0]
        factors = [count / workers for count, *_ in counts]
        for payer, amount in sums.items():
            if amount:
                ends = (amount * min(factors), amount * max(factors))
                rows.append(
                    (programme.id, programme.name, payer, number, basis, amount * factors[0], *ends, source,
                     status)
                )  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def _sums(
    programme: Programme, days: Sequence[dt.date], population: pd.DataFrame, weights: object
) -> dict[str, float]:
    """Return what each payer owes over the period on the population's wages."""
    held: dict[tuple, list[dt.date]] = {}
    for day in days:
        rules = tuple(rule for rule in programme.contribution_rules if rule.holds_on(day))
        if rules and all(getattr(rule, payer) is not None for rule in rules for payer in PAYERS):
            held.setdefault(rules, []).append(day)
    sums = dict.fromkeys(PAYERS, 0.0)
    for same in held.values():
        paid = programme.contributions(population, on=same[0])
        for payer in PAYERS:
            sums[payer] += len(same) * float(weights @ paid[payer].to_numpy(float))  # type: ignore[operator]
    return sums


def _members(
    programme: Programme, end: dt.date, stated: Sequence[StatedCaseload]
) -> Iterator[tuple[float, str, str, str]]:
    for one in stated:
        if one.programme == programme.id and WORKERS in one.counts:
            yield float(one.counts[WORKERS]), "stated", one.source, one.status
    counted: list[Outcome] = [o for o in programme.outcomes if o.people and o.date <= end and not o.planned]
    if counted:
        latest = max(counted, key=lambda o: o.date)
        yield float(latest.people or 0), "published", latest.source, latest.status
