"""What each section of the response report shows, in two or three sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aspfin.reporting.response_names import group_words
from aspfin.reporting.response_words import (
    capital,
    dollars,
    gap_row,
    in_need,
    known,
    lower,
    new_money,
    nobody,
    period_row,
    points,
    ranged,
    share,
    single_size,
    the,
    thriftiest,
    undone,
)
from aspfin.reporting.style import count, number, usd

if TYPE_CHECKING:
    from aspfin.reporting.response import ResponseAnalysis

__all__ = ["finding", "own_input", "plain_input"]


def finding(a: ResponseAnalysis, section: str) -> str:
    """Return what a section shows."""
    if nobody(a) and section not in ("options", "inputs"):
        return "No household is in need here."
    return _FINDINGS[section](a)


def _people(a: ResponseAnalysis) -> str:
    row = a.row()
    people = a.comparison.account.set_index("part")["people"]
    need = people.get("in need, poor before", 0.0) + people.get("in need, pushed below the line", 0.0)
    line = f"{number(a.comparison.poverty_line, 5)} {a.comparison.currency}"
    return (
        f"A household is in need if it is hit and lives below the poverty line of {line} per person and day, "
        f"from before or because of the shock: {in_need(a)} households, {count(need)} people. The shock "
        f"pushes {count(row['poor_added'])} people below the line and lifts poverty in {a.place} from "
        f"{points(row['headcount_before'])} to {points(row['headcount_shock'])} while it lasts. Those hit "
        f"lose {_losses(a)}."
    )


def _losses(a: ResponseAnalysis) -> str:
    poor, near, other = (a.shock.loss[one].number for one in ("poor", "near_poor", "other"))
    if poor == near == other:
        return f"{share(poor)} of their consumption"
    return (
        f"{share(poor)} of their consumption if poor, {share(near)} if just above the line, "
        f"{share(other)} otherwise"
    )


def _options(a: ResponseAnalysis) -> str:
    return (
        "Social protection can answer a shock in six ways. Five can be chosen when the shock has come; the "
        "sixth has to be chosen years before, and makes the others work better."
    )


def _reach(a: ResponseAnalysis) -> str:
    reach, least = a.best("coverage_in_need", most=True), a.best("coverage_in_need", most=False)
    wrong, right = a.best("inclusion_error", most=True), a.best("inclusion_error", most=False)
    return (
        f"{capital(the(reach))} reaches {ranged(a, 'coverage_in_need', reach)} of the households in need, "
        f"{the(least)} {ranged(a, 'coverage_in_need', least)}. Of all households that {the(wrong)} pays, "
        f"{share(a.row(wrong)['inclusion_error'])} are not in need; of those that {the(right)} pays, "
        f"{share(a.row(right)['inclusion_error'])}."
    )


def _fast(a: ResponseAnalysis) -> str:
    best = a.best("on_time", most=True, among=a.single)
    slow = [the(name) for name in a.now if a.row(name)["on_time"] < 0.005]
    tail = ""
    if slow:
        tail = f" {capital(joined(slow, 'and'))} {'pays' if len(slow) == 1 else 'pay'} nobody by then."
    return (
        f"Within {a.comparison.deadline_days:g} days of the start of the shock, {the(best)} has paid "
        f"{ranged(a, 'on_time', best)} of the households in need, more than any other.{tail}"
    )


def _enough(a: ResponseAnalysis) -> str:
    row = a.row()
    best = a.best("gap_averted", most=True)
    months = number(a.shock.duration_months.number)
    return (
        f"A household paid by {the(a.focus)} gets {ranged(a, 'adequacy_loss')} of what the shock takes from "
        f"it, or {share(row['adequacy_line'])} of the poverty line for {months} months. It would take "
        f"{dollars(a, row['need_money'])} to undo the fall into poverty exactly; {the(best)} undoes most of "
        f"it, {ranged(a, 'gap_averted', best)}."
    )


def _cost(a: ResponseAnalysis) -> str:
    each = {name: a.row(name)["cost_per_in_need"] for name in new_money(a)}
    each = {name: value for name, value in each.items() if known(value)}
    cheap, dear = min(each, key=lambda name: each[name]), max(each, key=lambda name: each[name])
    best = thriftiest(a)
    text = (
        f"Reaching a household in need costs {dollars(a, each[cheap])} with {the(cheap)} and "
        f"{number(each[dear] / each[cheap], 2)} times as much with {the(dear)}, which may pay it more: what "
        f"goes to households not in need counts as cost. Most for the money gives {the(best)}, "
        f"US$ {undone(a, best):.2f} of the rise in poverty undone per US$ spent."
    )
    for name in a.single:
        row = a.row(name)
        if name in a.now and row["brought_forward"] > 0:
            text += (
                f" Of the {dollars(a, row['transfer'])} that {the(name)} sends, "
                f"{dollars(a, row['brought_forward'])} would have been paid anyway, later: it is no cost, "
                "but must be in the account early."
            )
    return text


def _unfunded(a: ResponseAnalysis) -> str:
    f, short = a.financing, gap_row(a)
    row = period_row(a) if short is None else short
    if single_size(a):
        size = f"When the shock comes ({a.rarity}), {the(a.focus)} costs {usd(row['cost'], 2)}"
    else:
        size = (
            f"By {a.rarity}, one year in {row['return_period']:g} sees "
            f"{count(row['households_affected'], 2)} households hit or more; {the(a.focus)} then costs "
            f"{usd(row['cost'], 2)}"
        )
    money, unpaid = "all of it financed", ""
    if short is not None:
        money = f"of which {usd(row['unmet'], 2)} has no money behind it"
        unpaid = f"{some(row['never_funded'])} go without for want of money, "
    text = (
        f"{size}, {money}. Of {count(row['households_in_need'], 2)} households in need, "
        f"{some(row['on_time'])} are paid on time, {some(row['late'])} late, {unpaid}and "
        f"{some(row['never_reached'])} are not reached by the option. Money takes days to arrive: fewer are "
        f"paid on time than above. Financing costs {usd(f.financing_cost, 2)} a year on average"
    )
    if known(f.financing_cost_per_household):
        text += f", {usd(f.financing_cost_per_household, 2)} per household in need that is paid"
    return f"{text}."


def some(value: float) -> str:
    """Return a number of households; none where there is not one.

    Examples
    --------
    >>> some(35_214.0), some(1e-9)
    ('35,000', 'none')
    """
    return count(value, 2) if value >= 0.5 else "none"


def joined(names: list[str], last: str = "or") -> str:
    """Return names as a list in a sentence.

    Examples
    --------
    >>> joined(["a"]), joined(["a", "b", "c"])
    ('a', 'a, b or c')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


