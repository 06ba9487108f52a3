"""Two batches of reports compared: what went into them, what came out, and what made the difference.

A report is made from data, code (aspfin, its notebook, the libraries, Python) and parameters. Where one of
the three changed alone, the whole change of a figure is its work. Where several changed together nobody can
tell without running once more; with a `counterfactual` the part of the parameters is told apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from aspfin.batch.places import SYNTHESIS
from aspfin.reporting.identity import changed_fields
from aspfin.results import InputError, Problem, ResultMixin

__all__ = ["BatchDifference", "CaseDifference", "FigureChange", "compare"]

PARTS = ("data", "code", "parameters")
UNEXPLAINED = "same inputs, other results"
NOTHING = "nothing"
COLUMNS = ("case", "figure", "label", "unit", "before", "after", "change", "change_percent", "cause")

Run = Mapping[str, Any]
Headline = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class FigureChange:
    """How one headline figure of one case changed, and what did it.

    Attributes
    ----------
    name, label, unit : str
    before, after : float or None
        None where the figure is missing.
    causes : tuple of (str, float)
        What changed ("data", "data and code together", …) and its part of the change; the parts add up.
    """

    name: str
    label: str
    unit: str
    before: float | None
    after: float | None
    causes: tuple[tuple[str, float], ...] = ()

    @property
    def change(self) -> float | None:
        """After less before."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def percent(self) -> float | None:
        """The change in per cent of the value before; None where that is 0."""
        return None if self.change is None or not self.before else 100 * self.change / abs(self.before)


@dataclass(frozen=True)
class CaseDifference:
    """One case that is in both batches.

    Attributes
    ----------
    name : str
    data : tuple of str
        Data files that changed, in words.
    code : tuple of str
        What of the code changed, in words.
    parameters : tuple of (str, object, object)
        Fields that changed, with their value before and after; None where there was none.
    statuses : tuple of str
        "made" or "failed", before and after.
    failure : str
        Why it could not be made, where it could not.
    figures : tuple of FigureChange
    other_results : tuple of str
        Files whose contents differ though everything they were made from is equal.
    """

    name: str
    data: tuple[str, ...]
    code: tuple[str, ...]
    parameters: tuple[tuple[str, Any, Any], ...]
    statuses: tuple[str, str]
    failure: str
    figures: tuple[FigureChange, ...]
    other_results: tuple[str, ...]

    @property
    def changed(self) -> tuple[str, ...]:
        """Which of data, code and parameters changed."""
        return tuple(part for part in PARTS if getattr(self, part))


