"""Checks and pictures of a regression discontinuity: density, placebo cutoffs, bandwidths, the plot."""

from __future__ import annotations

import math
import warnings
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.evaluation.local_polynomial import fitted_line
from aspfin.evaluation.rd_fit import RdData, fit, read
from aspfin.evaluation.sample import prepare
from aspfin.results import Check, ResultMixin

__all__ = [
    "RdPlotData",
    "bandwidth_sensitivity",
    "density",
    "density_of",
    "placebo_cutoffs",
    "rd_plot_data",
]


def density(df: pd.DataFrame, *, running: Hashable, cutoff: float, level: float = 0.05) -> Check:
    """Test whether rows bunch on one side of the cutoff, as they would if scores had been manipulated.

    Two tests together, the smaller p-value doubled. Local-polynomial density test with robust bias
    correction (Cattaneo, Jansson & Ma 2020, JASA 115(531)), which asks the question of McCrary (2008).
    Repeated values are allowed for. And, as polynomials can bridge an empty strip beside the cutoff,
    whether the 50 nearest rows lie on both sides as often (Cattaneo, Frandsen & Titiunik 2015); left out
    where values repeat.

    Raises
    ------
    ValueError
        If the column is missing or not numeric, or the cutoff lies outside its range.

    Examples
    --------
    >>> scores = pd.DataFrame({"score": np.random.default_rng(1).normal(size=2000)})
    >>> density(scores, running="score", cutoff=0.0).passed
    True
    """
    x = np.sort(prepare(df, numeric=(running,)).numbers[running])
    if not x[0] < cutoff < x[-1]:
        raise ValueError(
            f"cutoff: got {cutoff!r}; column {running!r} runs from {x[0]:g} to {x[-1]:g}, "
            "and the cutoff must lie inside"
        )
    return density_of(x, float(cutoff), level)


def density_of(running: np.ndarray, cutoff: float, level: float = 0.05) -> Check:
    """Return the density check of an array, shape (n,)."""
    from diff_diff import RDDensityTest

    name, question = "density", "Is the running variable's density continuous at the cutoff?"
    with warnings.catch_warnings():
        # Ties, short ranges and few rows are told in the text; the test allows for ties itself.
        warnings.simplefilter("ignore", UserWarning)
        try:
            found = RDDensityTest(cutoff=cutoff).fit(pd.DataFrame({"v": running}), running="v")
        except (ValueError, np.linalg.LinAlgError) as error:
            return Check(name, question, None, text=f"not computed: {str(error).split('.')[0]}")
    if not math.isfinite(found.p_value):
        return Check(name, question, None, text="not computed: too few distinct values near the cutoff")
    text = (
        f"t = {found.t_stat:.2f}, p = {found.p_value:.3f}; density {found.f_left:.3g} below, "
        f"{found.f_right:.3g} above; {found.n_eff_left:,} and {found.n_eff_right:,} rows"
    )
    p_value = float(found.p_value)
    counts = _nearest_counts(running, cutoff)
    if counts is not None:
        below, above, p_counts = counts
        text += f"; of the nearest rows {below} lie below and {above} above, p = {p_counts:.3f}"
        p_value = min(1.0, 2 * min(p_value, p_counts))
    return Check(name, question, p_value >= level, float(found.t_stat), p_value, text)


def _nearest_counts(running: np.ndarray, cutoff: float, nearest: int = 50) -> tuple[int, int, float] | None:
    """Return how many of the rows nearest to the cutoff lie on each side, and the binomial p-value.

    None where values repeat so much that the two sides are not symmetric.
    """
    from scipy import stats

    if len(np.unique(running)) < 0.8 * len(running) or len(running) < 4 * nearest:
        return None
    distance = np.abs(running - cutoff)
    near = running[distance <= np.partition(distance, nearest - 1)[nearest - 1]]
    below = int((near < cutoff).sum())
    return below, len(near) - below, float(stats.binomtest(below, len(near)).pvalue)


def placebo_cutoffs(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    running: Hashable,
    cutoff: float,
    eligible: str = "below",
    cutoffs: Iterable[float] | None = None,
    kernel: str = "triangular",
    order: int = 1,
    controls: Iterable[Hashable] = (),
    cluster: Hashable | None = None,
) -> pd.DataFrame:
    """Return the "effect" at cutoffs where there is none, each from the rows of one side of the true cutoff.

    Parameters
    ----------
    cutoffs : iterable of float, optional
        By default the quartiles of the running variable on each side of the true cutoff.

    Returns
    -------
    DataFrame
        cutoff, side, estimate, std_error, ci_low, ci_high (robust), p_value, n_obs; `note` says why a row is
        empty.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> df = pd.DataFrame({"score": rng.uniform(-1, 1, 2000)})
    >>> df["food"] = 2.0 * (df["score"] < 0) + df["score"] + rng.normal(size=2000)
    >>> frame = placebo_cutoffs(df, outcome="food", running="score", cutoff=0.0)
    >>> len(frame), bool((frame["estimate"].abs() < 1.5).all())
    (6, True)
    """
    data = read(
        df,
        outcome=outcome,
        running=running,
        cutoff=cutoff,
        eligible=eligible,
        kernel=kernel,
        order=order,
        controls=controls,
        cluster=cluster,
    )
    below = data.running < data.cutoff
    if cutoffs is None:
        cutoffs = [
            float(q)
            for rows in (below, ~below)
            for q in np.unique(np.quantile(data.running[rows], [0.25, 0.5, 0.75]))
        ]
    rows = []
    for one in cutoffs:
        left = float(one) < data.cutoff
        rows.append({"cutoff": float(one), "side": "below" if left else "above", **_placebo(data, one, left)})
    return pd.DataFrame(rows)


