"""What a plan achieves: sums over households by province, and the measures made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from aspfin.programmes.microsimulation import Scene
from aspfin.programmes.response_plan import Plan, States, Stream, pay_states, share_paid_by_any

__all__ = ["MEASURES", "days_of", "measures_of", "sums_of"]

# Measure: (words, unit, the direction that is better: 1 more, -1 less, 0 neither).
MEASURES: dict[str, tuple[str, str, int]] = {
    "households_affected": ("Households affected", "households", 0),
    "households_in_need": ("Households in need: affected, and poor before or pushed below", "households", 0),
    "households_paid": ("Households paid", "households", 0),
    "people_paid": ("People in paid households", "persons", 0),
    "coverage_affected": ("Affected households paid", "share of affected households", 1),
    "coverage_in_need": ("Households in need paid", "share of households in need", 1),
    "exclusion_error": ("Households in need not paid", "share of households in need", -1),
    "inclusion_error": ("Paid households not in need", "share of paid households", -1),
    "paid_not_affected": ("Paid households not affected", "share of paid households", -1),
    "adequacy_line": ("Money received by paid affected households", "share of the poverty line", 1),
    "adequacy_loss": ("Money received by paid affected households", "share of their loss", 1),
    "headcount_before": ("Poverty before the shock", "share of people", 0),
    "headcount_shock": ("Poverty after the shock", "share of people", 0),
    "headcount_response": ("Poverty after the response", "share of people", -1),
    "poor_added": ("People pushed below the line by the shock", "persons", 0),
    "poor_averted": ("People kept out of poverty or lifted above the line", "persons", 1),
    "gap_before": ("Poverty gap before the shock", "share of the line", 0),
    "gap_shock": ("Poverty gap after the shock", "share of the line", 0),
    "gap_response": ("Poverty gap after the response", "share of the line", -1),
    "gap_averted": ("Rise of the poverty gap averted", "share of the rise", 1),
    "first_days": ("Days to the first payment", "days", -1),
    "last_days": ("Days until 95 % are paid", "days", -1),
    "on_time": ("Households in need paid by the deadline", "share of households in need", 1),
    "transfer": ("Money sent to households", "money", 0),
    "brought_forward": ("Part of it only paid earlier than due", "money", 0),
    "administration": ("Administration and investment", "money", -1),
    "cost": ("Cost: money sent, less what was due anyway, and administration", "money", -1),
    "cost_per_household": ("Cost per paid household", "money per household", -1),
    "cost_per_in_need": ("Cost per household in need that is paid", "money per household", -1),
    "cost_per_gap": ("Cost per unit of the rise of the poverty gap undone", "money per money", -1),
    "need_money": ("Money that undoes the rise of the poverty gap", "money", 0),
    "unmet_money": ("Part of it that the response leaves", "money", -1),
    "unmet_households": ("Households in need not paid", "households", -1),
    "households_on_time": ("Households in need paid by the deadline", "households", 1),
    "households_late": ("Households in need paid later", "households", -1),
    "households_never": ("Households in need never paid", "households", -1),
    "households_not_in_need": ("Households not in need", "households", 0),
}


def sums_of(scene: Scene, plan: Plan, *, deadline: float) -> dict[str, np.ndarray]:
    """Return sums by province, shape (…, provinces): households, people, money over the whole shock."""
    households, totals = scene.households, scene.households.totals
    yes = pay_states(plan.streams, tuple(one.affected for one in plan.streams))
    no = pay_states(plan.streams, tuple(one.others for one in plan.streams))
    by_deadline = sum(
        chance * share_paid_by_any(deadline, [plan.streams[k] for k in by])
        for chance, _, by in yes.states
        if by
    )
    hit_poor, hit_gap, left = _after_response(
        scene, yes, scene.after, scene.poor_after, scene.gap_after, before=scene.gap_before
    )
    spared_poor, spared_gap, _ = _after_response(
        scene, no, households.consumption, scene.poor_before, scene.gap_before
    )
    chance = yes.paid
    paid_if_hit = scene.hit_weight * chance
    paid = paid_if_hit + scene.spared_weight * no.paid
    # Persons times days: what turns money per person and day into money over the shock.
    hit_days, spared_days = (
        weight * (households.members * scene.days) for weight in (scene.hit_weight, scene.spared_weight)
    )
    paid_days = hit_days * chance
    sums = {
        "paid": totals(paid),
        "people_paid": totals(paid * households.members),
        "paid_affected": totals(paid_if_hit),
        "paid_in_need": totals(scene.need_weight * chance),
        "in_need_by_deadline": totals(scene.need_weight * by_deadline),
        "received": totals(scene.hit_weight * sum(chance * money for chance, money, _ in yes.states)),
        "line_of_paid": totals(paid_days) * households.line,
        "loss_of_paid": totals(paid_days * scene.loss),
        "poor_response": totals(hit_days * hit_poor + spared_days * spared_poor) / scene.days,
        "gap_response": totals(hit_days * hit_gap + spared_days * spared_gap),
        "unmet_money": totals(hit_days * left),
    }
    return {**_before_response(scene), **sums, **_costs(scene, plan, yes, no)}


def _before_response(scene: Scene) -> dict[str, np.ndarray]:
    """Return the sums that no option changes; computed once for a shock."""
    if not scene.kept:
        households, hit = scene.households, scene.hit
        persons, money = households.members, households.members * scene.days
        amounts = {
            "households": np.ones_like(households.weight),
            "people": persons,
            "affected": hit,
            "in_need": hit * scene.poor_after,
            "poor_before": scene.poor_before * persons,
            "poor_shock": (scene.poor_before + hit * (scene.poor_after - scene.poor_before)) * persons,
            "gap_before": scene.gap_before * money,
            "gap_shock": (scene.gap_before + hit * (scene.gap_after - scene.gap_before)) * money,
            "need_money": hit * (scene.gap_after - scene.gap_before) * money,
            "line_money": households.line * money,
        }
        scene.kept.update({name: scene.by_province(value) for name, value in amounts.items()})
    return dict(scene.kept)


def _after_response(
    scene: Scene,
    states: States,
    consumption: np.ndarray,
    poor: np.ndarray,
    gap: np.ndarray,
    *,
    before: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | float]:
    """Return the share below the line, the gap, and what is left of its rise over `before`, where given."""
    headcount, shortfall, left = 0.0, 0.0, 0.0
    for chance, received, by in states.states:
        if not by:
            below, open_gap = poor, gap
        else:
            below, open_gap = scene.below_and_gap(consumption + scene.per_day(received))
        headcount = headcount + chance * below
        shortfall = shortfall + chance * open_gap
        if before is not None:
            left = left + chance * np.maximum(open_gap - before, 0.0)
    return headcount, shortfall, left


def _costs(scene: Scene, plan: Plan, yes: States, no: States) -> dict[str, np.ndarray]:
    """Return the money of a plan by province."""
    transfer, forward, administration = 0.0, 0.0, 0.0
    hit, spared, totals = scene.hit_weight, scene.spared_weight, scene.households.totals
    for k, one in enumerate(plan.streams):
        sent = totals(hit * yes.sent[k] + spared * no.sent[k])
        transfer = transfer + sent
        forward = forward + sent * one.brought_forward
        administration = administration + sent * one.administration_share
        if np.any(one.administration_per_new):
            enrolled = totals(hit * yes.enrolled[k] + spared * no.enrolled[k])
            administration = administration + enrolled * one.administration_per_new
    # What is not tied to households is shared out like the households of the provinces.
    everybody = totals(scene.households.weight)
    administration = administration + plan.fixed * everybody / everybody.sum()
    return {"transfer": transfer, "brought_forward": forward, "administration": administration}


def measures_of(sums: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the measures of sums (any shape); missing (NaN) where a denominator is 0. Days are `days_of`."""
    s = sums
    rise = s["gap_shock"] - s["gap_before"]
    cost = s["transfer"] - s["brought_forward"] + s["administration"]
    never = s["in_need"] - s["paid_in_need"]
    return {
        "households_affected": s["affected"],
        "households_in_need": s["in_need"],
        "households_paid": s["paid"],
        "people_paid": s["people_paid"],
        "coverage_affected": _share(s["paid_affected"], s["affected"]),
        "coverage_in_need": _share(s["paid_in_need"], s["in_need"]),
        "exclusion_error": _share(never, s["in_need"]),
        "inclusion_error": _share(s["paid"] - s["paid_in_need"], s["paid"]),
        "paid_not_affected": _share(s["paid"] - s["paid_affected"], s["paid"]),
        "adequacy_line": _share(s["received"], s["line_of_paid"]),
        "adequacy_loss": _share(s["received"], s["loss_of_paid"]),
        "headcount_before": _share(s["poor_before"], s["people"]),
        "headcount_shock": _share(s["poor_shock"], s["people"]),
        "headcount_response": _share(s["poor_response"], s["people"]),
        "poor_added": s["poor_shock"] - s["poor_before"],
        "poor_averted": s["poor_shock"] - s["poor_response"],
        "gap_before": _share(s["gap_before"], s["line_money"]),
        "gap_shock": _share(s["gap_shock"], s["line_money"]),
        "gap_response": _share(s["gap_response"], s["line_money"]),
        "gap_averted": _share(s["need_money"] - s["unmet_money"], rise),
        "on_time": _share(s["in_need_by_deadline"], s["in_need"]),
        "transfer": s["transfer"],
        "brought_forward": s["brought_forward"],
        "administration": s["administration"],
        "cost": cost,
        "cost_per_household": _share(cost, s["paid"]),
        "cost_per_in_need": _share(cost, s["paid_in_need"]),
        "cost_per_gap": _share(cost, s["need_money"] - s["unmet_money"]),
        "need_money": s["need_money"],
        "unmet_money": s["unmet_money"],
        "unmet_households": never,
        "households_on_time": s["in_need_by_deadline"],
        "households_late": s["paid_in_need"] - s["in_need_by_deadline"],
        "households_never": never,
        "households_not_in_need": s["households"] - s["in_need"],
    }


