"""Effects by cohort and period, and their averages over event time, cohorts and calendar time.

A cell is the effect on the units first treated in period g, in period t. Averages follow Callaway and
Sant'Anna (2021, section 3): by event time and by period the cohorts weigh by their number of units;
"overall" is the average over cohorts of each cohort's mean effect after treatment; "simple" weighs every
treated unit and period alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aspfin.evaluation.panel import Panel

__all__ = ["AGGREGATES", "DRAWS", "Averages", "Cells", "average", "covariance", "is_by_unit", "uniform_band"]

DRAWS = 999

AGGREGATES = {
    "overall": "ATT, average over cohorts",
    "simple": "ATT, average over treated observations",
    "event_time": "ATT, average over event times",
    "cohort": "ATT, average over cohorts",
    "calendar": "ATT, average over periods",
}


@dataclass(frozen=True, eq=False)
class Cells:
    """Effects by cohort and period.

    Attributes
    ----------
    cohort, period, estimate : ndarray, shape (k,)
    cov : ndarray, shape (k, k)
    influence : ndarray, shape (n_units, k), or None
        Each unit's contribution; squares sum to the variance.
    unit_start : ndarray, shape (n_units,)
        First treatment of each unit.
    rows, level : ndarray, shape (k,)
        How many rows of the cohort there are in the period, and their mean outcome.
    """

    cohort: np.ndarray
    period: np.ndarray
    estimate: np.ndarray
    cov: np.ndarray
    influence: np.ndarray | None
    unit_start: np.ndarray
    rows: np.ndarray
    level: np.ndarray

    @property
    def after(self) -> np.ndarray:
        """Which cells are under treatment."""
        return self.period >= self.cohort

    @property
    def event_time(self) -> np.ndarray:
        """Periods since first treatment."""
        return self.period - self.cohort

    def share(self, cohort: float) -> float:
        """Share of units first treated in `cohort`."""
        return float((self.unit_start == cohort).mean())


@dataclass(frozen=True, eq=False)
class Averages:
    """One overall number and a row per label.

    Attributes
    ----------
    keys : list of tuple
        Labels of the rows.
    weights : ndarray, shape (rows + 1, k)
        Weight of each cell; the last row is the overall number.
    estimates : ndarray, shape (rows + 1,)
    influence : ndarray, shape (n_units, rows + 1), or None
        With the contribution of the estimated weights.
    """

    keys: list[tuple[float, ...]]
    weights: np.ndarray
    estimates: np.ndarray
    influence: np.ndarray | None


def average(cells: Cells, aggregate: str) -> Averages:
    """Return the averages of `cells` that `aggregate` (a key of `AGGREGATES`) asks for."""
    after = cells.after
    if aggregate in ("overall", "simple"):
        keys = list(zip(cells.cohort, cells.period, strict=True))
        rows = [np.flatnonzero((cells.cohort == g) & (cells.period == t)) for g, t in keys]
    elif aggregate == "event_time":
        values = np.unique(cells.event_time)
        keys, rows = [(e,) for e in values], [np.flatnonzero(cells.event_time == e) for e in values]
    elif aggregate == "cohort":
        values = np.unique(cells.cohort[after])
        keys, rows = [(g,) for g in values], [np.flatnonzero((cells.cohort == g) & after) for g in values]
    else:
        values = np.unique(cells.period[after])
        keys, rows = [(t,) for t in values], [np.flatnonzero((cells.period == t) & after) for t in values]
    parts = [_weighted(cells, row, equal=aggregate == "cohort") for row in rows]
    parts.append(_overall(cells, aggregate, keys, parts))
    weights = np.array([weight for weight, _ in parts])
    influence = None
    if cells.influence is not None:
        influence = cells.influence @ weights.T + np.column_stack([extra for _, extra in parts])
    return Averages(keys, weights, weights @ cells.estimate, influence)


def _weighted(cells: Cells, row: np.ndarray, *, equal: bool) -> tuple[np.ndarray, np.ndarray]:
    """Average the cells of a row, equally or by size of cohort; with the influence of estimated shares."""
    weight = np.zeros(cells.estimate.size)
    extra = np.zeros(cells.unit_start.size)
    if equal or row.size == 1:
        weight[row] = 1 / row.size
        return weight, extra
    shares = np.array([cells.share(g) for g in cells.cohort[row]])
    weight[row] = shares / shares.sum()
    return weight, _share_influence(cells, cells.cohort[row], shares, cells.estimate[row])


def _share_influence(
    cells: Cells, cohorts: np.ndarray, shares: np.ndarray, effects: np.ndarray
) -> np.ndarray:
    """What each unit adds to Σ p_k θ_k / Σ p_k through the estimated shares p_k."""
    total = shares.sum()
    centred = effects - shares @ effects / total
    out = np.zeros(cells.unit_start.size)
    for cohort, value, share in zip(cohorts, centred, shares, strict=True):
        out += value * ((cells.unit_start == cohort) - share)
    return out / total / cells.unit_start.size


def _overall(
    cells: Cells, aggregate: str, keys: list[tuple[float, ...]], parts: list[tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    if aggregate == "simple":
        return _weighted(cells, np.flatnonzero(cells.after), equal=False)
    if aggregate in ("overall", "cohort"):
        cohorts = np.unique(cells.cohort[cells.after])
        by = [
            _weighted(cells, np.flatnonzero((cells.cohort == g) & cells.after), equal=True)[0]
            for g in cohorts
        ]
        shares = np.array([cells.share(g) for g in cohorts])
        weight = shares @ np.array(by) / shares.sum()
        effects = np.array(by) @ cells.estimate
        return weight, _share_influence(cells, cohorts, shares, effects)
    use = [part for key, part in zip(keys, parts, strict=True) if aggregate == "calendar" or key[0] >= 0]
    return np.mean([weight for weight, _ in use], axis=0), np.mean([extra for _, extra in use], axis=0)


def is_by_unit(panel: Panel) -> bool:
    """Tell whether the clusters are the units themselves."""
    return panel.cluster_name == next(iter(panel.sample.groups))


def covariance(panel: Panel, cells: Cells, weights: np.ndarray, influence: np.ndarray | None) -> np.ndarray:
    """Return the joint covariance of averages of cells, shape (rows, rows)."""
    if influence is None:
        return weights @ cells.cov @ weights.T
    sums, factor = cluster_sums(panel, influence)
    return factor * sums.T @ sums


def cluster_sums(panel: Panel, influence: np.ndarray) -> tuple[np.ndarray, float]:
    """Influence by cluster, and G / (G − 1) where clusters are larger than units."""
    if is_by_unit(panel):
        return influence, 1.0
    groups = int(panel.clusters.max()) + 1
    sums = np.zeros((groups, influence.shape[1]))
    np.add.at(sums, panel.unit_cluster, influence)
    return sums, groups / (groups - 1)


def uniform_band(
    panel: Panel, influence: np.ndarray | None, cov: np.ndarray, errors: np.ndarray, seed: int
) -> float:
    """Return the multiple of the standard error that covers all rows of `by` at once with 95 %.

    By the multiplier bootstrap of Callaway and Sant'Anna where influence is known, else from the joint
    normal.
    """
    from scipy.special import ndtri

    rng = np.random.default_rng(seed)
    use = np.flatnonzero(errors[:-1] > 0)
    if use.size == 0:
        return float(ndtri(0.975))
    if influence is not None:
        sums, _ = cluster_sums(panel, influence[:, use])
        block = max(1, 5_000_000 // sums.shape[0])
        sizes = [min(block, DRAWS - done) for done in range(0, DRAWS, block)]
        signs = (rng.integers(0, 2, (size, sums.shape[0]), dtype=np.int8) * 2.0 - 1 for size in sizes)
        draws = np.concatenate([one @ sums for one in signs])
        spread = np.subtract(*np.quantile(draws, [0.75, 0.25], axis=0)) / (ndtri(0.75) - ndtri(0.25))
    else:
        draws = rng.multivariate_normal(np.zeros(use.size), cov[np.ix_(use, use)], size=DRAWS, method="eigh")
        spread = errors[use]
    return max(float(np.quantile(np.abs(draws / spread).max(axis=1), 0.95)), float(ndtri(0.975)))
