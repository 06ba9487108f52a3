"""Lorenz and concentration curves: by hand, against shares and indices, derivatives, and invariances."""

import numpy as np
import pandas as pd
import pytest
from survey_case import VALUES, halves
from survey_data import golden_design, golden_survey

from aspfin import indicators
from aspfin.indicators import SurveyDesign, ranks

DF = golden_survey()
DESIGN = golden_design(DF)


def people(**columns):
    return SurveyDesign(pd.DataFrame(columns).astype(float).assign(w=1.0), weights="w")


def both(design, **given):
    return (
        indicators.lorenz(design, "pre_pc_day", **given),
        indicators.concentration_curve(design, "transfer", rank_by="pre_pc_day", **given),
    )


def test_lorenz_by_hand():
    curve = indicators.lorenz(people(y=[1, 2, 3, 4]), "y", grid=[0, 0.25, 0.375, 0.5, 1])
    assert curve.share == pytest.approx([0, 0.1, 0.2, 0.3, 1])
    assert curve.std_error[[0, -1]] == pytest.approx([0, 0], abs=1e-15)
    assert curve.index.value == 0.25


def test_curves_on_the_survey_go_with_their_indices_and_shares():
    curve, transfers = both(DESIGN)
    for one in (curve, transfers):
        area = np.trapezoid(one.share, one.p)
        assert 1 - 2 * area == pytest.approx(one.index.value, abs=2e-3)
        assert (one.n, one.df, one.p.size) == (480, 42, 101)
    assert curve.index.value == indicators.gini(DESIGN, "pre_pc_day").value
    for p in (0.2, 0.4, 0.83):
        share = indicators.quantile_share(DESIGN, "pre_pc_day", 0, p)
        at = curve.p.searchsorted(p - 1e-9)
        assert (curve.share[at], curve.std_error[at]) == pytest.approx(
            (share.value, share.std_error), rel=1e-9
        )
    assert np.all(np.diff(curve.share, 2) > -1e-12) and np.all(curve.share <= curve.p + 1e-12)
    # The file's quintiles hold whole rows; the curve divides the row on the border.
    assert transfers.share[20] == pytest.approx(VALUES["benefit_incidence_q1"][0], abs=0.02)
    assert transfers.share[40] == pytest.approx(VALUES["share_b40"][0], abs=0.02)
    assert transfers.index.value < 0 < curve.index.value


def test_concentration_of_welfare_by_itself_is_the_lorenz_curve():
    curve = indicators.lorenz(DESIGN, "pre_pc_day", grid=[0.1, 0.5, 0.9])
    other = indicators.concentration_curve(DESIGN, "pre_pc_day", rank_by="pre_pc_day", grid=[0.1, 0.5, 0.9])
    assert other.share == pytest.approx(curve.share, rel=1e-13)
    assert (other.index.value, other.index.std_error) == (curve.index.value, curve.index.std_error)
    assert other.std_error == pytest.approx(curve.std_error, rel=0.03)


def test_a_transfer_of_the_same_to_all_lies_on_the_diagonal():
    curve = indicators.concentration_curve(golden_design(DF.assign(same=3.0)), "same", rank_by="pre_pc_day")
    assert curve.share == pytest.approx(curve.p, abs=1e-12)
    assert curve.std_error == pytest.approx(np.zeros(101), abs=1e-12)
    assert curve.index.value == pytest.approx(0, abs=1e-12)


def test_linearised_lorenz_curve_is_the_derivative_by_the_weights():
    rng = np.random.default_rng(5)
    y, w, grid = rng.lognormal(size=40).round(1), rng.uniform(1, 5, 40), np.array([0.1, 0.43, 0.8])
    codes = ranks.rank_codes(y)
    for j, (value, u) in enumerate(ranks.curve_linearised(w, y, codes, grid)):
        assert value == ranks.curve_at(w, y, codes, grid)[j]
        for k in range(40):
            more, less = w.copy(), w.copy()
            more[k] += 1e-6
            less[k] -= 1e-6
            slope = np.subtract(*(ranks.curve_at(one, y, codes, grid)[j] for one in (more, less))) / 2e-6
            assert u[k] == pytest.approx(slope, abs=1e-7)


def test_order_of_rows_halves_ties_and_scale_of_weights_change_nothing():
    rounded = DF.assign(pre_pc_day=DF["pre_pc_day"].round(-3))
    for other in (halves(rounded), rounded.assign(popw=rounded["popw"] * 1e-5), rounded.iloc[::-1]):
        for base, found in zip(both(golden_design(rounded)), both(golden_design(other)), strict=True):
            assert found.share == pytest.approx(base.share, rel=1e-9)
            assert found.std_error == pytest.approx(base.std_error, rel=1e-7, abs=1e-12)
            assert found.index.std_error == pytest.approx(base.index.std_error, rel=1e-9)


