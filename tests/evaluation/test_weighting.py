from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from causaldata import nhefs_complete
from scipy import stats

from aspfin.evaluation.overlap import fit_propensity, overlap
from aspfin.evaluation.sample import prepare
from aspfin.evaluation.weighting import doubly_robust, inverse_probability_weighting, regression_adjustment

GOLDEN = yaml.safe_load(
    (Path(__file__).parents[1] / "golden/evaluation_observables.yaml").read_text(encoding="utf-8")
)
TERMS = ["sex", "race", "age", "age^2", "education", "smokeintensity", "smokeintensity^2", "smokeyrs"]
TERMS += ["smokeyrs^2", "exercise", "active", "wt71", "wt71^2"]
QUIT = {"outcome": "wt82_71", "treated": "qsmk", "controls": TERMS}
ESTIMATORS = [regression_adjustment, inverse_probability_weighting, doubly_robust]
NAMES = {"outcome": "food", "treated": "cash", "controls": ["age", "size"]}


@pytest.fixture(scope="module")
def nhefs():
    df = nhefs_complete.load_pandas().data.copy()
    for name in ("sex", "race", "qsmk"):
        df[name] = df[name].astype(float)
    for name in ("education", "exercise", "active"):
        df[name] = df[name].astype(int).astype("category")
    for name in ("age", "smokeintensity", "smokeyrs", "wt71"):
        df[f"{name}^2"] = df[name].astype(float) ** 2
    return df


def selected(seed=0, n=1500, effect=2.0, strength=0.8, clusters=40):
    rng = np.random.default_rng(seed)
    village = rng.integers(0, clusters, n)
    df = pd.DataFrame({"age": rng.normal(size=n), "size": rng.integers(1, 6, n), "village": village})
    chance = 1 / (1 + np.exp(-strength * df["age"] - 0.2 * (df["size"] - 3)))
    df["cash"] = (rng.uniform(size=n) < chance).astype(int)
    df["food"] = effect * df["cash"] + 2 * df["age"] + 0.5 * df["size"] + rng.normal(size=n)
    return df


def test_nhefs_weighting_as_published(nhefs):
    found, golden = inverse_probability_weighting(nhefs, **QUIT), GOLDEN["weighting"]
    tolerance = GOLDEN["tolerance"]
    fixed = found.details["std_error_fixed_weights"]
    assert found.n_obs == GOLDEN["n_obs"]
    assert found.estimate == pytest.approx(golden["estimate"], abs=tolerance)
    assert fixed == pytest.approx(golden["std_error_fixed_weights"], abs=tolerance)
    half = stats.norm.ppf(0.975) * fixed
    assert [found.estimate - half, found.estimate + half] == pytest.approx(
        golden["interval"], abs=2 * tolerance
    )
    assert found.estimate == pytest.approx(
        GOLDEN["published"]["weighting"], abs=GOLDEN["published"]["tolerance"]
    )
    assert found.std_error < fixed  # estimating the chances makes weighting more precise, not less


def test_nhefs_weights_plain_and_stabilised(nhefs):
    sample = prepare(nhefs, **QUIT)
    score, d = fit_propensity(sample.treated, sample.controls, sample.control_names).score, sample.treated
    plain = np.where(d == 1, 1 / score, 1 / (1 - score))
    stable = plain * np.where(d == 1, d.mean(), 1 - d.mean())
    tolerance = GOLDEN["tolerance"]
    assert plain.mean() == pytest.approx(GOLDEN["weighting"]["mean_weight"], abs=tolerance)
    for name in ("mean", "min", "max"):
        assert getattr(stable, name)() == pytest.approx(GOLDEN["stabilised"][name], abs=tolerance)


def test_nhefs_standardisation_as_published(nhefs):
    found = regression_adjustment(nhefs, **QUIT, interacted=["smokeintensity"])
    assert found.estimate == pytest.approx(GOLDEN["standardisation"]["estimate"], abs=GOLDEN["tolerance"])
    published = GOLDEN["published"]
    assert found.estimate == pytest.approx(published["standardisation"], abs=published["tolerance"])


