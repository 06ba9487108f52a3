"""The parameters, analysis, words and pictures of the replay report, and the four replays of the project."""

import copy
import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aspfin.programmes import load_country
from aspfin.programmes.replay_rounds import mix_of_cards
from aspfin.reporting import replay_view as show
from aspfin.reporting import replay_words as words
from aspfin.reporting.parameters import build, sections_of
from aspfin.reporting.reading import read_file
from aspfin.reporting.replay import analyse
from aspfin.results import InputError

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "parameters" / "replay").glob("*.yaml"))
GOLDEN = yaml.safe_load((ROOT / "tests" / "golden" / "programmes_cash.yaml").read_text())
FLOOD = {
    "streams": [{"name": "flood", "programme": "flood_cash_transfer", "first_payment": "2022-12-10",
                 "payments": 3, "caseload": [{"outcome": "2023-03-10"}]}],
    "compare": [{"name": "Paid", "programme": "flood_cash_transfer", "outcome": "2023-03-10",
                 "streams": ["flood"]}],
    "unknowns": [{"name": "take_up", "label": "paid in a month", "low": 0.9, "central": 1, "high": 1}],
}  # fmt: skip


@pytest.fixture(scope="module")
def made():
    return {file.stem: analyse(read_file(file)[0].parameters) for file in FILES}


# The four replays


def row(analysis, name):
    return analysis.result.comparisons.set_index("name").loc[name]


def test_all_four_are_there():
    assert [file.stem for file in FILES] == [
        "khm_covid_2020", "khm_flood_2022", "khm_inflation_2022", "zmb_drought_2024",
    ]  # fmt: skip


def test_flood(made):
    a, golden = made["khm_flood_2022"], GOLDEN["flood_cash_transfer_2022_23"]
    paid = row(a, "Paid in three months")
    assert paid["simulated"] == pytest.approx(golden["total"], rel=1e-12)
    assert paid["published"] == golden["published_total"] and paid["agrees"]
    assert golden["total"] - golden["published_total"] == 24 * 80_000  # as the report says
    reached = row(a, "Households paid, from those reported affected")
    assert reached["published"] == 99_169 and reached["agrees"]
    assert (reached["low"] / 1e3, reached["high"] / 1e3) == pytest.approx((29.9, 114.0), abs=0.05)
    plan = row(a, "Planned in December 2022")
    assert plan["planned"] and not plan["agrees"]
    assert 99_169 * plan["published"] / plan["simulated"] == pytest.approx(130_000, rel=0.01)


def test_covid_lies_above_what_was_published_and_says_so(made):
    a = made["khm_covid_2020"]
    main = a.result.main_row
    assert main["published"] == 994_260_000 - 931_710_000
    # The figures of the sentences in the parameter file, each to its last digit.
    payment = [main[name] / 2e6 for name in ("published", "simulated", "low", "high")]
    assert [round(value, 1) for value in payment] == [31.3, 33.1, 30.3, 35.7]
    assert not row(a, "Mean per household and month to March 2021")["agrees"]
    assert a.result.comparisons["agrees"].sum() == len(a.result.comparisons) - 1
    last, early = a.flows.iloc[-1], a.flows[a.flows["to_payment"] == 26].iloc[0]
    assert [round(last[name] / 1e6, 1) for name in ("published", "simulated")] == [24.5, 25.5]
    assert [round(early[name] / 1e6) for name in ("published_low", "published_high")] == [27, 30]
    totals = a.result.comparisons.set_index("name")["difference"]
    off = ["To 24 November 2020", "To January 2021", "Mean per household and month to March 2021"]
    assert totals.drop(off).between(0.05, 0.0925).all()


def test_towns_are_paid_more_by_the_factor_the_report_names():
    khm = load_country("KHM")
    counted = khm.programme("covid_cash_transfer").outcome("2023-03-25")
    paid = {}
    for urban, area in ((1.0, "urban"), (0.0, "rural")):
        mix = mix_of_cards(khm, urban)
        mix = mix[mix["area"] == area].assign(households=lambda m: m["households"] / m["households"].sum())
        frame = pd.DataFrame({"area": mix["area"], "card_level": mix["card_level"]})
        frame["households"] = (mix["households"] * 1e9).round().astype("int64")
        people = mix["people"] / mix["people"].sum() * counted.people / counted.households
        frame["members"] = (people * 1e9).round().astype("int64")
        for name, number in counted.categories.items():
            frame[name] = (frame["members"] * number / counted.people).round().astype("int64")
        cost = khm.programme("covid_cash_transfer").cost(frame, on="2023-03-25", months=1)
        paid[area] = cost.total / frame["households"].sum()
    assert round(paid["urban"] / paid["rural"], 1) == 1.6


