"""Entitlements of a whole system at once: households × programmes, fast, also in chunks.

Rules are grouped by area and level once per frame, so that a programme costs a look-up and a product per
column; `Programme.entitlement` gives the same numbers one programme at a time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from aspfin.programmes.catalogue import Programme
from aspfin.programmes.contributions import InsuranceBenefit, benefits_by_rules
from aspfin.programmes.country import Country
from aspfin.programmes.household_columns import DERIVED, HouseholdColumns
from aspfin.programmes.rules import BenefitRule, as_date
from aspfin.results import InputError, Problem

__all__ = ["computable_programmes", "entitlement_chunks", "entitlement_totals", "system_entitlements"]

ROWS_PER_CHUNK = 1_000_000


def computable_programmes(
    country: Country,
    columns: Iterable[str],
    *,
    on: dt.date | str,
    amounts: Mapping[str, Mapping[str, float]] | None = None,
) -> pd.DataFrame:
    """Return which programmes can be computed on a day for a frame with these columns, and why others cannot.

    Parameters
    ----------
    country
        A country pack.
    columns
        Names of the columns of the household frame.
    on
        Day whose rules apply.
    amounts
        Amounts of your own by programme id, as in `Country.with_amounts`.

    Returns
    -------
    DataFrame
        Columns programme, computable, reason ("" where computable), per ("month", "payment" or "event").

    Examples
    --------
    >>> from aspfin.programmes import load_country
    >>> columns = ["card_level", "trainee", "at_risk"]
    >>> table = computable_programmes(load_country("KHM"), columns, on="2024-05-01").set_index("programme")
    >>> table.loc[["vocational_training", "older_people_cash"], "reason"].tolist()
    ['', 'amount not found: age_60_plus']
    """
    own = country.with_amounts(amounts) if amounts else country
    day, known = as_date(on), set(map(str, columns))
    rows = []
    for programme in own.programmes:
        reason, per = _obstacle(programme, day, known)
        rows.append((programme.id, not reason, reason, per))
    return pd.DataFrame(rows, columns=["programme", "computable", "reason", "per"])


def system_entitlements(
    country: Country,
    frame: pd.DataFrame,
    *,
    on: dt.date | str,
    programmes: Sequence[str] | None = None,
    amounts: Mapping[str, Mapping[str, float]] | None = None,
) -> pd.DataFrame:
    """Return what every household is entitled to from every programme on a day, 0 where it is not eligible.

    Parameters
    ----------
    country
        A country pack.
    frame
        One row per household, with the columns that eligibility and rules read
        (`aspfin.programmes.VOCABULARY`). An event that is no column is expected from the people it happens
        to, where the pack says how often.
    on
        Day whose rules apply.
    programmes
        Ids; by default all that can be computed. `result.attrs["left_out"]` says by id why others are not
        there: left out is not zero.
    amounts
        Amounts of your own by programme id, as in `Country.with_amounts`.

    Returns
    -------
    DataFrame
        Households × programmes, money in the country's currency per month (or payment, or round of the events
        counted in the frame), index of `frame`.

    Raises
    ------
    InputError
        For a programme asked for that cannot be computed; an empty frame, a household without members, broken
        counts, areas and levels the rules of an eligible household do not know.

    Examples
    --------
    >>> from aspfin.programmes import load_country
    >>> frame = pd.DataFrame({"card_level": [1, 0], "at_risk": [0, 0], "trainee": [1, 1]})
    >>> paid = system_entitlements(load_country("KHM"), frame, on="2024-05-01")
    >>> paid["vocational_training"].tolist(), paid.attrs["left_out"]["social_security_unemployment"]
    ([280000.0, 0.0], 'defined, not operating')
    """
    own = country.with_amounts(amounts) if amounts else country
    day = as_date(on)
    households = HouseholdColumns(frame)
    table = computable_programmes(own, frame.columns, on=day).set_index("programme")
    chosen = _chosen(own, table, programmes)
    paid = {name: _entitlement(own.programme(name), households, day) for name in chosen}
    result = pd.DataFrame(paid, index=frame.index, copy=False)
    left = table.loc[~table["computable"], "reason"]
    result.attrs = {"left_out": left.to_dict(), "on": day.isoformat(), "currency": own.currency}
    return result


def entitlement_chunks(
    country: Country,
    frames: Iterable[pd.DataFrame] | str | Path,
    *,
    on: dt.date | str,
    programmes: Sequence[str] | None = None,
    amounts: Mapping[str, Mapping[str, float]] | None = None,
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield (households, entitlements) chunk by chunk, for populations larger than memory.

    Parameters
    ----------
    frames
        Frames of households, one after the other, or the path of a Parquet file, read a million rows at a
        time.
    country, on, programmes, amounts
        As for `system_entitlements`.

    Examples
    --------
    >>> from aspfin.programmes import load_country
    >>> frame = pd.DataFrame({"card_level": [1, 0], "at_risk": [0, 0], "trainee": [1, 1]})
    >>> halves = entitlement_chunks(load_country("KHM"), [frame[:1], frame[1:]], on="2024-05-01")
    >>> [int(paid["vocational_training"].sum()) for _, paid in halves]
    [280000, 0]
    """
    if isinstance(frames, (str, Path)):
        frames = _parquet(Path(frames))
    for frame in frames:
        yield frame, system_entitlements(country, frame, on=on, programmes=programmes, amounts=amounts)