def test_a_second_engine_agrees(nhefs):
    # Only point estimates of .ipw and errors of .ra: see test_weighting_errors_against_the_jackknife.
    import statsmodels.api as sm
    from statsmodels.treatment.treatment_effects import TreatmentEffect

    x = pd.get_dummies(nhefs[TERMS], drop_first=True).astype(float)
    x.insert(0, "one", 1.0)
    d = nhefs["qsmk"].astype(int).to_numpy()
    logit = sm.Logit(d, x.to_numpy()).fit(disp=0, method="newton", maxiter=50)
    ours = fit_propensity(d.astype(float), x.drop(columns="one").to_numpy(), TERMS).score
    assert ours == pytest.approx(logit.predict(), abs=1e-8)
    effect = TreatmentEffect(sm.OLS(nhefs["wt82_71"].to_numpy(), x.to_numpy()), d, results_select=logit)
    for group, estimand in (("all", "ATE"), (1, "ATT")):
        theirs, found = effect.ra(effect_group=group), regression_adjustment(nhefs, **QUIT, estimand=estimand)
        assert found.estimate == pytest.approx(float(np.ravel(theirs.effect)[0]), rel=1e-7)
        assert found.std_error == pytest.approx(theirs.results_gmm.bse[0], rel=1e-5)
        assert found.control_mean == pytest.approx(float(np.ravel(theirs.effect)[1]), rel=1e-7)
        theirs = effect.ipw(effect_group=group)
        found = inverse_probability_weighting(nhefs, **QUIT, estimand=estimand)
        assert found.estimate == pytest.approx(float(np.ravel(theirs.effect)[0]), rel=1e-6)


@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_errors_against_the_jackknife(estimator, estimand):
    # Leaving out one cluster at a time asks the whole procedure, fits and all, how much each row matters.
    df = selected(n=600, clusters=100, strength=0.5)
    df["food"] += 0.5 * df["age"] ** 2  # the outcome model is wrong, the logit right
    options = {**NAMES, "estimand": estimand}
    for cluster, codes in (("village", df["village"]), (None, pd.Series(np.arange(600)))):
        without = np.array([estimator(df[codes != one], **options).estimate for one in codes.unique()])
        m = len(without)
        jackknife = np.sqrt((m - 1) / m * ((without - without.mean()) ** 2).sum())
        assert estimator(df, **options, cluster=cluster).std_error == pytest.approx(jackknife, rel=0.04)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_recovers_the_effect_where_the_naive_comparison_fails(estimator):
    df = selected(n=4000)
    naive = df.groupby("cash")["food"].mean().diff().iloc[-1]
    found = estimator(df, **NAMES)
    assert naive > 3 and abs(found.estimate - 2) < 4 * found.std_error


def test_doubly_robust_survives_one_wrong_model():
    rng = np.random.default_rng(0)
    n = 20000
    df = pd.DataFrame({"age": rng.normal(size=n), "size": rng.normal(size=n)})
    df["cash"] = (rng.uniform(size=n) < 1 / (1 + np.exp(1 - df["age"]))).astype(int)
    df["food"] = 2 * df["cash"] + df["age"] ** 2 + rng.normal(size=n)  # outcome not linear, logit right
    found = doubly_robust(df, **NAMES)
    adjusted = regression_adjustment(df, **NAMES)
    assert abs(found.estimate - 2) < 4 * found.std_error < abs(adjusted.estimate - 2)


def test_trimming_is_told():
    df = selected(strength=2.5)
    plain = inverse_probability_weighting(df, **NAMES)
    trimmed = inverse_probability_weighting(df, **NAMES, trim=0.1)
    (reason, count), *_ = trimmed.dropped.items()
    assert reason == "propensity outside 0.1 to 0.9" and count == plain.n_obs - trimmed.n_obs > 0
    assert trimmed.estimand == "ATE of the trimmed sample"
    assert {c.name: c.passed for c in plain.checks}["overlap"] is False


