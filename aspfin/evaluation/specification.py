"""One question, many defensible ways to answer it: every specification of a list run, and shown side by side.

A specification is a mapping: an `estimator` by name, its arguments, and optionally a `name`, `preferred`
(true for the one to report) and `sample` (a 0/1 column that marks the rows to use). It says the same in
Python, in a parameter file and in a pre-analysis plan.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

from aspfin.evaluation.columns import column, to_binary
from aspfin.results import ImpactEstimate, ResultMixin

__all__ = ["ESTIMATORS", "SpecificationCurve", "arguments", "check_keys", "curve", "grid", "run", "word"]

# What a specification may name; each takes a frame and returns one ImpactEstimate.
ESTIMATORS = (
    "difference_in_means",
    "instrumental_variables",
    "difference_in_differences",
    "staggered_adoption",
    "regression_discontinuity",
    "regression_adjustment",
    "inverse_probability_weighting",
    "doubly_robust",
    "matching",
    "synthetic_control",
    "wild_cluster_bootstrap",
)
OWN = ("estimator", "name", "preferred", "sample")  # keys that are not arguments of the estimator

Specification = Mapping[str, Any]


@dataclass(frozen=True, eq=False, repr=False)
class SpecificationCurve(ResultMixin):
    """Every specification with its estimate, sorted by the estimate.

    Attributes
    ----------
    frame : DataFrame
        One row per specification: specification (its place in the list), name, estimator, outcome, estimate,
        std_error, ci_low, ci_high, p_value, n_obs, preferred, error (why it could not be estimated, or "").
        Those with an error come last.
    specifications : tuple of mapping
        As given, in that order.
    estimates : tuple of ImpactEstimate or None
        In that order; None where it could not be estimated.

    Examples
    --------
    >>> df = pd.DataFrame({"cash": [0, 1] * 20, "food": [10.0, 13, 11, 14, 12] * 8, "age": range(40)})
    >>> options = grid({"estimator": "difference_in_means", "outcome": "food", "treated": "cash"},
    ...     {"controls": [[], ["age"]]})
    >>> result = curve(df, specifications=options)
    >>> result.frame[["name", "error"]].to_numpy().tolist()
    [['controls: age', ''], ['controls: none', '']]
    """

    frame: pd.DataFrame
    specifications: tuple[Specification, ...]
    estimates: tuple[ImpactEstimate | None, ...]

    def choices(self) -> pd.DataFrame:
        """Return which choices each specification makes: the lower panel of the picture.

        Returns
        -------
        DataFrame of bool
            A row per row of `frame`, a column (argument, value) per choice in which the list varies.
        """
        order = self.frame.specification.tolist()
        keys = dict.fromkeys(key for one in self.specifications for key in one if key not in OWN[1:3])
        table = {}
        for key in keys:
            words = [word(one.get(key)) for one in self.specifications]
            if len(set(words)) > 1:
                table |= {(key, told): [words[i] == told for i in order] for told in dict.fromkeys(words)}
        columns = pd.MultiIndex.from_tuples(table, names=["choice", "value"]) if table else None
        return pd.DataFrame(list(zip(*table.values(), strict=True)) if table else None, columns=columns)

    def summary(self) -> pd.DataFrame:
        """Return the curve in one row per outcome.

        Returns
        -------
        DataFrame
            outcome, specifications, failed, median, low and high (smallest and largest estimate), same_sign
            (share with the sign of the median), significant (share with that sign and p < .05), preferred
            (its estimate) and preferred_rank (share of estimates below it).
        """
        rows = []
        listed = self.frame.sort_values("specification")  # outcomes in the order of the list
        for outcome, group in listed.groupby("outcome", sort=False):
            good = group[group.error == ""]
            values = good.estimate.to_numpy()
            middle = float(np.median(values)) if len(values) else np.nan
            same = np.sign(values) == np.sign(middle)
            chosen = good.estimate[good.preferred]
            first = float(chosen.iloc[0]) if len(chosen) else np.nan
            rows.append(
                {
                    "outcome": outcome,
                    "specifications": len(group),
                    "failed": len(group) - len(good),
                    "median": middle,
                    "low": values.min() if len(values) else np.nan,
                    "high": values.max() if len(values) else np.nan,
                    "same_sign": same.mean() if len(values) else np.nan,
                    "significant": (same & (good.p_value < 0.05)).mean() if len(values) else np.nan,
                    "preferred": first,
                    "preferred_rank": (values < first).mean() if len(chosen) else np.nan,
                }
            )
        return pd.DataFrame(rows)

    def to_frame(self) -> pd.DataFrame:
        """Return every specification as a row."""
        return self.frame.copy()

    def sentence(self) -> str:
        """Return the curve in prose."""
        parts = []
        for row in self.summary().itertuples():
            if row.failed == row.specifications:
                parts.append(
                    f"None of the {row.specifications} specifications for {row.outcome} could be run."
                )
                continue
            failed = f"; {row.failed} could not be run" if row.failed else ""
            done = row.specifications - row.failed
            parts.append(
                f"Across {done} specifications the effect on {row.outcome} has a median of {row.median:.4g} "
                f"and runs from {row.low:.4g} to {row.high:.4g}; {100 * row.same_sign:.0f} % have the same "
                f"sign, {100 * row.significant:.0f} % are significant at 5 % with it{failed}."
            )
        return " ".join(parts)


def grid(base: Specification, alternatives: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return every combination of the alternatives on top of a base, named by its choices.

    Parameters
    ----------
    base
        What all specifications share.
    alternatives
        For each argument, the values it takes.

    Returns
    -------
    list of dict
        In the order of the alternatives, the last varying fastest.

    Raises
    ------
    ValueError
        If an argument has no alternative.

    Examples
    --------
    >>> base = {"estimator": "regression_discontinuity"}
    >>> [one["name"] for one in grid(base, {"order": [1, 2], "bandwidth": [None, 5.0]})]
    ['order: 1; bandwidth: none', 'order: 1; bandwidth: 5',
     'order: 2; bandwidth: none', 'order: 2; bandwidth: 5']
    """
    for key, values in alternatives.items():
        if isinstance(values, str) or not isinstance(values, Sequence) or not values:
            raise ValueError(f"alternatives: {key!r} has {values!r}; give a list of at least one value")
    options = []
    for values in itertools.product(*alternatives.values()):
        chosen = dict(zip(alternatives, values, strict=True))
        name = "; ".join(f"{key}: {word(value)}" for key, value in chosen.items())
        options.append({**base, **chosen, "name": f"{base['name']}; {name}" if base.get("name") else name})
    return options


