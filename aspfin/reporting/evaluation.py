"""The analysis behind the evaluation report: from parameters to effects, comparisons, robustness and cost.

The notebook `notebooks/reports/evaluation.ipynb` shows what `analyse` returns; the words are in
`evaluation_words.py`. Effects are in the unit of the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from aspfin import evaluation
from aspfin.evaluation.cost_effectiveness import CostEffectiveness
from aspfin.reporting import evaluation_parts as parts
from aspfin.reporting.evaluation_data import Loaded, load
from aspfin.reporting.evaluation_parameters import EvaluationParameters, Outcome
from aspfin.results import Check, ImpactEstimate, InputError, Problem

__all__ = ["EvaluationAnalysis", "analyse"]

LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class EvaluationAnalysis:
    """Everything the evaluation report shows.

    Attributes
    ----------
    parameters : EvaluationParameters
    data : Loaded
    effects : tuple of ImpactEstimate
        One per outcome, the main one first.
    q_values : DataFrame or None
        With several outcomes: p-values adjusted for having tested them all (Holm), by outcome.
    truth : DataFrame or None
        Known true effects by outcome, for synthetic data.
    comparison_kind : str
        What `comparison` shows: "by arm", "by instrument", "at the cut-off", "weighted", "weights", "means"
        or "none".
    comparison, lost : DataFrame
        Whether like is compared with like; who was lost.
    dynamics : ImpactEstimate or None
        Effects by event time, in a staggered roll-out.
    jump : RdPlotData or None
        What the picture of a discontinuity draws.
    groups, group_tests : DataFrame
        Effects by group.
    variants : DataFrame
        Other ways of answering the same question.
    tests : dict of str to DataFrame
        Further inference asked for.
    cost : CostEffectiveness or None
    plan : PlanComparison or None
    checks : tuple of Check
    """

    parameters: EvaluationParameters
    data: Loaded
    effects: tuple[ImpactEstimate, ...]
    q_values: pd.DataFrame | None
    truth: pd.DataFrame | None
    comparison_kind: str
    comparison: pd.DataFrame
    lost: pd.DataFrame
    dynamics: ImpactEstimate | None
    jump: Any
    groups: pd.DataFrame
    group_tests: pd.DataFrame
    variants: pd.DataFrame
    tests: dict[str, pd.DataFrame]
    cost: CostEffectiveness | None
    plan: Any
    checks: tuple[Check, ...]

    def named(self, column: str) -> str:
        """Return a column in words: as the file says, as the data say, or its name with spaces."""
        own = {one.column: one.label for one in self.parameters.labels}
        return own.get(column) or self.data.labels.get(column) or str(column).replace("_", " ")

    @property
    def main(self) -> ImpactEstimate:
        """The effect on the main outcome."""
        return self.effects[0]

    @property
    def outcome(self) -> Outcome:
        """The main outcome."""
        return self.parameters.outcomes[0]

    @property
    def effect_table(self) -> pd.DataFrame:
        """Effects on all outcomes, with published or known true values beside them."""
        frame = pd.concat([one.to_frame() for one in self.effects], ignore_index=True)
        if self.q_values is not None:
            frame["adjusted_p_value"] = self.q_values["adjusted_p_value"].to_numpy()
        if self.truth is not None:
            frame["truth"] = self.truth["value"].to_numpy()
        return frame

    @property
    def flow(self) -> pd.DataFrame:
        """How the rows of the data become those of the main estimate: step, rows."""
        rows = self.data.rows.to_dict("records")
        left = rows[-1]["rows"]
        for reason, count in self.main.dropped.items():
            left -= count
            rows.append({"step": f"without {reason}", "rows": left})
        if self.main.n_obs != left:
            within = self.parameters.design.type == "regression_discontinuity"
            rows.append({"step": "within the bandwidth" if within else "used", "rows": self.main.n_obs})
        return pd.DataFrame(rows)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The report's tables at full precision, by file name."""
        named = {
            "effects": self.effect_table,
            "sample": self.flow,
            "comparison": self.comparison,
            "attrition": self.lost,
            "effects_over_time": pd.DataFrame() if self.dynamics is None else self.dynamics.by,
            "groups": self.groups,
            "other_ways": self.variants,
            **self.tests,
            "cost_effectiveness": pd.DataFrame() if self.cost is None else self.cost.to_frame(),
            "plan": pd.DataFrame() if self.plan is None else self.plan.frame,
        }
        if self.jump is not None:
            named |= {"discontinuity_bins": self.jump.bins, "discontinuity_lines": self.jump.lines}
        return {name: frame for name, frame in named.items() if frame is not None and len(frame)}


