"""Benefit rules applied to caseloads: golden totals, invariances, an independent slow reference, bad input."""

import datetime as dt
import pickle
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.data import Quantity
from aspfin.programmes import BenefitRule, Outcome, Programme, load_country, per_unit
from aspfin.results import InputError, Money

GOLDEN = yaml.safe_load((Path(__file__).parent.parent / "golden" / "programmes_cash.yaml").read_text("utf-8"))
KHM = load_country("KHM")
FLOOD = KHM.programme("flood_cash_transfer")
COVID = KHM.programme("covid_cash_transfer")
CATEGORIES = ["child_0_5", "disability", "age_60_plus", "hiv"]


def flood_caseload():
    return pd.DataFrame([GOLDEN["flood_cash_transfer_2022_23"]["caseload"]])


def households(n, seed=1):
    rng = np.random.default_rng(seed)
    members = rng.integers(1, 9, n)
    return pd.DataFrame(
        {
            "area": rng.choice(["phnom_penh", "urban", "rural"], n),
            "card_level": rng.integers(1, 3, n),
            "members": members,
            **{category: rng.binomial(members, 0.2) for category in CATEGORIES},
        }
    )


# --- golden -----------------------------------------------------------------------------------------------


def test_flood_cash_transfer_reproduces_the_published_total():
    golden = GOLDEN["flood_cash_transfer_2022_23"]
    cost = FLOOD.cost(flood_caseload(), on=golden["day"])
    assert cost.total == golden["total"]
    assert isinstance(cost.total, int)
    assert cost.per_period == golden["per_month"]
    assert (cost.period, cost.periods) == ("month", 3)
    assert (cost.households, cost.people) == (99_169, 372_859)
    assert cost.components.set_index("component")["total"].to_dict() == golden["components"]
    difference = cost.total / golden["published_total"] - 1
    assert difference == pytest.approx(golden["relative_difference"], abs=5e-7)
    assert difference < golden["relative_difference_below"]


def test_the_published_outcome_of_the_flood_cash_transfer():
    golden, outcome = GOLDEN["flood_cash_transfer_2022_23"], FLOOD.outcome("2023-03-10")
    assert outcome.amount == golden["published_total"]
    pd.testing.assert_frame_equal(outcome.caseload(), flood_caseload())
    assert round(outcome.per_household) == golden["published_per_household"]
    assert round(outcome.per_person) == golden["published_per_person"]
    assert round(outcome.per_household / 4_100, 2) == golden["usd_per_household_at_4100"]


@pytest.mark.parametrize("case", ["covid_cash_transfer_33_rounds", "covid_cash_transfer_whole"])
def test_covid_outcomes_per_household_and_round(case):
    golden = GOLDEN[case]
    outcome = COVID.outcome(golden["date"])
    found = {
        "per_household": outcome.per_household,
        "per_person": outcome.per_person,
        "per_household_and_round": outcome.per_household_and_period,
        "persons_per_household": outcome.persons_per_household,
    }
    for name in found.keys() & golden.keys():
        assert found[name] == pytest.approx(golden[name], rel=golden["tolerance"]), name


@pytest.mark.parametrize("case", GOLDEN["covid_cash_transfer_schedule"]["households"], ids=str)
def test_covid_schedule_by_area_level_and_date(case):
    frame = pd.DataFrame([case]).drop(columns=["day", "riel"])
    assert COVID.entitlement(frame, on=case["day"]).tolist() == [case["riel"]]


def test_zambian_insurance_payout_per_head():
    golden = GOLDEN["african_risk_capacity_zambia_2023_24"]
    total = golden["payout_government"] + golden["payout_replica"]
    assert total == golden["payout_total"]
    assert round(per_unit(total, golden["people_modelled"]), 3) == golden["per_person"]
    paid = Outcome(dt.date(2024, 6, 1), golden["payout_government"], "USD", golden["households"], periods=6)
    assert golden["per_household"] == pytest.approx(
        paid.per_household, abs=0.01
    )  # 107.865 is printed as 107.87
    assert paid.per_household_and_period == pytest.approx(golden["per_household_and_month"], abs=5e-4)
    assert round(golden["people_modelled"] / golden["people_emdat"], 4) == golden["modelled_over_emdat"]


