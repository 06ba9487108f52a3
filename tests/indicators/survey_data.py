"""Data the tests of this folder share: the golden survey and small surveys with strata and villages."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from aspfin.indicators import SurveyDesign

GOLDEN = Path(__file__).parents[1] / "golden"


def golden_survey():
    """The 480 households, with the columns R computed its answers from."""
    df = pd.read_csv(GOLDEN / "indicators_survey.csv")
    df["transfer"] = df["transfer_month"] / df["hhsize"] / (365 / 12)
    for when in ("pre", "post"):
        df[f"poor_{when}"] = (df[f"{when}_pc_day"] <= 10951).astype(int)
    return df


def golden_answers():
    return yaml.safe_load((GOLDEN / "indicators_survey.yaml").read_text(encoding="utf-8"))


def golden_design(df=None):
    df = golden_survey() if df is None else df
    return SurveyDesign(df, weights="popw", strata="stratum", psu="psu")


def small_survey(seed=0, strata=3, psus=4, size=5):
    """Rows in villages in regions, with unequal weights and villages that differ."""
    rng = np.random.default_rng(seed)
    village = np.repeat(np.arange(strata * psus), size)
    food = 10 + rng.normal(size=strata * psus)[village] + rng.normal(size=village.size)
    return pd.DataFrame(
        {
            "food": food,
            "cash": rng.uniform(0, 2, village.size),
            "region": np.array(["north", "south", "east", "west"])[village // psus],
            "village": village % psus,  # codes start anew in each region
            "w": rng.uniform(1, 9, village.size),
            "sex": np.where(rng.random(village.size) < 0.5, "f", "m"),
            "poor": (food < 9.5).astype(int),
        }
    )


def design_of(df, **more):
    return SurveyDesign(df, **{"weights": "w", "strata": "region", "psu": "village", **more})
