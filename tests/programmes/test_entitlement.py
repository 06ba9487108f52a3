"""Entitlements of a whole system: equal to one programme at a time, chunks, expected events, bad input, speed."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.programmes import (
    VOCABULARY,
    computable_programmes,
    entitlement_chunks,
    entitlement_totals,
    load_country,
    system_entitlements,
)
from aspfin.results import InputError

KHM = load_country("KHM")
AMOUNTS = {
    "family_package": {"household": 60_000},
    "disability_cash": {"disability": 30_000},
    "older_people_cash": {"age_60_plus": 20_000},
}
COUNTS = {
    "child_0_1": 0.04, "child_0_5": 0.12, "age_60_plus": 0.09, "disability": 0.05, "hiv": 0.02, "pregnant": 0.02,
    "birth": 0.01, "child_born": 0.01, "antenatal_visit": 0.02, "child_visit": 0.02,
    "pupil_primary_lower_secondary": 0.15, "pupil_upper_secondary": 0.04, "trainee": 0.02, "formal_workers": 0.2,
    "pensioner": 0.01, "survivor_family": 0.01, "injury_case": 0.02, "sick_case": 0.02,
}  # fmt: skip
DAYS = ("2022-12-15", "2024-02-01", "2025-01-15")


def households(n, seed=1):
    rng = np.random.default_rng(seed)
    members = rng.integers(1, 9, n)
    return pd.DataFrame(
        {
            "area": rng.choice(["phnom_penh", "urban", "rural"], n),
            "card_level": rng.choice([0, 1, 2], n),
            "at_risk": rng.binomial(1, 0.3, n),
            "affected": rng.binomial(1, 0.3, n),
            "members": members,
            "wage": rng.lognormal(13.7, 0.4, n),
            "contribution_months": rng.integers(0, 120, n),
            **{column: rng.binomial(members, share) for column, share in COUNTS.items()},
        }
    )


# --- equal to one programme at a time --------------------------------------------------------------------------


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 40), on=st.sampled_from(DAYS))
def test_the_system_is_its_programmes_one_by_one(seed, n, on):
    frame = households(n, seed)
    own = KHM.with_amounts(AMOUNTS)
    paid = system_entitlements(KHM, frame, on=on, amounts=AMOUNTS)
    assert len(paid.columns) + len(paid.attrs["left_out"]) == len(KHM.programmes)
    for name in paid.columns:
        programme = own.programme(name)
        mine = programme.eligible(frame)
        assert (paid.loc[~mine, name] == 0).all()
        if mine.any():
            alone = programme.entitlement(frame[mine], on=on)
            assert paid.loc[mine, name].tolist() == pytest.approx(alone.tolist(), rel=1e-12), name


def test_order_of_rows_categories_and_other_columns_change_nothing():
    frame = households(200)
    paid = system_entitlements(KHM, frame, on="2022-12-15")
    shuffled = frame.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(system_entitlements(KHM, shuffled, on="2022-12-15").sort_index(), paid)
    other = frame.assign(area=frame["area"].astype("category"), village="v", consumption=np.nan)
    other = other.astype({"members": "int16", "card_level": "category"})
    pd.testing.assert_frame_equal(system_entitlements(KHM, other, on="2022-12-15"), paid)


def test_the_frame_is_left_alone():
    frame = households(20)
    before = frame.copy()
    system_entitlements(KHM, frame, on="2022-12-15")
    pd.testing.assert_frame_equal(frame, before)


def test_a_household_by_hand():
    frame = pd.DataFrame(
        {
            "area": ["rural"], "card_level": [1], "at_risk": [0], "affected": [1], "members": [5], "child_0_5": [1],
            "disability": [1], "age_60_plus": [0], "hiv": [0], "trainee": [1], "pupil_primary_lower_secondary": [2],
            "pupil_upper_secondary": [1],
        }
    )  # fmt: skip
    paid = system_entitlements(KHM, frame, on="2022-12-15").iloc[0]
    assert paid.to_dict() == {
        "flood_cash_transfer": 0,  # not at risk: it holds a card
        "covid_cash_transfer": 80_000 + 5 * 24_000 + 2 * 24_000,
        "inflation_cash_transfer": 0,
    }
    later = system_entitlements(KHM, frame, on="2025-01-15").iloc[0]
    assert later.to_dict() == {"scholarships": 2 * 20_000 + 30_000, "vocational_training": 280_000}


def test_events_are_expected_from_the_people_they_happen_to():
    frame = pd.DataFrame({"card_level": [1, 1, 0], "pregnant": [1, 0, 1], "child_0_1": [0, 2, 1]})
    paid = system_entitlements(
        KHM, frame, on="2024-05-01", programmes=["maternity_and_early_childhood_cash"]
    ).iloc[:, 0]
    # 4 visits of 80,000 and 400,000 at birth over nine months; 10 visits over 24 months for each of two children
    assert paid.tolist() == pytest.approx([720_000 / 9, 2 * 800_000 / 24, 0], rel=1e-5)
    counted = frame.assign(antenatal_visit=[1, 0, 0], birth=[0, 0, 0], child_visit=[0, 2, 0])
    again = system_entitlements(
        KHM, counted, on="2024-05-01", programmes=["maternity_and_early_childhood_cash"]
    ).iloc[:, 0]
    assert again.tolist() == [80_000, 160_000, 0]


# --- what is left out, and amounts of one's own -----------------------------------------------------------------


def test_what_is_left_out_is_said_and_is_not_zero():
    paid = system_entitlements(KHM, households(5), on="2025-01-15")
    left = paid.attrs["left_out"]
    assert left["family_package"] == "amount not found: household"
    assert left["social_security_unemployment"] == "defined, not operating"
    assert left["covid_cash_transfer"] == "no benefit rule on this day"
    assert left["health_equity_fund"] == "no cash benefit in the pack"
    assert left["school_feeding"] == "eligibility cannot be told from columns"
    assert not set(left) & set(paid.columns)
    table = computable_programmes(KHM, ["card_level"], on="2025-01-15").set_index("programme")
    assert (
        table.loc["scholarships", "reason"]
        == "no column pupil_primary_lower_secondary, pupil_upper_secondary"
    )


def test_a_programme_asked_for_must_be_computable():
    with pytest.raises(InputError) as caught:
        system_entitlements(
            KHM, households(5), on="2025-01-15", programmes=["family_package", "older_people_cash"]
        )
    assert [str(problem) for problem in caught.value.problems] == [
        "programme family_package: entitlement: got 'amount not found: household'; allowed: a computable programme",
        "programme older_people_cash: entitlement: got 'amount not found: age_60_plus'; allowed: a computable programme",
    ]
    with pytest.raises(InputError, match="programme: got 'family'; allowed: flood_cash_transfer"):
        system_entitlements(KHM, households(5), on="2025-01-15", programmes=["family"])
    with pytest.raises(InputError, match=r"a list of ids, such as \['scholarships'\]"):
        system_entitlements(KHM, households(5), on="2025-01-15", programmes="scholarships")


def test_more_benefit_never_pays_less():
    frame = households(300)
    low = system_entitlements(KHM, frame, on="2025-01-15", amounts=AMOUNTS)
    more = {key: {name: value * 1.1 for name, value in own.items()} for key, own in AMOUNTS.items()}
    high = system_entitlements(KHM, frame, on="2025-01-15", amounts=more)
    assert (high >= low).all(axis=None)
    assert high["older_people_cash"].sum() == pytest.approx(1.1 * low["older_people_cash"].sum())


# --- chunks -----------------------------------------------------------------------------------------------------


def test_chunks_give_the_same_as_the_whole(tmp_path):
    frame = households(1_000).assign(weight=lambda f: 1.0 + f["members"] / 10)
    whole = system_entitlements(KHM, frame, on="2022-12-15")
    parts = [frame.iloc[k : k + 300] for k in range(0, 1_000, 300)]
    together = pd.concat([paid for _, paid in entitlement_chunks(KHM, parts, on="2022-12-15")])
    pd.testing.assert_frame_equal(together, whole)
    totals = entitlement_totals(KHM, parts, on="2022-12-15", by="area", weight="weight")
    assert totals["programme"].drop_duplicates().tolist() == whole.columns.tolist()
    for row in totals.itertuples():
        mine = (frame["area"] == row.area) & (whole[row.programme] > 0)
        assert row.households == pytest.approx(frame.loc[mine, "weight"].sum())
        assert row.amount == pytest.approx((whole.loc[mine, row.programme] * frame.loc[mine, "weight"]).sum())
    path = tmp_path / "households.parquet"
    frame.to_parquet(path)
    pd.testing.assert_frame_equal(
        entitlement_totals(KHM, path, on="2022-12-15", by="area", weight="weight"), totals
    )


def test_totals_of_nothing():
    with pytest.raises(InputError, match="frames: got 0"):
        entitlement_totals(KHM, [], on="2022-12-15")
    with pytest.raises(InputError, match="province: got 'a missing column'"):
        entitlement_totals(KHM, [households(3)], on="2022-12-15", by="province")


# --- bad input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value", "line"),
    [
        ("members", 0, "households, row 1: members: got 0; allowed: at least 1: a household has members"),
        ("members", -2, "households, row 1: members: got -2; allowed: a number, 0 or more; not empty"),
        ("hiv", np.nan, "households, row 1: hiv: got nan; allowed: a number, 0 or more; not empty"),
        ("child_0_5", "two", "households, row 1: child_0_5: got 'two'; allowed: a number, 0 or more"),
        ("disability", np.inf, "households, row 1: disability: got inf"),
        ("area", "Rural", "households, row 1: area: got 'Rural'; allowed: phnom_penh | rural | urban"),
        ("area", None, "households, row 1: area: got None; allowed: phnom_penh | rural | urban"),
        ("at_risk", np.nan, "households, row 1: at_risk: got nan; allowed: a number; not empty"),
        ("head_age", -1, "households, row 1: head_age: got -1"),
        ("head_age", 200, "households, row 1: head_age: got 200.0; allowed: years, 0 to 120"),
    ],
)
def test_bad_cells_name_row_column_value_and_what_is_allowed(column, value, line):
    frame = households(3).assign(card_level=1, head_age=40).astype(object)
    frame.loc[1, column] = value
    with pytest.raises(InputError) as caught:
        system_entitlements(KHM, frame, on="2022-12-15")
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_bad_frames():
    frame = households(3)
    with pytest.raises(InputError, match="rows: got 0; allowed: at least one row"):
        system_entitlements(KHM, frame.iloc[:0], on="2022-12-15")
    with pytest.raises(InputError, match="type: got 'list'"):
        system_entitlements(KHM, [1], on="2022-12-15")
    with pytest.raises(InputError, match="members: got 'given twice'"):
        system_entitlements(KHM, pd.concat([frame, frame[["members"]]], axis=1), on="2022-12-15")
    with pytest.raises(InputError, match="households: got 'a column'; allowed: one row per household"):
        system_entitlements(KHM, frame.assign(households=2), on="2022-12-15")
    with pytest.raises(InputError, match="a date such as 2022-12-10"):
        system_entitlements(KHM, frame, on="today")


def test_an_area_the_rules_do_not_know_is_fine_where_nobody_is_eligible():
    frame = households(3).assign(card_level=0, at_risk=0, area="island")
    assert system_entitlements(KHM, frame, on="2022-12-15")["covid_cash_transfer"].eq(0).all()


def test_eligibility_says_what_it_misses():
    with pytest.raises(InputError, match="at_risk: got 'a missing column'"):
        KHM.programme("inflation_cash_transfer").eligible(households(3).drop(columns="at_risk"))
    with pytest.raises(InputError, match="eligible: got None; allowed: a mask of your own"):
        KHM.programme("school_feeding").eligible(households(3))


def test_every_column_that_is_read_is_in_the_vocabulary():
    own = {"antenatal_visit", "child_visit", "child_born", "breakfast", "full_day_of_meals", "pensioner"}
    own |= {"survivor_family", "injury_case", "sick_case", "unemployed_insured"}
    for programme in KHM.programmes:
        columns = {c.column for alternative in programme.eligible_if for c in alternative}
        columns |= set(programme.categories) | {benefit.count for benefit in programme.insurance}
        assert columns <= set(VOCABULARY) | own, programme.id


# --- speed ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_million_households_and_a_month_of_the_system():
    frame = households(1_000_000).assign(area=lambda f: f["area"].astype("category"))
    times = []
    for _ in range(3):
        start = time.perf_counter()
        paid = system_entitlements(KHM, frame, on="2022-12-15", amounts=AMOUNTS)
        times.append(time.perf_counter() - start)
    assert len(paid) == 1_000_000
    assert min(times) < 2


# --- over the synthetic populations: the order of magnitude of what was published --------------------------------


@pytest.mark.parametrize(
    ("country", "programme", "on", "months", "published", "within"),
    [
        # 42.707 dollars per household and round for 705,487 households, at 4,102 riel
        ("KHM", "covid_cash_transfer", "2022-12-15", 1, 42.707 * 705_487 * 4_102, 0.15),
        # 468.3 million kwacha for two months and 973,323 households
        ("ZMB", "social_cash_transfer", "2022-03-15", 2, 468_275_607, 0.15),
    ],
)
def test_a_month_over_the_synthetic_population_against_a_published_payment(
    country, programme, on, months, published, within
):
    from aspfin.data.population import household_population

    frame = household_population(country, households=40_000, seed=1).households
    totals = entitlement_totals(
        load_country(country), [frame], on=on, weight="weight", programmes=[programme]
    )
    assert months * totals["amount"].sum() == pytest.approx(published, rel=within)
