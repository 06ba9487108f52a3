"""Made-up indicators with every oddity their charts must bear, and each chart drawn from them."""

import numpy as np
import pandas as pd

from aspfin.reporting import figures

TENTHS = pd.DataFrame(
    {
        "group": ["poorest", *map(str, range(2, 10)), "richest"],
        "estimate": [70.0, 55.0, 40.0, np.nan, 22.0, 15.0, 9.0, 5.0, 2.0, 0.4],
        "truth": [72.0, 51.0, 44.0, np.nan, 20.0, 15.0, 8.0, 6.0, 1.0, 0.6],
    }
).assign(ci_low=lambda f: f["estimate"] * 0.8, ci_high=lambda f: f["estimate"] * 1.2)
PARTS = pd.DataFrame(
    {
        "whole": ["2.77 million poor people", "3.2 million people who receive", "nobody"],
        "left": ["receive", "poor", "x"],
        "right": ["missed (exclusion error)", "not poor (inclusion error)", "y"],
        "estimate": [0.67, 0.2, np.nan],
        "ci_low": [0.45, 0.12, np.nan],
        "ci_high": [0.89, 0.28, np.nan],
    }
)
CHANGES = pd.DataFrame(
    {
        "group": ["Everybody", "Area: Phnom Penh", "Area: other urban", "ផ្ទះ <b>", "Too few"],
        "before": [17.8, 4.2, 12.6, 22.8, np.nan],
        "after": [14.0, 4.1, 9.0, 18.0, np.nan],
    }
)
P = np.linspace(0, 1, 21)
CURVES = pd.concat(
    [
        pd.DataFrame(
            {"curve": name, "p": P, "share": P**power, "ci_low": P**power * 0.95, "ci_high": P**power}
        )
        for name, power in (
            ("COVID-19 cash transfer", 0.3),
            ("maternity and early childhood cash", 0.33),
            ("welfare before transfers", 2.0),
        )
    ],
    ignore_index=True,
)
PROGRAMMES = {
    "a": "COVID-19 cash transfer",
    "b": "Cash for pregnant women and children under two years of age",
    "c": "Scholarships",
    "d": "ផ្ទះ",
}
HELD = [(1, 0, 0, 0), (1, 1, 0, 0), (0, 0, 1, 0), (1, 0, 1, 0), (1, 1, 1, 1), (0, 0, 0, 1), (0, 1, 1, 0)]
OVERLAP = (
    pd.DataFrame(HELD, columns=list(PROGRAMMES))
    .astype(bool)
    .assign(estimate=[0.12, 0.05, 0.04, 0.02, 0.001, 0.03, np.nan])
    .assign(ci_low=lambda f: f["estimate"] * 0.8, ci_high=lambda f: f["estimate"] * 1.2)
)

CHARTS = {
    "columns_by_group": lambda: figures.columns_by_group(
        TENTHS, title="T", axis_label="% covered", group_label="Tenths of the people, by welfare before transfers, 1 the poorest", reference=26, reference_label="everybody"
    ),
    "split_bars": lambda: figures.split_bars(PARTS, title="T"),
    "before_after": lambda: figures.before_after(CHANGES, title="T", axis_label="% below the line"),
    "lorenz_curves": lambda: figures.lorenz_curves(CURVES, title="T"),
    "overlap_bars": lambda: figures.overlap_bars(OVERLAP, programmes=PROGRAMMES, title="T"),
}  # fmt: skip
