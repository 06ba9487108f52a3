"""Financing joined to people: who of those in need is paid on time, late or never, and by whose money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.data import Quantity
from aspfin.financing import FinancingResult, Instrument, Need, allocate, finance
from aspfin.programmes.response import ResponseComparison
from aspfin.programmes.response_plan import Stream, share_paid_by
from aspfin.programmes.shock_need import ShockNeed
from aspfin.results import Check, InputError, Money, Problem, ResultMixin
from aspfin.seeds import named_seed

__all__ = ["ResponseFinancing", "finance_response"]

RETURN_PERIODS = (2, 5, 10, 20, 50, 100)
HOUSEHOLDS = "households"


@dataclass(frozen=True, eq=False, repr=False)
class ResponseFinancing(ResultMixin):
    """What a response costs over the years, who pays it, and what that means for households in need.

    Attributes
    ----------
    option, country, currency : str
        Money is in `currency`, that of the instruments.
    deadline_days : float
        Paid within so many days of the shock is on time.
    cost_per_affected : float
        Cost of the option per affected household, as in the comparison.
    by_return_period : DataFrame
        return_period, households_affected, households_in_need, on_time, late, never_funded (reached, but no
        money), never_reached (by the option), not_in_need, cost, unmet.
    by_instrument : DataFrame
        return_period, instrument, days_to_cash, first_day, last_day (of payment, after the shock), paid
        (money), households (in need), on_time, late.
    per_year : DataFrame
        By instrument and unmet: expected money a year, expected households in need a year.
    financing : FinancingResult
        Costs of the instruments over several years.
    financing_cost, financing_cost_per_household : float
        Funding a year beyond the money it brings, and per household in need that is paid.
    checks : tuple of Check
    """

    option: str
    country: str
    currency: str
    deadline_days: float
    cost_per_affected: float
    by_return_period: pd.DataFrame
    by_instrument: pd.DataFrame
    per_year: pd.DataFrame
    financing: FinancingResult
    financing_cost: float
    financing_cost_per_household: float
    checks: tuple[Check, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the households by return period."""
        return self.by_return_period.copy()

    def sentence(self) -> str:
        """Return who is paid in a year of one in ten (or the nearest), in words."""
        table = self.by_return_period
        row = table.iloc[(table["return_period"] - 10).abs().argmin()]
        never = row["never_funded"] + row["never_reached"]
        cost, unmet = (Money(row[name], self.currency) for name in ("cost", "unmet"))
        return (
            f"{self.option}: one year in {row['return_period']:g}, {row['households_in_need']:,.0f} or more "
            f"households are in need; {row['on_time']:,.0f} of them are paid within {self.deadline_days:g} "
            f"days, {row['late']:,.0f} later, {never:,.0f} never ({row['never_funded']:,.0f} for want of "
            f"money). The response costs {cost}, of which {unmet} is not financed."
        )


