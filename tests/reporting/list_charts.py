"""Made-up programme lists with every oddity their charts must bear, and each chart drawn from them."""

import numpy as np
import pandas as pd

from aspfin.reporting import figures

LISTS = {"poor": "IDPoor", "cash": "Cash transfer", "odd": "ផ្ទះ <b>"}
COMBINATIONS = pd.DataFrame(
    {
        "poor": [True, True, False, True],
        "cash": [True, False, True, True],
        "odd": [False, False, False, True],
        "units": [1_395.0, 120.0, 49.0, np.nan],
    }
)
SCORES = pd.DataFrame(
    {"list": ["IDPoor", "ផ្ទះ <b>"], "complete": [99.0, 0.0], "timely": [37.0, np.nan], "score": [86.0, 4.4]}
)
OVER_TIME = pd.DataFrame(
    {"months": [0.0, 12.0, 36.0], "never": [4.0, 11.0, 24.0], "on_demand": [4.0, 6.0, np.nan]}
)
CHARTS = {
    "upset": lambda: figures.upset(
        COMBINATIONS, lists=LISTS, sizes={"poor": 1_515, "cash": 1_444, "odd": 40},
        title="Most are on both", subtitle="Households by the lists they are on", source="made up",
    ),
    "score_grid": lambda: figures.score_grid(
        SCORES, columns={"complete": "Complete", "timely": "Up to date", "score": "Score"},
        title="IDPoor is out of date", subtitle="0 to 100", source="made up",
    ),
    "time_lines": lambda: figures.time_lines(
        OVER_TIME, x="months", lines={"never": "never updated", "on_demand": "updated on demand"},
        title="Lists grow old", subtitle="Share left out", source="made up", axis_label="% left out",
    ),
}  # fmt: skip
