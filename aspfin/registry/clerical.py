"""Pairs a person should look at, the most doubtful first, shown without showing who they are.

A clerk decides whether two records are of one person from how alike they are, and from names of which only
the first letter of each word is left. The decisions are labelled pairs: `evaluate` and
`thresholds.calibrate` take them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.registry.comparison import COMPARISONS
from aspfin.registry.names import clusters
from aspfin.results import ResultMixin

if TYPE_CHECKING:
    from aspfin.registry.linkage import Linkage

__all__ = ["ReviewQueue", "mask", "review_queue"]

KEYS = ["list_id_l", "record_id_l", "list_id_r", "record_id_r"]
SHOWN = ("name_km", "name_latin", "sex", "birth_year", "province")
NAMES = ("name_km", "name_latin")


@dataclass(frozen=True, eq=False, repr=False)
class ReviewQueue(ResultMixin):
    """Pairs to decide on.

    Attributes
    ----------
    pairs : DataFrame
        list_id_l, record_id_l, list_id_r, record_id_r, probability, linked, a column of words for each
        comparison, masked names and the year of birth, sex and province of both (…_l, …_r), and `same`,
        empty: to be filled with true or false.
    threshold : float
        Of the linkage.
    doubtful : int
        Pairs of the linkage between 1 and 99 per cent.
    """

    pairs: pd.DataFrame
    threshold: float
    doubtful: int

    def to_frame(self) -> pd.DataFrame:
        """Return the queue."""
        return self.pairs.copy()

    def sentence(self) -> str:
        """Return what the queue holds, in prose."""
        if self.pairs.empty:
            return "No pair of records needs a person's eye."
        low, high = self.pairs.probability.min(), self.pairs.probability.max()
        return (
            f"{len(self.pairs):,} pairs of records to decide on, of {self.doubtful:,} in doubt, with "
            f"probabilities from {100 * low:.0f} to {100 * high:.0f} per cent; those from "
            f"{100 * self.threshold:.0f} are linked."
        )


def mask(name: object) -> str:
    """Return the first letter of each word of a name, in either script; empty for a missing name.

    Examples
    --------
    >>> mask("Sok Dara"), mask("សុខ ដារ៉ា"), mask(None)
    ('S•• D••', 'សុ•• ដា••', '')
    """
    if not isinstance(name, str):
        return ""
    return " ".join(clusters(word)[0] + "••" for word in name.split())


def review_queue(linkage: Linkage, *, size: int = 100) -> ReviewQueue:
    """Return the pairs that are most in doubt: nearest to the threshold, in bits of evidence.

    Parameters
    ----------
    linkage : Linkage
    size : int
        Pairs at most.

    Returns
    -------
    ReviewQueue
        Names are masked; exact birthdays, telephones and numbers are left out: only whether they agree is
        told.

    Raises
    ------
    ValueError
        `size` is not a positive whole number.
    """
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise ValueError(f"size: got {size!r}; allowed: a whole number, 1 or more")
    pairs = linkage.pairs
    chance = pairs.probability.clip(1e-12, 1 - 1e-12)
    distance = (np.log2(chance / (1 - chance)) - np.log2(linkage.threshold / (1 - linkage.threshold))).abs()
    # Ties go by the records' own order, which is that of the pairs.
    nearest = pairs.loc[distance.sort_values(kind="stable").index[: int(size)]]
    chosen = nearest[[*KEYS, "probability", "linked", *(one.name for one in COMPARISONS)]].reset_index(
        drop=True
    )
    at = pd.MultiIndex.from_frame(linkage.records[["list_id", "record_id"]])
    for side, keys in (("l", KEYS[:2]), ("r", KEYS[2:])):
        rows = linkage.records.take(at.get_indexer(pd.MultiIndex.from_frame(chosen[keys])))
        for column in SHOWN:
            if column in rows:
                values = rows[column].map(mask) if column in NAMES else rows[column]
                chosen[f"{column}_{side}"] = values.to_numpy()
    chosen["same"] = pd.array([pd.NA] * len(chosen), dtype="boolean")
    return ReviewQueue(chosen, linkage.threshold, int(pairs.probability.between(0.01, 0.99).sum()))
