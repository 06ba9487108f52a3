"""The groups and programmes of an ASPIRE table, and which official code a figure has."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aspfin.indicators.aspire_codes import CATEGORIES, EFFECTS, format_code
from aspfin.indicators.columns import codes_of, find
from aspfin.indicators.groups import quantile_codes
from aspfin.indicators.survey_design import SurveyDesign
from aspfin.indicators.transfers import QUANTILES

__all__ = [
    "EVERYONE",
    "Kind",
    "Labels",
    "Programme",
    "combined",
    "kinds_of",
    "labels_of",
    "official_code",
    "programmes_of",
]

EVERYONE = "everyone"
POOR = "poor"
FAMILIES = {"sa": "sa_allsa", "si": "si_allsi", "lm": "lm_alllm", "pr": "pr_allpr"}
ALL = "allsp"


@dataclass(frozen=True, eq=False)
class Labels:
    """One way to tell rows apart: by a column, or by a group formed from welfare.

    Attributes
    ----------
    name : str
    codes : ndarray of int, shape (n,)
        −1 where a label is missing.
    levels : list
        One label per code.
    formed : bool
        Whether the group was formed from welfare here.
    """

    name: str
    codes: np.ndarray
    levels: list
    formed: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of group: the names of the columns it crosses; none for everyone.

    With `pre_transfer`, fifths are formed by welfare before the transfer.
    """

    names: tuple[str, ...] = ()
    pre_transfer: bool = False

    def __str__(self) -> str:
        joined = " × ".join(self.names) or EVERYONE
        return f"{joined} before the transfer" if self.pre_transfer else joined


@dataclass(frozen=True)
class Programme:
    """A programme or a total of programmes: its name, its ASPIRE category, the names of what it adds up.

    `official` tells whether the World Bank's codes of the category are about exactly this.
    """

    name: str
    category: str
    members: tuple[str, ...]
    official: bool


def programmes_of(
    transfer: Hashable | Mapping[str, Hashable], categories: Mapping[str, str] | None
) -> tuple[dict[str, Hashable], list[Programme]]:
    """Return the column of each programme, and programmes followed by totals; see `aspire_table`.

    Examples
    --------
    >>> _, found = programmes_of({"poor": "a", "food": "b", "pension": "c"},
    ...     {"poor": "sa_ct", "food": "sa_ct", "pension": "si_cp"})
    >>> [(one.name, one.category, one.official) for one in found]
    [('poor', 'sa_ct', False), ('food', 'sa_ct', False), ('pension', 'si_cp', True),
     ('total: unconditional cash transfers', 'sa_ct', True),
     ('total: all social assistance', 'sa_allsa', True),
     ('total: all social protection and labour', 'allsp', True)]
    """
    if not isinstance(transfer, Mapping):
        name = str(transfer)
        category = _category(name, (categories or {name: ALL}).get(name, ""))
        return {name: transfer}, [Programme(name, category, (name,), bool(category))]
    columns = {str(name): column for name, column in transfer.items()}
    if not columns:
        raise ValueError("transfer: the mapping is empty; allowed: a column, or programme to column")
    if categories is None:
        own = {name: name.lower() if name.lower() in CATEGORIES else "" for name in columns}
        return columns, [Programme(name, own[name], (name,), bool(own[name])) for name in columns]
    unknown = [name for name in categories if str(name) not in columns]
    if unknown:
        raise ValueError(f"programmes: got {unknown[0]!r}; allowed: {', '.join(map(repr, columns))}")
    own = {name: _category(name, categories.get(name, "")) for name in columns}
    alone = {name: list(own.values()).count(own[name]) == 1 for name in columns}
    found = [Programme(name, own[name], (name,), bool(own[name]) and alone[name]) for name in columns]
    return columns, found + _totals(own)


def _category(name: str, category: str) -> str:
    if category and category not in CATEGORIES:
        raise ValueError(f"programmes: {name!r} has category {category!r}; allowed: {', '.join(CATEGORIES)}")
    return category


def _totals(own: Mapping[str, str]) -> list[Programme]:
    """Return totals of more than one programme: categories, families, all social protection."""
    sums: dict[str, list[str]] = {}
    for name, category in own.items():
        if not category:
            continue
        family = category.split("_")[0]
        # Private transfers are no social protection.
        for one in dict.fromkeys((category, FAMILIES.get(family, ALL), *(() if family == "pr" else (ALL,)))):
            sums.setdefault(one, []).append(name)
    order = sorted(sums, key=lambda one: (one == ALL, one in FAMILIES.values(), list(CATEGORIES).index(one)))
    return [
        Programme(f"total: {CATEGORIES[one]}", one, tuple(sums[one]), True)
        for one in order
        if len(sums[one]) > 1
    ]


