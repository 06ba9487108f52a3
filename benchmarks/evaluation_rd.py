"""Adapters against the libraries below them: regression discontinuity, synthetic control, matching.

Run: python benchmarks/evaluation_rd.py
"""

import time
import warnings
from functools import partial
from statistics import median

import numpy as np
import pandas as pd
from diff_diff import RDDensityTest, RegressionDiscontinuity

from aspfin.evaluation.matching import matching
from aspfin.evaluation.regression_discontinuity import regression_discontinuity
from aspfin.evaluation.weighting import doubly_robust, inverse_probability_weighting, regression_adjustment

RUNS = 7


def seconds(call):
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times)


def households(n):
    rng = np.random.default_rng(0)
    df = pd.DataFrame(
        {"score": rng.normal(size=n), "age": rng.normal(size=n), "village": rng.integers(0, 100, n)}
    )
    df["cash"] = (rng.uniform(size=n) < 1 / (1 + np.exp(-df["age"]))).astype(int)
    df["food"] = 2.0 * (df["score"] < 0) + df["cash"] + df["age"] + rng.normal(size=n)
    return df


def direct(df):
    RegressionDiscontinuity(cutoff=0).fit(df, outcome="food", running="score")
    RDDensityTest(cutoff=0).fit(df, running="score")


def main():
    warnings.simplefilter("ignore")  # the library's remarks are not what is timed
    print(f"{'case':<44}{'rows':>8}{'seconds':>10}{'library':>10}{'overhead':>12}")
    for n in (2_000, 20_000):
        df = households(n)
        rule = {"outcome": "food", "running": "score", "cutoff": 0.0}
        ours, theirs = seconds(partial(regression_discontinuity, df, **rule)), seconds(partial(direct, df))
        over = f"{1e3 * (ours - theirs):.1f} ms"
        print(f"{'regression discontinuity':<44}{n:>8,}{ours:>10.3f}{theirs:>10.3f}{over:>12}")
        clustered = seconds(partial(regression_discontinuity, df, **rule, cluster="village"))
        print(f"{'  clustered':<44}{n:>8,}{clustered:>10.3f}")
        names = {"outcome": "food", "treated": "cash", "controls": ["age", "score"]}
        for call in (regression_adjustment, inverse_probability_weighting, doubly_robust, matching):
            print(f"{call.__name__.replace('_', ' '):<44}{n:>8,}{seconds(partial(call, df, **names)):>10.3f}")


if __name__ == "__main__":
    main()
