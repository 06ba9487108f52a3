"""The analysis behind the financing report: from parameters to need, plan, payments, cost and sensitivity.

The notebook `notebooks/reports/financing.ipynb` shows what `analyse` returns; the words are in
`financing_words.py`. Amounts are USD a year unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from aspfin.data import Quantity
from aspfin.financing import (
    CostPerBeneficiary,
    FinancingResult,
    FundPath,
    allocate,
    cost_per_beneficiary,
    finance,
    fund_path,
)
from aspfin.programmes import Country, ShockNeed, load_country, pack_response, shock_need
from aspfin.reporting.financing_inputs import inputs_of
from aspfin.reporting.financing_plan import Plan, build_plan, unlimited
from aspfin.reporting.parameters import FinancingParameters
from aspfin.reporting.style import percent
from aspfin.results import Check
from aspfin.seeds import named_seed

__all__ = ["FinancingAnalysis", "analyse", "plan_for", "sensitivity"]

CURVE_PERIODS = np.unique(np.round(np.geomspace(1.25, 100, 48), 2))
SENSITIVITY_PERIOD = 10.0
SENSITIVITY_DRAWS = 8_000


@dataclass(frozen=True, eq=False)
class FinancingAnalysis:
    """Everything the financing report shows.

    Attributes
    ----------
    parameters : FinancingParameters
    country : Country
    shock : ShockNeed
        Households affected, who is reached, and the need.
    plan : Plan
        Instruments with amounts.
    fund : FundPath or None
        The contingency fund over the years, exactly; None where the plan has no fund.
    result : FinancingResult
        Who pays, what it costs, how late, what stays unmet: simulated over the years.
    payers : DataFrame
        Who pays at each return period in a fresh year: return_period, need, a column per `plan.keys`, unmet.
    cost : CostPerBeneficiary
        Per household paid, financing included.
    alternatives : DataFrame
        This plan beside paying everything from the budget, or by borrowing afterwards.
    sensitivity : DataFrame
        The need of a 1-in-10 year under other inputs: input, low_label, high_label, low, high.
    checks : tuple of Check
    inputs : DataFrame
        Every input that is assumed, from the press or unverified: name, value, unit, status, source.
    """

    parameters: FinancingParameters
    country: Country
    shock: ShockNeed
    plan: Plan
    fund: FundPath | None
    result: FinancingResult
    payers: pd.DataFrame
    cost: CostPerBeneficiary
    alternatives: pd.DataFrame
    sensitivity: pd.DataFrame
    checks: tuple[Check, ...]
    inputs: pd.DataFrame

    def need_at(self, return_period: float) -> float:
        """Return the annual need of a return period, USD."""
        return float(self.shock.need.value_at_risk(1 - 1 / return_period))

    def band_at(self, return_period: float) -> tuple[float, float]:
        """Return the 90 % band of the need of a return period, USD; missing where it was not computed."""
        row = self.shock.bands.set_index("return_period").reindex([return_period])
        return float(row["low"].iloc[0]), float(row["high"].iloc[0])

    @property
    def curve(self) -> pd.DataFrame:
        """Need by annual return period, for the exceedance chart: return_period, need."""
        return pd.DataFrame({"return_period": CURVE_PERIODS, "need": self._needs(CURVE_PERIODS)})

    @property
    def return_period_table(self) -> pd.DataFrame:
        """Households affected, need and its band at the report's return periods."""
        periods = np.array(self.parameters.report.return_periods)
        level = 1 - 1 / periods
        bands = self.shock.bands.set_index("return_period").reindex(periods)
        return pd.DataFrame(
            {
                "return_period": periods,
                "annual_probability": 1 / periods,
                "affected_households": self.shock.affected.value_at_risk(level),
                "need_usd": self._needs(periods),
                "need_low_usd": bands["low"].to_numpy(),
                "need_high_usd": bands["high"].to_numpy(),
            }
        )

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The report's tables at full precision, by file name."""
        fund = {} if self.fund is None else {"fund_by_year": self.fund.by_year}
        return {
            "need_by_return_period": self.return_period_table,
            "events": self.shock.events,
            "event_classes": self.shock.classes,
            "provinces": self.shock.provinces,
            "beneficiaries": self.shock.beneficiaries(self.parameters.report.return_periods),
            "replay": self.shock.replay,
            "layers": self.plan.layers,
            "payers_by_return_period": self.payers,
            "instruments": self.result.to_frame(),
            "unmet_and_paid_by_year": self.result.by_year,
            "met_within_days": self.result.met_within,
            "alternatives": self.alternatives,
            "sensitivity": self.sensitivity,
            "inputs": self.inputs,
            **fund,
        }

    def _needs(self, periods: np.ndarray) -> np.ndarray:
        return np.asarray(self.shock.need.value_at_risk(1 - 1 / periods))


