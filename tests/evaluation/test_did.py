"""Difference in differences and two-way fixed effects: engines, invariances, bad input, warnings."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from did_data import roll_out
from linearmodels.panel import PanelOLS

from aspfin.evaluation.comparisons import bacon_weights, negative_weight
from aspfin.evaluation.design import Design
from aspfin.evaluation.difference_in_differences import difference_in_differences
from aspfin.evaluation.two_way import fit_absorbing

TWFE = {"outcome": "food", "treated": "on", "unit": "unit", "time": "year"}


@pytest.fixture(scope="module")
def df():
    return roll_out()


def uneven(seed=1, n=2500):
    """An unbalanced panel with weights, and a column that the unit effects determine."""
    rng = np.random.default_rng(seed)
    unit = np.unique(rng.integers(0, 150, n), return_inverse=True)[1]
    time = rng.integers(0, 9, n)
    x = np.column_stack([rng.normal(size=n) + unit / 100, rng.normal(size=n), unit % 2])
    y = x[:, 0] + unit / 50 + time + rng.normal(size=n) * (1 + (x[:, 0] > 0))
    return y, x, unit, time, rng.uniform(0.5, 2, n)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("clusters", ["unit", "village", "time", "HC1", "classical"])
def test_indicators_and_iteration_agree(weighted, clusters):
    y, x, unit, time, weights = uneven()
    codes = {"unit": unit, "village": unit // 4, "time": time}.get(clusters)
    options = {"weights": weights if weighted else None, "clusters": codes}
    options |= {} if codes is not None else {"covariance": clusters}
    exact, iterated = (fit_absorbing(y, x, [time, unit], dense=dense, **options) for dense in (True, False))
    assert exact.kept.tolist() == iterated.kept.tolist() == [True, True, False]
    assert (exact.n_params, exact.df) == (iterated.n_params, iterated.df)
    np.testing.assert_allclose(iterated.coef, exact.coef, rtol=1e-8)
    np.testing.assert_allclose(iterated.cov, exact.cov, rtol=1e-7)
    assert iterated.software.startswith("pyfixest")


def test_errors_equal_linearmodels_with_time_as_indicators(df):
    """PanelOLS with two absorbed effects counts the units; with periods as indicators it does not."""
    effect = difference_in_differences(df, **TWFE)
    panel = df.set_index(["unit", "year"])
    x = pd.get_dummies(df["year"], prefix="t", drop_first=True).astype(float).set_index(panel.index)
    x.insert(0, "on", panel["on"].astype(float))
    x["constant"] = 1.0
    options = {"cov_type": "clustered", "cluster_entity": True, "group_debias": True}
    reference = PanelOLS(panel["food"], x, entity_effects=True).fit(**options)
    assert effect.estimate == pytest.approx(reference.params["on"], rel=1e-10)
    assert effect.std_error == pytest.approx(reference.std_errors["on"], rel=1e-10)
    x = panel[["on"]].astype(float)
    bare = PanelOLS(panel["food"], x, entity_effects=True, time_effects=True).fit(**options)
    assert bare.std_errors["on"] > effect.std_error * 1.01


SEEDED = """
import numpy as np
from aspfin.evaluation.two_way import fit_absorbing
rng = np.random.default_rng(0)
county, quarter = np.repeat(np.arange(30), 8), np.tile(np.arange(8), 30)
on = ((county % 2 == 1) & (quarter >= 4)).astype(float)
y = on + rng.normal(size=240)
for dense in (True, False):
    fit = fit_absorbing(y, on[:, None], [county, quarter], clusters=county, dense=dense)
    print(repr(float(fit.cov[0, 0])))
