"""The yearly need of a shock: from recorded events to households, to the cost of the response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd

from aspfin.financing import Empirical, Need, Poisson
from aspfin.programmes.affected import AffectedLaw, affected_law, bootstrap_bands
from aspfin.programmes.country import Country
from aspfin.programmes.footprint import footprint_templates
from aspfin.programmes.record import (
    event_record,
    rates_by_class,
    recorded_household_size,
)
from aspfin.programmes.shock_assumptions import (
    Inputs,
    assumption_table,
    capped_check,
    exposure_check,
    replay_checks,
)
from aspfin.programmes.shock_draws import NATIONAL, Response, ShockDraws, draw_shock
from aspfin.programmes.shock_tables import Shares, beneficiary_table, event_table, replay_table
from aspfin.programmes.unit_cost import UnitCost, unit_cost
from aspfin.results import Check, InputError, Problem, ResultMixin

__all__ = ["ShockNeed", "pack_response", "shock_need"]

RETURN_PERIODS = (2, 5, 10, 20, 25, 50, 100)
_BAND_DRAWS = 400


@dataclass(frozen=True, repr=False)
class ShockNeed(ResultMixin):
    """How many households a shock affects in a year, who is reached, and what the response costs.

    Attributes
    ----------
    country, hazard, programme, area, area_name : str
        What was asked; `area` is "national" or a P-code.
    need : Need
        Cost of the response a year, USD: transfers and administration.
    affected : Need
        Households affected a year (its `currency` is "households").
    events : DataFrame
        The record, priced: see `shock_tables.event_table`.
    classes : DataFrame
        Rates and sizes by class of event.
    unit_cost : UnitCost
        What one household is paid.
    shares : Shares
        What one affected household means on average, in this area.
    replay : DataFrame
        The response model beside what was really paid, nationally.
    assumptions : DataFrame
        `name, value, unit, status, source`: everything taken as given.
    checks : tuple of Check
        Diagnostics.
    capped_share : float
        Share of events in which some province reached its number of households.
    law : AffectedLaw
        Law of households affected nationally.
    draws : ShockDraws
        The simulated events.
    province_names : dict
        Name by P-code.
    replicates, seed : int
        Of the bootstrap bands.
    """

    country: str
    hazard: str
    programme: str
    area: str
    area_name: str
    need: Need
    affected: Need
    events: pd.DataFrame = field(compare=False)
    classes: pd.DataFrame = field(compare=False)
    unit_cost: UnitCost
    shares: Shares
    replay: pd.DataFrame = field(compare=False)
    assumptions: pd.DataFrame = field(compare=False)
    checks: tuple[Check, ...]
    capped_share: float
    law: AffectedLaw
    draws: ShockDraws = field(compare=False)
    province_names: Mapping[str, str] = field(compare=False)
    replicates: int
    seed: int

    @cached_property
    def bands(self) -> pd.DataFrame:
        """90 % bootstrap bands of need, USD: return_period, low, median, high."""
        return _bands(self, self.draws.area(self.area).cost)

    @cached_property
    def affected_bands(self) -> pd.DataFrame:
        """90 % bootstrap bands of households affected: return_period, low, median, high."""
        return _bands(self, self.draws.area(self.area).affected)

    @cached_property
    def provinces(self) -> pd.DataFrame:
        """Every province: pcode, name, households_per_year, need_usd_per_year, worst_tenth_usd.

        The first two are means that add up to the national ones. The last is the mean need of the worst year
        in ten (tail value at risk) of the province by itself; these add up to more than the nation's, because
        shocks do not strike everywhere at once.
        """
        frame = self.draws.by_province()
        frame.insert(1, "name", frame["pcode"].map(self.province_names))
        needs = (_yearly(self.draws, self.draws.area(pcode).cost, "USD") for pcode in frame["pcode"])
        return frame.assign(worst_tenth_usd=[float(need.tail_value_at_risk(0.9)) for need in needs])

    def beneficiaries(self, return_periods: Sequence[float] = (2, 5, 10, 20, 50, 100)) -> pd.DataFrame:
        """Return who is reached in a year of given annual return period: see `beneficiary_table`."""
        level = 1 - 1 / np.asarray(return_periods, dtype=float)
        return beneficiary_table(
            return_periods,
            self.affected.value_at_risk(level),
            self.need.value_at_risk(level),
            shares=self.shares,
            persons_per_household=self.unit_cost.persons_per_household,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return households affected and need at the return periods of the bands, with their bands."""
        level = 1 - 1 / self.bands["return_period"].to_numpy(dtype=float)
        return pd.DataFrame(
            {
                "return_period": self.bands["return_period"],
                "affected_households": self.affected.value_at_risk(level),
                "affected_low": self.affected_bands["low"],
                "affected_high": self.affected_bands["high"],
                "need_usd": self.need.value_at_risk(level),
                "need_low_usd": self.bands["low"],
                "need_high_usd": self.bands["high"],
            }
        )

    def sentence(self) -> str:
        """Return the mean and the 1-in-10-year need in words."""
        row = self.to_frame().set_index("return_period").loc[10]
        mean = (
            f"In an average year {self.hazard}s affect about {_round(self.affected.mean):,.0f} households in "
            f"{self.area_name}, and the response costs {_usd(self.need.mean)}"
        )
        if row["need_usd"] < 1_000:
            return f"{mean}; in nine years of ten it costs less than US$ 1,000."
        low, high = _usd(row["need_low_usd"]), _usd(row["need_high_usd"])
        return (
            f"{mean}; one year in ten it costs {_usd(row['need_usd'])} or more (a 90 % band, for so short a "
            f"record, runs from {low} to {high})."
        )


