"""Lists judged: planted errors are found, points add up, nothing identifying leaves, order never matters."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin import registry
from aspfin.data.synthetic import registry_lists
from aspfin.registry.quality_rules import DIMENSIONS
from aspfin.registry.schema import IDENTIFIERS, empty_frame
from aspfin.results import InputError

PLACE = "KH01010101"
RULES = {"as_of": "2024-03-31", "one_per_household": ["cash_transfer"]}


@pytest.fixture(scope="module")
def made():
    return registry_lists(households=2_000, seed=4)


@pytest.fixture(scope="module")
def lists(made):
    return {name: registry.harmonise(frame, made.mappings[name]) for name, frame in made.lists.items()}


@pytest.fixture(scope="module")
def quality(lists):
    return registry.assess(lists, RULES)


def people(rows, **columns):
    """Return records that are all in order, but for the columns given."""
    number = np.arange(rows)
    whole = {
        "list_id": "a",
        "programme": "A",
        "record_id": [f"r{n}" for n in number],
        "name_latin": "Sok Dara",
        "sex": "female",
        "birth_date": pd.to_datetime(["1990-03-04"] * rows).astype("datetime64[s]"),
        "birth_year": pd.array([1990] * rows, dtype="Int16"),
        "birth_precision": "day",
        "village_code": [f"KH010101{n + 1:02d}" for n in number],
        "province": "KH01",
        "registered_on": pd.to_datetime(["2023-01-01"] * rows).astype("datetime64[s]"),
        "updated_on": pd.to_datetime(["2023-06-01"] * rows).astype("datetime64[s]"),
        "row": number + 2,
        "source_file": "a.csv",
    }
    return empty_frame(pd.RangeIndex(rows)).assign(**{**whole, **columns})


def days(*texts):
    return pd.to_datetime(list(texts)).astype("datetime64[s]")


def problems(frame, **rules):
    told = registry.assess(frame, {"as_of": "2024-03-31", **rules}).issues
    return [
        (row.row, row.column, row.rule) for row in told.astype({"column": "str", "rule": "str"}).itertuples()
    ]


def test_records_in_order_get_every_point():
    quality = registry.assess(people(12), {"as_of": "2024-03-31"})
    assert quality.issues.empty
    assert quality.scores["score"].tolist() == [100.0]
    assert np.isnan(quality.scores["consistency"].iloc[0])  # one list: not measured, not zero
    assert "consistency could not be measured" in " ".join(quality.notes)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"sex": ["female", None]}, (3, "sex", "missing")),
        ({"sex": ["female", "woman"]}, (3, "sex", "unknown code")),
        (
            {"village_code": ["KH01010101", "1010101"], "province": None},
            (3, "village_code", "not of the form"),
        ),
        ({"village_code": ["KH01010101", "KH02010101"]}, (3, "village_code", "village in another province")),
        (
            {"birth_year": pd.array([1990, 2025], dtype="Int16"), "registered_on": days(None, None)},
            (3, "birth_date", "in the future"),
        ),
        ({"birth_year": pd.array([1990, 1901], dtype="Int16")}, (3, "birth_date", "older than 110 years")),
        ({"updated_on": days("2023-06-01", "2022-06-01")}, (3, "updated_on", "updated before registered")),
        ({"payment_date": days("2023-06-01", "2022-06-01")}, (3, "payment_date", "paid before registered")),
        (
            {"registered_on": days("2023-01-01", "1980-01-01")},
            (3, "registered_on", "registered before birth"),
        ),
        ({"amount": [80_000.0, -1.0]}, (3, "amount", "below 0")),
        ({"record_id": ["r", "r"]}, (3, "record_id", "number of the record used twice")),
        ({"person_id": ["1", "1"]}, (3, "person_id", "national number used twice")),
        ({"village_code": "KH01010101"}, (3, "name", "same name, birth, sex and village")),
    ],
)
def test_each_problem_is_found_in_its_row(columns, expected):
    assert problems(people(2, **columns)) == [expected]


def test_two_orders_and_spellings_of_a_name_are_one():
    frame = people(3, village_code="KH01010101", name_latin=["Sok Dara", "DARA SOKH", "Chan Sophea"])
    assert problems(frame) == [(3, "name", "same name, birth, sex and village")]


def test_amounts_by_rule_and_by_their_own_distribution():
    amounts = np.tile([80_000.0, 96_000.0, 120_000.0, 176_000.0], 10)
    amounts[7] *= 10
    frame = people(40, amount=amounts)
    assert problems(frame) == [(9, "amount", "not of the usual size")]
    assert len(problems(frame, amounts={"a": (90_000, 200_000)})) == 11


def test_repeats_point_at_the_first_row_of_the_list_only():
    frame = people(4, person_id=["7", "8", "7", "7"])
    told = registry.assess(frame.iloc[::-1], {"as_of": "2024-03-31"}).issues
    assert told[["row", "other_row"]].to_numpy().tolist() == [[4, 2], [5, 2]]
    apart = frame.assign(list_id=["a", "a", "b", "c"])
    assert not [one for one in problems(apart) if one[1] == "person_id"]


def test_consistency_blames_who_stands_alone_and_all_where_nothing_decides():
    frame = people(
        3, village_code=PLACE, list_id=["a", "b", "c"], person_id="7", sex=["female", "female", "male"]
    )
    assert problems(frame) == [(4, "sex", "differs from other lists")]
    two = people(2, village_code=PLACE, list_id=["a", "b"], person_id="7", sex=["female", "male"])
    assert [one[0] for one in problems(two)] == [2, 3]
    without = people(3, village_code=PLACE, list_id=["a", "b", "c"], sex=["female", "female", "male"])
    persons = without[["list_id", "record_id"]].assign(person=1)
    told = registry.assess(without, {"as_of": "2024-03-31"}, persons=persons)
    assert told.issues["row"].tolist() == [4]


def test_a_day_is_not_held_against_a_year():
    frame = people(2, village_code=PLACE, list_id=["a", "b"], person_id="7", birth_precision=["day", "year"])
    frame["birth_date"] = frame["birth_date"].where([True, False])
    assert problems(frame) == []


def test_planted_errors_are_found(made, quality):
    truth = made.truth
    told = quality.issues.astype({"list_id": "str", "column": "str", "rule": "str"})
    planted = made.errors[(made.errors["kind"] == "amount_wrong")]
    found = told[(told["list_id"] == "cash_transfer") & (told["rule"] == "not of the usual size")]
    assert 0 < len(found) <= len(planted)  # two months' money and 16,000 riel more can be right
    frame = made.lists["cash_transfer"].reset_index()
    rows = frame.loc[frame["Payment ID"].isin(planted["record_id"]), "index"] + 2
    assert found["row"].isin(rows).mean() == 1.0
    twice = truth[(truth["list_id"] == "cash_transfer") & (truth["paid_twice"] | truth["duplicate"])]
    second = told[(told["list_id"] == "cash_transfer") & (told["rule"] == "second record of a household")]
    assert len(second) == pytest.approx(len(twice), rel=0.25)


def test_points_lost_and_the_score_make_a_hundred(quality):
    lost = quality.problems.groupby("list_id")["points"].sum()
    score = quality.scores.set_index("list_id")["score"]
    np.testing.assert_allclose((lost + score).to_numpy(), 100.0, rtol=1e-12)
    np.testing.assert_allclose(quality.issues["points"].sum(), quality.problems["points"].sum(), rtol=1e-12)


def test_offices_weighted_by_records_give_the_list(quality):
    table = quality.offices.assign(total=quality.offices["completeness"] * quality.offices["records"])
    assert (
        quality.offices.groupby("list_id")["records"]
        .sum()
        .equals(quality.scores.sort_values("list_id").set_index("list_id")["records"])
    )
    small = table[table["records"] < quality.rules.smallest_office]
    assert small["score"].isna().all()
    assert table.loc[table["records"] >= quality.rules.smallest_office, "score"].notna().all()


def test_order_of_rows_and_lists_changes_nothing(lists, quality):
    frames = [one.frame.sample(frac=1, random_state=1) for one in reversed(lists.values())]
    again = registry.assess(frames, RULES)
    pd.testing.assert_frame_equal(
        again.scores.sort_values("list_id", ignore_index=True),
        quality.scores.sort_values("list_id", ignore_index=True),
    )
    pd.testing.assert_frame_equal(again.problems, quality.problems)
    pd.testing.assert_frame_equal(again.issues, quality.issues)


def test_nothing_identifying_leaves(lists, quality):
    seen = pd.concat([one.frame[name].astype("str") for one in lists.values() for name in IDENTIFIERS])
    secrets = set(seen[seen.str.len() > 5])
    work = registry.work_list(quality)
    for table in (
        quality.scores,
        quality.offices,
        quality.columns,
        quality.problems,
        quality.issues,
        work.rows,
    ):
        for name in table.select_dtypes(["str", "object", "category"]):
            assert not secrets & set(table[name].astype("str")), name
    words = f"{quality} {work} {quality.notes}"
    assert not any(secret in words for secret in secrets)


def test_lists_are_not_changed(lists):
    before = {name: one.frame.copy(deep=True) for name, one in lists.items()}
    registry.assess(lists, RULES)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(frame, lists[name].frame)


@given(st.dictionaries(st.sampled_from(DIMENSIONS), st.floats(0.1, 5), min_size=1))
@settings(deadline=None, max_examples=15)
def test_score_is_the_weighted_mean_of_what_is_measured(weights):
    frame = people(6, sex=["male", None, None, "x", "male", "male"], person_id=["1", "1", "2", "3", "4", "5"])
    quality = registry.assess(frame, {"as_of": "2024-03-31", "weights": weights})
    row = quality.scores.iloc[0]
    used = {name: weight for name, weight in weights.items() if not np.isnan(row[name])}
    if not used:
        assert np.isnan(row["score"])
        return
    mean = sum(weight * row[name] for name, weight in used.items()) / sum(used.values())
    assert row["score"] == pytest.approx(mean, rel=1e-12)
    assert quality.weights["weight"].sum() == pytest.approx(1)
    assert quality.issues["points"].sum() == pytest.approx(100 - mean, abs=1e-9)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"weights": {"speed": 1}}, "speed is no dimension"),
        ({"weights": {"validity": 0}}, "one of them above 0"),
        ({"requird": {}}, "requird: got 'an unknown field'"),
        ({"required": {"all": ["nam"]}}, "nam is no column"),
        ({"max_age_months": {"all": 0}}, "months above 0"),
        ({"amounts": {"a": (5, 2)}}, "a lowest amount"),
        ({"office": "district"}, "office: got 'district'"),
    ],
)
def test_wrong_rules_are_told_in_a_line(rules, words):
    with pytest.raises(InputError, match=words):
        registry.assess(people(2), rules)


def test_what_is_no_list_is_told():
    with pytest.raises(InputError, match="no records"):
        registry.assess(people(0))
    with pytest.raises(InputError, match="one or more harmonised lists"):
        registry.assess([3])
    with pytest.raises(InputError, match="village_code: got 'no such column'"):
        registry.assess(people(1).drop(columns="village_code"))
    nothing = people(2, registered_on=pd.NaT, updated_on=pd.NaT)
    with pytest.raises(InputError, match="as_of"):
        registry.assess(nothing.astype({"registered_on": "datetime64[s]", "updated_on": "datetime64[s]"}))
    assert "last day found" in registry.assess(people(2)).notes[0]
