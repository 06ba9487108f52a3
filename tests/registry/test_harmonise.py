"""One messy list into the vocabulary: the six lists come back as they were made, and nothing is lost."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin import registry
from aspfin.registry import harmonise, privacy
from aspfin.registry.khmer import normalise
from aspfin.registry.mapping import read_mapping
from aspfin.registry.schema import COLUMNS
from aspfin.results import InputError

LISTS = ("idpoor", "cash_transfer", "scholarship", "health_equity_fund", "social_security", "disability")


@pytest.fixture(scope="module")
def made():
    from aspfin.data.registry_lists import registry_lists

    return registry_lists(households=2_000, seed=4)


@pytest.fixture(scope="module")
def harmonised(made):
    return {name: harmonise(made.lists[name], made.mappings[name]) for name in LISTS}


def simple(raw, columns, **rest):
    return harmonise(raw, {"list_id": "a", "programme": "A", "columns": columns, **rest})


@pytest.mark.parametrize("name", LISTS)
def test_rows_reconcile_and_the_vocabulary_is_kept(made, harmonised, name):
    found = harmonised[name]
    told = found.reconciliation.iloc[0]
    assert told.balanced and told.rows_in_file == told.rows_read == len(made.lists[name])
    assert told.records + told.rejected == told.rows_read and told.rejected == 0
    assert list(found.frame)[: len(COLUMNS)] == list(COLUMNS) and found.validation.valid
    assert set(found.frame["record_id"]) == set(made.truth.record_id[made.truth.list_id == name])


@pytest.mark.parametrize("name", LISTS)
def test_records_without_planted_errors_are_the_truth(made, harmonised, name):
    """Where nothing was planted in a column, the harmonised value is the person's own."""
    found = harmonised[name].frame.merge(made.truth, on=["list_id", "record_id"])
    found = found.merge(made.persons, on="person", suffixes=("", "_true"))
    assert len(found) == len(harmonised[name].frame)
    wrong = made.errors[made.errors.list_id == name].groupby("column").record_id.apply(set)
    checked = 0
    for column in ("name_km", "sex", "birth_date", "village_code"):
        clean = ~found["record_id"].isin(wrong.get(column, set()))
        if column == "birth_date":
            got = found.birth_date[clean].dt.strftime("%Y-%m-%d")
            true = pd.to_datetime(found.birth_date_true[clean]).dt.strftime("%Y-%m-%d")
        else:
            got, true = found[column][clean], found[f"{column}_true"][clean].astype("str")
        if column == "name_km":
            true = true.map(normalise)
        assert (got == true).all(), column
        checked += clean.sum()
    assert checked > 2.5 * len(found)


def test_years_are_kept_where_only_the_year_is_known(made, harmonised):
    errors = made.errors
    for kind, name in (("birth_year_only", "health_equity_fund"), ("birth_impossible", "idpoor")):
        hit = errors[(errors.list_id == name) & (errors.kind == kind)].record_id
        frame = harmonised[name].frame.set_index("record_id").loc[hit]
        assert len(frame) > 0
        assert (
            frame.birth_precision.eq("year").all()
            and frame.birth_date.isna().all()
            and frame.birth_year.notna().all()
        )
    log = harmonised["idpoor"].log
    assert (log.kind == "impossible day").sum() == len(hit)


def test_amounts_are_riel(made, harmonised):
    for name, unit in (("cash_transfer", 1), ("scholarship", 1_000), ("health_equity_fund", 4_100)):
        raw = made.lists[name][made.mappings[name]["columns"]["amount"]]
        assert np.allclose(harmonised[name].frame["amount"], raw * unit, equal_nan=True)


def test_every_planted_missing_value_is_missing_and_no_other(made, harmonised):
    for name in LISTS:
        errors = made.errors[made.errors.list_id == name]
        for column in ("name_latin", "sex"):
            lost = set(errors.record_id[(errors.column == column) & errors.kind.str.endswith("_missing")])
            frame = harmonised[name].frame
            assert set(frame.record_id[frame[column].isna()]) == lost


def test_neither_log_nor_words_hold_an_identifier(made, harmonised):
    for name in LISTS:
        found = harmonised[name]
        shown = " ".join(
            [
                str(found),
                found.log.to_csv(),
                found.to_frame().to_csv(),
                found.rejected.to_csv(),
                str(found.validation),
            ]
        )
        assert privacy.find_identifiers(shown, found.frame) == {}


