"""The Fourier transform against Panjer's recursion, direct convolution and simulation."""

import numpy as np
import pytest

from aspfin.financing.aggregate import aggregate, annual_law, choose_grid
from aspfin.financing.frequency import Binomial, NegativeBinomial, Poisson
from aspfin.financing.lattice import common_step, discretise, split
from aspfin.financing.need import Need
from aspfin.financing.severity import Empirical, Gamma, GeneralisedPareto, Lognormal
from aspfin.financing.simulation import simulate_layers


def panjer(frequency, f, points):
    """Panjer's recursion: slow, and independent of any transform."""
    if isinstance(frequency, Poisson):
        a, b = 0.0, frequency.rate
    elif isinstance(frequency, NegativeBinomial):
        square = frequency.mixing_cv**2
        odds = frequency.mean * square
        a = odds / (1 + odds)
        b = (1 / square - 1) * a
    else:
        odds = frequency.probability / (1 - frequency.probability)
        a, b = -odds, (frequency.trials + 1) * odds
    g = np.zeros(points)
    g[0] = float(frequency.pgf(f[0]))
    for k in range(1, points):
        j = np.arange(1, min(k, f.size - 1) + 1)
        g[k] = ((a + b * j / k) * f[j] * g[k - j]).sum() / (1 - a * f[0])
    return g


FREQUENCIES = [Poisson(0.8), Poisson(12.0), NegativeBinomial(2.0, 0.7), Binomial(5, 0.3)]
SEVERITIES = [Lognormal(20, 1.5), Gamma(2, 8), GeneralisedPareto(0.3, 10, 5), Empirical([3, 14.5, 40, 90])]


@pytest.mark.parametrize("frequency", FREQUENCIES, ids=str)
@pytest.mark.parametrize("severity", SEVERITIES, ids=lambda x: type(x).__name__)
def test_transform_equals_panjer(frequency, severity):
    f = discretise(severity, step=1.0, points=400)
    np.testing.assert_allclose(aggregate(frequency, f), panjer(frequency, f, 400), atol=1e-12)


def test_binomial_equals_direct_convolution():
    f = np.array([0.2, 0.5, 0.3])
    one = 0.6 * np.eye(1, 3)[0] + 0.4 * f
    direct = np.convolve(np.convolve(one, one), one)
    np.testing.assert_allclose(aggregate(Binomial(3, 0.4), f, points=7), direct, atol=1e-15)


def test_totals_far_beyond_a_short_grid_do_not_wrap_around():
    f = np.array([0.0, 1.0])
    masses = aggregate(Poisson(20_000.0), f, points=64)
    assert masses.max() < 1e-12


@pytest.mark.parametrize("severity", SEVERITIES, ids=lambda x: type(x).__name__)
def test_lattice_keeps_limited_expected_values(severity):
    step, points = 0.5, 600
    f = discretise(severity, step, points)
    x = step * np.arange(points)
    rest = 1 - f.sum()
    for k in (0.5, 3.0, 20.0, 150.0):
        limited = f @ np.minimum(x, k) + rest * k
        assert limited == pytest.approx(float(severity.limited_expected_value(k)), rel=1e-10)
    assert f.min() >= 0


def test_splitting_keeps_mass_and_mean():
    rng = np.random.default_rng(2)
    values, weights = rng.uniform(0, 90, 500), rng.uniform(0, 1, 500)
    masses, beyond = split(values, weights, step=0.7, points=200)
    assert beyond == 0
    assert masses.sum() == pytest.approx(weights.sum(), rel=1e-13)
    assert masses @ (0.7 * np.arange(200)) == pytest.approx(weights @ values, rel=1e-13)


