"""Shocks: what happens, when and for how long, to which share of households, and how much they lose.

Three families, one form: `natural` (flood, drought), `price` and `income` (economic), `health`. `from_event`
reads a recorded event of a country pack.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

import pandas as pd

from aspfin.data import Quantity
from aspfin.programmes.country import Country
from aspfin.programmes.footprint import PRIOR, footprint_templates
from aspfin.programmes.ranges import as_quantity, assumed, product, range_problems
from aspfin.programmes.record import event_record, recorded_household_size
from aspfin.programmes.rules import as_date
from aspfin.results import InputError, Problem

__all__ = ["FAMILIES", "LIVING_STANDARDS", "Shock", "from_event", "health", "income", "natural", "price"]

Family = Literal["natural", "economic", "health"]
FAMILIES: tuple[str, ...] = get_args(Family)
NATIONAL = "national"

# Who loses what: below the line, up to 1.5 times the line, above.
LIVING_STANDARDS = ("poor", "near_poor", "other")
NEAR_POOR_UP_TO = 1.5

# Shares of consumption lost while the shock lasts, where the user states none.
FLOOD_LOSS = {"poor": (0.10, 0.20, 0.35), "near_poor": (0.08, 0.15, 0.30), "other": (0.03, 0.08, 0.20)}
DROUGHT_LOSS = {"poor": (0.15, 0.30, 0.45), "near_poor": (0.10, 0.22, 0.35), "other": (0.03, 0.10, 0.20)}
FOOD_SHARE = {"poor": (0.55, 0.62, 0.70), "near_poor": (0.48, 0.55, 0.62), "other": (0.35, 0.43, 0.50)}
NOTHING_SPENT = Quantity("out-of-pocket spending", 0.0, unit="money per household and month")


@dataclass(frozen=True)
class Shock:
    """One shock: who is hit where, for how long, and how much of their consumption they lose.

    Attributes
    ----------
    name : str
    family : "natural", "economic" or "health"
    hazard : str
        flood, drought, price, income, epidemic …: the programmes that respond to it are chosen by this word.
    start : date
    duration_months : Quantity
        How long the loss lasts; poverty is measured over these months.
    affected : mapping of str to Quantity
        By P-code, or {"national": …}: the share of households affected (unit "share") or their number (unit
        "households").
    loss : mapping of str to Quantity
        Share of consumption lost, by living standard before the shock: "poor" (below the line), "near_poor"
        (up to 1.5 times the line), "other".
    out_of_pocket : Quantity
        Extra spending that is no consumption (treatment, transport), money per household and month.
    event : str
        Id of the recorded event, if any.
    notes : tuple of str

    Raises
    ------
    InputError
        One line per field that cannot be.

    Examples
    --------
    >>> flood = natural("Flood", "flood", "2022-09-01", affected=0.1, loss=0.2)
    >>> flood.family, flood.loss["poor"].value
    ('natural', 0.2)
    """

    name: str
    family: str
    hazard: str
    start: dt.date
    duration_months: Quantity
    affected: Mapping[str, Quantity] = field(hash=False)
    loss: Mapping[str, Quantity] = field(hash=False)
    out_of_pocket: Quantity = NOTHING_SPENT
    event: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problems = []
        place = f"shock {self.name}"
        if self.family not in FAMILIES:
            problems.append(Problem(place, "family", self.family, " | ".join(FAMILIES)))
        if not self.affected:
            problems.append(
                Problem(place, "affected", dict(self.affected), "at least one province, or national")
            )
        if set(self.loss) != set(LIVING_STANDARDS):
            problems.append(Problem(place, "loss", sorted(self.loss), " | ".join(LIVING_STANDARDS)))
        problems += range_problems(place, "duration_months", self.duration_months, (0.25, 120))
        problems += range_problems(place, "out_of_pocket", self.out_of_pocket, (0, float("inf")))
        for group, share in self.loss.items():
            problems += range_problems(place, f"loss of the {group}", share, (0, 0.99))
        units = {getattr(share, "unit", None) for share in self.affected.values()}
        if not problems and units not in ({"share"}, {"households"}):
            allowed = "share | households, the same everywhere"
            problems.append(Problem(place, "unit of affected", sorted(map(str, units)), allowed))
        if NATIONAL in self.affected and len(self.affected) > 1:
            allowed = "national alone, or provinces alone"
            problems.append(Problem(place, "affected", sorted(self.affected), allowed))
        most = 1 if units == {"share"} else float("inf")
        for province, share in self.affected.items():
            problems += range_problems(place, f"affected in {province}", share, (0, most))
        if problems:
            raise InputError(problems)
        object.__setattr__(self, "affected", MappingProxyType(dict(self.affected)))
        object.__setattr__(
            self, "loss", MappingProxyType({name: self.loss[name] for name in LIVING_STANDARDS})
        )

    def __reduce__(self) -> tuple:  # mapping proxies cannot be pickled
        fields = (self.name, self.family, self.hazard, self.start, self.duration_months, dict(self.affected))
        return Shock, (*fields, dict(self.loss), self.out_of_pocket, self.event, self.notes)

    @property
    def counted(self) -> bool:
        """Whether the affected are given as numbers of households rather than shares."""
        return next(iter(self.affected.values())).unit == "households"

    @property
    def inputs(self) -> tuple[Quantity, ...]:
        """Every quantity the shock rests on."""
        return (*self.affected.values(), *self.loss.values(), self.duration_months, self.out_of_pocket)

    def to_frame(self) -> pd.DataFrame:
        """Return the inputs: name, low, value, high, unit, source, status, note."""
        columns = ["name", "low", "value", "high", "unit", "source", "status", "note"]
        rows = [{column: getattr(one, column) for column in columns} for one in self.inputs]
        return pd.DataFrame(rows, columns=columns)

    def sentence(self) -> str:
        """Return the shock in words."""
        months = self.duration_months.number
        first = next(iter(self.affected.values()))
        if NATIONAL in self.affected:
            where = f"{first.number:,.0f} households" if self.counted else f"{first.number:.0%} of households"
        else:
            hit = [one.number for one in self.affected.values() if one.number > 0]
            some = "province" if len(hit) == 1 else "provinces"
            where = f"{sum(hit):,.0f} households" if self.counted else "part of the households"
            where += f" in {len(hit)} {some}"
        poor, near, other = (self.loss[group].number for group in LIVING_STANDARDS)
        who = f"the poor {poor:.0%} of their consumption, the near-poor {near:.0%}, others {other:.0%}"
        return (
            f"{self.name}: {where} affected from {self.start.isoformat()} for {months:g} months, losing "
            + (f"{poor:.0%} of their consumption." if poor == near == other else f"{who}.")
        )


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


def from_event(
    country: Country,
    event: str,
    *,
    start: dt.date | str | None = None,
    duration_months: float | Quantity | None = None,
    loss: float | Quantity | Mapping[str, float | Quantity] | None = None,
    persons_per_household: float | None = None,
) -> Shock:
    """Return a recorded event of a country pack as a shock: households affected by province.

    The national figure is the record's, with the range of its competing figures. It is spread over the
    provinces by the event's own footprint where one was published, else by households and hazard, else by
    people.

    Parameters
    ----------
    country, event
        The pack, and the id of the event in its events.csv.
    start
        First day; by default 1 September of the year for floods, 1 March for other hazards (assumed).
    duration_months
        By default 3 months for floods, 12 for droughts (assumed).
    loss
        As for `natural`.
    persons_per_household
        Turns figures in people into households; by default the pack's.

    Raises
    ------
    InputError
        For an unknown event, or one without a national figure.

    Examples
    --------
    >>> from aspfin.programmes import load_country
    >>> flood = from_event(load_country("KHM"), "flood_2022")
    >>> round(sum(one.number for one in flood.affected.values()))
    85482
    """
    events = country.events
    rows = events[events["event_id"] == event]
    if rows.empty:
        allowed = " | ".join(events["event_id"].unique())
        raise InputError(Problem(f"country {country.iso3}", "event", event, allowed))
    hazard = str(rows["hazard"].iloc[0])
    record = event_record(
        events, hazard=hazard, persons_per_household=persons_per_household or _household_size(country, hazard)
    )
    row = record.set_index("event").loc[event]
    if not row["used"]:
        allowed = "an event with a national figure of people or households affected"
        raise InputError(Problem(f"country {country.iso3}", "event", event, allowed))
    shares, spread = _footprint(country, event, record)
    low, central, high = (float(row[f"households_{end}"]) for end in ("low", "central", "high"))
    source, note = str(row["sources"]), f"{row['figure']}; spread over provinces by {spread}"
    affected = {
        pcode: Quantity(
            f"{event}: households affected", share * central, unit="households", low=share * low,
            high=share * high, date=str(row["year"]), source=source, status="press", note=f"{pcode}: {note}",
        )
        for pcode, share in shares.items()
    }  # fmt: skip
    first = start or f"{row['year']}-{'09' if hazard == 'flood' else '03'}-01"
    months = duration_months
    if months is None:
        usual = (2, 3, 6) if hazard == "flood" else (9, 12, 15)
        months = assumed(f"{hazard}: duration", *usual, unit="months")
    return natural(
        str(row["name"]), hazard, first, affected=affected, loss=loss, duration_months=months, event=event,
        notes=(note, "" if start else "first day assumed"),
    )  # fmt: skip


def _household_size(country: Country, hazard: str) -> float:
    events = country.events
    size, _ = recorded_household_size(events[events["hazard"] == hazard])
    return size if size == size else country.quantity("households.persons_per_household").number


def _footprint(country: Country, event: str, record: pd.DataFrame) -> tuple[dict[str, float], str]:
    provinces = country.provinces
    if "flood_hazard_index" in provinces and "households_register_2022" in provinces:
        templates = footprint_templates(provinces, country.footprints, record, iso3=country.iso3)
        name = event if event in templates.names else PRIOR
        shares = templates.shares[templates.names.index(name)]
        words = "its published footprint" if name == event else "households times flood hazard (assumed)"
        return dict(zip(templates.pcodes, shares.tolist(), strict=True)), words
    people = next((one for one in provinces.columns if one.startswith("population_20")), None)
    if people is None:
        allowed = "provinces.csv with a column population_…, to spread the affected"
        raise InputError(Problem(f"country {country.iso3}", "provinces", None, allowed))
    persons = provinces.set_index("pcode")[people].astype(float)
    return (persons / persons.sum()).to_dict(), "people (assumed)"


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
