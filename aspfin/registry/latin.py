"""Latin spellings of Khmer names folded to one: Sok and Sokh, Chhun and Chhoun, Srey and Srei.

Romanisation of Khmer names follows no norm; the same person is written differently in every list. The rules
below fold letters that are commonly exchanged, and no more: names that are different stay different (Sok,
Suk, Sek). They are applied in order, to each word of a name.
"""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

from aspfin.registry.khmer import normalise, per_value

__all__ = ["fold_latin", "fold_word", "skeleton"]

RULES: tuple[tuple[str, str, str], ...] = (
    # pattern, replacement, example
    (r"q|ck", "k", "Meck, Mek"),
    (r"t?ch+", "c", "Chhun, Chun"),
    (r"([bcdgkpst])h+", r"\1", "Sokh, Sok; Phal, Pal"),
    (r"nh", "n", "Penh, Pen; Nhem, Nem"),
    (r"x", "s", "Xam, Sam"),
    (r"w", "v", "Sawat, Savat"),
    (r"j", "c", "Jea, Chea"),
    (r"[aeiou]*oeu[aeiou]*r?", "E", "Soeun, Soeurn"),  # one sound, kept apart by a capital
    (r"eua?|oe|ue", "E", "Leung, Loeng"),
    (r"(?<=[aeiouy])r(?![aeiouyE])", "", "Sophorn, Sophon"),
    (r"ou+|oo+|uu+", "u", "Chhoun, Chhun"),
    (r"aa+|ah(?![aeiouy])", "a", "Daa, Da"),
    (r"(?:ea|ie)v(?![aeiouy])", "Iv", "Khiev, Kheav"),
    (r"ea(?=ng)", "I", "Leang, Lieng"),
    (r"ai(?=ng)", "a", "Taing, Tang"),
    (r"oa", "o", "Sophoan, Sophorn"),
    (r"ia", "ea", "Sophia, Sophea"),
    (r"ea+h?", "A", "Chea, Cheah"),  # kept apart from a
    (r"ae", "e", "Kaet, Ket"),
    (r"eo|ev(?![aeiouyAE])", "V", "Keo, Kev"),
    (r"a[iy]", "Y", "Lay, Lai"),
    (r"o[iy]", "oi", "Soy, Soi"),
    (r"u[iy]", "ui", "Huy, Hui"),
    (r"(?:ao|au|av(?![aeiouyAE]))", "W", "Sao, Sau"),
    (r"o[vw]", "ov", "Pov, Pow"),
    (r"ie", "I", "Lieng, Leang"),
    (r"(?:ee+|e[iy]+|(?<=[^aeiouAEVYWI])y(?![aeiou])|ii+)", "i", "Srey, Sry; Thy, Thi"),
    (r"(.)\1+", r"\1", "Vann, Van"),
    (r"(?<=.)h$", "", "Leah, Lea"),
)
_RULES = tuple((re.compile(pattern), into) for pattern, into, _ in RULES)
_SEPARATORS = re.compile(r"[^a-z]+")


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", normalise(text)).encode("ascii", "ignore").decode()
    return letters.replace("'", "").casefold()


def fold_word(word: str) -> str:
    """Return one word folded.

    Examples
    --------
    >>> [fold_word(word) for word in ("Chhoun", "Chhun", "Sokh", "Srey", "Soeurn")]
    ['cun', 'cun', 'sok', 'sri', 'sEn']
    """
    text = _SEPARATORS.sub("", _plain(word))
    for pattern, into in _RULES:
        text = pattern.sub(into, text)
    return text


def _fold_name(name: str) -> str:
    return " ".join(filter(None, map(fold_word, _SEPARATORS.split(_plain(name)))))


def fold_latin(values: pd.Series) -> pd.Series:
    """Return Latin names folded word by word; missing, and names without a Latin letter, are missing.

    The result is ASCII: capitals stand for sounds written with several letters.

    Examples
    --------
    >>> fold_latin(pd.Series(["Sokh  CHHOUN", "Sok Chhun", None])).tolist()
    ['sok cun', 'sok cun', nan]
    """
    return per_value(values, _fold_name)


def skeleton(values: pd.Series) -> pd.Series:
    """Return the consonants of folded names, for blocking: a vowel is kept only where a word starts with it.

    Parameters
    ----------
    values : Series of str
        Names already folded.

    Examples
    --------
    >>> skeleton(fold_latin(pd.Series(["Sok Sophea", "Sokh Sophia", "Um Dara"]))).tolist()
    ['sk sp', 'sk sp', 'um dr']
    """
    return per_value(values, lambda text: re.sub(r"(?<=\S)[aeiouyAEIWY]", "", text))
