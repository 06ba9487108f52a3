"""Linkage on a handful of records whose answer is plain, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from linkage_cases import few_people

from aspfin import registry


def grouping(linkage):
    """The groups of records, whatever their numbers."""
    return {
        frozenset(zip(one.list_id, one.record_id, strict=True))
        for _, one in linkage.clusters.groupby("person")
    }


DARA = frozenset({("poor", "1"), ("cash", "1"), ("health", "1")})
PISEY = frozenset({("cash", "2"), ("health", "2")})


def test_spellings_order_and_dates_written_otherwise_are_one_person():
    assert {PISEY} <= grouping(registry.link(few_people()))
    alike = few_people(name_latin=["Sok Dara", "Sokh Dara", "Chan Pisey", "SOK DARA", "Chan Pisei"])
    assert grouping(registry.link(alike)) == {DARA, PISEY}


def test_rows_and_lists_in_any_order_give_the_same_bytes():
    frame = few_people()
    one = registry.link(frame, seed=3)
    other = registry.link(
        {name: part.sample(frac=1, random_state=1) for name, part in frame.iloc[::-1].groupby("list_id")},
        seed=3,
    )
    pd.testing.assert_frame_equal(one.clusters, other.clusters)
    pd.testing.assert_frame_equal(one.pairs, other.pairs)


def test_callers_frame_is_left_alone():
    frame = few_people()
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
        registry.link(few_people(**change))
    assert told in str(error.value) and "\n" not in str(error.value)


def test_bad_arguments_are_told():
    for arguments, told in (
        ({"script": "thai"}, "script: got 'thai'"),
        ({"cost_false_link": 0}, "cost_false_link: got 0"),
        ({"cost_missed_link": np.nan}, "cost_missed_link: got nan"),
        ({"memory_limit": "plenty"}, "memory_limit: got 'plenty'"),
        ({"seed": 1.5}, "seed: got 1.5"),
    ):
        with pytest.raises(ValueError, match=told):
            registry.link(few_people(), **arguments)
    for nothing in ([], {}, few_people().iloc[:0], "poor"):
        with pytest.raises(ValueError, match="lists: got"):
            registry.link(nothing)


def test_costs_move_the_threshold_and_the_links():
    linkage = registry.link(few_people())
    assert linkage.threshold == 0.9
    strict = linkage.relinked(cost_false_link=1e9)
    assert strict.threshold > 1 - 1e-8 and strict.n_persons >= linkage.n_persons
    pd.testing.assert_frame_equal(strict.relinked(cost_false_link=9).clusters, linkage.clusters)
