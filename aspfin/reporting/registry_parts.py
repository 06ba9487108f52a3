"""The parts of a registry analysis: each makes one table, and hides in it what is about too few people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aspfin.registry.duplicates import repeated_rows
from aspfin.registry.overlap import rounded
from aspfin.results import Check

if TYPE_CHECKING:
    from aspfin.registry.ageing import Ageing
    from aspfin.registry.duplicates import Duplicates
    from aspfin.registry.fragmentation import Fragmentation
    from aspfin.registry.linkage import Linkage
    from aspfin.registry.overlap import Overlap
    from aspfin.registry.quality import Quality
    from aspfin.registry.work_list import WorkList
    from aspfin.reporting.registry_inputs import Loaded
    from aspfin.reporting.registry_parameters import RegistryParameters

__all__ = [
    "ageing",
    "checks_of",
    "disclosure_checks",
    "hide",
    "missed",
    "quality",
    "readiness",
    "repeated_rows",
    "rights",
    "safe",
]

MONTH = 365.2425 / 12


def hide(frame: pd.DataFrame, counts: Sequence[str], with_them: Sequence[str], minimum: int) -> pd.DataFrame:
    """Return the table with rows that are about too few people without figures.

    Parameters
    ----------
    counts
        Columns of counts; from 1 to below the minimum a count is hidden, and what stands beside it.
    with_them
        Further columns that would tell it.

    Examples
    --------
    >>> table = pd.DataFrame({"people": [3.0, 30.0, 0.0], "share": [0.1, 0.5, 0.0]})
    >>> hide(table, ["people"], ["share"], 10).isna().sum(axis=1).tolist()
    [2, 0, 0]
    """
    shown = frame.copy()
    few = np.zeros(len(shown), dtype=bool)
    for name in counts:
        value = shown[name].to_numpy(dtype=float, na_value=np.nan)
        few |= (value > 0) & (value < minimum)
    for name in (*counts, *with_them):
        shown[name] = shown[name].astype("float64").mask(few)
    return shown


def quality(loaded: Loaded, linkage: Linkage, parameters: RegistryParameters) -> Quality:
    """Return how good the lists are, with the linked persons as those who are the same."""
    from aspfin import registry

    own = parameters.quality
    rules = {
        "max_age_months": {"all": own.max_age_months},
        "one_per_household": parameters.one_per_household,
        "office": own.office,
        "smallest_office": parameters.disclosure.minimum_cell,
        **({"as_of": own.as_of} if own.as_of else {}),
    }
    return registry.assess(loaded.lists, rules, persons=linkage.clusters)


def rights(who: Overlap, parameters: RegistryParameters) -> pd.DataFrame:
    """Return how many are not on a list though another says they should be."""
    rows = []
    for one in parameters.rights:
        missing, of = who.missing_from(one.list, one.because_on)
        rows.append((one.list, one.because_on, one.who, of, missing, missing / of if of else np.nan))
    return pd.DataFrame(rows, columns=["list_id", "because_on", "who", "units", "missing", "share"])


def missed(linkage: Linkage, parameters: RegistryParameters) -> pd.DataFrame:
    """Return how many people are on neither of two lists, corrected by the model's own missed links."""
    from aspfin import registry
    from aspfin.registry.unlisted import likely_recall

    recall = likely_recall(linkage)
    frames = [
        registry.unlisted(linkage, one.first, one.second, recall=recall).to_frame().assign(who=one.who)
        for one in parameters.missed
    ]
    columns = ["first", "second", "who", "listed", "estimate", "ci_low", "ci_high", "share", "recall"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def ageing(
    loaded: Loaded, who: Overlap, parameters: RegistryParameters, as_of: pd.Timestamp
) -> tuple[Ageing, pd.DataFrame]:
    """Return what lists lose with time, and how old the records of each are."""
    from aspfin import registry
    from aspfin.registry.ageing import OnDemand

    own = parameters.ageing
    told = registry.exclusion_by_age(
        on_demand=OnDemand(waiting_months=own.waiting_months, reached=own.reached),
        round_months=own.round_months,
        months=2 * own.round_months,
        eligible=max(float(who.by_list.units.max()), 1.0),
    )
    rows = []
    for name, one in loaded.lists.items():
        last = one.frame[["registered_on", "updated_on"]].max(axis=1)
        months = ((as_of - last).dt.days / MONTH).clip(lower=0)
        rows.append((name, float(months.median()), float((months > own.round_months).mean())))
    return told, pd.DataFrame(rows, columns=["list_id", "months", "share_older_than_round"])


def readiness(loaded: Loaded) -> dict[str, pd.DataFrame]:
    """Return which fields of the exchange standard each list could serve, and how many core ones."""
    from aspfin import registry

    told = registry.exchange_readiness(loaded.lists)
    return {"readiness": told.fields, "ready": told.scores}


def safe(
    who: Overlap,
    twice: Duplicates,
    broken: Fragmentation,
    judged: Quality,
    work: WorkList,
    linkage: Linkage,
    parameters: RegistryParameters,
) -> dict[str, Any]:
    """Return the tables of counts, small ones hidden and totals rounded so that they give none away."""
    minimum = parameters.disclosure.minimum_cell
    several = who.pairs.assign(share=who.pairs["share"].round(2))
    last = broken.over_time.iloc[-1]
    money = ["records_low", "records_high", "amount", "amount_low", "amount_high"]
    flaws = ["points", "points_per_row", "amount", "share"]
    return {
        "lists": _lists(linkage, who),
        "totals": {
            "records": float(linkage.n_records),
            "persons": rounded(linkage.n_persons),
            "units": rounded(who.n_units),
            "on_several": rounded(who.on_several),
            "index": float(last["index"]),
            "unjoined": float(last["unjoined"]),
            "contradictory": float(last["contradictory"]),
            "pairs": rounded(float(last["pairs"])),
        },
        "combinations": who.published(minimum=minimum),
        "sizes": {row.list_id: rounded(row.units) for row in who.by_list.itertuples()},
        "pairs": hide(several.rename(columns={"both": "units"}), ["units"], ["share"], minimum).drop(
            columns="units"
        ),
        "duplicates": hide(twice.table, ["records"], money, minimum),
        "rights": hide(rights(who, parameters), ["missing"], ["share"], minimum),
        "over_time": hide(
            broken.over_time.drop(columns="persons"),
            ["pairs"],
            ["unjoined", "contradictory", "index"],
            minimum,
        ),
        "by_pair": hide(broken.by_pair, ["pairs"], ["unjoined", "contradictory", "index"], minimum),
        "inconsistencies": hide(broken.inconsistencies, ["compared", "differ"], ["share"], minimum),
        "scores": judged.scores.drop(columns=["linked_records"]),
        "offices": judged.offices[judged.offices["records"] >= minimum].reset_index(drop=True),
        "problems": hide(judged.problems, ["rows"], flaws, minimum),
        "first": hide(work.summary, ["rows"], ["points", "points_so_far", "amount"], minimum),
    } | {"repeated": repeated_rows(linkage)}


def _lists(linkage: Linkage, who: Overlap) -> pd.DataFrame:
    table = linkage.to_frame().set_index("list_id").loc[list(who.members)].reset_index()
    for name in ("persons", "elsewhere"):
        table[name] = [rounded(value) for value in table[name]]
    table["share_elsewhere"] = (table["elsewhere"] / table["persons"]).round(2)
    return table.drop(columns="repeated")


def checks_of(loaded: Loaded, linkage: Linkage, evaluation: pd.DataFrame) -> tuple[Check, ...]:
    """Return what was checked about the files and the links."""
    files = loaded.files
    lost = int((~files["balanced"]).sum())
    checks = [
        Check(
            "rows reconcile",
            "Is every row of every file read, or told to be left out?",
            lost == 0,
            statistic=float(lost),
            text=f"{int(files.rows_in_file.sum()):,} rows in {len(files)} files, "
            f"{int(files.records.sum()):,} records, "
            f"{int(files.rows_not_read.sum() + files.rejected.sum()):,} left out",
        ),
        *linkage.checks,
    ]
    for row in evaluation.itertuples():
        least = {"precision": 0.99, "recall": 0.90}.get(row.measure)
        if least is not None:
            checks.append(
                Check(
                    f"{row.measure} of the links",
                    f"Is {row.measure} against the known truth at least {100 * least:.0f} %?",
                    bool(row.estimate >= least),
                    statistic=float(row.estimate),
                    text=f"{100 * row.estimate:.1f} % ({100 * row.ci_low:.1f} to {100 * row.ci_high:.1f})",
                )
            )
    return tuple(checks)


def disclosure_checks(found: dict[str, Any], minimum: int) -> tuple[Check, ...]:
    """Return whether any count below the minimum, or any column of personal data, is in a table shown."""
    from aspfin.registry.schema import IDENTIFIERS

    counted = ("units", "missing", "rows", "compared", "differ", "pairs")
    small, telling = 0, []
    for name, table in found.items():
        if not isinstance(table, pd.DataFrame):
            continue
        telling += [f"{name}.{column}" for column in table if column in IDENTIFIERS]
        for column in set(counted) & set(table.columns):
            value = table[column].to_numpy(dtype=float, na_value=np.nan)
            small += int(((value > 0) & (value < minimum)).sum())
    return (
        Check(
            "small counts",
            f"Is no count below {minimum} shown?",
            small == 0,
            statistic=float(small),
            text=f"{small} shown",
        ),
        Check(
            "personal data",
            "Is no column with names, numbers of people or birthdays in what is shown?",
            not telling,
            statistic=float(len(telling)),
            text=", ".join(telling) or "none",
        ),
    )
