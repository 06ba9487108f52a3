"""How treatment was assigned, and whether an estimate respects it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import pandas as pd

from aspfin.evaluation.columns import category_codes, column, names_of, to_number
from aspfin.results import Check

__all__ = ["Design"]


@dataclass(frozen=True)
class Design:
    """How treatment was assigned.

    Errors of people who were assigned together are not independent evidence: with m people to a cluster and
    intracluster correlation ρ, standard errors that ignore it are too small by √(1 + (m − 1)ρ).

    Parameters
    ----------
    level : str
        The unit of assignment in words: "household", "village", …
    cluster : column, optional
        The column that identifies it; None where every row was assigned on its own.
    strata : column or columns, optional
        Assignment was made within these.
    probabilities : float or column, optional
        The probability of treatment, one for all or by row.
    phase_in : column, optional
        When each unit's treatment begins, in a phased roll-out.

    Raises
    ------
    ValueError
        If a probability is not between 0 and 1.

    Examples
    --------
    >>> print(Design("village", cluster="v").check(None))
    failed: assignment level (treatment was assigned by village, and errors are not clustered; cluster by 'v')
    """

    level: str = "individual"
    cluster: Hashable | None = None
    strata: Hashable | tuple[Hashable, ...] | None = None
    probabilities: float | str | None = None
    phase_in: Hashable | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.level, str) or not self.level:
            raise ValueError(f"level: got {self.level!r}; name the unit of assignment in words, as 'village'")
        chance = self.probabilities
        if isinstance(chance, int | float) and not 0 < chance < 1:
            raise ValueError(f"probabilities: got {chance!r}; allowed: a number between 0 and 1, or a column")

    def check(self, cluster: Hashable | None, df: pd.DataFrame | None = None) -> Check:
        """Tell whether errors clustered by `cluster` respect the level of assignment.

        With `df`, clusters coarser than the units of assignment are recognised.
        """
        question = "Are errors clustered at the level of assignment or above?"
        if self.cluster is None:
            return Check("assignment level", question, True, text=f"assigned by {self.level}")
        wanted = f"treatment was assigned by {self.level}"
        if cluster is None:
            text = f"{wanted}, and errors are not clustered; cluster by {self.cluster!r}"
            return Check("assignment level", question, False, text=text)
        if cluster == self.cluster:
            return Check("assignment level", question, True, text=f"assigned and clustered by {self.level}")
        if df is not None and _nested(df, self.cluster, cluster):
            text = f"{wanted}; clusters of {cluster!r} hold whole units of assignment"
            return Check("assignment level", question, True, text=text)
        text = f"{wanted}, and errors are clustered by {cluster!r}; cluster by {self.cluster!r}"
        return Check("assignment level", question, False, text=text)

    def checks(self, df: pd.DataFrame, treated: Hashable, cluster: Hashable | None) -> tuple[Check, ...]:
        """Return every check of this design against the data."""
        found = [self.check(cluster, df)]
        if self.cluster is not None:
            question = "Is everybody in a unit of assignment treated alike?"
            arms = _arms(df, self.cluster, treated)
            mixed = int((arms > 1).sum())
            text = f"{mixed:,} of {arms.size:,} units of {self.level} hold both arms"
            found.append(Check("whole units treated", question, mixed == 0, float(mixed), text=text))
        for name in names_of(self.strata):
            question = "Does every stratum hold both arms?"
            arms = _arms(df, name, treated)
            single = int((arms < 2).sum())
            text = f"{single:,} of {arms.size:,} strata of {name!r} hold one arm only"
            found.append(Check(f"both arms in {name}", question, single == 0, float(single), text=text))
        if isinstance(self.probabilities, str):
            found.append(self._probability_check(df))
        return tuple(found)

    def _probability_check(self, df: pd.DataFrame) -> Check:
        name = self.probabilities
        values = to_number(column(df, name, "probabilities"), name, "probabilities")
        outside = int(((values <= 0) | (values >= 1)).sum())
        text = f"{outside:,} rows of {name!r} are 0, 1 or beyond"
        question = "Could everybody have been in either arm?"
        return Check("assignment probability", question, outside == 0, float(outside), text=text)


def _nested(df: pd.DataFrame, inner: Hashable, outer: Hashable) -> bool:
    """Whether each unit of `inner` lies in one group of `outer`."""
    return bool((_arms(df, inner, outer) <= 1).all())


def _arms(df: pd.DataFrame, unit: Hashable, other: Hashable) -> pd.Series:
    """How many different values of `other` each unit holds."""
    units = category_codes(column(df, unit, "design"))[0]
    values = category_codes(column(df, other, "design"))[0]
    pairs = pd.DataFrame({"unit": units, "value": values})
    pairs = pairs[(pairs["unit"] >= 0) & (pairs["value"] >= 0)]
    return pairs.groupby("unit")["value"].nunique()
