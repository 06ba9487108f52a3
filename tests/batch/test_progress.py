"""Whoever watches a run is told what will be done and why, what was done, and how long it takes."""

import io
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from aspfin.batch import progress
from aspfin.batch.outcomes import CaseOutcome, Failure
from aspfin.batch.progress import Clock, Lines, plan_words, watched
from aspfin.batch.state import CaseState


def case(name):
    return SimpleNamespace(kind="toy", name=name)


def planned(name, status="missing", reasons=("not made yet",), seconds=None):
    return SimpleNamespace(case=case(name), state=CaseState(status, reasons, seconds))


def done(name, seconds=1.0, failure=None, kept=False):
    return CaseOutcome(case(name), Path("x"), failure, seconds, kept)


@pytest.fixture
def now(monkeypatch):
    """A clock that goes when it is told to."""
    clock = SimpleNamespace(time=100.0)
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock.time)
    return clock


def test_the_plan_says_how_many_and_why():
    assert plan_words([], 12) == "12 reports unchanged, nothing to do"
    assert plan_words([], 1) == "1 report unchanged, nothing to do"
    todo = [
        planned("a"),
        planned("b", "stale", ("household.csv changed", "aspfin changed")),
        planned("c", "stale", ("household.csv changed",)),
        planned("d", "failed", ("ValueError: x",)),
        planned("e", "done", ()),
    ]
    assert plan_words(todo, 88) == (
        "5 reports to make: 2 because household.csv changed; 1 not made yet; 1 failed last time; 1 asked for; "
        "88 unchanged and kept"
    )
    many = [planned(str(number), "stale", (f"reason {number}",)) for number in range(7)]
    assert plan_words(many, 0).endswith("1 because reason 3; 3 for other reasons")


def test_time_left_comes_from_the_last_run(now):
    clock = Clock([planned("a", seconds=10.0), planned("b", seconds=30.0)], jobs=1)
    assert clock.words() == "0 of 2, about 40 s left"
    clock.began(case("a"))
    now.time += 4
    assert clock.left() == 36
    now.time += 20  # longer than last time: nothing is left of it, and nothing is owed
    assert clock.left() == 30
    clock.ended(done("a", 24.0))
    assert clock.words() == "1 of 2, about 30 s left"
    clock.began(case("b"))
    clock.ended(done("b"))
    assert clock.words() == "2 of 2"


def test_time_left_of_reports_never_made_is_the_mean_of_those_made_now(now):
    clock = Clock([planned(name) for name in "abcd"], jobs=2)
    assert clock.left() is None and clock.words() == "0 of 4"
    clock.began(case("a"))
    clock.ended(done("a", 8.0))
    assert clock.left() == 3 * 8 / 2
    clock.began(case("b"))
    clock.ended(done("b", 4.0))
    assert clock.left() == 2 * 6 / 2


def test_no_more_jobs_are_counted_than_there_are_reports(now):
    assert Clock([planned("a", seconds=10.0)], jobs=8).left() == 10
    assert Clock([], jobs=8).words() == "0 of 0"


def test_plain_lines_where_nobody_sees_a_screen(now):
    stream = io.StringIO()
    with watched(stream) as told:
        assert isinstance(told, Lines)
        told.planned([planned("a", seconds=5.0), planned("b", seconds=65.0)], 3, 1)
        told.began(case("a"))
        told.ended(done("a", 5.25))
        told.ended(done("b", 1.0, Failure("ValueError: [x]", "cell 3 (In [2])")))
    assert stream.getvalue().splitlines() == [
        "2 reports to make: 2 not made yet; 3 unchanged and kept",
        "toy/a: made in 5.2 s (1 of 2, about 1 min 5 s left)",
        "toy/b: failed: cell 3 (In [2]): ValueError: [x] (2 of 2)",
    ]


def test_a_live_display_on_a_terminal(monkeypatch, capsys):
    from rich import console

    class Screen(console.Console):
        def __init__(self, **more):
            super().__init__(file=shown, force_terminal=True, width=120, **more)

    shown = io.StringIO()
    monkeypatch.setattr(console, "Console", Screen)
    stream = SimpleNamespace(isatty=lambda: True)
    with watched(stream) as told:
        names = ["a[red]", "b", "c", "d", "e"]
        told.planned([planned(name, seconds=5.0) for name in names], 2, 2)
        for name in names:
            told.began(case(name))
        told.ended(done("a[red]", 1.0, Failure("ValueError: [x]", "cell 3")))
    text = shown.getvalue()
    assert "5 reports to make: 5 not made yet; 2 unchanged and kept" in text
    assert "toy/a[red]: failed: cell 3: ValueError: [x]" in text
    assert re.search("1 of 5, about [0-9]+ s left", text)
    assert "b, c, d and 1 more" in text


def test_a_live_display_of_nothing_to_do(monkeypatch, capsys):
    stream = SimpleNamespace(isatty=lambda: True)
    with watched(stream) as told:
        told.planned([], 4, 1)
    assert "4 reports unchanged, nothing to do" in capsys.readouterr().err
