"""What is unchanged is kept and said to be; what changed is made again, that alone, and why is told."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import ToyParameters, notebook, write
from toys import IMPORTS, PARAMETERS, RESULTS, hashes
from typer.testing import CliRunner

from aspfin import cli
from aspfin.batch import unchanged
from aspfin.batch.progress import plan_words
from aspfin.batch.runner import Way, plan, run
from aspfin.reporting import identity as made_from
from aspfin.reporting import parameters as kinds
from aspfin.reporting.reading import read_files

TALE = ("code", [], "if mode != 'fail':\n    print('told')\nelse:\n    raise ValueError(title)")
CELLS = [PARAMETERS, IMPORTS, TALE, RESULTS]
FILES = {
    "halves": "title: Halves\nbatch: {number: [2, 4]}",
    "own": "title: {data}\nnumber: 5",
    "wrong": "mode: fail\ntitle: no luck",
}
COLD = Way(jobs=2, warm=False)


class Seen:
    """What a run tells."""

    def __init__(self):
        self.todo, self.kept, self.words = [], 0, ""

    def planned(self, todo, kept, jobs):
        self.todo = [one.case.name for one in todo]
        self.kept, self.words = kept, plan_words(todo, kept)

    def began(self, case): ...
    def ended(self, outcome): ...


class Place:
    """A folder of parameter files, the notebook they are made with, and the reports."""

    def __init__(self, root):
        self.root, self.files, self.output = root, root / "toy", root / "reports"
        self.template, self.data = root / "toy.ipynb", root / "own.csv"

    def again(self, **more):
        seen = Seen()
        run(read_files([self.files]), output=self.output, way=COLD, progress=seen, **more)
        return seen

    def states(self):
        found = plan(read_files([self.files]), output=self.output)
        return {one.case.name: str(one.state) for one in found if one.state.status != "done"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Four reports made once; every test works on a copy of them."""
    place = Place(tmp_path_factory.mktemp("made"))
    place.template.write_text(notebook(CELLS))
    place.data.write_text("a,b\n1,2\n")
    for name, text in FILES.items():
        write(place.files / f"{name}.yaml", text.replace("{data}", str(place.data)))
    with pytest.MonkeyPatch.context() as patch:
        kind = kinds.ReportKind("toy", "halves", ToyParameters, str(place.template))
        patch.setitem(kinds.KINDS, "toy", kind)
        first = place.again()
        assert sorted(first.todo) == ["halves/number-2", "halves/number-4", "own", "wrong"]
        assert first.words == "4 reports to make: 4 not made yet"
        yield place


WRONG = {"wrong": "failed: ValueError: no luck"}


@pytest.fixture
def place(made, tmp_path, monkeypatch):
    """The made reports, copied; own data and notebook stand where they stood, and are put back."""
    copy = Place(tmp_path)
    shutil.copytree(made.files, copy.files)
    shutil.copytree(made.output, copy.output)
    copy.template, copy.data = made.template, made.data
    texts = {one: one.read_bytes() for one in (made.template, made.data)}
    yield copy
    for one, text in texts.items():
        one.write_bytes(text)


def test_nothing_is_made_again_but_what_failed(place):
    before = hashes(place.output)
    assert place.states() == WRONG
    seen = place.again()
    assert (seen.todo, seen.kept) == (["wrong"], 3)
    assert seen.words == "1 report to make: 1 failed last time; 3 unchanged and kept"
    failed = {"toy/wrong/report_failed.html"}  # it tells the command, with the path of the copied file
    after = hashes(place.output)
    assert {name for name in after if after[name] != before[name]} <= failed
    assert after.keys() == before.keys()


def change_parameter(place, monkeypatch):
    write(place.files / "halves.yaml", FILES["halves"].replace("4", "8").replace("Halves", "Parts"))


def change_data(place, monkeypatch):
    place.data.write_text("a,b\n1,3\n")


def change_template(place, monkeypatch):
    place.template.write_text(notebook([*CELLS, ("code", [], "1")]))


def change_package(place, monkeypatch):
    monkeypatch.setattr(made_from, "package_hash", lambda: "another")


def change_library(place, monkeypatch):
    now = dict(made_from.libraries())
    monkeypatch.setattr(made_from, "libraries", lambda *more: {**now, "numpy": "99.0"})


def remove_output(place, monkeypatch):
    (place.output / "toy" / "own" / "results.json").unlink()


def edit_output(place, monkeypatch):
    with (place.output / "toy" / "own" / "report.html").open("a") as page:
        page.write(" ")


