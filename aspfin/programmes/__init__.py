"""The social protection system: country packs, programmes with dated benefit rules, costing."""

from aspfin.programmes.catalogue import Outcome, Programme
from aspfin.programmes.costing import ProgrammeCost, per_unit
from aspfin.programmes.country import (
    Country,
    available_countries,
    check_country,
    load_country,
)
from aspfin.programmes.rules import CATEGORIES, BenefitRule
from aspfin.programmes.shock_draws import Response
from aspfin.programmes.shock_need import ShockNeed, pack_response, shock_need

__all__ = [
    "CATEGORIES",
    "BenefitRule",
    "Country",
    "Outcome",
    "Programme",
    "ProgrammeCost",
    "Response",
    "ShockNeed",
    "available_countries",
    "check_country",
    "load_country",
    "pack_response",
    "per_unit",
    "shock_need",
]
