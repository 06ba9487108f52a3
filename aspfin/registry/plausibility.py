"""Whether published or reported figures can be right: five rules that need no access to the records.

The rules ask about the unit, the order of magnitude per household, stocks read as flows, months against
payment cycles, and totals that fall. What a programme pays, how often and since when are its norms.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from aspfin.registry import plausibility_rules as rules
from aspfin.registry.plausibility_rules import RULES, Finding
from aspfin.results import InputError, Problem, ResultMixin

__all__ = ["RULES", "Norm", "Plausibility", "check_figures", "published_figures", "read_figures"]

TEXTS = (
    "figure",
    "programme",
    "area",
    "currency",
    "currency_other",
    "amount_is",
    "counts_are",
    "source",
    "words",
)
NUMBERS = ("households", "persons", "amount", "amount_other", "benefit", "benefit_months", "payments")
DAYS = ("first_day", "last_day")
MEANINGS = {"amount_is": ("flow", "cumulative"), "counts_are": ("stock", "flow", "cumulative")}
# Riel per dollar were between these at every day since 2019.
RATES: dict[str, tuple[float, float]] = {"KHR per USD": (3_950.0, 4_200.0)}


class Norm(BaseModel):
    """What is known of a programme beforehand.

    Attributes
    ----------
    currency : str
        Of the two ranges of money.
    per_household_month : pair of float
        Least and most that a household gets in a month, by the rules of the benefit.
    benefit : pair of float or None
        Least and most of the published benefit per household and month; None takes the range above.
    household_size : pair of float
        Least and most people per household, on average.
    cycle_months : float or None
        Months from one payment to the next.
    opened, closed : date or None
        First and last day of payments; None where not known or still open.

    Examples
    --------
    >>> Norm(currency="ZMW", per_household_month=(400, 400), cycle_months=2).household_size
    (1.5, 10.0)
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    currency: str
    per_household_month: tuple[float, float]
    benefit: tuple[float, float] | None = None
    household_size: tuple[float, float] = (1.5, 10.0)
    cycle_months: float | None = Field(default=None, gt=0)
    opened: dt.date | None = None
    closed: dt.date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Norm:
        for name in ("per_household_month", "benefit", "household_size"):
            ends = getattr(self, name)
            if ends is not None and not 0 < ends[0] <= ends[1]:
                raise ValueError(f"{name}: a least above 0 and a most not below it")
        return self


@dataclass(frozen=True, eq=False, repr=False)
class Plausibility(ResultMixin):
    """What five rules say about a table of figures.

    Attributes
    ----------
    findings : DataFrame
        One row per figure and rule that is broken: figure, programme, rule, column (most likely wrong),
        measured (what was looked at), found, low, high, cause (the likely slip), suggestion (value
        of the column that would fit; missing where there is none or more than one), words.
    asked : DataFrame
        One row per rule: figures (to how many it could be put), broken.
    n_figures : int
    """

    findings: pd.DataFrame
    asked: pd.DataFrame
    n_figures: int

    def to_frame(self) -> pd.DataFrame:
        """Return the findings."""
        return self.findings.copy()

    def sentence(self) -> str:
        """Return what was found, in prose."""
        wrong = self.findings["figure"].nunique()
        if not wrong:
            return f"None of {self.n_figures:,} figures breaks a rule."
        return f"{wrong:,} of {self.n_figures:,} figures cannot be right. " + " ".join(self.findings["words"])


