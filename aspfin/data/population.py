"""A made-up population of households that reproduces what was published about a country.

No row describes a real household. Published totals (people by province, registered households and people
by province and level, poverty by area, ages and disability among the registered) are met; what was not found
is a working assumption of the country's population.yaml and says so in `Population.margins`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.data.population_cells import MINIMUM_HOUSEHOLDS, population_cells, simulated_households
from aspfin.data.population_living import add_consumption, add_groups, add_registration, add_work
from aspfin.data.population_margins import margins_table
from aspfin.data.population_pack import read_population_pack
from aspfin.data.population_people import Draft, add_children, add_head, add_members, add_people
from aspfin.results import InputError, Problem, ResultMixin

__all__ = ["COLUMNS", "Population", "household_population"]

# Column: (unit, meaning). The order is that of the frame.
COLUMNS: dict[str, tuple[str, str]] = {
    "household_id": ("number", "1, 2, …; stands for no real household"),
    "province": ("P-code", "province"),
    "area": ("class", "Phnom Penh, urban or rural, as benefit rules and poverty figures divide the country"),
    "village": ("number", "village: primary sampling unit; unique in the country"),
    "weight": ("households", "households of the country that this one stands for"),
    "members": ("persons", "members of the household"),
    "child_0_1": ("persons", "children under 2"),
    "child_0_5": ("persons", "children aged 0 to 5, under 2 included"),
    "child_6_17": ("persons", "children aged 6 to 17"),
    "age_60_plus": ("persons", "members aged 60 and over"),
    "disability": ("persons", "members with a disability; at most one in a household"),
    "hiv": ("persons", "members living with HIV"),
    "pregnant": ("persons", "women pregnant now"),
    "birth": ("persons", "children born in this month"),
    "pupil_primary_lower_secondary": ("persons", "pupils of grades 1 to 9"),
    "pupil_upper_secondary": ("persons", "pupils of grades 10 to 12"),
    "trainee": ("persons", "in vocational training under social assistance"),
    "head_sex": ("class", "sex of the head: female or male"),
    "head_age": ("years", "age of the head"),
    "head_disability": ("0 or 1", "the head has a disability"),
    "consumption": ("money per person and day", "before transfers, in the country's currency"),
    "poor": ("0 or 1", "consumption is below the national line"),
    "card_level": ("class", "registration: 0 none; 1, 2 levels of the card; 1 where there is one level"),
    "at_risk": ("0 or 1", "near-poor household outside the card"),
    "registration_date": ("day", "day of registration; missing where not registered"),
    "formal_workers": ("persons", "members insured as employees"),
    "wage": ("money per month", "mean wage of one insured worker; 0 where there is none"),
    "contribution_months": ("months", "months contributed so far; 0 where nobody is insured"),
    "health_card": ("0 or 1", "entitled to free care (registered or at risk)"),
    "flood_hazard": ("index 0-100", "flood hazard index of the province, mean over communes"),
}


@dataclass(frozen=True, eq=False, repr=False)
class Population(ResultMixin):
    """A synthetic population: no row describes a real household.

    Attributes
    ----------
    households : DataFrame
        One row per household; `columns_table()` tells what each column is.
    margins : DataFrame
        Columns margin, group, published, simulated, difference (as a share of the published), unit, date,
        source, status.
    country, name : str
        Code and name of the country.
    poverty_line : float
        In the country's currency, per person and day.
    currency : str
    sources : DataFrame
        What the sources named in `margins` are: source, title, publisher, date, url.
    seed : int
        What it was drawn from.

    Examples
    --------
    >>> people = household_population("KHM", households=2_000, seed=1)
    >>> len(people.households), round(people.households.weight.sum())
    (2000, 3553021)
    """

    households: pd.DataFrame
    margins: pd.DataFrame
    country: str
    name: str
    poverty_line: float
    currency: str
    sources: pd.DataFrame
    seed: int

    def columns_table(self) -> pd.DataFrame:
        """Return what the columns of `households` are: column, unit, meaning; empty for added columns."""
        rows = []
        for name in self.households.columns:
            unit, meaning = COLUMNS.get(name, ("", ""))
            rows.append((name, unit.replace("money per", f"{self.currency} per"), meaning))
        return pd.DataFrame(rows, columns=["column", "unit", "meaning"])

    def to_frame(self) -> pd.DataFrame:
        """Return the margins."""
        return self.margins.copy()

    def sentence(self) -> str:
        """Return what the data are, in prose."""
        published = self.margins[self.margins.status.isin(["verified", "press"])]
        worst = published.difference.abs().max()
        return (
            f"A synthetic population of {self.name} (seed {self.seed}; no row is a real household): "
            f"{len(self.households):,} households stand for {self.households.weight.sum():,.0f}; "
            f"{len(published)} published figures are met to within {100 * worst:.2g} %."
        )


def household_population(country: str = "KHM", *, households: int = 100_000, seed: int = 0) -> Population:
    """Draw a synthetic population of households that reproduces a country's published margins.

    Households are drawn in cells of province × area × registration, whose true numbers of households and
    persons are known or assumed; the weight of a household is what it stands for in its cell. Members of
    each age, with a disability or HIV, are drawn so that the published shares are met; consumption is
    lognormal in each area with exactly the published poverty rate.

    Parameters
    ----------
    country
        Code of a country pack with a population.yaml, or the folder of one.
    households
        How many to simulate. From 100,000 on, all published margins are met to within 1 %; with fewer, the
        smallest groups (people with HIV among the registered) are coarser, as `margins` tells.
    seed
        Of the random numbers; each column has a stream of its own.

    Returns
    -------
    Population

    Raises
    ------
    InputError
        If the country has no population.yaml, a figure in it is missing, or there are too few households.

    Examples
    --------
    >>> people = household_population("KHM", households=2_000, seed=1)
    >>> poor = people.margins[(people.margins.margin == "poverty rate") & (people.margins.group == "rural")]
    >>> float(poor.published.iloc[0]), round(float(poor.simulated.iloc[0]), 2)
    (0.228, 0.23)
    """
    for name, value in (("households", households), ("seed", seed)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
            raise InputError(Problem("household_population", name, value, "a whole number, 0 or more"))
    if households < MINIMUM_HOUSEHOLDS:
        allowed = f"{MINIMUM_HOUSEHOLDS:,} or more, so that every small province has some"
        raise InputError(Problem("household_population", "households", households, allowed))
    pack = read_population_pack(country)
    cells = population_cells(pack)
    draft = Draft(pack, cells, int(seed))
    add_members(draft, simulated_households(cells, int(households)))
    for add in (add_people, add_head, add_children, add_consumption, add_groups, add_registration, add_work):
        add(draft)
    frame = _frame(draft)
    line, currency = float(pack.value("poverty", "line")), str(pack.part("currency"))
    margins = margins_table(frame, pack)
    sources = pack.sources_table(list(dict.fromkeys(margins.source)))
    return Population(frame, margins, pack.country, pack.name, line, currency, sources, int(seed))


def _frame(draft: Draft) -> pd.DataFrame:
    columns, cells, pack = draft.columns, draft.cells, draft.pack
    cell = columns["cell"]
    made = {
        "household_id": np.arange(1, cell.size + 1),
        "province": _categories(cells.province.to_numpy(), cell, list(pack.provinces.pcode)),
        "area": _categories(cells.area.to_numpy(), cell, list(pack.part("areas"))),
        "head_sex": pd.Categorical.from_codes(columns["head_female"], ["male", "female"]),
    }
    if pack.get("provinces", "hazard") is not None:
        hazard = dict(zip(pack.provinces.pcode, pack.column(pack.part("provinces", "hazard")), strict=True))
        made["flood_hazard"] = cells.province.map(hazard).to_numpy(float)[cell]
    found = {**columns, **made}
    frame = pd.DataFrame({name: found[name] for name in COLUMNS if name in found})
    frame.attrs["synthetic"] = f"synthetic population of {pack.name}, seed {draft.seed}; no real household"
    return frame


def _categories(values: np.ndarray, cell: np.ndarray, names: list[str]) -> pd.Categorical:
    codes = np.array([names.index(value) for value in values], dtype=np.int8)
    return pd.Categorical.from_codes(codes[cell], names)
