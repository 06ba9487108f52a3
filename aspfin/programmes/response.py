"""The options of a response side by side, on the same shock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from aspfin.data import Quantity
from aspfin.data.population import Population
from aspfin.programmes.country import Country
from aspfin.programmes.households import HouseholdData, read_households
from aspfin.programmes.microsimulation import Scene, make_scene
from aspfin.programmes.ranges import Central
from aspfin.programmes.registry_age import RegistryAge
from aspfin.programmes.response_defaults import default_options, exchange_rate_of
from aspfin.programmes.response_draws import OptionDraws, draw_options, group_cells
from aspfin.programmes.response_plan import Option, Plan
from aspfin.programmes.response_scores import MEASURES, days_of, measures_of, sums_of
from aspfin.programmes.response_tables import (
    account_table,
    assumption_table,
    band_table,
    left_out_table,
    response_checks,
)
from aspfin.programmes.shock import Shock
from aspfin.results import Check, InputError, Money, Problem, ResultMixin

__all__ = ["ResponseComparison", "compare_responses"]

HOUSEHOLDS = 20_000  # of the synthetic population where none is given


@dataclass(frozen=True, eq=False, repr=False)
class ResponseComparison(ResultMixin):
    """The options of a response side by side on one shock; money in `currency`, over the whole response.

    Attributes
    ----------
    country, currency, shock : str, str, Shock
    options : dict of str to option
        By the name shown.
    deadline_days : float
        Households paid within so many days of the start of the shock are paid on time.
    table : DataFrame
        One row per option: option, and one column per measure; `MEASURES` tells words and units.
    bands : DataFrame
        option, measure, words, unit, value, low, high, mean, std_error: the value is the microsimulation at
        central inputs, low and high the 5th and 95th percentile over the draws of uncertain inputs, mean
        their mean with its Monte Carlo error.
    by_province : DataFrame
        option, pcode, name, one column per measure (days are those of the option), and `…_low`, `…_high` for
        coverage, cost and unmet need.
    left_out : DataFrame
        option, group, level, households_in_need, not_paid, share: who in need is not paid.
    account : DataFrame
        part, households: not affected; affected, not in need; in need and poor before; pushed below the line.
    strengthening : DataFrame
        For routine strengthening: option, measure, words, unit, without, with.
    assumptions : DataFrame
        name, value, low, high, unit, source, status, note.
    checks : tuple of Check
    draws, seed : int
    population : str
        The households in a sentence.
    exchange_rate : Quantity
        Units of `currency` per US dollar, mean of the year of the shock.

    Examples
    --------
    >>> from aspfin.programmes import compare_responses, load_country, shocks
    >>> from aspfin.data.synthetic import household_population
    >>> khm = load_country("KHM")
    >>> people = household_population("KHM", households=2_000, seed=1)
    >>> result = compare_responses(khm, shocks.from_event(khm, "flood_2022"), population=people, draws=200)
    >>> result.table["option"].tolist()[1:3]
    ['Vertical expansion', 'Horizontal expansion']
    """

    country: str
    name: str
    currency: str
    shock: Shock
    options: Mapping[str, Option]
    deadline_days: float
    poverty_line: float
    table: pd.DataFrame
    bands: pd.DataFrame
    by_province: pd.DataFrame
    left_out: pd.DataFrame
    account: pd.DataFrame
    strengthening: pd.DataFrame
    assumptions: pd.DataFrame
    checks: tuple[Check, ...]
    draws: int
    seed: int
    population: str
    province_names: Mapping[str, str]
    exchange_rate: Quantity
    _drawn: Mapping[str, OptionDraws] = field(default_factory=dict)
    _places: tuple[int, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per option: each measure with its low and high end."""
        wide = self.bands.set_index(["option", "measure"])[["value", "low", "high"]].unstack("measure")  # noqa: PD010
        columns = {}
        for measure in MEASURES:
            columns[measure] = wide["value", measure]
            columns[f"{measure}_low"] = wide["low", measure]
            columns[f"{measure}_high"] = wide["high", measure]
        return pd.DataFrame(columns).loc[list(self.options)].rename_axis("option").reset_index()

    def cost_draws(self, option: str) -> np.ndarray:
        """Return the cost of an option in each draw of the inputs, shape (draws,), in `currency`."""
        return self.measure_draws(option)["cost"]

    def measure_draws(self, option: str) -> dict[str, np.ndarray]:
        """Return every measure of an option in each draw, shape (draws,)."""
        if option not in self.options:
            raise InputError(Problem("comparison", "option", option, " | ".join(self.options)))
        if option not in self._drawn:
            raise InputError(Problem("comparison", "draws", self.draws, "a comparison with draws above 0"))
        return self._drawn[option].measures(self._places)

    def sentence(self) -> str:
        """Return who is in need and what the best options do, in words."""
        table = self.table.set_index("option")
        shown, in_need = self.shock.sentence(), table["households_in_need"].iloc[0]
        if not in_need > 0:
            return f"{shown} No household is in need."
        found = f"{shown} About {in_need:,.0f} households are in need."
        if not (table["coverage_in_need"] > 0).any():
            return f"{found} No option reaches any of them."
        reach, fast = table["coverage_in_need"].idxmax(), table["first_days"].idxmin()
        cost = Money(table.loc[reach, "cost"], self.currency)
        found += (
            f" {reach} reaches most of them ({table.loc[reach, 'coverage_in_need']:.0%}) for {cost}; "
            f"{fast} pays first, after {table.loc[fast, 'first_days']:.0f} days"
        )
        cheap = table["cost_per_gap"]
        if not cheap.notna().any():
            return f"{found}."
        return (
            f"{found}; {cheap.idxmin()} costs least for what it undoes of the rise in poverty "
            f"({cheap.min():.1f} {self.currency} for each {self.currency})."
        )


