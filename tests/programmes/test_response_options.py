"""Every option on six households, against figures worked out by hand."""

from dataclasses import replace

import pandas as pd
import pytest
from response_cases import CASH, DAYS, KHM, LINE, QUICK, RIGHT, SHOCK, exact, six_households

from aspfin.programmes import (
    Benefit,
    Combination,
    DesignTweak,
    DisasterManagementProgramme,
    EmergencyProgramme,
    HorizontalExpansion,
    HouseholdData,
    RoutineStrengthening,
    VerticalExpansion,
    affected_households,
    compare_responses,
    shocks,
)
from aspfin.programmes.expansion import expand
from aspfin.results import InputError

NONE = {"administration": exact("administration", 0.1)}


def scored(option, **more):
    result = compare_responses(
        KHM, SHOCK, [option], population=six_households(), draws=0, registry=RIGHT, deadline_days=80, **more
    )
    assert all(check.passed is not False for check in result.checks)
    return result.table.iloc[0]


def test_the_shock_by_hand():
    hit = affected_households(six_households(), SHOCK, country=KHM)
    assert hit.attrs["account"] == pytest.approx(
        {
            "not affected": 300,
            "affected, not in need": 50,  # household 5
            "in need, poor before": 100,  # 1 and 4
            "in need, pushed below the line": 150,  # 2, 3 and 6
        }
    )
    assert hit["consumption_after"].tolist() == pytest.approx([6_400, 8_800, 9_600, 7_200, 24_000, 8_400])


def test_vertical_expansion_by_hand():
    row = scored(VerticalExpansion(CASH, exact("capacity", 0.9), exact("wrong", 0.1), **QUICK, **NONE))
    # 1 and 3 are on the roster: 100 hit, 90 paid; 10 more that were not hit make a tenth of all paid.
    assert row["households_paid"] == pytest.approx(100)
    assert row["coverage_affected"] == pytest.approx(90 / 300)
    assert row["coverage_in_need"] == pytest.approx(90 / 250)
    assert row["inclusion_error"] == pytest.approx(0.1) == row["paid_not_affected"]
    assert row["transfer"] == pytest.approx(100 * 300_000)
    assert row["cost"] == pytest.approx(1.1 * 30e6)
    # Household 3 is lifted: 9,600 and 300,000 among 2 for 91 days; household 1 is not: 6,400 among 4.
    assert 9_600 + 300_000 / (2 * DAYS) > 10_000 > 6_400 + 300_000 / (4 * DAYS)
    assert row["poor_averted"] == pytest.approx(45 * 2)
    assert row["first_days"] == 30
    assert row["last_days"] == pytest.approx(125)
    # Payments run evenly from day 30 to day 130: half by day 80.
    assert row["households_on_time"] == pytest.approx(45) == row["households_late"]
    assert row["households_never"] == pytest.approx(160)
    assert row["households_not_in_need"] == pytest.approx(350)


def test_need_and_what_is_left_of_it_by_hand():
    row = scored(VerticalExpansion(CASH, exact("capacity", 1.0), exact("wrong", 0.0), **QUICK, **NONE))
    fall = {1: 4 * 1_600, 2: 5 * 1_200, 3: 2 * 400, 4: 3 * 1_800, 6: 1_600}
    assert row["need_money"] == pytest.approx(50 * DAYS * sum(fall.values()))
    left = dict(fall)
    left[1] -= 300_000 / DAYS
    left[3] = 0  # lifted back above the line
    assert row["unmet_money"] == pytest.approx(50 * DAYS * sum(left.values()))
    assert row["gap_averted"] == pytest.approx(1 - sum(left.values()) / sum(fall.values()))


def test_horizontal_expansion_by_hand():
    option = HorizontalExpansion(
        CASH,
        "at_risk",
        capacity=exact("capacity", 0.8),
        exclusion_error=exact("missed", 0.25),
        list_age_months=exact("age", 0, "months"),
        inclusion_error=exact("wrong", 0.0),
        administration_per_new=exact("new", 10_000, "KHR per household"),
        **QUICK,
        **NONE,
    )
    row = scored(option)
    # 2 and 5 are at risk: 100 hit, of whom 0.8 times 0.75 are enrolled; 5 is not in need.
    assert row["households_paid"] == pytest.approx(60)
    assert row["coverage_in_need"] == pytest.approx(30 / 250)
    assert row["inclusion_error"] == pytest.approx(0.5)
    assert row["administration"] == pytest.approx(0.1 * 60 * 300_000 + 60 * 10_000)


