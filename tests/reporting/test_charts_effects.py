"""Charts of effects: same bytes for same data, words that match the numbers, odd numbers told and not hidden."""

import math
from functools import cache

import matplotlib
import numpy as np
import pandas as pd
import pytest
from effect_charts import BINS, CHARTS, FOREST, GRID, LINES, PATH, TWIN
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.evaluation import specification
from aspfin.reporting import figures
from aspfin.reporting.charts_effects import decimals, interval_text, limits, written
from aspfin.reporting.exercise import feedback
from aspfin.results import ImpactEstimate


@cache
def drawn(name):
    return CHARTS[name]()


@pytest.mark.parametrize("name", CHARTS)
def test_same_data_same_bytes_and_no_setting_changed(name):
    before = dict(matplotlib.rcParams)
    again = CHARTS[name]()
    assert (again.image, again.narrow) == (drawn(name).image, drawn(name).narrow)
    assert again._repr_html_() == drawn(name)._repr_html_()
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("name", CHARTS)
def test_pictures_are_png_with_words_and_data(name):
    figure = drawn(name)
    assert figure.image.startswith(b"\x89PNG") and figure.narrow.startswith(b"\x89PNG")
    assert len(figure.alt) > 20 and not figure.to_frame().empty
    assert "<b>" not in figure._repr_html_()  # a label from data is never markup


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_needs_a_finding_and_its_columns(name):
    draw = getattr(figures, name)
    first = {"forest_plot": FOREST, "event_study": PATH, "rd_plot": BINS, "synthetic_path": TWIN}.get(
        name, GRID
    )
    more = {
        "rd_plot": {"lines": LINES, "cutoff": 0.0},
        "synthetic_path": {"treated_from": 2022},
        "specification_curve": {"choices": []},
    }.get(name, {})
    with pytest.raises(ValueError, match="title"):
        draw(first, title=" ", **more)
    with pytest.raises(ValueError, match="missing"):
        draw(first[first.columns[:1]].rename(columns=str.upper), title="T", **more)
    with pytest.raises(ValueError, match="no rows"):
        draw(first.iloc[:0], title="T", **more)


