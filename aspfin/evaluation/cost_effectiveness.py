"""What one unit of effect costs: effect and cost joined, with the uncertainty of both.

The ratio of a cost to an effect has no mean and no standard error where the effect may be 0. Fieller's set
and the bootstrap say so: they are unbounded then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.evaluation.cost_intervals import Intervals, fieller, parametric_draws, percentiles, words
from aspfin.results import ImpactEstimate, Money, ResultMixin

__all__ = ["CostEffectiveness", "cost_effectiveness"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CostEffectiveness(ResultMixin):
    """The cost of one unit of effect.

    Attributes
    ----------
    outcome, currency : str
        What is improved, and in what money.
    effect, effect_std_error : float
        Gain per person, positive where the outcome moves the way that is better.
    cost, cost_std_error : float
        Cost per person.
    correlation : float
        Between the two estimates.
    df : float
        Degrees of freedom of the t distribution.
    ratio, effect_per_cost : float
        Cost per unit of effect, and effect per unit of money.
    level : float
        Of the intervals.
    fieller, bootstrap : tuple of (low, high)
        Cost per unit: one interval; or two rays, where the effect is not distinguishable from 0; or the
        whole line.
    bootstrap_kind : str
        "parametric", or "resampled data".

    Examples
    --------
    >>> effect = ImpactEstimate(method="difference in means", estimand="ITT", outcome="food", treated="cash",
    ...     estimate=12.0, std_error=4.0, std_error_kind="HC1", n_obs=400)
    >>> print(cost_effectiveness(effect, Money(60.0, "USD")).text("fieller"))
    3.024 to 14.42
    """

    outcome: str
    currency: str
    effect: float
    effect_std_error: float
    cost: float
    cost_std_error: float
    correlation: float
    df: float
    ratio: float
    effect_per_cost: float
    level: float
    fieller: Intervals
    bootstrap: Intervals
    bootstrap_kind: str

    @property
    def bounded(self) -> bool:
        """Whether Fieller's set is one finite interval."""
        return len(self.fieller) == 1 and all(math.isfinite(end) for end in self.fieller[0])

    def text(self, which: str) -> str:
        """Return an interval in words: `which` is "fieller" or "bootstrap"."""
        return words({"fieller": self.fieller, "bootstrap": self.bootstrap}[which])

    def probability_worthwhile(self, value: float) -> float:
        """Return how likely the effect is worth more than it costs, at `value` per unit of effect.

        One point of the cost-effectiveness acceptability curve, from the (t or normal) law of the estimates.

        Examples
        --------
        >>> effect = ImpactEstimate(method="m", estimand="ITT", outcome="food", treated="cash", estimate=12.0,
        ...     std_error=4.0, std_error_kind="HC1", n_obs=400)
        >>> result = cost_effectiveness(effect, 60.0)
        >>> round(result.probability_worthwhile(5.0), 3), round(result.probability_worthwhile(10.0), 3)
        (0.5, 0.933)
        """
        from scipy import special

        covariance = self.correlation * self.effect_std_error * self.cost_std_error
        variance = (value * self.effect_std_error) ** 2 - 2 * value * covariance + self.cost_std_error**2
        gain = value * self.effect - self.cost
        if variance <= 0:
            return float(gain > 0)
        z = gain / math.sqrt(variance)
        return float(special.ndtr(z) if math.isinf(self.df) else special.stdtr(self.df, z))

    def to_frame(self) -> pd.DataFrame:
        """Return effect, cost and ratio as tidy rows; infinite ends where a set is not one interval."""
        from scipy import special

        p = (1 + self.level) / 2
        t = special.ndtri(p) if math.isinf(self.df) else special.stdtrit(self.df, p)
        rows = []
        for name, value, error in (
            ("effect per person", self.effect, self.effect_std_error),
            ("cost per person", self.cost, self.cost_std_error),
        ):
            low, high = value - t * error, value + t * error
            rows.append((name, value, error, low, high, words(((low, high),))))
        for name, sets in (("Fieller", self.fieller), (f"{self.bootstrap_kind} bootstrap", self.bootstrap)):
            low, high = sets[0][0], sets[-1][1]
            rows.append((f"cost per unit ({name})", self.ratio, math.nan, low, high, words(sets)))
        return pd.DataFrame(
            rows, columns=["measure", "estimate", "std_error", "ci_low", "ci_high", "interval"]
        )

    def sentence(self) -> str:
        """Return the cost of one unit of effect in prose."""
        money = f"{self.currency} " if self.currency else ""
        level = f"{100 * self.level:g} %"
        if self.bounded:
            return (
                f"One unit of {self.outcome} costs {money}{self.ratio:,.4g} ({level} Fieller interval "
                f"{self.text('fieller')}; bootstrap {self.text('bootstrap')})."
            )
        return (
            f"The effect on {self.outcome} cannot be told from 0, so what one unit costs has no upper bound: "
            f"the point estimate is {money}{self.ratio:,.4g}, and the {level} Fieller set is "
            f"{self.text('fieller')} (negative values mean harm)."
        )


