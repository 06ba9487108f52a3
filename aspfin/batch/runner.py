"""Run cases side by side, longest first; keep what nothing changed; put each report in place whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import aspfin
from aspfin.batch.case_run import Job, add_formats, make
from aspfin.batch.outcomes import CaseOutcome, Limits, Made
from aspfin.batch.places import case_folder, inputs_refused, put_in_place, scratch
from aspfin.batch.preload import modules_for
from aspfin.batch.state import CaseState, read_record, state_of
from aspfin.reporting import parameters as kinds
from aspfin.reporting.identity import identity
from aspfin.reporting.reading import Case
from aspfin.results import InputError, Problem

if TYPE_CHECKING:
    from aspfin.batch.kernels import Kernels

__all__ = ["MOST_JOBS", "Planned", "Progress", "plan", "run", "template_path"]

MOST_JOBS = 64
FORMATS = ("html",)


@dataclass(frozen=True)
class Planned:
    """A case, the job that makes it, and what stands on disk today."""

    case: Case
    folder: Path
    job: Job
    state: CaseState


class Progress(Protocol):
    """Who is told how a run goes on."""

    def planned(self, todo: Sequence[Planned], kept: int, jobs: int) -> None:
        """Hear what will be made, longest first, and how many reports are kept."""

    def began(self, case: Case) -> None:
        """Hear that a case is being made."""

    def ended(self, outcome: CaseOutcome) -> None:
        """Hear what became of a case."""


class _Silent:
    def planned(self, todo: Sequence[Planned], kept: int, jobs: int) -> None: ...
    def began(self, case: Case) -> None: ...
    def ended(self, outcome: CaseOutcome) -> None: ...


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


def plan(
    cases: Sequence[Case], *, output: str | Path = "reports", formats: Sequence[str] = FORMATS
) -> list[Planned]:
    """Return what each case would be made from today, and whether its report is still good.

    Parameters
    ----------
    cases : sequence of Case
        Validated cases, from `reading.read_files`.
    output : str or Path
        Folder of all reports; a case goes to `<output>/<kind>/<name>`.
    formats : sequence of str
        Endings of the formats wanted.
    """
    output = Path(output).absolute()
    templates = {kind: template_path(kind) for kind in {case.kind for case in cases}}
    texts = {kind: path.read_bytes() for kind, path in templates.items()}
    planned = []
    for case in cases:
        name, text = templates[case.kind].name, texts[case.kind]
        made_from = identity(case.kind, case.sections, template=text, template_name=name)
        folder = case_folder(output, case)
        state = state_of(folder, made_from, formats=formats)
        planned.append(Planned(case, folder, Job.of(case, text, made_from, formats), state))
    return planned


def run(
    cases: Sequence[Case],
    *,
    output: str | Path = "reports",
    jobs: int = 1,
    force: bool = False,
    formats: Sequence[str] = FORMATS,
    warm: bool = True,
    limits: Limits | None = None,
    progress: Progress | None = None,
    cluster: str | None = None,
) -> list[CaseOutcome]:
    """Make the report of every case; one that fails does not stop the others.

    Parameters
    ----------
    cases : sequence of Case
        Validated cases, from `reading.read_files`.
    output : str or Path
        Folder of all reports; a case goes to `<output>/<kind>/<name>`.
    jobs : int
        Reports made at the same time, from 1 to 64. Results do not depend on it.
    force : bool
        Make also what is there and unchanged.
    formats : sequence of str
        Endings of the formats wanted (`aspfin.reporting.formats.FORMATS`).
    warm : bool
        Fork kernels from a parent that has imported everything, where the system can. Same results.
    limits : Limits, optional
        What one report may use.
    progress : Progress, optional
        Told how it goes on.
    cluster : str, optional
        Address of a Dask cluster that makes the reports, or "local" for one started here.

    Returns
    -------
    list of CaseOutcome
        In the order of `cases`.

    Raises
    ------
    InputError
        A bad `jobs`, a missing notebook, or an output folder not ours to replace. Nothing was written.
    """
    output, teller = Path(output).absolute(), progress or _Silent()
    _refuse(cases, output, jobs)
    planned = plan(cases, output=output, formats=formats)
    todo = [n for n, one in enumerate(planned) if force or one.state.status != "done"]
    todo.sort(key=lambda n: -(planned[n].state.seconds or float("inf")))  # the unknown may be the longest
    teller.planned([planned[n] for n in todo], len(planned) - len(todo), jobs)
    outcomes = {n: _kept(planned[n]) for n in range(len(planned)) if n not in set(todo)}
    if todo:
        with scratch(output) as place, _interruptible():
            work = {n: planned[n].job for n in todo}
            made = _somewhere(work, place, jobs, warm, limits or Limits(), cluster, teller, planned)
            with closing(made) as results:
                for n, one in results:
                    case, folder = planned[n].case, planned[n].folder
                    put_in_place(_work(place, n), folder, place, in_batch=bool(case.varied))
                    outcomes[n] = CaseOutcome(case, folder, one.failure, one.seconds)
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
    return place / f"case-{number}"


def _somewhere(
    work: Mapping[int, Job],
    place: Path,
    jobs: int,
    warm: bool,
    limits: Limits,
    cluster: str | None,
    teller: Progress,
    planned: Sequence[Planned],
) -> Iterator[tuple[int, Made]]:
    """Yield what became of each job, here or on a cluster, once its files are in the work folder."""
    modules = modules_for({job.kind for job in work.values()})
    if cluster is not None:
        from aspfin.batch.cluster import on_cluster

        yield from on_cluster(
            work, place, address=cluster, jobs=jobs, warm=warm, limits=limits, modules=modules
        )
        return
    from aspfin.batch.kernels import kernels

    with kernels(warm=warm, modules=modules, memory=limits.memory_bytes) as source:
        again = []
        with closing(_side_by_side(work, place, jobs, source, limits, teller, planned)) as results:
            for n, made in results:
                if made.failure is not None and made.failure.kernel_died:
                    again.append(n)
                else:
                    yield n, made
        for n in again:  # alone, so that whatever killed the kernel can harm nobody else
            yield n, make(work[n], _work(place, n), kernels=source, limits=limits, attempt=2)


def _side_by_side(
    work: Mapping[int, Job],
    place: Path,
    jobs: int,
    source: Kernels,
    limits: Limits,
    teller: Progress,
    planned: Sequence[Planned],
) -> Iterator[tuple[int, Made]]:
    """Run jobs in threads, each with a kernel of its own; a thread waits for its kernel most of the time.

    One more than `jobs` are in flight where kernels are warm: while one starts or ends, the cores have work.
    """
    stop = threading.Event()

    def one(n: int) -> Made | None:
        if stop.is_set():
            return None
        teller.began(planned[n].case)
        return make(work[n], _work(place, n), kernels=source, limits=limits)

    pool = ThreadPoolExecutor(min(len(work), jobs + (jobs > 1 and source.warm)), thread_name_prefix="report")
    futures: dict[Future[Made | None], int] = {pool.submit(one, n): n for n in work}
    try:
        for future in as_completed(futures):
            made = future.result()
            if made is not None:
                yield futures[future], made
    except BaseException:
        stop.set()
        source.end()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


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
