"""Publication tables: estimates side by side, for a page, a paper, a letter or a workbook.

One column per estimate, standard errors in parentheses below it, then what a reader needs to judge it: the
control mean, observations, clusters. Stars are off unless asked for: an interval says more.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from aspfin.reporting.charts_effects import written
from aspfin.results import ImpactEstimate

__all__ = ["Cell", "PublicationTable", "Row", "publication_table", "side_by_side"]

STAR_LEVELS = (0.10, 0.05, 0.01)
MOST_ESTIMATES = 12
SUFFIXES = (".html", ".tex", ".docx", ".xlsx")
Estimates: TypeAlias = Sequence[ImpactEstimate] | Mapping[str, ImpactEstimate]


@dataclass(frozen=True)
class Cell:
    """One entry: its text, and where it is a number that number and how many decimals are shown.

    `brackets` are the two characters around a number ("()" for a standard error); `stars` follow it.
    """

    text: str = ""
    value: float | None = None
    decimals: int = 0
    brackets: str = ""
    stars: str = ""


@dataclass(frozen=True)
class Row:
    """One line of a table; `part` is "effect", "error" or "statistic" (below the second rule)."""

    label: str
    cells: tuple[Cell, ...]
    part: str


@dataclass(frozen=True, eq=False, repr=False)
class PublicationTable:
    """A finished table.

    Attributes
    ----------
    title : str
    header : tuple of tuples of str
        Lines of the head: number, outcome and method of each column.
    rows : tuple of Row
    notes : tuple of str
    data : DataFrame
        One tidy row per estimate, in full precision.
    """

    title: str
    header: tuple[tuple[str, ...], ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    data: pd.DataFrame

    def __str__(self) -> str:
        return f"{self.title}: {len(self.data)} estimate{'' if len(self.data) == 1 else 's'}"

    def __repr__(self) -> str:
        return str(self)

    def to_frame(self) -> pd.DataFrame:
        """Return the estimates, one tidy row each."""
        return self.data.copy()

    def to_html(self) -> str:
        """Return the table as HTML, every text escaped."""
        heads = (
            f'<th scope="col" class="number">{"<br>".join(map(escape, lines))}</th>'
            for lines in zip(*self.header, strict=True)
        )
        body = "".join(_html_row(lines) for lines in _together(self.rows))
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return (
            f'<div class="table-wrap" role="region" tabindex="0" aria-label="{escape(self.title)}">'
            f'<table class="data publication"><caption>{escape(self.title)}</caption><thead>'
            f'<tr><th scope="col"></th>{"".join(heads)}</tr></thead><tbody>{body}</tbody></table></div>'
        ) + (f'<ul class="table-notes">{notes}</ul>' if notes else "")

    def to_latex(self) -> str:
        r"""Return the table as LaTeX; the document needs ``\usepackage{booktabs}``."""
        lines = [
            *(r"\begin{table}[!htbp]", r"\centering", rf"\caption{{{_tex(self.title)}}}"),
            rf"\begin{{tabular}}{{l*{{{len(self.data)}}}{{c}}}}",
            r"\toprule",
            *(
                " & ".join(["", *(_tex_head(text, len(line)) for text in line)]) + r" \\"
                for line in self.header
            ),
            r"\midrule",
            *(_tex_row(row) for row in self.rows if row.part != "statistic"),
            r"\midrule",
            *(_tex_row(row) for row in self.rows if row.part == "statistic"),
            *(r"\bottomrule", r"\end{tabular}"),
        ]
        if self.notes:
            notes = " ".join(map(_tex, self.notes))
            lines.append(rf"\par\medskip\parbox{{0.95\linewidth}}{{\footnotesize \textit{{Notes:}} {notes}}}")
        return "\n".join([*lines, r"\end{table}", ""])

    def save(self, path: str | Path) -> Path:
        """Write the table in the format of the file's ending (.html, .tex, .docx, .xlsx) and return where.

        The same estimates give the same bytes.

        Raises
        ------
        ValueError
            For another ending.
        """
        path = Path(path)
        if path.suffix not in SUFFIXES:
            raise ValueError(f"path: got {path.name!r}; allowed: a name ending in {', '.join(SUFFIXES)}")
        if path.suffix == ".html":
            page = f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{escape(self.title)}</title>"
            content = (page + self.to_html() + "</html>\n").encode()
        elif path.suffix == ".tex":
            content = self.to_latex().encode()
        else:
            from aspfin.reporting import publication_files

            content = {".docx": publication_files.word, ".xlsx": publication_files.excel}[path.suffix](self)
        path.write_bytes(content)
        return path

    def _repr_html_(self) -> str:
        return self.to_html()


def publication_table(
    estimates: Estimates,
    *,
    title: str,
    outcomes: Mapping[str, str] | None = None,
    treatments: Mapping[str, str] | None = None,
    intervals: bool = False,
    stars: bool = False,
    decimals: int | None = None,
    extra: Mapping[str, Sequence[str]] | None = None,
    notes: Sequence[str] = (),
) -> PublicationTable:
    """Put estimates side by side, one column each.

    Parameters
    ----------
    estimates
        Up to 12; a mapping names the columns, otherwise outcome and method do.
    title
        What the table shows.
    outcomes, treatments
        Words for columns of the data: an outcome in the head, a treatment in its row.
    intervals
        Add 95 % intervals in square brackets.
    stars
        Mark p-values below 0.10, 0.05 and 0.01 by one, two and three stars.
    decimals
        Of effects; by default as many as show two digits of the standard error, alike for one outcome.
    extra
        Further rows: label → one text per estimate, such as {"Controls": ["no", "yes"]}.
    notes
        Sentences put before those the table writes itself.

    Raises
    ------
    ValueError
        Without estimates or title, with more than 12, or where `extra` has another number of texts.

    Examples
    --------
    >>> effect = ImpactEstimate(method="difference in means", estimand="ITT", outcome="food", treated="cash",
    ...     estimate=12.0, std_error=4.0, std_error_kind="HC1", n_obs=400, control_mean=120.0)
    >>> table = publication_table([effect], title="Food consumption", treatments={"cash": "Cash transfer"})
    >>> [(row.label, row.cells[0].text) for row in table.rows][:3]
    [('Cash transfer', '12.0'), ('', '(4.0)'), ('Estimand', 'ITT')]
    >>> print(table)
    Food consumption: 1 estimate
    """
    columns, names = _columns(estimates, title)
    extra = extra or {}
    for label, texts in extra.items():
        if len(texts) != len(columns):
            raise ValueError(
                f"extra: {label!r} has {len(texts)} texts; allowed: one per estimate, {len(columns)}"
            )
    places = [decimals] * len(columns) if decimals is not None else _places(columns)
    rows = [
        *_effects(columns, places, treatments or {}, intervals, stars),
        *(
            Row(label, tuple(Cell(str(text)) for text in texts), "statistic")
            for label, texts in extra.items()
        ),
        *_statistics(columns, places),
    ]
    words = outcomes or {}
    header = [tuple(f"({i + 1})" for i in range(len(columns)))]
    header.append(tuple(words.get(one.outcome, one.outcome) for one in columns))
    header.append(tuple(names or (one.method for one in columns)))
    data = pd.concat([one.to_frame() for one in columns], ignore_index=True)
    data.insert(0, "column", names or list(header[0]))
    return PublicationTable(
        title, tuple(header), tuple(rows), (*notes, *_notes(columns, places, intervals, stars)), data
    )


def side_by_side(
    estimates: Mapping[str, ImpactEstimate], truth: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Return estimates as the frame a forest plot draws: label, estimate, interval, p-value, observations.

    Parameters
    ----------
    estimates
        By the name to show.
    truth
        Known true effects by the same names, in made-up data; adds the columns truth and holds_truth (whether
        the interval does).

    Examples
    --------
    >>> effect = ImpactEstimate(method="difference in means", estimand="ITT", outcome="food", treated="cash",
    ...     estimate=12.0, std_error=4.0, std_error_kind="HC1", n_obs=400)
    >>> frame = side_by_side({"Lottery": effect}, {"Lottery": 10.0})
    >>> frame[["label", "estimate", "holds_truth"]].values.tolist()
    [['Lottery', 12.0, True]]
    """
    rows = []
    for name, one in estimates.items():
        low, high = one.conf_int()
        row = {"label": name, "estimate": one.estimate, "ci_low": low, "ci_high": high}
        row |= {"p_value": one.p_value, "n_obs": one.n_obs, "estimand": one.estimand}
        if truth is not None:
            value = truth.get(name, math.nan)
            row |= {"truth": value, "holds_truth": None if math.isnan(value) else bool(low <= value <= high)}
        rows.append(row)
    return pd.DataFrame(rows)


