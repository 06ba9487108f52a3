"""The whole ASPIRE table at once: every measure × group × programme, with code and standard error."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aspfin.indicators.aspire_codes import INDICATORS
from aspfin.indicators.aspire_groups import (
    EVERYONE,
    Kind,
    Labels,
    Programme,
    combined,
    fifths,
    kinds_of,
    labels_of,
    official_code,
    programmes_of,
)
from aspfin.indicators.aspire_sums import (
    MEASURES,
    Measured,
    Partition,
    People,
    Transfer,
    measures,
)
from aspfin.indicators.indicator import Indicator
from aspfin.indicators.poverty import Line, line_of
from aspfin.indicators.survey_design import SurveyDesign
from aspfin.indicators.transfers import above_welfare, transferred
from aspfin.results import ResultMixin

__all__ = ["AspireTable", "aspire_table"]

# Intervals of the first stay within 0 and 1; the second rest on the line.
WITHIN_0_AND_1 = ("cov", "bry", "ben")
OF_THE_LINE = ("p0", "p1", "cba")
COLUMNS = [
    *("programme", "category", "code", "indicator", "name", "by", "group"),
    *("estimate", "std_error", "ci_low", "ci_high", "df", "n", "n_beneficiaries", "n_psu"),
    *("unit", "poverty_line"),
]


@dataclass(frozen=True, eq=False, repr=False)
class AspireTable(ResultMixin):
    """ASPIRE measures of one or more programmes.

    Attributes
    ----------
    table : DataFrame
        One row per programme, measure and group: programme, category, code (official; empty where the World
        Bank publishes no such figure), indicator, name, by, group, estimate, std_error, ci_low, ci_high, df,
        n and n_beneficiaries (rows of the survey in the group, and of those receiving), n_psu, unit,
        poverty_line (where the measure or the group uses it). Shares are shares of 1.
    poverty_line : float or str
        Or the column that holds it.
    notes : tuple of str
        Conventions and choices.
    """

    table: pd.DataFrame
    poverty_line: float | str
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the tidy table."""
        return self.table.copy()

    def rows(
        self, *, programme: str | None = None, indicator: str | None = None, by: str | None = None
    ) -> pd.DataFrame:
        """Return the rows of a programme, a measure ("cov" …), a kind of group ("everyone", "quintile" …)."""
        chosen = pd.Series(True, index=self.table.index)
        for name, wanted in (("programme", programme), ("indicator", indicator), ("by", by)):
            if wanted is not None:
                allowed = self.table[name].unique()
                if wanted not in allowed:
                    raise ValueError(f"{name}: got {wanted!r}; allowed: {', '.join(map(repr, allowed))}")
                chosen &= self.table[name] == wanted
        return self.table[chosen].reset_index(drop=True)

    def sentence(self) -> str:
        """Return the coverage of each programme in prose."""
        covered = self.rows(indicator="cov", by=EVERYONE)
        each = "; ".join(
            f"{row.programme} {100 * row.estimate:.1f} % ({100 * row.ci_low:.1f} to {100 * row.ci_high:.1f})"
            for row in covered.itertuples()
        )
        return f"Share of people covered, with 95 % intervals: {each}."


