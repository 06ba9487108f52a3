"""The survey drawn from a synthetic population: its weights add up, and its intervals cover the truth."""

import numpy as np
import pandas as pd
import pytest

from aspfin import indicators
from aspfin.data.population import household_population
from aspfin.data.population_survey import household_survey
from aspfin.results import InputError


@pytest.fixture(scope="module")
def population():
    return household_population("KHM", households=20_000, seed=2)


def test_shape_and_weights(population):
    survey = household_survey(population, villages=200, households_per_village=8, seed=1)
    assert len(survey) == 200 * 8
    assert survey.psu.nunique() == 200
    assert survey.groupby("stratum").psu.nunique().min() >= 2
    assert survey.groupby("psu").stratum.nunique().max() == 1
    assert survey.weight.sum() == pytest.approx(population.households.weight.sum(), rel=0.05)
    assert {"stratum", "psu", "villages_in_stratum", *population.households.columns} == set(survey.columns)
    assert "synthetic survey" in survey.attrs["synthetic"]


def test_taking_every_village_and_household_gives_the_population(population):
    number = population.households.village.nunique()
    survey = household_survey(population, strata="area", villages=number, households_per_village=10**6)
    pd.testing.assert_series_equal(survey.weight, population.households.weight)


def test_weights_are_the_inverse_of_the_chance(population):
    """Villages drawn of those in the stratum, and households drawn of those in the village."""
    survey = household_survey(population, strata="area", villages=60, households_per_village=5, seed=4)
    people = population.households.set_index("household_id")
    there = people.groupby("area", observed=True).village.nunique()
    size = people.groupby("village").size()
    taken = survey.groupby("area", observed=True).psu.nunique()
    area = survey.area.astype(str)
    chance = (area.map(taken) / area.map(there)).astype(float) * 5 / survey.village.map(size)
    base = people.weight.loc[survey.household_id].to_numpy()
    np.testing.assert_allclose(survey.weight, base / chance)


def test_same_seed_same_sample_and_the_population_stays(population):
    before = population.households.copy()
    first = household_survey(population, villages=120, seed=7)
    pd.testing.assert_frame_equal(first, household_survey(population, villages=120, seed=7))
    assert not first.household_id.equals(household_survey(population, villages=120, seed=8).household_id)
    pd.testing.assert_frame_equal(population.households, before)


def test_intervals_cover_the_truth(population):
    """95 % intervals of the poverty rate, of the share registered and of mean consumption, 150 surveys."""
    frame = population.households.assign(registered=lambda f: (f.card_level > 0).astype(float))
    people = frame.weight * frame.members
    columns = ("poor", "registered", "consumption")
    truth = {name: np.average(frame[name], weights=people) for name in columns}
    covered = dict.fromkeys(columns, 0)
    rounds = 150
    for seed in range(rounds):
        survey = household_survey(population, strata="area", villages=90, households_per_village=6, seed=seed)
        survey["registered"] = (survey.card_level > 0).astype(float)
        design = indicators.SurveyDesign(
            survey,
            weights="weight",
            strata="stratum",
            psu="psu",
            fpc="villages_in_stratum",
            household_size="members",
        )
        for name in columns:
            low, high = indicators.mean(design, name).conf_int()
            covered[name] += low <= truth[name] <= high
    # The standard error of a coverage of 95 % from 150 rounds is 1.8 points: three of them either way.
    for name, number in covered.items():
        assert 0.895 <= number / rounds <= 1.0, name


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"strata": "village"}, r"strata: got 'village'; allowed: province \| area"),
        ({"villages": 20}, "villages: got 20; allowed: 98 or more: two for each of 49 strata"),
        ({"villages": 10**6}, "villages: got 1000000; allowed: at most"),
        ({"seed": 1.5}, "seed: got 1.5; allowed: a whole number, 0 or more"),
        ({"households_per_village": 0}, "households_per_village: got 0; allowed: a whole number"),
    ],
)
def test_wrong_arguments(population, arguments, told):
    with pytest.raises(InputError, match=told):
        household_survey(population, **arguments)
