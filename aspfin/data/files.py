"""Reading plain YAML and CSV so that every complaint can name file, line and field.

Problems are collected, not raised: a pack with ten mistakes is told ten times in one go.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from aspfin.results import Problem

__all__ = ["Table", "Tree", "read_csv", "read_yaml"]

MAXIMUM_BYTES = 20_000_000  # far above any real pack; stops a mistaken path from filling the memory
MAXIMUM_DEPTH = 20  # the deepest pack file has 7 levels
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Key = tuple[str, ...]  # a path into the tree; positions in a list as text too


@dataclass
class Tree:
    """A YAML file: its data, the line of every node by path, and what is wrong with it."""

    name: str
    data: Any = None
    lines: dict[Key, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, path: tuple[str | int, ...]) -> str:
        """Return "file, line n" of the nearest node at or above `path`."""
        path = tuple(map(str, path))
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return f"{self.name}, line {self.lines[path[:end]]}"
        return self.name


@dataclass
class Table:
    """A CSV file: its columns, its rows as text with the line each starts on, and what is wrong with it."""

    name: str
    columns: list[str] = field(default_factory=list)
    rows: list[tuple[int, dict[str, str | None]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def _read_text(path: Path) -> tuple[str | None, Problem | None]:
    """Return the text of `path`, or the problem that hinders it."""
    problem = None
    try:
        if not path.exists():
            problem = Problem(path.name, "file", str(path), "a file that exists")
        elif not path.is_file():
            problem = Problem(path.name, "file", str(path), "a file, not a folder")
        elif path.stat().st_size > MAXIMUM_BYTES:
            problem = Problem(path.name, "file", path.stat().st_size, f"at most {MAXIMUM_BYTES:,} bytes")
        else:
            return path.read_bytes().decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        problem = Problem(path.name, "file", f"byte {error.start} is not UTF-8", "text in UTF-8")
    except OSError as error:
        problem = Problem(path.name, "file", error.strerror or str(error), "a file that can be read")
    return None, problem


def read_yaml(path: Path) -> Tree:
    """Read a YAML file with the safe loader; duplicate keys, anchors and keys that are not text are problems.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Tree
        `data` is None where the file could not be read.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.yaml"
    >>> _ = file.write_text("rate: 1\\nrate: 2\\n")
    >>> print(read_yaml(file).problems[0])
    a.yaml, line 2: rate: got 'given twice'; allowed: each key once
    """
    tree = Tree(path.name)
    text, problem = _read_text(path)
    if problem or text is None:
        tree.problems.extend([problem] if problem else [])
        return tree
    try:
        _scan(text, tree)
        loader = _Loader(text)
        node = None if tree.problems else loader.get_single_node()
        if node is not None:
            _walk(node, (), tree)
        elif not tree.problems:
            tree.problems.append(Problem(path.name, "file", "an empty file", "YAML with at least one key"))
        tree.data = None if tree.problems else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path.name}, line {mark.line + 1}" if mark else path.name
        tree.problems.append(Problem(place, "file", error.problem or error.context, "well-formed YAML"))
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # ValueError: the safe loader builds dates such as 2022-02-30 itself.
        tree.problems.append(Problem(path.name, "file", str(error).splitlines()[0], "well-formed YAML"))
    return tree


def _scan(text: str, tree: Tree) -> None:
    """Report aliases, tags and too deep nesting, reading without recursion and building nothing.

    Composing is recursive: without this look ahead a hostile file could end the process.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        place = f"{tree.name}, line {event.start_mark.line + 1}" if event.start_mark else tree.name
        if isinstance(event, yaml.AliasEvent):
            found = f"the alias *{event.anchor}"
            tree.problems.append(Problem(place, "file", found, "values written out in place"))
        elif getattr(event, "tag", None) is not None:
            tree.problems.append(Problem(place, "file", f"the tag {event.tag}", "plain values without tags"))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAXIMUM_DEPTH:
            found = f"more than {MAXIMUM_DEPTH} levels"
            tree.problems.append(Problem(place, "file", found, f"at most {MAXIMUM_DEPTH} levels"))
            return


def _walk(node: yaml.Node, path: Key, tree: Tree) -> None:
    """Note the line of each node; report duplicate keys and keys that are not text."""
    tree.lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for position, child in enumerate(node.value):
            _walk(child, (*path, str(position)), tree)
    elif isinstance(node, yaml.MappingNode):
        _walk_mapping(node, path, tree)


def _walk_mapping(node: yaml.MappingNode, path: Key, tree: Tree) -> None:
    keys: set[str] = set()
    for key, child in node.value:
        place = f"{tree.name}, line {key.start_mark.line + 1}"
        shown = ".".join(path) or "file"
        if key.tag == "tag:yaml.org,2002:bool":  # YAML 1.1 reads on, off, yes, no, y and n as true or false
            allowed = "the key in quotes: YAML reads it as true or false"
            tree.problems.append(Problem(place, shown, key.value, allowed))
            continue
        if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
            tree.problems.append(Problem(place, shown, "a key that is not plain text", "a plain text key"))
            continue
        if key.value in keys:
            shown = ".".join((*path, key.value))
            tree.problems.append(Problem(place, shown, "given twice", "each key once"))
        keys.add(key.value)
        _walk(child, (*path, key.value), tree)
        tree.lines[(*path, key.value)] = key.start_mark.line + 1


def read_csv(path: Path, *, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> Table:
    """Read a CSV file as text; empty cells become None.

    Parameters
    ----------
    path
        The file, UTF-8, with a header.
    required, optional
        Column names that must, and that may, be there; any other is a problem.

    Returns
    -------
    Table
        Rows with the line of the file on which each ends; rows with too few or too many cells are problems.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = file.write_text("pcode,households\\nKH01,\\n")
    >>> read_csv(file, required=("pcode", "households")).rows
    [(2, {'pcode': 'KH01', 'households': None})]
    """
    table = Table(path.name)
    text, problem = _read_text(path)
    if problem or text is None:
        table.problems.extend([problem] if problem else [])
        return table
    if "\0" in text:
        table.problems.append(Problem(path.name, "file", "a null character", "plain text"))
        return table
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        table.columns = [column.strip() for column in next(reader, [])]
        _check_header(table, required, optional)
        if not table.problems:
            _read_rows(reader, table)
    except csv.Error as error:
        place = f"{path.name}, line {reader.line_num}"
        table.problems.append(Problem(place, "row", str(error), "well-formed CSV, separated by commas"))
    return table


def _check_header(table: Table, required: tuple[str, ...], optional: tuple[str, ...]) -> None:
    place = f"{table.name}, line 1"
    for column in required:
        if column not in table.columns:
            table.problems.append(Problem(place, column, "a missing column", "this column is required"))
    known = {*required, *optional}
    for position, column in enumerate(table.columns):
        if column in table.columns[:position]:
            table.problems.append(Problem(place, column, "given twice", "each column once"))
        elif column not in known:
            allowed = "the columns " + ", ".join((*required, *optional))
            table.problems.append(Problem(place, column or "header", "an unknown column", allowed))


def _read_rows(reader: Any, table: Table) -> None:
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(table.columns):
            place = f"{table.name}, line {reader.line_num}"
            table.problems.append(Problem(place, "row", f"{len(cells)} cells", f"{len(table.columns)} cells"))
            continue
        values = (cell.strip() or None for cell in cells)
        table.rows.append((reader.line_num, dict(zip(table.columns, values, strict=True))))
