"""Were the arms alike before, and did they lose the same people? Balance and attrition tables."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from aspfin.evaluation.columns import category_codes, column, is_categorical, names_of, to_number
from aspfin.evaluation.estimate import arm_mean, effects_frame
from aspfin.evaluation.regression import Fit, demean, independent_columns, least_squares
from aspfin.evaluation.sample import Sample, prepare
from aspfin.results import Check, ResultMixin

__all__ = ["DiagnosticTable", "attrition", "balance"]

LARGE_DIFFERENCE = 0.25  # Imbens & Rubin (2015): beyond it, regression adjustment depends on its form


@dataclass(frozen=True, eq=False, repr=False)
class DiagnosticTable(ResultMixin):
    """A table of differences between arms, and the checks drawn from it.

    Attributes
    ----------
    title : str
    table : DataFrame
        One row per variable: variable, mean_control, mean_treated, sd_control, estimate (the difference,
        within strata where given), std_error, ci_low, ci_high, p_value, n_obs, normalised_difference,
        missing_control, missing_treated (shares), missing_p_value.
    checks : tuple of Check
    dropped : dict of str to int
    """

    title: str
    table: pd.DataFrame
    checks: tuple[Check, ...]
    dropped: dict[str, int] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()

    def sentence(self) -> str:
        """Return what the checks say."""
        return f"{self.title}: " + "; ".join(str(check) for check in self.checks) + "."


def balance(
    df: pd.DataFrame,
    *,
    treated: Hashable,
    controls: Iterable[Hashable],
    strata: Hashable | Iterable[Hashable] | None = None,
    cluster: Hashable | None = None,
    weights: Hashable | None = None,
) -> DiagnosticTable:
    """Compare the arms in what was measured before treatment.

    Text and categories have one row per level. Missing values are compared too, and enter the joint test as
    indicators beside the mean.

    Parameters
    ----------
    df : DataFrame
    treated : column
        0 or 1.
    controls : columns
        Measured before treatment.
    strata, cluster, weights
        As in `difference_in_means`.

    Returns
    -------
    DiagnosticTable
        With two checks: whether all variables together predict treatment (joint F at 5 %), and whether any
        normalised difference exceeds 0.25.

    Raises
    ------
    ValueError
        In one line naming the column, what was found and the remedy.

    Examples
    --------
    >>> df = pd.DataFrame({"cash": [0, 1, 0, 1, 0, 1, 0, 1], "age": [30, 31, 40, 39, 25, 26, 51, 50]})
    >>> table = balance(df, treated="cash", controls=["age"])
    >>> table.checks[0].passed, table.table["normalised_difference"].round(3).tolist()
    (True, [0.0])
    """
    names, stratum = names_of(controls), names_of(strata)
    if not names:
        raise ValueError("controls: got none; name the columns to compare")
    sample = prepare(df, treated=treated, groups=(*stratum, cluster), weights=weights)
    variables = _variables(df, names, sample.positions)
    comparison = _Comparison(
        sample, sample.codes(*stratum), None if cluster is None else sample.groups[cluster]
    )
    table = pd.concat([comparison.row(name, values) for name, values, _ in variables], ignore_index=True)
    matrix = comparison.filled([values for _, values, first in variables if not first])
    checks = (comparison.joint(matrix, sample.treated), _largest(table))
    return DiagnosticTable("Balance", table, checks, sample.dropped)


def attrition(
    df: pd.DataFrame,
    *,
    treated: Hashable,
    outcome: Hashable | None = None,
    observed: Hashable | None = None,
    controls: Iterable[Hashable] = (),
    strata: Hashable | Iterable[Hashable] | None = None,
    cluster: Hashable | None = None,
    weights: Hashable | None = None,
) -> DiagnosticTable:
    """Compare how many each arm lost, and whether those who stayed are still alike.

    Parameters
    ----------
    df : DataFrame
        One row per person assigned.
    treated : column
        0 or 1.
    outcome, observed : column
        One of them: an outcome (lost where missing), or 0 and 1 (1 where seen).
    controls : columns
        Measured before treatment: compared among those who stayed.
    strata, cluster, weights
        As in `difference_in_means`.

    Returns
    -------
    DiagnosticTable
        First row: the share lost. Then the controls among those who stayed. Checks: equal shares lost, and,
        with controls, the same kind of people lost (joint F of treatment × controls on being lost).

    Raises
    ------
    ValueError
        In one line naming the column, what was found and the remedy.

    Examples
    --------
    >>> df = pd.DataFrame({"cash": [0, 0, 0, 0, 1, 1, 1, 1], "food": [1, None, 2, 3, 2, 4, None, 5]})
    >>> table = attrition(df, treated="cash", outcome="food")
    >>> table.table[["mean_control", "mean_treated"]].iloc[0].tolist()
    [0.25, 0.25]
    """
    if (outcome is None) == (observed is None):
        raise ValueError("outcome, observed: name one of the two")
    names, stratum = names_of(controls), names_of(strata)
    sample = prepare(df, treated=treated, binary=(observed,), groups=(*stratum, cluster), weights=weights)
    if observed is None:
        seen = ~np.isnan(to_number(column(df, outcome, "outcome"), outcome, "outcome"))[sample.positions]
    else:
        seen = sample.numbers[observed] == 1
    absorb = sample.codes(*stratum)
    clusters = None if cluster is None else sample.groups[cluster]
    comparison = _Comparison(sample, absorb, clusters)
    lost = (~seen).astype(float)
    table = [comparison.row("lost", lost)]
    checks = [_rate_check(table[0], lost)]
    if names:
        variables = _variables(df, names, sample.positions)
        table += [comparison.row(name, np.where(seen, values, np.nan)) for name, values, _ in variables]
        matrix = comparison.filled([values for _, values, first in variables if not first])
        # Missing among those who left is no news here.
        for one in table[1:]:
            one[["missing_control", "missing_treated", "missing_p_value"]] = np.nan
        checks.append(comparison.selective(matrix, lost))
    return DiagnosticTable("Attrition", pd.concat(table, ignore_index=True), tuple(checks), sample.dropped)


# Name, values (NaN where missing), whether the first level of a category.
Variable = tuple[str, np.ndarray, bool]
Test = tuple[float, int, float, float]  # F, its two degrees of freedom, p


def _variables(df: pd.DataFrame, names: tuple[Hashable, ...], positions: np.ndarray) -> list[Variable]:
    found: list[Variable] = []
    for name in dict.fromkeys(names):
        values = column(df, name, "controls")
        if not is_categorical(values):
            found.append((str(name), to_number(values, name, "controls")[positions], False))
            continue
        codes, levels = category_codes(values)
        codes = codes[positions]
        present = np.unique(codes[codes >= 0])
        for code in present:
            indicator = np.where(codes < 0, np.nan, (codes == code).astype(float))
            found.append((f"{name} = {levels[code]}", indicator, bool(code == present[0])))
    return found


@dataclass(frozen=True, eq=False)
class _Comparison:
    """The arms, strata, clusters and weights that every comparison shares."""

    sample: Sample
    absorb: np.ndarray | None
    clusters: np.ndarray | None

    def row(self, name: str, values: np.ndarray) -> pd.DataFrame:
        """Compare the arms in one variable."""
        t, w = self.sample.treated, self.sample.weights
        there = ~np.isnan(values)
        missing = (~there).astype(float)
        fit = self._fit(values, there)
        means = [arm_mean(values, there & (t == arm), w) for arm in (0, 1)]
        spreads = [self._variance(values, there & (t == arm), means[arm]) for arm in (0, 1)]
        pooled = np.sqrt((spreads[0] + spreads[1]) / 2)
        estimate = means[1] - means[0] if fit is None else fit.coef[0]
        error, df = (np.nan, np.inf) if fit is None else (fit.std_error[0], fit.df)
        key = {
            "variable": [name],
            "mean_control": [means[0]],
            "mean_treated": [means[1]],
            "sd_control": [float(np.sqrt(spreads[0]))],
        }
        frame = effects_frame(key, np.array([estimate]), np.array([error]), np.array([int(there.sum())]), df)
        frame["normalised_difference"] = (means[1] - means[0]) / pooled if pooled > 0 else np.nan
        for arm, word in enumerate(("control", "treated")):
            frame[f"missing_{word}"] = arm_mean(missing, t == arm, w)
        absent = None if there.all() else self._fit(missing, np.ones(there.size, dtype=bool))
        frame["missing_p_value"] = np.nan if absent is None else absent.wald([0])[3]
        return frame

    def _variance(self, values: np.ndarray, rows: np.ndarray, mean: float) -> float:
        n = int(rows.sum())
        if n < 2:
            return np.nan
        return arm_mean((values - mean) ** 2, rows, self.sample.weights) * n / (n - 1)

    def _fit(self, values: np.ndarray, rows: np.ndarray) -> Fit | None:
        """Regress a variable on treatment; None where there is nothing to compare."""
        if rows.sum() < 3:
            return None
        t, y = self.sample.treated[rows], values[rows]
        absorb = _recoded(self.absorb, rows)
        clusters = _recoded(self.clusters, rows)
        w = None if self.sample.weights is None else self.sample.weights[rows]
        moved = t - t.mean() if absorb is None else demean(t, absorb, w)
        if np.ptp(y) == 0 or np.abs(moved).max() < 1e-12:
            return None
        if clusters is not None and clusters.max() == 0:
            return None
        x = t[:, None] if absorb is not None else np.column_stack([t, np.ones(t.size)])
        if t.size <= x.shape[1] + (0 if absorb is None else absorb.max() + 1):
            return None
        return least_squares(y, x, weights=w, clusters=clusters, absorb=absorb, names=("treated", "constant"))

    def filled(self, variables: list[np.ndarray]) -> np.ndarray:
        """Variables with missing values at their mean, and indicators of where they were missing."""
        columns = []
        for values in variables:
            gone = np.isnan(values)
            if gone.all():
                continue
            columns.append(np.where(gone, values[~gone].mean(), values))
            if gone.any():
                columns.append(gone.astype(float))
        return np.column_stack(columns) if columns else np.empty((self.sample.n, 0))

    def _joint(self, tested: np.ndarray, held: np.ndarray, y: np.ndarray) -> Test | None:
        """F that `tested` columns do not explain `y`, `held` ones fixed; None where clusters are too few."""
        base = np.column_stack([held, tested])
        if self.absorb is None:
            base = np.column_stack([np.ones(self.sample.n), base])
        size = np.sqrt((base**2).sum(axis=0))
        within = base if self.absorb is None else demean(base, self.absorb, self.sample.weights)
        within = np.where(np.sqrt((within**2).sum(axis=0)) < 1e-9 * size, 0.0, within)
        use = np.flatnonzero(independent_columns(within))
        first = base.shape[1] - tested.shape[1]
        places = np.flatnonzero(use >= first)
        levels = 0 if self.absorb is None else int(self.absorb.max()) + 1
        room = self.sample.n - use.size - levels
        if self.clusters is not None:
            room = min(room, int(self.clusters.max()) - places.size)
        if places.size == 0 or room < 1 or np.ptp(y) == 0:
            return None
        fit = least_squares(
            y, base[:, use], weights=self.sample.weights, clusters=self.clusters, absorb=self.absorb
        )
        return fit.wald(places)

    def joint(self, matrix: np.ndarray, treated: np.ndarray) -> Check:
        """Whether the variables together predict treatment."""
        test = self._joint(matrix, np.empty((self.sample.n, 0)), treated)
        return _f_check("joint balance", "Do the variables together fail to predict treatment?", test)

    def selective(self, matrix: np.ndarray, lost: np.ndarray) -> Check:
        """Whether the arms lost the same kind of people."""
        t = self.sample.treated[:, None]
        centred = matrix - matrix.mean(axis=0)
        test = self._joint(t * centred, np.column_stack([t, centred]), lost)
        return _f_check("selective attrition", "Did both arms lose the same kind of people?", test)


def _recoded(codes: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if codes is None else np.unique(codes[rows], return_inverse=True)[1]


def _f_check(name: str, question: str, test: Test | None) -> Check:
    if test is None:
        text = "too few rows or clusters for as many variables, or nothing varies"
        return Check(name, question, None, text=text)
    f, df1, df2, p = test
    return Check(name, question, p >= 0.05, f, p, f"F({df1}, {df2:.0f}) = {f:.2f}, p = {p:.3f}")


def _largest(table: pd.DataFrame) -> Check:
    question = f"Is every normalised difference within {LARGE_DIFFERENCE}?"
    sizes = table["normalised_difference"].abs()
    if sizes.isna().all():
        return Check("normalised differences", question, None, text="nothing varies")
    worst = int(sizes.idxmax())
    largest = float(sizes[worst])
    text = f"largest {largest:.2f}, of {table['variable'][worst]}"
    return Check("normalised differences", question, largest <= LARGE_DIFFERENCE, largest, text=text)


def _rate_check(row: pd.DataFrame, lost: np.ndarray) -> Check:
    question = "Did both arms lose the same share?"
    one = row.iloc[0]
    text = f"{one['mean_treated']:.1%} of the treated and {one['mean_control']:.1%} of the others lost"
    if lost.max() == lost.min():
        word = "nobody" if lost.max() == 0 else "everybody"
        return Check("equal attrition", question, None, text=f"{word} was lost")
    p = float(one["p_value"])
    gap = float(one["estimate"])
    return Check("equal attrition", question, bool(p >= 0.05), gap, p, f"{text}, p = {p:.3f}")
