"""The parameters, data, analysis, words and pictures of the evaluation report."""

import copy
import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aspfin.reporting import evaluation_view as show
from aspfin.reporting import evaluation_words as words
from aspfin.reporting.evaluation import analyse
from aspfin.reporting.evaluation_data import load
from aspfin.reporting.evaluation_parameters import Data
from aspfin.reporting.parameters import build, sections_of
from aspfin.reporting.reading import read_file
from aspfin.results import InputError

LOTTERY = {
    "data": {"package": "synthetic", "dataset": "lottery", "seed": 1, "villages": 12, "households": 8},
    "outcomes": [
        {"column": "consumption", "label": "consumption per person", "unit": "thousand riel a day",
         "baseline": "baseline_consumption"},
        {"column": "debt", "better": "lower"},
    ],
    "design": {"type": "difference_in_means", "treated": "offered"},
    "cluster": "village",
    "strata": ["province"],
    "assignment": {"level": "village", "cluster": "village"},
    "balance": ["poverty_score", "household_size"],
    "heterogeneity": ["female_head", "poverty_score"],
    "robustness": [
        {"name": "no adjustment", "strata": []},
        {"name": "the poorest", "keep": [{"column": "poverty_score", "at_most": 25}], "same_question": False},
        {"name": "nobody", "keep": [{"column": "poverty_score", "at_most": -1}]},
    ],
    "tests": ["randomisation_inference", "wild_cluster_bootstrap", "lee_bounds"],
    "draws": 200,
    "cost": {"column": "cost_usd"},
    "truth": "ITT",
}  # fmt: skip
CUTOFF = {
    "data": {"package": "synthetic", "dataset": "cutoff", "seed": 1},
    "outcomes": [{"column": "consumption"}],
    "design": {"type": "regression_discontinuity", "running": "poverty_score", "cutoff": 40},
    "balance": ["household_size"],
    "tests": ["bandwidths", "placebo_cutoffs"],
    "truth": "ITT at the cut-off",
    "published": {"estimate": 0.9, "std_error": 0.2, "source": "a study", "within": 100},
}
PHASE_IN = {
    "data": {"package": "synthetic", "dataset": "phase_in", "seed": 1, "villages": 8, "households": 4},
    "outcomes": [{"column": "consumption"}],
    "design": {
        "type": "staggered_adoption",
        "unit": "household",
        "time": "year",
        "first_treated": "first_year",
    },
    "cluster": "village",
    "tests": ["honest_bounds"],
    "truth": "ATT simple",
}
PROVINCE = {
    "data": {"package": "synthetic", "dataset": "provinces", "seed": 1},
    "outcomes": [{"column": "consumption"}],
    "design": {"type": "synthetic_control", "unit": "province", "time": "year", "treated_unit": "Province 17",
               "treated_from": 2022},
    "truth": "ATT",
}  # fmt: skip
ON_DEMAND = {
    "data": {"package": "synthetic", "dataset": "on_demand", "seed": 1},
    "outcomes": [{"column": "school_days"}],
    "design": {"type": "doubly_robust", "treated": "received"},
    "controls": ["poverty_score", "distance", "baseline_school_days"],
    "cluster": "village",
    "heterogeneity": ["female_head"],
    "cost": {"per_person": 50, "std_error": 5},
}
OFFER = {
    "data": LOTTERY["data"],
    "outcomes": [{"column": "debt", "better": "lower"}],
    "design": {"type": "instrumental_variables", "treated": "received", "instrument": ["offered"]},
    "cluster": "village",
    "balance": ["poverty_score"],
    "cost": {"per_person": 300},
}
CHANGE = {
    "data": {**PHASE_IN["data"], "derive": [{"name": "after", "column": "year", "at_least": 2022},
                                            {"name": "ever", "column": "first_year", "at_least": 1},
                                            {"name": "log_consumption", "column": "consumption", "logarithm": True}]},
    "outcomes": [{"column": "log_consumption", "logarithm": True}],
    "design": {"type": "difference_in_differences", "treated": "ever", "post": "after"},
    "cluster": "village",
}  # fmt: skip
CASES = {
    "lottery": LOTTERY,
    "cutoff": CUTOFF,
    "phase_in": PHASE_IN,
    "province": PROVINCE,
    "on_demand": ON_DEMAND,
    "offer": OFFER,
    "change": CHANGE,
}


