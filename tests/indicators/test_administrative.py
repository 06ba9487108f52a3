"""Administrative counts against survey totals."""

import numpy as np
import pandas as pd
import pytest

from aspfin.indicators import Indicator, SurveyDesign, administrative_against_survey, total


def found(value=90_000.0, std_error=8_000.0, unit="persons"):
    return Indicator(code="total", name="t", value=value, std_error=std_error, df=60, n=480, unit=unit)


def records(*counts, programme="cash"):
    return pd.DataFrame(
        {
            "programme": programme,
            "count": counts,
            "date": [f"2023-0{i + 1}-01" for i in range(len(counts))],
            "source": "ministry",
        }
    )


def test_gap_and_its_uncertainty():
    row = administrative_against_survey(records(120_000), {"cash": found()}).table.iloc[0]
    low, high = found().conf_int()
    assert row["gap"] == 30_000 and row["gap_percent"] == 25 and row["gap_std_error"] == 8_000
    assert (row["gap_ci_low"], row["gap_ci_high"]) == (120_000 - high, 120_000 - low)
    assert not row["within_sampling_error"]
    assert "respondents do not report" in row["explanation"]


@pytest.mark.parametrize(
    ("count", "within", "words"),
    [
        (95_000, True, "sampling error alone"),
        (60_000, False, "records are older"),
        (400_000, False, "persons on one side and households"),
        (20_000, False, "persons on one side and households"),
        (0, False, "records are older"),
    ],
)
def test_explanations(count, within, words):
    compared = administrative_against_survey(records(count), {"cash": found()})
    row = compared.table.iloc[0]
    assert row["within_sampling_error"] == within
    assert words in row["explanation"]
    assert words in str(compared) or within


def test_a_wider_level_explains_more():
    narrow = administrative_against_survey(records(107_000), {"cash": found()}).table
    wide = administrative_against_survey(records(107_000), {"cash": found()}, level=0.99).table
    assert not narrow["within_sampling_error"].iloc[0] and wide["within_sampling_error"].iloc[0]


def test_one_side_only_is_missing_not_zero():
    table = pd.concat([records(100, 110), records(50, programme="school")])
    compared = administrative_against_survey(table, {"cash": found(100.0, 5.0), "pension": found()}).table
    assert compared["programme"].tolist() == ["cash", "cash", "pension", "school"]
    by = compared.set_index("programme")
    assert np.isnan(by.loc["pension", "administrative"]) and np.isnan(by.loc["school", "survey"])
    assert by.loc[["pension", "school"], "gap"].isna().all()
    assert "no survey estimate" in by.loc["school", "explanation"]


def test_with_a_survey():
    df = pd.DataFrame(
        {"cash": [1, 0, 1, 0, 1, 1], "w": [100.0, 120, 90, 80, 110, 100], "psu": [1, 1, 2, 2, 3, 3]}
    )
    estimate = total(SurveyDesign(df, weights="w", psu="psu"), "cash", unit="households")
    compared = administrative_against_survey(records(450), {"cash": estimate})
    assert compared.table["survey"].iloc[0] == 400
    assert compared.to_frame() is not compared.table


def test_order_of_rows_does_not_matter():
    table = pd.concat([records(100, 110), records(50, programme="school")])
    survey = {"cash": found(100.0, 5.0), "pension": found()}
    one = administrative_against_survey(table, survey).table
    other = administrative_against_survey(table.iloc[::-1], dict(reversed(survey.items()))).table
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize(
    ("table", "survey", "words"),
    [
        (records(1).drop(columns="date"), {"cash": found()}, "there is no column 'date'"),
        (records(1).assign(source=None), {"cash": found()}, "column 'source' is missing in 1 rows"),
        (records(-1), {"cash": found()}, "count' holds -1"),
        (records("1"), {"cash": found()}, "to_numeric"),
        (records(1), {"cash": found(0.2, 0.1, "share")}, "not a share"),
        (records(1), {"cash": 3.0}, "got float"),
        (records(1), {"pension": found()}, "no programme is on both sides"),
        ({"cash": 1}, {"cash": found()}, "give a pandas DataFrame"),
    ],
)
def test_refusals(table, survey, words):
    with pytest.raises(ValueError, match=words):
        administrative_against_survey(table, survey)
