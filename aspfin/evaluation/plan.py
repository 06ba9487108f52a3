"""How far results keep to a pre-analysis plan: planned, changed or unplanned.

`read_plan` reads the plan; the module `plan_file` shows its form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from aspfin.evaluation.plan_file import Plan, PlannedOutcome, read_plan
from aspfin.evaluation.specification import SpecificationCurve, arguments, check_keys, word
from aspfin.results import Check, ImpactEstimate, ResultMixin

__all__ = ["Plan", "PlanComparison", "PlannedOutcome", "compare", "read_plan"]

SETS = ("controls", "fixed_effects", "predictors")  # arguments in which order means nothing


@dataclass(frozen=True, eq=False, repr=False)
class PlanComparison(ResultMixin):
    """Results beside the plan.

    Attributes
    ----------
    frame : DataFrame
        One row per result, in the order given: outcome, label, family, name, status ("planned", "changed" or
        "unplanned"), changes, estimate, std_error, ci_low, ci_high, p_value, adjusted_p_value (within the
        family, for planned and changed results), adjustment, n_obs.
    missing : tuple of str
        Planned results that are not among them.
    """

    frame: pd.DataFrame
    missing: tuple[str, ...]

    def check(self) -> Check:
        """Return whether every planned result is reported, and as planned."""
        counts = self.frame.status.value_counts()
        changed, unplanned = int(counts.get("changed", 0)), int(counts.get("unplanned", 0))
        text = f"{int(counts.get('planned', 0))} planned, {changed} changed, {unplanned} unplanned"
        text += f", {len(self.missing)} not reported" if self.missing else ""
        question = "Is every planned result reported, and as planned?"
        return Check("pre-analysis plan", question, not changed and not self.missing, text=text)

    def to_frame(self) -> pd.DataFrame:
        """Return the results with their status."""
        return self.frame.copy()

    def sentence(self) -> str:
        """Return how far the results keep to the plan, in prose."""
        lost = f" Planned but not reported: {'; '.join(self.missing)}." if self.missing else ""
        return f"Of {len(self.frame)} results: {self.check().text}.{lost}"


def compare(
    plan: Plan, results: SpecificationCurve | Sequence[tuple[Mapping[str, Any], ImpactEstimate]]
) -> PlanComparison:
    """Mark each result as planned, changed or unplanned.

    Parameters
    ----------
    plan
        From `read_plan`.
    results
        A specification curve, or pairs of a specification as it was run and its estimate.

    Returns
    -------
    PlanComparison

    Raises
    ------
    ValueError
        If a result's specification has an unknown estimator or argument.

    Notes
    -----
    A result is planned where outcome, estimator and every argument are those of a planned one (order of
    controls and defaults written out do not count); changed where it takes the place of a planned one of the
    same outcome that is not reported as planned, with what differs; unplanned otherwise.

    p-values are adjusted within family and specification over all planned outcomes; one that is not reported
    counts as p = 1, so that leaving it out gains nothing. "romano_wolf" needs the data and is left missing
    here: see `adjust_p_values`.
    """
    if isinstance(results, SpecificationCurve):
        results = list(zip(results.specifications, results.estimates, strict=True))
    ran = [(one, estimate) for one, estimate in results if estimate is not None]
    for i, (one, _) in enumerate(ran):
        check_keys(one, f"result {i + 1}")
    wanted = [_normal(one) for one in plan.specifications]
    have = [_normal({**one, "outcome": one.get("outcome", estimate.outcome)}) for one, estimate in ran]
    match, status = _matched(wanted, have)
    rows = []
    for i, (one, estimate) in enumerate(ran):
        planned = None if match[i] is None else plan.specifications[match[i]]
        outcome = plan.outcomes.get(str(have[i]["outcome"]), PlannedOutcome(str(have[i]["outcome"])))
        low, high = estimate.conf_int()
        rows.append(
            {
                "outcome": outcome.column,
                "label": outcome.label,
                "family": outcome.family,
                "name": str((planned or one).get("name") or ""),
                "status": status[i],
                "changes": "" if planned is None else _differences(wanted[match[i]], have[i]),
                "estimate": estimate.estimate,
                "std_error": estimate.std_error,
                "ci_low": low,
                "ci_high": high,
                "p_value": estimate.p_value,
                "adjusted_p_value": float("nan"),
                "adjustment": plan.families.get(outcome.family, "") if planned else "",
                "n_obs": estimate.n_obs,
            }
        )
    frame = pd.DataFrame(rows, columns=None if rows else ["outcome", "status"])
    if rows:
        frame["adjusted_p_value"] = _adjusted(plan, frame, match)
    lost = [one for i, one in enumerate(plan.specifications) if i not in match]
    return PlanComparison(frame, tuple(f"{one['name']}, {one['outcome']}" for one in lost))


def _normal(one: Mapping[str, Any]) -> dict[str, str]:
    """Return a specification with defaults left out and every value as text, for comparing."""
    defaults = arguments(one["estimator"])
    normal = {}
    for key, value in one.items():
        if key in ("name", "preferred") or word(value) == word(defaults.get(key)):
            continue
        several = isinstance(value, Sequence) and not isinstance(value, str)
        normal[key] = word(sorted(value, key=str) if several and key in SETS else value)
    return normal


def _matched(wanted: list[dict], have: list[dict]) -> tuple[list[int | None], list[str]]:
    """Return for each result the planned one it stands for, and its status."""
    match: list[int | None] = [None] * len(have)
    status = ["unplanned"] * len(have)
    for i, one in enumerate(have):
        exact = [j for j, other in enumerate(wanted) if other == one and j not in match]
        if exact:
            match[i], status[i] = exact[0], "planned"
    # The rest stand for the nearest planned result of their outcome that is still free, nearest pairs first.
    pairs = sorted(
        (len(_changed(wanted[j], one)), i, j)
        for i, one in enumerate(have)
        for j in range(len(wanted))
        if wanted[j]["outcome"] == one["outcome"]
    )
    for _, i, j in pairs:
        if match[i] is None and j not in match:
            match[i], status[i] = j, "changed"
    return match, status


def _changed(planned: Mapping[str, str], ran: Mapping[str, str]) -> list[str]:
    return [key for key in dict.fromkeys((*planned, *ran)) if planned.get(key) != ran.get(key)]


def _differences(planned: Mapping[str, str], ran: Mapping[str, str]) -> str:
    return "; ".join(
        f"{key}: planned {planned.get(key, 'none')}, run {ran.get(key, 'none')}"
        for key in _changed(planned, ran)
    )


def _adjusted(plan: Plan, frame: pd.DataFrame, match: Sequence[int | None]) -> pd.Series:
    """Return p-values adjusted within each family and specification of the plan."""
    from aspfin.evaluation.multiple_testing import adjust_p_values

    adjusted = pd.Series(float("nan"), index=frame.index)
    place = {j: i for i, j in enumerate(match) if j is not None}
    groups: dict[tuple[str, str], list[int]] = {}
    for j, one in enumerate(plan.specifications):
        family = plan.outcomes[one["outcome"]].family
        groups.setdefault((family, one["name"]), []).append(j)
    for (family, _), members in groups.items():
        method = plan.families.get(family, "none")
        if method in ("none", "romano_wolf") or not any(j in place for j in members):
            continue
        p = [float(frame.p_value[place[j]]) if j in place else 1.0 for j in members]
        values = adjust_p_values(p, method=method).adjusted_p_value.tolist()
        for j, value in zip(members, values, strict=True):
            if j in place:
                adjusted[place[j]] = value
    return adjusted
