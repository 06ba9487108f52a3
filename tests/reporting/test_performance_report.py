"""The parameters, data, analysis, words, tables and disclosure control of the performance report."""

import copy
import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aspfin.reporting import performance_view as show
from aspfin.reporting import performance_words as words
from aspfin.reporting.parameters import build
from aspfin.reporting.performance import analyse
from aspfin.reporting.performance_checks import disclosure_check
from aspfin.reporting.performance_disclosure import VALUES, hide, safe_curve
from aspfin.reporting.performance_measures import EVERYONE, MONEY_MEASURES, QUANTILE
from aspfin.reporting.performance_parts import GRID
from aspfin.reporting.reading import read_file
from aspfin.results import InputError

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "parameters" / "performance" / "example_survey.csv"
GOLDEN = yaml.safe_load((ROOT / "tests" / "golden" / "indicators_survey.yaml").read_text(encoding="utf-8"))[
    "values"
]
SECTIONS = {
    "data": {"path": str(EXAMPLE)},
    "weights": "weight",
    "household_size": "hhsize",
    "strata": "stratum",
    "psu": "psu",
    "welfare": "post_pc_day",
    "programmes": [{"column": "transfer_month", "label": "cash transfer", "category": "sa_ct"}],
    "poverty_line": {"value": 10_951},
    "by": ["urban"],
    "labels": [{"column": "urban", "label": "area", "codes": {"0": "rural", "1": "urban"}}],
}
MADE_UP = {
    "data": {"synthetic": {"households": 20_000, "villages": 110, "households_per_village": 8, "seed": 5,
                           "rules_on": "2023-12-15"}},
    "household_size": "members", "strata": "stratum", "psu": "psu",
    "welfare": "consumption", "welfare_is": "before_transfers",
    "programmes": [
        {"column": "covid_cash_transfer", "category": "sa_ct"},
        {"column": "maternity_and_early_childhood_cash", "category": "sa_cc", "payments_per_year": 12},
    ],
    "poverty_line": {"value": 10_951}, "by": ["area"], "quantiles": 10,
    "administrative": [{"programme": "covid_cash_transfer", "count": 705_487, "unit": "households",
                        "date": "2023-03-25", "source": "press"}],
}  # fmt: skip


def changed(sections=SECTIONS, **values):
    return {**copy.deepcopy(sections), **values}


def from_frame(folder, frame, **values):
    path = folder / "survey.csv"
    frame.to_csv(path, index=False)
    return analyse(build("performance", changed(data={"path": str(path)}, **values)))


def page(a):
    """Everything the notebook shows, as one text."""
    notebook = json.loads((ROOT / "notebooks" / "reports" / "performance.ipynb").read_text(encoding="utf-8"))
    calls = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    shown = [
        eval(call, {"show": show, "a": a})
        for call in calls
        if call.startswith("show.") and "save" not in call
    ]
    return "\n".join(
        one._repr_html_() if hasattr(one, "_repr_html_") else one._repr_markdown_() for one in shown
    )


@pytest.fixture(scope="module")
def survey():
    return pd.read_csv(EXAMPLE)


@pytest.fixture(scope="module")
def own():
    return analyse(build("performance", SECTIONS))


@pytest.fixture(scope="module")
def made_up():
    return analyse(build("performance", MADE_UP))