def aspire_table(
    design: SurveyDesign,
    *,
    welfare: Hashable,
    transfer: Hashable | Mapping[str, Hashable],
    poverty_line: Line,
    by: Sequence[Hashable | tuple[Hashable, ...]] = ("quintile", "area"),
    programmes: Mapping[str, str] | None = None,
    pre_transfer: bool = False,
    unit: str = "per person and day",
    allow_negative_pre_transfer: bool = False,
) -> AspireTable:
    """Return every ASPIRE measure of every programme for everyone and for each group.

    Measures: coverage (cov), beneficiary and benefit incidence (bry, ben; not for everyone: there they are
    1), adequacy (adq), average transfer (avt), reduction of headcount (p0), poverty gap (p1) and Gini (gini),
    poverty gap closed per unit of money (cba). Each equals the call of its own (`coverage`, …) but is
    computed for all groups at once, with linearised standard errors.

    Parameters
    ----------
    design : SurveyDesign
        With person weights. Its domain, if any, is everyone.
    welfare : column
        After transfers, per person and day.
    transfer : column, or mapping of programme to column
        Per person and day, 0 where a person receives nothing. A column alone is taken as all social
        protection. Names that are ASPIRE categories (`sa_ct`) get official codes.
    poverty_line : float or column
    by : sequence of columns or tuples of columns
        Kinds of groups; a tuple is crossed. "quintile", "decile" (of persons, by welfare) and "poor" (below
        the line) are formed where the frame has no such column. In a crossing, incidence is of the first
        column's groups within the groups of the others: ("quintile", "area") gives ben_q1_urb.
    programmes : mapping of programme to ASPIRE category, optional
        Then totals follow the programmes: for each category of more than one programme, each family (all
        social assistance …), and all social protection, with official codes. A programme alone in its
        category has its code.
    pre_transfer : bool
        Also by quintiles of welfare before each transfer (the `preT` codes).
    unit : str
        Of the average transfer, as "KHR per person and day".
    allow_negative_pre_transfer : bool
        A transfer above welfare is an error unless this is true; then it is used as it stands.

    Raises
    ------
    ValueError
        For columns not found or with gaps, negative transfers, a line not above 0, unknown categories, or a
        design with replicate weights (use the single calls).

    References
    ----------
    World Bank, ASPIRE indicator definitions (Databank source 29).

    Examples
    --------
    >>> df = pd.DataFrame({"cash": [2.0, 0, 3, 0, 0, 1], "food": [10.0, 20, 15, 30, 40, 12], "w": 1.0,
    ...     "area": ["rural", "urban"] * 3})
    >>> table = aspire_table(SurveyDesign(df, weights="w"), welfare="food", transfer={"sa_ct": "cash"},
    ...     poverty_line=14, by=["area"])
    >>> table.rows(indicator="cov")[["code", "group", "estimate", "n"]].round(3).values.tolist()
    [['per_sa_ct.cov_pop_tot', 'everyone', 0.5, 6], ['per_sa_ct.cov_pop_rur', 'rural', 0.667, 3],
     ['per_sa_ct.cov_pop_urb', 'urban', 0.333, 3]]
    """
    if design.replicates is not None:
        raise ValueError(
            "design: has replicate weights; allowed: one without, or the single calls for each figure"
        )
    columns, found = programmes_of(transfer, programmes)
    kinds = kinds_of(by, pre_transfer)
    survey = _read(design, welfare, columns, found, poverty_line, kinds, allow_negative_pre_transfer)
    stored = line_of(design, poverty_line)[1]
    records = [
        {**row, "poverty_line": stored if row["poverty_line"] else None}
        for programme in found
        for row in _programme_rows(survey, programme, kinds, design.degrees_of_freedom, unit)
    ]
    table = pd.DataFrame(records)[COLUMNS]
    if not isinstance(stored, str):
        table["poverty_line"] = table["poverty_line"].astype(float)
    return AspireTable(table, stored, tuple(survey.notes))


@dataclass(frozen=True, eq=False)
class _Survey:
    """What is read of a survey for the table: rows by rising welfare, labels, transfers, notes."""

    people: People
    labels: dict[str, Labels]
    partitions: dict[Kind, Partition]
    amounts: dict[str, np.ndarray]
    notes: list[str]


def _read(
    design: SurveyDesign,
    welfare: Hashable,
    columns: Mapping[str, Hashable],
    programmes: Sequence[Programme],
    poverty_line: Line,
    kinds: Sequence[Kind],
    allow_negative: bool,
) -> _Survey:
    y = design.column(welfare, role="welfare")
    line = np.broadcast_to(line_of(design, poverty_line)[0], y.shape)
    rows = np.arange(y.size) if design.rows is None else design.rows
    rows = rows[np.argsort(y[rows], kind="stable")]
    w, y, line = design.weights[rows], y[rows], line[rows]
    names = dict.fromkeys(name for kind in kinds for name in kind.names)
    labels = {name: labels_of(design, name, rows, w, y, line) for name in names}
    amounts = {name: transferred(design, column)[rows] for name, column in columns.items()}
    notes = _unlabelled(labels)
    everywhere = np.ones(y.size, dtype=bool)
    for programme in programmes:
        total = sum(amounts[name] for name in programme.members)
        told = above_welfare(y, total, everywhere, f"{programme.name!r}", allow_negative)
        notes += [f"{programme.name}: {note}" for note in told]
    people, keep = _people(
        design, rows, w, y, line, [*amounts.values(), *(one.codes for one in labels.values())]
    )
    amounts = {name: values[keep] for name, values in amounts.items()}
    labels = {name: Labels(name, one.codes[keep], one.levels, one.formed) for name, one in labels.items()}
    shared = {kind: _partition(people, kind, labels) for kind in kinds if not kind.pre_transfer}
    return _Survey(people, labels, shared, amounts, notes)


