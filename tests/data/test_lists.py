"""Programme lists read from files: nothing lost, everything odd told by row and column."""

import numpy as np
import pandas as pd
import pytest

from aspfin.data import lists
from aspfin.data.synthetic import registry_lists


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    made = registry_lists(households=2_000, seed=1)
    folder = tmp_path_factory.mktemp("lists")
    made.write(folder)
    return made, folder


def told(file):
    """The problems as (row, column, kind)."""
    return list(file.problems.itertuples(index=False, name=None))


def test_six_files_are_read_without_loss(written):
    made, folder = written
    for list_id, raw in made.lists.items():
        file = lists.read(folder / made.mappings[list_id]["file"])
        assert file.reconciliation.balanced
        assert file.reconciliation.rows_in_file == len(raw) == len(file.frame)
        assert list(file.frame.columns) == list(raw.columns)
        for column in raw:
            if raw[column].dtype == "float64":
                assert np.array_equal(file.frame[column].astype("float64"), raw[column])
            else:
                pd.testing.assert_series_equal(file.frame[column], raw[column])