# --- dates ------------------------------------------------------------------------------------------------


def test_a_run_of_months_follows_the_rules_of_each_month():
    frame = households(50)
    run = COVID.cost(frame, on="2023-12-15", months=3)
    parts = [COVID.cost(frame, on=on, months=1).total for on in ("2023-12-15", "2024-01-15", "2024-02-15")]
    assert run.total == sum(parts)
    assert parts[1] < parts[0]  # no amount per member from January 2024
    assert run.per_period == parts[0]
    assert set(run.components["periods"]) == {1, 2}


def test_a_package_keeps_the_rules_of_its_first_day():
    assert (
        FLOOD.cost(flood_caseload(), on="2023-02-28").total == GOLDEN["flood_cash_transfer_2022_23"]["total"]
    )
    assert FLOOD.cost(flood_caseload(), on="2022-12-01", months=6).total == 2 * 46_801_008_000


@pytest.mark.parametrize(
    ("programme", "on", "months", "allowed"),
    [
        ("flood_cash_transfer", "2022-11-30", None, "a day with rules: 2022-12-01 to 2023-02-28"),
        ("flood_cash_transfer", "2023-03-01", None, "a day with rules: 2022-12-01 to 2023-02-28"),
        (
            "covid_cash_transfer",
            "2024-02-01",
            3,
            "a day with rules: 2020-06-25 to 2023-12-31; 2024-01-01 to 2024-03-31",
        ),
        ("health_equity_fund", "2024-01-01", None, "none: this programme has no benefit rule"),
    ],
)
def test_a_gap_between_rules_is_an_error(programme, on, months, allowed):
    with pytest.raises(InputError, match="on: got") as caught:
        KHM.programme(programme).cost(households(2), on=on, months=months)
    assert caught.value.problems[0].allowed == allowed


def test_months_end_on_the_last_day_where_the_month_is_short():
    rule = BenefitRule(dt.date(2024, 1, 31), dt.date(2024, 3, 31), amount=1)
    assert (
        Programme("p", "P", rules=(rule,))
        .cost(pd.DataFrame({"households": [1]}), on="2024-01-31", months=3)
        .total
        == 3
    )


def test_payments_are_not_months():
    inflation = KHM.programme("inflation_cash_transfer")
    frame = pd.DataFrame({"households": [2], "members": [8], "area": ["rural"]})
    assert inflation.cost(frame, on="2022-12-10").total == 3 * (2 * 81_300 + 8 * 20_000)
    assert inflation.cost(frame, on="2022-12-10", payments=2).total == 2 * (2 * 81_300 + 8 * 20_000)
    with pytest.raises(InputError, match="months: got 2; allowed: none: these rules pay per payment"):
        inflation.cost(frame, on="2022-12-10", months=2)
    with pytest.raises(InputError, match="months or payments, not both"):
        inflation.cost(frame, on="2022-12-10", months=2, payments=2)
    with pytest.raises(InputError, match="payments: got 2"):
        COVID.cost(households(2), on="2022-12-10", payments=2)


def test_events_are_counted_and_not_multiplied_by_months():
    births = KHM.programme("maternity_and_early_childhood_cash")
    one_child = pd.DataFrame({"antenatal_visit": [4], "birth": [1], "child_visit": [10]})
    cost = births.cost(one_child, on="2023-08-01")
    assert cost.total == 1_520_000  # published as 1,520,000 riel
    assert cost.per_household is None
    assert cost.per_person is None
    assert "1 event" in cost.sentence()
    with pytest.raises(InputError, match="count the events"):
        births.cost(one_child, on="2023-08-01", months=2)


def test_an_open_rule_needs_a_number_of_months():
    with pytest.raises(
        InputError, match="months: got None; allowed: a whole number, 1 or more: the rules set no number"
    ):
        COVID.cost(households(2), on="2021-01-01")