def shock_need(
    country: Country,
    *,
    hazard: str = "flood",
    programme: str = "flood_cash_transfer",
    on: str,
    area: str = NATIONAL,
    law: str = "lognormal",
    figures: str = "central",
    response: Response | None = None,
    exchange_rate: float | None = None,
    persons_per_household: float | None = None,
    caseload: pd.DataFrame | None = None,
    footprint_weights: Mapping[str, float] | None = None,
    footprint_concentration: float = 12.0,
    draws: int = 50_000,
    bootstrap: int = 400,
    seed: int = 0,
) -> ShockNeed:
    """Return the yearly need of a shock in a country or in one of its provinces.

    Events of each size class arrive as a Poisson process; each draws a number of households affected and a
    footprint over the provinces; the response reaches part of them and pays them by the rules of the
    programme. All areas are read from the same simulated events.

    Parameters
    ----------
    country : Country
        From `load_country`.
    hazard : str
        Hazard with a record window in the pack.
    programme : str
        Programme whose rules are paid.
    on : str
        Day whose rules and exchange rate apply, "YYYY-MM-DD".
    area : str
        "national" or a P-code.
    law : {"lognormal", "gamma", "events"}
        Law of the size of an event.
    figures : {"central", "low", "high"}
        Which of the competing figures of each event.
    response : Response, optional
        Capacities, errors and administration. Default: the pack's.
    exchange_rate : float, optional
        Local currency per US dollar. Default: the pack's rate of the year of `on`.
    persons_per_household : float, optional
        Turns reported people into households. Default: the ratio in shock reports that counted both.
    caseload : DataFrame, optional
        Household composition: see `unit_cost`.
    footprint_weights : mapping, optional
        Weight of each recorded footprint (by event) and of the "prior": see `footprint_templates`.
    footprint_concentration : float
        How closely events keep to their template.
    draws : int
        Simulated events, 100 or more.
    bootstrap : int
        Replicates of the bands, 20 or more.
    seed : int
        Seed.

    Raises
    ------
    InputError
        For an unknown hazard, programme, area, law or figure, and for values outside their range.

    Examples
    --------
    >>> from aspfin.programmes import load_country
    >>> need = shock_need(load_country("KHM"), on="2022-12-10", draws=2_000, bootstrap=20)
    >>> 50_000 < need.affected.mean < 200_000
    True
    """
    _check_counts(draws, bootstrap, country, hazard)
    response = response or pack_response(country)
    events, provinces, footprints = country.events, country.provinces, country.footprints
    size, size_source = _household_size(events, hazard, persons_per_household)
    recorded = rates_by_class(
        event_record(events, hazard=hazard, persons_per_household=size), country.records[hazard]
    )
    sizes = affected_law(recorded, law=law, figures=figures)
    templates = footprint_templates(
        provinces, footprints, recorded.events, iso3=country.iso3, weights=footprint_weights
    )
    rate = country.exchange_rate(on) if exchange_rate is None else exchange_rate
    paid = unit_cost(country.programme(programme), on=on, exchange_rate=rate, caseload=caseload)
    events_drawn = draw_shock(
        sizes,
        templates,
        provinces,
        response=response,
        usd_per_household=paid.usd,
        draws=draws,
        concentration=footprint_concentration,
        seed=seed,
        name=f"{country.iso3} {hazard}",
    )
    inputs = Inputs(
        country.iso3, hazard, on, size, size_source, recorded, sizes, templates, response, paid, area,
        footprint_concentration, events_drawn.capped_share,
    )  # fmt: skip
    return _result(country, inputs, events_drawn, bootstrap=bootstrap, seed=seed)


