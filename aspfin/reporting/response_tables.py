"""The tables of the response report; `response_view.py` puts them on the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from aspfin.reporting import response_words as words
from aspfin.reporting import tables
from aspfin.reporting.response_names import SHORT, group_words, meaning, pays
from aspfin.reporting.style import count, number, usd

if TYPE_CHECKING:
    from aspfin.reporting.response import ResponseAnalysis
    from aspfin.reporting.tables import Html

__all__ = [
    "account",
    "compared",
    "costs",
    "described",
    "enough",
    "errors",
    "funded",
    "instruments",
    "left_out",
    "provinces",
    "strengthening",
]

MOST_PROVINCES = 12
RANGE = "In parentheses: nine in ten draws of the uncertain inputs."


def described(a: ResponseAnalysis) -> Html:
    """Return what each option is and what it pays."""
    rows = [(name, meaning(a, name), pays(a, name)) for name in a.single]
    frame = pd.DataFrame(rows, columns=["option", "means", "pays"])
    headers = {"option": "Option", "means": "What it means", "pays": "What it pays here"}
    return tables.table(frame, caption="The options, one by one", headers=headers)


def account(a: ResponseAnalysis) -> Html:
    """Return the households that add up."""
    frame = a.comparison.account.copy()
    whole = {"part": f"all of {a.place}", **frame[["households", "people"]].sum()}
    frame = pd.concat([frame, pd.DataFrame([whole])], ignore_index=True)
    frame["share"] = frame["households"] / whole["households"]
    frame["part"] = frame["part"].str.replace("affected", "hit").map(words.capital)
    return tables.table(
        frame,
        caption="Who is hit, and who is in need",
        headers={"part": "Households that are", "share": "Share of households"},
        formats={"households": ",.0f", "people": ",.0f", "share": words.share},
        total=True,
    )


def _cells(
    a: ResponseAnalysis, options: Sequence[str], columns: dict[str, tuple[str, Callable[[float], str], bool]]
) -> pd.DataFrame:
    """Return one row per option: each measure written, with its range where asked."""
    rows = []
    for name in options:
        row: dict[str, Any] = {"option": name}
        for column, (measure, write, with_range) in columns.items():
            text = write(a.row(name)[measure])
            if with_range and words.known(a.row(name)[measure]):
                between = words.ends(*a.band(measure, name), write=lambda x, w=write: w(x).removesuffix(" %"))
                text += f" ({between})" if between and between != text.removesuffix(" %") else ""
            row[column] = text
        rows.append(row)
    return pd.DataFrame(rows)


def _day(value: float) -> str:
    return f"{value:.0f}" if words.known(value) else "–"


def _millions(a: ResponseAnalysis) -> Callable[[float], str]:
    divisor = a.rate * words.money_unit(a)[0]
    return lambda value: number(value / divisor, 2) if words.known(value) else "–"


def _each(a: ResponseAnalysis) -> Callable[[float], str]:
    return lambda value: number(value / a.rate, 2) if words.known(value) else "–"


def _share(value: float) -> str:
    return words.share(value) if words.known(value) else "–"


def _shown(
    frame: pd.DataFrame, caption: str, headers: dict[str, str], units: dict[str, str], notes: Sequence[str]
) -> Html:
    written = {name: str for name in frame.columns if name != "option"}
    return tables.table(
        frame, caption=caption, headers={"option": "Option", **headers}, units=units, formats=written,
        notes=notes,
    )  # fmt: skip


def compared(a: ResponseAnalysis, options: Sequence[str], caption: str) -> Html:
    """Return options side by side: reach, days, cost."""
    frame = _cells(
        a,
        options,
        {
            "reached": ("coverage_in_need", _share, True),
            "wrong": ("inclusion_error", _share, False),
            "cost": ("cost", _millions(a), True),
            "each": ("cost_per_in_need", _each(a), True),
        },
    )
    days = [
        f"{_day(row['first_days'])} to {_day(row['last_days'])}" if row["coverage_in_need"] > 0 else "–"
        for row in map(a.row, options)
    ]
    frame.insert(3, "days", days)
    headers = {
        "reached": "In need and reached",
        "wrong": "Paid, not in need",
        "days": "Days: first payment, 95 % paid",
        "cost": "Cost",
        "each": "Per household in need reached",
    }
    units = {
        "reached": "of those in need",
        "wrong": "of those paid",
        "cost": words.money_unit(a)[1],
        "each": "US$",
    }
    notes = [RANGE, "Days count from the start of the shock."]
    for name in options:
        parts = getattr(a.comparison.options[name], "options", ())
        notes += [f"{name}: {', then '.join(words.lower(part.label) for part in parts)}."] if parts else []
    return _shown(frame, caption, headers, units, notes)


def errors(a: ResponseAnalysis) -> Html:
    """Return the two errors with the households behind them."""
    rows = []
    for name in a.single:
        row = a.row(name)
        need, paid = row["households_in_need"], row["households_paid"]
        rows.append(
            (
                name, need * row["coverage_in_need"], row["households_never"],
                words.ranged(a, "exclusion_error", name), paid, paid * row["inclusion_error"],
                paid * row["paid_not_affected"],
            )
        )  # fmt: skip
    names = ["option", "reached", "never", "exclusion", "paid", "not_in_need", "not_hit"]
    return tables.table(
        pd.DataFrame(rows, columns=names),
        caption="Who is missed, and who is paid without being in need",
        headers={
            "option": "Option", "reached": "In need, paid", "never": "In need, never paid",
            "exclusion": "Exclusion error", "paid": "All paid", "not_in_need": "Paid, not in need",
            "not_hit": "of these not hit",
        },
        units={"reached": "households", "never": "households", "exclusion": "of those in need",
               "paid": "households", "not_in_need": "households", "not_hit": "households"},
        formats={"exclusion": str, **{name: count for name in names if name not in ("option", "exclusion")}},
        notes=[RANGE],
    )  # fmt: skip


def enough(a: ResponseAnalysis) -> Html:
    """Return what the money does for those who get it, and for poverty."""
    frame = _cells(
        a,
        a.single,
        {
            "loss": ("adequacy_loss", _share, True),
            "line": ("adequacy_line", _share, True),
            "gap": ("gap_averted", _share, True),
            "poor": ("poor_averted", lambda value: count(value, 2) if words.known(value) else "–", False),
            "left": ("unmet_money", _millions(a), False),
        },
    )
    undone = [words.undone(a, name) for name in a.single]
    frame["each"] = [f"{one:.2f}" if words.known(one) else "–" for one in undone]
    headers = {
        "loss": "Received",
        "line": "Received",
        "gap": "Rise of the poverty gap undone",
        "poor": "People kept above the line",
        "left": "Still missing",
        "each": "Undone per US$ spent",
    }
    units = {"loss": "of its loss", "line": "of the poverty line", "gap": "of the rise", "poor": "people",
             "left": words.money_unit(a)[1], "each": "US$"}  # fmt: skip
    notes = [
        RANGE,
        "Received: by households hit that are paid.",
        f"Money received is spread over the {number(a.shock.duration_months.number)} months of the shock.",
        "People kept above the line include poor people who were paid without being hit.",
        "A design tweak mostly pays earlier what was due anyway: the money is missing later.",
    ]
    return _shown(frame, "What the money does", headers, units, notes)


def costs(a: ResponseAnalysis) -> Html:
    """Return where the money goes."""
    million = _millions(a)
    rows = []
    for name in a.single:
        row = a.row(name)
        money = (million(row[one]) for one in ("transfer", "brought_forward", "administration", "cost"))
        rows.append((name, *money, words.local(a, row["cost"]), _each(a)(row["cost_per_household"])))
    names = ["option", "transfer", "forward", "administration", "cost", "local", "household"]
    headers = {
        "transfer": "Sent to households",
        "forward": "Less: due anyway",
        "administration": "Administration, investment",
        "cost": "Cost",
        "local": "Cost",
        "household": "Per household paid",
    }
    million_dollars = dict.fromkeys(["transfer", "forward", "administration", "cost"], words.money_unit(a)[1])
    units = {**million_dollars, "local": "own currency", "household": "US$"}
    rate = a.comparison.exchange_rate
    note = f"US$ 1 = {number(rate.number, 4)} {a.comparison.currency}, mean of the year."
    return _shown(pd.DataFrame(rows, columns=names), "Where the money goes", headers, units, [note])


def strengthening(a: ResponseAnalysis) -> Html:
    """Return the same shock with and without the investment."""
    frame = a.comparison.strengthening
    write = {
        "coverage_in_need": _share, "on_time": _share, "exclusion_error": _share, "first_days": _day,
        "last_days": _day, "transfer": _millions(a), "administration": _millions(a), "cost": _millions(a),
        "cost_per_in_need": _each(a),
    }  # fmt: skip
    units = {**dict.fromkeys(["transfer", "administration", "cost"], words.money_unit(a)[1]),
             "cost_per_in_need": "US$ per household"}  # fmt: skip
    rows = [
        (row["words"], units.get(row["measure"], row["unit"]), write[row["measure"]](row["without"]),
         write[row["measure"]](row["with"]))
        for row in frame.to_dict("records")
        if row["measure"] in write
    ]  # fmt: skip
    return tables.table(
        pd.DataFrame(rows, columns=["what", "unit", "without", "with"]),
        caption="Vertical and horizontal expansion, without and with strengthened systems",
        headers={"what": "Measure", "unit": "Unit", "without": "Without", "with": "With"},
        formats={"without": str, "with": str},
        notes=["The investment is shared among the shocks that it serves; one of them bears its part here."],
    )


def funded(a: ResponseAnalysis) -> Html:
    """Return who is paid on time, late or never once money counts, by size of the shock."""
    f = a.financing
    frame = f.by_return_period.copy()
    shown = frame[["return_period", "households_in_need", "on_time", "late", "never_funded", "never_reached"]]
    shown = shown.assign(cost=frame["cost"] / 1e6, unmet=frame["unmet"] / 1e6)
    if words.single_size(a):
        shown["return_period"] = "this shock"
    else:
        shown["return_period"] = [f"1\u00a0in\u00a0{period:g}" for period in frame["return_period"]]
    return tables.table(
        shown,
        caption=f"{a.focus}: who is paid when money counts",
        headers={
            "return_period": "Year", "households_in_need": "In need", "on_time": "Paid on time",
            "late": "Paid late", "never_funded": "Reached, no money", "never_reached": "Not reached",
            "cost": "Cost", "unmet": "Not financed",
        },
        units={**dict.fromkeys(["households_in_need", "on_time", "late", "never_funded", "never_reached"],
                               "households"), "cost": "US$ million", "unmet": "US$ million"},
        formats={"cost": lambda x: number(x, 2), "unmet": lambda x: number(x, 2),
                 **dict.fromkeys(["households_in_need", "on_time", "late", "never_funded", "never_reached"],
                                 lambda x: count(x, 2) if x >= 0.5 else "0")},
        notes=[f"On time: within {f.deadline_days:g} days, the instrument's days to cash included."],
    )  # fmt: skip


def instruments(a: ResponseAnalysis) -> Html:
    """Return the instruments: what each covers, when it pays, for how many households."""
    f = a.financing
    layers = a.plan.layers.set_index("instrument")
    last = f.by_instrument.groupby("instrument", sort=False).last()
    yearly = f.per_year.set_index("instrument")
    rows = []
    for name in last.index:
        layer = layers.loc[name]
        # A policy without a limit pays its highest tier.
        limit = min(layer["limit_usd"], layer["to_usd"] - layer["from_usd"])
        rows.append(
            (words.capital(name), "unlimited" if limit == float("inf") else usd(limit, 2),
             last.loc[name, "days_to_cash"], last.loc[name, "first_day"], last.loc[name, "last_day"],
             usd(yearly.loc[name, "expected"], 2), count(yearly.loc[name, "households"], 2))
        )  # fmt: skip
    unmet = yearly.loc["unmet"]
    blank = float("nan")
    rows.append(
        ("Not financed", "", blank, blank, blank, usd(unmet["expected"], 2), count(unmet["households"], 2))
    )
    return tables.table(
        pd.DataFrame(rows, columns=["instrument", "size", "cash", "first", "last", "money", "households"]),
        caption="Who pays, and when",
        headers={"instrument": "Instrument", "size": "Size", "cash": "Money there after",
                 "first": "First payment", "last": "95 % paid", "money": "Pays a year on average",
                 "households": "For households in need"},
        units={"cash": "days", "first": "day", "last": "day", "households": "a year"},
        formats={**dict.fromkeys(["size", "money", "households"], str),
                 **dict.fromkeys(["cash", "first", "last"], ",.0f")},
        total=True,
    )  # fmt: skip


def left_out(a: ResponseAnalysis) -> Html:
    """Return the share of each group in need that no option pays, option by option."""
    rows = a.comparison.left_out
    rows = rows[rows["option"].isin(a.single)]
    rows = rows.assign(named=[group_words(a, r.group, r.level) for r in rows.itertuples()])
    rows = rows[rows["named"] != ""]
    wide = rows.pivot_table(index="named", columns="option", values="share", sort=False)
    need = rows.groupby("named", sort=False)["households_in_need"].first()
    frame = wide.reindex(columns=a.single)
    frame.insert(0, "need", need)
    everybody = {"need": a.row()["households_in_need"], **{n: a.row(n)["exclusion_error"] for n in a.single}}
    frame.loc["all in need"] = pd.Series(everybody)
    frame = frame.rename_axis("group").reset_index()
    frame["group"] = frame["group"].map(words.capital)
    short = {name: SHORT[name] for name in a.single if name in SHORT}
    return tables.table(
        frame,
        caption="Who in need is never paid, in % of each group",
        headers={"group": "Households in need", "need": "How many", **short},
        units={"need": "households"},
        formats={"need": lambda x: count(x, 2), **dict.fromkeys(a.single, words.share)},
        notes=["A household can be in several groups."],
        total=True,
    )


def provinces(a: ResponseAnalysis) -> Html:
    """Return the provinces with most households in need that the option never pays."""
    rows = a.comparison.by_province
    rows = rows[rows["option"] == a.focus]
    top = rows.sort_values("households_never", ascending=False, kind="stable").head(MOST_PROVINCES)
    frame = pd.DataFrame(
        {
            "name": top["name"],
            "affected": top["households_affected"],
            "need": top["households_in_need"],
            "reached": [
                words.share(v) + (f" ({between})" if (between := words.ends(low, high)) else "")
                for v, low, high in zip(
                    top["coverage_in_need"], top["coverage_in_need_low"], top["coverage_in_need_high"],
                    strict=True,
                )
            ],
            "never": top["households_never"],
            "cost": top["cost"] / a.rate / 1e6,
            "missing": top["unmet_money"] / a.rate / 1e6,
        }
    )  # fmt: skip
    households = dict.fromkeys(["affected", "need", "never"], "households")
    return tables.table(
        frame,
        caption=f"{a.focus}: the {len(frame)} provinces where most are never paid",
        headers={"name": "Province", "affected": "Hit", "need": "In need", "reached": "In need and reached",
                 "never": "Never paid", "cost": "Cost", "missing": "Still missing"},
        units={**households, "reached": "of those in need", "cost": "US$ million", "missing": "US$ million"},
        formats={"reached": str, "cost": ",.2f", "missing": ",.2f", **dict.fromkeys(households, ",.0f")},
        notes=[RANGE, "All provinces are in tables/provinces.csv and in the workbook."],
    )  # fmt: skip
