"""The distribution of annual need: how much a year's shocks will ask for, and how often.

A `Need` is built from a frequency and a severity, from an event table, or from discrete annual states. Annual
figures are exact (a lattice and one Fourier transform), not simulated; `simulate` draws years for questions
that run over several of them. Amounts are in one currency; probabilities are per year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isfinite, isinf, nan, sqrt
from typing import Any

import numpy as np
import pandas as pd

from aspfin.financing.aggregate import annual_law
from aspfin.financing.annual import AnnualLaw
from aspfin.financing.frequency import Frequency, Poisson
from aspfin.financing.lattice import Lattice, fitting_step, on_lattice
from aspfin.financing.layer import Layer, OccurrenceLayer, money, occurrence_layer, require_layer
from aspfin.financing.severity import Empirical, Severity
from aspfin.financing.simulation import CHUNK, CompoundYears, StateYears
from aspfin.financing.valid import finite_array, require
from aspfin.results import ResultMixin

__all__ = ["Lattice", "Layer", "Need", "OccurrenceLayer"]

RETURN_PERIODS = (2, 5, 10, 20, 50, 100, 200)


@dataclass(frozen=True, eq=False)
class Need(ResultMixin):
    """Distribution of the annual need A.

    Build it with `from_frequency_severity`, `from_events` or `from_states`. `attachment` and `limit` say
    which part of the annual amount this need is, min((amount - attachment)₊, limit): see `ceded`, `retained`.

    Examples
    --------
    >>> from aspfin.financing.frequency import Poisson
    >>> from aspfin.financing.severity import Lognormal
    >>> need = Need.from_frequency_severity(Poisson(rate=0.8), Lognormal(mean=20, cv=1.5))
    >>> round(need.mean, 6), round(need.value_at_risk(0.99), 2), round(need.layer(30, 30).expected, 4)
    (16.0, 145.27, 3.2111)
    """

    model: CompoundYears | StateYears
    law: AnnualLaw
    currency: str = "USD"
    attachment: float = 0.0
    limit: float = inf

    @classmethod
    def from_frequency_severity(
        cls,
        frequency: Frequency,
        severity: Severity,
        *,
        step: float | None = None,
        points: int | None = None,
        currency: str = "USD",
    ) -> Need:
        """Return the need of a compound law: the sum of a random number of independent events.

        Parameters
        ----------
        frequency : Poisson, NegativeBinomial or Binomial
            Events per year.
        severity : Lognormal, GeneralisedPareto, Gamma or Empirical
            Amount per event.
        step, points : float and int, optional
            Lattice; chosen automatically when left out (see `aggregate.choose_grid`).
        currency : str
        """
        law = annual_law(frequency, severity, step=step, points=points)
        return cls(CompoundYears(frequency, severity), law, currency)

    @classmethod
    def from_events(
        cls,
        rates: Sequence[float],
        amounts: Sequence[float],
        *,
        step: float | None = None,
        points: int | None = None,
        currency: str = "USD",
    ) -> Need:
        """Return the need of an event table: independent Poisson events.

        Parameters
        ----------
        rates : array_like, shape (n,)
            Annual rate of each event.
        amounts : array_like, shape (n,)
            Amount of each event. If all are multiples of one step the result is exact.
        step, points : float and int, optional
            Lattice; chosen automatically when left out.
        currency : str

        Examples
        --------
        >>> need = Need.from_events([0.5, 0.3, 0.2], [2, 5, 10])
        >>> need.mean, round(need.exceedance_or_equal(10), 6)
        (4.5, 0.214233)
        """
        rates, amounts = finite_array("rates", rates), finite_array("amounts", amounts)
        require(
            rates.size == amounts.size,
            "amounts",
            f"{amounts.size} values",
            f"as many as rates ({rates.size})",
        )
        if rates.sum() == 0:
            return cls.from_frequency_severity(Poisson(0.0), Empirical([0.0]), currency=currency)
        severity = Empirical(amounts, rates)
        return cls.from_frequency_severity(
            Poisson(float(rates.sum())), severity, step=step, points=points, currency=currency
        )

    @classmethod
    def from_states(
        cls, probabilities: Sequence[float], amounts: Sequence[float], *, currency: str = "USD"
    ) -> Need:
        """Return the need of discrete annual states; probability that is missing to 1 means no need.

        Parameters
        ----------
        probabilities : array_like, shape (n,)
            Annual probability of each state; sum at most 1.
        amounts : array_like, shape (n,)
            Need in each state.
        currency : str

        Examples
        --------
        >>> need = Need.from_states([0.1, 0.02], [50, 200])
        >>> need.mean, need.value_at_risk(0.95), need.exceedance(50)
        (9.0, 50.0, 0.02)
        """
        probabilities, amounts = (
            finite_array("probabilities", probabilities),
            finite_array("amounts", amounts),
        )
        allowed = f"as many as probabilities ({probabilities.size})"
        require(amounts.size == probabilities.size, "amounts", f"{amounts.size} values", allowed)
        total = float(probabilities.sum())
        require(total <= 1 + 1e-9, "probabilities", f"a sum of {total:.6g}", "a sum of at most 1")
        values, index = np.unique(np.append(amounts, 0.0), return_inverse=True)
        mass = np.bincount(index, np.append(probabilities, max(1 - total, 0.0)))
        mass /= mass.sum()
        law = AnnualLaw(values, mass, zero=float(mass[0]))
        return cls(StateYears(law), law, currency)

    # ------------------------------------------------------------------ moments and probabilities

    @property
    def _whole(self) -> bool:
        return self.attachment == 0 and isinf(self.limit)

    @cached_property
    def _moments(self) -> tuple[float, float]:
        if self._whole:
            return self.model.mean, self.model.std
        first, second = self.law.layer_moments(self.attachment, self.limit)
        unbounded = isinf(self.limit) and isinf(self.model.std)
        return first, inf if unbounded else sqrt(max(second - first**2, 0.0))

    @property
    def mean(self) -> float:
        """Expected need a year."""
        return self._moments[0]

    @property
    def std(self) -> float:
        """Standard deviation of a year's need."""
        return self._moments[1]

    @property
    def mass_beyond_grid(self) -> float:
        """Probability that the annual amount lies beyond the lattice."""
        return self.law.tail

    def exceedance(self, x: Any) -> Any:
        """Return P(A > x), per year. `x` may be an array."""
        x = np.asarray(x, dtype=float)
        rest = np.where(x >= self.limit, 0.0, self.law.survival(x + self.attachment))
        return _plain(np.where(x < 0, 1.0, rest))

    def exceedance_or_equal(self, x: Any) -> Any:
        """Return P(A ≥ x), per year. `x` may be an array."""
        x = np.asarray(x, dtype=float)
        rest = np.where(x > self.limit, 0.0, self.law.survival(x + self.attachment, or_equal=True))
        return _plain(np.where(x <= 0, 1.0, rest))

    def return_period(self, x: Any) -> Any:
        """Return 1 / P(A > x), in years (annual, not per event); infinite where P is 0."""
        with np.errstate(divide="ignore"):
            return _plain(1 / np.asarray(self.exceedance(x)))

    def value_at_risk(self, p: Any) -> Any:
        """Return inf{x : P(A ≤ x) ≥ p}: the need that a share `p` of years stays within.

        For a continuous severity the value is interpolated inside its lattice cell. `p` may be an array.
        """
        p = np.asarray(p, dtype=float)
        require(bool(np.all((p >= 0) & (p < 1))), "p", p.tolist(), "annual probabilities from 0 to below 1")
        x = np.clip(self.law.quantile(p) - self.attachment, 0.0, self.limit)
        beyond = (
            f"at most {1 - self.mass_beyond_grid:.9g} (the rest lies beyond the lattice; give more points)"
        )
        require(bool(np.all(np.isfinite(x))), "p", p.tolist(), beyond)
        return _plain(x)

    def _excess(self, x: np.ndarray) -> np.ndarray:
        """Return E[(A - x)₊] for each x."""
        rest = [
            self.law.layer_moments(self.attachment + q, self.limit - q)[0] if q < self.limit else 0.0
            for q in np.ravel(x).tolist()
        ]
        return np.reshape(rest, np.shape(x))

    def tail_value_at_risk(self, p: Any) -> Any:
        """Return the coherent tail value at risk VaR_p + E[(A - VaR_p)₊] / (1 - p) (Acerbi and Tasche)."""
        x = np.asarray(self.value_at_risk(p))
        return _plain(x + self._excess(x) / (1 - np.asarray(p, dtype=float)))

    def conditional_tail_expectation(self, p: Any) -> Any:
        """Return E[A | A > VaR_p]; missing where nothing lies above VaR_p.

        On a lattice or event table it differs from the coherent `tail_value_at_risk`; on a continuous law the
        two agree.
        """
        x = np.asarray(self.value_at_risk(p))
        above = np.asarray(self.exceedance(x))
        with np.errstate(divide="ignore", invalid="ignore"):
            return _plain(np.where(above > 0, x + self._excess(x) / above, nan))

    def limited_expected_value(self, k: Any) -> Any:
        """Return E[min(A, k)]."""
        limits = np.clip(np.asarray(k, dtype=float), 0.0, self.limit)
        means = [self.law.layer_moments(self.attachment, top)[0] for top in np.ravel(limits).tolist()]
        return _plain(np.reshape(means, limits.shape))

    # ------------------------------------------------------------------ layers

    def layer(self, attachment: float, limit: float, *, share: float = 1.0) -> Layer:
        """Return the annual layer share · min((A - attachment)₊, limit), exactly.

        Parameters
        ----------
        attachment : float
            0 or more.
        limit : float
            Above 0; `inf` for none.
        share : float
            Ceded share, above 0, at most 1.

        Examples
        --------
        >>> need = Need.from_states([0.1, 0.02], [50, 200])
        >>> layer = need.layer(20, 80)
        >>> layer.expected, round(layer.probability_attach, 12), layer.probability_exhaust
        (4.6, 0.12, 0.02)
        """
        require_layer(attachment, limit)
        require(0 < share <= 1, "share", share, "above 0, at most 1")
        part, top = self.ceded(attachment, limit), attachment + limit
        return Layer(
            attachment=float(attachment),
            limit=float(limit),
            share=float(share),
            expected=share * part.mean,
            std=share * part.std,
            probability_attach=self.exceedance(attachment),
            probability_exhaust=self.exceedance_or_equal(top) if isfinite(top) else 0.0,
            loss_on_line=part.mean / limit if isfinite(limit) else nan,
            currency=self.currency,
        )

    def ceded(self, attachment: float, limit: float) -> Need:
        """Return the law of the annual layer payment min((A - attachment)₊, limit) as a need of its own."""
        require_layer(attachment, limit)
        rest = max(self.limit - attachment, 0.0)
        return replace(self, attachment=self.attachment + attachment, limit=min(limit, rest))

    def retained(self, limit: float) -> Need:
        """Return the law of min(A, limit), what is kept below a layer that starts at `limit`."""
        return self.ceded(0.0, limit)

    def scaled(self, factor: float, currency: str | None = None) -> Need:
        """Return the law of `factor` · A, in `currency` if given (a change of unit or of price level)."""
        require(0 < factor < inf, "factor", factor, "a finite number above 0")
        return replace(
            self,
            model=self.model.scaled(factor),
            law=self.law.scaled(factor),
            currency=currency or self.currency,
            attachment=self.attachment * factor,
            limit=self.limit * factor,
        )

    # ------------------------------------------------------------------ single events

    def _events(self) -> CompoundYears:
        if not (isinstance(self.model, CompoundYears) and self._whole):
            raise ValueError(
                "need: got annual states or a layer; allowed: a whole need built from events, "
                "because this question is about single events"
            )
        return self.model

    def occurrence_layer(self, attachment: float, limit: float) -> OccurrenceLayer:
        """Return the layer min((X - attachment)₊, limit) applied to each event X before summing."""
        events = self._events()
        return occurrence_layer(events.frequency, events.severity, attachment, limit)

    def exceedance_frequency(self, x: Any) -> Any:
        """Return the expected number of events a year of size `x` or more (≥, the catastrophe convention)."""
        events = self._events()
        return _plain(events.frequency.mean * events.severity.survival_or_equal(x))

    def occurrence_exceedance(self, x: Any) -> Any:
        """Return the annual probability of at least one event of size `x` or more (≥)."""
        events = self._events()
        return _plain(1 - events.frequency.pgf(1 - events.severity.survival_or_equal(x)))

    def occurrence_loss(self, return_period: Any) -> Any:
        """Return the size of the year's largest event at an annual return period in years.

        It is 0 where even one event of any size is rarer than the return period asks for.
        """
        events = self._events()
        years = _years(return_period)
        level = np.asarray(events.frequency.inverse_pgf(1 - 1 / years))
        return _plain(np.where(level > 0, events.severity.quantile(np.clip(level, 0.0, 1.0)), 0.0))

    def frequency_based_loss(self, return_period: Any) -> Any:
        """Return the event size exceeded once in `return_period` years on average, q_X(1 - 1/(λ n)).

        Missing where fewer than one event is expected in that time.
        """
        events = self._events()
        expected = events.frequency.mean * _years(return_period)
        with np.errstate(divide="ignore"):
            level = 1 - 1 / expected
        return _plain(np.where(expected > 1, events.severity.quantile(np.clip(level, 0.0, 1.0)), nan))

    # ------------------------------------------------------------------ draws and tables

    def simulate_into(self, out: np.ndarray, rng: np.random.Generator) -> None:
        """Fill the one-dimensional array `out` with independent annual needs."""
        self.model.fill(out, rng)
        if not self._whole:
            out -= self.attachment
            np.clip(out, 0.0, self.limit, out=out)

    def simulate(self, years: int, paths: int, seed: int) -> np.ndarray:
        """Return simulated annual needs, shape (paths, years), independent and reproducible from `seed`."""
        require(years >= 1, "years", years, "a whole number, 1 or more")
        require(paths >= 1, "paths", paths, "a whole number, 1 or more")
        rng = np.random.default_rng(seed)
        annual = np.empty(years * paths)
        for start in range(0, annual.size, CHUNK):
            self.simulate_into(annual[start : start + CHUNK], rng)
        return annual.reshape(paths, years)

    def lattice(self, step: float | None = None, points: int | None = None) -> Lattice:
        """Return the need on the grid 0, step, 2 step, …, each amount shared between its two neighbours.

        Parameters
        ----------
        step : float, optional
            Spacing. Left out: the need's own lattice, or for discrete states the largest step that divides
            all amounts; if `points` is given and the own lattice does not fit it, the spacing that fits.
        points : int, optional
            Number of points; left out: enough for all amounts.

        Returns
        -------
        Lattice
            Its mean is that of the need as far as the grid goes; the probability beyond it is `tail`.
        """
        require(step is None or 0 < step < inf, "step", step, "a finite amount above 0")
        require(points is None or points >= 2, "points", points, "a whole number, 2 or more")
        step = step or fitting_step(self.law, self.attachment, self.limit, points)
        return on_lattice(self.law, self.attachment, self.limit, step, points)

    def exceedance_table(self, return_periods: Sequence[float] = RETURN_PERIODS) -> pd.DataFrame:
        """Return need by annual return period.

        Columns: return_period (years), annual_probability, need (value at risk), tail_mean (mean need of the
        years beyond it: tail value at risk).
        """
        years = _years(return_periods)
        p = 1 - 1 / years
        return pd.DataFrame(
            {
                "return_period": years,
                "annual_probability": 1 / years,
                "need": self.value_at_risk(p),
                "tail_mean": self.tail_value_at_risk(p),
            }
        )

    def to_frame(self) -> pd.DataFrame:
        """Return need by return period."""
        within = [n for n in RETURN_PERIODS if self.mass_beyond_grid < 1 / n or isfinite(self.limit)]
        return self.exceedance_table(within)

    def sentence(self) -> str:
        """Return the law in words."""
        need = self.value_at_risk(np.array([0.9, 0.99]))
        spread = money(self.std, self.currency) if isfinite(self.std) else "infinite"
        text = (
            f"Expected need is {money(self.mean, self.currency)} a year (standard deviation {spread}); "
            f"one year in 10 needs more than {money(need[0], self.currency)} and "
            f"one in 100 more than {money(need[1], self.currency)}."
        )
        if self.mass_beyond_grid > 1e-6:
            text += f" A probability of {self.mass_beyond_grid:.1e} lies beyond the lattice."
        return text


def _plain(x: np.ndarray) -> Any:
    """Return a float for a scalar question, an array for an array."""
    x = np.asarray(x)
    return float(x) if x.ndim == 0 else x


def _years(return_period: Any) -> np.ndarray:
    years = np.asarray(return_period, dtype=float)
    require(bool(np.all(years > 1)), "return_period", return_period, "numbers of years above 1")
    return years
