"""What two records are compared on, and how alike they are on it, in words.

Records are compared on given name, family name, birth, sex, place and national number. Each comparison has
levels from "same" to "different"; training learns how often each level is met among records of one person and
among records of two. Two choices keep the members of a household apart: card, telephone and address are one
comparison (they say the same thing), and the family name counts for nothing between people of one household.

Names are compared as letters a reader sees: Khmer ones by the one-byte code of `recoding`, Latin ones as
written, and both by sound (romanised and folded), so that spellings, and lists in different scripts, meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from aspfin.registry.names import cluster_codes, fold_latin, romanise, split_names

__all__ = [
    "BLOCKING",
    "COMPARISONS",
    "MOST",
    "Comparison",
    "Level",
    "Script",
    "comparable",
    "comparison_settings",
]

Script = Literal["both", "latin", "khmer"]

SAME_HOME = "coalesce(household_l = household_r, false) or coalesce(phone_l = phone_r, false)"


@dataclass(frozen=True)
class Level:
    """One degree of likeness.

    Attributes
    ----------
    words : str
        For readers: "same spelling".
    sql : str
        When two records are at this level and at none before it; "ELSE" for the last.
    missing : bool
        Nothing can be said: the comparison counts for nothing.
    frequency : str
        Column whose commonness the evidence is adjusted for, or "".
    """

    words: str
    sql: str
    missing: bool = False
    frequency: str = ""


@dataclass(frozen=True)
class Comparison:
    """One thing two records are compared on: its name, and its levels from the first that applies."""

    name: str
    levels: tuple[Level, ...]


def _name(part: str, unless: str = "") -> Comparison:
    """Return the comparison of one part of a name; `unless` says when it counts for nothing."""
    key, latin, khmer = f"{part}_key", f"{part}_latin", f"{part}_km"
    missing = f"{key}_l is null or {key}_r is null" + (f" or {unless}" if unless else "")
    close = (
        f"levenshtein({key}_l, {key}_r) <= 1 and length({key}_l) > 2 and length({key}_r) > 2"
        f" or levenshtein({khmer}_l, {khmer}_r) <= 1 and length({khmer}_l) > 2 and length({khmer}_r) > 2"
    )
    near = f"levenshtein({key}_l, {key}_r) <= 2 and length({key}_l) > 4 and length({key}_r) > 4"
    return Comparison(
        part,
        (
            Level("not comparable", missing, missing=True),
            Level("same spelling", f"{latin}_l = {latin}_r or {khmer}_l = {khmer}_r", frequency=key),
            Level("same sound", f"{key}_l = {key}_r", frequency=f"{part}_sound"),
            Level("one letter apart", close),
            Level("two letters apart", near),
            Level("different", "ELSE"),
        ),
    )


COMPARISONS: tuple[Comparison, ...] = (
    _name("given"),
    _name("family", SAME_HOME),
    Comparison(
        "birth",
        (
            Level("not comparable", "birth_year_l is null or birth_year_r is null", missing=True),
            Level("same day", "birth_day_l = birth_day_r"),
            Level("day and month exchanged", "birth_day_l = birth_swapped_r"),
            Level(
                "same year, day unknown",
                "birth_year_l = birth_year_r and (birth_day_l is null or birth_day_r is null)",
            ),
            Level(
                "one day or one year off",
                "abs(birth_number_l - birth_number_r) <= 1 or abs(birth_day_l - birth_day_r) = 10000",
            ),
            Level("same year, another day", "birth_year_l = birth_year_r"),
            Level("years next to each other", "abs(birth_year_l - birth_year_r) = 1"),
            Level("different", "ELSE"),
        ),
    ),
    Comparison(
        "sex",
        (
            Level("not comparable", "sex_l is null or sex_r is null", missing=True),
            Level("same", "sex_l = sex_r"),
            Level("different", "ELSE"),
        ),
    ),
    Comparison(
        "place",
        (
            Level(
                "not comparable",
                f"(village_l is null or village_r is null) and not ({SAME_HOME})",
                missing=True,
            ),
            Level("same card or telephone", SAME_HOME),
            Level("same village", "village_l = village_r"),
            Level("same commune", "commune_l = commune_r"),
            Level("same district", "district_l = district_r"),
            Level("same province", "province_l = province_r"),
            Level("different", "ELSE"),
        ),
    ),
    Comparison(
        "person_id",
        (
            Level("not comparable", "person_id_l is null or person_id_r is null", missing=True),
            Level("same number", "person_id_l = person_id_r"),
            Level("one digit apart", "levenshtein(person_id_l, person_id_r) <= 1"),
            Level("different", "ELSE"),
        ),
    ),
)

# More records with one number make it a placeholder: a household of ten on six lists, twice, has 120.
MOST = {"household": 150, "phone": 150, "person_id": 30}
# Records are compared only if they agree on all the columns of one of these.
BLOCKING: tuple[tuple[str, ...], ...] = (
    ("person_id",),
    ("household",),
    ("phone",),
    ("village", "given_key"),
    ("village", "birth_year"),
    ("birth_day", "given_key"),
    ("birth_day", "family_key"),
    ("district", "given_key", "birth_year"),
    ("given_key", "family_key", "birth_year"),
)


def comparable(frame: pd.DataFrame, script: Script = "both") -> pd.DataFrame:
    """Return what the records of `frame` are compared on, one row per record in the same order.

    Parameters
    ----------
    frame : DataFrame
        Harmonised records of all lists.
    script : {"both", "latin", "khmer"}
        Names to use. With "both", whatever there is.

    Returns
    -------
    DataFrame
        uid (0, 1, …), the parts of names (as written in Latin, coded Khmer, key by sound), birth_day
        (yyyymmdd; missing for 1 January, which stands for an unknown day), birth_swapped, birth_number
        (days since 1970), birth_year, sex, village, commune, district, province (numbers), household,
        phone, person_id.

    Raises
    ------
    ValueError
        `script` is not one of the three, or the names it asks for are not there.
    """
    if script not in get_args(Script):
        raise ValueError(f"script: got {script!r}; allowed: {', '.join(get_args(Script))}")
    table = pd.DataFrame({"uid": np.arange(len(frame))})
    return table.assign(**_names(frame, script), **_births(frame), **_places(frame), **_numbers(frame))


def _text(frame: pd.DataFrame, column: str) -> pd.Series:
    values = frame[column] if column in frame else pd.Series(None, index=frame.index)
    return values.astype("str").reset_index(drop=True)


def _names(frame: pd.DataFrame, script: str) -> dict[str, pd.Series]:
    khmer = _text(frame, "name_km") if script != "latin" else _text(frame, "")
    latin = _text(frame, "name_latin") if script != "khmer" else _text(frame, "")
    if len(frame) and not (khmer.notna().any() or latin.notna().any()):
        raise ValueError(
            f"lists: got no names in script {script!r}; allowed: lists with name_km or name_latin"
        )
    in_khmer, in_latin = split_names(khmer), split_names(latin.str.lower())
    code = cluster_codes(in_khmer["family"], in_khmer["given"])
    shown = in_latin.where(in_latin["given"].notna(), in_khmer.apply(romanise))
    keys = {part: fold_latin(shown[part]) for part in ("family", "given")}
    turned = _turned(keys["family"], keys["given"])
    made = {}
    for part, other in (("family", "given"), ("given", "family")):
        made[f"{part}_key"] = keys[part].where(~turned, keys[other])
        made[f"{part}_sound"] = made[
            f"{part}_key"
        ]  # once more: its commonness is told apart, by `frequencies`
        made[f"{part}_latin"] = in_latin[part].where(~turned, in_latin[other])
        made[f"{part}_km"] = code.encode(in_khmer[part].where(in_khmer[part] != ""))
    return made


def _turned(family: pd.Series, given: pd.Series) -> pd.Series:
    """Tell whose names are written given name first: each word is far more often the other part of a name."""
    as_family, as_given = family.value_counts(), given.value_counts()

    def leaning(words: pd.Series) -> pd.Series:
        return np.log((words.map(as_given).fillna(0) + 0.5) / (words.map(as_family).fillna(0) + 0.5))

    return leaning(family) - leaning(given) > np.log(100.0)


def _births(frame: pd.DataFrame) -> dict[str, pd.Series]:
    nothing = pd.Series(pd.NaT, index=frame.index)
    day = pd.to_datetime(frame.get("birth_date", nothing)).reset_index(drop=True).dt.as_unit("s")
    year = pd.to_numeric(frame.get("birth_year", nothing), errors="coerce")
    year = year.reset_index(drop=True).astype("Int64").fillna(day.dt.year.astype("Int64"))
    year = year.astype("Int32")
    known = frame.get("birth_precision", pd.Series("day", index=frame.index)).reset_index(drop=True) == "day"
    known = known & day.notna() & ~((day.dt.month == 1) & (day.dt.day == 1))
    day = day.where(known)
    parts = [day.dt.year, day.dt.month, day.dt.day]
    number = (parts[0] * 10_000 + parts[1] * 100 + parts[2]).astype("Int32")
    swapped = (parts[0] * 10_000 + parts[2] * 100 + parts[1]).astype("Int32")
    since = (day - pd.Timestamp("1970-01-01")).dt.days.astype("Int32")
    return {
        "birth_day": number,
        "birth_swapped": swapped.where(number != swapped),
        "birth_number": since,
        "birth_year": year,
    }


def _places(frame: pd.DataFrame) -> dict[str, pd.Series]:
    digits = _text(frame, "village_code").str.extract(r"^KH(\d{8})$", expand=False)
    village = pd.to_numeric(digits).astype("Int32")
    of = {"village": village, "commune": village // 100, "district": village // 10_000}
    return {**of, "province": village // 1_000_000}


def _numbers(frame: pd.DataFrame) -> dict[str, pd.Series]:
    return {
        "household": _identifying(_text(frame, "household_id"), MOST["household"]),
        "phone": _identifying(_text(frame, "phone"), MOST["phone"]),
        "person_id": _identifying(_text(frame, "person_id"), MOST["person_id"]),
        "sex": _text(frame, "sex").where(lambda sex: sex.isin(["female", "male"])),
    }


def _identifying(numbers: pd.Series, most: int) -> pd.Series:
    """Return numbers without those that too many records share to say who anybody is: 000000000, "none"."""
    return numbers.where(numbers.map(numbers.value_counts()).fillna(0) <= most)


def comparison_settings() -> dict[str, Any]:
    """Return the settings Splink works with, for any of its dialects."""
    comparisons = []
    for one in COMPARISONS:
        levels: list[dict[str, Any]] = []
        for level in one.levels:
            told: dict[str, Any] = {"sql_condition": level.sql, "label_for_charts": level.words}
            if level.missing:
                told["is_null_level"] = True
            if level.frequency:
                told |= {
                    "tf_adjustment_column": level.frequency,
                    "tf_minimum_u_value": 1e-6,
                    "disable_tf_exact_match_detection": True,
                }
            levels.append(told)
        comparisons.append({"output_column_name": one.name, "comparison_levels": levels})
    rules = [" and ".join(f"l.{column} = r.{column}" for column in rule) for rule in BLOCKING]
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "uid",
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [{"blocking_rule": rule} for rule in rules],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
        "em_convergence": 1e-4,
        "max_iterations": 25,
        "linker_uid": "aspfin",
    }
