"""What the report found beside what is true, where lists are made up and the truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.registry.duplicates import HOUSEHOLD, PERSON, TOTAL

if TYPE_CHECKING:
    from aspfin.registry.duplicates import Duplicates
    from aspfin.registry.linkage import Linkage
    from aspfin.registry.overlap import Overlap
    from aspfin.reporting.registry_inputs import Loaded, Truth
    from aspfin.reporting.registry_parameters import RegistryParameters

__all__ = ["truth_table"]

COLUMNS = ["measure", "of", "found", "low", "high", "true", "unit"]
UNITS = {"person": "people", "household": "households"}


def truth_table(
    loaded: Loaded,
    linkage: Linkage,
    who: Overlap,
    twice: Duplicates,
    missed: pd.DataFrame,
    parameters: RegistryParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return found and true figures side by side, and precision and recall of the links; empty without truth.

    Returns
    -------
    tuple of DataFrame
        measure, of (list, or lists), found, low, high, true, unit; and measure, estimate, ci_low, ci_high.
    """
    if loaded.truth is None:
        return pd.DataFrame(columns=COLUMNS), pd.DataFrame(
            columns=["measure", "estimate", "ci_low", "ci_high"]
        )
    from aspfin import registry

    truth, keys = loaded.truth, ["list_id", "record_id"]
    records = truth.records.astype({name: "str" for name in keys})
    paid = linkage.records[[*keys, "amount"]].astype({name: "str" for name in keys})
    records = records.merge(paid, on=keys)
    rows = [("people on any list", "", linkage.n_persons, *_none(), records["person"].nunique(), "people")]
    unit = UNITS[who.unit]
    true_units = records.groupby(who.unit)["list_id"].nunique()
    rows.append((f"{unit} on several lists", "", who.on_several, *_none(), int((true_units > 1).sum()), unit))
    rows += _surplus(records, twice)
    rows += _rights(records, who, parameters)
    rows += _missed(truth, missed)
    told = pd.DataFrame(rows, columns=COLUMNS)
    return told, registry.evaluate(linkage, truth.records).to_frame()


def _none() -> tuple[float, float]:
    return np.nan, np.nan


def _surplus(records: pd.DataFrame, twice: Duplicates) -> list[tuple]:
    """Return surplus records and their money, by the same rule among the true people."""
    people = records.groupby(["list_id", "person"])["amount"].agg(["size", "sum", "max"])
    found = twice.row(TOTAL, PERSON)
    held = people[people["sum"] > 0]
    rows = [
        ("records that repeat a person", "", found.records, found.records_low, found.records_high,
         int((people["size"] - 1).sum()), "records"),
        ("money on them", "", found.amount, found.amount_low, found.amount_high,
         float((held["sum"] - held["max"]).sum()), "riel"),
    ]  # fmt: skip
    second = twice.table[twice.table["kind"] == HOUSEHOLD]
    for one in second.itertuples():
        own = records[(records.list_id == one.list_id) & (records.paid_twice == 1)]
        true = int(own["person"].nunique())
        rows.append(("second payees of a household", one.list_id, one.records, *_none(), true, "people"))
    return rows


def _rights(records: pd.DataFrame, who: Overlap, parameters: RegistryParameters) -> list[tuple]:
    rows = []
    for one in parameters.rights:
        missing, _ = who.missing_from(one.list, one.because_on)
        on = {name: set(part) for name, part in records.groupby("list_id")[who.unit]}
        true = len(on[one.because_on] - on[one.list])
        rows.append(
            (f"on {one.because_on}, not on this list", one.list, missing, *_none(), true, UNITS[who.unit])
        )
    return rows


def _missed(truth: Truth, missed: pd.DataFrame) -> list[tuple]:
    """Return people on neither list: those with a right to both, and those with a right to either."""
    rows, persons = [], truth.persons
    for one in missed.itertuples():
        first, second = (persons[f"eligible_{name}"] for name in (one.first, one.second))
        neither = ~(persons[f"in_{one.first}"] | persons[f"in_{one.second}"])
        of, estimate = f"{one.first}, {one.second}", (one.estimate, one.ci_low, one.ci_high)
        for words, right in (
            (f"with a right to {one.second}", second),
            ("with a right to either", first | second),
        ):
            true = int((right & neither).sum())
            rows.append((f"on neither list, {words}", of, *estimate, true, "people"))
    return rows
