"""Reports appear whole or not at all, equal for equal inputs, and one that fails stops nobody."""

import csv
import json
import signal
import subprocess
import sys
import textwrap
import threading
import time
from hashlib import sha256
from pathlib import Path

import psutil
import pytest

from aspfin.batch import preload
from aspfin.batch.case_run import _clean
from aspfin.batch.index import forget_gone, write_indexes
from aspfin.batch.outcomes import CaseOutcome
from aspfin.batch.places import put_in_place
from aspfin.batch.runner import Way, run
from aspfin.reporting.reading import read_files
from aspfin.results import InputError

MADE = {"report.html", "report.ipynb", "results.json", "run.json"}
FAILED = {"report_failed.html", "report_failed.ipynb", "run.json"}


def children():
    """Processes that this one started and that still run."""
    me = psutil.Process()
    return [one for one in me.children(recursive=True) if "aspfin.batch" in " ".join(one.cmdline())]


def contents(folder):
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != "run.json"
    }


class Seen:
    """What a run tells those who watch it."""

    def __init__(self):
        self.todo, self.kept, self.started, self.outcomes, self.notes = [], 0, [], [], []

    def planned(self, todo, kept, jobs):
        self.todo, self.kept = [one.case.name for one in todo], kept

    def began(self, case):
        self.started.append(case.name)

    def ended(self, outcome):
        self.outcomes.append(outcome)

    def noted(self, text):
        self.notes.append(text)


@pytest.fixture(scope="module")
def batch(toy_kind, tmp_path_factory):
    """Four reports made once: a batch of two of which one divides by zero, and two single ones."""
    root = tmp_path_factory.mktemp("batch")
    (root / "toy").mkdir()
    (root / "toy" / "halves.yaml").write_text("title: Halves & more\nbatch: {number: [0, 4]}")
    (root / "toy" / "silent.yaml").write_text("mode: exit")
    (root / "toy" / "dead.yaml").write_text("mode: die")
    output, seen = root / "reports", Seen()
    outcomes = run(read_files([root / "toy"]), output=output, way=Way(jobs=2), progress=seen)
    write_indexes(outcomes, output)
    return output, outcomes, seen


def test_outcomes_come_in_the_order_of_the_cases(batch):
    _, outcomes, seen = batch
    names = [outcome.case.name for outcome in outcomes]
    assert names == ["dead", "halves/number-0", "halves/number-4", "silent"]
    assert sorted(outcome.case.name for outcome in seen.outcomes) == sorted(seen.started) == sorted(names)
    assert sorted(seen.todo) == sorted(names) and seen.kept == 0


def test_a_report_is_whole(batch):
    output, outcomes, _ = batch
    folder = output / "toy" / "halves" / "number-4"
    assert outcomes[2].failure is None
    assert outcomes[2].folder == folder
    assert {place.name for place in folder.iterdir()} == MADE
    results = json.loads((folder / "results.json").read_text())
    record = json.loads((folder / "run.json").read_text())
    assert (record["status"], record["kind"], record["varied"]) == ("made", "toy", {"number": 4})
    assert record["headline"] == [{"name": "half", "label": "a half", "value": 0.25, "unit": "USD per year"}]
    assert record["failed_checks"] == results["checks"]
    assert results["checks"][0]["text"] == "10"  # one thread, hash seed 0
    assert record["started"] <= record["finished"]
    assert record["identity"]["parameters"]["number"] == 4
    assert {"parameter_hash", "template_hash", "package_hash", "data", "python", "libraries", "hash"} <= set(
        record["identity"]
    )
    written = {name: sha256((folder / name).read_bytes()).hexdigest() for name in MADE - {"run.json"}}
    assert record["outputs"] == written
    assert (record["attempts"], record["kernel"]) == (1, "warm" if sys.platform == "linux" else "cold")


def test_the_saved_notebook_holds_no_times_and_no_paths(batch):
    output, _, _ = batch
    text = (output / "toy" / "halves" / "number-4" / "report.ipynb").read_text()
    assert str(output) not in text
    assert "unfinished" not in text
    assert "ipykernel_" not in text
    assert "papermill" not in text
    assert 'output_folder = \\".\\"' in text
    assert "mind the step" in text


