"""The charts of ways to respond."""

import numpy as np
import pandas as pd
import pytest

from aspfin.reporting import figures, style
from aspfin.reporting.charts_response import MOST_ROWS

OPTIONS = pd.DataFrame(
    {
        "option": ["Vertical expansion", "Horizontal expansion", "Tax relief"],
        "key": ["vertical_expansion", "horizontal_expansion", "tax_relief"],
        "coverage": [0.37, 0.18, np.nan], "coverage_low": [0.3, 0.1, np.nan], "coverage_high": [0.4, 0.2, np.nan],
        "first_days": [45.0, 90.0, np.nan], "last_days": [80.0, 150.0, np.nan],
        "cost": [1.8e6, 1.2e6, 0.0],
    }
)  # fmt: skip


def test_options_are_told_in_the_alternative_text_and_have_two_pictures():
    figure = figures.option_panels(
        OPTIONS, title="One in three is reached", deadline=90, marked="Vertical expansion"
    )
    assert "Vertical expansion: 37 % reached, paid from day 45 to day 80, US$ 1.8 million." in figure.alt
    assert "Tax relief: not available reached, nobody paid" in figure.alt
    assert figure.image[:4] == figure.narrow[:4] == b"\x89PNG"
    again = figures.option_panels(
        OPTIONS, title="One in three is reached", deadline=90, marked="Vertical expansion"
    )
    assert figure.image == again.image


def test_parts_of_a_whole_are_told():
    wholes = pd.DataFrame(
        {"group": ["a", "b"], "on_time": [0.5, 0.0], "late": [0.25, np.nan], "never": [0.25, 1.0]}
    )
    figure = figures.parts_of_whole(wholes, title="Half", labels={"on_time": "by day 90"})
    assert figure.alt == (
        "a: by day 90 50 %, paid later 25 %, never paid 25 %; b: by day 90 0 %, paid later 0 %, never paid 100 %."
    )


def test_share_bars_keep_their_order():
    groups = pd.DataFrame({"group": ["x", "y"], "value": [0.2, np.nan]})
    figure = figures.share_bars(groups, title="Some", reference=0.1)
    assert figure.data["group"].tolist() == ["x", "y"] and figure.alt.startswith("x: 20 %")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: figures.option_panels(OPTIONS.drop(columns="cost"), title="t"), "missing: \\['cost'\\]"),
        (lambda: figures.option_panels(OPTIONS, title=" "), "title"),
        (lambda: figures.option_panels(pd.concat([OPTIONS] * MOST_ROWS), title="t"), "at most"),
        (lambda: figures.parts_of_whole(pd.DataFrame({"group": ["a"]}), title="t"), "missing"),
        (lambda: figures.share_bars(pd.DataFrame({"group": [], "value": []}), title="t"), "no rows"),
    ],
)
def test_wrong_frames_are_refused_in_one_line(call, said):
    with pytest.raises(ValueError, match=said) as error:
        call()
    assert "\n" not in str(error.value)


def test_further_options_get_a_colour_that_stays():
    assert style.response_option("tax_relief") == style.response_option("tax_relief")
    assert style.response_option("design_tweak").label == "Design tweak"
