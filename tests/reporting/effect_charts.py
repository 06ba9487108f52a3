"""Made-up effects with every oddity a chart of effects must bear, and each chart drawn from them."""

import numpy as np
import pandas as pd

from aspfin.reporting import figures

FOREST = pd.DataFrame(
    {
        "label": ["Naive comparison", "Lottery", "Weak instrument", "Not estimable", "ផ្ទះ <b>"],
        "group": ["Misleading", "Designs", "Designs", "Designs", "Designs"],
        "estimate": [-1.2, 1.0, 1.4, np.nan, 0.9],
        "ci_low": [-1.5, 0.8, -np.inf, np.nan, 0.1],
        "ci_high": [-0.9, 1.2, 2.9, np.nan, 1.7],
        "truth": [1.2, 1.1, 1.3, 1.2, np.nan],
        "main": [False, True, False, False, False],
    }
)
PATH = pd.DataFrame({"event_time": [-3, -2, -1, 0, 1, 2]}).assign(
    estimate=[0.1, -0.1, 0.0, 1.0, 1.3, 1.6],
    ci_low=lambda f: f["estimate"] - 0.3,
    ci_high=lambda f: f["estimate"] + 0.3,
    band_low=lambda f: f["estimate"] - 0.5,
    band_high=lambda f: f["estimate"] + 0.5,
    truth=[np.nan, np.nan, np.nan, 1.0, 1.25, 1.5],
)
BINS = pd.DataFrame({"running": np.linspace(-5, 5, 20)}).assign(
    mean=lambda f: 10 + f["running"] / 5 + 2.0 * (f["running"] < 0),
    ci_low=lambda f: f["mean"] - 0.4,
    ci_high=lambda f: f["mean"] + 0.4,
)
LINES = pd.concat(
    [
        pd.DataFrame({"side": side, "running": x, "fitted": 10 + x / 5 + 2.0 * (side == "below")})
        for side, x in (("below", np.linspace(-3, 0, 9)), ("above", np.linspace(0, 3, 9)))
    ]
)
TWIN = pd.DataFrame({"time": range(2010, 2025)}).assign(
    synthetic=lambda f: 10 + 0.1 * (f["time"] - 2010),
    treated=lambda f: f["synthetic"] + 1.5 * (f["time"] >= 2022),
)
GRID = pd.DataFrame(
    {
        "estimate": [0.9, 0.2, np.nan, 0.5, 0.7],
        "controls": ["none", "all", "all", "none", "all"],
        "errors": ["HC1", "HC1", "CR1", "CR1", "CR1"],
        "same": "yes",
        "preferred": [False, False, False, True, False],
    }
).assign(ci_low=lambda f: f["estimate"] - 0.4, ci_high=lambda f: f["estimate"] + 0.4)

CHARTS = {
    "forest_plot": lambda: figures.forest_plot(FOREST, title="T", unit="riel"),
    "event_study": lambda: figures.event_study(PATH, title="T", unit="riel"),
    "rd_plot": lambda: figures.rd_plot(
        BINS, LINES, cutoff=0.0, bandwidth=3.0, title="T", below_label="offered", above_label="not offered"
    ),
    "synthetic_path": lambda: figures.synthetic_path(TWIN, treated_from=2022, title="T"),
    "specification_curve": lambda: figures.specification_curve(
        GRID, choices=["controls", "errors", "same"], title="T", unit="riel"
    ),
}
