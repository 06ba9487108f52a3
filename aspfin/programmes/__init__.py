"""The social protection system: country packs, programmes with dated benefit rules, costing."""

from aspfin.programmes.catalogue import Budget, Outcome, Programme
from aspfin.programmes.contributions import ContributionRule, InsuranceBenefit
from aspfin.programmes.costing import ProgrammeCost, per_unit
from aspfin.programmes.country import (
    Country,
    available_countries,
    check_country,
    load_country,
)
from aspfin.programmes.eligibility import Condition
from aspfin.programmes.entitlements import (
    computable_programmes,
    entitlement_chunks,
    entitlement_totals,
    system_entitlements,
)
from aspfin.programmes.rules import CATEGORIES, VOCABULARY, BenefitRule
from aspfin.programmes.shock_draws import Response
from aspfin.programmes.shock_need import ShockNeed, pack_response, shock_need

__all__ = [
    "CATEGORIES",
    "VOCABULARY",
    "BenefitRule",
    "Budget",
    "Condition",
    "ContributionRule",
    "Country",
    "InsuranceBenefit",
    "Outcome",
    "Programme",
    "ProgrammeCost",
    "Response",
    "ShockNeed",
    "available_countries",
    "check_country",
    "computable_programmes",
    "entitlement_chunks",
    "entitlement_totals",
    "load_country",
    "pack_response",
    "per_unit",
    "shock_need",
    "system_entitlements",
]
