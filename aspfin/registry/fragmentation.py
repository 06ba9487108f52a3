"""How fragmented the lists are: what they say of one person, whether a number joins it, and how that grew.

Of every two records that two lists hold of one person it is asked whether they share a number by which a
computer could join them, and whether they say the same. The index is the share, in per cent, of those that
cannot be joined or do not agree: 0 where any list could answer for any other, 100 where none could.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.results import ResultMixin

if TYPE_CHECKING:
    from aspfin.registry.linkage import Linkage

__all__ = ["ATTRIBUTES", "NUMBERS", "Fragmentation", "fragmentation"]

# What two records of one person should agree on: name in the tables → words.
ATTRIBUTES = {
    "sex": "sex",
    "birth_year": "year of birth",
    "birth_date": "day of birth",
    "province": "province",
    "village_code": "village",
    "name": "spelling of the name",
}
CONTRADICTIONS = ("sex", "birth_year", "province")  # no spelling, no move next door explains these
NUMBERS = ("person_id", "household_id")


@dataclass(frozen=True, eq=False, repr=False)
class Fragmentation(ResultMixin):
    """How far the lists are from one picture.

    Attributes
    ----------
    over_time : DataFrame
        One row per day asked for: day, records, persons, records_per_person, pairs (of records that two lists
        hold of one person), unjoined (share without a common number), contradictory (share that disagrees on
        sex, year of birth or province), index (per cent).
    by_pair : DataFrame
        The same of every two lists at the last day: list_id, other, pairs, unjoined, contradictory, index.
    inconsistencies : DataFrame
        attribute, list_id, other, compared (pairs in which both have it), differ, share. Lists "all" and
        "all": all pairs of lists together.
    undated : int
        Records without a day of registration: counted on every day.

    Examples
    --------
    >>> from aspfin.registry import link
    >>> people = pd.DataFrame({"list_id": ["a", "b"], "record_id": ["1", "1"], "sex": ["male", "female"],
    ...     "name_latin": "Sok Dara", "person_id": "123456789", "birth_date": "1990-04-03"})
    >>> print(fragmentation(link(people)))
    Of 1 pair of records that two lists hold of one person, 0 per cent share no number and 100 per cent
    contradict each other: an index of 100 of 100.
    """

    over_time: pd.DataFrame
    by_pair: pd.DataFrame
    inconsistencies: pd.DataFrame
    undated: int

    @property
    def index(self) -> float:
        """The index at the last day, 0 to 100; missing where no person is on two lists."""
        return float(self.over_time["index"].iloc[-1])

    def to_frame(self) -> pd.DataFrame:
        """Return the index over time."""
        return self.over_time.copy()

    def sentence(self) -> str:
        """Return the answer in prose."""
        last = self.over_time.iloc[-1]
        if not last.pairs:
            return "No person is on two lists."
        many = f"{last.pairs:,.0f} pair{'' if last.pairs == 1 else 's'}"
        return (
            f"Of {many} of records that two lists hold of one person, {100 * last.unjoined:.0f} per cent "
            f"share no number and {100 * last.contradictory:.0f} per cent contradict each other: an index of "
            f"{last['index']:.0f} of 100."
        )


def fragmentation(linkage: Linkage, *, days: object = None) -> Fragmentation:
    """Measure fragmentation, now and as the lists grew.

    Parameters
    ----------
    linkage : Linkage
    days : sequence of dates, optional
        Days at which to measure; a record counts from its day of registration. By default the ends of the
        years in which anybody was registered (at most nine, the last ones), and the last day.

    Returns
    -------
    Fragmentation

    Raises
    ------
    ValueError
        Days that are no dates.
    """
    records = _records(linkage)
    pairs = _pairs(records)
    wanted = _days(records["day"], days)
    rows = [_at(day, records, pairs) for day in wanted]
    over_time = pd.DataFrame(rows)
    return Fragmentation(
        over_time=over_time,
        by_pair=_by_pair(pairs),
        inconsistencies=_inconsistencies(pairs),
        undated=int(records["day"].isna().sum()),
    )


def _records(linkage: Linkage) -> pd.DataFrame:
    """Return the records with their person, day of registration and what is compared."""
    full = linkage.records
    table = linkage.clusters[["list_id", "person"]].reset_index(drop=True)
    table["list_id"] = table["list_id"].astype("str")
    for name in (*NUMBERS, "sex", "birth_year", "province", "village_code"):
        table[name] = full[name].to_numpy() if name in full else None
    day = full["registered_on"] if "registered_on" in full else pd.Series(pd.NaT, index=full.index)
    table["day"] = pd.to_datetime(day).to_numpy()
    table["birth_date"] = full["birth_date"].to_numpy() if "birth_date" in full else None
    if "birth_year" not in full and "birth_date" in full:
        table["birth_year"] = pd.to_datetime(full["birth_date"]).dt.year.to_numpy()
    name = full["name_latin"] if "name_latin" in full else pd.Series(pd.NA, index=full.index)
    table["name"] = name.astype("str").str.casefold().mask(name.isna()).to_numpy()
    return table


def _pairs(records: pd.DataFrame) -> pd.DataFrame:
    """Return one row for every two lists and person on both: its first record on each, what is shared."""
    first = records.sort_values("day", kind="stable").drop_duplicates(["person", "list_id"])
    lists = sorted(first["list_id"].unique())
    parts = []
    for one, other in combinations(lists, 2):
        both = first[first.list_id == one].merge(first[first.list_id == other], on="person")
        told: dict[str, object] = {"list_id": one, "other": other}
        told["day"] = both[["day_x", "day_y"]].max(axis=1)
        for name in (*NUMBERS, *ATTRIBUTES):
            known = both[f"{name}_x"].notna() & both[f"{name}_y"].notna()
            same = both[f"{name}_x"].astype(object) == both[f"{name}_y"].astype(object)
            told[f"known_{name}"], told[f"differ_{name}"] = known, known & ~same
            told[f"same_{name}"] = known & same
        part = pd.DataFrame(told, index=both.index)
        parts.append(part)
    names = [f"{what}_{name}" for name in (*NUMBERS, *ATTRIBUTES) for what in ("known", "differ", "same")]
    empty = pd.DataFrame(columns=["list_id", "other", "day", *names]).astype(dict.fromkeys(names, bool))
    table = pd.concat(parts, ignore_index=True) if any(map(len, parts)) else empty
    table["unjoined"] = ~table[[f"same_{name}" for name in NUMBERS]].any(axis=1)
    table["contradictory"] = table[[f"differ_{name}" for name in CONTRADICTIONS]].any(axis=1)
    table["broken"] = table["unjoined"] | table["contradictory"]
    return table


def _days(registered: pd.Series, days: object) -> list[pd.Timestamp]:
    if days is not None:
        try:
            return sorted(pd.to_datetime(list(days)))  # type: ignore[call-overload]
        except (TypeError, ValueError):
            raise ValueError(f"days: got {days!r}; allowed: a list of dates") from None
    last = registered.max()
    if pd.isna(last):
        return [pd.NaT]
    years = sorted({day.year for day in registered.dropna().dt.to_period("Y").unique().to_timestamp()})
    ends = [pd.Timestamp(year, 12, 31) for year in years if pd.Timestamp(year, 12, 31) < last]
    return [*ends[-9:], last]


def _at(day: pd.Timestamp, records: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, object]:
    if not pd.isna(day):
        records = records[~(records["day"] > day)]
        pairs = pairs[~(pairs["day"] > day)]
    persons = records["person"].nunique()
    return {
        "day": day,
        "records": len(records),
        "persons": persons,
        "records_per_person": len(records) / persons if persons else np.nan,
        **_shares(pairs),
    }


def _shares(pairs: pd.DataFrame) -> dict[str, float]:
    size = len(pairs)
    share = {name: float(pairs[name].mean()) if size else np.nan for name in ("unjoined", "contradictory")}
    return {"pairs": size, **share, "index": 100 * float(pairs["broken"].mean()) if size else np.nan}


def _by_pair(pairs: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {"list_id": one, "other": other, **_shares(part)}
        for (one, other), part in pairs.groupby(["list_id", "other"], sort=True)
    ]
    return pd.DataFrame(rows, columns=["list_id", "other", "pairs", "unjoined", "contradictory", "index"])


def _inconsistencies(pairs: pd.DataFrame) -> pd.DataFrame:
    groups = [(("all", "all"), pairs), *pairs.groupby(["list_id", "other"], sort=True)]
    rows = []
    for (one, other), part in groups:
        for name in ATTRIBUTES:
            compared, differ = int(part[f"known_{name}"].sum()), int(part[f"differ_{name}"].sum())
            share = differ / compared if compared else np.nan
            rows.append((name, one, other, compared, differ, share))
    return pd.DataFrame(rows, columns=["attribute", "list_id", "other", "compared", "differ", "share"])
