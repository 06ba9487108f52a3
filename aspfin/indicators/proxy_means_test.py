"""Proxy means test: predict welfare from what can be seen of a household, choose a cut-off, show its errors.

>>> import numpy as np, pandas as pd
>>> rng = np.random.default_rng(1)
>>> df = pd.DataFrame({"roof": rng.choice(["thatch", "tile", "tin"], 400), "size": rng.integers(1, 9, 400),
...     "w": 1.0, "village": np.arange(400) // 10})
>>> df["food"] = np.exp(2 + 0.5 * (df["roof"] == "tile") - 0.1 * df["size"] + rng.normal(0, 0.3, 400))
>>> from aspfin.indicators import SurveyDesign
>>> design = SurveyDesign(df, weights="w", psu="village")
>>> test = fit_proxy_means_test(design, welfare="food", predictors=["roof", "size"], poverty_line=5.0)
>>> test.coefficients["term"].tolist()
['intercept', 'roof[tile]', 'roof[tin]', 'size']
>>> outside = test.cross_validate(folds=5)
>>> cutoff = choose_cutoff(outside, poverty_rate=True)
>>> bool(0.1 < cutoff.targeting.exclusion_error.value < 0.5)
True
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from aspfin.indicators.proxy_fit import Fit, covariance, fit, folds_of, penalty_by_folds
from aspfin.indicators.proxy_predictions import Cutoff, ProxyPredictions, choose
from aspfin.indicators.proxy_terms import Predictor, predictor_matrix, predictors_of
from aspfin.indicators.survey_design import SurveyDesign
from aspfin.results import ResultMixin

__all__ = ["Cutoff", "ProxyMeansTest", "ProxyPredictions", "choose_cutoff", "fit_proxy_means_test"]

FOLDS = 5  # for the choice of the penalty


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ProxyMeansTest(ResultMixin):
    """A fitted proxy means test.

    Attributes
    ----------
    welfare : column
        What was predicted.
    log : bool
        Whether its logarithm was.
    predictors : tuple of Predictor
        With their categories, the first being the reference.
    coefficients : DataFrame
        `term`, `estimate`, `std_error` (by the sampling design), `ci_low`, `ci_high`.
    penalty : float
        Of the ridge regression; 0 for least squares. Standard errors are those around the shrunken values.
    r_squared : float
        In the survey it was fitted on; `cross_validate` tells it elsewhere.
    n, n_psu : int
        Rows and PSUs.
    poverty_line : float or None
    """

    welfare: Hashable
    log: bool
    predictors: tuple[Predictor, ...]
    coefficients: pd.DataFrame
    penalty: float
    r_squared: float
    n: int
    n_psu: int
    poverty_line: float | None
    _design: SurveyDesign = field(repr=False)
    _fit: Fit = field(repr=False)

    def predict(self, df: pd.DataFrame, *, unseen: Literal["error", "missing"] = "error") -> pd.Series:
        """Return predicted welfare, in its unit; after logarithms the predicted median.

        Rows with a missing predictor are missing, and so are those with a category the survey never had
        where `unseen` is "missing".

        Raises
        ------
        ValueError
            For a column not found or of another kind, or an unseen category.
        """
        if unseen not in ("error", "missing"):
            raise ValueError(f"unseen: got {unseen!r}; allowed: 'error' or 'missing'")
        x = predictor_matrix(df, self.predictors, unseen=unseen)
        return pd.Series(self._unit(self._fit.predict(x)), index=df.index, name=f"predicted_{self.welfare}")

    def scorecard(self, *, points: int = 100) -> pd.DataFrame:
        """Return whole points to be added by hand; more points, better off.

        The best-off household of the survey's range could get about `points`, the worst-off 0.

        Returns
        -------
        DataFrame
            `column`, `level` (missing for a number), `points` (per category, or per unit of the number),
            `start` (points of a number at 0; one whole number for the test, on its first row).
        """
        if isinstance(points, bool) or not isinstance(points, int) or points < 1:
            raise ValueError(f"points: got {points!r}; allowed: a whole number of at least 1")
        parts, slopes = [], self._fit.coefficients[1:]
        for one in self.predictors:
            own, slopes = slopes[: len(one.terms)], slopes[len(one.terms) :]
            parts.append((one, np.r_[0.0, own] if one.levels else own))
        spans = [np.ptp(b) if one.levels else abs(b[0]) * (one.high - one.low) for one, b in parts]
        scale = points / sum(spans) if sum(spans) > 0 else 0.0
        rows, lowest = [], 0
        for one, b in parts:
            if one.levels:
                given = np.rint((b - b.min()) * scale).astype(int)
                rows += [(one.column, level, int(p)) for level, p in zip(one.levels, given, strict=True)]
            else:
                p = int(np.rint(b[0] * scale))
                rows.append((one.column, None, p))
                lowest += int(min(p * one.low, p * one.high))
        card = pd.DataFrame(rows, columns=["column", "level", "points"])
        return card.assign(start=np.where(np.arange(len(card)) == 0, -lowest, 0))

    def score(
        self, df: pd.DataFrame, *, points: int = 100, unseen: Literal["error", "missing"] = "error"
    ) -> pd.Series:
        """Return the points of households by the scorecard; missing as in `predict`."""
        card = self.scorecard(points=points)
        x = predictor_matrix(df, self.predictors, unseen=unseen)
        slopes, start = [], float(card["start"].sum())
        for one in self.predictors:
            own = card.loc[card["column"] == one.column, "points"].to_numpy(float)
            slopes.append(own[1:] - own[0] if one.levels else own)
            start += own[0] if one.levels else 0.0
        return pd.Series(start + x @ np.concatenate(slopes), index=df.index, name="score")

    def in_sample(self) -> ProxyPredictions:
        """Return predictions for the households the test was fitted on; errors look better than they are."""
        rows = np.flatnonzero(self._design.in_domain)
        linear = np.full(self._design.weights.size, np.nan)
        linear[rows] = self._fit.predict(self._arrays(rows)[0])
        return self._predictions(linear, out_of_sample=False)

    def cross_validate(self, *, folds: int = 5, seed: int = 0) -> ProxyPredictions:
        """Return predictions for households of each fold by a test fitted on the others.

        Folds are made of whole PSUs, spread over strata; the penalty stays as chosen.

        Raises
        ------
        ValueError
            For fewer than 2 folds or more than there are PSUs.
        """
        design = self._design
        rows = np.flatnonzero(design.in_domain)
        x, y, w = self._arrays(rows)
        fold = folds_of(design.units, folds, seed)[design.units.codes[rows]]
        linear = np.full(design.weights.size, np.nan)
        terms = tuple(term for one in self.predictors for term in one.terms)
        for one in np.unique(fold):
            out = fold == one
            if not (~out).any():
                raise ValueError("folds: the domain lies in PSUs of one fold; give another number")
            # A category met only in this fold is a column of zeros in the others: a least penalty serves.
            part = fit(x[~out], y[~out], w[~out], max(self.penalty, 1e-9), terms)
            linear[rows[out]] = part.predict(x[out])
        return self._predictions(linear, out_of_sample=True)

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients."""
        return self.coefficients.copy()

    def sentence(self) -> str:
        """Return the test in prose."""
        kind = f"ridge regression (penalty {self.penalty:.3g})" if self.penalty else "least squares"
        what = f"the logarithm of {self.welfare}" if self.log else self.welfare
        return (
            f"A proxy means test of {what} on {len(self.predictors)} predictors by weighted {kind}: R² "
            f"{self.r_squared:.2f} in the {self.n:,} households it was fitted on, in {self.n_psu:,} primary "
            "sampling units."
        )

    def _unit(self, linear: np.ndarray) -> np.ndarray:
        return np.exp(linear) if self.log else linear

    def _arrays(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        design = self._design
        y = design.column(self.welfare, role="welfare")[rows]
        x = predictor_matrix(design.frame.iloc[rows], self.predictors, unseen="error")
        return x, np.log(y) if self.log else y, design.weights[rows]

    def _predictions(self, linear: np.ndarray, *, out_of_sample: bool) -> ProxyPredictions:
        design = self._design
        rows = np.flatnonzero(design.in_domain)
        _, y, w = self._arrays(rows)
        welfare = np.full(linear.size, np.nan)
        welfare[rows] = self._unit(y) if not self.log else design.column(self.welfare)[rows]
        return ProxyPredictions(
            design=design,
            predicted=self._unit(linear),
            welfare=welfare,
            poverty_line=self.poverty_line,
            out_of_sample=out_of_sample,
            r_squared=_r_squared(y, linear[rows], w),
            rank_correlation=_rank_correlation(y, linear[rows], w),
        )


def fit_proxy_means_test(
    design: SurveyDesign,
    *,
    welfare: Hashable,
    predictors: Sequence[Hashable],
    poverty_line: float | None = None,
    log: bool = True,
    penalty: float | Literal["cross_validated"] = 0.0,
    seed: int = 0,
) -> ProxyMeansTest:
    """Fit welfare on what can be observed of a household.

    Parameters
    ----------
    design : SurveyDesign
        Rows are households; weights those of persons or of households, as errors are to be counted.
    welfare : column
        Consumption or income per person.
    predictors : sequence of columns
        Numbers and 0/1 enter as they are, text and categories as one indicator per level but the first.
        Codes of categories (provinces) must be text or categories.
    poverty_line : float, optional
        In the unit of welfare; poor are those below. Needed for errors and cut-offs.
    log : bool
        Predict the logarithm of welfare.
    penalty : float or "cross_validated"
        0: weighted least squares. Above 0: ridge regression on standardised columns. "cross_validated": the
        one of 12 that predicts best outside its folds of PSUs.
    seed : int
        Of those folds.

    Raises
    ------
    ValueError
        For columns not found or with gaps, welfare of 0 or less under `log`, a predictor that never varies or
        is a combination of others, too few PSUs, a bad line or penalty.

    References
    ----------
    Grosh & Baker (1995), Proxy Means Tests for Targeting Social Programs, LSMS Working Paper 118; Brown,
    Ravallion & van de Walle (2018), Journal of Development Economics 134 (errors out of sample); Binder
    (1983) (standard errors).

    Examples
    --------
    See the top of this module.
    """
    line = _line(poverty_line)
    inside = np.flatnonzero(design.in_domain)
    y = design.column(welfare, role="welfare")[inside]
    if log and (y <= 0).any():
        raise ValueError(
            f"welfare: column {welfare!r} is 0 or less in {int((y <= 0).sum()):,} rows, which have no "
            "logarithm; leave them out with design.domain(...), or give log=False"
        )
    y = np.log(y) if log else y
    found = predictors_of(design.frame, predictors, inside)
    terms = tuple(term for one in found for term in one.terms)
    x = predictor_matrix(design.frame.iloc[inside], found, unseen="error")
    w, psu = design.weights[inside], design.units.codes[inside]
    df = design.degrees_of_freedom - len(terms)
    if df < 1:
        raise ValueError(
            f"predictors: {len(terms)} terms for {design.degrees_of_freedom} degrees of freedom (PSUs less "
            "strata); give fewer predictors or merge categories"
        )
    if penalty == "cross_validated":
        fold = folds_of(design.units, min(FOLDS, design.n_psu), seed)[psu]
        penalty = penalty_by_folds(x, y, w, fold)
    elif isinstance(penalty, str | bool) or not 0 <= penalty < np.inf:
        raise ValueError(f"penalty: got {penalty!r}; allowed: a number of at least 0, or 'cross_validated'")
    fitted = fit(x, y, w, float(penalty), terms)
    predicted = fitted.predict(x)
    error = np.sqrt(np.diag(covariance(x, y - predicted, w, psu, design.units, float(penalty))))
    return ProxyMeansTest(
        welfare=welfare,
        log=bool(log),
        predictors=found,
        coefficients=_coefficients(("intercept", *terms), fitted.coefficients, error, df),
        penalty=float(penalty),
        r_squared=_r_squared(y, predicted, w),
        n=inside.size,
        n_psu=int(np.unique(psu).size),
        poverty_line=line,
        _design=design,
        _fit=fitted,
    )


def choose_cutoff(
    predictions: ProxyPredictions | ProxyMeansTest,
    *,
    coverage: float | None = None,
    poverty_rate: bool = False,
    max_inclusion: float | None = None,
) -> Cutoff:
    """Return the cut-off of a proxy means test by exactly one rule.

    Parameters
    ----------
    predictions : ProxyPredictions or ProxyMeansTest
        Best those of `test.cross_validate()`. A test stands for its in-sample predictions, whose errors look
        better than they are.
    coverage : float, optional
        Share of the population that can be paid: the highest cut-off that selects no more.
    poverty_rate : bool
        The highest cut-off that selects no more than are poor.
    max_inclusion : float, optional
        The highest cut-off with an inclusion error of at most this share.

    Raises
    ------
    ValueError
        For no rule or several, a share outside 0 to 1, no poverty line, or a rule no cut-off meets.

    Examples
    --------
    See the top of this module.
    """
    if isinstance(predictions, ProxyMeansTest):
        predictions = predictions.in_sample()
    return choose(predictions, coverage, poverty_rate, max_inclusion)


def _line(value: float | None) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool | str) or not 0 < value < np.inf:
        raise ValueError(f"poverty_line: got {value!r}; allowed: a number above 0, in the unit of welfare")
    return float(value)


