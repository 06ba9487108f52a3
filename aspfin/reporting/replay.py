"""The analysis behind the replay report: a programme of the past by its rules, beside what was published.

The notebook `notebooks/reports/replay.ipynb` shows what `analyse` returns; the words are in
`replay_words.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from aspfin.programmes import Country, Outcome, Programme
from aspfin.programmes.replay import Compared, Replay
from aspfin.reporting.replay_inputs import pack, replayed
from aspfin.reporting.replay_parameters import Ratio, ReplayParameters
from aspfin.results import Check

__all__ = ["ReplayAnalysis", "analyse", "flows"]


@dataclass(frozen=True, eq=False)
class ReplayAnalysis:
    """Everything the replay report shows.

    Attributes
    ----------
    parameters : ReplayParameters
    country : Country
    result : Replay
    flows : DataFrame
        Published money per payment between two published totals, beside the replay's; see `flows`.
    published : DataFrame
        What the pack's outcomes give per household and person.
    ratios : DataFrame
        Published figures divided by each other: label, ratio, unit, published, agrees, source.
    inputs : DataFrame
        Inputs that nobody has confirmed: name, value, unit, status, source.
    checks : tuple of Check
    """

    parameters: ReplayParameters
    country: Country
    result: Replay
    flows: pd.DataFrame
    published: pd.DataFrame
    ratios: pd.DataFrame
    inputs: pd.DataFrame
    checks: tuple[Check, ...]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The report's tables at full precision, by file name."""
        named = {
            "comparisons": self.result.comparisons,
            "payments": self.result.rounds,
            "what_would_explain": self.result.explanations,
            "flows": self.flows,
            "published_per_household": self.published,
            "ratios": self.ratios,
            "not_as_printed": pd.DataFrame([one.model_dump() for one in self.parameters.misprints]),
            "inputs": self.inputs,
        }
        return {name: frame for name, frame in named.items() if len(frame)}


def analyse(parameters: ReplayParameters) -> ReplayAnalysis:
    """Run a replay report.

    Parameters
    ----------
    parameters : ReplayParameters
        Validated (`reporting.parameters.build`).

    Raises
    ------
    InputError
        What the country pack does not hold, or the replay cannot be computed from.

    Examples
    --------
    >>> flood = {"name": "flood", "programme": "flood_cash_transfer", "first_payment": "2022-12-10",
    ...     "payments": 3, "caseload": [{"outcome": "2023-03-10"}]}
    >>> paid = {"name": "Paid", "programme": "flood_cash_transfer", "outcome": "2023-03-10",
    ...     "streams": ["flood"]}
    >>> parameters = ReplayParameters.model_validate({"streams": [flood], "compare": [paid]})
    >>> print(analyse(parameters).result)
    The rules and the published caseload give 0.0041 % more than was published (Paid); 1 of 1 published
    figures lie within the range of the replay.
    """
    country, result = pack(parameters.country), replayed(parameters)
    ratios = _ratios(parameters.ratios)
    return ReplayAnalysis(
        parameters,
        country,
        result,
        flows(result, country),
        _published(result, country),
        ratios,
        _inputs(result, country, parameters),
        (*result.checks, *_counted(result, country), *_known_ratios(ratios)),
    )


def flows(result: Replay, country: Country) -> pd.DataFrame:
    """Return published money per payment between published totals of one stream, beside the replay's.

    Where the day of a report is not known, the number of payments between two totals is a range, and so is
    the published money per payment.

    Returns
    -------
    DataFrame
        Columns from_payment, to_payment, start, end (days of the first and last payment of the stretch),
        published, published_low, published_high, simulated, low, high: US dollars per payment. Empty with
        fewer than three totals.
    """
    totals = [one for one in result.compared if _is_total(one)]
    streams = {one.streams for one in totals}
    if len(totals) < 3 or len(streams) != 1:
        return pd.DataFrame()
    rounds = result.rounds[result.rounds["stream"] == totals[0].streams[0]].reset_index(drop=True)
    rows, before = [], ((0, 0), 0.0, 0.0)
    for one in sorted(totals, key=lambda one: one.payments or (0, 0)):
        assert one.payments is not None
        (least, most), paid, half = one.payments, _dollars(one, country, rounds), one.rounding / 2
        (first_least, first_most), earlier, earlier_half = before
        fewest, largest = least - first_most, most - first_least
        before = (one.payments, paid, half)
        if fewest < 1:
            continue
        start, end = round((first_least + first_most) / 2), round((least + most) / 2)
        window, more, spread = rounds.iloc[start:end], paid - earlier, half + earlier_half
        rows.append(
            {
                "from_payment": start + 1,
                "to_payment": end,
                "start": window["date"].iloc[0],
                "end": window["date"].iloc[-1],
                "published": more / ((fewest + largest) / 2),
                "published_low": (more - spread) / largest,
                "published_high": (more + spread) / fewest,
                **{name: window[column].mean() for name, column in _SIMULATED.items()},
            }
        )
    return pd.DataFrame(rows)


_SIMULATED = {"simulated": "usd", "low": "usd_low", "high": "usd_high"}