# Numbers


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("coverage", lambda a: a.figure("coverage")),
        ("adequacy_all", lambda a: a.figure("adequacy")),
        ("avg_transfer_pc_day", lambda a: a.figure("average_transfer")),
        ("fgt0_pre_pc_day", lambda a: a.figure("headcount_before")),
        ("fgt0_post_pc_day", lambda a: a.figure("headcount_after")),
        ("fgt1_pre_pc_day", lambda a: a.figure("gap_before")),
        ("fgt1_post_pc_day", lambda a: a.figure("gap_after")),
        ("fgt0_post_rural", lambda a: a.figure("headcount_after", "urban", "rural")),
        ("fgt0_post_urban", lambda a: a.figure("headcount_after", "urban", "urban")),
        ("exclusion_error", lambda a: a.error("exclusion_error")),
        ("inclusion_error", lambda a: a.error("inclusion_error")),
        ("coverage_poor", lambda a: a.figure("coverage", "meant for", "eligible")),
    ],
)
def test_the_report_on_the_example_survey_gives_the_answers_of_r(own, name, of):
    estimate, error = GOLDEN[name]
    found = of(own)
    # 1e-5: welfare before transfers is welfare after less the transfer, and the file rounds both.
    assert found["estimate"] == pytest.approx(estimate, rel=1e-5)
    assert found["std_error"] == pytest.approx(error, rel=1e-5)


def test_falls_of_poverty_are_those_of_r(own):
    for name, measure in (("headcount_reduction_pct", "headcount_fall"), ("gap_reduction_pct", "gap_fall")):
        estimate, error = GOLDEN[name]
        found = own.figure(measure)
        assert 100 * found["estimate"] == pytest.approx(estimate, rel=1e-5)
        assert 100 * found["std_error"] == pytest.approx(error, rel=1e-5)
        assert found["poverty_line"] == 10_951


def test_beneficiary_incidence_is_coverage_times_the_share_of_people(own):
    people, covered = own.rows("beneficiary_incidence", "urban"), own.rows("coverage", "urban")
    frame = pd.read_csv(EXAMPLE)
    weights = frame["weight"] * frame["hhsize"]
    share = [weights[frame["urban"] == code].sum() / weights.sum() for code in (0, 1)]
    expected = covered["estimate"].to_numpy(float) * share / own.figure("coverage")["estimate"]
    np.testing.assert_allclose(people["estimate"].to_numpy(float), expected, rtol=1e-12)


def test_row_order_and_the_scale_of_weights_change_nothing(survey, own, tmp_path):
    mixed = survey.sample(frac=1, random_state=3).assign(weight=lambda f: f["weight"] * 1000)
    other = from_frame(tmp_path, mixed)
    same = ["estimate", "std_error", "ci_low", "ci_high"]
    np.testing.assert_allclose(
        other.figures[same].astype(float), own.figures[same].astype(float), rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(
        other.errors[same].astype(float), own.errors[same].astype(float), rtol=1e-9, atol=1e-12
    )


def test_rows_that_are_persons_give_what_households_give(survey, own, tmp_path):
    persons = survey.loc[survey.index.repeat(survey["hhsize"])].reset_index(drop=True)
    persons["each"] = persons["transfer_month"] / persons["hhsize"]
    programmes = [{"column": "each", "label": "cash transfer", "unit": "per person and month"}]
    other = from_frame(tmp_path, persons, household_size=None, programmes=programmes)
    for measure in ("coverage", "adequacy", "average_transfer", "headcount_after", "benefit_cost"):
        one, two = own.figure(measure), other.figure(measure)
        assert two["estimate"] == pytest.approx(one["estimate"], rel=1e-12)
        assert two["std_error"] == pytest.approx(one["std_error"], rel=1e-9)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("per household and year", 12), ("per household and day", 12 / 365), ("per household and month", 1)],
)
def test_units_of_amounts_are_brought_to_persons_and_days(survey, own, tmp_path, unit, factor):
    frame = survey.assign(transfer_month=survey["transfer_month"] * factor)
    programmes = [{"column": "transfer_month", "label": "cash transfer", "unit": unit}]
    other = from_frame(tmp_path, frame, programmes=programmes)
    expected = own.figure("average_transfer")["estimate"]
    assert other.figure("average_transfer")["estimate"] == pytest.approx(expected, rel=1e-12)


def test_welfare_before_transfers_may_be_what_the_file_holds(survey, own, tmp_path):
    frame = survey.assign(
        before=survey["post_pc_day"] - survey["transfer_month"] / survey["hhsize"] / (365 / 12)
    )
    other = from_frame(tmp_path, frame, welfare="before", welfare_is="before_transfers")
    for measure in ("headcount_before", "headcount_after", "gini_fall", "adequacy"):
        assert other.figure(measure)["estimate"] == pytest.approx(own.figure(measure)["estimate"], rel=1e-9)


