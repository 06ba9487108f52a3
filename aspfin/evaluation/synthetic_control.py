"""Synthetic control and synthetic difference in differences: one treated unit against a mix of others."""

from __future__ import annotations

import math
import warnings
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import pandas as pd

from aspfin.evaluation.columns import names_of
from aspfin.evaluation.donor_weights import spread_of_effect
from aspfin.evaluation.synthetic_panel import Panel, read
from aspfin.results import Check, ImpactEstimate

__all__ = ["synthetic_control"]

METHODS = ("synthetic_control", "synthetic_did")
STARTS = 16
CITATIONS = {
    "synthetic_control": "Abadie, Diamond & Hainmueller (2010), JASA 105(490)",
    "synthetic_did": "Arkhangelsky, Athey, Hirshberg, Imbens & Wager (2021), AER 111(12)",
}


def synthetic_control(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    unit: Hashable,
    time: Hashable,
    treated_unit: object,
    treated_from: object,
    predictors: Iterable[Hashable] | None = None,
    method: str = "synthetic_control",
    seed: int = 0,
) -> ImpactEstimate:
    """Estimate the effect on one treated unit from a weighted mix of untreated units.

    Without `predictors` the weights are those that fit the outcome of every period before treatment best: one
    convex problem, whose answer depends on no start. With `predictors` (averaged over the periods before) the
    importance of each is searched from 16 starts; the best fit is kept, and the spread of the effect over
    starts is checked.

    Parameters
    ----------
    df : DataFrame
        One row for each unit and period.
    outcome, unit, time : column
    treated_unit : value of `unit`
    treated_from : value of `time`
        The first period under treatment.
    predictors : columns, optional
        Only for the synthetic control; the outcome may be one of them.
    method : {"synthetic_control", "synthetic_did"}
    seed : int
        Of the starts, and of the placebo draws of the synthetic difference in differences.

    Returns
    -------
    ImpactEstimate
        The mean effect over the treated periods. `std_error` is the standard deviation of the same estimate
        for units that were not treated (Arkhangelsky et al. 2021, algorithm 4), which takes all units to be
        equally noisy. `by` has the gap by period (synthetic control), `details` weights, `placebo_p_value`
        (rank of the ratio of errors after to before among all units; at least 1 / units), `placebos`,
        `root_mean_square_error_before`, the range of the effect over starts or over equally good weights.

    Raises
    ------
    ValueError
        In one line naming the column or argument, what was found and the remedy.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> levels, shocks = rng.uniform(1, 3, 12), rng.normal(size=15).cumsum()
    >>> rows = [(u, t, levels[u] * (5 + shocks[t]) + 4 * (u == 0 and t >= 10) + 0.1 * rng.normal())
    ...         for u in range(12) for t in range(15)]
    >>> df = pd.DataFrame(rows, columns=["province", "year", "food"])
    >>> effect = synthetic_control(df, outcome="food", unit="province", time="year", treated_unit=0,
    ...                            treated_from=10)
    >>> abs(effect.estimate - 4) < 0.5, round(effect.details["placebo_p_value"], 3)
    (True, 0.083)
    """
    if method not in METHODS:
        raise ValueError(f"method: got {method!r}; allowed: {', '.join(METHODS)}")
    if method == "synthetic_did" and predictors is not None:
        raise ValueError("predictors: the synthetic difference in differences uses none; leave them out")
    panel, dropped = read(df, outcome, unit, time, treated_unit, treated_from, names_of(predictors))
    found = _synthetic_did(panel, seed) if method == "synthetic_did" else _synthetic(panel, seed)
    after = panel.outcome[panel.n_before :, 0].mean()
    return ImpactEstimate(
        method=method.replace("_did", " difference in differences").replace("_", " "),
        estimand="ATT",
        outcome=str(outcome),
        treated=f"{treated_unit} from {treated_from}",
        estimate=found.effect,
        std_error=found.std_error,
        std_error_kind="standard deviation of placebo effects in untreated units",
        n_obs=panel.outcome.size,
        control_mean=float(after - found.effect),
        by=found.by,
        checks=found.checks,
        dropped=dropped,
        details=found.details,
        citation=CITATIONS[method],
        software=f"diff-diff {version('diff-diff')}",
    )