def pack_response(country: Country) -> Response:
    """Return the response a country pack assumes; what it does not state keeps the default of `Response`."""
    names = {name: f"response.{name}" for name in Response.__dataclass_fields__}
    names["administration_per_new_household_usd"] = "response.administration_per_new_household"
    return Response(**{k: country.facts[name].number for k, name in names.items() if name in country.facts})


def _result(country: Country, inputs: Inputs, drawn: ShockDraws, *, bootstrap: int, seed: int) -> ShockNeed:
    area, national = drawn.area(inputs.area), drawn.area(NATIONAL)
    shares, national_shares = Shares.of(area, drawn.weight), Shares.of(national, drawn.weight)
    need = _yearly(drawn, area.cost, "USD")
    affected = _yearly(drawn, area.affected, "households")
    names = country.provinces.set_index("pcode")["name_en"]
    totals = {
        o.households: float(o.amount)
        for o in country.programme(inputs.paid.programme).outcomes
        if o.households and o.amount and o.currency == inputs.paid.currency
    }
    replay = replay_table(
        country.events,
        inputs.recorded,
        hazard=inputs.hazard,
        shares=national_shares,
        amount_per_household=inputs.paid.amount,
        currency=inputs.paid.currency,
        published_totals=totals,
    )
    checks = (*inputs.law.checks(), *replay_checks(replay), capped_check(drawn))
    if inputs.area == NATIONAL:
        checks += exposure_check(country.facts, affected, inputs.household_size)
    return ShockNeed(
        country.iso3, inputs.hazard, inputs.paid.programme, inputs.area,
        country.name if inputs.area == NATIONAL else str(names[inputs.area]),
        need, affected,
        event_table(inputs.recorded, country.footprints, area=inputs.area, usd_per_affected=shares.cost_usd),
        inputs.recorded.to_frame(), inputs.paid, shares, replay,
        assumption_table(country, inputs), checks, drawn.capped_share, inputs.law, drawn, names.to_dict(),
        bootstrap, seed,
    )  # fmt: skip


def _yearly(drawn: ShockDraws, amounts: np.ndarray, unit: str) -> Need:
    """Return the yearly total: the classes together are one compound Poisson process."""
    severity = Empirical(values=amounts, weights=drawn.weight)
    return Need.from_frequency_severity(Poisson(rate=drawn.rate), severity, currency=unit)


def _bands(shock: ShockNeed, amounts: np.ndarray) -> pd.DataFrame:
    """Return bootstrap bands.

    What an affected household means in the area is kept as block means by class and footprint. Sorting before
    averaging keeps the rare events that fall mostly on a small province; shuffling afterwards pairs them with
    every size of event.
    """
    drawn, rng = shock.draws, np.random.default_rng(shock.seed)
    factor, factors = amounts / drawn.size, {}
    for k, c in enumerate(shock.law.classes):
        by_footprint = []
        for t in range(len(drawn.template_probabilities)):
            mine = np.sort(factor[(drawn.class_index == k) & (drawn.template_index == t)])
            level = (np.arange(_BAND_DRAWS + 1) * len(mine)) // _BAND_DRAWS
            blocks = [mine[a : max(b, a + 1)].mean() if len(mine) else 0.0 for a, b in pairwise(level)]
            by_footprint.append(rng.permutation(blocks))
        factors[c.event_class.name] = np.array(by_footprint)
    return bootstrap_bands(
        shock.law,
        RETURN_PERIODS,
        per_household=factors,
        footprint_probabilities=drawn.template_probabilities,
        replicates=shock.replicates,
        seed=shock.seed,
    )


def _household_size(events: pd.DataFrame, hazard: str, given: float | None) -> tuple[float, str]:
    if given is not None:
        return float(given), "given by the user"
    size, source = recorded_household_size(events[events["hazard"] == hazard])
    if np.isfinite(size):
        return size, source
    allowed = "a number above 1: no report of this hazard counted both people and households"
    raise InputError(Problem("shock", "persons_per_household", None, allowed))


def _check_counts(draws: int, bootstrap: int, country: Country, hazard: str) -> None:
    problems = [
        Problem("shock", name, value, f"a whole number from {least}")
        for name, value, least in (("draws", draws, 100), ("bootstrap", bootstrap, 20))
        if isinstance(value, bool) or not isinstance(value, int) or value < least
    ]
    if hazard not in country.records:
        problems.append(Problem("shock", "hazard", hazard, "one of " + ", ".join(country.records)))
    if problems:
        raise InputError(problems)


def _round(x: float) -> float:
    return float(f"{x:.2g}")


def _usd(amount: float) -> str:
    """Two significant digits: US$ 12 million, US$ 450,000, or less than US$ 1,000."""
    amount = _round(amount)
    if amount < 1_000:
        return "less than US$ 1,000"
    return f"US$ {amount / 1e6:,g} million" if amount >= 1e6 else f"US$ {amount:,.0f}"
