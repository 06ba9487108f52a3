"""Many made-up cases with every oddity their charts must bear, and each chart drawn from them."""

import numpy as np
import pandas as pd

from aspfin.reporting import figures, style

CASES = [f"Province number {i} with a long name" for i in range(8)] + ["ផ្ទះ <b>"]
CURVES = pd.concat(
    [
        pd.DataFrame({"panel": name, "x": [2.0, 5, 10, 50, 100]}).assign(
            value=lambda f, k=k: k * 1e6 * np.log(f["x"]),
            low=lambda f: f["value"] / 2,
            high=lambda f: 2 * f["value"],
        )
        for k, name in enumerate(CASES)
    ]
)
FIGURES = pd.DataFrame(
    [
        {"panel": name, "figure": figure, "value": value, "text": style.number(value)}
        for k, name in enumerate(CASES)
        for figure, value in (
            ("Need <b>", 1e5 * k),
            ("Never paid", np.nan if k == 3 else 10.0 - k),
            ("Same", 1.0),
        )
    ]
)
CHARTS = {
    "small_multiples": lambda: figures.small_multiples(
        CURVES,
        title="One needs most",
        subtitle="Need",
        source="made up",
        x_label="once in so many years",
        log_x=True,
    ),
    "small_bars": lambda: figures.small_bars(
        FIGURES, title="One needs most", subtitle="Need", source="made up"
    ),
    "value_strips": lambda: figures.value_strips(
        FIGURES, title="Far apart", subtitle="Need", source="made up"
    ),
}
