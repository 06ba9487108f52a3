import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from aspfin.financing import Empirical, Need, Poisson
from aspfin.financing.fitting import fit_severity
from aspfin.programmes import cut_law, load_country
from aspfin.programmes.affected import _annual_quantiles, affected_law, bootstrap_bands
from aspfin.programmes.record import EventClass, RecordedClasses, event_record, rates_by_class
from aspfin.results import InputError

KHM = load_country("KHM")
PERIODS = (2, 5, 10, 20, 50, 100)
RECORDED = rates_by_class(event_record(KHM.events, persons_per_household=4.6), KHM.records["flood"])


def classes(*values, years=20, below=np.inf, at_least=1e5):
    n = len(values)
    counts = (1,) * n + (0,) * (years - n)
    one = EventClass("major", at_least, below, 2001, 2000 + years, counts, values, values, values)
    return RecordedClasses((one,), pd.DataFrame())


@pytest.mark.parametrize("law", ["lognormal", "gamma", "events"])
@pytest.mark.parametrize("figures", ["low", "central", "high"])
def test_mean_of_the_law_is_the_recorded_mean(law, figures):
    fitted = affected_law(RECORDED, law=law, figures=figures)
    by_hand = sum(c.rate * np.mean(c.figures(figures)) for c in RECORDED.classes)
    assert fitted.mean_annual == pytest.approx(by_hand, rel=1e-12)
    size, weight, _ = fitted.draws(50_000)
    assert fitted.rate * weight @ size == pytest.approx(by_hand, rel=2e-4)  # stratified quantiles


@pytest.mark.parametrize("law", ["lognormal", "gamma"])
def test_mean_by_numerical_integration(law):
    for c in affected_law(RECORDED, law=law).classes:
        lower, upper = c.bounds
        survival = lambda x, c=c: float(c.survival(np.asarray(x)))  # noqa: E731
        area, _ = integrate.quad(survival, lower, min(upper, 5e6), limit=200)
        assert lower + area == pytest.approx(c.mean, rel=1e-6)


@pytest.mark.parametrize("law", ["lognormal", "gamma"])
def test_classes_do_not_leak_into_each_other(law):
    fitted = affected_law(RECORDED, law=law)
    size, _, index = fitted.draws(20_000)
    assert size[index == 0].min() >= 100_000
    assert size[index == 1].max() <= 100_000 and size[index == 1].min() >= 15_000
    assert fitted.exceedance_frequency(100_000) == pytest.approx(5 / 24)


@pytest.mark.parametrize("law", ["lognormal", "gamma"])
def test_quantile_inverts_survival(law):
    for c in affected_law(RECORDED, law=law).classes:
        p = np.array([0.001, 0.1, 0.5, 0.9, 0.999])
        np.testing.assert_allclose(1 - c.survival(c.quantile(p)), p, atol=1e-9)


def test_spread_is_the_maximum_likelihood_one():
    for c in RECORDED.classes:
        values = c.figures("central")
        assert cut_law.fit_shape(values, "lognormal") == pytest.approx(
            fit_severity(values).severity.sdlog, rel=1e-9
        )
        gamma_shape = stats.gamma.fit(values, floc=0)[0]
        assert cut_law.fit_shape(values, "gamma") == pytest.approx(gamma_shape, rel=1e-4)


def test_fitting_many_samples_at_once_is_fitting_each():
    values = np.random.default_rng(1).lognormal(12, 0.4, (6, 5)) + 1e5
    for law in ("lognormal", "gamma"):
        shape = cut_law.fit_shape(values, law)
        level = cut_law.fit_level(values.mean(axis=1), shape, law, 1e5, np.inf)
        for k in range(6):
            assert shape[k] == pytest.approx(cut_law.fit_shape(values[k], law), rel=1e-12)
            alone = cut_law.fit_level(values[k].mean(), shape[k], law, 1e5, np.inf)
            assert level[k] == pytest.approx(alone, rel=1e-12)


def test_without_a_cut_the_level_is_the_textbook_one():
    # Lognormal: meanlog = ln mean − sdlog²/2. Gamma: scale = mean/shape.
    assert cut_law.fit_level(5.0, 0.5, "lognormal", 0.0, np.inf) == pytest.approx(np.log(5) - 0.125, abs=1e-9)
    assert cut_law.fit_level(6.0, 2.0, "gamma", 0.0, np.inf) == pytest.approx(3.0, rel=1e-9)


def test_higher_figures_give_a_higher_curve_everywhere():
    low, central, high = (affected_law(RECORDED, figures=f) for f in ("low", "central", "high"))
    for x in (20_000, 90_000, 150_000, 300_000, 600_000):
        frequency = [law.exceedance_frequency(x) for law in (low, central, high)]
        assert frequency == sorted(frequency)


def test_figures_scale():
    values = np.array([2e5, 3e5, 4e5, 5e5])
    small = affected_law(classes(*values)).classes[0]
    large = affected_law(classes(*(10 * values), at_least=1e6)).classes[0]
    p = np.linspace(0.01, 0.99, 9)
    np.testing.assert_allclose(large.quantile(p), 10 * small.quantile(p), rtol=1e-9)


