"""The look shared by every figure and table: one colour per instrument, one way to write each kind of number.

Colours are kept apart for readers with red-green colour blindness and, by lightness and hatching, in grey
print; `tests/reporting/test_style.py` measures both. Nothing here imports matplotlib or changes global
settings: `figure.render` applies `rc` inside a context.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = [
    "INK",
    "INSTRUMENTS",
    "MUTED",
    "OPTIONS",
    "RULE",
    "SCALE",
    "Look",
    "axis_scale",
    "count",
    "instrument",
    "number",
    "one_in",
    "percent",
    "rc",
    "response_option",
    "riel",
    "rng",
    "sig",
    "usd",
    "years",
]

INK = "#1d2a33"
MUTED = "#55636d"
RULE = "#d5dce1"
ACCENT = "#0b3c6f"
ALERT = "#b3261e"

NOT_AVAILABLE = "not available"


@dataclass(frozen=True)
class Look:
    """How one thing (an instrument, a group of households) is named and drawn everywhere.

    `ink` is the colour of text written on top of `colour`; `hatch` is a matplotlib hatch pattern.
    """

    label: str
    colour: str
    hatch: str = ""
    ink: str = "#ffffff"


# Lightness differs by at least one clear step between neighbours of the usual order; hatches do the rest.
INSTRUMENTS: Mapping[str, Look] = MappingProxyType(
    {
        "contingency_fund": Look("Contingency fund", "#0b3c6f"),
        "budget_reallocation": Look("Budget reallocation", "#158463", "///"),
        "contingent_credit": Look("Contingent credit", "#92cdf2", ink=INK),
        "insurance": Look("Insurance", "#d67a0c", ink=INK),
        "parametric_insurance": Look("Parametric insurance", "#f6d155", "..", ink=INK),
        "ex_post_borrowing": Look("Borrowing after the event", "#6e2f4f", "\\\\\\"),
        "donor_aid": Look("Donor aid", "#bab4aa", "xx", ink=INK),
        "unmet": Look("Unmet need", "#ffffff", "////", ink=ALERT),
    }
)

GROUPS: Mapping[str, Look] = MappingProxyType(
    {
        "vertical": Look("Already on the register", "#0b3c6f"),
        "horizontal": Look("Newly enrolled", "#92cdf2", ink=INK),
        "left_out": Look("Left out", "#ffffff", "////", ink=ALERT),
    }
)

# The columns of a table of people reached, by what they are.
GROUP_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "roster_households_paid": "vertical",
        "new_households_paid": "horizontal",
        "left_out_households": "left_out",
    }
)

# The six ways to respond to a shock, and several of them together; vertical and horizontal as in GROUPS.
OPTIONS: Mapping[str, Look] = MappingProxyType(
    {
        "design_tweak": Look("Design tweak", "#f6d155", "..", ink=INK),
        "vertical_expansion": Look("Vertical expansion", "#0b3c6f"),
        "horizontal_expansion": Look("Horizontal expansion", "#92cdf2", ink=INK),
        "emergency_programme": Look("New emergency programme", "#d67a0c", ink=INK),
        "disaster_management_programme": Look("Disaster-management programme", "#6e2f4f", "\\\\\\"),
        "routine_strengthening": Look("Routine strengthening", "#158463", "///"),
        "combination": Look("Several options together", "#bab4aa", "xx", ink=INK),
    }
)

# Colours for things without a fixed one, in the order in which they are given.
SPARE = (
    Look("", "#2f5d7c"),
    Look("", "#d98f5c", ink=INK),
    Look("", "#9fc3b4", "..", ink=INK),
    Look("", "#6b4c7a", "\\\\\\"),
    Look("", "#e3d6a4", "xx", ink=INK),
)

# One-hue scale from little to much, for maps; readable in grey because only lightness changes.
SCALE = ("#e6eff6", "#b9d3e6", "#7fafd3", "#3f7fb3", "#0b3c6f")


def instrument(key: str, kind: str | None = None) -> Look:
    """Return the look of an instrument, named by its type or by its type and a number.

    An instrument with a name of its own takes the colour of its `kind`. Without one, unknown names get a
    readable label and one of the spare colours, always the same for the same name.

    Examples
    --------
    >>> instrument("contingent_credit").label
    'Contingent credit'
    >>> instrument("insurance_2").label, instrument("insurance_2").hatch
    ('Insurance 2', '||')
    >>> instrument("solidarity_levy").label
    'Solidarity levy'
    >>> instrument("Flood fund", "contingency_fund").colour == instrument("contingency fund").colour
    True
    """
    name, key = key, key.strip().lower().replace(" ", "_")
    known = INSTRUMENTS.get(key) or GROUPS.get(GROUP_COLUMNS.get(key, key))
    if known:
        return known
    stem, _, suffix = key.rpartition("_")
    if suffix.isdigit() and stem in INSTRUMENTS:
        base = INSTRUMENTS[stem]
        return Look(f"{base.label} {suffix}", base.colour, base.hatch + "||", base.ink)
    spare = INSTRUMENTS.get(kind or "") or SPARE[sum(key.encode()) % len(SPARE)]
    text = name.replace("_", " ").strip()
    return Look(text[:1].upper() + text[1:], spare.colour, spare.hatch, spare.ink)


def response_option(key: str) -> Look:
    """Return the look of a way to respond to a shock; one of the spare colours for a further one.

    Examples
    --------
    >>> response_option("vertical_expansion").label
    'Vertical expansion'
    >>> response_option("tax_relief").label
    'Tax relief'
    """
    return OPTIONS.get(key) or instrument(key)


def sig(value: float, digits: int = 2) -> float:
    """Round to so many significant digits.

    Examples
    --------
    >>> sig(123_456, 2), sig(0.0345, 1), sig(0, 3)
    (120000.0, 0.03, 0.0)
    """
    if not math.isfinite(value) or value == 0:
        return float(value)
    return float(f"{value:.{digits - 1}e}")


def number(value: float, digits: int = 3) -> str:
    """Write a number to so many significant digits with thousands separated and no needless zeros.

    Examples
    --------
    >>> number(12_345.6), number(0.04567), number(-3.0), number(float("nan"))
    ('12,300', '0.0457', '−3', 'not available')
    """
    if value is None or math.isnan(value):
        return NOT_AVAILABLE
    rounded = abs(sig(value, digits))
    if math.isinf(rounded):
        return "unlimited" if value > 0 else "−unlimited"
    decimals = 0 if rounded == 0 else max(0, digits - 1 - math.floor(math.log10(rounded)))
    text = f"{rounded:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return ("−" if value < 0 and rounded else "") + text


_WORDS = ((1e9, " billion"), (1e6, " million"), (1.0, ""))


def _word(rounded: float) -> tuple[float, str]:
    return next((size, word) for size, word in (*_WORDS, (0.0, "")) if abs(rounded) >= size)


def count(value: float, digits: int = 3) -> str:
    """Write a number of people or households; millions and billions as words.

    Examples
    --------
    >>> count(85_482), count(1_640_023), count(999_999)
    ('85,500', '1.64 million', '1 million')
    """
    if value is None or not math.isfinite(value):
        return number(value)
    size, word = _word(sig(value, digits))
    return number(value / (size if word else 1.0), digits) + word


def _money(value: float, digits: int, before: str, after: str) -> str:
    if value is None or not math.isfinite(value):
        return number(value)
    text = count(abs(value), digits)
    sign = "−" if value < 0 and text != "0" else ""
    return f"{sign}{before}{text}{after}"


def usd(value: float, digits: int = 3) -> str:
    """Write US dollars, in millions or billions where they are.

    Examples
    --------
    >>> usd(12_345_678), usd(950), usd(-2_500_000), usd(9.5)
    ('US$ 12.3 million', 'US$ 950', '−US$ 2.5 million', 'US$ 9.5')
    """
    return _money(value, digits, "US$ ", "")


def riel(value: float, digits: int = 3) -> str:
    """Write Cambodian riel, in billions or millions where they are.

    Examples
    --------
    >>> riel(46_801_008_000), riel(150_000)
    ('46.8 billion riel', '150,000 riel')
    """
    return _money(value, digits, "", " riel")


def rng(low: float, high: float, digits: int = 2, prefix: str = "", suffix: str = "") -> str:
    """Write a range in one unit; a range that rounds to one number is written once.

    Examples
    --------
    >>> rng(42_123_456, 58_400_000)
    '42 to 58 million'
    >>> rng(900_000, 1_640_000, prefix="US$ ")
    'US$ 0.9 to 1.6 million'
    >>> rng(0.42, 0.44, digits=1)
    '0.4'
    """
    if any(end is None or not math.isfinite(end) for end in (low, high)):
        return f"{count(low, digits)} to {count(high, digits)}"
    size, word = _word(max(abs(sig(low, digits)), abs(sig(high, digits))))
    size = size if word else 1.0
    ends = [number(end / size, digits) for end in (low, high)]
    text = ends[0] if ends[0] == ends[1] else " to ".join(ends)
    return f"{prefix}{text}{word}{suffix}"


def percent(share: float, digits: int = 2) -> str:
    """Write a share of 0 to 1 in per cent, never rounding up to 100 % or down to 0 %.

    Examples
    --------
    >>> percent(0.1234), percent(0.9963), percent(0.000001), percent(0), percent(1), percent(2.5)
    ('12 %', '99.6 %', 'less than 0.01 %', '0 %', '100 %', '250 %')
    """
    if share is None or not math.isfinite(share):
        return number(share)
    if 0 < share < 1e-4:
        return "less than 0.01 %"
    if 1 - 1e-4 < share < 1:
        return "more than 99.99 %"
    if 0.9 < share < 1:  # as many decimals as it takes to show how far from certain
        return f"{100 * share:.{max(0, math.ceil(-math.log10(100 * (1 - share)) - 1e-9))}f} %"
    return f"{number(100 * share, digits)} %"


def years(value: float) -> str:
    """Write a length of time in years.

    Examples
    --------
    >>> years(1), years(10), years(2.5)
    ('1 year', '10 years', '2.5 years')
    """
    return f"{number(value)} year" + ("" if value == 1 else "s")


def one_in(return_period: float, explain: bool = False) -> str:
    """Write a return period; with `explain`, say once what it means.

    Examples
    --------
    >>> one_in(10)
    '1-in-10-year'
    >>> one_in(20, explain=True)
    '1-in-20-year (a 5 % chance in any year)'
    """
    text = f"1-in-{number(return_period)}-year"
    return f"{text} ({_article(percent(1 / return_period))} chance in any year)" if explain else text


def _article(text: str) -> str:
    return ("an " if text.startswith(("8", "11", "18")) else "a ") + text


def axis_scale(largest: float, unit: str = "US$") -> tuple[float, str]:
    """Return the divisor and the axis title that keep the numbers on an axis short.

    Examples
    --------
    >>> axis_scale(87_000_000)
    (1000000.0, 'US$ million')
    >>> axis_scale(320_000, "households")
    (1000.0, 'thousand households')
    """
    money = unit in ("US$", "USD")
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if largest >= size * (2 if size < 1e9 else 1) or (money and size == 1e6 and largest >= 1e6):
            return size, f"US$ {word}" if money else f"{word} {unit}"
    return 1.0, "US$" if money else unit


def formatter(name: str) -> Callable[[float], str]:
    """Return the writing of numbers called `name`: usd, riel, percent, count, number, years, one_in.

    Examples
    --------
    >>> formatter("percent")(0.5)
    '50 %'
    """
    known = {f.__name__: f for f in (usd, riel, percent, count, number, years, one_in)}
    if name not in known:
        raise ValueError(f"format: got {name!r}; allowed: {', '.join(sorted(known))}")
    return known[name]


def rc(font_size: float) -> dict[str, object]:
    """Return matplotlib settings for one figure with text of `font_size` points."""
    return {
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": font_size,
        "text.color": INK,
        "text.parse_math": False,  # "US$ 5 … US$ 9" is money, not a formula
        "axes.edgecolor": MUTED,
        "axes.labelcolor": MUTED,
        "axes.labelsize": font_size,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.axisbelow": True,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "grid.color": RULE,
        "grid.linewidth": 0.8,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.labelsize": font_size,
        "ytick.labelsize": font_size,
        "ytick.left": False,
        "hatch.linewidth": 0.7,
        "lines.linewidth": 2.2,
        "lines.solid_capstyle": "round",
        "patch.linewidth": 0.8,
        "legend.frameon": False,
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
    }