@pytest.mark.parametrize("name", CHARTS)
def test_the_callers_frame_stays_as_it_was(name):
    frames = [FOREST, PATH, BINS, LINES, TWIN, GRID]
    before = [frame.copy() for frame in frames]
    CHARTS[name]()
    for frame, copy in zip(frames, before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_a_forest_tells_open_and_missing_intervals_in_words():
    alt = drawn("forest_plot").alt
    assert "Weak instrument: 1.40 (up to 2.90)" in alt
    assert "Not estimable: not estimated" in alt
    assert "Naive comparison: −1.20 (−1.50 to −0.90)" in alt


def test_a_forest_with_nothing_finite_still_stands():
    frame = pd.DataFrame({"label": ["a"], "estimate": [np.nan], "ci_low": [np.nan], "ci_high": [np.nan]})
    assert figures.forest_plot(frame, title="T").alt == "a: not estimated."
    everything = frame.assign(estimate=1.0, ci_low=-np.inf, ci_high=np.inf)
    assert "1.00 (no limits)" in figures.forest_plot(everything, title="T").alt


def test_khmer_words_stay_in_the_text_and_leave_the_picture():
    khmer = "ខេត្តព្រៃវែង"
    assert khmer in figures.forest_plot(FOREST.assign(label=khmer, group=khmer), title=khmer, unit=khmer).alt
    assert khmer in figures.event_study(PATH, title="T", unit=khmer, time_label=khmer).alt
    words = {"x_label": khmer, "y_label": khmer, "below_label": khmer, "above_label": khmer}
    assert khmer in figures.rd_plot(BINS, LINES, cutoff=0.0, title="T", **words).alt
    figures.synthetic_path(
        TWIN, treated_from=2022, title="T", unit=khmer, treated_label=khmer, time_label=khmer
    )
    figures.specification_curve(GRID.assign(errors=[khmer, "b"] + ["c"] * 3), choices=["errors"], title="T")


def test_event_study_words():
    assert drawn("event_study").alt == (
        "Effects from event time −3 to 2 (riel): 3 of 3 intervals before the start hold 0. "
        "At 0: 1.00 (0.70 to 1.30); at 2: 1.60 (1.30 to 1.90)."
    )


def test_the_reference_period_is_no_estimate():
    # A reference row has estimate 0 and no error; it must not count among the quiet periods.
    reference = PATH.assign(ci_low=PATH["ci_low"].where(PATH["event_time"] != -1))
    assert "2 of 2 intervals before" in figures.event_study(reference, title="T").alt
    assert figures.event_study(reference, title="T").image != figures.event_study(PATH, title="T").image


def test_event_study_without_periods_before():
    after = PATH[PATH["event_time"] >= 0][["event_time", "estimate", "ci_low", "ci_high"]]
    assert "before the start" not in figures.event_study(after, title="T").alt
    assert figures.event_study(after.iloc[:1], title="T").alt.endswith("at 0: 1.00 (0.70 to 1.30).")


def test_the_jump_is_told_from_the_ends_of_the_lines():
    assert "at 12.0 from below and 10.0 from above" in drawn("rd_plot").alt


def test_row_order_does_not_matter():
    for name, frame, more in (
        ("event_study", PATH, {}),
        ("synthetic_path", TWIN, {"treated_from": 2022}),
    ):
        mixed = frame.sample(frac=1, random_state=1)
        assert (
            getattr(figures, name)(mixed, title="T", **more).alt
            == getattr(figures, name)(frame, title="T", **more).alt
        )


def test_the_twin_needs_periods_on_both_sides():
    assert "lies 1.50 above" in drawn("synthetic_path").alt
    with pytest.raises(ValueError, match="treated_from: got 2030; allowed: within the times 2010 to 2024"):
        figures.synthetic_path(TWIN, treated_from=2030, title="T")


def test_specifications_without_estimate_are_counted():
    figure = drawn("specification_curve")
    assert figure.alt == (
        "4 specifications: estimates from 0.200 to 0.900, median 0.600; 3 of 4 intervals leave out 0. "
        "1 could not be estimated."
    )
    assert figure.data["estimate"].is_monotonic_increasing
    with pytest.raises(ValueError, match="no rows"):
        figures.specification_curve(GRID.assign(estimate=np.nan), choices=[], title="T")


def test_choices_as_columns_or_as_a_frame_draw_the_same():
    frame = pd.DataFrame(
        {
            (name, value): GRID[name] == value
            for name in ("controls", "errors")
            for value in sorted(set(GRID[name]))
        }
    )
    given_frame = figures.specification_curve(GRID, choices=frame, title="T", unit="riel")
    assert given_frame.image == drawn("specification_curve").image
    with pytest.raises(ValueError, match="choices: got 2 rows"):
        figures.specification_curve(GRID, choices=frame.iloc[:2], title="T")


def test_a_curve_of_the_evaluation_package_is_drawn_as_it_comes():
    rng = np.random.default_rng(0)
    df = pd.DataFrame({"cash": [0, 1] * 50, "age": rng.integers(20, 60, 100)}).assign(
        food=lambda f: f["cash"] + 0.1 * f["age"] + rng.normal(size=100)
    )
    base = {"estimator": "difference_in_means", "outcome": "food", "treated": "cash"}
    options = specification.grid(base, {"controls": [[], ["age"]]})
    curve = specification.curve(df, specifications=options)
    figure = figures.specification_curve(curve.frame, choices=curve.choices(), title="T")
    assert figure.alt.startswith("2 specifications")


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12), st.integers(0, 6))
@settings(deadline=None, max_examples=200)
def test_written_numbers_read_back(value, places):
    text = written(value, places)
    assert "-" not in text and not text.startswith("−0" + "." * (places > 0) + "0" * places + "$")
    assert math.isclose(float(text.replace("−", "-").replace(",", "")), round(value, places), abs_tol=1e-9)
    if round(value, places) == 0:
        assert not text.startswith("−")


def test_decimals_and_intervals():
    assert decimals([]) == 2 and decimals([math.nan, 12_345.0]) == 0
    assert interval_text(1.0, 0.5, math.inf, 1) == "1.0 (from 0.5)"


def estimate(value):
    return ImpactEstimate(
        method="m", estimand="ITT", outcome="y", treated="d", estimate=value, std_error=1.0,
        std_error_kind="HC1", n_obs=9,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "Your turn"),
        (1.2, "Right: 1.20."),
        (np.float64(1.2), "Right: 1.20."),
        (estimate(1.2), "Right: 1.20."),
        (estimate(0.5), "That is the naive comparison."),
        (0.9, "too small"),
        (9.0, "too large"),
        ("1.2", "without quotation marks"),
        (True, "of the type bool"),
        (math.nan, "of the type float"),
    ],
)
def test_feedback_hints_and_never_gives_the_number_away(answer, said):
    shown = feedback(answer, right=1.2, hints={"That is the naive comparison.": 0.5})
    assert said in str(shown)
    assert "1.2" not in str(shown) or "Right" in str(shown)
    assert shown._repr_html_().startswith('<p class="check')


def test_a_forest_of_levels_needs_no_line_of_no_effect():
    levels = pd.DataFrame({"label": ["Rural"], "estimate": [60.0], "ci_low": [55.0], "ci_high": [65.0]})
    low, high = limits(levels, float("nan"))
    assert (low, high) == (pytest.approx(54.4), pytest.approx(65.6))
    words = {"measure": "Coverage", "interval": "5 to 95 % band"}
    picture = figures.forest_plot(levels, title="Levels", reference=float("nan"), **words)
    assert picture.alt == "Rural: 60.0 (55.0 to 65.0)."
