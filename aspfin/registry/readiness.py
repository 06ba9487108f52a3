"""Which fields of the exchange standard each list could serve today, and how full they are.

The fields are those of records in the interface standards of the Digital Convergence Initiative, version
1.0.0, for social, beneficiary and disability registries (github.com/spdci/standards, Apache-2.0:
src/extensions and release/sample-jsons). The standard marks no field as required; which ones an answer is of
little use without is our choice and is called core.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.registry.schema import COLUMNS
from aspfin.registry.stacking import as_frames
from aspfin.results import InputError, Problem, ResultMixin

__all__ = ["FIELDS", "Field", "Readiness", "exchange_readiness"]

READY, PARTLY, NOT_HELD = "ready", "partly", "not held"
_NAME = ("name_latin", "name_km")


@dataclass(frozen=True)
class Field:
    """One field of a record of the standard, and where a harmonised list has it.

    Attributes
    ----------
    registry : str
        social | beneficiary | disability.
    path : str
        Where it stands in the record.
    columns : tuple of str
        Columns of the vocabulary that hold it; any of them will do. Empty where the vocabulary has none: a
        list that keeps a column of the field's own name serves it from there.
    core : bool
        Whether an answer is of little use without it.
    note : str
        What has to be done to serve it.
    """

    registry: str
    path: str
    columns: tuple[str, ...] = ()
    core: bool = False
    note: str = ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit(".", 1)[-1].removesuffix("[]")


def _person(registry: str, place: str) -> tuple[Field, ...]:
    return (
        Field(registry, f"{place}identifier[]", ("person_id",), True, "identifier_type NID"),
        Field(registry, f"{place}name", _NAME, True, "surname and given name are to be split"),
        Field(registry, f"{place}sex", ("sex",), True),
        Field(
            registry, f"{place}birth_date", ("birth_date",), True, "to the day; a year alone cannot be sent"
        ),
        Field(registry, f"{place}death_date"),
        Field(registry, f"{place}address", ("village_code",), True, "P-code of the village"),
        Field(registry, f"{place}phone_number", ("phone",)),
        Field(registry, f"{place}email"),
    )


def _member(registry: str, place: str) -> tuple[Field, ...]:
    return (
        Field(registry, f"{place}member_identifier[]", ("record_id",), True),
        *_person(registry, f"{place}demographic_info."),
        Field(registry, f"{place}relationship_head", ("relation",), registry == "social"),
        Field(registry, f"{place}is_disabled", (), registry == "disability"),
        Field(registry, f"{place}marital_status"),
        Field(registry, f"{place}employment_status"),
        Field(registry, f"{place}occupation"),
        Field(registry, f"{place}income_level"),
        Field(registry, f"{place}language_code"),
        Field(registry, f"{place}education_level"),
    )


FIELDS: tuple[Field, ...] = (
    Field("social", "group_identifier[]", ("household_id",), True, "number of the card"),
    Field("social", "group_size", ("household_id",), False, "members counted; right only if all are listed"),
    Field("social", "group_head_info", ("relation",), True, "of the households, those that name a head"),
    Field("social", "poverty_score", ("card_level",), False, "level of the card: an order, not a score"),
    *_member("social", "member_list[]."),
    Field("social", "registration_date", ("registered_on",), True),
    Field("social", "last_updated", ("updated_on",)),
    Field("beneficiary", "assistance_unit", (), False, "person or household, the same for the whole list"),
    *_member("beneficiary", "member."),
    Field("beneficiary", "programme_identifier", ("list_id",), True),
    Field("beneficiary", "programme_name", ("programme",), True),
    Field("beneficiary", "enrolment_date", ("registered_on",), True),
    Field("beneficiary", "enrolment_status"),
    Field("beneficiary", "benefits.benefit_type"),
    Field("beneficiary", "benefits.benefit_value", ("amount",), True, "in riel"),
    Field("beneficiary", "benefits.benefit_date", ("payment_date",)),
    Field("beneficiary", "benefits.benefit_frequency"),
    *_member("disability", "member."),
    Field("disability", "disability_info[].disability_limitation_type", (), True),
    Field("disability", "disability_info[].functional_severity", (), True),
    Field("disability", "disability_info[].disability_due_to"),
    Field("disability", "disability_info[].disabled_since"),
    Field("disability", "care_giver"),
    Field("disability", "registration_date", ("registered_on",), True),
    Field("disability", "last_updated", ("updated_on",)),
)
REGISTRIES = tuple(dict.fromkeys(field.registry for field in FIELDS))


@dataclass(frozen=True, eq=False, repr=False)
class Readiness(ResultMixin):
    """Which fields each list could serve.

    Attributes
    ----------
    fields : DataFrame
        One row per list, registry of the standard and field: list_id, registry, field (path), core, columns,
        filled (share of the records, or of the households, that could be served), status (ready | partly |
        not held), note.
    scores : DataFrame
        One row per list and registry: core_fields, ready, partly, not_held (of the core fields), score (mean
        share filled over the core fields, in per cent), complete (share of records with every core field that
        the list holds at all).
    enough : float
        Share filled from which a field counts as ready.
    """

    fields: pd.DataFrame
    scores: pd.DataFrame
    enough: float

    def to_frame(self) -> pd.DataFrame:
        """Return the fields."""
        return self.fields.copy()

    def sentence(self) -> str:
        """Return what each list could serve best, in prose."""
        best = self.scores.sort_values("score", ascending=False, kind="stable").drop_duplicates("list_id")
        order = best.sort_index()
        parts = [
            f"{row.list_id} as a {row.registry} registry ({row.ready} of {row.core_fields} core fields)"
            for row in order.itertuples()
        ]
        return f"Each list could serve best: {'; '.join(parts)}."


def exchange_readiness(lists: Any, *, enough: float = 0.95) -> Readiness:
    """Return which fields of the exchange standard each list could serve.

    Parameters
    ----------
    lists
        One or more harmonised lists, as `assess` takes them. Columns a list keeps beside the vocabulary under
        the name of a field (is_disabled, marital_status …) count.
    enough
        Share of filled records from which a field counts as ready.

    Raises
    ------
    InputError
        `enough` is not above 0 and up to 1, or as `assess` raises.

    Examples
    --------
    >>> from aspfin.registry import harmonise
    >>> raw = pd.DataFrame({"Name": ["Sok Dara", "Chan Sophea"], "DOB": ["3/4/1990", "1985"]})
    >>> mapping = {"list_id": "cash", "programme": "Cash",
    ...     "columns": {"name_latin": "Name", "birth_date": "DOB"}}
    >>> ready = exchange_readiness(harmonise(raw, mapping)).fields.set_index(["registry", "field"])
    >>> ready.loc[("social", "member_list[].demographic_info.birth_date"), "status"]
    'partly'
    """
    if not 0 < enough <= 1:
        raise InputError(Problem("exchange_readiness", "enough", enough, "above 0, up to 1"))
    rows, scores = [], []
    for list_id, frame in _by_list(lists):
        of_households = _households(frame)
        for registry in REGISTRIES:
            table = [
                (field, *_filled(field, frame, of_households))
                for field in FIELDS
                if field.registry == registry
            ]
            for field, share, _, columns in table:
                status = READY if share >= enough else PARTLY if share > 0 else NOT_HELD
                told = (field.path, field.core, ", ".join(columns), share, status, field.note)
                rows.append((list_id, registry, *told))
            scores.append(
                (list_id, registry, *_score([one for one in table if one[0].core], enough, len(frame)))
            )
    names = ["list_id", "registry", "field", "core", "columns", "filled", "status", "note"]
    counts = ["core_fields", "ready", "partly", "not_held", "score", "complete"]
    return Readiness(
        pd.DataFrame(rows, columns=names),
        pd.DataFrame(scores, columns=["list_id", "registry", *counts]),
        enough,
    )


Filled = tuple[float, NDArray[np.bool_], tuple[str, ...]]


def _by_list(lists: Any) -> list[tuple[str, pd.DataFrame]]:
    """Return each list with all its columns."""
    frames = [part for part in as_frames(lists) if len(part)]
    names = dict.fromkeys(str(name) for frame in frames for name in frame["list_id"].unique())
    return [
        (name, pd.concat([part[part["list_id"] == name] for part in frames], ignore_index=True))
        for name in names
    ]


def _households(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Mark the records of households of which the list names a head."""
    leads = frame["relation"].eq("head").fillna(False).astype(bool)
    heads = frame.loc[leads, "household_id"].dropna().unique()
    return frame["household_id"].isin(heads).to_numpy()


def _filled(field: Field, frame: pd.DataFrame, headed: NDArray[np.bool_]) -> Filled:
    """Return the share of records that could be served, which they are, and from which columns."""
    columns = tuple(name for name in field.columns if frame[name].notna().any())
    if not field.columns and field.name in frame and field.name not in COLUMNS:
        columns = (field.name,)
    if not columns:
        return 0.0, np.zeros(len(frame), dtype=bool), ()
    held = frame[list(columns)].notna().any(axis=1).to_numpy()
    if field.name == "group_head_info":
        held = headed
    if field.name == "birth_date":
        held = held & frame["birth_precision"].eq("day").fillna(False).to_numpy(dtype=bool)
    return float(held.mean()), held, columns


def _score(
    core: list[tuple[Field, float, NDArray[np.bool_], tuple[str, ...]]], enough: float, size: int
) -> tuple:
    shares = np.array([share for _, share, _, _ in core])
    ready, held = int((shares >= enough).sum()), int((shares > 0).sum())
    every = np.ones(size, dtype=bool)
    for _, share, marks, _ in core:
        every &= marks if share > 0 else True
    return len(core), ready, held - ready, len(core) - held, 100 * float(shares.mean()), float(every.mean())
