"""The smallest fund that is safe enough."""

import numpy as np
import pytest

from aspfin.financing import Lognormal, Need, Poisson, fund_path, size_fund

NEED = Need.from_frequency_severity(Poisson(0.8), Lognormal(mean=20, cv=1.5))
STATES = Need.from_states([0.2, 0.05], [10.0, 40.0])


@pytest.mark.parametrize("target", [{"max_probability_ever_unmet": 0.1}, {"max_share_unmet": 0.05}])
@pytest.mark.parametrize("terms", [{}, {"contribution": 45, "opening": 60, "interest": 0.02}])
def test_the_size_meets_the_target_and_a_little_less_does_not(target, terms):
    size = size_fund(NEED, years=8, **terms, **target)
    measure = size.measure
    assert size.reached
    assert target == {f"max_{measure}": size.target}
    assert size.achieved <= size.target
    assert getattr(size.path, measure) == pytest.approx(size.achieved, rel=1e-12)

    def short(ceiling):
        opening = terms.get("opening", ceiling)
        path = fund_path(
            NEED,
            opening=opening,
            contribution=size.contribution,
            ceiling=ceiling,
            years=8,
            interest=terms.get("interest", 0.0),
        )
        return getattr(path, measure)

    assert short(size.ceiling) == pytest.approx(size.achieved, abs=1e-6)
    assert short(size.ceiling - 2 * size.step) > size.target
    assert size.step < 1e-3 * size.ceiling


def test_exact_size_on_whole_amounts():
    """Against every whole ceiling, tried one by one."""
    size = size_fund(STATES, years=5, contribution=4, max_probability_ever_unmet=0.05)
    by_ceiling = {
        ceiling: fund_path(
            STATES, opening=ceiling, contribution=4, ceiling=ceiling, years=5
        ).probability_ever_unmet
        for ceiling in range(0, 81)
    }
    assert size.ceiling == min(ceiling for ceiling, p in by_ceiling.items() if p <= 0.05)
    assert size.path.exact


def test_a_safer_fund_is_larger():
    sizes = [size_fund(NEED, years=5, max_probability_ever_unmet=p).ceiling for p in (0.5, 0.2, 0.1, 0.02)]
    assert (np.diff(sizes) > 0).all()


def test_the_contribution_is_the_mean_need_and_the_fund_opens_full_unless_told():
    size = size_fund(NEED, years=5, max_probability_ever_unmet=0.1)
    assert (size.contribution, size.opening) == (NEED.mean, size.ceiling)


def test_out_of_reach_is_said():
    size = size_fund(NEED, years=10, opening=0, max_probability_ever_unmet=0.05)
    assert not size.reached
    assert size.ceiling == np.inf
    assert size.achieved > 0.05
    assert "No ceiling is enough" in str(size)


def test_no_need_and_no_target_need_no_fund():
    assert size_fund(Need.from_states([1.0], [0.0]), years=3, max_probability_ever_unmet=0).ceiling == 0
    assert size_fund(STATES, years=3, max_probability_ever_unmet=1).ceiling == 0


def test_a_bounded_need_can_be_covered_for_certain():
    size = size_fund(STATES, years=2, contribution=0, max_share_unmet=0)
    assert size.ceiling == 80


def test_words_and_table():
    size = size_fund(STATES, years=5, max_share_unmet=0.1)
    assert "at most 10.0% was asked" in str(size)
    assert len(size.to_frame()) == 5


def test_bad_input():
    for targets in ({}, {"max_share_unmet": 0.1, "max_probability_ever_unmet": 0.1}):
        with pytest.raises(ValueError, match="target"):
            size_fund(NEED, years=5, **targets)
    with pytest.raises(ValueError, match="max_share_unmet"):
        size_fund(NEED, years=5, max_share_unmet=2)
    with pytest.raises(ValueError, match="contribution"):
        size_fund(NEED, years=5, contribution=-1, max_share_unmet=0.1)
