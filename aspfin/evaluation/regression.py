"""Least squares and two-stage least squares with honest standard errors, in plain numpy.

Small, fast and checked against statsmodels, linearmodels and pyfixest. Standard errors:

- "classical": one error variance, divided by n − K;
- "HC0" to "HC3": heteroskedasticity-robust (HC1 times n / (n − K); HC2 and HC3 by leverage);
- "CR1", whenever clusters are given: times G / (G − 1) · (n − 1) / (n − K), t with G − 1 degrees of freedom.

K counts the coefficients and the levels of the absorbed effect; where that effect is nested in the clusters
only its constant counts, as in Stata's xtreg and R's fixest. Groups of one row are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["COVARIANCES", "Fit", "demean", "independent_columns", "least_squares", "sum_by", "two_stage"]

COVARIANCES = ("classical", "HC0", "HC1", "HC2", "HC3")


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted linear equation.

    Attributes
    ----------
    coef, cov : ndarray, shapes (k,) and (k, k)
    names : tuple of str
    df : float
        Degrees of freedom of the t distribution: n − K, or clusters − 1.
    n, n_params : int
        Rows, and K.
    n_clusters : int or None
    kind : str
        "classical", "HC1", … or "CR1".
    residuals : ndarray, shape (n,)
    influence : ndarray, shape (n, k)
        What each row contributes to `coef` (before small-sample factors): its squares sum to HC0.
    r_squared : float
        Of the transformed equation, where effects are absorbed.
    """

    coef: np.ndarray
    cov: np.ndarray
    names: tuple[str, ...]
    df: float
    n: int
    n_params: int
    n_clusters: int | None
    kind: str
    residuals: np.ndarray
    influence: np.ndarray
    r_squared: float

    @property
    def std_error(self) -> np.ndarray:
        """Standard errors, shape (k,)."""
        return np.sqrt(np.diag(self.cov))

    def wald(self, indices: Sequence[int]) -> tuple[float, int, float, float]:
        """Return F, its two degrees of freedom and p for the coefficients at `indices` all being 0."""
        from scipy import special

        indices = list(indices)
        b, v = self.coef[indices], self.cov[np.ix_(indices, indices)]
        f = float(b @ np.linalg.pinv(v, hermitian=True) @ b) / len(indices)
        return f, len(indices), self.df, float(special.fdtrc(len(indices), self.df, f))


def independent_columns(matrix: np.ndarray, tolerance: float = 1e-9) -> np.ndarray:
    """Return which columns are not determined by those before them.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
    tolerance : float
        A column counts as determined if less than this share of its length is left.

    Examples
    --------
    >>> independent_columns(np.array([[1.0, 1.0, 2.0], [1.0, 2.0, 3.0], [1.0, 4.0, 5.0]])).tolist()
    [True, True, False]
    """
    length = np.sqrt((matrix**2).sum(axis=0))
    usable = length > 0
    scaled = matrix / np.where(usable, length, 1.0)
    n, k = matrix.shape
    if usable.all() and k <= n and (np.abs(np.diag(np.linalg.qr(scaled, mode="r"))) > tolerance).all():
        return usable
    basis = np.empty((n, 0))
    keep = np.zeros(k, dtype=bool)
    for j in np.flatnonzero(usable):
        rest = scaled[:, j]
        for _ in range(2):  # twice is enough for orthogonality to rounding
            rest = rest - basis @ (basis.T @ rest)
        left = np.linalg.norm(rest)
        if left > tolerance:
            keep[j] = True
            basis = np.column_stack([basis, rest / left])
    return keep


def sum_by(codes: np.ndarray, values: np.ndarray, n_groups: int | None = None) -> np.ndarray:
    """Return the sums of `values`, shape (n,) or (n, k), by group code.

    Examples
    --------
    >>> sum_by(np.array([0, 1, 0]), np.array([1.0, 2.0, 3.0])).tolist()
    [4.0, 2.0]
    """
    groups = int(codes.max()) + 1 if n_groups is None else n_groups
    if values.ndim == 1:
        return np.bincount(codes, values, minlength=groups)
    sums = np.empty((groups, values.shape[1]))
    for j in range(values.shape[1]):
        sums[:, j] = np.bincount(codes, values[:, j], minlength=groups)
    return sums


