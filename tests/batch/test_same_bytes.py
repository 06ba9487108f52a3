"""However reports are made, one at a time or many, warm or cold, here or on a cluster: the same bytes."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from toys import IMPORTS, PARAMETERS, RESULTS, cases_in, hashes, kind_of, processes

import aspfin
from aspfin.batch import cluster
from aspfin.batch.runner import Way, run
from aspfin.reporting.reading import read_file

pytestmark = pytest.mark.slow

CASES = 25
SLOW = ("code", [], "if mode == 'slow':\n    time.sleep(1)")
CELLS = [PARAMETERS, IMPORTS, SLOW, ("code", [], "print({str(n) for n in range(30)}, number)"), RESULTS]
NUMBERS = ", ".join(str(number) for number in range(1, CASES + 1))


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """Cases of a batch, and what two at a time in warm kernels give."""
    root = tmp_path_factory.mktemp("same")
    with kind_of("toy", CELLS, root):
        cases = cases_in(root / "toy", many=f"batch: {{number: [{NUMBERS}]}}")
        run(cases, output=root / "reports", way=Way(jobs=2))
        yield cases, hashes(root / "reports"), root


def test_every_report_is_there(batch):
    cases, found, root = batch
    assert len(cases) == CASES
    assert len(found) == 3 * CASES  # report.html, report.ipynb, results.json
    assert len({one for name, one in found.items() if name.endswith("results.json")}) == CASES
    kernels = {json.loads(one.read_text())["kernel"] for one in root.glob("reports/toy/many/*/run.json")}
    assert kernels <= {"warm", "cold"} and len(kernels) == 1


@pytest.mark.parametrize(
    "way",
    [Way(jobs=1), Way(jobs=2, warm=False), Way(jobs=2, cluster="local")],
    ids=["one at a time", "cold", "cluster"],
)
def test_the_way_they_are_made_does_not_matter(batch, tmp_path, way):
    cases, found, _ = batch
    some = cases if way.warm else cases[::4]  # cold kernels take their time
    outcomes = run(some, output=tmp_path / "reports", way=way)
    assert [one.failure for one in outcomes] == [None] * len(some)
    made = hashes(tmp_path / "reports")
    assert len(made) == 3 * len(some)
    assert made == {name: found[name] for name in made}
    assert not [one for one in (tmp_path / "reports").rglob(".*")]


def test_a_real_report_is_the_same_from_warm_and_cold_kernels(tmp_path):
    root = Path(aspfin.__file__).parents[1]
    cases = read_file(root / "parameters" / "costing" / "khm_flood_cash_transfer.yaml")
    for warm in (True, False):
        (outcome,) = run(cases, output=tmp_path / str(warm), way=Way(warm=warm))
        assert outcome.failure is None
        assert json.loads((outcome.folder / "run.json").read_text())["kernel"] == ("warm" if warm else "cold")
    found = hashes(tmp_path / "True")
    assert len(found) > 5
    assert found == hashes(tmp_path / "False")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
def test_a_worker_that_dies_costs_nothing_but_time(tmp_path, monkeypatch, own_temporary_folder):
    from distributed import LocalCluster

    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    with kind_of("toy", CELLS, tmp_path), LocalCluster(**settings) as there:
        cases = cases_in(tmp_path / "toy", many="mode: slow\nbatch: {number: [1, 2, 3, 4, 5, 6, 7, 8]}")
        way = Way(jobs=2, warm=False, cluster=there.scheduler_address)
        killed = []

        class Watch:
            """Kill a worker once the first report has arrived."""

            def planned(self, todo, kept, jobs): ...
            def began(self, case): ...
            def ended(self, outcome):
                if not killed:
                    killed.append(next(iter(there.workers.values())).pid)
                    os.kill(killed[0], signal.SIGKILL)

        outcomes = run(cases, output=tmp_path / "reports", way=way, progress=Watch())
    assert len(killed) == 1
    assert [one.failure for one in outcomes] == [None] * 8
    quiet = tmp_path / "quiet"
    with kind_of("toy", CELLS, tmp_path):
        run(cases[:2], output=quiet, way=Way(warm=False))
    made = hashes(tmp_path / "reports")
    assert len(made) == 24
    assert hashes(quiet).items() <= made.items()
    until = time.monotonic() + 10
    while processes(str(own_temporary_folder)) and time.monotonic() < until:
        time.sleep(0.1)
    assert processes(str(own_temporary_folder)) == []


def test_a_worker_with_other_inputs_refuses(batch, monkeypatch):
    cases, _, root = batch
    from aspfin.batch.runner import plan

    job = plan(cases[:1], output=root / "none")[0].job
    monkeypatch.setattr(
        cluster, "identity", lambda *a, **k: {**job.identity, "hash": "x", "package_hash": "y"}
    )
    made, files = cluster._make_there(job, limits=Way().limits, warm=False, modules=())
    assert "has other inputs: aspfin changed" in str(made.failure)
    assert set(files) == {"report_failed.html", "run.json"}


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "."])
def test_files_from_a_worker_stay_inside(tmp_path, name):
    with pytest.raises(ValueError, match="allowed: a path inside the report"):
        cluster._write(tmp_path / "a", {name: b"x"})
    assert {one.name for one in tmp_path.iterdir()} <= {"a"}
