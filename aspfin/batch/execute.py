"""Make one report in a process of its own: execute the notebook, write the pages, leave the record last.

Everything is written into a work folder that the runner renames into place, so a reader never meets half a
report. This module is loaded in the worker processes only; papermill takes two seconds to import.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

__all__ = ["LOG", "STOP", "Failure", "Job", "Made", "fail", "make", "prepare"]

LOG = "workers.log"
STOP = "stop"  # a file of this name in the scratch folder: start nothing more

# A path starts where a word does: without that, megabytes of pictures would be searched from every letter.
_KERNEL_PATH = re.compile(r"(?<![^\s\"'<>])[^\s\"'<>]*?ipykernel_\d+[/\\]\d+\.py")


@dataclass(frozen=True)
class Job:
    """What a worker needs to make one report; plain values, so that it travels between processes."""

    kind: str
    name: str
    title: str
    file: str
    sections: Mapping[str, Any]
    varied: Mapping[str, Any]
    template: bytes
    work: str


@dataclass(frozen=True)
class Failure:
    """Why a report could not be made: the cell, its first lines, the error.

    Parameters
    ----------
    error : str
        Error in one line.
    cell : str
        For example `cell 7 (In [4])`; empty where no cell is to blame.
    source : str
        First lines of that cell.
    details : str
        Whole traceback.
    """

    error: str
    cell: str = ""
    source: str = ""
    details: str = ""

    def __str__(self) -> str:
        return f"{self.cell}: {self.error}" if self.cell else self.error


@dataclass(frozen=True)
class Made:
    """What a worker reports back."""

    failure: Failure | None
    seconds: float


def prepare(scratch: str, runtime: str) -> None:
    """Set a worker's environment, which its kernels inherit, before anything reads it."""
    log = os.open(Path(scratch, LOG), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):  # what a kernel says on its way must not run through a progress bar
        os.dup2(log, stream)
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl-C is for the runner, which ends its workers in good order
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    os.environ |= {
        "PYTHONHASHSEED": "0",  # some libraries iterate over sets
        "IPYTHONDIR": str(Path(scratch, f"ipython-{os.getpid()}")),  # nobody's start-up files
        "JUPYTER_PREFER_ENV_PATH": "1",  # this environment's kernel, not one of the same name elsewhere
        "JUPYTER_PLATFORM_DIRS": "1",
        "JUPYTER_RUNTIME_DIR": runtime,
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def _end_with_parent() -> None:
    """End this worker when the runner is gone, however it went."""
    if (parent := multiprocessing.parent_process()) is not None:
        wait([parent.sentinel])
        os._exit(1)


def make(job: Job) -> Made:
    """Make one report in `job.work`; what goes wrong is returned, not raised."""
    started = datetime.now(UTC)
    work = Path(job.work)
    if (work.parent / STOP).exists():
        return Made(Failure("stopped"), 0.0)
    work.mkdir(parents=True)
    os.chdir(work)  # the notebook saves to "."; papermill cannot name another folder without races
    try:
        failure = _execute(job, work)
        notebook = _clean(work / "report.ipynb", job.sections)
        failure = failure or _export(job, work, notebook)
        if failure is None:
            _record(job, work, None, started)
    except Exception as error:
        # The edge of the process: whatever one report does, the others must go on, and it must be told.
        failure = Failure(f"{type(error).__name__}: {error}", details=traceback.format_exc())
    finally:
        os.chdir(work.parent)
    if failure is not None:
        fail(job, failure, started)
    return Made(failure, (datetime.now(UTC) - started).total_seconds())


def _execute(job: Job, work: Path) -> Failure | None:
    import logging

    import papermill

    # Unknown names are refused before any kernel starts, so papermill's warnings about them say nothing new.
    logging.getLogger("papermill").setLevel(logging.ERROR)
    (work / "template.ipynb").write_bytes(job.template)
    try:
        papermill.execute_notebook(
            "template.ipynb",
            "report.ipynb",
            parameters={**job.sections, "output_folder": "."},
            kernel_name="python3",
            language="python",
            config=_kernel_config(),
            progress_bar=False,
            record_timing=False,
            coalesce_streams=True,
            request_save_on_cell_execute=False,
        )
    except papermill.PapermillExecutionError as error:
        first = "\n".join(error.source.strip().splitlines()[:6])
        message = f"{error.ename}: {error.evalue}".strip().splitlines() or ["stopped without a message"]
        return Failure(
            message[0], f"cell {error.cell_index + 1} (In [{error.exec_count}])", first, str(error)
        )
    except Exception as error:
        # A kernel that dies, or a notebook that is none, must not stop the other reports.
        return Failure(f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}")
    finally:
        (work / "template.ipynb").unlink()
    return None


def _kernel_config() -> Any:
    """Let the kernels speak over local sockets: no ports to run out of, nothing on the network."""
    from traitlets.config import Config

    return Config({"KernelManager": {"transport": "ipc" if os.name == "posix" else "tcp"}})


def _clean(path: Path, sections: Mapping[str, Any]) -> dict[str, Any] | None:
    """Drop from the saved notebook what differs between two equal runs or machines; return it."""
    if not path.is_file():
        return None
    text = _KERNEL_PATH.sub("cell.py", path.read_text(encoding="utf-8"))
    places = {one: Path(one).name for one in sorted(_absolute(sections), key=len, reverse=True)}
    notebook = _renamed(json.loads(text), places) if places else json.loads(text)
    notebook["metadata"].pop("papermill", None)
    said_twice = "papermill-error-cell-tag"  # papermill's own cells about an error would shift the numbers
    notebook["cells"] = [
        one for one in notebook["cells"] if said_twice not in one["metadata"].get("tags", [])
    ]
    for number, cell in enumerate(notebook["cells"], start=1):
        cell["id"] = f"cell-{number:03d}"
        for name in ("papermill", "execution"):
            cell["metadata"].pop(name, None)
    notebook["nbformat_minor"] = max(5, notebook["nbformat_minor"])
    path.write_text(
        json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n",
        encoding="utf-8",
        newline="\n",
    )
    return notebook


def _absolute(value: Any) -> set[str]:
    """Return the absolute paths among the parameters: they name people and machines."""
    if isinstance(value, Mapping):
        return set().union(*map(_absolute, value.values()))
    if isinstance(value, list | tuple):
        return set().union(*map(_absolute, value))
    return {value} if isinstance(value, str) and Path(value).is_absolute() else set()


def _renamed(value: Any, places: Mapping[str, str]) -> Any:
    """Return the parts of a notebook with each path cut to its file name, as text and as written in code."""
    if isinstance(value, dict):
        return {name: _renamed(one, places) for name, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, places) for one in value]
    if isinstance(value, str):
        for place, name in places.items():
            value = value.replace(repr(place)[1:-1], name).replace(place, name)
    return value


