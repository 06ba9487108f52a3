"""Financing: the distribution of annual need, the ways to pay for it, and what that costs.

Examples
--------
>>> from aspfin import financing
>>> need = financing.Need.from_states([0.2], [100.0])
>>> plan = [financing.ContingencyFund(opening=60, contribution=20, ceiling=60)]
>>> round(financing.finance(need, plan, years=5, paths=1_000, seed=1).unmet.share_of_need, 1)
0.5
"""

from aspfin.financing.basis_risk import BasisRisk, measure_basis_risk, missed_payment_probability
from aspfin.financing.cost import CostPerBeneficiary, cost_per_beneficiary
from aspfin.financing.crossing import crossing_points, marginal_cost
from aspfin.financing.financing_result import FinancingResult, Unmet
from aspfin.financing.fitting import FrequencyFit, SeverityFit, fit_frequency, fit_severity
from aspfin.financing.frequency import Binomial, NegativeBinomial, Poisson
from aspfin.financing.fund import FundPath, fund_path
from aspfin.financing.instrument import Instrument, UnitCosts, annuity_factor
from aspfin.financing.instruments import (
    INSTRUMENTS,
    BudgetReallocation,
    ContingencyFund,
    ContingentCredit,
    DonorAid,
    ExPostBorrowing,
    InsuranceLayer,
    ParametricInsurance,
)
from aspfin.financing.layering import allocate, finance
from aspfin.financing.loans import Loan, contingent_drawdown, facility_fees
from aspfin.financing.need import Lattice, Layer, Need, OccurrenceLayer
from aspfin.financing.optimise import OptimalLayers, optimal_layers
from aspfin.financing.rate_on_line import CARIBBEAN_2026, RateOnLineCurve
from aspfin.financing.severity import Empirical, Gamma, GeneralisedPareto, Lognormal
from aspfin.financing.simulation import LayerSimulation, simulate_layers
from aspfin.financing.sizing import FundSize, size_fund
from aspfin.financing.terms import (
    allocate_back,
    apply_terms,
    frequency_curve,
    layer_payment,
    reinstatement_premium,
)
from aspfin.financing.timeliness import (
    AFRICAN_RISK_CAPACITY_DROUGHT,
    HouseholdDelayLoss,
    delay_factor,
    share_met_within,
)

__all__ = [
    "AFRICAN_RISK_CAPACITY_DROUGHT",
    "CARIBBEAN_2026",
    "INSTRUMENTS",
    "BasisRisk",
    "Binomial",
    "BudgetReallocation",
    "ContingencyFund",
    "ContingentCredit",
    "CostPerBeneficiary",
    "DonorAid",
    "Empirical",
    "ExPostBorrowing",
    "FinancingResult",
    "FrequencyFit",
    "FundPath",
    "FundSize",
    "Gamma",
    "GeneralisedPareto",
    "HouseholdDelayLoss",
    "Instrument",
    "InsuranceLayer",
    "Lattice",
    "Layer",
    "LayerSimulation",
    "Loan",
    "Lognormal",
    "Need",
    "NegativeBinomial",
    "OccurrenceLayer",
    "OptimalLayers",
    "ParametricInsurance",
    "Poisson",
    "RateOnLineCurve",
    "SeverityFit",
    "UnitCosts",
    "Unmet",
    "allocate",
    "allocate_back",
    "annuity_factor",
    "apply_terms",
    "contingent_drawdown",
    "cost_per_beneficiary",
    "crossing_points",
    "delay_factor",
    "facility_fees",
    "finance",
    "fit_frequency",
    "fit_severity",
    "frequency_curve",
    "fund_path",
    "layer_payment",
    "marginal_cost",
    "measure_basis_risk",
    "missed_payment_probability",
    "optimal_layers",
    "reinstatement_premium",
    "share_met_within",
    "simulate_layers",
    "size_fund",
]