@dataclass(frozen=True, eq=False)
class _Found:
    effect: float
    std_error: float
    by: pd.DataFrame | None
    checks: tuple[Check, ...]
    details: dict[str, object]


def _fit(
    panel: Panel, treated: int = 0, importance: np.ndarray | None = None, search: bool = False
) -> object:
    """Fit in the library: outcomes of every period, given importances, or a search starting from them."""
    from diff_diff import SyntheticControl

    if not panel.extra:
        # Equal importance on unscaled outcomes: the weights minimise the error before treatment itself.
        periods = np.ones(panel.n_before)
        model = SyntheticControl(v_method="custom", custom_v=periods, standardize="none")
        predictors, scale = None, None
    else:
        spread = np.array([values[0].std(ddof=1) for values in panel.extra.values()])
        predictors = [f"p{i}" for i in range(len(panel.extra))]
        # A search from equal importance of rescaled predictors is a search from any importance we like.
        scale = np.sqrt(importance) / spread
        model = (
            SyntheticControl(v_method="nested", n_starts=1, standardize="none")
            if search
            else SyntheticControl(v_method="custom", custom_v=np.ones(len(predictors)), standardize="none")
        )
    with warnings.catch_warnings():
        # A search that stops early is judged by its loss against the other starts.
        warnings.simplefilter("ignore", UserWarning)
        return model.fit(panel.frame(treated, scale), "y", "d", "u", "t", predictors=predictors)


def _synthetic(panel: Panel, seed: int) -> _Found:
    k = len(panel.extra)
    if k:
        draws = np.random.default_rng(seed).dirichlet(np.ones(k), STARTS - 1)
        starts = [np.full(k, 1 / k), *np.maximum(draws, 1e-3)]
        fits = [_fit(panel, importance=start, search=k > 1) for start in starts]
        losses = np.array([one.pre_rmspe for one in fits])
        best = int(losses.argmin())
        found, importance = fits[best], starts[best] * np.array(list(fits[best].v_weights.values()))
        effects = np.array([one.att for one in fits])
        low, high = float(effects.min()), float(effects.max())
    else:
        found, importance, losses = _fit(panel), None, None
        low, high = spread_of_effect(panel.outcome, panel.n_before)
        low, high = min(low, found.att), max(high, found.att)
    gaps = _placebo_gaps(panel, importance)
    after = gaps[:, panel.n_before :]
    std_error = float(after.mean(axis=1).std(ddof=1))
    placebos = _placebos(panel, importance)
    p_value = float((placebos["ratio"] >= placebos["ratio"].iloc[0] * (1 - 1e-9)).mean())
    weights = pd.Series({panel.units[int(u)]: w for u, w in found.donor_weights.items()}, name="weight")
    details = {
        "weights": weights.sort_values(ascending=False),
        "root_mean_square_error_before": found.pre_rmspe,
        "placebo_p_value": p_value,
        "placebos": placebos,
        "effect_low": low,
        "effect_high": high,
        "starts": STARTS if k else 1,
    }
    if k:
        details["losses"] = losses
        details["importance"] = pd.Series(importance / importance.sum(), index=list(panel.extra))
    gap = np.array([found.gap_path[t] for t in range(len(panel.times))])
    checks = (
        _stability(found.att, std_error, low, high, k),
        _before(panel, found),
        _rank(p_value, len(placebos)),
    )
    return _Found(found.att, std_error, _by(panel, gap, gaps), checks, details)


def _placebo_gaps(panel: Panel, importance: np.ndarray | None) -> np.ndarray:
    """Return the gaps of each untreated unit against the other untreated ones, (units − 1, periods)."""
    untreated = panel.without(0)
    paths = [_fit(untreated, unit, importance).gap_path for unit in range(len(untreated.units))]
    return np.array([[path[t] for t in range(len(panel.times))] for path in paths])


def _placebos(panel: Panel, importance: np.ndarray | None) -> pd.DataFrame:
    """Return errors before and after for every unit in the role of the treated; the treated unit comes first.

    Every unit gets the same procedure against all others, so the rank is exact under the null.
    """
    k = len(panel.extra)
    equal = np.full(k, 1 / k) if k else None
    rows = []
    for unit, name in enumerate(panel.units):
        path = _fit(panel, unit, equal, search=k > 1).gap_path
        gap = np.array([path[t] for t in range(len(panel.times))])
        before, after = (float(np.sqrt((part**2).mean())) for part in np.split(gap, [panel.n_before]))
        floor = 1e-9 * panel.outcome.std()
        effect = float(gap[panel.n_before :].mean())
        rows.append((name, effect, before, after, after / max(before, floor)))
    return pd.DataFrame(rows, columns=["unit", "effect", "error_before", "error_after", "ratio"])


