"""Laws fitted to records: how often events strike, and how large they are.

Maximum likelihood throughout. Records of shocks are short (about 25 years): fits come with the number of
observations and belong beside bootstrap bands. Source: Klugman, Panjer and Willmot, *Loss Models*, chapters
on estimation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, pi, sqrt

import numpy as np
import pandas as pd
import scipy  # its parts load on first use

from aspfin.financing.frequency import Binomial, NegativeBinomial, Poisson
from aspfin.financing.severity import Gamma, Lognormal
from aspfin.financing.valid import finite_array, require
from aspfin.results import Check, ResultMixin

__all__ = ["FREQUENCY_LAWS", "SEVERITY_LAWS", "FrequencyFit", "SeverityFit", "fit_frequency", "fit_severity"]

FREQUENCY_LAWS = ("poisson", "negative_binomial", "binomial")
SEVERITY_LAWS = ("lognormal", "gamma")
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class FrequencyFit(ResultMixin):
    """A law of the number of events a year, fitted to annual counts.

    Attributes
    ----------
    frequency : Poisson, NegativeBinomial or Binomial
    requested, law : str
        The law asked for and the law fitted; they differ where the data do not admit the first.
    dispersion : float
        Variance (divisor n - 1) over mean of the counts: 1 for Poisson, missing without any event.
    n_years, n_events : int
    check : Check
        Are the counts as variable as the law asked for says? Not passed when they are under-dispersed.
    """

    frequency: Poisson | NegativeBinomial | Binomial
    requested: str
    law: str
    dispersion: float
    n_years: int
    n_events: int
    check: Check

    def to_frame(self) -> pd.DataFrame:
        """Return the fit as one row."""
        names = ("law", "n_years", "n_events", "dispersion")
        return pd.DataFrame([{name: getattr(self, name) for name in names} | {"mean": self.frequency.mean}])

    def sentence(self) -> str:
        """Return the fit in words."""
        return (
            f"{self.n_events} events in {self.n_years} years, {self.frequency.mean:.3g} a year, as "
            f"{self.law.replace('_', ' ')}. {self.check.text}"
        )


@dataclass(frozen=True)
class SeverityFit(ResultMixin):
    """A law of the size of an event, fitted by maximum likelihood.

    Attributes
    ----------
    severity : Lognormal or Gamma
    law : str
    n : int
        Number of values.
    log_likelihood, aic : float
        With weights: n times the weighted mean log-likelihood.
    parameters : tuple of (name, value)
        meanlog and sdlog, or shape and scale.
    divisor : str
        Divisor of the variance of the logarithms: "n", the maximum-likelihood estimator.
    """

    severity: Lognormal | Gamma
    law: str
    n: int
    log_likelihood: float
    aic: float
    parameters: tuple[tuple[str, float], ...]
    divisor: str = "n"

    def to_frame(self) -> pd.DataFrame:
        """Return the fit as one row."""
        row = {"law": self.law, "n": self.n, **dict(self.parameters), "mean": self.severity.mean}
        return pd.DataFrame([row | {"log_likelihood": self.log_likelihood, "aic": self.aic}])

    def sentence(self) -> str:
        """Return the fit in words."""
        names = ", ".join(f"{name} {value:.4g}" for name, value in self.parameters)
        text = f"{self.law.capitalize()} fitted to {self.n} values by maximum likelihood"
        return f"{text} ({names}), AIC {self.aic:.1f}."


def fit_frequency(counts: Sequence[int], *, law: str = "poisson") -> FrequencyFit:
    """Fit a law to annual counts of events; years without events count as 0 and must be there.

    Parameters
    ----------
    counts : array_like, shape (years,)
        Whole numbers of events, one per year; at least two years and one event.
    law : {"poisson", "negative_binomial", "binomial"}
        A negative binomial is admissible only where the variance exceeds the mean, a binomial only where it
        falls below. Where the law asked for is not admissible, Poisson is returned and the check says so.

    Returns
    -------
    FrequencyFit

    Examples
    --------
    >>> fit = fit_frequency([1, 0, 1, 1, 2, 1, 0, 1, 1, 1], law="negative_binomial")
    >>> fit.frequency, round(fit.dispersion, 2), fit.check.passed
    (Poisson(rate=0.9), 0.36, False)
    """
    values = finite_array("counts", counts)
    require(values.size >= 2, "counts", f"{values.size} years", "at least 2 years")
    require(bool(np.all(values == np.rint(values))), "counts", values.tolist(), "whole numbers")
    require(values.sum() > 0, "counts", values.tolist(), "at least one event")
    require(law in FREQUENCY_LAWS, "law", law, " or ".join(FREQUENCY_LAWS))
    mean, variance = float(values.mean()), float(values.var())
    dispersion = float(values.var(ddof=1)) / mean
    fitted = {
        "poisson": lambda: Poisson(mean),
        "negative_binomial": lambda: _fit_negative_binomial(values) if variance > mean else None,
        "binomial": lambda: _fit_binomial(values) if variance < mean else None,
    }[law]()
    frequency = fitted or Poisson(mean)
    name = law if fitted else "poisson"
    return FrequencyFit(
        frequency, law, name, dispersion, values.size, int(values.sum()), _dispersion_check(values, law, name)
    )


def _dispersion_check(counts: np.ndarray, requested: str, fitted: str) -> Check:
    """Compare the counts' dispersion with that of the law asked for (Fisher's index, χ² with n - 1)."""
    degrees = counts.size - 1
    dispersion = float(counts.var(ddof=1) / counts.mean())
    upper = float(scipy.special.chdtrc(degrees, degrees * dispersion))
    p_value = min(1.0, 2 * min(upper, 1 - upper))
    if requested != fitted:
        side = "under" if requested == "negative_binomial" else "over"
        passed = False
        text = f"counts are {side}-dispersed (variance/mean {dispersion:.2f}): {requested.replace('_', ' ')}"
        text += " is inadmissible, Poisson is used instead"
    elif requested == "poisson" and dispersion < 1:
        passed = False
        text = f"counts are under-dispersed (variance/mean {dispersion:.2f}): Poisson overstates bad years"
    elif requested == "poisson" and p_value < SIGNIFICANT:
        passed = False
        text = f"counts are over-dispersed (variance/mean {dispersion:.2f}): Poisson understates bad years"
    else:
        passed, text = True, f"variance/mean {dispersion:.2f}"
    question = f"Are annual counts as variable as a {requested.replace('_', ' ')} law says?"
    return Check("dispersion", question, passed, dispersion, p_value, text)


def _fit_negative_binomial(counts: np.ndarray) -> NegativeBinomial:
    """Maximise over the mixing variation; the mean's estimate is the sample mean whatever it is."""
    mean = float(counts.mean())

    def minus_log_likelihood(log_size: float) -> float:
        size = exp(log_size)
        terms = (
            scipy.special.gammaln(counts + size) - scipy.special.gammaln(size) - size * np.log1p(mean / size)
        )
        return float(-(terms + counts * (log(mean) - log(size + mean))).sum())

    best = scipy.optimize.minimize_scalar(minus_log_likelihood, bounds=(-12.0, 15.0), method="bounded")
    return NegativeBinomial(mean, exp(-float(best.x) / 2))