def test_emergency_programme_by_hand():
    option = EmergencyProgramme(
        CASH,
        capacity=exact("capacity", 0.5),
        exclusion_error=exact("missed", 0.2),
        inclusion_error=exact("wrong", 0.0),
        **QUICK,
        **NONE,
    )
    row = scored(option)
    # On the roster all are found, off it four fifths; half of the found are paid.
    assert row["households_paid"] == pytest.approx(50 * (2 * 1 + 4 * 0.8) * 0.5)
    assert row["coverage_in_need"] == pytest.approx((2 * 1 + 3 * 0.8) * 0.5 / 5)


def test_disaster_management_by_hand():
    option = DisasterManagementProgramme(
        CASH,
        capacity=exact("capacity", 0.4),
        duplication=exact("twice", 0.25),
        leakage=exact("leakage", 0.1),
        inclusion_error=exact("wrong", 0.2),
        **QUICK,
        **NONE,
    )
    row = scored(option)
    # 300 hit, 120 paid; 30 not hit are a fifth of all; a quarter of the paid are paid twice.
    assert row["households_paid"] == pytest.approx(150)
    assert row["transfer"] == pytest.approx(150 * 1.25 * 300_000)
    received = 120 * 1.25 * 300_000 * 0.9
    assert row["adequacy_line"] == pytest.approx(received / (0.4 * 50 * 19 * 10_000 * DAYS))


def test_design_tweak_by_hand():
    option = DesignTweak(
        CASH, capacity=exact("capacity", 0.9), brought_forward=exact("forward", 0.75), **QUICK, **NONE
    )
    row = scored(option)
    # Everybody on the roster of a hit province: 200 households, half of them not hit.
    assert row["households_paid"] == pytest.approx(180)
    assert row["paid_not_affected"] == pytest.approx(0.5)
    assert row["brought_forward"] == pytest.approx(0.75 * 180 * 300_000)
    assert row["cost"] == pytest.approx((0.25 + 0.1) * 180 * 300_000)


def test_routine_strengthening_by_hand():
    base = VerticalExpansion(CASH, exact("capacity", 0.5), exact("wrong", 0.0), **QUICK, **NONE)
    option = RoutineStrengthening(
        base,
        exact("invested", 1_000, "KHR"),
        years=4,
        shocks=exact("shocks", 2, "shocks"),
        added_coverage=exact("added", 0.5),
        registry_age_months=exact("oldest", 6, "months"),
        days_factor=exact("days", 0.5, "times"),
        unit_cost_factor=exact("unit cost", 0.5, "times"),
    )
    row = scored(option)
    # Household 4 is poor and off the roster: half of it is brought on it.
    assert row["households_paid"] == pytest.approx(50 * (1 + 1 + 0.5) * 0.5)
    assert row["first_days"] == pytest.approx(15)
    assert row["last_days"] == pytest.approx(62.5)
    # 200 households on the roster, 1,000 a year for 4 years, shared by 2 shocks; administration halved.
    assert row["administration"] == pytest.approx(1_000 * 4 * 200 / 2 + 0.05 * row["transfer"])


def test_with_and_without_strengthening():
    base = VerticalExpansion(CASH, exact("capacity", 0.5), exact("wrong", 0.0), **QUICK, **NONE)
    option = RoutineStrengthening(base, exact("invested", 1_000, "KHR"))
    result = compare_responses(
        KHM, SHOCK, [base, option], population=six_households(), draws=0, registry=RIGHT
    )
    both = result.strengthening.set_index("measure")
    alone = result.table.set_index("option").loc["Vertical expansion"]
    assert both["without"].to_dict() == pytest.approx(alone.to_dict())
    assert both.loc["coverage_in_need", "with"] > both.loc["coverage_in_need", "without"]


