import numpy as np
import pandas as pd
import pytest

from aspfin.evaluation.donor_weights import spread_of_effect
from aspfin.evaluation.synthetic_control import synthetic_control

NAMES = {"outcome": "food", "unit": "province", "time": "year", "treated_unit": "p00", "treated_from": 2012}


def provinces(seed=0, units=12, before=12, after=4, effect=2.0, noise=0.1):
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(before + after, 2)).cumsum(axis=0) * 0.5
    loads = rng.uniform(0, 1, (units, 2))
    loads[0] = loads[1:4].mean(axis=0)  # inside the hull, so that a mix of the others can follow
    y = 10 + factors @ loads.T + noise * rng.normal(size=(before + after, units))
    y[before:, 0] += effect
    rows = [
        (f"p{u:02d}", 2012 - before + t, y[t, u], loads[u, 0] + 0.01 * u, loads[u, 1])
        for u in range(units)
        for t in range(before + after)
    ]
    return pd.DataFrame(rows, columns=["province", "year", "food", "roads", "rice"])


def check(found, name):
    return {one.name: one for one in found.checks}[name]


@pytest.mark.parametrize("method", ["synthetic_control", "synthetic_did"])
def test_recovers_the_effect(method):
    found = synthetic_control(provinces(), **NAMES, method=method)
    low, high = found.conf_int()
    assert low < 2 < high and abs(found.estimate - 2) < 0.5
    assert found.details["placebo_p_value"] == pytest.approx(1 / 12)
    assert found.details["weights"].sum() == pytest.approx(1, abs=1e-4)  # the library leaves out the smallest
    assert check(found, "fit before treatment").passed
    assert check(found, "placebo in space").passed is False  # 12 units cannot give a p-value of 0.05


