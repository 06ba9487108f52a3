"""A report kind small enough to run in a test: its parameters, its notebook, its cases."""

import json
import tempfile
from pathlib import Path

import pytest

from aspfin.batch import preload
from aspfin.reporting import parameters as kinds
from aspfin.reporting.instrument_parameters import Section
from aspfin.reporting.reading import read_files


class ToyParameters(Section):
    title: str | None = None
    country: str = "KHM"
    area: str = "national"
    number: float = 2.0
    mode: str = "save"


# Nothing heavy is imported, so that a report takes about a second.
CELLS = [
    ("markdown", [], "## How much is *half* & why?\n\nA half <script>alert(1)</script>."),
    (
        "code",
        ["parameters"],
        "title, country, area, number, mode = None, 'KHM', 'national', 2.0, 'save'\noutput_folder = '.'",
    ),
    ("code", [], "import json, os, signal, sys, time, warnings\nfrom pathlib import Path"),
    ("code", [], "warnings.warn('mind the step', stacklevel=1)\nprint('number', number)"),
    ("code", [], "half = 1 / number"),
    ("code", [], "_ = mode == 'kill' and os.kill(os.getppid(), signal.SIGKILL)"),
    ("code", [], "_ = mode == 'die' and os.kill(os.getpid(), signal.SIGKILL)"),
    ("code", [], "if mode == 'sleep':\n    Path(title).write_text('running')\n    time.sleep(60)"),
    ("code", [], "if mode == 'exit':\n    sys.exit(0)"),
    ("markdown", [], "## Figures"),
    (
        "code",
        [],
        "figure = {'name': 'half', 'label': 'a half', 'value': half, 'unit': 'USD per year'}\n"
        "checks = [{'name': 'sign', 'passed': half > 1, 'text': os.environ['OMP_NUM_THREADS'] + os.environ['PYTHONHASHSEED']}]\n"
        "_ = Path(output_folder, 'results.json').write_text(json.dumps({'headline': [figure], 'checks': checks}))",
    ),
    ("code", [], "from IPython.display import HTML\nHTML('<p>made here</p>')"),
]


def notebook(cells=CELLS):
    """The notebook file of some cells, without the ids that newer editors add."""
    made = []
    for kind, tags, source in cells:
        cell = {"cell_type": kind, "metadata": {"tags": tags}, "source": source.splitlines(keepends=True)}
        made.append({**cell, "execution_count": None, "outputs": []} if kind == "code" else cell)
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


@pytest.fixture(scope="session")
def toy_template(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "toy.ipynb"
    path.write_text(notebook())
    return path


@pytest.fixture(scope="module")
def toy_kind(toy_template):
    """The toy kind, known to the package while a test module runs."""
    with pytest.MonkeyPatch.context() as patch:
        kind = kinds.ReportKind("toy", "halves", ToyParameters, str(toy_template))
        patch.setitem(kinds.KINDS, "toy", kind)
        patch.setattr(preload, "EVERY_REPORT", ())  # a toy needs nothing, and a warm parent begins sooner
        yield kind


@pytest.fixture(scope="module")
def own_temporary_folder(tmp_path_factory):
    """A folder for temporary files that nobody else uses: what a run leaves in it can be seen.

    Its name is short because sockets lie in it, whose paths may have some hundred letters.
    """
    tmp_path_factory.getbasetemp()  # pytest's own lies elsewhere
    with tempfile.TemporaryDirectory(prefix="t") as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", place)
        patch.setenv("TMPDIR", place)
        yield Path(place)


@pytest.fixture
def toy_cases(toy_kind, tmp_path):
    """Return a function that writes parameter files of the toy kind and reads them."""

    def make(**files):
        for name, text in files.items():
            write(tmp_path / "toy" / f"{name}.yaml", text)
        return read_files([tmp_path / "toy"])

    return make


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
