"""Contract terms against published validation sets."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from aspfin.financing.need import Need
from aspfin.financing.terms import (
    allocate_back,
    apply_terms,
    frequency_curve,
    layer_payment,
    reinstatement_premium,
)

GOLDEN = yaml.safe_load(
    (Path(__file__).parents[1] / "golden" / "need_terms.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", GOLDEN["layer_payments"], ids=lambda case: case["note"])
def test_layer_payment(case):
    np.testing.assert_allclose(layer_payment(case["losses"], **case["terms"]), case["paid"], rtol=1e-14)


@pytest.mark.parametrize("case", GOLDEN["contract_terms"]["cases"], ids=lambda case: str(case["terms"]))
def test_contract_terms(case):
    assert apply_terms(GOLDEN["contract_terms"]["losses"], **case["terms"]).tolist() == case["paid"]


def test_excess_of_loss_is_allocated_back():
    case = GOLDEN["excess_of_loss"]
    ceded = float(layer_payment(sum(case["losses"]), **case["terms"]))
    assert ceded == case["ceded"]
    np.testing.assert_allclose(allocate_back(ceded, case["losses"]), case["allocated"], rtol=1e-15)


@pytest.mark.parametrize("case", GOLDEN["event_layers"]["cases"])
def test_event_layers(case):
    impacts, frequencies = np.array(case["impacts"], dtype=float), np.array(case["frequencies"])
    paid = layer_payment(impacts, **case["terms"])
    if "paid" in case:
        assert paid.tolist() == case["paid"]
    if "annual" in case:
        assert paid @ frequencies == pytest.approx(case["annual"], rel=1e-12)
        layer = Need.from_events(frequencies, impacts).occurrence_layer(**case["terms"])
        assert layer.expected == pytest.approx(case["annual"], rel=1e-12)
    if "residual" in case:
        assert (impacts - paid) @ frequencies == pytest.approx(case["residual"], rel=1e-12)


def test_frequency_curve():
    case = GOLDEN["frequency_curve"]
    curve = frequency_curve(
        case["impacts"], [case["frequency"]] * len(case["impacts"]), case["return_periods"]
    )
    np.testing.assert_allclose(curve, case["expected"], rtol=case["tolerance"])


def test_frequency_curve_does_not_depend_on_row_order():
    impacts, rates = np.array([3.0, 9, 1, 4]), np.array([0.2, 0.01, 0.5, 0.1])
    order = [2, 0, 3, 1]
    np.testing.assert_array_equal(
        frequency_curve(impacts, rates, [2, 8, 50]), frequency_curve(impacts[order], rates[order], [2, 8, 50])
    )


@pytest.mark.parametrize("n", [0, 1])
def test_reinstatement_premium_by_hand(n):
    case = GOLDEN["reinstatement"]
    need = Need.from_states(case["probabilities"], case["amounts"])
    assert reinstatement_premium(need, case["limit"], reinstatements=n) == pytest.approx(case["premium"][n])


def test_premium_with_reinstatements_equals_the_expected_payment():
    need = Need.from_events([0.6, 0.3], [8.0, 25.0])
    limit, n, deductible = 10.0, 3, 4.0
    premium = reinstatement_premium(need, limit, reinstatements=n, deductible=deductible)
    reinstated = sum(need.layer(deductible + k * limit, limit).expected / limit for k in range(n))
    paid = need.layer(deductible, (n + 1) * limit).expected
    assert premium * (1 + reinstated) == pytest.approx(paid, rel=1e-14)


def test_missing_losses_stay_missing():
    assert np.isnan(apply_terms([np.nan, 30.0], deductible=10)[0])
    assert np.isnan(layer_payment(np.nan, 1, 2))


def test_callers_array_is_untouched():
    losses = np.array([1.0, 2, 3])
    apply_terms(losses, deductible=2)
    assert losses.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: layer_payment([1], -1, 2), "attachment"),
        (lambda: layer_payment([1], 1, 0), "limit"),
        (lambda: layer_payment([1], 1, 2, share=1.5), "share"),
        (lambda: apply_terms([1], deductible=1, franchise=1), "franchise"),
        (lambda: apply_terms([1], deductible=-1), "deductible"),
        (lambda: allocate_back(1, [0, 0]), "losses"),
        (lambda: allocate_back(1, [1, -1]), r"losses\[1\]"),
        (lambda: frequency_curve([1, 2], [1], [10]), "frequencies"),
        (lambda: reinstatement_premium(Need.from_states([1], [1]), 1, reinstatements=-1), "reinstatements"),
        (lambda: reinstatement_premium(Need.from_states([1], [1]), float("inf")), "limit"),
    ],
)
def test_bad_input_is_named(call, argument):
    with pytest.raises(ValueError, match=f"^{argument}: got .*; allowed: "):
        call()
