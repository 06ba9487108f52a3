"""Every input behind the costs of a budget, with its source and how sure it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pandas as pd

from aspfin.data import Quantity
from aspfin.programmes.budget_caseloads import CostedCaseload
from aspfin.programmes.catalogue import Programme

__all__ = ["inputs_of"]

PUBLIC = {"budget": "public budget", "gdp": "gross domestic product"}


def inputs_of(
    chosen: Sequence[Programme],
    used: Sequence[CostedCaseload],
    days: Sequence[dt.date],
    share: Quantity,
    rate: Quantity | None,
    totals: Mapping[str, Quantity],
) -> pd.DataFrame:
    """Return every input behind the costs: name, value, unit, status, source, note."""
    costed = {one.programme for one in used}
    rows = []
    for programme in chosen:
        if programme.id in costed:
            held = dict.fromkeys(rule for day in days for rule in programme.rules if rule.holds_on(day))
            rows += [
                (f"{programme.name}: {rule.label.replace('_', ' ')}", rule.amount,
                 f"{rule.currency} per {rule.per}", rule.status, rule.source, rule.note)
                for rule in held
            ]  # fmt: skip
            shares = dict.fromkeys(
                one
                for day in days
                for one in programme.insurance
                if one.holds_on(day) and one.payer == "fund"
            )
            rows += [
                (f"{programme.name}: {one.name.replace('_', ' ')}", one.share, "share of the wage",
                 one.status, one.source, one.note)
                for one in shares
            ]  # fmt: skip
    rows += [
        (f"caseload of {one.programme.replace('_', ' ')}", one.count, one.unit, one.status, one.source,
         one.note)
        for one in used
    ]  # fmt: skip
    named = [
        ("administration", share),
        ("exchange rate", rate),
        *((PUBLIC.get(name, name), one) for name, one in totals.items()),
    ]
    for words, quantity in named:
        if quantity is not None:
            said = f"{words} {quantity.date}".strip() if words != "administration" else words
            rows.append(
                (said, quantity.value, quantity.unit, quantity.status, quantity.source, quantity.note)
            )
    return pd.DataFrame(rows, columns=["name", "value", "unit", "status", "source", "note"])