def _columns(estimates: Estimates, title: str) -> tuple[list[ImpactEstimate], list[str] | None]:
    if not title.strip():
        raise ValueError("title: got ''; allowed: what the table shows, in one line")
    names = [str(name) for name in estimates] if isinstance(estimates, Mapping) else None
    columns = list(estimates.values()) if isinstance(estimates, Mapping) else list(estimates)
    if not 1 <= len(columns) <= MOST_ESTIMATES:
        raise ValueError(f"estimates: got {len(columns)}; allowed: 1 to {MOST_ESTIMATES}")
    return columns, names


def _places(columns: Sequence[ImpactEstimate]) -> list[int]:
    """Return the decimals that show two digits of the smallest standard error of each outcome."""
    smallest: dict[Hashable, float] = {}
    for one in columns:
        size = one.std_error if one.std_error > 0 else abs(one.estimate)
        if size > 0 and math.isfinite(size):
            smallest[one.outcome] = min(size, smallest.get(one.outcome, math.inf))
    return [
        min(max(0, 1 - math.floor(math.log10(smallest[one.outcome]))), 8) if one.outcome in smallest else 2
        for one in columns
    ]


def _number(value: float, decimals: int, brackets: str = "", stars: str = "") -> Cell:
    if value is None or not math.isfinite(value):
        return Cell("–")
    left, right = brackets or ("", "")
    return Cell(f"{left}{written(value, decimals)}{right}", float(value), decimals, brackets, stars)


