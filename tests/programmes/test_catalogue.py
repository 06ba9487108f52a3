"""The programme catalogue: every programme of the system, its words, links, amounts stated by the user."""

import copy
import pickle

import pandas as pd
import pytest

from aspfin.programmes import Condition, Programme, load_country
from aspfin.programmes.eligibility import eligibility_in_words
from aspfin.results import InputError

KHM = load_country("KHM")
SYSTEM = {
    "flood_cash_transfer", "covid_cash_transfer", "inflation_cash_transfer", "family_package", "disability_cash",
    "older_people_cash", "maternity_and_early_childhood_cash", "scholarships", "school_feeding", "vocational_training",
    "health_equity_fund", "social_security_maternity", "social_security_health", "social_security_work_injury",
    "social_security_pension", "social_security_unemployment",
}  # fmt: skip


def test_the_whole_cambodian_system_is_there():
    assert {programme.id for programme in KHM.programmes} == SYSTEM
    table = KHM.catalogue().set_index("programme")
    assert table["pillar"].value_counts().to_dict() == {"social_assistance": 11, "social_security": 5}
    assert table.index[~table["operating"]].tolist() == ["social_security_unemployment"]
    for column in ("name", "life_cycle", "eligibility", "agency", "sources"):
        assert table[column].str.len().gt(0).all(), column
    assert table.loc["older_people_cash", "amounts_not_found"] == "age_60_plus"
    assert table.loc["family_package", "budget"] == "165,000,000 USD (2024)"
    assert table.loc["social_security_health", ["people", "status"]].tolist() == [2_100_000, "press"]
    stages = set(", ".join(table["life_cycle"]).split(", "))
    assert stages >= {"pregnancy", "early_childhood", "school_age", "youth", "working_age", "old_age"}


def test_links_between_programmes():
    parts = {programme.id for programme in KHM.programmes if programme.part_of == "family_package"}
    assert parts == {
        "disability_cash",
        "older_people_cash",
        "maternity_and_early_childhood_cash",
        "scholarships",
    }
    assert KHM.programme("family_package").replaces == ("covid_cash_transfer",)
    hazards = {programme.id: programme.responds_to for programme in KHM.programmes if programme.responds_to}
    assert hazards == {
        "flood_cash_transfer": ("flood",),
        "covid_cash_transfer": ("health",),
        "inflation_cash_transfer": ("price",),
    }


def test_who_a_programme_is_for():
    frame = pd.DataFrame(
        {
            "card_level": [0, 1, 2, 0],
            "at_risk": [1, 0, 0, 0],
            "age_60_plus": [1, 0, 1, 1],
            "disability": 0,
            "child_0_1": 0,
        }
    )
    assert KHM.programme("older_people_cash").eligible(frame).tolist() == [False, False, True, False]
    assert KHM.programme("health_equity_fund").eligible(frame).tolist() == [True, True, True, False]
    words = eligibility_in_words(KHM.programme("vocational_training").eligible_if)
    assert words == "card_level 1 or 2, trainee at least 1; or at_risk at least 1, trainee at least 1"


def test_conditions_on_labels_and_ends():
    frame = pd.DataFrame({"area": ["rural", "urban", "urban"], "members": [1, 5, 9]})
    assert Condition("area", any_of=("rural",)).holds(frame).tolist() == [True, False, False]
    categorical = frame.astype({"area": "category"})
    assert Condition("area", any_of=("rural", "island")).holds(categorical).tolist() == [True, False, False]
    assert Condition("members", at_least=2, at_most=5).holds(frame).tolist() == [False, True, False]
    assert str(Condition("members", at_least=2, at_most=5)) == "members at least 2 and at most 5"
    assert Condition("disability_household", at_least=1).holds(
        pd.DataFrame({"disability": [0, 3]})
    ).tolist() == [False, True]


@pytest.mark.parametrize("dtype", ["object", "category"])
def test_an_empty_label_is_not_a_no(dtype):
    frame = pd.DataFrame(
        {"card_level": pd.Series([1, None, 0], index=list("abc"), dtype="object").astype(dtype)}
    )
    with pytest.raises(InputError) as caught:
        Condition("card_level", any_of=(1, 2)).holds(frame)
    assert (
        str(caught.value)
        == "households, row b: card_level: got 'nothing'; allowed: a label such as 1 or 2; not empty"
    )


