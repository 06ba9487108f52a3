"""Least squares with several absorbed effects, and the small-sample factor that Stata and R's fixest use.

Whichever way a fit is computed, clustered standard errors carry G / (G − 1) · (N − 1) / (N − K), where K
counts the regressors and the levels of every absorbed effect not nested in the clusters (an absorbed unit
effect, clustered by unit, counts for its constant only). Libraries differ here: linearmodels counts nested
effects; pyfixest 0.60 orders absorbed effects by a set, and with units and periods counted either the periods
or only one of them, by Python's hash seed (1,000 units × 20 periods: K of 21 or 2). The factor is therefore
computed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from aspfin.evaluation.regression import Fit, demean, independent_columns, least_squares

__all__ = ["Absorbed", "fit_absorbing", "is_nested"]

# Below this many numbers, indicators for all effects but the largest are quicker than iterating over effects.
DENSE_SIZE = 4_000_000
TOLERANCE, MOST_ITERATIONS = 1e-10, 100_000


@dataclass(frozen=True, eq=False)
class Absorbed:
    """A fit after absorbing effects.

    Attributes
    ----------
    coef, cov : ndarray, shapes (k,) and (k, k)
        Of the columns kept.
    kept : ndarray of bool
        Which columns of `x` the effects and the columns before them leave identified.
    df : float
    n, n_params : int
        Rows, and K of the small-sample factor.
    n_clusters : int or None
    kind : str
        "CR1", "HC1" or "classical".
    software : str
        Library that solved it.
    r_squared : float
        After absorbing; missing where it was not computed.
    """

    coef: np.ndarray
    cov: np.ndarray
    kept: np.ndarray
    df: float
    n: int
    n_params: int
    n_clusters: int | None
    kind: str
    software: str
    r_squared: float = np.nan


def fit_absorbing(
    y: np.ndarray,
    x: np.ndarray,
    effects: Sequence[np.ndarray],
    *,
    weights: np.ndarray | None = None,
    clusters: np.ndarray | None = None,
    covariance: str = "HC1",
    dense: bool | None = None,
) -> Absorbed:
    """Regress `y` on `x`, absorbing each of `effects`.

    Parameters
    ----------
    y : ndarray, shape (n,)
    x : ndarray, shape (n, k)
        Without a constant; columns which the effects determine are left out and told in `kept`.
    effects : sequence of ndarray of int, shape (n,)
        Codes 0, 1, … of each effect; none for a plain regression with a constant.
    weights, clusters : ndarray, shape (n,), optional
    covariance : str
        "HC1" or "classical", where there are no clusters.
    dense : bool, optional
        Turn all effects but the largest into indicators (exact), or iterate with pyfixest. Chosen by size.

    Examples
    --------
    >>> unit, time = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> fit = fit_absorbing(np.array([1.0, 2.0, 3.0, 6.0]), np.array([[0.0], [0], [0], [1]]), [unit],
    ...     covariance="classical")
    >>> fit.coef.round(6).tolist()
    [3.0]
    """
    if clusters is not None and clusters.max() < 1:
        raise ValueError("cluster: there is only 1 cluster; name a column with at least 2, better 30 or more")
    if not effects:
        return _plain(y, x, weights, clusters, covariance)
    order = sorted(effects, key=lambda codes: -int(codes.max()))
    others = sum(int(codes.max()) for codes in order[1:])
    if dense is None:
        dense = y.size * (others + x.shape[1]) <= DENSE_SIZE or len(order) == 1
    if dense:
        return _with_indicators(y, x, order, weights, clusters, covariance)
    return _iterated(y, x, order, weights, clusters, covariance)


def _plain(
    y: np.ndarray, x: np.ndarray, weights: np.ndarray | None, clusters: np.ndarray | None, covariance: str
) -> Absorbed:
    full = np.column_stack([np.ones(y.size), x])
    kept = independent_columns(full)
    fit = least_squares(y, full[:, kept], weights=weights, clusters=clusters, covariance=covariance)
    return _absorbed(fit, slice(1, None), kept[1:])


def _with_indicators(
    y: np.ndarray,
    x: np.ndarray,
    effects: Sequence[np.ndarray],
    weights: np.ndarray | None,
    clusters: np.ndarray | None,
    covariance: str,
) -> Absorbed:
    """Absorb the first (largest) effect; the others enter as indicators, before the columns of `x`."""
    largest = effects[0]
    indicators = [codes[:, None] == np.arange(1, codes.max() + 1) for codes in effects[1:]]
    full = np.column_stack([*indicators, x]).astype(float)
    before = full.shape[1] - x.shape[1]
    within = demean(full, largest, weights)
    kept = _identified(within, full)
    if not kept[before:].any():
        return _nothing(y.size, kept[before:])
    fit = least_squares(
        y, full[:, kept], weights=weights, clusters=clusters, covariance=covariance, absorb=largest
    )
    return _counted(_absorbed(fit, slice(int(kept[:before].sum()), None), kept[before:]), effects, clusters)


def _identified(within: np.ndarray, full: np.ndarray) -> np.ndarray:
    """Columns that vary after demeaning by more than rounding, and not determined by those before."""
    size = np.sqrt((full**2).sum(axis=0))
    moved = np.sqrt((within**2).sum(axis=0)) > 1e-9 * np.where(size > 0, size, 1.0)
    return independent_columns(np.where(moved, within, 0.0))


def _absorbed(fit: Fit, part: slice, kept: np.ndarray) -> Absorbed:
    return Absorbed(
        coef=fit.coef[part],
        cov=fit.cov[part, part],
        kept=kept,
        df=fit.df,
        n=fit.n,
        n_params=fit.n_params,
        n_clusters=fit.n_clusters,
        kind=fit.kind,
        software=f"numpy {np.__version__}",
        r_squared=fit.r_squared,
    )


def _iterated(
    y: np.ndarray,
    x: np.ndarray,
    effects: Sequence[np.ndarray],
    weights: np.ndarray | None,
    clusters: np.ndarray | None,
    covariance: str,
) -> Absorbed:
    import pyfixest
    from pyfixest.core.demean import demean as iterate  # as pyfixest.estimation.demean, without its imports

    both = np.column_stack([y, x])
    within, converged = iterate(
        both,
        np.column_stack(effects).astype(np.uint64),
        np.ones(y.size) if weights is None else weights,
        tol=TOLERANCE,
        maxiter=MOST_ITERATIONS,
    )
    if not converged:
        raise ValueError("fixed_effects: absorbing them does not converge; use fewer or coarser effects")
    kept = _identified(within[:, 1:], x)
    if not kept.any():  # the caller says which column that is
        return replace(_nothing(y.size, kept), software=f"pyfixest {pyfixest.__version__}")
    fit = least_squares(
        within[:, 0], within[:, 1:][:, kept], weights=weights, clusters=clusters, covariance=covariance
    )
    own = replace(_absorbed(fit, slice(None), kept), software=f"pyfixest {pyfixest.__version__}")
    return _counted(own, effects, clusters)


def _nothing(n: int, kept: np.ndarray) -> Absorbed:
    return Absorbed(np.empty(0), np.empty((0, 0)), kept, 0.0, n, 0, None, "none", "")


def _counted(fit: Absorbed, effects: Sequence[np.ndarray], clusters: np.ndarray | None) -> Absorbed:
    """Replace the count of parameters in the small-sample factor by that of the effects absorbed."""
    counted = int(fit.kept.sum()) + _levels(effects, clusters)
    rest = fit.n - counted
    if rest <= 0:
        raise ValueError(
            f"df: {fit.n} complete rows for {counted} coefficients; use fewer controls or effects"
        )
    cov = fit.cov * (fit.n - fit.n_params) / rest
    return replace(fit, cov=cov, n_params=counted, df=fit.df if clusters is not None else float(rest))


def _levels(effects: Sequence[np.ndarray], clusters: np.ndarray | None) -> int:
    """Count the levels of effects not nested in the clusters, one lost for each further effect."""
    total = 1
    for codes in effects:
        levels = int(codes.max()) + 1
        nested = clusters is not None and is_nested(codes, clusters)
        total += 0 if nested else levels - 1
    return total


def is_nested(inner: np.ndarray, outer: np.ndarray) -> bool:
    """Tell whether all rows of each code of `inner` share one code of `outer`.

    Examples
    --------
    >>> is_nested(np.array([0, 0, 1]), np.array([5, 5, 5])), is_nested(np.array([0, 0]), np.array([1, 2]))
    (True, False)
    """
    last = np.empty(int(inner.max()) + 1, dtype=outer.dtype)
    last[inner] = outer
    return bool((last[inner] == outer).all())