def test_weights_are_the_best_fit_before_treatment():
    from scipy import optimize

    df = provinces()
    found = synthetic_control(df, **NAMES)
    wide = df.pivot_table(index="year", columns="province", values="food").loc[:2011]
    y, x = wide["p00"].to_numpy(), wide.drop(columns="p00").to_numpy()
    best = optimize.minimize(
        lambda w: ((y - x @ w) ** 2).mean(),
        np.full(x.shape[1], 1 / x.shape[1]),
        bounds=[(0, 1)] * x.shape[1],
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    assert found.details["root_mean_square_error_before"] == pytest.approx(np.sqrt(best.fun), rel=1e-4)


def test_placebo_rank_is_the_library_s():
    from diff_diff import SyntheticControl

    df = provinces(effect=0.1)
    found = synthetic_control(df, **NAMES)
    df["d"] = ((df["province"] == "p00") & (df["year"] >= 2012)).astype(int)
    theirs = SyntheticControl(v_method="custom", custom_v=np.ones(12), standardize="none")
    theirs = theirs.fit(df, "food", "d", "province", "year")
    theirs.in_space_placebo()
    assert found.estimate == pytest.approx(theirs.att)
    assert found.details["placebo_p_value"] == pytest.approx(theirs.placebo_p_value)


def test_by_period_averages_to_the_estimate():
    found = synthetic_control(provinces(), **NAMES)
    after = found.by[found.by["time"] >= 2012]
    assert after["estimate"].mean() == pytest.approx(found.estimate) and len(found.by) == 16


def test_unstable_weights_are_flagged():
    # Three periods before treatment and thirty donors: endless mixes fit exactly and part company afterwards.
    rng = np.random.default_rng(1)
    walk = rng.normal(size=(8, 31)).cumsum(axis=0)
    walk[:3, 0] = walk[:3, 1:].mean(axis=1)
    df = pd.DataFrame(walk, index=range(2009, 2017), columns=[f"p{u:02d}" for u in range(31)])
    df = df.rename_axis("year").reset_index().melt("year", var_name="province", value_name="food")
    found = synthetic_control(df, **NAMES)
    unstable = check(found, "stability of the weights")
    assert unstable.passed is False and unstable.statistic > 1
    assert check(synthetic_control(provinces(before=24), **NAMES), "stability of the weights").passed


def test_spread_of_effect_holds_every_equally_good_mix():
    outcome = np.array([[2.0, 1, 3, 2], [2, 1, 3, 2], [9, 0, 10, 4]])
    low, high = spread_of_effect(outcome, 2)
    # Halves of units 1 and 2 give 5; unit 3 gives 4; both fit exactly.
    assert (low, high) == pytest.approx((4.0, 5.0), abs=0.01)


@pytest.mark.slow
def test_predictors_are_searched_from_many_starts():
    df = provinces(units=6)
    found = synthetic_control(df, **NAMES, predictors=["roads", "rice", "food"])
    again = synthetic_control(df, **NAMES, predictors=["roads", "rice", "food"])
    assert len(found.details["losses"]) == 16 and abs(found.estimate - 2) < 0.5
    assert found.details["root_mean_square_error_before"] == found.details["losses"].min()
    assert again.estimate == found.estimate and found.details["importance"].sum() == pytest.approx(1)
    assert found.details["effect_low"] <= found.estimate <= found.details["effect_high"]


@pytest.mark.parametrize("method", ["synthetic_control", "synthetic_did"])
def test_invariances(method):
    df = provinces()
    base = synthetic_control(df, **NAMES, method=method)
    before = df.copy()
    shuffled = synthetic_control(df.sample(frac=1, random_state=1), **NAMES, method=method)
    assert (shuffled.estimate, shuffled.std_error) == (base.estimate, base.std_error)
    scaled = synthetic_control(df.assign(food=3 * df["food"] + 100), **NAMES, method=method)
    assert scaled.estimate == pytest.approx(3 * base.estimate, rel=1e-4)
    odd = df.rename(columns={"food": "a:b", "province": "C(x)", "year": "ឆ្នាំ"})
    odd["C(x)"] = odd["C(x)"].astype("category")
    names = {"outcome": "a:b", "unit": "C(x)", "time": "ឆ្នាំ", "treated_unit": "p00", "treated_from": 2012}
    assert synthetic_control(odd, **names, method=method).estimate == base.estimate
    pd.testing.assert_frame_equal(df, before)


def test_units_with_gaps_are_left_out_and_told():
    df = provinces()
    df.loc[(df["province"] == "p05") & (df["year"] == 2003), "food"] = np.nan
    found = synthetic_control(df, **NAMES)
    assert found.dropped == {"province with a missing food": 15} and found.n_obs == 11 * 16


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "sc"}, "method: got 'sc'"),
        ({"treated_unit": "p99"}, "there is no 'p99'"),
        ({"treated_from": 1990}, "there is no 1990"),
        ({"treated_from": 2001}, "at least 2 are needed"),
        ({"predictors": ["flat"]}, "the same in all units"),
        ({"predictors": ["roads"], "method": "synthetic_did"}, "uses none"),
        ({"outcome": "fod"}, "did you mean 'food'"),
    ],
)
def test_bad_input_is_told_in_one_line(change, message):
    with pytest.raises(ValueError, match=message) as caught:
        synthetic_control(provinces().assign(flat=1.0), **(NAMES | change))
    assert "\n" not in str(caught.value)


def test_broken_panels():
    df = provinces()
    with pytest.raises(ValueError, match="several rows"):
        synthetic_control(pd.concat([df, df.iloc[:1]]), **NAMES)
    df.loc[df["province"].eq("p00") & df["year"].eq(2003), "food"] = np.nan
    with pytest.raises(ValueError, match="'food' is missing for 'p00'"):
        synthetic_control(df, **NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["synthetic_control", "synthetic_did"])
def test_coverage(method):
    draws, names = 20, {**NAMES, "method": method}
    found = [synthetic_control(provinces(seed, units=10, noise=0.5), **names) for seed in range(draws)]
    hits = sum(one.conf_int()[0] <= 2 <= one.conf_int()[1] for one in found)
    assert hits >= 16  # 19 expected at 95 %; fewer than 16 has a chance below 1 %
    values = np.array([one.estimate for one in found])
    assert abs(values.mean() - 2) < 4 * values.std() / np.sqrt(draws)
