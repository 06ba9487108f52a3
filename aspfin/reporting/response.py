"""The analysis behind the response report: one shock, the options side by side, one of them in close-up.

The notebook `notebooks/reports/response.ipynb` shows what `analyse` returns; the words are in
`response_words.py`. Money is in the country's currency, and in US dollars at the mean rate of the year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from aspfin.data.population import household_population
from aspfin.programmes import (
    Combination,
    Country,
    ResponseComparison,
    ResponseFinancing,
    RoutineStrengthening,
    Shock,
    compare_responses,
    finance_response,
    load_country,
)
from aspfin.reporting.financing_plan import Plan, build_plan
from aspfin.reporting.response_inputs import affected_a_year, option_key, options_of, shock_of
from aspfin.reporting.response_parameters import ResponseParameters
from aspfin.reporting.response_sensitivity import swings
from aspfin.results import Check, InputError, Problem
from aspfin.seeds import named_seed

__all__ = ["ResponseAnalysis", "analyse"]

NATIONAL = "national"
CERTAIN = ("verified",)


@dataclass(frozen=True, eq=False)
class ResponseAnalysis:
    """Everything the response report shows.

    Attributes
    ----------
    parameters : ResponseParameters
    country, shock, comparison
        The pack, the shock, and the options and combinations side by side.
    focus : str
        Name of the option looked at closely.
    keys : mapping of str to str
        Kind of each option by its name: its colour.
    financing, plan, rarity
        Who pays for it, or None; and in words where the households affected in a year come from.
    swings : mapping of str to DataFrame
        For cost and never paid: input, low_label, high_label, low, high: the answer where the input is in the
        lowest and in the highest fifth of its range.
    checks : tuple of Check
    unverified : DataFrame
        Inputs that are assumed, from the press or unverified.
    margins : DataFrame
        Published figures that the made-up population meets.
    """

    parameters: ResponseParameters
    country: Country
    shock: Shock
    comparison: ResponseComparison
    focus: str
    keys: Mapping[str, str]
    financing: ResponseFinancing | None
    plan: Plan | None
    rarity: str
    swings: Mapping[str, pd.DataFrame]
    checks: tuple[Check, ...]
    unverified: pd.DataFrame
    margins: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def single(self) -> list[str]:
        """The options one by one."""
        options = self.comparison.options
        return [name for name, one in options.items() if not isinstance(one, Combination)]

    @property
    def combined(self) -> list[str]:
        """The combinations."""
        return [name for name in self.comparison.options if name not in self.single]

    @property
    def now(self) -> list[str]:
        """The options that can still be chosen when the shock has come."""
        options = self.comparison.options
        return [name for name in self.single if not isinstance(options[name], RoutineStrengthening)]

    @property
    def national(self) -> bool:
        """Whether the report is on the whole country."""
        return self.parameters.area == NATIONAL

    @property
    def place(self) -> str:
        """The country or the province in words."""
        area = self.parameters.area
        return self.country.name if self.national else self.comparison.province_names.get(area, area)

    @property
    def rate(self) -> float:
        """Units of the country's currency per US dollar."""
        return self.comparison.exchange_rate.number

    def row(self, option: str | None = None) -> pd.Series:
        """Return the measures of one option, by default of the one looked at closely."""
        return self.comparison.table.set_index("option").loc[option or self.focus]

    def band(self, measure: str, option: str | None = None) -> tuple[float, float]:
        """Return the 5th and 95th percentile of a measure over the draws of the uncertain inputs."""
        bands = self.comparison.bands
        found = bands[(bands["option"] == (option or self.focus)) & (bands["measure"] == measure)].iloc[0]
        return float(found["low"]), float(found["high"])

    def best(self, measure: str, *, most: bool, among: list[str] | None = None) -> str:
        """Return, of the options that reach anybody, the one with most or least; the first of equals."""
        table = self.comparison.table.set_index("option").loc[among or self.now]
        values = table.loc[table["coverage_in_need"] > 0, measure].dropna()
        if values.empty:
            return (among or self.now)[0]
        return str(values.idxmax() if most else values.idxmin())

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The report's tables at full precision, by file name."""
        one = self.comparison
        found = {
            "options": one.to_frame(),
            "option_bands": one.bands,
            "households": one.account,
            "provinces": one.by_province,
            "left_out": one.left_out,
            "strengthening": one.strengthening,
            "assumptions": one.assumptions,
            "population_margins": self.margins,
        }
        for name, frame in self.swings.items():
            found[f"sensitivity_{name}"] = frame
        if self.financing is not None:
            found["financing_by_return_period"] = self.financing.by_return_period
            found["financing_by_instrument"] = self.financing.by_instrument
            found["financing_per_year"] = self.financing.per_year
        if self.plan is not None:
            found["financing_plan"] = self.plan.layers
        return {name: frame for name, frame in found.items() if len(frame)}


