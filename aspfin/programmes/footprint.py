"""Where a shock falls: the share of affected households in each province, event by event.

Few floods were counted province by province. Each recorded footprint is completed with the help of a prior
(households times hazard index) and becomes a template; every simulated event takes one template and
scatters around it. One event hits many provinces at once: that correlation is kept, because all provinces
share the size of the event and its template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.results import InputError, Problem

__all__ = [
    "Templates",
    "choose_templates",
    "complete_footprint",
    "draw_footprints",
    "footprint_templates",
]

# Provinces that have been split since a figure was published: old boundary → provinces of today.
SPLITS = {("KHM", 2013): {"KH03": ("KH03", "KH25")}}

# The index (0 to 100) is near 0 for provinces that the reports of 2020 name as affected (Pailin, Preah
# Vihear, Stung Treng). Without a floor they would hardly ever flood.
LEAST_HAZARD_INDEX = 1.0

PRIOR = "prior"
PRIOR_WEIGHT = 0.2


@dataclass(frozen=True)
class Templates:
    """Footprints an event can take.

    Parameters
    ----------
    names : tuple of str
        Name of each template: an event, or the prior.
    pcodes : tuple of str
        Provinces, in the order of the columns of `shares`.
    shares : ndarray, shape (templates, provinces)
        Share of the affected households in each province; rows sum to 1.
    probabilities : ndarray, shape (templates,)
        Probability that an event takes each template; sums to 1.
    recorded_share : ndarray, shape (templates,)
        Share of each template that rests on published provincial figures; the rest is completed.
    """

    names: tuple[str, ...]
    pcodes: tuple[str, ...]
    shares: np.ndarray
    probabilities: np.ndarray
    recorded_share: np.ndarray

    def to_frame(self) -> pd.DataFrame:
        """Return one row per template and province: `template, probability, pcode, share`."""
        wide = pd.DataFrame(self.shares, columns=list(self.pcodes))
        wide.insert(0, "template", self.names)
        wide.insert(1, "probability", self.probabilities)
        return wide.melt(id_vars=["template", "probability"], var_name="pcode", value_name="share")

    @property
    def assumptions(self) -> pd.DataFrame:
        """What is assumed about footprints: `name, value, unit, status, source`."""
        rows = [
            (
                f"probability of the {name} footprint",
                float(probability),
                "per event",
                "assumed",
                "footprints with published provincial figures; equally likely unless weights are given"
                if name != PRIOR
                else "households × hazard index: stands for floods whose provinces were never published",
            )
            for name, probability in zip(self.names, self.probabilities, strict=True)
        ]
        rows += [
            (
                f"share of the {name} footprint that was completed",
                float(1 - share),
                "share",
                "assumed",
                "unlisted provinces share the rest as households × hazard index, none above the least listed",
            )
            for name, share in zip(self.names, self.recorded_share, strict=True)
            if name != PRIOR
        ]
        rows.append(
            (
                "least hazard index of a province",
                LEAST_HAZARD_INDEX,
                "index",
                "assumed",
                "the index is near 0 for Pailin, Preah Vihear and Stung Treng, named as affected in 2020",
            )
        )
        return pd.DataFrame(rows, columns=["name", "value", "unit", "status", "source"])


def complete_footprint(
    recorded: Mapping[str, float],
    total: float,
    *,
    prior: pd.Series,
    households: pd.Series,
    largest_unlisted: float | None = None,
    at_least: Mapping[str, float] | None = None,
) -> pd.Series:
    """Spread the part of a national total that was not published by province.

    Unlisted provinces share the remainder in proportion to `prior`, none above the smallest listed figure (it
    would have been listed) nor above its own households; what exceeds a limit goes to the others.

    Parameters
    ----------
    recorded : mapping
        Households affected by P-code, for the listed provinces (the largest ones).
    total : float
        Households affected nationally.
    prior : Series
        Weights by P-code.
    households : Series
        Households by P-code.
    largest_unlisted : float, optional
        Upper limit of an unlisted province. Default: the smallest recorded figure.
    at_least : mapping, optional
        Earlier or partial figures of unlisted provinces by P-code: they get no less.

    Returns
    -------
    Series
        Share of the total by P-code, in the order of `prior`; sums to 1.

    Raises
    ------
    InputError
        When the listed figures exceed the total or the remainder does not fit below the limits.

    Examples
    --------
    >>> weight = pd.Series({"A": 5.0, "B": 1.0, "C": 3.0, "D": 1.0})
    >>> size = pd.Series(1_000.0, index=weight.index)
    >>> complete_footprint({"A": 60, "B": 20}, 110, prior=weight, households=size).mul(110).round(1).to_dict()
    {'A': 60.0, 'B': 20.0, 'C': 20.0, 'D': 10.0}
    """
    listed = pd.Series(dict(recorded), dtype=float)
    remainder = total - listed.sum()
    _require(remainder >= 0, "recorded", listed.sum(), f"at most the national total of {total:,.0f}")
    rest = prior.index.difference(listed.index, sort=False)
    least = listed.min() if largest_unlisted is None else largest_unlisted
    limit = np.minimum(least, households[rest]).to_numpy(dtype=float)
    fits = remainder <= limit.sum() * (1 + 1e-12)
    _require(bool(fits), "total", total, f"at most {listed.sum() + limit.sum():,.0f}, which the limits hold")
    known = pd.Series(dict(at_least or {}), dtype=float).reindex(rest).fillna(0.0)
    known = np.minimum(known.to_numpy(), limit)
    known *= min(1.0, remainder / known.sum()) if known.sum() > 0 else 1.0
    spread = known + _fill(remainder - known.sum(), prior[rest].to_numpy(dtype=float), limit - known)
    complete = pd.concat([listed, pd.Series(spread, index=rest)])
    return (complete / complete.sum()).reindex(prior.index)


def _fill(amount: float, weight: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Share `amount` in proportion to `weight`, no share above its `limit` (water-filling)."""
    filled = np.zeros_like(weight)
    open_ = limit > 0
    while amount > 1e-9 and open_.any():
        offer = np.where(open_, weight, 0.0)
        offer = offer if offer.sum() > 0 else open_.astype(float)
        offer = amount * offer / offer.sum()
        taken = np.minimum(offer, limit - filled)
        filled += taken
        amount -= taken.sum()
        open_ &= filled < limit * (1 - 1e-12)
    return filled