def demean(values: np.ndarray, codes: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return `values` less their (weighted) mean by group.

    Examples
    --------
    >>> demean(np.array([1.0, 5.0, 3.0]), np.array([0, 1, 0])).tolist()
    [-1.0, 0.0, 1.0]
    """
    w = np.ones(len(codes)) if weights is None else weights
    weighted = values * (w if values.ndim == 1 else w[:, None])
    total = sum_by(codes, w)
    total[total == 0] = 1.0  # codes that no row has
    sums = sum_by(codes, weighted)
    return values - (sums / (total if values.ndim == 1 else total[:, None]))[codes]


def least_squares(
    y: np.ndarray,
    x: np.ndarray,
    *,
    names: Sequence[str] = (),
    weights: np.ndarray | None = None,
    covariance: str = "HC1",
    clusters: np.ndarray | None = None,
    absorb: np.ndarray | None = None,
) -> Fit:
    """Regress `y` on the columns of `x` (include a constant yourself, unless effects are absorbed).

    Parameters
    ----------
    y : ndarray, shape (n,)
    x : ndarray, shape (n, k)
        Of full column rank; see `independent_columns`.
    names : sequence of str
        One per column.
    weights : ndarray, shape (n,), optional
        Positive; proportional to the inverse error variance, or sampling weights.
    covariance : str
        One of `COVARIANCES`; ignored where clusters are given.
    clusters, absorb : ndarray of int, shape (n,), optional
        Codes 0, 1, … of clusters, and of one set of effects to absorb.

    Raises
    ------
    ValueError
        If columns are collinear, rows too few, or there is one cluster only.

    Examples
    --------
    >>> x = np.column_stack([np.ones(4), [0.0, 0.0, 1.0, 1.0]])
    >>> fit = least_squares(np.array([1.0, 3.0, 4.0, 6.0]), x, covariance="classical")
    >>> fit.coef.round(6).tolist(), fit.std_error.round(6).tolist()
    ([2.0, 3.0], [1.0, 1.414214])
    """
    return two_stage(
        y, x, x, names=names, weights=weights, covariance=covariance, clusters=clusters, absorb=absorb
    )


def two_stage(
    y: np.ndarray,
    x: np.ndarray,
    z: np.ndarray,
    *,
    names: Sequence[str] = (),
    weights: np.ndarray | None = None,
    covariance: str = "HC1",
    clusters: np.ndarray | None = None,
    absorb: np.ndarray | None = None,
) -> Fit:
    """Two-stage least squares of `y` on `x` with instruments `z` (exogenous columns in both).

    Parameters and errors as in `least_squares`; `z` has at least as many columns as `x`.

    Examples
    --------
    >>> offer, took = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 0.0, 0.0, 1.0])
    >>> y, one = np.array([1.0, 3.0, 3.0, 5.0]), np.ones(4)
    >>> fit = two_stage(y, np.column_stack([one, took]), np.column_stack([one, offer]))
    >>> fit.coef.round(6).tolist()
    [2.0, 4.0]
    """
    n, k = x.shape
    names = tuple(names) or tuple(f"x{i}" for i in range(k))
    kind = _kind(covariance, clusters)
    w = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    same = z is x
    root = np.sqrt(w)[:, None]
    size_x, size_z = (np.sqrt(((one * root) ** 2).sum(axis=0)) for one in (x, z))
    if absorb is not None:
        y, x = demean(y, absorb, w), demean(x, absorb, w)
        z = x if same else demean(z, absorb, w)
    n_params = k + _absorbed(absorb, clusters)
    if n <= n_params:
        raise ValueError(f"df: {n} complete rows for {n_params} coefficients; use fewer controls")
    fitted = x if same else _project(x, z, root, size_z)
    r = _upper(fitted * root, names, size_x)
    inverse = np.linalg.solve(r, np.eye(k))
    bread = inverse @ inverse.T
    coef = inverse @ (np.linalg.solve(r.T, (fitted * w[:, None]).T @ y))
    coef = coef + bread @ ((fitted * w[:, None]).T @ (y - x @ coef))  # one step of refinement
    residuals = y - x @ coef
    influence = (fitted * (w * residuals)[:, None]) @ bread
    cov, df, n_clusters = _covariance(
        kind, bread, influence, residuals, w, fitted, n_params, clusters=clusters, absorb=absorb
    )
    middle = 0.0 if absorb is not None else np.average(y, weights=w)
    total = float(w @ (y - middle) ** 2)
    return Fit(
        coef=coef,
        cov=cov,
        names=names,
        df=df,
        n=n,
        n_params=n_params,
        n_clusters=n_clusters,
        kind=kind,
        residuals=residuals,
        influence=influence,
        r_squared=1 - float(w @ residuals**2) / total if total > 0 else np.nan,
    )


def _kind(covariance: str, clusters: np.ndarray | None) -> str:
    if clusters is not None:
        if clusters.max() < 1:
            raise ValueError("cluster: there is only 1 cluster; name a column with more, better 30 or above")
        return "CR1"
    if covariance not in COVARIANCES:
        raise ValueError(f"covariance: got {covariance!r}; allowed: {', '.join(COVARIANCES)}")
    return covariance


def _absorbed(absorb: np.ndarray | None, clusters: np.ndarray | None) -> int:
    """Return how many parameters the absorbed effect counts for."""
    if absorb is None:
        return 0
    levels = int(absorb.max()) + 1
    if clusters is not None:
        pairs = np.unique(absorb.astype(np.int64) * (int(clusters.max()) + 1) + clusters).size
        if pairs == levels:
            return 1
    return levels


def _project(x: np.ndarray, z: np.ndarray, root: np.ndarray, size: np.ndarray) -> np.ndarray:
    q, r = np.linalg.qr(z * root)
    if (np.abs(np.diag(r)) <= 1e-10 * size).any():
        raise ValueError("instrument: determined by the controls or effects; drop it or them")
    return (q @ (q.T @ (x * root))) / root


def _upper(x: np.ndarray, names: tuple[str, ...], size: np.ndarray) -> np.ndarray:
    """Return R of x = QR; `size` is the length of each column before effects were absorbed."""
    r = np.linalg.qr(x, mode="r")
    bad = np.abs(np.diag(r)) <= 1e-10 * size
    if bad.any():
        name = names[int(np.argmax(bad))]
        raise ValueError(f"{name}: determined by the other columns or effects; leave one of them out")
    return r


def _covariance(
    kind: str,
    bread: np.ndarray,
    influence: np.ndarray,
    residuals: np.ndarray,
    w: np.ndarray,
    x: np.ndarray,
    n_params: int,
    *,
    clusters: np.ndarray | None,
    absorb: np.ndarray | None,
) -> tuple[np.ndarray, float, int | None]:
    n = residuals.size
    df = float(n - n_params)
    if clusters is not None:
        sums = sum_by(clusters, influence)
        n_clusters = int(np.unique(clusters).size)
        factor = n_clusters / (n_clusters - 1) * (n - 1) / df
        return factor * sums.T @ sums, float(n_clusters - 1), n_clusters
    if kind == "classical":
        return bread * (w @ residuals**2) / df, df, None
    if kind in ("HC2", "HC3"):
        leverage = w * np.einsum("ij,jk,ik->i", x, bread, x)
        if absorb is not None:
            leverage = leverage + w / sum_by(absorb, w)[absorb]
        room = np.clip(1 - leverage, 1e-12, None)
        influence = influence / (np.sqrt(room) if kind == "HC2" else room)[:, None]
    factor = n / df if kind == "HC1" else 1.0
    return factor * influence.T @ influence, df, None
