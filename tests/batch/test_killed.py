"""A run that is killed at any moment, and started again, ends where an undisturbed one does."""

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import notebook, write
from toys import IMPORTS, PARAMETERS, RESULTS, hashes, processes

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")]

KILLS, SEED = 30, 20_240_611
CASES = 6
CELLS = [
    PARAMETERS,
    IMPORTS,
    ("code", [], "if title:\n    Path(title).write_text('running')"),
    ("code", [], "if mode == 'sleep':\n    time.sleep(120)"),
    ("code", [], "time.sleep(0.1)\nprint('number', number)"),
    RESULTS,
]
TOGETHER = [
    ("code", ["parameters"], "title, batch, output_folder = '', '', '.'"),
    ("code", [], "number = 1"),
    IMPORTS,
    RESULTS,
]

# The command line with a kind that only tests know. The synthesis of a batch is made as well: any kill may fall
# into it, into the index or into the crate.
GO = """
    import sys
    sys.path.insert(0, {tests!r})
    from conftest import ToyParameters
    from aspfin import cli
    from aspfin.batch import preload
    from aspfin.reporting import parameters as kinds
    preload.EVERY_REPORT = ()  # a toy needs nothing, and a run begins sooner
    kinds.KINDS["toy"] = kinds.ReportKind("toy", "halves", ToyParameters, {template!r})
    if __name__ == "__main__":
        cli.main()
"""

# The same many times: everything is imported once, then each line of input forks a run and kills it in time.
AGAIN = """
    import json, os, signal, time
    from go import cli
    import papermill, jinja2, mistune, pydantic, yaml, rocrate
    import aspfin.batch.execute, aspfin.batch.finish, aspfin.batch.index, aspfin.batch.crate, aspfin.batch.synthesis
    import aspfin.reporting.export, aspfin.reporting.formats, aspfin.batch.unchanged, aspfin.batch.progress
    import matplotlib.figure, matplotlib.backends.backend_agg, seaborn, aspfin.reporting.charts_multiples
    from aspfin.batch import runner, synthesis
    from aspfin.reporting import identity, parameters as kinds

    identity.package_hash()  # once: somebody may be editing the package while this test runs
    runner.modules_for = lambda kinds: ()  # the toy needs nothing, and every run would wait for it
    synthesis.KIND = kinds.ReportKind("synthesis", "", synthesis.KIND.parameters, {together!r})

    for line in sys.stdin:
        arguments, seconds = json.loads(line)
        started, pid = time.monotonic(), os.fork()
        if pid == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            try:
                cli.app(arguments)
            except SystemExit as end:
                os._exit(end.code or 0)
            os._exit(99)
        ended = 0
        while not ended and time.monotonic() < started + seconds:
            time.sleep(0.01)
            ended, status = os.waitpid(pid, os.WNOHANG)
        if not ended:
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), time.monotonic() - started]), flush=True)
"""


