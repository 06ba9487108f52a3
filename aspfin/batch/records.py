"""One typed record for each case of a batch, read off what its report left; nothing is guessed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from aspfin.batch.disclosure import holds_household_data, parameters_of
from aspfin.batch.places import SYNTHESIS
from aspfin.reporting.formats import WORDS
from aspfin.reporting.wording import varied_words

__all__ = ["FLAGS", "CaseRecord", "read_records", "records_frame"]

FEW_CLUSTERS = (
    30  # below, errors by cluster are too small as a rule (`evaluation.comparisons` warns there too)
)

# Name of a check, as the reports write it → the flag that its failing raises.
FLAG_OF_CHECK = {
    "parallel trends before treatment": "failed_pre_trend",
    "instrument strength": "weak_instrument",
    "first stage": "weak_instrument",
    "number of clusters": "few_clusters",
    "enough villages": "few_clusters",
    "equal attrition": "unequal_attrition",
    "balance": "unbalanced",
    "normalised differences": "unbalanced",
    "overlap": "little_overlap",
    "known truth": "misses_truth",
    "published result": "differs_from_published",
    "disclosure": "shows_small_cells",
    "small counts": "shows_small_cells",
    "personal data": "shows_personal_data",
}
FLAGS = {  # each completes "this report …"
    "not_made": "could not be made",
    "few_clusters": f"rests on fewer than {FEW_CLUSTERS} villages or other clusters; intervals may be short",
    "failed_pre_trend": "compares those reached with others who moved apart already before the programme",
    "weak_instrument": "uses an instrument that hardly moves who takes part",
    "unequal_attrition": "lost more of one group than of the other",
    "unbalanced": "compares groups that differed before the programme",
    "little_overlap": "has some who were reached but nobody like them to compare them with",
    "misses_truth": "gives an interval that misses the effect known to be true",
    "differs_from_published": "does not reproduce the published result",
    "shows_small_cells": "shows figures that rest on too few people",
    "shows_personal_data": "shows personal data",
    "other_failed_check": "fails another check, told in the report",
    "unverified_inputs": "uses inputs that nobody has verified",
}


@dataclass(frozen=True)
class CaseRecord:
    """What one case of a batch says, in plain values.

    Attributes
    ----------
    kind, name : str
        Report kind; name of the case's folder in the batch.
    label : str
        What is particular to the case, in words.
    area : str or None
        Area, where areas differ between cases.
    varied : mapping
        The fields that differ between cases.
    status : "made" or "failed"
    reason : str
        Why it failed; empty otherwise.
    figures : mapping of str to mapping
        Headline figures by name: name, label, value, unit; in the order of the report.
    estimates : tuple of mapping
        Main estimates with their errors (`reporting.estimates.COLUMNS`), the most important first.
    n_obs, n_clusters : int or None
        Most observations behind any estimate; fewest clusters.
    failed_checks : tuple of str
        Names of the checks that failed.
    checks_made : int
        How many checks applied.
    unverified : tuple of str
        Names of inputs that nobody has verified.
    flags : tuple of str
        Keys of `FLAGS`, in their order.
    tables : tuple of str
        Names of the tables in its folder.
    formats : tuple of str
        Of pdf, docx, xlsx: the formats of the report that exist beside the page.
    parameter_hash : str or None
    household_data : bool
        Whether its figures rest on rows of real households (`disclosure.HOUSEHOLD_DATA`).
    minimum_cell : int or None
        Fewest rows behind a figure that its parameters ask for.
    country : str
        ISO code or path of the country pack, where its parameters name one.
    hidden : mapping of str to str
        Figures hidden by `disclosure.protect`, and why: "small" or "complementary".
    """

    kind: str
    name: str
    label: str
    area: str | None = None
    varied: Mapping[str, Any] = field(default_factory=dict)
    status: str = "made"
    reason: str = ""
    figures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    estimates: tuple[Mapping[str, Any], ...] = ()
    n_obs: int | None = None
    n_clusters: int | None = None
    failed_checks: tuple[str, ...] = ()
    checks_made: int = 0
    unverified: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    parameter_hash: str | None = None
    household_data: bool = False
    minimum_cell: int | None = None
    country: str = ""
    hidden: Mapping[str, str] = field(default_factory=dict)

    @property
    def made(self) -> bool:
        """Whether there is a report."""
        return self.status == "made"

    @property
    def page(self) -> str:
        """The case's page, seen from the folder of the batch."""
        return f"{self.name}/{'report.html' if self.made else 'report_failed.html'}"

    @property
    def estimate(self) -> Mapping[str, Any] | None:
        """The main estimate, if there is one."""
        return self.estimates[0] if self.estimates else None

    def value(self, name: str) -> float:
        """Return a headline figure; not a number where it is missing or hidden."""
        value = self.figures.get(name, {}).get("value")
        return float(value) if isinstance(value, int | float) else float("nan")

    def flag_words(self) -> list[str]:
        """Return the flags in words."""
        return [FLAGS[one] for one in self.flags]


