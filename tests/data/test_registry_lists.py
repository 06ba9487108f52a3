"""Synthetic programme lists: reproducible, with a truth that fits every record and every planted error."""

import hashlib
import unicodedata
from datetime import date

import jellyfish
import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin import programmes
from aspfin.data.population import household_population
from aspfin.data.registry_lists_amounts import cash_amount
from aspfin.data.registry_lists_errors import Errors, _khmer_typo, _latin_typo, birth_texts
from aspfin.data.registry_lists_format import DATE_WORDS, MONTHS, SPECS, date_texts
from aspfin.data.registry_lists_names import lexicon
from aspfin.data.registry_lists_people import draw_persons, village_codes
from aspfin.data.registry_lists_records import LISTS, eligibility
from aspfin.data.synthetic import registry_lists
from aspfin.registry.mapping import as_mapping, read_mapping
from aspfin.results import InputError

BIRTH_KINDS = {"birth_one_day_off", "birth_one_year_off", "birth_swapped", "birth_first_january"}


@pytest.fixture(scope="module")
def made():
    return registry_lists(households=4_000, seed=3)


@pytest.fixture(scope="module")
def people():
    households = household_population("KHM", households=8_000, seed=5).households
    return households, draw_persons(households, lexicon(), 5)


def common(made, list_id):
    """The list with the column names of the common vocabulary, missing values as such, beside the person."""
    mapping = made.mappings[list_id]
    back = {raw: name for name, raw in mapping["columns"].items()}
    frame = made.lists[list_id].rename(columns=back)
    frame = frame.mask(frame.isin(mapping["missing"]))
    truth = made.truth[made.truth.list_id == list_id].reset_index(drop=True)
    person = made.persons.set_index("person").loc[truth.person].reset_index()
    return frame, truth, person


def told(made, list_id, column, kinds=None):
    """Records of a list with a planted error in a column."""
    errors = made.errors[(made.errors.list_id == list_id) & (made.errors.column == column)]
    return set(errors.record_id[errors.kind.isin(kinds)] if kinds else errors.record_id)


def decoded(text, mapping):
    """A date read by the words of the mapping alone: an independent slow reading. A year alone has no day."""
    text = "".join(str(unicodedata.digit(c)) if unicodedata.category(c) == "Nd" else c for c in text)
    offset = mapping.get("offset", 0)
    if len(text) == 4:
        return int(text) - offset, None
    for number, month in enumerate(MONTHS, start=1):
        text = text.replace(f" {month} ", f"/{number}/")
    if text.isdigit():
        text = f"{text[:4]}/{text[4:6]}/{text[6:]}"
    parts = dict(zip(mapping["order"], map(int, text.replace("-", "/").split("/")), strict=True))
    year = parts["y"] - offset
    try:
        return year, date(year, parts["m"], parts["d"])
    except ValueError:
        return year, "impossible"


def test_truth_names_every_record_once(made):
    assert list(made.lists) == list(LISTS)
    for list_id in made.lists:
        frame, truth, _ = common(made, list_id)
        assert frame.record_id.is_unique
        assert frame.record_id.tolist() == truth.record_id.tolist()
    assert made.truth.record_id.is_unique
    home = made.persons.set_index("person").household
    assert (home.loc[made.truth.person].to_numpy() == made.truth.household.to_numpy()).all()


@pytest.mark.parametrize("list_id", LISTS)
def test_births_differ_from_the_truth_exactly_where_told(made, list_id):
    frame, _, person = common(made, list_id)
    mapping = made.mappings[list_id]["dates"]["birth_date"]
    wrong, years, impossible = set(), set(), set()
    for record, text, birth in zip(frame.record_id, frame.birth_date, person.birth_date.dt.date, strict=True):
        if pd.isna(text):
            continue
        year, day = decoded(text, mapping)
        if day == "impossible":
            impossible.add(record)
        elif day is None:
            years.add(record)
            wrong |= {record} if year != birth.year else set()
        elif day != birth:
            wrong.add(record)
    assert set(frame.record_id[frame.birth_date.isna()]) == told(
        made, list_id, "birth_date", ["birth_missing"]
    )
    assert years == told(made, list_id, "birth_date", ["birth_year_only"])
    assert impossible == told(made, list_id, "birth_date", ["birth_impossible"])
    planted = told(made, list_id, "birth_date", BIRTH_KINDS)
    assert wrong <= planted
    assert len(planted - wrong) <= 0.02 * len(planted) + 1  # two errors that happen to undo each other