def changed(sections, **values):
    return {**copy.deepcopy(sections), **values}


@pytest.fixture(scope="module")
def made():
    return {name: analyse(build("evaluation", case)) for name, case in CASES.items()}


# Parameters


def problems(sections):
    with pytest.raises(InputError) as error:
        build("evaluation", sections, file="case.yaml")
    return [(one.field, one.allowed) for one in error.value.problems]


@pytest.mark.parametrize(
    ("change", "field", "allowed"),
    [
        ({"design": {"type": "difference_in_means", "treated": "oferd"}}, "design.treated", "'offered'"),
        ({"design": {"type": "difference_in_meanz"}}, "design.type", "'difference_in_means'"),
        ({"controls": 3}, "controls", "a list"),
        ({"controls": ["poverty"]}, "controls[0]", "poverty_score"),
        ({"outcomes": [{"column": "debt"}, {"column": "debt"}]}, "outcomes[1].column", "once"),
        ({"outcomes": []}, "outcomes", "1 to 12"),
        ({"outcomes": [{"column": "debt", "unit": "USD", "share": True}]}, "outcomes[0]", "only one"),
        ({"tests": ["bandwidths"]}, "tests[0]", "regression_discontinuity"),
        ({"tests": ["wild_cluster_bootstrap"], "cluster": None}, "cluster", "a column"),
        ({"cost": {"column": "cost_usd", "per_person": 3}}, "cost", "either"),
        ({"robustness": [{"name": "x", "cluster": "vilage"}]}, "robustness[0].cluster", "'village'"),
        ({"labels": [{"column": "nix", "label": "n"}]}, "labels[0].column", "one of"),
        ({"sources": [{"title": "x", "url": "javascript:alert(1)"}]}, "sources[0].url", ""),
        ({"plan": "nowhere.plan"}, "plan", "existing file"),
        ({"design": {"type": "matching", "treated": "offered"}, "strata": []}, "controls", "at least one"),
        ({"data": {"package": "synthetic", "dataset": "lotery"}}, "data.dataset", "'lottery'"),
        ({"data": {"path": "nowhere.dta"}}, "data.path", "existing file"),
        ({"data": {"package": "synthetic"}}, "data", "either package and dataset, or path"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(change, field, allowed):
    found = problems(changed(LOTTERY, **change))
    assert any(name == field and allowed in text for name, text in found), found


def test_steps_on_data_are_checked():
    def data(**more):
        return changed(LOTTERY, data={**LOTTERY["data"], **more})

    twice = {"name": "debt", "column": "debt", "below": 3}
    for more, field in [
        ({"derive": [twice]}, "data.derive[0].name"),
        ({"derive": [{"name": "a", "column": "nix", "power": 2}]}, "data.derive[0].column"),
        ({"derive": [{"name": "a", "column": "debt"}]}, "data.derive[0]"),
        ({"derive": [{"name": "a", "column": "debt", "divided_by": 0}]}, "data.derive[0]"),
        ({"derive": [{"name": "a", "column": "village", "power": 2}]}, "data.derive[0].column"),
        ({"keep": [{"column": "debt", "among": [[1]]}]}, "data.keep[0].among"),
        ({"keep": [{"column": "debt", "at_least": 1e9}]}, "data.keep"),
        ({"numbers": ["village"]}, "data.numbers: village"),
    ]:
        assert [name for name, _ in problems(data(**more))] == [field]


def test_sections_are_plain_json_and_build_the_same_again():
    for case in CASES.values():
        parameters = build("evaluation", case)
        sections = json.loads(json.dumps(sections_of(parameters)))
        assert build("evaluation", sections) == parameters


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=6))
NESTED = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
PLACES = [
    ("data",), ("data", "keep"), ("data", "derive"), ("design",), ("design", "treated"), ("outcomes",),
    ("controls",), ("robustness",), ("cost",), ("tests",), ("labels",), ("published",), ("truth",),
    ("heterogeneity",), ("data", "dataset"), ("assignment",),
]  # fmt: skip


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.sampled_from(PLACES), value=NESTED)
def test_whatever_a_file_holds_is_taken_or_refused_in_one_way(place, value):
    sections = copy.deepcopy(LOTTERY)
    inner = sections
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    try:
        build("evaluation", sections)
    except InputError as error:
        assert all("\n" not in str(one) for one in error.problems)


