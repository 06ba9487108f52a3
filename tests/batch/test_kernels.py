"""Kernels: warm or cold the same, each alone with its state, and none outlives whoever started it."""

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from conftest import notebook, write
from toys import IMPORTS, PARAMETERS, RESULTS, cases_in, hashes, kind_of, processes
from typer.testing import CliRunner

from aspfin import cli
from aspfin.batch.execute import execute
from aspfin.batch.kernels import ForkedKernel, environment, kernels
from aspfin.batch.outcomes import Limits
from aspfin.batch.preload import EVERY_REPORT, modules_for
from aspfin.batch.runner import Way, run
from aspfin.batch.warm_parent import LONGEST_REQUEST
from aspfin.reporting.parameters import KINDS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only"),
]

# Everything whose look depends on where a library was imported: in a kernel or in the warm parent.
SHOWN = [
    PARAMETERS,
    IMPORTS,
    ("code", [], "import warnings\nimport matplotlib.pyplot as plt\nimport numpy as np\nimport pandas as pd"),
    ("code", [], "pd.get_option('display.max_columns'), pd.get_option('display.width'), plt.get_backend()"),
    (
        "code",
        [],
        "frame = pd.DataFrame(np.arange(60.0).reshape(2, 30)).add_prefix('a long name ')\nprint(frame)\nframe",
    ),
    (
        "code",
        [],
        "warnings.warn('mind the step', stacklevel=1)\n_ = np.log(pd.Series([-1.0]))\nnp.float64(1) / 0",
    ),
    ("code", [], "plt.plot([1, 3, 2])\nplt.title('a line')\nplt.show()\nplt.hist([1, 2, 2]);"),
    ("code", [], "import aspfin.reporting.style\nplt.figure(figsize=(2, 1)).add_subplot().plot([number, 1]);"),
    ("code", [], "print({str(n) for n in range(20)}, hash('a'), sys.argv[0], sys.argv[3:], __name__)"),
    ("code", [], "print(sorted(sys.path) == sorted(set(sys.path)), '' in sys.path, os.getcwd() in sys.path)"),
    ("code", [], "print(sys.stdin, sys.version, signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGCHLD))"),
    ("code", [], "print(signal.getsignal(signal.SIGINT), os.umask(0o22), [name for name in sorted(os.environ) if name[:4] not in ('JPY_', 'PYDE')])"),
    ("code", [], "Path('tables').mkdir()\nframe.to_csv('tables/frame.csv', index=False)"),
    RESULTS,
]  # fmt: skip


def test_what_every_kind_of_report_needs_can_be_imported_once_and_forked():
    with kernels(modules=modules_for(KINDS)) as source:
        assert source.ready(), source.problem


