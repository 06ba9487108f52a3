"""The five questions a published or reported figure is asked, one function each.

Each takes the table of figures with the norms of the programmes beside them and returns a list of `Finding`.
Bounds are generous on purpose: a rule that cries at right figures is soon switched off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["CYCLE", "FALLS", "FLOW", "RULES", "SIZE", "UNIT", "Finding", "months_told"]

UNIT = "unit"
SIZE = "order of magnitude per household"
FLOW = "stock against flow"
CYCLE = "month against payment cycle"
FALLS = "cumulative series never falls"
RULES = (UNIT, SIZE, FLOW, CYCLE, FALLS)

DAYS_PER_MONTH = 365.25 / 12
RATE_SLACK = 1.25  # rounded figures, and rates that move within a year
SIZE_SLACK = 2.0  # an order of magnitude is meant, not a bookkeeper's check
FLOW_SLACK = 1.05
CYCLE_SLACK = 1.10
FALL_SLACK = 0.01  # figures given as "1.2 billion" are rounded
MEASURES = ("amount", "households", "persons")


@dataclass(frozen=True)
class Finding:
    """One figure that breaks one rule.

    Attributes
    ----------
    at : int
        Position of the figure in the table.
    rule, column : str
        The rule, and the column that is most likely wrong.
    found, low, high : float
        What the rule looks at, and between what it should lie, in the unit of `measured`.
    measured : str
        What was looked at, with its unit.
    cause : str
        The likely slip; empty where none is recognised.
    suggestion : float
        Value of the column that would fit; missing where there is none or more than one.
    """

    at: int
    rule: str
    column: str
    found: float
    low: float
    high: float
    measured: str
    cause: str = ""
    suggestion: float = math.nan


def months_told(figures: pd.DataFrame) -> NDArray[np.float64]:
    """Return for how many months the amount of each figure was paid; missing where it is not told.

    Payments times the months between them; otherwise the length of the period; for a cumulative amount, the
    time since the programme opened.
    """
    by_payments = (figures["payments"] * figures["cycle_months"]).to_numpy(float)
    cumulative = (figures["amount_is"] == "cumulative").to_numpy()
    start = figures["first_day"].where(figures["first_day"].notna() | ~cumulative, figures["opened"])
    days = (figures["last_day"] - start).dt.days.to_numpy(float) + 1
    by_period = np.maximum(days / DAYS_PER_MONTH, figures["cycle_months"].fillna(1).to_numpy(float))
    return np.where(np.isnan(by_payments), by_period, by_payments)


def thousands(found: float, low: float, high: float) -> float:
    """Return the power of a thousand by which a value must be multiplied to lie in a range; missing if none.

    Examples
    --------
    >>> thousands(5.4e6, 2e9, 1e10), thousands(7.0, 20.0, 30.0)
    (1000.0, nan)
    """
    for power in (-3, -2, -1, 1, 2, 3):
        if low <= found * 1000.0**power <= high:
            return 1000.0**power
    return math.nan


def digit_slips(value: float) -> list[float]:
    """Return what was meant if one digit too many was typed, or a zero too few at the end.

    Examples
    --------
    >>> digit_slips(1203)
    [203.0, 103.0, 123.0, 120.0, 12030.0]
    """
    digits = f"{value:.0f}"
    fewer = [float(digits[:place] + digits[place + 1 :]) for place in range(len(digits)) if len(digits) > 1]
    return list(dict.fromkeys([*fewer, float(value * 10)]))


def unit(figures: pd.DataFrame, rates: dict[tuple[str, str], tuple[float, float]]) -> list[Finding]:
    """Compare an amount with the same amount in another currency."""
    found = []
    two = figures["amount"].gt(0) & figures["amount_other"].gt(0)
    for at in np.flatnonzero(two.to_numpy()):
        row = figures.iloc[at]
        ends = rates.get((row["currency"], row["currency_other"]))
        implied = row["amount"] / row["amount_other"]
        if ends is None or ends[0] / RATE_SLACK <= implied <= ends[1] * RATE_SLACK:
            continue
        low, high = ends[0] / RATE_SLACK * row["amount_other"], ends[1] * RATE_SLACK * row["amount_other"]
        factor = thousands(row["amount"], low, high)
        cause = "" if math.isnan(factor) else _thousand_words(factor)
        measured = f"{row['currency']} per {row['currency_other']}"
        suggestion = row["amount"] * factor
        found.append(Finding(at, UNIT, "amount", implied, *ends, measured, cause, suggestion))
    return found


def _thousand_words(factor: float) -> str:
    names = {1e3: "thousand", 1e6: "million", 1e9: "billion"}
    size = factor if factor > 1 else 1 / factor
    way = "small" if factor > 1 else "large"
    return f"a {names[round(size)]} times too {way}"


def size(figures: pd.DataFrame) -> list[Finding]:
    """Compare people and money per household with what the programme pays and how large households are."""
    months = months_told(figures)
    homes = figures["households"].to_numpy(float)
    persons, amount = (figures[name].to_numpy(float) for name in ("persons", "amount_norm"))
    with np.errstate(divide="ignore", invalid="ignore"):
        per_home, paid = persons / homes, amount / homes / months
    low, high = (figures[name].to_numpy(float) for name in ("norm_low", "norm_high"))
    few, many = (figures[name].to_numpy(float) for name in ("size_low", "size_high"))
    people_wrong = (per_home < few) | (per_home > many)
    money_wrong = (paid < low / SIZE_SLACK) | (paid > high * SIZE_SLACK)
    # Where the money fits the households, or is not told, people who do not fit are the ones in doubt.
    money_fits = ~np.isnan(paid) & ~money_wrong
    found = []
    for at in np.flatnonzero(people_wrong | money_wrong):
        if people_wrong[at]:
            column = "persons" if money_fits[at] else "households"
            measured, value, ends = "persons per household", per_home[at], (few[at], many[at])
            allowed = (few[at] * homes[at], many[at] * homes[at])
            if column == "households":
                allowed = _households(persons[at], amount[at] / months[at], ends, (low[at], high[at]))
        else:
            column, value, ends = "amount", paid[at], (low[at], high[at])
            measured = f"{figures['norm_currency'].iloc[at]} per household and month"
            scale = homes[at] * months[at] * figures["amount"].iloc[at] / amount[at]
            allowed = (low[at] / SIZE_SLACK * scale, high[at] * SIZE_SLACK * scale)
        cause, suggestion = _slip(figures, at, column, allowed)
        found.append(Finding(int(at), SIZE, column, value, *ends, measured, cause, suggestion))
    return found


def _households(
    persons: float, monthly: float, sizes: tuple[float, float], norm: tuple[float, float]
) -> tuple[float, float]:
    """Return between what numbers of households people and money both fit."""
    low, high = persons / sizes[1], persons / sizes[0]
    if not math.isnan(monthly / norm[0]):
        both = max(low, monthly / norm[1]), min(high, monthly / norm[0])
        low, high = both if both[0] <= both[1] else (low, high)
    return low, high


def _slip(figures: pd.DataFrame, at: int, column: str, allowed: tuple[float, float]) -> tuple[str, float]:
    """Return the likely slip and the value meant: units first, then a digit, best one printed elsewhere."""
    value = float(figures[column].iloc[at])
    factor = thousands(value, *allowed)
    if not math.isnan(factor):
        return _thousand_words(factor), value * factor
    fits = [other for other in digit_slips(value) if allowed[0] <= other <= allowed[1]]
    if not fits:
        return "", math.nan
    cause = "a digit too many" if fits[0] < value else "a digit too few"
    alike = (figures["programme"] == figures["programme"].iloc[at]).to_numpy()
    elsewhere = set(figures[column].to_numpy(float)[alike])
    known = [other for other in fits if other in elsewhere]
    if known:
        return f"{cause}, as another figure of the programme shows", known[0]
    return cause, fits[0] if len(fits) == 1 else math.nan


def flow(figures: pd.DataFrame) -> list[Finding]:
    """Compare what is said to have been added in a period with the cumulative figures around it."""
    found = []
    for column in MEASURES:
        told = figures["amount_is" if column == "amount" else "counts_are"]
        currency = (
            figures["currency"].fillna("") if column == "amount" else pd.Series("", index=figures.index)
        )
        known = figures[column].notna() & figures["last_day"].notna()
        for _, group in figures[known].groupby([figures["programme"], figures["area"].fillna(""), currency]):
            series = group[told.loc[group.index] == "cumulative"].sort_values("last_day")
            flows = group[(told.loc[group.index] == "flow") & group["first_day"].notna()]
            if len(series) and len(flows):
                found += _flows(figures, flows, series, column)
    return found


def _flows(figures: pd.DataFrame, flows: pd.DataFrame, series: pd.DataFrame, column: str) -> list[Finding]:
    days, totals = series["last_day"].to_numpy(), series[column].to_numpy(float)
    found = []
    for label, row in flows.iterrows():
        first, last, value = row["first_day"].to_datetime64(), row["last_day"].to_datetime64(), row[column]
        before, until = totals[days < first], totals[days <= last]
        start, after = totals[days >= first], totals[days >= last]
        opening = before.max(initial=0.0)
        high = after.min(initial=np.inf) - opening
        low = max(until.max(initial=0.0) - start.min(initial=np.inf), 0.0)
        if np.isinf(high) and value > totals.max() * FLOW_SLACK:
            continue  # the series ends before the period: nothing can be said
        if low / FLOW_SLACK <= value <= high * FLOW_SLACK:
            continue
        same = np.abs(totals / value - 1) < FLOW_SLACK - 1
        cause = "a cumulative total read as what was added in the period" if same.any() else ""
        at = figures.index.get_loc(label)
        suggestion = math.nan
        measured = f"{column} added in the period" + (f", {row['currency']}" if column == "amount" else "")
        found.append(Finding(at, FLOW, column, value, low, high, measured, cause, suggestion))
    return found


def cycle(figures: pd.DataFrame) -> list[Finding]:
    """Compare a benefit with the months it stands for, and the number of payments with the period."""
    return [*_benefits(figures), *_payments(figures)]


def _benefits(figures: pd.DataFrame) -> list[Finding]:
    monthly = (figures["benefit"] / figures["benefit_months"]).to_numpy(float)
    low, high = (figures[name].to_numpy(float) for name in ("benefit_low", "benefit_high"))
    every = figures["cycle_months"].to_numpy(float)
    outside = (monthly < low / CYCLE_SLACK) | (monthly > high * CYCLE_SLACK)
    found = []
    for at in np.flatnonzero(outside):
        cause, suggestion = "", math.nan
        for factor, words in (
            (1 / every[at], f"the payment of {every[at]:g} months told as that of one"),
            (every[at], f"the amount of one month told as the payment of {every[at]:g}"),
        ):
            if every[at] != 1 and low[at] / CYCLE_SLACK <= monthly[at] * factor <= high[at] * CYCLE_SLACK:
                cause, suggestion = words, float(figures["benefit"].iloc[at] * factor)
                break
        measured = f"{figures['norm_currency'].iloc[at]} of benefit per month"
        found.append(
            Finding(int(at), CYCLE, "benefit", monthly[at], low[at], high[at], measured, cause, suggestion)
        )
    return found


def _payments(figures: pd.DataFrame) -> list[Finding]:
    every, payments = (figures[name].to_numpy(float) for name in ("cycle_months", "payments"))
    months = (figures["last_day"] - figures["first_day"]).dt.days.to_numpy(float) / DAYS_PER_MONTH
    low, high = np.maximum(payments - 1.5, 0) * every, (payments + 1) * every
    opened, closed = figures["opened"], figures["closed"]
    early = (figures["first_day"] < opened - pd.Timedelta(days=31)).to_numpy()
    late = (figures["last_day"] > closed + pd.Timedelta(days=92)).to_numpy()
    found = []
    for at in np.flatnonzero((months < low) | (months > high)):
        column = "first_day" if early[at] or not late[at] else "last_day"
        cause = "the period does not hold this number of payments"
        found.append(
            Finding(
                int(at),
                CYCLE,
                column,
                months[at],
                low[at],
                high[at],
                "months between first and last day",
                cause,
            )
        )
    for at in np.flatnonzero((early | late) & ~((months < low) | (months > high))):
        column = "first_day" if early[at] else "last_day"
        bound = opened if early[at] else closed
        apart = (figures[column].iloc[at] - bound.iloc[at]).days / DAYS_PER_MONTH
        measured = "months from the programme's own first or last day"
        found.append(
            Finding(int(at), CYCLE, column, apart, -1.0, 3.0, measured, "not in the programme's time")
        )
    return found


def falls(figures: pd.DataFrame) -> list[Finding]:
    """Look for totals since the start that are lower than an earlier one."""
    found = []
    for column in MEASURES:
        told = figures["amount_is" if column == "amount" else "counts_are"]
        currency = (
            figures["currency"].fillna("") if column == "amount" else pd.Series("", index=figures.index)
        )
        known = figures[column].notna() & figures["last_day"].notna() & (told == "cumulative")
        for _, group in figures[known].groupby([figures["programme"], figures["area"].fillna(""), currency]):
            series = group.sort_values(["last_day", column])
            values = series[column].to_numpy(float)
            for place in np.flatnonzero(doubtful(values)):
                rest = np.delete(values, place)
                low = rest[:place].max(initial=0.0)
                high = rest[place:].min(initial=np.inf)
                ends = (low, high) if low <= high else (high, low)
                at = figures.index.get_loc(series.index[place])
                found.append(Finding(at, FALLS, column, values[place], *ends, f"{column} since the start"))
    return found


def doubtful(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the values that do not belong to every longest series that never falls.

    Where one value is out of line with all others it is the one marked; where two contradict each other and
    nothing decides between them, both are.

    Examples
    --------
    >>> doubtful(np.array([1.0, 2.0, 30.0, 4.0, 5.0])).tolist()
    [False, False, True, False, False]
    >>> doubtful(np.array([2.0, 1.0])).tolist()
    [True, True]
    """
    size = values.size
    until, since = np.ones(size, dtype=int), np.ones(size, dtype=int)
    for place in range(size):
        below = values[:place] <= values[place] * (1 + FALL_SLACK)
        until[place] += until[:place][below].max(initial=0)
    for place in range(size - 1, -1, -1):
        above = values[place + 1 :] * (1 + FALL_SLACK) >= values[place]
        since[place] += since[place + 1 :][above].max(initial=0)
    longest = (until + since - 1) == until.max(initial=1)
    alone = np.bincount(until[longest], minlength=size + 2)[until] == 1
    return ~(longest & alone)
