"""Fits against published numbers, an independent optimiser and known truths."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy import stats

from aspfin.financing.fitting import fit_frequency, fit_severity
from aspfin.financing.frequency import Binomial, NegativeBinomial, Poisson

GOLDEN = yaml.safe_load(
    (Path(__file__).parents[1] / "golden" / "need_fitting.yaml").read_text(encoding="utf-8")
)


class TestSeverity:
    def test_lognormal_of_malaysian_floods(self):
        expected = GOLDEN["lognormal"]
        fit = fit_severity(GOLDEN["values"], law="lognormal")
        parameters = dict(fit.parameters)
        assert fit.n == GOLDEN["n"]
        assert parameters["meanlog"] == pytest.approx(expected["meanlog"], rel=expected["tolerance"])
        assert parameters["sdlog"] ** 2 == pytest.approx(
            expected["variance_of_logs"], rel=expected["tolerance"]
        )
        assert fit.aic == pytest.approx(expected["aic"], abs=GOLDEN["aic_tolerance"])
        assert fit.divisor == "n"
        assert fit.severity.meanlog == pytest.approx(expected["meanlog"], rel=1e-12)

    def test_gamma_of_malaysian_floods(self):
        expected = GOLDEN["gamma"]
        fit = fit_severity(GOLDEN["values"], law="gamma")
        assert fit.severity.shape == pytest.approx(expected["shape"], rel=expected["tolerance"])
        assert fit.severity.scale == pytest.approx(expected["scale"], rel=expected["tolerance"])
        assert fit.aic == pytest.approx(expected["aic"], abs=GOLDEN["aic_tolerance"])
        assert fit.severity.mean == pytest.approx(np.mean(GOLDEN["values"]), rel=1e-12)

    def test_log_likelihood_is_that_of_the_density(self):
        values = np.array([3.0, 8, 1.5, 20])
        lognormal = fit_severity(values)
        meanlog, sdlog = (value for _, value in lognormal.parameters)
        density = stats.lognorm(s=sdlog, scale=np.exp(meanlog)).logpdf(values).sum()
        assert lognormal.log_likelihood == pytest.approx(density, rel=1e-12)
        gamma = fit_severity(values, law="gamma")
        density = stats.gamma(gamma.severity.shape, scale=gamma.severity.scale).logpdf(values).sum()
        assert gamma.log_likelihood == pytest.approx(density, rel=1e-12)

    @pytest.mark.parametrize("law", ["lognormal", "gamma"])
    def test_weights_count_like_repeated_rows(self, law):
        weighted = fit_severity([2.0, 9, 40], law=law, weights=[3, 2, 1])
        repeated = fit_severity([2.0, 2, 2, 9, 9, 40], law=law)
        assert weighted.severity.mean == pytest.approx(repeated.severity.mean, rel=1e-10)
        assert weighted.severity.std == pytest.approx(repeated.severity.std, rel=1e-10)
        doubled = fit_severity([2.0, 9, 40], law=law, weights=[6, 4, 2])
        assert doubled.aic == pytest.approx(weighted.aic, rel=1e-13)

    @pytest.mark.parametrize("law", ["lognormal", "gamma"])
    def test_unit_and_row_order_do_not_matter(self, law):
        values = np.array([3.0, 8, 1.5, 20])
        fit = fit_severity(values, law=law).severity
        assert fit_severity(values[::-1] * 1e6, law=law).severity.mean == pytest.approx(
            fit.mean * 1e6, rel=1e-9
        )

    def test_words(self):
        fit = fit_severity(GOLDEN["values"])
        assert str(fit).startswith("Lognormal fitted to 31 values by maximum likelihood (meanlog 9.581")
        assert fit.to_frame().loc[0, "n"] == 31


class TestFrequency:
    UNDER = (1, 0, 1, 1, 2, 1, 0, 1, 1, 1)
    OVER = (0, 0, 7, 0, 1, 0, 12, 2, 0, 0, 3, 1)

    def test_poisson(self):
        fit = fit_frequency([1, 2, 0, 3, 1, 0, 2, 1])
        assert fit.frequency == Poisson(1.25)
        assert (fit.n_years, fit.n_events) == (8, 10)
        assert fit.dispersion == pytest.approx(np.var([1, 2, 0, 3, 1, 0, 2, 1], ddof=1) / 1.25)

    def test_under_dispersed_counts_do_not_admit_a_negative_binomial(self):
        fit = fit_frequency(self.UNDER, law="negative_binomial")
        assert fit.frequency == Poisson(0.9)
        assert (fit.requested, fit.law) == ("negative_binomial", "poisson")
        assert fit.check.passed is False
        assert "inadmissible" in fit.check.text
        assert "under-dispersed" in str(fit)

    def test_under_dispersed_counts_warn_about_poisson(self):
        check = fit_frequency(self.UNDER).check
        assert check.passed is False
        assert check.statistic < 1
        assert "under-dispersed" in check.text

    def test_over_dispersed_counts_warn_about_poisson(self):
        check = fit_frequency(self.OVER).check
        assert check.passed is False
        assert check.p_value < 0.001
        assert fit_frequency(self.OVER, law="binomial").law == "poisson"

    def test_dispersion_test_is_fishers(self):
        fit = fit_frequency(self.OVER)
        upper = stats.chi2.sf(11 * fit.dispersion, 11)
        assert fit.check.p_value == pytest.approx(2 * upper, rel=1e-10)

    def test_negative_binomial_is_the_most_likely(self):
        fit = fit_frequency(self.OVER, law="negative_binomial")
        mean, cv = fit.frequency.mean, fit.frequency.mixing_cv
        assert mean == pytest.approx(np.mean(self.OVER))

        def likelihood(mean, cv):
            size = 1 / cv**2
            return stats.nbinom(size, size / (size + mean)).logpmf(self.OVER).sum()

        best = likelihood(mean, cv)
        for factor in (0.98, 1.02):
            assert likelihood(mean, cv * factor) < best
            assert likelihood(mean * factor, cv) < best
        assert fit.check.passed is True

    def test_negative_binomial_finds_its_parameters(self):
        truth = NegativeBinomial(2.0, 0.8)
        fit = fit_frequency(truth.sample(np.random.default_rng(4), 20_000), law="negative_binomial")
        assert fit.frequency.mixing_cv == pytest.approx(0.8, rel=0.03)

    def test_binomial_finds_its_parameters(self):
        counts = Binomial(5, 0.7).sample(np.random.default_rng(4), 5_000)
        assert fit_frequency(counts, law="binomial").frequency.trials == 5

    def test_frame(self):
        assert fit_frequency(self.UNDER).to_frame().loc[0, "mean"] == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: fit_frequency([1]), "counts"),
        (lambda: fit_frequency([0, 0, 0]), "counts"),
        (lambda: fit_frequency([1, 2.5]), "counts"),
        (lambda: fit_frequency([1, -2]), r"counts\[1\]"),
        (lambda: fit_frequency([1, 2], law="geometric"), "law"),
        (lambda: fit_severity([1.0]), "values"),
        (lambda: fit_severity([1.0, 0.0]), "values"),
        (lambda: fit_severity([1.0, np.nan]), r"values\[1\]"),
        (lambda: fit_severity([3.0, 3.0]), "values"),
        (lambda: fit_severity([3.0, 3.0 + 1e-9], law="gamma"), "values"),
        (lambda: fit_severity([1.0, 2.0], law="weibull"), "law"),
        (lambda: fit_severity([1.0, 2.0], weights=[1.0]), "weights"),
        (lambda: fit_severity([1.0, 2.0], weights=[0.0, 0.0]), "weights"),
    ],
)
def test_bad_input_is_named(call, argument):
    with pytest.raises(ValueError, match=f"^{argument}: got .*; allowed: "):
        call()
