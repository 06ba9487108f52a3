"""Properties of the waterfall on arbitrary needs and strategies, and a slow reference written another way."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aspfin.financing import (
    BudgetReallocation,
    ContingencyFund,
    ContingentCredit,
    DonorAid,
    ExPostBorrowing,
    InsuranceLayer,
    ParametricInsurance,
    allocate,
    finance,
)
from aspfin.financing.waterfall import run_years

SETTINGS = settings(deadline=None, max_examples=60)

# Amounts in 64ths: no subnormal numbers, so scaling by a power of two is exact.
money = st.one_of(st.sampled_from([0.0, 1.0, 10.0, 25.0]), st.integers(0, 12_800).map(lambda k: k / 64))
positive = st.integers(32, 12_800).map(lambda k: k / 64)
share = st.floats(0.05, 1)
MONEY = ("opening", "contribution", "ceiling", "limit", "attachment", "policy_limit")


def fund(opening, room, contribution, interest):
    return ContingencyFund(opening, contribution, opening + room, interest=interest)


instrument = st.one_of(
    st.builds(fund, money, st.one_of(money, st.just(math.inf)), money, st.sampled_from([0.0, 0.01, 0.2])),
    st.builds(ContingentCredit, money, availability_years=st.integers(1, 4)),
    st.builds(BudgetReallocation, money),
    st.builds(InsuranceLayer, money, positive, share=share),
    st.builds(
        lambda low, step, pay, more, cap, years: ParametricInsurance(
            ((low, pay), (low + step, pay + more)), policy_limit=cap, policy_years=years, correlation=1
        ),
        money,
        positive,
        money,
        money,
        st.one_of(money, st.just(math.inf)),
        st.integers(1, 3),
    ),
    st.builds(ExPostBorrowing, st.one_of(money, st.just(math.inf))),
    st.builds(DonorAid, st.one_of(money, st.just(math.inf)), share=share),
)
strategies_of_instruments = st.lists(instrument, max_size=5).map(
    lambda plan: [replace(one, name=f"{k} {one.name}") for k, one in enumerate(plan)]
)
needs = st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(
    lambda shape: arrays(float, shape, elements=money)
)


def slow(need, plan):
    """One path at a time, in plain Python, from the words of the contracts; returns payments and unmet."""
    paths, years = need.shape
    paid, unmet = np.zeros((len(plan), paths, years)), np.zeros((paths, years))
    for path in range(paths):
        account = [
            getattr(one, "opening", getattr(one, "policy_limit", getattr(one, "limit", 0))) for one in plan
        ]
        for year in range(years):
            total = rest = float(need[path, year])
            for k, one in enumerate(plan):
                match one:
                    case ContingencyFund():
                        has = min(account[k] + one.contribution, one.ceiling)
                        gets = min(rest, has)
                        account[k] = (has - gets) * (1 + one.interest)
                    case ContingentCredit():
                        if year % one.availability_years == 0:
                            account[k] = one.limit
                        gets = min(rest, account[k])
                        account[k] -= gets
                    case BudgetReallocation() | ExPostBorrowing():
                        gets = min(rest, one.limit)
                    case InsuranceLayer():
                        gets = one.share * min(max(total - one.attachment, 0), one.limit)
                    case ParametricInsurance():
                        if year % one.policy_years == 0:
                            account[k] = one.policy_limit
                        gets = max([amount for start, amount in one.tiers if total >= start], default=0)
                        gets = min(gets, account[k])
                        account[k] -= gets
                    case DonorAid():
                        gets = min(one.share * rest, one.limit)
                paid[k, path, year] = min(gets, rest)
                rest -= paid[k, path, year]
            unmet[path, year] = rest
    return paid, unmet


def run(need, plan):
    return run_years(np.ascontiguousarray(need.T), plan)


@SETTINGS
@given(needs, strategies_of_instruments)
def test_the_waterfall_is_the_slow_reference(need, plan):
    ledger = run(need, plan)
    paid, unmet = slow(need, plan)
    for k in range(len(plan)):
        assert ledger.paid[k].total == pytest.approx(paid[k].sum(axis=1), rel=1e-12, abs=1e-9)
        assert ledger.paid[k].mean == pytest.approx(paid[k].mean(axis=0), rel=1e-12, abs=1e-9)
    assert ledger.unmet.total == pytest.approx(unmet.sum(axis=1), rel=1e-12, abs=1e-9)


@SETTINGS
@given(needs, strategies_of_instruments)
def test_every_amount_of_need_appears_once(need, plan):
    ledger = run(need, plan)
    accounted = sum((tally.total for tally in ledger.paid), start=ledger.unmet.total)
    assert accounted == pytest.approx(need.sum(axis=1), rel=1e-12, abs=1e-9)
    for paid, received in zip(ledger.paid, ledger.received, strict=True):
        assert (paid.total >= 0).all()
        assert (paid.total <= received.total * (1 + 1e-12) + 1e-12).all()
    assert (ledger.unmet.total >= 0).all()


@SETTINGS
@given(needs, strategies_of_instruments)
def test_payments_stay_within_capacity(need, plan):
    paid, _ = slow(need, plan)
    years = need.shape[1]
    for k, one in enumerate(plan):
        yearly = run(need, plan).paid[k].total / years
        if isinstance(one, BudgetReallocation | ExPostBorrowing | DonorAid | InsuranceLayer):
            assert (yearly <= one.initial * (1 + 1e-12)).all()
        if isinstance(one, ContingentCredit):
            periods = -(-years // one.availability_years)
            assert (paid[k].sum(axis=1) <= periods * one.limit * (1 + 1e-12)).all()


@SETTINGS
@given(needs, strategies_of_instruments, st.randoms(use_true_random=False))
def test_the_order_of_paths_does_not_matter(need, plan, random):
    order = list(range(need.shape[0]))
    random.shuffle(order)
    before, after = run(need, plan), run(need[order], plan)
    assert np.array_equal(before.unmet.total[order], after.unmet.total)
    for one, other in zip(before.paid, after.paid, strict=True):
        assert np.array_equal(one.total[order], other.total)


@SETTINGS
@given(needs, strategies_of_instruments, st.sampled_from([0.5, 4.0, 1024.0]))
def test_another_currency_changes_the_unit_only(need, plan, factor):
    """Powers of two scale without rounding, so even counts of years with unmet need are equal."""

    def scaled(one):
        changes = {name: factor * getattr(one, name) for name in MONEY if hasattr(one, name)}
        if isinstance(one, ParametricInsurance):
            changes["tiers"] = tuple((factor * start, factor * payout) for start, payout in one.tiers)
        return replace(one, **changes)

    before, after = run(need, plan), run(factor * need, [scaled(one) for one in plan])
    assert np.array_equal(factor * before.unmet.total, after.unmet.total)
    assert np.array_equal(before.unmet.used, after.unmet.used)
    for one, other in zip(before.paid, after.paid, strict=True):
        assert np.array_equal(factor * one.total, other.total)


@SETTINGS
@given(needs, strategies_of_instruments, st.data())
def test_more_cover_never_leaves_more_unmet(need, plan, data):
    if not plan:
        return
    k = data.draw(st.integers(0, len(plan) - 1))
    one = plan[k]
    growing = [
        name
        for name in ("opening", "contribution", "ceiling", "limit", "policy_limit", "share")
        if hasattr(one, name)
    ]
    name = data.draw(st.sampled_from(growing))
    more = 1.0 if name == "share" else getattr(one, name) + data.draw(money)
    changes = {name: more}
    if name == "opening":
        changes["ceiling"] = max(one.ceiling, more)
    larger = [*plan[:k], replace(one, **changes), *plan[k + 1 :]]
    before, after = run(need, plan), run(need, larger)
    assert (after.unmet.total <= before.unmet.total + 1e-9).all()


@SETTINGS
@given(needs, strategies_of_instruments, instrument)
def test_one_more_instrument_at_the_end_never_leaves_more_unmet_and_leaves_the_others_alone(need, plan, last):
    before, after = run(need, plan), run(need, [*plan, replace(last, name="last")])
    assert (after.unmet.total <= before.unmet.total + 1e-9).all()
    for one, other in zip(before.paid, after.paid, strict=False):
        assert np.array_equal(one.total, other.total)


@SETTINGS
@given(arrays(float, st.integers(1, 8), elements=money), strategies_of_instruments)
def test_allocation_is_the_first_year(levels, plan):
    frame = allocate(levels, plan)
    ledger = run(levels[:, None], plan)
    assert frame["unmet"].to_numpy() == pytest.approx(ledger.unmet.total)
    for one, tally in zip(plan, ledger.paid, strict=True):
        assert frame[one.name].to_numpy() == pytest.approx(tally.total)
    assert frame.drop(columns="need").sum(axis=1).to_numpy() == pytest.approx(levels, abs=1e-9)


@SETTINGS
@given(needs.filter(lambda need: need.shape[0] > 1), strategies_of_instruments)
def test_the_result_adds_up_in_every_table(need, plan):
    result = finance(need, plan)
    table = result.to_frame()
    assert table["expected"].sum() == pytest.approx(result.expected_need, rel=1e-12, abs=1e-9)
    by_year = result.by_year.pivot_table(index="year", columns="item", values="expected", sort=False)
    accounted = by_year.drop(columns="need").sum(axis=1)
    assert accounted.to_numpy() == pytest.approx(by_year["need"].to_numpy(), rel=1e-12, abs=1e-9)
    met = result.met_within["share_of_need"].dropna()
    assert (np.diff(met) >= 0).all()
    assert (met <= 1 + 1e-9).all()
    assert result.cost["economic"].sum() >= result.cost["fiscal"].sum() - 1e-9
    assert result.checks[0].passed
