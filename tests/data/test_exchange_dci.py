"""Answers of registries, with the quirks of official samples: read, counted, nothing lost."""

import copy
import json

import pytest

from aspfin.data import exchange
from aspfin.results import InputError


def identifier(value, kind="NID"):
    return {"identifier_type": kind, "identifier_value": value}


def person(number, **more):
    return {
        "identifier": [identifier(number)],
        "name": {"surname": "Sok", "given_name": "Dara", "second_name": ""},
        "sex": "female",
        "birth_date": "1985-05-20T00:00:00Z",
        **more,
    }


def member(number, **more):
    return {"household_member": {"member_identifier": [identifier("H" + number)], "demographic_info": {"person": person(number)}, "relationship_head": "self", "is_disabled": "0", **more}}  # fmt: skip


def group(number="0205", **more):
    return {
        "@type": "Group",
        "group_identifier": [identifier(number, "CARD")],
        "place": {"geo": {"latitude": "40.712776"}},
        "poverty_score": "4.0",
        "group_size": "2",
        "group_head_info": {"person": person("001")},
        "member_list": [member("001", income_level=" "), member("002", is_disabled=True)],
        "registration_date": "2022-01-10T08:00:00Z",
        **more,
    }


def answer(*records, header=None, **response):
    data = {"version": "1.0.0", "reg_records": list(records)}
    return {
        "header": {"total_count": str(len(records)), "is_msg_encrypted": False, **(header or {})},
        "message": {"search_response": [{"status": "rcvd", "data": data, **response}]},
    }


def counts(told):
    table = told.coerced
    return dict(zip(zip(table["field"], table["kind"], strict=True), table["count"], strict=True))


def test_a_household_and_its_members():
    told = exchange.read_dci([answer(group(), status_reason_code="rjct.reference_id.invalid")])
    (home,) = told.households.to_dict("records")
    assert (home["household_id"], home["group_size"], home["poverty_score"], home["members"]) == (
        "0205",
        2,
        4.0,
        2,
    )
    assert (home["head_id"], home["place.geo.latitude"], home["registered_on"]) == (
        "001",
        "40.712776",
        "2022-01-10",
    )
    assert told.persons["person_id"].tolist() == ["001", "002"]
    assert told.persons["member_id"].tolist() == ["H001", "H002"]
    assert told.persons["household_id"].tolist() == ["0205", "0205"]
    assert told.persons["birth_date"].tolist() == ["1985-05-20"] * 2
    assert told.persons["is_disabled"].tolist() == [False, True]
    seen = counts(told)
    assert seen["group_size", "number written as text"] == 1
    assert seen["income_level", "spaces in place of nothing"] == 1
    assert seen["status_reason_code", "code of a rejection beside another status; ignored"] == 1
    assert seen["registration_date", "hour of a date dropped"] == 1


def test_identifiers_and_numbers_stay_as_written(tmp_path):
    text = json.dumps(answer(group(number=0, code=0))).replace('"identifier_value": 0', '"identifier_value": 12345678901234567890').replace('"code": 0', '"code": 1.50')  # fmt: skip
    (tmp_path / "a.json").write_text(text)
    told = exchange.read_dci(tmp_path / "a.json")
    assert told.households[["household_id", "code"]].values.tolist() == [["12345678901234567890", "1.50"]]


def test_a_head_outside_the_list_of_members_is_a_person_too():
    record = group(group_head_info={"person": person("009")})
    told = exchange.read_dci([answer(record)])
    assert told.persons[["person_id", "role"]].values.tolist() == [
        ["001", "member"],
        ["002", "member"],
        ["009", "head"],
    ]
    assert told.households["members"].tolist() == [2]


def test_a_head_written_differently_keeps_both():
    record = group(group_head_info={"person": person("001", birth_date="1986-05-20", marital_status="widow")})
    told = exchange.read_dci([answer(record)])
    first = told.persons.iloc[0]
    assert (first["birth_date"], first["head.birth_date"], first["marital_status"]) == (
        "1985-05-20",
        "1986-05-20",
        "widow",
    )
    assert counts(told)["birth_date", "written differently for the head; both kept"] == 1


def test_every_leaf_of_a_record_is_somewhere():
    record = group(
        extra={"deep": [{"a": "leaf one"}, {"b": ["leaf two", "leaf three"]}]},
        additional_attributes=["leaf four"],
    )
    record["member_list"][0]["household_member"]["occupation"] = "leaf five"
    record["member_list"][0]["occupation"] = "leaf six"
    told = exchange.read_dci([answer(record)])
    text = " ".join(map(str, [*told.persons.to_numpy().ravel(), *told.households.to_numpy().ravel()]))
    for number in ("one", "two", "three", "four", "five", "six"):
        assert f"leaf {number}" in text


