"""Khmer text as it should be stored: invisible characters out, marks in one order, a cluster as one letter.

The same Khmer word can be typed in many ways that look alike: zero-width spaces inside, the vowel before or
after a sign, two vowel halves instead of one vowel, the lower vowel in place of a register shifter. Byte by
byte these differ, so lists cannot be joined on them. `normalise` brings them to one spelling and changes
nothing that can be seen. Order of marks: base, robat, subscripts (subscript ro last), shifter, vowels, other
signs, reahmuk.

References
----------
The Unicode Standard, chapter 16.4 (Khmer). M. Hosken, "Khmer Encoding Structure", Unicode Technical Note 61.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["clusters", "distinct_values", "normalise", "normalise_names", "per_value", "script"]

COENG, ROBAT, RO = "\u17d2", "\u17cc", "\u179a"
CONSONANTS = "\u1780-\u17a2"
BASES = "\u1780-\u17b3"
_MARK = rf"{COENG}[{BASES}]|[\u17b6-\u17d1\u17d3\u17dd]"
_CLUSTER = re.compile(rf"[{BASES}](?:{_MARK})*|\S[\u0300-\u036f]*", re.DOTALL)
_SYLLABLE = re.compile(rf"([{BASES}])((?:{_MARK})+)")
_MARKS = re.compile(_MARK)

# Characters nobody sees: zero-width space and joiners, direction marks, soft hyphen, byte order mark, and the
# two inherent vowels that Unicode discourages.
_INVISIBLE = re.compile("[\u00ad\u061c\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SPACES = re.compile(r"[\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_DEPRECATED = str.maketrans({"\u17a3": "\u17a2", "\u17a4": "\u17a2\u17b6", "\u17d8": None, "\u17d7": None})
# Two vowel halves typed one after the other, and the vowel they look like.
_HALVES = (("\u17c1\u17b6", "\u17c4"), ("\u17c1\u17b8", "\u17be"), ("\u17c1\u17c1", "\u17c2"))
_UPPER_VOWELS = "\u17b7\u17b8\u17b9\u17ba\u17be"
_TAKES_MUUSIKATOAN = "\u1784\u1789\u1794\u1798\u1799\u179a\u179c"  # ngo, nyo, ba, mo, yo, ro, vo
_TAKES_TRIISAP = "\u179f\u17a0\u17a2"  # sa, ha, qa
_DIGITS = {0x17E0 + digit: str(digit) for digit in range(10)}


def _rank(mark: str) -> int:
    if mark[0] == COENG:
        return 2 if mark[1] == RO else 1
    if mark == ROBAT:
        return 0
    if mark in "\u17c9\u17ca":
        return 3
    if "\u17b6" <= mark <= "\u17c5":
        return 4
    return 6 if mark in "\u17c7\u17c8" else 5


def _ordered(found: re.Match[str]) -> str:
    base, marks = found.group(1), _MARKS.findall(found.group(2))
    marks = sorted(dict.fromkeys(marks), key=_rank) if marks.count("\u17c1") < 2 else sorted(marks, key=_rank)
    tail = "".join(marks)
    for halves, whole in _HALVES:
        tail = tail.replace(halves, whole)
    # Under an upper vowel the register shifter looks like the lower vowel u, and is often typed as one.
    if "\u17bb" in tail and any(vowel in tail for vowel in _UPPER_VOWELS):
        shifter = "\u17c9" if base in _TAKES_MUUSIKATOAN else "\u17ca" if base in _TAKES_TRIISAP else ""
        if shifter:
            tail = tail.replace("\u17bb", "")
            if "\u17c9" not in tail and "\u17ca" not in tail:
                place = next((at for at, mark in enumerate(tail) if mark in _UPPER_VOWELS), 0)
                tail = tail[:place] + shifter + tail[place:]
    return base + tail


def normalise(text: str) -> str:
    """Return `text` as it should be stored: composed, visible characters only, single spaces, marks in order.

    Khmer digits become 0 to 9. Letters are never dropped; text in other scripts keeps its spelling.

    Examples
    --------
    >>> normalise("ស\u17c6\u17b6ង\u200b  \u17e1\u17e2")  # the sign before the vowel, an invisible space
    'សាំង 12'
    """
    if text.isascii():
        return " ".join(text.split()) if not text.isprintable() or " " in text else text
    return " ".join(filter(None, map(_normal_word, text.split(" "))))


@lru_cache(maxsize=100_000)  # names are made of few words
def _normal_word(word: str) -> str:
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", word))
    text = _SPACES.sub(" ", text).strip().translate(_DIGITS)
    return _SYLLABLE.sub(_ordered, text.translate(_DEPRECATED))


def clusters(text: str) -> list[str]:
    """Return the letters a reader sees: a Khmer base with its subscripts, vowels and signs is one; no spaces.

    Examples
    --------
    >>> clusters("ស្រី ពៅ")
    ['ស្រី', 'ពៅ']
    >>> clusters("Sok")
    ['S', 'o', 'k']
    """
    return _CLUSTER.findall(text)


def script_of(text: str) -> str:
    """Return "khmer", "latin", "mixed", "other" or "none" (no letter) for one text.

    Examples
    --------
    >>> script_of("សុខ"), script_of("Sok"), script_of("Sok សុខ"), script_of("12")
    ('khmer', 'latin', 'mixed', 'none')
    """
    found = {script for word in text.split(" ") for script in _scripts_of_word(word)}
    return found.pop() if len(found) == 1 else "mixed" if found else "none"


@lru_cache(maxsize=100_000)
def _scripts_of_word(word: str) -> frozenset[str]:
    found = set()
    for letter in word:
        if "\u1780" <= letter <= "\u17dd":
            found.add("khmer")
        elif letter.isalpha():
            found.add("latin" if letter < "\u0250" or "\u1e00" <= letter < "\u1f00" else "other")
    return frozenset(found)


def distinct_values(values: pd.Series) -> tuple[NDArray[np.int64], list[Any]]:
    """Return for every row the place of its value in the list of distinct values (-1 where missing).

    Examples
    --------
    >>> codes, distinct = distinct_values(pd.Series(["a", None, "a"]))
    >>> codes.tolist(), distinct
    ([0, -1, 0], ['a'])
    """
    codes, distinct = pd.factorize(values)
    return codes, list(np.asarray(distinct, dtype=object))


def per_value(values: pd.Series, function: Callable[[str], str | None]) -> pd.Series:
    """Return `function` of every text in `values`, each distinct one once; missing and "" are missing.

    Examples
    --------
    >>> per_value(pd.Series(["a", None, "a"]), str.upper).tolist()
    ['A', nan, 'A']
    """
    codes, distinct = distinct_values(values)
    texts = [function(one if isinstance(one, str) else str(one)) or None for one in distinct]
    table = np.array([*texts, None], dtype=object)
    return pd.Series(table[codes], index=values.index, name=values.name, dtype="str")


def normalise_names(values: pd.Series) -> pd.Series:
    """Return names as they should be stored (see `normalise`); empty ones are missing.

    Examples
    --------
    >>> normalise_names(pd.Series(["  Sok\u200b  Dara ", "", None])).tolist()
    ['Sok Dara', nan, nan]
    """
    return per_value(values, normalise)


def script(values: pd.Series) -> pd.Series:
    """Return the script of every text: "khmer", "latin", "mixed", "other" or "none"; missing stays missing.

    Examples
    --------
    >>> script(pd.Series(["សុខ", "Sok"])).tolist()
    ['khmer', 'latin']
    """
    return per_value(values, script_of)
