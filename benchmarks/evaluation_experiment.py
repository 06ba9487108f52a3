"""Experiments: 5,000 redrawn assignments of 20,000 people, the wild bootstrap, and the cost of one call.

Run: python benchmarks/evaluation_experiment.py
"""

import time
from functools import partial
from statistics import median

import numpy as np
import pandas as pd
import statsmodels.api as sm

from aspfin import evaluation

ROWS, DRAWS, RUNS, PEER_DRAWS = 20_000, 5_000, 5, 50


def people(rows):
    rng = np.random.default_rng(1)
    village = np.arange(rows) // 50
    df = pd.DataFrame({"village": village, "region": village % 8, "age": rng.normal(40, 12, rows)})
    df["cash"] = rng.permutation(rows) % 2
    df["offer"] = rng.permutation(village.max() + 1)[village] % 2
    return df.assign(food=0.02 * df["age"] + 0.05 * df["cash"] + rng.normal(size=rows))


def seconds(call, runs=RUNS):
    call()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times)


def peer(df, draws):
    """Permute and compare means, one draw at a time."""
    rng = np.random.default_rng(0)
    y, t = df["food"].to_numpy(), df["cash"].to_numpy()
    for _ in range(draws):
        drawn = rng.permutation(t)
        y[drawn == 1].mean() - y[drawn == 0].mean()


def main():
    df, small = people(ROWS), people(1_000)
    infer = partial(evaluation.randomisation_inference, outcome="food", treated="cash", draws=DRAWS)
    wild = partial(evaluation.wild_cluster_bootstrap, outcome="food", treated="offer", cluster="village")
    means = partial(evaluation.difference_in_means, outcome="food", treated="cash", controls=["age"])
    x = sm.add_constant(small[["cash", "age"]])
    groups = {"groups": small["village"]}
    rows = [
        ("randomisation inference, 5,000 draws of 20,000 rows", seconds(lambda: infer(df))),
        ("the same within strata", seconds(lambda: infer(df, strata="region"))),
        ("the same with a control", seconds(lambda: infer(df, controls=["age"]))),
        ("a loop over permutations in numpy", seconds(lambda: peer(df, PEER_DRAWS), 3) * DRAWS / PEER_DRAWS),
        ("wild cluster bootstrap, 9,999 draws, 400 clusters", seconds(lambda: wild(df), 3)),
        (
            "`difference_in_means`, 1,000 rows, clustered",
            seconds(lambda: means(small, cluster="village"), 21),
        ),
        (
            "statsmodels, the same equation",
            seconds(lambda: sm.OLS(small["food"], x).fit(cov_type="cluster", cov_kwds=groups).bse, 21),
        ),
    ]
    print("| calculation | seconds |\n|---|---:|")
    for name, value in rows:
        print(f"| {name} | {value:.4f} |")


if __name__ == "__main__":
    main()