def _people(
    design: SurveyDesign,
    rows: np.ndarray,
    w: np.ndarray,
    y: np.ndarray,
    line: np.ndarray,
    also: list[np.ndarray],
) -> tuple[People, np.ndarray]:
    """Return the rows, neighbours that differ in nothing taken together, and which were kept.

    Members of a household mostly differ in nothing that the table looks at.
    """
    psu = design.units.codes[rows]
    new = np.ones(y.size, dtype=bool)
    new[1:] = False
    for values in (y, psu, line, *also):
        new[1:] |= values[1:] != values[:-1]
    keep = np.flatnonzero(new)
    count = np.diff(keep, append=y.size).astype(float)
    return People(np.add.reduceat(w, keep), y[keep], line[keep], psu[keep], count, design.units), keep


def _partition(people: People, kind: Kind, labels: Mapping[str, Labels]) -> Partition:
    """Return the groups of a kind; in a crossing they are parts of the groups of all names but the first."""
    parts = [(labels[name].codes, len(labels[name].levels)) for name in kind.names]
    if any((codes < 0).all() for codes, _ in parts):
        raise ValueError(f"by: no row has a label of {' × '.join(kind.names)}; allowed: a column with labels")
    if not parts:
        return Partition(
            people, np.zeros(people.y.size, dtype=np.intp), 1, made_of=np.empty((1, 0), dtype=int)
        )
    codes, made_of = combined(parts)
    if len(parts) == 1:
        return Partition(people, codes, len(made_of), made_of=made_of)
    wholes, _ = combined(parts[1:])
    whole_of = np.zeros(len(made_of), dtype=np.intp)
    inside = codes >= 0
    whole_of[codes[inside]] = wholes[inside]
    return Partition(people, codes, len(made_of), wholes, whole_of, made_of=made_of)


def _unlabelled(labels: Mapping[str, Labels]) -> list[str]:
    missing = {name: int((one.codes < 0).sum()) for name, one in labels.items()}
    return [
        f"{number:,} rows without a label of {name} are in none of its groups"
        for name, number in missing.items()
        if number
    ]


def _programme_rows(
    survey: _Survey, programme: Programme, kinds: Sequence[Kind], df: int, unit: str
) -> Iterator[dict[str, object]]:
    """Yield the rows of one programme: by measure, kind of group, group."""
    people = survey.people
    amounts = sum(survey.amounts[name] for name in programme.members)
    transfer = Transfer(people, amounts)
    results = []
    for kind in kinds:
        labels, partition = survey.labels, survey.partitions.get(kind)
        if partition is None:
            before = fifths(people.w, people.y - amounts)
            labels = {**labels, before.name: before}
            partition = _partition(people, kind, labels)
        results.append(
            (kind, [labels[name] for name in kind.names], partition, measures(partition, transfer))
        )
    for indicator in MEASURES:
        for kind, labels, partition, found in results:
            if indicator in ("bry", "ben") and not kind.names:
                continue
            what = {
                **{"programme": programme.name, "category": programme.category, "indicator": indicator},
                **{"name": INDICATORS[indicator].capitalize(), "by": str(kind)},
            }
            figures = _figures(indicator, found, partition, df, unit)
            for cell, row in zip(partition.made_of, figures, strict=True):
                label = " × ".join(str(one.levels[i]) for one, i in zip(labels, cell, strict=True))
                uses_line = indicator in OF_THE_LINE or any(
                    one.name == "poor" and one.formed for one in labels
                )
                code = official_code(programme, indicator, kind, labels, cell)
                yield {**what, "code": code, "group": label or EVERYONE, **row, "poverty_line": uses_line}


def _figures(
    indicator: str, found: Measured, partition: Partition, df: int, unit: str
) -> Iterator[dict[str, object]]:
    """Yield estimate, standard error, interval and counts of each group."""
    unit = {"avt": unit, "cba": "per unit of money"}.get(indicator, "share")
    rows, psus = partition.counts
    estimates, beneficiaries = found.estimates[indicator], found.beneficiaries
    for g in range(partition.size):
        # A share of beneficiaries, or of their money, rests on the rows of all of them.
        base = found.of_whole[g] if indicator in ("bry", "ben") else rows[g]
        one = Indicator(
            **{"code": indicator, "name": indicator, "unit": unit, "df": df, "n": int(base)},
            **{"value": float(estimates.value[g]), "std_error": float(estimates.std_error[g])},
            interval="beta" if indicator in WITHIN_0_AND_1 else "t",
        )
        low, high = one.conf_int()
        yield {
            **{"estimate": one.value, "std_error": one.std_error, "ci_low": low, "ci_high": high, "df": df},
            **{
                "n": int(rows[g]),
                "n_beneficiaries": int(beneficiaries[g]),
                "n_psu": int(psus[g]),
                "unit": unit,
            },
        }