def _by(panel: Panel, gap: np.ndarray, gaps: np.ndarray) -> pd.DataFrame:
    from scipy import special

    error = gaps.std(axis=0, ddof=1)
    half = special.ndtri(0.975) * error
    return pd.DataFrame(
        {
            "time": panel.times,
            "estimate": gap,
            "std_error": error,
            "ci_low": gap - half,
            "ci_high": gap + half,
            "p_value": 2 * special.ndtr(-np.abs(gap) / np.where(error > 0, error, np.nan)),
            "n_obs": gaps.shape[0] + 1,
        }
    )


def _stability(effect: float, std_error: float, low: float, high: float, k: int) -> Check:
    question = "Does the effect not depend on the start, or on the choice among equally good weights?"
    # Half a standard error either way is the most that a numerical choice may move the effect.
    allowed = max(std_error, 0.1 * abs(effect))
    over = f"over {STARTS} starts" if k else "over all weights that fit equally well"
    text = f"effect from {low:.4g} to {high:.4g} {over}"
    return Check("stability of the weights", question, bool(high - low <= allowed), high - low, text=text)


def _before(panel: Panel, found: object) -> Check:
    spread = panel.outcome[: panel.n_before, 0].std()
    share = found.pre_rmspe / spread if spread > 0 else math.inf
    text = f"root mean square error {found.pre_rmspe:.4g}, {100 * share:.0f} % of the unit's own variation"
    question = "Does the synthetic unit follow the treated one before treatment?"
    return Check("fit before treatment", question, bool(share <= 0.5), float(share), text=text)


def _rank(p_value: float, units: int) -> Check:
    question = "Are there enough units for a placebo p-value of 0.05?"
    text = f"p = {p_value:.3f} among {units} units; the smallest possible is {1 / units:.3f}"
    return Check("placebo in space", question, units >= 20, p_value=p_value, text=text)


def _synthetic_did(panel: Panel, seed: int) -> _Found:
    from diff_diff import SyntheticDiD

    post = list(range(panel.n_before, len(panel.times)))

    def estimate(part: Panel, treated: int) -> object:
        with warnings.catch_warnings():
            # The fit before treatment is judged by a check, not by the library's remark.
            warnings.simplefilter("ignore", UserWarning)
            model = SyntheticDiD(variance_method="placebo", n_bootstrap=2, seed=seed)
            return model.fit(part.frame(treated), "y", "ever", "u", "t", post_periods=post)

    found = estimate(panel, 0)
    untreated = panel.without(0)
    effects = np.array([estimate(untreated, unit).att for unit in range(len(untreated.units))])
    std_error = float(effects.std(ddof=1))
    p_value = float((1 + (np.abs(effects) >= abs(found.att)).sum()) / (1 + len(effects)))
    weights = pd.Series({panel.units[int(u)]: w for u, w in found.unit_weights.items()}, name="weight")
    times = pd.Series({panel.times[int(t)]: w for t, w in found.time_weights.items()}, name="weight")
    spread = panel.outcome[: panel.n_before, 0].std()
    share = found.pre_treatment_fit / spread if spread > 0 else math.inf
    details = {
        "weights": weights[weights > 0].sort_values(ascending=False),
        "time_weights": times[times > 0],
        "placebo_p_value": p_value,
        "placebos": pd.DataFrame({"unit": untreated.units, "effect": effects}),
        "root_mean_square_error_before": found.pre_treatment_fit,
    }
    question = "Does the weighted mix move with the treated unit before treatment, up to a constant?"
    text = f"root mean square error {found.pre_treatment_fit:.4g}, {100 * share:.0f} % of its own variation"
    checks = (
        Check("fit before treatment", question, bool(share <= 0.5), float(share), text=text),
        _rank(p_value, len(panel.units)),
    )
    return _Found(found.att, std_error, None, checks, details)
