"""The parts of an evaluation report's analysis: estimates, comparisons, groups, other ways, further tests."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from aspfin import evaluation
from aspfin.evaluation.cost_effectiveness import CostEffectiveness
from aspfin.reporting.evaluation_data import kept
from aspfin.reporting.evaluation_parameters import EvaluationParameters, Outcome, Variant
from aspfin.reporting.style import number
from aspfin.results import Check, ImpactEstimate, Money

__all__ = [
    "MOST_GROUPS",
    "attrition",
    "comparison",
    "cost_of_effect",
    "estimate",
    "further_tests",
    "groups",
    "specification",
    "variants",
]

MOST_GROUPS = 8  # a number with more values than this is split at its median
BENDS = (0.0, 0.1, 0.25, 0.5)  # of the estimate, per period
EFFECT = ["estimate", "std_error", "ci_low", "ci_high", "p_value", "n_obs"]
OWN = ("estimator", "name", "sample")  # of a specification, and no argument of the call
PAIR_DRAWS = 200
SINGLE = ("strata", "instrument")  # arguments in which one column may stand for a list of one


def specification(
    parameters: EvaluationParameters, outcome: Outcome, variant: Variant | None = None
) -> dict[str, Any]:
    """Return one analysis as estimator and arguments, the way a specification or a plan says it."""
    design = parameters.design if variant is None or variant.design is None else variant.design
    column = outcome.column if variant is None or variant.outcome is None else variant.outcome
    stated = {name: getattr(parameters, name) for name in ("controls", "cluster", "strata")}
    if outcome.baseline is not None:
        stated["controls"] = (*stated["controls"], outcome.baseline)
    for name in stated:
        if variant is not None and (other := getattr(variant, name)) is not None:
            stated[name] = other
    name = f"{outcome.words}" if variant is None else variant.name
    said = {"estimator": design.type, "name": name, "outcome": column, **design.arguments()}
    said |= {name: value for name, value in stated.items() if value and design.takes(name)}
    said = {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}
    for name in SINGLE:
        if isinstance(said.get(name), list) and len(said[name]) == 1:
            said[name] = said[name][0]
    return said


def estimate(
    frame: pd.DataFrame, said: Mapping[str, Any], parameters: EvaluationParameters, **more: Any
) -> ImpactEstimate:
    """Run one specification; `more` are further arguments of the call."""
    arguments = {name: value for name, value in said.items() if name not in OWN}
    assigned = parameters.assignment
    own = said["estimator"] == parameters.design.type and parameters.design.takes("design")
    if assigned is not None and own:
        more["design"] = evaluation.Design(assigned.level, cluster=assigned.cluster)
    call = getattr(evaluation, said["estimator"])
    result: ImpactEstimate = call(frame, **arguments, **more)
    return result


def comparison(
    parameters: EvaluationParameters, frame: pd.DataFrame, main: ImpactEstimate
) -> tuple[str, pd.DataFrame, tuple[Check, ...]]:
    """Return what shows that like is compared with like: its kind, a table, and checks."""
    design, kind = parameters.design, parameters.design.type
    columns = list(parameters.balance if parameters.balance is not None else parameters.controls)
    if kind == "regression_discontinuity":
        return ("at the cut-off", *_at_cutoff(parameters, frame, columns))
    if kind == "synthetic_control":
        weights = main.details["weights"]
        table = pd.DataFrame({"unit": weights.index, "weight": weights.to_numpy(float)})
        return "weights", table[table["weight"] > 0.0005].reset_index(drop=True), ()
    if kind == "difference_in_differences" and "means" in main.details:
        means = pd.DataFrame(list(main.details["means"].items()), columns=["group", "mean"])
        return "means", means, ()
    if kind == "instrumental_variables":
        if not columns or len(design.instrument) > 1 or not _binary(frame[design.instrument[0]]):
            return "none", pd.DataFrame(), ()
        return ("by instrument", *_balance(parameters, frame, design.instrument[0], columns))
    if kind == "difference_in_means" and columns:
        return ("by arm", *_balance(parameters, frame, design.treated, columns))
    if isinstance(main.details.get("balance"), pd.DataFrame):
        return "weighted", main.details["balance"], ()
    return "none", pd.DataFrame(), ()


def _binary(values: pd.Series) -> bool:
    return bool(values.dropna().isin([0, 1]).all())


def _balance(
    parameters: EvaluationParameters, frame: pd.DataFrame, treated: str, columns: list[str]
) -> tuple[pd.DataFrame, tuple[Check, ...]]:
    arguments: dict[str, Any] = {"cluster": parameters.cluster}
    if parameters.strata:
        arguments["strata"] = list(parameters.strata)
    found = evaluation.checks.balance(frame, treated=treated, controls=columns, **arguments)
    return found.table, found.checks


def _at_cutoff(
    parameters: EvaluationParameters, frame: pd.DataFrame, columns: list[str]
) -> tuple[pd.DataFrame, tuple[Check, ...]]:
    """Return jumps at the cut-off in what the programme cannot have changed."""
    said = specification(parameters, parameters.outcomes[0])
    said = {key: value for key, value in said.items() if key not in ("controls", "treated", "bandwidth")}
    jumps = [estimate(frame, {**said, "outcome": name}, parameters) for name in columns]
    if not jumps:
        return pd.DataFrame(), ()
    table = pd.DataFrame([{"variable": one.outcome, **_row(one)} for one in jumps])
    found = evaluation.checks.placebo(jumps)
    question = "Are people on both sides of the cut-off alike in what was measured before?"
    return table, (
        Check("no jump in background", question, found.passed, found.statistic, found.p_value, found.text),
    )


def _row(one: ImpactEstimate) -> dict[str, Any]:
    low, high = one.conf_int()
    return dict(zip(EFFECT, (one.estimate, one.std_error, low, high, one.p_value, one.n_obs), strict=True))


def attrition(
    parameters: EvaluationParameters, frame: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[Check, ...]]:
    """Return who was lost in an experiment, where somebody was."""
    if parameters.design.type != "difference_in_means":
        return pd.DataFrame(), ()
    outcome = parameters.outcomes[0].column
    rows = frame[frame[parameters.design.treated].notna()]
    if not rows[outcome].isna().any():
        return pd.DataFrame(), ()
    arguments: dict[str, Any] = {"cluster": parameters.cluster}
    if parameters.strata:
        arguments["strata"] = list(parameters.strata)
    if parameters.cluster is not None:
        rows = rows[rows[parameters.cluster].notna()]
    controls = [*parameters.controls, *filter(None, [parameters.outcomes[0].baseline])]
    found = evaluation.checks.attrition(
        rows, treated=parameters.design.treated, outcome=outcome, controls=controls, **arguments
    )
    return found.table, found.checks


def groups(parameters: EvaluationParameters, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the main outcome's effect by group, and the tests that groups do not differ.

    Returns
    -------
    DataFrame, DataFrame
        column, group, estimate … n_obs, error; and column, p_value (from one equation; missing where the
        groups were estimated apart).
    """
    said = specification(parameters, parameters.outcomes[0])
    name = "group"
    while name in frame:
        name += "_"
    rows, tests = [], []
    for column in parameters.heterogeneity:
        levels = _levels(frame[column])
        cut = frame.assign(**{name: levels})
        if said["estimator"] == "difference_in_means":
            try:
                one = estimate(cut, said, parameters, by=name)
            except ValueError as error:
                rows.append({"column": column, "group": "all groups", "error": str(error)})
                continue
            found = one.by.rename(columns={name: "group"}).assign(column=column, error="")
            rows += found.to_dict("records")
            tests.append({"column": column, "p_value": one.details["interaction_p_value"]})
            continue
        rows += [
            _tried(
                {"column": column, "group": level},
                lambda part: estimate(part, said, parameters),
                cut[levels == level],
            )
            for level in levels.dropna().unique()
        ]
        tests.append({"column": column, "p_value": math.nan})
    table = pd.DataFrame(rows, columns=["column", "group", *EFFECT, "error"])
    return table, pd.DataFrame(tests, columns=["column", "p_value"])