def _coefficients(terms: tuple[str, ...], estimate: np.ndarray, error: np.ndarray, df: float) -> pd.DataFrame:
    from scipy import special

    half = special.stdtrit(df, 0.975) * error
    columns = {"term": terms, "estimate": estimate, "std_error": error}
    return pd.DataFrame({**columns, "ci_low": estimate - half, "ci_high": estimate + half})


def _r_squared(y: np.ndarray, predicted: np.ndarray, w: np.ndarray) -> float:
    spread = w @ (y - w @ y / w.sum()) ** 2
    return float(1 - w @ (y - predicted) ** 2 / spread) if spread > 0 else np.nan


def _rank_correlation(a: np.ndarray, b: np.ndarray, w: np.ndarray) -> float:
    """Return Spearman's correlation of persons: of mid-ranks by weight, ties sharing theirs."""
    ranks = []
    for values in (a, b):
        levels, place = np.unique(values, return_inverse=True)
        of_level = np.bincount(place, weights=w, minlength=levels.size)
        ranks.append((np.cumsum(of_level) - of_level / 2)[place])
    first, second = (one - w @ one / w.sum() for one in ranks)
    spread = np.sqrt((w @ first**2) * (w @ second**2))
    return float(w @ (first * second) / spread) if spread > 0 else np.nan