@pytest.mark.parametrize("months", [0, -1, True, 2.0, "3"])
def test_months_are_a_whole_number(months):
    with pytest.raises(InputError, match="months: got"):
        FLOOD.cost(flood_caseload(), on="2022-12-01", months=months)


@pytest.mark.parametrize("on", ["yesterday", "2022-13-01", 2022, None])
def test_the_day_is_a_date(on):
    with pytest.raises(InputError, match="a date such as 2022-12-10"):
        FLOOD.cost(flood_caseload(), on=on)


@pytest.mark.parametrize(
    "on", ["2022-12-10", dt.date(2022, 12, 10), dt.datetime(2022, 12, 10, 8), pd.Timestamp("2022-12-10")]
)
def test_the_day_in_any_usual_form(on):
    assert FLOOD.cost(flood_caseload(), on=on).on == dt.date(2022, 12, 10)


# --- invariances and an independent reference ----------------------------------------------------------------


def slow_entitlement(row, on):
    """One household, one rule at a time, straight from the definition."""
    total = 0
    for rule in COVID.rules:
        if not (rule.valid_from <= on <= (rule.valid_to or dt.date.max)):
            continue
        if rule.area is not None and rule.area != row["area"]:
            continue
        if rule.card_level is not None and rule.card_level != row["card_level"]:
            continue
        count = {"household": 1, "member": row["members"]}.get(rule.unit)
        total += int(rule.amount) * (row[rule.category] if count is None else count)
    return total


@pytest.mark.parametrize("on", [dt.date(2021, 5, 1), dt.date(2024, 2, 1)])
def test_entitlement_equals_the_slow_reference(on):
    frame = households(300)
    slow = [slow_entitlement(row, on) for row in frame.to_dict("records")]
    fast = COVID.entitlement(frame, on=on)
    assert fast.tolist() == slow
    assert fast.dtype == np.int64
    assert COVID.cost(frame, on=on, months=1).total == sum(slow)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 40), factor=st.integers(1, 1_000))
def test_order_grouping_and_scale_leave_the_total_alone(seed, n, factor):
    frame = households(n, seed)
    total = COVID.cost(frame, on="2022-01-01", months=2).total
    shuffled = frame.sample(frac=1, random_state=seed % 1000)
    assert COVID.cost(shuffled, on="2022-01-01", months=2).total == total
    grouped = frame.assign(households=1).groupby(["area", "card_level"], as_index=False).sum()
    assert COVID.cost(grouped, on="2022-01-01", months=2).total == total
    counts = ["households", "members", *CATEGORIES]
    scaled = grouped.assign(**{column: grouped[column] * factor for column in counts})
    cost = COVID.cost(scaled, on="2022-01-01", months=2)
    assert cost.total == total * factor
    assert cost.components["total"].sum() == cost.total
    assert cost.per_household == pytest.approx(total / n)


def test_entitlement_keeps_the_index_and_the_frame():
    frame = (
        households(5).set_index(pd.Index(list("vwxyz"))).assign(area=lambda f: f["area"].astype("category"))
    )
    before = frame.copy()
    assert COVID.entitlement(frame, on="2022-01-01").index.tolist() == list("vwxyz")
    pd.testing.assert_frame_equal(frame, before)


def test_a_million_households_in_half_a_second():
    frame = households(1_000_000)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        paid = COVID.entitlement(frame, on="2022-01-01")
        times.append(time.perf_counter() - start)
    assert paid.sum() == COVID.cost(frame, on="2022-01-01", months=1).total
    assert min(times) < 1.5  # about 0.2 s alone; the slack is for a busy machine


def test_amounts_that_are_not_whole_give_decimals():
    rule = BenefitRule(dt.date(2024, 1, 1), amount=2.5, periods=2, currency="USD")
    cost = Programme("p", "P", currency="USD", rules=(rule,)).cost(
        pd.DataFrame({"households": [3]}), on="2024-01-01"
    )
    assert cost.total == 15.0
    frame = pd.DataFrame({"members": [1, 2]})
    assert Programme("p", "P", rules=(rule,)).entitlement(frame, on="2024-01-01").tolist() == [2.5, 2.5]


