"""The analysis, plan, words and pictures of the financing report."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from aspfin.financing import Need, fund_path
from aspfin.programmes import load_country
from aspfin.reporting import financing_view as show
from aspfin.reporting import financing_words as words
from aspfin.reporting.financing import analyse, sensitivity
from aspfin.reporting.financing_plan import build_plan
from aspfin.reporting.parameters import build

KHM = load_country("KHM")
SMALL = {"draws": 4_000, "bootstrap": 20}
INSTRUMENTS = [
    {"type": "contingency_fund", "up_to_return_period": 5, "max_probability_ever_unmet": 0.1},
    {"type": "contingent_credit", "up_to_return_period": 20},
    {"type": "insurance", "up_to_return_period": 50},
    {"type": "budget_reallocation", "limit_usd": 10_000_000},
    {"type": "donor_aid", "share": 0.5, "limit_usd": 10_000_000},
]


def parameters(**changes):
    sections = {
        "shock": SMALL,
        "response": {"programme": "flood_cash_transfer", "rules_on": "2022-12-10"},
        "financing": {"paths": 5_000, "instruments": INSTRUMENTS},
    }
    return build("financing", {**sections, **changes})


def plan(need, *instruments, years=10):
    stated = parameters(financing={"years": years, "instruments": list(instruments)})
    return build_plan(stated.financing, need, KHM.facts)


@pytest.fixture(scope="module")
def national():
    return analyse(parameters())


@pytest.fixture(scope="module")
def pailin():
    return analyse(parameters(area="KH24"))


# Twenty equally likely years: the 1-in-5 need is 160, the 1-in-10 need 180.
STEPS = Need.from_states([0.05] * 20, [10.0 * k for k in range(1, 21)]).scaled(1e6)


def test_layers_join_without_gap_or_overlap():
    made = plan(
        STEPS,
        {"type": "contingency_fund", "up_to_return_period": 5},
        {"type": "contingent_credit", "up_to_return_period": 10},
        {"type": "insurance", "up_to_return_period": 20},
        {"type": "budget_reallocation", "limit_usd": 4e6},
    )
    assert made.layers["from_usd"].tolist() == [0, 160e6, 180e6, 190e6]
    assert made.layers["to_usd"].tolist() == [160e6, 180e6, 190e6, 194e6]
    fund, credit, insurance, budget = made.instruments
    assert (fund.opening, fund.ceiling, fund.annual_limit) == (160e6, 160e6, 160e6)
    assert credit.limit == 20e6
    assert (insurance.attachment, insurance.limit) == (180e6, 10e6)
    assert budget.limit == 4e6
    assert made.fund_need.mean == pytest.approx(STEPS.retained(160e6).mean)


def test_the_fund_is_sized_for_its_layer_over_the_years():
    made = plan(
        STEPS, {"type": "contingency_fund", "up_to_return_period": 5, "max_probability_ever_unmet": 0.1}
    )
    fund = made.instruments[0]
    path = fund_path(
        STEPS.retained(160e6),
        opening=fund.opening,
        contribution=fund.contribution,
        ceiling=fund.ceiling,
        years=10,
        interest=fund.interest,
    )
    assert made.fund.achieved <= 0.1
    # Two lattices of different spacing: each states its own error.
    spacing = path.lattice_error + made.fund.path.lattice_error
    assert abs(made.fund.achieved - path.probability_ever_unmet) <= spacing


def test_terms_come_from_the_file_then_the_pack_then_the_default():
    made = plan(STEPS, {"type": "contingent_credit", "limit_usd": 1e6, "loan_rate": 0.02})
    terms = {one.name.rsplit(".", 1)[-1]: one for one in made.terms}
    assert (terms["loan_rate"].value, terms["loan_rate"].source) == (0.02, "parameter file")
    assert terms["arrangement_fee"].source == "world_bank_7721"
    assert terms["availability_years"].source == "default of aspfin"
    credit = made.instruments[0]
    assert (credit.loan_rate, credit.arrangement_fee, credit.repayment_years) == (0.02, 0.005, 10)


def test_every_kind_of_instrument_can_be_stated():
    made = plan(
        STEPS,
        {"type": "contingency_fund", "opening_usd": 5e6, "ceiling_usd": 9e6, "contribution_usd": 1e6},
        {"type": "contingent_credit", "limit_usd": 5e6},
        {"type": "insurance", "attachment_usd": 50e6, "limit_usd": 30e6, "share": 0.5},
        {
            "type": "parametric_insurance",
            "correlation": 0.7,
            "policy_limit_usd": 20e6,
            "tiers": [
                {"from_return_period": 5, "payout_usd": 2e6},
                {"from_usd": 190e6, "payout_usd": 8e6},
            ],
        },
        {"type": "budget_reallocation", "limit_usd": 1e6},
        {"type": "donor_aid", "share": 0.2},
        {"type": "ex_post_borrowing"},
    )
    kinds = [one.kind for one in made.instruments]
    assert len(set(kinds)) == 7
    assert made.instruments[3].tiers == ((160e6, 2e6), (190e6, 8e6))
    assert made.instruments[3].policy_limit == 20e6
    assert np.isinf(made.instruments[-1].limit)


def test_two_of_a_kind_keep_apart_keys_and_names():
    made = plan(
        STEPS,
        {"type": "contingent_credit", "limit_usd": 1e6, "name": "Cat DDO"},
        {"type": "contingent_credit", "limit_usd": 1e6},
    )
    assert made.keys == ("contingent_credit", "contingent_credit_2")
    assert made.labels == {"contingent_credit": "Cat DDO"}


def test_a_layer_with_nothing_in_it_is_left_out():
    rare = Need.from_states([0.02], [5e6])  # nothing in nine years of ten
    made = plan(
        rare,
        {"type": "contingency_fund", "up_to_return_period": 10, "max_probability_ever_unmet": 0.1},
        {"type": "insurance", "up_to_return_period": 100},
    )
    assert [one.kind for one in made.instruments] == ["insurance"]
    assert made.layers["limit_usd"].tolist() == [0.0, 5e6]


def test_who_pays_adds_up_at_every_return_period(national):
    payers = national.payers
    parts = payers[[*national.plan.keys, "unmet"]].sum(axis=1)
    np.testing.assert_allclose(parts, payers["need"], rtol=1e-12, atol=1e-3)
    assert (payers["unmet"] >= 0).all()


def test_the_fund_simulated_agrees_with_the_fund_exact(national):
    row = national.result.paid.iloc[0]
    exact = national.fund.by_year["expected_paid"].mean()
    assert abs(row["expected"] - exact) < 4 * row["std_error"]
    named = {check.name: check.passed for check in national.checks}
    assert named["fund exact and simulated"] and named["provinces add up"] and named["mass balance"]


def test_cost_per_household_is_money_over_households(national):
    shock, cost = national.shock, national.cost
    households = shock.shares.paid * shock.affected.mean
    need = cost.transfers + cost.administration
    assert need == pytest.approx(shock.need.mean, rel=1e-6)
    assert cost.per_beneficiary == pytest.approx(need / households)
    assert cost.transfers / households == pytest.approx(shock.unit_cost.usd, rel=1e-6)


def test_pooling_saves(national):
    provinces = national.shock.provinces
    assert provinces["worst_tenth_usd"].sum() > national.shock.need.tail_value_at_risk(0.9)
    assert "pooling saves" in words.finding(national, "where")


def test_sensitivity_brackets_its_base_and_moves_the_right_way(national):
    frame = national.sensitivity
    assert (frame["low"] <= frame.attrs["base"] * (1 + 1e-9)).all()
    assert (frame["high"] >= frame.attrs["base"] * (1 - 1e-9)).all()
    assert (frame["high"] - frame["low"]).is_monotonic_decreasing
    reach = frame.set_index("input").loc["horizontal capacity"]
    assert (reach["low_label"], reach["high_label"]) == ("50 %", "100 %")
    missed = frame.set_index("input").loc["exclusion error"]
    assert (missed["low_label"], missed["high_label"]) == ("30 %", "0 %")


def test_a_province_is_also_tried_with_each_recorded_footprint():
    case = parameters(area="KH02")
    shock = analyse(case).shock
    row = sensitivity(case, shock, KHM).set_index("input").loc["where floods strike: all like one"]
    assert row["high_label"] == "flood 2020"  # Battambang was hit worst in 2020


def test_inputs_list_everything_that_is_not_verified(national):
    inputs = national.inputs
    assert set(inputs["status"]) <= {"assumed", "press", "unverified"}
    names = set(inputs["name"])
    assert {"horizontal capacity", "discount rate", "Contingency fund: days to cash"} <= names


def test_the_answer_is_three_sentences_with_numbers(national):
    text = words.sentences(national)
    assert len(text) == 3
    assert all(re.search(r"\d", line) for line in text)
    assert f"US$ {national.need_at(10) / 1e6:.0f} million" in text[0]
    assert len(words.cards(national)) == 4
    assert not [line for line in text if "nan" in line.split() or "not available" in line]


def test_a_place_that_floods_seldom_reach_says_so(pailin):
    text = " ".join(words.sentences(pailin))
    assert "seldom reach Pailin" in text
    assert pailin.fund is None
    assert "no contingency fund" in words.finding(pailin, "fund")
    assert re.search(r"\b0\.\d+ households", text) is None  # no fractions of a household


@pytest.mark.parametrize("section", sorted(words._FINDINGS))
def test_findings_are_whole_sentences(national, pailin, section):
    for analysis in (national, pailin):
        text = words.finding(analysis, section)
        assert text.endswith(".") and "nan" not in text.lower().split() and "  " not in text


SHOWN = [name for name in show.__all__ if name not in ("takeaway", "save")]


@pytest.mark.parametrize("name", SHOWN)
def test_everything_shown_shows(national, pailin, name):
    for analysis in (national, pailin):
        html = getattr(show, name)(analysis)._repr_html_()
        assert "nan" not in re.sub(r"<[^>]*>", " ", re.sub(r"data:[^\"]*", "", html)).lower().split()


def test_results_hold_full_precision_and_everything_the_report_says(national, tmp_path):
    show.save(national, tmp_path)
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["headline"][0]["value"] == national.need_at(10)
    assert results["sentences"] == words.sentences(national)
    provinces = pd.read_csv(tmp_path / "tables" / "provinces.csv")
    assert len(provinces) == 25
    assert provinces["need_usd_per_year"].sum() == pytest.approx(national.shock.need.mean, rel=1e-9)
    assert (tmp_path / "tables" / "fund_by_year.csv").is_file()


def test_run_by_hand_writes_nothing(national, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    show.save(national, None)
    assert not list(tmp_path.iterdir())


def test_a_plan_with_nothing_to_pay_still_reports():
    two = [
        {"type": "contingency_fund", "up_to_return_period": 5, "max_probability_ever_unmet": 0.1},
        {"type": "contingent_credit", "up_to_return_period": 20},
    ]
    analysis = analyse(parameters(area="KH24", financing={"paths": 2_000, "instruments": two}))
    assert analysis.plan.instruments == ()
    assert analysis.result.unmet.share_of_need == 1
    for name in SHOWN:
        assert getattr(show, name)(analysis)._repr_html_() is not None
    assert len(words.sentences(analysis)) == 3