def test_a_failing_case_names_its_cell_and_leaves_no_report(batch):
    output, outcomes, _ = batch
    failure = outcomes[1].failure
    assert (failure.cell, failure.error) == ("cell 6 (In [5])", "ZeroDivisionError: float division by zero")
    assert failure.source == "half = 1 / number"
    folder = output / "toy" / "halves" / "number-0"
    assert {place.name for place in folder.iterdir()} == FAILED
    page = (folder / "report_failed.html").read_text()
    assert "ZeroDivisionError" in page
    assert "half = 1 / number" in page
    assert "--only &#x27;toy/halves/number-0&#x27;" in page
    cell = json.loads((folder / "report_failed.ipynb").read_text())["cells"][5]
    assert "".join(cell["source"]) == "half = 1 / number"
    assert json.loads((folder / "run.json").read_text())["failure"]["cell"] == failure.cell


def test_a_notebook_that_saves_nothing_has_failed(batch):
    _, outcomes, _ = batch
    assert "without saving its results" in str(outcomes[3].failure)


def test_a_dead_kernel_is_tried_again_and_told(batch):
    output, outcomes, _ = batch
    assert str(outcomes[0].failure).startswith("cell 8: the kernel died (signal 9)")
    assert "os.kill(os.getpid(), signal.SIGKILL)" in outcomes[0].failure.source
    record = json.loads((output / "toy" / "dead" / "run.json").read_text())
    assert record["attempts"] == 2
    assert {place.name for place in (output / "toy" / "dead").iterdir()} == FAILED
    assert json.loads((output / "toy" / "halves" / "number-0" / "run.json").read_text())["attempts"] == 1


def test_nothing_is_left_behind(batch):
    output, _, _ = batch
    assert {place.name for place in output.iterdir()} == {"toy", "index.html"}
    assert not list(output.rglob("*-in.ipynb"))
    assert not children()


def test_batch_index(batch):
    output, _, _ = batch
    folder = output / "toy" / "halves"
    assert {place.name for place in folder.iterdir()} == {
        *("number-0", "number-4", "index.html", "summary.csv", "batch.json")
    }
    page = (folder / "index.html").read_text()
    assert "<title>Halves &amp; more</title>" in page
    assert "1 of 2 reports were made; 1 could not be made." in page
    assert 'href="number-0/report_failed.html"' in page
    assert "US$ 0.25<" in page
    failed, made = csv.DictReader((folder / "summary.csv").read_text().splitlines())
    told = ("case", "label", "number", "status", "half", "failure")
    assert [failed[name] for name in told] == [
        *("number-0", "number 0", "0", "failed", ""),
        "cell 6 (In [5]): ZeroDivisionError: float division by zero",
    ]
    assert [made[name] for name in told] == ["number-4", "number 4", "4", "made", "0.25", ""]
    assert (failed["failed_checks"], made["failed_checks"]) == ("0", "1")
    summary = json.loads((folder / "batch.json").read_text())
    assert (summary["made"], summary["failed"]) == (1, 1)


def test_list_of_all_reports(batch):
    output, _, _ = batch
    page = (output / "index.html").read_text()
    assert 'href="toy/halves/index.html"' in page
    assert "(2 reports, 1 of them failed)" in page
    assert 'href="toy/dead/report_failed.html"' in page


@pytest.mark.slow
def test_equal_inputs_give_equal_bytes_whatever_the_workers(batch, tmp_path):
    output, outcomes, _ = batch
    cases = [outcome.case for outcome in outcomes[1:3]]
    again = run(cases, output=tmp_path / "reports", way=Way(warm=False))
    write_indexes(again, tmp_path / "reports")
    first, second = contents(output / "toy" / "halves"), contents(tmp_path / "reports" / "toy" / "halves")
    assert len(first) == 8
    assert first == second


def finished(scratch, name, *files):
    work = scratch / name
    work.mkdir(parents=True)
    for file in files:
        (work / file).write_text(name)
    return work


