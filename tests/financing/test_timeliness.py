"""Delay: its factor, the share met in time, the loss of households."""

import numpy as np
import pytest

from aspfin.financing import HouseholdDelayLoss, delay_factor, share_met_within


def test_delay_factor():
    assert delay_factor(24) == pytest.approx((1.4 / 1.15) ** 2, rel=1e-14)
    assert delay_factor(24) == pytest.approx(1.482041588, abs=1e-9)
    assert delay_factor(0) == 1
    assert delay_factor(12, cost_growth=0.15) == 1


def test_share_within_days_never_falls_and_ends_at_what_was_paid():
    within = [0, 10, 10.5, 30, 90, 1000]
    shares = share_met_within([5, 20, 25], [10, 90, 20], need=100, within=within)
    assert shares.tolist() == [0, 0.05, 0.05, 0.3, 0.5, 0.5]
    assert (np.diff(shares) >= 0).all()


def test_no_need_is_missing():
    assert np.isnan(share_met_within([0], [10], need=0)).all()


def test_household_loss_is_piecewise_linear_and_flat_after_its_end():
    table = HouseholdDelayLoss((0, 6, 9), (0, 60, 300), source="made up", status="assumed")
    assert table.at([0, 3, 6, 7, 9, 24]).tolist() == [0, 30, 60, 140, 300, 300]
    assert HouseholdDelayLoss((0, 1), (0, 1), source="x").status == "unverified"


@pytest.mark.parametrize(
    ("months", "loss", "field"),
    [
        ((1, 2), (0, 1), "months"),
        ((0,), (0,), "months"),
        ((0, 2, 2), (0, 1, 2), "months"),
        ((0, 1), (0,), "loss"),
        ((0, 1), (2, 1), "loss"),
    ],
)
def test_bad_tables(months, loss, field):
    with pytest.raises(ValueError, match=field):
        HouseholdDelayLoss(months, loss, source="x")


def test_bad_input():
    with pytest.raises(ValueError, match="months"):
        delay_factor(-1)
    with pytest.raises(ValueError, match="days_to_cash"):
        share_met_within([1, 2], [3], need=4)
    with pytest.raises(ValueError, match="paid"):
        share_met_within([-1], [3], need=4)