def _left_out(a: ResponseAnalysis) -> str:
    rows = a.comparison.left_out
    named = [
        (group_words(a, row.group, row.level), float(row.share))
        for row in rows[rows["option"] == a.focus].itertuples()
    ]
    shown = [one for one in named if one[0] and known(one[1])]
    text = f"{capital(the(a.focus))} leaves {share(a.row()['exclusion_error'])} of those in need unpaid."
    nobody_of = [words for words, missed in shown if missed > 0.999]
    others = [one for one in shown if one[1] <= 0.999]
    if nobody_of:
        text += f" It pays no household that is {joined(nobody_of)}."
    if others:
        words, missed = max(others, key=lambda one: one[1])
        beside = "Among the others, it misses most" if nobody_of else "It misses most"
        text += f" {beside} households {words}: {share(missed)} of those in need."
    best = a.best("exclusion_error", most=False, among=a.single)
    if best != a.focus:
        text += f" {capital(the(best))} leaves out fewest, {share(a.row(best)['exclusion_error'])}."
    return text


def _together(a: ResponseAnalysis) -> str:
    best = a.best("coverage_in_need", most=True, among=a.combined)
    alone = a.best("coverage_in_need", most=True)
    return (
        f"Options can be used together. “{best}” reaches {ranged(a, 'coverage_in_need', best)} of the "
        f"households in need for {dollars(a, a.row(best)['cost'])}; the best single option, {lower(alone)}, "
        f"{share(a.row(alone)['coverage_in_need'])} for {dollars(a, a.row(alone)['cost'])}."
    )