def test_rows_do_not_depend_on_each_other(made):
    raw, rule = made.lists["disability"], made.mappings["disability"]
    whole = harmonise(raw, rule).frame.set_index("record_id").drop(columns="row")
    mixed = (
        harmonise(raw.sample(frac=1, random_state=1), rule).frame.set_index("record_id").drop(columns="row")
    )
    pd.testing.assert_frame_equal(whole.sort_index(), mixed.sort_index())


def test_what_is_harmonised_stays_the_same_when_harmonised_again(harmonised):
    keep = [name for name in COLUMNS if name not in ("list_id", "programme", "birth_year", "birth_month")]
    keep = [name for name in keep if name not in ("birth_precision", "row", "source_file")]
    first = harmonised["cash_transfer"].frame
    dates = {name: {"order": "ymd"} for name in ("birth_date", "payment_date", "registered_on", "updated_on")}
    again = simple(first, {name: name for name in keep}, dates=dates)
    for name in keep:
        pd.testing.assert_series_equal(again.frame[name], first[name])
    assert again.log.row.isna().all() and again.log.kind.str.startswith("dates read").all()


def test_the_six_files_are_read_and_harmonised_as_the_lists_in_memory(made, tmp_path):
    from aspfin.data import lists

    made.write(tmp_path)
    rules = read_mapping(tmp_path / "mapping.yaml")
    assert tuple(rules) == LISTS
    for name, rule in rules.items():
        read = lists.read(tmp_path / rule.file)
        found, direct = harmonise(read, rule), harmonise(made.lists[name], rule)
        told = found.reconciliation.iloc[0]
        assert told.balanced and told.rows_not_read == 0 and found.validation.valid
        assert found.frame["row"].tolist() == read.rows.tolist()
        assert set(found.frame["source_file"]) == {rule.file}
        left = ["row", "source_file"]
        pd.testing.assert_frame_equal(found.frame.drop(columns=left), direct.frame.drop(columns=left))


def test_rows_about_nobody_and_repeated_headings_are_rejected_and_told():
    raw = pd.DataFrame(
        {"Name": ["Sok Dara", "Name", None, " ", "Chan Bo"], "Sex": ["M", "Sex", "F", None, "F"]}
    )
    found = simple(raw, {"name_latin": "Name", "sex": "Sex"})
    assert found.frame.row.tolist() == [2, 6]
    assert found.rejected[["row", "kind"]].to_numpy().tolist() == [
        [3, "heading repeated"],
        *([4, "nothing that tells a person"], [5, "nothing that tells a person"]),
    ]
    assert found.reconciliation.balanced.all() and set(found.log.row.dropna()) <= {2, 6}


def test_record_numbers_become_unique_without_losing_a_row():
    raw = pd.DataFrame({"no": ["1", "1", "1#2", None, "1"], "Name": list("abcde")})
    found = simple(raw, {"record_id": "no", "name_latin": "Name"})
    assert found.frame.record_id.is_unique and len(found.frame) == 5
    assert found.frame.record_id[3] == "row-5" and found.validation.valid
    log = found.log[found.log.column == "record_id"]
    assert log.row[log.kind == "repeated: numbered"].tolist() == [3, 6]
    without = simple(raw, {"name_latin": "Name"})
    assert without.frame.record_id.tolist() == [f"row-{row}" for row in range(2, 7)]


