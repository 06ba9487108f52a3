"""Charts: same bytes for same data, words that match the numbers, nothing cut off, nothing left behind."""

import base64
import struct
import zlib
from functools import cache

import matplotlib
import numpy as np
import pandas as pd
import pytest
from effect_charts import CHARTS as EFFECT_CHARTS
from hypothesis import given, settings
from hypothesis import strategies as st
from indicator_charts import CHARTS as INDICATOR_CHARTS
from list_charts import CHARTS as LIST_CHARTS
from many_charts import CHARTS as MANY_CHARTS
from option_charts import CHARTS as OPTION_CHARTS

from aspfin.reporting import figure as figure_module
from aspfin.reporting import figures, style
from aspfin.reporting.charts_map import breaks
from aspfin.reporting.figure import spread

PERIODS = np.geomspace(1.5, 200, 40)
INSTRUMENTS = (
    ("contingency_fund", 12e6),
    ("budget_reallocation", 8e6),
    ("contingent_credit", 18e6),
    ("insurance", 30e6),
    ("insurance_2", 5e6),
    ("ex_post_borrowing", 9e6),
    ("donor_aid", 2e6),
)


def need(period):
    return 13e6 * np.log(np.asarray(period, dtype=float)) ** 1.4


def layers(periods):
    frame, rest = pd.DataFrame({"return_period": periods}), need(periods)
    for name, limit in INSTRUMENTS:
        frame[name] = np.minimum(rest, limit)
        rest = rest - frame[name].to_numpy()
    return frame.assign(unmet=rest)


EVENTS = pd.DataFrame(
    {
        "label": ["2011", "2013", "2020", "2001", "2002", "2019", "2022", "2009", "2024", "2018"],
        "return_period": [26.0, 16, 9, 38, 20, 6, 5, 4.2, 3.7, np.nan],
    }
).assign(
    need=lambda f: need(f["return_period"]) * 1.1,
    low=lambda f: f["need"] * 0.8,
    high=lambda f: f["need"] * 1.2,
)

BALANCE = pd.DataFrame({"year": range(1, 11)}).assign(
    q05=0.0, q25=2e6, q50=6e6, q75=9e6, q95=12e6, expected=5.5e6,
    probability_ever_unmet=1 - 0.95 ** np.arange(1, 11),
)  # fmt: skip

TILES = pd.DataFrame(
    {
        "label": ["Banteay Meanchey", "Kratie", "Preah Sihanouk", "Kep"],
        "row": [0, 0, 1, 2],
        "col": [0, 1, 1, 0],
        "value": [4.2e6, 1.3e6, np.nan, 2e3],
    }
)

CHARTS = {
    "who_pays": lambda: figures.who_pays(layers(PERIODS), title="T", events=EVENTS),
    "exceedance_curve": lambda: figures.exceedance_curve(
        pd.DataFrame({"return_period": PERIODS, "need": need(PERIODS)}),
        bands=pd.DataFrame(
            {"return_period": PERIODS, "low": need(PERIODS) * 0.6, "high": need(PERIODS) * 1.8}
        ),
        events=EVENTS,
        title="T",
    ),
    "fan_chart": lambda: figures.fan_chart(BALANCE, ceiling=12e6, title="T"),
    "layer_chart": lambda: figures.layer_chart(layers([2, 5, 10, 20, 50, 100]), title="T"),
    "timeline": lambda: figures.timeline(
        pd.DataFrame(
            {
                "instrument": ["donor_aid", "contingency_fund", "insurance", "ex_post_borrowing"],
                "days": [180, 14, 90, 400],
                "share": [0.05, 0.4, 0.2, 0.02],
            }
        ),
        title="T",
    ),
    "cost_bars": lambda: figures.cost_bars(
        pd.DataFrame(
            {"instrument": ["contingency_fund", "insurance"], "cost": [1.1, 1.5], "fiscal": [1.1, 1.2]}
        ),
        title="T",
        unit="US$ for each US$ 1 paid",
    ),
    "bars_by_group": lambda: figures.bars_by_group(
        pd.DataFrame({"group": ["1 in 5", "1 in 50"], "vertical": [20e3, 70e3], "left_out": [5e3, 30e3]}),
        series=("vertical", "left_out"),
        title="T",
    ),
    "tornado": lambda: figures.tornado(
        pd.DataFrame(
            {
                "input": ["exclusion error", "size of the largest floods on record"],
                "low_label": ["5 %", "gamma law"],
                "high_label": ["20 %", "events law"],
                "low": [10.5e6, 8e6],
                "high": [9e6, 13e6],
            }
        ),
        base=10e6,
        title="T",
    ),
    "tile_map": lambda: figures.tile_map(TILES, title="T"),
    **EFFECT_CHARTS,
    **INDICATOR_CHARTS,
    **LIST_CHARTS,
    **MANY_CHARTS,
    **OPTION_CHARTS,
}