def entitlement_totals(
    country: Country,
    frames: Iterable[pd.DataFrame] | str | Path,
    *,
    on: dt.date | str,
    by: str | None = None,
    weight: str | None = None,
    programmes: Sequence[str] | None = None,
    amounts: Mapping[str, Mapping[str, float]] | None = None,
) -> pd.DataFrame:
    """Return, by programme, the households entitled and the money, adding up chunk by chunk.

    Parameters
    ----------
    by
        A column of groups (province, area); None for the whole.
    weight
        A column by which households count; None where each row is one household.
    country, frames, on, programmes, amounts
        As for `entitlement_chunks`.

    Returns
    -------
    DataFrame
        Columns programme, `by` where given, households, amount (per month, payment or round).

    Examples
    --------
    >>> from aspfin.programmes import load_country
    >>> frame = pd.DataFrame({"card_level": [1, 0], "at_risk": [0, 0], "trainee": [1, 1]})
    >>> totals = entitlement_totals(load_country("KHM"), [frame], on="2024-05-01")
    >>> totals.loc[totals["programme"] == "vocational_training", ["households", "amount"]].values.tolist()
    [[1.0, 280000.0]]
    """
    parts = []
    for frame, paid in entitlement_chunks(country, frames, on=on, programmes=programmes, amounts=amounts):
        for column in (by, weight):
            if column is not None and column not in frame.columns:
                allowed = "a column of the household frame"
                raise InputError(Problem("households", column, "a missing column", allowed))
        groups = frame[by] if by is not None else np.zeros(len(frame), dtype=np.int8)
        codes, labels = pd.factorize(groups)
        weights = np.ones(len(frame)) if weight is None else frame[weight].to_numpy(dtype=float)
        for name in paid.columns:
            money = paid[name].to_numpy()
            counted = np.bincount(codes, weights=weights * (money > 0), minlength=len(labels))
            amount = np.bincount(codes, weights=weights * money, minlength=len(labels))
            parts.append(
                pd.DataFrame({"programme": name, "by": labels, "households": counted, "amount": amount})
            )
    if not parts:
        raise InputError(Problem("households", "frames", 0, "at least one frame and one programme"))
    together = pd.concat(parts, ignore_index=True)
    sums = together.groupby(["programme", "by"], sort=True, observed=True)[["households", "amount"]].sum()
    table = sums.reset_index()
    order = {name: k for k, name in enumerate(dict.fromkeys(together["programme"]))}
    table = table.sort_values("programme", key=lambda names: names.map(order), kind="stable")
    table = table.rename(columns={"by": by}) if by is not None else table.drop(columns="by")
    return table.reset_index(drop=True)


