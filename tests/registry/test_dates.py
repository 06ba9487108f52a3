"""Dates as offices write them: read, or told; never guessed in silence."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.registry.dates import KINDS, MONTHS_KM, parse_dates

KHMER_DIGITS = str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩")
days = st.dates(dt.date(1905, 1, 1), dt.date(2040, 12, 31))


def one(value, **rule):
    row = parse_dates(pd.Series([value], dtype=object), **rule).iloc[0]
    day = None if pd.isna(row["date"]) else row["date"].date().isoformat()
    year = None if pd.isna(row["year"]) else int(row["year"])
    month = None if pd.isna(row["month"]) else int(row["month"])
    return day, year, month, *(None if pd.isna(row[name]) else row[name] for name in ("precision", "kind"))


@pytest.mark.parametrize(
    ("value", "rule", "expected"),
    [
        ("03/04/1990", {}, ("1990-04-03", 1990, 4, "day", None)),
        ("3-4-1990", {"order": "mdy"}, ("1990-03-04", 1990, 3, "day", None)),
        ("1990.04.03", {"order": "ymd"}, ("1990-04-03", 1990, 4, "day", None)),
        ("19900403", {"order": "ymd"}, ("1990-04-03", 1990, 4, "day", None)),
        ("03041990", {}, ("1990-04-03", 1990, 4, "day", None)),
        ("1990-04-03", {}, ("1990-04-03", 1990, 4, "day", "other order")),
        ("25/12/1990", {"order": "mdy"}, ("1990-12-25", 1990, 12, "day", "other order")),
        ("31/02/1990", {}, (None, 1990, None, "year", "impossible day")),
        ("29/02/1991", {}, (None, 1991, None, "year", "impossible day")),
        ("29/02/1992", {}, ("1992-02-29", 1992, 2, "day", None)),
        ("0/0/1985", {}, (None, 1985, None, "year", None)),
        ("1985", {}, (None, 1985, None, "year", None)),
        (1985.0, {}, (None, 1985, None, "year", None)),
        ("04/1985", {}, (None, 1985, 4, "month", None)),
        ("1985-04", {"order": "ymd"}, (None, 1985, 4, "month", None)),
        ("០៣/០៤/២៥៣៤", {"calendar": "buddhist"}, ("1990-04-03", 1990, 4, "day", None)),
        ("03/04/2533", {"calendar": "buddhist", "offset": 543}, ("1990-04-03", 1990, 4, "day", None)),
        ("03/04/2534", {}, ("1990-04-03", 1990, 4, "day", "other calendar")),
        ("03/04/1990", {"calendar": "buddhist"}, ("1990-04-03", 1990, 4, "day", "other calendar")),
        ("៣ មេសា ព.ស. ២៥៣៤", {}, ("1990-04-03", 1990, 4, "day", None)),
        ("ថ្ងៃទី៣ ខែមេសា ឆ្នាំ១៩៩០", {}, ("1990-04-03", 1990, 4, "day", None)),
        ("3 មេសា\u200b 1990", {}, ("1990-04-03", 1990, 4, "day", None)),
        ("មេសា 1990", {}, (None, 1990, 4, "month", None)),
        ("៥ កើត ខែចេត្រ ឆ្នាំ ២៥៣៤", {}, (None, 1990, None, "year", "lunar date")),
        ("3 April 1990", {}, ("1990-04-03", 1990, 4, "day", None)),
        ("03-Apr-90", {"taken_on": dt.date(2024, 1, 1)}, ("1990-04-03", 1990, 4, "day", "two-digit year")),
        ("03/04/15", {"taken_on": dt.date(2024, 1, 1)}, ("2015-04-03", 2015, 4, "day", "two-digit year")),
        (32966, {}, ("1990-04-03", 1990, 4, "day", "spreadsheet number")),
        (32966.5, {}, ("1990-04-03", 1990, 4, "day", "spreadsheet number")),
        ("32966", {}, ("1990-04-03", 1990, 4, "day", "spreadsheet number")),
        ("1990-04-03 00:00:00", {"order": "ymd"}, ("1990-04-03", 1990, 4, "day", None)),
        ("1990-04-03T10:30:00Z", {"order": "ymd"}, ("1990-04-03", 1990, 4, "day", None)),
        (pd.Timestamp("1990-04-03 12:00"), {}, ("1990-04-03", 1990, 4, "day", None)),
        (dt.date(1990, 4, 3), {"order": "mdy"}, ("1990-04-03", 1990, 4, "day", None)),
        ("03/04/2025", {"taken_on": dt.date(2024, 1, 1)}, (None, None, None, None, "in the future")),
        ("2025", {"taken_on": dt.date(2024, 1, 1)}, (None, None, None, None, "in the future")),
        ("03/04/1790", {}, (None, None, None, None, "year out of range")),
        ("99999999", {}, (None, None, None, None, "year out of range")),
        ("soon", {}, (None, None, None, None, "not a date")),
        ("1/2/3/4", {}, (None, None, None, None, "not a date")),
        (0.25, {}, (None, None, None, None, "not a date")),
        (float("inf"), {}, (None, None, None, None, "not a date")),
        (-5, {}, (None, None, None, None, "not a date")),
        (True, {}, (None, None, None, None, "not a date")),
        (None, {}, (None, None, None, None, None)),
        (pd.NaT, {}, (None, None, None, None, None)),
    ],
)
def test_one_date(value, rule, expected):
    assert one(value, **rule) == expected
    assert expected[-1] is None or expected[-1] in KINDS


@settings(deadline=None, max_examples=60)
@given(st.lists(days, min_size=1, max_size=20))
def test_round_trips(some):
    """Whatever the form, the same days come back, in their order and on their index."""
    forms = {
        "dmy": lambda day: f"{day:%d/%m/%Y}",
        "mdy": lambda day: f"{day:%m-%d-%Y}",
        "ymd": lambda day: f"{day:%Y%m%d}",
    }
    index = range(100, 100 + len(some))
    for order, form in forms.items():
        read = parse_dates(pd.Series([form(day) for day in some], index=index), order=order)
        assert [one.date() for one in read["date"]] == some and read.index.tolist() == list(index)
        assert read.precision.eq("day").all() and read.kind.isna().all()
    khmer = [f"{day.day} {MONTHS_KM[day.month - 1]} {day.year + 544}".translate(KHMER_DIGITS) for day in some]
    read = parse_dates(pd.Series(khmer), calendar="buddhist")
    assert [one.date() for one in read["date"]] == some
    serial = parse_dates(pd.Series([(day - dt.date(1899, 12, 30)).days for day in some if day.year > 1930]))
    assert [one.date() for one in serial["date"]] == [day for day in some if day.year > 1930]


@settings(deadline=None, max_examples=150)
@given(
    st.one_of(
        st.text(max_size=15),
        st.floats(),
        st.integers(),
        st.from_regex(r"\A\d{1,4}[/. -]\d{1,2}[/. -]\d{1,4}\Z"),
    )
)
def test_never_fails_and_never_silent(value):
    day, year, _, precision, kind = one(value)
    if precision is None and str(value).strip() and not pd.isna(value):
        assert kind in KINDS or not str(value).strip("\u200b\u200c\u200d\ufeff ")
    if day is not None:
        assert precision == "day" and day[:4] == str(year)


def test_columns_have_types_even_when_nothing_is_there():
    read = parse_dates(pd.Series([None, None], dtype=object))
    assert read.dtypes.astype(str).tolist() == ["datetime64[s]", "Int16", "Int8", "str", "str"]
    assert len(parse_dates(pd.Series([], dtype=str))) == 0


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"order": "dym"}, "order: got 'dym'"),
        ({"calendar": "lunar"}, "calendar: got"),
        ({"offset": 500}, "offset: got 500"),
    ],
)
def test_bad_rules(rule, message):
    with pytest.raises(ValueError, match=message):
        parse_dates(pd.Series(["1990"]), **rule)
