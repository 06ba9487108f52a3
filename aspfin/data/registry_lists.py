"""Six made-up programme lists as offices keep them, with the truth behind every record.

The people are members of a synthetic population; who is on which list follows each programme's eligibility,
so that the lists overlap as programmes do. Errors are planted at known rates and told apart from the lists.
No record describes a real person.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from aspfin.data.population import Population, household_population
from aspfin.data.registry_lists_files import write_lists
from aspfin.data.registry_lists_format import mapping
from aspfin.data.registry_lists_names import lexicon
from aspfin.data.registry_lists_people import AS_OF, draw_persons
from aspfin.data.registry_lists_raw import one_list
from aspfin.data.registry_lists_records import LISTS
from aspfin.data.registry_lists_truth import margins, persons_table, planted
from aspfin.results import InputError, Problem, ResultMixin

__all__ = ["RegistryLists", "Script", "registry_lists"]

Script = Literal["both", "latin", "khmer"]
COUNTRIES = ("KHM",)


@dataclass(frozen=True, eq=False, repr=False)
class RegistryLists(ResultMixin):
    """Six made-up programme lists, and what is true.

    Attributes
    ----------
    lists : dict of str to DataFrame
        The raw lists as their offices keep them, each with its own column names, codes and dates.
    mappings : dict of str to dict
        For each list how its columns, codes, dates and units are read into the common vocabulary.
    truth : DataFrame
        One row per record: list_id, record_id, person, household, duplicate (entered again), paid_twice
        (second payee of a household), not_eligible.
    persons : DataFrame
        One row per person of the population: person, household, name_km, name_latin, sex, birth_date, died,
        moved_on, village_code, person_id, weight, and for each list eligible_<list> and in_<list>.
    errors : DataFrame
        One row per planted error: list_id, record_id, column, kind. The column is "record" for what is no
        error of writing: a person who has died since, a record not updated for three years.
    planted : DataFrame
        Columns list_id, kind, records, share (of the list's records), stated (share of the records for which
        the kind was drawn, of which some cannot be seen; missing where it follows from people's lives).
        "everywhere" holds the people eligible for something and on no list, as a share of the eligible.
    margins : DataFrame
        What the lists come to in the country, weights applied: margin, list_id, published, simulated,
        difference (as a share of the published), unit, date, source, status, note.
    population : Population
        The households, and the published figures they reproduce.
    as_of : str
        Day on which the lists are taken.
    script : str
        both | latin | khmer: the scripts of the names in the lists.
    seed : int

    Examples
    --------
    >>> made = registry_lists(households=2_000, seed=1)
    >>> list(made.lists)[:3], made.truth.record_id.is_unique
    (['idpoor', 'cash_transfer', 'scholarship'], True)
    """

    lists: dict[str, pd.DataFrame]
    mappings: dict[str, dict[str, Any]]
    truth: pd.DataFrame
    persons: pd.DataFrame
    errors: pd.DataFrame
    planted: pd.DataFrame
    margins: pd.DataFrame
    population: Population
    as_of: str
    script: str
    seed: int

    def to_frame(self) -> pd.DataFrame:
        """Return the counts of what was planted."""
        return self.planted.copy()

    def sentence(self) -> str:
        """Return what the lists are, in prose."""
        people = self.truth.person.nunique()
        again = int(self.truth.duplicate.sum())
        wrong = int((self.errors.column != "record").sum())
        return (
            f"Six synthetic programme lists of {self.population.name} (seed {self.seed}; no record is a real "
            f"person): {len(self.truth):,} records of {people:,} people, of which {again:,} were entered "
            f"twice; {wrong:,} errors in cells are planted and known."
        )

    def write(self, folder: str | Path) -> list[Path]:
        """Write six files in different formats, mapping.yaml, and the truth in a folder of its own.

        Parameters
        ----------
        folder
            Where to; made if missing.

        Returns
        -------
        list of Path
            The six lists, the mapping and the files of the truth.
        """
        return write_lists(self, Path(folder))


def registry_lists(
    country: str = "KHM", *, households: int = 20_000, seed: int = 0, script: Script = "both"
) -> RegistryLists:
    """Draw six messy programme lists over a synthetic population, with known truth.

    The lists are those of identification of the poor, the cash transfer, scholarships, the health equity
    fund, social security and disability cards. About 2.4 records come of each household: 42,000 households
    give 100,000 records, 430,000 a million.

    Parameters
    ----------
    country
        Only KHM has a lexicon of names.
    households
        Of the population, each counted once whatever it stands for in the country; 2,000 or more.
    seed
        Of the random numbers; each column and each kind of error has a stream of its own.
    script
        Scripts in which the lists have names.

    Returns
    -------
    RegistryLists

    Raises
    ------
    InputError
        If the country has no lexicon, the script is unknown or there are too few households.

    Examples
    --------
    >>> made = registry_lists(households=2_000, seed=1, script="latin")
    >>> "Payee (Khmer)" in made.lists["cash_transfer"]
    False
    """
    if country not in COUNTRIES:
        raise InputError(Problem("registry_lists", "country", country, " | ".join(COUNTRIES)))
    if script not in get_args(Script):
        raise InputError(Problem("registry_lists", "script", script, " | ".join(get_args(Script))))
    population = household_population(country, households=households, seed=seed)
    homes, names = population.households, lexicon()
    persons = draw_persons(homes, names, int(seed))
    parts = [one_list(list_id, persons, homes, names, script, int(seed)) for list_id in LISTS]
    lists = {part.list_id: part.raw for part in parts}
    truth = pd.concat([part.truth for part in parts], ignore_index=True)
    errors = pd.concat([part.errors for part in parts], ignore_index=True)
    told = persons_table(persons, homes, names, truth)
    return RegistryLists(
        lists=lists,
        mappings={name: mapping(name, frame.columns) for name, frame in lists.items()},
        truth=truth,
        persons=told,
        errors=errors,
        planted=planted(truth, errors, told),
        margins=margins(told, population),
        population=population,
        as_of=str(AS_OF),
        script=script,
        seed=int(seed),
    )
