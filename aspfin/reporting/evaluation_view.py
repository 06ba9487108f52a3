"""The evaluation report in pictures and tables: one function for each thing the notebook shows.

Every function takes the analysis and returns something that shows itself. The words are in
`evaluation_words.py`, the numbers in `evaluation.py`. A part that does not apply shows nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aspfin.reporting import evaluation_words as words
from aspfin.reporting import figures, style, tables
from aspfin.reporting.manifest import provenance, save_results
from aspfin.reporting.parameters import sections_of

if TYPE_CHECKING:
    from aspfin.reporting.evaluation import EvaluationAnalysis
    from aspfin.reporting.evaluation_parameters import Outcome
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
        return _jump(a)
    if kind == "staggered_adoption":
        return _over_time(a)
    if kind == "synthetic_control" and a.main.by is not None:
        return _twin(a)
    return _forest(a)


def _source(a: EvaluationAnalysis) -> str:
    data = a.parameters.data
    named = f"{data.package}, {data.dataset}" if data.path is None else Path(data.path).name
    return f"aspfin; data: {named.replace('synthetic, ', 'synthetic programme, ').replace('_', ' ')}"


def _title(a: EvaluationAnalysis) -> str:
    outcome, value = a.outcome, a.main.estimate
    if not words.certain(a):
        return f"No clear effect on {outcome.words}"
    verb = "more" if value > 0 else "less"
    return f"{outcome.words[:1].upper() + outcome.words[1:]}: {words.amount(outcome, abs(value))} {verb}"


def _scale(outcome: Outcome) -> float:
    return 100.0 if outcome.share else 1.0


def _scaled(frame: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Return effects in the unit in which they are shown."""
    names = ("estimate", "std_error", "ci_low", "ci_high", "band_low", "band_high", "truth", "lower", "upper")
    return frame.assign(**{name: frame[name] * _scale(outcome) for name in names if name in frame})


def _jump(a: EvaluationAnalysis) -> Figure:
    picture, design, factor = a.jump, a.parameters.design, _scale(a.outcome)
    bins = picture.bins.assign(**{n: picture.bins[n] * factor for n in ("mean", "ci_low", "ci_high")})
    sides = ("entitled", "not entitled") if design.eligible == "below" else ("not entitled", "entitled")
    return figures.rd_plot(
        bins,
        picture.lines.assign(fitted=picture.lines["fitted"] * factor),
        cutoff=design.cutoff,
        bandwidth=picture.bandwidth,
        title=_title(a),
        subtitle=f"Mean {a.outcome.words} by {design.running.replace('_', ' ')}; lines: fits within the bandwidth (shaded)",
        source=_source(a),
        x_label=design.running.replace("_", " "),
        y_label=(a.outcome.words + (", %" if a.outcome.share else ""))[:60].capitalize(),
        below_label=sides[0],
        above_label=sides[1],
    )


def _over_time(a: EvaluationAnalysis) -> Figure:
    assert a.dynamics is not None
    effects = _scaled(a.dynamics.by.assign(**_true_path(a)), a.outcome)
    return figures.event_study(
        effects,
        title=_title(a),
        subtitle=f"Effect on {a.outcome.words} by {a.parameters.design.time} since the start, 95 % intervals",
        source=_source(a),
        unit=words.unit(a.outcome),
        time_label="Periods since the start",
        reference_time=None,
    )


def _true_path(a: EvaluationAnalysis) -> dict[str, Any]:
    """Return the known true effects by event time, where there are any."""
    if a.data.truth is None or a.truth is None or a.dynamics is None:
        return {}
    own = a.data.truth[a.data.truth["outcome"] == a.outcome.column].set_index("estimand")["value"]
    times = a.dynamics.by["event_time"]
    return {"truth": [0.0 if t < 0 else own.get(f"ATT event time {t:g}", np.nan) for t in times]}


def _twin(a: EvaluationAnalysis) -> Figure:
    design, frame = a.parameters.design, a.data.frame
    own = (
        frame[frame[design.unit] == design.treated_unit]
        .set_index(design.time)[a.outcome.column]
        .astype(float)
    )
    gap = a.main.by.set_index("time")["estimate"]
    paths = pd.DataFrame({"time": own.index, "treated": own.to_numpy()})
    paths["synthetic"] = paths["treated"] - gap.reindex(own.index).to_numpy()
    paths[["treated", "synthetic"]] *= _scale(a.outcome)
    return figures.synthetic_path(
        paths,
        treated_from=float(design.treated_from),
        title=_title(a),
        subtitle=f"{a.outcome.words[:1].upper() + a.outcome.words[1:]}, {design.treated_unit} and its weighted mix of others",
        source=_source(a),
        unit=words.unit(a.outcome),
        treated_label=str(design.treated_unit),
    )


