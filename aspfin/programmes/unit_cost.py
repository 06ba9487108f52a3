"""What one household is paid by a programme, in local currency and in US dollars."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from aspfin.data import Quantity
from aspfin.programmes.catalogue import Programme
from aspfin.results import InputError, Problem

__all__ = ["UnitCost", "unit_cost"]


@dataclass(frozen=True)
class UnitCost:
    """Transfer to an average household.

    Parameters
    ----------
    programme : str
        Programme.
    on : str
        Day whose rules apply.
    amount : float
        Transfer to one household over the whole benefit, in `currency`.
    currency : str
        Local currency.
    exchange_rate : float
        Units of `currency` per US dollar.
    exchange_source : str
        Where the rate comes from.
    persons_per_household : float
        Members of an average paid household.
    composition : str
        Where the household composition comes from.
    status : str
        Status of the composition.
    """

    programme: str
    on: str
    amount: float
    currency: str
    exchange_rate: float
    exchange_source: str
    persons_per_household: float
    composition: str
    status: str

    @property
    def usd(self) -> float:
        """Transfer to one household, USD."""
        return self.amount / self.exchange_rate


def unit_cost(
    programme: Programme,
    *,
    on: str,
    exchange_rate: float | Quantity,
    caseload: pd.DataFrame | None = None,
) -> UnitCost:
    """Apply the rules in force on a day to the average household.

    Parameters
    ----------
    programme : Programme
        Programme with its rules and published outcomes.
    on : str
        Day, "YYYY-MM-DD".
    exchange_rate : float or Quantity
        Units of the programme's currency per US dollar.
    caseload : DataFrame, optional
        Aggregated caseload that gives the composition of households. Default: the latest published outcome of
        the programme that counts households and people.

    Raises
    ------
    InputError
        When no composition is known, no rule is in force on that day, or the rate is not positive.

    Examples
    --------
    >>> import datetime as dt
    >>> from aspfin.programmes.rules import BenefitRule
    >>> rule = BenefitRule(dt.date(2022, 12, 1), unit="household", amount=80_000, periods=3)
    >>> flood = Programme("flood", "Flood cash", currency="KHR", rules=(rule,))
    >>> table = pd.DataFrame({"households": [10], "members": [40]})
    >>> unit_cost(flood, on="2022-12-10", exchange_rate=4_000, caseload=table).usd
    60.0
    """
    rate = exchange_rate.number if isinstance(exchange_rate, Quantity) else float(exchange_rate)
    if not rate > 0:
        raise InputError(Problem("shock", "exchange_rate", rate, "a number above 0"))
    composition, status = "caseload given by the user", "assumed"
    if caseload is None:
        known = [o for o in programme.outcomes if o.households and o.people]
        if not known:
            allowed = "a caseload table: the pack holds no outcome with households and people"
            raise InputError(Problem(f"programme {programme.id}", "caseload", None, allowed))
        latest = max(known, key=lambda o: o.date)
        caseload = latest.caseload()
        composition = (
            f"published caseload of {latest.date}: {latest.households:,} households ({latest.source})"
        )
        status = latest.status
    cost = programme.cost(caseload, on=on)
    persons = float(caseload["members"].sum() / caseload["households"].sum())
    return UnitCost(
        programme.id,
        str(on),
        cost.per_household,
        cost.currency,
        rate,
        exchange_rate.source if isinstance(exchange_rate, Quantity) else "given by the user",
        persons,
        composition,
        status,
    )
