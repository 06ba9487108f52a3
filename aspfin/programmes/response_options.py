"""The six ways to respond to a shock through social protection, and combinations of them.

`OPTIONS` lists them. A seventh is one more frozen dataclass with `label`, `inputs` and `plan` (see
`response_plan.Option`), added to `OPTIONS`: its plan says with which chance a household is paid if affected
and if not, how much, when, and at what cost; everything else (coverage, poverty, errors, ranges) follows.
Shares, days and unit costs left at their defaults are working assumptions with wide ranges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aspfin.data import Quantity
from aspfin.programmes.benefits import Benefit
from aspfin.programmes.microsimulation import Reader, Scene
from aspfin.programmes.registry_age import exclusion
from aspfin.programmes.response_base import BaseOption, amount_of, others_of, own_inputs
from aspfin.programmes.response_combination import Combination
from aspfin.programmes.response_plan import Option, Plan, Stream
from aspfin.programmes.response_ranges import RANGES
from aspfin.results import InputError, Problem

__all__ = [
    "OPTIONS",
    "Combination",
    "DesignTweak",
    "DisasterManagementProgramme",
    "EmergencyProgramme",
    "HorizontalExpansion",
    "RoutineStrengthening",
    "VerticalExpansion",
]

ADMINISTRATION = RANGES["response: administration per unit of transfer"]
NOTHING_PER_NEW = Quantity("response: administration per new household", 0.0, unit="money per household")


@dataclass(frozen=True)
class DesignTweak(BaseOption):
    """Change the rules of a running programme: pay all its households in hit areas ahead, without conditions.

    Nobody checks who was affected, so it is fast and reaches the not affected of those areas too. Most of the
    money is only paid earlier than due.

    Attributes
    ----------
    benefit : Benefit
        The routine benefit and how many periods of it are paid ahead.
    capacity : Quantity
        Share of the right part of the roster that is paid.
    brought_forward : Quantity
        Share of the money that is deducted from later payments.
    least_hit : float
        A province counts as hit where at least this share of households is affected.
    first_days, last_days : Quantity
        Days to the first payment and until 95 % are paid.
    administration, administration_per_new : Quantity
    """

    benefit: Benefit
    capacity: Quantity = RANGES["design tweak: capacity"]
    brought_forward: Quantity = RANGES["design tweak: share only brought forward"]
    least_hit: float = 0.01
    first_days: Quantity = RANGES["design tweak: days to the first payment"]
    last_days: Quantity = RANGES["design tweak: days until 95 % are paid"]
    administration: Quantity = RANGES["design tweak: administration per unit of transfer"]

    @property
    def label(self) -> str:
        """Return the name shown."""
        return "Design tweak"

    def plan(self, scene: Scene, read: Reader) -> Plan:
        """Return the roster of hit provinces, paid ahead."""
        paid = scene.roster * (1 - scene.wrong) * read(self.capacity)
        paid = paid * (scene.hit >= self.least_hit)
        return Plan(
            (
                Stream(
                    paid, paid, amount_of(scene, self.benefit, read),
                    read(self.first_days), np.maximum(read(self.last_days), read(self.first_days)),
                    brought_forward=read(self.brought_forward),
                    administration_share=read(self.administration),
                ),
            )
        )  # fmt: skip


@dataclass(frozen=True)
class VerticalExpansion(BaseOption):
    """Pay affected households of the roster more for a while.

    Attributes
    ----------
    benefit : Benefit
        The top-up.
    capacity : Quantity
        Share of the affected, rightly registered households that the top-up reaches.
    inclusion_error : Quantity
        Share of the households paid that were not affected.
    first_days, last_days, administration : Quantity
    """

    benefit: Benefit
    capacity: Quantity = RANGES["vertical expansion: capacity"]
    inclusion_error: Quantity = RANGES["vertical expansion: paid without being affected"]
    first_days: Quantity = RANGES["vertical expansion: days to the first payment"]
    last_days: Quantity = RANGES["vertical expansion: days until 95 % are paid"]
    administration: Quantity = ADMINISTRATION

    @property
    def label(self) -> str:
        """Return the name shown."""
        return "Vertical expansion"

    def plan(self, scene: Scene, read: Reader) -> Plan:
        """Return the top-up of the affected on the roster."""
        right = scene.roster * (1 - scene.wrong)
        paid = right * read(self.capacity)
        return Plan(
            (
                Stream(
                    paid, others_of(scene, paid, right, read(self.inclusion_error)),
                    amount_of(scene, self.benefit, read),
                    read(self.first_days), np.maximum(read(self.last_days), read(self.first_days)),
                    administration_share=read(self.administration),
                ),
            )
        )  # fmt: skip


@dataclass(frozen=True)
class HorizontalExpansion(BaseOption):
    """Pay affected households that are not on the roster, for a while.

    Attributes
    ----------
    benefit : Benefit
    who : str
        Whom it is meant for, if affected: "everybody" (off the roster), "at_risk", or "programme:<id>".
    capacity : Quantity
        Share of those found that can be enrolled and paid.
    exclusion_error : Quantity
        Share of those it is meant for that enrolment misses.
    list_age_months : Quantity
        Age of the list they are taken from; an older list misses more.
    inclusion_error : Quantity
        Share of the households paid that were not affected.
    first_days, last_days, administration, administration_per_new : Quantity
    """

    benefit: Benefit
    who: str = "everybody"
    capacity: Quantity = RANGES["horizontal expansion: capacity"]
    exclusion_error: Quantity = RANGES["horizontal expansion: missed by enrolment"]
    list_age_months: Quantity = RANGES["horizontal expansion: age of the list"]
    inclusion_error: Quantity = RANGES["horizontal expansion: paid without being affected"]
    first_days: Quantity = RANGES["horizontal expansion: days to the first payment"]
    last_days: Quantity = RANGES["horizontal expansion: days until 95 % are paid"]
    administration: Quantity = ADMINISTRATION
    administration_per_new: Quantity = NOTHING_PER_NEW

    @property
    def label(self) -> str:
        """Return the name shown."""
        return "Horizontal expansion"

    def plan(self, scene: Scene, read: Reader) -> Plan:
        """Return the temporary benefit of the affected off the roster."""
        pool = scene.households.pool(self.who) * (1 - scene.roster)
        stale = exclusion(
            read(self.list_age_months), base=0.0, yearly_growth=read(scene.registry.yearly_growth)
        )
        paid = pool * read(self.capacity) * (1 - read(self.exclusion_error)) * (1 - stale)
        return Plan(
            (
                Stream(
                    paid, others_of(scene, paid, pool, read(self.inclusion_error)),
                    amount_of(scene, self.benefit, read),
                    read(self.first_days), np.maximum(read(self.last_days), read(self.first_days)), new=1.0,
                    administration_share=read(self.administration),
                    administration_per_new=read(self.administration_per_new),
                ),
            )
        )  # fmt: skip


@dataclass(frozen=True)
class EmergencyProgramme(BaseOption):
    """A new programme for all affected households, on the existing register, payment and complaint systems.

    Households of the roster are found in it; the others are enrolled on demand.

    Attributes
    ----------
    benefit : Benefit
    capacity : Quantity
        Share of those found that are paid.
    exclusion_error : Quantity
        Share of the affected off the roster that enrolment on demand misses.
    inclusion_error, first_days, last_days, administration, administration_per_new : Quantity
    """

    benefit: Benefit
    capacity: Quantity = RANGES["emergency programme: capacity"]
    exclusion_error: Quantity = RANGES["emergency programme: missed by enrolment"]
    inclusion_error: Quantity = RANGES["emergency programme: paid without being affected"]
    first_days: Quantity = RANGES["emergency programme: days to the first payment"]
    last_days: Quantity = RANGES["emergency programme: days until 95 % are paid"]
    administration: Quantity = RANGES["emergency programme: administration per unit of transfer"]
    administration_per_new: Quantity = NOTHING_PER_NEW

    @property
    def label(self) -> str:
        """Return the name shown."""
        return "New emergency programme"

    def plan(self, scene: Scene, read: Reader) -> Plan:
        """Return the new benefit of all the affected."""
        known = scene.roster * (1 - scene.wrong)
        enrolled = (1 - known) * (1 - read(self.exclusion_error))
        found = known + enrolled
        paid = found * read(self.capacity)
        return Plan(
            (
                Stream(
                    paid, others_of(scene, paid, np.ones_like(found), read(self.inclusion_error)),
                    amount_of(scene, self.benefit, read),
                    read(self.first_days), np.maximum(read(self.last_days), read(self.first_days)),
                    new=enrolled / np.where(found > 0, found, 1.0),
                    administration_share=read(self.administration),
                    administration_per_new=read(self.administration_per_new),
                ),
            )
        )  # fmt: skip


@dataclass(frozen=True)
class DisasterManagementProgramme(BaseOption):
    """An emergency programme of disaster-management actors with lists of their own.

    It does not see the social registry: some households are on two lists, it pays households that another
    option has paid (unless `knows_others`), and part of what is sent does not arrive.

    Attributes
    ----------
    benefit : Benefit
    capacity : Quantity
        Share of all affected households that get on a list and are paid, whether on the roster or not.
    duplication : Quantity
        Share of the paid households paid a second time through another list.
    leakage : Quantity
        Share of the money or goods that does not arrive.
    inclusion_error : Quantity
        Share of the households paid that were not affected.
    knows_others : bool
        Whether it is told whom other options of a combination have paid.
    first_days, last_days, administration, administration_per_new : Quantity
    """

    benefit: Benefit
    capacity: Quantity = RANGES["disaster management: affected households reached"]
    duplication: Quantity = RANGES["disaster management: paid twice"]
    leakage: Quantity = RANGES["disaster management: does not arrive"]
    inclusion_error: Quantity = RANGES["disaster management: paid without being affected"]
    knows_others: bool = False
    first_days: Quantity = RANGES["disaster management: days to the first payment"]
    last_days: Quantity = RANGES["disaster management: days until 95 % are paid"]
    administration: Quantity = RANGES["disaster management: administration per unit of transfer"]
    administration_per_new: Quantity = NOTHING_PER_NEW

    @property
    def label(self) -> str:
        """Return the name shown."""
        return "Disaster-management programme"

    def plan(self, scene: Scene, read: Reader) -> Plan:
        """Return the relief of those who get on a list."""
        everybody = np.ones(scene.households.weight.shape)
        paid = everybody * read(self.capacity)
        return Plan(
            (
                Stream(
                    paid, others_of(scene, paid, everybody, read(self.inclusion_error)),
                    amount_of(scene, self.benefit, read),
                    read(self.first_days), np.maximum(read(self.last_days), read(self.first_days)), new=1.0,
                    delivered=1 - read(self.leakage), again=read(self.duplication),
                    duplicates=not self.knows_others, administration_share=read(self.administration),
                    administration_per_new=read(self.administration_per_new),
                ),
            )
        )  # fmt: skip


@dataclass(frozen=True)
class RoutineStrengthening(BaseOption):
    """Invest in the routine systems beforehand, so that the same response works better when the shock comes.

    Attributes
    ----------
    base : option
        The response that uses the systems.
    years : float
        Years of investment until the shock.
    investment_per_roster_household : Quantity
        Money per household on the roster and year, in the country's currency.
    shocks : Quantity
        Shocks over the life of the investment, among which it is shared.
    added_coverage : Quantity
        Share of the poor off the roster who are brought on it.
    registry_age_months : Quantity
        Age that no registration exceeds any more.
    days_factor, unit_cost_factor : Quantity
        What becomes of delivery days and of administration.
    """

    base: Option
    investment_per_roster_household: Quantity
    years: float = 5.0
    shocks: Quantity = RANGES["routine strengthening: shocks that share the investment"]
    added_coverage: Quantity = RANGES["routine strengthening: poor off the roster brought on it"]
    registry_age_months: Quantity = RANGES["routine strengthening: oldest registration"]
    days_factor: Quantity = RANGES["routine strengthening: days, times"]
    unit_cost_factor: Quantity = RANGES["routine strengthening: administration, times"]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.years <= 50:
            raise InputError(Problem("option Routine strengthening", "years", self.years, "above 0 to 50"))

    @property
    def label(self) -> str:
        """Return the name shown."""
        return "Routine strengthening"

    @property
    def inputs(self) -> tuple[Quantity, ...]:
        """Return every uncertain input, those of the base included."""
        return tuple({q.name: q for q in (*own_inputs(self), *self.base.inputs)}.values())

    def plan(self, scene: Scene, read: Reader) -> Plan:
        """Return the base response on better systems, with the shock's share of the investment."""
        better = scene.strengthened(
            added=read(self.added_coverage), months=read(self.registry_age_months), read=read
        )
        days, unit_cost = read(self.days_factor), read(self.unit_cost_factor)
        plan = self.base.plan(better, read).scaled(days=days, unit_cost=unit_cost)
        roster = float(scene.households.weight @ scene.households.roster)
        invested = read(self.investment_per_roster_household) * self.years * roster / read(self.shocks)
        return Plan(plan.streams, plan.fixed + invested)


OPTIONS = (
    DesignTweak,
    VerticalExpansion,
    HorizontalExpansion,
    EmergencyProgramme,
    DisasterManagementProgramme,
    RoutineStrengthening,
)
