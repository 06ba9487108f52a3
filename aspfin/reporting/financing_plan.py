"""From the instruments of a parameter file to instruments with amounts: layers sized, the fund sized.

Instruments stand in the order in which they pay. One that says `up_to_return_period: n` covers the annual
need from where the one before it ends up to the need of a 1-in-n year. A cost term that the file leaves out
takes the country pack's value, and what the pack does not have the instrument's own default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import Any

import pandas as pd

from aspfin.data.source import Quantity
from aspfin.financing import INSTRUMENTS, FundSize, Instrument, Need, size_fund
from aspfin.reporting.parameters import Financing

__all__ = ["Plan", "build_plan", "unlimited"]

SMALLEST_LAYER = 1_000.0  # USD of annual need; nobody sets up an instrument for less


@dataclass(frozen=True, eq=False)
class Plan:
    """Instruments with their amounts, in the order in which they pay.

    Parameters
    ----------
    instruments : tuple of Instrument
    layers : DataFrame
        One row per instrument: instrument, kind, from_usd, to_usd (the annual need it covers in a fresh
        year), up_to_return_period (missing where the file gives an amount), limit_usd.
    fund : FundSize or None
        How the contingency fund was sized, if the file asks for a safety and not for an amount.
    fund_need : Need or None
        The part of the need that the fund is meant to carry.
    terms : tuple of Quantity
        Every cost term used: from the parameter file, the pack, or the instrument's default.
    """

    instruments: tuple[Instrument, ...]
    layers: pd.DataFrame
    fund: FundSize | None
    fund_need: Need | None
    terms: tuple[Quantity, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the instruments for colours and columns: the kind, numbered from the second of a kind."""
        kinds = [one.kind for one in self.instruments]
        before = [kinds[:place].count(kind) for place, kind in enumerate(kinds)]
        return tuple(f"{kind}_{n + 1}" if n else kind for kind, n in zip(kinds, before, strict=True))

    @property
    def labels(self) -> dict[str, str]:
        """Names given in the parameter file, by key."""
        return {
            key: one.name
            for key, one in zip(self.keys, self.instruments, strict=True)
            if one.name != one.kind.replace("_", " ")
        }


def build_plan(financing: Financing, need: Need, facts: Mapping[str, Quantity]) -> Plan:
    """Return the instruments of a parameter file with amounts for this need.

    Parameters
    ----------
    financing : Financing
        The validated section of the parameter file.
    need : Need
        Annual need, USD.
    facts : mapping of str to Quantity
        The country pack's facts; `financing.<kind>.<term>` and `financing.<term>` are looked up.

    An instrument whose layer holds nothing, because the need of its return period is not above where the layer
    before it ends, is left out and listed with a limit of 0: a place that is rarely hit needs fewer layers.
    """
    top, rows, instruments, used = 0.0, [], [], []
    fund = fund_need = None
    for stated in financing.instruments:
        terms, quantities = _terms(stated, facts)
        used += quantities
        period = stated.up_to_return_period
        end = top if period is None else need.value_at_risk(1 - 1 / period)
        if period is not None and end < top + SMALLEST_LAYER:
            rows.append((stated.name or stated.type.replace("_", " "), stated.type, top, top, period, 0.0))
            continue
        if stated.type == "contingency_fund":
            amounts, end, sized, carried = _fund(stated, need, top, end, financing.years, terms)
            fund, fund_need = fund or sized, fund_need or carried
        else:
            amounts, end = _AMOUNTS[stated.type](stated, need, top, end)
        one = INSTRUMENTS[stated.type](**amounts, **terms)
        instruments.append(one)
        rows.append((one.name, one.kind, top, end, period, one.initial))
        top = max(top, end) if end < float("inf") else top
    names = ["instrument", "kind", "from_usd", "to_usd", "up_to_return_period", "limit_usd"]
    layers = pd.DataFrame(rows, columns=names).astype({"up_to_return_period": float})
    unique = {(quantity.name, quantity.value): quantity for quantity in used}
    return Plan(tuple(instruments), layers, fund, fund_need, tuple(unique.values()))


def unlimited(kind: str, facts: Mapping[str, Quantity]) -> tuple[Instrument, list[Quantity]]:
    """Return an instrument without limit at the pack's terms, and those terms."""
    terms, used = _terms(SimpleNamespace(type=kind), facts)
    return INSTRUMENTS[kind](**terms), used