def check_figures(
    figures: pd.DataFrame,
    norms: Mapping[str, Norm | Mapping[str, Any]],
    *,
    exchange_rates: Mapping[str, tuple[float, float]] | None = None,
) -> Plausibility:
    """Put five rules to published or reported figures.

    Parameters
    ----------
    figures : DataFrame
        One row per statement. Required columns: figure (its name) and programme. Others as far as told:
        households, persons; amount and currency, amount_other and currency_other (the same money in another
        currency), amount_is ("flow" in the period or "cumulative" since the start); counts_are ("stock",
        "flow" or "cumulative"); first_day, last_day; payments (how many); benefit (money per household) and
        benefit_months (months it is said to be for); area; source, words. Missing is not zero. Not changed.
    norms : mapping
        Programme → `Norm`; figures of other programmes are asked only what needs no norm.
    exchange_rates : mapping or None
        "KHR per USD" → lowest and highest; adds to, or replaces, the riel per dollar known here.

    Returns
    -------
    Plausibility

    Raises
    ------
    InputError
        A column is unknown or missing, or holds what it cannot; a norm is wrong.

    Examples
    --------
    >>> figures = pd.DataFrame({"figure": ["notice", "press"], "programme": "flood", "persons": 372_859,
    ...     "households": [99_169, 990_169]})
    >>> norms = {"flood": {"currency": "KHR", "per_household_month": (96_000, 300_000)}}
    >>> print(check_figures(figures, norms))
    1 of 2 figures cannot be right. press: persons per household is 0.3766, should be 1.5 to 10 (households:
    a digit too many, as another figure of the programme shows; 99,169 would fit).
    """
    known = {name: _norm(name, norm) for name, norm in norms.items()}
    rates = _rates(exchange_rates)
    table = _with_norms(_checked(figures), known, rates)
    found = [
        *rules.unit(table, rates),
        *rules.size(table),
        *rules.flow(table),
        *rules.cycle(table),
        *rules.falls(table),
    ]
    findings = _told(table, found)
    return Plausibility(findings, _asked(table, rates, findings), len(table))


def _told(table: pd.DataFrame, found: list[Finding]) -> pd.DataFrame:
    names = [field.name for field in fields(Finding)]
    frame = pd.DataFrame([[getattr(one, name) for name in names] for one in found], columns=names)
    at = frame["at"].to_numpy(dtype=np.int64)
    frame["figure"] = table["figure"].to_numpy()[at]
    frame["programme"] = table["programme"].to_numpy()[at]
    frame["words"] = [_words(*row) for row in zip(frame["figure"], found, strict=True)]
    frame["order"] = frame["rule"].map({name: place for place, name in enumerate(RULES)})
    frame = frame.sort_values(["figure", "order", "column"], ignore_index=True)
    told = [
        "figure",
        "programme",
        "rule",
        "column",
        "measured",
        "found",
        "low",
        "high",
        "cause",
        "suggestion",
    ]
    return frame[[*told, "words"]]


def _words(figure: str, one: Finding) -> str:
    ends = " to ".join(dict.fromkeys(_short(end) for end in (one.low, one.high)))
    fits = "" if math.isnan(one.suggestion) else f"{one.suggestion:,.0f} would fit"
    why = "; ".join(filter(None, (one.cause, fits))) or "no likely slip found"
    return f"{figure}: {one.measured} is {_short(one.found)}, should be {ends} ({one.column}: {why})."


def _short(number: float) -> str:
    return "any" if math.isinf(number) else f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"


def _asked(
    table: pd.DataFrame, rates: dict[tuple[str, str], tuple[float, float]], findings: pd.DataFrame
) -> pd.DataFrame:
    homes, months = table["households"].notna(), pd.Series(rules.months_told(table)).notna()
    pairs = pd.Series(list(zip(table["currency"], table["currency_other"], strict=True))).isin(rates)
    money = homes & table["amount_norm"].notna() & table["norm_low"].notna() & months
    kinds = {"amount": table["amount_is"], "households": table["counts_are"], "persons": table["counts_are"]}
    flows = pd.Series(False, index=table.index)
    totals = flows.copy()
    for column, kind in kinds.items():
        dated = table[column].notna() & table["last_day"].notna()
        total = dated & (kind == "cumulative")
        series = table["programme"].isin(table.loc[total, "programme"])
        flows |= dated & (kind == "flow") & table["first_day"].notna() & series
        totals |= total
    benefit = (table["benefit"] / table["benefit_months"] / table["benefit_low"]).notna()
    period = (table["payments"] * table["cycle_months"]).notna() & table[list(DAYS)].notna().all(axis=1)
    counts = {
        rules.UNIT: pairs & table["amount"].notna() & table["amount_other"].notna(),
        rules.SIZE: (homes & table["persons"].notna() & table["size_low"].notna()) | money,
        rules.FLOW: flows,
        rules.CYCLE: benefit | period | (table[["first_day", "opened"]].notna().all(axis=1)),
        rules.FALLS: totals,
    }
    broken = findings.groupby("rule")["figure"].nunique()
    rows = [(name, int(marks.sum()), int(broken.get(name, 0))) for name, marks in counts.items()]
    return pd.DataFrame(rows, columns=["rule", "figures", "broken"])


