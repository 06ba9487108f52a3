"""Everything the need of a shock takes as given, with its status; and tests against outside knowledge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from aspfin.data import Quantity
from aspfin.financing import Need
from aspfin.programmes.affected import AffectedLaw
from aspfin.programmes.country import Country
from aspfin.programmes.footprint import Templates
from aspfin.programmes.record import RecordedClasses
from aspfin.programmes.shock_draws import Response, ShockDraws
from aspfin.programmes.unit_cost import UnitCost
from aspfin.results import Check

__all__ = ["Inputs", "assumption_table", "capped_check", "exposure_check", "replay_checks"]

COLUMNS = ["name", "value", "unit", "status", "source"]


@dataclass(frozen=True)
class Inputs:
    """What the need of a shock was computed from."""

    iso3: str
    hazard: str
    on: str
    household_size: float
    household_size_source: str
    recorded: RecordedClasses
    law: AffectedLaw
    templates: Templates
    response: Response
    paid: UnitCost
    area: str
    concentration: float
    capped_share: float


def assumption_table(country: Country, inputs: Inputs) -> pd.DataFrame:
    """Return one row per assumption: `name, value, unit, status, source`."""
    rows = [*_record_rows(inputs), *_response_rows(country, inputs), *_price_rows(inputs)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return pd.concat([table, inputs.templates.assumptions], ignore_index=True)


def _record_rows(inputs: Inputs) -> list[tuple]:
    rows: list[tuple] = []
    for c in inputs.recorded.classes:
        span = f"record of {c.name} events taken as complete"
        rows.append((span, c.years, f"years, {c.first_year} to {c.last_year}", "assumed", "country pack"))
    least = min(c.at_least for c in inputs.recorded.classes)
    given = inputs.household_size_source == "given by the user"
    return [
        *rows,
        (
            "persons per household in reports that give people only",
            inputs.household_size,
            "persons",
            "assumed" if given else "press",
            f"{inputs.household_size_source}; households were larger two decades ago, so early events may be "
            "overstated",
        ),
        (
            "law of the size of an event",
            inputs.law.law,
            "",
            "assumed",
            "maximum-likelihood spread (divisor n), cut to the class, mean equal to the recorded mean",
        ),
        ("figure used where reports compete", inputs.law.figures, "", "assumed", "range shown beside it"),
        (
            "events below the smallest class",
            least,
            "households",
            "assumed",
            "left out: the mean is a little too low",
        ),
        (
            "trend in hazard, exposure and household numbers",
            0.0,
            "per year",
            "assumed",
            "figures as reported at the time, not adjusted to today's population or protection",
        ),
        ("several events in a year", 1.0, "variance/mean", "assumed", "Poisson, classes independent"),
        (
            "what the bands hold",
            "events, rates, competing figures, footprint odds",
            "",
            "assumed",
            "not the footprints themselves, response or prices, nor a law of another kind",
        ),
        (
            "concentration of footprints",
            inputs.concentration,
            "Dirichlet",
            "assumed",
            "how closely an event keeps to its template; no data at hand",
        ),
    ]


def _response_rows(country: Country, inputs: Inputs) -> list[tuple]:
    facts: Mapping[str, Quantity] = country.facts
    rows = []
    for name, value in vars(inputs.response).items():
        fact = facts.get(f"response.{name.removesuffix('_usd')}")
        from_pack = fact is not None and fact.value == value
        unit = "USD per new household" if name.endswith("_usd") else "share"
        source = fact.source if from_pack else "given by the user"
        rows.append((name.replace("_", " "), value, unit, fact.status if from_pack else "assumed", source))
    return [
        *rows,
        (
            "eligible households",
            1.0,
            "share of affected",
            "assumed",
            "every affected household should be supported; in 2022 more were paid than reported affected",
        ),
        (
            "overlap with the roster",
            "roster / households of the province",
            "share",
            "assumed",
            "the poor are flooded as often as others; they probably are more often",
        ),
        (
            "events in one year",
            "added up",
            "",
            "assumed",
            "a household hit twice is paid twice",
        ),
    ]


def _price_rows(inputs: Inputs) -> list[tuple]:
    paid = inputs.paid
    given = paid.exchange_source == "given by the user"
    return [
        (
            "transfer to an average household",
            paid.amount,
            paid.currency,
            paid.status,
            f"rules of {paid.programme} on {paid.on}; {paid.composition}",
        ),
        (
            "exchange rate",
            paid.exchange_rate,
            f"{paid.currency} per USD",
            "assumed" if given else "verified",
            paid.exchange_source,
        ),
        (
            "benefit of households on the roster",
            "same as new households",
            "",
            "assumed",
            "no separate top-up rule",
        ),
    ]


def exposure_check(facts: Mapping[str, Quantity], affected: Need, household_size: float) -> tuple[Check, ...]:
    """Compare the curve with people exposed to floods in an outside hazard model, at 10 and 100 years.

    The two measure different things (reported affected in a year; living in the footprint of one flood), so
    only a factor of two is asked for.
    """
    found = []
    population = facts.get("population.year_2024")
    size = facts.get("households.persons_per_household")
    persons = household_size if size is None or size.value is None else size.value
    for years in (10, 100):
        exposed = facts.get(f"hazard.flood_exposure_{years}_years")
        if population is None or exposed is None:
            continue
        outside = exposed.number * population.number / persons
        mine = float(affected.value_at_risk(1 - 1 / years))
        text = (
            f"one year in {years}: {mine:,.0f} households affected here, {outside:,.0f} exposed in the "
            f"outside model ({exposed.source}), ratio {mine / outside:.2f}"
        )
        question = "Is the curve within a factor of two of an outside model of flood exposure?"
        name = f"exposure one year in {years}"
        found.append(Check(name, question, 0.5 <= mine / outside <= 2, mine / outside, text=text))
    return tuple(found)


def replay_checks(replay: pd.DataFrame) -> tuple[Check, ...]:
    """Say how far the response model is from what was really paid; within a quarter counts as near."""
    question = "Does the response model come within a quarter of the households really paid?"
    rows = replay[replay["quantity"] == "households paid"]
    if rows.empty:
        return (Check("replay", question, None, text="no response of this hazard was published"),)
    found = []
    for row in rows.to_dict("records"):
        ratio = row["ratio"]
        text = (
            f"{row['event']}: modelled {row['modelled']:,.0f}, paid {row['published']:,.0f}, "
            f"ratio {ratio:.2f} ({row['note']}); answered like this, every flood would cost {1 / ratio:.2f} "
            "times the need shown"
        )
        found.append(Check("replay", question, bool(abs(ratio - 1) <= 0.25), ratio, text=text))
    return tuple(found)


def capped_check(drawn: ShockDraws) -> Check:
    """Say how often a simulated event reaches the number of households of a province."""
    share = drawn.capped_share
    question = "Do simulated events stay within the households of each province?"
    text = f"in {share:.2%} of events some province reached its limit and the excess went to others"
    return Check("provincial limits", question, share <= 0.01, share, text=text)
