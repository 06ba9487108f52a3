"""From reported figures of shocks to one row per event, and to yearly rates by size of event.

The same flood is counted by several agencies on several days. Every competing final figure is kept: the
record carries the lowest, the median and the highest. A figure that is missing stays missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from aspfin.results import InputError, Problem

__all__ = ["EventClass", "RecordedClasses", "event_record", "rates_by_class", "recorded_household_size"]

_NEEDED = ("event_id", "year", "hazard", "households", "people", "qualifier", "use", "source")


def event_record(
    events: pd.DataFrame, *, hazard: str = "flood", persons_per_household: float
) -> pd.DataFrame:
    """Reduce reported figures to one row per event with a range of households affected.

    Parameters
    ----------
    events : DataFrame
        One row per reported figure: `event_id`, `name` (optional), `year`, `hazard`, `households`, `people`,
        `qualifier` ("=", ">" or ">="), `use` (True where the row is a competing final national figure) and
        `source`. Missing counts stay missing.
    hazard : str
        Only rows of exactly this hazard.
    persons_per_household : float
        Turns a figure in people into households where the row itself gives no households.

    Returns
    -------
    DataFrame
        One row per event, ordered by year: `event, name, year, households_low, households_central,
        households_high, at_least, figure, n_figures, sources, used, reason`. The central figure is the median
        of the competing household figures, or of the converted people figures where no households were
        reported; the range covers both kinds. A figure reported as "more than" cannot lower the range below
        an exact one. `at_least` is the largest household count in any row, partial ones included: a lower
        bound for an event without a national figure. `used` is False where no national figure exists.

    Raises
    ------
    InputError
        When a column is missing, no row has the hazard, or the household size is not above 1.

    Examples
    --------
    >>> rows = pd.DataFrame({"event_id": ["f20", "f20", "f20"], "year": 2020, "hazard": "flood",
    ...     "households": [104_348, 133_406, 175_872], "people": np.nan, "qualifier": "=", "use": True,
    ...     "source": ["NCDM", "HRF4", "HRF6"]})
    >>> record = event_record(rows, hazard="flood", persons_per_household=4.6)
    >>> record[["households_low", "households_central", "households_high"]].iloc[0].tolist()
    [104348.0, 133406.0, 175872.0]
    """
    _require(persons_per_household > 1, "persons_per_household", persons_per_household, "a number above 1")
    missing = [name for name in _NEEDED if name not in events.columns]
    _require(not missing, "events", missing, f"a table with the columns {', '.join(_NEEDED)}")
    rows = events[events["hazard"] == hazard]
    known = sorted(events["hazard"].dropna().unique())
    _require(len(rows) > 0, "hazard", hazard, "one of " + ", ".join(known))
    use, households, people = rows["use"].astype(bool), _counts(rows["households"]), _counts(rows["people"])
    counted = use & households.notna()
    converted = use & households.isna() & people.notna()
    marked = pd.DataFrame(
        {
            "name": rows["name"] if "name" in rows else rows["event_id"],
            "year": rows["year"],
            "source": rows["source"].astype(object),
            "households": households,
            "counted": counted,
            "converted": converted,
            "exact": rows["qualifier"].fillna("=") == "=",
            "figure": households.where(counted, (people / persons_per_household).where(converted)),
        }
    )
    columns = {name: marked[name].to_numpy() for name in marked}
    codes, ids = pd.factorize(rows["event_id"])
    record = [
        _one_event(event, {name: values[codes == code] for name, values in columns.items()})
        for code, event in enumerate(ids)
    ]
    return pd.DataFrame(record).sort_values(["year", "event"], kind="stable", ignore_index=True)


def _counts(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column).astype(float)


def _one_event(event: str, rows: Mapping[str, np.ndarray]) -> dict[str, Any]:
    counted, figures = rows["counted"], rows["figure"]
    final = counted | rows["converted"]
    competing, exact = figures[final], figures[final & rows["exact"]]
    used = len(competing) > 0
    reason = ""
    if not used:
        reason = "no national figure: the event counts in the rate only"
    elif len(exact) == 0:
        reason = "reported as 'more than': a lower bound"
    central = np.median(figures[counted] if counted.any() else competing) if used else np.nan
    low = exact.min() if len(exact) else competing.min(initial=np.inf)
    sources = rows["source"][final] if used else rows["source"]
    return {
        "event": event,
        "name": rows["name"][0],
        "year": int(rows["year"][0]),
        "households_low": min(low, central) if used else np.nan,
        "households_central": central,
        "households_high": competing.max() if used else np.nan,
        "at_least": np.fmax.reduce(rows["households"]),
        "figure": "households" if counted.any() else "people converted" if used else "",
        "n_figures": len(competing),
        "sources": "; ".join(dict.fromkeys(str(source) for source in sources if pd.notna(source))),
        "used": used,
        "reason": reason,
    }


def recorded_household_size(events: pd.DataFrame) -> tuple[float, str]:
    """Return persons per household in shock reports that counted both, and the sources.

    The median over final rows with both figures. A ratio that is a whole number is left out: one figure was
    then computed from the other, not counted. Not a number where no report counted both.

    Examples
    --------
    >>> rows = pd.DataFrame({"use": True, "households": [377_675, 104_348], "people": [1_737_305, 417_392],
    ...     "source": ["HRF3", "NCDM"]})
    >>> size, source = recorded_household_size(rows)
    >>> round(size, 2), source
    (4.6, 'HRF3')
    """
    rows = events[events["use"].astype(bool)]
    ratio = rows["people"].astype(float) / rows["households"].astype(float)
    counted = ratio.notna() & ((ratio - ratio.round()).abs() > 1e-3)
    sources = "; ".join(dict.fromkeys(rows.loc[counted, "source"].astype(str)))
    return float(ratio[counted].median()), sources


@dataclass(frozen=True)
class EventClass:
    """Events of one size class over the years in which the record of that class is taken as complete.

    Parameters
    ----------
    name : str
        Name of the class, such as "major".
    at_least, below : float
        Bounds of the class in households affected; `below` may be infinite.
    first_year, last_year : int
        Years of the record, both included.
    counts : tuple of int
        Events in each year of the record, those without a figure included.
    low, central, high : tuple of float
        Households affected in each event that has a figure.
    """

    name: str
    at_least: float
    below: float
    first_year: int
    last_year: int
    counts: tuple[int, ...]
    low: tuple[float, ...]
    central: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def years(self) -> int:
        """Years in the record."""
        return self.last_year - self.first_year + 1

    @property
    def n_events(self) -> int:
        """Events in the record, with or without a figure."""
        return sum(self.counts)

    @property
    def rate(self) -> float:
        """Events per year."""
        return self.n_events / self.years

    @property
    def dispersion(self) -> float:
        """Variance (divisor n - 1) over mean of the yearly counts; 1 for a Poisson law."""
        return float(np.var(self.counts, ddof=1) / np.mean(self.counts)) if self.n_events else np.nan

    def figures(self, which: str) -> np.ndarray:
        """Return the recorded households affected: the "low", "central" or "high" figures."""
        return np.asarray(getattr(self, which), dtype=float)


@dataclass(frozen=True)
class RecordedClasses:
    """The record split into size classes: the classes, and every event with where it went and why."""

    classes: tuple[EventClass, ...]
    events: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return one row per class: bounds, years, events, figures, rate a year and dispersion."""
        rows = [
            {
                "class": c.name,
                "at_least_households": c.at_least,
                "below_households": c.below,
                "from": c.first_year,
                "to": c.last_year,
                "events": c.n_events,
                "events_with_figure": len(c.central),
                "rate_per_year": c.rate,
                "dispersion": c.dispersion,
                "mean_households": float(np.mean(c.central)) if c.central else np.nan,
            }
            for c in self.classes
        ]
        return pd.DataFrame(rows)


