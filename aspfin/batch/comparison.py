"""What is said of cases side by side: figures in words, estimates raw and pooled, curves that all share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from aspfin import evaluation
from aspfin.batch.disclosure import EVERYBODY, people_of
from aspfin.batch.records import FLAG_OF_CHECK, FLAGS, CaseRecord
from aspfin.evaluation.pooling import PooledEstimates
from aspfin.reporting import style

__all__ = [
    "CURVES",
    "ComparedEstimates",
    "Curve",
    "checks_shared",
    "compare_estimates",
    "curves_of",
    "figures_shared",
    "flags_told",
    "headline_columns",
    "other_checks",
    "said",
    "without_ends",
    "written",
]

OTHER = "other_failed_check"
WHOLE = ("households", "people", "persons", "days")  # what comes in whole numbers
SHARES = ("share", "probability", "percent", "%")


@dataclass(frozen=True)
class Curve:
    """A table that every report of a kind has, drawn in one small panel for each case."""

    table: str
    x: str
    value: str
    low: str
    high: str
    words: str
    x_words: str
    log_x: bool = True


# Kind of report → the curve that its cases share. Kinds that are not listed show headline figures instead.
CURVES: Mapping[str, Curve] = {
    "financing": Curve(
        "need_by_return_period", "return_period", "need_usd", "need_low_usd", "need_high_usd",
        "What supporting those affected costs in a year, the rarer the higher", "once in so many years",
    ),
}  # fmt: skip


def headline_columns(records: Sequence[CaseRecord]) -> list[dict[str, str]]:
    """Return name, label and unit of every headline figure that some report gives, in their order."""
    found = {name: figure for one in records for name, figure in one.figures.items()}
    return [
        {"name": name, "label": str(one.get("label", name)), "unit": str(one.get("unit") or "")}
        for name, one in found.items()
        if any(np.isfinite(case.value(name)) or name in case.hidden for case in records)
    ]


def without_ends(columns: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the figures without those that are the ends of another's interval.

    Examples
    --------
    >>> names = ("effect", "effect_low", "effect_high", "dry")
    >>> [one["name"] for one in without_ends([{"name": name} for name in names])]
    ['effect', 'dry']
    """
    names = {one["name"] for one in columns}
    ends = {f"{name}_{end}" for name in names for end in ("low", "high")}
    return [dict(one) for one in columns if one["name"] not in ends]


def written(value: float, unit: str) -> str:
    """Write a figure in the words of its unit.

    Examples
    --------
    >>> written(2.5e6, "USD per year"), written(0.05, "probability"), written(66.4, "households")
    ('US$ 2.5 million', '5 %', '66')
    """
    if not np.isfinite(value):
        return "–"
    if unit.startswith(("USD", "US$")):
        return style.usd(value)
    if unit.split(" ")[0] in SHARES:
        return style.percent(value) if value >= 0 else f"−{style.percent(-value)}"
    return style.count(round(value) if unit in WHOLE and abs(value) >= 1 else value)


def said(value: float, unit: str) -> str:
    """Write a figure as it stands in a sentence, with its unit.

    Examples
    --------
    >>> said(66.4, "households"), said(0.05, "share"), said(2e6, "USD"), said(49.1, "billion KHR in 2025")
    ('66 households', '5 %', 'US$ 2 million', '49.1 billion KHR')
    """
    text, unit = written(value, unit), unit_above(unit).split(" in ")[0]  # when, or of what, the tables say
    return f"{text} {unit}" if unit and np.isfinite(value) else text


def unit_above(unit: str) -> str:
    """Return the unit that stands above a column; none where each figure shows it (`written`).

    Examples
    --------
    >>> unit_above("share"), unit_above("USD per year"), unit_above("households")
    ('', '', 'households')
    """
    return "" if unit.startswith(("USD", "US$")) or unit.split(" ")[0] in SHARES else unit


def flags_told(records: Sequence[CaseRecord]) -> tuple[list[str], dict[str, list[str]]]:
    """Return flags that all reports made share, and for each case (by name) its own, as keys of `FLAGS`.

    That another check failed is told of a case only where it is not a check that all fail (`checks_shared`).

    Examples
    --------
    >>> one = CaseRecord("financing", "a", "A", flags=("few_clusters", "unverified_inputs"))
    >>> flags_told([one, CaseRecord("financing", "b", "B", flags=("unverified_inputs",))])
    (['unverified_inputs'], {'a': ['few_clusters'], 'b': []})
    """
    made = [one for one in records if one.made]
    shared = [flag for flag in FLAGS if len(made) > 1 and all(flag in one.flags for one in made)]
    known = set(checks_shared(records))
    own = {
        one.name: [
            flag
            for flag in one.flags
            if (flag not in shared if flag != OTHER else set(other_checks(one)) - known)
        ]
        for one in records
    }
    return [flag for flag in shared if flag != OTHER], own


def other_checks(one: CaseRecord) -> list[str]:
    """Return the failed checks of a case that have no flag of their own."""
    return [name for name in one.failed_checks if name not in FLAG_OF_CHECK]


def checks_shared(records: Sequence[CaseRecord]) -> list[str]:
    """Return the checks without a flag of their own that fail in every report made.

    Examples
    --------
    >>> one = CaseRecord("financing", "a", "A", failed_checks=("number of events", "fit"))
    >>> checks_shared([one, CaseRecord("financing", "b", "B", failed_checks=("number of events",))])
    ['number of events']
    """
    made = [one for one in records if one.made]
    if len(made) < 2:
        return []
    return [name for name in other_checks(made[0]) if all(name in one.failed_checks for one in made)]


