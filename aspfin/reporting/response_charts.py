"""The pictures of the response report; `response_view.py` puts them on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from aspfin.reporting import figures, style
from aspfin.reporting import response_words as words
from aspfin.reporting.response_findings import own_input
from aspfin.reporting.response_names import group_words

if TYPE_CHECKING:
    from aspfin.reporting.figure import Figure
    from aspfin.reporting.response import ResponseAnalysis

__all__ = ["affected", "funded", "left_out", "options", "timing", "together", "tornado", "where"]

MANY = 10_000  # households from which a map is written in thousands


def source(a: ResponseAnalysis) -> str:
    """Return where the data of a figure come from."""
    return f"aspfin; country pack {a.country.iso3}, made-up households, working assumptions"


def _side_by_side(a: ResponseAnalysis, names: list[str]) -> pd.DataFrame:
    rows = []
    for name in names:
        row = a.row(name)
        cover, first, last, cost = (
            a.band(measure, name) for measure in ("coverage_in_need", "first_days", "last_days", "cost")
        )
        days = row[["first_days", "last_days"]].astype(float)
        days = days if row["coverage_in_need"] > 0 else days * float("nan")
        rows.append(
            {
                "option": name, "key": a.keys[name],
                "coverage": row["coverage_in_need"], "coverage_low": cover[0], "coverage_high": cover[1],
                "first_days": days["first_days"], "first_days_low": first[0],
                "last_days": days["last_days"], "last_days_high": last[1],
                "cost": row["cost"] / a.rate, "cost_low": cost[0] / a.rate, "cost_high": cost[1] / a.rate,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def options(a: ResponseAnalysis) -> Figure:
    """Return the options side by side: reach, days, cost."""
    reach, fast = a.best("coverage_in_need", most=True), a.best("first_days", most=False)
    share = words.share(a.row(reach)["coverage_in_need"]).replace(" ", "\u00a0")
    day = a.row(fast)["first_days"]
    title = (
        f"{words.capital(words.the(reach))} reaches most in need ({share}) and is first to pay"
        if reach == fast
        else f"{words.capital(words.the(reach))} reaches most in need ({share}); "
        f"{words.the(fast)} pays first (day {day:.0f})"
    )
    return figures.option_panels(
        _side_by_side(a, a.single),
        title=title,
        subtitle="Households in need that are reached, days from first payment to 95 % paid, and cost; "
        "black lines: nine in ten draws",
        source=source(a),
        deadline=a.comparison.deadline_days,
        marked=a.focus,
    )


def together(a: ResponseAnalysis) -> Figure:
    """Return the combinations beside the best single option."""
    names = [a.best("coverage_in_need", most=True), *a.combined]
    best = a.best("coverage_in_need", most=True, among=names)
    return figures.option_panels(
        _side_by_side(a, names),
        title=f"{best} reaches most in need: {words.share(a.row(best)['coverage_in_need'])}",
        subtitle="The best single option on top, then combinations; nobody is paid twice except by those "
        "who do not see each other's lists",
        source=source(a),
        deadline=a.comparison.deadline_days,
        marked=a.focus,
    )


def affected(a: ResponseAnalysis) -> Figure:
    """Return the households hit, by whether they are in need."""
    parts = a.comparison.account.set_index("part")["households"]
    names = ["affected, not in need", "in need, poor before", "in need, pushed below the line"]
    rows = [("hit in all", sum(parts[name] for name in names))]
    rows += [(name.replace("affected", "hit"), parts[name]) for name in names]
    frame = pd.DataFrame(rows, columns=["group", "value"]).assign(
        group=lambda f: f["group"].map(words.capital)
    )
    need = parts[names[1]] + parts[names[2]]
    return figures.bars_by_group(
        frame,
        title=f"{words.share(need / rows[0][1])} of the households hit are in need"
        if rows[0][1] > 0
        else "No household is hit",
        subtitle="Households, expected number; in need: hit and below the poverty line",
        source=source(a),
        unit="households",
    )


def timing(a: ResponseAnalysis) -> Figure:
    """Return who in need is paid on time, later and never, option by option."""
    rows = []
    for name in a.single:
        row = a.row(name)
        need = row["households_in_need"]
        rows.append((name, *(row[f"households_{part}"] / need for part in ("on_time", "late", "never"))))
    best = a.best("on_time", most=True, among=a.single)
    return figures.parts_of_whole(
        pd.DataFrame(rows, columns=["group", "on_time", "late", "never"]),
        title=f"{words.capital(words.the(best))} pays most in time: {words.share(a.row(best)['on_time'])} "
        f"within {a.comparison.deadline_days:g} days",
        subtitle="Households in need, by when they are paid, if the money is there from the first day",
        source=source(a),
        labels={"on_time": f"paid by day {a.comparison.deadline_days:g}"},
    )


def funded(a: ResponseAnalysis) -> Figure:
    """Return who is paid on time, late or never once money counts, by size of the shock."""
    frame = a.financing.by_return_period
    need = frame["households_in_need"].where(frame["households_in_need"] > 0)
    names = ["This shock"] if words.single_size(a) else [f"1-in-{p:g}-year" for p in frame["return_period"]]
    shown = pd.DataFrame(
        {
            "group": names,
            "on_time": frame["on_time"] / need,
            "late": frame["late"] / need,
            "never_funded": frame["never_funded"] / need,
            "never": frame["never_reached"] / need,
        }
    )
    row = words.gap_row(a)
    if row is None:
        title = "The money planned is enough for every household that the option reaches"
    else:
        lost = words.share(row["never_funded"] / row["households_in_need"])
        when = "" if words.single_size(a) else f" one year in {row['return_period']:g}"
        title = f"For want of money {lost} of those in need go unpaid{when}"
    return figures.parts_of_whole(
        shown,
        title=title,
        subtitle=f"{a.focus}: households in need, with the days that the money takes to arrive",
        source=source(a),
        series=("on_time", "late", "never_funded", "never"),
        labels={"on_time": f"paid by day {a.comparison.deadline_days:g}", "never": "not reached"},
    )


def left_out(a: ResponseAnalysis) -> Figure:
    """Return the share of each group in need that the option never pays."""
    rows = a.comparison.left_out
    rows = rows[rows["option"] == a.focus]
    frame = pd.DataFrame(
        {
            "group": [words.capital(group_words(a, r.group, r.level)) for r in rows.itertuples()],
            "value": rows["share"],
        }
    )
    frame = frame[(frame["group"] != "") & frame["value"].notna()]
    top = frame.loc[frame["value"].idxmax()]
    everybody = float(a.row()["exclusion_error"])
    return figures.share_bars(
        frame.sort_values("value", ascending=False, kind="stable"),
        title=f"{top['group']}: {words.share(top['value'])} of those in need get nothing",
        subtitle=f"{a.focus}: households in need that are never paid, in % of each group in need",
        source=source(a),
        reference=everybody,
        reference_label="all in need",
        axis_label="% of the group's households in need",
    )


def where(a: ResponseAnalysis) -> Figure:
    """Return the households in need of every province on a tile map."""
    rows = a.comparison.by_province
    rows = rows[rows["option"] == a.focus].merge(a.country.tiles, on="pcode")
    top = rows.loc[rows["households_in_need"].idxmax()]
    return figures.tile_map(
        rows.assign(value=rows["households_in_need"])[["label", "row", "col", "value"]],
        unit="households",
        write=None if top["households_in_need"] >= MANY else lambda value: style.count(value, 2),
        title=f"Most households in need live in {top['label']}: {style.count(top['households_in_need'], 2)}",
        subtitle="Households in need by province; every province has one tile",
        source=source(a),
    )


def tornado(a: ResponseAnalysis) -> Figure:
    """Return what moves the cost of the option most."""
    frame = a.swings["cost"]
    frame = frame.assign(input=[words.capital(own_input(a, name)) for name in frame["input"]])
    return figures.tornado(
        frame[["input", "low_label", "high_label", "low", "high"]],
        base=float(a.row()["cost"] / a.rate),
        title=f"“{frame.iloc[0]['input']}” moves the cost of {words.the(a.focus)} most",
        subtitle="Mean cost where one input is low or high in its range, the others anywhere in theirs",
        source=source(a),
        unit="US$",
    )
