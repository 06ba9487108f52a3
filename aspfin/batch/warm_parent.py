"""The warm parent: a process that has imported the report stack and forks one fresh kernel for each report.

It speaks over a private Unix socket, one connection for each kernel and one line of JSON for each message:

| from | message | when |
|---|---|---|
| client | `{"argv": [...], "cwd": "...", "env": {...}, "memory": bytes or null}` | first and only |
| parent | `{"pid": 123}` | the kernel is forked |
| parent | `{"error": "..."}` | it could not be; the connection ends |
| parent | `{"exit": 0}` | the kernel ended by itself or by a signal (then negative); the connection ends |

A client that hangs up while its kernel lives has the kernel and all it started killed. The parent itself ends
with its standard input, which whoever started it holds open: no kernel outlives a run, however the run ends.
It never has more than one thread and no sockets of Jupyter's, the two things that do not survive a fork.
"""

from __future__ import annotations

import argparse
import builtins
import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import threading
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aspfin.batch.kernel_start import adopt_orphans, children, end_with_parent, limit_memory, run_kernel

__all__ = ["LONGEST_REQUEST", "PRELOAD", "main"]

LONGEST_REQUEST = 1 << 20  # bytes; an environment and a command line are a few thousand

# What every kernel imports as it starts; a run adds the modules of its report kinds.
PRELOAD = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.iostream"),
    *("ipykernel.displayhook", "ipykernel.debugger", "ipykernel_launcher", "debugpy.server.api"),
    *("IPython.core.pylabtools", "IPython.core.completer", "IPython.core.completerlib"),
    *("IPython.core.debugger", "IPython.core.logger", "IPython.core.oinspect", "IPython.utils.wildcard"),
    *("IPython.extensions.storemagic", "matplotlib_inline.backend_inline", "matplotlib_inline.config"),
    *("tornado.platform.asyncio", "tornado.queues", "encodings.idna"),
)
THREADED = ("polars",)  # starts threads on import; statsmodels imports it where it is there


