"""What a social protection system costs in a period: caseload times rule, contributions, administration.

Where several counts of those paid are at hand, the preferred one gives the cost and all of them its range. A
programme without an amount or a count has no cost: it is listed with the reason, never as zero.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from aspfin.data import Quantity
from aspfin.programmes.budget_caseloads import CostedCaseload, StatedCaseload, costed_caseloads, month_ends
from aspfin.programmes.budget_contributions import contributions_in_period
from aspfin.programmes.budget_inputs import inputs_of
from aspfin.programmes.budget_published import published_money, reproduced
from aspfin.programmes.catalogue import Programme
from aspfin.programmes.country import Country
from aspfin.programmes.rules import as_date
from aspfin.results import Check, InputError, Money, Problem, ResultMixin

__all__ = ["CostedCaseload", "StatedCaseload", "SystemBudget", "in_currency", "system_budget"]

SIZES = {"million": 1e6, "billion": 1e9, "": 1.0}
UNPAID = ("not paid in this period", "defined, not operating")
COSTS = ("transfers", "administration", "total")
INSURED = "social_security"


@dataclass(frozen=True, repr=False, eq=False)
class SystemBudget(ResultMixin):
    """What the programmes of a country cost in a period, as far as amounts and counts are known.

    Attributes
    ----------
    currency, start, months
        Currency of all amounts; first day and length of the period.
    lines
        One row per programme paid in the period or without a known amount: programme, name, pillar, part_of,
        basis, caseload, unit, label, transfers, administration and total (each with _low and _high),
        per_beneficiary, reason (empty where there is a cost).
    caseloads
        Every count and what the rules cost for it; `used` marks the one behind the cost.
    components
        What the costs are made of: programme, component, amount, count, periods, total, status, source.
    contributions
        Social security contributions in the period by programme and payer.
    published
        Budgets and money paid, as published, beside the cost computed.
    closed
        Programmes that pay nothing in the period, with the reason: no rule in it, or not operating.
    totals
        Public budget and GDP of the year where known.
    exchange_rate, administration
        Units of the currency per US dollar; administration per unit of transfers outside social security.
    inputs
        Every input used: name, value, unit, status, source, note.
    checks
        Whether the rules give published totals for published counts, and whether parts add up.
    """

    country: str
    currency: str
    start: dt.date
    months: int
    lines: pd.DataFrame
    caseloads: pd.DataFrame
    components: pd.DataFrame
    contributions: pd.DataFrame
    published: pd.DataFrame
    closed: Mapping[str, str] = field(default_factory=dict)
    totals: Mapping[str, Quantity] = field(default_factory=dict)
    exchange_rate: Quantity | None = None
    administration: Quantity | None = None
    inputs: pd.DataFrame = field(default_factory=pd.DataFrame)
    checks: tuple[Check, ...] = ()

    @property
    def costed(self) -> pd.DataFrame:
        """Return the programmes with a cost."""
        return self.lines[self.lines["reason"] == ""].reset_index(drop=True)

    @property
    def missing(self) -> pd.DataFrame:
        """Return the programmes without a cost, with the reason."""
        return self.lines[self.lines["reason"] != ""].reset_index(drop=True)

    @property
    def tax_financed(self) -> pd.DataFrame:
        """Return the programmes with a cost that contributions do not pay for."""
        return self.costed[self.costed["pillar"] != INSURED].reset_index(drop=True)

    @property
    def insured(self) -> pd.DataFrame:
        """Return the programmes of social security with a cost."""
        return self.costed[self.costed["pillar"] == INSURED].reset_index(drop=True)

    def total(self, what: str = "total", end: str = "") -> float:
        """Return the sum over tax-financed programmes: of "transfers", "administration" or "total".

        `end` is "low" or "high" for the ends of the range: all counts low, or all high. Not a number where no
        programme has a cost.
        """
        column = f"{what}_{end}" if end else what
        return float(self.tax_financed[column].sum()) if len(self.tax_financed) else float("nan")

    def share_of(self, name: str) -> float:
        """Return the tax-financed total as a share of "budget" or "gdp"; not a number where not known."""
        if name not in self.totals:
            return float("nan")
        whole = in_currency(self.totals[name], self.currency, self.exchange_rate)
        return self.total() / whole if np.isfinite(whole) else float("nan")

    @property
    def administration_range(self) -> tuple[float, float] | None:
        """Return the low and high share of administration; None without one."""
        own = self.administration
        return None if own is None else (_end(own.low, own), _end(own.high, own))

    def usd(self, amount: float) -> float:
        """Return an amount in US dollars; not a number without an exchange rate."""
        return amount / self.exchange_rate.number if self.exchange_rate is not None else float("nan")

    def to_frame(self) -> pd.DataFrame:
        """Return the programmes, one row each."""
        return self.lines.copy()

    def sentence(self) -> str:
        """Return the cost as one sentence."""
        if self.tax_financed.empty:
            return (
                f"No tax-financed programme of {self.country} can be costed: amounts or counts are missing."
            )
        low, high = (Money(self.total(end=end), self.currency) for end in ("low", "high"))
        left = f"; {len(self.missing)} have no known amount or count" if len(self.missing) else ""
        plural = "" if len(self.tax_financed) == 1 else "s"
        count = f"{len(self.tax_financed)} tax-financed programme{plural}"
        return (
            f"{count} of {self.country} cost{'s' if len(self.tax_financed) == 1 else ''} "
            f"{Money(self.total(), self.currency)} "
            f"({low} to {high}) in {self.months} months from {self.start}{left}."
        )


def in_currency(quantity: Quantity, currency: str, rate: Quantity | None = None) -> float:
    """Return a quantity such as 37,951 "billion KHR" in whole units of `currency`; not a number if it cannot.

    Examples
    --------
    >>> in_currency(Quantity("budget", 2.5, unit="billion ZMW"), "ZMW")
    2500000000.0
    >>> rate = Quantity("rate", 4_000, unit="KHR per USD")
    >>> in_currency(Quantity("budget", 3, unit="million USD"), "KHR", rate)
    12000000000.0
    """
    size, _, unit = quantity.unit.rpartition(" ")
    if quantity.value is None or size not in SIZES:
        return float("nan")
    value = quantity.value * SIZES[size]
    if unit == currency:
        return value
    return value * rate.number if unit == "USD" and rate is not None else float("nan")


def system_budget(
    country: Country,
    *,
    start: dt.date | str,
    months: int = 12,
    programmes: Sequence[str] | None = None,
    amounts: Mapping[str, Mapping[str, float]] | None = None,
    caseloads: Sequence[StatedCaseload] = (),
    population: pd.DataFrame | None = None,
    weight: str = "weight",
    administration: Quantity | None = None,
    exchange_rate: Quantity | None = None,
    totals: Mapping[str, Quantity] | None = None,
) -> SystemBudget:
    """Return what the programmes of a country cost in a period.

    Parameters
    ----------
    country
        A country pack.
    start, months
        First day of a month, and 1 to 120 months. A month counts where rules hold on its last day.
    programmes
        Ids; by default every programme of the pack.
    amounts
        Amounts of your own by programme id, in place of those not found (`Country.with_amounts`).
    caseloads
        Counts of your own; the first of a programme is preferred, the others widen its range.
    population, weight
        One row per household with the columns of `VOCABULARY`, and the column by which a row counts.
    administration
        Administration per unit of transfers, applied outside social security; by default the pack's
        `response.administration_share`.
    exchange_rate
        Units of the currency per US dollar; by default the pack's rate of the year, none where it has none.
    totals
        "budget" and "gdp"; by default the pack's `fiscal.total_budget_<year>` and `fiscal.gdp_<year>` unless
        those are unverified.

    Returns
    -------
    SystemBudget

    Raises
    ------
    InputError
        For an unknown programme, a period that is none, a caseload the rules cannot cost.

    Examples
    --------
    >>> from aspfin.programmes import load_country
    >>> own = StatedCaseload("vocational_training", {"trainee": 27_894})
    >>> khm = load_country("KHM")
    >>> chosen = ["vocational_training"]
    >>> found = system_budget(khm, start="2024-01-01", programmes=chosen, caseloads=[own])
    >>> found.total("transfers")  # 27,894 × 280,000 × 4 months
    31241280000.0
    """
    first = _period(start, months)
    own = country.with_amounts(amounts) if amounts else country
    chosen = [own.programme(one) for one in dict.fromkeys(programmes)] if programmes else own.programmes
    _refuse_unknown(caseloads, chosen)
    days = month_ends(first, months)
    share = administration or country.quantity("response.administration_share")
    rate = exchange_rate or country.rates.get(first.year)
    found, lines, closed = [], [], {}
    for programme in chosen:
        stated = [one for one in caseloads if one.programme == programme.id]
        costs, reason = costed_caseloads(
            own, programme, days, stated=stated, population=population, weight=weight
        )
        if reason in UNPAID:
            closed[programme.id] = reason
            continue
        found.append(costs)
        lines.append(_line(programme, costs, reason, share))
    table = pd.DataFrame(lines, columns=LINE_COLUMNS)
    contributions = contributions_in_period(chosen, days, population, weight, caseloads)
    whole = dict(totals) if totals is not None else {}
    for name, fact in (("budget", "fiscal.total_budget"), ("gdp", "fiscal.gdp")):
        known = country.facts.get(f"{fact}_{first.year}")
        if name not in whole and known is not None and known.status != "unverified":
            whole[name] = known
    used = [costs[0] for costs in found if costs]
    return SystemBudget(
        country=country.name,
        currency=country.currency,
        start=first,
        months=months,
        lines=table,
        caseloads=_caseload_table(found),
        components=_components(used),
        contributions=contributions,
        published=published_money(
            [one for one in chosen if one.id not in closed], table, days, country.currency, rate
        ),
        closed=closed,
        totals=whole,
        exchange_rate=rate,
        administration=share,
        inputs=inputs_of(chosen, used, days, share, rate, whole),
        checks=(*reproduced(chosen, days), _adds_up(table), _in_range(table)),
    )


LINE_COLUMNS = (
    "programme", "name", "pillar", "part_of", "basis", "caseload", "unit", "label",
    *(f"{cost}{end}" for cost in COSTS for end in ("", "_low", "_high")), "per_beneficiary", "reason",
)  # fmt: skip


def _period(start: dt.date | str, months: int) -> dt.date:
    first = as_date(start, "start")
    problems = []
    if first.day != 1:
        problems.append(Problem("arguments", "start", str(first), "the first day of a month"))
    if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= 120:
        problems.append(Problem("arguments", "months", months, "a whole number from 1 to 120"))
    if problems:
        raise InputError(problems)
    return first


def _refuse_unknown(caseloads: Sequence[StatedCaseload], chosen: Sequence[Programme]) -> None:
    names = [one.id for one in chosen]
    wrong = [one.programme for one in caseloads if one.programme not in names]
    if wrong:
        raise InputError([Problem("caseloads", "programme", one, " | ".join(names)) for one in wrong])


def _line(
    programme: Programme, costs: list[CostedCaseload], reason: str, share: Quantity
) -> dict[str, object]:
    """Return one programme's row: the preferred caseload's cost, and the range over all of them."""
    row: dict[str, object] = {
        "programme": programme.id, "name": programme.name, "pillar": programme.pillar,
        "part_of": programme.part_of or "", "basis": "", "label": "", "unit": "", "reason": reason,
    }  # fmt: skip
    if not costs:
        return row
    used, sums = costs[0], [one.transfers for one in costs]
    ends = {"": used.transfers, "_low": min(sums), "_high": max(sums)}
    insured = programme.pillar == INSURED
    shares = {
        "": 0.0 if insured else share.number,
        "_low": 0.0 if insured else _end(share.low, share),
        "_high": 0.0 if insured else _end(share.high, share),
    }
    for end, transfers in ends.items():
        row[f"transfers{end}"] = transfers
        row[f"administration{end}"] = float("nan") if insured else shares[end] * transfers
        row[f"total{end}"] = transfers * (1 + shares[end])
    row |= {"basis": used.basis, "caseload": used.count, "unit": used.unit, "label": used.label}
    row["per_beneficiary"] = row["total"] / used.count if used.count and used.count > 0 else float("nan")
    return row


def _end(value: float | None, share: Quantity) -> float:
    return share.number if value is None else value


def _caseload_table(found: Sequence[Sequence[CostedCaseload]]) -> pd.DataFrame:
    rows = [{**one.row(), "used": place == 0} for costs in found for place, one in enumerate(costs)]
    columns = [*CostedCaseload.__dataclass_fields__][:-1]
    return pd.DataFrame(rows, columns=[*columns, "used"])


def _components(used: Sequence[CostedCaseload]) -> pd.DataFrame:
    parts = [one.components.assign(programme=one.programme) for one in used if len(one.components)]
    names = ["programme", "component", "amount", "count", "periods", "total", "status", "source"]
    return pd.concat(parts, ignore_index=True)[names] if parts else pd.DataFrame(columns=names)


def _adds_up(lines: pd.DataFrame) -> Check:
    paid = lines[lines["reason"] == ""]
    parts = float(paid["transfers"].sum() + paid["administration"].fillna(0).sum())
    gap = abs(parts - float(paid["total"].sum()))
    question = "Do transfers and administration of the programmes add up to the total?"
    good = gap <= 1e-9 * max(parts, 1.0)
    text = "the gap is nothing but rounding" if good else f"the gap is {gap:,.0f}"
    return Check("parts add up", question, bool(good), gap, text=text)


def _in_range(lines: pd.DataFrame) -> Check:
    paid = lines[lines["reason"] == ""]
    held = (paid["total_low"] <= paid["total"]) & (paid["total"] <= paid["total_high"])
    question = "Does the range of every programme hold its cost?"
    text = f"{int(held.sum())} of {len(paid)} do"
    return Check("ranges", question, bool(held.all()) if len(paid) else None, text=text)
