"""A batch that was touched, or cannot be made again, is found out; one that is as it was made is believed."""

import json
import shutil

import pytest
from conftest import write
from toys import IMPORTS, PARAMETERS, RESULTS, hashes, kind_of
from typer.testing import CliRunner

from aspfin import cli
from aspfin.batch.finish import _synthesis, finish, is_finished
from aspfin.batch.outcomes import CaseOutcome
from aspfin.batch.runner import Way, run
from aspfin.batch.verify import verify
from aspfin.reporting import identity as made_from
from aspfin.reporting.reading import read_files
from aspfin.results import InputError

pytestmark = pytest.mark.slow

TABLE = ("code", [], "Path('tables').mkdir()\n_ = Path('tables', 'a.csv').write_text(f'a\\n{number}\\n')")
CHANCE = (
    "code",
    [],
    "if mode == 'chance':\n    _ = Path('tables', f'{os.urandom(4).hex()}.csv').write_text('a\\n')\n"
    "    print(os.urandom(8).hex())",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A finished batch of three, and two single reports; one of them draws without a seed."""
    root = tmp_path_factory.mktemp("made")
    write(root / "parameters" / "toy" / "halves.yaml", "title: Halves\nbatch: {number: [2, 4, 8]}")
    write(root / "parameters" / "toy" / "one.yaml", "title: One\nbatch: {number: [2]}")
    write(root / "parameters" / "toy" / "chance.yaml", "mode: chance")
    with kind_of("toy", [PARAMETERS, IMPORTS, TABLE, CHANCE, RESULTS], root):
        outcomes = run(read_files([root / "parameters"]), output=root / "reports", way=Way(2, warm=False))
        more, pages, notes = finish(outcomes, output=root / "reports", way=Way(2, warm=False))
        assert [one.failure for one in (*outcomes, *more)] == [None] * 6
        assert notes == []
        yield root, pages, more


@pytest.fixture
def batch(made, tmp_path):
    """A copy of the batch, to be touched."""
    shutil.copytree(made[0], tmp_path / "made")
    return tmp_path / "made" / "reports" / "toy" / "halves"


def parameters(batch):
    return batch.parents[2] / "parameters"


def test_an_untouched_batch_passes_and_its_reports_are_made_again(batch):
    found = verify(batch, parameters=parameters(batch), sample=3, seed=1)
    assert found.passed and not found.damaged and not found.not_again
    assert found.again == ("toy/halves/number-2", "toy/halves/number-4", "toy/halves/number-8")
    assert found.reports == 4  # the synthesis too
    files = [
        one for one in batch.rglob("*") if one.is_file() and one.name not in ("run.json", ".finished.json")
    ]
    assert (
        found.files >= len(files) - 3
    )  # all but SHA256SUMS, the description of the crate and batch.json, which hold times
    told = str(found).splitlines()
    assert told[0] == f"{found.files} files of 4 reports hashed: all as written"
    assert told[1].startswith(
        "3 of 3 reports made again in cold kernels have the same bytes (toy/halves/number-2, "
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("number-4/tables/a.csv", "halves/number-4: tables/a.csv was changed afterwards"),
        ("number-4/report.html", "halves/number-4: report.html was changed afterwards"),
        ("synthesis/report.html", "halves/synthesis: report.html was changed afterwards"),
        ("index.html", "halves: index.html was changed afterwards"),
        ("summary.csv", "halves: summary.csv was changed afterwards"),
        ("batch.json", "halves: batch.json was changed afterwards"),
        ("SHA256SUMS", "halves: SHA256SUMS was changed afterwards"),
    ],
)
def test_a_file_that_was_touched_is_named(batch, name, told):
    with (batch / name).open("a") as file:
        file.write(" ")
    found = verify(batch, sample=0)
    assert not found.passed
    assert told in found.damaged
    assert str(found).splitlines()[0].endswith("not as written")
    if "/" not in name:
        (batch / name).unlink()
        assert f"halves: {name} is missing" in verify(batch, sample=0).damaged


def test_a_record_that_was_touched_is_found_out(batch):
    record = batch / "number-4" / "run.json"
    said = json.loads(record.read_text())
    said["headline"][0]["value"] = 9.0
    record.write_text(json.dumps(said))
    told = "halves/number-4: run.json was changed afterwards: it does not repeat results.json"
    assert verify(batch, sample=0).damaged == (told,)


def test_a_report_that_draws_without_a_seed_is_found_out(batch):
    folder = batch.parent / "chance"
    found = verify(folder, parameters=parameters(batch), sample=1)
    assert not found.passed and not found.damaged
    (told,) = found.different
    assert told.startswith("toy/chance: other bytes in report.html, report.ipynb")
    assert told.count("tables/") == 2  # neither run made the table of the other
    line = ["verify", str(folder), "--sample", "1", "--parameters", str(parameters(batch))]
    done = CliRunner().invoke(cli.app, line)
    assert done.exit_code == 1
    assert "0 of 1 reports made again in cold kernels have the same bytes\n" in done.stdout
    assert "1 report to make: 1 because it was chosen to be made again" in done.stderr


def test_why_a_report_cannot_be_made_again_is_told(batch, monkeypatch):
    def told(**more):
        found = verify(batch / "number-4", parameters=parameters(batch), sample=1, **more)
        assert found.passed  # nothing speaks against it
        (line,) = found.not_again
        return line.removeprefix("toy/halves/number-4: ")

    file = parameters(batch) / "toy" / "halves.yaml"
    text = file.read_text()
    file.write_text(text.replace("Halves", "Parts"))
    assert told() == "parameters changed (title)"
    file.write_text(text.replace("4", "5"))
    assert told() == f"{file} makes no such report any more"
    file.write_text("number: [")
    assert told().startswith(f"{file} cannot be read: ")
    file.unlink()
    assert told() == f"no parameter file {file}; name the folder that holds it with --parameters"
    file.write_text(text)
    monkeypatch.setattr(made_from, "package_hash", lambda: "another")
    assert told() == "aspfin changed"


def test_where_there_is_no_report_it_says_so(tmp_path):
    with pytest.raises(InputError, match="allowed: a folder with reports"):
        verify(tmp_path)


# --- what a batch gets at its end


def test_a_batch_gets_its_pages_its_synthesis_and_its_crate(made):
    root, pages, more = made
    folder = root / "reports" / "toy" / "halves"
    assert pages == [
        folder / "index.html",
        folder.parent / "one" / "index.html",
        root / "reports" / "index.html",
    ]
    assert [(one.case.kind, one.folder) for one in more] == [("synthesis", folder / "synthesis")]
    assert {one.name for one in folder.iterdir() if one.is_file()} == {
        *("index.html", "summary.csv", "batch.json", "ro-crate-metadata.json", "SHA256SUMS", ".finished.json")
    }
    assert "synthesis/report.html" in (folder / "index.html").read_text()
    listed = {line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert {"index.html", "number-2/results.json", "synthesis/report.html"} <= listed
    assert not (folder.parent / "one" / "synthesis").exists()
    assert (folder.parent / "one" / "index.html").is_file()


def again(root):
    """What the same command does once more."""
    output = root / "reports"
    outcomes = run(read_files([root / "parameters"]), output=output, way=Way(2, warm=False))
    return outcomes, *finish(outcomes, output=output, way=Way(2, warm=False))


def test_a_finished_batch_is_finished_only_while_nothing_changes(batch):
    assert is_finished(batch, ["html"])
    assert not is_finished(batch, ["html", "pdf"])
    assert not is_finished(batch.parent / "chance")
    for name in ("index.html", "SHA256SUMS", "synthesis/report.html", "number-2/run.json"):
        kept = (batch / name).read_bytes()
        (batch / name).unlink()
        assert not is_finished(batch, ["html"]), name
        (batch / name).write_bytes(kept)
        assert is_finished(batch, ["html"]), name
    (batch / ".finished.json").write_text("{")
    assert not is_finished(batch, ["html"])


@pytest.mark.parametrize(
    "lost",
    [
        ("index.html", "summary.csv", "batch.json", "ro-crate-metadata.json", "SHA256SUMS", ".finished.json"),
        ("index.html",),
        (".finished.json",),
        ("synthesis/report.html",),
        ("synthesis/run.json", "synthesis/report.html", "index.html"),
        ("ro-crate-metadata.json", "SHA256SUMS"),
    ],
)
def test_what_a_killed_run_did_not_write_the_next_one_does(batch, lost):
    before = hashes(batch)
    for name in lost:
        (batch / name).unlink()
    outcomes, more, _, notes = again(batch.parents[2])
    assert all(one.kept for one in outcomes)
    assert [one.failure for one in more] == [None] * ("synthesis/report.html" in lost)
    assert notes == []
    held = (
        ".finished.json",
        "SHA256SUMS",
        "ro-crate-metadata.json",
    )  # they hold the day and hashes of records
    after = hashes(batch)
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} <= set(held if more else ())
    assert is_finished(batch, ["html"])


def test_a_synthesis_that_is_made_again_keeps_its_formats(batch):
    record = batch / "synthesis" / "run.json"
    said = json.loads(record.read_text())
    said["outputs"]["report.docx"] = "as it was"
    record.write_text(json.dumps(said))
    (case, *_) = read_files([parameters(batch) / "toy" / "halves.yaml"])
    planned = _synthesis(batch, CaseOutcome(case, batch / "number-2", None, 0.0), ("html",))
    assert planned.job.formats == ("html", "docx")


def test_what_is_finished_is_left_alone(batch):
    before = {one: one.stat().st_mtime_ns for one in batch.rglob("*") if one.is_file()}
    outcomes, more, _, _ = again(batch.parents[2])
    assert all(one.kept for one in outcomes) and more == []
    assert {one: one.stat().st_mtime_ns for one in batch.rglob("*") if one.is_file()} == before


def test_a_single_report_has_no_crate_and_no_index(made):
    folder = made[0] / "reports" / "toy" / "chance"
    assert {one.name for one in folder.iterdir()} == {
        *("report.html", "report.ipynb", "results.json", "run.json", "tables")
    }
    assert json.loads((folder / "run.json").read_text())["status"] == "made"
