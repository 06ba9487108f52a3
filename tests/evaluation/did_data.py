"""Panels with known truth for the tests of difference in differences."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

GOLDEN = yaml.safe_load(
    (Path(__file__).parents[1] / "golden" / "evaluation_difference_in_differences.yaml").read_text(
        encoding="utf-8"
    )
)
COUNTY = {"outcome": "lemp", "unit": "countyreal", "time": "year", "first_treated": "first.treat"}
PANEL = {"outcome": "food", "unit": "unit", "time": "year", "first_treated": "start"}


@cache
def county_employment():
    """The data mpdta, read once: importing its package takes seconds."""
    from moderndid import load_mpdta

    return load_mpdta().to_pandas()


def roll_out(n=60, periods=6, seed=0, *, starts=(0, 3, 5), trend=0.0, noise=0.5, growth=0.5, slope=0.1):
    """Units starting in `starts` (0: never); the effect is 2 at first and grows by `growth` a period; trends differ with x by `slope`."""
    rng = np.random.default_rng(seed)
    unit, year = np.repeat(np.arange(n), periods), np.tile(np.arange(1, periods + 1), n)
    start = np.resize(starts, n)[unit]
    x = rng.normal(size=n)[unit]
    on = (start > 0) & (year >= start)
    food = rng.normal(size=n)[unit] + 0.3 * year + slope * x * year + trend * (start > 0) * year
    food = food + on * (2 + growth * (year - start)) + noise * rng.normal(size=n * periods)
    return pd.DataFrame(
        {
            "unit": unit,
            "year": year,
            "start": start,
            "food": food,
            "x": x,
            "village": unit // 4,
            "on": on.astype("int8"),
        }
    )
