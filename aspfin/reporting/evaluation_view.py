"""The evaluation report in pictures and tables: one function for each thing the notebook shows.

Every function takes the analysis and returns something that shows itself. The words are in
`evaluation_words.py`, the numbers in `evaluation.py`, the pictures in `evaluation_charts.py`. A part
that does not apply shows nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from aspfin.reporting import evaluation_charts as charts
from aspfin.reporting import evaluation_words as words
from aspfin.reporting import style, tables
from aspfin.reporting.evaluation_tables import (
    balance,
    chance,
    further,
    means,
    no_jump,
    plain,
    weighted,
    weights,
)
from aspfin.reporting.manifest import provenance, save_results
from aspfin.reporting.parameters import sections_of
from aspfin.reporting.table_words import table_words

if TYPE_CHECKING:
    from aspfin.reporting.evaluation import EvaluationAnalysis
    from aspfin.reporting.figure import Figure
    from aspfin.reporting.tables import Html

NOTHING = tables.paragraphs()
SECTIONS = {
    "time": "How does the effect develop?",
    "groups": "For whom?",
    "cost": "What does the effect cost?",
    "plan": "Was this planned?",
}


@dataclass(frozen=True)
class Heading:
    """A second-level heading that the table of contents of the page knows."""

    text: str

    def _repr_markdown_(self) -> str:
        return f"## {self.text}" if self.text else ""


def section(a: EvaluationAnalysis, name: str) -> Heading:
    """Return the heading of a section that not every evaluation has; nothing where it has not."""
    there = {
        "time": a.dynamics is not None,
        "groups": len(a.groups) > 0,
        "cost": a.cost is not None,
        "plan": a.plan is not None,
    }
    return Heading(SECTIONS[name] if there[name] else "")


def first_screen(a: EvaluationAnalysis) -> Html:
    """Return the answer: title, three sentences, four headline figures."""
    title = tables.title(words.title(a), words.subtitle(a))
    return title + tables.answer("In three sentences", words.sentences(a)) + tables.cards(words.cards(a))


def takeaway(a: EvaluationAnalysis, name: str) -> Html:
    """Return what a section shows, in words."""
    text = words.finding(a, name) if name not in SECTIONS or section(a, name).text else ""
    return tables.paragraphs(text) if text else NOTHING


def one_picture(a: EvaluationAnalysis) -> Figure:
    """Return the picture of the first screen: the jump, the path over time, the twin, or the effects."""
    kind = a.parameters.design.type
    if kind == "regression_discontinuity":
        return charts.jump(a)
    if kind == "staggered_adoption":
        return charts.over_time(a)
    if kind == "synthetic_control" and a.main.by is not None:
        return charts.twin(a)
    return charts.forest(a)


def sample_table(a: EvaluationAnalysis) -> Html:
    """Return how the rows of the data become those of the estimate."""
    return tables.table(
        a.flow.assign(step=[words.step(a, text) for text in a.flow["step"]]),
        caption="From the data to the estimate",
        headers={"step": "Step", "rows": "Rows left"},
        formats={"rows": ",.0f"},
    )


def attrition_table(a: EvaluationAnalysis) -> Html:
    """Return who was lost from an experiment."""
    if a.lost.empty:
        return NOTHING
    names = {"variable": "Measure", "mean_control": "Without", "mean_treated": "With",
             "estimate": "Difference", "p_value": "p-value"}  # fmt: skip
    shown = a.lost[list(names)].replace({"variable": {"lost": "share not found again"}})
    shown = plain(shown, "variable", a.named)
    return tables.table(
        shown,
        caption="Those who were not found again, and those who were",
        headers=names,
        formats={name: style.number for name in list(names)[1:]} | {"p_value": chance},
        notes=["Below the first row: means of those who were found."] if len(shown) > 1 else [],
    )


def comparison_table(a: EvaluationAnalysis) -> Html:
    """Return whether like is compared with like, in the form that fits the design."""
    if a.comparison.empty:
        return NOTHING
    shown: dict[str, Callable[[pd.DataFrame, Callable[[str], str]], Html]] = {
        "by arm": balance,
        "by instrument": balance,
        "at the cut-off": no_jump,
        "weighted": weighted,
        "weights": weights,
        "means": means,
    }
    return shown[a.comparison_kind](a.comparison, a.named)


def effects_table(a: EvaluationAnalysis) -> Html:
    """Return the effects on all outcomes, known true values beside them."""
    rows = []
    for outcome, row in zip(a.parameters.outcomes, a.effect_table.to_dict("records"), strict=True):
        unit = words.unit(outcome)
        base = row["control_mean"]
        rows.append(
            {
                "outcome": words.capital(outcome.words) + (f", {unit}" if unit else ""),
                "effect": words.amount(outcome, row["estimate"], bare=True),
                "interval": words.interval(outcome, row["ci_low"], row["ci_high"]),
                "p": chance(row["p_value"]),
                "adjusted": chance(row.get("adjusted_p_value", float("nan"))),
                "without": None
                if base != base or outcome.logarithm
                else words.level(outcome, base, bare=True),
                "truth": words.amount(outcome, row["truth"], bare=True) if "truth" in row else None,
                "n": f"{row['n_obs']:,}",
            }
        )
    shown = pd.DataFrame(rows)
    unused = [("adjusted", a.q_values is None), ("truth", a.truth is None)]
    shown = shown.drop(columns=[name for name, absent in unused if absent])
    names = {"outcome": "Outcome", "effect": "Effect", "interval": "95 % interval", "p": "p-value",
             "adjusted": "adjusted", "without": "Without it", "truth": "True effect",
             "n": "Rows"}  # fmt: skip
    logs = ["Effects on logarithms are shown times 100: about per cent."] if a.outcome.logarithm else []
    how = f"{words.capital(a.main.method)} ({a.main.estimand}); standard errors: {a.main.std_error_kind}."
    return tables.table(
        shown,
        caption="Effects of the programme",
        headers={name: names[name] for name in shown},
        formats={name: str for name in shown if name != "outcome"},
        notes=[how, *logs],
    )


def effect_method(a: EvaluationAnalysis) -> Html:
    """Return how the effect was computed, folded."""
    error = style.number(a.main.std_error * a.outcome.scale)
    text = (
        f"{a.parameters.design.words} The estimate is the {a.main.estimand} by {a.main.method}; its standard "
        f"error is {error} ({a.main.std_error_kind}). The p-value is the chance of an estimate at least as "
        "far from nothing, had the programme done nothing; the interval holds every effect that the data do "
        f"not contradict at 5 %.{words.method(a)}"
    )
    citation = f"{a.main.citation}. Software: {a.main.software}"
    return tables.method_note("How the effect is computed", text, source=citation)


def time_table(a: EvaluationAnalysis) -> Html:
    """Return the effects by time since the start; the picture is on the first screen."""
    if a.dynamics is None or a.dynamics.by is None:
        return NOTHING
    shown = charts.scaled(a.dynamics.by.assign(**charts.true_path(a)), a.outcome)
    names = {"event_time": "Since the start", "estimate": "Effect", "ci_low": "Low", "ci_high": "High",
             "band_low": "Band, low", "band_high": "Band, high", "truth": "True effect",
             "n_obs": "Treated units"}  # fmt: skip
    columns = [name for name in names if name in shown]
    unit = words.unit(a.outcome)
    return tables.table(
        shown[columns],
        caption="Effects by time since the start",
        headers={name: names[name] for name in columns},
        units={"event_time": a.named(a.parameters.design.time) + "s"} | ({"estimate": unit} if unit else {}),
        formats={"event_time": _whole} | {name: style.number for name in columns[1:-1]},
        notes=["Low and high: 95 % interval of each. The band holds all of them at once."],
    )


def _whole(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def groups_chart(a: EvaluationAnalysis) -> Figure | Html:
    """Return the effect by group."""
    good = a.groups[a.groups["error"] == ""]
    return NOTHING if good.empty else charts.by_group(a, good)


def ways_chart(a: EvaluationAnalysis) -> Figure | Html:
    """Return every other way of answering the question, unless the first picture has shown them."""
    shown_first = len(a.effects) == 1 and a.parameters.design.type not in (
        "regression_discontinuity", "staggered_adoption", "synthetic_control"
    )  # fmt: skip
    alone = not len(a.variants) and not any(name in words.TESTS for name in a.tests)
    return NOTHING if alone or shown_first else charts.other_ways(a)


def ways_table(a: EvaluationAnalysis) -> Html:
    """Return every other way in figures, and why some could not be computed."""
    frame = a.variants
    rows = [
        {"name": row.name, "effect": words.amount(a.outcome, row.estimate, bare=True),
         "interval": words.interval(a.outcome, row.ci_low, row.ci_high), "p": chance(row.p_value),
         "n": f"{row.n_obs:,.0f}"} if row.error == "" else {"name": f"{row.name} – not computed: {row.error}"}
        for row in frame.itertuples()
    ]  # fmt: skip
    for name, label in words.TESTS.items():
        if (test := a.tests.get(name)) is not None:
            rows.append(_test_row(a, label, test))
    if not rows:
        return NOTHING
    shown = pd.DataFrame(rows, columns=["name", "effect", "interval", "p", "n"])
    unit = words.unit(a.outcome)
    return tables.table(
        shown,
        caption="Other ways of computing the answer",
        headers={"name": "Way", "effect": "Effect", "interval": "95 % interval", "p": "p-value", "n": "Rows"},
        units={"effect": unit} if unit else {},
        formats={name: str for name in ("effect", "interval", "p", "n")},
    )


def _test_row(a: EvaluationAnalysis, label: str, test: pd.DataFrame) -> dict[str, Any]:
    one = test.iloc[0]
    if "error" in test:
        return {"name": f"{label} – not computed: {one['error']}"}
    effect = words.amount(a.outcome, one["estimate"], bare=True)
    if "lower" in test:
        effect = words.interval(a.outcome, one["lower"], one["upper"])
    between = words.interval(a.outcome, one["ci_low"], one["ci_high"])
    return {"name": label, "effect": effect, "interval": between, "p": chance(one["p_value"]),
            "n": f"{one['n_obs']:,.0f}"}  # fmt: skip


def further_tables(a: EvaluationAnalysis) -> Html:
    """Return the further tests that are tables: bandwidths, placebo cut-offs, honest bounds."""
    shown = NOTHING
    for name, frame in a.tests.items():
        if name not in words.TESTS:
            shown = shown + further(name, frame, a.outcome)
    return shown


def cost_table(a: EvaluationAnalysis) -> Html:
    """Return effect, cost and cost per unit with their intervals."""
    if a.cost is None or a.parameters.cost is None:
        return NOTHING
    money, one = a.parameters.cost.currency, words.unit(a.outcome) or "unit"
    one = "percentage point" if a.outcome.share else one
    per = f"{money} for one {one}"
    units = [words.unit(a.outcome) or "units", money, per, per]
    factors = [a.outcome.scale, 1.0, 1 / a.outcome.scale, 1 / a.outcome.scale]
    rows = []
    for row, factor, unit in zip(a.cost.to_frame().itertuples(), factors, units, strict=True):
        unbounded = row.interval if factor == 1 else "unbounded"
        ends = words.between(row.ci_low * factor, row.ci_high * factor, unbounded)
        rows.append((words.capital(row.measure), row.estimate * factor, ends, unit))
    source = [f"Cost: {a.parameters.cost.source}."] if a.parameters.cost.source else []
    return tables.table(
        pd.DataFrame(rows, columns=["measure", "estimate", "interval", "unit"]),
        caption="From effect and cost to cost per unit of effect",
        headers={"measure": "Measure", "estimate": "Estimate", "interval": "95 % interval", "unit": "Unit"},
        formats={"estimate": style.number},
        notes=[
            "Fieller's interval allows for the uncertainty of the effect that the cost is divided by.",
            *source,
        ],
    )


def plan_table(a: EvaluationAnalysis) -> Html:
    """Return every result beside the plan: planned, changed or unplanned."""
    if a.plan is None:
        return NOTHING
    columns = ["outcome", "name", "status", "changes", "p_value", "adjusted_p_value"]
    shown = plain(a.plan.frame[columns], "outcome", a.named)
    names = {"outcome": "Outcome", "name": "Analysis", "status": "Status", "changes": "What changed",
             "p_value": "p-value", "adjusted_p_value": "p-value, adjusted"}  # fmt: skip
    return tables.table(
        shown.assign(changes=shown["changes"].str.replace("_", " ")),
        caption="Results beside the plan",
        headers=names,
        formats={"p_value": chance, "adjusted_p_value": chance},
        notes=[f"Planned, but not reported: {'; '.join(a.plan.missing)}."] if a.plan.missing else [],
    )


def checks(a: EvaluationAnalysis) -> Html:
    """Return every check in words, failures first."""
    return tables.checks_list(a.checks)


def sources(a: EvaluationAnalysis) -> Html:
    """Return where data and methods come from."""
    data = a.parameters.data
    named = (
        f"{data.dataset}, of the Python package {data.package}" if data.path is None else Path(data.path).name
    )
    if data.package == "synthetic":
        named = f"{data.dataset} of the synthetic programme, seed {data.seed or 0}; no row is a real person"
    listed: list[Any] = [one.model_dump(exclude_none=True) for one in a.parameters.sources]
    listed.append({"title": f"Data: {named}"})
    listed.append({"title": f"Method: {a.main.citation}. Computed by {a.main.software}"})
    if a.parameters.published is not None:
        listed.append({"title": f"Published result: {a.parameters.published.source}"})
    return tables.sources_list(listed)


def stamp(a: EvaluationAnalysis) -> Html:
    """Return what was run."""
    made = provenance("evaluation", sections_of(a.parameters))
    return tables.run_stamp(
        {
            "aspfin": made["package_version"],
            "parameters": made["parameter_hash"],
            "data": a.data.fingerprint,
            "package": made["package_hash"],
            "seed": a.parameters.seed,
            "software": a.main.software,
            "python": made["python"],
        }
    )


def save(a: EvaluationAnalysis, folder: str | Path | None) -> None:
    """Write results.json and the tables into `folder`; nothing where it is None (a run by hand)."""
    if folder is not None:
        save_results(
            folder,
            headline=words.headline(a),
            sentences=words.sentences(a),
            tables=a.tables,
            about=table_words("evaluation", a.tables, outcome=words.stored_unit(a.outcome)),
            checks=a.checks,
            estimates=words.estimates(a),
        )