def compare_responses(
    country: Country,
    shock: Shock,
    options: Sequence[Option] | Mapping[str, Option] | None = None,
    *,
    population: Population | HouseholdData | None = None,
    on: dt.date | str | None = None,
    areas: Sequence[str] | None = None,
    draws: int = 10_000,
    seed: int = 0,
    deadline_days: float = 90,
    registry: RegistryAge | None = None,
) -> ResponseComparison:
    """Score options of a response side by side on the same shock.

    Parameters
    ----------
    country
        A country pack.
    shock
        From `shocks`.
    options
        Options, or options by the name to show; by default the six with the pack's programmes
        (`default_options`).
    population
        Households: a synthetic population, or `HouseholdData` of your own; by default a synthetic population
        of 20,000 households, seed 0.
    on
        Day on which the age of registrations is counted; by default the start of the shock.
    areas
        P-codes to which the results are restricted; by default the whole country.
    draws
        Draws of the uncertain inputs; 0 for none.
    seed
        Of the draws.
    deadline_days
        Households paid within so many days of the start of the shock are paid on time.
    registry
        How the register ages; by default 2 % wrong at once and 5 % of the rest each year (assumed).

    Returns
    -------
    ResponseComparison

    Raises
    ------
    InputError
        For an input that cannot be: one line each.
    """
    registry = registry or RegistryAge()
    chosen = _options(options if options is not None else default_options(country, shock))
    _require_counts(draws, seed, deadline_days)
    if population is None:
        from aspfin.data.population import household_population

        population = household_population(_pack(country), households=HOUSEHOLDS)
    day = shock.start if on is None else pd.Timestamp(on).date()
    households = read_households(population, country, day)
    places = _places(households.pcodes, areas)
    scene = make_scene(households, shock, day, Central(), registry)
    plans = {name: option.plan(scene, Central()) for name, option in chosen.items()}
    sums = {name: sums_of(scene, plan, deadline=deadline_days) for name, plan in plans.items()}
    days = {name: days_of(plan, scene) for name, plan in plans.items()}
    drawn: dict[str, OptionDraws] = {}
    if draws:
        drawn = draw_options(
            group_cells(households),
            shock,
            chosen,
            sums,
            deadline=deadline_days,
            draws=draws,
            seed=seed,
            registry=registry,
        )
    names = country.provinces.set_index("pcode")["name_en"].to_dict()
    table = _table(sums, days, places)
    return ResponseComparison(
        country.iso3, country.name, population.currency, shock, chosen, deadline_days,
        population.poverty_line, table,
        band_table(table, drawn, places, population.currency),
        _by_province(sums, days, drawn, places, households.pcodes, names),
        left_out_table(scene, plans, places),
        account_table(scene, places),
        _strengthening(scene, chosen, table, places, deadline_days),
        assumption_table(country, shock, chosen, population, deadline_days, draws, registry),
        response_checks(scene, sums, drawn, places),
        draws, seed, population.sentence(), names, exchange_rate_of(country, shock.start),
        drawn, places,
    )  # fmt: skip