def _checked(figures: pd.DataFrame) -> pd.DataFrame:
    """Return the figures with every column there and of its type."""
    allowed = (*TEXTS, *NUMBERS, *DAYS)
    unknown = [str(name) for name in figures if name not in allowed]
    lacking = [name for name in ("figure", "programme") if name not in figures]
    problems = [Problem("figures", name, "an unknown column", ", ".join(allowed)) for name in unknown]
    problems += [Problem("figures", name, "no such column", "text") for name in lacking]
    if problems:
        raise InputError(problems)
    table = pd.DataFrame(index=pd.RangeIndex(len(figures)))
    for name in TEXTS:
        table[name] = figures[name].astype("str").to_numpy() if name in figures else np.nan
        table[name] = table[name].astype("str")
    for name in NUMBERS:
        raw = (
            figures[name].reset_index(drop=True) if name in figures else pd.Series(np.nan, index=table.index)
        )
        table[name] = pd.to_numeric(raw, errors="coerce").astype(float)
        wrong = (raw.notna() & table[name].isna()) | (table[name] < 0) | np.isinf(table[name])
        problems += _wrong(name, raw, wrong, "a number of 0 or more")
    for name in DAYS:
        raw = (
            figures[name].reset_index(drop=True) if name in figures else pd.Series(pd.NaT, index=table.index)
        )
        table[name] = pd.to_datetime(raw, errors="coerce").astype("datetime64[s]")
        problems += _wrong(name, raw, raw.notna() & table[name].isna(), "a day such as 2022-12-10")
    for name, values in MEANINGS.items():
        table[name] = table[name].fillna("flow" if name == "amount_is" else "stock")
        problems += _wrong(name, table[name], ~table[name].isin(values), " | ".join(values))
    for name in ("figure", "programme"):
        problems += _wrong(name, table[name], table[name].isna(), "text")
    backwards = table["last_day"] < table["first_day"]
    problems += _wrong("last_day", table["last_day"].astype("str"), backwards, "not before first_day")
    if problems:
        raise InputError(problems)
    return table


def _wrong(column: str, raw: pd.Series, where: pd.Series, allowed: str) -> list[Problem]:
    places = np.flatnonzero(where.to_numpy())
    values = [getattr(value, "item", lambda value=value: value)() for value in raw.iloc[places]]
    return [
        Problem("figures", f"{column}, row {place + 1}", value, allowed)
        for place, value in zip(places, values, strict=True)
    ]


def _norm(name: str, norm: Norm | Mapping[str, Any]) -> Norm:
    if isinstance(norm, Norm):
        return norm
    try:
        return Norm.model_validate(dict(norm))
    except ValidationError as error:
        problems = [
            Problem(f"norms.{name}", ".".join(map(str, one["loc"])) or "norm", one["input"], one["msg"])
            for one in error.errors()
        ]
        raise InputError(problems) from None


