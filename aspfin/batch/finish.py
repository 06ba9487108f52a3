"""What a batch gets once its cases are made: the synthesis, the index, the crate; in that order, and a mark.

The mark holds what they were made of. It is written last, so that a run that was killed in between, or cases
that changed since, are seen by the next run.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from aspfin.batch.crate import METADATA
from aspfin.batch.outcomes import CaseOutcome
from aspfin.batch.places import SUMS, SYNTHESIS
from aspfin.batch.runner import Planned, Progress, Way, make_planned, template_path
from aspfin.batch.state import read_record
from aspfin.reporting.identity import identity
from aspfin.reporting.reading import Case
from aspfin.results import InputError

__all__ = ["batch_fingerprint", "finish", "is_finished", "written_pages"]

MARK = ".finished.json"
AFTER = ("index.html", "summary.csv", "batch.json", METADATA, SUMS)
FEW = 4  # syntheses for which a warm parent of their own does not pay


def finish(
    outcomes: Sequence[CaseOutcome],
    *,
    output: str | Path,
    formats: Sequence[str] = ("html",),
    way: Way | None = None,
    progress: Progress | None = None,
) -> tuple[list[CaseOutcome], list[Path], list[str]]:
    """Write the synthesis, index and crate of every batch among `outcomes`, and the list of all reports.

    Parameters
    ----------
    outcomes : sequence of CaseOutcome
        What `runner.run` returned.
    output : str or Path
        The folder given to it.
    formats : sequence of str
        Endings of the formats of a synthesis.
    way : Way, optional
        How the syntheses are made.
    progress : Progress, optional
        Told how that goes on.

    Returns
    -------
    tuple
        Outcomes of the syntheses; the pages to open, the list of all reports last; what could not be done.
    """
    from aspfin.batch.index import forget_gone, write_indexes

    output, way = Path(output).absolute(), way or Way()
    forget_gone(outcomes)
    batches = {one.folder.parent: one for one in outcomes if one.case.batch}
    open_batches = [folder for folder in batches if not is_finished(folder, formats)]
    for folder in open_batches:
        if not _several(folder) and not (folder / SYNTHESIS).is_symlink():
            shutil.rmtree(folder / SYNTHESIS, ignore_errors=True)  # of an earlier state
    planned = [_synthesis(folder, batches[folder], formats) for folder in open_batches if _several(folder)]
    way = replace(way, cluster=None, warm=way.warm and len(planned) >= FEW)
    todo = [one for one in planned if one.state.status != "done" or one.state.missing_formats]
    made = make_planned(todo, output=output, way=way, progress=progress) if todo else []
    pages = write_indexes([one for one in outcomes if one.folder.parent in open_batches], output)
    notes = [note for folder in open_batches if (note := _archive(folder))]
    for folder in open_batches:
        _mark(folder)
    return made, [*(folder / "index.html" for folder in batches), pages[-1]], notes


def _cases(folder: Path) -> dict[str, dict[str, Any]]:
    found = {place.parent.name: read_record(place.parent) for place in sorted(folder.glob("*/run.json"))}
    return {name: one for name, one in found.items() if one and name != SYNTHESIS}


def _several(folder: Path) -> bool:
    """Return whether there is more than one report to speak about."""
    return sum(one.get("status") == "made" for one in _cases(folder).values()) > 1


def written_pages(folder: Path) -> dict[str, str]:
    """Return the hash that each page of a finished batch was written with, by its name in the folder."""
    try:
        files = json.loads((folder / MARK).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError):
        return {}
    return {name: found for name, found in files.items() if "/" not in name}


def batch_fingerprint(folder: Path) -> dict[str, str]:
    """Return what each case of a batch is today: its inputs, its outputs, and whether it was made."""
    return {
        name: sha256(
            json.dumps(
                [one.get("status"), (one.get("identity") or {}).get("hash"), one.get("outputs")],
                sort_keys=True,
            ).encode()
        ).hexdigest()[:16]
        for name, one in _cases(folder).items()
    }


def is_finished(folder: Path, formats: Sequence[str] = ()) -> bool:
    """Return whether the pages of a batch were made of what its cases are today, and are as written."""
    try:
        mark = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    whole = mark.get("files") == _hashes(folder) and mark.get("cases") == batch_fingerprint(folder)
    wanted = [folder / SYNTHESIS / f"report.{one}" for one in formats] if _several(folder) else []
    return whole and all(one.is_file() for one in wanted)


def _hashes(folder: Path) -> dict[str, str]:
    files = [*(folder / name for name in AFTER), *sorted((folder / SYNTHESIS).glob("report*"))]
    return {
        one.relative_to(folder).as_posix(): sha256(one.read_bytes()).hexdigest()
        for one in files
        if one.is_file()
    }


def _mark(folder: Path) -> None:
    content = {"cases": batch_fingerprint(folder), "files": _hashes(folder)}
    unfinished = folder / f"{MARK}.part"
    unfinished.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(unfinished, folder / MARK)


def _synthesis(folder: Path, one: CaseOutcome, formats: Sequence[str]) -> Planned:
    """Return the plan of the report on all cases of a batch together; its data are their results."""
    from aspfin.batch.synthesis import KIND

    template = template_path(KIND)
    text = template.read_bytes()
    title = one.case.batch_title
    sections = {"title": title, "batch": str(folder), "cases": one.case.batch_size}
    made_from = identity(
        KIND.name, sections, template=text, template_name=template.name, data=batch_fingerprint(folder)
    )
    case = Case(
        KIND.name,
        f"{one.case.kind}/{folder.name}",
        KIND.parameters.model_validate(sections),
        sections,
        one.case.file,
        {},
        f"{title}: all cases together",
    )
    again = f"aspfin run {one.case.file}"
    return Planned.of(case, folder / SYNTHESIS, text, made_from, formats, command=again)


def _archive(folder: Path) -> str:
    """Describe the batch as a research object crate; return why that cannot be done, if so."""
    from aspfin.batch.crate import write_crate

    records = _cases(folder).values()
    days = [str(one.get("finished", ""))[:10] for one in records]
    title = json.loads((folder / "batch.json").read_text(encoding="utf-8"))["title"]
    try:
        write_crate(folder, title=title, date=date.fromisoformat(max(days)))
    except InputError as error:
        for name in (METADATA, SUMS):
            (folder / name).unlink(missing_ok=True)  # of an earlier state
        return f"{folder.name}: no crate for archives: {error}"
    return ""
