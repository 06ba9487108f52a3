"""What a report is made from, as hashes: equal identity, equal report.

It takes nothing but the standard library, so that `aspfin run` can tell in a moment that nothing changed.
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import aspfin

__all__ = [
    "changed_fields",
    "data_hashes",
    "data_places",
    "identity",
    "libraries",
    "package_hash",
    "parameter_files",
    "parameter_hash",
    "place_hash",
    "short",
    "template_hash",
    "templates_folder",
    "why_stale",
]

PACKAGE = Path(aspfin.__file__).parent
PACKS = PACKAGE / "data" / "countries"
CODE = (".py", ".css", ".j2", ".typ", ".ttf", ".yaml")  # beside the packs, which are data


def short(content: bytes) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 hash.

    Examples
    --------
    >>> short(b"abc")
    'ba7816bf8f01cfea'
    """
    return sha256(content).hexdigest()[:16]


def identity(
    kind: str,
    sections: Mapping[str, Any],
    *,
    template: bytes,
    template_name: str = "",
    data: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return everything a report is made from.

    Parameters
    ----------
    kind : str
        Report kind.
    sections : mapping
        Every top-level section of the parameters as plain JSON values (`parameters.sections_of`).
    template : bytes
        The notebook file.
    template_name : str
        Its name.
    data : mapping of str to str, optional
        Hashes of the data, where they are not those of the files that the parameters name.

    Returns
    -------
    dict
        `parameters` (paths cut to file names), hashes of them, of the template, of the package's code and of
        each data file, versions of Python and of every library aspfin needs, and a `hash` over all of it.

    Examples
    --------
    >>> made = identity("financing", {"country": "KHM", "area": "KH01"}, template=b'{"cells": []}')
    >>> made["parameters"]["area"], "KHM/events.csv" in made["data"], len(made["hash"])
    ('KH01', True, 16)
    """
    parts = {
        "kind": kind,
        "parameters": _portable(sections),
        "parameter_hash": parameter_hash(kind, sections),
        "template": template_name,
        "template_hash": template_hash(template),
        "package_version": aspfin.__version__,
        "package_hash": package_hash(),
        "data": data_hashes(sections) if data is None else dict(data),
        "python": platform.python_version(),
        "libraries": libraries(*_packages(sections)),
    }
    return {**parts, "hash": short(_canonical(parts))}


def parameter_hash(kind: str, sections: Mapping[str, Any]) -> str:
    """Return the hash of the parameters of a report."""
    return short(_canonical({"kind": kind, **_portable(sections)}))


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()


def _portable(value: Any) -> Any:
    """Return `value` with paths cut to file names, so that a hash is the same on every machine."""
    if isinstance(value, Mapping):
        return {str(key): _portable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_portable(one) for one in value]
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value


def data_places(sections: Mapping[str, Any]) -> dict[str, Path]:
    """Return the files and folders a report reads, by the name they have in its record.

    Paths in parameters are absolute once they are checked. Country packs of the package go by their code; a
    report that names neither a pack nor data of its own may make households up from any of them.
    """
    texts = set(_texts(sections))
    codes = {one for one in texts if re.fullmatch(r"[A-Z]{3}", one) and (PACKS / one).is_dir()}
    own = sorted(Path(one) for one in texts if Path(one).is_absolute() and Path(one).exists())
    if not codes and not own and not _packages(sections):
        codes = {one.name for one in PACKS.iterdir() if one.is_dir()}
    places = {code: PACKS / code for code in sorted(codes)}
    for path in own:
        inside = [other for other in own if other.is_dir() and other in path.parents]
        if not inside:  # a folder stands for all that is in it
            places[path.name if path.name not in places else f"{path.parent.name}/{path.name}"] = path
    return places


def data_hashes(sections: Mapping[str, Any]) -> dict[str, str]:
    """Return the hash of each data file of a report, files of folders and packs one by one."""
    found: dict[str, str] = {}
    for name, place in data_places(sections).items():
        found |= place_hash(name, place)
    return found


def place_hash(name: str, place: Path) -> dict[str, str]:
    """Return the hash of a file, or of each file in a folder, by names that begin with `name`."""
    if place.is_dir():
        files = [one for one in sorted(place.rglob("*")) if one.is_file() and "__pycache__" not in one.parts]
        return {f"{name}/{one.relative_to(place).as_posix()}": _file_hash(one) for one in files}
    return {name: _file_hash(place)} if place.is_file() else {}


def _file_hash(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()[:16]


@cache
def package_hash() -> str:
    """Return the hash of the package's code; cached, it does not change under a running process."""
    digest = sha256()
    for file in sorted(one for one in PACKAGE.rglob("*") if one.suffix in CODE and PACKS not in one.parents):
        digest.update(f"{file.relative_to(PACKAGE).as_posix()}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def parameter_files(folder: Path) -> list[Path]:
    """Return every YAML file below a folder."""
    return sorted(one for end in ("*.yaml", "*.yml") for one in folder.rglob(end))


def templates_folder() -> Path | None:
    """Return the folder of the report notebooks: in the package's checkout, else below the current folder."""
    roots = (PACKAGE.parent, Path.cwd())
    places = (root / "notebooks" / "reports" for root in roots)
    return next((place for place in places if place.is_dir()), None)


def template_hash(template: bytes) -> str:
    """Hash what a notebook says, not its outputs, so that running it by hand changes nothing."""
    cells = json.loads(template)["cells"]
    said = [[one["cell_type"], "".join(one["source"]), one["metadata"].get("tags", [])] for one in cells]
    return short(json.dumps(said, sort_keys=True).encode())


def _packages(sections: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the package whose published data a report reads, if it does."""
    data = sections.get("data")
    name = data.get("package") if isinstance(data, Mapping) else None
    return (name,) if isinstance(name, str) and name != "synthetic" else ()


@cache
def libraries(*more: str) -> dict[str, str]:
    """Return the versions of every library that aspfin needs, and those need, and of `more`.

    Examples
    --------
    >>> {"numpy", "papermill", "nbclient"} <= set(libraries())
    True
    """
    found: dict[str, str] = {}
    waiting = ["aspfin", *more]
    while waiting:
        name = _plain_name(waiting.pop())
        if name in found:
            continue
        try:
            one = distribution(name)
        except PackageNotFoundError:  # for another system, or an extra nobody installed
            continue
        found[name] = one.version
        waiting += _needs(one)
    found.pop("aspfin", None)  # its code is hashed
    return dict(sorted(found.items()))


def _needs(one: Distribution) -> list[str]:
    """Return what a distribution needs without extras; what is not for this system is not installed."""
    needs = [text for text in one.requires or () if not re.search(r";.*\bextra\s*==", text)]
    return [re.split(r"[\s\[<>=!~;(]", text, maxsplit=1)[0] for text in needs]


def _plain_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def why_stale(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return in words what changed between two identities of a report; empty where nothing did.

    Examples
    --------
    >>> old = {"hash": "1", "data": {"a.csv": "x"}, "libraries": {"numpy": "2.4"}, "package_hash": "p"}
    >>> new = {"hash": "2", "data": {"a.csv": "y"}, "libraries": {"numpy": "2.5"}, "package_hash": "p"}
    >>> why_stale(old, new)
    ['a.csv changed', 'numpy 2.4 became 2.5']
    """
    if old.get("hash") == new.get("hash"):
        return []
    reasons = []
    if old.get("parameter_hash") != new.get("parameter_hash"):
        fields = sorted(changed_fields(old.get("parameters") or {}, new.get("parameters") or {}))
        reasons.append(f"parameters changed ({_few(fields)})" if fields else "parameters changed")
    reasons += [f"{name} changed" for name in _changed(old.get("data") or {}, new.get("data") or {})]
    if old.get("template_hash") != new.get("template_hash"):
        reasons.append("the notebook changed")
    if old.get("package_hash") != new.get("package_hash"):
        reasons.append("aspfin changed")
    versions = [dict(one.get("libraries") or {}, Python=one.get("python")) for one in (old, new)]
    reasons += [
        f"{name} {versions[0].get(name) or 'missing'} became {versions[1].get(name) or 'missing'}"
        for name in _changed(*versions)
    ]
    return reasons or ["made from other inputs"]


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]


def changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the single values that differ between two sets of parameters, by path: old and new.

    Examples
    --------
    >>> changed_fields({"money": {"year": 2023}}, {"money": {"year": 2024}, "layers": [5]})
    {'money.year': (2023, 2024), 'layers[0]': (None, 5)}
    """
    before, after = dict(_leaves(old)), dict(_leaves(new))
    told = {name: (before.get(name), after.get(name)) for name in dict.fromkeys([*before, *after])}
    return {name: (was, now) for name, (was, now) in told.items() if was != now}


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every single value with its path: `financing.instruments[1].limit_usd`."""
    if isinstance(value, Mapping) and value:
        for name, one in value.items():
            yield from _leaves(one, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for place, one in enumerate(value):
            yield from _leaves(one, f"{path}[{place}]")
    else:
        yield path, value


def _few(names: list[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
