"""Streams of random numbers named, not numbered: what is added changes nobody else's draws."""

from dataclasses import replace
from zlib import crc32

import numpy as np
import pandas as pd
import pytest

from aspfin.data.population_draws import stream
from aspfin.data.synthetic import household_population
from aspfin.financing import BudgetReallocation, Need, ParametricInsurance, finance
from aspfin.programmes import compare_responses, finance_response, load_country, shock_need, shocks
from aspfin.programmes.ranges import Draws, assumed
from aspfin.programmes.response_defaults import default_options
from aspfin.reporting.financing import plan_for
from aspfin.reporting.parameters import build
from aspfin.reporting.performance_synthetic import drawn
from aspfin.seeds import chunk_seeds, named_seed

NEED = Need.from_states([0.3, 0.1], [40.0, 100.0])


@pytest.mark.parametrize("seed", [0, 2024, 2**32 - 1, 2**32, 2**63 - 1])
@pytest.mark.parametrize("name", ["KHM flood", "បាត់ដំបង"])
def test_a_named_seed_is_the_seed_and_a_checksum_as_words(seed, name):
    """The streams published figures were drawn from: [seed, CRC-32 of the name]."""
    words = [seed, crc32(name.encode())]
    mine, theirs = (np.random.default_rng(one).random(5) for one in (named_seed(seed, name), words))
    assert (mine == theirs).all()
    mine, theirs = (np.random.default_rng([*one, 7]).random(5) for one in ([named_seed(seed, name)], words))
    assert (mine == theirs).all()


def test_every_name_and_every_order_has_a_seed_of_its_own():
    names = [("KHM",), ("KH01",), ("KHM", "KH01"), ("KH01", "KHM"), ("KHMKH01",), ("KHM", "KHM")]
    names += [(f"KH{k:02}", part) for k in range(1, 26) for part in ("fund", "insurance", "need")]
    seeds = {named_seed(seed, *one) for one in names for seed in (0, 1, 2**40)} | {0, 1, 2**40}
    assert len(seeds) == 3 * len(names) + 3
    first = {np.random.default_rng(one).random() for one in seeds}
    assert len(first) == len(seeds)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [((-1, "a"), "seed"), ((1.0, "a"), "seed"), ((True, "a"), "seed"), ((1,), "names"), ((1, ""), "names"),
     ((1, 3), "names")],
)  # fmt: skip
def test_a_bad_seed_or_name_is_told(arguments, told):
    with pytest.raises(ValueError, match=f"^{told}: got .*; allowed: "):
        named_seed(*arguments)


def test_chunks_have_streams_of_their_own_and_more_of_them_keep_the_first():
    few, many = chunk_seeds(5, 3), chunk_seeds(5, 50)
    assert many[:3] == few and len({*many, *chunk_seeds(6, 50), 5, 6}) == 102
    child = np.random.SeedSequence(5).spawn(3)[2]
    assert few[2] == int.from_bytes(child.generate_state(4).astype("<u4").tobytes(), "little")


def policy(name, correlation=0.5):
    return ParametricInsurance(((30.0, 20.0), (80.0, 40.0)), correlation=correlation, name=name)


def spreads(*instruments):
    """How much each policy pays out, as a spread over paths of its two years together, whoever else pays.

    The mean would tell nothing: an index is the need in another order.
    """
    result = finance(NEED, instruments, years=2, paths=2_000, seed=1)
    return result.cost.set_index("instrument")["std_error"].to_dict()


def test_another_instrument_before_or_behind_changes_no_others_draws():
    alone = spreads(policy("drought"))["drought"]
    assert spreads(BudgetReallocation(limit=5), policy("drought"))["drought"] == alone
    three = spreads(policy("flood"), policy("drought"), policy("heat"))
    assert three["drought"] == alone
    assert len(set(three.values())) == 3  # and each has draws of its own


def test_a_new_name_changes_the_draws_of_what_is_called_so_and_nothing_else():
    before, after = (spreads(policy("one"), policy(name)) for name in ("two", "second"))
    assert before["one"] == after["one"] and before["two"] != after["second"]


def test_an_index_is_drawn_apart_from_the_need_in_the_first_year_too():
    """The first instrument's index must not be made of the draws that made the need."""
    need = NEED.simulate(1, 100_000, seed=3)
    free = ParametricInsurance(((100.0, 1.0),), correlation=0.0)
    paid = finance(need, [free], seed=3).paid.iloc[0]
    exact = 0.1  # it pays in one year of ten, whatever the need
    assert paid["expected"] + paid["surplus"] == pytest.approx(exact, abs=4 * np.sqrt(0.09 / 100_000))
    assert paid["expected"] == pytest.approx(exact * 0.4, abs=4 * np.sqrt(0.04 * 0.96 / 100_000))


