"""A pre-analysis plan on file.

It is a YAML file::

    title: Emergency transfer, lottery among villages
    registered: 2021-11-15
    registry: AEARCTR-0000000
    outcomes:
      consumption: {label: Consumption per person and day, family: welfare, better: higher}
      debt: {label: Household debt}
    families:
      welfare: {label: Welfare, adjust: holm}
    specifications:
      main:
        estimator: difference_in_means
        outcomes: [consumption, debt]
        treated: offered
        cluster: village
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from aspfin.evaluation.specification import OWN, check_keys, word
from aspfin.results import InputError, Problem, ResultMixin

__all__ = ["Plan", "PlannedOutcome", "read_plan"]

ADJUSTMENTS = ("holm", "anderson_q", "benjamini_hochberg", "romano_wolf", "none")
MAXIMUM_BYTES = 1_000_000
TOP = ("title", "registered", "registry", "outcomes", "families", "specifications")


@dataclass(frozen=True)
class PlannedOutcome:
    """An outcome of the plan: its column, label, family and the direction that is better."""

    column: str
    label: str = ""
    family: str = ""
    better: str = "higher"


@dataclass(frozen=True, eq=False, repr=False)
class Plan(ResultMixin):
    """A pre-analysis plan.

    Attributes
    ----------
    title, registered, registry, file : str
        What it is, when and where it was registered, and the file.
    outcomes : mapping of str to PlannedOutcome
    families : mapping of str to str
        Family of outcomes to the adjustment of its p-values: "holm", "anderson_q", "benjamini_hochberg",
        "romano_wolf" or "none".
    specifications : tuple of mapping
        One per specification and outcome, as `specification.curve` takes them.
    """

    title: str
    registered: str
    registry: str
    file: str
    outcomes: Mapping[str, PlannedOutcome]
    families: Mapping[str, str]
    specifications: tuple[Mapping[str, Any], ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the plan: family, outcome, label, name, estimator, arguments."""
        rows = []
        for one in self.specifications:
            outcome = self.outcomes[one["outcome"]]
            rest = {key: value for key, value in one.items() if key not in (*OWN[:3], "outcome")}
            told = "; ".join(f"{key}: {word(value)}" for key, value in rest.items())
            row = (outcome.family, outcome.column, outcome.label, one["name"], one["estimator"], told)
            rows.append(row)
        columns = ["family", "outcome", "label", "name", "estimator", "arguments"]
        return pd.DataFrame(rows, columns=columns)

    def sentence(self) -> str:
        """Return what was planned, in prose."""
        when = f", registered {self.registered}" if self.registered else ", not registered"
        where = f" ({self.registry})" if self.registry else ""
        return (
            f"{self.title}{when}{where}; outcomes: {len(self.outcomes)}, "
            f"planned results: {len(self.specifications)}."
        )


def read_plan(path: str | os.PathLike[str]) -> Plan:
    """Read a pre-analysis plan.

    Parameters
    ----------
    path
        A YAML file; nothing in it is evaluated.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        With every problem of the file, one per line.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "plan.yaml"
    >>> text = '''
    ... title: Lottery
    ... outcomes: {food: {family: welfare}}
    ... families: {welfare: {adjust: holm}}
    ... specifications:
    ...   main: {estimator: difference_in_means, outcomes: [food], treated: cash}
    ... '''
    >>> _ = file.write_text(text)
    >>> print(read_plan(file))
    Lottery, not registered; outcomes: 1, planned results: 1.
    """
    file = Path(path)
    data = _load(file)
    problems: list[Problem] = []

    def wrong(field: str, value: object, allowed: str) -> None:
        problems.append(Problem(file.name, field, value, allowed))

    for key in data:
        if key not in TOP:
            wrong(str(key), data[key], "one of " + ", ".join(TOP))
    parts = {}
    for key in ("outcomes", "families", "specifications"):
        part = data.get(key) or {}
        if not isinstance(part, Mapping) or not all(isinstance(name, str) for name in part):
            wrong(key, part, "a mapping with text keys")
            part = {}
        elif not part and key != "families":
            wrong(key, data.get(key), "at least one")
        parts[key] = part
    families = {name: _family(name, given, wrong) for name, given in parts["families"].items()}
    outcomes = {name: _outcome(name, given, families, wrong) for name, given in parts["outcomes"].items()}
    specifications: list[Mapping[str, Any]] = []
    for name, given in parts["specifications"].items():
        specifications += _specifications(name, given, outcomes, wrong)
    for name in outcomes:
        if not problems and all(one["outcome"] != name for one in specifications):
            wrong(f"outcomes.{name}", name, "an outcome that a specification names")
    if problems:
        raise InputError(problems)
    told = [str(data.get(key) or "") for key in ("title", "registered", "registry")]
    return Plan(told[0] or file.stem, told[1], told[2], file.name, outcomes, families, tuple(specifications))


