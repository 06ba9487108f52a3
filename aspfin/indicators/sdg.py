"""SDG 1.3.1, social protection coverage, in two definitions that must not be mixed.

The international indicator counts people with at least one cash benefit or an active contribution, in a
survey. Cambodia's national figure counts poor and vulnerable people who received emergency social services,
in administrative records. They measure different things: both are offered, labelled, in columns of their own.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd

from aspfin.indicators.groups import By
from aspfin.indicators.indicator import Indicator
from aspfin.indicators.means import linearised_mean
from aspfin.indicators.survey_design import SurveyDesign
from aspfin.results import ResultMixin

__all__ = ["SUB_INDICATORS", "CambodianCoverage", "SdgCoverage", "sdg_1_3_1", "sdg_1_3_1_cambodia"]

INTERNATIONAL = "international (ILO): at least one cash benefit, or actively contributing"
CAMBODIA = "Cambodia (MoSVY): poor and vulnerable people receiving emergency social services"

# Group → series of the UN's SDG database, and who is covered among whom (ILO, World Social Protection
# Database).
SUB_INDICATORS: Mapping[str, tuple[str, str]] = {
    "children": ("SI_COV_CHLD", "Children receiving child or family cash benefits"),
    "mothers_with_newborns": ("SI_COV_MATNL", "Women giving birth who receive maternity cash benefits"),
    "severe_disability": (
        "SI_COV_DISAB",
        "Persons with severe disability receiving disability cash benefits",
    ),
    "unemployed": ("SI_COV_UEMP", "Unemployed persons receiving unemployment cash benefits"),
    "work_injury": ("SI_COV_WKINJRY", "Workers covered in case of work injury"),
    "older_persons": ("SI_COV_PENSN", "Persons above retirement age receiving a pension"),
    "vulnerable": ("SI_COV_VULN", "Vulnerable persons receiving social assistance"),
    "poor": ("SI_COV_POOR", "Poor persons receiving social assistance cash benefits"),
}
_OVERALL = ("SI_COV_BENFTS", "Population covered by at least one social protection cash benefit")


@dataclass(frozen=True, eq=False, repr=False)
class SdgCoverage(ResultMixin):
    """SDG 1.3.1 in the international definition.

    Attributes
    ----------
    indicators : tuple of Indicator
        The population first, then its groups of `by`, then the sub-indicators in the UN's order.
    definition : str
    """

    indicators: tuple[Indicator, ...]
    definition: str = INTERNATIONAL

    @property
    def overall(self) -> Indicator:
        """Coverage of the whole population."""
        return self.indicators[0]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per indicator, with the definition in words."""
        rows = [one._row() for one in self.indicators]
        groups = list(dict.fromkeys(name for one in self.indicators for name in one.group))
        first = ["code", "name", *groups]
        frame = pd.DataFrame(rows)
        rest = [name for name in frame.columns if name not in first]
        return frame[first + rest].assign(definition=self.definition)

    def beside(self, cambodia: CambodianCoverage) -> pd.DataFrame:
        """Return both definitions in one table, in columns of their own.

        Returns
        -------
        DataFrame
            `measure`, `definition`, `international`, `international_low`, `international_high` (survey, 95 %
            interval), `cambodia` (administrative); each row fills the columns of its own definition.
        """
        rows = []
        for one in self.indicators:
            low, high = one.conf_int()
            where = "".join(f", {column} {label}" for column, label in one.group.items())
            row = {"measure": one.name + where, "definition": self.definition}
            rows.append(
                {**row, "international": one.value, "international_low": low, "international_high": high}
            )
        rows.append({"measure": cambodia.name, "definition": cambodia.definition, "cambodia": cambodia.value})
        columns = ["measure", "definition", "international", "international_low", "international_high"]
        return pd.DataFrame(rows, columns=[*columns, "cambodia"])

    def sentence(self) -> str:
        """Return the coverage in prose."""
        return f"SDG 1.3.1, {self.definition}. {self.overall.sentence()}"


@dataclass(frozen=True, eq=False, repr=False)
class CambodianCoverage(ResultMixin):
    """SDG 1.3.1 as Cambodia publishes it: one administrative figure a year.

    Attributes
    ----------
    supported, poor_and_vulnerable : float
        People.
    year : int or None
    source : str
        Where the two counts come from.
    definition : str
    """

    supported: float
    poor_and_vulnerable: float
    year: int | None = None
    source: str = ""
    definition: str = CAMBODIA
    name: str = "Poor and vulnerable people receiving emergency social services"

    @property
    def value(self) -> float:
        """The share; missing where nobody is poor or vulnerable."""
        return self.supported / self.poor_and_vulnerable if self.poor_and_vulnerable else math.nan

    def to_frame(self) -> pd.DataFrame:
        """Return one row: counts, share, year, source, definition."""
        row = {"name": self.name, "supported": self.supported}
        row |= {"poor_and_vulnerable": self.poor_and_vulnerable, "share": self.value}
        return pd.DataFrame(
            [{**row, "year": self.year, "source": self.source, "definition": self.definition}]
        )

    def sentence(self) -> str:
        """Return the figure in prose."""
        when = "" if self.year is None else f" in {self.year}"
        share = "an unknown share" if math.isnan(self.value) else f"{100 * self.value:.1f} %"
        return (
            f"SDG 1.3.1, {self.definition}: {self.supported:,.0f} of {self.poor_and_vulnerable:,.0f} people "
            f"({share}){when}; administrative records, without sampling error."
        )


