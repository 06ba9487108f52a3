"""An ageing register leaves more people out, never fewer."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from response_cases import CASH, KHM, QUICK, SHOCK, exact, six_households

from aspfin.programmes import HouseholdData, RegistryAge, VerticalExpansion, compare_responses
from aspfin.programmes.registry_age import exclusion, months_since_registration
from aspfin.results import InputError

SHARE = st.floats(0, 1)


@settings(deadline=None, max_examples=50)
@given(st.floats(0, 600), st.floats(0, 600), SHARE, SHARE)
def test_a_newer_registration_never_raises_exclusion(one, other, base, growth):
    newer, older = sorted([one, other])
    shares = exclusion([newer, older], base=base, yearly_growth=growth)
    assert shares[0] <= shares[1] + 1e-12
    assert base - 1e-12 <= shares[0] <= 1


def test_no_growth_means_age_does_not_matter():
    assert exclusion([0, 100], base=0.3, yearly_growth=0).tolist() == pytest.approx([0.3, 0.3])


def test_later_registrations_count_as_new_and_missing_stays_missing():
    months = months_since_registration(["2023-01-01", "2021-09-01", None], "2022-09-01")
    assert months[:2] == pytest.approx([0, 12], abs=0.01)
    assert np.isnan(months[2])


@pytest.mark.parametrize(
    ("months", "more", "word"),
    [
        ([-1], {}, "months_since_registration"),
        ([1], {"base": 1.5}, "base"),
        ([1], {"yearly_growth": -0.1}, "growth"),
    ],
)
def test_impossible_inputs_are_refused_in_one_line(months, more, word):
    with pytest.raises(InputError, match=word) as error:
        exclusion(months, **more)
    assert "\n" not in str(error.value)


def test_registry_age_is_refused_out_of_range():
    with pytest.raises(InputError, match=r"yearly_growth.*1\.2"):
        RegistryAge(yearly_growth=1.2)


def with_registration(days):
    data = six_households()
    frame = data.households.assign(registration_date=pd.to_datetime([days, None, days, None, None, None]))
    return HouseholdData(frame, data.poverty_line, data.currency)


def test_an_older_register_leaves_more_of_those_in_need_out():
    option = VerticalExpansion(CASH, exact("capacity", 1.0), exact("wrong", 0.0), **QUICK)
    shares = [
        compare_responses(KHM, SHOCK, [option], population=with_registration(day), draws=0)
        .table["exclusion_error"].iloc[0]
        for day in ("2022-08-01", "2020-01-01", "2016-01-01", "2010-01-01")
    ]  # fmt: skip
    assert shares == sorted(shares)
    assert shares[0] < shares[-1]
    # By hand: 0.98 of the roster right at once, 0.95 of it after each year; 100 of 250 in need are on it.
    years = (pd.Timestamp("2022-09-01") - pd.Timestamp("2010-01-01")).days / 365.25
    assert shares[-1] == pytest.approx(1 - 0.98 * 0.95**years * 100 / 250)
