"""Khmer names in Latin letters, the way they are commonly written on Cambodian papers.

There is no one spelling: the table below follows what people write (សុខ Sok, ស្រី Srey, ពៅ Pov), not a scholarly
scheme. Variants of it (Sokh, Srei) are folded by `aspfin.registry.latin`. A consonant belongs to the first
(a) or the second (o) series, or is moved to the other by a shifter; the series says how the vowel sounds.

How a word is read. A cluster without a vowel closes the syllable before it where that one is open; two such
clusters at the end of a word make a syllable of their own (កុសល ko-sal). A cluster with a subscript inside a
word is split between the syllables where its base is ក, a nasal, or doubles the subscript (ចន្ថា chan-tha). At
the end of a word only its base is heard (វណ្ណ van), and a short i or u after it is not (សម្បត្តិ
Sambat). A nasal, liquid or glide takes the first series from a strong consonant before it (មករា Makara). A
consonant with the silencing sign (៍) is not written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from aspfin.registry.khmer import COENG, clusters, normalise, per_value

__all__ = ["romanise", "romanise_text"]

# Consonant: letters at the start of a syllable, at its end, series.
_CONSONANTS = {
    **{"ក": ("k", "k", "a"), "ខ": ("kh", "k", "a"), "គ": ("k", "k", "o"), "ឃ": ("kh", "k", "o")},
    **{"ង": ("ng", "ng", "o"), "ច": ("ch", "ch", "a"), "ឆ": ("chh", "ch", "a"), "ជ": ("ch", "ch", "o")},
    **{"ឈ": ("chh", "ch", "o"), "ញ": ("nh", "nh", "o"), "ដ": ("d", "t", "a"), "ឋ": ("th", "th", "a")},
    **{"ឌ": ("d", "t", "o"), "ឍ": ("th", "th", "o"), "ណ": ("n", "n", "a"), "ត": ("t", "t", "a")},
    **{"ថ": ("th", "th", "a"), "ទ": ("t", "t", "o"), "ធ": ("th", "th", "o"), "ន": ("n", "n", "o")},
    **{"ប": ("b", "p", "a"), "ផ": ("ph", "p", "a"), "ព": ("p", "p", "o"), "ភ": ("ph", "p", "o")},
    **{"ម": ("m", "m", "o"), "យ": ("y", "y", "o"), "រ": ("r", "", "o"), "ល": ("l", "l", "o")},
    **{"វ": ("v", "v", "o"), "ឝ": ("s", "s", "a"), "ឞ": ("s", "s", "o"), "ស": ("s", "s", "a")},
    **{"ហ": ("h", "h", "a"), "ឡ": ("l", "l", "a"), "អ": ("", "", "a")},
}
# Vowel (with its sign): letters after the first series, after the second.
_VOWELS = {
    **{"": ("a", "o"), "ា": ("a", "ea"), "ិ": ("e", "i"), "ី": ("ey", "i"), "ឹ": ("oe", "eu")},
    **{"ឺ": ("eu", "eu"), "ុ": ("o", "u"), "ូ": ("o", "ou"), "ួ": ("uo", "uo"), "ើ": ("oeu", "eu")},
    **{"ឿ": ("oeu", "oeu"), "ៀ": ("ie", "ie"), "េ": ("e", "e"), "ែ": ("e", "e"), "ៃ": ("ai", "ey")},
    **{"ោ": ("o", "o"), "ៅ": ("ao", "ov"), "ំ": ("am", "um"), "ាំ": ("am", "oam"), "ុំ": ("om", "um")},
    **{"័": ("a", "oa"), "ះ": ("ah", "eah"), "ាះ": ("ah", "eah"), "ៈ": ("ak", "ak")},
}
# The same before a given closing consonant: លឹម Lim, តាំង Tang (the nasal written once), ជ័យ Chey.
_BEFORE_CODA = {
    **{("ឹ", "m"): ("i", "i"), ("ាំ", "ng"): ("a", "ea"), ("ំ", "ng"): ("a", "u"), ("័", "y"): ("a", "e")},
    **{("័", "k"): ("a", "ea")},
}
_INDEPENDENT = {
    **{"ឣ": "a", "ឤ": "a", "ឥ": "i", "ឦ": "ey", "ឧ": "u", "ឨ": "uk", "ឩ": "ou", "ឪ": "ov", "ឫ": "ri"},
    **{"ឬ": "reu", "ឭ": "li", "ឮ": "leu", "ឯ": "e", "ឰ": "ai", "ឱ": "o", "ឲ": "o", "ឳ": "ov"},
}
_SILENCED, _SHORTENED, _TO_A, _TO_O, _AH = "៍", "់", "៉", "៊", "ះ"
_CARRIED = "ាិីឹឺុូួើឿៀេែៃោៅំ័ះៈ"  # marks that are heard as a vowel
_SONORANTS = "ងញណនមយរលវឡ"  # they take the series of the consonant they stand with
_NASALS = "ងញណនម"
_SPLITS = _NASALS + "ក"  # as the base of a subscript inside a word they close the syllable before
_SPREADS = ("ា", "ាំ", "ុំ")  # vowels that hear the series of the syllable before
# Consonants heard alike: a base and a subscript of one group are a doubled consonant.
_GROUPS = ("កខគឃ", "ចឆជឈ", "ដឋឌឍតថទធ", "បផពភ", "ណន", "មម", "យយ", "លឡ", "សស", "ញញ", "វវ")
_GROUP = {letter: number for number, group in enumerate(_GROUPS) for letter in group}


@dataclass(frozen=True)
class _Cluster:
    """A written cluster: its consonants, its vowel with signs, the series that governs it."""

    base: str
    subscripts: str
    vowel: str
    series: str
    shifted: bool
    short: bool

    @property
    def open(self) -> bool:
        return not self.vowel and self.base in _CONSONANTS

    @property
    def splits(self) -> bool:
        ends_before = self.base in _SPLITS or self.doubled or (self.base == "ស" and self.subscripts == "ម")
        return bool(self.subscripts) and ends_before

    @property
    def doubled(self) -> bool:
        return bool(self.subscripts) and _GROUP.get(self.base, -1) == _GROUP.get(self.subscripts[0], -2)


def _read(text: str) -> _Cluster | None:
    """Return the parts of one cluster; None where it is silenced."""
    if _SILENCED in text:
        return None
    base, tail = text[0], text[1:]
    # Subscript da and ta look the same and are typed for one another.
    subscripts = "".join(tail[at + 1] for at, mark in enumerate(tail) if mark == COENG).replace("ដ", "ត")
    rest = "".join(mark for at, mark in enumerate(tail) if mark != COENG and tail[at - 1 : at] != COENG)
    series = _CONSONANTS[base][2] if base in _CONSONANTS else "a"
    for letter in subscripts:  # the last strong consonant governs the vowel
        if letter in _CONSONANTS and (letter not in _SONORANTS or base in _SONORANTS):
            series = _CONSONANTS[letter][2]
    series = "a" if _TO_A in rest else "o" if _TO_O in rest else series
    vowel = "".join(mark for mark in rest if mark in _CARRIED)
    return _Cluster(base, subscripts, vowel, series, _TO_A in rest or _TO_O in rest, _SHORTENED in rest)


def _onset(cluster: _Cluster, letters: str) -> str:
    if cluster.base in _INDEPENDENT:
        return ""
    sounds = [_CONSONANTS[letter][0] for letter in letters if letter in _CONSONANTS]
    if letters[:1] == "ប" and (len(letters) > 1 or (cluster.shifted and cluster.series == "a")):
        sounds[0] = "p"
    return "".join(sounds)


def _vowel(cluster: _Cluster, coda: str, *, shortened: bool) -> str:
    if cluster.base in _INDEPENDENT:
        return _INDEPENDENT[cluster.base]
    second = cluster.series == "o"
    if (cluster.vowel, coda) in _BEFORE_CODA:
        return _BEFORE_CODA[cluster.vowel, coda][second]
    if cluster.vowel == "" and shortened:
        return "ea" if second and coda == "k" else "a"  # ភក្តី Pheaktey; រដ្ឋា Ratha
    if cluster.vowel == "ី" and coda and not second:
        return "i"
    if cluster.vowel in _VOWELS:
        return _VOWELS[cluster.vowel][second]
    breath = "h" if cluster.vowel.endswith(_AH) else ""
    known = (_VOWELS[one][second] for one in cluster.vowel.removesuffix(_AH) if one in _VOWELS)
    return next(known, "") + breath


@dataclass
class _Syllable:
    nucleus: _Cluster
    letters: str  # consonants at its start
    coda: str = ""
    shortened: bool = False  # closed by the upper half of a cluster
    written: bool = True  # a doubled consonant is written once, at the start of the next syllable


def _syllables(word: list[_Cluster]) -> list[_Syllable]:
    found: list[_Syllable] = []
    closed = True  # nothing to close before the word
    for at, cluster in enumerate(word):
        run = 0  # clusters without a vowel from here on
        while at + run < len(word) and word[at + run].open:
            run += 1
        ends = at + run == len(word)
        splits = cluster.splits and run != 1 and not closed
        # A cluster that splits after the run closes one more syllable.
        odd = (run + (not ends and word[at + run].splits)) % 2 == 1
        single = run == 1 and not ends and not cluster.subscripts
        if single and len(found) == 1 and found[0].nucleus.open and odd:
            found[0].shortened = True  # two bare consonants before a vowel: រតនា Ratana, មករា Makara
            found.append(_Syllable(cluster, cluster.base, shortened=True))
            continue
        if odd and run and not closed and not splits:
            subscribed = bool(cluster.subscripts) and cluster.base not in _NASALS
            found[-1].coda, found[-1].shortened = cluster.base, cluster.doubled or subscribed
            closed = True
            continue
        letters = cluster.base + cluster.subscripts
        if splits:
            last = found[-1]
            last.coda, last.written = cluster.base, not cluster.doubled
            last.shortened = cluster.doubled or cluster.base not in _NASALS
            letters = cluster.subscripts
        found.append(_Syllable(cluster, letters))
        closed = cluster.vowel.endswith(("ំ", _AH)) and not _ng_follows(word, at)
    return found


def _ng_follows(word: list[_Cluster], at: int) -> bool:
    return at + 1 < len(word) and word[at + 1].base == "ង" and word[at + 1].open


def _heard(word: list[_Cluster]) -> list[_Cluster]:
    """Return the clusters with the series they are heard in, and without a silent last vowel."""
    found: list[_Cluster] = []
    strong = False  # a strong consonant of the first series, or one that took it on, stands before
    for cluster in word:
        sonorant = all(letter in _SONORANTS for letter in cluster.base + cluster.subscripts)
        if sonorant and strong and not cluster.shifted and cluster.vowel in _SPREADS:
            cluster = replace(cluster, series="a")
        elif not (sonorant and strong):
            strong = not sonorant and cluster.series == "a"
        strong = strong and not cluster.short
        found.append(cluster)
    if len(found) > 1 and found[-1].vowel in ("ិ", "ុ") and found[-1].base in _CONSONANTS:
        found[-1] = replace(found[-1], vowel="")
    return found


def _word(text: str) -> str:
    read = [_read(one) for one in clusters(text) if one[0] in _CONSONANTS or one[0] in _INDEPENDENT]
    sounds = []
    for part in _syllables(_heard([one for one in read if one is not None])):
        closing = _CONSONANTS[part.coda][1] if part.coda in _CONSONANTS else ""
        vowel = _vowel(part.nucleus, closing, shortened=part.shortened)
        if closing == "v" and part.nucleus.vowel in ("េ", "ែ"):
            closing = "o"  # កែវ Keo
        sounds.append(_onset(part.nucleus, part.letters) + vowel + (closing if part.written else ""))
    return "".join(sounds).capitalize()


def romanise_text(text: str) -> str:
    """Return one name in Latin letters; words without Khmer letters keep their spelling.

    Examples
    --------
    >>> [romanise_text(name) for name in ("សុខ ចាន់", "ស្រី ពៅ", "កែវ សុវណ្ណ", "លឹម ពិសិដ្ឋ", "Sok ដារ៉ា")]
    ['Sok Chan', 'Srey Pov', 'Keo Sovan', 'Lim Piset', 'Sok Dara']
    """
    words = normalise(text).split(" ")
    return " ".join(_word(word) if any("ក" <= one <= "ឳ" for one in word) else word for word in words)


def romanise(values: pd.Series) -> pd.Series:
    """Return names in Latin letters (see the module's table); missing stays missing.

    Parameters
    ----------
    values : Series of str
        Names in Khmer, Latin or both scripts.

    Returns
    -------
    Series of str
        On the same index.

    Examples
    --------
    >>> romanise(pd.Series(["ហេង សុភា", None])).tolist()
    ['Heng Sophea', nan]
    """
    return per_value(values, romanise_text)