def _options(options: Sequence[Option] | Mapping[str, Option]) -> dict[str, Option]:
    named = dict(options) if isinstance(options, Mapping) else None
    if named is None:
        labels = [getattr(one, "label", None) for one in options]
        if len(set(labels)) < len(labels):
            twice = next(label for label in labels if labels.count(label) > 1)
            allowed = "each name once: give a mapping of names to options"
            raise InputError(Problem("comparison", "options", twice, allowed))
        named = dict(zip(labels, options, strict=True))
    if not named:
        raise InputError(Problem("comparison", "options", 0, "at least one option"))
    for name, one in named.items():
        if not callable(getattr(one, "plan", None)):
            allowed = "an option, such as VerticalExpansion(benefit)"
            raise InputError(Problem("comparison", f"option {name}", type(one).__name__, allowed))
    return named


def _pack(country: Country) -> str:
    from aspfin.programmes.country import available_countries

    return country.iso3 if country.iso3 in available_countries() else str(country.folder)


def _require_counts(draws: int, seed: int, deadline_days: float) -> None:
    problems = []
    for name, value, least in (("draws", draws, 0), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            problems.append(Problem("comparison", name, value, "a whole number, 0 or more"))
    if not (isinstance(deadline_days, int | float) and deadline_days > 0):
        problems.append(Problem("comparison", "deadline_days", deadline_days, "a number above 0"))
    if problems:
        raise InputError(problems)


def _places(pcodes: tuple[str, ...], areas: Sequence[str] | None) -> tuple[int, ...]:
    if areas is None:
        return tuple(range(len(pcodes)))
    wanted = [areas] if isinstance(areas, str) else list(areas)
    unknown = [one for one in wanted if one not in pcodes]
    if unknown or not wanted:
        found = unknown[0] if unknown else "none"
        raise InputError(Problem("comparison", "areas", found, "P-codes: " + ", ".join(pcodes)))
    return tuple(sorted({pcodes.index(one) for one in wanted}))


def _measures(
    sums: Mapping[str, np.ndarray], days: Mapping[str, np.ndarray], places: Sequence[int]
) -> dict[str, float]:
    together = {name: values[list(places)].sum() for name, values in sums.items()}
    found = {**measures_of(together), **days}
    return {name: float(np.squeeze(found[name])) for name in MEASURES}


def _table(sums: Mapping[str, Mapping], days: Mapping[str, Mapping], places: Sequence[int]) -> pd.DataFrame:
    return pd.DataFrame([{"option": name, **_measures(sums[name], days[name], places)} for name in sums])


PROVINCE_BANDS = ("coverage_in_need", "cost", "unmet_money", "unmet_households", "households_in_need")


def _by_province(
    sums: Mapping[str, Mapping],
    days: Mapping[str, Mapping],
    drawn: Mapping[str, OptionDraws],
    places: Sequence[int],
    pcodes: tuple[str, ...],
    names: Mapping[str, str],
) -> pd.DataFrame:
    rows = []
    for option in sums:
        bands = {}
        if option in drawn:
            found = measures_of(drawn[option].sums)
            with np.errstate(invalid="ignore"):
                bands = {
                    measure: np.quantile(np.nan_to_num(found[measure], nan=0.0), [0.05, 0.95], axis=0)
                    for measure in PROVINCE_BANDS
                }
        for place in places:
            row = {"option": option, "pcode": pcodes[place], "name": names.get(pcodes[place], pcodes[place])}
            row |= _measures(sums[option], days[option], [place])
            for measure, ends in bands.items():
                missing = np.isnan(row[measure])
                row[f"{measure}_low"], row[f"{measure}_high"] = (
                    (np.nan, np.nan) if missing else ends[:, place].tolist()
                )
            rows.append(row)
    return pd.DataFrame(rows)


def _strengthening(
    scene: Scene, options: Mapping[str, Option], table: pd.DataFrame, places: Sequence[int], deadline: float
) -> pd.DataFrame:
    """Return the same shock with and without the investment, for every option that has a base."""
    rows = []
    for name, option in options.items():
        base = getattr(option, "base", None)
        if base is None:
            continue
        plan: Plan = base.plan(scene, Central())
        without = _measures(sums_of(scene, plan, deadline=deadline), days_of(plan, scene), places)
        better = table.set_index("option").loc[name]
        rows += [(name, m, *MEASURES[m][:2], without[m], better[m]) for m in MEASURES]
    return pd.DataFrame(rows, columns=["option", "measure", "words", "unit", "without", "with"])