def curve(df: pd.DataFrame, *, specifications: Sequence[Specification]) -> SpecificationCurve:
    """Run every specification of a list.

    Parameters
    ----------
    df
        The data.
    specifications
        From `grid`, written out, or both. All are checked before any is run.

    Returns
    -------
    SpecificationCurve
        A specification that the data do not bear stays in it with the reason.

    Raises
    ------
    ValueError
        If a specification names an unknown estimator or argument, or a required argument is missing.
    """
    if isinstance(specifications, Mapping | str) or not specifications:
        raise ValueError("specifications: got none; give a list of at least one specification")
    functions = [_checked(df, one, f"specification {i + 1}") for i, one in enumerate(specifications)]
    estimates: list[ImpactEstimate | None] = []
    rows = []
    for number, (one, function) in enumerate(zip(specifications, functions, strict=True)):
        estimate, error = None, ""
        try:
            estimate = _run(df, one, function)
        except ValueError as reason:
            error = str(reason)
        estimates.append(estimate)
        rows.append(_row(number, one, estimate, error))
    frame = pd.DataFrame(rows)
    frame = frame.sort_values(["estimate", "specification"], na_position="last", kind="stable")
    return SpecificationCurve(frame.reset_index(drop=True), tuple(specifications), tuple(estimates))


