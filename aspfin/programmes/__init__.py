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

__all__ = [
    "CATEGORIES",
    "BenefitRule",
    "Country",
    "Outcome",
    "Programme",
    "ProgrammeCost",
    "available_countries",
    "check_country",
    "load_country",
    "per_unit",
]
