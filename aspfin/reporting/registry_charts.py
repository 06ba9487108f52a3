"""The pictures of the registry report; `registry_view.py` puts them on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from aspfin.reporting import charts_registry as drawn
from aspfin.reporting import registry_words as words

if TYPE_CHECKING:
    from aspfin.reporting.figure import Figure
    from aspfin.reporting.registry import RegistryAnalysis

__all__ = ["ageing", "index", "overlap", "scores"]

MOST = 14
DIMENSIONS = {
    "completeness": "Complete",
    "validity": "Valid",
    "uniqueness": "Once only",
    "consistency": "Agrees with others",
    "timeliness": "Up to date",
    "score": "Score",
}


def source(a: RegistryAnalysis) -> str:
    """Return where the data of a figure come from."""
    return "aspfin; made-up lists" if a.known else f"aspfin; {len(a.files)} lists"


def overlap(a: RegistryAnalysis) -> Figure | None:
    """Return who is on which lists."""
    shown = a.combinations.dropna(subset=["units"]).head(MOST)
    if shown.empty:
        return None
    names, who = list(a.names), words.units(a)
    rest = a.combinations["units"].notna().sum() - len(shown)
    hidden = int(a.combinations["units"].isna().sum())
    several = a.totals["on_several"] / max(a.totals["units"], 1)
    more = [f"{rest} more combinations" if rest else "", f"{hidden} too small to show" if hidden else ""]
    tail = "; ".join(one for one in more if one)
    return drawn.upset(
        shown[[*names, "units"]],
        lists={name: words.capital(a.names[name]) for name in names},
        sizes=a.sizes,
        title=f"{words.share(several)} of {who} are on several lists",
        subtitle=f"{words.capital(who)} by the lists they are on" + (f"; {tail}" if tail else ""),
        source=source(a),
        unit=who,
    )


def index(a: RegistryAnalysis) -> Figure | None:
    """Return the index of fragmentation over time."""
    shown = a.over_time.dropna(subset=["day", "index"])
    if len(shown) < 2:
        return None
    shown = shown.assign(unjoined=100 * shown["unjoined"], contradictory=100 * shown["contradictory"])
    low = shown.loc[shown["index"].idxmin()]
    last = shown.iloc[-1]
    if last["index"] > low["index"] + 1:
        when = f"{low['day'].day} {low['day']:%B %Y}"
        title = f"Fragmentation is {last['index']:.0f} of 100; it was lowest, {low['index']:.0f}, on {when}"
    else:
        title = f"Fragmentation stands at {last['index']:.0f} of 100"
    return drawn.time_lines(
        shown[["day", "index", "unjoined", "contradictory"]],
        x="day",
        lines={
            "index": "index: one or the other",
            "unjoined": "share no number",
            "contradictory": "contradict each other",
        },
        title=title,
        subtitle="% of pairs of records that two lists hold of one person, by when both were registered",
        source=source(a),
        axis_label="% of pairs",
    )


def scores(a: RegistryAnalysis) -> Figure:
    """Return the scores of the lists."""
    shown = a.scores.assign(list=[words.capital(a.names[name]) for name in a.scores["list_id"]])
    ranked = shown.dropna(subset="score").sort_values("score")
    worst, best = ranked.iloc[0], ranked.iloc[-1]
    title = f"{worst['list']} scores {worst.score:.0f} of 100, {best['list']} {best.score:.0f}"
    return drawn.score_grid(
        shown[["list", *DIMENSIONS]],
        columns=DIMENSIONS,
        title=title,
        subtitle="0 to 100; each dimension is the mean over records, the score the mean of the five",
        source=source(a),
    )


def ageing(a: RegistryAnalysis) -> Figure:
    """Return who is left out by months, for three ways of keeping a list."""
    ways = {"never": "never updated", "rounds": "rounds only", "rounds and on demand": "rounds and on demand"}
    wide = {}
    for way in ways:
        own = a.ageing[a.ageing["way"] == way].reset_index(drop=True)
        wide[way] = own.set_index("month")["exclusion"]
    # A round has a row before and one after: both are drawn, as a step.
    moments = wide["rounds"].reset_index().assign(place=lambda f: f.groupby("month").cumcount())
    keys = pd.MultiIndex.from_frame(moments[["month", "place"]])
    frame = pd.DataFrame({"months": moments["month"]})
    for way, values in wide.items():
        own = values.reset_index().assign(place=lambda f: f.groupby("month").cumcount())
        told = own.set_index(["month", "place"])["exclusion"]
        frame[way] = (100 * told.reindex(keys).ffill()).to_numpy()
    rounds, both = (a.ways[a.ways["way"] == way].iloc[0] for way in ("rounds", "rounds and on demand"))
    gain = rounds.mean_exclusion - both.mean_exclusion
    return drawn.time_lines(
        frame,
        x="months",
        lines=ways,
        markers=False,
        title=f"Updating on demand keeps {100 * gain:.0f} in 100 of the eligible from being left out",
        subtitle="% of eligible households not on a list of poor households, by months since registration",
        source="aspfin; yearly rates of change are assumed",
        x_label="Months since registration",
        axis_label="% of the eligible left out",
    )
