"""Pseudonyms, masks, and the search for identifiers that slipped through."""

import hashlib

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.registry import privacy, pseudonymise

SALT = b"0123456789abcdef0123456789abcdef"
PEOPLE = pd.DataFrame(
    {
        "record_id": ["CT-1", "CT-2"],
        "household_id": ["21-0001770", None],
        "person_id": ["396604310", "119412500"],
        "name_km": ["សុខ ដារ៉ា", "ចាន់ សុភា"],
        "name_latin": ["Sok Dara", "Chan Sophea"],
        "phone": ["021826898", None],
        "birth_date": pd.to_datetime(["1990-04-03", "1985-07-09"]),
        "birth_year": pd.array([1990, 1985], dtype="Int16"),
        "birth_month": pd.array([4, 7], dtype="Int8"),
        "birth_precision": ["day", None],
        "sex": ["male", "female"],
    }
)


def test_nothing_of_anybody_is_left():
    before = PEOPLE.copy()
    hidden = pseudonymise(PEOPLE, salt=SALT)
    assert PEOPLE.equals(before)
    text = hidden.to_csv()
    assert privacy.find_identifiers(text, PEOPLE) == {}
    for name in ("person_id", "name_km", "name_latin", "phone", "household_id"):
        assert not any(str(value) in text for value in PEOPLE[name].dropna())
    assert "birth_date" not in hidden and "birth_month" not in hidden and "04-03" not in text
    assert hidden.birth_precision.tolist()[0] == "year" and hidden.isna().sum().sum() == 3
    assert hidden[["sex", "birth_year"]].equals(PEOPLE[["sex", "birth_year"]])


def test_a_pseudonym_is_keyed_blake2_and_independent_of_rows():
    hidden = pseudonymise(PEOPLE, salt=SALT)
    alone = pseudonymise(PEOPLE.iloc[[1]], salt=SALT)
    pd.testing.assert_frame_equal(hidden.iloc[[1]], alone)
    by_hand = hashlib.blake2b(b"396604310", key=SALT, digest_size=16, person=b"person_id").hexdigest()
    assert hidden.person_id[0] == by_hand
    other = pseudonymise(PEOPLE, salt=SALT[::-1])
    assert not set(hidden.person_id) & set(other.person_id)


def test_equal_values_of_different_kinds_differ_and_look_alikes_agree():
    frame = pd.DataFrame({"person_id": ["012345678"], "phone": ["012345678"]})
    hidden = pseudonymise(frame, salt=SALT)
    assert hidden.person_id[0] != hidden.phone[0]
    names = pd.DataFrame({"name_km": ["ស៊ីណា", "សុី\u200bណា", "ស៊ីនា"]})
    coded = pseudonymise(names, salt=SALT).name_km
    assert coded[0] == coded[1] != coded[2]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=10))
def test_different_values_get_different_pseudonyms(values):
    from aspfin.registry.khmer import normalise

    distinct = {normalise(value).casefold() for value in values}
    hidden = pseudonymise(pd.DataFrame({"phone": pd.Series(values, dtype="str")}), salt=SALT)
    assert hidden.phone.nunique() >= len(distinct - {""}) - (1 if "" in distinct else 0)


def test_long_salts_are_taken_whole():
    long = b"x" * 200
    one, two = (pseudonymise(PEOPLE, salt=long + end).person_id[0] for end in (b"a", b"b"))
    assert one != two


@pytest.mark.parametrize("salt", ["", "short", b"123456789012345"])
def test_a_short_salt_is_refused_and_not_repeated(salt):
    with pytest.raises(ValueError, match=r"salt: got \d+ bytes") as error:
        pseudonymise(PEOPLE, salt=salt)
    assert not salt or str(salt) not in str(error.value)


def test_an_identifier_cannot_be_forgotten():
    with pytest.raises(ValueError, match="columns: got none of household_id, name_km, name_latin, phone"):
        pseudonymise(PEOPLE, salt=SALT, columns=["person_id"])


def test_salt_from_file_or_environment(tmp_path, monkeypatch):
    path = privacy.new_salt(tmp_path / "salt")
    assert path.stat().st_mode & 0o077 == 0
    assert len(privacy.read_salt(path)) == 64
    with pytest.raises(ValueError, match="which exists"):
        privacy.new_salt(path)
    monkeypatch.setenv("ASPFIN_SALT", "a salt of the environment")
    assert privacy.read_salt() == b"a salt of the environment"
    monkeypatch.setenv("ASPFIN_SALT", "short")
    with pytest.raises(ValueError, match="5 bytes in environment variable ASPFIN_SALT"):
        privacy.read_salt()
    with pytest.raises(ValueError, match="path: got No such file"):
        privacy.read_salt(tmp_path / "nowhere")


def test_masked_shows_no_identifier():
    shown = privacy.masked(PEOPLE)
    assert privacy.find_identifiers(shown.to_csv(), PEOPLE) == {}
    assert shown.name_latin.tolist() == ["S… D…", "C… S…"]


def test_find_identifiers_finds_every_kind():
    text = "Sok Dara (ចាន់ សុភា), no. 396604310, tel 021826898, card 21-0001770, born 1985-07-09 or 03/04/1990"
    assert privacy.find_identifiers(text, PEOPLE) == {
        **{"household_id": 1, "person_id": 1, "name_km": 1, "name_latin": 1, "birth_date": 2, "phone": 1}
    }
