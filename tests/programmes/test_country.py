"""The Cambodian pack: complete, sourced, as published; and safe from its readers."""

import copy
import dataclasses
import pickle
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aspfin.data import STATUSES, unverified
from aspfin.programmes import available_countries, check_country, load_country, shocks
from aspfin.results import InputError

KHM = load_country("KHM")
TRACED = ("verified", "press")


def test_the_pack_is_clean_and_listed():
    assert check_country("KHM") == []
    assert "KHM" in available_countries()
    assert repr(KHM) == "Cambodia (KHM): 25 provinces, 16 programmes, 17 events"
    assert (KHM.iso3, KHM.currency, KHM.areas) == ("KHM", "KHR", ("phnom_penh", "urban", "rural"))


# --- provinces ------------------------------------------------------------------------------------------------


def test_provinces_add_up_to_what_is_published():
    provinces = KHM.provinces
    assert provinces["pcode"].tolist() == [f"KH{n:02d}" for n in range(1, 26)]
    assert provinces["population_2019"].sum() == 15_552_211 == KHM.quantity("population.census_2019").value
    cards = provinces[["idpoor1_households", "idpoor2_households"]].sum(axis=1)
    assert cards.sum() == KHM.quantity("register.idpoor_households_2022").value
    assert provinces["households_register_2022"].sum() == KHM.quantity("register.households_2022").value
    assert (
        provinces[["idpoor1_persons", "idpoor2_persons"]].sum(axis=1) == provinces["idpoor_persons"]
    ).all()
    assert (cards <= provinces["households_register_2022"]).all()
    per_household = provinces["idpoor_persons"] / cards
    assert per_household.between(3, 5).all()
    assert not provinces.drop(columns="note").isna().any().any()


def test_names_and_khmer_names():
    names = KHM.provinces.set_index("pcode")
    assert names.loc["KH17", "name_en"] == "Siem Reap"
    assert "Siemreap" in names.loc["KH17", "note"]
    assert names["name_km"].map(lambda name: bool(re.fullmatch("[\u1780-\u17ff]+", name))).all()
    assert names["area_class"].value_counts().to_dict() == {"mixed": 24, "phnom_penh": 1}


def test_every_province_column_is_described():
    described = KHM.province_columns.set_index("column")
    assert set(described.index) == set(KHM.provinces.columns) - {"pcode", "note"}
    assert described["unit"].str.len().gt(0).all()
    assert described["source"].isin(KHM.sources).all()
    assert described.loc["population_2019", "status"] == "unverified"


def test_the_grid_of_tiles_resembles_the_map():
    tiles = KHM.tiles.set_index("label")
    assert list(KHM.tiles.columns) == ["pcode", "label", "row", "col"]
    assert not tiles[["row", "col"]].duplicated().any()
    row, col = tiles["row"], tiles["col"]
    assert row["Oddar Meanchey"] < row["Siem Reap"] < row["Pursat"] < row["Kampot"]
    assert col["Pailin"] < col["Kampong Chhnang"] < col["Kampong Cham"]
    assert col["Banteay Meanchey"] < col["Siem Reap"] < col["Kratie"] < col["Mondul Kiri"]
    assert row["Phnom Penh"] <= row["Kandal"] <= row["Svay Rieng"]
    assert row.max() <= 5
    assert col.max() <= 4


# --- events ---------------------------------------------------------------------------------------------------

# Competing final figures of the national total: event → (households, people), lowest and highest.
FINALS = {
    "flood_2001": (None, (2_000_000, 2_000_000)),
    "flood_2002": (None, (1_200_000, 1_200_000)),
    "flood_2009": ((50_000, 50_000), None),
    "flood_2011": ((331_765, 331_765), (1_100_000, 1_600_000)),
    "flood_2013": ((377_354, 377_675), (1_737_305, 1_737_305)),
    "flood_2019": ((89_046, 93_319), None),
    "flood_2020": ((104_348, 175_872), (417_392, 417_392)),
    "flood_2021": ((28_468, 28_468), None),
    "flood_2022": ((85_482, 85_482), None),
    "flood_2023_jul_aug": ((20_000, 20_000), None),
    "flood_2023_sep_oct": ((58_600, 58_600), None),
    "flood_2024": ((45_335, 45_335), None),
}