def footprint_templates(
    provinces: pd.DataFrame,
    footprints: pd.DataFrame,
    record: pd.DataFrame,
    *,
    iso3: str = "",
    weights: Mapping[str, float] | None = None,
    least_recorded: float = 0.5,
) -> Templates:
    """Build the footprints an event can take from the recorded ones and the prior.

    Parameters
    ----------
    provinces : DataFrame
        `pcode, households_register_2022, flood_hazard_index`, one row per province.
    footprints : DataFrame
        Recorded provincial figures: `event_id, pcode, households, stage`. "final" rows make the footprint;
        other rows of the same event are lower bounds for provinces that the final report does not list.
    record : DataFrame
        From `event_record`: gives the national total by event.
    iso3 : str
        Country, to undo splits of provinces made after an event.
    weights : mapping, optional
        Weight of each footprint by event, and of the "prior" (households × hazard index); scaled to sum to 1,
        0 where left out. Default: the prior 0.2, the recorded ones evenly the rest.
    least_recorded : float
        A recorded footprint is used when its provinces hold at least this share of the national figure they
        were published with.

    Raises
    ------
    InputError
        When `weights` names an unknown footprint, is negative or sums to 0.
    """
    households = provinces.set_index("pcode")["households_register_2022"].astype(float)
    hazard = provinces.set_index("pcode")["flood_hazard_index"].astype(float).fillna(0.0)
    prior = households * hazard.clip(lower=LEAST_HAZARD_INDEX)
    counted = footprints[footprints["households"].notna()]
    final = counted["stage"] == "final"
    names, shares, covered = [], [], []
    for event, rows in counted[final].groupby("event_id", sort=True):
        national = record[(record["event"] == event) & record["used"]]
        if national.empty:
            continue
        total = float(national["households_central"].iloc[0])
        published = rows.groupby("pcode")["households"].max().astype(float)
        listed = _undo_splits(published, iso3, int(national["year"].iloc[0]), households)
        if listed.sum() < least_recorded * total or listed.sum() > total:
            continue
        other = counted[~final & (counted["event_id"] == event)]
        names.append(str(event))
        shares.append(
            complete_footprint(
                listed.to_dict(),
                total,
                prior=prior,
                households=households,
                largest_unlisted=published.min(),
                at_least=other.groupby("pcode")["households"].max().to_dict(),
            )
        )
        covered.append(listed.sum() / total)
    return Templates(
        (*names, PRIOR),
        tuple(prior.index),
        np.array([*shares, prior / prior.sum()], dtype=float),
        _probabilities((*names, PRIOR), weights),
        np.array([*covered, 0.0]),
    )


