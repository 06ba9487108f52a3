"""Shocks of the three families, from shares and ranges of your own or from the working assumptions here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from aspfin.data import Quantity
from aspfin.programmes.ranges import as_quantity, assumed, product, range_problems
from aspfin.programmes.rules import as_date
from aspfin.programmes.shock import LIVING_STANDARDS, NATIONAL, Shock
from aspfin.results import InputError, Problem

__all__ = ["health", "income", "natural", "price"]

# Shares of consumption lost while the shock lasts, where the user states none.
FLOOD_LOSS = {"poor": (0.10, 0.20, 0.35), "near_poor": (0.08, 0.15, 0.30), "other": (0.03, 0.08, 0.20)}
DROUGHT_LOSS = {"poor": (0.15, 0.30, 0.45), "near_poor": (0.10, 0.22, 0.35), "other": (0.03, 0.10, 0.20)}
FOOD_SHARE = {"poor": (0.55, 0.62, 0.70), "near_poor": (0.48, 0.55, 0.62), "other": (0.35, 0.43, 0.50)}


def natural(
    name: str,
    hazard: str,
    start: dt.date | str,
    *,
    affected: float | Quantity | Mapping[str, float | Quantity],
    loss: float | Quantity | Mapping[str, float | Quantity] | None = None,
    duration_months: float | Quantity = 3,
    event: str = "",
    notes: tuple[str, ...] = (),
) -> Shock:
    """Return a natural shock.

    Parameters
    ----------
    name, hazard, start
        What, and when.
    affected
        Share of households, 0 to 1, or by P-code; a Quantity of unit "households" gives numbers.
    loss
        Share of consumption lost, one for all or by living standard. Left out: assumed, higher for the poor.
    duration_months
        How long.
    event, notes
        Recorded event and remarks.

    Examples
    --------
    >>> natural("Flood", "flood", "2022-09-01", affected={"KH02": 0.3}).loss["poor"].value
    0.2
    """
    usual = DROUGHT_LOSS if hazard == "drought" else FLOOD_LOSS
    losses = _by_standard(name, "loss", loss, usual, f"{hazard}: loss of the")
    months = _quantity(name, "duration_months", duration_months, "months")
    return Shock(
        name, "natural", hazard, as_date(start, "start"), months, _affected(name, affected), losses,
        event=event, notes=notes,
    )  # fmt: skip


def price(
    name: str,
    start: dt.date | str,
    *,
    price_rise: float | Quantity,
    affected: float | Quantity | Mapping[str, float | Quantity] = 1.0,
    food_share: float | Quantity | Mapping[str, float | Quantity] | None = None,
    duration_months: float | Quantity = 6,
) -> Shock:
    """Return a rise of food prices: each household loses its food share times the rise.

    Parameters
    ----------
    price_rise
        Rise of food prices beyond that of incomes, as a share.
    food_share
        Share of food in consumption, one for all or by living standard. Left out: assumed, higher for the
        poor. The rest as for `natural`.

    References
    ----------
    Deaton, A. (1989), Rice prices and income distribution in Thailand, The Economic Journal 99: the
    first-order loss of a net buyer.

    Examples
    --------
    >>> round(price("Prices", "2022-06-01", price_rise=0.10).loss["poor"].value, 4)
    0.062
    """
    rise = _quantity(name, "price_rise", price_rise, "share")
    foods = _by_standard(name, "food_share", food_share, FOOD_SHARE, "price: food share of the")
    problems = range_problems(f"shock {name}", "price_rise", rise, (0, 1))
    for group, share in foods.items():
        problems += range_problems(f"shock {name}", f"food_share of the {group}", share, (0, 1))
    if problems:
        raise InputError(problems)
    note = "food share times price rise"
    losses = {
        group: product(f"price: loss of the {group}", share, rise, note=note)
        for group, share in foods.items()
    }
    months = _quantity(name, "duration_months", duration_months, "months")
    return Shock(
        name, "economic", "price", as_date(start, "start"), months, _affected(name, affected), losses
    )


def income(
    name: str,
    start: dt.date | str,
    *,
    affected: float | Quantity | Mapping[str, float | Quantity],
    loss: float | Quantity | Mapping[str, float | Quantity],
    duration_months: float | Quantity = 6,
) -> Shock:
    """Return a loss of income (a factory closes, remittances stop); arguments as for `natural`."""
    losses = _by_standard(name, "loss", loss, FLOOD_LOSS, "income: loss of the")
    months = _quantity(name, "duration_months", duration_months, "months")
    return Shock(
        name, "economic", "income", as_date(start, "start"), months, _affected(name, affected), losses
    )


def health(
    name: str,
    start: dt.date | str,
    *,
    affected: float | Quantity | Mapping[str, float | Quantity],
    days_lost_per_month: float | Quantity | Mapping[str, float | Quantity],
    out_of_pocket: float | Quantity = 0.0,
    duration_months: float | Quantity = 3,
    hazard: str = "health",
) -> Shock:
    """Return an epidemic: days without income, and money spent on treatment.

    Parameters
    ----------
    days_lost_per_month
        Days of household income lost in a month of 30 days, one for all or by living standard.
    out_of_pocket
        Spending on treatment and transport, money per household and month. The rest as for `natural`.

    Examples
    --------
    >>> health("Epidemic", "2020-06-01", affected=0.2, days_lost_per_month=6).loss["poor"].value
    0.2
    """
    days = _by_standard(
        name, "days_lost_per_month", days_lost_per_month, {}, "health: days lost by the", "days"
    )
    problems = []
    for group, one in days.items():
        problems += range_problems(f"shock {name}", f"days_lost_per_month of the {group}", one, (0, 29))
    if problems:
        raise InputError(problems)
    month = Quantity("months per day", 1 / 30, unit="months")
    note = "days without income over 30"
    losses = {
        group: product(f"health: loss of the {group}", one, month, note=note) for group, one in days.items()
    }
    return Shock(
        name, "health", hazard, as_date(start, "start"),
        _quantity(name, "duration_months", duration_months, "months"), _affected(name, affected), losses,
        _quantity(name, "out_of_pocket", out_of_pocket, "money per household and month"),
    )  # fmt: skip


def _quantity(name: str, field_name: str, value: object, unit: str) -> Quantity:
    return as_quantity(f"shock {name}", field_name, value, unit)  # type: ignore[return-value]


def _affected(name: str, value: object) -> dict[str, Quantity]:
    if not isinstance(value, Mapping):
        value = {NATIONAL: value}
    return {str(key): _quantity(name, f"affected in {key}", one, "share") for key, one in value.items()}


def _by_standard(
    name: str, field_name: str, value: object, usual: Mapping[str, tuple], words: str, unit: str = "share"
) -> dict[str, Quantity]:
    if value is None:
        return {key: assumed(f"{words} {key}", *ends, unit=unit) for key, ends in usual.items()}
    if isinstance(value, Mapping):
        if set(value) != set(LIVING_STANDARDS):
            allowed = " | ".join(LIVING_STANDARDS) + ", all three"
            raise InputError(Problem(f"shock {name}", field_name, sorted(map(str, value)), allowed))
        return {
            key: _quantity(name, f"{field_name} of the {key}", value[key], unit) for key in LIVING_STANDARDS
        }
    one = _quantity(name, field_name, value, unit)
    return dict.fromkeys(LIVING_STANDARDS, one)
