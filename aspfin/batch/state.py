"""Is a report still good? What stands on disk, held against what it would be made from today."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from aspfin.reporting.formats import FORMATS
from aspfin.reporting.identity import why_stale

__all__ = ["CaseState", "damage", "output_hashes", "read_record", "repeated", "state_of"]

RECORD = "run.json"


@dataclass(frozen=True)
class CaseState:
    """What became of a case so far.

    Parameters
    ----------
    status : str
        "done", "stale", "failed" or "missing".
    reasons : tuple of str
        Why it is not done.
    seconds : float or None
        How long it took last time.
    missing_formats : tuple of str
        Formats asked for that a done report lacks; they need no new run of the notebook.
    formats : tuple of str
        Those it has; made again, it keeps them.
    """

    status: str
    reasons: tuple[str, ...] = ()
    seconds: float | None = None
    missing_formats: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.status}: {'; '.join(self.reasons)}" if self.reasons else self.status


def read_record(folder: Path) -> dict[str, Any] | None:
    """Return the record of a report, None where there is none that can be read."""
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def output_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 hash of every file of a report but its record, by path inside the folder."""
    files = sorted(one for one in folder.rglob("*") if one.is_file() and one != folder / RECORD)
    return {one.relative_to(folder).as_posix(): sha256(one.read_bytes()).hexdigest() for one in files}


def repeated(folder: Path) -> dict[str, Any]:
    """Return what the record of a report repeats of its results: headline figures, failed checks."""
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    figures = [dict(one) for one in results.get("headline", [])]
    failed = [dict(one) for one in results.get("checks", []) if one.get("passed") is False]
    return {"headline": figures, "failed_checks": failed}


def damage(folder: Path, record: Mapping[str, Any]) -> list[str]:
    """Return which files of a report are not as its record says they were written."""
    written, now = record.get("outputs") or {}, output_hashes(folder)
    if record.get("status") == "made" and written == now and not _repeats(folder, record):
        return ["run.json was changed afterwards: it does not repeat results.json"]
    return [
        *(f"{name} is missing" for name in sorted(written.keys() - now.keys())),
        *(
            f"{name} was changed afterwards"
            for name in sorted(written.keys() & now.keys())
            if written[name] != now[name]
        ),
        *(f"{name} is not of this report" for name in sorted(now.keys() - written.keys())),
    ]


def _repeats(folder: Path, record: Mapping[str, Any]) -> bool:
    try:
        return all(record.get(name) == value for name, value in repeated(folder).items())
    except (OSError, ValueError, TypeError, AttributeError):
        return False


def state_of(folder: Path, identity: Mapping[str, Any], *, formats: Sequence[str] = ()) -> CaseState:
    """Return whether the report in `folder` is what a run would make now.

    Parameters
    ----------
    folder : Path
        Where the report belongs.
    identity : mapping
        What it would be made from (`aspfin.reporting.identity.identity`).
    formats : sequence of str
        Endings of the formats wanted.
    """
    record = read_record(folder)
    if record is None or folder.is_symlink():
        return CaseState("missing", ("not made yet",))
    seconds = record.get("seconds")
    if record.get("status") != "made":
        failure = record.get("failure") or {}
        return CaseState("failed", (str(failure.get("error") or "it could not be made"),), seconds)
    there = tuple(one for one in FORMATS if f"report.{one}" in (record.get("outputs") or {}))
    if reasons := why_stale(record.get("identity") or {}, identity) or damage(folder, record):
        return CaseState("stale", tuple(reasons), seconds, formats=there)
    return CaseState("done", (), seconds, tuple(one for one in formats if one not in there), there)