def test_one_warm_parent_serves_the_reports_and_their_synthesis(tmp_path):
    write(tmp_path / "toy" / "many.yaml", "batch: {number: [2, 4]}")
    with kind_of("toy", [PARAMETERS, IMPORTS, RESULTS], tmp_path):
        asked = ["run", str(tmp_path / "toy"), "-j", "2", "--output", str(tmp_path / "reports")]
        done = CliRunner().invoke(cli.app, asked)
    assert done.exit_code == 0, done.stderr
    records = (tmp_path / "reports").rglob("run.json")
    kernels = {one.parent.name: json.loads(one.read_text())["kernel"] for one in records}
    assert kernels == dict.fromkeys(("number-2", "number-4", "synthesis"), "warm")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The same report from a warm and from a cold kernel."""
    root = tmp_path_factory.mktemp("both")
    (root / "shown").mkdir()
    with kind_of("shown", SHOWN, root, preloaded=True):
        cases = cases_in(root / "shown", a="number: 4", b="number: 5")
        for name in ("warm", "cold"):
            outcomes = run(cases, output=root / name, way=Way(jobs=2, warm=name == "warm"))
            assert [one.failure for one in outcomes] == [None, None]
    return root


def outputs(folder):
    return [
        one["outputs"]
        for one in json.loads((folder / "report.ipynb").read_text())["cells"]
        if "outputs" in one
    ]


def test_the_record_says_which_kind_of_kernel_it_was(both):
    for name in ("warm", "cold"):
        record = json.loads((both / name / "shown" / "a" / "run.json").read_text())
        assert record["kernel"] == name


def test_warm_and_cold_kernels_give_the_same_bytes(both):
    warm, cold = outputs(both / "warm" / "shown" / "a"), outputs(both / "cold" / "shown" / "a")
    for one, other in zip(warm, cold, strict=True):
        assert one == other
    assert hashes(both / "warm") == hashes(both / "cold")
    assert set(hashes(both / "warm" / "shown" / "a")) == {
        *("report.html", "report.ipynb", "results.json", "tables/frame.csv")
    }


def test_what_is_shown_is_what_a_kernel_shows(both):
    text = json.dumps(outputs(both / "warm" / "shown" / "a"))
    assert "(20, 80, 'module://matplotlib_inline.backend_inline')" in text  # in a terminal: 0 columns
    assert text.count("image/png") == 3
    assert "mind the step" in text
    assert "divide by zero" in text


# --- one kernel after another, from the same warm parent

STATE = """
import builtins, decimal, gc, json, locale, os, random, resource, signal, sys, threading, time, warnings
import matplotlib, numpy as np, pandas as pd
state = {
    "builtins": sorted(vars(builtins)), "environment": sorted(f"{key} {hash(value)}" for key, value in os.environ.items()),
    "pandas": [pd.get_option(f"display.{one}") for one in ("max_columns", "max_rows", "width", "precision")],
    "rc": sorted((key, str(value)) for key, value in matplotlib.rcParams.items()), "path": sys.path,
    "numpy": np.get_printoptions(), "errors": np.geterr(), "filters": list(map(str, warnings.filters)),
    "zone": [time.tzname, time.timezone], "precision": str(decimal.getcontext()), "locale": locale.setlocale(locale.LC_ALL),
    "signals": [str(signal.getsignal(one)) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGALRM)],
    "recursion": sys.getrecursionlimit(), "files": len(os.listdir("/proc/self/fd")), "threads": threading.active_count(),
    "limits": [resource.getrlimit(one) for one in (resource.RLIMIT_DATA, resource.RLIMIT_NOFILE)],
    "collector": [gc.isenabled(), gc.get_threshold()], "mask": os.umask(0o22), "group": os.getpgid(0) == os.getpid(),
    "names": sorted(name for name in globals() if not name.startswith("_")), "loaded": "dirty" in sys.modules,
}
state = json.loads(json.dumps(state, default=str).replace(os.getcwd(), "HERE").replace(str(os.getpid()), "PID"))
draws = [np.random.random(), random.random(), np.random.default_rng().random()]
print(json.dumps([state, draws, os.getcwd()]))
"""

DIRTY = """
import builtins, decimal, gc, locale, os, random, resource, signal, sys, time, types, warnings
import matplotlib, numpy as np, pandas as pd
builtins.leaked = 1
os.environ.update(LEAKED="1", TZ="Asia/Phnom_Penh"); time.tzset()
pd.set_option("display.max_columns", 3); pd.set_option("display.precision", 1)
matplotlib.rcParams["figure.dpi"] = 17
np.random.seed(0); random.seed(0); np.set_printoptions(precision=1); np.seterr(all="raise")
warnings.simplefilter("error"); decimal.getcontext().prec = 5
kept = [open(os.devnull) for _ in range(20)]
sys.path.insert(0, "/leaked"); sys.modules["dirty"] = types.ModuleType("dirty"); sys.setrecursionlimit(500)
gc.disable(); os.umask(0); signal.signal(signal.SIGTERM, signal.SIG_IGN); os.chdir("/")
"""


@pytest.fixture(scope="module")
def source():
    with kernels(modules=EVERY_REPORT) as found:
        assert found.ready(), found.problem
        yield found


def executed(source, folder, *cells, limits=None):
    """Run some code in a new kernel; return what it printed and what became of it."""
    folder.mkdir()
    (folder / "in.ipynb").write_text(notebook([("code", [], one) for one in cells]))
    found = execute(
        folder / "in.ipynb",
        folder / "out.ipynb",
        {},
        folder=folder,
        kernels=source,
        limits=limits or Limits(),
    )
    cells = json.loads((folder / "out.ipynb").read_text())["cells"]
    streams = [one for cell in cells for one in cell.get("outputs", []) if one["output_type"] == "stream"]
    return "".join("".join(one["text"]) for one in streams if one["name"] == "stdout"), found


@pytest.fixture(scope="module")
def states(source, tmp_path_factory):
    """The state of a kernel before, and of one after, another that left nothing as it was."""
    root = tmp_path_factory.mktemp("states")
    first, one = executed(source, root / "first", STATE)
    _, dirty = executed(source, root / "dirty", DIRTY)
    second, other = executed(source, root / "second", STATE)
    assert [one.failure, dirty.failure, other.failure] == [None] * 3
    assert [one.kernel, dirty.kernel, other.kernel] == ["warm"] * 3
    return json.loads(first), json.loads(second), root


def test_nothing_leaks_from_one_report_to_the_next(states):
    (first, _, here), (second, _, there), root = states
    assert set(first) == set(second)
    assert {name: first[name] for name in first if first[name] != second[name]} == {}
    assert (here, there) == (str(root / "first"), str(root / "second"))
    assert first["group"] is True


def test_no_two_kernels_draw_the_same(states):
    (_, first, _), (_, second, _), _ = states
    assert len({*first, *second}) == 6
    assert 0.5488135039273248 not in (*first, *second)  # what numpy draws first from seed 0


def test_a_cell_may_run_only_so_long(source, tmp_path):
    started = time.monotonic()
    _, found = executed(source, tmp_path / "a", "1", "while True:\n    pass", limits=Limits(cell_seconds=2))
    assert str(found.failure) == "cell 2: the cell ran longer than 2 seconds (see --timeout)"
    assert found.failure.kernel_died is False
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("warm", [True, False])
def test_a_kernel_may_use_only_so_much_memory(tmp_path, warm):
    with kernels(warm=warm, modules=("numpy",), memory=500_000_000) as source:
        said, found = executed(
            source,
            tmp_path / "a",
            "import numpy as np\nsmall = np.ones(10_000_000)\nprint('small', small.sum())",
            "large = np.ones(100_000_000)",
        )
    assert said == "small 10000000.0\n"
    assert found.kernel == ("warm" if warm else "cold")
    assert found.failure.cell == "cell 2 (In [2])"
    assert "MemoryError: Unable to allocate" in found.failure.error
    assert not found.failure.kernel_died


async def _talk(source, folder, talk):
    """Start a kernel as any Jupyter client does, and talk to it."""
    manager = source.manager()
    await manager.start_kernel(cwd=str(folder), env=environment(source.runtime))
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        return await talk(manager, client)
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
        await manager.cleanup_resources()
        manager.context.destroy(linger=0)


async def _reply(client, code, before=None):
    sent = client.execute(code)
    while (await client.get_iopub_msg(timeout=30))["msg_type"] != "execute_input":
        pass
    if before is not None:
        await asyncio.sleep(0.3)
        await before()
    while True:
        reply = await client.get_shell_msg(timeout=30)
        if reply["parent_header"].get("msg_id") == sent:
            return reply["content"]


def test_a_kernel_can_be_interrupted_and_goes_on(source, tmp_path):
    async def talk(manager, client):
        assert isinstance(manager.provisioner.process, ForkedKernel)
        stopped = await _reply(client, "import time; time.sleep(60)", manager.interrupt_kernel)
        return stopped, await _reply(client, "assert 1 + 1 == 2"), manager.provisioner.process.pid

    stopped, after, pid = asyncio.run(_talk(source, tmp_path, talk))
    assert (stopped["status"], stopped["ename"]) == ("error", "KeyboardInterrupt")
    assert after["status"] == "ok"
    assert gone(pid)


def test_without_the_socket_a_cold_kernel_starts(tmp_path):
    async def talk(manager, client):
        assert isinstance(manager.provisioner.process, subprocess.Popen)
        return await _reply(client, "1 + 1")

    with kernels(modules=()) as source:
        assert source.ready()
        source.socket.unlink()
        assert asyncio.run(_talk(source, tmp_path, talk))["status"] == "ok"


def test_a_parent_with_threads_says_so_and_kernels_are_cold(tmp_path, monkeypatch):
    (tmp_path / "busy_module.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with kernels(modules=("busy_module",)) as source:
        assert source.ready() is False
        assert source.problem == "2 threads run in the warm parent, one is allowed"
        said, found = executed(source, tmp_path / "a", "print('made')")
    assert (said, found.kernel, found.failure) == ("made\n", "cold", None)


def test_a_parent_that_cannot_import_is_told_and_kernels_are_cold(tmp_path):
    with kernels(modules=("no_such_module_anywhere",)) as source:
        said, found = executed(source, tmp_path / "a", "print('made')")
        assert source.problem == "ModuleNotFoundError: No module named 'no_such_module_anywhere'"
    assert (said, found.kernel, found.failure) == ("made\n", "cold", None)


# --- the warm parent, spoken to directly


@pytest.fixture(scope="module")
def parent():
    with kernels(modules=()) as found:
        assert found.ready(), found.problem
        yield found


@contextmanager
def line_to(source, message):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        one.settimeout(20)
        one.connect(str(source.socket))
        one.sendall(message)
        yield one


def request(folder):
    """Ask for a kernel that lives."""
    asked = {"argv": ["-f", str(folder / "kernel.json")], "cwd": str(folder), "env": dict(os.environ)}
    return json.dumps(asked).encode() + b"\n"


def heard(one):
    """All that the parent says until it hangs up."""
    said = b""
    try:
        while part := one.recv(4096):
            said += part
    except ConnectionResetError:
        pass
    return said


def gone(pid, seconds=15):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (b"garbage\n", "not a request"),
        (b"\xff\xfe\n", "not a request"),
        (b"[1]\n", "not a request"),
        (b"{}\n", "not a request"),
        (b'{"argv": []}\n', "not a request"),
        (b"[" * 100_000 + b"\n", "not a request"),
        (b"x" * (LONGEST_REQUEST + 1_000), f"a request longer than {LONGEST_REQUEST:,} bytes"),
    ],
)
def test_the_parent_refuses_what_is_no_request(parent, message, answer):
    with line_to(parent, message) as one:
        assert answer in json.loads(heard(one))["error"]


def test_a_refused_client_harms_nobody(parent, tmp_path):
    with line_to(parent, b"half a req"):
        pass
    said, found = executed(parent, tmp_path / "a", "print('made')")
    assert (said, found.kernel) == ("made\n", "warm")


def test_the_socket_is_for_its_owner_alone(parent):
    assert stat.S_IMODE(parent.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(parent.runtime.stat().st_mode) == 0o700


def test_a_client_that_talks_out_of_turn_or_hangs_up_loses_its_kernel(parent, tmp_path):
    with line_to(parent, request(tmp_path)) as one:
        pid = json.loads(one.recv(4096))["pid"]
        assert psutil.pid_exists(pid)
        one.sendall(b"more\n")
        assert heard(one) == b""
        assert gone(pid)
    with line_to(parent, request(tmp_path)) as one:
        pid = json.loads(one.recv(4096))["pid"]
        assert psutil.pid_exists(pid)
    assert gone(pid)


@pytest.mark.parametrize(
    "message",
    [
        {"cwd": "/no/such/folder"},
        {"argv": 1, "cwd": 2, "env": 3},
        {"env": {"a": 1}},
        {"memory": "much"},
    ],
)
def test_a_kernel_that_cannot_begin_is_told(parent, tmp_path, message):
    asked = json.loads(request(tmp_path)) | message
    with line_to(parent, json.dumps(asked).encode() + b"\n") as one:
        said = [json.loads(part) for part in heard(one).splitlines()]
    assert list(said[0]) == ["pid"]
    assert said[1] == {"exit": 1}


STARTER = """
    import asyncio, json, os, sys, time
    sys.path[:0] = [{tests!r}, {here!r}]
    from test_kernels import _reply, _talk
    from aspfin.batch.kernels import kernels

    START = "import subprocess, sys; " + "; ".join(
        f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(120)', {word!r}], start_new_session=" + own + ")"
        for own in ("True", "False")
    )

    async def talk(manager, client):
        await _reply(client, START)
        print(json.dumps([source._parent.pid, manager.provisioner.process.pid]), flush=True)
        time.sleep(120)

    with kernels(modules=()) as source:
        source.ready()
        asyncio.run(_talk(source, os.getcwd(), talk))