def test_the_share_of_towns_follows_from_the_pack(made):
    """Four poverty rates fit together with one share of towns; cards follow people times poverty."""
    khm = load_country("KHM")
    rate = {area: khm.quantity(f"poverty.rate_{area}").number for area in ("national", "phnom_penh", "urban", "rural")}  # fmt: skip
    people = khm.provinces.set_index("area_class")["population_2019"]
    capital = people.loc["phnom_penh"] / people.sum()
    towns = (capital * rate["phnom_penh"] + (1 - capital) * rate["rural"] - rate["national"]) / (
        rate["rural"] - rate["urban"]
    )
    outside = towns / (1 - capital)
    ratio = rate["urban"] / rate["rural"]
    cards = outside * ratio / (outside * ratio + 1 - outside)
    for name in ("khm_covid_2020", "khm_inflation_2022"):
        known = {one.name: one for one in made[name].parameters.unknowns}["urban_share"]
        assert (known.low, known.central, known.high) == (0, round(cards, 3), round(outside, 3))
    capital_share = {one.name: one for one in made["khm_inflation_2022"].parameters.unknowns}["capital_share"]
    assert capital_share.high == round(capital, 3)
    assert capital_share.low == round(capital * rate["phnom_penh"] / rate["national"], 3)
    households = khm.provinces.set_index("area_class")[["idpoor1_households", "idpoor2_households"]].sum(
        axis=1
    )
    assert capital_share.central == round(households.loc["phnom_penh"] / households.sum(), 3)


def test_inflation(made):
    a = made["khm_inflation_2022"]
    main = row(a, "Three payments")
    assert main["agrees"] and main["difference"] == pytest.approx(0.1498, abs=1e-3)
    paid = a.result.rounds[a.result.rounds["stream"] == "transfer"]
    assert paid["households"].tolist() == [260_526, 495_307, 495_307]  # flood households skip the first
    assert not row(a, "First payment against its plan")["agrees"]
    closes = a.result.main_explanations.set_index("name")["closes_gap"]
    assert closes["uncounted_members"] == pytest.approx(1, abs=0.005)  # "additional member", as one list says
    full = paid["usd"].iloc[0] * (495_307 - 99_169) / 260_526
    assert full == pytest.approx(16e6, rel=0.05)  # all at-risk households without those of the flood


def test_zambia(made):
    a = made["zmb_drought_2024"]
    assert a.result.comparisons["agrees"].all()
    plan = row(a, "Planned cost of twelve months")
    by_hand = 1.07 * 12 * (726_361 * 400 + 905_564 * 200)
    assert plan["simulated"] == pytest.approx(by_hand)
    with_regular = by_hand + 1.07 * 12 * 905_564 * 200 * (1 + 129_100 / 973_323)
    assert round(with_regular / 1e9, 1) == 8.7 and with_regular / plan["published"] == pytest.approx(
        1.01, abs=0.005
    )
    assert 7 * (1_300_000 * 200 + 1_200_000 * 400) == 5_180_000_000


def test_ratios_are_the_golden_ones(made):
    covid = made["khm_covid_2020"].ratios.set_index("label")["ratio"]
    golden = GOLDEN["covid_cash_transfer_33_rounds"]
    for label, name in {
        "Paid per household in 33 payments": "per_household",
        "Paid per person in 33 payments": "per_person",
        "Paid per household and payment": "per_household_and_round",
        "Persons per household": "persons_per_household",
    }.items():
        assert covid[label] == pytest.approx(golden[name], rel=golden["tolerance"])
    drought = made["zmb_drought_2024"].ratios["ratio"]
    arc = GOLDEN["african_risk_capacity_zambia_2023_24"]
    assert arc["payout_government"] + arc["payout_replica"] == arc["payout_total"]
    known = [
        arc[name]
        for name in ("per_person", "per_household", "per_household_and_month", "modelled_over_emdat")
    ]
    assert drought.iloc[:4].tolist() == pytest.approx(known, rel=2e-4)
    zmb = load_country("ZMB")
    payout = zmb.quantity("fiscal.african_risk_capacity_payout_2024").number
    assert payout * 1e6 == pytest.approx(arc["payout_government"])
    money = zmb.quantity("fiscal.drought_transfer_world_bank").number * 1e6 * zmb.exchange_rate(2024).number
    assert money == pytest.approx(5_432_148_792, rel=1e-6)


