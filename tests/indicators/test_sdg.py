"""SDG 1.3.1: two definitions, never one column."""

import numpy as np
import pandas as pd
import pytest

from aspfin.indicators import SurveyDesign, difference, sdg_1_3_1, sdg_1_3_1_cambodia
from aspfin.indicators.sdg import SUB_INDICATORS


def people(n=400, seed=0):
    rng = np.random.default_rng(seed)
    df = pd.DataFrame(
        {
            "pension": rng.random(n) < 0.1,
            "cash": rng.random(n) < 0.2,
            "insured": rng.random(n) < 0.15,
            "old": rng.random(n) < 0.12,
            "child": rng.random(n) < 0.3,
            "sex": rng.choice(["f", "m"], n),
            "w": rng.uniform(1, 5, n),
            "village": np.arange(n) // 10,
        }
    )
    return df


def design_of(df):
    return SurveyDesign(df, weights="w", psu="village")


CALL = {
    "benefits": ["pension", "cash"],
    "contributions": ["insured"],
    "groups": {"older_persons": ("old", ["pension"]), "children": ("child", "cash")},
}


def test_by_hand():
    df = people()
    found = sdg_1_3_1(design_of(df), **CALL)
    covered = df["pension"] | df["cash"] | df["insured"]
    assert found.overall.value == pytest.approx(np.average(covered, weights=df["w"]))
    by_code = {one.code: one for one in found.indicators}
    old = df[df["old"]]
    assert by_code["SI_COV_PENSN"].value == pytest.approx(np.average(old["pension"], weights=old["w"]))
    assert by_code["SI_COV_PENSN"].n == len(old)
    assert list(by_code) == [
        "SI_COV_BENFTS",
        "SI_COV_CHLD",
        "SI_COV_PENSN",
    ]  # the UN's order, not the caller's


def test_at_least_one_benefit_is_not_the_sum():
    df = people().assign(pension=True, cash=True, insured=True)
    assert sdg_1_3_1(design_of(df), **CALL).overall.value == pytest.approx(1)


def test_by_sex():
    df = people()
    found = sdg_1_3_1(design_of(df), **CALL, by="sex")
    frame = found.to_frame()
    assert len(frame) == 3 * 3 and frame["sex"].isna().sum() == 3
    women = sdg_1_3_1(design_of(df).domain(df["sex"] == "f"), **CALL)
    row = frame[(frame["code"] == "SI_COV_CHLD") & (frame["sex"] == "f")].iloc[0]
    same = women.indicators[1]
    assert (row["estimate"], row["std_error"]) == (same.value, same.std_error)


def test_indicators_of_one_survey_can_be_compared():
    found = sdg_1_3_1(design_of(people()), **CALL, by="sex").indicators
    gap = difference(found[1], found[2])
    assert gap.value == pytest.approx(found[1].value - found[2].value)


def test_side_by_side_in_columns_of_their_own():
    found = sdg_1_3_1(design_of(people()), **CALL)
    cambodia = sdg_1_3_1_cambodia(
        poor_and_vulnerable_supported=30, poor_and_vulnerable=120, year=2020, source="MoSVY"
    )
    table = found.beside(cambodia)
    assert ((table["international"].notna().astype(int) + table["cambodia"].notna()) == 1).all()
    assert table["definition"].nunique() == 2
    assert table["cambodia"].iloc[-1] == 0.25
    assert "administrative" in str(cambodia) and "in 2020" in str(cambodia)
    assert cambodia.to_frame()["share"].tolist() == [0.25]


def test_nobody_vulnerable_is_missing_not_zero():
    found = sdg_1_3_1_cambodia(poor_and_vulnerable_supported=0, poor_and_vulnerable=0)
    assert np.isnan(found.value) and "unknown" in str(found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"benefits": "pension"}, "give lists of columns"),
        ({"benefits": []}, "at least one"),
        ({"benefits": ["w"]}, "column 'w' must be 0 or 1"),
        ({"benefits": ["pensions"]}, "did you mean 'pension'"),
        ({"groups": {"orphans": ("child", "cash")}}, "groups: got 'orphans'; allowed: children"),
        ({"groups": {"unemployed": ("nobody", "cash")}}, "nobody belongs"),
        ({"contributions": ["gap"]}, "is missing in 1 of 400 rows"),
    ],
)
def test_refusals(change, words):
    df = people().assign(nobody=0, gap=lambda one: one["cash"].astype(float).where(one.index > 0))
    with pytest.raises(ValueError, match=words):
        sdg_1_3_1(design_of(df), **{**CALL, **change})


@pytest.mark.parametrize(
    ("supported", "everyone", "words"),
    [
        (5, 4, "no more than"),
        (-1, 4, "at least 0"),
        (1, np.nan, "poor_and_vulnerable: got nan"),
        ("5", 6, "got '5'"),
    ],
)
def test_bad_counts(supported, everyone, words):
    with pytest.raises(ValueError, match=words):
        sdg_1_3_1_cambodia(poor_and_vulnerable_supported=supported, poor_and_vulnerable=everyone)


def test_all_sub_indicators_of_the_indicator_are_named():
    assert len(SUB_INDICATORS) == 8 and len({code for code, _ in SUB_INDICATORS.values()}) == 8