def run(df: pd.DataFrame, specification: Specification) -> ImpactEstimate:
    """Run one specification.

    Raises
    ------
    ValueError
        As `curve`, and as the estimator itself.

    Examples
    --------
    >>> df = pd.DataFrame({"cash": [0, 1] * 20, "food": [10.0, 13, 11, 14, 12] * 8})
    >>> run(df, {"estimator": "difference_in_means", "outcome": "food", "treated": "cash"}).n_obs
    40
    """
    return _run(df, specification, _checked(df, specification, "specification"))


def _checked(df: pd.DataFrame, one: Specification, place: str) -> Callable[..., ImpactEstimate]:
    """Return the estimator of a specification whose keys are all known."""
    check_keys(one, place)
    if one.get("sample") is not None:
        to_binary(column(df, one["sample"], "sample"), one["sample"], "sample")
    return getattr(import_module("aspfin.evaluation"), one["estimator"])


def check_keys(one: Specification, place: str) -> None:
    """Refuse a specification with an unknown estimator or argument, or without a required one.

    Raises
    ------
    ValueError
        In one line that begins with `place`.
    """
    if not isinstance(one, Mapping):
        raise ValueError(f"{place}: got {type(one).__name__}; give a mapping with 'estimator' and arguments")
    name = one.get("estimator")
    if name not in ESTIMATORS:
        raise ValueError(f"{place}: estimator: got {name!r}; allowed: {', '.join(ESTIMATORS)}")
    defaults = arguments(name)
    for key in one:
        if key not in defaults and key not in OWN:
            close = get_close_matches(str(key), [*defaults, *OWN], n=1)
            hint = f"did you mean {close[0]!r}?" if close else "it takes " + ", ".join(defaults)
            raise ValueError(f"{place}: {name} has no argument {key!r}; {hint}")
    required = [key for key, value in defaults.items() if value is inspect.Parameter.empty and key not in one]
    if required:
        raise ValueError(f"{place}: {name} needs {', '.join(required)}")


def arguments(estimator: str) -> dict[str, Any]:
    """Return the arguments an estimator takes beside the data, with their defaults."""
    function = getattr(import_module("aspfin.evaluation"), estimator)
    return {key: one.default for key, one in list(inspect.signature(function).parameters.items())[1:]}


def _run(df: pd.DataFrame, one: Specification, function: Callable[..., ImpactEstimate]) -> ImpactEstimate:
    sample: Hashable | None = one.get("sample")
    if sample is not None:
        df = df[to_binary(column(df, sample, "sample"), sample, "sample") == 1]
    return function(df, **{key: value for key, value in one.items() if key not in OWN})


def _row(number: int, one: Specification, estimate: ImpactEstimate | None, error: str) -> dict[str, Any]:
    row = {
        "specification": number,
        "name": str(one.get("name") or f"specification {number + 1}"),
        "estimator": one["estimator"],
        "outcome": one.get("outcome", ""),
    }
    low, high = (np.nan, np.nan) if estimate is None else estimate.conf_int()
    return row | {
        "estimate": np.nan if estimate is None else estimate.estimate,
        "std_error": np.nan if estimate is None else estimate.std_error,
        "ci_low": low,
        "ci_high": high,
        "p_value": np.nan if estimate is None else estimate.p_value,
        "n_obs": 0 if estimate is None else estimate.n_obs,
        "preferred": bool(one.get("preferred", False)),
        "error": error,
    }


def word(value: object) -> str:
    """Return a choice in words: the same for a list and a tuple, for 5 and 5.0."""
    if value is None or (isinstance(value, Sequence) and not isinstance(value, str) and not value):
        return "none"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(word(one) for one in value)
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
