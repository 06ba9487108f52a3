"""Parts of the performance report: targeting, curves, overlap, administrative counts, official codes, sample.

Each returns a frame that may be published, or the frame and what is needed to hide its small cells.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from aspfin import indicators
from aspfin.indicators.aspire_groups import programmes_of
from aspfin.reporting.performance_data import AFTER, ALL, BEFORE, ELIGIBLE, RECEIVES, Prepared
from aspfin.reporting.performance_disclosure import (
    HIDDEN,
    VALUES,
    hide,
    hide_programmes,
    safe_curve,
    safe_table,
    splits_safely,
)
from aspfin.reporting.performance_measures import EVERYONE, MEANT, QUANTILE
from aspfin.reporting.performance_parameters import PerformanceParameters

__all__ = ["amounts", "curves", "hide_errors", "overlap", "safe_people", "sample", "targeting"]

GRID = np.linspace(0, 1, 51)
SUM = "all"
ERRORS = ["programme", "code", "name", *VALUES, "n", "denominator", "denominator_persons"]


def targeting(
    design: indicators.SurveyDesign, data: Prepared, parameters: PerformanceParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the measures of targeting by programme, and the two-by-two tables behind them (not yet safe)."""
    named = amounts(data, parameters)
    # A welfare weight (y/ȳ)^−1 is not defined at 0; then that one measure is left out.
    positive = bool((design.column(BEFORE, missing="drop")[design.in_domain] > 0).all())
    errors, people = [], []
    for programme, amount in named.items():
        gets = _receives(design, data, amount)
        if not gets.column(RECEIVES)[gets.in_domain].any():
            continue
        found = indicators.targeting(
            gets,
            eligible=ELIGIBLE,
            receives=RECEIVES,
            transfer=amount,
            welfare=BEFORE,
            inequality_aversion=1.0 if positive else 0.0,
        )
        frame = found.to_frame().assign(programme=programme)
        errors.append(frame if positive else frame[frame["code"] != "distributional_characteristic"])
        people.append(_with_sums(found.table).assign(programme=programme))
    if not errors:
        return pd.DataFrame(columns=ERRORS), pd.DataFrame(columns=["programme", "n"])
    return pd.concat(errors, ignore_index=True)[ERRORS], pd.concat(people, ignore_index=True)


def amounts(data: Prepared, parameters: PerformanceParameters) -> dict[str, str]:
    """Return the column of transfers of all programmes together and of each, by name."""
    each = {one.words: data.columns[one.column] for one in parameters.programmes}
    return {parameters.whole: ALL} | {
        name: column for name, column in each.items() if name != parameters.whole
    }


def _receives(design: indicators.SurveyDesign, data: Prepared, amount: str) -> indicators.SurveyDesign:
    """Return the design with 0 and 1 for one programme in the column of receipt."""
    made = design.domain(data.usable)  # the same design in an object of its own
    made.frame = data.frame.assign(**{RECEIVES: (data.frame[amount] > 0).astype(float)})
    return made


def _with_sums(table: pd.DataFrame) -> pd.DataFrame:
    """Return a two-by-two table with its sums over both sides."""
    words = table.assign(
        eligible=np.where(table["eligible"], "yes", "no"), receives=np.where(table["receives"], "yes", "no")
    )
    counts = ["persons", "n"]
    parts = [
        words,
        words.groupby("eligible", as_index=False)[counts].sum().assign(receives=SUM),
        words.groupby("receives", as_index=False)[counts].sum().assign(eligible=SUM),
        words[counts].sum().to_frame().T.assign(eligible=SUM, receives=SUM),
    ]
    return pd.concat(parts, ignore_index=True).astype({"n": int})


