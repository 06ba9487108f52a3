"""Panels in which units start treatment at different times: read, ordered and checked once for all."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from aspfin.evaluation.columns import column
from aspfin.evaluation.sample import Sample, prepare

__all__ = ["Panel", "first_treatment", "period_numbers", "read_panel", "refuse_repeated"]


@dataclass(frozen=True, eq=False)
class Panel:
    """Complete rows of a panel with the period in which each unit was first treated.

    Attributes
    ----------
    sample : Sample
    outcome : ndarray, shape (n,)
    unit, time : ndarray of int, shape (n,)
        Codes; those of `time` run in the order of the periods.
    periods : ndarray of float
        The period each code stands for: its number, or its rank where time is a date.
    period_names : list
        As the caller wrote them.
    start : ndarray of float, shape (n,)
        Period of first treatment on the scale of `periods`; infinite for units never treated in the data.
    clusters : ndarray of int, shape (n,)
        The unit itself where no cluster is named.
    cluster_name : column
    treated_later : int
        Units first treated after the last period, used as never treated.
    """

    sample: Sample
    outcome: np.ndarray
    unit: np.ndarray
    time: np.ndarray
    periods: np.ndarray
    period_names: list[object]
    start: np.ndarray
    clusters: np.ndarray
    cluster_name: Hashable
    treated_later: int

    @property
    def period(self) -> np.ndarray:
        """The period of each row."""
        return self.periods[self.time]

    @property
    def event_time(self) -> np.ndarray:
        """Periods since first treatment; minus infinity for the never treated."""
        return self.period - self.start

    @property
    def is_treated(self) -> np.ndarray:
        """Whether each row is under treatment."""
        return self.period >= self.start

    @property
    def is_comparable(self) -> np.ndarray:
        """Whether some unit is still untreated in the period of each row."""
        untreated = np.zeros(self.periods.size, dtype=bool)
        untreated[self.time[~self.is_treated]] = True
        return untreated[self.time]

    @property
    def unit_start(self) -> np.ndarray:
        """First treatment of each unit, by unit code."""
        out = np.empty(int(self.unit.max()) + 1)
        out[self.unit] = self.start
        return out

    @property
    def unit_cluster(self) -> np.ndarray:
        """Cluster of each unit, by unit code."""
        out = np.empty(int(self.unit.max()) + 1, dtype=int)
        out[self.unit] = self.clusters
        return out

    @property
    def cohorts(self) -> np.ndarray:
        """Periods in which some unit was first treated."""
        starts = np.unique(self.start)
        return starts[np.isfinite(starts)]

    def name_of(self, period: float) -> object:
        """Return a period as the caller wrote it."""
        found = np.flatnonzero(self.periods == period)
        if found.size == 0:  # between two periods of the data
            return int(period) if float(period).is_integer() else float(period)
        name = self.period_names[int(found[0])]
        return name.item() if isinstance(name, np.generic) else name

    def subset(self, keep: np.ndarray, reason: str) -> Panel:
        """Return the rows where `keep` is true, the rest counted as dropped for `reason`."""
        used, time = np.unique(self.time[keep], return_inverse=True)
        start = self.start[keep]
        return replace(
            self,
            sample=self.sample.subset(keep, reason),
            outcome=self.outcome[keep],
            unit=np.unique(self.unit[keep], return_inverse=True)[1],
            time=time,
            periods=self.periods[used],
            period_names=[self.period_names[i] for i in used],
            start=np.where(start > self.periods[used[-1]], np.inf, start),
            clusters=np.unique(self.clusters[keep], return_inverse=True)[1],
        )


def read_panel(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    unit: Hashable,
    time: Hashable,
    first_treated: Hashable,
    controls: Iterable[Hashable] = (),
    cluster: Hashable | None = None,
    weights: Hashable | None = None,
) -> Panel:
    """Read a panel and check that it is one.

    Units treated from the first period on are dropped: they have no period before. Units first treated after
    the last period count as never treated.

    Raises
    ------
    ValueError
        If a column is missing or unusable, a unit appears twice in a period, or its first treatment changes.
    """
    sample = prepare(df, outcome=outcome, controls=controls, groups=(unit, time, cluster), weights=weights)
    names = sample.levels[time]
    periods = period_numbers(names)
    if periods is None:
        raise ValueError(
            f"time: column {time!r} holds {str(names[0])[:40]!r}, which has no order; give numbers or dates"
        )
    start = first_treatment(
        column(df, first_treated, "first_treated").iloc[sample.positions], first_treated, names, periods
    )
    if cluster is not None and sample.n_levels(cluster) < 2:
        raise ValueError(
            f"cluster: column {cluster!r} has 1 cluster; name one with at least 2, better 30 or more"
        )
    panel = Panel(
        sample=sample,
        outcome=sample.outcome,
        unit=sample.groups[unit],
        time=sample.groups[time],
        periods=periods,
        period_names=names,
        start=start,
        clusters=sample.groups[unit if cluster is None else cluster],
        cluster_name=unit if cluster is None else cluster,
        treated_later=0,
    )
    refuse_repeated(panel.unit, panel.time, sample.levels[unit], names, unit)
    _constant(panel, sample.levels[unit], first_treated)
    if panel.periods.size < 2:
        raise ValueError(
            f"time: column {time!r} has one period only; at least one before treatment is needed"
        )
    later = np.isfinite(panel.start) & (panel.start > panel.periods[-1])
    count = np.unique(panel.unit[later]).size
    panel = replace(panel, start=np.where(later, np.inf, panel.start), treated_later=count)
    always = panel.start <= panel.periods[0]
    if always.all():
        raise ValueError(
            f"first_treated: column {first_treated!r} has every unit treated from the first period on"
        )
    if always.any():
        panel = panel.subset(~always, "treated from the first period on")
    if panel.cohorts.size == 0:
        raise ValueError(
            f"first_treated: column {first_treated!r} has no unit first treated between "
            f"{panel.period_names[1]} and {panel.period_names[-1]}; check its unit against {time!r}"
        )
    return panel


def period_numbers(levels: list[object]) -> np.ndarray | None:
    """Return sorted periods as numbers, or as ranks where they are dates; None where they are text."""
    if all(isinstance(one, int | float | np.number) and not isinstance(one, bool) for one in levels):
        return np.array(levels, dtype=float)
    if all(hasattr(one, "year") for one in levels):
        return np.arange(len(levels), dtype=float)
    return None


def first_treatment(
    values: pd.Series, name: Hashable, period_names: list[object], periods: np.ndarray
) -> np.ndarray:
    """Return first treatment on the scale of `periods`; infinite where missing, or 0 before all periods.

    Examples
    --------
    >>> first_treatment(pd.Series([0, 2006.0, None]), "start", [2005, 2006], np.array([2005.0, 2006.0]))
    array([  inf, 2006.,   inf])
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if hasattr(period_names[0], "year"):
        missing = values.isna().to_numpy()
        try:
            places = pd.Index(period_names).searchsorted(values[~missing])
        except (TypeError, ValueError):
            raise ValueError(
                f"first_treated: column {name!r} must hold dates as the time column does; convert it"
            ) from None
        out = np.full(len(values), np.inf)
        out[~missing] = np.where(places < periods.size, places, periods.size)
        return out
    try:
        if pd.api.types.is_datetime64_any_dtype(values) or any(isinstance(one, str) for one in values):
            raise TypeError
        out = values.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise ValueError(
            f"first_treated: column {name!r} is not numeric (it holds {str(values.iloc[0])[:40]!r}); give "
            "the period of first treatment, missing for units never treated"
        ) from None
    never = np.isnan(out) | np.isposinf(out) | ((out == 0) & (periods[0] > 0))
    return np.where(never, np.inf, out)