# What is not shown


def test_what_few_households_receive_is_hidden_and_cannot_be_worked_out(own, survey):
    money = own.rows("benefit_incidence", QUANTILE)
    hidden = (money["hidden"] != "").tolist()
    assert sum(hidden) >= 2
    for measure in MONEY_MEASURES:
        rows = own.rows(measure, QUANTILE)
        assert (rows.loc[rows["hidden"] != "", VALUES].isna()).all(axis=None)
        if len(rows):  # effects are told of everybody, not of fifths
            assert (rows["hidden"] != "").tolist() == hidden
    # Nor can the curve tell it: every boundary it shows leaves none or several hidden groups on either side.
    curve = own.curves[own.curves["programme"] == "cash transfer"]
    for boundary in (1, 2, 3, 4):
        if np.isclose(curve["p"], boundary / 5).any():
            assert sum(hidden[:boundary]) != 1 and sum(hidden[boundary:]) != 1
    coded = own.official[own.official["indicator"].isin(["ben", "avt", "adq"])]
    assert coded.loc[coded["hidden"] != "", "estimate"].isna().all()
    assert (
        coded.loc[coded["n_beneficiaries"].notna() & (coded["n_beneficiaries"] > 0), "n_beneficiaries"] >= 10
    ).all()


def test_no_household_and_no_small_count_is_in_what_is_saved(own, survey, tmp_path):
    show.save(own, tmp_path)
    for path in (tmp_path / "tables").glob("*.csv"):
        table = pd.read_csv(path)
        assert "hhid" not in table.columns and len(table) < 400
        for name in {"n", "rows", "received", "n_beneficiaries"} & set(table.columns):
            assert not table[name].between(1, 9).any(), (path.name, name)
    text = json.dumps(json.loads((tmp_path / "results.json").read_text(encoding="utf-8")))
    assert "hhid" not in text and "NaN" not in text


@given(st.lists(st.integers(0, 60), min_size=5, max_size=5), st.sampled_from([5, 10, 20]))
@settings(max_examples=150, deadline=None)
def test_no_sum_of_what_is_shown_gives_a_small_group_away(received, minimum):
    """Groups, their total and the curve together: every hidden group shares each known sum with another."""
    figures = figures_of(received)
    safe = hide(figures, minimum)
    money = safe[(safe["measure"] == "benefit_incidence") & (safe["by"] == QUANTILE)]
    hidden = (money["hidden"] != "").tolist()
    small = [0 < one < minimum for one in received]
    assert all(gone for gone, few in zip(hidden, small, strict=True) if few)
    if sum(received) < minimum:
        return
    assert sum(hidden) != 1
    reached = np.interp(GRID, np.arange(6) / 5, np.cumsum([0, *received]))
    kept = safe_curve(GRID, np.round(reached), hidden, minimum)
    bounds = sorted({round(5 * p) for p in GRID[kept] if np.isclose(5 * p, round(5 * p))})
    for low, high in pairwise(bounds):
        assert sum(hidden[low:high]) != 1


def figures_of(received):
    """Figures of one programme whose welfare groups have so many recipients among 100 rows each."""
    groups = [(str(i), 100, one) for i, one in zip(("a", "b", "c", "d", "e"), received, strict=True)]
    rows = [("", EVERYONE, 500, sum(received)), *((QUANTILE, *one) for one in groups)]
    return pd.DataFrame(
        [
            {"measure": measure, "programme": "p", "by": by, "group": group, "n": got if by else rows_,
             "rows": rows_, "received": got, **dict.fromkeys(VALUES, 0.5)}
            for measure in ("average_transfer", "benefit_incidence")
            for by, group, rows_, got in rows
            if by or measure == "average_transfer"
        ]
    )  # fmt: skip