def finance_response(
    comparison: ResponseComparison,
    option: str,
    affected: ShockNeed | Need,
    instruments: Sequence[Instrument],
    *,
    exchange_rate: float | Quantity | None = None,
    return_periods: Sequence[float] = RETURN_PERIODS,
    deadline_days: float | None = None,
    years: int = 5,
    paths: int = 20_000,
    seed: int = 0,
) -> ResponseFinancing:
    """Finance an option of a comparison over the years, and say what that means for households.

    Every household affected in a year costs what it costs in the comparison (its part of an investment
    included), is in need and is reached as often as there. An instrument's money comes `days_to_cash` after
    the shock; the option's own days to the first payment and to 95 % follow.

    Parameters
    ----------
    comparison, option
        The comparison, and the name of one of its options.
    affected
        Households affected a year: a `ShockNeed`, or a `Need` whose currency is "households".
    instruments
        In the order in which they pay, in US dollars or, without an exchange rate of 1, in the money that the
        rate leads to.
    exchange_rate
        Units of the comparison's currency per unit of the instruments'; by default that of the year of the
        shock, per US dollar.
    return_periods
        Years at which households are shown, above 1.
    deadline_days
        By default that of the comparison.
    years, paths, seed
        Of the simulation of several years, in which the cost per affected household is drawn anew on each
        path where the comparison has draws. The same seed gives every option the same years.

    Returns
    -------
    ResponseFinancing

    Raises
    ------
    InputError
        For an unknown option, a need that is not in households, a rate or return period out of range.

    Examples
    --------
    >>> from aspfin.data.synthetic import household_population
    >>> from aspfin.financing import ContingencyFund, Need
    >>> from aspfin.programmes import compare_responses, load_country, shocks
    >>> khm = load_country("KHM")
    >>> people = household_population("KHM", households=2_000, seed=1)
    >>> result = compare_responses(khm, shocks.from_event(khm, "flood_2022"), population=people, draws=0)
    >>> hit = Need.from_states([0.2], [100_000.0], currency="households")
    >>> fund = ContingencyFund(opening=1e6, contribution=5e5, ceiling=1e6)
    >>> paid = finance_response(result, "Vertical expansion", hit, [fund], paths=1_000, return_periods=[10])
    >>> row = paid.by_return_period.iloc[0]
    >>> bool(row["never_funded"] > 0), bool(row["unmet"] > 0)
    (True, True)
    """
    need = affected.affected if isinstance(affected, ShockNeed) else affected
    deadline = comparison.deadline_days if deadline_days is None else deadline_days
    rate = _rate(comparison, exchange_rate)
    _require(comparison, option, need, return_periods, deadline)
    row = comparison.table.set_index("option").loc[option]
    each = row / row["households_affected"]
    unit = float(each["cost"]) / rate
    total = float(comparison.account["households"].sum())
    hit = np.minimum(need.value_at_risk(1 - 1 / np.asarray(return_periods, dtype=float)), total)
    ledger = allocate(hit * unit, instruments)
    by_instrument = _by_instrument(ledger, hit, each, row, instruments, return_periods, deadline)
    by_period = _by_period(ledger, by_instrument, hit, each, total, return_periods)
    simulated = need.simulate(years=years, paths=paths, seed=seed) * _unit_draws(
        comparison, option, rate, paths, seed, unit
    )
    financed = finance(simulated, instruments, seed=seed)
    per_year = _per_year(financed, need.mean, each)
    paid = float(per_year.loc[per_year["instrument"] != "unmet", "households"].sum())
    cost = financed.opportunity_cost
    return ResponseFinancing(
        option, comparison.country, financed.currency, deadline, unit, by_period, by_instrument, per_year,
        financed, cost, cost / paid if paid > 0 else float("nan"), _checks(by_period, ledger, total),
    )  # fmt: skip


def _rate(comparison: ResponseComparison, given: float | Quantity | None) -> float:
    found = comparison.exchange_rate if given is None else given
    rate = found.number if isinstance(found, Quantity) else found
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < float("inf"):
        raise InputError(Problem("financing", "exchange_rate", rate, "a number above 0"))
    return float(rate)


def _require(
    comparison: ResponseComparison, option: str, need: object, periods: Sequence[float], deadline: float
) -> None:
    problems = []
    if option not in comparison.options:
        problems.append(Problem("financing", "option", option, " | ".join(comparison.options)))
    if not isinstance(need, Need):
        problems.append(Problem("financing", "affected", type(need).__name__, "a ShockNeed or a Need"))
    elif need.currency != HOUSEHOLDS:
        allowed = 'households affected a year: Need(..., currency="households")'
        problems.append(Problem("financing", "affected", need.currency, allowed))
    bad = [one for one in periods if not one > 1]
    if bad or not len(periods):
        problems.append(Problem("financing", "return_periods", bad or "none", "years above 1"))
    if not deadline > 0:
        problems.append(Problem("financing", "deadline_days", deadline, "above 0"))
    if not problems and not comparison.table["households_affected"].iloc[0] > 0:
        problems.append(
            Problem("financing", "comparison", "no affected household", "a shock that hits somebody")
        )
    if problems:
        raise InputError(problems)


