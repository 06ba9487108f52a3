"""Who is on which list: records counted by person, or by household where lists hold household numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from aspfin.registry.linkage import Linkage

__all__ = ["Unit", "members", "units_of"]

Unit = Literal["person", "household"]


def units_of(linkage: Linkage, unit: Unit) -> NDArray[np.int64]:
    """Return for each record the number of its person or of its household, in the order of the clusters.

    A household is what people and household numbers join: two people under one number are of one household,
    and so are all records of a person. Who is on no list with a household number is counted alone.

    Raises
    ------
    ValueError
        The unit is neither.

    Examples
    --------
    >>> from aspfin.registry.linkage import link
    >>> people = pd.DataFrame({"list_id": ["a", "a", "b"], "record_id": ["1", "2", "1"],
    ...     "name_latin": ["Sok Dara", "Chan Pisey", "Keo Mony"], "household_id": ["7", "7", "8"]})
    >>> units_of(link(people), "household").tolist()
    [0, 0, 1]
    """
    if unit not in get_args(Unit):
        raise ValueError(f"unit: got {unit!r}; allowed: 'person', 'household'")
    person = linkage.clusters["person"].to_numpy(dtype=np.int64) - 1
    if unit == "person" or "household_id" not in linkage.records:
        return person
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    number, found = pd.factorize(linkage.records["household_id"])
    told, people = number >= 0, int(person.max(initial=-1)) + 1
    size = people + len(found)
    ties = (np.ones(int(told.sum()), dtype=np.int8), (person[told], people + number[told]))
    label = connected_components(coo_array(ties, shape=(size, size)), directed=False)[1]
    return pd.factorize(label[person])[0].astype(np.int64)


def members(linkage: Linkage, unit: Unit) -> pd.DataFrame:
    """Return one row per person or household and one true-or-false column per list, lists in their order."""
    unit_of = units_of(linkage, unit)
    lists, names = pd.factorize(linkage.clusters["list_id"].astype("str"), sort=True)
    table = np.zeros((int(unit_of.max(initial=-1)) + 1, len(names)), dtype=bool)
    table[unit_of, lists] = True
    return pd.DataFrame(table, columns=[str(name) for name in names])
