"""Linkage on a handful of records whose answer is plain, and what it refuses."""

import numpy as np
import pandas as pd
import pytest

from aspfin import registry


def people(**columns):
    frame = pd.DataFrame(
        {
            "list_id": ["poor", "cash", "cash", "health", "health"],
            "record_id": ["1", "1", "2", "1", "2"],
            "name_latin": ["Sok Dara", "Sokh Dara", "Chan Pisey", "DARA SOK", "Chan Pisei"],
            "sex": ["male", "male", "female", "male", "female"],
            "birth_date": ["1990-04-03", "1990-03-04", "1985-02-11", None, "1985-02-11"],
            "birth_year": [1990, 1990, 1985, 1990, 1985],
            "birth_precision": ["day", "day", "day", "year", "day"],
            "village_code": ["KH01020304"] * 5,
            "household_id": ["7", "7", None, "7", None],
        }
    )
    return frame.assign(**columns)


def grouping(linkage):
    """The groups of records, whatever their numbers."""
    return {
        frozenset(zip(one.list_id, one.record_id, strict=True))
        for _, one in linkage.clusters.groupby("person")
    }


DARA = frozenset({("poor", "1"), ("cash", "1"), ("health", "1")})
PISEY = frozenset({("cash", "2"), ("health", "2")})


def test_spellings_order_and_dates_written_otherwise_are_one_person():
    assert {PISEY} <= grouping(registry.link(people()))
    alike = people(name_latin=["Sok Dara", "Sokh Dara", "Chan Pisey", "SOK DARA", "Chan Pisei"])
    assert grouping(registry.link(alike)) == {DARA, PISEY}


def test_rows_and_lists_in_any_order_give_the_same_bytes():
    frame = people()
    one = registry.link(frame, seed=3)
    other = registry.link(
        {name: part.sample(frac=1, random_state=1) for name, part in frame.iloc[::-1].groupby("list_id")},
        seed=3,
    )
    pd.testing.assert_frame_equal(one.clusters, other.clusters)
    pd.testing.assert_frame_equal(one.pairs, other.pairs)


def test_callers_frame_is_left_alone():
    frame = people()
    before = frame.copy(deep=True)
    registry.link(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_brothers_of_one_household_stay_two():
    brothers = pd.DataFrame(
        {
            "list_id": ["a", "b"],
            "record_id": ["1", "1"],
            "name_km": ["សុខ ដារ៉ា", "សុខ វិសាល"],
            "sex": "male",
            "birth_date": ["1990-04-03", "1993-07-21"],
            "village_code": "KH01020304",
            "household_id": "7",
            "phone": "012345678",
        }
    )
    assert registry.link(brothers).n_persons == 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"record_id": ["1", "1", "1", "1", "2"]},
            "lists: got 1 records with list_id and record_id of another",
        ),
        ({"record_id": [None, "1", "2", "1", "2"]}, "column 'record_id': got a missing value"),
        ({"name_latin": None}, "lists: got no names in script 'both'"),
    ],
)
def test_bad_lists_are_told_in_one_line_without_values(change, told):
    with pytest.raises(ValueError, match=r"allowed: ") as error:
        registry.link(people(**change))
    assert told in str(error.value) and "\n" not in str(error.value)


def test_bad_arguments_are_told():
    for arguments, told in (
        ({"script": "thai"}, "script: got 'thai'"),
        ({"cost_false_link": 0}, "cost_false_link: got 0"),
        ({"cost_missed_link": np.nan}, "cost_missed_link: got nan"),
    ):
        with pytest.raises(ValueError, match=told):
            registry.link(people(), **arguments)
    for nothing in ([], {}, people().iloc[:0], "poor"):
        with pytest.raises(ValueError, match="lists: got"):
            registry.link(nothing)


def test_costs_move_the_threshold_and_the_links():
    linkage = registry.link(people())
    assert linkage.threshold == 0.9
    strict = linkage.relinked(cost_false_link=1e9)
    assert strict.threshold > 1 - 1e-8 and strict.n_persons >= linkage.n_persons
    pd.testing.assert_frame_equal(strict.relinked(cost_false_link=9).clusters, linkage.clusters)