def _export(job: Job, work: Path, notebook: dict[str, Any] | None) -> Failure | None:
    from aspfin.reporting.export import report_page

    if notebook is None or not (work / "results.json").is_file():
        return Failure("the notebook ended without saving its results: its last cell saves to output_folder")
    page = report_page(notebook, title=job.title)
    (work / "report.html").write_text(page, encoding="utf-8", newline="\n")
    return None


def fail(job: Job, failure: Failure, started: datetime) -> None:
    """Leave a page that says what failed, and nothing that could be taken for a report."""
    from aspfin.reporting.export import failure_page

    work = Path(job.work)
    work.mkdir(parents=True, exist_ok=True)
    for name in ("report.html", "results.json"):
        (work / name).unlink(missing_ok=True)
    shutil.rmtree(work / "tables", ignore_errors=True)
    if (work / "report.ipynb").is_file():
        os.replace(work / "report.ipynb", work / "report_failed.ipynb")
    page = failure_page(
        title=job.title,
        error=failure.error,
        cell=failure.cell,
        source=failure.source,
        details=failure.details,
        command=f"aspfin run {job.file} --only '{job.kind}/{job.name}'",
    )
    (work / "report_failed.html").write_text(page, encoding="utf-8", newline="\n")
    _record(job, work, failure, started)


def _record(job: Job, work: Path, failure: Failure | None, started: datetime) -> None:
    """Write run.json, the mark that this folder is whole."""
    from aspfin.reporting.manifest import provenance, write_json

    results = {} if failure else json.loads((work / "results.json").read_text(encoding="utf-8"))
    run = {
        **provenance(job.kind, job.sections, template=job.template),
        "name": job.name,
        "title": job.title,
        "parameter_file": Path(job.file).name,
        "varied": job.varied,
        "status": "failed" if failure else "made",
        "failure": failure,
        "headline": results.get("headline", []),
        "failed_checks": [one for one in results.get("checks", []) if one.get("passed") is False],
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_json(work / "run.json", run)