def test_large_totals_stay_exact():
    rule = BenefitRule(dt.date(2024, 1, 1), amount=123_456_789, periods=12)
    caseload = pd.DataFrame({"households": [2**52 + 1]})
    assert (
        Programme("p", "P", rules=(rule,)).cost(caseload, on="2024-01-01").total
        == (2**52 + 1) * 123_456_789 * 12
    )


# --- dollars, words, unverified ------------------------------------------------------------------------------


def test_dollars_are_converted_last_at_a_stated_rate():
    rate = KHM.exchange_rate("2022-12-01")
    cost = FLOOD.cost(flood_caseload(), on="2022-12-01", exchange_rate=rate)
    assert cost.total_usd == cost.total / 4102.03786
    assert (cost.exchange_rate.source, cost.exchange_rate.date) == ("wdi_exchange", "2022")
    assert cost.money == Money(46_801_008_000, "KHR", 2022)
    plain = FLOOD.cost(flood_caseload(), on="2022-12-01", exchange_rate=4_100)
    assert round(plain.total_usd / plain.households, 1) == 115.1
    assert plain.exchange_rate.status == "assumed"
    assert FLOOD.cost(flood_caseload(), on="2022-12-01").total_usd is None


@pytest.mark.parametrize(
    "rate", [0, -4_100, float("nan"), float("inf"), True, "4100", Quantity("rate", None, status="unverified")]
)
def test_a_rate_is_a_positive_number(rate):
    with pytest.raises(InputError, match=r"allowed: (above 0|a number of your own)"):
        FLOOD.cost(flood_caseload(), on="2022-12-01", exchange_rate=rate)


def test_the_result_in_words_and_as_a_table():
    cost = FLOOD.cost(flood_caseload(), on="2022-12-01", exchange_rate=KHM.exchange_rate(2022))
    assert str(cost) == cost.sentence()
    assert "KHR 46.80 billion (US$ 11,409,209 at 4,102.04 KHR per USD)" in cost.sentence()
    assert "99,169 households and 372,859 people over 3 months: 471,932 KHR per household" in cost.sentence()
    assert "<table" in cost._repr_html_()
    copy = cost.to_frame()
    copy["total"] = 0
    assert cost.components["total"].sum() == cost.total


def test_unverified_amounts_used_are_listed():
    rural = households(20).assign(area="rural")
    flagged = COVID.cost(rural, on="2022-01-01", months=1).unverified
    assert flagged["value"].tolist() == [24_000, 16_000]
    assert flagged["status"].eq("unverified").all()
    assert COVID.cost(rural.assign(area="urban"), on="2022-01-01", months=1).unverified.empty
    assert FLOOD.cost(flood_caseload(), on="2022-12-01").unverified.empty


def test_an_amount_that_was_not_found_stops_the_costing():
    package = KHM.programme("family_package")
    caseload = pd.DataFrame(
        {"households": [10], "members": [40], "disability": [1], "age_60_plus": [3], "hiv": [1]}
    )
    with pytest.raises(
        InputError, match=r"amount \(household\): got None; allowed: an amount of your own: none was found"
    ):
        package.cost(caseload, on="2024-05-01", months=1)
    with pytest.raises(InputError, match="its status is unverified"):
        package.entitlement(caseload.drop(columns="households"), on="2024-05-01")


