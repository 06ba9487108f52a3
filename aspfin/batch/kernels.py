"""Kernels for reports: forked from a warm parent where the system can, ordinary ones elsewhere.

Both are reached through Jupyter's own interfaces, a kernel specification and a kernel provisioner, so that
papermill, nbclient, nbval and JupyterLab use them without knowing. `kernels(...)` gives a folder with the
specification; what runs a notebook from it gets a warm kernel while the warm parent lives, else a cold one.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner
from traitlets import Integer, Unicode

from aspfin.batch.private import private_folder

__all__ = ["ForkedKernel", "Kernels", "WarmProvisioner", "environment", "kernels"]

KERNEL = "python3"  # the name in every notebook: ours stands in front of the environment's
PROVISIONER = "aspfin-warm"  # the entry point in pyproject.toml
START = 120.0  # seconds for the warm parent to import everything, on a weak laptop
MOST_STARTS = 3  # of a warm parent that dies
ANSWER = 30.0  # seconds for it to fork


class ForkedKernel:
    """A kernel that a warm parent forked; it looks like the `subprocess.Popen` of an ordinary one."""

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._connection = connection
        connection.setblocking(False)

    def poll(self) -> int | None:
        """Return the exit status, None while the kernel runs."""
        if self.returncode is None:
            try:
                heard = self._connection.recv(4096)
            except BlockingIOError:
                return None
            except OSError:
                heard = b""
            # Without a word, the warm parent died and took its kernels with it.
            self.returncode = json.loads(heard)["exit"] if heard else -signal.SIGKILL
            self._connection.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status once the kernel has ended."""
        if self.returncode is None and self.poll() is None:
            ready, _, _ = select.select([self._connection], [], [], timeout)
            if not ready:
                raise subprocess.TimeoutExpired("kernel", timeout or 0.0)
        return self.poll() or 0

    def send_signal(self, number: int) -> None:
        """Signal the kernel if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel."""
        self.send_signal(signal.SIGKILL)


