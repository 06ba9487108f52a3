"""All six published inconsistencies are caught by the rule meant for them, and no right figure is."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.registry.plausibility import RULES, check_figures, published_figures, read_figures
from aspfin.registry.plausibility_rules import doubtful
from aspfin.results import InputError

GOLDEN = yaml.safe_load(
    (Path(__file__).parents[1] / "golden" / "registry_published_figures.yaml").read_text("utf-8")
)
NORM = {"currency": "KHR", "per_household_month": (96_000, 300_000), "cycle_months": 2}


def checked(country):
    figures, norms, rates = published_figures(country)
    return figures, check_figures(figures, norms, exchange_rates=rates)


def one(**columns):
    return check_figures(pd.DataFrame([{"figure": "x", "programme": "p", **columns}]), {"p": NORM}).findings


@pytest.mark.parametrize("country", ["KHM", "ZMB"])
def test_exactly_the_wrong_figures_are_flagged(country):
    figures, answer = checked(country)
    assert set(answer.findings["figure"]) == set(GOLDEN["wrong"][country])
    assert answer.n_figures == len(figures)


CASES = [(country, name) for country, wrong in GOLDEN["wrong"].items() for name in wrong]


@pytest.mark.parametrize(("country", "name"), CASES)
def test_each_by_its_rule_with_what_was_meant(country, name):
    expected = GOLDEN["wrong"][country][name]
    found = checked(country)[1].findings
    row = found[(found["figure"] == name) & (found["rule"] == expected["rule"])].iloc[0]
    assert row["column"] == expected["column"]
    if "suggestion" in expected:
        assert row["suggestion"] == pytest.approx(expected["suggestion"], rel=GOLDEN["tolerance"])


@pytest.mark.parametrize("country", ["KHM", "ZMB"])
def test_right_figures_alone_are_not_flagged(country):
    figures, norms, rates = published_figures(country)
    right = figures[~figures["figure"].isin(GOLDEN["wrong"][country])]
    assert len(right) >= 4
    answer = check_figures(right, norms, exchange_rates=rates)
    assert answer.findings.empty
    assert "None of" in str(answer)


def test_order_of_figures_changes_nothing():
    figures, norms, rates = published_figures("KHM")
    first = check_figures(figures, norms, exchange_rates=rates).findings
    shuffled = figures.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(first, check_figures(shuffled, norms, exchange_rates=rates).findings)


def test_input_is_not_changed():
    figures, norms, rates = published_figures("KHM")
    before = figures.copy(deep=True)
    check_figures(figures, norms, exchange_rates=rates)
    pd.testing.assert_frame_equal(figures, before)


@pytest.mark.parametrize(
    ("rate", "wrong"), [(4_100, False), (3_990, False), (4_100_000, True), (4.1, True), (9_000, True)]
)
def test_unit_by_two_currencies(rate, wrong):
    found = one(amount=1e6 * rate, currency="KHR", amount_other=1e6, currency_other="USD")
    assert (found["rule"] == "unit").any() == wrong


def test_the_rate_counts_the_same_the_other_way_round():
    found = one(amount=1e6, currency="USD", amount_other=4.1e12, currency_other="KHR")
    assert found["rule"].tolist() == ["unit"]
    assert found["suggestion"].iloc[0] == pytest.approx(1e9)


def test_unknown_currencies_are_not_judged():
    assert one(amount=1.0, currency="LAK", amount_other=1e9, currency_other="USD").empty


@pytest.mark.parametrize(
    ("times", "wrong"), [(1, False), (1.9, False), (0.6, False), (10, True), (0.1, True)]
)
def test_order_of_magnitude_per_household(times, wrong):
    found = one(households=1_000, amount=1_000 * 2 * 170_000 * times, currency="KHR", payments=1)
    assert found["rule"].eq("order of magnitude per household").any() == wrong


def test_persons_in_doubt_where_money_fits_the_households():
    found = one(households=1_000, persons=40_000, amount=2 * 170e6, currency="KHR", payments=1)
    assert found["column"].tolist() == ["persons"]
    assert found["suggestion"].iloc[0] == 4_000


def test_benefit_in_both_directions():
    told_as_month = one(benefit=600_000, benefit_months=1)
    assert "payment of 2 months" in told_as_month["cause"].iloc[0]
    assert told_as_month["suggestion"].iloc[0] == 300_000
    told_as_payment = one(benefit=96_000, benefit_months=2)
    assert told_as_payment["suggestion"].iloc[0] == 192_000
    assert one(benefit=192_000, benefit_months=2).empty


def series(values, **more):
    days = pd.date_range("2020-01-31", periods=len(values), freq="ME")
    return pd.DataFrame(
        {
            "figure": [f"f{place}" for place in range(len(values))],
            "programme": "p",
            "amount": values,
            "currency": "USD",
            "amount_is": "cumulative",
            "last_day": days,
            **more,
        }
    )


def test_a_fall_names_the_one_out_of_line():
    found = check_figures(series([10.0, 20.0, 3.0, 40.0, 50.0]), {}).findings
    assert found["figure"].tolist() == ["f2"]
    assert found["rule"].tolist() == ["cumulative series never falls"]
    assert found[["low", "high"]].iloc[0].tolist() == [20.0, 40.0]


def test_series_of_two_areas_are_kept_apart():
    mixed = pd.concat(
        [series([10.0, 20.0], area="a"), series([5.0, 6.0], area="b").assign(figure=["x", "y"])]
    )
    assert check_figures(mixed, {}).findings.empty


def test_flow_between_cumulative_figures():
    total = series([10.0, 20.0, 30.0, 40.0])
    flow = {"figure": "flow", "programme": "p", "currency": "USD", "amount_is": "flow"}
    flow |= {"first_day": pd.Timestamp("2020-02-05"), "last_day": pd.Timestamp("2020-03-20")}
    for amount, wrong in ((15.0, False), (20.0, False), (25.0, True), (40.0, True)):
        table = pd.concat([total, pd.DataFrame([flow | {"amount": amount}])], ignore_index=True)
        found = check_figures(table, {}).findings
        assert (found["rule"] == "stock against flow").any() == wrong, amount
    assert "cumulative total" in found["cause"].iloc[0]


@given(st.lists(st.integers(1, 1_000), min_size=1, max_size=8))
@settings(deadline=None, max_examples=60)
def test_what_is_left_never_falls(values):
    array = np.array(values, dtype=float)
    kept = array[~doubtful(array)]
    # Each step may fall by the rounding allowed, at most eight of them in a row.
    assert (kept[1:] >= kept[:-1] * 0.99**8).all()


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=8))
@settings(deadline=None, max_examples=40)
def test_a_series_that_never_falls_is_never_flagged(values):
    assert check_figures(series(np.cumsum(np.array(values, dtype=float))), {}).findings.empty


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"house_holds": 3}, "house_holds: got 'an unknown column'"),
        ({"households": "many"}, "households, row 1: got 'many'"),
        ({"households": -5}, "households, row 1: got -5"),
        ({"last_day": "31/31/2022"}, "last_day, row 1"),
        ({"amount_is": "stock"}, "amount_is, row 1: got 'stock'; allowed: flow | cumulative"),
        ({"first_day": "2022-02-01", "last_day": "2022-01-01"}, "not before first_day"),
    ],
)
def test_bad_input_is_told_in_a_line(columns, words):
    with pytest.raises(InputError) as error:
        one(**columns)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_bad_norms_rates_and_files(tmp_path):
    frame = pd.DataFrame({"figure": ["x"], "programme": "p"})
    with pytest.raises(InputError, match=r"norms\.p: .*least above 0"):
        check_figures(frame, {"p": NORM | {"household_size": (0, 3)}})
    with pytest.raises(InputError, match="exchange_rates: KHR/USD"):
        check_figures(frame, {}, exchange_rates={"KHR/USD": (1, 2)})
    path = tmp_path / "figures.yaml"
    path.write_text("figures: 3")
    with pytest.raises(InputError, match="whole file"):
        read_figures(path)
    with pytest.raises(InputError, match="KHM"):
        published_figures("../KHM")


def test_every_rule_tells_how_often_it_was_asked():
    answer = checked("KHM")[1]
    assert answer.asked["rule"].tolist() == list(RULES)
    assert (answer.asked["figures"] >= answer.asked["broken"]).all()
    assert (answer.asked["figures"] > 0).all()
