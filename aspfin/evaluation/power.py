"""How large a sample must be, and how small an effect it can show: persons or whole clusters assigned.

The comparison is a difference in means (or ANCOVA on the baseline outcome) between assigned groups, with a
t test on clusters − 2 degrees of freedom (persons − 2 without clusters).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.evaluation.power_terms import Assumptions, solve, t_power
from aspfin.results import ResultMixin

__all__ = ["PowerDesign", "achieved_power", "budget_curve", "minimum_detectable_effect", "sample_size"]

MAXIMUM_CLUSTERS = 10_000_000  # beyond any survey: the effect asked for is then as good as zero


@dataclass(frozen=True, repr=False, kw_only=True)
class PowerDesign(ResultMixin):
    """A sample, and the effect it can detect.

    Attributes
    ----------
    effect : float
        Effect on those who take the programme up, in the unit of the outcome.
    effect_itt : float
        Effect on all assigned: `effect` times take-up.
    sd : float
        Standard deviation of the outcome.
    clusters, clusters_treated, clusters_control : float
        Clusters (persons, where the cluster size is 1); whole numbers where they were solved for.
    cluster_size : float
        Persons surveyed per cluster at baseline, on average.
    n_sampled, n_analysed : float
        Persons surveyed at baseline, and expected at the endline.
    design_effect : float
        Variance relative to that of as many persons assigned one by one, without baseline data.
    df, power, alpha : float
        Degrees of freedom, power, two-sided level of the test.

    Examples
    --------
    >>> print(sample_size(effect=0.2, icc=0.05, cluster_size=20))
    To detect an effect of 0.2 (0.20 standard deviations) with 80 % power at the 5 % level, 80 clusters of 20
    are needed, 40 of them treated: 1,600 persons surveyed, 1,600 expected at the endline.
    """

    effect: float
    effect_itt: float
    sd: float
    clusters: float
    clusters_treated: float
    clusters_control: float
    cluster_size: float
    n_sampled: float
    n_analysed: float
    design_effect: float
    df: float
    power: float
    alpha: float

    def to_frame(self) -> pd.DataFrame:
        """Return the design as one tidy row."""
        return pd.DataFrame([vars(self)])

    def sentence(self) -> str:
        """Return the design in prose."""
        alone = self.cluster_size == 1
        unit = "persons" if alone else f"clusters of {self.cluster_size:,.4g}"
        sampled = "" if alone else f" {self.n_sampled:,.0f} persons surveyed,"
        return (
            f"To detect an effect of {self.effect:.3g} ({self.effect / self.sd:.2f} standard deviations) "
            f"with {100 * self.power:.0f} % power at the {100 * self.alpha:g} % level, "
            f"{self.clusters:,.0f} {unit} are needed, {self.clusters_treated:,.0f} of them treated:"
            f"{sampled} {self.n_analysed:,.0f} expected at the endline."
        )


def achieved_power(
    *,
    effect: float,
    clusters: float,
    sd: float = 1.0,
    icc: float = 0.0,
    cluster_size: float = 1.0,
    cluster_cv: float = 0.0,
    share_treated: float = 0.5,
    take_up: float = 1.0,
    attrition: float = 0.0,
    baseline_correlation: float = 0.0,
    alpha: float = 0.05,
) -> float:
    """Return the probability that a sample shows `effect` as significant; parameters as `sample_size`.

    Examples
    --------
    >>> round(achieved_power(effect=0.5, clusters=128), 4)
    0.8015
    """
    given = Assumptions(
        sd, icc, cluster_size, cluster_cv, share_treated, take_up, attrition, baseline_correlation, alpha
    )
    _check_clusters(given, clusters)
    return given.power(effect, clusters)


def minimum_detectable_effect(
    *,
    clusters: float,
    sd: float = 1.0,
    icc: float = 0.0,
    cluster_size: float = 1.0,
    cluster_cv: float = 0.0,
    share_treated: float = 0.5,
    take_up: float = 1.0,
    attrition: float = 0.0,
    baseline_correlation: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.05,
) -> PowerDesign:
    """Return the smallest effect that a sample shows with the power asked for.

    Parameters
    ----------
    clusters
        Clusters in all, or persons where they are assigned one by one (`cluster_size` 1).
    sd, icc, cluster_size, cluster_cv, share_treated, take_up, attrition, baseline_correlation, power, alpha
        As `sample_size`.

    Returns
    -------
    PowerDesign
        Its `effect` is the answer, in the unit of `sd`, for those who take the programme up.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> round(minimum_detectable_effect(clusters=80, cluster_size=20, icc=0.05).effect, 3)
    0.198
    """
    given = Assumptions(
        sd, icc, cluster_size, cluster_cv, share_treated, take_up, attrition, baseline_correlation, alpha
    )
    _check_power(power, alpha)
    _check_clusters(given, clusters)
    unit = given.std_error(clusters) / take_up
    shift = solve(lambda z: t_power(z, given.degrees(clusters), alpha) - power, 0.0, 8.0)
    return _design(given, shift * unit, clusters, clusters * share_treated, power)


def sample_size(
    *,
    effect: float,
    sd: float = 1.0,
    icc: float = 0.0,
    cluster_size: float = 1.0,
    cluster_cv: float = 0.0,
    share_treated: float = 0.5,
    take_up: float = 1.0,
    attrition: float = 0.0,
    baseline_correlation: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.05,
    clusters: float | None = None,
) -> PowerDesign:
    """Return the sample needed to show an effect: how many clusters, or how many persons in each.

    Parameters
    ----------
    effect
        Effect on those who take the programme up, in the unit of `sd` (its standard deviations by default).
    sd
        Standard deviation of the outcome among all persons.
    icc
        Intracluster correlation of the outcome, that is, the share of its variance between clusters.
    cluster_size
        Persons surveyed per cluster, on average; 1 where persons are assigned one by one.
    cluster_cv
        Coefficient of variation of cluster sizes.
    share_treated
        Share of clusters (or persons) assigned to the programme.
    take_up
        Share of the assigned who take it up, minus the share of the controls who do.
    attrition
        Share of persons not found at the endline, at random within clusters.
    baseline_correlation
        Correlation of the outcome with its baseline value, where the analysis controls for it; taken to be
        the same for persons and for cluster means.
    power, alpha
        Power, and the two-sided level of the test.
    clusters
        Where the number of clusters is given, the size of each is solved for instead.

    Returns
    -------
    PowerDesign
        With whole clusters in each arm (or whole persons per cluster), rounded up.

    Raises
    ------
    ValueError
        If an argument is out of range, or no cluster size reaches the power with the clusters given.

    Notes
    -----
    The variance of the difference is σ²·D·(1 − r²)/(n·P(1 − P)), with n persons at the endline, share treated
    P and design effect D = 1 + (1 − a)((1 + cv²)m̄ − 1)ρ under attrition a: Donner and Klar (2000) with the
    unequal clusters of Eldridge, Ashby and Kerry (2006) and the ANCOVA of Teerenstra et al. (2012). Take-up p
    divides the detectable effect by p (Duflo, Glennerster and Kremer 2007). Power is by the noncentral t.

    Examples
    --------
    >>> sample_size(effect=0.5).clusters
    128
    >>> sample_size(effect=0.25, icc=0.05, clusters=60).cluster_size
    15
    """
    given = Assumptions(
        sd, icc, cluster_size, cluster_cv, share_treated, take_up, attrition, baseline_correlation, alpha
    )
    _check_power(power, alpha)
    if not (effect and math.isfinite(effect)):
        raise ValueError(f"effect: got {effect!r}; allowed: a number other than 0")
    if clusters is not None:
        return _solve_cluster_size(given, effect, clusters, power)
    least = 3.0 / (1 - attrition if cluster_size == 1 else 1)  # one degree of freedom
    if given.power(effect, MAXIMUM_CLUSTERS) < power:
        raise ValueError(f"effect: got {effect!r}, which needs more than {MAXIMUM_CLUSTERS:,} clusters")
    needed = solve(lambda j: given.power(effect, j) - power, least, MAXIMUM_CLUSTERS)
    treated = max(_up(needed * share_treated), 1)
    control = max(_up(needed * (1 - share_treated)), 1)
    return _design(given, effect, treated + control, treated, power)


def _solve_cluster_size(given: Assumptions, effect: float, clusters: float, power: float) -> PowerDesign:
    _check_clusters(given, clusters)
    largest = 1e7
    if given.resized(largest).power(effect, clusters) < power:
        raise ValueError(
            f"clusters: got {clusters:g}, with which no cluster size reaches {100 * power:g} % power for an "
            f"effect of {effect:g} at icc {given.icc:g}; take more clusters"
        )
    # A cluster of 1 counts persons; from just above 1 the degrees of freedom are those of the clusters.
    start = 1 + 1e-9
    small = given.resized(start).power(effect, clusters) >= power
    solved = (
        1.0 if small else solve(lambda m: given.resized(m).power(effect, clusters) - power, start, largest)
    )
    sized = given.resized(_up(solved))
    return _design(sized, effect, clusters, clusters * given.share_treated, power)


def _design(given: Assumptions, effect: float, clusters: float, treated: float, power: float) -> PowerDesign:
    sampled = clusters * given.cluster_size
    return PowerDesign(
        effect=effect,
        effect_itt=effect * given.take_up,
        sd=given.sd,
        clusters=clusters,
        clusters_treated=treated,
        clusters_control=clusters - treated,
        cluster_size=given.cluster_size,
        n_sampled=sampled,
        n_analysed=sampled * (1 - given.attrition),
        design_effect=given.design_effect,
        df=given.degrees(clusters),
        power=power,
        alpha=given.alpha,
    )


def budget_curve(
    budgets: Sequence[float],
    *,
    cost_per_cluster: float,
    cost_per_person: float,
    cluster_sizes: Sequence[float] | None = None,
    fixed_cost: float = 0.0,
    cost_per_treated: float = 0.0,
    sd: float = 1.0,
    icc: float = 0.0,
    cluster_cv: float = 0.0,
    share_treated: float = 0.5,
    take_up: float = 1.0,
    attrition: float = 0.0,
    baseline_correlation: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Return what effect each budget can show, with the best cluster size or with those given.

    Parameters
    ----------
    budgets
        Money for the study.
    cost_per_cluster, cost_per_person
        Of surveying one more cluster, and one more person in it (all rounds together).
    cluster_sizes
        Persons per cluster to compare; by default the size from 1 to 200 with the smallest detectable effect
        is found for each budget.
    fixed_cost
        Whatever the size.
    cost_per_treated
        Of the programme itself per person assigned to it who takes it up, where the study pays for it.
    sd, icc, cluster_cv, share_treated, take_up, attrition, baseline_correlation, power, alpha
        As `sample_size`.

    Returns
    -------
    DataFrame
        One row per budget (and cluster size): budget, clusters, cluster_size, n_sampled,
        minimum_detectable_effect, spent. The effect is missing where the budget buys fewer than 4 clusters.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> curve = budget_curve([20_000, 80_000], cost_per_cluster=300, cost_per_person=15, icc=0.05)
    >>> curve[["clusters", "cluster_size", "n_sampled"]].to_numpy(dtype=int).tolist()
    [[36, 17, 612], [130, 21, 2730]]
    """
    for name, value, good in (
        ("cost_per_cluster", cost_per_cluster, cost_per_cluster >= 0),
        ("cost_per_person", cost_per_person, cost_per_person > 0),
        ("fixed_cost", fixed_cost, fixed_cost >= 0),
        ("cost_per_treated", cost_per_treated, cost_per_treated >= 0),
    ):
        if not good or not math.isfinite(value):
            least = "above" if name == "cost_per_person" else "at least"
            raise ValueError(f"{name}: got {value!r}; allowed: {least} 0")
    _check_power(power, alpha)
    first = Assumptions(
        sd, icc, 1.0, cluster_cv, share_treated, take_up, attrition, baseline_correlation, alpha
    )
    person = cost_per_person + share_treated * take_up * cost_per_treated
    rows = []
    for budget in budgets:
        if not (budget > 0 and math.isfinite(budget)):
            raise ValueError(f"budgets: got {budget!r}; allowed: above 0")
        sizes = range(1, 201) if cluster_sizes is None else cluster_sizes
        options = []
        for size in sizes:
            given = first.resized(float(size))
            each = cost_per_cluster + size * person
            clusters = max(math.floor((budget - fixed_cost) / each + 1e-9), 0)
            effect = _detectable(given, clusters, power)
            spent = fixed_cost + clusters * each
            options.append((float(budget), clusters, size, clusters * size, effect, spent))
        if cluster_sizes is None:
            options = [min(options, key=lambda row: (math.inf if math.isnan(row[4]) else row[4], row[2]))]
        rows += options
    columns = ["budget", "clusters", "cluster_size", "n_sampled", "minimum_detectable_effect", "spent"]
    return pd.DataFrame(rows, columns=columns)


def _detectable(given: Assumptions, clusters: int, power: float) -> float:
    """Return the detectable effect by the usual sum of t quantiles; missing with fewer than 4 clusters.

    It differs from the noncentral t by under 1 % from 10 clusters on, and is quick enough to search with.
    """
    from scipy import special

    df = given.degrees(clusters)
    if clusters < 4 or df <= 0:
        return math.nan
    quantiles = special.stdtrit(df, [1 - given.alpha / 2, power])
    return float(np.sum(quantiles) * given.std_error(clusters) / given.take_up)


def _check_power(power: float, alpha: float) -> None:
    if not alpha < power < 1:
        raise ValueError(f"power: got {power!r}; allowed: above alpha ({alpha:g}) and below 1")


def _check_clusters(given: Assumptions, clusters: float) -> None:
    if not (clusters < math.inf and given.degrees(clusters) > 0):
        allowed = "more than 2 clusters (or persons, after attrition)"
        raise ValueError(f"clusters: got {clusters!r}; allowed: {allowed}")


def _up(value: float) -> int:
    return math.ceil(value - 1e-6)  # the solver's own error must not cost a cluster
