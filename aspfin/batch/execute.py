"""Execute one notebook with papermill in a kernel of our own: within limits, and failures told, not raised.

Loaded only where notebooks run: papermill takes seconds to import. It is safe in threads: nothing here
changes the process, neither its folder nor its environment.
"""

from __future__ import annotations

import json
import logging
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import papermill
from jupyter_core.utils import ensure_event_loop, run_sync
from nbclient.exceptions import CellTimeoutError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.iorw import write_ipynb
from traitlets import Instance

from aspfin.batch.kernels import ForkedKernel, Kernels, environment
from aspfin.batch.outcomes import Failure, Limits

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager

__all__ = ["Executed", "execute"]

ENGINE = "aspfin"
ENDING = 5.0  # seconds for a killed kernel to be gone
SHOWN_LINES = 6  # of the source of a failed cell
LOG = "kernels.log"

# Names of parameters are checked before any kernel starts, and failures are told in our own words.
_SILENT = logging.getLogger("aspfin.batch.kernels")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False
logging.getLogger("papermill").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Executed:
    """What became of a notebook, and whether its kernel was "warm" or "cold"."""

    failure: Failure | None
    kernel: str


@dataclass
class _Watch:
    """What the client saw last: where it was, and how much was printed."""

    limit: int
    cell: int = -1
    source: str = ""
    printed: int = 0

    @property
    def exceeded(self) -> bool:
        return self.printed > self.limit

    def failure(self, error: str, *, kernel_died: bool = False) -> Failure:
        place = f"cell {self.cell + 1}" if self.cell >= 0 else ""
        return Failure(error, place, _first_lines(self.source), kernel_died=kernel_died)


class _Client(PapermillNotebookClient):
    """papermill's client, which ends a kernel that prints without end."""

    watch = Instance(_Watch)

    def execute_cell(self, cell: Any, cell_index: int, *args: Any, **kwargs: Any) -> Any:
        if cell.cell_type == "code":
            self.watch.cell, self.watch.source = cell_index, cell.source
        return super().execute_cell(cell, cell_index, *args, **kwargs)

    def process_message(self, msg: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        content = msg["content"]
        self.watch.printed += len(content.get("text", ""))
        for one in content.get("data", {}).values():
            self.watch.printed += len(one) if isinstance(one, str) else len(json.dumps(one))
        if self.watch.exceeded:
            self.km.provisioner.process.kill()
            return None
        return super().process_message(msg, *args, **kwargs)


class _Engine(NBClientEngine):
    """papermill's engine with that client; what a broken-off notebook showed so far is kept."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> Any:
        output, limits = kwargs["output"], kwargs["limits"]
        client = _Client(
            nb_man,
            km=kwargs["km"],
            watch=kwargs["watch"],
            timeout=limits.cell_seconds,
            kernel_name=kernel_name,
            record_timing=False,
            coalesce_streams=True,
            log=_SILENT,
        )
        try:
            return client.execute(cleanup_kc=False)
        except BaseException:
            write_ipynb(nb_man.nb, str(output))
            raise
        finally:
            if client.kc is not None:
                client.kc.stop_channels()


papermill_engines.register(ENGINE, _Engine)


def execute(
    template: Path,
    notebook: Path,
    parameters: Mapping[str, Any],
    *,
    folder: Path,
    kernels: Kernels,
    limits: Limits,
) -> Executed:
    """Execute `template` with `parameters` into the file `notebook`, in a kernel whose folder is `folder`."""
    kernels.ready()
    manager = kernels.manager()
    manager.log = _SILENT
    watch = _Watch(limits.printed_bytes)
    kernel = "cold"
    try:
        with (kernels.runtime / LOG).open("ab") as log:
            run_sync(manager.start_kernel)(
                cwd=str(folder),
                env=environment(kernels.runtime),
                extra_arguments=["--HistoryManager.enabled=False"],
                stdout=log,
                stderr=log,
            )
        process = manager.provisioner.process
        kernels.started(process)
        kernel = "warm" if isinstance(process, ForkedKernel) else "cold"
        return Executed(_run(template, notebook, parameters, manager, watch, limits), kernel)
    except Exception as error:
        # The edge: whatever one notebook or its kernel does, the other reports must go on.
        return Executed(_told(error, watch, limits, manager), kernel)
    finally:
        _end(manager)


def _run(
    template: Path,
    notebook: Path,
    parameters: Mapping[str, Any],
    manager: AsyncKernelManager,
    watch: _Watch,
    limits: Limits,
) -> Failure | None:
    try:
        papermill.execute_notebook(
            str(template),
            str(notebook),
            parameters=dict(parameters),
            engine_name=ENGINE,
            kernel_name=manager.kernel_name,
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            km=manager,
            watch=watch,
            limits=limits,
            output=notebook,
        )
    except papermill.PapermillExecutionError as error:
        message = f"{error.ename}: {error.evalue}".strip().splitlines() or ["stopped without a message"]
        place = f"cell {error.cell_index + 1} (In [{error.exec_count}])"
        return Failure(message[0], place, _first_lines(error.source), str(error))
    return None


def _told(error: Exception, watch: _Watch, limits: Limits, manager: AsyncKernelManager) -> Failure:
    """Return in words what broke a notebook off."""
    if watch.exceeded:
        return watch.failure(f"it printed more than {limits.printed_bytes / 1e6:,.0f} MB")
    if isinstance(error, CellTimeoutError):
        many = "" if limits.cell_seconds == 1 else "s"
        return watch.failure(f"the cell ran longer than {limits.cell_seconds:,} second{many} (see --timeout)")
    process = manager.provisioner.process if manager.provisioner else None
    if process is not None and process.poll() is not None:
        how = f"signal {-process.returncode}" if process.returncode < 0 else f"status {process.returncode}"
        return watch.failure(f"the kernel died ({how}); was there enough memory?", kernel_died=True)
    first = str(error).strip().splitlines()[:1]
    return watch.failure(": ".join([type(error).__name__, *first]))


def _end(manager: AsyncKernelManager) -> None:
    """End the kernel at once: everything that matters has been received or written."""
    try:
        if manager.has_kernel:
            # Jupyter looks ten times a second whether it has ended; the process itself tells at once.
            manager.provisioner.process.kill()
            with suppress(subprocess.TimeoutExpired):
                manager.provisioner.process.wait(ENDING)
            run_sync(manager.shutdown_kernel)(now=True)
    finally:
        run_sync(manager.cleanup_resources)()
        manager.context.destroy(linger=0)
        if threading.current_thread() is not threading.main_thread():
            ensure_event_loop().close()  # of this thread; the next report gets a new one


def _first_lines(source: str) -> str:
    return "\n".join(source.strip().splitlines()[:SHOWN_LINES])