def analyse(parameters: FinancingParameters) -> FinancingAnalysis:
    """Run the whole chain of a financing report.

    Parameters
    ----------
    parameters : FinancingParameters
        Validated parameters.

    Raises
    ------
    InputError
        For inputs that validation of the file alone cannot see.

    Examples
    --------
    >>> from aspfin.reporting.parameters import build
    >>> parameters = build("financing", {
    ...     "shock": {"draws": 2_000, "bootstrap": 20},
    ...     "response": {"programme": "flood_cash_transfer", "rules_on": "2022-12-10"},
    ...     "financing": {"paths": 2_000, "instruments": [{"type": "contingent_credit", "limit_usd": 2e7}]},
    ... })
    >>> analysis = analyse(parameters)
    >>> 0 < analysis.result.unmet.share_of_need < 1
    True
    """
    country = load_country(parameters.country)
    shock = need_of(parameters, country)
    plan, result, fund = plan_for(parameters, shock, country)
    alternatives, terms = _alternatives(parameters, shock, result, country)
    return FinancingAnalysis(
        parameters=parameters,
        country=country,
        shock=shock,
        plan=plan,
        fund=fund,
        result=result,
        payers=_payers(parameters, shock, plan),
        cost=_cost(shock, result),
        alternatives=alternatives,
        sensitivity=sensitivity(parameters, shock, country),
        checks=_checks(shock, plan, fund, result, country),
        inputs=inputs_of(parameters, shock, country, [*plan.terms, *terms]),
    )


def need_of(parameters: FinancingParameters, country: Country, **changes: Any) -> ShockNeed:
    """Return the need of the shock; `changes` replace arguments of `shock_need`."""
    stated, shock = parameters.response, parameters.shock
    own = {k: v for k, v in stated.model_dump(exclude={"programme", "rules_on"}).items() if v is not None}
    arguments = {
        "hazard": shock.hazard,
        "programme": stated.programme,
        "on": stated.rules_on.isoformat(),
        "area": parameters.area,
        "law": shock.law,
        "figures": shock.figures,
        "response": replace(pack_response(country), **own),
        "exchange_rate": parameters.money.exchange_rate,
        "footprint_concentration": shock.footprint_concentration,
        "draws": shock.draws,
        "bootstrap": shock.bootstrap,
        "seed": parameters.financing.seed,
    }
    return shock_need(country, **{**arguments, **changes})


def plan_for(
    parameters: FinancingParameters, shock: ShockNeed, country: Country
) -> tuple[Plan, FinancingResult, FundPath | None]:
    """Return the instruments with amounts, what they pay over the years, and the fund's exact path."""
    stated = parameters.financing
    plan = build_plan(stated, shock.need, country.facts)
    result = finance(
        shock.need,
        plan.instruments,
        years=stated.years,
        paths=stated.paths,
        seed=_seed_of_years(parameters, shock),
        timing=stated.timing,
    )
    fund = next((one for one in plan.instruments if one.kind == "contingency_fund"), None)
    if fund is None:
        return plan, result, None
    if plan.fund is not None:
        return plan, result, plan.fund.path
    path = fund_path(
        plan.fund_need,
        opening=fund.opening,
        contribution=fund.contribution,
        ceiling=fund.ceiling,
        years=stated.years,
        interest=fund.interest,
    )
    return plan, result, path


def _seed_of_years(parameters: FinancingParameters, shock: ShockNeed) -> int:
    """Return the seed of the simulated years: each province and programme has years of its own.

    The simulated events (`shock_need`) are drawn once for the country: its provinces share them and add up.
    """
    names = (shock.country, shock.hazard, shock.area, shock.programme)
    return named_seed(parameters.financing.seed, *names)