def _parquet(path: Path) -> Iterator[pd.DataFrame]:
    import pyarrow.parquet as pq

    for batch in pq.ParquetFile(path).iter_batches(batch_size=ROWS_PER_CHUNK):
        yield batch.to_pandas(split_blocks=True, self_destruct=True)


def _chosen(country: Country, table: pd.DataFrame, programmes: Sequence[str] | None) -> list[str]:
    if programmes is None:
        return table.index[table["computable"]].tolist()
    if isinstance(programmes, str):
        allowed = f"a list of ids, such as [{programmes!r}]"
        raise InputError(Problem("arguments", "programmes", programmes, allowed))
    problems = []
    for name in programmes:
        country.programme(name)
        if not table.loc[name, "computable"]:
            place = f"programme {name}"
            problems.append(
                Problem(place, "entitlement", table.loc[name, "reason"], "a computable programme")
            )
    if problems:
        raise InputError(problems)
    return list(dict.fromkeys(programmes))


def _obstacle(programme: Programme, day: dt.date, known: set[str]) -> tuple[str, str]:
    """Return why a programme cannot be computed ("" where it can), and what it is paid per."""
    if not programme.operating:
        return "defined, not operating", ""
    rules = [rule for rule in programme.rules if rule.holds_on(day)]
    benefits = [one for one in programme.insurance if one.holds_on(day) and one.payer == "fund"]
    if not rules and not benefits:
        any_rule = programme.rules or programme.insurance
        return "no benefit rule on this day" if any_rule else "no cash benefit in the pack", ""
    per = (rules or benefits)[0].per
    if not programme.eligible_if:
        return "eligibility cannot be told from columns", per
    empty = [rule.label for rule in rules if rule.amount is None]
    empty += [one.name for one in benefits if one.share is None]
    if empty:
        return f"amount not found: {', '.join(dict.fromkeys(empty))}", per
    needed = _needed(programme, rules, benefits, known)
    missing = [column for column in dict.fromkeys(needed) if not _there(column, known)]
    return (f"no column {', '.join(missing)}" if missing else ""), per


def _needed(
    programme: Programme,
    rules: Sequence[BenefitRule],
    benefits: Sequence[InsuranceBenefit],
    known: set[str],
) -> Iterator[str]:
    yield from (condition.column for alternative in programme.eligible_if for condition in alternative)
    for rule in rules:
        if rule.area is not None:
            yield "area"
        if rule.card_level is not None:
            yield "card_level"
        if rule.unit != "household":
            expected = rule.expected_of is not None and rule.column not in known
            yield rule.expected_of if expected else rule.column
    for benefit in benefits:
        yield from (benefit.count, "wage", "contribution_months")


def _there(column: str, known: set[str]) -> bool:
    return column in known or (column in DERIVED and DERIVED[column] in known)


def _entitlement(programme: Programme, households: HouseholdColumns, day: dt.date) -> np.ndarray:
    rules, benefits = programme.in_force(day)
    eligible = households.eligible(programme.eligible_if, programme.id)
    paid = np.zeros(len(eligible))
    table: dict[tuple[str, float], list[BenefitRule]] = {}
    for rule in rules:
        key, times = (rule.column, 1.0)
        if rule.unit == "event" and not households.has(rule.column):
            key, times = rule.expected_of or rule.column, rule.expected_per_month or 1.0
        table.setdefault((key, times), []).append(rule)
    for (column, times), same in table.items():
        amount = households.amounts(same, eligible) * times
        paid += amount if column == "households" else amount * households.count(column)
    paid = np.where(eligible, paid, 0.0)
    if benefits and eligible.any():
        # Few households have a birth or a pensioner: the formula runs on those alone.
        rows = households.frame.loc[eligible]
        paid[eligible] += benefits_by_rules(rows, benefits, programme.id).sum(axis=1).to_numpy()
    return paid