def test_a_report_replaces_what_stood_there_whole(tmp_path):
    scratch, folder = tmp_path / "scratch", tmp_path / "reports" / "toy" / "a"
    put_in_place(finished(scratch, "one", "report.html", "run.json"), folder, scratch, in_batch=False)
    put_in_place(finished(scratch, "two", "report_failed.html", "run.json"), folder, scratch, in_batch=False)
    assert {place.name: place.read_text() for place in folder.iterdir()} == {
        "report_failed.html": "two",
        "run.json": "two",
    }
    (folder / "run.json").write_text(json.dumps({"outputs": {"report_failed.html": "", "../x": ""}}))
    put_in_place(finished(scratch, "three", "run.json"), folder / "number-1", scratch, in_batch=True)
    assert [place.name for place in folder.iterdir()] == ["number-1"]
    assert list(scratch.iterdir()) == []


def test_a_report_that_cannot_be_put_in_place_leaves_the_old_one(tmp_path):
    scratch, folder = tmp_path / "scratch", tmp_path / "reports" / "toy" / "a"
    put_in_place(finished(scratch, "one", "run.json"), folder, scratch, in_batch=False)
    with pytest.raises(OSError, match="No such file"):
        put_in_place(scratch / "missing", folder, scratch, in_batch=False)
    assert (folder / "run.json").read_text() == "one"


def test_a_full_run_forgets_cases_that_are_gone_and_a_partial_one_does_not(toy_cases, tmp_path):
    output = tmp_path / "reports"
    record = {"status": "made", "title": "a", "headline": [], "failed_checks": [], "varied": {"number": 1}}
    for number in (1, 2, 3):
        folder = output / "toy" / "a" / f"number-{number}"
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps(record))
    cases = toy_cases(a="batch: {number: [1, 2]}")
    outcomes = [CaseOutcome(case, output / "toy" / case.name, None, 1.0) for case in cases]
    forget_gone(outcomes[:1])
    write_indexes(outcomes[:1], output)
    assert "All 3 reports were made." in (output / "toy" / "a" / "index.html").read_text()
    forget_gone(outcomes)
    write_indexes(outcomes, output)
    assert "All 2 reports were made." in (output / "toy" / "a" / "index.html").read_text()


def test_a_notebook_with_large_pictures_is_cleaned_at_once(tmp_path):
    outputs = [
        {"output_type": "stream", "name": "stderr", "text": ["/tmp/ipykernel_7/12.py:1: UserWarning: x\n"]}
    ]
    picture = {"output_type": "display_data", "data": {"image/png": "iVBO" * 500_000}, "metadata": {}}
    one = {
        "cell_type": "code",
        "source": "x",
        "metadata": {},
        "execution_count": 1,
        "outputs": [*outputs, picture],
    }
    path = tmp_path / "report.ipynb"
    path.write_text(
        json.dumps({"cells": [one], "metadata": {"papermill": {}}, "nbformat": 4, "nbformat_minor": 4})
    )
    started = time.process_time()
    _clean(path, tmp_path / "clean.ipynb", {})
    assert time.process_time() - started < 3
    cleaned = json.loads((tmp_path / "clean.ipynb").read_text())
    assert cleaned["cells"][0]["outputs"][0]["text"] == ["cell.py:1: UserWarning: x\n"]
    assert cleaned["metadata"] == {}


def refused(cases, output, jobs=1):
    with pytest.raises(InputError) as error:
        run(cases, output=output, way=Way(jobs=jobs))
    return str(error.value)


def test_the_saved_notebook_names_files_and_not_where_they_are(tmp_path):
    path = tmp_path / "report.ipynb"
    place = str(tmp_path / "it's mine" / "survey.dta")
    cell = {"cell_type": "code", "metadata": {}, "outputs": [{"text": f"read {place}"}]}
    cell["source"] = f"data = {{'path': {place!r}}}\n"
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    _clean(path, path, {"data": {"path": place}, "more": [{"deep": place}]})
    saved = path.read_text()
    assert "mine" not in saved and saved.count("survey.dta") == 2


def test_a_folder_that_cannot_be_made_is_told(toy_cases, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="allowed: a folder"):
        run(toy_cases(a="number: 1"), output=tmp_path / "file" / "reports")


def test_nothing_is_written_when_a_run_cannot_start(toy_cases, tmp_path, toy_template):
    cases, output = toy_cases(a="number: 4"), tmp_path / "reports"
    for jobs in (0, 65, True, "2"):
        assert f"jobs: got {jobs!r}; allowed: a whole number from 1 to 64" in refused(cases, output, jobs)
    assert not output.exists()
    hidden = toy_template.with_suffix(".hidden")
    toy_template.rename(hidden)
    try:
        assert "an existing notebook" in refused(cases, output)
    finally:
        hidden.rename(toy_template)
    assert not output.exists()
    output.write_text("a file")
    assert "allowed: a folder" in refused(cases, output)


