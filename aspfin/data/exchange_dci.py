"""Answers of social registries under the DCI standard (SPDCI 1.0.0): households and their members as tables.

Official samples write numbers as text, put one object where a list is due, wrap members in further objects
and leave a code of rejection beside a status of success. All of that is read, and counted.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from aspfin.data.exchange_dci_json import Written, flat, pages_of, records_of
from aspfin.data.source import Source
from aspfin.data.tabular import NUMBER
from aspfin.results import InputError, Problem, ResultMixin

__all__ = ["SOURCE", "RegistryRecords", "read_dci"]

SOURCE = Source(
    "spdci",
    "Digital Convergence Initiative, interoperability standards for social protection 1.0.0",
    publisher="Digital Convergence Initiative",
    url="https://github.com/spdci/standards",
    note="The standards are under Apache-2.0; the data belong to the registry that answers.",
)
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
REJECTED = "rjct"
ENVELOPE = {
    *("reference_id", "timestamp", "status", "status_reason_code", "status_reason_message"),
    *("pagination", "locale"),
}


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RegistryRecords(ResultMixin):
    """What registries answered.

    Attributes
    ----------
    persons : DataFrame
        One row per member: household (key of its household here; missing where the record is of a person
        alone), member (number within it), page and record (where it stands), household_id, person_id,
        person_id_type, member_id, identifiers (all, as type=value), surname, given_name, second_name, sex,
        birth_date, relation, phone, is_disabled (true, false or missing), registered_on, updated_on, role
        (member; head or record where the person is not in the list of members); any other field under its
        dotted name. Text as written; dates without their hour.
    households : DataFrame
        One row per group: household, page, record, household_id, identifiers, group_size, members (listed),
        poverty_score, poverty_score_type, registered_on, updated_on, head_id, other fields.
    other : DataFrame
        Records that are neither, such as enrolments: page, record and the fields under their dotted names.
    coerced : DataFrame
        field, kind, count: everything that was not written as the standard has it.
    notes : tuple of str
    records : int
        Records in the pages; each is in one of the tables.

    Examples
    --------
    >>> group = {"group_identifier": [{"identifier_type": "CARD", "identifier_value": "007"}],
    ...     "poverty_score": "12", "member_list": [{"demographic_info": {"person": {"sex": "F"}}}]}
    >>> answer = {"header": {"total_count": "1"}, "message": {"search_response": [
    ...     {"status": "succ", "data": {"reg_records": [group]}}]}}
    >>> told = read_dci([answer])
    >>> told.households[["household_id", "poverty_score", "members"]].values.tolist()
    [['007', 12.0, 1]]
    >>> print(told)
    1 record: 1 household, 1 person; 1 field not written as the standard has it, in 1 kind. The ...
    """

    persons: pd.DataFrame
    households: pd.DataFrame
    other: pd.DataFrame
    coerced: pd.DataFrame
    notes: tuple[str, ...] = ()
    records: int = 0

    def to_frame(self) -> pd.DataFrame:
        """Return what was not written as the standard has it; it names no one."""
        return self.coerced.copy()

    def sentence(self) -> str:
        """Return what was read, in prose."""
        parts = [_count(len(self.households), "household"), _count(len(self.persons), "person")]
        if len(self.other):
            parts.append(_count(len(self.other), "other record"))
        odd = int(self.coerced["count"].sum())
        told = f"{_count(self.records, 'record')}: {', '.join(parts)}"
        if odd:
            words = _count(odd, "field")
            told += f"; {words} not written as the standard has it, in {_count(len(self.coerced), 'kind')}"
        return " ".join([told + ".", *self.notes])


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def read_dci(source: str | Path | Sequence[Any]) -> RegistryRecords:
    """Read answers of a social, beneficiary, disability, farmer or civil registry.

    Parameters
    ----------
    source
        A .json file, a folder of them, or a list of files or of messages already parsed: the pages of one
        search.

    Returns
    -------
    RegistryRecords

    Raises
    ------
    InputError
        If a page is not JSON, is encrypted, holds no answer, or every search was refused.

    Notes
    -----
    The signature of a message is not verified: do so where it is received.

    Examples
    --------
    >>> person = {"identifier": [{"identifier_type": "UIN", "identifier_value": "0847"}],
    ...     "name": {"surname": "Sok", "given_name": "Dara"}, "birth_date": "1995-09-21T11:20:00"}
    >>> answer = {"header": {}, "message": {"search_response": {"data": {"reg_records": [person]}}}}
    >>> read_dci([answer]).persons[["person_id", "surname", "birth_date"]].values.tolist()
    [['0847', 'Sok', '1995-09-21']]
    """
    coerced: Counter = Counter()
    tables = _Tables(coerced)
    notes, refused, total = [], [], 0
    pages = pages_of(source, coerced)
    numbers = []
    for page, (name, body) in enumerate(pages, start=1):
        header, responses = records_of(name, body)
        for response in responses:
            status = str(response.get("status") or "").strip().casefold()
            code = str(response.get("status_reason_code") or "").strip()
            if status == REJECTED:
                refused.append(f"{name}: {code or 'no reason given'}")
            elif code.startswith(REJECTED):
                coerced["status_reason_code", "code of a rejection beside another status; ignored"] += 1
            records = _records(response, coerced)
            total += len(records)
            for place, record in enumerate(records, start=1):
                tables.add(record, page, place)
            numbers.append(_page_of(response.get("pagination")))
        notes += _missing_pages(name, header, numbers, total) if page == len(pages) else []
    if refused and not total:
        allowed = "a search that was answered"
        raise InputError([Problem("read_dci", "status", REJECTED, f"{allowed} ({one})") for one in refused])
    if refused:
        notes.append(f"{_count(len(refused), 'search')[:-1]}es were refused: {'; '.join(refused)}.")
    notes.append("The signature of the messages was not verified here.")
    return tables.result(notes, total)


def _page_of(pagination: Any) -> int | None:
    text = str((pagination or {}).get("page_number") or "") if isinstance(pagination, dict) else ""
    return int(text) if text.strip().isdigit() else None


def _missing_pages(name: str, header: dict[str, Any], numbers: list[int | None], total: int) -> list[str]:
    """Return sentences on pages given twice or not at all, by the last header and the numbers of pages."""
    notes = []
    known = [number for number in numbers if number is not None]
    twice = sorted({number for number in known if known.count(number) > 1})
    lacking = sorted(set(range(1, max(known, default=0) + 1)) - set(known))
    if twice:
        notes.append(
            f"Page {', '.join(map(str, twice))} of the search is there more than once; all are kept."
        )
    if lacking:
        notes.append(f"Page {', '.join(map(str, lacking))} of the search is not there.")
    told = str(header.get("total_count") or "").strip()
    if told.isdigit() and int(told) > total:
        notes.append(
            f"The registry has {int(told):,} records by {name}, of which {total:,} are in the pages."
        )
    return notes


def _records(response: dict[str, Any], coerced: Counter) -> list[Any]:
    """Return the records of a response; a schema's example in their place is one of the quirks."""
    data = response.get("data")
    if "data" not in response:  # answers of yes or no stand in the response itself
        own = {key: value for key, value in response.items() if key not in ENVELOPE}
        return [own] if own else []
    records = data.get("reg_records") if isinstance(data, dict) else data
    if isinstance(records, dict) and isinstance(records.get("example"), list):
        coerced["reg_records", "schema with an example in place of a list"] += 1
        records = records["example"]
    return _listed(records, "reg_records", coerced)