def test_a_combination_does_not_pay_the_same_need_twice():
    vertical = VerticalExpansion(CASH, exact("capacity", 0.6), exact("wrong", 0.0), **QUICK, **NONE)
    everybody = EmergencyProgramme(
        CASH, exact("capacity 2", 0.5), exact("missed", 0.0), exact("wrong", 0.0), **QUICK, **NONE
    )
    row = scored(Combination((vertical, everybody), "both"))
    # On the roster 0.6 and half of the rest, off it half.
    assert row["households_paid"] == pytest.approx(50 * (2 * (0.6 + 0.4 * 0.5) + 4 * 0.5))
    assert row["transfer"] == pytest.approx(300_000 * row["households_paid"])


def test_disaster_management_in_a_combination_pays_twice_unless_it_is_told():
    vertical = VerticalExpansion(CASH, exact("capacity", 1.0), exact("wrong", 0.0), **QUICK, **NONE)
    inputs = {
        "capacity": exact("reached", 1.0),
        "duplication": exact("twice", 0.0),
        "leakage": exact("leakage", 0.0),
        "inclusion_error": exact("wrong", 0.0),
        **QUICK,
        **NONE,
    }
    blind = scored(Combination((vertical, DisasterManagementProgramme(CASH, **inputs)), "blind"))
    told = scored(
        Combination((vertical, DisasterManagementProgramme(CASH, knows_others=True, **inputs)), "told")
    )
    assert blind["households_paid"] == pytest.approx(300) == told["households_paid"]
    assert blind["transfer"] == pytest.approx(400 * 300_000)
    assert told["transfer"] == pytest.approx(300 * 300_000)


def test_who_is_left_out_by_hand():
    option = VerticalExpansion(CASH, exact("capacity", 0.9), exact("wrong", 0.0), **QUICK, **NONE)
    result = compare_responses(KHM, SHOCK, [option], population=six_households(), draws=0, registry=RIGHT)
    table = result.left_out.set_index(["group", "level"])
    assert table.loc[("card level", "none"), "share"] == pytest.approx(1)
    assert table.loc[("card level", "level 1"), "share"] == pytest.approx(0.1)
    per_group = result.left_out.groupby("group")["not_paid"].sum()
    assert per_group.to_numpy() == pytest.approx(result.table["households_never"].iloc[0])


def test_rules_of_a_programme_pay_the_golden_household():
    """80,000 + 16,000 per member and per child, disabled and old person, three months (directive of 2022)."""
    from aspfin.programmes.benefits import benefit_amounts

    frame = pd.DataFrame(
        {"members": [4], "child_0_5": [1], "disability": [1], "age_60_plus": [0], "card_level": [0]}
    )
    amounts = benefit_amounts(KHM, frame, Benefit("flood_cash_transfer", "2022-12-10"))
    assert amounts.tolist() == [3 * (80_000 + 4 * 16_000 + 2 * 16_000)]


def test_golden_adaptive_programme_costing():
    """K5 of the golden cases: 126,000 topped up by 40 for 3 months, 140,000 new at 60 for 2 months."""
    frame = pd.DataFrame(
        {
            "household_id": [1, 2],
            "province": "KH02",
            "weight": [700_000.0, 1_000_000.0],
            "members": 4,
            "consumption": 5_000.0,
            "card_level": [1, 0],
        }
    )
    shock = shocks.natural("Flood", "flood", "2022-09-01", affected=0.18, loss=0.2)
    share, per_new = exact("administration", 0.07), exact("new", 2.5, "money per household")
    top_up = Benefit(flat=exact("top-up", 40.0, "money"), periods=3)
    new = Benefit(flat=exact("new benefit", 60.0, "money"), periods=2)
    both = Combination(
        (
            VerticalExpansion(top_up, exact("κ", 1.0), exact("e", 0.0), **QUICK, administration=share),
            HorizontalExpansion(
                new,
                "everybody",
                exact("κ new", 140_000 / 180_000),
                exclusion_error=exact("missed", 0.0),
                list_age_months=exact("age", 0.0, "months"),
                inclusion_error=exact("e new", 0.0),
                administration=share,
                administration_per_new=per_new,
                **QUICK,
            ),
        )
    )
    data = HouseholdData(frame, LINE, "USD")
    row = compare_responses(KHM, shock, [both], population=data, draws=0, registry=RIGHT).table.iloc[0]
    assert row["transfer"] == pytest.approx(31_920_000, rel=1e-8)
    assert row["administration"] == pytest.approx(2_584_400, rel=1e-8)
    assert row["cost"] == pytest.approx(34_504_400, rel=1e-8)
    assert row["cost_per_household"] == pytest.approx(129.715789, rel=1e-8)


