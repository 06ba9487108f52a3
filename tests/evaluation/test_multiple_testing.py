"""Families of outcomes."""

import numpy as np
import pandas as pd
import pytest

from aspfin.evaluation import adjust_p_values, difference_in_means
from aspfin.evaluation.multiple_testing import anderson_q, benjamini_hochberg, holm
from aspfin.evaluation.regression import least_squares

rng = np.random.default_rng(0)
FAMILIES = [rng.uniform(size=m) ** 2 for m in (1, 2, 7, 20)] + [np.array([0.0, 0.0, 1.0]), np.full(4, 0.03)]


@pytest.mark.parametrize("p", FAMILIES)
def test_agrees_with_statsmodels(p):
    from statsmodels.stats.multitest import multipletests

    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1])


@pytest.mark.parametrize("p", FAMILIES)
def test_sharpened_q_against_its_definition(p):
    def rejected(q):
        def bh(level):
            ranked = np.sort(p)
            under = [k for k in range(1, p.size + 1) if ranked[k - 1] <= level * k / p.size + 1e-15]
            return max(under, default=0)

        level = q / (1 + q)
        first = bh(level)
        if first == p.size:
            return np.ones(p.size, dtype=bool)
        second = bh(level * p.size / (p.size - first))
        return p <= (np.sort(p)[second - 1] if second else -1)

    slow = [
        min([k / 1000 for k in range(1, 1001) if rejected(k / 1000)[i]], default=1.0) for i in range(p.size)
    ]
    assert anderson_q(p) == pytest.approx(slow, abs=1e-12)


def test_sharpened_q_is_not_the_two_stage_of_statsmodels():
    """Trap: fdr_tsbky has its α in the estimate of the null share."""
    from statsmodels.stats.multitest import multipletests

    p = np.array([0.001, 0.012, 0.02, 0.04, 0.3])
    assert multipletests(p, method="fdr_tsbky")[1] == pytest.approx(
        [0.0021, 0.0126, 0.014, 0.021, 0.126], abs=5e-5
    )
    assert not np.allclose(anderson_q(p), multipletests(p, method="fdr_tsbky")[1], atol=0.001)


def world(seed, effects=(0.0,) * 6, correlation=0.8, n=300):
    draw = np.random.default_rng(seed)
    shared = draw.normal(size=n)
    t = draw.permutation(n) % 2
    df = pd.DataFrame({"t": t, "g": np.arange(n) // 5, "x": draw.normal(size=n)})
    for i, effect in enumerate(effects):
        noise = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * draw.normal(size=n)
        df[f"y{i}"] = effect * t + noise
    return df


def family(df, **ask):
    names = [name for name in df if name.startswith("y")]
    return [difference_in_means(df, outcome=name, treated="t", **ask) for name in names]


def test_romano_wolf_counts_correlation():
    df = world(2, (0.35, 0.1, 0.0, 0.3, 0.0, 0.0), correlation=0.97)
    df.loc[:20, "y2"] = np.nan
    ask = {"cluster": "g", "controls": ["x"]}
    found = family(df, **ask)
    table = adjust_p_values(found, method="romano_wolf", df=df, **ask, draws=999)
    plain = adjust_p_values(found, method="holm")
    assert (table["adjusted_p_value"] >= table["p_value"] - 0.03).all()
    assert table["adjusted_p_value"][0] < plain["adjusted_p_value"][0]
    assert table["outcome"].tolist() == [f"y{i}" for i in range(6)]
    order = table.sort_values("p_value")["adjusted_p_value"]
    assert order.is_monotonic_increasing
    again = adjust_p_values(found[::-1], method="romano_wolf", df=df, **ask, draws=999)
    assert again["adjusted_p_value"].tolist()[::-1] == table["adjusted_p_value"].tolist()


def test_romano_wolf_of_one_outcome_is_its_own_bootstrap_p():
    df = world(3, (0.2,))
    found = family(df)
    adjusted = adjust_p_values(found, method="romano_wolf", df=df, draws=1999)["adjusted_p_value"][0]
    assert adjusted == pytest.approx(found[0].p_value, abs=4 * np.sqrt(0.25 / 1999))


def test_romano_wolf_against_remaking_the_data():
    """The same signs, the null imposed one outcome at a time, every equation refitted; then the step-down."""
    df, draws = world(4, (0.6, 0.2, 0.0), correlation=0.5, n=60), 199
    signs = np.random.default_rng(0).integers(0, 2, (draws, 60), dtype=np.int8) * 2.0 - 1.0
    x = np.column_stack([df["t"], np.ones(60)]).astype(float)
    found, redrawn = [], []
    for name in ("y0", "y1", "y2"):
        y = df[name].to_numpy()
        fit = least_squares(y, x)
        found.append(abs(fit.coef[0] / fit.std_error[0]))
        fits = [least_squares(y.mean() + one * (y - y.mean()), x) for one in signs]
        redrawn.append([abs(fit.coef[0] / fit.std_error[0]) for fit in fits])
    order = np.argsort(found)[::-1]
    adjusted, largest = np.empty(3), 0.0
    for place, i in enumerate(order):
        top = np.max(np.array(redrawn)[order[place:]], axis=0)
        largest = max(largest, (1 + (top >= found[i]).sum()) / (1 + draws))
        adjusted[i] = largest
    ours = adjust_p_values(family(df), method="romano_wolf", df=df, draws=draws)["adjusted_p_value"]
    assert ours.tolist() == pytest.approx(adjusted.tolist())


@pytest.mark.slow
def test_romano_wolf_controls_the_chance_of_any_false_finding():
    worst = []
    for seed in range(200):
        df = world(seed, correlation=0.5, n=120)
        table = adjust_p_values(family(df), method="romano_wolf", df=df, draws=199, seed=seed)
        worst.append(table["adjusted_p_value"].min())
    assert np.mean(np.array(worst) <= 0.05) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 200)
    assert np.mean(np.array(worst) <= 0.5) == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / 200))


def test_names_and_numbers_of_the_table():
    df = world(5)
    found = {f"outcome {i}": one for i, one in enumerate(family(df))}
    table = adjust_p_values(found, method="holm")
    assert table["name"].tolist() == list(found)
    assert table["estimate"].tolist() == [one.estimate for one in found.values()]
    assert set(table["method"]) == {"holm"}


@pytest.mark.parametrize(
    ("given", "ask", "message"),
    [
        ([], {"method": "holm"}, "estimates: got none"),
        ([0.1, 1.2], {"method": "holm"}, "'1' has the p-value 1.2"),
        ([float("nan")], {"method": "holm"}, "p-value nan"),
        ([0.1], {"method": "bonferroni"}, "method: got 'bonferroni'; allowed: holm, anderson_q"),
        ([0.1], {"method": "romano_wolf"}, "romano_wolf needs the data"),
    ],
)
def test_refusals(given, ask, message):
    with pytest.raises(ValueError, match=message):
        adjust_p_values(given, **ask)


def test_estimates_made_otherwise_are_refused():
    df = world(6)
    with pytest.raises(ValueError, match="name the columns it was made with"):
        adjust_p_values(family(df), method="romano_wolf", df=df, controls=["x"], draws=9)
