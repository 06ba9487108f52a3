"""Whatever one notebook does, the others are made as if it were not there, and it is told what it did."""

import json

import pytest
from toys import IMPORTS, PARAMETERS, RESULTS, cases_in, hashes, kind_of, processes, tree

from aspfin.batch.outcomes import Limits
from aspfin.batch.runner import Way, run

pytestmark = pytest.mark.slow

LIMITS = Limits(cell_seconds=15, memory_bytes=1_200_000_000, printed_bytes=5_000_000)
HEALTHY = ("healthy-1", "healthy-2", "healthy-3", "healthy-4")

# What each notebook does before or after it saves its results, and what must be told of it. `title` is a
# folder outside the output.
BEFORE = {
    "leak": ("kept = [bytearray(10_000_000) for _ in range(1_000)]", "MemoryError"),
    "hang": ("while True:\n        pass", "the cell ran longer than 15 seconds"),
    "deaf": (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n    time.sleep(600)",
        "the cell ran longer than 15 seconds",
    ),
    "exit": ("sys.exit()", "without saving its results"),
    "exit-1": ("sys.exit(1)", "SystemExit: 1"),
    "os-exit": ("os._exit(3)", "the kernel died (status 3)"),
    "killed": ("os.kill(os.getpid(), signal.SIGKILL)", "the kernel died (signal 9)"),
    "interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "print": ("for _ in range(100):\n        print('x' * 1_000_000)", "printed more than 5 MB"),
    "print-once": ("print('x' * 100_000_000)", "printed more than 5 MB"),
    "picture": ("display({'image/png': 'A' * 20_000_000}, raw=True)", "printed more than 5 MB"),
    "json-output": (
        "display({'application/json': {'a': ['A' * 20_000_000]}}, raw=True)",
        "printed more than 5 MB",
    ),
    "removed": ("shutil.rmtree(os.getcwd())", "No such file"),
    "moved": ("os.chdir('..')", "without saving its results"),
}
AFTER = {
    "removed-after": ("shutil.rmtree(os.getcwd())", "removed its own folder"),
    "link-results": (
        "Path('results.json').unlink()\n    Path('results.json').symlink_to(Path(title, 'results.json'))",
        "left a link: results.json",
    ),
    "link-page": (
        "Path('report.html').symlink_to(Path(title, 'page.html'))",
        "left a link: report.html",
    ),
    "link-record": ("Path('run.json').symlink_to(Path(title, 'page.html'))", "left a link: run.json"),
    "link-folder": (
        "here = os.getcwd()\n    os.chdir('/')\n    shutil.rmtree(here)\n    Path(here).symlink_to(title)",
        "link",
    ),
    "no-json": ("_ = Path('results.json').write_text('not json')", "results.json"),
    "list-json": ("_ = Path('results.json').write_text('[1]')", "results.json"),
    "odd-json": ("_ = Path('results.json').write_text('{\"headline\": 5, \"checks\": [7]}')", "results.json"),
    "stdout": ("sys.stdout.close()", "I/O operation on closed file"),
    "pages-taken": (
        "for one in ('report.html', 'report.ipynb', 'run.json'):\n        Path(one).mkdir()",
        "report.ipynb",
    ),
}
HARMLESS = {
    "dotdot": (
        "_ = Path('..', 'stray.txt').write_text('x')\n    _ = [Path('..', f'case-{n}').write_text('x') for n in range(40) if not Path('..', f'case-{n}').exists()]"
    ),
    "environment": "os.environ.clear()",
    "file-number": "os.close(1)\n    os.close(2)",
    "outlives": (
        "line = [sys.executable, '-c', 'import time; time.sleep(300)', title]\n"
        "    subprocess.Popen(line)\n    subprocess.Popen(line, start_new_session=True)"
    ),
}
FAILING = {name: told for name, (_, told) in (BEFORE | AFTER).items()}


def cell(name, code):
    return ("code", [], f"if mode == {name!r}:\n    {code}")


CELLS = [
    PARAMETERS,
    IMPORTS,
    *(cell(name, code) for name, (code, _) in BEFORE.items()),
    *(cell(name, code) for name, code in HARMLESS.items()),
    RESULTS,
    *(cell(name, code) for name, (code, _) in AFTER.items()),
    ("code", [], "print('whole', number)"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory, own_temporary_folder):
    """One run of the hostile beside the healthy, and one of the healthy alone."""
    root = tmp_path_factory.mktemp("hostile")
    outside = root / "outside"
    outside.mkdir()
    (outside / "results.json").write_text(json.dumps({"headline": [], "checks": []}))
    (outside / "page.html").write_text("years of work")
    before = tree(outside)
    healthy = {name: f"number: {place}" for place, name in enumerate(HEALTHY, start=2)}
    hostile = {name: f"mode: {name}\ntitle: {outside}" for name in (*FAILING, *HARMLESS)}
    with kind_of("hostile", CELLS, root):
        alone = cases_in(root / "alone" / "hostile", **healthy)
        run(alone, output=root / "quiet", way=Way(jobs=2, limits=LIMITS))
        cases = cases_in(root / "all" / "hostile", **healthy, **hostile)
        outcomes = run(cases, output=root / "reports", way=Way(jobs=2, limits=LIMITS))
    return root, {one.case.name: one for one in outcomes}, before


def record(root, name):
    return json.loads((root / "reports" / "hostile" / name / "run.json").read_text())


@pytest.mark.parametrize("name", FAILING)
def test_what_a_hostile_notebook_did_is_told(place, name):
    root, outcomes, _ = place
    assert FAILING[name] in str(outcomes[name].failure)
    if name in BEFORE and name not in ("exit", "moved", "removed"):
        number = 4 + list(BEFORE).index(name)  # parameters, those given, imports
        assert f"cell {number}" in outcomes[name].failure.cell
        assert f"mode == {name!r}" in outcomes[name].failure.source
    assert {one.name for one in (root / "reports" / "hostile" / name).iterdir()} <= {
        *("report_failed.html", "report_failed.ipynb", "run.json")
    }
    assert record(root, name)["status"] == "failed"


def test_only_kernels_that_died_by_themselves_are_tried_again(place):
    root, _, _ = place
    again = {name for name in FAILING if record(root, name)["attempts"] == 2}
    assert again == {"os-exit", "killed"}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_harms_nobody_else_is_no_reason_to_fail(place, name):
    _, outcomes, _ = place
    assert outcomes[name].failure is None


def test_the_healthy_are_made_as_if_alone(place):
    root, outcomes, _ = place
    assert [outcomes[name].failure for name in HEALTHY] == [None] * len(HEALTHY)
    found = {name: hashes(root / "reports" / "hostile" / name) for name in HEALTHY}
    assert found == {name: hashes(root / "quiet" / "hostile" / name) for name in HEALTHY}
    assert len(found["healthy-1"]) == 3


def test_nothing_outside_is_touched_and_nothing_is_left(place, own_temporary_folder):
    root, _, before = place
    assert tree(root / "outside") == before
    assert {one.name for one in root.iterdir()} == {
        *("outside", "alone", "all", "quiet", "reports", "hostile.ipynb")
    }
    assert {one.name for one in (root / "reports").iterdir()} == {"hostile"}
    assert {one.name for one in (root / "reports" / "hostile").iterdir()} == {*HEALTHY, *FAILING, *HARMLESS}
    assert not [one for one in (root / "reports").rglob("*") if one.is_symlink()]
    assert list(own_temporary_folder.iterdir()) == []


def test_no_process_outlives_the_run(place):
    root, _, _ = place
    assert processes(str(root)) == []
