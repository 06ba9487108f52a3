import numpy as np
import pandas as pd
import pytest

from aspfin.evaluation.matching import matching

NAMES = {"outcome": "food", "treated": "cash", "controls": ["age", "size"]}


def households(seed=0, n=250, discrete=True):
    rng = np.random.default_rng(seed)
    age = rng.integers(0, 6, n) if discrete else rng.normal(2.5, 1.5, n)
    df = pd.DataFrame({"age": age, "size": rng.normal(size=n).round(1)})
    df["cash"] = (rng.uniform(size=n) < 0.15 + 0.08 * df["age"].clip(0, 5)).astype(int)
    df["food"] = 2 * df["cash"] + df["age"] + df["size"] + rng.normal(size=n)
    return df


def slowly(df, neighbours, estimand):
    """Abadie and Imbens by loops over all pairs."""
    y, d, x = df["food"].to_numpy(), df["cash"].to_numpy(), df[["age", "size"]].to_numpy(float)
    metric = np.linalg.inv(np.cov(x.T))

    def near(i, others, count):
        gap = x[others] - x[i]
        distance = np.sqrt(np.einsum("ij,jk,ik->i", gap, metric, gap))
        return others[distance <= np.sort(distance)[count - 1] + 1e-7]

    used = d == 1 if estimand == "ATT" else np.ones(len(y), bool)
    effect, times, squares, noise = np.zeros(len(y)), np.zeros(len(y)), np.zeros(len(y)), np.zeros(len(y))
    for i in range(len(y)):
        noise[i] = y[near(i, np.flatnonzero(d == d[i]), 3)].var(ddof=1)
        if used[i]:
            match = near(i, np.flatnonzero(d != d[i]), neighbours)
            effect[i] = (2 * d[i] - 1) * (y[i] - y[match].mean())
            times[match] += 1 / len(match)
            squares[match] += 1 / len(match) ** 2
    tau = effect[used].mean()
    extra = np.where(d == 1, 0, times**2 - squares) if estimand == "ATT" else times**2 + 2 * times - squares
    return tau, np.sqrt(((effect[used] - tau) ** 2).sum() + (noise * extra).sum()) / used.sum()


@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
@pytest.mark.parametrize("neighbours", [1, 3])
def test_against_a_slow_reference(neighbours, estimand):
    df = households()
    found = matching(df, **NAMES, estimand=estimand, neighbours=neighbours)
    assert (found.estimate, found.std_error) == pytest.approx(slowly(df, neighbours, estimand), rel=1e-9)


@pytest.mark.parametrize("distance", ["mahalanobis", "propensity"])
def test_ties_are_averaged_so_the_order_of_the_rows_does_not_matter(distance):
    df = households().assign(size=lambda d: (d["size"] > 0) * 1)
    base = matching(df, **NAMES, distance=distance)
    for seed in range(5):
        other = matching(df.sample(frac=1, random_state=seed), **NAMES, distance=distance)
        assert (other.estimate, other.std_error) == pytest.approx((base.estimate, base.std_error), rel=1e-9)
    ties = {c.name: c for c in base.checks}["ties"]
    assert ties.statistic > 0.9 and "averaged" in ties.text


def test_exact_matching_is_a_difference_by_cell():
    df = households(n=600).assign(size=lambda d: (d["size"] > 0) * 1)
    cells = df.pivot_table(index=["age", "size"], columns="cash", values="food")
    share = df[df["cash"] == 1].groupby(["age", "size"]).size()
    by_hand = ((cells[1] - cells[0]) * share).sum() / share.sum()
    assert matching(df, **NAMES).estimate == pytest.approx(by_hand, rel=1e-9)


def test_caliper_drops_and_tells():
    df = pd.DataFrame({"food": [5.0, 7, 4, 1, 3, 9, 2], "cash": [1, 1, 1, 0, 0, 0, 0]})
    df["age"] = [20, 30, 99, 20, 20, 31, 60]
    found = matching(df, outcome="food", treated="cash", controls=["age"], caliper=0.3)
    assert found.dropped == {"no neighbour within the caliper of 0.3": 1}
    assert found.estimate == pytest.approx(0.5) and found.estimand == "ATT of the matched"
    with pytest.raises(ValueError, match="caliper: no row"):
        matching(
            df.assign(age=[20, 30, 40, 21, 31, 41, 51]),
            outcome="food",
            treated="cash",
            controls=["age"],
            caliper=1e-9,
        )


def test_bias_adjustment_is_exact_on_a_line():
    df = households(discrete=False).assign(food=lambda d: 2 * d["cash"] + 3 * d["age"] - d["size"])
    plain, adjusted = (matching(df, **NAMES, bias_adjusted=one) for one in (False, True))
    assert adjusted.estimate == pytest.approx(2, abs=1e-9) and abs(plain.estimate - 2) > 1e-3


def test_invariances():
    df = households()
    base = matching(df, **NAMES, estimand="ATE")
    scaled = matching(df.assign(food=5 + 3 * df["food"], age=100 * df["age"]), **NAMES, estimand="ATE")
    assert scaled.estimate == pytest.approx(3 * base.estimate) and scaled.std_error == pytest.approx(
        3 * base.std_error
    )
    swapped = matching(df.assign(cash=1 - df["cash"]), **NAMES, estimand="ATE")
    assert swapped.estimate == pytest.approx(-base.estimate)
    odd = df.rename(columns={"food": "a:b", "cash": "C(x)", "age": "អាយុ"}).astype({"C(x)": "int8"})
    assert (
        matching(odd, outcome="a:b", treated="C(x)", controls=["អាយុ", "size"], estimand="ATE").estimate
        == base.estimate
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"estimand": "LATE"}, "estimand: got 'LATE'"),
        ({"distance": "city"}, "distance: got 'city'"),
        ({"caliper": -1}, "caliper: got -1"),
        ({"neighbours": 0}, "neighbours: got 0"),
        ({"neighbours": 300}, "leaves"),
        ({"controls": []}, "controls: none is given"),
    ],
)
def test_bad_input_is_told_in_one_line(change, message):
    with pytest.raises(ValueError, match=message) as caught:
        matching(households(), **(NAMES | change))
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
def test_coverage(estimand):
    draws, options = 150, {"outcome": "food", "treated": "cash", "controls": ["age"], "estimand": estimand}
    found = [matching(households(seed, 400, discrete=False), **options) for seed in range(draws)]
    hits = sum(one.conf_int()[0] <= 2 <= one.conf_int()[1] for one in found) / draws
    assert hits >= 0.89  # Monte Carlo error of 1.8 points
