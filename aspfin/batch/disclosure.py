"""Small cells hidden across a batch: what one report hides must not be had from the others.

Each report hides its own small groups. Side by side there is one more way: the nation's figure less those of
all other provinces is the figure of the one that was hidden. So where one case is hidden, a second one is
hidden with it, as in a table whose total is published. Totals are always taken to be published, here or
elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from aspfin.batch.records import CaseRecord

__all__ = [
    "EVERYBODY",
    "HOUSEHOLD_DATA",
    "Protected",
    "holds_household_data",
    "parameters_of",
    "people_of",
    "protect",
]

MINIMUM = 10  # as in `indicators.suppress`
NATIONAL = "national"
EVERYBODY = "everybody"
COUNTED = ("rows", "records", "people", "persons", "households")  # headline figures that are counts of rows

# Fields of a parameter file that choose whose rows are used. Cases that differ in another field only (a
# poverty line, a method) speak of the same people: there is nothing to subtract.
SELECTING = (
    *("area", "data.path", "data.keep", "data.folder", "data.mapping", "data.dataset"),
    *("data.seed", "data.synthetic.seed"),  # made-up people, others with every seed
)


def parameters_of(run: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parameters that a run.json says its report was made with."""
    return (run.get("identity") or {}).get("parameters") or {}


def _not_synthetic(run: Mapping[str, Any]) -> bool:
    data = parameters_of(run).get("data") or {}
    return not data.get("synthetic") and "data.synthetic.seed" not in (run.get("seeds") or {})


def _own_file(run: Mapping[str, Any]) -> bool:
    if data := parameters_of(run).get("data"):
        return data.get("path") is not None
    return "data_hash" not in run or run["data_hash"] is not None  # data sets of a package have no hash


# Kind of report → whether a run of it read rows of real households. Kinds that are not listed read published
# figures, or households that are made up, only.
HOUSEHOLD_DATA: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "performance": _not_synthetic,
    "registry": _not_synthetic,
    "evaluation": _own_file,
}


def holds_household_data(kind: str, run: Mapping[str, Any]) -> bool:
    """Tell from its run.json whether a report rests on rows of real households; where unsure, yes.

    Examples
    --------
    >>> made_up = {"identity": {"parameters": {"data": {"synthetic": {"seed": 1}}}}}
    >>> holds_household_data("performance", made_up)
    False
    >>> holds_household_data("performance", {"seeds": {}}), holds_household_data("financing", {})
    (True, False)
    """
    asked = HOUSEHOLD_DATA.get(kind)
    return asked is not None and asked(run)


@dataclass(frozen=True)
class Protected:
    """The records of a batch that may be shown together.

    Attributes
    ----------
    records : tuple of CaseRecord
        Hidden figures are missing, estimates of hidden figures left out.
    applies : bool
        Whether any case rests on rows of real households.
    small, complementary : int
        Figures hidden here because they rest on too few, and those hidden to protect others.
    withheld : tuple of str
        Cases whose own report shows what is hidden here: not to be published together with the others.
    exposed : int
        Figures of which a hidden count could still be worked out, by an attack on what is shown.
    minimum : int
    """

    records: tuple[CaseRecord, ...]
    applies: bool = False
    small: int = 0
    complementary: int = 0
    withheld: tuple[str, ...] = field(default=())
    exposed: int = 0
    minimum: int = MINIMUM

    def sentence(self) -> str:
        """Return what was hidden and why, in prose; empty where no household data are used."""
        if not self.applies:
            return ""
        if not self.small + self.complementary:
            return (
                f"Nothing had to be hidden on this page: every figure rests on at least {self.minimum} "
                "observations, and none that a report hides can be worked out from the others."
            )
        parts = []
        if self.small:
            parts.append(f"{_figures(self.small)} hidden, resting on fewer than {self.minimum} observations")
        if self.complementary:
            parts.append(
                f"{_figures(self.complementary)} hidden so that a hidden one cannot be worked out from the "
                "total and the others"
            )
        told = "; ".join(parts)
        number = len(self.withheld)
        which = "The report of one case shows" if number == 1 else f"The reports of {number} cases show"
        them = "it" if number == 1 else "them"
        return (
            f"{told[:1].upper()}{told[1:]}. {which} what is hidden here: do not publish {them} together with "
            "the others."
        )


def _figures(number: int) -> str:
    return "one figure is" if number == 1 else f"{number:,} figures are"


