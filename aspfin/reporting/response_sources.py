"""Where the inputs of the response report come from, and which of them nobody has verified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aspfin.reporting import response_words as words
from aspfin.reporting import tables
from aspfin.reporting.response_findings import plain_input
from aspfin.reporting.response_sensitivity import with_unit
from aspfin.reporting.style import number

if TYPE_CHECKING:
    from aspfin.reporting.response import ResponseAnalysis
    from aspfin.reporting.tables import Html

__all__ = ["inputs", "sources"]


def inputs(a: ResponseAnalysis) -> Html:
    """Return every input that is not verified, with its range."""
    frame = a.unverified.copy()
    frame["value"] = [_value(value, unit) for value, unit in zip(frame["value"], frame["unit"], strict=True)]
    frame["range"] = [
        f"{_value(low, unit)} to {_value(high, unit)}" if words.known(low or float("nan")) or low == 0 else ""
        for low, high, unit in zip(frame["low"], frame["high"], frame["unit"], strict=True)
    ]
    frame["unit"] = frame["unit"].where(~frame["unit"].str.startswith("share"), "share")
    frame["name"] = frame["name"].map(plain_input)
    shown = frame[["name", "value", "range", "unit", "status", "source"]]
    listed = tables.data_table(shown, caption="Inputs that are assumed, from the press or not verified")
    html = f'<details class="method"><summary>All {len(shown)} inputs</summary>{listed.html}</details>'
    return tables.Html(html, listed.text)


def _value(value: Any, unit: str) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return str(value)
    if unit.startswith("share"):
        return with_unit(float(value), "share")
    return number(float(value), 4)


def sources(a: ResponseAnalysis) -> Html:
    """Return the sources of the inputs used."""
    named: list[str] = []
    for text in a.comparison.assumptions["source"].dropna():
        named += str(text).split("; ")
    for name in a.single:
        benefit = getattr(a.comparison.options[name], "benefit", None)
        if benefit is not None and benefit.programme:
            named += [rule.source for rule in a.country.programme(benefit.programme).rules_on(benefit.on)]
    named += [] if a.plan is None else [one.source for one in a.plan.terms]
    named += a.margins["source"].dropna().tolist() if "source" in a.margins else []
    known = [name for name in dict.fromkeys(named) if name in a.country.sources]
    found: list[Any] = [one.model_dump(exclude_none=True) for one in a.parameters.sources]
    return tables.sources_list([*found, *(a.country.sources[name] for name in sorted(known))])