def figures_shared(records: Sequence[CaseRecord]) -> list[str]:
    """Return the names of headline figures that are the same in every report made: no comparison to make."""
    made = [one for one in records if one.made]
    names = [column["name"] for column in headline_columns(made)]
    return [name for name in names if len(made) > 1 and len({one.value(name) for one in made}) == 1]


@dataclass(frozen=True, eq=False)
class ComparedEstimates:
    """One estimate of each of several cases: raw, pooled, and with p-values for having looked at all of them.

    Attributes
    ----------
    name, label, unit : str
        Which estimate.
    table : DataFrame
        case, label, estimate, std_error, ci_low, ci_high, p_value, holm, q_value, own_share, pooled,
        pooled_ci_low, pooled_ci_high, n_obs, n_clusters; missing where it does not apply.
    pooled : PooledEstimates or None
        None where the cases speak of the same people: their estimates are not independent.
    left_out : int
        Reports made that have no such estimate, or show none.
    """

    name: str
    label: str
    unit: str
    table: pd.DataFrame
    pooled: PooledEstimates | None
    left_out: int

    @property
    def tested(self) -> bool:
        """Whether the estimates have p-values."""
        return bool(self.table["p_value"].notna().all())


def compare_estimates(records: Sequence[CaseRecord]) -> ComparedEstimates | None:
    """Return the main estimates of the cases side by side; None where fewer than two have one.

    The estimate compared is the one that leads most reports, or, where that is the same in all, the next that
    differs. Cases are pooled only if each speaks of other people; a national case is left out of the pooling,
    for it holds the others.

    Parameters
    ----------
    records : sequence of CaseRecord
        As `disclosure.protect` leaves them, so that a pooled mean tells nothing of a hidden case.
    """
    made = [one for one in records if one.made]
    leads = [str(one.estimates[0]["name"]) for one in made if one.estimates]
    if not leads:
        return None
    lead = max(dict.fromkeys(leads), key=leads.count)
    further = [str(e["name"]) for one in made for e in one.estimates]
    for name in dict.fromkeys([lead, *further]):
        found = [(one, e) for one in made for e in one.estimates if e["name"] == name and _known(e)]
        if len({e["estimate"] for _, e in found}) > 1:
            break
    else:
        return None
    numbers = ["estimate", "std_error", "ci_low", "ci_high", "p_value", "n_obs", "n_clusters"]
    table = pd.DataFrame([{column: e[column] for column in numbers} for _, e in found]).astype(float)
    table.insert(0, "case", [one.name for one, _ in found])
    table.insert(1, "label", [one.label for one, _ in found])
    for column, method in (("holm", "holm"), ("q_value", "anderson_q")):
        table[column] = _adjusted(table["p_value"], method)
    pooled = _pooled(table, [people_of(one) for one, _ in found])
    drawn = ["own_share", "pooled", "pooled_ci_low", "pooled_ci_high"]
    table[drawn] = np.nan
    if pooled is not None:
        table[drawn] = pooled.table.set_index("name")[drawn].reindex(table["case"]).to_numpy()
    label, unit = str(found[0][1]["label"]), str(found[0][1]["unit"] or "")
    return ComparedEstimates(name, label, unit, table, pooled, len(made) - len(found))


def _known(estimate: Mapping[str, Any]) -> bool:
    value, error = estimate["estimate"], estimate["std_error"]
    return value is not None and error is not None and error > 0


def _adjusted(p: pd.Series, method: str) -> np.ndarray:
    if p.isna().any():
        return np.full(len(p), np.nan)
    table = evaluation.adjust_p_values(p.tolist(), method=method)
    return table["adjusted_p_value"].to_numpy()


def _pooled(table: pd.DataFrame, people: Sequence[str]) -> PooledEstimates | None:
    """Pool the cases that speak of other people each; the nation holds the others and is left out."""
    apart = np.array([one != EVERYBODY for one in people])
    kept = [one for one in people if one != EVERYBODY]
    if len(kept) < 2 or len(set(kept)) < len(kept):
        return None
    part = table[apart]
    return evaluation.partial_pooling(part["estimate"], part["std_error"], names=part["case"].tolist())


def curves_of(records: Sequence[CaseRecord], folder: Path) -> pd.DataFrame | None:
    """Return the curve that all cases share: panel, x, value, low, high; None where there is none.

    A case of which anything is hidden (`disclosure.protect`) has no tables, and then none is drawn.

    Parameters
    ----------
    records : sequence of CaseRecord
    folder : Path
        Folder of the batch.
    """
    made = [one for one in records if one.made]
    curve = CURVES.get(made[0].kind) if made else None
    if curve is None or any(curve.table not in one.tables for one in made):
        return None
    places = [folder / one.name / "tables" / f"{curve.table}.csv" for one in made]
    if not all(place.is_file() for place in places):  # taken away since
        return None
    parts = []
    for one, place in zip(made, places, strict=True):
        frame = pd.read_csv(place)
        columns = {curve.x: "x", curve.value: "value", curve.low: "low", curve.high: "high"}
        if not set(columns) <= set(frame.columns):
            return None
        parts.append(frame[list(columns)].rename(columns=columns).assign(panel=one.label))
    found = pd.concat(parts, ignore_index=True).astype({"x": float, "value": float})
    found = found[found[["x", "value"]].notna().all(axis=1)]
    return found if found[["low", "high"]].notna().all(axis=None) else found.drop(columns=["low", "high"])