def test_splitting_reports_what_lies_beyond():
    masses, beyond = split(np.array([0.5, 3.5, 80.0]), np.array([0.5, 0.3, 0.2]), step=1.0, points=4)
    np.testing.assert_allclose(masses, [0.25, 0.25, 0, 0.15])
    assert beyond == pytest.approx(0.35)


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ([2, 5, 10], 1.0),
        ([0, 50, 75], 25.0),
        ([0.1, 0.3], 0.1),
        ([1.25, 3.75], 1.25),
        ([1, np.e], None),
        ([0], None),
    ],
)
def test_common_step(values, step):
    assert common_step(np.array(values, dtype=float)) == (None if step is None else pytest.approx(step))


@pytest.mark.parametrize(
    ("frequency", "severity"),
    [
        (Poisson(0.8), Lognormal(20, 1.5)),
        (Poisson(1e5), Gamma(2, 1)),
        (Poisson(1e-4), Lognormal(1e9, 3)),
        (NegativeBinomial(3, 2.0), Gamma(0.5, 1e-6)),
        (Binomial(1, 1.0), Lognormal(1, 0.1)),
        (Poisson(2), GeneralisedPareto(0.3, 1e6, 1e6)),
        (Poisson(2), Empirical(np.random.default_rng(0).lognormal(3, 1, 20_000))),
    ],
    ids=str,
)
def test_automatic_grid_covers_all_but_a_billionth_with_exact_moments(frequency, severity):
    law = annual_law(frequency, severity)
    assert law.tail < 1e-9
    # the generating function multiplies rounding of its argument by the number of events
    assert law.probabilities.sum() + law.tail == pytest.approx(1, abs=1e-11 + 1e-15 * frequency.mean)
    mean = frequency.mean * severity.mean
    variance = frequency.mean * severity.std**2 + frequency.variance * severity.mean**2
    first, second = law.layer_moments(0.0, np.inf)
    assert first == pytest.approx(mean, rel=1e-9)
    # sharing an amount between two points of the lattice adds up to step²/6 of variance an event
    added = 0.0 if law.cell == 0 else frequency.mean * law.cell**2 / 6
    assert second - first**2 == pytest.approx(variance + added, rel=1e-4)


def test_very_heavy_tails_report_what_the_grid_leaves_out():
    need = Need.from_frequency_severity(Poisson(0.5), GeneralisedPareto(0.9, 1.0))
    assert 1e-9 < need.mass_beyond_grid < 1e-4
    assert need.std == np.inf
    assert need.layer(0, np.inf).std == np.inf
    assert need.mean == pytest.approx(5.0)
    # one very large event: P(A > x) is close to the rate times P(X > x)
    x = 2_000.0
    assert need.exceedance(x) == pytest.approx(0.5 * float(need.model.severity.survival(x)), rel=0.01)
    assert need.tail_value_at_risk(0.99) > need.value_at_risk(0.99)
    assert "beyond the lattice" in str(need)
    with pytest.raises(ValueError, match=r"^p: got .*beyond the lattice"):
        need.value_at_risk(1 - 1e-12)


def test_chosen_steps_divide_round_amounts():
    step, points = choose_grid(Poisson(0.8), Lognormal(20e6, 1.5))
    assert (100e6 / step).is_integer()
    assert points <= 2**20


def test_user_grid_is_used():
    law = annual_law(Poisson(1), Gamma(2, 1), step=0.5, points=64)
    assert (law.spacing, law.amounts.size) == (0.5, 64)
    assert annual_law(Poisson(1), Gamma(2, 1), points=512).amounts.size == 512


@pytest.mark.parametrize(("name", "value"), [("step", 0.0), ("step", -1.0), ("points", 1), ("points", 2**25)])
def test_bad_grid_is_named(name, value):
    with pytest.raises(ValueError, match=f"^{name}: got .*; allowed: "):
        annual_law(Poisson(1), Gamma(2, 1), **{name: value})


LAYERS = [(0, 10), (10, 20), (30, 30), (60, 40), (100, 100)]


