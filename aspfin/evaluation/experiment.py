"""Randomised experiments: the effect of being assigned to treatment (intention to treat)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from aspfin.evaluation.columns import names_of
from aspfin.evaluation.design import Design
from aspfin.evaluation.estimate import SOFTWARE, arm_mean, effects_frame, error_words
from aspfin.evaluation.regression import Fit, demean, independent_columns, least_squares
from aspfin.evaluation.sample import Sample, prepare
from aspfin.results import Check, ImpactEstimate

__all__ = ["difference_in_means", "fit_treatment"]

MOST_SUBGROUPS = 50
CITATION = (
    "Athey & Imbens (2017), The Econometrics of Randomized Experiments, Handbook of Field Experiments 1"
)


def difference_in_means(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    treated: Hashable,
    controls: Iterable[Hashable] = (),
    strata: Hashable | Iterable[Hashable] | None = None,
    cluster: Hashable | None = None,
    weights: Hashable | None = None,
    design: Design | None = None,
    by: Hashable | None = None,
    covariance: str = "HC1",
) -> ImpactEstimate:
    """Estimate the effect of assignment: treated less untreated mean, adjusted where asked.

    Parameters
    ----------
    df : DataFrame
        One row per person or household; rows with a missing value in a used column are left out and counted.
    outcome, treated : column
        A number; 0 or 1.
    controls : columns
        Measured before treatment. The outcome at baseline among them makes this analysis of covariance.
        Text and categories enter as one indicator per level. Those determined by others are left out and
        named in ``details["left_out"]``.
    strata : column or columns, optional
        One effect per stratum (or combination) is absorbed.
    cluster : column, optional
        Errors are clustered by it (CR1, t with clusters − 1 degrees of freedom).
    weights : column, optional
        Sampling weights.
    design : Design, optional
        How treatment was assigned; its checks are added.
    by : column, optional
        Subgroups: `by` of the result has one effect for each, from one equation, and ``details`` the test
        that they are equal (``interaction_f``, ``interaction_p_value``).
    covariance : str
        Without clusters: "classical", "HC0", "HC1", "HC2" or "HC3".

    Raises
    ------
    ValueError
        In one line naming the column, what was found and the remedy.

    Examples
    --------
    >>> df = pd.DataFrame({"food": [3.0, 4.0, 5.0, 7.0, 6.0, 9.0], "cash": [0, 0, 0, 1, 1, 1]})
    >>> effect = difference_in_means(df, outcome="food", treated="cash", covariance="classical")
    >>> round(effect.estimate, 4), round(effect.std_error, 4), effect.control_mean
    (3.3333, 1.0541, 4.0)
    """
    stratum = names_of(strata)
    sample = prepare(
        df,
        outcome=outcome,
        treated=treated,
        controls=controls,
        groups=(*stratum, cluster, by),
        weights=weights,
    )
    absorb = sample.codes(*stratum)
    clusters = None if cluster is None else sample.groups[cluster]
    fit, left_out = fit_treatment(sample, absorb=absorb, clusters=clusters, covariance=covariance)
    checks = () if design is None else design.checks(df.iloc[sample.positions], treated, cluster)
    if absorb is not None:
        checks = (*checks, _strata_check(sample.treated, absorb))
    details = {"r_squared": fit.r_squared, "left_out": left_out}
    frame = None
    if by is not None:
        frame, test = _subgroups(sample, by, absorb=absorb, clusters=clusters, covariance=covariance)
        details |= test
    return ImpactEstimate(
        method=_method(sample, absorb),
        estimand="ITT",
        outcome=str(outcome),
        treated=str(treated),
        estimate=float(fit.coef[0]),
        std_error=float(fit.std_error[0]),
        std_error_kind=error_words(fit, cluster),
        df=fit.df,
        n_obs=fit.n,
        n_clusters=fit.n_clusters,
        control_mean=arm_mean(sample.outcome, sample.treated == 0, sample.weights),
        by=frame,
        checks=checks,
        dropped=sample.dropped,
        details=details,
        citation=CITATION,
        software=SOFTWARE,
    )


def fit_treatment(
    sample: Sample,
    *,
    absorb: np.ndarray | None = None,
    clusters: np.ndarray | None = None,
    covariance: str = "HC1",
    treatment: np.ndarray | None = None,
) -> tuple[Fit, tuple[str, ...]]:
    """Regress the outcome on treatment (first), controls and a constant or absorbed effects.

    Returns the fit, and the names of the controls left out as determined by others. `treatment` may hold
    several columns in place of the sample's own.
    """
    t = sample.treated[:, None] if treatment is None else treatment
    names = [str(sample.names["t"])] if treatment is None else [f"treatment {i}" for i in range(t.shape[1])]
    _treatment_varies(sample, t, absorb)
    use = np.ones(sample.controls.shape[1], dtype=bool)
    if absorb is not None and use.size:
        # Effects may determine controls that vary over the whole sample.
        within = demean(sample.controls, absorb, sample.weights)
        size = np.sqrt((sample.controls**2).sum(axis=0))
        within[:, np.sqrt((within**2).sum(axis=0)) < 1e-9 * size] = 0
        use = independent_columns(within)
    constant = np.ones((sample.n, 0 if absorb is not None else 1))
    fit = least_squares(
        sample.outcome,
        np.column_stack([t, sample.controls[:, use], constant]),
        names=[
            *names,
            *(name for name, used in zip(sample.control_names, use, strict=True) if used),
            "constant",
        ],
        weights=sample.weights,
        covariance=covariance,
        clusters=clusters,
        absorb=absorb,
    )
    left_out = tuple(name for name, used in zip(sample.control_names, use, strict=True) if not used)
    return fit, (*sample.collinear, *left_out)


def _treatment_varies(sample: Sample, t: np.ndarray, absorb: np.ndarray | None) -> None:
    """Refuse a treatment that controls and effects determine, before the controls are blamed for it."""
    base = np.column_stack([np.ones(sample.n), sample.controls])
    if absorb is not None:
        t, base = demean(t, absorb, sample.weights), demean(sample.controls, absorb, sample.weights)
    size = np.sqrt((t**2).sum(axis=0))
    rest = t - base @ np.linalg.lstsq(base, t, rcond=None)[0] if base.shape[1] else t
    if (np.sqrt((rest**2).sum(axis=0)) <= 1e-9 * np.maximum(size, np.sqrt(sample.n))).any():
        raise ValueError(
            f"treated: column {sample.names['t']!r} does not vary once controls and strata are held fixed; "
            "leave out the control or stratum that determines it"
        )


def _method(sample: Sample, absorb: np.ndarray | None) -> str:
    parts = ["strata effects"] if absorb is not None else []
    if sample.controls.shape[1]:
        parts.append("controls")
    return "difference in means" + (f" with {' and '.join(parts)}" if parts else "")


def _strata_check(treated: np.ndarray, absorb: np.ndarray) -> Check:
    size = np.bincount(absorb)
    ones = np.bincount(absorb, treated)
    single = (ones == 0) | (ones == size)
    lost = int(size[single].sum())
    text = f"{int(single.sum()):,} of {size.size:,} strata, {lost:,} rows, hold one arm and say nothing"
    question = "Does every stratum hold both arms?"
    return Check("both arms in strata", question, not single.any(), float(single.sum()), text=text)


def _subgroups(
    sample: Sample,
    by: Hashable,
    *,
    absorb: np.ndarray | None,
    clusters: np.ndarray | None,
    covariance: str,
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the effect in each subgroup, and the test that they are equal."""
    codes, levels = sample.groups[by], sample.levels[by]
    k = len(levels)
    if not 2 <= k <= MOST_SUBGROUPS:
        remedy = "choose a column that varies" if k < 2 else "cut it into fewer groups first"
        raise ValueError(f"by: column {by!r} has {k:,} levels among the rows used; {remedy}")
    member = (codes[:, None] == np.arange(k)).astype(float)
    arms = member.T @ np.column_stack([sample.treated, 1 - sample.treated])
    if (arms == 0).any():
        empty = levels[int(np.argmax((arms == 0).any(axis=1)))]
        raise ValueError(
            f"by: {by!r} = {empty!r} has only one arm; join it with another group or leave it out"
        )
    # The first group's own level is the constant (or the strata effects); the others enter as indicators.
    interacted = np.column_stack([member * sample.treated[:, None]])
    base = np.column_stack([member[:, 1:], sample.controls])
    names = tuple([f"{by} = {level}" for level in levels[1:]])
    use = independent_columns(np.column_stack([np.ones(sample.n), base]))[1:]
    with_groups = replace(
        sample,
        controls=base[:, use],
        control_names=tuple(np.array([*names, *sample.control_names], dtype=object)[use]),
    )
    fit, _ = fit_treatment(
        with_groups, absorb=absorb, clusters=clusters, covariance=covariance, treatment=interacted
    )
    n_obs = np.bincount(codes, minlength=k)
    frame = effects_frame({str(by): list(levels)}, fit.coef[:k], fit.std_error[:k], n_obs, fit.df)
    f, df1, df2, p = _equal(fit, k)
    return frame, {"interaction_f": f, "interaction_df": (df1, df2), "interaction_p_value": p}


def _equal(fit: Fit, k: int) -> tuple[float, int, float, float]:
    """F test that the first `k` coefficients are equal."""
    from scipy import special

    contrast = np.column_stack([-np.ones(k - 1), np.eye(k - 1)])
    gap = contrast @ fit.coef[:k]
    f = float(gap @ np.linalg.pinv(contrast @ fit.cov[:k, :k] @ contrast.T, hermitian=True) @ gap) / (k - 1)
    return f, k - 1, fit.df, float(special.fdtrc(k - 1, fit.df, f))