def _effects(
    columns: Sequence[ImpactEstimate],
    places: Sequence[int],
    treatments: Mapping[str, str],
    intervals: bool,
    stars: bool,
) -> list[Row]:
    """Return a pair of rows per treatment: effects, and standard errors below them."""
    rows = []
    for treated in dict.fromkeys(one.treated for one in columns):
        cells: dict[str, list[Cell]] = {"effect": [], "error": [], "interval": []}
        for one, decimals in zip(columns, places, strict=True):
            here = one.treated == treated
            marks = "*" * sum(one.p_value < level for level in STAR_LEVELS) if stars else ""
            cells["effect"].append(_number(one.estimate, decimals, stars=marks) if here else Cell())
            cells["error"].append(_number(one.std_error, decimals, "()") if here else Cell())
            low, high = (written(end, decimals) for end in one.conf_int())
            cells["interval"].append(Cell(f"[{low}, {high}]") if here else Cell())
        rows.append(Row(treatments.get(treated, treated), tuple(cells["effect"]), "effect"))
        rows.append(Row("", tuple(cells["error"]), "error"))
        if intervals:
            rows.append(Row("", tuple(cells["interval"]), "error"))
    return rows


def _statistics(columns: Sequence[ImpactEstimate], places: Sequence[int]) -> list[Row]:
    """Return the rows below the second rule; a row that no column can fill is left out."""
    shown: list[tuple[str, list[Cell]]] = [("Estimand", [Cell(one.estimand) for one in columns])]
    means = [_number(one.control_mean, decimals) for one, decimals in zip(columns, places, strict=True)]
    shown.append(("Control mean", means))
    shown.append(("Effect, % of control mean", [_number(one.percent_of_control, 1) for one in columns]))
    shown.append(("Observations", [_number(one.n_obs, 0) for one in columns]))
    clusters = [math.nan if one.n_clusters is None else one.n_clusters for one in columns]
    shown.append(("Clusters", [_number(value, 0) for value in clusters]))
    return [
        Row(label, tuple(cells), "statistic")
        for label, cells in shown
        if any(cell.text != "–" for cell in cells)
    ]


def _notes(
    columns: Sequence[ImpactEstimate], places: Sequence[int], intervals: bool, stars: bool
) -> list[str]:
    kinds: dict[str, list[str]] = {}
    for i, one in enumerate(columns):
        kinds.setdefault(one.std_error_kind, []).append(f"({i + 1})")
    said = [kind if len(kinds) == 1 else f"{', '.join(which)} {kind}" for kind, which in kinds.items()]
    notes = [f"Standard errors in parentheses: {'; '.join(said)}."]
    if intervals:
        notes.append("95 % intervals in square brackets.")
    for i, (one, decimals) in enumerate(zip(columns, places, strict=True)):
        if one.centre is not None:
            error = one.std_error if one.centre_std_error is None else one.centre_std_error
            notes.append(
                f"Column ({i + 1}): interval and p-value stand on the bias-corrected estimate "
                f"{written(one.centre, decimals)} (standard error {written(error, decimals)})."
            )
    if stars:
        notes.append("* p < 0.10, ** p < 0.05, *** p < 0.01.")
    return notes


def _together(rows: Sequence[Row]) -> list[list[Row]]:
    """Return rows with the errors and intervals that belong below them."""
    groups: list[list[Row]] = []
    for row in rows:
        if row.part == "error":
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _html_row(rows: Sequence[Row]) -> str:
    cells = []
    for entries in zip(*(row.cells for row in rows), strict=True):
        texts = [escape(c.text) + (f"<sup>{c.stars}</sup>" if c.stars else "") for c in entries if c.text]
        cells.append(f'<td class="number">{"<br>".join(texts)}</td>')
    return f'<tr><th scope="row" class="text">{escape(rows[0].label)}</th>{"".join(cells)}</tr>'


_TEX = {
    **{char: "\\" + char for char in "{}$&#_%"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}"},
    **{">": r"\textgreater{}", "|": r"\textbar{}", "−": "$-$", "–": "--", "[": "{[}", "]": "{]}", "*": "{*}"},
    **{"\n": " ", "\r": " ", "\t": " "},
}


def _tex(text: str) -> str:
    return "".join(_TEX.get(char, char) for char in text)


def _tex_head(text: str, columns: int) -> str:
    """Return a heading, in a box of its column's width where it would make the table too wide."""
    if len(text) <= max(12, 60 // columns):
        return _tex(text)
    return rf"\parbox[t]{{{0.7 / columns:.3f}\linewidth}}{{\centering {_tex(text)}}}"


def _tex_row(row: Row) -> str:
    cells = [_tex(cell.text) + (f"$^{{{cell.stars}}}$" if cell.stars else "") for cell in row.cells]
    return " & ".join([_tex(row.label), *cells]) + r" \\"
