"""The parameters, analysis, words and pictures of the costing report."""

import copy
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from aspfin.reporting import costing_cards as headlines
from aspfin.reporting import costing_view as show
from aspfin.reporting import costing_words as words
from aspfin.reporting import style
from aspfin.reporting.costing import analyse
from aspfin.reporting.parameters import build, file_schema, sections_of
from aspfin.reporting.reading import read_file
from aspfin.results import InputError

SMALL = {"households": 4_000, "seed": 1}
FLOOD = {"period": {"start": "2022-12-01", "months": 3}, "programmes": ["flood_cash_transfer"]}
SYSTEM = {
    "period": {"start": "2025-01-01"},
    "population": SMALL,
    "caseloads": [
        {"programme": "school_feeding", "counts": {"breakfast": 38_000_000}, "beneficiaries": 190_000,
         "date": "2025-04", "source": "pupils", "note": "an assumption"},
        {"programme": "social_security_maternity", "counts": {"birth": 80_499}},
    ],
    "money": {"exchange_rate": 4_072.4},
}  # fmt: skip
ZAMBIA = {"country": "ZMB", "period": {"start": "2024-01-01"}, "population": SMALL}
UNKNOWN = {"period": {"start": "2025-01-01"}, "programmes": ["older_people_cash", "health_equity_fund"]}
INSURED = {
    "period": {"start": "2025-01-01"},
    "programmes": ["social_security_maternity"],
    "population": SMALL,
}
OWN = {
    "period": {"start": "2025-01-01"},
    "programmes": ["older_people_cash", "vocational_training"],
    "amounts": [{"programme": "older_people_cash", "what": "age_60_plus", "amount": 30_000}],
    "administration": {"share": 0.1, "low": 0.1, "high": 0.1},
    "totals": {"budget": {"value": 38_000, "unit": "billion KHR", "source": "budget law"}},
}
CASES = {
    "flood": FLOOD,
    "system": SYSTEM,
    "zambia": ZAMBIA,
    "unknown": UNKNOWN,
    "insured": INSURED,
    "own": OWN,
}
SHOWN = [
    lambda a: show.first_screen(a), lambda a: show.costs_chart(a), lambda a: show.programmes_table(a),
    lambda a: show.components_table(a), lambda a: show.counts_table(a), lambda a: show.sensitivity_chart(a),
    lambda a: show.published_table(a), lambda a: show.contributions_table(a), lambda a: show.missing_table(a),
    lambda a: show.inputs(a), lambda a: show.checks(a), lambda a: show.sources(a), lambda a: show.stamp(a),
    *(lambda a, name=name: show.takeaway(a, name) for name in words._FINDINGS),
    *(lambda a, name=name: show.method(a, name) for name in show.METHODS),
]  # fmt: skip


COUNTED = {"households": 5, "members": 9, "child_0_5": 1, "disability": 0, "age_60_plus": 2}


def changed(sections, **values):
    return {**copy.deepcopy(sections), **values}


@pytest.fixture(scope="module")
def made():
    return {name: analyse(build("costing", case)) for name, case in CASES.items()}


def html(thing):
    return thing._repr_html_() if hasattr(thing, "_repr_html_") else thing.html


# Parameters


def problems(sections):
    with pytest.raises(InputError) as error:
        build("costing", sections, file="case.yaml")
    return [(one.field, one.allowed) for one in error.value.problems]