def _rates(given: Mapping[str, tuple[float, float]] | None) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the rates both ways round."""
    found: dict[tuple[str, str], tuple[float, float]] = {}
    for name, ends in {**RATES, **(given or {})}.items():
        of, _, per = name.partition(" per ")
        if not per or len(ends) != 2 or not 0 < ends[0] <= ends[1]:
            allowed = "'KHR per USD' with a lowest above 0 and a highest"
            raise InputError(Problem("exchange_rates", name, ends, allowed))
        found[of, per] = (float(ends[0]), float(ends[1]))
        found[per, of] = (1 / float(ends[1]), 1 / float(ends[0]))
    return found


def _with_norms(
    table: pd.DataFrame, norms: dict[str, Norm], rates: dict[tuple[str, str], tuple[float, float]]
) -> pd.DataFrame:
    of = [norms.get(name) for name in table["programme"]]
    numbers = {
        "norm_low": [norm.per_household_month[0] if norm else np.nan for norm in of],
        "norm_high": [norm.per_household_month[1] if norm else np.nan for norm in of],
        "benefit_low": [(norm.benefit or norm.per_household_month)[0] if norm else np.nan for norm in of],
        "benefit_high": [(norm.benefit or norm.per_household_month)[1] if norm else np.nan for norm in of],
        "size_low": [norm.household_size[0] if norm else np.nan for norm in of],
        "size_high": [norm.household_size[1] if norm else np.nan for norm in of],
        "cycle_months": [norm.cycle_months or np.nan if norm else np.nan for norm in of],
    }
    table = table.assign(**{name: np.array(values, dtype=float) for name, values in numbers.items()})
    table["norm_currency"] = pd.Series([norm.currency if norm else np.nan for norm in of], dtype="str")
    for name in ("opened", "closed"):
        days = [pd.Timestamp(getattr(norm, name)) if norm and getattr(norm, name) else pd.NaT for norm in of]
        table[name] = pd.Series(days, index=table.index, dtype="datetime64[s]")
    # Money in the currency of the norm, at the middle of the rates where it must be converted.
    pairs = zip(table["norm_currency"], table["currency"], strict=True)
    rate = [
        1.0 if to == was else math.sqrt(math.prod(rates.get((to, was), (np.nan, np.nan))))
        for to, was in pairs
    ]
    table["amount_norm"] = table["amount"] * np.array(rate, dtype=float)
    return table


def read_figures(path: str | Path) -> tuple[pd.DataFrame, dict[str, Norm], dict[str, tuple[float, float]]]:
    """Read figures, norms and exchange rates from a YAML file, as `check_figures` takes them.

    Parameters
    ----------
    path
        A file with `figures:` (a list), `norms:` (programme → norm) and, where needed, `exchange_rates:`.

    Raises
    ------
    InputError
        The file cannot be read or a part is missing.
    """
    from aspfin.data.files import read_yaml

    tree = read_yaml(Path(path))
    if tree.problems:
        raise InputError(tree.problems)
    data = tree.data if isinstance(tree.data, dict) else {}
    unknown = [str(name) for name in data if name not in ("note", "figures", "norms", "exchange_rates")]
    if unknown or not isinstance(data.get("figures"), list) or not isinstance(data.get("norms"), dict):
        found = ", ".join(unknown) or ", ".join(map(str, data)) or "nothing"
        raise InputError(Problem(tree.name, "whole file", found, "figures, norms and exchange_rates"))
    norms = {str(name): _norm(str(name), norm) for name, norm in data["norms"].items()}
    rates = {
        str(name): (float(low), float(high)) for name, (low, high) in data.get("exchange_rates", {}).items()
    }
    return pd.DataFrame(data["figures"]), norms, rates


def published_figures(
    country: str,
) -> tuple[pd.DataFrame, dict[str, Norm], dict[str, tuple[float, float]]]:
    """Return figures as they were published about a country's programmes: most are right, some cannot be.

    Parameters
    ----------
    country
        KHM or ZMB.

    Examples
    --------
    >>> figures, norms, rates = published_figures("ZMB")
    >>> print(check_figures(figures, norms, exchange_rates=rates).findings.figure.to_string(index=False))
    drought benefit in the press
    supplementary budget in the press
    """
    import aspfin.data

    path = Path(aspfin.data.__file__).parent / "countries" / str(country) / "published_figures.yaml"
    if not str(country).isalpha() or not path.is_file():
        raise InputError(Problem("published_figures", "country", country, "KHM | ZMB"))
    return read_figures(path)
