"""The synthetic population against what was published: one row per margin."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aspfin.data.population_pack import PopulationPack

__all__ = ["margins_table"]

COLUMNS = ["margin", "group", "published", "simulated", "difference", "unit", "date", "source", "status"]


def margins_table(frame: pd.DataFrame, pack: PopulationPack) -> pd.DataFrame:
    """Return published and simulated figures side by side.

    Parameters
    ----------
    frame
        The households.
    pack
        The country's figures.

    Returns
    -------
    DataFrame
        Columns margin, group, published, simulated, difference (as a share of the published), unit, date,
        source, status.
    """
    weight = frame.weight
    data = frame.assign(persons=weight * frame.members, households=weight)
    rows = _province_rows(data, pack) + _poverty_rows(data, pack)
    rows += _person_rows(data, pack) + _group_rows(data, pack)
    table = pd.DataFrame(rows, columns=[c for c in COLUMNS if c != "difference"])
    table.insert(4, "difference", table.simulated / table.published - 1)
    return table


def _row(margin: str, group: str, published: float, simulated: float, told: dict) -> tuple:
    return (
        *(margin, group, float(published), float(simulated), str(told.get("unit", ""))),
        *(str(told.get("date", "")), str(told.get("source", "")), str(told.get("status", ""))),
    )


def _province_rows(data: pd.DataFrame, pack: PopulationPack) -> list[tuple]:
    named = pack.part("provinces")
    sums = data.groupby("province", observed=False)[["persons", "households"]].sum()
    column = named["persons"]
    told = pack.described.get(column, {})
    published = dict(zip(pack.provinces.pcode, pack.column(column), strict=True))
    rows = [_row("people", code, value, sums.persons[code], told) for code, value in published.items()]
    rows.append(_row("people", "country", sum(published.values()), data.persons.sum(), told))
    size = data.persons.sum() / data.households.sum()
    if pack.get("households") is not None:
        told = pack.part("households")
        rows.append(_row("households", "country", told["value"], data.households.sum(), told))
        value = sum(published.values()) / float(told["value"])
        told = {**told, "unit": "persons per household"}
    else:
        told = pack.part("persons_per_household")
        value = told["value"]
    rows.append(_row("persons per household", "country", value, size, told))
    told = pack.get("urban_share", "national")
    if told is not None:
        urban = data.persons[data.area != "rural"].sum() / data.persons.sum()
        rows.append(_row("urban share of people", "country", told["value"], urban, told))
    return rows + _registered_rows(data, pack)


def _registered_rows(data: pd.DataFrame, pack: PopulationPack) -> list[tuple]:
    rows = []
    for unit in ("households", "persons"):
        for level, column in (pack.get("provinces", f"registered_{unit}") or {}).items():
            inside = data[data.card_level == int(level)].groupby("province", observed=False)[unit].sum()
            told = pack.described.get(column, {})
            for code, value in zip(pack.provinces.pcode, pack.column(column), strict=True):
                rows.append(_row(f"{unit} registered, level {level}", code, value, inside[code], told))
    for level, parts in (pack.get("registered") or {}).items():
        inside = data[data.card_level == int(level)]
        for unit in ("households", "persons"):
            told = parts[unit]
            simulated = inside[unit].sum()
            rows.append(_row(f"{unit} registered, level {level}", "country", told["value"], simulated, told))
    return rows


def _poverty_rows(data: pd.DataFrame, pack: PopulationPack) -> list[tuple]:
    poor = data.persons * data.poor
    rate = poor.sum() / data.persons.sum()
    told = pack.part("poverty", "national")
    rows = [_row("poverty rate", "country", told["value"], rate, told)]
    for area, told in pack.part("poverty", "areas").items():
        inside = data.area == area
        rate = poor[inside].sum() / data.persons[inside].sum()
        rows.append(_row("poverty rate", area, told["value"], rate, told))
    column = pack.get("poverty", "province_column")
    if column is not None:
        sums = (
            pd.DataFrame({"poor": poor, "persons": data.persons}).groupby(data.province, observed=False).sum()
        )
        told = pack.described.get(column, {})
        for code, value in zip(pack.provinces.pcode, pack.provinces[column].astype(float), strict=True):
            rows.append(_row("poverty rate", code, value, sums.poor[code] / sums.persons[code], told))
    if pack.get("poverty", "gini") is not None:
        told = pack.part("poverty", "gini")
        rows.append(_row("Gini of consumption", "country", told["value"], _gini(data), told))
    told = pack.part("poverty", "exclusion_error")
    left_out = poor[data.card_level == 0].sum() / poor.sum()
    rows.append(_row("poor people not registered", "country", told["value"], left_out, told))
    return rows


def _gini(data: pd.DataFrame) -> float:
    """Return the Gini of consumption among people, ties averaged by the midpoint of their share."""
    order = np.argsort(data.consumption.to_numpy(), kind="stable")
    persons, consumption = data.persons.to_numpy()[order], data.consumption.to_numpy()[order]
    share = (np.cumsum(persons) - persons / 2) / persons.sum()
    mean = (persons @ consumption) / persons.sum()
    return float(2 * (persons * consumption) @ share / (persons.sum() * mean) - 1)


def _person_rows(data: pd.DataFrame, pack: PopulationPack) -> list[tuple]:
    """Return shares of people by age, disability and HIV, and of heads who are women."""
    rows = []
    carded = data.card_level > 0
    for name, parts in pack.part("persons").items():
        for group, told in parts.items():
            inside = data[carded] if group == "registered" else data
            simulated = (inside.weight * inside[name]).sum() / inside.persons.sum()
            where = "registered" if group == "registered" else "country"
            rows.append(_row(f"{name}, share of people", where, told["value"], simulated, told))
    for group, told in pack.part("heads", "female").items():
        inside = data[carded] if group == "registered" else data
        simulated = inside.households[inside.head_sex == "female"].sum() / inside.households.sum()
        where = "registered" if group == "registered" else "country"
        rows.append(_row("female heads, share of households", where, told["value"], simulated, told))
    return rows


def _group_rows(data: pd.DataFrame, pack: PopulationPack) -> list[tuple]:
    rows = []
    for name, told in (pack.get("groups") or {}).items():
        if name.startswith("at_risk_"):
            unit = name.removeprefix("at_risk_")
            simulated = data[unit][data.at_risk == 1].sum()
        else:
            simulated = (data.weight * data[name]).sum()
        rows.append(_row(name, "country", told["value"], simulated, told))
    return rows