def _tried(
    label: dict[str, Any], run: Callable[[pd.DataFrame], ImpactEstimate], frame: pd.DataFrame
) -> dict[str, Any]:
    """Return an estimate as a row, or the reason why there is none."""
    try:
        return {**label, **_row(run(frame)), "error": ""}
    except ValueError as error:
        return {**label, **dict.fromkeys(EFFECT, math.nan), "error": str(error)}


def _levels(values: pd.Series) -> pd.Series:
    """Return the groups of a column in words, in order: its values, or both sides of its median."""
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    known = values.dropna()
    if numeric and known.isin([0, 1]).all() and known.nunique() == 2:
        return values.map({0: "no", 1: "yes"})
    if numeric and known.nunique() > MOST_GROUPS:
        middle = float(known.median())
        made = pd.Series(f"{number(middle)} or less", index=values.index, dtype=object)
        return made.mask(values > middle, f"more than {number(middle)}").where(values.notna())
    if numeric:
        return values.map(lambda value: f"{value:g}", na_action="ignore")
    return values.astype(object).map(str, na_action="ignore")


def variants(parameters: EvaluationParameters, frame: pd.DataFrame) -> tuple[pd.DataFrame, list]:
    """Return every other way of answering the question, the main one first.

    Returns
    -------
    DataFrame, list of (specification, ImpactEstimate)
        name, same_question, estimate … n_obs, error; and what ran.
    """
    outcome, rows, ran = parameters.outcomes[0], [], []
    for place, variant in enumerate(parameters.robustness):
        said = specification(parameters, outcome, variant)
        rows_kept = frame[kept(frame, variant.keep, f"robustness[{place}].keep", "parameters")]

        def run(part: pd.DataFrame, said: dict[str, Any] = said) -> ImpactEstimate:
            done = estimate(part, said, parameters)
            ran.append((said, done))
            return done

        rows.append(_tried({"name": variant.name, "same_question": variant.same_question}, run, rows_kept))
        if variant.keep and rows[-1]["error"] == "":
            ran[-1] = ({**said, "sample": variant.name}, ran[-1][1])
    return pd.DataFrame(rows, columns=["name", "same_question", *EFFECT, "error"]), ran