def test_flags_are_written_as_true_and_false(tmp_path):
    import shutil

    pack = tmp_path / "pack"
    shutil.copytree(KHM.folder, pack)
    text = (pack / "programmes.yaml").read_text("utf-8")
    old = "eligible: {at_risk: {at_least: 1}, affected: {at_least: 1}}"
    (pack / "programmes.yaml").write_text(
        text.replace(old, "eligible: {at_risk: true, affected: false}"), "utf-8"
    )
    ((at_risk, affected),) = load_country(pack).programme("flood_cash_transfer").eligible_if
    assert (at_risk.at_least, at_risk.at_most, affected.at_least, affected.at_most) == (1, None, None, 0)


# --- amounts of one's own ---------------------------------------------------------------------------------------


def test_amounts_of_ones_own_fill_what_was_not_found():
    frame = pd.DataFrame({"members": [3], "hiv": [1]})
    package = KHM.programme("family_package")
    with pytest.raises(InputError, match=r"amount \(household\): got None"):
        package.entitlement(frame, on="2024-05-01")
    assert package.entitlement(frame, on="2024-05-01", amounts={"household": 50_000}).tolist() == [78_000]
    stated = package.with_amounts({"household": 50_000})
    assert [(rule.amount, rule.status) for rule in stated.rules] == [(50_000, "assumed"), (28_000, "press")]
    assert stated.rules[0].note == "stated by the caller"
    caseload = pd.DataFrame({"households": [700_000], "members": [2_800_000], "hiv": [2_000]})
    assert stated.cost(caseload, on="2024-05-01", months=1).total == 700_000 * 50_000 + 2_000 * 28_000
    assert package.rules[0].amount is None


def test_a_label_says_which_of_several_rules():
    covid = KHM.programme("covid_cash_transfer").with_amounts({"household, rural": 90_000})
    frame = pd.DataFrame(
        {
            "area": ["rural", "urban"],
            "card_level": 1,
            "members": 1,
            "child_0_5": 0,
            "disability": 0,
            "age_60_plus": 0,
            "hiv": 0,
        }
    )
    assert covid.entitlement(frame, on="2022-01-01").tolist() == [90_000 + 24_000, 120_000 + 40_000]


@pytest.mark.parametrize(
    ("amounts", "line"),
    [
        ({"houshold": 1}, "programme family_package: amounts: got 'houshold'; allowed: hiv | household"),
        (
            {"household": -1},
            r"programme family_package: amounts[household]: got -1; allowed: a number, 0 or more",
        ),
        ({"household": float("nan")}, r"programme family_package: amounts[household]: got nan"),
        ({"household": True}, r"programme family_package: amounts[household]: got True"),
        ({"household": "many"}, r"programme family_package: amounts[household]: got 'many'"),
    ],
)
def test_bad_amounts(amounts, line):
    with pytest.raises(InputError) as caught:
        KHM.programme("family_package").with_amounts(amounts)
    assert str(caught.value).startswith(line)


def test_a_share_is_not_a_percentage():
    with pytest.raises(InputError, match="a share from 0 to 1"):
        KHM.programme("social_security_work_injury").with_amounts({"injury_wage": 70})


def test_a_country_with_amounts_travels_with_them():
    own = KHM.with_amounts({"older_people_cash": {"age_60_plus": 30_000}}).with_amounts(
        {"disability_cash": {"disability": 20_000}}
    )
    for again in (own, pickle.loads(pickle.dumps(own)), copy.deepcopy(own)):
        assert again.programme("older_people_cash").rules[0].amount == 30_000
        assert again.programme("disability_cash").rules[0].amount == 20_000
    assert own.data_hash == KHM.data_hash
    assert KHM.programme("older_people_cash").rules[0].amount is None
    with pytest.raises(InputError, match="programme: got 'older'"):
        KHM.with_amounts({"older": {"age_60_plus": 1}})


def test_a_programme_made_by_hand_has_sensible_defaults():
    plain = Programme("p", "P")
    assert (plain.operating, plain.part_of, plain.eligible_if, plain.budgets) == (True, None, (), ())
    assert plain.summary()["rules_from"] is None