"""


@pytest.mark.parametrize("who", ["starter", "parent"])
def test_no_kernel_outlives_who_started_it(tmp_path, who, own_temporary_folder):
    word = f"word-{tmp_path.name}"
    here = Path(__file__).parent
    code = textwrap.dedent(STARTER).format(tests=str(here.parent), here=str(here), word=word)
    (tmp_path / "start.py").write_text(code)
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "start.py")], stdout=subprocess.PIPE, cwd=tmp_path
    ) as started:
        parent, kernel = json.loads(started.stdout.readline())
        assert len(processes(word)) == 2
        os.kill({"starter": started.pid, "parent": parent}[who], signal.SIGKILL)
        ended = [gone(parent), gone(kernel)]
        left = processes(word)
        if who == "starter":
            until = time.monotonic() + 10
            while processes(word) and time.monotonic() < until:
                time.sleep(0.05)
            left = processes(word)
        started.kill()
    for pid, _ in processes(word):
        os.kill(pid, signal.SIGKILL)
    assert ended == [True, True]
    if who == "starter":
        assert left == []
        assert len(list(own_temporary_folder.glob("aspfin-*"))) == 1
        with kernels(warm=False):  # the next to come tidies up
            assert len(list(own_temporary_folder.glob("aspfin-*"))) == 1
        assert list(own_temporary_folder.iterdir()) == []
