"""Financing: the distribution of annual need, the ways to pay for it, and what that costs.

Examples
--------
>>> from aspfin import financing
>>> need = financing.Need.from_states([0.2], [100.0])
>>> plan = [financing.ContingencyFund(opening=60, contribution=20, ceiling=60)]
>>> round(financing.finance(need, plan, years=5, paths=1_000, seed=1).unmet.share_of_need, 1)
0.5
"""

from aspfin.financing.financing_result import FinancingResult, Unmet
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
from aspfin.financing.need import Lattice, Layer, Need, OccurrenceLayer
from aspfin.financing.severity import Empirical, Gamma, GeneralisedPareto, Lognormal
from aspfin.financing.sizing import FundSize, size_fund
from aspfin.financing.timeliness import HouseholdDelayLoss, delay_factor, share_met_within

__all__ = [
    "INSTRUMENTS",
    "Binomial",
    "BudgetReallocation",
    "ContingencyFund",
    "ContingentCredit",
    "DonorAid",
    "Empirical",
    "ExPostBorrowing",
    "FinancingResult",
    "FundPath",
    "FundSize",
    "Gamma",
    "GeneralisedPareto",
    "HouseholdDelayLoss",
    "Instrument",
    "InsuranceLayer",
    "Lattice",
    "Layer",
    "Lognormal",
    "Need",
    "NegativeBinomial",
    "OccurrenceLayer",
    "ParametricInsurance",
    "Poisson",
    "UnitCosts",
    "Unmet",
    "allocate",
    "annuity_factor",
    "delay_factor",
    "finance",
    "fund_path",
    "share_met_within",
    "size_fund",
]