def _terms(stated: Any, facts: Mapping[str, Quantity]) -> tuple[dict[str, Any], list[Quantity]]:
    """Return the cost terms of one instrument, and each with its source and status."""
    terms, used = {}, []
    for field in fields(INSTRUMENTS[stated.type]):
        if field.name in _SIZES:
            continue
        name = f"financing.{stated.type}.{field.name}"
        found = facts.get(name) or facts.get(f"financing.{field.name}")
        value = getattr(stated, field.name, None)
        if value is not None:
            source, status = "parameter file", "assumed"
        elif found is not None and found.value is not None:
            name, value, source, status = found.name, found.value, found.source, found.status
        elif isinstance(field.default, int | float):
            used.append(Quantity(name, field.default, source="default of aspfin", status="assumed"))
            continue
        else:
            continue
        terms[field.name] = int(value) if field.name.endswith("_years") else value
        if not isinstance(value, str):
            unit = "" if found is None else found.unit
            used.append(Quantity(name, float(value), unit=unit, source=source, status=status))
    return terms, used


# Fields that say how much, not at what terms.
_SIZES = frozenset(
    {"opening", "contribution", "ceiling", "annual_limit", "limit", "attachment", "tiers", "policy_limit"}
)


def _fund(
    stated: Any, need: Need, top: float, end: float, years: int, terms: Mapping[str, Any]
) -> tuple[dict[str, float], float, FundSize | None, Need]:
    """Size the contingency fund by safety, by return period, or take the amounts as stated."""
    carried = need.ceded(top, end - top) if end > top else need if top == 0 else need.ceded(top, float("inf"))
    yearly = end - top if end > top else float("inf")
    if stated.max_probability_ever_unmet is None:
        default = end - top if end > top else stated.opening_usd
        ceiling = default if stated.ceiling_usd is None else stated.ceiling_usd
        opening = ceiling if stated.opening_usd is None else stated.opening_usd
        contribution = carried.mean if stated.contribution_usd is None else stated.contribution_usd
        sized = None
    else:
        sized = size_fund(
            carried,
            years=years,
            contribution=stated.contribution_usd,
            opening=stated.opening_usd,
            interest=terms.get("interest", 0.0),
            max_probability_ever_unmet=stated.max_probability_ever_unmet,
        )
        opening, contribution, ceiling = sized.opening, sized.contribution, sized.ceiling
    amounts = {
        "opening": opening,
        "contribution": contribution,
        "ceiling": ceiling,
        "annual_limit": yearly,
    }
    return amounts, end if end > top else top + ceiling, sized, carried


def _limited(stated: Any, need: Need, top: float, end: float) -> tuple[dict[str, Any], float]:
    limit = end - top if stated.limit_usd is None else stated.limit_usd
    return {"limit": limit}, top + limit


def _layer(stated: Any, need: Need, top: float, end: float) -> tuple[dict[str, Any], float]:
    attachment = top if stated.attachment_usd is None else stated.attachment_usd
    limit = end - attachment if stated.limit_usd is None else stated.limit_usd
    return {"attachment": attachment, "limit": limit}, attachment + limit


def _open(stated: Any, need: Need, top: float, end: float) -> tuple[dict[str, Any], float]:
    """Without a size it is unlimited; where it pays a share only, its money reaches further up."""
    share = getattr(stated, "share", None) or 1.0
    if stated.limit_usd is None and end <= top:
        return {"limit": float("inf")}, float("inf")
    limit = (end - top) * share if stated.limit_usd is None else stated.limit_usd
    return {"limit": limit}, top + limit / share


def _tiers(stated: Any, need: Need, top: float, end: float) -> tuple[dict[str, Any], float]:
    pairs = [
        (
            need.value_at_risk(1 - 1 / tier.from_return_period) if tier.from_usd is None else tier.from_usd,
            tier.payout_usd,
        )
        for tier in stated.tiers
    ]
    limit = {} if stated.policy_limit_usd is None else {"policy_limit": stated.policy_limit_usd}
    return {"tiers": tuple(pairs), **limit}, top + max(payout for _, payout in pairs)


_AMOUNTS = {
    "contingent_credit": _limited,
    "budget_reallocation": _limited,
    "insurance": _layer,
    "parametric_insurance": _tiers,
    "ex_post_borrowing": _open,
    "donor_aid": _open,
}
