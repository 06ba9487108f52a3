"""The pictures of the performance report; `performance_view.py` puts them on the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from aspfin.reporting import figures
from aspfin.reporting import performance_words as words
from aspfin.reporting.performance_data import BEFORE
from aspfin.reporting.performance_measures import QUANTILE

if TYPE_CHECKING:
    from aspfin.reporting.figure import Figure
    from aspfin.reporting.performance import PerformanceAnalysis

__all__ = ["adequacy", "coverage", "curves", "errors", "overlap", "poverty"]

MOST_BARS = 10
LEAST = {"estimate": 0, "ci_low": 0, "ci_high": 0}


def source(a: PerformanceAnalysis) -> str:
    """Return where the data of a figure come from."""
    data = a.parameters.data
    if data.path is not None:
        return f"aspfin; data: {Path(data.path).name}"
    return "aspfin; made-up data"


def _per_cent(frame: pd.DataFrame) -> pd.DataFrame:
    names = [name for name in ("estimate", "ci_low", "ci_high", "truth") if name in frame]
    shown = frame[["group", *names]].copy()
    shown[names] = 100 * shown[names].astype(float)
    return shown


def _ranked(a: PerformanceAnalysis) -> str:
    each = "Tenth" if a.parameters.quantiles == 10 else "Fifth"
    ends = ", 1 the poorest" if a.parameters.quantiles == 10 else ""
    return f"{each} of the people, by welfare before transfers{ends}"


def coverage(a: PerformanceAnalysis) -> Figure:
    """Return coverage from the poorest to the richest."""
    low, high = words.poorest(a)["estimate"], words.richest(a)["estimate"]
    group = "tenth" if a.parameters.quantiles == 10 else "fifth"
    title = f"{words.share(low)} of the poorest {group} are covered, {words.share(high)} of the richest"
    everybody = a.figure("coverage")["estimate"]
    shown = _per_cent(a.rows("coverage", QUANTILE))
    if everybody == 0:  # nobody receives anything: there is no rate to be uncertain of
        shown[["ci_low", "ci_high"]] = float("nan")
    return figures.columns_by_group(
        shown,
        title=title if words.known(low) else "Who is covered",
        subtitle=f"Share of people whose household receives {_what(a)}, with 95 % intervals",
        source=source(a),
        axis_label="% of the people covered",
        group_label=_ranked(a),
        reference=100 * everybody if words.known(everybody) else None,
        reference_label="everybody",
    )


def _what(a: PerformanceAnalysis) -> str:
    return f"the {a.programmes[0]}" if len(a.programmes) == 1 else "any of the programmes"


def curves(a: PerformanceAnalysis) -> Figure:
    """Return the Lorenz curve of welfare and the concentration curves of the money."""
    each = 1 < len(a.programmes) <= 3
    wanted = a.programmes if each else [a.parameters.whole]
    parts = []
    for name in wanted:
        rows = a.curves[a.curves["programme"] == name]
        parts.append(rows.assign(curve=name if each else "money from the transfers"))
    parts.append(a.curves[a.curves["curve"] == BEFORE].assign(curve=BEFORE))
    shown = pd.concat(parts, ignore_index=True)
    low = words.bottom(a)["estimate"]
    return figures.lorenz_curves(
        shown[["curve", "p", "share", "ci_low", "ci_high"]],
        title=f"{words.share(low)} of the money goes to the poorest 40 % of people"
        if words.known(low)
        else "Who gets the money",
        subtitle="Cumulative shares of people ranked by welfare before transfers; bands: 95 % at each point",
        source=source(a),
    )


def adequacy(a: PerformanceAnalysis) -> Figure:
    """Return what the transfers are to those who receive them, from the poorest to the richest."""
    whole = a.figure("adequacy")["estimate"]
    return figures.columns_by_group(
        _per_cent(a.rows("adequacy", QUANTILE)),
        title=f"The transfers are {words.share(whole)} of what recipients live on"
        if words.known(whole)
        else "How much the transfers are to recipients",
        subtitle="Transfers in % of the welfare of recipients, with 95 % intervals; – too few or none",
        source=source(a),
        axis_label="% of recipients' welfare",
        group_label=_ranked(a),
        reference=100 * whole if words.known(whole) else None,
        reference_label="all recipients",
    )


def poverty(a: PerformanceAnalysis) -> Figure:
    """Return the share of poor people without and with the transfers."""
    rows = [
        ("Everybody", "", a.figure("headcount_before")["estimate"], a.figure("headcount_after")["estimate"])
    ]
    for by in a.parameters.by:
        before, after = a.rows("headcount_before", by), a.rows("headcount_after", by)
        for one, other in zip(before.itertuples(), after.itertuples(), strict=True):
            rows.append((f"{words.capital(a.named(by))}: {one.group}", by, one.estimate, other.estimate))
    frame = pd.DataFrame(rows[: MOST_BARS + 1], columns=["group", "by", "before", "after"])
    frame[["before", "after"]] = 100 * frame[["before", "after"]].astype(float)
    fall = a.figure("headcount_fall")["estimate"]
    return figures.before_after(
        frame[["group", "before", "after"]],
        title=f"The transfers lower poverty by {words.share(fall)}" if words.known(fall) else "Poverty",
        subtitle=f"Share of people below {words.line(a)}, without and with transfers",
        source=source(a),
        axis_label="% of people below the line",
        before_label="without transfers",
        after_label="with transfers",
    )


def errors(a: PerformanceAnalysis) -> Figure:
    """Return those meant who are reached and missed, and those reached who are meant and not."""
    missed, leaked = a.error("exclusion_error"), a.error("inclusion_error")
    own = a.parameters.eligible is None
    parts = pd.DataFrame(
        [
            _turned(missed, f"{words.size(missed)} who are {'poor' if own else 'meant to receive'}",
                    "receive", "missed (exclusion error)"),
            _turned(leaked, f"{words.size(leaked)} who receive", "poor" if own else "meant to",
                    f"not {'poor' if own else 'meant to'} (inclusion error)"),
        ]
    )  # fmt: skip
    title = (
        f"{words.share(missed['estimate'])} of {words.meant(a)} are missed; "
        f"{words.share(leaked['estimate'])} of recipients are {words.not_meant(a)}"
    )
    return figures.split_bars(
        parts, title=title, subtitle="Shares of people; black lines: 95 % intervals", source=source(a)
    )


def _turned(row: pd.Series, whole: str, left: str, right: str) -> dict[str, object]:
    """Return a bar whose left part is what is not the error."""
    values = {"estimate": 1 - row["estimate"], "ci_low": 1 - row["ci_high"], "ci_high": 1 - row["ci_low"]}
    return {"whole": whole, "left": left, "right": right, **values}


def overlap(a: PerformanceAnalysis) -> Figure:
    """Return how many people get each combination of programmes."""
    names = a.programmes[:8]
    shown = a.overlap[a.overlap[names].any(axis=1)].dropna(subset=["estimate"])
    shown = shown.sort_values("estimate", ascending=False, kind="stable").head(MOST_BARS)
    none = a.overlap.loc[~a.overlap[names].any(axis=1), "estimate"].sum()
    top = shown.iloc[0]
    alone = " alone" if top[names].sum() == 1 else ""
    return figures.overlap_bars(
        shown[[*names, "estimate", "ci_low", "ci_high"]],
        programmes={name: words.capital(name) for name in names},
        title=f"Most common: {top['combination']}{alone}, {words.share(top['estimate'])} of people",
        subtitle=f"Share of people by what their household receives; {words.share(none)} receive nothing",
        source=source(a),
    )