def read_records(folder: Path, names: Mapping[str, str] | None = None) -> list[CaseRecord]:
    """Return a record of every case in the sub-folders of `folder`, by name of the case.

    Parameters
    ----------
    folder : Path
        Folder of a batch.
    names : mapping of str to str, optional
        Codes of areas to their names.

    Raises
    ------
    ValueError
        A run.json or results.json is no JSON object.
    """
    found = []
    for file in sorted(Path(folder).glob("*/run.json")):
        run = _read(file)
        if run.get("kind") != SYNTHESIS:
            found.append(_record(file.parent, run, names or {}))
    return found


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    content = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(
            f"{file.parent.name}/{file.name}: got a {type(content).__name__}; allowed: an object"
        )
    return content


def _record(folder: Path, run: Mapping[str, Any], names: Mapping[str, str]) -> CaseRecord:
    results = {} if run.get("failure") else _read(folder / "results.json")
    varied = run.get("varied") or {}
    estimates = tuple(results.get("estimates") or ())
    checks = results.get("checks") or [{**one, "passed": False} for one in run.get("failed_checks") or []]
    failed = tuple(str(one.get("name", "a check")) for one in checks if one.get("passed") is False)
    unverified = tuple(_name(one) for one in results.get("unverified") or ())
    figures = {one["name"]: one for one in results.get("headline") or run.get("headline") or ()}
    n_obs, n_clusters = _sizes(estimates)
    reason = _reason(run.get("failure") or {})
    return CaseRecord(
        kind=str(run.get("kind", "")),
        name=folder.name,
        label=_label(varied, names) or str(run.get("title") or folder.name),
        area=varied.get("area"),
        varied=varied,
        status="failed" if reason else "made",
        reason=reason,
        figures=figures,
        estimates=estimates,
        n_obs=n_obs,
        n_clusters=n_clusters,
        failed_checks=failed,
        checks_made=sum(one.get("passed") is not None for one in checks),
        unverified=unverified,
        flags=_flags(reason, failed, n_clusters, unverified),
        tables=tuple(str(one["name"]) for one in results.get("tables") or ()),
        formats=tuple(one for one in WORDS if (folder / f"report.{one}").is_file()),
        parameter_hash=(run.get("identity") or {}).get("parameter_hash"),
        household_data=holds_household_data(str(run.get("kind", "")), run),
        minimum_cell=(parameters_of(run).get("disclosure") or {}).get("minimum_cell"),
        country=str(parameters_of(run).get("country") or ""),
    )


def _label(varied: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return ", ".join(
        names.get(str(value), str(value)) if name == "area" else varied_words(name, value)
        for name, value in varied.items()
    )


def _reason(failure: Mapping[str, Any]) -> str:
    error = str(failure.get("error") or "")
    cell = failure.get("cell")
    return f"{cell}: {error}" if cell else error or ("not known" if failure else "")


def _name(one: Any) -> str:
    return str(one.get("name")) if isinstance(one, Mapping) else str(one)


def _sizes(estimates: Sequence[Mapping[str, Any]]) -> tuple[int | None, int | None]:
    rows = [int(one["n_obs"]) for one in estimates if one.get("n_obs") is not None]
    clusters = [int(one["n_clusters"]) for one in estimates if one.get("n_clusters") is not None]
    return max(rows, default=None), min(clusters, default=None)


def _flags(
    reason: str, failed: Sequence[str], n_clusters: int | None, unverified: Sequence[str]
) -> tuple[str, ...]:
    raised = {FLAG_OF_CHECK.get(name, "other_failed_check") for name in failed}
    raised |= {"not_made"} if reason else set()
    raised |= {"few_clusters"} if n_clusters is not None and n_clusters < FEW_CLUSTERS else set()
    raised |= {"unverified_inputs"} if unverified else set()
    return tuple(one for one in FLAGS if one in raised)


def records_frame(records: Sequence[CaseRecord]) -> pd.DataFrame:
    """Return one row for each case: what varies, every headline figure, the main estimate, sizes, flags.

    Examples
    --------
    >>> need = {"need": {"name": "need", "label": "need", "value": 2.0, "unit": "USD"}}
    >>> one = CaseRecord("financing", "KH01", "Kampot", varied={"area": "KH01"}, figures=need)
    >>> records_frame([one])[["case", "area", "need", "failed_checks"]].values.tolist()
    [['KH01', 'KH01', 2.0, 0]]
    """
    figures = list(dict.fromkeys(name for one in records for name in one.figures))
    wanted = ("name", "estimate", "std_error", "ci_low", "ci_high", "p_value")
    rows = []
    for one in records:
        main = one.estimate or {}
        estimate = {("estimate_of" if name == "name" else name): main.get(name) for name in wanted}
        rows.append(
            {
                "case": one.name,
                "label": one.label,
                **{name: str(value) for name, value in one.varied.items()},
                "status": one.status,
                **{name: one.value(name) for name in figures},
                **(estimate if any(other.estimates for other in records) else {}),
                "n_obs": one.n_obs,
                "n_clusters": one.n_clusters,
                "failed_checks": len(one.failed_checks),
                "flags": "; ".join(one.flags),
                "hidden": "; ".join(one.hidden),
                "failure": one.reason,
            }
        )
    return pd.DataFrame(rows)
