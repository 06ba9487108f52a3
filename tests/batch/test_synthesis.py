"""The report on all cases of a batch: ranges, sureness, warnings, what is hidden, what failed."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from made_up import case, check, coverage, curve, estimate

from aspfin.batch import synthesis_view as show
from aspfin.batch import synthesis_words as words
from aspfin.batch.synthesis import KIND, analyse, build
from aspfin.evaluation import adjust_p_values, partial_pooling
from aspfin.reporting.parameters import KINDS
from aspfin.results import InputError

PARTS = ("compare", "ends", "pooled", "flags", "hidden", "failed", "inputs")


def analysed(folder):
    return analyse(build({"title": "Floods & more", "batch": str(folder)}))


def shown(a):
    """Everything the notebook shows, as text."""
    parts = [show.first_screen(a), show.one_picture(a), show.panels(a), show.spread_strips(a)]
    parts += [show.spread_table(a), show.ends_table(a), show.pooled_table(a), show.pooled_method(a)]
    parts += [show.flags_table(a), show.hidden_table(a), show.failed_table(a), show.checks(a), show.inputs(a)]
    parts += [show.takeaway(a, name) for name in PARTS]
    return "\n".join(one._repr_html_() for one in parts)


@pytest.fixture
def floods(tmp_path):
    for number, name in enumerate(["KH01", "KH02", "KH03", "KH04", "KH05"], start=1):
        case(
            tmp_path, name, {"need": 1e6 * number, "dry": 0.1},
            unverified=[{"name": "rate", "value": number, "status": "assumed"}, {"name": "cap", "value": 2}],
            checks=[check("mass balance", name != "KH02")],
        )  # fmt: skip
    case(tmp_path, "KH06", failure={"cell": "cell 3", "error": "ValueError: <no rows>"})
    return tmp_path


def test_ranges_across_cases_come_first(floods):
    a = analysed(floods)
    first, _ = words.sentences(a)[0], words.cards(a)
    assert first == (
        "Mean need: from US$ 1 million (KH01) to US$ 5 million (KH05); the middle half of the 5 cases lies "
        "between US$ 2 million and US$ 4 million."
    )
    row = a.spread.iloc[0]
    assert (row["lowest"], row["median"], row["highest"], row["cases"]) == (1e6, 3e6, 5e6, 5)
    assert "The same in every report: runs dry: 10 %." in words.finding(a, "compare")


def test_cases_that_share_the_lowest_place_are_counted_not_picked(tmp_path):
    for name, need in {"KH01": 0.0, "KH02": 3e6, "KH03": 0.0}.items():
        case(tmp_path, name, {"need": need})
    a = analysed(tmp_path)
    assert words.finding(a, "ends")[0] == "Mean need: highest for KH02, lowest for 2 cases."
    cells = re.findall(r"<t[hd][^>]*>(KH0\d|\d)</t", show.ends_table(a)._repr_html_())
    assert cells == ["KH02", "1", "KH01", "2", "KH03", "2"]


def test_reports_not_asked_for_yet_are_counted(floods):
    a = analyse(build({"title": "Floods", "batch": str(floods), "cases": 25}))
    assert words.cards(a)[0] == ("Reports", "5 of 25", "1 could not be made, 19 not asked for yet")
    assert "19 of 25 reports have not been asked for yet" in words.sentences(a)[-1]
    (whole,) = [one for one in a.checks if one.name == "all made"]
    assert whole.passed is False and whole.text == "20 of 25 were not"


def test_what_failed_is_flagged_or_unverified_is_told(floods):
    a = analysed(floods)
    assert words.sentences(a)[-1] == (
        "1 of 6 reports could not be made; 1 of 5 reports carries a warning; every report uses inputs that nobody "
        "has verified."
    )
    page = shown(a)
    assert "cell 3: ValueError: &lt;no rows&gt;" in page
    assert "fails another check, told in the report" in page
    assert a.inputs["name"].tolist() == ["rate", "cap"]
    assert a.inputs["value"].tolist() == ["differs", 2]
    assert a.inputs["cases"].tolist() == [5, 5]
    assert [one.passed for one in a.checks if one.name == "all made"] == [False]


def test_estimates_are_pooled_and_adjusted_as_by_the_package(tmp_path):
    values, errors = [30.0, 2.0, -1.0, 6.0, 9.0], [5.0, 4.0, 6.0, 3.0, 5.0]
    for number, (value, error) in enumerate(zip(values, errors, strict=True)):
        case(
            tmp_path,
            f"KH0{number}",
            {},
            kind="evaluation",
            estimates=[estimate(value, error)],
            data_hash=None,
        )
    a = analysed(tmp_path)
    known = partial_pooling(values, errors)
    assert a.compared.table["pooled"].to_numpy() == pytest.approx(known.table["pooled"].to_numpy())
    p = a.compared.table["p_value"].tolist()
    assert a.compared.table["holm"].tolist() == adjust_p_values(p, method="holm")["adjusted_p_value"].tolist()
    assert f"the mean over 5 cases is {known.mean:.3g} (95 % interval" in " ".join(words.sentences(a))
    assert "by themselves" in " ".join(words.sentences(a))
    page = shown(a)
    assert "Mean of all" in page
    assert "Drawn to the mean" in page


def test_a_hidden_case_moves_no_pooled_figure(tmp_path):
    for number, n in enumerate([4, 80, 300, 200, 150, 90]):
        coverage(tmp_path, f"KH0{number}", n, value=0.2 + number / 50)
    a = analysed(tmp_path)
    assert a.safe.withheld == ("KH00", "KH01")
    assert set(a.compared.pooled.table["name"]) == {"KH02", "KH03", "KH04", "KH05"}
    page = shown(a)
    hidden = show.hidden_table(a)._repr_html_()
    assert re.findall(r"KH0\d", hidden) == ["KH00", "KH01"] and "Figures hidden here" in page
    assert "small" not in hidden and "complementary" not in hidden  # not which of the two protects the other
    assert a.spread["cases"].tolist() == [4]
    show.save(a, tmp_path / "synthesis")
    written = (tmp_path / "synthesis" / "tables" / "cases.csv").read_text()
    assert "0.22" not in written
    assert "0.24" in written
    assert [one.passed for one in a.checks if one.name == "disclosure"] == [True]


def test_saved_like_any_other_report_and_equal_for_equal_batches(floods):
    first = analysed(floods)
    show.save(first, floods / "synthesis")
    files = {f: f.read_bytes() for f in sorted((floods / "synthesis").rglob("*")) if f.is_file()}
    results = json.loads((floods / "synthesis" / "results.json").read_text())
    assert [one["value"] for one in results["headline"][:3]] == [5.0, 1.0, 1.0]
    assert {one["name"] for one in results["tables"]} == {"cases", "spread", "unverified_inputs"}
    case(floods, "synthesis2", {"need": 9e9}, kind="synthesis")  # a synthesis is no case
    again = analysed(floods)
    show.save(again, floods / "synthesis")
    assert {f: f.read_bytes() for f in files} == files
    assert str(floods) not in "".join(f.read_text(errors="ignore") for f in files)


def test_curves_tell_how_sure_the_ranking_is(tmp_path):
    for name, top in {"KH01": 1e6, "KH02": 9e6, "KH03": 8e6}.items():
        frame = curve(top).rename(columns={"need": "need_usd"})
        frame = frame.assign(need_low_usd=frame["need_usd"] / 2, need_high_usd=frame["need_usd"] * 2)
        case(tmp_path, name, {"need": top}, tables={"need_by_return_period": frame})
    told = words.finding(analysed(tmp_path), "ends")[1]
    assert (
        "Once in 50 years, the ranges of 1 of the 2 other cases reach into that of the highest, KH02" in told
    )


def test_nothing_made_nothing_claimed(tmp_path):
    case(tmp_path, "a", failure={"error": "no"})
    case(tmp_path, "b", failure={"error": "no"})
    a = analysed(tmp_path)
    assert words.sentences(a) == ["None of the 2 reports could be made: there is nothing to compare."]
    assert "no" in shown(a)


def test_two_hundred_cases(tmp_path):
    for number in range(200):
        case(tmp_path, f"c{number:03d}", {"need": 1e6 + number}, varied={"n": number},
             estimates=[estimate(float(np.sin(number)), 0.5)], data_hash=None)  # fmt: skip
    a = analysed(tmp_path)
    page = shown(a)
    assert "The 5 highest and the 5 lowest" in page
    assert len(page) < 3_000_000


def test_a_batch_that_is_none_is_refused(tmp_path):
    with pytest.raises(InputError, match="a folder with reports of a batch"):
        build({"batch": str(tmp_path)})
    with pytest.raises(InputError, match="did you mean 'batch'"):
        build({"bach": "x"})


def test_it_is_no_kind_of_parameter_file():
    assert KIND.name not in KINDS
    assert (Path(__file__).parents[2] / "notebooks" / "reports" / KIND.template).is_file()


def test_where_chance_explains_all_no_order_is_claimed(tmp_path):
    for number, value in enumerate([5.0, 5.2, 4.9]):
        figures = [
            {"name": name, "label": name, "value": value + off, "unit": "score"}
            for name, off in (("effect", 0.0), ("effect_low", -4.0), ("effect_high", 4.0))
        ]
        case(tmp_path, f"KH0{number}", kind="evaluation", headline=figures, estimates=[estimate(value, 2.0)])
    a = analysed(tmp_path)
    assert a.compared.pooled.tau_squared == 0
    assert "their order says nothing" in words.finding(a, "ends")[-1]
    assert "the cases differ no more than chance lets them" in show.one_picture(a).title
    assert [column["name"] for column in a.columns] == ["effect"]


def test_an_estimate_that_is_the_same_in_all_gives_way_to_one_that_differs(tmp_path):
    for number in range(3):
        both = [estimate(5.0, 2.0), estimate(float(number), 2.0, name="effect_on_school")]
        case(tmp_path, f"a{number}", {}, kind="evaluation", varied={"x": number}, estimates=both)
    assert analysed(tmp_path).compared.name == "effect_on_school"