@pytest.mark.parametrize(
    ("column", "raw", "expected", "kind"),
    [
        ("person_id", [396604310.0, None], "396604310", "read as a number: leading zeros may be lost"),
        ("person_id", ["3.96604E+08", "1"], None, "digits lost in a spreadsheet"),
        ("person_id", [1.2e17, 5.0], None, "digits lost in a spreadsheet"),
        ("person_id", ["396604310.0", "1"], "396604310", "number with decimals put right"),
        ("person_id", ["៣៩៦\u200b", "1"], "396", "invisible characters taken out"),
        ("phone", ["+855 12 345 678", "012345678"], "012345678", "written in one form"),
        ("phone", [12345678.0, None], "012345678", "leading 0 put back"),
        ("phone", ["123", "012345678"], None, "not a telephone number"),
        ("sex", ["ស្រី", "M"], "female", None),
        ("sex", ["X", "M"], None, "unknown code"),
        ("village_code", [1010103.0, None], "KH01010103", "leading 0 put back"),
        ("village_code", ["99010103", "01010103"], None, "not a village code"),
        ("village_code", ["010101", "01010103"], None, "not the code of a village: province kept"),
        ("amount", ["៛ 1,250,000", "5"], 1_250_000.0, "thousands put together"),
        ("amount", ["1 234,5", "5"], None, "not an amount"),
        ("amount", [-5.0, 5.0], None, "negative or endless amount"),
        ("name_latin", ["MR. SOK DARA", "Chan Bo"], "Sok Dara", "title taken off"),
        ("name_km", ["លោក សុខ ដារ៉ា", "ចាន់ បូ"], "សុខ ដារ៉ា", "title taken off"),
        ("name_latin", ["123", "Chan Bo"], None, "no letters in a name"),
        ("card_level", ["2.0", "1"], 2, None),
        ("card_level", [7, 1], None, "unknown code"),
        ("registered_on", ["2020", "01/02/2020"], None, "day not known: left out"),
        ("birth_date", ["31/02/1990", "1/1/1990"], None, "impossible day"),
        ("province", ["KH26", "KH01"], None, "unknown code"),
    ],
)
def test_one_value_is_read_or_told(column, raw, expected, kind):
    frame = pd.DataFrame({"who": ["Aa Bb", "Cc Dd"], "x": raw})
    columns = {"household_id": "who", column: "x"}
    found = simple(frame, columns, village={"prefix": "KH"} if column == "village_code" else {})
    value = found.frame[column].iloc[0]
    assert pd.isna(value) if expected is None else value == expected
    told = found.log[(found.log.column == column) & (found.log.row.isna() | (found.log.row == 2))]
    assert (kind in set(told.kind)) if kind else told.row.isna().all()


def test_province_comes_from_the_village_and_a_difference_is_told():
    raw = pd.DataFrame(
        {"n": ["a", "b", "c"], "v": ["KH01010101", None, "KH010203"], "p": ["02", "Siem Reap", "01"]}
    )
    codes = {"province": {"02": "KH02", "01": "KH01", "Siem Reap": "KH17"}}
    found = simple(raw, {"name_latin": "n", "village_code": "v", "province": "p"}, codes=codes)
    assert found.frame.province.tolist() == ["KH01", "KH17", "KH01"]
    assert found.log[found.log.column == "province"].row.tolist() == [2]


def test_names_in_the_wrong_column_are_moved_and_mixed_ones_put_apart():
    raw = pd.DataFrame(
        {
            "km": ["Sok Dara", "សុខ ដារ៉ា (Sok Dara)", None, "Sok Dara"],
            "la": [None, None, "ចាន់ បូ", "Chan Bo"],
        }
    )
    found = simple(raw, {"name_km": "km", "name_latin": "la"})
    assert found.frame.name_km.tolist()[1:3] == ["សុខ ដារ៉ា", "ចាន់ បូ"] and pd.isna(found.frame.name_km[0])
    assert found.frame.name_latin.tolist()[:2] == ["Sok Dara", "Sok Dara"] and pd.isna(
        found.frame.name_latin[2]
    )
    told = found.log.set_index("row").kind
    assert told[2] == told[4] == "in the column of the other script, moved"
    assert told[3] == "both scripts in one name, put apart" and told[5] == "in the wrong script"


def test_everything_done_to_a_column_alike_is_counted(harmonised):
    counted = harmonised["scholarship"].to_frame().set_index(["column", "kind"])["count"]
    rows = len(harmonised["scholarship"].frame)
    assert counted["amount", "thousand riel to riel, times 1000"] == rows
    assert counted["registered_on", "dates read as dmy"] == rows
    assert counted["sex", "codes to the vocabulary"] == harmonised["scholarship"].frame.sex.count()
    lost = counted["sex", "blank, or stated to be nothing: missing"]
    assert lost == harmonised["scholarship"].frame.sex.isna().sum()


def test_given_names_first_are_turned_round():
    found = simple(pd.DataFrame({"n": ["Dara Sok"]}), {"name_latin": "n"}, names={"order": "given_first"})
    assert found.frame.name_latin.tolist() == ["Sok Dara"]


def test_na_is_a_name_unless_the_list_says_otherwise():
    raw = pd.DataFrame({"n": ["Na", "Sok Na"], "p": ["N/A", "012345678"]})
    found = simple(raw, {"name_latin": "n", "phone": "p"}, missing=["n/a"])
    assert found.frame.name_latin.tolist() == ["Na", "Sok Na"] and pd.isna(found.frame.phone[0])
    told = found.log[found.log.column == "phone"]
    assert told[["kind", "count"]].to_numpy().tolist() == [["blank, or stated to be nothing: missing", 1]]