@cache
def drawn(chart):
    """Return a chart drawn once for all tests that only look at it."""
    return CHARTS[chart]()


every_chart = pytest.mark.parametrize("chart", CHARTS)


def png_is_sound(data: bytes) -> tuple[int, int]:
    """Check signature and checksums; return width and height."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place = 8
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        chunk = data[place + 4 : place + 8 + length]
        assert struct.unpack(">I", data[place + 8 + length : place + 12 + length])[0] == zlib.crc32(chunk)
        place += 12 + length
    return struct.unpack(">II", data[16:24])


def test_every_public_chart_is_tested_here():
    assert set(CHARTS) == set(figures.__all__) - {"Figure"}


@every_chart
def test_same_data_give_the_same_bytes_and_drawing_leaves_no_trace(chart):
    from matplotlib import pyplot

    one = drawn(chart)
    settings_before, open_before = dict(matplotlib.rcParams), pyplot.get_fignums()
    other = CHARTS[chart]()
    assert (one.image, one.narrow) == (other.image, other.narrow)
    assert one._repr_html_() == other._repr_html_()
    assert dict(matplotlib.rcParams) == settings_before
    assert pyplot.get_fignums() == open_before


@every_chart
def test_pictures_are_small_png_without_stamp(chart):
    made = drawn(chart)
    for picture, width in ((made.image, 1258), (made.narrow, 780)):
        assert png_is_sound(picture)[0] == width
        assert len(picture) < 80_000
        assert b"Software" not in picture
        assert b"tIME" not in picture


@every_chart
def test_a_figure_tells_its_words_and_data(chart):
    made = drawn(chart)
    html = made._repr_html_()
    assert 'alt="' in html and made.alt and made.alt.endswith(".")
    assert html.startswith("<figure")
    assert html.count("data:image/png;base64,") == 2
    assert base64.b64encode(made.narrow).decode() in html
    assert "The numbers behind this figure" in html
    assert len(made.to_frame()) > 0
    assert set(made._repr_mimebundle_()) == {"text/plain", "text/html", "image/png"}
    assert set(made._repr_mimebundle_(include=["image/png"])) == {"image/png"}


@pytest.mark.parametrize("chart", ["exceedance_curve", "tornado"])
def test_a_readers_own_settings_change_nothing(chart):
    plain = drawn(chart)
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "black", "text.usetex": True}):
        assert CHARTS[chart]().image == plain.image


@every_chart
def test_no_text_is_cut_off_and_labels_do_not_overlap(chart, monkeypatch):
    canvases = []
    keep = figure_module._png
    monkeypatch.setattr(figure_module, "_png", lambda canvas: canvases.append(canvas) or keep(canvas))
    CHARTS[chart]()
    assert len(canvases) == 2
    for canvas in canvases:
        boxes = written(canvas)
        for words, box in boxes:
            assert box.x0 >= -2 and box.x1 <= canvas.bbox.x1 + 2, words
            assert box.y0 >= -2 and box.y1 <= canvas.bbox.y1 + 2, words
        for i, (words, box) in enumerate(boxes):
            for others, other in boxes[i + 1 :]:
                wide = min(box.x1, other.x1) - max(box.x0, other.x0)
                high = min(box.y1, other.y1) - max(box.y0, other.y0)
                assert not (wide > 3 and high > 0.35 * min(box.height, other.height)), (words, others)


def written(canvas):
    """Return every text drawn in the picture with its box."""
    undrawn = set()
    for axes in canvas.axes:  # matplotlib keeps ticks beyond the ends of an axis but does not draw them
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            undrawn |= {
                id(tick.label1) for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high
            }
    texts = [
        text
        for text in canvas.findobj(matplotlib.text.Text)
        if text.get_visible() and id(text) not in undrawn
    ]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text().strip()]
    return [(words, box) for words, box in boxes if box.width > 1]


def test_words_are_escaped_and_dollars_are_not_formulas():
    frame = pd.DataFrame({"group": ["US$ 5 to US$ 9", "<b>_^"], "value": [1.0, 2.0]})
    made = figures.bars_by_group(
        frame, title='<img onerror="x">', subtitle="a & b", source="<s>", alt='say "this"', unit="US$ a_b$"
    )
    html = made._repr_html_()
    assert "<img onerror" not in html and "<b>_" not in html and "<s>" not in html
    assert "say &quot;this&quot;" in html


def test_colours_in_the_picture_are_those_of_the_palette():
    frame = pd.DataFrame({"return_period": [5, 50], "contingency_fund": [5e6, 5e6], "insurance": [1e6, 8e6]})
    seen = colours(figures.layer_chart(frame, title="T").image)
    for key in ("contingency_fund", "insurance"):
        wanted = style.INSTRUMENTS[key].colour
        rgb = np.array([int(wanted[i : i + 2], 16) for i in (1, 3, 5)])
        assert min(np.abs(np.array(colour) - rgb).max() for colour in seen) <= 3


def test_alternative_text_says_the_numbers():
    assert "Unmet need" in drawn("layer_chart").alt
    assert drawn("tile_map").alt == (
        "Map of 4 places. Highest: Banteay Meanchey 4.20. Lowest: Kep <0.01. No figure: Preah Sihanouk."
    )
    assert drawn("fan_chart").alt == (
        "After year 10 the balance is US$ 5.5 million on average, and in nine cases of ten between US$ 0 and "
        "US$ 12 million. The chance of ever falling short is 40 %."
    )
    assert drawn("tornado").alt == (
        "Central case US$ 10 million. The largest swing comes from size of the largest floods on record: "
        "US$ 8 million at gamma law, US$ 13 million at events law."
    )


def test_row_order_does_not_matter_and_input_is_not_changed():
    frame = layers([2, 10, 100])
    before = frame.copy()
    one = figures.layer_chart(frame, title="T")
    other = figures.layer_chart(frame.iloc[::-1], title="T")
    assert one.image == other.image
    pd.testing.assert_frame_equal(frame, before)


def test_data_is_a_copy():
    made = drawn("layer_chart")
    frame = made.to_frame()
    frame["unmet"] = -1.0
    assert (made.to_frame()["unmet"] >= 0).all()


EDGE_CASES = {
    "one bar": lambda: figures.layer_chart(layers([10]), title="T"),
    "no need at all": lambda: figures.layer_chart(
        pd.DataFrame({"return_period": [2, 5], "contingency_fund": [0.0, 0.0], "unmet": [0.0, 0.0]}),
        title="T",
    ),
    "no need, areas": lambda: figures.who_pays(
        pd.DataFrame({"return_period": [2, 5], "contingency_fund": [0.0, 0.0]}), title="T"
    ),
    "flat curve": lambda: figures.exceedance_curve(
        pd.DataFrame({"return_period": [2, 100], "need": [0.0, 0.0]}), title="T"
    ),
    "households": lambda: figures.exceedance_curve(
        pd.DataFrame({"return_period": [2, 100], "need": [20e3, 400e3]}), title="T", unit="households"
    ),
    "no events known": lambda: figures.exceedance_curve(
        pd.DataFrame({"return_period": [2, 100], "need": [1e6, 9e6]}), events=EVENTS.iloc[-1:], title="T"
    ),
    "one year": lambda: figures.fan_chart(BALANCE.iloc[:1], title="T"),
    "no risk known": lambda: figures.fan_chart(BALANCE.drop(columns="probability_ever_unmet"), title="T"),
    "empty fund": lambda: figures.fan_chart(BALANCE * 0 + 1, title="T"),
    "all met": lambda: figures.timeline(
        pd.DataFrame({"instrument": ["contingency_fund"], "days": [0], "share": [1.0]}), title="T"
    ),
    "nothing met": lambda: figures.timeline(
        pd.DataFrame({"instrument": ["contingency_fund"], "days": [14], "share": [0.0]}), title="T"
    ),
    "saving": lambda: figures.cost_bars(
        pd.DataFrame({"instrument": ["contingency_fund", "insurance"], "cost": [-2e6, 3e6]}), title="T"
    ),
    "missing group": lambda: figures.bars_by_group(
        pd.DataFrame({"group": ["a", "b"], "value": [1.0, np.nan]}), title="T"
    ),
    "no swing": lambda: figures.tornado(
        pd.DataFrame({"input": ["x"], "low_label": ["a"], "high_label": ["b"], "low": [5.0], "high": [5.0]}),
        base=5.0,
        title="T",
    ),
    "map without figures": lambda: figures.tile_map(TILES.assign(value=np.nan), title="T"),
    "map of equals": lambda: figures.tile_map(TILES.assign(value=3.0), title="T", unit="% of households"),
    "map of one": lambda: figures.tile_map(TILES.iloc[:1], title="T", write=style.usd),
}


@pytest.mark.parametrize("case", EDGE_CASES)
def test_edge_cases_are_drawn_without_warnings(case):
    made = EDGE_CASES[case]()
    assert "nan" not in made.alt
    assert len(made.image) > 1000


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: figures.layer_chart(layers([2, 5]), title=" "), "title: got ''"),
        (
            lambda: figures.layer_chart(layers(range(2, 20)), title="T"),
            "got 18 return periods; allowed: at most 10",
        ),
        (lambda: figures.layer_chart(layers([2]) * -1, title="T"), "negative or missing amounts"),
        (lambda: figures.layer_chart(pd.DataFrame({"x": [1]}), title="T"), r"missing: \['return_period'\]"),
        (
            lambda: figures.layer_chart(pd.DataFrame({"return_period": [1]}), title="T"),
            "layers: got no payers",
        ),
        (lambda: figures.who_pays(layers([2]), title="T"), "allowed: at least two"),
        (lambda: figures.fan_chart(BALANCE.iloc[:0], title="T"), "balance: got no rows"),
        (
            lambda: figures.timeline(
                pd.DataFrame({"instrument": ["a", "b"], "days": [1, 2], "share": [0.7, 0.7]}), title="T"
            ),
            "at most 1 together",
        ),
        (lambda: figures.tile_map(TILES.assign(row=0, col=0), title="T"), "two places in one square"),
    ],
)
def test_bad_input_is_refused_in_one_line(draw, said):
    with pytest.raises(ValueError, match=said) as error:
        draw()
    assert "\n" not in str(error.value)


@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=9),
    st.floats(0.1, 30),
)
@settings(deadline=None, max_examples=200)
def test_spread_keeps_order_range_and_distance(positions, gap):
    placed = spread(positions, gap, 0.0, 100.0)
    assert placed.min() >= -1e-9 and placed.max() <= 100 + 1e-9
    order = np.argsort(positions, kind="stable")
    enough = min(gap, 100.0 / max(1, len(positions) - 1))
    assert (np.diff(placed[order]) >= enough - 1e-9).all()


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=40), st.integers(2, 5))
@settings(deadline=None, max_examples=100)
def test_map_classes_are_never_empty_below_or_above(values, classes):
    limits = breaks(np.array(values), classes)
    assert len(limits) < classes
    assert (np.diff(limits) > 0).all()
    for limit in limits:
        assert min(values) < limit <= max(values)


def test_saving_writes_the_desktop_picture(tmp_path):
    made = drawn("tile_map")
    assert made.save(tmp_path / "map.png").read_bytes() == made.image


def test_colours_follow_the_kind_of_an_instrument_with_its_own_name():
    def image(name, **settings):
        frame = pd.DataFrame(
            {"return_period": [2, 50], name: [1e6, 2e6], "need": [1e6, 2e6], "unmet": [0.0, 0.0]}
        )
        return figures.layer_chart(frame, title="T", **settings)

    named = image(
        "Flood reserve", kinds={"Flood reserve": "insurance"}, labels={"Flood reserve": "Insurance"}
    )
    assert named.image == image("insurance").image
    assert image("contingency fund").image == image("contingency_fund").image


def test_two_bars_on_one_side_of_the_central_case_stay_visible():
    frame = pd.DataFrame(
        {
            "input": ["law"],
            "low_label": ["gamma"],
            "high_label": ["events"],
            "low": [36.8e6],
            "high": [39.2e6],
        }
    )
    made = figures.tornado(frame, base=35.9e6, title="T")
    other = figures.tornado(frame.assign(low=39.2e6, high=36.8e6), base=35.9e6, title="T")
    for picture in (made, other):
        seen = colours(picture.image)
        assert {(0x92, 0xCD, 0xF2), (0x0B, 0x3C, 0x6F)} <= seen
    assert made.image != other.image


def colours(image, at_least=2000):
    from io import BytesIO

    from PIL import Image

    with Image.open(BytesIO(image)) as picture:
        return {colour for count, colour in picture.convert("RGB").getcolors(100_000) if count >= at_least}
