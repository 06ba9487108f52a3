"""Two batches compared: pairs, inputs, figures, and the split of a change by what made it."""

import json

import pytest
from run_folders import PARAMETERS, write_batch, write_case, write_synthesis

from aspfin.batch.differences import UNEXPLAINED, BatchDifference, CaseDifference, FigureChange, compare
from aspfin.batch.differences_text import text
from aspfin.results import InputError, Result

NAMES = ("KH01", "KH02")
LONGER = {**PARAMETERS, "financing": {**PARAMETERS["financing"], "years": 20}}


def figures(fund, unmet=0.02):
    return {"headline": {"fund": fund, "unmet": unmet}}


def other(name, **changes):
    """Parameters of a case with another number of years, and further changes of its identity."""
    return {"parameters": {**LONGER, "area": name}, **changes}


@pytest.fixture
def pair(tmp_path):
    """Make two batches from what each case says: pair({"KH01": {...}}, {"KH01": {...}})."""

    def made(first, second):
        return [
            write_batch(tmp_path / folder, each, **each) for folder, each in (("a", first), ("b", second))
        ]

    return made


def split(difference, figure="fund"):
    table = difference.causes().query("figure == @figure").set_index("cause")
    return table["change"].to_dict()


def test_equal_batches_do_not_differ(pair):
    both = {name: figures(40.0) for name in NAMES}
    difference = compare(*pair(both, both))
    assert all(case.changed == () == case.other_results for case in difference.cases)
    assert split(difference) == {"all": 0.0}
    assert str(difference) == "2 cases are in both. No headline figure changed."
    assert isinstance(difference, Result)
    assert set(difference.to_frame()["cause"]) == {"nothing"}


@pytest.mark.parametrize(
    ("change", "part", "told"),
    [
        ({"data": {"KHM/events.csv": "zz", "households.csv": "bb22"}}, "data", ("KHM/events.csv changed",)),
        ({"data": {"KHM/events.csv": "aa11", "new.csv": "c"}}, "data", ("households.csv removed", "new.csv added")),
        ({"package_hash": "ff"}, "code", ("aspfin changed",)),
        ({"package_hash": "ff", "package_version": "0.2.0"}, "code", ("aspfin 0.1.0 became 0.2.0",)),
        ({"template_hash": "ff"}, "code", ("the notebook changed",)),
        ({"libraries": {"numpy": "2.5.0", "scipy": "1.17"}}, "code",
         ("numpy 2.4.6 became 2.5.0", "pandas 3.1.0 became missing", "scipy missing became 1.17")),
        ({"python": "3.12.1"}, "code", ("Python 3.11.9 became 3.12.1",)),
        (other("KH01"), "parameters", (("financing.years", 10, 20),)),
    ],
)  # fmt: skip
def test_what_changed_alone_is_told_and_made_the_whole_change(pair, change, part, told):
    difference = compare(*pair({"KH01": figures(40.0)}, {"KH01": figures(50.0) | change}))
    case = difference.cases[0]
    assert (case.changed, getattr(case, part)) == ((part,), told)
    assert split(difference) == {"all": 10.0, part: 10.0}
    assert case.figures[0].percent == 25.0


def test_parameters_are_told_by_their_path_in_lists_too(pair):
    more = {**PARAMETERS, "title": "New", "financing": {**PARAMETERS["financing"], "instruments": [
        {"type": "contingency_fund", "limit_usd": 3e6}, {"type": "donor_aid"}]}}  # fmt: skip
    a, b = pair({"KH01": {"parameters": PARAMETERS}}, {"KH01": {"parameters": more}})
    assert compare(a, b).cases[0].parameters == (
        ("title", None, "New"),
        ("financing.instruments[0].limit_usd", 2e6, 3e6),
        ("financing.instruments[1].type", None, "donor_aid"),
    )


