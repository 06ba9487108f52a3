"""The whole ASPIRE table of a million people: 12 programmes, 20 groups, all standard errors.

Two surveys of a million rows: persons who differ in everything, and persons in households of four, who share
welfare and transfers. Beside them the same figures by the single calls, for one programme.

Run: python benchmarks/indicators_aspire_table.py
"""

import gc
import resource
import time
from functools import partial
from statistics import median

import numpy as np
import pandas as pd

from aspfin import indicators
from aspfin.indicators import SurveyDesign, aspire_table

ROWS, PROGRAMMES, VILLAGES, STRATA = 1_000_000, 12, 5_000, 50
GROUPS = ["quintile", "area", "head", "disability", "region"]  # 5 + 2 + 2 + 2 + 9 = 20
RUNS = 3
LINE = 9_000.0


def survey(persons, seed=0):
    """Rows of persons, `persons` to a household."""
    rng = np.random.default_rng(seed)
    n = ROWS // persons
    village = np.sort(rng.integers(0, VILLAGES, n))
    food = rng.lognormal(9.5, 0.6, n)
    columns = {
        **{"village": village, "stratum": village % STRATA, "w": rng.uniform(5, 30, n), "food": food},
        "area": np.where(village % 4 == 0, "urban", "rural"),
        "head": np.where(rng.random(n) < 0.3, "woman", "man"),
        "disability": rng.integers(0, 2, n),
        "region": village % 9,
    }
    for i, reach in enumerate(np.linspace(0.02, 0.4, PROGRAMMES)):
        gets = rng.random(n) < reach * 2 * np.exp(-food / food.mean())
        columns[f"t{i}"] = np.where(gets, rng.uniform(0.02, 0.08, n) * food, 0.0)
    return pd.DataFrame(columns).loc[np.repeat(np.arange(n), persons)].reset_index(drop=True)


def seconds(call):
    """Median seconds, the first run left out."""
    times = []
    for round_ in range(RUNS + 1):
        gc.collect()
        start = time.perf_counter()
        call()
        if round_:
            times.append(time.perf_counter() - start)
    return median(times)


def one_by_one(design):
    """The figures of one programme by the single calls."""
    both = {"welfare": "food", "transfer": "t11"}
    quintile = {"quintile": indicators.quantile_groups(design, "food")}
    for by in (None, quintile, *GROUPS[1:]):
        indicators.coverage(design, receives="t11", by=by)
        if by is not None:
            indicators.beneficiary_incidence(design, receives="t11", by=by)
            indicators.benefit_incidence(design, transfer="t11", by=by)
        indicators.adequacy(design, **both, by=by)
        indicators.average_transfer(design, transfer="t11", by=by)
        for index in (0, 1):
            indicators.poverty_reduction(design, **both, poverty_line=LINE, index=index, by=by)
        indicators.gini_reduction(design, **both, by=by)
        indicators.benefit_cost_ratio(design, **both, poverty_line=LINE, by=by)


def table_of(design):
    """The whole table."""
    transfer = {f"programme {i}": f"t{i}" for i in range(PROGRAMMES)}
    return aspire_table(design, welfare="food", transfer=transfer, poverty_line=LINE, by=GROUPS)


def main():
    print(f"{ROWS:,} rows, {PROGRAMMES} programmes, 20 groups and everyone (median of {RUNS} runs)")
    for name, persons in (("persons who differ in everything", 1), ("persons in households of four", 4)):
        design = SurveyDesign(survey(persons), weights="w", strata="stratum", psu="village")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = seconds(partial(table_of, design))
        added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"  aspire_table, {name:<34} {found:6.2f} s   peak {added:+6.0f} MB")
    start = time.perf_counter()
    one_by_one(design)
    print(f"  single calls for 1 of the 12 programmes          {time.perf_counter() - start:6.2f} s")


if __name__ == "__main__":
    main()
