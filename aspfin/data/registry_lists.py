"""Six made-up programme lists as offices keep them, with the truth behind every record.

The people are members of a synthetic population; who is on which list follows each programme's eligibility,
so that the lists overlap as programmes do. Errors are planted at known rates and told apart from the lists.
No record describes a real person.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.data.population import Population, household_population
from aspfin.data.population_draws import stream
from aspfin.data.registry_lists_amounts import amounts
from aspfin.data.registry_lists_errors import Errors, birth_texts, khmer_names, latin_names, one_digit_wrong
from aspfin.data.registry_lists_files import write_lists
from aspfin.data.registry_lists_format import SPECS, Spec, date_texts, mapping
from aspfin.data.registry_lists_names import VARIANTS, Lexicon, lexicon
from aspfin.data.registry_lists_people import AS_OF, draw_persons
from aspfin.data.registry_lists_records import LISTS, eligibility, records
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
        One row per planted error: list_id, record_id, column, kind.
    planted : DataFrame
        Counts: list_id, kind, records. "everywhere" holds what concerns no single list.
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
        return (
            f"Six synthetic programme lists of {self.population.name} (seed {self.seed}; no record is a real "
            f"person): {len(self.truth):,} records of {people:,} people, of which {again:,} were entered "
            f"twice; {len(self.errors):,} errors are planted and known."
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
    fund, social security and disability cards. About 2.6 records come of each household: 40,000 households
    give 100,000 records, 390,000 a million.

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
    parts = [_one_list(list_id, persons, homes, names, script, int(seed)) for list_id in LISTS]
    lists = {part.list_id: part.raw for part in parts}
    truth = pd.concat([part.truth for part in parts], ignore_index=True)
    errors = pd.concat([part.errors for part in parts], ignore_index=True)
    told = _persons_table(persons, homes, names, truth)
    return RegistryLists(
        lists=lists,
        mappings={name: mapping(name, frame.columns) for name, frame in lists.items()},
        truth=truth,
        persons=told,
        errors=errors,
        planted=_planted(truth, errors, told),
        population=population,
        as_of=str(AS_OF),
        script=script,
        seed=int(seed),
    )


@dataclass(frozen=True)
class _Part:
    list_id: str
    raw: pd.DataFrame
    truth: pd.DataFrame
    errors: pd.DataFrame


def _one_list(
    list_id: str, persons: pd.DataFrame, homes: pd.DataFrame, names: Lexicon, script: str, seed: int
) -> _Part:
    """Return one list as its office keeps it, the truth of its records and its errors."""
    spec = SPECS[list_id]
    found = records(list_id, persons, homes, seed)
    people = persons.take(found["at"].to_numpy()).reset_index(drop=True)
    errors = Errors(spec.rates, lambda kind: stream(seed, f"{list_id} {kind}"))
    record_id = spec.prefix + "-" + pd.Series(np.arange(1, len(found) + 1)).astype(str).str.zfill(7)
    made: dict[str, Any] = {"record_id": record_id.to_numpy(object)}
    made.update(_names(names, people, errors, spec, script))
    made.update(_attributes(people, found, homes, errors, spec))
    made.update(_numbers(people, homes, errors, spec))
    if "amount" in spec.columns:
        made["amount"] = amounts(list_id, people, homes, errors)
    if "payment_date" in spec.columns:
        made["payment_date"] = np.full(len(found), date_texts(AS_OF[None] - 16, spec.dates)[0], dtype=object)
    raw = pd.DataFrame(
        {spec.columns[name]: _column(made[name], spec) for name in spec.columns if name in made}
    )
    table = errors.table()
    kept = table.column.isin([*spec.columns, "record"]) & table.column.isin([*made, "record"])
    table = table[kept]
    told = pd.DataFrame(
        {
            "list_id": list_id,
            "record_id": made["record_id"][table.row],
            "column": table.column,
            "kind": table.kind,
        }
    )
    truth = pd.DataFrame(
        {
            "list_id": list_id,
            "record_id": made["record_id"],
            "person": people.person,
            "household": people.household_id,
        }
    )
    marks = found[["duplicate", "paid_twice", "not_eligible"]]
    return _Part(list_id, raw, pd.concat([truth, marks], axis=1), told)


def _names(
    names: Lexicon, people: pd.DataFrame, errors: Errors, spec: Spec, script: str
) -> dict[str, NDArray]:
    made = {}
    if script != "khmer":
        made["name_latin"] = latin_names(names, people, errors)
        if spec.upper:
            made["name_latin"] = np.array([name.upper() for name in made["name_latin"]], dtype=object)
    if script != "latin":
        made["name_km"] = khmer_names(names, people, errors)
    return made


def _attributes(
    people: pd.DataFrame, found: pd.DataFrame, homes: pd.DataFrame, errors: Errors, spec: Spec
) -> dict[str, NDArray]:
    """Return sex, birth, village, level, relation and the days of a list, with their errors."""
    size = len(people)
    sex = np.where(people.female, "female", "male").astype(object)
    wrong = errors.rows("sex_wrong", size)
    sex[wrong] = np.where(sex[wrong] == "female", "male", "female")
    errors.note("sex", "sex_wrong", wrong)
    day, how = birth_texts(people.birth.to_numpy().astype("datetime64[D]"), errors)
    updated = found.updated_on.to_numpy().astype("datetime64[D]")
    moved = people.moved.to_numpy().astype("datetime64[D]")
    left = moved > updated
    village = np.where(left, people.village_before, people.village_code).astype(object)
    errors.note(
        "village_code", "moved", np.flatnonzero(left & (people.village_before != people.village_code))
    )
    errors.note("record", "deceased", np.flatnonzero(people.died.notna()))
    errors.note("record", "not_updated_3_years", np.flatnonzero(AS_OF - updated > np.timedelta64(1096, "D")))
    if not spec.prefixed:
        village = np.array([code[2:] for code in village], dtype=object)
    level = homes.card_level.to_numpy()[people.household.to_numpy()]
    wrong = errors.rows("card_level_wrong", size)
    wrong = wrong[level[wrong] > 0]
    level = level.copy()
    level[wrong] = 3 - level[wrong]
    errors.note("card_level", "card_level_wrong", wrong)
    made = {
        "sex": _coded(sex, "sex", spec),
        "birth_date": date_texts(day, spec.dates, how),
        "village_code": village,
        "card_level": _coded(np.where(level > 0, level.astype(str), ""), "card_level", spec),
        "relation": _coded(people.relation.to_numpy(object), "relation", spec),
        "registered_on": date_texts(found.registered_on.to_numpy().astype("datetime64[D]"), spec.dates),
        "updated_on": date_texts(updated, spec.dates),
    }
    for name, kind in (("sex", "sex_missing"), ("village_code", "village_missing")):
        lost = errors.rows(kind, size)
        made[name][lost] = ""
        errors.note(name, kind, lost)
    return made


def _numbers(people: pd.DataFrame, homes: pd.DataFrame, errors: Errors, spec: Spec) -> dict[str, NDArray]:
    """Return the numbers of identity card, equity card and telephone, where a list has filled them in."""
    at = people.household.to_numpy()
    card = (homes.card_level > 0).to_numpy()[at]
    province = homes.province.astype(str).str[2:].to_numpy(object)[at]
    number = pd.Series(people.household_id.to_numpy()).astype(str).str.zfill(7).to_numpy(object)
    made = {
        "person_id": people.national_id.to_numpy(object).copy(),
        "household_id": np.where(card, province + "-" + number, "").astype(object),
        "phone": people.phone.to_numpy(object).copy(),
    }
    for name, text in made.items():
        known = errors.draw(f"{name} known").random(len(people)) < spec.known.get(name, 0.0)
        text[~known] = ""
    changed = errors.rows("phone_changed", len(people))
    changed = changed[made["phone"][changed] != ""]
    new = errors.draw("phone_changed number").integers(10_000_000, 100_000_000, changed.size)
    made["phone"][changed] = "0" + new.astype(str).astype(object)
    errors.note("phone", "phone_changed", changed)
    for name in ("person_id", "household_id"):
        one_digit_wrong(made[name], name, f"{name}_typo", errors)
    return made


def _coded(values: NDArray, column: str, spec: Spec) -> NDArray:
    codes = spec.codes.get(column, {})
    known, code = np.unique(values.astype(str), return_inverse=True)
    return np.array([codes.get(value, "") for value in known], dtype=object)[code]


def _column(values: NDArray, spec: Spec) -> pd.Series:
    """Return a column of text with missing values as the list writes them; amounts stay numbers."""
    if values.dtype != object:
        return pd.Series(values)
    text = pd.Series(values, dtype="str")
    return text.mask(text == "", spec.missing if spec.missing else np.nan)


def _persons_table(
    persons: pd.DataFrame, homes: pd.DataFrame, names: Lexicon, truth: pd.DataFrame
) -> pd.DataFrame:
    """Return the people as they are, with what they have a right to and which lists they are on."""
    family, given, own = (persons[name].to_numpy() for name in ("family", "given", "own"))
    second = np.char.capitalize(names.given_latin.astype(str)).astype(object)
    at = persons.household.to_numpy()
    table = pd.DataFrame(
        {
            "person": persons.person,
            "household": persons.household_id,
            "name_km": pd.Series(names.family_km[family, 0] + " " + names.given_km[given, 0], dtype="str"),
            "name_latin": pd.Series(
                names.family_latin[family, own // VARIANTS] + " " + second[given, own % VARIANTS], dtype="str"
            ),
            "sex": pd.Categorical(np.where(persons.female, "female", "male"), ["male", "female"]),
            "birth_date": persons.birth,
            "relation": persons.relation,
            "died": persons.died,
            "moved_on": persons.moved,
            "village_code": pd.Series(persons.village_code, dtype="str"),
            "person_id": pd.Series(persons.national_id, dtype="str").replace("", np.nan),
            "weight": homes.weight.to_numpy()[at],
        }
    )
    for list_id, right in eligibility(persons, homes).items():
        table[f"eligible_{list_id}"] = right & persons.died.isna().to_numpy()
        listed = truth.person[truth.list_id == list_id].unique()
        table[f"in_{list_id}"] = np.isin(persons.person.to_numpy(), listed)
    table.attrs["synthetic"] = "people of a synthetic population; no real person"
    return table


def _planted(truth: pd.DataFrame, errors: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    """Count what was planted by list and kind."""
    counts = [errors.groupby(["list_id", "kind"], sort=False).size().rename("records").reset_index()]
    marks = truth.melt(["list_id"], ["duplicate", "paid_twice", "not_eligible"], "kind", "records")
    marks = marks.groupby(["list_id", "kind"], sort=False).records.sum().reset_index()
    counts.append(marks[marks.records > 0])
    right = persons.filter(regex="^eligible_").any(axis=1)
    listed = persons.filter(regex="^in_").any(axis=1)
    everywhere = {"eligible, in no list": int((right & ~listed).sum())}
    counts.append(
        pd.DataFrame(
            {"list_id": "everywhere", "kind": list(everywhere), "records": list(everywhere.values())}
        )
    )
    order = {name: place for place, name in enumerate([*LISTS, "everywhere"])}
    table = pd.concat(counts, ignore_index=True)
    return table.sort_values(
        ["list_id", "kind"], key=lambda c: c.map(order) if c.name == "list_id" else c
    ).reset_index(drop=True)
