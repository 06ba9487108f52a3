"""Does the country pack know the province, hazard, programme and rule date that a parameter file names?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from aspfin.reporting.wording import did_you_mean
from aspfin.results import InputError, Problem

if TYPE_CHECKING:
    from aspfin.programmes import Country

__all__ = ["country_problems", "own_pack", "place_name", "province_codes"]


def own_pack(country: str, path: Path) -> Path | None:
    """Return the folder of a pack given by path (relative to the parameter file), None for an ISO code."""
    return None if re.fullmatch(r"[A-Z]{3}", country) else (path.resolve().parent / country).resolve()


def _country(name: object, path: Path) -> Country:
    """Return the pack a file names, or say which there are."""
    if not isinstance(name, str):
        raise InputError(
            Problem(str(path), "country", name, "an ISO code such as KHM, or the path of a pack")
        )
    from aspfin.programmes import available_countries, load_country  # only once a file names a country

    folder = own_pack(name, path)
    if folder is None and name not in available_countries():
        raise InputError(Problem(str(path), "country", name, did_you_mean(name, list(available_countries()))))
    if folder is not None and not (folder / "country.yaml").is_file():
        allowed = did_you_mean(name.upper(), list(available_countries())) + ", or a folder with country.yaml"
        raise InputError(Problem(str(path), "country", name, allowed))
    return load_country(folder or name)


def province_codes(name: object, path: Path) -> list[str]:
    """Return the P-codes of the provinces of a country pack, in order."""
    return sorted(map(str, _country(name, path).provinces["pcode"]))


def place_name(name: object, area: object, path: Path) -> str:
    """Return the name of a province in words; what is no P-code as it stands."""
    provinces = _country(name, path).provinces
    return dict(zip(provinces["pcode"], provinces["name_en"], strict=True)).get(area, str(area))


def country_problems(parameters: BaseModel, path: Path) -> list[Problem]:
    """Return what the parameters name that their country pack does not know."""
    if not hasattr(parameters, "country"):
        return []
    try:
        country = _country(parameters.country, path)
    except InputError as error:
        return list(error.problems)
    problems = []

    def refuse(field: str, value: object, allowed: str) -> None:
        problems.append(Problem(str(path), field, value, allowed))

    areas = ["national", *province_codes(parameters.country, path)]
    if (area := getattr(parameters, "area", "national")) not in areas:
        named = dict(zip(country.provinces["name_en"].str.lower(), country.provinces["pcode"], strict=True))
        own = named.get(str(area).lower())
        refuse("area", area, f"its P-code, {own}" if own else did_you_mean(area, areas))
    if response := getattr(parameters, "response", None):  # priced on the record of a hazard
        shock = getattr(parameters, "shock", None)
        if shock is not None and shock.hazard not in country.records:
            refuse("shock.hazard", shock.hazard, did_you_mean(shock.hazard, list(country.records)))
        known = {programme.id: programme for programme in country.programmes}
        if response.programme not in known:
            refuse("response.programme", response.programme, did_you_mean(response.programme, list(known)))
        else:
            try:
                known[response.programme].rules_on(response.rules_on)
                if not any(one.households and one.people for one in known[response.programme].outcomes):
                    paid = [
                        p.id for p in country.programmes if any(o.households and o.people for o in p.outcomes)
                    ]
                    allowed = "a programme whose pack entry has an outcome with households and people: "
                    refuse("response.programme", response.programme, allowed + ", ".join(paid))
            except InputError as error:
                refuse("response.rules_on", str(response.rules_on), error.problems[0].allowed)
    return problems
