"""Partial pooling: published results, a slow reference, limits and invariances."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy import optimize, stats

from aspfin.evaluation import partial_pooling

GOLDEN = yaml.safe_load(
    (Path(__file__).parents[1] / "golden/evaluation_pooling.yaml").read_text(encoding="utf-8")
)
SCHOOLS = GOLDEN["eight_schools"]


def bcg():
    a, b, c, d = np.array(GOLDEN["bcg"]["trials"], dtype=float).T
    effects = np.log(a / (a + b)) - np.log(c / (c + d))
    return effects, np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))


def test_bcg_trials_as_published():
    found, known = partial_pooling(*bcg()), GOLDEN["bcg"]
    for name in ("tau_squared", "mean", "usual_std_error", "i_squared", "q", "q_df"):
        assert getattr(found, name) == pytest.approx(known[name], abs=known["tolerance"]), name
    assert found.q_p_value < 1e-4


def test_eight_schools_as_published():
    found = partial_pooling(SCHOOLS["estimates"], SCHOOLS["std_errors"])
    for name in ("mean", "usual_std_error", "q", "q_df"):
        assert getattr(found, name) == pytest.approx(SCHOOLS[name], abs=SCHOOLS["tolerance"]), name
    assert found.tau_squared == 0
    assert found.i_squared == 0
    assert np.allclose(found.table["pooled"], found.mean)
    # The estimates agree better than their errors let expect: the interval is not made shorter for that.
    assert found.std_error == found.usual_std_error
    assert "no more than chance" in str(found)


def slow_reml(y, v):
    """The restricted likelihood written with matrices, climbed from several starts."""
    ones = np.ones((y.size, 1))

    def loss(log_tau2):
        sigma = np.diag(v + np.exp(log_tau2[0]))
        inverse = np.linalg.inv(sigma)
        mean = np.linalg.solve(ones.T @ inverse @ ones, ones.T @ inverse @ y)
        left = y - ones @ mean
        inner = np.linalg.slogdet(ones.T @ inverse @ ones)[1]
        return 0.5 * (np.linalg.slogdet(sigma)[1] + inner + left @ inverse @ left)

    starts = np.log(y.var(ddof=1)) + np.array([-6.0, -3.0, 0.0, 2.0])
    options = {"xatol": 1e-10, "fatol": 1e-14, "maxiter": 4000}
    ran = [optimize.minimize(loss, [x], method="Nelder-Mead", options=options) for x in starts]
    return float(np.exp(min(ran, key=lambda one: one.fun).x[0]))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_tau_squared_is_that_of_a_slow_reference(seed):
    rng = np.random.default_rng(seed)
    s = rng.uniform(0.5, 2.0, 9)
    y = rng.normal(3.0, np.sqrt(s**2 + 4.0))
    assert partial_pooling(y, s).tau_squared == pytest.approx(slow_reml(y, s**2), rel=1e-5)


def test_mean_and_its_error_are_those_of_weighted_least_squares():
    from statsmodels.api import WLS

    y, s = bcg()
    found = partial_pooling(y, s)
    fit = WLS(y, np.ones(y.size), weights=1 / (s**2 + found.tau_squared)).fit()
    assert found.mean == pytest.approx(fit.params[0])
    assert found.std_error == pytest.approx(fit.bse[0])
    assert [found.ci_low, found.ci_high] == pytest.approx(fit.conf_int()[0])
    half = stats.t.ppf(0.975, 12) * np.sqrt(found.tau_squared + fit.bse[0] ** 2)
    assert found.prediction_high - found.mean == pytest.approx(half)


def test_equal_errors_have_a_closed_form():
    y = np.array([1.0, 4.0, 7.0, 12.0])
    found = partial_pooling(y, [2.0] * 4)
    tau2 = y.var(ddof=1) - 4.0
    assert found.tau_squared == pytest.approx(tau2)
    own = tau2 / (tau2 + 4.0)
    assert found.table["pooled"].to_numpy() == pytest.approx(6.0 + own * (y - 6.0))
    error = np.sqrt(y.var(ddof=1) / 4)
    # The variance of a variance of four normal values, and the slope of τ²/(τ² + 4) in τ².
    of_spread = 2 * y.var(ddof=1) ** 2 / 3 * (4 / (tau2 + 4) ** 2) ** 2 * (y - 6.0) ** 2
    wanted = np.sqrt(own * 4.0 + ((1 - own) * error) ** 2 + of_spread)
    assert found.table["pooled_std_error"].to_numpy() == pytest.approx(wanted)


def test_far_apart_nothing_is_pooled():
    found = partial_pooling([0.0, 1e6, -2e6], [1.0, 2.0, 3.0]).table
    assert found["own_share"].min() > 1 - 1e-10
    assert found["pooled_ci_low"].to_numpy() == pytest.approx(found["ci_low"].to_numpy(), rel=1e-6)
    assert found["pooled_ci_high"].to_numpy() == pytest.approx(found["ci_high"].to_numpy(), rel=1e-6)


def test_neither_order_nor_unit_nor_name_matters():
    y, s = bcg()
    base = partial_pooling(y, s)
    order = np.random.default_rng(0).permutation(y.size)
    mixed = partial_pooling(y[order], s[order], names=[f"trial {i}" for i in order])
    assert mixed.tau_squared == pytest.approx(base.tau_squared)
    assert mixed.table["pooled"].to_numpy() == pytest.approx(base.table["pooled"].to_numpy()[order])
    assert mixed.table["name"].tolist() == [f"trial {i}" for i in order]
    scaled = partial_pooling(1000 * y + 5, 1000 * s)
    assert scaled.tau_squared == pytest.approx(1e6 * base.tau_squared)
    assert scaled.i_squared == pytest.approx(base.i_squared)
    assert scaled.table["pooled"].to_numpy() == pytest.approx(1000 * base.table["pooled"].to_numpy() + 5)


def test_pooled_intervals_cover_in_simulation():
    rng = np.random.default_rng(7)
    inside = []
    for _ in range(150):
        s = rng.uniform(0.5, 2.0, 20)
        theta = rng.normal(2.0, 1.0, 20)
        table = partial_pooling(rng.normal(theta, s), s).table
        inside.append(((table["pooled_ci_low"] <= theta) & (theta <= table["pooled_ci_high"])).mean())
    # Where τ² is small beside the errors it is the hardest; without its own uncertainty it would be 0.89.
    assert 0.91 < np.mean(inside) < 0.97


def test_estimates_that_are_equal_are_told_so():
    found = partial_pooling([2.0, 2.0, 2.0], [1.0, 0.5, 2.0])
    assert (found.mean, found.q, found.q_p_value, found.tau_squared) == (2.0, 0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], [1.0]), "at least two"),
        (([1.0, 2.0], [1.0]), "one for each estimate"),
        (([1.0, np.nan], [1.0, 1.0]), "none missing"),
        (([1.0, 2.0], [1.0, 0.0]), "above 0"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        partial_pooling(*arguments)
    with pytest.raises(ValueError, match="names: got 1"):
        partial_pooling([1.0, 2.0], [1.0, 1.0], names=["a"])