def rates_by_class(record: pd.DataFrame, windows: Iterable[Mapping[str, Any]]) -> RecordedClasses:
    """Split the record into size classes and count events a year in the window of each class.

    Small events are written down only in recent years, large ones for longer: each class has its own
    window. An event without a national figure is placed by `at_least`, the largest partial count: it enters
    the rate of that class and not its sizes.

    Parameters
    ----------
    record : DataFrame
        From `event_record`.
    windows : iterable of mappings
        Each with `class`, `at_least`, `below` (optional), `from` and `to` (years, both included).

    Returns
    -------
    RecordedClasses
        `.classes` and `.events` (the record plus `class` and `reason`; `class` is empty where the event lies
        outside every window, and `reason` says so).

    Raises
    ------
    InputError
        When two windows overlap in size or a class holds no event with a figure.

    Examples
    --------
    >>> record = pd.DataFrame({"event": ["a", "b"], "year": [2011, 2013], "households_low": [3e5, 3.7e5],
    ...     "households_central": [3.3e5, 3.8e5], "households_high": [3.5e5, 3.9e5],
    ...     "at_least": [3.3e5, 3.8e5], "used": True, "reason": ""})
    >>> split = rates_by_class(record, [{"class": "major", "at_least": 1e5, "from": 2001, "to": 2020}])
    >>> split.classes[0].rate
    0.1
    """
    spans = sorted((_window(w) for w in windows), key=lambda w: -w["at_least"])
    for upper, lower in pairwise(spans):
        _require(
            lower["below"] <= upper["at_least"], "windows", lower["class"], "classes that do not overlap"
        )
    placed = [_place(event, spans) for event in record.to_dict("records")]
    events = record.assign(
        **{"class": [name for name, _ in placed], "reason": [reason for _, reason in placed]}
    )
    return RecordedClasses(tuple(_event_class(span, events) for span in spans), events)


