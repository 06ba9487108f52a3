"""From probabilities to decisions: thresholds from costs, people from links, probabilities that hold.

With a false link costing c_F and a missed one c_M, a pair of probability p is linked where (1 − p) c_F ≤ p
c_M, that is p ≥ c_F / (c_F + c_M). This is right if p is: `reliability` compares stated with found shares on
labelled pairs, `calibrate` corrects by them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from aspfin.results import ResultMixin

if TYPE_CHECKING:
    from aspfin.registry.linkage import Linkage

__all__ = ["Calibration", "calibrate", "people", "reliability", "threshold_of_costs"]

BANDS = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99, 1.0)
FEWEST = 30  # labelled pairs, of each kind, for a calibration


def threshold_of_costs(cost_false_link: float, cost_missed_link: float) -> tuple[float, str]:
    """Return the probability from which linking is the cheaper mistake, and why.

    Examples
    --------
    >>> threshold_of_costs(9, 1)
    (0.9, 'a false link costs 9 times a missed one')
    """
    for name, cost in (("cost_false_link", cost_false_link), ("cost_missed_link", cost_missed_link)):
        if not (isinstance(cost, int | float) and np.isfinite(cost) and cost > 0):
            raise ValueError(f"{name}: got {cost!r}; allowed: a number above 0")
    ratio = cost_false_link / cost_missed_link
    told = (
        f"a false link costs {ratio:.3g} times a missed one"
        if ratio > 1
        else "a false and a missed link cost the same"
        if ratio == 1
        else f"a missed link costs {1 / ratio:.3g} times a false one"
    )
    return cost_false_link / (cost_false_link + cost_missed_link), told


def people(
    records: pd.DataFrame, left: ArrayLike, right: ArrayLike, probability: ArrayLike, threshold: float
) -> pd.DataFrame:
    """Return the records with the person each belongs to: those joined by links, directly or in chains.

    Parameters
    ----------
    records : DataFrame
        list_id, record_id.
    left, right : array of int
        Positions of the records of each pair.
    probability : array
        Of the pairs.
    threshold : float

    Returns
    -------
    DataFrame
        list_id, record_id, person (numbered in the order of the records), records, surest_link.

    Examples
    --------
    >>> three = pd.DataFrame({"list_id": "a", "record_id": ["1", "2", "3"]})
    >>> people(three, [0, 1], [2, 2], [0.99, 0.1], 0.5).person.tolist()
    [1, 2, 1]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    left, right = np.asarray(left, dtype=np.int64), np.asarray(right, dtype=np.int64)
    chance = np.asarray(probability, dtype=float)
    kept = chance >= threshold
    size = len(records)
    links = coo_array(
        (np.ones(int(kept.sum()), dtype=np.int8), (left[kept], right[kept])), shape=(size, size)
    )
    label = connected_components(links, directed=False)[1] if size else np.zeros(0, dtype=int)
    person = pd.factorize(label)[0] + 1
    surest = np.full(size, np.nan)
    for side in (left[kept], right[kept]):
        np.fmax.at(surest, side, chance[kept])
    counts = np.bincount(person, minlength=1)
    return records.assign(person=person, records=counts[person], surest_link=surest).reset_index(drop=True)


@dataclass(frozen=True, eq=False, repr=False)
class Calibration(ResultMixin):
    """Probabilities corrected by labelled pairs.

    Attributes
    ----------
    method : str
        isotonic or logistic.
    before, after : DataFrame
        Reliability of the stated and of the corrected probabilities, on labelled pairs left out of the fit.
    brier_before, brier_after : float
        Mean squared error of the probabilities, on the same.
    n_labelled : int
    probability : Series
        Corrected, one per row of the linkage's `pairs`.
    """

    method: str
    before: pd.DataFrame
    after: pd.DataFrame
    brier_before: float
    brier_after: float
    n_labelled: int
    probability: pd.Series

    def to_frame(self) -> pd.DataFrame:
        """Return both reliability tables, one below the other."""
        return pd.concat(
            [self.before.assign(probabilities="stated"), self.after.assign(probabilities="corrected")]
        )

    def sentence(self) -> str:
        """Return what the correction does, in prose."""
        return (
            f"By {self.n_labelled:,} labelled pairs ({self.method}), the mean squared error of the "
            f"probabilities goes from {self.brier_before:.4f} to {self.brier_after:.4f}, on pairs left out "
            "of the fit."
        )