def analyse(parameters: EvaluationParameters) -> EvaluationAnalysis:
    """Run the whole chain of an evaluation report.

    Parameters
    ----------
    parameters : EvaluationParameters
        Validated, with absolute paths (`reporting.parameters.build`).

    Raises
    ------
    InputError
        For data that cannot be read.
    ValueError
        From the estimator of the main effect: the column, what was found and the remedy.

    Examples
    --------
    >>> from aspfin.reporting.parameters import build
    >>> parameters = build("evaluation", {
    ...     "data": {"package": "synthetic", "dataset": "lottery", "seed": 1},
    ...     "outcomes": [{"column": "consumption"}], "truth": "ITT", "cluster": "village",
    ...     "design": {"type": "difference_in_means", "treated": "offered"},
    ... })
    >>> analysis = analyse(parameters)
    >>> low, high = analysis.main.conf_int()
    >>> low < float(analysis.truth["value"].iloc[0]) < high
    True
    """
    data = load(parameters.data)
    frame = data.frame
    specifications = [parts.specification(parameters, outcome) for outcome in parameters.outcomes]
    effects = tuple(parts.estimate(frame, said, parameters) for said in specifications)
    main = effects[0]
    dynamics = _dynamics(parameters, frame, specifications[0], main)
    kind, comparison, alike = parts.comparison(parameters, frame, main)
    lost, loss_checks = parts.attrition(parameters, frame)
    groups, group_tests = parts.groups(parameters, frame)
    variants, ran = parts.variants(parameters, frame)
    truth = _truth(parameters, data)
    plan = _plan(parameters, [*zip(specifications, effects, strict=True), *ran])
    checks = (
        *main.checks,
        *alike,
        *loss_checks,
        *_agreement(parameters, effects, truth),
        *(() if plan is None else (plan.check(),)),
    )
    return EvaluationAnalysis(
        parameters=parameters,
        data=data,
        effects=effects,
        q_values=_adjusted(effects),
        truth=truth,
        comparison_kind=kind,
        comparison=comparison,
        lost=lost,
        dynamics=dynamics,
        jump=_jump(parameters, frame, main),
        groups=groups,
        group_tests=group_tests,
        variants=variants,
        tests=parts.further_tests(parameters, frame, dynamics),
        cost=parts.cost_of_effect(parameters, frame, main),
        plan=plan,
        checks=_distinct(checks),
    )


def _dynamics(
    parameters: EvaluationParameters, frame: pd.DataFrame, said: dict[str, Any], main: ImpactEstimate
) -> ImpactEstimate | None:
    """Return effects by event time; the main estimate may already have them."""
    if parameters.design.type != "staggered_adoption":
        return None
    if said.get("aggregate") == "event_time":
        return main
    return parts.estimate(frame, {**said, "aggregate": "event_time"}, parameters)


def _jump(parameters: EvaluationParameters, frame: pd.DataFrame, main: ImpactEstimate) -> Any:
    if parameters.design.type != "regression_discontinuity":
        return None
    said = parameters.design
    return evaluation.rd_plot_data(
        frame,
        outcome=parameters.outcomes[0].column,
        running=said.running,
        cutoff=said.cutoff,
        bandwidth=main.details["bandwidth"],
        kernel=said.kernel,
        order=said.order,
    )


def _truth(parameters: EvaluationParameters, data: Loaded) -> pd.DataFrame | None:
    """Return the known true effect on each outcome, in the order of the outcomes."""
    if parameters.truth is None or data.truth is None:
        return None
    rows = data.truth[data.truth["estimand"] == parameters.truth].set_index("outcome")
    names = [outcome.column for outcome in parameters.outcomes]
    if lost := [name for name in names if name not in rows.index]:
        known = ", ".join(sorted(set(data.truth["estimand"])))
        raise InputError(Problem("parameters", "truth", parameters.truth, f"{known} (of {lost[0]})"))
    return pd.DataFrame({"outcome": names, "value": rows.loc[names, "value"].to_numpy()})


def _adjusted(effects: tuple[ImpactEstimate, ...]) -> pd.DataFrame | None:
    if len(effects) < 2 or any(one.p_value != one.p_value for one in effects):
        return None
    return evaluation.adjust_p_values([one.p_value for one in effects], method="holm")


def _plan(parameters: EvaluationParameters, ran: list) -> Any:
    if parameters.plan is None:
        return None
    planned = evaluation.plan.read_plan(parameters.plan)
    return evaluation.plan.compare(planned, ran)


def _agreement(
    parameters: EvaluationParameters, effects: tuple[ImpactEstimate, ...], truth: pd.DataFrame | None
) -> list[Check]:
    """Return whether estimates agree with what is known or was published."""
    found = []
    if truth is not None:
        inside = [low <= value <= high for value, (low, high) in
                  zip(truth["value"], (one.conf_int(LEVEL) for one in effects), strict=True)]  # fmt: skip
        question = "Do the 95 % intervals hold the known true effects?"
        text = f"{sum(inside)} of {len(inside)} do"
        found.append(Check("known truth", question, all(inside), text=text))
    known = parameters.published
    if known is not None and known.within is not None:
        gap = abs(effects[0].estimate - known.estimate)
        question = "Does the estimate reproduce the published one?"
        text = f"here {effects[0].estimate:.4g}, published {known.estimate:.4g}"
        found.append(Check("published result", question, bool(gap <= known.within), gap, text=text))
    return found


def _distinct(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    return tuple({(one.name, one.question, one.text): one for one in checks}.values())
