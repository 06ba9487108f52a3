"""The synthesis in words: title, the three-sentence answer, headline figures, one finding a section."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from aspfin.batch.comparison import CURVES, SHARES, checks_shared, curves_of, said, written
from aspfin.batch.records import FLAGS
from aspfin.reporting.manifest import Headline
from aspfin.reporting.wording import counted

if TYPE_CHECKING:
    from aspfin.batch.synthesis import SynthesisAnalysis

__all__ = ["cards", "caution", "finding", "headline", "sentences", "subtitle", "title"]

LEVEL = 0.05  # p-values below it are called remarkable
SHARED_INPUTS = (
    "An error in an input that all share moves every case, so that comparing cases does not show it."
)


def title(a: SynthesisAnalysis) -> str:
    """Return the title."""
    return a.parameters.title or a.folder.name.replace("_", " ").capitalize()


def subtitle(a: SynthesisAnalysis) -> str:
    """Return what this is."""
    kinds = sorted({one.kind for one in a.records})
    return f"What {counted(len(a.made), 'report')} say together ({', '.join(kinds)})"


def sentences(a: SynthesisAnalysis) -> list[str]:
    """Return the answer: how far the cases lie apart, a second figure or how sure that is, what to mind."""
    if not a.made:
        every = counted(len(a.records), "report")
        return [f"None of the {every} could be made: there is nothing to compare."]
    told = a.compared is not None and (a.compared.pooled is not None or a.compared.tested)
    found = [_range(a, row) for _, row in a.spread.head(1 if told else 2).iterrows()]
    if a.spread.empty:
        found = ["No headline figure differs between the cases."]
    if told:
        found.append(_estimates(a))
    return [*found, _minded(a)]


def _label(row: pd.Series) -> str:
    return f"{row['label'][:1].upper()}{row['label'][1:]}"


def _range(a: SynthesisAnalysis, row: pd.Series) -> str:
    """Return how far the cases lie apart in one figure."""
    ends = f"from {said(row['lowest'], row['unit'])} ({row['lowest_case']}) to "
    ends += f"{said(row['highest'], row['unit'])} ({row['highest_case']})"
    if row["cases"] < 2:
        return f"{_label(row)}: shown for {row['highest_case']} only, {said(row['highest'], row['unit'])}."
    if row["cases"] < 5:
        return f"{_label(row)}: {ends}."
    low, high = (written(row[part], row["unit"]) for part in ("lower_quarter", "upper_quarter"))
    half = f"the middle half of the {counted(row['cases'], 'case')} lies between {low} and {high}"
    return f"{_label(row)}: {ends}; {half}."


def _estimates(a: SynthesisAnalysis) -> str:
    """Return what the estimates say together."""
    one = a.compared
    assert one is not None
    parts = []
    if one.pooled is not None:
        p = one.pooled
        ends = f"{written(p.ci_low, one.unit)} to {said(p.ci_high, one.unit)}"
        parts.append(
            f"the mean over {len(p.table)} cases is {written(p.mean, one.unit)} (95 % interval {ends})"
        )
        share = p.i_squared
        parts.append(
            "the cases differ no more than chance lets them"
            if p.tau_squared == 0
            else f"{written(share, 'share')} of the variation between them is more than chance"
        )
    if one.tested:
        raw, left = (int((one.table[name] < LEVEL).sum()) for name in ("p_value", "holm"))
        parts.append(
            f"{raw} of {len(one.table)} differ from 0 by themselves, {left} after allowing for having looked "
            "at all of them"
        )
    return f"{one.label}: {'; '.join(parts)}." if parts else f"{one.label} is compared case by case below."


def _carry(a: SynthesisAnalysis) -> str:
    return "carries" if len(a.flagged) == 1 else "carry"


def _minded(a: SynthesisAnalysis) -> str:
    """Return what a reader must mind: failed cases, flags, what is hidden."""
    parts, hidden = [], a.safe.small + a.safe.complementary
    if a.failed:
        parts.append(f"{len(a.failed)} of {counted(len(a.records), 'report')} could not be made")
    if a.not_asked:
        every = counted(len(a.records) + a.not_asked, "report")
        parts.append(f"{a.not_asked} of {every} have not been asked for yet")
    if a.flagged:
        parts.append(f"{len(a.flagged)} of {counted(len(a.made), 'report')} {_carry(a)} a warning")
    if failing := checks_shared(a.records):
        parts.append(f"every report fails {counted(len(failing), 'check')}, listed below")
    if a.shared_flags:
        parts.append(f"every report {'; '.join(FLAGS[flag] for flag in a.shared_flags)}")
    if hidden:
        figures = "1 figure is" if hidden == 1 else f"{hidden:,} figures are"
        parts.append(f"{figures} hidden to protect the people behind")
    text = "; ".join(parts)
    if not text:
        return f"All {counted(len(a.made), 'report')} were made, and none carries a warning."
    return f"{text[:1].upper()}{text[1:]}."


def headline(a: SynthesisAnalysis) -> dict[str, Headline]:
    """Return the headline figures: how many cases, and the range of the first figures."""
    found = {
        "reports_made": Headline("Reports made", float(len(a.made)), "reports"),
        "reports_failed": Headline("Reports that could not be made", float(len(a.failed)), "reports"),
        "reports_flagged": Headline("Reports with a warning of their own", float(len(a.flagged)), "reports"),
    }
    for _, row in a.spread.head(2).iterrows():
        for part in ("lowest", "median", "highest"):
            found[f"{row['name']}_{part}"] = Headline(
                f"{row['label']}, {part}", float(row[part]), row["unit"]
            )
    if a.compared is not None and a.compared.pooled is not None:
        found["pooled_mean"] = Headline(f"{a.compared.label}, mean", a.compared.pooled.mean, a.compared.unit)
    return found


def cards(a: SynthesisAnalysis) -> list[tuple[str, str, str]]:
    """Return four headline figures as label, value and note."""
    failed = f"{len(a.failed)} could not be made" if a.failed else "none failed"
    failed += f", {a.not_asked} not asked for yet" if a.not_asked else ""
    found = [("Reports", f"{len(a.made)} of {len(a.records) + a.not_asked}", failed)]
    if a.compared is not None and a.compared.pooled is not None:
        p, unit = a.compared.pooled, a.compared.unit
        ends = f"{written(p.ci_low, unit)} to {written(p.ci_high, unit)}"
        own = "" if unit.split(" ")[0] in ("", *SHARES) else f"{unit}; "
        found.append((f"{a.compared.label}, mean", written(p.mean, unit), f"{own}95 % interval {ends}"))
    for _, row in a.spread.head(3 - len(found)).iterrows():
        note = f"{written(row['lowest'], row['unit'])} to {written(row['highest'], row['unit'])}"
        found.append((f"{_label(row)}, median", said(row["median"], row["unit"]), note))
    flags = "; ".join(sorted({flag.replace("_", " ") for one in a.flagged for flag in a.own_flags[one.name]}))
    failing = len(checks_shared(a.records))
    notes = [flags or "none of its own", *([f"{counted(failing, 'check')} failed by all"] if failing else [])]
    found.append(("With a warning of its own", f"{len(a.flagged)} of {len(a.made)}", "; ".join(notes)))
    return found


def caution(a: SynthesisAnalysis) -> str:
    """Return the remark below the cards."""
    return (
        "A batch compares cases that were all computed in the same way; where the method errs, it errs in "
        "all of them. Read the report of a case before acting on its rank."
    )


def finding(a: SynthesisAnalysis, section: str) -> list[str]:
    """Return what a section shows, in sentences."""
    return FINDINGS[section](a)


def _compare(a: SynthesisAnalysis) -> list[str]:
    found = [_range(a, row) for _, row in a.spread.iloc[:4].iterrows()]
    same = [f"{c['label'].lower()}: {written(a.made[0].value(c['name']), c['unit'])}" for c in a.alike
            if math.isfinite(a.made[0].value(c["name"]))]  # fmt: skip
    found += [f"The same in every report: {'; '.join(same)}."] if same else []
    return found or ["No headline figure differs between the cases."]


def _ends(a: SynthesisAnalysis) -> list[str]:
    first = []
    if len(a.spread):
        row = a.spread.iloc[0]
        first = [f"{_label(row)}: highest for {row['highest_case']}, lowest for {row['lowest_case']}."]
    if a.compared is None and not first:
        return ["There is nothing to rank."]
    if a.compared is None and (curve := _curve_ranks(a)):
        return [*first, curve]
    if a.compared is None:
        return [
            *first,
            "These figures come without a standard error, so this page cannot tell which differences between "
            "cases are larger than their uncertainty: the range of each is in its own report.",
        ]
    return [*first, _ranks(a)]


def _curve_ranks(a: SynthesisAnalysis) -> str:
    """Return how sure it is who is highest, by the ranges at the end of the curves; empty without any."""
    curves = curves_of(a.made, a.folder)
    if curves is None or "low" not in curves or len(a.made) < 2:
        return ""
    last = curves.sort_values("x", kind="stable").groupby("panel", sort=False).last()
    top = last["value"].idxmax()
    near = int((last["high"] >= last.loc[top, "low"]).sum()) - 1
    which = f"all {near}" if near == len(last) - 1 else f"{near} of the {len(last) - 1}"
    words = CURVES[a.made[0].kind].x_words.replace("so many", f"{last.loc[top, 'x']:g}")
    return (
        f"How sure is that? {words[:1].upper()}{words[1:]}, the ranges of {which} other cases "
        f"reach into that of the highest, {top}; neighbours in the ranking may change places."
    )


def _ranks(a: SynthesisAnalysis) -> str:
    """Return how sure it is who is highest: by the intervals of the first and of the others."""
    assert a.compared is not None
    if a.compared.pooled is not None and a.compared.pooled.tau_squared == 0:
        return "The estimates differ no more than chance lets them: their order says nothing."
    table = a.compared.table
    low, high = ("ci_low", "ci_high") if a.compared.pooled is None else ("pooled_ci_low", "pooled_ci_high")
    value = "estimate" if a.compared.pooled is None else "pooled"
    known = table.dropna(subset=[value])
    top, bottom = known.loc[known[value].idxmax()], known.loc[known[value].idxmin()]
    near = int((known[high] >= top[low]).sum()) - 1
    apart = top[low] > bottom[high]
    sure = (
        "do not overlap: that they differ is fairly sure"
        if apart
        else "overlap: even their order is not sure"
    )
    how = "By itself" if a.compared.pooled is None else "Drawn to the mean as far as each is uncertain"
    ends = f"{top['label']} is highest and {bottom['label']} lowest, and their intervals {sure}"
    return f"{how}, {ends}; {near} of the {len(known) - 1} others could be as high as the highest."


def _pooled(a: SynthesisAnalysis) -> list[str]:
    if a.compared is None:
        return []
    found = [_estimates(a)]
    if a.compared.left_out:
        found.append(
            f"Without such an estimate, or hidden: {a.compared.left_out} of {counted(len(a.made), 'report')}."
        )
    return found


def _flags(a: SynthesisAnalysis) -> list[str]:
    some = f"{len(a.flagged)} of {counted(len(a.made), 'report')} {_carry(a)} a warning that not all have."
    found = [some if a.flagged else "No report carries a warning of its own."]
    if a.shared_flags:
        found.append(f"Every report {'; '.join(FLAGS[flag] for flag in a.shared_flags)}.")
    if shared := checks_shared(a.records):
        found.append(f"In every report these checks fail: {'; '.join(shared)}.")
    return found


def _inputs(a: SynthesisAnalysis) -> list[str]:
    if a.inputs.empty:
        return ["Every input used is verified, or the reports name none."]
    everywhere = int((a.inputs["cases"] == len(a.made)).sum())
    told = f"{len(a.inputs)} inputs are assumed, from the press or unverified in some report, "
    told += f"{everywhere} in all."
    if everywhere == len(a.inputs):
        told = f"{everywhere} inputs of every report are assumed, from the press or unverified."
    return [told, *([SHARED_INPUTS] if everywhere else [])]


FINDINGS = {
    "compare": _compare,
    "ends": _ends,
    "pooled": _pooled,
    "flags": _flags,
    "hidden": lambda a: [a.safe.sentence()],
    "failed": lambda a: [f"{len(a.failed)} of {counted(len(a.records), 'report')} could not be made."],
    "inputs": _inputs,
}
