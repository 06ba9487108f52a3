"""Tell in a moment that nothing changed: reports whose every input and output is as a run left it.

Checking parameter files means loading data; this does not. After a run, a ticket for each parameter file
notes the hashes of all that its reports were made from and of their records; while all of that holds, the
next run need not even read the file. It takes nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aspfin.reporting.identity import (
    data_places,
    package_hash,
    parameter_files,
    place_hash,
    templates_folder,
)

if TYPE_CHECKING:
    from aspfin.batch.outcomes import CaseOutcome

__all__ = ["TICKETS", "Kept", "remember", "split"]

TICKETS = ".unchanged"
Kept = dict[Path, int]  # parameter file: how many reports of it are kept


def split(paths: Sequence[Path], output: Path, formats: Sequence[str]) -> tuple[list[Path], Kept]:
    """Return the parameter files that must be read, and those whose reports are all there and unchanged.

    Where anything is unusual (a path that is missing, two files of one name), all must be read.
    """
    files: list[Path] = []
    for path in paths:
        files += [one for one in parameter_files(path) if one not in files] if path.is_dir() else [path]
    tickets = [_ticket(output, file) for file in files]
    templates = templates_folder()
    if not all(file.is_file() for file in files) or len(set(tickets)) < len(tickets) or templates is None:
        return list(paths), {}
    kept: Kept = {}
    installed, hash_once = _installed(), cache(place_hash)  # many files share them
    for file, ticket in zip(files, tickets, strict=True):
        template = templates / f"{file.resolve().parent.name}.ipynb"
        if count := _holds(ticket, _made_from(file, template, installed), output, formats, hash_once):
            kept[file] = count
    return [file for file in files if file not in kept], kept


def remember(outcomes: Sequence[CaseOutcome], output: Path, formats: Sequence[str]) -> None:
    """Leave a ticket for every parameter file whose reports are all made; remove it for the others."""
    files: dict[Path, list[CaseOutcome]] = {}
    templates, installed, hash_once = templates_folder(), _installed(), cache(place_hash)
    for one in outcomes:
        files.setdefault(one.case.file, []).append(one)
    for file, members in files.items():
        ticket = _ticket(output, file)
        whole = len(members) == members[0].case.batch_size and not any(one.failure for one in members)
        template = None if templates is None else templates / f"{members[0].case.kind}.ipynb"
        if not whole or template is None or not template.is_file():
            ticket.unlink(missing_ok=True)
            continue
        places = {
            str(place): name for one in members for name, place in data_places(one.case.sections).items()
        }
        content = {
            **_made_from(file, template, installed),
            "data": {place: [name, hash_once(name, Path(place))] for place, name in sorted(places.items())},
            "formats": list(formats),
            "reports": len(members),
            "records": _records(sorted({_place(one, output) for one in members}), output),
        }
        ticket.parent.mkdir(exist_ok=True)
        unfinished = ticket.with_suffix(".part")
        unfinished.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        os.replace(unfinished, ticket)


def _ticket(output: Path, file: Path) -> Path:
    return output / TICKETS / f"{file.resolve().parent.name}-{file.stem}.json"


def _place(one: CaseOutcome, output: Path) -> str:
    """Return the folder of a single report or of a whole batch, below the output folder."""
    folder = one.folder.parent if one.case.batch else one.folder
    return folder.relative_to(output.absolute()).as_posix()


def _made_from(file: Path, template: Path, installed: str) -> dict[str, Any]:
    return {
        "file": [str(file.resolve()), _hash(file)],
        "templates": [_hash(template), _hash(template.with_name("synthesis.ipynb"))],
        "package": package_hash(),
        "python": platform.python_version(),
        "installed": installed,
    }


def _installed() -> str:
    """Return a hash of the names and versions of all that is installed: the names of folders tell both."""
    places = [Path(one) for one in sys.path if one and Path(one).is_dir()]
    names = sorted(one.name for place in places for one in place.glob("*.dist-info"))
    return sha256("\n".join(names).encode()).hexdigest()


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _records(places: Sequence[str], output: Path) -> dict[str, str]:
    """Return the hash of every file of these reports; working files are hidden and not counted."""
    return {
        one.relative_to(output).as_posix(): _hash(one)
        for place in places
        for one in sorted((output / place).rglob("*"))
        if one.is_file() and not one.is_symlink()
    }


def _holds(
    ticket: Path,
    made_from: Mapping[str, Any],
    output: Path,
    formats: Sequence[str],
    hash_of: Callable[[str, Path], str],
) -> int:
    """Return how many reports are unchanged; 0 where any input or output is not as it was."""
    try:
        said = json.loads(ticket.read_text(encoding="utf-8"))
        places = sorted({Path(name).parts[:2] for name in said["records"]})
        same = (
            all(said[name] == value for name, value in made_from.items())
            and set(formats) <= set(said["formats"])
            and all(found == hash_of(name, Path(place)) for place, (name, found) in said["data"].items())
            and said["records"] == _records(["/".join(parts) for parts in places], output)
        )
        return int(said["reports"]) if same else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0