def test_competing_finals_stand_side_by_side():
    used = KHM.events.query("use and hazard == 'flood'")
    assert set(used["event_id"]) == set(FINALS)
    for event, (households, people) in FINALS.items():
        for column, ends in (("households", households), ("people", people)):
            figures = used.loc[used["event_id"] == event, column].dropna()
            found = (figures.min(), figures.max()) if len(figures) else None
            assert found == ends, (event, column)


def test_missing_is_not_zero_and_early_or_paid_figures_do_not_compete():
    events = KHM.events
    figures = events[["households", "people", "deaths", "damage_usd", "provinces_affected"]]
    assert not (figures == 0).any().any()
    assert figures.isna().any().all()
    assert not events.loc[events["stage"].isin(["early", "response"]), "use"].any()
    paid = events.query("stage == 'response'")
    assert paid["households"].tolist() == [99_169]
    flood_2018 = events.query("event_id == 'flood_2018'")
    assert not flood_2018["use"].any()
    assert flood_2018["households"].max() == 22_335  # one province: a lower bound
    assert flood_2018.loc[flood_2018["households"].notna(), "qualifier"].tolist() == [">="]
    assert set(events["hazard"]) == {"flood", "drought", "multiple"}


def test_nothing_of_em_dat_is_shipped():
    rows = pd.concat([KHM.events, KHM.footprints])
    numbers = ["households", "people", "deaths", "damage_usd"]
    assert rows.loc[rows["source"] == "emdat", numbers].isna().all(axis=None)


def test_footprints_of_2011_and_2020():
    final = KHM.footprints.query("stage == 'final'")
    names = KHM.provinces.set_index("pcode")["name_en"]
    shares = {
        event: rows.set_index(rows["pcode"].map(names))["households"].to_dict()
        for event, rows in final.groupby("event_id")
    }
    assert shares["flood_2020"] == {"Battambang": 66_088, "Banteay Meanchey": 22_178, "Pursat": 15_622}
    assert shares["flood_2011"] == {
        "Kandal": 68_649,
        "Kampong Thom": 54_414,
        "Prey Veng": 40_615,
        "Kampong Cham": 33_436,
        "Siem Reap": 23_198,
    }
    early = KHM.footprints.query("as_of == '2020-10-12'")
    assert early["households"].sum() == 25_177  # the whole table of the first report
    assert early["households"].isna().sum() == 1  # Pailin: affected, no figure


def test_windows_of_a_complete_record():
    major, ordinary = KHM.records["flood"]
    assert (major["class"], major["at_least"], major["below"]) == ("major", 100_000, None)
    assert (major["from"], major["to"], major["status"]) == (2001, 2024, "assumed")
    assert (ordinary["class"], ordinary["at_least"], ordinary["below"]) == ("ordinary", 15_000, 100_000)
    assert (ordinary["from"], ordinary["to"]) == (2018, 2024)
    assert all(window["reason"] for window in (major, ordinary))
    with pytest.raises(TypeError):
        major["from"] = 1990


# --- facts, programmes, sources -------------------------------------------------------------------------------


def test_every_number_has_unit_source_and_status():
    for fact in [*KHM.facts.values(), *KHM.rates.values()]:
        assert fact.unit, fact.name
        assert fact.status in STATUSES, fact.name
        assert fact.source in KHM.sources or (fact.status == "unverified" and fact.value is None), fact.name
    for programme in KHM.programmes:
        assert programme.sources, programme.id
        assert set(programme.sources) <= set(KHM.sources)
        for entry in (*programme.rules, *programme.outcomes):
            assert entry.source in KHM.sources or entry.status == "unverified", (programme.id, entry)
    for rows in (KHM.events, KHM.footprints):
        assert rows["source"].isin(KHM.sources).all()
        assert rows["status"].isin(STATUSES).all()