def test_expansions_agree_with_the_formula_for_aggregates():
    reach = expand(
        300.0,
        roster_share=2 / 6,
        vertical_capacity=0.9,
        horizontal_capacity=0.8,
        exclusion_error=0.25,
        inclusion_error=0.1,
    )
    vertical = VerticalExpansion(CASH, exact("capacity", 0.9), exact("wrong", 0.0), **QUICK)
    horizontal = HorizontalExpansion(
        CASH,
        "everybody",
        exact("capacity new", 0.8),
        exclusion_error=exact("missed", 0.25),
        list_age_months=exact("age", 0.0, "months"),
        inclusion_error=exact("wrong new", 0.1),
        **QUICK,
    )
    row = scored(Combination((vertical, horizontal)))
    assert row["coverage_affected"] == pytest.approx(float(reach.reached) / 300)
    assert row["households_paid"] == pytest.approx(float(reach.paid))


def test_days_of_a_combination_by_hand():
    early = {"first_days": exact("first", 0, "days"), "last_days": exact("last", 9.5, "days")}
    late = {"first_days": exact("first 2", 100, "days"), "last_days": exact("last 2", 119, "days")}
    vertical = VerticalExpansion(CASH, exact("capacity", 1.0), exact("wrong", 0.0), **early)
    others = HorizontalExpansion(
        CASH,
        "everybody",
        exact("capacity 2", 0.5),
        exclusion_error=exact("missed", 0.0),
        list_age_months=exact("age", 0.0, "months"),
        inclusion_error=exact("wrong", 0.0),
        **late,
    )
    row = scored(Combination((vertical, others)))
    # Half of the paid by day 10, the other half evenly from day 100 to 120: 95 % on day 118.
    assert row["first_days"] == 0
    assert row["last_days"] == pytest.approx(118)
    # All of the second half on one day, as in draws in which the last day comes before the first.
    at_once = replace(others, first_days=exact("a", 100, "days"), last_days=exact("b", 100, "days"))
    assert scored(Combination((vertical, at_once)))["last_days"] == pytest.approx(100)


def test_a_plain_number_is_a_quantity_without_a_range():
    option = VerticalExpansion(CASH, capacity=0.8, **NONE)
    assert (option.capacity.number, option.capacity.unit, option.capacity.low) == (0.8, "share", None)
    with pytest.raises(InputError, match=r"capacity: got 1\.5; allowed: 0 to 1"):
        VerticalExpansion(CASH, capacity=1.5)
    with pytest.raises(InputError, match="capacity: got True; allowed: a number or a Quantity"):
        VerticalExpansion(CASH, capacity=True)


def test_a_household_paid_by_two_is_paid_when_the_first_of_them_pays():
    # Relief pays half of all by day 10; the slow option pays half of them too, none before day 100.
    early = {"first_days": exact("first", 0, "days"), "last_days": exact("last", 9.5, "days")}
    late = {"first_days": exact("first 2", 100, "days"), "last_days": exact("last 2", 195, "days")}
    slow = EmergencyProgramme(CASH, exact("half", 0.5), exact("missed", 0), exact("wrong", 0), **late, **NONE)
    relief = DisasterManagementProgramme(
        CASH, exact("half 2", 0.5), exact("twice", 0), exact("leak", 0), exact("wrong 2", 0), **early, **NONE
    )
    row = scored(Combination((slow, relief)))
    assert row["coverage_in_need"] == pytest.approx(0.75)
    assert row["on_time"] == pytest.approx(0.5)
    assert row["households_late"] == pytest.approx(0.25 * row["households_in_need"])
    # A third of the paid wait for the slow option: 95 % of all are paid when 85 % of these are.
    assert row["first_days"] == 0
    assert row["last_days"] == pytest.approx(100 + 0.85 * 100)
