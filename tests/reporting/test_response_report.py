"""The parameters, shock, options, analysis, words and page of the response report."""

import copy
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aspfin.programmes import Combination, load_country
from aspfin.reporting import response_findings as findings
from aspfin.reporting import response_names as names
from aspfin.reporting import response_view as show
from aspfin.reporting import response_words as words
from aspfin.reporting import style
from aspfin.reporting.parameters import KINDS, build
from aspfin.reporting.reading import read_file
from aspfin.reporting.response import analyse
from aspfin.reporting.response_inputs import identifiers, option_key, options_of, shock_of
from aspfin.results import InputError

ROOT = Path(__file__).parents[2]
INSTRUMENTS = [
    {"type": "contingency_fund", "opening_usd": 500_000, "ceiling_usd": 500_000, "contribution_usd": 100_000},
    {"type": "contingent_credit", "limit_usd": 400_000},
]
SMALL = {
    "shock": {"type": "event", "event": "flood_2022"},
    "option": "vertical_expansion",
    "population": {"households": 4_000, "seed": 3},
    "draws": 200,
    "financing": {"return_period": 10, "paths": 200, "instruments": INSTRUMENTS},
}
SHOCKS = {
    "natural": {"type": "natural", "name": "Flood", "hazard": "flood", "start": "2022-09-01", "affected": 0.1},
    "price": {"type": "price", "name": "Prices", "start": "2022-12-01", "affected": 1.0, "price_rise": 0.1},
    "income": {"type": "income", "name": "Factories", "start": "2023-01-01", "affected": 0.05, "loss": 0.3},
    "health": {"type": "health", "name": "Epidemic", "start": "2022-06-01", "affected": 0.1,
               "days_lost_per_month": {"low": 3, "central": 6, "high": 9}, "out_of_pocket": 50_000},
}  # fmt: skip


def changed(sections=SMALL, **values):
    return {**copy.deepcopy(sections), **values}


def page(a):
    """Everything the notebook shows, as one text."""
    notebook = json.loads((ROOT / "notebooks" / "reports" / "response.ipynb").read_text(encoding="utf-8"))
    calls = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    shown = [
        eval(call, {"show": show, "a": a})
        for call in calls
        if call.startswith("show.") and "save" not in call
    ]
    return "\n".join(
        one._repr_html_() if hasattr(one, "_repr_html_") else one._repr_markdown_() for one in shown
    )


@pytest.fixture(scope="module")
def flood():
    return analyse(build("response", SMALL))


@pytest.fixture(scope="module")
def flood_page(flood):
    return page(flood)


# Parameters


