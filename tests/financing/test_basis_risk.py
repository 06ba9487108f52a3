"""Missed and needless payments."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from aspfin.financing import measure_basis_risk, missed_payment_probability

GOLDEN = yaml.safe_load(
    (Path(__file__).parents[1] / "golden/finance_basis_risk.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(("correlation", "missed"), GOLDEN["missed_payment"].items())
def test_missed_payment(correlation, missed):
    assert missed_payment_probability(correlation) == pytest.approx(missed, abs=GOLDEN["tolerance"])


def test_perfectly_opposed_index_never_pays_on_need():
    assert missed_payment_probability(-1) == 1


def test_missed_payments_fall_with_correlation_and_with_a_lower_trigger():
    by_correlation = [missed_payment_probability(r) for r in np.linspace(-1, 1, 21)]
    assert (np.diff(by_correlation) < 1e-12).all()
    by_trigger = [missed_payment_probability(0.6, index_probability=q) for q in (0.05, 0.1, 0.3, 0.9)]
    assert (np.diff(by_trigger) < 0).all()


def test_simulated_years_agree_with_the_integral():
    rng = np.random.default_rng(7)
    need, noise = rng.standard_normal((2, 200_000))
    index = 0.7 * need + np.sqrt(1 - 0.49) * noise
    money, paid = np.exp(need), np.where(index >= 1.2815515655446004, 5.0, 0.0)
    result = measure_basis_risk(money, paid, threshold=np.exp(1.2815515655446004))
    exact = missed_payment_probability(0.7)
    assert result.false_negative == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 20_000))
    needless = 0.1 * exact / 0.9
    assert result.false_positive == pytest.approx(needless, abs=4 * np.sqrt(needless / 180_000))


def test_states_by_hand():
    result = measure_basis_risk([0, 50, 80, 0], [0, 0, 60, 60], threshold=10, premium=5)
    assert result.states["probability"].tolist() == [0.25] * 4
    worst = result.states.query("need and not paid").iloc[0]
    assert (worst["mean_need"], worst["mean_payment"]) == (50, 0)
    assert (result.expected_need, result.expected_payment, result.expected_shortfall) == (32.5, 30, 17.5)
    assert "nothing is paid and the premium of USD 5" in str(result)


def test_years_without_need_or_payment():
    result = measure_basis_risk([0, 0], [0, 0], threshold=1)
    assert np.isnan(result.false_negative)
    assert result.false_positive == 0
    assert np.isnan(result.correlation)


def test_bad_input():
    with pytest.raises(ValueError, match="correlation"):
        missed_payment_probability(1.5)
    with pytest.raises(ValueError, match="need_probability"):
        missed_payment_probability(0.5, need_probability=0)
    with pytest.raises(ValueError, match="payment"):
        measure_basis_risk([1, 2], [1], threshold=1)
    with pytest.raises(ValueError, match="need"):
        measure_basis_risk([], [], threshold=1)
