"""The synthetic population against what was published: one row per margin."""

from __future__ import annotations

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
    by_province = data.groupby("province", observed=False)
    sums = by_province[["persons", "households"]].sum()
    told = dict(unit="persons", source="provinces.csv", status="published")
    published = dict(zip(pack.provinces.pcode, pack.column(named["persons"]), strict=True))
    rows = [_row("population", code, value, sums.persons[code], told) for code, value in published.items()]
    rows.append(_row("population", "country", sum(published.values()), data.persons.sum(), told))
    rows.append(
        _row(
            "households", "country", pack.value("households"), data.households.sum(), pack.part("households")
        )
    )
    for unit in ("households", "persons"):
        for level, column in (named.get(f"registered_{unit}") or {}).items():
            inside = data[data.card_level == int(level)].groupby("province", observed=False)[unit].sum()
            told = dict(unit=unit, source="provinces.csv", status="published")
            for code, value in zip(pack.provinces.pcode, pack.column(column), strict=True):
                rows.append(_row(f"{unit} registered, level {level}", code, value, inside[code], told))
    size = data.persons.sum() / data.households.sum()
    published_size = sum(published.values()) / float(pack.value("households"))
    rows.append(_row("persons per household", "country", published_size, size, pack.part("households")))
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
    carded = data.card_level > 0
    told = pack.part("poverty", "exclusion_error")
    left_out = poor[~carded].sum() / poor.sum()
    rows.append(_row("poor people not registered", "country", told["value"], left_out, told))
    return rows


def _person_rows(data: pd.DataFrame, pack: PopulationPack) -> list[tuple]:
    rows = []
    carded = data.card_level > 0
    for name, parts in pack.part("persons").items():
        for group, told in parts.items():
            inside = data[carded] if group == "registered" else data
            simulated = (inside.weight * inside[name]).sum() / inside.persons.sum()
            where = "registered" if group == "registered" else "country"
            rows.append(_row(f"{name}, share of people", where, told["value"], simulated, told))
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