def test_the_kind_is_known_and_every_option_has_its_own_look():
    assert KINDS["response"].template == "response.ipynb"
    looks = [style.OPTIONS[key] for key in identifiers()]
    assert len({look.colour for look in looks}) == len(looks) == 6
    assert style.OPTIONS["vertical_expansion"].colour == style.GROUPS["vertical"].colour
    # The colours are those of the instruments, whose differences in every kind of vision are tested there.
    assert {look.colour for look in style.OPTIONS.values()} <= {
        look.colour for look in style.INSTRUMENTS.values()
    }


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"shock": {"type": "event", "event": "flood_2222"}}, "shock.event", "did you mean"),
        ({"shock": {"type": "storm"}}, "shock", "natural"),
        ({"shock": {**SHOCKS["price"], "price_rise": 3}}, "price_rise", "0 to 1"),
        ({"shock": {**SHOCKS["natural"], "affected": None}}, "shock", "either affected or affected_by_province"),
        ({"shock": {**SHOCKS["natural"], "affected": {"low": 0.3, "central": 0.2, "high": 0.4}}},
         "shock.affected", "rising order"),
        ({"shock": {**SHOCKS["natural"], "affected": None, "affected_by_province": {"KH99": 0.1}}},
         "shock.affected_by_province", "KH"),
        ({"shock": {**SHOCKS["natural"], "affected": "many"}}, "shock.affected", "number"),
        ({"option": "vertical_expansions"}, "option", "did you mean 'vertical_expansion'"),
        ({"options": {"vertical": {}}}, "options", "vertical_expansion"),
        ({"options": {"vertical_expansion": {"inputs": {"capacty": 0.9}}}},
         "options.vertical_expansion.inputs", "did you mean 'capacity'"),
        ({"options": {"vertical_expansion": {"inputs": {"capacity": 1.4}}}}, "capacity", "0 to 1"),
        ({"options": {"vertical_expansion": {"benefit": {"programme": "flood_cash", "rules_on": "2022-12-10"}}}},
         "options.vertical_expansion.benefit.programme", "flood_cash_transfer"),
        ({"options": {"vertical_expansion": {"benefit": {"programme": "flood_cash_transfer"}}}},
         "options.vertical_expansion.benefit", "rules_on"),
        ({"combinations": [{"options": ["vertical_expansion", "routine_strengthening"]}]},
         "combinations[0].options[1]", "another option"),
        ({"combinations": [{"options": ["vertical_expansion"]}]}, "combinations[0].options", "2 to 5"),
        ({"area": "KH99"}, "area", "KH"),
        ({"draws": 10}, "draws", "from 200"),
        ({"financing": {"instruments": []}}, "financing.instruments", "1 to 20"),
        ({"shock": SHOCKS["price"], "financing": {"instruments": INSTRUMENTS}},
         "financing.return_period", "no record"),
        ({"titel": "x"}, "titel", "did you mean 'title'"),
    ],
)  # fmt: skip
def test_a_parameter_file_that_is_wrong_says_where(tmp_path, values, field, said):
    folder = tmp_path / "response"
    folder.mkdir()
    sections = {name: value for name, value in changed(**values).items() if value is not None}
    sections["shock"] = {name: value for name, value in sections["shock"].items() if value is not None}
    (folder / "case.yaml").write_text(json.dumps(sections), encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_file(folder / "case.yaml")
    found = [(one.field, str(one)) for one in error.value.problems]
    assert any(field in place and said in text for place, text in found), found
    assert all("\n" not in text for _, text in found)


@pytest.mark.parametrize(
    "name", sorted(path.name for path in (ROOT / "parameters" / "response").glob("*.yaml"))
)
def test_the_projects_own_files_are_right(name):
    cases = read_file(ROOT / "parameters" / "response" / name)
    assert {case.kind for case in cases} == {"response"}
    assert len(cases) == {"khm_flood_by_province.yaml": 25, "khm_flood_by_option.yaml": 6}.get(name, 1)


def test_what_the_file_says_reaches_the_options_and_what_builds_on_them():
    khm = load_country("KHM")
    options = {
        "vertical_expansion": {
            "inputs": {"capacity": {"low": 0.2, "central": 0.3, "high": 0.4}},
            "benefit": {"flat": 100_000, "periods": 2},
        }
    }
    parameters = build("response", changed(options=options))
    made = options_of(parameters, khm, shock_of(parameters, khm))
    own = made["Vertical expansion"]
    assert (own.capacity.low, own.capacity.value, own.capacity.high) == (0.2, 0.3, 0.4)
    assert own.benefit.flat.value == 100_000 and own.benefit.periods == 2
    assert made["Routine strengthening"].base.options[0] is own
    assert made["Combined expansion"].options[0] is own
    assert made["Horizontal expansion"].capacity.value == 0.8
    assert {option_key(one) for one in made.values() if not isinstance(one, Combination)} == set(
        identifiers()
    )


@pytest.mark.parametrize("kind", SHOCKS)
def test_shocks_of_all_families_come_from_a_file(kind):
    khm = load_country("KHM")
    shock = shock_of(build("response", {"shock": SHOCKS[kind]}), khm)
    assert shock.name == SHOCKS[kind]["name"] and shock.duration_months.value == 3
    if kind == "health":
        assert shock.loss["poor"].value == pytest.approx(6 / 30)
        assert (shock.loss["poor"].low, shock.loss["poor"].high) == pytest.approx((0.1, 0.3))
    if kind == "income":
        assert {one.value for one in shock.loss.values()} == {0.3}


# Numbers


def test_the_report_says_what_the_comparison_says(flood):
    table = flood.comparison.table.set_index("option")
    row = table.loc["Vertical expansion"]
    assert flood.focus == "Vertical expansion"
    headline = words.headline(flood)
    assert headline["households_in_need"].value == row["households_in_need"]
    assert headline["cost_usd"].value == pytest.approx(row["cost"] / 4102.03786)
    assert row["households_on_time"] + row["households_late"] + row["households_never"] == pytest.approx(
        row["households_in_need"]
    )
    parts = flood.comparison.account.set_index("part")["households"]
    assert parts.sum() == pytest.approx(3_553_021, rel=1e-6)
    assert row["households_affected"] == pytest.approx(85_482)
    low, high = flood.band("coverage_in_need")
    assert low < row["coverage_in_need"] < high
    assert all(check.passed for check in flood.checks), flood.checks


def test_households_add_up_once_money_counts(flood):
    frame = flood.financing.by_return_period
    parts = frame[["on_time", "late", "never_funded", "never_reached"]].sum(axis=1)
    np.testing.assert_allclose(parts, frame["households_in_need"])
    assert flood.row()["households_in_need"] == pytest.approx(frame["households_in_need"].iloc[0])
    assert frame["unmet"].iloc[0] == pytest.approx(frame["cost"].iloc[0] - 900_000)


def test_one_province_is_the_national_reports_row_of_it(flood):
    own = analyse(build("response", changed(area="KH14", financing=None)))
    provinces = flood.comparison.by_province
    national = provinces[(provinces["pcode"] == "KH14") & (provinces["option"] == flood.focus)].iloc[0]
    for measure in ("households_in_need", "coverage_in_need", "cost", "households_never"):
        assert own.row()[measure] == pytest.approx(national[measure])
    text = page(own)
    assert "Prey Veng" in text and "Where are those in need?" not in text and "left unfunded" not in text


def test_the_same_parameters_give_the_same_bytes(flood, tmp_path):
    show.save(flood, tmp_path / "one")
    show.save(analyse(build("response", SMALL)), tmp_path / "two")
    files = sorted(path for path in (tmp_path / "one").rglob("*.*") if path.is_file())
    assert {"options.csv", "provinces.csv", "left_out.csv", "assumptions.csv"} <= {
        path.name for path in files
    }
    for path in files:
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
    assert "NaN" not in (tmp_path / "one" / "results.json").read_text(encoding="utf-8")


def test_inputs_that_matter_move_the_answer_the_right_way(flood):
    cost = flood.swings["cost"].set_index("input")
    assert (cost["std_error"] > 0).all()
    known = {"vertical expansion: capacity", "response.administration_share"} & set(cost.index)
    assert known
    for name in known:
        assert cost.loc[name, "low"] < cost.loc[name, "high"]


# Words and pages


def test_the_answer_in_three_sentences(flood):
    hit, compared, close = words.sentences(flood)
    assert hit.startswith("About 85,500 households (2.4 %) of Cambodia are hit, and ")
    assert "new emergency programme reaches most of them" in compared
    assert "vertical expansion gives most for the money: US$ 0." in compared
    assert close.startswith("With vertical expansion, ") and "has no money behind it" in close
    assert len(words.cards(flood)) == 4


def test_the_page_is_whole(flood, flood_page):
    assert not re.search(r"[\s>(](nan|None)[\s<%),]", flood_page)
    for part in (
        "What is left unfunded?",
        "Where are those in need?",
        "Would several options together do better?",
        "What would change the answer?",
        "10,951 KHR per person and day",
        "working assumption",
    ):
        assert part in flood_page
    for name in flood.single:
        assert name in flood_page
    assert "<script" not in flood_page


@pytest.mark.parametrize("kind", SHOCKS)
def test_every_family_makes_a_whole_page(kind):
    sections = {
        "shock": SHOCKS[kind], "population": {"households": 2_000}, "draws": 200,
        "combinations": [{"options": ["Vertical expansion", "horizontal_expansion"]}],
    }  # fmt: skip
    a = analyse(build("response", sections))
    text = page(a)
    assert not re.search(r"[\s>(]nan[\s<%),]", text)
    assert "Vertical expansion + horizontal expansion" in text
    assert "left unfunded" not in text  # the file says nothing on money
    assert a.focus in a.now


def test_a_shock_that_hits_nobody_says_so():
    sections = changed(shock={**SHOCKS["natural"], "affected": 0.0})
    a = analyse(build("response", sections))
    text = page(a)
    assert words.nobody(a) and a.financing is None
    assert "no option is called for" in words.sentences(a)[2]
    assert not re.search(r"[\s>(]nan[\s<%),]", text)


def test_titles_from_a_file_never_become_markup():
    sections = changed(title="<script>alert(1)</script>", shock={**SHOCKS["natural"], "name": "<b>x</b>"})
    text = page(analyse(build("response", sections)))
    assert "<script>alert" not in text and "<b>x" not in text


def test_lists_and_shares_in_words():
    assert findings.joined(["a", "b"], "and") == "a and b"
    assert words.share(0.9963) == "99.6 %" and words.the("Design tweak") == "the design tweak"
    assert names.group_words(None, "near-poor, outside the card", "yes") == "near-poor without a card"


@pytest.mark.slow
def test_the_response_report_from_file_to_pages(tmp_path):
    folder = tmp_path / "response"
    folder.mkdir()
    sections = {
        **SMALL, "title": "Floods", "financing": None, "batch": {"option": ["Design tweak", "Combined expansion"]},
    }  # fmt: skip
    sections.pop("option"), sections.pop("financing")
    (folder / "small.yaml").write_text(json.dumps(sections), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "aspfin.cli",
        "run",
        str(folder / "small.yaml"),
        "--output",
        str(tmp_path / "out"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    batch = tmp_path / "out" / "response" / "small"
    summary = pd.read_csv(batch / "summary.csv")
    assert len(summary) == 2 and summary["coverage_in_need"].between(0, 1).all()
    assert "Design tweak" in (batch / "index.html").read_text(encoding="utf-8")