def add_output(place, monkeypatch):
    (place.output / "toy" / "own" / "tables").mkdir()
    (place.output / "toy" / "own" / "tables" / "more.csv").write_text("a\n")


def remove_record(place, monkeypatch):
    (place.output / "toy" / "own" / "run.json").write_text("{")


ALL = ("halves/number-2", "halves/number-4", "own")


@pytest.mark.parametrize(
    ("change", "stale"),
    [
        (
            change_parameter,
            {
                "halves/number-2": "stale: parameters changed (title)",
                "halves/number-8": "missing: not made yet",
            },
        ),
        (change_data, {"own": "stale: own.csv changed"}),
        (change_template, dict.fromkeys(ALL, "stale: the notebook changed")),
        (change_package, dict.fromkeys(ALL, "stale: aspfin changed")),
        (change_library, dict.fromkeys(ALL, "stale: numpy {numpy} became 99.0")),
        (remove_output, {"own": "stale: results.json is missing"}),
        (edit_output, {"own": "stale: report.html was changed afterwards"}),
        (add_output, {"own": "stale: tables/more.csv is not of this report"}),
        (remove_record, {"own": "missing: not made yet"}),
    ],
)
def test_what_changed_is_made_again_and_that_alone(place, monkeypatch, change, stale):
    version = made_from.libraries()["numpy"]
    change(place, monkeypatch)
    stale = {name: told.format(numpy=version) for name, told in stale.items()}
    assert place.states() == WRONG | stale
    found = CliRunner().invoke(cli.app, ["status", str(place.files), "--output", str(place.output)])
    told = [f"toy/{name}: {state}" for name, state in (WRONG | stale).items()]
    assert sorted(found.stdout.splitlines()[:-1]) == sorted(told)
    assert found.stdout.splitlines()[-1].startswith("4 reports: ")
    write(place.files / "wrong.yaml", "number: 3")  # what follows is about the others
    seen = place.again()
    assert sorted(seen.todo) == sorted([*stale, "wrong"])
    reasons = {told.split(": ")[-1] for told in stale.values()}
    assert all(reason in seen.words for reason in reasons)
    assert place.states() == {}
    assert place.again().words == "4 reports unchanged, nothing to do"


def test_all_are_made_when_asked_for(place):
    seen = place.again(force=True)
    assert len(seen.todo) == 4
    assert seen.words == "4 reports to make: 3 asked for; 1 failed last time"


def test_the_longest_comes_first(place):
    for name, seconds in (("own", 9.0), ("halves/number-2", 3.0), ("halves/number-4", 30.0)):
        record = place.output / "toy" / name / "run.json"
        record.write_text(json.dumps(json.loads(record.read_text()) | {"seconds": seconds}))
    (place.files / "wrong.yaml").unlink()
    write(place.files / "new.yaml", "number: 7")
    assert place.again(force=True).todo == ["new", "halves/number-4", "own", "halves/number-2"]


def test_a_format_is_added_without_running_the_notebook(place):
    (place.files / "wrong.yaml").unlink()
    before = hashes(place.output / "toy" / "own")
    seen = place.again(formats=("html", "docx", "xlsx"))
    assert (seen.todo, seen.kept) == ([], 3)
    after = hashes(place.output / "toy" / "own")
    assert set(after) - set(before) == {"report.docx", "report.xlsx"}
    assert before.items() <= after.items()
    assert place.states() == {}
    seconds = json.loads((place.output / "toy" / "own" / "run.json").read_text())["seconds"]
    assert seconds > 0


def test_a_report_that_is_made_again_keeps_its_formats(place):
    (place.files / "wrong.yaml").unlink()
    place.again(formats=("html", "docx"))
    seen = place.again(force=True)
    assert len(seen.todo) == 3
    assert (place.output / "toy" / "own" / "report.docx").is_file()


# --- in a moment: nothing is read but hashes


def invoke(place, *arguments):
    line = ["run", str(place.files), "--output", str(place.output), "--cold", *arguments]
    return CliRunner().invoke(cli.app, line)