def test_checks_hold(made):
    for name, analysis in made.items():
        assert all(check.passed for check in analysis.checks), (name, [str(c) for c in analysis.checks])
    assert "days" in {check.name for check in made["khm_covid_2020"].checks}


def test_what_gives_misprints_away(made):
    """The arithmetic behind the words: size per household, stock or flow, month or cycle."""
    assert pytest.approx(178e6, rel=0.01) == 94_551e9 / 530_858
    assert pytest.approx(47_264, abs=1) == 46_799_088_000 / 990_169
    assert pytest.approx(7, abs=0.5) == 5.4e6 / 726_361
    assert sum(len(a.parameters.misprints) for a in made.values()) >= 10


def test_all_inputs_that_nobody_confirmed_are_named(made):
    shown = made["khm_covid_2020"].inputs
    assert not (shown["status"] == "verified").any()
    assert {"press", "assumed", "unverified"} <= set(shown["status"])
    assert shown["name"].str.contains("member, rural, level 1").any()
    stated = made["zmb_drought_2024"].inputs
    assert "households (904,635 to 906,492)" in set(stated["unit"])


# Parameters


def problems(**changes):
    with pytest.raises(InputError) as error:
        build("replay", {**copy.deepcopy(FLOOD), **changes}, file="case.yaml")
    return [str(one) for one in error.value.problems]


def stream(**changes):
    return [{**copy.deepcopy(FLOOD["streams"][0]), **changes}]


def told(**changes):
    return [{**FLOOD["compare"][0], **changes}]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"streams": []}, "streams"),
        ({"streams": stream(programme="flod")}, "flood_cash_transfer"),
        ({"streams": stream(caseload=[{"outcome": "2021-01-01"}])}, "2023-03-10"),
        ({"streams": stream(caseload=[{"households": 5}])}, "either outcome, or on and households"),
        ({"streams": stream(days=["2022-12-10"])}, "as many as payments"),
        ({"streams": stream(payments=0)}, "payments"),
        ({"streams": stream(caseload=[{"outcome": "2023-03-10"}] * 2)}, "each day once"),
        ({"streams": stream(mix="provinces")}, "cards"),
        ({"compare": told(streams=["nix"])}, "flood"),
        ({"compare": told(outcome=None)}, "one of outcome, budget, fact and value"),
        ({"compare": told(value=5, currency="KHR")}, "one of outcome, budget, fact and value"),
        ({"compare": told(outcome=None, value=5)}, "currency beside value"),
        ({"compare": told(outcome=None, budget="2019")}, "2022-12 to 2023-02"),
        ({"compare": told(outcome=None, fact="poverty.rate_national")}, "an amount of money"),
        ({"compare": told(payments=[1, 9])}, "at most the 3 payments"),
        ({"compare": told(measure="households_reached")}, "event and outcome"),
        ({"compare": told(measure="households_reached", event="flood_1900")}, "flood_2022"),
        ({"main": "nix"}, "Paid"),
        ({"unknowns": [{**FLOOD["unknowns"][0], "name": "weather"}]}, "take_up"),
        ({"unknowns": [{**FLOOD["unknowns"][0], "low": 2}]}, "in this order"),
        ({"country": "KHX"}, "KHM"),
        ({"titel": "x"}, "did you mean 'title'"),
    ],
)
def test_what_is_wrong_is_told(changes, said):
    found = problems(**changes)
    assert any(said in one for one in found) and all("\n" not in one for one in found), found