@pytest.mark.parametrize("list_id", LISTS)
def test_names_differ_from_the_truth_exactly_where_told(made, list_id):
    frame, _, person = common(made, list_id)
    for column in ("name_latin", "name_km"):
        written = frame[column].fillna("").str.casefold()
        wrong = set(frame.record_id[written != person[column].str.casefold()])
        planted = told(made, list_id, column)
        assert wrong <= planted, column
        assert len(planted - wrong) <= 0.02 * len(planted) + 1, column
    assert (frame.name_latin.notna() | frame.name_km.notna()).all()


@pytest.mark.parametrize("list_id", LISTS)
def test_sex_village_and_numbers_differ_exactly_where_told(made, list_id):
    frame, truth, person = common(made, list_id)
    mapping = made.mappings[list_id]
    sex = frame.sex.map(mapping["codes"]["sex"])
    assert set(frame.record_id[sex.to_numpy() != person.sex.astype(object)]) == told(made, list_id, "sex")
    code = (
        frame.village_code if list_id != "disability" else frame.village_code.str.zfill(8)
    )  # zeros were lost
    village = (mapping["village"]["prefix"] + code).fillna("")
    wrong = set(frame.record_id[village != person.village_code])
    assert wrong == told(made, list_id, "village_code")
    moved = told(made, list_id, "village_code", ["moved"])
    assert person.moved_on[frame.record_id.isin(moved)].notna().all()
    for column, true in (("person_id", person.person_id), ("household_id", None)):
        if column in frame:
            known = frame[column].notna().to_numpy()
            if true is not None:
                written = frame[column].str.removesuffix(".0")
                wrong = set(frame.record_id[known & (written.to_numpy() != true.to_numpy())])
                assert wrong == told(made, list_id, column)
            else:
                number = frame[column].str[3:].astype(float).to_numpy() != truth.household
                assert set(frame.record_id[known & number]) <= told(made, list_id, column)


def test_who_is_listed_has_a_right_to_it_or_is_told(made):
    for list_id in made.lists:
        _, truth, person = common(made, list_id)
        alive = person.died.isna().to_numpy()
        right = person[f"eligible_{list_id}"].to_numpy() | (truth.not_eligible > 0)
        assert right[alive].all(), list_id
        dead = set(truth.record_id[~alive])
        assert dead == told(made, list_id, "record", ["deceased"])
        assert (made.persons[f"in_{list_id}"].sum()) == truth.person.nunique()


def test_duplicates_and_second_payees(made):
    for list_id in made.lists:
        _, truth, _ = common(made, list_id)
        first = truth[truth.duplicate == 0]
        assert first.person.is_unique
        assert set(truth.person[truth.duplicate == 1]) <= set(first.person)
    cash = made.truth[(made.truth.list_id == "cash_transfer") & (made.truth.duplicate == 0)]
    payees = cash.groupby("household").size()
    assert set(payees.index[payees > 1]) == set(cash.household[cash.paid_twice == 1])


def test_the_poor_are_interviewed_by_household(made):
    """One day of update per household; a household interviewed twice has all its members twice, and a second card."""
    frame, truth, _ = common(made, "idpoor")
    frame = frame.assign(household=truth.household, duplicate=truth.duplicate)
    days = frame.groupby(["household", "duplicate"]).agg(
        updates=("updated_on", "nunique"), cards=("household_id", "nunique"), size=("record_id", "size")
    )
    assert (days.cards == 1).all()
    assert (days.updates[days.index.get_level_values("duplicate") == 0] == 1).all()
    twice = days.reset_index().pivot_table("size", "household", "duplicate").dropna()
    assert len(twice) > 5
    assert (twice[0] == twice[1]).all()
    second = frame.record_id[frame.duplicate == 1]
    assert set(second) == told(made, "idpoor", "household_id", ["second_card"])


