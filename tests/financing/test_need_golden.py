"""Annual need against numbers computed elsewhere: see the case files in tests/golden."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from aspfin.financing.aggregate import aggregate
from aspfin.financing.frequency import Poisson
from aspfin.financing.lattice import discretise
from aspfin.financing.need import Need
from aspfin.financing.severity import Gamma, Lognormal

GOLDEN = Path(__file__).parents[1] / "golden"


def golden(name):
    return yaml.safe_load((GOLDEN / f"need_{name}.yaml").read_text(encoding="utf-8"))


EVENTS = golden("event_table")
LOGNORMAL = golden("lognormal")
ACTUAR = golden("actuar")


@pytest.fixture(scope="module")
def event_table():
    return Need.from_events(EVENTS["rates"], EVENTS["amounts"])


def lognormal_need(step):
    return Need.from_frequency_severity(Poisson(LOGNORMAL["rate"]), Lognormal(mean=20, cv=1.5), step=step)


@pytest.fixture(scope="module", params=[1 / 64, None], ids=["step 1/64", "own step"])
def lognormal(request):
    return lognormal_need(request.param)


class TestEventTable:
    tolerance = EVENTS["tolerance"]

    def test_moments(self, event_table):
        assert event_table.model.frequency.rate == pytest.approx(EVENTS["rate"], abs=1e-12)
        assert event_table.mean == pytest.approx(EVENTS["mean"], abs=self.tolerance)
        assert event_table.std**2 == pytest.approx(EVENTS["variance"], abs=self.tolerance)

    def test_amounts_that_share_a_step_are_atoms(self, event_table):
        assert event_table.law.spacing == 1.0
        assert event_table.law.cell == 0.0

    def test_single_events(self, event_table):
        np.testing.assert_allclose(
            event_table.occurrence_exceedance(EVENTS["amounts"]),
            EVENTS["occurrence_exceedance"],
            atol=self.tolerance,
        )
        np.testing.assert_allclose(
            event_table.exceedance_frequency(EVENTS["amounts"]), EVENTS["exceedance_frequency"], atol=1e-12
        )

    @pytest.mark.parametrize(("amount", "probability"), EVENTS["exceedance_or_equal"])
    def test_annual_exceedance(self, event_table, amount, probability):
        assert event_table.exceedance_or_equal(amount) == pytest.approx(probability, abs=self.tolerance)

    @pytest.mark.parametrize(("p", "risk", "tail"), EVENTS["tail"])
    def test_tail(self, event_table, p, risk, tail):
        assert event_table.value_at_risk(p) == risk
        assert event_table.tail_value_at_risk(p) == pytest.approx(tail, abs=self.tolerance)

    @pytest.mark.parametrize(
        ("attachment", "limit", "expected", "attach", "exhaust", "per_event"), EVENTS["layers"]
    )
    def test_layers(self, event_table, attachment, limit, expected, attach, exhaust, per_event):
        layer = event_table.layer(attachment, limit)
        assert layer.expected == pytest.approx(expected, abs=self.tolerance)
        assert layer.probability_attach == pytest.approx(attach, abs=self.tolerance)
        assert layer.probability_exhaust == pytest.approx(exhaust, abs=self.tolerance)
        assert event_table.occurrence_layer(attachment, limit).expected == pytest.approx(per_event, abs=1e-12)


class TestLognormal:
    tolerance = LOGNORMAL["tolerance"]

    def test_parameters(self):
        law = Lognormal(mean=20, cv=1.5)
        assert law.meanlog == pytest.approx(LOGNORMAL["severity"]["meanlog"], abs=1e-12)
        assert law.sdlog == pytest.approx(LOGNORMAL["severity"]["sdlog"], abs=1e-12)

    def test_moments(self, lognormal):
        assert lognormal.mean == pytest.approx(LOGNORMAL["mean"], abs=1e-12)
        assert lognormal.std == pytest.approx(LOGNORMAL["std"], abs=1e-6)
        assert lognormal.mass_beyond_grid < 1e-9

    @pytest.mark.parametrize("row", LOGNORMAL["layers"], ids=lambda row: f"{row[1]} xs {row[0]}")
    def test_layers(self, lognormal, row):
        attachment, limit, expected, attach, exhaust, per_event, event_attach, event_exhaust = row
        layer = lognormal.layer(attachment, limit)
        event = lognormal.occurrence_layer(attachment, limit)
        assert layer.expected == pytest.approx(expected, abs=self.tolerance["expected"])
        assert layer.probability_attach == pytest.approx(attach, abs=self.tolerance["probability"])
        assert layer.probability_exhaust == pytest.approx(exhaust, abs=self.tolerance["probability"])
        assert event.expected == pytest.approx(per_event, abs=self.tolerance["occurrence"])
        assert event.probability_attach == pytest.approx(event_attach, abs=self.tolerance["occurrence"])
        assert event.probability_exhaust == pytest.approx(event_exhaust, abs=self.tolerance["occurrence"])

    def test_layers_of_the_own_step_to_a_millionth(self):
        need = lognormal_need(None)
        for attachment, limit, expected, *_ in LOGNORMAL["layers"]:
            assert need.layer(attachment, limit).expected == pytest.approx(expected, rel=1e-6)

    def test_coarser_step_is_four_times_less_exact(self):
        errors = {}
        for step in (1 / 32, 1 / 4, 1 / 8):
            need = lognormal_need(step)
            errors[step] = [
                need.layer(a, limit).expected - expected for a, limit, expected, *_ in LOGNORMAL["layers"]
            ]
        assert np.abs(errors[1 / 32]).max() < self.tolerance["expected_at_step_1_32"]
        assert errors[1 / 4][0] / errors[1 / 8][0] == pytest.approx(4, rel=0.05)

    @pytest.mark.parametrize(("p", "risk", "tail"), LOGNORMAL["tail"])
    def test_tail(self, lognormal, p, risk, tail):
        assert lognormal.value_at_risk(p) == pytest.approx(risk, abs=self.tolerance["value_at_risk"])
        assert lognormal.tail_value_at_risk(p) == pytest.approx(
            tail, abs=self.tolerance["tail_value_at_risk"]
        )
        assert lognormal.conditional_tail_expectation(p) == pytest.approx(
            lognormal.tail_value_at_risk(p), rel=1e-6
        )

    def test_losses_of_single_events(self, lognormal):
        years = LOGNORMAL["return_periods"]
        np.testing.assert_allclose(lognormal.occurrence_loss(years), LOGNORMAL["occurrence_loss"], atol=1e-6)
        np.testing.assert_allclose(
            lognormal.frequency_based_loss(years), LOGNORMAL["frequency_based_loss"], atol=1e-6
        )

    def test_continuity_convention_at_lattice_points(self):
        need = lognormal_need(1 / 4)
        cumulative = np.cumsum(need.law.probabilities)
        for k in (1, 7, 40, 400):
            assert need.exceedance(k / 4) == pytest.approx(
                1 - (cumulative[k - 1] + cumulative[k]) / 2, abs=1e-14
            )
        assert need.exceedance(0) == pytest.approx(1 - np.exp(-0.8), abs=1e-15)


@pytest.fixture(scope="module")
def actuar():
    severity = discretise(Gamma(**ACTUAR["severity"]), ACTUAR["step"], 128)
    masses = aggregate(Poisson(ACTUAR["rate"]), severity, points=256)
    return Need.from_states(masses, ACTUAR["step"] * np.arange(masses.size))


class TestActuar:
    def test_probabilities(self, actuar):
        expected = ACTUAR["probabilities"]
        assert [float(f"{p:.3e}") for p in actuar.law.probabilities[: len(expected)]] == expected

    @pytest.mark.parametrize(("p", "quantile"), ACTUAR["quantiles"])
    def test_quantiles(self, actuar, p, quantile):
        assert actuar.value_at_risk(p) == quantile

    @pytest.mark.parametrize(("p", "published", "conditional", "coherent"), ACTUAR["tail"])
    def test_tail_means(self, actuar, p, published, conditional, coherent):
        tolerance = ACTUAR["tolerance_longer_lattice"]
        assert actuar.conditional_tail_expectation(p) == pytest.approx(conditional, abs=tolerance)
        assert actuar.tail_value_at_risk(p) == pytest.approx(coherent, abs=ACTUAR["tolerance"])
        assert on_published_lattice(actuar.value_at_risk(p)) == pytest.approx(
            published, abs=ACTUAR["tolerance"]
        )


def on_published_lattice(quantile):
    """Conditional tail expectation as the vignette has it: severity cut at 22, divided by 1 - F."""
    severity, step, end = Gamma(**ACTUAR["severity"]), ACTUAR["step"], 22
    masses = discretise(severity, step, int(end / step) + 1)
    inside = float(severity.limited_expected_value(end) - severity.limited_expected_value(end - step)) / step
    masses[-1] = inside - float(severity.survival(end))
    annual = aggregate(Poisson(ACTUAR["rate"]), masses, points=400)
    amounts = step * np.arange(annual.size)
    above = amounts > quantile
    return amounts[above] @ annual[above] / (1 - annual[~above].sum())
