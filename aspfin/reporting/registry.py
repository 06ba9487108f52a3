"""The analysis behind the registry report: from messy lists to how fragmented they are and what to fix first.

`notebooks/reports/registry.ipynb` shows what `analyse` returns; the words are in `registry_words.py`.
What it returns holds no record of anybody: counts with small ones hidden, and rows to fix by file and number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aspfin.reporting import registry_parts as parts
from aspfin.reporting.registry_inputs import load
from aspfin.reporting.registry_parameters import RegistryParameters
from aspfin.reporting.registry_truth import truth_table
from aspfin.results import Check

if TYPE_CHECKING:
    from aspfin.registry.work_list import WorkList

__all__ = ["RegistryAnalysis", "analyse"]


@dataclass(frozen=True, eq=False)
class RegistryAnalysis:
    """Everything the registry report shows.

    Attributes
    ----------
    parameters : RegistryParameters
    files : DataFrame
        Where the rows of each file went; see `registry_inputs.Loaded`.
    changes : DataFrame
        How often each kind of change was made: list_id, column, kind, count.
    lists : DataFrame
        list_id, records, persons, elsewhere (persons also on another list), on_several and share of them.
    totals : mapping of str to float
        records, persons, units, on_several, index, unjoined, contradictory, recall (the model's own).
    combinations : DataFrame
        Who is on which lists: a true-or-false column per list, units, share, suppressed.
    sizes : mapping of str to float
        Units on each list, rounded.
    pairs : DataFrame
        list_id, other, share of the units of the first that are on the other.
    duplicates : DataFrame
        Surplus records and their money; see `aspfin.registry.duplicates`.
    rights : DataFrame
        list_id, because_on, who, units (that should be on it), missing, share.
    missed : DataFrame
        People on neither of two lists; see `aspfin.registry.unlisted`, with `who`.
    over_time, by_pair, inconsistencies : DataFrame
        See `aspfin.registry.fragmentation`.
    scores, offices, problems : DataFrame
        See `aspfin.registry.assess`.
    first : DataFrame
        What to fix first; see `aspfin.registry.work_list`.
    work : WorkList
        Rows to fix, by file and row.
    repeated : DataFrame
        Records that repeat a person, by file and row.
    ageing : DataFrame
        The exclusion error by month and way of keeping a list; see `aspfin.registry.exclusion_by_age`.
    ways : DataFrame
        The ways compared.
    ages : DataFrame
        list_id, months (median since the last update), share_older_than_round.
    readiness : DataFrame
        Which fields of the exchange standard each list could serve; see `aspfin.registry.exchange_readiness`.
    ready : DataFrame
        How many of the core fields.
    truth : DataFrame
        Of made-up lists: measure, found, low, high, true, unit. Empty otherwise.
    evaluation : DataFrame
        Of made-up lists: precision and recall of the links.
    checks : tuple of Check
    notes : tuple of str
    threshold : str
        From which probability records are linked, and why.
    fingerprint, software : str
    """

    parameters: RegistryParameters
    files: pd.DataFrame
    changes: pd.DataFrame
    lists: pd.DataFrame
    totals: Mapping[str, float]
    combinations: pd.DataFrame
    sizes: Mapping[str, float]
    pairs: pd.DataFrame
    duplicates: pd.DataFrame
    rights: pd.DataFrame
    missed: pd.DataFrame
    over_time: pd.DataFrame
    by_pair: pd.DataFrame
    inconsistencies: pd.DataFrame
    scores: pd.DataFrame
    offices: pd.DataFrame
    problems: pd.DataFrame
    first: pd.DataFrame
    work: WorkList = field(repr=False)
    repeated: pd.DataFrame = field(repr=False)
    ageing: pd.DataFrame
    ways: pd.DataFrame
    ages: pd.DataFrame
    readiness: pd.DataFrame
    ready: pd.DataFrame
    truth: pd.DataFrame
    evaluation: pd.DataFrame
    checks: tuple[Check, ...]
    notes: tuple[str, ...]
    threshold: str
    fingerprint: str
    software: str

    @property
    def names(self) -> dict[str, str]:
        """List to its words, in the order of the report."""
        return {one.list: one.words for one in self.parameters.lists}

    @property
    def known(self) -> bool:
        """Whether the truth is known."""
        return len(self.truth) > 0

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The report's tables at full precision, by file name."""
        named = {
            "files": self.files,
            "changes": self.changes,
            "lists": self.lists,
            "combinations": self.combinations,
            "shared_by_two": self.pairs,
            "repeated_records": self.duplicates,
            "missing_from_lists": self.rights,
            "on_neither_list": self.missed,
            "fragmentation_over_time": self.over_time,
            "fragmentation_by_pair": self.by_pair,
            "inconsistencies": self.inconsistencies,
            "scores": self.scores,
            "offices": self.offices,
            "what_to_fix_first": self.first,
            "ageing": self.ageing,
            "ways_of_keeping_a_list": self.ways,
            "exchange_readiness": self.readiness,
            "exchange_readiness_of_lists": self.ready,
            "truth": self.truth,
        }
        return {name: frame for name, frame in named.items() if len(frame)}


def analyse(parameters: RegistryParameters) -> RegistryAnalysis:
    """Run the whole chain of a registry report.

    Parameters
    ----------
    parameters : RegistryParameters
        Validated, with absolute paths (`reporting.parameters.build`).

    Raises
    ------
    InputError
        For files that cannot be read, or lists that do not hold what the mapping says.
    """
    from aspfin import registry

    loaded = load(parameters)
    link = parameters.link
    linkage = registry.link(
        loaded.lists,
        script=link.script,
        cost_false_link=link.cost_false_link,
        cost_missed_link=link.cost_missed_link,
        memory_limit=link.memory.replace(" ", ""),
        seed=link.seed,
    )
    minimum = parameters.disclosure.minimum_cell
    who = registry.overlap(linkage, unit=parameters.unit, order=list(loaded.lists))
    twice = registry.duplicates(linkage, one_per_household=parameters.one_per_household, seed=link.seed)
    broken = registry.fragmentation(linkage)
    quality = parts.quality(loaded, linkage, parameters)
    work = registry.work_list(quality)
    missed = parts.missed(linkage, parameters)
    ageing, ages = parts.ageing(loaded, who, parameters, quality.as_of)
    truth, evaluation = truth_table(loaded, linkage, who, twice, missed, parameters)
    checks = parts.checks_of(loaded, linkage, evaluation)
    found: dict[str, Any] = parts.safe(who, twice, broken, quality, work, linkage, parameters)
    return RegistryAnalysis(
        parameters=parameters,
        files=loaded.files,
        changes=loaded.changes,
        **found,
        missed=parts.hide(missed, ["estimate"], ["ci_low", "ci_high", "share"], minimum),
        work=work,
        ageing=ageing.by_month,
        ways=ageing.comparison,
        ages=ages,
        **parts.readiness(loaded),
        truth=truth,
        evaluation=evaluation,
        checks=(*checks, *parts.disclosure_checks(found, minimum)),
        notes=(*quality.notes, *ageing.notes),
        threshold=_threshold(linkage.threshold, linkage.threshold_reason),
        fingerprint=loaded.fingerprint,
        software=linkage.software,
    )


def _threshold(value: float, reason: str) -> str:
    return f"Pairs at least {100 * value:.3g} % sure are linked: {reason}." if np.isfinite(value) else reason