def test_mappings_are_those_of_the_registry(made, tmp_path):
    for list_id, told_mapping in made.mappings.items():
        read = as_mapping(told_mapping)
        assert read.columns == told_mapping["columns"]
        assert set(read.columns.values()) == set(made.lists[list_id].columns)
    made.write(tmp_path)
    assert list(read_mapping(tmp_path / "mapping.yaml")) == list(made.lists)


def test_telephones_are_the_households_but_where_told(made):
    seen = []
    for list_id in made.lists:
        frame, truth, _ = common(made, list_id)
        if "phone" in frame:
            digits = frame.phone.str.replace(r"\D", "", regex=True).str[-8:]
            changed = frame.record_id.isin(told(made, list_id, "phone"))
            seen.append(pd.DataFrame({"household": truth.household, "phone": digits})[~changed].dropna())
    pairs = pd.concat(seen).drop_duplicates()
    assert pairs.household.is_unique


def test_cash_amounts_follow_the_rules_of_the_pack(made):
    homes = made.population.households
    cambodia = programmes.load_country("KHM")
    cards = homes[homes.card_level > 0]
    right = cambodia.programme("covid_cash_transfer").entitlement(cards, on="2024-03-01")
    amounts = np.asarray(getattr(right, "amount", right), dtype=float)
    np.testing.assert_allclose(cash_amount(cards), amounts)
    frame, truth, _ = common(made, "cash_transfer")
    owed = pd.Series(cash_amount(homes), index=homes.household_id).loc[truth.household].to_numpy()
    wrong = set(frame.record_id[frame.amount.to_numpy() != owed])
    assert wrong == told(made, "cash_transfer", "amount")


def test_planted_counts_and_rates(made):
    errors = made.errors.groupby(["list_id", "kind"]).size()
    table = made.planted.set_index(["list_id", "kind"])
    assert (table.records.reindex(errors.index) == errors).all()
    assert (table.share <= 1).all()
    # Kinds that touch every record they are drawn for: the share found is the rate set, to four standard
    # errors. (A zero-width space cannot be seen where the name is lost, in 1 of 100 records.)
    exact = table.query("kind in ['birth_missing', 'sex_missing', 'sex_wrong', 'zero_width']")
    seen = np.where(exact.index.get_level_values("kind") == "zero_width", 0.99, 1.0)
    error = np.sqrt(exact.stated * (1 - exact.stated) / (exact.records / exact.share))
    assert ((exact.share - exact.stated * seen).abs() <= 4 * error).all()
    right = made.persons.filter(regex="^eligible_").any(axis=1)
    left_out = right & ~made.persons.filter(regex="^in_").any(axis=1)
    assert table.records["everywhere", "eligible, in no list"] == left_out.sum() > 0


def test_what_the_lists_come_to_in_the_country(made):
    """Weighted, the lists are as large as published; deaths and children not yet listed make the difference."""
    margins = made.margins.set_index(["list_id", "unit"])
    assert margins.difference.abs().max() < 0.10
    assert abs(margins.difference["idpoor", "households"]) < 0.005


def test_persons_are_the_members_of_the_households(people):
    households, persons = people
    by = persons.groupby("household")
    assert (by.size() == households.members.to_numpy()).all()
    assert (by.worker.sum() == households.formal_workers.to_numpy()).all()
    assert (by.disabled.sum() == households.disability.to_numpy()).all()
    pupils = households.pupil_primary_lower_secondary + households.pupil_upper_secondary
    assert (by.pupil.sum() == pupils.to_numpy()).all()
    assert (by.upper.sum() == households.pupil_upper_secondary.to_numpy()).all()
    head = persons[persons.relation == "head"]
    assert (head.household.to_numpy() == np.arange(len(households))).all()
    assert (head.female.to_numpy() == (households.head_sex == "female").to_numpy()).all()
    assert persons.national_id[persons.national_id != ""].is_unique
    days = (np.datetime64("2024-03-31") - persons.birth.to_numpy().astype("datetime64[D]")).astype(int)
    age = pd.Series(np.floor((days - 1) / 365.2425), index=persons.index)
    for column, low, high in (("child_0_1", 0, 1), ("child_0_5", 0, 5), ("age_60_plus", 60, 120)):
        counted = age.between(low, high).groupby(persons.household).sum()
        # A birthday on the day itself can fall either way.
        assert (counted - households[column].to_numpy()).abs().mean() < 0.003, column
    assert (persons.national_id[age < 14] == "").all()
    child = persons[persons.relation == "child"].merge(head[head.female == 0], on="household")
    assert (child.family_x == child.family_y).all()  # the father's family name


