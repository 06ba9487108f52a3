"""From what an office wrote to a value of the vocabulary: one function per kind of column.

Each takes the raw column and returns the converted one with, for every kind of change, the rows it
touched. What cannot be read becomes missing and is told; nothing is guessed in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.registry.khmer import distinct_values, normalise, script_of

__all__ = [
    "Converted",
    "amounts",
    "codes",
    "identifiers",
    "names",
    "phones",
    "scripts_apart",
    "texts",
    "villages",
    "without_missing",
]

Marks = dict[str, NDArray[np.bool_]]
Converted = tuple[pd.Series, Marks]

_TITLES = re.compile(
    "^(?:" + "|".join(map(normalise, ("លោកស្រី", "លោក", "អ្នកស្រី", "ឯកឧត្តម"))) + r")\s+(?=\S)"
    r"|^(?:mr|mrs|ms|miss|dr)\b\.?\s+(?=\S)",
    re.IGNORECASE,
)
_FLOAT = re.compile(r"\d+\.0+")
_POWER = re.compile(r"\d(?:[.,]\d+)?e\+?\d+", re.IGNORECASE)
_GROUPED = re.compile(r"-?\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?")
_MONEY = re.compile(r"៛|\$|riels?|khr|usd|រៀល", re.IGNORECASE)
SEXES = {
    **dict.fromkeys(("f", "female", "woman", "w", "ស្រី", "ស", "នារី"), "female"),
    **dict.fromkeys(("m", "male", "man", "ប្រុស", "ប", "បុរស"), "male"),
}
LARGEST_EXACT = 2.0**53  # a whole number above it cannot be kept in a floating-point column


def plain(value: object) -> str:
    """Return one raw value as text; whole numbers without a decimal point.

    Examples
    --------
    >>> plain(7.0), plain(" Sok ")
    ('7', ' Sok ')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _each(values: pd.Series, convert: Callable[[object], tuple[str | None, Iterable[str]]]) -> Converted:
    """Apply `convert` to every distinct value: it returns the new text and the kinds of change."""
    coded, distinct = distinct_values(values)
    found = [convert(value) for value in distinct]
    table = np.array([*(text or None for text, _ in found), None], dtype=object)
    new = pd.Series(table[coded], index=values.index, name=values.name, dtype="str")
    marks: Marks = {}
    for kind in sorted({kind for _, kinds in found for kind in kinds}):
        has = np.array([*(kind in kinds for _, kinds in found), False])
        marks[kind] = has[coded]
    return new, marks


def without_missing(values: pd.Series, words: Iterable[str]) -> pd.Series:
    """Return a column with blanks, and what the list writes for nothing, as missing.

    Examples
    --------
    >>> without_missing(pd.Series(["N/A", "Na", "  "]), ["n/a"]).isna().tolist()
    [True, False, True]
    """
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        numbers = [float(word) for word in words if re.fullmatch(r"-?\d+(\.\d+)?", word)]
        return values.mask(values.isin(numbers)) if numbers else values
    nothing = {"", *(normalise(word).casefold() for word in words)}
    coded, distinct = distinct_values(values)
    lost = [normalise(plain(value)).casefold() in nothing for value in distinct]
    return values.mask(np.array([*lost, True])[coded])


def texts(values: pd.Series) -> Converted:
    """Return text normalised: visible characters, single spaces, Khmer digits as figures."""

    def convert(value: object) -> tuple[str, list[str]]:
        raw = plain(value)
        text = normalise(raw)
        return text, _text_kinds(raw, text)

    return _each(values, convert)


def _text_kinds(raw: str, text: str) -> list[str]:
    if raw == text:
        return []
    visible = "".join(letter for letter in raw if not ("\u200b" <= letter <= "\u200f" or letter == "\ufeff"))
    kinds = ["invisible characters taken out"] if visible != raw else []
    if " ".join(visible.split()) != visible:
        kinds.append("spaces taken out")
    if " ".join(visible.split()) != text:
        kinds.append("characters put in order")
    return kinds


def names(values: pd.Series, *, given_first: bool) -> Converted:
    """Return full names: normalised, without titles, family name first, capitals only at the start."""

    def convert(value: object) -> tuple[str, list[str]]:
        raw = plain(value)
        text = normalise(raw)
        kinds = _text_kinds(raw, text)
        bare = _TITLES.sub("", text)
        if bare != text:
            kinds.append("title taken off")
        if bare.isupper() or bare.islower():
            bare = " ".join(word.capitalize() for word in bare.split(" "))
            kinds.append("capitals")
        if given_first and " " in bare:
            given, family = bare.rsplit(" ", 1)
            bare = f"{family} {given}"
            kinds.append("family name put first")
        return (bare, kinds) if script_of(bare) != "none" else (None, ["no letters in a name"])

    return _each(values, convert)


