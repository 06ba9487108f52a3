"""Report kinds small enough for tests, some of them hostile, and what a run leaves behind."""

import os
from contextlib import contextmanager
from hashlib import sha256

import psutil
import pytest
from conftest import ToyParameters, notebook, write

from aspfin.batch import preload
from aspfin.reporting import parameters as kinds
from aspfin.reporting.reading import read_files

PARAMETERS = (
    "code",
    ["parameters"],
    "title, country, area, number, mode = None, 'KHM', 'national', 2.0, 'save'\noutput_folder = '.'",
)
IMPORTS = ("code", [], "import json, os, shutil, signal, subprocess, sys, time\nfrom pathlib import Path")
RESULTS = (
    "code",
    [],
    "headline = [{'name': 'half', 'label': 'a half', 'value': 1 / number, 'unit': 'USD'}]\n"
    "_ = Path(output_folder, 'results.json').write_text(json.dumps({'headline': headline, 'checks': []}))",
)


@contextmanager
def kind_of(name, cells, folder, *, preloaded=False):
    """A report kind whose notebook has these cells, known to the package meanwhile.

    Most toys need no library, and a warm parent that imports none begins seconds sooner.
    """
    template = folder / f"{name}.ipynb"
    template.write_text(notebook(cells))
    with pytest.MonkeyPatch.context() as patch:
        kind = kinds.ReportKind(name, f"{name} reports", ToyParameters, str(template))
        patch.setitem(kinds.KINDS, name, kind)
        if not preloaded:
            patch.setattr(preload, "EVERY_REPORT", ())
        yield kind


def cases_in(folder, **files):
    """Write parameter files into a folder that is named after their kind, and read them."""
    for name, text in files.items():
        write(folder / f"{name}.yaml", text)
    return read_files([folder])


def hashes(folder):
    """The hash of every file but records, which hold times, by path."""
    files = sorted(one for one in folder.rglob("*") if one.is_file() and one.name not in ("run.json",))
    return {one.relative_to(folder).as_posix(): sha256(one.read_bytes()).hexdigest() for one in files}


def tree(folder):
    """Every file, folder and link below a folder with its content."""
    return {
        one.relative_to(folder).as_posix(): os.readlink(one)
        if one.is_symlink()
        else one.read_bytes()
        if one.is_file()
        else None
        for one in sorted(folder.rglob("*"))
    }


def processes(word):
    """Processes with a word in their command line, this one and dead ones not counted."""
    found = []
    for one in psutil.process_iter(["pid", "cmdline", "status"]):
        told = " ".join(one.info["cmdline"] or ())
        if word in told and one.pid != os.getpid() and one.info["status"] != psutil.STATUS_ZOMBIE:
            found.append((one.pid, told))
    return found