def _is_total(one: Compared) -> bool:
    """Return whether a comparison is a cumulative total of money paid by one stream."""
    return bool(
        one.measure == "amount"
        and not one.planned
        and len(one.streams) == 1
        and not one.base
        and one.payments is not None
        and one.since == (0, 0)
    )


def _dollars(one: Compared, country: Country, rounds: pd.DataFrame) -> float:
    """Return a total in dollars; one in local currency by the rate of its last payment's year."""
    if one.currency == "USD":
        return one.published
    assert one.payments is not None
    return one.published / country.exchange_rate(rounds["date"].iloc[one.payments[1] - 1]).number


def _published(result: Replay, country: Country) -> pd.DataFrame:
    rows = []
    for programme in dict.fromkeys(stream.programme for stream in result.streams):
        known = country.programme(programme)
        rows += [
            {
                "programme": known.name,
                "date": str(told.date),
                "amount": told.amount,
                "currency": told.currency,
                "households": told.households,
                "per_household": told.per_household,
                "per_household_and_payment": told.per_household_and_period,
                "persons_per_household": told.persons_per_household,
                "planned": told.planned,
                "status": told.status,
                "source": told.source,
            }
            for told in _told(known, result)
        ]
    return pd.DataFrame(rows)


def _told(programme: Programme, result: Replay) -> list[Outcome]:
    """Return the outcomes with a caseload from the year of the first payment on."""
    first = min(stream.days[0].year for stream in result.streams)
    return [told for told in programme.outcomes if told.households and told.date.year >= first]


def _ratios(ratios: Sequence[Ratio]) -> pd.DataFrame:
    rows = []
    for one in ratios:
        ratio = one.value / one.by
        # Published ratios agree where they agree in the digits printed.
        near = None if one.published is None else abs(ratio - one.published) <= _last_digit(one.published)
        rows.append((one.label, ratio, one.unit, one.published, near, one.source))
    return pd.DataFrame(rows, columns=["label", "ratio", "unit", "published", "agrees", "source"])


def _last_digit(value: float) -> float:
    """Return half a unit of the last digit that a number is written with."""
    decimals = len(f"{value:.10f}".rstrip("0").partition(".")[2])
    return 0.5 * 10.0**-decimals * (1 + 1e-9)


def _known_ratios(ratios: pd.DataFrame) -> list[Check]:
    stated = ratios[ratios["published"].notna()]
    if stated.empty:
        return []
    held = int(stated["agrees"].astype(bool).sum())
    question = "Do published figures divided by each other give the published ratios?"
    return [Check("ratios", question, held == len(stated), text=f"{held} of {len(stated)} to the last digit")]


def _counted(result: Replay, country: Country) -> list[Check]:
    """Return whether the printed number of payments is the number of days of payment before the report."""
    days = {stream.name: stream for stream in result.streams}
    found = []
    for one in result.compared:
        if not _is_total(one) or one.day_unknown or one.payments is None:
            continue
        stream = days[one.streams[0]]
        told = {str(o.date): o.periods for o in country.programme(stream.programme).outcomes}
        if (periods := told.get(one.date)) and len(stream.days) > 3:
            found.append(sum(str(day) < one.date for day in stream.days) == periods)
    if not found:
        return []
    question = "Do the days of payment give the printed numbers of payments?"
    return [Check("days", question, all(found), text=f"{sum(found)} of {len(found)} reports")]


def _inputs(result: Replay, country: Country, parameters: ReplayParameters) -> pd.DataFrame:
    """Return what nobody has confirmed: amounts, caseloads, unknowns."""
    rows = []
    for name in dict.fromkeys(stream.programme for stream in result.streams):
        programme = country.programme(name)
        days = [day for stream in result.streams if stream.programme == name for day in stream.days]
        rules = dict.fromkeys(rule for day in days for rule in programme.rules if rule.holds_on(day))
        rows += [
            (f"{programme.name}: {rule.label.replace('_', ' ')}, from {rule.valid_from}", rule.amount,
             f"{rule.currency} per {rule.per}", rule.status, rule.source)
            for rule in rules
        ]  # fmt: skip
        for told in _told(programme, result):
            label = f"{programme.name}: caseload of {told.date}"
            rows.append((label, told.households, "households", told.status, told.source))
    for stream in parameters.streams:
        for count in stream.caseload:
            if count.households is not None:
                ends = f" ({count.low:,.0f} to {count.high:,.0f})" if count.low and count.high else ""
                label = f"{stream.label or stream.name}: caseload of {count.on or count.outcome}"
                source = count.source or "stated in the parameter file"
                rows.append((label, count.households, f"households{ends}", "press", source))
    for one in result.unknowns:
        known, ends = one.quantity, f"({one.low:g} to {one.high:g})"
        rows.append((known.name, known.value, f"{known.unit} {ends}".strip(), known.status, known.source))
    frame = pd.DataFrame(rows, columns=["name", "value", "unit", "status", "source"])
    titles = {key: source.title for key, source in country.sources.items()}
    frame = frame.assign(source=frame["source"].replace(titles))
    return frame[frame["status"] != "verified"].reset_index(drop=True)