def further_tests(
    parameters: EvaluationParameters, frame: pd.DataFrame, dynamics: ImpactEstimate | None
) -> dict[str, pd.DataFrame]:
    """Return the results of the further tests asked for, by name; tests that did not run say why."""
    said = specification(parameters, parameters.outcomes[0])
    arguments = {name: value for name, value in said.items() if name not in OWN}
    drawn = {"draws": parameters.draws, "seed": parameters.seed}
    found: dict[str, pd.DataFrame] = {}
    for test in parameters.tests:
        try:
            if test == "honest_bounds":
                found[test] = _honest(dynamics)
            elif test in ("bandwidths", "placebo_cutoffs"):
                found[test] = _at_other_places(test, frame, arguments)
            elif test == "lee_bounds":
                own = {
                    key: arguments[key]
                    for key in ("outcome", "treated", "cluster", "weights")
                    if key in arguments
                }
                one = evaluation.lee_bounds(frame, **own)
                found[test] = pd.DataFrame([{**_row(one), "lower": one.lower, "upper": one.upper}])
            else:
                own = {key: value for key, value in arguments.items() if key != "covariance"}
                if test == "randomisation_inference" and parameters.assignment is not None:
                    own["cluster"] = parameters.assignment.cluster  # redrawn the way it was drawn
                call = getattr(evaluation, test)
                found[test] = pd.DataFrame([_row(call(frame, **own, **drawn))])
        except ValueError as error:
            found[test] = pd.DataFrame([{"error": str(error)}])
    return found


def _at_other_places(test: str, frame: pd.DataFrame, arguments: dict[str, Any]) -> pd.DataFrame:
    from aspfin.evaluation import rd_checks

    drop = ("bandwidth", "treated") if test == "placebo_cutoffs" else ("bandwidth",)
    own = {key: value for key, value in arguments.items() if key not in drop}
    if test == "placebo_cutoffs":
        return rd_checks.placebo_cutoffs(frame, **own)
    return rd_checks.bandwidth_sensitivity(frame, **own)


def _honest(dynamics: ImpactEstimate | None) -> pd.DataFrame:
    if dynamics is None:
        raise ValueError("no effects by event time were estimated")
    bends = [share * abs(dynamics.estimate) for share in BENDS]
    bounds = evaluation.honest_bounds(dynamics, max_bends=bends)
    return bounds.table.assign(share_of_effect=list(BENDS))


def cost_of_effect(
    parameters: EvaluationParameters, frame: pd.DataFrame, main: ImpactEstimate
) -> CostEffectiveness | None:
    """Return what one unit of the main outcome costs, where a cost is given."""
    cost, outcome = parameters.cost, parameters.outcomes[0]
    if cost is None:
        return None
    if cost.column is None:
        return evaluation.cost_effectiveness(
            main,
            Money(float(cost.per_person or 0.0), cost.currency),
            cost_std_error=cost.std_error,
            share_receiving=cost.share_receiving,
            better=outcome.better,
            seed=parameters.seed,
        )
    said = specification(parameters, outcome)
    spent = {**said, "outcome": cost.column}
    if outcome.baseline is not None:
        spent["controls"] = [name for name in said["controls"] if name != outcome.baseline]
    same = frame[frame[outcome.column].notna()]
    return evaluation.cost_effectiveness(
        main,
        estimate(same, spent, parameters),
        better=outcome.better,
        seed=parameters.seed,
        pairs=_pairs(parameters, same, said, spent),
    )


def _pairs(
    parameters: EvaluationParameters, frame: pd.DataFrame, said: dict[str, Any], spent: dict[str, Any]
) -> Any:
    """Return resampled effects and costs, which vary together; None where an estimate takes long."""
    from aspfin.evaluation.cost_intervals import bootstrap_pairs

    strata = said.get("strata")
    if said["estimator"] != "difference_in_means" or isinstance(strata, list):
        return None
    plain = parameters.model_copy(update={"assignment": None})
    return bootstrap_pairs(
        frame,
        effect=lambda drawn: estimate(drawn, said, plain),
        cost=lambda drawn: estimate(drawn, spent, plain),
        cluster=said.get("cluster"),
        strata=strata,
        draws=PAIR_DRAWS,
        seed=parameters.seed,
    )
