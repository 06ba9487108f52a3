"""Make one report whole: execute the notebook, write the pages, leave the record last.

Everything is written into a work folder that the runner renames into place, so a reader never meets half a
report, and a folder with a record is complete.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import sysconfig
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aspfin.batch.outcomes import Failure, Limits, Made
from aspfin.batch.state import RECORD, output_hashes, repeated
from aspfin.reporting.identity import PACKAGE
from aspfin.reporting.reading import Case

if TYPE_CHECKING:
    from aspfin.batch.kernels import Kernels

__all__ = ["Job", "add_formats", "failed_report", "make"]

# A path starts where a word does: without that, megabytes of pictures would be searched from every letter.
_KERNEL_PATH = re.compile(r"(?<![^\s\"'<>])[^\s\"'<>]*?ipykernel_\d+[/\\]\d+\.py")


@dataclass(frozen=True)
class Job:
    """What is needed to make one report; plain values, so that it travels between machines.

    `identity` is what it is made from, `template` the text of its notebook, `command` makes it again.
    """

    kind: str
    name: str
    title: str
    file: str
    sections: Mapping[str, Any]
    varied: Mapping[str, Any]
    template: bytes
    identity: Mapping[str, Any]
    formats: tuple[str, ...]
    command: str

    @classmethod
    def of(
        cls,
        case: Case,
        template: bytes,
        identity: Mapping[str, Any],
        formats: Sequence[str],
        command: str | None = None,
    ) -> Job:
        """Return the job of a case."""
        told = (case.kind, case.name, case.title, str(case.file), case.sections, case.varied)
        again = command or f"aspfin run {case.file} --only '{case.kind}/{case.name}'"
        return cls(*told, template, identity, tuple(formats), again)


def _executor() -> Any:
    """Import papermill, without the seconds that jsonschema spends on a grammar which no notebook needs."""
    grammar = "rfc3987_syntax"
    hide = grammar not in sys.modules
    if hide:
        sys.modules[grammar] = None  # type: ignore[assignment]
    try:
        from aspfin.batch.execute import execute
    finally:
        if hide:
            sys.modules.pop(grammar, None)
    return execute


def make(job: Job, work: Path, *, kernels: Kernels, limits: Limits, attempt: int = 1) -> Made:
    """Make one report in the folder `work`; what goes wrong is returned, not raised."""
    execute = _executor()
    kernels.ready()  # the report does not take the time that the warm parent does
    started = datetime.now(UTC)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    template, executed = work.with_name(f"{work.name}-in.ipynb"), work.with_name(f"{work.name}-out.ipynb")
    template.write_bytes(job.template)
    executed.unlink(missing_ok=True)
    kernel = "cold"
    try:
        parameters = {**job.sections, "output_folder": "."}
        found = execute(template, executed, parameters, folder=work, kernels=kernels, limits=limits)
        kernel = found.kernel
        failure = found.failure or _finish(job, work, executed)
    except Exception as error:
        # The edge of a report: whatever it does to its files, the others must go on, and it must be told.
        failure = Failure(f"{type(error).__name__}: {error}", details=traceback.format_exc())
    if failure is not None:
        _fail(job, work, executed, failure)
    seconds = (datetime.now(UTC) - started).total_seconds()
    run = {"seconds": round(seconds, 3), "kernel": kernel, "attempts": attempt}
    _record(job, work, failure, started, run)
    template.unlink(missing_ok=True)
    executed.unlink(missing_ok=True)
    return Made(failure, seconds, kernel)


def failed_report(job: Job, work: Path, failure: Failure) -> None:
    """Leave a failed report in the folder `work` of a job that could not even begin."""
    started = datetime.now(UTC)
    _fail(job, work, work / "none", failure)
    _record(job, work, failure, started, {"seconds": 0.0, "kernel": "", "attempts": 0})


def _finish(job: Job, work: Path, executed: Path) -> Failure | None:
    from aspfin.reporting.formats import write_formats

    if work.is_symlink() or not work.is_dir():
        return Failure("the notebook removed its own folder, or put a link in its place")
    if links := [one for one in work.rglob("*") if one.is_symlink()]:
        return Failure(f"the notebook left a link: {links[0].relative_to(work)}")
    if not (work / "results.json").is_file():
        return Failure("the notebook ended without saving its results: its last cell saves to output_folder")
    try:
        repeated(work)
    except (ValueError, TypeError, AttributeError) as error:
        return Failure(f"its results.json is not what `save_results` writes: {error}")
    _clean(executed, work / "report.ipynb", job.sections)
    write_formats(work, job.formats, title=job.title)
    return None


def add_formats(folder: Path, record: Mapping[str, Any], formats: Sequence[str]) -> None:
    """Write further formats of a report that is made, and add them to its record."""
    from aspfin.reporting.formats import write_formats
    from aspfin.reporting.manifest import write_json

    write_formats(folder, formats, title=record["title"])
    unfinished = folder / f".{RECORD}"
    hashes = {name: one for name, one in output_hashes(folder).items() if name != unfinished.name}
    write_json(unfinished, {**record, "outputs": hashes})
    unfinished.replace(folder / RECORD)


def _clean(executed: Path, path: Path, sections: Mapping[str, Any]) -> None:
    """Write the executed notebook without what differs between two equal runs or machines."""
    text = _KERNEL_PATH.sub("cell.py", executed.read_text(encoding="utf-8"))
    notebook = _portable(json.loads(text), sections)
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


def _portable(value: Any, sections: Mapping[str, Any]) -> Any:
    """Return text without the folders of a machine: of data, and of code, which warnings and errors name."""
    code = {f"{place}{os.sep}": "" for place in (PACKAGE.parent, sysconfig.get_path("purelib"))}
    places = code | {one: Path(one).name for one in _absolute(sections)}
    return _renamed(value, {one: places[one] for one in sorted(places, key=len, reverse=True)})


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


def _fail(job: Job, work: Path, executed: Path, failure: Failure) -> None:
    """Leave a page that says what failed, and nothing that could be taken for a report."""
    from aspfin.reporting.export import failure_page

    if work.is_symlink():
        work.unlink()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    if executed.is_file():
        _clean(executed, work / "report_failed.ipynb", job.sections)
    page = failure_page(
        title=job.title,
        error=failure.error,
        cell=failure.cell,
        source=failure.source,
        details=_portable(failure.details, {}),
        command=job.command,
        parameters=job.identity.get("parameters", {}),
    )
    (work / "report_failed.html").write_text(page, encoding="utf-8", newline="\n")


def _record(job: Job, work: Path, failure: Failure | None, started: datetime, run: Mapping[str, Any]) -> None:
    """Write the record, the mark that this folder is whole; times and kernels are told here alone."""
    from aspfin.reporting.manifest import write_json

    told = None if failure is None else {
        name: getattr(failure, name) for name in ("error", "cell", "source", "kernel_died")
    }  # fmt: skip
    record = {
        "kind": job.kind,
        "name": job.name,
        "title": job.title,
        "parameter_file": Path(job.file).name,
        "varied": job.varied,
        "status": "failed" if failure else "made",
        "failure": told,
        **({"headline": [], "failed_checks": []} if failure else repeated(work)),
        "identity": job.identity,
        "outputs": output_hashes(work),
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        **run,
    }
    write_json(work / RECORD, record)
