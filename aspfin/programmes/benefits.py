"""What a response pays one household, and whom an option is meant for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.data import Quantity
from aspfin.programmes.country import Country
from aspfin.programmes.household_columns import DERIVED
from aspfin.programmes.rules import as_date
from aspfin.results import InputError, Problem

__all__ = ["POOLS", "Benefit", "benefit_amounts", "pool_of"]

ONE = Quantity("benefit: factor", 1.0, unit="times the rule")
POOLS = ("everybody", "at_risk", "programme:<id>")


@dataclass(frozen=True)
class Benefit:
    """What one household is paid over the whole response: dated rules of a programme, or a flat amount.

    Attributes
    ----------
    programme : str
        Programme whose rules are paid; "" for a flat amount.
    on : date or None
        Day whose rules apply.
    periods : float or None
        Months or payments; by default the length the rules set.
    factor : Quantity
        Times the rules (0.5: half the benefit).
    as_level : int or None
        Level of the register whose amounts households off the roster are paid, where amounts depend on it.
    flat : Quantity or None
        Flat amount per household and period, in the country's currency, in place of rules.

    Examples
    --------
    >>> Benefit("flood_cash_transfer", on="2022-12-10").on
    datetime.date(2022, 12, 10)
    """

    programme: str = ""
    on: dt.date | str | None = None
    periods: float | None = None
    factor: Quantity = ONE
    as_level: int | None = None
    flat: Quantity | None = None

    def __post_init__(self) -> None:
        if bool(self.programme) == (self.flat is not None):
            raise InputError(Problem("benefit", "programme", self.programme, "a programme, or a flat amount"))
        if self.programme:
            if self.on is None:
                raise InputError(Problem("benefit", "on", None, "the day whose rules apply"))
            object.__setattr__(self, "on", as_date(self.on))
        if self.flat is not None and self.periods is None:
            raise InputError(Problem("benefit", "periods", None, "how many periods a flat amount is paid"))
        if self.periods is not None and not self.periods > 0:
            raise InputError(Problem("benefit", "periods", self.periods, "above 0"))

    @property
    def inputs(self) -> tuple[Quantity, ...]:
        """The uncertain inputs."""
        return (self.factor,) if self.flat is None else (self.factor, self.flat)

    def words(self, country: Country) -> str:
        """Return the benefit in words."""
        if self.flat is not None:
            return f"{self.flat.number:,.0f} {country.currency} per household, {self.periods:g} times"
        times = "" if self.periods is None else f", {self.periods:g} times"
        return f"{country.programme(self.programme).name}, rules of {self.on}{times}"


def benefit_amounts(country: Country, frame: pd.DataFrame, benefit: Benefit) -> np.ndarray:
    """Return what each household would be paid over the whole response, before the factor; shape (n,).

    Households of a level the rules do not know are paid nothing, unless the benefit says `as_level`.
    """
    if benefit.flat is not None:
        return np.full(len(frame), benefit.periods, dtype=float)  # times the flat amount, which is uncertain
    programme = country.programme(benefit.programme)
    rules = programme.rules_on(benefit.on)
    if rules[0].per == "event":
        allowed = "a programme paid per month or payment"
        raise InputError(Problem("benefit", "programme", benefit.programme, allowed))
    periods = benefit.periods
    if periods is None:
        periods = rules[0].periods
    if periods is None:
        allowed = "how many months: the rules set no length"
        raise InputError(Problem(f"benefit of {benefit.programme}", "periods", None, allowed))
    levels = {rule.card_level for rule in rules} - {None}
    known = np.ones(len(frame), dtype=bool)
    if levels:
        level = frame["card_level"].to_numpy()
        if benefit.as_level is not None:
            level = np.where(np.isin(level, list(levels)), level, benefit.as_level)
            frame = frame.assign(card_level=level)
        known = np.isin(level, list(levels))
    told = {name: DERIVED[name] for name in programme.categories if name in DERIVED}
    for name, column in told.items():
        if name not in frame.columns and column in frame.columns:
            frame = frame.assign(**{name: (frame[column] >= 1).astype(int)})
    amounts = np.zeros(len(frame))
    if known.any():
        amounts[known] = programme.entitlement(frame[known], on=benefit.on).to_numpy(dtype=float)
    return amounts * periods


def pool_of(country: Country, frame: pd.DataFrame, who: str) -> np.ndarray:
    """Return, per household, 1 where it belongs to whom an option is meant for; shape (n,).

    Parameters
    ----------
    who
        "everybody"; "at_risk" (the column of that name); "programme:<id>", those eligible for a programme of
        the pack if affected.
    """
    if who == "everybody":
        return np.ones(len(frame))
    if who == "at_risk":
        if "at_risk" not in frame.columns:
            raise InputError(Problem("households", "at_risk", "a missing column", "a column of 0 and 1"))
        return frame["at_risk"].to_numpy(dtype=float)
    if who.startswith("programme:"):
        programme = country.programme(who.removeprefix("programme:"))
        return programme.eligible(frame.assign(affected=1)).to_numpy(dtype=float)
    raise InputError(Problem("option", "who", who, " | ".join(POOLS)))