def test_files_of_others_and_links_are_never_replaced(toy_cases, tmp_path):
    cases, output = toy_cases(a="number: 4"), tmp_path / "reports"
    mine = output / "toy" / "a" / "thesis.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("years of work")
    assert "files of another origin" in refused(cases, output)
    assert mine.read_text() == "years of work"
    elsewhere = tmp_path / "elsewhere"
    (output / "toy").rename(elsewhere)
    (output / "toy").symlink_to(elsewhere)
    assert "a link" in refused(cases, output)
    assert (elsewhere / "a" / "thesis.txt").is_file()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
def test_who_kills_the_warm_parent_harms_itself_only(toy_cases, tmp_path):
    cases = toy_cases(a="mode: kill", b="number: 4", c="number: 5", d="number: 6")
    outcomes = run(cases, output=tmp_path / "reports", way=Way(jobs=2))
    assert "the kernel died" in str(outcomes[0].failure)
    assert [outcome.failure for outcome in outcomes[1:]] == [None] * 3
    assert (tmp_path / "reports" / "toy" / "a" / "report_failed.html").is_file()


def test_why_kernels_are_cold_is_told_once(toy_cases, tmp_path, monkeypatch):
    monkeypatch.setattr(preload, "EVERY_REPORT", ("aspfin_has_no_such_part",))
    seen = Seen()
    outcomes = run(toy_cases(a="number: 3", b="number: 4"), output=tmp_path / "reports", progress=seen)
    assert [outcome.failure for outcome in outcomes] == [None] * 2
    (note,) = seen.notes
    assert "kernels start cold" in note
    assert "ModuleNotFoundError: No module named 'aspfin_has_no_such_part'" in note


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals of POSIX systems")
def test_a_request_to_stop_that_another_thread_gets_is_heeded(toy_cases, tmp_path):
    flag = tmp_path / "flag"

    def ask():
        while not flag.exists():
            time.sleep(0.05)
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    asking = threading.Thread(target=ask)
    asking.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(toy_cases(a=f"mode: sleep\ntitle: {flag}"), output=tmp_path / "reports")
    asking.join()
    assert time.monotonic() - started < 50  # the notebook would sleep for a minute
    assert not list((tmp_path / "reports").glob("toy/*"))


RUN = """
    import sys
    sys.path.insert(0, {tests!r})
    from conftest import ToyParameters
    from aspfin.reporting import parameters as kinds, reading
    from aspfin.batch import preload, runner
    preload.EVERY_REPORT = ()
    if __name__ == "__main__":
        kinds.KINDS["toy"] = kinds.ReportKind("toy", "halves", ToyParameters, {template!r})
        try:
            runner.run(reading.read_files([{folder!r}]), output={output!r}, way=runner.Way(jobs=2))
        except KeyboardInterrupt:
            sys.exit(130)
"""


@pytest.mark.slow
def test_an_interrupted_run_leaves_nothing_half_done(toy_template, tmp_path):
    output, flag = tmp_path / "reports", tmp_path / "flag"
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "a.yaml").write_text("number: 4")
    for name in "bcd":
        (tmp_path / "toy" / f"{name}.yaml").write_text(f"mode: sleep\ntitle: {flag}")
    old = output / "toy" / "b"
    old.mkdir(parents=True)
    (old / "run.json").write_text("{}")
    script = tmp_path / "go.py"
    place = {
        "tests": str(Path(__file__).parents[1]),
        "template": str(toy_template),
        "folder": str(tmp_path / "toy"),
    }
    script.write_text(textwrap.dedent(RUN.format(output=str(output), **place)))
    process = subprocess.Popen([sys.executable, str(script)])
    until = time.monotonic() + 60
    while not (flag.exists() and (output / "toy" / "a").exists()) and time.monotonic() < until:
        time.sleep(0.1)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert time.monotonic() - started < 20
    assert {place.name for place in output.iterdir()} == {"toy"}
    assert {place.name for place in (output / "toy").iterdir()} == {"a", "b"}
    assert [place.name for place in old.iterdir()] == ["run.json"]
