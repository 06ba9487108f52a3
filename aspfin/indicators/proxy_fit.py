"""Weighted least squares and ridge regression for proxy means tests, with design-based standard errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aspfin.indicators.sampling_units import SamplingUnits

__all__ = ["PENALTIES", "Fit", "covariance", "fit", "folds_of", "penalty_by_folds"]

# Ridge penalties tried, per unit of weight on standardised columns; 0 is ordinary least squares.
PENALTIES = (0.0, *(10.0 ** (k / 2) for k in range(-8, 3)))


@dataclass(frozen=True, eq=False)
class Fit:
    """A linear prediction: intercept and coefficients, shape (1 + terms,)."""

    coefficients: np.ndarray

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return predictions of rows, missing where a column is."""
        return self.coefficients[0] + x @ self.coefficients[1:]


@dataclass(frozen=True, eq=False)
class _Moments:
    """Weighted moments of standardised columns, decomposed once for all penalties."""

    mean_x: np.ndarray
    spread: np.ndarray
    mean_y: float
    values: np.ndarray
    vectors: np.ndarray
    cross: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, w: np.ndarray) -> _Moments:
        total = w.sum()
        mean_x, mean_y = w @ x / total, float(w @ y / total)
        centred = x - mean_x
        spread = np.sqrt(w @ centred**2 / total)
        spread = np.where(spread > 0, spread, 1.0)  # a level absent from a fold: its column is 0
        z = centred / spread
        values, vectors = np.linalg.eigh((z.T * w) @ z / total)
        return cls(mean_x, spread, mean_y, values, vectors, z.T @ (w * (y - mean_y)) / total)

    def fit(self, penalty: float) -> Fit:
        usable = self.values + penalty > 1e-10
        inverse = np.where(usable, 1 / np.where(usable, self.values + penalty, 1.0), 0.0)
        slopes = self.vectors @ (inverse * (self.vectors.T @ self.cross)) / self.spread
        return Fit(np.r_[self.mean_y - self.mean_x @ slopes, slopes])


def fit(x: np.ndarray, y: np.ndarray, w: np.ndarray, penalty: float, terms: tuple[str, ...]) -> Fit:
    """Return the weighted regression of y on the columns of x, the slopes of standardised columns penalised.

    Minimises Σ w (y − a − x b)²/Σ w + penalty·Σ (b_k s_k)², s_k the standard deviation of column k.

    Raises
    ------
    ValueError
        Without penalty, where columns are combinations of each other; one of them is named.
    """
    moments = _Moments.of(x, y, w)
    if penalty == 0 and moments.values[0] <= 1e-10:
        weight = np.abs(moments.vectors[:, 0])
        involved = [terms[k] for k in np.flatnonzero(weight > 0.1 * weight.max())]
        raise ValueError(
            f"predictors: {', '.join(involved[:4])} are combinations of each other; leave one out, or choose "
            "penalty='cross_validated'"
        )
    return moments.fit(penalty)


def covariance(
    x: np.ndarray, residual: np.ndarray, w: np.ndarray, psu: np.ndarray, units: SamplingUnits, penalty: float
) -> np.ndarray:
    """Return the covariance of intercept and slopes by linearisation (Binder 1983), shape (1 + k, 1 + k)."""
    full = np.column_stack([np.ones(len(x)), x])
    total = w.sum()
    mean_x = w @ x / total
    ridge = np.diag(np.r_[0.0, penalty * (w @ (x - mean_x) ** 2)])
    bread = np.linalg.pinv((full.T * w) @ full + ridge, hermitian=True)
    scores = full * (w * residual)[:, None]
    totals = np.column_stack([np.bincount(psu, weights=column, minlength=units.n_psu) for column in scores.T])
    deviations = units.deviations(totals) @ bread
    return deviations.T @ deviations


def folds_of(units: SamplingUnits, folds: int, seed: int) -> np.ndarray:
    """Return the fold 0, 1, … of each PSU: as equal as can be within strata and in all.

    Raises
    ------
    ValueError
        For fewer than 2 folds, or more than there are PSUs.
    """
    if isinstance(folds, bool) or not isinstance(folds, int) or not 2 <= folds <= units.n_psu:
        raise ValueError(
            f"folds: got {folds!r}; allowed: a whole number from 2 to {units.n_psu}, the number of PSUs"
        )
    rng = np.random.default_rng(seed)
    shuffled = np.lexsort((rng.random(units.n_psu), units.stratum))
    fold = np.empty(units.n_psu, dtype=int)
    fold[shuffled] = np.arange(units.n_psu) % folds  # dealt out stratum after stratum
    return fold


def penalty_by_folds(x: np.ndarray, y: np.ndarray, w: np.ndarray, fold: np.ndarray) -> float:
    """Return the penalty of `PENALTIES` with the smallest squared error out of sample; `fold` is by row."""
    errors = np.zeros(len(PENALTIES))
    for one in np.unique(fold):
        out = fold == one
        moments = _Moments.of(x[~out], y[~out], w[~out])
        for k, penalty in enumerate(PENALTIES):
            errors[k] += w[out] @ (y[out] - moments.fit(penalty).predict(x[out])) ** 2
    return PENALTIES[int(errors.argmin())]
