"""The small words of a run: what a report may use, why it failed, what became of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aspfin.reporting.reading import Case

__all__ = ["CaseOutcome", "Failure", "Limits", "Made", "fair_memory"]


@dataclass(frozen=True)
class Limits:
    """What one report may use.

    Parameters
    ----------
    cell_seconds : int
        Longest run of one cell.
    memory_bytes : int
        Most memory of its kernel; 0 for no limit. Beyond it allocations fail (Linux).
    printed_bytes : int
        Most output of one notebook, pictures and tables included.
    """

    cell_seconds: int = 3_600
    memory_bytes: int = 0
    printed_bytes: int = 50_000_000


def fair_memory(jobs: int) -> int:
    """Return the bytes one of `jobs` reports may use: 80 % of the memory, shared; 0 where unknown."""
    if not hasattr(os, "sysconf"):
        return 0
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    container = Path("/sys/fs/cgroup/memory.max")
    if container.is_file() and (told := container.read_text().strip()).isdigit():
        there = min(there, int(told))
    return there * 8 // 10 // max(jobs, 1)


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
    kernel_died : bool
        Whether the kernel's process ended by itself: worth a second try, which an error in code is not.
    """

    error: str
    cell: str = ""
    source: str = ""
    details: str = ""
    kernel_died: bool = False

    def __str__(self) -> str:
        return f"{self.cell}: {self.error}" if self.cell else self.error


@dataclass(frozen=True)
class Made:
    """What became of a notebook: why it failed if it did, how long it took, in which kind of kernel."""

    failure: Failure | None
    seconds: float
    kernel: str = "cold"


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
        Why it failed; None when the report is there.
    seconds : float
        Time taken now.
    kept : bool
        Whether the report was there already and nothing it is made from had changed.
    """

    case: Case
    folder: Path
    failure: Failure | None
    seconds: float
    kept: bool = False

    def __str__(self) -> str:
        name = f"{self.case.kind}/{self.case.name}"
        if self.kept:
            return f"{name}: unchanged"
        return f"{name}: failed: {self.failure}" if self.failure else f"{name}: made in {self.seconds:.1f} s"