def days_of(plan: Plan, scene: Scene) -> dict[str, np.ndarray]:
    """Return days to the first payment and until 95 % of the paid affected households are paid.

    Payments of a stream run evenly; a household that several streams pay is paid when the first of them does.
    Missing where nobody is paid.
    """
    paid: dict[tuple[int, ...], Any] = {}
    if len(plan.streams) == 1:
        paid[0,] = plan.streams[0].affected
    else:
        for chance, _, by in pay_states(plan.streams, tuple(one.affected for one in plan.streams)).states:
            if by:
                paid[by] = paid.get(by, 0.0) + chance
    weights, first, last = _alike(
        [np.sum(scene.hit_weight * mine, axis=-1) for mine in paid.values()],
        [one.first_days for one in plan.streams],
        [one.last_days for one in plan.streams],
    )
    total = sum(weights)
    nobody = total <= 0
    some = np.where(nobody, 1.0, total)
    used = [
        np.max(
            [
                np.where(weight > 1e-9 * some, k in by, False)
                for by, weight in zip(paid, weights, strict=True)
            ],
            0,
        )
        for k, _ in enumerate(first)
    ]
    start = np.min([np.where(mine, day, np.inf) for mine, day in zip(used, first, strict=True)], axis=0)
    end = last[0] if len(plan.streams) == 1 else _day_reached(0.95 * some, paid, weights, first, last)
    return {"first_days": np.where(nobody, np.nan, start), "last_days": np.where(nobody, np.nan, end)}


