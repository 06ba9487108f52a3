"""What a file is by its content: kind, character encoding, separator."""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import dataclass
from pathlib import Path

from aspfin.results import InputError, Problem

__all__ = ["SEPARATORS", "Encoding", "encoding_of", "kind_of", "separator_of"]

SEPARATORS = ",;\t|"
BLOCK = 1 << 20
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".parquet", ".dta")
# A UTF-8 file with fewer bad bytes than this share of its letters is damaged; with more it is no UTF-8.
DAMAGED = 0.05


@dataclass(frozen=True)
class Encoding:
    """The encoding of a text file: its name for Python, and a sentence where it had to be guessed."""

    name: str
    note: str = ""


def kind_of(file: Path) -> str:
    """Return text | workbook | parquet | stata by the content of the file, whatever its name ends in.

    Raises
    ------
    InputError
        If there is no such file, it is empty, or of a kind that is not read.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "list.xlsx"
    >>> _ = file.write_text("no,name\\n1,Sok\\n")
    >>> kind_of(file)
    'text'
    """
    if not file.is_file():
        raise InputError(Problem(file.name, "file", str(file), "a file that exists"))
    with file.open("rb") as opened:
        start = opened.read(4096)
    if not start.strip():
        raise InputError(Problem(file.name, "file", "an empty file", "a list with a heading"))
    if start.startswith(b"PK\x03\x04"):
        return "workbook"
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"<stata_dta>") or (file.suffix.lower() == ".dta" and 102 <= start[0] <= 115):
        return "stata"
    save = "open it in a spreadsheet program and save it as .xlsx or .csv"
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError(Problem(file.name, "file", "an old .xls file, or one with a password", save))
    if start.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
        raise InputError(Problem(file.name, "file", "a web page or XML", save))
    if file.suffix.lower() not in SUFFIXES:
        raise InputError(Problem(file.name, "file", file.suffix or "no ending", " ".join(SUFFIXES)))
    if file.suffix.lower() in (".xlsx", ".xlsm", ".parquet", ".dta") and b"\0" in start:
        found = f"content that is not {file.suffix.lower()}"
        raise InputError(Problem(file.name, "file", found, "a file that is whole: copy it again"))
    return "text"


def encoding_of(file: Path, given: str | None = None) -> Encoding:
    """Return the encoding of a text file: by its mark, else UTF-8 where it is, else what it must be.

    Parameters
    ----------
    file
        Read to its end, block by block.
    given
        The encoding the caller knows it has; checked to exist.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "list.csv"
    >>> _ = file.write_bytes("no,name\\n1,Zoé\\n".encode("cp1252"))
    >>> encoding_of(file).name
    'cp1252'
    """
    if given is not None:
        try:
            return Encoding(codecs.lookup(given).name)
        except LookupError as error:
            allowed = "utf-8, utf-16, cp1252 or another encoding Python knows"
            raise InputError(Problem(file.name, "encoding", given, allowed)) from error
    with file.open("rb") as opened:
        start = opened.read(BLOCK)
    for mark, name in MARKS:
        if start.startswith(mark):
            return Encoding(name)
    if start.count(b"\0") > len(start) / 20:
        # Separators and line ends of UTF-16 have a zero byte behind (little end first) or in front.
        little = len(re.findall(rb"[,;\t|\n\r]\0", start)) >= len(re.findall(rb"\0[,;\t|\n\r]", start))
        name = "utf-16-le" if little else "utf-16-be"
        return Encoding(name, f"The file has no byte order mark; it was read as {name.upper()}.")
    bad, letters = _utf_8_errors(file)
    if bad == 0:
        return Encoding("utf-8")
    if bad < DAMAGED * letters:
        return Encoding("utf-8", f"The file is UTF-8 with {bad:,} bytes that mean nothing there.")
    return Encoding(
        "cp1252",
        "The file is not UTF-8; it was read as Windows-1252. Khmer written with an old font (Limon, ABC) "
        "cannot be told from it and comes out as Latin signs: export the list in Unicode.",
    )


def _utf_8_errors(file: Path) -> tuple[int, int]:
    """Return how many bytes are not UTF-8, and how many characters beyond ASCII are."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    bad = letters = 0
    with file.open("rb") as opened:
        while True:
            block = opened.read(BLOCK)
            text = decoder.decode(block, final=not block)
            if not text.isascii():
                wrong = len(re.findall("[\udc80-\udcff]", text))
                bad += wrong
                letters += len(re.findall(r"[^\x00-\x7f]", text)) - wrong
            if not block:
                return bad, letters


def separator_of(lines: list[str]) -> str:
    """Return the separator by which the first lines have most cells, and the same number of them.

    Examples
    --------
    >>> separator_of(["a;b;c\\n", "1,5;2;3\\n", "2,5;2;3\\n"])
    ';'
    """

    def agreement(mark: str) -> tuple[int, int]:
        try:
            widths = [len(cells) for cells in csv.reader(lines, delimiter=mark) if cells]
        except csv.Error:
            widths = [1 + line.count(mark) for line in lines]
        wide = [width for width in widths if width > 1]
        if not wide:
            return 0, 0
        usual = max(set(wide), key=lambda width: (wide.count(width), width))
        return wide.count(usual) * 2 > len(widths), usual

    best = max(SEPARATORS, key=agreement)
    return best if agreement(best) > (0, 0) else ","
