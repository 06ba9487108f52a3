"""How each of the six made-up lists writes things: columns, codes, dates, units; and the mapping back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aspfin.data.registry_lists_people import AS_OF

__all__ = ["DIGITS", "MONTHS", "SPECS", "Spec", "as_numbers", "date_texts", "mapping", "phone_texts"]

DIGITS = str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩")
MONTHS = ("មករា", "កុម្ភៈ", "មីនា", "មេសា", "ឧសភា", "មិថុនា", "កក្កដា", "សីហា", "កញ្ញា", "តុលា", "វិច្ឆិកា", "ធ្នូ")
BUDDHIST = 544  # years between the calendars as Cambodian offices write them


@dataclass(frozen=True)
class Spec:
    """How one list is written.

    Attributes
    ----------
    programme, file, prefix : str
        Name of the programme, of the file, and what record numbers begin with.
    columns : dict of str to str
        Column of the common vocabulary: column of the file, in the order of the file.
    dates : str
        dmy | ymd | mdy | compact (20240131) | khmer_buddhist (Khmer digits, Buddhist years) | khmer_month.
    codes : dict of str to dict
        For each coded column: value of the common vocabulary: value written.
    missing : str
        How a missing value is written.
    upper : bool
        Names are in capitals.
    prefixed : bool
        Village codes begin with KH.
    unit : str
        riel | thousand_riel | usd.
    phones : str
        012345678 is written plain (so), spaced (012 345 678), international (+855 12345678) or cut
        (12345678).
    as_numbers : tuple of str
        Columns of numbers a spreadsheet has taken for quantities: without the zeros in front.
    rates : dict of str to float
        Share of the records with each kind of error.
    known : dict of str to float
        Share of the records in which an identifier is filled in.
    """

    programme: str
    file: str
    prefix: str
    columns: dict[str, str]
    dates: str
    codes: dict[str, dict[str, str]]
    missing: str = ""
    upper: bool = False
    prefixed: bool = True
    unit: str = "riel"
    phones: str = "plain"
    as_numbers: tuple[str, ...] = ()
    rates: dict[str, float] = field(default_factory=dict)
    known: dict[str, float] = field(default_factory=dict)


COMMON_RATES = {
    "latin_spelling": 0.12,
    "latin_typo": 0.025,
    "latin_order": 0.01,
    "latin_spaces": 0.02,
    "name_latin_missing": 0.01,
    "khmer_spelling": 0.12,
    "khmer_typo": 0.025,
    "khmer_sign_order": 0.05,
    "zero_width": 0.04,
    "name_km_missing": 0.01,
    "birth_one_day_off": 0.01,
    "birth_one_year_off": 0.015,
    "birth_swapped": 0.02,
    "birth_first_january": 0.02,
    "birth_year_only": 0.03,
    "birth_missing": 0.01,
    "sex_wrong": 0.005,
    "sex_missing": 0.005,
    "person_id_typo": 0.01,
    "phone_changed": 0.15,
    "village_missing": 0.01,
}
SPECS: dict[str, Spec] = {
    "idpoor": Spec(
        programme="Identification of poor households (IDPoor)",
        file="idpoor.csv",
        prefix="IDP",
        columns={
            "record_id": "record_no",
            "household_id": "equity_card_no",
            "name_km": "ឈ្មោះ",
            "name_latin": "name_en",
            "sex": "ភេទ",
            "birth_date": "ថ្ងៃកំណើត",
            "relation": "relation",
            "person_id": "national_id",
            "village_code": "village",
            "card_level": "poor_level",
            "phone": "tel",
            "registered_on": "interview_date",
            "updated_on": "last_update",
        },
        dates="dmy",
        codes={
            "sex": {"male": "ប្រុស", "female": "ស្រី"},
            "card_level": {"1": "ក្រ១", "2": "ក្រ២"},
            "relation": {"head": "1", "spouse": "2", "child": "3", "parent": "4", "other": "9"},
        },
        prefixed=False,
        phones="spaced",
        rates={**COMMON_RATES, "birth_year_only": 0.10, "birth_impossible": 0.002},
        known={"person_id": 0.55, "phone": 0.5, "household_id": 1.0},
    ),
    "cash_transfer": Spec(
        programme="Cash transfer to poor and vulnerable households",
        file="cash_transfer.xlsx",
        prefix="CT",
        columns={
            "record_id": "Payment ID",
            "household_id": "Card number",
            "name_latin": "Payee",
            "name_km": "Payee (Khmer)",
            "sex": "Gender",
            "birth_date": "Date of birth",
            "person_id": "ID card",
            "village_code": "Village code",
            "card_level": "Level",
            "phone": "Phone",
            "amount": "Amount (riel)",
            "payment_date": "Paid on",
            "registered_on": "Enrolled",
            "updated_on": "Updated",
        },
        dates="ymd",
        codes={"sex": {"male": "M", "female": "F"}, "card_level": {"1": "IDPoor 1", "2": "IDPoor 2"}},
        missing="N/A",
        phones="international",
        rates={
            **COMMON_RATES,
            "title": 0.05,
            "amount_wrong": 0.03,
            "household_id_typo": 0.01,
            "card_level_wrong": 0.02,
        },
        known={"person_id": 0.7, "phone": 0.8, "household_id": 0.95},
    ),
    "scholarship": Spec(
        programme="Scholarships for pupils of poor households",
        file="scholarship.csv",
        prefix="SCH",
        columns={
            "record_id": "លេខកូដ",
            "name_km": "ឈ្មោះសិស្ស",
            "name_latin": "ឈ្មោះឡាតាំង",
            "sex": "ភេទ",
            "birth_date": "ថ្ងៃខែឆ្នាំកំណើត",
            "village_code": "កូដភូមិ",
            "household_id": "លេខប័ណ្ណសមធម៌",
            "amount": "ទឹកប្រាក់ (ពាន់រៀល)",
            "registered_on": "ថ្ងៃចុះឈ្មោះ",
            "updated_on": "ថ្ងៃកែប្រែ",
        },
        dates="khmer_buddhist",
        codes={"sex": {"male": "ប", "female": "ស"}},
        missing="-",
        unit="thousand_riel",
        rates={**COMMON_RATES, "household_id_typo": 0.01},
        known={"household_id": 0.6},
    ),
    "health_equity_fund": Spec(
        programme="Health equity fund",
        file="health_equity_fund.parquet",
        prefix="HEF",
        columns={
            "record_id": "patient_no",
            "name_latin": "patient_name",
            "name_km": "patient_name_kh",
            "sex": "sex_code",
            "birth_date": "dob",
            "village_code": "vill_pcode",
            "household_id": "equity_card",
            "person_id": "nid",
            "phone": "mobile",
            "amount": "benefit_usd",
            "registered_on": "first_visit",
            "updated_on": "last_visit",
        },
        dates="compact",
        codes={"sex": {"male": "1", "female": "2"}},
        upper=True,
        unit="usd",
        as_numbers=("person_id",),
        rates={**COMMON_RATES, "birth_year_only": 0.15, "household_id_typo": 0.01},
        known={"household_id": 0.7, "person_id": 0.2, "phone": 0.5},
    ),
    "social_security": Spec(
        programme="National Social Security Fund, insured workers",
        file="social_security.csv",
        prefix="NSSF",
        columns={
            "record_id": "INSURED_NO",
            "name_latin": "FULL_NAME",
            "name_km": "FULL_NAME_KH",
            "sex": "SEX",
            "birth_date": "BIRTH_DATE",
            "person_id": "ID_CARD_NO",
            "village_code": "ADDRESS_CODE",
            "phone": "PHONE",
            "registered_on": "REGISTERED",
            "updated_on": "MODIFIED",
        },
        dates="mdy",
        codes={"sex": {"male": "Male", "female": "Female"}},
        missing="NULL",
        upper=True,
        phones="cut",
        rates={**COMMON_RATES, "birth_year_only": 0.0, "birth_missing": 0.005},
        known={"person_id": 0.95, "phone": 0.7},
    ),
    "disability": Spec(
        programme="Disability identification card",
        file="disability.dta",
        prefix="DIS",
        columns={
            "record_id": "id_dis",
            "name_km": "name_kh",
            "name_latin": "name_la",
            "sex": "q1_sex",
            "birth_date": "q2_birth",
            "person_id": "q3_nid",
            "village_code": "q4_village",
            "phone": "q5_phone",
            "household_id": "q6_card",
            "registered_on": "d_reg",
            "updated_on": "d_upd",
        },
        dates="khmer_month",
        codes={"sex": {"male": "0", "female": "1"}},
        prefixed=False,
        as_numbers=("village_code",),
        rates={**COMMON_RATES, "birth_year_only": 0.08, "household_id_typo": 0.01},
        known={"person_id": 0.5, "phone": 0.5, "household_id": 0.3},
    ),
}

# Style of dates: what the mapping says of it.
DATE_WORDS: dict[str, dict[str, Any]] = {
    "dmy": {"order": "dmy", "calendar": "gregorian"},
    "ymd": {"order": "ymd", "calendar": "gregorian"},
    "mdy": {"order": "mdy", "calendar": "gregorian"},
    "compact": {"order": "ymd", "calendar": "gregorian"},
    "khmer_buddhist": {"order": "dmy", "calendar": "buddhist", "offset": BUDDHIST},
    "khmer_month": {"order": "dmy", "calendar": "gregorian"},
}


def date_texts(days: NDArray[np.datetime64], style: str, how: NDArray | None = None) -> NDArray[np.object_]:
    """Return days as a list writes them; missing days are empty.

    Parameters
    ----------
    days
        Days.
    style
        One of the styles of `Spec`.
    how
        For each day "day", "year" (only the year is known), "impossible" (written as 31 February) or
        "missing"; None = all known to the day.

    Examples
    --------
    >>> date_texts(np.array(["1987-02-03"], dtype="datetime64[D]"), "khmer_buddhist").tolist()
    ['០៣/០២/២៥៣១']
    """
    known, code = np.unique(days, return_inverse=True)
    texts = np.array([_date(day, style) for day in known.tolist()], dtype=object)[code]
    if how is None:
        return texts
    years = np.array([_year(day, style) for day in known.tolist()], dtype=object)[code]
    texts = np.where(how == "year", years, texts)
    impossible = np.flatnonzero(how == "impossible")
    for row in impossible:  # the last of February is given: 28 or 29 becomes 31
        texts[row] = str(texts[row]).replace("28", "31", 1).replace("29", "31", 1)
    return np.where(how == "missing", "", texts)


def _year(day: Any, style: str) -> str:
    if day is None:
        return ""
    return str(day.year + BUDDHIST).translate(DIGITS) if style == "khmer_buddhist" else str(day.year)


def _date(day: Any, style: str) -> str:
    if day is None:
        return ""
    if style == "khmer_month":
        return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
    if style == "khmer_buddhist":
        return f"{day.day:02d}/{day.month:02d}/{day.year + BUDDHIST}".translate(DIGITS)
    forms = {"dmy": "%d/%m/%Y", "ymd": "%Y-%m-%d", "mdy": "%m/%d/%Y", "compact": "%Y%m%d"}
    return day.strftime(forms[style])


def phone_texts(phones: NDArray[np.object_], form: str) -> NDArray[np.object_]:
    """Return telephone numbers (012345678) in the form of a list; empty ones stay empty.

    Examples
    --------
    >>> phone_texts(np.array(["012345678", ""], dtype=object), "spaced").tolist()
    ['012 345 678', '']
    """
    forms = {
        "plain": lambda text: text,
        "spaced": lambda text: f"{text[:3]} {text[3:6]} {text[6:]}",
        "international": lambda text: f"+855 {text[1:]}",
        "cut": lambda text: text[1:],
    }
    return np.array([forms[form](text) if text else "" for text in phones], dtype=object)


def as_numbers(texts: NDArray[np.object_], *, decimals: bool) -> NDArray[np.object_]:
    """Return numbers of cards or places as a spreadsheet leaves them: no zeros in front, perhaps .0 behind.

    Examples
    --------
    >>> as_numbers(np.array(["048279042", ""], dtype=object), decimals=True).tolist()
    ['48279042.0', '']
    """
    end = ".0" if decimals else ""
    return np.array([text.lstrip("0") + end if text else "" for text in texts], dtype=object)


def mapping(list_id: str, columns: pd.Index) -> dict[str, Any]:
    """Return the mapping of one list to the common vocabulary, of the columns it has.

    Examples
    --------
    >>> mapping("social_security", pd.Index(["INSURED_NO", "SEX"]))["codes"]
    {'sex': {'Male': 'male', 'Female': 'female'}}
    """
    spec = SPECS[list_id]
    here = {name: raw for name, raw in spec.columns.items() if raw in columns}
    dates = [name for name in here if name in ("birth_date", "registered_on", "updated_on", "payment_date")]
    told: dict[str, Any] = {
        "list_id": list_id,
        "programme": spec.programme,
        "file": spec.file,
        "columns": here,
        "codes": {
            name: {raw: value for value, raw in codes.items()}
            for name, codes in spec.codes.items()
            if name in here
        },
        "dates": {name: dict(DATE_WORDS[spec.dates]) for name in dates},
        "missing": [spec.missing] if spec.missing else [],
        "taken_on": str(AS_OF),
        "village": {"prefix": "" if spec.prefixed else "KH"},
    }
    if "amount" in here:
        told["units"] = {
            "amount": {"unit": spec.unit, **({"riel_per_usd": 4_100} if spec.unit == "usd" else {})}
        }
    return told
