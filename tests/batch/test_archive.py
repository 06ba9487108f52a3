"""A batch in one file: everything that can be checked, nothing that must not be published."""

import json
import subprocess
from datetime import date
from zipfile import ZipFile

import pytest
from run_folders import write_batch
from typer.testing import CliRunner

from aspfin import cli
from aspfin.batch.archive import archive
from aspfin.batch.crate import write_crate
from aspfin.batch.finish import _mark
from aspfin.results import InputError

NAMES = ("KH01", "KH02", "KH03")


@pytest.fixture
def batch(tmp_path):
    """A finished batch of which one report shows what the batch hides, with files of other people in it."""
    folder = write_batch(tmp_path / "floods", NAMES)
    (folder / "batch.json").write_text(json.dumps({"title": "Floods", "do_not_publish": ["KH02"]}))
    write_crate(folder, title="Floods", date=date(2026, 3, 1))
    _mark(folder)
    (folder / "households.csv").write_text("name\n")
    return folder


def test_it_holds_what_can_be_checked_and_nothing_else(batch, tmp_path):
    made = archive(batch)
    assert made == tmp_path / "floods.zip"
    (tmp_path / "elsewhere").mkdir()
    with ZipFile(made) as packed:
        packed.extractall(tmp_path / "elsewhere")
    folder = tmp_path / "elsewhere" / "floods"
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    names = {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()}
    graph = json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]
    files = {one["@id"] for one in graph if "File" in one["@type"]}
    assert names == files | {"ro-crate-metadata.json"}
    assert {name.split("/")[0] for name in names if "/" in name} == {"KH01", "KH03", "workflow"}


def test_the_same_batch_gives_the_same_bytes(batch, tmp_path):
    first = archive(batch).read_bytes()
    (batch / "index.html").touch()
    assert archive(batch, tmp_path / "again.zip").read_bytes() == first


def test_a_dot_in_the_name_of_a_batch_stays(batch, tmp_path):
    assert archive(batch.rename(tmp_path / "floods.v2")).name == "floods.v2.zip"


@pytest.mark.parametrize("name", ["KH01/tables/layers.csv", "index.html", "batch.json", "SHA256SUMS"])
def test_a_batch_that_was_touched_is_not_packed(batch, tmp_path, name):
    with (batch / name).open("a") as file:
        file.write(" ")
    with pytest.raises(InputError, match="archive"):
        archive(batch)
    assert [one.name for one in tmp_path.iterdir()] == ["floods"]


def test_the_command_says_where_it_is_and_what_is_wrong(batch, tmp_path):
    done = CliRunner().invoke(cli.app, ["archive", str(batch)])
    assert done.stdout == f"packed: {tmp_path / 'floods.zip'}\n"
    for place in (batch / "inside.zip", tmp_path / "no" / "folder.zip"):
        done = CliRunner().invoke(cli.app, ["archive", str(batch), "--to", str(place)])
        assert done.exit_code == 2
        assert "allowed: a file outside of the batch, in a folder that exists" in done.stderr
    done = CliRunner().invoke(cli.app, ["archive", str(tmp_path)])
    assert done.exit_code == 2 and "allowed: the folder of a batch" in done.stderr
