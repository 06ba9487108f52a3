"""Run cases side by side, longest first; keep what nothing changed; put each report in place whole."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from aspfin.batch.case_run import Job, add_formats, make
from aspfin.batch.outcomes import CaseOutcome, Limits, Made
from aspfin.batch.places import case_folder, inputs_refused, put_in_place, scratch
from aspfin.batch.preload import modules_for
from aspfin.batch.state import CaseState, read_record, state_of
from aspfin.reporting import parameters as kinds
from aspfin.reporting.formats import FORMATS
from aspfin.reporting.identity import identity, templates_folder
from aspfin.reporting.parameters import ReportKind
from aspfin.reporting.reading import Case
from aspfin.results import InputError, Problem

if TYPE_CHECKING:
    from aspfin.batch.kernels import Kernels

__all__ = ["MOST_JOBS", "Planned", "Progress", "Way", "make_planned", "plan", "run", "template_path"]

MOST_JOBS = 64
LOOK_UP = 0.2  # seconds between looks for a request to stop
PAGE = ("html",)


@dataclass(frozen=True)
class Way:
    """How reports are made; results do not depend on it.

    Parameters
    ----------
    jobs : int
        Reports made at the same time, from 1 to 64.
    warm : bool
        Fork kernels from a parent that has imported everything, where the system can.
    limits : Limits
        What one report may use.
    cluster : str or None
        Address of a Dask cluster that makes the reports, or "local" for one started here.
    source : Kernels or None
        Where kernels come from, if that has begun already; else each run begins and ends its own.
    """

    jobs: int = 1
    warm: bool = True
    limits: Limits = field(default_factory=Limits)
    cluster: str | None = None
    source: Kernels | None = None


@dataclass(frozen=True)
class Planned:
    """A case, the job that makes it, and what stands on disk today."""

    case: Case
    folder: Path
    job: Job
    state: CaseState

    @classmethod
    def of(
        cls,
        case: Case,
        folder: Path,
        template: bytes,
        made_from: Mapping[str, Any],
        formats: Sequence[str],
        command: str | None = None,
    ) -> Planned:
        """Return the plan of a case; the formats that its report has are kept."""
        state = state_of(folder, made_from, formats=formats)
        wanted = [one for one in FORMATS if one in formats or one in state.formats]
        return cls(case, folder, Job.of(case, template, made_from, wanted, command), state)


class Progress(Protocol):
    """Who is told how a run goes on."""

    def planned(self, todo: Sequence[Planned], kept: int, jobs: int) -> None:
        """Hear what will be made, longest first, and how many reports are kept."""

    def began(self, case: Case) -> None:
        """Hear that a case is being made."""

    def ended(self, outcome: CaseOutcome) -> None:
        """Hear what became of a case."""

    def noted(self, text: str) -> None:
        """Hear what is worth knowing about the run and changes no result."""


class _Silent:
    def planned(self, todo: Sequence[Planned], kept: int, jobs: int) -> None: ...
    def began(self, case: Case) -> None: ...
    def ended(self, outcome: CaseOutcome) -> None: ...
    def noted(self, text: str) -> None: ...


def template_path(kind: str | ReportKind) -> Path:
    """Return the notebook of a report kind: in the checkout of the package, else below the current folder.

    Raises
    ------
    InputError
        There is no such notebook.
    """
    name = (kinds.KINDS[kind] if isinstance(kind, str) else kind).template
    place = (templates_folder() or Path("notebooks/reports")) / name  # an absolute name replaces the folder
    if place.is_file():
        return place
    raise InputError(Problem("report kind", "template", str(place), "an existing notebook"))


def plan(
    cases: Sequence[Case], *, output: str | Path = "reports", formats: Sequence[str] = PAGE
) -> list[Planned]:
    """Return what each case would be made from today, and whether its report is still good.

    Parameters
    ----------
    cases : sequence of Case
        Validated cases, from `reading.read_files`.
    output : str or Path
        Folder of all reports; a case goes to `<output>/<kind>/<name>`.
    formats : sequence of str
        Endings of the formats wanted. A report that is made again keeps those it had.
    """
    output = Path(output).absolute()
    templates = {kind: template_path(kind) for kind in {case.kind for case in cases}}
    texts = {kind: path.read_bytes() for kind, path in templates.items()}
    planned = []
    for case in cases:
        name, text = templates[case.kind].name, texts[case.kind]
        made_from = identity(case.kind, case.sections, template=text, template_name=name)
        folder = case_folder(output, case)
        planned.append(Planned.of(case, folder, text, made_from, formats))
    return planned


def run(
    cases: Sequence[Case],
    *,
    output: str | Path = "reports",
    force: bool = False,
    formats: Sequence[str] = PAGE,
    way: Way | None = None,
    progress: Progress | None = None,
) -> list[CaseOutcome]:
    """Make the report of every case; one that fails does not stop the others.

    Parameters
    ----------
    cases : sequence of Case
        Validated cases, from `reading.read_files`.
    output : str or Path
        Folder of all reports; a case goes to `<output>/<kind>/<name>`.
    force : bool
        Make also what is there and unchanged.
    formats : sequence of str
        Endings of the formats wanted (`aspfin.reporting.formats.FORMATS`).
    way : Way, optional
        How many at a time, in which kernels, within which limits, where. Results do not depend on it.
    progress : Progress, optional
        Told how it goes on.

    Returns
    -------
    list of CaseOutcome
        In the order of `cases`.

    Raises
    ------
    InputError
        A bad `way.jobs`, a missing notebook, or an output folder not ours to replace. Nothing was written.
    """
    output, way = Path(output).absolute(), way or Way()
    _refuse(cases, output, way.jobs)
    planned = plan(cases, output=output, formats=formats)
    return make_planned(planned, output=output, force=force, way=way, progress=progress)


def make_planned(
    planned: Sequence[Planned],
    *,
    output: Path,
    force: bool = False,
    way: Way | None = None,
    progress: Progress | None = None,
) -> list[CaseOutcome]:
    """Make what is planned and not done, longest first, and put it in place."""
    teller, way = progress or _Silent(), way or Way()
    todo = [n for n, one in enumerate(planned) if force or one.state.status != "done"]
    todo.sort(key=lambda n: -(planned[n].state.seconds or float("inf")))  # the unknown may be the longest
    teller.planned([planned[n] for n in todo], len(planned) - len(todo), way.jobs)
    outcomes = {n: _kept(planned[n]) for n in range(len(planned)) if n not in set(todo)}
    if todo:
        with scratch(output) as place, _interruptible():
            work = {n: planned[n] for n in todo}
            with closing(_somewhere(work, place, way, teller)) as results:
                for n, made in results:
                    case, folder = planned[n].case, planned[n].folder
                    put_in_place(_work(place, n), folder, place, in_batch=bool(case.varied))
                    outcomes[n] = CaseOutcome(case, folder, made.failure, made.seconds)
                    teller.ended(outcomes[n])
    return [outcomes[n] for n in range(len(planned))]


def _refuse(cases: Sequence[Case], output: Path, jobs: int) -> None:
    """Find what would stop the run before anything is written."""
    problems = []
    if isinstance(jobs, bool) or not isinstance(jobs, int) or not 1 <= jobs <= MOST_JOBS:
        problems.append(Problem("command line", "jobs", jobs, f"a whole number from 1 to {MOST_JOBS}"))
    problems += inputs_refused(cases, output)
    if problems:
        raise InputError(problems)


def _kept(one: Planned) -> CaseOutcome:
    """Return the outcome of a report that is there, with the formats it lacked."""
    if one.state.missing_formats:
        add_formats(one.folder, read_record(one.folder) or {}, one.state.missing_formats)
    return CaseOutcome(one.case, one.folder, None, 0.0, kept=True)


def _work(place: Path, number: int) -> Path:
    return place / str(number) / f"case-{number}"  # what a notebook writes into `..` meets no other report


def _somewhere(
    work: Mapping[int, Planned], place: Path, way: Way, teller: Progress
) -> Iterator[tuple[int, Made]]:
    """Yield what became of each job, here or on a cluster, once its files are in the work folder."""
    modules = modules_for({one.case.kind for one in work.values()})
    if way.cluster is not None:
        from aspfin.batch.cluster import on_cluster

        folders = {n: _work(place, n) for n in work}
        yield from on_cluster({n: one.job for n, one in work.items()}, folders, way=way, modules=modules)
        return
    from aspfin.batch.kernels import kernels

    own = partial(kernels, warm=way.warm, modules=modules, memory=way.limits.memory_bytes)
    with nullcontext(way.source) if way.source else own() as source:
        again = []
        told = not source.warm
        with closing(_side_by_side(work, place, way, source, teller)) as results:
            for n, made in results:
                if source.problem and not told:
                    told = True
                    teller.noted(
                        f"kernels start cold, which is slower with the same results: {source.problem}"
                    )
                if made.failure is not None and made.failure.kernel_died:
                    again.append(n)
                else:
                    yield n, made
        for n in again:  # alone, so that whatever killed the kernel can harm nobody else
            yield n, make(work[n].job, _work(place, n), kernels=source, limits=way.limits, attempt=2)


def _side_by_side(
    work: Mapping[int, Planned], place: Path, way: Way, source: Kernels, teller: Progress
) -> Iterator[tuple[int, Made]]:
    """Run jobs in threads, each with a kernel of its own; a thread waits for its kernel most of the time.

    One more than asked for is in flight where kernels are warm: while one starts, the cores have work.
    """
    stop = threading.Event()

    def one(n: int) -> Made | None:
        if stop.is_set():
            return None
        teller.began(work[n].case)
        return make(work[n].job, _work(place, n), kernels=source, limits=way.limits)

    flight = way.jobs + (way.jobs > 1 and source.warm)
    pool = ThreadPoolExecutor(min(len(work), flight), thread_name_prefix="report")
    ended: queue.SimpleQueue[Future[Made | None]] = queue.SimpleQueue()
    futures = {pool.submit(one, n): n for n in work}
    try:
        for future in futures:
            future.add_done_callback(ended.put)
        for _ in futures:
            future = _wait(ended)
            made = future.result()
            if made is not None:
                yield futures[future], made
    except BaseException:
        stop.set()
        source.end()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _wait(ended: queue.SimpleQueue[Future[Made | None]]) -> Future[Made | None]:
    """Return the next job that ended.

    A signal may reach any thread, but only the main one heeds it, once awake: it never sleeps long.
    """
    while True:
        with suppress(queue.Empty):
            return ended.get(timeout=LOOK_UP)


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