def _load(file: Path) -> Mapping[str, Any]:
    """Return the mapping in a YAML file, each key once."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Safe, and strict about keys given twice and about aliases, which can stand for endless text."""

        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            if self.check_event(yaml.AliasEvent):
                place = f"{file.name}, line {self.peek_event().start_mark.line + 1}"
                raise InputError(Problem(place, "file", "an alias", "values written out in place"))
            return super().compose_node(parent, index)

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            seen = [getattr(key, "value", None) for key, _ in node.value]
            twice = next((key for key in seen if isinstance(key, str) and seen.count(key) > 1), None)
            if twice is not None:
                line = node.start_mark.line + 1
                raise InputError(Problem(f"{file.name}, line {line}", twice, "given twice", "each key once"))
            return super().construct_mapping(node, deep)

    if not file.is_file():
        raise InputError(Problem(file.name, "file", str(file), "a file that exists"))
    if file.stat().st_size > MAXIMUM_BYTES:
        raise InputError(Problem(file.name, "file", file.stat().st_size, f"at most {MAXIMUM_BYTES:,} bytes"))
    try:
        data = yaml.load(file.read_text(encoding="utf-8-sig"), Loader=Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file.name}, line {mark.line + 1}" if mark else file.name
        found = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(Problem(place, "file", found, "well-formed YAML")) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise InputError(Problem(file.name, "file", type(error).__name__, "YAML in UTF-8")) from error
    if not isinstance(data, Mapping):
        raise InputError(Problem(file.name, "file", type(data).__name__, "a mapping: " + ", ".join(TOP)))
    return data


def _keys(field: str, given: object, known: Sequence[str], wrong: Any) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        wrong(field, given, "a mapping")
        return {}
    for key in given:
        if key not in known:
            wrong(f"{field}.{key}", given[key], "one of " + ", ".join(known))
    return given


def _family(name: str, given: object, wrong: Any) -> str:
    adjust = _keys(f"families.{name}", given, ("label", "adjust"), wrong).get("adjust", "none")
    if adjust not in ADJUSTMENTS:
        wrong(f"families.{name}.adjust", adjust, " | ".join(ADJUSTMENTS))
    return str(adjust)


def _outcome(name: str, given: object, families: Mapping[str, str], wrong: Any) -> PlannedOutcome:
    field = f"outcomes.{name}"
    told = _keys(field, given, ("label", "family", "better"), wrong)
    family, better = told.get("family") or "", told.get("better", "higher")
    if family and family not in families:
        wrong(f"{field}.family", family, "one of the families: " + (", ".join(families) or "none are given"))
    if better not in ("higher", "lower"):
        wrong(f"{field}.better", better, "higher | lower")
    return PlannedOutcome(name, str(told.get("label") or ""), str(family), str(better))


def _specifications(
    name: str, given: object, outcomes: Mapping[str, PlannedOutcome], wrong: Any
) -> list[Mapping[str, Any]]:
    field = f"specifications.{name}"
    if not isinstance(given, Mapping):
        wrong(field, given, "a mapping with 'estimator', 'outcomes' and arguments")
        return []
    chosen = given.get("outcomes", list(outcomes))
    chosen = [chosen] if isinstance(chosen, str) else chosen
    if not isinstance(chosen, list) or not chosen:
        wrong(f"{field}.outcomes", chosen, "a list of outcomes")
        return []
    rest = {key: value for key, value in given.items() if key != "outcomes"}
    made = [{"name": name, **rest, "outcome": outcome} for outcome in chosen]
    for one in made:
        if one["outcome"] not in outcomes:
            wrong(f"{field}.outcomes", one["outcome"], "one of the outcomes: " + ", ".join(outcomes))
    for key, value in rest.items():
        parts = value if isinstance(value, list) else [value]
        if any(isinstance(part, Mapping | list) for part in parts):
            wrong(f"{field}.{key}", value, "a value or a list of values")
    try:
        check_keys(made[0], field)
    except ValueError as error:
        wrong(field, given.get("estimator"), str(error).removeprefix(f"{field}: "))
    return made
