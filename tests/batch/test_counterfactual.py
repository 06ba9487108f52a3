"""Yesterday's parameters, made again today."""

import pytest

from aspfin.batch.counterfactual import headline_today
from aspfin.batch.runner import run
from aspfin.batch.state import read_record


@pytest.mark.slow
def test_a_report_is_made_again_from_its_record(toy_cases, tmp_path):
    (outcome,) = run(toy_cases(a="number: 4"), output=tmp_path / "reports")
    record = read_record(outcome.folder)
    assert headline_today(record) == record["headline"]
    other = {**record, "identity": {"parameters": {**record["identity"]["parameters"], "number": 8}}}
    assert headline_today(other)[0]["value"] == 0.125
    failing = {**record, "identity": {"parameters": {**record["identity"]["parameters"], "number": 0}}}
    assert headline_today(failing) is None


def test_parameters_that_are_no_longer_valid_cannot_be_made_again(toy_kind):
    record = {"kind": "toy", "identity": {"parameters": {"nombre": 4}}, "parameter_file": "a.yaml"}
    assert headline_today(record) is None
