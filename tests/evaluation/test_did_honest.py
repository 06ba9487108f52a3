"""Honest bounds: against a brute-force search, at the limits, and refusals."""

import numpy as np
import pytest
from did_data import COUNTY, PANEL, county_employment, roll_out
from scipy import optimize, stats

from aspfin.evaluation.difference_in_differences import difference_in_differences
from aspfin.evaluation.event_study import event_study
from aspfin.evaluation.honest import honest_bounds
from aspfin.evaluation.staggered import staggered_adoption
from aspfin.evaluation.trends import EventPath


@pytest.fixture(scope="module")
def effect():
    return event_study(roll_out(starts=(0, 4)), **PANEL)


def slow_half_length(path: EventPath, bend: float) -> float:
    """Half the length of the shortest fixed-length interval, by minimising over all unbiased-for-lines weights.

    The estimator is the mean effect after treatment plus weights on the effects before. Its worst bias is that of
    the hat functions max(t, 0) after and max(−1 − t, 0) before the reference, by their signs.
    """
    before, after = path.times < 0, path.times >= 0
    mean = after[after] / after.sum()
    position = path.times + 1  # distance from the reference

    def half(free):
        weights = np.zeros(path.times.size)
        weights[after] = mean
        weights[before] = np.append(free, 0.0)
        last = np.flatnonzero(before)[-1]
        weights[last] -= weights @ position / position[last]  # a line causes no bias
        error = np.sqrt(weights @ path.covariance @ weights)
        kinks = [np.maximum(position - k, 0) for k in range(int(position.max()))]
        kinks += [np.maximum(-position - k, 0) for k in range(1, int(-position.min()))]
        bias = bend * sum(abs(weights @ kink) for kink in kinks)
        ratio = bias / error
        return error * optimize.brentq(
            lambda c: stats.norm.cdf(c - ratio) - stats.norm.cdf(-c - ratio) - 0.95, 0, ratio + 5
        )

    size = int(before.sum()) - 1
    starts = [np.zeros(size), np.full(size, 0.3), np.full(size, -0.3)]
    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20_000}
    return min(optimize.minimize(half, x, method="Nelder-Mead", options=options).fun for x in starts)


@pytest.mark.slow
@pytest.mark.parametrize("bend", [0.0, 0.02, 0.1])
def test_length_equals_a_brute_force_search(effect, bend):
    table = honest_bounds(effect, max_bends=[bend]).table
    half = (table["ci_high"] - table["ci_low"]).item() / 2
    assert half == pytest.approx(slow_half_length(effect.details["event_path"], bend), rel=2e-3)


@pytest.mark.slow
def test_intervals_widen_and_the_breakdown_is_told(effect):
    bounds = honest_bounds(effect, max_bends=[2.0, 0.0])
    length = bounds.table["ci_high"] - bounds.table["ci_low"]
    assert bounds.table["max_bend"].tolist() == [0.0, 2.0]
    assert length.is_monotonic_increasing
    assert bounds.breakdown == 0.0
    assert bounds.estimate == pytest.approx(effect.estimate)
    assert "excludes 0 up to a bend of 0" in str(bounds)


def test_a_line_in_trends_is_removed():
    """With bends of 0 a linear departure from parallel trends does not move the interval."""
    straight = roll_out(starts=(0, 4), noise=0.2)
    tilted = straight.assign(food=straight["food"] + 0.7 * (straight["start"] > 0) * straight["year"])
    a, b = (honest_bounds(event_study(one, **PANEL), max_bends=[0]).table for one in (straight, tilted))
    np.testing.assert_allclose(a, b, atol=1e-9)


@pytest.mark.parametrize("method", ["callaway_santanna", "sun_abraham"])
def test_takes_staggered_estimates(method):
    effect = staggered_adoption(county_employment(), method=method, aggregate="event_time", **COUNTY)
    bounds = honest_bounds(effect, max_bends=[0])
    assert bounds.estimate == pytest.approx(effect.estimate)
    assert bounds.table["ci_low"].item() == pytest.approx(-0.120, abs=1e-3)
    assert bounds.table["ci_high"].item() == pytest.approx(-0.0225, abs=5e-4)


def test_refusals(effect):
    df = roll_out()
    plain = difference_in_differences(df, outcome="food", treated="on", unit="unit", time="year")
    short = event_study(df[df["year"] >= 2].assign(start=3 * (df["start"] > 0)), **PANEL)
    for estimate, options, said in (
        (plain, {"max_bends": [0]}, "no joint covariance of event times"),
        (short, {"max_bends": [0]}, "at least two periods before treatment"),
        (effect, {"max_bends": []}, "max_bends: got []"),
        (effect, {"max_bends": [-1]}, "max_bends: got [-1.0]"),
        (effect, {"max_bends": [0], "level": 95}, "level: got 95"),
        (effect, {"max_bends": [0], "restriction": "relative"}, "relative magnitudes are not offered"),
    ):
        with pytest.raises(ValueError, match=r"^[^\n]+$") as error:
            honest_bounds(estimate, **options)
        assert said in str(error.value)
