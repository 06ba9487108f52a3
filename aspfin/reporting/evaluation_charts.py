"""The pictures of the evaluation report; `evaluation_view.py` puts them on the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aspfin.reporting import evaluation_words as words
from aspfin.reporting import figures

if TYPE_CHECKING:
    from aspfin.reporting.evaluation import EvaluationAnalysis
    from aspfin.reporting.evaluation_parameters import Outcome
    from aspfin.reporting.figure import Figure

__all__ = ["by_group", "forest", "jump", "other_ways", "over_time", "scaled", "true_path", "twin", "ways"]

SHOWN = ("estimate", "std_error", "ci_low", "ci_high", "band_low", "band_high", "truth", "lower", "upper")


def scaled(frame: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Return effects in the unit in which they are shown."""
    return frame.assign(**{name: frame[name] * outcome.scale for name in SHOWN if name in frame})


def _source(a: EvaluationAnalysis) -> str:
    data = a.parameters.data
    if data.path is not None:
        return f"aspfin; data: {Path(data.path).name}"
    if data.package == "synthetic":
        return "aspfin; made-up data"
    return f"aspfin; data: {data.dataset} of the Python package {data.package}"


def _title(a: EvaluationAnalysis) -> str:
    outcome, value = a.outcome, a.main.estimate
    if not words.certain(a):
        return f"No clear effect on {outcome.words}"
    verb = "more" if value > 0 else "less"
    return f"{words.capital(outcome.words)}: {words.amount(outcome, abs(value))} {verb}"


def jump(a: EvaluationAnalysis) -> Figure:
    """Return the outcome on both sides of the cut-off."""
    picture, design, factor = a.jump, a.parameters.design, a.outcome.scale
    bins = picture.bins.assign(
        **{name: picture.bins[name] * factor for name in ("mean", "ci_low", "ci_high")}
    )
    sides = ("entitled", "not entitled") if design.eligible == "below" else ("not entitled", "entitled")
    score = a.named(design.running)
    unit = "per cent" if a.outcome.share else words.unit(a.outcome)
    return figures.rd_plot(
        bins,
        picture.lines.assign(fitted=picture.lines["fitted"] * factor),
        cutoff=design.cutoff,
        bandwidth=picture.bandwidth,
        title=_title(a),
        subtitle=f"Means by {score}, with 95 % intervals; lines are fitted within the shaded strip",
        source=_source(a),
        x_label=words.capital(score),
        y_label=words.capital(a.outcome.words) + (f" ({unit})" if unit else ""),
        below_label=sides[0],
        above_label=sides[1],
    )


def over_time(a: EvaluationAnalysis) -> Figure:
    """Return effects by time since the start."""
    assert a.dynamics is not None and a.dynamics.by is not None
    return figures.event_study(
        scaled(a.dynamics.by.assign(**true_path(a)), a.outcome),
        title=_title(a),
        subtitle=f"Effect on {a.outcome.words} by {a.named(a.parameters.design.time)} since the start",
        source=_source(a),
        unit=words.unit(a.outcome),
        time_label=f"{words.capital(a.named(a.parameters.design.time))}s since the start",
        reference_time=None,
    )


def true_path(a: EvaluationAnalysis) -> dict[str, Any]:
    """Return the known true effects by event time, where there are any."""
    if a.data.truth is None or a.truth is None or a.dynamics is None or a.dynamics.by is None:
        return {}
    own = a.data.truth[a.data.truth["outcome"] == a.outcome.column].set_index("estimand")["value"]
    times = a.dynamics.by["event_time"]
    return {"truth": [0.0 if t < 0 else own.get(f"ATT event time {t:g}", np.nan) for t in times]}


def twin(a: EvaluationAnalysis) -> Figure:
    """Return the treated unit beside its weighted mix of others."""
    design, frame = a.parameters.design, a.data.frame
    assert a.main.by is not None
    own = (
        frame[frame[design.unit] == design.treated_unit]
        .set_index(design.time)[a.outcome.column]
        .astype(float)
    )
    gap = a.main.by.set_index("time")["estimate"]
    paths = pd.DataFrame({"time": own.index, "treated": own.to_numpy()})
    paths["synthetic"] = paths["treated"] - gap.reindex(own.index).to_numpy()
    paths[["treated", "synthetic"]] *= a.outcome.scale
    return figures.synthetic_path(
        paths,
        treated_from=float(design.treated_from),
        title=_title(a),
        subtitle=f"{words.capital(a.outcome.words)}: {design.treated_unit} and its weighted mix of others",
        source=_source(a),
        unit=words.unit(a.outcome),
        treated_label=str(design.treated_unit),
        time_label=words.capital(a.named(design.time)),
    )


