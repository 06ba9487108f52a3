"""The command line: exit status, one line per problem, nothing written for bad input."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aspfin import cli
from aspfin.batch import runner
from aspfin.batch.outcomes import CaseOutcome, Failure
from aspfin.reporting.parameters import KINDS

VALID = """\
response: {programme: flood_cash_transfer, rules_on: 2022-12-10}
financing: {instruments: [{type: contingent_credit, limit_usd: 1e6}]}
"""


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(cli.app, list(map(str, arguments)))


@pytest.fixture
def file(tmp_path):
    def write(text, name="floods"):
        path = tmp_path / "parameters" / "financing" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return Path("parameters/financing", path.name)

    return write


def test_help_names_the_commands(call):
    for arguments in ([], ["--help"]):
        found = call(*arguments)
        assert all(
            name in found.output for name in ("run", "status", "verify", "diff", "warm", "check", "list")
        )
    assert call("--help").exit_code == 0


def test_help_answers_at_once():
    times = []
    for _ in range(3):
        before = os.times()
        done = subprocess.run([sys.executable, "-m", "aspfin.cli", "--help"], capture_output=True, check=True)
        after = os.times()  # of the processor: a machine with much to do must not fail the test
        times.append(sum(after[2:4]) - sum(before[2:4]))
    assert b"Usage" in done.stdout
    assert min(times) < 1.0  # 0.4 s on a quiet machine
    code = "import sys, aspfin.cli; print([name for name in ('pandas', 'papermill', 'matplotlib') if name in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


@pytest.mark.parametrize("command", ["run", "check"])
def test_bad_input_is_told_line_by_line_and_nothing_is_written(call, file, tmp_path, command):
    path = file(VALID.replace("1e6", "-1") + "yeers: 3\n")
    other = file("a: [", "broken")
    before = sorted(tmp_path.rglob("*"))
    found = call(command, path, other)
    assert found.exit_code == 2
    lines = found.stderr.splitlines()
    assert lines[0] == f"{path}: financing.instruments[0].limit_usd: got -1; allowed: a number from 0"
    assert lines[1].startswith(f"{path}: yeers: got 3; allowed: one of area, country")
    assert lines[2].startswith(f"{other}: line 1, column")
    assert len(lines) == 3
    assert found.stdout == ""
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nowhere.yaml"], "nowhere.yaml: file: got 'no such file'; allowed: an existing file or folder"),
        (["parameters", "-j", "0"], "command line: jobs: got 0; allowed: a whole number from 1 to 64"),
        (
            ["parameters", "--only", "KH99"],
            "command line: --only: got 'KH99'; allowed: one of financing/floods",
        ),
    ],
)
def test_bad_arguments(call, file, tmp_path, arguments, line):
    file(VALID)
    found = call("run", *arguments)
    assert (found.exit_code, found.stderr) == (2, f"{line}\n")
    assert not (tmp_path / "reports").exists()


def test_a_type_error_on_the_command_line_is_bad_input_too(call):
    assert call("run", "x.yaml", "-j", "two").exit_code == 2


def test_check_says_what_it_saw(call, file):
    file(VALID)
    file(VALID + "batch: {area: [KH01, KH02]}", "provinces")
    pack = Path(cli.__file__).parent / "data" / "countries" / "KHM"
    found = call("check", "parameters", pack)
    assert found.exit_code == 0
    assert found.output == "2 parameter files (3 reports) and 1 country pack: no problem found\n"
    packs = len(list(pack.parent.glob("*/country.yaml")))
    assert call("check", pack.parent).output == f"{packs} country packs: no problem found\n"


def test_check_names_file_and_field_of_a_broken_pack(call, tmp_path):
    import shutil

    shutil.copytree(Path(cli.__file__).parent / "data" / "countries" / "KHM", tmp_path / "mine")
    country = tmp_path / "mine" / "country.yaml"
    country.write_text(country.read_text().replace("iso3: KHM", "iso3: 5"))
    found = call("check", "mine")
    assert found.exit_code == 2
    assert "country.yaml" in found.stderr
    assert "iso3" in found.stderr
    assert "Traceback" not in found.output


def test_list(call, file):
    assert "none" in call("list").output
    path = file(VALID)
    found = call("list").output
    assert "financing" in found
    assert str(path) in found
    assert "KHM" in found


def test_schema(call):
    schema = json.loads(call("schema", "financing").stdout)
    assert schema["properties"]["batch"]["type"] == "object"
    found = call("schema", "finance")
    assert (found.exit_code, found.stderr) == (
        2,
        f"command line: kind: got 'finance'; allowed: did you mean 'financing'? ({', '.join(sorted(KINDS))})\n",
    )


def outcomes_of(*failures):
    """Stand in for the engine: the cases get these failures, in turn."""

    def run(cases, *, output, force, formats, way, progress):
        made = []
        for case, failure in zip(cases, failures, strict=True):
            folder = Path(output).absolute() / case.kind / case.name
            folder.mkdir(parents=True)
            record = {"status": "made", "title": case.title, "failure": failure and {"error": failure.error}}
            (folder / "run.json").write_text(json.dumps(record))
            made.append(CaseOutcome(case, folder, failure, 1.0))
            progress.ended(made[-1])
        return made

    return run


def test_exit_status_says_whether_all_reports_were_made(call, file, monkeypatch):
    file(VALID)
    file(VALID, "second")
    monkeypatch.setattr(runner, "run", outcomes_of(None, Failure("ValueError: x", "cell 3 (In [2])")))
    found = call("run", "parameters", "--output", "out")
    assert found.exit_code == 1
    told = [line.rpartition(" (")[0] for line in found.stderr.splitlines()]
    assert told == [
        "financing/floods: made in 1.0 s",
        "financing/second: failed: cell 3 (In [2]): ValueError: x",
    ]
    assert found.stdout.splitlines()[-1].startswith("1 of 2 reports are there; open ")
    monkeypatch.setattr(runner, "run", outcomes_of(None))
    assert call("run", "parameters", "--only", "second", "--output", "other").exit_code == 0


def test_ctrl_c_ends_quietly(call, file, monkeypatch):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    file(VALID)
    monkeypatch.setattr(runner, "run", stop)
    found = call("run", "parameters")
    assert found.exit_code == 130
    assert found.stderr.startswith("stopped;")


def test_lab_opens_the_start_notebook(call, monkeypatch, tmp_path):
    seen = []

    def started(command, check):
        seen.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", started)
    start = tmp_path / "notebooks" / "workshop" / "00_start_here.ipynb"
    start.parent.mkdir(parents=True)
    start.write_text("{}")
    assert call("lab").exit_code == 0
    assert seen == [[sys.executable, "-m", "jupyterlab", str(start)]]


def test_the_installed_command_refuses_without_a_traceback(tmp_path):
    command = [sys.executable, "-m", "aspfin.cli", "run", str(tmp_path / "none.yaml")]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env=dict(os.environ)
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