def _placebo(data: RdData, cutoff: float, left: bool) -> dict[str, object]:
    from dataclasses import replace

    part = replace(data.rows((data.running < data.cutoff) == left), cutoff=float(cutoff))
    try:
        return {**fit(part).row(), "note": ""}
    except ValueError as error:
        empty = dict.fromkeys(("estimate", "std_error", "ci_low", "ci_high", "p_value"), math.nan)
        return {**empty, "n_obs": 0, "note": str(error)}


def bandwidth_sensitivity(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    running: Hashable,
    cutoff: float,
    treated: Hashable | None = None,
    eligible: str = "below",
    multiples: Iterable[float] = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0),
    kernel: str = "triangular",
    order: int = 1,
    controls: Iterable[Hashable] = (),
    cluster: Hashable | None = None,
) -> pd.DataFrame:
    """Return the effect at multiples of the data-driven bandwidth (and of the bias bandwidth alike).

    Returns
    -------
    DataFrame
        multiple, bandwidth, estimate, std_error, ci_low, ci_high (robust), p_value, n_obs, note.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> df = pd.DataFrame({"score": rng.uniform(-1, 1, 2000)})
    >>> df["food"] = 2.0 * (df["score"] < 0) + df["score"] + rng.normal(size=2000)
    >>> frame = bandwidth_sensitivity(df, outcome="food", running="score", cutoff=0.0)
    >>> bool(frame["n_obs"].is_monotonic_increasing)
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
    main = fit(data)
    rows = []
    for multiple in multiples:
        h = multiple * main.bandwidth
        try:
            row = {**fit(data, h, multiple * main.bias_bandwidth).row(), "note": ""}
        except ValueError as error:
            row = {**dict.fromkeys(main.row(), math.nan), "n_obs": 0, "note": str(error)}
        rows.append({"multiple": float(multiple), "bandwidth": h, **row})
    return pd.DataFrame(rows)


@dataclass(frozen=True, eq=False, repr=False)
class RdPlotData(ResultMixin):
    """What a regression-discontinuity plot draws.

    Attributes
    ----------
    bins : DataFrame
        side, running, mean, ci_low, ci_high, n_obs: means of bins holding equally many rows.
    lines : DataFrame
        side, running, fitted: the local polynomials within the bandwidth, whose gap is the (reduced-form)
        effect.
    cutoff, bandwidth : float
    outcome, running : str
    """

    bins: pd.DataFrame
    lines: pd.DataFrame
    cutoff: float
    bandwidth: float
    outcome: str
    running: str

    def to_frame(self) -> pd.DataFrame:
        """Return the bins."""
        return self.bins

    def sentence(self) -> str:
        """Return what is drawn, in prose."""
        return (
            f"{self.outcome} by {self.running}: means of {len(self.bins)} bins and the fitted lines within "
            f"{self.bandwidth:.4g} of the cutoff {self.cutoff:g}."
        )


def rd_plot_data(
    df: pd.DataFrame,
    *,
    outcome: Hashable,
    running: Hashable,
    cutoff: float,
    bins: int = 20,
    bandwidth: float | None = None,
    kernel: str = "triangular",
    order: int = 1,
) -> RdPlotData:
    """Return binned means and fitted lines on both sides of the cutoff.

    Parameters
    ----------
    bins : int
        Bins on each side, of equally many rows (fewer where values repeat).
    bandwidth : float, optional
        Of the lines; by default the data-driven one.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> df = pd.DataFrame({"score": rng.uniform(-1, 1, 2000)})
    >>> df["food"] = 2.0 * (df["score"] < 0) + df["score"] + rng.normal(size=2000)
    >>> picture = rd_plot_data(df, outcome="food", running="score", cutoff=0.0, bins=10)
    >>> len(picture.bins), list(picture.lines.columns)
    (20, ['side', 'running', 'fitted'])
    """
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
        raise ValueError(f"bins: got {bins!r}; allowed: a whole number of at least 1")
    data = read(df, outcome=outcome, running=running, cutoff=cutoff, kernel=kernel, order=order)
    h = fit(data, bandwidth).bandwidth
    frames, lines = [], []
    for side, rows in (("below", data.running < data.cutoff), ("above", data.running >= data.cutoff)):
        x, y = data.running[rows], data.outcome[rows]
        frames.append(_bins(side, x, y, bins))
        end = data.cutoff + (-1 if side == "below" else 1) * h
        grid = np.linspace(min(end, data.cutoff), max(end, data.cutoff), 50)
        grid = grid[(grid >= min(x[0], data.cutoff)) & (grid <= max(x[-1], data.cutoff))]
        line = fitted_line(y, x, data.cutoff, h, kernel, data.order)
        fitted = np.vander((grid - data.cutoff) / h, data.order + 1, increasing=True) @ line
        lines.append(pd.DataFrame({"side": side, "running": grid, "fitted": fitted}))
    return RdPlotData(
        pd.concat(frames, ignore_index=True),
        pd.concat(lines, ignore_index=True),
        data.cutoff,
        h,
        str(outcome),
        str(running),
    )


def _bins(side: str, x: np.ndarray, y: np.ndarray, bins: int) -> pd.DataFrame:
    edges = np.unique(np.quantile(x, np.linspace(0, 1, bins + 1)))
    code = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, max(len(edges) - 2, 0))
    grouped = pd.DataFrame({"x": x, "y": y}).groupby(code)
    n = grouped.size()
    mean, error = grouped["y"].mean(), 1.959964 * grouped["y"].std() / np.sqrt(n)
    return pd.DataFrame(
        {
            "side": side,
            "running": grouped["x"].mean(),
            "mean": mean,
            "ci_low": mean - error,
            "ci_high": mean + error,
            "n_obs": n,
        }
    ).reset_index(drop=True)