def analyse(parameters: ResponseParameters) -> ResponseAnalysis:
    """Run the whole chain of a response report.

    Parameters
    ----------
    parameters : ResponseParameters
        Validated (`reporting.parameters.build`).

    Raises
    ------
    InputError
        For a shock or options that the engine refuses.
    """
    country = load_country(parameters.country)
    shock = shock_of(parameters, country)
    options = options_of(parameters, country, shock)
    people = household_population(
        parameters.country,
        households=parameters.population.households,
        seed=parameters.population.seed,
    )
    comparison = compare_responses(
        country, shock, options, population=people, draws=parameters.draws, seed=parameters.seed,
        areas=None if parameters.area == NATIONAL else [parameters.area],
        deadline_days=float(parameters.deadline_days),
    )  # fmt: skip
    focus = _focus(parameters, comparison)
    financing, plan, rarity = _financing(parameters, country, shock, comparison, focus)
    checks = [
        replace(one, passed=None if one.passed is None else bool(one.passed)) for one in comparison.checks
    ]
    if financing is not None:
        checks += [replace(one, name=f"financing: {one.name}") for one in financing.checks]
    return ResponseAnalysis(
        parameters, country, shock, comparison, focus,
        {name: option_key(one) for name, one in options.items()},
        financing, plan, rarity,
        swings(comparison, focus, {"cost": comparison.exchange_rate.number, "households_never": 1.0}),
        tuple(checks), _unverified(country, comparison, plan), people.margins,
    )  # fmt: skip


def _focus(parameters: ResponseParameters, comparison: ResponseComparison) -> str:
    """Return the name of the option looked at closely."""
    wanted = parameters.option
    options = comparison.options
    if wanted is not None:
        for name, one in options.items():
            if wanted.casefold() in (name.casefold(), option_key(one)):
                return name
        raise InputError(Problem("parameters", "option", wanted, " | ".join(options)))
    table = comparison.table.set_index("option")["coverage_in_need"]
    single = [
        name for name, one in options.items() if not isinstance(one, Combination | RoutineStrengthening)
    ]
    found = table.loc[single].dropna()
    return str(found.idxmax()) if len(found) else single[0]


def _financing(
    parameters: ResponseParameters,
    country: Country,
    shock: Shock,
    comparison: ResponseComparison,
    focus: str,
) -> tuple[ResponseFinancing | None, Plan | None, str]:
    """Return who pays for the option looked at closely; nothing where the file is silent or nobody is hit."""
    stated = parameters.financing
    row = comparison.table.set_index("option").loc[focus]
    if stated is None or not row["households_affected"] > 0:
        return None, None, ""
    hit = float(row["households_affected"])
    affected, rarity = affected_a_year(parameters, country, shock, hit)
    per_household = float(row["cost"]) / hit / comparison.exchange_rate.number
    plan = build_plan(stated, affected.scaled(per_household, "USD"), country.facts)
    periods = stated.return_periods
    if stated.return_period is not None:
        periods = (2 * stated.return_period,)  # any year in which the shock comes; see `response_words`
    # Not the option: two options of one shock and place are compared on the same years.
    seed = named_seed(stated.seed, country.iso3, shock.hazard, parameters.area)
    result = finance_response(
        comparison, focus, affected, plan.instruments, return_periods=periods,
        years=stated.years, paths=stated.paths, seed=seed,
    )  # fmt: skip
    return result, plan, rarity


def _unverified(country: Country, comparison: ResponseComparison, plan: Plan | None) -> pd.DataFrame:
    """Return every input that is not verified: assumptions, ranges, terms of the instruments."""
    columns = ["name", "value", "low", "high", "unit", "source", "status", "note"]
    frame = comparison.assumptions[columns].copy()
    if plan is not None and plan.terms:
        terms = [{name: getattr(one, name) for name in columns} for one in plan.terms]
        frame = pd.concat([frame.astype(object), pd.DataFrame(terms, dtype=object)], ignore_index=True)
    frame = frame[~frame["status"].isin(CERTAIN)].reset_index(drop=True)
    exact = frame["low"].isna() | np.array(
        [low == high for low, high in zip(frame["low"], frame["high"], strict=True)]
    )
    zero = exact & (frame["value"].map(lambda value: value in (0, 1) and not isinstance(value, bool)))
    frame = frame[~zero.to_numpy()].reset_index(drop=True)
    titles = {name: source.title for name, source in country.sources.items()} | {
        "working_assumption": "working assumption"
    }
    named = frame["source"].map(lambda text: "; ".join(titles.get(x, x) for x in str(text or "").split("; ")))
    return frame.assign(source=named)