"""


@pytest.mark.slow
def test_errors_do_not_depend_on_the_hash_seed():
    """Formulas of pyfixest put absorbed effects in a set, and its small-sample factor can follow their order."""
    found = []
    for seed in ("0", "1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", SEEDED], env=environment, capture_output=True, text=True, check=True
        )
        found.append([float(one) for one in done.stdout.split()])
    exact, iterated = np.array(found).T
    assert np.unique(exact).size == np.unique(iterated).size == 1
    np.testing.assert_allclose(iterated, exact, rtol=1e-9)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what pyfixest calls in pandas
@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
def test_errors_equal_pyfixest_with_one_absorbed_effect(df):
    import pyfixest

    fit = pyfixest.feols("food ~ on + C(year) | unit", df.astype({"on": float}), vcov={"CRV1": "unit"})
    effect = difference_in_differences(df, **TWFE)
    assert effect.estimate == pytest.approx(fit.coef().loc["on"], rel=1e-9)
    assert effect.std_error == pytest.approx(fit.se().loc["on"], rel=1e-9)


def test_two_by_two_is_the_difference_of_differences(df):
    df = df.assign(treated=df["start"] > 0, after=df["year"] >= 3)
    effect = difference_in_differences(df, outcome="food", treated="treated", post="after")
    means = df.groupby(["treated", "after"])["food"].mean()
    expected = (means[True, True] - means[True, False]) - (means[False, True] - means[False, False])
    assert effect.estimate == pytest.approx(expected, rel=1e-10)
    assert effect.control_mean == pytest.approx(means[True, True] - expected, rel=1e-10)
    assert effect.std_error_kind == "HC1"


@pytest.mark.parametrize(
    "change",
    [
        lambda df: df.sample(frac=1, random_state=3),
        lambda df: df.assign(unit="village " + df["unit"].astype(str)),
        lambda df: df.assign(unit=-df["unit"] * 7),
        lambda df: df.assign(on=df["on"].astype(bool)),
        lambda df: df.assign(year=df["year"] + 2000),
        lambda df: df.assign(year=pd.Timestamp("2020-01-01") + pd.to_timedelta(df["year"], unit="D")),
        lambda df: df.astype({"unit": "category", "year": "int8", "on": "category"}),
        lambda df: df.set_index(np.zeros(len(df))),
        lambda df: df.assign(food=df["food"] + 1000),
    ],
)
def test_invariances(df, change):
    before = df.copy()
    changed = change(df)
    a, b = (difference_in_differences(one, **TWFE) for one in (df, changed))
    assert b.estimate == pytest.approx(a.estimate, rel=1e-8)
    assert b.std_error == pytest.approx(a.std_error, rel=1e-8)
    assert [str(check) for check in a.checks] == [str(check) for check in b.checks]
    pd.testing.assert_frame_equal(df, before)


def test_scale_and_duplicated_weights(df):
    a = difference_in_differences(df, **TWFE)
    b = difference_in_differences(df.assign(food=df["food"] * -3), **TWFE)
    assert (b.estimate, b.std_error) == (pytest.approx(-3 * a.estimate), pytest.approx(3 * a.std_error))
    c = difference_in_differences(df.assign(w=2.5), weights="w", **TWFE)
    assert (c.estimate, c.std_error) == (pytest.approx(a.estimate), pytest.approx(a.std_error))


@pytest.mark.parametrize("name", ["a:b", "C(x)", "I(1/0)", 'say "no"', "two words", "ប្រាក់", "y", "`"])
def test_names_are_never_evaluated(df, name):
    expected = difference_in_differences(df, controls=["x"], **TWFE)
    renamed = df.rename(columns={"x": name})
    effect = difference_in_differences(renamed, controls=[name], **TWFE)
    assert effect.estimate == expected.estimate
    renamed = df.rename(columns={"on": name, "unit": name + "1", "year": name + "2", "food": name + "3"})
    effect = difference_in_differences(
        renamed, outcome=name + "3", treated=name, unit=name + "1", time=name + "2"
    )
    assert effect.estimate == pytest.approx(expected.estimate, rel=0.2)
    assert effect.treated == name


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (lambda df: df, {"outcome": "fod"}, "no column 'fod'; did you mean 'food'"),
        (lambda df: df, {"treated": "start"}, "column 'start' must be 0 or 1"),
        (lambda df: df.assign(on=0), {}, "column 'on' is 0 in all"),
        (lambda df: df.assign(food=1), {}, "column 'food' is 1 in all"),
        (lambda df: df.assign(on=np.where(df["year"] == 6, 0, df["on"])), {}, "treated and later untreated"),
        (lambda df: df.assign(on=df["start"] > 0), {}, "does not vary once 'unit' and 'year' are taken out"),
        (lambda df: df.assign(one=1), {"cluster": "one"}, "1 cluster"),
        (lambda df: pd.concat([df, df.iloc[:1]]), {}, "several rows in period 1"),
        (lambda df: df, {"unit": None, "time": None}, "post: name the column"),
        (lambda df: df.assign(food=df["food"].astype(str)), {}, "column 'food' is not numeric"),
        (lambda df: df, {"covariance": "HC9"}, "covariance: got 'HC9'"),
        (lambda df: df.assign(w=-1.0), {"weights": "w"}, "negative"),
        (
            lambda df: df.assign(g=df["start"] > 0, p=df["year"] > 2)[lambda d: ~(d["g"] & ~d["p"])],
            {"treated": "g", "post": "p", "unit": None, "time": None},
            "no complete row has 'g' = 1 and 'p' = 0",
        ),
    ],
)
def test_bad_input_is_told_in_one_line(df, change, options, said):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as error:
        difference_in_differences(change(df), **(TWFE | options))
    assert said in str(error.value)


def test_rows_left_out_are_counted(df):
    df = df.copy()
    df.loc[df.index[:5], "food"] = np.nan
    df.loc[df.index[3:7], "x"] = np.nan
    effect = difference_in_differences(df, controls=["x"], **TWFE)
    assert effect.dropped == {"missing food": 5, "missing x": 2}
    assert effect.n_obs == len(df) - 7


def test_controls_that_units_determine_are_named(df):
    effect = difference_in_differences(df, controls=["x"], **TWFE)
    assert effect.details["left_out"] == ("x",)


def test_clustering_below_the_level_of_assignment_warns(df):
    design = Design("village", cluster="village")
    assert not difference_in_differences(df, design=design, **TWFE).checks[-1].passed
    assert difference_in_differences(df, design=design, cluster="village", **TWFE).checks[-1].passed


def test_goodman_bacon_weights_add_up_to_the_estimate():
    """The 2×2 comparisons, each done by hand, weighted, are the two-way fixed effects estimate."""
    df = roll_out(noise=0.1, starts=(0, 3, 5))
    estimate = difference_in_differences(df, **TWFE)
    means = df.pivot_table(index="start", columns="year", values="food")

    def two_by_two(late, control, before, after):
        change = means.loc[late, after].mean() - means.loc[late, before].mean()
        return change - (means.loc[control, after].mean() - means.loc[control, before].mean())

    share = {0: 0.0, 3: 4 / 6, 5: 2 / 6}
    raw = {
        (3, 0): (share[3] * (1 - share[3]), two_by_two(3, 0, [1, 2], [3, 4, 5, 6])),
        (5, 0): (share[5] * (1 - share[5]), two_by_two(5, 0, [1, 2, 3, 4], [5, 6])),
        (3, 5): ((share[3] - share[5]) * (1 - share[3]), two_by_two(3, 5, [1, 2], [3, 4])),
        (5, 3): (share[5] * (share[3] - share[5]), two_by_two(5, 3, [3, 4], [5, 6])),
    }
    total = sum(weight for weight, _ in raw.values())
    assert estimate.estimate == pytest.approx(sum(w * b for w, b in raw.values()) / total, rel=1e-10)
    details = estimate.details
    assert details["weight_of_forbidden_comparisons"] == pytest.approx(raw[5, 3][0] / total)
    assert details["weight_against_later_treated"] == pytest.approx(raw[3, 5][0] / total)


def test_comparisons_when_nothing_can_go_wrong():
    weights = bacon_weights(np.array([50.0, 50.0]), np.array([0.0, 0.5]))
    assert (weights.never, weights.later, weights.forbidden) == (1, 0, 0)
    assert negative_weight(np.ones((2, 4)), np.array([[0, 0, 0, 0], [0, 0, 1, 1]], dtype=bool)) == 0


def test_growing_effects_mislead_and_warn():
    """All units end treated and effects grow: two-way fixed effects fall far short, and the check says so."""
    df = roll_out(n=120, periods=10, starts=(3, 7), growth=2.0, noise=0.1)
    effect = difference_in_differences(df, **TWFE)
    truth = (2 + 2.0 * (df["year"] - df["start"]))[df["on"] == 1].mean()
    assert effect.estimate < 0.5 * truth
    assert not effect.checks[0].passed


@pytest.mark.slow
def test_intervals_cover_the_truth():
    """95 % intervals of two-way fixed effects with serially correlated errors cover 92 to 98 of 100."""
    rng = np.random.default_rng(5)
    unit, year = np.repeat(np.arange(60), 6), np.tile(np.arange(6), 60)
    on = ((unit % 2 == 1) & (year >= 3)).astype(float)
    covered, draws, errors = 0, 500, []
    for _ in range(draws):
        shocks = rng.normal(size=(60, 6)).cumsum(axis=1).ravel()
        df = pd.DataFrame({"unit": unit, "year": year, "on": on, "food": shocks + 1.0 * on})
        effect = difference_in_differences(df, **TWFE)
        low, high = effect.conf_int()
        covered += low <= 1 <= high
        errors.append(effect.estimate - 1)
    assert abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(draws)
    assert 0.92 <= covered / draws <= 0.98
