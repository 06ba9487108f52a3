"""The exact path of a fund: closed forms, a brute-force enumeration, identities, bounds, and simulation."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.financing import Lognormal, Need, Poisson, fund_path

GOLDEN = yaml.safe_load((Path(__file__).parents[1] / "golden/finance_fund.yaml").read_text(encoding="utf-8"))
NEED = Need.from_frequency_severity(Poisson(0.8), Lognormal(mean=20, cv=1.5))
NOTHING = Need.from_states([1.0], [0.0])


def test_deterministic_growth():
    case = GOLDEN["deterministic"]
    terms = {name: case[name] for name in ("opening", "contribution", "interest", "years")}
    path = fund_path(NOTHING, **terms)
    assert path.by_year["expected"].iloc[-1] == pytest.approx(case["expected"], rel=case["tolerance"])
    assert path.probability_ever_unmet == 0


def test_gamblers_ruin():
    case = GOLDEN["gambler"]
    need = Need.from_states([case["probability"]], [case["loss"]])
    path = fund_path(need, opening=case["opening"], contribution=case["contribution"], years=50)
    assert path.exact
    ever = path.by_year.set_index("year")["probability_ever_unmet"]
    for years, ruin in case["ruin_within"].items():
        assert ever[years] == pytest.approx(ruin, abs=case["tolerance"])
    longer = fund_path(need, opening=case["opening"], contribution=case["contribution"], years=300)
    assert longer.probability_ever_unmet == pytest.approx(case["eventual_ruin"], abs=case["tolerance"])


def enumerate_years(states, opening, contribution, ceiling, years, interest):
    """Every sequence of states, one by one: expected balance and unmet, P(unmet), P(ever unmet) by year."""
    probabilities, amounts = zip(*states, strict=True)
    chances = [*probabilities, 1 - sum(probabilities)]
    amounts = [*amounts, 0.0]
    table = np.zeros((years, 4))
    for sequence in itertools.product(range(len(amounts)), repeat=years):
        chance = np.prod([chances[k] for k in sequence])
        balance, ever = opening, False
        for year, k in enumerate(sequence):
            available = min(balance + contribution, ceiling)
            paid = min(available, amounts[k])
            unmet = amounts[k] - paid
            ever |= unmet > 1e-9
            balance = (available - paid) * (1 + interest)
            table[year] += chance * np.array([balance, unmet, unmet > 1e-9, ever])
    return table


COLUMNS = ["expected", "expected_unmet", "probability_unmet", "probability_ever_unmet"]


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.floats(0.01, 0.3), st.integers(1, 12)), min_size=1, max_size=3),
    st.integers(0, 10),
    st.integers(0, 4),
    st.integers(0, 10),
    st.integers(1, 4),
)
def test_exact_against_every_sequence_of_years(states, opening, contribution, room, years):
    ceiling = opening + room
    probabilities, amounts = zip(*states, strict=True)
    need = Need.from_states(probabilities, amounts)
    path = fund_path(need, opening=opening, contribution=contribution, ceiling=ceiling, years=years)
    reference = enumerate_years(states, opening, contribution, ceiling, years, 0.0)
    assert path.exact
    assert path.by_year[COLUMNS].to_numpy() == pytest.approx(reference, abs=1e-9)
    assert path.checks[0].passed


def test_interest_keeps_the_mean_and_comes_close_in_probability():
    states = [(0.2, 7.0), (0.1, 20.0)]
    need = Need.from_states(*zip(*states, strict=True))
    path = fund_path(need, opening=10, contribution=3, ceiling=18, years=5, interest=0.04)
    reference = enumerate_years(states, 10, 3, 18, 5, 0.04)
    assert not path.exact
    assert path.by_year[COLUMNS].to_numpy() == pytest.approx(reference, abs=1e-3)


def test_quantiles_and_probabilities_against_simulation():
    terms = {"opening": 60.0, "contribution": 16.0, "ceiling": 75.0, "interest": 0.05}
    path = fund_path(NEED, **terms, years=5)
    need = NEED.simulate(5, 200_000, seed=11)
    balance = np.full(200_000, 60.0)
    ever = np.zeros(200_000, dtype=bool)
    for year in range(5):
        available = np.minimum(balance + 16, 75)
        ever |= need[:, year] > available
        balance = np.maximum(available - need[:, year], 0) * 1.05
        row = path.by_year.iloc[year]
        for name, q in (("q05", 0.05), ("q25", 0.25), ("q50", 0.5), ("q75", 0.75), ("q95", 0.95)):
            # the quantile must split the simulated paths as asked; at an atom it may only cover more
            assert (balance <= row[name] + path.step).mean() >= q - 0.006, name
            assert (balance < row[name] - path.step).mean() <= q + 0.006, name
        assert row["expected"] == pytest.approx(balance.mean(), abs=4 * balance.std() / np.sqrt(200_000))
        p = row["probability_ever_unmet"]
        assert p == pytest.approx(ever.mean(), abs=4 * np.sqrt(p * (1 - p) / 200_000))


@pytest.mark.parametrize("interest", [0.0, 0.02])
def test_accounting_identity_on_the_grid(interest):
    by_year = fund_path(
        NEED, opening=40, contribution=12.345, ceiling=61.7, interest=interest, years=8
    ).by_year
    kept = by_year["available"] - NEED.mean + by_year["expected_unmet"]
    assert by_year["expected"].to_numpy() == pytest.approx((kept * (1 + interest)).to_numpy(), rel=1e-9)
    met = by_year["expected_paid"] + by_year["expected_unmet"]
    assert met.to_numpy() == pytest.approx(np.full(8, NEED.mean), rel=1e-12)


def test_first_year_is_the_layer_from_the_ground_up():
    path = fund_path(NEED, opening=20, contribution=10, ceiling=30, years=1).by_year.iloc[0]
    layer = NEED.layer(0, 30)
    assert path["expected_paid"] == pytest.approx(layer.expected, rel=1e-6)
    assert path["probability_unmet"] == pytest.approx(NEED.exceedance(30), rel=1e-12)
    assert path["probability_ever_unmet"] == pytest.approx(path["probability_unmet"], rel=1e-5)


def test_bounds():
    states = Need.from_states([0.5, 0.2], [3.0, 8.0])
    rich = fund_path(states, opening=0, contribution=8, years=10)
    assert rich.by_year["expected_unmet"].max() == pytest.approx(0, abs=1e-12)
    assert rich.probability_ever_unmet == pytest.approx(0, abs=1e-12)
    empty = fund_path(states, opening=0, contribution=0, years=3)
    assert empty.share_unmet == 1
    assert empty.by_year["probability_ever_unmet"].tolist() == pytest.approx([0.7, 0.91, 0.973])
    assert np.isnan(fund_path(NOTHING, opening=1, contribution=0, years=1).share_unmet)


def test_ever_short_grows_with_time_and_falls_with_money():
    terms = {"opening": 40.0, "contribution": 12.0, "ceiling": 60.0}
    base = fund_path(NEED, **terms, years=6)
    assert (np.diff(base.by_year["probability_ever_unmet"]) >= 0).all()
    for more in ({"opening": 50.0}, {"contribution": 14.0}, {"ceiling": 70.0}):
        assert fund_path(NEED, **(terms | more), years=6).probability_ever_unmet < base.probability_ever_unmet
    # balances depend on each other: not the product over years
    independent = 1 - np.prod(1 - base.by_year["probability_unmet"])
    assert base.probability_ever_unmet != pytest.approx(independent, abs=1e-3)


def test_currency_only_scales_money():
    small = fund_path(NEED, opening=60, contribution=16, ceiling=60, years=5)
    large = fund_path(
        NEED.scaled(4100), opening=4100 * 60, contribution=4100 * 16, ceiling=4100 * 60, years=5
    )
    money = ["available", "expected", "q50", "expected_paid", "expected_unmet"]
    assert large.by_year[money].to_numpy() == pytest.approx(4100 * small.by_year[money].to_numpy(), rel=1e-6)
    assert large.probability_ever_unmet == pytest.approx(small.probability_ever_unmet, rel=1e-6)


def test_uneven_amounts_cost_little():
    """Shifting every term off the grid by less than a step moves the answer by no more than the reported error."""
    even = fund_path(NEED, opening=60, contribution=16, ceiling=80, years=10)
    uneven = fund_path(NEED, opening=60 + 1e-7, contribution=16 + np.pi * 1e-8, ceiling=80 + 1e-7, years=10)
    assert uneven.probability_ever_unmet == pytest.approx(even.probability_ever_unmet, abs=1e-6)
    assert max(even.lattice_error, uneven.lattice_error) < 1e-6
    assert all(check.passed for check in uneven.checks)


def test_fan_starts_at_the_opening_balance():
    path = fund_path(NEED, opening=60, contribution=16, ceiling=80, years=3)
    assert path.fan["year"].tolist() == [0, 1, 2, 3]
    assert path.fan.iloc[0, 1:].tolist() == [60] * 6
    ordered = path.fan[["q05", "q25", "q50", "q75", "q95"]].diff(axis=1).iloc[:, 1:]
    assert (ordered >= 0).all(axis=None)


def test_a_layer_of_need_with_its_atom_at_the_limit():
    """The retained need is at most 50: a fund refilled to 50 every year is never short, one of 49 is."""
    retained = NEED.retained(50)
    safe = fund_path(retained, opening=50, contribution=50, ceiling=50, years=4)
    assert safe.probability_ever_unmet == pytest.approx(0, abs=1e-9)
    assert safe.share_unmet == pytest.approx(0, abs=1e-12)
    short = fund_path(retained, opening=49, contribution=49, ceiling=49, years=1).by_year.iloc[0]
    assert short["probability_unmet"] == pytest.approx(NEED.exceedance(49), rel=1e-9)
    assert short["expected_unmet"] == pytest.approx(NEED.layer(49, 1).expected, rel=1e-6)


def test_incommensurable_states_are_not_called_exact():
    need = Need.from_states([0.1, 0.1], [4096.0, np.pi])
    path = fund_path(need, opening=2, contribution=1, ceiling=4, years=3)
    assert not path.exact
    reference = enumerate_years([(0.1, 4096.0), (0.1, np.pi)], 2, 1, 4, 3, 0.0)
    assert path.by_year[COLUMNS].to_numpy() == pytest.approx(reference, abs=2e-3)


def test_no_fund_at_all():
    path = fund_path(NEED, opening=0, contribution=0, ceiling=0, years=2)
    assert path.share_unmet == pytest.approx(1)
    assert path.by_year["q95"].tolist() == [0, 0]


def test_words():
    path = fund_path(NEED, opening=60, contribution=16, ceiling=80, years=3)
    assert "3-year periods" in str(path)
    assert path.to_frame().equals(path.by_year)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"opening": -1}, "opening"),
        ({"opening": 90}, "opening"),
        ({"contribution": np.inf}, "contribution"),
        ({"ceiling": np.nan}, "ceiling"),
        ({"years": 0}, "years"),
        ({"interest": 2}, "interest"),
    ],
)
def test_bad_input(change, field):
    with pytest.raises(ValueError, match=field):
        fund_path(NEED, **({"opening": 60, "contribution": 16, "ceiling": 80, "years": 3} | change))
