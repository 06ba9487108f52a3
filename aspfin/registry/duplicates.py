"""People entered twice on one list, households with two payees, and the money that goes with them.

Whether two records are of one person is known with a probability. So pairs are drawn, each with its
probability, people are formed from the pairs drawn, and what is counted is told with its range over draws.
Of the payments to a person the largest is kept, the others are surplus: what correcting would save at least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.results import ResultMixin

if TYPE_CHECKING:
    from aspfin.registry.linkage import Linkage

__all__ = ["Duplicates", "duplicates", "repeated_rows"]

TOTAL = "all lists"
PERSON, HOUSEHOLD = "same person", "same household"
NUMBERS = ["records", "records_low", "records_high", "amount", "amount_low", "amount_high"]


@dataclass(frozen=True, eq=False, repr=False)
class Duplicates(ResultMixin):
    """Records beyond one per person, or per household, and their money.

    Attributes
    ----------
    table : DataFrame
        One row per list and kind (same person, same household), and for all lists together: list_id, kind,
        listed (records of the list), records, records_low, records_high (surplus records: mean and 95 per
        cent of the draws), paid (riel on the list), amount, amount_low, amount_high (riel on surplus
        records). Money is missing for a list without amounts, and is not zero.
    draws : int
        How often the doubtful pairs were drawn.
    without_amounts : tuple of str
        Lists that hold no amounts.
    calibrated : bool
        Whether probabilities were corrected by labelled pairs; if not, they are the model's own.

    Examples
    --------
    >>> from aspfin.registry import link
    >>> people = pd.DataFrame({"list_id": "a", "record_id": ["1", "2", "3"], "amount": [80.0, 90, 7],
    ...     "name_latin": ["Sok Dara", "Sok Dara", "Chan Pisey"], "village_code": "KH01020304",
    ...     "birth_date": ["1990-04-03"] * 2 + ["1985-02-01"], "person_id": ["123456789"] * 2 + [None]})
    >>> found = duplicates(link(people))
    >>> found.table[["list_id", "listed", "paid"]].to_numpy().tolist()
    [['a', 3, 177.0], ['all lists', 3, 177.0]]
    """

    table: pd.DataFrame
    draws: int
    without_amounts: tuple[str, ...]
    calibrated: bool

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()

    def row(self, list_id: str = TOTAL, kind: str = PERSON) -> pd.Series:
        """Return one row; missing values where there is none."""
        found = self.table[(self.table.list_id == list_id) & (self.table.kind == kind)]
        return found.iloc[0] if len(found) else pd.Series(np.nan, index=self.table.columns)

    def sentence(self) -> str:
        """Return the answer in prose."""
        whole = self.row()
        money = (
            f" They carry {whole.amount:,.0f} riel ({whole.amount_low:,.0f} to {whole.amount_high:,.0f})."
            if np.isfinite(whole.amount)
            else " The lists hold no amounts."
        )
        return (
            f"{whole.records:,.0f} records ({whole.records_low:,.0f} to {whole.records_high:,.0f}) repeat a "
            f"person of the same list.{money}"
        )


def duplicates(
    linkage: Linkage, *, one_per_household: Sequence[str] = (), draws: int = 500, seed: int = 0
) -> Duplicates:
    """Count surplus records on each list, and the money on them.

    Parameters
    ----------
    linkage : Linkage
        Its pairs within lists, linked or not, count with their probabilities.
    one_per_household : sequence of str
        Lists that should hold one record per household number; a second person under the same number is
        surplus there. Numbers are taken as written, so this part has no range.
    draws : int
        20 or more.
    seed : int

    Returns
    -------
    Duplicates

    Raises
    ------
    ValueError
        Too few draws, or a list that is not among those linked.
    """
    if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 20:
        raise ValueError(f"draws: got {draws!r}; allowed: a whole number, 20 or more")
    records = linkage.clusters[["list_id"]].astype("str").assign(person=linkage.clusters["person"])
    amount = linkage.records["amount"] if "amount" in linkage.records else np.full(len(records), np.nan)
    records["amount"] = np.asarray(amount, dtype=float)
    names = sorted(records.list_id.unique())
    for name in one_per_household:
        if name not in names:
            raise ValueError(f"one_per_household: got {name!r}; allowed: {', '.join(names)}")
    left, right, chance = _within(linkage)
    drawn = _drawn(records, left, right, chance, names, int(draws), int(seed))
    rows = [_row(name, PERSON, records, names, *drawn) for name in [*names, TOTAL]]
    rows += [_household(name, linkage, records) for name in sorted(set(one_per_household))]
    paid = records.groupby("list_id")["amount"].count()
    without = tuple(name for name in names if not paid[name])
    columns = ["list_id", "kind", "listed", *NUMBERS[:3], "paid", *NUMBERS[3:]]
    table = pd.DataFrame(rows)[columns]
    return Duplicates(table, int(draws), without, bool(linkage.calibration))


def _within(linkage: Linkage) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the pairs of records of one list, by position, with their probabilities."""
    pairs = linkage.pairs[linkage.pairs.list_id_l.astype("str") == linkage.pairs.list_id_r.astype("str")]
    at = pd.MultiIndex.from_frame(linkage.clusters[["list_id", "record_id"]])
    places = [
        at.get_indexer(pd.MultiIndex.from_frame(pairs[[f"list_id_{side}", f"record_id_{side}"]]))
        for side in ("l", "r")
    ]
    return places[0], places[1], pairs["probability"].to_numpy(dtype=float)