def test_two_figures_are_not_a_law():
    fitted = affected_law(classes(2e5, 3e5)).classes[0]
    assert fitted.law == "events" and set(fitted.quantile(np.array([0.2, 0.7]))) == {2e5, 3e5}


def test_equal_figures_keep_a_least_spread():
    fitted = affected_law(classes(2e5, 2e5, 2e5)).classes[0]
    assert fitted.shape == 0.05 and fitted.mean == 2e5


def test_cambodian_checks_say_what_is_weak():
    checks = {check.name: check for check in affected_law(RECORDED).checks()}
    # Too even for chance alone at p = 0.08: told in the text, not beyond doubt.
    assert checks["dispersion of ordinary events"].passed is True
    assert "under-dispersed" in checks["dispersion of ordinary events"].text
    assert checks["number of major events"].passed is False  # 5 figures
    # 2001, 2002, 2011 and 2013 reached 250,000 households: 4 in 24 years against about 3 from the law.
    large = checks["large events"]
    assert large.passed and large.text.startswith("4 recorded in 24 years, 3.1 expected")


def test_large_events_not_applicable_where_no_class_reaches_them():
    small = affected_law(classes(2e4, 3e4, 4e4, at_least=1e4, below=1e5))
    assert {c.name: c for c in small.checks()}["large events"].passed is None


def test_over_dispersed_counts_pass():
    one = EventClass("x", 1.0, np.inf, 2001, 2004, (4, 0, 0, 0), *((2.0, 3.0, 4.0, 5.0),) * 3)
    assert affected_law(RecordedClasses((one,), pd.DataFrame())).checks()[0].passed


@pytest.mark.parametrize(("name", "value"), [("law", "pareto"), ("figures", "middle")])
def test_unknown_words_are_refused(name, value):
    with pytest.raises(InputError, match=name):
        affected_law(RECORDED, **{name: value})


def test_lattice_of_the_bands_agrees_with_the_exact_need():
    size, weight, _ = affected_law(RECORDED).draws(2_000)
    rate = affected_law(RECORDED).rate
    found = _annual_quantiles(size[None], weight[None], np.array([rate]), PERIODS)[0]
    exact = Need.from_frequency_severity(Poisson(rate=rate), Empirical(values=size, weights=weight))
    # A lattice of 2,048 points up to three times the largest event: a step is about 1,300 households.
    np.testing.assert_allclose(found, exact.value_at_risk(1 - 1 / np.array(PERIODS)), atol=1_500)


@pytest.fixture(scope="module")
def bands():
    return bootstrap_bands(affected_law(RECORDED), PERIODS, replicates=200, seed=5)


def test_bands_hold_the_curve_and_are_wide(bands):
    size, weight, _ = affected_law(RECORDED).draws(20_000)
    severity = Empirical(values=size, weights=weight)
    curve = Need.from_frequency_severity(Poisson(rate=affected_law(RECORDED).rate), severity)
    exact = curve.value_at_risk(1 - 1 / np.array(PERIODS))
    assert (bands["low"] < exact).all() and (exact < bands["high"]).all()
    assert (bands["high"] > 1.5 * bands["low"]).all()
    assert (bands[["low", "median", "high"]].diff().dropna() > 0).all(axis=None)


def test_bands_are_reproducible(bands):
    again = bootstrap_bands(affected_law(RECORDED), PERIODS, replicates=200, seed=5)
    pd.testing.assert_frame_equal(bands, again)


def test_bands_in_money_are_bands_in_households_times_the_price(bands):
    price = {c.name: np.full((1, 500), 103.7) for c in RECORDED.classes}
    money = bootstrap_bands(affected_law(RECORDED), PERIODS, per_household=price, replicates=200, seed=5)
    np.testing.assert_allclose(money["high"], 103.7 * bands["high"], rtol=1e-9)


@pytest.mark.parametrize("law", ["gamma", "events"])
def test_bands_of_other_laws_are_of_the_same_order(law, bands):
    # Same seed and replicates: the same resampled events and rates, another law.
    other = bootstrap_bands(affected_law(RECORDED, law=law), PERIODS, replicates=200, seed=5)
    np.testing.assert_allclose(other["median"], bands["median"], rtol=0.15)


def test_uncertain_footprints_widen_the_bands_of_a_province():
    one_place = {c.name: np.array([[0.5] * 200, [0.02] * 200]) for c in RECORDED.classes}
    law, odds = affected_law(RECORDED), np.array([0.5, 0.5])
    open_odds = bootstrap_bands(
        law, PERIODS, per_household=one_place, footprint_probabilities=odds, replicates=200
    )
    mixed = {name: factor.reshape(1, -1) for name, factor in one_place.items()}
    fixed = bootstrap_bands(law, PERIODS, per_household=mixed, replicates=200)
    width = [(bands["high"] - bands["low"]).iloc[3] for bands in (open_odds, fixed)]
    assert width[0] > 1.2 * width[1]
