"""A made-up survey for the performance report: a population, what its programmes pay, and a sample."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.reporting.wording import did_you_mean
from aspfin.results import InputError, Problem
from aspfin.seeds import named_seed

if TYPE_CHECKING:
    from aspfin.programmes import Country
    from aspfin.reporting.performance_parameters import PerformanceParameters, Synthetic

__all__ = ["Drawn", "drawn", "pack_problems"]

Payments = tuple[tuple[str, float | None], ...]  # programme, payments a year
MONTHS = 12.0


@dataclass(frozen=True, eq=False)
class Drawn:
    """A survey, everybody it was drawn from, figures everybody meets, inputs nobody has confirmed."""

    survey: pd.DataFrame
    everybody: pd.DataFrame
    margins: pd.DataFrame
    unverified: pd.DataFrame


def drawn(parameters: PerformanceParameters) -> Drawn:
    """Return the survey and the population, with what each programme pays a household in a year.

    Raises
    ------
    InputError
        From the pack: a programme whose amount or rule on that day was not found.
    """
    made = parameters.data.synthetic
    assert made is not None
    payments = tuple((one.column, one.payments_per_year) for one in parameters.programmes)
    return _drawn(made, payments)


@lru_cache(maxsize=2)
def _drawn(made: Synthetic, payments: Payments) -> Drawn:
    from aspfin.data.synthetic import household_population, household_survey
    from aspfin.programmes import load_country
    from aspfin.programmes.entitlements import computable_programmes, system_entitlements

    population = household_population(made.country, households=made.households, seed=made.seed)
    frame, country = population.households, load_country(made.country)
    names = [name for name, _ in payments]
    told = computable_programmes(country, frame.columns, on=made.rules_on).set_index("programme")
    if wrong := _not_computable(told, payments):
        raise InputError(wrong)
    entitled = system_entitlements(country, frame, on=made.rules_on, programmes=names)
    paid = {}
    for name, times in payments:
        yearly = MONTHS if times is None else times
        chance = np.random.default_rng(named_seed(made.seed, "who is paid", name)).random(len(frame))
        paid[name] = entitled[name].to_numpy(float) * yearly * (chance < made.share_paid)
    everybody = frame.assign(**paid)
    survey = household_survey(
        replace(population, households=everybody),
        villages=made.villages,
        households_per_village=made.households_per_village,
        seed=made.seed,
    )
    return Drawn(survey, everybody, population.margins, _unverified(population.margins, country, names, made))


def _unverified(margins: pd.DataFrame, country: Country, names: list[str], made: Synthetic) -> pd.DataFrame:
    """Return figures of the population and benefit amounts that are assumed, from the press or unverified."""
    from aspfin.data.population_pack import read_population_pack
    from aspfin.reporting.performance_words import spoken

    titles = {
        name: str(one.get("title", name)) for name, one in read_population_pack(made.country).sources.items()
    }
    national = margins[(margins["status"] != "verified") & (margins["group"] != margins["group"].str.upper())]
    rows = [
        {"name": f"population: {spoken(one.margin)} ({spoken(one.group)})", "value": one.published,
         "unit": one.unit, "status": one.status, "source": titles.get(one.source, one.source)}
        for one in national.itertuples()
    ]  # fmt: skip
    for name in names:
        for rule in country.programme(name).rules_on(made.rules_on):
            if rule.status != "verified":
                rows.append(
                    {"name": f"{spoken(name)}: {spoken(rule.label)}", "value": rule.amount,
                     "unit": country.currency, "status": rule.status,
                     "source": titles.get(rule.source, rule.source)}
                )  # fmt: skip
    paid = {"name": "share of entitled households who are paid", "value": made.share_paid, "unit": "share"}
    rows.append({**paid, "status": "assumed", "source": "working assumption of this report"})
    return pd.DataFrame(rows)


def _not_computable(told: pd.DataFrame, payments: Payments, file: str = "parameters") -> list[Problem]:
    """Return every programme not in the pack, of unknown amount, or paid nobody says how often."""
    good = sorted(told.index[told["computable"]])
    found = []
    for place, (name, times) in enumerate(payments):
        field = f"programmes[{place}].column"
        if name not in told.index:
            found.append(Problem(file, field, name, did_you_mean(name, good)))
        elif not told.loc[name, "computable"]:
            allowed = f"one of {', '.join(good)} ({told.loc[name, 'reason']})"
            found.append(Problem(file, field, name, allowed))
        elif times is None and told.loc[name, "per"] != "month":
            allowed = f"a number: the pack pays by {told.loc[name, 'per']}"
            found.append(Problem(file, f"programmes[{place}].payments_per_year", None, allowed))
    return found


def pack_problems(parameters: PerformanceParameters, file: str) -> list[Problem]:
    """Return what the country pack cannot give, or is not a column of its population."""
    from aspfin.data.population import COLUMNS, household_population
    from aspfin.programmes import load_country
    from aspfin.programmes.entitlements import computable_programmes

    made = parameters.data.synthetic
    assert made is not None
    household_population(made.country, households=5_000, seed=0)  # refuses a country without a population
    names = [one.column for one in parameters.programmes]
    told = computable_programmes(load_country(made.country), list(COLUMNS), on=made.rules_on)
    payments = tuple((one.column, one.payments_per_year) for one in parameters.programmes)
    problems = _not_computable(told.set_index("programme"), payments, file)
    known = [*COLUMNS, *names, "stratum", "psu"]
    columns = [
        *((name, getattr(parameters, name)) for name in
          ("weights", "household_size", "strata", "psu", "welfare", "eligible")),
        *((f"by[{i}]", name) for i, name in enumerate(parameters.by)),
        *((f"labels[{i}].column", one.column) for i, one in enumerate(parameters.labels)),
    ]  # fmt: skip
    for field, name in columns:
        if name is not None and name not in known:
            problems.append(Problem(file, field, name, did_you_mean(name, known)))
    for field, value, allowed in (
        ("weights", parameters.weights, "weight"),
        ("household_size", parameters.household_size, "members"),
        ("welfare", parameters.welfare, "consumption"),
        ("welfare_is", parameters.welfare_is, "before_transfers"),
    ):
        if value != allowed:
            problems.append(Problem(file, field, value, f"{allowed}, in a synthetic survey"))
    return problems