def preload(modules: list[str]) -> None:
    """Import modules as a kernel would: libraries ask on import whether they run in one.

    pandas, for one, sets the width of its tables by the answer. Libraries that start threads are hidden
    meanwhile from those that would import them if they could; a kernel imports them when it asks for them.
    """

    class ZMQInteractiveShell(SimpleNamespace):  # some ask for the class's name, some for the kernel
        pass

    hidden = [name for name in THREADED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    builtins.get_ipython = lambda: ZMQInteractiveShell(kernel=object(), config={})  # type: ignore[attr-defined]
    try:
        for name in modules:
            importlib.import_module(name)
    finally:
        del builtins.get_ipython  # type: ignore[attr-defined]
        for name in hidden:
            del sys.modules[name]


def _obstacle() -> str | None:
    """Return what forbids forking now, if anything does."""
    tasks = Path("/proc/self/task")
    threads = len(list(tasks.iterdir())) if tasks.is_dir() else threading.active_count()
    if threads != 1:
        return f"{threads} threads run in the warm parent, one is allowed"
    zmq = sys.modules.get("zmq")
    if zmq is not None and zmq.Context._instance is not None:
        return "a library opened Jupyter's sockets in the warm parent"
    return None


@dataclass
class _Client:
    """One connection: what it has asked so far, then the kernel it was given."""

    socket: socket.socket
    asked: bytearray = field(default_factory=bytearray)
    pid: int | None = None


class _Server:
    """The loop: it waits for connections, requests, ended kernels and the end of its own input."""

    def __init__(self, path: str) -> None:
        self.clients: dict[int, _Client] = {}  # by file number
        self.selector = selectors.DefaultSelector()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self.listener.bind(path)
        finally:
            os.umask(before)
        self.listener.listen(64)
        self.listener.setblocking(False)
        self.wake, wake_up = os.pipe()
        for end in (self.wake, wake_up):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake_up, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)  # the wake-up is what matters
        self.own = (self.listener.fileno(), self.wake, wake_up)
        for number in (self.listener.fileno(), self.wake, sys.stdin.fileno()):
            self.selector.register(number, selectors.EVENT_READ)

    def serve(self) -> None:
        while True:
            for key, _ in self.selector.select():
                if key.fd == self.listener.fileno():
                    self._welcome()
                elif key.fd == self.wake:
                    self._bury()
                elif key.fd == sys.stdin.fileno():
                    if not os.read(key.fd, 4096):
                        return
                elif key.fd in self.clients:  # it may have left in this very round
                    self._listen(self.clients[key.fd])

    def end(self) -> None:
        """Kill every kernel and what it started, also what left its group."""
        for client in list(self.clients.values()):
            self._leave(client)
        while own := children(os.getpid()):  # those of the killed come to this process in turn
            for pid in own:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)

    def _welcome(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            connection, _ = self.listener.accept()
            connection.setblocking(False)
            self.clients[connection.fileno()] = _Client(connection)
            self.selector.register(connection, selectors.EVENT_READ)

    def _listen(self, client: _Client) -> None:
        try:
            heard = client.socket.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        if not heard or client.pid is not None:  # gone, or talking out of turn
            self._leave(client)
            return
        client.asked += heard
        if client.asked.endswith(b"\n"):
            self._fork(client)
        elif len(client.asked) > LONGEST_REQUEST:
            self._tell(client, {"error": f"a request longer than {LONGEST_REQUEST:,} bytes"})
            self._leave(client)

    def _fork(self, client: _Client) -> None:
        try:
            request = json.loads(client.asked)
            argv, cwd, env = request["argv"], request["cwd"], request["env"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            self._tell(client, {"error": f"not a request: {error!r}"})
            self._leave(client)
            return
        if obstacle := _obstacle():
            self._tell(client, {"error": obstacle})
            self._leave(client)
            return
        parent = os.getpid()
        client.pid = os.fork()
        if client.pid == 0:
            self._become_kernel(parent, argv, cwd, env, request.get("memory"))
        self._tell(client, {"pid": client.pid})

    def _become_kernel(
        self, parent: int, argv: list[str], cwd: str, env: dict[str, str], memory: int | None
    ) -> None:
        """Run a kernel in this freshly forked process, and never return."""
        code = 1
        try:
            for number in (*self.own, *self.clients):
                os.close(number)
            self.selector.close()
            _set_up_child(parent, cwd, env, memory)
            run_kernel(argv)
            code = 0
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
        except BaseException:
            # The edge of the process: it goes to the log, and the parent's loop must never go on here.
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _bury(self) -> None:
        """Tell whoever waits for it that a kernel has ended."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.wake, 4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for client in [one for one in self.clients.values() if one.pid == pid]:
                self._tell(client, {"exit": os.waitstatus_to_exitcode(status)})
                self._leave(client, ended=True)

    def _tell(self, client: _Client, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # who has hung up needs no answer
            client.socket.sendall(json.dumps(message).encode() + b"\n")

    def _leave(self, client: _Client, *, ended: bool = False) -> None:
        if client.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(client.pid, signal.SIGKILL)
            if not ended:  # it may be so young that it leads no group yet
                os.kill(client.pid, signal.SIGKILL)
        self.clients.pop(client.socket.fileno(), None)
        self.selector.unregister(client.socket)
        client.socket.close()


def _set_up_child(parent: int, cwd: str, env: dict[str, str], memory: int | None) -> None:
    os.setsid()  # its own group, so that it can be interrupted and killed with all it starts
    end_with_parent(parent)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    limit_memory(memory)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()  # the random state is copied by a fork; every kernel needs its own


def main() -> None:
    """Import, say so in one line on standard output, and serve until standard input ends."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("socket")
    parser.add_argument("modules", nargs="*")
    asked = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started this
    here = os.getcwd()
    try:
        preload([*PRELOAD, *asked.modules])
        obstacle = _obstacle()
    except Exception as error:
        # The edge of the process: whatever a library does when imported, it would do again; say so once.
        obstacle = f"{type(error).__name__}: {error}"
    sys.path[:] = [place for place in sys.path if place not in ("", here)]
    if obstacle:
        print(json.dumps({"error": obstacle}), flush=True)
        raise SystemExit(1)
    adopt_orphans()
    gc.collect()
    gc.freeze()  # the kernels' collectors leave the shared pages alone
    server = _Server(asked.socket)
    print(json.dumps({"ready": True}), flush=True)
    log = os.open(os.devnull, os.O_WRONLY)
    os.dup2(log, 1)
    try:
        server.serve()
    finally:
        server.end()
        Path(asked.socket).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