def cost_effectiveness(
    estimate: ImpactEstimate,
    cost: float | Money | ImpactEstimate,
    *,
    cost_std_error: float | None = None,
    correlation: float | None = None,
    share_receiving: float = 1.0,
    better: str = "higher",
    currency: str = "",
    pairs: np.ndarray | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> CostEffectiveness:
    """Return what one unit of effect costs, with Fieller and bootstrap intervals.

    Parameters
    ----------
    estimate
        The effect per person.
    cost
        The cost per person: an amount, or the estimated effect of the programme on the cost.
    cost_std_error
        Of an amount (0 by default: the cost is known); not given with an estimated cost, which has its own.
    correlation
        Between the estimates of effect and cost; 0 by default, or that of `pairs`.
    share_receiving
        What the cost is multiplied by to be per person of those the effect is averaged over: with an
        intention-to-treat effect and a cost per recipient, the take-up.
    better
        "higher" or "lower": the direction of the outcome that is a gain.
    currency
        Of a cost that does not carry its own, such as "USD".
    pairs
        Resampled effects and costs, shape (draws, 2), from `bootstrap_pairs`; in the outcome's own direction
        and before `share_receiving`. Without them the bootstrap is parametric (normal or t, from `seed`).
    level
        Of the intervals.

    Returns
    -------
    CostEffectiveness

    Raises
    ------
    ValueError
        If an argument is out of range, or the interval of the cost reaches 0.

    Notes
    -----
    Fieller (1954): all ratios R with (C − R·E)² ≤ t²·Var(C − R·E). The bootstrap takes percentiles of effect
    per unit of money, which is defined for every draw, and turns them over. Where the estimate carries a
    bias-corrected centre, the intervals stand on it.

    Examples
    --------
    >>> effect = ImpactEstimate(method="difference in means", estimand="ITT", outcome="food", treated="cash",
    ...     estimate=12.0, std_error=4.0, std_error_kind="HC1", n_obs=400)
    >>> cost_effectiveness(effect, 60.0, cost_std_error=3.0, share_receiving=0.8).ratio
    4.0
    """
    if better not in ("higher", "lower"):
        raise ValueError(f"better: got {better!r}; allowed: 'higher' or 'lower'")
    if not 0 < share_receiving <= 1:
        raise ValueError(f"share_receiving: got {share_receiving!r}; allowed: above 0, at most 1")
    if not 0 < level < 1:
        raise ValueError(f"level: got {level!r}; allowed: between 0 and 1")
    sign = 1.0 if better == "higher" else -1.0
    draws = None if pairs is None else _checked_pairs(pairs) * [sign, share_receiving]
    amount, own_currency, error = _cost(cost, cost_std_error, draws, share_receiving)
    if correlation is None:
        correlation = 0.0
        if draws is not None and draws.std(axis=0).min() > 0:
            correlation = float(np.corrcoef(draws.T)[0, 1])
    elif not -1 <= correlation <= 1:
        raise ValueError(f"correlation: got {correlation!r}; allowed: from -1 to 1")
    else:
        correlation = sign * correlation
    centre = estimate.estimate if estimate.centre is None else estimate.centre
    spread = estimate.std_error if estimate.centre_std_error is None else estimate.centre_std_error
    if not (math.isfinite(centre) and spread >= 0):
        raise ValueError(f"estimate: got {centre!r} with standard error {spread!r}; allowed: finite numbers")
    t = _quantile((1 + level) / 2, estimate.df)
    if amount - t * error <= 0:
        raise ValueError(f"cost: got {amount:.4g} (standard error {error:.4g}); allowed: clearly above 0")
    covariance = correlation * spread * error
    kind = "parametric" if draws is None else "resampled data"
    if draws is None:
        draws = parametric_draws(sign * centre, spread, amount, error, correlation, estimate.df, seed)
    effect = sign * estimate.estimate
    return CostEffectiveness(
        outcome=estimate.outcome,
        currency=own_currency or currency,
        effect=effect,
        effect_std_error=estimate.std_error,
        cost=amount,
        cost_std_error=error,
        correlation=correlation,
        df=estimate.df,
        ratio=amount / effect if effect else math.inf,
        effect_per_cost=effect / amount,
        level=level,
        fieller=fieller(amount, sign * centre, error**2, spread**2, covariance, t),
        bootstrap=percentiles(draws, level),
        bootstrap_kind=kind,
    )


def _checked_pairs(pairs: np.ndarray) -> np.ndarray:
    values = np.asarray(pairs, dtype=float)
    if values.ndim != 2 or values.shape[1] != 2 or len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(
            f"pairs: got shape {values.shape}; allowed: (draws, 2), finite, from bootstrap_pairs"
        )
    return values


def _cost(
    cost: float | Money | ImpactEstimate, error: float | None, draws: np.ndarray | None, share: float
) -> tuple[float, str, float]:
    """Return the cost per person, its currency and its standard error, all times the share receiving."""
    if isinstance(cost, ImpactEstimate):
        if error is not None:
            raise ValueError(
                "cost_std_error: given beside an estimated cost, which has its own; leave it out"
            )
        return share * cost.estimate, "", share * cost.std_error
    amount, currency = (cost.amount, cost.currency) if isinstance(cost, Money) else (float(cost), "")
    if error is None:
        return share * amount, currency, 0.0 if draws is None else float(draws[:, 1].std(ddof=1))
    if not (error >= 0 and math.isfinite(error)):
        raise ValueError(f"cost_std_error: got {error!r}; allowed: at least 0")
    return share * amount, currency, share * error


def _quantile(p: float, df: float) -> float:
    from scipy import special

    return float(special.ndtri(p) if math.isinf(df) else special.stdtrit(df, p))