class Command:
    """`aspfin run` in a process of its own, with a folder for temporary files of its own."""

    def __init__(self, root):
        self.root, self.temporary = root, root / "t"
        self.temporary.mkdir()
        template = root / "toy.ipynb"
        template.write_text(notebook(CELLS))
        together = root / "together.ipynb"
        together.write_text(notebook(TOGETHER))
        tests = str(Path(__file__).parents[1])
        (root / "go.py").write_text(textwrap.dedent(GO.format(tests=tests, template=str(template))))
        (root / "again.py").write_text(
            "import sys\n" + textwrap.dedent(AGAIN).replace("{together!r}", repr(str(together)))
        )
        self.environment = {**os.environ, "TMPDIR": str(self.temporary)}

    def start(self, output, *more, jobs=2):
        line = [sys.executable, str(self.root / "go.py"), "run", str(self.root / "toy"), "-j", str(jobs)]
        return subprocess.Popen(
            [*line, "--output", str(output), *more],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def many(self):
        """Give a function that runs the command line with some arguments, for so many seconds at most."""
        line = [sys.executable, str(self.root / "again.py")]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(line, env=self.environment, text=True, **pipes) as runs:

            def run(output, *more, seconds):
                asked = ["run", str(self.root / "toy"), "-j", "2", "--output", str(output), *more]
                runs.stdin.write(json.dumps([asked, seconds]) + "\n")
                runs.stdin.flush()
                return json.loads(runs.stdout.readline())

            yield run
            runs.stdin.close()

    def left(self):
        """What still runs or lies about: processes of this run, folders of its kernels."""
        return processes(str(self.root)), list(self.temporary.iterdir())

    def settle(self, seconds=15):
        """Wait until every process of a killed run has noticed; return those that have not."""
        until = time.monotonic() + seconds
        while (left := processes(str(self.temporary))) and time.monotonic() < until:
            time.sleep(0.05)
        return left


@pytest.fixture
def command(tmp_path_factory):
    return Command(tmp_path_factory.mktemp("k"))


def test_a_run_killed_at_any_moment_goes_on_to_the_same_bytes(command):
    numbers = ", ".join(str(number) for number in range(2, CASES))
    write(command.root / "toy" / "halves.yaml", f"title: Halves\nbatch: {{number: [{numbers}]}}")
    write(command.root / "toy" / "alone.yaml", "number: 3")
    write(command.root / "toy" / "wrong.yaml", "number: 0")
    chance, output, quiet = random.Random(SEED), command.root / "reports", command.root / "quiet"
    killed = 0
    with command.many() as run:
        status, length = run(quiet, seconds=300)
        assert status == 1  # the division by zero
        for number in range(KILLS):
            more = ["--force"] if number % 2 else []  # else there would soon be nothing left to do
            status, _ = run(output, *more, seconds=chance.uniform(0.2, length))
            killed += status == -signal.SIGKILL
            assert status in (1, -signal.SIGKILL)
            assert command.settle() == []
            for record in output.glob("toy/**/run.json"):  # what has a record is whole
                whole(record.parent)
        status, _ = run(output, seconds=300)
        assert status == 1
        before = (output / "toy" / "halves" / "SHA256SUMS").stat().st_mtime_ns
        run(output, seconds=300)
        assert (output / "toy" / "halves" / "SHA256SUMS").stat().st_mtime_ns == before  # nothing left to do
    assert killed > KILLS // 3  # else nothing was tested
    assert shown(output) == shown(quiet)
    assert not [*output.rglob(".unfinished-*"), *output.rglob(".new*")]
    assert command.left() == ([], [])


def whole(folder):
    record = json.loads((folder / "run.json").read_text())
    assert set(record["outputs"]) == {
        one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()
    } - {"run.json"}


def shown(output):
    """Everything a reader or the next run may see but times: records without them, no crate, which holds days."""
    held = (".unchanged/", "SHA256SUMS", ".finished.json")  # hashes of records, so of times
    found = {name: one for name, one in hashes(output).items() if not any(one in name for one in held)}
    for place in sorted(output.rglob("run.json")):
        record = json.loads(place.read_text())
        for name in ("started", "finished", "seconds", "attempts", "kernel"):
            record.pop(name)
        found[place.relative_to(output).as_posix()] = json.dumps(record, sort_keys=True)
    return found


@pytest.mark.parametrize(("number", "cold"), [("SIGINT", False), ("SIGTERM", False), ("SIGTERM", True)])
def test_a_run_that_is_asked_to_stop_says_how_to_go_on(command, number, cold):
    flag = command.root / "flag"
    write(command.root / "toy" / "a.yaml", "number: 4")
    for name in "bcd":
        write(command.root / "toy" / f"{name}.yaml", f"mode: sleep\ntitle: {flag}")
    output = command.root / "reports"
    run = command.start(output, *(["--cold"] if cold else []))
    until = time.monotonic() + 120
    while not (flag.exists() and (output / "toy" / "a").exists()) and time.monotonic() < until:
        time.sleep(0.05)
    started = time.monotonic()
    run.send_signal(getattr(signal, number))
    _, told = run.communicate(timeout=60)
    assert time.monotonic() - started < 20
    assert run.returncode == 130
    assert told.splitlines()[-1] == (
        "stopped; finished reports are in place, nothing half-written is left; the same command makes the rest"
    )
    assert "Traceback" not in told
    assert {one.name for one in output.iterdir()} == {"toy"}
    assert {one.name for one in (output / "toy").iterdir()} == {"a"}
    assert command.left() == ([], [])
