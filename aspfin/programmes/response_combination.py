"""Several response options together."""

from __future__ import annotations

from dataclasses import dataclass

from aspfin.data import Quantity
from aspfin.programmes.microsimulation import Reader, Scene
from aspfin.programmes.response_plan import Option, Plan
from aspfin.results import InputError, Problem

__all__ = ["Combination"]


@dataclass(frozen=True)
class Combination:
    """Several options together, paying in order: nobody is paid twice, except by an option that duplicates.

    Attributes
    ----------
    options : tuple of options
    name : str
        Name shown; by default the names joined.
    """

    options: tuple[Option, ...]
    name: str = ""

    def __post_init__(self) -> None:
        if len(self.options) < 1:
            raise InputError(Problem("combination", "options", 0, "at least one option"))
        object.__setattr__(self, "options", tuple(self.options))
        if any(hasattr(one, "base") for one in self.options):
            allowed = "RoutineStrengthening(base=Combination(...)): it changes the systems of the others"
            raise InputError(Problem("combination", "options", "RoutineStrengthening", allowed))

    @property
    def label(self) -> str:
        """Return the name shown."""
        return self.name or " + ".join(one.label for one in self.options)

    @property
    def inputs(self) -> tuple[Quantity, ...]:
        """Return every uncertain input of the parts."""
        return tuple({q.name: q for one in self.options for q in one.inputs}.values())

    def plan(self, scene: Scene, read: Reader) -> Plan:
        """Return the streams of all parts, in order."""
        plans = [one.plan(scene, read) for one in self.options]
        streams = tuple(stream for plan in plans for stream in plan.streams)
        return Plan(streams, sum(plan.fixed for plan in plans))
