"""The main estimates that reports leave for a batch are those the reports show."""

import json
from pathlib import Path

import pytest
import yaml

from aspfin.reporting import evaluation, evaluation_view, performance, performance_view
from aspfin.reporting.parameters import build

ROOT = Path(__file__).parents[2]


def saved(view, analysis, folder):
    view.save(analysis, folder)
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


def test_an_evaluation_leaves_its_effects(tmp_path):
    parameters = {
        "data": {"package": "synthetic", "dataset": "lottery", "seed": 1},
        "outcomes": [
            {"column": "consumption", "label": "what is consumed", "unit": "riel a day"},
            {"column": "food_score"},
        ],
        "cluster": "village",
        "design": {"type": "difference_in_means", "treated": "offered"},
    }
    a = evaluation.analyse(build("evaluation", parameters))
    results = saved(evaluation_view, a, tmp_path)
    first, second = results["estimates"]
    assert (first["name"], first["label"]) == ("effect_on_consumption", "Effect on what is consumed")
    assert (first["estimate"], first["unit"]) == (results["headline"][0]["value"], "riel a day")
    assert [first["ci_low"], first["ci_high"]] == pytest.approx(a.main.conf_int())
    assert (first["n_obs"], first["n_clusters"]) == (a.main.n_obs, a.main.n_clusters)
    assert second["p_value"] == pytest.approx(a.effects[1].p_value)


def test_a_performance_report_leaves_headline_figures_with_their_errors(tmp_path):
    file = ROOT / "parameters" / "performance" / "own_survey.yaml"
    sections = yaml.safe_load(file.read_text(encoding="utf-8"))
    sections["data"]["path"] = str(file.parent / sections["data"]["path"])
    a = performance.analyse(build("performance", sections))
    results = saved(performance_view, a, tmp_path)
    found = {one["name"]: one for one in results["estimates"]}
    figures = {one["name"]: one for one in results["headline"]}
    assert set(found) < set(figures)
    assert {name: one["estimate"] for name, one in found.items()} == {
        name: figures[name]["value"] for name in found
    }
    row = a.figure("coverage")
    assert [found["coverage"][part] for part in ("std_error", "ci_low", "n_obs")] == [
        row["std_error"], row["ci_low"], row["n"],
    ]  # fmt: skip
    assert found["coverage"]["n_clusters"] == 48
