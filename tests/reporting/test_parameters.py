"""What the parameter classes accept, and how they refuse the rest."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.reporting.parameters import KINDS, build, file_schema, sections_of
from aspfin.results import InputError

SECTIONS = {
    "response": {"programme": "flood_cash_transfer", "rules_on": "2022-12-10"},
    "financing": {"instruments": [{"type": "contingent_credit", "limit_usd": 20_000_000}]},
}


def changed(path, value):
    sections = copy.deepcopy(SECTIONS)
    place = sections
    for part in path[:-1]:
        place = place.setdefault(part, {}) if isinstance(place, dict) else place[part]
    place[path[-1]] = value
    return sections


def refusal(path, value):
    with pytest.raises(InputError) as error:
        build("financing", changed(path, value), file="a.yaml")
    return str(error.value)


CREDIT = ("financing", "instruments", 0)
TYPES = "budget_reallocation, contingency_fund, contingent_credit, donor_aid, ex_post_borrowing, insurance, parametric_insurance"


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (("financing", "years"), "ten", "financing.years: got 'ten'; allowed: a whole number from 1 to 100"),
        (("financing", "years"), True, "financing.years: got True; allowed: a whole number from 1 to 100"),
        (("financing", "years"), 2.5, "financing.years: got 2.5; allowed: a whole number from 1 to 100"),
        (("response", "vertical_capacity"), 1.2, "response.vertical_capacity: got 1.2; allowed: a number from 0 to 1"),
        (("response", "vertical_capacity"), float("nan"), "response.vertical_capacity: got nan; allowed: a number from 0 to 1"),
        (("response", "rules_on"), "2022-02-30", "response.rules_on: got '2022-02-30'; allowed: a date such as 2022-12-10"),
        (("response", "rules_on"), 20221210, "response.rules_on: got 20221210; allowed: a date such as 2022-12-10"),
        (("money", "exchange_rate"), 0, "money.exchange_rate: got 0; allowed: a number above 0 and up to 1e+09"),
        (("area",), False, "area: got False; allowed: letters, digits, _ or -, 1 to 80 characters"),
        (("shock", "law"), "normal", "shock.law: got 'normal'; allowed: one of lognormal, gamma, events"),
        ((*CREDIT, "limit_usd"), -5, "financing.instruments[0].limit_usd: got -5; allowed: a number from 0"),
        ((*CREDIT, "type"), "credit", f"financing.instruments[0].type: got 'credit'; allowed: one of {TYPES}"),
        (CREDIT, {}, f"financing.instruments[0].type: got nothing; allowed: one of {TYPES}"),
        (CREDIT, 3, f"financing.instruments[0]: got 3; allowed: a section with a type among {TYPES}"),
        (("report",), None, "report: got None; allowed: a section with the fields return_periods"),
    ],
)  # fmt: skip
def test_one_line_names_field_value_and_what_is_allowed(path, value, line):
    assert refusal(path, value) == f"a.yaml: {line}"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (("finansing",), "did you mean 'financing'?"),
        (("financing", "yeers"), "did you mean 'years'?"),
        ((*CREDIT, "limt_usd"), "did you mean 'limit_usd'?"),
        (("shock", "zzz"), "one of bootstrap, draws, figures, footprint_concentration, hazard, law"),
    ],
)
def test_unknown_fields_are_refused_with_the_nearest_name(path, told):
    assert told in refusal(path, 1)


@pytest.mark.parametrize(
    ("instrument", "told"),
    [
        ({"type": "insurance"}, "either up_to_return_period or both attachment_usd and limit_usd"),
        ({"type": "insurance", "attachment_usd": 1}, "either up_to_return_period or both"),
        ({"type": "contingent_credit"}, "either up_to_return_period or limit_usd"),
        ({"type": "contingent_credit", "limit_usd": 1, "up_to_return_period": 5}, "amounts in USD, not both"),
        ({"type": "contingency_fund"}, "at least one of up_to_return_period"),
        ({"type": "contingency_fund", "opening_usd": 2, "ceiling_usd": 1}, "opening_usd no larger than"),
        ({"type": "parametric_insurance", "tiers": []}, "a list of 1 to 20"),
        ({"type": "parametric_insurance", "tiers": [{"payout_usd": 1}]}, "either from_usd or from_return_period"),
        ({"type": "parametric_insurance", "correlation": 0.5, "tiers": [{"payout_usd": 1, "from_usd": 5}, {"payout_usd": 2, "from_usd": 5}]}, "tiers with rising from_usd"),
    ],
)  # fmt: skip
def test_instruments_are_sized_one_way(instrument, told):
    assert told in refusal(CREDIT, instrument)


def test_layers_and_return_periods_rise():
    falling = [{"type": "contingent_credit", "up_to_return_period": top} for top in (20, 10)]
    assert "rising from one instrument to the next" in refusal(("financing", "instruments"), falling)
    assert "rising, each once" in refusal(("report", "return_periods"), [5, 2])


def test_every_problem_is_told_once():
    sections = {"titel": 1, "response": {"programme": "x"}, "financing": {"years": 0}}
    with pytest.raises(InputError) as error:
        build("financing", sections)
    fields = [problem.field for problem in error.value.problems]
    assert fields == ["financing.instruments", "financing.years", "response.rules_on", "titel"]


def test_numbers_people_write():
    parameters = build("financing", changed(("financing", "paths"), 1e5))
    assert parameters.financing.paths == 100_000
    assert isinstance(parameters.financing.paths, int)


def test_sections_are_plain_json_and_build_the_same_again():
    parameters = build("financing", SECTIONS)
    sections = sections_of(parameters)
    assert json.loads(json.dumps(sections)) == sections
    assert list(sections) == ["title", "country", "area", "shock", "response", "money", "financing", "report"]
    assert build("financing", sections) == parameters


@pytest.mark.parametrize("kind", KINDS)
def test_schema_describes_every_field(kind):
    schema = file_schema(kind)
    definitions = [schema, *schema["$defs"].values()]
    fields = [(name, one) for node in definitions for name, one in node.get("properties", {}).items()]
    undescribed = [
        name for name, one in fields if "description" not in one and "$ref" not in one and name != "type"
    ]
    assert undescribed == []
    assert all(node.get("additionalProperties") is False for node in schema["$defs"].values())


# Values a YAML file can hold, nested at will.
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just(10**400), st.dates()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PLACES = st.sampled_from(
    [
        (name,) for name in ("title", "country", "area", "shock", "response", "money", "financing", "report")
    ]
    + [("financing", name) for name in ("years", "paths", "seed", "timing", "instruments")]
    + [("response", name) for name in ("programme", "rules_on", "vertical_capacity")]
    + [("financing", "instruments", 0), (*CREDIT, "type"), (*CREDIT, "limit_usd"), ("report", "return_periods")]
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(PLACES, VALUES)
def test_any_value_anywhere_is_taken_or_refused_in_words(path, value):
    try:
        parameters = build("financing", changed(path, value))
    except InputError as error:
        lines = str(error).split("\n")
        assert len(lines) == len(error.problems)
        assert all(problem.field and problem.allowed for problem in error.problems)
    else:
        assert build("financing", sections_of(parameters)) == parameters


def some(kind, **more):
    optional = {
        "days_to_cash": st.floats(0, 3_650),
        "payer": st.sampled_from(["treasury", "donor"]),
        "discount_rate": st.floats(0, 1),
        "name": st.text("abcx ภកខ", min_size=1, max_size=10),
    }
    return st.fixed_dictionaries({"type": st.just(kind), **more}, optional=optional)


USD = st.floats(0, 1e12)
VALID = st.fixed_dictionaries(
    {
        "response": st.fixed_dictionaries(
            {"programme": st.just("flood_cash_transfer"), "rules_on": st.dates()}
        ),
        "financing": st.fixed_dictionaries(
            {
                "instruments": st.lists(
                    some("contingent_credit", limit_usd=USD)
                    | some("contingency_fund", opening_usd=USD)
                    | some("insurance", attachment_usd=USD, limit_usd=st.floats(1, 1e12))
                    | some("ex_post_borrowing")
                    | some("donor_aid", share=st.floats(0.01, 1)),
                    min_size=1,
                    max_size=4,
                )
            },
            optional={"years": st.integers(1, 100), "seed": st.integers(0, 2**63 - 1)},
        ),
    },
    optional={
        "report": st.fixed_dictionaries({"return_periods": st.just([2, 10.5])}),
        "title": st.just("ទឹកជំនន់"),
    },
)


@settings(deadline=None, max_examples=60)
@given(VALID)
def test_valid_sections_round_trip(sections):
    parameters = build("financing", sections)
    again = sections_of(parameters)
    assert build("financing", json.loads(json.dumps(again))) == parameters
    assert len(again["financing"]["instruments"]) == len(sections["financing"]["instruments"])