# Data


def test_steps_say_what_they_do():
    data = Data.model_validate(
        {
            "package": "synthetic", "dataset": "provinces", "seed": 1,
            "derive": [
                {"name": "wet", "column": "rainfall", "at_least": 1400},
                {"name": "dry", "column": "rainfall", "below": 1400},
                {"name": "early", "column": "province", "among": ["Province 17"]},
                {"name": "since", "column": "year", "minus": 2008},
                {"name": "metres", "column": "rainfall", "divided_by": 1000},
                {"name": "square", "column": "since", "power": 2},
                {"name": "both", "column": "wet", "times": "since"},
                {"name": "log", "column": "consumption", "logarithm": True},
            ],
            "keep": [{"column": "year", "at_least": 2010, "at_most": 2012}, {"column": "early", "among": [1]}],
        }
    )  # fmt: skip
    loaded = load(data)
    frame = loaded.frame
    assert frame["year"].tolist() == [2010, 2011, 2012]
    assert loaded.rows["rows"].tolist() == [153, 27, 3]
    assert (frame["wet"] + frame["dry"] == 1).all()
    assert frame["square"].tolist() == [4, 9, 16]
    np.testing.assert_allclose(frame["both"], frame["wet"] * frame["since"])
    np.testing.assert_allclose(np.exp(frame["log"]), frame["consumption"])
    np.testing.assert_allclose(frame["metres"] * 1000, frame["rainfall"])


def test_a_missing_value_stays_missing(tmp_path):
    frame = pd.DataFrame({"score": [1.0, np.nan, 3.0], "who": ["a", None, "b"], "code": ["1", " 2", None]})
    frame.to_csv(tmp_path / "own.csv", index=False)
    derive = [
        {"name": "low", "column": "score", "below": 2},
        {"name": "is_a", "column": "who", "among": ["a"]},
    ]
    made = load(Data(path=str(tmp_path / "own.csv"), derive=derive, numbers=["code"])).frame
    assert made["low"].tolist()[::2] == [1, 0] and np.isnan(made["low"][1])
    assert made["is_a"].tolist()[::2] == [1, 0] and np.isnan(made["is_a"][1])
    assert made["code"].dtype == float


def test_a_package_that_is_not_installed_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr("aspfin.reporting.evaluation_data.find_spec", lambda name: None)
    found = problems(changed(PHASE_IN, data={"package": "moderndid", "dataset": "mpdta"}, truth=None))
    assert found == [("data.package", "an installed package; run: pip install moderndid")]


@pytest.mark.parametrize("name", ["mpdta", "nsw", "ehec", "engel", "favara_imbs", "cai2016"])
def test_a_data_set_of_moderndid_is_read_as_the_package_reads_it(name):
    moderndid = pytest.importorskip("moderndid")
    own = load(Data(package="moderndid", dataset=name)).frame
    pd.testing.assert_frame_equal(own, pd.DataFrame(getattr(moderndid, f"load_{name}")().to_pandas()))


