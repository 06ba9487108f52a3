"""The range of a replay over all that is not known, and what would close a gap."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from aspfin.programmes.country import Country
from aspfin.programmes.expansion import expand
from aspfin.programmes.replay_compared import Compared, Unknown
from aspfin.programmes.replay_rounds import NEUTRAL, Stream, rounds_of
from aspfin.results import InputError, Problem

__all__ = ["CLOSE", "ROUNDS", "Model", "bands", "closing", "moving", "range_of"]

# Printed totals are rounded and whole lists change by a few households: so near, two figures are the same.
CLOSE = 0.001
# Between which values an unknown has a meaning; what is not named is a share.
DOMAINS = {
    "caseload_path": (-1.0, 1.0),
    "first_household_size": (1.0, 20.0),
    "administration_share": (0.0, 1.0),
}
ROUNDS = "payments counted"  # the unknown of a report whose day is not known: 0 fewest payments, 1 most


class Model:
    """Streams evaluated at values of the unknowns; what was evaluated is kept."""

    def __init__(self, country: Country, streams: Mapping[str, Stream]) -> None:
        self.country, self.streams = country, streams
        self._kept: dict[tuple, pd.DataFrame] = {}

    def rounds(self, name: str, values: Mapping[str, float]) -> pd.DataFrame:
        """Return the payments of a stream at these values."""
        key = (name, *sorted(values.items()))
        if key not in self._kept:
            self._kept[key] = rounds_of(self.streams[name], self.country, values)
        return self._kept[key]

    def figure(self, one: Compared, values: Mapping[str, float]) -> float:
        """Return what the replay gives for a published figure."""
        said = {**NEUTRAL, **values}
        if one.measure == "households_reached":
            shares = {
                name: said[name] for name in ("horizontal_capacity", "exclusion_error", "inclusion_error")
            }
            return float(expand(one.affected, roster_share=0.0, vertical_capacity=1.0, **shares).paid)
        counted = said.get(ROUNDS, 0.5)
        column = "usd" if one.currency == "USD" else "amount"
        inner = {name: value for name, value in values.items() if name in _OF_STREAMS}
        total, paid = 0.0, 0.0
        for name in (*one.streams, *one.base):
            frame = self.rounds(name, inner)
            ends = one.payments or (len(frame), len(frame))
            last = ends[0] + counted * (ends[1] - ends[0])
            # A late report of the earlier total means fewer payments between the two.
            first = one.since[1] - counted * (one.since[1] - one.since[0])
            weight = said["base_included"] if name in one.base else 1.0
            total += weight * _upto(frame[column], first, last)
            paid += weight * _upto(frame["households"], first, last)
        if one.measure == "per_household_and_payment":
            return total / paid
        return total * (1 + said["administration_share"] * one.with_administration)


_REACH = ("horizontal_capacity", "exclusion_error", "inclusion_error")
_OF_STREAMS = frozenset(NEUTRAL) - {
    "administration_share", "base_included", *_REACH
}  # fmt: skip


def _upto(values: pd.Series, first: float, last: float) -> float:
    """Return the sum of payments after the `first` up to the `last`, parts of a payment in proportion."""
    if last > len(values):
        allowed = f"at most the {len(values)} payments of the stream"
        raise InputError(Problem("comparison", "payments", last, allowed))
    total = np.concatenate([[0.0], np.cumsum(values.to_numpy(float))])
    return float(np.diff(np.interp([first, last], np.arange(len(total)), total))[0])


def moving(model: Model, one: Compared, unknowns: Sequence[Unknown]) -> list[Unknown]:
    """Return the unknowns that move this comparison while all others stay at their centre."""
    centre = {u.name: u.central for u in unknowns}
    base = model.figure(one, centre)
    moved = [
        u
        for u in unknowns
        if any(model.figure(one, {**centre, u.name: end}) != base for end in (u.low, u.high))
    ]
    return moved


def range_of(model: Model, one: Compared, unknowns: Sequence[Unknown]) -> tuple[float, float, float]:
    """Return centre, low and high over every combination of the ends of the unknowns."""
    centre = {u.name: u.central for u in unknowns}
    # Every corner, also of inputs that move nothing at the centre: another input may switch them on.
    loose = [u for u in unknowns if u.in_range and u.low < u.high]
    ends = [(u.low, u.high) for u in loose]
    names = [u.name for u in loose]
    if one.day_unknown:
        ends, names = [*ends, (0.0, 1.0)], [*names, ROUNDS]
    found = [
        model.figure(one, {**centre, **dict(zip(names, corner, strict=True))})
        for corner in itertools.product(*ends)
    ]
    middle = model.figure(one, centre)
    return middle, min([middle, *found]), max([middle, *found])


def closing(u: Unknown, middle: float, at: Mapping[float, float], published: float) -> float:
    """Return the value of one unknown at which the replay gives the published figure, on a straight line.

    NaN where it moves the replay the other way, or would have to take a value that means nothing.
    """
    gap = published - middle
    if abs(gap) <= CLOSE * published:
        return u.central
    least, most = DOMAINS.get(u.name, (0.0, 1.0))
    for end in (u.low, u.high):
        move = at[end] - middle
        if move * gap > 0:
            value = u.central + (end - u.central) * gap / move
            return value if least <= value <= most else math.nan
    return math.nan


def bands(model: Model, unknowns: Sequence[Unknown]) -> pd.DataFrame:
    """Return every payment with its range over the unknowns of the streams."""
    centre = {u.name: u.central for u in unknowns if u.name in _OF_STREAMS}
    frames = []
    for name in model.streams:
        middle = model.rounds(name, centre)
        loose = [u for u in unknowns if u.name in _OF_STREAMS and u.in_range and u.low < u.high]
        stack = [middle]
        for corner in itertools.product(*[(u.low, u.high) for u in loose]):
            changed = dict(zip([u.name for u in loose], corner, strict=True))
            stack.append(model.rounds(name, {**centre, **changed}))
        ends = {
            f"{column}_{word}": pick([frame[column].to_numpy() for frame in stack], axis=0)
            for column in ("amount", "usd")
            for word, pick in (("low", np.min), ("high", np.max))
        }
        frames.append(middle.assign(**ends))
    return pd.concat(frames, ignore_index=True)