def test_villages_have_codes_below_their_province(people):
    households, _ = people
    codes = pd.Series(village_codes(households))
    assert codes.str.fullmatch(r"KH\d{8}").all()
    assert (codes.str[:4].to_numpy() == households.province.astype(str).to_numpy()).all()
    pairs = pd.DataFrame({"code": codes, "village": households.village}).drop_duplicates()
    assert len(pairs) == pairs.code.nunique() == households.village.nunique()


def test_lists_overlap_as_programmes_do(people):
    households, persons = people
    right = eligibility(persons, households)
    assert (right["scholarship"] <= right["cash_transfer"]).all()
    assert (right["cash_transfer"] <= right["health_equity_fund"]).all()
    assert (right["cash_transfer"] <= right["idpoor"]).all()
    assert 0 < (right["social_security"] & right["idpoor"]).sum() < right["social_security"].sum()


def test_names_of_the_lexicon():
    names = lexicon()
    for table in (names.family_km, names.given_km):
        for text in table.ravel():
            assert unicodedata.normalize("NFC", text) == text
            assert all(0x1780 <= ord(letter) <= 0x17DD for letter in text), text
    for table in (names.family_latin, names.given_latin):
        assert all(text.isascii() and text.isalpha() for text in table.ravel())
    assert pd.Series(names.family_km[:, 0]).is_unique
    np.testing.assert_allclose(names.given_share.sum(axis=1), 1)
    assert names.family_share.max() == names.family_share[0] > 0.05


def test_common_names_are_common(made):
    """Half the people share their name in Latin letters with another, almost nobody name and birthday."""
    shared = made.persons.duplicated(["name_latin"], keep=False).mean()
    assert 0.15 < shared < 0.7
    assert made.persons.duplicated(["name_latin", "birth_date"], keep=False).mean() < 0.001


def test_same_seed_same_lists(made):
    again = registry_lists(households=4_000, seed=3)
    for list_id, frame in made.lists.items():
        pd.testing.assert_frame_equal(frame, again.lists[list_id])
    for name in ("truth", "persons", "errors", "planted", "margins"):
        pd.testing.assert_frame_equal(getattr(made, name), getattr(again, name))
    other = registry_lists(households=4_000, seed=4)
    assert not made.truth.person.equals(other.truth.person)


def test_a_script_leaves_out_the_other_names_and_changes_nothing_else(made):
    latin = registry_lists(households=4_000, seed=3, script="latin")
    khmer = registry_lists(households=4_000, seed=3, script="khmer")
    for list_id, spec in SPECS.items():
        both = made.lists[list_id]
        pd.testing.assert_frame_equal(latin.lists[list_id], both.drop(columns=spec.columns["name_km"]))
        rest = both.drop(columns=[spec.columns["name_latin"], spec.columns["name_km"]])
        pd.testing.assert_frame_equal(khmer.lists[list_id].drop(columns=spec.columns["name_km"]), rest)
        assert "name_km" not in latin.mappings[list_id]["columns"]
    assert not latin.errors.column.eq("name_km").any()
    assert latin.truth.equals(made.truth)


