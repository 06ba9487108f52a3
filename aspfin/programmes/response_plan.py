"""What an option does: streams of payments, each with whom it reaches, how much, how fast, at what cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from aspfin.data import Quantity
from aspfin.programmes.microsimulation import Reader, Scene

__all__ = ["Option", "Plan", "States", "Stream", "pay_states", "share_paid_by", "share_paid_by_any"]

Number = Any  # a number, an array (n,), or with draws (draws, 1) or (draws, n)


class Option(Protocol):
    """What a response option is: a name, its uncertain inputs, and the plan it makes for a shock.

    A further option is one frozen dataclass with these three, named in `response_options.OPTIONS`.
    """

    @property
    def label(self) -> str:
        """Return the name shown."""
        ...

    @property
    def inputs(self) -> tuple[Quantity, ...]:
        """Return every uncertain input."""
        ...

    def plan(self, scene: Scene, read: Reader) -> Plan:
        """Return who is paid what; every input is read through `read`, which gives its value or its draws."""
        ...


@dataclass(frozen=True, eq=False)
class Stream:
    """One stream of payments. Chances are per household of a row, 0 to 1.

    Attributes
    ----------
    affected, others : array
        Chance of being paid if affected, and if not.
    amount : array
        Money sent to a household that is paid once, over the whole response.
    first_days, last_days : float or array
        Days from the start of the shock to the first payment, and until 95 % are paid; even in between.
    new : array
        Share of the paid who had to be enrolled.
    delivered : float or array
        Share of the money sent that arrives.
    again : float or array
        Chance that a paid household is paid a second time by the same stream.
    duplicates : bool
        Whether it pays households that an earlier stream has paid: it does not know them.
    brought_forward : float or array
        Share of the money that is only paid earlier than due.
    administration_share, administration_per_new : float or array
        Administration per unit of money sent, and money per household enrolled.
    """

    affected: Number
    others: Number
    amount: Number
    first_days: Number
    last_days: Number
    new: Number = 0.0
    delivered: Number = 1.0
    again: Number = 0.0
    duplicates: bool = False
    brought_forward: Number = 0.0
    administration_share: Number = 0.0
    administration_per_new: Number = 0.0


@dataclass(frozen=True, eq=False)
class Plan:
    """Streams in the order in which they pay, and what the response costs beside them.

    Attributes
    ----------
    streams : tuple of Stream
    fixed : float or array
        Money that does not depend on how many are paid (investment, set-up).
    """

    streams: tuple[Stream, ...]
    fixed: Number = 0.0

    def scaled(self, *, days: Number, unit_cost: Number) -> Plan:
        """Return the plan with days and administration times a factor."""
        return replace(
            self,
            streams=tuple(
                replace(
                    one,
                    first_days=one.first_days * days,
                    last_days=one.last_days * days,
                    administration_share=one.administration_share * unit_cost,
                    administration_per_new=one.administration_per_new * unit_cost,
                )
                for one in self.streams
            ),
        )


@dataclass(frozen=True, eq=False)
class States:
    """What can happen to a household: not paid, paid by this or that stream, paid twice.

    Attributes
    ----------
    states : tuple of (chance, money received, streams that paid)
        Chances add up to 1; streams are by their place, none for those not paid.
    sent : tuple of array
        Money sent by each stream, per household of the row.
    enrolled : tuple of array
        Households enrolled by each stream, per household of the row.
    """

    states: tuple[tuple[Number, Number, tuple[int, ...]], ...]
    sent: tuple[Number, ...]
    enrolled: tuple[Number, ...]

    @property
    def paid(self) -> Number:
        """Chance of being paid at all."""
        return 1 - sum(chance for chance, _, by in self.states if not by)


def pay_states(streams: tuple[Stream, ...], chances: tuple[Number, ...]) -> States:
    """Return what can happen to a household when streams pay in order, each with its chance.

    A household paid by an earlier stream is passed over, unless the stream `duplicates`.
    """
    states: list[tuple[Number, Number, tuple[int, ...]]] = [(1.0, 0.0, ())]
    sent, enrolled = [], []
    for k, (one, chance) in enumerate(zip(streams, chances, strict=True)):
        following: list[tuple[Number, Number, tuple[int, ...]]] = []
        money, new = 0.0, 0.0
        arrives = one.amount * one.delivered
        twice = bool(np.any(one.again))
        for probability, received, by in states:
            if by and not one.duplicates:
                following.append((probability, received, by))
                continue
            paid = probability * chance
            following.append((probability - paid, received, by))
            following.append((paid * (1 - one.again), received + arrives, (*by, k)))
            if twice:
                following.append((paid * one.again, received + 2 * arrives, (*by, k)))
            money = money + paid * (1 + one.again) * one.amount
            new = new + paid * one.new
        states = following
        sent.append(money)
        enrolled.append(new)
    return States(tuple(states), tuple(sent), tuple(enrolled))


def share_paid_by(days: Number, stream: Stream) -> Number:
    """Return the share of a stream's households paid within so many days of the start of the shock.

    Payments run evenly from the first day so that 95 % are paid on `last_days`.

    Examples
    --------
    >>> stream = Stream(1.0, 0.0, 100.0, first_days=30, last_days=30 + 95)
    >>> [float(share_paid_by(day, stream)) for day in (29, 80, 125, 200)]
    [0.0, 0.5, 0.95, 1.0]
    """
    length = np.maximum(np.asarray(stream.last_days - stream.first_days, dtype=float) / 0.95, 1e-9)
    return np.clip((days - stream.first_days) / length, 0.0, 1.0)


def share_paid_by_any(days: Number, streams: Sequence[Stream]) -> Number:
    """Return the share paid within so many days by at least one of the streams that all pay them.

    How early a household's turn comes in one stream says nothing about another.
    """
    late = 1.0
    for one in streams:
        late = late * (1 - share_paid_by(days, one))
    return 1 - late
