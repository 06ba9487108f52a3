"""The analysis behind the synthesis: what the reports of a batch say together.

The notebook `notebooks/reports/synthesis.ipynb` shows what `analyse` returns; the words are in
`synthesis_words.py`. It reads the results.json of the cases, hides what must not be told side by side, and
computes nothing of a case anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field, ValidationError

from aspfin.batch import comparison
from aspfin.batch.comparison import ComparedEstimates, said, written
from aspfin.batch.disclosure import Protected, protect
from aspfin.batch.places import SYNTHESIS
from aspfin.batch.records import CaseRecord, read_records, records_frame
from aspfin.reporting.instrument_parameters import Section
from aspfin.reporting.parameters import ReportKind
from aspfin.reporting.wording import problems_from
from aspfin.results import Check, InputError, Problem

__all__ = ["KIND", "SynthesisAnalysis", "SynthesisParameters", "analyse", "build"]

FEWEST_POOLED = 5


class SynthesisParameters(Section):
    """A synthesis: one report on all cases of a batch."""

    title: str | None = Field(None, min_length=1, max_length=200, description="title of the batch")
    batch: str = Field(min_length=1, max_length=4_000, description="folder of the batch")
    cases: int | None = Field(None, ge=1, description="reports that its parameter file makes")


KIND = ReportKind(
    SYNTHESIS, "what the reports of a batch say together", SynthesisParameters, "synthesis.ipynb"
)


def build(sections: Mapping[str, Any], *, file: str = "notebook") -> SynthesisParameters:
    """Return the validated parameters of a synthesis.

    Raises
    ------
    InputError
        An unknown or missing field, or a folder that holds no report.

    Examples
    --------
    >>> build({"batch": "nowhere"})
    Traceback (most recent call last):
    aspfin.results.InputError: notebook: batch: got 'nowhere'; allowed: a folder with reports of a batch
    """
    try:
        parameters = SynthesisParameters.model_validate(dict(sections))
    except ValidationError as error:
        raise InputError(problems_from(error, SynthesisParameters, dict(sections), file)) from None
    if not any(Path(parameters.batch).glob("*/run.json")):
        raise InputError(Problem(file, "batch", parameters.batch, "a folder with reports of a batch"))
    return parameters


@dataclass(frozen=True, eq=False)
class SynthesisAnalysis:
    """Everything the synthesis shows.

    Attributes
    ----------
    parameters : SynthesisParameters
    folder : Path
        Of the batch.
    safe : Protected
        The records of all cases, with what must not be told hidden.
    columns : list of mapping
        Headline figures that differ between the cases: name, label, unit.
    alike : list of mapping
        Those that are the same in every report.
    spread : DataFrame
        One row for each differing figure: name, label, unit, cases, lowest, lowest_case, lower_quarter,
        median, upper_quarter, highest, highest_case (how many cases, where several share the value).
    compared : ComparedEstimates or None
        The main estimates side by side.
    shared_flags : list of str
        Flags that every report has; keys of `records.FLAGS`.
    own_flags : mapping of str to list of str
        Further flags by name of the case.
    inputs : DataFrame
        Inputs nobody has verified: name, value ("differs" where it does), unit, status, source, cases.
    checks : tuple of Check
    fingerprint : str
        Hash of what was read.
    """

    parameters: SynthesisParameters
    folder: Path
    safe: Protected
    columns: list[dict[str, str]]
    alike: list[dict[str, str]]
    spread: pd.DataFrame
    compared: ComparedEstimates | None
    shared_flags: list[str]
    own_flags: Mapping[str, list[str]]
    inputs: pd.DataFrame
    checks: tuple[Check, ...]
    fingerprint: str

    @property
    def records(self) -> tuple[CaseRecord, ...]:
        """All cases."""
        return self.safe.records

    @property
    def made(self) -> list[CaseRecord]:
        """The cases that have a report."""
        return [one for one in self.records if one.made]

    @property
    def failed(self) -> list[CaseRecord]:
        """The cases that have none."""
        return [one for one in self.records if not one.made]

    @property
    def not_asked(self) -> int:
        """How many reports of the batch have not been asked for yet."""
        return max(0, (self.parameters.cases or 0) - len(self.records))

    @property
    def flagged(self) -> list[CaseRecord]:
        """The reports with flags that not all have."""
        return [one for one in self.made if self.own_flags[one.name]]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables at full precision, by file name."""
        found = {
            "cases": records_frame(self.records),
            "spread": self.spread,
            "estimates": pd.DataFrame() if self.compared is None else self.compared.table,
            "unverified_inputs": self.inputs,
        }
        return {name: frame for name, frame in found.items() if len(frame)}


def analyse(parameters: SynthesisParameters) -> SynthesisAnalysis:
    """Read the cases of a batch and compare them.

    Parameters
    ----------
    parameters : SynthesisParameters
        Validated (`build`).
    """
    folder = Path(parameters.batch)
    raw = read_records(folder)
    safe = protect(read_records(folder, _area_names(raw)))
    every = comparison.headline_columns(safe.records)
    alike = comparison.figures_shared(safe.records)
    columns = comparison.without_ends([column for column in every if column["name"] not in alike])
    compared = comparison.compare_estimates(safe.records)
    shared, own = comparison.flags_told(safe.records)
    return SynthesisAnalysis(
        parameters=parameters,
        folder=folder,
        safe=safe,
        columns=columns,
        alike=[column for column in every if column["name"] in alike],
        spread=_spread(safe, columns),
        compared=compared,
        shared_flags=shared,
        own_flags=own,
        inputs=_inputs(folder, raw),
        checks=_checks(folder, raw, safe, compared, parameters.cases or len(raw)),
        fingerprint=_fingerprint(folder),
    )


