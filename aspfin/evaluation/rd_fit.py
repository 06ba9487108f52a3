"""One regression-discontinuity fit: the library's numbers, with clusters and the eligible side made right."""

from __future__ import annotations

import math
import warnings
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from aspfin.evaluation.local_polynomial import KERNELS, clustered_errors, fitted_line
from aspfin.evaluation.sample import Sample, prepare

__all__ = ["SIDES", "RdData", "RdFit", "fit", "read"]

SIDES = ("below", "above")


@dataclass(frozen=True, eq=False)
class RdData:
    """The arrays of one design, sorted by the running variable; `treated` is None in a sharp design."""

    outcome: np.ndarray
    running: np.ndarray
    treated: np.ndarray | None
    controls: np.ndarray
    clusters: np.ndarray | None
    cutoff: float
    eligible: str
    kernel: str
    order: int
    name: Hashable
    sample: Sample

    @property
    def is_eligible(self) -> np.ndarray:
        """Which rows the rule entitles, shape (n,)."""
        return self.running < self.cutoff if self.eligible == "below" else self.running >= self.cutoff

    def rows(self, keep: np.ndarray) -> RdData:
        """Return some of the rows."""

        def cut(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else values[keep]

        return replace(
            self,
            outcome=self.outcome[keep],
            running=self.running[keep],
            treated=cut(self.treated),
            controls=self.controls[keep],
            clusters=cut(self.clusters),
        )


@dataclass(frozen=True, eq=False)
class RdFit:
    """Numbers of one fit, signed as the effect of eligibility (sharp) or of treatment (fuzzy)."""

    estimate: float
    std_error: float
    centre: float
    centre_std_error: float
    bandwidth: float
    bias_bandwidth: float
    n_left: int
    n_right: int
    first_stage: float | None
    first_stage_std_error: float | None
    n_clusters: int | None
    distinct: tuple[float, float]
    notes: tuple[str, ...]

    @property
    def n_obs(self) -> int:
        """Rows within the bandwidth."""
        return self.n_left + self.n_right

    @property
    def df(self) -> float:
        """Degrees of freedom: clusters − 1, or infinite."""
        return math.inf if self.n_clusters is None else self.n_clusters - 1

    def row(self) -> dict[str, float]:
        """Return estimate, robust interval and p-value, as in the `by` frame of an estimate."""
        from scipy import special

        normal = math.isinf(self.df)
        half = self.centre_std_error * (special.ndtri(0.975) if normal else special.stdtrit(self.df, 0.975))
        with np.errstate(invalid="ignore", divide="ignore"):
            z = -abs(np.float64(self.centre) / self.centre_std_error)
        p = 2 * (special.ndtr(z) if normal else special.stdtr(self.df, z))
        return {
            "estimate": self.estimate,
            "std_error": self.std_error,
            "ci_low": self.centre - half,
            "ci_high": self.centre + half,
            "p_value": float(p),
            "n_obs": self.n_obs,
        }


def _one_of(argument: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{argument}: got {value!r}; allowed: {', '.join(allowed)}")


def _positive(argument: str, value: object) -> None:
    if value is not None and not (isinstance(value, int | float) and 0 < value < math.inf):
        raise ValueError(
            f"{argument}: got {value!r}; allowed: a positive number in units of the running variable"
        )


def read(
    df: object,
    *,
    outcome: Hashable,
    running: Hashable,
    cutoff: float,
    treated: Hashable | None = None,
    eligible: str = "below",
    kernel: str = "triangular",
    order: int = 1,
    controls: Iterable[Hashable] = (),
    cluster: Hashable | None = None,
) -> RdData:
    """Check the columns and settings of a design and return its arrays.

    Raises
    ------
    ValueError
        In one line naming the column or argument, what was found and what is allowed.
    """
    _one_of("eligible", eligible, SIDES)
    _one_of("kernel", kernel, KERNELS)
    if isinstance(order, bool) or order not in (0, 1, 2, 3):
        raise ValueError(f"order: got {order!r}; allowed: 0, 1, 2 or 3 (1 is the usual choice)")
    if (
        isinstance(cutoff, bool)
        or not isinstance(cutoff, int | float | np.number)
        or not math.isfinite(cutoff)
    ):
        raise ValueError(f"cutoff: got {cutoff!r}; allowed: a finite number in units of {running!r}")
    binary = () if treated is None else (treated,)
    groups = () if cluster is None else (cluster,)
    if running in (outcome, treated):
        raise ValueError(
            f"running: column {running!r} is also the outcome or the treatment; name another column"
        )
    sample = prepare(df, outcome=outcome, numeric=(running,), binary=binary, controls=controls, groups=groups)
    x, take_up = sample.numbers[running], None if treated is None else sample.numbers[treated]
    # Sorted by value, so that sums do not depend on the order of the caller's rows.
    order_of = np.lexsort([*sample.controls.T, sample.outcome, *(() if take_up is None else (take_up,)), x])
    clusters = None if cluster is None else sample.groups[cluster][order_of]
    data = RdData(
        outcome=sample.outcome[order_of],
        running=x[order_of],
        treated=None if take_up is None else take_up[order_of],
        controls=sample.controls[order_of],
        clusters=clusters,
        cutoff=float(cutoff),
        eligible=eligible,
        kernel=kernel,
        order=int(order),
        name=running,
        sample=sample,
    )
    _both_sides(data)
    if clusters is not None and len(np.unique(clusters)) < 2:
        raise ValueError(f"cluster: column {cluster!r} has one level; at least two clusters are needed")
    if take_up is not None and np.array_equal(data.treated == 1, data.is_eligible):
        return replace(data, treated=None)  # everybody complies: the design is sharp
    return data


def _both_sides(data: RdData) -> None:
    for side, rows in (("below", data.running < data.cutoff), ("at or above", data.running >= data.cutoff)):
        distinct = len(np.unique(data.running[rows]))
        if distinct < data.order + 3:
            raise ValueError(
                f"running: column {data.name!r} has {distinct} distinct values {side} the cutoff "
                f"{data.cutoff:g}; at least {data.order + 3} are needed: check the cutoff and its unit"
            )


def fit(data: RdData, bandwidth: float | None = None, bias_bandwidth: float | None = None) -> RdFit:
    """Fit at a given bandwidth, or at the one that minimises the mean squared error.

    Raises
    ------
    ValueError
        If the bandwidth holds too few rows for the polynomials.
    """
    from diff_diff import RegressionDiscontinuity

    _positive("bandwidth", bandwidth)
    frame, names = _frame(data)
    library = RegressionDiscontinuity(
        cutoff=data.cutoff, p=data.order, kernel=data.kernel, h=bandwidth, b=bias_bandwidth
    )
    takeup = None if data.treated is None else "t"
    with warnings.catch_warnings(record=True) as caught:  # the library's remarks become notes and checks
        warnings.simplefilter("always")
        try:
            found = library.fit(frame, outcome="y", running="v", takeup=takeup, covariates=names or None)
        except (ValueError, np.linalg.LinAlgError) as error:
            raise ValueError(
                f"running: no estimate at the cutoff {data.cutoff:g} of column {data.name!r} "
                f"({str(error).rstrip('.')}); use a wider bandwidth or a lower order"
            ) from None
    sign = -1.0 if data.eligible == "below" else 1.0
    of_outcome = sign if takeup is None else 1.0  # in a ratio of jumps the side cancels
    n_clusters, se, se_robust = None, found.se_conventional, found.se
    if data.clusters is not None:
        se, se_robust, n_clusters = clustered_errors(
            _linearised(data, found, names),
            data.running,
            data.clusters,
            cutoff=data.cutoff,
            order=data.order,
            kernel=data.kernel,
            bandwidth=found.h_left,
            bias_bandwidth=found.b_left,
        )
    return RdFit(
        estimate=of_outcome * found.att_conventional,
        std_error=se,
        centre=of_outcome * found.att,
        centre_std_error=se_robust,
        bandwidth=found.h_left,
        bias_bandwidth=found.b_left,
        n_left=found.n_h_left,
        n_right=found.n_h_right,
        first_stage=None if takeup is None else sign * found.first_stage_conventional,
        first_stage_std_error=found.first_stage_se_conventional,
        n_clusters=n_clusters,
        distinct=(found.n_unique_left / found.n_left, found.n_unique_right / found.n_right),
        notes=_notes(caught),
    )


def _frame(data: RdData) -> tuple[object, list[str]]:
    import pandas as pd

    columns = {"y": data.outcome, "v": data.running}
    if data.treated is not None:
        columns["t"] = data.treated
    names = [f"x{i}" for i in range(data.controls.shape[1])]
    return pd.DataFrame(columns | dict(zip(names, data.controls.T, strict=True))), names


def _notes(caught: list[warnings.WarningMessage]) -> tuple[str, ...]:
    """Return the library's remarks that no check of ours covers."""
    covered = ("Mass points", "Weak first stage", "Try using option masspoints")
    texts = (str(one.message) for one in caught if issubclass(one.category, UserWarning | RuntimeWarning))
    return tuple(dict.fromkeys(text for text in texts if not text.startswith(covered)))


def _linearised(data: RdData, found: object, names: list[str]) -> np.ndarray:
    """Return the variable whose jump has the variance of the estimate (controls and take-up folded in)."""

    def adjusted(values: np.ndarray, gamma: dict[str, float] | None) -> np.ndarray:
        return values - data.controls @ np.array([(gamma or {}).get(name, 0.0) for name in names])

    outcome = adjusted(data.outcome, found.covariate_coefficients)
    if data.treated is None:
        return outcome
    take_up = adjusted(data.treated, found.first_stage_covariate_coefficients)
    return (outcome - found.att_conventional * take_up) / found.first_stage_conventional


def control_level(data: RdData, bandwidth: float) -> float:
    """Return the mean outcome of the not eligible just at the cutoff, without controls."""
    rows = ~data.is_eligible
    return float(
        fitted_line(data.outcome[rows], data.running[rows], data.cutoff, bandwidth, data.kernel, data.order)[
            0
        ]
    )