def forest(a: EvaluationAnalysis) -> Figure:
    """Return all outcomes, in per cent of their mean without the programme; a single one in its own unit."""
    means = np.array([one.control_mean for one in a.effects])
    if len(means) < 2 or not (means > 0).all() or any(one.logarithm for one in a.parameters.outcomes):
        return other_ways(a, title=_title(a))
    rows = a.effect_table.assign(label=[words.capital(one.words) for one in a.parameters.outcomes])
    rows["main"] = [True] + [False] * (len(rows) - 1)
    for name in ("estimate", "ci_low", "ci_high", "truth"):
        if name in rows:
            rows[name] = 100 * rows[name] / means
    known = ["truth"] if "truth" in rows else []
    return figures.forest_plot(
        rows[["label", "estimate", "ci_low", "ci_high", "main", *known]],
        title=_title(a),
        subtitle="Effects in per cent of the mean without the programme, 95 % intervals",
        source=_source(a),
        unit="% of the mean without it",
    )


def ways(a: EvaluationAnalysis) -> pd.DataFrame:
    """Return the main estimate, a published one and every other way, ready for a forest plot."""
    low, high = a.main.conf_int()
    heads = {True: "The same question, other ways", False: "Other questions"}
    rows = [_row("This report", a.main.estimate, low, high, "Main estimate")]
    known = a.parameters.published
    if known is not None and known.std_error is not None:
        half = 1.96 * known.std_error
        ends = (known.estimate - half, known.estimate + half)
        rows.append(_row("Published", known.estimate, *ends, "Main estimate"))
    good = a.variants[a.variants["error"] == ""]
    for row in good[good["same_question"].astype(bool)].itertuples():
        rows.append(_row(row.name, row.estimate, row.ci_low, row.ci_high, heads[True]))
    for name, label in words.TESTS.items():
        frame = a.tests.get(name)
        if frame is not None and "error" not in frame and np.isfinite(frame["ci_low"].iloc[0]):
            one = frame.iloc[0]
            rows.append(_row(label, one["estimate"], one["ci_low"], one["ci_high"], heads[True]))
    for row in good[~good["same_question"].astype(bool)].itertuples():
        rows.append(_row(row.name, row.estimate, row.ci_low, row.ci_high, heads[False]))
    frame = pd.DataFrame(rows).assign(main=[True] + [False] * (len(rows) - 1))
    if a.truth is not None:
        frame["truth"] = np.where(frame["main"], float(a.truth["value"].iloc[0]), np.nan)
    return scaled(frame, a.outcome)


def _row(label: str, estimate: float, low: float, high: float, group: str) -> dict[str, Any]:
    return {"label": label, "estimate": estimate, "ci_low": low, "ci_high": high, "group": group}


def other_ways(a: EvaluationAnalysis, title: str = "The answer under other choices") -> Figure:
    """Return the main estimate beside every other way of answering the question."""
    return figures.forest_plot(
        ways(a),
        title=title,
        subtitle=f"Effect on {a.outcome.words}, 95 % intervals",
        source=_source(a),
        unit=words.unit(a.outcome),
    )


def by_group(a: EvaluationAnalysis, rows: pd.DataFrame) -> Figure:
    """Return the effect by group."""
    names = [words.capital(a.named(name)) for name in rows["column"]]
    shown = rows.assign(label=rows["group"], group=names)
    return figures.forest_plot(
        scaled(shown[["label", "group", "estimate", "ci_low", "ci_high"]], a.outcome),
        title=f"The effect on {a.outcome.words}, by group",
        subtitle="Estimates and 95 % intervals; a number with many values is split at its median",
        source=_source(a),
        unit=words.unit(a.outcome),
    )