def protect(records: Sequence[CaseRecord], *, minimum: int = MINIMUM) -> Protected:
    """Hide figures that rest on too few rows, and enough others that differences between cases tell nothing.

    Each headline figure is a table of its own: one cell for each group of people, counted by the rows behind
    the figure (`n_obs` of the estimate of that name, else the most rows of the case). Cases that differ in
    more than the people are tables side by side. A figure that its report did not give counts as hidden
    there, and so does one of a report that could not be made: how many rows it rests on is not known.

    Parameters
    ----------
    records : sequence of CaseRecord
    minimum : int
        Fewest rows behind a figure, at least 2; the most that any case's own parameters ask for, if more.

    Examples
    --------
    >>> from aspfin.batch.records import CaseRecord
    >>> def case(area, n):
    ...     figures = {"coverage": {"name": "coverage", "label": "Coverage", "value": 0.2, "unit": "share"}}
    ...     return CaseRecord("performance", area, area, area, {"area": area}, figures=figures, n_obs=n,
    ...         household_data=True)
    >>> safe = protect([case("KH01", 4), case("KH02", 80), case("KH03", 300)])
    >>> [one.hidden.get("coverage", "") for one in safe.records]
    ['small', 'complementary', '']
    """
    held = [one for one in records if one.household_data]
    minimum = max([minimum, *(one.minimum_cell or 0 for one in held)])
    if not held:
        return Protected(tuple(records), minimum=minimum)
    names = list(dict.fromkeys(name for one in held for name in (*one.figures, *_estimated(one))))
    hidden: dict[int, dict[str, str]] = {id(one): {} for one in held}
    exposed = 0
    for name in names:
        for alike in _alike(held):
            # A failed report may be of many or of nobody. So it is protected as a small one would be, and yet
            # does not count as protection of others: both tables are worked out, and what either hides is.
            for table in (alike, [one for one in alike if one.made]):
                found, safe_from_attack = _marks(table, name, minimum)
                exposed += not safe_from_attack
                for one, mark in zip(table, found, strict=True):
                    if mark and _shown(one, name):
                        hidden[id(one)].setdefault(name, mark)
    safe = [_without(one, hidden[id(one)]) if id(one) in hidden else one for one in records]
    marks = [mark for one in hidden.values() for mark in one.values()]
    return Protected(
        records=tuple(safe),
        applies=True,
        small=marks.count("small"),
        complementary=marks.count("complementary"),
        withheld=tuple(one.name for one in safe if one.hidden),
        exposed=exposed,
        minimum=minimum,
    )


def _estimated(one: CaseRecord) -> list[str]:
    return [str(estimate["name"]) for estimate in one.estimates]


def _selects(name: str) -> bool:
    return any(name == one or name.startswith((f"{one}.", f"{one}[")) for one in SELECTING)


def _alike(records: Sequence[CaseRecord]) -> list[list[CaseRecord]]:
    """Return the records in groups that differ in the people only."""
    groups: dict[str, list[CaseRecord]] = {}
    for one in records:
        rest = {name: str(value) for name, value in one.varied.items() if not _selects(name)}
        groups.setdefault(str(sorted(rest.items())), []).append(one)
    return list(groups.values())


def people_of(one: CaseRecord) -> str:
    """Return whose rows a case uses, as text: equal for the same people, `EVERYBODY` for the nation."""
    chosen = [f"{name}={value}" for name, value in one.varied.items() if _selects(name)]
    whole = one.varied.get("area") == NATIONAL and len(chosen) == 1
    return EVERYBODY if whole else "; ".join(chosen)


def _count(one: CaseRecord, name: str) -> int:
    """Return how many rows a figure rests on; 0 where it is not given."""
    if not one.made or not _shown(one, name):
        return 0
    figure = one.figures.get(name, {})
    value = figure.get("value")
    own = [int(e["n_obs"]) for e in one.estimates if e["name"] == name and e.get("n_obs") is not None]
    if figure.get("unit") in COUNTED and value is not None:
        own.append(int(value))
    return min(own) if own else int(one.n_obs or 0)


def _shown(one: CaseRecord, name: str) -> bool:
    return one.figures.get(name, {}).get("value") is not None or name in _estimated(one)


def _marks(records: Sequence[CaseRecord], name: str, minimum: int) -> tuple[list[str], bool]:
    """Return why a figure must be hidden in each case, and whether an attack then finds nothing.

    Why is "small", "complementary", or empty where it need not be hidden.
    """
    from aspfin import indicators

    if not records:
        return [], True
    cells = [people_of(one) for one in records]
    counts = pd.Series([_count(one, name) for one in records]).groupby(cells, sort=True).min()
    if len(counts) == 1:  # nothing to subtract from
        small = "small" if 0 < counts.iloc[0] < minimum else ""
        return [small] * len(records), True
    if EVERYBODY not in counts.index:
        counts[EVERYBODY] = counts.sum()
    table = counts.rename_axis("cell").rename("n").reset_index()
    table["n"] = table["n"].astype(int)
    done = indicators.suppress(table, counts="n", keys=["cell"], minimum=minimum, totals=EVERYBODY)
    marks = dict(zip(done.table["cell"], done.table["suppressed"], strict=True))
    return [marks[cell] for cell in cells], done.check.passed is not False


def _without(one: CaseRecord, hidden: Mapping[str, str]) -> CaseRecord:
    """Return a record without the hidden figures, and without its sizes and tables where any is hidden."""
    if not hidden:
        return one
    figures = {name: {**figure, "value": None} if name in hidden else figure
               for name, figure in one.figures.items()}  # fmt: skip
    kept = tuple(e for e in one.estimates if e["name"] not in hidden)
    return replace(
        one, figures=figures, estimates=kept, n_obs=None, n_clusters=None, tables=(), hidden=hidden
    )