def test_several_changes_together_are_not_told_apart(pair):
    changed = {"package_hash": "ff", "data": {}}
    difference = compare(*pair({"KH01": figures(40.0)}, {"KH01": figures(50.0) | other("KH01", **changed)}))
    assert split(difference) == {"all": 10.0, "data, code and parameters together": 10.0}


def test_a_run_in_between_tells_parameters_apart(pair):
    """40 → 43 under today's code with the old parameters → 50: code made 3, parameters 7."""
    asked = []

    def again(run):
        asked.append(run["name"])
        return [{"name": "fund", "label": "Fund", "value": 43.0, "unit": "USD"}]

    first = {name: figures(40.0) for name in ("KH01", "KH02", "KH03")}
    second = {
        "KH01": figures(50.0) | other("KH01", package_hash="ff"),
        "KH02": figures(44.0) | {"package_hash": "ff"},  # one change alone needs no further run
        "KH03": figures(46.0) | {"package_hash": "ff", "data": {}},  # nor can one tell code from data
    }
    difference = compare(*pair(first, second), counterfactual=again)
    assert asked == ["KH01"]
    assert difference.cases[0].figures[0].causes == (("code", 3.0), ("parameters", 7.0))
    parts = split(difference)
    assert parts.pop("all") == pytest.approx((10 + 4 + 6) / 3)
    assert parts == pytest.approx({"code": 7 / 3, "parameters": 7 / 3, "data and code together": 2.0})


def test_parts_add_up_even_where_they_cancel(pair):
    again = lambda run: [{"name": "fund", "label": "Fund", "value": 47.0, "unit": "USD"}]  # noqa: E731
    a, b = pair({"KH01": figures(40.0)}, {"KH01": figures(40.0) | other("KH01", data={})})
    parts = split(compare(a, b, counterfactual=again))
    assert parts == {"all": 0.0, "data": 7.0, "parameters": -7.0}


def test_a_run_in_between_that_fails_leaves_the_change_together(pair):
    a, b = pair({"KH01": figures(40.0)}, {"KH01": figures(50.0) | other("KH01", data={})})
    assert split(compare(a, b, counterfactual=lambda run: None)) == {
        "all": 10.0,
        "data and parameters together": 10.0,
    }


def test_same_inputs_and_other_results_are_called_out(pair):
    difference = compare(
        *pair({name: figures(40.0) for name in NAMES}, {"KH01": figures(40.0), "KH02": figures(41.0)})
    )
    assert [case.name for case in difference.unexplained] == ["KH02"]
    assert difference.unexplained[0].other_results == ("results.json",)
    assert split(difference)[UNEXPLAINED] == 0.5
    assert "!!! SAME INPUTS, OTHER RESULTS" in text(difference)
    assert "Same inputs, other results: KH02." in str(difference)


def test_a_file_that_differs_is_called_out_though_no_headline_figure_moved(pair):
    a, b = pair({"KH01": {}}, {"KH01": {"files": {"tables/layers.csv": "a,b\n1,3\n"}}})
    assert compare(a, b).unexplained[0].other_results == ("tables/layers.csv",)


def test_a_format_made_only_once_is_no_difference(pair):
    a, b = pair({"KH01": {}}, {"KH01": {"files": {"report.pdf": "pdf"}}})
    assert compare(a, b).unexplained == ()


def test_cases_in_one_batch_only_and_failed_ones_are_named(pair):
    failed = {"status": "failed"}
    difference = compare(*pair(
        {"KH01": failed, "KH02": {}, "KH03": {}, "KH04": failed | {"package_hash": "f"}},
        {"KH01": {"package_hash": "f"}, "KH02": failed | {"package_hash": "f"}, "KH04": failed, "KH05": {}, "KH06": {}},
    ))  # fmt: skip
    assert (difference.only_first, difference.only_second) == (("KH03",), ("KH05", "KH06"))
    said = text(difference)
    assert "3 cases are in both; 1 only in the first (KH03); 2 only in the second (KH05, KH06)." in said
    assert "No longer made:\n    KH02: MemoryError: no room" in said
    assert "Made again:\n    KH01: " in said and "Made neither time:\n    KH04: " in said
    assert difference.to_frame().query("case == 'KH01'")["before"].isna().all()
    assert difference.causes().empty  # nothing is known both times