def test_every_problem_at_once():
    found = problems(streams=stream(programme="x") + stream(name="b", programme="y"))
    assert len(found) == 2


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_sections_are_plain_json_and_build_the_same_again(file):
    parameters = read_file(file)[0].parameters
    sections = json.loads(json.dumps(sections_of(parameters)))
    assert build("replay", {k: v for k, v in sections.items() if v is not None}) == parameters


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=6))
NESTED = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
PLACES = [
    ("streams",), ("streams", 0), ("streams", 0, "caseload"), ("streams", 0, "payments"), ("compare",),
    ("compare", 0, "payments"), ("compare", 0, "streams"), ("compare", 0, "rounding"), ("unknowns",),
    ("unknowns", 0, "low"), ("main",), ("country",), ("ratios",), ("misprints",),
]  # fmt: skip


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.sampled_from(PLACES), value=NESTED)
def test_whatever_a_file_holds_is_taken_or_refused_in_one_way(place, value):
    sections = copy.deepcopy(FLOOD)
    inner = sections
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    try:
        build("replay", sections)
    except InputError as error:
        assert all("\n" not in str(one) for one in error.problems)


# Words and pictures

SHOWN = [
    name
    for name in vars(show)
    if not name.startswith("_")
    and getattr(vars(show)[name], "__module__", "") == show.__name__
    and name not in ("takeaway", "save", "section", "Heading")
]


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_the_answer_is_three_sentences(made, name):
    text = words.sentences(made[name])
    assert len(text) == 3 and all(line[0].isupper() or line[0].isdigit() for line in text)
    assert all(line.endswith(".") and not re.search(r"\bnan\b|None", line) for line in text)
    assert len(words.cards(made[name])) == 4


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_everything_shown_shows(made, name):
    for call in SHOWN:
        html = getattr(show, call)(made[name])._repr_html_()
        text = re.sub(r"<details.*?</details>", " ", re.sub(r"data:[^\"]*", "", html), flags=re.DOTALL)
        assert not re.search(r"\bnan\b|None|not available to", re.sub(r"<[^>]*>", " ", text)), call
    for section in show.SECTIONS:
        assert show.section(made[name], section).text in ("", show.SECTIONS[section])
    for section in ("comparison", "flows", "reasons", "nothing"):
        text = words.finding(made[name], section)
        assert text == "" or (text.endswith(".") and "  " not in text)


def test_names_cannot_become_markup():
    evil = "<script>alert(1)</script>"
    case = {
        **copy.deepcopy(FLOOD), "title": evil, "reasons": [evil],
        "misprints": [{"printed": evil, "gives_away": evil, "used": evil, "source": evil}],
        "ratios": [{"label": evil, "value": 1, "by": 2, "unit": evil, "source": evil}],
    }  # fmt: skip
    case["compare"] = told(name=evil, note=evil)
    case["unknowns"][0]["label"] = evil
    analysis = analyse(build("replay", case))
    for call in SHOWN:
        assert "<script" not in getattr(show, call)(analysis)._repr_html_()


def test_results_hold_full_precision_and_are_the_same_again(made, tmp_path):
    analysis = made["khm_flood_2022"]
    for name in ("a", "b"):
        show.save(analysis, tmp_path / name)
    results = json.loads((tmp_path / "a" / "results.json").read_text())
    assert results["headline"][0]["value"] == float(analysis.result.main_row["difference"])
    table = pd.read_csv(tmp_path / "a" / "tables" / "comparisons.csv")
    assert table["simulated"].tolist() == pytest.approx(
        analysis.result.comparisons["simulated"].tolist(), rel=1e-15
    )
    for file in sorted((tmp_path / "a").rglob("*.*")):
        assert file.read_bytes() == (tmp_path / "b" / file.relative_to(tmp_path / "a")).read_bytes()


def test_run_by_hand_writes_nothing(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    show.save(made["khm_flood_2022"], None)
    assert not list(tmp_path.iterdir())


def test_figures_nearer_than_a_tenth_of_a_per_cent_are_said_to_be_equal(made):
    a = made["khm_flood_2022"]
    said = words.finding(a, "comparison")
    differences = a.result.comparisons["difference"]
    near = int((differences.abs() < 0.001).sum())
    assert near and ((differences != 0) & (differences.abs() < 0.001)).any()
    assert f"equals {near} to within 0.1 %" in said and f"Of {len(differences)} published figures" in said
    for number, words_ in (
        (int((differences >= 0.001).sum()), "above"),
        (int((differences <= -0.001).sum()), "below"),
    ):
        assert (f"{words_} {number}" in said) == (number > 0)