def _strengthening(a: ResponseAnalysis) -> str:
    frame = a.comparison.strengthening.set_index("measure")
    reach, day, invested = (frame.loc[name] for name in ("coverage_in_need", "last_days", "administration"))
    return (
        f"With register and payments strengthened in the years before, the same vertical and horizontal "
        f"expansion reaches {share(reach['with'])} of those in need instead of {share(reach['without'])}, "
        f"and is done by day {day['with']:.0f} instead of day {day['without']:.0f}. Administration and this "
        f"shock's part of the investment cost {dollars(a, invested['with'])} instead of "
        f"{dollars(a, invested['without'])}."
    )


def _where(a: ResponseAnalysis) -> str:
    rows = a.comparison.by_province
    rows = rows[rows["option"] == a.focus]
    three = rows.sort_values("households_never", ascending=False, kind="stable").head(3)
    part = three["households_never"].sum() / max(rows["households_never"].sum(), 1e-9)
    reached = rows.loc[rows["households_in_need"] > 0, "coverage_in_need"]
    return (
        f"{share(part)} of the households in need that {the(a.focus)} never pays live in "
        f"{joined(three['name'].tolist(), 'and')}. The share reached runs from {share(reached.min())} to "
        f"{share(reached.max())} of those in need, province by province."
    )


def _sensitivity(a: ResponseAnalysis) -> str:
    subjects = (
        ("cost", f"the cost of {the(a.focus)}", lambda value: usd(value, 2)),
        ("households_never", f"how many in need {the(a.focus)} never pays", lambda value: count(value, 2)),
    )
    said = []
    for measure, words, write in subjects:
        frame = a.swings.get(measure)
        if frame is not None and len(frame):
            top = frame.iloc[0]
            said.append(
                f"{words} hangs most on “{own_input(a, top['input'])}”: {write(top['low'])} at "
                f"{top['low_label']}, {write(top['high'])} at {top['high_label']}"
            )
    if not said:
        return "No single input moves the answer beyond the noise of the draws."
    return " ".join(f"{capital(one)}." for one in said)


KNOWN_INPUTS = {
    "response.administration_share": "administration per unit of transfer",
    "response.administration_per_new_household": "administration per new household",
}


OWN_INPUTS = {"capacity": "share of those found that is paid"}


def own_input(a: ResponseAnalysis, name: str) -> str:
    """Return an input in words, without the name of the option looked at before it."""
    start, _, rest = plain_input(name).partition(": ")
    mine = rest and lower(a.focus).removeprefix("new ").replace("-", " ").startswith(start)
    return OWN_INPUTS.get(rest, rest) if mine else plain_input(name)


def plain_input(name: str) -> str:
    """Return the name of an input in words.

    Examples
    --------
    >>> plain_input("flood: loss of the near_poor"), plain_input("response.administration_share")
    ('flood: loss of the near-poor', 'administration per unit of transfer')
    """
    plain = name.removeprefix("financing.").replace("near_poor", "near-poor").replace("_", " ")
    return KNOWN_INPUTS.get(name, plain.replace(".", ": "))


def _inputs(a: ResponseAnalysis) -> str:
    return (
        f"{len(a.unverified)} inputs are assumed, from the press or not verified. A better figure for one of "
        "them goes into the parameter file, under its option."
    )


_FINDINGS: dict[str, Callable[[ResponseAnalysis], str]] = {
    "people": _people,
    "options": _options,
    "reach": _reach,
    "fast": _fast,
    "enough": _enough,
    "cost": _cost,
    "unfunded": _unfunded,
    "left_out": _left_out,
    "together": _together,
    "strengthening": _strengthening,
    "where": _where,
    "sensitivity": _sensitivity,
    "inputs": _inputs,
}
