"""Where reports go: checked before anything is written, appearing whole, never through a link.

Reports are written in a hidden folder beside their place and renamed. A run that is killed leaves that folder
behind; the next run removes it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from aspfin.batch.private import private_folder
from aspfin.reporting.reading import Case
from aspfin.results import InputError, Problem

__all__ = ["SUMS", "SYNTHESIS", "case_folder", "checksums", "inputs_refused", "put_in_place", "scratch"]

OURS = ("run.json", "batch.json")  # a folder with one of these was written by `run`
UNFINISHED = ".unfinished-"
SYNTHESIS = "synthesis"  # folder of a batch's report on all its cases, and the kind of that report
SUMS = "SHA256SUMS"  # list of a batch's files with their hashes


def checksums(folder: Path) -> dict[str, str]:
    """Return the hashes that the checksum list of a folder gives, by the name of the file."""
    lines = (folder / SUMS).read_text(encoding="utf-8", errors="replace").splitlines()
    return {line[66:]: line[:64] for line in lines if line[64:66] == "  "}


def case_folder(output: Path, case: Case) -> Path:
    """Return where the report of a case belongs."""
    return output / case.kind / case.name


def inputs_refused(cases: Sequence[Case], output: Path) -> list[Problem]:
    """Return what forbids writing these reports below `output`: links, files of another origin."""
    problems = []
    if output.exists() and not output.is_dir():
        problems.append(Problem("command line", "output", str(output), "a folder"))
    roots = {output / case.kind / case.name.split("/")[0] for case in cases}
    for folder in sorted(roots | {case_folder(output, case) for case in cases}):
        inside = [place for place in (folder, *folder.parents) if output in place.parents]
        if link := next((place for place in inside if place.is_symlink()), None):
            problems.append(Problem("output", str(link), "a link", "a real folder"))
        elif folder.exists() and not _is_ours(folder):
            problems.append(
                Problem("output", str(folder), "files of another origin", "a folder of ours or none")
            )
    return problems


def _is_ours(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    marks = [*(folder / name for name in OURS), *folder.glob("*/run.json")]  # interrupted: no index yet
    return any(mark.is_file() for mark in marks) or not any(folder.iterdir())


@contextmanager
def scratch(output: Path) -> Iterator[Path]:
    """Give a hidden work folder on the same file system: a rename then puts a report in place.

    Raises
    ------
    InputError
        The output folder cannot be made.
    """
    held = ExitStack()
    try:
        output.mkdir(parents=True, exist_ok=True)
        place = held.enter_context(private_folder(UNFINISHED, output))
    except OSError as error:
        found = error.strerror or type(error).__name__
        raise InputError(Problem("output", str(output), found, "a folder that can be written")) from error
    with held:
        yield place


def put_in_place(work: Path, folder: Path, scratch: Path, *, in_batch: bool) -> None:
    """Rename a finished work folder to its place; what stood there goes away whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if in_batch:
        _remove_single_report(folder.parent)
    old = scratch / f"old-{work.name}"
    if folder.exists():
        os.replace(folder, old)
    try:
        os.replace(work, folder)
    except OSError:
        if old.exists():
            os.replace(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _remove_single_report(folder: Path) -> None:
    """Remove an earlier report of one case from what is now the folder of a batch."""
    record = folder / "run.json"
    if not record.is_file() or record.is_symlink():
        return
    names = [*json.loads(record.read_text(encoding="utf-8")).get("outputs", {}), "run.json"]
    inside = [folder / name for name in names if ".." not in Path(name).parts]
    for place in inside:
        if folder in place.parents and not place.is_symlink():
            place.unlink(missing_ok=True)
    for place in {one.parent for one in inside} - {folder}:
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()