def test_every_source_is_used():
    folder = KHM.folder
    text = "".join(path.read_text("utf-8") for path in folder.iterdir() if path.name != "sources.yaml")
    assert [key for key in KHM.sources if not re.search(rf"\b{key}\b", text)] == []


def test_financing_terms_are_the_tools_defaults_and_say_so():
    defaults = {
        "discount_rate": 0.15,
        "contingency_fund.sovereign_rate": 0.13,
        "contingency_fund.interest": 0.01,
        "budget_reallocation.social_return": 0.12,
        "insurance.multiple": 1.5,
        "contingent_credit.arrangement_fee": 0.005,
        "contingent_credit.loan_rate": 0.038,
        "contingent_credit.repayment_years": 10,
        "ex_post_borrowing.loan_rate": 0.15,
        "ex_post_borrowing.repayment_years": 10,
        "ex_post_borrowing.cost_growth": 0.40,
        "ex_post_borrowing.days_to_cash": 730,
    }
    for name, value in defaults.items():
        quantity = KHM.quantity(f"financing.{name}")
        assert (quantity.value, quantity.status) == (value, "assumed"), name
    terms = [fact for name, fact in KHM.facts.items() if name.startswith("financing.cat_ddo")]
    assert len(unverified(terms)) == 5


def test_response_assumptions_are_assumed():
    expected = {
        "vertical_capacity": 0.95,
        "horizontal_capacity": 0.80,
        "exclusion_error": 0.10,
        "inclusion_error": 0.10,
        "administration_share": 0.07,
        "administration_per_new_household": 2.5,
    }
    found = {
        name.removeprefix("response."): f for name, f in KHM.facts.items() if name.startswith("response.")
    }
    assert {name: fact.value for name, fact in found.items()} == expected
    assert {fact.status for fact in found.values()} == {"assumed"}


def test_an_empty_fact_is_kept_and_refuses_to_be_computed_with():
    share = KHM.quantity("fiscal.contingency_share_of_budget")
    assert share.value is None
    with pytest.raises(InputError, match="no figure was found, its status is unverified"):
        _ = share.number


def test_persons_per_household_agree_with_the_published_outcomes():
    for programme, date in (("flood_cash_transfer", "2023-03-10"), ("covid_cash_transfer", "2023-03-25")):
        outcome = KHM.programme(programme).outcome(date)
        fact = KHM.quantity(f"households.persons_per_household_{programme}")
        assert fact.value == pytest.approx(outcome.persons_per_household, abs=5e-5)
    size = KHM.quantity("households.persons_per_household")
    assert size.low < size.value < size.high


def test_exchange_rates_by_year():
    rate = KHM.exchange_rate("2022-12-10")
    assert (rate.value, rate.unit, rate.date, rate.status) == (4102.03786, "KHR per USD", "2022", "verified")
    assert KHM.exchange_rate(2024).value == 4072.39724
    assert sorted(KHM.rates) == list(range(1996, 2025))
    for on in ("2025-01-01", 1990, True):
        with pytest.raises(InputError, match=r"1996 to 2024|a date such as"):
            KHM.exchange_rate(on)


def test_published_outcomes_run_upwards():
    covid = [
        o
        for o in KHM.programme("covid_cash_transfer").outcomes
        if o.currency == "USD" and (o.periods or 2) > 1
    ]
    amounts = [outcome.amount for outcome in covid]
    assert amounts == sorted(amounts)
    assert [o.date for o in covid] == sorted(o.date for o in covid)


def test_unknown_names_list_the_known_ones():
    with pytest.raises(
        InputError, match=r"programme: got 'flood_cash'; allowed: flood_cash_transfer [|] covid"
    ):
        KHM.programme("flood_cash")
    with pytest.raises(
        InputError, match=r"fact: got 'response.vertical'; allowed: response.vertical_capacity"
    ):
        KHM.quantity("response.vertical")
    with pytest.raises(InputError, match=r"financing.…"):
        KHM.quantity("nothing")
    with pytest.raises(InputError, match=r"date: got '2023-03-11'; allowed: 2023-03-10"):
        KHM.programme("flood_cash_transfer").outcome("2023-03-11")
    with pytest.raises(InputError, match="none: nothing published is known"):
        KHM.programme("social_security_unemployment").outcome("2023-03-11")


