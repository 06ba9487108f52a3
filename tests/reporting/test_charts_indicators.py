"""Charts of indicators: words that match the numbers, oddities drawn, bad input refused in one line."""

import numpy as np
import pandas as pd
import pytest
from indicator_charts import CHANGES, CURVES, OVERLAP, PARTS, PROGRAMMES, TENTHS

from aspfin.reporting import figures


def test_alternative_texts_say_the_numbers():
    made = figures.columns_by_group(TENTHS, title="T")
    assert made.alt.startswith(
        "poorest: 70 % (56 to 84); 2: 55 % (44 to 66); 3: 40 % (32 to 48); 4: not shown;"
    )
    assert made.alt.endswith("richest: 0.4 % (0.3 to 0.5).")
    made = figures.split_bars(PARTS, title="T")
    assert "2.77 million poor people: receive 67 %, missed (exclusion error) 33 %" in made.alt
    assert made.alt.endswith("nobody: not shown.")
    assert figures.before_after(CHANGES, title="T").alt.startswith("Everybody: from 17.8 % to 14.0 %;")
    said = figures.lorenz_curves(CURVES, title="T").alt
    assert said == (
        "The poorest 40 % of people have 76 % of COVID-19 cash transfer and 74 % of maternity and early childhood "
        "cash and 16 % of welfare before transfers; equal shares would be 40 %."
    )
    said = figures.overlap_bars(OVERLAP, programmes=PROGRAMMES, title="T").alt
    assert said.startswith("Only COVID-19 cash transfer 12 %; COVID-19 cash transfer + Cash for")


def test_money_is_written_without_the_sign_of_per_cent():
    groups = pd.DataFrame(
        {"group": ["poorest"], "estimate": [1336.1], "ci_low": [1227.0], "ci_high": [1445.0]}
    )
    made = figures.columns_by_group(groups, title="T", unit="riel per person and day")
    assert made.alt == "poorest: 1,336 (1,227 to 1,445) (riel per person and day)."


@pytest.mark.parametrize(
    "draw",
    [
        lambda frame: figures.overlap_bars(frame, programmes=PROGRAMMES, title="T"),
    ],
)
def test_row_order_does_not_matter_and_input_stays(draw):
    before = OVERLAP.copy()
    assert draw(OVERLAP).image == draw(OVERLAP.iloc[::-1]).image
    pd.testing.assert_frame_equal(OVERLAP, before)


def test_points_of_a_curve_may_come_in_any_order():
    other = pd.concat([part.iloc[::-1] for _, part in CURVES.groupby("curve", sort=False)])
    assert figures.lorenz_curves(other, title="T").image == figures.lorenz_curves(CURVES, title="T").image


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.columns_by_group(TENTHS.assign(estimate=np.nan, truth=np.nan), title="T"),
        lambda: figures.columns_by_group(
            TENTHS.assign(estimate=0.0, ci_low=np.nan, ci_high=np.nan), title="T"
        ),
        lambda: figures.columns_by_group(TENTHS.iloc[:1], title="T", reference=0.0, reference_label="all"),
        lambda: figures.split_bars(PARTS.assign(estimate=[0.0, 1.0, 0.5]), title="T"),
        lambda: figures.before_after(CHANGES.assign(before=0.0, after=0.0), title="T"),
        lambda: figures.before_after(CHANGES.iloc[-1:], title="T"),
        lambda: figures.lorenz_curves(CURVES.drop(columns=["ci_low", "ci_high"]), title="T"),
        lambda: figures.overlap_bars(OVERLAP.iloc[:1], programmes=PROGRAMMES, title="T"),
    ],
)
def test_edge_cases_are_drawn_without_warnings(draw):
    made = draw()
    assert "nan" not in made.alt
    assert len(made.image) > 1000


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: figures.columns_by_group(TENTHS, title=" "), "title: got ''"),
        (lambda: figures.columns_by_group(pd.concat([TENTHS] * 2), title="T"), "got 20 groups; allowed: at most 12"),
        (lambda: figures.columns_by_group(TENTHS.iloc[:0], title="T"), "groups: got no rows"),
        (lambda: figures.split_bars(PARTS.assign(estimate=1.2), title="T"), "allowed: 0 to 1"),
        (lambda: figures.before_after(CHANGES.drop(columns="after"), title="T"), r"missing: \['after'\]"),
        (lambda: figures.lorenz_curves(
            pd.concat([CURVES.assign(curve=CURVES["curve"] + str(i)) for i in range(2)]), title="T"
        ), "got 6 curves; allowed: at most 4"),
        (lambda: figures.overlap_bars(OVERLAP, programmes={"x": "X"}, title="T"), r"missing: \['x'\]"),
        (lambda: figures.overlap_bars(pd.concat([OVERLAP] * 3), programmes=PROGRAMMES, title="T"), "at most 12 of 8"),
        (lambda: figures.overlap_bars(OVERLAP.iloc[-1:], programmes=PROGRAMMES, title="T"), "got no rows"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_line(draw, said):
    with pytest.raises(ValueError, match=said) as error:
        draw()
    assert "\n" not in str(error.value)
