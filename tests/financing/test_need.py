"""Annual need: identities between its answers, invariances, edges, and what it says of itself."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.financing.frequency import Binomial, NegativeBinomial, Poisson
from aspfin.financing.need import Need
from aspfin.financing.severity import Empirical, Gamma, GeneralisedPareto, Lognormal

NEEDS = {
    "lognormal": Need.from_frequency_severity(Poisson(0.8), Lognormal(20, 1.5)),
    "clustered gamma": Need.from_frequency_severity(NegativeBinomial(1.5, 0.9), Gamma(0.8, 12)),
    "binomial pareto": Need.from_frequency_severity(Binomial(3, 0.2), GeneralisedPareto(0.2, 15, 5)),
    "event table": Need.from_events([0.5, 0.3, 0.2, 0.1, 0.05, 0.02], [2, 5, 10, 25, 60, 150]),
    "recorded amounts": Need.from_events([0.3, 0.2, 0.1], [np.pi, 17.77777777, 44.4444444444]),
    "states": Need.from_states([0.3, 0.1, 0.02], [15, 70, 180.5]),
}
CONTINUOUS = ("lognormal", "clustered gamma", "binomial pareto")


@pytest.fixture(params=NEEDS, ids=str)
def need(request):
    return NEEDS[request.param]


@pytest.fixture(params=CONTINUOUS, ids=str)
def continuous(request):
    return NEEDS[request.param]


class TestIdentities:
    def test_law_sums_to_one_and_keeps_the_mean(self, need):
        assert need.law.probabilities.sum() + need.law.tail == pytest.approx(1, abs=1e-12)
        assert need.layer(0, np.inf).expected == pytest.approx(need.mean, rel=1e-10)
        assert need.layer(0, np.inf).std == pytest.approx(need.std, rel=1e-5)

    def test_adjacent_layers_add_to_their_union(self, need):
        parts = need.layer(5, 12.5).expected + need.layer(17.5, 40).expected
        assert parts == pytest.approx(need.layer(5, 52.5).expected, rel=1e-12)

    def test_layers_that_cover_everything_add_to_the_mean(self, need):
        bounds = [0, 3, 10, 45.5, 200, np.inf]
        layers = [need.layer(a, b - a) for a, b in pairwise(bounds)]
        assert sum(layer.expected for layer in layers) == pytest.approx(need.mean, rel=1e-10)

    def test_share_scales_money_but_not_the_loss_on_line(self, need):
        full, part = need.layer(10, 30), need.layer(10, 30, share=0.25)
        assert part.expected == pytest.approx(full.expected / 4)
        assert part.std == pytest.approx(full.std / 4)
        assert part.loss_on_line == pytest.approx(full.loss_on_line)
        assert part.probability_attach == full.probability_attach

    def test_exceedance_falls_and_the_two_conventions_bracket(self, need):
        x = np.linspace(0, 250, 1001)
        strict, or_equal = need.exceedance(x), need.exceedance_or_equal(x)
        assert np.all(np.diff(strict) <= 1e-15)
        assert np.all(or_equal >= strict)
        assert need.exceedance(-1.0) == 1
        assert need.exceedance_or_equal(0.0) == 1

    def test_limited_expected_value_is_the_integral_of_exceedance(self, need):
        for k in (1.0, 22.3, 140.0):
            x = np.linspace(0, k, 200_001)
            middle = need.exceedance((x[1:] + x[:-1]) / 2)
            assert need.limited_expected_value(k) == pytest.approx(middle.sum() * x[1], rel=2e-4)
        assert need.limited_expected_value(0) == 0
        assert need.limited_expected_value(np.inf) == pytest.approx(need.mean, rel=1e-10)

    def test_value_at_risk_is_the_generalised_inverse(self, need):
        p = np.array([0.0, 0.3, 0.75, 0.9, 0.99, 0.999])
        x = need.value_at_risk(p)
        assert np.all(np.diff(x) >= 0)
        assert np.all(need.exceedance(x) <= 1 - p + 1e-9)
        below = np.maximum(x * (1 - 1e-6) - 1e-9, 0)
        assert np.all((x == 0) | (need.exceedance(below) >= 1 - p - 1e-9))

    def test_tail_measures(self, need):
        p = np.array([0.0, 0.5, 0.9, 0.99])
        assert np.all(need.tail_value_at_risk(p) >= need.value_at_risk(p))
        assert np.all(np.diff(need.tail_value_at_risk(p)) >= 0)
        assert need.tail_value_at_risk(0) == pytest.approx(need.mean, rel=1e-10)

    def test_conditional_and_coherent_tail_agree_on_a_continuous_law(self, continuous):
        p = np.array([0.9, 0.99, 0.995])
        np.testing.assert_allclose(
            continuous.conditional_tail_expectation(p), continuous.tail_value_at_risk(p), rtol=1e-6
        )

    def test_return_period_is_the_reciprocal_of_exceedance(self, need):
        assert need.return_period(12.0) == pytest.approx(1 / need.exceedance(12.0))
        assert need.return_period(1e9) == np.inf

    def test_return_period_inverts_value_at_risk_on_a_continuous_law(self, continuous):
        years = np.array([5.0, 20, 100])
        np.testing.assert_allclose(
            continuous.return_period(continuous.value_at_risk(1 - 1 / years)), years, rtol=1e-8
        )

    def test_largest_event_never_exceeds_the_year(self, need):
        if need is NEEDS["states"]:
            pytest.skip("states have no events")
        x = np.array([1.0, 6, 10, 30, 100])
        occurrence, frequency = need.occurrence_exceedance(x), need.exceedance_frequency(x)
        assert np.all(occurrence <= need.exceedance_or_equal(x) + 1e-9)
        assert np.all(occurrence <= frequency + 1e-12)

    def test_occurrence_loss_inverts_occurrence_exceedance(self, continuous):
        years = np.array([5.0, 20, 200])
        x = continuous.occurrence_loss(years)
        np.testing.assert_allclose(continuous.occurrence_exceedance(x), 1 / years, rtol=1e-9)

    def test_tail_value_at_risk_is_sub_additive(self):
        # two independent halves of an event table against the whole
        a, b = Need.from_events([0.3, 0.1], [10, 60]), Need.from_events([0.2, 0.05], [25, 90])
        both = Need.from_events([0.3, 0.1, 0.2, 0.05], [10, 60, 25, 90])
        for p in (0.5, 0.9, 0.99):
            assert both.tail_value_at_risk(p) <= a.tail_value_at_risk(p) + b.tail_value_at_risk(p) + 1e-9


class TestParts:
    """Ceded and retained parts are laws of their own."""

    def test_parts_add_to_the_whole(self, need):
        assert need.retained(30).mean + need.ceded(30, np.inf).mean == pytest.approx(need.mean, rel=1e-10)

    def test_part_has_the_layer_moments(self, need):
        part, layer = need.ceded(10, 30), need.layer(10, 30)
        assert part.mean == pytest.approx(layer.expected)
        assert part.std == pytest.approx(layer.std)
        assert part.exceedance(0) == layer.probability_attach
        assert part.exceedance_or_equal(30) == pytest.approx(layer.probability_exhaust)
        assert part.exceedance(30) == 0

    def test_part_of_a_part(self, need):
        assert need.ceded(10, 60).ceded(5, 20).mean == pytest.approx(need.layer(15, 20).expected)
        assert need.retained(30).layer(20, 50).expected == pytest.approx(need.layer(20, 10).expected)
        assert need.retained(30).layer(40, 10).expected == 0
        assert need.retained(30).ceded(40, 10).mean == 0

    def test_quantiles_are_clipped(self, need):
        p = np.array([0.2, 0.8, 0.95, 0.999])
        np.testing.assert_allclose(
            need.ceded(10, 30).value_at_risk(p), np.clip(need.value_at_risk(p) - 10, 0, 30), atol=1e-12
        )

    def test_simulated_part_is_the_clipped_simulation(self, need):
        whole = need.simulate(3, 500, seed=9)
        part = need.ceded(10, 30).simulate(3, 500, seed=9)
        np.testing.assert_allclose(part, np.clip(whole - 10, 0, 30), atol=1e-12)

    def test_tail_of_a_part(self, need):
        part = need.retained(30)
        assert part.tail_value_at_risk(0.5) <= 30
        assert part.tail_value_at_risk(0) == pytest.approx(part.mean, rel=1e-9)
        capped = Need.from_states([0.5], [10]).retained(5)
        assert np.isnan(capped.conditional_tail_expectation(0.9))
        assert capped.tail_value_at_risk(0.9) == 5


class TestInvariances:
    def test_change_of_unit(self, need):
        riel = need.scaled(4100, "KHR")
        assert riel.currency == "KHR"
        assert riel.mean == pytest.approx(4100 * need.mean)
        assert riel.std == pytest.approx(4100 * need.std)
        assert riel.value_at_risk(0.97) == pytest.approx(4100 * need.value_at_risk(0.97))
        assert riel.exceedance(4100 * 10) == pytest.approx(need.exceedance(10))
        assert riel.layer(41_000, 82_000).expected == pytest.approx(4100 * need.layer(10, 20).expected)
        np.testing.assert_allclose(riel.simulate(2, 50, 1), 4100 * need.simulate(2, 50, 1), rtol=1e-9)
        assert riel.retained(41_000).mean == pytest.approx(need.retained(10).scaled(4100).mean)

    def test_row_order_of_an_event_table(self):
        first = Need.from_events([0.5, 0.3, 0.1], [2, 5, 10])
        again = Need.from_events([0.1, 0.5, 0.3], [10, 2, 5])
        np.testing.assert_allclose(first.law.probabilities, again.law.probabilities, atol=1e-16)

    def test_splitting_an_event_in_two_of_half_the_rate(self):
        one = Need.from_events([0.4, 0.1], [3, 7])
        two = Need.from_events([0.2, 0.2, 0.1], [3, 3, 7])
        np.testing.assert_allclose(one.law.probabilities, two.law.probabilities, atol=1e-16)

    def test_event_table_equals_poisson_with_recorded_severity(self):
        table = Need.from_events([0.4, 0.1], [3, 7])
        law = Need.from_frequency_severity(Poisson(0.5), Empirical([3, 7], [4, 1]))
        np.testing.assert_allclose(table.law.probabilities, law.law.probabilities, atol=1e-15)

    def test_callers_arrays_are_untouched_and_not_kept(self):
        rates, amounts = np.array([0.5, 0.2]), np.array([3.0, 1.0])
        need = Need.from_events(rates, amounts)
        before = need.mean
        rates[:], amounts[:] = 9, 9
        assert need.mean == before
        with pytest.raises(ValueError, match="read-only"):
            need.law.probabilities[0] = 1


class TestSimulation:
    def test_shape_seed_and_mean(self, need):
        draws = need.simulate(4, 50_000, seed=3)
        assert draws.shape == (50_000, 4)
        assert draws.dtype == np.float64
        assert draws.mean() == pytest.approx(need.mean, abs=4.5 * need.std / np.sqrt(draws.size))
        np.testing.assert_array_equal(draws, need.simulate(4, 50_000, seed=3))
        assert not np.array_equal(draws, need.simulate(4, 50_000, seed=4))

    def test_years_are_independent(self):
        draws = NEEDS["lognormal"].simulate(2, 100_000, seed=1)
        assert abs(np.corrcoef(np.minimum(draws.T, 100))[0, 1]) < 0.015


class TestLattice:
    def test_own_lattice(self, need):
        lattice = need.lattice()
        assert lattice.probabilities.sum() + lattice.tail == pytest.approx(1, abs=1e-12)
        assert lattice.tail < 1e-8

    @pytest.mark.parametrize("step", [0.5, 3.7])
    def test_any_step_keeps_the_mean(self, need, step):
        lattice = need.lattice(step=step)
        assert lattice.step == step
        assert lattice.amounts @ lattice.probabilities == pytest.approx(need.mean, rel=1e-5)

    def test_points_bound_the_size(self, need):
        lattice = need.lattice(points=2000)
        assert lattice.probabilities.size == 2000
        assert lattice.amounts @ lattice.probabilities == pytest.approx(need.mean, rel=1e-5)
        short = need.lattice(step=1, points=11)
        assert short.tail == pytest.approx(
            need.exceedance(11), abs=need.exceedance(10) - need.exceedance(11) + 1e-9
        )

    def test_states_on_a_shared_step_are_exact(self):
        lattice = Need.from_states([0.3, 0.1], [15, 40]).lattice()
        assert lattice.step == 5
        assert lattice.probabilities[[0, 3, 8]].tolist() == pytest.approx([0.6, 0.3, 0.1])

    def test_lattice_of_a_retained_part_ends_at_its_limit(self, need):
        lattice = need.retained(30).lattice(step=0.5)
        assert lattice.tail == 0
        assert lattice.amounts[np.flatnonzero(lattice.probabilities)[-1]] == pytest.approx(30)
        assert lattice.amounts @ lattice.probabilities == pytest.approx(
            need.limited_expected_value(30), rel=1e-9
        )


class TestEdges:
    def test_no_need_at_all(self):
        for need in (
            Need.from_states([], []),
            Need.from_states([0.5], [0.0]),
            Need.from_events([0.0, 0.0], [5, 6]),
            Need.from_events([0.3], [0.0]),
            Need.from_events([], []),
            Need.from_frequency_severity(Poisson(0), Lognormal(1, 1)),
        ):
            assert need.mean == 0
            assert need.std == 0
            assert need.exceedance(0) == 0
            assert need.value_at_risk(0.99) == 0
            assert need.layer(0, 10).expected == 0
            assert need.simulate(2, 3, 0).sum() == 0
            assert need.lattice().probabilities[0] == 1
            assert "USD 0 a year" in str(need)
            assert len(need.to_frame()) > 0

    def test_certain_need(self):
        need = Need.from_states([1.0], [50])
        assert (need.mean, need.std, need.value_at_risk(0.01)) == (50, 0, 50)
        assert need.exceedance(49.9) == 1

    def test_decimal_amounts_are_found_where_they_are(self):
        need = Need.from_events([0.5, 0.2], [0.1, 0.3])
        assert need.exceedance_or_equal(0.3) - need.exceedance(0.3) > 0.1
        assert need.law.cell == 0

    def test_tiny_and_huge_amounts(self):
        for unit in (1e-9, 1e12):
            need = Need.from_frequency_severity(Poisson(0.8), Lognormal(20 * unit, 1.5))
            assert need.layer(30 * unit, 30 * unit).expected / unit == pytest.approx(3.211136782, rel=1e-6)

    def test_scalars_in_floats_out_arrays_in_arrays_out(self, need):
        assert type(need.exceedance(3)) is float
        assert type(need.value_at_risk(0.9)) is float
        assert need.exceedance([1, 2]).shape == (2,)
        assert need.tail_value_at_risk(np.array([[0.5, 0.9]])).shape == (1, 2)
        assert need.value_at_risk([]).shape == (0,)

    def test_occurrence_loss_is_zero_where_an_event_is_too_rare(self):
        need = Need.from_events([0.1], [10])
        assert need.occurrence_loss(5) == 0
        assert need.occurrence_loss(20) == 10
        assert np.isnan(need.frequency_based_loss(5))

    @pytest.mark.parametrize(
        ("call", "argument"),
        [
            (lambda: Need.from_events([0.1, 0.2], [1]), "amounts"),
            (lambda: Need.from_events([-0.1], [1]), r"rates\[0\]"),
            (lambda: Need.from_events([0.1], [float("nan")]), r"amounts\[0\]"),
            (lambda: Need.from_states([0.7, 0.4], [1, 2]), "probabilities"),
            (lambda: Need.from_states([0.7], [1, 2]), "amounts"),
            (lambda: Need.from_states([0.7], [-2]), r"amounts\[0\]"),
            (lambda: NEEDS["states"].value_at_risk(1.0), "p"),
            (lambda: NEEDS["states"].value_at_risk(-0.1), "p"),
            (lambda: NEEDS["states"].value_at_risk(float("nan")), "p"),
            (lambda: NEEDS["states"].layer(-1, 5), "attachment"),
            (lambda: NEEDS["states"].layer(float("nan"), 5), "attachment"),
            (lambda: NEEDS["states"].layer(1, 0), "limit"),
            (lambda: NEEDS["states"].layer(1, 5, share=0), "share"),
            (lambda: NEEDS["states"].ceded(0, -1), "limit"),
            (lambda: NEEDS["states"].scaled(0), "factor"),
            (lambda: NEEDS["states"].simulate(0, 5, 1), "years"),
            (lambda: NEEDS["states"].simulate(5, 0, 1), "paths"),
            (lambda: NEEDS["states"].lattice(step=-1), "step"),
            (lambda: NEEDS["states"].lattice(points=1), "points"),
            (lambda: NEEDS["states"].exceedance_table([1]), "return_period"),
            (lambda: NEEDS["states"].occurrence_layer(1, 5), "need"),
            (lambda: NEEDS["lognormal"].retained(5).occurrence_exceedance(1), "need"),
        ],
    )
    def test_bad_input_is_named(self, call, argument):
        with pytest.raises(ValueError, match=f"^{argument}: got .*; allowed: "):
            call()


class TestViews:
    def test_exceedance_table(self, need):
        table = need.exceedance_table([2, 10, 100])
        assert list(table) == ["return_period", "annual_probability", "need", "tail_mean"]
        assert table["need"].tolist() == need.value_at_risk([0.5, 0.9, 0.99]).tolist()
        assert (table["tail_mean"] >= table["need"]).all()

    def test_every_result_has_its_four_views(self, need):
        for result in (need, need.layer(10, 20), need.retained(30), need.layer(10, np.inf)):
            assert str(result) == result.sentence()
            assert isinstance(result.to_frame(), pd.DataFrame)
            assert result._repr_html_().startswith("<p>")

    def test_sentences(self):
        need = NEEDS["lognormal"].scaled(1e6)
        assert "Expected need is USD 16.00 million a year (standard deviation USD 32.25 million)" in str(need)
        assert "USD 1.08 million a year" in str(need.layer(100e6, 100e6))


events = st.lists(st.tuples(st.floats(0.001, 2), st.integers(0, 60)), min_size=1, max_size=8)


@settings(deadline=None, max_examples=40)
@given(rows=events, attachment=st.floats(0, 80), limit=st.floats(0.1, 120), p=st.floats(0, 0.999))
def test_any_event_table_keeps_the_identities(rows, attachment, limit, p):
    rates, amounts = np.array(rows, dtype=float).T
    need = Need.from_events(rates, amounts)
    assert need.mean == pytest.approx(rates @ amounts, rel=1e-12, abs=1e-12)
    assert need.std == pytest.approx(np.sqrt(rates @ amounts**2), rel=1e-9, abs=1e-9)
    layer = need.layer(attachment, limit)
    assert -1e-12 <= layer.expected <= min(need.mean, limit) + 1e-9
    assert layer.probability_exhaust <= layer.probability_attach + 1e-12
    assert need.limited_expected_value(attachment) + need.layer(attachment, np.inf).expected == pytest.approx(
        need.mean, rel=1e-9, abs=1e-9
    )
    risk = need.value_at_risk(p)
    assert need.exceedance(risk) <= 1 - p + 1e-9
    assert need.tail_value_at_risk(p) >= max(risk, need.mean) - 1e-9


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1e6)), min_size=1, max_size=12),
    st.floats(0, 1e6),
    st.floats(1, 1e6),
)
def test_any_states_equal_plain_sums(rows, attachment, limit):
    weights, amounts = np.array(rows).T
    probabilities = weights / max(weights.sum(), 1.0)
    need = Need.from_states(probabilities, amounts)
    paid = np.clip(amounts - attachment, 0, limit)
    layer = need.layer(attachment, limit)
    assert layer.expected == pytest.approx(probabilities @ paid, rel=1e-9, abs=1e-6)
    square = probabilities @ paid**2
    assert layer.std**2 == pytest.approx(square - (probabilities @ paid) ** 2, rel=1e-6, abs=1e-3)
