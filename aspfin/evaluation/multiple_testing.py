"""Many outcomes at once: p-values that say how surprising each effect is among all that were tested."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from aspfin.evaluation.bootstrap import wild_terms
from aspfin.evaluation.columns import category_codes, column, names_of
from aspfin.evaluation.experiment import fit_treatment
from aspfin.evaluation.sample import prepare
from aspfin.results import ImpactEstimate

__all__ = ["adjust_p_values", "anderson_q", "benjamini_hochberg", "holm"]

CHUNK_CELLS = 2_000_000


def holm(p: np.ndarray) -> np.ndarray:
    """Return Holm's step-down p-values, which control the chance of any false rejection.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Return Benjamini and Hochberg's step-up p-values, which control the share of false rejections.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.001, 0.012, 0.02, 0.04, 0.3])).round(6).tolist()
    [0.005, 0.03, 0.033333, 0.05, 0.3]
    """
    order = np.argsort(p, kind="stable")[::-1]
    stepped = np.minimum.accumulate(p[order] * p.size / np.arange(p.size, 0, -1))
    adjusted = np.empty(p.size)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


def anderson_q(p: np.ndarray, step: float = 0.001) -> np.ndarray:
    """Return Anderson's (2008) sharpened two-stage q-values.

    For q from 1 down by `step`: stage one rejects r₁ hypotheses by Benjamini–Hochberg at q / (1 + q); stage
    two rejects at that level times m / (m − r₁). The sharpened q of a hypothesis is the smallest q that
    rejects it (Benjamini, Krieger & Yekutieli 2006). A hypothesis that no q rejects keeps 1.

    Examples
    --------
    >>> anderson_q(np.array([0.001, 0.012, 0.02, 0.04, 0.3])).tolist()
    [0.006, 0.025, 0.028, 0.031, 0.064]
    """
    m = p.size
    ranked = np.sort(p)
    rank = np.arange(1, m + 1)
    steps = round(1 / step)
    adjusted = np.ones(m)
    for i in range(steps, 0, -1):
        q = i / steps
        level = q / (1 + q)
        first = _rejected(ranked, rank, level)
        # When stage one rejects all, so does stage two.
        second = m if first == m else _rejected(ranked, rank, level * m / (m - first))
        if second == 0:
            break
        adjusted[p <= ranked[second - 1]] = q
    return adjusted


def _rejected(ranked: np.ndarray, rank: np.ndarray, level: float) -> int:
    """How many hypotheses Benjamini–Hochberg rejects at `level`; rounding does not decide ties."""
    under = np.flatnonzero(ranked <= level * rank / rank.size * (1 + 1e-12))
    return int(under[-1]) + 1 if under.size else 0


METHODS = {"holm": holm, "anderson_q": anderson_q, "benjamini_hochberg": benjamini_hochberg}
CITATIONS = {
    "holm": "Holm (1979), Scandinavian Journal of Statistics 6",
    "anderson_q": "Anderson (2008), Journal of the American Statistical Association 103",
    "benjamini_hochberg": "Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57",
    "romano_wolf": "Romano & Wolf (2005), Econometrica 73; (2016), Statistics & Probability Letters 113",
}


def adjust_p_values(
    estimates: Sequence[ImpactEstimate | float] | Mapping[str, ImpactEstimate | float],
    *,
    method: str,
    df: pd.DataFrame | None = None,
    controls: Iterable[Hashable] = (),
    strata: Hashable | Iterable[Hashable] | None = None,
    cluster: Hashable | None = None,
    weights: Hashable | None = None,
    draws: int = 1999,
    seed: int = 0,
) -> pd.DataFrame:
    """Adjust the p-values of a family of estimates for having tested them all.

    Parameters
    ----------
    estimates : sequence or mapping of ImpactEstimate or p-values
        The family; a mapping names its members.
    method : str
        "holm" or "romano_wolf" (the chance of any false finding), "anderson_q" or "benjamini_hochberg" (the
        share of false findings).
    df, controls, strata, cluster, weights
        For "romano_wolf", which needs the data: estimates made by `difference_in_means`, and how they were
        made. Each effect is tested by the wild bootstrap, null imposed, with the same draws of clusters (or
        rows) for all outcomes, so that their correlation counts.
    draws, seed : int
        Of "romano_wolf".

    Returns
    -------
    DataFrame
        Rows in the order given: name, outcome, treated, estimate, std_error, p_value, adjusted_p_value,
        method.

    Raises
    ------
    ValueError
        If a p-value is missing or outside 0 to 1, or the estimates were not made with the data and columns
        named.

    Examples
    --------
    >>> adjust_p_values({"food": 0.01, "school": 0.04}, method="holm")["adjusted_p_value"].tolist()
    [0.02, 0.04]
    """
    if isinstance(estimates, Mapping):
        names, family = [str(name) for name in estimates], list(estimates.values())
    else:
        family = list(estimates)
        names = [one.outcome if isinstance(one, ImpactEstimate) else str(i) for i, one in enumerate(family)]
    if not family:
        raise ValueError("estimates: got none; give at least one estimate or p-value")
    if method not in CITATIONS:
        raise ValueError(f"method: got {method!r}; allowed: {', '.join(CITATIONS)}")
    p = np.array([_p_value(one, name) for one, name in zip(family, names, strict=True)])
    if method == "romano_wolf":
        adjusted = _romano_wolf(
            family,
            df,
            controls=names_of(controls),
            strata=names_of(strata),
            cluster=cluster,
            weights=weights,
            draws=draws,
            seed=seed,
        )
    else:
        adjusted = METHODS[method](p)
    parts = ("outcome", "treated", "estimate", "std_error")
    rows = {
        part: [getattr(one, part) if isinstance(one, ImpactEstimate) else None for one in family]
        for part in parts
    }
    table = pd.DataFrame(
        {"name": names, **rows, "p_value": p, "adjusted_p_value": adjusted, "method": method}
    )
    return table.astype({"estimate": float, "std_error": float})


def _p_value(one: ImpactEstimate | float, name: str) -> float:
    p = float(one.p_value if isinstance(one, ImpactEstimate) else one)
    if not 0 <= p <= 1:
        raise ValueError(f"estimates: {name!r} has the p-value {p!r}; allowed: a number from 0 to 1")
    return p


def _romano_wolf(
    family: list[ImpactEstimate | float],
    df: pd.DataFrame | None,
    *,
    controls: tuple[Hashable, ...],
    strata: tuple[Hashable, ...],
    cluster: Hashable | None,
    weights: Hashable | None,
    draws: int,
    seed: int,
) -> np.ndarray:
    """Step-down p-values from the joint distribution of the t statistics under the null."""
    if df is None or not all(isinstance(one, ImpactEstimate) for one in family):
        raise ValueError("df: romano_wolf needs the data and the estimates made from them; give both")
    found, redrawn = [], []
    for one in family:
        t, stars = _bootstrap_t(
            one,
            df,
            controls=controls,
            strata=strata,
            cluster=cluster,
            weights=weights,
            draws=draws,
            seed=seed,
        )
        found.append(abs(t))
        redrawn.append(np.abs(stars))
    t, stars = np.array(found), np.column_stack(redrawn)
    order = np.argsort(-t, kind="stable")
    adjusted = np.empty(t.size)
    largest = 0.0
    for place, i in enumerate(order):
        top = stars[:, order[place:]].max(axis=1)
        largest = max(largest, (1 + int((top >= t[i] * (1 - 1e-9)).sum())) / (1 + draws))
        adjusted[i] = largest
    return adjusted


def _bootstrap_t(
    one: ImpactEstimate,
    df: pd.DataFrame,
    *,
    controls: tuple[Hashable, ...],
    strata: tuple[Hashable, ...],
    cluster: Hashable | None,
    weights: Hashable | None,
    draws: int,
    seed: int,
) -> tuple[float, np.ndarray]:
    """The t statistic of one outcome, and those of its redrawn data."""
    outcome, treated = _column_called(df, one.outcome), _column_called(df, one.treated)
    sample = prepare(
        df, outcome=outcome, treated=treated, controls=controls, groups=(*strata, cluster), weights=weights
    )
    absorb = sample.codes(*strata)
    # Signs belong to the clusters (or rows) of the whole frame, so that all outcomes share them.
    whole = np.arange(len(df)) if cluster is None else category_codes(column(df, cluster, "cluster"))[0]
    used, clusters = np.unique(whole[sample.positions], return_inverse=True)
    fit, _ = fit_treatment(sample, absorb=absorb, clusters=clusters)
    if abs(fit.coef[0] - one.estimate) > 1e-8 * max(abs(one.estimate), float(fit.std_error[0])):
        raise ValueError(
            f"estimates: that of {one.outcome!r} is {one.estimate:.6g}, and these data, controls, strata and "
            f"weights give {fit.coef[0]:.6g}; name the columns it was made with"
        )
    rng = np.random.default_rng(seed)
    total = int(whole.max()) + 1
    chunk = max(1, CHUNK_CELLS // total)
    stars = []
    for start in range(0, draws, chunk):
        signs = rng.integers(0, 2, (min(chunk, draws - start), total), dtype=np.int8)[:, used] * 2.0 - 1.0
        stars.append(wild_terms(sample, fit, signs, absorb, clusters).t())
    return float(fit.coef[0] / fit.std_error[0]), np.concatenate(stars)


def _column_called(df: pd.DataFrame, name: str) -> Hashable:
    """The column whose name reads `name`: estimates keep names as text."""
    return next((one for one in df.columns if str(one) == name), name)
