"""Let a Dask cluster make the reports: its workers get jobs and send files back, no shared disk is needed.

Data files of one's own must lie at the same place on every worker. A worker that would make a report from
anything else than the run that asks (another aspfin, other libraries, other data) refuses.
"""

from __future__ import annotations

import atexit
import logging
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from aspfin.batch.case_run import Job, make
from aspfin.batch.outcomes import Failure, Limits, Made
from aspfin.batch.places import SYNTHESIS
from aspfin.batch.private import private_folder
from aspfin.reporting.identity import identity, why_stale
from aspfin.results import InputError, Problem

if TYPE_CHECKING:
    from distributed import Client

    from aspfin.batch.kernels import Kernels
    from aspfin.batch.runner import Way

__all__ = ["client_for", "on_cluster"]

LOCAL = "local"
_sources: dict[Any, Kernels] = {}  # one warm parent for each worker process, ended with it
_lock = threading.Lock()


@contextmanager
def client_for(address: str, workers: int) -> Iterator[Client]:
    """Give a client of the cluster at `address`, or of one started here for "local".

    Raises
    ------
    InputError
        Dask is not installed, or nothing answers at the address.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        allowed = "the extra that brings Dask: pip install -e '.[dask]' in the checkout"
        raise InputError(Problem("command line", "--dask", address, allowed)) from None
    with ExitStack() as stack:
        place: Any = address
        if address == LOCAL:
            settings = {"threads_per_worker": 1, "processes": True, "dashboard_address": None}
            quiet = {"silence_logs": logging.CRITICAL}
            place = stack.enter_context(LocalCluster(n_workers=workers, **settings, **quiet))
        try:
            client = stack.enter_context(Client(place, timeout=30, set_as_default=False))
        except (OSError, ValueError) as error:
            allowed = "the address of a running scheduler, such as tcp://host:8786, or 'local'"
            raise InputError(Problem("command line", "--dask", address, allowed)) from error
        yield client


def on_cluster(
    jobs: Mapping[int, Job], folders: Mapping[int, Path], *, way: Way, modules: Sequence[str]
) -> Iterator[tuple[int, Made]]:
    """Yield what became of each job once its files are in its folder.

    A worker that dies costs nothing but time: Dask gives its jobs to others.
    """
    from distributed import as_completed

    with client_for(str(way.cluster), way.jobs) as client:
        common = {"limits": way.limits, "warm": way.warm, "modules": tuple(modules), "pure": False}
        futures = {client.submit(_make_there, job, **common): n for n, job in jobs.items()}
        try:
            for future in as_completed(list(futures), loop=client.loop):
                n = futures[future]
                if future.status == "finished":
                    made, files = future.result()
                else:
                    error = future.exception()
                    made, files = _lost(jobs[n], error)
                _write(folders[n], files)
                future.release()
                yield n, made
        finally:
            client.cancel(list(futures))


def _make_there(
    job: Job, *, limits: Limits, warm: bool, modules: Sequence[str]
) -> tuple[Made, dict[str, bytes]]:
    """Make one report on a worker and return its files."""
    with private_folder("aspfin-") as place:
        work = place / "case"
        today = identity(
            job.kind, job.sections, template=job.template, template_name=str(job.identity["template"])
        )
        if job.kind != SYNTHESIS and (reasons := why_stale(job.identity, today)):
            told = f"the worker on {socket.gethostname()} has other inputs: {'; '.join(reasons)}"
            return _lost(job, RuntimeError(told))
        source = _kernels(warm, modules, limits.memory_bytes)
        made = make(job, work, kernels=source, limits=limits)
        if made.failure is not None and made.failure.kernel_died:
            made = make(job, work, kernels=source, limits=limits, attempt=2)
        files = {
            one.relative_to(work).as_posix(): one.read_bytes()
            for one in sorted(work.rglob("*"))
            if one.is_file() and not one.is_symlink()
        }
        return made, files


def _kernels(warm: bool, modules: Sequence[str], memory: int) -> Kernels:
    from aspfin.batch.kernels import kernels

    key = (warm, tuple(modules), memory)
    with _lock:
        if key not in _sources:
            stack = ExitStack()
            atexit.register(stack.close)
            _sources[key] = stack.enter_context(kernels(warm=warm, modules=modules, memory=memory))
        return _sources[key]


def _lost(job: Job, error: BaseException | None) -> tuple[Made, dict[str, bytes]]:
    """Return a failed report for a job that no worker could make."""
    from aspfin.batch.case_run import failed_report

    failure = Failure(str(error) if isinstance(error, RuntimeError) else f"its workers died: {error}")
    with tempfile.TemporaryDirectory() as place:
        failed_report(job, Path(place), failure)
        files = {one.name: one.read_bytes() for one in Path(place).iterdir()}
    return Made(failure, 0.0), files


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files that came from elsewhere, inside the folder and nowhere else."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise ValueError(f"name: got {name!r}; allowed: a path inside the report")
        place = folder.joinpath(*path.parts)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