def test_tenths_are_hidden_by_fifths():
    received = [40, 40, 30, 30, 20, 20, 30, 4, 50, 50]
    rows = [
        ("", EVERYONE, 1000, sum(received)),
        *((QUANTILE, str(i + 1), 100, n) for i, n in enumerate(received)),
    ]
    figures = pd.DataFrame(rows, columns=["by", "group", "rows", "received"]).assign(
        measure="average_transfer", programme="p", n=100, **dict.fromkeys(VALUES, 1.0)
    )
    safe = hide(figures, 10).set_index("group")["hidden"]
    assert safe[safe != ""].to_dict() == {"7": "complementary", "8": "small"}


@pytest.fixture(scope="module")
def rare(survey, tmp_path_factory):
    """Two programmes, one of which three households receive."""
    frame = survey.assign(school=np.where(np.arange(480) % 160 == 7, 5_000, 0))
    programmes = [
        {"column": "transfer_month", "label": "cash transfer", "category": "sa_ct"},
        {"column": "school", "label": "scholarship", "category": "sa_cc"},
    ]
    return from_frame(tmp_path_factory.mktemp("rare"), frame, programmes=programmes)


def test_a_programme_that_few_receive_shows_nothing_anywhere(rare, tmp_path):
    for name in ("scholarship", "cash transfer"):  # the other, since all less the other would tell it
        for table in (rare.figures, rare.errors, rare.official):
            assert table.loc[table["programme"] == name, "estimate"].isna().all()
        assert rare.people.loc[rare.people["programme"] == name, "persons"].isna().all()
        assert name not in set(rare.curves["programme"])
    assert set(rare.official.loc[rare.official["estimate"].notna(), "category"]) <= {"sa_allsa", "allsp"}
    assert words.known(rare.figure("coverage")["estimate"])
    text = page(rare)
    assert "scholarship 0" not in text and "()" not in text
    show.save(rare, tmp_path)
    for path in (tmp_path / "tables").glob("*.csv"):
        table = pd.read_csv(path)
        if {"programme", "estimate"} <= set(table.columns):
            assert table.loc[table["programme"] == "scholarship", "estimate"].isna().all(), path.name


def test_poverty_with_the_transfers_does_not_tell_what_few_receive(survey, tmp_path):
    few = survey["urban"].eq(0) | (survey["urban"].eq(1) & (survey.groupby("urban").cumcount() < 3))
    cash = np.where(few & (survey["urban"].eq(1) | survey["transfer_month"].gt(0)), 8_000, 0)
    a = from_frame(tmp_path, survey.assign(transfer_month=cash))
    for measure in ("headcount_after", "gap_after", "gini_after"):
        assert a.rows(measure, "urban")["estimate"].isna().all()
    assert a.rows("gap_before", "urban")["estimate"].notna().all()
    assert page(a)


def test_the_disclosure_check_fails_when_what_few_receive_is_shown(rare):
    figures = rare.figures.assign(hidden="", estimate=0.5, rows=100, received=50)
    assert disclosure_check(figures, figures, rare.official, 10).passed
    few = figures["programme"].eq("scholarship")
    told = figures.assign(received=np.where(few, 3, 50))
    assert disclosure_check(figures, told, rare.official, 10).passed is False
    group = figures["measure"].eq("average_transfer") & figures["group"].eq("poorest")
    told = figures.assign(received=np.where(group, 3, 50))
    assert disclosure_check(figures, told, rare.official, 10).passed is False


# Bad input