def safe_people(people: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Return the two-by-two tables without their small cells; an empty cell hides nobody."""
    columns = ["programme", "eligible", "receives", "persons", "n", HIDDEN]
    safe = []
    for programme, rows in people.groupby("programme", sort=False):
        some = rows[rows["n"] > 0].drop(columns="programme")
        shown = safe_table(some, minimum, counts="n", keys=["eligible", "receives"], totals=SUM)
        empty = rows[rows["n"] == 0].assign(**{HIDDEN: ""})
        safe.append(pd.concat([shown.assign(programme=programme), empty], ignore_index=True)[columns])
    return pd.concat(safe, ignore_index=True) if safe else pd.DataFrame(columns=columns)


OF_MONEY = ("coady_grosh_hoddinott", "distributional_characteristic")


def hide_errors(
    errors: pd.DataFrame, figures: pd.DataFrame, people: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hide rates that would give a hidden cell away, in errors and figures.

    Rates of errors go with the two-by-two table; the share of the money of the poorest 40 % goes where it
    would tell what one hidden welfare group receives.
    """
    errors, figures = errors.copy(), figures.copy()
    closed = set(people.loc[people[HIDDEN] != "", "programme"])
    money = errors["code"].isin(OF_MONEY)
    errors[HIDDEN] = np.where(errors["programme"].isin(closed) & ~money, "small", "")
    for programme in errors["programme"].unique():
        gone = hidden_groups(figures, programme)
        if gone is None or not splits_safely(gone, round(0.4 * len(gone))):
            errors.loc[money & (errors["programme"] == programme), HIDDEN] = "complementary"
    errors.loc[errors[HIDDEN] != "", [*VALUES, "n", "denominator_persons"]] = np.nan
    gone = figures["programme"].isin(closed) & (figures["by"] == MEANT) & (figures[HIDDEN] == "")
    figures.loc[gone, HIDDEN] = "complementary"
    figures.loc[gone, VALUES] = np.nan
    return errors, figures


def hidden_groups(figures: pd.DataFrame, programme: str) -> list[bool] | None:
    """Return which welfare groups' money is hidden, from the poorest; None where all of it is."""
    own = figures["programme"] == programme
    whole = figures[own & (figures["measure"] == "average_transfer") & (figures["by"] == "")]
    cells = figures[own & (figures["measure"] == "benefit_incidence") & (figures["by"] == QUANTILE)]
    if whole.empty or (whole[HIDDEN] != "").any() or cells.empty:
        return None
    return (cells[HIDDEN] != "").tolist()


def curves(
    design: indicators.SurveyDesign,
    data: Prepared,
    parameters: PerformanceParameters,
    figures: pd.DataFrame,
) -> pd.DataFrame:
    """Return the Lorenz curve of welfare and the concentration curve of each programme's money."""
    minimum = parameters.disclosure.minimum_cell
    own = indicators.lorenz(design, BEFORE, grid=GRID).to_frame()
    everybody = np.ones(int(design.in_domain.sum()), dtype=bool)
    kept = safe_curve(GRID, _reached(design, everybody), [False] * parameters.quantiles, minimum)
    found = [own[kept].assign(curve=BEFORE, programme="")]
    for programme, amount in amounts(data, parameters).items():
        gone = hidden_groups(figures, programme)
        if gone is None:
            continue
        curve = indicators.concentration_curve(design, amount, rank_by=BEFORE, grid=GRID).to_frame()
        reached = _reached(design, design.column(amount)[design.in_domain] > 0)
        kept = safe_curve(GRID, reached, gone, minimum)
        found.append(curve[kept].assign(curve=f"money from {programme}", programme=programme))
    frame = pd.concat(found, ignore_index=True).rename(columns={"estimate": "share"})
    for name in ("ci_low", "ci_high"):
        frame[name] = frame[name].clip(0, 1)
    return frame[["curve", "programme", "p", "share", "std_error", "ci_low", "ci_high"]]


def _reached(design: indicators.SurveyDesign, gets: np.ndarray) -> np.ndarray:
    """Return how many rows that receive are among the poorest p of people, for each p of the grid."""
    welfare, weights = design.column(BEFORE)[design.in_domain], design.weights[design.in_domain]
    order = np.argsort(welfare, kind="stable")
    share = np.cumsum(weights[order]) / weights.sum()
    rows = np.cumsum(gets[order])
    return np.concatenate([[0], rows])[np.searchsorted(share, GRID * (1 - 1e-12), side="right")]


def overlap(
    design: indicators.SurveyDesign, data: Prepared, parameters: PerformanceParameters
) -> pd.DataFrame:
    """Return the share of people with each combination of programmes, one true-or-false column each."""
    names = [one.words for one in parameters.programmes]
    codes = [f"p{i}" for i in range(len(names))]
    columns = [data.columns[one.column] for one in parameters.programmes]
    table = indicators.programme_overlap(design, programmes=dict(zip(codes, columns, strict=True)))
    held = np.column_stack([(design.column(one)[design.in_domain] > 0) for one in columns])
    rows = []
    for one in table:
        label = str(one.group["programmes"])
        has = [code in label.split(" + ") for code in codes]
        if not (count := int((held == has).all(axis=1).sum())):
            continue
        low, high = one.conf_int()
        values = dict(zip(VALUES, (one.value, one.std_error, low, high), strict=True))
        rows.append(
            {
                "combination": _combination(names, has),
                **dict(zip(names, has, strict=True)),
                **values,
                "n": count,
            }
        )
    # Coverage is shown elsewhere: who receives anything is a total known, and so is who receives nothing.
    minimum, total = parameters.disclosure.minimum_cell, "everyone who receives"
    frame = pd.DataFrame(rows)
    some = frame[frame[names].any(axis=1)]
    none = frame[~frame[names].any(axis=1)]
    if some.empty:
        return none.assign(**{HIDDEN: np.where(none["n"] < minimum, "small", "")})
    sums = {"combination": total, **dict.fromkeys(names, False)}
    sums |= {"estimate": some["estimate"].sum(), "n": some["n"].sum()}
    shown = {"counts": "n", "keys": ["combination"], "shown": names}
    both = [
        safe_table(pd.concat([some, pd.DataFrame([sums])], ignore_index=True), minimum, totals=total, **shown)
    ]
    if len(none):
        both.insert(0, safe_table(none, minimum, **shown))
    safe = pd.concat(both, ignore_index=True)
    return safe[safe["combination"] != total].reset_index(drop=True)


def _combination(names: list[str], has: list[bool]) -> str:
    held = [name for name, one in zip(names, has, strict=True) if one]
    return " + ".join(held) if held else "none"


def administrative(
    design: indicators.SurveyDesign,
    data: Prepared,
    parameters: PerformanceParameters,
    closed: Mapping[str, str],
) -> pd.DataFrame:
    """Return published counts beside what the survey says, with the gap, in persons or households."""
    named = {one.column: one.words for one in parameters.programmes}
    found = []
    for unit in ("persons", "households"):
        listed = [one for one in parameters.administrative if one.unit == unit]
        of_unit = design if unit == "persons" else _of_households(design, data, parameters)
        totals = {}
        for column in {one.programme for one in listed}:
            if named[column] not in closed:
                own = _receives(of_unit, data, data.columns[column])
                totals[named[column]] = indicators.total(own, RECEIVES, unit=unit)
        counts = pd.DataFrame(
            [(named[one.programme], one.count, one.date, one.source) for one in listed],
            columns=["programme", "count", "date", "source"],
        )
        if totals:
            table = indicators.administrative_against_survey(counts, totals).table
            found.append(table.assign(unit=unit))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _of_households(
    design: indicators.SurveyDesign, data: Prepared, parameters: PerformanceParameters
) -> indicators.SurveyDesign:
    """Return the design with weights that count households, not persons."""
    same = indicators.SurveyDesign(
        design.frame,
        weights=parameters.weights,
        strata=parameters.strata,
        psu=parameters.psu,
        single_psu=parameters.single_psu,
    )
    return same if data.usable.all() else same.domain(data.usable)


# ASPIRE's measures under the names of disclosure control; effects of few people's money count as money.
MEASURE_OF = {
    "cov": "coverage", "bry": "beneficiary_incidence", "ben": "benefit_incidence", "adq": "adequacy",
    **dict.fromkeys(("avt", "cba", "p0", "p1", "gini"), "average_transfer"),
}  # fmt: skip


EXTREME = r"_ep(?:_|$)"  # the group or the line of the extreme poor among the official codes


def official(
    design: indicators.SurveyDesign,
    data: Prepared,
    parameters: PerformanceParameters,
    closed: Mapping[str, str],
) -> pd.DataFrame:
    """Return the table with the official codes, safe to publish."""
    if not design.column(RECEIVES)[design.in_domain].any():
        return pd.DataFrame(columns=["programme", "code", "estimate"])
    own = design.domain(data.usable)
    formed = [name for name in ("quintile", "poor") if name in data.frame and name not in parameters.by]
    own.frame = data.frame.drop(columns=formed)  # formed from welfare, not taken from a column of that name
    named = {one.words: one.category.lower() for one in parameters.programmes}
    table = indicators.aspire_table(
        own,
        welfare=AFTER,
        transfer={one.words: data.columns[one.column] for one in parameters.programmes},
        poverty_line=parameters.line_per_day,
        by=list(dict.fromkeys(["quintile", "poor", *parameters.by])),
        programmes=named,
        pre_transfer=True,
        unit=f"{parameters.poverty_line.currency} per person and day",
    ).to_frame()
    if not parameters.poverty_line.international_extreme:
        table["code"] = table["code"].mask(table["code"].str.contains(EXTREME, case=False), "")
    return _safe_official(table, parameters.disclosure.minimum_cell, _closed_totals(named, closed))


def _closed_totals(named: Mapping[str, str], closed: Mapping[str, str]) -> dict[str, str]:
    """Return the closed programmes, with the totals that hold one of them alone."""
    _, listed = programmes_of({name: name for name in named}, named)
    told = {one.name: "complementary" for one in listed if sum(name in closed for name in one.members) == 1}
    return {**told, **closed}


def _safe_official(table: pd.DataFrame, minimum: int, closed: Mapping[str, str]) -> pd.DataFrame:
    """Return the table with the official codes without what rests on too few rows."""
    plain = pd.DataFrame(
        {
            "measure": table["indicator"].map(MEASURE_OF),
            "programme": table["programme"],
            "by": table["by"].where(table["by"] != EVERYONE, ""),
            "group": table["group"],
            **{name: table[name] for name in (*VALUES, "n")},
            "rows": table["n"],
            "received": table["n_beneficiaries"],
        }
    )
    safe = hide(plain, minimum)
    # Poor or not, receiving or not: a small cell of these four is given away by any rate.
    rest = table["n"] - table["n_beneficiaries"]
    small = table["n_beneficiaries"].between(1, minimum - 1) | rest.between(1, minimum - 1)
    split = set(table.loc[small & (table["by"] == "poor"), "programme"])
    gone = (table["by"] == "poor") & table["programme"].isin(split) & (safe[HIDDEN] == "")
    safe.loc[gone, HIDDEN] = "complementary"
    safe.loc[gone, VALUES] = np.nan
    safe = hide_programmes(safe, closed, [*VALUES, "rows", "received"])
    counts = {"n": safe["rows"], "n_beneficiaries": safe["received"]}
    return table.assign(**{name: safe[name] for name in (*VALUES, HIDDEN)}, **counts).drop(columns="n_psu")


def sample(design: indicators.SurveyDesign, data: Prepared) -> pd.DataFrame:
    """Return what the figures rest on: rows read and used, villages, strata, people."""
    used = int(design.in_domain.sum())
    rows = [
        ("rows in the data", data.rows_read),
        ("rows with welfare, used", used),
        *((f"rows used without {name}", missing) for name, missing in data.unlabelled.items()),
        ("sampling units (villages)", design.n_psu),
        ("strata", design.n_strata),
        ("people they stand for", float(design.weights[design.in_domain].sum())),
    ]
    return pd.DataFrame(rows, columns=["what", "number"])
