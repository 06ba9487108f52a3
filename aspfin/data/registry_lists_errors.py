"""Errors as clerks, keyboards and years make them; each function also tells which records it changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.data.registry_lists_names import VARIANTS, Lexicon

__all__ = ["Errors", "birth_texts", "khmer_names", "latin_names", "one_digit_wrong"]

Texts = NDArray[np.object_]
Marks = NDArray[np.bool_]

# Signs of Khmer writing that are often taken for one another.
ALIKE = {"ិ": "ី", "ី": "ិ", "ុ": "ូ", "ូ": "ុ", "េ": "ែ", "ែ": "េ", "ឹ": "ឺ", "ឺ": "ឹ", "ោ": "ៅ", "ៅ": "ោ"}
SIGNS = frozenset(map(chr, range(0x17B6, 0x17D4)))
TITLES = ("លោក", "លោកស្រី")  # Mr, Mrs
ZERO_WIDTH = "​"
# Letters that are next to each other in sound or on the keyboard.
CLOSE = {
    "a": "o",
    "o": "a",
    "e": "i",
    "i": "e",
    "u": "o",
    "n": "m",
    "m": "n",
    "s": "z",
    "t": "d",
    "h": "g",
    "k": "g",
}


@dataclass
class Errors:
    """What was planted in one list: rows, column and kind of each error.

    Attributes
    ----------
    rates : dict of str to float
        Share of the records that get each kind.
    draw : callable
        Random stream of a kind.
    """

    rates: dict[str, float]
    draw: Callable[[str], np.random.Generator]
    found: list[tuple[str, str, NDArray[np.int64]]] = field(default_factory=list)

    def rows(self, kind: str, size: int) -> NDArray[np.int64]:
        """Return the records drawn to get one kind of error."""
        rate = self.rates.get(kind, 0.0)
        return np.flatnonzero(self.draw(kind).random(size) < rate)

    def note(self, column: str, kind: str, rows: NDArray[np.int64]) -> None:
        """Remember that records have an error."""
        self.found.append((column, kind, rows))

    def table(self) -> pd.DataFrame:
        """Return one row per planted error that can be seen: row, column, kind."""
        lost = {column: rows for column, kind, rows in self.found if kind.endswith("_missing")}
        seen = [
            (column, kind, rows if kind.endswith("_missing") else np.setdiff1d(rows, lost.get(column, [])))
            for column, kind, rows in self.found
        ]
        sizes = [rows.size for _, _, rows in seen]
        kinds, columns = [kind for _, kind, _ in seen], [column for column, _, _ in seen]
        return pd.DataFrame(
            {
                "row": np.concatenate([rows for _, _, rows in seen]),
                "column": np.repeat(np.array(columns, dtype=object), sizes),
                "kind": np.repeat(np.array(kinds, dtype=object), sizes),
            }
        )


def latin_names(names: Lexicon, people: pd.DataFrame, errors: Errors) -> Texts:
    """Return names in Latin letters: other romanisations, typing errors, given name first, or missing."""
    size = len(people)
    family, given = people.family.to_numpy(), people.given.to_numpy()
    own = people.own.to_numpy()
    spelt = own.copy()
    other = errors.rows("latin_spelling", size)
    spelt[other] = errors.draw("latin_spelling chosen").integers(0, VARIANTS**2, other.size)
    first, second = (
        _spelling(names.family_latin, family, spelt // VARIANTS),
        names.given_latin[given, spelt % VARIANTS],
    )
    first_own = _spelling(names.family_latin, family, own // VARIANTS)
    differs = (first != first_own) | (second != names.given_latin[given, own % VARIANTS])
    errors.note("name_latin", "latin_spelling", np.flatnonzero(differs))
    second = _capitals(second)
    swapped = errors.rows("latin_order", size)
    first[swapped], second[swapped] = second[swapped], first[swapped]
    errors.note("name_latin", "latin_order", swapped)
    text = first + " " + second
    _change(text, "name_latin", "latin_typo", errors, _latin_typo)
    _change(text, "name_latin", "latin_spaces", errors, _spaces)
    return _lose(text, "name_latin", errors)


def khmer_names(names: Lexicon, people: pd.DataFrame, errors: Errors) -> Texts:
    """Return names in Khmer script: other spellings, typing errors, order of signs, invisible spaces."""
    size = len(people)
    family, given = people.family.to_numpy(), people.given.to_numpy()
    spelt = np.zeros(size, dtype=int)
    other = errors.rows("khmer_spelling", size)
    spelt[other] = errors.draw("khmer_spelling chosen").integers(0, VARIANTS**2, other.size)
    first = _spelling(names.family_km, family, spelt // VARIANTS)
    second = names.given_km[given, spelt % VARIANTS]
    differs = (first != names.family_km[family, 0]) | (second != names.given_km[given, 0])
    errors.note("name_km", "khmer_spelling", np.flatnonzero(differs))
    text = first + " " + second
    _change(text, "name_km", "khmer_typo", errors, _khmer_typo)
    _change(text, "name_km", "khmer_sign_order", errors, _khmer_sign_order)
    _change(text, "name_km", "zero_width", errors, _zero_width)
    titled = errors.rows("title", size)
    text[titled] = np.where(people.female.to_numpy()[titled], TITLES[1], TITLES[0]) + " " + text[titled]
    errors.note("name_km", "title", titled)
    return _lose(text, "name_km", errors)


def birth_texts(birth: NDArray[np.datetime64], errors: Errors) -> tuple[NDArray, NDArray]:
    """Return the days of birth as they were written, and how: "day", "year", "missing" or "impossible".

    An impossible day is one such as 31 February; the date returned with it is the last of that month.
    """
    size = birth.size
    day = birth.copy()
    how = np.full(size, "day", dtype=object)
    for kind, word in (
        ("birth_missing", "missing"),
        ("birth_year_only", "year"),
        ("birth_impossible", "impossible"),
    ):
        rows = errors.rows(kind, size)
        rows = rows[how[rows] == "day"]
        how[rows] = word
        errors.note("birth_date", kind, rows)
    # An error is planted only where it can be seen.
    rows = errors.rows("birth_one_year_off", size)
    rows = rows[(how[rows] == "day") | (how[rows] == "year")]
    day[rows] = _in_year(day[rows], errors.draw("birth_one_year_off way").choice([-1, 1], rows.size))
    errors.note("birth_date", "birth_one_year_off", rows)
    for kind in ("birth_one_day_off", "birth_first_january", "birth_swapped"):
        rows = errors.rows(kind, size)
        rows = rows[how[rows] == "day"]
        if kind == "birth_one_day_off":
            new = day[rows] + errors.draw("birth_one_day_off way").choice([-1, 1], rows.size)
        elif kind == "birth_first_january":
            new = day[rows].astype("datetime64[Y]").astype("datetime64[D]")
        else:
            rows, new = _swapped(day, rows)
        errors.note("birth_date", kind, rows[new != day[rows]])
        day[rows] = new
    day = np.where(how == "impossible", _last_of_february(day), day)
    return day, how


def one_digit_wrong(text: Texts, column: str, kind: str, errors: Errors) -> Texts:
    """Return numbers with one digit changed in some; empty ones stay."""
    _change(text, column, kind, errors, _digit)
    return text


def _spelling(table: NDArray, code: NDArray[np.int64], variant: NDArray[np.int64]) -> Texts:
    return table[code, variant % table.shape[1]]


def _capitals(text: Texts) -> Texts:
    code, known = pd.factorize(text)
    return np.array([word.capitalize() for word in known], dtype=object)[code]


def _change(text: Texts, column: str, kind: str, errors: Errors, change: Callable[[str, float], str]) -> None:
    """Change some texts in place by a rule that gets the text and a random level; note those that differ."""
    rows = errors.rows(kind, text.size)
    levels = errors.draw(f"{kind} where").random(rows.size)
    new = np.array([change(text[row], level) for row, level in zip(rows, levels, strict=True)], dtype=object)
    differs = new != text[rows] if rows.size else np.zeros(0, dtype=bool)
    text[rows] = new
    errors.note(column, kind, rows[differs])


def _lose(text: Texts, column: str, errors: Errors) -> Texts:
    rows = errors.rows(f"{column}_missing", text.size)
    if column == "name_km":  # nobody is left without any name
        lost = [other for name, kind, other in errors.found if kind == "name_latin_missing"]
        rows = np.setdiff1d(rows, lost[0]) if lost else rows
    text[rows] = ""
    errors.note(column, f"{column}_missing", rows)
    return text


def _latin_typo(text: str, level: float) -> str:
    """Drop, double, exchange or mistake one letter."""
    place = 1 + int(level * 1e6) % max(len(text) - 1, 1)
    way, letter = int(level * 4), text[place : place + 1]
    if not letter.isalpha():
        place, letter = 1, text[1:2]
    if way == 0:
        return text[:place] + text[place + 1 :]
    if way == 1:
        return text[:place] + letter + text[place:]
    after = text[place + 1 : place + 2]
    if way == 2 and after.isalpha() and after != letter:
        return text[:place] + after + letter + text[place + 2 :]
    return text[:place] + CLOSE.get(letter.lower(), "e") + text[place + 1 :]


def _khmer_typo(text: str, level: float) -> str:
    """Take a sign for one like it, or leave one out."""
    signs = [place for place, letter in enumerate(text) if letter in SIGNS and letter != "្"]
    if not signs:
        return text[:-1]
    place = signs[int(level * len(signs))]
    return text[:place] + ALIKE.get(text[place], "") + text[place + 1 :]


def _khmer_sign_order(text: str, level: float) -> str:
    """Write a vowel before the register sign it belongs after: it looks the same and compares otherwise."""
    for place in range(len(text) - 1):
        if text[place] in "៉៊" and text[place + 1] in SIGNS:
            return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text


def _zero_width(text: str, level: float) -> str:
    """Put a zero-width space where Khmer writing divides words: after the family name, or at the end."""
    return text.replace(" ", " " + ZERO_WIDTH) if level < 0.7 else text + ZERO_WIDTH


def _spaces(text: str, level: float) -> str:
    """Type the space twice, or one more at the end."""
    return text.replace(" ", "  ") if level < 0.5 else text + " "


def _digit(text: str, level: float) -> str:
    places = [place for place, letter in enumerate(text) if letter.isdigit()]
    if not places:
        return text
    place = places[int(level * len(places))]
    return text[:place] + str((int(text[place]) + 1 + int(level * 1e6) % 9) % 10) + text[place + 1 :]


def _parts(day: NDArray[np.datetime64]) -> tuple[NDArray, NDArray, NDArray]:
    month = day.astype("datetime64[M]")
    year = month.astype("datetime64[Y]")
    return (
        year,
        (month - year.astype("datetime64[M]")).astype(int),
        (day - month.astype("datetime64[D]")).astype(int),
    )


def _in_year(day: NDArray[np.datetime64], step: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Return the same day a year earlier or later; the last of February where there is no 29th."""
    month = day.astype("datetime64[M]")
    inside = (day - month.astype("datetime64[D]")).astype(int)
    other = month + 12 * step
    length = ((other + 1).astype("datetime64[D]") - other.astype("datetime64[D]")).astype(int)
    return other.astype("datetime64[D]") + np.minimum(inside, length - 1)


def _swapped(
    day: NDArray[np.datetime64], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.datetime64]]:
    """Return the rows whose day and month can be exchanged, and the days with them exchanged."""
    year, month, inside = _parts(day[rows])
    can = (inside < 12) & (inside != month)
    new = (year[can].astype("datetime64[M]") + inside[can]).astype("datetime64[D]") + month[can]
    return rows[can], new


def _last_of_february(day: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    year = day.astype("datetime64[Y]").astype("datetime64[M]")
    return (year + 2).astype("datetime64[D]") - 1
