"""Tables beside the need of a shock: the record priced, who is reached, the test against what was paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.programmes.record import RecordedClasses
from aspfin.programmes.shock_draws import NATIONAL, AreaDraws

__all__ = ["Shares", "beneficiary_table", "event_table", "replay_table"]


@dataclass(frozen=True)
class Shares:
    """What one affected household means on average: households reached and paid, and USD.

    Averages over simulated events, weighted by the households they affect.
    """

    vertical: float
    new_eligible: float
    new_paid: float
    left_out: float
    transfers_usd: float
    administration_usd: float

    @classmethod
    def of(cls, draws: AreaDraws, weight: np.ndarray) -> Shares:
        """Return the averages of one area."""
        affected = float(weight @ draws.affected)
        parts = (
            draws.vertical,
            draws.new_eligible,
            draws.new_paid,
            draws.left_out,
            draws.transfers,
            draws.administration,
        )
        return cls(*(float(weight @ part) / affected for part in parts))

    @property
    def paid(self) -> float:
        """Households paid per affected household, those not eligible included."""
        return self.vertical + self.new_paid

    @property
    def cost_usd(self) -> float:
        """Transfers and administration per affected household, USD."""
        return self.transfers_usd + self.administration_usd


def beneficiary_table(
    return_periods: Sequence[float],
    affected: np.ndarray,
    need_usd: np.ndarray,
    *,
    shares: Shares,
    persons_per_household: float,
) -> pd.DataFrame:
    """Return who is reached in a year of given annual return period.

    Parameters
    ----------
    return_periods : sequence of float
        Years.
    affected, need_usd : ndarray
        Households affected and cost of the response at those return periods, each from its own curve.
    shares : Shares
        Average reach per affected household.
    persons_per_household : float
        Persons in a paid household.
    """
    return pd.DataFrame(
        {
            "return_period": list(return_periods),
            "affected_households": affected,
            "roster_households_paid": shares.vertical * affected,
            "new_households_paid": shares.new_paid * affected,
            "not_eligible_households": (shares.new_paid - shares.new_eligible) * affected,
            "left_out_households": shares.left_out * affected,
            "persons_paid": shares.paid * affected * persons_per_household,
            "need_usd": need_usd,
        }
    )


def event_table(
    recorded: RecordedClasses, footprints: pd.DataFrame, *, area: str, usd_per_affected: float
) -> pd.DataFrame:
    """Return the recorded events with what each would cost today, to mark on the curve.

    Parameters
    ----------
    recorded : RecordedClasses
        From `rates_by_class`.
    footprints : DataFrame
        Recorded provincial figures: `event_id, pcode, households, stage, status`.
    area : str
        "national" or a P-code. For a province only published figures are given, the rest is missing.
    usd_per_affected : float
        Cost of the response per affected household, USD.

    Returns
    -------
    DataFrame
        `event, name, year, class, households_low, households_central, households_high, figure, need_low_usd,
        need_usd, need_high_usd, events_per_year, return_period, reason`. `figure` says whether households
        were counted or people converted. `events_per_year` is the recorded rate of events at least as large;
        `return_period` = 1/(1 − exp(−rate)) years, of a year with one. Both are national, and missing for
        events outside the record windows and for provinces.
    """
    events = recorded.events.copy()
    sizes = [f"households_{which}" for which in ("low", "central", "high")]
    if area == NATIONAL:
        rate = [_recorded_rate(recorded, size) for size in events["households_central"]]
        placed = (events["class"] != "") & events["used"]
        events["events_per_year"] = np.where(placed, rate, np.nan)
    else:
        known = footprints[(footprints["pcode"] == area) & footprints["stage"].isin(("final", "partial"))]
        largest = (
            known.sort_values("households").drop_duplicates("event_id", keep="last").set_index("event_id")
        )
        figures = events["event"].map(largest["households"])
        remarks = events["event"].map(largest["stage"] + " figure, " + largest["status"])
        events = events.assign(**dict.fromkeys(sizes, figures.astype(float)), events_per_year=np.nan)
        events["reason"] = remarks.where(figures.notna(), "no figure for this province was found")
    with np.errstate(divide="ignore"):
        events["return_period"] = 1 / -np.expm1(-events["events_per_year"].astype(float))
    for size, need in zip(sizes, ("need_low_usd", "need_usd", "need_high_usd"), strict=True):
        events[need] = events[size] * usd_per_affected
    needs = ["need_low_usd", "need_usd", "need_high_usd"]
    named = ["event", "name", "year", "class", *sizes, "figure", *needs]
    return events[[*named, "events_per_year", "return_period", "reason"]]


def _recorded_rate(recorded: RecordedClasses, size: float) -> float:
    """Events a year of at least `size`; events without a figure are spread over their class evenly."""
    if not np.isfinite(size):
        return np.nan
    rate = 0.0
    for c in recorded.classes:
        figures = c.figures("central")
        rate += c.rate * float((figures >= size).mean())
    return rate


def replay_table(
    events: pd.DataFrame,
    recorded: RecordedClasses,
    *,
    hazard: str,
    shares: Shares,
    amount_per_household: float,
    currency: str,
    published_totals: dict[int, float],
) -> pd.DataFrame:
    """Return the response model beside what was really paid after recorded events.

    Parameters
    ----------
    events : DataFrame
        Reported figures; rows of stage "response" hold households paid.
    recorded : RecordedClasses
        The record: households affected.
    hazard : str
        Hazard.
    shares : Shares
        Average national reach per affected household.
    amount_per_household : float
        Transfer to one household, in `currency`.
    currency : str
        Currency of the programme.
    published_totals : dict
        Published transfers by number of households paid.

    Returns
    -------
    DataFrame
        `event, quantity, unit, modelled, published, ratio, note`; empty where no response was published.
    """
    rows = []
    paid = events[
        (events["stage"] == "response") & (events["hazard"] == hazard) & events["households"].notna()
    ]
    affected = recorded.events.set_index("event")["households_central"]
    for event, published in zip(paid["event_id"], paid["households"].astype(float), strict=True):
        reported = affected.get(event, np.nan)
        modelled = shares.paid * reported
        note = f"{reported:,.0f} households reported affected; {published:,.0f} were paid"
        rows.append((event, "households paid", "households", modelled, published, note))
        total = published_totals.get(int(published))
        if total is not None:
            rows.append(
                (event, "transfers", currency, modelled * amount_per_household, total, "same households")
            )
            exact = "rule applied to the households really paid"
            rows.append((event, "rule alone", currency, published * amount_per_household, total, exact))
    table = pd.DataFrame(rows, columns=["event", "quantity", "unit", "modelled", "published", "note"])
    table.insert(5, "ratio", table["modelled"] / table["published"])
    return table
