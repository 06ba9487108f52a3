"""The registry report: parameters, own files and made-up ones, words, what is not shown, the page."""

import copy
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from aspfin.data import synthetic
from aspfin.reporting import figures
from aspfin.reporting import registry_view as show
from aspfin.reporting import registry_words as words
from aspfin.reporting.charts_registry import score_grid, time_lines, upset
from aspfin.reporting.parameters import build
from aspfin.reporting.reading import read_file
from aspfin.reporting.registry import analyse
from aspfin.reporting.registry_parts import hide
from aspfin.results import InputError

ROOT = Path(__file__).parents[2]
SECTIONS = {
    "data": {"synthetic": {"households": 2_500, "seed": 3}},
    "lists": [{"list": "idpoor", "label": "IDPoor"}, {"list": "cash_transfer", "one_per_household": True},
              {"list": "health_equity_fund", "label": "health equity fund"}, {"list": "social_security"}],
    "rights": [{"list": "cash_transfer", "because_on": "idpoor", "who": "households listed as poor"}],
    "missed": [{"first": "idpoor", "second": "health_equity_fund"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def made():
    """The six lists behind SECTIONS."""
    return synthetic.registry_lists(households=2_500, seed=3)


@pytest.fixture(scope="module")
def a():
    return analyse(build("registry", SECTIONS))


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    place = tmp_path_factory.mktemp("lists")
    made.write(place)
    return place


@pytest.fixture(scope="module")
def own(folder):
    sections = {**SECTIONS, "data": {"mapping": str(folder / "mapping.yaml")}}
    return analyse(build("registry", sections))


def page(a):
    """Everything the notebook shows, as one text."""
    notebook = json.loads((ROOT / "notebooks" / "reports" / "registry.ipynb").read_text(encoding="utf-8"))
    calls = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    shown = [
        eval(call, {"show": show, "a": a})
        for call in calls
        if call.startswith("show.") and "save" not in call
    ]
    return "\n".join(
        one._repr_html_() if hasattr(one, "_repr_html_") else one._repr_markdown_() for one in shown
    )


# From files to figures


def test_lists_of_ones_own_give_what_the_made_up_ones_give(a, own):
    """The made-up lists are written to files and read back: the same files named by hand give the same figures."""
    for name in ("combinations", "duplicates", "rights", "missed", "over_time", "scores", "first", "files"):
        pd.testing.assert_frame_equal(getattr(a, name), getattr(own, name))
    assert a.known and not own.known and a.fingerprint == own.fingerprint
    assert own.truth.empty and "Is what was found true?" not in page(own)


def test_found_figures_are_near_the_true_ones(a):
    told = a.truth.set_index("measure")
    assert told.loc["people on any list", "found"] == pytest.approx(
        told.loc["people on any list", "true"], rel=0.02
    )
    again = told.loc["records that repeat a person"]
    assert again["found"] == pytest.approx(again["true"], rel=0.1)
    assert told.loc["money on them", "found"] == pytest.approx(told.loc["money on them", "true"], rel=0.1)
    missing = told.loc["on idpoor, not on this list"]
    assert abs(missing["found"] - missing["true"]) <= 0.1 * missing["true"] + 3
    # People neither list could hold are true and cannot be estimated: the estimate is a lower one.
    neither = told[told.index.str.startswith("on neither")]
    assert (neither["found"] < neither["true"]).all()
    # So few records of four lists teach the model less than the report's own do: recall is judged there.
    failed = [check.name for check in a.checks if not check.passed]
    assert set(failed) <= {"recall of the links"}


def test_every_row_of_every_file_is_accounted_for(a, made):
    files = a.files.set_index("list_id")
    for name in files.index:
        assert files.loc[name, "rows_in_file"] == len(made.lists[name])
    assert files["balanced"].all()


def test_priorities_put_money_first_and_add_up(a):
    table = words.priorities(a)
    first = table[table["urgency"] == "money or people mixed up"]
    assert first.index.tolist() == list(range(len(first)))
    assert first["amount"].is_monotonic_decreasing
    again = words.surplus(a)
    assert table.loc[table["what"] == "Repeats a person of the list", "rows"].item() == again["records"]
    assert "same name, birth, sex and village" not in set(table["what"])


# What is not shown


def test_nothing_identifying_is_shown_or_saved(a, made, tmp_path):
    show.save(a, tmp_path)
    texts = [page(a), *(path.read_text(encoding="utf-8-sig") for path in tmp_path.rglob("*.csv"))]
    texts.append((tmp_path / "results.json").read_text(encoding="utf-8"))
    texts += [pd.read_excel(tmp_path / name, sheet_name=None, dtype=str, header=None).__repr__()
              for name in ("tables.xlsx", "work_list.xlsx")]  # fmt: skip
    everything = re.sub(r'src(set)?="data:[^"]*"', "", "\n".join(texts))
    found = set(re.findall(r"\b\d{9,10}\b", everything))
    persons = made.persons
    assert not found & set(persons["person_id"].dropna())
    for name in ("name_latin", "name_km"):
        assert not any(one in everything for one in persons[name].drop_duplicates().head(3_000))
    cards = made.lists["idpoor"].astype(str).to_numpy().ravel()
    long = {one for one in cards if isinstance(one, str) and re.fullmatch(r"[\w-]*\d{6,}[\w-]*", one)}
    assert not any(one in everything for one in long)


def test_no_small_count_is_shown_or_saved(a, tmp_path):
    show.save(a, tmp_path)
    for name, columns in {"combinations": ["units"], "inconsistencies": ["compared", "differ"],
                          "fragmentation_by_pair": ["pairs"], "missing_from_lists": ["missing"],
                          "what_to_fix_first": ["rows"], "repeated_records": ["records"]}.items():  # fmt: skip
        table = pd.read_csv(tmp_path / "tables" / f"{name}.csv")
        for column in columns:
            assert not table[column].between(0.5, 9).any(), (name, column)
    hidden = pd.read_csv(tmp_path / "tables" / "combinations.csv")
    assert (hidden["suppressed"].fillna("") != "").eq(hidden["units"].isna()).all()


def test_hiding_takes_what_would_tell():
    table = pd.DataFrame({"n": [0, 5, 50], "share": [0.0, 0.1, 0.9], "name": list("abc")})
    shown = hide(table, ["n"], ["share"], 10)
    assert shown["n"].tolist()[::2] == [0, 50] and shown.loc[1, ["n", "share"]].isna().all()
    assert table["n"].tolist() == [0, 5, 50]


# Words and page


def test_the_answer_tells_how_bad_what_it_costs_who_is_missing_and_what_to_do(a):
    told = words.sentences(a)
    assert len(told) == 4
    assert "share no number" in told[0] and "riel" in told[1] and "are not on" in told[2]
    assert told[3].startswith("Fix first, without leaving the office: ")
    assert all(len(one) < 420 for one in told)
    assert len(words.cards(a)) == 4
    text = page(a)
    assert text.count("<h1") == 1 and "nan" not in re.sub(r"<[^>]*>", " ", text).lower().split()
    assert not re.search(r'<(script|link|iframe)\b|src="http', text)
    assert all(alt.strip() for alt in re.findall(r'<img[^>]*alt="([^"]*)"', text))


def test_one_list_alone_makes_a_report(folder):
    mapping = yaml.safe_load((folder / "mapping.yaml").read_text(encoding="utf-8"))["lists"]
    alone = next(one for one in mapping if one["list_id"] == "social_security")
    (folder / "alone.yaml").write_text(
        yaml.safe_dump({"lists": [alone]}, allow_unicode=True), encoding="utf-8"
    )
    one = analyse(build("registry", {"data": {"mapping": str(folder / "alone.yaml")}, "unit": "person"}))
    text = page(one)
    assert "on two lists" in words.sentences(one)[0] and "repeat a person" in words.sentences(one)[1]
    assert np.isnan(one.totals["index"]) and "Social security" in text


# Bad input


@pytest.mark.parametrize(("change", "said"), [
    ({"data": {}}, "either mapping or synthetic"),
    ({"data": {"mapping": "none.yaml"}}, "data.mapping: got 'none.yaml'"),
    ({"data": {"synthetic": {"households": 10}}}, "data.synthetic.households: got 10"),
    ({"lists": [{"list": "idpor"}]}, "did you mean 'idpoor'"),
    ({"lists": [{"list": "idpoor"}, {"list": "idpoor"}], "rights": [], "missed": []}, "each list once"),
    ({"rights": [{"list": "cash_transfr", "because_on": "idpoor"}]}, "did you mean 'cash_transfer'"),
    ({"missed": [{"first": "idpoor", "second": "idpoor"}]}, "another list"),
    ({"link": {"cost_false_link": 0}}, "link.cost_false_link: got 0"),
    ({"link": {"memory": "lots"}}, "link.memory: got 'lots'"),
    ({"disclosure": {"minimum_cell": 1}}, "disclosure.minimum_cell: got 1"),
    ({"qualty": {}}, "did you mean 'quality'"),
])  # fmt: skip
def test_what_is_wrong_is_told_by_field_value_and_what_is_allowed(change, said):
    with pytest.raises(InputError) as error:
        build("registry", {**copy.deepcopy(SECTIONS), **change})
    assert said in str(error.value)


def test_a_mapping_without_its_file_or_column_is_told(folder, tmp_path):
    mapping = yaml.safe_load((folder / "mapping.yaml").read_text(encoding="utf-8"))
    (tmp_path / "mapping.yaml").write_text(yaml.safe_dump(mapping, allow_unicode=True), encoding="utf-8")
    with pytest.raises(InputError, match=r"idpoor\.file: got 'idpoor\.csv'; allowed: a file in"):
        build("registry", {"data": {"mapping": str(tmp_path / "mapping.yaml")}})
    one = mapping["lists"][5]
    one["columns"]["phone"] = "Telefono"
    (folder / "wrong.yaml").write_text(yaml.safe_dump({"lists": [one]}, allow_unicode=True), encoding="utf-8")
    with pytest.raises(InputError, match=r"columns\.phone: got 'Telefono'"):
        analyse(build("registry", {"data": {"mapping": str(folder / "wrong.yaml")}}))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "parameters" / "registry").glob("*.yaml")), ids=lambda path: path.stem
)
def test_the_projects_own_parameter_files_are_right(path):
    read_file(path)


