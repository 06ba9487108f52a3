"""ASPIRE performance of a programme: who is covered, who gets the money, is it enough, what does it change?

Rows are persons, or households with weights that count persons (`household_size` of the design). Welfare is
per person and day and already holds the transfer, which is per person and day too; a person receives when
somebody in the household does, so a household's transfer is shared by all its members.

Every indicator is a ratio of two weighted totals, or of two Ginis: the linearised variable is simple, and
replicate weights work as well.

Source: World Bank, ASPIRE indicator definitions (Databank source 29). Shares are shares here, per cent there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

from aspfin.indicators.groups import By, groups_of
from aspfin.indicators.indicator import Indicator, IndicatorTable
from aspfin.indicators.means import linearised_mean, linearised_ratio
from aspfin.indicators.poverty import Line, fgt_terms, line_of
from aspfin.indicators.ranks import concentration, concentration_linearised, rank_codes
from aspfin.indicators.survey_design import SurveyDesign
from aspfin.indicators.transfers import amounts_of, received, transferred, with_quantiles

__all__ = [
    "adequacy",
    "average_transfer",
    "beneficiary_incidence",
    "benefit_cost_ratio",
    "benefit_incidence",
    "coverage",
    "gini_reduction",
    "poverty_reduction",
    "programme_overlap",
]

MONEY = "per person and day"
Convention = Literal["midpoint", "convey"]


def coverage(design: SurveyDesign, *, receives: Hashable, by: By | None = None) -> Indicator | IndicatorTable:
    """Return the share of persons in households that receive: Σ w R / Σ w.

    Parameters
    ----------
    design : SurveyDesign
    receives : column
        0 and 1, or amounts (receives where above 0).
    by : column, sequence of columns, or mapping of name to labels, optional
        One share per group, each a domain on the full design.

    Raises
    ------
    ValueError
        For gaps, negative values, or answers coded 1 and 2.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"cash": [2.0, 0, 3, 0], "w": 1.0, "card": [1, 0, 1, 0]})
    >>> design = SurveyDesign(df, weights="w")
    >>> covered = coverage(design, receives="cash")
    >>> covered.value, round(covered.std_error, 4)
    (0.5, 0.2887)
    """
    covered = received(design, receives)
    words = {"code": "cov", "name": f"Coverage of {receives}", "unit": "share", "interval": "beta"}
    return design.estimate(linearised_mean, covered, by=by, **words)


def beneficiary_incidence(design: SurveyDesign, *, receives: Hashable, by: By) -> IndicatorTable:
    """Return the share of all beneficiaries in each group: Σ w R 1_g / Σ w R; the shares add up to 1.

    `n` counts rows of beneficiaries. Parameters as in `coverage`.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"cash": [2.0, 0, 3, 1], "area": ["rural", "rural", "rural", "urban"], "w": 1.0})
    >>> table = beneficiary_incidence(SurveyDesign(df, weights="w"), receives="cash", by="area")
    >>> [round(one.value, 3) for one in table]
    [0.667, 0.333]
    """
    covered = received(design, receives)
    words = {
        "code": "bry",
        "name": f"Share of beneficiaries of {receives}",
        "unit": "share",
        "interval": "beta",
    }
    return _incidence(design, covered, by, words)


def benefit_incidence(design: SurveyDesign, *, transfer: Hashable, by: By) -> IndicatorTable:
    """Return the share of the money that goes to each group: Σ w t 1_g / Σ w t; the shares add up to 1.

    `n` counts rows of beneficiaries.

    Parameters
    ----------
    design : SurveyDesign
    transfer : column
        Per person and day (any unit of money and time would give the same shares).
    by : column, sequence of columns, or mapping of name to labels

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"cash": [2.0, 0, 3, 1], "area": ["rural", "rural", "rural", "urban"], "w": 1.0})
    >>> table = benefit_incidence(SurveyDesign(df, weights="w"), transfer="cash", by="area")
    >>> [round(one.value, 3) for one in table]
    [0.833, 0.167]
    """
    amounts = transferred(design, transfer)
    # Korn and Graubard's interval stays within 0 and 1, for shares of money as well.
    words = {"code": "ben", "name": f"Share of {transfer}", "unit": "share", "interval": "beta"}
    return _incidence(design, amounts, by, words)


def adequacy(
    design: SurveyDesign,
    *,
    welfare: Hashable,
    transfer: Hashable,
    by: By | None = None,
    receives: Hashable | None = None,
    allow_negative_pre_transfer: bool = False,
) -> Indicator | IndicatorTable:
    """Return the transfers to beneficiaries over their total welfare: Σ w t R / Σ w y R.

    Missing, with a note, in a group without beneficiaries.

    Parameters
    ----------
    design : SurveyDesign
    welfare : column
        After the transfer, per person and day.
    transfer : column
        Per person and day.
    by : column, sequence of columns, or mapping, optional
        "quintile" and "decile" are formed from `welfare` where the frame has no such column.
    receives : column, optional
        Who counts as a beneficiary; default: where the transfer is above 0.
    allow_negative_pre_transfer : bool
        A transfer above welfare is an error (often months taken for days) unless this is true; then it is
        used as it stands.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"cash": [2.0, 0, 3, 0], "food": [10.0, 20, 15, 30], "w": 1.0})
    >>> share = adequacy(SurveyDesign(df, weights="w"), welfare="food", transfer="cash")
    >>> round(share.value, 3)
    0.2
    """
    y, t, notes = amounts_of(design, welfare, transfer, allow_negative_pre_transfer)
    r = received(design, transfer if receives is None else receives)
    words = {"code": "adq", "name": f"Adequacy of {transfer}", "unit": "share", "notes": notes}
    own, by = y * r, with_quantiles(design, by, welfare)
    return design.estimate(linearised_ratio, t * r, own, by=by, rests_on=own, **words)


def average_transfer(
    design: SurveyDesign,
    *,
    transfer: Hashable,
    by: By | None = None,
    receives: Hashable | None = None,
    unit: str = MONEY,
) -> Indicator | IndicatorTable:
    """Return the mean transfer per beneficiary: Σ w t R / Σ w R.

    Missing, with a note, in a group without beneficiaries. Parameters as in `adequacy`; `unit` names the
    money, as "KHR per person and day".

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"cash": [2.0, 0, 3, 0], "w": 1.0})
    >>> average_transfer(SurveyDesign(df, weights="w"), transfer="cash", unit="KHR per person and day").value
    2.5
    """
    t = transferred(design, transfer)
    r = received(design, transfer if receives is None else receives)
    words = {"code": "avt", "name": f"Average {transfer} per beneficiary", "unit": unit}
    return design.estimate(linearised_ratio, t * r, r, by=by, rests_on=r, **words)


def poverty_reduction(
    design: SurveyDesign,
    *,
    welfare: Hashable,
    transfer: Hashable,
    poverty_line: Line,
    index: Literal[0, 1, 2] = 0,
    by: By | None = None,
    allow_negative_pre_transfer: bool = False,
) -> Indicator | IndicatorTable:
    """Return by what share the transfer lowers poverty: (F(y − t) − F(y)) / F(y − t).

    Nobody is taken to have worked or earned differently without the transfer. Missing, with a note, in a
    group without poor people before the transfer.

    Parameters
    ----------
    design, welfare, transfer, by, allow_negative_pre_transfer
        As in `adequacy`.
    poverty_line : float or column
        Per person and day; stored with the indicator. Poor is who is below it.
    index : 0, 1 or 2
        Headcount, poverty gap, squared gap (Foster, Greer & Thorbecke 1984).

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"cash": [2.0, 0, 3, 0], "food": [10.0, 10, 13, 30], "w": 1.0})
    >>> design = SurveyDesign(df, weights="w")
    >>> fall = poverty_reduction(design, welfare="food", transfer="cash", poverty_line=12)
    >>> round(fall.value, 3), fall.poverty_line
    (0.333, 12.0)
    """
    names = {0: "poverty headcount", 1: "poverty gap", 2: "squared poverty gap"}
    if index not in names:
        raise ValueError(f"index: got {index!r}; allowed: 0 (headcount), 1 (gap) or 2 (squared gap)")
    y, t, notes = amounts_of(design, welfare, transfer, allow_negative_pre_transfer)
    line, stored = line_of(design, poverty_line)
    before, after = fgt_terms(y - t, line, index), fgt_terms(y, line, index)
    words = {"code": f"p{index}", "name": f"Fall of the {names[index]} by {transfer}", "unit": "share"}
    return design.estimate(
        *(linearised_ratio, before - after, before),
        rests_on=before,
        **{**words, "notes": notes, "poverty_line": stored, "by": with_quantiles(design, by, welfare)},
    )


def gini_reduction(
    design: SurveyDesign,
    *,
    welfare: Hashable,
    transfer: Hashable,
    by: By | None = None,
    convention: Convention = "midpoint",
    allow_negative_pre_transfer: bool = False,
) -> Indicator | IndicatorTable:
    """Return by what share the transfer lowers the Gini: (G(y − t) − G(y)) / G(y − t).

    Parameters as in `adequacy`; `convention` as in `gini`.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"cash": [2.0, 0, 0, 0], "food": [3.0, 2, 3, 4], "w": 1.0})
    >>> fall = gini_reduction(SurveyDesign(df, weights="w"), welfare="food", transfer="cash")
    >>> round(fall.value, 4)
    0.5
    """
    if convention not in ("midpoint", "convey"):
        raise ValueError(f"convention: got {convention!r}; allowed: 'midpoint' or 'convey'")
    y, t, notes = amounts_of(design, welfare, transfer, allow_negative_pre_transfer)

    # Codes of ranks come ready made: sorting once serves all groups and all replicates.
    def statistic(w: np.ndarray, *parts: np.ndarray) -> float:
        after, before = (concentration(w, a, c.astype(np.intp), convention) for a, c in _pairs(parts))
        return 1 - after / before if before else np.nan

    def linearised(w: np.ndarray, *parts: np.ndarray) -> tuple[float, np.ndarray]:
        (after, u), (before, v) = (
            concentration_linearised(w, a, c.astype(np.intp), convention) for a, c in _pairs(parts)
        )
        if not before:
            return np.nan, np.full(w.size, np.nan)
        return 1 - after / before, (after / before * v - u) / before

    return design.estimate(
        *(linearised, y, rank_codes(y), y - t, rank_codes(y - t)),
        **{"code": "gini", "name": f"Fall of the Gini by {transfer}", "unit": "share"},
        **{"statistic": statistic, "by": with_quantiles(design, by, welfare)},
        notes=(*notes, f"Gini by the {convention} convention"),
    )


def benefit_cost_ratio(
    design: SurveyDesign,
    *,
    welfare: Hashable,
    transfer: Hashable,
    poverty_line: Line,
    by: By | None = None,
    allow_negative_pre_transfer: bool = False,
) -> Indicator | IndicatorTable:
    """Return the poverty gap closed per unit of money: (Σ w gap(y − t) − Σ w gap(y)) / Σ w t, gaps in money.

    1 would mean that all money closes gaps; costs of administration are not counted. Parameters as in
    `poverty_reduction`.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"cash": [2.0, 0, 2, 0], "food": [10.0, 10, 13, 30], "w": 1.0})
    >>> design = SurveyDesign(df, weights="w")
    >>> ratio = benefit_cost_ratio(design, welfare="food", transfer="cash", poverty_line=12)
    >>> round(ratio.value, 3)
    0.75
    """
    y, t, notes = amounts_of(design, welfare, transfer, allow_negative_pre_transfer)
    line, stored = line_of(design, poverty_line)
    closed = np.maximum(line - (y - t), 0) - np.maximum(line - y, 0)
    words = {"code": "cba", "name": f"Poverty gap closed per unit of {transfer}", "unit": "per unit of money"}
    return design.estimate(
        *(linearised_ratio, closed, t),
        rests_on=t,
        **{**words, "notes": notes, "poverty_line": stored, "by": with_quantiles(design, by, welfare)},
    )


def programme_overlap(design: SurveyDesign, *, programmes: Mapping[str, Hashable]) -> IndicatorTable:
    """Return the share of persons with no programme, each one only, and each combination that occurs.

    The shares add up to 1. Shares are found by the programmes' names in the order given: `table["none"]`,
    `table["cash"]`, `table["cash + food"]`.

    Parameters
    ----------
    design : SurveyDesign
    programmes : mapping of name to column
        Columns of 0 and 1, or of amounts.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"cash": [2.0, 0, 3, 0], "meal": [1, 0, 0, 0], "w": 1.0})
    >>> table = programme_overlap(SurveyDesign(df, weights="w"), programmes={"cash": "cash", "meals": "meal"})
    >>> [(one.group["programmes"], one.value) for one in table]
    [('none', 0.5), ('cash', 0.25), ('meals', 0.0), ('cash + meals', 0.25)]
    """
    if not isinstance(programmes, Mapping) or not 1 <= len(programmes) <= 60:
        raise ValueError(
            "programmes: give a mapping of 1 to 60 names to columns, as {'cash': 'cash_transfer'}"
        )
    names = [str(name) for name in programmes]
    # Each combination is a number whose binary digits say which programmes are in it.
    held = np.zeros(design.weights.size, dtype=np.int64)
    for digit, column in enumerate(programmes.values()):
        held += received(design, column, role="programmes").astype(np.int64) << digit
    found = set(np.unique(held if design.rows is None else held[design.rows]).tolist())
    alone = {0, *(1 << digit for digit in range(len(names)))}
    order = sorted(
        found | alone, key=lambda one: (one.bit_count(), [-(one >> d & 1) for d in range(len(names))])
    )
    rows = []
    for one in order:
        label = " + ".join(name for digit, name in enumerate(names) if one >> digit & 1) or "none"
        words = {"code": "overlap", "name": "Share of persons", "unit": "share", "interval": "beta"}
        share = design.estimate(linearised_mean, (held == one).astype(float), **words)
        rows.append(replace(share, group={"programmes": label}))
    return IndicatorTable(tuple(rows))


def _incidence(design: SurveyDesign, amounts: np.ndarray, by: By, words: Mapping[str, str]) -> IndicatorTable:
    """Return each group's share of Σ w a: a ratio within the domain of those who have some."""
    groups = groups_of(design.frame, by)
    inside = (amounts > 0) & design.in_domain
    base = design.domain(inside) if inside.any() else design
    here = groups.codes if design.rows is None else groups.codes[design.rows]
    unlabelled = int((here < 0).sum())
    told = f"{unlabelled:,} rows without a group label are in no group and count in the whole"
    notes = (told,) if unlabelled else ()
    rows = [
        replace(base.estimate(linearised_ratio, mask * amounts, amounts, notes=notes, **words), group=label)
        for label, mask in _masks(groups.codes, here, groups.labels)
    ]
    return IndicatorTable(tuple(rows), notes)


def _masks(
    codes: np.ndarray, here: np.ndarray, labels: list
) -> Iterator[tuple[dict[str, object], np.ndarray]]:
    present = set(np.unique(here).tolist())
    for code, label in enumerate(labels):
        if code in present:
            yield label, (codes == code).astype(float)


def _pairs(parts: tuple[np.ndarray, ...]) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    return (parts[0], parts[1]), (parts[2], parts[3])
