"""Tell what is wrong with a value in one plain line: field, value found, what is allowed.

What is allowed is read from the JSON Schema of the parameter class, so that messages, `aspfin schema` and
the validation itself cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from aspfin.results import Problem

__all__ = ["allowed_by", "counted", "did_you_mean", "field_path", "problems_from", "varied_words"]


class _Nothing:
    """What was found where a field is missing."""

    def __repr__(self) -> str:
        return "nothing"


NOTHING = _Nothing()
VAGUE = ("share", "value", "amount")  # names of fields that say little without what they belong to
_PLAIN = {"string": "text", "boolean": "true or false", "null": "left out"}


def did_you_mean(value: Any, names: Sequence[str]) -> str:
    """Return what is allowed among `names`, nearest first.

    Examples
    --------
    >>> did_you_mean("KH1", ["KH01", "KH02"])
    "did you mean 'KH01'? (KH01, KH02)"
    >>> did_you_mean("FLOOD", ["flood", "drought"])
    "did you mean 'flood'? (drought, flood)"
    >>> did_you_mean(3, ["flood", "drought"])
    'one of drought, flood'
    """
    names = sorted(map(str, names))
    known = ", ".join(names[:40]) + (", …" if len(names) > 40 else "")
    near = get_close_matches(value, names, n=1, cutoff=0.6) if isinstance(value, str) else []
    if isinstance(value, str) and not near:  # HHWEIGHT for hhweight
        lower = {name.lower(): name for name in names}
        near = [lower[one] for one in get_close_matches(value.lower(), list(lower), n=1, cutoff=0.6)]
    return f"did you mean {near[0]!r}? ({known})" if near else f"one of {known}" if known else "nothing here"


def field_path(parts: Sequence[str | int]) -> str:
    """Write a place in a file the way people do.

    Examples
    --------
    >>> field_path(["financing", "instruments", 0, "limit_usd"])
    'financing.instruments[0].limit_usd'
    """
    path = ""
    for part in parts:
        if isinstance(part, str) and not (part.isprintable() and part.strip()):
            part = repr(part)  # a message stays on one line whatever a file holds
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path or "whole file"


def problems_from(
    error: ValidationError, model: type[BaseModel], sections: dict[str, Any], file: str
) -> list[Problem]:
    """Return one problem per validation error, sorted by field."""
    schema = _schema(model)
    found: dict[str, Problem] = {}
    errors = error.errors(include_url=False)
    inner = {one["loc"][:size] for one in errors for size in range(len(one["loc"]))}
    for one in errors:
        if one["loc"] in inner:  # "list too short" is only said because an item below is refused
            continue
        place, value, node = _walk(one["loc"], sections, schema)
        field = field_path(place)
        if one["type"] in ("union_tag_invalid", "union_tag_not_found"):
            field, value = f"{field}.type", value.get("type", NOTHING)
        problem = Problem(file, field, value, _allowed_for(one, place, node, schema))
        found.setdefault(str(problem), problem)
    return sorted(found.values(), key=lambda problem: problem.field)


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _walk(loc: Sequence[str | int], data: Any, schema: dict[str, Any]) -> tuple[list[str | int], Any, Any]:
    """Follow an error's location through the data and the schema; return place, value and schema node.

    pydantic puts the tag of a discriminated union into the location; it is no place in the file, so it goes.
    """
    place: list[str | int] = []
    node: Any = schema
    for part in loc:
        node = _resolved(node, schema)
        options = node.get("discriminator", {}).get("mapping", {})
        if part in options:
            node = {"$ref": options[part]}
            continue
        place.append(part)
        if isinstance(part, int):
            data = data[part] if isinstance(data, list | tuple) and part < len(data) else NOTHING
            node = node.get("items", {})
        else:
            data = data.get(part, NOTHING) if isinstance(data, dict) else NOTHING
            known, values = node.get("properties"), node.get("additionalProperties")
            if known is None:  # a mapping: any key, values alike
                node = values if isinstance(values, dict) else {}
            else:
                node = known.get(part) or {"unknown_in": list(known)}
    return place, data, _resolved(node, schema)


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Follow references, and drop the `or null` that every optional field has."""
    while True:
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        elif len(real := [one for one in node.get("anyOf", ()) if one.get("type") != "null"]) == 1:
            node = real[0]
        else:
            return node


def _allowed_for(
    error: dict[str, Any], place: list[str | int], node: dict[str, Any], schema: dict[str, Any]
) -> str:
    if "unknown_in" in node:
        return did_you_mean(place[-1], node["unknown_in"])
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        value = error.get("ctx", {}).get("tag")
        return did_you_mean(value, list(node.get("discriminator", {}).get("mapping", {})))
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return allowed_by(node, schema)


def allowed_by(node: dict[str, Any], schema: dict[str, Any]) -> str:
    """Describe in words what a JSON Schema node accepts.

    Examples
    --------
    >>> allowed_by({"type": "integer", "minimum": 1, "maximum": 100}, {})
    'a whole number from 1 to 100'
    >>> allowed_by({"type": "number", "exclusiveMinimum": 0}, {})
    'a number above 0'
    """
    node = _resolved(node, schema)
    kind = node.get("type")
    if "enum" in node or "const" in node:
        return "one of " + ", ".join(map(str, node.get("enum", [node.get("const")])))
    if kind in ("integer", "number"):
        return ("a whole number" if kind == "integer" else "a number") + _range(node)
    if "discriminator" in node:
        return "a section with a type among " + ", ".join(sorted(node["discriminator"]["mapping"]))
    if kind == "object":
        return "a section with the fields " + ", ".join(node.get("properties", {}))
    if kind == "array":
        return _list(node, schema)
    if node.get("format") == "date":
        return "a date such as 2022-12-10"
    if kind == "string":
        letters = "letters, digits, _ or -" if "pattern" in node else "text"
        return f"{letters}, 1 to {node['maxLength']} characters" if "maxLength" in node else letters
    return _PLAIN.get(str(kind), "another kind of value")


def _list(node: dict[str, Any], schema: dict[str, Any]) -> str:
    each = allowed_by(node.get("items", {}), schema)
    least, most = node.get("minItems", 0), node.get("maxItems")
    return f"a list of {least} to {most}, each {each}" if most else f"a list, each {each}"


def _range(node: dict[str, Any]) -> str:
    low, above = node.get("minimum"), node.get("exclusiveMinimum")
    high, below = node.get("maximum"), node.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f" from {low:,g} to {high:,g}" if high < 1e15 else f" from {low:,g}"
    lower = f" from {low:,g}" if low is not None else f" above {above:,g}" if above is not None else ""
    upper = f" up to {high:,g}" if high is not None else f" below {below:,g}" if below is not None else ""
    return lower + (" and" if lower and upper else "") + upper


def counted(number: int, word: str) -> str:
    """Return a number of things in words.

    Examples
    --------
    >>> counted(1, "report"), counted(1_200, "case")
    ('1 report', '1,200 cases')
    """
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def varied_words(field: str, value: Any) -> str:
    """Return what is particular to a case of a batch, in words; a value that is words speaks for itself.

    Examples
    --------
    >>> varied_words("response.exclusion_error", 0.1), varied_words("option", "Design tweak")
    ('exclusion error 0.1', 'Design tweak')
    >>> varied_words("administration.share", 0.05)
    'administration share 0.05'
    """
    if isinstance(value, str) and " " in value:
        return value
    parts = field.split(".")
    name = " ".join(parts[-2:] if parts[-1] in VAGUE else parts[-1:])
    return f"{name.replace('_', ' ')} {value}"
