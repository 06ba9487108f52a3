"""A shock: what happens, when and for how long, to which share of households, and how much they lose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

import pandas as pd

from aspfin.data import Quantity
from aspfin.programmes.ranges import range_problems
from aspfin.results import InputError, Problem

__all__ = ["FAMILIES", "LIVING_STANDARDS", "NATIONAL", "NEAR_POOR_UP_TO", "NOTHING_SPENT", "Shock"]

Family = Literal["natural", "economic", "health"]
FAMILIES: tuple[str, ...] = get_args(Family)
NATIONAL = "national"

# Who loses what: below the line, up to 1.5 times the line, above.
LIVING_STANDARDS = ("poor", "near_poor", "other")
NEAR_POOR_UP_TO = 1.5

NOTHING_SPENT = Quantity("out-of-pocket spending", 0.0, unit="money per household and month")


@dataclass(frozen=True)
class Shock:
    """One shock: who is hit where, for how long, and how much of their consumption they lose.

    Attributes
    ----------
    name : str
    family : "natural", "economic" or "health"
    hazard : str
        flood, drought, price, income, epidemic …: the programmes that respond to it are chosen by this word.
    start : date
    duration_months : Quantity
        How long the loss lasts; poverty is measured over these months.
    affected : mapping of str to Quantity
        By P-code, or {"national": …}: the share of households affected (unit "share") or their number (unit
        "households").
    loss : mapping of str to Quantity
        Share of consumption lost, by living standard before the shock: "poor" (below the line), "near_poor"
        (up to 1.5 times the line), "other".
    out_of_pocket : Quantity
        Extra spending that is no consumption (treatment, transport), money per household and month.
    event : str
        Id of the recorded event, if any.
    notes : tuple of str

    Raises
    ------
    InputError
        One line per field that cannot be.

    Examples
    --------
    >>> from aspfin.programmes.shock_families import natural
    >>> flood = natural("Flood", "flood", "2022-09-01", affected=0.1, loss=0.2)
    >>> flood.family, flood.loss["poor"].value
    ('natural', 0.2)
    """

    name: str
    family: str
    hazard: str
    start: dt.date
    duration_months: Quantity
    affected: Mapping[str, Quantity] = field(hash=False)
    loss: Mapping[str, Quantity] = field(hash=False)
    out_of_pocket: Quantity = NOTHING_SPENT
    event: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problems = []
        place = f"shock {self.name}"
        if self.family not in FAMILIES:
            problems.append(Problem(place, "family", self.family, " | ".join(FAMILIES)))
        if not self.affected:
            problems.append(
                Problem(place, "affected", dict(self.affected), "at least one province, or national")
            )
        if set(self.loss) != set(LIVING_STANDARDS):
            problems.append(Problem(place, "loss", sorted(self.loss), " | ".join(LIVING_STANDARDS)))
        problems += range_problems(place, "duration_months", self.duration_months, (0.25, 120))
        problems += range_problems(place, "out_of_pocket", self.out_of_pocket, (0, float("inf")))
        for group, share in self.loss.items():
            problems += range_problems(place, f"loss of the {group}", share, (0, 0.99))
        units = {getattr(share, "unit", None) for share in self.affected.values()}
        if not problems and units not in ({"share"}, {"households"}):
            allowed = "share | households, the same everywhere"
            problems.append(Problem(place, "unit of affected", sorted(map(str, units)), allowed))
        if NATIONAL in self.affected and len(self.affected) > 1:
            allowed = "national alone, or provinces alone"
            problems.append(Problem(place, "affected", sorted(self.affected), allowed))
        most = 1 if units == {"share"} else float("inf")
        for province, share in self.affected.items():
            problems += range_problems(place, f"affected in {province}", share, (0, most))
        if problems:
            raise InputError(problems)
        object.__setattr__(self, "affected", MappingProxyType(dict(self.affected)))
        object.__setattr__(
            self, "loss", MappingProxyType({name: self.loss[name] for name in LIVING_STANDARDS})
        )

    def __reduce__(self) -> tuple:  # mapping proxies cannot be pickled
        fields = (self.name, self.family, self.hazard, self.start, self.duration_months, dict(self.affected))
        return Shock, (*fields, dict(self.loss), self.out_of_pocket, self.event, self.notes)

    @property
    def counted(self) -> bool:
        """Whether the affected are given as numbers of households rather than shares."""
        return next(iter(self.affected.values())).unit == "households"

    @property
    def inputs(self) -> tuple[Quantity, ...]:
        """Every quantity the shock rests on."""
        return (*self.affected.values(), *self.loss.values(), self.duration_months, self.out_of_pocket)

    def to_frame(self) -> pd.DataFrame:
        """Return the inputs: name, low, value, high, unit, source, status, note."""
        columns = ["name", "low", "value", "high", "unit", "source", "status", "note"]
        rows = [{column: getattr(one, column) for column in columns} for one in self.inputs]
        return pd.DataFrame(rows, columns=columns)

    def sentence(self) -> str:
        """Return the shock in words."""
        months = self.duration_months.number
        first = next(iter(self.affected.values()))
        if NATIONAL in self.affected:
            where = f"{first.number:,.0f} households" if self.counted else f"{first.number:.0%} of households"
        else:
            hit = [one.number for one in self.affected.values() if one.number > 0]
            some = "province" if len(hit) == 1 else "provinces"
            where = f"{sum(hit):,.0f} households" if self.counted else "part of the households"
            where += f" in {len(hit)} {some}"
        poor, near, other = (f"{self.loss[group].number:.0%}" for group in LIVING_STANDARDS)
        lost = f"the poor lose {poor} of their consumption, the near-poor {near}, others {other}"
        if poor == near == other:
            lost = f"they lose {poor} of their consumption"
        return f"{self.name}: {where} affected from {self.start.isoformat()} for {months:g} months; {lost}."
