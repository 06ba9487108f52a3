"""How a run is watched: a live display on a terminal, plain lines elsewhere, both with the time left."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import mean
from typing import TYPE_CHECKING, Any, TextIO

from aspfin.batch.outcomes import CaseOutcome
from aspfin.reporting.reading import Case

if TYPE_CHECKING:
    from aspfin.batch.runner import Planned, Progress

__all__ = ["Clock", "Lines", "duration", "state_lines", "watched"]

ALIKE = 4  # cases of a batch from which one line tells of all
SHOWN = 3  # names of running reports that fit a line
TOLD = {"done": "asked for", "missing": "not made yet", "failed": "failed last time"}


def duration(seconds: float) -> str:
    """Return a time in words.

    Examples
    --------
    >>> duration(8.4), duration(95), duration(7_500)
    ('8 s', '1 min 35 s', '2 h 5 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole < 600 and whole % 60 else "")
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"


class Clock:
    """How much work is left: last run's times, the mean of this one for reports never made before.

    Reports begin in threads of their own.
    """

    def __init__(self, todo: Sequence[Planned], jobs: int) -> None:
        self.jobs = max(1, min(jobs, len(todo)))
        self.total, self.done = len(todo), 0
        self.last = {_name(one.case): one.state.seconds for one in todo}
        self.running: dict[str, float] = {}
        self.taken: list[float] = []
        self._lock = threading.Lock()

    def began(self, case: Case) -> None:
        """Note that a case is being made."""
        with self._lock:
            self.running[_name(case)] = time.monotonic()

    def ended(self, outcome: CaseOutcome) -> None:
        """Note that a case is done."""
        name = _name(outcome.case)
        with self._lock:
            self.done += 1
            self.taken.append(outcome.seconds)
            self.running.pop(name, None)
            self.last.pop(name, None)

    def left(self) -> float | None:
        """Return the seconds left, None where nothing is known yet."""
        with self._lock:
            last, running, taken = dict(self.last), dict(self.running), list(self.taken)
        known = [one for one in last.values() if one is not None]
        usual = mean(taken) if taken else mean(known) if known else None
        if usual is None:
            return None
        now, ahead = time.monotonic(), 0.0
        for name, seconds in last.items():
            gone = now - running[name] if name in running else 0.0
            ahead += max(0.0, (usual if seconds is None else seconds) - gone)
        return ahead / self.jobs

    def words(self) -> str:
        """Return how far it is, and how long it will take."""
        left = self.left() or 0.0
        tail = f", about {duration(left)} left" if round(left) and self.done < self.total else ""
        return f"{self.done} of {self.total}{tail}"


def _name(case: Case) -> str:
    return f"{case.kind}/{case.name}"


class Lines:
    """One plain line for each report that ends."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.clock = Clock((), 1)

    def planned(self, todo: Sequence[Planned], kept: int, jobs: int) -> None:
        """Say what will be done."""
        self.clock = Clock(todo, jobs)
        print(plan_words(todo, kept), file=self.stream, flush=True)

    def began(self, case: Case) -> None:
        """Note it."""
        self.clock.began(case)

    def ended(self, outcome: CaseOutcome) -> None:
        """Say what became of a report."""
        self.clock.ended(outcome)
        print(f"{outcome} ({self.clock.words()})", file=self.stream, flush=True)

    def noted(self, text: str) -> None:
        """Pass it on."""
        print(text, file=self.stream, flush=True)


class _Live:
    """A bar, the reports being made, and failures above it as they come."""

    def __init__(self, bar: Any) -> None:
        self.bar, self.clock, self.task = bar, Clock((), 1), None

    def planned(self, todo: Sequence[Planned], kept: int, jobs: int) -> None:
        self.clock = Clock(todo, jobs)
        self.bar.console.print(plan_words(todo, kept), markup=False, highlight=False)
        if todo:
            self.task = self.bar.add_task("reports", total=len(todo), words=self.clock.words(), running="")

    def began(self, case: Case) -> None:
        self.clock.began(case)
        self._show()

    def ended(self, outcome: CaseOutcome) -> None:
        self.clock.ended(outcome)
        if outcome.failure:
            self.bar.console.print(str(outcome), markup=False, highlight=False, style="red")
        self.bar.advance(self.task)
        self._show()

    def noted(self, text: str) -> None:
        self.bar.console.print(text, markup=False, highlight=False)

    def _show(self) -> None:
        names = [name.rsplit("/", 1)[-1] for name in list(self.clock.running)]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        running = ", ".join(names[:SHOWN]) + more
        self.bar.update(self.task, words=self.clock.words(), running=running)


def state_lines(planned: Sequence[Planned]) -> list[str]:
    """Return what is not done: one line where many cases of a batch are alike, else a line for each."""
    groups: dict[str, list[Planned]] = {}
    for one in planned:
        groups.setdefault(f"{one.case.kind}/{one.case.batch or one.case.name}", []).append(one)
    lines = []
    for name, members in groups.items():
        states: dict[str, list[Planned]] = {}
        for one in members:
            if one.state.status != "done":
                states.setdefault(str(one.state), []).append(one)
        for state, alike in states.items():
            if len(alike) >= ALIKE:
                lines.append(f"{name}: {'all ' if alike == members else ''}{len(alike)} reports {state}")
            else:
                lines += [f"{_name(one.case)}: {state}" for one in alike]
    return lines


def plan_words(todo: Sequence[Planned], kept: int) -> str:
    """Return what a run will do and why, in one line."""
    if not todo:
        return f"{_reports(kept)} unchanged, nothing to do"
    reasons: dict[str, int] = {}
    for one in todo:
        status = one.state.status
        reason = f"because {one.state.reasons[0]}" if status == "stale" else TOLD[status]
        reasons[reason] = reasons.get(reason, 0) + 1
    told = sorted(reasons.items(), key=lambda item: -item[1])
    why = "; ".join(f"{count} {reason}" for reason, count in told[:4])
    why += f"; {sum(count for _, count in told[4:])} for other reasons" if len(told) > 4 else ""
    kept_words = f"; {kept} unchanged and kept" if kept else ""
    return f"{_reports(len(todo))} to make: {why}{kept_words}"


def _reports(count: int) -> str:
    return f"{count} report" + ("" if count == 1 else "s")


@contextmanager
def watched(stream: TextIO | None = None) -> Iterator[Progress]:
    """Give a display of a run: live on a terminal, plain lines where there is none."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield Lines(stream)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(bar_width=24),
        TextColumn("{task.fields[words]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[running]}", markup=False, style="dim"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield _Live(bar)
