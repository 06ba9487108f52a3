"""The evaluation report in words: title, the three-sentence answer, headline figures, one finding a section.

Every function takes the analysis and returns text; numbers in prose have three significant digits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from aspfin.reporting.evaluation_parameters import Outcome
from aspfin.reporting.manifest import Headline
from aspfin.reporting.style import count, number

if TYPE_CHECKING:
    from aspfin.reporting.evaluation import EvaluationAnalysis

__all__ = ["amount", "cards", "finding", "headline", "interval", "sentences", "subtitle", "title", "unit"]

DESIGNS = {
    "difference_in_means": "experiment",
    "instrumental_variables": "instrumental variables",
    "difference_in_differences": "difference in differences",
    "staggered_adoption": "staggered roll-out, difference in differences",
    "regression_discontinuity": "regression discontinuity",
    "regression_adjustment": "comparison adjusted for what was measured",
    "inverse_probability_weighting": "comparison weighted by the chance of taking part",
    "doubly_robust": "comparison weighted and adjusted for what was measured",
    "matching": "comparison with the most similar others",
    "synthetic_control": "synthetic control",
}
WHOM = (
    ("ITT", "on average over all who were offered it, whether or not they took it up"),
    ("LATE at", "for those at the cut-off whom the rule moved to take part"),
    ("LATE", "for those whom the offer moved to take part"),
    ("ATE at", "for those near the cut-off"),
    ("ATT", "on average over those who had it"),
    ("ATE", "on average over everybody"),
)
TESTS = {
    "randomisation_inference": "Randomisation inference",
    "wild_cluster_bootstrap": "Wild cluster bootstrap",
    "lee_bounds": "Bounds for those lost (Lee)",
}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def unit(outcome: Outcome) -> str:
    """Return the unit of an effect on an outcome, as shown."""
    return "percentage points" if outcome.share else outcome.unit or ""


def amount(outcome: Outcome, value: float, *, bare: bool = False) -> str:
    """Return an effect in the unit of its outcome.

    Examples
    --------
    >>> amount(Outcome(column="got", share=True), 0.4519)
    '45.2 percentage points'
    >>> amount(Outcome(column="food", unit="thousand riel a day"), -1.14159)
    '−1.14 thousand riel a day'
    """
    text = number(100 * value if outcome.share else value)
    return text if bare or not unit(outcome) else f"{text} {unit(outcome)}"


def level(outcome: Outcome, value: float) -> str:
    """Return a mean of an outcome in its unit: a share is in per cent, not in percentage points."""
    return f"{number(100 * value)} %" if outcome.share else amount(outcome, value)


def interval(outcome: Outcome, low: float, high: float) -> str:
    """Return an interval in the unit of its outcome, the unit left out."""
    return f"{amount(outcome, low, bare=True)} to {amount(outcome, high, bare=True)}"


def whom(a: EvaluationAnalysis) -> str:
    """Return whose effect it is, in words."""
    return next((words for name, words in WHOM if a.main.estimand.startswith(name)), "")


def title(a: EvaluationAnalysis) -> str:
    """Return the title of the report."""
    return a.parameters.title or _capital(f"what {a.parameters.programme} did to {a.outcome.words}")


def subtitle(a: EvaluationAnalysis) -> str:
    """Return what the report is about, in one line."""
    clusters = "" if a.main.n_clusters is None else f" in {a.main.n_clusters:,} groups"
    made_up = " Made-up data with a known truth." if a.parameters.data.package == "synthetic" else ""
    return f"{_capital(DESIGNS[a.parameters.design.type])}; {a.main.n_obs:,} observations{clusters}.{made_up}"


def certain(a: EvaluationAnalysis) -> bool:
    """Return whether the 95 % interval of the main effect leaves out no effect."""
    low, high = a.main.conf_int()
    return low > 0 or high < 0


def sentences(a: EvaluationAnalysis) -> list[str]:
    """Return the answer in three sentences."""
    return [_effect(a), _sure(a), _worth(a)]


def _effect(a: EvaluationAnalysis) -> str:
    outcome, value = a.outcome, a.main.estimate
    low, high = a.main.conf_int()
    programme = _capital(a.parameters.programme)
    between = f"95 % interval {interval(outcome, low, high)}"
    if certain(a):
        verb = "raised" if value > 0 else "lowered"
        base = a.main.control_mean
        start = "" if math.isnan(base) else f", from {level(outcome, base)} without it"
        return f"{programme} {verb} {outcome.words} by {amount(outcome, abs(value))} ({between}){start}, {whom(a)}."
    return (
        f"Whether {a.parameters.programme} changed {outcome.words} cannot be told from these data: the estimate is "
        f"{amount(outcome, value)} ({between}), {whom(a)}, so effects up to those ends are not ruled out."
    )


def _sure(a: EvaluationAnalysis) -> str:
    from aspfin.reporting.evaluation_designs import DesignSection

    stated: DesignSection = a.parameters.design
    failed = [check for check in a.checks if check.passed is False]
    named = ", ".join(dict.fromkeys(check.name for check in failed))
    tally = sum(check.passed is not None for check in a.checks)
    told = (
        f"{len(failed)} of {tally} checks did not pass ({named})" if failed else f"all {tally} checks passed"
    )
    ways = _ways(a)
    assumed = stated.words[:1].lower() + stated.words[1:].rstrip(".")
    return f"The answer rests on one assumption, that {assumed}; {told}{ways}."


def _ways(a: EvaluationAnalysis) -> str:
    good = a.variants[a.variants["same_question"].astype(bool) & (a.variants["error"] == "")]
    if good.empty:
        return ""
    same = int((good["estimate"] * a.main.estimate > 0).sum())
    between = interval(a.outcome, good["estimate"].min(), good["estimate"].max())
    noun = "way" if len(good) == 1 else "ways"
    return (
        f", and {same} of {len(good)} other {noun} of answering the question point the same way ({between})"
    )


def _worth(a: EvaluationAnalysis) -> str:
    parts = []
    if a.cost is not None:
        parts.append(_cost(a))
    if a.truth is not None:
        value = float(a.truth["value"].iloc[0])
        low, high = a.main.conf_int()
        held = "the interval holds it" if low <= value <= high else "the interval misses it"
        parts.append(
            f"the data are made up, so the true effect is known: {amount(a.outcome, value)}, and {held}"
        )
    elif a.parameters.published is not None:
        known = a.parameters.published
        error = (
            ""
            if known.std_error is None
            else f" (standard error {amount(a.outcome, known.std_error, bare=True)})"
        )
        note = f"; {known.note}" if known.note else ""
        parts.append(f"{known.source} has {amount(a.outcome, known.estimate)}{error}{note}")
    if not parts:
        parts.append(_others(a) or _data(a))
    return _capital("; ".join(parts)).rstrip(".") + "."


def _cost(a: EvaluationAnalysis) -> str:
    cost = a.cost
    assert cost is not None
    money = a.parameters.cost.currency if a.parameters.cost else ""
    if not cost.bounded:
        return "as the effect cannot be told from nothing, what a unit of it costs has no upper bound"
    low, high = (abs(end) for end in cost.fieller[0])
    low, high, each = min(low, high), max(low, high), abs(cost.ratio)
    factor, what = (
        (0.01, "one percentage point") if a.outcome.share else (1.0, f"one {unit(a.outcome) or 'unit'}")
    )
    return (
        f"{what} of gain in {a.outcome.words} costs {money} {number(factor * each)} per person "
        f"({number(factor * low)} to {number(factor * high)})"
    )


def _others(a: EvaluationAnalysis) -> str:
    moved = [
        outcome.words
        for outcome, one in zip(a.parameters.outcomes[1:], a.effects[1:], strict=True)
        if not (one.conf_int()[0] <= 0 <= one.conf_int()[1])
    ]
    rest = len(a.effects) - 1
    if not rest:
        return ""
    return f"of {rest} other outcomes, {len(moved)} changed" + (f" ({', '.join(moved)})" if moved else "")


def _data(a: EvaluationAnalysis) -> str:
    return f"the data hold {a.data.rows['rows'].iloc[-1]:,} rows, of which {a.main.n_obs:,} were used"


def headline(a: EvaluationAnalysis) -> dict[str, Headline]:
    """Return the headline figures at full precision."""
    low, high = a.main.conf_int()
    own = a.outcome.unit or ("share" if a.outcome.share else "")
    return {
        "effect": Headline(f"Effect on {a.outcome.words}", a.main.estimate, own),
        "effect_low": Headline("Low end of 95 % interval", low, own),
        "effect_high": Headline("High end of 95 % interval", high, own),
        "without": Headline("Without the programme", a.main.control_mean, own),
        "observations": Headline("Observations", float(a.main.n_obs), "rows"),
    }


def cards(a: EvaluationAnalysis) -> list[tuple[str, str, str]]:
    """Return four headline figures as label, value and note."""
    low, high = a.main.conf_int()
    base, share = a.main.control_mean, a.main.percent_of_control
    without = (
        ("Without it", "not defined", "the method gives no such mean")
        if math.isnan(base)
        else ("Without it", level(a.outcome, base), f"the effect is {number(share)} % of it")
    )
    failed = sum(check.passed is False for check in a.checks)
    tally = sum(check.passed is not None for check in a.checks)
    clusters = (
        "observations" if a.main.n_clusters is None else f"observations in {a.main.n_clusters:,} groups"
    )
    third = ("Data", count(a.main.n_obs), clusters)
    if a.cost is not None and a.cost.bounded:
        money = a.parameters.cost.currency if a.parameters.cost else ""
        factor = 0.01 if a.outcome.share else 1.0
        ends = sorted(abs(end) * factor for end in a.cost.fieller[0])
        per = "percentage point" if a.outcome.share else a.outcome.unit or "unit"
        third = (f"Cost of one {per}", f"{money} {number(abs(a.cost.ratio) * factor)}",
                 f"{number(ends[0])} to {number(ends[1])}")  # fmt: skip
    return [
        ("Effect", amount(a.outcome, a.main.estimate), f"95 % interval {interval(a.outcome, low, high)}"),
        without,
        third,
        ("Checks", f"{tally - failed} of {tally} passed", "each is listed below, in words"),
    ]


def finding(a: EvaluationAnalysis, section: str) -> str:
    """Return what a section shows, in a sentence or two."""
    return _FINDINGS[section](a)


def _sample(a: EvaluationAnalysis) -> str:
    first, last = int(a.flow["rows"].iloc[0]), a.main.n_obs
    if first == last:
        return f"All {first:,} rows of the data are used."
    return f"Of {first:,} rows in the data, {last:,} tell the effect on {a.outcome.words}; the table says where the others went."


def _alike(a: EvaluationAnalysis) -> str:
    said = {
        "by arm": "What was measured before the programme should differ between the two groups by chance alone.",
        "by instrument": "What was measured before should not differ between those whom chance favoured and the others.",
        "at the cut-off": "What the programme cannot have changed should not jump where eligibility begins.",
        "weighted": "Treated and untreated differed to begin with; after weighting they should be alike.",
        "weights": "The comparison is a mix of units without the programme; the weights were found before it began.",
        "means": "The two groups need not be alike, but should have changed alike without the programme.",
        "none": "What would have happened without the programme is told by the assumption of the design.",
    }
    return f"{a.parameters.design.words} {said[a.comparison_kind]}"


def _effects(a: EvaluationAnalysis) -> str:
    text = _effect(a)
    others = _others(a)
    adjusted = " The adjusted p-values allow for having looked at several outcomes." if others else ""
    return text + (f" {_capital(others)}.{adjusted}" if others else "")


def _time(a: EvaluationAnalysis) -> str:
    if a.dynamics is None or a.dynamics.by is None:
        return ""
    by = a.dynamics.by
    after = by[by["event_time"] >= 0]
    before = by[by["event_time"] < 0]
    quiet = int(((before["ci_low"] <= 0) & (before["ci_high"] >= 0)).sum())
    first, last = after.iloc[0], after.iloc[-1]
    ahead = (
        f" Before the start, {quiet} of {len(before)} intervals hold no effect, as they should."
        if len(before)
        else ""
    )
    return (
        f"In the first period the effect is {amount(a.outcome, first['estimate'])}, after {last['event_time']:g} more "
        f"{amount(a.outcome, last['estimate'])}.{ahead}"
    )


def _groups(a: EvaluationAnalysis) -> str:
    told = []
    for row in a.group_tests.itertuples():
        name = str(row.column).replace("_", " ")
        if math.isnan(row.p_value):
            told.append(
                f"groups of {name} were estimated apart; overlapping intervals are no proof of equality"
            )
        elif row.p_value < 0.05:
            told.append(f"effects differ by {name} (p = {row.p_value:.2g})")
        else:
            told.append(f"no difference by {name} can be told (p = {row.p_value:.2g})")
    return _capital("; ".join(told)) + "." if told else "No groups could be compared."


def _robust(a: EvaluationAnalysis) -> str:
    if a.variants.empty and not a.tests:
        return "No other way of answering the question was asked for."
    ways = _ways(a).removeprefix(", and ")
    lost = int((a.variants["error"] != "").sum())
    missing = f" {lost} could not be computed." if lost else ""
    return (_capital(ways) + "." if ways else "Further tests of the main estimate follow.") + missing


def _value(a: EvaluationAnalysis) -> str:
    return "" if a.cost is None else _capital(_cost(a)) + "."


def _planned(a: EvaluationAnalysis) -> str:
    return "" if a.plan is None else str(a.plan.sentence())


_FINDINGS = {
    "sample": _sample,
    "alike": _alike,
    "effect": _effects,
    "time": _time,
    "groups": _groups,
    "robust": _robust,
    "cost": _value,
    "plan": _planned,
}


def said(row: pd.Series, outcome: Outcome) -> str:
    """Return an estimate with its interval."""
    return f"{amount(outcome, row['estimate'])} ({interval(outcome, row['ci_low'], row['ci_high'])})"
