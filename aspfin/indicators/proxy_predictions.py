"""How well predicted welfare finds the poor: errors at a cut-off, the curve over all cut-offs, its choice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.indicators.groups import By
from aspfin.indicators.survey_design import SurveyDesign
from aspfin.indicators.targeting import Targeting, targeting_of_arrays
from aspfin.results import ResultMixin

__all__ = ["Cutoff", "ProxyPredictions", "choose"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ProxyPredictions(ResultMixin):
    """Welfare predicted for the households of the survey, beside the welfare they have.

    Attributes
    ----------
    design : SurveyDesign
    predicted, welfare : ndarray of float, shape (n,)
        In the unit of welfare; missing outside the domain.
    poverty_line : float or None
        Poor are those with welfare below it.
    out_of_sample : bool
        Whether each household was predicted by a test fitted without its PSU (and all others of its fold).
    r_squared : float
        Share of the variance of (log) welfare that is predicted; out of sample it can be negative.
    rank_correlation : float
        Spearman's, weighted.
    """

    design: SurveyDesign
    predicted: np.ndarray
    welfare: np.ndarray
    poverty_line: float | None
    out_of_sample: bool
    r_squared: float
    rank_correlation: float

    def curve(self) -> pd.DataFrame:
        """Return coverage and errors at cut-offs from the poorest 1 % to the poorest 99 % by prediction.

        Returns
        -------
        DataFrame
            `cutoff` (selected are those predicted below it), `coverage`, `exclusion_error`,
            `inclusion_error`.
        """
        path = self._path()
        wanted = np.searchsorted(path["coverage"].to_numpy(), np.arange(1, 100) / 100 * (1 - 1e-12))
        return path.iloc[np.unique(np.minimum(wanted, len(path) - 1))].reset_index(drop=True)

    def errors(self, cutoff: float, *, by: By | None = None) -> Targeting:
        """Return targeting of households predicted below a cut-off, with standard errors, also by group.

        Errors of sampling at a given cut-off; that the test was fitted on a sample too is not in them.

        Raises
        ------
        ValueError
            Without a poverty line, or for a cut-off that is not a number.
        """
        line = self._line()
        if not np.isfinite(cutoff):
            raise ValueError(f"cutoff: got {cutoff!r}; allowed: a number, in the unit of welfare")
        inside = self.design.in_domain
        columns = {
            "eligible": np.where(inside, self.welfare < line, 0.0).astype(float),
            "receives": np.where(inside, self.predicted < cutoff, 0.0).astype(float),
        }
        return targeting_of_arrays(self.design, columns, by=by)

    def to_frame(self) -> pd.DataFrame:
        """Return one row: fit and, where there is a poverty line, errors of selecting below the line."""
        row: dict[str, object] = {"out_of_sample": self.out_of_sample, "r_squared": self.r_squared}
        row["rank_correlation"] = self.rank_correlation
        if self.poverty_line is not None:
            found = self.errors(self.poverty_line)
            for one in (found.exclusion_error, found.inclusion_error):
                row |= {one.code: one.value, f"{one.code}_std_error": one.std_error}
        return pd.DataFrame([row])

    def sentence(self) -> str:
        """Return the fit in prose."""
        where = (
            "in villages it was not fitted on" if self.out_of_sample else "in the households it was fitted on"
        )
        return (
            f"The test predicts {100 * self.r_squared:.0f} % of the variance of welfare {where} "
            f"(rank correlation {self.rank_correlation:.2f})."
        )

    def _line(self) -> float:
        if self.poverty_line is None:
            raise ValueError("poverty_line: got None; errors need one: fit_proxy_means_test(poverty_line=…)")
        return self.poverty_line

    def _path(self) -> pd.DataFrame:
        """Return coverage and errors at every cut-off there is, ascending."""
        line, rows = self._line(), np.flatnonzero(self.design.in_domain)
        w = self.design.weights[rows]
        poor = self.welfare[rows] < line
        if not poor.any():
            raise ValueError(f"poverty_line: got {line:g}; nobody in the survey is below it")
        values, place = np.unique(self.predicted[rows], return_inverse=True)
        selected = np.cumsum(np.bincount(place, weights=w))
        found = np.cumsum(np.bincount(place, weights=w * poor, minlength=values.size))
        # Cut-offs lie half-way between neighbours, the last one as far above as the one before was below.
        above = np.append(np.diff(values), values[-1] - values[-2] if values.size > 1 else 1.0) / 2
        return pd.DataFrame(
            {
                "cutoff": values + above,
                "coverage": selected / selected[-1],
                "exclusion_error": 1 - found / found[-1],
                "inclusion_error": 1 - found / selected,
            }
        )


@dataclass(frozen=True, eq=False, repr=False)
class Cutoff(ResultMixin):
    """A chosen cut-off: households predicted below it are selected.

    Attributes
    ----------
    value : float
        In the unit of welfare.
    rule : str
        How it was chosen, in words.
    coverage : float
        Share selected.
    targeting : Targeting
        Errors at the cut-off, with standard errors.
    out_of_sample : bool
        Whether errors are of villages the test was not fitted on.
    """

    value: float
    rule: str
    coverage: float
    targeting: Targeting
    out_of_sample: bool

    def to_frame(self) -> pd.DataFrame:
        """Return one row: cut-off, coverage, errors with standard errors."""
        row: dict[str, object] = {"cutoff": self.value, "rule": self.rule, "coverage": self.coverage}
        for one in (self.targeting.exclusion_error, self.targeting.inclusion_error):
            row |= {one.code: one.value, f"{one.code}_std_error": one.std_error}
        return pd.DataFrame([{**row, "out_of_sample": self.out_of_sample}])

    def sentence(self) -> str:
        """Return the cut-off in prose."""
        note = "" if self.out_of_sample else " Errors are those of the households the test was fitted on."
        return (
            f"Selecting {100 * self.coverage:.1f} % with predicted welfare below {self.value:,.6g} "
            f"({self.rule}). {self.targeting.sentence()}{note}"
        )


def choose(
    predictions: ProxyPredictions, coverage: float | None, poverty_rate: bool, max_inclusion: float | None
) -> Cutoff:
    """Return the cut-off by one of three rules; see `choose_cutoff`."""
    if sum((coverage is not None, bool(poverty_rate), max_inclusion is not None)) != 1:
        raise ValueError("coverage, poverty_rate, max_inclusion: give exactly one")
    for name, value in (("coverage", coverage), ("max_inclusion", max_inclusion)):
        if value is not None and not 0 <= value <= 1:
            raise ValueError(f"{name}: got {value!r}; allowed: a share from 0 to 1")
    path = predictions._path()
    if max_inclusion is not None:
        fits = path["inclusion_error"] <= max_inclusion + 1e-12
        lowest = path["inclusion_error"].min()
        if not fits.any():
            raise ValueError(
                f"max_inclusion: got {max_inclusion:g}; the lowest inclusion error of any cut-off is "
                f"{lowest:.3f}"
            )
        rule = f"the most that keeps the inclusion error at or below {100 * max_inclusion:g} %"
    else:
        rule = f"no more than {100 * coverage:g} % selected" if coverage is not None else ""
        if coverage is None:
            inside = predictions.design.in_domain
            poor = predictions.welfare[inside] < predictions._line()
            coverage = float(np.average(poor, weights=predictions.design.weights[inside]))
            rule = f"no more selected than are poor, {100 * coverage:.1f} %"
        fits = path["coverage"] <= coverage + 1e-12
        if not fits.any():
            raise ValueError(
                f"coverage: got {coverage:g}; households with the lowest prediction are "
                f"{path['coverage'].iloc[0]:.3g} of all already"
            )
    row = path[fits].iloc[-1]
    value = float(row["cutoff"])
    return Cutoff(value, rule, float(row["coverage"]), predictions.errors(value), predictions.out_of_sample)