def _day_reached(
    wanted: np.ndarray,
    paid: Iterable[tuple[int, ...]],
    weights: Sequence[np.ndarray],
    first: Sequence[np.ndarray],
    last: Sequence[np.ndarray],
) -> np.ndarray:
    """Return the day by which so many households have been paid, by halving."""
    streams = [Stream(1.0, 0.0, 0.0, a, b) for a, b in zip(first, last, strict=True)]
    sets = [[streams[k] for k in by] for by in paid]
    low = np.min(first, axis=0)
    high = np.max([a + (b - a) / 0.95 for a, b in zip(first, last, strict=True)], axis=0)
    for _ in range(50):
        middle = (low + high) / 2
        reached = sum(w * share_paid_by_any(middle, one) for w, one in zip(weights, sets, strict=True))
        enough = reached >= wanted * (1 - 1e-12)
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def _alike(*lists: Sequence[Any]) -> list[list[np.ndarray]]:
    """Return numbers, and draws of shape (draws,) or (draws, 1), all as (draws,); () where none is drawn."""
    flat = [np.squeeze(np.asarray(one, dtype=float)) for values in lists for one in values]
    same = iter(np.broadcast_arrays(*flat))
    return [[next(same) for _ in values] for values in lists]


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    whole = np.asarray(whole, dtype=float)
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)