def sdg_1_3_1(
    design: SurveyDesign,
    *,
    benefits: Sequence[Hashable],
    contributions: Sequence[Hashable] = (),
    groups: Mapping[str, tuple[Hashable, Hashable | Sequence[Hashable]]] | None = None,
    by: By | None = None,
) -> SdgCoverage:
    """Return the international indicator: covered by a cash benefit, or actively contributing.

    Parameters
    ----------
    design : SurveyDesign
        One row per person, or households with person weights where all members count as covered.
    benefits : sequence of columns
        0/1: receives this cash benefit, contributory or not. Health care and sickness benefits do not count.
    contributions : sequence of columns
        0/1: actively contributes to this social insurance scheme.
    groups : mapping, optional
        Sub-indicator to (who belongs, who of them is covered): a 0/1 column, and one or several. Allowed are
        the keys of `SUB_INDICATORS`. Older persons: give those above the statutory retirement age, and all
        pensions. Vulnerable persons: children, and adults without contributory benefit or contribution.
    by : column, sequence of columns, or mapping of name to labels, optional
        Such as sex: every indicator by these groups too.

    Raises
    ------
    ValueError
        For no benefit at all, columns that are not 0 and 1, gaps, or an unknown sub-indicator.

    References
    ----------
    UN Statistics Division, SDG indicator metadata 1.3.1 (ILO); ILO, World Social Protection Database, notes.

    Examples
    --------
    >>> people = pd.DataFrame({"w": 1.0, "pension": [1, 0, 0, 0], "insured": [0, 1, 0, 0],
    ...     "old": [1, 0, 1, 0]})
    >>> found = sdg_1_3_1(SurveyDesign(people, weights="w"), benefits=["pension"], contributions=["insured"],
    ...     groups={"older_persons": ("old", "pension")})
    >>> [(one.code, one.value) for one in found.indicators]
    [('SI_COV_BENFTS', 0.5), ('SI_COV_PENSN', 0.5)]
    """
    if isinstance(benefits, str) or isinstance(contributions, str) or not benefits:
        raise ValueError("benefits, contributions: give lists of columns; benefits at least one")
    unknown = [key for key in groups or {} if key not in SUB_INDICATORS]
    if unknown:
        raise ValueError(f"groups: got {unknown[0]!r}; allowed: {', '.join(SUB_INDICATORS)}")
    covered = _any(design, [*benefits, *contributions], "benefits, contributions")
    measures = [(*_OVERALL, design, covered)]
    for key, (code, name) in SUB_INDICATORS.items():
        if groups and key in groups:
            belongs, columns = groups[key]
            role = f"groups[{key!r}]"
            among = _any(design, [belongs], role)
            if not among[design.in_domain].any():
                raise ValueError(f"{role}: nobody belongs (column {belongs!r} is 0 throughout)")
            columns = columns if isinstance(columns, list | tuple) else [columns]
            measures.append((code, name, design.domain(among), _any(design, columns, role)))
    found: list[Indicator] = []
    for code, name, domain, values in measures:
        words = {"code": code, "name": name, "unit": "share", "interval": "beta", "notes": (INTERNATIONAL,)}
        found.append(domain.estimate(linearised_mean, values, **words))
        if by is not None:
            found += list(domain.estimate(linearised_mean, values, by=by, **words))
    return SdgCoverage(tuple(found))


def _any(design: SurveyDesign, names: Sequence[Hashable], role: str) -> np.ndarray:
    """Return 1.0 where any of the 0/1 columns is 1, else 0.0; also outside the domain, where gaps may be."""
    inside = design.in_domain
    found = np.zeros(inside.size)
    for name in names:
        values = np.where(inside, design.column(name, role=role), 0.0)
        other = values[(values != 0) & (values != 1)]
        if other.size:
            raise ValueError(f"{role}: column {name!r} must be 0 or 1, and holds {other[0]:g}; recode it")
        found = np.maximum(found, values)
    return found


def sdg_1_3_1_cambodia(
    *,
    poor_and_vulnerable_supported: float,
    poor_and_vulnerable: float,
    year: int | None = None,
    source: str = "",
) -> CambodianCoverage:
    """Return the indicator as Cambodia defines it, from two administrative counts of a year.

    Its metadata link it to the UN series SI_COV_POOR (poor people receiving social assistance in cash), which
    it does not measure: supported are those who received emergency social services.

    Parameters
    ----------
    poor_and_vulnerable_supported : float
        Poor and vulnerable people who received emergency social services.
    poor_and_vulnerable : float
        People below the national poverty line, and people at high risk of crisis or unable to cope with one.
    year : int, optional
    source : str
        Where the counts come from.

    Raises
    ------
    ValueError
        For negative or missing counts, or more people supported than there are.

    References
    ----------
    Ministry of Social Affairs, Veterans and Youth Rehabilitation, metadata of CamSDG 1.3.1 (2020), in
    github.com/sdg-cambodia/data.

    Examples
    --------
    >>> sdg_1_3_1_cambodia(poor_and_vulnerable_supported=30_000, poor_and_vulnerable=120_000).value
    0.25
    """
    supported = _count("poor_and_vulnerable_supported", poor_and_vulnerable_supported)
    everyone = _count("poor_and_vulnerable", poor_and_vulnerable)
    if supported > everyone:
        raise ValueError(
            f"poor_and_vulnerable_supported: got {supported:,.0f}; allowed: no more than poor_and_vulnerable "
            f"({everyone:,.0f})"
        )
    return CambodianCoverage(supported, everyone, year, source)


def _count(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= value < math.inf:
        raise ValueError(f"{name}: got {value!r}; allowed: a number of people, at least 0")
    return float(value)
