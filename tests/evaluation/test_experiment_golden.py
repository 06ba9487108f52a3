"""Experiments, instruments and q-values against published numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from aspfin import evaluation

GOLDEN = yaml.safe_load(
    (Path(__file__).parents[1] / "golden/evaluation_experiments.yaml").read_text(encoding="utf-8")
)
CLOSE = {"rel": GOLDEN["tolerance"], "abs": 5e-7}  # the goldens carry six decimals at least


def data(name):
    causaldata = pytest.importorskip("causaldata")
    return getattr(causaldata, name).load_pandas().data


@pytest.fixture(scope="module")
def nsw():
    frame = data("nsw_mixtape")
    return frame.assign(**{"age squared": frame["age"].astype(float) ** 2})


@pytest.mark.parametrize("covariance", ["classical", "HC1"])
def test_nsw_difference_in_means(nsw, covariance):
    case = GOLDEN["nsw"]
    found = evaluation.difference_in_means(
        nsw, outcome=case["outcome"], treated=case["treated"], covariance=covariance
    )
    assert found.estimate == pytest.approx(case["estimate"], abs=5e-5)
    assert found.std_error == pytest.approx(case[covariance], abs=5e-5)
    assert found.std_error_kind == covariance
    assert found.control_mean == pytest.approx(case["mean_control"], abs=5e-4)
    assert found.control_mean + found.estimate == pytest.approx(case["mean_treated"], abs=5e-4)
    assert (found.n_obs, found.n_clusters, found.dropped, found.df) == (case["n_obs"], None, {}, 443)


def test_nsw_with_controls(nsw):
    case = GOLDEN["nsw"]
    found = evaluation.difference_in_means(
        nsw, outcome="re78", treated="treat", controls=case["controls"], covariance="classical"
    )
    assert found.estimate == pytest.approx(case["adjusted"], abs=1e-4)
    assert found.std_error == pytest.approx(case["adjusted_classical"], abs=1e-4)
    assert (found.n_obs, found.dropped) == (445, {})


def test_nsw_with_age_squared_in_eight_bits_is_another_number(nsw):
    case = GOLDEN["nsw"]
    assert nsw["age"].dtype == np.int8
    found = evaluation.difference_in_means(
        nsw.assign(**{"age squared": nsw["age"] ** 2}),
        outcome="re78",
        treated="treat",
        controls=case["controls"],
        covariance="classical",
    )
    assert found.estimate == pytest.approx(case["adjusted_overflowing"], abs=1e-4)
    assert found.std_error == pytest.approx(case["adjusted_overflowing_classical"], abs=1e-4)


def test_naive_comparison_with_the_cps(nsw):
    case = GOLDEN["cps_naive"]
    both = pd.concat([nsw[nsw["treat"] == 1], data("cps_mixtape")])
    found = evaluation.difference_in_means(both, outcome="re78", treated="treat", covariance="classical")
    assert found.n_obs == case["n_obs"]
    assert found.estimate == pytest.approx(case["estimate"], abs=5e-5)
    assert found.std_error == pytest.approx(case["classical"], abs=5e-5)


def test_insurance_network():
    case = GOLDEN["social_insurance"]
    found = evaluation.instrumental_variables(
        data("social_insure"),
        outcome=case["outcome"],
        treated=case["treated"],
        instrument=case["instrument"],
        controls=case["controls"],
        strata=case["strata"],
        cluster=case["cluster"],
    )
    assert (found.n_obs, sum(found.dropped.values())) == (case["n_obs"], case["dropped"])
    assert found.n_clusters == 166
    assert found.estimate == pytest.approx(case["estimate"], **CLOSE)
    assert found.std_error == pytest.approx(case["std_error"], **CLOSE)
    first = found.details["first_stage"].iloc[0]
    assert first["estimate"] == pytest.approx(case["first_stage"], **CLOSE)
    assert first["std_error"] == pytest.approx(case["first_stage_std_error"], **CLOSE)
    assert found.details["first_stage_f"] == pytest.approx(case["first_stage_f"], abs=5e-4)
    assert found.details["effective_f"] == pytest.approx(found.details["first_stage_f"])
    low, high = found.details["anderson_rubin"][0]
    assert low < found.estimate < high and high - low > np.subtract(*found.conf_int()[::-1])
    assert [check.passed for check in found.checks] == [False, True]


def test_village_effects_as_controls_or_absorbed_agree():
    case = GOLDEN["social_insurance"]
    frame = data("social_insure")
    named = {name: case[name] for name in ("outcome", "treated", "instrument", "cluster")}
    absorbed = evaluation.instrumental_variables(frame, **named, controls=case["controls"], strata="village")
    dummies = evaluation.instrumental_variables(frame, **named, controls=[*case["controls"], "village"])
    assert dummies.estimate == pytest.approx(absorbed.estimate, rel=1e-9)
    assert dummies.std_error == pytest.approx(absorbed.std_error, rel=1e-9)


@pytest.mark.parametrize("case", GOLDEN["close_elections"]["cases"])
def test_close_elections(case):
    frame = data("close_elections_lmb")
    frame = frame[frame["lagdemvoteshare"].between(0.48, 0.52)]
    found = evaluation.difference_in_means(
        frame, outcome=case["outcome"], treated=case["treated"], cluster="id"
    )
    assert found.n_obs == GOLDEN["close_elections"]["n_obs"]
    assert found.estimate == pytest.approx(case["estimate"], **CLOSE)
    assert found.std_error == pytest.approx(case["std_error"], **CLOSE)


def test_thornton_incentives():
    case = GOLDEN["thornton"]
    frame = data("thornton_hiv")
    plain = evaluation.difference_in_means(frame, outcome="got", treated="any")
    assert (plain.n_obs, sum(plain.dropped.values())) == (case["n_obs"], case["dropped"])
    assert plain.estimate == pytest.approx(case["estimate"], **CLOSE)
    assert plain.control_mean == pytest.approx(case["mean_control"], **CLOSE)
    expected = case["clustered"]
    found = evaluation.difference_in_means(frame, outcome="got", treated="any", cluster="villnum")
    assert (found.n_obs, found.n_clusters) == (expected["n_obs"], expected["n_clusters"])
    assert found.estimate == pytest.approx(expected["estimate"], **CLOSE)
    assert found.std_error == pytest.approx(expected["std_error"], **CLOSE)


@pytest.mark.parametrize("case", ["five", "fifteen"])
def test_sharpened_q(case):
    given = GOLDEN["anderson_q"][case]
    order = np.random.default_rng(1).permutation(len(given["p"]))
    table = evaluation.adjust_p_values([given["p"][i] for i in order], method="anderson_q")
    assert table["adjusted_p_value"].tolist() == pytest.approx([given["q"][i] for i in order], abs=1e-12)


def test_benjamini_hochberg():
    given = GOLDEN["anderson_q"]["five"]
    table = evaluation.adjust_p_values(given["p"], method="benjamini_hochberg")
    assert table["adjusted_p_value"].tolist() == pytest.approx(given["benjamini_hochberg"], abs=5e-7)