def test_farmers_stand_in_further_objects():
    own = {"member_identifier": identifier("M1"), "demographic_info": {"identifier": identifier("M1"), "name": {"first_name": "John", "last_name": "Doe"}, "date_of_birth": "1990-05-15", "gender": "Male"}}  # fmt: skip
    family = {"group_identifier": [identifier("G1")], "group_size": 2, "member_list": [{"member_identifier": [identifier("M2")], "demographic_info": {"spdci:identifier": [identifier("X2")], "name": {"surname": "Doe", "given_name": "Jane"}}}]}  # fmt: skip
    page = answer()
    page["message"]["search_response"][0]["data"]["reg_records"] = {"type": "array", "example": [{"famer_personal_details": own, "family_details": family, "farmer_type": "Medium", "land_details": [{"land_size": 3000}]}]}  # fmt: skip
    page["message"] = {"transaction_id": "1", "message": page["message"]}
    told = exchange.read_dci([page])
    assert told.persons[["person_id", "given_name", "role"]].values.tolist() == [
        ["X2", "Jane", "member"],
        ["M1", "John", "record"],
    ]
    assert told.households[["farmer_type", "land_details.1.land_size"]].values.tolist() == [
        ["Medium", "3000"]
    ]
    seen = counts(told)
    assert seen["identifier", "prefix of the name dropped"] == 1
    assert seen["reg_records", "schema with an example in place of a list"] == 1
    assert seen["date_of_birth", "another name for birth_date"] == 1


def test_persons_alone_and_other_records():
    enrolment = {
        "programme_identifier": {"programme": {"programme_name": "Test"}, "enrolment_status": "Active"}
    }
    yes = {
        "header": {},
        "message": {"disabled_response": [{"status": "rcvd", "reference_id": "1", "disabled_status": "yes"}]},
    }
    told = exchange.read_dci([answer(person("1", phone_number=["+1", "+2"]), enrolment), yes])
    assert told.persons[["person_id", "phone"]].values.tolist() == [["1", "+1; +2"]]
    assert told.persons["household"].isna().all()
    assert len(told.other) == 2 and told.other["disabled_status"].tolist()[1] == "yes"
    assert told.records == 3


def test_pages_of_one_search(tmp_path):
    for number in (1, 3):
        page = answer(group(str(number)), header={"total_count": 9}, pagination={"page_number": number})
        (tmp_path / f"{number}.json").write_text("\ufeff" + json.dumps(page), encoding="utf-8")
    told = exchange.read_dci(tmp_path)
    assert told.households["household_id"].tolist() == ["1", "3"]
    assert told.households["page"].tolist() == [1, 2]
    notes = " ".join(told.notes)
    assert "Page 2 of the search is not there." in notes
    assert "has 9 records by 3.json, of which 2 are in the pages" in notes


def test_a_key_repeated_in_one_object_keeps_both(tmp_path):
    text = json.dumps(answer(group(note="first"))).replace(
        '"note": "first"', '"note": "first", "note": "second"'
    )
    (tmp_path / "a.json").write_text(text)
    told = exchange.read_dci(tmp_path / "a.json")
    assert told.households[["note", "note (2)"]].values.tolist() == [["first", "second"]]


def test_sizes_and_repeated_households_are_told():
    told = exchange.read_dci([answer(group(group_size=5), group(poverty_score="high", group_size="2.5"))])
    notes = " ".join(told.notes)
    assert "1 household list another number" in notes and "1 household came again" in notes
    assert counts(told)["poverty_score", "not a number; missing"] == 1
    assert told.households["group_size"].isna().tolist() == [False, True]


def test_the_messages_given_are_not_changed():
    page = answer(group())
    before = copy.deepcopy(page)
    exchange.read_dci([page])
    assert page == before


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (answer(header={"is_msg_encrypted": "true"}), "an encrypted message"),
        ({"header": {}, "message": "eyJhbGciOiJ"}, "an encrypted message"),
        (
            {"header": {"action": "register"}, "message": {"message": {"ack_status": "ACK"}}},
            "no response (register)",
        ),
        (answer(status="rjct", status_reason_code="rjct.sort.invalid"), "rjct.sort.invalid"),
    ],
)
def test_what_is_no_answer_is_refused(page, told):
    with pytest.raises(InputError) as error:
        exchange.read_dci([page])
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("raw", "told"),
    [(b"{", "line 1"), (b"\xff\xfe{", "UTF-8"), (b"[1]", "an object"), (b"[" * 100_000, "nested too deeply")],
)
def test_what_is_no_json_is_refused(tmp_path, raw, told):
    (tmp_path / "a.json").write_bytes(raw)
    with pytest.raises(InputError) as error:
        exchange.read_dci(tmp_path / "a.json")
    assert told in str(error.value)