def _drawn(
    records: pd.DataFrame,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    chance: NDArray[np.float64],
    names: list[str],
    draws: int,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return surplus records and surplus money, each of shape (draws, lists)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    nodes, ends = np.unique(np.concatenate([left, right]), return_inverse=True)
    size, rng = nodes.size, np.random.default_rng(seed)
    counts, money = np.zeros((draws, len(names))), np.zeros((draws, len(names)))
    if not size:
        return counts, money
    of = np.searchsorted(names, records["list_id"].to_numpy()[nodes].astype(str))
    paid = np.nan_to_num(records["amount"].to_numpy()[nodes])
    for draw in range(draws):
        kept = rng.random(chance.size) < chance
        ties = (np.ones(int(kept.sum()), dtype=np.int8), (ends[: left.size][kept], ends[left.size :][kept]))
        people, label = connected_components(coo_array(ties, shape=(size, size)), directed=False)
        first = np.full(people, size)
        np.minimum.at(first, label, np.arange(size))
        list_of = of[first]
        most = np.zeros(people)
        np.maximum.at(most, label, paid)
        beyond = np.bincount(label, minlength=people) - 1
        surplus = np.bincount(label, weights=paid, minlength=people) - most
        counts[draw] = np.bincount(list_of, weights=beyond, minlength=len(names))
        money[draw] = np.bincount(list_of, weights=surplus, minlength=len(names))
    return counts, money


def _row(
    name: str,
    kind: str,
    records: pd.DataFrame,
    names: list[str],
    counts: NDArray[np.float64],
    money: NDArray[np.float64],
) -> dict[str, object]:
    whole = name == TOTAL
    own = records if whole else records[records.list_id == name]
    place = slice(None) if whole else [names.index(name)]
    held = own["amount"].notna().any()
    told: dict[str, object] = {"list_id": name, "kind": kind, "listed": len(own)}
    told["paid"] = float(own["amount"].sum()) if held else np.nan
    for what, values, known in (("records", counts, True), ("amount", money, held)):
        drawn = values[:, place].sum(axis=1)
        low, high = np.quantile(drawn, [0.025, 0.975])
        mean = float(drawn.mean())
        found = (mean, float(low), float(high)) if known else (np.nan,) * 3
        told |= dict(zip((what, f"{what}_low", f"{what}_high"), found, strict=True))
    return told


def _household(name: str, linkage: Linkage, records: pd.DataFrame) -> dict[str, object]:
    """Return second and further people under one household number; one payment, the largest, is kept."""
    own = records.list_id == name
    numbers = linkage.records.get("household_id")
    listed = records[own]
    told = {"list_id": name, "kind": HOUSEHOLD, "listed": len(listed)}
    held = listed["amount"].notna().any()
    told["paid"] = float(listed["amount"].sum()) if held else np.nan
    if numbers is None:
        return {**told, **dict.fromkeys(NUMBERS, np.nan)}
    listed = listed.assign(number=numbers[own].to_numpy()).dropna(subset="number")
    # Repeats of one person are counted above: here each person has one record, with the largest payment.
    people = listed.groupby(["number", "person"], as_index=False)["amount"].max()
    homes = people.groupby("number")["amount"].agg(["size", "sum", "max"])
    count = float((homes["size"] - 1).sum())
    money = float((homes["sum"] - homes["max"]).sum()) if held else np.nan
    return {**told, **dict.fromkeys(NUMBERS[:3], count), **dict.fromkeys(NUMBERS[3:], money)}


def repeated_rows(linkage: Linkage) -> pd.DataFrame:
    """Return the records that repeat a person of their own list, by file and row, for the office to compare.

    Returns
    -------
    DataFrame
        list_id, source_file, row, other_row (of the person's first record on the list), surest_link. No name,
        number or value.

    Examples
    --------
    >>> from aspfin.registry import link
    >>> people = pd.DataFrame({"list_id": "a", "record_id": ["1", "2"], "person_id": "123456789",
    ...     "row": [2, 3], "source_file": "a.csv", "name_latin": "Sok Dara", "birth_date": "1990-04-03"})
    >>> repeated_rows(link(people)).columns.tolist()
    ['list_id', 'source_file', 'row', 'other_row', 'surest_link']
    """
    table = linkage.clusters[["list_id", "person", "surest_link"]].copy()
    table[["source_file", "row"]] = linkage.records[["source_file", "row"]].to_numpy()
    table = table.sort_values(["list_id", "row"], kind="stable")
    first = table.groupby(["list_id", "person"])["row"].transform("first")
    again = table.assign(other_row=first)[table["row"] != first]
    return again[["list_id", "source_file", "row", "other_row", "surest_link"]].reset_index(drop=True)