def test_a_failure_from_the_same_inputs_is_called_out(pair):
    difference = compare(*pair({"KH01": {}}, {"KH01": {"status": "failed"}}))
    assert difference.unexplained[0].other_results == ("made, then failed",)


def test_the_text_counts_cases_and_shows_the_largest_changes_first(pair):
    names = [f"KH{k:02}" for k in range(1, 16)]
    first = {name: figures(40e6) for name in names}
    second = {name: figures(40e6 + k * 1e5) | other(name, area=name) for k, name in enumerate(names)}
    second = {
        name: {key: value for key, value in one.items() if key != "area"} for name, one in second.items()
    }
    said = text(compare(*pair(first, second)))
    assert "parameters  financing.years: 10 became 20 (every case)" in said
    assert "Fund (USD): 40 million became 40.7 million (+700,000, +1.75 %)" in said
    assert "        +700,000 from parameters" in said
    largest = said.split("Largest changes:\n")[1].splitlines()
    assert largest[0] == "    KH15, Fund: 40 million became 41.4 million (+1.4 million, +3.5 %); parameters"
    assert len(largest) == 11 and largest[-1] == "    and 4 more"
    assert max(map(len, said.splitlines())) <= 110


def test_a_share_is_told_in_per_cent_and_its_change_in_points():
    one = FigureChange("unmet", "Unmet need", "share", 0.018, 0.0171, (("data", -0.0009),))
    difference = BatchDifference(
        (CaseDifference("KH01", ("a.csv changed",), (), (), ("made", "made"), "", (one,), ()),)
    )
    assert (
        "Unmet need (of 100): 1.8 % became 1.71 % (−0.09 points, −5 %)\n        −0.09 points from data"
        in text(difference)
    )
    assert str(difference).endswith("1.8 % became 1.71 % (−0.09 points, −5 %), −0.09 points from data.")


def test_two_single_reports_are_paired_whatever_their_names(tmp_path):
    write_case(tmp_path / "a", "floods", **figures(40.0))
    write_case(tmp_path / "b", "floods_longer", **figures(50.0), **other("floods"))
    difference = compare(tmp_path / "a", tmp_path / "b")
    assert difference.cases[0].name == "floods_longer"
    assert ("area", "floods", "floods") not in difference.cases[0].parameters
    assert "Fund (USD): 40 became 50 (+10, +25 %)" in text(difference)


def test_the_synthesis_of_a_batch_is_no_case(pair):
    a, b = pair({"KH01": {}}, {"KH01": {}})
    write_synthesis(a)
    difference = compare(a, b)
    assert [case.name for case in difference.cases] == ["KH01"] and difference.only_first == ()


def test_folders_that_cannot_be_compared_are_refused(tmp_path, pair):
    a, _ = pair({"KH01": {}}, {"KH01": {}})
    write_case(tmp_path / "single", "single")
    (tmp_path / "empty").mkdir()
    old = write_case(tmp_path / "old", "old")
    del old["identity"]
    (tmp_path / "old" / "run.json").write_text(json.dumps(old))
    costing = write_case(tmp_path / "costing", "costing") | {"kind": "costing"}
    (tmp_path / "costing" / "run.json").write_text(json.dumps(costing))
    for one, two, told in (
        (a, tmp_path / "single", "a batch and a single report"),
        (a, tmp_path / "empty", "a folder with finished reports"),
        (tmp_path / "single", tmp_path / "old", "run it again"),
        (tmp_path / "single", tmp_path / "costing", "kinds costing, financing"),
    ):
        with pytest.raises(InputError, match=told):
            compare(one, two)
