"""Notebooks: thin templates, tutorials with more words than code, and the real report from the command line."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import write
from papermill.iorw import read_yaml_file

from aspfin.reporting.parameters import KINDS, build

ROOT = Path(__file__).parents[1]
TEMPLATES = sorted((ROOT / "notebooks" / "reports").glob("*.ipynb"))
TUTORIALS = sorted((ROOT / "notebooks" / "workshop").glob("*.ipynb"))


def cells(path, kind):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def code_lines(path):
    lines = [line for cell in cells(path, "code") for line in "".join(cell["source"]).splitlines()]
    return [line for line in lines if line.strip() and not line.strip().startswith("#")]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_templates_are_thin(path):
    lines = code_lines(path)
    # Each parameter has a line of its own, which papermill can read; an example stands in the cell after it.
    assert len(lines) - len(parameters_of(path.stem)) <= 80
    assert not [line for line in lines if re.match(r"\s*(def|class|lambda)\b", line)]
    sizes = sorted(len("".join(cell["source"]).splitlines()) for cell in cells(path, "code"))
    assert sizes[len(sizes) // 2] <= 4
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells(path, "code"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_templates_state_their_parameters_in_one_tagged_cell(path):
    tagged = [cell for cell in cells(path, "code") if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    assert "output_folder = None" in "".join(tagged[0]["source"])


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_tutorials_explain_more_than_they_code(path):
    words = sum(len("".join(cell["source"]).split()) for cell in cells(path, "markdown"))
    assert words >= 5 * len(code_lines(path))
    unsaved = [cell for cell in cells(path, "code") if cell["execution_count"] is None]
    assert not unsaved, "save the notebook with its outputs"


def aspfin(*words, cwd=ROOT):
    command = [sys.executable, "-m", "aspfin.cli", *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_every_parameter_file_of_the_project_is_right():
    done = aspfin("check", "parameters")
    assert done.returncode == 0, done.stderr


SMALL = """
title: A small report
country: KHM
shock: {hazard: flood, draws: 2_000, bootstrap: 20}
response: {programme: flood_cash_transfer, rules_on: 2022-12-10}
financing:
  years: 5
  paths: 2_000
  instruments:
    - {type: contingency_fund, up_to_return_period: 5, max_probability_ever_unmet: 0.10}
    - {type: contingent_credit, up_to_return_period: 20}
batch: {area: [national, KH24]}
"""


@pytest.mark.slow
def test_the_financing_report_from_file_to_pages(tmp_path):
    folder = tmp_path / "financing"
    folder.mkdir()
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    done = aspfin("run", folder / "small.yaml", "-j", "2", "--output", tmp_path / "reports")
    assert done.returncode == 0, done.stdout + done.stderr
    batch = tmp_path / "reports" / "financing" / "small"
    for name in ("national", "KH24"):
        page = (batch / name / "report.html").read_text(encoding="utf-8")
        assert page.count("<h1") == 1 and "In three sentences" in page
        assert not re.search(r'<(script|link|iframe)\b|src="http', page)  # nothing runs, nothing is loaded
        assert all(alt.strip() for alt in re.findall(r'<img[^>]*alt="([^"]*)"', page))
        results = json.loads((batch / name / "results.json").read_text(encoding="utf-8"))
        assert results["headline"][0]["name"] == "need_1_in_10_usd"
    index = (batch / "index.html").read_text(encoding="utf-8")
    assert "national" in index and "Pailin" in index


@pytest.mark.slow
def test_plain_papermill_works_too(tmp_path):
    asked = yaml.safe_load((ROOT / "parameters" / "financing" / "khm_floods.yaml").read_text())
    asked["shock"] |= {"draws": 2_000, "bootstrap": 20}
    write(tmp_path / "quick.yaml", yaml.safe_dump(asked | {"area": "KH08"}))
    command = [
        sys.executable,
        "-m",
        "papermill",
        "notebooks/reports/financing.ipynb",
        str(tmp_path / "out.ipynb"),
    ]
    done = subprocess.run(
        [*command, "-f", str(tmp_path / "quick.yaml")], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Kandal" in (tmp_path / "out.ipynb").read_text(encoding="utf-8")


def parameters_of(kind):
    """What the parameters cell of a template sets, by name."""
    scope = {}
    (cell,) = [
        one
        for one in cells(ROOT / "notebooks" / "reports" / f"{kind}.ipynb", "code")
        if "parameters" in one["metadata"].get("tags", [])
    ]
    exec("".join(cell["source"]), scope)  # our own notebook, as papermill runs it
    del scope["__builtins__"]
    return scope


@pytest.mark.parametrize("path", sorted(ROOT.glob("parameters/*/*.yaml")), ids=lambda path: path.stem)
def test_plain_papermill_runs_a_file_with_the_same_parameters(path, monkeypatch):
    kind = path.parent.name
    asked = read_yaml_file(str(path))  # as papermill does: dates stay text
    varied = asked.pop("batch", None)
    monkeypatch.chdir(path.parent)  # where a file's own data lie
    template = parameters_of(kind)
    assert set(asked) <= set(template)  # papermill would only warn
    fields = KINDS[kind].parameters.model_fields
    injected = {name: value for name, value in {**template, **asked}.items() if name in fields}
    told = build(kind, {name: value for name, value in injected.items() if value is not None})
    if not varied:  # else the file alone is not whole
        assert told == build(kind, asked)
