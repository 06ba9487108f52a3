"""The analysis behind the performance report: from a survey to coverage, incidence, adequacy and targeting.

The notebook `notebooks/reports/performance.ipynb` shows what `analyse` returns; the words are in
`performance_words.py`. Nothing in the analysis holds a household: every table has passed disclosure control.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from aspfin import indicators
from aspfin.reporting import performance_parts as parts
from aspfin.reporting.performance_checks import checks_of, disclosure_check, truth_checks
from aspfin.reporting.performance_data import PERSONS, Prepared, design_of, load
from aspfin.reporting.performance_disclosure import (
    HIDDEN,
    VALUES,
    closed_programmes,
    hide,
    hide_programmes,
)
from aspfin.reporting.performance_measures import EVERYONE, KEYS, WITHOUT_THEM, groupings, measured
from aspfin.reporting.performance_parameters import PerformanceParameters
from aspfin.results import Check, InputError, Problem

__all__ = ["PerformanceAnalysis", "analyse"]


@dataclass(frozen=True, eq=False)
class PerformanceAnalysis:
    """Everything the performance report shows.

    Attributes
    ----------
    parameters : PerformanceParameters
    figures : DataFrame
        Every indicator, one row each: measure, programme, by, group, estimate, std_error, ci_low, ci_high,
        df, n, rows, received, unit, poverty_line, hidden, and truth where it is known. See
        `performance_measures.measured`.
    curves : DataFrame
        Lorenz and concentration curves: curve, programme, p, share, std_error, ci_low, ci_high.
    overlap : DataFrame
        Combinations of programmes: one true-or-false column per programme, estimate, interval, n, hidden.
    errors : DataFrame
        Measures of targeting by programme: programme, code, name, estimate, interval, n, denominator,
        denominator_persons, hidden, and truth where it is known.
    people : DataFrame
        The two-by-two table behind the errors, by programme: eligible, receives, persons, n, hidden.
    administrative : DataFrame
        Published counts beside the survey's.
    official : DataFrame
        The table with the official codes.
    sample : DataFrame
        Rows, villages, strata, persons: what the figures rest on.
    labels : mapping of str to str
        Columns in words.
    persons : float
        People the survey stands for.
    fingerprint : str
        Hash of the data.
    checks : tuple of Check
    margins, unverified : DataFrame
        With a made-up population: published figures that it meets; inputs nobody has confirmed.
    """

    parameters: PerformanceParameters
    figures: pd.DataFrame
    curves: pd.DataFrame
    overlap: pd.DataFrame
    errors: pd.DataFrame
    people: pd.DataFrame
    administrative: pd.DataFrame
    official: pd.DataFrame
    sample: pd.DataFrame
    labels: Mapping[str, str]
    persons: float
    fingerprint: str
    checks: tuple[Check, ...]
    margins: pd.DataFrame = field(default_factory=pd.DataFrame)
    unverified: pd.DataFrame = field(default_factory=pd.DataFrame)

    def named(self, column: str) -> str:
        """Return a column in words: as the file says, as the data say, or its name with spaces."""
        own = {one.column: one.label for one in self.parameters.labels}
        return own.get(column) or self.labels.get(column) or str(column).replace("_", " ")

    def rows(self, measure: str, by: str = "", programme: str | None = None) -> pd.DataFrame:
        """Return one measure of one programme by one grouping, groups in their order."""
        f, programme = self.figures, programme or self.parameters.whole
        found = f[(f["measure"] == measure) & (f["by"] == by) & (f["programme"] == programme)]
        return found.reset_index(drop=True)

    def figure(
        self, measure: str, by: str = "", group: str = EVERYONE, programme: str | None = None
    ) -> pd.Series:
        """Return one figure; missing values where it was not computed or must not be shown."""
        found = self.rows(measure, by, programme)
        found = found[found["group"] == group]
        return found.iloc[0] if len(found) else pd.Series(np.nan, index=self.figures.columns)

    def error(self, code: str, programme: str | None = None) -> pd.Series:
        """Return one measure of targeting; missing values where it was not computed or must not be shown."""
        programme = programme or self.parameters.whole
        found = self.errors[(self.errors["code"] == code) & (self.errors["programme"] == programme)]
        return found.iloc[0] if len(found) else pd.Series(np.nan, index=self.errors.columns)

    @property
    def programmes(self) -> list[str]:
        """Programmes in words."""
        return [one.words for one in self.parameters.programmes]

    @property
    def known(self) -> bool:
        """Whether the true figures are known."""
        return "truth" in self.figures

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The report's tables at full precision, by file name."""
        named = {
            "figures": self.figures,
            "curves": self.curves,
            "overlap": self.overlap,
            "targeting": self.errors,
            "targeting_people": self.people,
            "administrative": self.administrative,
            "official_codes": self.official,
            "sample": self.sample,
            "population_margins": self.margins,
        }
        return {name: frame for name, frame in named.items() if len(frame)}


