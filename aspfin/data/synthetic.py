"""A made-up cash-transfer programme whose true effects are known, for teaching and for tests.

One programme reaches different provinces in different ways, so that every design of evaluation has a part
to work on: a lottery among villages, a phase-in by year, a poverty-score cut-off, enrolment on demand, and
one province that starts alone. The effect on a household follows one law everywhere, and nobody's transfer
reaches a neighbour. No row describes a real person or place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.data.population import Population, household_population
from aspfin.data.population_survey import household_survey
from aspfin.data.registry_lists import RegistryLists, registry_lists
from aspfin.results import InputError, Problem, ResultMixin

__all__ = [
    "COHORTS",
    "CUTOFF",
    "ENDLINE",
    "OUTCOMES",
    "START",
    "YEARS",
    "Population",
    "ProgrammePanel",
    "RegistryLists",
    "household_population",
    "household_survey",
    "programme_panel",
    "registry_lists",
]

YEARS = tuple(range(2019, 2025))
START = 2022  # first year of payment outside the phase-in
ENDLINE = 2023  # the year of the follow-up survey
COHORTS = (2021, 2022, 2023, 0)  # first year of payment of a phase-in village; 0 = never
CUTOFF = 40.0  # households with a poverty score below it are eligible (a low score is poor)
PARTS = ("lottery", "phase_in", "cutoff", "on_demand")
PROVINCES_PER_PART = 4
PROVINCE_YEARS = tuple(range(2008, 2025))  # the longer record of province means

# Outcome: (level, slope in the household's living standard, size of the effect as a multiple of that on
# consumption, standard deviation of the yearly noise). The programme does nothing to debt: a true null.
OUTCOMES: Mapping[str, tuple[float, float, float, float]] = {
    "consumption": (12.0, 1.0, 1.0, 1.2),  # thousand riel per person and day
    "food_score": (48.0, 2.5, 3.0, 6.0),  # food consumption score, 0 to 112
    "school_days": (17.0, 0.3, 0.4, 2.0),  # per child and month
    "debt": (420.0, -12.0, 0.0, 90.0),  # US dollars per household
}
COVARIATES = ("poverty_score", "household_size", "female_head", "head_schooling", "distance")


@dataclass(frozen=True, eq=False, repr=False)
class ProgrammePanel(ResultMixin):
    """A synthetic programme: what an evaluator would see, and beside it the truth.

    Attributes
    ----------
    panel : DataFrame
        One row per household and year. Columns: household, village, province, part, year; the covariates
        poverty_score, household_size, female_head, head_schooling, distance; eligible; offered (the village
        won the lottery); first_year (first year of payment of a phase-in village, 0 = never); received
        (payment in this year); the outcomes; found (0 where the household was not found again and its
        outcomes are missing); cost_usd (transfers and delivery in this year).
    provinces : DataFrame
        Yearly means of nine further provinces: province, year, consumption, rainfall, treated. "Province 17"
        starts alone in `START`.
    truth : DataFrame
        Columns design, estimand, outcome, value. Values are averages of the true effects over the households
        of the part, except at the cut-off, where they come from the law itself.
    untreated : Series
        Consumption without the programme, row by row of `panel`: what no evaluator sees.
    seed : int
        What it was drawn from.

    Examples
    --------
    >>> programme = programme_panel(seed=1, villages=6, households=5)
    >>> programme.lottery.columns[:4].tolist(), len(programme.phase_in)
    (['household', 'village', 'province', 'poverty_score'], 720)
    """

    panel: pd.DataFrame
    provinces: pd.DataFrame
    truth: pd.DataFrame
    untreated: pd.Series
    seed: int

    @property
    def lottery(self) -> pd.DataFrame:
        """Eligible households of the lottery at the endline, with their baseline outcomes (one row each)."""
        rows = self._endline("lottery")
        return rows[rows.eligible == 1].drop(columns="eligible").reset_index(drop=True)

    @property
    def phase_in(self) -> pd.DataFrame:
        """Households and years of the provinces where villages were phased in by year."""
        rows = self.panel[self.panel.part == "phase_in"]
        return rows.drop(columns=["part", "offered", "found"]).reset_index(drop=True)

    @property
    def cutoff(self) -> pd.DataFrame:
        """Households at the endline where the poverty score decided who was offered the transfer."""
        return self._endline("cutoff").drop(columns="offered")

    @property
    def on_demand(self) -> pd.DataFrame:
        """Households at the endline where they enrolled themselves, by what the covariates tell."""
        return self._endline("on_demand").drop(columns="offered")

    def _endline(self, part: str) -> pd.DataFrame:
        rows = self.panel[self.panel.part == part]
        before = rows[rows.year == START - 1].set_index("household")[list(OUTCOMES)].add_prefix("baseline_")
        after = rows[rows.year == ENDLINE].drop(columns=["part", "year", "first_year"])
        return after.merge(before, left_on="household", right_index=True, how="left").reset_index(drop=True)

    def true_effect(self, design: str, estimand: str, outcome: str = "consumption") -> float:
        """Return one true value.

        Raises
        ------
        InputError
            If there is no such row in `truth`.
        """
        table = self.truth
        rows = table[(table.design == design) & (table.estimand == estimand) & (table.outcome == outcome)]
        if len(rows) != 1:
            known = sorted({f"{row.design}, {row.estimand}" for row in table.itertuples()})
            raise InputError(Problem("truth", "design, estimand", f"{design}, {estimand}", "; ".join(known)))
        return float(rows.value.iloc[0])

    def to_frame(self) -> pd.DataFrame:
        """Return the true effects."""
        return self.truth.copy()

    def sentence(self) -> str:
        """Return what the data are, in prose."""
        people = self.panel.household.nunique()
        return (
            f"A synthetic cash-transfer programme (seed {self.seed}): {people:,} households in "
            f"{self.panel.village.nunique():,} villages, {YEARS[0]} to {YEARS[-1]}, with known true effects."
        )


def programme_panel(
    seed: int = 0,
    *,
    villages: int = 30,
    households: int = 12,
    effect: float = 1.0,
    growth: float = 0.25,
    take_up: float = 0.7,
    attrition: float = 0.1,
) -> ProgrammePanel:
    """Draw a synthetic cash-transfer programme with known true effects.

    The effect of a household's e-th further year of payment on its consumption is
    (effect + growth · e) · exp(0.15 · (40 - score) / 10): larger for the poor, and growing. Without the
    programme, outcomes are the sum of a village, a household and a common year effect and noise, so that
    trends are parallel; the poorer villages were phased in first, and those who took an offer up were poorer
    than their covariates tell, so that naive comparisons mislead. Loss of households differs between the
    arms of the lottery, but not by outcome.

    Parameters
    ----------
    seed
        Of `numpy.random.default_rng`.
    villages, households
        Villages per province (at least 4; four provinces in each of the four parts), households per village.
    effect, growth
        Effect on consumption at the cut-off in the first year of payment, and what each further year adds, in
        thousand riel per person and day.
    take_up
        Share of those offered the transfer (lottery, cut-off) who take it.
    attrition
        Share of the lottery's control households not found again; among the offered it is 0.6 of that.

    Returns
    -------
    ProgrammePanel

    Raises
    ------
    InputError
        If an argument is out of range.

    Examples
    --------
    >>> programme = programme_panel(seed=1, villages=6, households=5)
    >>> programme.true_effect("cutoff", "LATE at the cut-off")
    1.25
    >>> programme.true_effect("lottery", "ITT", "debt")
    0.0
    """
    _check(villages, households, take_up, attrition)
    generator = np.random.default_rng(seed)
    homes = _homes(generator, villages, households)
    _assign(generator, homes, take_up)
    panel, untreated, effects = _years(generator, homes, effect, growth)
    lost = _lost(generator, panel, attrition)
    panel["found"] = (~lost).astype("int8")
    panel.loc[lost, list(OUTCOMES)] = np.nan
    truth = [*_truth(panel, effects), *_truth_at_cutoff(effect + growth * (ENDLINE - START), take_up)]
    provinces, alone = _provinces(generator, effect, growth)
    truth.append(("early_province", "ATT", "consumption", alone))
    table = pd.DataFrame(truth, columns=["design", "estimand", "outcome", "value"])
    shown = panel.drop(columns=["takes_up", "standard", "village_effect"])
    return ProgrammePanel(shown, provinces, table, untreated, seed)


def _check(villages: int, households: int, take_up: float, attrition: float) -> None:
    problems = []
    if villages < 4:
        problems.append(Problem("programme_panel", "villages", villages, "a whole number of at least 4"))
    if households < 2:
        problems.append(Problem("programme_panel", "households", households, "a whole number of at least 2"))
    if not 0 < take_up <= 1:
        problems.append(Problem("programme_panel", "take_up", take_up, "above 0, at most 1"))
    if not 0 <= attrition < 1:
        problems.append(Problem("programme_panel", "attrition", attrition, "from 0 to below 1"))
    if problems:
        raise InputError(problems)


def _homes(generator: np.random.Generator, villages: int, households: int) -> pd.DataFrame:
    """Return one row per household: where it lives, who it is, how well it lives without the programme."""
    provinces = len(PARTS) * PROVINCES_PER_PART
    province = np.repeat(np.arange(provinces), villages * households)
    village = np.repeat(np.arange(provinces * villages), households)
    n = len(village)
    village_effect = generator.normal(0, 0.6, provinces * villages)[village]
    homes = pd.DataFrame(
        {
            "household": np.arange(1, n + 1),
            "village": [
                f"{p + 1:02d}-{v % villages + 1:03d}" for p, v in zip(province, village, strict=True)
            ],
            "province": [f"Province {p + 1:02d}" for p in province],
            "part": np.asarray(PARTS)[province // PROVINCES_PER_PART],
            "poverty_score": np.clip(generator.normal(CUTOFF, 15, n), 0, 100),
            "household_size": 1 + generator.poisson(3.4, n),
            "female_head": generator.binomial(1, 0.27, n),
            "head_schooling": np.minimum(generator.poisson(4.5, n), 12),
            "distance": generator.gamma(2.0, 4.0, n).round(1),
        }
    )
    private = generator.normal(0, 1.2, n)  # what no covariate tells
    gap = homes.poverty_score - CUTOFF
    homes["standard"] = (
        village_effect
        + private
        + 0.08 * gap
        + 0.0002 * gap**2
        - 0.15 * (homes.household_size - 4.4)
        + 0.10 * (homes.head_schooling - 4.5)
        - 0.20 * homes.female_head
    )
    homes["village_effect"] = village_effect
    homes["eligible"] = (homes.poverty_score < CUTOFF).astype("int8")
    homes["motive"] = 0.6 * private / 1.2 + 0.8 * generator.normal(size=n)  # low = keen; standard normal
    return homes


def _assign(generator: np.random.Generator, homes: pd.DataFrame, take_up: float) -> None:
    """Add who was offered the transfer, from when, and who takes it up."""
    from scipy import special

    towns = homes.groupby("village", sort=True).first()
    of_province = towns.groupby("province").village_effect.transform("size")
    draw = pd.Series(generator.uniform(size=len(towns)), index=towns.index)
    offered = (draw.groupby(towns.province).rank() <= of_province // 2) & (towns.part == "lottery")
    need = towns.village_effect + generator.normal(0, 0.4, len(towns))  # the poorer villages come first
    turn = (need.groupby(towns.province).rank() - 1) * len(COHORTS) // of_province
    first_year = pd.Series(np.asarray(COHORTS)[turn.astype(int)], index=towns.index)
    homes["offered"] = homes.village.map(offered).astype("int8")
    homes["first_year"] = np.where(homes.part == "phase_in", homes.village.map(first_year), 0)
    index = (
        -0.4
        - 0.05 * (homes.poverty_score - CUTOFF)
        + 0.15 * (homes.household_size - 4.4)
        - 0.08 * (homes.head_schooling - 4.5)
        - 0.03 * (homes.distance - 8)
    )
    enrols = generator.uniform(size=len(homes)) < special.expit(index)
    accepts = homes.motive < special.ndtri(take_up)
    homes["takes_up"] = np.select(
        [homes.part == "lottery", homes.part == "cutoff", homes.part == "on_demand"],
        [accepts & (homes.eligible == 1), accepts & (homes.eligible == 1), enrols],
        homes.first_year > 0,
    )


def _years(
    generator: np.random.Generator, homes: pd.DataFrame, effect: float, growth: float
) -> tuple[pd.DataFrame, pd.Series, np.ndarray]:
    """Return the panel, consumption without the programme, and the effect payment has in each row."""
    n, t = len(homes), len(YEARS)
    panel = homes.drop(columns="motive").loc[homes.index.repeat(t)].reset_index(drop=True)
    panel.insert(4, "year", np.tile(YEARS, n))
    begins = np.where(panel.part == "phase_in", panel.first_year, START)
    begins = np.where(begins == 0, START, begins)
    further = np.maximum(panel.year - begins, 0)
    due = (panel.year >= begins) & panel.takes_up & ((panel.part != "lottery") | (panel.offered == 1))
    effects = ((effect + growth * further) * np.exp(0.15 * (CUTOFF - panel.poverty_score) / 10)).to_numpy()
    panel["received"] = due.astype("int8")
    common = np.cumsum(generator.normal(0.15, 0.25, t))
    untreated = pd.Series(dtype=float)
    for name, (level, slope, size, noise) in OUTCOMES.items():
        without = level + slope * (panel.standard + np.tile(common, n)) + generator.normal(0, noise, n * t)
        panel[name] = without + size * effects * due
        if name == "consumption":
            untreated = without.rename("consumption_without")
    delivery = generator.gamma(4.0, 6.0, n * t)  # dollars a year and recipient: mean 24
    panel["cost_usd"] = np.where(due, 12 * (20 + 4 * panel.household_size) + delivery, 0.0).round(2)
    return panel, untreated, effects


def _lost(generator: np.random.Generator, panel: pd.DataFrame, attrition: float) -> np.ndarray:
    """Return the rows of lottery households that were not found again after the start."""
    by_home = pd.Series(generator.uniform(size=panel.household.nunique()), index=panel.household.unique())
    share = attrition * np.where(panel.offered == 1, 0.6, 1.0)
    gone = panel.household.map(by_home).to_numpy() < share
    return gone & (panel.part == "lottery").to_numpy() & (panel.year >= START).to_numpy()


def _truth(panel: pd.DataFrame, effects: np.ndarray) -> list[tuple[str, str, str, float]]:
    """Return the averages of the true effects over the households each design speaks of."""
    end = (panel.year == ENDLINE).to_numpy()
    lottery = end & (panel.part == "lottery").to_numpy() & (panel.eligible == 1).to_numpy()
    takers = panel.takes_up.to_numpy()
    demand = end & (panel.part == "on_demand").to_numpy()
    paid = (panel.part == "phase_in").to_numpy() & (panel.received == 1).to_numpy()
    event = (panel.year - panel.first_year).to_numpy()
    values = {
        ("lottery", "ITT"): (effects * takers)[lottery].mean(),
        ("lottery", "LATE"): effects[lottery & takers].mean(),
        ("on_demand", "ATE"): effects[demand].mean(),
        ("on_demand", "ATT"): effects[demand & takers].mean(),
        ("phase_in", "ATT simple"): effects[paid].mean(),
    }
    for e in range(YEARS[-1] - COHORTS[0] + 1):
        values["phase_in", f"ATT event time {e}"] = effects[paid & (event == e)].mean()
    for cohort in COHORTS[:-1]:
        here = paid & (panel.first_year == cohort).to_numpy()
        values["phase_in", f"ATT cohort {cohort}"] = effects[here].mean()
        for year in range(cohort, YEARS[-1] + 1):
            cell = here & (panel.year == year).to_numpy()
            values["phase_in", f"ATT cohort {cohort} in {year}"] = effects[cell].mean()
    return [
        (*key, name, float(size * value))
        for key, value in values.items()
        for name, (_, _, size, _) in OUTCOMES.items()
    ]


def _truth_at_cutoff(effect: float, take_up: float) -> list[tuple[str, str, str, float]]:
    rows = []
    for name, (_, _, size, _) in OUTCOMES.items():
        rows.append(("cutoff", "ITT at the cut-off", name, float(size * effect * take_up)))
        rows.append(("cutoff", "LATE at the cut-off", name, float(size * effect)))
    return rows


def _provinces(generator: np.random.Generator, effect: float, growth: float) -> tuple[pd.DataFrame, float]:
    """Return yearly province means from two common factors, and the early province's true effect."""
    number, t = 9, len(PROVINCE_YEARS)
    years = np.asarray(PROVINCE_YEARS)
    factors = np.cumsum(generator.normal(0.1, 0.3, (t, 2)), axis=0)
    loadings = generator.uniform(0.2, 1.8, (number, 2))
    # The early province's loadings are an average of three others: a synthetic twin exists.
    loadings[0] = loadings[1:4].mean(axis=0)
    level = generator.normal(11.0, 0.8, number)
    level[0] = level[1:4].mean()
    rain = generator.normal(1_400, 180, (number, t)).round()
    noise = generator.normal(0, 0.12, (number, t))
    values = level[:, None] + loadings @ factors.T + noise
    gain = np.where(years >= START, effect + growth * (years - START), 0.0)
    values[0] += gain
    frame = pd.DataFrame(
        {
            "province": np.repeat([f"Province {17 + i:02d}" for i in range(number)], t),
            "year": np.tile(years, number),
            "consumption": values.ravel(),
            "rainfall": rain.ravel(),
            "treated": (np.repeat(np.arange(number) == 0, t) & (np.tile(years, number) >= START)).astype(
                "int8"
            ),
        }
    )
    return frame, float(gain[years >= START].mean())