def _window(window: Mapping[str, Any]) -> dict[str, Any]:
    below = window.get("below")
    span = {
        "class": str(window["class"]),
        "at_least": float(window["at_least"]),
        "below": np.inf if below is None else float(below),
        "from": int(window["from"]),
        "to": int(window["to"]),
    }
    _require(span["below"] > span["at_least"], "windows.below", below, f"more than {span['at_least']:,.0f}")
    _require(span["to"] >= span["from"], "windows.to", span["to"], f"a year from {span['from']}")
    return span


def _place(event: Mapping[str, Any], spans: list[dict[str, Any]]) -> tuple[str, str]:
    """Return the class of an event (or "") and the reason."""
    reason = str(event.get("reason") or "")
    size = event["households_central"] if event["used"] else event["at_least"]
    if pd.isna(size):
        return "", "no figure at all: left out of the rate and of the sizes"
    span = next((s for s in spans if s["at_least"] <= size < s["below"]), None)
    if span is None:
        return "", f"{size:,.0f} households: outside every size class"
    if not span["from"] <= event["year"] <= span["to"]:
        return "", f"outside the record of {span['class']} events, {span['from']} to {span['to']}"
    return span["class"], reason


def _event_class(span: dict[str, Any], events: pd.DataFrame) -> EventClass:
    mine = events[events["class"] == span["class"]]
    sized = mine[mine["used"]]
    _require(len(sized) > 0, "windows", span["class"], "a class with at least one event that has a figure")
    counts = [int((mine["year"] == year).sum()) for year in range(span["from"], span["to"] + 1)]
    return EventClass(
        span["class"],
        span["at_least"],
        span["below"],
        span["from"],
        span["to"],
        tuple(counts),
        *(tuple(sized[f"households_{which}"].tolist()) for which in ("low", "central", "high")),
    )


def _require(holds: bool, field: str, value: Any, allowed: str) -> None:
    if not holds:
        raise InputError(Problem("shock record", field, value, allowed))