def _fit_binomial(counts: np.ndarray) -> Binomial:
    """Try numbers of trials from the largest count upwards; the probability follows from the mean."""
    mean, most = float(counts.mean()), int(counts.max())
    trials = np.arange(most, max(50 * most, 1000) + 1)[:, None]
    probability = mean / trials
    choose = (
        scipy.special.gammaln(trials + 1)
        - scipy.special.gammaln(counts + 1)
        - scipy.special.gammaln(trials - counts + 1)
    )
    terms = (
        choose
        + scipy.special.xlogy(counts, probability)
        + scipy.special.xlog1py(trials - counts, -probability)
    )
    best = int(terms.sum(axis=1).argmax())
    return Binomial(int(trials[best, 0]), float(probability[best, 0]))


def fit_severity(
    values: Sequence[float], *, law: str = "lognormal", weights: Sequence[float] | None = None
) -> SeverityFit:
    """Fit a law to the sizes of events (or of loss years) by maximum likelihood.

    A law fitted to events describes events; a law fitted to non-zero years describes loss years, and its
    annual return periods must still include the share of years without loss.

    Parameters
    ----------
    values : array_like, shape (n,)
        Sizes above 0, not all equal, at least two. Missing is not zero: leave missing values out yourself.
    law : {"lognormal", "gamma"}
        Gamma has location 0.
    weights : array_like, shape (n,), optional
        Relative weights such as annual rates; normalised to sum to 1.

    Returns
    -------
    SeverityFit

    Examples
    --------
    >>> fit = fit_severity([12.0, 45.0, 8.0, 130.0, 33.0])
    >>> [(name, round(value, 4)) for name, value in fit.parameters]
    [('meanlog', 3.347), ('sdlog', 0.9895)]
    """
    values = finite_array("values", values)
    require(law in SEVERITY_LAWS, "law", law, " or ".join(SEVERITY_LAWS))
    require(values.size >= 2, "values", f"{values.size} values", "at least 2 values")
    require(bool(np.all(values > 0)), "values", float(values.min()), "sizes above 0")
    require(bool(np.ptp(values) > 0), "values", values.tolist(), "values that are not all equal")
    shares = np.ones(values.size) if weights is None else finite_array("weights", weights)
    require(
        shares.size == values.size, "weights", f"{shares.size} values", f"as many as values ({values.size})"
    )
    require(shares.sum() > 0, "weights", shares.tolist(), "a positive sum")
    severity, parameters, density = (_fit_lognormal if law == "lognormal" else _fit_gamma)(
        values, shares / shares.sum()
    )
    likelihood = values.size * float(density)
    return SeverityFit(
        severity, law, values.size, likelihood, 2 * len(parameters) - 2 * likelihood, parameters
    )


_Fit = tuple[Lognormal | Gamma, tuple[tuple[str, float], ...], float]


def _fit_lognormal(values: np.ndarray, shares: np.ndarray) -> _Fit:
    logs = np.log(values)
    meanlog = float(shares @ logs)
    sdlog = sqrt(float(shares @ (logs - meanlog) ** 2))
    density = -meanlog - log(sdlog) - (log(2 * pi) + 1) / 2
    return Lognormal.from_log(meanlog, sdlog), (("meanlog", meanlog), ("sdlog", sdlog)), density


def _fit_gamma(values: np.ndarray, shares: np.ndarray) -> _Fit:
    mean, meanlog = float(shares @ values), float(shares @ np.log(values))
    gap = log(mean) - meanlog  # above 0 by Jensen's inequality
    require(gap > 1e-12, "values", f"values from {values.min()} to {values.max()}", "values that differ more")

    def equation(log_shape: float) -> float:
        return log_shape - float(scipy.special.digamma(exp(log_shape))) - gap

    # ln a - ψ(a) lies between 1/(2a) and 1/a, which brackets the root
    log_shape = scipy.optimize.brentq(equation, log(0.5 / gap) - 1e-6, log(1 / gap) + 1e-6, xtol=1e-14)
    shape = exp(log_shape)
    scale = mean / shape
    density = (shape - 1) * meanlog - shape - float(scipy.special.gammaln(shape)) - shape * log(scale)
    return Gamma(shape, scale), (("shape", shape), ("scale", scale)), density
