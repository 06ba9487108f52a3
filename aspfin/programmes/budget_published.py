"""Published money beside computed money: budgets, sums paid, and whether rules reproduce them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import pandas as pd

from aspfin.data import Quantity
from aspfin.programmes.catalogue import Outcome, Programme
from aspfin.results import Check, InputError

__all__ = ["published_money", "reproduced", "span_of"]

COLUMNS = ["programme", "name", "kind", "period", "amount", "computed", "comparable", "parts_missing",
           "status", "source", "note"]  # fmt: skip
CLOSE = 0.02  # counts and sums are of one report; a larger gap has a reason worth telling
NEAR = dt.timedelta(days=731)


def span_of(period: str) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day of a period such as "2024" or "2022-12 to 2023-02"; None if it is none.

    Examples
    --------
    >>> span_of("2022-12 to 2023-02")
    (datetime.date(2022, 12, 1), datetime.date(2023, 2, 28))
    """
    ends = [part.strip() for part in str(period).split(" to ")]
    if len(ends) > 2 or not all(re.fullmatch(r"\d{4}(-\d{2})?", part) for part in ends):
        return None
    first = dt.date(int(ends[0][:4]), int(ends[0][5:7] or 1), 1)
    year, month = int(ends[-1][:4]), int(ends[-1][5:7] or 12)
    return first, (pd.Timestamp(year, month, 1) + pd.offsets.MonthEnd(0)).date()


def published_money(
    programmes: Sequence[Programme],
    lines: pd.DataFrame,
    days: Sequence[dt.date],
    currency: str,
    rate: Quantity | None,
) -> pd.DataFrame:
    """Return budgets and sums paid near the period, beside the cost computed.

    Parameters
    ----------
    programmes, lines
        The programmes and their rows of the budget; a programme with parts is held against the sum of those.
    days
        Last days of the months of the period.
    currency, rate
        Currency of the costs, and its units per US dollar.

    Returns
    -------
    DataFrame
        Columns programme, name, kind ("budget" or "paid"), period, amount, computed (with administration
        beside a budget, without beside what was paid), comparable (whether the published period is that of
        the costs), parts_missing, status, source, note.
    """
    first, last = days[0].replace(day=1), days[-1]
    rows = []
    for programme in programmes:
        total, absent = _computed(programme.id, lines, "total")
        for budget in programme.budgets:
            span = span_of(budget.period)
            if span is None or span[1] < first - NEAR or span[0] > last + NEAR:
                continue
            same = span == (first, last)
            rows.append(("budget", budget.period, budget, programme, total, same, absent))
        transfers, _ = _computed(programme.id, lines, "transfers")
        for one in programme.outcomes:
            if one.amount is not None and one.periods and first - NEAR <= one.date <= last + NEAR:
                words = f"{one.periods} rounds to {one.date}"
                same = one.periods == len(days) and first <= one.date <= last + dt.timedelta(days=31)
                rows.append(("paid", words, one, programme, transfers, same, absent))
    table = [
        (one.id, one.name, kind, words, _local(money.amount, money.currency, currency, rate), sums, same,
         absent, money.status, money.source, money.note)
        for kind, words, money, one, sums, same, absent in rows
    ]  # fmt: skip
    return pd.DataFrame(table, columns=COLUMNS)


def _computed(name: str, lines: pd.DataFrame, what: str) -> tuple[float, int]:
    """Return the cost of a programme with its parts, and how many of these have none."""
    group = lines[(lines["programme"] == name) | (lines["part_of"] == name)]
    known = group["reason"] == ""
    return (float(group.loc[known, what].sum()) if known.any() else float("nan")), int((~known).sum())


def _local(amount: float, unit: str, currency: str, rate: Quantity | None) -> float:
    if unit == currency:
        return float(amount)
    return float(amount) * rate.number if unit == "USD" and rate is not None else float("nan")


def reproduced(programmes: Sequence[Programme], days: Sequence[dt.date]) -> list[Check]:
    """Return, for every published sum with its count and rounds, whether the rules give that sum.

    Only rules that pay alike everywhere are held against a national count, and only rules of the period.
    """
    checks = []
    for programme in programmes:
        for outcome in programme.outcomes:
            if (gap := _gap(programme, outcome, days)) is None:
                continue
            computed, off = gap
            checks.append(
                Check(
                    f"{programme.name}, {outcome.date}",
                    "Do the rules give the published sum for the published count?",
                    bool(abs(off) <= CLOSE),
                    off,
                    text=f"{computed:,.0f} computed, {outcome.amount:,.0f} {outcome.currency} published: "
                    f"{100 * off:+.2g} %".replace("-", "−"),
                )
            )
    return checks


def _gap(programme: Programme, outcome: Outcome, days: Sequence[dt.date]) -> tuple[float, float] | None:
    if outcome.planned or not (outcome.amount and outcome.periods and outcome.households):
        return None
    if outcome.currency != programme.currency:
        return None
    rules = [rule for rule in programme.rules if any(rule.holds_on(day) for day in days)]
    begun = [rule for rule in rules if rule.valid_from <= outcome.date]
    if not begun or any(rule.area or rule.card_level or rule.amount is None for rule in rules):
        return None
    day = max(rule.valid_from for rule in begun)
    counts = {"households": outcome.households, "members": outcome.people, **outcome.categories}
    table = pd.DataFrame([{name: value for name, value in counts.items() if value is not None}])
    try:
        cost = programme.cost(table, on=day, months=outcome.periods)
    except InputError:  # counts the rules cannot be applied to: nothing to compare
        return None
    return float(cost.total), float(cost.total) / outcome.amount - 1
