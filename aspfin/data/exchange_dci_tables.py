"""Records of registries sorted into tables: households, their members, and whatever else there is."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any

import pandas as pd

from aspfin.data.exchange_dci_json import Written, flat
from aspfin.data.tabular import NUMBER

__all__ = ["Tables", "counted", "listed"]

# Our name of a field of a person: the names it goes under, the first found being taken.
PERSON = {
    "surname": ("name.surname", "name.last_name", "name.family_name"),
    "given_name": ("name.given_name", "name.first_name"),
    "second_name": ("name.second_name", "name.middle_name"),
    "sex": ("sex", "gender"),
    "birth_date": ("birth_date", "date_of_birth"),
    "relation": ("relationship_head", "relationship_to_head"),
    "phone": ("phone_number",),
    "is_disabled": ("is_disabled",),
    "registered_on": ("registration_date",),
    "updated_on": ("last_update", "last_updated"),
}
GROUP = {
    "group_size": ("group_size",),
    "poverty_score": ("poverty_score",),
    "poverty_score_type": ("poverty_score_type",),
    "registered_on": ("registration_date",),
    "updated_on": ("last_update", "last_updated"),
}
DATES = ("birth_date", "registered_on", "updated_on")
KEYS = ["household", "member", "page", "record", "household_id", "person_id", "person_id_type", "member_id"]
NUMBERS = ("household", "member", "page", "record", "members", "group_size")


def counted(number: int, word: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def listed(value: Any, name: str, coerced: Counter) -> list[Any]:
    """Return a value as the list the standard has there."""
    if value is None or value in ("", {}):
        return []
    if isinstance(value, list):
        return value
    coerced[name, "one object in place of a list"] += 1
    return [value]


class Tables:
    """Rows of persons, households and other records, as they come in."""

    def __init__(self, coerced: Counter) -> None:
        self.coerced = coerced
        self.persons: list[dict[str, Any]] = []
        self.households: list[dict[str, Any]] = []
        self.other: list[dict[str, Any]] = []

    def add(self, record: Any, page: int, place: int) -> None:
        """Sort one record into the tables."""
        at = {"page": page, "record": place}
        if not isinstance(record, dict):
            self.coerced["reg_records", "record that is no object"] += 1
            self.other.append({**at, "value": None if record is None else str(record)})
            return
        own = next((key for key in record if key.endswith("personal_details")), None)
        group = record.get("family_details") if own else record
        if isinstance(group, dict) and ("member_list" in group or "group_identifier" in group):
            extra = {key: value for key, value in record.items() if key not in (own, "family_details")}
            self._household(group, record.get(own) if own else None, at, extra if own else {})
        elif own:
            rest = {key: value for key, value in record.items() if key != own}
            self.persons.append(
                {**at, "member": 1, "role": "record", **self._person(record[own]), **_other(rest)}
            )
        elif {"demographic_info", "household_member", "member_identifier", "identifier", "name"} & set(
            record
        ):
            self.persons.append({**at, "member": 1, "role": "record", **self._person(record)})
        else:
            self.other.append({**at, **_other(record)})

    def _household(self, group: dict[str, Any], own: Any, at: dict[str, int], extra: dict[str, Any]) -> None:
        household = len(self.households) + 1
        ids = self._identifiers(group.get("group_identifier"), "group_identifier")
        rest = {
            k: v for k, v in group.items() if k not in ("group_identifier", "member_list", "group_head_info")
        }
        told = self._known(rest, GROUP) | _other(extra)
        told["group_size"] = self._number(told["group_size"], "group_size", whole=True)
        told["poverty_score"] = self._number(told["poverty_score"], "poverty_score")
        members = listed(group.get("member_list"), "member_list", self.coerced)
        people = [{"role": "member", **self._person(one)} for one in members]
        head = group.get("group_head_info")
        head_id = None
        for role, value in (("record", own), ("head", head)):
            if value in (None, "", {}):
                continue
            person = {"role": role, **self._person(value)}
            head_id = person["person_id"] if role == "head" else head_id
            self._join(people, person)
        key = {"household": household, **at, "household_id": ids[0][1] if ids else None}
        counts = {"identifiers": _shown(ids), "members": len(members), "head_id": head_id}
        self.households.append({**key, **counts, **told})
        for number, person in enumerate(people, start=1):
            self.persons.append({**key, "member": number, **person})

    def _join(self, people: list[dict[str, Any]], person: dict[str, Any]) -> None:
        """Put head or farmer among the members: into the row that is theirs, or a row of their own."""
        known = {"person_id", "member_id"}
        ids = {person[name] for name in known if person[name]}
        for row in people:
            if ids & {row[name] for name in known if row[name]}:
                for name, value in person.items():
                    if value is None or name in ("role", "identifiers"):
                        continue
                    if row.get(name) is None:
                        row[name] = value
                    elif row[name] != value:
                        # Nothing is thrown away: the second way of writing stands beside the first.
                        row[f"{person['role']}.{name}"] = value
                        self.coerced[name, f"written differently for the {person['role']}; both kept"] += 1
                return
        people.append(person)

    def _person(self, value: Any) -> dict[str, Any]:
        """Return the fields of a person, out of whatever objects they are wrapped in."""
        if not isinstance(value, dict):
            self.coerced["person", "member that is no object"] += 1
            return {
                **dict.fromkeys(("person_id", "person_id_type", "member_id", "identifiers")),
                "value": str(value),
            }
        outer = dict(value)
        for wrapper in ("household_member", "demographic_info", "person"):
            inner = outer.pop(wrapper, None)
            if isinstance(inner, dict):
                clash = {key: outer.pop(key) for key in inner if key in outer and outer[key] != inner[key]}
                outer = {**outer, **inner, **({f"of {wrapper}": clash} if clash else {})}
            elif inner not in (None, ""):
                outer[f"{wrapper} (text)"] = inner
        ids = self._identifiers(outer.pop("identifier", None), "identifier")
        member = self._identifiers(outer.pop("member_identifier", None), "member_identifier")
        first = ids[0] if ids else member[0] if member else (None, None)
        told = self._known(outer, PERSON)
        told["is_disabled"] = self._flag(told["is_disabled"])
        keys = {
            "person_id": first[1],
            "person_id_type": first[0],
            "member_id": member[0][1] if member else None,
            "identifiers": _shown([*ids, *member]),
        }
        return {**keys, **told}

    def _identifiers(self, value: Any, name: str) -> list[tuple[str | None, str]]:
        made = []
        for one in listed(value, name, self.coerced):
            if not isinstance(one, dict):
                self.coerced[name, "identifier without a type"] += 1
                made.append((None, str(one)))
                continue
            leaves = _other(one)
            number = leaves.get("identifier_value")
            if number is None:
                self.coerced[name, "identifier without a value"] += 1
                continue
            made.append((leaves.get("identifier_type"), number))
        return made

    def _known(self, value: dict[str, Any], names: dict[str, tuple[str, ...]]) -> dict[str, Any]:
        """Return the leaves of an object, known ones under our names."""
        self._count_spaces(value)
        leaves: dict[str, str | None] = {}
        flat(value, "", leaves)
        made: dict[str, Any] = {}
        for ours, theirs in names.items():
            here = [name for name in theirs if leaves.get(name) is not None]
            made[ours] = leaves.pop(here[0]) if here else None
            if here and here[0] != theirs[0]:
                self.coerced[here[0], f"another name for {theirs[0]}"] += 1
            if ours in DATES and made[ours] and "T" in made[ours]:
                day, hour = made[ours].split("T", 1)
                if hour.rstrip("Z").strip("0:.+-"):
                    self.coerced[here[0], "hour of a date dropped"] += 1
                made[ours] = day
        others = {name: text for name, text in leaves.items() if text is not None}
        return made | {name if name not in made else f"{name} (of the file)": t for name, t in others.items()}

    def _count_spaces(self, value: Any, name: str = "") -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                self._count_spaces(inner, key)
        elif isinstance(value, str) and value and not value.strip():
            self.coerced[name, "spaces in place of nothing"] += 1

    def _number(self, value: str | None, name: str, *, whole: bool = False) -> float | None:
        if value is None:
            return None
        if not isinstance(value, Written):
            self.coerced[name, "number written as text"] += 1
        number = float(value) if re.fullmatch(NUMBER, value.strip()) else math.nan
        if math.isfinite(number) and not (whole and number % 1):
            return number
        self.coerced[name, "not a number; missing"] += 1
        return None

    def _flag(self, value: str | None) -> bool | None:
        if value is None or value in ("true", "false"):
            return None if value is None else value == "true"
        words = {"1": True, "yes": True, "y": True, "true": True, "0": False, "no": False, "n": False}
        self.coerced["is_disabled", "yes or no not written as true or false"] += 1
        return {**words, "false": False}.get(value.strip().casefold())

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return persons, households and other records."""
        first = ["household", "page", "record", "household_id", "identifiers", *GROUP, "members", "head_id"]
        return {
            "persons": _frame(self.persons, [*KEYS, "identifiers", *PERSON, "role"]),
            "households": _frame(self.households, first),
            "other": _frame(self.other, ["page", "record"]),
        }

    def notes(self, households: pd.DataFrame) -> list[str]:
        """Return sentences on households that do not hold together."""
        notes = []
        again = int((households["household_id"].notna() & households["household_id"].duplicated()).sum())
        if again:
            notes.append(f"{counted(again, 'household')} came again under a known number; all are kept.")
        sizes = households["group_size"]
        wrong = int((sizes.notna() & (sizes != households["members"])).sum())
        if wrong:
            notes.append(f"{counted(wrong, 'household')} list another number of members than their size.")
        return notes


def _other(value: Any) -> dict[str, Any]:
    leaves: dict[str, str | None] = {}
    flat(value, "", leaves)
    return {name: text for name, text in leaves.items() if text is not None}


def _shown(ids: list[tuple[str | None, str]]) -> str | None:
    return "; ".join(f"{kind or ''}={number}" for kind, number in dict.fromkeys(ids)) or None


def _frame(rows: list[dict[str, Any]], first: list[str]) -> pd.DataFrame:
    """Return rows as a table, known columns first and the others sorted; text stays text."""
    others = sorted({name for row in rows for name in row} - set(first))
    made = {}
    for name in [*first, *others]:
        values = [row.get(name) for row in rows]
        if name in NUMBERS:
            made[name] = pd.Series(values, dtype="Float64").astype("Int64")
        elif name == "poverty_score":
            made[name] = pd.Series(values, dtype="float64")
        elif name == "is_disabled":
            made[name] = pd.Series(values, dtype="boolean")
        else:
            made[name] = pd.Series([None if v is None else str(v) for v in values], dtype="str")
    return pd.DataFrame(made)