@pytest.fixture(scope="module")
def told(made, tmp_path_factory):
    """The made reports finished by the command, whose notebooks stand in a folder of their own."""
    root = tmp_path_factory.mktemp("told")
    place = Place(root)
    shutil.copytree(made.files, place.files)
    shutil.copytree(made.output, place.output)
    (place.files / "wrong.yaml").unlink()
    shutil.rmtree(place.output / "toy" / "wrong")
    place.template, place.data = made.template, made.data
    for name in ("toy", "synthesis"):
        write(root / "notebooks" / f"{name}.ipynb", notebook(CELLS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unchanged, "templates_folder", lambda: root / "notebooks")
        done = invoke(place)
        assert done.exit_code == 0, done.output
        yield place


def test_unchanged_reports_are_told_without_reading_a_file(told, monkeypatch):
    monkeypatch.setattr("aspfin.reporting.reading.read_files", None)  # calling it would fail
    done = invoke(told)
    assert done.exit_code == 0
    assert done.stdout == f"3 reports unchanged, nothing to do; open {told.output / 'index.html'}\n"
    assert done.stderr == ""


def split(place, formats=("html",)):
    files, kept = unchanged.split([place.files], place.output, formats)
    return sorted(Path(one).stem for one in files), {one.stem: count for one, count in kept.items()}


def edited(path, content=None):
    path.write_text(path.read_text() + " " if content is None else content)


CHANGES = {
    "parameter file": (lambda p, m: edited(p.files / "own.yaml"), ["own"]),
    "own data": (lambda p, m: edited(p.data), ["own"]),
    "country pack": (lambda p, m: m.setattr(unchanged, "place_hash", _packs_edited), ["halves", "own"]),
    "notebook": (lambda p, m: edited(p.root / "notebooks" / "toy.ipynb"), ["halves", "own"]),
    "notebook of syntheses": (
        lambda p, m: edited(p.root / "notebooks" / "synthesis.ipynb"),
        ["halves", "own"],
    ),
    "package": (lambda p, m: m.setattr(unchanged, "package_hash", lambda: "another"), ["halves", "own"]),
    "library": (lambda p, m: m.setattr(unchanged, "_installed", lambda: "another"), ["halves", "own"]),
    "python": (lambda p, m: m.setattr("platform.python_version", lambda: "3.99"), ["halves", "own"]),
    "output": (lambda p, m: edited(p.output / "toy" / "halves" / "number-2" / "report.html"), ["halves"]),
    "output gone": (lambda p, m: (p.output / "toy" / "own" / "results.json").unlink(), ["own"]),
    "record": (lambda p, m: edited(p.output / "toy" / "own" / "run.json"), ["own"]),
    "page of the batch": (lambda p, m: edited(p.output / "toy" / "halves" / "index.html"), ["halves"]),
    "synthesis": (
        lambda p, m: edited(p.output / "toy" / "halves" / "synthesis" / "report.html"),
        ["halves"],
    ),
    "file too many": (lambda p, m: (p.output / "toy" / "own" / "new.txt").write_text("x"), ["own"]),
    "ticket": (lambda p, m: edited(p.output / ".unchanged" / "toy-own.json", "[1]"), ["own"]),
    "format": (None, ["halves", "own"]),
}


def _packs_edited(name, place):
    return {"KHM/events.csv": "edited"} if name == "KHM" else made_from.place_hash(name, place)


@pytest.mark.parametrize("change", CHANGES)
def test_every_kind_of_change_is_seen_in_a_moment(told, tmp_path, monkeypatch, change):
    kept = {one: one.read_bytes() for one in told.root.rglob("*") if one.is_file()} | {
        told.data: told.data.read_bytes()
    }
    assert split(told) == ([], {"halves": 2, "own": 1})
    act, stale = CHANGES[change]
    try:
        if act is None:
            assert split(told, ("html", "pdf"))[0] == stale
        else:
            act(told, monkeypatch)
            assert split(told)[0] == stale
    finally:
        for one in set(told.root.rglob("*")) - set(kept):
            if one.is_file():
                one.unlink()
        for one, content in kept.items():
            one.write_bytes(content)


def test_a_case_removed_from_its_file_disappears(told, tmp_path, monkeypatch):
    place = Place(tmp_path)
    shutil.copytree(told.files, place.files)
    shutil.copytree(told.output, place.output)
    place.root = told.root
    write(place.files / "halves.yaml", FILES["halves"].replace("[2, 4]", "[4]"))
    done = invoke(place)
    assert done.exit_code == 0, done.output
    folder = place.output / "toy" / "halves"
    places = {one.name for one in folder.iterdir() if one.is_dir()}
    assert places == {"number-4", "workflow"}  # nor is there a synthesis of one report
    assert "number-2" not in (folder / "index.html").read_text()
    assert "number-2" not in (folder / "summary.csv").read_text()
