"""Least squares against statsmodels, linearmodels and pyfixest."""

import numpy as np
import pandas as pd
import pytest

from aspfin.evaluation.regression import (
    COVARIANCES,
    demean,
    independent_columns,
    least_squares,
    sum_by,
    two_stage,
)

CLOSE = {"rel": 1e-10}


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(0)
    n = 500
    g = rng.integers(0, 30, n)
    frame = pd.DataFrame(
        {
            "g": g,
            "u": np.unique(g * 3 + rng.integers(0, 3, n), return_inverse=True)[1],
            "f": rng.integers(0, 12, n),
            "x": rng.normal(size=n),
            "t": rng.integers(0, 2, n).astype(float),
            "w": rng.uniform(0.5, 2, n),
        }
    )
    frame["z"] = frame["t"] + rng.normal(size=n)
    frame["z2"] = frame["t"] + rng.normal(size=n)
    frame["y"] = 1 + frame["x"] + 0.3 * frame["t"] + rng.normal(size=n) + 0.3 * rng.normal(size=30)[g]
    return frame


def matrix(frame, *names):
    return np.column_stack([*(frame[name] for name in names), np.ones(len(frame))])


@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_statsmodels(world, covariance, weighted):
    import statsmodels.api as sm

    x = matrix(world, "t", "x")
    w = world["w"].to_numpy() if weighted else None
    theirs = sm.WLS(world["y"], x, weights=1.0 if w is None else w).fit(
        cov_type="nonrobust" if covariance == "classical" else covariance
    )
    ours = least_squares(world["y"].to_numpy(), x, weights=w, covariance=covariance)
    assert ours.coef == pytest.approx(theirs.params.to_numpy(), **CLOSE)
    assert ours.std_error == pytest.approx(theirs.bse.to_numpy(), **CLOSE)
    assert ours.r_squared == pytest.approx(theirs.rsquared, **CLOSE)


# pyfixest 0.60 still resets its index in place, which pandas 3.1 deprecates.
@pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame")
@pytest.mark.parametrize(("cluster", "absorb"), [("g", None), ("g", "f"), ("g", "u"), ("u", "g")])
@pytest.mark.parametrize("weights", [None, "w"])
def test_clustered_errors_agree_with_pyfixest(world, cluster, absorb, weights):
    pyfixest = pytest.importorskip("pyfixest")
    formula = "y ~ t + x" + (f" | {absorb}" if absorb else "")
    theirs = pyfixest.feols(formula, world, vcov={"CRV1": cluster}, weights=weights, fixef_rm="none")
    x = matrix(world, "t", "x")[:, : 2 if absorb else 3]
    ours = least_squares(
        world["y"].to_numpy(),
        x,
        weights=None if weights is None else world[weights].to_numpy(),
        clusters=world[cluster].to_numpy(),
        absorb=None if absorb is None else world[absorb].to_numpy(),
    )
    assert ours.coef[0] == pytest.approx(theirs.coef()["t"], **CLOSE)
    assert ours.std_error[0] == pytest.approx(theirs.se()["t"], **CLOSE)


@pytest.mark.parametrize("instruments", [("z",), ("z", "z2")])
@pytest.mark.parametrize("clustered", [False, True])
def test_two_stage_agrees_with_linearmodels(world, instruments, clustered):
    from linearmodels.iv import IV2SLS

    options = {"cov_type": "clustered", "clusters": world["g"]} if clustered else {"cov_type": "robust"}
    exogenous = pd.DataFrame(matrix(world, "x"), columns=["x", "constant"])
    theirs = IV2SLS(world["y"], exogenous, world[["t"]], world[list(instruments)]).fit(
        debiased=True, **options
    )
    ours = two_stage(
        world["y"].to_numpy(),
        np.column_stack([world["t"], exogenous]),
        np.column_stack([world[list(instruments)], exogenous]),
        clusters=world["g"].to_numpy() if clustered else None,
    )
    assert ours.coef[0] == pytest.approx(theirs.params["t"], **CLOSE)
    assert ours.std_error[0] == pytest.approx(theirs.std_errors["t"], **CLOSE)


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_absorbed_effects_equal_dummies(world, covariance):
    dummies = pd.get_dummies(world["f"]).to_numpy(dtype=float)
    x = world[["t", "x"]].to_numpy()
    y = world["y"].to_numpy()
    long = least_squares(y, np.column_stack([x, dummies]), covariance=covariance)
    short = least_squares(y, x, covariance=covariance, absorb=world["f"].to_numpy())
    assert short.coef == pytest.approx(long.coef[:2], **CLOSE)
    assert short.cov == pytest.approx(long.cov[:2, :2], rel=1e-9)
    assert short.df == long.df


