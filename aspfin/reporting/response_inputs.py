"""From a parameter file to a shock, options by name, and the households affected in a year."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from aspfin.data import Quantity
from aspfin.financing import Need
from aspfin.programmes import OPTIONS, Combination, Country, Shock, default_options, shock_need, shocks
from aspfin.programmes.benefits import Benefit
from aspfin.reporting.response_parameters import ByStandard, Paid, Ranged, ResponseParameters
from aspfin.reporting.wording import did_you_mean
from aspfin.results import InputError, Problem

if TYPE_CHECKING:
    from aspfin.programmes.response_plan import Option

__all__ = ["affected_a_year", "identifiers", "option_key", "options_of", "problems_of", "shock_of"]

EVENT_DRAWS, BOOTSTRAP = 20_000, 20


@cache
def identifiers() -> tuple[str, ...]:
    """Return the options as a parameter file names them.

    Examples
    --------
    >>> identifiers()[1]
    'vertical_expansion'
    """
    return tuple(re.sub(r"(?<!^)(?=[A-Z])", "_", one.__name__).lower() for one in OPTIONS)


def option_key(option: object) -> str:
    """Return the name of an option's kind; combinations and options of one's own have the class's too."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(option).__name__).lower()


def _quantity(name: str, given: Ranged, unit: str) -> Quantity:
    return Quantity(
        name, given.central, unit=unit, low=given.low, high=given.high,
        source=given.source or "parameter file", status=given.status,
    )  # fmt: skip


def _standards(name: str, given: ByStandard | None, unit: str = "share") -> dict[str, Quantity] | None:
    if given is None:
        return None
    return {group: _quantity(f"{name} {group.replace('_', ' ')}", one, unit) for group, one in given}


def _extent(stated: Any) -> Quantity | dict[str, Quantity]:
    if stated.affected is not None:
        return _quantity("households affected", stated.affected, "share")
    return {
        pcode: _quantity("households affected, by province", one, "share")
        for pcode, one in stated.affected_by_province.items()
    }


def shock_of(parameters: ResponseParameters, country: Country) -> Shock:
    """Return the shock of a parameter file."""
    stated: Any = parameters.shock
    months = stated.duration_months
    months = None if months is None else _quantity("duration of the shock", months, "months")
    if stated.type == "event":
        loss = _standards("loss of the", stated.loss)
        return shocks.from_event(country, stated.event, start=stated.start, duration_months=months, loss=loss)
    own = {"affected": _extent(stated), "duration_months": months}
    if stated.type == "natural":
        loss = _standards("loss of the", stated.loss)
        return shocks.natural(stated.name, stated.hazard, stated.start, loss=loss, **own)
    if stated.type == "price":
        rise = _quantity("rise of food prices", stated.price_rise, "share")
        food = _standards("food share of the", stated.food_share)
        return shocks.price(stated.name, stated.start, price_rise=rise, food_share=food, **own)
    if stated.type == "income":
        loss = _standards("loss of the", stated.loss)
        return shocks.income(stated.name, stated.start, loss=loss, **own)
    return shocks.health(
        stated.name,
        stated.start,
        days_lost_per_month=_standards("days lost by the", stated.days_lost_per_month, "days"),
        out_of_pocket=_quantity(
            "out-of-pocket spending", stated.out_of_pocket, f"{country.currency} per household and month"
        ),
        **own,
    )


def options_of(parameters: ResponseParameters, country: Country, shock: Shock) -> dict[str, Option]:
    """Return the options and the combinations of them, by the name shown, in this order."""
    single = {
        option_key(one): _changed(one, parameters.options.get(option_key(one)), country)
        for one in default_options(country, shock)
    }
    for key, one in single.items():  # what the file says of an option holds where another builds on it, too
        if isinstance(base := getattr(one, "base", None), Combination):
            parts = tuple(single.get(option_key(part), part) for part in base.options)
            single[key] = replace(one, base=Combination(parts, base.name))
    found = {one.label: one for one in single.values()}
    for stated in parameters.combinations:
        parts = tuple(_named(name, single) for name in stated.options)
        words = [one.label for one in parts]
        name = stated.name or " + ".join([words[0], *(w[:1].lower() + w[1:] for w in words[1:])])
        found[name] = Combination(parts, name)
    return found


def _named(name: str, single: Mapping[str, Option]) -> Option:
    by_label = {one.label.casefold(): one for one in single.values()}
    return single.get(name) or by_label[name.casefold()]


def _changed(option: Any, change: Any, country: Country) -> Option:
    if change is None:
        return option
    given: dict[str, Any] = {}
    for name, value in change.inputs.items():
        usual: Quantity = getattr(option, name)
        given[name] = _quantity(usual.name, value, usual.unit)
    if change.benefit is not None:
        given["benefit"] = _benefit(change.benefit, getattr(option, "benefit", None), country)
    return replace(option, **given)