def reliability(probability: ArrayLike, same: ArrayLike) -> pd.DataFrame:
    """Compare stated probabilities with what was found, by bands.

    Returns
    -------
    DataFrame
        low, high (of the band), pairs, stated (mean probability), found (share that are of one person),
        ci_low, ci_high (Wilson, 95 per cent).

    Examples
    --------
    >>> reliability([0.1, 0.1, 0.97, 0.97], [0, 0, 1, 1])[["pairs", "stated", "found"]].to_numpy().tolist()
    [[2.0, 0.1, 0.0], [2.0, 0.97, 1.0]]
    """
    from aspfin.registry.evaluation_of_links import wilson

    chance, truth = np.asarray(probability, dtype=float), np.asarray(same, dtype=bool)
    band = np.clip(np.searchsorted(BANDS, chance, side="right") - 1, 0, len(BANDS) - 2)
    rows = []
    for place in np.unique(band):
        inside = band == place
        found, pairs = int(truth[inside].sum()), int(inside.sum())
        low, high = wilson(found, pairs)
        rows.append((BANDS[place], BANDS[place + 1], pairs, chance[inside].mean(), found / pairs, low, high))
    return pd.DataFrame(rows, columns=["low", "high", "pairs", "stated", "found", "ci_low", "ci_high"])


def calibrate(
    linkage: Linkage, labelled: pd.DataFrame, *, method: Literal["isotonic", "logistic"] = "logistic"
) -> Calibration:
    """Correct the match probabilities by labelled pairs.

    Parameters
    ----------
    linkage : Linkage
    labelled : DataFrame
        list_id_l, record_id_l, list_id_r, record_id_r, same (bool); drawn from `linkage.pairs`, at random or
        by bands of probability.
    method : {"logistic", "isotonic"}
        Logistic: two numbers, safe with few pairs. Isotonic: any rising curve, for a thousand pairs or more.

    Returns
    -------
    Calibration
        Use it with `linkage.relinked(probability=calibration.probability, calibration=str(calibration))`.

    Raises
    ------
    ValueError
        Fewer than 30 labelled pairs of either kind among the linkage's pairs.
    """
    from aspfin.registry.evaluation_of_links import match_labels

    if method not in ("isotonic", "logistic"):
        raise ValueError(f"method: got {method!r}; allowed: 'isotonic', 'logistic'")
    label = match_labels(linkage.pairs, labelled)
    known = np.flatnonzero(label >= 0)
    truth = label[known].astype(bool)
    if min(truth.sum(), (~truth).sum()) < FEWEST:
        found = f"{int(truth.sum())} of one person and {int((~truth).sum())} of two"
        raise ValueError(f"labelled: got {found}; allowed: {FEWEST} or more of each among the pairs compared")
    weight = linkage.pairs.weight.to_numpy()
    half = (
        np.arange(len(known)) % 2 == 0
    )  # every other pair, in the order of the records: fit on one, judge on other
    fitted = np.empty(len(known))
    for fold in (half, ~half):
        fitted[~fold] = _fit(weight[known][fold], truth[fold], method)(weight[known][~fold])
    stated = linkage.pairs.probability.to_numpy()[known]
    final = _fit(weight[known], truth, method)
    return Calibration(
        method=method,
        before=reliability(stated, truth),
        after=reliability(fitted, truth),
        brier_before=float(np.mean((stated - truth) ** 2)),
        brier_after=float(np.mean((fitted - truth) ** 2)),
        n_labelled=len(known),
        probability=pd.Series(final(weight), index=linkage.pairs.index),
    )


def _fit(weight: NDArray[np.float64], truth: NDArray[np.bool_], method: str) -> Any:
    """Return the function from weight (bits) to probability fitted on labelled pairs."""
    from scipy import optimize, special

    if method == "isotonic":
        order = np.argsort(weight, kind="stable")
        levels, counts = np.unique(weight[order], return_counts=True)
        sums = np.bincount(np.repeat(np.arange(levels.size), counts), truth[order])
        rising = optimize.isotonic_regression(sums / counts, weights=counts).x
        return lambda new: np.interp(new, levels, rising)

    def loss(beta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        score = beta[0] + beta[1] * weight / 10
        error = special.expit(score) - truth
        # A small penalty towards the stated probabilities keeps separable labels from an infinite slope.
        start = np.array([0.0, 10 * np.log(2)])
        value = np.sum(np.logaddexp(0, score) - truth * score) + 0.05 * np.sum((beta - start) ** 2)
        return float(value), np.array([error.sum(), (error * weight / 10).sum()]) + 0.1 * (beta - start)

    beta = optimize.minimize(loss, np.array([0.0, 10 * np.log(2)]), jac=True, method="BFGS").x
    return lambda new: special.expit(beta[0] + max(beta[1], 0.0) * np.asarray(new) / 10)
