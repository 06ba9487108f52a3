"""Laws of the size of an event: definitions by numerical integration, identities, edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from aspfin.financing.severity import Empirical, Gamma, GeneralisedPareto, Lognormal

CONTINUOUS = [
    (Lognormal(20, 1.5), stats.lognorm(s=1.085658784491, scale=np.exp(2.406404775383))),
    (GeneralisedPareto(0.25, 3, 10), stats.genpareto(0.25, loc=10, scale=3)),
    (GeneralisedPareto(0.0, 3, 10), stats.genpareto(0.0, loc=10, scale=3)),
    (GeneralisedPareto(-0.5, 3), stats.genpareto(-0.5, scale=3)),
    (Gamma(2, 1), stats.gamma(2)),
    (Gamma(0.331232432971983, 339354.138016132), stats.gamma(0.331232432971983, scale=339354.138016132)),
]
TABLE = Empirical([5, 2, 10, 2], weights=[3, 4, 2, 1])
LAWS = [law for law, _ in CONTINUOUS] + [TABLE, Empirical(np.geomspace(1, 500, 40))]


@pytest.fixture(params=LAWS, ids=str)
def law(request):
    return request.param


@pytest.mark.parametrize(("law", "reference"), CONTINUOUS, ids=lambda x: str(x)[:40])
def test_against_an_independent_library(law, reference):
    x = reference.ppf([0.001, 0.2, 0.5, 0.9, 0.999])
    assert law.mean == pytest.approx(reference.mean(), rel=1e-10)
    assert law.std == pytest.approx(reference.std(), rel=1e-10)
    np.testing.assert_allclose(law.survival(x), reference.sf(x), rtol=1e-9)
    np.testing.assert_allclose(law.quantile([0.001, 0.2, 0.5, 0.9, 0.999]), x, rtol=1e-8)
    for k in x:
        limited = integrate.quad(reference.sf, 0, k, points=reference.support()[:1], epsabs=0, epsrel=1e-10)[
            0
        ]
        assert law.limited_expected_value(k) == pytest.approx(limited, rel=1e-8)


def test_limited_expected_value_at_the_edges(law):
    assert law.limited_expected_value(0) == pytest.approx(0, abs=1e-12 * law.mean)
    assert law.limited_expected_value(np.inf) == pytest.approx(law.mean, rel=1e-14)
    assert law.survival(-1.0) == 1
    assert law.survival(np.inf) == 0


def test_limited_expected_value_rises_and_is_concave(law):
    k = np.linspace(0, float(law.quantile(0.999)) * 2, 2001)
    slope = np.diff(law.limited_expected_value(k))
    assert slope.min() >= -1e-12 * law.mean
    assert np.diff(slope).max() <= 1e-9 * law.mean
    # the mean slope over a step lies between the survival at its two ends
    slope /= np.diff(k)
    assert np.all(slope <= law.survival(k[:-1]) + 1e-9)
    assert np.all(slope >= law.survival_or_equal(k[1:]) - 1e-9)


def test_excess_and_limited_value_add_to_the_mean(law):
    k = law.quantile([0.1, 0.5, 0.9, 0.99])
    np.testing.assert_allclose(law.expected_excess(k) + law.limited_expected_value(k), law.mean, rtol=1e-12)


def test_samples_have_the_law(law):
    n = 200_000
    sample = law.sample(np.random.default_rng(3), n)
    assert sample.mean() == pytest.approx(law.mean, abs=5 * law.std / np.sqrt(n))
    for p in (0.25, 0.5, 0.9):
        x = float(law.quantile(p))
        at_or_above = float(law.survival_or_equal(x))
        assert (sample >= x).mean() == pytest.approx(at_or_above, abs=5 * 0.5 / np.sqrt(n))


def test_scaling(law):
    scaled = law.scaled(3.0)
    x = law.quantile([0.2, 0.6, 0.95])
    assert scaled.mean == pytest.approx(3 * law.mean, rel=1e-12)
    assert scaled.std == pytest.approx(3 * law.std, rel=1e-12)
    np.testing.assert_allclose(scaled.quantile([0.2, 0.6, 0.95]), 3 * x, rtol=1e-12)


def test_excess_keeps_its_digits_far_in_the_tail():
    # asymptotically E[(X - k)₊] / P(X > k) grows; a difference of means would be zero or noise here
    law = Lognormal(20, 1.5)
    k = float(law.quantile(1 - 1e-12))
    expected = integrate.quad(law.survival, k, 50 * k, epsabs=0, epsrel=1e-9, limit=200)[0]
    assert law.expected_excess(k) == pytest.approx(expected, rel=1e-4)


def test_lognormal_from_logarithms():
    law = Lognormal.from_log(2.4, 1.1)
    assert law.meanlog == pytest.approx(2.4, rel=1e-14)
    assert law.sdlog == pytest.approx(1.1, rel=1e-14)


def test_pareto_std_is_infinite_from_one_half():
    assert GeneralisedPareto(0.5, 1).std == np.inf
    assert np.isfinite(GeneralisedPareto(0.499, 1).std)


class TestEmpirical:
    def test_atoms_count_once_and_conventions_differ_at_them(self):
        assert TABLE.values.tolist() == [2, 5, 10]
        assert TABLE.survival(5) == pytest.approx(0.2)
        assert TABLE.survival_or_equal(5) == pytest.approx(0.5)
        assert TABLE.survival_or_equal(2) == 1
        assert TABLE.quantile([0.0, 0.5, 0.51, 0.8, 1.0]).tolist() == [2, 2, 5, 5, 10]

    def test_quantile_at_a_sum_of_decimals(self):
        assert Empirical(np.arange(1.0, 11)).quantile([0.3, 0.7, 0.9]).tolist() == [3, 7, 9]

    def test_row_order_does_not_matter(self):
        assert Empirical([10, 2, 5], [2, 5, 3]) == TABLE
        assert hash(Empirical([10, 2, 5], [2, 5, 3])) == hash(TABLE)
        assert Empirical([10, 2]) != TABLE

    def test_arrays_are_own_and_read_only(self):
        values = np.array([3.0, 1.0])
        law = Empirical(values)
        values[0] = 99
        assert law.values.tolist() == [1, 3]
        with pytest.raises(ValueError, match="read-only"):
            law.values[0] = 0

    def test_values_of_weight_zero_are_dropped(self):
        assert Empirical([1, 2, 3], [1, 0, 1]).values.tolist() == [1, 3]

    @settings(deadline=None, max_examples=50)
    @given(
        st.lists(st.tuples(st.floats(0, 1e6), st.floats(0.01, 10)), min_size=1, max_size=30),
        st.floats(0, 1e6),
    )
    def test_against_plain_sums(self, rows, k):
        values, weights = np.array(rows).T
        law = Empirical(values, weights)
        p = weights / weights.sum()
        assert law.mean == pytest.approx(p @ values, rel=1e-12)
        assert law.limited_expected_value(k) == pytest.approx(p @ np.minimum(values, k), rel=1e-9, abs=1e-9)
        assert law.survival(k) == pytest.approx(p[values > k].sum(), abs=1e-12)
        assert law.survival_or_equal(k) == pytest.approx(p[values >= k].sum(), abs=1e-12)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: Lognormal(-1, 1), "mean"),
        (lambda: Lognormal(1, 0), "cv"),
        (lambda: Lognormal.from_log(0, -1), "sdlog"),
        (lambda: GeneralisedPareto(1.0, 1), "shape"),
        (lambda: GeneralisedPareto(0.1, 0), "scale"),
        (lambda: GeneralisedPareto(0.1, 1, -1), "threshold"),
        (lambda: Gamma(0, 1), "shape"),
        (lambda: Gamma(1, float("inf")), "scale"),
        (lambda: Empirical([]), "values"),
        (lambda: Empirical([1, float("nan")]), r"values\[1\]"),
        (lambda: Empirical([1, -2]), r"values\[1\]"),
        (lambda: Empirical(["a"]), "values"),
        (lambda: Empirical([[1, 2]]), "values"),
        (lambda: Empirical([1, 2], [1]), "weights"),
        (lambda: Empirical([1, 2], [0, 0]), "weights"),
        (lambda: Lognormal(1, 1).quantile(1.5), "p"),
    ],
)
def test_bad_input_is_named(call, argument):
    with pytest.raises(ValueError, match=f"^{argument}: got .*; allowed: "):
        call()