def test_own_file_beside_the_parameter_file(tmp_path):
    folder = tmp_path / "evaluation"
    folder.mkdir()
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"food (kg)": rng.normal(size=60), "a:b": np.arange(60) % 2, "ភូមិ": np.arange(60) // 6}
    )
    frame.to_csv(folder / "own.csv", index=False)
    text = (
        "data: {path: own.csv}\noutcomes: [{column: food (kg)}]\ncluster: ភូមិ\n"
        "design: {type: difference_in_means, treated: 'a:b'}\n"
    )
    (folder / "own.yaml").write_text(text, encoding="utf-8")
    case = read_file(folder / "own.yaml")[0]
    assert case.sections["data"]["path"] == str(folder / "own.csv")
    analysis = analyse(build("evaluation", case.sections))  # as the notebook does, from another folder
    assert analysis.main.n_clusters == 10
    assert "own.csv" in show.sources(analysis).html and str(tmp_path) not in show.sources(analysis).html
    assert show.one_picture(analysis).alt


# Analysis


@pytest.mark.parametrize("name", CASES)
def test_truth_lies_within_the_interval(made, name):
    analysis = made[name]
    if analysis.truth is None:
        return
    low, high = analysis.main.conf_int()
    assert low < analysis.truth["value"].iloc[0] < high


def test_variants_change_only_what_they_state(made):
    analysis = made["lottery"]
    frame = analysis.variants.set_index("name")
    assert frame.loc["no adjustment", "n_obs"] == analysis.main.n_obs
    assert frame.loc["the poorest", "n_obs"] < analysis.main.n_obs
    assert frame.loc["nobody", "error"] and np.isnan(frame.loc["nobody", "estimate"])
    assert "nobody" in show.ways_table(analysis).html
    ways = words.finding(analysis, "robust")
    assert "the one other way" in ways.lower()  # other questions and those that failed do not count


def test_groups_are_halves_or_values(made):
    groups = made["lottery"].groups
    assert groups["group"].tolist()[:2] == ["no", "yes"]
    assert groups["group"].str.contains("or less|more than").sum() == 2
    assert groups.groupby("column")["n_obs"].sum().eq(made["lottery"].main.n_obs).all()
    assert made["on_demand"].group_tests["p_value"].isna().all()  # estimated apart


def test_the_flow_ends_with_the_rows_used(made):
    for analysis in made.values():
        assert analysis.flow["rows"].iloc[-1] == analysis.main.n_obs
        assert analysis.flow["rows"].is_monotonic_decreasing


def test_comparison_fits_the_design(made):
    kinds = {name: analysis.comparison_kind for name, analysis in made.items()}
    assert kinds == {
        "lottery": "by arm", "cutoff": "at the cut-off", "phase_in": "none", "province": "weights",
        "on_demand": "weighted", "offer": "by instrument", "change": "means",
    }  # fmt: skip


def test_cost_per_unit_is_cost_over_effect(made):
    lottery, demand = made["lottery"].cost, made["on_demand"].cost
    assert lottery.ratio == pytest.approx(lottery.cost / made["lottery"].main.estimate)
    assert demand.ratio == pytest.approx(50 / made["on_demand"].main.estimate)
    assert lottery.bootstrap_kind == "resampled data"
    assert not made["offer"].cost.bounded  # a true null
    assert "no upper bound" in words.sentences(made["offer"])[2]


def test_a_plan_marks_what_was_planned(tmp_path):
    plan = tmp_path / "our.plan"
    plan.write_text(
        "title: Lottery\noutcomes: {consumption: {}, debt: {}}\nspecifications:\n"
        "  main: {estimator: difference_in_means, outcomes: [consumption, debt], treated: offered,"
        " strata: province, cluster: village, controls: [baseline_consumption]}\n"
    )
    case = changed(LOTTERY, plan=str(plan), tests=[], heterogeneity=[], cost=None)
    analysis = analyse(build("evaluation", case))
    status = analysis.plan.frame.set_index("name")["status"]
    assert analysis.plan.frame["status"].tolist()[:2] == ["planned", "changed"]
    assert status["the poorest"] == "unplanned"
    assert "Was this planned?" in show.section(analysis, "plan").text
    assert "baseline consumption" in show.plan_table(analysis).html


