"""Timeliness, coverage and adequacy of a response: arithmetic, gaps, refusals."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aspfin.indicators.shock_response import (
    Milestones,
    adequacy_of_response,
    cost_transfer_ratio,
    coverage_of_affected,
    grievance_closure_rate,
    share_financed_within,
    timeliness,
)


def test_days_between_milestones():
    found = timeliness(
        Milestones("2022-09-01", "2022-09-11", date(2022, 10, 1), pd.Timestamp("2022-12-01"), "2023-03-01")
    )
    frame = found.to_frame()
    assert frame["days_since_previous"].tolist()[1:] == [10, 20, 61, 90]
    assert frame["days_since_shock"].tolist() == [0, 10, 30, 91, 181]
    assert found.sentence() == (
        "The first payment came 91 days after the shock, 95 % paid came 181 days after the shock."
    )


def test_missing_is_missing_not_zero():
    found = timeliness(Milestones("2022-09-01", paid_95="2023-03-01", decision=pd.NaT))
    frame = found.to_frame()
    assert frame["days_since_previous"].isna().all()
    assert frame["days_since_shock"].tolist()[-1] == 181
    assert found.days("decision", "paid_95") is None
    assert "No date is known for the declaration, the decision, the first payment" in str(found)


def test_same_day_is_zero_days():
    assert timeliness(Milestones("2022-09-01", "2022-09-01")).days("shock", "declaration") == 0


def test_negative_is_an_error_also_across_a_gap():
    with pytest.raises(
        ValueError, match=r"decision: got 2022-08-31; allowed: not before shock \(2022-09-01\)"
    ):
        Milestones("2022-09-01", decision="2022-08-31")


@pytest.mark.parametrize("bad", ["1/9/2022", "soon", 20220901, True])
def test_dates_that_cannot_be_read(bad):
    with pytest.raises(ValueError, match=r"shock: got .* a date such as"):
        Milestones(bad)


def test_unknown_milestone():
    found = timeliness(Milestones("2022-09-01"))
    with pytest.raises(ValueError, match="milestone: got 'payment'"):
        found.days("shock", "payment")
    with pytest.raises(ValueError, match="milestones: got dict"):
        timeliness({})


@given(st.lists(st.integers(0, 1000), min_size=4, max_size=4))
def test_successive_days_add_up(gaps):
    days = np.datetime64("2020-01-01") + np.cumsum([0, *gaps])
    found = timeliness(Milestones(*(str(day) for day in days)))
    assert found.to_frame()["days_since_previous"].sum() == found.days("shock", "paid_95") == sum(gaps)


def test_shares():
    assert coverage_of_affected(covered=30, affected=120) == 0.25
    assert np.isnan(coverage_of_affected(covered=0, affected=0))
    found = coverage_of_affected(covered=[1, np.nan, 0], affected=[4, 5, 0])
    np.testing.assert_array_equal(found, [0.25, np.nan, np.nan])
    assert np.isnan(grievance_closure_rate(closed=0, received=0))
    assert np.isnan(cost_transfer_ratio(administration=3, transfers=0))
    assert cost_transfer_ratio(administration=6, transfers=3) == 2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: coverage_of_affected(covered=5, affected=4), "covered: got 5 of 4 affected"),
        (lambda: coverage_of_affected(covered=-5, affected=4), "covered: got -5.0"),
        (lambda: coverage_of_affected(covered=[1, 2], affected=[1, 2, 3]), "shape"),
        (lambda: coverage_of_affected(covered="many", affected=4), "covered: got 'many'"),
        (lambda: grievance_closure_rate(closed=5, received=4), "closed: got 5 of 4 received"),
        (lambda: cost_transfer_ratio(administration=np.inf, transfers=3), "administration: got inf"),
        (lambda: adequacy_of_response(transfer=5), "give at least one"),
        (
            lambda: adequacy_of_response(transfer=5, poverty_line=0),
            "poverty_line: got 0.0; allowed: numbers above 0",
        ),
        (lambda: adequacy_of_response(transfer=-1, basket=3), "transfer: got -1.0"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_adequacy():
    found = adequacy_of_response(transfer=30, poverty_line=120, basket=60)
    assert (found.of_poverty_line, found.of_basket) == (0.25, 0.5)
    assert np.isnan(found.of_income_loss)
    assert found.to_frame()["share"].isna().tolist() == [False, False, True]


PAYMENTS = pd.DataFrame(
    {
        "source": ["budget", "fund", "aid", "fund"],
        "amount": [40.0, 20.0, 10.0, 5.0],
        "days": [100, 5, 400, 60],
    }
)


def test_share_financed_by_source():
    wide = share_financed_within(PAYMENTS, need=100).pivot_table(
        index="source", columns="within_days", values="share"
    )
    np.testing.assert_allclose(wide.loc["fund"], [0.2, 0.25, 0.25, 0.25])
    np.testing.assert_allclose(wide.loc["all sources"], [0.2, 0.25, 0.65, 0.65])
    np.testing.assert_allclose(wide.loc["all sources"], wide.drop("all sources").sum())
    shuffled = share_financed_within(PAYMENTS.iloc[::-1], need=100)
    assert shuffled.equals(share_financed_within(PAYMENTS, need=100))
    assert shuffled["source"].unique().tolist() == ["fund", "budget", "aid", "all sources"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"days": [1, 2, np.nan, 3]}, "missing in 1 of 4 rows"),
        ({"amount": [1, -2, 1, 3]}, "amount: got -2.0|payments: got"),
        ({"amount": ["1", "2", "3", "4"]}, "to_numeric"),
    ],
)
def test_bad_payments(change, words):
    with pytest.raises(ValueError, match=words):
        share_financed_within(PAYMENTS.assign(**change), need=100)
    with pytest.raises(ValueError, match="there is no column 'days'"):
        share_financed_within(PAYMENTS.drop(columns="days"), need=100)
    with pytest.raises(ValueError, match="need: got 0"):
        share_financed_within(PAYMENTS, need=0)
