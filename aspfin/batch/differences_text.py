"""The difference of two batches, to be read in a terminal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aspfin.batch.differences import BatchDifference

__all__ = ["sentence", "text"]

MOST = 10  # rows of a list; the whole is in `to_frame`
WIDTH = 40


def sentence(difference: BatchDifference) -> str:
    """Return in prose how many cases changed, how the first figure did, and why."""
    cases, table = difference.cases, difference.causes()
    moved = sum(any(one.change for one in case.figures) for case in cases)
    said = [_cases(difference)]
    if difference.unexplained:
        names = _few([case.name for case in difference.unexplained])
        said.append(f"Same inputs, other results: {names}. This should not happen.")
    if table.empty:
        return " ".join(said)
    if not moved:
        return " ".join([*said, "No headline figure changed."])
    where = f" in {moved} of {len(cases)}" if len(cases) > 1 else ""
    said.append(f"Headline figures changed{where}.")
    everything = table[table["cause"] == "all"]
    first = everything[everything["change"] != 0].head(1)
    for row in first.to_dict("records"):
        parts = table[(table["figure"] == row["figure"]) & (table["cause"] != "all")].to_dict("records")
        why = "; ".join(f"{_signed(one['change'], row['unit'])} from {one['cause']}" for one in parts)
        average = " on average" if row["cases"] > 1 else ""
        said.append(f"{row['label']}: {_change(row)}{average}, {why}.")
    return " ".join(said)


def text(difference: BatchDifference) -> str:
    """Return everything that changed, for a terminal.

    Examples
    --------
    >>> from aspfin.batch.differences import BatchDifference
    >>> print(text(BatchDifference((), only_first=("KH01",))))
    No case is in both; 1 only in the first (KH01).
    """
    blocks = [[_cases(difference)], *map(list, (_alarm(difference), _made(difference), _inputs(difference)))]
    blocks += [_figures(difference), _largest(difference)]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _cases(difference: BatchDifference) -> str:
    number = len(difference.cases)
    said = [f"{number} case{'s are' if number > 1 else ' is'} in both" if number else "No case is in both"]
    for names, where in ((difference.only_first, "first"), (difference.only_second, "second")):
        if names:
            said.append(f"{len(names)} only in the {where} ({_few(names)})")
    return "; ".join(said) + "."


def _alarm(difference: BatchDifference) -> Iterator[str]:
    if found := difference.unexplained:
        yield "!!! SAME INPUTS, OTHER RESULTS: this should not happen. Was something drawn without a seed?"
        yield from _listed(f"    {case.name}: {_few(case.other_results)}" for case in found)


def _made(difference: BatchDifference) -> Iterator[str]:
    for statuses, said in ((("made", "failed"), "No longer made"), (("failed", "made"), "Made again"),
                           (("failed", "failed"), "Made neither time")):  # fmt: skip
        found = [case for case in difference.cases if case.statuses == statuses]
        if found:
            yield f"{said}:"
            yield from _listed(f"    {case.name}: {case.failure}" for case in found)


def _inputs(difference: BatchDifference) -> Iterator[str]:
    """Yield each change of the inputs once, with the number of cases it touches."""
    cases = difference.cases
    if not cases:
        return
    fields = (tuple(map(_field, case.parameters)) for case in cases)
    parts = {
        "data": (case.data for case in cases),
        "code": (case.code for case in cases),
        "parameters": fields,
    }
    yield "What changed in the inputs:"
    for part, changes in parts.items():
        counted = Counter(chain.from_iterable(changes))
        lines = [f"{one}{_of(number, len(cases))}" for one, number in counted.items()] or ["nothing"]
        yield from (f"    {part if not place else '':<12}{line}" for place, line in enumerate(_listed(lines)))


def _field(change: tuple[str, Any, Any]) -> str:
    field, before, after = change
    return f"{field}: {_shown(before)} became {_shown(after)}"


def _shown(value: Any) -> str:
    said = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return said if len(said) <= WIDTH else said[: WIDTH - 1] + "…"


def _of(number: int, cases: int) -> str:
    if cases == 1:
        return ""
    return " (every case)" if number == cases else f" ({number} of {cases} cases)"


def _figures(difference: BatchDifference) -> list[str]:
    """Return the change of each figure over the batch, and below it what made it."""
    table = difference.causes()
    if table.empty:
        return []
    number = len(difference.cases)
    lines = ["Headline figures" + (", average of the cases in both:" if number > 1 else ":")]
    for row in table.to_dict("records"):
        if row["cause"] == "all":
            cases = f"; {row['cases']} of {number} cases" if row["cases"] < number else ""
            unit = "of 100" if _is_share(row["unit"]) else row["unit"] or "number"
            lines.append(f"    {row['label']} ({unit}{cases}): {_change(row)}")
        else:
            lines.append(f"        {_signed(row['change'], row['unit'])} from {row['cause']}")
    return lines


def _largest(difference: BatchDifference) -> list[str]:
    """Return the cases that changed most, by per cent."""
    frame = difference.to_frame()
    frame = frame[frame["change"].fillna(0) != 0]
    if len(difference.cases) < 2 or frame.empty:
        return []
    size = frame["change_percent"].abs().fillna(float("inf"))
    frame = frame.loc[size.sort_values(ascending=False, kind="stable").index]
    rows = frame.to_dict("records")
    lines = [f"    {row['case']}, {row['label']}: {_change(row)}; {row['cause']}" for row in rows]
    return ["Largest changes:", *_listed(lines)]


def _change(row: dict[str, Any]) -> str:
    ends = [_written(row[end], row["unit"]) for end in ("before", "after")]
    if not row["change"]:
        return f"{ends[0]}, unchanged"
    change = _signed(row["change"], row["unit"])
    share = "" if not row["before"] else f", {_signed(100 * row['change'] / abs(row['before']))} %"
    return f"{ends[0]} became {ends[1]} ({change}{share})"


def _written(value: float, unit: str, digits: int = 4) -> str:
    """Write a figure to more digits than a report does, so that a small change shows; a share in per cent."""
    from aspfin.reporting.style import count

    return f"{count(100 * value, digits)} %" if _is_share(unit) else count(value, digits)


def _signed(value: float, unit: str = "") -> str:
    said = _written(abs(value), unit, 3).replace(" %", " points")
    return said if not value else f"{'+' if value > 0 else '−'}{said}"


def _is_share(unit: str) -> bool:
    return unit.split(" ")[0] in ("share", "probability")


def _few(names: Sequence[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _listed(lines: Iterable[str]) -> list[str]:
    whole = list(lines)
    rest = [f"    and {len(whole) - MOST} more"] if len(whole) > MOST else []
    return whole[:MOST] + rest