def test_row_order_does_not_matter(tmp_path):
    frame = load(Data.model_validate(LOTTERY["data"])).frame
    answers = []
    for name, rows in (("a", frame), ("b", frame.sample(frac=1, random_state=4))):
        rows.to_csv(tmp_path / f"{name}.csv", index=False)
        case = changed(LOTTERY, data={"path": str(tmp_path / f"{name}.csv")}, truth=None, tests=[], cost=None)
        answers.append(analyse(build("evaluation", case)).effect_table["estimate"])
    np.testing.assert_allclose(*answers, rtol=1e-10)


SMALL = """
title: A small report
programme: the transfer
data: {package: synthetic, dataset: lottery, seed: 1, villages: 8, households: 6}
outcomes: [{column: consumption, unit: thousand riel a day}]
design: {type: difference_in_means, treated: offered}
cluster: village
strata: [province]
truth: ITT
"""


@pytest.mark.slow
def test_from_file_to_page(tmp_path, request):
    folder = tmp_path / "evaluation"
    folder.mkdir()
    for name in ("first", "second"):
        (folder / f"{name}.yaml").write_text(SMALL, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "aspfin.cli",
        "run",
        str(folder),
        "-j",
        "2",
        "--output",
        str(tmp_path / "r"),
    ]
    done = subprocess.run(command, cwd=request.config.rootpath, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    first, second = (tmp_path / "r" / "evaluation" / name for name in ("first", "second"))
    page = (first / "report.html").read_text(encoding="utf-8")
    assert page.count("<h1") == 1 and "In three sentences" in page and "A small report" in page
    assert not re.search(r'<(script|link|iframe)\b|src="http', page)
    assert all(alt.strip() for alt in re.findall(r'<img[^>]*alt="([^"]*)"', page))
    assert "What does the effect cost?" not in page  # a part that does not apply has no heading
    for name in ("report.html", "report.ipynb", "results.json"):  # equal parameters, equal bytes
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_assignment_is_redrawn_the_way_it_was_drawn():
    one_by_one = changed(
        LOTTERY,
        assignment={"level": "household"},
        strata=[],
        tests=["randomisation_inference", "wild_cluster_bootstrap", "lee_bounds"],
    )
    tests = analyse(build("evaluation", one_by_one)).tests
    together = analyse(build("evaluation", changed(LOTTERY, strata=[]))).tests
    assert not any("error" in frame for frame in (*tests.values(), *together.values()))
    errors = [one["randomisation_inference"]["std_error"][0] for one in (tests, together)]
    assert errors[0] < errors[1]  # by household the chance spread is smaller than by village
    bootstrap = [one["wild_cluster_bootstrap"]["std_error"][0] for one in (tests, together)]
    assert bootstrap[0] == bootstrap[1]  # errors are clustered by village in both


# Words and pictures


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_three_sentences(made, name):
    text = words.sentences(made[name])
    assert len(text) == 3 and all(line[0].isupper() and line.endswith(".") for line in text)
    assert not [line for line in text if re.search(r"\bnan\b|not available|None", line)]
    assert len(words.cards(made[name])) == 4


def test_an_effect_that_cannot_be_told_from_nothing_is_no_effect(made):
    text = words.sentences(made["offer"])[0]
    assert "cannot be told" in text and "raised" not in text and "lowered" not in text


def test_shares_are_shown_in_percentage_points_and_logarithms_in_hundredths(made):
    sections = changed(
        ON_DEMAND, outcomes=[{"column": "female_head", "share": True}], heterogeneity=[], cost=None
    )
    analysis = analyse(build("evaluation", sections))
    shown = words.amount(analysis.outcome, analysis.main.estimate, bare=True).replace("−", "-")
    assert float(shown) == pytest.approx(100 * analysis.main.estimate, rel=0.01)
    assert "percentage points" in words.sentences(analysis)[0]
    assert "per cent" in words.sentences(made["change"])[0]
    assert made["change"].main.control_mean == pytest.approx(2.5, abs=0.2)  # a mean of logarithms …
    assert "2.5" not in show.effects_table(made["change"]).html  # … is not shown


@pytest.mark.parametrize("section", sorted(words._FINDINGS))
@pytest.mark.parametrize("name", CASES)
def test_findings_are_whole_sentences(made, name, section):
    text = words.finding(made[name], section)
    assert text == "" or (text.endswith(".") and "  " not in text and not re.search(r"\bnan\b", text))


SHOWN = [
    name
    for name in vars(show)
    if not name.startswith("_")
    and getattr(vars(show)[name], "__module__", "") == show.__name__
    and name not in ("takeaway", "save", "section", "Heading")
]


@pytest.mark.parametrize("name", CASES)
def test_everything_shown_shows(made, name):
    for call in SHOWN:
        html = getattr(show, call)(made[name])._repr_html_()
        text = re.sub(r"<details.*?</details>", " ", re.sub(r"data:[^\"]*", "", html), flags=re.DOTALL)
        assert not re.search(r"\bnan\b|not available to", re.sub(r"<[^>]*>", " ", text).lower()), call


def test_names_from_data_cannot_become_markup(tmp_path):
    frame = load(Data.model_validate(LOTTERY["data"])).frame
    evil = "<script>alert(1)</script>"
    frame = frame.rename(columns={"consumption": evil, "household_size": "=1+1"})
    frame.to_csv(tmp_path / "evil.csv", index=False)
    case = {
        "data": {"path": str(tmp_path / "evil.csv")},
        "outcomes": [{"column": evil}],
        "design": {"type": "difference_in_means", "treated": "offered"},
        "balance": ["=1+1"],
    }
    analysis = analyse(build("evaluation", case))
    for call in SHOWN:
        assert "<script" not in getattr(show, call)(analysis)._repr_html_()
    show.save(analysis, tmp_path)
    assert "'=1+1" in (tmp_path / "tables" / "comparison.csv").read_text()


def test_results_hold_full_precision(made, tmp_path):
    show.save(made["lottery"], tmp_path)
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["headline"][0]["value"] == made["lottery"].main.estimate
    table = pd.read_csv(tmp_path / "tables" / "effects.csv")
    assert table["estimate"].tolist() == pytest.approx(
        [one.estimate for one in made["lottery"].effects], rel=1e-15
    )


def test_run_by_hand_writes_nothing(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    show.save(made["lottery"], None)
    assert not list(tmp_path.iterdir())


# Published cases: golden numbers of the report, from the parameter files of the project

PUBLISHED = {
    # file: (estimate, standard error, tolerance); sources in the files themselves
    "malawi_incentives": (0.451982, 0.022686, 1e-6),
    "rice_insurance_network": (0.791097, 0.273127, 1e-6),
    "panes_cash_transfer": (-0.024702, 0.062359, 1e-6),  # entitled less not entitled
    "staggered_rollout": (-0.031018, 0.012446, 1e-6),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_cases(name, request):
    pytest.importorskip("moderndid" if name == "staggered_rollout" else "causaldata")
    file = request.config.rootpath / "parameters" / "evaluation" / f"{name}.yaml"
    case = read_file(file)[0]
    small = {**case.sections, "robustness": [], "tests": [], "heterogeneity": [], "cost": None}
    analysis = analyse(build("evaluation", small))
    estimate, error, tolerance = PUBLISHED[name]
    assert analysis.main.estimate == pytest.approx(estimate, abs=tolerance)
    assert analysis.main.std_error == pytest.approx(error, abs=tolerance)
    checks = {check.name: check.passed for check in analysis.checks}
    assert checks.get("published result", True)