def _benefit(stated: Paid, usual: Benefit | None, country: Country) -> Benefit:
    factor = {} if stated.factor is None else {"factor": _quantity("benefit: factor", stated.factor, "times")}
    if stated.flat is not None:
        flat = _quantity("flat benefit", stated.flat, f"{country.currency} per household and period")
        return Benefit(periods=stated.periods, flat=flat, **factor)
    level = usual.as_level if usual is not None and usual.programme == stated.programme else None
    if level is None:
        rules = country.programme(stated.programme).rules_on(stated.rules_on)
        level = max({rule.card_level for rule in rules} - {None}, default=None)
    return Benefit(stated.programme, stated.rules_on, stated.periods, as_level=level, **factor)


def problems_of(parameters: ResponseParameters, country: Country, file: str) -> list[Problem]:
    """Return names that the pack or the options do not know."""
    known, labels = list(identifiers()), {one.label.casefold() for one in _usual(country)}
    found = []

    def refuse(field: str, value: object, allowed: str) -> None:
        found.append(Problem(file, field, value, allowed))

    def option(field: str, name: str, allowed: list[str]) -> None:
        if name not in allowed and name.casefold() not in labels:
            refuse(field, name, did_you_mean(name, allowed))

    stated: Any = parameters.shock
    events = list(dict.fromkeys(country.events["event_id"]))
    if stated.type == "event" and stated.event not in events:
        refuse("shock.event", stated.event, did_you_mean(stated.event, events))
    pcodes = country.provinces["pcode"].tolist()
    for pcode in getattr(stated, "affected_by_province", None) or ():
        if pcode not in pcodes:
            refuse("shock.affected_by_province", pcode, did_you_mean(pcode, pcodes))
    names = [one.name for one in parameters.combinations if one.name]
    if parameters.option is not None and parameters.option not in names:
        option("option", parameters.option, known)
    for i, one in enumerate(parameters.combinations):
        for j, name in enumerate(one.options):
            field = f"combinations[{i}].options[{j}]"
            option(field, name, known)
            if name.casefold().replace(" ", "_") == "routine_strengthening":
                allowed = "another option: strengthening comes before the shock and changes all of them"
                refuse(field, name, allowed)
    for name, change in parameters.options.items():
        if name not in known:
            refuse("options", name, did_you_mean(name, known))
            continue
        inputs = [f.name for f in fields(OPTIONS[known.index(name)]) if "Quantity" in str(f.type)]
        for given in change.inputs:
            if given not in inputs:
                refuse(f"options.{name}.inputs", given, did_you_mean(given, inputs))
        if change.benefit is not None:
            if name == "routine_strengthening":
                refuse(f"options.{name}.benefit", "a benefit", "none: it uses those of the other options")
            ids = [one.id for one in country.programmes]
            if change.benefit.programme not in (None, *ids):
                field = f"options.{name}.benefit.programme"
                refuse(field, change.benefit.programme, did_you_mean(change.benefit.programme, ids))
    if parameters.financing is not None and not found:
        found += _funding_problems(parameters, country, file)
    return found


def _usual(country: Country) -> tuple[Option, ...]:
    try:
        return default_options(country, shocks.natural("any", "flood", "2022-09-01", affected=0.1))
    except InputError:
        return ()  # the pack has no programme to take a benefit from: `options_of` says so


def _funding_problems(parameters: ResponseParameters, country: Country, file: str) -> list[Problem]:
    recorded = _hazard(parameters, country) in country.records
    period = parameters.financing.return_period
    if not recorded and period is None:
        allowed = "years between shocks of this size: the pack has no record to take it from"
        return [Problem(file, "financing.return_period", None, allowed)]
    return []


def _hazard(parameters: ResponseParameters, country: Country) -> str:
    stated: Any = parameters.shock
    if stated.type == "event":
        events = country.events
        return str(events.loc[events["event_id"] == stated.event, "hazard"].iloc[0])
    return str(getattr(stated, "hazard", stated.type))


def affected_a_year(
    parameters: ResponseParameters, country: Country, shock: Shock, households: float
) -> tuple[Need, str]:
    """Return the households affected in a year, and in words where that comes from.

    Where the pack has a record of the hazard, it tells; else the file says how rare a shock of this size is.
    """
    period = parameters.financing.return_period
    if period is not None:
        words = f"assumed to come once in {period:g} years"
        return Need.from_states([1 / period], [households], currency="households"), words
    usual = default_options(country, shock)
    benefit = next(one.benefit for one in usual if getattr(one, "benefit", None) and one.benefit.programme
                   and shock.hazard in country.programme(one.benefit.programme).responds_to)  # fmt: skip
    need = shock_need(
        country, hazard=shock.hazard, programme=benefit.programme, on=str(benefit.on), area=parameters.area,
        draws=EVENT_DRAWS, bootstrap=BOOTSTRAP, seed=parameters.financing.seed,
    )  # fmt: skip
    return need.affected, f"the record of {shock.hazard}s of the country pack"