def refuse_repeated(
    unit: np.ndarray, time: np.ndarray, unit_names: list[object], period_names: list[object], name: Hashable
) -> None:
    """Raise if a unit has two rows in one period."""
    pairs = unit.astype(np.int64) * (int(time.max()) + 1) + time
    if pairs.max() < 8 * pairs.size:  # nearly complete: counting is quicker than sorting
        twice = np.flatnonzero(np.bincount(pairs) > 1)
    else:
        ordered = np.sort(pairs)
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if twice.size:
        who, when = divmod(int(twice[0]), int(time.max()) + 1)
        raise ValueError(
            f"unit: {name!r} {unit_names[who]!r} has several rows in period {period_names[when]!r} "
            f"({np.unique(twice).size:,} such pairs); keep one row per unit and period, or average them"
        )


def _constant(panel: Panel, unit_names: list[object], name: Hashable) -> None:
    wrong = panel.unit_start[panel.unit] != panel.start
    if wrong.any():
        code = int(panel.unit[wrong][0])
        found = sorted({panel.start[i] for i in np.flatnonzero(panel.unit == code)})[:3]
        raise ValueError(
            f"first_treated: column {name!r} changes within unit {unit_names[code]!r} "
            f"({', '.join(f'{one:g}' for one in found)}); give each unit its one period of first treatment"
        )
