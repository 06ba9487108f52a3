"""How a kernel of ours begins, cold in a process of its own or warm in a forked one: the same either way.

`python -m aspfin.batch.kernel_start -f FILE` is an ordinary kernel with a limit to its memory.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

__all__ = ["adopt_orphans", "children", "end_with_parent", "limit_memory", "main", "run_kernel"]

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def end_with_parent(parent: int) -> None:
    """Let this process be killed when `parent`, the process that made it, is gone (Linux)."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before that was set
        os._exit(1)


def adopt_orphans() -> None:
    """Let processes whose parents end become children of this one (Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children(pid: int) -> list[int]:
    """Return the processes that the one thread of process `pid` has started or adopted (Linux)."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(one) for one in text.split()]


def limit_memory(size: int | None) -> None:
    """Let allocations beyond `size` bytes fail with a MemoryError, where the system can do that."""
    if size and sys.platform == "linux":
        import resource

        # Data, not address space: libraries reserve far more addresses than they ever use.
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def run_kernel(argv: list[str]) -> None:
    """Run a kernel in this process until it is shut down; `argv` is what follows the program's name."""
    import ipykernel_launcher
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = [str(ipykernel_launcher.__file__), *argv]
    app = IPKernelApp.instance()
    app.initialize(argv)
    if "matplotlib" in sys.modules:
        # Imported before there was a shell: do now what its import does in a kernel.
        from matplotlib_inline.backend_inline import _enable_matplotlib_integration

        _enable_matplotlib_integration()
    app.start()


def main() -> None:
    """Run a cold kernel."""
    parser = argparse.ArgumentParser(description=main.__doc__, allow_abbrev=False)
    parser.add_argument("--memory", type=int, default=0, help="bytes; 0 for no limit")
    own, argv = parser.parse_known_args()
    limit_memory(own.memory)
    here = os.getcwd()
    sys.path[:] = [place for place in sys.path if place not in ("", here)]  # as ipykernel's launcher does
    run_kernel(argv)


if __name__ == "__main__":
    main()
