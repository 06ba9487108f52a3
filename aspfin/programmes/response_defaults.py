"""The six options a country pack stands for, given a shock: which programme's rules each would pay."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from aspfin.data import Quantity
from aspfin.programmes.benefits import Benefit
from aspfin.programmes.catalogue import Programme
from aspfin.programmes.country import Country
from aspfin.programmes.ranges import assumed, product
from aspfin.programmes.response_options import (
    Combination,
    DesignTweak,
    DisasterManagementProgramme,
    EmergencyProgramme,
    HorizontalExpansion,
    RoutineStrengthening,
    VerticalExpansion,
)
from aspfin.programmes.response_plan import Option
from aspfin.programmes.shock import Shock
from aspfin.results import InputError, Problem

__all__ = ["default_options", "exchange_rate_of"]

HAZARDS = {"natural": ("flood", "drought"), "economic": ("price", "income"), "health": ("health",)}
MONTHS_AHEAD = 2.0
MONTHS_WITHOUT_LENGTH = 3.0
INVESTMENT_USD = assumed(
    "routine strengthening: investment per roster household and year", 1, 2, 5, "USD per household and year"
)


def default_options(country: Country, shock: Shock) -> tuple[Option, ...]:
    """Return the six options with the benefits of the pack's programmes.

    The programme that responds to the hazard (else to the family, else any) gives the benefit of new
    households, the one that tops up a roster that of roster households, the routine programme in force
    when the shock starts what is paid ahead.

    Raises
    ------
    InputError
        Where the pack has no programme with known amounts to take a benefit from.

    Examples
    --------
    >>> from aspfin.programmes import load_country, shocks
    >>> khm = load_country("KHM")
    >>> flood = shocks.from_event(khm, "flood_2022")
    >>> [one.label for one in default_options(khm, flood)][:2]
    ['Design tweak', 'Vertical expansion']
    """
    new = _responding(country, shock, tops_up=False)
    top = _responding(country, shock, tops_up=True) or new
    if new is None or top is None:
        allowed = "options of your own: no programme of the pack responds to a shock with known amounts"
        raise InputError(Problem(f"country {country.iso3}", "options", None, allowed))
    benefit, top_up = _benefit(new, shock.start), _benefit(top, shock.start)
    relief = replace(benefit, periods=1.0)
    ahead = _routine(country, shock.start)
    rate = exchange_rate_of(country, shock.start)
    share, per_new = _administration(country, rate)
    who = _who(new)
    vertical = VerticalExpansion(top_up, administration=share)
    horizontal = HorizontalExpansion(benefit, who, administration=share, administration_per_new=per_new)
    return (
        DesignTweak(ahead),
        vertical,
        horizontal,
        EmergencyProgramme(benefit, administration_per_new=per_new),
        DisasterManagementProgramme(relief, administration_per_new=per_new),
        RoutineStrengthening(
            Combination((vertical, horizontal)),
            product(
                INVESTMENT_USD.name, INVESTMENT_USD, rate, unit=f"{country.currency} per household and year"
            ),
        ),
    )


def _responding(country: Country, shock: Shock, *, tops_up: bool) -> Programme | None:
    found = [
        one
        for one in country.programmes
        if one.responds_to and one.operating and bool(one.tops_up) == tops_up and _payable(one)
    ]
    family = HAZARDS[shock.family]
    for wanted in ((shock.hazard,), family, None):
        for one in found:
            if wanted is None or set(wanted) & set(one.responds_to):
                return one
    return None


def _payable(programme: Programme) -> bool:
    return bool(programme.rules) and all(r.amount is not None and r.per != "event" for r in programme.rules)


def _day(programme: Programme, start: dt.date) -> dt.date:
    """Return the start of the shock, or the nearest day on which rules of the programme hold."""
    days = {start}
    for rule in programme.rules:
        days |= {rule.valid_from, rule.valid_to or start}
    held = [day for day in days if any(rule.holds_on(day) for rule in programme.rules)]
    return min(held, key=lambda day: (abs((day - start).days), day))


def _benefit(programme: Programme, start: dt.date, periods: float | None = None) -> Benefit:
    day = _day(programme, start)
    rules = programme.rules_on(day)
    levels = sorted({rule.card_level for rule in rules} - {None})
    if periods is None and rules[0].periods is None:
        periods = MONTHS_WITHOUT_LENGTH
    return Benefit(programme.id, day, periods, as_level=levels[-1] if levels else None)


def _routine(country: Country, start: dt.date) -> Benefit:
    """Return two months of the routine programme whose roster is the register, at rules in force if any."""
    replaced = {old for one in country.programmes for old in one.replaces}
    found = [
        one
        for one in country.programmes
        if _payable(one)
        and any(rule.unit == "household" and rule.per == "month" for rule in one.rules)
        and (not one.responds_to or one.id in replaced)
        and _on_register(one)
    ]
    if not found:
        allowed = "options of your own: no routine programme of the register has known amounts"
        raise InputError(Problem(f"country {country.iso3}", "options", None, allowed))
    best = min(found, key=lambda one: (abs((_day(one, start) - start).days), bool(one.responds_to)))
    return _benefit(best, start, MONTHS_AHEAD)


def _on_register(programme: Programme) -> bool:
    return any(
        condition.column == "card_level" and condition.any_of and 0 not in condition.any_of
        for alternative in programme.eligible_if
        for condition in alternative
    )


def _who(programme: Programme) -> str:
    """Return whom new benefits are for: the programme's own people where they are off the register."""
    on_register = _on_register(programme)
    return "everybody" if on_register or not programme.eligible_if else f"programme:{programme.id}"


def exchange_rate_of(country: Country, start: dt.date) -> Quantity:
    """Return the mean rate of the year, or of the nearest year with one; empty where the pack has none."""
    if not country.rates:
        return Quantity("exchange rate", None, unit=f"{country.currency} per USD", status="unverified")
    year = min(country.rates, key=lambda known: (abs(known - start.year), known))
    return country.rates[year]


def _administration(country: Country, rate: Quantity) -> tuple[Quantity, Quantity]:
    share = country.facts.get("response.administration_share")
    per_new = country.facts.get("response.administration_per_new_household")
    share = share or assumed("response.administration_share", 0.04, 0.07, 0.30, "share of transfers")
    per_new = per_new or assumed("response.administration_per_new_household", 1, 2.5, 10, "USD per household")
    unit = f"{country.currency} per household"
    return share, product(
        per_new.name, per_new, rate, unit=unit, note="from dollars at the mean rate of the year"
    )
