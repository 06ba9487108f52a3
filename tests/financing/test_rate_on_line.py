"""Market prices of layers."""

import numpy as np
import pytest

from aspfin.financing import CARIBBEAN_2026, Lognormal, Need, Poisson, RateOnLineCurve

NEED = Need.from_frequency_severity(Poisson(0.8), Lognormal(mean=20, cv=1.5))


def test_exact_at_the_anchors_and_monotone_between():
    assert CARIBBEAN_2026.rate(CARIBBEAN_2026.return_periods) == pytest.approx(
        CARIBBEAN_2026.rates, rel=1e-12
    )
    assert (np.diff(CARIBBEAN_2026.rate(np.geomspace(1, 1000, 500))) < 0).all()


def test_implied_multiples_of_the_anchors():
    multiples = np.multiply(CARIBBEAN_2026.return_periods, CARIBBEAN_2026.rates)
    assert multiples == pytest.approx([0.4, 1.75, 2.5, 5.5, 4.5, 5, 9, 20, 35])


def test_a_wide_layer_costs_less_than_at_its_attachment_and_more_than_at_its_top():
    price = CARIBBEAN_2026.premium(NEED, 30, 90)
    bottom, top = (CARIBBEAN_2026.rate(1 / NEED.exceedance(level)) * 90 for level in (30, 120))
    assert top < price < bottom


def test_adjacent_layers_add_up_and_shares_scale():
    parts = CARIBBEAN_2026.premium(NEED, 30, 30) + CARIBBEAN_2026.premium(NEED, 60, 60)
    assert CARIBBEAN_2026.premium(NEED, 30, 90) == pytest.approx(parts, rel=1e-5)
    assert CARIBBEAN_2026.premium(NEED, 30, 90, share=0.4) == pytest.approx(
        0.4 * CARIBBEAN_2026.premium(NEED, 30, 90)
    )


def test_a_thin_layer_has_the_rate_of_its_return_period():
    thin = CARIBBEAN_2026.premium(NEED, 60, 1e-6) / 1e-6
    assert thin == pytest.approx(float(CARIBBEAN_2026.rate(NEED.return_period(60))), rel=1e-6)


def test_no_price_beyond_the_ends_unless_asked():
    with pytest.raises(ValueError, match="return_period"):
        CARIBBEAN_2026.rate(2000)
    held = RateOnLineCurve((5, 50), (0.3, 0.06), source="made up", beyond=True)
    assert held.rate([1, 5, 50, np.inf]) == pytest.approx([0.3, 0.3, 0.06, 0.06])


@pytest.mark.parametrize(
    ("years", "rates", "field"),
    [((5,), (0.1,), "return_periods"), ((5, 5), (0.1, 0.1), "return_periods"), ((5, 10), (0.1, 0), "rates")],
)
def test_bad_curves(years, rates, field):
    with pytest.raises(ValueError, match=field):
        RateOnLineCurve(years, rates, source="made up")