@pytest.mark.parametrize(
    ("change", "field", "allowed"),
    [
        ({"period": {"start": "2022-12-10"}}, "period.start", "first day of a month"),
        ({"period": {"start": "2022-12-01", "months": 0}}, "period.months", "1 to 120"),
        ({"programmes": ["flood_cash_transfers"]}, "programmes[0]", "flood_cash_transfer"),
        ({"programmes": []}, "programmes", "1 to 60"),
        ({"amounts": [{"programme": "covid", "what": "household", "amount": 1}]}, "amounts[0].programme", "flood"),
        ({"amounts": [{"programme": "flood_cash_transfer", "what": "pupil", "amount": 1}]},
         "programme flood_cash_transfer: amounts", "household"),
        ({"amounts": [{"programme": "flood_cash_transfer", "what": "member", "amount": -1}]},
         "amounts[0].amount", "from 0"),
        ({"caseloads": [{"programme": "x", "counts": {"members": 1}}]}, "caseloads[0].programme", "flood"),
        ({"caseloads": [{"programme": "flood_cash_transfer", "counts": {"members": 1.5}}]},
         "caseloads[0].counts.members", "whole number"),
        ({"caseloads": [{"programme": "flood_cash_transfer", "counts": {"pupil": 5}}]},
         "caseload of flood_cash_transfer: counts", "households"),
        ({"administration": {"share": 0.5, "low": 0.1, "high": 0.2}}, "administration.share", "between"),
        ({"totals": {"gdp": {"value": 3, "unit": "billion ZMW"}}}, "totals.gdp.unit", "KHR or USD"),
        ({"totals": {"gdp": {"value": 3, "unit": "loads"}}}, "totals.gdp.unit", ""),
        ({"population": {"households": 10}}, "population.households", "from 2,000"),
        ({"perod": {}}, "perod", "'period'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_one_line(change, field, allowed):
    found = problems(changed(FLOOD, **change))
    assert any(one == field and allowed in said for one, said in found), found


def test_a_wrong_country_is_left_to_the_reader(tmp_path):
    folder = tmp_path / "costing"
    folder.mkdir()
    file = folder / "case.yaml"
    file.write_text("country: KHN\nperiod: {start: 2025-01-01}\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_file(file)
    assert error.value.problems[0].field == "country"


def test_sections_build_the_same_again():
    for case in CASES.values():
        parameters = build("costing", case)
        assert build("costing", json.loads(json.dumps(sections_of(parameters)))) == parameters
    assert "period" in file_schema("costing")["required"]


# Analysis and words


def test_the_flood_report_says_what_was_published(made):
    a = made["flood"]
    first, second, third = words.sentences(a)
    assert "50.1 billion riel (US$ 12.2 million) from December 2022 to February 2023" in first
    assert "of the public budget of 2022" in second and "(an assumption)" in second
    assert "46.801 billion riel, within 0.01 % of the published 46.799 billion" in third
    assert [label for label, *_ in headlines.cards(a)][1] == "Cost per household"
    assert words.title(a).endswith("what it costs, December 2022 to February 2023")


def test_the_system_report_tells_what_has_no_cost(made):
    a = made["system"]
    assert "four tax-financed programmes" in words.sentences(a)[0]
    share = a.budget.total() / (9_320e6 * 4_072.4)
    assert f"{style.percent(share)} of the public budget" in words.sentences(a)[1]
    third = words.sentences(a)[2]
    assert "Seven programmes have no cost here" in third
    assert "for the family package and its parts alone, 672 billion riel were budgeted for 2024" in third
    assert "Defined, not operating: social security unemployment." in words.finding(a, "missing")
    assert words.title(a) == "Cambodia: what the social protection system costs, 2025"
    assert "Social security contributions" in [label for label, *_ in headlines.cards(a)]


def test_no_share_without_a_confirmed_budget(made):
    a = made["zambia"]
    assert "no confirmed public budget" in words.sentences(a)[1]
    assert headlines.headline(a)["share_of_budget"].value is None
    assert ("Share of the public budget", "not known") in [card[:2] for card in headlines.cards(a)]
    assert "(unverified)" in words.finding(a, "budget")


def test_a_report_in_which_nothing_can_be_costed_says_so(made):
    a = made["unknown"]
    assert "No tax-financed programme" in words.sentences(a)[0]
    assert "They are not zero" in words.sentences(a)[1]
    assert headlines.headline(a)["total"].value is None
    insured = words.sentences(made["insured"])
    assert "paid from contributions" in insured[1] and "riel" in insured[1]


def test_what_the_user_states_is_used_and_told(made):
    a = made["own"]
    lines = a.budget.lines.set_index("programme")
    assert lines.loc["older_people_cash", "transfers"] == 366_158 * 30_000 * 12
    assert lines.loc["older_people_cash", "total"] == pytest.approx(1.1 * 366_158 * 30_000 * 12)
    assert a.budget.share_of("budget") == pytest.approx(a.budget.total() / 38e12)
    stated = a.unverified.set_index("name")
    assert stated.loc["administration", "value"] == 0.1
    assert stated.loc["public budget", "source"] == "budget law"
    assert stated.loc["public budget", "status"] == "assumed"


def test_sensitivity_moves_one_input_at_a_time(made):
    a = made["system"]
    b, moved = a.budget, a.sensitivity.set_index("input")
    share = b.administration_range
    assert moved.loc["Administration, % of transfers", "high"] == pytest.approx(
        b.total("transfers") * (1 + share[1])
    )
    one = b.lines.set_index("programme").loc["scholarships"]
    swing = (one["transfers_high"] - one["transfers"]) * (1 + b.administration.number)
    assert moved.loc["Count: scholarships", "high"] == pytest.approx(b.total() + swing)
    assert (a.sensitivity["high"] - a.sensitivity["low"]).is_monotonic_decreasing
    assert not made["own"].sensitivity["input"].str.startswith("Administration").any()  # it has no range


def test_unverified_inputs_are_listed_with_titles(made):
    listed = made["system"].unverified
    assert (listed["status"] != "verified").all() and len(listed) > 5
    assert not listed["source"].isin(made["system"].country.sources).any()  # titles, not ids
    assert "verified" not in set(made["flood"].unverified["status"])


# Pages


@pytest.mark.parametrize("name", CASES)
def test_every_part_shows_itself(made, name):
    page = "".join(html(part(made[name])) for part in SHOWN)
    assert not re.search(r"\bnan\b|\bNone\b|Traceback|\binf\b", page), name
    assert not re.search(r"\de\+\d", page)
    assert "{" not in re.sub(r"<[^>]*>", "", page)


def test_sections_without_content_have_no_heading(made):
    flood = made["flood"]
    assert show.section(flood, "contributions")._repr_markdown_() == ""
    assert show.section(made["system"], "contributions")._repr_markdown_().startswith("## ")
    assert show.section(flood, "missing")._repr_markdown_() == ""


def test_results_are_saved_and_the_same_twice(made, tmp_path):
    again = analyse(build("costing", SYSTEM))
    for name, a in (("one", made["system"]), ("two", again)):
        show.save(a, tmp_path / name)
    show.save(again, None)
    first, second = (
        {p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*") if p.is_file()}
        for name in ("one", "two")
    )
    assert first == second
    results = json.loads((tmp_path / "one" / "results.json").read_text(encoding="utf-8"))
    assert results["headline"][0]["name"] == "total"
    assert {"programmes", "caseloads", "published"} <= {table["name"] for table in results["tables"]}


def test_amounts_are_escaped():
    note = "<script>alert(1)</script>"
    case = changed(FLOOD, title=note, caseloads=[
        {"programme": "flood_cash_transfer", "counts": COUNTED, "note": note}
    ])  # fmt: skip
    a = analyse(build("costing", case))
    assert "<script>" not in html(show.first_screen(a)) + html(show.counts_table(a))


def test_missing_values_are_written_as_dashes(made):
    page = html(show.programmes_table(made["insured"]))
    assert "–" in page and np.isnan(made["insured"].budget.lines["administration"].iloc[0])


def test_the_same_people_paid_for_longer_are_not_told_as_two_counts(made):
    a = made["flood"]
    one = a.budget.caseloads.iloc[[0]]
    both = pd.concat([one, one.assign(transfers=3 * one["transfers"])], ignore_index=True)
    said = words.finding(replace(a, budget=replace(a.budget, caseloads=both)), "counts")
    assert "two rows count the same" in said and "costs 3 times the other" in said
    apart = both.assign(count=[1000.0, 3000.0])
    said = words.finding(replace(a, budget=replace(a.budget, caseloads=apart)), "counts")
    assert "the dearest count costs 3 times the cheapest" in said and "two rows" not in said


def test_a_bound_in_a_footnote_names_its_number(made):
    a = made["flood"]
    noted = a.budget.caseloads.iloc[[0]].assign(
        count=260_000.0, unit="people", note="more than; day not known", source=""
    )
    page = html(show.counts_table(replace(a, budget=replace(a.budget, caseloads=noted))))
    assert "More than 260,000 people; day not known." in page