# --- bad caseloads -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"members": -1}, "caseload, row 1: members: got -1; allowed: a whole number, 0 or more; not empty"),
        (
            {"members": 2.5},
            "caseload, row 1: members: got 2.5; allowed: a whole number, 0 or more; not empty",
        ),
        (
            {"members": np.nan},
            "caseload, row 1: members: got nan; allowed: a whole number, 0 or more; not empty",
        ),
        (
            {"members": np.inf},
            "caseload, row 1: members: got inf; allowed: a whole number, 0 or more; not empty",
        ),
        (
            {"members": "many"},
            "caseload, row 1: members: got 'many'; allowed: a whole number, 0 or more; not empty",
        ),
        ({"area": "Rural"}, "caseload, row 1: area: got 'Rural'; allowed: phnom_penh | rural | urban"),
        ({"area": None}, "caseload, row 1: area: got"),
        ({"card_level": 3}, "caseload, row 1: card_level: got 3; allowed: 1 | 2"),
        ({"child_0_5": 9}, "caseload, row 1: child_0_5: got 9; allowed: at most the members of the row"),
    ],
)
@pytest.mark.parametrize("call", ["cost", "entitlement"])
def test_bad_cells_name_row_column_value_and_what_is_allowed(call, change, line):
    frame = households(3).astype(object)
    for column, value in change.items():
        frame.loc[1, column] = value
    with pytest.raises(InputError) as caught:
        if call == "cost":
            COVID.cost(frame.assign(households=1), on="2022-01-01", months=1)
        else:
            COVID.entitlement(frame, on="2022-01-01")
    assert str(caught.value).startswith(line)
    assert len(caught.value.problems) == 1


def test_bad_frames():
    frame = households(3)
    with pytest.raises(InputError, match="rows: got 0; allowed: at least one row"):
        COVID.entitlement(frame.iloc[:0], on="2022-01-01")
    with pytest.raises(InputError, match="households: got 0; allowed: at least one household"):
        FLOOD.cost(flood_caseload() * 0, on="2022-12-01")
    with pytest.raises(InputError, match="type: got 'dict'; allowed: a pandas DataFrame"):
        FLOOD.cost({"households": [1]}, on="2022-12-01")
    with pytest.raises(InputError) as caught:
        COVID.entitlement(frame.drop(columns=["hiv", "members"]), on="2022-01-01")
    assert [problem.field for problem in caught.value.problems] == ["members", "hiv"]
    with pytest.raises(
        InputError, match="area: got 'a missing column'; allowed: a column with phnom_penh, rural, urban"
    ):
        COVID.entitlement(frame.drop(columns="area"), on="2022-01-01")
    with pytest.raises(InputError, match="households: got 'a column'; allowed: one row per household"):
        COVID.entitlement(frame.assign(households=1), on="2022-01-01")
    with pytest.raises(InputError, match="child_0_6: got 'an unknown column'"):
        FLOOD.cost(flood_caseload().assign(child_0_6=5), on="2022-12-01")
    with pytest.raises(InputError, match="members: got 'given twice'"):
        COVID.entitlement(pd.concat([frame, frame[["members"]]], axis=1), on="2022-01-01")
    with pytest.raises(InputError, match="members: got True"):
        COVID.entitlement(frame.assign(members=True), on="2022-01-01")


def test_labels_and_unpaid_categories_are_welcome_in_an_aggregated_table():
    labelled = flood_caseload().assign(pcode="KH01", hiv=12)
    assert FLOOD.cost(labelled, on="2022-12-01").total == 46_801_008_000


@pytest.mark.parametrize(("amount", "units", "periods"), [(-1, 1, 1), (1, 0, 1), (1, 1, 0), (1, -2, 1)])
def test_per_unit_refuses_nonsense(amount, units, periods):
    with pytest.raises(InputError, match="allowed: "):
        per_unit(amount, units, periods=periods)


def test_outcomes_are_honest_about_what_was_not_published():
    outcome = Outcome(dt.date(2023, 2, 28), 962_970_000, "USD", categories={"hiv": 1})
    assert outcome.per_household is None
    assert outcome.per_person is None
    assert outcome.per_household_and_period is None
    assert outcome.persons_per_household is None
    with pytest.raises(InputError) as caught:
        outcome.caseload()
    assert [problem.field for problem in caught.value.problems] == ["households", "members"]
    with pytest.raises(TypeError):
        outcome.categories["hiv"] = 2
    assert pickle.loads(pickle.dumps(outcome)) == outcome
