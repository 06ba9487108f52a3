"""The evaluation report in words: title, the three-sentence answer, headline figures, one finding a section.

Every function takes the analysis and returns text; numbers in prose have three significant digits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from aspfin.reporting.estimates import estimate_record
from aspfin.reporting.evaluation_parameters import Outcome
from aspfin.reporting.manifest import Headline
from aspfin.reporting.style import number

if TYPE_CHECKING:
    from aspfin.reporting.evaluation import EvaluationAnalysis

__all__ = [
    "amount",
    "capital",
    "cards",
    "certain",
    "estimates",
    "finding",
    "headline",
    "interval",
    "level",
    "method",
    "sentences",
    "subtitle",
    "title",
    "unit",
]

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
    ("LATE", "for those whom the instrument moved"),
    ("ATE at", "for those near the cut-off"),
    ("ATT", "on average over those who had it"),
    ("ATE", "on average over everybody"),
)
TESTS = {
    "randomisation_inference": "Randomisation inference",
    "wild_cluster_bootstrap": "Wild cluster bootstrap",
    "lee_bounds": "Bounds for those lost (Lee)",
}


def capital(text: str) -> str:
    """Return the text with its first letter large and the rest as it is."""
    return text[:1].upper() + text[1:]


def unit(outcome: Outcome) -> str:
    """Return the unit of an effect on an outcome, as shown."""
    if outcome.logarithm:
        return "per cent"
    return "percentage points" if outcome.share else outcome.unit or ""


def stored_unit(outcome: Outcome) -> str:
    """Return the unit in which tables hold an effect on an outcome; "" where nobody has named one."""
    return "logarithm" if outcome.logarithm else "share" if outcome.share else outcome.unit or ""


def amount(outcome: Outcome, value: float, *, bare: bool = False) -> str:
    """Return an effect in the unit of its outcome.

    Examples
    --------
    >>> amount(Outcome(column="got", share=True), 0.4519)
    '45.2 percentage points'
    >>> amount(Outcome(column="food", unit="thousand riel a day"), -1.14159)
    '−1.14 thousand riel a day'
    """
    text = number(value * outcome.scale)
    return text if bare or not unit(outcome) else f"{text} {unit(outcome)}"


def level(outcome: Outcome, value: float, *, bare: bool = False) -> str:
    """Return a mean of an outcome in its unit: a share is in per cent, not in percentage points."""
    return f"{number(100 * value)} %" if outcome.share else amount(outcome, value, bare=bare)


def interval(outcome: Outcome, low: float, high: float) -> str:
    """Return an interval in the unit of its outcome, the unit left out."""
    return f"{amount(outcome, low, bare=True)} to {amount(outcome, high, bare=True)}"


def between(low: float, high: float, text: str) -> str:
    """Return an interval with ends as written in this report; one without ends as `text` tells it.

    Examples
    --------
    >>> between(2.1604, 2.6441, ""), between(-math.inf, math.inf, "unbounded")
    ('2.16 to 2.64', 'unbounded')
    """
    return f"{number(low)} to {number(high)}" if math.isfinite(low) and math.isfinite(high) else text


def whom(a: EvaluationAnalysis) -> str:
    """Return whose effect it is, in words."""
    return next((words for name, words in WHOM if a.main.estimand.startswith(name)), "")


def title(a: EvaluationAnalysis) -> str:
    """Return the title of the report."""
    return a.parameters.title or capital(f"what {a.parameters.programme} did to {a.outcome.words}")


def subtitle(a: EvaluationAnalysis) -> str:
    """Return what the report is about, in one line."""
    clusters = "" if a.main.n_clusters is None else f" in {a.main.n_clusters:,} groups"
    made_up = " Made-up data with a known truth." if a.parameters.data.package == "synthetic" else ""
    return f"{capital(DESIGNS[a.parameters.design.type])}; {a.main.n_obs:,} observations{clusters}.{made_up}"


def step(a: EvaluationAnalysis, text: str) -> str:
    """Return a step from the data to the estimate, columns in words."""
    column = text.removeprefix("without missing ")
    return capital(text if column == text else f"with a value for: {a.named(column)}")


def certain(a: EvaluationAnalysis) -> bool:
    """Return whether the 95 % interval of the main effect leaves out no effect."""
    low, high = a.main.conf_int()
    return low > 0 or high < 0


def sentences(a: EvaluationAnalysis) -> list[str]:
    """Return the answer in three sentences."""
    return [_effect(a), _sure(a), _worth(a)]


def base(a: EvaluationAnalysis) -> tuple[str, str]:
    """Return the mean without the programme, and whose mean it is; empty where there is none to show."""
    mean = a.main.control_mean
    if math.isnan(mean) or a.outcome.logarithm:
        return "", ""
    kind = a.parameters.design.type
    if kind == "instrumental_variables":
        return level(a.outcome, mean), "among those whom the instrument did not favour"
    if kind == "regression_discontinuity":
        return level(a.outcome, mean), "just across the cut-off"
    return level(a.outcome, mean), "without it"


def _effect(a: EvaluationAnalysis) -> str:
    outcome, value = a.outcome, a.main.estimate
    low, high = a.main.conf_int()
    programme = capital(a.parameters.programme)
    between = f"95 % interval {interval(outcome, low, high)}"
    if certain(a):
        verb = "raised" if value > 0 else "lowered"
        mean, where = base(a)
        joint = "against" if a.parameters.design.type == "instrumental_variables" else "from"
        start = f", {joint} {mean} {where}" if mean else ""
        changed = f"{programme} {verb} {outcome.words} by {amount(outcome, abs(value))}"
        return f"{changed} ({between}){start}, {whom(a)}{_too_wide(a)}."
    return (
        f"Whether {a.parameters.programme} changed {outcome.words} cannot be told from these data: the "
        f"estimate is {amount(outcome, value)} ({between}), {whom(a)}, and no effect between those ends is "
        "ruled out."
    )


def _too_wide(a: EvaluationAnalysis) -> str:
    """Say what an interval for a share beyond 100 percentage points means."""
    if not a.outcome.share or max(map(abs, a.main.conf_int())) <= 1:
        return ""
    return "; an end beyond 100 only says that the data cannot tell more"


def _sure(a: EvaluationAnalysis) -> str:
    from aspfin.reporting.evaluation_designs import DesignSection

    stated: DesignSection = a.parameters.design
    failed = [check for check in a.checks if check.passed is False]
    named = ", ".join(dict.fromkeys(check.name for check in failed))
    tally = sum(check.passed is not None for check in a.checks)
    verb = "does" if len(failed) == 1 else "do"
    told = (
        f"{len(failed)} of {tally} checks {verb} not pass ({named})" if failed else f"all {tally} checks pass"
    )
    ways = _ways(a)
    assumed = stated.words[:1].lower() + stated.words[1:].rstrip(".")
    return f"This rests on one assumption: {assumed}; {told}" + (f", and {ways}." if ways else ".")


def _ways(a: EvaluationAnalysis) -> str:
    good = a.variants[a.variants["same_question"].astype(bool) & (a.variants["error"] == "")]
    if good.empty:
        return ""
    same = int((good["estimate"] * a.main.estimate > 0).sum())
    if len(good) == 1:
        way = "the same way" if same else "the other way"
        one = amount(a.outcome, float(good["estimate"].iloc[0]))
        return f"the one other way of computing it points {way} ({one})"
    between = interval(a.outcome, good["estimate"].min(), good["estimate"].max())
    many = f"{same} of {len(good)}" if same < len(good) else "both" if same == 2 else f"all {same}"
    verb = "points" if same == 1 and same < len(good) else "point"
    return f"{many} other ways of computing it {verb} in the same direction ({between})"


def _worth(a: EvaluationAnalysis) -> str:
    parts = [] if a.cost is None else [_cost(a)]
    known = a.parameters.published
    if a.truth is not None:
        value = float(a.truth["value"].iloc[0])
        low, high = a.main.conf_int()
        held = "inside the interval" if low <= value <= high else "outside the interval"
        parts.append(f"the data are made up, so the true effect is known: {amount(a.outcome, value)}, {held}")
    elif known is not None:
        error = "" if known.std_error is None else amount(a.outcome, known.std_error, bare=True)
        within = f" (standard error {error})" if error else ""
        note = f"; {known.note}" if known.note else ""
        parts.append(f"the published figure is {amount(a.outcome, known.estimate)}{within}{note}")
    if not parts:
        parts.append(_others(a) or _data(a))
    return capital("; ".join(parts)).rstrip(".") + "."


def _cost(a: EvaluationAnalysis) -> str:
    cost = a.cost
    assert cost is not None
    money = a.parameters.cost.currency if a.parameters.cost else ""
    if not cost.bounded:
        return "as the effect cannot be told from nothing, what a unit of it costs has no upper bound"
    ends = sorted(abs(end) for end in cost.fieller[0])
    factor = 0.01 if a.outcome.share else 1.0
    what = "one percentage point" if a.outcome.share else f"one {unit(a.outcome) or 'unit'}"
    low, high = (number(factor * end) for end in ends)
    return (
        f"{what} of gain in {a.outcome.words} costs {money} {number(factor * abs(cost.ratio))} per person "
        f"({low} to {high})"
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


def estimates(a: EvaluationAnalysis) -> list[dict[str, Any]]:
    """Return the effect on each outcome as a record, the main one first."""
    said = zip(a.effects, a.parameters.outcomes, strict=True)
    return [
        estimate_record(one, label=o.words, unit=o.unit or ("share" if o.share else "")) for one, o in said
    ]


def cards(a: EvaluationAnalysis) -> list[tuple[str, str, str]]:
    """Return four headline figures as label, value and note."""
    low, high = a.main.conf_int()
    mean, where = base(a)
    share = a.main.percent_of_control
    note = f"{where}; the effect is {number(share)} % of it" if mean else "the method gives none to show"
    label = unit(a.outcome)
    failed = sum(check.passed is False for check in a.checks)
    tally = sum(check.passed is not None for check in a.checks)
    return [
        ("Effect", amount(a.outcome, a.main.estimate, bare=True),
         f"{label}{'; ' if label else ''}95 % interval {interval(a.outcome, low, high)}"),
        ("Mean outcome", mean.removesuffix(f" {label}") if label else mean or "–", note) if mean else
        ("Chance finding", chance_words(a.main.p_value), "p-value: chance of this much without any effect"),
        _third_card(a),
        ("Checks", f"{tally - failed} of {tally}", "passed; each is told below"),
    ]  # fmt: skip


def chance_words(p: float) -> str:
    """Return a p-value as written."""
    return "–" if math.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


def _third_card(a: EvaluationAnalysis) -> tuple[str, str, str]:
    if a.cost is not None and a.cost.bounded and a.parameters.cost is not None:
        factor = 0.01 if a.outcome.share else 1.0
        low, high = sorted(abs(end) * factor for end in a.cost.fieller[0])
        per = "percentage point" if a.outcome.share else a.outcome.unit or "unit"
        cost = f"{a.parameters.cost.currency} {number(abs(a.cost.ratio) * factor)}"
        return "Cost of the effect", cost, f"per person and {per}; {number(low)} to {number(high)}"
    groups = "" if a.main.n_clusters is None else f" in {a.main.n_clusters:,} groups"
    return "Data", f"{a.main.n_obs:,}", f"observations{groups}"


def finding(a: EvaluationAnalysis, section: str) -> str:
    """Return what a section shows, in a sentence or two."""
    return _FINDINGS[section](a)


def _sample(a: EvaluationAnalysis) -> str:
    first, last = int(a.flow["rows"].iloc[0]), a.main.n_obs
    if first == last:
        return f"All {first:,} rows of the data are used."
    return (
        f"Of {first:,} rows in the data, {last:,} tell the effect on {a.outcome.words}; the table says where "
        "the others went."
    )


def _alike(a: EvaluationAnalysis) -> str:
    said = {
        "by arm": "What was measured before the programme should differ between the groups by chance alone.",
        "by instrument": "What was measured before should not differ between those favoured and the others.",
        "at the cut-off": "What the programme cannot have changed should not jump where eligibility begins.",
        "weighted": "Treated and untreated differed to begin with; after weighting they should be alike.",
        "weights": "The comparison is a mix of units without it; its weights come from the time before.",
        "means": "The two groups need not be alike, but should have changed alike without the programme.",
        "none": "What would have happened without the programme is told by the assumption of the design.",
    }
    trends = [
        f" {check.question} {'Yes' if check.passed else 'No'}: {check.text}."
        for check in a.checks
        if check.name.startswith("parallel trends") and check.passed is not None
    ]
    return f"{a.parameters.design.words} {said[a.comparison_kind]}{''.join(trends)}"


def _effects(a: EvaluationAnalysis) -> str:
    text = _effect(a)
    others = _others(a)
    adjusted = " The adjusted p-values allow for having looked at several outcomes." if others else ""
    return text + (f" {capital(others)}.{adjusted}" if others else "")


def _time(a: EvaluationAnalysis) -> str:
    if a.dynamics is None or a.dynamics.by is None:
        return ""
    by = a.dynamics.by
    after = by[by["event_time"] >= 0]
    before = by[by["event_time"] < 0]
    quiet = int(((before["ci_low"] <= 0) & (before["ci_high"] >= 0)).sum())
    first, last = after.iloc[0], after.iloc[-1]
    time, more = a.named(a.parameters.design.time), f"{last['event_time']:g}"
    ahead = f" Before the start, {quiet} of {len(before)} intervals include no effect." if len(before) else ""
    return (
        f"In the first {time} the effect is {amount(a.outcome, first['estimate'])}, {more} {time}s later "
        f"{amount(a.outcome, last['estimate'])}.{ahead}"
    )


def _groups(a: EvaluationAnalysis) -> str:
    told = []
    for row in a.group_tests.itertuples():
        name = a.named(str(row.column))
        if math.isnan(row.p_value):
            told.append(
                f"groups of {name} were estimated apart; overlapping intervals are no proof of equality"
            )
        elif row.p_value < 0.05:
            told.append(f"effects differ by {name} (p = {row.p_value:.2g})")
        else:
            told.append(f"no difference by {name} can be told (p = {row.p_value:.2g})")
    return capital("; ".join(told)) + "." if told else "No groups could be compared."


def _robust(a: EvaluationAnalysis) -> str:
    if a.variants.empty and not a.tests:
        return "No other way of answering the question was asked for."
    ways = _ways(a)
    lost = int((a.variants["error"] != "").sum())
    missing = f" {lost} could not be computed." if lost else ""
    return (capital(ways) + "." if ways else "Further tests of the main estimate follow.") + missing


def _value(a: EvaluationAnalysis) -> str:
    return "" if a.cost is None else capital(_cost(a)) + "."


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


def method(a: EvaluationAnalysis) -> str:
    """Return what is particular to the method, as a further paragraph."""
    known = a.main.details
    if "effective_f" in known:
        found, wanted = f"{known['effective_f']:.1f}", f"{known['effective_f_critical']:.1f}"
        return (
            f"\n\nHow strongly the instrument moves take-up: effective F {found} (from {wanted} on the bias "
            f"is at most 10 % of the worst case). However weak it is, {known['anderson_rubin_text']}, in the "
            "outcome's own unit."
        )
    if "bandwidth" in known:
        return (
            f"\n\nWithin {number(known['bandwidth'])} of the cut-off lie {known['n_below']:,} rows below and "
            f"{known['n_above']:,} above. Interval and p-value are corrected for the bias of the fit, so the "
            "estimate need not lie in the middle."
        )
    return ""
