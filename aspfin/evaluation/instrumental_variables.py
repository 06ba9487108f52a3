"""Instrumental variables: the effect of taking part, on those whom the offer moved to take part."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.evaluation.anderson_rubin import anderson_rubin_set, set_words
from aspfin.evaluation.columns import names_of
from aspfin.evaluation.design import Design
from aspfin.evaluation.estimate import SOFTWARE, arm_mean, error_words
from aspfin.evaluation.regression import Fit, demean, independent_columns, least_squares, two_stage
from aspfin.evaluation.sample import Sample, prepare
from aspfin.results import Check, ImpactEstimate

__all__ = ["effective_f", "instrumental_variables"]

CITATION = (
    "Imbens & Angrist (1994), Econometrica 62; Montiel Olea & Pflueger (2013), JBES 31; "
    "Anderson & Rubin (1949), Annals of Mathematical Statistics 20"
)


def instrumental_variables(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    treated: Hashable,
    instrument: Hashable | Iterable[Hashable],
    controls: Iterable[Hashable] = (),
    strata: Hashable | Iterable[Hashable] | None = None,
    cluster: Hashable | None = None,
    weights: Hashable | None = None,
    design: Design | None = None,
    covariance: str = "HC1",
) -> ImpactEstimate:
    """Estimate a local average treatment effect by two-stage least squares.

    Parameters
    ----------
    df : DataFrame
        Rows with a missing value in a used column are left out and counted.
    outcome, treated : column
        The treatment is what people took up: 0 or 1, or an amount.
    instrument : column or columns
        What moved take-up and nothing else: usually the random offer.
    controls, strata, cluster, weights, covariance
        As in `difference_in_means`; strata are absorbed.
    design : Design, optional
        How the instrument was assigned; its checks are added.

    Returns
    -------
    ImpactEstimate
        `details` has the first stage (``first_stage``: a frame; ``first_stage_f``, robust), the effective F
        of Montiel Olea and Pflueger with its critical value for a worst-case bias of 10 %, and the
        Anderson–Rubin 95 % set (``anderson_rubin``: intervals, possibly two, unbounded or none;
        ``anderson_rubin_text``; its p-value of no effect), which holds however weak the instrument is.

    Raises
    ------
    ValueError
        In one line naming the column, what was found and the remedy.

    Examples
    --------
    >>> df = pd.DataFrame({"food": [3, 5, 4, 6, 8, 9, 5, 8], "took": [0, 0, 0, 0, 1, 1, 0, 1],
    ...     "offer": [0, 0, 0, 0, 1, 1, 1, 1]})
    >>> effect = instrumental_variables(df, outcome="food", treated="took", instrument="offer")
    >>> round(effect.estimate, 4), effect.details["first_stage"]["estimate"].tolist()
    (4.0, [0.75])
    """
    instruments, stratum = names_of(instrument), names_of(strata)
    _distinct(outcome, treated, instruments, names_of(controls))
    sample = prepare(
        df,
        outcome=outcome,
        treated=treated,
        controls=controls,
        numeric=instruments,
        groups=(*stratum, cluster),
        weights=weights,
        treated_binary=False,
    )
    equations = _equations(sample, instruments, sample.codes(*stratum), cluster, covariance)
    first = equations.reduced(sample.treated)
    _moves(equations, first, instruments, treated)
    fit = equations.second_stage()
    strength = effective_f(equations, first)
    set_, kind, p_zero = anderson_rubin_set(
        equations.reduced, sample.outcome, sample.treated, len(instruments), 0.95
    )
    text = set_words(set_, kind)
    checks = (_strength_check(strength), _anderson_rubin_check(kind, text))
    if design is not None:
        checks = (*design.checks(df.iloc[sample.positions], instruments[0], cluster), *checks)
    mean, mean_of = _control_mean(sample, instruments)
    details = strength | {
        "first_stage": _first_stage_frame(first, instruments),
        "first_stage_f": first.wald(range(len(instruments)))[0],
        "anderson_rubin": set_,
        "anderson_rubin_kind": kind,
        "anderson_rubin_text": text,
        "anderson_rubin_p_value": p_zero,
        "control_mean_of": mean_of,
        "left_out": equations.left_out,
    }
    return ImpactEstimate(
        method="two-stage least squares",
        estimand="LATE",
        outcome=str(outcome),
        treated=str(treated),
        estimate=float(fit.coef[0]),
        std_error=float(fit.std_error[0]),
        std_error_kind=error_words(fit, cluster),
        df=fit.df,
        n_obs=fit.n,
        n_clusters=fit.n_clusters,
        control_mean=mean,
        checks=checks,
        dropped=sample.dropped,
        details=details,
        citation=CITATION,
        software=SOFTWARE,
    )


def _distinct(
    outcome: Hashable, treated: Hashable, instruments: tuple[Hashable, ...], controls: tuple[Hashable, ...]
) -> None:
    if not instruments:
        raise ValueError("instrument: got none; name at least one column that moves the treatment")
    for name in instruments:
        roles = {"outcome": (outcome,), "treatment": (treated,), "controls": controls}
        for role, names in roles.items():
            if name in names:
                raise ValueError(f"instrument: column {name!r} is also in the {role}; name another column")


def _moves(equations: Equations, first: Fit, instruments: tuple[Hashable, ...], treated: Hashable) -> None:
    """Refuse instruments whose first stage is zero to rounding: there is nothing to divide by."""
    moved = equations.partialled() @ first.coef[: len(instruments)]
    t = equations.sample.treated
    if np.linalg.norm(moved) <= 1e-9 * np.linalg.norm(t - t.mean()):
        names = " and ".join(repr(name) for name in instruments)
        raise ValueError(
            f"instrument: {names} does not move {treated!r} at all in these rows; choose another instrument"
        )


@dataclass(frozen=True, eq=False)
class Equations:
    """The first stage, reduced form and second stage over the same rows and controls."""

    sample: Sample
    instruments: np.ndarray
    exogenous: np.ndarray
    names: tuple[str, ...]
    absorb: np.ndarray | None
    clusters: np.ndarray | None
    covariance: str
    left_out: tuple[str, ...]

    def reduced(self, y: np.ndarray) -> Fit:
        """Regress any outcome on instruments (first) and controls."""
        return least_squares(
            y,
            np.column_stack([self.instruments, self.exogenous]),
            names=self.names,
            weights=self.sample.weights,
            covariance=self.covariance,
            clusters=self.clusters,
            absorb=self.absorb,
        )

    def second_stage(self) -> Fit:
        """Two-stage least squares, the treatment first."""
        return two_stage(
            self.sample.outcome,
            np.column_stack([self.sample.treated, self.exogenous]),
            np.column_stack([self.instruments, self.exogenous]),
            names=(str(self.sample.names["t"]), *self.names[self.instruments.shape[1] :]),
            weights=self.sample.weights,
            covariance=self.covariance,
            clusters=self.clusters,
            absorb=self.absorb,
        )

    def partialled(self) -> np.ndarray:
        """Instruments less what effects and controls explain, times the root of the weights."""
        w = np.ones(self.sample.n) if self.sample.weights is None else self.sample.weights
        z, x = self.instruments, self.exogenous
        if self.absorb is not None:
            z, x = demean(z, self.absorb, w), demean(x, self.absorb, w)
        root = np.sqrt(w)[:, None]
        z, x = z * root, x * root
        return z - x @ np.linalg.lstsq(x, z, rcond=None)[0] if x.shape[1] else z


def _equations(
    sample: Sample,
    instruments: tuple[Hashable, ...],
    absorb: np.ndarray | None,
    cluster: Hashable | None,
    covariance: str,
) -> Equations:
    z = np.column_stack([sample.numbers[name] for name in instruments])
    controls = sample.controls
    use = np.ones(controls.shape[1], dtype=bool)
    base, within_z = np.column_stack([np.ones(sample.n), controls]), z
    if absorb is not None:
        base, within_z = demean(controls, absorb, sample.weights), demean(z, absorb, sample.weights)
        size = np.sqrt((controls**2).sum(axis=0))
        base[:, np.sqrt((base**2).sum(axis=0)) < 1e-9 * size] = 0
        use = independent_columns(base)
        within_z[:, np.sqrt((within_z**2).sum(axis=0)) < 1e-9 * np.sqrt((z**2).sum(axis=0))] = 0
    free = independent_columns(np.column_stack([base, within_z]))[base.shape[1] :]
    if not free.all():
        name = instruments[int(np.argmin(free))]
        raise ValueError(
            f"instrument: column {name!r} does not vary once controls, strata and other instruments are held "
            "fixed; leave it or them out"
        )
    kept = tuple(name for name, used in zip(sample.control_names, use, strict=True) if used)
    lost = tuple(name for name, used in zip(sample.control_names, use, strict=True) if not used)
    constant = np.ones((sample.n, 0 if absorb is not None else 1))
    return Equations(
        sample=sample,
        instruments=z,
        exogenous=np.column_stack([controls[:, use], constant]),
        names=(*map(str, instruments), *kept, *(["constant"] if absorb is None else [])),
        absorb=absorb,
        clusters=None if cluster is None else sample.groups[cluster],
        covariance=covariance,
        left_out=(*sample.collinear, *lost),
    )


def effective_f(equations: Equations, first: Fit, bias: float = 0.10) -> dict[str, float]:
    """Return the effective F statistic of Montiel Olea and Pflueger (2013), and its critical value.

    With one instrument it equals the robust first-stage F. The critical value is for the null that the bias
    of two-stage least squares exceeds `bias` of its worst case, at 5 %, by their simplified (conservative)
    procedure: 23.1 with one instrument and 10 %.
    """
    from scipy import special

    z = equations.partialled()
    k = z.shape[1]
    cross = z.T @ z
    pi, cov = first.coef[:k], first.cov[:k, :k]
    # In orthonormal instruments: coefficients Q^½ π with covariance Q^½ V Q^½.
    values, vectors = np.linalg.eigh(cross)
    half = vectors @ (np.sqrt(np.clip(values, 0, None))[:, None] * vectors.T)
    spread = half @ cov @ half
    trace = float(np.trace(spread))
    x = 1 / bias
    top = float(np.linalg.eigvalsh(spread)[-1])
    freedom = trace**2 * (1 + 2 * x) / (float(np.trace(spread @ spread)) + 2 * x * trace * top)
    critical = float(special.chndtrix(0.95, freedom, freedom * x)) / freedom
    return {"effective_f": float(pi @ cross @ pi) / trace, "effective_f_critical": critical}


def _strength_check(strength: dict[str, float]) -> Check:
    f, critical = strength["effective_f"], strength["effective_f_critical"]
    side = "above" if f > critical else "below"
    text = f"effective F {f:.1f}, {side} {critical:.1f} (bias of at most 10 % of the worst case)"
    return Check(
        "instrument strength", "Does the instrument move the treatment enough?", f > critical, f, text=text
    )


def _anderson_rubin_check(kind: str, text: str) -> Check:
    question = "Do the data bound the effect, however weak the instrument?"
    return Check("Anderson–Rubin interval", question, kind == "interval", text=text)


def _first_stage_frame(first: Fit, instruments: tuple[Hashable, ...]) -> pd.DataFrame:
    from aspfin.evaluation.estimate import effects_frame

    k = len(instruments)
    keys = {"instrument": [str(name) for name in instruments]}
    return effects_frame(keys, first.coef[:k], first.std_error[:k], np.full(k, first.n), first.df)


def _control_mean(sample: Sample, instruments: tuple[Hashable, ...]) -> tuple[float, str]:
    z = sample.numbers[instruments[0]]
    if len(instruments) == 1 and np.isin(z, (0, 1)).all():
        return arm_mean(sample.outcome, z == 0, sample.weights), f"rows with {instruments[0]} = 0"
    if np.isin(sample.treated, (0, 1)).all():
        return arm_mean(sample.outcome, sample.treated == 0, sample.weights), "untreated rows"
    return math.nan, "not defined"