def _probabilities(names: Sequence[str], weights: Mapping[str, float] | None) -> np.ndarray:
    if weights is None:
        recorded = len(names) - 1
        each = [(1 - PRIOR_WEIGHT) / recorded] * recorded if recorded else []
        return np.array([*each, PRIOR_WEIGHT if recorded else 1.0])
    field = "footprint_weights"
    unknown = sorted(set(weights) - set(names))
    _require(not unknown, field, unknown, "weights for " + ", ".join(names))
    chosen = np.array([float(weights.get(name, 0.0)) for name in names])
    _require(bool((chosen >= 0).all() and chosen.sum() > 0), field, dict(weights), "0 or more, not all 0")
    return chosen / chosen.sum()


def _undo_splits(listed: pd.Series, iso3: str, year: int, households: pd.Series) -> pd.Series:
    """Split figures of former provinces by the households of today's."""
    figures = listed.to_dict()
    for (country, split_in), parts in SPLITS.items():
        if country != iso3 or year > split_in:
            continue
        for former, today in parts.items():
            if former in figures and not set(today[1:]) & set(figures):
                amount, size = figures[former], households[list(today)]
                figures |= (amount * size / size.sum()).to_dict()
    return pd.Series(figures)


def choose_templates(templates: Templates, n: int, *, seed: int | Sequence[int]) -> np.ndarray:
    """Return the index of the template of each of `n` events, in their exact proportions, shuffled.

    Examples
    --------
    >>> one = Templates(("a", "b"), ("P",), np.ones((2, 1)), np.array([0.25, 0.75]), np.ones(2))
    >>> np.bincount(choose_templates(one, 100, seed=1)).tolist()
    [25, 75]
    """
    level = (np.arange(n) + 0.5) / n
    chosen = np.searchsorted(np.cumsum(templates.probabilities)[:-1], level, side="right")
    return np.random.default_rng(seed).permutation(chosen)


def draw_footprints(
    templates: Templates, chosen: np.ndarray, *, concentration: float, seed: int | Sequence[int]
) -> np.ndarray:
    """Draw the provincial shares of events whose templates are `chosen`.

    Shares are Dirichlet(concentration × template): the mean is the template, and a share s has standard
    deviation √(s(1 − s)/(concentration + 1)).

    Returns
    -------
    ndarray, shape (n, provinces)
        Rows sum to 1.

    Raises
    ------
    InputError
        When the concentration is not positive.

    Examples
    --------
    >>> one = Templates(("a",), ("P", "Q"), np.array([[0.75, 0.25]]), np.array([1.0]), np.array([1.0]))
    >>> draw_footprints(one, np.zeros(20_000, int), concentration=12, seed=1).mean(axis=0).round(2).tolist()
    [0.75, 0.25]
    """
    _require(concentration > 0, "footprint_concentration", concentration, "a number above 0")
    template = templates.shares[chosen]
    weight = np.random.default_rng(seed).standard_gamma(concentration * template)
    total = weight.sum(axis=1, keepdims=True)
    # At a very small concentration all gammas can underflow: fall back on the template itself.
    return np.where(total > 0, weight / np.where(total > 0, total, 1.0), template)


def _require(holds: bool, field: str, value: object, allowed: str) -> None:
    if not holds:
        raise InputError(Problem("footprint", field, value, allowed))