def floods(area, programme="flood_cash_transfer", **changes):
    sections = {
        "area": area,
        "shock": {"draws": 2_000, "bootstrap": 20},
        "response": {"programme": programme, "rules_on": "2022-12-10"},
        "financing": {
            "paths": 1_000,
            "years": 2,
            "instruments": [{"type": "budget_reallocation", "limit_usd": 1e6}],
        },
    }
    sections["financing"] |= changes
    return build("financing", sections)


@pytest.fixture(scope="module")
def khm():
    return load_country("KHM")


@pytest.fixture(scope="module")
def needs(khm):
    small = {"on": "2022-12-10", "draws": 2_000, "bootstrap": 20, "seed": 2024}
    return {area: shock_need(khm, area=area, **small) for area in ("national", "KH01", "KH02")}


def test_each_province_has_years_of_its_own(khm, needs):
    """Given one and the same need, two provinces draw different years; a second run draws the same."""
    of = {}
    for area in ("KH01", "KH02"):
        shock = replace(needs["KH01"], area=area)
        of[area] = plan_for(floods(area), shock, khm)[1].paid["expected"].iloc[0]
    assert of["KH01"] != of["KH02"]
    assert plan_for(floods("KH01"), needs["KH01"], khm)[1].paid["expected"].iloc[0] == of["KH01"]


def test_another_instrument_or_programme_keeps_a_province_s_years(khm, needs):
    more = [
        {"type": "contingent_credit", "limit_usd": 5e5},
        {"type": "budget_reallocation", "limit_usd": 1e6},
    ]
    one, two = (plan_for(floods("KH01", **c), needs["KH01"], khm)[1] for c in ({}, {"instruments": more}))
    assert one.expected_need == two.expected_need  # the same simulated years
    other = plan_for(floods("KH01"), replace(needs["KH01"], programme="another"), khm)[1]
    assert other.expected_need != one.expected_need


def test_the_floods_themselves_are_common_to_the_provinces(needs):
    """Only the years of finance are a province's own: the events add up to the nation, draw by draw."""
    national, parts = needs["national"].draws, [needs[area].draws for area in ("KH01", "KH02")]
    for one in parts:
        np.testing.assert_array_equal(one.affected, national.affected)
    total = sum(national.area(pcode).cost for pcode in national.pcodes)
    np.testing.assert_allclose(total, national.area("national").cost)


def test_another_range_or_variable_changes_no_others_draws():
    first, again = Draws(500, 3), Draws(500, 3)
    capacity, share = (assumed(name, 0.2, 0.5, 0.9) for name in ("capacity", "share"))
    again(share)
    np.testing.assert_array_equal(first(capacity), again(capacity))
    assert not np.array_equal(first(capacity), first(share))
    assert stream(3, "members").random() == np.random.default_rng(named_seed(3, "members")).random()


def test_another_programme_before_changes_nobody_s_payment():
    """A made-up survey in which half of those entitled are paid: who is drawn goes by the programme's name."""
    made = {
        "households": 5_000,
        "villages": 110,
        "households_per_village": 6,
        "rules_on": "2023-12-15",
        "share_paid": 0.5,
    }
    one, two = (
        {"column": "covid_cash_transfer"},
        {"column": "maternity_and_early_childhood_cash", "payments_per_year": 12},
    )
    paid = []
    for programmes in ([one], [two, one]):
        sections = {
            "data": {"synthetic": made}, "household_size": "members", "strata": "stratum", "psu": "psu",
            "welfare": "consumption", "welfare_is": "before_transfers", "poverty_line": {"value": 10_951},
            "programmes": [{**each, "category": "sa_ct"} for each in programmes],
        }  # fmt: skip
        paid.append(drawn(build("performance", sections)).everybody)
    alone, both = (frame["covid_cash_transfer"].to_numpy() for frame in paid)
    np.testing.assert_array_equal(alone, both)
    assert 0 < np.count_nonzero(alone) < len(alone)


def test_another_option_changes_no_option_s_draws_nor_years(khm):
    people = household_population("KHM", households=2_000, seed=1)
    flood = shocks.from_event(khm, "flood_2022")
    one, another = default_options(khm, flood)[:2]
    hit = Need.from_states([0.3], [100_000.0], currency="households")
    of = []
    for options in ([one], [another, one]):
        compared = compare_responses(khm, flood, options, population=people, draws=40, seed=4)
        name = list(compared.options)[-1]
        paid = finance_response(compared, name, hit, [BudgetReallocation(limit=5e6)], paths=500, seed=4)
        of.append((compared.measure_draws(name)["cost"], paid.financing.by_year))
    np.testing.assert_array_equal(of[0][0], of[1][0])
    pd.testing.assert_frame_equal(of[0][1], of[1][1])
