"""Every input of the financing report that is assumed, from the press or unverified."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from aspfin.data import Quantity
from aspfin.programmes import Country, ShockNeed
from aspfin.reporting.parameters import FinancingParameters
from aspfin.reporting.style import instrument

__all__ = ["inputs_of"]


def inputs_of(
    parameters: FinancingParameters, shock: ShockNeed, country: Country, terms: list[Quantity]
) -> pd.DataFrame:
    """Return every input that is assumed, from the press or unverified."""
    unique = {(one.name, one.value): one for one in terms}
    rows = [*_recorded(parameters, country), *_registered(country), *map(_row, unique.values())]
    frame = pd.concat([shock.assumptions, pd.DataFrame(rows)], ignore_index=True)
    frame = frame[frame["status"] != "verified"].reset_index(drop=True)
    titles = {name: source.title for name, source in country.sources.items()}
    return frame.assign(source=frame["source"].map(lambda name: titles.get(name, name)))


def _recorded(parameters: FinancingParameters, country: Country) -> Iterator[dict[str, Any]]:
    """Yield the reported figures that the need rests on."""
    events = country.events
    used = events[(events["hazard"] == parameters.shock.hazard) & events["use"].astype(bool)]
    for row in used.itertuples():
        counted = not np.isnan(row.households)
        value, unit = (row.households, "households") if counted else (row.people, "people")
        values = {"value": value, "unit": unit, "status": row.status, "source": row.source}
        yield {"name": f"{row.name}: affected, as of {row.as_of or 'unknown'}", **values}
    names = country.provinces.set_index("pcode")["name_en"]
    final = country.footprints[country.footprints["stage"] == "final"]
    for row in final.itertuples():
        name = f"{row.event_id.replace('_', ' ')}: affected in {names.get(row.pcode, row.pcode)}"
        values = {"value": row.households, "unit": "households", "status": row.status}
        yield {"name": name, **values, "source": row.source}


def _registered(country: Country) -> Iterator[dict[str, Any]]:
    """Yield the provincial columns that the need rests on."""
    used = ("households_register_2022", "idpoor1_households", "idpoor2_households", "flood_hazard_index")
    columns = country.province_columns
    for row in columns[columns["column"].isin(used)].itertuples():
        name = f"{row.column.replace('_', ' ')}, by province"
        values = {"value": f"{len(country.provinces)} values", "unit": row.unit}
        yield {"name": name, **values, "status": row.status, "source": row.source}


def _row(quantity: Quantity) -> dict[str, Any]:
    return {
        "name": _spoken(quantity.name.removeprefix("financing.")),
        "value": quantity.value,
        "unit": quantity.unit,
        "status": quantity.status,
        "source": quantity.source,
    }


def _spoken(name: str) -> str:
    """Return the name of a term in words: "insurance.multiple" is the multiple of that instrument."""
    kind, _, term = name.rpartition(".")
    return f"{instrument(kind).label}: {term.replace('_', ' ')}" if kind else term.replace("_", " ")
