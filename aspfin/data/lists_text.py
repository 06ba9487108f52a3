"""The rows of a text file, one by one, whatever its size; a broken line costs that line and no other."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from aspfin.data.lists_encoding import SEPARATORS, encoding_of, separator_of
from aspfin.results import InputError, Problem

__all__ = ["BrokenLine", "TextRows"]

SAMPLE = 50  # lines that tell the separator
Row = tuple[int, "list[str] | BrokenLine"]


class BrokenLine(str):
    """A line that is not well-formed CSV, as it stands in the file."""

    __slots__ = ()


class TextRows:
    """The rows of a text file.

    Attributes
    ----------
    encoding, separator : str
        As found, or as the caller knows them.
    notes : list of str
        Sentences on what had to be guessed.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "list.csv"
    >>> _ = file.write_text('no,name\\n1,"Sok\\n2,Chan\\n', encoding="utf-8")
    >>> [(number, type(cells).__name__) for number, cells in TextRows(file)]
    [(1, 'list'), (2, 'BrokenLine'), (3, 'list')]
    """

    def __init__(self, file: Path, encoding: str | None = None, separator: str | None = None) -> None:
        found = encoding_of(file, encoding)
        self.file, self.encoding = file, found.name
        self.notes = [found.note] if found.note else []
        self._hint = 0
        with file.open(encoding=self.encoding, errors="replace", newline="") as lines:
            sample = list(islice(lines, SAMPLE))
        # Spreadsheet programs may name the separator on a first line of its own.
        told = re.fullmatch(r'\s*"?sep=(.)"?\s*', sample[0]) if sample else None
        if separator is not None and len(separator) != 1:
            raise InputError(Problem(file.name, "separator", separator, "one character, such as , or ;"))
        if told:
            self._hint = 1
        self.separator = separator or (told.group(1) if told else separator_of(sample))
        if separator is None and told and self.separator not in SEPARATORS:
            raise InputError(Problem(file.name, "separator", self.separator, "one of , ; tab |"))

    def __iter__(self) -> Iterator[Row]:
        """Yield the number of each row, as a spreadsheet would count it, and its cells."""
        with self.file.open(encoding=self.encoding, errors="replace", newline="") as lines:
            for _ in islice(lines, self._hint):
                pass
            yield from _records(lines, self.separator, 1 + self._hint)


def _records(lines: Iterable[str], separator: str, first: int) -> Iterator[Row]:
    source = _Lines(lines)
    # Strict: an open quotation mark would otherwise swallow the rows after it without a word.
    reader = csv.reader(source, delimiter=separator, strict=True)
    number = first
    while True:
        source.taken.clear()
        try:
            cells: list[str] | BrokenLine = next(reader)
        except StopIteration:
            return
        except csv.Error:
            # Only the line where the trouble begins is given up; those taken up by it are read again.
            broken, *again = source.taken
            source.waiting.extendleft(reversed(again))
            reader = csv.reader(source, delimiter=separator, strict=True)
            cells = BrokenLine(broken.rstrip("\r\n"))
        yield number, cells
        number += 1


class _Lines:
    """Lines that remember what the record being read has taken, and can take it back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.rest = iter(lines)
        self.taken: list[str] = []
        self.waiting: deque[str] = deque()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.waiting.popleft() if self.waiting else next(self.rest)
        self.taken.append(line)
        return line
