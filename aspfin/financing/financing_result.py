"""What financing a need gives: payments, unmet need, cost and timing, in tidy tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.financing.instrument import SHOCK_AT, Instrument, Timing
from aspfin.financing.insurance import InsuranceLayer
from aspfin.financing.need import Need
from aspfin.financing.timeliness import share_met_within
from aspfin.financing.valid import money
from aspfin.financing.waterfall import Ledger, mean_and_error
from aspfin.results import Check, ResultMixin

__all__ = ["FinancingResult", "Unmet", "financing_result"]

WITHIN_DAYS = (30, 90, 180, 365)
TIMING_IN_WORDS = {
    "world_bank": "timing of the World Bank's tool",
    "consistent": "every flow at its own date",
}


@dataclass(frozen=True)
class Unmet:
    """The need that nobody paid.

    Parameters
    ----------
    expected, std_error : float
        Money per year, and its Monte Carlo standard error.
    probability : float
        Share of years in which something stayed unmet.
    probability_ever : float
        Share of paths on which something stayed unmet in at least one of the years.
    share_of_need : float
        Expected unmet over expected need; missing where there is no need.
    """

    expected: float
    std_error: float
    probability: float
    probability_ever: float
    share_of_need: float


@dataclass(frozen=True, eq=False)
class FinancingResult(ResultMixin):
    """What `finance` returns. Money is in `currency` per year unless said otherwise.

    Parameters
    ----------
    paid : DataFrame
        One row per instrument: instrument, kind, expected, std_error, probability_used (in a year),
        probability_ever_used, share_of_need, surplus (payouts beyond the remaining need, per year).
    unmet : Unmet
    cost : DataFrame
        One row per instrument: instrument, kind, payer, funding (present value at the start of each year,
        including the money itself, average of the years), std_error, opportunity (funding less the money
        received), economic (whoever pays), fiscal (the treasury's part), horizon (present value of all years'
        funding at the start of the first).
    timing : DataFrame
        One row per instrument from fast to slow: instrument, kind, days_to_cash, share_of_need,
        cumulative_share.
    met_within : DataFrame
        days, share_of_need met within that many days.
    by_year : DataFrame
        year, item (need, each instrument, unmet), expected, std_error, probability.
    checks : tuple of Check
    chunks : int or None
        Number of chunks the paths were simulated in; with the seed it sets the draws.
    """

    instruments: tuple[Instrument, ...]
    years: int
    paths: int
    seed: int
    cost_timing: str
    currency: str
    expected_need: float
    std_error_need: float
    paid: pd.DataFrame
    unmet: Unmet
    cost: pd.DataFrame
    timing: pd.DataFrame
    met_within: pd.DataFrame
    by_year: pd.DataFrame
    checks: tuple[Check, ...]
    chunks: int | None = None

    @property
    def economic_cost(self) -> float:
        """Present value of all funding per year, whoever pays."""
        return float(self.cost["economic"].sum())

    @property
    def fiscal_cost(self) -> float:
        """Present value of the treasury's funding per year."""
        return float(self.cost["fiscal"].sum())

    @property
    def opportunity_cost(self) -> float:
        """Funding per year beyond the money it brings."""
        return float(self.cost["opportunity"].sum())

    def to_frame(self) -> pd.DataFrame:
        """Return one row per instrument and one for the unmet need: payments, costs and days to cash."""
        costs = self.cost[["instrument", "funding", "opportunity", "fiscal"]]
        days = self.timing[["instrument", "days_to_cash"]]
        frame = self.paid.merge(costs, on="instrument", how="left").merge(days, on="instrument", how="left")
        gap = {
            "instrument": "unmet",
            "kind": "unmet",
            "expected": self.unmet.expected,
            "std_error": self.unmet.std_error,
            "probability_used": self.unmet.probability,
            "probability_ever_used": self.unmet.probability_ever,
            "share_of_need": self.unmet.share_of_need,
        }
        rows = [*frame.to_dict("records"), gap]
        return pd.DataFrame(rows, columns=frame.columns)

    def sentence(self) -> str:
        """Return who pays, what stays unmet and what it costs, in prose."""
        if self.expected_need == 0:
            return "There is no need to finance."
        shares = "; ".join(
            f"{row.instrument} pays {row.share_of_need:.1%}" for row in self.paid.itertuples(index=False)
        )
        unmet = self.unmet
        return (
            f"The need is {money(self.expected_need, self.currency)} a year on average "
            f"over {self.years} years. "
            + (f"Of it {shares}. " if shares else "")
            + f"{money(unmet.expected, self.currency)} a year ({unmet.share_of_need:.1%}) stays unmet, "
            f"in {unmet.probability:.1%} of years and at least once in {unmet.probability_ever:.1%} "
            f"of {self.years}-year periods. "
            f"Funding costs {money(self.economic_cost, self.currency)} a year in present value "
            f"({TIMING_IN_WORDS[self.cost_timing]}), "
            f"{money(self.fiscal_cost, self.currency)} of it borne by the treasury."
        )