@pytest.mark.parametrize(
    "need",
    [
        Need.from_frequency_severity(Poisson(0.8), Lognormal(20, 1.5)),
        Need.from_frequency_severity(NegativeBinomial(0.8, 1.0), Gamma(0.5, 40)),
        Need.from_frequency_severity(Binomial(3, 0.2), GeneralisedPareto(0.2, 15, 5)),
        Need.from_events([0.5, 0.3, 0.2, 0.1, 0.05, 0.02], [2, 5, 10, 25, 60, 150]),
        Need.from_states([0.3, 0.1, 0.02], [15, 70, 180]),
    ],
    ids=lambda need: str(need.model)[:40],
)
def test_simulated_layers_agree_with_exact_ones(need):
    simulated = simulate_layers(need, LAYERS, years=400_000, seed=11)
    for row in simulated.layers.itertuples():
        layer = need.layer(row.attachment, row.limit)
        assert row.expected == pytest.approx(layer.expected, abs=4 * row.std_error + 1e-12)
        for name in ("probability_attach", "probability_exhaust"):
            exact = getattr(layer, name)
            error = np.sqrt(exact * (1 - exact) / simulated.years)
            assert getattr(row, name) == pytest.approx(exact, abs=4 * error + 1e-12)
    for row in simulated.value_at_risk.itertuples():
        # P(A > x) at the simulated quantile brackets 1 - p
        noise = 4 * np.sqrt(row.probability * (1 - row.probability) / simulated.years)
        assert need.exceedance(row.value_at_risk) <= 1 - row.probability + noise
        assert need.exceedance_or_equal(row.value_at_risk) >= 1 - row.probability - noise


def test_ten_million_years_agree_within_four_standard_errors():
    need = Need.from_frequency_severity(Poisson(0.8), Lognormal(20, 1.5))
    row = simulate_layers(need, [(100, 100)], years=10_000_000, seed=1).layers.iloc[0]
    assert row["expected"] == pytest.approx(1.079818159, abs=4 * row["std_error"])
    assert row["std_error"] < 0.004


def test_simulation_is_reproducible_and_says_its_error():
    need = Need.from_states([0.1], [5.0])
    first, again = (simulate_layers(need, [(0, 5)], years=1000, seed=3) for _ in range(2))
    assert first.layers.equals(again.layers)
    assert "1,000 simulated years" in str(first)
    assert first.to_frame() is first.layers


def test_overlapping_layers_equal_plain_sums_over_the_same_years():
    need = Need.from_events([0.7, 0.4, 0.1], [5, 20, 90])
    layers = [(0, 20), (5, 100), (20, 5), (20, np.inf), (0, np.inf)]
    simulated = simulate_layers(need, layers, years=3_000, seed=2, probabilities=(0.5, 0.9, 0.999))
    annual = np.empty(3_000)
    need.simulate_into(annual, np.random.default_rng(2))
    for row, (attachment, limit) in zip(simulated.layers.itertuples(), layers, strict=True):
        paid = np.clip(annual - attachment, 0, limit)
        assert row.expected == pytest.approx(paid.mean(), rel=1e-12)
        assert row.std_error == pytest.approx(paid.std(ddof=1) / np.sqrt(3_000), rel=1e-9)
        assert row.probability_attach == pytest.approx((annual > attachment).mean(), rel=1e-14)
        assert row.probability_exhaust == pytest.approx((annual >= attachment + limit).mean(), rel=1e-14)
    expected = np.quantile(annual, [0.5, 0.9, 0.999], method="inverted_cdf")
    assert simulated.value_at_risk["value_at_risk"].tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("kwargs", "argument"),
    [
        ({"layers": [(-1, 5)], "years": 10}, "attachment"),
        ({"layers": [(1, 0)], "years": 10}, "limit"),
        ({"layers": [(1, 5)], "years": 1}, "years"),
        ({"layers": [(1, 5)], "years": 10, "probabilities": (1.0,)}, "probabilities"),
    ],
)
def test_bad_simulation_is_named(kwargs, argument):
    with pytest.raises(ValueError, match=f"^{argument}: got .*; allowed: "):
        simulate_layers(Need.from_states([0.5], [1]), seed=1, **kwargs)
