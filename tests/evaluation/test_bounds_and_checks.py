"""Lee bounds, balance, attrition, placebo."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from aspfin.evaluation import checks, difference_in_means, lee_bounds
from aspfin.evaluation.bounds import _imbens_manski


def programme(seed=0, n=1000, kept=(0.7, 0.9), effect=1.0, jump=0):
    """Some are always seen; in the arm with the higher rate a share more, drawn at random."""
    rng = np.random.default_rng(seed)
    t = rng.permutation(n) % 2
    y = rng.normal(size=n) + effect * t
    seen = rng.random(n) < np.where(t == 1, kept[1], kept[0])
    return pd.DataFrame(
        {
            "y": np.where(seen, y, np.nan),
            "t": t,
            "seen": seen.astype("int8"),
            "age": rng.normal(40, 10, n) + jump * t,
            "sex": rng.choice(["f", "m"], n),
            "village": np.arange(n) // 10,
            "region": np.arange(n) % 4,
        }
    )


def by_hand(df):
    """Sort the arm with the higher response and cut whole people: exact when the share is a whole number of them."""
    arms = [df.loc[df["t"] == arm, "y"] for arm in (0, 1)]
    rates = [arm.notna().mean() for arm in arms]
    big = int(rates[1] >= rates[0])
    values = np.sort(arms[big].dropna())
    cut = round((1 - rates[1 - big] / rates[big]) * values.size)
    low, high = values[: values.size - cut].mean(), values[cut:].mean()
    other = arms[1 - big].mean()
    return (low - other, high - other) if big else (other - high, other - low)


@pytest.mark.parametrize("flip", [False, True])
def test_bounds_by_hand(flip):
    rng = np.random.default_rng(1)
    # 80 of 100 untreated and all 100 treated seen: a fifth, 20 people, is trimmed.
    df = pd.DataFrame({"t": np.repeat([0, 1], 100), "y": rng.normal(size=200)})
    df.loc[:19, "y"] = np.nan
    if flip:
        df["t"] = 1 - df["t"]
    found = lee_bounds(df, outcome="y", treated="t")
    assert (found.lower, found.upper) == pytest.approx(by_hand(df))
    assert found.details["trimmed_share"] == pytest.approx(0.2)
    assert found.details["trimmed_arm"] == ("untreated" if flip else "treated")
    assert (found.n_obs, found.details["n_assigned"]) == (180, 200)
    assert found.by["bound"].tolist() == ["lower", "upper"]
    # Swapping the arms turns the bounds round.
    other = lee_bounds(df.assign(t=1 - df["t"]), outcome="y", treated="t")
    assert (other.lower, other.upper) == pytest.approx((-found.upper, -found.lower))
    assert (other.lower_std_error, other.upper_std_error) == pytest.approx(
        (found.upper_std_error, found.lower_std_error)
    )


def test_standard_errors_are_lee_s():
    """Lee (2009), proposition 3, written out for the upper bound with the treated trimmed."""
    df = programme(2, n=4000)
    found = lee_bounds(df, outcome="y", treated="t")
    y1, y0 = (df.loc[df["t"] == arm, "y"].dropna().to_numpy() for arm in (1, 0))
    q1, q0 = (df.loc[df["t"] == arm, "y"].notna().mean() for arm in (1, 0))
    p = 1 - q0 / q1
    edge = np.quantile(y1, p)
    kept = y1[y1 >= edge]
    m = kept.mean()
    n1, n0 = (df["t"] == 1).sum(), (df["t"] == 0).sum()
    variance = (kept.var() + (m - edge) ** 2 * p) / (y1.size * (1 - p))
    variance += ((m - edge) / (1 - p)) ** 2 * (
        q0**2 / q1**4 * q1 * (1 - q1) / n1 + q0 * (1 - q0) / n0 / q1**2
    )
    variance += y0.var() / y0.size
    assert found.upper_std_error == pytest.approx(np.sqrt(variance), rel=0.01)


def test_equal_response_gives_the_difference_in_means():
    df = programme(3, kept=(1.0, 1.0))
    found = lee_bounds(df, outcome="y", treated="t")
    plain = difference_in_means(df, outcome="y", treated="t", covariance="HC0")
    assert (found.lower, found.upper) == pytest.approx((plain.estimate, plain.estimate))
    assert found.conf_int() == pytest.approx(
        (
            plain.estimate - 1.959964 * found.lower_std_error,
            plain.estimate + 1.959964 * found.upper_std_error,
        ),
        rel=1e-6,
    )


def test_observed_column_order_scale_weights_and_ties():
    df = programme(4).assign(y=lambda one: one["y"].round())
    found = lee_bounds(df, outcome="y", treated="t", cluster="village")
    same = lee_bounds(df, outcome="y", treated="t", observed="seen", cluster="village")
    assert (same.lower, same.upper_std_error) == (found.lower, found.upper_std_error)
    other = df.sample(frac=1, random_state=1).assign(y=lambda one: 100 * one["y"] - 7, w=3.0)
    again = lee_bounds(other, outcome="y", treated="t", cluster="village", weights="w")
    assert (again.lower, again.upper) == pytest.approx((100 * found.lower, 100 * found.upper))
    assert again.upper_std_error == pytest.approx(100 * found.upper_std_error)
    assert found.n_clusters == 100


def test_interval_lies_between_one_sided_and_two_sided():
    assert _imbens_manski(0, 1, 0.95) == pytest.approx(stats.norm.ppf(0.975))
    assert _imbens_manski(100, 1, 0.95) == pytest.approx(stats.norm.ppf(0.95))
    assert 1.645 < _imbens_manski(0.5, 1, 0.95) < 1.96


def test_p_value_and_words():
    found = lee_bounds(programme(5, n=300), outcome="y", treated="t")
    assert 1e-9 < found.p_value < 0.05
    level = 1 - found.p_value
    assert min(abs(end) for end in found.conf_int(level)) == pytest.approx(0, abs=1e-6)
    nothing = lee_bounds(programme(5, effect=0), outcome="y", treated="t")
    assert nothing.p_value == 1
    assert nothing.checks[0].passed is False
    assert "lies between" in str(nothing)
    assert found.to_frame()["ci_low"][0] == found.conf_int()[0]


@pytest.mark.slow
def test_imbens_manski_interval_covers_the_truth():
    """Attrition at random within arms: the truth lies inside the bounds, and at their edge when they meet."""
    draws = 400
    for kept in ((0.8, 0.8), (0.7, 0.9)):
        ends = [
            lee_bounds(programme(seed, n=400, kept=kept), outcome="y", treated="t").conf_int()
            for seed in range(draws)
        ]
        low, high = np.array(ends).T
        assert ((low <= 1) & (high >= 1)).mean() >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / draws)


@pytest.mark.slow
def test_bounds_and_their_errors_against_many_samples():
    truth = 1 + stats.norm.pdf(stats.norm.ppf(2 / 9)) / (7 / 9)  # mean of a normal's top 7/9, trimming 2/9
    found = [lee_bounds(programme(seed), outcome="y", treated="t") for seed in range(400)]
    upper = np.array([one.upper for one in found])
    errors = np.array([one.upper_std_error for one in found])
    assert upper.mean() == pytest.approx(truth, abs=4 * upper.std() / 20 + 0.002)
    assert errors.mean() == pytest.approx(upper.std(), rel=4 / np.sqrt(800))


@pytest.mark.parametrize(
    ("change", "ask", "message"),
    [
        ({"seen": 1}, {"observed": "seen"}, "'seen' is 1 in .* rows where 'y' is missing"),
        ({"y": np.nan}, {}, "seen in fewer than 2 untreated rows"),
        ({"y": 1.0}, {}, "'y' is 1 wherever seen"),
        ({"t": 1}, {}, "'t' is 1 in all"),
        ({"one": 1}, {"cluster": "one"}, "only 1 cluster"),
    ],
)
def test_refusals(change, ask, message):
    with pytest.raises(ValueError, match=message):
        lee_bounds(programme().assign(**change), outcome="y", treated="t", **ask)


def test_balance_rows_are_regressions_and_normalised_differences():
    df = programme(6)
    df.loc[:49, "age"] = np.nan
    found = checks.balance(df, treated="t", controls=["age", "sex"], strata="region", cluster="village")
    table = found.to_frame().set_index("variable")
    assert list(table.index) == ["age", "sex = f", "sex = m"]
    plain = difference_in_means(df, outcome="age", treated="t", strata="region", cluster="village")
    assert table.loc["age", "estimate"] == pytest.approx(plain.estimate)
    assert table.loc["age", "std_error"] == pytest.approx(plain.std_error)
    assert table.loc["age", "n_obs"] == 950
    arms = df.groupby("t")["age"]
    expected = arms.mean().diff()[1] / np.sqrt(arms.var().mean())
    assert table.loc["age", "normalised_difference"] == pytest.approx(expected)
    assert table.loc["age", "missing_treated"] == pytest.approx(df.loc[df["t"] == 1, "age"].isna().mean())
    assert 0 < table.loc["age", "missing_p_value"] <= 1
    assert table.loc["sex = f", "estimate"] == pytest.approx(-table.loc["sex = m", "estimate"])


def test_joint_balance_is_the_f_of_the_regression():
    import statsmodels.api as sm

    df = programme(7)
    found = checks.balance(df, treated="t", controls=["age", "sex", "village"])
    x = sm.add_constant(np.column_stack([df["age"], df["sex"] == "m", df["village"]]).astype(float))
    fit = sm.OLS(df["t"], x).fit(cov_type="HC1", use_t=True)
    theirs = fit.f_test(np.eye(4)[1:])
    assert found.checks[0].statistic == pytest.approx(float(theirs.fvalue))
    assert found.checks[0].p_value == pytest.approx(float(theirs.pvalue))


def test_imbalance_and_selective_missingness_are_found():
    df = programme(8, jump=5)
    found = checks.balance(df, treated="t", controls=["age", "sex"])
    assert [check.passed for check in found.checks] == [False, False]
    assert "age" in str(found)
    gone = programme(9)
    gone.loc[(gone["t"] == 1) & (gone.index < 300), "age"] = np.nan
    assert checks.balance(gone, treated="t", controls=["age"]).checks[0].passed is False


def test_joint_test_with_more_variables_than_clusters_does_not_apply():
    df = programme(10).assign(village=lambda one: one["village"] // 34)
    assert df["village"].nunique() == 3
    found = checks.balance(df, treated="t", controls=["age", "sex", "region"], cluster="village")
    assert found.checks[0].passed is None


def test_columns_that_never_vary_have_no_error():
    df = programme(11).assign(same=1.0, empty=np.nan)
    table = checks.balance(df, treated="t", controls=["same", "empty", "age"]).to_frame()
    assert table["std_error"].isna().tolist() == [True, True, False]
    assert table["missing_control"].tolist() == [0, 1, 0]


@pytest.mark.slow
def test_the_joint_tests_have_their_size():
    joint, selective = [], []
    for seed in range(300):
        df = programme(seed, n=300, kept=(0.8, 0.8))
        ask = {"controls": ["age", "sex", "region"]}
        joint.append(checks.balance(df, treated="t", **ask).checks[0].p_value)
        selective.append(checks.attrition(df, treated="t", outcome="y", **ask).checks[1].p_value)
    for p in (joint, selective):
        assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 300))


def test_attrition_tells_how_many_and_who():
    df = programme(12)
    found = checks.attrition(df, treated="t", outcome="y", controls=["age", "sex"], cluster="village")
    table = found.to_frame()
    lost = df["y"].isna()
    assert table["variable"].tolist() == ["lost", "age", "sex = f", "sex = m"]
    assert table["mean_control"][0] == pytest.approx(lost[df["t"] == 0].mean())
    assert table["n_obs"].tolist() == [1000, *[(~lost).sum()] * 3]
    assert [check.passed for check in found.checks] == [False, True]
    older_leave = df.assign(y=lambda one: one["y"].mask((one["t"] == 1) & (one["age"] > 45)))
    selective = checks.attrition(older_leave, treated="t", outcome="y", controls=["age"])
    assert selective.checks[1].passed is False
    same = checks.attrition(df, treated="t", observed="seen", controls=["age", "sex"], cluster="village")
    pd.testing.assert_frame_equal(same.to_frame(), table)
    everybody = checks.attrition(df.assign(y=1.0), treated="t", outcome="y")
    assert everybody.checks[0].passed is None


@pytest.mark.parametrize("name", ["a:b", "C(x)", 'it\'s "so"', "two words", "ចំណូល"])
def test_odd_names(name):
    df = programme().rename(columns={"age": name, "t": f"{name}!"})
    assert checks.balance(df, treated=f"{name}!", controls=[name]).to_frame()["variable"][0] == name


def test_check_refusals():
    df = programme()
    with pytest.raises(ValueError, match="controls: got none"):
        checks.balance(df, treated="t", controls=[])
    with pytest.raises(ValueError, match="did you mean 'age'"):
        checks.balance(df, treated="t", controls=["agee"])
    with pytest.raises(ValueError, match="name one of the two"):
        checks.attrition(df, treated="t")
    with pytest.raises(ValueError, match="estimates: got none"):
        checks.placebo([])


def test_placebos_are_judged_together():
    none = difference_in_means(programme(13, effect=0), outcome="y", treated="t")
    strong = difference_in_means(programme(14, effect=1), outcome="y", treated="t")
    assert checks.placebo([none, none]).passed
    verdict = checks.placebo([none, strong])
    assert verdict.passed is False
    assert verdict.p_value == pytest.approx(2 * strong.p_value)
    assert checks.placebo(none).p_value == none.p_value


def test_every_check_is_found_here():
    for name in ("balance", "attrition", "parallel_trends", "density", "overlap", "placebo"):
        assert callable(getattr(checks, name))
