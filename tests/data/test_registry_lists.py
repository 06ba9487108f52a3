"""Synthetic programme lists: reproducible, with a truth that fits the records."""

import pandas as pd
import pytest

from aspfin.data.synthetic import registry_lists
from aspfin.results import InputError


@pytest.fixture(scope="module")
def made():
    return registry_lists(households=4_000, seed=3)


def test_truth_names_every_record_once(made):
    for list_id, frame in made.lists.items():
        column = made.mappings[list_id]["columns"]["record_id"]
        told = made.truth[made.truth.list_id == list_id]
        assert frame[column].is_unique
        assert frame[column].tolist() == told.record_id.tolist()
    home = made.persons.set_index("person").household
    assert (home.loc[made.truth.person].to_numpy() == made.truth.household.to_numpy()).all()


def test_same_seed_same_lists(made):
    again = registry_lists(households=4_000, seed=3)
    for list_id, frame in made.lists.items():
        pd.testing.assert_frame_equal(frame, again.lists[list_id])
    pd.testing.assert_frame_equal(made.truth, again.truth)
    other = registry_lists(households=4_000, seed=4)
    assert not made.truth.person.equals(other.truth.person)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"country": "ZMB"}, "country: got 'ZMB'; allowed: KHM"),
        ({"script": "thai"}, r"script: got 'thai'; allowed: both \| latin \| khmer"),
        ({"households": 10}, "households: got 10; allowed:"),
    ],
)
def test_wrong_arguments(arguments, told):
    with pytest.raises(InputError, match=told):
        registry_lists(**arguments)