def test_badly_scaled_columns_lose_no_accuracy():
    """A baseline in riel (1e9) beside a share: normal equations would lose half the digits."""
    rng = np.random.default_rng(4)
    x = np.column_stack([rng.integers(0, 2, 300), 4e9 + 1e5 * rng.normal(size=300), np.ones(300)])
    y = 2 * x[:, 0] + 1e-5 * (x[:, 1] - 4e9) + rng.normal(size=300)
    plain = least_squares(y, x)
    centred = least_squares(y, np.column_stack([x[:, 0], (x[:, 1] - 4e9) / 1e5, x[:, 2]]))
    assert plain.coef[0] == pytest.approx(centred.coef[0], rel=1e-9)
    assert plain.std_error[0] == pytest.approx(centred.std_error[0], rel=1e-9)


def test_weights_scale_away_and_row_order_does_not_matter(world):
    x, y, w, g = matrix(world, "t", "x"), world["y"].to_numpy(), world["w"].to_numpy(), world["g"].to_numpy()
    fit = least_squares(y, x, weights=w, clusters=g)
    order = np.random.default_rng(5).permutation(y.size)
    other = least_squares(y[order], x[order], weights=7 * w[order], clusters=g[order])
    assert other.coef == pytest.approx(fit.coef, **CLOSE)
    assert other.cov == pytest.approx(fit.cov, rel=1e-9)


def test_wald_of_one_coefficient_is_its_squared_t(world):
    fit = least_squares(world["y"].to_numpy(), matrix(world, "t", "x"))
    f, df1, df2, p = fit.wald([0])
    assert f == pytest.approx((fit.coef[0] / fit.std_error[0]) ** 2)
    assert (df1, df2) == (1, 497)
    assert 0 < p < 1


def test_determined_columns_are_found_wherever_they_stand():
    rng = np.random.default_rng(6)
    a, b, c = rng.normal(size=(3, 50))
    columns = np.column_stack([a, b, a - 2 * b, c, np.zeros(50), c + a, 1e8 * c])
    assert independent_columns(columns).tolist() == [True, True, False, True, False, False, False]
    assert independent_columns(columns[:2]).sum() == 2


def test_sums_and_means_by_group():
    codes = np.array([0, 2, 0])
    assert sum_by(codes, np.array([[1.0], [2.0], [3.0]]), 4).ravel().tolist() == [4, 0, 2, 0]
    assert sum_by(codes, np.empty((3, 0))).shape == (3, 0)
    assert demean(np.array([1.0, 5.0, 4.0]), codes, np.array([2.0, 1, 1])).tolist() == [-1, 0, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.ones((4, 2)), "names": ("a", "b")}, "b: determined by the other columns"),
        ({"clusters": np.zeros(4, dtype=int)}, "only 1 cluster"),
        ({"covariance": "HC9"}, "covariance: got 'HC9'; allowed: classical, HC0"),
        ({"x": np.random.default_rng(0).normal(size=(4, 4))}, "4 complete rows for 4 coefficients"),
        ({"absorb": np.array([0, 0, 1, 1]), "x": np.array([[1.0], [1], [2], [2]])}, "determined by"),
    ],
)
def test_refusals(change, message):
    given = {"y": np.arange(4.0), "x": np.column_stack([[0.0, 1, 0, 1], np.ones(4)])} | change
    with pytest.raises(ValueError, match=message):
        least_squares(given.pop("y"), given.pop("x"), **given)
