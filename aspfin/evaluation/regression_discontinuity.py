"""Regression discontinuity: the effect at the cutoff of a score, such as a poverty score."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from importlib.metadata import version

import numpy as np
import pandas as pd

from aspfin.evaluation.rd_checks import density_of
from aspfin.evaluation.rd_fit import RdData, RdFit, control_level, fit, read
from aspfin.results import Check, ImpactEstimate

__all__ = ["regression_discontinuity"]

CITATION = (
    "Calonico, Cattaneo & Titiunik (2014), Robust nonparametric confidence intervals for "
    "regression-discontinuity designs, Econometrica 82(6)"
)


def regression_discontinuity(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    running: Hashable,
    cutoff: float,
    treated: Hashable | None = None,
    eligible: str = "below",
    bandwidth: float | None = None,
    kernel: str = "triangular",
    order: int = 1,
    controls: Iterable[Hashable] = (),
    cluster: Hashable | None = None,
) -> ImpactEstimate:
    """Estimate the effect at the cutoff with robust bias-corrected inference.

    The estimate is the conventional jump of local polynomials; the interval and the p-value stand on the
    bias-corrected jump (`centre`) and its robust standard error, as is usual.

    Parameters
    ----------
    df : DataFrame
    outcome, running : column
        The running variable is the score on which eligibility was decided.
    cutoff : float
        In the unit of the running variable.
    treated : column of 0 and 1, optional
        Who received the programme. If it follows the rule in every row, or is left out, the design is sharp
        and the effect is that of the rule; otherwise it is fuzzy and the effect is that of treatment on
        compliers.
    eligible : {"below", "above"}
        The side entitled: scores below the cutoff, or at or above it. A row exactly at the cutoff counts as
        above.
    bandwidth : float, optional
        In the unit of the running variable, also used for the bias. By default the one that minimises the
        mean squared error (chosen as for independent rows, also with clusters).
    kernel : {"triangular", "epanechnikov", "uniform"}
    order : int
        Of the local polynomials; the bias is estimated by one more.
    controls : columns
        Known before the programme; they add precision and do not change what is estimated.
    cluster : column, optional
        Rows of one cluster may be alike; t with clusters − 1 degrees of freedom.

    Returns
    -------
    ImpactEstimate
        `n_obs` counts the rows within the bandwidth; `control_mean` is the level of the not eligible at the
        cutoff. `details`: cutoff, eligible, bandwidth, bias_bandwidth, n_below, n_above (within the
        bandwidth), n_total, kernel, order and, if fuzzy, first_stage and first_stage_std_error.

    Raises
    ------
    ValueError
        In one line naming the column or argument, what was found and the remedy.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> df = pd.DataFrame({"score": rng.uniform(-1, 1, 3000)})
    >>> df["food"] = 2.0 * (df["score"] < 0) + df["score"] + rng.normal(size=3000)
    >>> effect = regression_discontinuity(df, outcome="food", running="score", cutoff=0.0)
    >>> low, high = effect.conf_int()
    >>> low < 2.0 < high
    True
    """
    data = read(
        df,
        outcome=outcome,
        running=running,
        cutoff=cutoff,
        treated=treated,
        eligible=eligible,
        kernel=kernel,
        order=order,
        controls=controls,
        cluster=cluster,
    )
    found = fit(data, bandwidth)
    fuzzy = data.treated is not None
    how = "nearest neighbours" if cluster is None else f"clustered by {cluster} (CR1)"
    return ImpactEstimate(
        method=f"{'fuzzy' if fuzzy else 'sharp'} regression discontinuity",
        estimand="LATE at the cutoff" if fuzzy else "ATE at the cutoff",
        outcome=str(outcome),
        treated=str(treated) if treated is not None else f"{running} {_rule(eligible)} {cutoff:g}",
        estimate=found.estimate,
        std_error=found.std_error,
        std_error_kind=f"conventional, {how}; interval and p-value robust bias-corrected",
        df=found.df,
        n_obs=found.n_obs,
        n_clusters=found.n_clusters,
        control_mean=control_level(data, found.bandwidth),
        centre=found.centre,
        centre_std_error=found.centre_std_error,
        checks=_checks(data, found),
        dropped=data.sample.dropped,
        details=_details(data, found),
        citation=CITATION,
        software=f"diff-diff {version('diff-diff')}",
    )


def _rule(eligible: str) -> str:
    return "below" if eligible == "below" else "at or above"


def _details(data: RdData, found: RdFit) -> dict[str, object]:
    details = {
        "cutoff": data.cutoff,
        "eligible": data.eligible,
        "bandwidth": found.bandwidth,
        "bias_bandwidth": found.bias_bandwidth,
        "n_below": found.n_left,
        "n_above": found.n_right,
        "n_total": len(data.running),
        "kernel": data.kernel,
        "order": data.order,
        "collinear": data.sample.collinear,
    }
    if data.treated is not None:
        details["first_stage"] = found.first_stage
        details["first_stage_std_error"] = found.first_stage_std_error
    return details


def _checks(data: RdData, found: RdFit) -> tuple[Check, ...]:
    checks = [density_of(data.running, data.cutoff), _enough(found), _distinct(found), _at_cutoff(data)]
    if data.treated is not None:
        checks.append(_first_stage(found))
    checks += [
        Check("numerical note", "Did the fit run without remarks?", False, text=one) for one in found.notes
    ]
    return tuple(checks)


def _enough(found: RdFit) -> Check:
    fewest = min(found.n_left, found.n_right)
    question = "Are there at least 50 rows within the bandwidth on each side?"
    text = f"{found.n_left:,} below and {found.n_right:,} above"
    return Check("rows near the cutoff", question, fewest >= 50, float(fewest), text=text)


def _distinct(found: RdFit) -> Check:
    share = min(found.distinct)
    question = "Does the running variable take many values, so that it can be treated as continuous?"
    text = f"{100 * share:.0f} % of the values are distinct on the side with more ties; ties are allowed for"
    return Check("mass points", question, share >= 0.8, share, text=text)


def _at_cutoff(data: RdData) -> Check:
    n = int((data.running == data.cutoff).sum())
    counted = "not eligible" if data.eligible == "below" else "eligible"
    text = "none" if not n else f"{n:,} rows exactly at the cutoff, counted as {counted}"
    if n and data.treated is not None:
        share = data.treated[data.running == data.cutoff].mean()
        text += f"; {100 * share:.0f} % of them treated"
    if n:
        text += "; if the rule says otherwise, move the cutoff slightly"
    question = "Is it clear on which side every row lies?"
    return Check("rows at the cutoff", question, n == 0 or None, float(n), text=text)


def _first_stage(found: RdFit) -> Check:
    question = "Does take-up jump at the cutoff, in the direction of eligibility, with F above 20?"
    jump, error = found.first_stage, found.first_stage_std_error
    f = np.inf if error == 0 else (jump / error) ** 2
    text = f"take-up jumps by {jump:+.3f}; F = {f:.1f}"
    if jump < 0:
        text += "; the eligible take up less: is `eligible` right?"
    return Check("first stage", question, bool(jump > 0 and f > 20), float(f), text=text)