def _area_names(records: list[CaseRecord]) -> dict[str, str]:
    """Return the names of provinces by their codes, where cases are provinces of one country."""
    countries = {one.country for one in records if one.area is not None}
    if len(countries) != 1 or not (country := countries.pop()):
        return {}
    from aspfin.programmes import load_country

    try:
        provinces = load_country(country).provinces
    except InputError:  # a pack of one's own that has moved since: codes speak for themselves
        return {}
    return dict(zip(provinces["pcode"], provinces["name_en"], strict=True))


def _who(values: pd.Series, value: float) -> str:
    """Return whose value it is; where several share it, how many."""
    names = values.index[values == value]
    return str(names[0]) if len(names) == 1 else f"{len(names)} cases"


def _spread(safe: Protected, columns: list[dict[str, str]]) -> pd.DataFrame:
    made = [one for one in safe.records if one.made]
    rows = []
    for column in columns:
        values = pd.Series({one.label: one.value(column["name"]) for one in made}).dropna()
        if values.empty:
            continue
        quarters = np.quantile(values.to_numpy(), [0.25, 0.5, 0.75])
        rows.append(
            {
                **column,
                "cases": len(values),
                "lowest": values.min(),
                "lowest_case": _who(values, values.min()),
                "lower_quarter": quarters[0],
                "median": quarters[1],
                "upper_quarter": quarters[2],
                "highest": values.max(),
                "highest_case": _who(values, values.max()),
            }
        )
    return pd.DataFrame(rows)


def _inputs(folder: Path, records: list[CaseRecord]) -> pd.DataFrame:
    """Return the inputs nobody has verified, those that most cases use first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in records:
        for item in _results(folder / one.name).get("unverified") or () if one.made else ():
            entry = item if isinstance(item, dict) else {"name": item}
            found.setdefault(str(entry.get("name")), []).append(entry)
    rows = []
    for name, entries in found.items():
        said = {part: {str(e[part]): e[part] for e in entries if e.get(part) is not None}
                for part in ("value", "unit", "status", "source")}  # fmt: skip
        told = {
            part: next(iter(values.values())) if len(values) == 1 else "differs" if values else ""
            for part, values in said.items()
        }
        rows.append({"name": name, **told, "cases": len(entries)})
    rows.sort(key=lambda row: -int(row["cases"]))
    return pd.DataFrame(rows, columns=["name", "value", "unit", "status", "source", "cases"])


def _results(folder: Path) -> dict[str, Any]:
    file = folder / "results.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def _checks(
    folder: Path, raw: list[CaseRecord], safe: Protected, compared: ComparedEstimates | None, asked: int
) -> tuple[Check, ...]:
    lacking = max(asked, len(raw)) - sum(one.made for one in raw)
    runs = [json.loads((folder / one.name / "run.json").read_text(encoding="utf-8")) for one in raw]
    packages = {str((run.get("identity") or {}).get("package_hash")) for run in runs}
    checks = [
        Check("all made", "Was every report of the batch made?", not lacking, float(lacking),
              text=f"{lacking} of {max(asked, len(raw))} were not" if lacking else f"all {len(raw)}"),
        Check("one kind", "Are all cases reports of one kind?", len({one.kind for one in raw}) == 1),
        Check("one version", "Were all reports made by the same version of the code?", len(packages) == 1,
              text=f"{len(packages)} versions" if len(packages) > 1 else ""),
        _hidden_check(safe),
    ]  # fmt: skip
    pooled = None if compared is None else compared.pooled
    if pooled is not None:
        number = len(pooled.table)
        checks.append(
            Check("enough to pool", f"Are there {FEWEST_POOLED} estimates to tell how much they differ?",
                  number >= FEWEST_POOLED, float(number), text=f"{number} estimates")
        )  # fmt: skip
    return tuple(checks)


def _hidden_check(safe: Protected) -> Check:
    """Tell whether what is hidden here could still be worked out from what is shown."""
    question = "Can nothing that is hidden be worked out from what is shown?"
    if not safe.applies:
        return Check("disclosure", question, None, text="no rows of real households behind these reports")
    hidden = safe.small + safe.complementary
    text = f"{hidden} figures hidden, {safe.exposed} of the headline figures give one away"
    return Check("disclosure", question, not safe.exposed, float(safe.exposed), text=text)


def _fingerprint(folder: Path) -> str:
    """Hash what was read: the results of every case."""
    digest = sha256()
    for file in sorted(folder.glob("*/results.json")):
        if file.parent.name != KIND.name:
            digest.update(f"{file.parent.name}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def value_of(record: CaseRecord, column: Mapping[str, str], *, unit: bool = False) -> str:
    """Return a headline figure of a case in words, with its unit where asked for."""
    if column["name"] in record.hidden:
        return "hidden"
    write = said if unit else written
    return write(record.value(column["name"]), column["unit"])
