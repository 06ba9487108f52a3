"""Which fields of the exchange standard a list could serve."""

import pandas as pd
import pytest

from aspfin import registry
from aspfin.registry.readiness import FIELDS, REGISTRIES
from aspfin.results import InputError

COLUMNS = {
    "record_id": "No",
    "household_id": "Card",
    "name_km": "Khmer",
    "sex": "Sex",
    "birth_date": "DOB",
    "relation": "Rel",
}
MAPPING = {"list_id": "poor", "programme": "Poor", "columns": COLUMNS}


@pytest.fixture(scope="module")
def raw():
    return pd.DataFrame(
        {
            "No": ["1", "2", "3", "4"],
            "Card": ["7", "7", "8", "8"],
            "Khmer": ["សុខ ដារ៉ា", "ចាន់ សុភា", "កែវ វណ្ណា", "លី បុប្ផា"],
            "Sex": ["male", "female", None, "female"],
            "DOB": ["3/4/1990", "1985", "1/2/2001", None],
            "Rel": ["head", "spouse", "child", "child"],
            "Disabled": ["0", "1", "0", "0"],
        }
    )


def field(answer, registry_name, name):
    table = answer.fields
    return table[(table["registry"] == registry_name) & table["field"].str.endswith(name)].iloc[0]


def test_shares_by_hand(raw):
    answer = registry.exchange_readiness(registry.harmonise(raw, MAPPING))
    assert field(answer, "social", "group_identifier[]")[["filled", "status"]].tolist() == [1.0, "ready"]
    assert field(answer, "social", "group_head_info")["filled"] == 0.5  # card 8 names no head
    assert field(answer, "social", "birth_date")[["filled", "status"]].tolist() == [0.5, "partly"]
    assert field(answer, "social", ".sex")["filled"] == 0.75
    assert field(answer, "social", "demographic_info.name")["columns"] == "name_km"
    assert field(answer, "beneficiary", "benefit_value")["status"] == "not held"
    assert field(answer, "disability", "is_disabled")["status"] == "not held"


def test_scores_count_the_core_fields(raw):
    answer = registry.exchange_readiness(registry.harmonise(raw, MAPPING))
    social = answer.scores.set_index("registry").loc["social"]
    core = answer.fields[(answer.fields["registry"] == "social") & answer.fields["core"]]
    assert social["core_fields"] == len(core)
    assert social[["ready", "partly", "not_held"]].sum() == len(core)
    assert social["score"] == pytest.approx(100 * core["filled"].mean())
    assert social["complete"] == 0.25  # only the first record has everything the list holds
    assert "poor as a social registry" in answer.sentence()


def test_columns_kept_under_the_name_of_a_field_count(raw):
    kept = registry.harmonise(raw, MAPPING | {"keep": {"is_disabled": "Disabled"}})
    assert field(registry.exchange_readiness(kept), "disability", "is_disabled")["status"] == "ready"


def test_every_list_meets_every_field_whatever_the_order(raw):
    first = registry.harmonise(raw, MAPPING)
    second = registry.harmonise(raw.iloc[::-1], MAPPING | {"list_id": "other"})
    answer = registry.exchange_readiness({"a": first, "b": second})
    assert len(answer.fields) == 2 * len(FIELDS)
    assert len(answer.scores) == 2 * len(REGISTRIES)
    shares = [part["filled"].tolist() for _, part in answer.fields.groupby("list_id")]
    assert shares[0] == shares[1]
    assert not answer.fields.duplicated(["list_id", "registry", "field"]).any()


def test_how_full_is_full_enough_is_an_argument(raw):
    answer = registry.exchange_readiness(registry.harmonise(raw, MAPPING), enough=0.5)
    assert field(answer, "social", "birth_date")["status"] == "ready"
    with pytest.raises(InputError, match="enough: got 0"):
        registry.exchange_readiness(registry.harmonise(raw, MAPPING), enough=0)