# Charts


def test_charts_refuse_what_they_cannot_draw():
    frame = pd.DataFrame({"a": [True], "units": [np.nan]})
    with pytest.raises(ValueError, match="combinations: got no rows"):
        upset(frame, lists={"a": "A"}, sizes={"a": 1}, title="T")
    many = pd.DataFrame({"a": [True] * 20, "units": range(20)})
    with pytest.raises(ValueError, match="20 combinations of 1 lists; allowed: at most 16"):
        upset(many, lists={"a": "A"}, sizes={"a": 1}, title="T")
    with pytest.raises(ValueError, match="lines: got 0"):
        time_lines(pd.DataFrame({"x": [1.0]}), x="x", lines={}, title="T")
    with pytest.raises(ValueError, match="missing: \\['score'\\]"):
        score_grid(pd.DataFrame({"list": ["a"]}), columns={"score": "Score"}, title="T")


def test_charts_tell_their_numbers_and_repeat_to_the_byte():
    frame = pd.DataFrame({"a": [True, True], "b": [True, False], "units": [30, 12]})
    words_ = {"lists": {"a": "A", "b": "B"}, "sizes": {"a": 42, "b": 30}, "title": "T"}
    one, two = figures.upset(frame, **words_), figures.upset(frame.iloc[::-1], **words_)
    assert one.alt == "A + B: 30; only A: 12 people."
    assert one.image == two.image and one.narrow == two.narrow
    grid = figures.score_grid(pd.DataFrame({"list": ["a"], "s": [99.7], "t": [np.nan]}),
                              columns={"s": "S", "t": "T"}, title="T")  # fmt: skip
    assert grid.alt == "a: s 99, t not measured."