def _listed(value: Any, name: str, coerced: Counter) -> list[Any]:
    if value is None or value in ("", {}):
        return []
    if isinstance(value, list):
        return value
    coerced[name, "one object in place of a list"] += 1
    return [value]


class _Tables:
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
        members = _listed(group.get("member_list"), "member_list", self.coerced)
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
        listed = {"identifiers": _shown(ids), "members": len(members), "head_id": head_id}
        self.households.append({**key, **listed, **told})
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
        for one in _listed(value, name, self.coerced):
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

    def result(self, notes: list[str], total: int) -> RegistryRecords:
        """Return the tables."""
        rows = [(field, kind, count) for (field, kind), count in sorted(self.coerced.items())]
        persons = _frame(self.persons, [*KEYS, "identifiers", *PERSON, "role"])
        households = _frame(
            self.households,
            ["household", "page", "record", "household_id", "identifiers", *GROUP, "members", "head_id"],
        )
        sizes = households["group_size"]
        other = int((sizes.notna() & (sizes != households["members"])).sum())
        if other:
            notes = [
                f"{_count(other, 'household')} list another number of members than their size says.",
                *notes,
            ]
        again = int((households["household_id"].notna() & households["household_id"].duplicated()).sum())
        if again:
            notes = [f"{_count(again, 'household')} came again under a known number; all are kept.", *notes]
        return RegistryRecords(
            persons=persons,
            households=households,
            other=_frame(self.other, ["page", "record"]),
            coerced=pd.DataFrame(rows, columns=["field", "kind", "count"]),
            notes=tuple(notes),
            records=total,
        )


def _other(value: Any) -> dict[str, Any]:
    leaves: dict[str, str | None] = {}
    flat(value, "", leaves)
    return {name: text for name, text in leaves.items() if text is not None}


def _shown(ids: list[tuple[str | None, str]]) -> str | None:
    return "; ".join(f"{kind or ''}={number}" for kind, number in dict.fromkeys(ids)) or None


NUMBERS = ("household", "member", "page", "record", "members", "group_size")


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