def test_overlap_and_balance_checks():
    df = selected()
    assert overlap(df, treated="cash", controls=["age", "size"]).passed
    table = inverse_probability_weighting(df, **NAMES).details["balance"]
    assert (table["difference_after"].abs() < 0.05).all() and table["difference_before"].abs().max() > 0.3


def test_no_overlap_at_all_is_an_error_that_names_the_control():
    df = selected().assign(cash=lambda d: (d["age"] > 0).astype(int))
    with pytest.raises(ValueError, match=r"without error \(above all 'age'\)"):
        inverse_probability_weighting(df, **NAMES)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_invariances(estimator):
    df = selected().assign(area=lambda d: np.where(d["size"] > 3, "ជនបទ", "ទីក្រុង"))
    options = {**NAMES, "controls": ["age", "size", "area"], "cluster": "village"}
    base = estimator(df, **options)
    shuffled = estimator(df.sample(frac=1, random_state=1), **options)
    assert (shuffled.estimate, shuffled.std_error) == pytest.approx((base.estimate, base.std_error), rel=1e-9)
    scaled = estimator(df.assign(food=3 * df["food"] + 100, age=1e6 * df["age"] + 7), **options)
    assert scaled.estimate == pytest.approx(3 * base.estimate, rel=1e-6)
    assert scaled.std_error == pytest.approx(3 * base.std_error, rel=1e-6)
    twice = estimator(pd.concat([df, df]), **options)
    assert twice.estimate == pytest.approx(base.estimate, rel=1e-9)
    assert twice.std_error == pytest.approx(base.std_error, rel=1e-9)  # clusters, not rows, count
    swapped = estimator(df.assign(cash=1 - df["cash"]), **options)
    assert swapped.estimate == pytest.approx(-base.estimate, rel=1e-6)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_names_are_never_evaluated_and_types_do_not_matter(estimator):
    df = selected()
    base = estimator(df, **NAMES)
    odd = df.rename(columns={"food": "a:b", "cash": "C(x)", "age": "អាយុ 'x\" "}).astype({"C(x)": "int8"})
    before = odd.copy()
    found = estimator(odd, outcome="a:b", treated="C(x)", controls=["អាយុ 'x\" ", "size"])
    assert found.estimate == base.estimate
    pd.testing.assert_frame_equal(odd, before)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"estimand": "ATC"}, "estimand: got 'ATC'"),
        ({"controls": []}, "controls: none is given"),
        ({"controls": ["agee"]}, "did you mean 'age'"),
        ({"treated": "village"}, "must be 0 or 1"),
        ({"cluster": "same"}, "one level"),
        ({"controls": ["age", "only"]}, "'only'"),
    ],
)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_bad_input_is_told_in_one_line(estimator, change, message):
    df = selected(n=300).assign(same="x", only=lambda d: d["cash"] * (d["size"] > 2))
    with pytest.raises(ValueError, match=message) as caught:
        estimator(df, **(NAMES | change))
    assert "\n" not in str(caught.value)


def test_bad_trim_and_interaction():
    with pytest.raises(ValueError, match=r"trim: got 0\.5"):
        doubly_robust(selected(), **NAMES, trim=0.5)
    with pytest.raises(ValueError, match="'village' is not among the controls"):
        regression_adjustment(selected(), **NAMES, interacted=["village"])


@pytest.mark.slow
@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_coverage(estimator, estimand):
    draws = 200
    found = [
        estimator(selected(seed, n=600, strength=0.5), **NAMES, estimand=estimand) for seed in range(draws)
    ]
    hits = sum(one.conf_int()[0] <= 2 <= one.conf_int()[1] for one in found) / draws
    values = np.array([one.estimate for one in found])
    assert 0.90 <= hits <= 0.99  # Monte Carlo error of 1.5 points
    assert abs(values.mean() - 2) < 4 * values.std() / np.sqrt(draws)