def financing_result(
    ledger: Ledger, chosen: tuple[Instrument, ...], exact: Need | None, seed: int, timing: Timing
) -> FinancingResult:
    """Return the tables of a simulated waterfall; `exact` is the law of the need where there is one."""
    years, paths = ledger.need.mean.size, ledger.need.total.size
    expected, error = ledger.need.per_year()
    unmet, unmet_error = ledger.unmet.per_year()
    paid = _paid(ledger, chosen, expected)
    days = [one.days_to_cash for one in chosen]
    timeline = paid[["instrument", "kind"]].assign(days_to_cash=days, share_of_need=paid["share_of_need"])
    timeline = timeline.sort_values("days_to_cash", kind="stable", ignore_index=True)
    timeline["cumulative_share"] = timeline["share_of_need"].cumsum()
    met = share_met_within(paid["expected"].to_numpy(), days, expected, within=WITHIN_DAYS)
    return FinancingResult(
        instruments=chosen,
        years=years,
        paths=paths,
        seed=seed,
        cost_timing=timing,
        currency=exact.currency if exact is not None else "USD",
        expected_need=expected,
        std_error_need=error,
        paid=paid,
        unmet=Unmet(
            unmet,
            unmet_error,
            float(ledger.unmet.used.mean()),
            float(ledger.unmet.ever.mean()),
            _share(unmet, expected),
        ),
        cost=_cost(ledger, chosen, exact, timing),
        timing=timeline,
        met_within=pd.DataFrame({"days": WITHIN_DAYS, "share_of_need": met}),
        by_year=_by_year(ledger, chosen),
        checks=_checks(ledger, exact, expected, error),
    )


def _share(part: float, whole_amount: float) -> float:
    return part / whole_amount if whole_amount else float("nan")


def _paid(ledger: Ledger, chosen: tuple[Instrument, ...], expected_need: float) -> pd.DataFrame:
    rows = []
    for one, paid, received in zip(chosen, ledger.paid, ledger.received, strict=True):
        mean, error = paid.per_year()
        surplus = received.per_year()[0] - mean
        used = float(paid.used.mean()), float(paid.ever.mean())
        share = _share(mean, expected_need)
        rows.append((one.name, one.kind, mean, error, *used, share, max(surplus, 0.0)))
    names = ["instrument", "kind", "expected", "std_error", "probability_used", "probability_ever_used"]
    return pd.DataFrame(rows, columns=[*names, "share_of_need", "surplus"])


def _cost(ledger: Ledger, chosen: tuple[Instrument, ...], exact: Need | None, timing: Timing) -> pd.DataFrame:
    years, rows = ledger.need.mean.size, []
    for one, received, cover in zip(chosen, ledger.received, ledger.cover, strict=True):
        unit = one.unit_costs(timing)
        given = received.per_year()[0]
        funding, error = mean_and_error((unit.holding * cover.total + unit.drawing * received.total) / years)
        yearly = unit.holding * cover.mean + unit.drawing * received.mean
        if isinstance(one, InsuranceLayer) and exact is not None:  # the contract is priced on the exact law
            given = exact.layer(one.attachment, one.limit, share=one.share).expected
            funding, error = unit.holding * one.initial + unit.drawing * given, 0.0
            yearly = np.full(years, funding)
        benchmark = given if timing == "world_bank" else given / (1 + one.discount_rate) ** SHOCK_AT
        fiscal = funding if one.payer == "treasury" else 0.0
        horizon = float(yearly @ (1 + one.discount_rate) ** -np.arange(years, dtype=float))
        rows.append(
            (one.name, one.kind, one.payer, funding, error, funding - benchmark, funding, fiscal, horizon)
        )
    names = ["instrument", "kind", "payer", "funding", "std_error", "opportunity", "economic", "fiscal"]
    return pd.DataFrame(rows, columns=[*names, "horizon"])


def _by_year(ledger: Ledger, chosen: tuple[Instrument, ...]) -> pd.DataFrame:
    year = np.arange(1, ledger.need.mean.size + 1)
    names = ["need", *(one.name for one in chosen), "unmet"]
    tallies = [ledger.need, *ledger.paid, ledger.unmet]
    frames = [
        pd.DataFrame(
            {
                "year": year,
                "item": name,
                "expected": tally.mean,
                "std_error": tally.std_error,
                "probability": tally.used,
            }
        )
        for name, tally in zip(names, tallies, strict=True)
    ]
    return pd.concat(frames, ignore_index=True)


def _checks(ledger: Ledger, exact: Need | None, expected: float, error: float) -> tuple[Check, ...]:
    balance = Check(
        "mass balance",
        "On every path and year, is the need equal to payments plus unmet?",
        True,  # run_years raises otherwise
        statistic=ledger.gap,
        text=f"largest gap {ledger.gap:.1e} of the largest need",
    )
    name, question = (
        "simulated need",
        "Is the simulated mean need within 4 standard errors of the exact mean?",
    )
    if exact is None:
        return balance, Check(name, question, None, text="the need was given as an array")
    away = (
        (expected - exact.mean) / error if error > 0 else 0.0 if np.isclose(expected, exact.mean) else np.inf
    )
    text = f"{away:+.1f} standard errors from the exact mean"
    return balance, Check(name, question, bool(abs(away) <= 4), statistic=float(away), text=text)