def test_files(made, tmp_path):
    paths = made.write(tmp_path / "lists")
    assert [path.name for path in paths[:6]] == [spec.file for spec in SPECS.values()]
    folder = tmp_path / "lists"
    read = {
        "idpoor": pd.read_csv(folder / "idpoor.csv", dtype="str", encoding="utf-8-sig"),
        "cash_transfer": pd.read_excel(folder / "cash_transfer.xlsx", na_values=[], keep_default_na=False),
        "scholarship": pd.read_csv(folder / "scholarship.csv", dtype="str", sep="\t", encoding="utf-16"),
        "health_equity_fund": pd.read_parquet(folder / "health_equity_fund.parquet"),
        "social_security": pd.read_csv(
            folder / "social_security.csv", dtype="str", sep=";", keep_default_na=False
        ),
        "disability": pd.read_stata(folder / "disability.dta"),
    }
    for list_id, frame in made.lists.items():
        wanted = frame.astype("str").fillna("")
        got = read[list_id].astype("str").fillna("")
        numbers = frame.select_dtypes("number").columns
        assert list(got.columns) == list(frame.columns), list_id
        for column in frame:
            if column in numbers:
                np.testing.assert_array_equal(got[column].astype(float), frame[column])
            else:
                assert got[column].tolist() == wanted[column].tolist(), (list_id, column)
    assert (folder / "idpoor.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert (folder / "scholarship.csv").read_bytes()[:2] == b"\xff\xfe"
    mapping = yaml.safe_load((folder / "mapping.yaml").read_text(encoding="utf-8"))
    assert mapping["lists"] == list(made.mappings.values())
    assert not any("truth" in path.name for path in folder.iterdir() if path.is_file())
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "truth" / "truth.parquet"), made.truth)


def test_files_have_the_same_bytes_whenever_they_are_written(made, tmp_path, monkeypatch):
    import time

    hashes = []
    for name, clock in (("one", 1.6e9), ("two", 1.7e9)):
        monkeypatch.setattr(time, "time", lambda clock=clock: clock)
        written = made.write(tmp_path / name)
        hashes.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in written])
    assert hashes[0] == hashes[1]


def test_sentence_and_frame(made):
    assert "no record is a real person" in made.sentence()
    assert f"{len(made.truth):,} records" in made.sentence()
    pd.testing.assert_frame_equal(made.to_frame(), made.planted)


@settings(deadline=None, max_examples=40)
@given(
    st.dates(date(1920, 1, 1), date(2024, 3, 31)), st.sampled_from([spec.dates for spec in SPECS.values()])
)
def test_dates_written_are_read_back(day, style):
    days = np.array([day], dtype="datetime64[D]")
    assert decoded(date_texts(days, style)[0], DATE_WORDS[style]) == (day.year, day)
    year = date_texts(days, style, np.array(["year"], dtype=object))[0]
    assert decoded(year, DATE_WORDS[style]) == (day.year, None)
    assert date_texts(np.array(["NaT"], dtype="datetime64[D]"), style)[0] == ""


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.floats(0, 1, exclude_max=True))
def test_a_typing_error_is_one_stroke(number, level):
    """A Latin name stays one stroke away from itself (two where letters change places), a Khmer one too."""
    names = lexicon()
    latin = names.given_latin[number % len(names.given_latin), 0].capitalize()
    khmer = names.given_km[number % len(names.given_km), 0]
    assert jellyfish.damerau_levenshtein_distance(latin, _latin_typo(latin, level)) <= 1
    assert jellyfish.damerau_levenshtein_distance(khmer, _khmer_typo(khmer, level)) == 1


def test_the_smallest_population_has_all_lists():
    made = registry_lists(households=2_000, seed=8)
    assert all(len(frame) > 50 for frame in made.lists.values())


def test_birth_errors_stay_dates():
    """Days of leap years and the ends of months pass through every error."""
    days = np.arange("2000-02-25", "2004-03-05", dtype="datetime64[D]")
    rates = {
        "birth_one_year_off": 0.5,
        "birth_swapped": 0.9,
        "birth_one_day_off": 0.3,
        "birth_impossible": 0.1,
    }
    errors = Errors(rates, lambda kind: np.random.default_rng(len(kind)))
    written, how = birth_texts(days, errors)
    assert not np.isnat(written).any()
    assert (np.abs((written - days).astype(int)) <= 366 + 366).all()
    assert set(how) == {"day", "impossible"}
    swapped = errors.table().query("kind == 'birth_swapped'").row.to_numpy()
    assert swapped.size > 100


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        ({"country": "ZMB"}, "country: got 'ZMB'; allowed: KHM"),
        ({"script": "thai"}, r"script: got 'thai'; allowed: both \| latin \| khmer"),
        ({"households": 10}, "households: got 10; allowed:"),
        ({"seed": -1}, "seed: got -1; allowed: a whole number, 0 or more"),
    ],
)
def test_wrong_arguments(arguments, allowed):
    with pytest.raises(InputError, match=allowed):
        registry_lists(**arguments)