def _by_instrument(
    ledger: pd.DataFrame,
    hit: np.ndarray,
    each: pd.Series,
    row: pd.Series,
    instruments: Sequence[Instrument],
    periods: Sequence[float],
    deadline: float,
) -> pd.DataFrame:
    """Return, by return period and instrument, its money and the households in need paid with it."""
    reached = hit * float(each["households_in_need"]) * float(row["coverage_in_need"])
    need = ledger["need"].to_numpy()
    parts = []
    for one in instruments:
        money = ledger[one.name].to_numpy()
        households = reached * np.divide(money, need, out=np.zeros_like(money), where=need > 0)
        first, last = (row[name] + one.days_to_cash for name in ("first_days", "last_days"))
        stream = Stream(1.0, 0.0, 0.0, first, last)
        share = float(share_paid_by(deadline, stream)) if np.isfinite(row["first_days"]) else 0.0
        parts.append(
            pd.DataFrame(
                {
                    "return_period": np.asarray(periods, dtype=float),
                    "instrument": one.name,
                    "days_to_cash": float(one.days_to_cash),
                    "first_day": float(stream.first_days),
                    "last_day": float(stream.last_days),
                    "paid": money,
                    "households": households,
                    "on_time": households * share,
                    "late": households * (1 - share),
                }
            )
        )
    if not parts:
        names = ["return_period", "instrument", "days_to_cash", "first_day", "last_day", "paid"]
        return pd.DataFrame(columns=[*names, "households", "on_time", "late"])
    return pd.concat(parts, ignore_index=True)


def _by_period(
    ledger: pd.DataFrame,
    by_instrument: pd.DataFrame,
    hit: np.ndarray,
    each: pd.Series,
    total: float,
    periods: Sequence[float],
) -> pd.DataFrame:
    in_need = hit * float(each["households_in_need"])
    reached = in_need - hit * float(each["unmet_households"])
    sums = by_instrument.groupby("return_period", sort=False)[["households", "on_time", "late"]].sum()
    sums = sums.reindex(np.asarray(periods, dtype=float), fill_value=0.0)
    return pd.DataFrame(
        {
            "return_period": np.asarray(periods, dtype=float),
            "households_affected": hit,
            "households_in_need": in_need,
            "on_time": sums["on_time"].to_numpy(dtype=float),
            "late": sums["late"].to_numpy(dtype=float),
            "never_funded": np.maximum(reached - sums["households"].to_numpy(dtype=float), 0.0),
            "never_reached": in_need - reached,
            "not_in_need": total - in_need,
            "cost": ledger["need"].to_numpy(),
            "unmet": ledger["unmet"].to_numpy(),
        }
    )


def _unit_draws(
    comparison: ResponseComparison, option: str, rate: float, paths: int, seed: int, central: float
) -> np.ndarray | float:
    """Return a cost per affected household for each path, shape (paths, 1); the central one without draws."""
    if not comparison.draws:
        return central
    found = comparison.measure_draws(option)
    hit = found["households_affected"]
    unit = found["cost"] / np.where(hit > 0, hit, np.nan) / rate
    unit = unit[np.isfinite(unit)]
    chosen = np.random.default_rng(named_seed(seed, "cost per household")).integers(0, len(unit), paths)
    return unit[chosen][:, None]


def _per_year(financed: FinancingResult, affected: float, each: pd.Series) -> pd.DataFrame:
    reached = affected * float(each["households_in_need"] - each["unmet_households"])
    rows = [
        (one.instrument, one.expected, one.share_of_need) for one in financed.paid.itertuples(index=False)
    ]
    rows.append(("unmet", financed.unmet.expected, financed.unmet.share_of_need))
    table = pd.DataFrame(rows, columns=["instrument", "expected", "share_of_need"])
    return table.assign(households=reached * table["share_of_need"].fillna(0.0))


def _checks(by_period: pd.DataFrame, ledger: pd.DataFrame, total: float) -> tuple[Check, ...]:
    parts = by_period[["on_time", "late", "never_funded", "never_reached", "not_in_need"]].sum(axis=1)
    people = float((parts - total).abs().max())
    money = float((ledger.drop(columns="need").sum(axis=1) - ledger["need"]).abs().max())
    largest = max(float(ledger["need"].max()), 1.0)
    return (
        Check(
            "households add up",
            "Is every household paid on time, late, never, or not in need, at every return period?",
            people <= 1e-6 * total,
            people,
            text=f"largest gap {people:.1g} households",
        ),
        Check(
            "money adds up",
            "Is the cost paid by instruments or unmet, at every return period?",
            money <= 1e-9 * largest,
            money,
            text=f"largest gap {money:.1g}",
        ),
    )