def kinds_of(by: Sequence[Hashable | tuple[Hashable, ...]], pre_transfer: bool) -> list[Kind]:
    """Return the kinds of groups asked for, everyone first; with `pre_transfer` kinds with fifths twice."""
    items = [by] if isinstance(by, str) else list(by)
    kinds = [Kind()]
    for item in items:
        names = tuple(str(one) for one in item) if isinstance(item, tuple | list) else (str(item),)
        if not names or len(set(names)) != len(names):
            raise ValueError(f"by: got {item!r}; allowed: a column, or a tuple of different columns")
        kinds.append(Kind(names))
    before = [Kind(kind.names, True) for kind in kinds if "quintile" in kind.names]
    if pre_transfer and not before:
        raise ValueError("pre_transfer: needs 'quintile' among the groups of by")
    return list(dict.fromkeys(kinds + (before if pre_transfer else [])))


def labels_of(
    design: SurveyDesign, name: str, rows: np.ndarray, w: np.ndarray, y: np.ndarray, line: np.ndarray
) -> Labels:
    """Return labels of the rows at `rows`, which have these weights, welfare and lines."""
    columns = {str(column): column for column in design.frame.columns}
    if name in columns:
        codes, levels = codes_of(find(design.frame, columns[name], "by"))
        return Labels(name, codes[rows], levels)
    if name in QUANTILES:
        return fifths(w, y, name)
    if name == POOR:
        return Labels(name, np.where(y < line, 0, 1), [POOR, f"not {POOR}"], formed=True)
    find(design.frame, name, "by")  # tells what columns there are
    raise AssertionError("unreachable")


def fifths(w: np.ndarray, y: np.ndarray, name: str = "quintile") -> Labels:
    """Return groups of equally many people by welfare: fifths or tenths."""
    number = QUANTILES[name]
    return Labels(name, quantile_codes(w, y, number), list(range(1, number + 1)), formed=True)


def combined(parts: Sequence[tuple[np.ndarray, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return codes of the combinations that occur of several codes (with their sizes), and their parts.

    Returns
    -------
    codes : ndarray of int, shape (n,)
        −1 where any part is.
    of_part : ndarray of int, shape (G, number of parts)

    Examples
    --------
    >>> codes, made_of = combined([(np.array([0, 1, 1, -1]), 2), (np.array([2, 0, 2, 1]), 3)])
    >>> codes.tolist(), made_of.tolist()
    ([0, 1, 2, -1], [[0, 2], [1, 0], [1, 2]])
    """
    joint = np.zeros(parts[0][0].size, dtype=np.int64)
    known = np.ones(joint.size, dtype=bool)
    for codes, size in parts:
        joint = joint * size + np.maximum(codes, 0)
        known &= codes >= 0
    found = np.unique(joint[known])
    result = np.where(known, np.searchsorted(found, joint), -1)
    of_part = np.empty((found.size, len(parts)), dtype=np.int64)
    for place in range(len(parts) - 1, -1, -1):
        found, of_part[:, place] = np.divmod(found, parts[place][1])
    return result, of_part


def official_code(
    programme: Programme, indicator: str, kind: Kind, labels: Sequence[Labels], cell: Sequence[int]
) -> str:
    """Return the official code of a figure, or empty text where the World Bank publishes none.

    Parameters
    ----------
    labels, cell
        For each name of the kind, its labels and the code of the group.
    """
    if not programme.official:
        return ""
    group, domain = "", "tot"
    for one, code in zip(labels, cell, strict=True):
        place, text = _part(one, code)
        if place == "group" and not group:
            group = text
        elif place == "domain" and domain == "tot":
            domain = text
        else:
            return ""
    if indicator in (*EFFECTS, "cba"):
        if group:
            return ""
        group = {"gini": "", "cba": "pop"}.get(indicator, "ep")
    elif indicator in ("bry", "ben") and not group:
        return ""  # the share of an area is no ASPIRE figure: areas are domains of their own there
    else:
        group = group or "pop"
    return format_code(
        programme.category, indicator, group=group, pre_transfer=kind.pre_transfer, domain=domain
    )


def _part(labels: Labels, code: int) -> tuple[str, str]:
    """Return which part of a code a label stands for, and its text there."""
    label = str(labels.levels[code]).lower()
    if labels.name == "quintile" and label.removeprefix("q") in ("1", "2", "3", "4", "5"):
        return "group", f"q{label.removeprefix('q')}"
    if labels.name == POOR and labels.formed:
        return ("group", "ep") if code == 0 else ("", "")
    levels = {str(one).lower() for one in labels.levels}
    if label == "rural":
        return "domain", "rur"
    if label == "urban" and levels == {"urban", "rural"}:  # not where a city is apart from "urban"
        return "domain", "urb"
    if labels.name == "urban" and levels == {"0", "1"}:
        return "domain", "urb" if label == "1" else "rur"
    return "", ""