@dataclass(frozen=True, repr=False)
class BatchDifference(ResultMixin):
    """What `compare` finds: cases, inputs, figures, and which change made the difference.

    Attributes
    ----------
    cases : tuple of CaseDifference
        Those in both, by name.
    only_first, only_second : tuple of str
        Names of cases in one batch only.
    """

    cases: tuple[CaseDifference, ...]
    only_first: tuple[str, ...] = ()
    only_second: tuple[str, ...] = ()

    @property
    def unexplained(self) -> tuple[CaseDifference, ...]:
        """Cases made from the same inputs with other results: there should be none."""
        return tuple(case for case in self.cases if case.other_results)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per case and figure: before, after, change, per cent, cause."""
        rows = [
            (case.name, one.name, one.label, one.unit, one.before, one.after, one.change, one.percent,
             " + ".join(cause for cause, _ in one.causes) or NOTHING)
            for case in self.cases for one in case.figures
        ]  # fmt: skip
        numbers = dict.fromkeys(("before", "after", "change", "change_percent"), float)
        return pd.DataFrame(rows, columns=COLUMNS).astype(numbers)

    def causes(self) -> pd.DataFrame:
        """Return the change of each figure over the batch, split by what made it.

        Returns
        -------
        DataFrame
            figure, label, unit, cause ("all", then each), cases, before, after (averages of the cases in
            which the figure is known both times), change (average), total_change (sum over those cases).
        """
        rows = []
        names = dict.fromkeys((one.name, one.label, one.unit) for case in self.cases for one in case.figures)
        for key in names:
            known = [one for case in self.cases for one in case.figures
                     if (one.name, one.label, one.unit) == key and one.change is not None]  # fmt: skip
            if not known:
                continue
            before, after = (
                sum(getattr(one, end) for one in known) / len(known) for end in ("before", "after")
            )
            parts: dict[str, float] = {}
            for cause, part in (pair for one in known for pair in one.causes):
                parts[cause] = parts.get(cause, 0.0) + part
            total = {
                "all": sum(one.change or 0.0 for one in known),
                **dict(sorted(parts.items(), key=_order)),
            }
            rows += [
                (*key, cause, len(known), before, after, part / len(known), part)
                for cause, part in total.items()
            ]
        columns = ["figure", "label", "unit", "cause", "cases", "before", "after", "change", "total_change"]
        return pd.DataFrame(rows, columns=columns)

    def sentence(self) -> str:
        """Return the outcome in prose: cases, the first figure, and what is wrong."""
        from aspfin.batch.differences_text import sentence

        return sentence(self)


def _order(pair: tuple[str, float]) -> tuple[int, str]:
    return (PARTS.index(pair[0]) if pair[0] in PARTS else len(PARTS), pair[0])


def compare(
    first: str | Path,
    second: str | Path,
    *,
    counterfactual: Callable[[Run], Headline | None] | None = None,
) -> BatchDifference:
    """Compare two batches of reports, or two single reports.

    Parameters
    ----------
    first, second : str or Path
        Folders of two batches (cases are paired by name), or of two reports (paired as they are).
    counterfactual : callable, optional
        Given the run.json of a case of `first`, makes the report of its parameters with the code and the data
        of `second` and returns the headline figures (as in run.json), or None where it could not. It is asked
        only for cases whose parameters changed together with something else.

    Returns
    -------
    BatchDifference

    Raises
    ------
    InputError
        A folder holds no finished report; a batch and a single report; reports of two kinds.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> def report(folder, years, fund):
    ...     run = {"kind": "financing", "name": "floods", "status": "made", "outputs": {}}
    ...     run["headline"] = [{"name": "fund", "label": "Fund", "value": fund, "unit": "USD"}]
    ...     run["identity"] = {"parameters": {"financing": {"years": years}}, "data": {"events.csv": "a"}}
    ...     folder.mkdir()
    ...     (folder / "run.json").write_text(json.dumps(run))
    ...     return folder
    >>> with TemporaryDirectory() as folder:
    ...     one, two = report(Path(folder, "one"), 5, 40.0), report(Path(folder, "two"), 10, 50.0)
    ...     found = compare(one, two)
    >>> found.cases[0].parameters
    (('financing.years', 5, 10),)
    >>> found.causes()[["cause", "change"]].values.tolist()
    [['all', 10.0], ['parameters', 10.0]]
    """
    runs = [_runs(Path(folder)) for folder in (first, second)]
    singles = [list(one) == [""] for one in runs]
    if singles[0] != singles[1]:
        raise InputError(Problem("diff", "folders", "a batch and a single report", "two of one sort"))
    kinds = sorted({run["kind"] for one in runs for run in one.values()})
    if len(kinds) > 1:
        raise InputError(Problem("diff", "folders", f"reports of kinds {', '.join(kinds)}", "one kind"))
    both = [name for name in runs[0] if name in runs[1]]
    return BatchDifference(
        tuple(_case(name, runs[0][name], runs[1][name], counterfactual) for name in both),
        tuple(name for name in runs[0] if name not in runs[1]),
        tuple(name for name in runs[1] if name not in runs[0]),
    )


def _runs(folder: Path) -> dict[str, Run]:
    """Return run.json by the name of the case; a single report has the name ""."""
    single = folder / "run.json"
    places = [single] if single.is_file() else sorted(folder.glob("*/run.json"))
    if not places:
        allowed = "a folder with finished reports: of one batch or one report, as reports/costing/khm_system"
        raise InputError(Problem("diff", "folder", str(folder), allowed))
    read = {
        "" if place == single else place.parent.name: json.loads(place.read_text(encoding="utf-8"))
        for place in places
    }
    # The synthesis of a batch is made of its cases: whatever it says differs because they do.
    read = {name: run for name, run in read.items() if not name or run["kind"] != SYNTHESIS}
    for name, run in read.items():
        if "identity" not in run:
            allowed = "one that says what the report was made from; run it again"
            raise InputError(Problem(f"{folder.name}/{name}".rstrip("/"), "run.json", "an old one", allowed))
    return read


def _case(
    name: str, old: Run, new: Run, counterfactual: Callable[[Run], Headline | None] | None
) -> CaseDifference:
    before, after = old["identity"], new["identity"]
    fields = changed_fields(before.get("parameters") or {}, after.get("parameters") or {})
    found = {
        "data": tuple(_named(before.get("data") or {}, after.get("data") or {})),
        "code": tuple(_code(before, after)),
        "parameters": tuple((name, *values) for name, values in fields.items()),
    }
    changed = [part for part in PARTS if found[part]]
    between = None
    if counterfactual is not None and len(changed) > 1 and changed[-1] == "parameters":
        between = counterfactual(old)
    failed = next((run for run in (new, old) if run["status"] == "failed"), None)
    return CaseDifference(
        name=name or new["name"],
        **found,
        statuses=(old["status"], new["status"]),
        failure=_reason(failed["failure"]) if failed else "",
        figures=tuple(_figures(old["headline"], new["headline"], changed, between)),
        other_results=() if changed else tuple(_unequal(old, new)),
    )


def _named(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        if name not in old or name not in new:
            yield f"{name} {'added' if name in new else 'removed'}"
        elif old[name] != new[name]:
            yield f"{name} changed"


def _code(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if old.get("package_hash") != new.get("package_hash"):
        versions = [one.get("package_version") for one in (old, new)]
        yield f"aspfin {versions[0]} became {versions[1]}" if versions[0] != versions[1] else "aspfin changed"
    if old.get("template_hash") != new.get("template_hash"):
        yield "the notebook changed"
    libraries = [dict(one.get("libraries") or {}, Python=one.get("python")) for one in (old, new)]
    for name in sorted({*libraries[0], *libraries[1]}, key=str.casefold):
        was, now = (one.get(name) or "missing" for one in libraries)
        if was != now:
            yield f"{name} {was} became {now}"


def _figures(
    old: Headline, new: Headline, changed: Sequence[str], between: Headline | None
) -> Iterator[FigureChange]:
    before, middle, after = ({one["name"]: one for one in figures or ()} for figures in (old, between, new))
    for name in dict.fromkeys([*before, *after]):
        told = after.get(name) or before[name]
        values = [one.get(name, {}).get("value") for one in (before, middle, after)]
        yield FigureChange(
            name, told["label"], told.get("unit", ""), values[0], values[2], tuple(_causes(values, changed))
        )


def _causes(values: Sequence[float | None], changed: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Yield the parts of a change: its cause, or several together, apart where a run in between tells."""
    before, between, after = values
    if before is None or after is None or before == after == (after if between is None else between):
        return
    if between is not None:
        yield _together(changed[:-1]), between - before
        yield "parameters", after - between
    elif before != after:
        yield _together(changed), after - before


def _together(parts: Sequence[str]) -> str:
    if len(parts) > 1:
        return f"{', '.join(parts[:-1])} and {parts[-1]} together"
    return parts[0] if parts else UNEXPLAINED


def _unequal(old: Run, new: Run) -> Iterator[str]:
    """Yield what differs between two reports of equal identity; a format made only once is no difference."""
    outputs = [run.get("outputs") or {} for run in (old, new)]
    if old["status"] != new["status"]:
        yield f"{old['status']}, then {new['status']}"
        return
    yield from (
        name for name in sorted({*outputs[0]} & {*outputs[1]}) if outputs[0][name] != outputs[1][name]
    )
    if not outputs[0].keys() & outputs[1].keys() and old["headline"] != new["headline"]:
        yield "headline figures"


def _reason(failure: Any) -> str:
    said = failure.get("error", "") if isinstance(failure, Mapping) else str(failure or "")
    return said.strip().split("\n")[0]
