"""Can a finished batch be believed? Every file hashed again, and a few reports made again from nothing."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aspfin.batch.finish import written_pages
from aspfin.batch.outcomes import CaseOutcome
from aspfin.batch.places import SUMS, SYNTHESIS, checksums
from aspfin.batch.runner import Progress, Way, make_planned, plan
from aspfin.batch.state import CaseState, damage, read_record
from aspfin.reporting.identity import why_stale
from aspfin.reporting.reading import Case, read_file
from aspfin.results import InputError, Problem

__all__ = ["Verification", "case_of", "verify"]


@dataclass(frozen=True)
class Verification:
    """What was found.

    Parameters
    ----------
    files : int
        Files hashed again.
    reports : int
        Reports whose files were hashed.
    damaged : tuple of str
        Files that are not as they were written, one line each.
    again : tuple of str
        Reports made again in cold kernels, with the same bytes.
    different : tuple of str
        Reports made again with other bytes, and which files differ.
    not_again : tuple of str
        Reports chosen that could not be made again as they were, and why.
    """

    files: int
    reports: int
    damaged: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    different: tuple[str, ...] = ()
    not_again: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against the batch."""
        return not self.damaged and not self.different

    def __str__(self) -> str:
        lines = [f"{self.files:,} files of {self.reports:,} reports hashed: {_found(len(self.damaged))}"]
        lines += [f"  {one}" for one in self.damaged]
        made = len(self.again) + len(self.different)
        if made:
            equal = f"{len(self.again)} of {made} reports made again in cold kernels have the same bytes"
            lines.append(equal + (f" ({', '.join(self.again)})" if self.again else ""))
        lines += [f"  {one}" for one in self.different]
        lines += [f"  not made again: {one}" for one in self.not_again]
        return "\n".join(lines)


def _found(damaged: int) -> str:
    if not damaged:
        return "all as written"
    return "1 is not as written" if damaged == 1 else f"{damaged} are not as written"


def verify(
    folder: str | Path,
    *,
    parameters: str | Path = "parameters",
    sample: int = 2,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Check the reports in a folder against their records, and make a few of them again.

    Parameters
    ----------
    folder : str or Path
        Of one report, of a batch, of a kind, or of all reports.
    parameters : str or Path
        Folder of the parameter files, by kind: what a report is made again from.
    sample : int
        How many reports to make again, chosen at random.
    seed : int, optional
        Of that choice.
    progress : Progress, optional
        Told how it goes on.

    Raises
    ------
    InputError
        There is no report in the folder.
    """
    folder = Path(folder)
    records = {
        place.parent: record
        for place in sorted(folder.rglob("run.json"))
        if (record := read_record(place.parent)) is not None and not place.is_symlink()
    }
    if not records:
        raise InputError(Problem("command line", "folder", str(folder), "a folder with reports"))
    damaged = [
        f"{place.relative_to(folder.parent).as_posix()}: {what}"
        for place, record in records.items()
        for what in damage(place, record)
    ]
    listed, wrong = _pages(folder)
    made = [
        place for place, one in records.items() if one.get("status") == "made" and one["kind"] != SYNTHESIS
    ]
    chosen = sorted(random.Random(seed).sample(made, min(sample, len(made))))
    again, different, not_again = _make_again(chosen, records, Path(parameters), progress)
    return Verification(
        files=sum(len(one.get("outputs") or {}) for one in records.values()) + listed,
        reports=len(records),
        damaged=(*damaged, *wrong),
        again=tuple(again),
        different=tuple(different),
        not_again=tuple(not_again),
    )


def _pages(folder: Path) -> tuple[int, list[str]]:
    """Check the files of batches that no report's own record has: their pages, notebooks, checksum lists."""
    listed, wrong = 0, []
    for batch in sorted({one.parent for name in (SUMS, "batch.json") for one in folder.rglob(name)}):
        expected = written_pages(batch)
        if (batch / SUMS).is_file():
            expected |= checksums(batch)
        for name, digest in sorted(expected.items()):
            place = batch / name
            if (batch / name.split("/")[0] / "run.json").is_file():
                continue
            listed += 1
            if not place.is_file() or sha256(place.read_bytes()).hexdigest() != digest:
                state = "was changed afterwards" if place.is_file() else "is missing"
                wrong.append(f"{batch.relative_to(folder.parent).as_posix()}: {name} {state}")
    return listed, wrong


def _make_again(
    chosen: Sequence[Path],
    records: dict[Path, dict[str, Any]],
    parameters: Path,
    progress: Progress | None,
) -> tuple[list[str], list[str], list[str]]:
    """Make reports anew in cold kernels and compare every byte."""
    cases: dict[Path, Case] = {}
    not_again = []
    for place in chosen:
        record = records[place]
        name = f"{record['kind']}/{record['name']}"
        case = case_of(record, parameters)
        if isinstance(case, str):
            not_again.append(f"{name}: {case}")
        elif reasons := why_stale(record["identity"], plan([case], output=place)[0].job.identity):
            not_again.append(f"{name}: {'; '.join(reasons)}")
        else:
            cases[place] = case
    if not cases:
        return [], [], not_again
    with TemporaryDirectory() as place:
        output = Path(place)
        state = CaseState("stale", ("it was chosen to be made again",))
        planned = [replace(one, state=state) for one in plan(list(cases.values()), output=output)]
        outcomes = make_planned(planned, output=output, way=Way(warm=False), progress=progress)
        told = [_compared(records[old], one) for old, one in zip(cases, outcomes, strict=True)]
    again = [name for name, differing in told if not differing]
    return again, [f"{name}: {differing}" for name, differing in told if differing], not_again


def case_of(record: Mapping[str, Any], parameters: Path) -> Case | str:
    """Return the case a record belongs to, or why it cannot be had."""
    file = parameters / record["kind"] / record["parameter_file"]
    if not file.is_file():
        return f"no parameter file {file}; name the folder that holds it with --parameters"
    try:
        found = [one for one in read_file(file) if one.name == record["name"]]
    except InputError as error:
        return f"{file} cannot be read: {error.problems[0]}"
    return found[0] if found else f"{file} makes no such report any more"


def _compared(old: dict[str, Any], outcome: CaseOutcome) -> tuple[str, str]:
    """Return the name of a report made again, and in words which of its files differ."""
    name = f"{old['kind']}/{old['name']}"
    new = json.loads((outcome.folder / "run.json").read_text(encoding="utf-8"))
    if outcome.failure:
        return name, f"could not be made again: {outcome.failure}"
    other = set(old["outputs"]) ^ set(new["outputs"])
    formats = {one for one in other if one.startswith("report.")}  # those asked for then, but not now
    names = sorted({*old["outputs"], *new["outputs"]} - formats)
    differing = [one for one in names if old["outputs"].get(one) != new["outputs"].get(one)]
    return name, f"other bytes in {', '.join(differing)}" if differing else ""