def _forest(a: EvaluationAnalysis) -> Figure:
    """Return all outcomes side by side, in per cent of their mean without the programme; one in its own unit."""
    means = [one.control_mean for one in a.effects]
    if len(a.effects) > 1 and all(not math.isnan(mean) and mean > 0 for mean in means):
        rows = a.effect_table.assign(label=[o.words[:1].upper() + o.words[1:] for o in a.parameters.outcomes])
        for name in ("estimate", "ci_low", "ci_high", "truth"):
            if name in rows:
                rows[name] = 100 * rows[name] / np.array(means)
        shown = rows.assign(main=[True] + [False] * (len(rows) - 1))
        known = ["truth"] if "truth" in shown else []
        return figures.forest_plot(
            shown[["label", "estimate", "ci_low", "ci_high", "main", *known]],
            title=_title(a),
            subtitle="Effects in per cent of the mean without the programme, 95 % intervals",
            source=_source(a),
            unit="% of the mean without the programme",
        )
    return figures.forest_plot(
        _ways(a),
        title=_title(a),
        subtitle=f"Effect on {a.outcome.words}, 95 % intervals",
        source=_source(a),
        unit=words.unit(a.outcome),
    )


def _ways(a: EvaluationAnalysis) -> pd.DataFrame:
    """Return the main estimate, a published one and every other way, ready for a forest plot."""
    low, high = a.main.conf_int()
    rows = [{"label": "This report", "estimate": a.main.estimate, "ci_low": low, "ci_high": high,
             "main": True, "group": "Main estimate"}]  # fmt: skip
    known = a.parameters.published
    if known is not None:
        half = 1.96 * known.std_error if known.std_error is not None else math.nan
        rows.append({"label": "Published", "estimate": known.estimate, "ci_low": known.estimate - half,
                     "ci_high": known.estimate + half, "main": False, "group": "Main estimate"})  # fmt: skip
    heads = {True: "The same question, other ways", False: "Other questions"}
    for row in a.variants[a.variants["error"] == ""].itertuples():
        rows.append({"label": row.name, "estimate": row.estimate, "ci_low": row.ci_low, "ci_high": row.ci_high,
                     "main": False, "group": heads[bool(row.same_question)]})  # fmt: skip
    for name, label in words.TESTS.items():
        frame = a.tests.get(name)
        if frame is not None and "error" not in frame and np.isfinite(frame["ci_low"].iloc[0]):
            one = frame.iloc[0]
            rows.append({"label": label, "estimate": one["estimate"], "ci_low": one["ci_low"],
                         "ci_high": one["ci_high"], "main": False, "group": heads[True]})  # fmt: skip
    frame = pd.DataFrame(rows)
    if a.truth is not None:
        frame["truth"] = np.where(frame["main"], float(a.truth["value"].iloc[0]), np.nan)
    return _scaled(frame, a.outcome)


def sample_table(a: EvaluationAnalysis) -> Html:
    """Return how the rows of the data become those of the estimate."""
    shown = a.flow.assign(step=[text[:1].upper() + text[1:] for text in a.flow["step"]])
    return tables.table(
        shown,
        caption="From the data to the estimate",
        headers={"step": "Step", "rows": "Rows left"},
        formats={"rows": ",.0f"},
    )


def comparison_table(a: EvaluationAnalysis) -> Html:
    """Return whether like is compared with like, in the form that fits the design."""
    frame, kind = a.comparison, a.comparison_kind
    if frame.empty:
        return NOTHING
    shown: dict[str, Callable[[pd.DataFrame], Html]] = {
        "by arm": _balance,
        "by instrument": _balance,
        "at the cut-off": _no_jump,
        "weighted": _weighted,
        "weights": _weights,
        "means": _means,
    }
    return shown[kind](frame)


def _balance(frame: pd.DataFrame) -> Html:
    names = {"variable": "Measured before", "mean_control": "Without", "mean_treated": "With",
             "estimate": "Difference", "p_value": "p", "normalised_difference": "In standard deviations"}  # fmt: skip
    return tables.table(
        _plain(frame[list(names)], "variable"),
        caption="Before the programme: means of the two groups",
        headers=names,
        formats={name: style.number for name in list(names)[1:]} | {"p_value": ".3f"},
        notes=[
            "Differences beyond 0.25 standard deviations are large. The p-values are those of single tests."
        ],
    )


