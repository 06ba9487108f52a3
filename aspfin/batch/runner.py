"""Run cases in worker processes; put each report in place whole or not at all."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aspfin
from aspfin.reporting import parameters as kinds
from aspfin.reporting.reading import Case
from aspfin.batch.execute import LOG, STOP, Failure, Job, Made, fail, make, prepare
from aspfin.results import InputError, Problem

__all__ = ["CaseOutcome", "run", "template_path"]

OURS = ("run.json", "batch.json")  # a folder with one of these was written by `run`
RUNTIME = "runtime"  # a file in the work folder that names the folder of the kernels' sockets
PAGES = (
    "report.html",
    "report.ipynb",
    "report_failed.html",
    "report_failed.ipynb",
    "results.json",
    "run.json",
)


@dataclass(frozen=True)
class CaseOutcome:
    """What became of one case.

    Parameters
    ----------
    case : Case
        The case.
    folder : Path
        Where its report is.
    failure : Failure or None
        Why it failed; None when the report was made.
    seconds : float
        Time taken.
    """

    case: Case
    folder: Path
    failure: Failure | None
    seconds: float

    def __str__(self) -> str:
        what = f"failed: {self.failure}" if self.failure else f"made in {self.seconds:.1f} s"
        return f"{self.case.kind}/{self.case.name}: {what}"


def template_path(kind: str) -> Path:
    """Return the notebook of a report kind: in the checkout of the package, else below the current folder.

    Raises
    ------
    InputError
        There is no such notebook.
    """
    name = kinds.KINDS[kind].template
    roots = (Path(aspfin.__file__).parents[1], Path.cwd())
    places = [root / "notebooks" / "reports" / name for root in roots]  # an absolute name replaces the root
    if found := next((place for place in places if place.is_file()), None):
        return found
    raise InputError(Problem(f"kind {kind}", "template", str(places[-1]), "an existing notebook"))


def run(
    cases: Sequence[Case],
    *,
    output: str | Path = "reports",
    jobs: int = 1,
    progress: Callable[[CaseOutcome], None] | None = None,
) -> list[CaseOutcome]:
    """Make the report of every case; one that fails does not stop the others.

    Parameters
    ----------
    cases : sequence of Case
        Validated cases, from `reading.read_files`.
    output : str or Path
        Folder of all reports; a case goes to `<output>/<kind>/<name>`.
    jobs : int
        Worker processes, from 1 to 64. Results do not depend on it.
    progress : callable, optional
        Told the outcome of each case as it ends.

    Returns
    -------
    list of CaseOutcome
        In the order of `cases`.

    Raises
    ------
    InputError
        A bad `jobs`, a missing notebook, or an output folder not ours to replace. Nothing was written.
    """
    output = Path(output).absolute()
    _refuse(cases, output, jobs)
    templates = {kind: template_path(kind).read_bytes() for kind in {case.kind for case in cases}}
    _make_folder(output)
    outcomes: dict[int, CaseOutcome] = {}
    with _scratch(output) as scratch, _interruptible():
        work = [_job(case, templates[case.kind], scratch / f"case-{n}") for n, case in enumerate(cases)]
        with closing(_made(work, jobs, scratch)) as results:
            for place, made in results:
                folder = output / cases[place].kind / cases[place].name
                _put_in_place(Path(work[place].work), folder, scratch, cases[place])
                outcomes[place] = CaseOutcome(cases[place], folder, made.failure, made.seconds)
                if progress is not None:
                    progress(outcomes[place])
    return [outcomes[place] for place in range(len(cases))]


def _job(case: Case, template: bytes, work: Path) -> Job:
    told = (case.kind, case.name, case.title, str(case.file), case.sections, case.varied)
    return Job(*told, template, str(work))


def _refuse(cases: Sequence[Case], output: Path, jobs: int) -> None:
    """Find what would stop the run before anything is written."""
    problems = []
    if isinstance(jobs, bool) or not isinstance(jobs, int) or not 1 <= jobs <= 64:
        problems.append(Problem("command line", "jobs", jobs, "a whole number from 1 to 64"))
    if output.exists() and not output.is_dir():
        problems.append(Problem("command line", "output", str(output), "a folder"))
    roots = {output / case.kind / case.name.split("/")[0] for case in cases}
    for folder in sorted(roots | {output / case.kind / case.name for case in cases}):
        inside = [place for place in (folder, *folder.parents) if output in place.parents]
        if link := next((place for place in inside if place.is_symlink()), None):
            problems.append(Problem("output", str(link), "a link", "a real folder"))
        elif folder.exists() and not _is_ours(folder):
            problems.append(
                Problem("output", str(folder), "files of another origin", "a folder of ours or none")
            )
    if problems:
        raise InputError(problems)


def _make_folder(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        found = error.strerror or type(error).__name__
        raise InputError(Problem("output", str(output), found, "a folder that can be made")) from error


def _is_ours(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    marks = [
        *(folder / name for name in OURS),
        *folder.glob("*/run.json"),
    ]  # an interrupted batch has no index
    return any(mark.is_file() for mark in marks) or not any(folder.iterdir())


@contextmanager
def _scratch(output: Path) -> Iterator[Path]:
    """Give a hidden work folder on the same file system: a rename then puts a report in place."""
    scratch = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=output))
    runtime = tempfile.mkdtemp(prefix="aspfin-")  # of the kernels' sockets, whose paths must be short
    (scratch / RUNTIME).write_text(runtime, encoding="utf-8")
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(runtime, ignore_errors=True)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let a polite request to end stop the run as cleanly as Ctrl-C does."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the caller's business
        return
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _made(work: Sequence[Job], jobs: int, scratch: Path) -> Iterator[tuple[int, Made]]:
    """Yield the place and the result of each job as it ends.

    When a worker dies (out of memory, say), its whole pool is lost and nobody knows whose fault it was: what
    is unfinished is run again, each in a pool of its own.
    """
    left = dict(enumerate(work))
    for place, made in _pool(left, jobs, scratch):
        del left[place]
        yield place, made
    for place, job in left.items():
        shutil.rmtree(job.work, ignore_errors=True)
        alone = list(_pool({place: job}, 1, scratch))
        yield alone[0] if alone else (place, _died(job))


def _pool(work: dict[int, Job], jobs: int, scratch: Path) -> Iterator[tuple[int, Made]]:
    """Run jobs in one pool; end early, with jobs left over, when the pool breaks."""
    context = multiprocessing.get_context("spawn")
    size = min(jobs, len(work)) or 1
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        size,
        mp_context=context,
        initializer=prepare,
        initargs=(str(scratch), (scratch / RUNTIME).read_text()),
    )
    try:
        waiting: dict[Future[Made], int] = {pool.submit(make, job): place for place, job in work.items()}
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield waiting.pop(future), future.result()
    except BrokenProcessPool:
        pass
    except BaseException:
        (scratch / STOP).touch()
        _end(set(multiprocessing.active_children()) - before)
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _end(workers: set[multiprocessing.process.BaseProcess]) -> None:
    """Ask the workers to end (they end their kernels), and insist after ten seconds."""
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.join(10)
        if worker.is_alive():
            worker.kill()


def _died(job: Job) -> Made:
    """Leave a failed report for a job whose process died."""
    log = Path(job.work).parent / LOG
    details = log.read_text(encoding="utf-8", errors="replace")[-4_000:] if log.is_file() else ""
    failure = Failure("the process that made this report died; was there enough memory?", details=details)
    shutil.rmtree(job.work, ignore_errors=True)
    fail(job, failure, datetime.now(UTC))
    return Made(failure, 0.0)


def _put_in_place(work: Path, folder: Path, scratch: Path, case: Case) -> None:
    """Rename a finished work folder to its place; what stood there goes away whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if case.varied:  # the folder of a batch may hold an earlier single report of the same name
        for name in PAGES:
            (folder.parent / name).unlink(missing_ok=True)
        shutil.rmtree(folder.parent / "tables", ignore_errors=True)
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
