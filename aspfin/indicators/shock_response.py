"""How a shock response performed: how late, how many of the affected, how much, at what cost.

Figures here are administrative: dates, counts and money as a ministry records them, without sampling error.
Coverage of affected people in a survey is `indicators.coverage` on `design.domain("affected")`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from aspfin.indicators.columns import find, numbers
from aspfin.results import ResultMixin

__all__ = [
    "Milestones",
    "ResponseAdequacy",
    "Timeliness",
    "adequacy_of_response",
    "cost_transfer_ratio",
    "coverage_of_affected",
    "grievance_closure_rate",
    "share_financed_within",
    "timeliness",
]

Day = date | str | None


@dataclass(frozen=True)
class Milestones:
    """Dates of one response, in the order in which they should come; unknown ones stay None.

    Parameters
    ----------
    shock : date or str
        When the shock struck (ISO text such as "2022-09-15" is read).
    declaration : date, str or None
        When the emergency was declared.
    decision : date, str or None
        When it was decided to pay.
    first_payment : date, str or None
        When the first household was paid.
    paid_95 : date, str or None
        When 95 % of those entitled had been paid.

    Raises
    ------
    ValueError
        For a date that cannot be read, or a milestone before an earlier one.

    Examples
    --------
    >>> Milestones("2022-09-15", decision="2022-12-01", first_payment="2022-12-20").decision
    datetime.date(2022, 12, 1)
    """

    shock: Day = None
    declaration: Day = None
    decision: Day = None
    first_payment: Day = None
    paid_95: Day = None

    def __post_init__(self) -> None:
        for one in fields(self):
            object.__setattr__(self, one.name, _day(one.name, getattr(self, one.name)))
        for before, after in combinations([one.name for one in fields(self)], 2):
            first, second = getattr(self, before), getattr(self, after)
            if first is not None and second is not None and second < first:
                raise ValueError(
                    f"{after}: got {second.isoformat()}; allowed: not before {before} ({first.isoformat()})"
                )


def _day(name: str, value: object) -> date | None:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, datetime):  # pandas timestamps too
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: got {value!r:.80}; allowed: a date such as 2022-09-15, or None") from None


_IN_WORDS = {
    "shock": "the shock",
    "declaration": "the declaration",
    "decision": "the decision",
    "first_payment": "the first payment",
    "paid_95": "95 % paid",
}


@dataclass(frozen=True, eq=False, repr=False)
class Timeliness(ResultMixin):
    """Days between the milestones of a response.

    Attributes
    ----------
    milestones : Milestones
    """

    milestones: Milestones

    def days(self, start: str, end: str) -> int | None:
        """Return the days from one milestone to another; None where either date is missing.

        Raises
        ------
        ValueError
            For an unknown milestone.
        """
        for name in (start, end):
            if name not in _IN_WORDS:
                raise ValueError(f"milestone: got {name!r}; allowed: {', '.join(_IN_WORDS)}")
        first, second = getattr(self.milestones, start), getattr(self.milestones, end)
        return None if first is None or second is None else (second - first).days

    def to_frame(self) -> pd.DataFrame:
        """Return one row per milestone: date, days since the milestone before, days since the shock."""
        names = list(_IN_WORDS)
        before = [None, *names[:-1]]
        return pd.DataFrame(
            {
                "milestone": names,
                "date": [getattr(self.milestones, one) for one in names],
                "days_since_previous": pd.array(
                    [self.days(a, b) if a else None for a, b in zip(before, names, strict=True)],
                    dtype="Int64",
                ),
                "days_since_shock": pd.array([self.days("shock", one) for one in names], dtype="Int64"),
            }
        )

    def sentence(self) -> str:
        """Return the delays in prose; missing dates are named."""
        parts = []
        for name in ("first_payment", "paid_95"):
            days = self.days("shock", name)
            if days is not None:
                parts.append(f"{_IN_WORDS[name]} came {days:,} days after the shock")
        missing = [words for name, words in _IN_WORDS.items() if getattr(self.milestones, name) is None]
        told = ", ".join(parts) if parts else "no delay can be told"
        gaps = f" No date is known for {', '.join(missing)}." if missing else ""
        return f"{told[0].upper()}{told[1:]}.{gaps}"


def timeliness(milestones: Milestones) -> Timeliness:
    """Return the days between the milestones of a response; what is missing stays missing.

    Examples
    --------
    >>> late = timeliness(Milestones("2022-09-15", decision="2022-12-01", first_payment="2022-12-20"))
    >>> late.days("shock", "first_payment"), late.days("declaration", "decision")
    (96, None)
    >>> late.to_frame()["days_since_previous"].tolist()
    [<NA>, <NA>, <NA>, 19, <NA>]
    """
    if not isinstance(milestones, Milestones):
        raise ValueError(f"milestones: got {type(milestones).__name__}; give Milestones(...)")
    return Timeliness(milestones)


def _share(top: np.ndarray, bottom: np.ndarray) -> float | np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(bottom > 0, top / bottom, np.nan)
    return float(share) if share.ndim == 0 else share


def _amounts(name: str, values: ArrayLike, *, above_zero: bool = False) -> np.ndarray:
    allowed = f"numbers {'above' if above_zero else 'of at least'} 0; missing stays missing"
    try:
        found = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: got {values!r:.80}; allowed: {allowed}") from None
    bad = np.isinf(found) | (found < 0) | ((found == 0) & above_zero)
    if bad.any():
        raise ValueError(f"{name}: got {float(found[bad].flat[0])!r}; allowed: {allowed}")
    return found


def _part_of(part: str, top: ArrayLike, whole: str, bottom: ArrayLike) -> float | np.ndarray:
    """Return a share that cannot pass 1."""
    numerator, denominator = _amounts(part, top), _amounts(whole, bottom)
    try:
        over = numerator > denominator
    except ValueError:
        raise ValueError(
            f"{part}: got shape {numerator.shape}; allowed: that of {whole}, {denominator.shape}"
        ) from None
    if over.any():
        a, b = (float(np.broadcast_to(one, over.shape)[over].flat[0]) for one in (numerator, denominator))
        raise ValueError(
            f"{part}: got {a:,.6g} of {b:,.6g} {whole}; allowed: no more than {whole} "
            "(count only those that are among them)"
        )
    return _share(numerator, denominator)


def coverage_of_affected(*, covered: ArrayLike, affected: ArrayLike) -> float | np.ndarray:
    """Return the share of affected people that the response reached.

    Parameters
    ----------
    covered : number or array
        Affected people (or households) that were reached. Those reached but not affected are leakage and do
        not belong here.
    affected : number or array
        Affected people, in the same unit. The share is missing where nobody was.

    Raises
    ------
    ValueError
        For negative counts, or more covered than affected.

    Examples
    --------
    >>> round(coverage_of_affected(covered=99_169, affected=150_000), 3)
    0.661
    """
    return _part_of("covered", covered, "affected", affected)


@dataclass(frozen=True, eq=False, repr=False)
class ResponseAdequacy(ResultMixin):
    """A transfer against what a household needs; shares are missing where no yardstick was given.

    Attributes
    ----------
    transfer : float
    of_poverty_line, of_basket, of_income_loss : float
        The transfer as a share of each.
    """

    transfer: float
    of_poverty_line: float
    of_basket: float
    of_income_loss: float

    def to_frame(self) -> pd.DataFrame:
        """Return one row per yardstick: share."""
        names = ("of_poverty_line", "of_basket", "of_income_loss")
        return pd.DataFrame({"yardstick": names, "share": [getattr(self, one) for one in names]})

    def sentence(self) -> str:
        """Return the adequacy in prose."""
        words = {
            "of_poverty_line": "poverty line",
            "of_basket": "minimum expenditure basket",
            "of_income_loss": "income lost",
        }
        parts = [
            f"{100 * getattr(self, one):.0f} % of the {word}"
            for one, word in words.items()
            if not np.isnan(getattr(self, one))
        ]
        return f"The transfer is {', '.join(parts)}."


def adequacy_of_response(
    *,
    transfer: float,
    poverty_line: float | None = None,
    basket: float | None = None,
    income_loss: float | None = None,
) -> ResponseAdequacy:
    """Return a transfer as a share of the poverty line, of the minimum expenditure basket, of income lost.

    All amounts are in one currency, of one household (or one person), over one period.

    Parameters
    ----------
    transfer : float
    poverty_line, basket, income_loss : float, optional
        At least one; above 0.

    Raises
    ------
    ValueError
        If no yardstick is given, or an amount is not positive (the transfer: negative).

    Examples
    --------
    >>> print(adequacy_of_response(transfer=40, poverty_line=160, income_loss=100))
    The transfer is 25 % of the poverty line, 40 % of the income lost.
    """
    amount = float(_amounts("transfer", transfer))
    given = {"poverty_line": poverty_line, "basket": basket, "income_loss": income_loss}
    if all(one is None for one in given.values()):
        raise ValueError("poverty_line, basket, income_loss: got none; give at least one")
    shares = {
        f"of_{name}": np.nan if one is None else amount / float(_amounts(name, one, above_zero=True))
        for name, one in given.items()
    }
    return ResponseAdequacy(amount, **shares)


def share_financed_within(
    payments: pd.DataFrame, *, need: float, within: tuple[int, ...] = (30, 90, 180, 365)
) -> pd.DataFrame:
    """Return the share of the need that each source had financed within so many days.

    Parameters
    ----------
    payments : DataFrame
        Columns `source`, `amount` (in the currency of `need`) and `days` (from the shock until the money
        could be spent). Several rows per source add up.
    need : float
        What the response had to cost; above 0.
    within : tuple of int

    Returns
    -------
    DataFrame
        `source` (in order of its first money; last the row "all sources"), `within_days`, `share`. The sum
        can pass 1 where more than the need was paid.

    Raises
    ------
    ValueError
        For a missing column, negative amounts or days, or gaps in them (money promised but not paid is
        no row here).

    Examples
    --------
    >>> payments = pd.DataFrame({"source": ["fund", "budget"], "amount": [30.0, 60.0], "days": [10, 120]})
    >>> found = share_financed_within(payments, need=100, within=(30, 180))
    >>> found.pivot(index="source", columns="within_days", values="share").loc["all sources"].tolist()
    [0.3, 0.9]
    """
    needed = float(_amounts("need", need, above_zero=True))
    amounts, days = (
        _amounts(name, numbers(find(payments, name, "payments"), name, "payments"))
        for name in ("amount", "days")
    )
    source = find(payments, "source", "payments")
    gaps = np.isnan(amounts) | np.isnan(days) | source.isna().to_numpy()
    if gaps.any():
        raise ValueError(
            f"payments: source, amount or days is missing in {int(gaps.sum())} of {gaps.size} rows; "
            "leave out what was not paid"
        )
    paid = pd.DataFrame({"source": source.to_numpy(object), "amount": amounts, "days": days})
    order = paid.groupby("source")["days"].min().reset_index().sort_values(["days", "source"])["source"]
    rows = []
    for name in [*order, "all sources"]:
        of_source = paid if name == "all sources" else paid[paid["source"] == name]
        for limit in within:
            met = of_source.loc[of_source["days"] <= limit, "amount"].sum() / needed
            rows.append({"source": name, "within_days": limit, "share": float(met)})
    return pd.DataFrame(rows)


def cost_transfer_ratio(*, administration: ArrayLike, transfers: ArrayLike) -> float | np.ndarray:
    """Return what it cost to deliver one unit of transfer: administrative cost over transfers.

    Missing where nothing was transferred. The total cost of one unit transferred is 1 more.

    References
    ----------
    Caldés, Coady & Maluccio (2006), World Development 34(5): 818-837.

    Examples
    --------
    >>> cost_transfer_ratio(administration=3.0, transfers=40.0)
    0.075
    """
    return _share(_amounts("administration", administration), _amounts("transfers", transfers))


def grievance_closure_rate(*, closed: ArrayLike, received: ArrayLike) -> float | np.ndarray:
    """Return the share of grievances received in a period that have been closed; missing where none came.

    Raises
    ------
    ValueError
        For negative counts, or more closed than received.

    Examples
    --------
    >>> grievance_closure_rate(closed=90, received=120)
    0.75
    """
    return _part_of("closed", closed, "received", received)
