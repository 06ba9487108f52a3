"""One made-up list put together: records, names, attributes, numbers, and their errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.data.population_draws import stream
from aspfin.data.registry_lists_amounts import amounts
from aspfin.data.registry_lists_errors import Errors, birth_texts, khmer_names, latin_names, one_digit_wrong
from aspfin.data.registry_lists_format import SPECS, Spec, as_numbers, date_texts, phone_texts
from aspfin.data.registry_lists_names import Lexicon
from aspfin.data.registry_lists_people import AS_OF
from aspfin.data.registry_lists_records import records

__all__ = ["Part", "one_list"]

SECOND_CARDS = 9_999_999  # second cards are counted down from here


@dataclass(frozen=True)
class Part:
    """One list: as its office keeps it, the truth of its records, and its errors.

    Attributes
    ----------
    list_id : str
    raw, truth, errors : DataFrame
        As in `RegistryLists`, of this list.
    """

    list_id: str
    raw: pd.DataFrame
    truth: pd.DataFrame
    errors: pd.DataFrame


def one_list(
    list_id: str, persons: pd.DataFrame, homes: pd.DataFrame, names: Lexicon, script: str, seed: int
) -> Part:
    """Return one list as its office keeps it, the truth of its records and its errors."""
    spec = SPECS[list_id]
    found = records(list_id, persons, homes, seed)
    people = persons.take(found["at"].to_numpy()).reset_index(drop=True)
    errors = Errors(spec.rates, lambda kind: stream(seed, f"{list_id} {kind}"))
    record_id = spec.prefix + "-" + pd.Series(np.arange(1, len(found) + 1)).astype(str).str.zfill(7)
    made: dict[str, Any] = {"record_id": record_id.to_numpy(object)}
    made.update(_names(names, people, errors, spec, script))
    made.update(_attributes(people, found, homes, errors, spec))
    second = found.duplicate.to_numpy() > 0 if list_id == "idpoor" else np.zeros(len(found), dtype=bool)
    made.update(_numbers(people, homes, second, errors, spec))
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
    return Part(list_id, raw, pd.concat([truth, marks], axis=1), told)


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
    if "village_code" in spec.as_numbers:
        made["village_code"] = as_numbers(made["village_code"], decimals=False)
    return made


def _numbers(
    people: pd.DataFrame, homes: pd.DataFrame, second: NDArray[np.bool_], errors: Errors, spec: Spec
) -> dict[str, NDArray]:
    """Return the numbers of identity card, equity card and telephone, where a list has filled them in."""
    at = people.household.to_numpy()
    card = (homes.card_level > 0).to_numpy()[at]
    province = homes.province.astype(str).str[2:].to_numpy(object)[at]
    # A household interviewed twice has a second card, with a number far from those of the first ones.
    own = people.household_id.to_numpy()
    errors.note("household_id", "second_card", np.flatnonzero(second))
    number = pd.Series(np.where(second, SECOND_CARDS - own, own)).astype(str).str.zfill(7).to_numpy(object)
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
    if "person_id" in spec.as_numbers:
        short = [text.startswith("0") for text in made["person_id"]]
        errors.note("person_id", "leading_zero_lost", np.flatnonzero(short))
        made["person_id"] = as_numbers(made["person_id"], decimals=True)
    made["phone"] = phone_texts(made["phone"], spec.phones)
    return made


def _coded(values: NDArray, column: str, spec: Spec) -> NDArray:
    codes = spec.codes.get(column, {})
    code, known = pd.factorize(values)
    return np.array([codes.get(value, "") for value in known], dtype=object)[code]


def _column(values: NDArray, spec: Spec) -> pd.Series:
    """Return a column of text with missing values as the list writes them; amounts stay numbers."""
    if values.dtype != object:
        return pd.Series(values)
    text = pd.Series(values, dtype="str")
    return text.mask(text == "", spec.missing if spec.missing else np.nan)