@pytest.mark.parametrize("name", ["KHN", "khm", "", "no/such/folder", Path("no/such/folder")])
def test_an_unknown_country_names_what_there_is(name):
    with pytest.raises(InputError, match=r"country: got .*; allowed: KHM.*, or the folder of your own pack"):
        load_country(name)


# --- safe from its readers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["provinces", "events", "footprints", "tiles", "province_columns"])
def test_tables_are_copies(name):
    table = getattr(KHM, name)
    table.iloc[:, 0] = None
    table["new"] = 1
    again = getattr(KHM, name)
    assert "new" not in again
    assert again.iloc[:, 0].notna().all()


def test_readers_share_a_pack_and_not_their_changes():
    first, second = load_country("KHM"), load_country("KHM")
    assert first is second
    events, provinces = first.events, first.provinces
    events["households"], provinces["population_2019"] = 0.0, 1.0
    assert first.with_amounts({"older_people_cash": {"age_60_plus": 30_000}}) != second
    assert second.events["households"].max() > 0
    assert second.provinces["population_2019"].sum() == 15_552_211
    assert load_country("KHM").programme("older_people_cash") == KHM.programme("older_people_cash")


def test_a_file_that_changes_is_read_again(tmp_path):
    pack = Path(shutil.copytree(KHM.folder, tmp_path / "pack"))
    before = load_country(pack)
    figure = before.quantity("fiscal.unplanned_expenses_2025").value
    file = pack / "country.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("value: 408,", "value: 409,"), "utf-8")
    assert load_country(pack).quantity("fiscal.unplanned_expenses_2025").value == figure + 1
    assert load_country(pack).data_hash != before.data_hash
    file.write_text(text.replace("value: 408,", "value: wrong,"), "utf-8")
    with pytest.raises(InputError, match="'wrong'"):
        load_country(pack)
    file.write_text(text, "utf-8")
    assert load_country(pack) == before


def test_an_event_follows_a_file_that_changes(tmp_path):
    pack = Path(shutil.copytree(KHM.folder, tmp_path / "pack"))

    def affected():
        flood = shocks.from_event(load_country(pack), "flood_2022")
        return sum(one.number for one in flood.affected.values())

    before = affected()
    rows = pd.read_csv(pack / "events.csv", dtype=str)
    mine = (rows["event_id"] == "flood_2022") & rows["households"].notna()
    rows.loc[mine, "households"] = "100000"
    rows.to_csv(pack / "events.csv", index=False)
    assert affected() == pytest.approx(100_000) != before


def test_a_country_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        KHM.name = "Elsewhere"
    with pytest.raises(TypeError):
        KHM.facts["new"] = None
    with pytest.raises(TypeError):
        KHM.sources["new"] = None


def test_a_country_travels_to_another_process():
    again = pickle.loads(pickle.dumps(KHM))
    assert again.data_hash == KHM.data_hash
    assert again.programmes == KHM.programmes
    assert copy.deepcopy(KHM.programmes) == KHM.programmes
    pd.testing.assert_frame_equal(again.events, KHM.events)
    assert re.fullmatch("[0-9a-f]{64}", KHM.data_hash)


def test_numbers_are_numbers():
    assert KHM.events["use"].dtype == bool
    assert KHM.events["year"].dtype == np.int64
    assert KHM.events["households"].dtype == float
    assert KHM.events["as_of"].map(type).eq(str).all()
    assert KHM.tiles[["row", "col"]].dtypes.eq(np.int64).all()


def test_rules_and_outcomes_as_tables():
    rules = KHM.programme("covid_cash_transfer").to_frame()
    assert len(rules) == 3 + 6 + 4 * 6 + 3 + 4 * 6
    assert KHM.programme("covid_cash_transfer").categories == (
        "child_0_5",
        "disability",
        "age_60_plus",
        "hiv",
    )
    assert {"valid_from", "amount", "status", "source"} <= set(rules.columns)
