"""The social protection system: country packs, programmes with dated benefit rules, costing."""

from aspfin.programmes import shocks
from aspfin.programmes.benefits import Benefit
from aspfin.programmes.budget import StatedCaseload, SystemBudget, system_budget
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
from aspfin.programmes.households import HouseholdData
from aspfin.programmes.microsimulation import affected_households
from aspfin.programmes.registry_age import RegistryAge
from aspfin.programmes.response import ResponseComparison, compare_responses
from aspfin.programmes.response_combination import Combination
from aspfin.programmes.response_defaults import default_options
from aspfin.programmes.response_finance import ResponseFinancing, finance_response
from aspfin.programmes.response_options import (
    OPTIONS,
    DesignTweak,
    DisasterManagementProgramme,
    EmergencyProgramme,
    HorizontalExpansion,
    RoutineStrengthening,
    VerticalExpansion,
)
from aspfin.programmes.response_scores import MEASURES
from aspfin.programmes.rules import CATEGORIES, VOCABULARY, BenefitRule
from aspfin.programmes.shock import Shock
from aspfin.programmes.shock_draws import Response
from aspfin.programmes.shock_need import ShockNeed, pack_response, shock_need

__all__ = [
    "CATEGORIES",
    "MEASURES",
    "OPTIONS",
    "VOCABULARY",
    "Benefit",
    "BenefitRule",
    "Budget",
    "Combination",
    "Condition",
    "ContributionRule",
    "Country",
    "DesignTweak",
    "DisasterManagementProgramme",
    "EmergencyProgramme",
    "HorizontalExpansion",
    "HouseholdData",
    "InsuranceBenefit",
    "Outcome",
    "Programme",
    "ProgrammeCost",
    "RegistryAge",
    "Response",
    "ResponseComparison",
    "ResponseFinancing",
    "RoutineStrengthening",
    "Shock",
    "ShockNeed",
    "StatedCaseload",
    "SystemBudget",
    "VerticalExpansion",
    "affected_households",
    "available_countries",
    "check_country",
    "compare_responses",
    "computable_programmes",
    "default_options",
    "entitlement_chunks",
    "entitlement_totals",
    "finance_response",
    "load_country",
    "pack_response",
    "per_unit",
    "shock_need",
    "shocks",
    "system_budget",
    "system_entitlements",
]
