"""The analysis behind the costing report: from a parameter file to the budget of a system.

The notebook `notebooks/reports/costing.ipynb` shows what `analyse` returns; numbers are those of
`aspfin.programmes.budget`, words in `costing_words.py`, pictures and tables in `costing_charts.py` and
`costing_tables.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from aspfin.data import Quantity
from aspfin.reporting.costing_parameters import CostingParameters, PublicTotal
from aspfin.reporting.costing_sensitivity import sensitivity
from aspfin.results import InputError

if TYPE_CHECKING:
    from aspfin.programmes import Country
    from aspfin.programmes.budget import SystemBudget

__all__ = ["CostingAnalysis", "analyse", "budget_of"]

OWN = "stated by the user"


@dataclass(frozen=True, eq=False)
class CostingAnalysis:
    """Everything the costing report shows.

    Attributes
    ----------
    parameters : CostingParameters
    country : Country
        The pack, as it comes.
    budget : SystemBudget
    sensitivity : DataFrame
        The total with one input at a time at its low and high value.
    unverified : DataFrame
        Inputs that are assumed, from the press or unverified.
    fingerprint : str
        Hash of the country pack.
    """

    parameters: CostingParameters
    country: Country
    budget: SystemBudget
    sensitivity: pd.DataFrame
    unverified: pd.DataFrame
    fingerprint: str = field(default="")

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The report's tables at full precision, by file name."""
        b = self.budget
        named = {
            "programmes": b.lines,
            "caseloads": b.caseloads,
            "components": b.components,
            "contributions": b.contributions,
            "published": b.published,
            "sensitivity": self.sensitivity,
            "inputs": b.inputs,
        }
        return {name: frame for name, frame in named.items() if len(frame)}


def analyse(parameters: CostingParameters) -> CostingAnalysis:
    """Run the whole chain of a costing report.

    Raises
    ------
    InputError
        For a pack that cannot be read, or counts and amounts its rules cannot use.
    """
    from aspfin.programmes import load_country

    country = load_country(parameters.country)
    budget = budget_of(parameters, country)
    titles = {name: source.title for name, source in country.sources.items()}
    inputs = budget.inputs[budget.inputs["status"] != "verified"].reset_index(drop=True)
    return CostingAnalysis(
        parameters=parameters,
        country=country,
        budget=budget,
        sensitivity=sensitivity(budget),
        unverified=inputs.assign(source=inputs["source"].map(lambda name: titles.get(name, name))),
        fingerprint=country.data_hash[:16],
    )


def budget_of(parameters: CostingParameters, country: Country, *, quick: bool = False) -> SystemBudget:
    """Return the budget a parameter file asks for.

    With `quick` a small population stands for the large one: what is refused is refused at once.
    """
    from aspfin.programmes.budget import StatedCaseload, system_budget

    caseloads = [
        StatedCaseload(
            one.programme,
            one.counts,
            periods=one.periods,
            beneficiaries=one.beneficiaries,
            unit=one.unit,
            date=one.date or "",
            source=one.source or OWN,
            status=one.status,
            note=one.note or "",
        )
        for one in parameters.caseloads
    ]
    return system_budget(
        country,
        start=parameters.period.start,
        months=parameters.period.months,
        programmes=parameters.programmes,
        amounts=parameters.stated,
        caseloads=caseloads,
        population=_population(parameters, country, quick),
        administration=_administration(parameters),
        exchange_rate=_rate(parameters, country),
        totals=_totals(parameters),
    )


def _population(parameters: CostingParameters, country: Country, quick: bool) -> pd.DataFrame | None:
    own = parameters.population
    if own is None:
        return None
    from aspfin.data.synthetic import household_population

    try:
        size = 2_000 if quick else own.households
        return household_population(country.iso3, households=size, seed=own.seed).households
    except InputError:
        raise
    except ValueError as error:
        from aspfin.results import Problem

        raise InputError(Problem("population", "country", country.iso3, str(error))) from None


def _administration(parameters: CostingParameters) -> Quantity | None:
    own = parameters.administration
    if own is None:
        return None
    return Quantity("administration share", own.share, unit="share of transfers", low=own.low, high=own.high,
                    source=own.source or OWN, status="assumed")  # fmt: skip


def _rate(parameters: CostingParameters, country: Country) -> Quantity | None:
    own = parameters.money
    if own.exchange_rate is None:
        return None
    return Quantity("exchange rate", own.exchange_rate, unit=f"{country.currency} per USD",
                    source=own.source or OWN, status="assumed")  # fmt: skip


def _totals(parameters: CostingParameters) -> dict[str, Quantity]:
    def quantity(name: str, one: PublicTotal) -> Quantity:
        return Quantity(name, one.value, unit=one.unit, source=one.source or OWN, status=one.status)

    words = {"budget": "public budget", "gdp": "gross domestic product"}
    return {name: quantity(words[name], one) for name, one in parameters.totals if one is not None}