class WarmProvisioner(LocalProvisioner):
    """Launch a kernel by asking a warm parent to fork one; an ordinary one where there is none."""

    socket = Unicode("", help="socket of the warm parent").tag(config=True)
    memory = Integer(0, help="most memory of a kernel in bytes; 0 for no limit").tag(config=True)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Launch the kernel and return how to connect to it."""
        forked = self._fork(cmd, **kwargs)
        if forked is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process = forked
        self.pid = self.pgid = forked.pid  # it leads a group of its own
        self.cwd = kwargs.get("cwd")
        return self.connection_info

    def _fork(self, cmd: list[str], **kwargs: Any) -> ForkedKernel | None:
        place = cmd.index("-f")
        request = {
            "argv": cmd[place:],
            "cwd": str(kwargs.get("cwd") or os.getcwd()),
            "env": dict(kwargs.get("env") or os.environ),
            "memory": self.memory or None,
        }
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(ANSWER)
            connection.connect(self.socket)
            connection.sendall(json.dumps(request).encode() + b"\n")
            answer = json.loads(connection.recv(4096) or b"{}")
        except (OSError, ValueError) as error:
            answer = {"error": str(error)}
        if "pid" in answer:
            return ForkedKernel(connection, answer["pid"])
        connection.close()
        self.log.warning("No warm kernel (%s); a cold one starts instead.", answer.get("error", "no answer"))
        return None


def environment(runtime: Path) -> dict[str, str]:
    """Return the environment of kernels: one thread each, a fixed hash seed, nobody's start-up files."""
    return {
        **os.environ,
        **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")},
        "PYTHONHASHSEED": "0",  # some libraries iterate over sets
        "JE_ARROW_MALLOC_CONF": "background_thread:false",  # a thread would not survive the fork
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "IPYTHONDIR": str(runtime / "ipython"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


@dataclass
class Kernels:
    """Where kernels come from while a run lasts.

    Parameters
    ----------
    runtime : Path
        A short-named private folder: kernel specification, sockets, connection files.
    memory : int
        Most memory of a kernel in bytes; 0 for no limit.
    modules : sequence of str
        What the warm parent imports.
    warm : bool
        Whether kernels are forked: asked for, this system can do so safely, and nothing has gone wrong.
    """

    runtime: Path
    memory: int
    modules: Sequence[str]
    warm: bool
    problem: str = ""
    _parent: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _starts: int = 0
    _ended: bool = False
    _processes: list[Any] = field(default_factory=list, repr=False)
    _lock: Any = field(default_factory=threading.Lock, repr=False)

    @property
    def socket(self) -> Path:
        """Where the warm parent listens."""
        return self.runtime / "warm"

    @property
    def specifications(self) -> Path:
        """The folder that holds the kernel specification; fit for `JUPYTER_PATH` with `kernels` cut off."""
        return self.runtime / "kernels"

    def begin(self) -> None:
        """Write the specification and let the warm parent begin to import; do not wait for it."""
        argv = [sys.executable, "-m", "aspfin.batch.kernel_start", "-f", "{connection_file}"]
        if self.memory:
            argv[3:3] = ["--memory", str(self.memory)]
        spec = {"argv": argv, "display_name": "Python 3 (ipykernel)", "language": "python"}
        spec["interrupt_mode"] = "signal"
        if self.warm:
            config = {"socket": str(self.socket), "memory": self.memory}
            provisioner = {"provisioner_name": PROVISIONER, "config": config}
            spec["metadata"] = {"kernel_provisioner": provisioner}
            self._start()
        (self.specifications / KERNEL).mkdir(parents=True, exist_ok=True)
        (self.specifications / KERNEL / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")

    def _start(self) -> None:
        self._starts += 1
        self.socket.unlink(missing_ok=True)
        with (self.runtime / "warm.log").open("ab") as log:
            self._parent = subprocess.Popen(
                [sys.executable, "-m", "aspfin.batch.warm_parent", str(self.socket), *self.modules],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment(self.runtime),
                cwd=self.runtime,
                start_new_session=True,  # Ctrl-C is for the run, which ends its kernels in good order
            )

    def ready(self) -> bool:
        """Wait until the warm parent listens, starting another where it died; False: kernels will be cold."""
        with self._lock:
            while not self._ended and self._parent is not None:
                if self._parent.poll() is None and self._listens(self._parent):
                    return True
                self._stop_parent()
                if self._starts >= MOST_STARTS:
                    self.warm = False
                    break
                self._start()
            return False

    def _listens(self, parent: subprocess.Popen[bytes]) -> bool:
        if self.socket.exists():
            return True
        waited, _, _ = select.select([parent.stdout], [], [], START)
        line = parent.stdout.readline() if waited and parent.stdout else b""
        said = json.loads(line) if line else {"error": "it ended or took too long"}
        self.problem = str(said.get("error", ""))
        if "error" in said and line:  # it said so itself, and would say so again
            self._starts = MOST_STARTS
        return not self.problem

    def started(self, process: Any) -> None:
        """Take note of a kernel's process, so that it ends with the run."""
        self._processes.append(process)  # in one step: threads share the list
        if self._ended:
            process.kill()

    def manager(self) -> AsyncKernelManager:
        """Return a manager of one kernel that speaks over local sockets: no ports, nothing on the network."""
        if self._ended:
            raise RuntimeError("stopped")
        folder = Path(tempfile.mkdtemp(prefix="k", dir=self.runtime))
        return AsyncKernelManager(
            kernel_name=KERNEL,
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(self.specifications)]),
            transport="ipc" if os.name == "posix" else "tcp",
            connection_file=str(folder / "c.json"),
            ip=str(folder / "c") if os.name == "posix" else "127.0.0.1",
        )

    def end(self) -> None:
        """End every kernel, and start none any more."""
        self._ended = True
        for process in self._processes:
            process.kill()
        self._stop_parent()

    def _stop_parent(self) -> None:
        parent = self._parent
        if parent is None:
            return
        for stream in (parent.stdin, parent.stdout):
            if stream is not None:
                stream.close()
        if not self.socket.exists():  # it still imports and hears nothing, and no kernel is of it
            parent.kill()
        try:
            parent.wait(10)
        except subprocess.TimeoutExpired:
            parent.kill()
            parent.wait()


@contextmanager
def kernels(*, warm: bool = True, modules: Sequence[str] = (), memory: int = 0) -> Iterator[Kernels]:
    """Give a source of kernels for as long as it is needed.

    Parameters
    ----------
    warm : bool
        Fork kernels from a warm parent. Only Linux can do that safely; elsewhere kernels are ordinary ones,
        with the same results.
    modules : sequence of str
        What the warm parent imports beforehand.
    memory : int
        Most memory of a kernel in bytes; 0 for no limit.
    """
    available = PROVISIONER in KernelProvisionerFactory.instance().provisioners
    with private_folder("aspfin-") as runtime:
        source = Kernels(runtime, memory, tuple(modules), warm and sys.platform == "linux" and available)
        try:
            source.begin()
            yield source
        finally:
            source.end()
