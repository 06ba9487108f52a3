"""People with a right to support who are on no list, estimated from two lists.

Two lists of the same people, of which one holds people by chance, tell how many both miss: if 60 per cent of
the people of the first list are on the second, then so are 60 per cent of those the first has missed. Where
people are missed by both lists for one reason (they live far away), more are missing than the estimate says.

References
----------
D. G. Chapman (1951), "Some properties of the hypergeometric distribution with applications to zoological
sample censuses", University of California Publications in Statistics 1. K. P. Burnham et al. (1987), Design
and Analysis Methods for Fish Survival Experiments, p. 212: the interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aspfin.registry.memberships import Unit, members
from aspfin.results import ResultMixin

if TYPE_CHECKING:
    from aspfin.registry.linkage import Linkage

__all__ = ["Unlisted", "capture", "likely_recall", "unlisted"]

Z = 1.959963984540054


@dataclass(frozen=True, eq=False, repr=False)
class Unlisted(ResultMixin):
    """People, or households, on neither of two lists.

    Attributes
    ----------
    first, second : str
        The lists.
    on_first, on_second, on_both : float
        Units; `on_both` is corrected for missed links.
    estimate, ci_low, ci_high : float
        Units on neither, with a 95 per cent interval.
    recall : float
        Share of the links between lists that are taken to be found.
    unit : str

    Examples
    --------
    >>> print(Unlisted("poor", "health", 200, 120, 100, 20.1, 12.0, 33.5, 1.0, "person"))
    On neither poor nor health: 20 people (12 to 34), beside the 220 on one or both.
    """

    first: str
    second: str
    on_first: float
    on_second: float
    on_both: float
    estimate: float
    ci_low: float
    ci_high: float
    recall: float
    unit: str = "person"

    @property
    def listed(self) -> float:
        """Units on one list or both."""
        return self.on_first + self.on_second - self.on_both

    @property
    def share(self) -> float:
        """Share of all units that is on neither list."""
        return self.estimate / (self.estimate + self.listed)

    def to_frame(self) -> pd.DataFrame:
        """Return one row with all figures."""
        names = [
            "first",
            "second",
            "on_first",
            "on_second",
            "on_both",
            "listed",
            "estimate",
            "ci_low",
            "ci_high",
        ]
        return pd.DataFrame([{name: getattr(self, name) for name in [*names, "share", "recall", "unit"]}])

    def sentence(self) -> str:
        """Return the answer in prose."""
        what = "people" if self.unit == "person" else "households"
        return (
            f"On neither {self.first} nor {self.second}: {self.estimate:,.0f} {what} ({self.ci_low:,.0f} to "
            f"{self.ci_high:,.0f}), beside the {self.listed:,.0f} on one or both."
        )


def capture(on_first: float, on_second: float, on_both: float) -> tuple[float, float, float]:
    """Return how many are on neither of two lists, with a 95 per cent interval.

    Parameters
    ----------
    on_first, on_second, on_both : float
        Counts; `on_both` at most the smaller of the others.

    Raises
    ------
    ValueError
        Counts that cannot be.

    Examples
    --------
    >>> [round(one, 2) for one in capture(200, 120, 100)]
    [19.8, 10.26, 38.23]
    """
    for name, count in (("on_first", on_first), ("on_second", on_second), ("on_both", on_both)):
        if not np.isfinite(count) or count < 0:
            raise ValueError(f"{name}: got {count!r}; allowed: a count, 0 or more")
    if on_both > min(on_first, on_second) + 1e-9:
        raise ValueError(f"on_both: got {on_both!r}; allowed: up to {min(on_first, on_second):g}")
    everybody = (on_first + 1) * (on_second + 1) / (on_both + 1) - 1
    listed = on_first + on_second - on_both
    missed = max(everybody - listed, 0.0)
    variance = (
        (on_first + 1)
        * (on_second + 1)
        * max(on_first - on_both, 0.0)
        * max(on_second - on_both, 0.0)
        / ((on_both + 1) ** 2 * (on_both + 2))
    )
    if missed == 0:
        return 0.0, 0.0, 0.0
    # Missing people cannot be fewer than none: the interval is symmetric in the logarithm.
    spread = float(np.exp(Z * np.sqrt(np.log1p(variance / missed**2))))
    return missed, missed / spread, missed * spread


def likely_recall(linkage: Linkage) -> float:
    """Return the share of links between lists that the model itself thinks it found, among pairs compared.

    Pairs that no blocking rule brought together are not among them, so it is an upper bound.

    Examples
    --------
    >>> from aspfin.registry.linkage import link
    >>> likely_recall(link(pd.DataFrame({"list_id": ["a"], "record_id": ["1"], "name_latin": ["Sok Dara"]})))
    1.0
    """
    pairs = linkage.pairs[linkage.pairs.list_id_l.astype("str") != linkage.pairs.list_id_r.astype("str")]
    whole = float(pairs.probability.sum())
    return float(pairs.probability[pairs.linked].sum()) / whole if whole else 1.0


def unlisted(
    linkage: Linkage, first: str, second: str, *, unit: Unit = "person", recall: float = 1.0
) -> Unlisted:
    """Estimate how many people with the same right are on neither of two lists.

    Parameters
    ----------
    linkage : Linkage
    first, second : str
        Lists that should hold the same people.
    unit : {"person", "household"}
    recall : float
        Share of links that were found, from `evaluate` or `likely_recall`: missed links look like people on
        one list only, and would make the number of those on none too large.

    Returns
    -------
    Unlisted

    Raises
    ------
    ValueError
        A list that is not there, twice the same, or a recall that is no share.
    """
    table = members(linkage, unit)
    for name, value in (("first", first), ("second", second)):
        if value not in table:
            raise ValueError(f"{name}: got {value!r}; allowed: {', '.join(table)}")
    if first == second:
        raise ValueError(f"second: got {second!r}; allowed: another list than {first!r}")
    if not 0 < recall <= 1:
        raise ValueError(f"recall: got {recall!r}; allowed: above 0, up to 1")
    one, other = table[first].to_numpy(), table[second].to_numpy()
    on_first, on_second = float(one.sum()), float(other.sum())
    both = min(float((one & other).sum()) / recall, on_first, on_second)
    found = capture(on_first, on_second, both)
    return Unlisted(first, second, on_first, on_second, both, *found, float(recall), unit)