def scripts_apart(khmer: pd.Series, latin: pd.Series) -> tuple[pd.Series, pd.Series, Marks]:
    """Put what is written in the column of the other script where it belongs, if that is empty.

    Returns
    -------
    tuple
        Khmer names, Latin names, and the rows in which something was moved or a name in a third script or in
        both scripts was found.
    """
    scripts = []
    for column in (khmer, latin):
        coded, distinct = distinct_values(column)
        known = np.array([*(script_of(text) for text in distinct), "none"], dtype=object)
        scripts.append(known[coded])
    in_khmer, in_latin = scripts
    both = np.isin(in_khmer, ("mixed",)) | np.isin(in_latin, ("mixed",))
    marks: Marks = {}
    joined = (khmer.fillna("") + " " + latin.fillna(""))[both]
    apart = {kind: [_words(text, kind) for text in joined] for kind in ("khmer", "latin")}
    new_khmer, new_latin = khmer.copy(), latin.copy()
    new_khmer[both], new_latin[both] = apart["khmer"], apart["latin"]
    to_latin = (in_khmer == "latin") & (in_latin != "latin") & ~both
    to_khmer = (in_latin == "khmer") & (in_khmer != "khmer") & ~both
    new_latin = new_latin.mask(to_latin, khmer).mask(to_khmer & ~to_latin)
    new_khmer = new_khmer.mask(to_khmer, latin).mask(to_latin & ~to_khmer)
    marks["both scripts in one name, put apart"] = both
    marks["in the column of the other script, moved"] = to_latin | to_khmer
    left = ((in_khmer == "latin") | (in_latin == "khmer")) & ~(to_latin | to_khmer | both)
    marks["in the wrong script"] = left | np.isin(in_khmer, ("other",)) | np.isin(in_latin, ("other",))
    return new_khmer, new_latin, {kind: where for kind, where in marks.items() if where.any()}


def _words(text: str, kind: str) -> str | None:
    words = [word.strip("()[]/,;-") for word in text.split(" ")]
    return " ".join(dict.fromkeys(word for word in words if script_of(word) == kind)) or None


def identifiers(values: pd.Series) -> Converted:
    """Return numbers of cards and persons as text; what a spreadsheet made of them is put right or told."""

    def convert(value: object) -> tuple[str | None, list[str]]:
        raw = plain(value)
        text = normalise(raw).replace(" ", "")
        if isinstance(value, (float, np.floating)) and abs(value) >= LARGEST_EXACT:
            return None, ["digits lost in a spreadsheet"]
        if not text.isdigit() and _POWER.fullmatch(text):
            return None, ["digits lost in a spreadsheet"]
        if "." in text and _FLOAT.fullmatch(text):
            return text.split(".")[0], ["number with decimals put right"]
        return text, _text_kinds(raw, text)

    new, marks = _each(values, convert)
    if pd.api.types.is_float_dtype(values):
        marks["read as a number: leading zeros may be lost"] = new.notna().to_numpy()
    return new, marks


def phones(values: pd.Series) -> Converted:
    """Return telephone numbers: digits with a leading 0; the country's 855 is taken off."""

    def convert(value: object) -> tuple[str | None, list[str]]:
        raw = plain(value)
        digits = raw if raw.isascii() and raw.isdigit() else _digits(raw)
        kinds = []
        if digits.startswith("855") and len(digits) >= 11:
            digits = "0" + digits[3:].removeprefix("0")
        elif not digits.startswith("0") and len(digits) in (8, 9):
            digits, kinds = "0" + digits, ["leading 0 put back"]
        if not re.fullmatch(r"0\d{8,9}", digits):
            return None, ["not a telephone number"]
        return digits, kinds or (["written in one form"] if digits != raw else [])

    return _each(values, convert)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", re.sub(r"\.0+$", "", normalise(text)))


def villages(values: pd.Series, *, prefix: str) -> tuple[pd.Series, pd.Series, Marks]:
    """Return P-codes of villages and of their provinces.

    A code one digit short lost its leading 0 in a spreadsheet and gets it back. A code of a commune, district
    or province gives the province only.
    """

    def convert(value: object) -> tuple[str | None, list[str]]:
        text = normalise(plain(value)).replace(" ", "").upper().removesuffix(".0")
        bare = text.removeprefix("KH")
        if not bare.isdigit() or (not prefix and bare == text):
            return None, ["not a village code"]
        kinds = []
        if len(bare) % 2:
            bare, kinds = "0" + bare, ["leading 0 put back"]
        if not "01" <= bare[:2] <= "25" or len(bare) > 8:
            return None, ["not a village code"]
        return f"KH{bare}", kinds if len(bare) == 8 else ["not the code of a village: province kept"]

    found, marks = _each(values, convert)
    whole = found.str.len() == 10
    return found.where(whole), found.str[:4], marks


def codes(values: pd.Series, table: Mapping[str, str], allowed: tuple[str, ...]) -> Converted:
    """Return codes as values of the vocabulary; unknown ones are missing and told."""
    known = {normalise(raw).casefold(): value for raw, value in table.items()}

    def convert(value: object) -> tuple[str | None, list[str]]:
        text = normalise(plain(value)).casefold().removesuffix(".0")
        if text in known:
            return known[text], []
        exact = next((one for one in allowed if one.casefold() == text), None)
        return (exact, []) if exact else (None, ["unknown code"])

    return _each(values, convert)


def amounts(values: pd.Series, *, riel: float) -> Converted:
    """Return amounts in riel; `riel` is what one unit of the list is worth. Missing stays missing."""
    if pd.api.types.is_numeric_dtype(values):
        number, marks = values.astype("float64"), {}
    else:
        cleaned, marks = _each(values, _amount)
        number = pd.to_numeric(cleaned, errors="coerce").astype("float64")
    wrong = (number < 0) | np.isinf(number)
    if wrong.any():
        marks["negative or endless amount"] = wrong.to_numpy()
    return number.mask(wrong) * riel, marks


def _amount(value: object) -> tuple[str | None, list[str]]:
    text = _MONEY.sub("", normalise(plain(value))).strip()
    if _GROUPED.fullmatch(text):
        return re.sub("[, ]", "", text), ["thousands put together"]
    if re.fullmatch(r"-?\d+(?:\.\d+)?", text):
        return text, []
    return None, ["not an amount"]
