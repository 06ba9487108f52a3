"""The headline figures of the costing report: cards on the first screen, and what a batch compares."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from aspfin.reporting import costing_words as words
from aspfin.reporting import style
from aspfin.reporting.manifest import Headline

if TYPE_CHECKING:
    from aspfin.reporting.costing import CostingAnalysis

__all__ = ["cards", "headline"]


def headline(a: CostingAnalysis) -> dict[str, Headline]:
    """Return the headline figures at full precision."""
    b, unit = a.budget, f"{a.budget.currency} in {words.period(a)}"
    named = {
        "total": ("Tax-financed programmes", b.total(), unit),
        "total_low": ("Tax-financed programmes, low", b.total(end="low"), unit),
        "total_high": ("Tax-financed programmes, high", b.total(end="high"), unit),
        "total_usd": ("Tax-financed programmes in dollars", b.usd(b.total()), "USD"),
        "transfers": ("Transfers", b.total("transfers"), unit),
        "share_of_budget": ("Share of the public budget", b.share_of("budget"), "share"),
        "share_of_gdp": ("Share of GDP", b.share_of("gdp"), "share"),
        "programmes_costed": ("Programmes with a cost", float(len(b.costed)), "programmes"),
        "programmes_without_cost": ("Programmes without a cost", float(len(b.missing)), "programmes"),
        "contributions": ("Social security contributions", _contributed(a), unit),
    }
    return {
        name: Headline(label, float(value) if words.known(value) else None, unit)
        for name, (label, value, unit) in named.items()
    }


def _contributed(a: CostingAnalysis) -> float:
    own = a.budget.contributions
    return float(own["amount"].sum()) if len(own) else math.nan


def _cost_of(a: CostingAnalysis) -> str:
    """Return what the cost on the first card is that of."""
    count = len(a.budget.tax_financed)
    return "Cost" if words.alone(a) else f"Cost of {words.number(count)} programme{'' if count == 1 else 's'}"


def _of_gdp(a: CostingAnalysis) -> str:
    b, known_gdp = a.budget, words.known(a.budget.share_of("gdp"))
    gdp = f"{style.percent(b.share_of('gdp'))} of GDP" if known_gdp else "share of GDP not known"
    sure = dict.fromkeys(one.status for one in b.totals.values() if one.status != "verified")
    said = {"press": "from the press", "assumed": "stated in the file", "unverified": "unverified"}
    return f"{gdp}; totals {' and '.join(said[one] for one in sure)}" if sure else gdp


def cards(a: CostingAnalysis) -> list[tuple[str, str, str]]:
    """Return four headline figures as label, value and note."""
    b = a.budget
    low, high = b.total(end="low"), b.total(end="high")
    usd = words.dollars(a, b.total())
    cost = (
        _cost_of(a), words.money(a, b.total()),
        f"{usd + '; ' if usd else ''}{style.rng(low, high, 3)}" if words.known(low) else "",
    )  # fmt: skip
    of_budget = b.share_of("budget")
    share = (
        "Share of the public budget",
        style.percent(of_budget) if words.known(of_budget) else words.NOT_KNOWN,
        _of_gdp(a),
    )
    if words.alone(a) and len(b.costed):
        one = b.costed.iloc[0]
        each = (f"Cost per {words.in_one(one['unit'])}", words.money(a, one["per_beneficiary"]),
                words.dollars(a, one["per_beneficiary"]))  # fmt: skip
        load = one["total"] / one["transfers"] if one["transfers"] else math.nan
        assumed = f"with administration of {style.percent(load - 1)}, assumed"
        note = assumed if words.known(one["administration"]) else "administration is not known"
        full = (f"Cost of 1 {words.currency(a)} delivered", style.number(load, 3), note)
        return [cost, each, full, share]
    left = (
        "Programmes without a cost", f"{len(b.missing)} of {len(b.lines)}", "amount or count not found"
    )  # fmt: skip
    contributed = _contributed(a)
    if words.known(contributed):
        fund = ("Social security contributions", words.money(a, contributed),
                words.dollars(a, contributed))  # fmt: skip
        return [cost, share, left, fund]
    lines = b.tax_financed.sort_values("total", ascending=False, kind="stable")
    top = lines.iloc[0] if len(lines) else None
    each = ("Cost per beneficiary", words.money(a, top["per_beneficiary"]),
            f"{words.short(top['programme'])}, per {words.in_one(top['unit'])}") if top is not None else (
        "Cost per beneficiary", words.NOT_KNOWN, "")  # fmt: skip
    return [cost, share, left, each]
