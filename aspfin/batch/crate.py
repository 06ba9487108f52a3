"""A research object crate (RO-Crate) of finished reports: the folder says how it was made.

`write_crate` leaves three things in the folder of a batch or of a single report: `ro-crate-metadata.json`,
which archives such as Zenodo and WorkflowHub read; `workflow/`, with the notebook that made the reports; and
`SHA256SUMS`, with which anybody can check the archive without our software: `sha256sum -c SHA256SUMS`.

Data that a report read are named with their hashes and not copied: they may not be ours to give away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aspfin.batch.places import SUMS, SYNTHESIS
from aspfin.reporting.identity import template_hash
from aspfin.results import InputError, Problem

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

__all__ = ["METADATA", "write_crate"]

METADATA, WORKFLOW = "ro-crate-metadata.json", "workflow"
CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"
PROFILES = {  # of the versions that belong to RO-Crate 1.3; rocrate adds Workflow RO-Crate itself
    "https://w3id.org/ro/wfrun/process/0.6": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.6": "Workflow Run Crate",
}
OF_A_BATCH = ("index.html", "summary.csv")
JUPYTER = "#jupyter-notebook"
# They hold times of the run, so their bytes differ between equal runs, and so would those of the crate.
RECORDS = {"run.json": "how and when this report was made", "batch.json": "how and when the batch was made"}
LICENCE = (
    "The code is under the MIT licence. Figures and data keep the terms of their sources, "
    "which every report lists."
)
FORMATS = {
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
KINDS_OF_VALUE = {bool: "Boolean", int: "Integer", float: "Float", str: "Text"}
# An absolute path says whose machine it was; its last part says what it was.
PATH = re.compile(r"(?<![\w.:/])(?:/|[A-Za-z]:\\)(?:[^\s/\\'\"]+[/\\])+(?=[^\s/\\'\"])")


@dataclass(frozen=True)
class _Run:
    """One finished case: its run.json, and where its files are below the folder of the crate."""

    record: Mapping[str, Any]
    folder: Path
    prefix: str

    @property
    def identity(self) -> Mapping[str, Any]:
        return self.record["identity"]

    @property
    def id(self) -> str:
        return f"#run/{quote(self.record['name'])}"

    @cached_property
    def files(self) -> dict[str, tuple[str, int]]:
        """Hash and size of every file the case made, by name below the crate; each is read and compared."""
        found = {}
        for name, recorded in sorted(self.record["outputs"].items()):
            told = _told(self.folder / name)
            if told is None or told[0] != recorded:
                what = "missing" if told is None else "changed since it was made"
                raise InputError(Problem(self.prefix + name, "file", what, "as written; run the case again"))
            found[self.prefix + name] = told
        return found


class _Book:
    """A crate and the entities of it that are no files, by identifier: equal ones are entered once."""

    def __init__(self, crate: ROCrate) -> None:
        self.crate = crate
        self.known: dict[str, Any] = {}

    def entity(self, identifier: str, properties: Mapping[str, Any]) -> Any:
        from rocrate.model.contextentity import ContextEntity

        if identifier not in self.known:
            made = ContextEntity(self.crate, identifier, properties=dict(properties))
            self.known[identifier] = self.crate.add(made)
        return self.known[identifier]


def write_crate(folder: str | Path, *, title: str, date: date) -> Path:
    """Describe a finished batch, or a finished single report, as a Workflow Run RO-Crate.

    Parameters
    ----------
    folder : str or Path
        Of a batch (its cases below it) or of one report, as `aspfin run` left it.
    title : str
        Name of the crate, for a catalogue.
    date : date
        Day of publication. The same reports, title and date give the same bytes.

    Returns
    -------
    Path
        The metadata file.

    Raises
    ------
    InputError
        No finished report there; a file is missing or was changed by hand; or a notebook that made the
        reports is not today's.

    References
    ----------
    RO-Crate 1.3; Workflow Run Crate and Process Run Crate 0.6 (w3id.org/ro/wfrun).

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as empty:
    ...     write_crate(empty, title="Floods", date=date(2026, 1, 1))
    Traceback (most recent call last):
    aspfin.results.InputError: crate: folder: got '...'; allowed: a folder with a run.json, ...
    """
    folder = Path(folder)
    runs = _runs(folder)
    templates = _copy_templates(runs, folder)
    book = _book(title, date, runs, _withheld(folder))
    crate = book.crate
    made = {name: told for name in templates.values() if (told := _told(folder / name)) is not None}
    flows = {kind: _add_workflow(book, kind, name, made[name], runs) for kind, name in templates.items()}
    actions = []
    for run in runs:
        made |= run.files
        files = [_add_file(crate, name, *told) for name, told in run.files.items()]
        action = _add_action(book, run, flows[run.record["kind"]], files)
        _add_record(crate, folder, f"{run.prefix}run.json", action)
        actions.append(action)
    crate.root_dataset["mentions"] = actions
    if runs[0].prefix:
        found = {name: told for name in OF_A_BATCH if (told := _told(folder / name)) is not None}
        made |= found
        for name, told in found.items():
            _add_file(crate, name, *told)
        _add_record(crate, folder, "batch.json", crate.root_dataset)
    listed = "".join(f"{digest}  {name}\n" for name, (digest, _) in sorted(made.items()))
    (folder / SUMS).write_text(listed, encoding="utf-8", newline="\n")
    _add_file(crate, SUMS, *_told(folder / SUMS))
    crate.metadata.write(folder)
    return folder / METADATA


def _runs(folder: Path) -> list[_Run]:
    """Return the cases, and after them the synthesis of a batch: the first is what the crate is about."""
    single = folder / "run.json"
    records = [single] if single.is_file() else sorted(folder.glob("*/run.json"))
    if not records:
        allowed = "a folder with a run.json, or with cases that have one"
        raise InputError(Problem("crate", "folder", folder.name, allowed))
    withheld = _withheld(folder)
    found = [
        _Run(
            json.loads(record.read_text(encoding="utf-8")),
            record.parent,
            "" if record == single else f"{record.parent.name}/",
        )
        for record in records
        if record.parent.name not in withheld
    ]
    if all(run.record["kind"] == SYNTHESIS for run in found):
        allowed = "at least one report that does not show what is hidden for privacy"
        raise InputError(Problem("crate", "folder", folder.name, allowed))
    return sorted(found, key=lambda run: run.record["kind"] == SYNTHESIS)


def _withheld(folder: Path) -> set[str]:
    """Return the cases whose own reports show what the batch hides: an archive must not give it away."""
    batch = folder / "batch.json"
    if not batch.is_file():
        return set()
    return set(json.loads(batch.read_text(encoding="utf-8")).get("do_not_publish") or ())


def _told(path: Path) -> tuple[str, int] | None:
    """Return hash and size of a file, None where there is none."""
    if not path.is_file():
        return None
    content = path.read_bytes()
    return sha256(content).hexdigest(), len(content)


def _copy_templates(runs: Sequence[_Run], folder: Path) -> dict[str, str]:
    """Put the notebook of each kind of report into the crate, if it is still the one that made them."""
    found = {}
    for kind in dict.fromkeys(run.record["kind"] for run in runs):
        identities = [run.identity for run in runs if run.record["kind"] == kind]
        hashes = sorted({one["template_hash"] for one in identities})
        content = _template(kind)
        if hashes != [template_hash(content)]:
            allowed = f"{template_hash(content)}, today's notebook, for every case; run them again"
            raise InputError(Problem(f"crate: {kind}", "template", ", ".join(hashes), allowed))
        found[kind] = f"{WORKFLOW}/{identities[0]['template']}", content
    (folder / WORKFLOW).mkdir(exist_ok=True)
    for name, content in found.values():
        (folder / name).write_bytes(content)
    return {kind: name for kind, (name, _) in found.items()}


def _template(kind: str) -> bytes:
    from aspfin.batch.runner import template_path

    if kind != SYNTHESIS:
        return template_path(kind).read_bytes()
    from aspfin.batch.synthesis import KIND

    return template_path(KIND).read_bytes()


def _book(title: str, day: date, runs: Sequence[_Run], withheld: Collection[str]) -> _Book:
    """Return a crate with its root described, and nothing in it."""
    from rocrate.rocrate import ROCrate

    book = _Book(ROCrate(version="1.3"))
    crate = book.crate
    crate.metadata.extra_contexts.append(CONTEXT)
    failed = sum(run.record["status"] == "failed" for run in runs)
    kind = runs[0].record["kind"]
    cases = sum(run.record["kind"] == kind for run in runs)
    left_out = f"Left out for privacy: {', '.join(sorted(withheld))}. " if withheld else ""
    crate.name = title
    crate.description = (
        f"{cases} {kind} report{'s' if cases > 1 else ''} by aspfin"
        f"{', with a synthesis' if cases < len(runs) else ''}"
        f"{f', {failed} of them failed' if failed else ''}. {left_out}"
        f"To check the files: sha256sum -c {SUMS}. "
        "To make them again: the versions listed here, the parameters of each run, and aspfin run."
    )
    crate.datePublished = day.isoformat()
    crate.license = LICENCE
    crate.root_dataset["conformsTo"] = [
        book.entity(at, {"@type": "CreativeWork", "name": name, "version": at.rsplit("/")[-1]})
        for at, name in PROFILES.items()
    ]
    return book


def _add_workflow(book: _Book, kind: str, name: str, told: tuple[str, int], runs: Sequence[_Run]) -> Any:
    """Add the notebook of a kind as a workflow with its parameters; that of the cases is the main one."""
    from rocrate.model.computerlanguage import ComputerLanguage

    language = book.known.get(JUPYTER)
    if language is None:
        words = {"name": "Jupyter notebook", "url": "https://jupyter.org/"}
        language = book.known[JUPYTER] = book.crate.add(
            ComputerLanguage(book.crate, JUPYTER, properties=words)
        )
    mine = [run for run in runs if run.record["kind"] == kind]
    said = _file_properties(name, *told)
    said |= {"name": f"aspfin report: {kind}", "version": mine[0].identity["template_hash"]}
    main = kind == runs[0].record["kind"]
    flow = book.crate.add_workflow(dest_path=name, main=main, lang=language, properties=said)
    flow["input"] = list(_parameters(book, kind, mine))
    return flow


def _parameters(book: _Book, kind: str, runs: Sequence[_Run]) -> Iterator[Any]:
    """Add one formal parameter for each top-level section that some case of this kind has."""
    values: dict[str, Any] = {}
    for run in runs:
        for name, value in run.identity["parameters"].items():
            if value is not None:
                values.setdefault(name, value)
    for name, value in sorted(values.items()):
        sort = KINDS_OF_VALUE.get(type(value), "PropertyValue")
        yield book.crate.add_formal_parameter(name, sort, identifier=_parameter_id(kind, name))


def _add_action(book: _Book, run: _Run, main: Any, files: list[Any]) -> Any:
    """Add one case: what it read, what it made, under which software, and whether it worked."""
    record = run.record
    title, kind = _portable(record["title"]), record["kind"]
    told = {"@type": "CreateAction", "name": f"{title} ({record['name']})"}
    file = _portable(str(record.get("parameter_file") or "")).rsplit("/", 1)[-1]
    told["description"] = f"aspfin run of kind {kind}, case {record['name']}" + (
        f", from {file}" if file else ""
    )
    if record["status"] == "failed":
        failure = record["failure"]
        said = failure.get("error", "") if isinstance(failure, Mapping) else str(failure or "")
        told["error"] = _portable(said.strip().split("\n")[0]) or "not told"
    status = "FailedActionStatus" if record["status"] == "failed" else "CompletedActionStatus"
    told["actionStatus"] = {"@id": f"http://schema.org/{status}"}
    stated = [(name, one) for name, one in sorted(run.identity["parameters"].items()) if one is not None]
    inputs = [_value(book, kind, name, value) for name, value in stated]
    inputs += [_data(book, name, digest) for name, digest in sorted((run.identity.get("data") or {}).items())]
    instruments = [main, _software(book, run.identity)]
    return book.crate.add_action(instruments, run.id, object=inputs, result=files, properties=told)


def _value(book: _Book, kind: str, name: str, value: Any) -> Any:
    """Return the entity of a section as a case has it; equal ones are one entity."""
    value = _portable(value)
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    plain = value if isinstance(value, str | int | float) else text
    told = {
        "@type": "PropertyValue",
        "name": name,
        "value": plain,
        "exampleOfWork": {"@id": _parameter_id(kind, name)},
    }
    return book.entity(f"#value/{kind}/{quote(name)}/{_short(text)}", told)


def _data(book: _Book, name: str, digest: str) -> Any:
    """Return the entity of a file or country pack that was read; it is named and not copied."""
    name = _portable(name)
    told = {
        "@type": "CreativeWork",
        "name": name,
        "identifier": str(digest),
        "description": f"Data read by the report; its hash is {digest}. Not in this archive.",
    }
    return book.entity(f"#data/{quote(name)}/{_short(str(digest))}", told)


def _software(book: _Book, identity: Mapping[str, Any]) -> Any:
    """Return the entity of aspfin as it ran, with Python and libraries as what it required."""
    versions = {"Python": identity["python"], **identity["libraries"]}
    text = json.dumps([identity["package_hash"], versions], sort_keys=True)
    identifier = f"#software/aspfin-{quote(identity['package_version'])}/{_short(text)}"
    if identifier in book.known:
        return book.known[identifier]
    needed = [
        book.entity(f"#software/{quote(name)}-{quote(version)}", _application(name, version))
        for name, version in sorted(versions.items())
        if version
    ]
    told = _application("aspfin", identity["package_version"])
    links = [{"@id": one.id} for one in needed]
    return book.entity(
        identifier, told | {"identifier": identity["package_hash"], "softwareRequirements": links}
    )


def _application(name: str, version: str) -> dict[str, Any]:
    return {"@type": "SoftwareApplication", "name": name, "softwareVersion": version}


def _add_file(crate: ROCrate, name: str, digest: str, size: int) -> Any:
    return crate.add_file(dest_path=name, properties=_file_properties(name, digest, size))


def _file_properties(name: str, digest: str, size: int) -> dict[str, Any]:
    form = FORMATS.get(Path(name).suffix)
    told = {"name": name, "sha256": digest, "contentSize": str(size)}
    return told if form is None else {**told, "encodingFormat": form}


def _add_record(crate: ROCrate, folder: Path, name: str, about: Any) -> None:
    if (folder / name).is_file():
        what = RECORDS[name.rsplit("/", 1)[-1]]
        told = {"name": name, "description": f"{what}; it holds times", "encodingFormat": FORMATS[".json"]}
        crate.add_file(dest_path=name, properties={**told, "about": {"@id": about.id}})


def _parameter_id(kind: str, name: str) -> str:
    return f"#parameter/{kind}/{quote(name)}"


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]


def _portable(value: Any) -> Any:
    """Return `value` with the folders of absolute paths left out: they name machines and people."""
    if isinstance(value, Mapping):
        return {key: _portable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_portable(one) for one in value]
    return PATH.sub("", value) if isinstance(value, str) else value
