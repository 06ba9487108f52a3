"""Read YAML the way people who are no programmers mean it, and say where it is wrong.

PyYAML follows YAML 1.1, in which `NO` is false, `1e6` is text, `010` is eight and `12:30` is seven hundred
and fifty. Here `true` and `false` are the only truth values, numbers are decimal, and dates stay dates.
Refused with file and line: duplicate keys, keys that are not text, tags, and aliases (a few lines of aliases
can unfold to gigabytes).
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from aspfin.results import InputError, Problem

__all__ = ["read_yaml"]

_LARGEST = 1_000_000  # bytes; a parameter file is a page of text
_DEEPEST = 40  # levels


class _Refused(yaml.MarkedYAMLError):
    """Valid YAML that is not accepted here; carries what is allowed instead."""


class _Loader(yaml.SafeLoader):
    """SafeLoader with YAML 1.2 scalars and without duplicate keys, tags and aliases."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own protocol
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise _Refused(
                problem=f"*{event.anchor}", note="the value written out", problem_mark=event.start_mark
            )
        if getattr(event, "tag", None) is not None:
            raise _Refused(problem=event.tag, note="a value without a tag", problem_mark=event.start_mark)
        if self.depth >= _DEEPEST:
            note = f"at most {_DEEPEST} levels"
            raise _Refused(problem="deeply nested", note=note, problem_mark=event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if not isinstance(name, str):
                raise _Refused(problem=str(name), note="a field name in letters", problem_mark=key.start_mark)
            if name in seen:
                note = "numbers without commas, as 10_000_000" if name.isdigit() else "each field once"
                raise _Refused(problem=name, note=note, problem_mark=key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


def _decimal(loader: _Loader, node: Any) -> int | float:
    text = loader.construct_scalar(node).replace("_", "")
    return int(text) if re.fullmatch(r"[-+]?\d{1,400}", text) else float(text)


def _letters(loader: _Loader, node: Any) -> str:
    text = loader.construct_scalar(node)
    try:
        # JSON writes rare letters in two halves, as in "\ud83d\ude42"; PyYAML leaves the halves alone.
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        half = ascii(text)[1:-1]
        raise _Refused(problem=half, note="whole letters", problem_mark=node.start_mark) from None


def _day(loader: _Loader, node: Any) -> date | str:
    text = loader.construct_scalar(node)
    try:
        return date.fromisoformat(text)
    except ValueError:  # 2022-13-45 looks like a date; as text it is refused with what is allowed
        return text


_WHOLE, _POWER = r"(?:0|[1-9][0-9_]*)", r"[eE][-+]?[0-9]+"
_SCALARS = (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", rf"[-+]?{_WHOLE}", "-+0123456789"),
    (
        "float",
        rf"[-+]?(?:(?:{_WHOLE})?\.[0-9][0-9_]*(?:{_POWER})?|{_WHOLE}(?:\.)?(?:{_POWER})|{_WHOLE}\.)",
        "-+.0123456789",
    ),
    ("timestamp", r"\d{4}-\d{2}-\d{2}", "0123456789"),
)
for _name, _pattern, _first in _SCALARS:
    _starts = [letter if letter != "\0" else "" for letter in _first]
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(rf"^(?:{_pattern})$"), _starts)
_Loader.add_constructor("tag:yaml.org,2002:str", _letters)
_Loader.add_constructor("tag:yaml.org,2002:int", _decimal)
_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _day)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Return the fields of one YAML file.

    Parameters
    ----------
    path : str or Path
        A UTF-8 file of at most 1 MB whose top level is a mapping.

    Raises
    ------
    InputError
        The file is missing, unreadable, not YAML, or not such a mapping.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "case.yaml").write_text("country: NO\\nyears: 1e1\\nlimit: 10_000_000")
    ...     read_yaml(Path(folder, "case.yaml"))
    {'country': 'NO', 'years': 10.0, 'limit': 10000000}
    """
    path = Path(path)
    text = _text(path)
    try:
        found = yaml.load(text, Loader=_Loader)
    except _Refused as error:
        raise InputError(_problem(path, error, str(error.problem), str(error.note))) from None
    except yaml.MarkedYAMLError as error:
        raise InputError(
            _problem(path, error, str(error.problem), "YAML (indentation, colons, quotes)")
        ) from None
    except yaml.YAMLError as error:
        raise InputError(Problem(str(path), "whole file", str(error).splitlines()[0], "YAML text")) from None
    if not isinstance(found, dict):
        raise InputError(Problem(str(path), "whole file", found, "fields such as 'title: My report'"))
    return found


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(
                Problem(str(path), "whole file", f"{path.stat().st_size:,} bytes", "at most 1 MB")
            )
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(Problem(str(path), "file", "no such file", "an existing YAML file")) from None
    except UnicodeDecodeError as error:
        raise InputError(Problem(str(path), "whole file", f"byte {error.start}", "text in UTF-8")) from None
    except OSError as error:
        raise InputError(Problem(str(path), "file", error.strerror, "a readable YAML file")) from None


def _problem(path: Path, error: yaml.MarkedYAMLError, found: str, allowed: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "whole file"
    return Problem(str(path), place, found, allowed)