def test_replicates_agree_with_linearisation():
    grid = [0.1, 0.3, 0.5, 0.7, 0.9]
    for base, found in zip(
        both(DESIGN, grid=grid), both(DESIGN.with_replicates("jackknife"), grid=grid), strict=True
    ):
        assert found.share == pytest.approx(base.share, rel=1e-12)
        assert found.index.std_error == pytest.approx(base.index.std_error, rel=0.03)
    lorenz, transfers = both(DESIGN, grid=grid)
    jackknife = indicators.lorenz(DESIGN.with_replicates("jackknife"), "pre_pc_day", grid=grid)
    assert jackknife.std_error == pytest.approx(lorenz.std_error, rel=0.05)
    # Around a quantile transfers jump, for which the jackknife is too rough. The bootstrap is not, where many hold
    # transfers; repeated samples (below) are the arbiter at the poorest tenth.
    bootstrap = both(DESIGN.with_replicates("bootstrap", replicates=400, seed=3), grid=grid)[1]
    assert bootstrap.std_error[1:3] == pytest.approx(transfers.std_error[1:3], rel=0.25)


def test_concentration_bands_hold_in_repeated_samples():
    """The mean standard error over 400 samples is the spread of the estimates."""
    rng = np.random.default_rng(2)
    grid, found = [0.1, 0.2, 0.4, 0.6], []
    for _ in range(400):
        village = np.repeat(np.arange(40), 8)
        welfare = np.exp(rng.normal(0, 0.3, 40)[village] + rng.normal(0, 0.5, 320))
        cash = (rng.random(320) < np.clip(0.6 - 0.4 * welfare, 0.02, 1)) * rng.uniform(1, 2, 320)
        df = pd.DataFrame({"y": welfare, "cash": cash, "v": village, "w": 1.0})
        curve = indicators.concentration_curve(
            SurveyDesign(df, weights="w", psu="v"), "cash", rank_by="y", grid=grid
        )
        found.append([curve.share, curve.std_error])
    shares, errors = np.array(found).transpose(1, 0, 2)
    assert errors.mean(axis=0) == pytest.approx(shares.std(axis=0), rel=0.12)


def test_domain_is_the_curve_of_its_rows():
    rural = both(DESIGN.domain(DF["urban"] == 0), grid=[0.2, 0.5])
    alone = both(golden_design(DF[DF["urban"] == 0]), grid=[0.2, 0.5])
    for one, other in zip(rural, alone, strict=True):
        assert one.share == pytest.approx(other.share, rel=1e-13)
        assert (one.n, one.df, other.df) == (other.n, 42, 28)
        # Strata outside the domain add nothing here: whole strata are urban or rural.
        assert one.std_error == pytest.approx(other.std_error, rel=1e-12)


def test_table_and_words():
    curve, transfers = both(DESIGN)
    frame = curve.to_frame()
    assert list(frame) == ["p", "estimate", "std_error", "ci_low", "ci_high"] and len(frame) == 101
    assert (frame["ci_low"] <= frame["estimate"]).all()
    assert str(curve).startswith("The poorest 40 % of people hold ")
    assert "ranked by pre_pc_day hold" in str(transfers) and "concentration index −" not in str(transfers)
    assert "concentration index -" in str(transfers)


@pytest.mark.parametrize(
    ("grid", "told"),
    [
        ([0, 40], "grid: got points outside 0 to 1"),
        ([], "grid: got points"),
        ([0.5, 0.2], "points that do not rise"),
    ],
)
def test_bad_grid(grid, told):
    for call in (
        lambda: indicators.lorenz(DESIGN, "pre_pc_day", grid=grid),
        lambda: indicators.concentration_curve(DESIGN, "transfer", rank_by="pre_pc_day", grid=grid),
    ):
        with pytest.raises(ValueError, match=told):
            call()


def test_nothing_to_share_and_missing_values():
    with pytest.raises(
        ValueError, match="transfer: column 't' adds up to 0; a curve of shares needs a total above 0"
    ):
        indicators.concentration_curve(people(y=[1, 2], t=[0, 0]), "t", rank_by="y")
    with pytest.raises(ValueError, match="welfare: column 'y' is missing in 1 of 2 rows"):
        indicators.lorenz(people(y=[1, np.nan]), "y")
    with pytest.raises(ValueError, match="rank_by: there is no column 'z'"):
        indicators.concentration_curve(people(y=[1, 2]), "y", rank_by="z")
