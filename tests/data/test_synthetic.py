"""The synthetic programme: what it promises about its truth, checked with plain means and least squares."""

import numpy as np
import pandas as pd
import pytest

from aspfin.data.synthetic import CUTOFF, ENDLINE, OUTCOMES, START, YEARS, programme_panel
from aspfin.results import InputError


@pytest.fixture(scope="module")
def programme():
    return programme_panel(seed=7)


def test_same_seed_same_programme_and_another_differs():
    one, two = (programme_panel(seed=3, villages=4, households=3) for _ in range(2))
    pd.testing.assert_frame_equal(one.panel, two.panel)
    pd.testing.assert_frame_equal(one.provinces, two.provinces)
    pd.testing.assert_frame_equal(one.truth, two.truth)
    other = programme_panel(seed=4, villages=4, households=3)
    assert not np.allclose(one.panel.consumption, other.panel.consumption, equal_nan=True)


def test_panel_is_complete_and_nobody_is_paid_before_the_start(programme):
    panel = programme.panel
    assert not panel.duplicated(["household", "year"]).any()
    assert (panel.groupby("household").size() == len(YEARS)).all()
    outside = panel[panel.part != "phase_in"]
    assert outside[outside.year < START].received.sum() == 0
    waves = panel[panel.part == "phase_in"]
    assert (waves.received == ((waves.first_year > 0) & (waves.year >= waves.first_year))).all()
    assert ((panel.cost_usd > 0) == (panel.received == 1)).all()


def test_assignment_keeps_to_its_rules(programme):
    lottery = programme.lottery
    towns = lottery.drop_duplicates("village")
    assert set(towns.groupby("province").offered.agg(["sum", "size"]).itertuples(index=False, name=None)) == {
        (15, 30)
    }
    span = lottery.groupby("village").offered
    assert (span.max() == span.min()).all()
    assert (lottery[lottery.offered == 0].received == 0).all()  # no payment without an offer
    assert (lottery.poverty_score < CUTOFF).all()
    score = programme.cutoff
    assert (score[score.poverty_score >= CUTOFF].received == 0).all()
    cohorts = programme.phase_in.drop_duplicates("village").groupby("province").first_year.value_counts()
    assert cohorts.between(7, 8).all()


def test_the_truth_is_the_difference_to_the_unseen_outcome(programme):
    """The effect is in the data: consumption minus consumption without the programme."""
    panel = programme.panel.assign(gain=programme.panel.consumption - programme.untreated)
    assert panel.gain[(panel.received == 0) & (panel.found == 1)].abs().max() < 1e-9
    waves = panel[(panel.part == "phase_in") & (panel.received == 1)]
    assert waves.gain.mean() == pytest.approx(programme.true_effect("phase_in", "ATT simple"), abs=1e-9)
    for event, value in waves.groupby(waves.year - waves.first_year).gain.mean().items():
        assert value == pytest.approx(programme.true_effect("phase_in", f"ATT event time {event}"), abs=1e-9)
    demand = panel[(panel.part == "on_demand") & (panel.year == ENDLINE) & (panel.received == 1)]
    assert demand.gain.mean() == pytest.approx(programme.true_effect("on_demand", "ATT"), abs=1e-9)
    paid = panel[(panel.part == "lottery") & (panel.year == ENDLINE) & (panel.received == 1)]
    law = 1.25 * np.exp(0.15 * (CUTOFF - paid.poverty_score) / 10)
    np.testing.assert_allclose(paid.gain.dropna(), law[paid.gain.notna()], atol=1e-9)


def test_the_null_outcome_is_a_null(programme):
    assert (programme.truth[programme.truth.outcome == "debt"].value == 0).all()


def village_means(frame, by):
    return frame.groupby(["village", by]).consumption.mean().reset_index()


@pytest.mark.slow
def test_designs_recover_the_truth_and_the_naive_comparison_does_not():
    """Mean error over seeds within 4 Monte Carlo standard errors; the naive comparison far outside."""
    errors = {name: [] for name in ("ITT", "Wald", "2x2", "on demand", "naive", "province")}
    for seed in range(40):
        made = programme_panel(seed=seed, villages=10, households=8)
        lottery = made.lottery.dropna(subset=["consumption"])
        one, none = lottery[lottery.offered == 1], lottery[lottery.offered == 0]
        itt = one.consumption.mean() - none.consumption.mean()
        errors["ITT"].append(itt - made.true_effect("lottery", "ITT"))
        errors["Wald"].append(itt / one.received.mean() - made.true_effect("lottery", "LATE"))
        waves = made.phase_in
        cell = waves[waves.first_year.isin([2021, 0]) & waves.year.isin([2020, 2021])]
        means = cell.groupby(["first_year", "year"]).consumption.mean()
        twice = (means[2021, 2021] - means[2021, 2020]) - (means[0, 2021] - means[0, 2020])
        errors["2x2"].append(twice - made.true_effect("phase_in", "ATT cohort 2021 in 2021"))
        demand = made.on_demand
        gap = demand.poverty_score - CUTOFF
        x = np.column_stack(
            [np.ones(len(gap)), gap, gap**2, demand[["household_size", "female_head", "head_schooling"]]]
        )
        paid = (demand.received == 1).to_numpy()
        line = np.linalg.lstsq(x[~paid], demand.consumption[~paid], rcond=None)[0]
        imputed = (demand.consumption[paid] - x[paid] @ line).mean()
        errors["on demand"].append(imputed - made.true_effect("on_demand", "ATT"))
        naive = demand.consumption[paid].mean() - demand.consumption[~paid].mean()
        errors["naive"].append(naive - made.true_effect("on_demand", "ATT"))
        wide = made.provinces.pivot_table(index="year", columns="province", values="consumption")
        twin = wide["Province 17"] - wide[["Province 18", "Province 19", "Province 20"]].mean(axis=1)
        gain = twin[twin.index >= START].mean() - twin[twin.index < START].mean()
        errors["province"].append(gain - made.true_effect("early_province", "ATT"))
    z = {name: np.mean(e) / (np.std(e, ddof=1) / np.sqrt(len(e))) for name, e in errors.items()}
    assert all(abs(z[name]) < 4 for name in z if name != "naive"), z
    assert z["naive"] < -20


def test_loss_differs_by_arm_and_is_none_without_attrition(programme):
    found = programme.lottery.groupby("offered").found.mean()
    assert found[0] == pytest.approx(0.90, abs=0.05)
    assert found[1] == pytest.approx(0.94, abs=0.05)
    lost = programme.lottery[programme.lottery.found == 0]
    assert lost[list(OUTCOMES)].isna().all(axis=None)
    assert lost[[f"baseline_{name}" for name in OUTCOMES]].notna().all(axis=None)
    whole = programme_panel(seed=7, villages=4, households=3, attrition=0.0).panel
    assert whole.found.all()
    assert whole.consumption.notna().all()


def test_full_take_up_pays_every_offer():
    lottery = programme_panel(seed=2, villages=4, households=5, take_up=1.0).lottery
    assert (lottery.received == lottery.offered).all()


def test_wrong_arguments_are_told_together():
    with pytest.raises(InputError, match=r"villages: got 2.*\n.*take_up: got 0\.0"):
        programme_panel(villages=2, take_up=0.0)
    with pytest.raises(InputError, match="design, estimand"):
        programme_panel(villages=4, households=2).true_effect("lottery", "ATT")


def test_words(programme):
    assert "5,760 households" in programme.sentence()
    assert programme.to_frame().columns.tolist() == ["design", "estimand", "outcome", "value"]
