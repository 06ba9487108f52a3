"""Numbers read well, and colours can be told apart by everybody and in grey print."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspfin.reporting import style

# Severe colour-vision deficiency, Machado, Oliveira and Fernandes (2009), table 1, severity 1.0; linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def lab(colour: str, vision: np.ndarray) -> np.ndarray:
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(vision @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ linear / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(a: str, b: str) -> float:
    """WCAG 2.2 contrast ratio."""
    light = []
    for colour in (a, b):
        rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        light.append(float(np.dot([0.2126, 0.7152, 0.0722], linear)))
    return (max(light) + 0.05) / (min(light) + 0.05)


PAIRS = list(itertools.combinations(style.INSTRUMENTS, 2))


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_instruments_differ_in_colour_for_every_kind_of_vision(vision, one, other):
    colours = [lab(style.INSTRUMENTS[key].colour, VISION[vision]) for key in (one, other)]
    assert np.linalg.norm(colours[0] - colours[1]) > 15  # 2.3 is just noticeable side by side


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_instruments_differ_in_grey_by_lightness_or_hatch(one, other):
    looks = style.INSTRUMENTS[one], style.INSTRUMENTS[other]
    lightness = [lab(look.colour, np.eye(3))[0] for look in looks]
    assert abs(lightness[0] - lightness[1]) > 10 or looks[0].hatch != looks[1].hatch


def test_text_on_and_beside_colours_is_readable():
    for look in (*style.INSTRUMENTS.values(), *style.GROUPS.values(), *style.SPARE):
        assert contrast(look.colour, look.ink) >= 4.5, look
    for colour in (style.INK, style.MUTED, style.ALERT, style.ACCENT):
        assert contrast(colour, "#ffffff") >= 4.5


def test_map_scale_darkens_in_even_steps():
    lightness = [lab(colour, np.eye(3))[0] for colour in style.SCALE]
    assert (np.diff(lightness) < -9).all()


def test_every_instrument_of_the_financing_package_has_its_own_look():
    expected = "contingency_fund contingent_credit budget_reallocation insurance parametric_insurance"
    expected += " ex_post_borrowing donor_aid unmet"
    assert set(style.INSTRUMENTS) == set(expected.split())


def test_a_second_instrument_of_a_type_keeps_its_colour_with_another_hatch():
    first, second = style.instrument("insurance"), style.instrument("insurance_2")
    assert (second.colour, second.label) == (first.colour, "Insurance 2")
    assert second.hatch != first.hatch
    assert style.instrument("a_new_tool") == style.instrument("a_new_tool")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (style.usd(0), "US$ 0"),
        (style.usd(999_999), "US$ 1 million"),
        (style.usd(999_499_999), "US$ 999 million"),
        (style.usd(999_999_999), "US$ 1 billion"),
        (style.usd(1_234_567_890), "US$ 1.23 billion"),
        (style.usd(96.4), "US$ 96.4"),
        (style.usd(float("nan")), "not available"),
        (style.usd(float("inf")), "unlimited"),
        (style.usd(-0.0), "US$ 0"),
        (style.riel(46_801_008_000), "46.8 billion riel"),
        (style.riel(120_000), "120,000 riel"),
        (style.count(0), "0"),
        (style.count(377_675), "378,000"),
        (style.rng(42e6, 58e6), "42 to 58 million"),
        (style.rng(-3e6, 4e6), "−3 to 4 million"),
        (style.rng(0, 4e6), "0 to 4 million"),
        (style.rng(41.9e6, 42.1e6), "42 million"),
        (style.rng(8_000, 12_000, suffix=" households"), "8,000 to 12,000 households"),
        (style.rng(float("nan"), 2e6), "not available to 2 million"),
        (style.percent(0.05), "5 %"),
        (style.percent(0.95), "95 %"),
        (style.percent(0.995), "99.5 %"),
        (style.percent(0.99999), "more than 99.99 %"),
        (style.percent(0.0041), "0.41 %"),
        (style.one_in(8, explain=True), "1-in-8-year (a 12 % chance in any year)"),
        (style.one_in(12.5, explain=True), "1-in-12.5-year (an 8 % chance in any year)"),
        (style.years(1.0), "1 year"),
    ],
)
def test_numbers_are_written_as_people_write_them(text, expected):
    assert text == expected


@given(st.floats(1e-3, 1e14), st.integers(1, 5))
@settings(deadline=None, max_examples=200)
def test_rounding_keeps_the_value_to_its_digits(value, digits):
    assert style.sig(value, digits) == pytest.approx(value, rel=0.5 * 10 ** (1 - digits) * 1.0001)


@given(st.floats(allow_nan=True, allow_infinity=True))
@settings(deadline=None, max_examples=300)
def test_writing_never_fails_and_never_shows_exponents(value):
    for write in (style.usd, style.riel, style.count, style.percent, style.number):
        text = write(value)
        assert text
        assert "e+" not in text and "e-" not in text and "nan" not in text


@given(st.floats(0, 1))
@settings(deadline=None, max_examples=300)
def test_a_share_is_certain_only_when_it_is(share):
    text = style.percent(share)
    assert (text == "100 %") == (share == 1)
    assert (text == "0 %") == (share == 0)


@pytest.mark.parametrize(
    ("largest", "unit", "expected"),
    [
        (5e9, "US$", (1e9, "US$ billion")),
        (1e6, "US$", (1e6, "US$ million")),
        (900_000, "US$", (1e3, "US$ thousand")),
        (900, "US$", (1.0, "US$")),
        (1_900_000, "households", (1e3, "thousand households")),
        (0, "US$", (1.0, "US$")),
    ],
)
def test_axes_are_scaled_to_short_numbers(largest, unit, expected):
    assert style.axis_scale(largest, unit) == expected


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match="format: got 'dollars'; allowed: count"):
        style.formatter("dollars")