def _payers(parameters: FinancingParameters, shock: ShockNeed, plan: Plan) -> pd.DataFrame:
    """Return who pays at each return period of the curve, in a fresh year."""
    periods = np.unique(np.concatenate([CURVE_PERIODS, parameters.report.return_periods]))
    needs = np.asarray(shock.need.value_at_risk(1 - 1 / periods))
    paid = allocate(needs, plan.instruments)
    paid = paid.rename(columns=dict(zip((one.name for one in plan.instruments), plan.keys, strict=True)))
    rounding = paid["unmet"] < 1e-9 * paid["need"]
    paid["unmet"] = paid["unmet"].mask(rounding, 0.0)
    return paid.assign(return_period=periods)[["return_period", *paid.columns]]


def _cost(shock: ShockNeed, result: FinancingResult) -> CostPerBeneficiary:
    """Return the cost per household paid in an average year, financing included.

    A payout beyond the remaining need (basis risk) costs what it costs and is not counted as paid.
    """
    affected, shares = shock.affected.mean, shock.shares
    return cost_per_beneficiary(
        transfers=shares.transfers_usd * affected,
        administration=shares.administration_usd * affected,
        beneficiaries=shares.paid * affected,
        financing_cost=result.opportunity_cost + float(result.paid["surplus"].sum()),
        delivered=result.expected_need - result.unmet.expected,
        unmet=result.unmet.expected,
    )


def _alternatives(
    parameters: FinancingParameters, shock: ShockNeed, result: FinancingResult, country: Country
) -> tuple[pd.DataFrame, list[Quantity]]:
    """Return this plan beside the two things that happen without one, and the terms those were given.

    The alternatives are computed on the same paths, so that like compares with like.
    """
    stated, terms = parameters.financing, []
    rows = [_alternative("this plan", result)]
    for name, kind in (
        ("moving budgets alone", "budget_reallocation"),
        ("borrowing afterwards alone", "ex_post_borrowing"),
    ):
        alone, used = unlimited(kind, country.facts)
        terms += used
        other = finance(
            shock.need,
            [alone],
            years=stated.years,
            paths=stated.paths,
            seed=_seed_of_years(parameters, shock),
            timing=stated.timing,
        )
        rows.append(_alternative(name, other))
    return pd.DataFrame(rows), terms


def _alternative(name: str, result: FinancingResult) -> dict[str, Any]:
    within = result.met_within.set_index("days")["share_of_need"]
    return {
        "strategy": name,
        "economic_usd": result.economic_cost,
        "fiscal_usd": result.fiscal_cost,
        "unmet_usd": result.unmet.expected,
        "met_within_30_days": float(within[30]),
        "met_within_90_days": float(within[90]),
        "met_within_365_days": float(within[365]),
        "last_days_to_cash": float(max((one.days_to_cash for one in result.instruments), default=np.nan)),
    }


def sensitivity(parameters: FinancingParameters, shock: ShockNeed, country: Country) -> pd.DataFrame:
    """Return the need of a 1-in-10 year under other inputs, one at a time.

    The other values are the ranges of the country pack and the other laws of event size.

    Returns
    -------
    DataFrame
        input, low_label, high_label, low, high (USD), ordered by swing; the base is in `attrs["base"]`.
    """
    small = {"draws": min(parameters.shock.draws, SENSITIVITY_DRAWS), "bootstrap": 20}
    level = 1 - 1 / SENSITIVITY_PERIOD

    def need(case: FinancingParameters, **changes: Any) -> float:
        return float(need_of(case, country, **{**small, **changes}).need.value_at_risk(level))

    base = need(parameters)
    rows = []
    for name, variants in _varied(parameters, country):
        answers = [(need(case, **changes), label) for label, case, changes in variants]
        (least, least_label), (most, most_label) = min(answers), max(answers)
        if least > base:
            least, least_label = base, "as here"
        if most < base:
            most, most_label = base, "as here"
        rows.append((name, least_label, most_label, least, most))
    ratio = _replayed(shock)
    if ratio is not None:
        ends = sorted([(base, "as here"), (base * ratio, "all as then")])
        rows.append(("reach as in the response on record", ends[0][1], ends[1][1], ends[0][0], ends[1][0]))
    frame = pd.DataFrame(rows, columns=["input", "low_label", "high_label", "low", "high"])
    frame = frame.loc[(frame["high"] - frame["low"]).sort_values(ascending=False, kind="stable").index]
    frame = frame.reset_index(drop=True)
    # The variants use fewer draws: what they show is the change, laid on the need of the report.
    exact = float(shock.need.value_at_risk(level))
    frame[["low", "high"]] *= exact / base if base else 1.0
    frame.attrs["base"] = exact
    return frame


