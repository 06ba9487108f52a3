import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.programmes.expansion import expand
from aspfin.results import InputError

FULL = {"vertical_capacity": 1, "horizontal_capacity": 1, "exclusion_error": 0, "inclusion_error": 0}
share = st.floats(0, 1)


def test_everybody_on_the_roster_gets_the_top_up_and_nobody_is_new():
    reach = expand([500.0, 20.0], roster_share=1, **FULL)
    assert reach.vertical.tolist() == [500, 20] and reach.horizontal_eligible.tolist() == [0, 0]
    assert reach.left_out.tolist() == [0, 0]


def test_by_hand():
    # 1,000 affected, 18 % on the roster of 100: 95 % of 100; new: 80 % of 90 % of 820; a tenth of those paid
    # are not eligible.
    reach = expand(
        1_000,
        roster_share=0.18,
        roster=100,
        vertical_capacity=0.95,
        horizontal_capacity=0.8,
        exclusion_error=0.1,
        inclusion_error=0.1,
    )
    assert float(reach.vertical) == pytest.approx(95)
    assert float(reach.horizontal_eligible) == pytest.approx(590.4)
    assert float(reach.horizontal_paid) == pytest.approx(656)
    assert float(reach.left_out) == pytest.approx(1_000 - 95 - 590.4)
    assert float(reach.paid) == pytest.approx(751)


@settings(deadline=None, max_examples=80)
@given(st.floats(0, 1e7), share, share, share, share, st.floats(0, 0.95), st.floats(0, 1e7))
def test_reached_and_left_out_add_up(affected, overlap, vertical, horizontal, exclusion, inclusion, roster):
    reach = expand(
        affected,
        roster_share=overlap,
        roster=roster,
        vertical_capacity=vertical,
        horizontal_capacity=horizontal,
        exclusion_error=exclusion,
        inclusion_error=inclusion,
    )
    assert all(check.passed for check in reach.checks)
    assert reach.reached <= affected * (1 + 1e-12)
    assert reach.horizontal_paid >= reach.horizontal_eligible


def test_shape_and_scale():
    affected = np.arange(6.0).reshape(2, 3)
    overlap = np.array([0.1, 0.2, 0.3])
    response = {
        "vertical_capacity": 0.9,
        "horizontal_capacity": 0.7,
        "exclusion_error": 0.2,
        "inclusion_error": 0.1,
    }
    small, large = (expand(k * affected, roster_share=overlap, **response) for k in (1, 10))
    assert small.paid.shape == (2, 3)
    np.testing.assert_allclose(large.paid, 10 * small.paid)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"vertical_capacity": 1.1}, "vertical_capacity"),
        ({"inclusion_error": 1}, "inclusion_error"),
        ({"roster_share": -0.1}, "roster_share"),
        ({"affected_households": -5}, "affected_households"),
        ({"roster": -1}, "roster"),
        ({"exclusion_error": float("nan")}, "exclusion_error"),
    ],
)
def test_bad_input_is_named(change, word):
    arguments = {"affected_households": 10, "roster_share": 0.2, **FULL, **change}
    with pytest.raises(InputError, match=word):
        expand(arguments.pop("affected_households"), **arguments)
