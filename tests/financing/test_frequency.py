"""Laws of the number of events: identities every generating function must satisfy."""

import numpy as np
import pytest

from aspfin.financing.frequency import Binomial, NegativeBinomial, Poisson

LAWS = [
    Poisson(0.8),
    Poisson(30.0),
    NegativeBinomial(mean=59.8, mixing_cv=2.99**-0.5),
    NegativeBinomial(mean=0.5, mixing_cv=2.0),
    Binomial(trials=6, probability=0.3),
    Binomial(trials=1, probability=1.0),
]


@pytest.fixture(params=LAWS, ids=str)
def law(request):
    return request.param


def test_generating_function_at_one_is_one(law):
    assert law.pgf(1.0) == pytest.approx(1, abs=1e-15)


def test_derivatives_at_one_give_mean_and_variance(law):
    # a complex step differentiates without cancellation
    h = 1e-20
    assert law.pgf(1 + 1j * h).imag / h == pytest.approx(law.mean, rel=1e-12)
    d = 1e-4
    second = (law.pgf(1 + d) - 2 * law.pgf(1.0) + law.pgf(1 - d)) / d**2
    assert second + law.mean - law.mean**2 == pytest.approx(law.variance, rel=1e-3, abs=1e-6)


def test_probabilities_by_transform_have_the_moments(law):
    n = 2**12
    p = np.fft.ifft(law.pgf(np.exp(-2j * np.pi * np.arange(n) / n))).real
    k = np.arange(n)
    assert p.sum() == pytest.approx(1, abs=1e-12)
    assert p @ k == pytest.approx(law.mean, rel=1e-8)
    assert p @ k**2 - law.mean**2 == pytest.approx(law.variance, rel=1e-6, abs=1e-8)
    assert p[0] == pytest.approx(float(law.pgf(0.0)), abs=1e-12)


def test_inverse_undoes_the_generating_function(law):
    z = np.array([0.01, 0.3, 0.9, 1.0])
    np.testing.assert_allclose(law.inverse_pgf(law.pgf(z)), z, rtol=1e-9)


def test_samples_have_the_mean_and_variance(law):
    n = 200_000
    counts = law.sample(np.random.default_rng(5), n)
    years = law.sample_years(np.random.default_rng(6), n)
    for sample in (counts, np.bincount(years, minlength=n)):
        assert sample.mean() == pytest.approx(law.mean, abs=5 * np.sqrt(law.variance / n) + 1e-12)
        assert sample.var() == pytest.approx(law.variance, rel=0.05, abs=1e-12)


def test_negative_binomial_size_stays_real():
    # a size rounded to a whole number would give a mean of 40
    law = NegativeBinomial(mean=59.8, mixing_cv=2.99**-0.5)
    assert law.sample(np.random.default_rng(1), 100_000).mean() == pytest.approx(59.8, rel=0.01)


def test_negative_binomial_approaches_poisson():
    z = np.exp(1j * np.linspace(0, 6, 50)) * 0.9
    np.testing.assert_allclose(NegativeBinomial(2.0, 1e-6).pgf(z), Poisson(2.0).pgf(z), atol=1e-11)


def test_a_rate_of_zero_means_no_events():
    law = Poisson(0.0)
    assert law.mean == 0
    assert law.pgf(0.0) == 1
    assert law.sample_years(np.random.default_rng(0), 10).size == 0


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: Poisson(-0.1), "rate"),
        (lambda: Poisson(float("nan")), "rate"),
        (lambda: NegativeBinomial(0.0, 1.0), "mean"),
        (lambda: NegativeBinomial(1.0, 0.0), "mixing_cv"),
        (lambda: Binomial(0, 0.5), "trials"),
        (lambda: Binomial(2.5, 0.5), "trials"),
        (lambda: Binomial(True, 0.5), "trials"),
        (lambda: Binomial(2, 1.1), "probability"),
    ],
)
def test_bad_input_is_named(call, argument):
    with pytest.raises(ValueError, match=f"^{argument}: got .*; allowed: "):
        call()
