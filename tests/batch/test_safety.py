"""Parameters stay data, templates come from one folder, nothing is written through a link."""

import ast
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import papermill
import pytest
from conftest import notebook, write
from toys import IMPORTS, PARAMETERS, RESULTS, cases_in, kind_of, tree

import aspfin
from aspfin.batch import runner
from aspfin.batch.runner import Way, run, template_path
from aspfin.reporting.reading import read_files
from aspfin.results import InputError

ROOT = Path(aspfin.__file__).parents[1]
NASTY = [
    'it\'s "quoted" \'\'\'thrice\'\'\' """thrice"""',
    "two\nlines\r\n# cell",
    "{braces} {{twice}} {% x %} $HOME `ls` \\ \\n \\x00 \u2028 ខ្មែរ 🙂",
    "__import__('os').system('touch harmed')",
    "'\n__import__('pathlib').Path('harmed').touch()\n'",
    '"""\n__import__("pathlib").Path("harmed").touch()\n"""',
    "%%bash\ntouch harmed",
    "!touch harmed",
    "",
]
SHOWN = ("code", [], "_ = Path('seen.json').write_text(json.dumps([title, number], allow_nan=True))")


@pytest.mark.slow
def test_values_stay_data(tmp_path):
    texts = {f"case-{number}": json.dumps({"title": one}) for number, one in enumerate(NASTY)}
    with kind_of("toy", [PARAMETERS, IMPORTS, SHOWN, RESULTS], tmp_path):
        cases = cases_in(tmp_path / "toy", **texts, none="title: null", small="number: 1.0e-300")
        outcomes = run(cases, output=tmp_path / "reports", way=Way(jobs=2))
    assert [one.failure for one in outcomes] == [None] * len(cases)
    for one in outcomes:
        seen = json.loads((one.folder / "seen.json").read_text())
        assert seen == [one.case.sections["title"], one.case.sections["number"]]
        cells = json.loads((one.folder / "report.ipynb").read_text())["cells"]
        (given,) = [cell for cell in cells if "injected-parameters" in cell["metadata"].get("tags", [])]
        lines = ast.parse("".join(given["source"])).body  # nothing but names and literals
        values = {line.targets[0].id: ast.literal_eval(line.value) for line in lines}
        assert values == one.case.sections | {"output_folder": "."}
    assert not list(tmp_path.rglob("harmed"))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_stays_one_in_the_notebook(tmp_path, value):
    """Such values cannot come from a file; whoever calls papermill by hand may give them."""
    (tmp_path / "a.ipynb").write_text(notebook([PARAMETERS]))
    made = papermill.parameterize.parameterize_notebook(
        papermill.iorw.load_notebook_node(str(tmp_path / "a.ipynb")), {"number": value}, kernel_name="python3", language="python"
    )  # fmt: skip
    source = "".join(made.cells[1].source)
    assert source.splitlines()[-1] == f"number = float('{value}')"


def refused(folder, text):
    with pytest.raises(InputError) as error:
        cases_in(folder, a=text)
    return str(error.value)


def test_a_name_that_is_no_field_is_refused_before_any_kernel(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "make_planned", None)  # calling it would fail
    with kind_of("toy", [PARAMETERS, RESULTS], tmp_path):
        folder = tmp_path / "toy"
        assert "numbr: got 3; allowed:" in refused(folder, "numbr: 3")
        assert "output_folder: got" in refused(folder, "output_folder: /etc")
        assert "template: got" in refused(folder, "template: /etc/passwd")
        assert "__class__: got" in refused(folder, "__class__: 1")
        assert "number: got" in refused(folder, "number: .nan")
        assert "number: got" in refused(folder, "number: __import__('os')")
        assert "allowed:" in refused(folder, "number: !!python/object/apply:os.getcwd []")
        assert "batch" in refused(folder, "batch: {numbr: [1, 2]}")
        assert r"got '\\ud83d'; allowed: whole letters" in refused(folder, r'title: "\ud83d"')
    assert not (tmp_path / "reports").exists()


def test_names_of_files_cannot_leave_the_output(tmp_path):
    with kind_of("toy", [PARAMETERS, RESULTS], tmp_path):
        assert "file name" in refused_name(tmp_path, "..x.yaml")
        assert "file name" in refused_name(tmp_path, "a b.yaml")
        text = "batch: {title: [../../x, /etc/y, .., CON]}"
        for case in cases_in(tmp_path / "more" / "toy", a=text):
            parts = Path(case.name).parts
            assert len(parts) == 2 and ".." not in parts and parts[1].startswith("title-")


def refused_name(folder, name):
    file = write(folder / "toy" / name, "number: 1")
    try:
        with pytest.raises(InputError) as error:
            read_files([file])
    finally:
        file.unlink()
    return str(error.value)


def test_templates_come_from_the_folder_of_notebooks():
    for kind in runner.kinds.KINDS:
        found = template_path(kind)
        assert found.parent == ROOT / "notebooks" / "reports"
        assert not found.is_symlink()
        assert "/" not in runner.kinds.KINDS[kind].template


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX systems")
@pytest.mark.parametrize("place", ["toy/many/number-2", "toy/many", "toy"])
def test_reports_are_never_written_through_a_link(tmp_path, place):
    outside, output = tmp_path / "outside", tmp_path / "reports"
    write(outside / "run.json", "{}")  # looks like ours
    write(outside / "number-2" / "run.json", "{}")
    (output / place).parent.mkdir(parents=True)
    (output / place).symlink_to(outside)
    before = tree(tmp_path)
    with kind_of("toy", [PARAMETERS, RESULTS], tmp_path / "outside"):
        (outside / "toy.ipynb").rename(tmp_path / "toy.ipynb")
        runner.kinds.KINDS["toy"] = runner.kinds.ReportKind(
            "toy", "x", runner.kinds.KINDS["toy"].parameters, str(tmp_path / "toy.ipynb")
        )
        cases = cases_in(tmp_path / "parameters" / "toy", many="batch: {number: [2, 4]}")
        with pytest.raises(InputError, match="got 'a link'; allowed: a real folder"):
            run(cases, output=output)
    after = tree(tmp_path)
    assert {name: after[name] for name in before} == before
    assert {name.split("/")[0] for name in set(after) - set(before)} == {"toy.ipynb", "parameters"}


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="links of POSIX systems")
def test_the_output_folder_itself_may_be_a_link_that_its_owner_made(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "reports").symlink_to(tmp_path / "disk")
    with kind_of("toy", [PARAMETERS, IMPORTS, RESULTS], tmp_path):
        (outcome,) = run(
            cases_in(tmp_path / "toy", a="number: 2"), output=tmp_path / "reports", way=Way(warm=False)
        )
    assert outcome.failure is None
    assert {one.name for one in (tmp_path / "disk" / "toy" / "a").iterdir()} >= {"report.html", "run.json"}


@pytest.mark.slow
def test_plain_papermill_works(tmp_path):
    kind, case = "costing", "khm_flood_cash_transfer"
    file = ROOT / "parameters" / kind / f"{case}.yaml"
    line = [
        sys.executable,
        "-m",
        "papermill",
        str(ROOT / "notebooks" / "reports" / f"{kind}.ipynb"),
        "out.ipynb",
    ]
    done = subprocess.run(
        [*line, "-f", str(file), "-p", "output_folder", ".", "--no-progress-bar"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["headline"] and results["tables"]
