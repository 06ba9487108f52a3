"""Answers of social registries under the DCI standard (SPDCI 1.0.0): households and their members as tables.

Official samples write numbers as text, put one object where a list is due, wrap members in further objects
and leave a code of rejection beside a status of success. All of that is read, and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from aspfin.data.exchange_dci_json import pages_of, records_of
from aspfin.data.exchange_dci_tables import Tables, counted, listed
from aspfin.data.source import Source
from aspfin.results import InputError, Problem, ResultMixin

__all__ = ["SOURCE", "RegistryRecords", "read_dci"]

SOURCE = Source(
    "spdci",
    "Digital Convergence Initiative, interoperability standards for social protection 1.0.0",
    publisher="Digital Convergence Initiative",
    url="https://github.com/spdci/standards",
    note="The standards are under Apache-2.0; the data belong to the registry that answers.",
)
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
        parts = [counted(len(self.households), "household"), counted(len(self.persons), "person")]
        if len(self.other):
            parts.append(counted(len(self.other), "other record"))
        odd = int(self.coerced["count"].sum())
        told = f"{counted(self.records, 'record')}: {', '.join(parts)}"
        if odd:
            words = counted(odd, "field")
            told += f"; {words} not written as the standard has it, in {counted(len(self.coerced), 'kind')}"
        return " ".join([told + ".", *self.notes])


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
    tables = Tables(coerced)
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
        notes.append(f"{counted(len(refused), 'search')[:-1]}es were refused: {'; '.join(refused)}.")
    notes.append("The signature of the messages was not verified here.")
    frames = tables.frames()
    rows = [(field, kind, count) for (field, kind), count in sorted(coerced.items())]
    return RegistryRecords(
        **frames,
        coerced=pd.DataFrame(rows, columns=["field", "kind", "count"]),
        notes=(*tables.notes(frames["households"]), *notes),
        records=total,
    )


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
    return listed(records, "reg_records", coerced)
