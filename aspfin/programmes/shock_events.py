"""A recorded event of a country pack as a shock: households affected by province."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import pandas as pd

from aspfin.data import Quantity
from aspfin.programmes.country import Country
from aspfin.programmes.footprint import PRIOR, footprint_templates
from aspfin.programmes.ranges import assumed
from aspfin.programmes.record import event_record, recorded_household_size
from aspfin.programmes.shock import Shock
from aspfin.programmes.shock_families import natural
from aspfin.results import InputError, Problem

__all__ = ["from_event"]


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
    row, shares, spread = _recorded(country, event, persons_per_household)
    hazard = row["hazard"]
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


@lru_cache(maxsize=32)  # a batch asks for the same event for every province
def _recorded(
    country: Country, event: str, persons_per_household: float | None
) -> tuple[Mapping[str, Any], Mapping[str, float], str]:
    """Return the event's row of the record with its hazard, and by what it is spread over provinces."""
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
    return MappingProxyType({**row, "hazard": hazard}), MappingProxyType(shares), spread


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
