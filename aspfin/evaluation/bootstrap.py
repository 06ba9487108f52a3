"""The wild cluster bootstrap: honest p-values and intervals with few clusters."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from aspfin.evaluation.columns import names_of
from aspfin.evaluation.design import Design
from aspfin.evaluation.estimate import SOFTWARE, ResampledEstimate, arm_mean, error_words, invert
from aspfin.evaluation.experiment import fit_treatment
from aspfin.evaluation.regression import Fit, demean, independent_columns, sum_by
from aspfin.evaluation.sample import Sample, prepare

__all__ = ["WildTerms", "signs", "wild_cluster_bootstrap", "wild_terms"]

CITATION = (
    "Cameron, Gelbach & Miller (2008), Review of Economics and Statistics 90; "
    "Roodman, MacKinnon, Nielsen & Webb (2019), Stata Journal 19"
)
WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])
DISTRIBUTIONS = ("rademacher", "webb")


def wild_cluster_bootstrap(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    treated: Hashable,
    cluster: Hashable,
    controls: Iterable[Hashable] = (),
    strata: Hashable | Iterable[Hashable] | None = None,
    weights: Hashable | None = None,
    design: Design | None = None,
    draws: int = 9999,
    distribution: str = "rademacher",
    seed: int = 0,
) -> ResampledEstimate:
    """Difference in means with p-value and interval by the wild cluster bootstrap, the null imposed (WCR).

    Clustered t statistics of data remade under the null, each cluster's restricted residuals multiplied by a
    random sign (Rademacher) or one of six values (Webb; better below about ten clusters). Where there are no
    more than `draws` ways to sign the clusters, all are used. The estimate and standard error are those of
    `difference_in_means` with clusters.

    Parameters
    ----------
    df, outcome, treated, cluster, controls, strata, weights, design
        As in `difference_in_means`; strata are absorbed.
    draws, seed : int
    distribution : str
        "rademacher" or "webb".

    Raises
    ------
    ValueError
        In one line naming the column, what was found and the remedy.

    Examples
    --------
    >>> df = pd.DataFrame({"food": [3, 4, 5, 5, 4, 6, 7, 6, 9, 8, 8, 7], "cash": [0] * 6 + [1] * 6,
    ...     "village": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]})
    >>> result = wild_cluster_bootstrap(df, outcome="food", treated="cash", cluster="village")
    >>> round(result.estimate, 9), result.draws, result.exact, result.p_value
    (3.0, 64, True, 0.03125)
    """
    if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 1:
        raise ValueError(f"draws: got {draws!r}; allowed: a whole number of at least 1")
    if distribution not in DISTRIBUTIONS:
        raise ValueError(f"distribution: got {distribution!r}; allowed: {' or '.join(DISTRIBUTIONS)}")
    stratum = names_of(strata)
    sample = prepare(
        df, outcome=outcome, treated=treated, controls=controls, groups=(*stratum, cluster), weights=weights
    )
    absorb, clusters = sample.codes(*stratum), sample.groups[cluster]
    fit, left_out = fit_treatment(sample, absorb=absorb, clusters=clusters)
    drawn, exact = signs(int(fit.n_clusters or 0), draws, distribution, np.random.default_rng(seed))
    test = _Test(wild_terms(sample, fit, drawn, absorb, clusters), exact)
    return ResampledEstimate(
        method="difference in means, wild cluster bootstrap",
        estimand="ITT",
        outcome=str(outcome),
        treated=str(treated),
        estimate=float(fit.coef[0]),
        std_error=float(fit.std_error[0]),
        std_error_kind=f"{error_words(fit, cluster)}; p-value and interval by wild cluster bootstrap",
        df=fit.df,
        n_obs=fit.n,
        n_clusters=fit.n_clusters,
        control_mean=arm_mean(sample.outcome, sample.treated == 0, sample.weights),
        checks=() if design is None else design.checks(df.iloc[sample.positions], treated, cluster),
        dropped=sample.dropped,
        details={"distribution": distribution, "left_out": left_out},
        citation=CITATION,
        software=SOFTWARE,
        resampled_p_value=test.p_value(0.0),
        draws=len(drawn),
        exact=exact,
        interval=partial(_interval, test),
    )


def signs(clusters: int, draws: int, distribution: str, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """Return multipliers, shape (draws, clusters), and whether they are all there are."""
    if distribution == "rademacher":
        if clusters < 60 and 2**clusters <= draws:
            return np.array(list(product((1.0, -1.0), repeat=clusters))), True
        return rng.integers(0, 2, (draws, clusters)) * 2.0 - 1.0, False
    return WEBB[rng.integers(0, 6, (draws, clusters))], False


@dataclass(frozen=True, eq=False)
class WildTerms:
    """What the redrawn t statistics are made of, linear in the effect imposed by the null.

    Arrays with a last axis of 2 hold the part from the outcome and the part per unit of imposed effect.

    Attributes
    ----------
    estimate, std_error : float
    above : ndarray, shape (draws, 2)
        Redrawn effect less the imposed one.
    scores : ndarray, shape (draws, clusters, 2)
        Scores of the treatment by cluster, over its sum of squares.
    factor : float
        Small-sample factor of the variance.
    """

    estimate: float
    std_error: float
    above: np.ndarray
    scores: np.ndarray
    factor: float

    def t(self, effect: float = 0.0) -> np.ndarray:
        """Return the redrawn t statistics under the null of `effect`."""
        above = self.above[:, 0] - effect * self.above[:, 1]
        scores = self.scores[..., 0] - effect * self.scores[..., 1]
        spread = np.sqrt(self.factor * (scores**2).sum(axis=1))
        # All clusters signed alike refit exactly: no spread, and as far from the null as can be.
        tiny = 1e-10 * np.abs(scores).max(initial=0.0) + 1e-14 * np.abs(above)
        return np.where(spread > tiny, above / np.where(spread > tiny, spread, 1.0), np.sign(above) * np.inf)


def wild_terms(
    sample: Sample, fit: Fit, drawn: np.ndarray, absorb: np.ndarray | None, clusters: np.ndarray
) -> WildTerms:
    """Return the terms for multipliers `drawn`; by sums over clusters, without remaking any data.

    With x̃ the treatment less controls and effects and ũ the restricted residuals, a redrawn effect moves by
    Σ v_g x̃_g'ũ_g / x̃'x̃, and the redrawn score of cluster g is v_g x̃_g'ũ_g − x̃_g'X_g (X'X)⁻¹ Σ_h v_h X_h'ũ_h.
    """
    n = sample.n
    root = np.ones(n) if sample.weights is None else np.sqrt(sample.weights)
    base = _basis(sample, absorb, root)
    both = np.column_stack([sample.outcome, sample.treated])
    if absorb is not None:
        both = demean(both, absorb, sample.weights)
    both = both * root[:, None]
    restricted = both - base @ (base.T @ both)  # ũ at effect b is the first column less b times the second
    x = restricted[:, 1]
    square = float(x @ x)
    groups = drawn.shape[1]
    own = sum_by(clusters, x[:, None] * restricted, groups)
    x_base = sum_by(clusters, x[:, None] * base, groups)
    along_x = own[:, 1]
    above = drawn @ own / square
    scores = np.empty((*drawn.shape, 2))
    for part in range(2):
        u = restricted[:, part]
        fitted = (drawn @ sum_by(clusters, base * u[:, None], groups)) @ x_base.T
        if absorb is not None:
            fitted = fitted + drawn @ _effects(absorb, clusters, x * root, u * root, root**2, groups)
        scores[..., part] = drawn * own[:, part] - fitted - above[:, part, None] * along_x
    factor = groups / (groups - 1) * (n - 1) / (n - fit.n_params)
    return WildTerms(float(fit.coef[0]), float(fit.std_error[0]), above, scores / square, factor)


def _basis(sample: Sample, absorb: np.ndarray | None, root: np.ndarray) -> np.ndarray:
    """Orthonormal columns spanning the controls and the constant, net of absorbed effects."""
    base = np.column_stack([np.ones((sample.n, 0 if absorb is not None else 1)), sample.controls])
    if absorb is not None:
        size = np.sqrt((base**2).sum(axis=0))
        base = demean(base, absorb, sample.weights)
        base = base[:, np.sqrt((base**2).sum(axis=0)) > 1e-9 * size]
    base = base * root[:, None]
    return np.linalg.qr(base[:, independent_columns(base)])[0]


def _effects(
    absorb: np.ndarray, clusters: np.ndarray, x: np.ndarray, u: np.ndarray, w: np.ndarray, groups: int
) -> np.ndarray:
    """What refitting the absorbed effects takes from the scores: shape (clusters drawn, clusters)."""
    from scipy import sparse

    shape = (groups, int(absorb.max()) + 1)
    xs = sparse.csr_array((x, (clusters, absorb)), shape=shape)
    us = sparse.csr_array((u / sum_by(absorb, w)[absorb], (clusters, absorb)), shape=shape)
    return (us @ xs.T).toarray()


@dataclass(frozen=True, eq=False)
class _Test:
    """The test that the effect has a given value."""

    terms: WildTerms
    exact: bool

    def p_value(self, effect: float) -> float:
        """Share of redrawn |t| at least as large; without all draws, what was found counts as one."""
        found = abs(self.terms.estimate - effect) / self.terms.std_error
        hits = int((np.abs(self.terms.t(effect)) >= found * (1 - 1e-9)).sum())
        total = len(self.terms.above)
        return hits / total if self.exact else (1 + hits) / (1 + total)


def _interval(test: _Test, level: float) -> tuple[float, float]:
    return invert(test.p_value, test.terms.estimate, test.terms.std_error, level)
