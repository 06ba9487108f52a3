"""One or several harmonised lists, in whatever they come, as one table; and who is the same person in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from aspfin.registry.schema import COLUMNS, column_words
from aspfin.results import InputError, Problem

__all__ = ["as_frames", "same_person", "stacked"]


def as_frames(lists: Any) -> list[pd.DataFrame]:
    """Return the tables of one or several harmonised lists, with all their columns.

    Raises
    ------
    InputError
        There is none, or something else among them, or columns of the vocabulary are missing.
    """
    if isinstance(lists, Mapping):
        parts: list[Any] = list(lists.values())
    elif isinstance(lists, Iterable) and not isinstance(lists, pd.DataFrame):
        parts = list(lists)
    else:
        parts = [lists]
    frames = [part if isinstance(part, pd.DataFrame) else getattr(part, "frame", part) for part in parts]
    if not frames or not all(isinstance(frame, pd.DataFrame) for frame in frames):
        raise InputError(Problem("lists", "lists", type(lists).__name__, "one or more harmonised lists"))
    problems = [
        Problem("harmonised list", name, "no such column", column_words(name))
        for name in COLUMNS
        if not all(name in frame for frame in frames)
    ]
    if problems:
        raise InputError(problems)
    if not any(map(len, frames)):
        raise InputError(Problem("lists", "lists", "no records", "one record or more"))
    return frames


def stacked(lists: Any, *, extra: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return one table of the vocabulary's columns from one or several harmonised lists.

    Parameters
    ----------
    lists
        As `assess` takes them.
    extra
        Further columns to keep; an error where a list does not have them.

    Raises
    ------
    InputError
        No records, or columns missing.

    Examples
    --------
    >>> from aspfin.registry.schema import empty_frame
    >>> len(stacked([empty_frame(pd.RangeIndex(2)), empty_frame(pd.RangeIndex(1))]))
    3
    """
    frames = as_frames(lists)
    wanted = [*COLUMNS, *(name for name in extra if name not in COLUMNS)]
    problems = [
        Problem("rules", "office", name, "a column of every list")
        for name in extra
        if not all(name in frame for frame in frames)
    ]
    if problems:
        raise InputError(problems)
    return pd.concat([frame[wanted] for frame in frames if len(frame)], ignore_index=True)


def same_person(frame: pd.DataFrame, persons: pd.DataFrame) -> pd.Series:
    """Return the person of every row, by list and record, as a linkage tells; missing where it does not.

    Raises
    ------
    InputError
        `persons` has not the columns list_id, record_id and person.
    """
    lacking = [name for name in ("list_id", "record_id", "person") if name not in persons]
    if lacking:
        raise InputError(Problem("persons", lacking[0], "no such column", "list_id, record_id and person"))
    keys = ["list_id", "record_id"]
    known = persons.drop_duplicates(keys).set_index(keys)["person"]
    return pd.Series(known.reindex(pd.MultiIndex.from_frame(frame[keys])).to_numpy(), index=frame.index)