def problems(sections):
    with pytest.raises(InputError) as error:
        build("performance", sections, file="case.yaml")
    return [(one.field, str(one)) for one in error.value.problems]


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"weights": "wieght"}, "weights", "did you mean 'weight'"),
        ({"welfare": "post"}, "welfare", "one of"),
        ({"by": ["urbn"]}, "by[0]", "did you mean 'urban'"),
        ({"by": ["urban", "urban"]}, "by[1]", "once"),
        ({"by": ["hhid"]}, "by[0]", "at most 60 groups"),
        ({"programmes": []}, "programmes", "1 to 12"),
        ({"programmes": [{"column": "transfer"}]}, "programmes[0].column", "transfer_month"),
        ({"programmes": [{"column": "transfer_month"}] * 2}, "programmes[1].column", "once"),
        ({"programmes": [{"column": "transfer_month", "category": "sa_cx"}]}, "programmes[0].category", "sa_ct"),
        ({"programmes": [{"column": "transfer_month", "unit": "monthly"}]}, "programmes[0].unit", "per household"),
        ({"programmes": [{"column": "transfer_month", "payments_per_year": 12}]},
         "programmes[0].payments_per_year", "left out"),
        ({"household_size": None}, "programmes[0].unit", "per person"),
        ({"poverty_line": {"value": 0}}, "poverty_line.value", "above 0"),
        ({"poverty_line": {}}, "poverty_line.value", "a number"),
        ({"data": {"path": "nowhere.csv"}}, "data.path", "existing file"),
        ({"data": {}}, "data", "either path or synthetic"),
        ({"quantiles": 7}, "quantiles", "5, 10"),
        ({"disclosure": {"minimum_cell": 1}}, "disclosure.minimum_cell", "from 2"),
        ({"eligible": "hhsize"}, "eligible", "0 or 1"),
        ({"weights": "WEIGHT"}, "weights", "did you mean 'weight'"),
        ({"household_id": "psu"}, "household_id", "each household once"),
        ({"household_id": "hhid", "household_size": None}, "household_id", "a row of the data is a person"),
        ({"administrative": [{"programme": "x", "count": 3, "date": "2020", "source": "s"}]},
         "administrative[0].programme", "transfer_month"),
        ({"titel": "x"}, "titel", "did you mean 'title'"),
    ],
)  # fmt: skip
def test_a_parameter_file_that_is_wrong_says_where(values, field, said):
    found = problems(changed(**values))
    assert any(place == field and said in text for place, text in found), found
    assert all("\n" not in text for _, text in found)


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"weight": 0}, "weights", "0 in 480"),
        ({"weight": lambda f: f["weight"].astype(object).where(f.index != 3, "about 300")}, "weights",
         "text 'about 300' in 1 of 480 rows, first data row 4"),
        ({"weight": lambda f: f["weight"].where(f.index != 3, -5)}, "weights", "first data row 4"),
        ({"post_pc_day": lambda f: f["post_pc_day"].where(f.index != 2, -100)}, "welfare",
         "-100 in 1 of 480 rows, first data row 3"),
        ({"urban": np.nan}, "by[0]", "no label in any row of column 'urban'"),
        ({"weight": "x kg"}, "weights", "text"),
        ({"transfer_month": -5}, "programmes[0].column", "0 or more"),
        ({"transfer_month": "lots"}, "programmes[0].column", "numbers"),
        ({"transfer_month": np.nan}, "programmes[0].column", "nothing_received"),
        ({"transfer_month": 1e9}, "welfare", "programmes[0].unit per household and month"),
        ({"hhsize": 0}, "household_size", "at least one person"),
        ({"post_pc_day": np.nan}, "welfare", "rows with welfare"),
        ({"stratum": [f"S{i}" for i in range(480)]}, "strata", "certainty"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_used_are_refused_before_a_notebook_runs(survey, tmp_path, change, field, said):
    survey.assign(**change).to_csv(tmp_path / "survey.csv", index=False)
    found = problems(changed(data={"path": str(tmp_path / "survey.csv")}))
    assert any(place == field and said in text for place, text in found), found


def test_a_synthetic_case_names_what_the_pack_cannot_give():
    wrong = changed(
        MADE_UP, programmes=[{"column": "school_feeding"}, {"column": "covid_cash"}], by=["distrct"]
    )
    found = dict(problems(wrong))
    assert "cannot be told" in found["programmes[0].column"]
    assert "covid_cash_transfer" in found["programmes[1].column"]
    assert "by[0]" in found
    wrong = changed(MADE_UP, programmes=[{"column": "maternity_and_early_childhood_cash"}])
    assert "pays by event" in dict(problems(wrong))["programmes[0].payments_per_year"]


# Odd surveys


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ({"transfer_month": 0}, {}),
        ({"urban": np.where(np.arange(480) % 7, 1.0, np.nan)}, {}),
        ({"post_pc_day": lambda f: f["post_pc_day"].where(f.index % 9 > 0)}, {}),
        ({}, {"poverty_line": {"value": 1}}),
        ({}, {"poverty_line": {"value": 1e9}}),
        ({}, {"eligible": "eligible", "quantiles": 10}),
        ({}, {"strata": None, "psu": None, "by": []}),
        ({}, {"disclosure": {"minimum_cell": 400}}),
    ],
)
def test_odd_surveys_make_a_whole_page(survey, tmp_path, change, values):
    a = from_frame(tmp_path, survey.assign(**change), **values)
    text = page(a)
    assert not re.search(r"[\s>(]nan[\s<%),]", text)
    assert all(sentence.endswith(".") for sentence in words.sentences(a))
    show.save(a, tmp_path / "out")