def analyse(parameters: PerformanceParameters) -> PerformanceAnalysis:
    """Run the whole chain of a performance report.

    Parameters
    ----------
    parameters : PerformanceParameters
        Validated, with absolute paths (`reporting.parameters.build`).

    Raises
    ------
    InputError
        For data that cannot be read, a sampling design that does not hold, or indicators that refuse them.
    """
    data = load(parameters)
    minimum = parameters.disclosure.minimum_cell
    try:
        design = design_of(data, parameters)
        found = _measure(design, data, parameters)
    except InputError:
        raise
    except ValueError as error:  # the indicators' own one-line messages name the column and the remedy
        found, _, allowed = str(error).partition("; ")
        raise InputError(Problem("parameters", "data", found, allowed or "data as described")) from None
    figures, errors, people = found["figures"], found["errors"], found["people"]
    checks = checks_of(design, data, parameters, figures)
    closed = closed_programmes(figures, parameters.whole, minimum)
    safe = hide(figures, minimum)
    safe = hide_programmes(safe, closed, [*VALUES, "n", "received"], kept=WITHOUT_THEM)
    people = hide_programmes(parts.safe_people(people, minimum), closed, ["persons", "n"])
    errors, safe = parts.hide_errors(errors, safe, people)
    official = parts.official(design, data, parameters, closed)
    disclosed = disclosure_check(safe, figures, official, minimum)
    if data.population is not None:
        truth = _truth(data.population, parameters)
        safe = safe.merge(truth["figures"], on=KEYS, how="left")
        safe.loc[safe[HIDDEN] != "", "truth"] = np.nan
        errors = errors.merge(truth["errors"], on=["programme", "code"], how="left")
        errors.loc[errors[HIDDEN] != "", "truth"] = np.nan
        checks += truth_checks(safe, errors)
    return PerformanceAnalysis(
        parameters=parameters,
        figures=safe,
        curves=parts.curves(design, data, parameters, safe),
        overlap=parts.overlap(design, data, parameters),
        errors=errors,
        people=people,
        administrative=parts.administrative(design, data, parameters, closed),
        official=official,
        sample=parts.sample(design, data),
        labels=data.labels,
        persons=float(design.weights[design.in_domain].sum()),
        fingerprint=data.fingerprint,
        checks=(*checks, disclosed),
        margins=data.margins,
        unverified=data.unverified,
    )


def _measure(
    design: indicators.SurveyDesign, data: Prepared, parameters: PerformanceParameters
) -> dict[str, pd.DataFrame]:
    figures = measured(design, data, parameters, groupings(design, data, parameters))
    errors, people = parts.targeting(design, data, parameters)
    return {"figures": figures, "errors": errors, "people": people}


def _truth(population: Prepared, parameters: PerformanceParameters) -> dict[str, pd.DataFrame]:
    """Return the true figures: the same measures of everybody, who were not sampled and have no error."""
    everybody = indicators.SurveyDesign(population.frame, weights="weight", household_size=PERSONS)
    found: dict[str, Any] = _measure(everybody, population, parameters)
    figures = found["figures"][[*KEYS, "estimate"]].rename(columns={"estimate": "truth"})
    errors = found["errors"][["programme", "code", "estimate"]].rename(columns={"estimate": "truth"})
    return {"figures": figures, "errors": errors}
