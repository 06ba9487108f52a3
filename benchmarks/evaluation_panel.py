"""Two-way fixed effects on a million rows, and Callaway–Sant'Anna with bootstrap, against other packages.

Run: python benchmarks/evaluation_panel.py
"""

import gc
import time
import warnings
from importlib.util import find_spec
from statistics import median

import numpy as np
import pandas as pd

from aspfin.evaluation.difference_in_differences import difference_in_differences
from aspfin.evaluation.staggered import staggered_adoption

RUNS = 7
UNITS, PERIODS = 50_000, 20


def roll_out(units, periods, starts, seed=0):
    rng = np.random.default_rng(seed)
    unit, time_ = np.repeat(np.arange(units), periods), np.tile(np.arange(1, periods + 1), units)
    start = rng.choice(starts, units)[unit]
    on = (start > 0) & (time_ >= start)
    y = rng.normal(size=units)[unit] + 0.1 * time_ + on + rng.normal(size=unit.size)
    frame = pd.DataFrame({"unit": unit, "time": time_, "start": start, "on": on.astype(float), "y": y})
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


def seconds(calls):
    """Median seconds of each call, in turn so that load falls on all alike; the first round is left out."""
    times = {name: [] for name in calls}
    for round_ in range(RUNS + 1):
        for name, call in calls.items():
            gc.collect()
            start = time.perf_counter()
            call()
            if round_:
                times[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in times.items()}


def two_way():
    import pyfixest

    df = roll_out(UNITS, PERIODS, [0, 8, 12, 16])
    return seconds(
        {
            "aspfin difference_in_differences": lambda: difference_in_differences(
                df, outcome="y", treated="on", unit="unit", time="time"
            ),
            "pyfixest feols": lambda: pyfixest.feols("y ~ on | unit + time", df, vcov={"CRV1": "unit"}),
        }
    )


def staggered():
    import diff_diff

    df = roll_out(500, 20, [0, 6, 10, 14])
    calls = {
        "aspfin staggered_adoption (bands)": lambda: staggered_adoption(
            df, outcome="y", unit="unit", time="time", first_treated="start", aggregate="event_time"
        ),
        "diff-diff CallawaySantAnna (999 draws)": lambda: (
            diff_diff.CallawaySantAnna(n_bootstrap=999, seed=0)
            .fit(df, "y", "unit", "time", "start")
            .aggregate("event_study")
        ),
    }
    if find_spec("moderndid"):
        import moderndid

        calls["moderndid att_gt (1,000 draws)"] = lambda: moderndid.att_gt(
            data=df, yname="y", tname="time", idname="unit", gname="start", boot=True, biters=1000
        )
    return seconds(calls)


def main():
    for title, run in (
        (f"Two-way fixed effects, {UNITS * PERIODS:,} rows, clustered by unit", two_way),
        ("Callaway–Sant'Anna, 500 units × 20 periods, bootstrap", staggered),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the packages compared with
            found = run()
        first = next(iter(found.values()))
        print(f"{title} (median of {RUNS} runs)")
        for name, value in found.items():
            print(f"  {name:<42} {value:8.3f} s   ours / this {first / value:5.2f}")


if __name__ == "__main__":
    main()
