"""Made-up ways to respond with every oddity their charts must bear, and each chart drawn from them."""

import numpy as np
import pandas as pd

from aspfin.reporting import figures

OPTIONS = pd.DataFrame(
    {
        "option": ["Vertical expansion", "Horizontal expansion", "ផ្ទះ <b>", "Nobody paid"],
        "key": ["vertical_expansion", "horizontal_expansion", "tax_relief", "design_tweak"],
        "coverage": [0.37, 0.18, 1.0, 0.0],
        "coverage_low": [0.3, 0.1, 0.9, 0.0],
        "coverage_high": [0.4, 0.2, 1.0, 0.0],
        "first_days": [45.0, 90.0, 0.0, np.nan],
        "first_days_low": [20.0, 50.0, 0.0, np.nan],
        "last_days": [80.0, 150.0, 3.0, np.nan],
        "last_days_high": [150.0, 260.0, 5.0, np.nan],
        "cost": [1.8e6, 1.2e6, 25e6, 0.0],
    }
)
WHOLES = pd.DataFrame(
    {
        "group": ["1-in-2-year", "1-in-100-year", "ផ្ទះ <b>"],
        "on_time": [0.35, 0.15, np.nan],
        "late": [0.02, 0.09, 0.0],
        "never_funded": [0.0, 0.13, 1.0],
        "never": [0.63, 0.63, 0.0],
    }
)
GROUPS = pd.DataFrame(
    {
        "group": ["Not on the register", "With members aged 60 and over", "ផ្ទះ <b>", "None"],
        "value": [1.0, 0.551, 0.004, np.nan],
    }
)
CHARTS = {
    "option_panels": lambda: figures.option_panels(
        OPTIONS, title="One in three is reached", subtitle="Ways to respond", source="made up",
        deadline=90, marked="Vertical expansion",
    ),
    "parts_of_whole": lambda: figures.parts_of_whole(
        WHOLES, title="Two in three are never paid", subtitle="Households in need", source="made up",
        series=("on_time", "late", "never_funded", "never"),
    ),
    "share_bars": lambda: figures.share_bars(
        GROUPS, title="Nobody off the register is paid", subtitle="Never paid", source="made up",
        reference=0.63, reference_label="all in need", axis_label="% of households in need",
    ),
}  # fmt: skip
