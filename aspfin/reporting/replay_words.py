"""The words of the replay report: title, three sentences, cards, findings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from aspfin.programmes.replay_range import CLOSE
from aspfin.reporting import style
from aspfin.reporting.manifest import Headline

if TYPE_CHECKING:
    import pandas as pd

    from aspfin.reporting.replay import ReplayAnalysis

__all__ = [
    "between",
    "capital",
    "cards",
    "change",
    "finding",
    "headline",
    "money",
    "sentences",
    "span",
    "subtitle",
    "title",
    "valued",
]

_NAMES = {"ZMW": "kwacha", "KHR": "riel"}


def money(value: float, currency: str, digits: int = 4) -> str:
    """Return an amount, or a number of households, as shown.

    Examples
    --------
    >>> money(62_550_000, "USD"), money(8.606e9, "ZMW"), money(99_169, "households")
    ('US$ 62.55 million', '8.606 billion kwacha', '99,169 households')
    """
    if currency == "USD":
        return style.usd(value, digits)
    if currency == "KHR":
        return style.riel(value, digits)
    if currency == "households":
        return f"{value:,.0f} households"
    return f"{style.count(value, digits)} {_NAMES.get(currency, currency)}"


def pair(published: float, simulated: float, currency: str) -> tuple[str, str]:
    """Return two amounts as shown, with as many digits as it takes to tell them apart, up to six.

    Examples
    --------
    >>> pair(46_799_088_000, 46_801_008_000, "KHR")
    ('46.799 billion riel', '46.801 billion riel')
    """
    for digits in (4, 5, 6):
        texts = money(published, currency, digits), money(simulated, currency, digits)
        if texts[0] != texts[1]:
            break
    return texts


def change(share: float) -> str:
    """Return a relative difference with its sign.

    Examples
    --------
    >>> change(0.0588), change(-0.31), change(0.000041), change(0.0)
    ('+5.9 %', '−31 %', '+0.0041 %', '0 %')
    """
    if not math.isfinite(share) or share == 0:
        return "0 %" if share == 0 else style.NOT_AVAILABLE
    return ("+" if share > 0 else "−") + f"{style.number(100 * abs(share), 2)} %"


def between(low: float, high: float, currency: str) -> str:
    """Return a range of money, or of households.

    Examples
    --------
    >>> between(60_668_000, 71_472_000, "USD"), between(5.88e9, 10.56e9, "ZMW")
    ('US$ 60.7 to 71.5 million', '5.88 to 10.6 billion kwacha')
    """
    if currency == "USD":
        return style.rng(low, high, 3, prefix="US$ ")
    suffix = "" if currency == "households" else f" {_NAMES.get(currency, currency)}"
    return style.rng(low, high, 3, suffix=suffix)


def valued(value: float, unit: str) -> str:
    """Return the value of an unknown as shown: shares in per cent.

    Examples
    --------
    >>> valued(0.0542, "share"), valued(4.016, "persons")
    ('5.4 %', '4.02')
    """
    return f"{style.number(100 * value, 2)} %" if unit.startswith("share") else style.number(value)


def capital(text: str) -> str:
    """Return the text with its first letter large and the rest as it is."""
    return text[:1].upper() + text[1:]


def span(low: float, high: float, middle: float) -> str:
    """Return a range of relative differences; nothing where nothing moves it."""
    if low == high == middle:
        return "nothing moves it"
    return f"{change(low)} to {change(high)}"


def title(a: ReplayAnalysis) -> str:
    """Return the title of the report."""
    words = a.parameters.programme
    return a.parameters.title or f"{capital(words)}, replayed"


def subtitle(a: ReplayAnalysis) -> str:
    """Return what the report is about, in one line."""
    return f"{a.country.name}: what published rules and caseloads give, beside what was published"


def _more(share: float) -> str:
    return f"{change(share).lstrip('+−')} {'more' if share > 0 else 'less'}"


def _closest(a: ReplayAnalysis) -> pd.Series | None:
    """Return the unknown that closes the gap alone with a value in its range, the most influential first."""
    frame = a.result.main_explanations
    found = frame[frame["possible"].astype(bool)]
    return None if found.empty else found.iloc[0]


def sentences(a: ReplayAnalysis) -> list[str]:
    """Return the answer in three sentences."""
    row, frame = a.result.main_row, a.result.comparisons
    published, made = pair(row["published"], row["simulated"], row["currency"])
    ends = span(row["difference_low"], row["difference_high"], row["difference"])
    moved = row["low"] < row["high"]
    band = f"; over everything that is not known, {ends}" if moved else ""
    verb = "was planned" if row["planned"] else "was published"
    first = (
        f"{row['name']}: {published} {verb}; the rules and the published caseload give {made},"
        f" {_more(row['difference'])}{band}."
    )
    outside = frame.loc[~frame["agrees"], "name"].tolist()
    held = f"{len(frame) - len(outside)} of {len(frame)} published figures lie within the range of the replay"
    second = held + (f"; outside: {'; '.join(outside)}." if outside else ".")
    return [first, second, _why(a, row)]


def _why(a: ReplayAnalysis, row: pd.Series) -> str:
    if row["low"] == row["high"]:
        return "No input of this figure is unknown: rule, caseload and months were all published."
    one = _closest(a)
    if one is None:
        return "No single input that is not known closes the gap alone; several together do."
    return (
        f"One input would close the gap alone: {one['label']} at {valued(one['closes_gap'], one['unit'])}"
        f" instead of {valued(one['central'], one['unit'])}. The replay does not set it so: a match is no"
        " evidence."
    )


def cards(a: ReplayAnalysis) -> list[tuple[str, str, str]]:
    """Return four headline figures as label, value and note."""
    row, frame = a.result.main_row, a.result.comparisons
    published, made = pair(row["published"], row["simulated"], row["currency"])
    known = "no input is unknown"
    ends, moved = known, known
    if row["low"] < row["high"]:
        ends = between(row["low"], row["high"], row["currency"])
        moved = span(row["difference_low"], row["difference_high"], row["difference"])
    return [
        ("Planned" if row["planned"] else "Published", published, row["name"]),
        ("By rule and caseload", made, ends),
        ("Difference", change(row["difference"]), moved),
        ("In the range", f"{int(frame['agrees'].sum())} of {len(frame)}", "published figures"),
    ]  # fmt: skip


def headline(a: ReplayAnalysis) -> dict[str, Headline]:
    """Return the headline figures at full precision."""
    row, frame = a.result.main_row, a.result.comparisons
    return {
        "difference": Headline("Replay over published, less 1", float(row["difference"]), "share"),
        "published": Headline(f"Published: {row['name']}", float(row["published"]), row["currency"]),
        "simulated": Headline("By rule and caseload", float(row["simulated"]), row["currency"]),
        "low": Headline("Low end", float(row["low"]), row["currency"]),
        "high": Headline("High end", float(row["high"]), row["currency"]),
        "agree": Headline("Published figures in the range", float(frame["agrees"].sum()), "figures"),
    }


def finding(a: ReplayAnalysis, name: str) -> str:
    """Return what a section shows, in words; nothing where it has nothing to say."""
    return _FINDINGS[name](a) if name in _FINDINGS else ""


def _comparison(a: ReplayAnalysis) -> str:
    frame = a.result.comparisons
    above = int((frame["difference"] >= CLOSE).sum())
    below, equal = int((frame["difference"] <= -CLOSE).sum()), int((frame["difference"].abs() < CLOSE).sum())
    parts = [f"lies above {above}"] * (above > 0) + [f"lies below {below}"] * (below > 0)
    parts += [f"equals {equal} to within {style.percent(CLOSE)}"] * (equal > 0)
    where = " and ".join(parts).replace(" and lies below", " and below", 1)
    return (
        f"Of {len(frame)} published figures the replay {where}. A range is what"
        " the inputs that are not known allow together; a figure outside it needs another explanation."
    )


def _flow(a: ReplayAnalysis) -> str:
    if a.flows.empty:
        return ""
    first, last = a.flows.iloc[0], a.flows.iloc[-1]
    meet = (a.flows["published_low"] <= a.flows["high"]) & (a.flows["low"] <= a.flows["published_high"])
    inside = int(meet.sum())
    return (
        "Between two published totals lies the money of the payments in between: the sharpest comparison,"
        f" because an early error is not carried on. It went from {style.usd(first['published'])} to"
        f" {style.usd(last['published'])} a payment; in {inside} of {len(a.flows)} stretches it can lie"
        " within the replay's range."
    )


def _reasons(a: ReplayAnalysis) -> str:
    frame = a.result.main_explanations
    if frame.empty:
        return ""
    top = frame.iloc[0]
    can = frame.loc[frame["closes_gap"].notna(), "label"].tolist()
    closed = f" Able to close it alone: {'; '.join(can)}." if can else " None can close it alone."
    return (
        f"Of the inputs not known, {top['label']} moves the main figure most"
        f" ({change(top['difference_low'])} to {change(top['difference_high'])}).{closed}"
    )


_FINDINGS: dict[str, Any] = {"comparison": _comparison, "flows": _flow, "reasons": _reasons}