def _replayed(shock: ShockNeed) -> float | None:
    """Return how many times as many households were really paid as the response model pays."""
    rows = shock.replay[shock.replay["quantity"] == "households paid"]
    return None if rows.empty else float(rows["published"].sum() / rows["modelled"].sum())


Variant = tuple[str, FinancingParameters, dict[str, Any]]


def _varied(parameters: FinancingParameters, country: Country) -> Iterator[tuple[str, list[Variant]]]:
    """Yield each varied input with its variants: label, parameters, arguments of `shock_need`."""
    ends = ("low", "high")
    yield "figures reports disagree on", [(f"{end} figures", parameters, {"figures": end}) for end in ends]
    laws = [law for law in ("lognormal", "gamma", "events") if law != parameters.shock.law]
    yield "law of event sizes", [(_LAWS[law], parameters, {"law": law}) for law in laws]
    for name, fact in country.facts.items():
        key = name.removeprefix("response.")
        if key == name or fact.low is None or fact.high is None:
            continue
        field = key if key in type(parameters.response).model_fields else f"{key}_usd"
        variants = []
        for value in (fact.low, fact.high):
            response = parameters.response.model_copy(update={field: value})
            variants.append((_end(value, field), parameters.model_copy(update={"response": response}), {}))
        yield key.replace("_", " "), variants
    size = country.facts.get("households.persons_per_affected_household")
    if size is not None and None not in (size.low, size.high):
        sizes = [(f"{v:g} persons", parameters, {"persons_per_household": v}) for v in (size.low, size.high)]
        yield "household size in old reports", sizes
    if parameters.area != "national":
        floods = country.footprints.loc[country.footprints["stage"] == "final", "event_id"].unique()
        variants = [(event.replace("_", " "), parameters, _only(event)) for event in sorted(floods)]
        yield "where floods strike: all like one", variants


_LAWS = {"lognormal": "lognormal", "gamma": "gamma", "events": "recorded events only"}


def _end(value: float, field: str) -> str:
    return f"US$ {value:g}" if field.endswith("_usd") else percent(value)


def _only(event: str) -> dict[str, Any]:
    return {"footprint_weights": {event: 1.0}}


def _checks(
    shock: ShockNeed, plan: Plan, fund: FundPath | None, result: FinancingResult, country: Country
) -> tuple[Check, ...]:
    found = [*shock.checks, *result.checks]
    if fund is not None:
        found += [*fund.checks, _fund_check(plan, fund, result)]
    total = float(shock.provinces["need_usd_per_year"].sum())
    if shock.area == "national":
        gap = abs(total - shock.need.mean) / shock.need.mean
        question = "Do the provinces' mean needs add up to the national mean need?"
        found.append(
            Check("provinces add up", question, gap < 1e-9, gap, text=f"relative difference {gap:.1e}")
        )
    grid = shock.need.mass_beyond_grid
    question = "Is the distribution of need computed to beyond the 1-in-a-million year?"
    found.append(Check("reach of the curve", question, grid < 1e-6, grid, text=f"{grid:.1e} lies beyond"))
    return tuple(found)


def _fund_check(plan: Plan, fund: FundPath, result: FinancingResult) -> Check:
    """Compare the exact probability that the fund ever falls short with the simulated waterfall."""
    name = "fund exact and simulated"
    question = "Does the simulated fund pay what the exact one pays, within 4 Monte Carlo errors?"
    one = next(i for i in plan.instruments if i.kind == "contingency_fund")
    if plan.instruments[0] is not one:
        return Check(name, question, None, text="the fund does not pay first")
    row = result.paid.set_index("instrument").loc[one.name]
    exact = float(fund.by_year["expected_paid"].mean())
    away = (row["expected"] - exact) / row["std_error"] if row["std_error"] > 0 else 0.0
    text = f"exact {exact:,.0f}, simulated {row['expected']:,.0f} USD a year: {away:+.1f} standard errors"
    return Check(name, question, bool(abs(away) <= 4), float(away), text=text)