def test_further_columns_are_kept():
    raw = pd.DataFrame({"n": ["a"], "score": [3]})
    assert simple(raw, {"name_latin": "n"}, keep={"poverty_score": "score"}).frame.poverty_score.tolist() == [
        3
    ]


def test_every_problem_of_columns_is_told_at_once_without_values():
    raw = pd.DataFrame([["Sok Dara", "1", "2"]], columns=["Names", "x", "x"])
    with pytest.raises(InputError) as error:
        simple(raw, {"name_latin": "Name", "phone": "x"})
    text = str(error.value)
    assert (
        "mapping of a: columns.name_latin: got 'Name'; allowed: a column of table, once; did you mean 'Names'?"
        in text
    )
    assert "columns.phone: got 'x (2 times)'" in text and "Sok" not in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colums": {}}, "mapping: colums: got 'an unknown field'; allowed: one of list_id, programme"),
        ({"columns": {"sexe": "q"}}, "columns: got 'sexe'; allowed: one of .* (did you mean sex?)"),
        (
            {"columns": {"name_km": "q", "name_latin": "q"}},
            "columns: got 'q'; allowed: each column of the file once",
        ),
        ({"list_id": "A list"}, "list_id: got 'A list'"),
        ({"codes": {"sex": {"1": "woman"}}}, "codes.sex: got 'woman'; allowed: one of female, male"),
        ({"dates": {"birth_date": {"order": "dym"}}}, "dates.birth_date.order: got 'dym'"),
        ({"units": {"amount": {"unit": "usd"}}}, "riel_per_usd: got None; allowed: a rate with unit usd"),
        ({"keep": {"sex": "z"}}, "keep: got 'sex'; allowed: names that are not of the vocabulary"),
        ({"columns": {}}, "columns: got"),
        ({"programme": None}, "programme: got None"),
    ],
)
def test_a_wrong_mapping_is_told_by_field(change, message):
    import re

    rule = {"list_id": "a", "programme": "A", "columns": {"name_latin": "n"}, **change}
    with pytest.raises(InputError, match=re.escape(message).replace(r"\.\*", ".*")):
        harmonise(pd.DataFrame({"n": ["a"]}), rule)


def test_a_mapping_file_tells_file_line_and_field(tmp_path):
    path = tmp_path / "mapping.yaml"
    good = "{list_id: a, programme: A, columns: {name_latin: n}}"
    path.write_text(
        f"lists:\n  - {good}\n  - {good}\n  - {{list_id: b, programme: B, columns: {{nam: n}}}}\n"
    )
    with pytest.raises(InputError) as error:
        read_mapping(path)
    text = str(error.value)
    assert "mapping.yaml, line 3: list_id: got 'a'; allowed: each list once" in text
    assert "mapping.yaml, line 4: columns: got 'nam'" in text
    path.write_text(
        "list_id: a\nprogramme: A\ncolumns: {name_latin: n}\ncodes: {sex: {1: male, 2: female}}\n"
    )
    assert read_mapping(path)["a"].codes["sex"] == {"1": "male", "2": "female"}
    with pytest.raises(InputError, match="file"):
        read_mapping(tmp_path / "nowhere.yaml")


def test_other_data_is_refused():
    with pytest.raises(InputError, match="data: got 'list'; allowed: a DataFrame"):
        harmonise([1], {"list_id": "a", "programme": "A", "columns": {"name_latin": "n"}})


def test_an_empty_list_is_harmonised_to_nothing():
    found = simple(pd.DataFrame({"n": pd.Series([], dtype="str")}), {"name_latin": "n"})
    assert len(found.frame) == 0 and found.reconciliation.balanced.all() and found.validation.valid


cells = st.one_of(
    st.none(), st.text(max_size=8), st.sampled_from(["សុខ", "Sok", "0", "31/02/1990", "KH01", "1e9"])
)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(*[cells] * 8), max_size=6))
def test_whatever_is_in_the_cells_every_row_is_accounted_for(rows):
    names = ["record_id", "name_km", "name_latin", "birth_date", "phone", "amount", "village_code", "sex"]
    raw = pd.DataFrame(rows, columns=names, dtype=object)
    found = simple(raw, {name: name for name in names})
    assert found.reconciliation.balanced.all() and found.validation.valid
    rows_told = sorted([*found.frame.row, *found.rejected.row])
    assert rows_told == list(range(2, len(rows) + 2))


def test_the_list_is_reachable_by_its_public_name():
    assert registry.harmonise is harmonise
