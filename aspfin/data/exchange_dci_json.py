"""The JSON of registry messages, read so that nothing changes: numbers as written, repeated keys counted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aspfin.results import InputError, Problem

__all__ = ["Coerced", "Written", "flat", "is_true", "pages_of", "records_of"]

Coerced = Counter  # (field, kind): how often
WRAPPERS = ("search_response", "disabled_response", "subscribe_response", "notify_event")
DEEPEST = 40  # levels of nesting; the standard has 8


class Written(str):
    """A number of a JSON file, as it is written there."""

    __slots__ = ()


def pages_of(source: str | Path | Sequence[Any], coerced: Counter) -> list[tuple[str, dict[str, Any]]]:
    """Return (name, message) for a file, a folder of .json files, or a list of files or messages.

    Raises
    ------
    InputError
        If a page is not JSON in UTF-8, not a message, or there is none.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        items: list[Any] = sorted(path.glob("*.json")) if path.is_dir() else [path]
    elif isinstance(source, Mapping):
        items = [source]
    else:
        items = list(source)
    pages = [
        (f"page {place}", _again(item, coerced))
        if isinstance(item, Mapping)
        else (Path(item).name, _loaded(Path(item), coerced))
        for place, item in enumerate(items, start=1)
    ]
    if not pages:
        raise InputError(Problem("read_dci", "source", "no page", "a .json file, or a list of pages"))
    for name, page in pages:
        if not isinstance(page, dict):
            raise InputError(
                Problem(name, "message", type(page).__name__, "an object with header and message")
            )
    return pages


def _again(page: Mapping[str, Any], coerced: Counter) -> Any:
    """Return a message already parsed as one read from a file would be."""
    return _parsed(json.dumps(page, ensure_ascii=False), coerced)


def _loaded(path: Path, coerced: Counter) -> Any:
    if not path.is_file():
        raise InputError(Problem(path.name, "file", str(path), "a file that exists"))
    try:
        return _parsed(path.read_bytes().decode("utf-8-sig"), coerced)
    except UnicodeDecodeError as error:
        raise InputError(Problem(path.name, "file", "bytes that are not UTF-8", "JSON in UTF-8")) from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise InputError(Problem(path.name, "file", place, "well-formed JSON")) from error
    except RecursionError as error:
        found = "nested too deeply"
        raise InputError(Problem(path.name, "file", found, f"at most {DEEPEST} levels")) from error


def _parsed(text: str, coerced: Counter) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in items:
            name = key.rsplit(":", 1)[-1] if key.startswith("spdci") else key
            if name != key:
                coerced[name, "prefix of the name dropped"] += 1
            if name in made and made[name] not in (None, "", {}, []) and made[name] != value:
                # JSON allows it and parsers keep the last; both are kept here.
                coerced[name, "repeated in one object; both kept"] += 1
                place = 2
                while f"{name} ({place})" in made:
                    place += 1
                name = f"{name} ({place})"
            made[name] = value
        return made

    return json.loads(
        text, object_pairs_hook=pairs, parse_float=Written, parse_int=Written, parse_constant=Written
    )


def records_of(name: str, page: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the header of a message and its responses, however deep they stand.

    Raises
    ------
    InputError
        If the message is encrypted, or holds no response.
    """
    header = page.get("header") or page.get("headers") or {}
    header = header if isinstance(header, dict) else {}
    message = page.get("message")
    if is_true(header.get("is_msg_encrypted")) or isinstance(message, str):
        allowed = "a message that is not encrypted: decrypt it with the key of the receiver first"
        raise InputError(Problem(name, "header.is_msg_encrypted", "an encrypted message", allowed))
    for _ in range(3):  # callbacks put a message into the message
        if not isinstance(message, dict):
            break
        for wrapper in WRAPPERS:
            if wrapper in message:
                found = message[wrapper]
                return header, [one for one in _list(found) if isinstance(one, dict)]
        message = message.get("message")
    action = header.get("action") or "no action"
    allowed = "an answer with message.search_response"
    raise InputError(Problem(name, "message", f"no response ({action})", allowed))


def is_true(value: Any) -> bool:
    """Return whether a flag is set, written as true, "true", 1 or "yes"."""
    return str(value).strip().casefold() in ("true", "1", "yes", "y")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value in (None, "", {}) else [value]


def flat(value: Any, name: str, into: dict[str, str | None], depth: int = 0) -> None:
    """Put every leaf of a JSON value under its dotted name; lists of plain values are joined by "; ".

    Examples
    --------
    >>> leaves = {}
    >>> flat({"name": {"surname": "Sok"}, "phone": ["1", "2"], "@type": "Person"}, "", leaves)
    >>> leaves
    {'name.surname': 'Sok', 'phone': '1; 2'}
    """
    if depth > DEEPEST:
        raise InputError(Problem("read_dci", "record", "nested too deeply", f"at most {DEEPEST} levels"))
    if isinstance(value, dict):
        for key, inner in value.items():
            if not key.startswith("@"):  # of JSON-LD: what things are called, no data
                flat(inner, f"{name}.{key}" if name else key, into, depth + 1)
    elif isinstance(value, list):
        plain = [one for one in value if not isinstance(one, dict | list)]
        if len(plain) == len(value):
            texts = [text for one in plain if (text := _leaf(one)) is not None]
            into[name] = "; ".join(texts) if texts else None
            return
        for place, inner in enumerate(value, start=1):
            flat(inner, f"{name}.{place}", into, depth + 1)
    else:
        into[name] = _leaf(value)


def _leaf(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else str(value)  # `Written` stays what it is
    return text if text.strip() else None
