"""Who is in which programmes: combinations of lists, what two lists share, who is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.registry.memberships import Unit, members
from aspfin.results import ResultMixin

if TYPE_CHECKING:
    from aspfin.registry.linkage import Linkage

__all__ = ["Overlap", "overlap"]

PLURAL = {"person": "people", "household": "households"}


@dataclass(frozen=True, eq=False, repr=False)
class Overlap(ResultMixin):
    """Which people, or households, are on which lists.

    Attributes
    ----------
    combinations : DataFrame
        One row per combination of lists that occurs: a true-or-false column per list, lists (how many),
        units (people or households), share. The commonest first. Small counts included: see `published`.
    by_list : DataFrame
        list_id, units, only_here, share_only_here.
    pairs : DataFrame
        list_id, other, both (units on both), share (of the units of `list_id`), every ordered pair.
    unit : str
        person | household
    members : DataFrame
        One row per unit, a true-or-false column per list; holds no identifier.

    Examples
    --------
    >>> from aspfin.registry import link
    >>> people = pd.DataFrame({"list_id": ["a", "b", "b"], "record_id": ["1", "1", "2"],
    ...     "name_latin": ["Sok Dara", "Sok Dara", "Chan Pisey"], "village_code": "KH01020304",
    ...     "birth_date": ["1990-04-03"] * 2 + ["1985-02-01"], "sex": ["male", "male", "female"]})
    >>> print(overlap(link(people)))
    2 lists hold 2 people: 1 (50 per cent) are on several, 1 on one only.
    """

    combinations: pd.DataFrame
    by_list: pd.DataFrame
    pairs: pd.DataFrame
    unit: str
    members: pd.DataFrame

    @property
    def n_units(self) -> int:
        """People or households on any list."""
        return len(self.members)

    @property
    def on_several(self) -> int:
        """People or households on more than one list."""
        return int((self.members.sum(axis=1) > 1).sum())

    def to_frame(self) -> pd.DataFrame:
        """Return the combinations."""
        return self.combinations.copy()

    def sentence(self) -> str:
        """Return how far the lists overlap, in prose."""
        several, everybody = self.on_several, self.n_units
        return (
            f"{self.members.shape[1]} lists hold {everybody:,} {PLURAL[self.unit]}: {several:,} "
            f"({100 * several / everybody:.0f} per cent) are on several, {everybody - several:,} on one only."
        )

    def missing_from(self, list_id: str, among: str) -> tuple[int, int]:
        """Return how many units of the list `among` are not on `list_id`, and of how many.

        Raises
        ------
        ValueError
            A list that is not among those linked.
        """
        for name in (list_id, among):
            if name not in self.members:
                raise ValueError(f"list_id: got {name!r}; allowed: {', '.join(self.members)}")
        of = self.members[among].to_numpy()
        return int((of & ~self.members[list_id].to_numpy()).sum()), int(of.sum())

    def published(self, *, minimum: int = 10) -> pd.DataFrame:
        """Return the combinations with small ones hidden, and others so that they cannot be worked out.

        Parameters
        ----------
        minimum : int
            Smallest count that is shown.

        Returns
        -------
        DataFrame
            As `combinations`, then `suppressed`; hidden counts and shares are missing. Of the combinations
            with a list none is hidden, or several, so that totals of lists give none away. Totals of two
            lists might: publish them as shares in whole per cent, or rounded (`rounded`).
        """
        from aspfin.indicators import suppress

        names = list(self.members)
        key = self.combinations[names].apply(lambda row: "+".join(row.index[row]), axis=1)
        cells = pd.DataFrame({"combination": key, "units": self.combinations["units"]})
        everybody = pd.DataFrame({"combination": ["all"], "units": [self.n_units]})
        table = pd.concat([cells, everybody], ignore_index=True)
        safe = suppress(table, counts="units", keys=["combination"], minimum=minimum, totals="all").table
        shown = self.combinations.copy()
        marks = safe["suppressed"].to_numpy(dtype=object)[: len(shown)]
        shown["suppressed"] = _none_alone(shown[names].to_numpy(), marks)
        hidden = shown["suppressed"] != ""
        shown["units"] = shown["units"].astype("Int64").mask(hidden)
        shown["share"] = shown["share"].mask(hidden)
        return shown


def _none_alone(held: NDArray[np.bool_], marks: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the marks with more hidden (the rarest first, rows being ranked) where a list has only one."""
    marks = marks.copy()
    while True:
        hidden = marks != ""
        alone = [on for on in held.T if (on & hidden).sum() == 1 and (on & ~hidden).any()]
        if not alone:
            return marks
        marks[np.flatnonzero(alone[0] & ~hidden)[-1]] = "complementary"


def rounded(count: float, base: int = 10) -> float:
    """Return a count rounded so that it gives no small cell away: to tens, halves away from zero.

    Examples
    --------
    >>> rounded(1_234), rounded(5), rounded(4.9)
    (1230.0, 10.0, 0.0)
    """
    return float(np.floor(count / base + 0.5) * base) if np.isfinite(count) else float("nan")


def overlap(linkage: Linkage, *, unit: Unit = "person", order: Sequence[str] | None = None) -> Overlap:
    """Find who is on which lists.

    Parameters
    ----------
    linkage : Linkage
        Records linked across lists.
    unit : {"person", "household"}
        Count people, or the households that people and household numbers join; see `memberships.units_of`.
    order : sequence of str, optional
        Lists in the order in which they are told; by name if left out.

    Returns
    -------
    Overlap

    Raises
    ------
    ValueError
        An unknown unit, or an order that does not name every list once.
    """
    table = members(linkage, unit)
    if order is not None:
        if sorted(order) != sorted(table.columns):
            raise ValueError(f"order: got {list(order)}; allowed: each once of {', '.join(table.columns)}")
        table = table[list(order)]
    names = list(table.columns)
    # A combination as one number: exact for up to 62 lists, and fast.
    code = table.to_numpy(dtype=np.int64) @ (1 << np.arange(len(names), dtype=np.int64))
    codes, units = np.unique(code, return_counts=True)
    held = (codes[:, None] >> np.arange(len(names))) & 1
    combinations = pd.DataFrame(held.astype(bool), columns=names)
    combinations["lists"], combinations["units"] = held.sum(axis=1), units
    combinations["share"] = units / units.sum()
    ranked = combinations.assign(code=codes).sort_values(["units", "code"], ascending=[False, True])
    grid = table.to_numpy(dtype=np.int64)
    both = grid.T @ grid
    alone = grid[grid.sum(axis=1) == 1].sum(axis=0)
    by_list = pd.DataFrame({"list_id": names, "units": np.diag(both), "only_here": alone})
    by_list["share_only_here"] = by_list.only_here / by_list.units
    rows = [
        (one, other, int(both[i, j]), both[i, j] / both[i, i])
        for i, one in enumerate(names)
        for j, other in enumerate(names)
        if i != j
    ]
    return Overlap(
        combinations=ranked.drop(columns="code").reset_index(drop=True),
        by_list=by_list,
        pairs=pd.DataFrame(rows, columns=["list_id", "other", "both", "share"]),
        unit=unit,
        members=table,
    )