def test_names_from_a_file_never_become_markup_or_formulas(survey, tmp_path):
    frame = survey.rename(columns={"transfer_month": "=1+1"}).assign(urban="<img src=x>")
    programmes = [{"column": "=1+1", "label": "<b>cash</b> + food"}]
    a = from_frame(tmp_path, frame, programmes=programmes, labels=[], title="<script>alert(1)</script>")
    text = page(a)
    assert "<script" not in text and "<b>cash" not in text and "<img src=x" not in text
    show.save(a, tmp_path / "out")
    for path in (tmp_path / "out" / "tables").glob("*.csv"):
        assert not re.search(r"(?m)(^|,)=", path.read_text(encoding="utf-8"))


# What a reader must mind


def failed(a):
    return {check.name: check.text for check in a.checks if check.passed is False}


@pytest.mark.parametrize(
    ("change", "values", "check", "said"),
    [
        ({"post_pc_day": lambda f: f["post_pc_day"] * 365 / 12}, {}, "line fits welfare",
         ["welfare_unit (per person and day)", "poverty_line.period (day)"]),
        ({}, {"poverty_line": {"value": 1}}, "line fits welfare", ["nobody is poor"]),
        ({}, {"poverty_line": {"value": 1e9}}, "line fits welfare", ["everybody is poor"]),
        ({"transfer_month": lambda f: f["transfer_month"] / 1000}, {}, "amounts fit welfare",
         ["programmes[0].unit (per household and month)"]),
        ({"post_pc_day": lambda f: f["post_pc_day"].where(f.index % 2 > 0)}, {}, "welfare known", ["50 %"]),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_told_on_the_first_screen(survey, tmp_path, change, values, check, said):
    a = from_frame(tmp_path, survey.assign(**change), **values)
    text = failed(a)[check]
    assert all(one in text for one in said), text
    assert f"Mind: {text}." in str(show.first_screen(a))


def test_rows_without_a_label_are_a_group_and_are_counted(survey, tmp_path):
    frame = survey.assign(urban=survey["urban"].where(survey.index % 4 > 0))
    a = from_frame(tmp_path, frame)
    rows = a.rows("beneficiary_incidence", "urban")
    assert rows["group"].tolist() == ["rural", "urban", "not known"]
    assert rows["estimate"].sum() == pytest.approx(1, abs=1e-12)
    assert "120 of 480 rows have no urban" in failed(a)["urban known"]
    assert "Rows used without urban" in page(a)


def test_nobody_eligible_is_told_before_the_report_is_made(survey, tmp_path):
    survey.assign(eligible=0).to_csv(tmp_path / "survey.csv", index=False)
    found = problems(changed(data={"path": str(tmp_path / "survey.csv")}, eligible="eligible"))
    assert [place for place, _ in found] == ["eligible"] and "nobody is 1" in found[0][1]


def test_rows_that_are_there_twice_are_told(survey, tmp_path):
    frame = pd.concat([survey, survey.head(5)], ignore_index=True)
    assert "5 rows repeat another one" in failed(from_frame(tmp_path, frame))["no row twice"]
    found = problems(changed(data={"path": str(tmp_path / "survey.csv")}, household_id="hhid"))
    assert found[0][0] == "household_id" and "1 once more in 5 of 485 rows" in found[0][1]


def test_a_file_that_cannot_be_read_names_the_parameter_file(tmp_path):
    (tmp_path / "old.csv").write_bytes("âge\n3\n".encode("latin-1"))
    found = problems(changed(data={"path": str(tmp_path / "old.csv")}))
    assert found[0][0] == "data.path" and found[0][1].startswith("case.yaml: data.path: got 'old.csv: byte")


def test_nothing_is_to_be_minded_in_a_sound_survey(own):
    assert failed(own) == {}
    assert "Mind:" not in str(show.first_screen(own))


BROKEN = re.compile(r"\(\)|; +%|of too few|first 1 rows|None %|not shown of|of 0 people|: ?;")


@pytest.mark.parametrize("rows", [0, 6])
def test_where_nothing_can_be_shown_the_words_are_whole(survey, tmp_path, rows):
    few = survey["transfer_month"].where(survey["transfer_month"].gt(0).cumsum() <= rows, 0)
    programmes = [{"column": "transfer_month", "label": "cash"}, {"column": "food", "label": "food"}]
    a = from_frame(tmp_path, survey.assign(transfer_month=few, food=0), programmes=programmes)
    notes = "\n".join(" / ".join(card) for card in words.cards(a))
    text = "\n".join([page(a), notes, *words.sentences(a)])
    assert not BROKEN.search(re.sub(r"<[^>]*>", " ", text)), BROKEN.search(text)
    assert "not shown live" not in text


def test_nobody_poor_is_said(survey, tmp_path):
    a = from_frame(tmp_path, survey, poverty_line={"value": 1})
    assert words.cards(a)[0][2] == "nobody is poor"


def test_codes_of_the_extreme_poor_need_the_extreme_line(own, survey, tmp_path):
    assert not own.official["code"].str.contains("_ep").any()
    assert own.official["code"].str.contains("_q1").any() and (own.official["by"] == "poor").any()
    assert "not the extreme poor (ep)" in page(own)
    line = {"value": 10_951, "international_extreme": True}
    other = from_frame(tmp_path, survey, poverty_line=line)
    assert other.official["code"].str.contains("_ep").any()


def test_a_code_that_stands_for_missing_is_told(survey, tmp_path):
    frame = survey.assign(post_pc_day=survey["post_pc_day"].where(survey.index > 2, 99_999_999))
    assert "99,999,999 in 3 rows of post_pc_day" in failed(from_frame(tmp_path, frame))["no missing codes"]


def test_a_report_without_a_title_is_told_by_its_data(own):
    assert words.title(own) == "The cash transfer in example_survey.csv: who gets it, and what it does"


# Words and pages


def test_the_answer_of_the_example_survey(own):
    who, money, effect = words.sentences(own)
    assert who.startswith(
        "Of all people, 21 % (95 % interval 16 to 26) live in a household that receives the cash"
    )
    assert "70 % (57 to 82) of the poorest fifth and 0 % of the richest." in who
    assert "The poorest 40 % of people get 86 %" in money and "1,390 riel a day" in money
    assert "Poverty is 4.2 % with the transfers and would be 6.1 % without them, a fall by 31 %" in effect
    assert "33 % (13 to 58) of poor people receive nothing" in effect
    labels = [label for label, _, _ in words.cards(own)]
    assert labels == ["Poor people reached", "Money to the poorest 40 %", "Poverty, %", "Poverty gap closed"]
    assert words.headline(own)["exclusion_error"].value == pytest.approx(0.3287, abs=1e-4)


def test_the_page_has_what_applies_and_nothing_else(own, made_up):
    text = page(own)
    assert "Who gets more than one programme?" not in text
    assert "agree with the administration" not in text
    assert "per_sa_ct.cov_q1_tot" in text and "10,951 riel a day" in text
    text = page(made_up)
    for part in (
        "Who gets more than one programme?",
        "agree with the administration",
        "Made-up data",
        "True value",
    ):
        assert part in text
    assert "Inputs used that are assumed" in text


def test_the_same_parameters_give_the_same_bytes(own, tmp_path):
    show.save(own, tmp_path / "one")
    show.save(analyse(build("performance", SECTIONS)), tmp_path / "two")
    for path in sorted((tmp_path / "one").rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_the_truth_of_a_made_up_survey_is_shown_and_mostly_inside_the_intervals(made_up):
    both = made_up.figures.dropna(subset=["truth", "ci_low"])
    held = (both["ci_low"] <= both["truth"]) & (both["truth"] <= both["ci_high"])
    assert len(both) > 80 and held.mean() > 0.85
    assert {check.name: check.passed for check in made_up.checks}["known truth"]
    assert made_up.figures.loc[made_up.figures["hidden"] != "", "truth"].isna().all()
    assert len(made_up.margins) > 100 and len(made_up.unverified) > 5
    row = made_up.administrative.iloc[0]
    assert row["unit"] == "households" and row["survey"] == pytest.approx(690_895, rel=0.15)


def test_overlap_adds_up_to_everybody(made_up):
    shown = made_up.overlap
    assert shown["estimate"].sum() == pytest.approx(1.0, abs=1e-9) or (shown["hidden"] != "").any()
    assert shown.loc[~shown[made_up.programmes].any(axis=1), "combination"].tolist() == ["none"]


def test_the_files_of_the_project_are_read(monkeypatch):
    case = read_file(ROOT / "parameters" / "performance" / "own_survey.yaml")[0]
    lines = (ROOT / "parameters" / "performance" / "own_survey.yaml").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip() and not line.startswith("#")]) <= 10
    assert Path(case.sections["data"]["path"]).is_absolute()


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), share=st.floats(0.01, 0.9), households=st.integers(60, 250))
def test_any_survey_makes_a_page(tmp_path, seed, share, households):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "weight": rng.uniform(50, 500, households),
            "hhsize": rng.integers(1, 9, households),
            "stratum": np.arange(households) % 2,
            "psu": np.arange(households) % 14 // 2,
            "transfer_month": np.where(
                rng.random(households) < share, rng.integers(1, 9, households) * 1e4, 0
            ),
            "urban": rng.integers(0, 3, households),
        }
    )
    frame["post_pc_day"] = (
        rng.lognormal(9.8, 0.5, households) + frame["transfer_month"] / frame["hhsize"] / 30
    )
    a = from_frame(tmp_path, frame)
    assert not re.search(r"[\s>(]nan[\s<%),]", page(a))
    shown = a.figures[(a.figures["hidden"] == "") & a.figures["measure"].isin(MONEY_MEASURES)]
    assert not shown["received"].between(1, 9).any()


@pytest.mark.slow
def test_from_file_to_page(tmp_path):
    command = [sys.executable, "-m", "aspfin.cli", "run", "parameters/performance/own_survey.yaml"]
    done = subprocess.run(
        [*command, "--output", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    text = (tmp_path / "performance" / "own_survey" / "report.html").read_text(encoding="utf-8")
    assert text.count("<h1") == 1 and "In three sentences" in text
    assert not re.search(r'<(script|link|iframe)\b|src="http', text)
    assert all(alt.strip() for alt in re.findall(r'<img[^>]*alt="([^"]*)"', text))


def test_an_empty_parameter_file_is_told_a_field_that_every_kind_has(tmp_path):
    folder = tmp_path / "performance"
    folder.mkdir()
    (folder / "void.yaml").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="title: My report"):
        read_file(folder / "void.yaml")
