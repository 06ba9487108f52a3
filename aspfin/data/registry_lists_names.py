"""A small lexicon of common Cambodian names in both scripts, and how clerks write them.

Families and given names are put together at random with commonness falling by rank: no combination stands for
a real person. The lexicon and its spellings are a working assumption, made from names in everyday use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["VARIANTS", "Lexicon", "draw_family", "draw_given", "lexicon"]

VARIANTS = 4  # spellings kept of each name in each script; the first is the usual one
RANK_SHIFT = 5.0  # a name of rank r is as common as 1 / (r + this); the commonest family has about 7 %
ALONE = 0.25  # of given names are one word of the third list, the others are put together of two parts

# A line is one name: its Khmer spellings, then its Latin spellings, the usual one first; common names first.
FAMILIES = """
សុខ Sok Sokh Sork|ចាន់/ចន្ទ/ច័ន្ទ Chan Chann|ជា/ជៀ Chea Chia|គឹម/គីម Kim Kem
ហេង/ហ៊េង Heng Hieng|លី Ly Li Lee|កែវ Keo Kev Kaev|មាស/មាះ Meas Meah|ទេព/ទេប Tep Tepp
សៅ/សោវ Sao Sau|អ៊ុក/អុក Ouk Uk|ម៉ៅ/មៅ Mao Mau|ឈឹម/ឈិម Chhim Chhem|នួន/នូន Nuon Noun
ប៉ែន/ប៉ែណ Pen Penn|សំ/សម Sam Som|ឈុន Chhun Chhoun|ផាន់/ផន Phan Phann|លឹម/លិម Lim Lem
អ៊ុំ/អុំ Um Oum|ព្រំ/ព្រុំ Prum Prom Brom|ហ៊ុន/ហុន Hun Hon|ញ៉ែម/ញែម Nhem Nhaem
គង់/គង Kong Korng|យិន Yin Yinn|តាំង/តាង Taing Tang|ងួន/ង៉ួន Nguon Ngoun|សេង/ស៊េង Seng Saeng
ខៀវ/ខាវ Khiev Kheav|សាន/សាន់ San Sann|ប៊ុន Bun Boun|វ៉ាន់ Van Vann Wan
រស់/រ៉ស់ Ros Ross Rors|ស៊ឹម/ស៊ិម Sim Sem|ឡុង/ឡូង Long Lorng|ម៉ម/មម Mom Morm|អ៊ិន/អិន In Inn
ភួង Phuong Phoung|ហួត/ហ៊ួត Huot Hout|ទូច Touch Tuch|យឹម/យិម Yim Yem|សួន/ស៊ួន Suon Soun
នៅ Nov Nou|អ៊ាង Eang Ieng|ឯក Ek Aek|ឃួន/ឃូន Khuon Khoun|ហាក់ Hak Hack|ថន Thon Thorn
ចេង Cheng Chaeng|រឿន Roeun Roeurn Reun|វង្ស/វង់ Vong Vorng|យន់ Yun Yon|ឌី Dy Di Dey
នឹម Nim Nem|កុយ Koy Kuy|អ៊ឹម Im Em|ធី Thy Thi|ជិន Chin Chen|ស៊ា Sea Sia|ឡាយ Lay Lai
ពេជ្រ/ពេជ Pich Pech|នាង Neang Nieng|ហ៊ឹម/ហឹម Him Hem|ហៃ Hai Hay|អាំ Am Arm|លាង Leang Lieng
ប៉ុល Pol Paul|មុំ/មំ Mum Mom|រិន Rin Ren|សោម Saom Som|ទិត្យ/ទិត Tith Tit|ភី Phy Phi
កង Kang Korng|ញឹម Nhim Nhem|ខន Khon Khorn
"""
FIRST = """
សុ So Su|ចាន់/ចន្ទ Chan Chann|ស្រី/ស្រ៊ី Srey Srei f|វណ្ណ/វ៉ាន់ Vann Van|សុខ Sok Sokh
ប៊ុន Bun Boun m|រត្ន/រ័ត្ន Rath Rat|សំ Sam Som|ម៉េង Meng Maeng m|គឹម Kim Kem
សុវណ្ណ/សុវ៉ាន់ Sovan Sovann|វិច្ឆ/វិច Vich Vic m|ផល្លា/ផល្លា Phalla Pala|លីដា Lida Leda f
មុនី Mony Muni|ពិសី Pisey Pisei f|កក្កដា/កកដា Kakada Kakda|ដារ៉ា Dara Dalla|ថា Tha Thar
សេរី Serey Sery|រាជ Reach Reac m|បូ Bo Bor|រស្មី Rasmey Reaksmey
សម្បត្តិ/សម្បតិ Sambath Sombat m|ហេង Heng Hieng m|ឆៃ Chhay Chhai m
ភារម្យ/ភារម Phearom Pherom|ច័ន្ទ/ចន្ទ Chant Chan f|វ៉ារី Vary Vari|ធារី Theary Teary f
"""
SECOND = """
ភា phea phia|ខា kha khar|ថា tha thar|ធា thea thia|ណា na nna|នី ny ni f|លី ly li|រ៉ា ra rra
ធី thy thi|ដា da ta|ពៅ pov pou|ណារី nary nari f|មុំ mom mum f|សិទ្ធ/សិត sith seth m
រិទ្ធ/រិត rith ret m|ណាត nat nath m|វុធ vuth vut m|និច nich nech f|ល័ក្ខ/លក្ខ leak lak f
នាង neang nieng f|ភី phy phi|ម៉ាលី maly mali f|ផល phal pal|ភ័ក្រ/ភ័ក្ត pheak phak
ហេង heng hieng m|គន្ធា/គុន្ធា kunthea kontha f|សុភ័ណ/សុផាន់ sophan sophorn|វិន vin ven m
រតនា/រ័តនា rathana ratana|ធឿន thoeun theun m|ឌី dy di|ស្រ៊ុន srun sron m|នុត nuth nut
កញ្ញា/កញា kanha kagna f|ម៉ៅ mao mau f|ម៉ន mon morn m|រ៉ុង rong roung m
ចិត្រា/ចិត្រ chetra chitra m|សោភា sophea saophea f|យ៉ា ya yar|ហួរ hour huor m|រី ry ri
ទី ty ti|ណុល nol nal m|សំអាត samart samat f
"""
ALONE_NAMES = """
សុភា Sophea Sophia|ដារ៉ា Dara Darar|បូរ៉ា Bora Borra m|សំណាង Samnang Somnang m
វណ្ណា/វ៉ាន់ណា Vanna Vannak|វិសាល Visal Visall m|រតនា/រ័តនា Ratana Rathana Rotana
បុប្ផា/បុផា Bopha Bupha f|ពិសិដ្ឋ/ពិសិទ្ធ Piseth Pisith m|កញ្ញា/កញា Kanha Kagna Kanya f
ម៉ាលី Maly Mali Malee f|សុភាព Sopheap Sophiap|ផល្លា Phalla Palla|វិបុល Vibol Vibul m
សុផល Sophal Sopal|មករា Makara Meakara|វិចិត្រ/វិចិត Vichet Vichit m|ធារ៉ា Theara Theara
រស្មី Raksmey Reaksmey|បញ្ញា/បញា Panha Pagna m|សារុន Sarun Saron m|ទូច Touch Tuch
ណារី Nary Nari f|ស៊ីណា Sina Seyna|លក្ខិណា/ល័ក្ខិណា Leakhena Leakena f
វុទ្ធី/វុធី Vuthy Vuthi m|ស្រស់ Sros Sras f|គន្ធា Kunthea Konthea f|ថាវី Thavy Thavi f
ម៉ៅ Mao Mau|សុជាតា Socheata Sucheata f|មុន្នី/មុនី Mony Munny|ឧត្តម/ឧត្ដម Oudom Udom m
វីរៈ Virak Vireak m|ហ៊ាង Heang Hieng|អូន Oun Own f|យ៉េន Yen Yenn f
ចំរើន/ចម្រើន Chamroeun Chomroeun|កុសល Kosal Kusal m|ឆវី Chhavy Chavy f|ធឿន Thoeun Theun m
ជំនិត Chomnith Chumnit m
"""


@dataclass(frozen=True)
class Lexicon:
    """Names by code, in all their spellings.

    Attributes
    ----------
    family_km, family_latin, given_km, given_latin : array of str, shape (names, VARIANTS)
        Spellings; column 0 is the usual one, a name with fewer has it again.
    family_share : array, shape (families,)
        How common each is; adds up to 1.
    given_share : array, shape (2, given names)
        The same for men (row 0) and women (row 1).
    """

    family_km: NDArray
    family_latin: NDArray
    family_share: NDArray[np.float64]
    given_km: NDArray
    given_latin: NDArray
    given_share: NDArray[np.float64]


def _read(text: str) -> list[tuple[list[str], list[str], str]]:
    """Return the Khmer spellings, the Latin spellings and the sex ("" = both) of each name of a list."""
    names = []
    for line in text.strip().replace("\n", "|").split("|"):
        khmer, *latin = line.split()
        sex = latin.pop() if latin[-1] in ("f", "m") else ""
        names.append((list(dict.fromkeys(khmer.split("/"))), latin, sex))
    return names


def _table(spellings: list[list[str]]) -> NDArray:
    """Return spellings as a rectangle: short rows repeat their usual spelling."""
    rows = [(row + [row[0]] * VARIANTS)[:VARIANTS] for row in spellings]
    return np.array(rows, dtype=object)


def _commonness(number: int) -> NDArray[np.float64]:
    share = 1.0 / (np.arange(number) + RANK_SHIFT)
    return share / share.sum()


def _joined(first: list[str], second: list[str]) -> list[str]:
    """Return the spellings of a name of two parts: both usual, then one part or the other spelt otherwise."""
    mixed = [first[0] + second[0], first[-1] + second[0], first[0] + second[-1], first[-1] + second[-1]]
    return list(dict.fromkeys(mixed))


def lexicon() -> Lexicon:
    """Return the names of the lexicon with their commonness.

    Examples
    --------
    >>> names = lexicon()
    >>> names.family_latin[0, 0], round(float(names.family_share[0]), 3), len(names.given_km) > 1_000
    ('Sok', 0.07, True)
    """
    families = _read(FAMILIES)
    first, second, alone = _read(FIRST), _read(SECOND), _read(ALONE_NAMES)
    first_share, second_share, alone_share = (_commonness(len(part)) for part in (first, second, alone))
    km, latin, share, sexes = [], [], [], []
    for (km_1, latin_1, sex_1), share_1 in zip(first, first_share, strict=True):
        for (km_2, latin_2, sex_2), share_2 in zip(second, second_share, strict=True):
            if {sex_1, sex_2} == {"f", "m"}:
                continue
            km.append(_joined(km_1, km_2))
            latin.append(_joined(latin_1, latin_2))
            sexes.append(sex_1 or sex_2)
            share.append((1 - ALONE) * share_1 * share_2)
    for (km_1, latin_1, sex_1), share_1 in zip(alone, alone_share, strict=True):
        km.append(km_1)
        latin.append(latin_1)
        sexes.append(sex_1)
        share.append(ALONE * share_1)
    sex = np.array(sexes)
    given_share = np.array([np.where(sex == other, 0.0, share) for other in ("f", "m")])
    return Lexicon(
        family_km=_table([row[0] for row in families]),
        family_latin=_table([row[1] for row in families]),
        family_share=_commonness(len(families)),
        given_km=_table(km),
        given_latin=_table(latin),
        given_share=given_share / given_share.sum(axis=1, keepdims=True),
    )


def draw_family(generator: np.random.Generator, names: Lexicon, size: int) -> NDArray[np.int64]:
    """Return codes of families drawn by their commonness."""
    return np.searchsorted(np.cumsum(names.family_share)[:-1], generator.random(size), side="right")


def draw_given(
    generator: np.random.Generator, names: Lexicon, female: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return codes of given names drawn by their commonness among women and among men."""
    level = generator.random(female.size)
    steps = np.cumsum(names.given_share, axis=1)[:, :-1]
    men = np.searchsorted(steps[0], level, side="right")
    return np.where(female, np.searchsorted(steps[1], level, side="right"), men)