def _plain(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    return frame.assign(**{name: [str(text).replace("_", " ") for text in frame[name]]}).reset_index(
        drop=True
    )


def _no_jump(frame: pd.DataFrame) -> Html:
    names = {
        "variable": "Measured before",
        "estimate": "Jump",
        "ci_low": "Low",
        "ci_high": "High",
        "p_value": "p",
    }
    return tables.table(
        _plain(frame[list(names)], "variable"),
        caption="What the programme cannot have changed: its jump at the cut-off",
        headers=names,
        formats={name: style.number for name in ("estimate", "ci_low", "ci_high")} | {"p_value": ".3f"},
    )


def _weighted(frame: pd.DataFrame) -> Html:
    names = {"control": "Measured before", "treated_mean": "With", "untreated_mean": "Without",
             "difference_before": "Before", "difference_after": "After"}  # fmt: skip
    return tables.table(
        _plain(frame[list(names)], "control"),
        caption="Treated and untreated, before and after weighting or matching",
        headers=names,
        units={"difference_before": "standard deviations", "difference_after": "standard deviations"},
        formats={name: style.number for name in list(names)[1:]},
    )


def _weights(frame: pd.DataFrame) -> Html:
    return tables.table(
        frame,
        caption="What the mix is made of",
        headers={"unit": "Unit", "weight": "Weight"},
        formats={"weight": "percent"},
        notes=["Units with less than 0.05 % are left out."],
    )


def _means(frame: pd.DataFrame) -> Html:
    return tables.table(
        frame.assign(group=frame["group"].str.capitalize()),
        caption="Means of the four groups",
        headers={"group": "Group", "mean": "Mean"},
        formats={"mean": style.number},
    )


def attrition_table(a: EvaluationAnalysis) -> Html:
    """Return who was lost from an experiment."""
    if a.lost.empty:
        return NOTHING
    names = {
        "variable": "",
        "mean_control": "Without",
        "mean_treated": "With",
        "estimate": "Difference",
        "p_value": "p",
    }
    shown = _plain(a.lost[list(names)], "variable").replace({"variable": {"lost": "share lost"}})
    return tables.table(
        shown,
        caption="Who was not found again, and those who were",
        headers=names | {"variable": "Measure"},
        formats={name: style.number for name in list(names)[1:]} | {"p_value": ".3f"},
    )


def effects_table(a: EvaluationAnalysis) -> Html:
    """Return the effects on all outcomes, published or true values beside them."""
    frame, rows = a.effect_table, []
    for outcome, row in zip(a.parameters.outcomes, frame.to_dict("records"), strict=True):
        rows.append(
            {
                "outcome": outcome.words[:1].upper() + outcome.words[1:],
                "effect": words.amount(outcome, row["estimate"]),
                "interval": words.interval(outcome, row["ci_low"], row["ci_high"]),
                "p": _chance(row["p_value"]),
                "adjusted": _chance(row.get("adjusted_p_value", math.nan)),
                "without": words.level(outcome, row["control_mean"])
                if row["control_mean"] == row["control_mean"]
                else None,
                "truth": words.amount(outcome, row["truth"]) if "truth" in row else None,
                "n": f"{row['n_obs']:,}",
            }
        )
    shown = pd.DataFrame(rows)
    if a.q_values is None:
        shown = shown.drop(columns="adjusted")
    if a.truth is None:
        shown = shown.drop(columns="truth")
    names = {"outcome": "Outcome", "effect": "Effect", "interval": "95 % interval", "p": "p", "adjusted": "p, adjusted",
             "without": "Without it", "truth": "True effect", "n": "Rows"}  # fmt: skip
    return tables.table(
        shown,
        caption="Effects of the programme",
        headers={name: names[name] for name in shown},
        notes=[
            f"{a.main.method[:1].upper() + a.main.method[1:]} ({a.main.estimand}); standard errors: {a.main.std_error_kind}."
        ],
    )


def _chance(p: float) -> str | None:
    if p != p:
        return None
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def effect_method(a: EvaluationAnalysis) -> Html:
    """Return how the effect was computed, folded."""
    extra = _first_stage(a)
    text = (
        f"{a.parameters.design.words} The estimate is the {a.main.estimand} by {a.main.method}; its standard error of "
        f"{style.number(a.main.std_error)} is {a.main.std_error_kind}. The p-value is the chance of an estimate at "
        "least as far from nothing, had the programme done nothing; the interval holds every effect that the data do "
        f"not contradict at 5 %.{extra}"
    )
    return tables.method_note(
        "How the effect is computed", text, source=f"{a.main.citation}. Software: {a.main.software}"
    )


def _first_stage(a: EvaluationAnalysis) -> str:
    details = a.main.details
    if "effective_f" in details:
        return (
            f"\n\nHow strongly the instrument moves take-up: effective F {details['effective_f']:.1f} (23.1 would bound "
            f"the bias at 10 %). However weak it is, {details['anderson_rubin_text']}."
        )
    if "bandwidth" in details:
        return (
            f"\n\nWithin {style.number(details['bandwidth'])} of the cut-off lie {details['n_below']:,} rows below and "
            f"{details['n_above']:,} above. Interval and p-value are corrected for the bias of the fit, so the estimate "
            "need not lie in the middle."
        )
    return ""


def time_table(a: EvaluationAnalysis) -> Html:
    """Return the effects by time since the start as a table; the picture is on the first screen."""
    if a.dynamics is None:
        return NOTHING
    shown = _scaled(a.dynamics.by.assign(**_true_path(a)), a.outcome)
    names = {"event_time": "Period since the start", "estimate": "Effect", "ci_low": "Low", "ci_high": "High",
             "band_low": "Band, low", "band_high": "Band, high", "truth": "True effect", "n_obs": "Treated units"}  # fmt: skip
    columns = [name for name in names if name in shown]
    return tables.table(
        shown[columns],
        caption="Effects by time since the start",
        headers={name: names[name] for name in columns},
        units={"estimate": words.unit(a.outcome)} if words.unit(a.outcome) else {},
        formats={"event_time": _whole} | {name: style.number for name in columns[1:-1]},
        notes=["Low and high: 95 % interval of each. The band holds all of them at once."],
    )


def _whole(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def groups_chart(a: EvaluationAnalysis) -> Figure | Html:
    """Return the effect by group."""
    good = a.groups[a.groups["error"] == ""]
    if good.empty:
        return NOTHING
    rows = good.assign(label=good["group"], group=good["column"].str.replace("_", " ").str.capitalize())
    return figures.forest_plot(
        _scaled(rows[["label", "group", "estimate", "ci_low", "ci_high"]], a.outcome),
        title=f"The effect on {a.outcome.words}, by group",
        subtitle="Estimates and 95 % intervals; a number with many values is split at its median",
        source=_source(a),
        unit=words.unit(a.outcome),
    )


def ways_chart(a: EvaluationAnalysis) -> Figure | Html:
    """Return every other way of answering the question."""
    rows = _ways(a)
    if len(rows) == 1 + (a.parameters.published is not None):
        return NOTHING
    return figures.forest_plot(
        rows,
        title="The answer under other choices",
        subtitle=f"Effect on {a.outcome.words}, 95 % intervals",
        source=_source(a),
        unit=words.unit(a.outcome),
    )


def ways_table(a: EvaluationAnalysis) -> Html:
    """Return what could not be estimated, and why; nothing where all could."""
    lost = a.variants[a.variants["error"] != ""]
    failed = {words.TESTS.get(name, name.replace("_", " ").capitalize()): frame["error"].iloc[0]
              for name, frame in a.tests.items() if "error" in frame}  # fmt: skip
    rows = [*lost[["name", "error"]].itertuples(index=False, name=None), *failed.items()]
    if not rows:
        return NOTHING
    return tables.table(
        pd.DataFrame(rows, columns=["name", "error"]),
        caption="What could not be computed",
        headers={"name": "Way", "error": "Reason"},
    )


def tests_tables(a: EvaluationAnalysis) -> Html:
    """Return the further tests that are tables: bandwidths, placebo cut-offs, honest bounds, p-values."""
    shown = NOTHING
    for name, make in (
        ("bandwidths", _bandwidths),
        ("placebo_cutoffs", _placebos),
        ("honest_bounds", _honest),
    ):
        frame = a.tests.get(name)
        if frame is not None and "error" not in frame:
            shown = shown + make(frame, a.outcome)
    return shown


def _bandwidths(frame: pd.DataFrame, outcome: Outcome) -> Html:
    names = {"multiple": "Times the chosen one", "bandwidth": "Bandwidth", "estimate": "Effect", "ci_low": "Low",
             "ci_high": "High", "p_value": "p", "n_obs": "Rows"}  # fmt: skip
    return _numbers(_scaled(frame, outcome), names, "Effect by bandwidth", outcome)


def _placebos(frame: pd.DataFrame, outcome: Outcome) -> Html:
    names = {"cutoff": "Cut-off", "side": "Rows from", "estimate": "Jump", "ci_low": "Low", "ci_high": "High",
             "p_value": "p", "n_obs": "Rows"}  # fmt: skip
    return _numbers(
        _scaled(frame, outcome), names, "Where nothing happens: cut-offs that decide nothing", outcome
    )


def _honest(frame: pd.DataFrame, outcome: Outcome) -> Html:
    names = {"share_of_effect": "Bend of the trend", "ci_low": "Low", "ci_high": "High"}
    note = (
        "How far the trends of the two groups may bend from one period to the next, as a share of the effect."
    )
    return _numbers(_scaled(frame, outcome), names, "If trends would not have stayed parallel", outcome, note)


def _numbers(
    frame: pd.DataFrame, names: dict[str, str], caption: str, outcome: Outcome, note: str = ""
) -> Html:
    numeric = [name for name in names if name not in ("side", "n_obs", "p_value", "share_of_effect")]
    written: dict[str, Any] = {name: style.number for name in numeric}
    written |= {"p_value": ".3f", "n_obs": ",.0f", "share_of_effect": "percent"}
    unit = words.unit(outcome)
    return tables.table(
        frame[list(names)],
        caption=caption,
        headers=names,
        units={name: unit for name in ("estimate", "ci_low", "ci_high") if name in names and unit},
        formats={name: one for name, one in written.items() if name in names},
        notes=[note] if note else [],
    )


def cost_table(a: EvaluationAnalysis) -> Html:
    """Return effect, cost and cost per unit with their intervals."""
    if a.cost is None:
        return NOTHING
    frame = a.cost.to_frame()
    shown = frame[["measure", "estimate", "interval"]]
    money = a.parameters.cost.currency if a.parameters.cost else ""
    own = a.outcome.unit or "units of the outcome"
    return tables.table(
        shown.assign(
            measure=shown["measure"].str.capitalize(),
            unit=[own, money, *[f"{money} per unit"] * (len(shown) - 2)],
        ),
        caption="From effect and cost to cost per unit of effect",
        headers={"measure": "Measure", "estimate": "Estimate", "interval": "95 % interval", "unit": "Unit"},
        formats={"estimate": style.number},
        notes=["Fieller's interval allows for the uncertainty of the effect by which the cost is divided."],
    )


def plan_table(a: EvaluationAnalysis) -> Html:
    """Return every result beside the plan: planned, changed or unplanned."""
    if a.plan is None:
        return NOTHING
    frame = a.plan.frame
    shown = frame[["outcome", "name", "status", "changes", "p_value", "adjusted_p_value"]]
    return tables.table(
        shown.assign(outcome=shown["outcome"].str.replace("_", " ")),
        caption="Results beside the plan",
        headers={"outcome": "Outcome", "name": "Analysis", "status": "Status", "changes": "What changed",
                 "p_value": "p", "adjusted_p_value": "p, adjusted"},
        formats={"p_value": ".3f", "adjusted_p_value": ".3f"},
        notes=[f"Planned, but not reported: {'; '.join(a.plan.missing)}."] if a.plan.missing else [],
    )  # fmt: skip


def checks(a: EvaluationAnalysis) -> Html:
    """Return every check in words, failures first."""
    return tables.checks_list(a.checks)


def sources(a: EvaluationAnalysis) -> Html:
    """Return where data and methods come from."""
    data = a.parameters.data
    named = f"{data.package}: {data.dataset}" if data.path is None else Path(data.path).name
    listed: list[Any] = [one.model_dump(exclude_none=True) for one in a.parameters.sources]
    listed.append({"title": f"Data: {named}"})
    listed.append({"title": f"Method: {a.main.citation}. Computed by {a.main.software}"})
    if a.parameters.published is not None:
        listed.append({"title": f"Published result: {a.parameters.published.source}"})
    return tables.sources_list(listed)


def stamp(a: EvaluationAnalysis) -> Html:
    """Return what was run."""
    made = provenance("evaluation", _portable(a))
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


def _portable(a: EvaluationAnalysis) -> dict[str, Any]:
    """Return the sections with files named instead of placed, so that their hash is the same everywhere."""
    sections = sections_of(a.parameters)
    if a.parameters.data.path is not None:
        sections["data"] = {**sections["data"], "path": Path(a.parameters.data.path).name}
    if a.parameters.plan is not None:
        sections["plan"] = Path(a.parameters.plan).name
    return sections


def save(a: EvaluationAnalysis, folder: str | Path | None) -> None:
    """Write results.json and the tables into `folder`; nothing where it is None (a run by hand)."""
    if folder is not None:
        save_results(
            folder,
            headline=words.headline(a),
            sentences=words.sentences(a),
            tables=a.tables,
            checks=a.checks,
        )
